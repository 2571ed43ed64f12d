//! The conformance report: one row a point, and what all of it rests on.

use super::points::Point;
use crate::cli::console::{Colour, Console, Exit, Failure};
use serde_json::{Map, Value, json};
use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

/// What came of a point.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Seen {
    /// It is as it was asked for.
    Held {
        /// In a sentence.
        words: String,
        /// Counts and times, by name.
        figures: Map<String, Value>,
    },
    /// Nothing was asked of the partner, and why.
    NotExercised(String),
}

impl Seen {
    /// It is as asked for.
    pub(super) fn held(words: impl Into<String>) -> Self {
        Self::Held { words: words.into(), figures: Map::new() }
    }

    /// It was not asked.
    pub(super) fn not_exercised(why: impl Into<String>) -> Self {
        Self::NotExercised(why.into())
    }

    /// Adds a figure.
    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        if let Self::Held { figures, .. } = &mut self {
            figures.insert(name.to_owned(), value.into());
        }
        self
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Passed,
    Failed,
    NotExercised,
}

impl State {
    const fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NotExercised => "not_exercised",
        }
    }

    const fn shown(self) -> (&'static str, Colour) {
        match self {
            Self::Passed => ("passed", Colour::Green),
            Self::Failed => ("FAILED", Colour::Red),
            Self::NotExercised => ("not exercised", Colour::Yellow),
        }
    }
}

struct Row {
    point: Point,
    state: State,
    words: String,
    notes: Vec<String>,
    figures: Map<String, Value>,
    took: Duration,
}

/// The rows there are so far.
pub(super) struct Report {
    console: Console,
    begun: Instant,
    rows: Vec<Row>,
}

impl Report {
    pub(super) fn new(console: Console) -> Self {
        Self { console, begun: Instant::now(), rows: Vec::new() }
    }

    /// Since it was begun.
    pub(super) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Whether a point was gone through and held.
    pub(super) fn passed(&self, point: Point) -> bool {
        self.rows.iter().any(|row| row.point == point && row.state == State::Passed)
    }

    /// Goes through a point, if those before it let it say anything.
    pub(super) async fn hold(&mut self, point: Point, work: impl Future<Output = Result<Seen, Failure>>) {
        let begun = Instant::now();
        let missing = point.needs().iter().find(|need| !self.passed(**need));
        let seen = match missing {
            Some(need) => Ok(Seen::NotExercised(format!("it rests on `{}`, which did not pass", need.name()))),
            None => work.await,
        };
        self.note(point, seen, begun.elapsed());
    }

    fn note(&mut self, point: Point, seen: Result<Seen, Failure>, took: Duration) {
        let none = (Vec::new(), Map::new());
        let (state, words, (notes, figures)) = match seen {
            Ok(Seen::Held { words, figures }) => (State::Passed, words, (Vec::new(), figures)),
            Ok(Seen::NotExercised(why)) => (State::NotExercised, why, none),
            Err(failure) => (State::Failed, failure.sentence().to_owned(), (failure.notes().to_vec(), Map::new())),
        };
        let (shown, colour) = state.shown();
        let shown = self.console.paint_message(colour, &format!("{shown:13}"));
        self.console.message(format!("{shown} {:13} {words}", point.name()));
        self.rows.push(Row { point, state, words, notes, figures, took });
    }

    /// What was never come to.
    pub(super) fn end(&mut self, why: &str) {
        for point in Point::ALL {
            if !self.rows.iter().any(|row| row.point == *point) {
                self.note(*point, Ok(Seen::NotExercised(why.to_owned())), Duration::ZERO);
            }
        }
        let place = |row: &Row| Point::ALL.iter().position(|point| *point == row.point);
        self.rows.sort_by_key(place);
    }

    fn count(&self, state: State) -> usize {
        self.rows.iter().filter(|row| row.state == state).count()
    }

