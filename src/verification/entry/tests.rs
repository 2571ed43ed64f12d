use super::*;
use crate::{
    certificate::Sha256,
    log::LogProof,
    statement::{
        Act, Body, Issued, PaperCertificate, PaperGround, PaperWords, Since, StatusList, StatusReference,
        StatusSnapshot, status_list::lists_root,
    },
    trust::{Closing, ClosingReason, ShardEnd},
    verification::tests::world::{SLOT, SNAPSHOT, World, at, iss, origin, plain_trust, second_key, seed, trust},
};

fn check(issued: &Issued, index: usize) -> Result<CheckedEntry, EntryFault> {
    check_under(&plain_trust(), issued, index)
}

fn check_under(trust: &TrustList, issued: &Issued, index: usize) -> Result<CheckedEntry, EntryFault> {
    check_entry(issued.jwt.as_bytes(), Some(&issued.disclosures), &origin(), index as u64, trust)
}

#[allow(clippy::unnecessary_wraps)] // the shape that `admit` asks for
fn slot(_: &crate::statement::Jti) -> Option<StatusPlace> {
    Some(StatusPlace { list: 0, place: SLOT })
}

/// Checks and admits every entry; the faults by index.
fn replay(world: &World) -> Vec<(usize, &'static str)> {
    replay_under(&plain_trust(), world)
}

fn replay_under(trust: &TrustList, world: &World) -> Vec<(usize, &'static str)> {
    let mut view = StatusView::new(origin());
    let mut faults = Vec::new();
    for (index, issued) in world.issued.iter().enumerate() {
        let fault = match check_under(trust, issued, index) {
            Ok(entry) => view.admit(&entry, slot).err(),
            Err(EntryFault::KeyClosed { why, entry }) => {
                view.pass(&entry);
                Some(EntryFault::KeyClosed { why, entry })
            }
            Err(fault) => {
                view.skip();
                Some(fault)
            }
        };
        faults.extend(fault.map(|fault| (index, fault.reason())));
    }
    assert_eq!(view.next(), world.issued.len() as u64);
    faults
}

fn snapshot(world: &mut World, size: u64, lists: &[StatusList], as_of: &str) {
    let digests = lists.iter().map(StatusList::digest).collect::<Vec<_>>();
    world.add(&Body::StatusSnapshot(StatusSnapshot {
        as_of: at(as_of).as_second().try_into().unwrap(),
        size,
        lists: lists.len().try_into().unwrap(),
        lists_root: lists_root(&digests),
    }));
}

#[test]
fn what_was_signed_here_is_judged_all_at_once_as_it_is_one_by_one_and_the_signer_that_failed_is_found() {
    let mut world = World::settled();
    world.change(Act::Suspended, None);
    world.change(Act::Reinstated, None);
    let (trust, own) = (plain_trust(), origin());
    let judged = |leaves: &[Vec<u8>]| {
        let leaves = leaves.iter().enumerate();
        let leaves = leaves.map(|(nth, leaf)| OwnLeaf { leaf, origin: &own, index: nth as u64 }).collect::<Vec<_>>();
        let alone = leaves.iter().map(|one| check_entry(one.leaf, None, one.origin, one.index, &trust));
        let alone = alone.map(|one| one.map_err(|fault| fault.reason())).collect::<Vec<_>>();
        let together = check_own_entries(&leaves, &trust).into_iter().map(|one| one.map_err(|fault| fault.reason()));
        assert_eq!(together.collect::<Vec<_>>(), alone);
        alone.into_iter().map(Result::err).collect::<Vec<_>>()
    };
    let sound = world.issued.iter().map(|issued| issued.jwt.clone().into_bytes()).collect::<Vec<_>>();
    assert_eq!(judged(&sound), vec![None; sound.len()]);
    for failed in 0..sound.len() {
        let mut leaves = sound.clone();
        // In the middle of its last part, the signature.
        let at = leaves[failed].len() - 40;
        leaves[failed][at] = if leaves[failed][at] == b'A' { b'B' } else { b'A' };
        let said = judged(&leaves);
        assert_eq!(said.iter().position(Option::is_some), Some(failed));
        assert_eq!(said.iter().flatten().count(), 1, "and nobody beside it: {said:?}");
    }
}

