//! `origin verify --node`: the word of a node on a file, or on a certificate that is named.

use super::{colour, exit_code, print_paper, print_text, warnings};
use crate::{
    api::{
        MAX_PAPER,
        client::{Refusal, wire, within_deadline},
    },
    cli::{
        Outcome, arguments,
        console::{Console, Exit, Failure},
        files::Source,
        remote::{self, TlsArguments, date_text, status_word},
        scan, tree,
    },
    document::read::PAPER_MAX,
    statement::{Issuer, Jti, OpenedBody, Presentation},
    time::Date,
    verification::{Headline, Tone, Verdict, View},
};
use serde_json::{Value, json};
use std::process::ExitCode;

/// A code has 16 characters.
const MAX_CODE_BYTES: usize = 256;
/// What helps who asks a node of an authority that it does not host.
const ASK_ITS_ISSUER: &str = "a node tells by name of what its own authorities issued: ask that of the issuer, which origin trust show \
                              names, or have the holder show the evidence bundle, which any node judges; customs look up what arrived with \
                              origin customs show";

/// Asking a node instead.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Asking a node")]
pub(super) struct Asked {
    /// The node's gRPC address, HOST:PORT
    #[arg(long, value_name = "ADDR", value_parser = remote::address)]
    pub(super) node: Option<String>,
    #[command(flatten)]
    tls: TlsArguments,
    /// The statement's identifier
    #[arg(long, value_name = "JTI", value_parser = arguments::jti, requires = "node", requires = "issuer")]
    id: Option<Jti>,
    /// The code of its paper, the last part of the address in its smaller QR code: with it the node shows what it says;
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

/// A node judges what is shown to it.
pub(super) fn judged_by(console: Console, node: &str, asked: &Asked, file: &Source, as_of: Option<Date>) -> Outcome {
    let presentation = file.read_start(PAPER_MAX)?;
    // What is refused here is not sent.
    let paper = scan::read(&presentation, &file.to_string()).transpose()?;
    if presentation.len() > MAX_PAPER {
        let why = format!("`{file}` is longer than {MAX_PAPER} bytes, the most that a node takes");
        return Err(Failure::new(Exit::Failed, why).help("judge it here: --trust FILE --anchor FILE instead of --node"));
    }
    // The node draws no pages: it is told what was read on them.
    let pages = paper.as_ref().filter(|paper| paper.drawn).map(|paper| wire::PageCodes {
        stamps: paper.stamps().map(ToOwned::to_owned).collect(),
        look_ups: paper.look_ups().map(ToOwned::to_owned).collect(),
    });
    let request = wire::VerifyPresentationRequest {
        presentation: presentation.into(),
        as_of: as_of.map(remote::date_to_wire),
        pages,
    };
    let verdict = remote::converse(async {
        let connection = asked.tls.connect(node, None).await?;
        let answer = connection.verifications().verify_presentation(within_deadline(request)).await;
        answer.map_err(|status| remote::refused(console, node, &status))
    })?;
    let wire::VerifyPresentationResponse { verdict, further, .. } = verdict.into_inner();
    let Some(verdict) = verdict else {
        let Some(paper) = &paper else {
            return Err(Failure::new(Exit::Failed, format!("the node {node} gave no verdict")));
        };
        print_paper(console, paper, &[]);
        return Ok(exit_code(&[]));
    };
    let all = [&verdict].into_iter().chain(&further).collect::<Vec<_>>();
    let warnings = warnings(&verdict.verdict_json);
    for (nth, one) in (1..).zip(&all) {
        if console.is_json() {
            let about = paper.as_ref().map(|paper| scan::json(paper, &warnings));
            console.data(with_paper(&one.verdict_json, about.as_ref()));
            continue;
        }
        if all.len() > 1 {
            console.data(format!("{}Stamp {nth} of {}", if nth > 1 { "\n" } else { "" }, all.len()));
        }
        print(console, one);
    }
    if let (Some(paper), false) = (&paper, console.is_json()) {
        console.raw(scan::text(paper, &warnings).as_bytes());
    }
    console.message(format!("judged by {node}, by its own trust list and clock"));
    // The node's word for its own verdict, the least good first; anything but the three codes of a verdict is none.
    match u8::try_from(verdict.exit_code) {
        Ok(code @ (0 | 3 | 5)) => Ok(ExitCode::from(code)),
        _ => Err(Failure::new(Exit::Failed, format!("the node {node} gave a verdict without its code"))),
    }
}

/// The JSON of a verdict with that of its paper as a member more.
fn with_paper(verdict: &[u8], about: Option<&Value>) -> String {
    let verdict = String::from_utf8_lossy(verdict).into_owned();
    match (about, verdict.trim_end().strip_suffix('}')) {
        (Some(about), Some(open)) => format!("{open},\"paper\":{about}}}"),
        _ => verdict,
    }
}

fn print(console: Console, verdict: &wire::Verdict) {
    let headline = Headline::ALL.into_iter().find(|one| one.as_str() == verdict.headline);
    let text = Verdict::text_of(&verdict.verdict_json).map(|text| {
        // What a node sends is no more trusted to be plain than to be true.
        let line = |line: &str| {
            let indent = line.len() - line.trim_start_matches(' ').len();
            format!("{:indent$}{}\n", "", tree::plain(line))
        };
        text.lines().map(line).collect::<String>()
    });
    match (headline, text) {
        (Some(headline), Some(text)) => print_text(console, headline, &text),
        // Of a node that says more than this program knows.
        _ => {
            console.data(tree::plain(&verdict.headline));
            for check in &verdict.checks {
                let came = check.outcome().as_str_name().rsplit('_').next().unwrap_or_default().to_lowercase();
                console.data(format!("  {came:8} {:13} {}", tree::plain(&check.name), tree::plain(&check.sentence)));
            }
        }
    }
}

impl Asked {
    pub(super) fn look_up(&self, console: Console, node: &str) -> Outcome {
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
            answer
                .map(tonic::Response::into_inner)
                .map_err(|status| not_told(node, &Refusal::from(&status), || remote::refused(console, node, &status)))
        })?;
        let status = answer.status();
        // Whether a paper still stands is not known here.
        let (tone, word) = match status {
            _ if answer.on_paper => (Tone::Good, "registered on paper"),
            status => (tone(status), status_word(status)),
        };
        if console.is_json() {
            console.data(json!({
                "issuer": answer.issuer, "jti": answer.jti,
                "issued_on": date_text(answer.issued_on.as_ref()),
                "valid_from": date_text(answer.valid_from.as_ref()),
                "valid_until": answer.valid_until.as_ref().map(|date| date_text(Some(date))),
                "status": word.replace(' ', "_"),
                "why": (!answer.why.is_empty()).then_some(&answer.why),
                "erased": answer.erased,
                "successor": (!answer.successor_jti.is_empty()).then_some(&answer.successor_jti),
                "token": (!answer.token.is_empty()).then(|| String::from_utf8_lossy(&answer.token)),
            }));
        } else {
            console.data(console.paint(colour(tone), word));
            let until =
                answer.valid_until.as_ref().map_or_else(|| "no limit stated".to_owned(), |date| date_text(Some(date)));
            for (label, value) in [
                ("issuer", answer.issuer.clone()),
                ("id", answer.jti.clone()),
                ("issued on", issued_on(&answer)),
                ("valid", format!("{} to {until}", date_text(answer.valid_from.as_ref()))),
            ] {
                console.data(format!("  {label:12}{}", tree::plain(&value)));
            }
            for (label, value) in [("replaced by", &answer.successor_jti), ("because", &answer.why)] {
                if !value.is_empty() {
                    console.data(format!("  {label:12}{}", tree::plain(value)));
                }
            }
            if let Some(view) = whole(&answer.token) {
                console.raw(format!("\n{}", view.to_text()).as_bytes());
            }
            console.message(format!("the word of {node}, and no proof: ask the holder for the evidence bundle"));
        }
        Ok(match tone {
            Tone::Good => ExitCode::SUCCESS,
            Tone::Unknown => ExitCode::from(Exit::TooOldToSay.code()),
            Tone::Bad => ExitCode::from(Exit::NotValid.code()),
        })
    }
}

