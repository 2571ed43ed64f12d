use super::*;
use crate::{
    exchange::driver::disclosing::disclosed,
    inbox::{Why, await_it},
    log::Extension,
    sequencer::{GivenTwice, held},
    statement::Act,
    store::{MemoryStore, NewEntry, StateChange},
    workflow::{CertificateName, StatusWish, tests::world::World},
};
use tokio_stream::StreamExt as _;

/// A store that the entries of a log came back to, bare.
fn bare(world: &World, log: &Origin) -> MemoryStore {
    let (store, published) = (MemoryStore::new(), world.store.head(log).unwrap());
    let addressee = world.store.addressee(log).unwrap();
    let opened = StateChange::LogOpened { origin: log.clone(), addressee };
    let bare = (0..published.head.size).map(|index| {
        let facts = world.store.facts(log, index).unwrap().unwrap();
        NewEntry {
            origin: log.clone(),
            index,
            jti: facts.jti,
            status_index: facts.status_index,
            number: None,
            leaf: world.store.leaf(log, index).unwrap().unwrap(),
            disclosures: None,
        }
    });
    let entries = bare.collect();
    store.commit(Batch { at_ms: 1, state: vec![opened], entries, ..Batch::default() }).unwrap();
    let extension = Extension::prove(log.clone(), None, published.head, &[]).unwrap();
    store.advance(vec![extension], &|_| Ok(published.note.clone())).unwrap();
    store
}

#[tokio::test]
async fn a_number_that_was_given_again_meanwhile_is_kept_as_that_and_stays_with_what_has_it() {
    let world = World::new();
    let (desk, _) = world.desk();
    let issued = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome;
    let (log, number, index) = (issued.entry.origin.clone(), issued.number.unwrap(), issued.entry.index);
    let store = bare(&world, &log);
    // Meanwhile something else got the number.
    let other = EntryRef { origin: log.clone(), index: 0 };
    let given = StateChange::NumberRecalled { number: number.clone(), entry: other.clone() };
    store.commit(Batch { at_ms: 2, state: vec![given], ..Batch::default() }).unwrap();

    let Some(Disclosures::Present(shown)) = world.store.disclosures(&log, index).unwrap() else { panic!() };
    let answers = [DisclosedEntry { index, state: Disclosed::All(shown) }];
    assert_eq!(keep(&store, &world.trust.load(), &log, &answers, 3).unwrap(), [index]);
    let twice = vec![GivenTwice { number: number.clone(), jti: issued.jti }];
    assert_eq!(GivenTwice::all(&store).unwrap(), [(log.clone(), twice)]);
    assert_eq!(store.find_number(&number).unwrap(), Some(other));
    assert!(matches!(store.disclosures(&log, index).unwrap(), Some(Disclosures::Present(_))));
}

