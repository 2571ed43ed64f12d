//! Papers whose registrations came back after a loss.

use super::{super::PaperRow, Sides};
use crate::{
    certificate::Sha256,
    sequencer::{GivenTwice, PaperNumber, number_id, numbers_again},
    statement::{OpenedBody, open_leaf},
    store::{Batch, Disclosures, EntryRef, StateChange, Store as _, Table},
    workflow::CertificateName,
};

impl Sides {
    /// Registers it after a start of the node.
    async fn register_after_a_start(&self, row: PaperRow) -> EntryRef {
        let (desk, sequencer) = self.pakistan.desk();
        let done = desk.register_papers(&self.signatory, vec![row]).await.unwrap().remove(0).unwrap();
        sequencer.close();
        assert!(!done.before);
        done.outcome.entry
    }

    fn change(&self, state: StateChange) {
        self.pakistan.store.commit(Batch { at_ms: 1, state: vec![state], ..Batch::default() }).unwrap();
    }

    fn forget(&self, number: &str) {
        self.change(StateChange::RecordRemoved { table: Table::Number, id: number_id(number) });
    }

    fn body(&self, entry: &EntryRef) -> OpenedBody {
        let store = &self.pakistan.store;
        let leaf = store.leaf(&entry.origin, entry.index).unwrap().unwrap();
        let shown = store.disclosures(&entry.origin, entry.index).unwrap();
        let Some(Disclosures::Present(shown)) = shown else { panic!("{shown:?}") };
        open_leaf(&leaf, &shown).unwrap().body
    }

    /// By which registration the paper is found after these came back, so many at once, and how many of them are said to
    /// bear a number that was given twice.
    fn found_by(&self, number: &str, came: &[&EntryRef], at_once: usize) -> (EntryRef, usize) {
        let (store, trust) = (self.pakistan.store.as_ref(), self.pakistan.trust.load_full());
        let before = GivenTwice::read(store, &came[0].origin).unwrap().len();
        self.forget(number);
        for part in came.chunks(at_once) {
            let bodies = part.iter().map(|entry| (entry.index, self.body(entry))).collect::<Vec<_>>();
            let mut batch = Batch { at_ms: 1, ..Batch::default() };
            numbers_again(store, &trust, &came[0].origin, &bodies, &mut batch).unwrap();
            store.commit(batch).unwrap();
        }
        let twice = GivenTwice::read(store, &came[0].origin).unwrap();
        (PaperNumber::read(store, number).unwrap().unwrap().paper, twice.len() - before)
    }
}

#[tokio::test]
async fn a_paper_that_was_registered_anew_is_found_after_a_loss_and_no_number_is_said_to_be_given_twice() {
    let sides = Sides::open();
    let old = sides.register(sides.paper(1, "P-1")).await.unwrap().outcome.entry;
    sides.exporting.sequencer().close();
    sides.pakistan.revoke(&[(old.origin.clone(), old.index)]);
    let anew = sides.register_after_a_start(sides.paper(2, "P-1")).await;
    for came in [[&old, &anew], [&anew, &old]] {
        for at_once in [2, 1] {
            assert_eq!(sides.found_by("P-1", &came, at_once), (anew.clone(), 0));
        }
    }
    // Which key closed where may be learned only after that.
    sides.change(PaperNumber { paper: old }.put("P-1").unwrap());
    let (desk, _) = sides.pakistan.desk();
    let row = sides.paper(3, "P-1");
    desk.look_up(&CertificateName::Number("P-1".to_owned()), Some(row.issued_on)).unwrap();
    let again = desk.register_papers(&sides.signatory, vec![row]).await.unwrap().remove(0).unwrap();
    assert!(again.before && again.outcome.entry == anew, "{again:?}");
}

#[tokio::test]
async fn one_paper_that_was_registered_twice_is_no_alarm_and_two_papers_of_one_number_are() {
    let sides = Sides::open();
    let first = sides.register(sides.paper(1, "P-1")).await.unwrap().outcome.entry;
    sides.exporting.sequencer().close();
    // Sent again while nobody knew the number.
    sides.forget("P-1");
    let second = sides.register_after_a_start(sides.paper(2, "P-1")).await;
    assert_eq!(sides.found_by("P-1", &[&first, &second], 2), (second, 0));
    sides.forget("P-1");
    let another = PaperRow { scan_sha256: Sha256([8; 32]), ..sides.paper(3, "P-1") };
    let another = sides.register_after_a_start(another).await;
    for at_once in [2, 1] {
        assert_eq!(sides.found_by("P-1", &[&first, &another], at_once), (first.clone(), 1));
    }
}
