//! Small files that people and their systems fill in, TOML or JSON: read into their shape, with the place of a mistake.

use super::{
    console::{Exit, Failure},
    files::Source,
    remote::date_to_wire,
};
use crate::{
    api::client::Date as WireDate,
    time::{Date, read_date},
};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error as _},
};

/// Bytes of the largest of them.
const MOST_BYTES: usize = 1 << 20;

/// Reads a file into its shape; what begins with a brace is JSON, anything else TOML.
pub(super) fn read<T: DeserializeOwned>(source: &Source) -> Result<T, Failure> {
    let text = source.read_text(MOST_BYTES)?;
    parse(&text).map_err(|why| Failure::new(Exit::Failed, format!("`{source}` cannot be read: {}", why.trim_end())))
}

/// The same of a text.
pub(super) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text).map_err(|error| error.to_string());
    }
    toml::from_str(text).map_err(|error| error.to_string())
}

/// A day, as text or as TOML writes it bare; an empty text is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Day(pub(super) Option<Date>);

impl Day {
    /// As the wire has it.
    pub(super) fn to_wire(self) -> Option<WireDate> {
        self.0.map(date_to_wire)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "a date, YYYY-MM-DD")]
        enum Written {
            Text(String),
            Bare(toml::value::Datetime),
        }
        let text = match Written::deserialize(deserializer)? {
            Written::Text(text) => text,
            Written::Bare(date) => date.to_string(),
        };
        if text.is_empty() {
            return Ok(Self(None));
        }
        let date = read_date(&text).map_err(|why| D::Error::custom(format!("`{text}`: {why}")))?;
        Ok(Self(Some(date)))
    }
}

/// A decimal as text, or a whole number; a number with a point is refused, because machines round it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Amount(pub(super) String);

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "a decimal as text, such as \"16800.5\"")]
        enum Written {
            Text(String),
            Whole(u64),
        }
        Ok(Self(match Written::deserialize(deserializer)? {
            Written::Text(text) => text,
            Written::Whole(number) => number.to_string(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::parse_date;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Form {
        #[serde(default)]
        on: Day,
        #[serde(default)]
        much: Amount,
    }

    #[test]
    fn a_date_is_read_as_text_and_bare() {
        let day = Day(parse_date("2026-11-22"));
        for text in ["on = \"2026-11-22\"", "on = 2026-11-22", r#"{"on": "2026-11-22"}"#] {
            assert_eq!(parse::<Form>(text).unwrap().on, day, "{text}");
        }
        assert_eq!(parse::<Form>("on = \"\"").unwrap().on, Day(None));
        for wrong in ["on = \"22.11.2026\"", "on = 2026-11-22T10:00:00Z", "on = 7", r#"{"on": null}"#] {
            assert!(parse::<Form>(wrong).is_err(), "{wrong}");
        }
        assert!(parse::<Form>("on = \"2026-02-30\"").unwrap_err().contains("`2026-02-30`: there is no such day"));
        assert!(parse::<Form>("on = 2026-02-30").is_err());
    }

    #[test]
    fn a_decimal_is_never_a_number_that_was_rounded() {
        assert_eq!(parse::<Form>("much = \"16800.50\"").unwrap().much, Amount("16800.50".to_owned()));
        assert_eq!(parse::<Form>("much = 16800").unwrap().much, Amount("16800".to_owned()));
        assert!(parse::<Form>("much = 16800.5").unwrap_err().contains("a decimal as text"));
    }

    #[test]
    fn a_mistake_is_told_with_its_place() {
        let said = parse::<Form>("on = \"2026-11-22\"\nmuhc = 1").unwrap_err();
        assert!(said.contains("line 2") && said.contains("muhc"), "{said}");
    }
}
