//! A test in the place of a partner's node: it holds that node's TLS key, and asks others in its name.

use crate::{federation::Member, process::Running};
use bytes::Bytes;
use hyper_util::rt::TokioIo;
use origin_exchange::{
    log::{Origin, SignedCheckpoint},
    trust::TrustList,
};
use std::{fs, io, sync::Arc, time::Duration};
use tokio::{net::TcpStream, sync::mpsc, time::Instant};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
        client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        crypto::{WebPkiSupportedAlgorithms, ring, verify_tls13_signature},
        pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject as _},
        version,
    },
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{Channel, Endpoint, Uri};
use tower::Service;
use wire::{replication_service_client::ReplicationServiceClient, sync_request, sync_response};

/// The test's own stubs, from the same `.proto` file as anybody's.
#[allow(missing_docs, dead_code, unreachable_pub, clippy::all, clippy::pedantic, reason = "generated")]
pub(crate) mod wire {
    include!(concat!(env!("OUT_DIR"), "/partners/origin.v1.rs"));
}

/// How an end checks the other's signatures, by the algorithms that are its second field.
macro_rules! checked_signatures {
    () => {
        fn verify_tls12_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            panic!("TLS 1.2 was agreed")
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            certificate: &CertificateDer<'_>,
            signature: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            verify_tls13_signature(message, certificate, signature, &self.1)
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            self.1.supported_schemes()
        }
    };
}
pub(crate) use checked_signatures;

/// Knows the other end by the certificate in its folder.
#[derive(Debug)]
struct Known(CertificateDer<'static>, WebPkiSupportedAlgorithms);

impl ServerCertVerifier for Known {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        assert_eq!(*shown, self.0);
        Ok(ServerCertVerified::assertion())
    }

    checked_signatures!();
}

/// What a member's node is known by.
pub(crate) fn certificate(member: &Member) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(&fs::read(member.at("tls/partner.crt.pem")).unwrap()).unwrap()
}

/// What a member shows its partners.
pub(crate) fn partner_identity(member: &Member) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
    let key = PrivateKeyDer::from_pem_slice(&fs::read(member.at("tls/partner.key.pem")).unwrap()).unwrap();
    (certificate(member), key)
}

/// Greets the partners' door of `to` at an address, in the name of `from`.
fn connector(
    from: &Member,
    to: &Member,
    address: String,
) -> impl Service<Uri, Response = TokioIo<TlsStream<TcpStream>>, Error = io::Error, Future: Send> + Send + 'static + use<>
{
    let (own, key) = partner_identity(from);
    let provider = Arc::new(ring::default_provider());
    let known = Known(certificate(to), provider.signature_verification_algorithms);
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(known))
        .with_client_auth_cert(vec![own], key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let connector = TlsConnector::from(Arc::new(config));
    tower::service_fn(move |_: Uri| {
        let (connector, address) = (connector.clone(), address.clone());
        async move {
            let stream = TcpStream::connect(address).await?;
            let name = ServerName::try_from("partner.invalid").unwrap();
            connector.connect(name, stream).await.map(TokioIo::new)
        }
    })
}

/// Size of the head in a note.
pub(crate) fn size_of(note: &[u8]) -> u64 {
    str::from_utf8(note).unwrap().lines().nth(1).unwrap().parse().unwrap()
}

/// A connection to the partners' door of `to`, in the name of `from`.
#[derive(Clone)]
pub(crate) struct Pretender(Channel);

impl Pretender {
    pub(crate) async fn open(from: &Member, to: &Member, node: &Running) -> Self {
        let endpoint = Endpoint::from_static("http://partner.invalid");
        Self(endpoint.connect_with_connector(connector(from, to, node.partner.clone())).await.unwrap())
    }

    /// The same to a node that need not be there yet.
    pub(crate) fn at(from: &Member, to: &Member, address: String) -> Self {
        let endpoint = Endpoint::from_static("http://partner.invalid");
        Self(endpoint.connect_with_connector_lazy(connector(from, to, address)))
    }

    /// The connection itself.
    pub(crate) fn channel(self) -> Channel {
        self.0
    }

    pub(crate) fn calls(&self) -> ReplicationServiceClient<Channel> {
        ReplicationServiceClient::new(self.0.clone())
    }

    /// All heads that the partner knows.
    pub(crate) async fn heads(&self) -> Vec<wire::KnownHead> {
        let request = wire::ListHeadsRequest { page_size: 250, ..Default::default() };
        self.calls().list_heads(request).await.unwrap().into_inner().heads
    }

    /// All entries of a log, as its addressee gets them.
    pub(crate) async fn leaves(&self, log: &str) -> Vec<Bytes> {
        let (ask, asked) = mpsc::channel(4);
        let say = |message| wire::SyncRequest { message: Some(message) };
        let hello = wire::SyncHello { log: log.to_owned(), next_index: 0, head_size: 0, head_root: vec![0; 32].into() };
        ask.send(say(sync_request::Message::Hello(hello))).await.unwrap();
        let mut answers = self.calls().sync(ReceiverStream::new(asked)).await.unwrap().into_inner();
        let (mut leaves, mut size) = (Vec::new(), None);
        while size.is_none_or(|size| leaves.len() < size) {
            match answers.message().await.unwrap().unwrap().message.unwrap() {
                sync_response::Message::Announce(announce) if size.is_none() => {
                    let to = size_of(&announce.checkpoint);
                    size = usize::try_from(to).ok();
                    let want = wire::SyncWant { from: 0, to, credit: 1 << 30 };
                    ask.send(say(sync_request::Message::Want(want))).await.unwrap();
                }
                sync_response::Message::Announce(_) => {}
                sync_response::Message::Package(package) => leaves.extend(package.leaves),
            }
        }
        leaves
    }

    /// Waits until the newest head that this partner cosigned is of at least this size and has enough cosignatures
    /// for its last entry; gives it.
    pub(crate) async fn enough(&self, trust: &TrustList, log: &str, size: u64) -> SignedCheckpoint {
        let begun = Instant::now();
        let origin: Origin = log.parse().unwrap();
        loop {
            let heads = self.heads().await;
            let found = heads.iter().find(|head| head.log == log && !head.cosigned_by_caller.is_empty());
            let signed = found.map(|head| {
                let note = str::from_utf8(&head.cosigned_by_caller).unwrap();
                SignedCheckpoint::open(note, &trust.log_key(&origin).unwrap()).unwrap()
            });
            if let Some(signed) = &signed
                && signed.checkpoint().head.size >= size
                && meets(trust, &origin, signed)
            {
                return signed.clone();
            }
            let seen = signed.map(|signed| signed.note().to_string());
            assert!(begun.elapsed() < crate::federation::PATIENCE, "{log} to {size}: {seen:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn meets(trust: &TrustList, origin: &Origin, signed: &SignedCheckpoint) -> bool {
    let policy = trust.policy_at(origin, signed.checkpoint().head.size - 1).unwrap();
    policy.evaluate(&policy.cosigned(signed).unwrap())
}
