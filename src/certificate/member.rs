//! What can stand as a member of a section: how it is read, written and described. One definition serves the
//! reader that names every mistake, the strict reader of signed sections, the writer, and the published schema.

use super::{
    finding::{Finding, Findings},
    node::{self, Node},
    reader::{At, Form, Reader, quoted},
    schema::Definitions,
};
use crate::{
    encoding::Decimal,
    time::{Date, read_date},
};
use serde::{Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

/// Something that can stand as a member of a section.
pub(crate) trait Member: Sized {
    /// Reads it, or says why not.
    fn read(node: &Node<'_>, at: At<'_>, reader: &mut Reader) -> Option<Self>;

    /// What an absent member stands for in the input form; `None` where it must be there.
    #[must_use]
    fn absent() -> Option<Self> {
        None
    }

    /// Writes it in the signed form.
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;

    /// Its JSON Schema (2020-12).
    #[must_use]
    fn schema(definitions: &mut Definitions) -> Value;
}

/// A member as serde sees it.
pub(crate) struct Out<'a, T>(pub(crate) &'a T);

impl<T: Member> Serialize for Out<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(serializer)
    }
}

/// Reads one member by itself, as it is brought, or says everything there is to say about it.
pub(crate) fn from_json<T: Member>(json: &[u8]) -> Result<T, Findings> {
    let node = node::from_json(json).map_err(|error| Findings(vec![Finding::error("JSON", "", error.to_string())]))?;
    let mut reader = Reader::new(Form::Input);
    let value = T::read(&node, At::ROOT, &mut reader);
    let findings = reader.finish();
    value.filter(|_| !findings.has_errors()).ok_or(findings)
}

/// Writes one member by itself; it reads back to the same.
pub(crate) fn to_json<T: Member>(value: &T) -> String {
    // Writing to memory with text keys cannot fail.
    serde_json::to_string(&Out(value)).unwrap_or_default()
}

/// Reads the signed form for serde: the first mistake is the error.
pub(crate) fn deserialize<'de, T: Member, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    use serde::{Deserialize, de::Error};
    let node = Node::deserialize(deserializer)?;
    let mut reader = Reader::new(Form::Signed);
    let value = T::read(&node, At::ROOT, &mut reader);
    let findings = reader.finish();
    match value {
        Some(value) if !findings.has_errors() => Ok(value),
        _ => Err(D::Error::custom(&findings)),
    }
}

impl<T: Member> Member for Option<T> {
    fn read(node: &Node<'_>, at: At<'_>, reader: &mut Reader) -> Option<Self> {
        if matches!(node, Node::Null) { Some(None) } else { T::read(node, at, reader).map(Some) }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(value) => serializer.serialize_some(&Out(value)),
            None => serializer.serialize_none(),
        }
    }

    fn schema(definitions: &mut Definitions) -> Value {
        json!({"anyOf": [T::schema(definitions), {"type": "null"}]})
    }
}

/// Entries of a list at most, where nothing narrower is said.
const LIST_MAX: usize = 500;

impl<T: Member> Member for Vec<T> {
    fn read(node: &Node<'_>, at: At<'_>, reader: &mut Reader) -> Option<Self> {
        let Node::List(list) = node else {
            reader.wrong_kind("a list", node, at);
            return None;
        };
        if list.len() > LIST_MAX {
            reader.error("TOO_MANY", at, format!("has {} entries; {LIST_MAX} at most", list.len()));
            return None;
        }
        let entries: Vec<Option<T>> =
            list.iter().enumerate().map(|(i, node)| T::read(node, at.index(i), reader)).collect();
        entries.into_iter().collect()
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Out))
    }

    fn schema(definitions: &mut Definitions) -> Value {
        json!({"type": "array", "items": T::schema(definitions), "maxItems": LIST_MAX})
    }
}

impl<T: Member> Member for Box<T> {
    fn read(node: &Node<'_>, at: At<'_>, reader: &mut Reader) -> Option<Self> {
        T::read(node, at, reader).map(Self::new)
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        T::write(self, serializer)
    }

    fn schema(definitions: &mut Definitions) -> Value {
        T::schema(definitions)
    }
}

