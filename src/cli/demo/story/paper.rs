//! A certificate on paper: printed by its issuer's node, and read back by a stranger with no network.

use super::{Stage, Telling};
use crate::{
    api::client::{wire, within_deadline},
    cli::{
        calls::{own, refused},
        console::Failure,
        process::failed,
    },
    document::read::{Draw, Paper, PaperKind},
    verification::Headline,
};

impl Stage {
    /// Prints a certificate, and reads what stands on the page and in the file; gives the file.
    pub(super) async fn print(
        &self,
        telling: &mut Telling,
        by: &str,
        (number, bundle): &(String, String),
    ) -> Result<Vec<u8>, Failure> {
        let request =
            wire::DownloadCertificateRequest { certificate: own(number), format: wire::DownloadFormat::Pdf.into() };
        let certificates = &self.desk(by)?.connection;
        let answer = certificates.certificates().download_certificate(within_deadline(request)).await;
        let pdf = Vec::from(answer.map_err(refused)?.into_inner().content);
        let size = pdf.len().div_ceil(1_000);
        telling.tell("print", format!("{number} printed as its form, a PDF of {size} kB with the signed token inside"));

        let paper = Paper::read(&pdf, PaperKind::Pdf, Draw::Pages).map_err(failed)?;
        let token = paper.attachment.as_deref().ok_or_else(|| failed("the PDF carries no token"))?;
        let stamp = paper.stamps().next().ok_or_else(|| failed("no stamp was read off the page"))?;
        self.stranger.judge(stamp, self.day, Headline::StampAuthentic)?;
        telling.tell("stamp", "  the stamp, read off the page with no network: STAMP_AUTHENTIC");
        self.stranger.judge_beside(token, stamp, self.day, Headline::Unproven)?;
        self.stranger.judge_beside(bundle, stamp, self.day, Headline::Valid)?;
        telling.tell("beside", "  it says what the token inside says; beside its bundle: VALID");
        Ok(pdf)
    }
}
