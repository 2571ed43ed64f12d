//! What was drawn before this node lost what it had, as long as not all of it is counted again, and where some of it never
//! will be.

use super::{ledgers::place_of, originals::Proven};
use crate::{
    certificate::Finding,
    log::Origin,
    reason::some_of,
    sequencer::{Bare, Closing, GivenUp, Recalled, SequencerError, Standing, Uncounted},
    statement::Jti,
    store::{Disclosures, EntryRef, StoreError},
    workflow::{
        Desk, WorkflowError,
        customs::{was_over_before, was_said_before},
    },
};
use std::ops::Range;

/// What is known of a loss, once for all that one request asks of it.
#[derive(Debug, Default)]
pub(in crate::workflow) struct Known {
    /// That a log is behind.
    pub(super) behind: Option<SequencerError>,
    /// What came back and is not counted again.
    pub(super) open: Vec<Uncounted>,
    /// The entry that does not say what it did, where counting stands still because of that.
    pub(super) missing: Option<EntryRef>,
}

impl Desk {
    /// Refuses what rests on all that was drawn of a certificate, by the name of its ledger, where some of that may have been
    /// lost and is not counted again yet.
    pub(super) fn knows_its_draws(&self, known: &Known, name: &str) -> Result<(), WorkflowError> {
        let Some((_, jti)) = place_of(name) else { return Ok(()) };
        // Whoever it is addressed to, what is drawn of it may stand in any own log.
        if let Some(behind) = &known.behind {
            return Err(behind.clone().into());
        }
        let mut concerns = false;
        for one in &known.open {
            let (store, last) = (self.store().as_ref(), one.end.saturating_sub(1));
            concerns = concerns || !was_said_before(store, &one.origin, last, jti)?;
        }
        let Some(first) = known.open.first().filter(|_| concerns) else { return Ok(()) };
        if let Some(unknown) = self.history_unknown() {
            return Err(unknown.into());
        }
        Err(WorkflowError::DrawsUnknown(match &known.missing {
            Some(EntryRef { origin, index }) => format!(
                "entry {index} of {origin} was lost and came back without what it says; it may be drawn from this one, or be what \
                 one that may be names. Partners are asked for that: ask again; where none has it, give its bundle back \
                 (`origin certificate give-back`), or an operator goes on without it (`origin partner go-on --log {origin}`)"
            ),
            None => format!("what was lost of {} and came back is not all counted yet: ask again", first.origin),
        }))
    }

    /// What came back to the own logs and is not counted. What of a log is not signed for, and never will be, counts nowhere.
    pub(super) fn uncounted(&self) -> Result<Vec<Uncounted>, StoreError> {
        let mut all = Uncounted::all(self.store().as_ref())?;
        for one in &mut all {
            if self.comes_no_further(&one.origin) {
                one.end = one.end.min(self.published(&one.origin));
            }
        }
        all.retain(|one| one.next < one.end);
        Ok(all)
    }

    /// Whether nothing more is asked for of a log, nor published: it was closed for good, or forked and the list ended it. What
    /// was coming back to one that forked is durable and has no head, and comes no further.
    fn comes_no_further(&self, origin: &Origin) -> bool {
        match self.sequencer().gate().standing(origin) {
            Some(Standing::Closed(_)) => true,
            Some(Standing::Forked { .. }) => self.trust().is_closed(origin),
            Some(Standing::Unknown | Standing::Settled | Standing::Behind { .. }) | None => false,
        }
    }

    fn published(&self, origin: &Origin) -> u64 {
        self.store().head(origin).map_or(0, |head| head.head.size)
    }

    /// Entries of a log that are asked for what they say.
    pub(super) fn may_come(&self, origin: &Origin) -> Result<Option<Range<u64>>, StoreError> {
        if self.comes_no_further(origin) {
            return Ok(None);
        }
        Ok(Bare::read(self.store().as_ref(), origin)?.map(|bare| bare.from..bare.end))
    }

    /// A certificate that came back without its number, for which that is asked.
    pub(super) fn number_may_come(&self) -> Result<Option<EntryRef>, StoreError> {
        let store = self.store().as_ref();
        for (origin, _) in Recalled::all(store)? {
            for index in self.may_come(&origin)?.into_iter().flatten() {
                let is_certificate = store.facts(&origin, index)?.is_some_and(|facts| facts.status_index.is_some());
                if is_certificate && store.disclosures(&origin, index)? == Some(Disclosures::None) {
                    return Ok(Some(EntryRef { origin, index }));
                }
            }
        }
        Ok(None)
    }

    /// Why there may be more of the own logs than is known here.
    pub(in crate::workflow) fn history_unknown(&self) -> Option<SequencerError> {
        let unheard = self.sequencer().unheard(self.now());
        if !unheard.is_empty() {
            return Some(SequencerError::NotAllHeard { silent: some_of(unheard) });
        }
        self.missing(|_| true)
    }

    /// Warns where what may have drawn of an original is lost for good: nobody knows how much that was.
    pub(super) fn drawn_before_a_loss(&self, proven: &Proven) -> Result<Option<Finding>, WorkflowError> {
        let Some((_, jti)) = place_of(proven.kept.name()) else { return Ok(None) };
        if !self.is_lost_since(jti)? {
            return Ok(None);
        }
        let number = &proven.certificate.reference.number;
        let message = format!(
            "what this node lost since {number} was issued did not all come back: what that drew of it is not counted"
        );
        let help = "look for its parts among the certificates, and hold what is left against them";
        Ok(Some(Finding::warning("DRAWN_BEFORE_LOSS", "reference.prior", message).with_help(help)))
    }

    /// Whether something is lost for good that this authority said since a certificate was issued.
    fn is_lost_since(&self, issued: Jti) -> Result<bool, WorkflowError> {
        let (store, trust) = (self.store().as_ref(), self.trust());
        for GivenUp { origin, from, end, .. } in GivenUp::all(store)? {
            // What is void drew nothing.
            let end = trust.shard_final_size(&origin).map_or(end, |last| end.min(last));
            if from < end && !was_said_before(store, &origin, end.saturating_sub(1), issued)? {
                return Ok(true);
            }
        }
        let ended = self.sequencer().gate().lost(&self.setup().issuer, &trust).into_iter();
        let ended = ended.filter(|(log, signed)| self.published(log) < *signed).map(|(log, _)| log);
        let closed = Closing::all(store)?.into_iter().map(|(log, _)| log);
        for log in closed.chain(ended) {
            if !was_over_before(store, &log, issued)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
