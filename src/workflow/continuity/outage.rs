//! What was issued on paper in an outage, issued electronically afterwards: once, within the days set, with the date of
//! its paper.

use super::{Accounts, Desk, PaperRow, Registered, WorkflowError, refused};
use crate::{
    certificate::{CertificateNumber, Endorsement, Finding, Findings, Instant, Particulars, Sha256, Text},
    encoding::hex,
    office::{Action, Actor, AuditEvent, BlockNumber, Caller, Medium},
    sequencer::{Beside, Issue, Numbering, Outcome, SequencerError, Task, Work, number_id},
    store::{Expected, StateChange, Table},
    time::{Date, unix_ms},
    workflow::{
        CertificateName, CertificateRecord,
        carry::{blocking, on_its_day},
        desk::Prepared,
        record,
    },
};
use bytes::Bytes;
use sha2::Digest as _;
use std::sync::Arc;

/// How far the clock of the office that was cut off may run ahead, in milliseconds: ten minutes.
const AHEAD_MS: u64 = 10 * 60 * 1000;
/// What the certificate says of it.
const ENDORSEMENT: &str = "REGISTERED_AFTER_OUTAGE";

/// One certificate that was issued on paper.
#[derive(Debug, Clone)]
pub struct OutageRow {
    /// UUIDv7, unique to the account.
    pub request_id: String,
    /// The particulars, as JSON; their number is one of the block.
    pub certificate_json: Bytes,
    /// The block.
    pub block: String,
    /// When it was issued.
    pub issued_at: Instant,
    /// SHA-256 of what was printed.
    pub paper_sha256: Sha256,
}

impl Desk {
    /// Issues what was issued on paper. Dropping the future changes nothing; what was registered before is left as it is.
    pub async fn register_outage(&self, caller: &Arc<Caller>, row: OutageRow) -> Result<Registered, WorkflowError> {
        Accounts::allow(caller, Action::IssueCertificate)?;
        on_its_day(|| async {
            let (desk, by, again) = (self.clone(), Arc::clone(caller), row.clone());
            Ok(match blocking(move || desk.prepare_outage(&by, &again)).await?? {
                Prepared::Work(work, warnings) => {
                    Registered { outcome: self.sequencer().submit(*work).await?, warnings, before: false }
                }
                Prepared::Done(outcome) => Registered { outcome, warnings: Findings::default(), before: true },
            })
        })
        .await
    }

    fn prepare_outage(&self, caller: &Caller, row: &OutageRow) -> Result<Prepared, WorkflowError> {
        let request = self.request(caller, &row.request_id)?;
        let reading = Particulars::read_json(&row.certificate_json);
        let mut findings = reading.findings;
        let Some(mut particulars) = reading.particulars else { return Err(WorkflowError::RulesRefuse(findings)) };
        let Some(number) = particulars.reference.number.clone() else {
            let message = "what was issued on paper has the number that is printed on it";
            return Err(refused(Finding::error("NUMBER_MISSING", "reference.number", message)));
        };
        let office = self.office(&particulars, &mut findings)?;
        if !caller.acts_for(&office.code) {
            return Err(WorkflowError::NotYourOffice(office.code.to_string()));
        }
        let day = office.date_at(row.issued_at.timestamp());
        if let Some(before) = self.registered_before(&number, day, row.paper_sha256)? {
            return Ok(Prepared::Done(before));
        }
        let now = self.now();
        let today = office.date_at(now);
        let (held, expected) = self.held_by_block(&number)?;
        if held.as_deref() != Some(row.block.as_str()) {
            return Err(refused(self.not_of_block(&number, &row.block)?));
        }
        self.of_block(row, &particulars, &mut findings)?;
        let at_ms = unix_ms(row.issued_at.timestamp());
        if at_ms > unix_ms(now).saturating_add(AHEAD_MS) {
            let message = format!("{} has not come yet", row.issued_at);
            findings.push(Finding::error("DATE_TO_COME", "issued_at", message));
        }
        if self.is_late(day, today) {
            let within = self.setup().continuity.register_within_days;
            let message = format!("it was issued on {day}, and is issued electronically within {within} days of that");
            let help = "register the paper, so that customs know it: origin paper register";
            findings.push(Finding::error("OUTAGE_TOO_LATE", "issued_at", message).with_help(help));
        }
        findings.extend(self.stale_list());
        self.unproven(&particulars, &mut findings);
        if particulars.reference.paper_number.is_none() {
            particulars.reference.paper_number = number.as_str().parse().ok();
        }
        let (issue, warnings) = self.rule_on(&office, particulars, findings, day)?;
        let issue = afterwards(issue, row, &number, (day, today), expected)?;
        let digest = sha2::Sha256::new_with_prefix(b"outage\0")
            .chain_update(row.paper_sha256.0)
            .chain_update(row.issued_at.to_string())
            .chain_update(&row.certificate_json)
            .finalize()
            .into();
        let mut by = AuditEvent::of(Actor::Caller(caller), Action::IssueCertificate);
        let hand = caller.hand(&office.code);
        by.in_place_of = hand.in_place_of.map(|(absent, _)| absent.to_string());
        let task = Task::Issue(Box::new(issue));
        Ok(Prepared::Work(Box::new(Work { request, digest, task, by: Some(by) }), warnings))
    }

