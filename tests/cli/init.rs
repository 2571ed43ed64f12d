//! `origin init`, `check-config` and `doctor`: a node in one folder.

use crate::support::{command, folder, init, origin, origin_with, text};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

#[test]
fn what_init_writes_passes_its_own_check() {
    let folder = folder();
    let node = init(folder.path());
    let said = origin(&["check-config", text(&node.join("node.toml"))]).good();
    assert!(said.out.contains("https://tdap.gov.pk"), "{}", said.out);
}

#[test]
fn the_configuration_is_found_where_the_environment_names_it() {
    let folder = folder();
    let node = init(folder.path());
    let (file, list) = (node.join("node.toml"), node.join("trust/trust-list.note"));
    origin(&["check-config", "--config", text(&file)]).good();
    origin(&["check-config", text(&file), "--config", text(&file)]).bad(2, &["--config"]);
    let by_environment = |arguments: &[&str]| command(arguments).env("ORIGIN_CONFIG", &file).output().unwrap();
    for arguments in [&["check-config"][..], &["key", "list"], &["trust", "install", text(&list)]] {
        let output = by_environment(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    // What is named is looked at, and not what the environment says beside it.
    let root = by_environment(&["key", "list", "--keys", text(&node.join("offline/keys"))]);
    let root = String::from_utf8(root.stdout).unwrap();
    assert!(root.contains(" root ") && !root.contains(" statement "), "{root}");
    let anchor = folder.path().join("anchor.toml");
    fs::copy(node.join("trust/anchor.toml"), &anchor).unwrap();
    let elsewhere = folder.path().join("list.note");
    let to = ["trust", "install", text(&list), "--to", text(&elsewhere), "--anchor", text(&anchor)];
    assert!(by_environment(&to).status.success() && elsewhere.exists());
}

/// Every file of `node-config` is used here as it stands: the example beside what `init` made.
#[test]
fn every_file_of_node_config_runs_as_it_stands() {
    let folder = folder();
    let node = init(folder.path());
    let mut seen = 0;
    for entry in fs::read_dir(repository().join("node-config")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            fs::copy(&path, node.join("node.toml")).unwrap();
            origin(&["check-config", text(&node.join("node.toml"))]).good();
            seen += 1;
        }
    }
    assert!(seen > 0);
}

#[test]
fn secrets_are_for_their_owner_alone() {
    let folder = folder();
    let node = init(folder.path());
    let mode = |name: &str| fs::metadata(node.join(name)).unwrap().permissions().mode() & 0o777;
    for (name, expected) in [
        ("keys", 0o700),
        ("keys.passphrase", 0o600),
        ("keys/statement-1.key.pem", 0o600),
        ("offline", 0o700),
        ("offline/keys.passphrase", 0o600),
        ("tls/server.key.pem", 0o600),
        ("data", 0o700),
    ] {
        assert_eq!(mode(name), expected, "{name}");
    }
}

#[test]
fn the_root_key_and_the_online_keys_have_passphrases_of_their_own() {
    let folder = folder();
    let node = init(folder.path());
    let read = |name: &str| fs::read_to_string(node.join(name)).unwrap();
    assert_ne!(read("keys.passphrase"), read("offline/keys.passphrase"));
    let online = origin(&["key", "list", "--keys", text(&node.join("keys"))]).good().out;
    assert!(!online.contains(" root "), "{online}");
    assert!(online.contains("log-"), "{online}");
}

#[test]
fn init_never_touches_what_is_there() {
    let folder = folder();
    let node = init(folder.path());
    let before = fs::read(node.join("node.toml")).unwrap();
    let again = origin(&["init", text(&node), "--issuer", "x.gov.pk"]).bad(64, &["is there already", "help:"]);
    assert!(again.out.is_empty());
    assert_eq!(fs::read(node.join("node.toml")).unwrap(), before);
}

#[test]
fn without_a_terminal_every_missing_answer_is_named_at_once() {
    let folder = folder();
    let node = folder.path().join("node");
    origin(&["init", text(&node), "--issuer", "tdap.gov.pk"])
        .bad(2, &["--country", "--time-zone", "--name", "--office"]);
    assert!(!node.exists());
}

#[test]
fn a_passphrase_of_ones_own_comes_from_a_file_or_standard_input() {
    let folder = folder();
    let node = folder.path().join("node");
    let arguments = [
        "init",
        text(&node),
        "--issuer",
        "co.kra.go.ke",
        "--country",
        "KE",
        "--time-zone",
        "Africa/Nairobi",
        "--name",
        "Kenya Revenue Authority",
        "--office",
        "NBO=KRA, Nairobi,Nairobi",
        "--passphrase-file",
        "-",
    ];
    origin_with(b"correct horse battery\n", &arguments).good();
    assert_eq!(fs::read_to_string(node.join("keys.passphrase")).unwrap(), "correct horse battery\n");
}

#[test]
fn a_mistake_in_a_configuration_is_named_with_its_line_and_what_was_meant() {
    let folder = folder();
    let node = init(folder.path());
    let file = node.join("node.toml");
    let text_of = fs::read_to_string(&file).unwrap();
    fs::write(&file, text_of.replace("time_zone =", "timezone =").replace("\"partners\"", "\"everyone\"")).unwrap();
    let said = origin(&["check-config", text(&file)]).bad(64, &["timezone", "time_zone", "everyone", "line "]);
    assert!(said.err.matches("note:").count() >= 3, "{}", said.err);
}

#[test]
fn a_wrong_passphrase_is_one_clear_line() {
    let folder = folder();
    let node = init(folder.path());
    fs::write(node.join("keys.passphrase"), "another passphrase\n").unwrap();
    origin(&["check-config", text(&node.join("node.toml"))]).bad(64, &["passphrase"]);
}

#[test]
fn a_missing_configuration_says_how_to_get_one() {
    origin(&["check-config", "nowhere.toml"]).bad(64, &["there is no file `nowhere.toml`", "origin init"]);
}

#[test]
fn the_doctor_finds_a_new_node_well_and_a_broken_one_ill() {
    let folder = folder();
    let node = init(folder.path());
    let config = node.join("node.toml");
    let said = origin(&["doctor", "--config", text(&config), "--format", "json"]).good();
    let looks =
        said.out.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()).collect::<Vec<_>>();
    for what in ["configuration", "clock", "trust list", "agreements", "keys", "public TLS", "space", "disk"] {
        assert!(looks.iter().any(|look| look["what"] == what && look["state"] == "good"), "{what}: {}", said.out);
    }
    fs::remove_file(node.join("trust/trust-list.note")).unwrap();
    fs::set_permissions(node.join("keys.passphrase"), fs::Permissions::from_mode(0o644)).unwrap();
    let said = origin(&["doctor", "--config", text(&config)]);
    assert_eq!(said.code, 1, "{}", said.out);
    assert!(said.out.contains("trust list") && said.out.contains("chmod 0600"), "{}", said.out);
}

