//! Customs of China and the authority of Pakistan, each with its own store, each reading the other's logs.

mod sharing;

use super::{
    Abroad, ArrivalsAsked, ArrivedName, DecisionWish, Delivery, EndorsementWish, EnquiryState, EnquiryWish, ReplyWish,
    SubjectWish, WriteOffWish,
};
use crate::{
    certificate::Measure,
    office::{Account, Actor, Caller, Role, Wanted, WriteOffLine},
    reason::Reasoned as _,
    statement::{
        Act, DocumentDigest, EndorsementAct, EndorsementWords, EnquiryGround, EnquiryQuestion, GoodsMeanwhile,
        ImportDeclaration, ItemAnswer, ItemDecision, Jti, ReplyAct, ResponseCode, ResponseReason, SubjectAnswer,
        SubjectFinding,
    },
    store::{Disclosures, Store as _},
    time::{Clock as _, Date, SeededRandom, Timestamp},
    workflow::{
        CancelWish, CertificateName, CertificateRecord, Desk, ErasedName, IssueRow, Issued, StatusWish, WorkflowError,
        tests::world::World,
    },
};

mod abroad;
mod again;
mod bearing;
mod changes;
mod clock;
mod concluding;
mod deciding;
mod enquiries;
mod erasing;
mod following;
mod forked;
mod listing;
mod lost;
mod not_here;
mod numbers;
mod odds;
mod predecessors;
mod said;
mod security;
mod settling;
mod using;
mod voided;

/// Both sides, with a certificate on its way.
struct Corridor {
    pakistan: World,
    china: World,
    exporting: Desk,
    customs: Desk,
    officer: Caller,
    colleague: Caller,
    supervisor: Caller,
    liaison: Caller,
    issued: Issued,
}

fn account(name: &str, role: Role, seed: u64) -> Caller {
    let wanted = Wanted { name: name.to_owned(), roles: vec![role], ..Wanted::default() };
    Account::open(wanted, &SeededRandom::new(seed)).unwrap().into()
}

impl Corridor {
    async fn open() -> Self {
        Self::open_with(|_| {}).await
    }

    async fn open_with(change: impl FnOnce(&mut World)) -> Self {
        let mut pakistan = World::new();
        change(&mut pakistan);
        let china = pakistan.with_customs();
        pakistan.sees(&china);
        china.sees(&pakistan);
        let ((exporting, _), (customs, _)) = (pakistan.desk(), china.desk());
        let issued = exporting.issue(&pakistan.signatory, &pakistan.footballs(1)).await.unwrap();
        Self {
            pakistan,
            china,
            exporting,
            customs,
            officer: account("Li Na", Role::CustomsOfficer, 31),
            colleague: account("Zhao Lei", Role::CustomsOfficer, 32),
            supervisor: account("Sun Yue", Role::CustomsSupervisor, 33),
            liaison: account("F. Anwar", Role::Liaison, 34),
            issued,
        }
    }

    fn number(&self) -> String {
        self.issued.outcome.number.clone().unwrap()
    }

    fn name(&self) -> ArrivedName {
        ArrivedName::Number(self.number(), None)
    }

    fn today(&self) -> Date {
        self.customs.own_today()
    }

    fn declaration(&self, number: &str) -> ImportDeclaration {
        let (number, office) = (number.parse().unwrap(), "CNSHA".parse().unwrap());
        ImportDeclaration { number, date: self.today(), office }
    }

    fn write_off(&self, nth: u16, declaration: &str, pieces: &str) -> WriteOffWish {
        WriteOffWish {
            request_id: self.china.request_id(nth),
            certificate: self.name(),
            declaration: self.declaration(declaration),
            lines: vec![line(pieces)],
            remarks: None,
            despite_predecessor: false,
        }
    }

    fn decision(
        &self,
        nth: u16,
        item: Option<u32>,
        code: ResponseCode,
        reason: Option<ResponseReason>,
    ) -> DecisionWish {
        let one = ItemDecision { item, line: None, code, quantity: None, left: None, reason, basis: None, words: None };
        DecisionWish {
            request_id: self.china.request_id(nth),
            certificate: self.name(),
            declaration: Some(self.declaration("D-1")),
            decisions: vec![one],
            enquiry: None,
            remarks: None,
            despite_closed_key: false,
            despite_predecessor: false,
        }
    }

