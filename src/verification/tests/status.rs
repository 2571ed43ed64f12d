//! What a word on the status must rest on before it counts.

use super::world::{
    SNAPSHOT, World, at, cosigned, key, origin, plain_trust, question, second_key, seed, trust, verify, witness_asked,
};
use crate::{
    encoding::base64,
    signature::Signer as _,
    statement::{Act, Body, Bundle, Since, StatusSnapshot, status_list::lists_root},
    time::Date,
    trust::{ListedKey, ShardEnd, TrustList},
    verification::{Headline, Question, Subject, Verdict},
};

const WITNESS: &str = "node.eac.int/witness";

fn cosign(proof: &mut String) {
    *proof = cosigned(proof, WITNESS, seed::WITNESS);
}

fn not_counted(verdict: &Verdict, why: &str) -> bool {
    verdict.warnings.iter().any(|warning| warning.code == "CHANGE_NOT_COUNTED" && warning.sentence.contains(why))
}

/// The bundle with proofs in the head of `size` entries, for certificate and status.
fn resting_on(world: &World, size: usize, snapshot: usize) -> Bundle {
    let mut bundle = world.bundle();
    bundle.proof = Some(world.proof_in(world.certificate_at, size));
    bundle.status_proof = Some(world.proof_in(snapshot, size));
    bundle
}

#[test]
fn what_gives_force_back_must_be_cosigned_and_what_takes_it_away_need_not() {
    let mut world = World::settled();
    world.add_change(Act::Suspended, None);
    let mut bundle = resting_on(&world, 3, 2);
    bundle.proof.iter_mut().chain(&mut bundle.status_proof).for_each(cosign);
    let suspended = verify(&witness_asked(), &bundle, &question());
    assert_eq!(suspended.headline, Headline::SuspendedByIssuer, "{}", suspended.to_text());

    world.add_change(Act::Reinstated, None);
    bundle.changes = world.bundle().changes;
    let shown_to_one = verify(&witness_asked(), &bundle, &question());
    assert_eq!(shown_to_one.headline, Headline::SuspendedByIssuer, "{}", shown_to_one.to_text());
    assert!(not_counted(&shown_to_one, "lacks cosignatures"), "{}", shown_to_one.to_text());
    assert!(not_counted(&shown_to_one, "ask its issuer's node"), "{}", shown_to_one.to_text());
    let says = |verdict: &Verdict| {
        verdict.check(Subject::Status).unwrap().sentence.contains("reinstated on 2026-11-12 (entry 4)")
    };
    assert!(says(&shown_to_one) && !says(&suspended), "what is awaited is said: {}", shown_to_one.to_text());
    assert_eq!(verify(&plain_trust(), &bundle, &question()).headline, Headline::Valid);

    let mut again = bundle.clone();
    world.add_change(Act::Suspended, None);
    again.changes = world.bundle().changes;
    let again = verify(&witness_asked(), &again, &question());
    assert_eq!(again.headline, Headline::SuspendedByIssuer, "{}", again.to_text());
    assert!(!says(&again), "it was suspended since: {}", again.to_text());

    bundle.changes.iter_mut().for_each(|change| cosign(&mut change.proof));
    let seen_by_others = verify(&witness_asked(), &bundle, &question());
    assert_eq!(seen_by_others.headline, Headline::Valid, "{}", seen_by_others.to_text());
}

/// The world's bundle with this snapshot in place of its own.
fn with_snapshot(world: &mut World, size: u64) -> Bundle {
    let place = world.add(&Body::StatusSnapshot(StatusSnapshot {
        as_of: at(SNAPSHOT).as_second().try_into().unwrap(),
        size,
        lists: 1,
        lists_root: lists_root(&[world.list.digest()]),
    }));
    let mut bundle = world.bundle();
    bundle.status_statement = Some(world.issued[place].jwt.clone());
    bundle.status_proof = Some(world.proof(place));
    bundle
}

