//! How partners are, for the operator.

use super::convert;
use super::hosts::{HostedAuthority, Hosts};
use super::wire::origin::v1 as wire;
use crate::exchange::driver::{DriverView, OutsideState, OutsideWitness, PartnerState, Passage};
use crate::exchange::{Alarm, witnesses};
use crate::log::{Origin, TreeHead};
use crate::reason::{Reasoned as _, counted};
use crate::sequencer::{GivenTwice, Sequencer, SequencerError, Standing, Wait, contents_gone, gate::asks_nobody};
use crate::store::StoreError;
use crate::time::Timestamp;
use crate::trust::{Node, NodeName, TrustList};
use bytes::Bytes;
use std::collections::BTreeMap;

/// Numbers of one log that are named; whoever wants the others finds them in the node's log.
const NAMED: usize = 20;
/// The reason of an own log of which partners know another history.
const FORKED: &str = "OWN_HISTORY_FORKED";
/// The reason of an own log of which entries are lost.
const LOST: &str = "OWN_HISTORY_LOST";

/// What the operator is shown: every node of the list but this one, and what is shut here. It reads from the disk.
pub(super) fn list(
    view: Option<&DriverView>,
    trust: &TrustList,
    hosts: &Hosts,
    now: Timestamp,
) -> wire::ListPartnersResponse {
    let closed = |origin: &Origin| {
        let here = || hosts.all().find_map(|one| one.desk.sequencer().closed_with(origin));
        trust.shard_final_size(origin).or_else(here)
    };
    let keyless = |one: &HostedAuthority| one.desk.sequencer().keyless(now).into_iter().map(told);
    let shut = hosts.all().flat_map(|one| shut(one).into_iter().chain(keyless(one)).chain(ended(one)));
    let mut shut = shut.collect::<Vec<_>>();
    let trust_version = trust.version();
    let Some(view) = view else {
        return wire::ListPartnersResponse { trust_version, shut, ..Default::default() };
    };
    let states = view.board().read();
    let proven = view.equivocated();
    let is_proven = |origin: &Origin| proven.borrow().contains_key(origin);
    for one in &mut shut {
        let is_lifted = |origin: Origin| view.was_lifted(&origin) && !is_proven(&origin);
        if one.reason == FORKED && !one.ended && one.origin.parse().is_ok_and(is_lifted) {
            one.message = shut_though_lifted(&one.origin);
        }
    }
    let mut nodes = trust.text().nodes.iter().filter(|node| node.name != *view.name()).collect::<Vec<_>>();
    nodes.sort_by(|a, b| a.name.cmp(&b.name));
    let partners = nodes.into_iter().map(|node| {
        let state = states.get(&node.name).cloned().unwrap_or_default();
        let logs = state.logs.iter().map(|(origin, passage)| {
            let awaits = state.awaits_closed.get(origin).into_iter().flatten();
            let log = log(origin, passage, closed(origin), now);
            let behind_since = log.behind_since.filter(|_| !is_shown_no_more(trust, &node.name, origin, passage.size));
            wire::PartnerLog { awaits_closed: awaits.map(ToString::to_string).collect(), behind_since, ..log }
        });
        // Of what is proven the proof is told.
        let alarms = state.alarms.iter().filter(|((origin, _), _)| !is_proven(origin));
        let mut alarms = alarms.map(|((origin, _), one)| alarm(origin, one)).collect::<Vec<_>>();
        // The same is told by what its stream gives, and by what it says of its heads.
        alarms.dedup_by(|one, before| one.origin == before.origin && one.reason == before.reason);
        wire::PartnerState { logs: logs.collect(), alarms, ..partner(view, node, &state) }
    });
    let known_logs = view.known_logs().into_iter();
    let known_logs = known_logs.map(|(origin, size)| wire::LogState {
        origin: origin.to_string(),
        size,
        closed_with: closed(&origin),
    });
    let outside = view.outside_logs().into_iter();
    let outside = outside.map(|(name, size)| wire::LogState { origin: name.to_string(), size, closed_with: None });
    let witnesses = view.outside_witnesses().into_iter().map(|(witness, state)| outside_witness(&witness, &state));
    let is_signed_on = |origin: &Origin| {
        let standing = hosts.at(origin.host().as_str())?.desk.sequencer().gate().standing(origin);
        Some(standing == Some(Standing::Settled) && closed(origin).is_none())
    };
    let forked = forked(view, is_signed_on).unwrap_or_else(|error| {
        tracing::error!(%error, "what is proven of logs cannot be read");
        Vec::new()
    });
    let unheard = hosts.all().filter_map(|one| unheard(view, one, now)).collect();
    let unknown_arrivals = hosts.all().filter_map(|one| unknown_arrivals(one)).collect();
    wire::ListPartnersResponse {
        forked,
        unheard,
        unknown_arrivals,
        withheld: withheld(view, &states),
        node: view.name().to_string(),
        partners: partners.collect(),
        trust_version,
        known_logs: known_logs.chain(outside).collect(),
        shut,
        outside_witnesses: witnesses.collect(),
    }
}

