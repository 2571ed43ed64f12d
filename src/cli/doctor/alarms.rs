//! What a partner showed that cannot be so, or what nobody has shown, and what to do about it.

use super::Look;
use crate::{api::client::wire, time::Timestamp};

/// One alarm of a log that passes between this node and a partner, or that the partner writes. What is only suspected is a
/// warning.
pub(super) fn alarm(name: &str, one: &wire::PartnerAlarm) -> Look {
    let wire::PartnerAlarm { origin, reason, message, since } = one;
    let since = since.as_ref().and_then(|at| Timestamp::from_second(at.seconds).ok());
    let since = since.map(|at| format!(", since {at}")).unwrap_or_default();
    let sentence = format!("{origin} with {name}: {message}{since} [{reason}]");
    let (is_shown, help) = match reason.as_str() {
        "PARTNER_HOLDS_MORE" => (
            true,
            format!(
                "{name} shows less of the log than it signed: ask its operator whether an old copy of its data folder was \
                 started. What is held here stays, and it gets back from here what it lost; until then nothing new comes"
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
        "PARTNER_SILENT" => {
            (false, format!("{name} has signed for entries and does not give them: it is asked again by itself"))
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::State;

    #[test]
    fn each_alarm_is_said_with_since_when_and_what_to_do_and_what_is_only_suspected_is_no_failure() {
        for (reason, state, help) in [
            ("PARTNER_HOLDS_MORE", State::Bad, "an old copy of its data folder"),
            ("HEADS_INCONSISTENT", State::Bad, "what was signed where"),
            ("PACKAGE_OTHER_ROOT", State::Bad, "origin log check"),
            ("HEADS_UNCOMPARED", State::Warning, "may be away"),
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
