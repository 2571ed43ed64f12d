//! The life of a certificate after its issue: items that lose their force, a certificate in another's place, a certified
//! true copy.

use super::{
    Accounts, CertificateName, CertificateRecord, Desk, Issued, WorkflowError, cancelling::overtaken, desk::Prepared,
    mending::mends, pending, record,
};
use crate::{
    certificate::{
        Certificate, Finding, Findings, Particulars, PriorCertificate, Reference, ReferenceParticulars, Relation, Text,
    },
    office::{Action, Actor, AuditEvent, Caller, Office},
    sequencer::{Ends, Issue, Original, Replacement, SequencerError, Task, Work, changes_of},
    statement::{Act, Change, OpenedBody, Since, Status, open_leaf},
    store::EntryRef,
    time::Date,
    verification::status_after,
};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// A certificate that shall take another's place.
#[derive(Debug, Clone)]
pub struct ReplaceWish {
    /// UUIDv7, unique to the account.
    pub request_id: String,
    /// The certificate that stands.
    pub certificate: CertificateName,
    /// The particulars of the new one, as JSON; nothing where it says what the other says, issued anew. That it replaces
    /// the other is added.
    pub certificate_json: Vec<u8>,
    /// Why.
    pub reason: Option<Text<1024>>,
    /// Further words.
    pub remarks: Option<Text<1024>>,
}

/// A certified true copy that is wished for.
#[derive(Debug, Clone)]
pub struct CopyWish {
    /// UUIDv7, unique to the account.
    pub request_id: String,
    /// The original, which stands.
    pub certificate: CertificateName,
    /// That it was not used, as the one who asks declares.
    pub unused: bool,
    /// Why, such as the loss of the original.
    pub reason: Option<Text<1024>>,
    /// Further words.
    pub remarks: Option<Text<1024>>,
}

/// Either.
struct Succession {
    request_id: String,
    certificate: CertificateName,
    /// The new one's particulars; none for a copy.
    certificate_json: Option<Vec<u8>>,
    reason: Option<Text<1024>>,
    remarks: Option<Text<1024>>,
}

impl Desk {
    /// Issues a certificate in the place of another, which is superseded by it in the same commit; each points at the
    /// other. Dropping the future changes nothing.
    pub async fn replace(&self, caller: &Caller, wish: ReplaceWish) -> Result<Issued, WorkflowError> {
        let ReplaceWish { request_id, certificate, certificate_json, reason, remarks } = wish;
        let certificate_json = Some(certificate_json);
        self.succeed(caller, Succession { request_id, certificate, certificate_json, reason, remarks }).await
    }

    /// Issues a certified true copy: it says what the original says, with its date of issue and its days of use, bears the
    /// agreement's words, and supersedes the original in the same commit. It is for an original that was not used, which
    /// the one who asks declares.
    pub async fn true_copy(&self, caller: &Caller, wish: CopyWish) -> Result<Issued, WorkflowError> {
        let CopyWish { request_id, certificate, unused, reason, remarks } = wish;
        if !unused {
            return Err(WorkflowError::UnusedNotDeclared);
        }
        self.succeed(caller, Succession { request_id, certificate, certificate_json: None, reason, remarks }).await
    }

    async fn succeed(&self, caller: &Caller, wish: Succession) -> Result<Issued, WorkflowError> {
        let account = caller.clone();
        self.carry_out(move |desk| desk.ready(&account, &wish)).await
    }

    fn ready(&self, caller: &Caller, wish: &Succession) -> Result<Prepared, WorkflowError> {
        Accounts::allow(caller, Action::IssueCertificate)?;
        Accounts::allow(caller, Action::ChangeStatus)?;
        let request = self.request(caller, &wish.request_id)?;
        let digest = wish.digest();
        match self.successor(caller, wish) {
            Ok((replacement, warnings)) => {
                let by = AuditEvent::of(Actor::Caller(caller), Action::IssueCertificate);
                let old = replacement.originals.iter().map(|one| format!("{} {}", one.entry.origin, one.entry.index));
                let by = Some(by.with_detail(format!("superseding {}", old.collect::<Vec<_>>().join(", "))));
                Ok(Prepared::Work(
                    Box::new(Work { request, digest, task: Task::Replace(Box::new(replacement)), by }),
                    warnings,
                ))
            }
            Err(refusal) => Prepared::before(self.setup().store.as_ref(), &request, digest, refusal),
        }
    }

