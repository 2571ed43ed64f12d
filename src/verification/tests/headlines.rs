//! Each way of spoiling a valid bundle gives exactly its headline.
//!
//! `STAMP_AUTHENTIC` is not among them: a bundle is no stamp.

use super::world::{
    URI, World, at, aud, cosigned, customs, iss, key, origin, plain_trust, question, seed, trust, verify, verify_text,
    witness_asked,
};
use crate::signature::Signer as _;
use crate::{
    agreement::Agreements,
    statement::{Act, Bundle, Presentation, Section, Since, StatementRef, StatusList, redact, status_list::StatusPath},
    time::Date,
    trust::{Closing, ClosingReason, ShardEnd},
    verification::{Equivocation, Headline, LostEntries, Outcome, Question, Say, Settings, Subject, Verdict, Verifier},
};
use std::sync::Arc;

fn withdrawn(date: Date) -> Act {
    Act::Withdrawn { since: Since::Date(date) }
}

fn redacted(world: &World, drop: &[Section]) -> String {
    let token = world.bundle().token;
    redact(&Presentation::parse(&token).unwrap(), drop).unwrap()
}

/// The token without the disclosure at this place.
fn without(token: &str, place: usize) -> String {
    let parts = token.split('~').enumerate().filter(|(i, _)| *i != place + 1).map(|(_, part)| part);
    parts.collect::<Vec<_>>().join("~")
}

fn flip(text: &str, place: usize) -> String {
    let mut bytes = text.as_bytes().to_vec();
    bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
    String::from_utf8(bytes).unwrap()
}

fn closing(until_index: u64, reason: ClosingReason) -> Closing {
    let (iss, kid) = (iss(), "s1".parse().unwrap());
    Closing { iss, kid, origin: super::world::origin(), until_index, reason }
}

fn changed(act: Act, items: Option<&[u32]>) -> World {
    let mut world = World::issued();
    world.change(act, items);
    world.snapshot(super::world::SNAPSHOT);
    world
}

