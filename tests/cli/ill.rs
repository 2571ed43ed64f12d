//! `origin doctor` and `check-config` on nodes that are not well: neither calls good what will not start, or will not be
//! believed.

use crate::{
    process::{Home, Running, footballs},
    support::{Said, origin, text, write},
};
use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

fn doctor(home: &Home) -> Said {
    origin(&["doctor", "--config", &home.config()])
}

/// The line of the doctor with these words.
#[track_caller]
fn line<'a>(said: &'a Said, words: &[&str]) -> &'a str {
    let found = said.out.lines().find(|line| words.iter().all(|word| line.contains(word)));
    found.unwrap_or_else(|| panic!("{words:?} is in no line of:\n{}", said.out))
}

#[test]
fn the_doctor_calls_no_node_good_that_would_not_start() {
    let home = Home::new();
    doctor(&home).good();
    home.configure("replica_key = \"replica\"", "replica_key = \"repl\"");
    origin(&["check-config", &home.config()]).bad(64, &["there is no key named `repl`", "origin doctor"]);
    let said = doctor(&home);
    assert_eq!(said.code, 1, "{}", said.out);
    assert!(line(&said, &["start", "no key named `repl`"]).starts_with("bad"));
}

#[test]
fn the_doctor_looks_at_every_key_and_at_the_partner_certificate() {
    let home = Home::new();
    let said = doctor(&home).good();
    for word in ["statement", "status", "replica", "witness"] {
        assert!(line(&said, &["keys", &format!("the {word} key"), "is listed"]).starts_with("good"));
    }
    assert!(line(&said, &["partner TLS", "holds until"]).starts_with("good"));
    fs::write(home.node.join("keys.passphrase"), "another passphrase\n").unwrap();
    let said = doctor(&home);
    assert_eq!(said.code, 1, "{}", said.out);
    for key in ["statement-", "status-", "replica", "witness"] {
        line(&said, &["bad", "keys", key]);
    }
    fs::remove_file(home.node.join("keys.passphrase")).unwrap();
    let said = origin(&["check-config", &home.config()]).bad(64, &["keys.passphrase", "there is no such file"]);
    assert!(!said.err.contains("entity not found"), "{}", said.err);
}

#[test]
fn a_node_without_a_log_key_that_the_list_names_is_not_good_and_is_told_to_make_no_other() {
    let home = Home::new();
    let listed = origin(&["key", "list", "--config", &home.config(), "--format", "json"]).good().out;
    let years = listed.lines().filter_map(|line| line.split("\"log-").nth(1)?.get(..4)).collect::<BTreeSet<_>>();
    assert_eq!(years.len(), 2, "of the year and of the next: {listed}");
    for year in years.iter().rev() {
        for entry in fs::read_dir(home.node.join("keys")).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap().to_string_lossy().starts_with(&format!("log-{year}")) {
                fs::remove_file(path).unwrap();
            }
        }
        let told = format!("there is no log key for shard {year}, and the trust list names one: put that key back");
        let refused = origin(&["check-config", &home.config()]).bad(64, &[&told]);
        assert!(!refused.err.contains("origin key new"), "{}", refused.err);
        // It starts without, and serves what there is.
        assert!(refused.err.contains("starts, and part of its work would be refused"), "{}", refused.err);
        let said = doctor(&home);
        assert!(line(&said, &["start", "everything a start opens, opens"]).starts_with("good"));
        assert!(line(&said, &["work", &told]).starts_with("bad"));
        assert!(!said.out.contains("origin key new"), "{}", said.out);
    }
    let year = years.first().unwrap();
    assert!(line(&doctor(&home), &["keys", &format!("there is no log key for {year}")]).starts_with("bad"));
    Running::start(&home.config()).stop();

    for year in &years {
        new_log_key(&home, &format!("log-{year}"), "tdap.gov.pk", year);
        let told = format!("another log key is listed for shard {year} than `log-{year}`: put the one back");
        origin(&["check-config", &home.config()]).bad(64, &[&told, "one that is listed is not replaced"]);
        let said = doctor(&home);
        assert!(line(&said, &["work", &told]).starts_with("bad"));
        assert!(!said.out.contains("draft section"), "{}", said.out);
    }
    assert!(line(&doctor(&home), &["keys", &format!("another log key is listed for {year}")]).starts_with("bad"));
}

fn new_log_key(home: &Home, name: &str, issuer: &str, year: &str) {
    let (keys, passphrase) = (home.path("keys"), home.path("keys.passphrase"));
    let made = ["key", "new", name, "--use", "log", "--issuer", issuer, "--shard", year, "--keys", &keys];
    origin(&[&made[..], &["--passphrase-file", &passphrase]].concat()).good();
}