#[tokio::test]
async fn what_any_entry_that_came_back_disclosed_is_asked_for_and_what_bears_a_number_first() {
    let world = World::new();
    let (desk, _) = world.desk();
    let issued = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome;
    let log = issued.entry.origin.clone();
    let reason = Some("a finding of the office".parse().unwrap());
    let certificate = CertificateName::Jti(issued.jti);
    let wish = StatusWish { certificate, act: Act::Suspended, items: None, reason, remarks: None };
    let changed = desk.change_status(&world.signatory, &world.request_id(2), wish).await.unwrap().entry.index;
    let store = bare(&world, &log);
    let put = |state| store.commit(Batch { at_ms: 2, state, ..Batch::default() }).map(|_| ()).unwrap();
    // An earlier version kept nothing of contents: all that came back is looked at.
    let shut = Recalled { from: 0, end: store.durable_size(&log), at_ms: 1, numbers_unknown: true };
    put(vec![shut.put(&log)]);
    let open = |lost| missing(&store, &log, lost).unwrap().map(|(_, missing)| missing);
    assert_eq!(open(Lost::Numbers), Some(vec![issued.entry.index]));
    assert_eq!(open(Lost::Contents), Some(vec![changed]));
    // Nothing but a certificate is kept back from others, whatever a holder says.
    let answers = [DisclosedEntry { index: changed, state: Disclosed::Held }];
    assert!(keep(&store, &world.trust.load(), &log, &answers, 3).unwrap().is_empty());
    assert!(!is_held(&store, &EntryRef { origin: log.clone(), index: changed }).unwrap());

    let Some(Disclosures::Present(shown)) = world.store.disclosures(&log, changed).unwrap() else { panic!() };
    let answers = [DisclosedEntry { index: changed, state: Disclosed::All(shown.clone()) }];
    assert_eq!(keep(&store, &world.trust.load(), &log, &answers, 3).unwrap(), [changed]);
    assert_eq!(store.disclosures(&log, changed).unwrap(), Some(Disclosures::Present(shown)));
    assert_eq!(open(Lost::Contents), Some(Vec::new()));
    known(&store, &log, (shut, Lost::Contents), 4).unwrap();
    // An operator goes on without its number: then a certificate is asked for as what it says.
    let on = Recalled { numbers_unknown: false, ..shut };
    put(vec![on.put(&log)]);
    assert_eq!((open(Lost::Numbers), open(Lost::Contents)), (None, Some(vec![issued.entry.index])));
    known(&store, &log, (on, Lost::Contents), 5).unwrap();
    assert_eq!(open(Lost::Contents), None);
}

#[tokio::test]
async fn an_addressee_says_to_the_issuer_that_lost_it_that_a_certificate_was_held() {
    let world = World::new();
    let (desk, _) = world.desk();
    let entry = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome.entry;
    let store = bare(&world, &entry.origin);
    let says = |to_addressee| disclosed(&store, &entry.origin, entry.index, to_addressee).unwrap();
    assert_eq!(says(false), Some(Disclosed::None));
    let state = vec![await_it(&entry.origin, entry.index, Why::Held)];
    store.commit(Batch { at_ms: 2, state, ..Batch::default() }).unwrap();
    assert_eq!((says(false), says(true)), (Some(Disclosed::Held), Some(Disclosed::None)));
}

#[tokio::test]
async fn what_was_held_when_it_was_lost_is_held_again_by_the_word_of_its_addressee() {
    let world = World::new();
    let (desk, _) = world.desk();
    let entry = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome.entry;
    let store = bare(&world, &entry.origin);
    let answers = [DisclosedEntry { index: entry.index, state: Disclosed::Held }];
    for _ in 0..2 {
        let kept = keep(&store, &world.trust.load(), &entry.origin, &answers, 3).unwrap();
        assert!(kept.is_empty(), "its contents are still wanted");
    }
    assert_eq!(held(&store, &entry).unwrap().as_ref().map(Consent::of), Some(Consent::Exporter));
    // Its addressee goes on waiting for it, and no alarm is raised there.
    assert_eq!(disclosed(&store, &entry.origin, entry.index, true).unwrap(), Some(Disclosed::Held));
}

#[test]
fn numbers_stay_shut_where_more_came_back_since_it_was_read_what_is_missing() {
    let store = MemoryStore::new();
    let log: Origin = "tdap.gov.pk/log/2026/gacc.gov.cn".parse().unwrap();
    let read = Recalled { from: 4, end: 8, at_ms: 1, numbers_unknown: true };
    let more = Recalled { end: 12, ..read };
    for one in [read, more] {
        store.commit(Batch { state: vec![one.put(&log)], ..Batch::default() }).unwrap();
    }
    known(&store, &log, (read, Lost::Numbers), 2).unwrap_err();
    assert_eq!(Recalled::read(&store, &log).unwrap(), Some(more));
    known(&store, &log, (more, Lost::Numbers), 2).unwrap();
    assert_eq!(Recalled::read(&store, &log).unwrap(), Some(Recalled { numbers_unknown: false, ..more }));
}

