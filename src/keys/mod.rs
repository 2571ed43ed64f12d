//! Private keys at rest and the typed signers made from them.