#[test]
fn a_sound_log_has_no_findings() {
    let mut world = World::settled();
    world.change(Act::Suspended, None);
    world.snapshot("2026-12-01T07:00:00Z");
    world.change(Act::Reinstated, None);
    world.change(Act::Withdrawn { since: Since::Issue }, Some(&[2]));
    world.snapshot("2026-12-01T08:00:00Z");
    assert_eq!(replay(&world), []);
}

#[test]
fn each_fault_of_an_entry_has_its_reason() {
    let world = World::issued();
    let entry = &world.issued[1];
    let reason = |result: Result<CheckedEntry, EntryFault>| result.unwrap_err().reason();
    let other = "tdap.gov.pk/log/2026/eg".parse().unwrap();
    let elsewhere = check_entry(entry.jwt.as_bytes(), Some(&entry.disclosures), &other, 1, &plain_trust());
    assert_eq!(reason(elsewhere), "ENTRY_OF_ANOTHER_LOG");
    assert_eq!(reason(check_entry(b"x.y.z", None, &origin(), 1, &plain_trust())), "NOT_BASE64URL");
    let mut forged = World::empty();
    forged.signer = seed::STRANGER;
    forged.issue();
    assert_eq!(reason(check(&forged.issued[1], 1)), "BAD_SIGNATURE");
    forged.kid = "nobody";
    forged.issue();
    assert_eq!(reason(check(&forged.issued[2], 2)), "ENTRY_KEY_UNKNOWN");
    let mut abroad = World::empty();
    abroad.certificate.to = "EG".parse().unwrap();
    abroad.issue();
    assert_eq!(reason(check(&abroad.issued[1], 1)), "ENTRY_ADDRESSEE");
    let scoped = trust(|section, _| section.keys[0].agreements = Some(Vec::new()));
    assert_eq!(reason(check_under(&scoped, entry, 1)), "ENTRY_KEY_OUT_OF_SCOPE");
    let closed = trust(|_, list| {
        let (origin, kid) = (origin(), "s1".parse().unwrap());
        list.closings.push(Closing { iss: iss(), kid, origin, until_index: 1, reason: ClosingReason::Rotated });
    });
    assert_eq!(reason(check_under(&closed, entry, 1)), "ENTRY_KEY_CLOSED");
    assert!(check_under(&closed, entry, 0).is_ok());
    let ended = trust(|_, list| list.shards.push(ShardEnd { origin: origin(), final_size: 1 }));
    assert_eq!(reason(check_under(&ended, entry, 1)), "ENTRY_BEYOND_END");
    let mut short = entry.clone();
    short.disclosures.pop();
    assert_eq!(reason(check(&short, 1)), "ENTRY_INCOMPLETE");
    assert!(check_entry(entry.jwt.as_bytes(), None, &origin(), 1, &plain_trust()).is_ok());
}