impl Member for bool {
    fn read(node: &Node<'_>, at: At<'_>, reader: &mut Reader) -> Option<Self> {
        if let Node::Bool(truth) = node {
            return Some(*truth);
        }
        reader.wrong_kind("true or false", node, at);
        None
    }

    fn absent() -> Option<Self> {
        Some(false)
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(*self)
    }

    fn schema(_: &mut Definitions) -> Value {
        json!({"type": "boolean"})
    }
}

/// Largest whole number of a member: n..8 of the trade data elements for counts of packages.
pub(super) const WHOLE_MAX: u32 = 99_999_999;

impl Member for u32 {
    fn read(node: &Node<'_>, at: At<'_>, reader: &mut Reader) -> Option<Self> {
        let Node::Whole(number) = node else {
            reader.wrong_kind("a whole number", node, at);
            return None;
        };
        let value = Self::try_from(*number).ok().filter(|value| (1..=WHOLE_MAX).contains(value));
        if value.is_none() {
            reader.error("OUT_OF_RANGE", at, format!("{number} is not between 1 and {WHOLE_MAX}"));
        }
        value
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(*self)
    }

    fn schema(_: &mut Definitions) -> Value {
        json!({"type": "integer", "minimum": 1, "maximum": WHOLE_MAX})
    }
}

impl Member for Decimal {
    fn read(node: &Node<'_>, at: At<'_>, reader: &mut Reader) -> Option<Self> {
        let text = reader.text(node, at)?;
        let refused = |_| {
            let finding = Finding::error("DECIMAL", at.to_string(), decimal_fault(text));
            reader.push(match decimal_help(text) {
                Some(help) => finding.with_help(help),
                None => finding,
            });
        };
        text.parse().map_err(refused).ok()
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }

    fn schema(_: &mut Definitions) -> Value {
        json!({"type": "string", "pattern": r"^(0|[1-9][0-9]{0,14})(\.[0-9]{1,6})?$"})
    }
}

fn decimal_fault(text: &str) -> String {
    format!(
        "`{}` is not a number here: up to 15 digits, then optionally a point and 1 to 6 digits; no sign, no separators",
        quoted(text)
    )
}

/// What a number written in another manner is here: `1.000,50`, `1,000.50` and `1 000.50` are all `1000.50`.
fn decimal_help(text: &str) -> Option<String> {
    let plain: String = text.chars().filter(|c| !matches!(c, ' ' | '\'' | '\u{a0}' | '\u{202f}')).collect();
    let groups = |separator: char| {
        let mut parts = plain.split(separator);
        let first = parts.next().is_some_and(|first| (1..=3).contains(&first.len()));
        first && parts.all(|part| part.len() == 3)
    };
    let readings = match (plain.rfind('.'), plain.rfind(',')) {
        (Some(point), Some(comma)) if point < comma => vec![plain.replace('.', "").replace(',', ".")],
        (Some(_), Some(_)) => vec![plain.replace(',', "")],
        // A single group of three after a comma may be a thousand or three decimals: both are offered.
        (None, Some(_)) if groups(',') => vec![plain.replace(',', ""), plain.replacen(',', ".", 1)],
        (None, Some(_)) => vec![plain.replacen(',', ".", 1)],
        (Some(_), None) if groups('.') => vec![plain.replace('.', "")],
        _ => vec![plain],
    };
    let mut good: Vec<String> = readings
        .into_iter()
        .filter(|reading| reading.parse::<Decimal>().is_ok())
        .map(|one| format!("`{one}`"))
        .collect();
    good.dedup();
    (!good.is_empty())
        .then(|| format!("the decimal sign is a point and nothing parts thousands: {}", good.join(" or ")))
}

impl Member for Date {
    fn read(node: &Node<'_>, at: At<'_>, reader: &mut Reader) -> Option<Self> {
        let text = reader.text(node, at)?;
        let date = read_date(text).map_err(|why| reader.error("DATE", at, format!("`{}`: {why}", quoted(text))));
        date.ok()
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }

    fn schema(_: &mut Definitions) -> Value {
        json!({"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"})
    }
}
