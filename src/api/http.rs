//! The HTTPS door: logs as C2SP tiles, status lists, key discovery, health.
//!
//! An authority is found by the host it is asked as. A node that has no name of its own in the DNS is asked by its
//! address, with the authority's host as the first segment of the path: `https://<node>/<origin>/checkpoint`, for an
//! origin begins with that host. Both spellings give the same bytes.

use super::ApiError;
use super::call::blocking;
use super::hosts::{HostedAuthority, Hosts, KeyUsage, PublishedKey, Visitor};
use crate::log::{Origin, Shard, tile};
use crate::office::Action;
use crate::reason::{Class, Reasoned};
use crate::sequencer::{spoken_for, status_record};
use crate::signature::PublicKey;
use crate::statement::media;
use crate::store::{Store, StoreError};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Serialize;
use std::sync::Arc;
use tokio::sync::watch;

const NOTE: &str = "text/plain; charset=utf-8";
const BYTES: &str = "application/octet-stream";
/// What has an address of its own never changes: a tile of one width, a bundle of one width.
const FOR_EVER: &str = "max-age=31536000, immutable";
/// What changes with every entry.
const NEVER: &str = "no-cache";
/// Keys and status lists: long enough to spare the node, short against the hour between snapshots.
const MINUTES: &str = "max-age=300";

/// What the door needs.
#[derive(Clone)]
pub(crate) struct Public {
    pub(crate) hosts: Hosts,
    pub(crate) stopping: watch::Receiver<bool>,
}

/// The routes, each in both spellings.
pub(crate) fn routes(state: Public) -> Router {
    Router::new()
        .route("/healthz", get(health))
        .route("/.well-known/jwt-vc-issuer", get(keys))
        .route("/{host}/.well-known/jwt-vc-issuer", get(keys_at))
        .route("/log/{shard}/{addressee}/{*resource}", get(log))
        .route("/{host}/log/{shard}/{addressee}/{*resource}", get(log_at))
        .route("/status/{shard}/{addressee}/{list}", get(status))
        .route("/{host}/status/{shard}/{addressee}/{list}", get(status_at))
        .fallback(async || Refusal::NoSuchResource)
        .with_state(state)
}

async fn health(State(door): State<Public>) -> Response {
    let stopping = *door.stopping.borrow();
    let (code, word) =
        if stopping { (StatusCode::SERVICE_UNAVAILABLE, "stopping\n") } else { (StatusCode::OK, "serving\n") };
    // What a cache remembers of it says nothing of this node now.
    (code, [(header::CACHE_CONTROL, "no-store")], word).into_response()
}

async fn keys(State(door): State<Public>, uri: Uri, headers: HeaderMap) -> Result<Response, Refusal> {
    Ok(discovery(door.asked_as(&uri, &headers)?))
}

async fn keys_at(State(door): State<Public>, Path(host): Path<String>) -> Result<Response, Refusal> {
    Ok(discovery(door.hosts.named(&host)?))
}

type LogPath = (String, String, String);

async fn log(
    State(door): State<Public>,
    Path((shard, addressee, resource)): Path<LogPath>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let authority = Arc::clone(door.asked_as(&uri, &headers)?);
    read_log(&door.hosts, authority, (&shard, &addressee, &resource), &headers).await
}

async fn log_at(
    State(door): State<Public>,
    Path((host, shard, addressee, resource)): Path<(String, String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let authority = Arc::clone(door.hosts.named(&host)?);
    read_log(&door.hosts, authority, (&shard, &addressee, &resource), &headers).await
}

async fn status(
    State(door): State<Public>,
    Path((shard, addressee, list)): Path<LogPath>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let authority = Arc::clone(door.asked_as(&uri, &headers)?);
    read_status(authority, &shard, &addressee, &list).await
}

async fn status_at(
    State(door): State<Public>,
    Path((host, shard, addressee, list)): Path<(String, String, String, String)>,
) -> Result<Response, Refusal> {
    let authority = Arc::clone(door.hosts.named(&host)?);
    read_status(authority, &shard, &addressee, &list).await
}

impl Public {
    /// The authority whose host stands in the request: `:authority` of HTTP/2, or `Host`.
    fn asked_as(&self, uri: &Uri, headers: &HeaderMap) -> Result<&Arc<HostedAuthority>, ApiError> {
        self.hosts.named(asked_as(uri, headers))
    }
}

/// The host that a request names; empty where it names none.
pub(super) fn asked_as<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> &'a str {
    let host = uri.host().or_else(|| {
        let host = headers.get(header::HOST)?.to_str().ok()?;
        Some(host.rsplit_once(':').map_or(host, |(host, _)| host))
    });
    host.unwrap_or_default()
}

