//! A connection to a partner, dialled by its name in the trust list.

use super::wire::replication_service_client::ReplicationServiceClient;
use super::{MAX_MESSAGE, PartnerError, tls};
use crate::trust::{NodeName, TrustList};
use arc_swap::ArcSwap;
use hyper_util::rt::TokioIo;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::ResolvesClientCert;
use tokio_rustls::rustls::pki_types::ServerName;
use tonic::Status;
use tonic::transport::{Channel, Endpoint, Uri};
use tonic_types::StatusExt as _;

/// The longest a partner is waited for before it counts as unreachable, and again for its greeting.
const CONNECT: Duration = Duration::from_secs(10);
/// How often a silent connection is asked whether the partner is there, and how long it may take to answer.
const KEEPALIVE: (Duration, Duration) = (Duration::from_secs(20), Duration::from_secs(20));
/// Port of an address that names none.
const PORT: u16 = 443;

/// Dials partners as this node.
#[derive(Clone)]
pub struct Dialler {
    identity: Arc<dyn ResolvesClientCert>,
    list: Arc<ArcSwap<TrustList>>,
}

impl Dialler {
    /// Dials with this node's TLS key, by the addresses and pins of the list in use at that moment.
    #[must_use]
    pub fn new(identity: Arc<dyn ResolvesClientCert>, list: Arc<ArcSwap<TrustList>>) -> Self {
        Self { identity, list }
    }

    /// Greets the partner at the address in the list.
    pub(super) async fn dial(&self, name: &NodeName) -> Result<Link, PartnerError> {
        let list = self.list.load_full();
        let version = list.version();
        let node = list.node(name).ok_or_else(|| PartnerError::Unknown { name: name.to_string(), version })?;
        let address = node.grpc.clone().ok_or_else(|| PartnerError::NoAddress { name: name.clone(), version })?;
        let (host, port) = host_and_port(address.as_str());
        let unusable =
            |why: String| PartnerError::Unreachable { name: name.clone(), address: address.to_string(), why };
        let server = ServerName::try_from(host.to_owned()).map_err(|error| unusable(error.to_string()))?;
        let connector = tls::connector(Arc::clone(&self.identity), Arc::clone(&self.list), name)?;
        let refused = Arc::new(OnceLock::new());
        let (over, ended) = watch::channel(false);
        let (who, place, told) = (name.clone(), (host.to_owned(), port), Arc::clone(&refused));
        let connect = tower::service_fn(move |_: Uri| {
            let (who, place, told) = (who.clone(), place.clone(), Arc::clone(&told));
            let over = over.clone();
            let (connector, server) = (connector.clone(), server.clone());
            async move {
                let unreachable = |why: String| PartnerError::Unreachable {
                    name: who.clone(),
                    address: format!("{}:{}", place.0, place.1),
                    why,
                };
                let late = || unreachable(format!("no answer within {} s", CONNECT.as_secs()));
                let tcp = tokio::time::timeout(CONNECT, TcpStream::connect((place.0.as_str(), place.1)));
                let tcp = tcp.await.map_err(|_| late())?.map_err(|error| unreachable(error.to_string()))?;
                tcp.set_nodelay(true).map_err(|error| unreachable(error.to_string()))?;
                let stream = tokio::time::timeout(CONNECT, connector.connect(server, tcp));
                let stream = stream.await.map_err(|_| late())?.map_err(|error| tls::refused(who.as_str(), &error))?;
                Ok::<_, PartnerError>(TokioIo::new(Watched { stream, who, told, over }))
            }
        });
        // The connector greets by itself; tonic must not do it a second time for the scheme's sake.
        let endpoint = Endpoint::from_shared(format!("http://{host}:{port}"))
            .map_err(|error| unusable(error.to_string()))?
            .http2_keep_alive_interval(KEEPALIVE.0)
            .keep_alive_timeout(KEEPALIVE.1)
            .keep_alive_while_idle(true)
            .http2_adaptive_window(true);
        let channel = endpoint.connect_with_connector(connect).await;
        let channel = channel.map_err(|error| said(&error).unwrap_or_else(|| unusable(error.to_string())))?;
        Ok(Link { name: name.clone(), address: address.to_string(), channel, refused, ended })
    }
}

/// A partner that was greeted.
#[derive(Debug, Clone)]
pub(super) struct Link {
    name: NodeName,
    address: String,
    channel: Channel,
    /// In TLS 1.3 the dialling end has greeted before the other end has judged its key: the refusal comes with the
    /// first bytes read, below everything that would tell of it.
    refused: Arc<OnceLock<PartnerError>>,
    /// Becomes true when the connection that was greeted is over.
    ended: watch::Receiver<bool>,
}

impl Link {
    /// The partner's name.
    pub(super) const fn name(&self) -> &NodeName {
        &self.name
    }

    /// Waits until the connection is over, and says what is known of why. Nobody has to call to find out: a partner
    /// that was killed is away from that moment, and not from the next greeting.
    pub(super) async fn lost(&self) -> PartnerError {
        // Who could say so is gone with the connection.
        let _ = self.ended.clone().wait_for(|ended| *ended).await;
        self.refused.get().cloned().unwrap_or_else(|| PartnerError::Unreachable {
            name: self.name.clone(),
            address: self.address.clone(),
            why: "the connection ended".to_owned(),
        })
    }

    /// The calls.
    pub(super) fn calls(&self) -> ReplicationServiceClient<Channel> {
        ReplicationServiceClient::new(self.channel.clone())
            .max_decoding_message_size(MAX_MESSAGE)
            .max_encoding_message_size(MAX_MESSAGE)
    }

    /// What a failed call says about the partner.
    pub(super) fn why(&self, status: &Status) -> PartnerError {
        if let Some(refused) = self.refused.get() {
            return refused.clone();
        }
        if let Some(error) = said(status) {
            return error;
        }
        match status.get_error_details().error_info() {
            Some(info) => PartnerError::Refused {
                name: self.name.clone(),
                reason: info.reason.clone(),
                message: status.message().to_owned(),
            },
            None => PartnerError::Unreachable {
                name: self.name.clone(),
                address: self.address.clone(),
                why: format!("{}: {}", status.code(), status.message()),
            },
        }
    }
}

/// The partner's error among the causes of another.
fn said(error: &(dyn std::error::Error + 'static)) -> Option<PartnerError> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<PartnerError>() {
            return Some(error.clone());
        }
        cause = error.source();
    }
    None
}

fn host_and_port(endpoint: &str) -> (&str, u16) {
    let rest = endpoint.strip_prefix("https://").unwrap_or(endpoint);
    match rest.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().unwrap_or(PORT)),
        None => (rest, PORT),
    }
}

/// A greeted stream that remembers when the other end refuses this node, and tells of its own end.
struct Watched {
    stream: TlsStream<TcpStream>,
    who: NodeName,
    told: Arc<OnceLock<PartnerError>>,
    over: watch::Sender<bool>,
}

/// The transport lets go of the stream as soon as the other end has: it always reads.
impl Drop for Watched {
    fn drop(&mut self) {
        self.over.send_replace(true);
    }
}

impl Watched {
    fn note(&self, error: &io::Error) {
        let error = tls::refused(self.who.as_str(), error);
        if matches!(error, PartnerError::RefusesUs { .. }) {
            // The first word counts: the connection does not live on after it.
            let _ = self.told.set(error);
        }
    }
}

impl AsyncRead for Watched {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        if let Poll::Ready(Err(error)) = &read {
            self.note(error);
        }
        read
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
