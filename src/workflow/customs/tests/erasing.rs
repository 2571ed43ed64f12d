//! What customs wrote of a certificate goes with what that says; what they used and decided stays.

use super::Corridor;
use crate::{
    office::{ActState, Action, Actor, AuditEvent, CustomsAct, CustomsFile, Despite},
    sequencer::{RequestKey, SequencerError},
    statement::{ResponseCode, ResponseReason},
    store::{Batch, Disclosures, EntryRef, StateChange, Store as _, Table},
    verification::EntryFault,
    workflow::{ArrivedName, ErasedName, WriteOffWish},
};
use std::sync::Arc;

const WRITTEN: &str = "his brother Li Wei called";

impl Corridor {
    pub(super) fn by_jti(&self) -> ArrivedName {
        ArrivedName::Jti(self.issued.outcome.jti)
    }

    fn acts_here(&self) -> Vec<CustomsAct> {
        self.customs.course(&self.officer, &self.by_jti()).unwrap().acts
    }

    pub(super) fn erases(&self) {
        let reason = "order 12/2026".parse().unwrap();
        let name = ErasedName::Arrived(self.by_jti());
        assert!(!self.customs.erase(Actor::Operator, &name, &reason).unwrap().before);
    }

    /// Whether a record of customs says what was written.
    fn is_kept(&self) -> bool {
        let store = &self.china.store;
        let mut records = [Table::Customs, Table::CustomsWords, Table::Denial]
            .into_iter()
            .flat_map(|table| store.records(table).unwrap());
        records.any(|(_, record)| String::from_utf8_lossy(&record).contains(WRITTEN))
    }
}

#[tokio::test]
async fn what_customs_wrote_of_a_certificate_is_erased_with_it_and_what_they_used_and_decided_stays() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let written = || Some(WRITTEN.parse().unwrap());
    let mut denied = corridor.decision(1, Some(1), ResponseCode::PreferenceDenied, Some(ResponseReason::GoodsDiffer));
    denied.decisions[0].words = written();
    let denied = customs.decide(officer, denied).await.unwrap().act;
    let request = corridor.china.request_id(2);
    customs.settle_denial(&corridor.supervisor, &request, corridor.name(), denied, false, written()).await.unwrap();
    let used = WriteOffWish { remarks: written(), ..corridor.write_off(3, "D-1", "800") };
    customs.write_off(officer, used).await.unwrap();

    let mut acts = corridor.acts_here();
    let said = |text: &Option<crate::certificate::Text<1024>>| text.as_ref().map(ToString::to_string);
    assert_eq!(said(&acts[0].decisions[0].words).as_deref(), Some(WRITTEN));
    assert_eq!(said(&acts[0].settled_words).as_deref(), Some(WRITTEN));
    assert_eq!(said(&acts[1].remarks).as_deref(), Some(WRITTEN));
    assert!(corridor.is_kept());

    corridor.erases();
    assert!(!corridor.is_kept());
    for act in &mut acts {
        act.take_words();
    }
    assert_eq!(corridor.acts_here(), acts);
    assert_eq!(acts[1].declaration, Some(corridor.declaration("D-1")));
    assert_eq!(acts[1].decisions[0].quantity.as_ref().unwrap().to_string(), "800 H87");

    // What is done with it later counts, and no more is kept of what is written then.
    let request = corridor.china.request_id(4);
    customs.reverse_write_off(officer, &request, (corridor.by_jti(), acts[1].number), written()).await.unwrap();
    assert_eq!(corridor.acts_here().len(), 3);
    assert!(!corridor.is_kept());
}

#[tokio::test]
async fn what_was_written_before_words_stood_apart_is_read_and_erased_too() {
    let corridor = Corridor::open().await;
    let (customs, store) = (&corridor.customs, &corridor.china.store);
    let used = WriteOffWish { remarks: Some(WRITTEN.parse().unwrap()), ..corridor.write_off(1, "D-1", "800") };
    customs.write_off(&corridor.officer, used).await.unwrap();
    let acts = corridor.acts_here();
    let (id, _) = store.records(Table::CustomsWords).unwrap().pop().unwrap();
    let put =
        StateChange::RecordPut { table: Table::Customs, id: id.clone(), record: serde_json::to_vec(&acts[0]).unwrap() };
    let state = vec![StateChange::RecordRemoved { table: Table::CustomsWords, id }, put];
    store.commit(Batch { state, ..Batch::default() }).unwrap();
    assert_eq!(corridor.acts_here(), acts);

    corridor.erases();
    assert!(!corridor.is_kept());
    assert_eq!(corridor.acts_here(), [CustomsAct { remarks: None, ..acts[0].clone() }]);
}

#[tokio::test]
async fn an_act_that_was_prepared_before_is_not_kept_after_with_what_was_written_in_it() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let arrival = customs.arrived(&corridor.by_jti()).unwrap();
    let file = CustomsFile { acts: 1, ..arrival.file.clone() };
    let act = CustomsAct {
        number: 1,
        by: customs.done_by(officer),
        settled: None,
        declaration: None,
        decisions: corridor.decision(1, Some(1), ResponseCode::Received, None).decisions,
        amends: None,
        state: ActState::Counts,
        statement: None,
        enquiry: None,
        remarks: Some(WRITTEN.parse().unwrap()),
        settled_words: None,
        despite: Despite::default(),
    };
    let request = RequestKey { account: officer.id().to_string(), id: [1; 16] };
    let audit = AuditEvent::of(Actor::Caller(officer), Action::DecideItems);
    let work = customs.tell(&arrival, &file, act, None, (&request, [1; 32]), audit).unwrap();
    corridor.erases();
    let refused = customs.sequencer().submit(work).await.unwrap_err();
    assert!(matches!(refused, SequencerError::RecordMoved), "{refused}");
    assert!(!corridor.is_kept());
}

#[tokio::test]
async fn the_years_erase_what_came_beyond_the_end_of_its_log_too() {
    let corridor = Corridor::open().await;
    let EntryRef { origin, index } = corridor.issued.outcome.entry;
    let mut china = corridor.china;
    china.elsewhere = Arc::default();
    let beyond = |at: u64| (at == index).then_some(EntryFault::BeyondEnd(index));
    let copy = china.copies_where(&corridor.pakistan, &origin, beyond);
    china.erase_after_years = Some(0);
    china.clock.set("2029-01-01T00:00:00Z".parse().unwrap());
    let (customs, _) = china.desk();
    assert!(matches!(copy.disclosures(&origin, index).unwrap(), Some(Disclosures::Present(_))));
    assert_eq!(customs.erase_due().unwrap(), (1, false));
    assert_eq!(copy.disclosures(&origin, index).unwrap(), Some(Disclosures::Erased));
    assert_eq!(customs.erase_due().unwrap(), (0, false));
}
