//! `origin agreement check`: every mistake of a file of an agreement, of rules of origin, of rates or of holidays.

use crate::{
    agreement::{AgreementErrors, Agreements, Fault, Holidays, Rates},
    cli::{
        Outcome, agreements,
        console::{Colour, Console, Exit, Failure},
        files::Source,
        tree::plain,
    },
};
use serde::de::IgnoredAny;
use serde_json::json;
use std::{path::PathBuf, process::ExitCode};

/// Bytes of one file.
const MOST_BYTES: usize = 1 << 22;

/// Check a file of an agreement, of its rules of origin, of rates of exchange or of holidays, and report every mistake at once
///
/// A file of an agreement or of rules is read together with the others, in place of the one it stands for. Exit code
/// 0 if it can be used, 1 otherwise.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The TOML file; `-` is standard input
    #[arg(value_name = "FILE")]
    file: Source,
    /// Folder of the other agreement files [default: those that come with the program]
    #[arg(long, value_name = "DIR")]
    agreements: Option<PathBuf>,
}

/// What a file says it is.
#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Agreement(String),
    Rules(String),
    Rates,
    Holidays,
    Unknown,
}

fn kind(text: &str) -> Kind {
    let Ok(table) = text.parse::<toml::Table>() else { return Kind::Unknown };
    let named = |name: &str| table.get(name).and_then(|value| value.as_str()).map(str::to_owned);
    match (named("rules_of"), named("code")) {
        (Some(code), _) => Kind::Rules(code),
        (None, Some(code)) => Kind::Agreement(code),
        (None, None) if table.contains_key("rates") => Kind::Rates,
        (None, None) if table.contains_key("holidays") => Kind::Holidays,
        (None, None) => Kind::Unknown,
    }
}

/// What to say of JSON, which TOML would call a mistake of its first character. No TOML begins like it.
fn written_as_json(text: &str) -> Option<String> {
    let begins = text.trim_start().starts_with('{');
    begins.then(|| match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) => "it is JSON, and these files are TOML".to_owned(),
        Err(error) => format!("it is JSON, and these files are TOML; as JSON it does not read either: {error}"),
    })
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        let text = self.file.read_text(MOST_BYTES)?;
        let name = self.file.to_string();
        let kind = kind(&text);
        let found = match (&kind, written_as_json(&text)) {
            (_, Some(message)) => {
                Err(AgreementErrors(vec![Fault { file: name.clone(), path: String::new(), message }]))
            }
            (Kind::Rates, None) => {
                Rates::load([(name.as_str(), text.as_str())]).map(|_| "good: a file of rates".to_owned())
            }
            (Kind::Holidays, None) => {
                Holidays::load([(name.as_str(), text.as_str())]).map(|_| "good: a file of holidays".to_owned())
            }
            (kind, None) => {
                let mut all = agreements::files_of(self.agreements.as_deref())?;
                // The file takes the place of the one that says the same of itself.
                all.retain(|(_, other)| *kind == Kind::Unknown || self::kind(other) != *kind);
                all.push((name.clone(), text));
                Agreements::load(all).map(|all| said(&all, kind))
            }
        };
        match found {
            Ok(good) if console.is_json() => console.data(json!({ "good": true, "message": good, "faults": [] })),
            Ok(good) => console.data(console.paint(Colour::Green, &good)),
            Err(errors) => {
                let faults = errors.0;
                if console.is_json() {
                    let faults =
                        faults.iter().map(|one| json!({ "file": one.file, "path": one.path, "message": one.message }));
                    console.data(json!({ "good": false, "faults": faults.collect::<Vec<_>>() }));
                } else {
                    for fault in &faults {
                        let path = if fault.path.is_empty() { "the file" } else { &fault.path };
                        let file = if fault.file == name { String::new() } else { format!(" (in {})", fault.file) };
                        console.data(format!("{}{file}: {}", plain(path), plain(&fault.message)));
                    }
                }
                let mistakes =
                    if faults.len() == 1 { "1 mistake".to_owned() } else { format!("{} mistakes", faults.len()) };
                return Err(Failure::new(Exit::Failed, format!("`{name}` cannot be used: {mistakes}")));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// What a good file holds.
fn said(all: &Agreements, kind: &Kind) -> String {
    let find = |code: &str| code.parse().ok().and_then(|code| all.get(&code));
    let many = |number: usize, one: &str| if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") };
    match kind {
        Kind::Rules(code) => {
            let editions = find(code)
                .and_then(|one| one.rules.as_ref())
                .map(|rules| rules.editions.as_slice())
                .unwrap_or_default();
            let general = editions.iter().map(|one| one.general.len()).sum();
            let products = editions.iter().map(|one| one.products.len()).sum();
            format!(
                "good: rules of origin of {code}, {}, {}",
                many(general, "general rule"),
                many(products, "product rule")
            )
        }
        Kind::Agreement(code) => {
            let editions = find(code).map_or(0, |one| one.editions.len());
            format!("good: {code}, {}", many(editions, "edition"))
        }
        Kind::Rates | Kind::Holidays | Kind::Unknown => "good".to_owned(),
    }
}
