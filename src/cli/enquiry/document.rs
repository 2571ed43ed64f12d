//! Documents that go with a statement by another way: hashed here, named there.

use crate::{
    api::client::wire,
    certificate::Sha256,
    cli::{
        console::{Exit, Failure},
        files,
    },
    statement::DOCUMENTS_MAX,
};
use sha2::{Digest as _, Sha256 as Hasher};
use std::path::{Path, PathBuf};

/// Bytes of a document at most: a scan of many pages.
const DOCUMENT_BYTES: usize = 64 << 20;

/// Documents that go with it.
#[derive(Debug, Clone, clap::Args)]
pub(in crate::cli) struct Documents {
    /// A document that goes with it by another way, such as a scan: its name and SHA-256 are sent, the document is not.
    /// May be given several times
    #[arg(long = "document", value_name = "FILE")]
    documents: Vec<PathBuf>,
}

impl Documents {
    pub(in crate::cli) fn is_empty(&self) -> bool {
        self.documents.is_empty()
    }

    /// Reads and hashes each.
    pub(in crate::cli) fn to_wire(&self) -> Result<Vec<wire::DocumentDigest>, Failure> {
        if self.documents.len() > DOCUMENTS_MAX {
            let why = format!("{} documents where one statement names {DOCUMENTS_MAX}", self.documents.len());
            return Err(Failure::new(Exit::Usage, why));
        }
        self.documents.iter().map(|path| digest(path)).collect()
    }
}

fn digest(path: &Path) -> Result<wire::DocumentDigest, Failure> {
    let bytes = files::read(path, DOCUMENT_BYTES, Exit::Failed)?;
    if bytes.is_empty() {
        return Err(Failure::new(Exit::Failed, format!("{} is empty: there is nothing to show", path.display())));
    }
    let hash = Sha256(Hasher::digest(bytes).into());
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(wire::DocumentDigest { name, media_type: media_type(path).to_owned(), sha256: hash.to_string() })
}

/// By the end of its name; what it holds is not looked at.
fn media_type(path: &Path) -> &'static str {
    let end = path.extension().map(|end| end.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    match end.as_str() {
        "pdf" => "application/pdf",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "tif" | "tiff" => "image/tiff",
        "webp" => "image/webp",
        "txt" => "text/plain",
        "csv" => "text/csv",
        "json" => "application/json",
        "xml" => "application/xml",
        "zip" => "application/zip",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_known_by_its_hash_and_the_end_of_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("Scan 1.PDF");
        std::fs::write(&path, b"abc").unwrap();
        let named = digest(&path).unwrap();
        assert_eq!((named.name.as_str(), named.media_type.as_str()), ("Scan 1.PDF", "application/pdf"));
        assert_eq!(named.sha256, "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
        assert!(digest(&folder.path().join("none")).is_err());
        std::fs::write(&path, b"").unwrap();
        assert!(digest(&path).unwrap_err().sentence().contains("is empty"));
    }
}
