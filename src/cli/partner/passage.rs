//! How far a log has come between this node and a partner: held, behind, cosigned.

use super::text;
use crate::{
    api::client::wire,
    reason::{counted, some_of},
    time::Timestamp,
};

/// Seconds that clocks may differ by.
const CLOCK: i64 = 300;

/// One log, in one line; with which of this node's are shut.
pub(super) fn said(log: &wire::PartnerLog, shut: &[wire::ShutLog], now: Timestamp) -> String {
    let way = if log.inward { "from" } else { "to" };
    let lag = lag(log, shut, now);
    let held = if is_forked(log, shut) { apart(log) } else { held(log) };
    format!("{way:4} {}: {held}, {lag}; {}", log.origin, cosigned(log, now))
}

/// How much of a log its reader holds. A partner may hold what this node lost of its own.
fn held(log: &wire::PartnerLog) -> String {
    let wire::PartnerLog { held, size, .. } = log;
    if held > size { format!("{held} there and {size} here") } else { format!("{held} of {size}") }
}

/// Of a log whose histories part, what is held at one end is no beginning of what is held at the other.
pub(in crate::cli) fn is_forked(log: &wire::PartnerLog, shut: &[wire::ShutLog]) -> bool {
    shut.iter().any(|one| one.origin == log.origin && one.reason == "OWN_HISTORY_FORKED")
}

/// What is held there is known here only as far as this node's own history goes.
fn apart(log: &wire::PartnerLog) -> String {
    let there = if log.held > 0 { format!("at least {} there and ", log.held) } else { String::new() };
    format!("{there}{} here, of two histories", log.size)
}

/// What was cosigned last. Of its own cosignatures a node keeps those that came back to it, and the last of each log when it
/// stops: after a crash it may have given a newer one. A time to come is the cosigner's word: nothing here goes by it.
fn cosigned(log: &wire::PartnerLog, now: Timestamp) -> String {
    let Some(at) = &log.cosigned_at else { return "not cosigned".to_owned() };
    let least = if log.inward && log.cosigned_size < log.held { "at least " } else { "" };
    let is_ahead = at.seconds > now.as_second().saturating_add(CLOCK);
    let ahead = if is_ahead { ", by a clock that is ahead of this one" } else { "" };
    format!("cosigned {least}{} at {}{ahead}", log.cosigned_size, text(at))
}

pub(super) fn entries(count: u64) -> String {
    counted(count, "entry", "entries")
}

/// A log that takes nothing more.
pub(in crate::cli) fn closed(with: u64) -> String {
    format!("closed with {}", entries(with))
}

/// How far a log has come between this node and a partner. Of one that this node lost entries of, what a partner has seen
/// of it is no measure.
fn lag(log: &wire::PartnerLog, shut: &[wire::ShutLog], now: Timestamp) -> String {
    let doubted = |one: &wire::ShutLog| {
        // What is lost for good is said by what the log is closed with.
        one.origin == log.origin && one.reason.starts_with("OWN_HISTORY_") && one.reason != "OWN_HISTORY_LOST"
    };
    let lag = match behind(log, now).filter(|_| !is_forked(log, shut)) {
        Some((behind, seconds)) => Some(format!("{} and {seconds} s behind{}", entries(behind), progress(log))),
        None if shut.iter().any(doubted) => Some("the log is shut".to_owned()),
        // What is still behind would be said above.
        None if log.closed_with.is_some() => (!log.inward && log.held < end(log))
            .then(|| "below its newest head here: witnesses are shown none of it any more".to_owned()),
        None if !log.awaits_closed.is_empty() => None,
        None => match undisclosed(log) {
            0 => log.lost_at.is_none().then(|| "up to date".to_owned()),
            count => Some(format!("{} without their contents yet", entries(count))),
        },
    };
    let awaits = (!log.awaits_closed.is_empty()).then(|| awaits(log));
    let frozen = log.frozen_there.then(|| "frozen there for two histories until its operator lifts that".to_owned());
    let ends = log.closed_with.map(closed).into_iter().chain(lost(log));
    ends.chain(lag).chain(frozen).chain(awaits).collect::<Vec<_>>().join(", ")
}

/// What its own node says to have lost of a log.
fn lost(log: &wire::PartnerLog) -> Option<String> {
    let at = entries(log.lost_at?);
    let gone = match log.gone {
        0 => String::new(),
        1 => "; 1 entry that was heard of is gone".to_owned(),
        gone => format!("; {gone} entries that were heard of are gone"),
    };
    Some(format!("closed by its issuer as lost at {at}{gone}"))
}

