//! The HTTPS door for packages that partners push: `POST /packages`.
//!
//! Who comes is known before a byte of the package is read: its seal is announced in a header, and is by the key of a node
//! of the trust list, for this one. What is answered are cosignatures alone: whoever came by a package may push it, and must
//! not be given what is for its maker. A log that is refused takes them from no other: it is named beside them.

use super::Peer;
use super::packages::Chunks;
use super::rate::RateLimit;
use crate::encoding::base64;
use crate::exchange::driver::{DriverView, ExportAsked, Imported, Wanted};
use crate::exchange::parcel::ParcelError;
use crate::reason::{Class, Reasoned as _};
use crate::time::Clock;
use crate::trust::{NodeName, PackageSeal};
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, Request, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use bytes::Bytes;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;

/// The header that announces the seal: the base64 of its note.
const SEAL: &str = "origin-package-seal";
/// The header that names, in an answer, the nodes that have to tell before the package's heads are cosigned.
const AWAITS: &str = "origin-package-awaits";
/// The header that names, in an answer, the logs of the package that were not taken, each with the reason.
const REFUSED: &str = "origin-package-refused";
/// Nodes and logs that are named there.
const MOST_NAMED: usize = 16;
/// A sender that sends nothing for this long has gone.
const QUIET: Duration = Duration::from_mins(1);
/// The longest that a package may take to arrive, whatever it holds, as its sender reckons too: a slow line gets 64 KiB through
/// in a second.
const LEAST: Duration = Duration::from_mins(10);
const PER_SECOND: u64 = 64 << 10;
/// Parts of an answer that were not taken yet.
const ROOM: usize = 4;

/// What the door needs.
#[derive(Clone)]
pub(crate) struct PushDoor {
    view: DriverView,
    rate: Arc<RateLimit>,
    clock: Arc<dyn Clock>,
    places: Arc<Places>,
}

impl PushDoor {
    pub(crate) fn new(view: DriverView, per_minute: u32, clock: Arc<dyn Clock>) -> Self {
        Self { view, rate: Arc::new(RateLimit::new(per_minute)), clock, places: Arc::default() }
    }
}

/// Whose package is arriving: one of each node of the list, so that none takes the place of another. Whoever came by an old
/// package of a node can take that node's: its seal is as good as when it was made.
#[derive(Default)]
struct Places(Mutex<BTreeSet<NodeName>>);

/// Free again when this is dropped.
struct Place {
    places: Arc<Places>,
    of: NodeName,
}

