//! What was done here with a certificate of a partner: kept, shown, and what is left of it.

use super::{
    Arrival, ArrivedName, Delivery, EnquiryView, Notice, again::over, arrival::statements_about, not_held::FILES,
    sharing::links_erased, using::reversed,
};
use crate::{
    certificate::Measure,
    log::Origin,
    office::{
        ActState, ActWords, Action, Caller, Certified, CustomsAct, CustomsFile, CustomsRefused, DecidedLine,
        WaitingDenial,
    },
    statement::{Jti, Kind, ResponseCode},
    store::{Expected, StateChange, Store, Subject, Table},
    workflow::{Accounts, Desk, WorkflowError},
};
use serde::{Serialize, de::DeserializeOwned};
use std::collections::{BTreeMap, BTreeSet};

/// Denials of a page.
const PAGE: usize = 50;
const PAGE_MAX: usize = 500;
/// Kinds of records, as an error names them.
const FILE: &str = "the customs file of a certificate";
const ACT: &str = "an act of customs";
const WORDS: &str = "what was written in an act of customs";

/// What is left of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    /// The item.
    pub item: u32,
    /// What it is.
    pub description: String,
    /// All of it, in the unit it is or would be written off in; none where the certificate states no quantity.
    pub whole: Option<Measure>,
    /// How much was used.
    pub used: String,
    /// How much is left.
    pub left: String,
    /// What counts of it: the newest response.
    pub response: Option<ResponseCode>,
    /// Whether it has lost its force at its issuer.
    pub ended: bool,
    /// Lines of declarations that were decided on by themselves, which the response does not tell of.
    pub lines: Vec<DecidedLine>,
}

/// A certificate with everything that was done with it.
pub struct Course {
    /// The certificate.
    pub arrival: Arrival,
    /// What is left of it; nothing while its contents are not here.
    pub balance: Vec<Balance>,
    /// What was done, in the order in which it took effect; one in the place of a write-off also gives back what that held
    /// and it does not name.
    pub acts: Vec<CustomsAct>,
    /// Enquiries about it, by their identifiers.
    pub enquiries: Vec<Jti>,
    /// The same as they stand, where the caller may read them.
    pub asked: Vec<EnquiryView>,
    /// The numbers of the certificates in its place that arrived, by their identifiers.
    pub successors: BTreeMap<Jti, String>,
    /// What is to be known of it whatever it is declared with.
    pub notices: Vec<Notice>,
}

/// Denials that wait, each with its act and with what is to be known of that by now, and where to go on.
pub struct DenialsPage {
    /// By log and identifier.
    pub denials: Vec<(WaitingDenial, CustomsAct, Vec<Notice>)>,
    /// Where to go on; `None` at the end.
    pub next: Option<String>,
}

impl Desk {
    /// One certificate, and what was done with it. It reads from the disk.
    pub fn course(&self, caller: &Caller, name: &ArrivedName) -> Result<Course, WorkflowError> {
        Accounts::allow(caller, Action::ReadArrivals)?;
        let arrival = self.arrived(name)?;
        let mut acts = self.acts(&arrival)?;
        // Released later, an act has the last word, whatever its number.
        acts.sort_by_key(CustomsAct::counts_from);
        add_given_back(&mut acts);
        let subject = Subject::Statement(arrival.jti);
        let enquiries = statements_about(self.store().as_ref(), &subject, Kind::Enquiry)?.into_iter();
        let enquiries = enquiries.map(|(_, statement)| statement.opened.envelope.jti).collect();
        let asked = if caller.may(Action::ReadEnquiries) { self.enquiries_about(&subject)? } else { Vec::new() };
        let mut notices = self.heard(&arrival, &[])?;
        notices.extend(self.predecessors_used(&arrival)?);
        let successors = self.successor_numbers(&arrival)?;
        Ok(Course { balance: balance(&arrival), arrival, acts, enquiries, asked, successors, notices })
    }

