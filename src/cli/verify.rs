//! `origin verify`: judges a certificate with no network, or asks a node.

use super::{
    Outcome, agreements, arguments,
    console::{Colour, Console, Exit, Failure},
    files::Source,
    remote::{self, TlsArguments, date_text, status_word},
};
use crate::{
    api::client::{Refusal, wire, within_deadline},
    node::system::SystemClock,
    reason::Reasoned as _,
    statement::{Issuer, Jti, MAX_BUNDLE_BYTES, OpenedBody, Presentation},
    time::{Clock, Date, Timestamp},
    trust::TrustList,
    verification::{Equivocation, Headline, MAX_EVIDENCE_BYTES, Question, Settings, Tone, Verdict, Verifier, View},
};
use serde_json::{Value, json};
use std::{path::PathBuf, process::ExitCode, sync::Arc};

/// What is longer is no stamp, whatever follows.
const MAX_STAMP_BYTES: usize = 8 << 10;
/// A code has 16 characters.
const MAX_CODE_BYTES: usize = 256;

/// Judge a certificate: who signed it, where it is logged, whether it stands and can be used
///
/// Offline by default: a token, a redacted copy of one, an evidence bundle (.coo.json) or the text of the stamp on its paper
/// (CO1:…), judged by a trust list. A stamp alone says what was signed and not how that stands: STAMP_AUTHENTIC at best.
/// With the same inputs, evidence and --at the answer is the same, byte for byte, for ever. With --node the node judges the
/// file, or tells by --id or --number whether it knows a certificate, and with the code of its paper what it says; that is
/// the node's word and no proof.
///
/// Exit code 0: valid; 3: not valid; 5: too little or too old to say; 4: the node does not answer; 64: the trust
/// list or the evidence is not accepted, and nothing was judged.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Token, evidence bundle or stamp; `-` is standard input
    #[arg(value_name = "FILE", required_unless_present_any = ["id", "number"], conflicts_with_all = ["id", "number"])]
    file: Option<Source>,
    /// The trust list, a signed note
    #[arg(long, value_name = "FILE", env = "ORIGIN_TRUST", required_unless_present = "node")]
    trust: Option<PathBuf>,
    /// The anchor the trust list is opened with: the federation's signers, known by another road
    #[arg(long, value_name = "FILE", env = "ORIGIN_ANCHOR", required_unless_present = "node")]
    anchor: Option<PathBuf>,
    /// The stamp of a paper, to be held to the certificate: whether it is this one's and says the same
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
    /// Only what is named here is known of; may be given several times
    #[arg(long, value_name = "FILE", conflicts_with = "node")]
    evidence: Vec<PathBuf>,
    #[command(flatten)]
    asked: Asked,
}

