//! Certificates that were issued on paper: registered by their authority, and found by customs of the importing country.

use super::{Accounts, Desk, Registered, WorkflowError, refused};
use crate::{
    certificate::{AgreementCode, CertificateNumber, Country, Finding, Findings, OfficeCode, Sha256, Text},
    encoding::hex,
    office::{Action, Actor, AuditEvent, BlockNumber, Caller, Medium},
    sequencer::{Beside, Outcome, PaperNumber, Saying, SequencerError, Task, Work, number_id},
    statement::{Issuer, Jti, Kind, OpenedBody, PaperCertificate, PaperGround, PaperWords, StatementRef},
    store::{EntryRef, Expected, StateChange, Store, Subject, Table},
    time::{Date, Timestamp},
    verification::CheckedEntry,
    workflow::{
        carry::blocking,
        customs::{instant, said_about, said_at},
        desk::{Prepared, Submitted},
    },
};
use sha2::Digest as _;
use std::{collections::HashMap, sync::Arc};

/// Papers of a page at most, and where none are asked for.
const PAGE: (usize, usize) = (500, 50);

/// One paper to register.
#[derive(Debug, Clone)]
pub struct PaperRow {
    /// UUIDv7, unique to the account.
    pub request_id: String,
    /// The number printed on it.
    pub number: CertificateNumber,
    /// Its date of issue.
    pub issued_on: Date,
    /// The last day of its use, where it states one.
    pub valid_until: Option<Date>,
    /// The agreement.
    pub agreement: AgreementCode,
    /// The importing country.
    pub to: Country,
    /// The office that issued it.
    pub office: OfficeCode,
    /// SHA-256 of its scan.
    pub scan_sha256: Sha256,
    /// In words.
    pub remarks: Option<Text<1024>>,
}

/// A paper that is registered.
#[derive(Debug, Clone)]
pub struct PaperRecord {
    /// Where the statement stands.
    pub entry: EntryRef,
    /// Who registered it.
    pub issuer: Issuer,
    /// The statement's identifier.
    pub jti: Jti,
    /// What is registered.
    pub paper: PaperWords,
    /// When it was readable here.
    pub at: Option<Timestamp>,
    /// Why it does not count, where it stands past the closing of its key: it is registered anew.
    pub key_closed: Option<String>,
}

impl PaperRecord {
    /// How statements name it.
    #[must_use]
    pub fn place(&self) -> StatementRef {
        StatementRef { log: self.entry.origin.clone(), jti: self.jti }
    }
}

/// Which papers are asked for.
#[derive(Debug, Clone, Default)]
pub struct PapersAsked {
    /// Only of this number.
    pub number: String,
    /// Only registered by this authority.
    pub issuer: Option<Issuer>,
    /// How many; 0 is what is usual.
    pub size: usize,
    /// What the last page said.
    pub token: String,
}

/// Some papers, and where to go on.
#[derive(Debug, Clone, Default)]
pub struct PapersPage {
    /// Log by log, in the order of each.
    pub papers: Vec<PaperRecord>,
    /// Where to go on; `None` at the end.
    pub next: Option<String>,
}

impl Desk {
    /// Registers papers; the answers are in the order of the rows. One that is registered just so already is left as it
    /// is, whoever asks, and however often.
    pub async fn register_papers(
        &self,
        caller: &Arc<Caller>,
        rows: Vec<PaperRow>,
    ) -> Result<Vec<Result<Registered, WorkflowError>>, WorkflowError> {
        Accounts::allow(caller, Action::RegisterPaper)?;
        let (desk, asker) = (self.clone(), Arc::clone(caller));
        let prepare = move || {
            let mut scans = HashMap::new();
            let one = |row: PaperRow| (desk.prepare_paper(&asker, &row, &mut scans), row);
            rows.into_iter().map(one).unzip::<_, _, Vec<_>, Vec<_>>()
        };
        let (prepared, rows) = blocking(prepare).await?;
        let done = self.submit_all(prepared).await?.into_iter().zip(rows);
        let answers = done.map(|(one, row)| {
            let Submitted { outcome, warnings, before } = one?;
            let outcome = Outcome { number: Some(row.number.to_string()), day: row.issued_on, ..outcome? };
            Ok::<_, WorkflowError>(Registered { outcome, warnings, before })
        });
        Ok(answers.collect())
    }

