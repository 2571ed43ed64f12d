//! A block of numbers that this node has no memory of, such as after a restore from an older copy, put back from its file.
//!
//! Nothing signed proves that the file is as it was given: who may have a block set aside says so, and the audit record
//! names him. What can be held against it is: the office, the series its numbers are of and how far that has come, and what
//! has them meanwhile. So a file with a wrong digit may be taken: the right one takes its place, until what was registered
//! under the block says that the first was right.

use super::{
    Accounts, Desk, WorkflowError,
    block::{block_id, kept},
    outage::says_outage,
    refused,
};
use crate::{
    agreement::Series,
    certificate::{AgreementCode, CertificateNumber, Country, Finding, Findings, OfficeCode},
    office::{Action, Actor, AuditEvent, BLOCK_MOST, Caller, NumberBlock, Office},
    sequencer::{
        Beside, Draw, LostNumber, PaperNumber, RequestKey, Reservation, Reserved, Task, Which, Work, number_id,
    },
    statement::PaperGround,
    store::{Expected, StateChange, Table},
    time::{Date, unix_ms},
    workflow::{
        CertificateRecord,
        carry::{blocking, on_its_day},
    },
};
use sha2::{Digest as _, Sha256};
use std::{collections::BTreeSet, sync::Arc};

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
    /// How many numbers of its series are passed over for it: they lie before its last, and nothing is known to have them.
    pub passed_over: u64,
}

/// What is to be done.
enum Prepared {
    Work(Box<Work>, u64),
    /// It is here.
    Known(Box<NumberBlock>),
}

/// What became of a number.
enum Standing {
    /// Nothing has it, or the block of that name alone.
    Free,
    /// It was registered after the outage.
    Registered,
    /// Something else has it, in words.
    Given(String),
}

