//! What `origin check-config` does: opens everything a start would open, and writes nothing.

use super::authority::refused;
use super::configuration::{Configuration, Named};
use super::system::SystemClock;
use super::tls::{TlsFiles, TlsIdentity};
use super::{
    AuthorityConfiguration, NodeError, PartnerConfiguration, TrustFiles, authority, courier, federation, outside,
    paper, partners, push,
};
use crate::agreement::{Agreement, Agreements};
use crate::certificate::{AgreementCode, Country};
use crate::document::Images;
use crate::exchange::driver::identity_uri;
use crate::keys::{KeyError, KeyName, KeyStore, Passphrase};
use crate::log::Shard;
use crate::office::Fees;
use crate::sequencer::SequencerError;
use crate::time::{Clock, Timestamp};
use crate::trust::TrustList;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::slice;
use std::sync::Arc;

/// What is wrong with a configuration and with what it names.
#[derive(Debug)]
pub struct Faults {
    /// What keeps a node of it from starting.
    pub start: Vec<NodeError>,
    /// What it starts with: part of its work would be refused, or believed by nobody.
    pub work: Vec<NodeError>,
}

/// Everything that would keep a node of this configuration file from starting, or from issuing what anybody believes:
/// the mistakes in its shape, and all that is wrong with what it names as far as that can be read.
/// It blocks while keys are unlocked.
pub fn check(file: &Path) -> Result<Configuration, Faults> {
    let text = std::fs::read_to_string(file).map_err(|source| {
        let unread = NodeError::File { path: file.to_owned(), source };
        Faults { start: vec![unread], work: Vec::new() }
    })?;
    let (read, named) = Configuration::read_as_far(&text, file.parent().unwrap_or(Path::new(".")));
    let mut work = Vec::new();
    let (configuration, mut faults) = match read {
        Ok(configuration) => (Some(configuration), Vec::new()),
        Err(mistakes) => (None, vec![NodeError::Configuration { file: file.to_owned(), mistakes }]),
    };
    for tls in &named.tls {
        faults.extend(identity(tls));
    }
    if let Some(partner) = &named.partner {
        faults.extend(identity(&partner.tls));
        faults.extend(cosigner_keys(partner));
        faults.extend(partner.witnesses.iter().filter_map(|one| outside::open(slice::from_ref(one)).err()));
        faults.extend(partner.pushes.iter().filter_map(|one| push::open(slice::from_ref(one)).err()));
    }
    faults.extend(courier::HttpsCourier::open(&named.webhooks).err());
    let list = named.trust.as_ref().and_then(|files| trust(files, &mut faults));
    work.extend(named.partner.as_ref().and_then(|one| unknown_identity(one, list.as_deref())));
    if let Some((files, list)) = named.trust.as_ref().zip(list.as_deref()) {
        work.extend(named.authorities.iter().filter_map(|one| unlisted(files, one, list)));
    }
    match named.agreements.as_deref().map(federation::agreements).transpose() {
        Ok(Some(agreements)) => {
            work.extend(unknown_agreements(file, &named, &agreements));
            work.extend(idle_corridors(file, &named, &agreements));
        }
        Ok(None) => {}
        Err(error) => faults.push(error),
    }
    faults.extend(named.lists.as_ref().and_then(|folder| super::lists::installed_lists(folder).err()));
    faults.extend(named.authorities.iter().flat_map(keys));
    work.extend(named.authorities.iter().flat_map(|one| log_keys(one, list.as_deref(), SystemClock.now())));
    faults.extend(paper::press(&named.paper).err());
    faults.extend(named.authorities.iter().flat_map(images));
    match configuration {
        Some(configuration) if faults.is_empty() && work.is_empty() => Ok(configuration),
        _ => Err(Faults { start: faults, work }),
    }
}

/// A TLS identity: each of its files that is not there, else what is wrong with them together.
fn identity(files: &TlsFiles) -> Vec<NodeError> {
    let missing = [&files.certificate, &files.key].into_iter().filter_map(|path| unreadable(path)).collect::<Vec<_>>();
    if missing.is_empty() { TlsIdentity::read(files.clone()).err().into_iter().collect() } else { missing }
}

