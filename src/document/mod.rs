//! Certificates on paper: what was printed, photographed or saved as PDF is read back.
//!
//! What always holds: every file is hostile until it was read; sizes are bounded before work begins; nothing on a page
//! is believed, because what is signed stands in the attachment and in the codes alone.
//! Not its business: whether what was read is authentic (`verification`).

pub mod read;