    fn prepare_paper(
        &self,
        caller: &Caller,
        row: &PaperRow,
        scans: &mut HashMap<Sha256, CertificateNumber>,
    ) -> Result<Prepared, WorkflowError> {
        let request = self.request(caller, &row.request_id)?;
        let store = self.store().as_ref();
        let number = row.number.as_str();
        self.office_of(caller, &row.office)?;
        let mut fallen = None;
        if let Some(PaperNumber { paper: entry }) = PaperNumber::read(store, number)? {
            let found = self.registration(number, &entry)?.ok_or_else(|| {
                // It is durable and not shown yet; or erased, and nobody can say that it is the same.
                SequencerError::Unavailable(format!("what is registered of {number} cannot be read"))
            })?;
            if found.key_closed.is_none() {
                let differs = differences(&found.paper, &self.words(row, found.paper.ground)?);
                if !differs.is_empty() {
                    return Err(WorkflowError::RulesRefuse(differs));
                }
                return Ok(Prepared::Done(Outcome {
                    jti: found.jti,
                    entry: found.entry,
                    number: Some(number.to_owned()),
                    day: found.paper.issued_on,
                }));
            }
            fallen = Some(found.paper.ground);
        }
        let (paper, expected) = self.judge_paper(caller, row, fallen)?;
        let warnings = self.scan_of_another(row, scans)?;
        let json = serde_json::to_vec(&paper).map_err(|error| WorkflowError::Record(error.to_string()))?;
        let mut digest = sha2::Sha256::new_with_prefix(b"paper\0").chain_update(json);
        if fallen.is_some() {
            // What was registered with the old key is another request.
            digest.update(&row.request_id);
        }
        let by = AuditEvent::of(Actor::Caller(caller), Action::RegisterPaper).with_detail(number);
        let scan = StateChange::RecordPut {
            table: Table::Number,
            id: scan_id(&row.scan_sha256),
            record: number.as_bytes().to_vec(),
        };
        let changes = move |_: &Outcome| Ok::<_, String>(vec![scan.clone()]);
        let beside =
            Beside { expected: expected.into_iter().collect(), changes: Some(Arc::new(changes)), ..Beside::default() };
        let saying = Saying::paper(self.addressee(row.to), PaperCertificate { paper }).with(beside);
        let work = Work { request, digest: digest.finalize().into(), task: Task::Say(Box::new(saying)), by: Some(by) };
        Ok(Prepared::Work(Box::new(work), warnings))
    }

    /// Warns where the same scan is registered under another number: one of the two is a slip.
    fn scan_of_another(
        &self,
        row: &PaperRow,
        scans: &mut HashMap<Sha256, CertificateNumber>,
    ) -> Result<Findings, WorkflowError> {
        let kept = self.store().record(Table::Number, &scan_id(&row.scan_sha256))?;
        let kept = kept.and_then(|number| String::from_utf8(number).ok());
        let beside = scans.insert(row.scan_sha256, row.number.clone()).map(|number| number.to_string());
        let other = [kept, beside].into_iter().flatten().find(|number| number != row.number.as_str());
        let finding = |other: String| {
            let message =
                format!("the same scan is registered under {other}: one of the two has the scan of the other");
            let help = "look at both scans; where this one is wrong, tell customs of the importing country";
            Finding::warning("SCAN_REGISTERED", "scan_sha256", message).with_help(help)
        };
        Ok(Findings(other.map(finding).into_iter().collect()))
    }

