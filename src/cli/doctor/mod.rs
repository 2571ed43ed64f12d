//! `origin doctor`: looks at everything a node rests on, and says what to do before it hurts.

mod alarms;
mod data;
mod disk;
mod doors;
mod own_logs;
mod papers;
mod partners;
mod printing;
mod stored;

use super::{
    Outcome,
    account::OperatorDoor,
    console::{Colour, Console, Exit},
};
use crate::{
    node::{self, Faults, NodeError, system::SystemClock},
    reason::some_of,
    time::{Clock, Timestamp},
};
use serde_json::json;
use std::{collections::BTreeSet, path::Path, process::ExitCode};

/// Look at what a node rests on: clock, disk, keys, TLS, trust list, listeners, logs, partners, fonts
///
/// Changes nothing; writes and removes one small file to time the disk. Exit code 1 if something has to be mended.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    door: OperatorDoor,
}

/// How one look came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Good,
    Warning,
    Bad,
}

impl State {
    const fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Bad => "bad",
        }
    }

    const fn colour(self) -> Colour {
        match self {
            Self::Good => Colour::Green,
            Self::Warning => Colour::Yellow,
            Self::Bad => Colour::Red,
        }
    }
}

/// One look.
#[derive(Debug, Clone)]
struct Look {
    what: &'static str,
    state: State,
    sentence: String,
    help: Option<String>,
    /// Whether it is judged by the day that the clock shows.
    by_clock: bool,
}

impl Look {
    fn new(what: &'static str, state: State, sentence: impl Into<String>) -> Self {
        Self { what, state, sentence: sentence.into(), help: None, by_clock: false }
    }

    fn good(what: &'static str, sentence: impl Into<String>) -> Self {
        Self::new(what, State::Good, sentence)
    }

    fn warning(what: &'static str, sentence: impl Into<String>) -> Self {
        Self::new(what, State::Warning, sentence)
    }

    fn bad(what: &'static str, sentence: impl Into<String>) -> Self {
        Self::new(what, State::Bad, sentence)
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    fn by_clock(mut self) -> Self {
        self.by_clock = true;
        self
    }
}

/// What is said of a clock that is wrong comes first, and what is judged by the day that it shows waits for it: nobody makes a
/// key for a year that it is not, or has the next of a list that has not ended.
fn clock_first(mut looks: Vec<Look>) -> Vec<Look> {
    if looks.iter().any(|look| look.what == CLOCK && look.state == State::Bad) {
        for look in looks.iter_mut().filter(|look| look.by_clock && look.state != State::Good) {
            look.help = Some("set the clock first, and look again: this is judged by the day that it shows".to_owned());
        }
    }
    looks.sort_by_key(|look| look.what != CLOCK || look.state == State::Good);
    looks
}

/// What the looks at this machine's clock are called.
const CLOCK: &str = "clock";

/// Days within which something that ends is worth a word.
const SOON_DAYS: i64 = 30;

/// How an end in time is looked at.
fn until(what: &'static str, name: &str, end: Timestamp, now: Timestamp) -> Look {
    let days = end.duration_since(now).as_secs() / 86_400;
    let look = if end <= now {
        Look::bad(what, format!("{name} ended {end}"))
    } else if days < SOON_DAYS {
        Look::warning(what, format!("{name} ends {end}, in {days} days"))
    } else {
        Look::good(what, format!("{name} holds until {end}, {days} days from now"))
    };
    look.by_clock()
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        let configuration = self.door.configuration()?;
        let now = SystemClock.now();
        let mut looks = vec![Look::good("configuration", "reads without a mistake")];
        looks.extend(papers::look(&configuration, self.door.config(), now));
        let (doors, running) = doors::look(console, &self.door, &configuration);
        // What runs has read its own journals, and goes on writing them.
        let data = if running { data::Looked::default() } else { data::look(&configuration, now) };
        looks.extend(start(self.door.config(), &data.own));
        looks.extend(disk::look(&configuration));
        looks.extend(printing::look(&configuration));
        looks.extend(doors);
        looks.extend(data.own);
        looks.extend(data.partners);
        looks.extend(partners::look(console, &self.door, &configuration, running, now));
        let looks = clock_first(looks);
        let worst = looks.iter().map(|look| look.state).max().unwrap_or(State::Good);
        for look in &looks {
            print(console, look);
        }
        Ok(if worst == State::Bad { ExitCode::from(Exit::Failed.code()) } else { ExitCode::SUCCESS })
    }
}

/// What `origin check-config` says, in its own words: a node that it refuses is not well. Nor is one whose data a start
/// refuses.
fn start(config: &Path, data: &[Look]) -> Vec<Look> {
    let (start, work) = match node::check(config) {
        Ok(_) => (Vec::new(), Vec::new()),
        Err(Faults { start, work }) => (start, work),
    };
    let refused = data.iter().filter(|look| look.state == State::Bad).map(|look| look.what).collect::<BTreeSet<_>>();
    let opens = start.is_empty().then(|| {
        if refused.is_empty() {
            Look::good("start", "everything a start opens, opens")
        } else {
            Look::bad("start", format!("it is refused: see {} below", some_of(&refused)))
        }
    });
    let bad = |what| move |fault: &NodeError| Look::bad(what, fault.to_string());
    opens.into_iter().chain(start.iter().map(bad("start"))).chain(work.iter().map(bad("work"))).collect()
}

fn print(console: Console, look: &Look) {
    let word = look.state.word();
    if console.is_json() {
        console.data(json!({ "what": look.what, "state": word, "sentence": look.sentence, "help": look.help }));
        return;
    }
    let painted = console.paint(look.state.colour(), &format!("{word:8}"));
    console.data(format!("{painted}{:14}{}", look.what, look.sentence));
    if let Some(help) = &look.help {
        console.data(format!("{:22}help: {help}", ""));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_the_clock_is_wrong_that_comes_first_and_what_is_judged_by_it_waits() {
        let looks = |clock: Look| {
            let (end, now) = ("2026-11-22T00:00:00Z".parse().unwrap(), "2027-11-22T00:00:00Z".parse().unwrap());
            let key = Look::bad("keys", "it is listed no more").help("list it");
            let list = until("trust list", "it", end, now).help("install");
            let looks = clock_first(vec![Look::good(CLOCK, "it shows"), list, key, clock]);
            looks.into_iter().map(|look| (look.what, look.help.unwrap_or_default())).collect::<Vec<_>>()
        };
        let waits = "set the clock first, and look again: this is judged by the day that it shows";
        let told = |what, help: &str| (what, help.to_owned());
        let rest = |help| [told(CLOCK, ""), told("trust list", help), told("keys", "list it")];
        let found = looks(Look::bad(CLOCK, "it is off").help("set it"));
        assert_eq!(found, [&[told(CLOCK, "set it")][..], &rest(waits)].concat());
        let found = looks(Look::warning(CLOCK, "it is off").help("set it"));
        assert_eq!(found, [&[told(CLOCK, "set it")][..], &rest("install")].concat());
        let found = looks(Look::good(CLOCK, "the node's"));
        assert_eq!(found, [&rest("install")[..], &[told(CLOCK, "")]].concat());
    }

    #[test]
    fn an_end_is_good_then_near_then_past() {
        let now: Timestamp = "2026-11-22T00:00:00Z".parse().unwrap();
        let state = |end: &str| until("x", "x", end.parse().unwrap(), now).state;
        assert_eq!(state("2027-11-22T00:00:00Z"), State::Good);
        assert_eq!(state("2026-12-20T00:00:00Z"), State::Warning);
        assert_eq!(state("2026-11-22T00:00:00Z"), State::Bad);
    }
}
