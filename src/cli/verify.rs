//! `origin verify`: judges a certificate with no network, or asks a node.

mod node;

use super::{
    Outcome, agreements, arguments,
    console::{Colour, Console, Exit, Failure},
    files::Source,
    scan,
};
use crate::{
    document::read::{PAPER_MAX, Paper},
    node::system::SystemClock,
    reason::Reasoned as _,
    statement::{Issuer, MAX_BUNDLE_BYTES},
    time::{Clock, Date, Timestamp},
    trust::TrustList,
    verification::{
        Equivocation, Headline, MAX_EVIDENCE_BYTES, Outcome as Came, PaperSeen, Question, Settings, Subject, Tone,
        Verdict, Verifier,
    },
};
use node::Asked;
use serde::Serialize;
use serde_json::{Value, json};
use std::{convert::Infallible, path::PathBuf, process::ExitCode, sync::Arc};

/// What is longer is no stamp, whatever follows.
const MAX_STAMP_BYTES: usize = 8 << 10;

/// Judge a certificate: who signed it, where it is logged, whether it stands and can be used
///
/// Offline by default: a token, a redacted copy of one, an evidence bundle (.coo.json), its paper as PDF, PNG or JPEG, or
/// the text of the stamp on that (CO1:…), judged by a trust list. Of a PDF the attached token is judged, and the codes on
/// its pages held to it; of a picture each stamp. What a page says besides is never shown: only what is signed is. A stamp
/// alone says what was signed and not how that stands: STAMP_AUTHENTIC at best. With the same inputs, evidence and --at the
/// answer is the same, byte for byte, for ever. With --node the node judges the file, or tells by --id or --number whether
/// it knows a certificate, and with the code of its paper what it says; that is the node's word and no proof.
///
/// Exit code 0: valid; 3: not valid, as one that a closed key signed; 5: too little or too old to say, as where the node
/// has yet to get back what it once signed; 4: the node does not answer; 64: the trust list or the evidence is not
/// accepted, and nothing was judged.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Token, evidence bundle, paper (PDF, PNG, JPEG) or stamp; `-` is standard input
    #[arg(value_name = "FILE", required_unless_present_any = ["id", "number", "evidence"], conflicts_with_all = ["id", "number"])]
    file: Option<Source>,
    /// The trust list, a signed note
    #[arg(long, value_name = "FILE", env = "ORIGIN_TRUST", required_unless_present = "node")]
    trust: Option<PathBuf>,
    /// The anchor the trust list is opened with: the federation's signers, known by another road
    #[arg(long, value_name = "FILE", env = "ORIGIN_ANCHOR", required_unless_present = "node")]
    anchor: Option<PathBuf>,
    /// The stamp of a paper, or a picture of that, to be held to the certificate: whether it is this one's and says the same
    #[arg(long, value_name = "FILE", conflicts_with_all = ["node", "id", "number"])]
    stamp: Option<Source>,
    /// The day of use, such as that of the import declaration [default: today in the importing country]
    #[arg(long, value_name = "DATE", value_parser = arguments::date)]
    as_of: Option<Date>,
    /// The instant of asking, the only clock there is [default: now]
    #[arg(long, value_name = "INSTANT", value_parser = arguments::instant, conflicts_with = "node")]
    at: Option<Timestamp>,
    /// Folder of agreement files, for their rules on late presentation; without it the signed dates decide
    #[arg(long, value_name = "DIR", conflicts_with = "node")]
    agreements: Option<PathBuf>,
    /// The customs authority that asks: it accepts only what is addressed to it, complete
    #[arg(long, value_name = "AUTHORITY", value_parser = arguments::issuer, conflicts_with = "node")]
    reader: Option<Issuer>,
    /// How old a status may be before it counts as unknown, such as 36h or 7d
    #[arg(long, value_name = "AGE", value_parser = arguments::seconds, default_value = "7d", conflicts_with = "node")]
    status_max_age: u64,
    /// Evidence that a log has shown two histories: JSON with its two signed heads as `first` and `second`, and
    /// `prefix` (null, or where their sizes differ `root` and `proof` of the longer one at the shorter size).
    /// Only what is named here is known of; may be given several times. Without a certificate it says what that proves
    #[arg(long, value_name = "FILE", conflicts_with = "node")]
    evidence: Vec<PathBuf>,
    #[command(flatten)]
    asked: Asked,
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        match (&self.asked.node, &self.file) {
            (Some(node), Some(file)) => node::judged_by(console, node, &self.asked, file, self.as_of),
            (Some(node), None) => self.asked.look_up(console, node),
            (None, Some(file)) => self.judge(console, file),
            (None, None) if !self.evidence.is_empty() => self.prove(console),
            (None, None) => Err(Failure::new(Exit::Usage, "name a file, or a node and a certificate")),
        }
    }

    fn trust(&self) -> Result<TrustList, Failure> {
        let (Some(list), Some(anchor)) = (&self.trust, &self.anchor) else {
            return Err(Failure::new(Exit::Usage, "name what is believed: --trust FILE --anchor FILE"));
        };
        arguments::open_trust(list, anchor)
    }

    /// What the evidence proves by itself.
    fn prove(&self, console: Console) -> Outcome {
        for proven in self.known(&self.trust()?)? {
            let (log, sizes) = (proven.origin().as_str(), [proven.size(), proven.longer()]);
            if console.is_json() {
                console.data(json!({ "log": log, "two_histories": true, "sizes": sizes }));
            } else {
                console.data(format!("proven: {log} has shown two histories {}", proven.parted()));
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    fn judge(&self, console: Console, file: &Source) -> Outcome {
        let trust = self.trust()?;
        let agreements = self.agreements.as_deref().map(|folder| agreements::load(Some(folder))).transpose()?;
        let input = file.read_start(PAPER_MAX)?;
        let (beside, beside_paper) = self.stamp.as_ref().map(stamps).transpose()?.unwrap_or_default();
        let question = Question {
            as_of: self.as_of,
            at: self.at.unwrap_or_else(|| SystemClock.now()),
            reader: self.reader.clone(),
            status_max_age: self.status_max_age,
            status_refused: None,
            other_history: None,
            partner_lost: None,
            own_lost: None,
        };
        let settings = Settings { equivocations: self.known(&trust)? };
        let verifier = Verifier::new(Arc::new(trust), agreements.map(Arc::new), settings);
        let paper = scan::read(&input, &file.to_string()).transpose()?;
        // What is longer than any certificate is judged by its beginning, as whatever else is none; bytes that are no text
        // are none either.
        let text = String::from_utf8_lossy(input.get(..=MAX_BUNDLE_BYTES).unwrap_or(&input));
        let as_text = || PaperSeen { certificate: Some(&text), ..PaperSeen::default() };
        let mut seen = paper.as_ref().map_or_else(as_text, Paper::seen);
        if seen.certificate.is_none() && !beside.is_empty() {
            let why = "--stamp is held to a certificate, and this paper carries none but stamps";
            return Err(Failure::new(Exit::Usage, why).help("name the bundle as FILE, and the picture with --stamp"));
        }
        seen.stamps.extend(beside.iter().map(String::as_str));
        seen.look_ups.extend(beside_paper.iter().flat_map(Paper::look_ups));
        let alone = |text: &str| Ok::<_, Infallible>(verifier.verify(text, &question));
        let Ok(verdicts) = verifier.verify_paper(&seen, &question, alone);
        match &paper {
            Some(paper) => print_paper(console, paper, &verdicts),
            None => verdicts.iter().for_each(|verdict| print(console, verdict)),
        }
        Ok(exit_code(&verdicts))
    }
}

/// Good only if each is.
fn exit_code(verdicts: &[Verdict]) -> ExitCode {
    let least = verdicts.iter().map(|verdict| verdict.headline).min().map(Headline::exit_code);
    ExitCode::from(least.unwrap_or(Exit::TooOldToSay.code()))
}

/// The stamps of a file: its text, or those on a picture, with the picture.
fn stamps(file: &Source) -> Result<(Vec<String>, Option<Paper>), Failure> {
    let bytes = file.read_start(PAPER_MAX)?;
    match scan::read(&bytes, &file.to_string()) {
        None => {
            let text = String::from_utf8_lossy(bytes.get(..=MAX_STAMP_BYTES).unwrap_or(&bytes)).into_owned();
            Ok((vec![text], None))
        }
        Some(paper) => {
            let paper = paper?;
            let stamps = paper.stamps().map(ToOwned::to_owned).collect::<Vec<_>>();
            if stamps.is_empty() {
                return Err(Failure::new(Exit::NotValid, format!("no stamp was found in `{file}`")));
            }
            Ok((stamps, Some(paper)))
        }
    }
}

/// The verdicts on a paper, and then what is said of the paper itself.
fn print_paper(console: Console, paper: &Paper, verdicts: &[Verdict]) {
    let warnings = verdicts.first().map(|verdict| warnings(verdict.to_json().as_bytes())).unwrap_or_default();
    if console.is_json() {
        let about = scan::json(paper, &warnings);
        for verdict in verdicts {
            let text = serde_json::to_string(&OnPaper { verdict, paper: &about });
            console.data(text.unwrap_or_default());
        }
        if verdicts.is_empty() {
            console.data(json!({ "headline": null, "paper": about }));
        }
        return;
    }
    if verdicts.is_empty() {
        console.data("No stamp was read: nothing of what is signed is known here.");
    }
    for (nth, verdict) in (1..).zip(verdicts) {
        if verdicts.len() > 1 {
            console.data(format!("{}Stamp {nth} of {}", if nth > 1 { "\n" } else { "" }, verdicts.len()));
        }
        print(console, verdict);
    }
    console.raw(scan::text(paper, &warnings).as_bytes());
}

/// What a verdict in its JSON form says of the paper itself.
fn warnings(verdict: &[u8]) -> Vec<(String, String)> {
    let told = serde_json::from_slice::<Value>(verdict).unwrap_or_default();
    let listed = |member: &str| told.get(member).and_then(Value::as_array).into_iter().flatten();
    let text = |value: &Value, member: &str| value.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
    let failed = |check: &&Value| {
        text(check, "name") == Subject::LookUp.as_str() && text(check, "outcome") == Came::Failed.as_str()
    };
    let look_up = listed("checks").filter(failed);
    let look_up = look_up.map(|check| (scan::FOREIGN_LOOK_UP.to_owned(), text(check, "sentence")));
    let of_page = listed("warnings").map(|warning| (text(warning, "code"), text(warning, "sentence")));
    look_up.chain(of_page.filter(|(code, _)| code.starts_with("PAGE_"))).collect()
}

/// A verdict with what is said of the paper.
#[derive(Serialize)]
struct OnPaper<'a> {
    #[serde(flatten)]
    verdict: &'a Verdict,
    paper: &'a Value,
}

impl Arguments {
    /// The evidence named, proven. What proves nothing is refused before anything is judged: who names it expects
    /// it to count.
    fn known(&self, trust: &TrustList) -> Result<Vec<Equivocation>, Failure> {
        let prove = |path: &PathBuf| {
            let text = Source::File(path.clone()).read(MAX_EVIDENCE_BYTES)?;
            Equivocation::read(trust, &text).map_err(|error| {
                let why = format!("`{}` is no evidence of two histories: {error}", path.display());
                Failure::new(Exit::Configuration, why).note(format!("reason {}", error.reason()))
            })
        };
        self.evidence.iter().map(prove).collect()
    }
}

fn print(console: Console, verdict: &Verdict) {
    if console.is_json() {
        console.data(verdict.to_json());
        return;
    }
    print_text(console, verdict.headline, &verdict.to_text());
}

const fn colour(tone: Tone) -> Colour {
    match tone {
        Tone::Good => Colour::Green,
        Tone::Unknown => Colour::Yellow,
        Tone::Bad => Colour::Red,
    }
}

/// The text of a verdict, its headline in its colour.
fn print_text(console: Console, headline: Headline, text: &str) {
    let painted = console.paint(colour(headline.tone()), headline.as_str());
    match text.strip_prefix(headline.as_str()) {
        Some(rest) => console.raw(format!("{painted}{rest}").as_bytes()),
        None => console.raw(text.as_bytes()),
    }
}