/// What this node does not cosign, and what partners do not, because they wait for others.
fn withheld(view: &DriverView, states: &BTreeMap<NodeName, PartnerState>) -> Vec<wire::WithheldCosignature> {
    let told = |node: &NodeName, origin: &Origin, of: &[NodeName], since: Timestamp| wire::WithheldCosignature {
        node: node.to_string(),
        origin: origin.to_string(),
        awaits: of.iter().map(ToString::to_string).collect(),
        since: Some(convert::instant(since)),
    };
    let here = view.withheld().into_iter().map(|(origin, of)| told(view.name(), &origin, &of, view.began()));
    let there = states.iter().flat_map(|(node, state)| {
        state.awaits.iter().map(move |(origin, awaited)| told(node, origin, &awaited.of, awaited.since))
    });
    here.chain(there).collect()
}

/// An authority that gives no number before partners have told, because its data folder may have lost something.
fn unheard(view: &DriverView, authority: &HostedAuthority, now: Timestamp) -> Option<wire::UnheardAuthority> {
    let awaits = authority.desk.sequencer().unheard(now);
    (!awaits.is_empty()).then(|| wire::UnheardAuthority {
        issuer: authority.issuer.to_string(),
        awaits: awaits.iter().map(ToString::to_string).collect(),
        since: Some(convert::instant(view.began())),
    })
}

/// Customs that cannot tell what arrived. It reads from the disk.
fn unknown_arrivals(authority: &HostedAuthority) -> Option<wire::UnknownArrivals> {
    let issuer = authority.issuer.to_string();
    let not_held = authority.desk.not_held(None).unwrap_or_else(|error| {
        tracing::error!(%issuer, %error, "what was done with certificates that arrived cannot be read");
        None
    })?;
    Some(wire::UnknownArrivals {
        message: not_held.to_string(),
        awaits: not_held.nodes.iter().map(ToString::to_string).collect(),
        lost: not_held.lost.iter().map(ToString::to_string).collect(),
        issuer,
    })
}

/// Logs of an authority for which not everything goes on.
fn shut(authority: &HostedAuthority) -> Vec<wire::ShutLog> {
    let shut = authority.desk.sequencer().shut().unwrap_or_else(|error| {
        tracing::error!(issuer = %authority.issuer, %error, "what is shut of an authority cannot be read");
        Vec::new()
    });
    let told = shut.into_iter().map(told);
    let twice = GivenTwice::all(authority.store().as_ref()).unwrap_or_else(|error| {
        tracing::error!(issuer = %authority.issuer, %error, "which numbers were given twice cannot be read");
        Vec::new()
    });
    let gone = authority.store().logs().into_iter().map(|origin| {
        let count = contents_gone(authority.store().as_ref(), &origin).unwrap_or_else(|error| {
            tracing::error!(%origin, %error, "what is gone for good of what entries disclosed cannot be read");
            0
        });
        (origin, count)
    });
    let gone = gone.filter(|(_, count)| *count > 0).map(|(origin, count)| gone_log(&origin, count));
    let bare = authority.desk.sequencer().gate().bare();
    let bare = bare.into_iter().map(|(origin, wait)| bare_log(&origin, &wait));
    told.chain(twice.into_iter().map(|(origin, twice)| given_twice(&origin, &twice))).chain(bare).chain(gone).collect()
}

