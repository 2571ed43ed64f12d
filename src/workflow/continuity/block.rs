//! Blocks of numbers that an office holds for the certificates it issues on paper while its node cannot be reached.

use super::{Accounts, Desk, WorkflowError, refused};
use crate::{
    agreement::{Agreement, Known, Member},
    certificate::{AgreementCode, CertificateNumber, Country, Finding, OfficeCode},
    encoding::hex,
    office::{Action, Actor, AuditEvent, BLOCK_MOST, BlockNumber, Caller, NumberBlock},
    sequencer::{Beside, RequestKey, Reservation, Reserved, Task, Which, Work, number_id},
    store::{StateChange, Table},
    time::{Date, unix_ms},
    workflow::carry::{blocking, on_its_day},
};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

/// Which numbers are wanted.
#[derive(Debug, Clone)]
pub struct BlockWish {
    /// The office.
    pub office: OfficeCode,
    /// The agreement that its certificates are issued under.
    pub agreement: AgreementCode,
    /// Where they go.
    pub to: Country,
    /// How many.
    pub count: u32,
}

impl Desk {
    /// Sets a block of numbers aside. The same request has the same block.
    pub async fn reserve_block(
        &self,
        caller: &Arc<Caller>,
        request_id: &str,
        wish: BlockWish,
    ) -> Result<NumberBlock, WorkflowError> {
        Accounts::allow(caller, Action::ReserveBlock)?;
        let request = self.request(caller, request_id)?;
        let id = hex::encode(&request.id);
        on_its_day(|| async {
            let (desk, by, key, wish, id) =
                (self.clone(), Arc::clone(caller), request.clone(), wish.clone(), id.clone());
            let work = blocking(move || desk.prepare_block(&by, key, &wish, &id)).await??;
            Ok(self.sequencer().reserve(work).await?)
        })
        .await?;
        let desk = self.clone();
        blocking(move || desk.given_block(&id)).await?
    }

    fn prepare_block(
        &self,
        caller: &Caller,
        request: RequestKey,
        wish: &BlockWish,
        id: &str,
    ) -> Result<Work, WorkflowError> {
        let BlockWish { office, agreement, to, count } = wish.clone();
        if !(1..=BLOCK_MOST).contains(&count) {
            let message = format!("a block has 1 to {BLOCK_MOST} numbers");
            return Err(refused(Finding::error("BLOCK_SIZE", "count", message)));
        }
        if to == self.setup().country {
            let message = format!("{to} is the country of this authority: no certificate of origin goes there");
            return Err(refused(Finding::error("ONE_COUNTRY", "to", message)));
        }
        let record = self.office_of(caller, &office)?;
        if record.is_closed() || !record.office.issues_under(&agreement) {
            let message = format!("office {office} is closed, or does not issue under {agreement}");
            return Err(refused(Finding::error("OFFICE_AGREEMENT", "office", message)));
        }
        let now = self.now();
        let (day, zone) = (record.office.date_at(now), record.office.time_zone.clone());
        let rules = self.agreements().get(&agreement);
        if let Some(stranger) = rules.and_then(|rules| no_member(rules, to, day)) {
            return Err(refused(stranger));
        }
        let edition = rules.and_then(|rules| rules.edition_on(day));
        let route = (self.setup().country, to);
        let draw =
            self.series_of(edition, &record.office, &agreement, route, None, day).map_err(|why| refused(*why))?;
        let text = format!("block\0{office}\0{agreement}\0{to}\0{count}");
        let by = AuditEvent::of(Actor::Caller(caller), Action::ReserveBlock)
            .with_detail(format!("office {office}, under {agreement} to {to}"));
        let (id, account) = (id.to_owned(), caller.id().to_string());
        let at_ms = unix_ms(now);
        let changes = move |reserved: &Reserved| {
            let numbers = std::iter::once(&reserved.number).chain(&reserved.more);
            let numbers = numbers.map(|number| number.parse::<CertificateNumber>().map_err(|e| e.to_string()));
            let block = NumberBlock {
                id: id.clone(),
                office: office.clone(),
                agreement: agreement.clone(),
                to,
                reserved_on: reserved.day,
                at_ms,
                by: account.clone(),
                numbers: numbers.collect::<Result<_, _>>()?,
            };
            kept(&block, reserved)
        };
        let beside = Beside { changes: Some(Arc::new(changes)), ..Beside::default() };
        let task = Task::Reserve(Box::new(Reservation { day, zone, draw, which: Which::Next(count), beside }));
        Ok(Work { request, digest: Sha256::digest(text).into(), task, by: Some(by) })
    }

    /// A block that was given just now.
    pub(super) fn given_block(&self, id: &str) -> Result<NumberBlock, WorkflowError> {
        self.block(id)?.ok_or_else(|| WorkflowError::Record("a block of numbers is gone".to_owned()))
    }

    /// The block of that id.
    pub(super) fn block(&self, id: &str) -> Result<Option<NumberBlock>, WorkflowError> {
        let record = self.store().record(Table::Number, &block_id(id))?;
        let read = |record: Vec<u8>| serde_json::from_slice(&record);
        record.map(read).transpose().map_err(|error| WorkflowError::Record(format!("a block of numbers: {error}")))
    }
}

/// What is kept of a block, and of each of its numbers that are given now.
pub(super) fn kept(block: &NumberBlock, reserved: &Reserved) -> Result<Vec<StateChange>, String> {
    let mut state = vec![put(block_id(&block.id), block)?];
    for number in std::iter::once(&reserved.number).chain(&reserved.more) {
        state.push(put(number_id(number), &BlockNumber { block: block.id.clone() })?);
    }
    Ok(state)
}

fn put(id: Vec<u8>, record: &impl serde::Serialize) -> Result<StateChange, String> {
    let record = serde_json::to_vec(record).map_err(|error| error.to_string())?;
    Ok(StateChange::RecordPut { table: Table::Number, id, record })
}

/// Under which id of its table a block is kept; no number's begins so.
pub(super) fn block_id(id: &str) -> Vec<u8> {
    format!("block/{id}").into_bytes()
}

/// That a country is known to be no member of an agreement on a day.
fn no_member(rules: &Agreement, country: Country, day: Date) -> Option<Finding> {
    let parties = &rules.parties;
    let left = |member: &Member| matches!(member.until.known(), Known::Confirmed(until) if day > *until);
    let named = parties.former.contains(&country) || parties.excluded.contains(&country);
    let stranger = !parties.open && (named || matches!(parties.complete.known(), Known::Confirmed(true)));
    if !parties.member(country).map_or(stranger, left) {
        return None;
    }
    let members = parties.members.iter().filter(|member| !left(member)).map(|member| member.country.to_string());
    let members = members.collect::<Vec<_>>().join(", ");
    let message = format!("{country} is not a member of {}, whose members are {members}", rules.code);
    Some(Finding::error("MEMBERSHIP", "to", message))
}
