//! What the people of two nodes that the program plays ask, and what they make of what comes back: an office that issues and
//! changes, customs that use, a liaison officer who answers.

use super::{
    console::{Exit, Failure},
    process::{LOOK, failed},
};
use crate::{
    api::client::{Connection, Refusal, wire, within_deadline},
    log::LogProof,
    statement::Bundle,
};
use std::time::{Duration, Instant};
use tonic::{Code, Status};

/// The request id of something that is asked once.
pub(super) fn request_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// A certificate of the caller's own authority.
#[allow(clippy::unnecessary_wraps)] // the shape that a request's member has
pub(super) fn own(number: &str) -> Option<wire::CertificateName> {
    let name = Some(wire::certificate_name::Name::Number(number.to_owned()));
    Some(wire::CertificateName { name })
}

/// A certificate that arrived.
#[allow(clippy::unnecessary_wraps)] // the shape that a request's member has
pub(super) fn arrival(number: &str) -> Option<wire::ArrivedName> {
    let name = Some(wire::arrived_name::Name::Number(number.to_owned()));
    Some(wire::ArrivedName { name, issuer: String::new() })
}

/// Issues what a document says.
pub(super) async fn issue(desk: &Connection, document: String) -> Result<wire::IssuedCertificate, Failure> {
    let request = wire::IssueCertificateRequest {
        request_id: request_id(),
        certificate_json: document.into_bytes().into(),
        contents: wire::IssueContents::Receipt.into(),
    };
    let answer = desk.certificates().issue_certificate(within_deadline(request)).await.map_err(refused)?;
    answer.into_inner().issued.ok_or_else(|| failed("the node answered nothing"))
}

