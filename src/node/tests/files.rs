//! The files of a small node: keys, trust, TLS, configuration.

use super::super::{Configuration, system::SystemClock, tls_material};
use crate::keys::{KeyStore, Passphrase};
use crate::time::{Clock as _, SeededRandom};
use crate::workflow::tests::world::{PAKISTAN, federation, first_list, section};
use std::fs;
use std::path::Path;

pub(super) const HOST: &str = "tdap.gov.pk";

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
    let (random, offline) = (SeededRandom::new(7), KeyStore::in_memory());
    let passphrase = Passphrase::from_bytes(b"a passphrase for tests").unwrap();
    passphrase.write_new(&folder.join("passphrase")).unwrap();
    let keys = KeyStore::create(&folder.join("keys"), passphrase).unwrap();
    let section = section(PAKISTAN, (&offline, &keys), &[2026], &random);
    let (list, anchor) = first_list(&offline, federation(&offline, &random), &section);
    fs::write(folder.join("list.note"), list.to_string()).unwrap();
    fs::write(folder.join("anchor.toml"), anchor.to_toml().unwrap()).unwrap();
    // The clients of these tests look at the machine's own clock.
    tls_material::write(&folder.join("tls"), &["localhost".to_owned()], SystemClock.now()).unwrap();
    let agreements = concat!(env!("CARGO_MANIFEST_DIR"), "/node-config/agreements");
    Configuration::read(&NODE.replace("AGREEMENTS", agreements), folder).unwrap()
}
