//! `origin apply check`, `submit` and `import`: files of what is applied for.

use super::{
    Door, ForExporter, csv,
    declares::{Declares, FILED_OTHERWISE_HELP},
    draft,
    told::{Answer, Told},
    written::{made, only_row},
};
use crate::{
    api::client::{Refusal, wire, within_deadline},
    certificate::Findings,
    cli::{
        Outcome,
        certificate::findings_text,
        console::{Colour, Console, Exit, Failure},
        files::Source,
        issue::ledger::{self, Known, Ledger, RowKey},
        remote,
        rows::{Held, Row, RowText},
    },
    office::ApplicationId,
};
use bytes::Bytes;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use std::{collections::HashMap, path::PathBuf, process::ExitCode};
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use uuid::Uuid;

/// Rows of one message, and bytes: a node reads messages of at most 1 MiB.
const BATCH: (usize, usize) = (64, 512 << 10);
/// Messages on their way at once.
const ON_THE_WAY: usize = 8;

/// What is applied for, as it is sent.
pub(super) struct OneFile {
    certificate: Bytes,
    production: Bytes,
    /// For which exporter, where the row says so.
    exporter: Option<String>,
}

/// A row that says more than the certificate: for whom it is filed, and how the goods were made.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    #[serde(default)]
    exporter: Option<String>,
    certificate: Map<String, Value>,
    #[serde(default)]
    production: Option<Map<String, Value>>,
}

impl OneFile {
    /// Reads one file; TOML becomes the JSON it stands for.
    pub(super) fn read(console: Console, source: &Source, production: Option<&Source>) -> Result<Self, Failure> {
        let (row, made) = (only_row(source)?, made(production)?);
        Self::of_one(console, &row, made.as_ref())
    }

    /// The same of a row that was read.
    pub(super) fn of_one(console: Console, row: &Row, production: Option<&Bytes>) -> Result<Self, Failure> {
        Self::of(row, production).map_err(|findings| {
            console.message(findings_text(console, &findings).trim_end());
            Failure::new(Exit::Failed, "the file cannot be read as a certificate")
        })
    }

    /// What cannot be read at all is refused here; what is unfinished or wrong is the node's to say.
    fn of(row: &Row, production: Option<&Bytes>) -> Result<Self, Findings> {
        let certificate = match &row.text {
            RowText::Json(text) => match serde_json::from_str::<Envelope>(text) {
                Ok(Envelope { exporter, certificate, production: made }) => {
                    let made = made.map(|made| Value::Object(made).to_string()).unwrap_or_default();
                    let certificate = Bytes::from(Value::Object(certificate).to_string());
                    return Ok(Self { certificate, production: made.into(), exporter });
                }
                Err(_) => Bytes::from(text.trim().to_owned()),
            },
            RowText::Toml(_) | RowText::Unreadable(_) => {
                let reading = row.read();
                Bytes::from(row.json(&reading).ok_or(reading.findings)?)
            }
        };
        Ok(Self { certificate, production: production.cloned().unwrap_or_default(), exporter: None })
    }

    /// SHA-256 of what is shown to who declares.
    pub(super) fn shown(&self) -> [u8; 32] {
        Sha256::digest(self.shown_bytes()).into()
    }

    /// What a node keeps of an application.
    pub(super) fn kept(file: wire::ApplicationFile) -> Self {
        Self { certificate: file.certificate_json, production: file.production_json, exporter: None }
    }

    /// The particulars as they are sent.
    pub(super) fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// What is shown to who declares, byte for byte.
    pub(super) fn shown_bytes(&self) -> Vec<u8> {
        let mut shown = self.certificate.to_vec();
        if !self.production.is_empty() {
            shown.push(b'\n');
            shown.extend_from_slice(&self.production);
        }
        shown
    }

    pub(super) fn into_wire(self) -> wire::ApplicationFile {
        wire::ApplicationFile { certificate_json: self.certificate, production_json: self.production }
    }
}

