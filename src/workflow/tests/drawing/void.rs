//! What stands beyond the end of a log drew nothing, and took from no certificate what that had drawn.

use super::*;
use crate::{office::AuditEvent, store::Table};

async fn cancel(world: &World, desk: &Desk, nth: u16, issued: &Issued) {
    let change =
        StatusWish { certificate: name(issued), act: Act::Cancelled, items: None, reason: None, remarks: None };
    desk.change_status(&world.signatory, &world.request_id(nth), change).await.unwrap();
}

/// What the record of who did what says of ledgers that were set right.
fn told(world: &World) -> Vec<String> {
    let rows = world.store.audit(0, 1_000).unwrap();
    let details = rows.iter().filter_map(|row| AuditEvent::read(&row.row).unwrap().detail);
    details.filter(|detail| detail.contains("is drawn by that again")).collect()
}

#[tokio::test]
async fn nothing_is_drawn_of_what_is_void_and_what_that_drew_is_given_back() {
    let world = World::new();
    let (desk, _) = world.desk_with_successor();
    let (_, whole, of) = own_original(&world, &desk).await;
    let draw = async |nth: u16, own: &OriginalName, pieces: &str| {
        let json = part(&world, "CN", "replaces", &of, pieces);
        desk.draw(&world.signatory, wish(&world, nth, std::slice::from_ref(own), &json)).await
    };
    let taken = draw(2, &whole, "600").await.unwrap().outcome;
    assert_eq!((taken.entry.index, left(&world, &desk, &whole)), (2, "400".to_owned()));
    world.close_log(&taken.entry.origin, 2);
    assert_eq!(left(&world, &desk, &whole), "1000", "nobody could withdraw it, to give it back");
    let void = OriginalName::Own(CertificateName::Jti(taken.jti));
    assert_eq!(draw(3, &void, "10").await.unwrap_err().reason(), "ENTRY_BEYOND_END");
    draw(4, &whole, "600").await.unwrap();
    assert_eq!(left(&world, &desk, &whole), "400");
}

#[tokio::test]
async fn what_a_cancellation_beyond_the_end_gave_back_is_drawn_again_by_its_certificate() {
    let world = World::new();
    let (desk, _) = world.desk_with_successor();
    let (_, whole, of) = own_original(&world, &desk).await;
    let take = async |nth: u16, pieces: &str| {
        let json = part(&world, "CN", "replaces", &of, pieces);
        desk.draw(&world.signatory, wish(&world, nth, std::slice::from_ref(&whole), &json)).await
    };
    let taken = take(2, "600").await.unwrap();
    let log = taken.outcome.entry.origin.clone();
    let end = world.store.durable_size(&log);
    cancel(&world, &desk, 3, &taken).await;
    assert_eq!(left(&world, &desk, &whole), "1000");
    world.close_log(&log, end);

    assert_eq!(rules(&take(4, "600").await.unwrap_err()), ["DRAWN_EXCEEDS"], "it would be certified twice");
    assert_eq!(left(&world, &desk, &whole), "400");
    take(5, "100").await.unwrap();
    assert_eq!((status(&world, &taken), left(&world, &desk, &whole)), (Status::Valid, "300".to_owned()));
    let told = told(&world);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(!told[0].contains("more may be drawn"), "{told:?}");
    // Said anew, it gives back once.
    cancel(&world, &desk, 6, &taken).await;
    assert_eq!(left(&world, &desk, &whole), "900");
}

#[tokio::test]
async fn one_that_is_cancelled_anew_at_once_gives_back_what_it_had_drawn_and_that_is_not_drawn_again() {
    let world = World::new();
    let (_china, _, _, bundle) = original(&world, "1000").await;
    let (desk, _) = world.desk_with_successor();
    let of = desk.remainder(&world.signatory, &bundle).unwrap();
    let json = part(&world, "KE", "back_to_back_on", &of, "600");
    let take = async |nth: u16| {
        desk.draw(&world.signatory, wish(&world, nth, std::slice::from_ref(&bundle), &json)).await.unwrap()
    };
    let taken = take(1).await;
    let log = taken.outcome.entry.origin.clone();
    let end = world.store.durable_size(&log);
    cancel(&world, &desk, 2, &taken).await;
    world.close_log(&log, end);
    // The writer follows the list with the next that it writes to that addressee.
    issue(&world, &desk, 3, &footballs(&world, "KE", "10")).await;
    cancel(&world, &desk, 4, &taken).await;
    assert_eq!(left(&world, &desk, &bundle), "1000");
    take(5).await;
    assert_eq!(left(&world, &desk, &bundle), "400");
}