    /// Applies the rules for today to the certificate that shall take the other's place.
    fn successor(&self, caller: &Caller, wish: &Succession) -> Result<(Replacement, Findings), WorkflowError> {
        let store = self.setup().store.as_ref();
        let target = record::find(store, &wish.certificate)?;
        SequencerError::if_void(&self.trust(), &target)?;
        let record = CertificateRecord::read(store, &target)?;
        let original = record.certificate.to_certificate();
        let original = original.ok_or_else(|| record::without_contents(store, &target))?;
        self.disinterested_in(caller, &target)?;
        // One past the closing of its key may have been used before anybody knew: customs need the one that counts.
        let anew_for_its_key =
            wish.certificate_json.as_ref().is_some_and(Vec::is_empty) && self.key_closed(&record).is_some();
        if !anew_for_its_key && self.used_abroad(&record.jti)? {
            return Err(WorkflowError::UsedAbroad);
        }
        let (mut changes, mut unasked) = (None, None);
        let (mut particulars, mut findings, bears) = match &wish.certificate_json {
            Some(json) if json.is_empty() => {
                // Items that were taken away would be there again.
                if record.status != Status::Valid {
                    let (now, wanted) = (record.status.word(), "issued anew as it is");
                    return Err(SequencerError::StatusForbids { now, wanted }.into());
                }
                if !anew_for_its_key {
                    return Err(WorkflowError::KeyNotClosed);
                }
                // The new one would be valid, and its holder wants none: that is settled first.
                let (asked, still) = pending::wish(store, &target)?;
                if asked.is_some() {
                    return Err(WorkflowError::CancellationAsked);
                }
                unasked = Some(still);
                changes = Some(changes_of(store, &target, &record.jti)?.len());
                (anew(&original), Findings::default(), None)
            }
            Some(json) => {
                let reading = Particulars::read_json(json);
                let mut findings = reading.findings;
                let Some(mut particulars) = reading.particulars else {
                    let rules = |office: &Office, particulars, said| self.rule_proven(office, particulars, said);
                    return Err(self.unread(caller, json, findings, rules));
                };
                follow(&mut particulars, Relation::Replaces, &original, &mut findings);
                mends(&particulars, &original, &mut findings);
                (particulars, findings, None)
            }
            None => (copied(&original), Findings::default(), Some(original.reference.issued_on)),
        };
        let office = &self.office(&particulars, &mut findings)?;
        if !caller.acts_for(&office.code) {
            return Err(WorkflowError::NotYourOffice(office.code.to_string()));
        }
        self.disinterested(caller, &particulars, &mut findings)?;
        self.hold_like(&target, &mut particulars)?;
        let heritage = self.heritage(&target)?;
        heritage.hold_to(&mut particulars, &original, &mut findings);
        // A copy, and what is issued anew as it is, say what the other says.
        if bears.is_none() && changes.is_none() {
            heritage.hold_alike(&particulars, &original, &mut findings);
        }
        let (mut issue, warnings): (Issue, Findings) = self.rule_proven(office, particulars, findings)?;
        issue.bears = bears;
        if bears.is_some() {
            issue.ruling.flags.retrospective = original.flags.retrospective;
        }
        // What rests on others ends with the first of them, and a copy with what it copies.
        if bears.is_some() || heritage.rests_on_others() {
            issue.ruling.valid_until = earlier(issue.ruling.valid_until, original.valid_until);
        }
        let beside = std::mem::take(&mut issue.beside).and(heritage.pass_on());
        issue.beside = beside.and(overtaken(&target));
        issue.beside.expected.extend(unasked);
        let (reason, remarks) = (wish.reason.clone(), wish.remarks.clone());
        let originals = vec![Original { entry: target, changes, ends: Ends::Whole }];
        Ok((Replacement { issue, originals, copy: bears.is_some(), reason, remarks }, warnings))
    }

