//! How a connection begins: in the clear on this machine, by TLS for everybody, by mutual TLS for partners.

use crate::api::Peer;
use crate::exchange::driver::{self, Partner};
use crate::reason::Reasoned as _;
use crate::trust::TrustList;
use arc_swap::ArcSwap;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// After a refusal, how long and for how many bytes the other end may still be talking.
const LINGER: Duration = Duration::from_secs(1);
const UNREAD: u64 = 64 << 10;
/// When the same refusal is worth another line, and how many are remembered.
const SAID_AGAIN: Duration = Duration::from_mins(1);
const SAID_MOST: usize = 256;

/// How a listener greets.
#[derive(Clone)]
pub(super) enum Greeting {
    /// Not at all: on this machine alone.
    None,
    /// It shows its own identity and asks for none.
    Tls(TlsAcceptor),
    /// Each end is known by its pinned key.
    Partners(Arc<Partners>),
}

/// The greeting of partners: refused is who the trust list does not know by the key shown.
pub(super) struct Partners {
    acceptor: TlsAcceptor,
    list: Arc<ArcSwap<TrustList>>,
    said: Mutex<HashMap<String, Instant>>,
}

/// Who is at the other end of a connection.
#[derive(Clone)]
pub(super) struct Caller {
    pub(super) peer: Peer,
    pub(super) partner: Option<Partner>,
}

impl Greeting {
    pub(super) fn partners(acceptor: TlsAcceptor, list: Arc<ArcSwap<TrustList>>) -> Self {
        Self::Partners(Arc::new(Partners { acceptor, list, said: Mutex::default() }))
    }
}

impl Partners {
    /// The stream of a partner that is known; to anybody else, why not.
    pub(super) async fn greet(&self, tcp: TcpStream, peer: Peer) -> Option<(TlsStream<TcpStream>, Partner)> {
        let from = peer.0.ip().to_string();
        // Who goes without a word looked whether the port is open: a doctor, or what watches the node.
        if tcp.peek(&mut [0]).await.is_ok_and(|come| come == 0) {
            tracing::debug!(from, "a caller said nothing");
            return None;
        }
        match self.acceptor.accept(tcp).into_fallible().await {
            Ok(stream) => match driver::greeted(stream.get_ref().1.peer_certificates(), &self.list.load()) {
                Ok(partner) => return Some((stream, partner)),
                Err(error) => self.say(&from, &error),
            },
            Err((error, mut tcp)) => {
                // It has not said who it is, and many nodes may come from one address.
                self.say(&from, &driver::refused(&format!("the caller from {from}"), &error));
                // The alert says why; closing over unread bytes could overtake it.
                let _ = tcp.shutdown().await;
                let (mut unread, mut nowhere) = (tcp.take(UNREAD), tokio::io::sink());
                let _ = tokio::time::timeout(LINGER, tokio::io::copy(&mut unread, &mut nowhere)).await;
            }
        }
        None
    }

    /// One line a minute for each trouble from each address: whoever knocks without end must not fill the disk.
    fn say(&self, from: &str, error: &driver::PartnerError) {
        let (line, now) = (format!("{from} {error}"), Instant::now());
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.retain(|_, at| now.duration_since(*at) < SAID_AGAIN);
        if said.len() < SAID_MOST && !said.contains_key(&line) {
            said.insert(line, now);
            tracing::warn!(from, reason = error.reason(), "a partner was refused: {error}");
        }
    }
}