#[test]
fn each_fault_of_the_order_has_its_reason_and_the_log_goes_on() {
    let faults = |make: &dyn Fn(&mut World)| {
        let mut world = World::issued();
        make(&mut world);
        let wrong = world.issued.len() - 1;
        world.snapshot(SNAPSHOT);
        let found = replay(&world);
        assert!(found.iter().all(|(index, _)| *index == wrong), "{found:?}");
        found.first().map(|(_, reason)| *reason)
    };
    assert_eq!(faults(&|world| world.issue()), Some("ENTRY_STATUS_PLACE_TAKEN"));
    assert_eq!(faults(&|world| world.add_change(Act::Reinstated, None)), Some("ENTRY_STATUS_RULE"));
    let empty = [StatusList::new()];
    assert_eq!(faults(&|world| snapshot(world, 1, &empty, SNAPSHOT)), Some("ENTRY_SNAPSHOT_SIZE"));
    let early = "2026-11-12T07:59:59Z";
    assert_eq!(faults(&|world| snapshot(world, 2, &empty, early)), Some("ENTRY_SNAPSHOT_TIME"));
    let mut withdrawn = StatusList::new();
    withdrawn.set(SLOT, Status::Withdrawn).unwrap();
    assert_eq!(
        faults(&|world| snapshot(world, 2, std::slice::from_ref(&withdrawn), SNAPSHOT)),
        Some("ENTRY_SNAPSHOT_LISTS")
    );
    let three = [StatusList::new(), StatusList::new(), StatusList::new()];
    assert_eq!(faults(&|world| snapshot(world, 2, &three, SNAPSHOT)), Some("ENTRY_SNAPSHOT_LISTS"));
    let two = [StatusList::new(), StatusList::new()];
    let mut opened = World::issued();
    snapshot(&mut opened, 2, &two, SNAPSHOT);
    assert_eq!(replay(&opened), [], "a list may be opened before it is used");
    let foreign = |world: &mut World| {
        let uri = "https://tdap.gov.pk/status/2026/cn/7".parse().unwrap();
        let certificate = world.certificate.clone();
        world.add(&Body::Certificate { certificate, status: StatusReference { uri, index: 0 } });
    };
    assert_eq!(faults(&foreign), Some("ENTRY_STATUS_LIST_FOREIGN"));
}

#[test]
fn a_snapshot_is_held_to_the_clock_where_it_is_received_and_one_ahead_of_it_counts_for_nothing() {
    let lists = [StatusList::new()];
    let mut world = World::issued();
    let first = u64::try_from(at("2026-11-12T08:00:00Z").as_second()).unwrap();
    for time in ["2027-11-12T08:00:00Z", "2026-11-12T09:05:01Z", "2026-11-12T09:05:00Z", "2026-11-12T09:06:00Z"] {
        let size = world.issued.len() as u64;
        snapshot(&mut world, size, &lists, time);
    }
    let clock = first + 3_600;
    let received = |clock: Option<u64>| {
        let (mut view, mut faults) = (StatusView::new(origin()), Vec::new());
        for (index, issued) in world.issued.iter().enumerate() {
            let fault = view.receive(&check(issued, index).unwrap(), clock, slot).err();
            faults.extend(fault.map(|fault| (index, fault.reason())));
        }
        (faults, view.as_of())
    };
    let ahead = [2, 3, 5].map(|index| (index, "ENTRY_SNAPSHOT_AHEAD")).to_vec();
    assert_eq!(received(Some(clock)), (ahead, clock + 300), "what is ahead leaves no time behind");
    // Who reads a log later holds one to those before it alone, and then the first one hides the others.
    let back = [3, 4, 5].map(|index| (index, "ENTRY_SNAPSHOT_TIME")).to_vec();
    assert_eq!(received(None), (back.clone(), first + 365 * 86_400));
    assert_eq!(replay(&world), back);
    let far = StatusSnapshot { as_of: u64::MAX, size: 0, lists: 0, lists_root: lists_root(&[]) };
    let said = check_received(&far, clock).unwrap_err().to_string();
    assert!(said.contains(&format!("of {}, ", u64::MAX)), "{said}");
    assert!(check_received(&far, u64::MAX).is_ok());
}

#[test]
fn a_log_without_a_first_snapshot_is_found() {
    let mut world = World::empty();
    world.issued.clear();
    world.issue();
    assert_eq!(replay(&world), [(0, "ENTRY_FIRST_NOT_SNAPSHOT")]);
}

