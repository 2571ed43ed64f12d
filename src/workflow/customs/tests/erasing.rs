//! What customs wrote of a certificate goes with what that says; what they used and decided stays.

use super::Corridor;
use crate::{
    office::{Actor, CustomsAct},
    statement::{ResponseCode, ResponseReason},
    store::{Batch, StateChange, Store as _, Table},
    workflow::{ArrivedName, ErasedName, WriteOffWish},
};

const WRITTEN: &str = "his brother Li Wei called";

impl Corridor {
    fn by_jti(&self) -> ArrivedName {
        ArrivedName::Jti(self.issued.outcome.jti)
    }

    fn acts_here(&self) -> Vec<CustomsAct> {
        self.customs.course(&self.officer, &self.by_jti()).unwrap().acts
    }

    fn erases(&self) {
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
