//! The files of a small node: keys, trust, TLS, configuration.

use super::super::{Configuration, system::SystemClock, tls_material};
use crate::keys::{KeyStore, KeyUse, Passphrase};
use crate::log::{Shard, VerifierKey};
use crate::statement::{Issuer, Kid, Kind};
use crate::time::{Clock as _, FixedClock, SeededRandom, ZoneName};
use crate::trust::{
    Algorithm, Anchor, Cosigning, ListDraft, ListText, ListedKey, ListedLogKey, ListedUse, SectionText, root_name,
};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

pub(super) const HOST: &str = "tdap.gov.pk";
pub(super) const NOW: &str = "2026-11-22T10:00:00Z";
const FOOTBALLS: &str = include_str!("../../../node-config/demo/certificates/pk-cn-footballs.json");

const NODE: &str = r#"
agreements = "AGREEMENTS"
[trust]
list = "list.note"
anchor = "anchor.toml"
[public]
listen = "127.0.0.1:0"
certificate = "tls/server.crt.pem"
key = "tls/server.key.pem"
[client]
listen = "127.0.0.1:0"
[admin]
listen = "127.0.0.1:0"
[[authority]]
issuer = "https://tdap.gov.pk"
country = "PK"
time_zone = "Asia/Karachi"
keys = "keys"
passphrase_file = "passphrase"
statement_key = "statement"
status_key = "status"
stamp_key = "stamp"
[[authority.office]]
code = "LHE"
name = "Lahore"
place = "Lahore"
agreements = ["CPFTA"]
"#;

/// Writes everything a node starts from.
pub(super) fn write(folder: &Path) -> Configuration {
    let random = SeededRandom::new(7);
    let issuer: Issuer = format!("https://{HOST}").parse().unwrap();
    let passphrase = Passphrase::from_bytes(b"a passphrase for tests").unwrap();
    passphrase.write_new(&folder.join("passphrase")).unwrap();
    let keys = KeyStore::create(&folder.join("keys"), passphrase).unwrap();
    let offline = KeyStore::in_memory();
    let kid = |text: &str| text.parse::<Kid>().unwrap();
    let make = |keys: &KeyStore, name: &str, key_use| keys.make(&name.parse().unwrap(), key_use, &random).unwrap();
    let root = make(&offline, "root", KeyUse::Root { iss: issuer.clone() });
    let federation = make(&offline, "federation", KeyUse::Federation { signer: "federation.example".parse().unwrap() });
    let statement = make(&keys, "statement", KeyUse::Statement { iss: issuer.clone(), kid: kid("statement-1") });
    let status = make(&keys, "status", KeyUse::Status { iss: issuer.clone(), kid: kid("status-1") });
    let stamp = make(&keys, "stamp", KeyUse::Stamp { iss: issuer.clone(), kid: kid("stamp-1") });
    let shard = Shard::of_year(2026);
    let log = make(&keys, "log-2026", KeyUse::Log { iss: issuer.clone(), shard });
    let listed = |name: &str, x, r#use, kinds: &[Kind]| ListedKey {
        kid: kid(name),
        alg: Algorithm::EdDSA,
        x,
        r#use,
        kinds: kinds.iter().map(|kind| kind.name().parse().unwrap()).collect(),
        agreements: None,
        offices: None,
        from: Vec::new(),
    };
    let section = SectionText {
        iss: issuer.clone(),
        serial: 1,
        country: "PK".parse().unwrap(),
        time_zone: ZoneName::new("Asia/Karachi").unwrap(),
        names: BTreeMap::from([("en".parse().unwrap(), "Trade Development Authority".parse().unwrap())]),
        root: VerifierKey::note(&root_name(&issuer), root.public_key).unwrap(),
        node: None,
        roles: Vec::new(),
        keys: vec![
            listed("statement-1", statement.public_key, ListedUse::Statement, &Kind::ALL),
            listed("status-1", status.public_key, ListedUse::Status, &[]),
            listed("stamp-1", stamp.public_key, ListedUse::Stamp, &[]),
        ],
        log_keys: vec![ListedLogKey { shard, x: log.public_key }],
    };
    let section = offline.root(&"root".parse().unwrap()).unwrap().sign(section).unwrap();
    let signer = federation.verifier_key().unwrap();
    let mut text = ListText {
        version: 1,
        issued: "2026-11-01T00:00:00Z".parse().unwrap(),
        next_update: "2027-11-01T00:00:00Z".parse().unwrap(),
        k: 1,
        signers: vec![signer.clone()],
        sections: Vec::new(),
        closings: Vec::new(),
        shards: Vec::new(),
        nodes: Vec::new(),
        addressees: BTreeMap::new(),
        cosigning: Cosigning::if_it_has_a_node(),
    };
    text.put(&section, None);
    let mut draft = ListDraft::new(text).unwrap();
    offline.federation(&"federation".parse().unwrap()).unwrap().sign(&mut draft, None).unwrap();
    let anchor = Anchor::new(1, vec![signer], BTreeMap::new()).unwrap();
    fs::write(folder.join("list.note"), draft.finish(&anchor, None).unwrap().to_string()).unwrap();
    fs::write(folder.join("anchor.toml"), anchor.to_toml().unwrap()).unwrap();
    // The clients of these tests look at the machine's own clock.
    tls_material::write(&folder.join("tls"), &["localhost".to_owned()], SystemClock.now()).unwrap();
    let agreements = concat!(env!("CARGO_MANIFEST_DIR"), "/node-config/agreements");
    Configuration::read(&NODE.replace("AGREEMENTS", agreements), folder).unwrap()
}

/// The footballs of Sialkot, to be issued today.
pub(super) fn footballs(clock: &FixedClock) -> Vec<u8> {
    let today = ZoneName::new("Asia/Karachi").unwrap().date_at(clock.now());
    crate::certificate::offset_dates(FOOTBALLS, today).unwrap().into_bytes()
}

/// The nth request id of now.
pub(super) fn request_id(clock: &FixedClock, nth: u16) -> String {
    let ms = format!("{:012x}", clock.now().as_millisecond());
    format!("{}-{}-7000-8000-00000000{nth:04x}", &ms[..8], &ms[8..])
}
