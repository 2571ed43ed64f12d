//! A block of numbers that this node has no memory of, such as after a restore from an older copy, put back from its file.
//!
//! Nothing signed proves that the file is as it was given: who may have a block set aside says so, and the audit record
//! names him. What can be held against it is: the office, the series its numbers are of and how far that has come, and what
//! has them meanwhile.

use super::{
    Accounts, DATES_TRIED, Desk, WorkflowError,
    block::{block_id, kept},
    blocking,
    outage::says_outage,
    refused,
};
use crate::{
    agreement::Series,
    certificate::{AgreementCode, CertificateNumber, Country, Finding, Findings, OfficeCode},
    office::{Action, Actor, AuditEvent, BLOCK_MOST, Caller, NumberBlock, Office},
    sequencer::{Beside, Draw, PaperNumber, RequestKey, Reservation, Reserved, SequencerError, Task, Which, Work},
    statement::PaperGround,
    store::{Expected, Table},
    time::Date,
    workflow::CertificateRecord,
};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

/// Numbers that are named one by one.
const NAMED: usize = 10;
/// How far beyond all that is known of its series a number lies at most, unless that is said: ten of the largest blocks.
const FARTHEST: u64 = 10_000;

/// A block as its file has it, and how it is put back.
#[derive(Debug, Clone)]
pub struct BlockAgain {
    /// The authority that the file names.
    pub issuer: String,
    /// What it is called.
    pub id: String,
    /// The office.
    pub office: OfficeCode,
    /// The agreement that its certificates are issued under.
    pub agreement: AgreementCode,
    /// Where they go.
    pub to: Country,
    /// The civil date at the office when it was given.
    pub reserved_on: Date,
    /// The numbers, rising.
    pub numbers: Vec<CertificateNumber>,
    /// Whether they may lie however far beyond all that is known of their series.
    pub far: bool,
}

/// A block that was to be put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockBack {
    /// The block.
    pub block: NumberBlock,
    /// Whether nothing was put back: it was here, or all of its numbers are registered.
    pub before: bool,
}

/// What is to be done.
enum Prepared {
    Work(Box<Work>),
    /// It is here.
    Known(Box<NumberBlock>),
}

/// What became of a number.
enum Standing {
    /// Nothing has it.
    Free,
    /// It was registered after the outage.
    Registered,
    /// Something else has it, in words.
    Given(String),
}

impl Desk {
    /// Puts a block back. One that is here is left as it is, and one of whose numbers any is something else's is refused.
    pub async fn put_back_block(
        &self,
        caller: &Arc<Caller>,
        request_id: &str,
        again: BlockAgain,
    ) -> Result<BlockBack, WorkflowError> {
        Accounts::allow(caller, Action::ReserveBlock)?;
        let request = self.request(caller, request_id)?;
        let mut tried = 1;
        loop {
            let (desk, by, key, file) = (self.clone(), Arc::clone(caller), request.clone(), again.clone());
            let work = match blocking(move || desk.prepare_again(&by, key, &file)).await? {
                Prepared::Work(work) => work,
                Prepared::Known(block) => return Ok(BlockBack { block: *block, before: true }),
            };
            match self.sequencer().reserve(*work).await {
                Ok(_) => break,
                Err(SequencerError::DateMoved(_)) if tried < DATES_TRIED => tried += 1,
                Err(error) => return Err(error.into()),
            }
        }
        let desk = self.clone();
        let block = blocking(move || desk.given_block(&again.id)).await?;
        Ok(BlockBack { block, before: false })
    }

    fn prepare_again(
        &self,
        caller: &Caller,
        request: RequestKey,
        again: &BlockAgain,
    ) -> Result<Prepared, WorkflowError> {
        let record = self.office_of(caller, &again.office)?;
        let draw = self.may_be_given(&record.office, again)?;
        let now = self.now();
        let block = NumberBlock {
            id: again.id.clone(),
            office: again.office.clone(),
            agreement: again.agreement.clone(),
            to: again.to,
            reserved_on: again.reserved_on,
            // The instant is not in the file: whatever was issued on its day may have been.
            at_ms: begin_of(again.reserved_on),
            by: caller.id().to_string(),
            numbers: again.numbers.clone(),
        };
        if let Some(known) = self.block(&again.id)? {
            let same = NumberBlock { at_ms: known.at_ms, by: known.by.clone(), ..block } == known;
            let message = "a block of that name is here, and its file says something else of it";
            let differs = || refused(Finding::error("BLOCK_DIFFERS", "block", message));
            return if same { Ok(Prepared::Known(Box::new(known))) } else { Err(differs()) };
        }
        let (mut free, mut findings) = (Vec::new(), Findings::default());
        for number in &again.numbers {
            match self.standing_of(number)? {
                Standing::Free => free.push(number.clone()),
                Standing::Registered => {}
                Standing::Given(to) => findings.push(given(number, &to)),
            }
        }
        if !findings.is_empty() {
            let more = findings.0.len().saturating_sub(NAMED);
            findings.0.truncate(NAMED);
            if more > 0 {
                findings.push(Finding::error("BLOCK_NUMBER_GIVEN", "numbers", format!("and {more} more of them")));
            }
            return Err(WorkflowError::RulesRefuse(findings));
        }
        let Some(last) = free.last() else { return Ok(Prepared::Known(Box::new(block))) };
        if !again.far {
            self.not_too_far(&draw, last)?;
        }
        let (day, zone) = (record.office.date_at(now), record.office.time_zone.clone());
        let text = serde_json::to_vec(&block).map_err(|error| WorkflowError::Record(error.to_string()))?;
        let digest = Sha256::new_with_prefix(b"block again\0").chain_update(text).finalize().into();
        let words =
            format!("put back from its file: office {}, under {} to {}", block.office, block.agreement, block.to);
        let by = AuditEvent::of(Actor::Caller(caller), Action::ReserveBlock).with_detail(words);
        let expected = vec![Expected { table: Table::Number, id: block_id(&block.id), record: None }];
        let changes = move |reserved: &Reserved| kept(&block, reserved);
        let beside = Beside { expected, changes: Some(Arc::new(changes)), ..Beside::default() };
        let which = Which::These(free);
        let task = Task::Reserve(Box::new(Reservation { day, zone, draw, which, beside }));
        Ok(Prepared::Work(Box::new(Work { request, digest, task, by: Some(by) })))
    }

