//! What an operator is told of a running sequencer, and the words that he has it go on by.

use super::Sequencer;
use crate::{
    log::Origin,
    office::{Actor, AuditEvent},
    reason::counted,
    sequencer::{
        SequencerError,
        gate::Standing,
        plan::{keyed, of_day},
        recalled::{Bare, Recalled, contents_gone, is_with_nobody, put_contents_gone, put_heard_all},
        unnumbered,
        wait::Lost,
    },
    statement::Addressee,
    store::Batch,
    time::{Timestamp, unix_ms},
    trust::NodeName,
};
use std::collections::BTreeSet;

impl Sequencer {
    /// Logs that are not signed for, or whose numbers are shut, each with the reason. It reads from the disk.
    pub fn shut(&self) -> Result<Vec<(Origin, SequencerError)>, SequencerError> {
        let (gate, trust) = (&self.0.gate, self.0.trust.load());
        let mut shut = gate.shut(&trust);
        let stopped = gate.stopped(&self.0.issuer, self.0.kids.iter(), &trust);
        if let Some(why) = stopped {
            shut.extend(self.0.store.logs().into_iter().map(|origin| (origin, why.clone())));
        }
        let recalled = Recalled::all(self.0.store.as_ref())?.into_iter().filter(|(_, one)| one.numbers_unknown);
        for (origin, _) in recalled {
            let is_with_nobody = is_with_nobody(self.0.store.as_ref(), &origin)?;
            let why = gate.numbers_unknown(&origin).with_nobody(is_with_nobody);
            shut.push((origin, why));
        }
        Ok(shut)
    }

    /// Logs that the trust list ended, and of which less is here than up to their ends: how many entries, and the end. They
    /// forked, or were lost with whoever held them: nothing waits for them, and the rest of them is found nowhere here.
    #[must_use]
    pub fn ended_short(&self) -> Vec<(Origin, u64, u64)> {
        let ended = self.0.gate.ended(&self.0.issuer, &self.0.trust.load()).into_iter();
        let held = ended.map(|(origin, end)| (self.0.store.durable_size(&origin), origin, end));
        held.filter(|(held, _, end)| held < end).map(|(held, origin, end)| (origin, held, end)).collect()
    }

    /// Those who have to tell which heads they know before a certificate is issued, where the data folder was lost or put back,
    /// or no log of this authority is here: it may have lost what it had. Nobody where enough have told.
    #[must_use]
    pub fn unheard(&self, now: Timestamp) -> Vec<NodeName> {
        let (handle, trust) = (&self.0, self.0.trust.load());
        let day = handle.zone.date_at(now);
        let to = trust.text().addressees.values().cloned().map(Addressee::Authority).chain([Addressee::Everyone]);
        let logs = to.filter_map(|to| of_day(handle.issuer.host(), &to.label(), day, &trust, &handle.gate).ok());
        let logs = logs.filter(|origin| trust.addressee_of(origin) != Some(&handle.issuer)).collect::<Vec<_>>();
        handle.gate.unheard(&logs, &trust)
    }

    /// The entries that a log is closed with: the trust list names that as its final size, or the rest is lost for
    /// good. None while it is open.
    #[must_use]
    pub fn closed_with(&self, origin: &Origin) -> Option<u64> {
        let lost = || match self.0.gate.standing(origin)? {
            Standing::Closed(closing) => Some(closing.size),
            Standing::Unknown | Standing::Settled | Standing::Behind { .. } | Standing::Forked { .. } => None,
        };
        self.0.trust.load().shard_final_size(origin).or_else(lost)
    }

    /// Logs of this day that cannot be opened for want of a key, to those whom this authority writes to: what is to
    /// stand in them is refused.
    #[must_use]
    pub fn keyless(&self, now: Timestamp) -> Vec<(Origin, SequencerError)> {
        let (handle, trust) = (&self.0, self.0.trust.load());
        let (host, day) = (handle.issuer.host(), handle.zone.date_at(now));
        // One that was closed with nothing here is in no store, and the gate alone has met it.
        let (logs, closed) = (handle.store.logs(), handle.gate.closed());
        let addressees = logs.iter().chain(closed.keys()).map(Origin::addressee).collect::<BTreeSet<_>>();
        // A log without a successor is among those that are shut.
        let current = addressees.into_iter().filter_map(|to| of_day(host, to, day, &trust, &handle.gate).ok());
        current.filter_map(|origin| keyed(&handle.keys, &origin, &trust).err().map(|why| (origin, why))).collect()
    }

