//! What goes into the audit record without an effect of its own: denials and refused sign-ins, as many as it may take.
//!
//! What has an effect stands in the batch of that effect. What was denied has none, and must neither wait for the
//! disk nor let a stranger fill it: it goes through a short queue to a thread of its own, so many a minute, and
//! what is left out is counted in the next row.

use crate::{
    office::{AuditEvent, Denials},
    store::{Batch, Store},
    time::{Clock, unix_ms},
};
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, Sender, SyncSender, TrySendError, channel, sync_channel},
    },
    thread::{self, JoinHandle},
};

/// Events waiting for the disk.
const QUEUE: usize = 256;
/// Rows a minute: some 60 MB a year at most, and enough that nobody who is denied by mistake is missed.
const A_MINUTE: u64 = 60;
/// Milliseconds of a minute.
const MINUTE: i64 = 60_000;

/// The record of what was denied at one authority.
pub struct Trail {
    clock: Arc<dyn Clock>,
    queue: Option<SyncSender<Job>>,
    allowance: Mutex<Allowance>,
    thread: Option<JoinHandle<()>>,
}

enum Job {
    Event(Box<AuditEvent>),
    /// Answered when everything before it is written.
    Settle(Sender<()>),
}

/// How many rows this minute may still have, and how many were left out.
#[derive(Default)]
struct Allowance {
    minute: i64,
    written: u64,
    left_out: u64,
}

impl Trail {
    /// Starts the thread; without one, events are counted and not written.
    #[must_use]
    pub fn start(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        let (queue, jobs) = sync_channel(QUEUE);
        let own = Arc::clone(&clock);
        let thread = thread::Builder::new().name("audit".to_owned()).spawn(move || write(&jobs, store.as_ref(), &*own));
        if let Err(error) = &thread {
            tracing::error!(%error, "no thread for the audit record: what is denied is not written");
        }
        Self { clock, queue: Some(queue), allowance: Mutex::default(), thread: thread.ok() }
    }

    /// Waits until everything heard so far is written.
    pub fn settle(&self) {
        let (done, settled) = channel();
        if self.queue.as_ref().is_some_and(|queue| queue.send(Job::Settle(done)).is_ok()) {
            // The thread may have ended; then there is nothing to wait for.
            let _ = settled.recv();
        }
    }
}

impl Denials for Trail {
    fn denied(&self, mut event: AuditEvent) {
        let minute = self.clock.now().as_millisecond().div_euclid(MINUTE);
        let mut allowance = self.allowance.lock().unwrap_or_else(PoisonError::into_inner);
        if minute != allowance.minute {
            (allowance.minute, allowance.written) = (minute, 0);
        }
        event.left_out = allowance.left_out;
        let room = allowance.written < A_MINUTE;
        let sent = room.then(|| self.queue.as_ref().map(|queue| queue.try_send(Job::Event(Box::new(event)))));
        match sent.flatten() {
            Some(Ok(())) => (allowance.written, allowance.left_out) = (allowance.written + 1, 0),
            Some(Err(TrySendError::Full(_) | TrySendError::Disconnected(_))) | None => allowance.left_out += 1,
        }
    }
}

impl Drop for Trail {
    fn drop(&mut self) {
        // The thread holds the store: who opens the folder next must not find it in use.
        self.queue.take();
        if let Some(thread) = self.thread.take().filter(|thread| thread.thread().id() != thread::current().id()) {
            let _ = thread.join();
        }
    }
}

fn write(jobs: &Receiver<Job>, store: &dyn Store, clock: &dyn Clock) {
    while let Ok(first) = jobs.recv() {
        let mut audit = Vec::new();
        let mut waiting = Vec::new();
        for job in std::iter::once(first).chain(jobs.try_iter()) {
            match job {
                Job::Event(event) => audit.push(event.to_row()),
                Job::Settle(done) => waiting.push(done),
            }
        }
        let count = audit.len();
        let at_ms = unix_ms(clock.now());
        if count > 0
            && let Err(error) = store.commit(Batch { at_ms, audit, ..Batch::default() })
        {
            tracing::error!(%error, count, "denials could not be written into the audit record");
        }
        // Who waits may have gone.
        for done in waiting {
            let _ = done.send(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        office::Actor,
        store::MemoryStore,
        time::{FixedClock, Timestamp},
    };

    #[test]
    fn a_flood_of_denials_fills_no_disk_and_is_counted() {
        let store = Arc::new(MemoryStore::new());
        let clock = Arc::new(FixedClock::new("2026-11-22T10:00:00Z".parse().unwrap()));
        let trail = Trail::start(Arc::clone(&store) as Arc<dyn Store>, Arc::clone(&clock) as Arc<dyn Clock>);
        let knock = || trail.denied(AuditEvent::named(Actor::Nobody, "sign_in").refused("SIGN_IN_REFUSED"));
        for _ in 0..1_000 {
            knock();
            trail.settle();
        }
        assert_eq!(store.audit(0, 10_000).unwrap().len(), 60);
        clock.set("2026-11-22T10:01:00Z".parse::<Timestamp>().unwrap());
        knock();
        trail.settle();
        let rows = store.audit(60, 10).unwrap();
        assert_eq!(AuditEvent::read(&rows[0].row).unwrap().left_out, 940);
    }
}
