//! `origin certificate left`, `back-to-back`, `split` and `consolidate`: certificates that rest on others.

use super::{
    life::{self, Once, Request, Why},
    name::Name,
};
use crate::{
    api::client::{wire, within_deadline},
    cli::{
        Outcome,
        console::{Console, Exit, Failure},
        files::Source,
        remote::{self, NodeArguments, TokenArgument, date_text},
    },
    encoding::Decimal,
    statement::MAX_BUNDLE_BYTES,
};
use serde_json::json;
use std::process::ExitCode;

/// Show what is left of a certificate to be drawn, item by item
///
/// Of one of this authority by its number or identifier, of another country's by its evidence bundle.
#[derive(Debug, clap::Args)]
pub(super) struct Left {
    #[command(flatten)]
    name: Named,
    #[command(flatten)]
    node: NodeArguments,
    #[command(flatten)]
    token: TokenArgument,
}

/// One of this authority, or a bundle.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Named {
    /// The statement's identifier, 26 characters
    #[arg(long, value_name = "JTI", value_parser = crate::cli::arguments::jti)]
    id: Option<crate::statement::Jti>,
    /// The certificate number
    #[arg(long, value_name = "NUMBER")]
    number: Option<String>,
    /// The evidence bundle of another country's certificate
    #[arg(long, value_name = "FILE")]
    bundle: Option<Source>,
}

impl Left {
    pub(super) fn run(self, console: Console) -> Outcome {
        use wire::get_remainder_request::Original;
        let Named { id, number, bundle } = self.name;
        let original = match bundle {
            Some(file) => Original::Bundle(file.read_text(MAX_BUNDLE_BYTES)?.into_bytes().into()),
            None => Original::Certificate(Name { id, number, application: None }.to_wire()),
        };
        let token = self.token.read()?;
        let request = wire::GetRemainderRequest { original: Some(original) };
        let answer = remote::converse(async {
            let connection = self.node.connect(Some(&token)).await?;
            let answer = connection.certificates().get_remainder(within_deadline(request)).await;
            answer.map(tonic::Response::into_inner).map_err(|status| remote::refused(console, &self.node.node, &status))
        })?;
        show(console, &answer);
        Ok(ExitCode::SUCCESS)
    }
}

fn show(console: Console, answer: &wire::GetRemainderResponse) {
    let until = answer.valid_until.as_ref().map(|date| date_text(Some(date)));
    if console.is_json() {
        let item = |one: &wire::ItemRemainder| {
            json!({
                "item": one.item, "description": one.description, "unit": one.unit, "whole": one.whole,
                "drawn": one.drawn, "left": one.left, "ended": one.ended,
            })
        };
        console.data(json!({
            "number": answer.number,
            "issued_on": date_text(answer.issued_on.as_ref()),
            "country": answer.country,
            "relation": answer.relation,
            "valid_until": until,
            "items": answer.items.iter().map(item).collect::<Vec<_>>(),
        }));
        return;
    }
    let issued = date_text(answer.issued_on.as_ref());
    let until = until.map(|until| format!(", until {until}")).unwrap_or_default();
    console.data(format!("{} of {issued}, {}{until}", answer.number, answer.country));
    for one in &answer.items {
        let amount = |text: &str| text.parse::<Decimal>().ok();
        // What the end of a log made void is drawn again, though others drew the same in between.
        let beyond = amount(&one.drawn).zip(amount(&one.whole)).is_some_and(|(drawn, whole)| drawn > whole);
        let left = match (one.unit.as_str(), one.ended) {
            (_, true) => "has lost its force".to_owned(),
            ("", false) => "states no quantity".to_owned(),
            (unit, false) if beyond => format!("{} of {} {unit} drawn, more than there is", one.drawn, one.whole),
            (unit, false) => format!("{} of {} {unit} left", one.left, one.whole),
        };
        console.data(format!("item {:4} {left}  {}", one.item, one.description));
    }
}

