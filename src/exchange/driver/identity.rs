//! Who is at the other end: the name in its certificate, and the key that the trust list pins for that name.
//!
//! The certificate is only the envelope of name and key: who issued it and its dates are not asked, because the list
//! says whom to believe and until when, and a partner whose clock is wrong is still that partner.

use super::PartnerError;
use crate::trust::{NodeName, SpkiPin, TrustList};
use sha2::{Digest as _, Sha256};
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

/// What the URI of a node begins with.
const SCHEME: &str = "urn:origin-exchange:node:";

/// A node that was known by its TLS key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partner {
    /// Its name in the list.
    pub name: NodeName,
    /// The key it showed.
    pub pin: SpkiPin,
}

/// The URI that a node's TLS certificate carries as a subject alternative name.
#[must_use]
pub fn identity_uri(name: &NodeName) -> String {
    format!("{SCHEME}{name}")
}

/// The pin of the key in a certificate, as the trust list has it.
pub fn pin_of(certificate: &[u8]) -> Result<SpkiPin, PartnerError> {
    Ok(pin(&read(certificate)?))
}

/// The node that a certificate names, whether anybody knows it or not.
pub fn named(certificate: &[u8]) -> Result<String, PartnerError> {
    name_in(&read(certificate)?)
}

fn name_in(certificate: &X509Certificate<'_>) -> Result<String, PartnerError> {
    let names = certificate
        .subject_alternative_name()
        .map_err(|error| PartnerError::CertificateMalformed(error.to_string()))?;
    let mut names = names.iter().flat_map(|extension| &extension.value.general_names).filter_map(|name| match name {
        GeneralName::URI(uri) => uri.strip_prefix(SCHEME),
        _ => None,
    });
    let (Some(name), None) = (names.next(), names.next()) else { return Err(PartnerError::Unnamed) };
    Ok(name.to_owned())
}

fn read(certificate: &[u8]) -> Result<X509Certificate<'_>, PartnerError> {
    match X509Certificate::from_der(certificate) {
        Ok(([], certificate)) => Ok(certificate),
        Ok(_) => Err(PartnerError::CertificateMalformed("bytes follow its end".to_owned())),
        Err(error) => Err(PartnerError::CertificateMalformed(error.to_string())),
    }
}

fn pin(certificate: &X509Certificate<'_>) -> SpkiPin {
    SpkiPin(Sha256::digest(certificate.public_key().raw).into())
}

impl Partner {
    /// Who shows this certificate, if the list knows it by this key.
    pub(super) fn of(certificate: &[u8], list: &TrustList) -> Result<Self, PartnerError> {
        let certificate = read(certificate)?;
        let name = name_in(&certificate)?;
        let unknown = || PartnerError::Unknown { name: name.chars().take(100).collect(), version: list.version() };
        let name = name.parse::<NodeName>().map_err(|_| unknown())?;
        let partner = Self { name, pin: pin(&certificate) };
        partner.stands_in(list)?;
        Ok(partner)
    }

    /// Whether the list still knows the node by this key: it may have changed while the connection stood.
    pub(super) fn stands_in(&self, list: &TrustList) -> Result<(), PartnerError> {
        let version = list.version();
        let Some(node) = list.node(&self.name) else {
            return Err(PartnerError::Unknown { name: self.name.to_string(), version });
        };
        if node.spki.contains(&self.pin) {
            Ok(())
        } else {
            Err(PartnerError::WrongKey { name: self.name.clone(), pin: self.pin, version })
        }
    }
}
