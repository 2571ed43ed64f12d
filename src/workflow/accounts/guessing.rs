//! How often a password may be tried: by name, whether there is such an account or not.

use crate::{office::Login, time::Clock};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// Wrong passwords in a row that cost nothing but time.
const FREE: u32 = 5;
/// The wait after the first one beyond, in milliseconds; it doubles with each more.
const FIRST_WAIT_MS: i64 = 30_000;
/// The longest wait, in milliseconds: an hour. For ever would let any stranger shut any officer out for ever.
const LONGEST_WAIT_MS: i64 = 3_600_000;
/// After this time without another, wrong passwords are forgotten: a day.
const FORGOTTEN_MS: i64 = 86_400_000;
/// Names remembered at once. When it is full, those whose wait is over are forgotten; if none is, the newcomer waits.
const MAX_NAMES: usize = 100_000;

/// Wrong passwords by name. It is kept in memory: who can restart a node needs no password.
#[derive(Default)]
pub(super) struct Guesses(Mutex<HashMap<Login, Wrong>>);

#[derive(Clone, Copy)]
struct Wrong {
    count: u32,
    last_ms: i64,
}

impl Wrong {
    /// Until when no further try is taken.
    fn until_ms(self) -> i64 {
        let Some(beyond) = self.count.checked_sub(FREE) else { return self.last_ms };
        let wait = FIRST_WAIT_MS.checked_shl(beyond.min(16)).unwrap_or(LONGEST_WAIT_MS).min(LONGEST_WAIT_MS);
        self.last_ms.saturating_add(wait)
    }

    /// A clock that was set back: the wait is as long as ever, and not until it has come there again.
    fn no_later_than(&mut self, now: i64) {
        self.last_ms = self.last_ms.min(now);
    }
}

impl Guesses {
    /// Takes a try as a wrong one until it is known better, so that many at once are counted; or says how long to
    /// wait.
    pub(super) fn begin(&self, login: &Login, clock: &dyn Clock) -> Result<(), Duration> {
        let now = clock.now().as_millisecond();
        let mut wrong = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if wrong.len() >= MAX_NAMES && !wrong.contains_key(login) {
            wrong.retain(|_, one| {
                one.no_later_than(now);
                one.until_ms() > now
            });
            if wrong.len() >= MAX_NAMES {
                return Err(millis(FIRST_WAIT_MS));
            }
        }
        let one = wrong.entry(login.clone()).or_insert(Wrong { count: 0, last_ms: now });
        one.no_later_than(now);
        if one.last_ms.saturating_add(FORGOTTEN_MS) <= now {
            one.count = 0;
        }
        let left = one.until_ms().saturating_sub(now);
        if one.count >= FREE && left > 0 {
            return Err(millis(left));
        }
        *one = Wrong { count: one.count.saturating_add(1), last_ms: now };
        Ok(())
    }

    /// The password was right, or an administrator lets the name try again.
    pub(super) fn forget(&self, login: &Login) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(login);
    }
}

fn millis(ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{FixedClock, Timestamp};

    #[test]
    fn guessing_gets_slower_and_never_impossible() {
        let guesses = Guesses::default();
        let start: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let clock = FixedClock::new(start);
        let login: Login = "a.qureshi".parse().unwrap();
        let mut tried = 0;
        let mut waited = Duration::ZERO;
        while waited < Duration::from_hours(24) {
            match guesses.begin(&login, &clock) {
                Ok(()) => tried += 1,
                Err(wait) => {
                    assert!(wait <= Duration::from_hours(1));
                    waited += wait;
                    clock.set(start + waited);
                }
            }
        }
        assert!((20..=40).contains(&tried), "{tried} guesses in a day");
        guesses.forget(&login);
        assert!(guesses.begin(&login, &clock).is_ok());
    }

    #[test]
    fn a_clock_that_was_ahead_locks_nobody_out_once_it_is_set() {
        let guesses = Guesses::default();
        let start: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let clock = FixedClock::new(start + Duration::from_hours(24 * 365));
        let login: Login = "a.qureshi".parse().unwrap();
        while guesses.begin(&login, &clock).is_ok() {}
        clock.set(start);
        let wait = guesses.begin(&login, &clock).unwrap_err();
        assert_eq!(wait, millis(FIRST_WAIT_MS));
        clock.set(start + wait);
        assert!(guesses.begin(&login, &clock).is_ok());
    }

    /// The hazard: names without end while the clock is ahead, none of which is forgotten before it has come there again.
    #[test]
    fn names_that_were_tried_while_the_clock_was_ahead_keep_no_other_name_out_once_it_is_set() {
        let guesses = Guesses::default();
        let start: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let clock = FixedClock::new(start + Duration::from_hours(24 * 365));
        for number in 0..MAX_NAMES {
            assert!(guesses.begin(&format!("n.{number}").parse().unwrap(), &clock).is_ok());
        }
        clock.set(start);
        assert!(guesses.begin(&"a.qureshi".parse().unwrap(), &clock).is_ok());
    }

    #[test]
    fn one_name_locks_no_other() {
        let guesses = Guesses::default();
        let clock = FixedClock::new("2026-11-22T10:00:00Z".parse().unwrap());
        let (one, other): (Login, Login) = ("one".parse().unwrap(), "other".parse().unwrap());
        while guesses.begin(&one, &clock).is_ok() {}
        assert!(guesses.begin(&other, &clock).is_ok());
    }
}
