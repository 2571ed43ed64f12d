//! Posts over HTTPS to an address that somebody named, and nowhere else.
//!
//! What always holds: the address dialled is the one that was looked at, so that a name cannot mean another a moment
//! later; TLS is verified against the system's authorities or those of the configuration; no redirect is followed; of an
//! answer no more is read than its asker has a use for.

use super::NodeError;
use super::configuration::WebhookTargets;
use crate::workflow::{Target, is_public};
use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, CONTENT_TYPE, HOST, RETRY_AFTER, USER_AGENT};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use tokio_rustls::rustls::{CertificateError, ClientConfig, Error, RootCertStore, version};
use tokio_stream::StreamExt as _;

/// Where systems keep the public authorities, in the order they are looked for.
const SYSTEM_AUTHORITIES: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];
/// The longest a name, a connection or a greeting may take each.
const STEP: Duration = Duration::from_secs(5);
/// Addresses of a name that are tried.
const ADDRESSES: usize = 4;
/// Bytes of the head of an answer; what is longer is no answer.
const HEAD: usize = 16 << 10;

/// Posts over HTTPS.
pub(super) struct HttpsClient {
    tls: TlsConnector,
    targets: WebhookTargets,
}

/// A body that is sent.
pub(super) type Outgoing = BoxBody<Bytes, std::io::Error>;

/// A body that is at hand.
pub(super) fn whole(body: Bytes) -> Outgoing {
    Full::new(body).map_err(|never| match never {}).boxed()
}

/// A body that comes part by part.
pub(super) fn streamed(
    parts: impl tokio_stream::Stream<Item = std::io::Result<Bytes>> + Send + Sync + 'static,
) -> Outgoing {
    StreamBody::new(parts.map(|part| part.map(Frame::data))).boxed()
}

/// What is posted.
pub(super) struct Letter {
    /// Media type of the body.
    pub(super) content_type: &'static str,
    /// Headers beside the usual ones.
    pub(super) headers: Vec<(&'static str, String)>,
    /// The body.
    pub(super) body: Outgoing,
    /// Bytes of the answer's body that are read at most; a longer one is no answer. With 0 it is not looked at.
    pub(super) most: usize,
}

/// What came back.
pub(super) struct Answered {
    pub(super) status: u16,
    /// When the other side wants to be asked again.
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Bytes,
}

impl HttpsClient {
    /// Reads who vouches for receivers. A system without such a list carries nothing until one is named.
    pub(super) fn open(ca: Option<&Path>, targets: WebhookTargets) -> Result<Self, NodeError> {
        let system = || SYSTEM_AUTHORITIES.iter().map(Path::new).find(|path| path.exists()).map(Path::to_owned);
        let file: Option<PathBuf> = ca.map(Path::to_owned).or_else(system);
        let mut roots = RootCertStore::empty();
        if let Some(path) = file {
            let all = CertificateDer::pem_file_iter(&path).and_then(|all| all.collect::<Result<Vec<_>, _>>());
            let all = all.map_err(|error| NodeError::Tls { path: path.clone(), message: error.to_string() })?;
            let (added, _) = roots.add_parsable_certificates(all);
            if added == 0 {
                let message = "holds no certificate that vouches for anybody".to_owned();
                return Err(NodeError::Tls { path, message });
            }
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&version::TLS13, &version::TLS12])
            .map_err(|error| NodeError::Inside(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { tls: TlsConnector::from(Arc::new(config)), targets })
    }

    /// The addresses behind a target that may be called.
    async fn addresses(&self, target: &Target) -> Result<Vec<SocketAddr>, String> {
        let all = match target.host().parse::<IpAddr>() {
            Ok(address) => vec![SocketAddr::new(address, target.port())],
            Err(_) => {
                let found = tokio::time::timeout(STEP, lookup_host((target.host(), target.port()))).await;
                let found = found.map_err(|_| "its name was not found in time".to_owned())?;
                found.map_err(|_| "its name is not found".to_owned())?.collect()
            }
        };
        let may = |address: &SocketAddr| self.targets == WebhookTargets::Any || is_public(address.ip());
        let open = all.into_iter().filter(may).take(ADDRESSES).collect::<Vec<_>>();
        if open.is_empty() {
            return Err(
                "it is at no address of the open network, and the node's configuration allows no other".to_owned()
            );
        }
        Ok(open)
    }

    async fn connect(&self, target: &Target) -> Result<TcpStream, String> {
        for address in self.addresses(target).await? {
            if let Ok(Ok(stream)) = tokio::time::timeout(STEP, TcpStream::connect(address)).await {
                return Ok(stream);
            }
        }
        Err("nobody answers there".to_owned())
    }

    /// One attempt; or why there is no answer, in words that tell nothing of what stands there.
    pub(super) async fn post(&self, target: &Target, letter: Letter) -> Result<Answered, String> {
        let most = letter.most;
        let Answering { answer, retry_after, .. } = &mut self.send(target, letter).await?;
        let status = answer.status().as_u16();
        let body = match most {
            0 => Bytes::new(),
            most => {
                let read = Limited::new(answer.body_mut(), most).collect().await;
                read.map_err(|_| "its answer ended early, or is longer than any may be".to_owned())?.to_bytes()
            }
        };
        Ok(Answered { status, retry_after: *retry_after, body })
    }

