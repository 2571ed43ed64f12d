//! What statements say of a certificate goes with what that says, where they were made and where they went.

use super::*;
use crate::{
    agreement::Agreements,
    encoding::base64::decode_url,
    log::{Frontier, Origin, leaf_hash},
    statement::Kind,
    store::{Batch, EntryRef, StateChange, Store, Subject, Table, about},
};
use std::{collections::BTreeSet, sync::Arc};

const WRITTEN: &str = "his brother Li Wei called";
const CPFTA: &str = include_str!("../../../../node-config/agreements/cpfta.toml");
const CPFTA_RULES: &str = include_str!("../../../../node-config/agreements/cpfta.rules.toml");

impl Corridor {
    /// Customs use the certificate, say where its goods go and ask about it, and the issuer answers, each with what was
    /// written.
    async fn is_written_about(&self) -> Jti {
        let (customs, officer) = (&self.customs, &self.officer);
        let used = WriteOffWish { remarks: WRITTEN.parse().ok(), ..self.write_off(1, "D-1", "800") };
        customs.write_off(officer, used).await.unwrap();
        let mut endorsed = self.endorsement(2, "KZ", Vec::new());
        endorsed.words.text = WRITTEN.parse().ok();
        customs.endorse(officer, endorsed).await.unwrap();
        let raised = self.asks_in_words(self.enquiry(3)).await;
        let reply = self.reply(4, raised, ReplyAct::Full, vec![valid(1)]);
        let reply = ReplyWish { words: WRITTEN.parse().ok(), ..reply };
        self.exporting.reply(&self.liaison, reply).await.unwrap();
        raised
    }

    async fn asks_in_words(&self, mut wish: EnquiryWish) -> Jti {
        wish.asked.question = WRITTEN.parse().ok();
        self.customs.enquire(&self.officer, wish).await.unwrap().jti
    }

    /// About another certificate too: that, and the enquiry.
    async fn asks_about_two(&self) -> (Jti, Jti) {
        let other = self.exporting.issue(&self.pakistan.signatory, &self.pakistan.footballs(2)).await.unwrap();
        let mut wish = self.enquiry(1);
        let number = other.outcome.number.clone().unwrap().parse().unwrap();
        wish.subjects.push(SubjectWish { number, ..wish.subjects[0].clone() });
        (other.outcome.jti, self.asks_in_words(wish).await)
    }

    /// One node has both sides from now on.
    fn is_one_node(&self) {
        self.pakistan.elsewhere.is_one_node();
        self.china.elsewhere.is_one_node();
    }

    fn is_kept_by_its_issuer(&self) -> bool {
        let entry = &self.issued.outcome.entry;
        let said = self.pakistan.store.disclosures(&entry.origin, entry.index).unwrap();
        matches!(said, Some(Disclosures::Present(_)))
    }

    /// The log in which customs speak to the issuer.
    fn log_to_the_issuer(&self) -> Origin {
        let said = about(self.china.store.as_ref(), &Subject::Statement(self.issued.outcome.jti)).unwrap();
        said[0].entry.origin.clone()
    }
}

/// Whether anything that a store keeps says what was written.
fn is_in(store: &dyn Store) -> bool {
    let written = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains(WRITTEN);
    let disclosed = |log: &Origin, index: u64| match store.disclosures(log, index).unwrap() {
        Some(Disclosures::Present(all)) => all.iter().any(|one| written(&decode_url(one).unwrap())),
        _ => false,
    };
    let size = |log: &Origin| store.head(log).map_or(0, |head| head.head.size);
    let kept = |table: Table| store.records(table).unwrap().iter().any(|(_, record)| written(record));
    store.logs().iter().any(|log| (0..size(log)).any(|index| disclosed(log, index))) || Table::ALL.into_iter().any(kept)
}

fn verifies(store: &dyn Store) {
    for origin in store.logs() {
        let head = store.head(&origin).unwrap().head;
        let mut edge = Frontier::empty();
        for leaf in store.leaves(&origin, 0..head.size, usize::MAX).unwrap() {
            edge.append(leaf_hash(&leaf));
        }
        assert_eq!((edge.size(), edge.root()), (head.size, head.root), "{origin}");
    }
}

