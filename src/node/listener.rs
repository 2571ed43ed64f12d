//! One listener: accepts, greets by TLS where it has an identity, serves HTTP/1.1 and HTTP/2, and drains.
//!
//! The accept loop is our own for two reasons: `TCP_NODELAY` must be set on the accepted socket (without it the
//! slowest percent of answers waits 40 ms for an acknowledgement), and the TLS identity changes while we run.

use super::NodeError;
use crate::api::Peer;
use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tower::Service as _;

/// A client that has not finished its TLS greeting by then is not one.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// A request's head over HTTP/1.1 has to arrive within.
const HEAD: Duration = Duration::from_secs(10);
/// How often a silent HTTP/2 connection is asked whether anybody is there, and how long it may take to answer.
const KEEPALIVE: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(20));
/// After an accept that failed for want of descriptors, the time others get to give some back.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Connections the system keeps waiting for us.
const BACKLOG: u32 = 1024;

/// What a listener allows its clients.
#[derive(Debug, Clone, Copy)]
pub(super) struct ListenerLimits {
    /// Connections at once; more wait to be accepted.
    pub(super) connections: usize,
    /// Calls at once on one connection.
    pub(super) streams_per_connection: u32,
}

/// A bound listener that does not accept yet.
#[derive(Debug)]
pub(super) struct Listener {
    door: &'static str,
    address: SocketAddr,
    tcp: TcpListener,
}

impl Listener {
    /// Takes the address; port 0 takes a free one.
    pub(super) fn bind(door: &'static str, address: SocketAddr) -> Result<Self, NodeError> {
        let bind = || {
            let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
            // A restart must not wait for the old connections' last packets.
            socket.set_reuseaddr(true)?;
            socket.bind(address)?;
            let tcp = socket.listen(BACKLOG)?;
            Ok((tcp.local_addr()?, tcp))
        };
        match bind() {
            Ok((address, tcp)) => Ok(Self { door, address, tcp }),
            Err(error) if io::Error::kind(&error) == io::ErrorKind::AddrInUse => {
                Err(NodeError::AddressInUse { door, address })
            }
            Err(source) => Err(NodeError::Listen { door, address, source }),
        }
    }

    /// Where it listens, with the port the system chose.
    #[must_use]
    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` says so, then lets what has begun end within `drain`.
    pub(super) async fn serve(
        self,
        tls: Option<TlsAcceptor>,
        router: Router,
        limits: ListenerLimits,
        mut stop: watch::Receiver<bool>,
        drain: Duration,
    ) {
        let free = Arc::new(Semaphore::new(limits.connections));
        let mut open = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                biased;
                () = stopped(&mut stop) => break,
                Some(_) = open.join_next() => continue,
                accepted = self.accept(&free) => accepted,
            };
            match accepted {
                Ok((tcp, peer, permit)) => {
                    let (tls, router, stop) = (tls.clone(), router.clone(), stop.clone());
                    open.spawn(async move {
                        connection(tcp, Peer(peer), tls, router, limits, stop).await;
                        drop(permit);
                    });
                }
                Err(error) => {
                    tracing::warn!(door = self.door, %error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        drop(self.tcp);
        let all = async { while open.join_next().await.is_some() {} };
        if tokio::time::timeout(drain, all).await.is_err() {
            tracing::warn!(door = self.door, left = open.len(), "connections were cut at the end of the drain");
        }
    }

    async fn accept(&self, free: &Arc<Semaphore>) -> io::Result<(TcpStream, SocketAddr, impl Sized + use<>)> {
        // Room first: what cannot be served waits in the backlog, and costs us nothing there.
        let permit = Arc::clone(free).acquire_owned().await.map_err(io::Error::other)?;
        let (tcp, peer) = self.tcp.accept().await?;
        tcp.set_nodelay(true)?;
        Ok((tcp, peer, permit))
    }
}

async fn connection(
    tcp: TcpStream,
    peer: Peer,
    tls: Option<TlsAcceptor>,
    router: Router,
    limits: ListenerLimits,
    stop: watch::Receiver<bool>,
) {
    match tls {
        None => serve(tcp, peer, router, limits, stop).await,
        Some(acceptor) => match tokio::time::timeout(HANDSHAKE, acceptor.accept(tcp)).await {
            Ok(Ok(stream)) => serve(stream, peer, router, limits, stop).await,
            Ok(Err(error)) => tracing::debug!(%error, "a TLS greeting failed"),
            Err(_) => tracing::debug!("a TLS greeting did not end in time"),
        },
    }
}

async fn serve<S>(stream: S, peer: Peer, router: Router, limits: ListenerLimits, mut stop: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams_per_connection)
        .keep_alive_interval(KEEPALIVE.0)
        .keep_alive_timeout(KEEPALIVE.1);
    let service =
        hyper_util::service::TowerToHyperService::new(tower::service_fn(move |mut request: axum::http::Request<_>| {
            request.extensions_mut().insert(peer);
            router.clone().call(request)
        }));
    let mut served = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = served.as_mut() => ended,
        () = stopped(&mut stop) => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended badly");
    }
}

/// Waits for the word to stop; a sender that is gone is that word too.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}
