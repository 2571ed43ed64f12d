//! Paper beside electronic certificates: the authority of Pakistan, and customs of China who read its logs.

use super::{BlockWish, OutageRow, PaperRow, PapersAsked, Registered};
use crate::{
    agreement::Declared,
    certificate::{Instant, Particulars, Severity, Sha256},
    office::{Account, Caller, Continuity, Corridor, Medium, NumberBlock, Role, Wanted},
    reason::Reasoned as _,
    sequencer::bears_number,
    statement::{
        EnquiryGround, EnquiryQuestion, GoodsMeanwhile, ImportDeclaration, OpenedBody, PaperGround, ReplyAct,
        SubjectAnswer, SubjectFinding,
    },
    store::Store as _,
    time::{Clock as _, Date, SeededRandom, Timestamp},
    workflow::{
        ArrivedName, CertificateName, Desk, EnquiryWish, MatchWish, ReplyWish, SubjectWish, WorkflowError,
        customs::statement_at, tests::world::World,
    },
};
use std::sync::Arc;

mod again;
mod corridor;
mod lost;

/// Both sides. Until today certificates went on paper, from tomorrow on electronically alone; today both.
struct Sides {
    pakistan: World,
    exporting: Desk,
    customs: Desk,
    signatory: Arc<Caller>,
    officer: Caller,
}

fn corridors(today: Date) -> Continuity {
    let corridor = |medium, from, until| Corridor {
        agreement: "CPFTA".parse().unwrap(),
        to: "CN".parse().unwrap(),
        medium,
        from,
        until,
    };
    let (before, after) = (today.yesterday().unwrap(), today.tomorrow().unwrap());
    Continuity {
        corridors: vec![
            corridor(Medium::Paper, None, Some(before)),
            corridor(Medium::Both, Some(today), Some(today)),
            corridor(Medium::Electronic, Some(after), None),
        ],
        register_within_days: 5,
    }
}

impl Sides {
    fn open() -> Self {
        let mut pakistan = World::new();
        let china = pakistan.with_customs();
        pakistan.sees(&china);
        china.sees(&pakistan);
        pakistan.continuity = corridors(today(&pakistan));
        let ((exporting, _), (customs, _)) = (pakistan.desk(), china.desk());
        let wanted = Wanted { name: "Li Na".to_owned(), roles: vec![Role::CustomsOfficer], ..Wanted::default() };
        let officer = Account::open(wanted, &SeededRandom::new(31)).unwrap().into();
        let signatory = Arc::new(pakistan.signatory.clone());
        Self { pakistan, exporting, customs, signatory, officer }
    }

    fn paper(&self, nth: u16, number: &str) -> PaperRow {
        let today = today(&self.pakistan);
        PaperRow {
            request_id: self.pakistan.request_id(nth),
            number: number.parse().unwrap(),
            issued_on: today.yesterday().unwrap(),
            valid_until: Some(today.tomorrow().unwrap()),
            agreement: "CPFTA".parse().unwrap(),
            to: "CN".parse().unwrap(),
            office: "LHE".parse().unwrap(),
            scan_sha256: Sha256([7; 32]),
            remarks: None,
        }
    }

    async fn register(&self, row: PaperRow) -> Result<Registered, WorkflowError> {
        self.exporting.register_papers(&self.signatory, vec![row]).await.unwrap().remove(0)
    }

    fn matching(&self, number: &str, issued_on: Option<Date>) -> MatchWish {
        let date = today(&self.pakistan);
        MatchWish {
            certificate: ArrivedName::Number(number.to_owned(), None),
            issued_on,
            declaration: ImportDeclaration {
                number: "I-2026-77".parse().unwrap(),
                date,
                office: "CNSHA".parse().unwrap(),
            },
            declared: Declared { date, hs_edition: None, country_of_export: None, importer: None, lines: Vec::new() },
        }
    }

