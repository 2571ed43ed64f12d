//! A log that a trust list ended below its newest entry: what stands beyond is void, and what stands within goes on.

use super::{cancel, log, numbers::bring_back, verdict, world::World};
use crate::{
    log::{Checkpoint, LogProof, Origin, cosign},
    office::Actor,
    reason::Reasoned,
    sequencer::cosigned::{Cosigned, Kept},
    statement::{Act, Jti, OpenedBody, Status},
    store::{Batch, Disclosures, MemoryStore, Store},
    verification::{EntryFault, Headline, StatusPlace, StatusView, check_entry},
    workflow::{
        CancelWish, CertificateName, CertificateRecord, CertificatesAsked, CopyWish, Desk, ErasedName, EvidenceFile,
        Issued, ReplaceWish, Stands, StatusWish, WorkflowError,
    },
};
use std::{collections::HashMap, sync::Arc};

fn successor() -> Origin {
    "tdap.gov.pk/log/2026-2/cn".parse().unwrap()
}

fn name(issued: &Issued) -> CertificateName {
    CertificateName::Jti(issued.outcome.jti)
}

fn record(world: &World, issued: &Issued) -> CertificateRecord {
    CertificateRecord::read(world.store.as_ref(), &issued.outcome.entry).unwrap()
}

async fn change(world: &World, desk: &Desk, nth: u16, issued: &Issued, act: Act) -> Result<Origin, WorkflowError> {
    let wish = StatusWish { act, ..cancel(name(issued)) };
    let done = desk.change_status(&world.signatory, &world.request_id(nth), wish).await;
    done.map(|outcome| outcome.entry.origin)
}

/// Entries under the head that evidence rests on.
fn rests_on(evidence: &EvidenceFile) -> u64 {
    let proof: LogProof = evidence.bundle.proof.as_ref().unwrap().parse().unwrap();
    proof.checkpoint.lines().nth(1).unwrap().parse().unwrap()
}

/// What a replica that holds both logs finds, but for what the list itself makes void.
fn findings(world: &World) -> Vec<(Origin, u64, &'static str)> {
    let trust = world.trust.load_full();
    let (mut places, mut found) = (HashMap::<(Origin, Jti), StatusPlace>::new(), Vec::new());
    let mut closed = Vec::new();
    for origin in [log(), successor()] {
        let mut view = StatusView::new(origin.clone()).beside(closed);
        for index in 0..world.store.head(&origin).map_or(0, |head| head.head.size) {
            let leaf = world.store.leaf(&origin, index).unwrap().unwrap();
            let fault = match check_entry(&leaf, None, &origin, index, &trust) {
                Ok(entry) => {
                    let place = match &entry.body {
                        OpenedBody::StatusChange(one) => {
                            let target = &one.change.target;
                            places.get(&(target.log.clone(), target.jti)).copied()
                        }
                        _ => None,
                    };
                    places.extend(entry.status_place().map(|place| ((origin.clone(), entry.envelope.jti), place)));
                    view.admit(&entry, |_| place).err()
                }
                Err(fault) => {
                    view.skip();
                    Some(fault).filter(|fault| !matches!(fault, EntryFault::BeyondEnd(_)))
                }
            };
            found.extend(fault.map(|fault| (origin.clone(), index, fault.reason())));
        }
        closed = view.ended();
    }
    found
}

/// Who looks at one learns that the other counts for nothing, and not what its status list had.
#[tokio::test]
async fn certificates_before_and_behind_one_are_shown_as_void_where_the_end_of_their_log_made_them_so() {
    let world = World::new();
    let (desk, _) = world.desk();
    let old = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
    let wish = CopyWish {
        request_id: world.request_id(2),
        certificate: name(&old),
        unused: true,
        reason: None,
        remarks: None,
    };
    let copy = desk.true_copy(&world.signatory, wish).await.unwrap();
    let (old, copy) = (record(&world, &old), record(&world, &copy));
    let before = || desk.history(&copy).unwrap().predecessors.remove(0).status.unwrap();
    let behind = || desk.history(&old).unwrap().changes.remove(0).successor_status.unwrap();
    assert_eq!((before(), behind()), (Stands::As(Status::Superseded), Stands::As(Status::Valid)));
    world.close_log(&log(), copy.entry.index);
    assert!(matches!(behind(), Stands::Void(_)), "{:?}", behind());
}

