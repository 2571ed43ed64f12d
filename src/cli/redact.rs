//! `origin redact`: a copy of a certificate without some of its sections.

use super::{
    Outcome, arguments,
    console::{Console, Exit, Failure},
    files::{self, Made, Source},
    form::{self, PressArguments},
    scan,
};
use crate::{
    document::{Images, PaperCodes, Subject, sheet},
    reason::Reasoned,
    statement::{
        Bundle, Completeness, MAX_BUNDLE_BYTES, Opened, OpenedBody, Presentation, Section, StatementError, redact,
    },
};
use std::{path::PathBuf, process::ExitCode};

/// Make a copy without some sections, for a bank or another third party
///
/// Of a PDF the certificate that it carries is taken. The copy verifies as VALID_REDACTED and names what is missing. Proof and status of a bundle stay in the copy.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Token, evidence bundle, or PDF as it was downloaded; `-` is standard input
    #[arg(value_name = "FILE")]
    file: Source,
    #[arg(
        long,
        value_name = "SECTION,…",
        required = true,
        value_delimiter = ',',
        value_parser = section,
        help = arguments::one_of("Sections to leave out", droppable())
    )]
    drop: Vec<Section>,
    /// Print the copy: a PDF with the copy attached, marked as redacted on its face
    #[arg(long)]
    pdf: bool,
    /// Where the copy goes [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    press: PressArguments,
}

/// The names of the sections that a copy may go without.
pub(super) fn droppable() -> impl Iterator<Item = &'static str> {
    Section::ALL.into_iter().filter(|section| section.may_be_dropped()).map(Section::name)
}

fn section(text: &str) -> Result<Section, String> {
    let known = || droppable().collect::<Vec<_>>().join(", ");
    match Section::from_name(text) {
        Some(section) if section.may_be_dropped() => Ok(section),
        Some(section) => Err(format!("`{}` stays in every copy; these may be dropped: {}", section.name(), known())),
        None => Err(format!("no section has this name; these may be dropped: {}", known())),
    }
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        files::apart(self.output.as_deref(), [&self.file])?;
        let text = scan::certificate(&self.file, MAX_BUNDLE_BYTES)?;
        let text = text.trim_matches(|c: char| c.is_ascii_whitespace());
        let made = match (self.pdf, text.starts_with('{')) {
            (true, _) => Made::Pdf,
            (false, true) => Made::Json,
            (false, false) => Made::Token,
        };
        files::is_named_rightly(self.output.as_deref(), made, "--pdf prints the copy")?;
        let unfit = |error: StatementError| {
            Failure::new(Exit::Failed, format!("`{}` cannot be redacted: {error}", self.file))
                .note(format!("reason {}", error.reason()))
        };
        let copy = if self.pdf {
            self.printed(text, unfit)?
        } else if text.starts_with('{') {
            self.bundle(text).map_err(unfit)?.into_bytes()
        } else {
            (self.token(text).map_err(unfit)? + "\n").into_bytes()
        };
        for absent in self.absent(text) {
            console.message(format!("note: `{absent}` was left out of this copy before"));
        }
        files::deliver(console, self.output.as_deref(), &copy)?;
        Ok(ExitCode::SUCCESS)
    }

    /// The copy as a printed document. What it says is not verified here: who receives it does that.
    fn printed(&self, text: &str, unfit: impl Fn(StatementError) -> Failure) -> Result<Vec<u8>, Failure> {
        let token =
            if text.starts_with('{') { Bundle::parse(text.as_bytes()).map_err(&unfit)?.token } else { text.to_owned() };
        let token = self.token(&token).map_err(&unfit)?;
        let Opened { envelope, body, completeness } =
            Presentation::parse(&token).and_then(|presentation| presentation.open()).map_err(&unfit)?;
        let OpenedBody::Certificate(certificate) = body else {
            return Err(Failure::new(Exit::Failed, format!("`{}` is no certificate", self.file)));
        };
        let agreements = self.press.agreements()?;
        let subject = Subject {
            envelope: &envelope,
            certificate: &certificate,
            completeness: &completeness,
            token: Some(&token),
            agreement: agreements.get(&certificate.agreement),
            codes: &PaperCodes::default(),
            images: &Images::none(),
            awaiting_cosignatures: false,
            standing: None,
            successor: None,
        };
        let sheet = sheet(&subject).map_err(form::refused)?;
        self.press.press()?.print(&sheet).map_err(form::refused)
    }

    /// Sections that are to be dropped and are not there.
    fn absent(&self, text: &str) -> Vec<&'static str> {
        let token = Bundle::parse(text.as_bytes()).map_or_else(|_| text.to_owned(), |bundle| bundle.token);
        let opened =
            Presentation::parse(&token).ok().and_then(|presentation| Some(presentation.open().ok()?.completeness));
        let Some(Completeness::Redacted { missing } | Completeness::Incomplete { missing }) = opened else {
            return Vec::new();
        };
        let names = self.drop.iter().map(|section| section.name());
        names.filter(|name| missing.iter().any(|gone| gone.as_str() == *name)).collect()
    }

    fn token(&self, token: &str) -> Result<String, StatementError> {
        redact(&Presentation::parse(token)?, &self.drop)
    }

    fn bundle(&self, text: &str) -> Result<String, StatementError> {
        let mut bundle = Bundle::parse(text.as_bytes())?;
        bundle.token = self.token(&bundle.token)?;
        Ok(bundle.to_json())
    }
}