/// Whether it was erased before.
fn erase(desk: &Desk, name: &ErasedName) -> bool {
    desk.erase(Actor::Operator, name, &"order 12/2026".parse().unwrap()).unwrap().before
}

#[tokio::test]
async fn with_an_own_certificate_goes_what_is_said_of_it_here_and_the_logs_verify_as_before() {
    let mut corridor = Corridor::open().await;
    let raised = corridor.is_written_about().await;
    let (log, jti) = (corridor.log_to_the_issuer(), corridor.issued.outcome.jti);
    // Its own copy of what customs said, and nothing of theirs.
    corridor.exporting.sequencer().close();
    corridor.pakistan.elsewhere = Arc::default();
    let copy = corridor.pakistan.copies(&corridor.china, &log);
    let (exporting, _) = corridor.pakistan.desk();
    let (own, liaison) = (&corridor.pakistan.store, &corridor.liaison);
    assert!(is_in(own.as_ref()) && is_in(copy.as_ref()));

    let (name, own_name) = (CertificateName::Jti(jti), ErasedName::Own(CertificateName::Jti(jti)));
    assert!(!erase(&exporting, &own_name));
    assert!(!is_in(own.as_ref()) && !is_in(copy.as_ref()));
    assert!(is_in(corridor.china.store.as_ref()), "what customs keep is theirs to erase");
    verifies(own.as_ref());
    verifies(copy.as_ref());
    assert!(erase(&exporting, &own_name));

    let notes = exporting.abroad(liaison, &name).unwrap();
    let left = notes.iter().map(|note| match &note.what {
        Abroad::Erased(kind) => *kind,
        shown => panic!("{shown:?}"),
    });
    let kinds = [Kind::CustomsResponse, Kind::Endorsement, Kind::Enquiry, Kind::EnquiryReply];
    assert_eq!(left.collect::<BTreeSet<_>>(), BTreeSet::from(kinds));
    assert!(exporting.used_abroad(&jti).unwrap(), "nobody knows any more that it was not");
    let view = exporting.incoming_enquiry(liaison, &raised).unwrap();
    assert_eq!((view.state, view.is_open(), view.enquiry), (EnquiryState::Erased, false, None));
    assert!(exporting.incoming_enquiries(liaison, true, ("", 10)).unwrap().enquiries.is_empty());
    assert_eq!(exporting.incoming_enquiries(liaison, false, ("", 10)).unwrap().enquiries.len(), 1);
    let answer = corridor.reply(5, raised, ReplyAct::Full, vec![valid(1)]);
    assert_eq!(reason(exporting.reply(liaison, answer).await), "CONTENTS_ERASED");
    assert_eq!(exporting.remind().unwrap(), 0);
}

#[tokio::test]
async fn with_a_certificate_that_arrived_goes_what_is_said_of_it_and_what_is_said_later_at_another_order() {
    let corridor = Corridor::open().await;
    let raised = corridor.is_written_about().await;
    let (customs, officer, store) = (&corridor.customs, &corridor.officer, corridor.china.store.as_ref());
    let name = ArrivedName::Jti(corridor.issued.outcome.jti);
    let erased = ErasedName::Arrived(name.clone());
    assert!(is_in(store) && is_in(corridor.pakistan.store.as_ref()));
    assert!(!erase(customs, &erased));
    assert!(!is_in(store) && !is_in(corridor.pakistan.store.as_ref()), "of the answers too");
    verifies(store);
    assert_eq!(customs.enquiry(officer, &raised).unwrap().state, EnquiryState::Erased);
    assert_eq!(customs.remind().unwrap(), 0);
    let course = customs.course(officer, &name).unwrap();
    assert_eq!((course.arrival.delivery, course.enquiries.as_slice()), (Delivery::Erased, [raised].as_slice()));
    assert_eq!(course.acts[0].declaration, Some(corridor.declaration("D-1")));

    let (request, act) = (corridor.china.request_id(5), (name, course.acts[0].number));
    customs.reverse_write_off(officer, &request, act, WRITTEN.parse().ok()).await.unwrap();
    assert!(is_in(store), "it is signed, and told to the issuer");
    assert!(erase(customs, &erased));
    assert!(!is_in(store));
}

