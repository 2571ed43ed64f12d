//! Reading paper: the attachment of a PDF, and the codes on a photograph, a scan or a drawn page.
//!
//! A file is taken for what its first bytes say it is, whatever its name.

mod codes;
mod error;
mod pages;
mod paper;
mod pdf;
pub mod photograph;
mod picture;
#[cfg(test)]
mod tests;

pub use codes::{Code, codes};
pub use error::PaperError;
pub use pages::{PAGES_DRAWN_MAX, codes_of_pages};
pub use paper::{Draw, Paper};
pub use pdf::{ATTACHMENT_MAX, PAGES_MAX, PDF_MAX, Pdf};
pub use picture::{PICTURE_MAX, PIXELS_MAX, Picture};

/// What a file is that may be paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaperKind {
    /// A PDF document.
    Pdf,
    /// A picture in PNG.
    Png,
    /// A picture in JPEG.
    Jpeg,
}

/// The longest file that is read as paper.
pub const PAPER_MAX: usize = if PICTURE_MAX > PDF_MAX { PICTURE_MAX } else { PDF_MAX };

impl PaperKind {
    /// What the first bytes say; `None` is no paper.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        [(&b"%PDF-"[..], Self::Pdf), (b"\x89PNG\r\n\x1a\n", Self::Png), (b"\xff\xd8\xff", Self::Jpeg)]
            .into_iter()
            .find_map(|(magic, kind)| bytes.starts_with(magic).then_some(kind))
    }

    /// The longest file of the kind that is read, in bytes.
    #[must_use]
    pub const fn longest(self) -> usize {
        match self {
            Self::Pdf => PDF_MAX,
            Self::Png | Self::Jpeg => PICTURE_MAX,
        }
    }
}