#[tokio::test]
async fn nothing_becomes_of_a_certificate_beyond_the_end_of_its_log_and_partners_find_no_fault() {
    let world = World::new();
    let (desk, _) = world.desk_with_successor();
    let issue = async |nth| desk.issue(&world.signatory, &world.footballs(nth)).await.unwrap();
    let (kept, gone, void) = (issue(1).await, issue(2).await, issue(3).await);
    // Beyond the end that the list will name: a change of what is void, and one of what is not.
    change(&world, &desk, 4, &void, Act::Suspended).await.unwrap();
    change(&world, &desk, 5, &gone, Act::Cancelled).await.unwrap();
    assert_eq!((void.outcome.entry.index, record(&world, &gone).status), (3, Status::Cancelled));
    assert_eq!(desk.void(&record(&world, &void)), None);
    let size = world.store.durable_size(&log());
    world.close_log(&log(), 3);

    for (nth, act) in (6..).zip([Act::Suspended, Act::Reinstated, Act::Cancelled]) {
        let refused = change(&world, &desk, nth, &void, act.clone()).await.unwrap_err();
        assert_eq!(refused.reason(), "ENTRY_BEYOND_END", "{act:?}");
        assert!(refused.to_string().contains("issue it anew"), "{refused}");
    }
    let wish = ReplaceWish {
        request_id: world.request_id(9),
        certificate: name(&void),
        certificate_json: Vec::new(),
        reason: None,
        remarks: None,
    };
    assert_eq!(desk.replace(&world.signatory, wish).await.unwrap_err().reason(), "ENTRY_BEYOND_END");
    let wish = CancelWish {
        request_id: world.request_id(10),
        certificate: name(&void),
        unused: true,
        reason: None,
        remarks: None,
    };
    assert_eq!(desk.cancel(&world.signatory, wish).await.unwrap_err().reason(), "ENTRY_BEYOND_END");
    let refused = desk.evidence(&world.signatory, &name(&void)).unwrap_err();
    assert_eq!(refused.reason(), "ENTRY_BEYOND_END", "a file that proves nothing is handed to nobody");

    // Its number stays taken, and what is issued anew stands in the successor.
    let anew = issue(11).await;
    assert_eq!(anew.outcome.entry.origin, successor());
    assert_eq!(anew.outcome.number.as_deref(), Some("PK-CN-2026-LHE-000004"));
    // Nothing of what stands beyond counts, with no restart.
    for (issued, status) in [(&kept, Status::Valid), (&gone, Status::Valid), (&void, Status::Valid)] {
        let record = record(&world, issued);
        assert_eq!(record.status, status);
        let changes = record.history(world.store.as_ref()).unwrap().changes;
        assert!(changes.is_empty(), "{changes:?}");
    }
    let why = desk.void(&record(&world, &void)).unwrap();
    assert!(why.contains("entry 3 of tdap.gov.pk/log/2026/cn") && why.contains("ended with 3 entries"), "{why}");
    let page = desk.list(&world.signatory, CertificatesAsked { void: true, ..CertificatesAsked::default() }).unwrap();
    assert_eq!(page.certificates.iter().map(|one| one.jti).collect::<Vec<_>>(), [void.outcome.jti]);
    assert!(page.next.is_none());
    assert_eq!([&kept, &gone].map(|issued| desk.void(&record(&world, issued))), [None, None]);
    for issued in [&kept, &gone] {
        let evidence = desk.evidence(&world.signatory, &name(issued)).unwrap();
        assert_eq!(rests_on(&evidence), 3, "no head beyond the end proves anything");
        let verdict = verdict(&world, &evidence);
        assert_eq!(verdict.headline, Headline::Valid, "{}", verdict.to_json());
    }
    assert_eq!(change(&world, &desk, 12, &gone, Act::Suspended).await.unwrap(), successor());
    assert_eq!(verdict(&world, &desk.evidence_at(&gone.outcome.entry).unwrap()).headline, Headline::SuspendedByIssuer);
    // What was said of it beyond the end is erased with it.
    let reason = "order 12/2026".parse().unwrap();
    desk.erase(Actor::Operator, &ErasedName::Own(name(&gone)), &reason).unwrap();
    assert_eq!(world.store.disclosures(&log(), 6).unwrap(), Some(Disclosures::Erased));
    let found = findings(&world);
    assert!(found.is_empty(), "{found:?}");
    assert_eq!(world.store.durable_size(&log()), size, "the ended log stays as it is");
}

#[tokio::test]
async fn the_successor_of_a_log_that_a_list_ended_is_opened_by_itself_to_tell_the_status() {
    let world = World::new();
    let (desk, sequencer) = world.desk_with_successor();
    let issued = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
    desk.issue(&world.signatory, &world.footballs(2)).await.unwrap();
    world.close_log(&log(), 2);
    sequencer.gate().turned();
    sequencer.close();
    assert_eq!(world.store.head(&successor()).unwrap().head.size, 1, "its first entry is its status snapshot");
    let verdict = verdict(&world, &desk.evidence(&world.signatory, &name(&issued)).unwrap());
    assert_eq!(verdict.headline, Headline::Valid, "{}", verdict.to_json());
}

/// Has the witness cosign the newest head of a log.
fn witness(world: &World, cosigned: &mut Cosigned, origin: &Origin, (name, key): (&str, &crate::signature::SecretKey)) {
    let (trust, head) = (world.trust.load_full(), world.store.head(origin).unwrap());
    let checkpoint = Checkpoint { origin: origin.clone(), head: head.head };
    let line = cosign(&checkpoint, name, key, 1_795_400_000).unwrap().to_string();
    let node = trust.node(&"node.kra.go.ke".parse().unwrap()).unwrap();
    let kept = Kept::check(&trust, origin, &head, &line, node.witness_keys()).unwrap();
    let state = cosigned.keep(&kept, &trust).unwrap();
    world.store.commit(Batch { state, ..Batch::default() }).unwrap();
}

