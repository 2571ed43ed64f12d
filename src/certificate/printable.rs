//! Characters that few fonts have: emoji, and code points that are no character yet. They are well-formed text and may be
//! signed; whoever writes them learns it before there is a certificate that may have no PDF.
//!
//! Letters of any script are left alone: an operator may name a folder with fonts of it.

use super::{
    finding::{Finding, Findings},
    node::Node,
};

/// The section that no form shows.
const UNPRINTED: &str = "application";

/// Warns of each text that may not be printable, by its first such character.
pub(super) fn check(document: &Node<'_>, findings: &mut Findings) {
    let Node::Object(sections) = document else { return };
    for (name, section) in sections.iter().filter(|(name, _)| name != UNPRINTED) {
        walk(section, &|| name.as_ref().to_owned(), findings);
    }
}

/// Places are named where something is found, and not on the way.
fn walk(node: &Node<'_>, path: &dyn Fn() -> String, findings: &mut Findings) {
    match node {
        Node::Text(text) => findings.0.extend(unprintable(text).map(|(c, what)| {
            let message = format!("has `{c}` (U+{:04X}), {what}: it may not be printable", u32::from(c));
            let help = "write it in letters, or leave it out: where no font has it, the certificate has no PDF";
            Finding::warning("CANNOT_BE_PRINTED", path(), message).with_help(help)
        })),
        Node::List(elements) => {
            for (at, element) in elements.iter().enumerate() {
                walk(element, &|| format!("{}[{at}]", path()), findings);
            }
        }
        Node::Object(members) => {
            for (name, member) in members {
                walk(member, &|| format!("{}.{name}", path()), findings);
            }
        }
        Node::Null | Node::Bool(_) | Node::Whole(_) | Node::Number => {}
    }
}

fn unprintable(text: &str) -> Option<(char, &'static str)> {
    if text.is_ascii() {
        return None;
    }
    text.chars().find_map(|c| Some((c, what(c)?)))
}

/// Why there is no font of a character, by the blocks of Unicode 17.
const fn what(c: char) -> Option<&'static str> {
    match c {
        // Emoji among the signs of the first plane; the other signs there are in the fonts that come with the program.
        '\u{26BD}'..='\u{26BE}'
        | '\u{26C4}'..='\u{26C5}'
        | '\u{26CE}'
        | '\u{26D4}'
        | '\u{26EA}'
        | '\u{26F2}'..='\u{26F3}'
        | '\u{26F5}'
        | '\u{26FA}'
        | '\u{26FD}'
        | '\u{2705}'
        | '\u{270A}'..='\u{270B}'
        | '\u{2728}'
        | '\u{274C}'
        | '\u{274E}'
        | '\u{2753}'..='\u{2755}'
        | '\u{2757}'
        | '\u{2795}'..='\u{2797}'
        | '\u{27B0}'
        // Tiles, cards, enclosed letters, flags, pictographs; behind the shapes and arrows, more of them.
        | '\u{1F000}'..='\u{1F77F}'
        | '\u{1F900}'..='\u{1FAFF}' => Some("an emoji or another picture"),
        '\u{40000}'..='\u{DFFFF}' | '\u{E0080}'..='\u{E00FF}' | '\u{E01F0}'..='\u{EFFFF}' => {
            Some("a code point that is no character yet")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::certificate::{Particulars, Severity, particulars::tests::samples};

    fn found(change: impl FnOnce(&mut serde_json::Value)) -> Vec<(String, Severity)> {
        let (_, text) = samples().into_iter().find(|(name, _)| name.contains("footballs")).unwrap();
        let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
        change(&mut value);
        let read = Particulars::read_json(value.to_string().as_bytes());
        let said = read.findings.into_iter().filter(|one| one.rule == "CANNOT_BE_PRINTED");
        let said = said.inspect(|one| assert!(one.message.contains("may not be printable"), "{one}"));
        said.map(|one| (one.path, one.severity)).collect()
    }

    #[test]
    fn who_writes_what_may_not_be_printable_hears_it_before_it_is_signed() {
        for text in ["Footballs ⚽", "Footballs 😀", "Footballs 🇵🇰", "Footballs \u{50000}"] {
            let said = found(|value| value["goods"]["items"][0]["description"] = text.into());
            assert_eq!(said, [("goods.items[0].description".to_owned(), Severity::Warning)], "{text}");
        }
        let said = found(|value| value["exporter"]["party"]["address"][1] = "Sialkot 🏭".into());
        assert_eq!(said, [("exporter.party.address[1]".to_owned(), Severity::Warning)]);
    }

    #[test]
    fn letters_of_any_script_and_the_signs_of_the_trade_are_printed() {
        for text in ["上海 足球", "فٹ بال", "ខ្មែរ", "ꦲꦤ", "№ 5 – 10 °C ± 2 µm", "½ × ⅓", "Nike™ ® ★ ☎ ✓", "₨"]
        {
            assert!(found(|value| value["goods"]["items"][0]["description"] = text.into()).is_empty(), "{text}");
        }
    }
}
