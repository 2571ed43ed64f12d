//! What the rules of origin make of how goods were made, as lines for people: for who declares it, who examines it and
//! who signs.

use super::{console::Colour, tree};
use crate::agreement::{Answer, Outcome};
use serde_json::Value;
use std::fmt::Write as _;

/// Paints for the stream that the lines are for.
pub(super) type Paint<'a> = &'a dyn Fn(Colour, &str) -> String;

/// A declaration as it was made, and behind it what the rules make of it; nothing where nothing is declared.
pub(super) fn declared(paint: Paint<'_>, certificate: &[u8], production: &[u8], judged: &[u8]) -> String {
    let read = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap_or_default();
    if production.is_empty() {
        return String::new();
    }
    let mut out = format!("{}\n", paint(Colour::Bold, "how the goods were made, as declared"));
    out.push_str(&tree::render(&read(production)));
    out.push_str(&judgement(paint, &read(certificate), judged));
    out
}

/// What the rules make of it, line by line.
fn judgement(paint: Paint<'_>, certificate: &Value, judged: &[u8]) -> String {
    let Ok(judged) = serde_json::from_slice::<Value>(judged) else { return String::new() };
    let on = text(&judged, "judged_on");
    let head = format!("what the rules of origin make of it, judged as of {on}");
    format!(
        "{}\n{}",
        paint(Colour::Bold, &head),
        items(paint, certificate, judged.get("items").unwrap_or(&Value::Null))
    )
}

/// Every item in one line: what it comes to, and each rule on both bases.
pub(super) fn brief(paint: Paint<'_>, judged: &[u8]) -> Vec<String> {
    let judged = serde_json::from_slice::<Value>(judged).unwrap_or_default();
    let on = text(&judged, "judged_on");
    let line = |item: &Value| {
        let bases = list(item, "rules").map(|rule| {
            let basis = |name: &str| {
                let reckoned = rule.get(name).unwrap_or(&Value::Null);
                let percentage = reckoned.get("percentage").and_then(Value::as_str);
                let percentage = percentage.map(|percent| format!(" ({percent} %)")).unwrap_or_default();
                format!("{name} {}{percentage}", answer(paint, reckoned.get("answer")))
            };
            format!("{} {}, {}", text(rule, "criterion"), basis("national"), basis("cumulative"))
        });
        let bases = bases.collect::<Vec<_>>().join("; ");
        format!("item {} as of {on}: {}; {bases}", number(item, "item"), outcome(paint, item))
    };
    list(&judged, "items").map(line).collect()
}

/// Every item: the outcome, the figures, and each rule on each basis.
pub(super) fn items(paint: Paint<'_>, certificate: &Value, items: &Value) -> String {
    let mut out = String::new();
    for item in items.as_array().into_iter().flatten() {
        let of = number(item, "item");
        let goods = certificate.pointer("/goods/items").and_then(Value::as_array).into_iter().flatten();
        let goods = goods.into_iter().find(|one| number(one, "number") == of);
        let name = goods.map_or_else(String::new, |goods| {
            let hs = goods.get("hs").filter(|hs| !hs.is_null());
            let hs = hs.map(|hs| format!("{} (HS {}) ", text(hs, "code"), text(hs, "edition"))).unwrap_or_default();
            format!("{hs}{}", text(goods, "description"))
        });
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{}", paint(Colour::Bold, &format!("item {of}: {name}")));
        let _ = writeln!(out, "  {}{}", outcome(paint, item), supported(item));
        lines(&mut out, paint, item.get("figures"), 4);
        list(item, "rules").for_each(|rule| told(&mut out, paint, rule));
    }
    out
}

fn outcome(paint: Paint<'_>, item: &Value) -> String {
    let (colour, outcome) = match item.get("outcome").and_then(Value::as_str) {
        Some("qualifies") => (Colour::Green, Outcome::Qualifies),
        Some("does_not_qualify") => (Colour::Red, Outcome::DoesNotQualify),
        _ => (Colour::Yellow, Outcome::Unknown),
    };
    paint(colour, outcome.as_str())
}

fn supported(item: &Value) -> String {
    let Some(support) = item.get("supports").filter(|support| !support.is_null()) else { return String::new() };
    let some = |name: &str| support.get(name).and_then(Value::as_str).map(tree::plain);
    let percentage = some("percentage").map(|percent| format!(", {percent} %")).unwrap_or_default();
    let printed = some("printed").map(|text| format!("; the form prints `{text}`")).unwrap_or_default();
    let confirmed = if is_true(support, "confirmed") { "" } else { " (not confirmed)" };
    format!(": {}, {} basis{percentage}{printed}{confirmed}", text(support, "criterion"), text(support, "basis"))
}

fn told(out: &mut String, paint: Paint<'_>, rule: &Value) {
    let some = |name: &str| rule.get(name).and_then(Value::as_str).map(tree::plain);
    let range = some("hs").map(|hs| format!(" for {hs}")).unwrap_or_default();
    let confirmed = if is_true(rule, "confirmed") { "" } else { ", not confirmed" };
    let article = some("article").map(|article| format!(" ({article}{confirmed})"));
    let article =
        article.unwrap_or_else(|| if confirmed.is_empty() { String::new() } else { " (not confirmed)".to_owned() });
    let _ = writeln!(out, "  {}{range}: {}{article}", text(rule, "criterion"), text(rule, "rule"));
    let (national, cumulative) = (rule.get("national"), rule.get("cumulative"));
    let same = national.and_then(|one| one.get("lines")) == cumulative.and_then(|one| one.get("lines"));
    if same {
        reckoned(out, paint, "on either basis", national);
    } else {
        reckoned(out, paint, "on the national basis", national);
        reckoned(out, paint, "on the cumulative basis", cumulative);
    }
}

fn reckoned(out: &mut String, paint: Paint<'_>, basis: &str, reckoning: Option<&Value>) {
    let Some(reckoning) = reckoning else { return };
    let _ = writeln!(out, "    {basis}: {}", answer(paint, reckoning.get("answer")));
    lines(out, paint, reckoning.get("lines"), 6);
    for doubt in list(reckoning, "doubts").filter_map(Value::as_str) {
        let _ = writeln!(out, "      open: {}", tree::plain(doubt));
    }
}

fn lines(out: &mut String, paint: Paint<'_>, lines: Option<&Value>, indent: usize) {
    for line in lines.and_then(Value::as_array).into_iter().flatten() {
        let end = line.get("answer").filter(|one| !one.is_null()).map(|one| answer(paint, Some(one)));
        let end = end.map(|end| format!(": {end}")).unwrap_or_default();
        let depth = usize::try_from(number(line, "depth")).unwrap_or(0);
        let _ = writeln!(out, "{:width$}{}{end}", "", text(line, "text"), width = indent + 2 * depth.min(20));
    }
}

fn answer(paint: Paint<'_>, answer: Option<&Value>) -> String {
    let (colour, answer) = match answer.and_then(Value::as_str) {
        Some("met") => (Colour::Green, Answer::Met),
        Some("not_met") => (Colour::Red, Answer::NotMet),
        _ => (Colour::Yellow, Answer::Unknown),
    };
    paint(colour, answer.as_str())
}

fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).map(tree::plain).unwrap_or_default()
}

fn number(value: &Value, name: &str) -> u64 {
    value.get(name).and_then(Value::as_u64).unwrap_or(0)
}

fn is_true(value: &Value, name: &str) -> bool {
    value.get(name).and_then(Value::as_bool).unwrap_or(false)
}
