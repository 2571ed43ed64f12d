//! How every partner is: what operators are shown.

use super::PartnerError;
use crate::exchange::{Alarm, ExchangeError};
use crate::log::Origin;
use crate::reason::Reasoned as _;
use crate::time::{Timestamp, passed};
use crate::trust::NodeName;
use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Seconds over which it is measured how fast entries go over.
const PACE: i64 = 60;
/// Nothing has gone over for so many seconds: then it stands still. A slow line carries a package in less.
const STILL: i64 = 30;
/// What a partner said of its clock is heard for so long.
const HEARD: Duration = Duration::from_hours(1);
/// Logs of one partner that are remembered to have been shown in vain: anybody may show heads of made up ones.
const MOST_SHOWN: usize = 256;

/// What an alarm is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Concern {
    /// What the log's own node gives on its stream.
    Stream,
    /// Heads that were shown to different nodes.
    Heads,
    /// What it gives of disclosures.
    Disclosures,
    /// Logs of this node that it keeps.
    Kept,
}

/// What is known of one partner.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PartnerState {
    /// Since when it is connected; none while it is not.
    pub connected: Option<Timestamp>,
    /// What went wrong last, and when; none once it went well again.
    pub trouble: Option<Trouble>,
    /// Version of its trust list, as it said last.
    pub list_version: Option<u64>,
    /// Whether that list is another than this node's, though of the same version.
    pub list_forked: bool,
    /// Version of its list that was not taken here, and why: the same again is no second line in the log.
    pub(super) list_refused: Option<(u64, String)>,
    /// Milliseconds by which its clock is ahead of this node's, as measured last.
    pub clock_ahead_ms: Option<i64>,
    /// What its clock showed last, in Unix milliseconds, and when, by a clock that nobody sets.
    time_told: Option<(i64, Instant)>,
    /// Logs that pass between us, either way.
    pub logs: BTreeMap<Origin, Passage>,
    /// What an operator has to look into, by log.
    pub alarms: BTreeMap<(Origin, Concern), Alarm>,
    /// How packages fare that are pushed to it; none where none are.
    pub push: Option<PushState>,
    /// Logs of this node that it cosigns nothing of, and for whom it waits.
    pub awaits: BTreeMap<Origin, Awaited>,
    /// Its logs whose heads this node's witness was shown before it knew what it had cosigned.
    pub shown: BTreeSet<Origin>,
    /// Its logs of which nothing is taken before these closed ones are here.
    pub awaits_closed: BTreeMap<Origin, Vec<Origin>>,
}

/// Those who have to tell what a node cosigned of a log before it cosigns anything of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Awaited {
    /// Who.
    pub of: Vec<NodeName>,
    /// Since when it waits, as far as known here.
    pub since: Timestamp,
}

/// Packages that are pushed to a partner over HTTPS.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PushState {
    /// Where, for people.
    pub address: String,
    /// When one was posted last.
    pub tried: Option<Timestamp>,
    /// When one was taken last.
    pub taken: Option<Timestamp>,
    /// When the one that was not taken is posted again.
    pub next: Option<Timestamp>,
    /// How often it was not taken, one time after the other.
    pub failures: u64,
    /// What went wrong last, in words; none once one was taken.
    pub trouble: Option<String>,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// The stable reason.
    pub reason: String,
    /// One sentence.
    pub sentence: String,
    /// When it was first so.
    pub since: Timestamp,
}

/// One log between this node and a partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Passage {
    /// Whether this node replicates it from the partner; else the partner replicates or witnesses it from here.
    pub inward: bool,
    /// Size of the newest head.
    pub size: u64,
    /// Entries that the replicating or witnessing end holds, as far as known here.
    pub held: u64,
    /// When the head that is not held yet was first known; none where nothing is behind.
    pub behind_since: Option<Timestamp>,
    /// Size and time, in Unix seconds, of the last cosignature.
    pub cosigned: Option<(u64, u64)>,
    /// Of a log replicated here, those below this index have their disclosures, or none; but for the missing.
    pub disclosed: u64,
    /// Entries whose disclosures are wanted and have not come.
    pub missing: u64,
    /// The first of them.
    pub first_missing: Option<u64>,
    /// Since when there are any.
    pub missing_since: Option<Timestamp>,
    /// Entries whose disclosures the issuer keeps back: their holders have yet to consent. No alarm.
    pub kept_back: u64,
    /// Entries that were found wrong.
    pub findings: u64,
    /// Its own node closed it for good as lost: entries that it still gives, and those that are neither there nor here.
    pub lost: Option<(u64, u64)>,
    /// The partner answered last that it cosigns nothing of the log, which has shown two histories, before that is lifted there.
    pub frozen_there: bool,
    /// Entries below this index have gone over: they are durable here, or were sent from here. The head that covers them
    /// may be far behind.
    pub carried: u64,
    /// How many had when it was measured last, and the time before.
    marks: [Option<(Timestamp, u64)>; 2],
    /// When the last of them went over.
    moved: Option<Timestamp>,
}