    /// Refuses a change of items that are not there, or to which it cannot happen any more.
    pub(super) fn items_may(&self, target: &EntryRef, act: &Act, items: &[u32]) -> Result<(), WorkflowError> {
        let original = CertificateRecord::read(self.setup().store.as_ref(), target)?;
        let (standing, _) = self.items_of(&original)?;
        for item in items {
            let now = *standing.get(item).ok_or(WorkflowError::ItemUnknown(*item))?;
            if status_after(now, Status::Valid, act, None).is_none() {
                return Err(WorkflowError::ItemForbids { item: *item, now: now.word(), wanted: act.word() });
            }
        }
        Ok(())
    }

    /// Refuses a withdrawal from a day before the certificate was issued: that would say of days on which there was
    /// none that it was good. One from a day to come, which would be shown as withdrawn and count until then. And one
    /// that says no more than one before: only an earlier day is found afterwards.
    pub(super) fn day_may(&self, target: &EntryRef, act: &Act, items: Option<&[u32]>) -> Result<(), WorkflowError> {
        let Act::Withdrawn { since } = act else { return Ok(()) };
        let record = CertificateRecord::read(self.setup().store.as_ref(), target)?;
        // Where its contents are erased its date of issue is too.
        let reference = record.certificate.reference.as_option();
        if let Since::Date(day) = since {
            if let Some(reference) = reference.filter(|reference| *day < reference.issued_on) {
                return Err(WorkflowError::BeforeIssue(reference.issued_on));
            }
            let today = self.day_somewhere(reference.map(|reference| &reference.office.code));
            if *day > today {
                return Err(WorkflowError::AfterToday(today));
            }
        }
        if items.is_none() && record.status != Status::Withdrawn {
            return Ok(());
        }
        let mut said = self.changes_said(&record)?;
        said.retain(|before| match (&before.act, since) {
            (Act::Withdrawn { since: Since::Issue }, _) => true,
            (Act::Withdrawn { since: Since::Date(before) }, Since::Date(day)) => day >= before,
            _ => false,
        });
        let whole = said.iter().filter(|before| before.items.is_none()).filter_map(|before| match before.act {
            Act::Withdrawn { since: Since::Issue } => Some(None),
            Act::Withdrawn { since: Since::Date(day) } => Some(Some(day)),
            _ => None,
        });
        let (now, wanted) = (Status::Withdrawn.word(), act.word());
        let says_it = |item: &u32| said.iter().flat_map(|before| &before.items).any(|items| items.contains(item));
        match items {
            None => whole.min().map_or(Ok(()), |from| Err(WorkflowError::WithdrawnAlready(from))),
            Some(items) => match items.iter().find(|item| says_it(item)) {
                Some(item) => Err(WorkflowError::ItemForbids { item: *item, now, wanted }),
                None => Ok(()),
            },
        }
    }

    /// The changes of a certificate's status, in their order.
    fn changes_said(&self, original: &CertificateRecord) -> Result<Vec<Change>, WorkflowError> {
        let (store, none): (_, &[&str]) = (self.setup().store.as_ref(), &[]);
        let mut said = Vec::new();
        for change in changes_of(store, &original.entry, &original.jti)? {
            let leaf = store.leaf(&change.origin, change.index)?.ok_or(WorkflowError::CertificateUnknown)?;
            let opened = open_leaf(&leaf, none).map_err(|e| WorkflowError::Record(e.to_string()))?;
            if let OpenedBody::StatusChange(opened) = opened.body {
                said.push(opened.change);
            }
        }
        Ok(said)
    }

    /// What became of each item by changes of some items, and how many changes there were in all.
    pub(super) fn items_of(
        &self,
        original: &CertificateRecord,
    ) -> Result<(BTreeMap<u32, Status>, usize), WorkflowError> {
        let goods = original.certificate.goods.as_option();
        let goods = goods.ok_or_else(|| record::without_contents(self.store().as_ref(), &original.entry))?;
        let numbers = goods.items.iter().filter_map(|item| item.as_option()).map(|item| item.number);
        let mut standing = numbers.map(|number| (number, Status::Valid)).collect::<BTreeMap<_, _>>();
        let changes = self.changes_said(original)?;
        for Change { act, items, .. } in &changes {
            for item in items.iter().flatten() {
                if let Some(status) = standing.get_mut(item) {
                    *status = status_after(*status, Status::Valid, act, None).unwrap_or(*status);
                }
            }
        }
        Ok((standing, changes.len()))
    }
}

