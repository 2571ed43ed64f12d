//! JSON as indented lines for people.

use serde_json::Value;
use std::fmt::Write;

/// Depth below which values are written as they stand: nothing shown here is deeper.
const DEEPEST: usize = 16;

/// Members on lines of their own, indented by depth, each line ended.
pub(super) fn render(value: &Value) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut out, value, 0);
    out
}

fn write(out: &mut String, value: &Value, depth: usize) -> std::fmt::Result {
    let indent = "  ".repeat(depth);
    if depth > DEEPEST {
        return writeln!(out, "{indent}{}", plain(&value.to_string()));
    }
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let name = plain(name);
                if let Some(text) = scalar(member) {
                    writeln!(out, "{indent}{name}: {text}")?;
                } else {
                    writeln!(out, "{indent}{name}")?;
                    write(out, member, depth + 1)?;
                }
            }
            Ok(())
        }
        Value::Array(elements) => {
            for (place, element) in elements.iter().enumerate() {
                if let Some(text) = scalar(element) {
                    writeln!(out, "{indent}{}. {text}", place + 1)?;
                } else {
                    writeln!(out, "{indent}{}.", place + 1)?;
                    write(out, element, depth + 1)?;
                }
            }
            Ok(())
        }
        other => writeln!(out, "{indent}{}", scalar(other).unwrap_or_default()),
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some("-".to_owned()),
        Value::Bool(true) => Some("yes".to_owned()),
        Value::Bool(false) => Some("no".to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(plain(text)),
        Value::Array(elements) if elements.is_empty() => Some("none".to_owned()),
        Value::Object(members) if members.is_empty() => Some("nothing".to_owned()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// Control and direction characters become spaces, so that what somebody else wrote can forge neither a line of
/// the report nor the terminal's state.
pub(super) fn plain(text: &str) -> String {
    let forging = |c: char| {
        c.is_control()
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}')
    };
    text.chars().map(|c| if forging(c) { ' ' } else { c }).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_was_written_elsewhere_cannot_forge_a_line_or_the_terminal() {
        let shown = render(&json!({ "name": "Acme\nVALID\u{1b}[32m", "a\u{202e}b": true }));
        assert_eq!(shown, "a b: yes\nname: Acme VALID [32m\n");
    }

    #[test]
    fn lists_are_numbered_and_members_indented() {
        let shown = render(&json!({ "goods": { "items": ["tea", { "hs": "0902" }], "none": [] } }));
        assert_eq!(shown, "goods\n  items\n    1. tea\n    2.\n      hs: 0902\n  none: none\n");
    }
}
