//! A verdict as plain text, for a terminal or a log line by line. No colour, no width of its own.
//!
//! It is made of the JSON form, so that the verdict of a node reads as one's own.

use super::{Verdict, View, check::age};
use crate::certificate::node::{self, Node};
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};
use std::fmt::Write;

/// Columns of the labels, so that what follows them stands in one line.
const LABEL: usize = 14;
/// Why a section is not shown in what a holder presents.
pub(super) const WITHHELD: &str = "redacted by the holder";

/// As much of the JSON form as the text says.
#[derive(Deserialize)]
struct Told {
    headline: String,
    sentence: String,
    next: Option<String>,
    authentic: ToldAnswer,
    usable: ToldAnswer,
    as_of: Option<ToldDay>,
    at: String,
    checks: Vec<ToldCheck>,
    warnings: Vec<ToldWarning>,
    statement: Option<ToldPlace>,
    certificate: Option<ToldCertificate>,
    stamp: Option<ToldStamp>,
    trust: ToldTrust,
    agreements_digest: Option<String>,
    notes: Vec<String>,
}

#[derive(Deserialize)]
struct ToldAnswer {
    answer: String,
    sentence: String,
}

#[derive(Deserialize)]
struct ToldDay {
    date: String,
    zone: String,
    asked: bool,
}

#[derive(Deserialize)]
struct ToldCheck {
    name: String,
    outcome: String,
    sentence: String,
    next: Option<String>,
    rests_on: Option<ToldBasis>,
}

#[derive(Deserialize)]
struct ToldBasis {
    source: String,
    time: Option<String>,
    age_seconds: Option<u64>,
}

#[derive(Deserialize)]
struct ToldWarning {
    code: String,
    sentence: String,
}

#[derive(Deserialize)]
struct ToldPlace {
    iss: String,
    kid: String,
    jti: String,
    aud: String,
    log: String,
    index: Option<u64>,
}

#[derive(Deserialize)]
struct ToldTrust {
    version: u64,
    next_update: String,
}

#[derive(Deserialize)]
struct ToldCertificate {
    agreement: String,
    edition: String,
    form: String,
    from: String,
    to: String,
    valid_from: String,
    valid_until: Option<String>,
    flags: Vec<String>,
    sections: Vec<ToldSection>,
}

#[derive(Deserialize)]
struct ToldSection {
    name: String,
    shown: bool,
    /// As it stands: the order of the members is that of the format.
    contents: Box<RawValue>,
}

#[derive(Deserialize)]
struct ToldStamp {
    kid: String,
    iss: String,
    number: String,
    issued_on: String,
    valid_until: Option<String>,
    agreement: String,
    edition: String,
    from: String,
    to: String,
    total: u64,
    gross_weight: Option<Value>,
    items: Vec<ToldItem>,
    log: String,
    index: u64,
}

#[derive(Deserialize)]
struct ToldItem {
    number: u64,
    hs: Option<String>,
    quantity: Option<Value>,
    gross_weight: Option<Value>,
    criterion: Option<String>,
}

pub(super) fn render(verdict: &Verdict) -> String {
    // What was written as JSON reads as JSON.
    of_json(verdict.to_json().as_bytes()).unwrap_or_else(|| format!("{}\n{}\n", verdict.headline, verdict.sentence))
}

/// The text of a verdict in its JSON form; `None` where that is no verdict of this form.
pub(super) fn of_json(json: &[u8]) -> Option<String> {
    let told = serde_json::from_slice::<Told>(json).ok()?;
    let mut out = String::with_capacity(4_096);
    // Writing to a String cannot fail.
    let _ = write(&mut out, &told);
    Some(out)
}

