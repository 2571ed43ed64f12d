//! `origin backup`: a copy stays that of its node, says what belongs to it, and errors name the file they are about.

use crate::{
    process::{Home, Running, footballs},
    support::{Said, command, origin, text, write},
};
use origin_exchange::{
    node::system::SystemRandom,
    store::{JournalOptions, JournalStore},
};
use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
};

/// A store in which nothing is yet.
fn store(folder: &Path) {
    drop(JournalStore::open(folder, JournalOptions::default(), Arc::new(SystemRandom)).unwrap());
}

/// A node that keeps something, without having been started.
fn kept() -> Home {
    let home = Home::new();
    store(&home.node.join("data/tdap.gov.pk"));
    write(&home.node.join("data"), "webhook.key", "the secret of Pakistan\n");
    home
}

/// What lies beside the node.
fn beside(home: &Home, name: &str) -> PathBuf {
    home.node.with_file_name(name)
}

/// Runs the command beside the node, with paths as a person gives them.
fn backup(home: &Home, arguments: &[&str]) -> Said {
    let mut command = command(&[&["backup"][..], arguments].concat());
    let output = command.current_dir(home.node.parent().unwrap()).stdin(Stdio::null()).output().unwrap();
    let said = |bytes| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code().unwrap_or(-1), out: said(output.stdout), err: said(output.stderr) }
}

fn make(home: &Home) -> Said {
    backup(home, &["make", "--config", "node/node.toml", "--copy", "c", "--keys", "k"])
}

fn check(home: &Home) -> Said {
    backup(home, &["check", "--copy", "c"])
}

fn restore(home: &Home) -> Said {
    backup(home, &["restore", "--config", "node/node.toml", "--copy", "c", "--keys", "k"])
}

