//! `origin trust draft list`: a list of sections, from those that were signed.

use crate::{
    certificate::Country,
    cli::{
        Outcome, arguments,
        console::{Console, Exit, Failure},
        files::{self, Source},
    },
    encoding::json::{self, JsonError},
    keys::{KeyStore, KeyUse},
    log::VerifierKey,
    node::system::SystemClock,
    statement::Issuer,
    time::{Clock, Timestamp, whole_seconds},
    trust::{Endpoint, ListDraft, ListText, MAX_SECTION_BYTES, Node, NodeName, NotPin, Section},
};
use serde_json::{Map, Value};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Bytes of the largest file with a node's entry.
const ENTRY_BYTES: usize = 64 * 1024;
/// Nesting of such a file.
const ENTRY_DEPTH: usize = 4;

/// Draft a trust list from signed sections
///
/// A first list names its signers; a later one (--after, under --anchor) takes over the earlier one, with sections
/// put in and the version raised. Closings of keys, which `origin key revoke` drafts too, closed logs and the cosigning
/// policy are written into the JSON by hand before it is signed; `trust sign` refuses what cannot hold.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Signed sections to put in
    #[arg(long = "section", value_name = "FILE")]
    sections: Vec<PathBuf>,
    /// The list that holds now
    #[arg(long, value_name = "FILE", requires = "anchor")]
    after: Option<PathBuf>,
    /// The anchor the earlier list is opened with
    #[arg(long, value_name = "FILE")]
    anchor: Option<PathBuf>,
    /// Verifier keys of the federation's signers
    #[arg(long = "signer", value_name = "VKEY")]
    signers: Vec<VerifierKey>,
    /// How many of them must sign [default: all of two, else more than half]
    #[arg(short, value_name = "NUMBER")]
    k: Option<u32>,
    /// Nodes, each with where it is reached and by which TLS key partners know it
    #[arg(long = "node", value_name = "NAME[,https=URL][,grpc=URL][,spki=PIN]", value_parser = node)]
    nodes: Vec<Node>,
    /// Files with nodes' own entries, such as the `trust/node.json` of `origin init`; of a node that is listed an address
    /// that its entry leaves out is taken off
    #[arg(long = "entry", value_name = "FILE")]
    entries: Vec<PathBuf>,
    /// Folders with the public halves of the nodes' replica and witness keys
    #[arg(long, value_name = "DIR")]
    keys: Vec<PathBuf>,
    /// Which authority is the addressee for a country
    #[arg(long = "addressee", value_name = "XX=AUTHORITY", value_parser = addressee)]
    addressees: Vec<(Country, Issuer)>,
    /// For how long it holds, such as 90d
    #[arg(long, value_name = "TIME", value_parser = arguments::seconds, default_value = "90d")]
    valid: u64,
    /// When it is issued [default: now]
    #[arg(long, value_name = "INSTANT", value_parser = arguments::instant)]
    at: Option<Timestamp>,
    /// Where the draft goes [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

fn node(text: &str) -> Result<Node, String> {
    let mut parts = text.split(',');
    let name: NodeName = parts.next().unwrap_or_default().parse().map_err(|error| format!("{error}"))?;
    let mut node = Node {
        name,
        replica_vkey: None,
        witness_vkey: None,
        retired: Vec::new(),
        https: None,
        grpc: None,
        spki: vec![],
    };
    for part in parts {
        let endpoint = |url: &str| url.parse::<Endpoint>().map(Some).map_err(|error| error.to_string());
        match part.split_once('=') {
            Some(("https", url)) => node.https = endpoint(url)?,
            Some(("grpc", url)) => node.grpc = endpoint(url)?,
            Some(("spki", pin)) => node.spki.push(pin.parse().map_err(|error: NotPin| error.to_string())?),
            _ => return Err(format!("`{part}` is neither https=URL, nor grpc=URL, nor spki=PIN")),
        }
    }
    Ok(node)
}