    /// What is left of a certificate. It reads from the disk.
    pub fn balance(&self, caller: &Caller, name: &ArrivedName) -> Result<Vec<Balance>, WorkflowError> {
        Accounts::allow(caller, Action::ReadArrivals)?;
        let arrival = self.arrived(name)?;
        self.knows_its_acts(&arrival)?;
        arrival.whole()?;
        arrival.file.in_two_units(&[]).next().map_or(Ok(()), Err)?;
        Ok(balance(&arrival))
    }

    /// Denials that wait for a supervisor. It reads from the disk.
    pub fn denials(&self, caller: &Caller, after: &str, size: usize) -> Result<DenialsPage, WorkflowError> {
        Accounts::allow(caller, Action::ReadArrivals)?;
        let after = crate::encoding::hex::decode(after).ok_or(WorkflowError::PageToken)?;
        let size = if size == 0 { PAGE } else { size.min(PAGE_MAX) };
        let rows = self.store().records_from(Table::Denial, &after, size)?;
        let next = rows.last().filter(|_| rows.len() == size).map(|(id, _)| crate::encoding::hex::encode(id));
        let mut denials = Vec::with_capacity(rows.len());
        for (_, record) in rows {
            let waiting: WaitingDenial = parse(&record, "a denial that waits")?;
            let log = waiting.log.parse().map_err(|_| WorkflowError::Record("a denial names no log".to_owned()))?;
            // First: what was released before a loss waits no more.
            let arrival = self.if_arrived(&ArrivedName::Jti(waiting.jti))?;
            let act = self.act(&log, &waiting.jti, waiting.act)?;
            if let Some(act) = act.filter(|act| act.state == ActState::Waits) {
                let notices = match arrival {
                    Some(arrival) => self.known_of_act(&arrival, &act)?,
                    // A node that starts opens the logs of partners as it connects.
                    None => Vec::new(),
                };
                denials.push((waiting, act, notices));
            }
        }
        Ok(DenialsPage { denials, next })
    }

    /// What is kept of a certificate, with the bytes it was read from.
    pub(in crate::workflow) fn customs_file(
        &self,
        origin: &Origin,
        jti: &Jti,
    ) -> Result<(CustomsFile, Option<Vec<u8>>), WorkflowError> {
        file_in(self.store().as_ref(), origin, jti)
    }

    /// One act.
    pub(super) fn act(&self, origin: &Origin, jti: &Jti, number: u32) -> Result<Option<CustomsAct>, WorkflowError> {
        let (store, id) = (self.store(), act_id(origin, jti, number));
        let Some(record) = store.record(Table::Customs, &id)? else { return Ok(None) };
        let mut act: CustomsAct = parse(&record, ACT)?;
        if let Some(words) = store.record(Table::CustomsWords, &id)? {
            act.put_words(parse(&words, WORDS)?);
        }
        Ok(Some(act))
    }

    /// Every act on a certificate, oldest first.
    pub(super) fn acts(&self, arrival: &Arrival) -> Result<Vec<CustomsAct>, WorkflowError> {
        let mut acts = self.of_acts::<CustomsAct>(Table::Customs, arrival, ACT)?;
        for words in self.of_acts::<ActWords>(Table::CustomsWords, arrival, WORDS)? {
            let at = acts.binary_search_by_key(&words.act, |act| act.number).ok();
            if let Some(act) = at.and_then(|at| acts.get_mut(at)) {
                act.put_words(words);
            }
        }
        Ok(acts)
    }

    /// The denials of a certificate that wait for a supervisor, oldest first.
    pub(super) fn waiting_on(&self, arrival: &Arrival) -> Result<Vec<CustomsAct>, WorkflowError> {
        let listed = self.of_acts::<WaitingDenial>(Table::Denial, arrival, "a denial that waits")?;
        let acts = listed.iter().map(|one| self.act(&arrival.entry.origin, &arrival.jti, one.act));
        acts.filter_map(Result::transpose).collect()
    }

    /// Whether any of them waits.
    pub(super) fn has_waiting(&self, origin: &Origin, jti: &Jti) -> Result<bool, WorkflowError> {
        let prefix = acts_prefix(origin, jti);
        Ok(!self.store().records_under(Table::Denial, &prefix, 1)?.is_empty())
    }

