//! What an answer leaves of a request's body: it is read and dropped before the answer goes out.
//!
//! A refusal often comes before its body. To close an HTTP/2 stream then, it is reset (RFC 9113, section 8.1), and many
//! a client, curl among them, tells of the reset and not of the refusal; over HTTP/1.1 it may find the connection
//! closed while it still sends.

use axum::body::Bytes;
use axum::http::{Request, header};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::oneshot;

/// Bytes that are read for nothing. A client that sends more meets the reset.
const MOST: usize = 8 << 20;
/// How long they may take to come.
const LONGEST: Duration = Duration::from_secs(10);

/// A body that comes back when who was asked lets go of it before its end.
#[derive(Debug)]
pub(super) struct Asked {
    /// None once it went back.
    body: Option<Incoming>,
    /// Whether there may be more of it that the client sends without being told to.
    unread: bool,
    back: Option<oneshot::Sender<Incoming>>,
}

/// Where it comes back.
#[derive(Debug)]
pub(super) struct Unread(oneshot::Receiver<Incoming>);

/// The request as it is passed on, and what will be left of it. gRPC is left as it is: its clients go on sending while
/// they listen, and take a refusal at any time.
pub(super) fn watched(request: Request<Incoming>) -> (Request<Asked>, Unread) {
    let head = request.headers();
    let grpc = head.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"));
    // Who asks first whether to send does not send before somebody reads (RFC 9110, section 10.1.1).
    let waits = head.contains_key(header::EXPECT);
    let (back, unread) = oneshot::channel();
    let back = (!grpc).then_some(back);
    (request.map(|body| Asked { body: Some(body), unread: !waits, back }), Unread(unread))
}

impl Unread {
    /// Reads it, where it came back by now; what still has a reader is left to him.
    pub(super) async fn read(mut self) {
        let Ok(body) = self.0.try_recv() else { return };
        let mut body = Limited::new(body, MOST);
        let all = async { while let Some(Ok(_)) = body.frame().await {} };
        if tokio::time::timeout(LONGEST, all).await.is_err() {
            tracing::debug!("the body of a call that is answered already did not come in time");
        }
    }
}

impl Body for Asked {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let frame = Pin::new(body).poll_frame(context);
        self.unread = !matches!(frame, Poll::Ready(None | Some(Err(_))));
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(|body| body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), |body| body.size_hint())
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        let body = self.body.take().filter(|body| self.unread && !body.is_end_stream());
        if let (Some(body), Some(back)) = (body, self.back.take()) {
            // Nobody waits for it where the call was given up.
            let _ = back.send(body);
        }
    }
}
