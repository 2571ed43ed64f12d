//! What is not here of a certificate: contents that its issuer keeps back, and a status that was not told of lately.

use super::Corridor;
use crate::{
    reason::Reasoned as _,
    statement::{Act, open_leaf},
    store::{Batch, Disclosures, EntryRef, MemoryStore, Store as _},
    trust::NodeName,
    workflow::{ArrivalsAsked, ArrivedName, Delivery, MatchWish, NotHeld, Notice, WorkflowError, WriteOffWish},
};
use std::time::Duration;

impl Corridor {
    fn by_identifier(&self) -> ArrivedName {
        ArrivedName::Jti(self.issued.outcome.jti)
    }

    fn told(&self) -> Vec<Notice> {
        let wish = MatchWish { certificate: self.by_identifier(), ..self.declared("D-1", "100") };
        self.customs.match_declaration(&self.officer, &wish).unwrap().notices
    }

    /// The holder consents, and what the certificate says comes to a copy that lacks it.
    fn consents(&self, copy: &MemoryStore) {
        let entry = &self.issued.outcome.entry;
        let Some(Disclosures::Present(shown)) = self.pakistan.store.disclosures(&entry.origin, entry.index).unwrap()
        else {
            panic!("the issuer has it")
        };
        let leaf = copy.leaf(&entry.origin, entry.index).unwrap().unwrap();
        let mut state = crate::store::index(entry, &open_leaf(&leaf, &shown).unwrap().body, 2);
        state.push(crate::inbox::settle(&entry.origin, entry.index));
        let late = vec![copy.seal(&entry.origin, entry.index, &shown).unwrap()];
        copy.commit(Batch { at_ms: 2, state, late, ..Batch::default() }).unwrap();
    }
}

#[tokio::test]
async fn of_what_the_issuer_keeps_back_nothing_is_written_off_before_its_holder_consents() {
    let mut corridor = Corridor::open().await;
    corridor.customs.sequencer().close();
    corridor.china.elsewhere = std::sync::Arc::default();
    let EntryRef { origin, index } = corridor.issued.outcome.entry.clone();
    let copy = corridor.china.copies_without(&corridor.pakistan, &origin, index);
    corridor.customs = corridor.china.desk().0;
    let name = corridor.by_identifier();
    let delivery = || corridor.customs.course(&corridor.officer, &name).unwrap().arrival.delivery;
    let writes_off = |nth| {
        let wish = WriteOffWish { certificate: name.clone(), ..corridor.write_off(nth, "D-1", "100") };
        corridor.customs.write_off(&corridor.officer, wish)
    };

    assert_eq!(delivery(), Delivery::Held);
    let blocking = corridor.told().into_iter().filter(|one| one.blocks).map(|one| one.reason).collect::<Vec<_>>();
    assert_eq!(blocking, ["CONTENTS_HELD"]);
    let refused = writes_off(1).await.unwrap_err();
    let is_held = |notice: &Notice| notice.reason == "CONTENTS_HELD";
    assert!(matches!(&refused, WorkflowError::ArrivalForbids(notice) if is_held(notice)), "{refused}");

    corridor.consents(&copy);
    assert_eq!(delivery(), Delivery::Complete);
    assert!(!corridor.told().iter().any(|one| one.blocks || is_held(one)));
    assert!(writes_off(2).await.is_ok());
}

#[tokio::test]
async fn that_its_log_was_lost_is_said_of_a_number_that_is_not_here_and_of_changes_of_what_is_here_which_is_used_as_before()
 {
    let corridor = Corridor::open().await;
    let (log, before) = (&corridor.issued.outcome.entry.origin, corridor.told());
    let unknown = |issuer: Option<&str>| {
        let issuer = issuer.map(|issuer| issuer.parse().unwrap());
        let certificate = ArrivedName::Number(format!("{}0", corridor.number()), issuer);
        let wish = MatchWish { certificate, ..corridor.declared("D-1", "100") };
        corridor.customs.match_declaration(&corridor.officer, &wish).unwrap().notices
    };
    let reasons = |issuer| unknown(issuer).into_iter().map(|one| one.reason).collect::<Vec<_>>();
    assert_eq!(reasons(None), ["ARRIVAL_UNKNOWN"]);
    // All that was signed is here.
    corridor.china.elsewhere.is_lost(log, 1, 0);
    assert_eq!((reasons(None), corridor.told()), (vec!["ARRIVAL_UNKNOWN"], before.clone()));

    corridor.china.elsewhere.is_lost(log, 1, 3);
    for issuer in [None, Some("https://tdap.gov.pk")] {
        assert_eq!(reasons(issuer), ["ARRIVAL_UNKNOWN", "PARTNER_LOG_LOST"]);
    }
    assert_eq!(reasons(Some("https://kra.go.ke")), ["ARRIVAL_UNKNOWN"], "it is another's");
    let said = unknown(None).pop().unwrap();
    assert!(!said.blocks, "{}", said.words);
    assert!(["1 entry", "3 entries", log.as_str()].iter().all(|word| said.words.contains(word)), "{}", said.words);
    // The certificate that is here stands beyond what its issuer has left, and is used; its status may have been changed.
    let mut told = corridor.told();
    let told_here = told.iter().position(|one| one.reason == "PARTNER_LOG_LOST").map(|at| told.remove(at)).unwrap();
    assert!(
        !told_here.blocks && told_here.words.contains("a change of its status may be among"),
        "{}",
        told_here.words
    );
    assert_eq!((corridor.issued.outcome.entry.index, told), (1, before));
    corridor.customs.write_off(&corridor.officer, corridor.write_off(1, "D-1", "100")).await.unwrap();
}