    fn endorsement(&self, nth: u16, destination: &str, items: Vec<u32>) -> EndorsementWish {
        let words = EndorsementWords {
            act: EndorsementAct::DestinationChanged,
            day: Date::constant(2000, 1, 1),
            office: "Shanghai, Pudong".parse().unwrap(),
            destination: Some(destination.parse().unwrap()),
            items,
            containers: Vec::new(),
            seals: Vec::new(),
            text: None,
        };
        EndorsementWish { request_id: self.china.request_id(nth), certificate: self.name(), words }
    }

    fn enquiry(&self, nth: u16) -> EnquiryWish {
        EnquiryWish {
            request_id: self.china.request_id(nth),
            to: self.pakistan.issuer.clone(),
            asked: EnquiryQuestion {
                reference: "CN-2026-7".parse().unwrap(),
                ground: EnquiryGround::Random,
                question: None,
                goods: GoodsMeanwhile::ReleasedOnSecurity,
                basis: None,
                reply_by: None,
            },
            subjects: vec![SubjectWish {
                number: self.number().parse().unwrap(),
                issued_on: None,
                items: Vec::new(),
                declaration: None,
                jti: None,
            }],
            documents: Vec::new(),
            clarifies: None,
        }
    }

    fn reply(&self, nth: u16, enquiry: Jti, act: ReplyAct, answers: Vec<SubjectAnswer>) -> ReplyWish {
        ReplyWish {
            request_id: self.pakistan.request_id(nth),
            enquiry,
            act,
            reply_by: None,
            words: None,
            answers,
            documents: Vec::new(),
        }
    }

    async fn change(&self, nth: u16, act: Act, items: Option<Vec<u32>>) {
        let wish = StatusWish {
            certificate: CertificateName::Number(self.number()),
            act,
            items,
            reason: Some("found so".parse().unwrap()),
            remarks: None,
        };
        let request = self.pakistan.request_id(nth);
        self.exporting.change_status(&self.pakistan.signatory, &request, wish).await.unwrap();
    }

    /// What the issuer hears: codes in their order, and whether each was amended.
    fn heard(&self) -> Vec<(ResponseCode, bool)> {
        let notes = self.exporting.abroad(&self.liaison, &CertificateName::Number(self.number())).unwrap();
        let code = |note: &super::AbroadNote| match &note.what {
            Abroad::Response(response) => Some((response.decisions[0].code, note.amended)),
            _ => None,
        };
        notes.iter().filter_map(code).collect()
    }

    fn left(&self) -> String {
        self.customs.balance(&self.officer, &self.name()).unwrap()[0].left.clone()
    }

    /// The number of another certificate on its way: of tea as item 1, of coffee as items 2 and 3.
    async fn of_three_items(&self, nth: u16) -> String {
        let row = self.pakistan.tea_and_coffee(nth);
        let mut json: serde_json::Value = serde_json::from_slice(&row.certificate_json).unwrap();
        let mut third = json["goods"]["items"][1].clone();
        third["number"] = 3.into();
        third["description"] = "Arabica coffee AB, not roasted, not decaffeinated".into();
        json["goods"]["items"].as_array_mut().unwrap().push(third);
        let weight = |kilograms: &str| serde_json::json!({"value": kilograms, "unit": "KGM"});
        json["goods"]["totals"] = serde_json::json!({
            "packages": 1400, "gross_weight": weight("77220"), "net_weight": weight("76000"),
        });
        let row = IssueRow { certificate_json: json.to_string().into_bytes(), ..row };
        self.exporting.issue(&self.pakistan.signatory, &row).await.unwrap().outcome.number.unwrap()
    }
}

fn line(pieces: &str) -> WriteOffLine {
    WriteOffLine {
        item: 1,
        line: Some(1),
        quantity: Measure { value: pieces.parse().unwrap(), unit: "H87".parse().unwrap() },
    }
}

fn reason<T>(result: Result<T, WorkflowError>) -> &'static str {
    result.err().map_or("none", |error| error.reason())
}

/// A reason, where a code has to have one.
fn why(code: ResponseCode) -> Option<ResponseReason> {
    code.needs_reason().then_some(ResponseReason::GoodsDiffer)
}

fn valid(subject: u32) -> SubjectAnswer {
    SubjectAnswer { subject, finding: SubjectFinding::Valid, items: Vec::<ItemAnswer>::new(), words: None }
}

