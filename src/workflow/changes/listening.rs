//! Listens to the logs that partners address to this authority: what they said is told once everything it says is here.
//!
//! How far each log was told stands in the store, with the entries before that whose contents are waited for, each in a
//! record of its own: a partner that withholds many of them costs its own log a look, and holds nothing else up.

use super::super::WorkflowError;
use super::herald::{Herald, Mark, News};
use super::told::{NAMED_AT_ONCE, Told};
use crate::{
    inbox::{self, Receipted},
    log::Origin,
    sequencer,
    statement::{Issuer, Kind, open_leaf},
    store::{Disclosures, EntryRef, StateChange, Store, Table},
    trust::TrustList,
};
use std::sync::PoisonError;

/// Entries of a log that are looked at for one row.
const TOLD_AT_ONCE: u64 = 4_096;
/// What the ids of the marks begin with that say how far each log was told.
const LISTENED: &str = "feed/listened/";

/// What is to be done with an entry of a partner's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// It is told.
    Here,
    /// Its contents are to come, or a list that lets it count.
    Waits,
    /// It is of the exchange's own, and nobody's news.
    Nothing,
}

/// A log of a partner that is addressed to this authority.
struct Spoken<'a> {
    log: &'a Origin,
    held: &'a dyn Store,
    /// Whether it is written on this node: what is published of it is all here.
    hosted: bool,
}

impl Herald {
    /// Reads what came in logs addressed to this authority; one portion of each.
    pub(super) fn listen(&self, trust: &TrustList, news: &mut News) -> Result<bool, WorkflowError> {
        let (own, partners) = (&self.setup.issuer, &self.setup.partners);
        let mut more = false;
        for (log, held) in partners.logs() {
            if log.host() != own.host() && trust.addressee_of(&log) == Some(own) {
                let spoken = Spoken { log: &log, held: held.as_ref(), hosted: partners.is_hosted(&log) };
                more |= self.listen_to(&spoken, news)?;
            }
        }
        Ok(more)
    }

    fn listen_to(&self, spoken: &Spoken<'_>, news: &mut News) -> Result<bool, WorkflowError> {
        let Spoken { log, held, hosted } = *spoken;
        let published = held.head(log).map_or(0, |head| head.head.size);
        let settled = if hosted { published } else { Receipted::load(held, log)?.settled.min(published) };
        let mark = Mark::<u64>::read(self.setup.store.as_ref(), format!("{LISTENED}{log}"))?;
        let from = mark.value;
        let end = settled.min(from.saturating_add(TOLD_AT_ONCE));
        let (late, seen) = self.late(spoken, news)?;
        let (mut to, mut except, mut tells) = (from, Vec::new(), !late.is_empty());
        while to < end && except.len() < NAMED_AT_ONCE {
            match spoken.standing(to)? {
                Standing::Here => tells = true,
                Standing::Waits => except.push(to),
                Standing::Nothing => {}
            }
            to = to.saturating_add(1);
        }
        if to == from && !tells {
            return Ok(false);
        }
        news.state.extend(except.iter().map(|index| {
            let id = waiting_id(log, *index);
            StateChange::RecordPut { table: Table::Setting, id, record: vec![1] }
        }));
        let told = Told::Heard { log: log.clone(), late, from, to, except };
        news.tell(Some(&told).filter(|_| tells))?;
        news.move_to(&mark, &to)?;
        Ok(to < settled || seen == NAMED_AT_ONCE)
    }

    /// The entries that were waited for and are here now, of those looked at in this round, and how many those are.
    fn late(&self, spoken: &Spoken<'_>, news: &mut News) -> Result<(Vec<u64>, usize), WorkflowError> {
        let prefix = waiting_prefix(spoken.log);
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let after = looked.remove(spoken.log).unwrap_or_else(|| prefix.clone());
        let rows = self.setup.store.records_from(Table::Setting, &after, NAMED_AT_ONCE)?;
        let (mut late, mut seen) = (Vec::new(), 0);
        for (id, _) in rows {
            let index = id.strip_prefix(prefix.as_slice()).and_then(|rest| rest.try_into().ok());
            let Some(index) = index.map(u64::from_be_bytes) else { break };
            seen += 1;
            if seen == NAMED_AT_ONCE {
                looked.insert(spoken.log.clone(), id.clone());
            }
            let standing = spoken.standing(index)?;
            if standing == Standing::Waits || (standing == Standing::Here && !spoken.is_readable(index)?) {
                continue;
            }
            if standing == Standing::Here {
                late.push(index);
            }
            news.state.push(StateChange::RecordRemoved { table: Table::Setting, id });
        }
        Ok((late, seen))
    }
}

impl Spoken<'_> {
    fn standing(&self, index: u64) -> Result<Standing, WorkflowError> {
        let Self { log, held, hosted } = *self;
        let Some(facts) = held.facts(log, index)? else { return Ok(Standing::Nothing) };
        if let Some(finding) = inbox::finding::that_holds(held, log, index)? {
            let may_fall = inbox::finding::is_by_the_list(&finding.reason);
            return Ok(if may_fall { Standing::Waits } else { Standing::Nothing });
        }
        let kind = if facts.status_index.is_some() {
            Kind::CertificateOfOrigin
        } else {
            let none: &[&str] = &[];
            let Some(leaf) = held.leaf(log, index)? else { return Ok(Standing::Nothing) };
            let Ok(opened) = open_leaf(&leaf, none) else { return Ok(Standing::Nothing) };
            opened.body.kind()
        };
        match kind {
            // What it changes counts whether its reason came or not.
            Kind::StatusChange => return Ok(Standing::Here),
            Kind::CertificateOfOrigin
            | Kind::PaperCertificate
            | Kind::CustomsResponse
            | Kind::Endorsement
            | Kind::Enquiry
            | Kind::EnquiryReply => {}
            _ => return Ok(Standing::Nothing),
        }
        let entry = EntryRef { origin: log.clone(), index };
        let kept_back =
            if hosted { sequencer::is_held(held, &entry)? } else { inbox::why(held, log, index)?.is_some() };
        Ok(if kept_back { Standing::Waits } else { Standing::Here })
    }

    /// Whether the contents of an entry came, or are gone again. One whose finding fell was not awaited, and may still
    /// be without them.
    fn is_readable(&self, index: u64) -> Result<bool, WorkflowError> {
        Ok(!matches!(self.held.disclosures(self.log, index)?, None | Some(Disclosures::None)))
    }
}

/// The logs of an authority of which anything was told here.
pub(in crate::workflow) fn listened_to(store: &dyn Store, issuer: &Issuer) -> Result<Vec<Origin>, WorkflowError> {
    // An origin begins with its host.
    let prefix = format!("{LISTENED}{}/", issuer.host());
    let marks = store.records_under(Table::Setting, prefix.as_bytes(), usize::MAX)?;
    let log = |id: &[u8]| std::str::from_utf8(id).ok()?.strip_prefix(LISTENED)?.parse::<Origin>().ok();
    Ok(marks.iter().filter_map(|(id, _)| log(id)).collect())
}

fn waiting_prefix(log: &Origin) -> Vec<u8> {
    [b"feed/waits/".as_slice(), log.as_str().as_bytes(), &[0]].concat()
}

/// Big-endian, so that they lie in the order of the log.
fn waiting_id(log: &Origin, index: u64) -> Vec<u8> {
    [waiting_prefix(log).as_slice(), &index.to_be_bytes()].concat()
}