/// `XX=AUTHORITY`.
pub(in crate::cli) fn addressee(text: &str) -> Result<(Country, Issuer), String> {
    let (country, iss) = text.split_once('=').ok_or("write XX=AUTHORITY, such as `CN=customs.gov.cn`")?;
    Ok((arguments::country(country)?, arguments::issuer(iss)?))
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        let read = self.sections.iter().chain(&self.entries).chain(&self.after).chain(&self.anchor);
        files::apart(self.output.as_deref(), read.cloned().map(Source::File))?;
        let issued = whole_seconds(self.at.unwrap_or_else(|| SystemClock.now()));
        let next_update = after(issued, self.valid)?;
        let known = match (&self.after, &self.anchor) {
            (Some(list), Some(anchor)) => Some(arguments::open_trust(list, anchor)?),
            _ => None,
        };
        let mut text = match &known {
            Some(known) => ListText::following(known, issued, next_update),
            None => ListText::first(issued, next_update),
        };
        if !self.signers.is_empty() {
            text.signers.clone_from(&self.signers);
            text.k = majority(text.signers.len());
        }
        if let Some(k) = self.k {
            text.k = k;
        }
        for path in &self.sections {
            let note = files::read_text(path, MAX_SECTION_BYTES, Exit::Configuration)?;
            let named = |error| super::refused(error).note(format!("in {}", path.display()));
            let section = Section::open(&note).map_err(named)?;
            // Else nobody sees it before all have signed, when the list is installed.
            if let Some(old) = known.as_ref().and_then(|known| known.section(section.iss())) {
                section.check_after(old).map_err(named)?;
            }
            text.put(&section, None);
        }
        let entries = self.entries.iter().map(|path| entry(path)).collect::<Result<Vec<_>, _>>()?;
        for node in entries {
            put_entry(console, &mut text.nodes, node);
        }
        for node in self.nodes {
            put_node(&mut text.nodes, node);
        }
        for folder in &self.keys {
            give_keys(&mut text.nodes, folder)?;
        }
        text.addressees.extend(self.addressees);
        if text.signers.is_empty() {
            return Err(Failure::new(Exit::Usage, "a first list needs its signers: --signer VKEY")
                .help("`origin key list --keys DIR` shows the verifier key of a federation key"));
        }
        let draft = ListDraft::new(text).map_err(super::refused)?;
        files::deliver(console, self.output.as_deref(), draft.to_string().as_bytes())?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Reads a node's own entry.
pub(in crate::cli) fn entry(path: &Path) -> Result<Node, Failure> {
    let text = files::read_text(path, ENTRY_BYTES, Exit::Configuration)?;
    node_of(&text)
        .map_err(|error| Failure::new(Exit::Configuration, format!("`{}` is no node's entry: {error}", path.display())))
}

/// An entry as a person writes it: a node that no connection leads to has no address, and the list says that with null.
fn node_of(text: &str) -> Result<Node, JsonError> {
    let limits = json::Limits { bytes: ENTRY_BYTES, depth: ENTRY_DEPTH };
    let mut entry: Map<String, Value> = json::from_slice(text.as_bytes(), limits)?;
    for address in ["grpc", "https"] {
        entry.entry(address).or_insert(Value::Null);
    }
    serde_json::from_str(&Value::Object(entry).to_string()).map_err(|error| JsonError::Malformed(error.to_string()))
}

/// Puts in what a node's own entry says. Where it is reached the entry says as a whole: what it leaves out is taken off.
pub(in crate::cli) fn put_entry(console: Console, nodes: &mut Vec<Node>, node: Node) {
    if let Some(known) = nodes.iter_mut().find(|known| known.name == node.name) {
        for (which, before, now) in
            [("grpc", &mut known.grpc, node.grpc.as_ref()), ("https", &mut known.https, node.https.as_ref())]
        {
            if before.as_ref() != now {
                let [was, is] = [before.as_ref(), now].map(|one| one.map_or("none", Endpoint::as_str));
                console.message(format!("{}: its `{which}` address was {was}, and is {is}", node.name));
                *before = now.cloned();
            }
        }
    }
    put_node(nodes, node);
}

/// Puts a node in, or what is said of it in place of what was said before. A cosigner key it no longer has is kept
/// among the retired, for what it cosigned counts; TLS keys that are named replace those before.
fn put_node(nodes: &mut Vec<Node>, node: Node) {
    let Some(known) = nodes.iter_mut().find(|known| known.name == node.name) else { return nodes.push(node) };
    known.https = node.https.or(known.https.take());
    known.grpc = node.grpc.or(known.grpc.take());
    if !node.spki.is_empty() {
        known.spki = node.spki;
    }
    for (key, place) in [(node.replica_vkey, &mut known.replica_vkey), (node.witness_vkey, &mut known.witness_vkey)] {
        if key.is_some() {
            known.retired.extend(std::mem::replace(place, key.clone()).filter(|old| Some(old) != key.as_ref()));
        }
    }
}

/// The instant some seconds later.
pub(in crate::cli) fn after(instant: Timestamp, seconds: u64) -> Result<Timestamp, Failure> {
    let late = || Failure::new(Exit::Usage, "that is past the end of the calendar");
    let seconds = i64::try_from(seconds).map_err(|_| late())?;
    let second = instant.as_second().checked_add(seconds).ok_or_else(late)?;
    Timestamp::from_second(second).map_err(|_| late())
}

/// More than half, so that two lists cannot both be signed.
fn majority(signers: usize) -> u32 {
    u32::try_from(signers / 2 + 1).unwrap_or(u32::MAX)
}

/// Gives each node the cosigner keys that a folder has for it.
pub(in crate::cli) fn give_keys(nodes: &mut [Node], folder: &std::path::Path) -> Result<(), Failure> {
    for side in KeyStore::public_sides(folder).map_err(arguments::key_failure)? {
        let (name, replica) = match &side.key_use {
            KeyUse::Replica { node } => (node, true),
            KeyUse::Witness { node } => (node, false),
            _ => continue,
        };
        let Some(node) = nodes.iter_mut().find(|node| node.name == *name) else { continue };
        let place = if replica { &mut node.replica_vkey } else { &mut node.witness_vkey };
        let key = side.verifier_key();
        // What an earlier key cosigned still counts: it is kept among the retired.
        if let Some(old) = place.take().filter(|old| Some(old) != key.as_ref()) {
            node.retired.push(old);
        }
        *place = key;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::console::Format;

    #[test]
    fn an_entry_without_an_address_is_read_as_one_that_names_none_and_any_other_gap_is_refused() {
        let (keys, rest) = (r#""replica_vkey":null,"witness_vkey":null"#, r#""retired":[],"spki":[]"#);
        let name = r#""name":"node.gacc.gov.cn""#;
        let said = format!(r#"{{{name},{keys},{rest},"https":null,"grpc":null}}"#);
        let bare = format!("{{{name},{keys},{rest}}}");
        assert_eq!(node_of(&bare), node_of(&said));
        assert_eq!(node_of(&bare).unwrap().grpc, None);
        let one = format!(r#"{{{name},{keys},{rest},"grpc":"https://node.gacc.gov.cn:8443"}}"#);
        assert!(node_of(&one).unwrap().grpc.is_some());
        // Two addresses, a key that was forgotten, and a word that is none.
        for wrong in [
            format!(r#"{{{name},{keys},{rest},"grpc":null,"grpc":"https://node.gacc.gov.cn:8443"}}"#),
            format!("{{{name},{rest}}}"),
            format!(r#"{{{name},{keys},{rest},"grcp":"https://node.gacc.gov.cn:8443"}}"#),
        ] {
            assert!(node_of(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_entry_of_a_listed_node_replaces_its_addresses_and_what_is_said_of_it_in_words_does_not() {
        let listed = || vec![node("node.gacc.gov.cn,https=https://a.example,grpc=https://b.example:8443").unwrap()];
        let put = |said: &str| {
            let mut nodes = listed();
            put_entry(Console::new(Format::Text), &mut nodes, node(said).unwrap());
            nodes
        };
        assert_eq!(put("node.gacc.gov.cn"), [node("node.gacc.gov.cn").unwrap()]);
        let moved = "node.gacc.gov.cn,grpc=https://c.example:8443";
        assert_eq!(put(moved), [node(moved).unwrap()]);
        assert_eq!(put("node.kra.go.ke").len(), 2);
        let mut nodes = listed();
        put_node(&mut nodes, node("node.gacc.gov.cn").unwrap());
        assert_eq!(nodes, listed());
    }

    #[test]
    fn two_disjoint_groups_never_make_a_quorum() {
        for n in 1..=20_usize {
            assert!(usize::try_from(majority(n)).unwrap() * 2 > n && usize::try_from(majority(n)).unwrap() <= n);
        }
    }
}
