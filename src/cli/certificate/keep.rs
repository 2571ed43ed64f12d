//! `origin certificate show`, `list` and `download`: certificates of the caller's authority, at a node.

use super::name::Name;
use crate::{
    api::client::{Connection, wire, within_deadline},
    certificate::Country,
    cli::{
        Outcome,
        apply::{Door, Most},
        console::Console,
        files,
        remote::{self, NodeArguments, TokenArgument, date_text, status_word},
    },
};
use serde_json::json;
use std::{path::PathBuf, process::ExitCode};

/// Show one certificate and its status
#[derive(Debug, clap::Args)]
pub(super) struct Show {
    #[command(flatten)]
    name: Name,
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
            console.data(described(&certificate));
        } else {
            let route = format!("{} to {}", certificate.from, certificate.to);
            for (label, value) in [
                ("number", certificate.number.as_str()),
                ("id", &certificate.jti),
                ("status", status_word(certificate.status())),
                ("agreement", &certificate.agreement),
                ("from, to", &route),
                ("issued on", &date_text(certificate.issued_on.as_ref())),
                ("log", &certificate.log),
                ("index", &certificate.index.to_string()),
            ] {
                console.data(format!("{label:12}{value}"));
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

/// List certificates, newest first
#[derive(Debug, clap::Args)]
pub(super) struct List {
    /// Only those to this country, ISO 3166-1 alpha-2
    #[arg(long, value_name = "XX")]
    to: Option<Country>,
    #[command(flatten)]
    most: Most,
    #[command(flatten)]
    door: Door,
}

impl List {
    pub(super) fn run(self, console: Console) -> Outcome {
        let to = self.to.map(|country| country.to_string()).unwrap_or_default();
        let call = |connection: Connection, page_size, page_token| {
            let request = wire::ListCertificatesRequest { page_size, page_token, to: to.clone() };
            async move { connection.certificates().list_certificates(within_deadline(request)).await }
        };
        self.door.pages(console, self.most, call, |answer| {
            for one in &answer.certificates {
                console.data(if console.is_json() { described(one).to_string() } else { line(one) });
            }
            (answer.certificates.len(), answer.next_page_token)
        })
    }
}

fn line(certificate: &wire::Certificate) -> String {
    format!(
        "{}  {:24} {:10} {:8} {}→{}  {}",
        date_text(certificate.issued_on.as_ref()),
        certificate.number,
        status_word(certificate.status()),
        certificate.agreement,
        certificate.from,
        certificate.to,
        certificate.jti
    )
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
        "held": certificate.held,
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
}

/// Get one certificate as a file that can be handed on
#[derive(Debug, clap::Args)]
pub(super) struct Download {
    #[command(flatten)]
    name: Name,
    /// In which form
    #[arg(long = "as", value_enum, default_value = "bundle", value_name = "FORM")]
    form: As,
    /// Where it goes [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    node: NodeArguments,
    #[command(flatten)]
    token: TokenArgument,
}

impl Download {
    pub(super) fn run(self, console: Console) -> Outcome {
        let token = self.token.read()?;
        let format = match self.form {
            As::Bundle => wire::DownloadFormat::Bundle,
            As::Token => wire::DownloadFormat::Token,
        };
        let request =
            wire::DownloadCertificateRequest { certificate: Some(self.name.to_wire()), format: format.into() };
        let answer = remote::converse(async {
            let connection = self.node.connect(Some(&token)).await?;
            let answer = connection.certificates().download_certificate(within_deadline(request)).await;
            answer.map(tonic::Response::into_inner).map_err(|status| remote::refused(console, &self.node.node, &status))
        })?;
        files::deliver(console, self.output.as_deref(), &answer.content)?;
        if answer.awaiting_cosignatures {
            console.message(
                "note: the partners have yet to cosign it; until it is fetched again it verifies as NOT_COSIGNED",
            );
        }
        Ok(ExitCode::SUCCESS)
    }
}
