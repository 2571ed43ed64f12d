//! The pages themselves: plain enough to be printed and held beside the paper.

use super::super::share_page::{shown, whole_page};
use super::super::wire::origin::v1 as wire;
use crate::certificate::node::{self, Node};
use crate::statement::{Issuer, OpenedBody, Presentation};
use crate::time::Timestamp;
use crate::verification::View;
use std::fmt::Write as _;

/// Names that are not plain words once their `_` is a space.
const LABELS: [(&str, &str); 18] = [
    ("ids", "identifiers"),
    ("id", "identifier"),
    ("hs", "tariff code"),
    ("to_order", "made out to order"),
    ("prior", "earlier certificates"),
    ("fob", "FOB value"),
    ("iso", "ISO code"),
    ("vat", "VAT number"),
    ("count", "number of items"),
    ("issued_on", "issued on"),
    ("uri", "address"),
    ("lei", "legal entity identifier"),
    ("imo", "IMO number"),
    ("un_locode", "UN/LOCODE"),
    ("locode", "UN/LOCODE"),
    ("marks", "marks and numbers"),
    ("gross_weight", "gross weight"),
    ("net_weight", "net weight"),
];

/// How to verify a paper of this authority, for whoever holds one.
pub(super) fn how_to_verify(issuer: &Issuer, names: &[(String, String)]) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = how(&mut out, issuer, names);
    whole_page("How to verify a certificate of origin", &out)
}

fn how(out: &mut String, issuer: &Issuer, names: &[(String, String)]) -> std::fmt::Result {
    let host = shown(issuer.host().as_str());
    writeln!(out, "<h1>How to verify a certificate of origin</h1>")?;
    writeln!(out, "<p>Certificates that name <code>https://{host}</code> are issued by:</p>\n<ul>")?;
    for (language, name) in names {
        writeln!(out, "<li lang=\"{}\" dir=\"auto\">{}</li>", shown(language), shown(name))?;
    }
    if names.is_empty() {
        writeln!(out, "<li>the authority at {host}</li>")?;
    }
    writeln!(
        out,
        "</ul>\n<p>A page can be altered or invented. What counts is what the authority signed, and that is reached from the \
         paper in three ways.</p>\n\
         <h2>With the code on the paper</h2>\n\
         <p>Scan the smaller of the two square codes with a telephone. Before you open it, look that the address begins with \
         <code>https://{host}/V/</code>: another address is not ours. The page that opens shows the whole certificate as it \
         was signed and whether it still stands. Hold every line of it against the paper in hand.</p>\n\
         <p>Without a scanner, type the address that stands in the code as it is printed. A copy that its holder has redacted \
         bears no such code: ask the holder for the complete certificate.</p>\n\
         <h2>With the file</h2>\n\
         <p>Ask the holder for the PDF as it was downloaded, or for the certificate's own file (<code>.coo.json</code>). \
         With the program <code>origin</code> and the trust list of your authority it is judged on your own machine, with no \
         network:</p>\n\
         <p><code>origin verify FILE --trust trust-list.note --anchor anchor.toml</code></p>\n\
         <p>A photograph or scan of the larger code is judged in the same way; alone it says what was signed and not whether \
         it still stands.</p>\n\
         <h2>By asking the authority</h2>\n\
         <p>Where a doubt remains, customs ask the authority through the channel that the agreement names. Give the number of \
         the certificate and its date of issue. Do not use a telephone number or an address that stands on the paper alone: \
         take that of the authority from a source of your own.</p>\n\
         <p class=\"note\">A signature proves who said it, not that it is true.</p>"
    )
}

/// What the code of a paper leads to.
pub(super) fn certificate(found: &wire::LookUpCertificateResponse, names: &[(String, String)]) -> String {
    let view = std::str::from_utf8(&found.token).ok().and_then(|token| Presentation::parse(token).ok());
    let view = view.and_then(|presentation| match presentation.open().ok()?.body {
        OpenedBody::Certificate(certificate) => Some(View::new(certificate)),
        _ => None,
    });
    let number = view.as_ref().and_then(|view| view.certificate().reference.as_option());
    let title = match number {
        Some(reference) => format!("Certificate of origin {}", reference.number),
        None => "Certificate of origin".to_owned(),
    };
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = body(&mut out, found, names, &title, view.as_ref());
    whole_page(&title, &out)
}

