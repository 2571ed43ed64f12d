use super::*;
use crate::certificate::{DeclarationMeans, Findings};
use crate::office::{Account, Caller, Role, Wanted};
use crate::reason::Reasoned;
use crate::time::{Date, SeededRandom, Timestamp};

struct Desk {
    now: Timestamp,
    exporter: Caller,
    examiner: Caller,
    signatory: Caller,
}

fn account(name: &str, roles: &[Role], seed: u64) -> Caller {
    let offices = vec!["LHE".parse().unwrap()];
    let exporter = roles.contains(&Role::Exporter).then(exporter);
    let wanted = Wanted { name: name.to_owned(), roles: roles.to_vec(), offices, exporter, ..Wanted::default() };
    Caller::from(Account::open(wanted, &SeededRandom::new(seed)).unwrap())
}

fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    text.parse().unwrap()
}

fn exporter() -> ExporterId {
    "exp_0123456789abcdef".parse().unwrap()
}

fn subject() -> Subject {
    Subject {
        agreement: "CPFTA".parse().unwrap(),
        office: "LHE".parse().unwrap(),
        to: "CN".parse().unwrap(),
        exporter: text("Chenab Sports"),
        goods: text("Footballs"),
        hs: None,
        items: 1,
    }
}

fn drafted(paper: Sha256) -> Drafted {
    Drafted { subject: subject(), paper, findings: Findings::default() }
}

fn declarant(shown: Sha256) -> Declarant {
    let (person, means) = (text("S. Chaudhry"), DeclarationMeans::Portal);
    Declarant { person, capacity: None, means, shown, signature: None }
}

impl Desk {
    fn new() -> Self {
        Self {
            now: "2026-11-22T10:00:00Z".parse().unwrap(),
            exporter: account("Chenab Sports", &[Role::Exporter], 1),
            examiner: account("B. Malik", &[Role::Examiner], 2),
            signatory: account("A. Qureshi", &[Role::Signatory], 3),
        }
    }

    fn by(&self, caller: &Caller) -> By {
        By::caller(caller, &"LHE".parse().unwrap(), self.now)
    }

    fn today() -> Date {
        Date::constant(2026, 11, 22)
    }

    fn draft(&self) -> Application {
        let id = ApplicationId::draw(self.now, &SeededRandom::new(4)).unwrap();
        Application::draft(id, exporter(), drafted(Sha256([7; 32])), &self.by(&self.exporter))
    }

    fn submitted(&self) -> Application {
        let declarant = declarant(Sha256([7; 32]));
        self.draft().submit(declarant, Findings::default(), false, &self.by(&self.exporter)).unwrap()
    }

    fn claimed(&self) -> Application {
        self.submitted().claim(&self.by(&self.examiner)).unwrap()
    }

    fn at(&self, stage: StageName) -> Application {
        let (examiner, exporter) = (self.by(&self.examiner), self.by(&self.exporter));
        let approved = || {
            let recommended = self.claimed().recommend(None, &examiner).unwrap();
            recommended.approve(Sha256([9; 32]), text("A. Qureshi"), &self.by(&self.signatory)).unwrap()
        };
        match stage {
            StageName::Draft => self.draft(),
            StageName::AwaitingPayment => {
                let declarant = declarant(Sha256([7; 32]));
                self.draft().submit(declarant, Findings::default(), true, &exporter).unwrap()
            }
            StageName::Referred => {
                let asked = (text("The moulds"), Self::today());
                self.claimed().refer(ReferredTo::Factory, asked, Self::today(), &examiner).unwrap()
            }
            StageName::Submitted => self.submitted(),
            StageName::UnderExamination => self.claimed(),
            StageName::Queried => self.claimed().query(text("Why?"), Vec::new(), &examiner).unwrap(),
            StageName::Recommended => self.claimed().recommend(None, &examiner).unwrap(),
            StageName::Approved => approved(),
            StageName::Issued => {
                let (number, jti, log) = ("N1".to_owned(), "J".to_owned(), "L".to_owned());
                approved().issued(IssuedAs { number, jti, log, index: 1, at_ms: 0 }, self.now).unwrap()
            }
            StageName::Refused => self.claimed().refuse(RefusalCode::Other, text("no"), &examiner).unwrap(),
            StageName::Withdrawn => self.submitted().withdraw(None, &exporter).unwrap(),
        }
    }

