//! `GET /V/<jti>/<code>` at the HTTPS door: what the code on a certificate's paper leads to, as a page without script, or
//! as JSON.
//!
//! What always holds: the code is in the path alone, so nothing here writes paths anywhere; no cache keeps the answer, and
//! no page that is gone to from it is told where from. A wrong code, an erased certificate and one that never was have
//! one answer.

use super::http::{Refusal, asked_as};
use super::rate::RateLimit;
use super::rest::Methods;
use super::share_page::{HTML, JSON, shown, told_to_nobody};
use super::verifications::LookUps;
use super::wire::origin::v1 as wire;
use super::{ApiError, Hosts, Peer};
use crate::certificate::node::{self, Node};
use crate::reason::Reasoned as _;
use crate::statement::{Jti, OpenedBody, Presentation};
use crate::verification::View;
use axum::Extension;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri, header};
use axum::middleware::from_fn;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use std::fmt::Write as _;
use std::sync::Arc;

/// Pages a minute for one address.
const A_MINUTE: u32 = 60;

/// What the door needs.
#[derive(Clone)]
struct Pages {
    hosts: Hosts,
    methods: Arc<Methods>,
    look_ups: LookUps,
    rate: Arc<RateLimit>,
}

/// The routes: as a QR code spells them, as people type them, and for a node that is asked by its address.
pub(crate) fn routes(hosts: Hosts, methods: Arc<Methods>, look_ups: LookUps) -> Router {
    let rate = Arc::new(RateLimit::new(A_MINUTE));
    Router::new()
        .route("/V/{jti}/{code}", get(page))
        .route("/v/{jti}/{code}", get(page))
        .route("/{host}/V/{jti}/{code}", get(page_at))
        .route("/{host}/v/{jti}/{code}", get(page_at))
        .layer(from_fn(told_to_nobody))
        .with_state(Pages { hosts, methods, look_ups, rate })
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

impl Pages {
    async fn answer(
        &self,
        peer: Option<Extension<Peer>>,
        host: &str,
        (jti, code): (String, String),
        headers: &HeaderMap,
    ) -> Result<Response, Refusal> {
        let now = self.look_ups.clock.now();
        if peer.is_some_and(|Extension(peer)| !self.rate.take(peer.network(), 1, now)) {
            return Err(ApiError::RateLimited.into());
        }
        let authority = Arc::clone(self.hosts.named(host)?);
        let jti = jti.to_ascii_uppercase().parse::<Jti>().map_err(|_| Refusal::NoSuchResource)?;
        let found = self.look_ups.whole(authority, jti, code).await?.map_err(|error| match error.reason() {
            "CERTIFICATE_UNKNOWN" => Refusal::NoSuchResource,
            _ => Refusal::Inside(error.to_string()),
        })?;
        let asked = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        // A browser says that it wants pages; a program that says nothing gets what programs read.
        if asked.contains("text/html") {
            return Ok(([(header::CONTENT_TYPE, HTML)], html(&found)).into_response());
        }
        let document = self.methods.told("origin.v1.LookUpCertificateResponse", &found).map_err(Refusal::from)?;
        Ok(([(header::CONTENT_TYPE, JSON)], document).into_response())
    }
}

/// The page: plain enough to be printed and held beside the paper.
fn html(found: &wire::LookUpCertificateResponse) -> String {
    let mut out = String::from(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>Certificate of origin</title></head>\n<body>\n",
    );
    // Writing to a String cannot fail.
    let _ = body(&mut out, found);
    out.push_str("</body>\n</html>\n");
    out
}

fn body(out: &mut String, found: &wire::LookUpCertificateResponse) -> std::fmt::Result {
    let view = std::str::from_utf8(&found.token).ok().and_then(|token| Presentation::parse(token).ok());
    let view = view.and_then(|presentation| match presentation.open().ok()?.body {
        OpenedBody::Certificate(certificate) => Some(View::new(certificate)),
        _ => None,
    });
    let number = view.as_ref().and_then(|view| view.certificate().reference.as_option());
    let number = number.map(|reference| reference.number.to_string()).unwrap_or_default();
    let status = found.status().as_str_name();
    let status = status.strip_prefix("CERTIFICATE_STATUS_").unwrap_or(status).replace('_', " ");
    writeln!(out, "<h1>Certificate of origin {}</h1>", shown(&number))?;
    let as_of = found.as_of.as_ref().map(ToString::to_string).unwrap_or_default();
    writeln!(
        out,
        "<p>Issued by {}. Status: <strong>{}</strong>, as of {}.</p>\n<p>This is the word of the node that keeps it. Hold \
         what is written here against the paper in hand.</p>",
        shown(&found.issuer),
        shown(&status),
        shown(&as_of),
    )?;
    let Some(view) = view else { return Ok(()) };
    let certificate = view.certificate();
    let until = certificate.valid_until.map_or_else(|| "no limit stated".to_owned(), |date| date.to_string());
    writeln!(
        out,
        "<p>{} ({}), from {} to {}, valid {} to {until}.</p>",
        shown(certificate.agreement.as_str()),
        shown(certificate.edition.as_str()),
        certificate.from,
        certificate.to,
        certificate.valid_from,
    )?;
    for section in view.sections() {
        let contents = node::from_json(section.contents.as_bytes()).unwrap_or(Node::Null);
        if !matches!(contents, Node::Null) {
            writeln!(out, "<h2>{}</h2>", shown(section.name))?;
            nested(out, &contents)?;
        }
    }
    Ok(())
}

/// Members as a list of names and values; how deep what is signed nests is bounded at 8.
fn nested(out: &mut String, node: &Node<'_>) -> std::fmt::Result {
    match node {
        Node::Object(members) => {
            writeln!(out, "<dl>")?;
            for (name, member) in members.iter().filter(|(_, member)| !matches!(member, Node::Null)) {
                writeln!(out, "<dt>{}</dt><dd>", shown(&name.replace('_', " ")))?;
                nested(out, member)?;
                writeln!(out, "</dd>")?;
            }
            writeln!(out, "</dl>")
        }
        Node::List(elements) => {
            writeln!(out, "<ol>")?;
            for element in elements {
                writeln!(out, "<li>")?;
                nested(out, element)?;
                writeln!(out, "</li>")?;
            }
            writeln!(out, "</ol>")
        }
        Node::Text(text) => writeln!(out, "{}", shown(text)),
        Node::Whole(number) => writeln!(out, "{number}"),
        Node::Bool(yes) => writeln!(out, "{}", if *yes { "yes" } else { "no" }),
        Node::Number | Node::Null => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_certificate_says_is_text_and_never_markup() {
        let json = r#"{"name":"<script>alert(1)</script>","lines":["a & b",{"x":"\"><img>"}],"nothing":null}"#;
        let mut out = String::new();
        nested(&mut out, &node::from_json(json.as_bytes()).unwrap()).unwrap();
        assert!(!out.contains("<script") && !out.contains("<img") && !out.contains("nothing"), "{out}");
        assert!(out.contains("&lt;script&gt;") && out.contains("a &amp; b"), "{out}");
    }
}
