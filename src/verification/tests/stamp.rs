//! What is promised of stamps: alone, beside their certificate, beside another's, and by every wrong key.

use super::world::{World, customs, iss, key, origin, question, seed, trust};
use crate::{
    signature::Signer as _,
    statement::{Presentation, Section, Stamp, open_leaf, redact},
    time::parse_date,
    trust::{Algorithm, Closing, ClosingReason, ListText, ListedKey, ListedUse, SectionText, ShardEnd, TrustList},
    verification::{
        Headline, LostEntries, Outcome, PaperSeen, Question, Say, Settings, StampPlace, Subject, Verdict, Verifier,
    },
};
use std::{convert::Infallible, sync::Arc};

const STAMP: u8 = 9;

/// The trust list with a stamp key, changed before it is signed.
fn listed(change: impl FnOnce(&mut SectionText, &mut ListText)) -> Arc<TrustList> {
    trust(|section, list| {
        section.keys.push(ListedKey {
            kid: "p1".parse().unwrap(),
            alg: Algorithm::EdDSA,
            x: key(STAMP).public_key(),
            r#use: ListedUse::Stamp,
            kinds: Vec::new(),
            agreements: None,
            offices: None,
            from: Vec::new(),
        });
        change(section, list);
    })
}

fn closed(until_index: u64, reason: ClosingReason) -> Arc<TrustList> {
    listed(|_, list| {
        let (iss, kid) = (iss(), "p1".parse().unwrap());
        list.closings.push(Closing { iss, kid, origin: origin(), until_index, reason });
    })
}

fn verifier(trust: &Arc<TrustList>) -> Verifier {
    Verifier::new(Arc::clone(trust), None, Settings::default())
}

fn stamp(world: &World) -> Stamp {
    let issued = &world.issued[world.certificate_at];
    let opened = open_leaf(issued.jwt.as_bytes(), &issued.disclosures).unwrap();
    Stamp::of(issued.jwt.as_bytes(), world.certificate_at as u64, &opened).unwrap()
}

fn signed(stamp: &Stamp, kid: &str, seed: u8) -> String {
    stamp.sign(&kid.parse().unwrap(), &key(seed)).unwrap().text
}

fn good() -> String {
    signed(&stamp(&World::settled()), "p1", STAMP)
}

fn alone(trust: &Arc<TrustList>, text: &str) -> Verdict {
    let verdict = verifier(trust).verify(text, &question());
    assert_eq!(verdict.checks.iter().map(|check| check.name).collect::<Vec<_>>(), Subject::ALL);
    assert_ne!((verdict.authentic.answer, verdict.usable.answer), (Say::Yes, Say::Yes));
    verdict
}

#[test]
fn a_stamp_alone_is_authentic_and_no_more() {
    let verdict = alone(&listed(|_, _| {}), &format!(" {}\n", good()));
    assert_eq!((verdict.headline, verdict.exit_code()), (Headline::StampAuthentic, 5), "{}", verdict.to_text());
    assert_eq!((verdict.authentic.answer, verdict.usable.answer), (Say::Unknown, Say::Unknown));
    assert_eq!((verdict.outcome(Subject::Key), verdict.outcome(Subject::Log)), (Outcome::Passed, Outcome::Unknown));
    let (text, json) = (verdict.to_text(), verdict.to_json());
    let shown = verdict.stamp.unwrap().stamp;
    for said in [shown.number.as_str(), "PK to CN", &format!("{} are carried", shown.carried()), "HS "] {
        assert!(text.contains(said), "{said} in {text}");
    }
    assert!(verdict.certificate.is_none() && json.contains("\"stamp\":{\"kid\":\"p1\",\"iss\":"), "{json}");
}

#[test]
fn what_a_stamp_says_of_itself_counts_against_it() {
    let list = listed(|_, _| {});
    let world = World::settled();
    let with = |change: &dyn Fn(&mut Stamp)| {
        let mut stamp = stamp(&world);
        change(&mut stamp);
        alone(&list, &signed(&stamp, "p1", STAMP)).headline
    };
    assert_eq!(with(&|stamp| stamp.valid_until = parse_date("2026-11-30")), Headline::Expired);
    assert_eq!(with(&|stamp| stamp.valid_until = None), Headline::StampAuthentic);
    assert_eq!(with(&|stamp| stamp.issued_on = parse_date("2027-01-01").unwrap()), Headline::NotYetValid);
    assert_eq!(with(&|stamp| stamp.to = "KE".parse().unwrap()), Headline::WrongAddressee);
    let reader = Question { reader: Some(customs()), ..question() };
    assert_eq!(
        verifier(&list).verify(&good(), &reader).headline,
        Headline::WrongAddressee,
        "the list names nobody for CN"
    );
}

