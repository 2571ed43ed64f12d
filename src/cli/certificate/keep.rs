//! `origin certificate show`, `list` and `download`: certificates of the caller's authority, at a node.

use super::name::Name;
use crate::{
    api::client::{Connection, wire, within_deadline},
    certificate::Country,
    cli::{
        Outcome,
        apply::{Door, Most},
        arguments,
        console::{Colour, Console, Failure},
        files::{self, Made},
        form, redact,
        remote::{self, NodeArguments, TokenArgument, date_text, status_word},
        tree::plain,
    },
    document::PaperCodes,
    statement::{Bundle, Completeness, Presentation},
};
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Show one certificate, what it follows, its status, and every change of that
#[derive(Debug, clap::Args)]
pub(super) struct Show {
    #[command(flatten)]
    name: Name,
    /// Show the two codes of its paper too: whoever has the first sees all of the certificate
    #[arg(long)]
    paper: bool,
    #[command(flatten)]
    node: NodeArguments,
    #[command(flatten)]
    token: TokenArgument,
}

impl Show {
    pub(super) fn run(self, console: Console) -> Outcome {
        let token = self.token.read()?;
        let request = wire::GetCertificateRequest { certificate: Some(self.name.to_wire()) };
        let answer = remote::converse(async {
            let connection = self.node.connect(Some(&token)).await?;
            let answer = connection.certificates().get_certificate(within_deadline(request)).await;
            answer.map(tonic::Response::into_inner).map_err(|status| remote::refused(console, &self.node.node, &status))
        })?;
        let certificate = answer.certificate.unwrap_or_default();
        if console.is_json() {
            let mut described = described(&certificate);
            if let Some(members) = described.as_object_mut() {
                members.insert("predecessors".to_owned(), answer.predecessors.iter().map(predecessor).collect());
                members.insert("changes".to_owned(), answer.changes.iter().map(change).collect());
                if let Some(paper) = answer.paper.filter(|_| self.paper) {
                    let told = |text: String| if text.is_empty() { serde_json::Value::Null } else { text.into() };
                    let codes = serde_json::json!({
                        "look_up": told(paper.look_up), "stamp": told(paper.stamp),
                        "items_carried": paper.items_carried, "items_total": paper.items_total,
                    });
                    members.insert("paper".to_owned(), codes);
                }
                let why = (!answer.key_closed.is_empty()).then_some(&answer.key_closed);
                members.insert("key_closed".to_owned(), json!(why));
            }
            console.data(described);
        } else {
            let route = format!("{} to {}", certificate.from, certificate.to);
            for (label, value) in [
                ("number", number(&certificate)),
                ("id", &certificate.jti),
                ("status", status_word(certificate.status())),
                ("agreement", &certificate.agreement),
                ("from, to", &route),
                ("issued on", &issued_on(&certificate)),
                ("log", &certificate.log),
                ("index", &certificate.index.to_string()),
            ] {
                console.data(format!("{label:12}{value}"));
            }
            // That of a closed key is said below, also of one that was replaced since.
            let why = Some(&certificate.why).filter(|why| !why.is_empty() && **why != answer.key_closed);
            if let Some(why) = why {
                let word = status_word(certificate.status());
                console.data(format!("{word:12}{}", console.paint(Colour::Red, &plain(why))));
            }
            if !answer.key_closed.is_empty() {
                let next = if is_over(certificate.status()) { "" } else { "; issue it anew" };
                let warning = format!("counts for nothing: {}{next}", plain(&answer.key_closed));
                console.data(format!("{:12}{}", "key closed", console.paint(Colour::Red, &warning)));
            }
            for one in &answer.predecessors {
                let (relation, on) = (one.relation.replace('_', " "), date_text(one.issued_on.as_ref()));
                let jti = if one.jti.is_empty() { String::new() } else { format!(", {}", one.jti) };
                console.data(format!("{relation:11} {} of {on}, {}{jti}", plain(&one.number), one.country));
                if let Some(warning) = fallen(one) {
                    console.data(format!("{:12}{}", "", console.paint(Colour::Red, &warning)));
                }
            }
            for one in &answer.changes {
                console.data(change_line(one));
            }
            if let Some(paper) = answer.paper.filter(|_| self.paper) {
                let or_none = |text: String| if text.is_empty() { "none".to_owned() } else { plain(&text) };
                console.data(format!("{:12}{}", "look-up", or_none(paper.look_up)));
                let carried = format!("{} of {} items are carried", paper.items_carried, paper.items_total);
                // On a line of its own: it is copied from here, and spaces are letters of it.
                let stamped = !paper.stamp.is_empty();
                console.data(format!("{:12}{}", "stamp", or_none(paper.stamp)));
                if stamped {
                    console.data(format!("{:12}{carried}", ""));
                }
            }
            if certificate.held {
                console.data("held        until its holder consents to its being sent");
            }
            if let Some(wish) = &certificate.cancellation {
                super::wish::show(console, wish);
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// A change of status in one line: when, what, of which items, since when, why, and by which certificate.
fn change_line(one: &wire::CertificateStatusChange) -> String {
    let items = one.items.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
    let items = if items.is_empty() { String::new() } else { format!(" item {items}") };
    let since = match (&one.from_date, one.from_issue) {
        (Some(date), _) => format!(" from {} on", date_text(Some(date))),
        (None, true) => " from its issue".to_owned(),
        (None, false) => String::new(),
    };
    let by_now = match one.successor_status() {
        wire::CertificateStatus::Unspecified | wire::CertificateStatus::Valid => String::new(),
        status => format!(" ({} by now)", status_word(status)),
    };
    let successor = match (one.successor_jti.as_str(), one.successor_number.as_str()) {
        ("", _) => String::new(),
        (jti, "") => format!(" by {jti}{by_now}"),
        (jti, number) => format!(" by {}, {jti}{by_now}", plain(number)),
    };
    let words = [&one.reason, &one.remarks].into_iter().filter(|words| !words.is_empty()).map(|words| plain(words));
    let words = words.collect::<Vec<_>>().join("; ");
    let words = if words.is_empty() { String::new() } else { format!(": {words}") };
    format!("{:12}{}{items}{since}{successor}{words}", date_text(one.on.as_ref()), one.act)
}

fn change(one: &wire::CertificateStatusChange) -> serde_json::Value {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    json!({
        "on": date_text(one.on.as_ref()),
        "act": one.act,
        "items": one.items,
        "from_issue": one.from_issue,
        "from_date": one.from_date.as_ref().map(|date| date_text(Some(date))),
        "reason": some(&one.reason),
        "remarks": some(&one.remarks),
        "successor": some(&one.successor_jti).map(|jti| {
            let status = known(one.successor_status());
            json!({ "jti": jti, "number": some(&one.successor_number), "status": status })
        }),
        "jti": one.jti,
        "log": one.log,
        "index": one.index,
    })
}

fn predecessor(one: &wire::CertificatePredecessor) -> serde_json::Value {
    let jti = (!one.jti.is_empty()).then(|| one.jti.clone());
    let since = one.status_since.as_ref().map(|day| date_text(Some(day)));
    json!({
        "relation": one.relation,
        "number": one.number,
        "issued_on": date_text(one.issued_on.as_ref()),
        "country": one.country,
        "jti": jti,
        "status": known(one.status()),
        "status_since": since,
    })
}

fn known(status: wire::CertificateStatus) -> Option<String> {
    let known = status != wire::CertificateStatus::Unspecified;
    known.then(|| status_word(status).replace(' ', "_"))
}

/// That what a certificate rests on has fallen: one whose place was taken has not, but where another country issued it.
fn fallen(one: &wire::CertificatePredecessor) -> Option<String> {
    use wire::CertificateStatus as Is;
    let abroad = one.relation == "back_to_back_on";
    let fell = match one.status() {
        Is::Cancelled | Is::Withdrawn | Is::Suspended | Is::Void | Is::KeyClosed | Is::Unproven => true,
        Is::Superseded | Is::InPart => abroad,
        Is::Unspecified | Is::Valid => false,
    };
    let since = one.status_since.as_ref().map(|day| format!(" since {}", date_text(Some(day)))).unwrap_or_default();
    let words = || format!("that one is {}{since}: see whether this one can stand", status_word(one.status()));
    fell.then(words)
}

/// Whether a certificate was replaced or taken back, so that nothing is to be done about it.
const fn is_over(status: wire::CertificateStatus) -> bool {
    use wire::CertificateStatus as S;
    matches!(status, S::Superseded | S::Cancelled | S::Withdrawn)
}

/// List certificates, newest first by the hour of their issue
///
/// One that stands beyond the end which the trust list gave its log is `void`, and one within that end that no head kept
/// proves any more is `unproven`: each is issued anew. One past the closing of the key that signed it is `key closed`, and
/// counts for nothing. `unknown` is one of which a log is missing that may say otherwise: `show` says what is waited for.
#[derive(Debug, clap::Args)]
pub(super) struct List {
    /// Only those to this country, ISO 3166-1 alpha-2
    #[arg(long, value_name = "XX", value_parser = arguments::country)]
    to: Option<Country>,
    /// Only those that are to be issued anew because the trust list ended their log: void, or unproven
    #[arg(long)]
    void: bool,
    #[command(flatten)]
    most: Most,
    #[command(flatten)]
    door: Door,
}

impl List {
    pub(super) fn run(self, console: Console) -> Outcome {
        let to = self.to.map(|country| country.to_string()).unwrap_or_default();
        let call = |connection: Connection, page_size, page_token| {
            let request = wire::ListCertificatesRequest { page_size, page_token, to: to.clone(), void: self.void };
            async move { connection.certificates().list_certificates(within_deadline(request)).await }
        };
        let page = |answer: wire::ListCertificatesResponse| {
            for one in &answer.certificates {
                console.data(if console.is_json() { described(one).to_string() } else { line(one) });
            }
            (answer.certificates.len(), answer.next_page_token)
        };
        self.door.pages(console, self.most, call, page, "there is no such certificate")
    }
}

fn line(certificate: &wire::Certificate) -> String {
    format!(
        "{:10}  {:24} {:10} {:8} {}→{}  {}",
        issued_on(certificate),
        number(certificate),
        status_word(certificate.status()),
        certificate.agreement,
        certificate.from,
        certificate.to,
        certificate.jti
    )
}

/// Its number; of one whose contents are not shown, whether they are erased.
fn number(certificate: &wire::Certificate) -> &str {
    match certificate.number.as_str() {
        "" if certificate.erased => "erased",
        "" => "-",
        number => number,
    }
}

/// Its date of issue, as [`number`] has its number.
fn issued_on(certificate: &wire::Certificate) -> String {
    match &certificate.issued_on {
        None if certificate.erased => "erased".to_owned(),
        day => date_text(day.as_ref()),
    }
}

fn described(certificate: &wire::Certificate) -> serde_json::Value {
    json!({
        "number": certificate.number,
        "jti": certificate.jti,
        "log": certificate.log,
        "index": certificate.index,
        "agreement": certificate.agreement,
        "from": certificate.from,
        "to": certificate.to,
        "issued_on": date_text(certificate.issued_on.as_ref()),
        "status": status_word(certificate.status()).replace(' ', "_"),
        "why": (!certificate.why.is_empty()).then_some(&certificate.why),
        "held": certificate.held,
        "erased": certificate.erased,
        "cancellation_asked": certificate.cancellation.is_some(),
    })
}

/// In which form a certificate is handed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum As {
    /// Token, proof, checkpoint and status: verifies with no network
    Bundle,
    /// The bare SD-JWT with all its disclosures
    Token,
    /// The printed form, PDF/A-3 with the SD-JWT attached
    Pdf,
}

/// Get one certificate as a file that can be handed on
#[derive(Debug, clap::Args)]
pub(super) struct Download {
    #[command(flatten)]
    name: Name,
    /// In which form [default: pdf where the file ends so, else bundle]
    #[arg(long = "as", value_enum, value_name = "FORM")]
    form: Option<As>,
    #[arg(
        long,
        value_name = "SECTION,…",
        value_delimiter = ',',
        help = arguments::one_of("Leave these sections out, for a bank or another third party", redact::droppable())
    )]
    drop: Vec<String>,
    /// Also write the codes of its paper into this folder, as SVG and PNG
    #[arg(long, value_name = "DIR", conflicts_with = "drop")]
    codes: Option<PathBuf>,
    /// Where it goes [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    node: NodeArguments,
    #[command(flatten)]
    token: TokenArgument,
}

/// Whether a file lacks what no holder may leave out: its issuer has erased what the certificate says.
fn says_nothing(made: Made, content: &[u8]) -> bool {
    let token = match made {
        Made::Json => Bundle::parse(content).ok().map(|bundle| bundle.token),
        Made::Token => std::str::from_utf8(content).ok().map(str::to_owned),
        Made::Pdf | Made::Xml | Made::Table => None,
    };
    let opened = token.and_then(|token| Presentation::parse(token.trim()).ok()?.open().ok());
    opened.is_some_and(|opened| matches!(opened.completeness, Completeness::Incomplete { .. }))
}

impl Download {
    pub(super) fn run(self, console: Console) -> Outcome {
        files::apart(self.output.as_deref(), [self.token.source()])?;
        let token = self.token.read()?;
        let is_pdf = self.output.as_deref().is_some_and(|path| files::ending(path) == "pdf");
        let format = match self.form {
            Some(As::Pdf) => wire::DownloadFormat::Pdf,
            None if is_pdf => wire::DownloadFormat::Pdf,
            Some(As::Bundle) | None => wire::DownloadFormat::Bundle,
            Some(As::Token) => wire::DownloadFormat::Token,
        };
        let made = match format {
            wire::DownloadFormat::Pdf => Made::Pdf,
            wire::DownloadFormat::Token => Made::Token,
            _ => Made::Json,
        };
        files::is_named_rightly(self.output.as_deref(), made, "--as pdf, bundle or token says what is written")?;
        let certificate = Some(self.name.to_wire());
        let (content, awaiting) = remote::converse(async {
            let connection = self.node.connect(Some(&token)).await?;
            let mut door = connection.certificates();
            let answer = if self.drop.is_empty() {
                let request = wire::DownloadCertificateRequest { certificate, format: format.into() };
                let answer = door.download_certificate(within_deadline(request)).await;
                answer.map(|answer| answer.into_inner()).map(|file| (file.content, file.awaiting_cosignatures))
            } else {
                let drop = self.drop.clone();
                let request = wire::RedactCertificateRequest { certificate, drop, format: format.into() };
                let answer = door.redact_certificate(within_deadline(request)).await;
                answer.map(|answer| answer.into_inner()).map(|file| (file.content, file.awaiting_cosignatures))
            };
            answer.map_err(|status| remote::refused(console, &self.node.node, &status))
        })?;
        files::deliver(console, self.output.as_deref(), &content)?;
        if says_nothing(made, &content) {
            console.message(
                "note: what it says is erased: the file proves that it was issued, when and to whom, and its status; \
                 it verifies as INCOMPLETE",
            );
        }
        if let Some(folder) = &self.codes {
            self.write_codes(console, &token, folder)?;
        }
        if awaiting {
            console.message(
                "note: the partners have yet to cosign it; until it is fetched again it verifies as NOT_COSIGNED",
            );
        }
        Ok(ExitCode::SUCCESS)
    }

