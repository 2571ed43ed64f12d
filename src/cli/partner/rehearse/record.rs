//! The logs themselves, read from the node's folder once it is stopped, and at the partner's own door: hashed again from
//! the first entry, as a replica does.

use super::{report::Seen, stage::Stage};
use crate::{
    api::client::wire,
    cli::{
        console::Failure,
        files::Source,
        process::{failed, operator},
    },
    exchange::replicates,
    log::Origin,
    node::system::{SystemClock, SystemRandom},
    statement::{Bundle, OpenedBody, Presentation},
    store::{JournalOptions, JournalStore, Store},
    time::Clock,
    verification::check_entry,
};
use serde_json::Value;
use std::{collections::BTreeSet, ffi::OsStr, path::PathBuf, sync::Arc};

/// Bytes of entries read at once.
const PAGE_BYTES: usize = 4 << 20;
/// The longest time that a status may be old, in seconds: snapshots are made every hour.
const SNAPSHOT_SECONDS: u64 = 3_600;

/// What this node knew of the partner's logs before it was stopped.
pub(super) struct Shelves {
    /// Those that it holds.
    partners: Vec<String>,
}

impl Shelves {
    pub(super) fn of(stage: &Stage, state: &wire::ListPartnersResponse) -> Self {
        let logs = stage.its(state).into_iter().flat_map(|its| &its.logs);
        let held = logs.filter(|log| log.inward && log.size > 0).map(|log| log.origin.clone());
        let back = |log: &String| log.ends_with(&format!("/{}", stage.own.issuer.host()));
        Self { partners: held.filter(back).collect::<BTreeSet<_>>().into_iter().collect() }
    }
}

impl Stage {
    /// The folder with what is held of a log of the partner.
    fn replica(&self, log: &str) -> Option<PathBuf> {
        let partners = &self.configuration.partner.as_ref()?.data;
        Some(partners.join(self.partner.node.as_str()).join(log.replace('/', "_")))
    }

    /// `origin log check`, with what it says of a log.
    fn check(&self, log: &str, from: &[&OsStr]) -> Result<Value, Failure> {
        let trust = &self.configuration.trust;
        let said = operator(|origin| {
            origin.args(["--format", "json", "log", "check", log]).args(from);
            origin.arg("--trust").arg(&trust.list).arg("--anchor").arg(&trust.anchor)
        });
        let said = said.map_err(|failure| failure.note(format!("origin log check {log}")))?;
        let last = said.lines().last().unwrap_or_default();
        serde_json::from_str(last).map_err(failed)
    }

    fn check_all(&self, logs: &[String], folder: impl Fn(&str) -> Option<PathBuf>) -> Result<Seen, Failure> {
        let (mut entries, mut words, mut kinds) = (0, Vec::new(), serde_json::Map::new());
        for log in logs {
            let data = folder(log).ok_or_else(|| failed("the node stands alone"))?;
            let said = self.check(log, &["--data".as_ref(), data.as_ref()])?;
            entries += said.get("size").and_then(Value::as_u64).unwrap_or_default();
            let root = said.get("root").and_then(Value::as_str).unwrap_or_default();
            words.push(format!("{log} has root {root}"));
            for (kind, count) in said.get("kinds").and_then(Value::as_object).into_iter().flatten() {
                let before = kinds.get(kind).and_then(Value::as_u64).unwrap_or_default();
                kinds.insert(kind.clone(), (before + count.as_u64().unwrap_or_default()).into());
            }
        }
        if logs.is_empty() {
            return Err(failed("there is no such log"));
        }
        let words = words.join(", ");
        Ok(Seen::held(format!("{entries} entries, no finding: {words}")).with("entries", entries).with("kinds", kinds))
    }

    /// This node's own logs that the partner may read; it is stopped.
    pub(super) fn own_logs(&self) -> Result<Seen, Failure> {
        let options = JournalOptions::default();
        let store = JournalStore::open(&self.own.data, options, Arc::new(SystemRandom)).map_err(failed)?;
        let logs = store.logs().into_iter().filter(|log| store.head(log).is_some_and(|head| head.head.size > 0));
        let logs = logs.filter(|log| replicates(&self.trust, &self.partner.node, log));
        let logs = logs.map(|log| log.to_string()).collect::<Vec<_>>();
        drop(store);
        self.check_all(&logs, |_| Some(self.own.data.clone()))
    }

    /// What is held of the partner's; the node is stopped.
    pub(super) fn partner_logs(&self, shelves: &Shelves) -> Result<Seen, Failure> {
        self.check_all(&shelves.partners, |log| self.replica(log))
    }

