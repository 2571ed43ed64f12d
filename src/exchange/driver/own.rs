//! The logs of the authorities hosted here, and the cosignatures that their heads have.

use super::board::Board;
use super::outside::Outside;
use crate::exchange::canvasser::Cosigner;
use crate::exchange::cosigned::{Cosigned, Kept};
use crate::exchange::replica::Loss;
use crate::exchange::{replicates, witnesses};
use crate::log::{Host, Origin, VerifierKey};
use crate::sequencer::{Gate, Standing, marks};
use crate::statement::Issuer;
use crate::store::{Batch, PublishedHead, Store};
use crate::time::{Clock, unix_ms};
use crate::trust::TrustList;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;

use super::lists::Lists;

/// Cosignatures that wait to be made durable; one that finds no room comes again with the next head.
const WAITING: usize = 4096;

/// An authority that is hosted here.
pub struct OwnAuthority {
    /// Whose logs.
    pub issuer: Issuer,
    /// Where they are kept.
    pub store: Arc<dyn Store>,
    /// Which of them its writer may sign for.
    pub gate: Arc<Gate>,
}

/// One hosted authority.
pub(super) struct OwnLogs {
    pub(super) store: Arc<dyn Store>,
    pub(super) gate: Arc<Gate>,
    cosigned: Arc<Mutex<BTreeMap<Origin, Cosigned>>>,
    kept: mpsc::Sender<(Cosigner, Kept)>,
}

/// All of them, by host.
pub(super) struct Own(BTreeMap<Host, OwnLogs>);

/// What the keeper of one authority's cosignatures works with.
struct Keeper {
    store: Arc<dyn Store>,
    cosigned: Arc<Mutex<BTreeMap<Origin, Cosigned>>>,
    lists: Arc<dyn Lists>,
    clock: Arc<dyn Clock>,
    board: Arc<Board>,
    outside: Arc<Outside>,
}

impl Own {
    /// Begins keeping cosignatures. Needs a runtime.
    pub(super) fn open(
        authorities: Vec<OwnAuthority>,
        (lists, clock): (&Arc<dyn Lists>, &Arc<dyn Clock>),
        (board, outside): (&Arc<Board>, &Arc<Outside>),
    ) -> Self {
        let opened = authorities.into_iter().map(|OwnAuthority { issuer, store, gate }| {
            gate.attend();
            let (kept, keep) = mpsc::channel(WAITING);
            let cosigned = Arc::new(Mutex::default());
            let keeper = Keeper {
                store: Arc::clone(&store),
                cosigned: Arc::clone(&cosigned),
                lists: Arc::clone(lists),
                clock: Arc::clone(clock),
                board: Arc::clone(board),
                outside: Arc::clone(outside),
            };
            tokio::task::spawn_blocking(move || keeper.run(keep));
            (issuer.host().clone(), OwnLogs { store, gate, cosigned, kept })
        });
        Self(opened.collect())
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &OwnLogs> {
        self.0.values()
    }

    pub(super) fn hosts(&self) -> impl Iterator<Item = (&Host, &OwnLogs)> {
        self.0.iter()
    }

    pub(super) fn of(&self, origin: &Origin) -> Option<&OwnLogs> {
        self.0.get(origin.host())
    }
}

impl OwnLogs {
    /// The newest head of a log.
    pub(super) fn head(&self, origin: &Origin) -> Option<PublishedHead> {
        self.store.head(origin)
    }

    /// Whether what a log lost was given up: it stays with whoever holds it, and that is no news.
    pub(super) fn is_given_up(&self, origin: &Origin) -> bool {
        matches!(self.gate.standing(origin), Some(Standing::Closed(_)))
    }

    /// Logs that lost entries for good: how many it still gives of each, and how many were signed for.
    pub(super) fn lost(&self, issuer: &Issuer, trust: &TrustList) -> Vec<(Origin, Loss)> {
        let lost = self.gate.lost(issuer, trust).into_iter();
        let lost = lost.filter(|(origin, signed)| self.store.durable_size(origin) < *signed);
        let lost = lost.map(|(origin, signed)| {
            let size = self.head(&origin).map_or(0, |head| head.head.size);
            (origin, Loss { size, signed })
        });
        lost.collect()
    }

    /// Hands a verified cosignature to its keeper. Nobody waits for it to be durable.
    pub(super) fn keep(&self, by: Cosigner, kept: Kept) {
        if self.kept.try_send((by, kept)).is_err() {
            tracing::debug!("a cosignature found no room; the next head brings another");
        }
    }

