//! `origin log check`: a log held to its head, its key and the trust list, entry by entry, as a replica would.

use super::source::{From, Head, Source};
use crate::{
    certificate::AgreementCode,
    cli::{
        Outcome,
        arguments::Trust,
        console::{Colour, Console, Exit, Failure},
        remote,
    },
    log::{Origin, SignedCheckpoint},
    node::system::SystemClock,
    reason::{Reasoned, counted},
    statement::{Jti, OpenedBody, StatementRef},
    time::{Clock as _, Timestamp},
    trust::TrustList,
    verification::{CheckedEntry, ClosedLists, EntryFault, StatusPlace, StatusView, check_entry, check_scope},
};
use serde_json::json;
use std::{collections::HashMap, path::PathBuf, process::ExitCode};

/// Check a log from its first entry: hashes, head, signatures, keys and status, as a replica does
///
/// Exit code 0 if everything holds that can be checked, 3 if the head does not fit the entries or an entry is a finding.
/// An entry past the closing of its key, or past the end of its log, is none: the trust list itself voids it. A log may
/// speak for closed ones before it: these are read first, from the same node or data folder, or from the folders of
/// --closed; without them, what it says of them is counted as unknown.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    from: From,
    /// A folder, exported like --folder or of data like --data, with a closed log that this one may speak for; may be given
    /// several times
    #[arg(long, value_name = "DIR")]
    closed: Vec<PathBuf>,
    #[command(flatten)]
    trust: Trust,
}

/// What is said of entries is shown so often for each log; beyond, they are counted.
const SHOWN: usize = 100;

/// What was found on the way through a log.
#[derive(Default)]
struct Found {
    holds: bool,
    findings: u64,
    /// Entries past the closing of their key.
    voided: u64,
    /// Snapshots whose lists may be those of closed logs that are not here.
    unchecked: u64,
    kinds: HashMap<&'static str, u64>,
    /// The first entry of an hour to come, and the hour: its node's clock was ahead, or this one is behind.
    to_come: Option<(u64, Timestamp)>,
    said: Vec<Said>,
}

/// What is wrong with entries of a log, each in the same way.
struct Said {
    fault: String,
    reason: &'static str,
    first: u64,
    last: u64,
    entries: u64,
}

/// How an entry stands that did not pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Finding,
    Voided,
    Unchecked,
}