fn write(out: &mut String, verdict: &Told) -> std::fmt::Result {
    writeln!(out, "{}", folded(&verdict.headline))?;
    writeln!(out, "{}", folded(&verdict.sentence))?;
    if let Some(next) = &verdict.next {
        writeln!(out, "What to do: {}", folded(next))?;
    }
    writeln!(out)?;
    answer(out, "Authentic and not withdrawn", &verdict.authentic)?;
    let usable = verdict.as_of.as_ref().map_or_else(
        || "Usable".to_owned(),
        |day| {
            let chosen = if day.asked { "" } else { ", the day there when asked" };
            format!("Usable on {} ({}{chosen})", folded(&day.date), folded(&day.zone))
        },
    );
    answer(out, &usable, &verdict.usable)?;
    for warning in &verdict.warnings {
        writeln!(out, "Note: {} [{}]", folded(&warning.sentence), folded(&warning.code))?;
    }
    writeln!(out, "\nChecks")?;
    for check in &verdict.checks {
        write_check(out, check)?;
    }
    if let Some(place) = &verdict.statement {
        writeln!(out, "\nStatement")?;
        line(out, "issuer", &place.iss)?;
        line(out, "key", &place.kid)?;
        line(out, "id", &place.jti)?;
        line(out, "addressee", &place.aud)?;
        line(out, "log", &place.log)?;
        if let Some(index) = place.index {
            line(out, "index", &index.to_string())?;
        }
    }
    if let Some(stamp) = &verdict.stamp {
        writeln!(out)?;
        write_stamp(out, stamp)?;
    }
    if let Some(certificate) = &verdict.certificate {
        writeln!(out)?;
        write_certificate(out, certificate, WITHHELD)?;
    }
    writeln!(out, "\nRests on")?;
    let trust = &verdict.trust;
    line(out, "trust list", &format!("version {}, next due {}", trust.version, trust.next_update))?;
    let agreements = verdict.agreements_digest.as_deref().map_or_else(
        || "no files given; the signed dates decide".to_owned(),
        |digest| format!("files with SHA-256 {digest}"),
    );
    line(out, "agreements", &agreements)?;
    line(out, "asked at", &verdict.at)?;
    for note in &verdict.notes {
        writeln!(out, "{}", folded(note))?;
    }
    Ok(())
}

fn answer(out: &mut String, label: &str, answer: &ToldAnswer) -> std::fmt::Result {
    writeln!(out, "{label}: {}. {}", folded(&answer.answer), folded(&answer.sentence))
}

fn line(out: &mut String, label: &str, value: &str) -> std::fmt::Result {
    writeln!(out, "  {:LABEL$}{}", folded(label), folded(value))
}

fn write_check(out: &mut String, check: &ToldCheck) -> std::fmt::Result {
    writeln!(out, "  {:8} {:13} {}", folded(&check.outcome), folded(&check.name), folded(&check.sentence))?;
    if let Some(basis) = &check.rests_on {
        let as_of = match (&basis.time, basis.age_seconds) {
            (None, _) => String::new(),
            (Some(time), Some(seconds)) => format!(", as of {time}, {} old", age(seconds)),
            (Some(time), None) => format!(", as of {time}, later than the instant asked"),
        };
        writeln!(out, "{:25}rests on: {}", "", folded(&format!("{}{as_of}", basis.source)))?;
    }
    if let Some(next) = &check.next {
        writeln!(out, "{:25}what to do: {}", "", folded(next))?;
    }
    Ok(())
}

fn write_stamp(out: &mut String, stamp: &ToldStamp) -> std::fmt::Result {
    writeln!(out, "Stamp as signed")?;
    line(out, "issuer", &stamp.iss)?;
    line(out, "key", &stamp.kid)?;
    line(out, "number", &stamp.number)?;
    line(out, "agreement", &format!("{} ({})", stamp.agreement, stamp.edition))?;
    line(out, "from, to", &format!("{} to {}", stamp.from, stamp.to))?;
    let until = stamp.valid_until.as_deref().unwrap_or("no limit stated");
    line(out, "issued on", &format!("{}, usable until {until}", stamp.issued_on))?;
    line(out, "log", &format!("entry {} of {}", stamp.index, stamp.log))?;
    line(out, "gross weight", &measure(stamp.gross_weight.as_ref()))?;
    line(out, "items", &format!("{} of {} are carried", stamp.items.len(), stamp.total))?;
    for item in &stamp.items {
        let or_dash = |value: &Option<String>| value.as_deref().map_or_else(|| "-".to_owned(), folded);
        writeln!(
            out,
            "    {}. HS {}, quantity {}, gross weight {}, criterion {}",
            item.number,
            or_dash(&item.hs),
            measure(item.quantity.as_ref()),
            measure(item.gross_weight.as_ref()),
            or_dash(&item.criterion),
        )?;
    }
    Ok(())
}

