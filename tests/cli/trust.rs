//! `origin trust`: from keys to an installed list, as a federation of two does it.

use crate::support::{Said, folder, init, origin, text, write};
use std::{fs, path::Path};

struct Signer {
    keys: String,
    passphrase: String,
    vkey: String,
}

fn signer(folder: &Path, name: &str) -> Signer {
    use std::os::unix::fs::PermissionsExt;
    let keys = folder.join(format!("{name}-keys"));
    let passphrase = write(folder, &format!("{name}.passphrase"), "a long enough passphrase\n");
    fs::set_permissions(&passphrase, fs::Permissions::from_mode(0o600)).unwrap();
    let (keys, passphrase) = (text(&keys).to_owned(), text(&passphrase).to_owned());
    let signer = format!("{name}.int/trust");
    origin(&[
        "key",
        "new",
        "fed",
        "--use",
        "federation",
        "--signer",
        &signer,
        "--keys",
        &keys,
        "--passphrase-file",
        &passphrase,
    ])
    .good();
    let listed = origin(&["key", "list", "--keys", &keys, "--format", "json"]).good().json();
    Signer { keys, passphrase, vkey: listed["verifier_key"].as_str().unwrap().to_owned() }
}

/// The section of a node that follows the one it was made with.
fn drafted(node: &Path) -> Said {
    let (section, keys) = (node.join("trust/section.note"), node.join("keys"));
    origin(&["trust", "draft", "section", "--after", text(&section), "--keys", text(&keys)]).good()
}

/// With the root key.
fn sign(node: &Path, draft: &Path) -> Said {
    let (keys, passphrase) = (node.join("offline/keys"), node.join("offline/keys.passphrase"));
    let with = ["--key", "root", "--keys", text(&keys), "--passphrase-file", text(&passphrase)];
    origin(&[&["trust", "sign", text(draft)][..], &with].concat())
}

#[test]
fn a_list_of_two_signers_is_drafted_signed_merged_and_installed() {
    let folder = folder();
    let node = init(folder.path());
    let (one, two) = (signer(folder.path(), "comesa"), signer(folder.path(), "asean"));
    let at = |name: &str| text(&folder.path().join(name)).to_owned();
    let section = node.join("trust/section.note");
    origin(&[
        "trust",
        "draft",
        "list",
        "--section",
        text(&section),
        "--signer",
        &one.vkey,
        "--signer",
        &two.vkey,
        "--node",
        "node.tdap.gov.pk,https=https://node.tdap.gov.pk",
        "--keys",
        text(&node.join("keys")),
        "-o",
        &at("draft.json"),
    ])
    .good();
    for (signer, out) in [(&one, "one.note"), (&two, "two.note")] {
        let said = origin(&[
            "trust",
            "sign",
            &at("draft.json"),
            "--key",
            "fed",
            "--keys",
            &signer.keys,
            "--passphrase-file",
            &signer.passphrase,
            "-o",
            &at(out),
        ])
        .good();
        assert!(said.err.contains("signed by 1 of the 2 needed"), "{}", said.err);
    }
    let anchor =
        write(folder.path(), "anchor.toml", &format!("k = 2\nsigners = [\"{}\", \"{}\"]\n", one.vkey, two.vkey));
    let install =
        |file: &str| origin(&["trust", "install", file, "--to", &at("installed.note"), "--anchor", text(&anchor)]);

    install(&at("one.note")).bad(64, &["1 of the 2 signatures", "nothing was installed"]);
    assert!(!folder.path().join("installed.note").exists());

    origin(&["trust", "merge", &at("one.note"), &at("two.note"), "-o", &at("list.note")]).good();
    install(&at("list.note")).good();
    let shown = origin(&["trust", "show", &at("installed.note"), "--anchor", text(&anchor)]).good();
    assert!(shown.out.contains("https://tdap.gov.pk") && shown.out.contains("2 of 2 must sign"), "{}", shown.out);
    assert!(shown.err.contains("accepted under the anchor"), "{}", shown.err);
    assert!(fs::read_to_string(&anchor).unwrap().contains("[roots]"), "the roots are not pinned");

    let policy = origin(&[
        "trust",
        "policy",
        "tdap.gov.pk/log/2026/cn",
        "--trust",
        &at("installed.note"),
        "--anchor",
        text(&anchor),
    ])
    .good();
    assert!(policy.out.contains("quorum none"), "{}", policy.out);
    for unknown in ["nobody.int/log/2026/cn", "tdap.gov.pk/log/2099/cn"] {
        origin(&["trust", "policy", unknown, "--trust", &at("installed.note"), "--anchor", text(&anchor)])
            .bad(64, &["names no key for the log", unknown]);
    }
}

#[test]
fn a_section_of_a_node_that_is_not_listed_is_refused_with_the_way_out() {
    let folder = folder();
    let node = init(folder.path());
    let one = signer(folder.path(), "comesa");
    let section = node.join("trust/section.note");
    origin(&["trust", "draft", "list", "--section", text(&section), "--signer", &one.vkey])
        .bad(64, &["its node `node.tdap.gov.pk` is not listed", "origin trust draft section --node"]);
}

