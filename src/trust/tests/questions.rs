//! What the verifier and the sequencer ask.

use super::*;
use crate::statement::Kind;

const COO: Kind = Kind::CertificateOfOrigin;

fn ask(list: &TrustList, log: &str, index: u64) -> KeyAuthority {
    list.may_sign(&iss(PK), &kid("s-1"), COO, None, None, &origin(log), index)
}

fn closing(log: &str, until_index: u64, reason: ClosingReason) -> Closing {
    Closing { iss: iss(PK), kid: kid("s-1"), origin: origin(log), until_index, reason }
}

#[test]
fn an_open_key_counts_everywhere_from_zero_unless_a_place_is_named() {
    let mut text = pakistan();
    text.keys[0].from = vec![Place { origin: origin(PK_TO_CN), index: 100 }];
    let list = accepted(&ListText { sections: vec![entry(text), entry(china()), entry(kenya())], ..world() });
    assert_eq!(ask(&list, PK_TO_CN, 99), KeyAuthority::Closed(ClosedBecause::NotYetOpen { from: 100 }));
    assert_eq!(ask(&list, PK_TO_CN, 100), KeyAuthority::Allowed);
    assert_eq!(ask(&list, PK_TO_KE, 0), KeyAuthority::Allowed);
}

#[test]
fn a_closed_key_counts_only_in_the_logs_named_and_below_the_index() {
    let closings = vec![closing(PK_TO_CN, 10, ClosingReason::Rotated)];
    let list = accepted(&ListText { closings, ..world() });
    assert_eq!(ask(&list, PK_TO_CN, 9), KeyAuthority::Allowed);
    let ended = ClosedBecause::Ended { until_index: 10, reason: ClosingReason::Rotated };
    assert_eq!(ask(&list, PK_TO_CN, 10), KeyAuthority::Closed(ended));
    let unnamed = ClosedBecause::LogNotNamed { reason: ClosingReason::Rotated };
    assert_eq!(ask(&list, PK_TO_KE, 0), KeyAuthority::Closed(unnamed));
    assert!(!ask(&list, PK_TO_CN, 10).restriction_stands());
}

#[test]
fn after_a_compromise_what_restricts_a_certificate_stands_until_restated() {
    let closings =
        vec![closing(PK_TO_CN, 10, ClosingReason::Compromised), closing(PK_TO_KE, 5, ClosingReason::Rotated)];
    let list = accepted(&ListText { closings, ..world() });
    assert!(ask(&list, PK_TO_CN, 10).restriction_stands());
    assert!(ask(&list, PK_TO_KE, 5).restriction_stands(), "compromised in one log is compromised");
    assert!(ask(&list, PK_TO_LK, 0).restriction_stands());
    assert!(!ask(&list, PK_TO_CN, 9).restriction_stands());
}

#[test]
fn a_later_closing_of_a_key_lies_no_later_than_an_earlier_one_of_another_reason() {
    let mut text = ListText { closings: vec![closing(PK_TO_CN, 10, ClosingReason::Rotated)], ..world() };
    text.close([closing(PK_TO_CN, 12, ClosingReason::Compromised), closing(PK_TO_KE, 3, ClosingReason::Compromised)]);
    let of = |text: &ListText| text.closings.iter().map(|one| (one.until_index, one.reason)).collect::<Vec<_>>();
    assert_eq!(of(&text), [(10, ClosingReason::Compromised), (3, ClosingReason::Compromised)]);
    // The same reason again corrects where it lies.
    text.close([closing(PK_TO_CN, 4, ClosingReason::Compromised), closing(PK_TO_KE, 5, ClosingReason::Compromised)]);
    assert_eq!(of(&text), [(4, ClosingReason::Compromised), (5, ClosingReason::Compromised)]);
}

#[test]
fn what_is_closed_in_a_log_is_known_by_one_hash() {
    let closed = |closings| accepted(&ListText { closings, ..world() });
    let (cn, ke) = (origin(PK_TO_CN), origin(PK_TO_KE));
    let open = accepted(&world());
    assert_eq!((open.closed_in(&cn), open.first_closed(&cn)), (None, None));
    let one = closed(vec![closing(PK_TO_CN, 10, ClosingReason::Compromised)]);
    assert_eq!((one.first_closed(&cn), one.first_closed(&ke)), (Some(10), Some(0)));
    let elsewhere = closed(vec![
        closing(PK_TO_CN, 10, ClosingReason::Compromised),
        closing(PK_TO_KE, 7, ClosingReason::Compromised),
    ]);
    assert_eq!(one.closed_in(&cn), elsewhere.closed_in(&cn));
    assert_ne!(one.closed_in(&ke), elsewhere.closed_in(&ke));
    for other in [closing(PK_TO_CN, 11, ClosingReason::Compromised), closing(PK_TO_CN, 10, ClosingReason::Rotated)] {
        assert_ne!(closed(vec![other]).closed_in(&cn), one.closed_in(&cn));
    }
    // Another authority's logs have nothing to do with it.
    let foreign = origin("customs.gov.cn/log/2026/tdap.gov.pk");
    assert_eq!(one.closed_in(&foreign), None);
}

#[test]
fn entries_beyond_the_final_size_of_a_closed_shard_are_void() {
    let shards = vec![ShardEnd { origin: origin(PK_TO_CN), final_size: 7 }];
    let list = accepted(&ListText { shards, ..world() });
    assert_eq!(ask(&list, PK_TO_CN, 6), KeyAuthority::Allowed);
    assert_eq!(ask(&list, PK_TO_CN, 7), KeyAuthority::Closed(ClosedBecause::ShardEnded { final_size: 7 }));
    assert_eq!(list.shard_final_size(&origin(PK_TO_CN)), Some(7));
    assert_eq!(list.shard_final_size(&origin(PK_TO_KE)), None);
}

