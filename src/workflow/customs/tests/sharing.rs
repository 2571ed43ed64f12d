//! Links to a declaration: who makes them, what they show, and when they show nothing any more.

use super::{Corridor, account, reason};
use crate::{
    office::{ActState, Role},
    statement::{ResponseCode, ResponseReason},
    store::{Batch, StateChange, Store as _, Table},
    time::{Clock as _, Date},
    workflow::{ArrivedName, MatchWish, Notice, ShareWish},
};
use jiff::ToSpan as _;

impl Corridor {
    fn share(&self, declaration: &str, until: Date) -> ShareWish {
        let mut declared = MatchWish { issued_on: Some(self.today()), ..self.declared(declaration, "") };
        for line in &mut declared.declared.lines {
            (line.item, line.description) = (None, Some("Inflatable balls".parse().unwrap()));
        }
        ShareWish { declared, until }
    }

    /// Takes the keys away by which links are found by their certificate.
    fn links_are_of_an_earlier_version(&self) {
        let store = &self.china.store;
        let listed = store.records_under(Table::Share, b"c", usize::MAX).unwrap();
        assert!(!listed.is_empty());
        let state = listed.into_iter().map(|(id, _)| StateChange::RecordRemoved { table: Table::Share, id });
        store.commit(Batch { state: state.collect(), ..Batch::default() }).unwrap();
    }
}

#[tokio::test]
async fn a_link_shows_what_became_of_its_own_declaration_and_of_no_other() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let (share, secret) = customs.share(officer, corridor.share("D-1", corridor.today())).unwrap();
    assert!(secret.len() == 43 && !share.id.to_string().contains(secret.as_str()));
    customs.write_off(officer, corridor.write_off(1, "D-1", "800")).await.unwrap();
    let shared = customs.shared(&secret).unwrap();
    assert_eq!(shared.matched.balance[0].left, "16000");
    assert!(shared.matched.matching.differences.iter().any(|one| one.subject.to_string() == "description"));
    assert_eq!(shared.acts.len(), 1);

    // A denial that waits is nobody's to see, and the next declaration's is another importer's.
    let denied = (ResponseCode::PreferenceDenied, Some(ResponseReason::NotOriginating));
    let waits = customs.decide(officer, corridor.decision(2, Some(1), denied.0, denied.1)).await.unwrap();
    assert!(waits.statement.is_none());
    let (_, other) = customs.share(officer, corridor.share("D-2", corridor.today())).unwrap();
    let seen = customs.shared(&secret).unwrap();
    assert_eq!((seen.acts.len(), seen.matched.arrival.unwrap().waits), (1, false));
    assert!(customs.shared(&other).unwrap().acts.is_empty());
    let (request, name) = (corridor.china.request_id(4), corridor.name());
    customs.settle_denial(officer, &request, name, waits.act, false, None).await.unwrap();
    // Used up by the first, the second hears that it was, and not with which declaration.
    customs.write_off(officer, corridor.write_off(3, "D-1", "16000")).await.unwrap();
    let notices = customs.shared(&other).unwrap().matched.notices;
    assert!(notices.iter().any(|notice| notice.reason == "ALREADY_USED"), "{notices:?}");
    assert!(notices.iter().all(|notice| !notice.words.contains("D-1")), "{notices:?}");
    // As it stands after a restart.
    corridor.china.store.reload().unwrap();
    assert_eq!(corridor.china.desk().0.shared(&secret).unwrap().share.until, corridor.today());
}

#[tokio::test]
async fn a_link_shows_the_acts_of_its_declaration_however_that_was_typed() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    customs.write_off(officer, corridor.write_off(1, "D-1", "16800")).await.unwrap();
    for (number, office) in [("D-1", "CNSHA"), ("d-1", "CNSHA"), ("D1", "cnsha"), ("d 1", "CN SHA")] {
        let mut wish = corridor.share(number, corridor.today());
        wish.declared.declaration.office = office.parse().unwrap();
        let (_, secret) = customs.share(officer, wish).unwrap();
        let shared = customs.shared(&secret).unwrap();
        assert_eq!(shared.acts.len(), 1, "{number} at {office}");
        let other = |one: &Notice| one.words.contains("with another declaration");
        assert!(!shared.matched.notices.iter().any(other), "{number} at {office}");
    }
    let (_, secret) = customs.share(officer, corridor.share("D-11", corridor.today())).unwrap();
    assert!(customs.shared(&secret).unwrap().acts.is_empty());
}

