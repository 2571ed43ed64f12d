//! What became of the rows of a file, told in the order of the file.
//!
//! A node answers the messages it is sent as it gets through them, and what cannot be read is refused at once: each
//! answer is held until the rows before it have theirs.

use super::declares::FILED_OTHERWISE;
use crate::{
    api::client::{Refusal, wire},
    certificate::Findings,
    cli::{
        application::stage_word,
        certificate::findings_text,
        console::{Colour, Console},
        remote,
        tree::plain,
    },
};
use serde_json::json;
use std::collections::VecDeque;

/// Rows that wait for the answer of one before them, at most: more than are on their way at once.
const MOST_HELD: usize = 1024;

/// What became of a row.
#[derive(Debug)]
pub(super) enum Answer {
    Filed(Box<wire::ImportedApplication>),
    Refused {
        reason: String,
        message: String,
        findings: Findings,
    },
    /// The node did not say.
    Unsaid,
}

impl Answer {
    pub(super) fn filed(one: wire::ImportedApplication) -> Self {
        Self::Filed(Box::new(one))
    }

    pub(super) fn refused(refusal: &Refusal) -> Self {
        let findings = remote::findings(refusal);
        Self::Refused { reason: refusal.reason.clone(), message: refusal.message.clone(), findings }
    }

    pub(super) fn of(result: wire::ImportApplicationResult) -> Self {
        use wire::import_application_result::Outcome;
        match result.outcome {
            Some(Outcome::Imported(one)) => Self::filed(one),
            Some(Outcome::Error(status)) => Self::refused(&Refusal::from(&status)),
            None => Self::Unsaid,
        }
    }
}

/// What was told, and what is held.
pub(super) struct Told {
    console: Console,
    pub(super) filed: u64,
    pub(super) before: u64,
    pub(super) refused: u64,
    /// Some row was filed before with something else beside it.
    pub(super) otherwise: bool,
    /// The rows that are not told yet, with the answer of those that have one.
    held: VecDeque<(usize, Option<Answer>)>,
    /// How many are gone before them.
    gone: usize,
}

impl Told {
    pub(super) const fn new(console: Console) -> Self {
        Self { console, filed: 0, before: 0, refused: 0, otherwise: false, held: VecDeque::new(), gone: 0 }
    }

    pub(super) const fn console(&self) -> Console {
        self.console
    }

    /// A row that was read, by its number; gives its place.
    pub(super) fn read(&mut self, row: usize) -> usize {
        self.held.push_back((row, None));
        self.gone + self.held.len() - 1
    }

    /// Whether no more may be read before something is answered.
    pub(super) fn is_full(&self) -> bool {
        self.held.len() >= MOST_HELD
    }

    /// The answer to the row at a place: tells whatever it is the turn of.
    pub(super) fn answered(&mut self, place: usize, answer: Answer) {
        self.hold(place, answer);
        while let Some((row, answer)) = self.next() {
            self.tell(row, answer);
        }
    }

    /// Tells what is still held: a row without an answer does not get one any more.
    pub(super) fn finish(&mut self) {
        self.gone += self.held.len();
        for (row, answer) in std::mem::take(&mut self.held) {
            if let Some(answer) = answer {
                self.tell(row, answer);
            }
        }
    }

    fn hold(&mut self, place: usize, answer: Answer) {
        let held = place.checked_sub(self.gone).and_then(|at| self.held.get_mut(at));
        if let Some((_, held)) = held {
            *held = Some(answer);
        }
    }

    /// The next one in the order of the file, if it has its answer.
    fn next(&mut self) -> Option<(usize, Answer)> {
        let (row, answer) = self.held.front_mut()?;
        let next = (*row, answer.take()?);
        self.held.pop_front();
        self.gone += 1;
        Some(next)
    }

    fn tell(&mut self, row: usize, answer: Answer) {
        match answer {
            Answer::Filed(one) => self.tell_filed(row, &one),
            Answer::Refused { reason, message, findings } => {
                self.refused += 1;
                let reused = reason == "REQUEST_ID_REUSED";
                self.otherwise |= reused;
                let message = if reused { FILED_OTHERWISE } else { message.as_str() };
                say_refused(self.console, row, &reason, message, &findings);
            }
            Answer::Unsaid => self.refused += 1,
        }
    }

    fn tell_filed(&mut self, row: usize, one: &wire::ImportedApplication) {
        let count = if one.repeated { &mut self.before } else { &mut self.filed };
        *count += 1;
        let (console, stage) = (self.console, stage_word(one.stage()));
        let findings = Findings(one.findings.iter().map(remote::finding).collect());
        if console.is_json() {
            console.data(json!({
                "row": row, "outcome": if one.repeated { "filed before" } else { "filed" },
                "application_id": one.application_id, "stage": stage,
                "certificate_number": one.certificate_number, "findings": findings,
            }));
            return;
        }
        let before = if one.repeated { "filed before  " } else { "" };
        let number =
            if one.certificate_number.is_empty() { String::new() } else { format!("  {}", one.certificate_number) };
        console.data(format!("row {row}: {before}{}  {stage}{number}", one.application_id));
        // What was filed before was told its findings then.
        if !one.repeated {
            console.message(findings_text(console, &findings).trim_end());
        }
    }
}

fn say_refused(console: Console, row: usize, reason: &str, message: &str, findings: &Findings) {
    if console.is_json() {
        console.data(
            json!({ "row": row, "outcome": "refused", "reason": reason, "message": message, "findings": findings }),
        );
        return;
    }
    console.data(format!("row {row}: {}  {} [{reason}]", console.paint(Colour::Red, "refused"), plain(message)));
    console.raw(findings_text(console, findings).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::console::Format;

    /// A row that is refused unread, and messages that a node answers out of turn, wait for the rows before them.
    #[test]
    fn answers_are_told_in_the_order_of_the_file() {
        let mut told = Told::new(Console::new(Format::Json));
        let places = [2, 3, 5].map(|row| told.read(row));
        assert!(told.next().is_none());
        for (place, expected) in [(places[1], vec![]), (places[0], vec![2, 3]), (places[2], vec![5])] {
            told.hold(place, Answer::Unsaid);
            assert_eq!(std::iter::from_fn(|| told.next().map(|(row, _)| row)).collect::<Vec<_>>(), expected);
        }
        // One that never comes does not keep the others back for ever.
        let (lost, last) = (told.read(6), told.read(7));
        told.answered(last, Answer::Unsaid);
        assert_eq!(told.refused, 0);
        told.finish();
        told.answered(lost, Answer::Unsaid);
        assert_eq!((told.refused, told.held.len()), (1, 0));
        let after = told.read(8);
        told.answered(after, Answer::Unsaid);
        assert_eq!(told.refused, 2);
    }
}