/// Every case, with the headline it must have.
fn cases() -> Vec<(&'static str, Headline, Verdict)> {
    use Headline as H;
    let (plain, settled, asked) = (plain_trust(), World::settled(), question());
    let whole = settled.bundle();
    let with = |change: &dyn Fn(&mut crate::statement::Bundle)| {
        let mut bundle = whole.clone();
        change(&mut bundle);
        bundle
    };
    let successor = StatementRef { log: super::world::origin(), jti: settled.envelope(9).jti };
    let mut cases = vec![
        ("nothing spoilt", H::Valid, verify(&plain, &whole, &asked)),
        ("an empty input", H::Unreadable, verify_text(&plain, "", &asked)),
        ("another document", H::Unreadable, verify_text(&plain, "{\"number\":1}", &asked)),
        ("an unknown member", H::Unreadable, verify_text(&plain, "{\"token\":\"a~\",\"more\":1}", &asked)),
        ("a snapshot for a certificate", H::Unreadable, { verify_text(&plain, &settled.issued[0].token(), &asked) }),
        ("a signature of nobody", H::BadSignature, {
            let place = whole.token.find('~').unwrap() - 20;
            verify(&plain, &with(&|b| b.token = flip(&b.token, place)), &asked)
        }),
        ("an issuer the list does not know", H::UntrustedIssuer, {
            let other = trust(|section, _| section.keys[0].kid = "s0".parse().unwrap());
            verify(&other, &whole, &asked)
        }),
        ("a disclosure of another certificate", H::Altered, {
            let mut other = World::empty();
            other.certificate.goods.items[0].description = "Cricket balls".parse().unwrap();
            other.issue();
            let mine = whole.token.split('~').collect::<Vec<_>>();
            let theirs = other.issued[1].token();
            let mut parts = mine.clone();
            parts[9] = theirs.split('~').nth(9).unwrap();
            verify(&plain, &with(&|b| b.token = parts.join("~")), &asked)
        }),
        ("a key for another agreement", H::OutOfScope, {
            let other = trust(|section, _| section.keys[0].agreements = Some(vec!["COMESA".parse().unwrap()]));
            verify(&other, &whole, &asked)
        }),
        ("a key for another office", H::OutOfScope, {
            let other = trust(|section, _| section.keys[0].offices = Some(vec!["KHI".parse().unwrap()]));
            verify(&other, &whole, &asked)
        }),
        ("a key for other kinds", H::OutOfScope, {
            let other = trust(|section, _| drop(section.keys[0].kinds.remove(0)));
            verify(&other, &whole, &asked)
        }),
        ("a key closed before this place", H::KeyClosed, {
            let closed = trust(|_, list| list.closings.push(closing(1, ClosingReason::Rotated)));
            verify(&closed, &whole, &asked)
        }),
        ("two histories in the bundle itself", H::Equivocated, {
            let mut other = World::issued();
            other.add_change(Act::Suspended, None);
            let mut bundle = whole.clone();
            bundle.proof = Some(other.proof(other.certificate_at));
            verify(&plain, &bundle, &asked)
        }),
        ("two histories known before", H::Equivocated, {
            let mut other = World::issued();
            other.add_change(Act::Suspended, None);
            let found = Equivocation::prove(&plain, &settled.note(3), &other.note(3), None).unwrap();
            let settings = Settings { equivocations: vec![found] };
            Verifier::new(Arc::clone(&plain), None, settings).verify(&whole.to_json(), &asked)
        }),
        ("a proof of another entry", H::NotInLog, {
            verify(&plain, &with(&|b| b.proof.clone_from(&b.status_proof)), &asked)
        }),
        ("a checkpoint by another key", H::NotInLog, {
            let other = trust(|section, _| section.log_keys[0].x = key(seed::STRANGER).public_key());
            verify(&other, &whole, &asked)
        }),
        ("an entry beyond the end of the log", H::NotInLog, {
            let ended = trust(|_, list| {
                list.shards.push(ShardEnd { origin: super::world::origin(), final_size: 1 });
            });
            verify(&ended, &whole, &asked)
        }),
        ("an authority that is not the country's", H::WrongAddressee, {
            let mut world = World::empty();
            world.certificate.to = "EG".parse().unwrap();
            world.issue();
            world.snapshot(super::world::SNAPSHOT);
            world.verify()
        }),
        ("another reader", H::WrongAddressee, {
            let mut asked = asked.clone();
            asked.reader = Some("https://customs.gov.eg".parse().unwrap());
            verify(&plain, &whole, &asked)
        }),
        ("cancelled", H::Cancelled, changed(Act::Cancelled, None).verify()),
        ("withdrawn", H::Withdrawn, changed(Act::Withdrawn { since: Since::Issue }, None).verify()),
        ("superseded", H::Superseded, changed(Act::Superseded { successor }, None).verify()),
        ("the day after the last", H::Expired, {
            verify(&plain, &whole, &asked.clone().on(Some(Date::constant(2027, 11, 12))))
        }),
        ("the day before the first", H::NotYetValid, {
            verify(&plain, &whole, &asked.clone().on(Some(Date::constant(2026, 11, 11))))
        }),
        ("suspended", H::SuspendedByIssuer, changed(Act::Suspended, None).verify()),
        ("without its reference", H::Incomplete, verify(&plain, &with(&|b| b.token = without(&b.token, 0)), &asked)),
        ("without an item", H::Incomplete, verify(&plain, &with(&|b| b.token = without(&b.token, 8)), &asked)),
        ("redacted for the customs it is addressed to", H::Incomplete, {
            let joined = trust(|_, list| {
                list.addressees.insert("CN".parse().unwrap(), customs());
            });
            let mut asked = asked.clone();
            asked.reader = Some(customs());
            verify(&joined, &with(&|b| b.token = redacted(&settled, &[Section::Commercial])), &asked)
        }),
        ("a trust list past its next update", H::TrustStale, {
            let mut asked = asked.clone().on(Some(Date::constant(2026, 12, 1)));
            asked.at = at("2026-12-31T00:00:01Z");
            verify(&plain, &whole, &asked)
        }),
        ("the token alone", H::Unproven, verify_text(&plain, &whole.token, &asked)),
        ("a closed key without a proof", H::Unproven, {
            let closed = trust(|_, list| list.closings.push(closing(9, ClosingReason::Rotated)));
            verify_text(&closed, &whole.token, &asked)
        }),
        ("a witness asked for and absent", H::NotCosigned, verify(&witness_asked(), &whole, &asked)),
        ("no status", H::StatusUnknown, {
            verify(
                &plain,
                &with(&|b| (b.status, b.status_path, b.status_statement, b.status_proof) = (None, None, None, None)),
                &asked,
            )
        }),
        ("half a status", H::StatusUnknown, verify(&plain, &with(&|b| b.status_path = None), &asked)),
        ("a status older than accepted", H::StatusUnknown, {
            let mut asked = asked.clone();
            asked.at = at("2026-12-08T06:00:01Z");
            verify(&plain, &whole, &asked)
        }),
        ("in part, and which items is not presented", H::StatusUnknown, {
            let mut bundle = changed(Act::Suspended, Some(&[2])).bundle();
            bundle.changes.clear();
            verify(&plain, &bundle, &asked)
        }),
        ("in part", H::ValidInPart, changed(withdrawn(Date::constant(2026, 11, 20)), Some(&[2])).verify()),
        ("redacted", H::ValidRedacted, {
            verify(&plain, &with(&|b| b.token = redacted(&settled, &[Section::Commercial, Section::Producer])), &asked)
        }),
    ];
    cases.push(("a witness asked for and there", H::Valid, {
        let mut bundle = whole.clone();
        for proof in [&mut bundle.proof, &mut bundle.status_proof] {
            *proof = proof.as_deref().map(|proof| cosigned(proof, "node.eac.int/witness", seed::WITNESS));
        }
        verify(&witness_asked(), &bundle, &asked)
    }));
    cases
}

