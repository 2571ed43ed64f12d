//! `origin verify --node`: the word of a node on a file, or on a certificate that is named.

use super::{paint_headline, print_text};
use crate::{
    api::{
        MAX_PAPER,
        client::{Refusal, wire, within_deadline},
    },
    cli::{
        Outcome, arguments,
        console::{Colour, Console, Exit, Failure},
        files::Source,
        remote::{self, TlsArguments, date_text, status_word},
        scan, tree,
    },
    document::read::{Draw, Paper, PaperKind},
    log::leaf_hash,
    statement::{Issuer, Jti, OpenedBody, Presentation, SignedStamp},
    time::Date,
    verification::{Headline, LookUp, Verdict, View},
};
use serde_json::{Value, json};
use std::process::ExitCode;

/// A code has 16 characters.
const MAX_CODE_BYTES: usize = 256;

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

/// A node judges what is shown to it.
pub(super) fn judged_by(console: Console, node: &str, asked: &Asked, file: &Source, as_of: Option<Date>) -> Outcome {
    let presentation = file.read(MAX_PAPER)?;
    let paper = here(&presentation);
    let request =
        wire::VerifyPresentationRequest { presentation: presentation.into(), as_of: as_of.map(remote::date_to_wire) };
    let verdict = remote::converse(async {
        let connection = asked.tls.connect(node, None).await?;
        let answer = connection.verifications().verify_presentation(within_deadline(request)).await;
        answer.map_err(|status| remote::refused(console, node, &status))
    })?;
    let wire::VerifyPresentationResponse { verdict, further, look_ups } = verdict.into_inner();
    let Some(verdict) = verdict else {
        for address in &look_ups {
            console.message(format!("look-up on the paper: {}; nothing was asked there", tree::plain(address)));
        }
        let failure = Failure::new(Exit::TooOldToSay, "no stamp was read, so that nothing of what is signed is known");
        return Err(if look_ups.is_empty() { failure } else { failure.help("look it up by the address on the paper") });
    };
    let all = [&verdict].into_iter().chain(&further).collect::<Vec<_>>();
    let warnings = paper.as_ref().map(|paper| warnings(paper, &verdict)).unwrap_or_default();
    // The node draws no pages: what they show against the certificate was seen here alone, and comes first.
    let is_foreign = |code: &str| code == scan::FOREIGN_LOOK_UP || code == FOREIGN_STAMP;
    let foreign = warnings.iter().find(|(code, _)| is_foreign(code)).filter(|_| verdict.headline != "ALTERED");
    if let (Some((_, sentence)), false) = (foreign, console.is_json()) {
        console.data(paint_headline(console, Headline::Altered));
        console.data(format!("{} {}\n", Headline::Altered.sentence(), tree::plain(sentence)));
        console.data("The node's word on the certificate that the file carries:");
    }
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
        Ok(0 | 5) if foreign.is_some() => Ok(ExitCode::from(Exit::NotValid.code())),
        Ok(code @ (0 | 3 | 5)) => Ok(ExitCode::from(code)),
        _ => Err(Failure::new(Exit::Failed, format!("the node {node} gave a verdict without its code"))),
    }
}

/// The code of the warning that a stamp on a page is another certificate's.
const FOREIGN_STAMP: &str = "STAMP_OF_ANOTHER";

/// What the file is as paper, seen here; what is refused here the node refuses too, in its own words.
fn here(bytes: &[u8]) -> Option<Paper> {
    Paper::read(bytes, PaperKind::of(bytes)?, Draw::Pages).ok()
}