    async fn block(&self, nth: u16, count: u32) -> NumberBlock {
        let wish = BlockWish {
            office: "LHE".parse().unwrap(),
            agreement: "CPFTA".parse().unwrap(),
            to: "CN".parse().unwrap(),
            count,
        };
        self.exporting.reserve_block(&self.signatory, &self.pakistan.request_id(nth), wish).await.unwrap()
    }

    /// The footballs of Sialkot as an office that was cut off issued them, at an instant, under a number of a block.
    fn on_paper(&self, nth: u16, block: &NumberBlock, number: usize, at: Timestamp) -> OutageRow {
        let json = self.pakistan.footballs(nth).certificate_json;
        let mut particulars = Particulars::read_json(&json).particulars.unwrap();
        particulars.reference.number = Some(block.numbers[number].clone());
        OutageRow {
            request_id: self.pakistan.request_id(nth),
            certificate_json: particulars.to_json().into(),
            block: block.id.clone(),
            issued_at: Instant::of(at),
            paper_sha256: Sha256([u8::try_from(number).unwrap(); 32]),
        }
    }
}

fn today(world: &World) -> Date {
    crate::time::ZoneName::new("Asia/Karachi").unwrap().date_at(world.clock.now())
}

fn rules(error: &WorkflowError) -> Vec<&str> {
    match error {
        WorkflowError::RulesRefuse(findings) => {
            let forbids = findings.iter().filter(|finding| finding.severity == Severity::Error);
            forbids.map(|finding| finding.rule.as_str()).collect()
        }
        other => vec![other.reason()],
    }
}

#[tokio::test]
async fn customs_learn_of_a_paper_by_its_number_and_date_and_nobody_gets_its_number_again() {
    let sides = Sides::open();
    let row = sides.paper(1, "P-417");
    let done = sides.register(row.clone()).await.unwrap();
    assert_eq!(done.outcome.entry.origin.to_string(), "tdap.gov.pk/log/2026/customs.gov.cn");
    // The match says what there is to know, and that goods stand on the paper alone.
    let matched =
        sides.customs.match_declaration(&sides.officer, &sides.matching("P-417", Some(row.issued_on))).unwrap();
    assert!(matched.arrival.is_none());
    assert_eq!(matched.papers[0].paper.scan_sha256, row.scan_sha256);
    assert_eq!(matched.papers[0].paper.ground, PaperGround::BeforeExchange);
    let reasons = matched.notices.iter().map(|notice| notice.reason).collect::<Vec<_>>();
    assert_eq!(reasons, ["ON_PAPER"]);
    assert!(matched.notices[0].words.contains("tdap.gov.pk") && matched.notices[0].words.contains("0707"));
    let other = sides.matching("P-417", Some(today(&sides.pakistan)));
    let matched = sides.customs.match_declaration(&sides.officer, &other).unwrap();
    assert!(matched.notices.iter().any(|notice| notice.reason == "ISSUE_DATE_DIFFERS"));
    // A stranger needs number and date.
    let name = CertificateName::Number("P-417".to_owned());
    let found = sides.exporting.look_up(&name, Some(row.issued_on)).unwrap();
    assert_eq!((found.stands, found.valid_until), (None, row.valid_until));
    assert_eq!(sides.exporting.look_up(&name, None).unwrap_err().reason(), "CERTIFICATE_UNKNOWN");
    // Neither a back office that brings it nor another paper gets the number, before or after a restart.
    let brought = |nth| {
        let mut row = sides.pakistan.footballs(nth);
        let mut particulars = Particulars::read_json(&row.certificate_json).particulars.unwrap();
        particulars.reference.number = Some("P-417".parse().unwrap());
        row.certificate_json = particulars.to_json().into_bytes();
        row
    };
    let refused = sides.exporting.issue(&sides.signatory, &brought(2)).await.unwrap_err();
    assert_eq!(refused.reason(), "NUMBER_TAKEN");
    let another = PaperRow { scan_sha256: Sha256([8; 32]), ..sides.paper(3, "P-417") };
    let refused = sides.register(another).await.unwrap_err();
    assert_eq!(rules(&refused), ["PAPER_DIFFERS"]);
    assert!(refused.to_string().contains("0707") && !refused.to_string().contains("another certificate"), "{refused}");
    sides.exporting.sequencer().close();
    let (again, _) = sides.pakistan.desk();
    assert_eq!(again.issue(&sides.signatory, &brought(4)).await.unwrap_err().reason(), "NUMBER_TAKEN");
}

