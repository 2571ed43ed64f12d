//! What a partner showed that cannot be so, or what nobody has shown, and what to do about it.

use super::Look;
use crate::{
    api::client::wire,
    cli::partner::{
        lifting::{follows, onto, shown_by_whom},
        waiting::said_since,
    },
    verification::parted,
};

/// One alarm of a log that passes between this node and a partner, or that the partner writes. What is only suspected is a
/// warning.
pub(super) fn alarm(name: &str, one: &wire::PartnerAlarm) -> Look {
    let wire::PartnerAlarm { origin, reason, message, since } = one;
    let sentence = format!("{origin} with {name}: {message}{} [{reason}]", said_since(since.as_ref()));
    let (is_shown, help) = match reason.as_str() {
        "PARTNER_HOLDS_MORE" => (
            true,
            format!(
                "{name} shows less of the log than it signed: ask its operator whether an old copy of its data folder was \
                 started. What is held here stays, and it gets back from here what it lost; until then nothing new comes"
            ),
        ),
        "PARTNER_LOG_LOST" => (
            true,
            format!(
                "ask the operator of {name} what was issued there: holders have the bundles. What is held here stays: where more \
                 of it is here than there, tell that before the trust list ends the log (`shards`), with which this ends; new \
                 certificates stand in its successor"
            ),
        ),
        "HEADS_INCONSISTENT" => (
            true,
            format!(
                "keep the data folder as it is, and ask the operator of {name} what was signed where: two histories are proven \
                 by two heads, and then the log is frozen"
            ),
        ),
        "PACKAGE_OTHER_ROOT" => (
            true,
            format!(
                "{name} sends other entries than it signed, and none of them is kept: its operator has to look at its disk \
                 (origin log check), and at what stands between the two nodes"
            ),
        ),
        "LOG_EQUIVOCATED" => (
            true,
            format!(
                "{name} still shows the other history, of which yours was lifted: its operator has to find out why"
            ),
        ),
        "HEADS_UNCOMPARED" => (
            false,
            format!(
                "whoever has the entries may be away, and then this goes by itself; where {name} is connected and it stays, \
                 ask its operator why it does not show how the heads belong together: two histories look like this, and so \
                 does a loss"
            ),
        ),
        "LOGS_TOO_MANY" => (
            true,
            format!(
                "ask the operator of {name}, and the authority whose key signs these heads, who has the key: so many addressees \
                 there are not. Where it is abused, have it taken out of the trust list. What was taken up before goes on"
            ),
        ),
        "PARTNER_SILENT" => {
            (false, format!("{name} has signed for entries and does not give them: it is asked again by itself"))
        }
        "REPLICA_UNREADABLE" => (
            true,
            format!(
                "put the file back from a copy. Ask the operator of {name} first whether it lost something: this may be the only \
                 copy. Only where it has all: stop this node, move the folder of that log away and start it, and it is fetched \
                 again"
            ),
        ),
        "PARTNER_COPY_UNREADABLE" => (
            true,
            format!(
                "ask the operator of {name} to mend it, and to keep it: where this node lost something of that log, nothing is \
                 known to be lost before it can be read"
            ),
        ),
        "REPLICA_CANNOT_KEEP" => (
            false,
            "make room on the disk of this node, or raise `[partner.quota]`: then it goes on by itself".to_owned(),
        ),
        _ => {
            (false, format!("it is asked again by itself; where it stays, tell the operator of {name} what is refused"))
        }
    };
    let look = if is_shown { Look::bad("alarm", sentence) } else { Look::warning("alarm", sentence) };
    look.help(help)
}

/// A log that has shown two histories: of this node's own, or of a partner.
pub(super) fn forked(one: &wire::ForkedLog) -> Look {
    let wire::ForkedLog { origin, size, longer, lifted_at, lifted_reason, .. } = one;
    let parted = parted(*size, *longer);
    if lifted_at.is_some() {
        return Look::good(
            "two histories",
            format!("{origin} showed two {parted}, and a person has lifted that: {lifted_reason}"),
        );
    }
    let (by, follows) = (shown_by_whom(one), follows(one));
    let sentence = format!("{origin} has shown two {parted}{by}: {follows} [LOG_EQUIVOCATED]");
    let lift = format!("origin partner lift --log {origin} --reason TEXT");
    Look::bad("two histories", sentence).help(match (one.own, one.signed_on) {
        (true, true) => format!(
            "it is this node's own: was an old copy of the data folder started, or the key used elsewhere? Find out, and tell the \
             partners: who holds what is here lifts it, and so does this node: {lift}"
        ),
        (true, false) => "it is this node's own: was an old copy of the data folder started, or the key used elsewhere? Keep the \
                          folder and tell the partners; they lift it, or the log ends and its successor goes on"
            .to_owned(),
        (false, _) => {
            format!("find out with its operator which history is the true one; then: {lift}{}", onto(one))
        }
    })
}