impl Standing {
    /// `whole` says whether all closed logs are here that this one may speak for.
    fn of(fault: &EntryFault, trust: &TrustList, whole: bool) -> Self {
        match fault {
            EntryFault::KeyClosed { entry, .. } if entry.is_past_closing(trust) => Self::Voided,
            EntryFault::BeyondEnd(_) => Self::Voided,
            EntryFault::SnapshotLists if !whole => Self::Unchecked,
            _ => Self::Finding,
        }
    }
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        let trust = self.trust.open()?;
        remote::converse(async {
            // Later changes name a certificate by its log and its identifier.
            let mut targets = Targets::new();
            let before = self.closed_before(console, &trust, &mut targets).await?;
            let source = self.from.open(console).await?;
            let origin = source.origin().clone();
            let journal = source.scrub()?;
            let head = source.head().await?;
            let key = trust
                .log_key(&origin)
                .ok_or_else(|| Failure::new(Exit::Failed, format!("the trust list names no key for {origin}")))?;
            let signed = SignedCheckpoint::open(&head.note, &key)
                .map_err(|error| Failure::new(Exit::NotValid, format!("the head of {origin}: {error}")))?;
            let policy = trust.policy(&origin).map_err(|error| Failure::new(Exit::Configuration, error))?;
            let cosigned = policy
                .cosigned(&signed)
                .map_err(|error| Failure::new(Exit::NotValid, format!("a cosignature of {origin}: {error}")))?;
            let (met, cosigners) = (policy.evaluate(&cosigned), cosigned.len());

            let (_, found) = walk(console, (&source, &head), &trust, before, &mut targets).await?;
            let good = found.holds && found.findings == 0;
            if console.is_json() {
                let (size, root) = (head.checkpoint.head.size, head.checkpoint.head.root.to_string());
                console.data(json!({
                    "log": origin.to_string(), "size": size, "root": root,
                    "head_holds": found.holds, "findings": found.findings, "voided": found.voided,
                    "unchecked": found.unchecked, "kinds": found.kinds,
                    "to_come": found.to_come.map(|(index, hour)| json!({ "index": index, "hour": hour.to_string() })),
                    "cosigned_by": cosigners, "policy_met": met, "good": good,
                    "journal_leaves": journal.map(|found| found.leaves),
                }));
            } else {
                found.show(console, &head);
                if let Some(found) = journal {
                    let (batches, leaves, megabytes) = (found.batches, found.leaves, found.bytes >> 20);
                    console.data(format!(
                        "  journal    whole: {leaves} leaves of all logs, {batches} batches, {megabytes} MB"
                    ));
                }
                let met = if met {
                    "meets the policy"
                } else {
                    "does not meet the policy; those of a new head its own node gathers, and tells within minutes"
                };
                console.data(format!("  cosigned   by {cosigners}, which {met}"));
                if let Some(last) = trust.shard_final_size(&origin) {
                    let last = counted(last, "entry", "entries");
                    console.data(format!("  closed     by the trust list, with {last}"));
                }
                let mut kinds = found.kinds.into_iter().collect::<Vec<_>>();
                kinds.sort_unstable();
                for (kind, count) in kinds {
                    console.data(format!("  {count:10} {kind}"));
                }
            }
            Ok(if good { ExitCode::SUCCESS } else { ExitCode::from(Exit::NotValid.code()) })
        })
    }

    /// Reads the closed logs that the log may speak for, as far as they are there.
    async fn closed_before(
        &self,
        console: Console,
        trust: &TrustList,
        targets: &mut Targets,
    ) -> Result<Before, Failure> {
        let own = self.from.origin()?;
        let mut before = Before { closed: Vec::new(), whole: true };
        for (origin, _) in trust.closed_before(&own).into_iter().filter(|(_, size)| *size > 0) {
            let mut opened = None;
            for place in self.from.places(&origin, &self.closed) {
                opened = place.open(console).await.ok();
                if opened.is_some() {
                    break;
                }
            }
            let Some(source) = opened else {
                console.message(format!(
                    "note: {origin} is closed and not here: what is said of it cannot be checked (--closed DIR)"
                ));
                before.whole = false;
                continue;
            };
            let head = source.head().await?;
            let whole = before.whole;
            let (view, _) = walk(console, (&source, &head), trust, before, targets).await?;
            before = Before { closed: view.ended(), whole };
        }
        Ok(before)
    }
}

/// The closed logs that a log may speak for.
struct Before {
    closed: Vec<ClosedLists>,
    /// Whether all of them are here.
    whole: bool,
}

/// Holds each entry of a log against those before it, and says what is wrong with them.
async fn walk(
    console: Console,
    (source, head): (&Source, &Head),
    trust: &TrustList,
    before: Before,
    targets: &mut Targets,
) -> Result<(StatusView, Found), Failure> {
    let origin = source.origin().clone();
    let Before { closed, whole } = before;
    let mut view = StatusView::new(origin.clone()).beside(closed);
    let mut found = Found::default();
    // Nothing follows in a log that is closed: its successor goes on without its hours.
    let now = trust.shard_final_size(&origin).is_none().then(|| SystemClock.now());
    let holds = source
        .read_roots(head, |index, leaf| {
            let checked = check_entry(leaf, None, &origin, index, trust)
                .and_then(|entry| within_scope(targets, &entry, trust).map(|()| entry));
            let entry = match &checked {
                Ok(entry) => Some(entry),
                Err(EntryFault::KeyClosed { entry, .. }) => Some(entry.as_ref()),
                Err(_) => None,
            };
            if let Some(entry) = entry {
                found.stamped(index, entry.envelope.jti, now);
            }
            let fault = match checked {
                Ok(entry) => {
                    *found.kinds.entry(entry.kind().name()).or_insert(0) += 1;
                    let place = target_of(targets, &entry).map(|(place, _)| *place);
                    let admitted = view.admit(&entry, |_| place);
                    remember(targets, &entry);
                    admitted.err()
                }
                Err(fault) => {
                    match &fault {
                        EntryFault::KeyClosed { entry, .. } => {
                            view.pass(entry);
                            remember(targets, entry);
                        }
                        _ => view.skip(),
                    }
                    Some(fault)
                }
            };
            if let Some(fault) = fault {
                found.take(index, &fault, Standing::of(&fault, trust, whole));
            }
            Ok(())
        })
        .await?;
    found.report(console, &origin);
    Ok((view, Found { holds, ..found }))
}

