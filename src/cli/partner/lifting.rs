//! `origin partner lift`, and how a log that has shown two histories is told of.

use super::histories::root;
use crate::{
    api::client::{wire, within_deadline},
    cli::{
        Outcome,
        account::OperatorDoor,
        console::{Colour, Console},
        remote,
    },
    log::{Hash, Origin},
    reason::some_of,
    time::Timestamp,
    verification::parted,
};
use serde_json::{Value, json};
use std::process::ExitCode;

/// Take and cosign a log again that has shown two histories
///
/// A log of a partner that is proven to have shown two histories is frozen: this node keeps the branch that it held
/// first, takes and cosigns nothing more, and its verdicts say so. Once you have looked into it with the partner (an old
/// copy that was restored, say) and the branch held here is the one that goes on, this lifts it here: the two heads
/// that are proven, and the branch that was left up to the one of them that is its head. Any other head off the branch
/// held here freezes the log again with its own proof, of whatever size it is. The proof stays where it was said, and
/// the audit record keeps what you did.
///
/// A node that holds no entries of the log, as a witness, cannot tell which of the two heads is of the branch that goes on: ask
/// the operator of the log's own node, and give its root. It is cosigned from there, also where what was cosigned here last is
/// of the other branch.
///
/// A log of this node's own goes on being signed where partners know of no other branch than the one that is here; only the
/// verdicts of this node wait for this.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    door: OperatorDoor,
    /// The log, <host>/log/<shard>/<addressee>
    #[arg(long, value_name = "ORIGIN")]
    log: Origin,
    /// Where no entries of it are here: the root of the head whose branch goes on, of the two in partner status
    #[arg(long, value_name = "ROOT")]
    root: Option<Hash>,
    /// Why, for the audit record
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        let Self { door, log, root, reason } = self;
        let onto = root.map(|root| root.0.to_vec().into()).unwrap_or_default();
        let request = wire::LiftEvidenceRequest { log: log.to_string(), reason, root: onto };
        let answer = remote::converse(async {
            let (connection, address) = door.open(&door.configuration()?).await?;
            let answer = connection.admin().lift_evidence(within_deadline(request)).await;
            answer.map(tonic::Response::into_inner).map_err(|status| remote::refused(console, &address, &status))
        })?;
        if console.is_json() {
            let wire::LiftEvidenceResponse { was_frozen, past, own, shut } = &answer;
            let shut = Some(shut).filter(|shut| !shut.is_empty());
            let log = log.as_str();
            console.data(json!({ "log": log, "was_frozen": was_frozen, "past": past, "own": own, "shut": shut }));
        } else {
            console.data(came(&log, root.as_ref(), &answer));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// What came of lifting.
fn came(log: &Origin, root: Option<&Hash>, answer: &wire::LiftEvidenceResponse) -> String {
    let anew = "any other head off that branch freezes it anew";
    match (answer.was_frozen, answer.own, answer.shut.as_str()) {
        (false, true, "OWN_HISTORY_FORKED") => format!(
            "nothing is proven of {log} that is not lifted here: nothing changed, and the log stays shut, for partners know of \
             another branch than the one that is here; where origin partner status does not say within minutes of a start that it \
             has shown two histories, have the trust list end the log [OWN_HISTORY_FORKED]"
        ),
        (false, true, reason) if !reason.is_empty() => format!(
            "nothing is proven of {log} that is not lifted here: nothing changed, and the log is shut: see origin partner status \
             [{reason}]"
        ),
        (false, ..) => format!(
            "{log} was not frozen: nothing changed; give it again where origin partner status says that the log has shown two \
             histories, which may take some minutes after a start"
        ),
        (true, false, _) => {
            let branch = root.map_or_else(
                || "the branch that is held here".to_owned(),
                |root| format!("the branch of the head with the root {root}"),
            );
            format!("{log} is taken and cosigned again, on {branch}; {anew}")
        }
        (true, true, "") => {
            format!("{log} is not shut here, and verdicts here go by the branch that is held here again; {anew}")
        }
        (true, true, "OWN_HISTORY_FORKED") => format!(
            "the fork of {log} is lifted here, and the log stays shut: partners know of another branch than the one that is \
             here; where it is shut after some minutes too, have the trust list end the log [OWN_HISTORY_FORKED]"
        ),
        (true, true, reason) => {
            format!("the fork of {log} is lifted here, and the log is still shut: see origin partner status [{reason}]")
        }
    }
}

/// Tells of a log that has shown two histories.
pub(super) fn tell(console: Console, forked: &wire::ForkedLog) {
    let wire::ForkedLog { origin, size, longer, lifted_reason, evidence, own, signed_on, shown_by, .. } = forked;
    let lifted = lifted_at(forked);
    if console.is_json() {
        console.data(json!({
            "forked": origin,
            "size": size,
            "longer": longer,
            "lifted_at": lifted.map(|at| at.to_string()),
            "lifted_reason": lifted_reason,
            "evidence": serde_json::from_str::<Value>(evidence).ok(),
            "own": own,
            "signed_on": signed_on,
            "shown_by": shown_by,
            "heads": heads_described(forked),
        }));
        return;
    }
    let parted = parted(*size, *longer);
    console.data(match lifted {
        Some(at) => format!("{origin} has shown two histories {parted}; lifted {at}: {lifted_reason}"),
        None => {
            let line = format!(
                "{origin} has shown two histories {parted}{}: {}; the proof: origin partner evidence; {}: origin partner lift{} \
                 [LOG_EQUIVOCATED]",
                shown_by_whom(forked),
                follows(forked),
                if *own && !signed_on {
                    "once you have looked into it, where partners go on with what is here"
                } else {
                    "once you have looked into it"
                },
                onto(forked)
            );
            console.paint(Colour::Red, &line)
        }
    });
}

/// What a lift has to say besides, where no entries of the log are here; else nothing.
pub(in crate::cli) fn onto(forked: &wire::ForkedLog) -> &'static str {
    if forked.heads.is_empty() { "" } else { " --root ROOT, of the head whose branch goes on" }
}

