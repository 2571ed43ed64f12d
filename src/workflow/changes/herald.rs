//! Tells of what comes to pass with certificates after they are published, and is nobody's request: that enough
//! partners cosigned, that the addressee has them, and what partners said since.
//!
//! How far it told of each stands in the store and moves in the commit of what is told, so that it goes on where it
//! was after a crash, and tells nothing twice.

use super::super::{PartnerLogs, WorkflowError};
use super::told::Told;
use crate::{
    log::{Origin, Quorum},
    sequencer::cosigned::Cosigned,
    statement::{Addressee, Issuer, OpenedBody, Receipt},
    store::{Batch, EntryRef, Expected, StateChange, Store, StoreError, Table},
    time::{Clock, unix_ms},
    trust::TrustList,
    verification::check_entry,
};
use arc_swap::ArcSwap;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex},
};

/// Entries of a partner's log that are looked at in one round.
const HEARD_AT_ONCE: u64 = 4_096;

/// What a herald works with.
pub struct HeraldSetup {
    /// The authority.
    pub issuer: Issuer,
    /// Its durable state.
    pub store: Arc<dyn Store>,
    /// The trust list in force: it has the cosigning policy.
    pub trust: Arc<ArcSwap<TrustList>>,
    /// The logs of other authorities that are kept here: what they said stands in them, receipts too.
    pub partners: Arc<dyn PartnerLogs>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

/// Watches over the logs of one authority, and over those that are addressed to it.
pub struct Herald {
    pub(super) setup: HeraldSetup,
    /// Behind which of the entries that a log waits for it looked last.
    pub(super) looked: Mutex<HashMap<Origin, Vec<u8>>>,
}

/// What the addressee of a log said it has.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Receipted {
    size: u64,
    /// Entries below that did not come to it yet.
    outstanding: BTreeSet<u64>,
}

/// A value of the herald's own, with what it was read from.
pub(super) struct Mark<T> {
    id: Vec<u8>,
    before: Option<Vec<u8>>,
    pub(super) value: T,
}

/// What is to be told, and how far it was told then.
#[derive(Default)]
pub(super) struct News {
    expected: Vec<Expected>,
    pub(super) state: Vec<StateChange>,
    feed: Vec<Vec<u8>>,
}

impl Herald {
    /// Begins where the last one ended.
    #[must_use]
    pub fn new(setup: HeraldSetup) -> Self {
        Self { setup, looked: Mutex::default() }
    }

