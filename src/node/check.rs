//! What `origin check-config` does: opens everything a start would open, and writes nothing.

use super::configuration::Configuration;
use super::tls::TlsIdentity;
use super::{NodeError, authority, federation, outside, paper, partners, push};
use crate::trust::TrustList;
use std::path::Path;

/// Authorities that the trust list does not know: their node starts, and nothing they sign is believed anywhere.
fn unlisted(configuration: &Configuration, list: &TrustList) -> Vec<NodeError> {
    let missing = configuration.authorities.iter().filter(|one| list.section(&one.issuer).is_none());
    let missing = missing.map(|one| NodeError::Content {
        path: configuration.trust.list.clone(),
        message: format!("version {} has no section of {}: nothing it signs is believed", list.version(), one.issuer),
    });
    missing.collect()
}

/// Everything that would keep a node of this configuration file from starting, or from issuing what anybody believes.
/// It blocks while keys are unlocked.
pub fn check(file: &Path) -> Result<Configuration, Vec<NodeError>> {
    let configuration = Configuration::load(file).map_err(|error| vec![error])?;
    let mut faults = Vec::new();
    faults.extend(TlsIdentity::read(configuration.public.tls.clone()).err());
    if configuration.client.tls != configuration.public.tls {
        faults.extend(TlsIdentity::read(configuration.client.tls.clone()).err());
    }
    if let Some(partner) = &configuration.partner {
        faults.extend(TlsIdentity::read(partner.tls.clone()).err());
        faults.extend(partners::open_keys(partner).err());
        faults.extend(outside::open(&partner.witnesses).err());
        faults.extend(push::open(&partner.pushes).err());
    }
    match federation::trust(&configuration.trust, None) {
        Ok(list) => faults.extend(unlisted(&configuration, &list)),
        Err(error) => faults.push(error),
    }
    faults.extend(federation::agreements(&configuration.agreements).err());
    faults.extend(configuration.lists.as_ref().and_then(|folder| super::lists::installed_lists(folder).err()));
    faults.extend(configuration.authorities.iter().filter_map(|one| authority::open_keys(one).err()));
    faults.extend(paper::press(&configuration.paper).err());
    faults.extend(configuration.authorities.iter().filter_map(|one| authority::paper_images(one).err()));
    if faults.is_empty() { Ok(configuration) } else { Err(faults) }
}