#[test]
fn replayed_and_reordered_entries_are_found() {
    let mut world = World::settled();
    world.issued.swap(1, 2);
    // The snapshot speaks for more than stands before it, and what follows does not rise above it.
    assert_eq!(replay(&world), [(1, "ENTRY_SNAPSHOT_SIZE"), (2, "ENTRY_JTI_NOT_RISING")]);
    let mut world = World::settled();
    let copy = world.issued[1].clone();
    world.issued.push(copy);
    assert_eq!(replay(&world), [(3, "ENTRY_JTI_NOT_RISING")]);
    let entry = check(&world.issued[1], 1).unwrap();
    assert_eq!(StatusView::new(origin()).admit(&entry, slot).unwrap_err().reason(), "ENTRY_OUT_OF_ORDER");
}

#[test]
fn a_certificate_reinstated_after_items_were_withdrawn_is_still_in_part() {
    let place = StatusPlace { list: 0, place: SLOT };
    let mut world = World::issued();
    world.change(Act::Withdrawn { since: Since::Issue }, Some(&[1]));
    world.change(Act::Suspended, None);
    world.change(Act::Reinstated, None);
    let mut view = StatusView::new(origin());
    for (index, issued) in world.issued.iter().enumerate() {
        view.admit(&check(issued, index).unwrap(), slot).unwrap();
    }
    assert_eq!(view.status(place), Some(Status::InPart));
    assert_eq!(view.status(StatusPlace { list: 1, place: 0 }), None);
}

#[test]
fn a_key_that_may_not_sign_for_the_target_may_not_change_its_status() {
    let mut world = World::issued();
    (world.kid, world.signer) = ("s2", seed::STRANGER);
    world.change(Act::Suspended, None);
    let scope = ("CPFTA".parse().unwrap(), "LHE".parse().unwrap());
    let fault = |limit: fn(&mut crate::trust::ListedKey)| {
        let trust = second_key(limit);
        let entry = check_under(&trust, &world.issued[2], 2).unwrap();
        check_scope(&entry, (&scope.0, Some(&scope.1)), &trust).map_err(|fault| fault.reason())
    };
    assert_eq!(fault(|_| ()), Ok(()));
    assert_eq!(fault(|key| key.agreements = Some(vec!["COMESA".parse().unwrap()])), Err("ENTRY_KEY_OUT_OF_SCOPE"));
    assert_eq!(fault(|key| key.offices = Some(vec!["KHI".parse().unwrap()])), Err("ENTRY_KEY_OUT_OF_SCOPE"));
}

#[test]
fn a_restriction_by_a_compromised_key_is_no_finding_and_what_gives_back_is() {
    let mut world = World::issued();
    world.change(Act::Suspended, None);
    world.change(Act::Reinstated, None);
    let closed = trust(|_, list| {
        let (origin, kid) = (origin(), "s1".parse().unwrap());
        list.closings.push(Closing { iss: iss(), kid, origin, until_index: 2, reason: ClosingReason::Compromised });
    });
    assert!(check_under(&closed, &world.issued[2], 2).is_ok());
    assert_eq!(check_under(&closed, &world.issued[3], 3).unwrap_err().reason(), "ENTRY_KEY_CLOSED");
}

#[test]
fn a_certificate_past_the_closing_of_its_key_keeps_its_place_and_can_be_taken_out_of_force_by_name() {
    // Issued past the closing, then suspended and superseded with another key, whose snapshot shows it.
    let mut world = World::issued();
    (world.kid, world.signer) = ("s2", seed::STRANGER);
    world.change(Act::Suspended, None);
    world.snapshot(SNAPSHOT);
    let closing = |reason| Closing { iss: iss(), kid: "s1".parse().unwrap(), origin: origin(), until_index: 1, reason };
    let under = |reason| {
        let list = second_key(|_| ());
        let mut text = list.text().clone();
        text.closings.push(closing(reason));
        trust(|section, next| {
            section.keys = list.section(&iss()).unwrap().text().keys.clone();
            next.closings = text.closings;
        })
    };
    for reason in [ClosingReason::Compromised, ClosingReason::Rotated] {
        let closed = under(reason);
        assert_eq!(replay_under(&closed, &world), [(1, "ENTRY_KEY_CLOSED")]);
        let entry = |index: usize| CheckedEntry::read(world.issued[index].jwt.as_bytes(), index as u64).unwrap();
        assert!(entry(1).is_past_closing(&closed) && !entry(1).counts(&closed));
        assert!(!entry(2).is_past_closing(&closed) && entry(2).counts(&closed));
    }
}

