use super::*;
use crate::cli::doctor::State;

#[test]
fn an_issuer_that_closed_its_key_has_not_to_be_told_of_it() {
    let log =
        |findings| wire::PartnerLog { origin: "tdap.gov.pk/log/2026/all".to_owned(), findings, ..Default::default() };
    let told = |looks: &[Look]| {
        looks.iter().map(|look| look.help.as_ref().is_some_and(|help| help.contains("to be told"))).collect::<Vec<_>>()
    };
    assert_eq!(told(&findings(&log(27), (27, 0))), [false]);
    assert_eq!(told(&findings(&log(27), (26, 3))), [false, true]);
    assert_eq!(told(&findings(&log(1), (0, 0))), [true]);
    // It ends when everything was issued anew.
    let looks = [(27, 2), (27, 0)].map(|found| findings(&log(27), found).remove(0));
    assert!(looks.iter().all(|look| look.sentence.starts_with("of tdap.gov.pk/log/2026/all 27 entries count no more")));
    assert_eq!(looks.each_ref().map(|look| look.state), [State::Warning, State::Good]);
    assert!(looks[0].sentence.ends_with("and 2 certificates are not issued anew yet"), "{looks:?}");
}

#[test]
fn a_witness_that_fails_and_a_push_that_is_refused_are_warned_of() {
    let witness = wire::OutsideWitness { name: "witness.example".to_owned(), ..Default::default() };
    assert!(outside(&witness).is_empty());
    let conflicts = vec!["it has seen 12 entries of a log, and 9 are here".to_owned()];
    let message = "invalid peer certificate".to_owned();
    let looks = outside(&wire::OutsideWitness { message, conflicts, ..witness });
    let [seen, failed] = looks.as_slice() else { panic!("{looks:?}") };
    assert!(seen.state == State::Bad && seen.sentence.contains("seen 12 entries"), "{seen:?}");
    assert!(failed.state == State::Warning && failed.sentence.contains("invalid peer certificate"), "{failed:?}");
    let push = wire::PushState { address: "https://node.kra.go.ke/packages".to_owned(), ..Default::default() };
    let refused = wire::PushState { failures: 3, message: "it answered 403".to_owned(), ..push.clone() };
    let early = wire::PushState { message: format!("TLS: {NOT_VALID_YET}"), ..refused.clone() };
    let told = |push| {
        let partner = wire::PartnerState { name: "node.kra.go.ke".to_owned(), push: Some(push), ..Default::default() };
        state(&partner, (1, &[]), Timestamp::UNIX_EPOCH).into_iter().find(|look| look.what == "push")
    };
    assert!(told(push).is_none());
    let look = told(refused).unwrap();
    assert!(look.state == State::Warning && look.sentence.contains("3 attempts in a row: it answered 403"), "{look:?}");
    assert!(look.help.is_some_and(|help| help.contains("trust list") && !help.contains("clock")));
    let by_clock = told(early).unwrap().help.unwrap();
    assert!(by_clock.contains("this machine's clock") && !by_clock.contains("trust list"), "{by_clock}");
}

#[test]
fn where_all_partners_clocks_are_off_to_one_side_it_is_likely_this_one_that_is_wrong() {
    let look = |told: &[Option<i64>]| {
        let of = |ms: &Option<i64>| wire::PartnerState { clock_ahead_ms: *ms, ..Default::default() };
        own_clock(&told.iter().map(of).collect::<Vec<_>>())
    };
    let year = 365 * DAY_MS;
    for one in [None, Some(0), Some(-year)] {
        assert!(look(&[Some(year), one]).is_none(), "{one:?}");
    }
    assert!(look(&[]).is_none());
    let wrong = look(&[Some(-year), None, Some(-year - 40)]).unwrap();
    assert_eq!((wrong.what, wrong.state), (CLOCK, State::Bad));
    assert!(wrong.sentence.contains("all 2 partners that told theirs are 365 days or more behind"), "{wrong:?}");
    assert_eq!(look(&[Some(7_000), Some(6_000)]).unwrap().state, State::Warning, "the day is the same");
}

