//! Certificate numbers: the pattern each country's numbers follow, and the series a country draws them from.
//!
//! A series is text with placeholders: `{yyyy}` and `{yy}` the year of issue, `{from}` and `{to}` the exporting
//! and the importing country, `{office}` the issuing office (`{office:N}` where its code must have N characters),
//! `{registration:N}` the applicant's N-character registration, and `{serial:N}`, exactly once, N digits that
//! count up. `PK-CN-{yyyy}-{office}-{serial:6}` gives `PK-CN-2026-LHE-000417`.

use super::{
    AgreementError,
    fields::{Faults, Fields, FromValue},
    figure::Figure,
};
use crate::{
    certificate::{CertificateNumber, Country, OfficeCode, number_as_read},
    time::Date,
};
use regex::{Regex, RegexBuilder};
use std::{fmt, str::FromStr};
use toml::Value;

/// Serial numbers have at most this many digits, so that every one fits a `u64`.
const SERIAL_DIGITS_MAX: usize = 18;
/// Bytes a compiled pattern may take: a pattern is data, and must not be able to fill memory.
const PATTERN_BYTES_MAX: usize = 1 << 18;

/// How one country, or one authority of it, numbers its certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberRule {
    /// Issuing countries; empty: any that no other rule names.
    pub countries: Vec<Country>,
    /// Issuing authority, where a country's authorities number differently: the first label of its host, in
    /// either case, such as `TDAP` for `tdap.gov.pk`.
    pub authority: Option<String>,
    /// What the whole number matches.
    pub pattern: Figure<Pattern>,
    /// What new numbers are drawn from.
    pub series: Figure<Series>,
}

impl NumberRule {
    pub(super) fn read(fields: &mut Fields<'_>) -> Self {
        let country: Option<Country> = fields.optional("country");
        let mut countries: Vec<Country> = fields.optional("countries").unwrap_or_default();
        countries.extend(country);
        let authority = fields.optional("authority");
        let pattern: Figure<Pattern> = fields.figure("pattern");
        let series: Figure<Series> = fields.figure("series");
        if let (Some(pattern), Some(series)) = (pattern.value(), series.value())
            && !series.examples().iter().any(|number| pattern.matches(number))
        {
            let [example, _] = series.examples();
            let message = format!("gives `{example}`, which does not match the pattern beside it");
            fields.faults().add(&fields.at("series.value"), message);
        }
        Self { countries, authority, pattern, series }
    }
}

/// A regular expression for a whole number, of bounded size and linear time.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    regex: Regex,
}

impl Pattern {
    /// Whether the whole of `number` follows the pattern.
    #[must_use]
    pub fn matches(&self, number: &str) -> bool {
        self.regex.is_match(number)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // The crate is built without Unicode tables: numbers are ASCII on every form.
        let regex = RegexBuilder::new(&format!("^(?:{text})$"))
            .unicode(false)
            .size_limit(PATTERN_BYTES_MAX)
            .build()
            .map_err(|error| format!("not a usable pattern: {error}"))?;
        Ok(Self { text: text.to_owned(), regex })
    }
}

impl FromValue for Pattern {
    fn from_value(value: &Value, path: &str, faults: &Faults) -> Option<Self> {
        super::fields::parse(value, path, faults)
    }
}

/// A template of certificate numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Year4,
    Year2,
    From,
    To,
    Office(Option<usize>),
    Registration(usize),
    Serial(usize),
}

impl Series {
    /// The series for one route: `{from}` and `{to}` are filled in.
    #[must_use]
    pub fn on_route(&self, from: Country, to: Country) -> Self {
        let part = |part: &Part| match part {
            Part::From => Part::Text(from.to_string()),
            Part::To => Part::Text(to.to_string()),
            other => other.clone(),
        };
        Self { parts: self.parts.iter().map(part).collect() }
    }

    /// The certificate number with this serial. A series with countries in its numbers is first put
    /// [on its route](Self::on_route). `registration` is the applicant's and is only needed by a
    /// series that has it in its numbers.
    pub fn number(
        &self,
        office: &OfficeCode,
        date: Date,
        registration: Option<&str>,
        serial: u64,
    ) -> Result<CertificateNumber, AgreementError> {
        let text = self.expand(office.as_ref(), date, registration, |digits| {
            let text = format!("{serial:0digits$}");
            (text.len() == digits).then_some(text).ok_or_else(|| AgreementError::SeriesExhausted(self.to_string()))
        })?;
        text.parse().map_err(|error| AgreementError::NumberRefused { number: text, why: format!("{error}") })
    }

    /// What all numbers of one running count have in common: two numbers of different keys never share a
    /// serial's place, so each key counts for itself, from 1.
    pub fn key(&self, office: &OfficeCode, date: Date, registration: Option<&str>) -> Result<String, AgreementError> {
        self.expand(office.as_ref(), date, registration, |digits| Ok("#".repeat(digits)))
    }

