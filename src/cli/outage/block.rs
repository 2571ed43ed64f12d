//! A block of numbers: asked for at the node, kept in a file.

use super::spool::Spool;
use crate::{
    api::client::{wire, within_deadline},
    certificate::{AgreementCode, CertificateNumber, Country, OfficeCode},
    cli::{
        Outcome,
        apply::Door,
        arguments,
        console::{Console, Exit, Failure},
        files,
        remote::date_to_wire,
    },
    reason::counted,
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
/// The file goes to the counter that issues on paper, and to one counter alone: each number is given by it once. A node that
/// was restored from a copy older than the block does not know it: --again puts it back, before anything else is issued. It
/// is refused where a number of it was given to something else meanwhile. A file with a wrong digit is put right by --again
/// with the right one.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Reserve {
    /// The office that will issue
    #[arg(value_name = "CODE", value_parser = arguments::office, required_unless_present = "again")]
    code: Option<OfficeCode>,
    /// The agreement
    #[arg(long, value_name = "CODE", value_parser = arguments::agreement, required_unless_present = "again")]
    agreement: Option<AgreementCode>,
    /// The importing country
    #[arg(long, value_name = "COUNTRY", value_parser = arguments::country, required_unless_present = "again")]
    to: Option<Country>,
    /// How many numbers, 1 to 1000
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=1000), required_unless_present = "again")]
    count: Option<u32>,
    /// The file to write; one that is there is not replaced
    #[arg(short, long, value_name = "FILE", required_unless_present = "again")]
    output: Option<PathBuf>,
    /// Put back the block that this file has, or this spool of what was issued under it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["code", "agreement", "to", "count", "output"])]
    again: Option<PathBuf>,
    /// Put it back however far its numbers lie beyond all that the node knows of their series, which goes on behind them
    // What is required is not asked for where it conflicts with what is named: the conflict itself has to be said.
    #[arg(long, requires = "again", conflicts_with = "code")]
    far: bool,
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

    /// Reads one from its file, or from the spool of what was issued under it.
    fn of_either(path: &Path) -> Result<Self, Failure> {
        if Spool::is_one(path)? { Ok(Spool::open(path)?.block) } else { Self::load(path) }
    }

    /// The zone whose civil date is the date of issue.
    pub(super) fn zone(&self) -> Result<ZoneName, Failure> {
        ZoneName::new(&self.time_zone).map_err(|error| Failure::new(Exit::Failed, error))
    }

    fn show(&self, console: Console, json: &str) {
        if console.is_json() {
            console.data(json);
            return;
        }
        console.data(self.described());
    }

    fn described(&self) -> String {
        let Self { office, agreement, to, numbers, .. } = self;
        let which = match numbers.as_slice() {
            [] => String::new(),
            [one] => format!(": {one}"),
            [first, .., last] => format!(": {first} to {last}"),
        };
        let count = counted(numbers.len(), "number", "numbers");
        format!("{count} for {office} under {agreement} to {to}{which}")
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

impl From<BlockFile> for wire::NumberBlock {
    fn from(file: BlockFile) -> Self {
        Self {
            block_id: file.block,
            office: file.office.to_string(),
            agreement: file.agreement.to_string(),
            to: file.to.to_string(),
            reserved_on: Some(date_to_wire(file.reserved_on)),
            numbers: file.numbers.iter().map(ToString::to_string).collect(),
            issuer: file.authority,
            time_zone: file.time_zone,
            register_within_days: file.register_within_days,
        }
    }
}

impl Reserve {
    pub(in crate::cli) fn run(self, console: Console) -> Outcome {
        if let Some(path) = &self.again {
            return self.put_back(console, &BlockFile::of_either(path)?);
        }
        let (Some(code), Some(agreement), Some(to), Some(count), Some(output)) =
            (&self.code, &self.agreement, self.to, self.count, &self.output)
        else {
            return Err(Failure::new(
                Exit::Usage,
                "name the office, the agreement, the country, how many, and the file",
            ));
        };
        if output.exists() {
            let message = format!("`{}` is there already", output.display());
            return Err(Failure::new(Exit::Failed, message).help("name another file: -o FILE"));
        }
        let draft = files::Draft::begin(output, 0o600)?;
        let id = self.request_id.unwrap_or_else(Uuid::now_v7);
        let request = wire::ReserveNumberBlockRequest {
            request_id: id.to_string(),
            office: code.to_string(),
            agreement: agreement.to_string(),
            to: to.to_string(),
            count,
        };
        let asked = self.door.ask(console, |connection| async move {
            connection.continuity().reserve_number_block(within_deadline(request)).await
        });
        let answer = asked.map_err(|failure| match failure.code() {
            4 => failure.help(format!("repeat it with --request-id {id}")),
            _ => failure,
        })?;
        let set_aside = |failure: Failure| {
            failure.help(format!("the numbers are set aside: with --request-id {id} the same block comes again"))
        };
        let file = BlockFile::of(answer.block.unwrap_or_default()).map_err(set_aside)?;
        let mut text = serde_json::to_string_pretty(&file).map_err(|error| Failure::new(Exit::Failed, error))?;
        text.push('\n');
        draft.fill(text.as_bytes()).map_err(set_aside)?;
        file.show(console, text.trim_end());
        console.message(format!("wrote {}; give it to one counter", output.display()));
        if self.goes_on_paper(console, agreement, to) {
            console.message(format!(
                "warning: certificates under {agreement} to {to} are issued on paper: what is issued under this block \
                 is registered as paper is (origin paper register TABLE), and not by origin issue --register"
            ));
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Whether the corridor of its certificates is paper today. That nothing is known of it stops nothing.
    fn goes_on_paper(&self, console: Console, agreement: &AgreementCode, to: Country) -> bool {
        let asked = self.door.ask(console, |connection| async move {
            connection.continuity().list_corridors(within_deadline(wire::ListCorridorsRequest {})).await
        });
        let (agreement, to) = (agreement.to_string(), to.to_string());
        let is_it = |one: &wire::Corridor| one.agreement == agreement && one.to == to && one.in_force;
        let is_paper = |one: &wire::Corridor| is_it(one) && one.medium() == wire::Medium::Paper;
        asked.is_ok_and(|answer| answer.corridors.iter().any(is_paper))
    }

    fn put_back(&self, console: Console, file: &BlockFile) -> Outcome {
        let id = self.request_id.unwrap_or_else(Uuid::now_v7);
        let request = wire::PutBackNumberBlockRequest {
            request_id: id.to_string(),
            block: Some(file.clone().into()),
            far: self.far,
        };
        let answer = self.door.ask(console, |connection| async move {
            connection.continuity().put_back_number_block(within_deadline(request)).await
        })?;
        let text = serde_json::to_string(file).map_err(|error| Failure::new(Exit::Failed, error))?;
        file.show(console, &text);
        if answer.passed_over > 0 {
            let passed = counted(answer.passed_over, "number of its series is", "numbers of its series are");
            console.message(format!(
                "warning: {passed} passed over for it; where a digit of the file is wrong, give the right one at once: \
                 it takes its place"
            ));
        }
        let done = if answer.before { "the node had it, and nothing was changed" } else { "the node has it again" };
        console.message(format!("{done}; register what was issued under it: origin issue --register SPOOL"));
        Ok(ExitCode::SUCCESS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_block_of_one_number_names_it_once() {
        let block = |numbers: &[&str]| -> BlockFile {
            serde_json::from_value(json!({
                "authority": "https://tdap.gov.pk", "block": "b1", "office": "KHI", "agreement": "NONPREF", "to": "KE",
                "reserved_on": "2026-11-29", "time_zone": "Asia/Karachi", "register_within_days": 5, "numbers": numbers,
            }))
            .unwrap()
        };
        assert_eq!(block(&["N-1"]).described(), "1 number for KHI under NONPREF to KE: N-1");
        assert_eq!(block(&["N-1", "N-2", "N-3"]).described(), "3 numbers for KHI under NONPREF to KE: N-1 to N-3");
    }
}
