//! A verdict as plain text, for a terminal or a log line by line. No colour, no width of its own.

use super::{Answer, Check, StampView, Verdict, View};
use crate::certificate::node::{self, Node};
use std::fmt::Write;

/// Columns of the labels, so that what follows them stands in one line.
const LABEL: usize = 14;

pub(super) fn render(verdict: &Verdict) -> String {
    let mut out = String::with_capacity(4_096);
    // Writing to a String cannot fail.
    let _ = write(&mut out, verdict);
    out
}

fn write(out: &mut String, verdict: &Verdict) -> std::fmt::Result {
    writeln!(out, "{}", verdict.headline)?;
    writeln!(out, "{}", verdict.sentence)?;
    if let Some(next) = &verdict.next {
        writeln!(out, "What to do: {next}")?;
    }
    writeln!(out)?;
    answer(out, "Authentic and not withdrawn", &verdict.authentic)?;
    let usable = verdict.as_of.as_ref().map_or_else(
        || "Usable".to_owned(),
        |day| {
            let chosen = if day.asked { "" } else { ", the day there when asked" };
            format!("Usable on {} ({}{chosen})", day.date, day.zone)
        },
    );
    answer(out, &usable, &verdict.usable)?;
    for warning in &verdict.warnings {
        writeln!(out, "Note: {} [{}]", warning.sentence, warning.code)?;
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
        write_certificate(out, certificate)?;
    }
    writeln!(out, "\nRests on")?;
    let trust = &verdict.trust;
    line(out, "trust list", &format!("version {}, next due {}", trust.version, trust.next_update))?;
    let agreements = verdict.agreements_digest.as_deref().map_or_else(
        || "no files given; the signed dates decide".to_owned(),
        |digest| format!("files with SHA-256 {digest}"),
    );
    line(out, "agreements", &agreements)?;
    line(out, "asked at", &verdict.at.to_string())?;
    for note in &verdict.notes {
        writeln!(out, "{note}")?;
    }
    Ok(())
}

fn answer(out: &mut String, label: &str, answer: &Answer) -> std::fmt::Result {
    writeln!(out, "{label}: {}. {}", answer.answer.as_str(), answer.sentence)
}

fn line(out: &mut String, label: &str, value: &str) -> std::fmt::Result {
    writeln!(out, "  {label:LABEL$}{value}")
}

fn write_check(out: &mut String, check: &Check) -> std::fmt::Result {
    writeln!(out, "  {:8} {:13} {}", check.outcome, check.name, check.sentence)?;
    if let Some(basis) = &check.rests_on {
        writeln!(out, "{:25}rests on: {}", "", basis.sentence())?;
    }
    if let Some(next) = &check.next {
        writeln!(out, "{:25}what to do: {next}", "")?;
    }
    Ok(())
}

fn write_stamp(out: &mut String, StampView { kid, stamp }: &StampView) -> std::fmt::Result {
    writeln!(out, "Stamp as signed")?;
    line(out, "issuer", &stamp.iss.to_string())?;
    line(out, "key", kid.as_str())?;
    line(out, "number", stamp.number.as_str())?;
    line(out, "agreement", &format!("{} ({})", stamp.agreement, stamp.edition))?;
    line(out, "from, to", &format!("{} to {}", stamp.from, stamp.to))?;
    let until = stamp.valid_until.map_or_else(|| "no limit stated".to_owned(), |date| date.to_string());
    line(out, "issued on", &format!("{}, usable until {until}", stamp.issued_on))?;
    line(out, "log", &format!("entry {} of {}", stamp.index, stamp.log))?;
    let or_dash = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    line(out, "gross weight", &or_dash(stamp.gross_weight.as_ref().map(ToString::to_string)))?;
    line(out, "items", &format!("{} are carried", stamp.carried()))?;
    for item in &stamp.items {
        let hs = or_dash(item.hs.as_ref().map(ToString::to_string));
        let quantity = or_dash(item.quantity.as_ref().map(ToString::to_string));
        let weight = or_dash(item.gross_weight.as_ref().map(ToString::to_string));
        let criterion = or_dash(item.criterion.as_ref().map(ToString::to_string));
        writeln!(
            out,
            "    {}. HS {hs}, quantity {quantity}, gross weight {weight}, criterion {criterion}",
            item.number
        )?;
    }
    Ok(())
}

/// The certificate alone.
pub(super) fn certificate(view: &View) -> String {
    let mut out = String::with_capacity(2_048);
    // Writing to a String cannot fail.
    let _ = write_certificate(&mut out, view);
    out
}

fn write_certificate(out: &mut String, view: &View) -> std::fmt::Result {
    writeln!(out, "Certificate as signed")?;
    let certificate = view.certificate();
    let (agreement, edition, form) = (&certificate.agreement, &certificate.edition, &certificate.form);
    line(out, "agreement", &format!("{agreement} ({edition}), form {form}"))?;
    line(out, "from, to", &format!("{} to {}", certificate.from, certificate.to))?;
    let until = certificate.valid_until.map_or_else(|| "no limit stated".to_owned(), |date| date.to_string());
    line(out, "valid", &format!("{} to {until}", certificate.valid_from))?;
    let flags = view.flags();
    if !flags.is_empty() {
        line(out, "marked", &flags.join(", "))?;
    }
    for section in view.sections() {
        if section.shown {
            writeln!(out, "  {}", section.name)?;
            let contents = node::from_json(section.contents.as_bytes()).unwrap_or(Node::Null);
            write_node(out, &contents, 2)?;
        } else {
            line(out, section.name, "redacted by the holder")?;
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
        Node::Text(text) => text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect(),
        Node::List(elements) if elements.is_empty() => "none".to_owned(),
        Node::List(_) | Node::Object(_) => return None,
    })
}
