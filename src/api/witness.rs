//! The HTTPS door to this node's witness: `POST /add-checkpoint` as C2SP tlog-witness has it.
//!
//! Nobody is asked who he is: what counts is the log's signature. What anybody may send is bounded, counted by address,
//! and never so much at once that partners would wait for it.

use super::Peer;
use super::rate::RateLimit;
use crate::exchange::driver::DriverView;
use crate::exchange::message::{MAX_ADD_CHECKPOINT_BYTES, Witnessed};
use crate::reason::some_of;
use crate::time::Clock;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{Extensions, HeaderValue, Request, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Heads that the witness is shown through this door at once; its queue has room for many more.
const AT_ONCE: usize = 64;
/// The media type of a size (tlog-witness).
const SIZE: &str = "text/x.tlog.size";
const TEXT: &str = "text/plain; charset=utf-8";
/// A log that finds the witness busy tries again after, in seconds.
const AGAIN: &str = "1";
/// The same of a witness that waits for others.
const LATER: &str = "30";

/// What the door needs.
#[derive(Clone)]
pub(crate) struct WitnessDoor {
    view: DriverView,
    rate: Arc<RateLimit>,
    clock: Arc<dyn Clock>,
    room: Arc<Semaphore>,
}

impl WitnessDoor {
    pub(crate) fn new(view: DriverView, per_minute: u32, clock: Arc<dyn Clock>) -> Self {
        Self { view, rate: Arc::new(RateLimit::new(per_minute)), clock, room: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    fn allows(&self, caller: &Extensions) -> bool {
        let Some(peer) = caller.get::<Peer>() else { return true };
        self.rate.take(peer.network(), 1, self.clock.now())
    }
}

/// The one route.
pub(crate) fn routes(door: WitnessDoor) -> Router {
    Router::new().route("/add-checkpoint", post(add_checkpoint)).with_state(door)
}

async fn add_checkpoint(State(door): State<WitnessDoor>, request: Request<Body>) -> Response {
    if !door.allows(request.extensions()) {
        return said(StatusCode::TOO_MANY_REQUESTS, TEXT, "too many heads from this address\n".to_owned());
    }
    // Before the body: what is not taken up is not read either.
    let Ok(_room) = door.room.try_acquire() else { return answer(&Witnessed::Busy) };
    let body = to_bytes(request.into_body(), MAX_ADD_CHECKPOINT_BYTES).await;
    let body = body.ok().and_then(|body| String::from_utf8(body.into()).ok());
    match body {
        Some(body) => answer(&door.view.add_checkpoint(&body).await),
        None => answer(&Witnessed::Malformed),
    }
}

fn answer(witnessed: &Witnessed) -> Response {
    let (kind, body) = match witnessed {
        Witnessed::Cosigned(_) => (TEXT, witnessed.body()),
        Witnessed::Conflict(_) => (SIZE, witnessed.body()),
        Witnessed::Malformed => {
            (TEXT, "not a request of tlog-witness, or its old size is beyond the head\n".to_owned())
        }
        Witnessed::Unsigned => (TEXT, "no signature by a key that is known for this log\n".to_owned()),
        Witnessed::Frozen => (
            TEXT,
            "the log has shown two histories: nothing of it is cosigned until a person lifts that here\n".to_owned(),
        ),
        Witnessed::UnknownLog => (TEXT, "this log is not witnessed here\n".to_owned()),
        Witnessed::Unproven => (TEXT, "the proof does not lead from the head cosigned last to this one\n".to_owned()),
        Witnessed::Busy => (TEXT, "the witness has too much to do, or could not keep the head\n".to_owned()),
        Witnessed::Awaiting(of) => {
            let of = some_of(of);
            (TEXT, format!("nothing of this log is cosigned before these have told what was cosigned of it: {of}\n"))
        }
    };
    let code = StatusCode::from_u16(witnessed.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = said(code, kind, body);
    if matches!(witnessed, Witnessed::Awaiting(_)) {
        answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(LATER));
    }
    answer
}

fn said(code: StatusCode, kind: &'static str, body: String) -> Response {
    let mut answer = (code, body).into_response();
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if matches!(code, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static(AGAIN));
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_has_the_status_and_the_body_of_the_specification() {
        let line = "— witness.example/w1 AAAA";
        for (said, status, kind, body) in [
            (Witnessed::Cosigned(line.to_owned()), 200, TEXT, Some(format!("{line}\n"))),
            (Witnessed::Conflict(7), 409, SIZE, Some("7\n".to_owned())),
            (Witnessed::Malformed, 400, TEXT, None),
            (Witnessed::Unsigned, 403, TEXT, None),
            (Witnessed::Frozen, 403, TEXT, None),
            (Witnessed::UnknownLog, 404, TEXT, None),
            (Witnessed::Unproven, 422, TEXT, None),
            (Witnessed::Busy, 503, TEXT, None),
            (Witnessed::Awaiting(vec!["node.kra.go.ke".parse().unwrap()]), 503, TEXT, None),
        ] {
            let answer = answer(&said);
            assert_eq!(answer.status().as_u16(), status);
            assert_eq!(answer.headers()[header::CONTENT_TYPE], kind);
            let shown = to_bytes(answer.into_body(), 1024).await.unwrap();
            if let Some(body) = body {
                assert_eq!(shown, body);
            }
        }
    }

    #[tokio::test]
    async fn a_witness_that_waits_for_others_names_them_and_is_not_asked_again_every_second() {
        let answer = answer(&Witnessed::Awaiting(vec!["node.kra.go.ke".parse().unwrap()]));
        assert_eq!(answer.headers()[header::RETRY_AFTER], LATER);
        let shown = to_bytes(answer.into_body(), 1024).await.unwrap();
        let shown = String::from_utf8(shown.into()).unwrap();
        assert!(shown.ends_with("before these have told what was cosigned of it: node.kra.go.ke\n"), "{shown}");
    }
}