    /// Whether the days are over in which what was issued on paper on a day is issued electronically.
    fn is_late(&self, day: Date, today: Date) -> bool {
        let within = i64::from(self.setup().continuity.register_within_days);
        day.checked_add(jiff::Span::new().days(within)).is_ok_and(|last| last < today)
    }

    /// The block that holds a number, with what its record must still be.
    pub(super) fn held_by_block(
        &self,
        number: &CertificateNumber,
    ) -> Result<(Option<String>, Expected), WorkflowError> {
        let id = number_id(number.as_str());
        let record = self.store().record(Table::Number, &id)?;
        let held = record.as_deref().and_then(|record| serde_json::from_slice::<BlockNumber>(record).ok());
        Ok((held.map(|held| held.block), Expected { table: Table::Number, id, record }))
    }

    /// Why a number is not one that waits in its block: the block may be one that this node has no memory of.
    fn not_of_block(&self, number: &CertificateNumber, block: &str) -> Result<Finding, WorkflowError> {
        let (rule, path) = ("NUMBER_NOT_OF_BLOCK", "reference.number");
        if self.block(block)?.is_some() {
            let message = format!("{number} is not a number of block {block} that waits for its certificate");
            return Ok(Finding::error(rule, path, message));
        }
        let message = format!(
            "block {block} is not known here: this node may have been restored from a copy that is older than the block"
        );
        let help = "put the block back before anything else is issued (`origin office reserve --again FILE`, with its file or \
                    the spool), and give the same command again";
        Ok(Finding::error(rule, path, message).with_help(help))
    }

    /// Whether a certificate is for what the numbers of its block were given for.
    fn of_block(
        &self,
        row: &OutageRow,
        particulars: &Particulars,
        findings: &mut Findings,
    ) -> Result<(), WorkflowError> {
        let Some(block) = self.block(&row.block)? else {
            return Err(WorkflowError::Record(format!("block {} is gone", row.block)));
        };
        let Particulars { agreement, to, reference, .. } = particulars;
        if (agreement, *to, &reference.office.code) != (&block.agreement, block.to, &block.office) {
            let message = format!(
                "the block is of office {}, for certificates under {} to {}",
                block.office, block.agreement, block.to
            );
            findings.push(Finding::error("BLOCK_OF_ANOTHER", "reference.number", message));
        }
        if unix_ms(row.issued_at.timestamp()).saturating_add(AHEAD_MS) < block.at_ms {
            let message = "it would have been issued before its block was given";
            findings.push(Finding::error("BEFORE_BLOCK", "issued_at", message));
        }
        Ok(())
    }