    /// What the partner's customs receipted; the node is stopped. `last` are the sizes up to which there are certificates.
    pub(super) fn receipts(
        &self,
        shelves: &Shelves,
        last: impl IntoIterator<Item = (String, u64)>,
    ) -> Result<Seen, Failure> {
        let (mut receipts, mut reached, mut missing) = (0_usize, Vec::new(), BTreeSet::new());
        for log in &shelves.partners {
            let origin = log.parse::<Origin>().map_err(failed)?;
            let folder = self.replica(log).ok_or_else(|| failed("the node stands alone"))?;
            let store =
                JournalStore::open(&folder, JournalOptions::default(), Arc::new(SystemRandom)).map_err(failed)?;
            let size = store.head(&origin).map_or(0, |head| head.head.size);
            let mut next = 0;
            while next < size {
                let leaves = store.leaves(&origin, next..size, PAGE_BYTES).map_err(failed)?;
                if leaves.is_empty() {
                    return Err(failed(format!("{log} has no entry {next}")));
                }
                for leaf in leaves {
                    let entry = check_entry(&leaf, None, &origin, next, &self.trust);
                    next = next.saturating_add(1);
                    if let Ok(OpenedBody::Receipt(receipt)) = entry.map(|entry| entry.body) {
                        receipts += 1;
                        let about = receipt.origin.to_string();
                        // A later receipt speaks for all before it.
                        missing.retain(|(log, _): &(String, u64)| *log != about);
                        missing.extend(receipt.missing.iter().map(|index| (about.clone(), *index)));
                        reached.push((about, receipt.size));
                    }
                }
            }
        }
        if let Some((log, index)) = missing.first() {
            let count = missing.len();
            return Err(failed(format!("{count} entries are receipted as missing, the first {index} of {log}")));
        }
        for (log, size) in last {
            let receipted = reached.iter().filter(|(about, _)| *about == log).map(|(_, size)| *size).max().unwrap_or(0);
            if receipted < size {
                return Err(failed(format!("the contents of {log} are receipted up to {receipted} of {size} entries")));
            }
        }
        Ok(Seen::held(format!("{receipts} receipts speak for all of them, none missing")).with("receipts", receipts))
    }

    /// The same log as the partner shows it to an auditor.
    pub(super) fn partner_door(
        &self,
        shelves: &Shelves,
        (door, auditor): (Option<&str>, Option<&Source>),
        tls: &[&OsStr],
    ) -> Result<Seen, Failure> {
        let (Some(door), Some(Source::File(auditor))) = (door, auditor) else {
            return Ok(Seen::not_exercised("the partner gave no token of an auditor: --door, --auditor"));
        };
        let mut words = Vec::new();
        for log in &shelves.partners {
            let at: [&OsStr; 4] = ["--node".as_ref(), door.as_ref(), "--token-file".as_ref(), auditor.as_os_str()];
            let there = self.check(log, &[&at[..], tls].concat())?;
            let folder = self.replica(log).ok_or_else(|| failed("the node stands alone"))?;
            let here = self.check(log, &["--data".as_ref(), folder.as_ref()])?;
            let of = |said: &Value, name: &str| said.get(name).cloned().unwrap_or_default();
            let (there_size, here_size) = (of(&there, "size"), of(&here, "size"));
            if there_size == here_size && of(&there, "root") != of(&here, "root") {
                return Err(failed(format!("{log} of {here_size} entries is another there than here")));
            }
            words.push(format!("{log}: {there_size} entries there, {here_size} here"));
        }
        Ok(Seen::held(words.join(", ")))
    }

    /// How old the status of the certificates is, as the bundle of one says.
    pub(super) fn snapshots(&self, bundle: &str) -> Result<Seen, Failure> {
        let bundle = Bundle::parse(bundle.as_bytes()).map_err(failed)?;
        let statement = bundle.status_statement.ok_or_else(|| failed("the bundle has no snapshot of the status"))?;
        let shown = Presentation::from_leaf(statement.as_bytes(), &[""; 0]).map_err(failed)?;
        let origin = shown.envelope().log.clone();
        let entry = check_entry(statement.as_bytes(), None, &origin, 0, &self.trust).map_err(failed)?;
        let OpenedBody::StatusSnapshot(snapshot) = entry.body else {
            return Err(failed("the bundle's status rests on another statement than a snapshot"));
        };
        let now = u64::try_from(SystemClock.now().as_second()).map_err(failed)?;
        let age = now.saturating_sub(snapshot.as_of);
        if age > SNAPSHOT_SECONDS {
            return Err(failed(format!("the newest snapshot that is cosigned is {age} s old")));
        }
        let size = snapshot.size;
        Ok(Seen::held(format!("the newest speaks for {size} entries of {origin} and is {age} s old"))
            .with("age_seconds", age)
            .with("entries", size))
    }
}
