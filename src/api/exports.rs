//! A certificate in the formats of other systems, for those who may download it.

use super::failure::{self, Details};
use super::wire::origin::v1 as wire;
use crate::document::export::{self, Export, ExportError, Format, NotCarried};
use crate::statement::Presentation;
use tonic::Status;

/// The format that is asked for, where it is another system's.
pub(super) const fn format(format: wire::DownloadFormat) -> Option<Format> {
    match format {
        wire::DownloadFormat::UnCefactJson => Some(Format::UnCefact),
        wire::DownloadFormat::UblXml => Some(Format::Ubl),
        wire::DownloadFormat::Csv => Some(Format::Csv),
        _ => None,
    }
}

/// The certificate of a token in another format.
pub(super) fn of_token(token: &str, format: Format) -> Result<Export, Status> {
    let opened = Presentation::parse(token).and_then(|presentation| presentation.open());
    let opened = opened.map_err(|error| failure::plain(&error))?;
    export::export(&opened, format).map_err(|error| {
        let mut details = Details::default();
        if let ExportError::Lacks(findings) = &error {
            details.findings = Some(("format", findings.clone()));
        }
        failure::status(&error, &details)
    })
}

/// What is not carried, in its wire form.
pub(super) fn not_carried(all: Vec<NotCarried>) -> Vec<wire::NotCarried> {
    all.into_iter().map(|NotCarried { path, why }| wire::NotCarried { path, why }).collect()
}