/// Check an application at the node and report every finding at once; nothing is stored
///
/// Exit code 0 if it can be submitted (there may be warnings), 1 otherwise.
#[derive(Debug, clap::Args)]
pub(super) struct Check {
    /// TOML or JSON of one certificate; `-` is standard input
    #[arg(value_name = "FILE")]
    file: Source,
    /// How the goods were made, TOML or JSON (see origin agreement template)
    #[arg(long, value_name = "FILE")]
    production: Option<Source>,
    #[command(flatten)]
    whose: ForExporter,
    #[command(flatten)]
    door: Door,
}

impl Check {
    pub(super) fn run(self, console: Console) -> Outcome {
        let file = OneFile::read(console, &self.file, self.production.as_ref())?;
        let exporter = file.exporter.clone().unwrap_or(self.whose.exporter);
        let request = wire::CheckApplicationRequest { file: Some(file.into_wire()), exporter };
        let answer = self.door.ask(console, |connection| async move {
            connection.applications().check_application(within_deadline(request)).await
        })?;
        let findings = Findings(answer.findings.iter().map(remote::finding).collect());
        if console.is_json() {
            console.data(json!({ "acceptable": answer.acceptable, "findings": findings }));
        } else {
            let verdict = if answer.acceptable {
                console.paint(Colour::Green, "can be submitted")
            } else {
                console.paint(Colour::Red, "cannot be submitted")
            };
            console.data(verdict);
            console.raw(findings_text(console, &findings).as_bytes());
        }
        Ok(if answer.acceptable { ExitCode::SUCCESS } else { ExitCode::from(Exit::Failed.code()) })
    }
}

/// Declare and submit one application: of a file, or a draft
///
/// A file that was left a draft is submitted as that draft. Its request id is written to FILE.requests before it is sent,
/// so that running the command again changes nothing.
#[derive(Debug, clap::Args)]
pub(super) struct Submit {
    /// TOML or JSON of one certificate, or the id of a draft; `-` is standard input
    #[arg(value_name = "FILE|APPLICATION")]
    file: Source,
    /// How the goods were made, TOML or JSON (see origin agreement template)
    #[arg(long, value_name = "FILE")]
    production: Option<Source>,
    #[command(flatten)]
    filing: Filing,
}

/// Declare and submit many applications: JSON lines, or a CSV table whose heading names fields by their path
///
/// A line or row is a certificate, or `{"exporter": …, "certificate": {…}, "production": {…}}` where it says for whom it
/// is filed or how the goods were made. Request ids are written to FILE.requests before they are sent, so that running
/// the command again changes nothing. A row that is refused says why and stops no other. Exit code 0 if every row is filed, 1 if some are refused.
#[derive(Debug, clap::Args)]
pub(super) struct Import {
    /// JSON lines, or a CSV table; `-` is standard input
    #[arg(value_name = "FILE")]
    file: Source,
    #[command(flatten)]
    filing: Filing,
}

#[derive(Debug, Clone, clap::Args)]
pub(super) struct Filing {
    /// Leave it a draft: nobody declares it yet
    #[arg(long, conflicts_with = "person")]
    pub(super) draft: bool,
    /// Where the request ids are kept [default: FILE.requests]
    #[arg(long, value_name = "FILE")]
    pub(super) requests: Option<PathBuf>,
    #[command(flatten)]
    pub(super) whose: ForExporter,
    #[command(flatten)]
    pub(super) declares: Declares,
    #[command(flatten)]
    pub(super) door: Door,
}

