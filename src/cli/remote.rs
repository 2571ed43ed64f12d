//! Reaching a node: where it is, how it is known, which token is shown, and what its refusals read like.

use super::{
    certificate::findings_text,
    console::{Console, Exit, Failure, Format},
    files::{self, Source},
};
use crate::{
    api::client::{Connection, Date as WireDate, Dial, Refusal, wire},
    certificate::{Finding, Findings, Severity},
    office::ApiToken,
    time::Date,
};
use serde_json::json;
use std::{
    ffi::OsString,
    fs,
    future::Future,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// Bytes of a file of certificates that vouch.
const CA_BYTES: usize = 4 << 20;
/// Bytes of a token file.
const TOKEN_BYTES: usize = 256;
/// Where systems keep the public authorities, in the order they are looked for.
const SYSTEM_AUTHORITIES: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/// What another listener of a node than the clients' is known by: one answers in HTTP where gRPC is spoken, one without
/// TLS.
const OTHER_LISTENERS: [&str; 2] = ["invalid compression flag", "InvalidContentType"];

/// Where a node is and how it is known.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct NodeArguments {
    /// The node's gRPC address, HOST:PORT
    #[arg(long, value_name = "ADDR", env = "ORIGIN_NODE", value_parser = address)]
    pub(super) node: String,
    #[command(flatten)]
    pub(super) tls: TlsArguments,
}

/// How a node is known.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct TlsArguments {
    /// PEM of the authorities that vouch for the node, such as its tls/ca.crt.pem [default: the system's]
    #[arg(long, value_name = "FILE", env = "ORIGIN_CA")]
    ca: Option<PathBuf>,
    /// The name in the node's TLS identity, where it is not the one dialled
    #[arg(long, value_name = "NAME")]
    tls_name: Option<String>,
}

/// The token of an account.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct TokenArgument {
    /// File with the account's token; `-` is standard input
    #[arg(long, value_name = "FILE", env = "ORIGIN_TOKEN_FILE")]
    token_file: Source,
}

/// `HOST:PORT`, or the same as a URL.
pub(super) fn address(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("https://").unwrap_or(text).trim_end_matches('/');
    let port = rest.rsplit_once(':').map(|(host, port)| (host, port.parse::<u16>()));
    match port {
        Some((host, Ok(_))) if !host.is_empty() && !host.contains(['/', '@', '?', '#', ' ']) => Ok(rest.to_owned()),
        _ => Err("a node is named HOST:PORT, such as node.tdap.gov.pk:8444".to_owned()),
    }
}

impl TlsArguments {
    fn pem(&self) -> Result<Vec<u8>, Failure> {
        if let Some(path) = &self.ca {
            return files::read(path, CA_BYTES, Exit::Configuration);
        }
        let system = SYSTEM_AUTHORITIES.iter().map(Path::new).find(|path| path.exists());
        match system {
            Some(path) => files::read(path, CA_BYTES, Exit::Configuration),
            None => Err(Failure::new(Exit::Configuration, "this system has no list of public authorities")
                .help("name who vouches for the node: --ca FILE")),
        }
    }

    /// The same as arguments of another command of this program.
    pub(super) fn as_arguments(&self) -> Vec<OsString> {
        let ca = self.ca.iter().flat_map(|ca| [OsString::from("--ca"), ca.into()]);
        let name = self.tls_name.iter().flat_map(|name| [OsString::from("--tls-name"), name.into()]);
        ca.chain(name).collect()
    }

    /// Dials a node.
    pub(super) async fn connect(&self, node: &str, token: Option<&str>) -> Result<Connection, Failure> {
        let dial = Dial { url: format!("https://{node}"), ca: Some(self.pem()?), tls_name: self.tls_name.clone() };
        Connection::open(&dial, token).await.map_err(|error| unreachable(node, &error))
    }
}

impl NodeArguments {
    /// Dials the node.
    pub(super) async fn connect(&self, token: Option<&str>) -> Result<Connection, Failure> {
        self.tls.connect(&self.node, token).await
    }
}

impl TokenArgument {
    /// Where it is read from.
    pub(super) const fn source(&self) -> &Source {
        &self.token_file
    }