/// What a node said of a paper itself, and what is seen here on the pages that it did not draw.
fn warnings(paper: &Paper, verdict: &wire::Verdict) -> Vec<(String, String)> {
    let told = serde_json::from_slice::<Value>(&verdict.verdict_json).unwrap_or_default();
    let text = |value: &Value, member: &str| value.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
    let listed = told.get("warnings").and_then(Value::as_array).into_iter().flatten();
    let mut warnings = listed
        .map(|one| (text(one, "code"), text(one, "sentence")))
        .filter(|(code, _)| code.starts_with("PAGE_"))
        .collect::<Vec<_>>();
    let looked = verdict.checks.iter().find(|check| check.name == "look_up");
    if let Some(check) = looked.filter(|check| check.outcome() == wire::CheckOutcome::Failed) {
        warnings.push((scan::FOREIGN_LOOK_UP.to_owned(), check.sentence.clone()));
    }
    let Some(token) = &paper.attachment else { return warnings };
    let place = told.get("statement").filter(|place| place.is_object());
    if let Some(place) = place.filter(|_| looked.is_none()) {
        let (iss, jti) = (text(place, "iss"), text(place, "jti"));
        let mut look_ups = paper.look_ups().map(LookUp::of);
        if let Some(foreign) = look_ups.find(|look_up| look_up.leads_to(&iss, Some(&jti)) == Some(false)) {
            let sentence = format!(
                "The look-up code on the page is of another certificate: {}. Rely on nothing that stands on this paper.",
                foreign.place()
            );
            warnings.push((scan::FOREIGN_LOOK_UP.to_owned(), sentence));
        }
    }
    let leaf = Presentation::parse(token).ok().map(|presentation| leaf_hash(presentation.jwt().as_bytes()));
    let mut stamps = paper.stamps().map(|text| SignedStamp::parse(text).ok().map(|signed| signed.stamp.leaf));
    if stamps.any(|stamp| stamp != leaf) {
        let sentence = "A stamp on the pages is not the stamp of the certificate that the file carries. Rely on nothing that \
                        stands on this paper.";
        warnings.push((FOREIGN_STAMP.to_owned(), sentence.to_owned()));
    }
    let withheld = told.pointer("/certificate/redacted").and_then(Value::as_array);
    if paper.drawn && paper.stamps().next().is_none() && withheld.is_some_and(Vec::is_empty) {
        // Whether the authority has a stamp key is in a trust list, and none is asked for here.
        let sentence = "No stamp can be read on its pages: an authority that has a stamp key prints one on each, and then this \
                        is not the page that was printed.";
        warnings.push(("PAGE_WITHOUT_STAMP".to_owned(), sentence.to_owned()));
    }
    warnings
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
            answer.map(tonic::Response::into_inner).map_err(|status| {
                if Refusal::from(&status).reason == "CERTIFICATE_UNKNOWN" {
                    return Failure::new(Exit::NotValid, format!("the node {node} knows no such certificate"));
                }
                remote::refused(console, node, &status)
            })
        })?;
        let status = answer.status();
        // Whether a paper still stands is not known here.
        let (good, word) = match status {
            _ if answer.on_paper => (true, "registered on paper"),
            status => (status == wire::CertificateStatus::Valid, status_word(status)),
        };
        if console.is_json() {
            console.data(json!({
                "issuer": answer.issuer, "jti": answer.jti,
                "issued_on": date_text(answer.issued_on.as_ref()),
                "valid_from": date_text(answer.valid_from.as_ref()),
                "valid_until": answer.valid_until.as_ref().map(|date| date_text(Some(date))),
                "status": word.replace(' ', "_"),
                "token": (!answer.token.is_empty()).then(|| String::from_utf8_lossy(&answer.token)),
            }));
        } else {
            let colour = if good { Colour::Green } else { Colour::Red };
            console.data(console.paint(colour, word));
            let until =
                answer.valid_until.as_ref().map_or_else(|| "no limit stated".to_owned(), |date| date_text(Some(date)));
            for (label, value) in [
                ("issuer", answer.issuer.clone()),
                ("id", answer.jti.clone()),
                ("issued on", date_text(answer.issued_on.as_ref())),
                ("valid", format!("{} to {until}", date_text(answer.valid_from.as_ref()))),
            ] {
                console.data(format!("  {label:12}{}", tree::plain(&value)));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_paper_is_a_member_of_the_verdict_that_a_node_gave() {
        let about = json!({ "kind": "pdf" });
        assert_eq!(
            with_paper(b"{\"headline\":\"VALID\"}\n", Some(&about)),
            r#"{"headline":"VALID","paper":{"kind":"pdf"}}"#
        );
        assert_eq!(with_paper(b"{\"headline\":\"VALID\"}", None), r#"{"headline":"VALID"}"#);
    }
}