#[tokio::test]
async fn what_is_said_after_midnight_is_of_that_day_where_it_is_said_though_utc_is_still_in_the_old_one() {
    let corridor = Corridor::open().await;
    // The clock of both.
    corridor.pakistan.clock.set("2026-11-30T19:30:00Z".parse::<Timestamp>().unwrap());
    corridor.customs.write_off(&corridor.officer, corridor.write_off(1, "D-1", "1")).await.unwrap();
    corridor.change(2, Act::Suspended, None).await;
    let course = corridor.customs.course(&corridor.officer, &corridor.name()).unwrap();
    let days = course.arrival.changes.iter().map(|note| note.day.to_string());
    assert_eq!(days.collect::<Vec<_>>(), ["2026-12-01"]);
    let notes = corridor.exporting.abroad(&corridor.liaison, &CertificateName::Number(corridor.number())).unwrap();
    assert_eq!(notes.iter().map(|note| note.day.to_string()).collect::<Vec<_>>(), ["2026-12-01"]);
    let entry = &corridor.issued.outcome.entry;
    let record = CertificateRecord::read(corridor.pakistan.store.as_ref(), entry).unwrap();
    let history = corridor.exporting.history(&record).unwrap();
    assert_eq!(history.changes.iter().map(|one| one.on.to_string()).collect::<Vec<_>>(), ["2026-12-01"]);
}

#[tokio::test]
async fn acts_name_who_did_them_and_changes_of_status_their_day() {
    let corridor = Corridor::open().await;
    corridor.customs.write_off(&corridor.officer, corridor.write_off(1, "D-1", "1")).await.unwrap();
    corridor.change(2, Act::Suspended, None).await;
    let course = corridor.customs.course(&corridor.officer, &corridor.name()).unwrap();
    assert_eq!(course.acts[0].by.name, "Li Na");
    let day = corridor.pakistan.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    assert_eq!(course.arrival.changes.iter().map(|note| note.day).collect::<Vec<_>>(), [day]);
}

#[tokio::test]
async fn one_that_was_used_abroad_is_not_cancelled_at_a_wish() {
    let corridor = Corridor::open().await;
    let wish = |nth: u16| CancelWish {
        request_id: corridor.pakistan.request_id(nth),
        certificate: CertificateName::Number(corridor.number()),
        unused: true,
        reason: Some("not shipped".parse().unwrap()),
        remarks: None,
    };
    corridor.customs.write_off(&corridor.officer, corridor.write_off(1, "D-1", "1")).await.unwrap();
    assert_eq!(reason(corridor.exporting.cancel(&corridor.pakistan.signatory, wish(2)).await), "USED_ABROAD");
    // What is decided of the item afterwards does not give back what was used.
    let received = corridor.decision(3, Some(1), ResponseCode::Received, None);
    corridor.customs.decide(&corridor.officer, received).await.unwrap();
    assert_eq!(reason(corridor.exporting.cancel(&corridor.pakistan.signatory, wish(4)).await), "USED_ABROAD");
    let request = corridor.china.request_id(2);
    corridor.customs.reverse_write_off(&corridor.officer, &request, (corridor.name(), 1), None).await.unwrap();
    assert!(corridor.exporting.cancel(&corridor.pakistan.signatory, wish(3)).await.is_ok());
}

