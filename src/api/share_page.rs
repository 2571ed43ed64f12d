//! `GET /share/<secret>` at the HTTPS door: what stands behind a link, as a page without script, or as JSON.
//!
//! What always holds: the secret is in the path alone, so nothing here writes paths anywhere; no cache keeps the answer, no
//! page that is gone to from it is told where from, and no search engine lists it.

use super::http::Refusal;
use super::rate::RateLimit;
use super::rest::Methods;
use super::shares::opened;
use super::wire::google::r#type::Date;
use super::wire::origin::v1 as wire;
use super::{ApiError, Hosts, Peer};
use crate::encoding::base64;
use crate::statement::ResponseCode;
use crate::time::{Clock, Timestamp};
use crate::verification::age;
use axum::Extension;
use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};

/// Where links begin.
pub(super) const PATH: &str = "/share/";
/// Links opened a minute from one address. A secret is not guessed at any rate; this spares the disk.
const A_MINUTE: u32 = 60;
pub(super) const HTML: &str = "text/html; charset=utf-8";
pub(super) const JSON: &str = "application/json";

/// What the door needs.
#[derive(Clone)]
struct Pages {
    hosts: Hosts,
    methods: Arc<Methods>,
    clock: Arc<dyn Clock>,
    rate: Arc<RateLimit>,
}

/// The route.
pub(crate) fn routes(hosts: Hosts, methods: Arc<Methods>, clock: Arc<dyn Clock>) -> Router {
    let rate = Arc::new(RateLimit::new(A_MINUTE));
    Router::new().route("/share/{secret}", get(page)).layer(from_fn(told_to_nobody)).with_state(Pages {
        hosts,
        methods,
        clock,
        rate,
    })
}

async fn page(
    State(door): State<Pages>,
    peer: Option<Extension<Peer>>,
    Path(secret): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    if peer.is_some_and(|Extension(peer)| !door.rate.take(peer.network(), 1, door.clock.now())) {
        return Err(ApiError::RateLimited.into());
    }
    let found = opened(&door.hosts, &secret).await.map_err(|status| Refusal::Inside(status.message().to_owned()))?;
    let shared = found.ok_or(Refusal::NoSuchResource)?;
    let asked = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // A browser says that it wants pages; a program that says nothing gets what programs read.
    if asked.contains("text/html") {
        return Ok(([(header::CONTENT_TYPE, HTML)], html(&shared, door.clock.now())).into_response());
    }
    let document = door.methods.told("origin.v1.SharedDeclaration", &shared).map_err(Refusal::from)?;
    Ok(([(header::CONTENT_TYPE, JSON)], document).into_response())
}

