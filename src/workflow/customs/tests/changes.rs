//! What either side hears of a certificate's life abroad.

use super::*;
use crate::{
    inbox::{Receipted, Why, await_it, settle},
    log::Origin,
    store::{Batch, Store},
    trust::NodeName,
    workflow::{
        ArrivalEvent, CertificateEvent, Change, Changes, ClockStep, Cursor, EnquiryEvent, Herald, HeraldSetup,
        PartnerLogs, Said, What, Wish,
    },
};
use std::{collections::BTreeSet, sync::Arc};

/// What an authority hears, and who tells it.
pub(super) struct Ear {
    changes: Changes,
    setup: Box<dyn Fn() -> Herald>,
}

impl Ear {
    pub(super) fn of(world: &World) -> Self {
        Self::over(world, Arc::clone(&world.elsewhere) as _)
    }

    fn over(world: &World, partners: Arc<dyn PartnerLogs>) -> Self {
        let (issuer, trust, clock) = (world.issuer.clone(), Arc::clone(&world.trust), Arc::clone(&world.clock));
        let store: Arc<dyn Store> = Arc::clone(&world.store) as _;
        let changes = Changes::new(issuer.clone(), Arc::clone(&store), Arc::clone(&partners));
        let setup = move || {
            Herald::new(HeraldSetup {
                issuer: issuer.clone(),
                store: Arc::clone(&store),
                trust: Arc::clone(&trust),
                partners: Arc::clone(&partners),
                clock: Arc::clone(&clock) as _,
            })
        };
        Self { changes, setup: Box::new(setup) }
    }

    /// A herald of another run each time goes on from the store.
    pub(super) fn look(&self) {
        while (self.setup)().look().unwrap() {}
    }

    /// All that a caller hears, each with its cursor.
    fn heard(&self, caller: &Caller, from: Cursor) -> Vec<(Cursor, String)> {
        let (mut cursor, mut heard) = (from, Vec::new());
        loop {
            let page = self.changes.page(caller, Wish::ALL, &cursor).unwrap();
            heard.extend(page.changes.iter().map(|change| (change.cursor, said(change))));
            cursor = self.changes.resume(&page.next.to_string()).unwrap();
            if page.end {
                return heard;
            }
        }
    }

    /// What the steps of the clock propose, one after the other.
    pub(super) fn proposed(&self, caller: &Caller) -> Vec<Option<ResponseCode>> {
        let page = self.changes.page(caller, Wish::ALL, &self.changes.oldest().unwrap()).unwrap();
        let steps = page.changes.iter().filter_map(|change| match &change.what {
            What::Enquiry { event, .. } if matches!(event, EnquiryEvent::Clock { .. }) => Some(event.proposes()),
            _ => None,
        });
        steps.collect()
    }

    pub(super) fn all(&self, caller: &Caller) -> Vec<String> {
        let heard = self.heard(caller, self.changes.oldest().unwrap());
        heard.into_iter().map(|(_, said)| said).filter(|said| said != "issued").collect()
    }
}

fn told(said: &Said) -> String {
    match said {
        Said::Response { codes, amends, .. } => {
            let one = |(item, code): &(Option<u32>, ResponseCode)| format!("{}={code}", item.unwrap_or_default());
            let codes = codes.iter().map(one).collect::<Vec<_>>().join(",");
            if amends.is_some() { format!("{codes} again") } else { codes }
        }
        Said::Endorsement { act, .. } => act.to_string(),
    }
}

