//! `origin liaison`: the authority that is asked answers enquiries of others.

mod answer;
mod reply;

use super::{
    Outcome,
    apply::{Door, Most},
    arguments,
    certificate::Request,
    console::Console,
    customs::shown::day,
    enquiry::shown,
    remote::date_text,
};
use crate::{
    api::client::{Connection, wire, within_deadline},
    statement::Jti,
};
use serde_json::json;
use std::process::ExitCode;

/// Answer enquiries of other authorities about certificates of this one
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    List(List),
    Show(Show),
    Acknowledge(Acknowledge),
    Reply(reply::Reply),
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        match self.command {
            Command::List(arguments) => arguments.run(console),
            Command::Show(arguments) => arguments.run(console),
            Command::Acknowledge(arguments) => arguments.run(console),
            Command::Reply(arguments) => arguments.run(console),
        }
    }
}

/// List the enquiries to this authority: open ones by the day they are due, then those that are answered
#[derive(Debug, clap::Args)]
struct List {
    /// Only those that are not answered in full
    #[arg(long)]
    open: bool,
    #[command(flatten)]
    most: Most,
    #[command(flatten)]
    door: Door,
}

impl List {
    fn run(self, console: Console) -> Outcome {
        let open = self.open;
        let call = |connection: Connection, page_size, page_token| async move {
            let request = wire::ListIncomingEnquiriesRequest { page_size, page_token, open };
            connection.liaison().list_incoming_enquiries(within_deadline(request)).await
        };
        let page = |answer: wire::ListIncomingEnquiriesResponse| {
            answer.enquiries.iter().for_each(|one| shown::line(console, shown::Side::Asked, one));
            (answer.enquiries.len(), answer.next_page_token)
        };
        self.door.pages(console, self.most, call, page, "there is no such enquiry to this authority")
    }
}

/// Show one enquiry with its answers
#[derive(Debug, clap::Args)]
struct Show {
    /// The enquiry's identifier, 26 characters
    #[arg(value_name = "JTI", value_parser = arguments::jti)]
    enquiry: Jti,
    #[command(flatten)]
    door: Door,
}

impl Show {
    fn run(self, console: Console) -> Outcome {
        let request = wire::GetIncomingEnquiryRequest { jti: self.enquiry.to_string() };
        let answer = self.door.ask(console, |connection| async move {
            connection.liaison().get_incoming_enquiry(within_deadline(request)).await
        })?;
        shown::full(console, shown::Side::Asked, &answer.enquiry.unwrap_or_default());
        Ok(ExitCode::SUCCESS)
    }
}

/// Say that an enquiry came; the clock runs from the day it came, acknowledged or not
#[derive(Debug, clap::Args)]
struct Acknowledge {
    /// The enquiry's identifier, 26 characters
    #[arg(value_name = "JTI", value_parser = arguments::jti)]
    enquiry: Jti,
    #[command(flatten)]
    request: Request,
}

impl Acknowledge {
    fn run(self, console: Console) -> Outcome {
        let jti = self.enquiry.to_string();
        let answer = self.request.ask(console, async |connection, request_id| {
            let request = wire::AcknowledgeEnquiryRequest { request_id, jti };
            connection.liaison().acknowledge_enquiry(within_deadline(request)).await
        })?;
        if console.is_json() {
            console.data(json!({
                "jti": answer.jti,
                "received_on": day(answer.received_on.as_ref()),
                "reply_due": day(answer.reply_due.as_ref()),
            }));
        } else {
            let (received, due) = (date_text(answer.received_on.as_ref()), shown::due(answer.reply_due.as_ref()));
            console.data(format!("acknowledged by statement {}: received {received}, {due}", answer.jti));
        }
        Ok(ExitCode::SUCCESS)
    }
}