/// The evidence bundle of a certificate.
pub(super) async fn download(desk: &Connection, number: &str) -> Result<String, Failure> {
    let request =
        wire::DownloadCertificateRequest { certificate: own(number), format: wire::DownloadFormat::Bundle.into() };
    let answer = desk.certificates().download_certificate(within_deadline(request)).await.map_err(refused)?;
    String::from_utf8(answer.into_inner().content.into()).map_err(failed)
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

/// The holder gives a certificate back unused.
pub(super) async fn cancel(desk: &Connection, number: &str) -> Result<wire::CancelCertificateResponse, Status> {
    let request = wire::CancelCertificateRequest {
        request_id: request_id(),
        certificate: own(number),
        reason: "the order was withdrawn before shipment".to_owned(),
        remarks: String::new(),
        withdrawal: None,
        items: Vec::new(),
        unused: true,
    };
    desk.certificates().cancel_certificate(within_deadline(request)).await.map(tonic::Response::into_inner)
}

/// Customs of the importing country agreed to a cancellation that was asked for.
pub(super) async fn agreed(desk: &Connection, number: &str) -> Result<wire::SettleCancellationResponse, Failure> {
    let request = wire::SettleCancellationRequest {
        request_id: request_id(),
        certificate: own(number),
        settlement: wire::CancellationSettlement::Agreed.into(),
        reference: "customs' letter of today".to_owned(),
    };
    let answer = desk.certificates().settle_cancellation(within_deadline(request)).await.map_err(refused)?;
    Ok(answer.into_inner())
}

/// What arrived of a certificate; none where customs do not know it yet.
pub(super) async fn look(officer: &Connection, number: &str) -> Result<Option<wire::GetArrivalResponse>, Failure> {
    let request = wire::GetArrivalRequest { certificate: arrival(number), ..Default::default() };
    match officer.customs().get_arrival(within_deadline(request)).await {
        Ok(answer) => Ok(Some(answer.into_inner())),
        Err(status) if status.code() == Code::NotFound => Ok(None),
        Err(status) => Err(refused(status)),
    }
}

/// Waits until a certificate is at customs as it should be.
pub(super) async fn arrived(
    officer: &Connection,
    number: &str,
    patience: Duration,
    good: impl Fn(&wire::Arrival) -> bool,
) -> Result<wire::GetArrivalResponse, Failure> {
    let begun = Instant::now();
    loop {
        let found = look(officer, number).await?;
        if let Some(found) = found.filter(|found| found.arrival.as_ref().is_some_and(&good)) {
            return Ok(found);
        }
        if begun.elapsed() > patience {
            return Err(failed(format!("{number} does not come to customs as it should")));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Waits until the issuer has heard of something abroad; gives the first note that it is.
pub(super) async fn abroad(
    desk: &Connection,
    number: &str,
    patience: Duration,
    wanted: impl Fn(&wire::abroad_note::What) -> bool,
) -> Result<wire::abroad_note::What, Failure> {
    let begun = Instant::now();
    loop {
        let request = wire::ListAbroadRequest { certificate: own(number) };
        let answer = desk.certificates().list_abroad(within_deadline(request)).await.map_err(refused)?;
        let found = answer.into_inner().notes.into_iter().filter_map(|note| note.what).find(&wanted);
        if let Some(found) = found {
            return Ok(found);
        }
        if begun.elapsed() > patience {
            return Err(failed(format!("the issuer does not hear of what was done with {number}")));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Customs ask the issuer whether a certificate is good, at random, the goods released on security.
pub(super) async fn enquire(
    officer: &Connection,
    issuer: String,
    reference: &str,
    number: &str,
) -> Result<wire::RaiseEnquiryResponse, Failure> {
    let request = wire::RaiseEnquiryRequest {
        request_id: request_id(),
        issuer,
        reference: reference.to_owned(),
        ground: "random".to_owned(),
        goods: "released_on_security".to_owned(),
        subjects: vec![wire::EnquirySubject { number: number.to_owned(), ..wire::EnquirySubject::default() }],
        ..wire::RaiseEnquiryRequest::default()
    };
    officer.customs().raise_enquiry(within_deadline(request)).await.map(tonic::Response::into_inner).map_err(refused)
}

/// The issuing side waits for an enquiry, acknowledges it, and answers in full that the certificate is good.
pub(super) async fn answer(
    liaison: &Connection,
    enquiry: &str,
    words: &str,
    patience: Duration,
) -> Result<wire::ReplyEnquiryResponse, Failure> {
    let begun = Instant::now();
    loop {
        let request = wire::GetIncomingEnquiryRequest { jti: enquiry.to_owned() };
        match liaison.liaison().get_incoming_enquiry(within_deadline(request)).await {
            Ok(_) => break,
            Err(status) if status.code() == Code::NotFound && begun.elapsed() < patience => {
                tokio::time::sleep(LOOK).await;
            }
            Err(status) => return Err(refused(status)),
        }
    }
    let request = wire::AcknowledgeEnquiryRequest { request_id: request_id(), jti: enquiry.to_owned() };
    liaison.liaison().acknowledge_enquiry(within_deadline(request)).await.map_err(refused)?;
    let valid = wire::SubjectAnswer { subject: 1, finding: "valid".to_owned(), ..wire::SubjectAnswer::default() };
    let request = wire::ReplyEnquiryRequest {
        request_id: request_id(),
        jti: enquiry.to_owned(),
        act: "full".to_owned(),
        words: words.to_owned(),
        answers: vec![valid],
        ..wire::ReplyEnquiryRequest::default()
    };
    liaison.liaison().reply_enquiry(within_deadline(request)).await.map(tonic::Response::into_inner).map_err(refused)
}

/// Customs wait for the answer in full.
pub(super) async fn answered(officer: &Connection, enquiry: &str, patience: Duration) -> Result<(), Failure> {
    let begun = Instant::now();
    loop {
        let request = wire::GetEnquiryRequest { jti: enquiry.to_owned() };
        let view = officer.customs().get_enquiry(within_deadline(request)).await.map_err(refused)?.into_inner();
        let state = view.enquiry.as_ref().map(|enquiry| enquiry.state);
        if state == Some(wire::EnquiryState::Answered.into()) {
            return Ok(());
        }
        if begun.elapsed() > patience {
            return Err(failed("the answer does not come"));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// A refusal, with its reason and what the rules found.
pub(super) fn refused(status: Status) -> Failure {
    let refusal = Refusal::from(&status);
    let failure = Failure::new(Exit::Failed, &refusal.message);
    let failure =
        refusal.findings.iter().fold(failure, |failure, one| failure.note(format!("{}: {}", one.path, one.message)));
    if refusal.reason.is_empty() { failure } else { failure.note(format!("reason {}", refusal.reason)) }
}