#[tokio::test]
async fn a_file_of_papers_that_is_sent_again_changes_nothing_and_a_bad_row_stops_no_other() {
    let sides = Sides::open();
    let rows = |base: u16| {
        let mut rows = (0..200).map(|nth| sides.paper(base + nth, &format!("P-{nth}"))).collect::<Vec<_>>();
        rows[7].valid_until = Some(today(&sides.pakistan).yesterday().unwrap());
        rows
    };
    let first = sides.exporting.register_papers(&sides.signatory, rows(1)).await.unwrap();
    let good = |results: &[Result<Registered, WorkflowError>], before| {
        results.iter().filter(|one| one.as_ref().is_ok_and(|one| one.before == before)).count()
    };
    assert_eq!(good(&first, false), 199);
    assert_eq!(rules(first[7].as_ref().unwrap_err()), ["PAPER_EXPIRED"]);
    let log = first[0].as_ref().unwrap().outcome.entry.origin.clone();
    let size = sides.pakistan.store.durable_size(&log);
    let again = sides.exporting.register_papers(&sides.signatory, rows(1_000)).await.unwrap();
    assert_eq!((good(&again, true), sides.pakistan.store.durable_size(&log)), (199, size));
    // Customs page through all of them.
    let mut asked = PapersAsked { size: 150, ..PapersAsked::default() };
    let page = sides.customs.papers(&sides.officer, &asked).unwrap();
    asked.token = page.next.unwrap();
    let rest = sides.customs.papers(&sides.officer, &asked).unwrap();
    assert_eq!((page.papers.len(), rest.papers.len(), rest.next), (150, 49, None));
}

#[tokio::test]
async fn what_came_back_of_a_paper_without_its_contents_shuts_the_numbers_as_a_certificate_does() {
    let sides = Sides::open();
    let entry = sides.register(sides.paper(1, "P-1")).await.unwrap().outcome.entry;
    let leaf = |index| sides.pakistan.store.leaf(&entry.origin, index).unwrap().unwrap();
    assert!(bears_number(None, &leaf(entry.index)));
    assert!(!bears_number(None, &leaf(0)), "a snapshot bears none");
}

#[tokio::test]
async fn the_corridor_of_its_day_decides_what_is_paper_and_what_is_not() {
    let sides = Sides::open();
    let day = today(&sides.pakistan);
    // Both: it is issued, and the number of its paper is asked for.
    let issued = sides.exporting.issue(&sides.signatory, &sides.pakistan.footballs(1)).await.unwrap();
    assert!(issued.warnings.iter().any(|finding| finding.rule == "PAPER_NUMBER_ASKED"));
    let both = PaperRow { issued_on: day, ..sides.paper(2, "P-2") };
    assert!(sides.register(both).await.is_ok());
    // Nothing is said of Kenya: what is not said is electronic.
    let elsewhere = PaperRow { to: "KE".parse().unwrap(), ..sides.paper(3, "P-3") };
    assert_eq!(rules(&sides.register(elsewhere).await.unwrap_err()), ["CORRIDOR_ELECTRONIC"]);
    let mut world = World::new();
    world.continuity = corridors(day.tomorrow().unwrap());
    let (desk, _) = world.desk();
    let refused = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap_err();
    assert_eq!(rules(&refused), ["CORRIDOR_PAPER"]);
    // Electronic alone: a paper of that day is none that is registered.
    let mut world = World::new();
    world.continuity = corridors(day.yesterday().unwrap());
    let (desk, _) = world.desk();
    let row = PaperRow { issued_on: day, request_id: world.request_id(2), ..sides.paper(4, "P-4") };
    let refused = desk.register_papers(&sides.signatory, vec![row]).await.unwrap().remove(0).unwrap_err();
    assert_eq!(rules(&refused), ["CORRIDOR_ELECTRONIC"]);
}

