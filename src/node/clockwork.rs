//! What comes due by the clock: wishes to cancel that nobody objected to, contents that were kept for their years, the days
//! of enquiries, and the next trust list.

use crate::exchange::driver::Board;
use crate::reason::Reasoned as _;
use crate::time::{Clock, Timestamp, has_come, later, passed};
use crate::trust::{Freshness, TrustList};
use crate::workflow::Desk;
use arc_swap::ArcSwap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often it is looked. Days are what is waited for.
const LOOK: Duration = Duration::from_mins(1);
/// Seconds after which it is said again that the trust list has run out, and looked again at what is to be erased.
const AGAIN: i64 = 86_400;
/// Further ahead of every partner's clock than that, in milliseconds, the one here is likely wrong.
const AHEAD_MS: i64 = 86_400_000;
/// Looks after a start at which partners may not have been heard yet: an hour of them.
const UNHEARD: u32 = 60;

/// What partners say of the clock here, before something is done by it that nobody can undo.
pub(super) struct Doubt {
    /// Milliseconds by which it is ahead of all that were heard; none where none was.
    told: Box<dyn Fn(Timestamp) -> Option<i64> + Send>,
    looks: u32,
    is_ahead: bool,
}

impl Doubt {
    /// That of a node which has partners.
    pub(super) fn of(board: Arc<Board>) -> Self {
        Self::asking(move |now| board.clock_ahead(now))
    }

    fn asking(told: impl Fn(Timestamp) -> Option<i64> + Send + 'static) -> Self {
        Self { told: Box::new(told), looks: 0, is_ahead: false }
    }

    /// Whether what is due waits: while every partner that is heard says that the clock is over a day ahead, until one of them
    /// says otherwise; and after a start until one is heard, or an hour is over.
    fn holds(&mut self, now: Timestamp, what: &str) -> bool {
        self.looks = self.looks.saturating_add(1);
        let Some(ahead) = (self.told)(now) else { return self.is_ahead || self.looks < UNHEARD };
        let was_ahead = std::mem::replace(&mut self.is_ahead, ahead > AHEAD_MS);
        if self.is_ahead && !was_ahead {
            let hours = ahead / 3_600_000;
            tracing::warn!(
                reason = "CLOCK_AHEAD",
                "every partner that was heard in the last hour says that the clock here is {hours} hours or more ahead: {what} \
                 until it is set, or one of them says otherwise"
            );
        } else if was_ahead && !self.is_ahead {
            tracing::info!("partners do not say any more that the clock here is ahead: what waited for that goes on");
        }
        self.is_ahead
    }
}

/// Looks until the node stops; the first time at once, for what came due while it was down.
///
/// A cancellation is for good: none counts by a clock that is in doubt.
pub(super) async fn tend(
    desks: Vec<Desk>,
    clock: Arc<dyn Clock>,
    mut doubt: Option<Doubt>,
    mut stop: watch::Receiver<bool>,
) {
    let mut look = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            _ = look.tick() => {}
            // Who could say so is gone with the node.
            _ = stop.wait_for(|stop| *stop) => return,
        }
        let what = "no wish to cancel counts because its days are over";
        let holds = doubt.as_mut().is_some_and(|doubt| doubt.holds(clock.now(), what));
        for desk in &desks {
            let cancelled = if holds { Ok(0) } else { desk.tend_cancellations().await };
            match cancelled {
                Ok(0) => {}
                Ok(count) => tracing::info!(count, "certificates were cancelled: the days to object are over"),
                Err(error) => {
                    tracing::warn!(%error, reason = error.reason(), "wishes to cancel could not be looked at");
                }
            }
            let own = desk.clone();
            match tokio::task::spawn_blocking(move || own.remind()).await {
                Ok(Ok(0)) => {}
                Ok(Ok(count)) => tracing::info!(count, "people were reminded of the days of enquiries"),
                Ok(Err(error)) => {
                    tracing::warn!(%error, reason = error.reason(), "the days of enquiries could not be looked at");
                }
                Err(error) => tracing::error!(%error, "a look at the days of enquiries was lost"),
            }
        }
    }
}

