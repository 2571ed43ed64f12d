//! One listener: accepts, greets by TLS where it has an identity, serves HTTP/1.1 and HTTP/2, and drains.
//!
//! The accept loop is our own for two reasons: `TCP_NODELAY` must be set on the accepted socket (without it the
//! slowest percent of answers waits 40 ms for an acknowledgement), and the TLS identity changes while we run.

use super::NodeError;
use super::activity::Activity;
use super::greeting::{Caller, Greeting};
use super::unread::watched;
use crate::api::Peer;
use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
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
    /// Connections at once from one network as [`Peer::network`] has it; more are closed at once.
    pub(super) connections_per_address: usize,
    /// Calls at once on one connection.
    pub(super) streams_per_connection: u32,
    /// A connection without a call for this long gives its place back.
    pub(super) idle: Duration,
}

/// Connections by the network they come from.
#[derive(Debug, Default)]
struct Places(Mutex<HashMap<IpAddr, usize>>);

/// One connection's place; given back when it is dropped.
struct Place(Arc<Places>, IpAddr);

impl Places {
    /// A place, unless the network has as many as one may have.
    fn take(self: &Arc<Self>, network: IpAddr, most: usize) -> Option<Place> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(network).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Place(Arc::clone(self), network))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.1) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                taken.remove(&self.1);
            }
        }
    }
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
        greeting: Greeting,
        router: Router,
        limits: ListenerLimits,
        mut stop: watch::Receiver<bool>,
        drain: Duration,
    ) {
        let free = Arc::new(Semaphore::new(limits.connections));
        let places = Arc::new(Places::default());
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
                    let Some(place) = places.take(Peer(peer).network(), limits.connections_per_address) else {
                        tracing::debug!(door = self.door, %peer, "an address has too many connections");
                        continue;
                    };
                    let (greeting, router, stop) = (greeting.clone(), router.clone(), stop.clone());
                    open.spawn(async move {
                        connection(tcp, Peer(peer), greeting, router, limits, stop).await;
                        drop((permit, place));
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
    greeting: Greeting,
    router: Router,
    limits: ListenerLimits,
    stop: watch::Receiver<bool>,
) {
    let anybody = Caller { peer, partner: None };
    match greeting {
        Greeting::None => serve(tcp, anybody, router, limits, stop).await,
        Greeting::Tls(acceptor) => match tokio::time::timeout(HANDSHAKE, acceptor.accept(tcp)).await {
            Ok(Ok(stream)) => serve(stream, anybody, router, limits, stop).await,
            Ok(Err(error)) => tracing::debug!(%error, "a TLS greeting failed"),
            Err(_) => tracing::debug!("a TLS greeting did not end in time"),
        },
        Greeting::Partners(partners) => {
            if let Ok(Some((stream, partner))) = tokio::time::timeout(HANDSHAKE, partners.greet(tcp, peer)).await {
                serve(stream, Caller { peer, partner: Some(partner) }, router, limits, stop).await;
            }
        }
    }
}

async fn serve<S>(stream: S, caller: Caller, router: Router, limits: ListenerLimits, mut stop: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams_per_connection)
        // Entries come by the thousand from a partner: the window follows the road.
        .adaptive_window(caller.partner.is_some())
        .keep_alive_interval(KEEPALIVE.0)
        .keep_alive_timeout(KEEPALIVE.1);
    let activity = Arc::new(Activity::default());
    let its = Arc::clone(&activity);
    let service = hyper_util::service::TowerToHyperService::new(tower::service_fn(
        move |request: axum::http::Request<Incoming>| {
            let (mut request, unread) = watched(request);
            request.extensions_mut().insert(caller.peer);
            if let Some(partner) = &caller.partner {
                request.extensions_mut().insert(partner.clone());
            }
            let call = its.begin();
            let answer = router.clone().call(request);
            async move {
                let answer = answer.await?;
                unread.read().await;
                Ok::<_, Infallible>(answer.map(|body: Body| call.until_sent(body)))
            }
        },
    ));
    let mut served = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = served.as_mut() => ended,
        () = stopped(&mut stop) => {
            served.as_mut().graceful_shutdown();
            served.await
        }
        () = activity.idle(limits.idle) => {
            served.as_mut().graceful_shutdown();
            // A call that came just now may still end.
            tokio::time::timeout(limits.idle, served).await.unwrap_or(Ok(()))
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

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{Request, StatusCode, header};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio_stream::StreamExt as _;

    /// A listener that serves: where, how it is stopped, and its end.
    fn open(router: Router, limits: ListenerLimits) -> (SocketAddr, watch::Sender<bool>, tokio::task::JoinHandle<()>) {
        let listener = Listener::bind("test", "127.0.0.1:0".parse().unwrap()).unwrap();
        let (address, (stop, stopping)) = (listener.address(), watch::channel(false));
        (address, stop, tokio::spawn(listener.serve(Greeting::None, router, limits, stopping, Duration::ZERO)))
    }

    #[tokio::test]
    async fn a_silent_connection_gives_its_place_to_the_next() {
        let idle = Duration::from_millis(5);
        let limits = ListenerLimits { connections: 1, connections_per_address: 9, streams_per_connection: 1, idle };
        let router = Router::new().route("/", axum::routing::get(|| async { "served" }));
        let (address, stop, serving) = open(router, limits);
        // One says nothing at all, one falls silent after its first call.
        let mut silent = TcpStream::connect(address).await.unwrap();
        let mut called = TcpStream::connect(address).await.unwrap();
        called.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        let (mut nothing, mut answer) = (Vec::new(), Vec::new());
        let _ = silent.read_to_end(&mut nothing).await;
        called.read_to_end(&mut answer).await.unwrap();
        assert!(nothing.is_empty() && answer.ends_with(b"served"));
        stop.send(true).unwrap();
        serving.await.unwrap();
    }

    #[tokio::test]
    async fn a_refusal_over_http_2_goes_out_when_the_body_has_come_and_one_of_grpc_at_once() {
        const PARTS: usize = 3;
        let idle = Duration::from_secs(9);
        let limits = ListenerLimits { connections: 1, connections_per_address: 9, streams_per_connection: 99, idle };
        let (address, stop, serving) = open(Router::new(), limits);
        let tcp = TokioIo::new(TcpStream::connect(address).await.unwrap());
        let shaken = hyper::client::conn::http2::handshake::<_, _, Body>(TokioExecutor::new(), tcp).await;
        let (mut calls, connection) = shaken.unwrap();
        let connection = tokio::spawn(connection);
        let post = |kind: &str| Request::post(format!("http://{address}/nope")).header(header::CONTENT_TYPE, kind);
        for _ in 0..20 {
            let sent = Arc::new(AtomicUsize::new(0));
            let its = Arc::clone(&sent);
            let parts = tokio_stream::iter(0..PARTS).then(move |_| {
                let its = Arc::clone(&its);
                async move {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                    its.fetch_add(1, Ordering::Relaxed);
                    Ok::<_, Infallible>("{}")
                }
            });
            let request = post("application/json").body(Body::from_stream(parts)).unwrap();
            let answer = calls.send_request(request).await.unwrap();
            assert_eq!((answer.status(), sent.load(Ordering::Relaxed)), (StatusCode::NOT_FOUND, PARTS));
        }
        // A stream that has no end yet.
        let endless = Body::from_stream(tokio_stream::pending::<Result<&str, Infallible>>());
        let request = post("application/grpc").body(endless).unwrap();
        let answer = tokio::time::timeout(Duration::from_secs(5), calls.send_request(request)).await.unwrap().unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        stop.send(true).unwrap();
        serving.await.unwrap();
        connection.abort();
    }
}
