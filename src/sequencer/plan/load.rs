//! The plan as it is made anew: at a start, after a failure, and under another trust list.

use super::{Ground, LogPlan, Plan, status::ListPlan};
use crate::{
    log::Origin,
    sequencer::{
        SequencerError, gate::MaySign, recalled::Recalled, restated::restate, resting::is_resting, snapshot,
        unnumbered::Unnumbered,
    },
    statement::{Status, StatusList},
    time::{Timestamp, unix_ms},
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque},
    sync::{Arc, atomic::Ordering},
};

impl Plan {
    /// The plan that follows from what is durable. `whole` are the logs that may be signed for and are published to
    /// their end.
    pub(in crate::sequencer) fn load(
        ground: &Ground<'_>,
        turn: u64,
        mut whole: BTreeMap<Origin, MaySign>,
    ) -> Result<Self, SequencerError> {
        let (store, trust) = (ground.store, ground.trust.load_full());
        let at_ms = unix_ms(ground.clock.now());
        let restated = restate(store, &trust, at_ms)?;
        let recalled = Recalled::all(store)?.into_iter().collect::<BTreeMap<_, _>>();
        // A clock that went back while the process was down must not make a snapshot older than the last one.
        let (mut logs, mut now) = (BTreeMap::new(), Timestamp::MIN);
        for origin in store.logs() {
            let addressee = store
                .addressee(&origin)
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| SequencerError::Unavailable(format!("log {origin} has no addressee in the store")))?;
            let next = store.durable_size(&origin);
            let last = match next.checked_sub(1) {
                None => None,
                Some(index) => store.durable_entry(&origin, index)?.map(|entry| entry.facts.jti),
            };
            let mut lists = Vec::new();
            for list in store.status_lists(&origin)? {
                let mut statuses = StatusList::new();
                for (index, value) in list.set {
                    Status::from_value(value)
                        .and_then(|status| statuses.set(index, status))
                        .map_err(|e| SequencerError::Unavailable(format!("status list of {origin}: {e}")))?;
                }
                lists.push(ListPlan {
                    seed: list.seed,
                    order: None,
                    allocated: list.allocated,
                    statuses: Arc::new(statuses),
                });
            }
            // The lists that are shown know nothing of entries that came back: a snapshot is due.
            let back = recalled.get(&origin).map_or(0, |recalled| recalled.end);
            let last_snapshot = snapshot::last(store, &origin, back, (ground.kid, ground.status_kid))?;
            let snapshot_at = last_snapshot.filter(|_| !restated.contains(&origin));
            // Nothing follows in a log that is closed: where a clock was ahead there, the next log does without it.
            let newest = snapshot::newest(store, &origin)?.filter(|_| !ground.is_closed(&origin));
            now = newest.map_or(now, |newest| now.max(newest));
            let may_sign = whole.remove(&origin);
            logs.insert(origin, LogPlan { may_sign, addressee, next, last, lists, snapshot_at });
        }
        let lost_before = recalled.values().map(|recalled| recalled.at_ms).max().unwrap_or(0);
        let numbers_unknown = recalled.into_iter().find(|(_, recalled)| recalled.numbers_unknown);
        let mut resting = BTreeSet::new();
        for origin in logs.keys() {
            if is_resting(store, origin)? {
                resting.insert(origin.clone());
            }
        }
        let mut plan = Self {
            logs,
            series: HashMap::new(),
            numbers: VecDeque::new(),
            moving: VecDeque::new(),
            batches: ground.landed.load(Ordering::Acquire),
            changes: HashMap::new(),
            in_part: HashSet::new(),
            now,
            set_back: None,
            turn,
            trust_version: trust.version(),
            resting,
            year: None,
            numbers_unknown: numbers_unknown.map(|(origin, _)| origin),
            lost_before,
            unnumbered: Unnumbered::read(store, ground.issuer, &trust)?,
        };
        plan.speak_for_more(ground)?;
        Ok(plan)
    }
}