/// Which closed logs a log waits for.
pub(in crate::cli) fn awaits(log: &wire::PartnerLog) -> String {
    format!("nothing more is taken before these closed logs are here to their ends: {}", some_of(&log.awaits_closed))
}

/// Entries and seconds by which a log is behind; for what stands beyond its end nobody waits.
pub(in crate::cli) fn behind(log: &wire::PartnerLog, now: Timestamp) -> Option<(u64, i64)> {
    let since = log.behind_since.as_ref()?;
    let entries = end(log).checked_sub(log.held).filter(|entries| *entries > 0)?;
    Some((entries, now.as_second().saturating_sub(since.seconds).max(0)))
}

/// Entries of a log from a partner that are held and of which it has yet to say what they disclose: those of which it said
/// that it will not are none.
fn undisclosed(log: &wire::PartnerLog) -> u64 {
    if log.inward { log.held.saturating_sub(log.disclosed) } else { 0 }
}

/// The first entry whose disclosures are missing, as a half sentence; empty where none are.
pub(in crate::cli) fn first_missing(log: &wire::PartnerLog) -> String {
    log.first_missing.map(|first| format!(", the first is entry {first}")).unwrap_or_default()
}

/// Where a log ends; what stands beyond what it is closed with does not count, and what its node lost does not come.
fn end(log: &wire::PartnerLog) -> u64 {
    let last = log.closed_with.unwrap_or(log.size);
    log.size.min(last).min(log.lost_at.map_or(log.size, |at| at.max(log.held)))
}

/// How fast a log that is behind comes, and how long that will take; nothing where it is not known.
fn progress(log: &wire::PartnerLog) -> String {
    let Some(pace) = log.entries_a_minute else { return String::new() };
    let carried = log.carried.max(log.held);
    let way = if log.inward { "here" } else { "sent" };
    match left(log) {
        Some(seconds) => format!(" ({carried} {way}, {pace} a minute, about {seconds} s left)"),
        None => format!(" ({carried} {way}, {pace} a minute)"),
    }
}