    /// Looks once over all logs and tells what is new, in one commit. Says whether there may be more at once. It blocks.
    pub fn look(&self) -> Result<bool, WorkflowError> {
        let trust = self.setup.trust.load_full();
        let mut news = News::default();
        for origin in self.setup.store.logs() {
            if origin.addressee() != Addressee::Everyone.label() {
                self.released(&origin, &trust, &mut news)?;
            }
        }
        let more = self.receipts(&trust, &mut news)? | self.listen(&trust, &mut news)?;
        let News { expected, state, feed } = news;
        if state.is_empty() {
            return Ok(more);
        }
        let at_ms = unix_ms(self.setup.clock.now());
        match self.setup.store.commit(Batch { at_ms, expected, state, feed, ..Batch::default() }) {
            Ok(_) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    fn released(&self, origin: &Origin, trust: &TrustList, news: &mut News) -> Result<(), WorkflowError> {
        let store = self.setup.store.as_ref();
        let size = store.head(origin).map_or(0, |head| head.head.size);
        let mark = Mark::<u64>::read(store, format!("feed/released/{origin}"))?;
        if mark.value >= size {
            return Ok(());
        }
        let to = released_to(store, trust, origin, mark.value, size)?;
        if to > mark.value {
            let told = Told::Released { log: origin.clone(), from: mark.value, to };
            news.tell(Some(&told))?;
            news.move_to(&mark, &to)?;
        }
        Ok(())
    }

    /// Reads what came in partners' logs since; one portion of each.
    fn receipts(&self, trust: &TrustList, news: &mut News) -> Result<bool, WorkflowError> {
        let mut more = false;
        let mut spoken = BTreeSet::new();
        let replicated = self.setup.partners.logs().into_iter();
        // Authorities of one node give each other no receipts: both read the same disk.
        for (log, held) in replicated.filter(|(log, _)| !self.setup.partners.is_hosted(log)) {
            let size = held.head(&log).map_or(0, |head| head.head.size);
            let mark = Mark::<u64>::read(self.setup.store.as_ref(), format!("feed/heard/{log}"))?;
            if mark.value >= size {
                continue;
            }
            let end = size.min(mark.value.saturating_add(HEARD_AT_ONCE));
            let mut heard = mark.value;
            while heard < end {
                if let Some(receipt) = self.receipt(held.as_ref(), &log, heard, trust)? {
                    // Two receipts for one log are told of one after the other.
                    if !spoken.insert(receipt.origin.clone()) {
                        break;
                    }
                    self.receipted(&receipt, news)?;
                }
                heard = heard.saturating_add(1);
            }
            more |= heard < size;
            if heard > mark.value {
                news.move_to(&mark, &heard)?;
            }
        }
        Ok(more)
    }

    /// The receipt at a place of a partner's log, if there is one, it is good, and whoever says it is the addressee of
    /// the log it is about.
    fn receipt(
        &self,
        held: &dyn Store,
        log: &Origin,
        index: u64,
        trust: &TrustList,
    ) -> Result<Option<Receipt>, WorkflowError> {
        if held.facts(log, index)?.is_none_or(|facts| facts.status_index.is_some()) {
            return Ok(None);
        }
        let Some(leaf) = held.leaf(log, index)? else { return Ok(None) };
        let Ok(checked) = check_entry(&leaf, None, log, index, trust) else { return Ok(None) };
        let OpenedBody::Receipt(receipt) = checked.body else { return Ok(None) };
        let own = receipt.origin.host() == self.setup.issuer.host();
        let by_addressee = trust.addressee_of(&receipt.origin) == Some(&checked.envelope.iss);
        Ok((own && by_addressee).then_some(receipt))
    }

    fn receipted(&self, receipt: &Receipt, news: &mut News) -> Result<(), WorkflowError> {
        let store = self.setup.store.as_ref();
        let log = &receipt.origin;
        let published = store.head(log).map_or(0, |head| head.head.size);
        let mark = Mark::<Receipted>::read(store, format!("feed/receipted/{log}"))?;
        let size = receipt.size.min(published);
        let waits = receipt.missing.iter().chain(&receipt.held).copied().collect::<BTreeSet<_>>();
        let Receipted { size: from, outstanding } = mark.value.clone();
        let late = outstanding.iter().copied().filter(|index| *index < size && !waits.contains(index));
        let late = late.collect::<Vec<_>>();
        let to = size.max(from);
        let except = waits.iter().copied().filter(|index| (from..to).contains(index)).collect::<Vec<_>>();
        let mut left = outstanding;
        for index in &late {
            left.remove(index);
        }
        left.extend(&except);
        let after = Receipted { size: to, outstanding: left };
        if after == mark.value {
            return Ok(());
        }
        for told in Told::receipted(log, &late, (from, to), &except) {
            news.tell(Some(&told))?;
        }
        news.move_to(&mark, &after)
    }
}

/// Whether the addressee of a log said that it has what an entry says. It reads from the disk.
pub(in crate::workflow) fn is_receipted(store: &dyn Store, entry: &EntryRef) -> Result<bool, WorkflowError> {
    let EntryRef { origin, index } = entry;
    let Receipted { size, outstanding } = Mark::read(store, format!("feed/receipted/{origin}"))?.value;
    Ok(*index < size && !outstanding.contains(index))
}

/// Up to where the entries of a log from `from` on are cosigned as the policy asks for each of them.
fn released_to(store: &dyn Store, trust: &TrustList, origin: &Origin, from: u64, size: u64) -> Result<u64, StoreError> {
    // What the list does not say how to judge is not released; another list may say it.
    let Ok(policy) = trust.policy_at(origin, from) else { return Ok(from) };
    let to = if *policy.quorum() == Quorum::None {
        size
    } else {
        let cosigned = Cosigned::load(store, origin, trust)?;
        cosigned.newest(trust, from.saturating_add(1)).map_or(from, |(to, _)| to.min(size))
    };
    // The policy is another from there on.
    let boundary = trust.text().cosigning.replica_from.get(origin).copied();
    Ok(boundary.filter(|boundary| (from.saturating_add(1)..to).contains(boundary)).unwrap_or(to))
}

impl<T: DeserializeOwned + Default> Mark<T> {
    pub(super) fn read(store: &dyn Store, id: String) -> Result<Self, WorkflowError> {
        let id = id.into_bytes();
        let before = store.record(Table::Setting, &id)?;
        let value = before.as_deref().map(serde_json::from_slice).transpose();
        let value = value.map_err(|e| WorkflowError::Record(format!("how far changes were told: {e}")))?;
        Ok(Self { id, before, value: value.unwrap_or_default() })
    }
}

impl News {
    pub(super) fn tell(&mut self, told: Option<&Told>) -> Result<(), WorkflowError> {
        self.feed.extend(told.map(Told::row).transpose()?);
        Ok(())
    }

    pub(super) fn move_to<T: Serialize>(&mut self, mark: &Mark<T>, to: &T) -> Result<(), WorkflowError> {
        let record = serde_json::to_vec(to).map_err(|e| WorkflowError::Record(e.to_string()))?;
        let (table, id) = (Table::Setting, mark.id.clone());
        self.expected.push(Expected { table, id: id.clone(), record: mark.before.clone() });
        self.state.push(StateChange::RecordPut { table, id, record });
        Ok(())
    }
}
