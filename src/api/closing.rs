//! Keys that are closed, what that hits, and entries of partners that failed their check, for the operator.

use super::ApiError;
use super::convert;
use super::hosts::{HostedAuthority, Hosts};
use super::wire::origin::v1 as wire;
use crate::inbox::finding;
use crate::log::Origin;
use crate::sequencer::marks::Known;
use crate::sequencer::stopped::End;
use crate::statement::OpenedBody;
use crate::store::{EntryRef, Store};
use crate::time::Timestamp;
use crate::verification::CheckedEntry;
use crate::workflow::{WorkflowError, stays_in_force};
use std::sync::Arc;

/// Logs that are named in one question: an authority has one for each addressee and year.
const LOGS_MAX: usize = 4096;

/// An instant that a request has to bring.
pub(super) fn since(at: Option<&prost_types::Timestamp>) -> Result<Timestamp, ApiError> {
    let wrong = || ApiError::Field { field: "suspected_since", message: "it is no instant".to_owned() };
    Timestamp::from_second(at.ok_or_else(wrong)?.seconds).map_err(|_| wrong())
}

/// Where a key that is suspect since an instant is to be closed. It reads from the disk.
pub(super) fn ends(
    authority: &HostedAuthority,
    ends: &[End],
    suspected_since: Timestamp,
) -> Result<Vec<wire::KeyEnd>, WorkflowError> {
    let signed_for = authority.desk.signed_for();
    let ends = ends.iter().map(|one| {
        let size = authority.store().head(&one.origin).map_or(0, |head| head.head.size);
        let marks_since = authority.desk.marks_since(one, suspected_since)?.map(convert::instant);
        let missing = signed_for.get(&one.origin).map_or(0, |signed| signed.saturating_sub(size));
        let is_lost = missing > 0 && authority.desk.lost_before(&one.origin, suspected_since)?;
        Ok(wire::KeyEnd { marks_since, missing, ..end(one, size, is_lost) })
    });
    ends.collect()
}

/// Where a key is to be closed in a log of which so many entries are here, and others that were cosigned before may be lost.
fn end(end: &End, size: u64, is_lost: bool) -> wire::KeyEnd {
    let (basis, cosigned_at) = match end.known {
        _ if is_lost => (wire::EndBasis::Lost, None),
        Known::Cosigned(mark) => (wire::EndBasis::Cosigned, Timestamp::from_second(mark.at).ok()),
        Known::OwnRecord(_) => (wire::EndBasis::OwnRecord, None),
        Known::Nothing => (wire::EndBasis::Nothing, None),
    };
    wire::KeyEnd {
        log: end.origin.to_string(),
        until_index: end.known.size(),
        basis: basis.into(),
        cosigned_at: cosigned_at.map(convert::instant),
        size,
        ..wire::KeyEnd::default()
    }
}

/// Places of logs, as a request names them.
pub(super) fn places(ends: &[wire::KeyEnd]) -> Result<Vec<(Origin, u64)>, ApiError> {
    if ends.len() > LOGS_MAX {
        let message = format!("there are {}, and at most {LOGS_MAX} are looked at", ends.len());
        return Err(ApiError::Field { field: "ends", message });
    }
    ends.iter().map(|one| Ok((origin("ends.log", &one.log)?, one.until_index))).collect()
}

pub(super) fn origin(field: &'static str, text: &str) -> Result<Origin, ApiError> {
    text.parse().map_err(|error| ApiError::Field { field, message: format!("{error}") })
}

/// Where a page begins; none for the first.
pub(super) fn begin(token: &str) -> Result<Option<(Origin, u64)>, ApiError> {
    if token.is_empty() {
        return Ok(None);
    }
    let wrong = || ApiError::Field { field: "page_token", message: "it is none that this node gave".to_owned() };
    let (log, index) = token.rsplit_once('#').ok_or_else(wrong)?;
    Ok(Some((log.parse().map_err(|_| wrong())?, index.parse().map_err(|_| wrong())?)))
}

pub(super) fn token(place: Option<(Origin, u64)>) -> String {
    place.map(|(origin, index)| format!("{origin}#{index}")).unwrap_or_default()
}

/// What can be told of a statement without what it discloses, but for a certificate's day of issue where that is here.
pub(super) fn plain(entry: &CheckedEntry) -> wire::PlainStatement {
    let mut said = wire::PlainStatement {
        log: entry.envelope.log.to_string(),
        index: entry.index,
        jti: entry.envelope.jti.to_string(),
        kind: entry.kind().name().to_owned(),
        day: Some(convert::date_to_wire(entry.envelope.day)),
        stays_in_force: stays_in_force(entry),
        ..Default::default()
    };
    match &entry.body {
        OpenedBody::Certificate(certificate) => {
            said.agreement = certificate.agreement.to_string();
            said.to = certificate.to.to_string();
            said.valid_until = certificate.valid_until.map(convert::date_to_wire);
            if let Some(reference) = certificate.reference.as_option() {
                said.day = Some(convert::date_to_wire(reference.issued_on));
            }
        }
        OpenedBody::StatusChange(one) => {
            one.change.act.word().clone_into(&mut said.act);
            said.target_jti = one.change.target.jti.to_string();
        }
        _ => {}
    }
    said
}

/// Some findings, in the order of the logs; `named` and `reason` ask for some alone. It reads from the disk.
pub(super) fn findings(
    hosts: &Hosts,
    mut logs: Vec<(Origin, Arc<dyn Store>)>,
    (named, reason): (Option<&Origin>, &str),
    from: Option<(Origin, u64)>,
    most: usize,
) -> Result<wire::ListFindingsResponse, WorkflowError> {
    logs.retain(|(origin, _)| named.is_none_or(|named| named == origin));
    logs.sort_by(|(one, _), (other, _)| one.cmp(other));
    let begun = |origin: &Origin| from.as_ref().is_some_and(|(begun, _)| begun > origin);
    let mut found = Vec::new();
    for (origin, store) in logs.into_iter().skip_while(|(origin, _)| begun(origin)) {
        let index = from.as_ref().filter(|(begun, _)| *begun == origin).map_or(0, |(_, index)| *index);
        let (some, next) = finding::from(store.as_ref(), &origin, index, most)?;
        for one in some.into_iter().filter(|one| reason.is_empty() || one.reason == reason) {
            let leaf = store.leaf(&origin, one.index)?;
            let entry = leaf.and_then(|leaf| CheckedEntry::read(&leaf, one.index).ok());
            let place = EntryRef { origin: origin.clone(), index: one.index };
            // Whichever authority asks: they have one view of their partners' logs.
            let desk = hosts.all().next().map(|authority| &authority.desk);
            let over = desk.map(|desk| desk.has_lost_force(store.as_ref(), &place)).transpose()?.unwrap_or(false);
            found.push(wire::FoundEntry {
                log: origin.to_string(),
                index: one.index,
                reason: one.reason,
                message: one.sentence,
                trust_version: one.trust_version,
                statement: entry.as_ref().map(plain),
                over,
            });
        }
        if let Some(next) = next {
            return Ok(wire::ListFindingsResponse { findings: found, next_page_token: token(Some((origin, next))) });
        }
        if !found.is_empty() {
            // The next log begins a page of its own.
            let next = token(Some((origin, u64::MAX)));
            return Ok(wire::ListFindingsResponse { findings: found, next_page_token: next });
        }
    }
    Ok(wire::ListFindingsResponse::default())
}