#[tokio::test]
async fn a_key_registers_no_paper_of_an_agreement_it_may_not_sign_for() {
    let sides = Sides::open();
    sides.pakistan.narrow_key("NONPREF");
    let refused = sides.register(sides.paper(1, "P-1")).await.unwrap_err();
    assert_eq!(refused.reason(), "REPLICA_CHECK_FAILED");
}

#[tokio::test]
async fn a_block_of_numbers_is_given_once_and_the_series_goes_on_behind_it() {
    let sides = Sides::open();
    let block = sides.block(1, 3).await;
    assert_eq!(block, sides.block(1, 3).await, "the same request has the same block");
    let other = sides.block(2, 2).await;
    let issued = sides.exporting.issue(&sides.signatory, &sides.pakistan.footballs(3)).await.unwrap();
    let mut numbers = block.numbers.iter().chain(&other.numbers).map(ToString::to_string).collect::<Vec<_>>();
    numbers.push(issued.outcome.number.unwrap());
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), 6);
    // A back office does not get one of them either.
    let mut row = sides.pakistan.footballs(4);
    let mut particulars = Particulars::read_json(&row.certificate_json).particulars.unwrap();
    particulars.reference.number = Some(block.numbers[0].clone());
    row.certificate_json = particulars.to_json().into_bytes();
    assert_eq!(sides.exporting.issue(&sides.signatory, &row).await.unwrap_err().reason(), "NUMBER_TAKEN");
}

#[tokio::test]
async fn what_was_issued_in_an_outage_is_issued_once_bears_its_day_and_says_so() {
    let sides = Sides::open();
    let block = sides.block(1, 3).await;
    let at = sides.pakistan.clock.now();
    let day = today(&sides.pakistan);
    let row = sides.on_paper(2, &block, 0, at);
    sides.pakistan.clock.set(at + jiff::SignedDuration::from_hours(3 * 24));
    let again = |nth, row: &OutageRow| OutageRow { request_id: sides.pakistan.request_id(nth), ..row.clone() };
    let done = sides.exporting.register_outage(&sides.signatory, again(3, &row)).await.unwrap();
    assert_eq!((done.before, done.outcome.day), (false, day));
    let store = sides.exporting.store().as_ref();
    let statement = statement_at(store, &done.outcome.entry).unwrap().unwrap();
    let OpenedBody::Certificate(certificate) = statement.opened.body else { panic!("no certificate") };
    let certificate = certificate.to_certificate().unwrap();
    assert_eq!((certificate.reference.issued_on, certificate.valid_from), (day, day));
    assert_eq!(certificate.reference.number, block.numbers[0]);
    assert_eq!(certificate.reference.paper_number.unwrap().as_str(), block.numbers[0].as_str());
    let remarks = certificate.remarks.unwrap();
    let said = remarks.endorsements.iter().find(|one| one.code.as_str() == "REGISTERED_AFTER_OUTAGE").unwrap();
    assert!(said.text.as_str().contains("registered on 2026-"), "{}", said.text);
    // Again: the same answer. Another paper under that number: none.
    let before = sides.exporting.register_outage(&sides.signatory, again(4, &row)).await.unwrap();
    assert_eq!((before.before, before.outcome.entry), (true, done.outcome.entry));
    let forged = OutageRow { paper_sha256: Sha256([9; 32]), ..again(5, &row) };
    let refused = sides.exporting.register_outage(&sides.signatory, forged).await.unwrap_err();
    assert_eq!(refused.reason(), "NUMBER_TAKEN");
    // A number that no block holds, and one of another block.
    let mut stray = sides.on_paper(6, &block, 1, at);
    stray.block = sides.block(7, 1).await.id;
    let refused = sides.exporting.register_outage(&sides.signatory, stray).await.unwrap_err();
    assert_eq!(rules(&refused), ["NUMBER_NOT_OF_BLOCK"]);
}

