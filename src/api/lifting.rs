//! A log that has shown two histories, lifted by the operator's word.

use super::ApiError;
use super::call::blocking;
use super::failure;
use super::hosts::Hosts;
use super::partners;
use super::wire::origin::v1 as wire;
use crate::exchange::driver::DriverView;
use crate::log::{HASH_BYTES, Hash, Origin, TreeHead};
use crate::office::{Actor, AuditEvent};
use crate::sequencer::{Gate, Standing};
use crate::time::Timestamp;
use crate::trust::NodeName;
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

/// The root of a head that an operator gives; none where there is none.
pub(super) fn root(bytes: &[u8]) -> Result<Option<Hash>, ApiError> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let root = <[u8; HASH_BYTES]>::try_from(bytes).map(Hash);
    root.map(Some).map_err(|_| ApiError::Field { field: "root", message: "a root has 32 bytes".to_owned() })
}

/// The one of the two heads that are proven whose branch goes on, where none of the log's entries are here. Which one that is
/// nobody can tell but a person: what was cosigned here last may be of either.
fn onto(heads: &[(TreeHead, Vec<NodeName>)], root: Option<Hash>) -> Result<Option<TreeHead>, ApiError> {
    let wrong = |message: String| ApiError::Field { field: "root", message };
    let Some(root) = root else {
        if heads.is_empty() {
            return Ok(None);
        }
        let each = heads.iter().map(|(head, _)| format!("{} of size {}", head.root, head.size)).collect::<Vec<_>>();
        return Err(wrong(format!(
            "no entries of the log are here that tell the two branches apart: give the root of the head whose branch goes on, as its \
             own node's operator says: {}",
            each.join(", or ")
        )));
    };
    if heads.is_empty() {
        return Err(wrong("entries of the log are here, and their branch goes on: lift it without a root".to_owned()));
    }
    let found = heads.iter().find(|(head, _)| head.root == root).map(|(head, _)| *head);
    found.map(Some).ok_or_else(|| wrong("neither of the two heads that are proven has this root".to_owned()))
}

/// Has a log taken and cosigned again, and says of an own one whether it is shut all the same.
pub(super) async fn lift(
    view: DriverView,
    hosts: Hosts,
    origin: Origin,
    (root, reason): (Option<Hash>, String),
    at: Timestamp,
) -> Result<wire::LiftEvidenceResponse, Status> {
    let own = hosts.at(origin.host().as_str()).cloned();
    let log = origin.clone();
    let lifted = blocking(move || {
        let Some(proven) = view.equivocated().borrow().get(&log).cloned() else { return Ok(None) };
        let heads = view.shown_heads(&log).map_err(|error| failure::plain(&error))?;
        let onto = onto(&heads, root).map_err(Status::from)?;
        // Known to whoever reads a trail before it counts.
        let goes_on = onto
            .map(|head| format!("; the branch of the head of size {} with the root {} goes on", head.size, head.root));
        let detail =
            format!("two histories are proven of it, {}{}: {reason}", proven.parted(), goes_on.unwrap_or_default());
        let event = AuditEvent::named(Actor::Operator, "lift_evidence").on(&log).with_detail(detail);
        for authority in hosts.all() {
            authority.desk.sequencer().note(&event, at).map_err(|error| failure::plain(&error))?;
        }
        view.lift(&log, onto, &reason).map_err(|error| failure::plain(&error))
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
    fn a_node_without_entries_lifts_onto_no_branch_that_a_person_has_not_named() {
        let head = |size, byte| (TreeHead { size, root: Hash([byte; 32]) }, Vec::new());
        let heads = [head(58, 1), head(63, 2)];
        let why = onto(&heads, None).unwrap_err().to_string();
        assert!(heads.iter().all(|(head, _)| why.contains(&head.root.to_string())), "{why}");
        assert_eq!(onto(&heads, Some(Hash([2; 32]))).unwrap(), Some(heads[1].0));
        assert!(onto(&heads, Some(Hash([3; 32]))).is_err());
        // Where entries are they say which branch it is.
        assert_eq!(onto(&[], None).unwrap(), None);
        assert!(onto(&[], Some(Hash([2; 32]))).is_err());
        assert!(root(&[]).unwrap().is_none() && root(&[0; 31]).is_err());
        assert_eq!(root(&[2; 32]).unwrap(), Some(Hash([2; 32])));
    }

    #[test]
    fn a_reason_has_words_and_is_no_book() {
        let is_taken = |text: &str| reason(text.to_owned()).is_ok();
        assert!(is_taken("an old copy") && is_taken(&"x".repeat(MAX_REASON)));
        assert!(!is_taken(" ") && !is_taken(&"x".repeat(MAX_REASON + 1)));
    }
}