impl Found {
    /// The hour that an entry was made in.
    fn stamped(&mut self, index: u64, jti: Jti, now: Option<Timestamp>) {
        let hour = i64::try_from(jti.hour_ms()).ok().and_then(|hour| Timestamp::from_millisecond(hour).ok());
        let to_come = hour.filter(|hour| now.is_some_and(|now| now < *hour));
        self.to_come = self.to_come.or_else(|| to_come.map(|hour| (index, hour)));
    }

    fn take(&mut self, index: u64, fault: &EntryFault, standing: Standing) {
        match standing {
            Standing::Finding => self.findings += 1,
            Standing::Voided => self.voided += 1,
            // It is no fault that is known.
            Standing::Unchecked => {
                self.unchecked += 1;
                return;
            }
        }
        let (fault, reason, shown) = (fault.to_string(), fault.reason(), self.said.len());
        match self.said.iter_mut().find(|said| said.reason == reason && said.fault == fault) {
            Some(said) => {
                said.last = index;
                said.entries += 1;
            }
            None if shown < SHOWN => {
                self.said.push(Said { fault, reason, first: index, last: index, entries: 1 });
            }
            None => {}
        }
    }

    /// What is wrong with entries, once each.
    fn report(&self, console: Console, origin: &Origin) {
        for said in &self.said {
            let Said { fault, reason, first, last, entries } = said;
            if console.is_json() {
                console.data(json!({
                    "log": origin.to_string(), "index": first, "finding": fault, "reason": reason,
                    "last_index": last, "entries": entries,
                }));
            } else {
                console.data(line(origin, said));
            }
        }
    }

    /// How the log stands.
    fn show(&self, console: Console, head: &Head) {
        let (origin, size) = (&head.checkpoint.origin, head.checkpoint.head.size);
        let good = match (self.holds && self.findings == 0, self.unchecked) {
            (true, 0) => console.paint(Colour::Green, "good"),
            (true, _) => console.paint(Colour::Green, "good, as far as it can be checked here"),
            (false, _) => console.paint(Colour::Red, "not good"),
        };
        let (size, findings) = (counted(size, "entry", "entries"), counted(self.findings, "finding", "findings"));
        console.data(format!("{origin}: {good}; {size}, {findings}"));
        let holds = if self.holds { "is the root of the entries" } else { "is NOT the root of the entries" };
        console.data(format!("  head       {holds}, signed by the log's key"));
        if self.voided > 0 {
            let voided = counted(self.voided, "entry", "entries");
            console.data(format!(
                "  voided     {voided}, by the trust list: it closes their key, or ends the log, before them"
            ));
        }
        if let Some((index, hour)) = self.to_come {
            console.data(format!(
                "  clock      entry {index} is the first that bears an hour to come, {hour}: a clock was ahead, or this one is \
                 behind; docs/partners.md (A clock that was ahead)"
            ));
        }
        if self.unchecked > 0 {
            let unknown = counted(self.unchecked, "status snapshot", "status snapshots");
            console.data(format!("  unknown    {unknown}, which may speak for the closed logs that are not here"));
        }
    }
}

