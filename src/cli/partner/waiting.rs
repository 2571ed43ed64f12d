//! Who waits for whom: what is not cosigned, and what is not issued, before others have told what they know.

use super::text;
use crate::{api::client::wire, cli::console::Console, reason::some_of};
use serde_json::json;

/// Logs that one node does not cosign because of the same others.
#[derive(Debug)]
pub(in crate::cli) struct Withheld<'a> {
    /// The node that does not cosign.
    pub(in crate::cli) node: &'a str,
    awaits: &'a [String],
    origins: Vec<&'a str>,
    since: Option<&'a prost_types::Timestamp>,
}

impl<'a> Withheld<'a> {
    /// All there are.
    pub(in crate::cli) fn all(answer: &'a wire::ListPartnersResponse) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for wire::WithheldCosignature { node, origin, awaits, since } in &answer.withheld {
            match all.iter_mut().find(|one| one.node == node && one.awaits == awaits) {
                Some(same) => {
                    same.origins.push(origin);
                    let earlier =
                        same.since.zip(since.as_ref()).map(|(a, b)| if b.seconds < a.seconds { b } else { a });
                    same.since = earlier.or(same.since);
                }
                None => all.push(Self { node, awaits, origins: vec![origin.as_str()], since: since.as_ref() }),
            }
        }
        all
    }

    /// In one sentence, for who asks the node `here`.
    pub(in crate::cli) fn said(&self, here: &str) -> String {
        let Self { node, awaits, origins, since } = self;
        let who = if *node == here { "this node" } else { *node };
        let (logs, names, since) = (some_of(origins), some_of(*awaits), said_since(*since));
        format!(
            "{who} cosigns nothing of {logs} before these have told what it cosigned there, which it may have forgotten: \
             {names}{since}"
        )
    }
}

/// An authority that gives no number, in one sentence.
pub(in crate::cli) fn unheard(one: &wire::UnheardAuthority) -> String {
    let wire::UnheardAuthority { issuer, awaits, since } = one;
    let (names, since) = (some_of(awaits), said_since(since.as_ref()));
    format!(
        "{issuer} gives no certificate number before these have told which heads of its logs they know: {names}{since}; the \
         data folder was lost, put back from a copy or is new to them, and they may know of more than is here [OWN_HISTORY_UNKNOWN]"
    )
}

/// Customs that cannot tell what arrived, in one sentence.
pub(in crate::cli) fn unknown_arrivals(one: &wire::UnknownArrivals) -> String {
    format!("{}: {} [ARRIVALS_UNKNOWN]", one.issuer, one.message)
}

/// What does not go on with own logs, each thing once: where its words name no log it may be so of several, and these are
/// named behind it.
pub(in crate::cli) fn each_once(shut: &[wire::ShutLog]) -> Vec<wire::ShutLog> {
    let mut all: Vec<(wire::ShutLog, Vec<&str>)> = Vec::new();
    for one in shut {
        match all.iter_mut().find(|(known, _)| known.reason == one.reason && known.message == one.message) {
            Some((_, origins)) => origins.push(&one.origin),
            None => all.push((one.clone(), vec![one.origin.as_str()])),
        }
    }
    let told = all.into_iter().map(|(one, origins)| {
        if one.message.contains(&one.origin) {
            return one;
        }
        let message = format!("{}: {}", one.message, some_of(origins));
        wire::ShutLog { message, ..one }
    });
    told.collect()
}

/// Since when it is so, as a half sentence; empty where that is not known.
pub(in crate::cli) fn said_since(at: Option<&prost_types::Timestamp>) -> String {
    at.map(|at| format!(", since {}", text(at))).unwrap_or_default()
}

/// All of it, as a program reads it.
pub(super) fn tell_data(console: Console, answer: &wire::ListPartnersResponse) {
    for wire::UnheardAuthority { issuer, awaits, since } in &answer.unheard {
        console.data(json!({ "unheard": issuer, "awaits": awaits, "since": since.as_ref().map(text) }));
    }
    for wire::UnknownArrivals { issuer, awaits, lost, message } in &answer.unknown_arrivals {
        console.data(json!({ "unknown_arrivals": issuer, "awaits": awaits, "lost": lost, "message": message }));
    }
    for wire::WithheldCosignature { node, origin, awaits, since } in &answer.withheld {
        let since = since.as_ref().map(text);
        console.data(json!({ "withheld": origin, "node": node, "awaits": awaits, "since": since }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_cosigned_is_said_once_for_all_logs_with_the_node_that_waits_for_whom_and_since_when() {
        let one = |node: &str, origin: &str, seconds| wire::WithheldCosignature {
            node: node.to_owned(),
            origin: origin.to_owned(),
            awaits: vec!["node.kra.go.ke".to_owned()],
            since: Some(prost_types::Timestamp { seconds, nanos: 0 }),
        };
        let withheld = vec![
            one("node.cn", "a/log/2026/cn", 60),
            one("node.cn", "a/log/2026/all", 5),
            one("node.pk", "b/log/2026/pk", 7),
        ];
        let answer = wire::ListPartnersResponse { withheld, ..Default::default() };
        let said = Withheld::all(&answer).iter().map(|one| one.said("node.pk")).collect::<Vec<_>>();
        let [theirs, ours] = said.as_slice() else { panic!("{said:#?}") };
        assert!(theirs.starts_with("node.cn cosigns nothing of a/log/2026/cn, a/log/2026/all before"), "{theirs}");
        assert!(theirs.ends_with(": node.kra.go.ke, since 1970-01-01T00:00:05Z"), "{theirs}");
        assert!(ours.starts_with("this node cosigns nothing of b/log/2026/pk before"), "{ours}");
    }

    #[test]
    fn an_authority_that_may_have_lost_everything_names_those_who_have_to_tell() {
        let one = wire::UnheardAuthority {
            issuer: "https://tdap.gov.pk".to_owned(),
            awaits: vec!["node.kra.go.ke".to_owned(), "node.gacc.gov.cn".to_owned()],
            since: Some(prost_types::Timestamp { seconds: 60, nanos: 0 }),
        };
        let said = unheard(&one);
        assert!(
            said.contains("gives no certificate number")
                && said.contains("node.kra.go.ke, node.gacc.gov.cn, since 1970"),
            "{said}"
        );
    }

    #[test]
    fn a_key_that_is_closed_is_said_once_for_all_logs_which_are_named() {
        let shut = |origin: &str, message: &str| wire::ShutLog {
            origin: origin.to_owned(),
            message: message.to_owned(),
            ..Default::default()
        };
        let closed = "the signing key statement-1 is closed";
        let all = [shut("pk/cn", closed), shut("pk/all", "log pk/all is behind"), shut("pk/all", closed)];
        let said = each_once(&all).into_iter().map(|one| one.message).collect::<Vec<_>>();
        assert_eq!(said, [format!("{closed}: pk/cn, pk/all"), "log pk/all is behind".to_owned()]);
    }
}
