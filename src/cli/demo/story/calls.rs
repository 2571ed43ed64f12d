//! What the people of the demonstration ask of their nodes, and what they make of what comes back.

use super::Desk;
use crate::{
    api::client::{Connection, Refusal, wire, within_deadline},
    certificate::offset_dates,
    cli::{
        console::{Exit, Failure},
        demo::{
            ground::{Cast, everybody, failed},
            nodes::Running,
        },
        remote::date_to_wire,
    },
    encoding::base64,
    log::LogProof,
    node::system::SystemClock,
    statement::{Bundle, Presentation, Section, redact},
    time::{Clock, Date, ZoneName},
    verification::Headline,
};
use tonic::Status;

pub(super) async fn issue(desk: &Desk, text: &str) -> Result<wire::IssuedCertificate, Failure> {
    let today = desk.cast.zone()?.date_at(SystemClock.now());
    let certificate_json = offset_dates(text, today).map_err(failed)?.into_bytes().into();
    let request = wire::IssueCertificateRequest {
        request_id: uuid::Uuid::now_v7().to_string(),
        certificate_json,
        contents: wire::IssueContents::Receipt.into(),
    };
    let answer = desk.connection.certificates().issue_certificate(within_deadline(request)).await.map_err(refused)?;
    answer.into_inner().issued.ok_or_else(|| failed("the node answered nothing"))
}

/// Who cosigned the head that a bundle rests on, as its note says; the verifier checks that it is so.
pub(super) fn cosigners(bundle: &str) -> Result<Vec<String>, Failure> {
    let bundle = Bundle::parse(bundle.as_bytes()).map_err(failed)?;
    let proof = bundle.proof.ok_or_else(|| failed("the bundle has no proof"))?;
    let proof: LogProof = proof.parse().map_err(failed)?;
    let lines = proof.checkpoint.lines().filter_map(|line| line.strip_prefix("\u{2014} "));
    let names = lines.filter_map(|line| line.split_once(' ').map(|(name, _)| name));
    Ok(names.filter(|name| !name.contains("/log/")).map(str::to_owned).collect())
}

/// The day of use that is asked about: the latest civil date at any of the offices. Just after midnight in China
/// it is still yesterday in Egypt, and no ship is that fast.
pub(super) fn day_of_use() -> Result<Date, Failure> {
    let now = SystemClock.now();
    let days = everybody().map(Cast::zone).collect::<Result<Vec<ZoneName>, _>>()?;
    days.iter().map(|zone| zone.date_at(now)).max().ok_or_else(|| failed("nobody to show"))
}

/// An account for somebody who signs.
pub(super) async fn open_account(node: &Running, cast: &Cast) -> Result<String, Failure> {
    account(node, cast, wire::Role::Signatory).await
}

/// An account in a role; its token.
pub(super) async fn account(node: &Running, cast: &Cast, role: wire::Role) -> Result<String, Failure> {
    let request = wire::CreateAccountRequest {
        issuer: cast.issuer(),
        name: "Somebody of the demonstration".to_owned(),
        roles: vec![role.into()],
        offices: cast.offices(),
        ..Default::default()
    };
    let answer = node.admin()?.admin().create_account(within_deadline(request)).await.map_err(refused)?;
    Ok(answer.into_inner().token)
}

pub(super) async fn download(desk: &Desk, number: &str) -> Result<String, Failure> {
    let request = wire::DownloadCertificateRequest {
        certificate: Some(named(number)),
        format: wire::DownloadFormat::Bundle.into(),
    };
    let answer =
        desk.connection.certificates().download_certificate(within_deadline(request)).await.map_err(refused)?;
    String::from_utf8(answer.into_inner().content.into()).map_err(failed)
}

pub(super) async fn online(anyone: &Connection, bundle: &str, day: Date, expected: Headline) -> Result<(), Failure> {
    let request =
        wire::VerifyPresentationRequest { presentation: bundle.to_owned().into(), as_of: Some(date_to_wire(day)) };
    let answer = anyone.verifications().verify_presentation(within_deadline(request)).await.map_err(refused)?;
    let headline = answer.into_inner().verdict.unwrap_or_default().headline;
    if headline == expected.as_str() {
        return Ok(());
    }
    Err(Failure::new(Exit::Failed, format!("the node's verdict is {headline}, and should be {}", expected.as_str())))
}

pub(super) async fn cancel(desk: &Desk, number: &str) -> Result<wire::CancelCertificateResponse, Failure> {
    let request = wire::CancelCertificateRequest {
        request_id: uuid::Uuid::now_v7().to_string(),
        certificate: Some(named(number)),
        reason: "the order was withdrawn before shipment".to_owned(),
        remarks: String::new(),
        withdrawal: None,
        items: Vec::new(),
        unused: true,
    };
    let answer = desk.connection.certificates().cancel_certificate(within_deadline(request)).await.map_err(refused)?;
    Ok(answer.into_inner())
}

/// Customs of the importing country agreed to a cancellation that was asked for.
pub(super) async fn agreed(desk: &Desk, number: &str) -> Result<wire::SettleCancellationResponse, Failure> {
    let request = wire::SettleCancellationRequest {
        request_id: uuid::Uuid::now_v7().to_string(),
        certificate: Some(named(number)),
        settlement: wire::CancellationSettlement::Agreed.into(),
        reference: "customs' letter of today".to_owned(),
    };
    let answer = desk.connection.certificates().settle_cancellation(within_deadline(request)).await.map_err(refused)?;
    Ok(answer.into_inner())
}

fn named(number: &str) -> wire::CertificateName {
    wire::CertificateName { name: Some(wire::certificate_name::Name::Number(number.to_owned())) }
}

pub(super) fn redacted(bundle: &str) -> Result<String, Failure> {
    let mut bundle = Bundle::parse(bundle.as_bytes()).map_err(failed)?;
    let presentation = Presentation::parse(&bundle.token).map_err(failed)?;
    bundle.token = redact(&presentation, &[Section::Commercial]).map_err(failed)?;
    Ok(bundle.to_json())
}

/// The last disclosure is an item of the goods: its description says the contrary.
pub(super) fn tampered(bundle: &str) -> Result<String, Failure> {
    let mut bundle = Bundle::parse(bundle.as_bytes()).map_err(failed)?;
    let text = bundle.token.strip_suffix('~').unwrap_or(&bundle.token);
    let (before, item) = text.rsplit_once('~').ok_or_else(|| failed("the token has no disclosure"))?;
    let bytes = base64::decode_url(item).map_err(failed)?;
    let json = String::from_utf8(bytes).map_err(failed)?.replacen("\"description\":\"", "\"description\":\"Not ", 1);
    bundle.token = format!("{before}~{}~", base64::encode_url(json.as_bytes()));
    Ok(bundle.to_json())
}

pub(super) fn refused(status: Status) -> Failure {
    let refusal = Refusal::from(&status);
    let failure = Failure::new(Exit::Failed, &refusal.message);
    let failure =
        refusal.findings.iter().fold(failure, |failure, one| failure.note(format!("{}: {}", one.path, one.message)));
    if refusal.reason.is_empty() { failure } else { failure.note(format!("reason {}", refusal.reason)) }
}
