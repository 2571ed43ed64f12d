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
    reason::Reasoned,
    statement::{Jti, OpenedBody, StatementRef},
    trust::TrustList,
    verification::{CheckedEntry, ClosedLists, EntryFault, StatusPlace, StatusView, check_entry, check_scope},
};
use serde_json::json;
use std::{collections::HashMap, path::PathBuf, process::ExitCode};

/// Check a log from its first entry: hashes, head, signatures, keys and status, as a replica does
///
/// Exit code 0 if everything holds, 3 if the head does not fit the entries or an entry is a finding. A log may speak for
/// closed ones before it: these are read first, from the same node or data folder, or from the folders of --closed.
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

/// Findings that are shown one by one; beyond, they are counted.
const SHOWN: u64 = 100;

/// What was found on the way through a log.
#[derive(Default)]
struct Found {
    holds: bool,
    findings: u64,
    kinds: HashMap<&'static str, u64>,
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        let trust = self.trust.open()?;
        remote::converse(async {
            // Later changes name a certificate by its log and its identifier.
            let mut targets = Targets::new();
            let closed = self.closed_before(console, &trust, &mut targets).await?;
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

            let view = StatusView::new(origin.clone()).beside(closed);
            let (_, found) = walk(console, (&source, &head), &trust, view, &mut targets).await?;
            let Found { holds, findings, kinds } = found;
            let size = head.checkpoint.head.size;
            let good = holds && findings == 0;
            if console.is_json() {
                console.data(json!({
                    "log": origin.to_string(), "size": size, "root": head.checkpoint.head.root.to_string(),
                    "head_holds": holds, "findings": findings, "kinds": kinds,
                    "cosigned_by": cosigners, "policy_met": met, "good": good,
                    "journal_leaves": journal.map(|found| found.leaves),
                }));
            } else {
                let word =
                    if good { console.paint(Colour::Green, "good") } else { console.paint(Colour::Red, "not good") };
                let noun = if findings == 1 { "finding" } else { "findings" };
                console.data(format!("{origin}: {word}; {size} entries, {findings} {noun}"));
                let holds = if holds { "is the root of the entries" } else { "is NOT the root of the entries" };
                console.data(format!("  head       {holds}, signed by the log's key"));
                if let Some(found) = journal {
                    let (batches, leaves, megabytes) = (found.batches, found.leaves, found.bytes >> 20);
                    console.data(format!(
                        "  journal    whole: {leaves} leaves of all logs, {batches} batches, {megabytes} MB"
                    ));
                }
                let met = if met { "meets the policy" } else { "does not meet the policy" };
                console.data(format!("  cosigned   by {cosigners}, which {met}"));
                if let Some(last) = trust.shard_final_size(&origin) {
                    console.data(format!("  closed     by the trust list, with {last} entries"));
                }
                let mut kinds = kinds.into_iter().collect::<Vec<_>>();
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
    ) -> Result<Vec<ClosedLists>, Failure> {
        let own = self.from.origin()?;
        let mut closed = Vec::new();
        for (origin, _) in trust.closed_before(&own).into_iter().filter(|(_, size)| *size > 0) {
            let mut opened = None;
            for place in self.from.places(&origin, &self.closed) {
                opened = place.open(console).await.ok();
                if opened.is_some() {
                    break;
                }
            }
            let Some(source) = opened else {
                console.message(format!("note: {origin} is closed and not here: what is said of it cannot be checked"));
                continue;
            };
            let head = source.head().await?;
            let view = StatusView::new(origin).beside(closed);
            let (view, _) = walk(console, (&source, &head), trust, view, targets).await?;
            closed = view.ended();
        }
        Ok(closed)
    }
}

/// Holds each entry of a log against those before it.
async fn walk(
    console: Console,
    (source, head): (&Source, &Head),
    trust: &TrustList,
    mut view: StatusView,
    targets: &mut Targets,
) -> Result<(StatusView, Found), Failure> {
    let origin = source.origin().clone();
    let mut found = Found::default();
    let holds = source
        .read_roots(head, |index, leaf| {
            let checked = check_entry(leaf, None, &origin, index, trust)
                .and_then(|entry| within_scope(targets, &entry, trust).map(|()| entry));
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
                found.findings += 1;
                if found.findings <= SHOWN {
                    report(console, index, &fault.to_string(), fault.reason());
                }
            }
            Ok(())
        })
        .await?;
    Ok((view, Found { holds, ..found }))
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

fn report(console: Console, index: u64, fault: &str, reason: &str) {
    if console.is_json() {
        console.data(json!({ "index": index, "finding": fault, "reason": reason }));
    } else {
        console.data(format!("entry {index}: {fault} [{reason}]"));
    }
}