    /// Prints it; `basis` is what it rests on, as text and for machines.
    pub(super) fn print(&self, heading: &str, basis: &[(&'static str, String)]) -> ExitCode {
        let [passed, failed, not] = [State::Passed, State::Failed, State::NotExercised].map(|state| self.count(state));
        let conforms = passed == Point::ALL.len();
        if self.console.is_json() {
            let rows = self.rows.iter().map(Row::document).collect::<Vec<_>>();
            let basis = basis.iter().map(|(name, what)| ((*name).to_owned(), what.clone().into()));
            self.console.data(json!({
                "rehearsal": heading,
                "conforms": conforms,
                "passed": passed, "failed": failed, "not_exercised": not,
                "seconds": seconds(self.elapsed()),
                "points": rows,
                "rests_on": basis.collect::<Map<_, _>>(),
            }));
        } else {
            self.print_text(heading, basis, [passed, failed, not]);
        }
        match (failed, not) {
            (0, 0) => ExitCode::SUCCESS,
            (0, _) => ExitCode::from(Exit::TooOldToSay.code()),
            _ => ExitCode::from(Exit::NotValid.code()),
        }
    }

    fn print_text(&self, heading: &str, basis: &[(&'static str, String)], counts: [usize; 3]) {
        let [passed, failed, not] = counts;
        let say = |line: String| self.console.data(line);
        say(self.console.paint(Colour::Bold, heading));
        for row in &self.rows {
            let (shown, colour) = row.state.shown();
            say(format!("{} {}", self.console.paint(colour, &format!("{shown:13}")), row.point.name()));
            say(format!("  asked  {}", row.point.asked()));
            say(format!("  seen   {}", row.words));
            for note in &row.notes {
                say(format!("         {note}"));
            }
            say(self.console.paint(Colour::Dim, &format!("  by     {}", row.point.basis())));
        }
        let all = Point::ALL.len();
        let (word, colour) =
            if passed == all { ("conforms", Colour::Green) } else { ("does not conform", Colour::Red) };
        let (word, colour) =
            if failed == 0 && not > 0 { ("not all was exercised", Colour::Yellow) } else { (word, colour) };
        let word = self.console.paint(colour, word);
        say(format!("{word}: {passed} of {all} points passed, {failed} failed, {not} not exercised"));
        say("rests on".to_owned());
        for (name, what) in basis {
            say(format!("  {name:12} {what}"));
        }
    }
}

impl Row {
    fn document(&self) -> Value {
        json!({
            "point": self.point.name(),
            "asked": self.point.asked(),
            "by": self.point.basis(),
            "state": self.state.word(),
            "seen": self.words,
            "notes": self.notes,
            "figures": self.figures,
            "seconds": seconds(self.took),
        })
    }
}

/// Seconds with three places.
pub(super) fn seconds(took: Duration) -> f64 {
    f64::from(u32::try_from(took.as_millis()).unwrap_or(u32::MAX)) / 1_000.0
}

/// Milliseconds of the median, the slowest of ten, of a hundred and of all, as text and as figures.
pub(super) struct Percentiles {
    pub(super) count: usize,
    of: [(&'static str, f64); 4],
}

impl Percentiles {
    /// Nothing where nothing was measured.
    pub(super) fn of(mut all: Vec<Duration>) -> Option<Self> {
        all.sort_unstable();
        // The smallest that so many of a hundred do not exceed.
        let at = |percent: usize| all.get((all.len() * percent).div_ceil(100).checked_sub(1)?).copied();
        let named = |name, percent| Some((name, seconds(at(percent)?) * 1_000.0));
        let of = [named("p50_ms", 50)?, named("p90_ms", 90)?, named("p99_ms", 99)?, named("max_ms", 100)?];
        Some(Self { count: all.len(), of })
    }

    pub(super) fn onto(&self, seen: Seen, what: &str) -> Seen {
        self.of.iter().fold(seen, |seen, (name, value)| seen.with(&format!("{what}_{name}"), *value))
    }
}

impl std::fmt::Display for Percentiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [(_, p50), (_, p90), (_, p99), (_, max)] = self.of;
        write!(f, "p50 {p50:.0} ms, p90 {p90:.0} ms, p99 {p99:.0} ms, slowest {max:.0} ms")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::console::Format;

    fn report() -> Report {
        Report::new(Console::new(Format::Json))
    }

    #[test]
    #[allow(clippy::float_cmp)] // whole milliseconds are exact
    fn percentiles_are_of_what_was_measured_and_there_are_none_of_nothing() {
        assert!(Percentiles::of(Vec::new()).is_none());
        let hundred = Percentiles::of((1..=100).rev().map(Duration::from_millis).collect()).unwrap();
        assert_eq!(hundred.of.map(|(_, value)| value), [50.0, 90.0, 99.0, 100.0]);
        assert_eq!(Percentiles::of(vec![Duration::from_millis(7)]).unwrap().of.map(|(_, value)| value), [7.0; 4]);
    }

    #[tokio::test]
    async fn what_rests_on_a_point_that_failed_is_not_exercised_and_the_report_does_not_pass() {
        let mut report = report();
        report.hold(Point::Connected, async { Ok(Seen::held("there")) }).await;
        report.hold(Point::Issued, async { Ok(Seen::held("all")) }).await;
        report.hold(Point::Held, async { Err(Failure::new(Exit::Failed, "it holds nothing")) }).await;
        report.hold(Point::Cosigned, async { panic!("nobody asks") }).await;
        assert_eq!(
            report.rows.iter().map(|row| row.state).collect::<Vec<_>>(),
            [State::Passed, State::Passed, State::Failed, State::NotExercised]
        );
        report.end("not come to");
        assert_eq!(report.rows.len(), Point::ALL.len());
        assert_eq!(report.count(State::Passed), 2);
        assert_eq!(report.print("", &[]), ExitCode::from(3));
    }
}