    /// What would be registered.
    fn words(&self, row: &PaperRow, ground: PaperGround) -> Result<PaperWords, WorkflowError> {
        let PaperRow { number, issued_on, valid_until, agreement, to, office, scan_sha256, remarks, .. } = row.clone();
        let Some(rules) = self.agreements().get(&agreement) else {
            let message = format!("`{agreement}` is not installed");
            return Err(refused(Finding::error("AGREEMENT_UNKNOWN", "agreement", message)));
        };
        let Some(edition) = rules.edition_on(issued_on) else {
            let message = format!("no edition of {agreement} that is installed here was in force on {issued_on}");
            return Err(refused(Finding::error("EDITION_UNKNOWN", "issued_on", message)));
        };
        let (edition, from) = (edition.code.clone(), self.setup().country);
        Ok(PaperWords {
            number,
            issued_on,
            valid_until,
            agreement,
            edition,
            from,
            to,
            office,
            scan_sha256,
            ground,
            remarks,
        })
    }

    /// Whether a paper may be registered, what is registered of it, and which record holds its number: its own, where it
    /// was registered for a ground with a key that is closed there.
    fn judge_paper(
        &self,
        caller: &Caller,
        row: &PaperRow,
        fallen: Option<PaperGround>,
    ) -> Result<(PaperWords, Option<Expected>), WorkflowError> {
        let PaperRow { number, issued_on, valid_until, agreement, to, office, .. } = row;
        let office = self.office_of(caller, office)?;
        let today = office.office.date_at(self.now());
        let mut findings = Findings::default();
        if *to == self.setup().country {
            findings.push(Finding::error("ONE_COUNTRY", "to", "it goes to the country that issued it"));
        }
        if *issued_on > today {
            findings.push(Finding::error("DATE_TO_COME", "issued_on", format!("{issued_on} is a day to come")));
        }
        if let Some(last) = valid_until.filter(|last| *last < today) {
            let message = format!("its last day of use was {last}: what nobody can use any more is not registered");
            findings.push(Finding::error("PAPER_EXPIRED", "valid_until", message));
        }
        if valid_until.is_some_and(|last| last < *issued_on) {
            let message = "its last day of use lies before its date of issue";
            findings.push(Finding::error("DATES_CROSSED", "valid_until", message));
        }
        findings.extend(self.beyond_its_use(row));
        let id = number_id(number.as_str());
        let record = self.store().record(Table::Number, &id)?;
        let held = record.as_deref().and_then(|record| serde_json::from_slice::<BlockNumber>(record).ok());
        let (ground, expected) = match (fallen, held) {
            (Some(ground), _) => (ground, Some(Expected { table: Table::Number, id, record })),
            (None, Some(BlockNumber { block })) => {
                findings.extend(self.after_outage(&block, row, today)?);
                (PaperGround::Outage, Some(Expected { table: Table::Number, id, record }))
            }
            (None, None) => {
                findings.extend(self.on_paper_then(agreement, *to, *issued_on));
                (PaperGround::BeforeExchange, None)
            }
        };
        match self.words(row, ground) {
            Err(WorkflowError::RulesRefuse(more)) => findings.extend(more),
            Err(other) => return Err(other),
            Ok(words) if findings.is_empty() => return Ok((words, expected)),
            Ok(_) => {}
        }
        Err(WorkflowError::RulesRefuse(findings))
    }

    /// A paper is usable no longer than its agreement says, whatever is brought.
    fn beyond_its_use(&self, row: &PaperRow) -> Findings {
        let PaperRow { issued_on, valid_until, agreement, .. } = row;
        let edition = self.agreements().get(agreement).and_then(|rules| rules.edition_on(*issued_on));
        let last = edition.and_then(|edition| Some((edition.last_day_of(*issued_on)?, edition.validity.article())));
        let (Some(brought), Some((last, article))) = (valid_until, last) else { return Findings::default() };
        if *brought <= last {
            return Findings::default();
        }
        let article = article.map_or_else(String::new, |article| format!(" ({article})"));
        let message =
            format!("under {agreement} a certificate of {issued_on} is used until {last} at the latest{article}");
        let finding = Finding::error("VALIDITY", "valid_until", message);
        Findings(vec![finding.with_help("say the last day that the paper itself bears, or leave it out")])
    }