    /// The newest note of a log that one of these keys cosigned.
    pub(super) fn cosigned_by(&self, origin: &Origin, keys: &[&VerifierKey]) -> Option<String> {
        let cosigned = self.cosigned.lock().unwrap_or_else(PoisonError::into_inner);
        cosigned.get(origin)?.newest_by(keys)
    }

    /// What is shown of a log to whoever has one of these keys, of all that it cosigned.
    pub(super) fn shown_to(&self, origin: &Origin, keys: &[&VerifierKey], trust: &TrustList) -> Option<String> {
        let cosigned = self.cosigned.lock().unwrap_or_else(PoisonError::into_inner);
        cosigned.get(origin)?.enough_by(trust, keys)
    }
}

/// Size and time, in Unix seconds, of the newest head that one of these keys cosigned.
pub(super) fn last_by(cosigned: &Cosigned, keys: &[&VerifierKey]) -> Option<(u64, u64)> {
    let heads = cosigned.heads().filter_map(|(size, signed)| {
        let lines = signed.cosignatures(keys.iter().copied()).unwrap_or_default();
        Some((size, lines.iter().map(|line| line.time).max()?))
    });
    heads.max()
}

impl Keeper {
    /// Makes durable what has come since the last sync: one commit for all of it. Ends when nobody brings any more.
    fn run(self, mut keep: mpsc::Receiver<(Cosigner, Kept)>) {
        self.load();
        let mut come = Vec::new();
        while keep.blocking_recv_many(&mut come, WAITING) > 0 {
            self.keep(std::mem::take(&mut come));
        }
    }

    fn load(&self) {
        let trust = self.lists.current();
        for origin in self.store.logs() {
            match Cosigned::load(self.store.as_ref(), &origin, &trust) {
                Ok(loaded) => {
                    self.show(&loaded, &origin, &trust);
                    self.cosigned.lock().unwrap_or_else(PoisonError::into_inner).insert(origin, loaded);
                }
                Err(error) => tracing::error!(%origin, %error, "cosignatures kept before could not be read"),
            }
        }
    }

    /// What partners cosigned before this start is on the board from the start: they are not asked for it again.
    fn show(&self, loaded: &Cosigned, origin: &Origin, trust: &TrustList) {
        let size = self.store.head(origin).map_or(0, |head| head.head.size);
        for node in &trust.text().nodes {
            if !replicates(trust, &node.name, origin) && !witnesses(trust, &node.name, origin) {
                continue;
            }
            let keys = node.replica_keys().chain(node.witness_keys()).collect::<Vec<_>>();
            let Some((held, time)) = last_by(loaded, &keys) else { continue };
            let now = self.clock.now();
            self.board.passage(&node.name, origin, |passage| {
                passage.cosigned = passage.cosigned.max(Some((held, time)));
                passage.holds(held);
                passage.grows(size, now);
            });
        }
    }

    fn keep(&self, come: Vec<(Cosigner, Kept)>) {
        let (trust, now) = (self.lists.current(), self.clock.now());
        let mut state = Vec::new();
        {
            let mut all = self.cosigned.lock().unwrap_or_else(PoisonError::into_inner);
            for (_, kept) in &come {
                let log = all.entry(kept.origin.clone()).or_insert_with(|| Cosigned::none(kept.origin.clone()));
                match log.keep(kept, &trust) {
                    Ok(changes) => state.extend(changes),
                    Err(error) => tracing::warn!(origin = %kept.origin, %error, "a cosignature was not kept"),
                }
            }
            let grown = come.iter().map(|(_, kept)| &kept.origin).collect::<BTreeSet<_>>();
            for (origin, log) in grown.into_iter().filter_map(|origin| all.get_key_value(origin)) {
                let mark = log.mark(&trust, now).map(|mark| marks::due(self.store.as_ref(), origin, mark));
                match mark.transpose() {
                    Ok(due) => state.extend(due.flatten()),
                    Err(error) => tracing::error!(%origin, %error, "when the log was cosigned could not be noted"),
                }
            }
        }
        let at_ms = unix_ms(now);
        match self.store.commit(Batch { at_ms, state, ..Batch::default() }) {
            Ok(_) => {
                for (by, kept) in come {
                    self.outside.cosigned(kept.line.name(), &kept.origin, kept.size, kept.time);
                    if let Cosigner::Node(by) = by {
                        let size = self.store.head(&kept.origin).map_or(0, |head| head.head.size);
                        self.board.cosigned(&by, &kept.origin, (kept.size, kept.time), (size, now));
                    }
                }
            }
            Err(error) => {
                tracing::warn!(%error, "cosignatures were not kept; the next heads bring others");
                self.load();
            }
        }
    }
}