/// Issue a certificate on the basis of another country's
///
/// The file says in `reference.prior`, as `back_to_back_on`, which quantities each item draws of which original; what is
/// left of one is shown by `origin certificate left`. The request id is written to FILE.requests before it is sent: the same
/// file again issues nothing, unless --requests names another file.
#[derive(Debug, clap::Args)]
pub(super) struct BackToBack {
    /// The new one: TOML as `origin certificate template` writes it, or JSON; `-` is standard input
    #[arg(value_name = "FILE")]
    file: Source,
    /// The evidence bundle of an original; may be given several times
    #[arg(long = "original", value_name = "BUNDLE", required = true)]
    originals: Vec<Source>,
    #[command(flatten)]
    once: Once,
}

impl BackToBack {
    pub(super) fn run(self, console: Console) -> Outcome {
        let json = life::particulars(console, &self.file)?;
        let read = |file: &Source| file.read_text(MAX_BUNDLE_BYTES).map(|text| text.into_bytes().into());
        let originals = self.originals.iter().map(read).collect::<Result<Vec<_>, Failure>>()?;
        let asked = format!("back-to-back {json}");
        self.once.issue(console, &self.file, &asked, async |connection, request_id| {
            let request = wire::IssueBackToBackRequest {
                request_id,
                originals,
                certificate_json: json.into_bytes().into(),
                contents: wire::IssueContents::Receipt.into(),
            };
            let answer = connection.certificates().issue_back_to_back(within_deadline(request)).await?;
            Ok(answer.map(|answer| answer.issued.unwrap_or_default()))
        })
    }
}

/// Issue a certificate for a part of the goods of another
///
/// The file says in `reference.prior`, as `replaces`, which quantities each item draws. The other one is superseded when
/// nothing of it is left, or with its first part, as the agreement has it. The request id is written to FILE.requests before
/// it is sent: the same file again issues nothing, unless --requests names another file.
#[derive(Debug, clap::Args)]
pub(super) struct Split {
    /// The part: TOML as `origin certificate template` writes it, or JSON; `-` is standard input
    #[arg(value_name = "FILE")]
    file: Source,
    #[command(flatten)]
    name: Name,
    #[command(flatten)]
    why: Why,
    #[command(flatten)]
    once: Once,
}

impl Split {
    pub(super) fn run(self, console: Console) -> Outcome {
        let json = life::particulars(console, &self.file)?;
        let asked = format!("split {json}");
        self.once.issue(console, &self.file, &asked, async |connection, request_id| {
            let request = wire::SplitCertificateRequest {
                request_id,
                certificate: Some(self.name.to_wire()),
                certificate_json: json.into_bytes().into(),
                reason: self.why.reason.clone(),
                remarks: self.why.remarks.clone(),
                contents: wire::IssueContents::Receipt.into(),
            };
            let answer = connection.certificates().split_certificate(within_deadline(request)).await?;
            Ok(answer.map(|answer| answer.issued.unwrap_or_default()))
        })
    }
}

/// Issue one certificate in the place of several
///
/// The file says in `reference.prior`, as `replaces`, which quantities each item draws of which.
#[derive(Debug, clap::Args)]
pub(super) struct Consolidate {
    /// The new one: TOML as `origin certificate template` writes it, or JSON; `-` is standard input
    #[arg(value_name = "FILE")]
    file: Source,
    /// The number of one whose place it takes; may be given several times
    #[arg(long = "original", value_name = "NUMBER", required = true)]
    originals: Vec<String>,
    #[command(flatten)]
    why: Why,
    #[command(flatten)]
    request: Request,
}

impl Consolidate {
    pub(super) fn run(self, console: Console) -> Outcome {
        if self.originals.len() < 2 {
            return Err(Failure::new(Exit::Failed, "one certificate takes the place of several, and one is named")
                .help("origin certificate split, or origin certificate replace"));
        }
        let json = life::particulars(console, &self.file)?;
        let named = |number: &String| Name { id: None, number: Some(number.clone()), application: None }.to_wire();
        let answer = self.request.ask(console, async |connection, request_id| {
            let request = wire::ConsolidateCertificatesRequest {
                request_id,
                certificates: self.originals.iter().map(named).collect(),
                certificate_json: json.into_bytes().into(),
                reason: self.why.reason.clone(),
                remarks: self.why.remarks.clone(),
                contents: wire::IssueContents::Receipt.into(),
            };
            connection.certificates().consolidate_certificates(within_deadline(request)).await
        })?;
        life::issued(console, "issued", answer.issued.unwrap_or_default());
        Ok(ExitCode::SUCCESS)
    }
}
