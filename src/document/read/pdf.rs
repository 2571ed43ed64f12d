//! The one file that a certificate's PDF carries, taken out of a file that may be anything.
//!
//! The whole file is gone through from its beginning, object by object, and its table of objects is not asked where they
//! stand: so what is counted is everything that any reader could find, and nothing leads in a circle. A file that its own
//! maker wrote in one go has each object once and one end; every other is refused and called what it is. Lengths that
//! the file states are hints, and what inflates is bounded as it comes out.

mod inflate;
mod object;
mod survey;
#[cfg(test)]
pub(super) mod tests;
mod token;

use super::{Mark, PaperError};
use crate::statement::MAX_PRESENTATION_BYTES;
use survey::Survey;

/// The longest PDF that is read, in bytes: twenty times the longest certificate.
pub const PDF_MAX: usize = 20 << 20;
/// The most pages.
pub const PAGES_MAX: usize = 500;
/// The longest attachment, inflated: the longest presentation.
pub const ATTACHMENT_MAX: usize = MAX_PRESENTATION_BYTES;

/// A PDF of one revision, without encryption, scripts and actions, that carries one file or none.
#[derive(Debug)]
pub struct Pdf<'a> {
    bytes: &'a [u8],
    survey: Survey<'a>,
    attachment: Option<String>,
}

impl<'a> Pdf<'a> {
    /// Goes through the file. The attachment is what it says, not yet judged.
    pub fn read(bytes: &'a [u8]) -> Result<Self, PaperError> {
        if bytes.len() > PDF_MAX {
            return Err(PaperError::TooLarge { what: "the PDF", limit: PDF_MAX });
        }
        let survey = Survey::of(bytes)?;
        let attachment = survey.attachment()?;
        Ok(Self { bytes, survey, attachment })
    }

    /// The file it carries, as text.
    #[must_use]
    pub fn attachment(&self) -> Option<&str> {
        self.attachment.as_deref()
    }

    /// How many pages it has.
    #[must_use]
    pub const fn pages(&self) -> usize {
        self.survey.pages
    }

    /// What it shows that the press does not print: what others laid over its pages, and whether another program saved it.
    #[must_use]
    pub fn marks(&self) -> Vec<Mark> {
        let over = self.survey.laid_over().map(|kind| Mark::LaidOver(kind.to_owned()));
        let again = (!self.survey.as_printed(self.bytes)).then_some(Mark::SavedByAnother);
        over.into_iter().chain(again).collect()
    }

    /// The file, if drawing its pages ends: nothing on them inflates or nests without bounds, or leads in a circle.
    pub(super) fn to_draw(&self) -> Result<&'a [u8], PaperError> {
        self.survey.to_draw().map(|()| self.bytes)
    }
}