fn body(
    out: &mut String,
    found: &wire::LookUpCertificateResponse,
    names: &[(String, String)],
    title: &str,
    view: Option<&View>,
) -> std::fmt::Result {
    use wire::CertificateStatus as S;
    let (class, status) = match found.status() {
        _ if found.on_paper => ("", "registered on paper"),
        S::Valid => ("good", "valid"),
        S::InPart => ("", "valid for some of its items"),
        S::Cancelled => ("bad", "cancelled"),
        S::Withdrawn => ("bad", "withdrawn"),
        S::Superseded => ("bad", "replaced by another"),
        S::Suspended => ("bad", "suspended"),
        S::Void => ("bad", "void"),
        S::KeyClosed => ("bad", "counts for nothing: the key that signed it is closed"),
        S::Unproven => ("bad", "cannot be proven any more"),
        S::Unspecified => ("bad", "unknown"),
    };
    let as_of = found.as_of.as_ref().and_then(|at| Timestamp::from_second(at.seconds).ok());
    let as_of = as_of.map(|at| format!(", as of {at}")).unwrap_or_default();
    let issuer = names.first().map_or_else(
        || shown(&found.issuer),
        |(_, name)| format!("{} (<code>{}</code>)", shown(name), shown(&found.issuer)),
    );
    writeln!(
        out,
        "<h1>{}</h1>\n<p class=\"status {class}\"><strong>{status}</strong>{as_of}</p>\n<p>Issued by {issuer}.</p>\n\
         <p>Hold every line of this page against the paper in hand: where they differ, the paper was altered.</p>",
        shown(title),
    )?;
    if !found.why.is_empty() {
        writeln!(out, "<p class=\"note\">{}</p>", shown(&found.why))?;
    }
    if !found.successor_jti.is_empty() {
        writeln!(out, "<p class=\"note\">In its place stands <code>{}</code>.</p>", shown(&found.successor_jti))?;
    }
    if let Some(view) = view {
        let certificate = view.certificate();
        let until = certificate.valid_until.map_or_else(|| "no limit stated".to_owned(), |date| date.to_string());
        writeln!(
            out,
            "<dl>\n<dt>agreement</dt><dd>{} (rules of {})</dd>\n<dt>from, to</dt><dd>{} to {}</dd>\n\
             <dt>usable</dt><dd>{} to {until}</dd>",
            shown(certificate.agreement.as_str()),
            shown(certificate.edition.as_str()),
            certificate.from,
            certificate.to,
            certificate.valid_from,
        )?;
        let flags = view.flags().iter().map(|flag| flag.replace('_', " ")).collect::<Vec<_>>();
        if !flags.is_empty() {
            writeln!(out, "<dt>marked</dt><dd>{}</dd>", shown(&flags.join(", ")))?;
        }
        writeln!(out, "</dl>")?;
        for section in view.sections() {
            let contents = node::from_json(section.contents.as_bytes()).unwrap_or(Node::Null);
            if !is_empty(&contents) {
                let name = section.name.replace('_', " ");
                let capital = name.chars().next().map(|c| c.to_ascii_uppercase()).into_iter();
                writeln!(out, "<h2>{}</h2>", shown(&capital.chain(name.chars().skip(1)).collect::<String>()))?;
                nested(out, &contents)?;
            }
        }
    }
    writeln!(
        out,
        "<p class=\"note\">This is the word of the node that keeps the certificate, and no proof: that is the signed file. A \
         signature proves who said it, not that it is true.</p>"
    )
}

/// Whether there is nothing in it to read. That something is not so is said by not saying it.
fn is_empty(node: &Node<'_>) -> bool {
    match node {
        Node::Null | Node::Number | Node::Bool(false) => true,
        Node::Text(text) => text.trim().is_empty(),
        Node::List(elements) => elements.iter().all(is_empty),
        Node::Object(members) => members.iter().all(|(_, member)| is_empty(member)),
        Node::Whole(_) | Node::Bool(true) => false,
    }
}

/// "12 KGM", "1200.00 USD": the members are read as one.
fn measure(members: &[(std::borrow::Cow<'_, str>, Node<'_>)]) -> Option<String> {
    match members {
        [(value, Node::Text(much)), (unit, Node::Text(of))]
            if value == "value" && (unit == "unit" || unit == "currency") =>
        {
            Some(format!("{much} {of}"))
        }
        _ => None,
    }
}