#[test]
fn a_later_log_speaks_for_a_closed_one_of_the_same_authority_to_the_same_addressee() {
    let shards = vec![ShardEnd { origin: origin(PK_TO_CN), final_size: 7 }];
    let list = accepted(&ListText { shards, ..world() });
    let (closed, next) = (origin(PK_TO_CN), origin("tdap.gov.pk/log/2026-2/customs.gov.cn"));
    let speaks = |later: &str, log: &str| list.speaks_for(&origin(later), &origin(log));
    assert!(list.speaks_for(&next, &closed) && speaks("tdap.gov.pk/log/2027/customs.gov.cn", PK_TO_CN));
    assert!(speaks(PK_TO_CN, PK_TO_CN) && speaks(PK_TO_KE, PK_TO_KE), "each for itself");
    assert!(!speaks("tdap.gov.pk/log/2027/kra.go.ke", PK_TO_KE), "that one is open");
    assert!(!speaks("tdap.gov.pk/log/2027/kra.go.ke", PK_TO_CN), "to another");
    assert!(!speaks("customs.gov.cn/log/2027/customs.gov.cn", PK_TO_CN), "of another");
    assert!(!speaks("tdap.gov.pk/log/2025/customs.gov.cn", PK_TO_CN), "before it");
    assert_eq!(list.closed_before(&next), [(closed.clone(), 7)]);
    assert_eq!(list.closed_before(&closed), []);
}

#[test]
fn a_key_signs_within_its_scope_and_only_for_its_authority() {
    let mut text = pakistan();
    text.keys[0].kinds = vec!["certificate-of-origin".parse().unwrap()];
    text.keys[0].agreements = Some(vec!["CPFTA".parse().unwrap()]);
    text.keys[0].offices = Some(vec!["LHE".parse().unwrap()]);
    let list = accepted(&ListText { sections: vec![entry(text), entry(china()), entry(kenya())], ..world() });
    let ask = |name: &str, kind, agreement: Option<&str>, office: Option<&str>, log: &str| {
        let agreement = agreement.map(|code| code.parse().unwrap());
        let office = office.map(|code| code.parse().unwrap());
        list.may_sign(&iss(PK), &kid(name), kind, agreement.as_ref(), office.as_ref(), &origin(log), 0)
    };
    assert_eq!(ask("s-1", COO, Some("CPFTA"), Some("LHE"), PK_TO_CN), KeyAuthority::Allowed);
    assert_eq!(ask("s-1", COO, None, None, PK_TO_CN), KeyAuthority::Allowed);
    assert_eq!(ask("s-1", COO, Some("COMESA"), None, PK_TO_CN), KeyAuthority::OutOfScope(Scope::Agreement));
    assert_eq!(ask("s-1", COO, Some("CPFTA"), Some("KHI"), PK_TO_CN), KeyAuthority::OutOfScope(Scope::Office));
    assert_eq!(ask("s-1", Kind::KeyChange, None, None, PK_TO_ALL), KeyAuthority::OutOfScope(Scope::Kind));
    let status = KeyAuthority::OutOfScope(Scope::Use(ListedUse::Status));
    assert_eq!(ask("t-1", COO, None, None, PK_TO_CN), status);
    assert_eq!(ask("s-9", COO, None, None, PK_TO_CN), KeyAuthority::Unknown);
    let foreign = "customs.gov.cn/log/2026/tdap.gov.pk";
    assert_eq!(ask("s-1", COO, None, None, foreign), KeyAuthority::OutOfScope(Scope::Log));
    let stranger = list.may_sign(&iss("https://x.example"), &kid("s-1"), COO, None, None, &origin(PK_TO_CN), 0);
    assert_eq!(stranger, KeyAuthority::Unknown);
}

#[test]
fn a_status_key_signs_status_lists_and_a_statement_key_does_not() {
    let list = accepted(&world());
    let ask = |name: &str| list.may_sign_status(&iss(PK), &kid(name), &origin(PK_TO_CN), 3);
    assert_eq!(ask("t-1"), KeyAuthority::Allowed);
    assert_eq!(ask("s-1"), KeyAuthority::OutOfScope(Scope::Use(ListedUse::Statement)));
    assert_eq!(ask("x"), KeyAuthority::Unknown);
}

#[test]
fn the_list_answers_for_countries_zones_and_logs() {
    let list = accepted(&world());
    assert_eq!(list.authority_for(&"CN".parse().unwrap()), Some(&iss(CN)));
    assert_eq!(list.authority_for(&"LK".parse().unwrap()), None);
    assert_eq!(list.country(&iss(PK)), "PK".parse().ok());
    assert_eq!(list.time_zone(&iss(KE)).map(crate::time::ZoneName::as_str), Some("Africa/Nairobi"));
    let log = origin(PK_TO_CN);
    assert_eq!(list.log_key(&log), Some(VerifierKey::log(&log, public("tdap.gov.pk/log-2026"))));
    assert_eq!(list.log_key(&origin("tdap.gov.pk/log/2027/customs.gov.cn")), None);
    assert_eq!(list.log_key(&origin("x.example/log/2026/customs.gov.cn")), None);
    assert_eq!(list.section(&iss(PK)).map(|s| s.name("ur")), Some("Authority of PK"));
    assert_eq!(list.node_of(&iss(CN)).map(|n| n.name.as_str()), Some("node.cn"));
}