#[test]
fn what_waits_while_partners_say_that_this_clock_is_days_ahead_is_said_with_theirs() {
    let help = |clock_ahead_ms: i64| {
        let clock_ahead_ms = Some(clock_ahead_ms);
        let partner =
            wire::PartnerState { clock_ahead_ms, bytes_quota: 1, entries_a_day: 1, ..wire::PartnerState::default() };
        let looks = state(&partner, (3, &[]), Timestamp::UNIX_EPOCH).into_iter();
        looks.filter(|look| look.what == "partner clock").filter_map(|look| look.help).collect::<String>()
    };
    assert!(help(-DAY_MS - 1).contains("nothing is erased here"));
    for ms in [-DAY_MS, 365 * DAY_MS] {
        assert!(help(ms).contains("ask the partner's operator") && !help(ms).contains("erased"), "{ms}");
    }
}

#[test]
fn a_partner_that_the_list_gives_no_address_is_no_failure_and_is_said_to_be_reached_by_packages() {
    let told = |reason: &str| {
        let (name, reason) = ("node.gacc.gov.cn".to_owned(), reason.to_owned());
        let message = "trust list 3 names no address at which partners reach node.gacc.gov.cn".to_owned();
        let partner =
            wire::PartnerState { name, reason, message, bytes_quota: 1, entries_a_day: 1, ..Default::default() };
        let looks = state(&partner, (3, &[]), Timestamp::UNIX_EPOCH).into_iter();
        looks.map(|look| (look.state, look.sentence)).collect::<Vec<_>>()
    };
    let carried = told("PARTNER_WITHOUT_ADDRESS");
    let [(state, sentence)] = carried.as_slice() else { panic!("{carried:?}") };
    assert!(*state == State::Good && sentence.contains("by packages"), "{carried:?}");
    assert!(told("PARTNER_UNREACHABLE").iter().any(|(state, _)| *state == State::Bad));
}

#[test]
fn where_nothing_connects_two_nodes_the_newer_list_is_said_to_be_installed_by_hand() {
    let help = |reason: &str, version: u64| {
        let partner = wire::PartnerState {
            reason: reason.to_owned(),
            trust_version: version,
            bytes_quota: 1,
            entries_a_day: 1,
            ..Default::default()
        };
        let looks = state(&partner, (4, &[]), Timestamp::UNIX_EPOCH).into_iter();
        looks.filter(|look| look.what == "partner list").filter_map(|look| look.help).collect::<String>()
    };
    let (theirs, ours) = (help("PARTNER_WITHOUT_ADDRESS", 5), help("PARTNER_WITHOUT_ADDRESS", 3));
    assert!(theirs.contains("install it here: origin trust install") && theirs.contains("packages"), "{theirs}");
    assert!(ours.contains("its operator installs it") && ours.contains("packages"), "{ours}");
    assert_eq!(help("PARTNER_WITHOUT_ADDRESS", 4), "");
}

#[test]
fn a_certificate_that_names_another_node_is_told_and_no_pin_is_advised() {
    let look = misnamed(&"node.kra.go.ke".parse().unwrap(), "node.other.example");
    assert!(look.state == State::Bad && look.sentence.contains("names node.other.example, and it is node.kra.go.ke"));
    let help = look.help.unwrap();
    assert!(help.contains("urn:origin-exchange:node:node.kra.go.ke") && !help.contains("spki="), "{help}");
}

#[test]
fn logs_that_are_not_cosigned_because_of_others_are_warned_of_with_what_to_do() {
    let one = |node: &str| wire::WithheldCosignature {
        node: node.to_owned(),
        origin: "tdap.gov.pk/log/2026/all".to_owned(),
        awaits: vec!["node.kra.go.ke".to_owned()],
        since: None,
    };
    let withheld = vec![one("node.gacc.gov.cn"), one("node.tdap.gov.pk")];
    let answer = wire::ListPartnersResponse { withheld, ..Default::default() };
    let looks = Withheld::all(&answer).iter().map(|one| self::withheld(one, "node.gacc.gov.cn")).collect::<Vec<_>>();
    let [here, there] = looks.as_slice() else { panic!("{looks:?}") };
    assert!(here.state == State::Warning && here.sentence.starts_with("this node cosigns nothing"), "{here:?}");
    assert!(here.help.as_ref().is_some_and(|help| help.contains("taken off the trust list")), "{here:?}");
    assert!(there.sentence.starts_with("node.tdap.gov.pk cosigns nothing of tdap.gov.pk/log/2026/all"), "{there:?}");
}