    /// The certificate of that number, if it is the one of this paper.
    fn registered_before(
        &self,
        number: &CertificateNumber,
        day: Date,
        paper: Sha256,
    ) -> Result<Option<Outcome>, WorkflowError> {
        let store = self.store().as_ref();
        let entry = match record::find(store, &CertificateName::Number(number.to_string())) {
            Ok(entry) => entry,
            Err(WorkflowError::CertificateUnknown) => return Ok(None),
            Err(other) => return Err(other),
        };
        let CertificateRecord { jti, certificate, .. } = CertificateRecord::read(store, &entry)?;
        let said = hex::encode(&paper.0);
        let remarks = certificate.remarks.as_option().and_then(Option::as_ref);
        let mut endorsements = remarks.iter().flat_map(|remarks| &remarks.endorsements);
        let same = endorsements.any(|one| one.code.as_str() == ENDORSEMENT && one.text.as_str().contains(&said))
            && certificate.reference.as_option().is_some_and(|reference| reference.issued_on == day);
        if same {
            return Ok(Some(Outcome { entry, jti, number: Some(number.to_string()), day }));
        }
        Err(SequencerError::NumberTaken(number.to_string()).into())
    }

    /// Why a number of a block is not registered as a paper: it can still be issued electronically, or the paper is not
    /// what the block was given for.
    pub(super) fn after_outage(&self, block: &str, row: &PaperRow, today: Date) -> Result<Findings, WorkflowError> {
        let mut findings = Findings::default();
        let Some(block) = self.block(block)? else {
            return Err(WorkflowError::Record(format!("block {block} is gone")));
        };
        if (&row.agreement, row.to, &row.office) != (&block.agreement, block.to, &block.office) {
            let message = format!(
                "its number is of a block of office {}, for certificates under {} to {}",
                block.office, block.agreement, block.to
            );
            findings.push(Finding::error("BLOCK_OF_ANOTHER", "number", message));
        }
        // Where certificates go on paper none is issued electronically afterwards: its paper is what is registered.
        let corridor = self.setup().continuity.corridor(&row.agreement, row.to, row.issued_on);
        let stays_paper = corridor.is_some_and(|corridor| matches!(corridor.medium, Medium::Paper));
        if !stays_paper && !self.is_late(row.issued_on, today) {
            let message = "its number is of a block, and the days to issue it electronically are not over";
            let finding = Finding::error("OUTAGE_NOT_OVER", "number", message);
            findings.push(finding.with_help("origin issue --register SPOOL"));
        }
        Ok(findings)
    }
}

/// Whether a certificate says that it was issued on paper first, in an outage.
pub(super) fn says_outage(record: &CertificateRecord) -> bool {
    let remarks = record.certificate.remarks.as_option().and_then(Option::as_ref);
    remarks.iter().flat_map(|remarks| &remarks.endorsements).any(|one| one.code.as_str() == ENDORSEMENT)
}

/// What was judged for the day of its paper, to be issued today: it bears that day, and says so.
fn afterwards(
    issue: Issue,
    row: &OutageRow,
    number: &CertificateNumber,
    (day, today): (Date, Date),
    expected: Expected,
) -> Result<Issue, WorkflowError> {
    let words = format!(
        "Issued on paper at {} while no electronic certificate could be issued; registered on {today}. SHA-256 of the \
         paper: {}",
        row.issued_at,
        hex::encode(&row.paper_sha256.0)
    );
    let unsaid = |error: &dyn std::fmt::Display| WorkflowError::Record(error.to_string());
    let endorsement = Endorsement {
        code: ENDORSEMENT.parse().map_err(|error| unsaid(&error))?,
        text: Text::typed(&words).map_err(|error| unsaid(&error))?,
        form_box: None,
    };
    let mut ruling = issue.ruling;
    ruling.issued_on = today;
    ruling.endorsements.push(endorsement);
    // From here on the log knows the number.
    let id = expected.id.clone();
    let changes =
        move |_: &Outcome| Ok::<_, String>(vec![StateChange::RecordRemoved { table: Table::Number, id: id.clone() }]);
    let held = Beside { expected: vec![expected], changes: Some(Arc::new(changes)), ..Beside::default() };
    Ok(Issue {
        ruling,
        numbering: Numbering::Reserved(number.clone()),
        bears: Some(day),
        beside: issue.beside.and(held),
        ..issue
    })
}
