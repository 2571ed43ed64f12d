//! `origin trust show`: what a section or a list says.

use super::sign::{DraftOf, draft_of};
use crate::{
    cli::{
        Outcome, arguments,
        console::{Colour, Console},
        files::Source,
        tree::plain,
    },
    log::VerifierKey,
    node::system::SystemClock,
    time::Clock,
    trust::{Freshness, ListDraft, ListText, ListedUse, MAX_LIST_BYTES, ReplicaRule, Section, SectionText, TrustList},
};
use serde_json::{Value, json};
use std::{fmt::Write, path::PathBuf, process::ExitCode};

/// Show what a trust list, a draft of one or a signed section says
///
/// With --anchor the list is also held to it; without, only to itself.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The list, draft or section; `-` is standard input
    #[arg(value_name = "FILE")]
    file: Source,
    /// The anchor to hold the list to
    #[arg(long, value_name = "FILE", env = "ORIGIN_ANCHOR")]
    anchor: Option<PathBuf>,
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        let text = self.file.read_text(MAX_LIST_BYTES)?;
        match draft_of(&text) {
            DraftOf::Section => {
                let section = Section::open(&text).map_err(super::refused)?;
                if console.is_json() {
                    console.data(json!({ "section": section.text(), "sha256": section.digest().to_string() }));
                } else {
                    console.raw(section_text(section.text()).as_bytes());
                    console
                        .message("signed by the root key it names; whether that is the right one is the list's matter");
                }
            }
            DraftOf::List => self.list(console, &text)?,
        }
        Ok(ExitCode::SUCCESS)
    }

    fn list(&self, console: Console, text: &str) -> Result<(), super::Failure> {
        let draft = ListDraft::parse(text).map_err(super::refused)?;
        let accepted = match &self.anchor {
            Some(path) => {
                let anchor = arguments::open_anchor(path)?;
                Some(TrustList::open(text, &anchor, None).map_err(super::refused)?)
            }
            None => None,
        };
        let signed = draft.signed_by(&draft.text().signers).map_err(super::refused)?;
        let sections = draft.text().sections.iter().map(|entry| Section::open(&entry.note));
        let sections = sections.collect::<Result<Vec<_>, _>>().map_err(super::refused)?;
        if console.is_json() {
            console.data(list_json(draft.text(), &sections, &signed, accepted.as_ref()));
            return Ok(());
        }
        console.raw(list_text(console, draft.text(), &sections, &signed).as_bytes());
        console.message(match &accepted {
            Some(list) => match list.freshness(SystemClock.now()) {
                Freshness::Current => "accepted under the anchor".to_owned(),
                Freshness::Stale { since } => format!("accepted under the anchor, but its successor was due {since}"),
            },
            None => "not held to an anchor: give --anchor to know whether it is the federation's".to_owned(),
        });
        Ok(())
    }
}

fn list_json(text: &ListText, sections: &[Section], signed: &[&VerifierKey], accepted: Option<&TrustList>) -> Value {
    json!({
        "version": text.version,
        "issued": text.issued.to_string(),
        "next_update": text.next_update.to_string(),
        "k": text.k,
        "signers": text.signers.iter().map(|key| json!({ "verifier_key": key.to_string(), "signed": signed.contains(&key) })).collect::<Vec<_>>(),
        "accepted": accepted.is_some(),
        "sections": sections.iter().map(Section::text).collect::<Vec<_>>(),
        "closings": text.closings,
        "shards": text.shards,
        "nodes": text.nodes,
        "addressees": text.addressees,
        "cosigning": text.cosigning,
    })
}

fn list_text(console: Console, text: &ListText, sections: &[Section], signed: &[&VerifierKey]) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{}", console.paint(Colour::Bold, &format!("trust list, version {}", text.version)));
    let _ = writeln!(out, "  issued       {}", text.issued);
    let _ = writeln!(out, "  next update  {}", text.next_update);
    let _ = writeln!(out, "  signers      {} of {} must sign", text.k, text.signers.len());
    for key in &text.signers {
        let mark = if signed.contains(&key) { "signed" } else { "not signed" };
        let _ = writeln!(out, "    {mark:11}{key}");
    }
    for section in sections {
        out.push_str(&section_text(section.text()));
    }
    for node in &text.nodes {
        let _ = writeln!(out, "node {}", node.name);
        let reached = [("https", &node.https), ("grpc", &node.grpc)];
        for (word, url) in reached.into_iter().filter_map(|(word, url)| url.as_ref().map(|url| (word, url))) {
            let _ = writeln!(out, "  {word:12} {url}");
        }
        for (word, key) in [("replica", &node.replica_vkey), ("witness", &node.witness_vkey)] {
            let shown = key.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
            let _ = writeln!(out, "  {word:12} {shown}");
        }
    }
    for (country, iss) in &text.addressees {
        let _ = writeln!(out, "addressee for {country}: {iss}");
    }
    for closing in &text.closings {
        let reason = serde_json::to_value(closing.reason).ok();
        let reason = reason.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned();
        let _ = writeln!(
            out,
            "closed: key {} of {} in {} from index {} on ({reason})",
            closing.kid, closing.iss, closing.origin, closing.until_index
        );
    }
    for end in &text.shards {
        let _ = writeln!(out, "closed: log {} at size {}", end.origin, end.final_size);
    }
    let replica = match text.cosigning.replica {
        ReplicaRule::Required => "the addressee's replica always",
        ReplicaRule::IfItHasANode => "the addressee's replica where it has a node",
    };
    let without = text.cosigning.witnesses_without_replica;
    let without = without.map(|asked| format!(", {asked} where no replica is asked for")).unwrap_or_default();
    let _ = writeln!(
        out,
        "cosigning: {replica}, {} of {} witnesses{without}",
        text.cosigning.witnesses,
        text.cosigning.of.len()
    );
    for (origin, index) in &text.cosigning.replica_from {
        let _ = writeln!(out, "  of {origin} the replica from entry {index} on");
    }
    out
}

fn section_text(text: &SectionText) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "authority {}", text.iss);
    for (language, name) in &text.names {
        let _ = writeln!(out, "  name {:7} {}", format!("({language})"), plain(name.as_str()));
    }
    let roles = text.roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", ");
    let _ = writeln!(out, "  serial       {}", text.serial);
    let _ = writeln!(out, "  country      {}, {}", text.country, text.time_zone.as_str());
    let _ = writeln!(out, "  roles        {roles}");
    let node = text.node.as_ref().map_or("none", |node| node.as_str());
    let _ = writeln!(out, "  node         {node}");
    let _ = writeln!(out, "  root         {}", text.root);
    for key in &text.keys {
        let scope = match (&key.agreements, &key.offices) {
            (None, None) => String::new(),
            _ => " (of narrower scope)".to_owned(),
        };
        let kinds = match key.r#use {
            ListedUse::Statement => {
                format!(": {}", key.kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", "))
            }
            ListedUse::Status | ListedUse::Stamp => String::new(),
        };
        let _ = writeln!(out, "  key          {} {}{kinds}{scope}", key.r#use.word(), key.kid);
    }
    for key in &text.log_keys {
        let _ = writeln!(out, "  log key      {}", key.shard);
    }
    out
}
