//! Work that no caller waits for: the index gets what was committed, the sidecars are synced and marked,
//! keys are made ahead of use.

use super::Parts;
use super::index::{Fresh, Overlay};
use super::mark::Mark;
use super::rows::Sidecar;
use crate::log::Origin;
use crate::store::error::StoreError;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// Batches the index may be behind before commits wait for it.
const INDEX_BEHIND: usize = 128;
/// Batches given to the index at once.
const INDEX_AT_ONCE: usize = 32;

/// Why the writer stopped.
#[derive(Debug, Default)]
pub(super) struct Poison(Mutex<Option<String>>);

impl Poison {
    pub(super) fn why(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The first error is the one that tells.
    pub(super) fn set(&self, why: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| why.to_owned());
    }
}

/// Something to be done in the background.
#[derive(Debug)]
pub(super) enum Job {
    /// Give changes to the index.
    Index(Fresh),
    /// Sync the sidecars, then mark how far they may be trusted.
    Mark(Mark, Vec<Sidecar>),
    /// Make keys for this many entries, and some ahead.
    Keys(Origin, u64),
}

/// Does jobs in order, on a thread of its own or, where there shall be none, at once.
#[derive(Debug)]
pub(super) struct Keeper {
    worker: Arc<Worker>,
    thread: Mutex<Option<(SyncSender<Job>, JoinHandle<()>)>>,
}

struct Worker {
    parts: Arc<Parts>,
    overlay: Arc<Overlay>,
    poison: Arc<Poison>,
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Worker")
    }
}

impl Keeper {
    pub(super) fn start(parts: Arc<Parts>, overlay: Arc<Overlay>, poison: Arc<Poison>) -> Result<Self, StoreError> {
        let background = parts.options.background;
        let worker = Arc::new(Worker { parts, overlay, poison });
        let mut thread = None;
        if background {
            let (sender, jobs) = sync_channel(INDEX_BEHIND);
            let its = Arc::clone(&worker);
            let spawned = std::thread::Builder::new().name("store-keeper".to_owned()).spawn(move || its.run(&jobs));
            thread = Some((sender, spawned.map_err(|e| StoreError::io("store-keeper", e))?));
        }
        Ok(Self { worker, thread: Mutex::new(thread) })
    }

    /// Hands a job over; waits only while the index is too far behind.
    pub(super) fn hand(&self, job: Job) {
        let sender =
            self.thread.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|(sender, _)| sender.clone());
        match sender {
            Some(sender) => {
                if sender.send(job).is_err() {
                    self.worker.poison.set("the store's keeper ended");
                }
            }
            None => self.worker.attempt(vec![job]),
        }
    }

    /// Does what is left and ends.
    pub(super) fn stop(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((sender, thread)) = thread {
            drop(sender);
            if thread.join().is_err() {
                self.worker.poison.set("the store's keeper panicked");
            }
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Worker {
    fn run(&self, jobs: &Receiver<Job>) {
        while let Ok(first) = jobs.recv() {
            let mut some = vec![first];
            some.extend(jobs.try_iter().take(INDEX_AT_ONCE - 1));
            self.attempt(some);
        }
        // A clean end: what sled has not handed to the system yet would be replayed at the next start.
        if let Err(error) = self.parts.index.flush() {
            tracing::warn!(%error, "the index could not be flushed");
        }
    }

    fn attempt(&self, jobs: Vec<Job>) {
        if self.poison.why().is_some() {
            return;
        }
        let mut fresh = Vec::new();
        let mut others = Vec::new();
        for job in jobs {
            match job {
                Job::Index(changes) => fresh.push(changes),
                other => others.push(other),
            }
        }
        if let Err(error) = self.overlay.settle(fresh) {
            self.parts.distrust_index();
            self.poison.set(&StoreError::from(error).to_string());
            return;
        }
        for job in others {
            if let Err(error) = self.other(job) {
                self.poison.set(&error.to_string());
                return;
            }
        }
    }

    fn other(&self, job: Job) -> Result<(), StoreError> {
        match job {
            Job::Mark(mark, sidecars) => {
                for sidecar in sidecars {
                    sidecar.sync()?;
                }
                mark.write(&*self.parts.disk)
            }
            Job::Keys(origin, used) => self.parts.keys.make_ahead(&origin, used),
            Job::Index(_) => Ok(()),
        }
    }
}