/// A log that goes on, of which not all that came back says what it did.
fn bare_log(origin: &Origin, wait: &Wait) -> wire::ShutLog {
    wire::ShutLog {
        origin: origin.to_string(),
        reason: "CONTENTS_MISSING".to_owned(),
        message: format!(
            "entries of log {origin} came back without what they disclose, such as why a status was changed or what customs did: {wait}"
        ),
        ended: false,
        key: String::new(),
    }
}

/// A log of which what entries disclosed is asked for no more: whoever wonders at them, here or at a partner, finds why.
fn gone_log(origin: &Origin, count: u64) -> wire::ShutLog {
    wire::ShutLog {
        origin: origin.to_string(),
        reason: "CONTENTS_MISSING".to_owned(),
        message: format!(
            "what {} of log {origin} disclosed is gone for good: it is asked for no more, by the operator's word",
            counted(count, "entry", "entries")
        ),
        ended: true,
        key: String::new(),
    }
}

/// Why an own log is shut that its history shuts; empty where that does not. It reads from the disk.
pub(super) fn shut_history(authority: &HostedAuthority, origin: &Origin) -> String {
    let mut all = shut(authority).into_iter();
    let found = all.find(|one| one.origin == origin.as_str() && one.reason.starts_with("OWN_HISTORY_"));
    found.map(|one| one.reason).unwrap_or_default()
}

/// What is said of a log that stays shut though a fork of it was lifted here: to lift that again changes nothing. The proof of
/// another comes minutes after a start, and to end a log is for ever.
fn shut_though_lifted(origin: &str) -> String {
    format!(
        "log {origin} is not signed for, and no certificate number is given: a fork of it was lifted here, and partners know of \
         another branch than the one that is here, which may have taken any number; where no other fork is told of within \
         minutes of a start, it goes on when the trust list ends the log (`shards`) where the two histories part, and its \
         successor takes what comes"
    )
}

fn told((origin, why): (Origin, SequencerError)) -> wire::ShutLog {
    let (reason, message) = (why.reason().to_owned(), why.to_string());
    let key = if let SequencerError::KeyStopped(key) = why { key } else { String::new() };
    wire::ShutLog { origin: origin.to_string(), reason, message, ended: false, key }
}

/// Logs of an authority that were ended, and of which not all up to the end is here.
fn ended(authority: &HostedAuthority) -> Vec<wire::ShutLog> {
    let sequencer = authority.desk.sequencer();
    let short = sequencer.ended_short().into_iter();
    let short = short.map(|(origin, held, end)| {
        let forked = matches!(sequencer.gate().standing(&origin), Some(Standing::Forked { .. }));
        ended_log(&origin, (held, end), forked)
    });
    short.collect()
}

fn ended_log(origin: &Origin, (held, end): (u64, u64), forked: bool) -> wire::ShutLog {
    let (reason, rest) = if forked {
        (FORKED, ", which are not, or not known to be, what was signed: the rest is found nowhere here")
    } else {
        (LOST, ": the rest is found nowhere here, and each series passes over as many certificate numbers, once")
    };
    wire::ShutLog {
        origin: origin.to_string(),
        reason: reason.to_owned(),
        message: format!(
            "the trust list ended log {origin} with {}, and {held} are here{rest}",
            counted(end, "entry", "entries")
        ),
        ended: true,
        key: String::new(),
    }
}

/// Has a log signed on, or closed for good, by the operator's word. It blocks.
pub(super) fn go_on(
    sequencer: &Sequencer,
    origin: &Origin,
    for_good: bool,
    at: Timestamp,
) -> Result<wire::GoOnResponse, SequencerError> {
    if !for_good {
        let was_shut = sequencer.go_on(origin, at)?;
        let contents_missing = sequencer.gate().bare().iter().any(|(bare, _)| bare == origin);
        return Ok(wire::GoOnResponse { was_shut, contents_missing, ..Default::default() });
    }
    let (size, signed) = sequencer.give_up(origin, at)?;
    Ok(wire::GoOnResponse { was_shut: true, size, lost: signed.saturating_sub(size), ..Default::default() })
}