/// An identity by which partners do not know this node: it starts, and nobody answers it. A node that the list does not name
/// yet may come with a later one.
fn unknown_identity(one: &PartnerConfiguration, list: Option<&TrustList>) -> Option<NodeError> {
    let (node, identity) = (&one.node, TlsIdentity::read(one.tls.clone()).ok()?);
    let message = match (identity.node_name(), identity.pin()) {
        (Err(error), _) | (_, Err(error)) => return Some(error),
        (Ok(named), _) if named != node.as_str() => format!(
            "names {named}, and this node is {node}: no partner answers it; its URI has to be {}",
            identity_uri(node)
        ),
        (Ok(_), Ok(pin)) => {
            let list = list?;
            let is_another = list.node(node).is_some_and(|listed| !listed.spki.contains(&pin));
            let version = list.version();
            is_another.then(|| {
                format!(
                    "trust list {version} pins another TLS key for {node} than this one, {pin}: no partner answers it; put the \
                     key back that is listed, or have this one listed (origin trust draft list --node {node},spki={pin})"
                )
            })?
        }
    };
    Some(NodeError::Tls { path: one.tls.certificate.clone(), message })
}

fn unreadable(path: &Path) -> Option<NodeError> {
    File::open(path).err().map(|source| NodeError::File { path: path.to_owned(), source })
}

/// Trust list and anchor. Gives the list, where it opens.
fn trust(files: &TrustFiles, faults: &mut Vec<NodeError>) -> Option<Arc<TrustList>> {
    match federation::trust(files, None) {
        Ok(list) => Some(list),
        Err(error) => {
            // The anchor is read first: without it the list would go unmentioned.
            let list = unreadable(&files.list);
            let again = matches!(&error, NodeError::File { path, .. } if *path == files.list);
            faults.extend(std::iter::once(error).chain(list.filter(|_| !again)));
            None
        }
    }
}

/// An authority that the list does not know: its node starts, and nothing it signs is believed anywhere.
fn unlisted(files: &TrustFiles, one: &AuthorityConfiguration, list: &TrustList) -> Option<NodeError> {
    let message =
        || format!("version {} has no section of {}: nothing it signs is believed", list.version(), one.issuer);
    list.section(&one.issuer).is_none().then(|| NodeError::Content { path: files.list.clone(), message: message() })
}

/// Agreements that an authority names and the folder of agreements has not.
fn unknown_agreements(file: &Path, named: &Named, agreements: &Agreements) -> Vec<NodeError> {
    let mut faults = Vec::new();
    for (nth, one) in named.authorities.iter().enumerate() {
        let offices = one.offices.iter().flat_map(|office| {
            let fees = match &office.fees {
                Fees::Under(codes) => codes.as_slice(),
                Fees::None | Fees::All => &[],
            };
            let named = office.agreements.iter().map(|code| ("agreements", code));
            let named = named.chain(fees.iter().map(|code| ("fees", code)));
            named.map(|(member, code)| (format!("office {}: {member}", office.code), code))
        });
        let corridors = one.continuity.corridors.iter().map(|one| ("corridor: agreement".to_owned(), &one.agreement));
        for (place, code) in offices.chain(corridors).filter(|(_, code)| agreements.get(code).is_none()) {
            let help = nearest(code, agreements);
            let message =
                format!("authority[{nth}]: {place}: there is no agreement `{code}` in the agreements folder ({help})");
            faults.push(NodeError::Content { path: file.to_owned(), message });
        }
    }
    faults
}

/// Corridors that no certificate can go by: to the authority's own country, or where it or the other is no member.
fn idle_corridors(file: &Path, named: &Named, agreements: &Agreements) -> Vec<NodeError> {
    let mut faults = Vec::new();
    for (nth, one) in named.authorities.iter().enumerate() {
        for corridor in &one.continuity.corridors {
            let (code, to) = (&corridor.agreement, corridor.to);
            let outside = |country| agreements.get(code).is_some_and(|agreement| is_outside(agreement, country));
            let why = if to == one.country {
                format!("to: `{to}` is the authority's own country")
            } else if outside(to) {
                format!("to: `{to}` is no member of `{code}`")
            } else if outside(one.country) {
                format!("agreement: `{}`, the authority's own country, is no member of `{code}`", one.country)
            } else {
                continue;
            };
            let message = format!("authority[{nth}]: corridor: {why}: no certificate goes there under it");
            faults.push(NodeError::Content { path: file.to_owned(), message });
        }
    }
    faults
}

/// Whether a certificate to this country is refused under an agreement.
fn is_outside(agreement: &Agreement, country: Country) -> bool {
    let parties = &agreement.parties;
    let is_known = parties.excluded.contains(&country)
        || parties.former.contains(&country)
        || parties.complete.value() == Some(&true);
    !parties.open && parties.member(country).is_none() && is_known
}

fn nearest(code: &AgreementCode, agreements: &Agreements) -> String {
    let all = || agreements.iter().map(|one| one.code.as_str());
    let near = all().map(|known| (strsim::damerau_levenshtein(known, code.as_str()), known)).min();
    match near {
        Some((distance, known)) if distance <= 1 + known.len() / 4 => format!("did you mean `{known}`?"),
        _ => format!("known are {}", all().collect::<Vec<_>>().join(", ")),
    }
}

