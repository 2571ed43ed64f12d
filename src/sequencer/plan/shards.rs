//! The shards that what is said goes to: a log a year for each addressee, opened at the civil new year of the authority.

use super::{Ground, LogPlan, Plan, Planned};
use crate::{
    log::{Host, Origin, Shard, VerifierKey},
    reason::Reasoned as _,
    sequencer::{
        SequencerError,
        gate::{Gate, Standing},
        snapshot,
    },
    signature::PublicKey,
    statement::Addressee,
    store::StateChange,
    time::Date,
    trust::TrustList,
};
use std::collections::BTreeSet;

/// The log of a day to an addressee: that of the year, or where the trust list has closed it, or entries of it are lost
/// for good, the one that follows it.
pub(in crate::sequencer) fn of_day(
    host: &Host,
    addressee: &str,
    day: Date,
    trust: &TrustList,
    gate: &Gate,
) -> Result<Origin, SequencerError> {
    let named =
        |shard: &Shard| Origin::new(host, shard, addressee).map_err(|e| SequencerError::CannotCompose(e.to_string()));
    let mut shard = Shard::of_year(day.year());
    let mut origin = named(&shard)?;
    while trust.is_closed(&origin) || matches!(gate.standing(&origin), Some(Standing::Closed(_))) {
        shard = shard.successor().ok_or_else(|| gate.refusal(&origin))?;
        origin = named(&shard)?;
    }
    Ok(origin)
}

/// Whether one of these keys is that of a log, and the trust list names it: a head that nobody has the key for is
/// cosigned by nobody, and proves nothing to anybody.
pub(in crate::sequencer) fn keyed(
    keys: &[(Shard, PublicKey)],
    origin: &Origin,
    trust: &TrustList,
) -> Result<(), SequencerError> {
    let shard = origin.shard();
    let key = keys.iter().find(|(of, _)| *of == shard).map(|(_, key)| VerifierKey::log(origin, *key));
    let key = key.ok_or_else(|| SequencerError::NoLogKey(shard.to_string()))?;
    if trust.log_key(origin) == Some(key) { Ok(()) } else { Err(SequencerError::LogKeyUnlisted(shard.to_string())) }
}

impl Plan {
    /// Opens this year's logs to everybody whom logs of before are addressed to: partners hold and cosign them before
    /// the first certificate wants to stand there, and what is in the way is said on the first of January, not by whoever
    /// is refused first. So does the successor of a log that a list ended in its year: the status of what stands there is
    /// told in no other.
    pub(super) fn open_year(&mut self, ground: &Ground<'_>, planned: &mut Planned) -> Result<(), SequencerError> {
        let day = ground.zone.date_at(self.now);
        if self.year.replace(day.year()) == Some(day.year()) {
            return Ok(());
        }
        let shard = Shard::of_year(day.year());
        let over = |origin: &Origin| origin.shard() < shard || ground.is_closed(origin);
        let before = self.logs.iter().filter(|(origin, log)| over(origin) && log.has_status());
        let addressees = before.map(|(_, log)| log.addressee.clone()).collect::<BTreeSet<_>>();
        for addressee in addressees {
            match self.log_of(ground, &addressee, day) {
                Ok(origin) => self.open_log(ground, &origin, &addressee, planned)?,
                Err(error @ SequencerError::Unavailable(_)) => return Err(error),
                // As soon as partners have said what they hold, the plan is made again.
                Err(SequencerError::HistoryUnknown { .. } | SequencerError::HistoryMissing { .. }) => {}
                Err(error) => tracing::warn!(
                    authority = %ground.issuer, %shard, %addressee, reason = error.reason(),
                    "the log of the year is not opened: {error}"
                ),
            }
        }
        Ok(())
    }

    /// The log of the day to this addressee, if it may take the certificate.
    pub(super) fn log_of(
        &self,
        ground: &Ground<'_>,
        addressee: &Addressee,
        day: Date,
    ) -> Result<Origin, SequencerError> {
        let trust = ground.trust.load();
        let origin = of_day(ground.issuer.host(), &addressee.label(), day, &trust, ground.gate)?;
        keyed(ground.keys, &origin, &trust)?;
        self.grows(ground, &origin)?;
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

    /// Whether a log may grow: there is a key for its shard, the trust list has not closed it, and nobody has it rest
    /// until that does. A log of a past year that could not take its hourly snapshot would otherwise stop every other
    /// log of the authority.
    pub(super) fn may_grow(&self, ground: &Ground<'_>, origin: &Origin) -> bool {
        self.grows(ground, origin).is_ok()
    }

    /// The same, with what stands in the way.
    pub(super) fn grows(&self, ground: &Ground<'_>, origin: &Origin) -> Result<(), SequencerError> {
        if ground.is_closed(origin) {
            Err(SequencerError::LogClosed(origin.to_string()))
        } else if self.resting.contains(origin) {
            Err(SequencerError::LogResting(origin.to_string()))
        } else if !ground.has_key(origin) {
            Err(SequencerError::NoLogKey(origin.shard().to_string()))
        } else {
            Ok(())
        }
    }

    /// Where a change of a certificate of this log stands: there as long as it is open, else in the first log after it
    /// that is.
    pub(super) fn stands_in(&self, ground: &Ground<'_>, origin: &Origin) -> Result<Origin, SequencerError> {
        let own = self.logs.get(origin).ok_or(SequencerError::NoSuchCertificate)?;
        let later = if ground.is_closed(origin) {
            let trust = ground.trust.load();
            let open = |log: &&Origin| *log != origin && trust.speaks_for(log, origin) && !ground.is_closed(log);
            match self.logs.keys().filter(open).min_by_key(|log| log.shard()) {
                Some(log) => log.clone(),
                None => return self.log_of(ground, &own.addressee, ground.zone.date_at(self.now)),
            }
        } else {
            origin.clone()
        };
        self.grows(ground, &later)?;
        self.may_sign(ground, &later)?;
        Ok(later)
    }

    /// The closed logs that a log speaks for, by their shards: all that come right before it. What came before an open
    /// one is told there.
    pub(super) fn spoken_for(&self, ground: &Ground<'_>, origin: &Origin) -> Vec<Origin> {
        if ground.is_closed(origin) {
            return Vec::new();
        }
        let before = |log: &&Origin| log.addressee() == origin.addressee() && log.shard() < origin.shard();
        let mut before = self.logs.keys().filter(before).collect::<Vec<_>>();
        before.sort_by_key(|log| std::cmp::Reverse(log.shard()));
        let mut run = before.into_iter().take_while(|log| ground.is_closed(log)).cloned().collect::<Vec<_>>();
        run.reverse();
        run
    }

    /// Has a snapshot made at once where a log speaks for another one by now: until there is one, the status of the
    /// other's certificates only grows old.
    pub(super) fn speak_for_more(&mut self, ground: &Ground<'_>) -> Result<(), SequencerError> {
        let mut due = Vec::new();
        for origin in self.logs.keys() {
            for closed in self.spoken_for(ground, origin) {
                if snapshot::spoken_in(ground.store, &closed)?.as_ref() != Some(origin) {
                    due.push(origin.clone());
                }
            }
        }
        for origin in due {
            if let Some(log) = self.logs.get_mut(&origin) {
                log.snapshot_at = None;
            }
        }
        Ok(())
    }
}
