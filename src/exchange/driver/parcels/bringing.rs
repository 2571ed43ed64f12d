//! Disclosures that a package brings, given to the machine that fetches them as if their issuer answered.

use super::shelf::Shelf;
use crate::exchange::disclosures::Awaited;
use crate::exchange::driver::convert;
use crate::exchange::driver::supply::Answers;
use crate::exchange::driver::wire;
use crate::exchange::message::Disclosed;
use crate::exchange::parcel::{EntryLine, ParcelError};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

/// Messages that were not taken yet: 4 MiB at most.
const ROOM: usize = 4;
/// How long a receipt of what came is waited for.
const RECEIPT: Duration = Duration::from_secs(10);

/// What somebody brought.
pub(in crate::exchange::driver) struct Brought {
    pub(super) shelf: Arc<Shelf>,
    /// Told what is still awaited in the end, and whether what came is receipted.
    pub(super) done: oneshot::Sender<(Awaited, bool)>,
}

/// The same while it is being taken.
pub(in crate::exchange::driver) struct Bringing {
    brought: Brought,
    /// How far everything was asked for when it was looked at last.
    settled: Option<u64>,
    /// How many were open then.
    open: Option<usize>,
    until: Option<Instant>,
    receipted: bool,
}

impl Bringing {
    pub(in crate::exchange::driver) const fn new(brought: Brought) -> Self {
        Self { brought, settled: None, open: None, until: None, receipted: false }
    }

    /// Whether there is more to be asked for: every entry once, and what is open as long as that becomes less.
    pub(in crate::exchange::driver) fn goes_on(&mut self, awaited: &Awaited, published: u64) -> bool {
        let (settled, open) = (awaited.receipted.settled, awaited.open.len());
        if settled < published && self.settled != Some(settled) {
            self.settled = Some(settled);
            return true;
        }
        if open > 0 && self.open.is_none_or(|before| open < before) {
            self.open = Some(open);
            return true;
        }
        false
    }

    /// Whether the receipt of what came is still waited for.
    pub(in crate::exchange::driver) fn waits_for_receipt(&mut self, owed: bool) -> bool {
        self.receipted = !owed;
        let until = *self.until.get_or_insert_with(|| Instant::now() + RECEIPT);
        owed && Instant::now() < until
    }

    /// It cannot be made now: it stays owed, and nobody waits for it.
    pub(in crate::exchange::driver) fn has_no_receipt(&mut self) {
        self.until = Some(Instant::now());
    }

    /// Tells who brought it what came of it.
    pub(in crate::exchange::driver) fn done(self, awaited: &Awaited) {
        // Who brought it may be gone.
        let _ = self.brought.done.send((awaited.clone(), self.receipted));
    }

    /// What the package has for these entries. Of one that it does not have nothing comes, which is said.
    pub(in crate::exchange::driver) fn answers(&self, indexes: Vec<u64>) -> Answers<wire::FetchDisclosuresResponse> {
        let (out, answers) = mpsc::channel(ROOM);
        let shelf = Arc::clone(&self.brought.shelf);
        tokio::task::spawn_blocking(move || {
            for index in indexes {
                let state = match shelf.entry(index).map(|entry| entry.and_then(EntryLine::disclosed)) {
                    Ok(state) => state.unwrap_or(Disclosed::None),
                    Err(error) => {
                        let ParcelError::Inside(why) = error else { return };
                        // Who asked may have gone.
                        let _ = out.blocking_send(Err::<_, Status>(Status::internal(why)));
                        return;
                    }
                };
                for message in convert::disclosed_to_wire(index, state) {
                    if out.blocking_send(Ok(message)).is_err() {
                        return;
                    }
                }
            }
        });
        Box::pin(ReceiverStream::new(answers))
    }
}