    /// Reads the token.
    pub(super) fn read(&self) -> Result<Zeroizing<String>, Failure> {
        token(&self.token_file)
    }
}

/// Reads a token; that it has the form of one is checked before it is sent anywhere.
pub(super) fn token(source: &Source) -> Result<Zeroizing<String>, Failure> {
    if let Some(path) = source.path() {
        warn_of_others(path);
    }
    let text = Zeroizing::new(source.read_text(TOKEN_BYTES)?);
    let token = ApiToken::parse(text.trim()).map_err(|error| {
        Failure::new(Exit::Configuration, format!("`{source}`: {error}"))
            .help("`origin account new` opens an account and prints its token once")
    })?;
    Ok(token.reveal())
}

/// Who has a token acts for its account: a file of one that others may read is said.
fn warn_of_others(path: &Path) {
    // Pipes and devices, such as those of a shell's `<(…)`, have modes that nobody chose.
    let file = fs::metadata(path).ok().filter(fs::Metadata::is_file);
    let mode = file.map_or(0, |metadata| metadata.permissions().mode());
    if mode & 0o077 != 0 {
        let shown = path.display();
        let what =
            format!("warning: others may read the token in `{shown}` (mode {:04o}): chmod 600 {shown}", mode & 0o7777);
        Console::new(Format::Text).message(what);
    }
}

/// Runs a conversation with a node to its end.
pub(super) fn converse<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Failed, error))?;
    runtime.block_on(work)
}

fn is_other_listener(why: &str) -> bool {
    OTHER_LISTENERS.iter().any(|mark| why.contains(mark))
}

/// Nobody answers there, or something else than is asked.
pub(super) fn unreachable(node: &str, why: &str) -> Failure {
    if is_other_listener(why) {
        return Failure::new(Exit::Unreachable, format!("what answers at {node} is no listener for clients"))
            .note(why)
            .help("the node's configuration says under [client] where that is, such as node.tdap.gov.pk:8444");
    }
    let failure = Failure::new(Exit::Unreachable, format!("the node {node} does not answer")).note(why);
    if why.contains("UnknownIssuer") || why.contains("certificate") {
        return failure.help("name who vouches for the node: --ca FILE, such as its tls/ca.crt.pem");
    }
    failure
}

/// A node's refusal as a failure of the command.
pub(super) fn refused(console: Console, node: &str, status: &tonic::Status) -> Failure {
    let refusal = Refusal::from(status);
    if refusal.unreachable || refusal.reason.is_empty() && is_other_listener(&refusal.message) {
        return unreachable(node, &refusal.message);
    }
    refusal_failure(console, &refusal)
}

fn refusal_failure(console: Console, refusal: &Refusal) -> Failure {
    let mut failure = Failure::new(Exit::Failed, &refusal.message);
    if !refusal.reason.is_empty() {
        failure = failure.note(format!("reason {}", refusal.reason));
    }
    let findings = findings(refusal);
    if !findings.is_empty() {
        tell(console, &refusal.reason, &refusal.message, &findings);
    }
    match refusal.reason.as_str() {
        "UNAUTHENTICATED" => failure.help("the token may be of another node, or its account closed: --token-file"),
        "ARRIVAL_UNKNOWN" => {
            failure.help("a number is named whole; by its beginning it is found: origin customs arrivals --number")
        }
        "ARRIVAL_INCOMPLETE" => failure.help("an act on it that waits is dropped all the same: origin customs drop"),
        "NOT_THE_OPERATOR" => failure.help("the node writes a new operator's token at every start: name its --config"),
        // No time that a node names brings back a partner that is away.
        "OWN_HISTORY_UNKNOWN" | "OWN_HISTORY_MISSING" | "NUMBERS_UNKNOWN" => failure.help(
            "ask again once who is waited for has been heard: the operator sees who that is with origin partner status, and \
             what to do with origin doctor",
        ),
        _ => match refusal.retry_after {
            Some(delay) => failure.help(format!("the same may succeed in {} ms", delay.as_millis())),
            None => failure,
        },
    }
}

/// Tells what a refusal is about; machines are told as of a row of a file.
pub(super) fn tell(console: Console, reason: &str, message: &str, findings: &Findings) {
    if console.is_json() {
        console.data(json!({ "outcome": "refused", "reason": reason, "message": message, "findings": findings }));
    } else {
        console.message(findings_text(console, findings).trim_end());
    }
}