/// Erases what the years of keeping are over for, and links that ended, until the node stops: at once and every day, a round
/// a minute while there is more. A link that cannot be read keeps nothing else from being erased. Nothing is erased by a clock
/// that is in doubt.
pub(super) async fn erase(
    desks: Vec<Desk>,
    clock: Arc<dyn Clock>,
    mut doubt: Option<Doubt>,
    mut stop: watch::Receiver<bool>,
) {
    let mut look = tokio::time::interval(LOOK);
    let mut next = desks.into_iter().map(|desk| (desk, Timestamp::MIN)).collect::<Vec<_>>();
    loop {
        tokio::select! {
            _ = look.tick() => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        let now = clock.now();
        let what = "nothing is erased because its years are over, and no link removed that ended,";
        if doubt.as_mut().is_some_and(|doubt| doubt.holds(now, what)) {
            continue;
        }
        for (desk, due) in next.iter_mut().filter(|(_, due)| has_come(*due, now, AGAIN)) {
            let desk = desk.clone();
            let done = tokio::task::spawn_blocking(move || (desk.sweep_shares(), desk.erase_due())).await;
            // The runtime ends.
            let Ok((swept, erased)) = done else { return };
            if let Err(error) = swept {
                tracing::warn!(%error, reason = error.reason(), "links that ended could not be removed");
            }
            let more = match erased {
                Ok((count, more)) => {
                    if count > 0 {
                        tracing::info!(count, "what certificates said was erased: the years of keeping are over");
                    }
                    more
                }
                Err(error) => {
                    tracing::warn!(%error, reason = error.reason(), "what certificates say and is due could not be erased");
                    false
                }
            };
            if !more {
                *due = later(now, AGAIN);
            }
        }
    }
}

/// Says that the trust list has run out, at once and every day that it stays so: nothing else fails by it here, and
/// everywhere else nothing is valid.
pub(super) async fn remind(list: Arc<ArcSwap<TrustList>>, clock: Arc<dyn Clock>, mut stop: watch::Receiver<bool>) {
    let mut look = tokio::time::interval(LOOK);
    let mut reminder = Reminder::default();
    loop {
        tokio::select! {
            _ = look.tick() => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        let (list, now) = (list.load(), clock.now());
        if let Freshness::Stale { since } = reminder.due(list.freshness(now), now) {
            tracing::warn!(
                version = list.version(),
                reason = "TRUST_STALE",
                "the trust list has run out, the next was due {since}: what is issued verifies as TRUST_STALE; origin trust \
                 install takes the next list"
            );
        }
    }
}

/// When it was said last.
#[derive(Debug, Default)]
struct Reminder(Option<Timestamp>);

impl Reminder {
    /// The same where it is to be said now.
    fn due(&mut self, freshness: Freshness, now: Timestamp) -> Freshness {
        if freshness == Freshness::Current {
            self.0 = None;
        } else if self.0.is_none_or(|last| passed(last, now) >= AGAIN) {
            self.0 = Some(now);
            return freshness;
        }
        Freshness::Current
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Batch, Disclosures, StateChange, Store as _, Table};
    use crate::workflow::tests::world::World;
    use std::sync::Mutex;

    #[test]
    fn what_nobody_can_undo_waits_while_all_partners_say_that_the_clock_is_days_ahead_and_until_one_is_heard() {
        let told = Arc::new(Mutex::new(None));
        let its = Arc::clone(&told);
        let mut doubt = Doubt::asking(move |_| *its.lock().unwrap());
        let mut holds = |ahead: Option<i64>| {
            *told.lock().unwrap() = ahead;
            doubt.holds(Timestamp::UNIX_EPOCH, "nothing is done")
        };
        // They may say so yet.
        assert!((1..UNHEARD).all(|_| holds(None)));
        assert!(!holds(None), "nobody is there to ask");
        assert!(!holds(Some(-365 * AHEAD_MS)) && !holds(Some(AHEAD_MS)));
        assert!(holds(Some(AHEAD_MS + 1)));
        assert!((0..2 * UNHEARD).all(|_| holds(None)), "it was not said to be set");
        assert!(!holds(Some(0)) && !holds(None));
    }

    #[tokio::test]
    async fn nothing_is_erased_by_a_clock_that_all_partners_say_is_a_year_ahead() {
        let mut world = World::new();
        world.erase_after_years = Some(0);
        let (desk, _) = world.desk();
        let issued = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome.entry;
        world.clock.set("2028-11-23T10:00:00Z".parse().unwrap());
        let (asked, mut heard) = watch::channel(false);
        let doubt = Doubt::asking(move |_| {
            asked.send_replace(true);
            Some(365 * AHEAD_MS)
        });
        let (stop, stopped) = watch::channel(false);
        let clock = Arc::clone(&world.clock) as Arc<dyn Clock>;
        let erasing = tokio::spawn(erase(vec![desk], clock, Some(doubt), stopped));
        heard.wait_for(|heard| *heard).await.unwrap();
        stop.send_replace(true);
        erasing.await.unwrap();
        let kept = world.store.disclosures(&issued.origin, issued.index).unwrap();
        assert!(matches!(kept, Some(Disclosures::Present(_))));
    }

    #[tokio::test]
    async fn a_link_that_cannot_be_read_keeps_nothing_from_being_erased() {
        let mut world = World::new();
        world.erase_after_years = Some(0);
        let (desk, _) = world.desk();
        let issued = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome.entry;
        let put = |id: &[u8], record: &[u8]| StateChange::RecordPut {
            table: Table::Share,
            id: id.to_vec(),
            record: record.to_vec(),
        };
        let state = vec![put(b"u2026-11-30shr_broken", b"shr_broken"), put(b"ishr_broken", b"no link")];
        world.store.commit(Batch { at_ms: 1, state, ..Batch::default() }).unwrap();
        world.clock.set("2028-11-23T10:00:00Z".parse().unwrap());
        assert!(desk.sweep_shares().is_err());

        let (stop, stopped) = watch::channel(false);
        let erasing = tokio::spawn(erase(vec![desk], Arc::clone(&world.clock) as Arc<dyn Clock>, None, stopped));
        let is_gone = || world.store.disclosures(&issued.origin, issued.index).unwrap() == Some(Disclosures::Erased);
        let gone = async {
            while !is_gone() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        assert!(tokio::time::timeout(Duration::from_secs(20), gone).await.is_ok(), "it was not erased");
        stop.send_replace(true);
        erasing.await.unwrap();
    }

    #[test]
    fn a_list_that_has_run_out_is_told_at_once_and_daily_until_the_next_is_there() {
        let at = |hours: i64| Timestamp::from_second(hours * 3_600).unwrap();
        let mut reminder = Reminder::default();
        let mut told = |hours, stale: bool| {
            let freshness = if stale { Freshness::Stale { since: at(0) } } else { Freshness::Current };
            reminder.due(freshness, at(hours)) != Freshness::Current
        };
        assert!(!told(0, false));
        assert!(told(1, true));
        assert!(!told(2, true) && !told(24, true));
        assert!(told(25, true) && !told(26, true));
        assert!(!told(27, false) && told(28, true), "the next one may run out too");
    }
}