/// Seconds until the rest of a log has gone over, if it goes on as in the last minute.
pub(super) fn left(log: &wire::PartnerLog) -> Option<u64> {
    let pace = log.entries_a_minute.filter(|pace| *pace > 0)?;
    let rest = end(log).saturating_sub(log.carried.max(log.held));
    Some(rest.saturating_mul(60).div_ceil(pace))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_is_shut_is_not_up_to_date_and_one_that_is_closed_is_said_to_be() {
        let origin = "tdap.gov.pk/log/2026/cn".to_owned();
        let log = |closed_with, size| {
            let origin = origin.clone();
            wire::PartnerLog { origin, size, held: size, closed_with, ..Default::default() }
        };
        let (missing, key) = ("OWN_HISTORY_MISSING".to_owned(), "SIGNING_KEY_CLOSED".to_owned());
        let shut = |reason| wire::ShutLog { origin: origin.clone(), reason, ..Default::default() };
        let said = |log: &wire::PartnerLog, shut: &[wire::ShutLog]| lag(log, shut, Timestamp::UNIX_EPOCH);
        assert_eq!(said(&log(None, 3), &[]), "up to date");
        assert_eq!(said(&log(None, 3), &[shut(key)]), "up to date");
        assert_eq!(said(&log(None, 3), &[shut(missing.clone())]), "the log is shut");
        assert_eq!(said(&log(Some(1), 2), &[]), "closed with 1 entry");
        assert_eq!(said(&log(Some(3), 3), &[shut(missing)]), "closed with 3 entries, the log is shut");
        let lost = shut("OWN_HISTORY_LOST".to_owned());
        assert_eq!(said(&log(Some(3), 3), &[lost]), "closed with 3 entries", "nobody waits for it to open");
        let at = Some(prost_types::Timestamp { seconds: -5, nanos: 0 });
        let late = wire::PartnerLog { held: 2, behind_since: at, ..log(None, 3) };
        assert_eq!(said(&late, &[]), "1 entry and 5 s behind");
        // What is held says nothing before its contents are here.
        let silent = wire::PartnerLog { inward: true, disclosed: 1, ..log(None, 3) };
        assert_eq!(said(&silent, &[]), "2 entries without their contents yet");
        assert_eq!(said(&wire::PartnerLog { disclosed: 3, ..silent }, &[]), "up to date");
        let beyond = wire::PartnerLog { closed_with: Some(2), ..late.clone() };
        assert_eq!(said(&beyond, &[]), "closed with 2 entries");
        let gone = wire::PartnerLog { held: 0, closed_with: Some(2), ..log(None, 3) };
        let never = "closed with 2 entries, below its newest head here: witnesses are shown none of it any more";
        assert_eq!(said(&gone, &[]), never, "it is not behind with what can never come");
        let lost = wire::PartnerLog { inward: true, lost_at: Some(2), gone: 1, disclosed: 2, ..late.clone() };
        let never = "closed by its issuer as lost at 2 entries; 1 entry that was heard of is gone";
        assert_eq!(said(&lost, &[]), never, "nobody is behind with what never comes");
        let silent = wire::PartnerLog { disclosed: 0, ..lost.clone() };
        assert_eq!(said(&silent, &[]), format!("{never}, 2 entries without their contents yet"), "they may yet come");
        let less = wire::PartnerLog { held: 1, ..lost };
        assert_eq!(said(&less, &[]), format!("{never}, 1 entry and 5 s behind"), "what is left comes yet");
        let awaits_closed = vec!["tdap.gov.pk/log/2025/cn".to_owned()];
        let waits = wire::PartnerLog { inward: true, awaits_closed, ..log(None, 3) };
        let frozen = wire::PartnerLog { frozen_there: true, ..late.clone() };
        assert!(said(&frozen, &[]).ends_with("frozen there for two histories until its operator lifts that"));
        let named = said(&waits, &[]);
        assert!(named.ends_with("to their ends: tdap.gov.pk/log/2025/cn") && !named.contains("up to date"), "{named}");
        // What is missing of one history is not counted along another.
        let forked = [shut("OWN_HISTORY_FORKED".to_owned())];
        assert_eq!((said(&late, &forked).as_str(), is_forked(&late, &[])), ("the log is shut", false));
        assert_eq!(apart(&late), "at least 2 there and 3 here, of two histories");
        assert_eq!(apart(&wire::PartnerLog { held: 0, ..late }), "3 here, of two histories");
    }

    #[test]
    fn a_log_that_catches_up_is_said_to_come_how_fast_and_for_how_long_yet_on_both_sides() {
        let log = |inward, entries_a_minute| wire::PartnerLog {
            inward,
            size: 10_000,
            carried: 4_000,
            entries_a_minute,
            behind_since: Some(prost_types::Timestamp { seconds: -5, nanos: 0 }),
            ..Default::default()
        };
        let said = |log: &wire::PartnerLog| lag(log, &[], Timestamp::UNIX_EPOCH);
        let behind = "10000 entries and 5 s behind";
        assert_eq!(said(&log(true, Some(9_000))), format!("{behind} (4000 here, 9000 a minute, about 40 s left)"));
        assert_eq!(said(&log(false, Some(0))), format!("{behind} (4000 sent, 0 a minute)"), "nobody knows how long");
        assert_eq!(said(&log(false, None)), behind);
    }

    #[test]
    fn what_a_partner_holds_beyond_what_is_here_and_what_may_have_been_cosigned_since_is_not_said_to_be_less() {
        let log = |held, size| wire::PartnerLog { held, size, ..Default::default() };
        assert_eq!((held(&log(2, 3)).as_str(), held(&log(17, 12)).as_str()), ("2 of 3", "17 there and 12 here"));
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(cosigned(&log(3, 3), now), "not cosigned");
        let at = |seconds, inward, cosigned_size| {
            let cosigned_at = Some(prost_types::Timestamp { seconds, nanos: 0 });
            cosigned(&wire::PartnerLog { inward, cosigned_size, cosigned_at, ..log(3, 3) }, now)
        };
        let said = |inward, cosigned_size| at(0, inward, cosigned_size);
        assert_eq!(said(true, 2), "cosigned at least 2 at 1970-01-01T00:00:00Z");
        assert_eq!(said(true, 3), "cosigned 3 at 1970-01-01T00:00:00Z");
        assert_eq!(said(false, 2), "cosigned 2 at 1970-01-01T00:00:00Z", "what a partner cosigned is known as it came");
        assert_eq!(at(300, false, 2), "cosigned 2 at 1970-01-01T00:05:00Z", "clocks may differ by that");
        assert_eq!(at(301, false, 2), "cosigned 2 at 1970-01-01T00:05:01Z, by a clock that is ahead of this one");
    }
}
