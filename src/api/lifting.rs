//! A log that has shown two histories, lifted by the operator's word.

use super::ApiError;
use super::call::blocking;
use super::failure;
use super::hosts::Hosts;
use super::partners;
use super::wire::origin::v1 as wire;
use crate::exchange::driver::DriverView;
use crate::log::Origin;
use crate::office::{Actor, AuditEvent};
use crate::sequencer::{Gate, Standing};
use crate::time::Timestamp;
use std::time::Duration;
use tonic::Status;

/// Most characters of the reason an operator gives.
const MAX_REASON: usize = 500;
/// An own log that was shut for the fork alone is looked at again within moments; one that stays shut so long stays so.
const LOOKED_AT: Duration = Duration::from_secs(3);

/// The reason an operator gives, which is kept.
pub(super) fn reason(text: String) -> Result<String, ApiError> {
    if (1..=MAX_REASON).contains(&text.trim().chars().count()) {
        return Ok(text);
    }
    Err(ApiError::Field { field: "reason", message: format!("say why, in 1 to {MAX_REASON} characters") })
}

/// Has a log taken and cosigned again, and says of an own one whether it is shut all the same.
pub(super) async fn lift(
    view: DriverView,
    hosts: Hosts,
    origin: Origin,
    reason: String,
    at: Timestamp,
) -> Result<wire::LiftEvidenceResponse, Status> {
    let own = hosts.at(origin.host().as_str()).cloned();
    let log = origin.clone();
    let lifted = blocking(move || {
        let Some(proven) = view.equivocated().borrow().get(&log).cloned() else { return Ok(None) };
        // Known to whoever reads a trail before it counts.
        let detail = format!("two histories are proven of it, {}: {reason}", proven.parted());
        let event = AuditEvent::named(Actor::Operator, "lift_evidence").on(&log).with_detail(detail);
        for authority in hosts.all() {
            authority.desk.sequencer().note(&event, at).map_err(|error| failure::plain(&error))?;
        }
        view.lift(&log, &reason).map_err(|error| failure::plain(&error))
    });
    let lifted = lifted.await??;
    let mut answer = wire::LiftEvidenceResponse {
        was_frozen: lifted.is_some(),
        past: lifted.map_or(0, |lifted| lifted.past),
        own: own.is_some(),
        shut: String::new(),
    };
    if let Some(own) = own {
        if answer.was_frozen {
            looked_at(own.desk.sequencer().gate(), &origin).await;
        }
        answer.shut = blocking(move || partners::shut_history(&own, &origin)).await?;
    }
    Ok(answer)
}

/// Waits until a log that counts as forked was looked at again, or long enough.
async fn looked_at(gate: &Gate, origin: &Origin) {
    let mut turns = gate.turns();
    let opened = async {
        while matches!(gate.standing(origin), Some(Standing::Forked { .. })) && turns.changed().await.is_ok() {}
    };
    // Then it stays shut.
    let _ = tokio::time::timeout(LOOKED_AT, opened).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_has_words_and_is_no_book() {
        let is_taken = |text: &str| reason(text.to_owned()).is_ok();
        assert!(is_taken("an old copy") && is_taken(&"x".repeat(MAX_REASON)));
        assert!(!is_taken(" ") && !is_taken(&"x".repeat(MAX_REASON + 1)));
    }
}
