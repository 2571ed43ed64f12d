//! TLS material for a node that has none yet: a small authority of its own and one server certificate.
//!
//! For a first start, a demonstration and tests. A node that strangers reach gets its certificate from a public
//! authority instead; only the two paths of its configuration change.

use super::{NodeError, files, tls::TlsFiles};
use crate::exchange::driver::identity_uri;
use crate::time::Timestamp;
use crate::trust::NodeName;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    SanType, date_time_ymd,
};
use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long the server's certificate is good for, in days: the longest that common TLS clients take.
const SERVER_DAYS: u64 = 825;
/// The same for the authority of its own: ten years.
const CA_DAYS: u64 = 3652;
/// Both begin this much early, in seconds: clients' clocks are not ours.
const EARLY: u64 = 3600;

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsMaterial {
    /// The certificate that clients are told to trust.
    pub ca: PathBuf,
    /// The server's chain and key.
    pub server: TlsFiles,
}

/// Writes `ca.crt.pem`, `server.crt.pem` and `server.key.pem` into `folder`, replacing older ones.
///
/// `names` are the DNS names and addresses that clients will dial. The key of the authority is not kept: nobody
/// can make a second certificate under it. The server's certificate is good for 825 days from `now`.
pub fn write(folder: &Path, names: &[String], now: Timestamp) -> Result<TlsMaterial, NodeError> {
    let (ca, chain, key) = make(names, now).map_err(|error| NodeError::TlsMaterial(error.to_string()))?;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|source| unwritable(folder, source))?;
    let material = TlsMaterial {
        ca: folder.join("ca.crt.pem"),
        server: TlsFiles { certificate: folder.join("server.crt.pem"), key: folder.join("server.key.pem") },
    };
    files::replace(&material.ca, ca.as_bytes(), 0o644)?;
    files::replace(&material.server.certificate, chain.as_bytes(), 0o644)?;
    files::replace(&material.server.key, key.as_bytes(), 0o600)?;
    Ok(material)
}

fn make(names: &[String], now: Timestamp) -> Result<(String, String, zeroize::Zeroizing<String>), rcgen::Error> {
    let ca_key = KeyPair::generate()?;
    let mut ca = CertificateParams::new(Vec::new())?;
    let begin = u64::try_from(now.as_second()).unwrap_or(0).saturating_sub(EARLY);
    // RFC 5280 counts both ends.
    let at = |second| date_time_ymd(1970, 1, 1) + Duration::from_secs(second);
    let lifetime = |days: u64| (at(begin), at(begin + days * 86_400 - 1));
    (ca.not_before, ca.not_after) = lifetime(CA_DAYS);
    ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    ca.distinguished_name.push(DnType::CommonName, "Origin node, own authority");
    let ca_certificate = ca.self_signed(&ca_key)?;

    let key = KeyPair::generate()?;
    let mut server = CertificateParams::new(names.to_vec())?;
    (server.not_before, server.not_after) = lifetime(SERVER_DAYS);
    server.distinguished_name.push(DnType::CommonName, names.first().map_or("origin node", String::as_str));
    server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    server.use_authority_key_identifier_extension = true;
    let certificate = server.signed_by(&key, &Issuer::from_params(&ca, &ca_key))?;
    let chain = format!("{}{}", certificate.pem(), ca_certificate.pem());
    Ok((ca_certificate.pem(), chain, zeroize::Zeroizing::new(key.serialize_pem())))
}

/// Writes `partner.crt.pem` and `partner.key.pem` into `folder`, replacing older ones: the identity a node shows its
/// partners. Nobody vouches for it; the trust list names its key.
pub fn write_partner(folder: &Path, node: &NodeName) -> Result<TlsFiles, NodeError> {
    let (certificate, key) = make_partner(node).map_err(|error| NodeError::TlsMaterial(error.to_string()))?;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|source| unwritable(folder, source))?;
    let written = TlsFiles { certificate: folder.join("partner.crt.pem"), key: folder.join("partner.key.pem") };
    files::replace(&written.certificate, certificate.as_bytes(), 0o644)?;
    files::replace(&written.key, key.as_bytes(), 0o600)?;
    Ok(written)
}

fn make_partner(node: &NodeName) -> Result<(String, zeroize::Zeroizing<String>), rcgen::Error> {
    let key = KeyPair::generate()?;
    let mut certificate = CertificateParams::new(Vec::new())?;
    certificate.subject_alt_names = vec![SanType::URI(identity_uri(node).try_into()?)];
    certificate.distinguished_name.push(DnType::CommonName, node.as_str());
    certificate.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    certificate.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    let certificate = certificate.self_signed(&key)?;
    Ok((certificate.pem(), zeroize::Zeroizing::new(key.serialize_pem())))
}

fn unwritable(path: &Path, source: std::io::Error) -> NodeError {
    NodeError::File { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use x509_parser::prelude::FromDer as _;

    #[test]
    fn a_certificate_of_ours_ends_while_somebody_still_remembers_it() {
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let (_, chain, _) = make(&["localhost".to_owned()], now).unwrap();
        let days = x509_parser::pem::Pem::iter_from_buffer(chain.as_bytes()).map(|pem| {
            let pem = pem.unwrap();
            let (_, certificate) = x509_parser::certificate::X509Certificate::from_der(&pem.contents).unwrap();
            let (begin, end) = (certificate.validity().not_before, certificate.validity().not_after);
            assert!(begin.timestamp() < now.as_second() && now.as_second() < end.timestamp());
            (end.timestamp() - begin.timestamp() + 1) / 86_400
        });
        assert_eq!(days.collect::<Vec<_>>(), [825, 3652]);
    }
}
