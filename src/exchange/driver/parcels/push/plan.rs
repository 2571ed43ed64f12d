//! When what is posted to one partner, and from which entry of each log on. It knows nothing of the network.
//!
//! What is refused of one log, or not cosigned, holds up no other: it comes again after its pause, and what is new meanwhile
//! is posted at once. Only where the partner is not reached, or asks for time, does all of it wait.

use crate::log::Origin;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// The first pause after a failure; it doubles with each, up to the longest: as for webhooks.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_hours(1);
/// How often the logs are looked at: what comes meanwhile goes in one package.
const LOOK: Duration = Duration::from_secs(5);
/// What is taken and not cosigned, because the partner waits for others, is posted again at the latest after.
const WAITING: Duration = Duration::from_mins(5);

/// A log that is longer than what the partner is known to hold, with its size.
pub(super) type Due = (Origin, u64);

/// How a round of posts ended that were all answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Round {
    /// All was taken.
    Well,
    /// The same, and the partner waits for others before it cosigns.
    Waits,
    /// Something was refused, or is not as it should be.
    Troubled,
}

/// What is known of one partner's packages.
#[derive(Debug)]
pub(super) struct Plan {
    /// The pause after the next failure.
    pause: Duration,
    /// When what was posted before is posted again.
    next: Instant,
    /// Nothing else is posted before that either.
    closed: bool,
    /// Logs that were posted and are not cosigned, with their sizes then; without, where they were refused: what comes to
    /// them meanwhile is no reason to send them again.
    rests: BTreeMap<Origin, Option<u64>>,
    /// From where on a log is posted, where that is not what the partner is known to hold.
    begins: BTreeMap<Origin, u64>,
    /// The partner has not said since this node started what it has cosigned.
    unheard: bool,
    /// What is posted now is not all that is due: the rest waits for its time.
    is_part: bool,
    /// The log with which the partner was not reached last, or asked for time.
    broke_off: Option<Origin>,
}

impl Plan {
    pub(super) const fn new(now: Instant) -> Self {
        Self {
            pause: FIRST_PAUSE,
            next: now,
            closed: false,
            rests: BTreeMap::new(),
            begins: BTreeMap::new(),
            unheard: true,
            is_part: false,
            broke_off: None,
        }
    }

    /// What is posted now of the logs that are due: all once their time has come, before that what is new. With none due a
    /// partner that was not heard since the start is posted a package without a log: by what it has cosigned a data folder
    /// that is an old copy is found out before anything is signed on it.
    pub(super) fn posts(&mut self, due: &[Due], now: Instant) -> Vec<Option<Due>> {
        self.rests.retain(|origin, _| due.iter().any(|(log, _)| log == origin));
        self.begins.retain(|origin, _| due.iter().any(|(log, _)| log == origin));
        let is_time = now >= self.next;
        self.is_part = !is_time;
        if due.is_empty() && self.unheard && is_time {
            return vec![None];
        }
        let is_new = |origin: &Origin, size: u64| match self.rests.get(origin) {
            Some(posted) => posted.is_some_and(|posted| posted != size),
            None => true,
        };
        let posts = due.iter().filter(|(origin, size)| is_time || (!self.closed && is_new(origin, *size)));
        let mut posts = posts.cloned().map(Some).collect::<Vec<_>>();
        // A round that breaks off at a log for ever, as one that takes too long, keeps none behind it back.
        let last = posts.iter().flatten().position(|(origin, _)| self.broke_off.as_ref() == Some(origin));
        posts.rotate_left(last.map_or(0, |last| last + 1));
        posts
    }

    /// Whether the partner has said since this node started what it has cosigned.
    pub(super) const fn is_heard(&self) -> bool {
        !self.unheard
    }

    /// Nothing is left to be posted: what went wrong before puts off nothing that comes.
    pub(super) fn idles(&mut self, now: Instant) {
        *self = Self { unheard: self.unheard, ..Self::new(now) };
    }

    /// From where on a log is posted, where that is not what the partner is known to hold.
    pub(super) fn begins(&self, origin: &Origin) -> Option<u64> {
        self.begins.get(origin).copied()
    }

    /// The partner lacks entries before those that were posted: the log begins again. False where it did already.
    pub(super) fn begins_again(&mut self, origin: &Origin) -> bool {
        self.begins.insert(origin.clone(), 0) != Some(0)
    }

