//! What is left of a certificate, item by item: in lines for people, and as JSON.

use crate::{
    api::client::wire,
    cli::{
        console::{Colour, Console},
        tree::plain,
    },
    encoding::Decimal,
};
use serde_json::{Value, json};

/// A figure with no more digits than its value has: zeros that a form prints behind the point say nothing in a sentence.
pub(super) fn figure(text: &str) -> String {
    let shortest = text.parse::<Decimal>().ok().and_then(|value| Decimal::of_millionths(value.millionths()));
    shortest.map_or_else(|| plain(text), |value| value.to_string())
}

/// How much of an item is left.
fn left_of(one: &wire::ItemBalance) -> String {
    format!("{} of {} {} left", figure(&one.left), figure(&one.whole), one.unit)
}

/// What is left, item by item.
pub(super) fn balance_lines(console: Console, items: &[wire::ItemBalance]) {
    for one in items {
        let left = match (one.unit.as_str(), one.ended) {
            (_, true) => console.paint(Colour::Red, "has lost its force"),
            ("", false) => "states no quantity".to_owned(),
            (_, false) => left_of(one),
        };
        let response = if one.response.is_empty() { String::new() } else { format!("  {}", one.response) };
        console.data(format!("item {:3}  {left}{response}  {}", one.item, plain(&one.description)));
        for line in &one.lines {
            console.data(format!("          {}", decided_line(line)));
        }
    }
}

/// A line of a declaration that was decided on by itself.
fn decided_line(one: &wire::DecidedLine) -> String {
    let at = if one.office.is_empty() { String::new() } else { format!(" at {}", plain(&one.office)) };
    format!("{} on line {} of declaration {}{at}", plain(&one.code), one.line, plain(&one.declaration))
}

pub(super) fn balance_described(items: &[wire::ItemBalance]) -> Value {
    let line = |one: &wire::DecidedLine| {
        json!({
            "declaration": one.declaration, "office": one.office, "line": one.line, "code": one.code,
        })
    };
    let item = |one: &wire::ItemBalance| {
        json!({
            "item": one.item, "description": one.description, "unit": one.unit, "whole": one.whole, "used": one.used,
            "left": one.left, "response": one.response, "ended": one.ended,
            "lines": one.lines.iter().map(line).collect::<Vec<_>>(),
        })
    };
    items.iter().map(item).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::customs::shown::decided;

    #[test]
    fn a_figure_in_a_sentence_is_as_short_as_its_value_and_stays_as_it_is_for_machines() {
        for (written, short) in [("15299.0", "15299"), ("0.000", "0"), ("24.375", "24.375"), ("100", "100"), ("", "")] {
            assert_eq!(figure(written), short);
        }
        let text = |text: &str| text.to_owned();
        let one =
            wire::ItemBalance { left: text("0.000"), whole: text("24.375"), unit: text("TNE"), ..Default::default() };
        assert_eq!(left_of(&one), "0 of 24.375 TNE left");
        assert_eq!(balance_described(&[one])[0]["left"], "0.000");
        let used = wire::DecidedItem { item: 1, quantity: text("1.50"), left: text("15299.0"), ..Default::default() };
        let used = wire::DecidedItem { code: text("UTILISED_PARTIAL"), unit: text("TNE"), ..used };
        assert_eq!(decided(&used), "item 1: UTILISED_PARTIAL 1.5 TNE, 15299 left");
    }

    #[test]
    fn a_line_that_was_denied_by_itself_is_named_beside_its_item() {
        let one = wire::DecidedLine {
            declaration: "I-77".to_owned(),
            office: "SHA".to_owned(),
            line: 2,
            code: "PREFERENCE_DENIED".to_owned(),
        };
        assert_eq!(decided_line(&one), "PREFERENCE_DENIED on line 2 of declaration I-77 at SHA");
        let item = wire::ItemBalance { lines: vec![one], ..wire::ItemBalance::default() };
        assert_eq!(balance_described(&[item])[0]["lines"][0]["line"], 2);
    }
}