#[tokio::test]
async fn evidence_in_an_ended_log_rests_on_the_newest_cosigned_head_within_it() {
    let world = World::new();
    let (name_of, key) = world.witnessed();
    let by = (name_of.as_str(), &key);
    let (desk, sequencer) = world.desk_with_successor();
    sequencer.gate().go_on(&log());
    let mut cosigned = Cosigned::none(log());
    let mut issued = Vec::new();
    for nth in 1..=5 {
        issued.push(desk.issue(&world.signatory, &world.footballs(nth)).await.unwrap());
        // The head of 4 entries is cosigned by nobody.
        if nth != 3 {
            witness(&world, &mut cosigned, &log(), by);
        }
    }
    world.close_log(&log(), 5);
    sequencer.gate().go_on(&successor());
    desk.issue(&world.signatory, &world.footballs(6)).await.unwrap();
    witness(&world, &mut Cosigned::none(successor()), &successor(), by);
    let evidence = |nth: usize| desk.evidence(&world.signatory, &name(&issued[nth]));
    for nth in [0, 1, 2, 3] {
        let evidence = evidence(nth).unwrap();
        assert_eq!(rests_on(&evidence), 5);
        let verdict = verdict(&world, &evidence);
        assert_eq!(verdict.headline, Headline::Valid, "{}", verdict.to_json());
    }
    assert_eq!(evidence(4).unwrap_err().reason(), "ENTRY_BEYOND_END");
}

#[tokio::test]
async fn where_no_cosigned_head_covers_an_entry_of_an_ended_log_its_holder_is_told() {
    let world = World::new();
    let (name_of, key) = world.witnessed();
    let (desk, sequencer) = world.desk();
    sequencer.gate().go_on(&log());
    let mut cosigned = Cosigned::none(log());
    let mut issued = Vec::new();
    for nth in 1..=4 {
        issued.push(desk.issue(&world.signatory, &world.footballs(nth)).await.unwrap());
        if nth != 2 {
            witness(&world, &mut cosigned, &log(), (name_of.as_str(), &key));
        }
    }
    // Of at most 3 entries only the head of 2 was cosigned.
    world.close_log(&log(), 3);
    let evidence = |nth: usize| desk.evidence(&world.signatory, &name(&issued[nth]));
    assert_eq!(rests_on(&evidence(0).unwrap()), 2);
    let refused = evidence(1).unwrap_err();
    assert_eq!(refused.reason(), "NO_HEAD_KEPT");
    assert!(refused.to_string().contains("downloaded before"), "{refused}");
    // What is judged here goes on to say why it is not proven.
    let held = desk.evidence_at(&issued[1].outcome.entry).unwrap();
    assert_eq!(verdict(&world, &held).headline, Headline::Unproven);
    // Lists and those who ask say the same, and it is issued anew as what is void is.
    let stands = |nth: usize| desk.stands(&record(&world, &issued[nth])).unwrap();
    assert_eq!(stands(0), Stands::As(Status::Valid));
    assert!(matches!(stands(1), Stands::Unproven(why) if why == refused.to_string()));
    assert!(matches!(stands(2), Stands::Void(_)) && matches!(stands(3), Stands::Void(_)));
    let anew = || {
        let page = desk.list(&world.signatory, CertificatesAsked { void: true, ..CertificatesAsked::default() });
        page.unwrap().certificates.iter().map(|one| one.jti).collect::<Vec<_>>()
    };
    assert_eq!(anew(), [3, 2, 1].map(|nth| issued[nth].outcome.jti));
}

#[tokio::test]
async fn what_a_later_log_says_of_a_certificate_holds_though_the_ended_log_comes_back_after_it() {
    let shards = ["2026", "2027", "2026-2"];
    let mut world = World::new();
    world.list_log_key("2026-2");
    let (desk, sequencer) = world.desk_with(&shards);
    let issued = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
    world.close_log(&log(), world.store.durable_size(&log()));
    sequencer.gate().turned();
    assert_eq!(change(&world, &desk, 2, &issued, Act::Suspended).await.unwrap(), successor());
    sequencer.close();

    let place = world.store.facts(&log(), issued.outcome.entry.index).unwrap().unwrap().status_index.unwrap();
    let store = MemoryStore::new();
    bring_back(&world, &store, &successor(), None);
    bring_back(&world, &store, &log(), None);
    assert_eq!(store.status(&log(), 0, place).unwrap(), None);
    world.store = Arc::new(store);
    let (_, sequencer) = world.desk_with(&shards);
    sequencer.gate().turned();
    sequencer.close();
    assert_eq!(world.store.status(&log(), 0, place).unwrap(), Some(Status::Suspended.value()));
    let found = findings(&world);
    assert!(found.is_empty(), "{found:?}");
}