#[test]
fn what_counts_past_the_closing_of_a_compromised_key_is_known_by_the_leaf_alone() {
    let mut world = World::issued();
    world.change(Act::Suspended, None);
    world.change(Act::Reinstated, None);
    let closed = |reason| {
        trust(|_, list| {
            let (origin, kid) = (origin(), "s1".parse().unwrap());
            list.closings.push(Closing { iss: iss(), kid, origin, until_index: 1, reason });
        })
    };
    let counts = |trust: &TrustList| {
        let entries = world.issued.iter().enumerate();
        let entries = entries.map(|(index, one)| CheckedEntry::read(one.jwt.as_bytes(), index as u64).unwrap());
        entries.map(|entry| entry.counts(trust)).collect::<Vec<_>>()
    };
    assert_eq!(counts(&plain_trust()), [true; 4]);
    assert_eq!(counts(&closed(ClosingReason::Compromised)), [true, false, true, false]);
    assert_eq!(counts(&closed(ClosingReason::Rotated)), [true, false, false, false]);
    assert!(CheckedEntry::read(b"x.y.z", 0).is_err());
}

#[test]
fn a_change_of_what_is_not_in_the_log_is_found() {
    let mut world = World::issued();
    world.change(Act::Suspended, None);
    let mut view = StatusView::new(origin());
    view.admit(&check(&world.issued[0], 0).unwrap(), slot).unwrap();
    view.admit(&check(&world.issued[1], 1).unwrap(), slot).unwrap();
    let change = check(&world.issued[2], 2).unwrap();
    assert_eq!(view.admit(&change, |_| None).unwrap_err().reason(), "ENTRY_TARGET_UNKNOWN");
    assert!(world.proof(1).parse::<LogProof>().is_ok());
}

#[test]
fn a_paper_is_held_to_its_addressee_and_to_the_scope_of_its_key_as_a_certificate_is() {
    let paper = |to: &str, office: &str| {
        let mut world = World::empty();
        world.add(&Body::PaperCertificate(Box::new(PaperCertificate {
            paper: PaperWords {
                number: "P-417".parse().unwrap(),
                issued_on: crate::time::Date::constant(2026, 6, 1),
                valid_until: None,
                agreement: "CPFTA".parse().unwrap(),
                edition: "2019".parse().unwrap(),
                from: "PK".parse().unwrap(),
                to: to.parse().unwrap(),
                office: office.parse().unwrap(),
                scan_sha256: Sha256([7; 32]),
                ground: PaperGround::BeforeExchange,
                remarks: None,
            },
        })));
        world
    };
    let trust = |agreement: &'static str, office: &'static str| {
        trust(move |section, _| {
            section.keys[0].kinds.push("paper-certificate".parse().unwrap());
            section.keys[0].agreements = Some(vec![agreement.parse().unwrap()]);
            section.keys[0].offices = Some(vec![office.parse().unwrap()]);
        })
    };
    assert_eq!(replay_under(&trust("CPFTA", "LHE"), &paper("CN", "LHE")), []);
    assert_eq!(replay_under(&trust("CPFTA", "LHE"), &paper("EG", "LHE")), [(1, "ENTRY_ADDRESSEE")]);
    for (agreement, office) in [("NONPREF", "LHE"), ("CPFTA", "KHI")] {
        let faults = replay_under(&trust(agreement, office), &paper("CN", "LHE"));
        assert_eq!(faults, [(1, "ENTRY_KEY_OUT_OF_SCOPE")]);
    }
    // A key that is not listed for papers signs none.
    assert_eq!(replay(&paper("CN", "LHE")), [(1, "ENTRY_KEY_OUT_OF_SCOPE")]);
}