#[test]
fn a_key_that_its_folder_alone_keeps_from_others_is_told() {
    let home = Home::new();
    new_log_key(&home, "old", "kcci.org.pk", "2020");
    let told = "keys/old.key.pem` has mode 0644";
    assert!(!origin(&["check-config", &home.config()]).good().err.contains("warning"));
    fs::set_permissions(home.path("keys/old.key.pem"), fs::Permissions::from_mode(0o644)).unwrap();
    assert!(origin(&["check-config", &home.config()]).good().err.contains(told));
    assert!(line(&doctor(&home), &["keys", told]).starts_with("warning"));
}

/// Every file below a folder with its contents.
fn contents(folder: &Path, into: &mut Vec<(PathBuf, Vec<u8>)>) {
    let mut entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            contents(&path, into);
        } else {
            into.push((path.clone(), fs::read(path).unwrap()));
        }
    }
}

#[test]
fn damage_to_the_journal_of_a_stopped_node_is_named_with_its_file_and_nothing_is_changed() {
    let home = Home::new();
    let node = Running::start(&home.config());
    let (token, ca) = (node.account(&home, "signatory"), home.path("tls/ca.crt.pem"));
    for marks in 0..3 {
        let row = write(&home.node, &format!("row-{marks}.json"), &footballs(marks));
        origin(&["issue", text(&row), "--node", &node.client, "--ca", &ca, "--token-file", &token]).good();
    }
    node.stop();
    assert!(line(&doctor(&home).good(), &["journal", "are whole"]).starts_with("good"));

    let file = home.data().join("entries/00000001");
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, bytes).unwrap();
    let (mut before, mut after) = (Vec::new(), Vec::new());
    contents(&home.node.join("data"), &mut before);
    let said = doctor(&home);
    contents(&home.node.join("data"), &mut after);
    assert!(before == after, "the doctor changed the data folder");
    assert_eq!(said.code, 1, "{}", said.out);
    assert!(line(&said, &["journal", text(&file), "STORE_CORRUPT"]).starts_with("bad"));
    // What a start refuses is named the same.
    let refused = Running::try_start(crate::process::serving(&home.config()));
    assert!(refused.is_err_and(|said| said.err.contains(text(&file))));
}

#[test]
fn a_configuration_with_two_doors_at_one_address_is_not_good() {
    let home = Home::new();
    home.configure("127.0.0.1:0", "127.0.0.1:8443");
    home.configure("127.0.0.1:0", "0.0.0.0:8443");
    let said = origin(&["check-config", &home.config()]);
    let said = said.bad(64, &["each needs a port of its own"]);
    assert_eq!(said.err.matches("each needs a port").count(), 1, "{}", said.err);
}

#[test]
fn a_configuration_whose_trust_list_has_no_section_of_the_authority_is_not_good() {
    let (home, other) = (Home::new(), tempfile::tempdir().unwrap());
    let kenya = text(&other.path().join("kenya")).to_owned();
    let arguments = ["init", &kenya, "--issuer", "kra.go.ke", "--country", "KE", "--time-zone", "Africa/Nairobi"];
    origin(&[&arguments[..], &["--name", "KRA", "--office", "NBO=Office,Nairobi"]].concat()).good();
    for name in ["trust/trust-list.note", "trust/anchor.toml"] {
        fs::copy(Path::new(&kenya).join(name), home.node.join(name)).unwrap();
    }
    let said = origin(&["check-config", &home.config()]).bad(64, &["has no section of https://tdap.gov.pk"]);
    assert!(said.err.contains("starts, and part of its work would be refused or not believed"), "{}", said.err);
}

#[test]
fn a_configuration_whose_tls_identity_is_not_the_one_that_partners_know_is_not_good() {
    let (home, other) = (Home::new(), tempfile::tempdir().unwrap());
    origin(&["check-config", &home.config()]).good();
    let found = [
        ("kra.go.ke", "names node.kra.go.ke, and this node is node.tdap.gov.pk"),
        ("tdap.gov.pk", "pins another TLS key"),
    ];
    for (issuer, told) in found {
        let made = text(&other.path().join(issuer)).to_owned();
        let arguments = ["init", &made, "--issuer", issuer, "--country", "KE", "--time-zone", "Africa/Nairobi"];
        origin(&[&arguments[..], &["--name", "Another", "--office", "NBO=Office,Nairobi"]].concat()).good();
        for name in ["tls/partner.crt.pem", "tls/partner.key.pem"] {
            fs::copy(Path::new(&made).join(name), home.node.join(name)).unwrap();
        }
        origin(&["check-config", &home.config()]).bad(64, &[told, "no partner answers it"]);
    }
}
