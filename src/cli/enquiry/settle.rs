//! `origin enquiry settle`: what became of the security that goods were released on while an enquiry ran.

use super::{named, shown};
use crate::{
    api::client::{wire, within_deadline},
    cli::{Outcome, certificate::Request, console::Console},
    statement::Jti,
};
use clap::builder::NonEmptyStringValueParser;
use std::process::ExitCode;

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum As {
    /// The security was given back, or the held goods were let go at the preferential rate
    Released,
    /// What was owed without preference was taken
    Collected,
    /// It was taken for some of the goods, and the rest was given back
    #[value(alias = "collected_in_part")]
    CollectedInPart,
}

/// Say what became of the security that goods were released on while an enquiry ran, or of goods that were held
///
/// It stays at this authority: nothing is signed, and who was asked is not told. What was said wrongly is said again; the
/// last counts. `origin enquiry list --unsettled` has those of which it is still to be said.
#[derive(Debug, clap::Args)]
pub(super) struct Settle {
    /// The enquiry's identifier, 26 characters
    #[arg(value_name = "JTI", value_parser = named)]
    enquiry: Jti,
    /// What became of it
    #[arg(long = "as", value_enum, value_name = "HOW", ignore_case = true)]
    how: As,
    /// By which receipt or order, and of what part; the audit record keeps it for ever
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    words: String,
    #[command(flatten)]
    request: Request,
}

impl Settle {
    pub(super) fn run(self, console: Console) -> Outcome {
        let outcome = match self.how {
            As::Released => "released",
            As::Collected => "collected",
            As::CollectedInPart => "collected_in_part",
        };
        let (jti, outcome, words) = (self.enquiry.to_string(), outcome.to_owned(), self.words);
        let answer = self.request.ask(console, async |connection, request_id| {
            let request = wire::SettleSecurityRequest { request_id, jti, outcome, words };
            connection.customs().settle_security(within_deadline(request)).await
        })?;
        shown::full(console, shown::Side::Asking, &answer.enquiry.unwrap_or_default());
        Ok(ExitCode::SUCCESS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    #[derive(Debug, clap::Parser)]
    struct Line {
        #[command(flatten)]
        settle: Settle,
    }

    #[test]
    fn what_became_of_a_security_is_typed_as_it_is_printed_too_in_any_case() {
        let door = ["settle", "01KB3D9M8000000000000000AB", "--node", "node.customs.gov.cn:8444", "--token-file", "t"];
        for (typed, how) in [
            ("collected-in-part", As::CollectedInPart),
            ("collected_in_part", As::CollectedInPart),
            ("COLLECTED_IN_PART", As::CollectedInPart),
            ("Released", As::Released),
        ] {
            let line = Line::try_parse_from(door.iter().chain(&["--as", typed, "--words", "order 40"]));
            assert_eq!(line.unwrap().settle.how, how, "{typed}");
        }
    }
}
