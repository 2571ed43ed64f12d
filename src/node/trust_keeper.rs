//! The trust list of a node: taken if it may follow the one in use, kept on disk, and in use everywhere at once.

use super::configuration::TrustFiles;
use super::{NodeError, federation, files};
use crate::agreement::Agreements;
use crate::exchange::driver::{ListError, Lists};
use crate::trust::{Anchor, TrustError, TrustList};
use crate::verification::{Equivocation, Settings, Verifier};
use arc_swap::ArcSwap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// Holds the list and whatever follows from it.
pub(super) struct TrustKeeper {
    files: TrustFiles,
    agreements: Arc<Agreements>,
    list: Arc<ArcSwap<TrustList>>,
    verifier: Arc<ArcSwap<Verifier>>,
    version: watch::Sender<u64>,
    /// Logs that are proven to have shown two histories.
    equivocations: Mutex<Vec<Equivocation>>,
    /// One list is taken at a time, so that each follows the one before.
    taking: Mutex<()>,
}

impl TrustKeeper {
    /// Opens the list that is on disk.
    pub(super) fn open(files: TrustFiles, agreements: Arc<Agreements>) -> Result<Self, NodeError> {
        let list = federation::trust(&files, None)?;
        let verifier = Arc::new(ArcSwap::from_pointee(judge(&list, &agreements, &[])));
        let (version, _) = watch::channel(list.version());
        Ok(Self {
            files,
            agreements,
            list: Arc::new(ArcSwap::from(list)),
            verifier,
            version,
            equivocations: Mutex::default(),
            taking: Mutex::new(()),
        })
    }

    /// The list, for whoever looks at it anew each time.
    pub(super) fn list(&self) -> Arc<ArcSwap<TrustList>> {
        Arc::clone(&self.list)
    }

    /// What judges by it.
    pub(super) fn verifier(&self) -> Arc<ArcSwap<Verifier>> {
        Arc::clone(&self.verifier)
    }

    /// Reads the files again, which an operator may have replaced.
    pub(super) fn reload(&self) -> Result<u64, NodeError> {
        let _turn = self.taking.lock().unwrap_or_else(PoisonError::into_inner);
        let list = federation::trust(&self.files, Some(&self.list.load()))?;
        let version = list.version();
        self.put_in_use(list);
        Ok(version)
    }

    /// Verdicts know these logs as such that showed two histories.
    pub(super) fn equivocated(&self, proven: Vec<Equivocation>) {
        let _turn = self.taking.lock().unwrap_or_else(PoisonError::into_inner);
        self.judge_by(&self.list.load_full(), &proven);
        *self.equivocations() = proven;
    }

    fn equivocations(&self) -> MutexGuard<'_, Vec<Equivocation>> {
        self.equivocations.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn judge_by(&self, list: &Arc<TrustList>, equivocations: &[Equivocation]) {
        self.verifier.store(Arc::new(judge(list, &self.agreements, equivocations)));
    }

    fn put_in_use(&self, list: Arc<TrustList>) {
        let version = list.version();
        self.judge_by(&list, &self.equivocations());
        self.list.store(list);
        self.version.send_if_modified(|known| std::mem::replace(known, version) != version);
    }
}

impl Lists for TrustKeeper {
    fn current(&self) -> Arc<TrustList> {
        self.list.load_full()
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    fn take(&self, note: &str) -> Result<Option<Arc<TrustList>>, ListError> {
        let _turn = self.taking.lock().unwrap_or_else(PoisonError::into_inner);
        let not_kept = |error: NodeError| ListError::NotKept(error.to_string());
        let known = self.list.load_full();
        let anchor = federation::anchor(&self.files.anchor).map_err(not_kept)?;
        let list = TrustList::open(note, &anchor, Some(&known))?;
        if list.version() <= known.version() {
            return Ok(None);
        }
        let renewed =
            list.anchor().and_then(|anchor: Anchor| anchor.to_toml()).map_err(|e: TrustError| ListError::from(e))?;
        // The list first, then the anchor: whatever stops in between leaves a list that the anchor beside it opens,
        // because a list that changes its signers carries the signatures of both.
        files::replace(&self.files.list, list.to_string().as_bytes(), 0o644).map_err(not_kept)?;
        files::replace(&self.files.anchor, renewed.as_bytes(), 0o644).map_err(not_kept)?;
        let list = Arc::new(list);
        self.put_in_use(Arc::clone(&list));
        Ok(Some(list))
    }
}

fn judge(list: &Arc<TrustList>, agreements: &Arc<Agreements>, equivocations: &[Equivocation]) -> Verifier {
    let settings = Settings { equivocations: equivocations.to_vec() };
    Verifier::new(Arc::clone(list), Some(Arc::clone(agreements)), settings)
}