    /// Goes on with a log though partners could not be asked, or numbers of what came back are not all known: the
    /// operator takes it on himself that nothing is missing, and the audit trail keeps that he did. Of a log that goes on
    /// already, what its entries disclose is asked for no more where some of that did not come back. Says whether
    /// anything was shut, or missing. A log that is known to be behind, or is not what was signed, stays shut. One that was
    /// closed for good stays closed too, and what waits for it is opened, or asked for no more, as for one that goes on. It
    /// blocks.
    pub fn go_on(&self, origin: &Origin, at: Timestamp) -> Result<bool, SequencerError> {
        let (gate, store) = (&self.0.gate, self.0.store.as_ref());
        let (is_closed, is_settled) = match gate.standing(origin) {
            Some(Standing::Forked { .. } | Standing::Behind { .. }) => return Err(gate.refusal(origin)),
            Some(Standing::Closed(_)) => (true, true),
            Some(Standing::Settled) => (false, true),
            Some(Standing::Unknown) | None => (false, false),
        };
        let recalled = Recalled::read(store, origin)?.filter(|recalled| recalled.numbers_unknown);
        let is_shut = !is_settled || recalled.is_some() || gate.is_forgetful();
        let bare = gate.bare().into_iter().find(|(bare, _)| !is_shut && bare == origin);
        if !is_shut && bare.is_none() {
            return if is_closed { Err(gate.refusal(origin)) } else { Ok(false) };
        }
        let unasked = (!is_settled).then_some("partners were not asked");
        let unheard = (is_settled && gate.is_forgetful()).then_some("not all partners were heard");
        let unknown = recalled.as_ref().map(|_| "not all numbers are known");
        let silent = bare.as_ref().map(|_| "not all that came back says what it did");
        let why = [unasked, unheard, unknown, silent].into_iter().flatten().collect::<Vec<_>>().join(", ");
        let held = counted(store.durable_size(origin), "entry", "entries");
        let event = AuditEvent::named(Actor::Operator, "go_on").on(origin).with_detail(format!("with {held}; {why}"));
        let mut state = Vec::new();
        if gate.is_forgetful() {
            state.push(put_heard_all());
        }
        if let Some(recalled) = recalled {
            state.push(unnumbered::keep(store, origin, &recalled)?);
            state.push(Recalled { numbers_unknown: false, ..recalled }.put(origin));
        }
        if let Some((_, wait)) = &bare {
            let gone = contents_gone(store, origin)?.saturating_add(wait.missing);
            state.push(put_contents_gone(origin, gone));
            let end = Bare::read(store, origin)?.map_or_else(|| store.durable_size(origin), |bare| bare.end);
            state.push(Bare::put_none(end, origin));
        }
        store.commit(Batch { at_ms: unix_ms(at), state, audit: vec![event.to_row()], ..Batch::default() })?;
        if bare.is_some() {
            tracing::warn!(%origin, "the operator has nothing more asked for of what entries of this log disclose");
            gate.waits(origin, Lost::Contents, None);
            return Ok(true);
        }
        tracing::warn!(%origin, why, "the operator has what waits for this log go on without its partners' word");
        gate.go_on(origin);
        Ok(true)
    }

    /// Gives up what a log is known to be behind by: it is closed for good with the entries held, and its successor
    /// takes what comes. Gives those, and how many had been signed. The operator takes it on himself that nobody brings
    /// the rest, and the audit trail keeps that he did. It blocks.
    pub fn give_up(&self, origin: &Origin, at: Timestamp) -> Result<(u64, u64), SequencerError> {
        let gate = &self.0.gate;
        let (held, signed) = match gate.standing(origin) {
            Some(Standing::Behind { held, signed, .. }) => (held, signed),
            Some(Standing::Closed(_) | Standing::Forked { .. }) => return Err(gate.refusal(origin)),
            Some(Standing::Unknown | Standing::Settled) | None => {
                let held = self.0.store.durable_size(origin);
                return Err(SequencerError::NothingMissing { origin: origin.to_string(), held });
            }
        };
        let detail = format!("closed for good with {} of {signed} that were signed", counted(held, "entry", "entries"));
        self.note(&AuditEvent::named(Actor::Operator, "give_up").on(origin).with_detail(detail), at)?;
        tracing::warn!(%origin, held, signed, "the operator gives up what is missing of this log");
        gate.give_up(origin);
        Ok((held, signed))
    }

    /// Keeps a row of the audit trail of what an operator did with the node.
    pub fn note(&self, event: &AuditEvent, at: Timestamp) -> Result<(), SequencerError> {
        let at_ms = unix_ms(at);
        self.0.store.commit(Batch { at_ms, audit: vec![event.to_row()], ..Batch::default() })?;
        Ok(())
    }
}