    /// The same, with an answer that is read part by part.
    pub(super) async fn send(&self, target: &Target, letter: Letter) -> Result<Answering, String> {
        let Letter { content_type, headers, body, .. } = letter;
        let stream = self.connect(target).await?;
        let name = ServerName::try_from(target.host().to_owned()).map_err(|_| "its name is none of TLS".to_owned())?;
        let stream = tokio::time::timeout(STEP, self.tls.connect(name, stream)).await;
        let stream = stream.map_err(|_| "it did not greet in time".to_owned())?;
        let stream = stream.map_err(|error| ungreeted(&error))?;
        let mut builder = http1::Builder::new();
        builder.max_buf_size(HEAD);
        let shaken = builder.handshake::<_, Outgoing>(TokioIo::new(stream)).await;
        let (mut sender, connection) = shaken.map_err(|_| "it speaks no HTTP".to_owned())?;
        let connection = tokio::spawn(connection);
        // However this ends, the connection ends with it.
        let connection = Ended(connection.abort_handle());
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(target.path())
            .header(HOST, target.authority())
            .header(CONTENT_TYPE, content_type)
            .header(USER_AGENT, concat!("origin-exchange/", env!("CARGO_PKG_VERSION")))
            .header(CONNECTION, "close");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(body).map_err(|_| "its URL cannot be asked for".to_owned())?;
        let answer =
            sender.send_request(request).await.map_err(|_| "the connection ended without an answer".to_owned())?;
        let wanted = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = wanted.and_then(|value| value.trim().parse::<u64>().ok()).map(Duration::from_secs);
        Ok(Answering { answer, retry_after, _connection: connection })
    }
}

/// What is said of a certificate that is judged by a clock that may be wrong.
pub(crate) const EXPIRED: &str = "its certificate has expired";
/// The same of one that begins later.
pub(crate) const NOT_VALID_YET: &str = "its certificate is not valid yet";

/// Why there is no TLS with the other side, in words for who gave its address.
fn ungreeted(error: &std::io::Error) -> String {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(Error::InvalidCertificate(why)) => format!("TLS: {}", of_certificate(why)),
        _ => format!("TLS: {error}"),
    }
}

/// What is wrong with a server's certificate. The library's own words are those of its code, and name what stands there.
fn of_certificate(why: &CertificateError) -> String {
    use CertificateError as E;
    let words = match why {
        E::Expired | E::ExpiredContext { .. } => EXPIRED,
        E::NotValidYet | E::NotValidYetContext { .. } => NOT_VALID_YET,
        E::UnknownIssuer => "its certificate is of no authority that is known here",
        E::NotValidForName | E::NotValidForNameContext { .. } => "its certificate is not for that name",
        E::InvalidPurpose | E::InvalidPurposeContext { .. } => "its certificate is not for servers",
        // The verifier's word, which is not among the common ones.
        E::Other(other) if other.to_string() == "CaUsedAsEndEntity" => {
            "its certificate is that of an authority, used as a server's"
        }
        other => return format!("its certificate is not accepted: {other}"),
    };
    words.to_owned()
}

/// An answer whose head has come.
pub(super) struct Answering {
    answer: Response<Incoming>,
    retry_after: Option<Duration>,
    _connection: Ended,
}

impl Answering {
    pub(super) fn status(&self) -> u16 {
        self.answer.status().as_u16()
    }

    /// When the other side wants to be asked again.
    pub(super) const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// What a header of it says; nothing where it is not there.
    pub(super) fn header(&self, name: &str) -> &str {
        self.answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The next part of its body.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, String> {
        loop {
            let Some(frame) = self.answer.body_mut().frame().await else { return Ok(None) };
            let frame = frame.map_err(|_| "its answer ended early".to_owned())?;
            if let Ok(part) = frame.into_data() {
                return Ok(Some(part));
            }
        }
    }
}

/// Ends a task when it is dropped.
struct Ended(tokio::task::AbortHandle);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio_rustls::rustls::OtherError;

    /// Who gave the address reads it in a list, and knows nothing of the library's code.
    #[test]
    fn what_is_wrong_with_a_certificate_is_said_in_words() {
        let own = OtherError(Arc::new(std::io::Error::other("CaUsedAsEndEntity")));
        for (why, said) in [
            (CertificateError::Expired, "TLS: its certificate has expired"),
            (CertificateError::UnknownIssuer, "TLS: its certificate is of no authority that is known here"),
            (CertificateError::NotValidForName, "TLS: its certificate is not for that name"),
            (CertificateError::Other(own), "TLS: its certificate is that of an authority, used as a server's"),
        ] {
            assert_eq!(ungreeted(&std::io::Error::other(Error::InvalidCertificate(why))), said);
        }
        assert_eq!(ungreeted(&std::io::Error::other("broken")), "TLS: broken");
    }
}
