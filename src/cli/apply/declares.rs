//! Who declares that what is shown is true, and how; with the person's own signature, where there is one.

use super::file::OneFile;
use crate::{
    api::client::wire,
    certificate::DeclarationMeans,
    cli::{
        arguments,
        console::{Exit, Failure},
        files,
    },
    encoding::base64,
};
use bytes::Bytes;
use std::path::PathBuf;

/// Bytes of a signature: a certificate carries it as 4,096 letters of base64url at most.
const SIGNATURE_BYTES: usize = 3_072;

/// Who declares that what is shown is true.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct Declares {
    /// Who declares that the particulars are true
    #[arg(long, value_name = "NAME")]
    person: Option<String>,
    /// In which capacity, such as `export manager`
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    capacity: String,
    #[arg(long, value_name = "MEANS", value_parser = means, help = how())]
    means: Option<wire::DeclarationMeans>,
    /// The person's own signature over what is shown (see origin apply show --shown), byte for byte
    #[arg(long, value_name = "FILE", requires = "signature_algorithm")]
    signature: Option<PathBuf>,
    /// Its algorithm or form, such as Ed25519 or CAdES-B
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true, requires = "signature")]
    signature_algorithm: String,
    /// What identifies its key, such as a certificate's serial and issuer
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true, requires = "signature")]
    signature_key: String,
}

fn how() -> String {
    let means = arguments::one_of("How it was declared", DeclarationMeans::ALL.iter().map(|one| one.as_str()));
    format!("{means} [default: system, or electronic_signature with --signature]")
}

fn means(text: &str) -> Result<wire::DeclarationMeans, String> {
    arguments::word(text, str::to_ascii_lowercase).map(|means: DeclarationMeans| match means {
        DeclarationMeans::SignedPaper => wire::DeclarationMeans::SignedPaper,
        DeclarationMeans::Portal => wire::DeclarationMeans::Portal,
        DeclarationMeans::System => wire::DeclarationMeans::System,
        DeclarationMeans::ElectronicSignature => wire::DeclarationMeans::ElectronicSignature,
    })
}

impl Declares {
    /// Who declares; somebody has to.
    pub(super) fn somebody(&self) -> Result<&str, Failure> {
        self.person.as_deref().ok_or_else(|| {
            Failure::new(Exit::Usage, "somebody has to declare that the particulars are true").help("--person NAME")
        })
    }

    /// The declaration of what is shown.
    pub(super) fn of(&self, file: &OneFile) -> Result<wire::ApplicationDeclaration, Failure> {
        let signature = self.signature.as_deref().map(|path| files::read(path, SIGNATURE_BYTES, Exit::Failed));
        let signature = signature.transpose()?;
        let means = self.means.unwrap_or(match &signature {
            Some(_) => wire::DeclarationMeans::ElectronicSignature,
            None => wire::DeclarationMeans::System,
        });
        Ok(wire::ApplicationDeclaration {
            person: self.somebody()?.to_owned(),
            capacity: self.capacity.clone(),
            means: means.into(),
            shown_sha256: Bytes::copy_from_slice(&file.shown()),
            signature_algorithm: self.signature_algorithm.clone(),
            signature: signature.map(|bytes| base64::encode_url(&bytes)).unwrap_or_default(),
            signature_key: self.signature_key.clone(),
        })
    }
}

/// What the node's word for a request that was used for something else means for a row of a file.
pub(super) const FILED_OTHERWISE: &str = "the same row was filed before with something else beside it: another --person \
                                          or --capacity, another --exporter, or another --production";
/// What to do about it.
pub(super) const FILED_OTHERWISE_HELP: &str = "help: say what was said then, and the row tells what became of it; to file it once more as another application, name \
     another file for its request id: --requests FILE";
