//! `origin certificate check`: everything there is to say about a file before it is sent.

use crate::{
    agreement::{Agreements, Lists},
    certificate::{Asked, Finding, Findings, Particulars, Severity},
    cli::{
        Outcome, agreements, arguments,
        console::{Colour, Console, Exit},
        files::Source,
        list::ListsArgument,
        rows::{Row, Rows},
        tree::plain,
    },
    time::Date,
};
use serde_json::json;
use std::{convert::Infallible, fmt::Write, path::PathBuf, process::ExitCode};

/// Check a certificate file, or JSON lines of many, and report every finding at once
///
/// Exit code 0 if nothing forbids issue (there may be warnings), 1 otherwise.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// TOML or JSON of one certificate, or JSON lines of many; `-` is standard input
    #[arg(value_name = "FILE")]
    file: Source,
    /// The day of issue to judge by [default: today in the time zone of this machine]
    #[arg(long, value_name = "DATE", value_parser = arguments::date)]
    on: Option<Date>,
    /// Folder of agreement files [default: those that come with the program]
    #[arg(long, value_name = "DIR")]
    agreements: Option<PathBuf>,
    #[command(flatten)]
    lists: ListsArgument,
    /// The day the goods really left, learnt after issue: was the certificate to be marked as late?
    #[arg(long, value_name = "DATE", value_parser = arguments::date)]
    departed: Option<Date>,
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        let agreements = agreements::load(self.agreements.as_deref())?;
        let on = self.on.unwrap_or_else(arguments::today);
        let lists = self.lists.read()?;
        let rows = Rows::open(&self.file)?;
        let many = rows.are_lines();
        let (mut good, mut bad) = (0_u64, 0_u64);
        for row in rows {
            let row = row?;
            let findings = judge(&row, &agreements, &lists, (on, self.departed));
            let issuable = !findings.has_errors();
            if issuable {
                good += 1;
            } else {
                bad += 1;
            }
            if console.is_json() {
                console.data(json!({ "row": row.number, "issuable": issuable, "findings": findings }));
            } else {
                let head = if many { format!("row {}: ", row.number) } else { String::new() };
                let summary = summary(&findings);
                let verdict = match (issuable, findings.is_empty()) {
                    (true, true) => console.paint(Colour::Green, "nothing to say against it"),
                    (true, false) => console.paint(Colour::Green, "can be issued") + &format!("; {summary}"),
                    (false, _) => console.paint(Colour::Red, "cannot be issued") + &format!("; {summary}"),
                };
                console.data(format!("{head}{verdict}"));
                console.raw(findings_text(console, &findings).as_bytes());
            }
        }
        if many {
            console.message(format!("{good} can be issued, {bad} cannot; judged as of {on}"));
        } else {
            console.message(format!("judged as of {on}"));
        }
        Ok(if bad == 0 { ExitCode::SUCCESS } else { ExitCode::from(Exit::Failed.code()) })
    }
}

fn judge(row: &Row, agreements: &Agreements, lists: &Lists, (on, departed): (Date, Option<Date>)) -> Findings {
    let reading = row.read();
    let mut said = reading.findings;
    let rules = |particulars: &Particulars, said| by_the_rules(particulars, agreements, lists, (on, departed), said);
    let Some(particulars) = &reading.particulars else {
        let rules = |particulars: Particulars, more| Ok::<_, Infallible>(rules(&particulars, more));
        let Ok(()) = agreements.say_the_rest(&row.unread(), on, None, &mut said, rules);
        return said;
    };
    rules(particulars, said)
}

/// What there is to say of a row that is issued on a day.
pub(in crate::cli) fn judge_row(row: &Row, agreements: &Agreements, lists: &Lists, on: Date) -> Findings {
    judge(row, agreements, lists, (on, None))
}

