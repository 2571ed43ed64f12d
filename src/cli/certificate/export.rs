//! `origin certificate export`: a certificate in the formats of other systems.

use super::name::Name;
use crate::{
    api::client::{wire, within_deadline},
    cli::{
        Outcome,
        console::{Console, Exit, Failure},
        files::{self, Made, Source},
        remote::{self, TlsArguments},
        scan,
    },
    document::export::{self, ExportError, Format, NotCarried},
    reason::Reasoned,
    statement::{Bundle, Jti, MAX_BUNDLE_BYTES, Presentation},
};
use serde_json::json;
use std::{path::PathBuf, process::ExitCode};

/// The format of another system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum As {
    /// UN/CEFACT D23B, Preferential Certificate of Origin, JSON
    UnCefact,
    /// OASIS UBL 2.5, Certificate of Origin, XML
    Ubl,
    /// A table, one row an item
    Csv,
}

/// Write a certificate in the format of another system, and say what that format could not carry
///
/// A token or bundle is exported with no network, as it stands and unverified (`origin verify` verifies it); with
/// --number or --id it is fetched from a node. An export is unsigned. What it does not carry is listed on standard
/// error.
#[derive(Debug, clap::Args)]
pub(super) struct Export {
    /// Token, evidence bundle, or PDF as it was downloaded; `-` is standard input
    #[arg(value_name = "FILE", required_unless_present_any = ["id", "number"], conflicts_with_all = ["id", "number"])]
    file: Option<Source>,
    /// The certificate number, of one at a node
    #[arg(long, value_name = "NUMBER", conflicts_with = "id", requires = "node", requires = "token_file")]
    number: Option<String>,
    /// The statement's identifier, 26 characters, of one at a node
    #[arg(long, value_name = "JTI", requires = "node", requires = "token_file", value_parser = crate::cli::arguments::jti)]
    id: Option<Jti>,
    /// In which format
    #[arg(long = "as", value_enum, value_name = "FORMAT")]
    form: As,
    /// Where it goes [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The node's gRPC address, HOST:PORT
    #[arg(long, value_name = "ADDR", env = "ORIGIN_NODE", value_parser = remote::address)]
    node: Option<String>,
    #[command(flatten)]
    tls: TlsArguments,
    /// File with the account's token; `-` is standard input
    #[arg(long, value_name = "FILE", env = "ORIGIN_TOKEN_FILE")]
    token_file: Option<Source>,
}

impl Export {
    pub(super) fn run(self, console: Console) -> Outcome {
        files::apart(self.output.as_deref(), self.file.iter().chain(&self.token_file))?;
        let made = match self.form {
            As::UnCefact => Made::Json,
            As::Ubl => Made::Xml,
            As::Csv => Made::Table,
        };
        files::is_named_rightly(self.output.as_deref(), made, "--as names the format")?;
        let (content, not_carried) = match &self.file {
            Some(file) => self.here(file)?,
            None => self.at_node(console)?,
        };
        files::deliver(console, self.output.as_deref(), &content)?;
        if let (true, Some(output)) = (console.is_json(), &self.output) {
            console.data(json!({ "file": output, "not_carried": not_carried }));
            return Ok(ExitCode::SUCCESS);
        }
        match not_carried.len() {
            0 => console.message("everything is carried"),
            1 => console.message("1 member is not carried:"),
            many => console.message(format!("{many} members are not carried:")),
        }
        for one in &not_carried {
            console.message(format!("  {one}"));
        }
        Ok(ExitCode::SUCCESS)
    }

    /// With no network.
    fn here(&self, file: &Source) -> Result<(Vec<u8>, Vec<NotCarried>), Failure> {
        let text = scan::certificate(file, MAX_BUNDLE_BYTES)?;
        let text = text.trim_matches(|c: char| c.is_ascii_whitespace());
        let refused = |error: &dyn Reasoned| {
            Failure::new(Exit::Failed, format!("`{file}` cannot be exported: {error}"))
                .note(format!("reason {}", error.reason()))
        };
        let token = if text.starts_with('{') {
            Bundle::parse(text.as_bytes()).map_err(|error| refused(&error))?.token
        } else {
            text.to_owned()
        };
        let opened = Presentation::parse(&token).and_then(|presentation| presentation.open());
        let opened = opened.map_err(|error| refused(&error))?;
        let format = match self.form {
            As::UnCefact => Format::UnCefact,
            As::Ubl => Format::Ubl,
            As::Csv => Format::Csv,
        };
        let export = export::export(&opened, format).map_err(|error| match &error {
            ExportError::Lacks(_) => refused(&error).help("another format carries it: --as ubl, --as csv"),
            _ => refused(&error),
        })?;
        Ok((export.content, export.not_carried))
    }

    /// The same, made by a node that has the certificate.
    fn at_node(&self, console: Console) -> Result<(Vec<u8>, Vec<NotCarried>), Failure> {
        let (Some(node), Some(token)) = (&self.node, &self.token_file) else {
            return Err(Failure::new(Exit::Usage, "a node is needed, and the token of an account")
                .help("--node ADDR --token-file FILE"));
        };
        let token = remote::token(token)?;
        let name = Name { id: self.id, number: self.number.clone(), application: None };
        let format = match self.form {
            As::UnCefact => wire::DownloadFormat::UnCefactJson,
            As::Ubl => wire::DownloadFormat::UblXml,
            As::Csv => wire::DownloadFormat::Csv,
        };
        let request = wire::DownloadCertificateRequest { certificate: Some(name.to_wire()), format: format.into() };
        let answer = remote::converse(async {
            let connection = self.tls.connect(node, Some(&token)).await?;
            let answer = connection.certificates().download_certificate(within_deadline(request)).await;
            answer.map(tonic::Response::into_inner).map_err(|status| remote::refused(console, node, &status))
        })?;
        let not_carried = answer.not_carried.into_iter();
        let not_carried = not_carried.map(|wire::NotCarried { path, why }| NotCarried { path, why }).collect();
        Ok((answer.content.to_vec(), not_carried))
    }
}