fn said(change: &Change) -> String {
    match &change.what {
        What::Application { deed, .. } => deed.to_string(),
        What::Certificate { event, .. } => match event {
            CertificateEvent::Issued => "issued".to_owned(),
            CertificateEvent::Released => "released".to_owned(),
            CertificateEvent::Receipted => "receipted".to_owned(),
            CertificateEvent::Changed { act, .. } => act.word().to_owned(),
            CertificateEvent::Abroad { by, said } => format!("{}: {}", by.host(), told(said)),
            CertificateEvent::Asked { by, .. } => format!("asked by {}", by.host()),
            CertificateEvent::Answered { finding, .. } => format!("answered {finding}"),
        },
        What::Arrival { event, .. } => match event {
            ArrivalEvent::Arrived => "arrived".to_owned(),
            ArrivalEvent::OnPaper => "on paper".to_owned(),
            ArrivalEvent::Changed { act, .. } => format!("arrival {}", act.word()),
            ArrivalEvent::Told(said) => format!("told {}", told(said)),
        },
        What::Enquiry { event, .. } => match event {
            EnquiryEvent::Raised { clarifies: None } => "enquiry raised".to_owned(),
            EnquiryEvent::Raised { clarifies: Some(_) } => "enquiry clarified".to_owned(),
            EnquiryEvent::Replied { act, .. } => format!("enquiry {act}"),
            EnquiryEvent::Clock { deadline, step, due, .. } => {
                let step = match step {
                    ClockStep::Soon => "soon",
                    ClockStep::Passed => "passed",
                    ClockStep::Unanswered => "unanswered",
                };
                format!("{} {step} {due}", deadline.word())
            }
        },
    }
}

#[tokio::test]
async fn the_life_of_a_certificate_abroad_is_told_on_both_sides_once_and_to_nobody_else() {
    let corridor = Corridor::open().await;
    let (issuing, importing) = (Ear::of(&corridor.pakistan), Ear::of(&corridor.china));
    let look = || {
        issuing.look();
        importing.look();
    };
    let (customs, exporting, officer) = (&corridor.customs, &corridor.exporting, &corridor.officer);
    look();
    customs.write_off(officer, corridor.write_off(1, "D-1", "16800")).await.unwrap();
    let request = corridor.china.request_id(2);
    customs.reverse_write_off(officer, &request, (corridor.name(), 1), None).await.unwrap();
    look();
    let raised = customs.enquire(officer, corridor.enquiry(3)).await.unwrap().jti;
    look();
    let mut ask = corridor.reply(4, raised, ReplyAct::ClarificationAsked, Vec::new());
    ask.words = Some("which consignment?".parse().unwrap());
    let asked = exporting.reply(&corridor.liaison, ask).await.unwrap().jti;
    look();
    let clarifies = EnquiryWish { clarifies: Some(asked), ..corridor.enquiry(5) };
    customs.enquire(officer, clarifies).await.unwrap();
    look();
    exporting.reply(&corridor.liaison, corridor.reply(6, raised, ReplyAct::Full, vec![valid(1)])).await.unwrap();
    look();
    corridor.change(7, Act::Suspended, None).await;
    look();
    look();
    let certificate = [
        "customs.gov.cn: 1=UTILISED_FULL",
        "customs.gov.cn: 1=REVERSED again",
        "asked by customs.gov.cn",
        "asked by customs.gov.cn",
        "answered valid",
        "suspended",
    ];
    assert_eq!(issuing.all(&corridor.pakistan.signatory), certificate);
    let enquiries = ["enquiry raised", "enquiry clarification_asked", "enquiry clarified", "enquiry full"];
    assert_eq!(issuing.all(&corridor.liaison), enquiries);
    let arrival = [
        "arrived",
        "told 1=UTILISED_FULL",
        "told 1=REVERSED again",
        "enquiry raised",
        "enquiry clarification_asked",
        "enquiry clarified",
        "enquiry full",
        "arrival suspended",
    ];
    assert_eq!(importing.all(officer), arrival);
    let nothing: [&str; 0] = [];
    for stranger in [Role::Exporter, Role::Administrator, Role::Auditor] {
        assert_eq!(issuing.all(&account("Nobody", stranger, 60)), nothing, "{stranger}");
        assert_eq!(importing.all(&account("Nobody", stranger, 61)), nothing, "{stranger}");
    }
    for (ear, caller) in
        [(&issuing, &corridor.pakistan.signatory), (&issuing, &corridor.liaison), (&importing, officer)]
    {
        let all = ear.heard(caller, ear.changes.oldest().unwrap());
        for (nth, (cursor, said)) in all.iter().enumerate() {
            let resumed = ear.changes.resume(&cursor.to_string()).unwrap();
            assert_eq!(ear.heard(caller, resumed), all[nth + 1..], "behind {said}");
        }
    }
}

