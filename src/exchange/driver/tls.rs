//! Both sides of the greeting: TLS 1.3 alone, each end known by its pinned key.

use super::{Partner, PartnerError};
use crate::trust::{NodeName, TrustList};
use arc_swap::ArcSwap;
use std::io;
use std::sync::Arc;
use tokio_rustls::rustls::client::ResolvesClientCert;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::ResolvesServerCert;
use tokio_rustls::rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use tokio_rustls::rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, DistinguishedName, Error, OtherError,
    PeerIncompatible, ServerConfig, SignatureScheme, version,
};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// HTTP/2 alone: gRPC has no other.
const PROTOCOL: &[u8] = b"h2";

/// The side of the listener. `identity` shows this node's key; `list` is looked at in each greeting.
pub fn acceptor(
    identity: Arc<dyn ResolvesServerCert>,
    list: Arc<ArcSwap<TrustList>>,
) -> Result<TlsAcceptor, PartnerError> {
    let provider = provider();
    let pinned = Arc::new(Pinned::new(list, None, &provider));
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&version::TLS13])
        .map_err(|error| greeting("a partner", &error))?
        .with_client_cert_verifier(pinned)
        .with_cert_resolver(identity);
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    // A resumed session would not show its key again, and the list may have changed since.
    config.send_tls13_tickets = 0;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// The side that dials `expected`.
pub(super) fn connector(
    identity: Arc<dyn ResolvesClientCert>,
    list: Arc<ArcSwap<TrustList>>,
    expected: &NodeName,
) -> Result<TlsConnector, PartnerError> {
    let provider = provider();
    let pinned = Arc::new(Pinned::new(list, Some(expected.clone()), &provider));
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&version::TLS13])
        .map_err(|error| greeting(expected.as_str(), &error))?
        .dangerous()
        .with_custom_certificate_verifier(pinned)
        .with_client_cert_resolver(identity);
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    config.resumption = tokio_rustls::rustls::client::Resumption::disabled();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Who greeted, after the greeting: the certificates it showed, held to the list once more.
pub fn greeted(certificates: Option<&[CertificateDer<'_>]>, list: &TrustList) -> Result<Partner, PartnerError> {
    let shown = certificates.and_then(<[_]>::first).ok_or(PartnerError::Unnamed)?;
    Partner::of(shown, list)
}

/// What an error of the greeting, or of the connection after it, says about the other end; `who` names it.
#[must_use]
pub fn refused(who: &str, error: &io::Error) -> PartnerError {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(Error::InvalidCertificate(CertificateError::Other(OtherError(inner)))) => inner
            .downcast_ref::<PartnerError>()
            .cloned()
            .unwrap_or_else(|| PartnerError::Greeting { who: who.to_owned(), why: inner.to_string() }),
        Some(
            Error::NoCertificatesPresented
            | Error::PeerIncompatible(PeerIncompatible::NoCertificateRequestSignatureSchemesInCommon),
        ) => PartnerError::Unnamed,
        Some(Error::AlertReceived(
            AlertDescription::CertificateUnknown
            | AlertDescription::BadCertificate
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
            | AlertDescription::CertificateRequired,
        )) => PartnerError::RefusesUs { who: who.to_owned() },
        _ => PartnerError::Greeting { who: who.to_owned(), why: error.to_string() },
    }
}

fn greeting(who: &str, error: &Error) -> PartnerError {
    PartnerError::Greeting { who: who.to_owned(), why: error.to_string() }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// Knows a partner by the pins of the list in use at that moment.
struct Pinned {
    list: Arc<ArcSwap<TrustList>>,
    /// Whom we dialled; none where we are dialled.
    expected: Option<NodeName>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Pinned {
    fn new(list: Arc<ArcSwap<TrustList>>, expected: Option<NodeName>, provider: &CryptoProvider) -> Self {
        Self { list, expected, algorithms: provider.signature_verification_algorithms }
    }

    fn known(&self, certificate: &CertificateDer<'_>) -> Result<(), Error> {
        let known = Partner::of(certificate, &self.list.load()).and_then(|found| match &self.expected {
            Some(expected) if *expected != found.name => {
                Err(PartnerError::Another { expected: expected.clone(), found: found.name })
            }
            _ => Ok(()),
        });
        known.map_err(|error| Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(error)))))
    }
}

impl std::fmt::Debug for Pinned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pinned").field("expected", &self.expected).finish_non_exhaustive()
    }
}

/// How each end checks the other's signatures. TLS 1.2 is not offered, so nobody can be asked for those of it.
macro_rules! checked_signatures {
    () => {
        fn verify_tls12_signature(
            &self,
            _message: &[u8],
            _certificate: &CertificateDer<'_>,
            _signature: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Err(Error::PeerIncompatible(PeerIncompatible::Tls13RequiredForQuic))
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            certificate: &CertificateDer<'_>,
            signature: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            verify_tls13_signature(message, certificate, signature, &self.algorithms)
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            self.algorithms.supported_schemes()
        }
    };
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.known(certificate).map(|()| ServerCertVerified::assertion())
    }

    checked_signatures!();
}

impl ClientCertVerifier for Pinned {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.known(certificate).map(|()| ClientCertVerified::assertion())
    }

    checked_signatures!();
}
