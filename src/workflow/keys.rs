//! What an authority says to everyone of its own keys.

use super::{Desk, WorkflowError, customs::statement_at, request::own_request};
use crate::{
    certificate::Text,
    log::{Hash, Origin},
    office::{Actor, AuditEvent},
    sequencer::{Outcome, Recalled, RequestKey, Saying, Task, Work, marks::Known, stopped::End},
    statement::{Act, KeyAct, KeyChange, KeyRecord, Kid, OpenedBody},
    store::EntryRef,
    time::{Timestamp, unix_ms},
    trust::ListedUse,
    verification::CheckedEntry,
};
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, sync::Arc};

/// Entries looked at for one page: where few are what is asked for the next page goes on from there.
const LOOKED_AT: u64 = 20_000;

/// Statements that a key signed past its end, and where to go on.
#[derive(Default)]
pub struct PastEndPage {
    /// In the order of the logs asked about, and of each log.
    pub entries: Vec<CheckedEntry>,
    /// Where to go on; `None` at the end.
    pub next: Option<(Origin, u64)>,
}

/// Whether what an entry says stays in force though its key is closed as compromised before it: it takes force away.
#[must_use]
pub fn stays_in_force(entry: &CheckedEntry) -> bool {
    matches!(&entry.body, OpenedBody::StatusChange(one) if one.change.act != Act::Reinstated)
}

/// The account under which what the operator has said is kept. No person has it: names of accounts are random.
const ACCOUNT: &str = "operator";

