//! What others may look at while the driver runs, and what a person may have it do.

use super::Inner;
use crate::exchange::driver::board::Board;
use crate::exchange::driver::histories::{LogHistory, histories};
use crate::exchange::driver::leaving::{gives_way, has_entries, left_of};
use crate::exchange::driver::outside::{OutsideState, OutsideWitness};
use crate::exchange::driver::parcels::{ExportAsked, Imported, Spool, export, import};
use crate::exchange::driver::quota::{QuotaLimits, Used};
use crate::exchange::heads::{self, Lifted};
use crate::exchange::message::{AddCheckpoint, Witnessed};
use crate::exchange::parcel::ParcelError;
use crate::log::{LogName, Origin, TreeHead, size_in};
use crate::statement::Issuer;
use crate::store::{Batch, PublishedHead, StateChange, Store, StoreError, Table};
use crate::time::{Timestamp, unix_ms};
use crate::trust::{NodeName, PackageSeal};
use crate::verification::Equivocation;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;
use tokio::sync::watch;

/// A running driver, to be looked at.
#[derive(Clone)]
pub struct DriverView(pub(super) Arc<Inner>);

impl DriverView {
    /// This node's name in the trust list.
    #[must_use]
    pub fn name(&self) -> &NodeName {
        &self.0.name
    }

    /// How every partner is.
    #[must_use]
    pub fn board(&self) -> Arc<Board> {
        Arc::clone(&self.0.board)
    }

    /// What every other node has shown of the logs that are held here: of those after a name, or of one, by log, until
    /// enough is taken. It reads from the disk.
    pub fn histories(
        &self,
        asked: (Option<&Origin>, &str),
        take: impl FnMut(LogHistory) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        histories(&self.0, asked, take)
    }

    /// What a partner's logs have taken here, and may take.
    #[must_use]
    pub fn quota(&self, partner: &NodeName) -> (Used, QuotaLimits) {
        (self.0.replicas.quota(&self.0, partner).used(), self.0.quota)
    }

    /// The logs of partners that are kept here, each in a store of its own.
    #[must_use]
    pub fn replicated(&self) -> Vec<(Origin, Arc<dyn Store>)> {
        self.0.replicas.all()
    }

    /// The authority that a log is addressed to; none of one to everybody.
    #[must_use]
    pub fn addressee_of(&self, origin: &Origin) -> Option<Issuer> {
        self.0.lists.current().addressee_of(origin).cloned()
    }

    /// Every log of another node that is held or watched here, with the size of its newest head.
    #[must_use]
    pub fn known_logs(&self) -> BTreeMap<Origin, u64> {
        let watched = self.0.witness.heads().into_iter();
        let watched = watched.filter_map(|(origin, note)| Some((origin, size_in(&note)?)));
        let held = self.replicated().into_iter();
        let held = held.filter_map(|(origin, store)| Some((origin.clone(), store.head(&origin)?.head.size)));
        watched.chain(held).fold(BTreeMap::new(), |mut known, (origin, size)| {
            known.entry(origin).and_modify(|known: &mut u64| *known = (*known).max(size)).or_insert(size);
            known
        })
    }

    /// A head that somebody shows this node over HTTP, as the body of C2SP tlog-witness has it.
    pub async fn add_checkpoint(&self, body: &str) -> Witnessed {
        match AddCheckpoint::from_body(body) {
            Some(request) => self.0.witnessed(request).await,
            None => Witnessed::Malformed,
        }
    }

    /// The note of a head that somebody presented with a certificate: where it proves that its log has shown two histories,
    /// that is known from then on. `another` says that a statement which it proves is not what stands in its place here.
    /// Nobody waits for it.
    pub fn presented(&self, note: String, another: bool) {
        if self.0.presented.try_send((note, another)).is_err() {
            tracing::debug!("a head that was presented found no room, and is not judged");
        }
    }

    /// When this node began to ask partners what they know.
    #[must_use]
    pub fn began(&self) -> Timestamp {
        self.0.began
    }

    /// Every log of partners that is not cosigned here before others have told what this node cosigned of it, with those
    /// who have to.
    #[must_use]
    pub fn withheld(&self) -> BTreeMap<Origin, Vec<NodeName>> {
        self.0.withheld()
    }

    /// The nodes that have not answered since the start, where the folder of partners' logs may have been lost or put back:
    /// none once everybody has answered it.
    #[must_use]
    pub fn unheard(&self) -> BTreeSet<NodeName> {
        let memory = self.0.memory.borrow();
        if memory.is_whole() { BTreeSet::new() } else { memory.silent().cloned().collect() }
    }

    /// Writes a package for a partner; gives each log that is in it, from which index on and up to which size. It blocks.
    pub fn export(&self, asked: &ExportAsked, to: impl std::io::Write) -> Result<Vec<(Origin, u64, u64)>, ParcelError> {
        export(&self.0, asked, to).map(|(exported, _)| exported)
    }

    /// Where a package is put while it arrives. It blocks.
    pub fn spool(&self) -> Result<Spool, ParcelError> {
        self.0.spool()
    }

    /// Who announces a package by its seal: a node of the trust list, with one for this node.
    pub fn admit(&self, seal: &str) -> Result<PackageSeal, ParcelError> {
        let seal = PackageSeal::open(seal, &self.0.lists.current())?;
        if seal.to != self.0.name {
            return Err(ParcelError::ForAnother { to: seal.to, here: self.0.name.clone() });
        }
        Ok(seal)
    }

    /// Takes a package that has arrived, if it is the one that was announced.
    pub async fn import_sealed(&self, spool: Spool, announced: PackageSeal) -> Result<Imported, ParcelError> {
        import(&self.0, spool, Some(announced)).await
    }

