//! `WatchCertificates`: what changed, as a stream that can be taken up again.

use super::ApiError;
use super::call::{QUIET, blocking, refused};
use super::changes::to_wire;
use super::hosts::HostedAuthority;
use super::stream::Answers;
use super::wire::origin::v1 as wire;
use crate::office::Caller;
use crate::workflow::{ChangePage, Changes, Cursor, Kinds, Reading, Wish, WorkflowError};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Response, Status};

/// A stream on which nothing happens says so this often, and how far it was read.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// One stream.
struct Watcher {
    authority: Arc<HostedAuthority>,
    caller: Arc<Caller>,
    wish: Wish,
    answers: mpsc::Sender<Result<wire::WatchCertificatesResponse, Status>>,
    stopping: watch::Receiver<bool>,
    _reading: Reading,
}

/// Begins a stream.
pub(super) async fn watch(
    (authority, caller): (Arc<HostedAuthority>, Arc<Caller>),
    request: wire::WatchCertificatesRequest,
    stopping: watch::Receiver<bool>,
) -> Result<Response<Answers<wire::WatchCertificatesResponse>>, Status> {
    let wish = wish(request.kinds(), request.own_alone)?;
    let reading = authority.changes.reading(&caller).map_err(|error| refused(&error))?;
    let changes = authority.changes.clone();
    let begun = blocking(move || begin(&changes, &request)).await?;
    let cursor = begun.map_err(|error| refused(&error))?;
    // One answer waits for a reader that is slow, and one is on its way: more it does not hold.
    let (answers, stream) = mpsc::channel(1);
    let watcher = Watcher { authority, caller, wish, answers, stopping, _reading: reading };
    tokio::spawn(watcher.run(cursor));
    Ok(Response::new(ReceiverStream::new(stream)))
}

/// What a reader wishes to hear of; no kind is every kind.
pub(super) fn wish(kinds: impl Iterator<Item = wire::ChangeKind>, own_alone: bool) -> Result<Wish, ApiError> {
    let mut wished = Kinds::default();
    let mut kinds = kinds.peekable();
    if kinds.peek().is_none() {
        return Ok(Wish { own_alone, ..Wish::ALL });
    }
    for kind in kinds {
        match kind {
            wire::ChangeKind::Application => wished.applications = true,
            wire::ChangeKind::Certificate => wished.certificates = true,
            wire::ChangeKind::Arrival => wished.arrivals = true,
            wire::ChangeKind::Enquiry => wished.enquiries = true,
            wire::ChangeKind::Unspecified => {
                return Err(ApiError::Field { field: "kinds", message: "is not a kind of this service".to_owned() });
            }
        }
    }
    Ok(Wish { kinds: wished, own_alone })
}

fn begin(changes: &Changes, request: &wire::WatchCertificatesRequest) -> Result<Cursor, WorkflowError> {
    match (request.cursor.as_str(), request.from()) {
        ("", wire::WatchFrom::Oldest) => changes.oldest(),
        ("", wire::WatchFrom::Unspecified | wire::WatchFrom::Now) => changes.now(),
        (cursor, _) => changes.resume(cursor),
    }
}

/// Whether an answer is due.
struct Due {
    /// Nothing was said for a while.
    beat: bool,
    /// The reader was told last that there is more, or nothing yet.
    behind: bool,
}

impl Default for Due {
    /// The first answer comes at once: whoever begins anew has a cursor before it lists what there is.
    fn default() -> Self {
        Self { beat: true, behind: true }
    }
}

impl Due {
    /// Whether a page with so many changes for the reader is answered; and then it is. That there is nothing more for
    /// now is told as soon as it is so, though the last thousand changes were none of the reader's: who reads to the
    /// end would wait for the next beat otherwise.
    const fn is_answered(&mut self, changes: usize, end: bool) -> bool {
        let answered = self.beat || changes > 0 || (end && self.behind);
        if answered {
            *self = Self { beat: false, behind: !end };
        }
        answered
    }
}