#[test]
fn disclosures_that_a_partner_does_not_give_are_said_with_who_has_to_look() {
    let log = wire::PartnerLog {
        origin: "tdap.gov.pk/log/2026/all".to_owned(),
        missing_disclosures: 1_917,
        first_missing: Some(9),
        ..Default::default()
    };
    let looks = passage("node.tdap.gov.pk", &log, &[], Timestamp::UNIX_EPOCH);
    let [look] = looks.as_slice() else { panic!("{} looks", looks.len()) };
    assert_eq!(look.state, State::Warning);
    assert!(
        look.sentence.contains("of tdap.gov.pk/log/2026/all the disclosures of 1917 entries")
            && look.sentence.ends_with("the first is entry 9"),
        "{}",
        look.sentence
    );
    assert!(look.help.as_ref().is_some_and(|help| help.contains("node.tdap.gov.pk has to look")));
}

#[test]
fn whoever_is_behind_is_said_with_what_to_do_and_nobody_is_in_a_log_that_is_shut_for_two_histories() {
    let origin = "tdap.gov.pk/log/2026/gacc.gov.cn".to_owned();
    let log = |inward| wire::PartnerLog {
        origin: origin.clone(),
        inward,
        size: 4,
        behind_since: Some(prost_types::Timestamp { seconds: -60, nanos: 0 }),
        ..Default::default()
    };
    let looks = |log: &wire::PartnerLog, shut: &[wire::ShutLog]| {
        let looks = passage("node.gacc.gov.cn", log, shut, Timestamp::UNIX_EPOCH).into_iter();
        looks.map(|look| (look.sentence, look.help.unwrap())).collect::<Vec<_>>()
    };
    for (inward, who) in [(true, "this node"), (false, "node.gacc.gov.cn")] {
        let looks = looks(&log(inward), &[]);
        let [(said, _)] = looks.as_slice() else { panic!("{looks:?}") };
        assert!(said.starts_with(&format!("{who} is 4 entries and 60 s behind")), "{said}");
    }
    let frozen = looks(&wire::PartnerLog { frozen_there: true, ..log(false) }, &[]);
    let [(_, help)] = frozen.as_slice() else { panic!("{frozen:?}") };
    assert!(help.contains("frozen there") && !help.contains("by itself"), "{help}");
    let reason = "OWN_HISTORY_FORKED".to_owned();
    let shut = wire::ShutLog { origin: origin.clone(), reason, ..Default::default() };
    assert!(looks(&log(false), &[shut]).is_empty());
    let closed = "tdap.gov.pk/log/2025/gacc.gov.cn".to_owned();
    let waits = wire::PartnerLog { behind_since: None, awaits_closed: vec![closed.clone()], ..log(true) };
    let looks = looks(&waits, &[]);
    let [(said, help)] = looks.as_slice() else { panic!("{looks:?}") };
    assert!(said.ends_with(&closed) && help.contains("ask its operator"), "{said}: {help}");
}

#[test]
fn customs_that_cannot_tell_what_arrived_are_said_and_worse_where_copies_are_gone() {
    let one = |lost: &[&str]| wire::UnknownArrivals {
        issuer: "https://customs.gov.cn".to_owned(),
        lost: lost.iter().map(|log| (*log).to_owned()).collect(),
        message: "what arrived is not known".to_owned(),
        ..Default::default()
    };
    let [unheard, gone] = [one(&[]), one(&["tdap.gov.pk/log/2026/customs.gov.cn"])].map(|one| not_held(&one));
    assert_eq!((unheard.state, gone.state), (State::Warning, State::Bad));
    assert_eq!(gone.sentence, "https://customs.gov.cn: what arrived is not known");
    assert!(gone.help.unwrap().contains("--from-the-start"));
}