    /// The partner said what it has cosigned.
    pub(super) const fn heard(&mut self) {
        self.unheard = false;
    }

    /// The partner holds a log up to where it was `sent`, and cosigned it up to a size; says whether that was in vain, and not
    /// for the first time.
    pub(super) fn taken(&mut self, (origin, size): &Due, sent: u64, cosigned: u64) -> bool {
        if sent < *size || cosigned < sent {
            self.begins.insert(origin.clone(), sent);
        } else {
            self.begins.remove(origin);
        }
        if cosigned >= sent {
            self.rests.remove(origin);
            return false;
        }
        self.rests.insert(origin.clone(), Some(*size)) == Some(Some(*size))
    }

    /// The partner refused a log that was posted from an index on, or it could not be posted. It may have cosigned the entries
    /// and not kept what they disclose: they are posted again all the same.
    pub(super) fn refused(&mut self, origin: &Origin, after: Option<u64>) {
        self.rests.insert(origin.clone(), None);
        if let Some(after) = after {
            self.begins.entry(origin.clone()).or_insert(after);
        }
    }

    /// Whether a log was refused, and not taken since.
    pub(super) fn is_refused(&self, origin: &Origin) -> bool {
        matches!(self.rests.get(origin), Some(None))
    }

    /// All that was posted in a round was answered; says whether nothing is wrong any more. What was only new brings the time of
    /// the rest no nearer, and puts it off no further.
    pub(super) fn ends(&mut self, now: Instant, round: Round) -> bool {
        self.closed = false;
        if self.is_part {
            return false;
        }
        self.next = match round {
            Round::Well => {
                self.pause = FIRST_PAUSE;
                now
            }
            Round::Waits => now + self.longer().clamp(LOOK, WAITING),
            Round::Troubled => now + self.longer(),
        };
        round != Round::Troubled
    }

    /// The partner was not reached with a log, or with none, or wants to be tried again after a while.
    pub(super) fn fails(&mut self, now: Instant, wanted: Option<Duration>, log: Option<Origin>) {
        (self.closed, self.broke_off) = (true, log);
        self.next = now + self.longer().max(wanted.unwrap_or_default().min(LONGEST_PAUSE));
    }

    /// How long until what was posted before is posted again.
    pub(super) fn until(&self, now: Instant) -> Duration {
        self.next.saturating_duration_since(now)
    }

    /// How long until there is something to be looked at.
    pub(super) fn rest(&self, now: Instant) -> Duration {
        match self.until(now) {
            Duration::ZERO => LOOK,
            until => until.min(LOOK),
        }
    }

