//! Ports for nodes that the program starts by itself, for a demonstration or a measurement.

use super::console::{Exit, Failure};
use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::atomic::{AtomicU16, Ordering},
};

/// Below what systems give to connections by themselves (from 32,768 on Linux, from 49,152 by RFC 6335): a node that
/// is down for a moment finds its port again.
const FIRST: u16 = 10_000;
/// So many are looked at.
const COUNT: u16 = 10_000;

/// An address on loopback where nobody listens now, and no two alike from one process; processes begin at different
/// places.
pub(super) fn free() -> Result<SocketAddr, Failure> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let own = u16::try_from(std::process::id() % u32::from(COUNT)).unwrap_or(0);
    for _ in 0..COUNT {
        let nth = NEXT.fetch_add(1, Ordering::Relaxed) % COUNT;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, FIRST + (own + nth) % COUNT));
        if TcpListener::bind(address).is_ok() {
            return Ok(address);
        }
    }
    Err(Failure::new(Exit::Failed, "no free port"))
}