#[tokio::test]
async fn what_was_not_registered_within_the_days_set_is_refused_and_registered_as_paper() {
    let sides = Sides::open();
    let block = sides.block(1, 2).await;
    let at = sides.pakistan.clock.now();
    let day = today(&sides.pakistan);
    let row = sides.on_paper(2, &block, 0, at);
    let paper = |nth| PaperRow {
        issued_on: day,
        valid_until: Some(Date::constant(2027, 6, 1)),
        ..sides.paper(nth, block.numbers[0].as_str())
    };
    // As long as there are days, it is to be issued electronically.
    assert_eq!(rules(&sides.register(paper(3)).await.unwrap_err()), ["OUTAGE_NOT_OVER"]);
    sides.pakistan.clock.set(at + jiff::SignedDuration::from_hours(6 * 24));
    let late = OutageRow { request_id: sides.pakistan.request_id(4), ..row };
    let refused = sides.exporting.register_outage(&sides.signatory, late.clone()).await.unwrap_err();
    assert_eq!(rules(&refused), ["OUTAGE_TOO_LATE"]);
    let WorkflowError::RulesRefuse(findings) = &refused else { panic!("{refused}") };
    assert!(findings.iter().any(|one| one.help.as_deref().is_some_and(|help| help.contains("origin paper register"))));
    let done = sides.register(paper(5)).await.unwrap();
    assert!(!done.before);
    let papers = sides.customs.papers(&sides.officer, &PapersAsked::default()).unwrap().papers;
    assert_eq!(papers[0].paper.ground, PaperGround::Outage);
    // Now the number is the paper's.
    let late = OutageRow { request_id: sides.pakistan.request_id(6), ..late };
    let refused = sides.exporting.register_outage(&sides.signatory, late).await.unwrap_err();
    assert_eq!(rules(&refused), ["NUMBER_NOT_OF_BLOCK"]);
}

#[tokio::test]
async fn a_paper_past_the_closing_of_its_key_is_shown_as_that_and_registered_anew() {
    let sides = Sides::open();
    let row = sides.paper(1, "P-1");
    let entry = sides.register(row.clone()).await.unwrap().outcome.entry;
    sides.pakistan.revoke(&[(entry.origin.clone(), entry.index)]);
    let listed = || sides.customs.papers(&sides.officer, &PapersAsked::default()).unwrap().papers;
    assert_eq!(listed().iter().map(|one| one.key_closed.is_some()).collect::<Vec<_>>(), [true]);
    let told = sides.customs.match_declaration(&sides.officer, &sides.matching("P-1", None)).unwrap().notices;
    assert_eq!(told.iter().map(|one| one.reason).collect::<Vec<_>>(), ["KEY_CLOSED"]);
    assert!(told[0].words.contains("registered on paper"), "{}", told[0].words);
    let name = CertificateName::Number("P-1".to_owned());
    assert_eq!(sides.exporting.look_up(&name, Some(row.issued_on)).unwrap_err().reason(), "CERTIFICATE_UNKNOWN");
    // The next start signs with the new key.
    sides.exporting.sequencer().close();
    let (again, _) = sides.pakistan.desk();
    let register = async |nth| {
        let rows = vec![sides.paper(nth, "P-1")];
        again.register_papers(&sides.signatory, rows).await.unwrap().remove(0).unwrap()
    };
    let anew = register(2).await;
    assert!(!anew.before && anew.outcome.entry != entry, "{anew:?}");
    assert_eq!(listed().iter().map(|one| one.key_closed.is_some()).collect::<Vec<_>>(), [true, false]);
    let matched = sides.customs.match_declaration(&sides.officer, &sides.matching("P-1", Some(row.issued_on))).unwrap();
    assert_eq!(matched.papers.len(), 1);
    assert!(again.look_up(&name, Some(row.issued_on)).is_ok());
    let once = register(3).await;
    assert!(once.before && once.outcome.entry == anew.outcome.entry, "once, with the new key");
}

