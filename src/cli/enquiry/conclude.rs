//! `origin enquiry conclude`: the end of an enquiry of which the answer cannot be read.

use super::{named, shown};
use crate::{
    api::client::{wire, within_deadline},
    cli::{Outcome, certificate::Request, console::Console},
    statement::Jti,
};
use clap::builder::NonEmptyStringValueParser;
use std::process::ExitCode;

/// Conclude, as a supervisor, an enquiry of which the answer cannot be read here: how it ended is known by another way
///
/// It is open no more, and nobody says that there was no reply to it. Who was asked is not told; their answer counts
/// still, if it comes.
#[derive(Debug, clap::Args)]
pub(super) struct Conclude {
    /// The enquiry's identifier, 26 characters
    #[arg(value_name = "JTI", value_parser = named)]
    enquiry: Jti,
    /// Why, and by which way it is known how it ended, such as the number of a letter; the audit record keeps it for ever
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    reason: String,
    #[command(flatten)]
    request: Request,
}

impl Conclude {
    pub(super) fn run(self, console: Console) -> Outcome {
        let (jti, reason) = (self.enquiry.to_string(), self.reason);
        let answer = self.request.ask(console, async |connection, request_id| {
            let request = wire::ConcludeEnquiryRequest { request_id, jti, reason };
            connection.customs().conclude_enquiry(within_deadline(request)).await
        })?;
        shown::full(console, shown::Side::Asking, &answer.enquiry.unwrap_or_default());
        Ok(ExitCode::SUCCESS)
    }
}