impl Desk {
    /// Where a key would be closed if somebody else might have it since an instant; and unless this only asks, nothing is
    /// signed with it from now on.
    pub async fn stop_key(&self, key: Kid, since: Timestamp, only_ask: bool) -> Result<Vec<End>, WorkflowError> {
        let (trust, issuer) = (self.trust(), &self.setup().issuer);
        let known = trust.key(issuer, &key).map(|listed| listed.r#use);
        if !matches!(known, Some(ListedUse::Statement | ListedUse::Status | ListedUse::Stamp)) {
            let act = "a key with an id";
            return Err(WorkflowError::KeyNotListed { kid: key, act, version: trust.version() });
        }
        let sequencer = self.setup().sequencer.clone();
        if only_ask {
            let ends = tokio::task::spawn_blocking(move || sequencer.ends(since)).await;
            return Ok(ends.map_err(|error| WorkflowError::Record(error.to_string()))??);
        }
        let mut ends = sequencer.stop_key(&key, since, self.now()).await?.ends;
        let now = tokio::task::spawn_blocking(move || sequencer.ends(since)).await;
        let now = now.map_err(|error| WorkflowError::Record(error.to_string()))??;
        // What was lost may have come back since the key was stopped.
        let more = now.into_iter().filter(|end| !ends.iter().any(|kept| kept.origin == end.origin));
        let more = more.collect::<Vec<_>>();
        ends.extend(more);
        Ok(ends)
    }

    /// Since when it is kept how much of a log partners had cosigned, where the loss of what was kept before may have a key that
    /// is suspect since an instant closed too early; none else. It reads from the disk.
    pub fn marks_since(&self, end: &End, suspected_since: Timestamp) -> Result<Option<Timestamp>, WorkflowError> {
        let store = self.store().as_ref();
        let Some(recalled) = Recalled::read(store, &end.origin)? else { return Ok(None) };
        let began = i64::try_from(recalled.at_ms / 1_000).unwrap_or(i64::MAX);
        let is_known = match end.known {
            Known::Cosigned(mark) => mark.at >= began,
            Known::OwnRecord(_) => true,
            Known::Nothing => false,
        };
        // What was lost with the marks was signed, and cosigned, after the hour of its first entry began.
        let first = store.facts(&end.origin, recalled.from)?.map_or(0, |facts| facts.jti.hour_ms());
        if is_known || unix_ms(suspected_since) <= first {
            return Ok(None);
        }
        Ok(Timestamp::from_second(began).ok())
    }

    /// Own logs of which more may have been signed than is here, with how many entries that was.
    #[must_use]
    pub fn signed_for(&self) -> BTreeMap<Origin, u64> {
        self.setup().sequencer.signed_for()
    }

    /// Whether partners may have cosigned, before an instant, what is not here of a log: it was signed after the hour of the last
    /// entry that is here began. It reads from the disk.
    pub fn lost_before(&self, origin: &Origin, suspected_since: Timestamp) -> Result<bool, WorkflowError> {
        let store = self.store().as_ref();
        let last = store.head(origin).and_then(|head| head.head.size.checked_sub(1));
        let last = last.map(|last| store.facts(origin, last)).transpose()?.flatten();
        Ok(unix_ms(suspected_since) > last.map_or(0, |facts| facts.jti.hour_ms()))
    }

    /// What a key signed from these places of its authority's logs on; from `from` on, where that is given. It reads from
    /// the disk.
    pub fn signed_past(
        &self,
        key: &Kid,
        ends: &[(Origin, u64)],
        from: Option<&(Origin, u64)>,
        most: usize,
    ) -> Result<PastEndPage, WorkflowError> {
        let (store, mut page, mut looked_at) = (self.store().as_ref(), PastEndPage::default(), 0);
        let rest = ends.iter().skip_while(|(origin, _)| from.is_some_and(|(begun, _)| begun != origin));
        for (origin, end) in rest {
            let size = store.head(origin).map_or(0, |head| head.head.size);
            let begin = from.filter(|(begun, _)| begun == origin).map_or(*end, |(_, index)| (*index).max(*end));
            for index in begin..size {
                if page.entries.len() == most || looked_at == LOOKED_AT {
                    page.next = Some((origin.clone(), index));
                    return Ok(page);
                }
                looked_at += 1;
                let leaf = store.leaf(origin, index)?.ok_or(WorkflowError::CertificateUnknown)?;
                let entry = CheckedEntry::read(&leaf, index).map_err(|e| WorkflowError::Record(e.to_string()))?;
                if entry.envelope.kid == *key {
                    // The civil day of issue is among what a certificate discloses.
                    let shown = statement_at(store, &EntryRef { origin: origin.clone(), index })?;
                    page.entries.push(shown.map_or(entry, |shown| CheckedEntry {
                        index,
                        envelope: shown.opened.envelope,
                        body: shown.opened.body,
                    }));
                }
            }
        }
        Ok(page)
    }

    /// Says in the log to `all` what the trust list in use says of a key. The same said again under the same list has
    /// the same answer for as long as answers are kept, unless something was lost and came back in between.
    pub async fn announce_key(
        &self,
        key: Kid,
        act: KeyAct,
        reason: Option<Text<1024>>,
    ) -> Result<(Outcome, u64), WorkflowError> {
        let (trust, issuer) = (self.trust(), &self.setup().issuer);
        let trust_version = trust.version();
        let (word, said) = match act {
            KeyAct::Opened => ("open", trust.key(issuer, &key).is_some() && trust.closings(issuer, &key).is_none()),
            KeyAct::Closed => ("closed", trust.closings(issuer, &key).is_some()),
        };
        let section = trust.section(issuer).filter(|_| said);
        let Some(section) = section else {
            return Err(WorkflowError::KeyNotListed { kid: key, act: word, version: trust_version });
        };
        let section = Hash(Sha256::digest(section.note().to_string()).into());
        let digest = Sha256::new_with_prefix(b"key change\0")
            .chain_update(key.as_str())
            .chain_update([0])
            .chain_update(word)
            .chain_update(section.0)
            .chain_update(trust_version.to_be_bytes())
            .chain_update(reason.as_ref().map_or("", Text::as_str));
        let digest: [u8; 32] = digest.finalize().into();
        // A time of its own would make each repetition another request. One of before the last loss is no repetition: what was
        // done by it may be lost.
        let store = Arc::clone(self.store());
        let lost = tokio::task::spawn_blocking(move || Recalled::last_ms(store.as_ref())).await;
        let lost_ms = lost.map_err(|error| WorkflowError::Record(error.to_string()))??.unwrap_or(0);
        let change = KeyChange { record: KeyRecord { key, act, trust_version, section }, reason };
        let by =
            AuditEvent::named(Actor::Operator, "announce_key").with_detail(format!("{word} {}", change.record.key));
        let task = Task::Say(Box::new(Saying::key_change(change)));
        let request = RequestKey { account: ACCOUNT.to_owned(), id: own_request(lost_ms, &digest) };
        let outcome = self.setup().sequencer.submit(Work { request, digest, task, by: Some(by) }).await?;
        Ok((outcome, trust_version))
    }
}