/// Why a node says nothing of a certificate that is named, which may be its word; else it is as of any call.
fn not_told(node: &str, refusal: &Refusal, refused: impl FnOnce() -> Failure) -> Failure {
    match refusal.reason.as_str() {
        // It says what it lost, where that may be this one.
        "CERTIFICATE_UNKNOWN" => {
            Failure::new(Exit::NotValid, format!("the node {node} says: {}", tree::plain(&refusal.message)))
        }
        "ENTRY_LOST" => Failure::new(Exit::NotValid, tree::plain(&refusal.message)).note("reason ENTRY_LOST"),
        // What it lost may be among what it has yet to get back.
        "OWN_HISTORY_UNKNOWN" | "OWN_HISTORY_MISSING" | "OWN_HISTORY_FORKED" => {
            let why = format!("the node {node} does not know whether there is such a certificate");
            let why = format!("{why}: {}", tree::plain(&refusal.message));
            Failure::new(Exit::TooOldToSay, why).note(format!("reason {}", refusal.reason))
        }
        "AUTHORITY_UNKNOWN" => refused().help(ASK_ITS_ISSUER),
        _ => refused(),
    }
}

/// Its date of issue, as far as the node knows it.
fn issued_on(answer: &wire::LookUpCertificateResponse) -> String {
    if answer.erased {
        return "not known any more: what it says is erased".to_owned();
    }
    date_text(answer.issued_on.as_ref())
}