    /// A number as a running count writes it, by its [key](Self::key); none if it is not of that count, whatever the case
    /// of its letters, whatever stands between them and with however many zeros its serial begins.
    #[must_use]
    pub fn spelt(key: &str, number: &str) -> Option<String> {
        let (before, digits, after) = around_serial(key)?;
        let given = bare(number);
        let serial = given.strip_prefix(bare(before).as_str())?.strip_suffix(bare(after).as_str())?;
        let counted = serial.trim_start_matches('0');
        if serial.is_empty() || !serial.bytes().all(|b| b.is_ascii_digit()) || counted.len() > digits {
            return None;
        }
        let spelt = format!("{before}{counted:0>digits$}{after}");
        // Behind other digits, fewer of the serial's own would be another number.
        (serial.len() == digits || number_as_read(&spelt) == number_as_read(number)).then_some(spelt)
    }

    /// The serial of a number of a running count, as [`spelt`](Self::spelt) reads it.
    #[must_use]
    pub fn serial(key: &str, number: &str) -> Option<u64> {
        let (before, digits, _) = around_serial(key)?;
        Self::spelt(key, number)?.get(before.len()..)?.get(..digits)?.parse().ok()
    }

    /// How all numbers of a running count begin when they are [read](number_as_read).
    #[must_use]
    pub fn begins_as_read(key: &str) -> String {
        let filled = |digit| number_as_read(&key.replace('#', digit));
        let (ones, twos) = (filled("1"), filled("2"));
        ones.chars().zip(twos.chars()).take_while(|(one, two)| one == two).map(|(one, _)| one).collect()
    }

    /// A number as an office counts it in this series, whatever year, route and registration stand in it, read as
    /// [`spelt`](Self::spelt) does; none if it is not of that office's count, or if its offices do not count apart.
    #[must_use]
    pub fn spelt_by(&self, office: &OfficeCode, number: &str) -> Option<String> {
        if !self.parts.iter().any(|part| matches!(part, Part::Office(_))) {
            return None;
        }
        let given = bare(number);
        // All parts but the serial have their length.
        let fixed = self.parts.iter().filter_map(|part| part.letters(office)).sum::<usize>();
        let serial = given.len().checked_sub(fixed)?;
        let (mut key, mut rest) = (String::new(), given.as_str());
        for part in &self.parts {
            let (own, behind) = rest.split_at_checked(part.letters(office).unwrap_or(serial))?;
            match part {
                Part::Text(text) => key.push_str(text),
                Part::Office(length) if length.is_some_and(|length| length != office.as_str().len()) => return None,
                Part::Office(_) => key.push_str(office.as_str()),
                Part::Serial(digits) => key.push_str(&"#".repeat(*digits)),
                Part::Year4 | Part::Year2 if !own.bytes().all(|b| b.is_ascii_digit()) => return None,
                Part::From | Part::To if !own.bytes().all(|b| b.is_ascii_uppercase()) => return None,
                Part::Year4 | Part::Year2 | Part::From | Part::To | Part::Registration(_) => key.push_str(own),
            }
            rest = behind;
        }
        Self::spelt(&key, number)
    }

    /// The largest serial that its numbers have room for.
    #[must_use]
    pub fn last_serial(&self) -> u64 {
        let digits = self.parts.iter().find_map(|part| match part {
            Part::Serial(digits) => Some(*digits),
            _ => None,
        });
        let first_too_large = digits.and_then(|digits| 10_u64.checked_pow(u32::try_from(digits).ok()?));
        first_too_large.map_or(u64::MAX, |too_large| too_large.saturating_sub(1))
    }

    /// Numbers as this series would give them, to an office of letters and to one of digits.
    fn examples(&self) -> [String; 2] {
        [self.example("LHE"), self.example("010")]
    }

    fn example(&self, office: &str) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Year4 => "2026".to_owned(),
            Part::Year2 => "26".to_owned(),
            Part::From => "PK".to_owned(),
            Part::To => "CN".to_owned(),
            Part::Office(length) => office.chars().cycle().take(length.unwrap_or(office.len())).collect(),
            Part::Registration(length) => "0".repeat(*length),
            Part::Serial(digits) => format!("{:0digits$}", 1),
        };
        self.parts.iter().map(part).collect()
    }

    fn expand(
        &self,
        office: &str,
        date: Date,
        registration: Option<&str>,
        serial: impl Fn(usize) -> Result<String, AgreementError>,
    ) -> Result<String, AgreementError> {
        let mut number = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => number.push_str(text),
                Part::Year4 => number.push_str(&year(date, 4)),
                Part::Year2 => number.push_str(&year(date, 2)),
                Part::From => number.push_str("{from}"),
                Part::To => number.push_str("{to}"),
                Part::Office(length) => {
                    if let Some(length) = length.filter(|length| *length != office.len()) {
                        let (series, office) = (self.to_string(), office.to_owned());
                        return Err(AgreementError::OfficeMisfits { series, office, length });
                    }
                    number.push_str(office);
                }
                Part::Registration(length) => {
                    let registration = registration
                        .filter(|text| text.len() == *length && text.bytes().all(|b| b.is_ascii_alphanumeric()))
                        .ok_or_else(|| AgreementError::RegistrationMissing {
                            series: self.to_string(),
                            length: *length,
                        })?;
                    number.push_str(registration);
                }
                Part::Serial(digits) => number.push_str(&serial(*digits)?),
            }
        }
        Ok(number)
    }
}

