//! Makes the folder of a node, whole or not at all.

use super::{
    answers::Answers,
    node_toml::{self, SigningKeys},
};
use crate::{
    certificate::Language,
    cli::{
        agreements, arguments,
        console::{Exit, Failure},
        files,
        trust::{Described, give_keys, later, section_text},
    },
    exchange::driver::mark_new,
    keys::{KeyError, KeyName, KeyStore, KeyUse, Passphrase, PublicSide},
    log::Shard,
    node::{
        Configuration,
        system::{SystemClock, SystemRandom},
        tls::TlsIdentity,
        tls_material,
    },
    statement::Kid,
    time::{Clock, Timestamp, whole_seconds},
    trust::{Anchor, ListDraft, ListText, Node, SignerName},
};
use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// What the folder holds, for the message at the end.
pub(super) const CONTENTS: [(&str, &str); 8] = [
    ("node.toml", "the configuration, with comments"),
    ("keys/", "statement, status, stamp, log, replica and witness keys"),
    ("keys.passphrase", "what opens them"),
    ("offline/", "root key and federation signer, with their own passphrase"),
    ("tls/", "the node's TLS identities: for everybody, with ca.crt.pem for its clients, and for partners"),
    ("trust/", "first section, node entry, trust list and anchor: give the last two to verifiers"),
    ("agreements/", "agreements as data"),
    ("data/", "what the node keeps"),
];

/// Where the things are that others are told of.
pub(in crate::cli) struct Made {
    pub(in crate::cli) configuration: PathBuf,
    pub(in crate::cli) anchor: PathBuf,
    pub(in crate::cli) ca: PathBuf,
    pub(in crate::cli) section: PathBuf,
    pub(in crate::cli) entry: PathBuf,
}

/// Makes everything beside `folder` and moves it there.
pub(in crate::cli) fn node(
    folder: &Path,
    answers: &Answers,
    passphrase: Option<Passphrase>,
    valid: u64,
) -> Result<Made, Failure> {
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(|error| unwritable(parent, &error))?;
    let draft = tempfile::Builder::new()
        .prefix(".origin-init-")
        .permissions(fs::Permissions::from_mode(0o700))
        .tempdir_in(parent)
        .map_err(|error| unwritable(parent, &error))?;
    fill(draft.path(), answers, passphrase, valid)?;
    // An empty folder of that name gives way; a full one was refused before, and refuses here.
    fs::rename(draft.path(), folder).map_err(|error| unwritable(folder, &error))?;
    // The name it had is gone: there is nothing left to remove.
    let _ = draft.keep();
    fs::File::open(parent).and_then(|parent| parent.sync_all()).map_err(|error| unwritable(parent, &error))?;
    Ok(Made {
        configuration: folder.join("node.toml"),
        anchor: folder.join("trust/anchor.toml"),
        ca: folder.join("tls/ca.crt.pem"),
        section: folder.join("trust/section.note"),
        entry: folder.join("trust/node.json"),
    })
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Exit::Failed, format!("`{}` cannot be written: {error}", path.display()))
}

