//! Why a document is not drawn.

use super::script::Script;
use crate::reason::{Class, Reasoned};
use std::path::PathBuf;

/// Why a document is not drawn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// No font here has a character.
    #[error("no font here has `{character}` (U+{:04X}, {}): {}", u32::from(*character), script.name(), remedy(*script))]
    GlyphMissing {
        /// The character.
        character: char,
        /// Its script.
        script: Script,
    },
    /// The template of a form cannot be set.
    #[error("the form `{form}` cannot be set: {message}")]
    Form {
        /// The template's file.
        form: String,
        /// What Typst says, with line and column.
        message: String,
    },
    /// There is no template of this name.
    #[error("there is no form `{0}` here")]
    FormUnknown(String),
    /// A document beyond what one may have.
    #[error("the document has {found} {what}; at most {limit} are drawn")]
    TooLarge {
        /// Of what.
        what: &'static str,
        /// How many.
        found: usize,
        /// How many there may be.
        limit: usize,
    },
    /// A text that no code of the size printed holds.
    #[error("{0} characters do not fit a code that paper carries")]
    CodeTooLong(usize),
    /// An image or a font that cannot be used.
    #[error("{}: {message}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        message: String,
    },
    /// This program was built without its press.
    #[error("this program was built without the feature `pdf`: it prints nothing")]
    NotBuilt,
}

/// What helps against a missing character: a package has fonts of a script, none has every character of it, and of emoji
/// and the signs of other scripts no font of the system is used.
fn remedy(script: Script) -> String {
    let otherwise = "what is signed stands and is not printed here";
    match script {
        Script::Other => format!(
            "{otherwise} unless a folder named by `[paper] fonts` has a font with it; write certificates without it"
        ),
        script => {
            format!(
                "the package {} has fonts of this script; where it is installed and lacks it, {otherwise}",
                script.package()
            )
        }
    }
}

impl Reasoned for DocumentError {
    fn reason(&self) -> &'static str {
        match self {
            Self::GlyphMissing { .. } => "GLYPH_MISSING",
            Self::Form { .. } => "FORM_INVALID",
            Self::FormUnknown(_) => "FORM_UNKNOWN",
            Self::TooLarge { .. } => "DOCUMENT_TOO_LARGE",
            Self::CodeTooLong(_) => "CODE_TOO_LONG",
            Self::File { .. } => "PAPER_FILE_INVALID",
            Self::NotBuilt => "PRINTING_NOT_BUILT",
        }
    }

    fn class(&self) -> Class {
        match self {
            // Who asks is told which letters of the certificate this node has no font of.
            Self::GlyphMissing { .. } | Self::FormUnknown(_) | Self::TooLarge { .. } | Self::NotBuilt => Class::Reject,
            // A template or an image of this node has to be mended.
            Self::Form { .. } | Self::CodeTooLong(_) | Self::File { .. } => Class::Fatal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_told_to_install_what_does_not_help() {
        let said =
            |character| DocumentError::GlyphMissing { character, script: Script::of_block(character) }.to_string();
        for character in ['😀', 'ꦲ'] {
            let said = said(character);
            assert!(
                !said.contains("package") && said.contains("[paper] fonts") && said.contains("not printed"),
                "{said}"
            );
        }
        assert!(said('上').contains("the package fonts-noto-cjk has fonts of this script"), "{}", said('上'));
    }
}