/// Numbers that two certificates bear since one of them came back.
fn given_twice(origin: &Origin, twice: &[GivenTwice]) -> wire::ShutLog {
    let named = twice.iter().take(NAMED).map(|one| format!("{} ({})", one.number, one.jti));
    let named = named.collect::<Vec<_>>().join(", ");
    let count = twice.len();
    let more = if count > NAMED { format!(" and {} more", count - NAMED) } else { String::new() };
    wire::ShutLog {
        origin: origin.to_string(),
        reason: "NUMBER_TAKEN".to_owned(),
        message: format!(
            "{} of log {origin} came back under numbers that were given again meanwhile: {named}{more}",
            counted(count, "entry", "entries")
        ),
        ended: false,
        key: String::new(),
    }
}

/// Whether a log of the authority is here, or shut, or would be shut if it were opened now, which is of this year: of any
/// other a word that it goes on is a slip of the pen. It reads from the disk.
pub(super) fn may_be_shut(authority: &HostedAuthority, trust: &TrustList, origin: &Origin, now: Timestamp) -> bool {
    let is_addressee = !origin.addressee().contains('.') || trust.addressee_of(origin).is_some();
    let today = trust.time_zone(&authority.issuer).map(|zone| zone.date_at(now));
    let is_current = today.is_some_and(|today| today.year() == origin.shard().year());
    let may_open = is_current && is_addressee && trust.log_key(origin).is_some() && !asks_nobody(trust, origin);
    // Numbers may wait for everybody, whatever the log asks for.
    let waits = is_current && is_addressee && !authority.desk.sequencer().unheard(now).is_empty();
    may_open
        || waits
        || authority.store().logs().contains(origin)
        || shut(authority).iter().any(|one| one.origin == origin.as_str())
}

/// Logs that have shown two histories: those that are frozen, and those that a person has lifted. `is_signed_on` says it of
/// an own log, and nothing of another's.
fn forked(
    view: &DriverView,
    is_signed_on: impl Fn(&Origin) -> Option<bool>,
) -> Result<Vec<wire::ForkedLog>, StoreError> {
    let mut all = Vec::new();
    let frozen = view.equivocated().borrow().clone();
    for proven in frozen.values() {
        let (origin, signed_on) = (proven.origin(), is_signed_on(proven.origin()));
        let heads = view.shown_heads(origin)?;
        let another = if heads.is_empty() { view.showed_another(origin) } else { Vec::new() };
        all.push(wire::ForkedLog {
            origin: origin.to_string(),
            size: proven.size(),
            longer: proven.longer(),
            evidence: view.evidence(origin)?.unwrap_or_default(),
            own: signed_on.is_some(),
            signed_on: signed_on.unwrap_or_default(),
            shown_by: names(&another),
            heads: heads.into_iter().map(shown_head).collect(),
            ..Default::default()
        });
    }
    for (origin, lifted) in view.lifted()? {
        let signed_on = is_signed_on(&origin);
        all.extend(lifted.into_iter().map(|lifted| wire::ForkedLog {
            own: signed_on.is_some(),
            signed_on: signed_on.unwrap_or_default(),
            origin: origin.to_string(),
            size: lifted.shorter().unwrap_or(lifted.past),
            longer: lifted.past,
            lifted_at: Timestamp::from_second(lifted.at).ok().map(convert::instant),
            lifted_reason: lifted.reason,
            evidence: lifted.evidence.unwrap_or_default(),
            ..Default::default()
        }));
    }
    Ok(all)
}

fn shown_head((head, nodes): (TreeHead, Vec<NodeName>)) -> wire::ShownHead {
    wire::ShownHead { size: head.size, root: Bytes::copy_from_slice(&head.root.0), nodes: names(&nodes) }
}