#[test]
fn each_way_of_spoiling_a_bundle_has_its_headline() {
    let cases = cases();
    for (what, expected, verdict) in &cases {
        assert_eq!(verdict.headline, *expected, "{what}: {}", verdict.to_text());
        assert_eq!(verdict.checks.iter().map(|check| check.name).collect::<Vec<_>>(), Subject::ALL, "{what}");
        assert_eq!(verdict.exit_code(), expected.exit_code());
        if *expected == Headline::Valid {
            assert!(verdict.checks.iter().all(|check| check.outcome == Outcome::Passed), "{what}");
            assert_eq!((verdict.authentic.answer, verdict.usable.answer), (Say::Yes, Say::Yes), "{what}");
        }
    }
    let reached = |headline| cases.iter().any(|(_, expected, _)| *expected == headline);
    let missing = Headline::ALL.into_iter().filter(|headline| !reached(*headline)).collect::<Vec<_>>();
    assert_eq!(missing, [Headline::StampAuthentic]);
}

#[test]
fn no_verdict_but_a_good_one_says_yes_twice() {
    for (what, headline, verdict) in cases() {
        let both = (verdict.authentic.answer, verdict.usable.answer) == (Say::Yes, Say::Yes);
        let good = matches!(headline, Headline::Valid | Headline::ValidRedacted | Headline::ValidInPart);
        assert_eq!(both, good, "{what}: {}", verdict.to_text());
    }
}

#[test]
fn being_withdrawn_later_and_being_usable_then_are_two_answers() {
    let world = changed(withdrawn(Date::constant(2026, 12, 24)), None);
    let verdict = world.verify();
    assert_eq!(verdict.headline, Headline::Withdrawn);
    assert_eq!((verdict.authentic.answer, verdict.usable.answer), (Say::No, Say::Yes), "{}", verdict.to_text());
    assert!(
        verdict.sentence.contains("from 2026-12-24 on; on 2026-12-01 it was still in force"),
        "{}",
        verdict.sentence
    );
}

#[test]
fn a_day_of_use_long_past_does_not_make_an_old_status_fresh() {
    // Withdrawn on 12 December; the holder shows the bundle of 1 December and names the day before.
    let (old, mut asked) = (World::settled().bundle(), question().on(Some(Date::constant(2026, 12, 1))));
    asked.at = at("2026-12-30T09:00:00Z");
    let verdict = verify(&plain_trust(), &old, &asked);
    assert_eq!(verdict.headline, Headline::StatusUnknown, "{}", verdict.to_text());
    let basis = verdict.check(Subject::Status).unwrap().rests_on.clone().unwrap();
    assert_eq!(basis.age_seconds, Some(29 * 86_400 + 3 * 3_600));
    // Who repeats the verdict of that day asks as of its instant.
    asked.at = at(super::world::NOW);
    assert_eq!(verify(&plain_trust(), &old, &asked).headline, Headline::Valid);
}

#[test]
fn details_that_were_not_presented_are_said_to_be_missing() {
    let mut bundle = changed(withdrawn(Date::constant(2026, 11, 20)), None).bundle();
    bundle.changes.clear();
    let verdict = verify(&plain_trust(), &bundle, &question());
    assert_eq!(verdict.headline, Headline::Withdrawn);
    assert!(verdict.sentence.contains("Details were not presented"), "{}", verdict.sentence);
}