/// The findings of a refusal in the house's own words.
pub(super) fn findings(refusal: &Refusal) -> Findings {
    Findings(refusal.findings.iter().map(finding).collect())
}

/// The same of those that warn.
pub(super) fn finding(wire: &wire::Finding) -> Finding {
    let severity = match wire.severity() {
        wire::Severity::Warning => Severity::Warning,
        wire::Severity::Unknown => Severity::Unknown,
        wire::Severity::Error | wire::Severity::Unspecified => Severity::Error,
    };
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Finding {
        path: wire.path.clone(),
        rule: wire.rule.clone(),
        severity,
        message: wire.message.clone(),
        article: some(&wire.article),
        form_box: some(&wire.form_box),
        help: some(&wire.help),
    }
}

/// A date as the wire has it.
pub(super) fn date_to_wire(date: Date) -> WireDate {
    WireDate { year: date.year().into(), month: date.month().into(), day: date.day().into() }
}

/// A date of the wire as text; `-` where there is none.
pub(super) fn date_text(date: Option<&WireDate>) -> String {
    date.map_or_else(|| "-".to_owned(), |date| format!("{:04}-{:02}-{:02}", date.year, date.month, date.day))
}

/// The word for a status.
pub(super) const fn status_word(status: wire::CertificateStatus) -> &'static str {
    use wire::CertificateStatus as S;
    match status {
        S::Unspecified => "unknown",
        S::Valid => "valid",
        S::Cancelled => "cancelled",
        S::Suspended => "suspended",
        S::Withdrawn => "withdrawn",
        S::Superseded => "superseded",
        S::InPart => "in part",
        S::Void => "void",
        S::KeyClosed => "key closed",
        S::Unproven => "unproven",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_that_is_not_for_clients_is_told_from_a_node_that_is_silent() {
        let said = "protocol error: received message with invalid compression flag: 78 (valid flags are 0 and 1)";
        let status = [tonic::Status::internal(said), tonic::Status::unavailable("tls handshake: InvalidContentType")];
        for status in &status {
            let failure = refused(Console::new(Format::Text), "127.0.0.1:8443", status);
            assert_eq!(failure.sentence(), "what answers at 127.0.0.1:8443 is no listener for clients");
        }
        assert!(unreachable("127.0.0.1:1", "refused").sentence().contains("does not answer"));
    }

    #[test]
    fn who_names_what_is_not_here_or_not_here_whole_is_told_what_to_do() {
        let helped = |reason: &str| {
            let refusal = Refusal { reason: reason.to_owned(), ..Refusal::default() };
            format!("{:?}", refusal_failure(Console::new(Format::Text), &refusal))
        };
        assert!(helped("ARRIVAL_UNKNOWN").contains("origin customs arrivals --number"));
        assert!(helped("ARRIVAL_INCOMPLETE").contains("origin customs drop"));
    }

    #[test]
    fn who_waits_for_a_partner_is_told_no_milliseconds() {
        let helped = |reason: &str| {
            let retry_after = Some(std::time::Duration::from_millis(500));
            let refusal = Refusal { reason: reason.to_owned(), retry_after, ..Refusal::default() };
            format!("{:?}", refusal_failure(Console::new(Format::Text), &refusal))
        };
        assert!(helped("RATE_LIMITED").contains("500 ms"));
        for reason in ["OWN_HISTORY_UNKNOWN", "OWN_HISTORY_MISSING", "NUMBERS_UNKNOWN"] {
            let said = helped(reason);
            assert!(said.contains("origin partner status") && !said.contains("500 ms"), "{said}");
        }
    }

    #[test]
    fn a_node_is_named_by_host_and_port() {
        assert_eq!(address("node.tdap.gov.pk:8444").as_deref(), Ok("node.tdap.gov.pk:8444"));
        assert_eq!(address("https://[::1]:8444/").as_deref(), Ok("[::1]:8444"));
        for wrong in ["", "node", "node:", ":1", "node:99999", "http://node:1", "user@node:1", "node:1/path"] {
            assert!(address(wrong).is_err(), "{wrong}");
        }
    }
}