/// Asking a node instead.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Asking a node")]
struct Asked {
    /// The node's gRPC address, HOST:PORT
    #[arg(long, value_name = "ADDR", value_parser = remote::address)]
    node: Option<String>,
    #[command(flatten)]
    tls: TlsArguments,
    /// The statement's identifier
    #[arg(long, value_name = "JTI", requires = "node", requires = "issuer")]
    id: Option<Jti>,
    /// The code of its paper, the last part of the address in its first QR code: with it the node shows what it says
    /// `-` is standard input
    #[arg(long, value_name = "FILE", requires = "id")]
    code_file: Option<Source>,
    /// The certificate number, with --issued-on: who knows both has the paper in hand
    #[arg(
        long,
        value_name = "NUMBER",
        requires = "node",
        requires = "issuer",
        requires = "issued_on",
        conflicts_with = "id"
    )]
    number: Option<String>,
    /// The date of issue
    #[arg(long, value_name = "DATE", value_parser = arguments::date, requires = "number")]
    issued_on: Option<Date>,
    /// The issuing authority
    #[arg(long, value_name = "AUTHORITY", value_parser = arguments::issuer, requires = "node")]
    issuer: Option<Issuer>,
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        match (&self.asked.node, &self.file) {
            (Some(node), Some(file)) => judged_by(console, node, &self.asked.tls, file, self.as_of),
            (Some(node), None) => self.asked.look_up(console, node),
            (None, Some(file)) => self.judge(console, file),
            (None, None) => Err(Failure::new(Exit::Usage, "name a file, or a node and a certificate")),
        }
    }

    fn judge(&self, console: Console, file: &Source) -> Outcome {
        let (Some(list), Some(anchor)) = (&self.trust, &self.anchor) else {
            return Err(Failure::new(Exit::Usage, "name what is believed: --trust FILE --anchor FILE"));
        };
        let trust = arguments::open_trust(list, anchor)?;
        let agreements = self.agreements.as_deref().map(|folder| agreements::load(Some(folder))).transpose()?;
        // What is longer than any certificate is judged by its beginning, as whatever else is none.
        let input = file.read_start(MAX_BUNDLE_BYTES)?;
        let question = Question {
            as_of: self.as_of,
            at: self.at.unwrap_or_else(|| SystemClock.now()),
            reader: self.reader.clone(),
            status_max_age: self.status_max_age,
        };
        let settings = Settings { equivocations: self.known(&trust)?, ..Settings::default() };
        let verifier = Verifier::new(Arc::new(trust), agreements.map(Arc::new), settings);
        // Bytes that are no text are no certificate either; the verdict says so.
        let input = String::from_utf8_lossy(&input);
        let verdict = match &self.stamp {
            None => verifier.verify(&input, &question),
            Some(stamp) => {
                let stamp = stamp.read_start(MAX_STAMP_BYTES)?;
                verifier.verify_beside(&input, &String::from_utf8_lossy(&stamp), &question)
            }
        };
        print(console, &verdict);
        Ok(ExitCode::from(verdict.exit_code()))
    }
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
    let text = verdict.to_text();
    let painted = paint_headline(console, verdict.headline);
    match text.strip_prefix(verdict.headline.as_str()) {
        Some(rest) => console.raw(format!("{painted}{rest}").as_bytes()),
        None => console.raw(text.as_bytes()),
    }
}

/// The headline in its colour.
fn paint_headline(console: Console, headline: Headline) -> String {
    let colour = match headline.tone() {
        Tone::Good => Colour::Green,
        Tone::Unknown => Colour::Yellow,
        Tone::Bad => Colour::Red,
    };
    console.paint(colour, headline.as_str())
}

/// A node judges what is shown to it.
fn judged_by(console: Console, node: &str, tls: &TlsArguments, file: &Source, as_of: Option<Date>) -> Outcome {
    let presentation = file.read(MAX_BUNDLE_BYTES)?;
    let request =
        wire::VerifyPresentationRequest { presentation: presentation.into(), as_of: as_of.map(remote::date_to_wire) };
    let verdict = remote::converse(async {
        let connection = tls.connect(node, None).await?;
        let answer = connection.verifications().verify_presentation(within_deadline(request)).await;
        answer.map_err(|status| remote::refused(console, node, &status))
    })?;
    let verdict = verdict.into_inner().verdict.unwrap_or_default();
    if console.is_json() {
        console.raw(&verdict.verdict_json);
        console.data("");
    } else {
        node_verdict(console, node, &verdict);
    }
    // The node's word for its own verdict; anything but the three codes of a verdict is none.
    match u8::try_from(verdict.exit_code) {
        Ok(code @ (0 | 3 | 5)) => Ok(ExitCode::from(code)),
        _ => Err(Failure::new(Exit::Failed, format!("the node {node} gave a verdict without its code"))),
    }
}