    /// Only where certificates went on paper on its day is there a paper to register.
    fn on_paper_then(&self, agreement: &AgreementCode, to: Country, day: Date) -> Findings {
        let corridor = self.setup().continuity.corridor(agreement, to, day);
        let message = match corridor.map(|corridor| corridor.medium) {
            Some(Medium::Paper | Medium::Both) => return Findings::default(),
            Some(Medium::Electronic) => format!("certificates under {agreement} to {to} of {day} are electronic"),
            None => format!("no corridor says that certificates under {agreement} to {to} went on paper on {day}"),
        };
        let help = "the operator says when they did: [[authority.corridor]] in the node's configuration; where its number is of a \
                    block that this node lost, put that back: origin office reserve --again FILE";
        Findings(vec![Finding::error("CORRIDOR_ELECTRONIC", "agreement", message).with_help(help)])
    }

    /// The papers of a number, from whom the caller may read them: of partners for customs, of this authority for its
    /// officers. It reads from the disk.
    pub fn papers(&self, caller: &Caller, asked: &PapersAsked) -> Result<PapersPage, WorkflowError> {
        let (arrived, own) = (caller.may(Action::ReadArrivals), caller.may(Action::ReadCertificate));
        if !own {
            Accounts::allow(caller, Action::ReadArrivals)?;
        }
        let subject = match asked.number.as_str() {
            "" => Subject::Kind(Kind::PaperCertificate),
            number => Subject::Number(number.to_owned()),
        };
        let mut papers = if arrived { self.papers_to(&subject, asked.issuer.as_ref())? } else { Vec::new() };
        if own && asked.issuer.as_ref().is_none_or(|issuer| *issuer == self.setup().issuer) {
            papers.extend(self.said(self.store().as_ref(), &subject)?);
        }
        let size = if asked.size == 0 { PAGE.1 } else { asked.size.min(PAGE.0) };
        let place = |paper: &PaperRecord| format!("{}#{}", paper.entry.origin, paper.entry.index);
        let begin = match asked.token.as_str() {
            "" => 0,
            token => papers.iter().position(|paper| place(paper) == token).ok_or(WorkflowError::PageToken)?,
        };
        let next = papers.get(begin.saturating_add(size)).map(place);
        Ok(PapersPage { papers: papers.into_iter().skip(begin).take(size).collect(), next })
    }

    /// Papers of partners that are addressed to this authority, and count.
    pub(in crate::workflow) fn papers_about(
        &self,
        subject: &Subject,
        issuer: Option<&Issuer>,
    ) -> Result<Vec<PaperRecord>, WorkflowError> {
        let mut papers = self.papers_to(subject, issuer)?;
        papers.retain(|paper| paper.key_closed.is_none());
        Ok(papers)
    }

    /// The same with those past the closing of their key.
    pub(in crate::workflow) fn papers_to(
        &self,
        subject: &Subject,
        issuer: Option<&Issuer>,
    ) -> Result<Vec<PaperRecord>, WorkflowError> {
        let mut papers = Vec::new();
        for (origin, store) in self.addressed() {
            if issuer.is_none_or(|issuer| issuer.host() == origin.host()) {
                // Another authority of this node has all of its logs in one store.
                let said = self.said(store.as_ref(), subject)?;
                papers.extend(said.into_iter().filter(|paper| paper.entry.origin == origin));
            }
        }
        Ok(papers)
    }

    /// The paper that a statement registered, of this authority or of a partner for it; also past the closing of its key.
    pub(in crate::workflow) fn paper_by(&self, jti: &Jti) -> Result<Option<PaperRecord>, WorkflowError> {
        // Whoever signs chooses the identifier: something else may have the same elsewhere.
        if let Some(place) = self.store().find(jti)?
            && let Some(paper) = self.paper_at(&place)?
        {
            return Ok(Some(paper));
        }
        for (origin, store) in self.addressed() {
            if let Some(place) = store.find(jti)?.filter(|place| place.origin == origin)
                && let Some((said, key_closed)) = said_at(store.as_ref(), &self.trust(), &place)?
                && let Some(paper) = record(place, said, key_closed, None)
            {
                return Ok(Some(paper));
            }
        }
        Ok(None)
    }

