//! By what right somebody files: as the exporter's own account, or by a mandate that is drawn on.
//!
//! What is filed in one commit is drawn together, so that many rows count on the same mandate; the commit expects what
//! was read. Who drew on it in between makes the commit fail, and nothing is counted; then it is drawn anew.

use super::{Exporters, Read, put};
use crate::{
    agreement::Lists,
    office::{Action, Amount, Caller, Carried, Exporter, ExporterId, ExporterRefused, Filing, Mandate, MandateRefused},
    store::{Expected, StateChange},
    workflow::{Accounts, WorkflowError},
};
use std::{collections::BTreeMap, sync::Arc};

/// What one caller's filings rest on: exporters as they were read, and mandates as they are drawn on.
pub struct Drawing<'a> {
    exporters: &'a Exporters,
    caller: &'a Caller,
    read: BTreeMap<ExporterId, Held>,
    /// By their rates values are counted against ceilings in other currencies.
    lists: Option<Arc<Lists>>,
}

/// An exporter, and the caller's mandates of it.
struct Held {
    exporter: Read<Exporter>,
    own: bool,
    mandates: Vec<Read<Mandate>>,
    /// The mandates that were drawn on, by their place.
    drawn: Vec<usize>,
}

/// What has to be committed with filings, so that each is counted once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drawn {
    /// What exporters and mandates must still be.
    pub expected: Vec<Expected>,
    /// What the mandates become.
    pub state: Vec<StateChange>,
}

impl Exporters {
    /// Begins to draw for what a caller files.
    #[must_use]
    pub const fn drawing<'a>(&'a self, caller: &'a Caller) -> Drawing<'a> {
        Drawing { exporters: self, caller, read: BTreeMap::new(), lists: None }
    }
}

impl Drawing<'_> {
    /// The same by the rates of these lists.
    #[must_use]
    pub fn by_rates(self, lists: Arc<Lists>) -> Self {
        Self { lists: Some(lists), ..self }
    }

    /// Whether the caller is of the exporter, or has been given any mandate of it.
    pub fn holds(&mut self, id: &ExporterId) -> Result<bool, WorkflowError> {
        match self.held(id) {
            Ok(_) => Ok(true),
            Err(WorkflowError::Mandate(_)) => Ok(false),
            Err(other) => Err(other),
        }
    }

    /// Whether the caller speaks for the exporter in something that was or would be filed so: by its own account, or by
    /// a mandate, whatever its ceiling.
    pub fn speaks(&mut self, id: &ExporterId, filing: &Filing<'_>) -> Result<(), WorkflowError> {
        self.held(id)?.speaks(id, filing)
    }

    /// The same of something to be filed: nobody files for an exporter that was struck off.
    pub fn files(&mut self, id: &ExporterId, filing: &Filing<'_>) -> Result<&Exporter, WorkflowError> {
        let held = self.held(id)?;
        if held.exporter.value.struck_off {
            return Err(ExporterRefused::StruckOff.into());
        }
        held.speaks(id, filing)?;
        Ok(&held.exporter.value)
    }

    /// Files: of several mandates the first that carries it is drawn on; if none does, the reason is that of the one
    /// that came nearest. `before` is what was carried of the same application; its mandate goes first, and counts it once.
    pub fn draw(
        &mut self,
        id: &ExporterId,
        filing: &Filing<'_>,
        before: Option<&Carried>,
    ) -> Result<Option<Carried>, WorkflowError> {
        self.files(id, filing)?;
        let lists = self.lists.clone();
        let held = self.held(id)?;
        if held.own {
            return Ok(None);
        }
        let mut refused = MandateRefused::None(id.clone());
        let again = before.and_then(|before| held.mandates.iter().position(|one| one.value.id == before.mandate));
        for at in again.into_iter().chain((0..held.mandates.len()).filter(|at| Some(*at) != again)) {
            let Some(one) = held.mandates.get_mut(at) else { continue };
            // What is counted is kept with the application, so that an answer that mends it counts it once.
            let in_its =
                one.value.counts_in(filing).and_then(|currency| converted(lists.as_deref()?, filing, currency));
            let value = in_its.or_else(|| filing.value.cloned());
            let filing = Filing { value: value.as_ref(), ..filing.clone() };
            let carried = match before.filter(|_| Some(at) == again) {
                Some(before) => one.value.clone().carry_again(&filing, before.value.as_ref()),
                None => one.value.clone().carry(&filing),
            };
            match carried {
                Ok(mandate) => {
                    one.value = mandate;
                    if !held.drawn.contains(&at) {
                        held.drawn.push(at);
                    }
                    return Ok(Some(Carried { mandate: one.value.id.clone(), value }));
                }
                Err(why) => refused = refused.nearer(why),
            }
        }
        Err(refused.into())
    }

    /// What has to be committed with everything that was filed.
    pub fn drawn(self) -> Result<Drawn, WorkflowError> {
        let mut drawn = Drawn::default();
        for held in self.read.into_values() {
            drawn.expected.push(held.exporter.expected);
            for (at, one) in held.mandates.into_iter().enumerate() {
                if held.drawn.contains(&at) {
                    drawn.state.push(put(&one.value)?);
                    drawn.expected.push(one.expected);
                }
            }
        }
        Ok(drawn)
    }

    fn held(&mut self, id: &ExporterId) -> Result<&mut Held, WorkflowError> {
        let caller = self.caller;
        Accounts::allow(caller, Action::FileApplication)?;
        if !self.read.contains_key(id) {
            let own = caller.account().exporter.as_ref() == Some(id);
            let mandates = if own { Vec::new() } else { self.exporters.mandates_of(id)? };
            let mandates = mandates.into_iter().filter(|one| one.value.agent == *caller.id()).collect::<Vec<_>>();
            // Whether there is such an exporter is told to nobody who holds no mandate of it.
            if !own && mandates.is_empty() {
                return Err(MandateRefused::None(id.clone()).into());
            }
            let exporter = self.exporters.exporter(id)?;
            self.read.insert(id.clone(), Held { exporter, own, mandates, drawn: Vec::new() });
        }
        self.read.get_mut(id).ok_or_else(|| WorkflowError::ExporterUnknown(id.to_string()))
    }
}

/// The value of a filing in another currency, by the rates of its day.
fn converted(lists: &Lists, filing: &Filing<'_>, currency: &str) -> Option<Amount> {
    let value = filing.value?;
    let (from, to) = (value.currency.parse().ok()?, currency.parse().ok()?);
    let value = lists.rates().in_currency(value.value, from, to, filing.day)?;
    Some(Amount { value, currency: currency.to_owned() })
}

impl Held {
    fn speaks(&self, id: &ExporterId, filing: &Filing<'_>) -> Result<(), WorkflowError> {
        if self.own {
            return Ok(());
        }
        let mut refused = MandateRefused::None(id.clone());
        for one in &self.mandates {
            match one.value.covers(filing) {
                Ok(()) => return Ok(()),
                Err(why) => refused = refused.nearer(why),
            }
        }
        Err(refused.into())
    }
}