    /// What a table has of the acts on a certificate, oldest first.
    fn of_acts<T: DeserializeOwned>(
        &self,
        table: Table,
        arrival: &Arrival,
        what: &str,
    ) -> Result<Vec<T>, WorkflowError> {
        let prefix = acts_prefix(&arrival.entry.origin, &arrival.jti);
        let records = self.store().records_under(table, &prefix, usize::MAX)?.into_iter();
        records.map(|(_, record)| parse(&record, what)).collect()
    }

    /// That a denial waits still.
    pub(super) fn still_waits(&self, arrival: &Arrival, act: u32) -> Result<Expected, WorkflowError> {
        let (table, id) = (Table::Denial, act_id(&arrival.entry.origin, &arrival.jti, act));
        let record = self.store().record(table, &id)?.ok_or(CustomsRefused::NotWaiting(act))?;
        Ok(Expected { table, id, record: Some(record) })
    }
}

impl Course {
    /// Which of the decisions of one of its acts are over, one by one: a later act decided them anew.
    #[must_use]
    pub fn over(&self, act: &CustomsAct) -> Vec<bool> {
        over(&self.acts, act)
    }
}

/// Adds to each act in the place of a write-off what that held and it does not name: no statement says that it was given
/// back.
fn add_given_back(acts: &mut [CustomsAct]) {
    let held = acts.iter().map(|act| (act.number, act.decisions.clone())).collect::<BTreeMap<_, _>>();
    for act in acts {
        let Some(before) = act.amends.and_then(|number| held.get(&number)) else { continue };
        let named = act.decisions.iter().map(|one| (one.item, one.line)).collect::<BTreeSet<_>>();
        let left_out = before.iter().filter(|one| one.code.draws() && !named.contains(&(one.item, one.line)));
        act.decisions.extend(left_out.map(reversed));
    }
}

/// What is left of each item of a certificate whose contents are here.
pub(super) fn balance(arrival: &Arrival) -> Vec<Balance> {
    let Ok(certificate) = arrival.whole() else { return Vec::new() };
    let (file, ended) = (&arrival.file, arrival.ended());
    let left = file.ledger.left(&certificate.goods, &ended).into_iter();
    left.zip(&certificate.goods.items)
        .map(|(left, item)| Balance {
            item: left.item,
            description: item.description.to_string(),
            used: left.drawn.to_string(),
            left: left.left.to_string(),
            whole: left.whole,
            response: file.response(left.item),
            ended: left.ended,
            lines: file.decided_lines.iter().filter(|one| one.item == left.item).cloned().collect(),
        })
        .collect()
}

/// A certificate as it is written off of.
pub(super) fn certified<'a>(
    certificate: &'a crate::certificate::Certificate,
    ended: &'a std::collections::BTreeSet<u32>,
) -> Certified<'a> {
    Certified { number: &certificate.reference.number, goods: &certificate.goods, ended }
}

impl Arrival {
    /// That nobody did anything with it in between.
    pub(super) fn expected(&self) -> Expected {
        Expected { table: Table::Customs, id: file_id(&self.entry.origin, &self.jti), record: self.kept.clone() }
    }

    /// Keeps what is known of it by now.
    pub(super) fn put(&self, file: &CustomsFile) -> Result<StateChange, WorkflowError> {
        let (table, id) = (Table::Customs, file_id(&self.entry.origin, &self.jti));
        Ok(StateChange::RecordPut { table, id, record: written(file)? })
    }

    /// Keeps an act on it, and apart from it what people wrote in it; of one whose contents are erased no more of that is
    /// kept.
    pub(super) fn put_act(&self, act: &CustomsAct) -> Result<Vec<StateChange>, WorkflowError> {
        let (mut act, id) = (act.clone(), act_id(&self.entry.origin, &self.jti, act.number));
        let words = act.take_words();
        let mut state = vec![StateChange::RecordPut { table: Table::Customs, id: id.clone(), record: written(&act)? }];
        if !words.is_empty() && self.delivery != Delivery::Erased {
            state.push(StateChange::RecordPut { table: Table::CustomsWords, id, record: written(&words)? });
        }
        Ok(state)
    }