/// What init says it made has to start.
#[test]
fn init_makes_nothing_that_would_not_start() {
    let folder = folder();
    let node = folder.path().join("node");
    let with = |more: &[&str]| {
        let mut arguments = vec!["init", text(&node), "--issuer", "customs.example", "--country", "PK"];
        arguments.extend(["--time-zone", "Asia/Karachi", "--name", "Customs"]);
        arguments.extend(more);
        origin(&arguments)
    };
    let office = ["--office", "LHE=Lahore Office,Lahore"];
    with(&[&office[..], &["--client", "127.0.0.1:8443"]].concat()).bad(2, &["--client", "--public", "port"]);
    with(&[&office[..], &["--valid", "0d"]].concat()).bad(2, &["--valid"]);
    with(&[&office[..], &["--agreement", "RCEP"]].concat()).bad(2, &["PK is no party to RCEP", "CPFTA"]);
    assert!(!node.exists());
    with(&["--role", "customs"]).good();
    origin(&["check-config", text(&node.join("node.toml"))]).good();
}

/// A mistake in the shape hides none in the files, and an agreement that nobody knows is said.
#[test]
fn every_mistake_of_a_configuration_and_of_what_it_names_is_said_in_one_run() {
    let folder = folder();
    let node = init(folder.path());
    let file = node.join("node.toml");
    let good = fs::read_to_string(&file).unwrap();
    fs::write(&file, good.replace("\"CPFTA\"", "\"CPFTAA\"")).unwrap();
    origin(&["check-config", text(&file)]).bad(64, &["CPFTAA", "did you mean `CPFTA`?"]);
    let wrong = good
        .replace("connections = 1024", "connections = 0")
        .replace("tls/server.crt.pem", "tls/nope.pem")
        .replace("trust/trust-list.note", "trust/nothing")
        .replace("\"statement-1\"", "\"nokey\"");
    fs::write(&file, wrong).unwrap();
    origin(&["check-config", text(&file)]).bad(64, &["limits.connections", "tls/nope.pem", "trust/nothing", "nokey"]);
}
