//! What a PDF shows that the press does not print.

/// One such thing. It says nothing of what is signed; it says that the page is not the one that was printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// A note, a field or a drawing lies over a page: its kind, as the format calls it.
    LaidOver(String),
    /// Another program saved the file.
    SavedByAnother,
}

impl Mark {
    /// The stable code, UPPER_SNAKE.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::LaidOver(_) => "PAGE_ANNOTATED",
            Self::SavedByAnother => "PAGE_SAVED_BY_ANOTHER",
        }
    }

    /// One plain sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::LaidOver(kind) => {
                let kind = kind.chars().filter(char::is_ascii_alphanumeric).take(40).collect::<String>();
                format!(
                    "Something was laid over a page after it was printed (an annotation, {kind}): take nothing from the \
                     page, only what is shown here."
                )
            }
            Self::SavedByAnother => {
                "Another program saved this file after it was printed: its pages may be edited, so take nothing from them, \
                 only what is shown here; or ask the holder for the file as it was downloaded."
                    .to_owned()
            }
        }
    }
}