/// Members as a list of names and values; how deep what is signed nests is bounded at 8.
fn nested(out: &mut String, node: &Node<'_>) -> std::fmt::Result {
    match node {
        Node::Object(members) if measure(members).is_some() => {
            writeln!(out, "{}", shown(&measure(members).unwrap_or_default()))
        }
        Node::Object(members) => {
            writeln!(out, "<dl>")?;
            for (name, member) in members.iter().filter(|(_, member)| !is_empty(member)) {
                writeln!(out, "<dt>{}</dt><dd>", shown(&label(name)))?;
                nested(out, member)?;
                writeln!(out, "</dd>")?;
            }
            writeln!(out, "</dl>")
        }
        Node::List(elements) => {
            let of_words = elements.iter().all(|element| matches!(element, Node::Text(_)));
            if let ([Node::Text(only)], true) = (elements.as_slice(), of_words) {
                return writeln!(out, "{}", shown(only));
            }
            let list = if of_words { "ul" } else { "ol" };
            writeln!(out, "<{list}>")?;
            // One that was withheld keeps its number.
            for element in elements {
                writeln!(out, "<li>")?;
                nested(out, element)?;
                writeln!(out, "</li>")?;
            }
            writeln!(out, "</{list}>")
        }
        Node::Text(text) => writeln!(out, "<span dir=\"auto\">{}</span>", shown(text)),
        Node::Whole(number) => writeln!(out, "{number}"),
        Node::Bool(yes) => writeln!(out, "{}", if *yes { "yes" } else { "no" }),
        Node::Number | Node::Null => Ok(()),
    }
}

fn label(name: &str) -> String {
    let word = LABELS.iter().find(|(known, _)| *known == name).map(|(_, word)| (*word).to_owned());
    word.unwrap_or_else(|| name.replace('_', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(json: &str) -> String {
        let mut out = String::new();
        nested(&mut out, &node::from_json(json.as_bytes()).unwrap()).unwrap();
        out
    }

    #[test]
    fn what_a_certificate_says_is_text_and_never_markup() {
        let out = said(r#"{"name":"<script>alert(1)</script>","lines":["a & b",{"x":"\"><img>"}],"nothing":null}"#);
        assert!(!out.contains("<script") && !out.contains("<img") && !out.contains("nothing"), "{out}");
        assert!(out.contains("&lt;script&gt;") && out.contains("a &amp; b"), "{out}");
    }

    #[test]
    fn people_read_words_and_nothing_that_says_nothing() {
        let out = said(
            r#"{"ids":[],"prior":[],"to_order":false,"hs":{"code":"950662"},"gross_weight":{"value":"12.5","unit":"KGM"}}"#,
        );
        for gone in ["identifiers", "earlier", "order", "false", "no\n", "<ol>"] {
            assert!(!out.contains(gone), "{gone} in {out}");
        }
        assert!(
            out.contains("<dt>tariff code</dt>") && out.contains("12.5 KGM") && out.contains("gross weight"),
            "{out}"
        );
    }

    #[test]
    fn a_status_is_told_to_the_second() {
        let found = wire::LookUpCertificateResponse {
            as_of: Some(prost_types::Timestamp { seconds: 1_796_000_000, nanos: 123_456_789 }),
            status: wire::CertificateStatus::Cancelled.into(),
            ..Default::default()
        };
        let page = certificate(&found, &[("en".to_owned(), "Trade <Authority>".to_owned())]);
        assert!(page.contains("<strong>cancelled</strong>, as of 2026-11-30T00:53:20Z"), "{page}");
        assert!(page.contains("Trade &lt;Authority&gt;") && page.contains("<style>"), "{page}");
    }

    #[test]
    fn of_one_that_was_replaced_what_stands_in_its_place_is_named() {
        let status = wire::CertificateStatus::Superseded.into();
        let successor_jti = "01M8SC".to_owned();
        let found = wire::LookUpCertificateResponse { status, successor_jti, ..Default::default() };
        assert!(certificate(&found, &[]).contains("In its place stands <code>01M8SC</code>"));
        let none = wire::LookUpCertificateResponse { status, ..Default::default() };
        assert!(!certificate(&none, &[]).contains("In its place"));
    }

    #[test]
    fn a_certificate_whose_status_is_not_known_is_told_with_why_not() {
        let found = wire::LookUpCertificateResponse { why: "log <1> is missing".to_owned(), ..Default::default() };
        let page = certificate(&found, &[]);
        assert!(page.contains("<strong>unknown</strong>") && page.contains("log &lt;1&gt; is missing"), "{page}");
    }

    #[test]
    fn whoever_holds_paper_is_told_how_to_verify_it() {
        let issuer = "https://tdap.gov.pk".parse().unwrap();
        let page = how_to_verify(&issuer, &[("en".to_owned(), "Trade Authority".to_owned())]);
        for said in ["Trade Authority", "https://tdap.gov.pk/V/", "origin verify", "number of"] {
            assert!(page.contains(said), "{said} in {page}");
        }
        assert!(!page.contains("<script") && !page.contains("<form"));
    }
}