impl Submit {
    pub(super) fn run(self, console: Console) -> Outcome {
        let named = self.file.path().filter(|path| !path.exists()).and_then(|path| path.to_str());
        if let Some(id) = named.and_then(|name| name.parse::<ApplicationId>().ok()) {
            if self.filing.draft || self.production.is_some() {
                return Err(Failure::new(Exit::Usage, "a draft is submitted as it is kept")
                    .help(format!("origin apply update {id} FILE changes it")));
            }
            return draft::submit(console, &id.to_string(), &self.filing.declares, &self.filing.door);
        }
        let row = only_row(&self.file)?;
        let ledger = self.filing.ledger(&self.file)?;
        if let Some(draft) =
            ledger.any_draft().filter(|_| ledger.draft_of(&RowKey::of(row.written())).is_none() && !self.filing.draft)
        {
            let error = format!("`{}` was left a draft, {draft}, and says something else now", self.file);
            return Err(Failure::new(Exit::Usage, error)
                .help(format!("origin apply update {draft} {}, then submit it", self.file)));
        }
        self.filing.run(console, std::iter::once(Ok(row)), ledger, made(self.production.as_ref())?.as_ref())
    }
}

impl Import {
    pub(super) fn run(self, console: Console) -> Outcome {
        let ledger = self.filing.ledger(&self.file)?;
        match Held::open(&self.file)? {
            Held::Rows(rows) => self.filing.run(console, rows, ledger, None),
            Held::Table(table) => self.filing.run(console, csv::Table::open(table)?, ledger, None),
        }
    }
}

/// What a row asks the node for.
enum Ask {
    File(Box<wire::ImportApplicationRow>, RowKey),
    /// The row was left a draft, which is submitted now.
    Draft(wire::SubmitApplicationRequest),
    /// Nothing: it cannot be read.
    Nothing(Answer),
}

impl Filing {
    pub(super) fn ledger(&self, file: &Source) -> Result<Ledger, Failure> {
        Ledger::open(&ledger::beside(self.requests.as_deref(), file.path())?, &self.door.node.node)
    }

    pub(super) fn run(
        &self,
        console: Console,
        rows: impl Iterator<Item = Result<Row, Failure>>,
        mut ledger: Ledger,
        production: Option<&Bytes>,
    ) -> Outcome {
        if !self.draft {
            // Said before anything is read or sent.
            self.declares.somebody()?;
        }
        let token = self.door.token.read()?;
        let mut told = Told::new(console);
        let ended = remote::converse(async {
            let connection = self.door.node.connect(Some(&token)).await?;
            self.converse(&connection, rows, &mut ledger, production, &mut told).await
        });
        // However it ended: what was answered behind a row that was not is told too.
        told.finish();
        ended?;
        let before = if told.before == 0 { String::new() } else { format!(", {} filed before", told.before) };
        if told.otherwise {
            console.message(FILED_OTHERWISE_HELP);
        }
        console.message(format!("{} filed{before}, {} refused", told.filed, told.refused));
        Ok(if told.refused == 0 { ExitCode::SUCCESS } else { ExitCode::from(Exit::Failed.code()) })
    }