#[test]
fn an_old_list_cannot_be_shown_under_the_place_of_another_list_with_those_contents() {
    // List 1 is still empty, as list 0 was before the withdrawal; the attacker kept the old token of list 0.
    let mut world = World::issued();
    world.change(withdrawn(Date::constant(2026, 11, 20)), None);
    let (now, then) = (world.list.digest(), StatusList::new());
    let snapshot = crate::statement::StatusSnapshot {
        as_of: at(super::world::SNAPSHOT).as_second().try_into().unwrap(),
        size: world.issued.len() as u64,
        lists: 2,
        lists_root: crate::statement::status_list::lists_root(&[now, then.digest()]),
    };
    let place = world.add(&crate::statement::Body::StatusSnapshot(snapshot));
    let mut bundle = world.bundle();
    bundle.changes.clear();
    bundle.status = Some(World::status_token(&then, URI));
    bundle.status_path = Some(StatusPath::new(&[now, then.digest()], 1).unwrap().to_string());
    bundle.status_statement = Some(world.issued[place].jwt.clone());
    bundle.status_proof = Some(world.proof(place));
    let verdict = verify(&plain_trust(), &bundle, &question());
    assert_eq!(verdict.headline, Headline::StatusUnknown, "{}", verdict.to_text());
}

#[test]
fn a_certificate_after_the_last_snapshot_is_not_changed_as_of_that_snapshot() {
    let mut world = World::empty();
    world.snapshot(super::world::SNAPSHOT);
    world.issue();
    let verdict = world.verify();
    assert_eq!(verdict.headline, Headline::Valid, "{}", verdict.to_text());
    let basis = verdict.check(Subject::Status).unwrap().rests_on.clone().unwrap();
    assert_eq!(basis.age_seconds, Some(3 * 3_600));
}

#[test]
fn what_a_compromised_key_took_away_stays_away_and_what_it_gave_back_does_not() {
    let closed = trust(|_, list| list.closings.push(closing(2, ClosingReason::Compromised)));
    let rotated = trust(|_, list| list.closings.push(closing(2, ClosingReason::Rotated)));
    let mut world = World::settled();
    world.add_change(Act::Suspended, None);
    let suspended = verify(&closed, &world.bundle(), &question());
    assert_eq!(suspended.headline, Headline::SuspendedByIssuer, "{}", suspended.to_text());
    assert_eq!(verify(&rotated, &world.bundle(), &question()).headline, Headline::StatusUnknown);
    world.add_change(Act::Reinstated, None);
    let still = verify(&closed, &world.bundle(), &question());
    assert_eq!(still.headline, Headline::SuspendedByIssuer, "{}", still.to_text());
    assert_eq!(verify(&plain_trust(), &world.bundle(), &question()).headline, Headline::Valid);
}

#[test]
fn a_forged_change_changes_nothing_and_is_named() {
    let mut world = World::settled();
    world.signer = seed::STRANGER;
    world.add_change(Act::Cancelled, None);
    let verdict = world.verify();
    assert_eq!(verdict.headline, Headline::Valid);
    assert!(verdict.warnings.iter().any(|w| w.code == "CHANGE_NOT_COUNTED"), "{}", verdict.to_text());
}

#[test]
fn a_certificate_for_a_country_that_joined_since_stays_addressed_to_it() {
    let joined = trust(|_, list| {
        list.addressees.insert("CN".parse().unwrap(), customs());
    });
    let mut asked = question();
    asked.reader = Some(customs());
    let verdict = verify(&joined, &World::settled().bundle(), &asked);
    assert_eq!(verdict.headline, Headline::Valid, "{}", verdict.to_text());
    assert_eq!(aud().label(), "cn");
}

#[test]
fn that_its_own_node_lost_entries_is_said_of_what_may_be_among_them_or_changed_by_them_and_counts_against_nothing() {
    let world = World::settled();
    let (at, mut bundle) = (world.certificate_at as u64, world.bundle());
    let lost = |left, gone| LostEntries { log: origin(), left, signed: left + gone };
    let said = |bundle: &Bundle, partner_lost| {
        let verdict = verify(&plain_trust(), bundle, &Question { partner_lost, ..question() });
        let mut warnings = verdict.warnings.into_iter();
        let told = warnings.find(|one| one.code == "PARTNER_LOG_LOST").map(|one| one.sentence);
        (verdict.headline, told.unwrap_or_default())
    };
    for nothing in [None, Some(lost(at + 1, 0))] {
        assert_eq!(said(&bundle, nothing), (Headline::Valid, String::new()));
    }
    // Withdrawn by what is lost it would be valid by all that is known.
    let (headline, told) = said(&bundle, Some(lost(at + 1, 1)));
    assert_eq!(headline, Headline::Valid);
    assert!(told.contains("lost 1 entry of") && told.contains("good: a change of its status may be among"), "{told}");
    // That its node knows of fewer that were signed for says nothing of one that is proven.
    for gone in [0, 1] {
        let (headline, told) = said(&bundle, Some(lost(at, gone)));
        assert_eq!(headline, Headline::Valid);
        assert!(
            told.contains(&format!("lost 1 entry of the log {} for good: entry {at} is among", origin())),
            "{told}"
        );
    }
    // At no proven place it may be any.
    bundle.proof = None;
    let (headline, told) = said(&bundle, Some(lost(at + 1, 1)));
    assert_eq!(headline, Headline::Unproven);
    assert!(told.contains("this may be among them, and a change of its status"), "{told}");
}

