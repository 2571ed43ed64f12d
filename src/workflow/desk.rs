//! The issuing desk of one authority: issue, change of status, look-up.

use super::{
    Accounts, CertificateName, CertificateRecord, Offices, PartnerLogs, Printer, Reminders, RequestId, WorkflowError,
    applications::signed_by, cancelling::overtaken, record, releasing::held_from,
};
use crate::{
    agreement::{AgreementError, Agreements, Edition, Lists, NumberRule, Series},
    certificate::{AgreementCode, Asked, CertificateNumber, Country, Finding, Findings, Particulars, Text},
    document::Images,
    keys::StampKey,
    office::{Action, Actor, AuditEvent, Caller, Continuity, Office},
    sequencer::{
        ChangeOfStatus, Draw, Issue, Numbering, Outcome, RequestKey, Sequencer, SequencerError, Task, Work, answered,
        number_id,
    },
    statement::{Act, Addressee, Issuer, Since},
    store::{EntryRef, Store, Table},
    time::{Clock, Date, Random, Timestamp},
    trust::{Freshness, TrustList},
    verification::{CheckedEntry, Verifier},
};
use arc_swap::ArcSwap;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// How often an issue is judged again because midnight passed under it; twice in one request cannot happen.
const DATES_TRIED: usize = 2;

/// What a desk works with.
pub struct DeskSetup {
    /// The authority.
    pub issuer: Issuer,
    /// Its country: it certifies no goods of another.
    pub country: Country,
    /// Its offices.
    pub offices: Offices,
    /// Its durable state.
    pub store: Arc<dyn Store>,
    /// Its writer.
    pub sequencer: Sequencer,
    /// The rules.
    pub agreements: Arc<Agreements>,
    /// Lists of codes, rates and holidays, which the operator may replace while the node runs.
    pub lists: Arc<ArcSwap<Lists>>,
    /// The trust list in force: it names the customs authority of each country.
    pub trust: Arc<ArcSwap<TrustList>>,
    /// The logs of other authorities that are kept here.
    pub partners: Arc<dyn PartnerLogs>,
    /// Judges the certificates of others that new ones rest on.
    pub verifier: Arc<ArcSwap<Verifier>>,
    /// Tells the civil date at an office.
    pub clock: Arc<dyn Clock>,
    /// Years after which what a certificate says is erased here, and never before the years that its agreement has it
    /// kept; none keeps it for ever.
    pub erase_after_years: Option<u32>,
    /// Signs the stamps on paper; where there is none, paper has no stamp.
    pub stamp: Option<StampKey>,
    /// Secrets of links.
    pub random: Arc<dyn Random>,
    /// When people are reminded of the days of an enquiry.
    pub reminders: Reminders,
    /// Sets the authority's documents.
    pub printer: Printer,
    /// Signatures and seals of its people and offices, as they are printed.
    pub images: Images,
    /// What goes on paper, and what becomes of what was issued in an outage.
    pub continuity: Continuity,
}

/// The issuing desk of one authority. Cheap to clone.
#[derive(Clone)]
pub struct Desk(Arc<DeskSetup>);

/// One certificate to issue.
#[derive(Debug, Clone)]
pub struct IssueRow {
    /// UUIDv7, unique to the account.
    pub request_id: String,
    /// The particulars, as JSON.
    pub certificate_json: Vec<u8>,
}

/// A certificate that is durable, logged and published.
#[derive(Debug, Clone)]
pub struct Issued {
    /// Where it stands, and its number.
    pub outcome: Outcome,
    /// What the rules warned of.
    pub warnings: Findings,
}

/// What is wished for a certificate's status.
#[derive(Debug, Clone)]
pub struct StatusWish {
    /// The certificate.
    pub certificate: CertificateName,
    /// What shall happen to it.
    pub act: Act,
    /// The numbers of the items concerned; none is the whole certificate.
    pub items: Option<Vec<u32>>,
    /// Why.
    pub reason: Option<Text<1024>>,
    /// Further words.
    pub remarks: Option<Text<1024>>,
}

/// What was asked, read and judged.
pub(super) enum Prepared {
    /// Ready for the sequencer.
    Work(Box<Work>, Findings),
    /// Done before by the same request.
    Done(Outcome),
}

