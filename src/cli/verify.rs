//! `origin verify`: judges a certificate with no network.

use super::{
    Outcome, agreements,
    arguments::{self, Trust},
    console::{Colour, Console},
    files::Source,
};
use crate::{
    node::system::SystemClock,
    statement::{Issuer, MAX_BUNDLE_BYTES},
    time::{Clock, Date, Timestamp},
    verification::{Headline, Question, Settings, Tone, Verdict, Verifier},
};
use std::{path::PathBuf, process::ExitCode, sync::Arc};

/// Judge a certificate offline: who signed it, where it is logged, whether it stands and can be used
///
/// Takes a token, a redacted copy of one, or an evidence bundle (.coo.json). With the same inputs and --at the
/// answer is the same, byte for byte, for ever. Exit code 0: valid; 3: not valid; 5: too little or too old to say;
/// 64: the trust list is not accepted, and nothing was judged.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Token or evidence bundle; `-` is standard input
    #[arg(value_name = "FILE")]
    file: Source,
    #[command(flatten)]
    trust: Trust,
    /// The day of use, such as that of the import declaration [default: today in the importing country]
    #[arg(long, value_name = "DATE", value_parser = arguments::date)]
    as_of: Option<Date>,
    /// The instant of asking, the only clock there is [default: now]
    #[arg(long, value_name = "INSTANT", value_parser = arguments::instant)]
    at: Option<Timestamp>,
    /// Folder of agreement files, for their rules on late presentation; without it the signed dates decide
    #[arg(long, value_name = "DIR")]
    agreements: Option<PathBuf>,
    /// The customs authority that asks: it accepts only what is addressed to it, complete
    #[arg(long, value_name = "AUTHORITY", value_parser = arguments::issuer)]
    reader: Option<Issuer>,
    /// How old a status may be before it counts as unknown, such as 36h or 7d
    #[arg(long, value_name = "AGE", value_parser = arguments::seconds, default_value = "7d")]
    status_max_age: u64,
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        let trust = self.trust.open()?;
        let agreements = self.agreements.as_deref().map(|folder| agreements::load(Some(folder))).transpose()?;
        let input = self.file.read(MAX_BUNDLE_BYTES)?;
        let question = Question {
            as_of: self.as_of,
            at: self.at.unwrap_or_else(|| SystemClock.now()),
            reader: self.reader,
            status_max_age: self.status_max_age,
        };
        let verifier = Verifier::new(Arc::new(trust), agreements.map(Arc::new), Settings::default());
        // Bytes that are no text are no certificate either; the verdict says so.
        let verdict = verifier.verify(&String::from_utf8_lossy(&input), &question);
        print(console, &verdict);
        Ok(ExitCode::from(verdict.exit_code()))
    }
}

fn print(console: Console, verdict: &Verdict) {
    if console.is_json() {
        console.data(verdict.to_json());
        return;
    }
    let text = verdict.to_text();
    let headline = verdict.headline.as_str();
    let painted = paint_headline(console, verdict.headline);
    match text.strip_prefix(headline) {
        Some(rest) => console.raw(format!("{painted}{rest}").as_bytes()),
        None => console.raw(text.as_bytes()),
    }
}

/// The headline in its colour.
pub(super) fn paint_headline(console: Console, headline: Headline) -> String {
    let colour = match headline.tone() {
        Tone::Good => Colour::Green,
        Tone::Unknown => Colour::Yellow,
        Tone::Bad => Colour::Red,
    };
    console.paint(colour, headline.as_str())
}