#[tokio::test]
async fn an_enquiry_is_answered_step_by_step_within_the_clock_of_the_agreement() {
    let corridor = Corridor::open().await;
    let (customs, exporting, liaison) = (&corridor.customs, &corridor.exporting, &corridor.liaison);
    let raised = customs.enquire(&corridor.officer, corridor.enquiry(1)).await.unwrap();
    // CPFTA, Rule 16: six months.
    assert_eq!(raised.reply_due.map(|due| due.to_string()).as_deref(), Some("2027-05-22"));
    assert!(raised.notices.iter().any(|notice| notice.words.contains("released meanwhile")));
    let seen = &exporting.incoming_enquiries(liaison, true, ("", 50)).unwrap().enquiries[0];
    assert_eq!((seen.state, seen.received_on), (EnquiryState::Sent, Some(exporting.own_today())));
    assert_eq!(seen.reply_due.map(|due| due.to_string()).as_deref(), Some("2027-05-22"));
    let acknowledged = exporting.reply(liaison, corridor.reply(2, raised.jti, ReplyAct::Acknowledged, Vec::new()));
    assert!(!acknowledged.await.unwrap().late);
    let again = exporting.reply(liaison, corridor.reply(3, raised.jti, ReplyAct::Acknowledged, Vec::new())).await;
    assert_eq!(reason(again), "ENQUIRY_ACKNOWLEDGED");
    let asking = customs.enquiry(&corridor.officer, &raised.jti).unwrap();
    assert_eq!((asking.state, asking.received_on), (EnquiryState::Acknowledged, Some(exporting.own_today())));
    let unasked = exporting.reply(liaison, corridor.reply(4, raised.jti, ReplyAct::Full, vec![valid(2)])).await;
    assert_eq!(reason(unasked), "SUBJECT_UNKNOWN");
    let full = exporting.reply(liaison, corridor.reply(5, raised.jti, ReplyAct::Full, vec![valid(1)])).await.unwrap();
    assert_eq!((full.enquiry.state, full.late), (EnquiryState::Answered, false));
    let twice = exporting.reply(liaison, corridor.reply(6, raised.jti, ReplyAct::Full, vec![valid(1)])).await;
    assert_eq!(reason(twice), "ENQUIRY_ANSWERED");
    let asking = customs.enquiry(&corridor.officer, &raised.jti).unwrap();
    assert_eq!((asking.state, asking.replies.len()), (EnquiryState::Answered, 2));
    assert!(customs.enquiries(&corridor.officer, true, ("", 50)).unwrap().enquiries.is_empty());
    // It stays with the certificate for ever, on both sides.
    let course = customs.course(&corridor.officer, &corridor.name()).unwrap();
    assert_eq!(course.enquiries, [raised.jti]);
    assert_eq!(course.asked.iter().map(|one| one.state).collect::<Vec<_>>(), [EnquiryState::Answered]);
    let notes = exporting.abroad(liaison, &CertificateName::Number(corridor.number())).unwrap();
    let answers = notes.iter().filter(|note| matches!(note.what, Abroad::Reply(_))).count();
    assert_eq!((notes.len(), answers), (3, 2));
}

#[tokio::test]
async fn an_answer_after_the_deadline_counts_and_says_that_it_is_late() {
    let corridor = Corridor::open().await;
    let raised = corridor.customs.enquire(&corridor.officer, corridor.enquiry(1)).await.unwrap();
    let days = |days: i64| jiff::SignedDuration::from_hours(24 * days);
    let view = || corridor.exporting.incoming_enquiries(&corridor.liaison, true, ("", 50)).unwrap().enquiries.remove(0);
    assert!(!view().due_soon && !view().overdue);
    corridor.pakistan.clock.set(corridor.pakistan.clock.now() + days(175));
    assert!(view().due_soon && !view().overdue, "two weeks before it is due");
    corridor.pakistan.clock.set(corridor.pakistan.clock.now() + days(10));
    assert!(view().overdue);
    let asking = corridor.customs.enquiries(&corridor.officer, true, ("", 50)).unwrap();
    assert!(asking.enquiries[0].overdue, "on both sides");
    let wish = corridor.reply(2, raised.jti, ReplyAct::Full, vec![valid(1)]);
    let late = corridor.exporting.reply(&corridor.liaison, wish).await.unwrap();
    assert!(late.late && !late.enquiry.overdue);
    let notes = corridor.exporting.abroad(&corridor.liaison, &CertificateName::Number(corridor.number())).unwrap();
    assert_eq!(notes.iter().map(|note| note.late).collect::<Vec<_>>(), [false, true], "the question, and the answer");
}

#[tokio::test]
async fn a_number_that_is_not_known_is_asked_about_with_a_scan() {
    let corridor = Corridor::open().await;
    let mut wish = corridor.enquiry(1);
    wish.asked.ground = EnquiryGround::NumberUnknown;
    wish.asked.question = Some("Did you issue this?".parse().unwrap());
    let known = corridor.customs.enquire(&corridor.officer, wish.clone()).await;
    assert_eq!(reason(known), "NUMBER_KNOWN");
    wish.subjects[0].number = "PK-CN-2026-XXX-999999".parse().unwrap();
    let without = corridor
        .customs
        .enquire(&corridor.officer, EnquiryWish { request_id: corridor.china.request_id(2), ..wish.clone() });
    assert_eq!(reason(without.await), "SCAN_MISSING");
    wish.documents = vec![DocumentDigest {
        name: "scan.pdf".parse().unwrap(),
        media_type: "application/pdf".parse().unwrap(),
        sha256: crate::certificate::Sha256([7; 32]),
    }];
    wish.request_id = corridor.china.request_id(3);
    let raised = corridor.customs.enquire(&corridor.officer, wish).await.unwrap();
    let seen = corridor.exporting.incoming_enquiry(&corridor.liaison, &raised.jti).unwrap();
    assert!(seen.subjects()[0].certificate.is_none() && seen.reply_due.is_none());
}