/// "12 KGM"; a dash where there is none.
fn measure(measure: Option<&Value>) -> String {
    let of = |members: &Map<String, Value>| {
        let part = |name: &str| members.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        folded(&format!("{} {}", part("value"), part("unit")))
    };
    measure.and_then(Value::as_object).map_or_else(|| "-".to_owned(), of)
}

/// The certificate alone; of a section that is not shown, why it is not.
pub(super) fn certificate(view: &View, not_shown: &str) -> String {
    let mut out = String::with_capacity(2_048);
    let json = serde_json::to_string(view).unwrap_or_default();
    if let Ok(told) = serde_json::from_str(&json) {
        // Writing to a String cannot fail.
        let _ = write_certificate(&mut out, &told, not_shown);
    }
    out
}

fn write_certificate(out: &mut String, certificate: &ToldCertificate, not_shown: &str) -> std::fmt::Result {
    writeln!(out, "Certificate as signed")?;
    let (agreement, edition, form) = (&certificate.agreement, &certificate.edition, &certificate.form);
    line(out, "agreement", &format!("{agreement} ({edition}), form {form}"))?;
    line(out, "from, to", &format!("{} to {}", certificate.from, certificate.to))?;
    let until = certificate.valid_until.as_deref().unwrap_or("no limit stated");
    line(out, "valid", &format!("{} to {until}", certificate.valid_from))?;
    if !certificate.flags.is_empty() {
        line(out, "marked", &certificate.flags.join(", "))?;
    }
    for section in &certificate.sections {
        if section.shown {
            writeln!(out, "  {}", folded(&section.name))?;
            let contents = node::from_json(section.contents.get().as_bytes()).unwrap_or(Node::Null);
            write_node(out, &contents, 2)?;
        } else {
            line(out, &section.name, not_shown)?;
        }
    }
    Ok(())
}

/// Members on lines of their own, indented by depth; the depth of what is signed is bounded at 8.
fn write_node(out: &mut String, node: &Node<'_>, depth: usize) -> std::fmt::Result {
    let indent = "  ".repeat(depth);
    match node {
        Node::Object(members) => members.iter().try_for_each(|(name, member)| match scalar(member) {
            Some(text) => writeln!(out, "{indent}{name}: {text}"),
            None => {
                writeln!(out, "{indent}{name}")?;
                write_node(out, member, depth + 1)
            }
        }),
        Node::List(elements) => (1..).zip(elements).try_for_each(|(number, element)| match scalar(element) {
            Some(text) => writeln!(out, "{indent}{number}. {text}"),
            None => {
                writeln!(out, "{indent}{number}.")?;
                write_node(out, element, depth + 1)
            }
        }),
        other => writeln!(out, "{indent}{}", scalar(other).unwrap_or_default()),
    }
}

/// The text of a value without members. Line breaks are folded, so that signed text cannot forge a line of the
/// report.
fn scalar(node: &Node<'_>) -> Option<String> {
    Some(match node {
        Node::Null => "-".to_owned(),
        Node::Bool(true) => "yes".to_owned(),
        Node::Bool(false) => "no".to_owned(),
        Node::Whole(number) => number.to_string(),
        Node::Number => "(a number)".to_owned(),
        Node::Text(text) => folded(text),
        Node::List(elements) if elements.is_empty() => "none".to_owned(),
        Node::List(_) | Node::Object(_) => return None,
    })
}

fn folded(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
