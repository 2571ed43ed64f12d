//! The HTTPS door for packages that partners push: `POST /packages`.
//!
//! Who comes is known before a byte of the package is read: its seal is announced in a header, and is by the key of a node
//! of the trust list, for this one. What is answered are cosignatures alone: whoever came by a package may push it, and must
//! not be given what is for its maker.

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
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;

/// The header that announces the seal: the base64 of its note.
const SEAL: &str = "origin-package-seal";
/// The header that names, in an answer, the nodes that have to tell before the package's heads are cosigned.
const AWAITS: &str = "origin-package-awaits";
/// Nodes that are named there.
const MOST_NAMED: usize = 16;
/// Packages that arrive at once.
const AT_ONCE: usize = 4;
/// A sender that sends nothing for this long has gone.
const QUIET: Duration = Duration::from_mins(1);
/// Parts of an answer that were not taken yet.
const ROOM: usize = 4;

/// What the door needs.
#[derive(Clone)]
pub(crate) struct PushDoor {
    view: DriverView,
    rate: Arc<RateLimit>,
    clock: Arc<dyn Clock>,
    room: Arc<Semaphore>,
}

impl PushDoor {
    pub(crate) fn new(view: DriverView, per_minute: u32, clock: Arc<dyn Clock>) -> Self {
        Self { view, rate: Arc::new(RateLimit::new(per_minute)), clock, room: Arc::new(Semaphore::new(AT_ONCE)) }
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
    let Ok(_room) = door.room.try_acquire() else {
        return said(StatusCode::SERVICE_UNAVAILABLE, "OVERLOADED: other packages are being taken\n".to_owned());
    };
    let to = seal.from.clone();
    let imported = match receive(&door.view, seal, request.into_body()).await {
        Ok(imported) => imported,
        Err(error) if error.class() == Class::Reject => return refused(StatusCode::BAD_REQUEST, &error),
        Err(error) => return refused(StatusCode::SERVICE_UNAVAILABLE, &error),
    };
    if let Some(error) = imported.logs.iter().find_map(|log| log.refused.as_ref()) {
        let code = match error {
            ParcelError::OutOfOrder { .. } => StatusCode::CONFLICT,
            error if error.class() == Class::Retry => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        return refused(code, error);
    }
    let awaits = imported.logs.iter().flat_map(|log| &log.awaits).map(NodeName::as_str).collect::<BTreeSet<_>>();
    let awaits = awaits.into_iter().take(MOST_NAMED).collect::<Vec<_>>().join(", ");
    let mut answer = answer(door.view, ExportAsked { to, logs: Wanted::None });
    if let Ok(awaits) = HeaderValue::from_str(&awaits)
        && !awaits.is_empty()
    {
        answer.headers_mut().insert(HeaderName::from_static(AWAITS), awaits);
    }
    answer
}

/// Puts the package on disk as it comes, and takes it when it is there.
async fn receive(view: &DriverView, seal: PackageSeal, body: Body) -> Result<Imported, ParcelError> {
    let inside = |error: tokio::task::JoinError| ParcelError::Inside(error.to_string());
    let its = view.clone();
    let mut spool = tokio::task::spawn_blocking(move || its.spool()).await.map_err(inside)??;
    let mut parts = body.into_data_stream();
    loop {
        let part = tokio::time::timeout(QUIET, parts.next()).await;
        let broken = || ParcelError::Damaged("it breaks off on its way".to_owned());
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