fn names(nodes: &[NodeName]) -> Vec<String> {
    nodes.iter().map(ToString::to_string).collect()
}

/// A partner, but for its logs and alarms.
fn partner(view: &DriverView, node: &Node, state: &PartnerState) -> wire::PartnerState {
    let (used, limits) = view.quota(&node.name);
    let trouble = state.trouble.as_ref();
    wire::PartnerState {
        name: node.name.to_string(),
        address: node.grpc.as_ref().map(ToString::to_string).unwrap_or_default(),
        connected_since: state.connected.map(convert::instant),
        reason: trouble.map(|trouble| trouble.reason.clone()).unwrap_or_default(),
        message: trouble.map(|trouble| trouble.sentence.clone()).unwrap_or_default(),
        trouble_since: trouble.map(|trouble| convert::instant(trouble.since)),
        trust_version: state.list_version.unwrap_or(0),
        trust_forked: state.list_forked,
        clock_ahead_ms: state.clock_ahead_ms,
        bytes_used: used.bytes,
        bytes_quota: limits.bytes,
        entries_today: used.entries_today,
        entries_a_day: limits.entries_a_day,
        push: state.push.as_ref().map(|push| wire::PushState {
            address: push.address.clone(),
            tried_at: push.tried.map(convert::instant),
            taken_at: push.taken.map(convert::instant),
            next_at: push.next.map(convert::instant),
            failures: push.failures,
            message: push.trouble.clone().unwrap_or_default(),
        }),
        ..Default::default()
    }
}

fn alarm(origin: &Origin, Alarm { why, since }: &Alarm) -> wire::PartnerAlarm {
    wire::PartnerAlarm {
        origin: origin.to_string(),
        reason: why.reason().to_owned(),
        message: why.to_string(),
        since: Some(convert::instant(*since)),
    }
}

fn outside_witness(witness: &OutsideWitness, state: &OutsideState) -> wire::OutsideWitness {
    let trouble = state.trouble.as_ref();
    let cosigned = state.cosigned.iter().map(|(origin, (size, second))| wire::OutsideCosignature {
        origin: origin.to_string(),
        size: *size,
        at: i64::try_from(*second).ok().and_then(|at| Timestamp::from_second(at).ok()).map(convert::instant),
    });
    wire::OutsideWitness {
        name: witness.key.name().to_owned(),
        address: witness.address.clone(),
        message: trouble.map(|(why, _)| why.clone()).unwrap_or_default(),
        trouble_since: trouble.map(|(_, since)| convert::instant(*since)),
        cosigned: cosigned.collect(),
        conflicts: state.conflicts.values().cloned().collect(),
    }
}

/// Whether a node is a witness that is shown no head of a log any more: the list ended it below the newest, of this size.
fn is_shown_no_more(trust: &TrustList, node: &NodeName, origin: &Origin, size: u64) -> bool {
    trust.shard_final_size(origin).is_some_and(|last| last < size) && witnesses(trust, node, origin)
}