#[tokio::test]
async fn the_words_of_an_enquiry_about_several_certificates_go_with_the_last_of_them() {
    let corridor = Corridor::open().await;
    let (other, raised) = corridor.asks_about_two().await;
    let erase = |jti| erase(&corridor.customs, &ErasedName::Arrived(ArrivedName::Jti(jti)));
    let state = || corridor.customs.enquiry(&corridor.officer, &raised).unwrap().state;
    assert!(!erase(corridor.issued.outcome.jti));
    assert!(is_in(corridor.china.store.as_ref()));
    assert_eq!(state(), EnquiryState::Sent, "it asks about the other still");
    assert!(!erase(other));
    assert!(!is_in(corridor.china.store.as_ref()));
    assert_eq!(state(), EnquiryState::Erased, "by order, though it was not answered");
}

#[tokio::test]
async fn what_is_answered_to_an_enquiry_that_was_erased_goes_at_another_order() {
    let mut corridor = Corridor::open().await;
    let raised = corridor.asks_in_words(corridor.enquiry(1)).await;
    // The issuer has its own copy of the question.
    let log = corridor.log_to_the_issuer();
    corridor.exporting.sequencer().close();
    corridor.pakistan.elsewhere = Arc::default();
    corridor.pakistan.copies(&corridor.china, &log);
    let (exporting, _) = corridor.pakistan.desk();
    let (customs, answers) = (&corridor.customs, corridor.pakistan.store.as_ref());
    let erased = ErasedName::Arrived(ArrivedName::Jti(corridor.issued.outcome.jti));
    assert!(!erase(customs, &erased));
    let reply = corridor.reply(2, raised, ReplyAct::Full, vec![valid(1)]);
    let reply = ReplyWish { words: WRITTEN.parse().ok(), ..reply };
    exporting.reply(&corridor.liaison, reply).await.unwrap();
    assert!(is_in(answers));
    assert!(erase(customs, &erased));
    assert!(!is_in(answers));
}

/// Under an agreement that has papers kept for no years.
async fn keeping_nothing() -> Corridor {
    let years = "records_years = { value = 2,";
    assert!(CPFTA.contains(years));
    let cpfta = CPFTA.replace(years, "records_years = { value = 0,");
    let files = [("cpfta.toml", cpfta.as_str()), ("cpfta.rules.toml", CPFTA_RULES)];
    let agreements = Arc::new(Agreements::load(files).unwrap());
    Corridor::open_with(|pakistan| pakistan.agreements = agreements).await
}

#[tokio::test]
async fn of_two_authorities_of_one_node_each_erases_what_is_its_own_whichever_is_first() {
    for customs_are_first in [true, false] {
        let corridor = Corridor::open().await;
        corridor.is_one_node();
        corridor.is_written_about().await;
        let (exporting, customs, officer) = (&corridor.exporting, &corridor.customs, &corridor.officer);
        let (issuers, own) = (corridor.pakistan.store.as_ref(), corridor.china.store.as_ref());
        let jti = corridor.issued.outcome.jti;
        let (issued, arrived) =
            (ErasedName::Own(CertificateName::Jti(jti)), ErasedName::Arrived(ArrivedName::Jti(jti)));
        assert!(is_in(issuers) && is_in(own));
        if customs_are_first {
            assert!(!erase(customs, &arrived));
            assert!(!is_in(own) && is_in(issuers), "the answer is the issuer's");
            assert!(corridor.is_kept_by_its_issuer());
            assert_eq!(
                reason(customs.balance(officer, &ArrivedName::Jti(jti))),
                "ARRIVAL_INCOMPLETE",
                "it is not read"
            );
            assert!(!erase(exporting, &issued));
        } else {
            assert!(!erase(exporting, &issued));
            assert!(!is_in(issuers) && is_in(own), "what customs wrote is theirs");
            assert!(!erase(customs, &arrived));
        }
        assert!(!is_in(issuers) && !is_in(own) && !corridor.is_kept_by_its_issuer());
        assert!(erase(exporting, &issued) && erase(customs, &arrived));
        verifies(issuers);
        verifies(own);
        let course = customs.course(officer, &ArrivedName::Jti(jti)).unwrap();
        assert_eq!((course.arrival.delivery, course.acts.len(), course.balance.len()), (Delivery::Erased, 1, 0));
    }
}

