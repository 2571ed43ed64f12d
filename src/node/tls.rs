//! Server TLS: a certificate chain and its key from two PEM files, read again while the node runs.
//!
//! A renewed certificate counts from the next connection on; one that cannot be read changes nothing.

use super::NodeError;
use crate::exchange::driver::{PartnerError, named, pin_of};
use crate::trust::SpkiPin;
use arc_swap::ArcSwap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::client::ResolvesClientCert;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{ServerConfig, SignatureScheme, version};

/// The two files of a server's TLS identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// PEM: the server's certificate first, then those that vouch for it.
    pub certificate: PathBuf,
    /// PEM: the private key.
    pub key: PathBuf,
}

/// A TLS identity that can be read again.
#[derive(Debug)]
pub struct TlsIdentity {
    files: TlsFiles,
    current: ArcSwap<CertifiedKey>,
}

impl TlsIdentity {
    /// Reads both files and checks that they belong together.
    pub fn read(files: TlsFiles) -> Result<Arc<Self>, NodeError> {
        let current = ArcSwap::from_pointee(read_key(&files)?);
        Ok(Arc::new(Self { files, current }))
    }

    /// Reads both files again; says whether the certificate is another one.
    pub fn reload(&self) -> Result<bool, NodeError> {
        let fresh = read_key(&self.files)?;
        if fresh.cert == self.current.load().cert {
            return Ok(false);
        }
        self.current.store(Arc::new(fresh));
        Ok(true)
    }

    /// The side of a listener: HTTP/2 before HTTP/1.1, TLS 1.2 and 1.3.
    pub fn acceptor(self: &Arc<Self>) -> Result<TlsAcceptor, NodeError> {
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&version::TLS13, &version::TLS12])
            .map_err(|error| self.refused(error.to_string()))?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// The pin of the key shown now, as a trust list names it.
    pub fn pin(&self) -> Result<SpkiPin, NodeError> {
        self.shown(pin_of)
    }

    /// The node that the certificate shown now names.
    pub fn node_name(&self) -> Result<String, NodeError> {
        self.shown(named)
    }

    /// What is read of the certificate shown now.
    fn shown<T>(&self, read: impl FnOnce(&[u8]) -> Result<T, PartnerError>) -> Result<T, NodeError> {
        let current = self.current.load();
        let first = current.cert.first().ok_or_else(|| self.refused("holds no certificate".to_owned()))?;
        read(first.as_ref()).map_err(|error| self.refused(error.to_string()))
    }

    fn refused(&self, message: String) -> NodeError {
        NodeError::Tls { path: self.files.certificate.clone(), message }
    }
}

impl ResolvesServerCert for TlsIdentity {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.load_full())
    }
}

/// The same identity where this node dials a partner.
impl ResolvesClientCert for TlsIdentity {
    fn resolve(&self, _hints: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(self.current.load_full())
    }

    fn has_certs(&self) -> bool {
        true
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn read_key(files: &TlsFiles) -> Result<CertifiedKey, NodeError> {
    let refused = |path: &Path, message: String| NodeError::Tls { path: path.to_owned(), message };
    let chain = CertificateDer::pem_slice_iter(&read(&files.certificate)?)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| refused(&files.certificate, format!("is not PEM: {error}")))?;
    if chain.is_empty() {
        return Err(refused(&files.certificate, "holds no certificate".to_owned()));
    }
    let key = PrivateKeyDer::from_pem_slice(&zeroize::Zeroizing::new(read(&files.key)?))
        .map_err(|error| refused(&files.key, format!("holds no private key in PEM: {error}")))?;
    let certified = CertifiedKey::from_der(chain, key, &provider())
        .map_err(|error| refused(&files.key, format!("is not the key of {}: {error}", files.certificate.display())))?;
    // `from_der` lets an unknown kind of key pass; here the two files must be known to belong together.
    certified
        .keys_match()
        .map_err(|error| refused(&files.key, format!("is not the key of {}: {error}", files.certificate.display())))?;
    Ok(certified)
}

fn read(path: &Path) -> Result<Vec<u8>, NodeError> {
    std::fs::read(path).map_err(|source| NodeError::File { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::super::tls_material;
    use super::*;

    fn files(folder: &Path) -> TlsFiles {
        tls_material::write(folder, &["localhost".to_owned()], "2026-11-22T10:00:00Z".parse().unwrap()).unwrap().server
    }

    #[test]
    fn a_renewed_certificate_counts_without_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let identity = TlsIdentity::read(files(folder.path())).unwrap();
        let before = identity.current.load_full();
        assert!(!identity.reload().unwrap());
        let _ = files(folder.path());
        assert!(identity.reload().unwrap());
        assert_ne!(before.cert, identity.current.load().cert);
    }

    #[test]
    fn a_certificate_that_cannot_be_read_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let files = files(folder.path());
        let identity = TlsIdentity::read(files.clone()).unwrap();
        std::fs::write(&files.certificate, "torn").unwrap();
        assert!(identity.reload().is_err());
        assert_eq!(identity.current.load().cert.len(), 2);
    }

    #[test]
    fn a_key_of_another_certificate_is_refused() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mixed = TlsFiles { certificate: files(one.path()).certificate, key: files(two.path()).key };
        let error = TlsIdentity::read(mixed).unwrap_err();
        assert!(error.to_string().contains("is not the key of"), "{error}");
    }
}