/// Whether a lift that is asked for of a log that is shut was given, and no other fork of it waits for one.
pub(super) fn is_lifted_in_vain(shut: &wire::ShutLog, forked: &[wire::ForkedLog]) -> bool {
    let mut of_it = forked.iter().filter(|one| one.origin == shut.origin).peekable();
    shut.reason == "OWN_HISTORY_FORKED" && of_it.peek().is_some() && of_it.all(|one| one.lifted_at.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::State;

    #[test]
    fn a_log_with_two_histories_is_bad_until_a_person_has_lifted_it() {
        let log = |origin: &str, own, signed_on| wire::ForkedLog {
            origin: origin.to_owned(),
            size: 7,
            own,
            signed_on,
            ..Default::default()
        };
        let theirs = log("chamber.cn/log/2026/tdap.gov.pk", false, false);
        let ours = |signed_on| log("tdap.gov.pk/log/2026/customs.gov.cn", true, signed_on);
        for (one, said, help) in [
            (&theirs, "taken or cosigned", "origin partner lift --log chamber.cn/log/2026/"),
            (&ours(false), "nothing more of it is signed", "this node's own"),
            (&ours(true), "goes on being signed", "origin partner lift --log tdap.gov.pk/log/2026/"),
        ] {
            let look = forked(one);
            assert_eq!(look.state, State::Bad);
            assert!(look.sentence.contains("LOG_EQUIVOCATED") && look.sentence.contains(&one.origin));
            assert!(look.sentence.contains(said), "{look:?}");
            assert!(look.help.is_some_and(|said| said.contains(help)));
        }
        let at = Some(prost_types::Timestamp { seconds: 1_790_000_000, nanos: 0 });
        let lifted = wire::ForkedLog { lifted_at: at, lifted_reason: "an old copy".to_owned(), ..theirs };
        let look = forked(&lifted);
        assert!(look.state == State::Good && look.sentence.contains("an old copy"));
    }

    #[test]
    fn a_lift_is_in_vain_where_the_log_stays_shut_and_no_other_fork_waits_for_one() {
        let origin = || "tdap.gov.pk/log/2026/customs.gov.cn".to_owned();
        let shut = |reason: &str| wire::ShutLog { origin: origin(), reason: reason.to_owned(), ..Default::default() };
        let fork = |at: Option<i64>| wire::ForkedLog {
            origin: origin(),
            lifted_at: at.map(|seconds| prost_types::Timestamp { seconds, nanos: 0 }),
            ..Default::default()
        };
        let forked = shut("OWN_HISTORY_FORKED");
        assert!(is_lifted_in_vain(&forked, &[fork(Some(7))]));
        assert!(!is_lifted_in_vain(&forked, &[]) && !is_lifted_in_vain(&forked, &[fork(Some(7)), fork(None)]));
        assert!(!is_lifted_in_vain(&shut("OWN_HISTORY_UNKNOWN"), &[fork(Some(7))]));
    }

    #[test]
    fn each_alarm_is_said_with_since_when_and_what_to_do_and_what_is_only_suspected_is_no_failure() {
        for (reason, state, help) in [
            ("PARTNER_HOLDS_MORE", State::Bad, "an old copy of its data folder"),
            ("PARTNER_LOG_LOST", State::Bad, "holders have the bundles"),
            ("HEADS_INCONSISTENT", State::Bad, "what was signed where"),
            ("PACKAGE_OTHER_ROOT", State::Bad, "origin log check"),
            ("HEADS_UNCOMPARED", State::Warning, "may be away"),
            ("LOGS_TOO_MANY", State::Bad, "taken out of the trust list"),
            ("PARTNER_SILENT", State::Warning, "does not give them"),
            ("PARTNER_PROTOCOL", State::Warning, "what is refused"),
        ] {
            let one = wire::PartnerAlarm {
                origin: "tdap.gov.pk/log/2026/all".to_owned(),
                reason: reason.to_owned(),
                message: "what is wrong".to_owned(),
                since: Some(prost_types::Timestamp { seconds: 60, nanos: 0 }),
            };
            let look = alarm("node.tdap.gov.pk", &one);
            let said = format!("with node.tdap.gov.pk: what is wrong, since 1970-01-01T00:01:00Z [{reason}]");
            assert!(look.state == state && look.sentence.ends_with(&said), "{look:?}");
            assert!(look.help.as_ref().is_some_and(|said| said.contains(help)), "{look:?}");
        }
    }
}