/// How a stream goes on.
enum Next {
    Read,
    Beat,
    Gone,
}

impl Watcher {
    async fn run(mut self, cursor: Cursor) {
        if let Err(status) = self.follow(cursor).await {
            // The caller may be gone, or take nothing: it reads the end when it does.
            let _ = self.answers.send_timeout(Err(status), QUIET).await;
        }
    }

    /// Sends until the caller has gone; the error is what it is told last.
    async fn follow(&mut self, mut cursor: Cursor) -> Result<(), Status> {
        let mut more = self.authority.changes.more();
        let mut due = Due::default();
        loop {
            more.mark_unchanged();
            let page = self.page(cursor).await?;
            cursor = page.next;
            let end = page.end;
            if due.is_answered(page.changes.len(), end) {
                self.send(page).await?;
            }
            if !end && !*self.stopping.borrow() {
                continue;
            }
            match self.wait(&mut more).await? {
                Next::Read => {}
                Next::Beat => due.beat = true,
                Next::Gone => return Ok(()),
            }
        }
    }

    async fn wait(&mut self, more: &mut watch::Receiver<u64>) -> Result<Next, Status> {
        tokio::select! {
            biased;
            _ = self.stopping.wait_for(|stopping| *stopping) => Err(ApiError::Stopping.into()),
            () = self.answers.closed() => Ok(Next::Gone),
            // The store ends with the node.
            changed = more.changed() => if changed.is_ok() { Ok(Next::Read) } else { Err(ApiError::Stopping.into()) },
            () = tokio::time::sleep(HEARTBEAT) => Ok(Next::Beat),
        }
    }

    /// The next changes for the caller as it is now: an account that was closed hears nothing more, on no stream.
    async fn page(&mut self, cursor: Cursor) -> Result<ChangePage, Status> {
        let now = self.authority.accounts.again(&self.caller).ok_or(ApiError::Unauthenticated)?;
        self.caller = Arc::new(now);
        let (changes, caller, wish) = (self.authority.changes.clone(), Arc::clone(&self.caller), self.wish);
        let page = blocking(move || {
            let page = changes.page(&caller, wish, &cursor)?;
            // Read here, where the disk may be read.
            page.changes.iter().for_each(|change| drop(changes.number_of(change)));
            Ok::<_, WorkflowError>(page)
        });
        page.await?.map_err(|error| refused(&error))
    }

    async fn send(&self, page: ChangePage) -> Result<(), Status> {
        let changes = page.changes.iter().map(|change| to_wire(&self.authority.changes, change)).collect();
        let answer = wire::WatchCertificatesResponse { changes, cursor: page.next.to_string(), caught_up: page.end };
        match self.answers.send_timeout(Ok(answer), QUIET).await {
            Ok(()) | Err(mpsc::error::SendTimeoutError::Closed(_)) => Ok(()),
            Err(mpsc::error::SendTimeoutError::Timeout(_)) => Err(ApiError::SlowReader.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Due;

    /// Of each page in turn how many changes are the reader's and whether it is the last: whether it is answered.
    fn answered(pages: &[(usize, bool)]) -> Vec<bool> {
        let mut due = Due::default();
        pages.iter().map(|(changes, end)| due.is_answered(*changes, *end)).collect()
    }

    #[test]
    fn who_has_read_everything_is_told_at_once_though_the_last_thousand_changes_were_not_its_own() {
        assert_eq!(answered(&[(7, false), (0, false), (0, false), (0, true)]), [true, false, false, true]);
        assert_eq!(answered(&[(0, false), (0, false), (0, true)]), [true, false, true]);
    }

    #[test]
    fn who_has_read_everything_is_told_so_once_and_then_of_its_own_changes_alone() {
        assert_eq!(
            answered(&[(7, true), (0, true), (0, false), (0, true), (1, true)]),
            [true, false, false, false, true]
        );
    }
}