#[tokio::test]
async fn a_link_says_what_would_be_refused_as_a_match_does_but_with_which_other_declaration_it_was_used() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    customs.write_off(officer, corridor.write_off(1, "D-1", "16000")).await.unwrap();
    let seen = |declaration: &str| {
        let declared = corridor.declared(declaration, "900");
        let wish = ShareWish { declared: declared.clone(), until: corridor.today() };
        let (_, secret) = customs.share(officer, wish).unwrap();
        let told = |notices: Vec<Notice>| {
            let of_it = notices.into_iter().filter(|one| one.reason == "BALANCE_EXCEEDED");
            of_it.map(|one| (one.blocks, one.words)).collect::<Vec<_>>()
        };
        let matched = customs.match_declaration(officer, &declared).unwrap();
        (told(matched.notices), told(customs.shared(&secret).unwrap().matched.notices))
    };
    let (matched, shared) = seen("D-2");
    let ([(true, matched)], [(true, shared)]) = (matched.as_slice(), shared.as_slice()) else { panic!() };
    assert!(matched.starts_with(shared.as_str()) && matched.contains("D-1") && !shared.contains("D-1"), "{shared}");
    assert!(seen("D-1").1.is_empty(), "what is written off with it is done");
    // What waits is nobody's to see, also by what it would refuse.
    let waits = corridor.waits(2, Some(1)).await;
    let wish = ShareWish { declared: corridor.declared("D-3", "1"), until: corridor.today() };
    let (_, secret) = customs.share(officer, wish).unwrap();
    let reasons = || customs.shared(&secret).unwrap().matched.notices.into_iter().map(|one| (one.reason, one.blocks));
    assert!(reasons().all(|(reason, _)| reason != "DENIAL_WAITS"));
    assert_eq!(corridor.settles(3, waits, true).await, "none");
    assert!(reasons().any(|told| told == ("PREFERENCE_NOT_GRANTED", true)), "as a write-off would be refused");
}

#[tokio::test]
async fn a_link_is_known_by_the_number_of_its_certificate_until_that_is_erased() {
    let corridor = Corridor::open().await;
    let customs = &corridor.customs;
    customs.share(&corridor.officer, corridor.share("D-1", corridor.today())).unwrap();
    let number = || {
        let page = customs.shares(&corridor.officer, "", 0).unwrap();
        customs.number_of(&page.shares[0]).unwrap()
    };
    assert_eq!(number(), Some(corridor.number()));
    // As an earlier version kept it: not found by its certificate.
    corridor.links_are_of_an_earlier_version();
    corridor.erases();
    assert_eq!(number(), None);
}

#[tokio::test]
async fn what_a_link_keeps_of_an_importer_goes_with_what_its_certificate_says_and_no_other_is_made() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let number = corridor.exporting.issue(&corridor.pakistan.signatory, &corridor.pakistan.footballs(2)).await;
    let mut other = corridor.share("D-2", corridor.today());
    other.declared.certificate = ArrivedName::Number(number.unwrap().outcome.number.unwrap(), None);
    let (_, left) = customs.share(officer, other).unwrap();
    let secrets = [1, 2].map(|_| customs.share(officer, corridor.share("D-1", corridor.today())).unwrap().1);
    let before = corridor.china.store.records(Table::Share).unwrap().len();
    corridor.erases();
    for secret in secrets {
        assert_eq!(reason(customs.shared(&secret)), "SHARE_UNKNOWN");
    }
    customs.shared(&left).unwrap();
    let rows = corridor.china.store.records(Table::Share).unwrap();
    assert_eq!(rows.len() * 3, before, "nothing of the others, by whatever it was found");
    let again = corridor.share("D-1", corridor.today());
    let again = ShareWish { declared: MatchWish { certificate: corridor.by_jti(), ..again.declared }, ..again };
    assert_eq!(reason(customs.share(officer, again)), "CONTENTS_ERASED");
}

