//! What customs of the partner do with certificates, by an officer and a supervisor whom the partner lets in, and what the
//! issuer reads of it.

use super::{
    report::Seen,
    stage::{Door, Stage},
};
use crate::{
    api::client::{Connection, Refusal, wire, within_deadline},
    cli::{
        calls::{self, arrival, refused, request_id},
        console::Failure,
        process::failed,
        remote::{date_text, date_to_wire},
    },
    node::system::SystemClock,
    time::Clock,
};
use std::time::Instant;
use tonic::Status;
use wire::abroad_note::What as Heard;

/// The declaration of the rehearsal, and its office.
const DECLARATION: (&str, &str) = ("REHEARSAL-1", "REH");
/// Why a claim is denied.
const DENIAL: &str = "CRITERION_WRONG";

/// What was refused has to be, and for this reason.
fn refused_as<T>(answer: Result<T, Status>, reasons: &[&str], what: &str) -> Result<String, Failure> {
    let Err(status) = answer else { return Err(failed(format!("{what} was not refused"))) };
    let refusal = Refusal::from(&status);
    if reasons.contains(&refusal.reason.as_str()) {
        return Ok(refusal.reason);
    }
    Err(refused(status).note(format!("{what} should be refused as {}", reasons.join(" or "))))
}

impl Stage {
    fn at_customs(&self) -> Result<&Door, Failure> {
        self.door.as_ref().ok_or_else(|| failed("nobody of the partner is here"))
    }

    fn declaration(&self) -> wire::ImportDeclaration {
        let (number, office) = DECLARATION;
        let date = Some(date_to_wire(self.partner.zone.date_at(SystemClock.now())));
        wire::ImportDeclaration { number: number.to_owned(), date, office: office.to_owned() }
    }

    fn decision(&self, number: &str, code: &str, reason: &str) -> wire::DecideItemsRequest {
        let decision =
            wire::ItemDecision { code: code.to_owned(), reason: reason.to_owned(), ..wire::ItemDecision::default() };
        wire::DecideItemsRequest {
            request_id: request_id(),
            certificate: arrival(number),
            declaration: Some(self.declaration()),
            decisions: vec![decision],
            ..Default::default()
        }
    }

    /// Waits until the issuer reads a decision of this code.
    async fn heard(&self, number: &str, code: &str) -> Result<wire::DecidedItem, Failure> {
        let said = |what: &Heard| match what {
            Heard::Response(response) => response.decisions.iter().find(|one| one.code == code).cloned(),
            _ => None,
        };
        let note = calls::abroad(&self.desk, number, self.patience, |what| said(what).is_some()).await?;
        said(&note).ok_or_else(|| failed("another note than was waited for"))
    }

    pub(super) async fn accepted(&self, number: &str) -> Result<Seen, Failure> {
        let begun = Instant::now();
        let officer = &self.at_customs()?.officer;
        let request = self.decision(number, "ACCEPTED_FOR_CLAIM", "");
        officer.customs().decide_items(within_deadline(request)).await.map_err(refused)?;
        self.heard(number, "ACCEPTED_FOR_CLAIM").await?;
        Ok(told(number, begun, "ACCEPTED_FOR_CLAIM"))
    }

    /// Without a reason, and by one person alone, it is no denial.
    pub(super) async fn denied(&self, number: &str) -> Result<Seen, Failure> {
        let door = self.at_customs()?;
        let Some(supervisor) = &door.supervisor else {
            return Ok(Seen::not_exercised("the partner gave no token of a customs supervisor: --supervisor"));
        };
        let mut customs = door.officer.customs();
        let bare = self.decision(number, "PREFERENCE_DENIED", "");
        let bare = customs.decide_items(within_deadline(bare)).await;
        refused_as(bare, &["REASON_MISSING"], "a denial without a reason")?;
        let begun = Instant::now();
        let request = self.decision(number, "PREFERENCE_DENIED", DENIAL);
        let proposed = customs.decide_items(within_deadline(request)).await.map_err(refused)?.into_inner();
        if !proposed.awaits_release || !proposed.jti.is_empty() {
            return Err(failed("a denial by one person alone counts"));
        }
        let settle = |release| wire::SettleDenialRequest {
            request_id: request_id(),
            certificate: arrival(number),
            act: proposed.act,
            release,
            words: String::new(),
        };
        if customs.settle_denial(within_deadline(settle(true))).await.is_ok() {
            return Err(failed("the officer who denied released the denial"));
        }
        supervisor.customs().settle_denial(within_deadline(settle(true))).await.map_err(refused)?;
        let heard = self.heard(number, "PREFERENCE_DENIED").await?;
        if heard.reason != DENIAL {
            return Err(failed(format!("the issuer reads the reason {}, and it was {DENIAL}", heard.reason)));
        }
        Ok(told(number, begun, "PREFERENCE_DENIED"))
    }

