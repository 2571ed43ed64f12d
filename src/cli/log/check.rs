//! `origin log check`: a log held to its head, its key and the trust list, entry by entry, as a replica would.

use super::source::From;
use crate::{
    certificate::AgreementCode,
    cli::{
        Outcome,
        arguments::Trust,
        console::{Colour, Console, Exit, Failure},
        remote,
    },
    log::SignedCheckpoint,
    reason::Reasoned,
    statement::{Jti, OpenedBody},
    trust::TrustList,
    verification::{CheckedEntry, EntryFault, StatusPlace, StatusView, check_entry, check_scope},
};
use serde_json::json;
use std::{collections::HashMap, process::ExitCode};

/// Check a log from its first entry: hashes, head, signatures, keys and status, as a replica does
///
/// Exit code 0 if everything holds, 3 if the head does not fit the entries or an entry is a finding.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    from: From,
    #[command(flatten)]
    trust: Trust,
}

/// Findings that are shown one by one; beyond, they are counted.
const SHOWN: u64 = 100;

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        let trust = self.trust.open()?;
        remote::converse(async {
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

            let mut view = StatusView::new(origin.clone());
            // Later changes name a certificate by its identifier.
            let mut targets: HashMap<Jti, Target> = HashMap::new();
            let mut findings = 0_u64;
            let mut kinds: HashMap<&'static str, u64> = HashMap::new();
            let holds = source
                .read_roots(&head, |index, leaf| {
                    let checked = check_entry(leaf, None, &origin, index, &trust)
                        .and_then(|entry| within_scope(&targets, &entry, &trust).map(|()| entry));
                    let fault = match checked {
                        Ok(entry) => {
                            *kinds.entry(entry.kind().name()).or_insert(0) += 1;
                            let admitted = view.admit(&entry, |jti| targets.get(jti).map(|(place, _)| *place));
                            remember(&mut targets, &entry);
                            admitted.err()
                        }
                        Err(fault) => {
                            match &fault {
                                EntryFault::KeyClosed { entry, .. } => {
                                    view.pass(entry);
                                    remember(&mut targets, entry);
                                }
                                _ => view.skip(),
                            }
                            Some(fault)
                        }
                    };
                    if let Some(fault) = fault {
                        findings += 1;
                        if findings <= SHOWN {
                            report(console, index, &fault.to_string(), fault.reason());
                        }
                    }
                    Ok(())
                })
                .await?;
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
                console.data(format!("{origin}: {word}; {size} entries, {findings} findings"));
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
                let mut kinds = kinds.into_iter().collect::<Vec<_>>();
                kinds.sort_unstable();
                for (kind, count) in kinds {
                    console.data(format!("  {count:10} {kind}"));
                }
            }
            Ok(if good { ExitCode::SUCCESS } else { ExitCode::from(Exit::NotValid.code()) })
        })
    }
}

/// A certificate, as later changes of it are held against it: its place among the statuses, and its agreement.
type Target = (StatusPlace, AgreementCode);

fn remember(targets: &mut HashMap<Jti, Target>, entry: &CheckedEntry) {
    if let OpenedBody::Certificate(certificate) = &entry.body {
        let list = certificate.status.uri.as_str().rsplit('/').next().and_then(|number| number.parse::<u32>().ok());
        if let Some(list) = list {
            let place = StatusPlace { list, place: certificate.status.index };
            targets.insert(entry.envelope.jti, (place, certificate.agreement.clone()));
        }
    }
}

/// The office of a certificate stands in a disclosure, which a log does not show.
fn within_scope(targets: &HashMap<Jti, Target>, entry: &CheckedEntry, trust: &TrustList) -> Result<(), EntryFault> {
    let OpenedBody::StatusChange(opened) = &entry.body else { return Ok(()) };
    let target = targets.get(&opened.change.target.jti);
    target.map_or(Ok(()), |(_, agreement)| check_scope(entry, (agreement, None), trust))
}

fn report(console: Console, index: u64, fault: &str, reason: &str) {
    if console.is_json() {
        console.data(json!({ "index": index, "finding": fault, "reason": reason }));
    } else {
        console.data(format!("entry {index}: {fault} [{reason}]"));
    }
}
