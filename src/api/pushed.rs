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
use crate::time::{Clock, Timestamp};
use crate::trust::{NodeName, PackageSeal};
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, Request, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, mpsc};
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
/// A package that is dated by so many seconds more than the clock here shows was made by a clock that was ahead.
const AHEAD: i64 = 300;
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

/// Whose package is arriving: one of each node of the list, so that none takes the place of another.
///
/// Whoever came by an old package of a node may begin to send it again and again. So a package gives way to one of the same
/// node that was made later; and one that is dated ahead of the clock here to any that is not, or what a node made while its
/// clock was ahead would keep it out once that is set.
#[derive(Default)]
struct Places(Mutex<BTreeMap<NodeName, (Rank, Arc<Notify>)>>);

/// What gives way to what, the least first: whether it is dated by what the clock here shows, and when it was made.
type Rank = (bool, i64);

/// Free again when this is dropped.
struct Place {
    places: Arc<Places>,
    of: NodeName,
    gives_way: Arc<Notify>,
}

impl Place {
    fn take(places: &Arc<Places>, seal: &PackageSeal, now: Timestamp) -> Option<Self> {
        let rank = (seal.made_at.saturating_sub(now.as_second()) <= AHEAD, seal.made_at);
        let (of, gives_way) = (seal.from.clone(), Arc::new(Notify::new()));
        let mut taken = places.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((before, has_it)) = taken.get(&of) {
            if *before >= rank {
                return None;
            }
            has_it.notify_one();
        }
        taken.insert(of.clone(), (rank, Arc::clone(&gives_way)));
        Some(Self { places: Arc::clone(places), of, gives_way })
    }

    /// Until a later package of the same node comes.
    async fn gives_way(&self) {
        self.gives_way.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.0.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.get(&self.of).is_some_and(|(_, has_it)| Arc::ptr_eq(has_it, &self.gives_way)) {
            taken.remove(&self.of);
        }
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
    let another =
        || said(StatusCode::SERVICE_UNAVAILABLE, "OVERLOADED: another package of yours is arriving\n".to_owned());
    let Some(place) = Place::take(&door.places, &seal, door.clock.now()) else { return another() };
    let to = seal.from.clone();
    let received = tokio::select! {
        received = receive(&door.view, seal, request.into_body()) => received,
        () = place.gives_way() => return another(),
    };
    let imported = match received {
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

    /// A package that a node made at this second.
    fn made(from: &str, made_at: i64) -> PackageSeal {
        let (from, to) = (from.parse().unwrap(), "node.tdap.gov.pk".parse().unwrap());
        PackageSeal { from, to, made_at, lines: 1, digest: [0; 32] }
    }

    /// The place of a package of one node, when the clock here shows this second.
    fn takes(places: &Arc<Places>, made_at: i64, now: i64) -> Option<Place> {
        Place::take(places, &made("node.gacc.gov.cn", made_at), Timestamp::from_second(now).unwrap())
    }

    async fn has_to_go(place: &Place) -> bool {
        tokio::time::timeout(Duration::ZERO, place.gives_way()).await.is_ok()
    }

    #[test]
    fn a_sender_takes_its_own_place_and_nobody_elses() {
        let places = Arc::<Places>::default();
        let first = takes(&places, 7, 7);
        assert!(first.is_some() && takes(&places, 7, 7).is_none());
        assert!(Place::take(&places, &made("node.kra.go.ke", 7), Timestamp::from_second(7).unwrap()).is_some());
        drop(first);
        assert!(takes(&places, 7, 7).is_some());
    }

    #[tokio::test]
    async fn an_old_package_keeps_its_maker_out_no_longer_than_until_a_later_one_comes() {
        let places = Arc::<Places>::default();
        let old = takes(&places, 1_000, 5_000).unwrap();
        assert!(!has_to_go(&old).await);
        let later = takes(&places, 5_000, 5_000).unwrap();
        assert!(has_to_go(&old).await && !has_to_go(&later).await);
        // The one that had to go frees nothing, and comes again for nothing.
        drop(old);
        assert!(takes(&places, 1_000, 5_000).is_none() && takes(&places, 5_000, 5_000).is_none());
        assert!(!has_to_go(&later).await);
    }

    #[tokio::test]
    async fn what_a_node_made_while_its_clock_was_ahead_keeps_nothing_of_it_out_once_that_is_set() {
        let (places, year) = (Arc::<Places>::default(), 31_536_000);
        let ahead = takes(&places, year, 5_000).unwrap();
        let now = takes(&places, 5_000, 5_000).unwrap();
        assert!(has_to_go(&ahead).await);
        assert!(takes(&places, year, 5_000).is_none());
        drop(now);
        // Where the clock here is behind all that comes, the later one has the place as ever.
        let (first, second) = (takes(&places, year, 0).unwrap(), takes(&places, year + 1, 0).unwrap());
        assert!(has_to_go(&first).await && !has_to_go(&second).await);
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
