//! One line a row: what became of it.

use super::{ledger::Done, patience::waiting};
use crate::{
    certificate::Findings,
    cli::{
        certificate::findings_text,
        console::{Colour, Console},
    },
    reason::counted,
};
use indicatif::ProgressBar;
use serde_json::{Value, json};
use std::path::Path;

/// The rule by which a node warns that its trust list has run out.
const TRUST_STALE: &str = "TRUST_STALE";

/// Why a row was not issued.
#[derive(Debug, Clone, Default)]
pub(super) struct Refused {
    /// The stable reason.
    pub(super) reason: String,
    /// One sentence.
    pub(super) message: String,
    /// What the rules said.
    pub(super) findings: Findings,
    /// What mends it.
    pub(super) help: Option<String>,
}

/// Prints results as they come and counts them.
pub(super) struct Report {
    console: Console,
    bar: ProgressBar,
    issued: u64,
    before: u64,
    refused: u64,
    /// Whether it was said that the node's trust list has run out: it is so for every row.
    stale: bool,
}

impl Report {
    pub(super) const fn new(console: Console, bar: ProgressBar) -> Self {
        Self { console, bar, issued: 0, before: 0, refused: 0, stale: false }
    }

    /// A row is issued; `before` if that was known from an earlier run.
    pub(super) fn issued(&mut self, row: usize, done: &Done, before: bool, warnings: &Findings) {
        let word = if before { "issued before" } else { "issued" };
        *(if before { &mut self.before } else { &mut self.issued }) += 1;
        if self.console.is_json() {
            self.print(&json!({
                "row": row,
                "outcome": "issued",
                "before": before,
                "number": done.number,
                "jti": done.jti,
                "log": done.log,
                "index": done.index,
                "issued_on": done.issued_on,
                "warnings": warnings,
            }));
        } else {
            let word = self.console.paint(Colour::Green, word);
            self.line(&format!("row {row}: {word}  {}  {}  {}", done.number, done.jti, done.issued_on));
            self.lines(&findings_text(self.console, &Self::of_the_row(warnings)));
        }
        self.say_if_stale(warnings);
        self.bar.inc(1);
    }

    /// What is to be said of the row, and not of the node.
    fn of_the_row(warnings: &Findings) -> Findings {
        Findings(warnings.iter().filter(|finding| finding.rule != TRUST_STALE).cloned().collect())
    }

    fn say_if_stale(&mut self, warnings: &Findings) {
        let Some(finding) = warnings.iter().find(|finding| finding.rule == TRUST_STALE) else { return };
        if !std::mem::replace(&mut self.stale, true) {
            let help = finding.help.as_deref().map(|help| format!("; {help}")).unwrap_or_default();
            self.message(&format!("warning: {}{help}", finding.message));
        }
    }

    /// A row is not issued.
    pub(super) fn row_refused(&mut self, row: usize, why: &Refused) {
        self.refused += 1;
        if self.console.is_json() {
            self.print(&json!({
                "row": row,
                "outcome": "refused",
                "reason": why.reason,
                "message": why.message,
                "findings": why.findings,
                "help": why.help,
            }));
        } else {
            let word = self.console.paint(Colour::Red, "refused");
            // A refusal's sentence is its first finding, which follows with its rule and its help.
            let said = why.findings.iter().any(|finding| why.message.contains(&finding.message));
            let message = if said { "by the rules" } else { why.message.as_str() };
            self.line(&format!("row {row}: {word}  {message} [{}]", why.reason));
            self.lines(&findings_text(self.console, &why.findings));
            if let Some(help) = &why.help {
                self.line(&format!("      help: {help}"));
            }
        }
        self.bar.inc(1);
    }

    /// A bundle was written.
    pub(super) fn bundle(&self, number: &str, path: &Path) {
        if self.console.is_json() {
            self.print(&json!({ "bundle": path.display().to_string(), "number": number }));
        }
    }

    /// So many bundles came before the partners had cosigned.
    pub(super) fn awaiting(&self, bundles: usize) {
        self.message(&format!(
            "note: {} NOT_COSIGNED until then; the same command fetches again what waits",
            counted(
                bundles,
                "bundle waits for the partners' cosignatures and verifies as",
                "bundles wait for the partners' cosignatures and verify as"
            )
        ));
    }

    /// The node asks for patience: why, and for how long it is asked again.
    pub(super) fn waits(&self, why: &str, left: &str) {
        self.message(&waiting(why, left));
        self.bar.set_message(format!("waits for the node, for up to {left}"));
    }

    /// The node takes rows again.
    pub(super) fn goes_on(&self) {
        self.bar.set_message("");
    }

    /// A message beside the bar.
    pub(super) fn message(&self, text: &str) {
        self.bar.suspend(|| self.console.message(text));
    }

    pub(super) const fn console(&self) -> Console {
        self.console
    }

    pub(super) const fn refused(&self) -> u64 {
        self.refused
    }

    /// Rows that have an answer.
    pub(super) const fn answered(&self) -> u64 {
        self.issued + self.before + self.refused
    }

    /// The counts at the end.
    pub(super) fn summary(&self) {
        let before = if self.before == 0 { String::new() } else { format!(", {} issued before", self.before) };
        self.console.message(format!("{} issued{before}, {} refused", self.issued, self.refused));
    }

    fn print(&self, value: &Value) {
        self.line(&value.to_string());
    }

    fn lines(&self, text: &str) {
        if !text.is_empty() {
            self.line(text.trim_end_matches('\n'));
        }
    }

    fn line(&self, text: &str) {
        self.bar.suspend(|| self.console.data(text));
    }
}
