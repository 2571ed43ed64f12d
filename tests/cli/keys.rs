//! `origin key`: made encrypted, listed without a passphrase, never overwritten.

use crate::support::{folder, origin, origin_with, text, write};
use std::{fs, os::unix::fs::PermissionsExt, path::Path};

fn passphrase(folder: &Path, line: &str) -> String {
    let path = write(folder, "passphrase", line);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    text(&path).to_owned()
}

#[test]
fn a_key_is_made_once_and_shown_without_its_passphrase() {
    let folder = folder();
    let keys = folder.path().join("keys");
    let file = passphrase(folder.path(), "a long enough passphrase\n");
    let new = [
        "key",
        "new",
        "root",
        "--use",
        "root",
        "--issuer",
        "tdap.gov.pk",
        "--keys",
        text(&keys),
        "--passphrase-file",
        &file,
    ];
    origin(&new).good();
    origin(&new).bad(64, &["exists already", "never overwritten"]);
    let listed = origin(&["key", "list", "--keys", text(&keys), "--format", "json"]).good().json();
    assert_eq!(listed["use"], "root");
    assert!(listed["verifier_key"].as_str().unwrap().starts_with("tdap.gov.pk/root+"), "{listed}");
    let pem = fs::read_to_string(keys.join("root.key.pem")).unwrap();
    assert!(pem.contains("ENCRYPTED PRIVATE KEY"));
}

#[test]
fn a_key_needs_what_its_use_needs_and_nothing_else() {
    let folder = folder();
    let keys = folder.path().join("keys");
    let new = |more: &[&str]| {
        let mut arguments = vec!["key", "new", "k", "--keys", text(&keys), "--passphrase-file", "-"];
        arguments.extend(more);
        origin_with(b"a long enough passphrase", &arguments)
    };
    new(&["--use", "log", "--issuer", "tdap.gov.pk"]).bad(2, &["--shard"]);
    new(&["--use", "replica"]).bad(2, &["--node"]);
    new(&["--use", "federation"]).bad(2, &["--signer"]);
    new(&["--use", "root", "--issuer", "tdap.gov.pk", "--shard", "2026"]).bad(2, &["--shard", "leave it out"]);
    new(&["--use", "rot"]).bad(2, &["root"]);
    assert!(!keys.exists());
}

#[test]
fn another_passphrase_makes_no_key_in_a_folder_that_has_one() {
    let folder = folder();
    let keys = folder.path().join("keys");
    let new = |name: &str, line: &[u8]| {
        origin_with(
            line,
            &[
                "key",
                "new",
                name,
                "--use",
                "witness",
                "--node",
                "n.tdap.gov.pk",
                "--keys",
                text(&keys),
                "--passphrase-file",
                "-",
            ],
        )
    };
    new("a", b"a long enough passphrase").good();
    new("b", b"a mistyped passphrase").bad(64, &["does not open", "one passphrase"]);
    new("b", b"short").bad(64, &["passphrase"]);
}

#[test]
fn a_passphrase_file_that_others_can_read_is_refused() {
    let folder = folder();
    let file = write(folder.path(), "passphrase", "a long enough passphrase\n");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let keys = folder.path().join("keys");
    origin(&[
        "key",
        "new",
        "a",
        "--use",
        "witness",
        "--node",
        "n.tdap.gov.pk",
        "--keys",
        text(&keys),
        "--passphrase-file",
        text(&file),
    ])
    .bad(64, &["0644", "chmod 0600"]);
}

#[test]
fn a_folder_that_is_none_says_how_to_get_one() {
    origin(&["key", "list", "--keys", "nowhere"]).bad(64, &["nowhere", "origin key new"]);
}
