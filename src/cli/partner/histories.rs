//! `origin partner histories`: whether everybody was shown the same history of the logs that are held here.

use super::{findings::A_PAGE, text};
use crate::{
    api::client::{wire, within_deadline},
    cli::{
        Outcome,
        account::OperatorDoor,
        arguments,
        console::{Colour, Console, Exit, Failure},
        remote,
        tree::plain,
    },
    log::{Hash, Origin, SignedCheckpoint, TreeHead, VerifierKey, verify_consistency},
    reason::counted,
    trust::TrustList,
};
use bytes::Bytes;
use serde_json::json;
use std::process::ExitCode;
use wire::HistoryAgreement;

/// Show whether everybody was shown the same history of each log that is held here
///
/// For each log, its own or a partner's: the newest head that each node has shown which gives, holds or witnesses it, when it
/// was compared last, and how it goes with the head that is held here. Every head has the signature of the log's key, and
/// each one that is a beginning of another the proof of that: both are checked again by this command, against the trust list
/// here, and `--format json` gives them for anybody to check. Who was not heard since the node started is named. Of a log
/// that is only witnessed here the head alone is kept: the proof of a smaller one has whoever holds the entries.
///
/// Exit code 0 if nobody showed another history, 3 if somebody did, or what the node said cannot be checked.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Only of this log, <host>/log/<shard>/<addressee>
    #[arg(long, value_name = "ORIGIN")]
    log: Option<Origin>,
    #[command(flatten)]
    door: OperatorDoor,
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        let configuration = self.door.configuration()?;
        let trust = arguments::open_trust(&configuration.trust.list, &configuration.trust.anchor)?;
        let only = self.log.as_ref().map(ToString::to_string).unwrap_or_default();
        let histories = remote::converse(ask(console, &self.door, only, true))?;
        if histories.is_empty() && !console.is_json() {
            console.message("of what was asked for, no log is held here");
        }
        let mut good = true;
        for history in &histories {
            let held = held(&trust, history);
            let checked = history.shown.iter().map(|shown| check(held.as_ref(), history.only_witnessed, shown));
            let checked = checked.collect::<Vec<_>>();
            let said = said(history);
            good &= said.colour != Colour::Red && checked.iter().all(Result::is_ok);
            if console.is_json() {
                console.data(document(history, Some(&checked)));
                continue;
            }
            console.data(format!("{}: {}", plain(&history.origin), console.paint(said.colour, &said.words)));
            let kept = if history.only_witnessed { "witnessed here" } else { "held here" };
            console.data(format!("  {:32} {:>10} {}  {kept}", "this node", history.size, root(&history.root)));
            for (shown, checked) in history.shown.iter().zip(&checked) {
                print(console, history, shown, checked);
            }
        }
        Ok(if good { ExitCode::SUCCESS } else { ExitCode::from(Exit::NotValid.code()) })
    }
}

/// Asks the running node, of one log where it is not empty.
pub(super) async fn ask(
    console: Console,
    door: &OperatorDoor,
    log: String,
    proofs: bool,
) -> Result<Vec<wire::LogHistory>, Failure> {
    let (connection, address) = door.open(&door.configuration()?).await?;
    let (mut all, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = wire::ListHistoriesRequest { log: log.clone(), proofs, page_size: A_PAGE, page_token };
        let page = connection.admin().list_histories(within_deadline(request)).await;
        let page = page.map_err(|status| remote::refused(console, &address, &status))?.into_inner();
        all.extend(page.histories);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(all);
        }
    }
}

/// What is to be said of a log.
pub(super) struct Said {
    pub(super) colour: Colour,
    pub(super) words: String,
    /// Nodes of which something was compared.
    pub(super) heard: usize,
}

/// Whether all that hold or witness a log were shown one history, in one sentence.
pub(super) fn said(history: &wire::LogHistory) -> Said {
    let (unheard, heard) =
        history.shown.iter().partition::<Vec<_>, _>(|one| one.agreement() == HistoryAgreement::Unheard);
    let names = |all: &[&wire::ShownHistory]| all.iter().map(|one| plain(&one.node)).collect::<Vec<_>>().join(", ");
    let another = heard.iter().copied().filter(|one| one.agreement() == HistoryAgreement::Another).collect::<Vec<_>>();
    let (colour, mut words) = if history.forked && another.is_empty() {
        (Colour::Red, "it has shown two histories".to_owned())
    } else if history.forked {
        (Colour::Red, format!("it has shown two histories, another than here by {}", names(&another)))
    } else if !another.is_empty() {
        (Colour::Red, format!("another history than here was shown to {}", names(&another)))
    } else if heard.is_empty() {
        (Colour::Yellow, "nobody was heard since this node started".to_owned())
    } else {
        let size = heard.iter().map(|one| one.size).fold(history.size, u64::min);
        let last = heard.iter().filter_map(|one| one.compared_at.as_ref()).max_by_key(|at| at.seconds);
        let last = last.map_or_else(|| "-".to_owned(), text);
        let all = counted(history.shown.len(), "partner", "partners");
        let colour = if unheard.is_empty() { Colour::Green } else { Colour::Yellow };
        (colour, format!("one history: compared with {} of {all} up to {size}, last {last}", heard.len()))
    };
    if !unheard.is_empty() && !heard.is_empty() {
        words = format!("{words}; {}: {}", never(history), names(&unheard));
    }
    if history.only_witnessed {
        words.push_str("; only witnessed here");
    }
    Said { colour, words, heard: heard.len() }
}