/// Adds what the agreement and the lists say, and names the boxes.
fn by_the_rules(
    particulars: &Particulars,
    agreements: &Agreements,
    lists: &Lists,
    (on, departed): (Date, Option<Date>),
    mut findings: Findings,
) -> Findings {
    match agreements.get(&particulars.agreement) {
        Some(agreement) => {
            findings.extend(agreement.judge(particulars, on, lists.holidays()).findings);
            agreement.check_codes(particulars, on, lists, &mut findings);
            if let Some(departed) = departed {
                findings.extend(agreement.judge_later(particulars, on, lists.holidays(), departed));
            }
            agreement.name_boxes(&mut findings, &Asked::of(particulars), on);
        }
        None => {
            let known = agreements.iter().map(|one| one.code.as_str()).collect::<Vec<_>>().join(", ");
            let message = format!("there is no agreement `{}` here", particulars.agreement);
            let finding = Finding::error("AGREEMENT_UNKNOWN", "agreement", message);
            findings.push(finding.with_help(format!("known are {known}")));
            lists.check_without_rules(particulars, on, &mut findings);
        }
    }
    findings
}

fn summary(findings: &Findings) -> String {
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let say = |number: usize, one: &str, many: &str| match number {
        0 => None,
        1 => Some(format!("1 {one}")),
        number => Some(format!("{number} {many}")),
    };
    [
        say(count(Severity::Error), "error", "errors"),
        say(count(Severity::Warning), "warning", "warnings"),
        say(count(Severity::Unknown), "rule that cannot be judged", "rules that cannot be judged"),
    ]
    .into_iter()
    .flatten()
    .collect::<Vec<_>>()
    .join(", ")
}

/// Findings as lines for people: the gravest first, each with its path, rule and article.
pub(in crate::cli) fn findings_text(console: Console, findings: &Findings) -> String {
    let mut sorted = findings.iter().filter(|finding| finding.severity != Severity::Unknown).collect::<Vec<_>>();
    sorted.sort_by_key(|finding| finding.severity);
    let mut out = String::new();
    for finding in sorted {
        let (colour, word) = match finding.severity {
            Severity::Error => (Colour::Red, "error"),
            Severity::Warning | Severity::Unknown => (Colour::Yellow, "warning"),
        };
        let path = if finding.path.is_empty() { "the file" } else { &finding.path };
        // Writing to a String cannot fail.
        let _ = writeln!(out, "  {} {}: {}", console.paint(colour, word), plain(path), message(&finding.message));
        let article = finding.article.as_ref().map(|article| format!("; {}", plain(article))).unwrap_or_default();
        let form_box = finding.form_box.as_ref().map(|one| format!("; box {}", plain(one))).unwrap_or_default();
        let _ = writeln!(out, "      rule {}{form_box}{article}", finding.rule);
        if let Some(help) = &finding.help {
            let _ = writeln!(out, "      help: {}", plain(help));
        }
    }
    if let Some(line) = not_known(findings) {
        let _ = writeln!(out, "  {}", console.paint(Colour::Dim, &line));
    }
    out
}

/// What could not be judged, in one line behind what was: it is the data that is at fault, and seldom the file. One alone
/// says why, and each of several in JSON.
pub(in crate::cli) fn not_known(findings: &Findings) -> Option<String> {
    let unknown = findings.iter().filter(|finding| finding.severity == Severity::Unknown).collect::<Vec<_>>();
    let told = match unknown.as_slice() {
        [] => return None,
        [only] => {
            let path = if only.path.is_empty() { "the file" } else { &only.path };
            format!("{}: {} [{}]", plain(path), message(&only.message), only.rule)
        }
        several => {
            let mut rules = several.iter().map(|finding| finding.rule.as_str()).collect::<Vec<_>>();
            rules.sort_unstable();
            rules.dedup();
            format!("{} (--format json says each)", rules.join(", "))
        }
    };
    Some(format!("not known to the data: {told}"))
}

/// A message keeps its lines, set in: a syntax error shows the place under the text.
fn message(text: &str) -> String {
    text.lines().map(|line| line.replace(|c: char| c.is_control(), " ")).collect::<Vec<_>>().join("\n      ")
}
