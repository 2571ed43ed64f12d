//! The shards that what is said goes to: a log a year for each addressee, opened at the civil new year of the authority.

use super::{Ground, LogPlan, Plan, Planned};
use crate::{
    log::{Origin, Shard, VerifierKey},
    reason::Reasoned as _,
    sequencer::{SequencerError, gate::Standing},
    statement::Addressee,
    store::StateChange,
    time::Date,
};
use std::collections::BTreeSet;

impl Plan {
    /// Opens this year's logs to everybody whom logs of before are addressed to: partners hold and cosign them before
    /// the first certificate wants to stand there, and what is in the way is said on the first of January, not by whoever
    /// is refused first.
    pub(super) fn open_year(&mut self, ground: &Ground<'_>, planned: &mut Planned) -> Result<(), SequencerError> {
        let day = ground.zone.date_at(self.now);
        if self.year.replace(day.year()) == Some(day.year()) {
            return Ok(());
        }
        let shard = Shard::of_year(day.year());
        let before = self.logs.iter().filter(|(origin, log)| origin.shard() < shard && log.has_status());
        let addressees = before.map(|(_, log)| log.addressee.clone()).collect::<BTreeSet<_>>();
        for addressee in addressees {
            match self.log_of(ground, &addressee, day) {
                Ok(origin) => self.open_log(ground, &origin, &addressee, planned)?,
                Err(error @ SequencerError::Unavailable(_)) => return Err(error),
                // As soon as partners have said what they hold, the plan is made again.
                Err(SequencerError::HistoryUnknown { .. }) => {}
                Err(error) => tracing::warn!(
                    authority = %ground.issuer, %shard, %addressee, reason = error.reason(),
                    "the log of the year is not opened: {error}"
                ),
            }
        }
        Ok(())
    }

    /// The log of this year to this addressee, if it may take the certificate; where entries of it are lost for good,
    /// the one that follows it.
    pub(super) fn log_of(&self, ground: &Ground<'_>, addressee: &Addressee, day: Date) -> Result<Origin, SequencerError> {
        let named = |shard: &Shard| {
            Origin::new(ground.issuer.host(), shard, &addressee.label())
                .map_err(|e| SequencerError::CannotCompose(e.to_string()))
        };
        let mut shard = Shard::of_year(day.year());
        let mut origin = named(&shard)?;
        while let Some(Standing::Closed(_)) = ground.gate.standing(&origin) {
            shard = shard.successor().ok_or_else(|| ground.gate.refusal(&origin))?;
            origin = named(&shard)?;
        }
        let key = ground.keys.iter().find(|(of, _)| *of == shard).map(|(_, key)| VerifierKey::log(&origin, *key));
        let key = key.ok_or_else(|| SequencerError::NoLogKey(shard.to_string()))?;
        // A head that nobody has the key for is cosigned by nobody, and proves nothing to anybody.
        if ground.trust.load().log_key(&origin) != Some(key) {
            return Err(SequencerError::LogKeyUnlisted(shard.to_string()));
        }
        if !ground.may_grow(&origin, self.logs.get(&origin).map_or(0, |log| log.next)) {
            return Err(SequencerError::LogClosed(origin.to_string()));
        }
        self.may_sign(ground, &origin)?;
        Ok(origin)
    }

    /// Opens a log that is new, with a snapshot as its first entry if it has status.
    pub(super) fn open_log(
        &mut self,
        ground: &Ground<'_>,
        origin: &Origin,
        addressee: &Addressee,
        planned: &mut Planned,
    ) -> Result<(), SequencerError> {
        if self.logs.contains_key(origin) {
            return Ok(());
        }
        let may_sign = Some(self.may_sign(ground, origin)?);
        planned.state.push(StateChange::LogOpened { origin: origin.clone(), addressee: addressee.to_string() });
        let addressee = addressee.clone();
        let log = LogPlan { may_sign, addressee, next: 0, last: None, lists: Vec::new(), snapshot_at: None };
        let has_status = log.has_status();
        self.logs.insert(origin.clone(), log);
        if !has_status {
            return Ok(());
        }
        self.open_list(ground, origin, planned)?;
        self.snapshot(ground, origin, planned)
    }
}
