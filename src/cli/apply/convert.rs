//! `origin apply convert`: the document of another system as a file to be finished.

use crate::{
    agreement::Lists,
    certificate::Findings,
    cli::{
        Outcome, agreements, arguments,
        certificate::{findings_text, judge_row},
        console::{Console, Exit, Failure},
        files::{self, Made, Source},
        rows::{Row, RowText},
    },
    document::export::{DOCUMENT_BYTES, ImportError, import},
    reason::Reasoned,
};
use serde_json::json;
use std::{path::PathBuf, process::ExitCode};

/// The format of another system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum From {
    /// UN/CEFACT D23B, Preferential Certificate of Origin, JSON
    UnCefact,
}

/// Make an application file of the document of another system
///
/// It says what of the document was not understood, and what is still to be filled in, as `origin certificate check` does.
/// `origin apply draft` keeps the file as a draft, unfinished too, and `origin apply submit` submits it.
#[derive(Debug, clap::Args)]
pub(super) struct Convert {
    /// The document; `-` is standard input
    #[arg(value_name = "FILE")]
    file: Source,
    /// Its format
    #[arg(long, value_enum, value_name = "FORMAT")]
    from: From,
    /// Folder of agreement files [default: those that come with the program]
    #[arg(long, value_name = "DIR")]
    agreements: Option<PathBuf>,
    /// Where the application file goes [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Convert {
    pub(super) fn run(self, console: Console) -> Outcome {
        let From::UnCefact = self.from;
        files::apart(self.output.as_deref(), [&self.file])?;
        files::is_named_rightly(self.output.as_deref(), Made::Json, "an application file is made as JSON")?;
        let agreements = agreements::load(self.agreements.as_deref())?;
        let document = self.file.read(DOCUMENT_BYTES)?;
        let draft = import(&document).map_err(|error| self.refused(console, &error))?;
        let mut text = serde_json::to_string_pretty(&draft.application).unwrap_or_default();
        text.push('\n');
        files::deliver(console, self.output.as_deref(), text.as_bytes())?;
        let row = Row { number: 1, text: RowText::Json(text) };
        let lacks = judge_row(&row, &agreements, &Lists::none(), arguments::today());
        if let (true, Some(output)) = (console.is_json(), &self.output) {
            console.data(json!({
                "file": output,
                "document": draft.document,
                "application": lacks,
            }));
            return Ok(ExitCode::SUCCESS);
        }
        told(console, "of the document:", &draft.document);
        told(console, "still to be filled in or mended:", &lacks);
        Ok(ExitCode::SUCCESS)
    }

    fn refused(&self, console: Console, error: &ImportError) -> Failure {
        let reason = format!("reason {}", error.reason());
        match error {
            ImportError::Lacks(findings) => {
                console.message(findings_text(console, findings).trim_end());
                Failure::new(Exit::Failed, format!("`{}` does not say what it has to", self.file)).note(reason)
            }
            error => Failure::new(Exit::Failed, format!("`{}` cannot be taken: {error}", self.file)).note(reason),
        }
    }
}

fn told(console: Console, head: &str, findings: &Findings) {
    if !findings.is_empty() {
        console.message(head);
        console.message(findings_text(console, findings).trim_end());
    }
}
