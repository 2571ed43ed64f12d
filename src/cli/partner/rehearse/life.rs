//! What an office does with certificates after it issued them, as it comes to the partner.

use super::{report::Seen, stage::Stage};
use crate::{
    api::client::{Refusal, wire, within_deadline},
    cli::{
        calls::{self, own, refused, request_id},
        console::Failure,
        process::failed,
    },
    verification::Headline,
};
use std::time::Instant;
use tonic::Status;

/// Refusals that come of the agreement's own rules and not of the partner.
const OF_THE_RULES: [&str; 2] = ["RULES_REFUSE", "STATUS_FORBIDS"];

/// A change that was logged: where it stands.
struct Logged {
    log: String,
    index: u64,
}

/// A call's answer; a refusal by the agreement's rules means that nothing is asked of the partner.
fn answered<T>(answer: Result<tonic::Response<T>, Status>) -> Result<Result<T, Seen>, Failure> {
    match answer {
        Ok(answer) => Ok(Ok(answer.into_inner())),
        Err(status) => {
            let refusal = Refusal::from(&status);
            if OF_THE_RULES.contains(&refusal.reason.as_str()) {
                let why = format!("the agreement does not know it here: {}", refusal.message);
                return Ok(Err(Seen::not_exercised(why)));
            }
            Err(refused(status))
        }
    }
}

impl Stage {
    /// A change is cosigned, decides the verdict on a new bundle, and is what the partner's customs are shown.
    async fn changed(
        &self,
        number: &str,
        begun: Instant,
        at: Logged,
        headline: Headline,
        word: &str,
    ) -> Result<Seen, Failure> {
        self.cosigned(&at.log, at.index.saturating_add(1)).await?;
        self.verdict(number, headline).await?;
        let headline = headline.as_str();
        let Some(door) = &self.door else {
            return Ok(Seen::held(format!("{number}: cosigned; its bundle says {headline}; nobody looked at customs")));
        };
        let good = |arrival: &wire::Arrival| arrival.status == word;
        calls::arrived(&door.officer, number, self.patience, good).await.map_err(|failure| {
            failure.note(format!("customs of {} are not shown that it is {word}", self.partner.country))
        })?;
        let took = begun.elapsed().as_millis();
        Ok(Seen::held(format!("{number}: its bundle says {headline}, customs are shown {word}, {took} ms later"))
            .with("milliseconds", u64::try_from(took).unwrap_or(u64::MAX)))
    }

    pub(super) async fn suspended(&self, number: &str) -> Result<Seen, Failure> {
        let begun = Instant::now();
        let request = wire::SuspendCertificateRequest {
            request_id: request_id(),
            certificate: own(number),
            reason: "the exporter's books are looked at".to_owned(),
            ..Default::default()
        };
        let done = self.desk.certificates().suspend_certificate(within_deadline(request)).await.map_err(refused)?;
        let done = done.into_inner();
        let at = Logged { log: done.log, index: done.index };
        self.changed(number, begun, at, Headline::SuspendedByIssuer, "suspended").await
    }

    pub(super) async fn reinstated(&self, number: &str) -> Result<Seen, Failure> {
        let begun = Instant::now();
        let request = wire::ReinstateCertificateRequest {
            request_id: request_id(),
            certificate: own(number),
            reason: "the books are in order".to_owned(),
            ..Default::default()
        };
        let done = self.desk.certificates().reinstate_certificate(within_deadline(request)).await.map_err(refused)?;
        let done = done.into_inner();
        let at = Logged { log: done.log, index: done.index };
        self.changed(number, begun, at, Headline::Valid, "valid").await
    }

    pub(super) async fn withdrawn(&self, number: &str) -> Result<Seen, Failure> {
        let begun = Instant::now();
        let request = wire::CancelCertificateRequest {
            request_id: request_id(),
            certificate: own(number),
            reason: "the goods do not originate".to_owned(),
            withdrawal: Some(wire::Withdrawal { since: Some(wire::withdrawal::Since::FromIssue(true)) }),
            ..Default::default()
        };
        let done = self.desk.certificates().cancel_certificate(within_deadline(request)).await.map_err(refused)?;
        let done = done.into_inner();
        let at = Logged { log: done.log, index: done.index };
        self.changed(number, begun, at, Headline::Withdrawn, "withdrawn").await
    }

    /// Where the agreement has customs asked first, they agree.
    pub(super) async fn cancelled(&self, number: &str) -> Result<Seen, Failure> {
        let begun = Instant::now();
        let asked = match answered(calls::cancel(&self.desk, number).await.map(tonic::Response::new))? {
            Ok(asked) => asked,
            Err(not) => return Ok(not),
        };
        let at = if asked.waiting.is_some() {
            let settled = calls::agreed(&self.desk, number).await?;
            Logged { log: settled.log, index: settled.index }
        } else {
            Logged { log: asked.log, index: asked.index }
        };
        self.changed(number, begun, at, Headline::Cancelled, "cancelled").await
    }

    /// By one that was issued from the same document.
    pub(super) async fn replaced(&self, number: &str, document: &str) -> Result<Seen, Failure> {
        let begun = Instant::now();
        let request = wire::ReplaceCertificateRequest {
            request_id: request_id(),
            certificate: own(number),
            certificate_json: document.to_owned().into_bytes().into(),
            reason: "the consignee changed".to_owned(),
            contents: wire::IssueContents::Receipt.into(),
            ..Default::default()
        };
        let answer = self.desk.certificates().replace_certificate(within_deadline(request)).await;
        match answered(answer)? {
            Ok(answer) => self.succeeded(number, begun, answer.issued).await,
            Err(not) => Ok(not),
        }
    }

    pub(super) async fn true_copy(&self, number: &str) -> Result<Seen, Failure> {
        let begun = Instant::now();
        let request = wire::IssueTrueCopyRequest {
            request_id: request_id(),
            certificate: own(number),
            reason: "the original was lost".to_owned(),
            contents: wire::IssueContents::Receipt.into(),
            unused: true,
            ..Default::default()
        };
        let answer = self.desk.certificates().issue_true_copy(within_deadline(request)).await;
        match answered(answer)? {
            Ok(answer) => self.succeeded(number, begun, answer.issued).await,
            Err(not) => Ok(not),
        }
    }

    /// One took the place of another: both are so, there as here.
    async fn succeeded(
        &self,
        number: &str,
        begun: Instant,
        successor: Option<wire::IssuedCertificate>,
    ) -> Result<Seen, Failure> {
        let successor = successor.ok_or_else(|| failed("the node answered nothing"))?;
        self.cosigned(&successor.log, successor.index.saturating_add(1)).await?;
        self.verdict(&successor.number, Headline::Valid).await?;
        if let Some(door) = &self.door {
            let whole = |arrival: &wire::Arrival| arrival.delivery() == wire::Delivery::Complete;
            calls::arrived(&door.officer, &successor.number, self.patience, whole).await?;
        }
        // Its change of status stands behind it, in the same durable unit.
        let at = Logged { log: successor.log, index: successor.index };
        self.changed(number, begun, at, Headline::Superseded, "superseded").await
    }
}
