//! Names of the formats as `Content-Type` and attachments carry them.

/// One SD-JWT statement (SD-JWT VC).
pub const STATEMENT: &str = "application/dc+sd-jwt";
/// A Token Status List in JWT form (draft 20, section 8.2).
pub const STATUS_LIST: &str = "application/statuslist+jwt";
/// A printed certificate.
pub const PDF: &str = "application/pdf";
/// An evidence bundle, `.coo.json`.
pub const BUNDLE: &str = "application/vnd.origin-exchange.bundle+json";
