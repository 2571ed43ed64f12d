//! Where a webhook goes: an https URL, read strictly, and which addresses behind a name may be called at all.

use crate::encoding::text::serde_as_text;
use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

/// Longest URL, in bytes.
const MAX_URL: usize = 512;
/// The port of https.
const HTTPS: u16 = 443;

/// An https URL. It names no user, and is sent as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    text: String,
    host: String,
    port: u16,
    path: String,
}

/// The text is no URL that a webhook can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a webhook goes to a URL such as `https://office.example/changes`: {0}")]
pub struct NotTarget(pub &'static str);

impl Target {
    /// The host: a name, or an address without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    /// The port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Host and port as the `host` header has them.
    #[must_use]
    pub fn authority(&self) -> String {
        if self.port == HTTPS { self.host.clone() } else { format!("{}:{}", self.host, self.port) }
    }

    /// Path and query.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

serde_as_text!(Target);

impl FromStr for Target {
    type Err = NotTarget;

    fn from_str(text: &str) -> Result<Self, NotTarget> {
        let rest = text.strip_prefix("https://").ok_or(NotTarget("it begins with https://"))?;
        let plain =
            |c: char| c.is_ascii_graphic() && !matches!(c, '#' | '\\' | '"' | '<' | '>' | '^' | '`' | '{' | '|' | '}');
        if text.len() > MAX_URL || !rest.chars().all(plain) {
            return Err(NotTarget("at most 512 characters of ASCII, and no fragment"));
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let bracketed = authority.starts_with('[');
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !bracketed || host.ends_with(']') => {
                let digits = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
                let port = port.parse::<u16>().ok().filter(|port| digits && *port != 0);
                (host, port.ok_or(NotTarget("the port is a number"))?)
            }
            _ => (authority, HTTPS),
        };
        let inside = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let known = match inside {
            Some(inside) => inside.parse::<Ipv6Addr>().is_ok(),
            None => is_name(host),
        };
        if !known {
            return Err(NotTarget("its host is a name or an address, and it names no user"));
        }
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Ok(Self { text: text.to_owned(), host: host.to_ascii_lowercase(), port, path })
    }
}

fn is_name(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // What looks like a number and is no address would be read as one by some resolvers.
    let numeric = host.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    host.len() <= 253 && host.split('.').all(label) && (!numeric || host.parse::<Ipv4Addr>().is_ok())
}

/// Whether an address is one of the open network: who may name a URL must not reach through the node what it could
/// not reach itself, such as the node's own machine or the network it stands in.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// The special-purpose addresses of RFC 6890 and its registry are not public.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match a {
        0 | 10 | 127 => true,
        100 => (64..=127).contains(&b),
        169 => b == 254,
        172 => (16..=31).contains(&b),
        192 => (b == 0 && (c == 0 || c == 2)) || b == 168 || (b == 88 && c == 99),
        198 => b == 18 || b == 19 || (b == 51 && c == 100),
        203 => b == 0 && c == 113,
        224..=255 => true,
        _ => false,
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, ..] = address.segments();
    // Only what is given out, 2000::/3, and of that neither tunnels, which carry a v4 address inside, nor examples.
    let given_out = (0x2000..=0x3fff).contains(&a);
    let tunnel = a == 0x2002 || (a == 0x2001 && b < 0x200);
    let example = (a == 0x2001 && b == 0xdb8) || (a == 0x3fff && b < 0x1000);
    let mapped = a == 0x64 && b == 0xff9b && c == 0;
    given_out && !tunnel && !example && !mapped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_an_https_url_and_nothing_else() {
        let read = |text: &str| text.parse::<Target>().map(|one| (one.authority(), one.path().to_owned()));
        let good = |host: &str, path: &str| Ok((host.to_owned(), path.to_owned()));
        assert_eq!(read("https://Office.example/a?b=c"), good("office.example", "/a?b=c"));
        assert_eq!(read("https://office.example:8443"), good("office.example:8443", "/"));
        assert_eq!(read("https://office.example?x"), good("office.example", "/?x"));
        assert_eq!(read("https://[2001:4860::1]:9/"), good("[2001:4860::1]:9", "/"));
        assert_eq!("https://[::1]/".parse::<Target>().unwrap().host(), "::1");
        for wrong in [
            "http://office.example/",
            "https://",
            "https:///x",
            "https://user@office.example/",
            "https://user:pass@office.example/",
            "https://office.example:0/",
            "https://office.example:+443/",
            "https://office.example:99999/",
            "https://office.example/#x",
            "https://office example/",
            "https://2130706433/",
            "https://127.1/",
            "https://0x7f.1.1.1.1.1.300/ ",
            "https://-a.example/",
            "https://[::1/",
            "https://[::1]x/",
            "https://a..b/",
            "https://office.example\\@evil.example/",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_addresses_of_the_open_network_are_public() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "198.18.0.1",
            "203.0.113.9",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "fec0::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in ["8.8.8.8", "172.32.0.1", "100.128.0.1", "192.1.0.1", "2001:4860:4860::8888", "2a00::1"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }
}