#[tokio::test]
async fn what_was_answered_at_one_node_is_not_open_again_once_its_issuer_erases_the_answer() {
    let corridor = Corridor::open().await;
    corridor.is_one_node();
    let raised = corridor.is_written_about().await;
    let (exporting, customs, liaison) = (&corridor.exporting, &corridor.customs, &corridor.liaison);
    assert!(!erase(exporting, &ErasedName::Own(CertificateName::Jti(corridor.issued.outcome.jti))));
    let again = corridor.reply(5, raised, ReplyAct::Full, vec![valid(1)]);
    assert_eq!(reason(exporting.reply(liaison, again).await), "CONTENTS_ERASED", "one answer is signed");
    let clock = &corridor.china.clock;
    clock.set(clock.now() + jiff::SignedDuration::from_hours(24 * 200));
    for view in [exporting.incoming_enquiry(liaison, &raised), customs.enquiry(&corridor.officer, &raised)] {
        let view = view.unwrap();
        assert!(view.enquiry.is_some(), "what was asked is for customs to erase");
        assert_eq!((view.state, view.overdue, view.proposes), (EnquiryState::Erased, false, None));
    }
    assert!(customs.enquiries(&corridor.officer, true, ("", 10)).unwrap().enquiries.is_empty());
}

#[tokio::test]
async fn the_years_erase_what_customs_made_of_a_certificate_that_an_issuer_of_their_node_keeps() {
    let mut corridor = keeping_nothing().await;
    corridor.is_one_node();
    corridor.is_written_about().await;
    corridor.china.erase_after_years = Some(0);
    let (customs, _) = corridor.china.desk();
    let clock = &corridor.china.clock;
    clock.set(clock.now() + jiff::SignedDuration::from_hours(48));
    assert_eq!(customs.erase_due().unwrap(), (1, false));
    assert!(!is_in(corridor.china.store.as_ref()) && corridor.is_kept_by_its_issuer());
    assert_eq!(customs.erase_due().unwrap(), (0, false));
}

#[tokio::test]
async fn the_years_of_keeping_wait_for_the_answer_or_for_its_day_to_be_over() {
    for answered in [true, false] {
        let mut corridor = keeping_nothing().await;
        let raised = corridor.asks_in_words(corridor.enquiry(1)).await;
        corridor.china.erase_after_years = Some(0);
        let (customs, _) = corridor.china.desk();
        let clock = &corridor.china.clock;
        let pass = |days: i64| clock.set(clock.now() + jiff::SignedDuration::from_hours(24 * days));
        pass(2);
        assert_eq!(customs.erase_due().unwrap(), (0, false));
        assert!(is_in(corridor.china.store.as_ref()));
        if answered {
            let reply = corridor.reply(2, raised, ReplyAct::Full, vec![valid(1)]);
            corridor.exporting.reply(&corridor.liaison, reply).await.unwrap();
        } else {
            pass(200);
        }
        assert_eq!(customs.erase_due().unwrap(), (1, false));
        assert!(!is_in(corridor.china.store.as_ref()));
        assert_eq!(customs.enquiry(&corridor.officer, &raised).unwrap().state, EnquiryState::Erased);
    }
}