async fn read_log(
    hosts: &Hosts,
    authority: Arc<HostedAuthority>,
    (shard, addressee, resource): (&str, &str, &str),
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    let origin = origin(&authority, shard, addressee)?;
    let unknown = || ApiError::LogUnknown(origin.to_string());
    let resource = resource.parse::<tile::Resource>().map_err(|_| Refusal::NoSuchResource)?;
    let action = match resource {
        tile::Resource::Checkpoint | tile::Resource::Tile(_) => Action::ReadHeads,
        tile::Resource::Entries(_) => Action::ReadEntries,
    };
    authority.admit(&known(hosts, headers)?, action, &origin)?;
    let head = authority.store().head(&origin).ok_or_else(unknown)?;
    let public = authority.is_public(action, &origin);
    let published = head.head.size;
    let (body, kind, kept) = match resource {
        tile::Resource::Checkpoint => (head.note.into_bytes(), NOTE, NEVER),
        tile::Resource::Tile(tile) if tile.is_in(published) => {
            let read = blocking(move || tile.read(&authority.store().hashes(&origin))).await?;
            (read?, BYTES, FOR_EVER)
        }
        tile::Resource::Entries(bundle) if bundle.is_in(published) => {
            let read = blocking(move || read_bundle(authority.store().as_ref(), &origin, &bundle)).await?;
            (read?, BYTES, FOR_EVER)
        }
        tile::Resource::Tile(_) | tile::Resource::Entries(_) => return Err(Refusal::NoSuchResource),
    };
    Ok(found(body, kind, kept, public))
}

fn read_bundle(store: &dyn Store, origin: &Origin, bundle: &tile::EntryBundle) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    let mut next = bundle.start();
    while next < bundle.end() {
        let leaves = store.leaves(origin, next..bundle.end(), tile::MAX_BUNDLE_BYTES)?;
        if leaves.is_empty() {
            return Err(StoreError::NoEntry { origin: origin.clone(), index: next }.into());
        }
        for leaf in leaves {
            tile::push_entry(&mut bytes, &leaf).map_err(|error| Refusal::of(&error))?;
            next = next.saturating_add(1);
        }
    }
    Ok(bytes)
}

/// Status lists are for everybody who holds a certificate: they name nobody.
async fn read_status(
    authority: Arc<HostedAuthority>,
    shard: &str,
    addressee: &str,
    list: &str,
) -> Result<Response, Refusal> {
    let origin = origin(&authority, shard, addressee)?;
    // One list has one address: no sign, no leading zero.
    let number = list.parse::<usize>().ok().filter(|number| number.to_string() == list);
    let number = number.ok_or(ApiError::StatusListUnknown)?;
    let record = blocking(move || {
        let store = authority.store().as_ref();
        // That of a closed log's certificates is told by a later one.
        let spoken = spoken_for(store, &origin)?.map(|spoken| spoken.record);
        spoken.map_or_else(|| status_record(store, &origin), |record| Ok(Some(record)))
    });
    let token =
        record.await??.and_then(|record| record.tokens.into_iter().nth(number)).ok_or(ApiError::StatusListUnknown)?;
    Ok(found(token.into_bytes(), media::STATUS_LIST, MINUTES, true))
}

fn origin(authority: &HostedAuthority, shard: &str, addressee: &str) -> Result<Origin, Refusal> {
    let shard = shard.parse::<Shard>().map_err(|_| Refusal::NoSuchResource)?;
    Origin::new(authority.issuer.host(), &shard, addressee).map_err(|_| Refusal::NoSuchResource)
}