#[tokio::test]
async fn what_void_successors_had_taken_over_is_the_first_ones_again() {
    let world = World::new();
    let (_china, _, _, bundle) = original(&world, "1000").await;
    let (desk, _) = world.desk_with_successor();
    let of = desk.remainder(&world.signatory, &bundle).unwrap();
    let json = part(&world, "KE", "back_to_back_on", &of, "600");
    let asked = wish(&world, 1, std::slice::from_ref(&bundle), &json);
    let first = desk.draw(&world.signatory, asked).await.unwrap();
    let log = first.outcome.entry.origin.clone();
    let end = world.store.durable_size(&log);
    let copy = async |nth: u16, of: &Issued| {
        let (request_id, certificate) = (world.request_id(nth), name(of));
        let copy = CopyWish { request_id, certificate, unused: true, reason: None, remarks: None };
        desk.true_copy(&world.signatory, copy).await.unwrap()
    };
    let second = copy(2, &first).await;
    copy(3, &second).await;
    assert_eq!(left(&world, &desk, &bundle), "400");
    world.close_log(&log, end);
    assert_eq!(left(&world, &desk, &bundle), "400", "neither given back nor drawn twice");
    assert_eq!(told(&world).len(), 1, "a void one draws nothing again");
    // The first one has it, and gives it back.
    issue(&world, &desk, 4, &footballs(&world, "KE", "10")).await;
    cancel(&world, &desk, 5, &first).await;
    assert_eq!(left(&world, &desk, &bundle), "1000");
}

#[tokio::test]
async fn what_a_void_successor_had_taken_over_can_be_drawn_anew_where_the_first_one_stays_superseded() {
    let world = World::new();
    let (_china, _, whole, bundle) = original(&world, "1000").await;
    let (desk, _) = world.desk();
    let of = desk.remainder(&world.signatory, &bundle).unwrap();
    let json = part(&world, "KE", "back_to_back_on", &of, "600");
    let asked = wish(&world, 1, std::slice::from_ref(&bundle), &json);
    let first = desk.draw(&world.signatory, asked).await.unwrap();
    // The copy stands in the log of the new year, and that the first is superseded in that of the old one.
    world.clock.set("2026-12-31T19:30:00Z".parse().unwrap());
    let (request_id, certificate) = (world.request_id(2), name(&first));
    let copy = CopyWish { request_id, certificate, unused: true, reason: None, remarks: None };
    let copied = desk.true_copy(&world.signatory, copy).await.unwrap().outcome.entry;
    assert_ne!(copied.origin, first.outcome.entry.origin);
    let ledger = format!("of/{}/{}", whole.outcome.entry.origin, whole.outcome.jti).into_bytes();
    let drawn = || world.store.record(Table::Drawn, &ledger).unwrap();
    assert!(drawn().is_some());
    world.close_log(&copied.origin, copied.index);
    desk.tend_cancellations().await.unwrap();
    assert_eq!((drawn(), status(&world, &first)), (None, Status::Superseded));
    assert!(told(&world).is_empty());
}

#[tokio::test]
async fn where_others_drew_the_same_since_both_count_and_the_operator_is_told_of_what() {
    let world = World::new();
    let (china, _, _, bundle) = original(&world, "1000").await;
    world.sees(&china);
    let (desk, _) = world.desk_with_successor();
    let of = desk.remainder(&world.signatory, &bundle).unwrap();
    let take = async |nth: u16, to: &str| {
        let json = part(&world, to, "back_to_back_on", &of, "600");
        desk.draw(&world.signatory, wish(&world, nth, std::slice::from_ref(&bundle), &json)).await.unwrap()
    };
    let first = take(1, "KE").await;
    let log = first.outcome.entry.origin.clone();
    let end = world.store.durable_size(&log);
    cancel(&world, &desk, 2, &first).await;
    take(3, "UG").await;
    world.close_log(&log, end);
    let left = desk.remainder(&world.signatory, &bundle).unwrap().items.remove(0).0;
    assert_eq!((left.drawn.to_string().as_str(), left.left.is_zero()), ("1200", true));
    let told = told(&world);
    assert_eq!(told.len(), 1, "{told:?}");
    let of = format!("more may be drawn than there is of item 1 of certificate {}", of.number);
    assert!(told[0].ends_with(&of), "{told:?}");
}
