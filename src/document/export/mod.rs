//! A certificate in the formats that other systems read, and applications that they bring.
//!
//! What always holds: an export is unsigned, says nothing that the certificate does not say, and comes with a
//! complete list of what its format could not carry; what is read back is bounded, and everything in it that was
//! not understood is said. The mappings stand in `docs/exports.md`.
//! Not its business: whether the certificate stands, and what an office makes of an application.

mod rules;
mod source;
mod table;
mod tree;
mod ubl;
mod un_cefact;

pub use un_cefact::{DOCUMENT_BYTES, Draft, ImportError, import};

use crate::{
    certificate::Findings,
    reason::{Class, Reasoned},
    statement::Opened,
};
use serde::Serialize;
use tree::Left;

/// A format of other systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// JSON of UN/CEFACT D23B, Preferential Certificate of Origin (Buy-Ship-Pay).
    UnCefact,
    /// XML of OASIS UBL 2.5, Certificate of Origin.
    Ubl,
    /// A table of comma-separated values (RFC 4180), one row an item.
    Csv,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::UnCefact, Self::Ubl, Self::Csv];

    /// Its name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnCefact => "UN/CEFACT JSON",
            Self::Ubl => "UBL XML",
            Self::Csv => "CSV",
        }
    }

    /// Its media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::UnCefact => "application/json",
            Self::Ubl => "application/xml",
            Self::Csv => "text/csv; charset=utf-8; header=present",
        }
    }

    /// How the name of its files ends.
    #[must_use]
    pub const fn file_ending(self) -> &'static str {
        match self {
            Self::UnCefact => "un-cefact.json",
            Self::Ubl => "ubl.xml",
            Self::Csv => "csv",
        }
    }
}

/// A certificate in another format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// The file.
    pub content: Vec<u8>,
    /// What the format could not carry, section by section, and what the holder left out.
    pub not_carried: Vec<NotCarried>,
}

/// Something that the certificate says and the export does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotCarried {
    /// Where it stands in the certificate, such as `goods.items[0].criterion.percentage.basis`.
    pub path: String,
    /// Why not: one plain sentence.
    pub why: String,
}

impl std::fmt::Display for NotCarried {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.path, self.why)
    }
}

/// Why there is no export.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExportError {
    /// The statement is of another kind.
    #[error("the statement is no certificate of origin")]
    NoCertificate,
    /// Something is missing that no holder may leave out.
    #[error("the certificate is not whole: {} missing", .0.join(", "))]
    Incomplete(Vec<String>),
    /// It lacks what a document of the format has to say.
    #[error("the certificate does not say what the format has to: {0}")]
    Lacks(Findings),
    /// It could not be written.
    #[error("the file could not be written: {0}")]
    Unwritten(String),
}

impl Reasoned for ExportError {
    fn reason(&self) -> &'static str {
        match self {
            Self::NoCertificate => "NOT_A_CERTIFICATE",
            Self::Incomplete(_) => "CERTIFICATE_INCOMPLETE",
            Self::Lacks(_) => "EXPORT_LACKS",
            Self::Unwritten(_) => "EXPORT_UNWRITTEN",
        }
    }

    fn class(&self) -> Class {
        match self {
            Self::NoCertificate | Self::Incomplete(_) | Self::Lacks(_) => Class::Reject,
            Self::Unwritten(_) => Class::Fatal,
        }
    }
}

/// Writes a certificate, as it was opened, in another format.
pub fn export(opened: &Opened, format: Format) -> Result<Export, ExportError> {
    let source = source::of(opened)?;
    let (content, why): (_, fn(&Left) -> String) = match format {
        Format::UnCefact => (un_cefact::write(&source)?, un_cefact::why_not),
        Format::Ubl => (ubl::write(&source)?, ubl::why_not),
        Format::Csv => (table::write(&source)?, table::why_not),
    };
    let left = source.tree.left().into_iter().map(|left| NotCarried { why: why(&left), path: left.path });
    let withheld = source.withheld.iter().map(|section| NotCarried {
        path: (*section).to_owned(),
        why: "the holder left this section out of the copy".to_owned(),
    });
    Ok(Export { content, not_carried: left.chain(withheld).collect() })
}

/// The path with its places in lists left open: `goods.items[]`.
fn pattern(path: &str) -> String {
    let mut open = String::with_capacity(path.len());
    let mut inside = false;
    for c in path.chars() {
        if c == ']' {
            inside = false;
        }
        if !inside {
            open.push(c);
        }
        if c == '[' {
            inside = true;
        }
    }
    open
}

/// The sentence of the longest beginning of a path that is listed.
fn sentence<'a>(path: &str, sentences: &[(&str, &'a str)], otherwise: &'a str) -> &'a str {
    let path = pattern(path);
    let fits = |beginning: &str| {
        let rest = path.strip_prefix(beginning);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    let longest =
        sentences.iter().filter(|(beginning, _)| fits(beginning)).max_by_key(|(beginning, _)| beginning.len());
    longest.map_or(otherwise, |(_, sentence)| *sentence)
}

#[cfg(test)]
mod tests;