fn known(hosts: &Hosts, headers: &HeaderMap) -> Result<Visitor, ApiError> {
    let shown = headers.get(header::AUTHORIZATION).map(HeaderValue::to_str).transpose();
    hosts.caller(shown.map_err(|_| ApiError::Unauthenticated)?)
}

/// SD-JWT VC: the issuer's keys. Whom to believe is the trust list's word; this is for libraries that ask here.
fn discovery(authority: &HostedAuthority) -> Response {
    // A library that takes any key from here must not take a stamp's for a statement's.
    let listed = |key: &&PublishedKey| matches!(key.usage, KeyUsage::Statement | KeyUsage::Status);
    let keys = authority.keys.iter().filter(listed).map(|key| Jwk {
        kty: "OKP",
        crv: "Ed25519",
        alg: "EdDSA",
        usage: "sig",
        kid: &key.name,
        x: &key.key,
    });
    let metadata = Metadata { issuer: authority.issuer.to_string(), jwks: Jwks { keys: keys.collect() } };
    match serde_json::to_vec(&metadata) {
        Ok(body) => found(body, "application/json", MINUTES, true),
        Err(error) => Refusal::Inside(error.to_string()).into_response(),
    }
}

#[derive(Serialize)]
struct Metadata<'a> {
    issuer: String,
    jwks: Jwks<'a>,
}

#[derive(Serialize)]
struct Jwks<'a> {
    keys: Vec<Jwk<'a>>,
}

/// RFC 8037.
#[derive(Serialize)]
struct Jwk<'a> {
    kty: &'static str,
    crv: &'static str,
    alg: &'static str,
    #[serde(rename = "use")]
    usage: &'static str,
    kid: &'a str,
    x: &'a PublicKey,
}

fn found(body: Vec<u8>, kind: &'static str, kept: &'static str, public: bool) -> Response {
    let cache = match (kept, public) {
        (NEVER, _) => NEVER.to_owned(),
        (kept, true) => format!("public, {kept}"),
        // What one reader may have, a cache must not give to the next.
        (kept, false) => format!("private, {kept}"),
    };
    let mut answer = (StatusCode::OK, body).into_response();
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(cache) = HeaderValue::from_str(&cache) {
        headers.insert(header::CACHE_CONTROL, cache);
    }
    if !public {
        headers.insert(header::VARY, HeaderValue::from_static("authorization"));
    }
    answer
}

/// Why there is nothing to give.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// No such path, tile or bundle; a tile that is not published yet is this too.
    NoSuchResource,
    /// The door refuses.
    Api(ApiError),
    /// A room failed.
    Inside(String),
}

impl Refusal {
    fn of(error: &(impl Reasoned + ?Sized)) -> Self {
        Self::Inside(error.to_string())
    }
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::of(&error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (code, line) = match self {
            Self::NoSuchResource => {
                (StatusCode::NOT_FOUND, "NOT_FOUND: nothing is published at this path\n".to_owned())
            }
            Self::Api(error) => {
                let code = match (&error, error.class()) {
                    (ApiError::Unauthenticated, _) => StatusCode::UNAUTHORIZED,
                    (ApiError::ReadingDenied, _) => StatusCode::FORBIDDEN,
                    (ApiError::DeadlineExceeded, _) => StatusCode::GATEWAY_TIMEOUT,
                    (ApiError::RateLimited, _) => StatusCode::TOO_MANY_REQUESTS,
                    (_, Class::Reject) => StatusCode::NOT_FOUND,
                    (_, Class::Retry) => StatusCode::SERVICE_UNAVAILABLE,
                    (_, Class::Fatal) => return Self::Inside(error.to_string()).into_response(),
                };
                (code, format!("{}: {error}\n", error.reason()))
            }
            Self::Inside(why) => {
                let id = uuid::Uuid::now_v7();
                tracing::error!(why, %id, "a request failed inside");
                (StatusCode::INTERNAL_SERVER_ERROR, format!("INTERNAL: the node's log says why under {id}\n"))
            }
        };
        let mut answer = (code, line).into_response();
        answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        answer.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if code == StatusCode::UNAUTHORIZED {
            answer.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        answer
    }
}