/// Every file of the copy and of its keys.
fn copied(home: &Home) -> BTreeMap<PathBuf, Vec<u8>> {
    fn walk(folder: &Path, into: &mut BTreeMap<PathBuf, Vec<u8>>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, into);
            } else {
                into.insert(path.clone(), fs::read(path).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(&beside(home, "c"), &mut found);
    walk(&beside(home, "k"), &mut found);
    found
}

#[test]
fn a_copy_is_not_touched_for_a_node_that_hosts_other_authorities() {
    let home = kept();
    let china = beside(&home, "china");
    store(&china.join("data/gacc.gov.cn"));
    write(&china.join("data"), "webhook.key", "the secret of China\n");
    write(&china, "node.toml", &fs::read_to_string(home.config()).unwrap().replace("tdap.gov.pk", "gacc.gov.cn"));
    let of_china = |deed, copy| backup(&home, &[deed, "--config", "china/node.toml", "--copy", copy, "--keys", "k"]);
    make(&home).good();
    for is_of_an_earlier_version in [false, true] {
        if is_of_an_earlier_version {
            fs::remove_file(beside(&home, "c/copy.json")).unwrap();
        }
        let before = copied(&home);
        let refused = of_china("make", "c");
        refused
            .bad(1, &["`c` is the copy of another node", "`authorities/tdap.gov.pk`", "nothing was written", "help:"]);
        of_china("make", "fresh").bad(1, &["`k/webhook.key`", "keys of another node", "nothing was written"]);
        of_china("restore", "c").bad(64, &["`authorities/tdap.gov.pk`, which the configuration does not", "help:"]);
        assert!(copied(&home) == before && !beside(&home, "fresh").exists());
    }
    let earlier = |said: Said| said.good().err.contains("an earlier version made it");
    assert!(earlier(check(&home)));
    make(&home).good();
    assert!(!earlier(check(&home)));
    fs::rename(home.node.join("data"), home.node.join("lost")).unwrap();
    restore(&home).good();
}

#[test]
fn an_authority_that_was_added_is_copied_too_and_one_that_changed_its_history_leaves_all_as_it_is() {
    let home = kept();
    make(&home).good();
    let before = fs::read_to_string(home.config()).unwrap();
    let authority = &before[before.find("[[authority]]").unwrap()..];
    fs::write(home.config(), format!("{before}\n{}", authority.replace("tdap.gov.pk", "kcci.org.pk"))).unwrap();
    let added = home.node.join("data/kcci.org.pk");
    store(&added);
    assert!(make(&home).good().out.contains("authorities/kcci.org.pk: 2 segments copied"));
    assert_eq!(check(&home).good().out.matches(": whole;").count(), 2);

    // What would be copied again if anything were.
    fs::remove_file(beside(&home, "c/authorities/tdap.gov.pk/entries/00000001")).unwrap();
    let before = copied(&home);
    fs::rename(&added, home.node.join("lost")).unwrap();
    make(&home).bad(1, &["`authorities/kcci.org.pk`", "nothing is kept any more", "nothing was written", "help:"]);
    store(&added);
    make(&home).bad(1, &["c/authorities/kcci.org.pk holds a copy of another", "STORE_COPY", "nothing was written"]);
    // Another folder for the copy alone does not make the keys another's.
    let fresh = backup(&home, &["make", "--config", "node/node.toml", "--copy", "fresh", "--keys", "k"]);
    fresh.bad(1, &["k/authorities/kcci.org.pk holds keys of another", "STORE_COPY", "nothing was written"]);
    assert!(copied(&home) == before && !beside(&home, "fresh").exists());
}

#[test]
fn a_copy_that_lost_a_folder_or_the_secret_of_the_webhooks_is_told_by_its_list() {
    let home = kept();
    store(&home.node.join("data/partners/node.gacc.gov.cn/gacc.gov.cn_log_2026_tdap.gov.pk"));
    assert!(make(&home).good().out.contains("partners/node.gacc.gov.cn/gacc.gov.cn_log_2026_tdap.gov.pk: 2 segments"));
    let data = home.node.join("data");
    fs::rename(&data, home.node.join("lost")).unwrap();
    for lost in ["authorities", "partners"] {
        let (folder, aside) = (beside(&home, "c").join(lost), beside(&home, "aside"));
        fs::rename(&folder, &aside).unwrap();
        check(&home).bad(1, &[&format!("c/{lost}/"), "copy.json: it is missing", "STORE_COPY_DAMAGED"]);
        restore(&home).bad(1, &[&format!("the copy lost `{lost}/"), "nothing was written", "help:"]);
        fs::rename(&aside, &folder).unwrap();
    }
    // A list that was written in another hand leads nowhere else.
    let (list, path) = (fs::read_to_string(beside(&home, "c/copy.json")).unwrap(), beside(&home, "c/copy.json"));
    fs::write(&path, list.replace("partners/node.gacc.gov.cn", "partners/../../elsewhere")).unwrap();
    restore(&home).bad(1, &["`c/copy.json`"]);
    fs::write(&path, list).unwrap();

    fs::remove_file(beside(&home, "k/webhook.key")).unwrap();
    restore(&home).bad(1, &["`k/webhook.key`, which belongs to the copy", "`node/data/webhook.key`", "nothing was"]);
    assert!(!data.exists());
    fs::create_dir(&data).unwrap();
    write(&data, "webhook.key", "another secret\n");
    let said = restore(&home).good();
    for words in ["comes back from its partners", "accounts, reserved blocks of numbers and applications"] {
        assert!(said.err.contains(words), "{}", said.err);
    }
}

#[test]
fn a_copying_that_was_cut_off_is_not_called_whole() {
    let home = kept();
    store(&home.node.join("data/partners/node.gacc.gov.cn/log"));
    // The second folder cannot be copied: something stands where it is to be noted what its keys open.
    let stone = beside(&home, "k/partners/node.gacc.gov.cn/log/copy.json.new");
    fs::create_dir_all(&stone).unwrap();
    make(&home).bad(1, &["k/partners/node.gacc.gov.cn/log/copy.json"]);
    check(&home).bad(1, &["the copy in `c` was never finished", "help:"]);
    fs::remove_dir(stone).unwrap();
    make(&home).good();
    assert_eq!(check(&home).good().out.matches(": whole;").count(), 2);
}

#[test]
fn what_may_not_be_looked_at_is_not_taken_for_nothing() {
    let home = kept();
    store(&home.node.join("data/partners/node.gacc.gov.cn/log"));
    make(&home).good();
    // A link to itself cannot be followed, whoever looks.
    let unreadable = |name: &str, tried: &dyn Fn() -> Said, words: &[&str]| {
        let (path, aside) = (beside(&home, name), beside(&home, "aside"));
        fs::rename(&path, &aside).unwrap();
        symlink(&path, &path).unwrap();
        let said = tried().bad(1, &[name, "os error"]);
        assert!(!words.iter().any(|word| said.err.contains(word)), "{}", said.err);
        fs::remove_file(&path).unwrap();
        fs::rename(&aside, &path).unwrap();
    };
    for name in ["node/data", "node/data/tdap.gov.pk", "node/data/partners", "node/data/webhook.key"] {
        unreadable(name, &|| make(&home), &["never started"]);
    }
    fs::rename(home.node.join("data"), home.node.join("lost")).unwrap();
    for name in ["c", "c/authorities", "k"] {
        unreadable(name, &|| restore(&home), &["there is no"]);
    }
    unreadable("c", &|| check(&home), &["there is no"]);
    fs::remove_file(beside(&home, "c/copy.json")).unwrap();
    unreadable("c/authorities", &|| check(&home), &["there is no"]);

    let data = home.node.join("data");
    fs::rename(home.node.join("lost"), &data).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read_dir(&data).is_ok() {
        println!("SKIPPED: this user may look into every folder");
    } else {
        make(&home).bad(1, &["node/data", "Permission denied", "help: run it as the user"]);
    }
    fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
}

fn cut(_: &[u8]) -> Vec<u8> {
    Vec::new()
}

fn changed(good: &[u8]) -> Vec<u8> {
    good.iter().map(|byte| byte ^ 1).collect()
}

#[test]
fn a_full_disk_and_damaged_keys_are_told_by_the_file_they_are_in() {
    let home = Home::new();
    let node = Running::start(&home.config());
    let (token, ca) = (node.account(&home, "signatory"), home.path("tls/ca.crt.pem"));
    let row = write(&home.node, "row.json", &footballs(0));
    origin(&["issue", text(&row), "--node", &node.client, "--ca", &ca, "--token-file", &token]).good();
    node.stop();
    make(&home).good();

    let segment = "c/authorities/tdap.gov.pk/entries/00000001";
    let full = beside(&home, &format!("{segment}.new"));
    fs::remove_file(beside(&home, segment)).unwrap();
    symlink("/dev/full", &full).unwrap();
    let told = format!("authorities/tdap.gov.pk: {segment}: No space left");
    let said = make(&home).bad(1, &[&told, "help: make room on that disk"]);
    assert!(!said.err.contains("node/data"), "{}", said.err);
    fs::remove_file(full).unwrap();
    make(&home).good();

    fs::rename(home.node.join("data"), home.node.join("lost")).unwrap();
    let keys = beside(&home, "k/authorities/tdap.gov.pk");
    let files = fs::read_dir(&keys).unwrap().map(|entry| entry.unwrap().path());
    let files = files.map(|path| (path.clone(), fs::read(path).unwrap())).collect::<Vec<_>>();
    for damage in [cut as fn(&[u8]) -> Vec<u8>, changed] {
        for (path, good) in &files {
            fs::write(path, damage(good)).unwrap();
        }
        let said = restore(&home).bad(1, &[": k/authorities/tdap.gov.pk/", "use another one", "nothing was put back"]);
        assert!(!["node/data", "from a backup"].iter().any(|word| said.err.contains(word)), "{}", said.err);
        assert!(!home.node.join("data/tdap.gov.pk").exists());
    }
    for (path, good) in &files {
        fs::write(path, good).unwrap();
    }
    restore(&home).good();
}