#[tokio::test]
async fn a_link_that_an_earlier_version_made_shows_nothing_once_its_certificate_is_erased() {
    let corridor = Corridor::open().await;
    let customs = &corridor.customs;
    let (_, secret) = customs.share(&corridor.officer, corridor.share("D-1", corridor.today())).unwrap();
    corridor.links_are_of_an_earlier_version();
    customs.shared(&secret).unwrap();
    corridor.erases();
    assert_eq!(reason(customs.shared(&secret)), "SHARE_UNKNOWN");
}

#[tokio::test]
async fn a_denial_that_a_later_decision_took_the_place_of_is_shown_as_over() {
    let corridor = Corridor::open().await;
    let customs = &corridor.customs;
    let (_, secret) = customs.share(&corridor.officer, corridor.share("D-1", corridor.today())).unwrap();
    let denied = (ResponseCode::PreferenceDenied, Some(ResponseReason::NotOriginating));
    let accepted = (ResponseCode::AcceptedForClaim, None);
    let counts = || {
        let acts = customs.shared(&secret).unwrap().acts;
        acts.iter().map(|act| (act.number, act.state == ActState::Counts)).collect::<Vec<_>>()
    };
    for (nth, (code, why)) in [(1, denied), (3, accepted)] {
        let waits = customs.decide(&corridor.officer, corridor.decision(nth, Some(1), code, why)).await.unwrap();
        let (request, name) = (corridor.china.request_id(nth + 1), corridor.name());
        let settled = customs.settle_denial(&corridor.supervisor, &request, name, waits.act, true, None).await;
        settled.unwrap();
        assert_eq!(counts().last(), Some(&(waits.act, true)));
    }
    assert_eq!(counts(), [(1, false), (2, true)]);
    // What is used afterwards decides nothing.
    customs.write_off(&corridor.officer, corridor.write_off(5, "D-1", "1")).await.unwrap();
    assert_eq!(counts(), [(1, false), (2, true), (3, true)]);
}

#[tokio::test]
async fn a_link_ends_with_its_last_day_or_when_it_is_taken_back() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let (first, first_secret) = customs.share(officer, corridor.share("D-1", corridor.today())).unwrap();
    let (second, second_secret) = customs.share(officer, corridor.share("D-1", corridor.today() + 10.days())).unwrap();
    assert_eq!(customs.shares(officer, "", 0).unwrap().shares.len(), 2);
    customs.revoke_share(&corridor.colleague, &first.id).unwrap();
    assert_eq!(reason(customs.shared(&first_secret)), "SHARE_UNKNOWN");
    assert_eq!(reason(customs.revoke_share(officer, &first.id)), "SHARE_UNKNOWN");

    let day = jiff::SignedDuration::from_hours(24);
    corridor.china.clock.set(corridor.china.clock.now() + day * 10);
    customs.shared(&second_secret).unwrap();
    corridor.china.clock.set(corridor.china.clock.now() + day);
    assert!(customs.shared(&second_secret).is_err() && customs.shares(officer, "", 0).unwrap().shares.is_empty());
    // It is kept no longer than a day behind its end, though nobody makes another.
    let third = customs.share(officer, corridor.share("D-3", corridor.today())).unwrap().1;
    customs.sweep_shares().unwrap();
    assert_eq!(reason(customs.revoke_share(officer, &second.id)), "SHARE_UNKNOWN");
    customs.shared(&third).unwrap();
    corridor.china.clock.set(corridor.china.clock.now() + day);
    customs.sweep_shares().unwrap();
    assert!(corridor.china.store.records(Table::Share).unwrap().is_empty());
}

#[tokio::test]
async fn links_are_made_by_customs_alone_within_a_year_and_guessed_by_nobody() {
    let corridor = Corridor::open().await;
    let (customs, today) = (&corridor.customs, corridor.today());
    let auditor = account("A. Stranger", Role::Auditor, 35);
    assert_eq!(reason(customs.share(&auditor, corridor.share("D-1", today))), "PERMISSION_DENIED");
    for until in [today - 1.day(), today + 367.days()] {
        assert_eq!(reason(customs.share(&corridor.officer, corridor.share("D-1", until))), "SHARE_END_WRONG");
    }
    for wrong in ["", "shr_0f6c1b2a9d4e5f60718293a4", &"A".repeat(43), &"A".repeat(44)] {
        assert!(customs.shared(wrong).is_err(), "{wrong}");
    }
}