/// The keys of an authority: each of those it names that does not open, else what else is wrong with them.
fn keys(one: &AuthorityConfiguration) -> Vec<NodeError> {
    let Err(first) = authority::open_keys(one) else { return Vec::new() };
    let each: Vec<KeyError> = match opened(&one.keys, &one.passphrase_file) {
        Ok(folder) => [
            folder.statement(&one.statement_key).err(),
            folder.status(&one.status_key).err(),
            one.stamp_key.as_ref().and_then(|name| folder.stamp(name).err()),
        ]
        .into_iter()
        .flatten()
        .collect(),
        Err(_) => absent(&one.keys, [&one.statement_key, &one.status_key].into_iter().chain(&one.stamp_key)),
    };
    with_the_others(first, each.iter().map(|error| refused(one, error)))
}

/// The same of the keys a node cosigns with.
fn cosigner_keys(one: &PartnerConfiguration) -> Vec<NodeError> {
    let Err(first) = partners::open_keys(one) else { return Vec::new() };
    let each: Vec<KeyError> = match opened(&one.keys, &one.passphrase_file) {
        Ok(folder) => {
            let each = [folder.replica(&one.replica_key).err(), folder.witness(&one.witness_key).err()];
            each.into_iter().flatten().collect()
        }
        Err(_) => absent(&one.keys, [&one.replica_key, &one.witness_key].into_iter()),
    };
    with_the_others(first, each.into_iter().map(|error| partners::refused(one, &error)))
}

fn opened(keys: &Path, passphrase: &Path) -> Result<KeyStore, KeyError> {
    KeyStore::open(keys, Passphrase::from_file(passphrase)?)
}

/// Keys that are named and are not in their folder: that is known without what opens them.
fn absent<'a>(folder: &Path, names: impl Iterator<Item = &'a KeyName>) -> Vec<KeyError> {
    let sides = match KeyStore::public_sides(folder) {
        Ok(sides) => sides,
        Err(error) => return vec![error],
    };
    let missing = names.filter(|name| sides.iter().all(|side| side.name != **name));
    missing.map(|name| KeyError::Missing { name: name.clone(), folder: folder.to_owned() }).collect()
}

/// What a start would stop at, and each of the others that are wrong beside it.
fn with_the_others(first: NodeError, each: impl Iterator<Item = NodeError>) -> Vec<NodeError> {
    let said = first.to_string();
    let others = each.filter(|one| one.to_string() != said).collect::<Vec<_>>();
    std::iter::once(first).chain(others).collect()
}

/// The log keys that are not there, or not those that the list names, of the year and of every shard after its first that
/// it names: a node starts without them, and can say nothing new in their logs.
fn log_keys(one: &AuthorityConfiguration, list: Option<&TrustList>, now: Timestamp) -> Vec<NodeError> {
    let Ok(sides) = KeyStore::public_sides(&one.keys) else { return Vec::new() };
    let year = Shard::of_year(one.time_zone.date_at(now).year());
    let section = list.and_then(|list| list.section(&one.issuer));
    let listed = section.iter().flat_map(|section| &section.text().log_keys).map(|key| (key.shard, key.x));
    let listed = listed.filter(|(shard, _)| *shard >= year).collect::<BTreeMap<_, _>>();
    let mut faults = Vec::new();
    for (shard, key) in &listed {
        let mut own = sides.iter().filter(|side| side.is_log_key(&one.issuer, *shard)).peekable();
        let message = if own.peek().is_none() {
            format!(
                "there is no log key for shard {shard}, and the trust list names one: put that key back, as it was kept \
                 apart, and make no other: one that is listed is not replaced"
            )
        } else if let Some(other) = own.find(|side| side.public_key != *key) {
            format!(
                "another log key is listed for shard {shard} than `{}`: put the one back that the list names, as it was \
                 kept apart, and take this one away: one that is listed is not replaced",
                other.name
            )
        } else {
            continue;
        };
        faults.push(NodeError::Content { path: one.keys.clone(), message });
    }
    if !listed.contains_key(&year) && !sides.iter().any(|side| side.is_log_key(&one.issuer, year)) {
        faults.push(refused(one, &SequencerError::NoLogKey(year.to_string())));
    }
    faults
}