impl Place {
    fn take(places: &Arc<Places>, of: &NodeName) -> Option<Self> {
        let is_free = places.0.lock().unwrap_or_else(PoisonError::into_inner).insert(of.clone());
        is_free.then(|| Self { places: Arc::clone(places), of: of.clone() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.of);
    }
}

/// The one route.
pub(crate) fn routes(door: PushDoor) -> Router {
    Router::new().route("/packages", post(take)).with_state(door)
}

async fn take(State(door): State<PushDoor>, request: Request<Body>) -> Response {
    if let Some(peer) = request.extensions().get::<Peer>()
        && !door.rate.take(peer.network(), 1, door.clock.now())
    {
        return said(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED: too many packages from this address\n".to_owned());
    }
    let seal = request.headers().get(SEAL).and_then(|value| base64::decode(value.as_bytes()).ok());
    let Some(seal) = seal.and_then(|bytes| String::from_utf8(bytes).ok()) else {
        return said(StatusCode::BAD_REQUEST, format!("PACKAGE_MALFORMED: the header {SEAL} announces its seal\n"));
    };
    let seal = match door.view.admit(&seal) {
        Ok(seal) => seal,
        Err(error) => return refused(StatusCode::FORBIDDEN, &error),
    };
    let Some(_place) = Place::take(&door.places, &seal.from) else {
        return said(StatusCode::SERVICE_UNAVAILABLE, "OVERLOADED: another package of yours is arriving\n".to_owned());
    };
    let to = seal.from.clone();
    let imported = match receive(&door.view, seal, request.into_body()).await {
        Ok(imported) => imported,
        Err(error) if error.class() == Class::Reject => return refused(StatusCode::BAD_REQUEST, &error),
        Err(error) => return refused(StatusCode::SERVICE_UNAVAILABLE, &error),
    };
    let not_taken = imported.logs.iter().filter_map(|log| Some((&log.origin, log.refused.as_ref()?)));
    let not_taken = not_taken.collect::<Vec<_>>();
    if let Some((_, error)) = not_taken.iter().find(|(_, error)| matches!(error, ParcelError::OutOfOrder { .. })) {
        return refused(StatusCode::CONFLICT, error);
    }
    let not_taken = not_taken.into_iter().map(|(origin, error)| format!("{origin} {}", error.reason()));
    let awaits = imported.logs.iter().flat_map(|log| &log.awaits).map(ToString::to_string).collect::<BTreeSet<_>>();
    let mut answer = answer(door.view, ExportAsked { to, logs: Wanted::None });
    name(&mut answer, REFUSED, not_taken);
    name(&mut answer, AWAITS, awaits.into_iter());
    answer
}

/// Names in a header what there is to be named.
fn name(answer: &mut Response, header: &'static str, all: impl Iterator<Item = String>) {
    let names = all.take(MOST_NAMED).collect::<Vec<_>>().join(", ");
    if let Ok(names) = HeaderValue::from_str(&names)
        && !names.is_empty()
    {
        answer.headers_mut().insert(HeaderName::from_static(header), names);
    }
}

/// Until when the next part has to come, of a package that so much came of: whoever says nothing has gone, and whoever sends a
/// byte now and then keeps its place no longer than a package takes.
fn until(begun: Instant, bytes: u64, now: Instant) -> Instant {
    let whole = begun + LEAST.saturating_add(Duration::from_secs(bytes / PER_SECOND));
    whole.min(now + QUIET)
}

/// Puts the package on disk as it comes, and takes it when it is there.
async fn receive(view: &DriverView, seal: PackageSeal, body: Body) -> Result<Imported, ParcelError> {
    let inside = |error: tokio::task::JoinError| ParcelError::Inside(error.to_string());
    let its = view.clone();
    let mut spool = tokio::task::spawn_blocking(move || its.spool()).await.map_err(inside)??;
    let mut parts = body.into_data_stream();
    let begun = Instant::now();
    loop {
        let part = tokio::time::timeout_at(until(begun, spool.length(), Instant::now()), parts.next()).await;
        let broken = || ParcelError::Damaged("it breaks off on its way, or comes too slowly".to_owned());
        let Some(part) = part.map_err(|_| broken())? else { break };
        let part = part.map_err(|_| broken())?;
        let written = tokio::task::spawn_blocking(move || spool.write(&part).map(|()| spool)).await;
        spool = written.map_err(inside)??;
    }
    view.import_sealed(spool, seal).await
}

/// What this node cosigned of the partner's logs, sent as it is made; a package that breaks off has no seal.
fn answer(view: DriverView, asked: ExportAsked) -> Response {
    let (out, parts) = mpsc::channel::<Result<Bytes, std::io::Error>>(ROOM);
    tokio::task::spawn_blocking(move || {
        let mut chunks = Chunks::new(|chunk| out.blocking_send(Ok(chunk)).is_ok());
        let made = view.export(&asked, &mut chunks).map_err(|error| error.to_string());
        let sent = made.and_then(|_| chunks.send().map_err(|error| error.to_string()));
        if let Err(why) = sent {
            tracing::warn!(partner = %asked.to, why, "the answer to a package could not be made");
            // Who pushed may have gone.
            let _ = out.blocking_send(Err(std::io::Error::other(why)));
        }
    });
    let mut answer = Body::from_stream(ReceiverStream::new(parts)).into_response();
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/jsonl"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

fn refused(code: StatusCode, error: &ParcelError) -> Response {
    said(code, format!("{}: {error}\n", error.reason()))
}

fn said(code: StatusCode, line: String) -> Response {
    let mut answer = (code, line).into_response();
    let headers = answer.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if matches!(code, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("30"));
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_takes_its_own_place_and_nobody_elses() {
        let places = Arc::<Places>::default();
        let name = |name: &str| name.parse::<NodeName>().unwrap();
        let first = Place::take(&places, &name("node.gacc.gov.cn"));
        assert!(first.is_some() && Place::take(&places, &name("node.gacc.gov.cn")).is_none());
        assert!(Place::take(&places, &name("node.kra.go.ke")).is_some());
        drop(first);
        assert!(Place::take(&places, &name("node.gacc.gov.cn")).is_some());
    }

    #[test]
    fn whoever_sends_a_byte_now_and_then_is_not_waited_for_and_a_slow_line_is() {
        let begun = Instant::now();
        let after = |seconds| begun + Duration::from_secs(seconds);
        let goes_on = |seconds, bytes| until(begun, bytes, after(seconds)) > after(seconds);
        assert!(goes_on(599, 599) && !goes_on(600, 600));
        assert!((0..1_000).all(|minutes| goes_on(60 * minutes, 60 * minutes * PER_SECOND)));
        assert_eq!(until(begun, 64 << 30, after(700)), after(760));
    }
}