/// What the word of a node on a status is worth, as of a verdict.
const fn tone(status: wire::CertificateStatus) -> Tone {
    use wire::CertificateStatus as S;
    match status {
        S::Valid => Tone::Good,
        S::Unspecified | S::Unproven => Tone::Unknown,
        S::Cancelled | S::Suspended | S::Withdrawn | S::Superseded | S::InPart | S::Void | S::KeyClosed => Tone::Bad,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_closed_key_signed_is_not_valid_and_what_a_node_cannot_tell_is_neither_good_nor_bad() {
        use wire::CertificateStatus as S;
        for bad in [S::KeyClosed, S::Void, S::Cancelled, S::Suspended, S::Withdrawn, S::Superseded] {
            assert_eq!(tone(bad), Tone::Bad, "{bad:?}");
        }
        for unknown in [S::Unspecified, S::Unproven] {
            assert_eq!(tone(unknown), Tone::Unknown, "{unknown:?}");
        }
    }

    #[test]
    fn of_one_that_is_erased_that_is_said_in_place_of_its_date_of_issue() {
        let erased = wire::LookUpCertificateResponse { erased: true, ..Default::default() };
        assert!(issued_on(&erased).ends_with("what it says is erased"));
        // What is not back after a loss.
        assert_eq!(issued_on(&wire::LookUpCertificateResponse::default()), "-");
    }

    #[test]
    fn the_paper_is_a_member_of_the_verdict_that_a_node_gave() {
        let about = json!({ "kind": "pdf" });
        assert_eq!(
            with_paper(b"{\"headline\":\"VALID\"}\n", Some(&about)),
            r#"{"headline":"VALID","paper":{"kind":"pdf"}}"#
        );
        assert_eq!(with_paper(b"{\"headline\":\"VALID\"}", None), r#"{"headline":"VALID"}"#);
    }

    #[test]
    fn who_asks_a_node_of_an_authority_that_it_does_not_host_is_told_whom_to_ask() {
        let told = |reason: &str| {
            let refusal = Refusal { reason: reason.to_owned(), ..Refusal::default() };
            format!("{:?}", not_told("node", &refusal, || Failure::new(Exit::Failed, "refused")))
        };
        assert!(told("AUTHORITY_UNKNOWN").contains("ask that of the issuer"));
        assert!(!told("RATE_LIMITED").contains("ask that of the issuer"));
    }
}