/// What stands before the serial in the key of a running count, how many digits the serial has, and what stands after it.
fn around_serial(key: &str) -> Option<(&str, usize, &str)> {
    let (before, rest) = key.split_once('#')?;
    let after = rest.trim_start_matches('#');
    Some((before, 1 + rest.len().saturating_sub(after.len()), after))
}

/// What is left of a number without what stands between its letters and digits, in capitals.
fn bare(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase()
}

/// The last `digits` digits of the year.
fn year(date: Date, digits: usize) -> String {
    let text = format!("{:04}", date.year());
    text.chars().skip(4_usize.saturating_sub(digits)).collect()
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            match part {
                Part::Text(text) => f.write_str(text)?,
                Part::Year4 => f.write_str("{yyyy}")?,
                Part::Year2 => f.write_str("{yy}")?,
                Part::From => f.write_str("{from}")?,
                Part::To => f.write_str("{to}")?,
                Part::Office(None) => f.write_str("{office}")?,
                Part::Office(Some(length)) => write!(f, "{{office:{length}}}")?,
                Part::Registration(length) => write!(f, "{{registration:{length}}}")?,
                Part::Serial(digits) => write!(f, "{{serial:{digits}}}")?,
            }
        }
        Ok(())
    }
}

impl FromStr for Series {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (literal, after) = rest.split_once('{').unwrap_or((rest, ""));
            if literal.contains('}') {
                return Err("a `}` without its `{`".to_owned());
            }
            if !literal.bytes().all(|b| b.is_ascii_alphanumeric() || b"-/. ".contains(&b)) {
                return Err("between placeholders only ASCII letters, digits, `-`, `/`, `.` and space".to_owned());
            }
            if !literal.is_empty() {
                parts.push(Part::Text(literal.to_owned()));
            }
            if literal.len() == rest.len() {
                break;
            }
            let (placeholder, after) = after.split_once('}').ok_or("a `{` without its `}`")?;
            parts.push(Part::read(placeholder)?);
            rest = after;
        }
        let serials = parts.iter().filter(|part| matches!(part, Part::Serial(_))).count();
        if serials != 1 {
            return Err(format!("a series counts with exactly one `{{serial:N}}`, this one has {serials}"));
        }
        Ok(Self { parts })
    }
}

impl Part {
    /// How many letters and digits it has in the numbers of an office; none for the serial, whose zeros people leave out.
    fn letters(&self, office: &OfficeCode) -> Option<usize> {
        match self {
            Self::Text(text) => Some(bare(text).len()),
            Self::Year4 => Some(4),
            Self::Year2 | Self::From | Self::To => Some(2),
            Self::Office(_) => Some(bare(office.as_str()).len()),
            Self::Registration(length) => Some(*length),
            Self::Serial(_) => None,
        }
    }

    fn read(placeholder: &str) -> Result<Self, String> {
        let (name, length) = match placeholder.split_once(':') {
            Some((name, length)) => {
                (name, length.parse::<usize>().ok().filter(|n| (1..=SERIAL_DIGITS_MAX).contains(n)))
            }
            None => (placeholder, None),
        };
        match (placeholder, name, length) {
            ("yyyy", ..) => Ok(Self::Year4),
            ("yy", ..) => Ok(Self::Year2),
            ("from", ..) => Ok(Self::From),
            ("to", ..) => Ok(Self::To),
            ("office", ..) => Ok(Self::Office(None)),
            (_, "office", Some(length)) => Ok(Self::Office(Some(length))),
            (_, "registration", Some(length)) => Ok(Self::Registration(length)),
            (_, "serial", Some(digits)) => Ok(Self::Serial(digits)),
            _ => Err(format!(
                "`{{{placeholder}}}` is not one of {{yyyy}}, {{yy}}, {{from}}, {{to}}, {{office}}, {{office:N}}, \
                 {{registration:N}}, {{serial:N}} \
                 with N from 1 to {SERIAL_DIGITS_MAX}"
            )),
        }
    }
}

impl FromValue for Series {
    fn from_value(value: &Value, path: &str, faults: &Faults) -> Option<Self> {
        super::fields::parse(value, path, faults)
    }
}

#[cfg(test)]
mod tests;