impl PartnerState {
    /// It says what its clock shows.
    pub(super) fn tells_time(&mut self, theirs_ms: Option<i64>) {
        self.time_told = theirs_ms.map(|theirs| (theirs, Instant::now())).or(self.time_told);
    }

    fn waits_for(&mut self, origin: &Origin, of: Vec<NodeName>, now: Timestamp) -> bool {
        let before = self.awaits.remove(origin);
        if of.is_empty() {
            return false;
        }
        let news = before.as_ref().is_none_or(|before| before.of != of);
        let since = before.map_or(now, |before| before.since);
        self.awaits.insert(origin.clone(), Awaited { of, since });
        news
    }
}

impl Passage {
    /// The replicating or witnessing end holds this many entries.
    pub(super) fn holds(&mut self, held: u64) {
        self.held = self.held.max(held);
        if self.held >= self.size {
            self.behind_since = None;
        }
    }

    /// The log's newest head has this size.
    pub(super) fn grows(&mut self, size: u64, now: Timestamp) {
        self.size = self.size.max(size);
        if self.held < self.size && self.behind_since.is_none() {
            self.behind_since = Some(now);
        }
    }

    /// Entries below this index have gone over.
    pub(super) fn carries(&mut self, carried: u64, now: Timestamp) {
        let [last, _] = self.marks;
        match last.filter(|(at, _)| *at <= now).map(|(at, _)| passed(at, now)) {
            Some(age) if age < PACE => {}
            Some(age) if age < 2 * PACE => self.marks = [Some((now, carried)), last],
            // Nothing was heard for long, or a clock went back: what went over before is no measure.
            _ => self.marks = [Some((now, self.carried)), None],
        }
        if carried != self.carried {
            self.moved = Some(now);
        }
        self.carried = carried;
    }

    /// The stream that carried it is over: how fast it came says nothing of how fast it will.
    pub(super) fn stands(&mut self) {
        self.marks = [None, None];
    }

    /// Whether this node holds more of the log than it cosigned.
    pub(super) fn is_uncosigned(&self) -> bool {
        self.inward && self.cosigned.map_or(0, |(size, _)| size) < self.held
    }

    /// Says since when disclosures are missing.
    pub(super) fn lacks(&mut self, now: Timestamp) {
        self.missing_since = (self.missing > 0).then(|| self.missing_since.unwrap_or(now));
    }

    /// How many entries a minute have gone over in the last minute or two; none where that was not measured.
    #[must_use]
    pub fn pace(&self, now: Timestamp) -> Option<u64> {
        let [last, before] = self.marks;
        let (at, carried) = before.or(last)?;
        if self.moved.is_none_or(|moved| passed(moved, now) >= STILL) {
            return Some(0);
        }
        let seconds = u64::try_from(passed(at, now)).ok().filter(|seconds| *seconds > 0)?;
        self.carried.saturating_sub(carried).saturating_mul(60).checked_div(seconds)
    }
}

/// All partners. Held for moments only, and never across I/O.
#[derive(Debug, Default)]
pub struct Board(Mutex<BTreeMap<NodeName, PartnerState>>);

impl Board {
    fn all(&self) -> MutexGuard<'_, BTreeMap<NodeName, PartnerState>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A copy of what stands there now.
    #[must_use]
    pub fn read(&self) -> BTreeMap<NodeName, PartnerState> {
        self.all().clone()
    }

    /// What the own node of a log says to have lost of it, as [`Passage::lost`] has it.
    pub(super) fn lost(&self, origin: &Origin) -> Option<(u64, u64)> {
        self.all().values().find_map(|state| state.logs.get(origin)?.lost)
    }

