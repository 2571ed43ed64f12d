//! The one error of reading paper.

use crate::reason::{Class, Reasoned};

/// Why a file is not read as paper.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PaperError {
    /// Longer than a file of its kind may be; nothing of it was read.
    #[error("{what} is longer than the {limit} bytes that are read of one")]
    TooLarge {
        /// What the file is.
        what: &'static str,
        /// Bytes allowed.
        limit: usize,
    },
    /// No signed token and no code was found.
    #[error("{0}")]
    Nothing(&'static str),
    /// Ends before its end mark.
    #[error("the PDF is cut off: it ends before its end mark")]
    PdfTruncated,
    /// Breaks the rules of the format.
    #[error("the PDF is malformed: {0}")]
    PdfMalformed(&'static str),
    /// Needs a password, or says so.
    #[error("the PDF is encrypted; a certificate's never is")]
    PdfEncrypted,
    /// Was changed or saved again after it was made.
    #[error("the PDF was edited after it was made: {0}")]
    PdfEdited(&'static str),
    /// Would run a script or start a program.
    #[error("the PDF carries a script or an action (`{0}`); a certificate's carries none")]
    PdfScript(&'static str),
    /// Carries more than one file.
    #[error("the PDF carries {0} files; a certificate's carries one, the signed token")]
    PdfAttachments(usize),
    /// More pages than a certificate may have.
    #[error("the PDF has more than {0} pages")]
    PdfPages(usize),
    /// Something in it inflates to more than it may.
    #[error("{what} of the PDF inflates to more than {limit} bytes")]
    PdfInflates {
        /// What.
        what: &'static str,
        /// Bytes allowed.
        limit: u64,
    },
    /// The file it carries is packed in a way that is not read, or is no text.
    #[error("the file in the PDF cannot be taken out: {0}")]
    PdfAttachment(&'static str),
    /// Its pages cannot be drawn.
    #[error("the pages of the PDF cannot be drawn: {0}")]
    PdfPageDrawing(&'static str),
    /// More pixels than are looked at.
    #[error("the picture of {width} by {height} pixels has more than {limit}")]
    PicturePixels {
        /// Pixels in a row.
        width: u32,
        /// Rows.
        height: u32,
        /// Pixels allowed.
        limit: u64,
    },
    /// No picture that can be read.
    #[error("the picture is damaged: {0}")]
    PictureMalformed(&'static str),
    /// A picture of another kind than is read.
    #[error("it is a picture in {0}, and pictures are read as PNG or JPEG")]
    PictureKind(&'static str),
}

impl Reasoned for PaperError {
    fn reason(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "PAPER_TOO_LARGE",
            Self::Nothing(_) => "PAPER_SHOWS_NOTHING",
            Self::PdfTruncated => "PDF_TRUNCATED",
            Self::PdfMalformed(_) => "PDF_MALFORMED",
            Self::PdfEncrypted => "PDF_ENCRYPTED",
            Self::PdfEdited(_) => "PDF_EDITED",
            Self::PdfScript(_) => "PDF_SCRIPT",
            Self::PdfAttachments(_) => "PDF_TWO_ATTACHMENTS",
            Self::PdfPages(_) => "PDF_TOO_MANY_PAGES",
            Self::PdfInflates { .. } => "PDF_INFLATES_TOO_FAR",
            Self::PdfAttachment(_) => "PDF_ATTACHMENT_UNREADABLE",
            Self::PdfPageDrawing(_) => "PDF_NOT_DRAWN",
            Self::PicturePixels { .. } => "PICTURE_TOO_LARGE",
            Self::PictureMalformed(_) => "PICTURE_MALFORMED",
            Self::PictureKind(_) => "PICTURE_KIND_NOT_READ",
        }
    }

    fn class(&self) -> Class {
        Class::Reject
    }
}