    /// The series of a block, if its file can be one that this authority wrote.
    fn may_be_given(&self, office: &Office, again: &BlockAgain) -> Result<Draw, WorkflowError> {
        let BlockAgain { issuer, id, agreement, to, reserved_on, numbers, .. } = again;
        let wrong = |rule: &str, path: &str, message: String| Err(refused(Finding::error(rule, path, message)));
        if *issuer != self.setup().issuer.to_string() {
            return wrong("BLOCK_OF_ANOTHER", "issuer", format!("the block is of `{issuer}`"));
        }
        let is_name = id.len() == 32 && id.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if !is_name {
            return wrong("BLOCK_DIFFERS", "block", "no block has such a name".to_owned());
        }
        if !(1..=usize::try_from(BLOCK_MOST).unwrap_or(0)).contains(&numbers.len()) {
            return wrong("BLOCK_SIZE", "numbers", format!("a block has 1 to {BLOCK_MOST} numbers"));
        }
        if *reserved_on > office.date_at(self.now()) {
            return wrong("DATE_TO_COME", "reserved_on", format!("{reserved_on} is a day to come"));
        }
        let edition = self.agreements().get(agreement).and_then(|rules| rules.edition_on(*reserved_on));
        let route = (self.setup().country, *to);
        let draw = self.series_of(edition, office, agreement, route, None, *reserved_on);
        let draw = draw.map_err(|why| refused(*why))?;
        let is_of_it =
            |number: &&CertificateNumber| Series::spelt(&draw.key, number.as_str()).as_deref() == Some(number.as_str());
        if let Some(stray) = numbers.iter().find(|number| !is_of_it(number)) {
            let message = format!("`{stray}` is not of the series of its office that day: {}", draw.key);
            return wrong("NUMBER_NOT_OF_SERIES", "numbers", message);
        }
        if !numbers.iter().map(|number| Series::serial(&draw.key, number.as_str())).is_sorted_by(|one, next| one < next)
        {
            return wrong("BLOCK_DIFFERS", "numbers", "the numbers of a block rise".to_owned());
        }
        Ok(draw)
    }

    /// Refuses a number that lies too far beyond all that is known of its series: that goes on behind it, so one that stands
    /// in its file by mistake would use the series up.
    fn not_too_far(&self, draw: &Draw, number: &CertificateNumber) -> Result<(), WorkflowError> {
        let (store, key) = (self.store().as_ref(), &draw.key);
        let counted = store.series_next(key)?.max(draw.first).saturating_sub(1);
        let known = draw.highest_known(store)?.map_or(counted, |highest| highest.max(counted));
        let beyond = Series::serial(key, number.as_str()).unwrap_or(u64::MAX).saturating_sub(known);
        if beyond <= FARTHEST {
            return Ok(());
        }
        let message = format!(
            "`{number}` lies {beyond} numbers beyond the last that is known here of {key}, which would go on behind it"
        );
        let help = format!(
            "is it as it was given? A block lies within {FARTHEST} numbers, unless the node lost more than blocks: where it \
             is right, say so: origin office reserve --again FILE --far"
        );
        Err(refused(Finding::error("BLOCK_TOO_FAR", "numbers", message).with_help(help)))
    }

    /// What became of a number of a block that is to be put back.
    fn standing_of(&self, number: &CertificateNumber) -> Result<Standing, WorkflowError> {
        let (store, text) = (self.store().as_ref(), number.as_str());
        if let Some(PaperNumber { paper }) = PaperNumber::read(store, text)? {
            let found = self.paper_at(&paper)?;
            return Ok(match found.filter(|found| found.paper.ground == PaperGround::Outage) {
                Some(_) => Standing::Registered,
                None => Standing::Given(format!("a paper: entry {} of {}", paper.index, paper.origin)),
            });
        }
        if store.number_taken(text)? {
            let Some(entry) = store.find_number(text)? else {
                return Ok(Standing::Given("a certificate that is not shown yet".to_owned()));
            };
            let record = CertificateRecord::read(store, &entry)?;
            return Ok(if says_outage(&record) {
                Standing::Registered
            } else {
                Standing::Given(format!("certificate {}", record.jti))
            });
        }
        Ok(match self.read_as(text)? {
            None => Standing::Free,
            Some(same) if same == text => Standing::Given("an application, or another block".to_owned()),
            Some(other) => Standing::Given(format!("what has `{other}`, which is read as it")),
        })
    }
}

fn given(number: &CertificateNumber, to: &str) -> Finding {
    let message = format!("`{number}` was given to {to}");
    let help = "put the others back from a copy of the file without it; a paper that bears it is mended by hand with its \
                exporter, and customs of the importing country are told";
    Finding::error("BLOCK_NUMBER_GIVEN", "numbers", message).with_help(help)
}

/// Before a civil date began anywhere, in Unix milliseconds.
fn begin_of(day: Date) -> u64 {
    let begin = day.yesterday().ok().and_then(|before| before.to_zoned(jiff::tz::TimeZone::UTC).ok());
    begin.map_or(0, |begin| u64::try_from(begin.timestamp().as_millisecond()).unwrap_or(0))
}
