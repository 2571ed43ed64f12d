//! `origin paper list`, `origin paper compare`: what is registered, and whether a scan is the one.

use super::SCAN_BYTES;
use crate::{
    api::client::{Connection, wire, within_deadline},
    cli::{
        Outcome,
        apply::{Door, Most},
        arguments,
        console::{Colour, Console, Exit, Failure},
        files::Source,
        remote::date_text,
        tree::plain,
    },
    encoding::hex,
    statement::Issuer,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::process::ExitCode;

/// List papers that are registered: for customs those of partners, for officers of the issuing side their own
#[derive(Debug, clap::Args)]
pub(super) struct List {
    /// Only of this number
    #[arg(long, value_name = "NUMBER", default_value = "", hide_default_value = true)]
    number: String,
    /// Only registered by this authority
    #[arg(long, value_name = "AUTHORITY", value_parser = arguments::issuer)]
    issuer: Option<Issuer>,
    #[command(flatten)]
    most: Most,
    #[command(flatten)]
    door: Door,
}

/// Compare a scan with the one that was registered, byte for byte
///
/// Two scans of one paper differ: this tells whether the file is the one that the issuer keeps. Exit code 0 if it is, 3 if
/// it is not, or if no paper of that number is registered.
#[derive(Debug, clap::Args)]
pub(super) struct Compare {
    /// The scan; `-` is standard input
    #[arg(value_name = "SCAN")]
    scan: Source,
    /// The number printed on it
    #[arg(long, value_name = "NUMBER")]
    number: String,
    /// Its issuer, where two have given the same number
    #[arg(long, value_name = "AUTHORITY", value_parser = arguments::issuer)]
    issuer: Option<Issuer>,
    #[command(flatten)]
    door: Door,
}

impl List {
    pub(super) fn run(self, console: Console) -> Outcome {
        let issuer = self.issuer.map(|issuer| issuer.to_string()).unwrap_or_default();
        let call = |connection: Connection, page_size, page_token| {
            let (number, issuer) = (self.number.clone(), issuer.clone());
            let request = wire::ListPaperCertificatesRequest { number, issuer, page_size, page_token };
            async move { connection.continuity().list_paper_certificates(within_deadline(request)).await }
        };
        let page = |answer: wire::ListPaperCertificatesResponse| {
            for one in &answer.papers {
                if console.is_json() { console.data(paper_described(one)) } else { paper_line(console, one) }
            }
            (answer.papers.len(), answer.next_page_token)
        };
        self.door.pages(console, self.most, call, page, "no paper that is asked for is registered")
    }
}

impl Compare {
    pub(super) fn run(self, console: Console) -> Outcome {
        let own: [u8; 32] = Sha256::digest(self.scan.read(SCAN_BYTES)?).into();
        let issuer = self.issuer.map(|issuer| issuer.to_string()).unwrap_or_default();
        let request = wire::ListPaperCertificatesRequest { number: self.number.clone(), issuer, ..Default::default() };
        let answer = self.door.ask(console, |connection| async move {
            connection.continuity().list_paper_certificates(within_deadline(request)).await
        })?;
        if answer.papers.is_empty() {
            let message = format!("no paper of number {} is registered here", plain(&self.number));
            return Err(Failure::new(Exit::NotValid, message).help("ask its issuer: origin enquiry raise"));
        }
        let same = |one: &wire::PaperCertificate| {
            one.key_closed.is_empty() && one.paper.as_ref().is_some_and(|paper| *paper.scan_sha256 == own)
        };
        let found = answer.papers.iter().any(same);
        for one in &answer.papers {
            let same = same(one);
            if console.is_json() {
                console.data(json!({ "same": same, "scan_sha256": hex::encode(&own), "paper": paper_described(one) }));
                continue;
            }
            let (colour, word) = if same { (Colour::Green, "same") } else { (Colour::Red, "different") };
            console.data(format!("{}  {}", console.paint(colour, word), hex::encode(&own)));
            paper_line(console, one);
        }
        if !found {
            console.message("another scan of the same paper differs too: look at both, or ask the issuer");
        }
        Ok(if found { ExitCode::SUCCESS } else { ExitCode::from(Exit::NotValid.code()) })
    }
}

/// A paper on one line, and its hash on another.
pub(in crate::cli) fn paper_line(console: Console, one: &wire::PaperCertificate) {
    let paper = one.paper.clone().unwrap_or_default();
    let until = match &paper.valid_until {
        Some(day) => format!("until {}", date_text(Some(day))),
        None => "states no last day".to_owned(),
    };
    let issuer = one.issuer.strip_prefix("https://").unwrap_or(&one.issuer);
    let issued_on = date_text(paper.issued_on.as_ref());
    console.data(format!(
        "{:24}  {issuer:20}  {:7}  {}→{}  {issued_on}  {until}  on paper ({})",
        plain(&paper.number),
        paper.agreement,
        one.from,
        paper.to,
        one.ground.replace('_', " "),
    ));
    console.data(format!("    sha256 {}", hex::encode(&paper.scan_sha256)));
    if !one.key_closed.is_empty() {
        let counts = console.paint(Colour::Red, "does not count");
        console.data(format!(
            "    {counts}: its key is closed there; its issuer registers it anew: origin paper register"
        ));
    }
    if !paper.remarks.is_empty() {
        console.data(format!("    {}", plain(&paper.remarks)));
    }
}

/// A paper for machines.
pub(in crate::cli) fn paper_described(one: &wire::PaperCertificate) -> Value {
    let paper = one.paper.clone().unwrap_or_default();
    json!({
        "number": paper.number,
        "issuer": one.issuer,
        "issued_on": date_text(paper.issued_on.as_ref()),
        "valid_until": paper.valid_until.as_ref().map(|day| date_text(Some(day))),
        "agreement": paper.agreement,
        "edition": one.edition,
        "from": one.from,
        "to": paper.to,
        "office": paper.office,
        "scan_sha256": hex::encode(&paper.scan_sha256),
        "ground": one.ground,
        "key_closed": one.key_closed,
        "remarks": paper.remarks,
        "jti": one.jti,
        "log": one.log,
        "index": one.index,
    })
}