    /// Milliseconds by which the clock here, which shows this, is ahead of that of every partner that told its own within the
    /// last hour, at least; none where none did. Also a clock that was set a moment ago is held against them.
    #[must_use]
    pub fn clock_ahead(&self, now: Timestamp) -> Option<i64> {
        let all = self.all();
        let told = all.values().filter_map(|state| state.time_told);
        let heard = told.map(|(theirs, at)| (theirs, at.elapsed())).filter(|(_, ago)| *ago <= HEARD);
        let ahead = heard.map(|(theirs, ago)| {
            let ago = i64::try_from(ago.as_millis()).unwrap_or(i64::MAX);
            now.as_millisecond().saturating_sub(theirs.saturating_add(ago))
        });
        ahead.min()
    }

    pub(super) fn update(&self, name: &NodeName, change: impl FnOnce(&mut PartnerState)) {
        change(self.all().entry(name.clone()).or_default());
    }

    pub(super) fn passage(&self, name: &NodeName, origin: &Origin, change: impl FnOnce(&mut Passage)) {
        self.update(name, |state| change(state.logs.entry(origin.clone()).or_default()));
    }

    /// A log of this node's own has grown: whoever holds it elsewhere is behind from now on, connected or not.
    pub(super) fn grown(&self, origin: &Origin, size: u64, now: Timestamp) {
        let mut all = self.all();
        let passages = all.values_mut().filter_map(|state| state.logs.get_mut(origin));
        passages.filter(|passage| !passage.inward).for_each(|passage| passage.grows(size, now));
    }

    /// The stream that carried a log of this node's own to a partner is over.
    pub(super) fn stands(&self, name: &NodeName, origin: &Origin) {
        let mut all = self.all();
        let passage = all.get_mut(name).and_then(|state| state.logs.get_mut(origin));
        if let Some(passage) = passage.filter(|passage| !passage.inward) {
            passage.stands();
        }
    }

    /// Raises an alarm, or takes it back.
    pub(super) fn concern(&self, name: &NodeName, origin: &Origin, concern: Concern, alarm: Option<Alarm>) {
        self.update(name, |state| {
            let key = (origin.clone(), concern);
            match alarm {
                Some(alarm) => state.alarms.insert(key, alarm),
                None => state.alarms.remove(&key),
            };
        });
    }

    /// The heads that nobody has brought together, whoever they were shown to: these alarms, and no others.
    pub(super) fn uncompared(&self, alarms: &BTreeMap<(NodeName, Origin), Alarm>) {
        let mut all = self.all();
        for state in all.values_mut() {
            state.alarms.retain(|(_, concern), _| *concern != Concern::Heads);
        }
        for ((name, origin), alarm) in alarms {
            let state = all.entry(name.clone()).or_default();
            state.alarms.insert((origin.clone(), Concern::Heads), alarm.clone());
        }
    }

    /// A partner cosigned a head of an own log, which has this size by now: it waits for nobody. Where packages alone go to it,
    /// nothing else says how large the log is.
    pub(super) fn cosigned(&self, name: &NodeName, origin: &Origin, head: (u64, u64), (size, now): (u64, Timestamp)) {
        self.update(name, |state| {
            state.awaits.remove(origin);
            let passage = state.logs.entry(origin.clone()).or_default();
            (passage.cosigned, passage.frozen_there) = (Some(head), false);
            passage.holds(head.0);
            passage.grows(size, now);
        });
    }

    /// A partner answered that a log of this node is frozen there, until it cosigns it again; says whether that is news.
    pub(super) fn frozen(&self, name: &NodeName, origin: &Origin) -> bool {
        let mut news = false;
        self.passage(name, origin, |passage| news = !std::mem::replace(&mut passage.frozen_there, true));
        news
    }

    /// For whom a partner waits before it cosigns logs of this node, and no others; gives those that are news.
    pub(super) fn awaits(
        &self,
        name: &NodeName,
        told: BTreeMap<Origin, Vec<NodeName>>,
        now: Timestamp,
    ) -> Vec<(Origin, Vec<NodeName>)> {
        let mut news = Vec::new();
        self.update(name, |state| {
            state.awaits.retain(|origin, _| told.contains_key(origin));
            for (origin, of) in told {
                if state.waits_for(&origin, of.clone(), now) {
                    news.push((origin, of));
                }
            }
        });
        news
    }

