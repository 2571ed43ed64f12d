//! Documents made of a certificate for people and other systems, and what is read back from them.
//!
//! What always holds: a document is made of the signed data, never the other way round; bytes in, bytes out.
//! Not its business: whether the certificate stands (`verification`), and where a document goes.

pub mod export;
