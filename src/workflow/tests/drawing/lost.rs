//! Ledgers that the node lost: what certificates drew comes back with the own logs, and counts.

use super::*;
use crate::{
    log::{Extension, Origin},
    office::AuditEvent,
    sequencer::{Bare, Closing, Recalled, Sequencer, Standing, numbers_again, refilled},
    statement::{OpenedBody, open_leaf, status_list::LIST_ENTRIES},
    store::{Batch, Disclosures, EntryRef, MemoryStore, NewEntry, PublishedHead, StateChange, StatusListState, Table},
    time::unix_ms,
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// What a copy of the node's folder has.
struct Copied {
    /// How many entries of each log.
    sizes: BTreeMap<Origin, u64>,
    records: Vec<StateChange>,
}

fn copied(world: &World) -> Copied {
    let store = world.store.as_ref();
    let sizes = store.logs().into_iter().map(|log| (log.clone(), store.durable_size(&log))).collect();
    let records = Table::ALL.into_iter().flat_map(|table| {
        let kept = store.records(table).unwrap().into_iter();
        kept.map(move |(id, record)| StateChange::RecordPut { table, id, record })
    });
    Copied { sizes, records: records.collect() }
}

fn disclosed(store: &MemoryStore, origin: &Origin, index: u64) -> Vec<String> {
    match store.disclosures(origin, index).unwrap() {
        Some(Disclosures::Present(shown)) => shown,
        _ => Vec::new(),
    }
}

/// The number of the certificate at a place, if there is one.
fn number_at(store: &MemoryStore, origin: &Origin, index: u64) -> Option<String> {
    let leaf = store.leaf(origin, index).unwrap().unwrap();
    match open_leaf(&leaf, &disclosed(store, origin, index)).unwrap().body {
        OpenedBody::Certificate(certificate) => Some(certificate.reference.as_option().unwrap().number.to_string()),
        _ => None,
    }
}

/// What the node has that lost its folder and goes on from a copy: the entries that this lacks came back, with what they say
/// or without.
fn put_back(lost: &MemoryStore, copy: &Copied, with_contents: bool) -> MemoryStore {
    let store = coming_back(lost, copy, with_contents);
    for origin in lost.logs() {
        let PublishedHead { head, note } = lost.head(&origin).unwrap();
        let extension = Extension::prove(origin.clone(), None, head, &[]).unwrap();
        store.advance(vec![extension], &|_| Ok(note.clone())).unwrap();
    }
    store
}

/// The same before it is published.
fn coming_back(lost: &MemoryStore, copy: &Copied, with_contents: bool) -> MemoryStore {
    let store = MemoryStore::new();
    let given = lost.series_from("", usize::MAX).unwrap().into_iter();
    let given = given.map(|(series, next)| StateChange::SeriesAdvanced { series, next });
    let state = copy.records.iter().cloned().chain(given).collect();
    store.commit(Batch { at_ms: 1, state, ..Batch::default() }).unwrap();
    for origin in lost.logs() {
        let head = lost.head(&origin).unwrap().head;
        let held = copy.sizes.get(&origin).copied().unwrap_or(0);
        let (mut batch, mut back) = (Batch { at_ms: 1, ..Batch::default() }, Batch::default());
        let addressee = lost.addressee(&origin).unwrap();
        batch.state.push(StateChange::LogOpened { origin: origin.clone(), addressee });
        for StatusListState { list, seed, .. } in lost.status_lists(&origin).unwrap() {
            batch.state.push(StateChange::StatusListOpened { origin: origin.clone(), list, seed });
            batch.state.push(StateChange::StatusAllocated { origin: origin.clone(), list, count: LIST_ENTRIES });
        }
        for index in 0..head.size {
            let facts = lost.facts(&origin, index).unwrap().unwrap();
            let (is_here, shown) = (index < held, disclosed(lost, &origin, index));
            let says = (is_here || with_contents) && !shown.is_empty();
            let entry = NewEntry {
                origin: origin.clone(),
                index,
                jti: facts.jti,
                status_index: facts.status_index,
                number: number_at(lost, &origin, index).filter(|_| says),
                leaf: lost.leaf(&origin, index).unwrap().unwrap(),
                disclosures: says.then(|| store.seal(&origin, index, &shown).unwrap()),
            };
            if is_here { batch.entries.push(entry) } else { back.entries.push(entry) }
        }
        batch.state.extend(refilled(&store, &origin, &back, 1).unwrap());
        batch.entries.extend(back.entries);
        store.commit(batch).unwrap();
        // A number that does not come is for the operator: another is given.
        let known = Recalled::read(&store, &origin).unwrap().map(|one| Recalled { numbers_unknown: false, ..one });
        let state = known.map(|known| known.put(&origin)).into_iter().collect();
        store.commit(Batch { at_ms: 1, state, ..Batch::default() }).unwrap();
        if with_contents {
            gives_up(&store, &origin);
        }
    }
    store
}

/// The node loses its folder and goes on from a copy of before; gives what it had.
fn loses(world: &mut World, sequencer: &Sequencer, copy: &Copied, with_contents: bool) -> Arc<MemoryStore> {
    sequencer.close();
    let back = Arc::new(put_back(&world.store, copy, with_contents));
    std::mem::replace(&mut world.store, back)
}

/// Nothing more is asked for of what entries say.
fn gives_up(store: &MemoryStore, origin: &Origin) {
    let state = vec![Bare::put_none(store.durable_size(origin), origin)];
    store.commit(Batch { at_ms: 2, state, ..Batch::default() }).unwrap();
}

/// What the entries say comes as well.
fn gets(world: &World, lost: &MemoryStore) {
    gets_of(world, lost, |_| true);
    lost.logs().iter().for_each(|origin| gives_up(&world.store, origin));
}

/// The same of some of them.
fn gets_of(world: &World, lost: &MemoryStore, which: impl Fn(&EntryRef) -> bool) {
    let store = world.store.as_ref();
    for origin in lost.logs() {
        let (mut batch, mut bodies) = (Batch { at_ms: 2, ..Batch::default() }, Vec::new());
        for index in 0..lost.durable_size(&origin) {
            let shown = disclosed(lost, &origin, index);
            let is_wanted = which(&EntryRef { origin: origin.clone(), index });
            if !is_wanted || shown.is_empty() || !disclosed(store, &origin, index).is_empty() {
                continue;
            }
            batch.late.push(store.seal(&origin, index, &shown).unwrap());
            let leaf = lost.leaf(&origin, index).unwrap().unwrap();
            bodies.push((index, open_leaf(&leaf, &shown).unwrap().body));
        }
        numbers_again(store, &world.trust.load(), &origin, &bodies, &mut batch).unwrap();
        store.commit(batch).unwrap();
    }
}

/// All ledgers, as they are kept.
fn ledgers(store: &MemoryStore) -> BTreeMap<String, String> {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    store.records(Table::Drawn).unwrap().into_iter().map(|(id, record)| (text(id), text(record))).collect()
}

fn is_warned(issued: &Issued) -> bool {
    issued.warnings.iter().any(|one| one.rule == "DRAWN_BEFORE_LOSS")
}

async fn change(world: &World, desk: &Desk, nth: u16, certificate: CertificateName, act: Act) {
    let wish = StatusWish { certificate, act, items: None, reason: None, remarks: None };
    desk.change_status(&world.signatory, &world.request_id(nth), wish).await.unwrap();
}

/// An original of China over 1000 pieces, of which nothing was drawn yet.
struct Begun {
    world: World,
    china: World,
    chinas: Desk,
    bundle: OriginalName,
    desk: Desk,
    sequencer: Sequencer,
    of: Remainder,
    /// The copy of the folder as it is then.
    nothing: Copied,
}

async fn begun() -> Begun {
    let world = World::new();
    let (china, chinas, _, bundle) = original(&world, "1000").await;
    let (desk, sequencer) = world.desk();
    let (of, nothing) = (desk.remainder(&world.signatory, &bundle).unwrap(), copied(&world));
    Begun { world, china, chinas, bundle, desk, sequencer, of, nothing }
}

/// Draws so many pieces to Kenya, of an original of China.
async fn take(
    world: &World,
    desk: &Desk,
    nth: u16,
    bundle: &OriginalName,
    (of, pieces): (&Remainder, &str),
) -> Result<Issued, WorkflowError> {
    let json = part(world, "KE", "back_to_back_on", of, pieces);
    desk.draw(&world.signatory, wish(world, nth, std::slice::from_ref(bundle), &json)).await
}

#[tokio::test]
async fn whatever_a_copy_of_the_ledgers_lacks_is_counted_again_as_it_was() {
    let Begun { mut world, china, bundle, desk, sequencer, of, nothing, .. } = begun().await;
    world.sees(&china);
    let mut copies = vec![nothing];
    let one = issue(&world, &desk, 1, &footballs(&world, "CN", "400")).await;
    let two = issue(&world, &desk, 2, &footballs(&world, "CN", "600")).await;
    copies.push(copied(&world));
    let first = take(&world, &desk, 3, &bundle, (&of, "100")).await.unwrap();
    copies.push(copied(&world));
    let second = take(&world, &desk, 4, &bundle, (&of, "200")).await.unwrap();
    copies.push(copied(&world));
    change(&world, &desk, 5, name(&first), Act::Cancelled).await;
    copies.push(copied(&world));
    let (request_id, certificate) = (world.request_id(6), name(&second));
    let copy = CopyWish { request_id, certificate, unused: true, reason: None, remarks: None };
    let copy = desk.true_copy(&world.signatory, copy).await.unwrap();
    copies.push(copied(&world));
    let (own, of_one) = of_own(&world, &desk, &one);
    let split = async |nth: u16| {
        let json = part(&world, "CN", "replaces", &of_one, "150");
        desk.draw(&world.signatory, wish(&world, nth, std::slice::from_ref(&own), &json)).await.unwrap()
    };
    let parted = split(7).await;
    copies.push(copied(&world));
    // Named in another order than they are presented in.
    let (mut originals, json) = one_for_both(&world, &desk, [&one, &two], ["250", "600"]);
    originals.reverse();
    desk.draw(&world.signatory, wish(&world, 8, &originals, &json)).await.unwrap();
    copies.push(copied(&world));
    change(&world, &desk, 9, name(&parted), Act::Cancelled).await;
    copies.push(copied(&world));
    split(10).await;
    copies.push(copied(&world));
    change(&world, &desk, 11, name(&copy), Act::Withdrawn { since: Since::Issue }).await;
    copies.push(copied(&world));
    sequencer.close();

    let (lost, full) = (Arc::clone(&world.store), ledgers(&world.store));
    assert!(full.keys().any(|id| id.starts_with("taken/")) && full.keys().any(|id| id.starts_with("parts/")));
    for copy in copies {
        world.store = Arc::new(put_back(&lost, &copy, true));
        let (desk, sequencer) = world.desk();
        let kept = copy.sizes.values().sum::<u64>();
        for _ in 0..2 {
            desk.set_ledgers_right().unwrap();
            assert_eq!(ledgers(&world.store), full, "where {kept} entries are kept");
        }
        let rows = world.store.audit(0, 1_000).unwrap();
        let mut said = rows.iter().filter_map(|row| AuditEvent::read(&row.row).unwrap().detail);
        assert!(!said.any(|detail| detail.contains("more may be drawn")), "where {kept} are kept");
        sequencer.close();
    }
}

#[tokio::test]
async fn before_it_is_read_what_came_back_nothing_is_drawn_of_what_it_may_be_drawn_from() {
    let Begun { mut world, china, chinas, bundle, desk, sequencer, of, nothing } = begun().await;
    take(&world, &desk, 1, &bundle, (&of, "600")).await.unwrap();
    let own = issue(&world, &desk, 2, &footballs(&world, "UG", "10")).await;
    let lost = loses(&mut world, &sequencer, &nothing, false);
    let (desk, _) = world.desk();
    let refused = take(&world, &desk, 3, &bundle, (&of, "600")).await.unwrap_err();
    assert_eq!((refused.reason(), refused.class()), ("DRAWS_UNKNOWN", crate::reason::Class::Retry), "{refused}");
    assert!(refused.to_string().contains("origin partner go-on --log tdap.gov.pk/log/2026/"), "{refused}");
    assert_eq!(desk.remainder(&world.signatory, &bundle).unwrap_err().reason(), "DRAWS_UNKNOWN");
    // Nor is anything cancelled that may have been drawn on.
    let wish = StatusWish {
        certificate: CertificateName::Jti(own.outcome.jti),
        act: Act::Cancelled,
        items: None,
        reason: None,
        remarks: None,
    };
    let refused = desk.change_status(&world.signatory, &world.request_id(4), wish).await.unwrap_err();
    assert_eq!(refused.reason(), "DRAWS_UNKNOWN");

    // Of what was issued since it drew nothing.
    world.clock.set(world.clock.now() + Duration::from_hours(3));
    let later = issue(&china, &chinas, 901, &footballs(&china, "PK", "50")).await;
    let later = chinas.evidence_at(&later.outcome.entry).unwrap().bundle.to_json();
    let later = OriginalName::Bundle(later.into_bytes());
    let of_later = desk.remainder(&world.signatory, &later).unwrap();
    take(&world, &desk, 5, &later, (&of_later, "50")).await.unwrap();

    gets(&world, &lost);
    assert_eq!(left(&world, &desk, &bundle), "400");
    let refused = take(&world, &desk, 6, &bundle, (&of, "600")).await.unwrap_err();
    assert_eq!(rules(&refused), ["DRAWN_EXCEEDS"]);
    let issued = take(&world, &desk, 7, &bundle, (&of, "400")).await.unwrap();
    assert!(!is_warned(&issued), "nothing is missing any more");
}

#[tokio::test]
async fn what_a_certificate_drew_of_an_original_that_is_not_kept_here_is_counted_when_that_is_shown() {
    let Begun { mut world, bundle, desk, sequencer, of, nothing, .. } = begun().await;
    let first = take(&world, &desk, 1, &bundle, (&of, "600")).await.unwrap();
    take(&world, &desk, 2, &bundle, (&of, "100")).await.unwrap();
    let full = ledgers(&loses(&mut world, &sequencer, &nothing, true));
    let (desk, _) = world.desk();
    desk.set_ledgers_right().unwrap();
    assert!(ledgers(&world.store).keys().any(|id| id.starts_with("unnamed/CN/")));
    for _ in 0..2 {
        assert_eq!(left(&world, &desk, &bundle), "300");
        assert_eq!(ledgers(&world.store), full);
    }
    change(&world, &desk, 3, name(&first), Act::Cancelled).await;
    assert_eq!(left(&world, &desk, &bundle), "900");
}

#[tokio::test]
async fn what_was_given_back_before_it_was_counted_again_is_not_drawn() {
    let Begun { mut world, china, bundle, desk, sequencer, of, nothing, .. } = begun().await;
    world.sees(&china);
    let first = take(&world, &desk, 1, &bundle, (&of, "600")).await.unwrap();
    take(&world, &desk, 2, &bundle, (&of, "100")).await.unwrap();
    let lost = loses(&mut world, &sequencer, &nothing, false);
    let (desk, _) = world.desk();
    // Whatever it says: an authority withdraws what it finds wrong at any time.
    let withdrawn = Act::Withdrawn { since: Since::Issue };
    change(&world, &desk, 3, CertificateName::Jti(first.outcome.jti), withdrawn).await;
    gets(&world, &lost);
    assert_eq!(left(&world, &desk, &bundle), "900");
}

#[tokio::test]
async fn what_was_said_since_is_found_though_counting_stopped_before_it() {
    let Begun { mut world, china, bundle, desk, sequencer, of, nothing, .. } = begun().await;
    world.sees(&china);
    let first = take(&world, &desk, 1, &bundle, (&of, "600")).await.unwrap();
    loses(&mut world, &sequencer, &nothing, true);
    let store = Arc::clone(&world.store);
    let came = store.records_under(Table::Setting, b"uncounted/", usize::MAX).unwrap();
    let (desk, _) = world.desk();
    assert_eq!(left(&world, &desk, &bundle), "400");
    let counted = store.records(Table::Drawn).unwrap();
    change(&world, &desk, 2, name(&first), Act::Withdrawn { since: Since::Issue }).await;
    assert_eq!(left(&world, &desk, &bundle), "1000");

    // As it stands where the withdrawal was first, and the node stopped once it had counted what was drawn.
    let gone = store.records(Table::Drawn).unwrap().into_iter();
    let gone = gone.map(|(id, _)| StateChange::RecordRemoved { table: Table::Drawn, id });
    let kept = counted.into_iter().map(|(id, record)| StateChange::RecordPut { table: Table::Drawn, id, record });
    let open = came.into_iter().map(|(id, record)| StateChange::RecordPut { table: Table::Setting, id, record });
    let state = gone.chain(kept).chain(open).collect();
    store.commit(Batch { at_ms: 2, state, ..Batch::default() }).unwrap();
    for _ in 0..2 {
        assert_eq!(left(&world, &desk, &bundle), "1000");
    }
}

#[tokio::test]
async fn who_is_refused_is_told_of_the_entry_at_which_counting_stands_still() {
    let Begun { mut world, china, chinas, bundle, desk, sequencer, of, nothing } = begun().await;
    let first = take(&world, &desk, 1, &bundle, (&of, "600")).await.unwrap().outcome.entry;
    loses(&mut world, &sequencer, &nothing, false);
    let (desk, _) = world.desk();
    // What came back to another log was said hours later, and says what it says.
    world.clock.set(world.clock.now() + Duration::from_hours(3));
    let EntryRef { origin, index } = issue(&world, &desk, 2, &footballs(&world, "UG", "10")).await.outcome.entry;
    let came = Recalled { from: index, end: index + 1, at_ms: 1, numbers_unknown: false };
    world.store.commit(Batch { at_ms: 1, state: vec![came.put(&origin)], ..Batch::default() }).unwrap();
    let later = issue(&china, &chinas, 901, &footballs(&china, "PK", "50")).await;
    let later = chinas.evidence_at(&later.outcome.entry).unwrap().bundle.to_json();
    let later = OriginalName::Bundle(later.into_bytes());
    let refused = desk.remainder(&world.signatory, &later).unwrap_err().to_string();
    assert!(refused.contains(&format!("--log {}`", first.origin)), "{refused}");
}

#[tokio::test]
async fn what_is_given_up_stops_nobody_is_warned_of_and_counts_when_it_is_given_back_all_the_same() {
    let Begun { mut world, china, bundle, desk, sequencer, of, nothing, .. } = begun().await;
    world.sees(&china);
    let first = take(&world, &desk, 1, &bundle, (&of, "500")).await.unwrap();
    assert!(!is_warned(&first));
    let lost = loses(&mut world, &sequencer, &nothing, false);
    gives_up(&world.store, &first.outcome.entry.origin);
    let (desk, _) = world.desk();
    assert!(is_warned(&take(&world, &desk, 2, &bundle, (&of, "100")).await.unwrap()));
    assert_eq!(left(&world, &desk, &bundle), "900");
    // Nobody looks at it again before it says what it did: all that is kept is that something came back, and where it stands.
    let kept = |prefix: &[u8]| world.store.records_under(Table::Setting, prefix, usize::MAX).unwrap().len();
    assert_eq!((kept(b"uncounted/"), kept(b"given-up/")), (lost.logs().len(), 1));
    gets(&world, &lost);
    assert_eq!(left(&world, &desk, &bundle), "400");
    assert_eq!((kept(b"uncounted/"), kept(b"given-up/")), (lost.logs().len(), 0));
    assert!(!is_warned(&take(&world, &desk, 3, &bundle, (&of, "100")).await.unwrap()));
}

#[tokio::test]
async fn what_takes_the_place_of_another_and_is_given_back_late_has_drawn_what_that_drew() {
    let Begun { mut world, china, bundle, desk, sequencer, of, nothing, .. } = begun().await;
    world.sees(&china);
    let first = take(&world, &desk, 1, &bundle, (&of, "600")).await.unwrap();
    let mut json = part(&world, "KE", "back_to_back_on", &of, "600");
    json["reference"]["prior"] = json!([]);
    let (request_id, certificate, certificate_json) =
        (world.request_id(2), name(&first), json.to_string().into_bytes());
    let wish = ReplaceWish { request_id, certificate, certificate_json, reason: None, remarks: None };
    let second = desk.replace(&world.signatory, wish).await.unwrap();
    sequencer.close();
    let (lost, full) = (Arc::clone(&world.store), ledgers(&world.store));
    for late in [&first, &second] {
        world.store = Arc::new(put_back(&lost, &nothing, false));
        gets_of(&world, &lost, |entry| *entry != late.outcome.entry);
        gives_up(&world.store, &late.outcome.entry.origin);
        let (desk, sequencer) = world.desk();
        desk.set_ledgers_right().unwrap();
        assert_ne!(ledgers(&world.store), full);
        gets(&world, &lost);
        for _ in 0..2 {
            desk.set_ledgers_right().unwrap();
            assert_eq!(ledgers(&world.store), full);
        }
        sequencer.close();
    }
}

#[tokio::test]
async fn where_the_number_of_an_original_is_missing_its_entry_is_told_and_not_the_one_that_names_it() {
    let Begun { mut world, bundle, desk, sequencer, nothing, .. } = begun().await;
    let one = issue(&world, &desk, 1, &footballs(&world, "CN", "400")).await;
    let (own, of) = of_own(&world, &desk, &one);
    let json = part(&world, "CN", "replaces", &of, "150");
    let parted = desk.draw(&world.signatory, wish(&world, 2, std::slice::from_ref(&own), &json)).await.unwrap();
    let lost = loses(&mut world, &sequencer, &nothing, false);
    gets_of(&world, &lost, |entry| *entry == parted.outcome.entry);
    let (desk, _) = world.desk();
    let refused = desk.remainder(&world.signatory, &bundle).unwrap_err();
    let EntryRef { origin, index } = &one.outcome.entry;
    assert_eq!(refused.reason(), "DRAWS_UNKNOWN");
    assert!(refused.to_string().contains(&format!("entry {index} of {origin} was lost")), "{refused}");
    // Of that log nothing is asked for any more: it may be any certificate.
    gives_up(&world.store, origin);
    assert_eq!(left(&world, &desk, &bundle), "1000");
}

#[tokio::test]
async fn what_was_coming_back_to_a_log_that_forked_refuses_nothing_once_the_list_ended_it() {
    let Begun { mut world, bundle, desk, sequencer, of, nothing, .. } = begun().await;
    let EntryRef { origin, index } = take(&world, &desk, 1, &bundle, (&of, "600")).await.unwrap().outcome.entry;
    sequencer.close();
    world.store = Arc::new(coming_back(&world.store, &nothing, false));
    let (desk, sequencer) = world.unsettled_desk();
    sequencer.gate().settle(&origin, Standing::Forked { size: 9 });
    assert_eq!(desk.remainder(&world.signatory, &bundle).unwrap_err().reason(), "OWN_HISTORY_FORKED");
    world.close_log(&origin, index + 1);
    assert_eq!(left(&world, &desk, &bundle), "1000");
}

#[tokio::test]
async fn what_is_void_is_set_right_while_something_waits_to_be_counted() {
    let Begun { mut world, bundle, desk, sequencer, of, nothing, .. } = begun().await;
    let one = issue(&world, &desk, 1, &footballs(&world, "CN", "400")).await;
    let (own, of_one) = of_own(&world, &desk, &one);
    let json = part(&world, "CN", "replaces", &of_one, "150");
    let parted = desk.draw(&world.signatory, wish(&world, 2, std::slice::from_ref(&own), &json)).await.unwrap();
    let void = parted.outcome.entry;
    world.clock.set(world.clock.now() + Duration::from_hours(3));
    take(&world, &desk, 3, &bundle, (&of, "600")).await.unwrap();
    let lost = loses(&mut world, &sequencer, &nothing, false);
    gets_of(&world, &lost, |entry| entry.origin == void.origin);
    let (desk, _) = world.desk();
    let drew = || ledgers(&world.store).keys().filter(|id| id.starts_with("by/")).count();
    desk.set_ledgers_right().unwrap();
    assert_eq!(drew(), 1);
    world.close_log(&void.origin, void.index);
    for _ in 0..2 {
        desk.set_ledgers_right().unwrap();
        assert_eq!(drew(), 0);
    }
    assert_eq!(desk.remainder(&world.signatory, &bundle).unwrap_err().reason(), "DRAWS_UNKNOWN");
}

#[tokio::test]
async fn who_draws_on_an_original_is_told_that_entries_that_may_have_drawn_on_it_are_lost_for_good() {
    let Begun { world, bundle, desk, of, .. } = begun().await;
    assert!(!is_warned(&take(&world, &desk, 1, &bundle, (&of, "100")).await.unwrap()));
    let closing = Closing { size: 0, signed: 20, note: String::new() };
    let origin: Origin = "tdap.gov.pk/log/2025/ke".parse().unwrap();
    let keep = |state| world.store.commit(Batch { at_ms: 1, state, ..Batch::default() }).unwrap();
    keep(vec![closing.put(&origin)]);
    assert!(is_warned(&take(&world, &desk, 2, &bundle, (&of, "100")).await.unwrap()));
    // What was closed before the original was issued drew nothing on it.
    keep(vec![Closing::put_at(1, &origin)]);
    assert!(!is_warned(&take(&world, &desk, 3, &bundle, (&of, "100")).await.unwrap()));
    keep(vec![Closing::put_at(unix_ms(world.clock.now()), &origin)]);
    assert!(is_warned(&take(&world, &desk, 4, &bundle, (&of, "100")).await.unwrap()));
}