/// What pages look like: readable on a telephone, plain in print. No colour says anything that words do not.
const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:1.5rem auto;padding:0 1rem;color:#111;\
background:#fff}h1{font-size:1.4rem;line-height:1.25}h2{font-size:1.1rem;margin:1.8rem 0 .4rem;border-bottom:1px solid #bbb}\
.status{font-size:1.2rem;border:2px solid;border-radius:.4rem;padding:.4rem .8rem;display:inline-block}.good{color:#0a5c2b}\
.bad{color:#9b1c1c}dl{display:grid;grid-template-columns:minmax(8rem,14rem) 1fr;gap:.2rem 1rem;margin:.3rem 0}dt{color:#555}\
dd{margin:0;overflow-wrap:anywhere}ol,ul{padding-left:1.4rem}li{margin:.4rem 0}table{border-collapse:collapse;width:100%}\
th,td{border:1px solid #bbb;padding:.25rem .5rem;text-align:left;vertical-align:top}code{overflow-wrap:anywhere}\
.note{color:#555}@media(max-width:34rem){dl{display:block}dd{margin:0 0 .4rem}}";

/// A page: what it is called, and what stands on it, as HTML.
pub(super) fn whole_page(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><title>{}</title><style>{STYLE}</style></head>\n<body>\n\
         {body}</body>\n</html>\n",
        shown(title)
    )
}

/// Nothing is loaded and nothing runs; of styles the one that the pages have, by its hash.
static SECURITY_POLICY: LazyLock<String> = LazyLock::new(|| {
    let style = base64::encode(&Sha256::digest(STYLE));
    format!("default-src 'none'; style-src 'sha256-{style}'; frame-ancestors 'none'; base-uri 'none'")
});

pub(super) async fn told_to_nobody(request: Request, next: Next) -> Response {
    let mut answer = next.run(request).await;
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("x-robots-tag"), "noindex"),
    ] {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    // It is of characters that a header has.
    let policy = HeaderValue::from_str(&SECURITY_POLICY).unwrap_or(HeaderValue::from_static("default-src 'none'"));
    answer.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    answer
}

/// The page: plain enough to be printed.
fn html(shared: &wire::SharedDeclaration, now: Timestamp) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = body(&mut out, shared, now);
    whole_page("Declaration and certificate of origin", &out)
}

fn body(out: &mut String, shared: &wire::SharedDeclaration, now: Timestamp) -> std::fmt::Result {
    let declaration = shared.declaration.clone().unwrap_or_default();
    let matched = shared.matched.clone().unwrap_or_default();
    let number = shown(&declaration.number);
    writeln!(out, "<h1>Declaration {number} of {}</h1>", day(declaration.date.as_ref()))?;
    match &matched.arrival {
        None => writeln!(out, "<p>The certificate of origin is not here.</p>")?,
        Some(arrival) => {
            // Of one that is erased no number is left.
            let number = match arrival.number.as_str() {
                "" => String::new(),
                number => format!(" {}", shown(number)),
            };
            let erased = arrival.delivery() == wire::Delivery::Erased;
            let (erased, issuer) = (if erased { ", which is erased here" } else { "" }, shown(&arrival.issuer));
            let status = shown(&arrival.status.replace('_', " "));
            writeln!(
                out,
                "<p>Certificate of origin{number}{erased}, issued by {issuer}: <strong>{status}</strong>{}.",
                known(arrival, now)
            )?;
            let valid = (day(arrival.valid_from.as_ref()), day(arrival.valid_until.as_ref()));
            // What its issuer stopped may be used on no day.
            let stands = matches!(arrival.status.as_str(), "valid" | "in_part");
            let may = if stands { "It may be used" } else { "It was issued to be used" };
            writeln!(out, "{may} from {} to {}.</p>", valid.0, valid.1)?;
        }
    }
    table(out, "What is left of it", &["Item", "Goods", "Certified", "Used", "Left"], &matched.balance, |one| {
        let much = |value: &str| format!("{value} {}", one.unit);
        vec![one.item.to_string(), one.description.clone(), much(&one.whole), much(&one.used), much(&one.left)]
    })?;
    if is_the_same(&matched) {
        writeln!(out, "<h2>What differs</h2>\n<p>Nothing.</p>")?;
    }
    table(out, "What differs", &["Line", "Item", "What", "Certificate", "Declaration"], &matched.differences, |one| {
        let place = |number: u32| if number == 0 { "all".to_owned() } else { number.to_string() };
        let (certificate, declaration) = (one.certificate.clone(), one.declaration.clone());
        vec![place(one.line), place(one.item), one.subject.replace('_', " "), certificate, declaration]
    })?;
    table(out, "What should be known", &["What"], &matched.notices, |one| vec![one.words.clone()])?;
    let decided =
        shared.acts.iter().flat_map(|act| act.decisions.iter().map(move |one| (act, one))).collect::<Vec<_>>();
    let columns = ["Act", "When", "Item", "Line", "Decision", "Quantity", "Reason"];
    table(out, "What customs decided", &columns, &decided, |(act, one)| {
        let counts = if act.counts && !one.over { "" } else { " (no longer)" };
        // What waited was decided by two people only then.
        let at = act.settled_at.as_ref().or(act.at.as_ref());
        let at = at.and_then(|at| Timestamp::from_second(at.seconds).ok()).map(|at| at.to_string());
        let item = if one.item == 0 { "all".to_owned() } else { one.item.to_string() };
        let line = if one.line == 0 { String::new() } else { one.line.to_string() };
        let reason = one.reason.replace('_', " ").to_lowercase();
        let why = [reason.as_str(), &one.basis, &one.words].into_iter().filter(|text| !text.is_empty());
        let why = why.collect::<Vec<_>>().join("; ");
        let much = format!("{} {}", one.quantity, one.unit);
        let decision = format!("{}{counts}", decision(&one.code));
        vec![act.act.to_string(), at.unwrap_or_default(), item, line, decision, much, why]
    })?;
    writeln!(out, "<p>This link ends with {}. Whoever has it sees this page.</p>", day(shared.until.as_ref()))
}

/// Whether every line was held against an item, and nothing of it is otherwise there.
fn is_the_same(matched: &wire::MatchDeclarationResponse) -> bool {
    let held = !matched.items.is_empty() && matched.items.iter().all(|item| *item != 0);
    held && matched.differences.is_empty()
}

/// What customs decided, for who has no list of their codes.
fn decision(code: &str) -> &str {
    use ResponseCode as C;
    match code.parse::<ResponseCode>() {
        Ok(C::Received) => "received",
        Ok(C::IncompleteData) => "something is missing to decide",
        Ok(C::AcceptedForClaim) => "claim accepted",
        Ok(C::UtilisedFull) => "written off, all that was left",
        Ok(C::UtilisedPartial) => "written off in part",
        Ok(C::NotUtilised) => "imported without it",
        Ok(C::PreferenceSuspended) => "preference suspended until it is verified",
        Ok(C::PreferenceDenied) => "preference denied",
        Ok(C::ReturnedForRectification) => "returned to be mended by its issuer",
        Ok(C::Diverted) => "the goods went elsewhere",
        Ok(C::Reversed) => "taken back",
        Ok(C::NoReply) => "its issuer did not answer in time",
        Err(_) => code,
    }
}

/// The instant that a status speaks of, and how long ago that is.
fn known(arrival: &wire::Arrival, now: Timestamp) -> String {
    let as_of = arrival.status_as_of.as_ref().and_then(|at| Timestamp::from_second(at.seconds).ok());
    as_of.map_or_else(String::new, |as_of| {
        let passed = u64::try_from(now.as_second().saturating_sub(as_of.as_second())).unwrap_or(0);
        let of_new = ("issued after", "less than ", passed.max(1));
        let (since, less, passed) = if arrival.issued_since { of_new } else { ("as of", "", passed) };
        format!(", {since} {as_of} ({less}{} old)", age(passed))
    })
}

fn table<T>(
    out: &mut String,
    title: &str,
    columns: &[&str],
    rows: &[T],
    cells: impl Fn(&T) -> Vec<String>,
) -> std::fmt::Result {
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(out, "<h2>{title}</h2>\n<table>\n<tr>")?;
    columns.iter().try_for_each(|column| writeln!(out, "<th scope=\"col\">{column}</th>"))?;
    writeln!(out, "</tr>")?;
    for row in rows {
        writeln!(out, "<tr>")?;
        cells(row).iter().try_for_each(|cell| writeln!(out, "<td>{}</td>", shown(cell.trim())))?;
        writeln!(out, "</tr>")?;
    }
    writeln!(out, "</table>")
}

fn day(date: Option<&Date>) -> String {
    date.map_or_else(|| "–".to_owned(), |date| format!("{:04}-{:02}-{:02}", date.year, date.month, date.day))
}

/// Text as HTML has it: what partners and importers wrote is never markup.
pub(super) fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_on_a_line_of_the_declaration_says_which() {
        let one = |line, code: &str| wire::DecidedItem { item: 1, line, code: code.to_owned(), ..Default::default() };
        let decisions = vec![one(7, "PREFERENCE_DENIED"), one(0, "RECEIVED")];
        let act = wire::CustomsAct { act: 3, counts: true, decisions, ..Default::default() };
        let page = html(&wire::SharedDeclaration { acts: vec![act], ..Default::default() }, Timestamp::UNIX_EPOCH);
        assert!(page.contains("<td>1</td>\n<td>7</td>\n<td>preference denied</td>"), "{page}");
        assert!(page.contains("<td>1</td>\n<td></td>\n<td>received</td>"), "{page}");
    }

    #[test]
    fn a_decision_is_told_in_words_with_when_it_was_made_and_whether_it_is_over() {
        let one = wire::DecidedItem {
            item: 1,
            code: "PREFERENCE_DENIED".to_owned(),
            reason: "NOT_ORIGINATING".to_owned(),
            over: true,
            ..Default::default()
        };
        let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
        let act = wire::CustomsAct { act: 3, at: at(0), counts: true, decisions: vec![one], ..Default::default() };
        let page = |act: &wire::CustomsAct| {
            html(&wire::SharedDeclaration { acts: vec![act.clone()], ..Default::default() }, Timestamp::UNIX_EPOCH)
        };
        let decided = page(&act);
        assert!(decided.contains("<td>3</td>\n<td>1970-01-01T00:00:00Z</td>"), "{decided}");
        assert!(decided.contains("<td>preference denied (no longer)</td>"), "{decided}");
        assert!(decided.contains("<td>not originating</td>"), "{decided}");
        let released = page(&wire::CustomsAct { settled_at: at(60), ..act });
        assert!(released.contains("<td>1970-01-01T00:01:00Z</td>"), "{released}");
        for code in ResponseCode::ALL {
            assert_ne!(decision(code.as_str()), code.as_str());
        }
        assert_eq!(decision("SOMETHING_NEW"), "SOMETHING_NEW");
    }

    #[test]
    fn that_nothing_differs_is_said_where_every_line_has_its_item() {
        let says = |items: Vec<u32>, differences: Vec<wire::Difference>| {
            let matched = wire::MatchDeclarationResponse { items, differences, ..Default::default() };
            let shared = wire::SharedDeclaration { matched: Some(matched), ..Default::default() };
            html(&shared, Timestamp::UNIX_EPOCH).contains("<p>Nothing.</p>")
        };
        assert!(says(vec![1, 2], Vec::new()));
        assert!(!says(vec![1, 0], Vec::new()) && !says(Vec::new(), Vec::new()));
        assert!(!says(vec![1], vec![wire::Difference::default()]));
    }

    #[test]
    fn of_a_certificate_that_ended_nobody_reads_that_it_may_be_used() {
        let page = |status: &str| {
            let arrival = wire::Arrival { status: status.to_owned(), ..Default::default() };
            let matched = wire::MatchDeclarationResponse { arrival: Some(arrival), ..Default::default() };
            html(&wire::SharedDeclaration { matched: Some(matched), ..Default::default() }, Timestamp::UNIX_EPOCH)
        };
        assert!(page("valid").contains("It may be used from"));
        for ended in ["suspended", "cancelled", "withdrawn", "superseded", "void", "key_closed"] {
            assert!(!page(ended).contains("may be used"), "{ended}");
        }
        assert!(page("key_closed").contains("<strong>key closed</strong>."));
    }

    #[test]
    fn of_a_certificate_that_is_erased_that_is_said() {
        let of = |number: &str, delivery: wire::Delivery| {
            let (number, issuer) = (number.to_owned(), "tdap.gov.pk".to_owned());
            let arrival = wire::Arrival { number, issuer, delivery: delivery.into(), ..Default::default() };
            let matched = wire::MatchDeclarationResponse { arrival: Some(arrival), ..Default::default() };
            html(&wire::SharedDeclaration { matched: Some(matched), ..Default::default() }, Timestamp::UNIX_EPOCH)
        };
        let whole = of("PK-1", wire::Delivery::Complete);
        assert!(whole.contains("<p>Certificate of origin PK-1, issued by tdap.gov.pk: "), "{whole}");
        let erased = of("", wire::Delivery::Erased);
        assert!(erased.contains("<p>Certificate of origin, which is erased here, issued by tdap.gov.pk: "), "{erased}");
    }

    #[test]
    fn the_status_says_of_which_instant_it_speaks_and_how_old_that_is() {
        let status_as_of = Some(prost_types::Timestamp { seconds: 60, nanos: 0 });
        let arrival = wire::Arrival { status: "valid".to_owned(), status_as_of, ..Default::default() };
        let matched = wire::MatchDeclarationResponse { arrival: Some(arrival), ..Default::default() };
        let shared = wire::SharedDeclaration { matched: Some(matched), ..Default::default() };
        let page = html(&shared, Timestamp::from_second(10_860).unwrap());
        assert!(page.contains("<strong>valid</strong>, as of 1970-01-01T00:01:00Z (3 h old)."), "{page}");
        let mut since = shared;
        if let Some(arrival) = since.matched.as_mut().and_then(|matched| matched.arrival.as_mut()) {
            arrival.issued_since = true;
        }
        let page = html(&since, Timestamp::from_second(240).unwrap());
        assert!(page.contains(", issued after 1970-01-01T00:01:00Z (less than 3 min old)."), "{page}");
    }

    #[test]
    fn what_others_wrote_is_text_and_never_markup() {
        let goods =
            wire::ItemBalance { item: 1, description: "<script>alert('1')</script>".to_owned(), ..Default::default() };
        let matched = wire::MatchDeclarationResponse { balance: vec![goods], ..Default::default() };
        let declaration = wire::ImportDeclaration { number: "\"><img src=x>".to_owned(), ..Default::default() };
        let shared = wire::SharedDeclaration {
            declaration: Some(declaration),
            until: Some(Date { year: 2026, month: 12, day: 1 }),
            matched: Some(matched),
            acts: Vec::new(),
        };
        let page = html(&shared, Timestamp::UNIX_EPOCH);
        assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
        assert!(page.contains("&lt;script&gt;") && page.contains("2026-12-01"), "{page}");
    }
}
