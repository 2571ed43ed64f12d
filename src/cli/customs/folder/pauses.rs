//! Questions that the node could not answer, each with a pause of its own. Order matters among those about one certificate,
//! for what was used of it before decides what is left: they wait for the first of them, and nothing else does.

use super::PAUSES;
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// The questions that are asked again later, by name.
#[derive(Debug, Default)]
pub(super) struct Pauses(BTreeMap<String, Pause>);

#[derive(Debug)]
struct Pause {
    until: Instant,
    length: Duration,
    certificate: Option<String>,
}

impl Pauses {
    /// Forgets those that are not among the names, which are sorted: somebody took them away.
    pub(super) fn keep(&mut self, asked: &[String]) {
        self.0.retain(|name, _| asked.binary_search(name).is_ok());
    }

    /// Whether a question is not to be asked yet; of one that has no pause of its own, its certificate says so.
    pub(super) fn hold(&self, name: &str, certificate: impl FnOnce() -> Option<String>, now: Instant) -> bool {
        match self.0.get(name) {
            Some(own) => now < own.until,
            None if self.0.is_empty() => false,
            None => {
                let named = certificate();
                named.is_some() && self.0.values().any(|other| other.certificate == named)
            }
        }
    }

    /// A question could not be answered: each time its pause is longer.
    pub(super) fn put(&mut self, name: &str, certificate: Option<String>, now: Instant) {
        let length = self.0.get(name).map_or(PAUSES.0, |before| (before.length * 2).min(PAUSES.1));
        self.0.insert(name.to_owned(), Pause { until: now + length, length, certificate });
    }

    /// It was answered.
    pub(super) fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_grows_to_a_minute_and_holds_its_own_certificate_until_its_question_is_answered_or_taken_away() {
        let (mut pauses, mut now) = (Pauses::default(), Instant::now());
        let of = |number: &str| Some(number.to_owned());
        for seconds in [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0] {
            pauses.put("b", of("1"), now);
            let length = Duration::from_secs_f64(seconds);
            assert!(pauses.hold("b", || of("1"), now + length * 9 / 10), "{seconds}");
            now += length;
            assert!(!pauses.hold("b", || of("1"), now), "{seconds}");
        }
        assert!(pauses.hold("a", || of("1"), now) && !pauses.hold("a", || of("2"), now));
        assert!(!pauses.hold("a", || None, now), "it names none");
        pauses.keep(&["a".to_owned()]);
        assert!(!pauses.hold("a", || of("1"), now));
        pauses.put("b", None, now);
        assert!(!pauses.hold("a", || None, now), "two that name none are not about the same");
        pauses.remove("b");
        assert!(!pauses.hold("b", || None, now));
    }
}
