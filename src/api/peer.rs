//! Who is at the other end of a connection, as far as the network says.

use std::net::{IpAddr, SocketAddr};

/// The address a connection came from; the listener puts it beside every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

impl Peer {
    /// What calls are counted by: one IPv4 address, or the 64 bits of an IPv6 network that one household has.
    #[must_use]
    pub fn network(self) -> IpAddr {
        match self.0.ip().to_canonical() {
            IpAddr::V6(address) => IpAddr::V6((address.to_bits() & !u128::from(u64::MAX)).into()),
            v4 @ IpAddr::V4(_) => v4,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> String {
        Peer(SocketAddr::new(text.parse().unwrap(), 1)).network().to_string()
    }

    #[test]
    fn one_network_of_many_addresses_is_one_caller() {
        assert_eq!(network("192.0.2.7"), "192.0.2.7");
        assert_eq!(network("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(network("2001:db8:1:2:3::9"), "2001:db8:1:2::");
    }
}