fn fill(folder: &Path, answers: &Answers, passphrase: Option<Passphrase>, valid: u64) -> Result<(), Failure> {
    for below in ["agreements", "trust", "data", "offline"] {
        let path = folder.join(below);
        fs::create_dir(&path).map_err(|error| unwritable(&path, &error))?;
    }
    let private = fs::Permissions::from_mode(0o700);
    for below in ["data", "offline"] {
        let path = folder.join(below);
        fs::set_permissions(&path, private.clone()).map_err(|error| unwritable(&path, &error))?;
    }
    let partners = folder.join("data/partners");
    mark_new(&partners).map_err(|error| unwritable(&partners, &error))?;
    for (name, text) in agreements::SHIPPED {
        files::replace(&folder.join("agreements").join(name), text.as_bytes(), 0o644)?;
    }
    let now = whole_seconds(SystemClock.now());
    tls_material::write(&folder.join("tls"), &answers.addresses, now)
        .map_err(|error| Failure::new(Exit::Failed, error))?;

    let year = answers.time_zone.date_at(now).year();
    let names = SigningKeys::first();
    let online = online_keys(folder, answers, passphrase, &names, year)?;
    let offline = Offline::make(folder, answers)?;
    trust(folder, answers, &offline, &online, now, valid)?;
    let text = node_toml::render(answers, &names);
    // What would not start is not made.
    Configuration::read(&text, folder).map_err(|mistakes| {
        mistakes.0.iter().fold(
            Failure::new(Exit::Usage, "a node of these answers would not start; nothing was made"),
            |failure, mistake| failure.note(format!("{}: {}", mistake.path, mistake.message)),
        )
    })?;
    files::replace(&folder.join("node.toml"), text.as_bytes(), 0o644)
}

/// A folder of keys with its passphrase beside it.
fn key_folder(folder: &Path, name: &str, passphrase: Option<Passphrase>) -> Result<KeyStore, Failure> {
    let passphrase = match passphrase {
        Some(passphrase) => passphrase,
        None => Passphrase::generate(&SystemRandom).map_err(KeyError::from).map_err(arguments::key_failure)?,
    };
    let file = folder.join(format!("{name}.passphrase"));
    passphrase.write_new(&file).map_err(arguments::key_failure)?;
    KeyStore::create(&folder.join(name), passphrase).map_err(arguments::key_failure)
}

fn make_key(store: &KeyStore, name: &str, key_use: KeyUse) -> Result<PublicSide, Failure> {
    store.make(&parse::<KeyName>(name)?, key_use, &SystemRandom).map_err(arguments::key_failure)
}

/// The keys a running node signs with. Next year's log key is made now: on its first day the log is opened
/// without anybody having to sign a list that night.
fn online_keys(
    folder: &Path,
    answers: &Answers,
    passphrase: Option<Passphrase>,
    names: &SigningKeys,
    year: i16,
) -> Result<Vec<PublicSide>, Failure> {
    let store = key_folder(folder, "keys", passphrase)?;
    let iss = || answers.issuer.clone();
    let kid = |name: &str| parse::<Kid>(name);
    let node = || answers.node.clone();
    let log = |year| KeyUse::Log { iss: iss(), shard: Shard::of_year(year) };
    let next = year.saturating_add(1);
    Ok(vec![
        make_key(&store, &names.statement, KeyUse::Statement { iss: iss(), kid: kid(&names.statement)? })?,
        make_key(&store, &names.status, KeyUse::Status { iss: iss(), kid: kid(&names.status)? })?,
        make_key(&store, &names.stamp, KeyUse::Stamp { iss: iss(), kid: kid(&names.stamp)? })?,
        make_key(&store, &format!("log-{year}"), log(year))?,
        make_key(&store, &format!("log-{next}"), log(next))?,
        make_key(&store, "replica", KeyUse::Replica { node: node() })?,
        make_key(&store, "witness", KeyUse::Witness { node: node() })?,
    ])
}

/// The store and the federation signer of a node's offline folder, for making another list.
pub(in crate::cli) fn offline_signer(folder: &Path) -> Result<(KeyStore, PublicSide), Failure> {
    let offline = folder.join("offline");
    let passphrase = Passphrase::from_file(&offline.join("keys.passphrase")).map_err(arguments::key_failure)?;
    let store = KeyStore::open(&offline.join("keys"), passphrase).map_err(arguments::key_failure)?;
    let federation = store.public_side(&parse::<KeyName>("federation")?).map_err(arguments::key_failure)?;
    Ok((store, federation))
}

/// The keys that belong on a medium of their own.
struct Offline {
    store: KeyStore,
    root: PublicSide,
    federation: PublicSide,
}

