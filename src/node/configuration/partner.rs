//! `[partner]`: what a node needs to exchange with others. Who the others are stands in the trust list.

use super::reader::Section;
use super::{path, required_path};
use crate::keys::KeyName;
use crate::node::tls::TlsFiles;
use crate::trust::NodeName;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The door to partners, and this node's part in the exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerConfiguration {
    /// This node's name in the trust list.
    pub node: NodeName,
    /// Where partners reach it.
    pub listen: SocketAddr,
    /// The TLS identity it shows partners, whether they dial or it does.
    pub tls: TlsFiles,
    /// The folder of its replica and witness keys.
    pub keys: PathBuf,
    /// The file whose first line opens them.
    pub passphrase_file: PathBuf,
    /// The key it cosigns with as a replica.
    pub replica_key: KeyName,
    /// The key it cosigns with as a witness.
    pub witness_key: KeyName,
    /// Where the logs of partners are kept: one folder below for each node, and one below that for each log.
    pub data: PathBuf,
    /// What one partner's logs may take.
    pub quota: Quota,
}

/// What the logs of one partner may take here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Bytes on disk.
    pub bytes: u64,
    /// New entries a day.
    pub entries_a_day: u64,
}

impl Default for Quota {
    fn default() -> Self {
        // A country's six million certificates a year take 6 GB of entries and 20 GB of disclosures.
        Self { bytes: 100 << 30, entries_a_day: 1_000_000 }
    }
}

/// Mebibytes in the largest quota: 1 PiB.
const MOST_MIB: u64 = 1 << 30;

pub(super) fn partner(section: &mut Section<'_, '_>, folder: &Path, data: &Path) -> Option<PartnerConfiguration> {
    let node = section.required::<NodeName>("node");
    let listen = section.required::<SocketAddr>("listen");
    let certificate = required_path(section, "certificate", folder);
    let key = required_path(section, "key", folder);
    let keys = required_path(section, "keys", folder);
    let passphrase_file = required_path(section, "passphrase_file", folder);
    let replica_key = section.required::<KeyName>("replica_key");
    let witness_key = section.required::<KeyName>("witness_key");
    let own = path(section, "data", folder).or_else(|| (!section.has("data")).then(|| data.join("partners")));
    let quota = section.table("quota", |quota| {
        let usual = Quota::default();
        let mib = quota.number("mebibytes", 1..=MOST_MIB, usual.bytes >> 20);
        let entries_a_day = quota.number("entries_a_day", 1..=1_000_000_000, usual.entries_a_day);
        Some(Quota { bytes: mib << 20, entries_a_day })
    });
    if replica_key.is_some() && replica_key == witness_key {
        section.mistake("witness_key", "is the replica key too: one key has one use");
    }
    Some(PartnerConfiguration {
        node: node?,
        listen: listen?,
        tls: TlsFiles { certificate: certificate?, key: key? },
        keys: keys?,
        passphrase_file: passphrase_file?,
        replica_key: replica_key?,
        witness_key: witness_key?,
        data: own?,
        quota: quota.unwrap_or_default(),
    })
}