    /// Does a deed as somebody who may by role, if anybody may.
    fn act(&self, application: Application, deed: Deed) -> Result<Application, ApplicationRefused> {
        let (examiner, exporter) = (self.by(&self.examiner), self.by(&self.exporter));
        let paper = Sha256([7; 32]);
        match deed {
            Deed::Draft => application.redraft(drafted(paper), &exporter),
            Deed::Submit => application.submit(declarant(paper), Findings::default(), false, &exporter),
            Deed::RecordFee => application.record_fee(text("T-1"), &examiner),
            Deed::MoveOffice => application.move_to("KHI".parse().unwrap(), &By::operator(self.now)),
            Deed::ReserveNumber => application.reserve_number("PK-7".parse().unwrap(), None, &exporter),
            Deed::VoidNumber => {
                // Only what has a number can lose it; the deed before it is not the one that is looked at.
                match application.clone().reserve_number("PK-7".parse().unwrap(), None, &exporter) {
                    Ok(held) => Ok(Application { version: application.version, ..held }),
                    Err(_) => Ok(application),
                }
                .and_then(|held| held.void_number(text("Not needed"), &self.by(&self.signatory)))
            }
            Deed::Refer => {
                application.refer(ReferredTo::Laboratory, (text("The glue"), Self::today()), Self::today(), &examiner)
            }
            Deed::Report => {
                let found = (text("As declared"), Sha256([5; 32]));
                application.report(text("Inspector"), Self::today(), found, Self::today(), &examiner)
            }
            Deed::Answer => application.answer(text("So."), None, &exporter),
            Deed::Withdraw => application.withdraw(None, &exporter),
            Deed::Claim => application.claim(&examiner),
            Deed::Release => application.release(&examiner),
            Deed::Query => application.query(text("Why?"), Vec::new(), &examiner),
            Deed::Recommend => application.recommend(None, &examiner),
            Deed::Refuse => application.refuse(RefusalCode::Other, text("no"), &examiner),
            Deed::SendBack => application.send_back(None, &self.by(&self.signatory)),
            Deed::Sign => application.approve(Sha256([9; 32]), text("A. Qureshi"), &self.by(&self.signatory)),
            Deed::MachineExamine => application.machine_examine("policy", self.now),
            Deed::Issue => {
                let (number, jti, log) = ("N1".to_owned(), "J".to_owned(), "L".to_owned());
                application.issued(IssuedAs { number, jti, log, index: 1, at_ms: 0 }, self.now)
            }
        }
    }
}

#[test]
fn every_cell_of_the_table_is_what_an_application_does() {
    let desk = Desk::new();
    for stage in StageName::ALL {
        let application = desk.at(*stage);
        assert_eq!(application.stage.name(), *stage);
        for deed in Deed::ALL {
            let done = desk.act(application.clone(), *deed);
            match (deed.from(*stage), done) {
                (Some(after), Ok(moved)) => {
                    assert_eq!(moved.stage.name(), after, "{deed} where it is {stage}");
                    assert_eq!(moved.version, application.version + 1);
                    assert_eq!(moved.last().map(|event| (event.deed, event.stage)), Some((*deed, after)));
                }
                (None, Err(refused)) => {
                    let claimed =
                        [StageName::UnderExamination, StageName::Queried, StageName::Referred].contains(stage);
                    let reason =
                        if claimed && *deed == Deed::Claim { "APPLICATION_CLAIMED" } else { "APPLICATION_STATE" };
                    assert_eq!(refused.reason(), reason, "{deed} where it is {stage}");
                }
                (expected, done) => panic!("{deed} where it is {stage}: {expected:?}, but {done:?}"),
            }
        }
    }
}

#[test]
fn outsiders_do_nothing_to_an_application_and_no_officer_declares_for_an_exporter() {
    let may = |role: Role, deed: Deed| deed.action().is_some_and(|action| role.may(action));
    for outsider in [Role::CustomsOfficer, Role::Liaison, Role::Auditor, Role::Administrator] {
        let mut others = Deed::ALL.iter().filter(|deed| outsider != Role::Administrator || **deed != Deed::MoveOffice);
        assert!(!others.any(|deed| may(outsider, *deed)), "{outsider}");
    }
    for officer in [Role::Examiner, Role::Signatory] {
        assert!(!may(officer, Deed::Submit), "{officer}");
    }
}