/// What is said of a node of which nothing was compared. Of a log that is frozen nobody is asked how heads belong together,
/// and with a lift it begins anew: such a node may well have been heard.
const fn never(history: &wire::LogHistory) -> &'static str {
    if history.forked { "nothing compared" } else { "not heard" }
}

/// A log, for machines; with what proves it where that was asked for, and what came of checking it.
pub(super) fn document(history: &wire::LogHistory, checked: Option<&[Result<(), String>]>) -> serde_json::Value {
    let nth = |nth: usize| checked.and_then(|checked| checked.get(nth));
    let rows = history.shown.iter().enumerate().map(|(at, shown)| row(shown, nth(at)));
    json!({
        "history": history.origin,
        "size": history.size,
        "root": root(&history.root),
        "checkpoint": checked.map(|_| &history.checkpoint),
        "forked": history.forked,
        "only_witnessed": history.only_witnessed,
        "shown": rows.collect::<Vec<_>>(),
    })
}

fn row(shown: &wire::ShownHistory, checked: Option<&Result<(), String>>) -> serde_json::Value {
    let agreement = match shown.agreement() {
        HistoryAgreement::Same => "same",
        HistoryAgreement::Further => "further",
        HistoryAgreement::Another => "another",
        HistoryAgreement::Unheard | HistoryAgreement::Unspecified => {
            return json!({ "node": shown.node, "agreement": "unheard" });
        }
    };
    let proof = || shown.consistency.iter().map(root).collect::<Vec<_>>();
    json!({
        "node": shown.node,
        "agreement": agreement,
        "size": shown.size,
        "root": root(&shown.root),
        "compared_at": shown.compared_at.as_ref().map(text),
        "proven_by": Some(&shown.proven_by).filter(|name| !name.is_empty()),
        "checkpoint": checked.map(|_| &shown.checkpoint),
        "consistency": checked.map(|_| proof()),
        "fault": checked.and_then(|checked| checked.as_ref().err()),
    })
}

fn hash(bytes: &Bytes) -> Option<Hash> {
    <[u8; 32]>::try_from(bytes.as_ref()).ok().map(Hash::from)
}

/// A root, for people.
pub(super) fn root(bytes: &Bytes) -> String {
    hash(bytes).map_or_else(|| "-".to_owned(), |root| root.to_string())
}

/// The head that is held, and the key that signed it.
fn held(trust: &TrustList, history: &wire::LogHistory) -> Result<(TreeHead, VerifierKey), String> {
    let origin = history.origin.parse::<Origin>().map_err(|error| error.to_string())?;
    let key = trust.log_key(&origin).ok_or("the trust list here names no key for the log")?;
    let head = signed(&history.checkpoint, &key, (history.size, &history.root))?;
    Ok((head, key))
}

/// A head that the log's key signed, and that is the one that is told.
fn signed(note: &str, key: &VerifierKey, (size, root): (u64, &Bytes)) -> Result<TreeHead, String> {
    let signed = SignedCheckpoint::open(note, key).map_err(|error| error.to_string())?;
    let head = signed.checkpoint().head;
    let is_told = head.size == size && hash(root) == Some(head.root);
    if is_told { Ok(head) } else { Err("the note is of another head than is told".to_owned()) }
}

/// Checks again what the node says of a head that somebody showed.
fn check(
    held: Result<&(TreeHead, VerifierKey), &String>,
    only_witnessed: bool,
    shown: &wire::ShownHistory,
) -> Result<(), String> {
    let (held, key) = held.map_err(ToOwned::to_owned)?;
    match shown.agreement() {
        HistoryAgreement::Unheard | HistoryAgreement::Unspecified => Ok(()),
        HistoryAgreement::Further | HistoryAgreement::Another => {
            signed(&shown.checkpoint, key, (shown.size, &shown.root)).map(drop)
        }
        HistoryAgreement::Same => {
            let head = signed(&shown.checkpoint, key, (shown.size, &shown.root))?;
            if only_witnessed && head.size < held.size {
                return Ok(());
            }
            let proof = shown.consistency.iter().map(hash).collect::<Option<Vec<_>>>();
            let proof = proof.ok_or("a hash of the proof has not 32 bytes")?;
            verify_consistency(head.size, held.size, &head.root, &held.root, &proof).map_err(|error| error.to_string())
        }
    }
}

