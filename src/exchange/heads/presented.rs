//! Heads that somebody presents with a certificate. They are nobody's word: anybody may present what the log's key has signed.
//! So such a head is never the first that is known of a log, is no alarm, and has partners asked little.

use super::{Action, Heads, Teller, Tellers};
use crate::{
    exchange::{Alarm, ExchangeError},
    log::Origin,
    trust::NodeName,
};

impl Heads {
    /// Somebody presents a head that the entries here say nothing of. One of the size that is known is judged at once. Of
    /// others one a log is held against what is known in each round: every certificate has another, and partners may have to
    /// be asked. That another statement stands in the place of the certificate proves two histories to whoever has both; it is
    /// an alarm until the entries here go so far, and the log is frozen by that.
    pub(super) fn presented(&mut self, note: &str, another: bool, actions: &mut Vec<Action>) {
        let Some((origin, seen)) = self.open(note) else { return };
        let now = self.now;
        let Some(log) = self.logs.get_mut(&origin) else { return };
        let Some(newest) = log.newest.clone().filter(|_| !log.proven && !log.good.contains(&seen.0)) else { return };
        let shown = log.shown.entry(Teller::Presented).or_default();
        let is_first = another && shown.contradicts.is_none();
        if is_first {
            shown.contradicts = Some((seen.0.size, now));
            // It is this one that is asked about until it is explained.
            shown.open = shown.open.take().filter(|open| open.seen.0 == seen.0);
        }
        let is_asked = (is_first && shown.open.is_none()) || shown.is_due(now);
        if newest.0.size != seen.0.size && !is_asked {
            return;
        }
        self.compare(&origin, newest, seen, Tellers::from([Teller::Presented]), actions);
    }

    /// A log of which somebody presented a certificate in whose place another statement stands here, and which is not frozen.
    pub(super) fn contradicted(&self, origin: &Origin) -> Option<((NodeName, Origin), Alarm)> {
        let log = self.logs.get(origin).filter(|log| !log.proven)?;
        let (shown, since) = log.shown.get(&Teller::Presented)?.contradicts?;
        // Beyond the end of a log there is nothing that anybody has to explain.
        self.trust.shard_final_size(origin).is_none_or(|end| shown <= end).then_some(())?;
        let known = log.newest.as_ref().map_or(0, |newest| newest.0.size);
        let by = "a certificate that was presented here, in whose place another statement stands".to_owned();
        let why = ExchangeError::Uncompared { known, shown, by };
        Some(((self.source(origin)?, origin.clone()), Alarm { why, since }))
    }
}
