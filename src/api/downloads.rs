//! Certificates as files that are handed on: whole, or without some sections.

use super::ApiError;
use super::call::{blocking, refused};
use super::exports;
use super::hosts::HostedAuthority;
use super::wire::origin::v1 as wire;
use crate::office::Caller;
use crate::statement::{Section, media};
use crate::workflow::{CertificateName, EvidenceFile};
use tonic::Status;

/// A certificate as a file.
pub(super) struct HandedOn {
    pub(super) content: Vec<u8>,
    pub(super) media_type: &'static str,
    pub(super) name: String,
    pub(super) evidence: EvidenceFile,
    /// What another system's format has no place for.
    pub(super) not_carried: Vec<wire::NotCarried>,
}

/// A certificate in the form asked for, whole or without the sections named.
pub(super) async fn handed_on(
    authority: &HostedAuthority,
    account: &Caller,
    name: &CertificateName,
    drop: &[Section],
    format: i32,
) -> Result<HandedOn, Status> {
    use wire::DownloadFormat;
    let format = DownloadFormat::try_from(format)
        .map_err(|_| ApiError::Field { field: "format", message: "is not a format of this service".to_owned() })?;
    let desk = &authority.desk;
    let (printed, evidence) = if format == DownloadFormat::Pdf {
        let printed = desk.printed(account, name, drop).await.map_err(|error| refused(&error))?;
        (printed.pdf, printed.evidence)
    } else if drop.is_empty() {
        (Vec::new(), desk.released(account, name).await.map_err(|error| refused(&error))?)
    } else {
        (Vec::new(), desk.redacted(account, name, drop).await.map_err(|error| refused(&error))?)
    };
    let mut stem = file_stem(evidence.number.as_deref());
    if !drop.is_empty() {
        stem.push_str("-redacted");
    }
    if let Some(format) = exports::format(format) {
        let token = evidence.bundle.token.clone();
        let export = blocking(move || exports::of_token(&token, format)).await??;
        let (media_type, name) = (format.media_type(), format!("{stem}.{}", format.file_ending()));
        let not_carried = exports::not_carried(export.not_carried);
        return Ok(HandedOn { content: export.content, media_type, name, evidence, not_carried });
    }
    let (content, media_type, name) = match format {
        DownloadFormat::Token => {
            (evidence.bundle.token.clone().into_bytes(), media::STATEMENT, format!("{stem}.sd-jwt"))
        }
        DownloadFormat::Pdf => (printed, media::PDF, format!("{stem}.pdf")),
        _ => (evidence.bundle.to_json().into_bytes(), media::BUNDLE, format!("{stem}.coo.json")),
    };
    Ok(HandedOn { content, media_type, name, evidence, not_carried: Vec::new() })
}

/// Sections by their names, at least one.
pub(super) fn sections(names: &[String]) -> Result<Vec<Section>, ApiError> {
    let field = |message: String| ApiError::Field { field: "drop", message };
    if names.is_empty() {
        return Err(field("names no section: to have the whole certificate, download it".to_owned()));
    }
    let one = |name: &String| {
        let section = Section::from_name(name).filter(|section| section.may_be_dropped());
        section.ok_or_else(|| {
            let known = Section::ALL.into_iter().filter(|section| section.may_be_dropped()).map(Section::name);
            field(format!("only these may be dropped: {}", known.collect::<Vec<_>>().join(", ")))
        })
    };
    names.iter().map(one).collect()
}

/// A certificate number as the stem of a file name: what a file system might read otherwise becomes `-`.
fn file_stem(number: Option<&str>) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_') { c } else { '-' };
    number.unwrap_or("certificate").chars().map(plain).collect::<String>().trim_start_matches(['.', '-']).to_owned()
}