impl Offline {
    fn make(folder: &Path, answers: &Answers) -> Result<Self, Failure> {
        let store = key_folder(&folder.join("offline"), "keys", None)?;
        let signer: SignerName = parse(&format!("{}/trust", answers.issuer.host()))?;
        let root = make_key(&store, "root", KeyUse::Root { iss: answers.issuer.clone() })?;
        let federation = make_key(&store, "federation", KeyUse::Federation { signer })?;
        Ok(Self { store, root, federation })
    }
}

/// First section, list and anchor: a federation of one, until others join.
fn trust(
    folder: &Path,
    answers: &Answers,
    offline: &Offline,
    online: &[PublicSide],
    now: Timestamp,
    valid: u64,
) -> Result<(), Failure> {
    let refused = |error: crate::trust::TrustError| Failure::new(Exit::Failed, error);
    let mut sides = online.to_vec();
    sides.push(offline.root.clone());
    let described = Described {
        iss: answers.issuer.clone(),
        country: answers.country,
        time_zone: answers.time_zone.clone(),
        names: BTreeMap::from([(parse::<Language>("en")?, answers.name.clone())]),
        roles: answers.roles.clone(),
        node: Some(answers.node.clone()),
    };
    let text = section_text(described, &sides)?;
    let root = offline.store.root(&offline.root.name).map_err(arguments::key_failure)?;
    let section = root.sign(text).map_err(refused)?;

    let signer = offline.federation.verifier_key().ok_or_else(|| Failure::new(Exit::Failed, "no verifier key"))?;
    let mut list = ListText::first(now, later(now, valid)?);
    list.signers = vec![signer.clone()];
    list.nodes = vec![entry(folder, answers)?];
    let node = serde_json::to_string_pretty(&list.nodes.first()).map_err(|error| Failure::new(Exit::Failed, error))?;
    list.put(&section, None);
    let mut draft = ListDraft::new(list).map_err(refused)?;
    let federation = offline.store.federation(&offline.federation.name).map_err(arguments::key_failure)?;
    federation.sign(&mut draft, None).map_err(refused)?;
    let pinned = Anchor::new(1, vec![signer], BTreeMap::new()).map_err(refused)?;
    let list = draft.finish(&pinned, None).map_err(refused)?;
    let anchor = list.anchor().and_then(|anchor| anchor.to_toml()).map_err(refused)?;

    let trust = folder.join("trust");
    files::replace(&trust.join("node.json"), format!("{node}\n").as_bytes(), 0o644)?;
    files::replace(&trust.join("section.note"), section.note().to_string().as_bytes(), 0o644)?;
    files::replace(&trust.join("trust-list.note"), list.to_string().as_bytes(), 0o644)?;
    files::replace(&trust.join("anchor.toml"), anchor.as_bytes(), 0o644)
}

/// The node as a trust list names it: its cosigner keys, where partners dial it, the key it shows them.
fn entry(folder: &Path, answers: &Answers) -> Result<Node, Failure> {
    let mut entry = Node {
        name: answers.node.clone(),
        replica_vkey: None,
        witness_vkey: None,
        retired: Vec::new(),
        https: None,
        grpc: None,
        spki: Vec::new(),
    };
    if let Some(partner) = &answers.partner {
        let failed = |error: crate::node::NodeError| Failure::new(Exit::Failed, error);
        let files = tls_material::write_partner(&folder.join("tls"), &answers.node).map_err(failed)?;
        entry.grpc.clone_from(&partner.url);
        entry.spki = vec![TlsIdentity::read(files).and_then(|identity| identity.pin()).map_err(failed)?];
    }
    let mut nodes = vec![entry];
    give_keys(&mut nodes, &folder.join("keys"))?;
    nodes.pop().ok_or_else(|| Failure::new(Exit::Failed, "no node"))
}

fn parse<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, Failure> {
    text.parse().map_err(|error: T::Err| Failure::new(Exit::Failed, error))
}
