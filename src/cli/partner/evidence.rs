//! `origin partner evidence`: the proof that a log has shown two histories, as a file that anybody can check.

use super::lifting::{heads_described, shown_by_whom};
use crate::{
    api::client::wire,
    cli::{
        Outcome,
        account::OperatorDoor,
        console::{Console, Exit, Failure},
        files::{self, Source},
        remote,
    },
    log::Origin,
    reason::counted,
    verification::parted,
};
use serde_json::json;
use std::process::ExitCode;

/// Two signed heads, and what shows that they are not of one history: it names no certificate.
const MODE: u32 = 0o644;

/// Write the proof that a log has shown two histories, for anybody who has the trust list
///
/// The file has two heads with the log's own signature, and the proof that they are not of one history. Whoever is given it
/// need believe nobody: origin verify --evidence FILE --trust LIST --anchor ANCHOR takes it anywhere, without this node.
/// Where the log has shown more than two, the newest proof is written, which is the one that a person has not lifted, if
/// there is one; --nth writes another.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The log, <host>/log/<shard>/<addressee>
    #[arg(long, value_name = "ORIGIN")]
    log: Origin,
    /// Which proof, 1 for the oldest
    #[arg(long, value_name = "NUMBER")]
    nth: Option<usize>,
    /// Where the proof goes; `-` is standard output
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: Source,
    #[command(flatten)]
    door: OperatorDoor,
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        let Self { log, nth, output, door } = self;
        let answer = remote::converse(super::ask(console, &door))?;
        let (count, number, chosen) = chosen(answer.forked, &log, nth)?;
        let file = [chosen.evidence.as_bytes(), b"\n"].concat();
        let (parted, by) = (parted(chosen.size, chosen.longer), shown_by_whom(&chosen));
        let said = format!("{log} has shown two histories {parted}{by}");
        let Some(path) = output.path() else {
            console.raw(&file);
            return Ok(ExitCode::SUCCESS);
        };
        files::replace(path, &file, MODE)?;
        if console.is_json() {
            let file = path.display().to_string();
            let sizes = [chosen.size, chosen.longer];
            console.data(json!({
                "log": log.as_str(),
                "file": file,
                "nth": number,
                "proofs": count,
                "sizes": sizes,
                "shown_by": chosen.shown_by,
                "heads": heads_described(&chosen),
            }));
        } else {
            let of = if count > 1 { format!(", proof {number} of {count}") } else { String::new() };
            console.data(format!("{said}{of}: wrote {}", path.display()));
            let trust = door.configuration()?.trust;
            console.message(format!(
                "whoever has the trust list and its anchor can check it: origin verify --evidence {} --trust {} --anchor {}",
                path.display(),
                trust.list.display(),
                trust.anchor.display()
            ));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The proof that is asked for: how many there are of the log, which of them it is, and itself.
fn chosen(
    forked: Vec<wire::ForkedLog>,
    log: &Origin,
    nth: Option<usize>,
) -> Result<(usize, usize, wire::ForkedLog), Failure> {
    let of_log = forked.into_iter().filter(|one| one.origin == log.as_str() && !one.evidence.is_empty());
    let mut proofs = of_log.collect::<Vec<_>>();
    // What nobody has lifted came last.
    proofs.sort_by_key(|one| one.lifted_at.as_ref().map_or(i64::MAX, |at| at.seconds));
    let (count, number) = (proofs.len(), nth.unwrap_or(proofs.len()));
    let found = number.checked_sub(1).and_then(|at| proofs.into_iter().nth(at));
    found.map(|one| (count, number, one)).ok_or_else(|| {
        let proofs = counted(count, "proof", "proofs");
        Failure::new(Exit::Failed, format!("this node has {proofs} that {log} has shown two histories"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proof_that_nobody_has_lifted_is_written_unless_another_is_asked_for() {
        let log = "gacc.gov.cn/log/2026/tdap.gov.pk".parse().unwrap();
        let one = |origin: &str, evidence: &str, lifted: Option<i64>| wire::ForkedLog {
            origin: origin.to_owned(),
            evidence: evidence.to_owned(),
            lifted_at: lifted.map(|seconds| prost_types::Timestamp { seconds, nanos: 0 }),
            ..Default::default()
        };
        let all = || {
            vec![
                one("gacc.gov.cn/log/2026/tdap.gov.pk", "third", None),
                one("gacc.gov.cn/log/2026/tdap.gov.pk", "second", Some(20)),
                one("gacc.gov.cn/log/2026/tdap.gov.pk", "first", Some(10)),
                one("gacc.gov.cn/log/2026/all", "another", None),
            ]
        };
        let found = |nth| chosen(all(), &log, nth).ok().map(|(count, number, one)| (count, number, one.evidence));
        assert_eq!(found(None), Some((3, 3, "third".to_owned())));
        assert_eq!(found(Some(1)), Some((3, 1, "first".to_owned())));
        assert_eq!((found(Some(0)), found(Some(4))), (None, None));
        assert!(chosen(Vec::new(), &log, None).is_err());
    }
}