/// The table as Markdown.
fn state_table() -> String {
    let row = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let head = ["deed", "by"].into_iter().map(str::to_owned).chain(StageName::ALL.iter().map(ToString::to_string));
    let mut text = row(&head.collect::<Vec<_>>());
    text.push('|');
    text.push_str(&"---|".repeat(2 + StageName::ALL.len()));
    text.push('\n');
    for deed in Deed::ALL {
        let roles = Role::ALL.into_iter().filter(|role| deed.action().is_some_and(|action| role.may(action)));
        let mut by = roles.map(Role::name).collect::<Vec<_>>().join(", ");
        if by.is_empty() {
            by.push_str(if *deed == Deed::Issue { "the writer" } else { "a policy" });
        }
        let after = StageName::ALL.iter().map(|stage| match deed.from(*stage) {
            Some(after) if *deed == Deed::Submit => format!("{after} or {}", StageName::AwaitingPayment),
            after => after.map_or("·", StageName::name).to_owned(),
        });
        text.push_str(&row(&[deed.to_string(), by].into_iter().chain(after).collect::<Vec<_>>()));
    }
    text
}

#[test]
fn the_page_shows_the_table() {
    let page = include_str!("../../../docs/applications.md");
    assert!(page.contains(&state_table()), "docs/applications.md should have:\n{}", state_table());
    for code in RefusalCode::ALL {
        assert!(page.contains(&format!("`{code}`")), "{code}");
    }
}

#[test]
fn an_application_reads_back_as_it_was_written() {
    let desk = Desk::new();
    for stage in StageName::ALL {
        let application = desk.at(*stage);
        let written = serde_json::to_vec(&application).unwrap();
        assert_eq!(serde_json::from_slice::<Application>(&written).unwrap(), application, "{stage}");
    }
}

#[test]
fn one_person_does_not_examine_and_sign() {
    let desk = Desk::new();
    let both = account("C. Both", &[Role::Examiner, Role::Signatory], 5);
    let by = desk.by(&both);
    let recommended = desk.submitted().claim(&by).unwrap().recommend(None, &by).unwrap();
    let refused = recommended.clone().approve(Sha256([9; 32]), text("C. Both"), &by).unwrap_err();
    assert_eq!(refused.reason(), "SAME_PERSON");
    assert!(recommended.approve(Sha256([9; 32]), text("A. Qureshi"), &desk.by(&desk.signatory)).is_ok());
}

#[test]
fn who_filed_it_examines_nothing_of_it_and_nobody_else_declares_for_it() {
    let desk = Desk::new();
    let all = account("D. All", &[Role::Exporter, Role::Examiner, Role::Signatory], 6);
    let agent = account("Swift Clearing", &[Role::Agent, Role::Examiner, Role::Signatory], 7);
    let id = ApplicationId::draw(desk.now, &SeededRandom::new(8)).unwrap();
    for who in [&all, &agent] {
        let draft = Application::draft(id, exporter(), drafted(Sha256([7; 32])), &desk.by(who));
        let declare =
            |by: &Caller| draft.clone().submit(declarant(Sha256([7; 32])), Findings::default(), false, &desk.by(by));
        assert_eq!(declare(&desk.examiner).unwrap_err().reason(), "APPLICATION_NOT_YOURS");
        assert!(declare(&desk.exporter).is_ok(), "another account of the same exporter");
        let submitted = declare(who).unwrap();
        assert_eq!(submitted.clone().claim(&desk.by(who)).unwrap_err().reason(), "OWN_APPLICATION");
        let machine = submitted.machine_examine("policy", desk.now).unwrap();
        let signed = machine.approve(Sha256([9; 32]), text("D. All"), &desk.by(who));
        assert_eq!(signed.unwrap_err().reason(), "OWN_APPLICATION");
    }
}