#[test]
fn a_later_section_keeps_every_key_and_raises_the_serial() {
    let folder = folder();
    let node = init(folder.path());
    let next = drafted(&node).json();
    assert_eq!(next["serial"], 2);
    assert_eq!(next["keys"].as_array().unwrap().len(), 3);
    let draft = write(folder.path(), "section.json", &next.to_string());
    let signed = sign(&node, &draft).good();
    let note = write(folder.path(), "section.note", &signed.out);
    let shown = origin(&["trust", "show", text(&note)]).good();
    assert!(shown.out.contains("serial       2"), "{}", shown.out);
}

#[test]
fn the_section_that_follows_is_taken_from_the_list_in_force() {
    let folder = folder();
    let node = init(folder.path());
    let at = |name: &str| text(&node.join(name)).to_owned();
    let (first, list, anchor, keys) =
        (at("trust/section.note"), at("trust/trust-list.note"), at("trust/anchor.toml"), at("keys"));
    let sign = |draft: &str, key: &str, signed: &str| {
        let (offline, passphrase) = (at("offline/keys"), at("offline/keys.passphrase"));
        let with = ["--key", key, "--keys", &offline, "--passphrase-file", &passphrase, "-o", signed];
        origin(&[&["trust", "sign", draft][..], &with].concat()).good();
    };
    let section = |with: &[&str]| origin(&[&["trust", "draft", "section", "--keys", &keys][..], with].concat());
    let listed = |section: &str, draft: &str| {
        let after = ["trust", "draft", "list", "--after", &list, "--anchor", &anchor];
        origin(&[&after[..], &["--section", section, "-o", draft]].concat())
    };
    let (draft, signed, next) = (at("section.json"), at("section.note"), at("list.json"));
    section(&["--after", &first, "-o", &draft]).good();
    sign(&draft, "root", &signed);
    listed(&signed, &next).good();
    sign(&next, "federation", &at("list.note"));
    origin(&["trust", "install", &at("list.note"), "--to", &list, "--anchor", &anchor]).good();

    // The first section lies where it was made; what is drafted behind it is a second one of the same serial.
    let (stale, stale_signed) = (at("stale.json"), at("stale.note"));
    section(&["--after", &first, "--name", "ur=\u{67e}\u{627}\u{6a9}", "-o", &stale]).good();
    sign(&stale, "root", &stale_signed);
    let help = "origin trust draft section --after LIST";
    listed(&stale_signed, &at("none.json")).bad(64, &["two different texts under serial 2", help, "stale.note"]);
    listed(&first, &at("none.json")).bad(64, &["serial 1 is older than 2", help]);

    let in_force = ["--after", &list, "--anchor", &anchor];
    section(&in_force).bad(2, &["--issuer"]);
    section(&[&in_force[..], &["--issuer", "kcci.org.pk"]].concat()).bad(64, &["no section of https://kcci.org.pk"]);
    let third = section(&[&in_force[..], &["--issuer", "tdap.gov.pk"]].concat()).good().json();
    assert_eq!((&third["serial"], third["keys"].as_array().map(Vec::len)), (&serde_json::json!(3), Some(3)));
}

#[test]
fn an_altered_list_is_not_installed_and_nothing_changes() {
    let folder = folder();
    let node = init(folder.path());
    let list = node.join("trust/trust-list.note");
    let before = fs::read(&list).unwrap();
    let altered = fs::read_to_string(&list).unwrap().replacen("\"version\": 1", "\"version\": 2", 1);
    let altered = write(folder.path(), "altered.note", &altered);
    origin(&["trust", "install", text(&altered), "--config", text(&node.join("node.toml"))])
        .bad(64, &["does not verify"]);
    assert_eq!(fs::read(&list).unwrap(), before);
}

#[test]
fn a_misspelt_member_of_a_draft_is_refused() {
    let folder = folder();
    let node = init(folder.path());
    let draft = drafted(&node);
    let draft = write(folder.path(), "section.json", &draft.out.replace("\"roles\"", "\"rols\""));
    sign(&node, &draft).bad(64, &["rols"]);
}

#[test]
fn a_node_whose_address_a_draft_leaves_out_is_refused_with_how_to_say_that_it_has_none() {
    let folder = folder();
    let node = init(folder.path());
    let list = fs::read_to_string(node.join("trust/trust-list.note")).unwrap();
    let (json, _) = list.split_once("\n\n\u{2014} ").unwrap();
    let bare = json.lines().filter(|line| !line.trim_start().starts_with("\"grpc\"")).collect::<Vec<_>>().join("\n");
    let draft = write(folder.path(), "list.json", &bare);
    let (keys, passphrase) = (node.join("offline/keys"), node.join("offline/keys.passphrase"));
    let with = ["--key", "federation", "--keys", text(&keys), "--passphrase-file", text(&passphrase)];
    origin(&[&["trust", "sign", text(&draft)][..], &with].concat())
        .bad(64, &["missing field `grpc`", "\"grpc\": null"]);
}