#[test]
fn every_wrong_key_has_its_headline() {
    let (list, world) = (listed(|_, _| {}), World::settled());
    let by = |trust: &Arc<TrustList>, kid: &str, seed: u8| alone(trust, &signed(&stamp(&world), kid, seed)).headline;
    assert_eq!(by(&list, "p2", STAMP), Headline::UntrustedIssuer, "a key that is not listed");
    assert_eq!(by(&list, "p1", seed::STRANGER), Headline::BadSignature, "another key under its name");
    assert_eq!(by(&list, "s1", seed::STATEMENT), Headline::OutOfScope, "a statement key");
    assert_eq!(by(&list, "t1", seed::STATUS), Headline::OutOfScope, "a status key");
    assert_eq!(by(&trust(|_, _| {}), "p1", STAMP), Headline::UntrustedIssuer, "a list without stamp keys");
    // Where it stands is its own word: a closed key could say any place.
    for until in [0, 1, 2, 9] {
        assert_eq!(
            by(&closed(until, ClosingReason::Compromised), "p1", STAMP),
            Headline::Unproven,
            "closed at {until}"
        );
    }
    let ended = listed(|_, list| list.shards.push(ShardEnd { origin: origin(), final_size: 1 }));
    assert_eq!(by(&ended, "p1", STAMP), Headline::NotInLog, "a place beyond the log's end");
    let stale = listed(|_, list| list.next_update = super::world::at("2026-11-30T00:00:00Z"));
    assert_eq!(by(&stale, "p1", STAMP), Headline::TrustStale);
}

#[test]
fn what_is_no_stamp_is_unreadable_and_says_why() {
    let list = listed(|_, _| {});
    for bad in ["CO1:", "CO1:ABC", &good()[..60], &good().to_lowercase().replacen("co1:", "CO1:", 1)] {
        let verdict = verifier(&list).verify(bad, &question());
        assert_eq!(verdict.headline, Headline::Unreadable, "{bad}");
    }
}

#[test]
fn beside_its_certificate_a_stamp_changes_nothing_and_is_named() {
    let (list, world) = (listed(|_, _| {}), World::settled());
    let verdict = verifier(&list).verify_beside(&world.bundle().to_json(), &good(), &question());
    assert_eq!(verdict.headline, Headline::Valid, "{}", verdict.to_text());
    assert_eq!(verdict.outcome(Subject::Stamp), Outcome::Passed);
    assert!(verdict.certificate.is_some());
}

#[test]
fn beside_anothers_certificate_or_with_other_goods_it_is_altered() {
    let (list, world) = (listed(|_, _| {}), World::settled());
    let mut other = World::settled();
    other.issue();
    let second = signed(&stamp(&other), "p1", STAMP);
    let check = |stamp: &str, says: &str| {
        let verdict = verifier(&list).verify_beside(&world.bundle().to_json(), stamp, &question());
        assert_eq!(verdict.headline, Headline::Altered, "{}", verdict.to_text());
        assert_eq!(verdict.usable.answer, Say::No);
        assert!(verdict.check(Subject::Stamp).unwrap().sentence.contains(says), "{}", verdict.to_text());
    };
    check(&second, "another certificate");
    // By whoever has the stamp key: the leaf is the right one, the goods are not.
    let mut altered = stamp(&world);
    altered.items[0].hs = Some("010121".parse().unwrap());
    check(&signed(&altered, "p1", STAMP), "items");
}

