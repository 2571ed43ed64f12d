//! Logs that are not taken up: whoever has the log key of an authority can sign heads of ever more logs to addressees that
//! nobody knows. It is said once, and of the first, until another list is in force.

use super::Heads;
use crate::{
    exchange::{
        Alarm, ExchangeError,
        access::{MOST_UNKNOWN, has_room_for},
    },
    log::Origin,
    trust::NodeName,
};
use std::collections::BTreeMap;

impl Heads {
    /// Whether a log that a partner showed is known here, or may be from now on.
    pub(super) fn takes_up(&mut self, origin: &Origin) -> bool {
        let names = self.logs.keys().map(|origin| origin.as_str());
        let takes_up = self.logs.contains_key(origin) || has_room_for(&self.trust, origin, names);
        if !takes_up {
            self.too_many(origin.clone());
        }
        takes_up
    }

    /// This log was not taken up.
    pub(super) fn too_many(&mut self, origin: Origin) {
        let is_said = self.beyond.keys().any(|one| one.host() == origin.host() && one.shard() == origin.shard());
        if !is_said {
            self.beyond.insert(origin, self.now);
        }
    }

    /// What an operator has to know of that.
    pub(super) fn too_many_logs(&self) -> BTreeMap<(NodeName, Origin), Alarm> {
        let all = self.beyond.iter().filter_map(|(origin, since)| {
            let alarm = Alarm { why: ExchangeError::TooManyLogs { most: MOST_UNKNOWN }, since: *since };
            Some(((self.source(origin)?, origin.clone()), alarm))
        });
        all.collect()
    }
}