impl Succession {
    /// What makes two requests the same: their parts, each with its length.
    fn digest(&self) -> [u8; 32] {
        let name = self.certificate.text();
        let mut hash = Sha256::new_with_prefix(b"succession\0");
        let text = |text: &Option<Text<1024>>| text.as_ref().map(|text| text.as_str().as_bytes().to_vec());
        let parts = [Some(name.into_bytes()), self.certificate_json.clone(), text(&self.reason), text(&self.remarks)];
        for part in parts {
            // An absent part and an empty one differ.
            let length = part.as_ref().map_or(u64::MAX, |part| u64::try_from(part.len()).unwrap_or(u64::MAX - 1));
            hash.update(length.to_be_bytes());
            hash.update(part.unwrap_or_default());
        }
        hash.finalize().into()
    }
}

/// The earlier of two last days; none is no limit.
pub(super) fn earlier(one: Option<Date>, other: Option<Date>) -> Option<Date> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// Has the particulars name the certificate they follow.
fn follow(particulars: &mut Particulars, relation: Relation, original: &Certificate, findings: &mut Findings) {
    let number = &original.reference.number;
    let prior = &mut particulars.reference.prior;
    // One with quantities is what it was drawn from.
    if let Some(at) = prior.iter().position(|one| one.relation == relation && one.drawn.is_empty()) {
        let named =
            prior.get(at).is_some_and(|one| one.number == *number && one.issued_on == original.reference.issued_on);
        if !named {
            let path = format!("reference.prior[{at}]");
            let message = format!("another certificate is named than {number}, which this one shall replace");
            findings.push(Finding::error("REPLACEMENT", path, message).with_help("leave it out: it is added"));
        }
        return;
    }
    prior.push(PriorCertificate {
        relation,
        number: number.clone(),
        issued_on: original.reference.issued_on,
        country: original.from,
        exporter_code: None,
        drawn: Vec::new(),
    });
}

/// What a certificate says that takes another's place because nothing but its signature is wrong: the rules of the day
/// it is issued on decide its edition and its form.
fn anew(original: &Certificate) -> Particulars {
    let mut particulars = Particulars { edition: None, form: None, ..repeated(original) };
    particulars.reference.form_edition = None;
    // One that took another's place names the one whose place is taken now.
    particulars.reference.prior.retain(|prior| prior.relation != Relation::Replaces || !prior.drawn.is_empty());
    follow(&mut particulars, Relation::Replaces, original, &mut Findings::default());
    particulars
}

/// What a copy of a certificate says.
fn copied(original: &Certificate) -> Particulars {
    let mut particulars = repeated(original);
    // A copy of a copy names the one that it copies.
    particulars.reference.prior.retain(|prior| prior.relation != Relation::TrueCopyOf);
    follow(&mut particulars, Relation::TrueCopyOf, original, &mut Findings::default());
    if let Some(remarks) = &mut particulars.remarks {
        remarks.endorsements.retain(|endorsement| endorsement.code.as_str() != "CERTIFIED_TRUE_COPY");
    }
    particulars
}

/// The particulars that a certificate was issued from, but for its number.
pub(super) fn repeated(original: &Certificate) -> Particulars {
    let Certificate { agreement, edition, form, from, to, reference, .. } = original.clone();
    let Reference { place, office, signatories, declaration, prior, paper_number, form_edition, languages, .. } =
        reference;
    let reference = ReferenceParticulars {
        number: None,
        place,
        office,
        signatories,
        declaration,
        prior,
        paper_number,
        form_edition,
        languages,
    };
    Particulars {
        agreement,
        edition: Some(edition),
        form: Some(form),
        from,
        to,
        application: None,
        reference,
        exporter: original.exporter.clone(),
        consignee: original.consignee.clone(),
        producer: original.producer.clone(),
        transport: original.transport.clone(),
        goods: original.goods.clone(),
        commercial: original.commercial.clone(),
        remarks: original.remarks.clone(),
    }
}