#[test]
fn who_filed_it_by_one_account_examines_nothing_of_it_by_another() {
    let desk = Desk::new();
    let officer = account("D. All", &[Role::Examiner, Role::Signatory], 6);
    let other = |caller: &Caller| officer.clone().also_by(vec![std::sync::Arc::new(caller.account().clone())]);
    let agent = account("Swift Clearing", &[Role::Agent], 7);
    let by_agent = Application { agent: Some(agent.id().clone()), ..desk.submitted() };
    for (submitted, person) in [(desk.submitted(), other(&desk.exporter)), (by_agent, other(&agent))] {
        let by = desk.by(&person);
        assert_eq!(submitted.clone().claim(&by).unwrap_err().reason(), "OWN_APPLICATION");
        let machine = submitted.clone().machine_examine("policy", desk.now).unwrap();
        let signed = machine.approve(Sha256([9; 32]), text("D. All"), &by);
        assert_eq!(signed.unwrap_err().reason(), "OWN_APPLICATION");
        assert_eq!(submitted.clone().withdraw(None, &by).unwrap_err().reason(), "APPLICATION_NOT_YOURS");
        assert!(submitted.claim(&desk.by(&other(&desk.examiner))).is_ok(), "the other account is of nobody who filed");
    }
}

#[test]
fn what_is_declared_is_what_is_kept_byte_for_byte() {
    let desk = Desk::new();
    let by = desk.by(&desk.exporter);
    let other = desk.draft().submit(declarant(Sha256([8; 32])), Findings::default(), false, &by).unwrap_err();
    assert_eq!(other.reason(), "SHOWN_DIFFERS");
    let submitted = desk.submitted();
    let declaration = &submitted.stage.submission().unwrap().declaration;
    assert_eq!(declaration.shown_sha256, Some(Sha256([7; 32])));
    assert_eq!(declaration.declared_at.map(|at| at.to_string()).as_deref(), Some("2026-11-22T10:00:00Z"));
    let mended = |declared| {
        let (paper, declarant) = (Sha256([6; 32]), declarant(Sha256(declared)));
        Mended { subject: subject(), paper, declarant, findings: Findings::default(), changed: Vec::new() }
    };
    let queried = desk.at(StageName::Queried);
    assert_eq!(queried.clone().answer(text("So."), Some(mended([7; 32])), &by).unwrap_err().reason(), "SHOWN_DIFFERS");
    let answered = queried.answer(text("So."), Some(mended([6; 32])), &by).unwrap();
    assert_eq!(answered.paper, Sha256([6; 32]));
    assert_eq!(answered.queries[0].answer, Some(text("So.")));
}

#[test]
fn what_another_officer_has_in_hand_is_told_with_name_and_time() {
    let desk = Desk::new();
    let second = desk.by(&account("E. Second", &[Role::Examiner], 9));
    for refused in [
        desk.claimed().claim(&second).unwrap_err(),
        desk.claimed().recommend(None, &second).unwrap_err(),
        desk.at(StageName::Queried).refuse(RefusalCode::NoAnswer, text("no"), &second).unwrap_err(),
    ] {
        assert_eq!(refused.reason(), "APPLICATION_CLAIMED");
        assert_eq!(refused.to_string(), "B. Malik has claimed it since 2026-11-22T10:00:00Z");
    }
    assert_eq!(desk.claimed().release(&second).unwrap().stage.name(), StageName::Submitted, "who is away is replaced");
}

#[test]
fn an_approval_that_led_to_no_certificate_can_be_given_anew_or_taken_back() {
    let desk = Desk::new();
    let approved = desk.at(StageName::Approved);
    let again = approved.clone().approve(Sha256([3; 32]), text("A. Qureshi"), &desk.by(&desk.signatory)).unwrap();
    assert_eq!(again.stage.approval().unwrap().shown, Sha256([3; 32]));
    let back = approved.clone().fall_back(None, desk.now).unwrap();
    assert_eq!(back.stage.name(), StageName::Recommended);
    assert!(approved.withdraw(None, &desk.by(&desk.exporter)).is_err(), "what is being signed is not taken back");
}

#[test]
fn what_is_not_paid_for_waits_apart_and_comes_into_the_queue_when_it_is_paid() {
    let desk = Desk::new();
    let waiting = desk.at(StageName::AwaitingPayment);
    assert_eq!(waiting.clone().claim(&desk.by(&desk.examiner)).unwrap_err().reason(), "APPLICATION_STATE");
    assert_eq!(waiting.clone().machine_examine("policy", desk.now).unwrap_err().reason(), "APPLICATION_STATE");
    let later = Desk { now: "2026-11-22T11:00:00Z".parse().unwrap(), ..Desk::new() };
    let paid = waiting.clone().record_fee(text("TR-2026-991"), &later.by(&desk.examiner)).unwrap();
    assert!(paid.waiting_since_ms() > waiting.waiting_since_ms(), "who pays late does not overtake who paid in time");
    assert_eq!(paid.last().unwrap().note, Some(text("TR-2026-991")));
    assert_eq!(paid.fee.as_ref().unwrap().reference, text("TR-2026-991"));
}

