//! Deeds as requests, and what came of them as answers.

use crate::{
    caller::Caller,
    ledger::{Answer, Asked, Deed, Ledger},
    process::{footballs, today},
    wire::origin::v1 as api,
};
use bytes::Bytes;
use origin_exchange::certificate::offset_dates;
use std::time::Duration;

const RICE: &str = include_str!("../../node-config/demo/certificates/pk-ke-rice-nonpreferential.json");

/// The longest that an answer is waited for. A call that is under way in the very moment its node dies may never be told
/// of it: nobody said anything then.
pub(crate) const SILENCE: Duration = Duration::from_mins(1);

/// Certificates to two countries, so that two logs grow side by side; no two are alike.
pub(crate) struct Paper {
    rice: String,
    made: usize,
}

impl Paper {
    pub(crate) fn new() -> Self {
        let rice = offset_dates(RICE, today()).unwrap();
        let rice = rice.replace("KCCI", "KHI").replace("Karachi Chamber", "Trade Development Authority of Pakistan");
        Self { rice, made: 0 }
    }

    pub(crate) fn next(&mut self) -> Deed {
        self.made += 1;
        let text = if self.made.is_multiple_of(3) {
            self.rice.replace("IBM/MBA", &format!("IBM/MBA/{}", self.made))
        } else {
            footballs(self.made)
        };
        Deed::Issue(Bytes::from(text))
    }
}

/// Certificates to be issued, as one message of a stream.
pub(crate) fn message(asked: &[Asked]) -> api::IssueCertificatesRequest {
    let rows = asked.iter().map(|asked| {
        let Deed::Issue(json) = &asked.deed else { panic!("{asked:?} is no row") };
        api::IssueRow { request_id: asked.id.clone(), certificate_json: json.clone() }
    });
    api::IssueCertificatesRequest { rows: rows.collect(), contents: api::IssueContents::Receipt.into() }
}

#[allow(clippy::unnecessary_wraps)] // the shape of the message field
pub(crate) fn named(number: &str) -> Option<api::CertificateName> {
    Some(api::CertificateName { name: Some(api::certificate_name::Name::Number(number.to_owned())) })
}

pub(crate) fn place(issued: api::IssuedCertificate) -> Answer {
    let api::IssuedCertificate { number, jti, log, index, .. } = issued;
    Answer { number, jti, log, index }
}

/// Enters what a message of the stream answers.
pub(crate) fn take(ledger: &mut Ledger, message: api::IssueCertificatesResponse) {
    for result in message.results {
        match result.outcome.unwrap() {
            api::issue_result::Outcome::Issued(issued) => ledger.hear(&result.request_id, place(issued)),
            api::issue_result::Outcome::Error(error) => panic!("{error:?}"),
        }
    }
}

/// One call for one deed.
pub(crate) async fn one(caller: Caller, token: String, asked: Asked) -> (Asked, Result<Answer, tonic::Status>) {
    let answer = tokio::time::timeout(SILENCE, answer(&caller, &token, &asked)).await;
    let answer = answer.unwrap_or_else(|_| Err(tonic::Status::deadline_exceeded("nobody said anything")));
    (asked, answer)
}

async fn answer(caller: &Caller, token: &str, asked: &Asked) -> Result<Answer, tonic::Status> {
    let mut certificates = caller.certificates(token);
    let request_id = asked.id.clone();
    match &asked.deed {
        Deed::Issue(json) => {
            let contents = api::IssueContents::Receipt.into();
            let request = api::IssueCertificateRequest { request_id, certificate_json: json.clone(), contents };
            certificates.issue_certificate(request).await.map(|answer| place(answer.into_inner().issued.unwrap()))
        }
        Deed::Cancel(number) => {
            let reason = "the shipment was called off".to_owned();
            let certificate = named(number);
            let unused = true;
            let request =
                api::CancelCertificateRequest { request_id, certificate, reason, unused, ..Default::default() };
            certificates.cancel_certificate(request).await.map(|answer| {
                let api::CancelCertificateResponse { jti, log, index, .. } = answer.into_inner();
                Answer { number: String::new(), jti, log, index }
            })
        }
    }
}
