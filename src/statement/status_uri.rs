//! The URI by which certificates refer to their status list. It names the list; nothing is ever fetched from
//! it because a token says so.

use crate::encoding::text::serde_as_text;
use std::{fmt, str::FromStr};

const BYTES_MAX: usize = 256;

/// `https://<host>/<path>`: lower-case host, a path of unreserved characters and slashes, nothing else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatusUri(String);

/// The text is not such a URI.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not the URI of a status list: https://<host>/<path>, up to {BYTES_MAX} bytes, no query or fragment")]
pub struct NotStatusUri;

impl StatusUri {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for StatusUri {
    type Err = NotStatusUri;

    fn from_str(text: &str) -> Result<Self, NotStatusUri> {
        let rest = text.strip_prefix("https://").filter(|_| text.len() <= BYTES_MAX).ok_or(NotStatusUri)?;
        let (authority, path) = rest.split_once('/').ok_or(NotStatusUri)?;
        let (host, port) = authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)));
        // A node under test serves on a port and on a host of one label.
        let host_good = !host.is_empty()
            && host.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.'));
        let port_good = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|n| n > 0 && n.to_string() == port));
        let unreserved = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
        let path_good = path.split('/').all(|s| !s.is_empty() && s != "." && s != ".." && s.bytes().all(unreserved));
        if host_good && port_good && path_good { Ok(Self(text.to_owned())) } else { Err(NotStatusUri) }
    }
}

impl fmt::Display for StatusUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

serde_as_text!(StatusUri);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_one_plain_name() {
        assert!("https://tdap.gov.pk/status/2026/customs.gov.cn/0".parse::<StatusUri>().is_ok());
        assert!("https://localhost:8443/status/0".parse::<StatusUri>().is_ok());
        for bad in [
            "http://tdap.gov.pk/status/0",
            "https://tdap.gov.pk",
            "https://tdap.gov.pk/",
            "https://tdap.gov.pk/a//b",
            "https://tdap.gov.pk/../b",
            "https://TDAP.gov.pk/a",
            "https://tdap.gov.pk/a?b",
            "https://tdap.gov.pk/a#b",
            "https://u:p@tdap.gov.pk/a",
            "https://tdap.gov.pk:0443/a",
        ] {
            assert!(bad.parse::<StatusUri>().is_err(), "{bad}");
        }
    }
}