    async fn write_off(&self, officer: &Connection, number: &str) -> Result<wire::WriteOffRequest, Failure> {
        let found = calls::look(officer, number).await?.ok_or_else(|| failed(format!("{number} is not at customs")))?;
        let item = found.balance.into_iter().find(|item| !item.unit.is_empty());
        let item = item.ok_or_else(|| failed(format!("{number} states no quantity that could be written off")))?;
        let line = wire::WriteOffLine { item: item.item, line: 1, quantity: item.whole, unit: item.unit };
        Ok(wire::WriteOffRequest {
            request_id: request_id(),
            certificate: arrival(number),
            declaration: Some(self.declaration()),
            lines: vec![line],
            remarks: String::new(),
            despite_predecessor: false,
        })
    }

    /// All of an item is imported.
    pub(super) async fn written_off(&self, number: &str) -> Result<Seen, Failure> {
        let begun = Instant::now();
        let officer = &self.at_customs()?.officer;
        let request = self.write_off(officer, number).await?;
        let line = request.lines.first().cloned().unwrap_or_default();
        officer.customs().write_off(within_deadline(request)).await.map_err(refused)?;
        let used = |what: &Heard| match what {
            Heard::Response(response) => {
                response.decisions.iter().find(|one| one.item == line.item && !one.quantity.is_empty()).cloned()
            }
            _ => None,
        };
        let note = calls::abroad(&self.desk, number, self.patience, |what| used(what).is_some()).await?;
        let heard = used(&note).ok_or_else(|| failed("another note than was waited for"))?;
        if (&heard.quantity, &heard.unit) != (&line.quantity, &line.unit) {
            let error = format!("the issuer reads {} {}, and it was", heard.quantity, heard.unit);
            return Err(failed(format!("{error} {} {}", line.quantity, line.unit)));
        }
        let what = format!("{} of {} {} of item {}", heard.code, line.quantity, line.unit, line.item);
        Ok(told(number, begun, &what))
    }

    /// Once more the same is more than there is.
    pub(super) async fn exceeded(&self, number: &str) -> Result<Seen, Failure> {
        let officer = &self.at_customs()?.officer;
        let request = self.write_off(officer, number).await?;
        let answer = officer.customs().write_off(within_deadline(request)).await;
        let reason = refused_as(answer, &["BALANCE_EXCEEDED", "ARRIVAL_FORBIDS"], "a second use of the whole")?;
        Ok(Seen::held(format!("{number}: the whole once more is refused, {reason}")))
    }

    pub(super) async fn used_stands(&self, number: &str) -> Result<Seen, Failure> {
        let answer = calls::cancel(&self.desk, number).await;
        let reason = refused_as(answer, &["USED_ABROAD"], "the cancellation of a used certificate")?;
        Ok(Seen::held(format!("{number}: cancelling it is refused here, {reason}")))
    }

    pub(super) async fn enquiry(&self, number: &str) -> Result<Seen, Failure> {
        let begun = Instant::now();
        let officer = &self.at_customs()?.officer;
        let raised = calls::enquire(officer, self.own.issuer.to_string(), "REHEARSAL-1", number).await?;
        calls::answer(&self.liaison, &raised.jti, "A rehearsal: the certificate is good.", self.patience).await?;
        calls::answered(officer, &raised.jti, self.patience).await?;
        let due = date_text(raised.reply_due.as_ref());
        let took = begun.elapsed().as_millis();
        Ok(Seen::held(format!("{number}: asked, acknowledged, answered `valid` within {took} ms; it was due by {due}"))
            .with("milliseconds", u64::try_from(took).unwrap_or(u64::MAX)))
    }
}

/// The issuer reads it.
fn told(number: &str, begun: Instant, what: &str) -> Seen {
    let took = begun.elapsed().as_millis();
    Seen::held(format!("{number}: the issuer reads {what}, {took} ms later"))
        .with("milliseconds", u64::try_from(took).unwrap_or(u64::MAX))
}