fn log(origin: &Origin, passage: &Passage, closed_with: Option<u64>, now: Timestamp) -> wire::PartnerLog {
    let at = |second: u64| Timestamp::from_second(i64::try_from(second).ok()?).ok();
    wire::PartnerLog {
        origin: origin.to_string(),
        inward: passage.inward,
        size: passage.size,
        held: passage.held,
        behind_since: passage.behind_since.map(convert::instant),
        cosigned_size: passage.cosigned.map_or(0, |(size, _)| size),
        cosigned_at: passage.cosigned.and_then(|(_, second)| at(second)).map(convert::instant),
        disclosed: passage.disclosed,
        missing_disclosures: passage.missing,
        held_disclosures: passage.kept_back,
        findings: passage.findings,
        closed_with,
        carried: passage.carried,
        entries_a_minute: passage.pace(now),
        missing_since: passage.missing_since.map(convert::instant),
        awaits_closed: Vec::new(),
        first_missing: passage.first_missing,
        lost_at: passage.lost.map(|(size, _)| size),
        gone: passage.lost.map_or(0, |(_, gone)| gone),
        frozen_there: passage.frozen_there,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement::Jti;
    use crate::workflow::tests::world::World;

    #[test]
    fn a_lift_that_was_given_in_vain_is_not_asked_for_again() {
        let log = "tdap.gov.pk/log/2026/gacc.gov.cn";
        let asked = SequencerError::HistoryForked { origin: log.to_owned(), size: 9 };
        assert!(asked.reason() == FORKED && asked.to_string().contains("origin partner lift"));
        let said = shut_though_lifted(log);
        assert!(said.starts_with(&format!("log {log} ")) && said.contains("trust list ends the log"), "{said}");
        assert!(said.contains("no other fork is told of") && !said.contains("origin partner lift"), "{said}");
    }

    #[test]
    fn an_ended_log_of_which_less_is_here_is_told_with_how_much_and_asks_for_no_lift() {
        let told = |forked| ended_log(&"tdap.gov.pk/log/2026/gacc.gov.cn".parse().unwrap(), (0, 6), forked);
        for (forked, reason, said) in [(true, FORKED, "what was signed"), (false, LOST, "passes over as many")] {
            let told = told(forked);
            assert!(told.ended && told.reason == reason && told.message.contains(said), "{told:?}");
            assert!(told.message.contains("6 entries, and 0 are here") && !told.message.contains("lift"), "{told:?}");
        }
    }

    #[test]
    fn a_witness_is_not_behind_in_a_log_of_which_it_is_shown_no_head_any_more() {
        let world = World::new();
        world.witnessed();
        let origin: Origin = "tdap.gov.pk/log/2026/cn".parse().unwrap();
        let over = |size| is_shown_no_more(&world.trust.load(), &"node.kra.go.ke".parse().unwrap(), &origin, size);
        assert!(!over(9), "it is open");
        world.close_log(&origin, 6);
        assert_eq!([6, 9].map(over), [false, true]);
    }

    #[test]
    fn what_is_gone_for_good_is_told_with_how_much_it_is_and_waits_for_nobody() {
        let told = gone_log(&"tdap.gov.pk/log/2026/all".parse().unwrap(), 2);
        assert!(told.ended && told.reason == "CONTENTS_MISSING", "{told:?}");
        let said = "what 2 entries of log tdap.gov.pk/log/2026/all disclosed is gone";
        assert!(told.message.starts_with(said), "{told:?}");
    }

    #[test]
    fn what_came_back_without_what_it_disclosed_is_told_with_who_is_asked_for_it() {
        let origin: Origin = "tdap.gov.pk/log/2026/all".parse().unwrap();
        let kenya = "node.kra.go.ke".parse().unwrap();
        let wait = Wait {
            since: Timestamp::UNIX_EPOCH,
            missing: 4,
            holders: vec![(kenya, None)],
            trouble: None,
            coming: true,
        };
        let told = bare_log(&origin, &wait);
        assert_eq!((told.reason.as_str(), told.origin.as_str()), ("CONTENTS_MISSING", origin.as_str()));
        let said = ": 4 missing since 1970-01-01T00:00:00Z, asked of node.kra.go.ke";
        assert!(told.message.ends_with(said), "{told:?}");
    }

    #[test]
    fn numbers_that_were_given_twice_are_named_as_far_as_there_is_room() {
        let origin: Origin = "tdap.gov.pk/log/2026/gacc.gov.cn".parse().unwrap();
        let twice = |count: u8| {
            let one = |nth: u8| GivenTwice { number: format!("LHE-{nth:02}"), jti: Jti([nth; 16]) };
            given_twice(&origin, &(1..=count).map(one).collect::<Vec<_>>())
        };
        let two = twice(2);
        assert_eq!((two.reason.as_str(), two.origin.as_str()), ("NUMBER_TAKEN", origin.as_str()));
        let named = format!("meanwhile: LHE-01 ({}), LHE-02 ({})", Jti([1; 16]), Jti([2; 16]));
        assert!(two.message.ends_with(&named), "{two:?}");
        let many = twice(23).message;
        assert!(many.starts_with("23 entries") && many.ends_with(") and 3 more"), "{many}");
    }
}
