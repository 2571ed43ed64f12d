//! `origin enquiry`: customs ask the issuer whether it really said what a certificate says.

mod conclude;
pub(in crate::cli) mod document;
mod raise;
mod settle;
pub(in crate::cli) mod shown;

use super::{
    Outcome,
    apply::{Door, Most},
    arguments,
    console::Console,
};
use crate::{
    api::client::{Connection, wire, within_deadline},
    statement::Jti,
};
use std::process::ExitCode;

/// Ask issuers about certificates, and follow their answers
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Raise(Box<raise::Raise>),
    List(List),
    Show(Show),
    Conclude(conclude::Conclude),
    Settle(settle::Settle),
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        match self.command {
            Command::Raise(arguments) => arguments.run(console),
            Command::List(arguments) => arguments.run(console),
            Command::Show(arguments) => arguments.run(console),
            Command::Conclude(arguments) => arguments.run(console),
            Command::Settle(arguments) => arguments.run(console),
        }
    }
}

/// List the enquiries of this authority: open ones by the day they are due, then those that are answered
#[derive(Debug, clap::Args)]
struct List {
    /// Only those that are not answered in full
    #[arg(long)]
    open: bool,
    /// Only those whose answer is awaited no more, and of which nobody said what became of the security that goods were
    /// released on, or of goods that were held (`origin enquiry settle`)
    #[arg(long)]
    unsettled: bool,
    #[command(flatten)]
    most: Most,
    #[command(flatten)]
    door: Door,
}

impl List {
    fn run(self, console: Console) -> Outcome {
        let (open, unsettled) = (self.open, self.unsettled);
        let call = |connection: Connection, page_size, page_token| async move {
            let request = wire::ListEnquiriesRequest { page_size, page_token, open, unsettled };
            connection.customs().list_enquiries(within_deadline(request)).await
        };
        let page = |answer: wire::ListEnquiriesResponse| {
            answer.enquiries.iter().for_each(|one| shown::line(console, shown::Side::Asking, one));
            (answer.enquiries.len(), answer.next_page_token)
        };
        let none = match (unsettled, open) {
            (true, true) => "nothing is to be settled of an enquiry that is open",
            (true, false) => "nothing is to be settled",
            (false, _) => "there is no such enquiry of this authority",
        };
        self.door.pages(console, self.most, call, page, none)
    }
}

/// Show one enquiry with its answers
#[derive(Debug, clap::Args)]
struct Show {
    /// The enquiry's identifier, 26 characters
    #[arg(value_name = "JTI", value_parser = named)]
    enquiry: Jti,
    #[command(flatten)]
    door: Door,
}

/// An identifier; who names an enquiry by the own reference is told where both stand.
fn named(text: &str) -> Result<Jti, String> {
    let both = "`origin enquiry list` has the identifier of each beside your reference";
    arguments::jti(text).map_err(|why| format!("{why}; {both}"))
}

impl Show {
    fn run(self, console: Console) -> Outcome {
        let request = wire::GetEnquiryRequest { jti: self.enquiry.to_string() };
        let answer = self.door.ask(console, |connection| async move {
            connection.customs().get_enquiry(within_deadline(request)).await
        })?;
        shown::full(console, shown::Side::Asking, &answer.enquiry.unwrap_or_default());
        Ok(ExitCode::SUCCESS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_names_an_enquiry_by_its_reference_is_told_where_the_identifier_stands() {
        assert!(named("SH-13").unwrap_err().contains("`origin enquiry list` has the identifier of each"));
        assert!(named("01kb3d9m8000000000000000ab").is_ok());
    }
}