/// The logs of a partner as the exchange keeps them.
struct Replicated(Arc<dyn Store>);

impl PartnerLogs for Replicated {
    fn logs(&self) -> Vec<(Origin, Arc<dyn Store>)> {
        self.0.logs().into_iter().map(|log| (log, Arc::clone(&self.0))).collect()
    }

    fn copies(&self) -> Vec<(Origin, Arc<dyn Store>)> {
        self.logs()
    }

    fn is_hosted(&self, _: &Origin) -> bool {
        false
    }

    fn forked_at(&self, _: &Origin) -> Option<u64> {
        None
    }

    fn was_lifted(&self, _: &Origin) -> bool {
        false
    }

    fn lost(&self, _: &Origin) -> Option<(u64, u64)> {
        None
    }

    fn unheard(&self) -> BTreeSet<NodeName> {
        BTreeSet::new()
    }
}

#[tokio::test]
async fn what_a_partner_withholds_is_told_when_it_came_and_holds_nothing_up() {
    let corridor = Corridor::open().await;
    let held: Arc<dyn Store> = Arc::clone(&corridor.pakistan.store) as _;
    let importing = Ear::over(&corridor.china, Arc::new(Replicated(Arc::clone(&held))));
    let log = corridor.issued.outcome.entry.origin.clone();
    let first = corridor.issued.outcome.entry.index;
    let second = corridor.exporting.issue(&corridor.pakistan.signatory, &corridor.pakistan.footballs(2)).await.unwrap();
    let second = second.outcome.entry.index;
    let keep = |state| held.commit(Batch { at_ms: 1, state, ..Batch::default() }).map(|_| ()).unwrap();
    let settled = |settled| Receipted { settled, owed: false }.put(&log);
    let heard = || importing.all(&corridor.officer);
    importing.look();
    let nothing: [&str; 0] = [];
    assert_eq!(heard(), nothing, "nothing was asked for yet");
    keep(vec![settled(first + 1), await_it(&log, first, Why::Held)]);
    importing.look();
    assert_eq!(heard(), nothing, "its holder did not consent yet");
    keep(vec![settled(second + 1)]);
    importing.look();
    importing.look();
    assert_eq!(heard(), ["arrived"], "what came behind it is told");
    keep(vec![settle(&log, first)]);
    importing.look();
    importing.look();
    assert_eq!(heard(), ["arrived", "arrived"]);
}

#[tokio::test]
async fn the_number_of_a_certificate_that_customs_erased_is_not_told_though_an_issuer_of_their_node_keeps_it() {
    let corridor = Corridor::open().await;
    corridor.pakistan.elsewhere.is_one_node();
    corridor.china.elsewhere.is_one_node();
    Ear::of(&corridor.china).look();
    // A reader of its own each time: what one was told it keeps for a while.
    let numbers = || {
        let changes = Ear::of(&corridor.china).changes;
        let page = changes.page(&corridor.officer, Wish::ALL, &changes.oldest().unwrap()).unwrap();
        page.changes.iter().filter_map(|change| changes.number_of(change)).collect::<Vec<_>>()
    };
    assert_eq!(numbers(), [corridor.number()]);
    let (name, why) = (ErasedName::Arrived(corridor.name()), "order 12/2026".parse().unwrap());
    corridor.customs.erase(Actor::Operator, &name, &why).unwrap();
    assert!(numbers().is_empty());
}