impl Desk {
    /// Puts a block back. One that is here is left as it is, unless it was put back from a file that says something else;
    /// one of whose numbers any is something else's is refused.
    pub async fn put_back_block(
        &self,
        caller: &Arc<Caller>,
        request_id: &str,
        again: BlockAgain,
    ) -> Result<BlockBack, WorkflowError> {
        Accounts::allow(caller, Action::ReserveBlock)?;
        let request = self.request(caller, request_id)?;
        on_its_day(|| async {
            let (desk, by, key, file) = (self.clone(), Arc::clone(caller), request.clone(), again.clone());
            let (work, passed_over) = match blocking(move || desk.prepare_again(&by, key, &file)).await?? {
                Prepared::Work(work, passed_over) => (work, passed_over),
                Prepared::Known(block) => return Ok(BlockBack { block: *block, before: true, passed_over: 0 }),
            };
            self.sequencer().reserve(*work).await?;
            let (desk, id) = (self.clone(), again.id.clone());
            let block = blocking(move || desk.given_block(&id)).await??;
            Ok(BlockBack { block, before: false, passed_over })
        })
        .await
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
        let id = block_id(&block.id);
        let here = Expected { table: Table::Number, record: self.store().record(Table::Number, &id)?, id };
        let known = self.block(&again.id)?;
        let mut held = Vec::new();
        if let Some(known) = &known {
            let same = NumberBlock { at_ms: known.at_ms, by: known.by.clone(), ..block.clone() };
            if same == *known {
                return Ok(Prepared::Known(Box::new(same)));
            }
            held = self.taken_back(known, again)?;
        }
        let (mut free, mut findings) = (Vec::new(), Findings::default());
        for number in &again.numbers {
            match self.standing_of(number, &again.id)? {
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
        let known_to = self.known_to(&draw)?;
        if !again.far {
            not_too_far(&draw, last, known_to)?;
        }
        let beyond = |number: &CertificateNumber| beyond(&draw, number, known_to);
        let news = u64::try_from(free.iter().filter(|&number| beyond(number) > 0).count()).unwrap_or(0);
        let passed_over = beyond(last).saturating_sub(news);
        let (day, zone) = (record.office.date_at(now), record.office.time_zone.clone());
        let text = serde_json::to_vec(&block).map_err(|error| WorkflowError::Record(error.to_string()))?;
        let digest = Sha256::new_with_prefix(b"block again\0").chain_update(text).finalize().into();
        let instead = if known.is_some() { ", in place of another file of it" } else { "" };
        let words = format!(
            "put back from its file{instead}: office {}, under {} to {}, passing over {passed_over} numbers",
            block.office, block.agreement, block.to
        );
        let by = AuditEvent::of(Actor::Caller(caller), Action::ReserveBlock).with_detail(words);
        let kept_ids = block.numbers.iter().map(|number| number_id(number.as_str())).collect::<BTreeSet<_>>();
        let let_go = held.iter().filter(|held| !kept_ids.contains(&held.id)).map(|held| held.id.clone());
        let let_go = let_go.collect::<Vec<_>>();
        let changes = move |reserved: &Reserved| {
            let let_go = let_go.iter().map(|id| StateChange::RecordRemoved { table: Table::Number, id: id.clone() });
            Ok::<_, String>(let_go.chain(kept(&block, reserved)?).collect::<Vec<_>>())
        };
        let expected = held.into_iter().chain([here]).collect();
        let beside = Beside { expected, changes: Some(Arc::new(changes)), ..Beside::default() };
        let which = Which::These(free);
        let task = Task::Reserve(Box::new(Reservation { day, zone, draw, which, beside }));
        Ok(Prepared::Work(Box::new(Work { request, digest, task, by: Some(by) }), passed_over))
    }

    /// What waits in a block of that name which another file is to take the place of. One that this node gave is right; of
    /// one that was put back, nothing says so but what was registered under it.
    fn taken_back(&self, known: &NumberBlock, again: &BlockAgain) -> Result<Vec<Expected>, WorkflowError> {
        let differs = |message: String| refused(Finding::error("BLOCK_DIFFERS", "block", message));
        // No block is given before its day.
        if known.at_ms != begin_of(known.reserved_on) {
            return Err(differs("a block of that name is here, and its file says something else of it".to_owned()));
        }
        let mut held = Vec::new();
        for number in &known.numbers {
            match self.held_by_block(number)? {
                (Some(block), expected) if block == known.id => held.push(expected),
                _ if again.numbers.contains(number) => {}
                _ => {
                    return Err(differs(format!(
                        "a block of that name was put back here, and `{number}` was registered under it, which this file \
                         does not have"
                    )));
                }
            }
        }
        Ok(held)
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

    /// The highest serial that is known of a series.
    fn known_to(&self, draw: &Draw) -> Result<u64, WorkflowError> {
        let store = self.store().as_ref();
        let counted = store.series_next(&draw.key)?.max(draw.first).saturating_sub(1);
        Ok(draw.highest_known(store)?.map_or(counted, |highest| highest.max(counted)))
    }

    /// What became of a number of a block that is to be put back.
    fn standing_of(&self, number: &CertificateNumber, id: &str) -> Result<Standing, WorkflowError> {
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
            Some(same) if same == text => match self.held_by_block(number)? {
                (Some(block), _) if block == id => Standing::Free,
                // What was registered under it was lost, and its number is passed over: the others come back all the same.
                (None, Expected { record: Some(record), .. })
                    if serde_json::from_slice::<LostNumber>(&record).is_ok() =>
                {
                    Standing::Registered
                }
                _ => Standing::Given("an application, or another block".to_owned()),
            },
            Some(other) => Standing::Given(format!("what has `{other}`, which is read as it")),
        })
    }
}

/// How far a number lies beyond all that is known of its series.
fn beyond(draw: &Draw, number: &CertificateNumber, known_to: u64) -> u64 {
    Series::serial(&draw.key, number.as_str()).unwrap_or(u64::MAX).saturating_sub(known_to)
}

/// Refuses a number that lies too far beyond all that is known of its series: that goes on behind it, so one that stands in
/// its file by mistake would use the series up.
fn not_too_far(draw: &Draw, number: &CertificateNumber, known_to: u64) -> Result<(), WorkflowError> {
    let (key, beyond) = (&draw.key, beyond(draw, number, known_to));
    if beyond <= FARTHEST {
        return Ok(());
    }
    let message = format!(
        "`{number}` lies {beyond} numbers beyond the last that is known here of {key}, which would go on behind it"
    );
    let help = format!(
        "is it as it was given? A block lies within {FARTHEST} numbers, unless the node lost more than blocks: where it is \
         right, say so: origin office reserve --again FILE --far"
    );
    Err(refused(Finding::error("BLOCK_TOO_FAR", "numbers", message).with_help(help)))
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
    begin.map_or(0, |begin| unix_ms(begin.timestamp()))
}