#[tokio::test]
async fn customs_ask_about_a_paper_by_its_number_and_hear_what_it_is_where_a_certificate_is_meant() {
    let sides = Sides::open();
    let (customs, officer) = (&sides.customs, &sides.officer);
    let paper = sides.register(sides.paper(1, "P-1")).await.unwrap().outcome.jti;
    let asked = |nth, ground| EnquiryWish {
        request_id: sides.pakistan.request_id(nth),
        to: sides.pakistan.issuer.clone(),
        asked: EnquiryQuestion {
            reference: "CN-2026-7".parse().unwrap(),
            ground,
            question: Some("Is the stamp yours?".parse().unwrap()),
            goods: GoodsMeanwhile::Held,
            basis: None,
            reply_by: None,
        },
        subjects: vec![SubjectWish {
            number: "P-1".parse().unwrap(),
            issued_on: None,
            items: Vec::new(),
            declaration: None,
            jti: None,
        }],
        documents: Vec::new(),
        clarifies: None,
    };
    let unknown = customs.enquire(officer, asked(2, EnquiryGround::NumberUnknown)).await.unwrap_err();
    assert_eq!(unknown.reason(), "NUMBER_KNOWN");
    let raised = customs.enquire(officer, asked(3, EnquiryGround::Authenticity)).await.unwrap();
    // CPFTA, Rule 16: six months, as of any certificate.
    assert_eq!(raised.reply_due, Some(Date::constant(2027, 5, 22)));
    let wanted = Wanted { name: "F. Anwar".to_owned(), roles: vec![Role::Liaison], ..Wanted::default() };
    let liaison: Caller = Account::open(wanted, &SeededRandom::new(34)).unwrap().into();
    let seen = sides.exporting.incoming_enquiry(&liaison, &raised.jti).unwrap();
    assert_eq!(seen.reply_due, raised.reply_due);
    let subject = &seen.subjects()[0];
    assert_eq!(subject.certificate.as_ref().map(|place| place.jti), Some(paper));
    assert_eq!(subject.issued_on, today(&sides.pakistan).yesterday().ok());
    let answer = SubjectAnswer { subject: 1, finding: SubjectFinding::NotValid, items: Vec::new(), words: None };
    let reply = ReplyWish {
        request_id: sides.pakistan.request_id(4),
        enquiry: raised.jti,
        act: ReplyAct::Full,
        reply_by: None,
        words: None,
        answers: vec![answer],
        documents: Vec::new(),
    };
    sides.exporting.reply(&liaison, reply).await.unwrap();
    let matched = customs.match_declaration(officer, &sides.matching("P-1", None)).unwrap();
    let told = matched.notices.iter().map(|notice| notice.reason).collect::<Vec<_>>();
    assert_eq!(told, ["ON_PAPER", "ISSUER_FINDS_NOT_VALID"]);
    // Of what stands on paper nothing is shown.
    let refused = customs.course(officer, &ArrivedName::Number("P-1".to_owned(), None)).err().unwrap();
    assert_eq!(refused.reason(), "ARRIVAL_UNKNOWN");
    assert!(refused.to_string().contains("registered on paper by https://tdap.gov.pk"), "{refused}");
}

#[tokio::test]
async fn no_paper_is_usable_longer_than_its_agreement_says() {
    let sides = Sides::open();
    let issued_on = today(&sides.pakistan).yesterday().unwrap();
    // CPFTA: a year.
    let year = issued_on.checked_add(jiff::Span::new().years(1)).unwrap();
    let row = |nth, until| PaperRow { valid_until: Some(until), ..sides.paper(nth, "P-1") };
    let refused = sides.register(row(1, year.tomorrow().unwrap())).await.unwrap_err();
    assert_eq!(rules(&refused), ["VALIDITY"]);
    assert!(refused.to_string().contains(&year.to_string()), "{refused}");
    assert!(sides.register(row(2, year)).await.is_ok());
}

