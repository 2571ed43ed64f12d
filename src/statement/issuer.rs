//! Who speaks and who is spoken to: `iss` and `aud`.

use crate::{certificate::Country, encoding::text::serde_as_text, log::Host};
use std::{fmt, str::FromStr};

const SCHEME: &str = "https://";
/// ISO 3166 part 1 as a URN (RFC 5141).
const COUNTRY_URN: &str = "urn:iso:std:iso:3166:-1:";
const EVERYONE_URN: &str = "urn:origin-exchange:all";
const EVERYONE_LABEL: &str = "all";
/// The first label of the host of an authority that only rehearses.
const REHEARSAL: &str = "rehearsal.";

/// An authority, named by the URL it owns: `https://<host>`, nothing after the host.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Issuer(Host);

/// The text is not `https://<host>` with a lower-case DNS name and nothing after it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an authority: write https:// and a lower-case host, with no path, port, query or fragment")]
pub struct NotIssuer(pub String);

impl Issuer {
    /// The authority that owns `host`. A host has two labels at least, so that in the name of a log it is
    /// neither a country nor `all`.
    #[must_use]
    pub const fn new(host: Host) -> Self {
        Self(host)
    }

    /// The host.
    #[must_use]
    pub const fn host(&self) -> &Host {
        &self.0
    }

    /// Whether it only rehearses: its host begins with the label `rehearsal`. The name stands in whatever it signs and in
    /// the name of each of its logs, so that nobody takes one for the other.
    #[must_use]
    pub fn is_rehearsal(&self) -> bool {
        self.0.as_str().starts_with(REHEARSAL)
    }

    /// The host of the authority that it is, or that it rehearses for: what names it in the data of agreements.
    #[must_use]
    pub fn rehearsed_host(&self) -> &str {
        self.0.as_str().strip_prefix(REHEARSAL).unwrap_or(self.0.as_str())
    }

    /// The authority as which this one rehearses.
    pub fn rehearsal(&self) -> Result<Self, NotIssuer> {
        if self.is_rehearsal() { Ok(self.clone()) } else { format!("{SCHEME}{REHEARSAL}{}", self.0).parse() }
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}", self.0)
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Issuer {
    type Err = NotIssuer;

    fn from_str(text: &str) -> Result<Self, NotIssuer> {
        let refused = || NotIssuer(text.to_owned());
        let host = text.strip_prefix(SCHEME).ok_or_else(refused)?;
        host.parse().map(Self).map_err(|_| refused())
    }
}

/// To whom a statement is addressed; it is the addressee of the log it stands in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Addressee {
    /// An authority with a node.
    Authority(Issuer),
    /// A country that has no node yet.
    Country(Country),
    /// Everyone: key changes and evidence, never a certificate.
    Everyone,
}

/// The text is none of the three forms of `aud`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no addressee: an authority's https URL, `{COUNTRY_URN}XX` or `{EVERYONE_URN}`")]
pub struct NotAddressee(pub String);

impl Addressee {
    /// The last part of the log's origin: the host, the country in lower case, or `all`.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::Authority(issuer) => issuer.host().to_string(),
            Self::Country(country) => country.to_string().to_ascii_lowercase(),
            Self::Everyone => EVERYONE_LABEL.to_owned(),
        }
    }
}

impl fmt::Display for Addressee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Authority(issuer) => issuer.fmt(f),
            Self::Country(country) => write!(f, "{COUNTRY_URN}{country}"),
            Self::Everyone => f.write_str(EVERYONE_URN),
        }
    }
}

impl FromStr for Addressee {
    type Err = NotAddressee;

    fn from_str(text: &str) -> Result<Self, NotAddressee> {
        let refused = || NotAddressee(text.to_owned());
        if text == EVERYONE_URN {
            return Ok(Self::Everyone);
        }
        match text.strip_prefix(COUNTRY_URN) {
            Some(country) => country.parse().map(Self::Country).map_err(|_| refused()),
            None => text.parse().map(Self::Authority).map_err(|_| refused()),
        }
    }
}

serde_as_text!(Issuer, Addressee);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_rehearses_is_told_by_the_first_label_of_its_host_and_by_nothing_else() {
        let real: Issuer = "https://tdap.gov.pk".parse().unwrap();
        let rehearsal = real.rehearsal().unwrap();
        assert_eq!(rehearsal.to_string(), "https://rehearsal.tdap.gov.pk");
        assert_eq!(rehearsal.rehearsal().unwrap(), rehearsal);
        assert!(rehearsal.is_rehearsal() && !real.is_rehearsal());
        assert_eq!((rehearsal.rehearsed_host(), real.rehearsed_host()), ("tdap.gov.pk", "tdap.gov.pk"));
        for other in ["https://rehearsals.gov.pk", "https://tdap.rehearsal.pk", "https://my-rehearsal.gov.pk"] {
            assert!(!other.parse::<Issuer>().unwrap().is_rehearsal(), "{other}");
        }
    }

    #[test]
    fn an_authority_is_a_bare_https_host() {
        assert!("https://tdap.gov.pk".parse::<Issuer>().is_ok());
        for bad in [
            "http://tdap.gov.pk",
            "https://tdap.gov.pk/",
            "https://tdap.gov.pk:443",
            "https://TDAP.gov.pk",
            "https://u@tdap.gov.pk",
            "https://tdap.gov.pk?x",
            "https://",
            "https://all",
            "https://cn",
            "tdap.gov.pk",
        ] {
            assert!(bad.parse::<Issuer>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_addressee_has_one_spelling_and_one_label() {
        for (text, label) in [
            ("https://customs.gov.cn", "customs.gov.cn"),
            ("urn:iso:std:iso:3166:-1:CN", "cn"),
            ("urn:origin-exchange:all", "all"),
        ] {
            let addressee: Addressee = text.parse().unwrap();
            assert_eq!((addressee.to_string().as_str(), addressee.label().as_str()), (text, label));
        }
        for bad in ["urn:iso:std:iso:3166:-1:cn", "URN:iso:std:iso:3166:-1:CN", "urn:iso:std:iso:3166:-1:", "CN", ""] {
            assert!(bad.parse::<Addressee>().is_err(), "{bad}");
        }
    }
}