    fn longer(&mut self) -> Duration {
        let rest = self.pause;
        self.pause = self.pause.saturating_mul(2).min(LONGEST_PAUSE);
        rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::slice;

    fn due(addressee: &str, size: u64) -> Due {
        (format!("tdap.gov.pk/log/2026/{addressee}").parse().unwrap(), size)
    }

    #[test]
    fn what_is_refused_of_one_log_comes_again_ever_later_and_holds_up_no_other() {
        let mut now = Instant::now();
        let mut plan = Plan::new(now);
        let (mut frozen, mut other) = (due("gacc.gov.cn", 7), due("all", 3));
        assert_eq!(plan.posts(&[frozen.clone(), other.clone()], now), [Some(frozen.clone()), Some(other.clone())]);
        let mut pauses = Vec::new();
        for _ in 0..20 {
            plan.heard();
            plan.refused(&frozen.0, Some(0));
            plan.taken(&other, other.1, other.1);
            assert!(!plan.ends(now, Round::Troubled));
            let pause = plan.until(now);
            pauses.push(pause.as_secs());
            // New entries of the other go at once, and alone, though the first grows too.
            (frozen.1, other.1) = (frozen.1 + 1, other.1 + 1);
            assert_eq!(plan.posts(&[frozen.clone(), other.clone()], now), [Some(other.clone())]);
            plan.taken(&other, other.1, other.1);
            // All is well with that one; the trouble and its pause stand.
            assert!(!plan.ends(now, Round::Well) && plan.until(now) == pause);
            // Nor is it put off again and again by what is wrong with what is new.
            assert!(!plan.ends(now, Round::Troubled) && plan.until(now) == pause);
            now += pause;
            assert_eq!(plan.posts(slice::from_ref(&frozen), now), [Some(frozen.clone())]);
        }
        assert!(pauses.starts_with(&[1, 2, 4, 8]) && pauses.ends_with(&[3_600, 3_600]), "{pauses:?}");
        // It is taken again.
        plan.taken(&frozen, frozen.1, frozen.1);
        assert!(plan.ends(now, Round::Well) && plan.until(now) == Duration::ZERO);
    }

    #[test]
    fn a_partner_that_is_not_reached_or_asks_for_time_is_posted_nothing_before() {
        let now = Instant::now();
        let mut plan = Plan::new(now);
        plan.fails(now, Some(Duration::from_hours(240)), None);
        assert!(plan.closed && plan.until(now) == LONGEST_PAUSE);
        assert!(plan.posts(&[due("all", 3)], now).is_empty());
        let later = now + LONGEST_PAUSE;
        assert_eq!(plan.posts(&[due("all", 3)], later), [Some(due("all", 3))]);
        assert!(plan.ends(later, Round::Well));
        assert_eq!((plan.until(later), plan.rest(later)), (Duration::ZERO, LOOK));
    }

    #[test]
    fn what_comes_after_all_has_gone_another_way_does_not_wait_for_a_pause_of_before() {
        let now = Instant::now();
        let mut plan = Plan::new(now);
        plan.refused(&due("all", 3).0, Some(0));
        plan.fails(now, Some(LONGEST_PAUSE), None);
        plan.idles(now);
        assert!(!plan.is_heard() && !plan.is_refused(&due("all", 3).0));
        assert_eq!(plan.posts(&[due("all", 4)], now), [Some(due("all", 4))]);
    }

    #[test]
    fn logs_at_which_every_round_breaks_off_keep_none_behind_them_back() {
        let mut now = Instant::now();
        let mut plan = Plan::new(now);
        let all = [due("all", 3), due("customs.gov.cn", 4), due("kra.go.ke", 5)];
        let mut reached = Vec::new();
        for _ in 0..3 {
            for (origin, size) in plan.posts(&all, now).into_iter().flatten() {
                if size < 5 {
                    plan.fails(now, None, Some(origin));
                    break;
                }
                reached.push(origin);
            }
            now += plan.until(now);
        }
        assert_eq!(reached, [all[2].0.clone()]);
    }

    #[test]
    fn what_was_refused_is_posted_again_from_where_it_began_though_it_is_cosigned_by_then() {
        let now = Instant::now();
        let mut plan = Plan::new(now);
        let log = due("all", 9);
        plan.refused(&log.0, Some(4));
        plan.ends(now, Round::Troubled);
        let later = now + plan.until(now);
        assert_eq!(plan.posts(slice::from_ref(&log), later), [Some(log.clone())]);
        assert!(plan.is_refused(&log.0) && plan.begins(&log.0) == Some(4));
        assert!(!plan.taken(&log, 9, 9));
        assert!(!plan.is_refused(&log.0) && plan.begins(&log.0).is_none());
    }

    #[test]
    fn a_partner_is_heard_once_after_a_start_though_nothing_is_due() {
        let now = Instant::now();
        let mut plan = Plan::new(now);
        plan.fails(now, None, None);
        assert!(plan.posts(&[], now).is_empty());
        let later = now + plan.until(now);
        assert_eq!(plan.posts(&[], later), [None]);
        plan.heard();
        assert!(plan.ends(later, Round::Well));
        assert!(plan.posts(&[], later).is_empty());
    }

    #[test]
    fn a_log_that_was_lost_begins_again_once_and_goes_on_from_where_a_package_ended() {
        let now = Instant::now();
        let mut plan = Plan::new(now);
        let log = due("all", 9);
        assert_eq!(plan.begins(&log.0), None);
        assert!(plan.begins_again(&log.0) && !plan.begins_again(&log.0));
        assert_eq!(plan.begins(&log.0), Some(0));
        // A package has no room for all of it: the next begins where it ended, and is no repetition.
        assert!(!plan.taken(&log, 4, 4));
        assert!(plan.ends(now, Round::Well));
        let posts = plan.posts(slice::from_ref(&log), now);
        assert_eq!((plan.begins(&log.0), posts), (Some(4), vec![Some(log.clone())]));
        // Held and not cosigned: nothing of it is sent again, and the second time in vain is said.
        assert!(!plan.taken(&log, 9, 4) && plan.taken(&log, 9, 4));
        assert_eq!(plan.begins(&log.0), Some(9));
        plan.taken(&log, 9, 9);
        assert_eq!(plan.begins(&log.0), None);
    }
}
