//! `GET /V/<jti>/<code>` at the HTTPS door: what the code on a certificate's paper leads to, as a page without script, or
//! as JSON. `GET /V`, the address in words on every sheet, says how to verify one.
//!
//! What always holds: the code is in the path alone, so nothing here writes paths anywhere; no cache keeps the answer, and
//! no page that is gone to from it is told where from. A wrong code, an erased certificate and one that never was have
//! one answer.

mod html;

use super::http::{Refusal, asked_as};
use super::rate::RateLimit;
use super::rest::Methods;
use super::share_page::{HTML, JSON, told_to_nobody};
use super::verifications::LookUps;
use super::{ApiError, Hosts, Peer};
use crate::reason::Reasoned as _;
use crate::statement::{Issuer, Jti};
use crate::verification::Verifier;
use arc_swap::ArcSwap;
use axum::Extension;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri, header};
use axum::middleware::from_fn;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use std::sync::Arc;

/// Pages a minute for one address.
const A_MINUTE: u32 = 60;

/// What the door needs.
#[derive(Clone)]
struct Pages {
    hosts: Hosts,
    methods: Arc<Methods>,
    look_ups: LookUps,
    verifier: Arc<ArcSwap<Verifier>>,
    rate: Arc<RateLimit>,
}

/// The routes: as a QR code spells them, as people type them, and for a node that is asked by its address.
pub(crate) fn routes(
    hosts: Hosts,
    methods: Arc<Methods>,
    look_ups: LookUps,
    verifier: Arc<ArcSwap<Verifier>>,
) -> Router {
    let rate = Arc::new(RateLimit::new(A_MINUTE));
    Router::new()
        .route("/V", get(how))
        .route("/v", get(how))
        .route("/V/", get(how))
        .route("/v/", get(how))
        .route("/{host}/V", get(how_at))
        .route("/{host}/v", get(how_at))
        .route("/V/{jti}/{code}", get(page))
        .route("/v/{jti}/{code}", get(page))
        .route("/{host}/V/{jti}/{code}", get(page_at))
        .route("/{host}/v/{jti}/{code}", get(page_at))
        .layer(from_fn(told_to_nobody))
        .with_state(Pages { hosts, methods, look_ups, verifier, rate })
}

async fn page(
    State(door): State<Pages>,
    peer: Option<Extension<Peer>>,
    Path((jti, code)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    // A scanner may ask for the host in the capitals that the code has.
    let host = asked_as(&uri, &headers).to_ascii_lowercase();
    door.answer(peer, &host, (jti, code), &headers).await
}

async fn page_at(
    State(door): State<Pages>,
    peer: Option<Extension<Peer>>,
    Path((host, jti, code)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    door.answer(peer, &host.to_ascii_lowercase(), (jti, code), &headers).await
}

async fn how(
    State(door): State<Pages>,
    peer: Option<Extension<Peer>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let host = asked_as(&uri, &headers).to_ascii_lowercase();
    door.how(peer, &host)
}

async fn how_at(
    State(door): State<Pages>,
    peer: Option<Extension<Peer>>,
    Path(host): Path<String>,
) -> Result<Response, Refusal> {
    door.how(peer, &host.to_ascii_lowercase())
}

impl Pages {
    /// How to verify a paper of this authority. People come here with the paper in hand, so that it is a page for all.
    fn how(&self, peer: Option<Extension<Peer>>, host: &str) -> Result<Response, Refusal> {
        self.admit(peer)?;
        let authority = self.hosts.named(host)?;
        let page = html::how_to_verify(&authority.issuer, &self.names(&authority.issuer));
        Ok(([(header::CONTENT_TYPE, HTML)], page).into_response())
    }

    /// The names of an authority by language, English first, as its section of the trust list has them.
    fn names(&self, issuer: &Issuer) -> Vec<(String, String)> {
        let verifier = self.verifier.load();
        let named = verifier.trust().section(issuer).map(|section| &section.text().names);
        let mut names = named
            .into_iter()
            .flatten()
            .map(|(language, name)| (language.as_str().to_owned(), name.as_str().to_owned()))
            .collect::<Vec<_>>();
        names.sort_by_key(|(language, _)| language != "en");
        names
    }

    fn admit(&self, peer: Option<Extension<Peer>>) -> Result<(), ApiError> {
        let now = self.look_ups.clock.now();
        if peer.is_some_and(|Extension(peer)| !self.rate.take(peer.network(), 1, now)) {
            return Err(ApiError::RateLimited);
        }
        Ok(())
    }

    async fn answer(
        &self,
        peer: Option<Extension<Peer>>,
        host: &str,
        (jti, code): (String, String),
        headers: &HeaderMap,
    ) -> Result<Response, Refusal> {
        self.admit(peer)?;
        let authority = Arc::clone(self.hosts.named(host)?);
        let issuer = authority.issuer.clone();
        let jti = jti.to_ascii_uppercase().parse::<Jti>().map_err(|_| Refusal::NoSuchResource)?;
        let found = self.look_ups.whole(authority, jti, code).await?.map_err(|error| match error.reason() {
            "CERTIFICATE_UNKNOWN" => Refusal::NoSuchResource,
            _ => Refusal::Inside(error.to_string()),
        })?;
        let asked = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        // A browser says that it wants pages; a program that says nothing gets what programs read.
        if asked.contains("text/html") {
            let names = self.names(&issuer);
            return Ok(([(header::CONTENT_TYPE, HTML)], html::certificate(&found, &names)).into_response());
        }
        let document = self.methods.told("origin.v1.LookUpCertificateResponse", &found).map_err(Refusal::from)?;
        Ok(([(header::CONTENT_TYPE, JSON)], document).into_response())
    }
}
