//! A block of numbers: asked for at the node, kept in a file.

use crate::{
    api::client::{wire, within_deadline},
    certificate::{AgreementCode, CertificateNumber, Country, OfficeCode},
    cli::{
        Outcome,
        apply::Door,
        arguments,
        console::{Console, Exit, Failure},
        files,
    },
    time::{Date, ZoneName, serde_date},
};
use serde::{Deserialize, Serialize};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};
use uuid::Uuid;

/// Bytes of a block file: a thousand numbers take far less.
const MOST_BYTES: usize = 1 << 20;

/// Set a block of certificate numbers aside, for a day on which the node cannot be reached
///
/// The file goes to the counter that issues on paper, and to one counter alone: each number is given by it once.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Reserve {
    /// The office that will issue
    #[arg(value_name = "CODE")]
    code: OfficeCode,
    /// The agreement
    #[arg(long, value_name = "CODE", value_parser = arguments::agreement)]
    agreement: AgreementCode,
    /// The importing country
    #[arg(long, value_name = "COUNTRY")]
    to: Country,
    /// How many numbers, 1 to 1000
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=1000))]
    count: u32,
    /// The file to write; one that is there is not replaced
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// The id of a request that got no answer: the same block comes again
    #[arg(long = "request-id", value_name = "UUID")]
    request_id: Option<Uuid>,
    #[command(flatten)]
    door: Door,
}

/// The file of a block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BlockFile {
    /// The authority, `https://<host>`.
    pub(super) authority: String,
    pub(super) block: String,
    pub(super) office: OfficeCode,
    pub(super) agreement: AgreementCode,
    pub(super) to: Country,
    #[serde(with = "serde_date")]
    pub(super) reserved_on: Date,
    /// IANA name of the office's zone.
    pub(super) time_zone: String,
    pub(super) register_within_days: u32,
    pub(super) numbers: Vec<CertificateNumber>,
}

impl BlockFile {
    /// Reads one.
    pub(super) fn load(path: &Path) -> Result<Self, Failure> {
        let text = files::read_text(path, MOST_BYTES, Exit::Failed)?;
        serde_json::from_str(&text).map_err(|error| {
            Failure::new(Exit::Failed, format!("`{}` is no block of numbers: {error}", path.display()))
                .help("origin office reserve CODE --agreement CODE --to COUNTRY --count COUNT -o FILE")
        })
    }

    /// The zone whose civil date is the date of issue.
    pub(super) fn zone(&self) -> Result<ZoneName, Failure> {
        ZoneName::new(&self.time_zone).map_err(|error| Failure::new(Exit::Failed, error))
    }

    fn of(block: wire::NumberBlock) -> Result<Self, Failure> {
        let wrong = |error: &dyn std::fmt::Display| Failure::new(Exit::Failed, format!("the node's answer: {error}"));
        let reserved_on = crate::cli::remote::date_text(block.reserved_on.as_ref());
        let numbers = block.numbers.iter().map(|number| number.parse::<CertificateNumber>());
        Ok(Self {
            authority: block.issuer,
            block: block.block_id,
            office: block.office.parse().map_err(|error| wrong(&error))?,
            agreement: block.agreement.parse().map_err(|error| wrong(&error))?,
            to: block.to.parse().map_err(|error| wrong(&error))?,
            reserved_on: arguments::date(&reserved_on).map_err(|error| wrong(&error))?,
            time_zone: block.time_zone,
            register_within_days: block.register_within_days,
            numbers: numbers.collect::<Result<_, _>>().map_err(|error| wrong(&error))?,
        })
    }
}

impl Reserve {
    pub(in crate::cli) fn run(self, console: Console) -> Outcome {
        if self.output.exists() {
            let message = format!("`{}` is there already", self.output.display());
            return Err(Failure::new(Exit::Failed, message).help("name another file: -o FILE"));
        }
        let id = self.request_id.unwrap_or_else(Uuid::now_v7);
        let request = wire::ReserveNumberBlockRequest {
            request_id: id.to_string(),
            office: self.code.to_string(),
            agreement: self.agreement.to_string(),
            to: self.to.to_string(),
            count: self.count,
        };
        let asked = self.door.ask(console, |connection| async move {
            connection.continuity().reserve_number_block(within_deadline(request)).await
        });
        let answer = asked.map_err(|failure| match failure.code() {
            4 => failure.help(format!("repeat it with --request-id {id}")),
            _ => failure,
        })?;
        let file = BlockFile::of(answer.block.unwrap_or_default())?;
        let mut text = serde_json::to_string_pretty(&file).map_err(|error| Failure::new(Exit::Failed, error))?;
        text.push('\n');
        files::replace(&self.output, text.as_bytes(), 0o600)?;
        let (first, last) = (file.numbers.first(), file.numbers.last());
        let named = |number: Option<&CertificateNumber>| number.map(ToString::to_string).unwrap_or_default();
        if console.is_json() {
            console.data(text.trim_end());
        } else {
            console.data(format!(
                "{} numbers for {} under {} to {}: {} to {}",
                file.numbers.len(),
                file.office,
                file.agreement,
                file.to,
                named(first),
                named(last),
            ));
        }
        console.message(format!("wrote {}; give it to one counter", self.output.display()));
        Ok(ExitCode::SUCCESS)
    }
}
