//! The issuing desk of one authority: issue, change of status, look-up.

use super::{
    Accounts, CertificateName, CertificateRecord, Offices, PartnerLogs, Printer, Reminders, RequestId, WorkflowError,
    cancelling::overtaken,
    carry::{blocking, on_its_day},
    record,
};
use crate::{
    agreement::{Agreements, Lists},
    certificate::{Country, Findings, Text},
    document::Images,
    keys::StampKey,
    office::{Action, Actor, AuditEvent, Caller, Continuity},
    sequencer::{ChangeOfStatus, Outcome, RequestKey, Sequencer, SequencerError, Task, Work, answered},
    statement::{Act, Addressee, Issuer, Since},
    store::{EntryRef, Store},
    time::{Clock, Random, Timestamp},
    trust::TrustList,
    verification::{CheckedEntry, Verifier},
};
use arc_swap::ArcSwap;
use sha2::{Digest, Sha256};
use std::sync::{Arc, Mutex};

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
pub struct Desk(Arc<DeskSetup>, Arc<Mutex<()>>);

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

impl Prepared {
    /// What was done before has its answer, though it could not be done again; anything else is refused.
    pub(super) fn before(
        store: &dyn Store,
        request: &RequestKey,
        digest: [u8; 32],
        refusal: WorkflowError,
    ) -> Result<Self, WorkflowError> {
        match answered(store, request, digest)? {
            Some(before) => Ok(Self::Done(before?)),
            None => Err(refusal),
        }
    }
}

/// What came of one of several that the writer did together.
pub(super) struct Submitted {
    pub(super) outcome: Result<Outcome, SequencerError>,
    pub(super) warnings: Findings,
    /// Whether it was done before.
    pub(super) before: bool,
}

impl Desk {
    /// Opens the desk.
    #[must_use]
    pub fn new(setup: DeskSetup) -> Self {
        Self(Arc::new(setup), Arc::default())
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

    /// Held by whoever counts again what came back after a loss.
    pub(super) fn counting(&self) -> &Mutex<()> {
        &self.1
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
        on_its_day(|| async move {
            let (outcome, warnings) = match self.prepare(caller, row)? {
                Prepared::Work(work, warnings) => (self.0.sequencer.submit(*work).await?, warnings),
                Prepared::Done(outcome) => (outcome, Findings::default()),
            };
            Ok(Issued { outcome, warnings })
        })
        .await
    }

    /// Issues many, waiting for places in the queue instead of being refused; the answers are in the order
    /// of the rows. Reading and judging a row takes tens of microseconds: the rows of one message are done
    /// on a blocking thread, not one by one on the runtime.
    pub async fn issue_many(
        &self,
        caller: &Arc<Caller>,
        rows: Arc<[IssueRow]>,
    ) -> Result<Vec<Result<Issued, WorkflowError>>, WorkflowError> {
        let (desk, asker, own) = (self.clone(), Arc::clone(caller), Arc::clone(&rows));
        let prepared = blocking(move || own.iter().map(|row| desk.prepare(&asker, row)).collect::<Vec<_>>()).await?;
        let done = self.submit_all(prepared).await?;
        let mut answers = Vec::with_capacity(done.len());
        for (one, row) in done.into_iter().zip(rows.iter()) {
            answers.push(match one {
                // Midnight passed at the office: judged again, alone.
                Ok(Submitted { outcome: Err(SequencerError::DateMoved(_)), .. }) => self.issue(caller, row).await,
                Ok(Submitted { outcome: Ok(outcome), warnings, .. }) => Ok(Issued { outcome, warnings }),
                Ok(Submitted { outcome: Err(error), .. }) => Err(error.into()),
                Err(refusal) => Err(refusal),
            });
        }
        Ok(answers)
    }

    /// Has the writer do all that is ready together; what came of each is in the order it was given.
    pub(super) async fn submit_all(
        &self,
        prepared: Vec<Result<Prepared, WorkflowError>>,
    ) -> Result<Vec<Result<Submitted, WorkflowError>>, WorkflowError> {
        let (mut works, mut places) = (Vec::with_capacity(prepared.len()), Vec::with_capacity(prepared.len()));
        for one in prepared {
            places.push(match one {
                Ok(Prepared::Work(work, warnings)) => {
                    works.push(*work);
                    Ok((None, warnings))
                }
                Ok(Prepared::Done(outcome)) => Ok((Some(outcome), Findings::default())),
                Err(refusal) => Err(refusal),
            });
        }
        let mut pending = self.0.sequencer.submit_many(works).await?.into_iter();
        let mut answers = Vec::with_capacity(places.len());
        for place in places {
            let (done, warnings) = match place {
                Ok(place) => place,
                Err(refusal) => {
                    answers.push(Err(refusal));
                    continue;
                }
            };
            let before = done.is_some();
            let outcome = match done {
                Some(outcome) => Ok(outcome),
                None => match pending.next() {
                    Some(pending) => pending.outcome().await,
                    None => Err(SequencerError::Unavailable("an answer is missing".into())),
                },
            };
            answers.push(Ok(Submitted { outcome, warnings, before }));
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
        let may = SequencerError::if_void(&self.trust(), &target).map_err(WorkflowError::from);
        let may = may.and_then(|()| items.as_deref().map_or(Ok(()), |items| self.items_may(&target, &act, items)));
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
            Err(refusal) => Prepared::before(self.0.store.as_ref(), request, digest, refusal),
        }
    }

    /// One certificate that the caller may read. It reads from the disk.
    pub fn get(&self, caller: &Caller, name: &CertificateName) -> Result<CertificateRecord, WorkflowError> {
        let entry = self.readable(caller, name)?;
        CertificateRecord::read(self.0.store.as_ref(), &entry)
    }

    /// Why a certificate of this authority is void, where it stands beyond the end that the trust list gave its log.
    #[must_use]
    pub fn void(&self, record: &CertificateRecord) -> Option<String> {
        SequencerError::if_void(&self.trust(), &record.entry).err().map(|error| error.to_string())
    }

    /// Why a certificate of this authority counts for nothing, where it stands past the closing of the key that signed it.
    #[must_use]
    pub fn key_closed(&self, record: &CertificateRecord) -> Option<String> {
        let leaf = record::leaf_of(&record.token).as_bytes();
        CheckedEntry::read(leaf, record.entry.index).ok()?.key_closed(&self.trust())
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
            Err(refusal) => Prepared::before(self.0.store.as_ref(), &request, digest, refusal),
        }
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