#[test]
fn a_referral_comes_back_to_the_officer_who_referred_it_whoever_brings_the_report() {
    let desk = Desk::new();
    let (today, yesterday) = (Desk::today(), Desk::today().yesterday().unwrap());
    let by = desk.by(&desk.examiner);
    let early = desk.claimed().refer(ReferredTo::Factory, (text("The moulds"), yesterday), today, &by).unwrap_err();
    assert_eq!(early.reason(), "REFERRAL_DATES");
    let referred = desk.at(StageName::Referred);
    assert_eq!(referred.referred().unwrap().due, today);
    let found = || (text("Moulds for two sizes only"), Sha256([5; 32]));
    let inspector = desk.by(&account("F. Inspector", &[Role::Examiner], 10));
    let tomorrow = today.tomorrow().unwrap();
    let unseen = referred.clone().report(text("F. Inspector"), tomorrow, found(), today, &inspector).unwrap_err();
    assert_eq!(unseen.reason(), "REFERRAL_DATES");
    let back = referred.report(text("F. Inspector"), yesterday, found(), today, &inspector).unwrap();
    assert_eq!(back.stage.claimed().unwrap().0.account, *desk.examiner.id());
    let report = back.referrals[0].report.as_ref().unwrap();
    assert_eq!((report.paper, report.visited_on), (Sha256([5; 32]), yesterday));
    assert!(back.referred().is_none());
    assert_eq!(back.clone().recommend(None, &inspector).unwrap_err().reason(), "APPLICATION_CLAIMED");
    assert!(back.recommend(None, &by).is_ok());
}

#[test]
fn a_number_given_in_advance_ends_with_its_application_and_the_reason_stands() {
    let desk = Desk::new();
    let (exporter, examiner) = (desk.by(&desk.exporter), desk.by(&desk.examiner));
    let held = desk.claimed().reserve_number("PK-7".parse().unwrap(), None, &exporter).unwrap();
    let record = NumberRecord::of(&held, held.number.as_ref().unwrap());
    assert_eq!((record.by.as_str(), &record.voided), ("Chenab Sports", &None));
    let twice = held.clone().reserve_number("PK-8".parse().unwrap(), None, &exporter).unwrap_err();
    assert_eq!(twice.reason(), "NUMBER_HELD");
    let refused = held.clone().refuse(RefusalCode::Other, text("Not ours"), &examiner).unwrap();
    assert_eq!(refused.number, None);
    let voided = record.clone().ended(&refused).unwrap().voided.unwrap();
    assert_eq!((voided.deed, voided.why, voided.by.as_str()), (Deed::Refuse, Some(text("Not ours")), "B. Malik"));
    let withdrawn = held.clone().withdraw(None, &exporter).unwrap();
    assert_eq!(record.clone().ended(&withdrawn).unwrap().voided.unwrap().deed, Deed::Withdraw);
    let word = held.clone().void_number(text("Wrong consignee"), &desk.by(&desk.signatory)).unwrap();
    assert_eq!((word.number.as_ref(), word.stage.name()), (None, StageName::UnderExamination));
    assert!(word.reserve_number("PK-9".parse().unwrap(), None, &exporter).is_ok(), "it can have another");
    let none = desk.claimed().void_number(text("x"), &desk.by(&desk.signatory)).unwrap_err();
    assert_eq!(none.reason(), "NO_NUMBER_HELD");
    let agreement = "CPFTA".parse().unwrap();
    assert_eq!(held.bears_number(&agreement, "CN".parse().unwrap(), None), Ok(()));
    for (to, registration) in [("KE", None), ("CN", Some("ICN-2"))] {
        let other = held.bears_number(&agreement, to.parse().unwrap(), registration).unwrap_err();
        assert_eq!(other.reason(), "NUMBER_BOUND");
    }
}
