//! What is not cosigned, here or at a partner, because others have not told yet what was cosigned before: who is waited
//! for, as operators of both sides are shown it.

use super::start::Inner;
use super::{convert, wire};
use crate::exchange::message::{AddCheckpoint, Witnessed};
use crate::exchange::{hosts_issuer, witnesses};
use crate::log::Origin;
use crate::reason::some_of;
use crate::trust::NodeName;
use std::collections::{BTreeMap, BTreeSet};

/// Logs that are told of at most.
const MOST_LOGS: usize = 256;

impl Inner {
    /// Those who have to tell what this node cosigned of a log before it cosigns anything of it; none where enough have.
    pub(super) fn awaited(&self, origin: &Origin) -> Vec<NodeName> {
        let memory = self.memory.borrow();
        let is_known = memory.recalled(origin, self.clock.now()).is_some();
        if is_known { Vec::new() } else { memory.awaited(origin) }
    }

    /// Every log of partners that is not cosigned here because of somebody: what is held of it and was not cosigned, and
    /// what the witness was shown.
    pub(super) fn withheld(&self) -> BTreeMap<Origin, Vec<NodeName>> {
        // What every greeting is told: at most times nobody is waited for, and no log has to be looked at.
        if self.memory.borrow().has_everybody() {
            return BTreeMap::new();
        }
        let (list, mut logs) = (self.lists.current(), BTreeSet::new());
        for state in self.board.read().into_values() {
            let held = state.logs.into_iter().filter(|(_, passage)| passage.is_uncosigned());
            logs.extend(held.map(|(origin, _)| origin));
            logs.extend(state.shown);
        }
        let frozen = self.equivocated();
        logs.retain(|origin| !hosts_issuer(&list, &self.name, origin) && !frozen.borrow().contains_key(origin));
        let awaited = logs.into_iter().map(|origin| {
            let of = self.awaited(&origin);
            (origin, of)
        });
        awaited.filter(|(_, of)| !of.is_empty()).collect()
    }

    /// The same of the logs of one partner, as it is told.
    pub(super) fn withheld_from(&self, partner: &NodeName) -> Vec<wire::WithheldLog> {
        let list = self.lists.current();
        let its = self.withheld().into_iter().filter(|(origin, _)| hosts_issuer(&list, partner, origin));
        let told = its.take(MOST_LOGS).map(|(origin, of)| wire::WithheldLog {
            log: origin.to_string(),
            awaits: of.iter().map(ToString::to_string).collect(),
        });
        told.collect()
    }

    /// A partner told which logs of this node it cosigns nothing of: these, and no others.
    pub(super) fn hears_withheld(&self, partner: &NodeName, told: &[wire::WithheldLog]) {
        let read = told.iter().take(MOST_LOGS).filter_map(|one| {
            let origin = one.log.parse::<Origin>().ok().filter(|origin| self.own.of(origin).is_some())?;
            let of = convert::names(&one.awaits);
            (!of.is_empty()).then_some((origin, of))
        });
        let read = read.collect::<BTreeMap<_, _>>();
        for (origin, of) in self.board.awaits(partner, read, self.clock.now()) {
            say(partner, &origin, &of);
        }
    }

    /// A partner said of one log of this node for whom it waits before it cosigns: for nobody, where there is none.
    pub(super) fn waits_for(&self, partner: &NodeName, origin: &Origin, of: &[NodeName]) {
        if self.board.waits_for(partner, origin, of.to_vec(), self.clock.now()) {
            say(partner, origin, of);
        }
    }

    /// Shows a head to the witness of this node. One that cosigns nothing of the log yet says for whom it waits.
    pub(super) async fn witnessed(&self, shown: AddCheckpoint) -> Witnessed {
        let origin = shown.note.lines().next().and_then(|line| line.parse::<Origin>().ok());
        let answer = self.witness.ask(shown).await;
        let Some(origin) = origin.filter(|_| answer == Witnessed::Busy) else { return answer };
        let (list, of) = (self.lists.current(), self.awaited(&origin));
        if of.is_empty() || !witnesses(&list, &self.name, &origin) {
            return answer;
        }
        if let Some(node) = list.issuer_of(&origin).and_then(|issuer| list.node_of(issuer))
            && self.board.shown(&node.name, &origin)
        {
            tracing::warn!(%origin, awaits = some_of(&of), "the witness was shown a head and cosigns nothing of the log yet: this node may have forgotten what it cosigned, and these have not told");
        }
        Witnessed::Awaiting(of)
    }
}

fn say(partner: &NodeName, origin: &Origin, of: &[NodeName]) {
    tracing::warn!(%partner, %origin, awaits = some_of(of), "the partner cosigns nothing of the log before these have told what it cosigned");
}