#[test]
fn a_status_statement_that_who_asks_found_wrong_says_nothing_to_him() {
    let why = "it was found wrong when it came";
    let asked = Question { status_refused: Some(why.to_owned()), ..question() };
    let mut world = World::settled();
    let refused = verify(&plain_trust(), &world.bundle(), &asked);
    assert_eq!(refused.headline, Headline::StatusUnknown, "{}", refused.to_text());
    assert!(refused.check(Subject::Status).unwrap().sentence.contains(why), "{}", refused.to_text());
    // What takes force away counts by itself.
    world.add_change(Act::Cancelled, None);
    let cancelled = verify(&plain_trust(), &world.bundle(), &asked);
    assert_eq!(cancelled.headline, Headline::Cancelled, "{}", cancelled.to_text());
}

#[test]
fn a_snapshot_speaks_for_exactly_the_entries_before_it() {
    let verdict = |size| {
        let mut world = World::issued();
        world.add_change(Act::Cancelled, None);
        let mut bundle = with_snapshot(&mut world, size);
        bundle.changes.clear();
        verify(&plain_trust(), &bundle, &question())
    };
    // The list is the authority's word; that it leaves the cancellation out is for replicas to find.
    assert_eq!(verdict(3).headline, Headline::Valid);
    for size in [1, 2, 4] {
        let verdict = verdict(size);
        assert_eq!(verdict.headline, Headline::StatusUnknown, "{size}: {}", verdict.to_text());
        assert!(verdict.sentence.contains("stands after 3"), "{}", verdict.sentence);
    }
}

/// The leaf with one text of its payload replaced, signed again by the authority.
fn said_otherwise(jwt: &str, from: &str, to: &str) -> String {
    let (header, rest) = jwt.split_once('.').unwrap();
    let payload = base64::decode_url(rest.split_once('.').unwrap().0).unwrap();
    let payload = String::from_utf8(payload).unwrap().replace(from, to);
    let input = format!("{header}.{}", base64::encode_url(payload.as_bytes()));
    let signature = key(seed::STATEMENT).sign(input.as_bytes()).unwrap();
    format!("{input}.{}", base64::encode_url(signature.as_bytes()))
}

#[test]
fn a_snapshot_to_another_addressee_or_of_another_log_is_no_status() {
    let verdict = |from: &str, to: &str| {
        let mut world = World::settled();
        let snapshot = &mut world.issued[2].jwt;
        *snapshot = said_otherwise(snapshot, from, to);
        verify(&plain_trust(), &world.bundle(), &question())
    };
    let repeated = verdict("to", "to");
    assert_eq!(repeated.headline, Headline::Valid, "{}", repeated.to_text());
    for (from, to, why) in [("3166:-1:CN", "3166:-1:EG", "addressee"), ("2026/cn", "2026/eg", "2026/eg")] {
        let verdict = verdict(from, to);
        assert_eq!(verdict.headline, Headline::StatusUnknown, "{}", verdict.to_text());
        assert!(verdict.sentence.contains(why), "{}", verdict.sentence);
    }
}

fn closed_with(final_size: u64) -> std::sync::Arc<TrustList> {
    trust(|_, list| list.shards.push(ShardEnd { origin: origin(), final_size }))
}

#[test]
fn nothing_rests_on_a_head_beyond_the_end_of_its_log() {
    let mut world = World::settled();
    world.add_change(Act::Suspended, None);
    world.add_change(Act::Reinstated, None);
    let good = resting_on(&world, 3, 2);
    // The log ended with the suspension; what lifts it stands beyond.
    let mut bundle = good.clone();
    bundle.changes[0].proof = world.proof_in(3, 4);
    let verdict = verify(&closed_with(4), &bundle, &question());
    assert_eq!(verdict.headline, Headline::SuspendedByIssuer, "{}", verdict.to_text());
    assert!(not_counted(&verdict, "was closed with 4"), "{}", verdict.to_text());
    // Every proof for itself: the certificate's, the status's.
    let mut bundle = good.clone();
    bundle.changes.clear();
    assert_eq!(verify(&closed_with(4), &bundle, &question()).headline, Headline::Valid);
    bundle.status_proof = Some(world.proof_in(2, 5));
    let verdict = verify(&closed_with(4), &bundle, &question());
    assert_eq!(verdict.headline, Headline::StatusUnknown, "{}", verdict.to_text());
    assert!(verdict.sentence.contains("was closed with 4"), "{}", verdict.sentence);
    (bundle.status_proof, bundle.proof) = (good.status_proof, Some(world.proof_in(1, 5)));
    let verdict = verify(&closed_with(4), &bundle, &question());
    assert_eq!(verdict.headline, Headline::Unproven, "{}", verdict.to_text());
    // The advice is for this case, and not for one that came without any proof.
    let next = verdict.next.as_deref().unwrap_or_default();
    assert!(next.contains("a head of at most 4 entries"), "{}", verdict.to_text());
}