impl Desk {
    /// Opens the desk.
    #[must_use]
    pub fn new(setup: DeskSetup) -> Self {
        Self(Arc::new(setup))
    }

    /// The authority's store, for what is read of its logs.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.0.store
    }

    /// The authority's writer, for its operator.
    #[must_use]
    pub fn sequencer(&self) -> &Sequencer {
        &self.0.sequencer
    }

    /// The trust list in force.
    pub(super) fn trust(&self) -> Arc<TrustList> {
        self.0.trust.load_full()
    }

    /// What the other parts of the desk work with.
    pub(super) fn setup(&self) -> &DeskSetup {
        &self.0
    }

    /// The authority's offices.
    #[must_use]
    pub fn offices(&self) -> &Offices {
        &self.0.offices
    }

    /// The rules.
    pub(super) fn agreements(&self) -> &Agreements {
        &self.0.agreements
    }

    /// The lists in force.
    pub(super) fn lists(&self) -> Arc<Lists> {
        self.0.lists.load_full()
    }

    /// Issues one certificate. Dropping the future changes nothing.
    pub async fn issue(&self, caller: &Caller, row: &IssueRow) -> Result<Issued, WorkflowError> {
        let mut tried = 1;
        loop {
            let (work, warnings) = match self.prepare(caller, row)? {
                Prepared::Work(work, warnings) => (work, warnings),
                Prepared::Done(outcome) => return Ok(Issued { outcome, warnings: Findings::default() }),
            };
            match self.0.sequencer.submit(*work).await {
                Ok(outcome) => return Ok(Issued { outcome, warnings }),
                Err(SequencerError::DateMoved(_)) if tried < DATES_TRIED => tried += 1,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Issues many, waiting for places in the queue instead of being refused; the answers are in the order
    /// of the rows. Reading and judging a row takes tens of microseconds: the rows of one message are done
    /// on a blocking thread by the caller (`prepare_many`), not one by one on the runtime.
    pub async fn issue_many(
        &self,
        caller: &Arc<Caller>,
        rows: Arc<[IssueRow]>,
    ) -> Result<Vec<Result<Issued, WorkflowError>>, WorkflowError> {
        let (desk, asker, own) = (self.clone(), Arc::clone(caller), Arc::clone(&rows));
        let prepared =
            tokio::task::spawn_blocking(move || own.iter().map(|row| desk.prepare(&asker, row)).collect::<Vec<_>>())
                .await
                .map_err(|e| SequencerError::Unavailable(e.to_string()))?;
        let mut works = Vec::with_capacity(prepared.len());
        let mut places = Vec::with_capacity(prepared.len());
        for one in prepared {
            places.push(match one {
                Ok(Prepared::Work(work, warnings)) => {
                    works.push(*work);
                    Ok((None, warnings))
                }
                Ok(Prepared::Done(outcome)) => Ok((Some(outcome), Findings::default())),
                Err(refused) => Err(refused),
            });
        }
        let mut pending = self.0.sequencer.submit_many(works).await?.into_iter();
        let mut answers = Vec::with_capacity(places.len());
        for (place, row) in places.into_iter().zip(rows.iter()) {
            let (done, warnings) = match place {
                Ok(place) => place,
                Err(refused) => {
                    answers.push(Err(refused));
                    continue;
                }
            };
            let outcome = match done {
                Some(outcome) => Ok(outcome),
                None => match pending.next() {
                    Some(pending) => pending.outcome().await,
                    None => Err(SequencerError::Unavailable("an answer is missing".into())),
                },
            };
            answers.push(match outcome {
                Ok(outcome) => Ok(Issued { outcome, warnings }),
                // Midnight passed at the office: judged again, alone.
                Err(SequencerError::DateMoved(_)) => self.issue(caller, row).await,
                Err(error) => Err(error.into()),
            });
        }
        Ok(answers)
    }

    /// Changes the status of a certificate; it counts from the place of the change in the log.
    pub async fn change_status(
        &self,
        caller: &Caller,
        request_id: &str,
        wish: StatusWish,
    ) -> Result<Outcome, WorkflowError> {
        Accounts::allow(caller, Action::ChangeStatus)?;
        let request = self.request(caller, request_id)?;
        let items = wish.items.map(|mut items| {
            items.sort_unstable();
            items.dedup();
            items
        });
        let by = AuditEvent::of(Actor::Caller(caller), Action::ChangeStatus);
        let wish = StatusWish { items, ..wish };
        let prepare = move |desk: &Self| desk.prepare_change(&request, &by, &wish);
        self.carry_out(prepare).await.map(|done| done.outcome)
    }

    /// Finds what is to change, and what changes with it.
    fn prepare_change(
        &self,
        request: &RequestKey,
        by: &AuditEvent,
        wish: &StatusWish,
    ) -> Result<Prepared, WorkflowError> {
        let StatusWish { certificate, act, items, reason, remarks } = wish.clone();
        let target = record::find(self.0.store.as_ref(), &certificate)?;
        let digest = digest_of_change(&target, &act, items.as_deref(), reason.as_ref(), remarks.as_ref());
        let may = items.as_deref().map_or(Ok(()), |items| self.items_may(&target, &act, items));
        let may = may.and_then(|()| self.day_may(&target, &act, items.as_deref()));
        let beside = may.and_then(|()| {
            let beside = self.given_back(&target, &act, items.as_deref())?;
            let ends = items.is_none() && matches!(act, Act::Cancelled | Act::Withdrawn { .. });
            Ok(if ends { beside.and(overtaken(&target)) } else { beside })
        });
        match beside {
            Ok(beside) => {
                let by = by.clone().with_detail(format!("{} {} {}", act.word(), target.origin, target.index));
                let change = ChangeOfStatus { target, act, items, reason, remarks, beside };
                let (request, task) = (request.clone(), Task::Change(Box::new(change)));
                let work = Work { request, digest, task, by: Some(by) };
                Ok(Prepared::Work(Box::new(work), Findings::default()))
            }
            // What was done before has its answer, though it could not be done again.
            Err(refusal) => match answered(self.0.store.as_ref(), request, digest)? {
                Some(before) => Ok(Prepared::Done(before?)),
                None => Err(refusal),
            },
        }
    }

    /// One certificate that the caller may read. It reads from the disk.
    pub fn get(&self, caller: &Caller, name: &CertificateName) -> Result<CertificateRecord, WorkflowError> {
        let entry = self.readable(caller, name)?;
        CertificateRecord::read(self.0.store.as_ref(), &entry)
    }

    /// Why a certificate of this authority counts for nothing, where it stands past the closing of the key that signed it.
    #[must_use]
    pub fn key_closed(&self, record: &CertificateRecord) -> Option<String> {
        let leaf = record.token.split('~').next().unwrap_or_default();
        CheckedEntry::read(leaf.as_bytes(), record.entry.index).ok()?.key_closed(&self.trust())
    }

    /// Reads, judges and numbers one row. What was issued by the same request keeps its answer, though the rules
    /// or the offices have changed since.
    fn prepare(&self, caller: &Caller, row: &IssueRow) -> Result<Prepared, WorkflowError> {
        Accounts::allow(caller, Action::IssueCertificate)?;
        let request = self.request(caller, &row.request_id)?;
        let digest = Sha256::digest(&row.certificate_json).into();
        match self.judge(caller, &row.certificate_json) {
            Ok((issue, warnings)) => {
                let mut by = AuditEvent::of(Actor::Caller(caller), Action::IssueCertificate);
                let hand = caller.hand(&issue.particulars.reference.office.code);
                by.in_place_of = hand.in_place_of.map(|(absent, _)| absent.to_string());
                let task = Task::Issue(Box::new(issue));
                Ok(Prepared::Work(Box::new(Work { request, digest, task, by: Some(by) }), warnings))
            }
            Err(refusal) => match answered(self.0.store.as_ref(), &request, digest)? {
                Some(before) => Ok(Prepared::Done(before?)),
                None => Err(refusal),
            },
        }
    }

    /// Applies the rules for today at the office.
    fn judge(&self, caller: &Caller, certificate_json: &[u8]) -> Result<(Issue, Findings), WorkflowError> {
        let reading = Particulars::read_json(certificate_json);
        let mut findings = reading.findings;
        let Some(mut particulars) = reading.particulars else {
            let rules = |office: &Office, particulars: Particulars, mut said: Findings| {
                // Where the file's office is not known, the rules are asked about it at another.
                if office.code == particulars.reference.office.code {
                    self.signed_as(caller, office, &particulars, &mut said);
                }
                self.applied_for(caller, &particulars, &mut said)?;
                self.rule(office, particulars, said)
            };
            return Err(self.unread(caller, certificate_json, findings, rules));
        };
        signed_by(caller, &mut particulars)?;
        findings.extend(self.stale_list());
        let office = &self.office(&particulars, &mut findings)?;
        if !caller.acts_for(&office.code) {
            return Err(WorkflowError::NotYourOffice(office.code.to_string()));
        }
        self.signed_as(caller, office, &particulars, &mut findings);
        self.disinterested(caller, &particulars, &mut findings)?;
        self.applied_for(caller, &particulars, &mut findings)?;
        self.rule(office, particulars, findings)
    }

    /// Whoever issues by a list that has run out hears it: nobody can rely on what is issued until the next is here.
    pub(super) fn stale_list(&self) -> Findings {
        match self.trust().freshness(self.now()) {
            Freshness::Current => Findings::default(),
            Freshness::Stale { since } => {
                let message = format!("the node's trust list has run out: the next was due {since}");
                let help = "what is issued now verifies as TRUST_STALE until the operator installs the next list";
                Findings(vec![Finding::warning("TRUST_STALE", "", message).with_help(help)])
            }
        }
    }

    /// Applies the rules for today to what was read, and rests on no other certificate that was not proven; `findings`
    /// are those of the reading.
    pub(super) fn rule(
        &self,
        office: &Office,
        particulars: Particulars,
        mut findings: Findings,
    ) -> Result<(Issue, Findings), WorkflowError> {
        self.unproven(&particulars, &mut findings);
        self.rule_proven(office, particulars, findings)
    }

    /// The same for what rests on certificates that were proven.
    pub(super) fn rule_proven(
        &self,
        office: &Office,
        particulars: Particulars,
        findings: Findings,
    ) -> Result<(Issue, Findings), WorkflowError> {
        self.rule_on(office, particulars, findings, office.date_at(self.now()))
    }

    /// The same for what is issued on a day. Every way to issue comes by here: what stands in a box of the form says which.
    pub(super) fn rule_on(
        &self,
        office: &Office,
        particulars: Particulars,
        mut findings: Findings,
        day: Date,
    ) -> Result<(Issue, Findings), WorkflowError> {
        let Some(agreement) = self.0.agreements.get(&particulars.agreement) else {
            let known = self.0.agreements.iter().map(|a| a.code.to_string()).collect::<Vec<_>>().join(", ");
            findings.push(
                Finding::error(
                    "AGREEMENT_UNKNOWN",
                    "agreement",
                    format!("`{}` is not installed", particulars.agreement),
                )
                .with_help(format!("installed here: {known}")),
            );
            return Err(WorkflowError::RulesRefuse(findings));
        };
        let lists = self.lists();
        let judgement = agreement.judge(&particulars, day, lists.holidays());
        findings.extend(judgement.findings);
        agreement.check_codes(&particulars, day, &lists, &mut findings);
        self.by_corridor(&particulars, day, &mut findings);
        let ruling = judgement.ruling.filter(|_| !findings.has_errors());
        let edition = match ruling.as_ref().map(|ruling| &ruling.edition).or(particulars.edition.as_ref()) {
            Some(code) => agreement.edition(code),
            None => agreement.edition_on(day),
        };
        // What is to be said of the number is said with the rest. Another office numbers otherwise.
        let numbering = match edition.filter(|_| office.code == particulars.reference.office.code) {
            Some(edition) => self.numbering(edition, office, &particulars, day, &mut findings)?,
            None => None,
        };
        agreement.name_boxes(&mut findings, &Asked::of(&particulars), day);
        let ruled = ruling.zip(numbering).filter(|_| !findings.has_errors());
        let Some((ruling, numbering)) = ruled else { return Err(WorkflowError::RulesRefuse(findings)) };
        let addressee = self.addressee(particulars.to);
        let (zone, beside) = (office.time_zone.clone(), held_from(&particulars));
        Ok((Issue { particulars, ruling, zone, addressee, numbering, bears: None, beside }, findings))
    }

    /// The office that is to issue, if it is one of the authority's.
    pub(super) fn office(&self, particulars: &Particulars, findings: &mut Findings) -> Result<Office, WorkflowError> {
        let code = &particulars.reference.office.code;
        let Some(record) = self.0.offices.find(code) else {
            let open = self.0.offices.all().into_iter().filter(|record| !record.is_closed());
            let known = open.map(|record| record.office.code.to_string()).collect::<Vec<_>>().join(", ");
            findings.push(
                Finding::error(
                    "OFFICE_UNKNOWN",
                    "reference.office.code",
                    format!("`{code}` is not an office of this authority"),
                )
                .with_help(format!("its offices: {known}")),
            );
            return Err(self.refuse(particulars, std::mem::take(findings)));
        };
        let office = record.office.clone();
        if record.is_closed() {
            let message = format!("office {code} is closed, and issues nothing any more");
            findings.push(Finding::error("OFFICE_CLOSED", "reference.office.code", message));
        }
        if !office.issues_under(&particulars.agreement) {
            let message = format!("office {code} does not issue under {}", particulars.agreement);
            findings.push(Finding::error("OFFICE_AGREEMENT", "agreement", message));
        }
        if particulars.from != self.0.country {
            let message =
                format!("an authority of {} certifies no goods exported from {}", self.0.country, particulars.from);
            findings.push(Finding::error("NOT_OUR_COUNTRY", "from", message));
        }
        Ok(office)
    }

    /// Where the number comes from; none where a finding says why there is none.
    fn numbering(
        &self,
        edition: &Edition,
        office: &Office,
        particulars: &Particulars,
        day: Date,
        findings: &mut Findings,
    ) -> Result<Option<Numbering>, WorkflowError> {
        let Particulars { agreement: code, from, to, .. } = particulars;
        let registration = registration(particulars);
        let series = self.series_of(Some(edition), office, code, (*from, *to), registration, day);
        Ok(match (&particulars.reference.number, series) {
            (Some(number), series) => {
                if let Ok(draw) = series {
                    findings.0.extend(self.out_of_series(number, &draw)?);
                }
                Some(Numbering::Brought(number.clone()))
            }
            (None, Ok(draw)) => Some(Numbering::Series(draw)),
            (None, Err(finding)) => {
                findings.push(*finding);
                None
            }
        })
    }

    /// What is to be said of a number that is brought where the office has a series: two numbers that differ in case,
    /// punctuation or zeros alone are one to whoever reads them. One that was given in advance is as it was given.
    fn out_of_series(&self, number: &CertificateNumber, draw: &Draw) -> Result<Option<Finding>, WorkflowError> {
        let (rule, path) = ("NUMBER_NOT_OF_SERIES", "reference.number");
        let spelt = Series::spelt(&draw.key, number.as_str());
        if spelt.as_deref() == Some(number.as_str())
            || self.store().record(Table::Number, &number_id(number.as_str()))?.is_some()
        {
            return Ok(None);
        }
        let Draw { key, office, .. } = draw;
        Ok(Some(match spelt {
            Some(spelt) => {
                let message = format!("`{number}` is a number of office {office}, which writes it `{spelt}`");
                Finding::error(rule, path, message).with_help("write it so, or leave it out: the office numbers it")
            }
            None => {
                let message = format!("`{number}` is not of the series that office {office} numbers from: {key}");
                Finding::warning(rule, path, message).with_help("leave it out, and the office numbers it")
            }
        }))
    }

    /// Where the number of a certificate is drawn from that the office issues under this edition.
    pub(super) fn series_of(
        &self,
        edition: Option<&Edition>,
        office: &Office,
        agreement: &AgreementCode,
        (from, to): (Country, Country),
        registration: Option<String>,
        day: Date,
    ) -> Result<Draw, Box<Finding>> {
        let rule = edition.and_then(|edition| number_rule(edition, self.0.country, self.0.issuer.rehearsed_host()));
        let Some(series) = rule.and_then(|rule| rule.series.value()) else {
            let missing = "the agreement's data have no number series for this authority".to_owned();
            let finding = Finding::error("NUMBER_MISSING", "reference.number", missing);
            return Err(Box::new(finding.with_help("bring the number in the file".to_owned())));
        };
        let series = series.on_route(from, to);
        let key = series.key(&office.code, day, registration.as_deref()).map_err(|why| {
            let path = match &why {
                AgreementError::RegistrationMissing { .. } => "exporter.registration.number",
                _ => "reference.office.code",
            };
            Box::new(Finding::error("NUMBER_SERIES", path, why.to_string()))
        })?;
        let first = office.first_serial(agreement);
        Ok(Draw { key, series, office: office.code.clone(), registration, first })
    }

    /// Where a number is drawn from that is given in advance, on this day.
    pub(super) fn draw_in_advance(
        &self,
        office: &Office,
        particulars: &Particulars,
        day: Date,
    ) -> Result<Draw, WorkflowError> {
        let agreement = self.0.agreements.get(&particulars.agreement);
        let edition = agreement.and_then(|agreement| agreement.edition_on(day));
        let Particulars { agreement: code, from, to, .. } = particulars;
        self.series_of(edition, office, code, (*from, *to), registration(particulars), day)
            .map_err(|finding| WorkflowError::RulesRefuse(Findings(vec![*finding])))
    }

    /// Customs of the importing country: the authority the trust list names, else the country itself.
    pub(super) fn addressee(&self, to: Country) -> Addressee {
        match self.0.trust.load().authority_for(&to) {
            Some(authority) => Addressee::Authority(authority.clone()),
            None => Addressee::Country(to),
        }
    }

    pub(super) fn request(&self, caller: &Caller, id: &str) -> Result<RequestKey, WorkflowError> {
        let id = RequestId::read(id, self.now())?;
        Ok(RequestKey { account: caller.id().to_string(), id: id.bytes() })
    }

    pub(super) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }
}

/// The exporter's registration, which a series may have in its numbers.
fn registration(particulars: &Particulars) -> Option<String> {
    particulars.exporter.registration.as_ref().map(|one| one.number.to_string())
}

/// How this authority numbers: the rule that names it by the first label of its host, in either case, else the
/// one for its whole country.
fn number_rule<'a>(edition: &'a Edition, country: Country, host: &str) -> Option<&'a NumberRule> {
    let label = host.split('.').next().unwrap_or(host);
    let mut rules = edition.numbers_of(country).collect::<Vec<_>>();
    rules.sort_by_key(|rule| rule.authority.is_none());
    rules.into_iter().find(|rule| rule.authority.as_deref().is_none_or(|name| name.eq_ignore_ascii_case(label)))
}