    async fn converse(
        &self,
        connection: &crate::api::client::Connection,
        mut rows: impl Iterator<Item = Result<Row, Failure>>,
        ledger: &mut Ledger,
        production: Option<&Bytes>,
        told: &mut Told,
    ) -> Result<(), Failure> {
        let console = told.console();
        let refused = |status: &tonic::Status| {
            remote::refused(console, &self.door.node.node, status).note("running the command again changes nothing")
        };
        let (out, outgoing) = mpsc::unbounded_channel();
        let stream = UnboundedReceiverStream::new(outgoing);
        let answer = connection.applications().import_applications(stream).await;
        let mut back = answer.map_err(|status| refused(&status))?.into_inner();
        let mut asked: HashMap<String, (usize, RowKey)> = HashMap::new();
        let (mut on_the_way, mut ended) = (0_usize, false);
        loop {
            while on_the_way < ON_THE_WAY && !ended && !told.is_full() {
                let mut message = Vec::new();
                let mut bytes = 0;
                while message.len() < BATCH.0 && bytes < BATCH.1 && !told.is_full() {
                    let Some(row) = rows.next().transpose()? else {
                        ended = true;
                        break;
                    };
                    let place = told.read(row.number);
                    match self.row(&row, ledger, production)? {
                        Ask::File(one, key) => {
                            bytes += one.file.as_ref().map_or(0, |file| file.certificate_json.len());
                            asked.insert(one.request_id.clone(), (place, key));
                            message.push(*one);
                        }
                        Ask::Draft(request) => {
                            ledger.sync()?;
                            let call = connection.applications().submit_application(within_deadline(request)).await;
                            let answer = match call {
                                Ok(answer) => Answer::filed(draft::as_imported(answer.into_inner())),
                                Err(status) if Refusal::from(&status).unreachable => return Err(refused(&status)),
                                Err(status) => Answer::refused(&Refusal::from(&status)),
                            };
                            told.answered(place, answer);
                        }
                        Ask::Nothing(answer) => told.answered(place, answer),
                    }
                }
                ledger.sync()?;
                if !message.is_empty() {
                    on_the_way += 1;
                    // A stream that is over says why in its other direction.
                    let _ = out.send(wire::ImportApplicationsRequest { rows: message });
                }
            }
            if on_the_way == 0 {
                // What has no answer now does not get one any more.
                told.finish();
                if ended {
                    return ledger.sync();
                }
                continue;
            }
            let message = back.message().await.map_err(|status| refused(&status))?;
            let message = message.ok_or_else(|| Failure::new(Exit::Failed, "the node ended the stream"))?;
            on_the_way -= 1;
            for result in message.results {
                let Some((place, key)) = asked.remove(&result.request_id) else { continue };
                if let (Some(imported), true) = (draft::imported(&result), self.draft) {
                    ledger.drafted(&key, &imported.application_id)?;
                }
                told.answered(place, Answer::of(result));
            }
        }
    }

    fn row(&self, row: &Row, ledger: &mut Ledger, production: Option<&Bytes>) -> Result<Ask, Failure> {
        // What cannot be read is refused below, and nothing is asked for it.
        let key = ledger.name(row.written());
        let file = match OneFile::of(row, production) {
            Ok(file) => file,
            Err(findings) => {
                let (reason, message) = ("CERTIFICATE_INVALID".to_owned(), row.refusal().to_owned());
                return Ok(Ask::Nothing(Answer::Refused { reason, message, findings }));
            }
        };
        let asked = if self.draft { key.drafted() } else { key.clone() };
        let request_id = match ledger.known(&asked) {
            Known::Asked(id) => id,
            Known::New | Known::Done(_) => {
                let id = Uuid::now_v7();
                ledger.asked(&asked, id)?;
                id
            }
        };
        let request_id = request_id.to_string();
        let declaration = if self.draft { None } else { Some(self.declares.of(&file)?) };
        if let Some(draft) = ledger.draft_of(&key).filter(|_| !self.draft) {
            let application_id = draft.to_owned();
            return Ok(Ask::Draft(wire::SubmitApplicationRequest { request_id, application_id, declaration }));
        }
        let exporter = file.exporter.clone().unwrap_or_else(|| self.whose.exporter.clone());
        let file = Some(file.into_wire());
        let row = wire::ImportApplicationRow { request_id, file, declaration, exporter };
        Ok(Ask::File(Box::new(row), key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_may_say_for_whom_it_is_filed_and_how_the_goods_were_made() {
        let file = |text: &str| {
            let row = Row { number: 1, text: RowText::Json(text.to_owned()) };
            OneFile::of(&row, None).unwrap()
        };
        let plain = file(r#"{"agreement": "CPFTA", "exporter": {"party": {}}}"#);
        assert_eq!((plain.exporter, plain.production.len()), (None, 0));
        let row = r#"{"exporter": "SLK-1", "certificate": {"agreement": "CPFTA"}, "production": {"items": []}}"#;
        let said = file(row);
        assert_eq!(said.exporter.as_deref(), Some("SLK-1"));
        assert_eq!(said.certificate, r#"{"agreement":"CPFTA"}"#);
        assert_eq!(said.production, r#"{"items":[]}"#);
        assert_eq!(said.shown(), file(row).shown(), "the same row is declared the same way");
    }
}
