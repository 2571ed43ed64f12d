//! Which log: the host of the authority, the shard, and the addressee.

use super::LogError;
use crate::encoding::text::serde_as_text;
use std::{cmp::Ordering, fmt, hash, str::FromStr, sync::Arc};

/// A DNS name in lower case: at least two labels, so that it is neither a country's code nor `all`, and no IP address.
/// An internationalised name stands in its A-label form (`xn--…`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Host(Arc<str>);

impl Host {
    /// The name, for example `tdap.gov.pk`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Host {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Host {
    type Err = LogError;

    /// RFC 1123 section 2.1 and RFC 1035 section 2.3.4, lower case only.
    fn from_str(text: &str) -> Result<Self, LogError> {
        let refuse = |rule| Err(LogError::name("a host", text, rule));
        if text.len() > 253 {
            return refuse("a DNS name has at most 253 characters");
        }
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        if !text.split('.').all(label) {
            return refuse("labels are 1 to 63 of a-z, 0-9 and inner hyphens");
        }
        match text.rsplit_once('.') {
            None => refuse("it needs at least two labels"),
            Some((_, last)) if !last.starts_with(|c: char| c.is_ascii_lowercase()) => {
                refuse("the last label begins with a letter")
            }
            Some(_) => Ok(Self(text.into())),
        }
    }
}

/// The part of an authority's logs that a calendar year fills: `2026`, or `2026-2` after the first was closed early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Shard {
    year: i16,
    /// 1 for the first shard of the year.
    part: u8,
}

impl Shard {
    /// The first shard of a civil year. Years that four digits cannot write become the nearest that they can.
    #[must_use]
    pub fn of_year(year: i16) -> Self {
        Self { year: year.clamp(1, 9999), part: 1 }
    }

    /// The civil year.
    #[must_use]
    pub const fn year(&self) -> i16 {
        self.year
    }

    /// The shard of the same year that is opened when this one is closed early; none after the 99th.
    #[must_use]
    pub const fn successor(&self) -> Option<Self> {
        if self.part < 99 { Some(Self { year: self.year, part: self.part + 1 }) } else { None }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.part {
            1 => write!(f, "{:04}", self.year),
            part => write!(f, "{:04}-{part}", self.year),
        }
    }
}

impl FromStr for Shard {
    type Err = LogError;

    fn from_str(text: &str) -> Result<Self, LogError> {
        let refuse = || LogError::name("a shard", text, "it reads YYYY, or YYYY-2 to YYYY-99");
        let (year, part) = match text.split_once('-') {
            None => (text, 1),
            Some((year, part)) => match super::text::decimal(part) {
                Some(part @ 2..=99) => (year, u8::try_from(part).map_err(|_| refuse())?),
                _ => return Err(refuse()),
            },
        };
        if year.len() != 4 || !year.bytes().all(|b| b.is_ascii_digit()) || year == "0000" {
            return Err(refuse());
        }
        Ok(Self { year: year.parse().map_err(|_| refuse())?, part })
    }
}

/// The name of a log: `<host>/log/<shard>/<addressee>`, the first line of its checkpoints and its key's name.
/// Cheap to clone; compares and sorts as its text.
#[derive(Clone)]
pub struct Origin(Arc<Parts>);

struct Parts {
    text: String,
    host: Host,
    shard: Shard,
    addressee_at: usize,
}

impl Origin {
    /// Names the log of `host` to `addressee`: another host, a lower-case ISO 3166-1 alpha-2 code, or `all`.
    pub fn new(host: &Host, shard: &Shard, addressee: &str) -> Result<Self, LogError> {
        let is_country = addressee.len() == 2 && addressee.bytes().all(|b| b.is_ascii_lowercase());
        if addressee != "all" && !is_country {
            addressee.parse::<Host>().map_err(|_| {
                LogError::name("an addressee", addressee, "a host, two lower-case letters of a country, or all")
            })?;
        }
        let mut text = format!("{host}/log/{shard}/");
        let addressee_at = text.len();
        text.push_str(addressee);
        Ok(Self(Arc::new(Parts { text, host: host.clone(), shard: *shard, addressee_at })))
    }

    /// The whole name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// The host of the authority whose log it is.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.0.host
    }

    /// The shard.
    #[must_use]
    pub fn shard(&self) -> Shard {
        self.0.shard
    }

    /// The addressee's part: a host, two lower-case letters of a country, or `all`.
    #[must_use]
    pub fn addressee(&self) -> &str {
        self.0.text.get(self.0.addressee_at..).unwrap_or_default()
    }
}

impl FromStr for Origin {
    type Err = LogError;

    fn from_str(text: &str) -> Result<Self, LogError> {
        let mut parts = text.splitn(4, '/');
        let (Some(host), Some("log"), Some(shard), Some(addressee)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(LogError::name("an origin", text, "it reads <host>/log/<shard>/<addressee>"));
        };
        Self::new(&host.parse()?, &shard.parse()?, addressee)
    }
}

impl AsRef<str> for Origin {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Origin({self})")
    }
}

impl PartialEq for Origin {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.as_str() == other.as_str()
    }
}

impl Eq for Origin {}

impl PartialOrd for Origin {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Origin {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl hash::Hash for Origin {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

serde_as_text!(Host, Shard, Origin);

#[cfg(test)]
mod tests;