#[tokio::test]
async fn an_enquiry_that_names_one_certificate_by_its_identifier_and_another_by_its_number_is_not_sent() {
    let corridor = Corridor::open().await;
    let mut wish = corridor.enquiry(1);
    wish.subjects[0].jti = Some(corridor.issued.outcome.jti);
    wish.subjects[0].number = "PK-CN-2026-XXX-999999".parse().unwrap();
    assert_eq!(reason(corridor.customs.enquire(&corridor.officer, wish.clone()).await), "SUBJECT_DISAGREES");
    wish.subjects[0].number = corridor.number().parse().unwrap();
    corridor.customs.enquire(&corridor.officer, wish).await.unwrap();
    assert_eq!(corridor.customs.enquiries(&corridor.officer, true, ("", 50)).unwrap().enquiries.len(), 1);
}

#[tokio::test]
async fn a_change_of_destination_is_said_to_the_issuer_with_the_hash_of_what_was_seen() {
    let corridor = Corridor::open().await;
    let wish = corridor.endorsement(1, "KZ", Vec::new());
    let mut nowhere = EndorsementWish { request_id: corridor.china.request_id(2), ..wish.clone() };
    nowhere.words.destination = None;
    assert_eq!(reason(corridor.customs.endorse(&corridor.officer, nowhere).await), "DESTINATION_MISPLACED");
    corridor.customs.endorse(&corridor.officer, wish).await.unwrap();
    let notes = corridor.exporting.abroad(&corridor.liaison, &CertificateName::Number(corridor.number())).unwrap();
    let Abroad::Endorsement(said) = &notes[0].what else { panic!("{notes:?}") };
    assert_eq!(said.endorsement.day, corridor.today(), "the day at the authority");
    assert_eq!(said.endorsed.place.jti, corridor.issued.outcome.jti);
}

#[tokio::test]
async fn what_customs_did_is_there_after_a_restart() {
    let corridor = Corridor::open().await;
    corridor.customs.write_off(&corridor.officer, corridor.write_off(1, "D-1", "800")).await.unwrap();
    corridor.china.store.reload().unwrap();
    let (again, _) = corridor.china.desk();
    assert_eq!(again.balance(&corridor.officer, &corridor.name()).unwrap()[0].left, "16000");
}

#[tokio::test]
async fn the_copy_of_an_arrival_is_erased_by_name_or_by_the_years_of_its_agreement() {
    let corridor = Corridor::open().await;
    let name = ErasedName::Arrived(corridor.name());
    let reason = "kept for longer than it may be".parse().unwrap();
    let erased = corridor.customs.erase(Actor::Operator, &name, &reason).unwrap();
    assert_eq!(erased.entry, corridor.issued.outcome.entry);
    let asked = ArrivalsAsked { delivery: Some(Delivery::Erased), ..ArrivalsAsked::default() };
    assert_eq!(corridor.customs.arrivals(&corridor.officer, &asked).unwrap().arrivals.len(), 1);
    let rows = corridor.china.store.audit(0, 100).unwrap();
    assert!(rows.iter().any(|row| row.row.windows(14).any(|part| part == b"erase_contents")), "kept where it was done");

    let other = corridor.exporting.issue(&corridor.pakistan.signatory, &corridor.pakistan.footballs(2)).await.unwrap();
    let mut china = corridor.china;
    china.erase_after_years = Some(0);
    china.clock.set("2029-01-01T00:00:00Z".parse().unwrap());
    let (customs, _) = china.desk();
    assert_eq!(customs.erase_due().unwrap(), (1, false));
    let entry = &other.outcome.entry;
    let left = corridor.pakistan.store.disclosures(&entry.origin, entry.index).unwrap();
    assert_eq!(left, Some(Disclosures::Erased));
}