/// What makes two requests for a change of status the same: its parts, each with its length, so that no two
/// wishes read alike. Kept for seven days, so it must not depend on how a type prints.
pub(super) fn digest_of_change(
    target: &EntryRef,
    act: &Act,
    items: Option<&[u32]>,
    reason: Option<&Text<1024>>,
    remarks: Option<&Text<1024>>,
) -> [u8; 32] {
    let act = match act {
        Act::Cancelled => "cancelled".to_owned(),
        Act::Withdrawn { since: Since::Issue } => "withdrawn from issue".to_owned(),
        Act::Withdrawn { since: Since::Date(date) } => format!("withdrawn from {date}"),
        Act::Superseded { successor } => format!("superseded by {} {}", successor.log, successor.jti),
        Act::Suspended => "suspended".to_owned(),
        Act::Reinstated => "reinstated".to_owned(),
    };
    let mut hash = Sha256::new_with_prefix(b"change of status\0");
    let place = format!("{} {}", target.origin, target.index);
    let items = items.map(|items| items.iter().map(u32::to_string).collect::<Vec<_>>().join(","));
    // Absent, it leaves the digests of requests for the whole as they were.
    let items = items.as_deref().map(Some);
    let parts = [Some(place.as_str()), Some(&act), reason.map(Text::as_str), remarks.map(Text::as_str)];
    for part in parts.into_iter().chain(items) {
        // An absent part and an empty one differ.
        let length = part.map_or(u64::MAX, |text| u64::try_from(text.len()).unwrap_or(u64::MAX - 1));
        hash.update(length.to_be_bytes());
        hash.update(part.unwrap_or_default());
    }
    hash.finalize().into()
}