/// What is said of entries of a log, in one line.
fn line(origin: &Origin, said: &Said) -> String {
    let Said { fault, reason, first, last, entries } = said;
    match entries {
        1 => format!("{origin} entry {first}: {fault} [{reason}]"),
        _ => format!("{origin} {entries} entries from {first} to {last}: {fault} [{reason}]"),
    }
}

/// Certificates by their log and identifier.
type Targets = HashMap<(Origin, Jti), Target>;

/// A certificate, as later changes of it are held against it: its place among the statuses, and its agreement.
type Target = (StatusPlace, AgreementCode);

fn remember(targets: &mut Targets, entry: &CheckedEntry) {
    if let OpenedBody::Certificate(certificate) = &entry.body {
        let list = certificate.status.uri.as_str().rsplit('/').next().and_then(|number| number.parse::<u32>().ok());
        if let Some(list) = list {
            let place = StatusPlace { list, place: certificate.status.index };
            let name = (entry.envelope.log.clone(), entry.envelope.jti);
            targets.insert(name, (place, certificate.agreement.clone()));
        }
    }
}

/// The certificate that an entry changes.
fn target_of<'a>(targets: &'a Targets, entry: &CheckedEntry) -> Option<&'a Target> {
    let OpenedBody::StatusChange(opened) = &entry.body else { return None };
    let StatementRef { log, jti } = &opened.change.target;
    targets.get(&(log.clone(), *jti))
}

/// The office of a certificate stands in a disclosure, which a log does not show.
fn within_scope(targets: &Targets, entry: &CheckedEntry, trust: &TrustList) -> Result<(), EntryFault> {
    let target = target_of(targets, entry);
    target.map_or(Ok(()), |(_, agreement)| check_scope(entry, (agreement, None), trust))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_entry_of_an_hour_to_come_is_told_and_is_no_finding() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let jti = |text: &str| {
            let hour = u128::try_from(at(text).as_millisecond()).unwrap();
            Jti((hour << 80).to_be_bytes())
        };
        let mut found = Found::default();
        let now = Some(at("2026-11-30T11:20:00Z"));
        found.stamped(4, jti("2026-11-30T11:00:00Z"), now);
        assert_eq!(found.to_come, None);
        found.stamped(5, jti("2027-11-30T10:00:00Z"), now);
        found.stamped(6, jti("2027-11-30T11:00:00Z"), now);
        assert_eq!((found.to_come, found.findings), (Some((5, at("2027-11-30T10:00:00Z"))), 0));
        let mut closed = Found::default();
        closed.stamped(5, jti("2027-11-30T10:00:00Z"), None);
        assert_eq!(closed.to_come, None, "nothing follows in a log that is closed");
    }

    #[test]
    fn what_is_wrong_with_many_entries_is_said_once_with_its_log_and_the_unknown_is_no_finding() {
        let mut found = Found::default();
        for index in 2..6 {
            found.take(index, &EntryFault::UnknownKey, Standing::Finding);
        }
        found.take(7, &EntryFault::NotRising, Standing::Finding);
        found.take(8, &EntryFault::SnapshotLists, Standing::Unchecked);
        assert_eq!((found.findings, found.voided, found.unchecked), (5, 0, 1));
        let origin = "tdap.gov.pk/log/2026/all".parse().unwrap();
        let lines = found.said.iter().map(|said| line(&origin, said)).collect::<Vec<_>>();
        let [many, one] = lines.as_slice() else { panic!("{lines:#?}") };
        assert!(many.starts_with("tdap.gov.pk/log/2026/all 4 entries from 2 to 5: "), "{many}");
        assert!(many.ends_with("[ENTRY_KEY_UNKNOWN]"), "{many}");
        assert!(one.starts_with("tdap.gov.pk/log/2026/all entry 7: "), "{one}");
    }
}
