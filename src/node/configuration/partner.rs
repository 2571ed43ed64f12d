//! `[partner]`: what a node needs to exchange with others. Who the others are stands in the trust list.

use super::reader::Section;
use super::{path, required_path};
use crate::keys::KeyName;
use crate::log::{KeyKind, LogName, VerifierKey};
use crate::node::tls::TlsFiles;
use crate::trust::NodeName;
use crate::workflow::Target;
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
    /// Logs outside the trust list that this node witnesses.
    pub witnessed: Vec<WitnessedConfiguration>,
    /// Witnesses outside the trust list that are shown the heads of this node's own logs.
    pub witnesses: Vec<OutsideWitnessConfiguration>,
    /// Partners that packages are pushed to.
    pub pushes: Vec<PushConfiguration>,
}

/// A partner that packages are pushed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushConfiguration {
    /// Its name in the trust list.
    pub node: NodeName,
    /// Where packages are posted.
    pub url: Target,
    /// PEM of the authorities that vouch for it; the system's, where none is named.
    pub ca: Option<PathBuf>,
}

/// A log outside the trust list that this node witnesses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessedConfiguration {
    /// The first line of its checkpoints.
    pub origin: LogName,
    /// The keys that may sign them.
    pub keys: Vec<VerifierKey>,
}

/// A witness outside the trust list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutsideWitnessConfiguration {
    /// The key it cosigns with; its name is the witness's.
    pub key: VerifierKey,
    /// Where `add-checkpoint` is posted.
    pub url: Target,
    /// PEM of the authorities that vouch for it; the system's, where none is named.
    pub ca: Option<PathBuf>,
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
/// Logs outside the trust list that a node witnesses, at most.
const MOST_WITNESSED: usize = 1024;
/// Witnesses outside the trust list, at most: each is asked for every log.
const MOST_WITNESSES: usize = 16;

pub(super) fn partner(section: &mut Section<'_, '_>, folder: &Path, data: &Path) -> Option<PartnerConfiguration> {
    let node = section.required::<NodeName>("node");
    let listen = section.required_or::<SocketAddr>("listen", "127.0.0.1:0");
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
    let (witnessed, witnesses) = (all_witnessed(section), all_witnesses(section, folder));
    let pushes = all_pushes(section, folder);
    if let Some(own) = pushes.iter().find(|push| node.as_ref() == Some(&push.node)) {
        section.mistake("push", format!("{} is this node: nothing is pushed to it", own.node));
    }
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
        witnessed,
        witnesses,
        pushes,
    })
}

/// `[[partner.push]]`.
fn all_pushes(section: &mut Section<'_, '_>, folder: &Path) -> Vec<PushConfiguration> {
    let all = section.tables("push", |push| {
        let (node, url) = (push.required::<NodeName>("node"), push.required::<Target>("url"));
        let ca = path(push, "ca", folder);
        Some(PushConfiguration { node: node?, url: url?, ca })
    });
    for (nth, one) in all.iter().enumerate() {
        if all.iter().take(nth).any(|other| other.node == one.node) {
            section.mistake("push", format!("{} is named twice", one.node));
        }
    }
    all
}

/// `[[partner.witnessed]]`.
fn all_witnessed(section: &mut Section<'_, '_>) -> Vec<WitnessedConfiguration> {
    let all = section.tables("witnessed", |log| {
        let origin = log.required::<LogName>("origin");
        if !log.has("keys") {
            log.mistake("keys", "is missing: the verifier keys that may sign for the log");
        }
        let keys = log.texts::<VerifierKey>("keys");
        if log.has("keys") && keys.is_empty() {
            log.mistake("keys", "names no key that may sign for the log");
        }
        if keys.iter().any(|key| key.kind() != KeyKind::Ed25519) {
            log.mistake("keys", "a log signs with a key of type 0x01 (Ed25519)");
        }
        Some(WitnessedConfiguration { origin: origin?, keys })
    });
    for (nth, one) in all.iter().enumerate() {
        if all.iter().take(nth).any(|other| other.origin == one.origin) {
            section.mistake("witnessed", format!("{} is named twice", one.origin));
        }
    }
    if all.len() > MOST_WITNESSED {
        section.mistake("witnessed", format!("at most {MOST_WITNESSED} logs are witnessed"));
    }
    all
}

/// `[[partner.witness]]`.
fn all_witnesses(section: &mut Section<'_, '_>, folder: &Path) -> Vec<OutsideWitnessConfiguration> {
    let all = section.tables("witness", |witness| {
        let key = witness.required::<VerifierKey>("key");
        if key.as_ref().is_some_and(|key| key.kind() != KeyKind::CosignatureV1) {
            witness.mistake("key", "a witness cosigns with a key of type 0x04 (cosignature/v1)");
        }
        let url = witness.required::<Prefix>("url");
        let ca = path(witness, "ca", folder);
        Some(OutsideWitnessConfiguration { key: key?, url: url?.0, ca })
    });
    for (nth, one) in all.iter().enumerate() {
        if all.iter().take(nth).any(|other| other.key.name() == one.key.name()) {
            section.mistake("witness", format!("{} is named twice", one.key.name()));
        }
    }
    if all.len() > MOST_WITNESSES {
        section.mistake("witness", format!("at most {MOST_WITNESSES} witnesses are asked"));
    }
    all
}

/// A submission prefix of tlog-witness: what is posted to is `<prefix>/add-checkpoint`.
struct Prefix(Target);

impl std::str::FromStr for Prefix {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.contains('?') {
            return Err("a witness is reached below a prefix without a query".to_owned());
        }
        let target = format!("{}/add-checkpoint", text.trim_end_matches('/')).parse();
        target.map(Self).map_err(|_| "a witness is reached at a URL such as `https://witness.example/`".to_owned())
    }
}