    /// Takes a package that has arrived.
    pub async fn import(&self, spool: Spool) -> Result<Imported, ParcelError> {
        import(&self.0, spool, None).await
    }

    /// Every log outside the trust list that is watched here and has shown a head, with its size.
    #[must_use]
    pub fn outside_logs(&self) -> BTreeMap<LogName, u64> {
        let watched = self.0.witness.outside().into_iter();
        watched.filter_map(|(name, note)| Some((name, size_in(&note)?))).collect()
    }

    /// The witnesses outside the trust list, and how each is.
    #[must_use]
    pub fn outside_witnesses(&self) -> Vec<(OutsideWitness, OutsideState)> {
        let (inner, list) = (&self.0, self.0.lists.current());
        let given_up = |log: &Origin| inner.own.of(log).is_some_and(|own| own.is_given_up(log));
        inner.outside.read(|log| list.is_closed(log) || given_up(log))
    }

    /// Logs that are proven to have shown two histories: what a verdict has to know.
    #[must_use]
    pub fn equivocated(&self) -> watch::Receiver<BTreeMap<Origin, Equivocation>> {
        self.0.equivocated()
    }

    /// The proof that a log has shown two histories, as a file of evidence has it. It reads from the disk.
    pub fn evidence(&self, origin: &Origin) -> Result<Option<String>, StoreError> {
        let record = self.0.node_store.record(Table::Evidence, origin.as_str().as_bytes())?;
        Ok(record.and_then(|bytes| String::from_utf8(bytes).ok()))
    }

    /// The nodes that showed another history of a log than the one here, as far as that is known and not lifted.
    #[must_use]
    pub fn showed_another(&self, origin: &Origin) -> Vec<NodeName> {
        self.0.heads().showed_another(origin)
    }

    /// The two heads that prove a log to have shown two histories, each with the nodes that showed it as what they have; none
    /// where entries of the log are here, which tell the two apart. It reads from the disk.
    pub fn shown_heads(&self, origin: &Origin) -> Result<Vec<(TreeHead, Vec<NodeName>)>, StoreError> {
        if has_entries(&self.0, origin) {
            return Ok(Vec::new());
        }
        let file = self.evidence(origin)?;
        let Some((first, second, _)) = file.and_then(|file| Equivocation::parts(file.as_bytes()).ok()) else {
            return Ok(Vec::new());
        };
        let (list, known) = (self.0.lists.current(), self.0.heads());
        let heads = [&first, &second].into_iter().filter_map(|note| list.signed_head(origin, note));
        Ok(heads.map(|head| (head, known.showed(origin, &head))).collect())
    }

    /// Whether a person has lifted what was proven of a log.
    #[must_use]
    pub fn was_lifted(&self, origin: &Origin) -> bool {
        self.0.lifted.borrow().contains_key(origin)
    }

    /// What the own node of a log that is kept here says to have lost of it for good: entries that it still gives, and how
    /// many are neither there nor here.
    #[must_use]
    pub fn lost(&self, origin: &Origin) -> Option<(u64, u64)> {
        self.0.board.lost(origin)
    }

    /// What a person has lifted, of each log in the order in which it was. It reads from the disk.
    pub fn lifted(&self) -> Result<BTreeMap<Origin, Vec<Lifted>>, StoreError> {
        Lifted::all(self.0.node_store.as_ref())
    }

    /// Takes and cosigns a log again that was proven to have shown two histories, on the branch that is held here, or that of
    /// the head `onto`, one of the two that are proven, where no entries are here that tell the two apart; gives what was
    /// lifted, none where nothing is proven that was not lifted before. It writes to the disk.
    pub fn lift(&self, origin: &Origin, onto: Option<TreeHead>, reason: &str) -> Result<Option<Lifted>, StoreError> {
        let inner = &self.0;
        let _alone = inner.judging();
        let proven = inner.equivocated.borrow().contains_key(origin);
        let (store, now) = (inner.node_store.as_ref(), inner.clock.now());
        let Some(mut lifted) = Lifted::judge(store, origin, reason.to_owned(), now)?.filter(|_| proven) else {
            return Ok(None);
        };
        let (mut state, mut turned) = (Vec::new(), None);
        if let Some(head) = onto {
            let list = inner.lists.current();
            let Some(note) = lifted.note_of(&list, origin, &head) else { return Ok(None) };
            lifted.left = lifted.beside(&list, origin, &head);
            if gives_way(inner, origin, &head, &lifted.left) {
                let (id, record) = (origin.as_str().as_bytes().to_vec(), note.clone().into_bytes());
                state.push(StateChange::RecordPut { table: Table::Witnessed, id, record });
                turned = Some(PublishedHead { head, note });
            }
        } else {
            lifted.left = left_of(inner, origin, std::slice::from_ref(&lifted)).heads;
        }
        state.push(lifted.put(origin));
        store.commit(Batch { at_ms: unix_ms(now), state, ..Batch::default() })?;
        // Before what is left of the log is judged: by what is witnessed from now on.
        if let Some(head) = turned {
            inner.witness.onto(origin, head);
        }
        let all = Lifted::all(store)?.remove(origin).unwrap_or_default();
        let left = left_of(inner, origin, &all);
        // Who hears that it is lifted has to find it so.
        inner.equivocated.send_modify(|all| drop(all.remove(origin)));
        inner.compare(heads::Event::Lifted(origin.clone(), left.clone()));
        inner.leave(origin, left);
        inner.memory.send_modify(|memory| memory.passed(origin));
        Ok(Some(lifted))
    }

    /// Changes whenever another log is kept.
    #[must_use]
    pub fn opened(&self) -> watch::Receiver<u64> {
        self.0.replicas.opened()
    }
}