    fn write_codes(&self, console: Console, token: &str, folder: &Path) -> Result<(), Failure> {
        let request = wire::GetCertificateRequest { certificate: Some(self.name.to_wire()) };
        let answer = remote::converse(async {
            let connection = self.node.connect(Some(token)).await?;
            let answer = connection.certificates().get_certificate(within_deadline(request)).await;
            answer.map(tonic::Response::into_inner).map_err(|status| remote::refused(console, &self.node.node, &status))
        })?;
        let paper = answer.paper.unwrap_or_default();
        let some = |text: String| (!text.is_empty()).then_some(text);
        let codes = PaperCodes {
            look_up: some(paper.look_up),
            stamp: some(paper.stamp),
            carried: paper.items_carried,
            total: paper.items_total,
        };
        let files = codes.files().map_err(form::refused)?;
        form::write_all(folder, files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())))?;
        for (name, _) in &files {
            console.message(format!("wrote {}", folder.join(name).display()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_one_that_is_erased_that_is_said_in_place_of_its_number() {
        let erased = wire::Certificate { erased: true, ..wire::Certificate::default() };
        assert_eq!((number(&erased), &described(&erased)["erased"]), ("erased", &json!(true)));
        assert_eq!(number(&wire::Certificate::default()), "-");
        // Its date of issue is gone too, and the columns stay.
        assert!(line(&erased).starts_with("erased      erased "), "{}", line(&erased));
    }

    #[test]
    fn what_counts_for_nothing_is_listed_by_a_word_of_its_own_with_why() {
        use wire::CertificateStatus as Is;
        let of = |status: Is, why: &str| wire::Certificate {
            status: status.into(),
            why: why.to_owned(),
            ..wire::Certificate::default()
        };
        for (status, word) in [
            (Is::Void, "void"),
            (Is::KeyClosed, "key closed"),
            (Is::Unproven, "unproven"),
            (Is::Unspecified, "unknown"),
        ] {
            let one = of(status, "it is entry 5");
            assert!(line(&one).contains(&format!(" {word} ")), "{}", line(&one));
            let told = described(&one);
            assert_eq!((&told["status"], &told["why"]), (&json!(word.replace(' ', "_")), &json!("it is entry 5")));
        }
        let told = described(&of(Is::Valid, ""));
        assert_eq!((&told["status"], &told["why"]), (&json!("valid"), &json!(null)));
    }
}