/// Every mistake in the list of signatures and seals, and in the images it names.
fn images(one: &AuthorityConfiguration) -> Vec<NodeError> {
    let read = one.paper.as_deref().map(Images::read_all).transpose();
    read.err().into_iter().flatten().map(|error| refused(one, &error)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::configuration::tests::PARTNER;

    const NODE: &str = r#"
agreements = "agreements"
[trust]
list = "trust/nothing"
anchor = "trust/none.toml"
[public]
listen = "127.0.0.1:0"
certificate = "tls/nope.pem"
key = "tls/server.key.pem"
[client]
listen = "127.0.0.1:0"
[admin]
listen = "127.0.0.1:0"
[limits]
connections = 0
[webhooks]
ca = "tls/no-ca.pem"
[[authority]]
issuer = "https://tdap.gov.pk"
country = "ZZ"
time_zone = "Asia/Kar"
keys = "keys"
passphrase_file = "keys.passphrase"
statement_key = "nokey"
status_key = "status-1"
paper = "paper"
[[authority.office]]
code = "LHE"
name = "Lahore Office"
place = "Lahore"
agreements = ["CPFTAA", "GSP"]
"#;

    fn faults(text: &str, folder: &Path) -> Vec<String> {
        let file = folder.join("node.toml");
        std::fs::write(&file, text).unwrap();
        let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/node-config/agreements");
        std::fs::create_dir_all(folder.join("agreements")).unwrap();
        for entry in std::fs::read_dir(shipped).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|ending| ending == "toml") {
                std::fs::copy(&path, folder.join("agreements").join(path.file_name().unwrap())).unwrap();
            }
        }
        let Faults { start, work } = check(&file).unwrap_err();
        start.iter().chain(&work).map(ToString::to_string).collect()
    }

    #[test]
    fn mistakes_in_the_shape_hide_none_in_the_files_that_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let said = faults(NODE, folder.path()).join("\n");
        let shape = ["limits.connections", "authority[0].country", "authority[0].time_zone"];
        let named = ["trust/nothing", "trust/none.toml", "tls/nope.pem", "tls/server.key.pem", "keys.passphrase"];
        for word in shape.into_iter().chain(named).chain(["images.toml", "no-ca", "did you mean `CPFTA`?"]) {
            assert!(said.contains(word), "{word}: {said}");
        }
        assert!(!said.contains("`GSP`"), "{said}");
    }

    #[test]
    fn a_corridor_that_no_certificate_can_go_by_is_no_good_one() {
        let folder = tempfile::tempdir().unwrap();
        let corridor = |agreement: &str, to: &str| {
            format!("[[authority.corridor]]\nagreement = \"{agreement}\"\nto = \"{to}\"\nmedium = \"both\"\n")
        };
        let node = NODE.replace("\"ZZ\"", "\"PK\"").replace("Asia/Kar\"", "Asia/Karachi\"");
        let all =
            [("CPFTA", "CN"), ("CPFTA", "KE"), ("CPFTA", "PK"), ("NONPREF", "KE"), ("NONPREF", "PK"), ("RCEP", "CN")];
        let corridors = all.map(|(agreement, to)| corridor(agreement, to)).concat();
        let said = faults(&format!("{node}{corridors}"), folder.path());
        let said = said.iter().filter(|one| one.contains("corridor")).collect::<Vec<_>>();
        assert_eq!(said.len(), 4, "{said:#?}");
        assert!(said[0].contains("`KE` is no member of `CPFTA`"), "{said:#?}");
        assert!(said[1..3].iter().all(|one| one.contains("`PK` is the authority's own country")), "{said:#?}");
        assert!(said[3].contains("own country, is no member of `RCEP`"), "{said:#?}");
    }

    /// Named one by one, each would cost a call of the command; without the passphrase none would be named at all.
    #[test]
    fn every_key_that_is_missing_is_named_whether_the_passphrase_is_there_or_not() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (keys, words) = (folder.path().join("keys"), folder.path().join("keys.passphrase"));
        std::fs::create_dir(&keys).unwrap();
        std::fs::set_permissions(&keys, std::fs::Permissions::from_mode(0o700)).unwrap();
        let named = ["`nokey`", "`status-1`", "`no-replica`", "`no-witness`"];
        for passphrase in [None, Some("four words that nobody guesses\n")] {
            if let Some(passphrase) = passphrase {
                std::fs::write(&words, passphrase).unwrap();
                std::fs::set_permissions(&words, std::fs::Permissions::from_mode(0o600)).unwrap();
            }
            let partner = PARTNER.replace("_key = \"", "_key = \"no-");
            let said = faults(&format!("{NODE}{partner}"), folder.path());
            for name in named {
                assert_eq!(said.iter().filter(|one| one.contains(name)).count(), 1, "{name}: {said:#?}");
            }
            let missing = said.iter().any(|one| one.contains("keys.passphrase"));
            assert_eq!(missing, passphrase.is_none(), "{said:#?}");
        }
    }
}