#[tokio::test]
async fn a_status_of_more_than_seven_days_ago_is_said_to_be_old_and_stops_nothing() {
    let mut corridor = Corridor::open().await;
    // One that runs tells of it every hour.
    corridor.exporting.sequencer().close();
    let name = corridor.by_identifier();
    let told = corridor.customs.course(&corridor.officer, &name).unwrap().arrival.status_as_of.unwrap();
    let is_old = |one: &Notice| one.reason == "STATUS_OLD";
    let week = Duration::from_hours(7 * 24);
    corridor.china.clock.set(told + week);
    assert!(!corridor.told().iter().any(is_old), "{:?}", corridor.told());
    corridor.china.clock.set(told + week + Duration::from_secs(1));
    assert!(corridor.told().iter().any(|one| is_old(one) && !one.blocks), "{:?}", corridor.told());
    let written = corridor.customs.write_off(&corridor.officer, corridor.write_off(1, "D-1", "100")).await.unwrap();
    assert!(written.notices.iter().any(is_old), "who writes off is told as well: {:?}", written.notices);

    // It is told of again.
    corridor.exporting = corridor.pakistan.desk().0;
    corridor.change(2, Act::Suspended, None).await;
    assert!(!corridor.told().iter().any(is_old), "{:?}", corridor.told());
}

impl Corridor {
    /// Customs start again with nothing of partners' logs.
    fn loses_the_copies(&mut self) {
        self.customs.sequencer().close();
        self.china.elsewhere = std::sync::Arc::default();
        self.customs = self.china.desk().0;
    }

    fn not_held(&self, issuer: Option<&str>) -> Option<NotHeld> {
        let issuer = issuer.map(|issuer| issuer.parse().unwrap());
        let asked = ArrivalsAsked { issuer, ..ArrivalsAsked::default() };
        self.customs.arrivals(&self.officer, &asked).unwrap().not_held
    }
}

#[tokio::test]
async fn where_copies_that_were_used_are_gone_nobody_is_told_that_nothing_arrived() {
    let mut corridor = Corridor::open_with(|pakistan| pakistan.has_node()).await;
    let (name, log) = (corridor.name(), corridor.issued.outcome.entry.origin.clone());
    corridor.customs.write_off(&corridor.officer, corridor.write_off(1, "D-1", "100")).await.unwrap();
    assert_eq!(corridor.not_held(None), None);
    corridor.loses_the_copies();

    let not_held = corridor.not_held(None).unwrap();
    let node: NodeName = "node.tdap.gov.pk".parse().unwrap();
    assert_eq!(not_held, NotHeld { nodes: [node].into(), lost: [log.clone()].into() });
    assert_eq!(corridor.not_held(Some("https://tdap.gov.pk")), Some(not_held));
    assert_eq!(corridor.not_held(Some("https://kra.go.ke")), None, "it is another's");

    let refused = corridor.customs.course(&corridor.officer, &name).err().unwrap();
    let (reason, said) = (refused.reason(), refused.to_string());
    assert_eq!(reason, "ARRIVAL_UNKNOWN");
    assert!(!said.contains("has arrived here") && said.contains("heard from node.tdap.gov.pk"), "{said}");
    assert!(said.contains(log.as_str()) && said.contains("were lost"), "{said}");
    let matched = corridor.customs.match_declaration(&corridor.officer, &corridor.declared("D-2", "1")).unwrap();
    let told = matched.notices.iter().map(|one| one.reason).collect::<Vec<_>>();
    assert_eq!(told, ["ARRIVAL_UNKNOWN", "ARRIVALS_UNKNOWN"]);
    let asked = corridor.customs.enquire(&corridor.officer, corridor.enquiry(2)).await.unwrap_err().to_string();
    assert!(asked.contains("heard from node.tdap.gov.pk"), "{asked}");
}

#[tokio::test]
async fn of_a_partner_that_was_not_heard_and_of_whom_nothing_is_held_it_is_said_that_more_may_have_arrived() {
    let mut corridor = Corridor::open_with(|pakistan| pakistan.has_node()).await;
    corridor.loses_the_copies();
    assert_eq!(corridor.not_held(None), None, "it was heard, and nothing was ever done");
    let node: NodeName = "node.tdap.gov.pk".parse().unwrap();
    corridor.china.elsewhere.is_unheard(&node);
    let not_held = corridor.not_held(None).unwrap();
    assert_eq!(not_held, NotHeld { nodes: [node].into(), lost: [].into() });
    assert!(!not_held.to_string().contains("lost"), "{not_held}");
    // What is held of it counts, whether it is heard or not.
    corridor.china.sees(&corridor.pakistan);
    assert_eq!(corridor.not_held(None), None);
}