    /// Lists a denial of it that waits.
    pub(super) fn put_denial(&self, act: &CustomsAct) -> Result<StateChange, WorkflowError> {
        let number = self.whole()?.reference.number;
        let waiting = WaitingDenial { log: self.entry.origin.to_string(), jti: self.jti, number, act: act.number };
        let (table, id) = (Table::Denial, act_id(&self.entry.origin, &self.jti, act.number));
        Ok(StateChange::RecordPut { table, id, record: written(&waiting)? })
    }

    /// Takes a denial off that list.
    pub(super) fn remove_denial(&self, act: u32) -> StateChange {
        StateChange::RecordRemoved { table: Table::Denial, id: act_id(&self.entry.origin, &self.jti, act) }
    }
}

/// What is kept of a certificate in the store of who it arrived at, with the bytes it was read from.
pub(in crate::workflow) fn file_in(
    store: &dyn Store,
    origin: &Origin,
    jti: &Jti,
) -> Result<(CustomsFile, Option<Vec<u8>>), WorkflowError> {
    let record = store.record(Table::Customs, &file_id(origin, jti))?;
    let file = record.as_deref().map(|bytes| parse(bytes, FILE)).transpose()?;
    Ok((file.unwrap_or_default(), record))
}

/// What changes when what a certificate says is erased: its file says so, what people wrote in the acts on it goes, and so do
/// the links to it, and what was used and decided stays. An act that was kept before its words stood apart is kept anew without them.
pub(in crate::workflow) fn words_erased(
    store: &dyn Store,
    origin: &Origin,
    jti: &Jti,
) -> Result<(Vec<Expected>, Vec<StateChange>), WorkflowError> {
    let (prefix, mut expected) = (acts_prefix(origin, jti), Vec::new());
    let words = store.records_under(Table::CustomsWords, &prefix, usize::MAX)?.into_iter();
    let mut state =
        words.map(|(id, _)| StateChange::RecordRemoved { table: Table::CustomsWords, id }).collect::<Vec<_>>();
    for (id, record) in store.records_under(Table::Customs, &prefix, usize::MAX)? {
        let (table, mut act) = (Table::Customs, parse::<CustomsAct>(&record, ACT)?);
        if !act.take_words().is_empty() {
            state.push(StateChange::RecordPut { table, id: id.clone(), record: written(&act)? });
            expected.push(Expected { table, id, record: Some(record) });
        }
    }
    state.extend(links_erased(store, jti)?);
    let (file, record) = file_in(store, origin, jti)?;
    if !file.erased {
        let (table, id) = (Table::Customs, file_id(origin, jti));
        let erased = CustomsFile { erased: true, ..file };
        state.push(StateChange::RecordPut { table, id: id.clone(), record: written(&erased)? });
        expected.push(Expected { table, id, record });
    }
    Ok((expected, state))
}

fn file_id(origin: &Origin, jti: &Jti) -> Vec<u8> {
    format!("{FILES}{origin}/{jti}").into_bytes()
}

fn acts_prefix(origin: &Origin, jti: &Jti) -> Vec<u8> {
    format!("act/{origin}/{jti}/").into_bytes()
}

/// Big-endian, so that they lie in their order.
fn act_id(origin: &Origin, jti: &Jti, number: u32) -> Vec<u8> {
    [acts_prefix(origin, jti).as_slice(), &number.to_be_bytes()].concat()
}

pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8], what: &str) -> Result<T, WorkflowError> {
    serde_json::from_slice(bytes).map_err(|error| WorkflowError::Record(format!("{what}: {error}")))
}

pub(super) fn written(value: &impl Serialize) -> Result<Vec<u8>, WorkflowError> {
    serde_json::to_vec(value).map_err(|error| WorkflowError::Record(error.to_string()))
}
