//! What a connection is doing: a silent one gives its place to others.

use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

/// The calls of one connection.
#[derive(Debug, Default)]
pub(super) struct Activity {
    /// Begun so far.
    begun: AtomicU64,
    /// Not yet answered to the last byte.
    open: AtomicU64,
}

/// A call in progress.
#[derive(Debug)]
pub(super) struct Call(Arc<Activity>);

/// An answer that keeps its call in progress until it is sent or given up.
#[derive(Debug)]
pub(super) struct Sending {
    body: Body,
    _call: Call,
}

impl Activity {
    /// Takes note of a call.
    pub(super) fn begin(self: &Arc<Self>) -> Call {
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.open.fetch_add(1, Ordering::Relaxed);
        Call(Arc::clone(self))
    }

    /// Ends after a time of at least `quiet` and at most twice that in which there was no call. Two counters
    /// looked at now and then cost a call nothing; a clock read at each call would.
    pub(super) async fn idle(&self, quiet: Duration) {
        let mut before = None;
        loop {
            let begun = self.begun.load(Ordering::Relaxed);
            let silent = self.open.load(Ordering::Relaxed) == 0;
            if silent && before == Some(begun) {
                return;
            }
            before = silent.then_some(begun);
            tokio::time::sleep(quiet).await;
        }
    }
}

impl Call {
    /// The call ends with the last byte of its answer.
    pub(super) const fn until_sent(self, body: Body) -> Sending {
        Sending { body, _call: self }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl HttpBody for Sending {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_connection_is_not_idle_while_an_answer_is_being_sent() {
        let activity = Arc::new(Activity::default());
        let sending = activity.begin().until_sent(Body::from("half of it"));
        let idle = activity.idle(Duration::from_millis(1));
        assert!(tokio::time::timeout(Duration::from_millis(20), idle).await.is_err());
        drop(sending);
        activity.idle(Duration::from_millis(1)).await;
    }
}