#[test]
fn beside_its_certificate_a_closed_key_counts_by_the_place_that_is_proven() {
    let world = World::settled();
    let judged = |trust: &Arc<TrustList>| {
        verifier(trust).verify_beside(&world.bundle().to_json(), &good(), &question()).headline
    };
    let at = world.certificate_at as u64;
    assert_eq!(judged(&closed(at + 1, ClosingReason::Rotated)), Headline::Valid);
    assert_eq!(judged(&closed(at, ClosingReason::Compromised)), Headline::KeyClosed);
    let forged = signed(&stamp(&world), "p1", seed::STRANGER);
    let verdict = verifier(&listed(|_, _| {})).verify_beside(&world.bundle().to_json(), &forged, &question());
    assert_eq!(verdict.headline, Headline::BadSignature);
}

#[test]
fn a_node_that_has_the_log_says_how_it_stands_and_shows_nothing_but_the_stamp() {
    let (list, world) = (listed(|_, _| {}), World::settled());
    let bundle = world.bundle().to_json();
    let verdict = verifier(&list).verify_stamp(&good(), StampPlace::Certificate(&bundle), &question());
    assert_eq!(verdict.headline, Headline::Valid, "{}", verdict.to_text());
    assert!(verdict.certificate.is_none() && verdict.stamp.is_some());
    let exporter = world.certificate.exporter.party.name.as_str();
    assert!(!verdict.to_json().contains(exporter) && !verdict.to_text().contains(exporter));
    let another = verifier(&list).verify_stamp(&good(), StampPlace::Another, &question());
    assert_eq!((another.headline, another.authentic.answer), (Headline::NotInLog, Say::No));
}

#[test]
fn of_a_stamp_too_it_is_said_that_the_issuer_lost_what_it_names() {
    let (list, at) = (listed(|_, _| {}), World::settled().certificate_at as u64);
    let lost = |left| LostEntries { log: origin(), left, signed: left };
    let said = |partner_lost| {
        let asked = Question { partner_lost, ..question() };
        let verdict = verifier(&list).verify_stamp(&good(), StampPlace::Unseen, &asked);
        assert_eq!(verdict.headline, Headline::StampAuthentic);
        verdict.warnings.iter().any(|warning| warning.code == "PARTNER_LOG_LOST")
    };
    assert_eq!([None, Some(lost(at + 1)), Some(lost(at))].map(said), [false, false, true]);
}

/// An address as a look-up code has it.
fn address(host: &str, jti: &str) -> String {
    format!("HTTPS://{}/V/{jti}/ABCDEFGHJKMNPQRS", host.to_uppercase())
}

#[test]
fn a_look_up_code_of_another_certificate_makes_the_paper_altered() {
    let (list, world) = (listed(|_, _| {}), World::settled());
    let verifier = verifier(&list);
    let verdict = verifier.verify_beside(&world.bundle().to_json(), &good(), &question());
    let jti = verdict.statement.as_ref().unwrap().jti.clone();
    let host = iss().host().to_string();
    let seen = |look_up: &str| {
        let seen = PaperSeen { look_ups: vec![look_up], ..PaperSeen::default() };
        verifier.on_paper(vec![verdict.clone()], &seen).remove(0)
    };
    for own in [address(&host, &jti), address(&host, &jti).to_lowercase()] {
        let verdict = seen(&own);
        assert_eq!((verdict.headline, verdict.outcome(Subject::LookUp)), (Headline::Valid, Outcome::Passed), "{own}");
    }
    for foreign in [
        address(&host, "01KB6Z9QX5M3T8W2N4R6Y7C9DF"),
        address("tdap.gov.pk.example", &jti),
        format!("https://{host}/V/x/y"),
        "HTTPS:///V/".to_owned(),
    ] {
        let verdict = seen(&foreign);
        assert_eq!((verdict.headline, verdict.usable.answer), (Headline::Altered, Say::No), "{foreign}");
        let check = verdict.check(Subject::LookUp).unwrap();
        assert!(check.sentence.contains("of another certificate") && check.next.is_some(), "{}", check.sentence);
        assert!(verdict.to_json().contains("\"name\":\"look_up\",\"outcome\":\"failed\""));
    }
}