#[tokio::test]
async fn an_answer_is_not_erased_before_who_asked_has_it() {
    let mut corridor = keeping_nothing().await;
    let raised = corridor.asks_in_words(corridor.enquiry(1)).await;
    let reply = corridor.reply(2, raised, ReplyAct::Full, vec![valid(1)]);
    let replied = corridor.exporting.reply(&corridor.liaison, reply).await.unwrap().jti;
    corridor.exporting.sequencer().close();
    corridor.pakistan.erase_after_years = Some(0);
    let (exporting, _) = corridor.pakistan.desk();
    let (clock, store) = (&corridor.pakistan.clock, &corridor.pakistan.store);
    clock.set(clock.now() + jiff::SignedDuration::from_hours(48));
    let name = ErasedName::Own(CertificateName::Jti(corridor.issued.outcome.jti));
    assert_eq!(exporting.erase_due().unwrap(), (0, false));
    assert_eq!(reason(exporting.owes_no_answer(&name)), "ANSWER_OWED");
    // As it is kept of a receipt.
    let EntryRef { origin, index } = store.find(&replied).unwrap().unwrap();
    let (table, id) = (Table::Setting, format!("feed/receipted/{origin}").into_bytes());
    let record = format!(r#"{{"size":{},"outstanding":[]}}"#, index + 1).into_bytes();
    let state = vec![StateChange::RecordPut { table, id, record }];
    store.commit(Batch { state, ..Batch::default() }).unwrap();
    exporting.owes_no_answer(&name).unwrap();
    assert_eq!(exporting.erase_due().unwrap(), (1, false));
}

#[tokio::test]
async fn a_question_that_nobody_answered_goes_only_where_that_is_said_and_with_the_last_certificate_alone() {
    let corridor = Corridor::open().await;
    let (other, raised) = corridor.asks_about_two().await;
    let reply = corridor.reply(2, raised, ReplyAct::Acknowledged, Vec::new());
    corridor.exporting.reply(&corridor.liaison, reply).await.unwrap();
    let exporting = &corridor.exporting;
    let [first, last] = [corridor.issued.outcome.jti, other].map(|jti| ErasedName::Own(CertificateName::Jti(jti)));
    exporting.owes_no_answer(&first).unwrap();
    assert!(!erase(exporting, &first));
    let refused = exporting.owes_no_answer(&last).unwrap_err();
    assert_eq!(refused.reason(), "ANSWER_OWED");
    let said = refused.to_string();
    assert!(said.contains(&raised.to_string()) && said.contains("by 2027-05-22"), "{said}");
    exporting.erase_with_what_is_owed(Actor::Operator, &last, &"order 12/2026".parse().unwrap()).unwrap();
    let rows = corridor.pakistan.store.audit(0, 100).unwrap();
    let kept = |row: &[u8]| String::from_utf8_lossy(row).contains("order 12/2026 (--unread-answers)");
    assert_eq!(rows.iter().filter(|row| kept(&row.row)).count(), 1);
}

#[tokio::test]
async fn at_one_node_a_reply_that_answered_nothing_ends_no_enquiry_when_its_issuer_erases_it() {
    for act in [ReplyAct::Acknowledged, ReplyAct::ClarificationAsked] {
        let corridor = Corridor::open().await;
        corridor.is_one_node();
        let (exporting, customs, liaison) = (&corridor.exporting, &corridor.customs, &corridor.liaison);
        let raised = corridor.asks_in_words(corridor.enquiry(1)).await;
        let reply = ReplyWish { words: WRITTEN.parse().ok(), ..corridor.reply(2, raised, act, Vec::new()) };
        exporting.reply(liaison, reply).await.unwrap();
        let views = || {
            let sides = [exporting.incoming_enquiry(liaison, &raised), customs.enquiry(&corridor.officer, &raised)];
            sides.map(|view| {
                let view = view.unwrap();
                (view.state, view.is_open(), view.reply_due, view.enquiry.is_some())
            })
        };
        let before = views();
        let own = ErasedName::Own(CertificateName::Jti(corridor.issued.outcome.jti));
        exporting.owes_no_answer(&own).unwrap();
        assert!(!erase(exporting, &own) && !is_in(corridor.pakistan.store.as_ref()));
        assert_eq!(views(), before);
        assert!(before.iter().all(|(_, open, due, asked)| *open && due.is_some() && *asked), "{before:?}");
        let answer = corridor.reply(3, raised, ReplyAct::Full, vec![valid(1)]);
        let replied = exporting.reply(liaison, answer).await.unwrap();
        assert_eq!(replied.enquiry.state, EnquiryState::Answered);
        assert_eq!(customs.enquiry(&corridor.officer, &raised).unwrap().state, EnquiryState::Answered);
    }
}

#[tokio::test]
async fn at_one_node_an_answer_in_part_is_not_erased_unsaid_before_the_rest_is_answered() {
    let corridor = Corridor::open().await;
    corridor.is_one_node();
    let (other, raised) = corridor.asks_about_two().await;
    let [last, first] = [corridor.issued.outcome.jti, other].map(|jti| ErasedName::Own(CertificateName::Jti(jti)));
    assert!(!erase(&corridor.exporting, &first));
    corridor.exporting.owes_no_answer(&last).unwrap();
    let part = corridor.reply(2, raised, ReplyAct::Partial, vec![valid(1)]);
    corridor.exporting.reply(&corridor.liaison, part).await.unwrap();
    assert_eq!(reason(corridor.exporting.owes_no_answer(&last)), "ANSWER_OWED");
}

#[tokio::test]
async fn at_one_node_a_clarification_is_given_though_the_words_that_asked_for_it_are_erased() {
    let corridor = Corridor::open().await;
    corridor.is_one_node();
    let (exporting, customs, liaison) = (&corridor.exporting, &corridor.customs, &corridor.liaison);
    let officer = &corridor.officer;
    let raised = corridor.asks_in_words(corridor.enquiry(1)).await;
    let replies = async |nth, act| {
        let reply = ReplyWish { words: WRITTEN.parse().ok(), ..corridor.reply(nth, raised, act, Vec::new()) };
        exporting.reply(liaison, reply).await.unwrap().jti
    };
    let noted = replies(2, ReplyAct::Acknowledged).await;
    let asked = replies(3, ReplyAct::ClarificationAsked).await;
    let jti = corridor.issued.outcome.jti;
    assert!(!erase(exporting, &ErasedName::Own(CertificateName::Jti(jti))) && !is_in(corridor.pakistan.store.as_ref()));
    let clarifying = |nth, reply| {
        let mut wish = EnquiryWish { clarifies: Some(reply), ..corridor.enquiry(nth) };
        wish.subjects[0].jti = Some(jti);
        wish
    };
    assert_eq!(reason(customs.enquire(officer, clarifying(4, noted)).await), "CLARIFICATION_NOT_ASKED");
    let second = customs.enquire(officer, clarifying(5, asked)).await.unwrap().jti;
    for view in [customs.enquiry(officer, &raised), exporting.incoming_enquiry(liaison, &raised)] {
        assert_eq!(view.unwrap().clarified_by, [second]);
    }
    // The two have one answer still.
    let full =
        |nth, enquiry, answer| exporting.reply(liaison, corridor.reply(nth, enquiry, ReplyAct::Full, vec![answer]));
    full(6, raised, valid(1)).await.unwrap();
    let otherwise = SubjectAnswer { finding: SubjectFinding::NotValid, ..valid(1) };
    assert_eq!(reason(full(7, second, otherwise).await), "SUBJECT_ANSWERED");
}

#[tokio::test]
async fn of_a_reply_that_is_not_here_nobody_says_that_it_asked_for_no_clarification() {
    let mut corridor = Corridor::open().await;
    let answer = corridor.unread().await;
    let clarifies = |nth| {
        let mut wish = EnquiryWish { clarifies: Some(answer.replied), ..corridor.enquiry(nth) };
        wish.subjects[0].jti = Some(corridor.issued.outcome.jti);
        answer.customs.enquire(&corridor.officer, wish)
    };
    assert_eq!(reason(clarifies(5).await), "ANSWER_UNREAD", "it may come yet");
    answer.is_gone();
    assert_eq!(reason(clarifies(6).await), "CONTENTS_ERASED");
}