#[tokio::test]
async fn of_a_paper_that_states_no_last_day_the_day_of_its_agreement_counts() {
    let sides = Sides::open();
    let row = PaperRow { valid_until: None, ..sides.paper(1, "P-1") };
    sides.register(row.clone()).await.unwrap();
    // CPFTA: a year.
    let year = row.issued_on.checked_add(jiff::Span::new().years(1)).unwrap();
    let notices = |day| {
        let mut wish = sides.matching("P-1", None);
        wish.declaration.date = day;
        sides.customs.match_declaration(&sides.officer, &wish).unwrap().notices
    };
    let within = notices(year);
    assert_eq!(within.iter().map(|notice| notice.reason).collect::<Vec<_>>(), ["ON_PAPER"]);
    let words = &within[0].words;
    assert!(words.contains("states no last day of use") && words.contains(&year.to_string()), "{words}");
    let after = notices(year.tomorrow().unwrap());
    assert!(after.iter().any(|notice| ["EXPIRED", "LATE_PRESENTATION"].contains(&notice.reason)), "{after:?}");
}

#[tokio::test]
async fn one_scan_under_two_numbers_is_warned_of_in_one_file_and_in_the_next() {
    let sides = Sides::open();
    let warned = |one: &Result<Registered, WorkflowError>| {
        let warnings = &one.as_ref().unwrap().warnings.0;
        warnings.iter().map(|finding| format!("{} {}", finding.rule, finding.message)).collect::<Vec<_>>()
    };
    let rows = vec![sides.paper(1, "P-1"), sides.paper(2, "P-2")];
    let first = sides.exporting.register_papers(&sides.signatory, rows).await.unwrap();
    assert!(warned(&first[0]).is_empty());
    assert!(warned(&first[1])[0].starts_with("SCAN_REGISTERED") && warned(&first[1])[0].contains("P-1"), "{first:?}");
    let next = sides.exporting.register_papers(&sides.signatory, vec![sides.paper(3, "P-3")]).await.unwrap();
    assert_eq!(warned(&next[0]).len(), 1);
    let own = PaperRow { scan_sha256: Sha256([8; 32]), ..sides.paper(4, "P-4") };
    assert!(sides.register(own).await.unwrap().warnings.0.is_empty());
}

#[tokio::test]
async fn no_block_is_for_the_own_country_or_for_a_stranger_to_the_agreement_and_the_trail_says_all_of_one() {
    let sides = Sides::open();
    let wish = BlockWish {
        office: "LHE".parse().unwrap(),
        agreement: "CPFTA".parse().unwrap(),
        to: "PK".parse().unwrap(),
        count: 5,
    };
    let request = sides.pakistan.request_id(1);
    let refused = sides.exporting.reserve_block(&sides.signatory, &request, wish.clone()).await.unwrap_err();
    assert_eq!(rules(&refused), ["ONE_COUNTRY"]);
    let abroad = BlockWish { to: "KE".parse().unwrap(), ..wish };
    let request = sides.pakistan.request_id(3);
    let refused = sides.exporting.reserve_block(&sides.signatory, &request, abroad).await.unwrap_err();
    assert_eq!(rules(&refused), ["MEMBERSHIP"]);
    assert!(refused.to_string().contains("CN, PK") || refused.to_string().contains("PK, CN"), "{refused}");
    let block = sides.block(2, 5).await;
    let (first, last) = (&block.numbers[0], &block.numbers[4]);
    let said = format!("{first} to {last}, 5 numbers, office LHE, under CPFTA to CN");
    let rows = sides.pakistan.store.audit(0, 100).unwrap();
    assert!(rows.iter().any(|row| String::from_utf8_lossy(&row.row).contains(&said)), "{said}");
}