fn message(index: u64, bytes: usize, more: bool) -> wire::FetchDisclosuresResponse {
    let disclosures = vec![vec![b'a'; bytes].into()];
    wire::FetchDisclosuresResponse { index, state: wire::DisclosureState::Disclosed.into(), disclosures, more }
}

/// What is taken of a holder that was asked for the first three entries, the most bytes at once, and why it is heard no
/// further.
async fn taken(
    said: impl Iterator<Item = wire::FetchDisclosuresResponse> + Send + 'static,
) -> (Vec<u64>, usize, Option<String>) {
    let said = tokio_stream::iter(said.map(Ok::<_, tonic::Status>));
    let mut asked = Asked::new(Call::new(Box::pin(said)), &[0, 1, 2], AT_MOST);
    let (mut came, mut most) = (Vec::new(), 0_usize);
    loop {
        let portion = asked.portion().await;
        if portion.is_empty() {
            return (came, most, asked.ended.and_then(Result::err));
        }
        most = most.max(portion.iter().map(DisclosedEntry::bytes).sum());
        came.extend(portion.iter().map(|one| one.index));
    }
}

#[tokio::test]
async fn a_holder_fills_no_memory_with_what_it_was_not_asked_for_says_twice_or_never_ends() {
    let not_asked = |index: u64| format!("it answers for entry {index}, for which it was not asked, or once more");
    let one = 600 << 10;
    let (came, most, why) = taken([0, 2, 1].into_iter().map(move |index| message(index, one, false))).await;
    assert_eq!((came, most, why), (vec![0, 2, 1], 2 * one, None), "all at once would be more");
    // Of what is without an end nothing is read past the first wrong word.
    let endless = (0..).map(move |index| message(index % 2, one, false));
    assert_eq!(taken(endless).await, (vec![0, 1], 2 * one, Some(not_asked(0))));
    let elsewhere = (7..).map(move |index| message(index, one, false));
    assert_eq!(taken(elsewhere).await, (Vec::new(), 0, Some(not_asked(7))));
    let never_whole = std::iter::repeat_with(move || message(0, one, true));
    let why = "more disclosures than a token has".to_owned();
    assert_eq!(taken(never_whole).await, (Vec::new(), 0, Some(why)));
    // What it says once all was answered is not even read.
    let (came, _, why) = taken((0..).map(|index| message(index, 1, false))).await;
    assert_eq!((came, why), (vec![0, 1, 2], None));
    // What came before a call broke off is kept.
    assert_eq!(taken([1].into_iter().map(|index| message(index, 1, false))).await, (vec![1], 1, None));
}

#[tokio::test]
async fn a_holder_that_is_too_slow_is_heard_no_further_and_what_came_of_it_is_kept() {
    let first = tokio_stream::iter([Ok::<_, tonic::Status>(message(1, 1, false))]);
    let call = Call::new(Box::pin(first.chain(tokio_stream::pending())));
    let mut asked = Asked::new(call, &[0, 1, 2], Duration::from_millis(50));
    assert_eq!(asked.portion().await.iter().map(|one| one.index).collect::<Vec<_>>(), [1]);
    assert!(asked.portion().await.is_empty());
    assert_eq!(asked.ended, Some(Err("it is too slow".to_owned())));
}

#[test]
fn that_an_order_may_have_to_be_carried_out_again_is_said_once_and_of_logs_with_certificates_alone() {
    let said = |log: &str| {
        let (log, mut told) = (log.parse().unwrap(), Told::default());
        [told.may_undo_an_order(&log), told.may_undo_an_order(&log)]
    };
    assert_eq!(said("tdap.gov.pk/log/2026/cn"), [true, false]);
    assert_eq!(said("tdap.gov.pk/log/2026/all"), [false, false]);
}