fn print(console: Console, history: &wire::LogHistory, shown: &wire::ShownHistory, checked: &Result<(), String>) {
    let node = plain(&shown.node);
    let proven = if shown.proven_by.is_empty() {
        "when it was compared".to_owned()
    } else {
        format!("when it was compared, by {}", plain(&shown.proven_by))
    };
    let (colour, words) = match (shown.agreement(), checked) {
        (HistoryAgreement::Unheard | HistoryAgreement::Unspecified, _) => {
            let lifted = if history.forked { ", or since a lift" } else { "" };
            let words = format!("{} since this node started{lifted}", never(history));
            console.data(format!("  {node:32} {}", console.paint(Colour::Yellow, &words)));
            return;
        }
        (_, Err(why)) => (Colour::Red, format!("cannot be checked: {why}")),
        (HistoryAgreement::Same, Ok(())) if history.only_witnessed && shown.size < history.size => {
            (Colour::Green, format!("a beginning of it, proven {proven}"))
        }
        (HistoryAgreement::Same, Ok(())) if shown.consistency.is_empty() => {
            (Colour::Green, "the same head, signed by the log's key".to_owned())
        }
        (HistoryAgreement::Same, Ok(())) => {
            let hashes = counted(shown.consistency.len(), "hash", "hashes");
            (Colour::Green, format!("a beginning of it, signed by the log's key, by a proof of {hashes}"))
        }
        (HistoryAgreement::Further, Ok(())) => (Colour::Green, format!("further than here, proven {proven}")),
        (HistoryAgreement::Another, Ok(())) => (Colour::Red, "another history, signed by the log's key".to_owned()),
    };
    let when = shown.compared_at.as_ref().map_or_else(|| "-".to_owned(), text);
    let (size, root, words) = (shown.size, root(&shown.root), console.paint(colour, &words));
    console.data(format!("  {node:32} {size:>10} {root}  {when}  {words}"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::{SecretKey, Signer as _};

    fn history(shown: &[(HistoryAgreement, u64)]) -> wire::LogHistory {
        let shown = shown.iter().zip(["cn", "ke"]).map(|((agreement, size), node)| wire::ShownHistory {
            node: node.to_owned(),
            agreement: (*agreement).into(),
            size: *size,
            compared_at: Some(prost_types::Timestamp { seconds: 60, nanos: 0 }),
            ..Default::default()
        });
        wire::LogHistory { size: 12, shown: shown.collect(), ..Default::default() }
    }

    #[test]
    fn one_history_is_said_up_to_where_all_that_were_heard_have_shown_it_and_who_was_not_is_named() {
        use HistoryAgreement::{Another, Further, Same, Unheard};
        let all = said(&history(&[(Same, 12), (Further, 14)]));
        let words = "one history: compared with 2 of 2 partners up to 12, last 1970-01-01T00:01:00Z";
        assert_eq!((all.words.as_str(), all.heard), (words, 2));
        assert!(all.colour == Colour::Green);
        let one = said(&history(&[(Same, 7), (Unheard, 0)]));
        assert!(one.colour == Colour::Yellow && one.words.contains("1 of 2 partners up to 7"), "{}", one.words);
        assert!(one.words.ends_with("; not heard: ke"), "{}", one.words);
        assert_eq!(said(&history(&[(Unheard, 0), (Unheard, 0)])).heard, 0);
        let other = said(&history(&[(Same, 12), (Another, 12)]));
        assert!(other.colour == Colour::Red && other.words.contains("shown to ke"), "{}", other.words);
        let witnessed = said(&wire::LogHistory { only_witnessed: true, ..history(&[(Same, 7), (Same, 12)]) });
        assert!(witnessed.words.ends_with("; only witnessed here"), "{}", witnessed.words);
        let forked = said(&wire::LogHistory { forked: true, ..history(&[(Same, 12), (Same, 12)]) });
        assert!(forked.colour == Colour::Red && forked.words.contains("two histories"), "{}", forked.words);
        let by = said(&wire::LogHistory { forked: true, ..history(&[(Same, 12), (Another, 12)]) });
        assert!(by.words.ends_with("two histories, another than here by ke"), "{}", by.words);
        let unheard = said(&wire::LogHistory { forked: true, ..history(&[(Another, 12), (Unheard, 0)]) });
        assert!(unheard.words.ends_with("another than here by cn; nothing compared: ke"), "{}", unheard.words);
    }

    #[test]
    fn what_a_node_says_of_a_head_counts_only_with_the_signature_and_the_proof() {
        let shown = wire::ShownHistory { agreement: HistoryAgreement::Same.into(), ..Default::default() };
        let why = "the trust list here names no key for the log".to_owned();
        assert_eq!(check(Err(&why), false, &shown), Err(why.clone()));
        let key = SecretKey::from_seed(&[1; 32]).unwrap();
        let key = VerifierKey::note("tdap.gov.pk/log/2026/cn", key.public_key()).unwrap();
        let held = (TreeHead { size: 0, root: crate::log::EMPTY_ROOT }, key);
        assert!(check(Ok(&held), false, &shown).is_err(), "nobody signed it");
        assert!(check(Ok(&held), true, &shown).is_err(), "nobody signed it");
        let unheard = wire::ShownHistory { agreement: HistoryAgreement::Unheard.into(), ..Default::default() };
        assert_eq!(check(Ok(&held), false, &unheard), Ok(()));
    }
}