#[test]
fn nobody_cosigned_and_the_verdict_says_so() {
    let verdict = World::settled().verify();
    assert!(verdict.warnings.iter().any(|w| w.code == "COSIGNED_BY_NOBODY"));
    assert!(verdict.to_text().contains("cosigned by nobody"));
}

#[test]
fn the_day_is_the_importing_countrys_where_its_zone_is_known() {
    let mut asked = question();
    asked.at = at("2026-12-01T20:00:00Z");
    let verdict = verify(&plain_trust(), &World::settled().bundle(), &asked);
    let day = verdict.as_of.unwrap();
    assert_eq!((day.date.to_string().as_str(), day.zone.as_str(), day.asked), ("2026-12-02", "Asia/Shanghai", false));
}

fn with_agreements(text: &str, world: &World, asked: &crate::verification::Question) -> Verdict {
    let agreements = Arc::new(Agreements::load([("a.toml", text)]).unwrap());
    let digest = agreements.digest().to_owned();
    let verdict =
        Verifier::new(plain_trust(), Some(agreements), Settings::default()).verify(&world.bundle().to_json(), asked);
    assert_eq!(verdict.agreements_digest, Some(digest));
    verdict
}

const CPFTA: &str = include_str!("../../../node-config/agreements/cpfta.toml");

/// The world's certificate, under the edition of the file.
fn under_the_file() -> World {
    let agreements = Agreements::load([("a.toml", CPFTA)]).unwrap();
    let edition = &agreements.get(&"CPFTA".parse().unwrap()).unwrap().editions[0];
    let mut world = World::empty();
    world.certificate.edition = edition.code.clone();
    world.issue();
    world.snapshot(super::world::SNAPSHOT);
    world
}

#[test]
fn being_late_names_the_agreements_rule() {
    let late = question().on(Some(Date::constant(2027, 11, 12)));
    let unknown = verify(&plain_trust(), &World::settled().bundle(), &late);
    assert!(unknown.sentence.contains("unknown: its file was not given"), "{}", unknown.sentence);
    let ruled = CPFTA.replace(
        "late_presentation = { confirmed = false }",
        "late_presentation = { value = \"imported_in_time\", article = \"Rule 9\", confirmed = true }",
    );
    assert_ne!(ruled, CPFTA, "the file of the agreement says something about being late by now");
    let verdict = with_agreements(&ruled, &under_the_file(), &late);
    assert_eq!(verdict.headline, Headline::Expired);
    assert!(verdict.sentence.contains("where the goods came in time (Rule 9)."), "{}", verdict.sentence);
    assert_eq!((verdict.authentic.answer, verdict.usable.answer), (Say::Yes, Say::No));
}

#[test]
fn a_required_endorsement_that_is_awaited_makes_it_incomplete_if_it_is_confirmed() {
    let required = |confirmed: bool| {
        format!(
            "{CPFTA}\n[[editions.endorsements]]\nact = \"legalised\"\nby = \"the embassy\"\nto = [\"CN\"]\n\
             article = \"Rule 1\"\nconfirmed = {confirmed}\n"
        )
    };
    let world = under_the_file();
    assert_eq!(with_agreements(CPFTA, &world, &question()).headline, Headline::Valid);
    let awaited = with_agreements(&required(true), &world, &question());
    assert_eq!(awaited.headline, Headline::Incomplete);
    assert!(awaited.sentence.contains("legalised by the embassy (Rule 1)"), "{}", awaited.sentence);
    let perhaps = with_agreements(&required(false), &world, &question());
    assert_eq!(perhaps.headline, Headline::Valid);
    assert!(perhaps.warnings.iter().any(|w| w.code == "ENDORSEMENT_PERHAPS_REQUIRED"));
}

#[test]
fn what_a_holder_may_drop_is_not_called_missing() {
    let world = World::settled();
    let token = redacted(&world, &[Section::Commercial]);
    let bundle = Bundle { token: without(&token, 0), ..world.bundle() };
    let verdict = verify(&trust(|_, _| {}), &bundle, &question());
    assert_eq!(verdict.headline, Headline::Incomplete);
    assert!(verdict.sentence.contains("drop it: reference."), "{}", verdict.sentence);
}