    /// The same of one log; for nobody, where there is none. Says whether that is news.
    pub(super) fn waits_for(&self, name: &NodeName, origin: &Origin, of: Vec<NodeName>, now: Timestamp) -> bool {
        let mut news = false;
        self.update(name, |state| news = state.waits_for(origin, of, now));
        news
    }

    /// This node's witness was shown a head of a partner's log in vain; says whether that is news.
    pub(super) fn shown(&self, name: &NodeName, origin: &Origin) -> bool {
        let mut news = false;
        self.update(name, |state| news = state.shown.len() < MOST_SHOWN && state.shown.insert(origin.clone()));
        news
    }

    /// It keeps these logs of this node and cannot open them, and no others; says which of them is news.
    pub(super) fn unread(&self, name: &NodeName, logs: &BTreeSet<Origin>, now: Timestamp) -> Vec<Origin> {
        let mut news = Vec::new();
        self.update(name, |state| {
            state.alarms.retain(|(origin, concern), _| *concern != Concern::Kept || logs.contains(origin));
            for origin in logs {
                let alarm = Alarm { why: ExchangeError::UnreadableThere, since: now };
                if let Entry::Vacant(place) = state.alarms.entry((origin.clone(), Concern::Kept)) {
                    place.insert(alarm);
                    news.push(origin.clone());
                }
            }
        });
        news
    }

    /// Nothing of a log is taken before these closed ones are here; where there are none, it is taken.
    pub(super) fn awaits_closed(&self, name: &NodeName, origin: &Origin, closed: Vec<Origin>) {
        self.update(name, |state| {
            state.awaits_closed.remove(origin);
            if !closed.is_empty() {
                state.awaits_closed.insert(origin.clone(), closed);
            }
        });
    }

    /// The log passes between us no more.
    pub(super) fn forget(&self, name: &NodeName, origin: &Origin) {
        for concern in [Concern::Stream, Concern::Disclosures] {
            self.concern(name, origin, concern, None);
        }
        self.update(name, |state| {
            state.logs.remove(origin);
            state.awaits_closed.remove(origin);
        });
    }

    /// Leaves those named alone.
    pub(super) fn keep_only(&self, names: &[NodeName]) {
        self.all().retain(|name, _| names.contains(name));
    }

    /// A package says by which trust list it was made, and whether that is another than this node's of the same version. What
    /// a partner that is not connected said before is of then, and so is what its clock showed.
    pub(super) fn wrote(&self, name: &NodeName, version: u64, is_forked: bool) {
        self.update(name, |state| {
            let is_newer = state.list_version.is_none_or(|known| known <= version);
            if state.connected.is_none() && is_newer {
                (state.list_version, state.list_forked, state.clock_ahead_ms) = (Some(version), is_forked, None);
            }
        });
    }

    /// Its trust list is not taken here; gives that list's version where this is news.
    pub(super) fn list_refused(&self, name: &NodeName, why: &str) -> Option<u64> {
        let mut news = None;
        self.update(name, |state| {
            let version = state.list_version.unwrap_or_default();
            let refused = Some((version, why.to_owned()));
            news = (state.list_refused != refused).then_some(version);
            state.list_refused = refused;
        });
        news
    }

    /// Its trust list was taken here, or is no newer than the one in use.
    pub(super) fn list_taken(&self, name: &NodeName) {
        self.update(name, |state| state.list_refused = None);
    }

    pub(super) fn connected(&self, name: &NodeName, now: Timestamp) {
        self.update(name, |state| {
            state.connected = Some(now);
            state.trouble = None;
        });
    }

    /// Says whether this is news: the same trouble again is no second line in the log.
    pub(super) fn trouble(&self, name: &NodeName, error: &PartnerError, now: Timestamp) -> bool {
        let (reason, sentence) = (error.reason().to_owned(), error.to_string());
        let mut news = false;
        self.update(name, |state| {
            state.connected = None;
            let same = state.trouble.as_ref().is_some_and(|last| last.reason == reason && last.sentence == sentence);
            if !same {
                news = true;
                state.trouble = Some(Trouble { reason, sentence, since: now });
            }
        });
        news
    }
}

#[cfg(test)]
mod tests;
