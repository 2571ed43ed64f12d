//! One file of paper with everything that was found on it.

use super::{Code, Mark, PaperError, PaperKind, Pdf, Picture, codes, codes_of_pages};
use crate::verification::PaperSeen;

/// Whether the pages of a PDF are drawn to look for codes on them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Draw {
    /// For the owner of the machine, who has the file himself.
    Pages,
    /// For strangers: what drawing takes is not known before.
    Nothing,
    /// For strangers who drew them, and say which codes they read there.
    Elsewhere(Vec<Code>),
}

/// What was found on paper. Nothing of it is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paper {
    /// What the file is.
    pub kind: PaperKind,
    /// Pages of a PDF.
    pub pages: Option<usize>,
    /// The file that a PDF carries, as text.
    pub attachment: Option<String>,
    /// The codes on it, each once.
    pub codes: Vec<Code>,
    /// Why no codes were looked for on the pages of a PDF that carries a file.
    pub not_drawn: Option<PaperError>,
    /// Whether the pages were drawn and looked at.
    pub drawn: bool,
    /// What is otherwise than the press makes it, of a PDF that carries a file.
    pub marks: Vec<Mark>,
}

impl Paper {
    /// Reads a file of the kind that its first bytes say. It works for up to a second, or a third of one for each page
    /// drawn.
    pub fn read(bytes: &[u8], kind: PaperKind, draw: Draw) -> Result<Self, PaperError> {
        let paper = match kind {
            PaperKind::Pdf => Self::pdf(bytes, draw.clone())?,
            PaperKind::Png | PaperKind::Jpeg => {
                let codes = codes(&Picture::read(bytes)?);
                Self { kind, pages: None, attachment: None, codes, not_drawn: None, drawn: false, marks: Vec::new() }
            }
        };
        if paper.attachment.is_none() && paper.stamps().next().is_none() && paper.look_ups().next().is_none() {
            if kind == PaperKind::Jpeg && Picture::is_cut_off(bytes) {
                return Err(PaperError::PictureMalformed("it is cut off: it ends before its end mark"));
            }
            return Err(PaperError::Nothing(match (kind, draw) {
                (PaperKind::Pdf, Draw::Nothing) => "the PDF carries no signed token, and its pages are not drawn here",
                (PaperKind::Pdf, Draw::Pages | Draw::Elsewhere(_)) => {
                    "the PDF carries no signed token, and on its pages no code of a certificate was found"
                }
                _ => "no code of a certificate was found in the picture",
            }));
        }
        Ok(paper)
    }

    fn pdf(bytes: &[u8], draw: Draw) -> Result<Self, PaperError> {
        let pdf = Pdf::read(bytes)?;
        let attachment = pdf.attachment().map(ToOwned::to_owned);
        let (looked, drawn) = match draw {
            Draw::Pages => (true, codes_of_pages(&pdf)),
            Draw::Nothing => (false, Ok(Vec::new())),
            Draw::Elsewhere(codes) => (true, Ok(codes)),
        };
        let (codes, not_drawn) = match drawn {
            Ok(codes) => (codes, None),
            Err(error) if attachment.is_some() => (Vec::new(), Some(error)),
            Err(error) => return Err(error),
        };
        // Of a scan everybody knows that it is no page of the press.
        let marks = if attachment.is_some() { pdf.marks() } else { Vec::new() };
        let drawn = looked && not_drawn.is_none();
        Ok(Self { kind: PaperKind::Pdf, pages: Some(pdf.pages()), attachment, codes, not_drawn, drawn, marks })
    }

    /// The texts of the stamps.
    pub fn stamps(&self) -> impl Iterator<Item = &str> {
        self.codes.iter().filter_map(|code| if let Code::Stamp(text) = code { Some(text.as_str()) } else { None })
    }

    /// The addresses under which certificates are looked up.
    pub fn look_ups(&self) -> impl Iterator<Item = &str> {
        self.codes.iter().filter_map(|code| if let Code::LookUp(text) = code { Some(text.as_str()) } else { None })
    }

    /// What of it is judged.
    #[must_use]
    pub fn seen(&self) -> PaperSeen<'_> {
        PaperSeen {
            certificate: self.attachment.as_deref(),
            stamps: self.stamps().collect(),
            look_ups: self.look_ups().collect(),
            unstamped: self.attachment.is_some() && self.drawn && self.stamps().next().is_none(),
            marks: self.marks.iter().map(|mark| (mark.code(), mark.sentence())).collect(),
        }
    }

    /// Codes that are none of a certificate's.
    #[must_use]
    pub fn foreign(&self) -> usize {
        self.codes.iter().filter(|code| matches!(code, Code::Foreign(_))).count()
    }
}