#[test]
fn a_change_by_a_key_for_another_agreement_or_office_is_not_counted() {
    let mut world = World::settled();
    (world.kid, world.signer) = ("s2", seed::STRANGER);
    world.add_change(Act::Cancelled, None);
    let verdict = |limit: fn(&mut ListedKey)| verify(&second_key(limit), &world.bundle(), &question());
    assert_eq!(verdict(|_| ()).headline, Headline::Cancelled);
    for verdict in [
        verdict(|key| key.agreements = Some(vec!["COMESA".parse().unwrap()])),
        verdict(|key| key.offices = Some(vec!["KHI".parse().unwrap()])),
    ] {
        assert_eq!(verdict.headline, Headline::Valid, "{}", verdict.to_text());
        assert!(not_counted(&verdict, "it is not for this"), "{}", verdict.to_text());
    }
}

#[test]
fn a_later_change_of_one_item_does_not_explain_what_the_list_knew_of_others() {
    let mut world = World::issued();
    world.change(Act::Withdrawn { since: Since::Issue }, Some(&[1]));
    world.snapshot(SNAPSHOT);
    world.add_change(Act::Withdrawn { since: Since::Date(Date::constant(2026, 11, 20)) }, Some(&[2]));
    let mut bundle = world.bundle();
    bundle.changes.remove(0);
    let verdict = verify(&plain_trust(), &bundle, &question());
    assert_eq!(verdict.headline, Headline::StatusUnknown, "{}", verdict.to_text());
    assert!(verdict.sentence.contains("Details were not presented"), "{}", verdict.sentence);
}

#[test]
fn a_suspension_that_ended_is_told_and_not_passed_over() {
    let mut world = World::settled();
    world.add_change(Act::Suspended, None);
    world.add_change(Act::Reinstated, None);
    let told = |world: &World| {
        let verdict = verify(&plain_trust(), &world.bundle(), &question());
        assert_eq!(verdict.headline, Headline::Valid, "{}", verdict.to_text());
        verdict.check(Subject::Status).unwrap().sentence.clone()
    };
    let whole = told(&world);
    assert!(whole.contains("It was suspended on 2026-") && whole.contains("(entry 3), then reinstated on"), "{whole}");

    // What the list knows by now is told as well, and where it is left out nobody says that nothing happened.
    let mut world = World::issued();
    world.change(Act::Suspended, Some(&[1]));
    world.change(Act::Reinstated, Some(&[1]));
    world.snapshot(SNAPSHOT);
    let known = told(&world);
    assert!(known.contains("suspended for item 1 on") && known.contains("reinstated for item 1"), "{known}");
    let mut bundle = world.bundle();
    bundle.changes.clear();
    let silent = verify(&plain_trust(), &bundle, &question()).check(Subject::Status).unwrap().sentence.clone();
    assert_eq!(silent, "The status list has it in force. No change was presented that says otherwise.");
}

#[test]
fn to_a_question_of_long_ago_nothing_of_now_is_fresh() {
    let question = Question::at(at("2020-01-01T00:00:00Z"));
    let text = verify(&plain_trust(), &World::settled().bundle(), &question).to_text();
    assert!(text.contains("later than the instant asked") && !text.contains("0 s old"), "{text}");
    assert!(text.contains("the day there when asked"), "{text}");
}