    /// The paper of a number that this authority registered, if it counts.
    pub(in crate::workflow) fn own_paper(&self, number: &str) -> Result<Option<PaperRecord>, WorkflowError> {
        let Some(PaperNumber { paper }) = PaperNumber::read(self.store().as_ref(), number)? else { return Ok(None) };
        Ok(self.registration(number, &paper)?.filter(|paper| paper.key_closed.is_none()))
    }

    /// The registration of a number: the one that is kept of it, or where that does not count, the last that does. Which
    /// key closed where may have been learned only after that was kept.
    fn registration(&self, number: &str, kept: &EntryRef) -> Result<Option<PaperRecord>, WorkflowError> {
        let found = self.paper_at(kept)?;
        if found.as_ref().is_some_and(|found| found.key_closed.is_none()) {
            return Ok(found);
        }
        let said = self.said(self.store().as_ref(), &Subject::Number(number.to_owned()))?;
        let counts = |one: &PaperRecord| one.key_closed.is_none() && one.paper.number.as_str() == number;
        Ok(said.into_iter().filter(counts).max_by_key(|one| (one.entry.origin.shard(), one.entry.index)).or(found))
    }

    /// The papers that a store has about something, but findings of another kind than a closed key and what is not here
    /// whole.
    fn said(&self, store: &dyn Store, subject: &Subject) -> Result<Vec<PaperRecord>, WorkflowError> {
        let said = said_about(store, &self.trust(), subject, Kind::PaperCertificate)?.into_iter();
        Ok(said
            .filter_map(|one| record(one.about.entry, one.entry, one.key_closed, instant(one.about.at_ms)))
            .collect())
    }

    /// The paper that is registered at a place of an own log, if it is shown there.
    pub(super) fn paper_at(&self, place: &EntryRef) -> Result<Option<PaperRecord>, WorkflowError> {
        let said = said_at(self.store().as_ref(), &self.trust(), place)?;
        Ok(said.and_then(|(said, key_closed)| record(place.clone(), said, key_closed, None)))
    }
}

fn record(
    entry: EntryRef,
    said: CheckedEntry,
    key_closed: Option<String>,
    at: Option<Timestamp>,
) -> Option<PaperRecord> {
    let OpenedBody::PaperCertificate(Some(body)) = said.body else { return None };
    let (issuer, jti) = (said.envelope.iss, said.envelope.jti);
    Some(PaperRecord { entry, issuer, jti, paper: body.paper, at, key_closed })
}

/// What differs of a paper that is registered and a row that brings its number again.
fn differences(registered: &PaperWords, brought: &PaperWords) -> Findings {
    let day = |day: Option<Date>| day.map_or_else(|| "no day".to_owned(), |day| day.to_string());
    let parts = |words: &PaperWords| {
        [
            ("issued_on", words.issued_on.to_string()),
            ("valid_until", day(words.valid_until)),
            ("agreement", words.agreement.to_string()),
            ("to", words.to.to_string()),
            ("office", words.office.to_string()),
            ("scan_sha256", hex::encode(&words.scan_sha256.0)),
            ("remarks", words.remarks.as_ref().map_or_else(|| "no remark".to_owned(), ToString::to_string)),
        ]
    };
    let mut findings = Findings::default();
    for ((path, is), (_, brought)) in parts(registered).into_iter().zip(parts(brought)) {
        if is != brought {
            let message = format!("this number is registered already, with {is}, and {brought} is brought");
            let help = "what is registered stays as it is: is it a slip here, mend the row; is it one there, or another paper of \
                        the same number, tell customs of the importing country";
            findings.push(Finding::error("PAPER_DIFFERS", path, message).with_help(help));
        }
    }
    findings
}

/// Under which id the number is kept that a scan is registered under; no number's begins so.
fn scan_id(scan: &Sha256) -> Vec<u8> {
    format!("scan/{scan}").into_bytes()
}