fn node_verdict(console: Console, node: &str, verdict: &wire::Verdict) {
    let headline = Headline::ALL.into_iter().find(|one| one.as_str() == verdict.headline);
    console.data(headline.map_or_else(|| super::tree::plain(&verdict.headline), |one| paint_headline(console, one)));
    let whole = serde_json::from_slice::<Value>(&verdict.verdict_json).unwrap_or_default();
    if let Some(sentence) = whole.get("sentence").and_then(Value::as_str) {
        console.data(super::tree::plain(sentence));
    }
    for check in &verdict.checks {
        let word = match check.outcome() {
            wire::CheckOutcome::Passed => "passed",
            wire::CheckOutcome::Failed => "failed",
            wire::CheckOutcome::Unknown | wire::CheckOutcome::Unspecified => "unknown",
        };
        console.data(format!("  {word:8} {:13} {}", check.name, super::tree::plain(&check.sentence)));
        if !check.next.is_empty() {
            console.data(format!("{:25}what to do: {}", "", super::tree::plain(&check.next)));
        }
    }
    for (member, heading) in [("stamp", "Stamp as signed"), ("certificate", "Certificate as signed")] {
        if let Some(shown) = whole.get(member).filter(|shown| !shown.is_null()) {
            console.data(format!("\n{heading}"));
            console.raw(super::tree::render(shown).as_bytes());
        }
    }
    console.message(format!("judged by {node}, by its own trust list and clock"));
}

impl Asked {
    fn look_up(&self, console: Console, node: &str) -> Outcome {
        use wire::look_up_certificate_request::Name;
        let name = match (&self.id, &self.number, self.issued_on) {
            (Some(id), ..) => Name::Jti(id.to_string()),
            (None, Some(number), Some(date)) => Name::Number(wire::NumberAndDate {
                number: number.clone(),
                issued_on: Some(remote::date_to_wire(date)),
            }),
            _ => return Err(Failure::new(Exit::Usage, "name the certificate: --id, or --number with --issued-on")),
        };
        let issuer = self.issuer.as_ref().map(ToString::to_string).unwrap_or_default();
        // Not an argument, which others on this machine may read.
        let code = self.code_file.as_ref().map(|file| file.read_text(MAX_CODE_BYTES)).transpose()?;
        let code = code.unwrap_or_default().trim().to_owned();
        let request = wire::LookUpCertificateRequest { issuer, name: Some(name), code };
        let answer = remote::converse(async {
            let connection = self.tls.connect(node, None).await?;
            let answer = connection.verifications().look_up_certificate(within_deadline(request)).await;
            answer.map(tonic::Response::into_inner).map_err(|status| {
                if Refusal::from(&status).reason == "CERTIFICATE_UNKNOWN" {
                    return Failure::new(Exit::NotValid, format!("the node {node} knows no such certificate"));
                }
                remote::refused(console, node, &status)
            })
        })?;
        let status = answer.status();
        let good = status == wire::CertificateStatus::Valid;
        if console.is_json() {
            console.data(json!({
                "issuer": answer.issuer, "jti": answer.jti,
                "issued_on": date_text(answer.issued_on.as_ref()),
                "valid_from": date_text(answer.valid_from.as_ref()),
                "valid_until": answer.valid_until.as_ref().map(|date| date_text(Some(date))),
                "status": status_word(status).replace(' ', "_"),
                "token": (!answer.token.is_empty()).then(|| String::from_utf8_lossy(&answer.token)),
            }));
        } else {
            let colour = if good { Colour::Green } else { Colour::Red };
            console.data(console.paint(colour, status_word(status)));
            let until =
                answer.valid_until.as_ref().map_or_else(|| "no limit stated".to_owned(), |date| date_text(Some(date)));
            for (label, value) in [
                ("issuer", answer.issuer.clone()),
                ("id", answer.jti.clone()),
                ("issued on", date_text(answer.issued_on.as_ref())),
                ("valid", format!("{} to {until}", date_text(answer.valid_from.as_ref()))),
            ] {
                console.data(format!("  {label:12}{}", super::tree::plain(&value)));
            }
            if let Some(view) = whole(&answer.token) {
                console.raw(format!("\n{}", view.to_text()).as_bytes());
            }
            console.message(format!("the word of {node}, and no proof: ask the holder for the evidence bundle"));
        }
        Ok(if good { ExitCode::SUCCESS } else { ExitCode::from(Exit::NotValid.code()) })
    }
}

/// What a token that a node told says.
fn whole(token: &[u8]) -> Option<View> {
    let presentation = Presentation::parse(std::str::from_utf8(token).ok()?).ok()?;
    match presentation.open().ok()?.body {
        OpenedBody::Certificate(certificate) => Some(View::new(certificate)),
        _ => None,
    }
}