#[test]
fn of_a_stamp_alone_the_host_is_compared_and_nothing_is_said_of_what_is_not_known() {
    let list = listed(|_, _| {});
    let (verifier, host) = (verifier(&list), iss().host().to_string());
    let alone = verifier.verify(&good(), &question());
    let seen = |look_up: &str| {
        let seen = PaperSeen { look_ups: vec![look_up], ..PaperSeen::default() };
        verifier.on_paper(vec![alone.clone()], &seen).remove(0)
    };
    let same = seen(&address(&host, "01KB6Z9QX5M3T8W2N4R6Y7C9DF"));
    assert_eq!((same.headline, same.check(Subject::LookUp)), (Headline::StampAuthentic, None));
    assert_eq!(seen(&address("elsewhere.example", "01KB6Z9QX5M3T8W2N4R6Y7C9DF")).headline, Headline::Altered);
    // Two sheets on one picture: it may be the other one's.
    let seen = PaperSeen { look_ups: vec!["HTTPS://ELSEWHERE.EXAMPLE/V/x/y"], ..PaperSeen::default() };
    let unreadable = verifier.verify("CO1:ABC", &question());
    let both = verifier.on_paper(vec![alone.clone(), unreadable], &seen);
    assert_eq!(both[0].headline, Headline::StampAuthentic);
}

#[test]
fn of_the_stamps_on_a_paper_the_one_counts_that_leaves_the_least_to_rely_on() {
    let (list, world) = (listed(|_, _| {}), World::settled());
    let (verifier, bundle, own) = (verifier(&list), world.bundle().to_json(), good());
    let judged = |certificate, stamps: &[&str]| {
        let seen = PaperSeen { certificate, stamps: stamps.to_vec(), ..PaperSeen::default() };
        let alone = |text: &str| Ok::<_, Infallible>(verifier.verify(text, &question()));
        let Ok(verdicts) = verifier.verify_paper(&seen, &question(), alone);
        verdicts.iter().map(|verdict| verdict.headline).collect::<Vec<_>>()
    };
    assert_eq!(judged(Some(&bundle), &[]), [Headline::Valid]);
    assert_eq!(judged(Some(&bundle), &[&own]), [Headline::Valid]);
    assert_eq!(judged(Some(&bundle), &[&own, "CO1:ABC"]), [Headline::Unreadable]);
    assert_eq!(judged(None, &[&own, "CO1:ABC"]), [Headline::StampAuthentic, Headline::Unreadable]);
}

#[test]
fn a_page_without_the_stamp_that_its_authority_prints_is_named() {
    let world = World::settled();
    let judged = |trust: &Arc<TrustList>, token: &str, unstamped: bool| {
        let verifier = verifier(trust);
        let marks = vec![("PAGE_ANNOTATED", "A note.".to_owned())];
        let seen = PaperSeen { unstamped, marks, ..PaperSeen::default() };
        let verdict = verifier.on_paper(vec![verifier.verify(token, &question())], &seen).remove(0);
        assert_eq!(verdict.headline, verifier.verify(token, &question()).headline, "a page changes no headline");
        assert!(verdict.warnings.iter().any(|warning| warning.code == "PAGE_ANNOTATED"));
        assert!(verdict.to_text().contains("Note: A note. [PAGE_ANNOTATED]"));
        verdict.warnings.iter().any(|warning| warning.code == "PAGE_WITHOUT_STAMP")
    };
    let (list, whole) = (listed(|_, _| {}), world.bundle().token);
    assert!(judged(&list, &whole, true));
    assert!(!judged(&list, &whole, false), "one was read, or nobody looked");
    assert!(!judged(&trust(|_, _| {}), &whole, true), "an authority without a stamp key");
    let copy = redact(&Presentation::parse(&whole).unwrap(), &[Section::Commercial]).unwrap();
    assert!(!judged(&list, &copy, true), "a redacted copy carries no codes");
}

#[test]
fn the_text_of_a_verdict_that_came_as_json_is_its_own() {
    let (list, world) = (listed(|_, _| {}), World::settled());
    let verdict = verifier(&list).verify_beside(&world.bundle().to_json(), &good(), &question());
    let text = verdict.to_text();
    assert_eq!(Verdict::text_of(verdict.to_json().as_bytes()).as_deref(), Some(&*text));
    for said in ["Authentic and not withdrawn: yes.", "Usable on ", "rests on: ", "Certificate as signed"] {
        assert!(text.contains(said), "{said} in {text}");
    }
    assert_eq!(Verdict::text_of(b"{}"), None);
}