/// When it was lifted; none while it is not.
fn lifted_at(forked: &wire::ForkedLog) -> Option<Timestamp> {
    forked.lifted_at.as_ref().and_then(|at| Timestamp::from_second(at.seconds).ok())
}

/// Who showed the history that is not the one here, or each of the two where that is not known here, as a half sentence;
/// empty where nothing is known.
pub(in crate::cli) fn shown_by_whom(forked: &wire::ForkedLog) -> String {
    let names = some_of(&forked.shown_by);
    if !names.is_empty() {
        return format!(", the other one shown by {names}");
    }
    let said = forked.heads.iter().map(|head| {
        let by = if head.nodes.is_empty() {
            "by nobody that was heard since the start".to_owned()
        } else {
            format!("by {}", some_of(&head.nodes))
        };
        format!(", the head of size {} with the root {} shown {by}", head.size, root(&head.root))
    });
    said.collect::<Vec<_>>().concat()
}

/// The two heads of a log of which no entries are here, with who showed each, for machines.
pub(super) fn heads_described(forked: &wire::ForkedLog) -> Vec<Value> {
    let heads = forked.heads.iter();
    heads.map(|head| json!({ "size": head.size, "root": root(&head.root), "nodes": head.nodes })).collect()
}

/// What follows from two histories while nobody has lifted them here. Whoever signs a log goes on with what it has.
pub(in crate::cli) fn follows(forked: &wire::ForkedLog) -> &'static str {
    match (forked.own, forked.signed_on) {
        (false, _) => "nothing more of it is taken or cosigned",
        (true, true) => {
            "it goes on being signed here, and verdicts here of what came since stay EQUIVOCATED until it is lifted here"
        }
        (true, false) => "nothing more of it is signed here",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_lift_brought_is_said_as_it_is() {
        let log = "tdap.gov.pk/log/2026/gacc.gov.cn".parse().unwrap();
        let said = |was_frozen, own, shut: &str| {
            came(&log, None, &wire::LiftEvidenceResponse { was_frozen, past: 9, own, shut: shut.to_owned() })
        };
        assert!(said(true, false, "").contains("taken and cosigned again, on the branch that is held here"));
        let root = Hash([7; 32]);
        let named = came(&log, Some(&root), &wire::LiftEvidenceResponse { was_frozen: true, ..Default::default() });
        assert!(named.contains(&format!("the root {root}")) && !named.contains("held here"), "{named}");
        assert!(said(true, true, "").contains("is not shut here"));
        let lost = said(true, true, "OWN_HISTORY_FORKED");
        assert!(lost.contains("stays shut") && lost.contains("another branch") && !lost.contains("again"), "{lost}");
        assert!(lost.contains("after some minutes too"), "to end a log is for ever: {lost}");
        assert!(said(true, true, "OWN_HISTORY_MISSING").ends_with("status [OWN_HISTORY_MISSING]"));
        let again = said(false, true, "OWN_HISTORY_FORKED");
        assert!(
            again.contains("nothing changed, and the log stays shut") && !again.contains("give it again"),
            "{again}"
        );
        assert!(said(false, true, "OWN_HISTORY_MISSING").ends_with("status [OWN_HISTORY_MISSING]"));
        let early = said(false, true, "");
        assert!(early.contains("was not frozen: nothing changed") && early.contains("give it again"), "{early}");
    }

    #[test]
    fn of_a_log_of_its_own_a_node_does_not_say_that_it_takes_and_cosigns_nothing() {
        let said = |own, signed_on| follows(&wire::ForkedLog { own, signed_on, ..Default::default() });
        assert!(said(false, false).contains("taken or cosigned"));
        assert!(
            said(true, true).contains("goes on being signed") && said(true, true).contains("until it is lifted here")
        );
        assert!(said(true, false).contains("nothing more of it is signed here"));
    }

    #[test]
    fn who_showed_the_other_history_is_named_where_it_is_known() {
        let by = |shown_by| shown_by_whom(&wire::ForkedLog { shown_by, ..Default::default() });
        assert_eq!(by(Vec::new()), "");
        assert_eq!(by(vec!["node.tdap.gov.pk".to_owned()]), ", the other one shown by node.tdap.gov.pk");
    }

    #[test]
    fn where_no_entries_are_it_is_said_who_showed_each_of_the_two_and_neither_is_the_other() {
        let head = |byte: u8, nodes: &[&str]| wire::ShownHead {
            size: 4,
            root: vec![byte; 32].into(),
            nodes: nodes.iter().map(|name| (*name).to_owned()).collect(),
        };
        let by = |heads| shown_by_whom(&wire::ForkedLog { heads, ..Default::default() });
        let said = by(vec![head(1, &["node.tdap.gov.pk"]), head(2, &["node.gacc.gov.cn"])]);
        assert!(!said.contains("other"), "{said}");
        let roots = [1_u8, 2].map(|byte| root(&vec![byte; 32].into()));
        let each = ["node.tdap.gov.pk", "node.gacc.gov.cn"];
        for (root, node) in roots.iter().zip(each) {
            assert!(said.contains(&format!(", the head of size 4 with the root {root} shown by {node}")), "{said}");
        }
        let said = by(vec![head(1, &["node.tdap.gov.pk"]), head(2, &[])]);
        assert!(
            said.contains(&format!("{} shown by nobody that was heard", roots[1])),
            "who lifts it has to name one: {said}"
        );
    }
}
