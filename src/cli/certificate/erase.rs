//! `origin certificate erase`: what a certificate says, gone from one node.

use super::name::Name;
use crate::{
    api::client::{wire, within_deadline},
    cli::{
        Outcome,
        account::Door,
        arguments,
        console::{Console, Exit, Failure},
    },
    reason::counted,
    statement::Issuer,
};
use serde_json::json;
use std::process::ExitCode;

/// Erase what a certificate says, at one node and for good
///
/// The keys that its disclosures are sealed under are overwritten, and the application it was issued on is emptied. Its
/// entry stays, and its log verifies as before. It covers this node alone: copies at the other end and with the holder are
/// theirs to erase, and backups of the key file end with their own days. Through the operator's door, or as an
/// administrator.
#[derive(Debug, clap::Args)]
pub(super) struct Erase {
    #[command(flatten)]
    name: Name,
    /// Why: kept in the audit record for ever, so it names nobody and no goods
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// It is a certificate that arrived: the copy that is kept here
    #[arg(long, conflicts_with = "application")]
    arrived: bool,
    /// With --arrived: its issuer, where two have given the same number
    #[arg(long, value_name = "AUTHORITY", value_parser = arguments::issuer, requires = "arrived")]
    of: Option<Issuer>,
    /// Also under an enquiry that is still to be answered, or whose answer who asked did not receive yet: none gets there then
    #[arg(long, conflicts_with = "arrived")]
    unread_answers: bool,
    /// That it cannot be undone is known
    #[arg(long)]
    for_good: bool,
    /// The authority, where the node hosts several
    #[arg(long, value_name = "AUTHORITY", value_parser = arguments::issuer)]
    issuer: Option<Issuer>,
    #[command(flatten)]
    door: Door,
}

impl Erase {
    pub(super) fn run(self, console: Console) -> Outcome {
        use wire::{arrived_name::Name as Arrived, erase_contents_request::Certificate};
        if !self.for_good {
            return Err(Failure::new(Exit::Usage, "what is erased comes back from nowhere; nothing was changed")
                .help("give --for-good, if that is what you want"));
        }
        let certificate = if self.arrived {
            let name = match (&self.name.id, &self.name.number) {
                (Some(id), _) => Some(Arrived::Jti(id.to_string())),
                (None, number) => number.clone().map(Arrived::Number),
            };
            let issuer = self.of.as_ref().map(ToString::to_string).unwrap_or_default();
            Certificate::Arrived(wire::ArrivedName { name, issuer })
        } else {
            Certificate::Own(self.name.to_wire())
        };
        let (reason, unread_answers) = (self.reason, self.unread_answers);
        let answer = self.door.converse(console, self.issuer, async |connection, issuer| {
            let request = wire::EraseContentsRequest { issuer, certificate: Some(certificate), reason, unread_answers };
            connection.admin().erase_contents(within_deadline(request)).await
        })?;
        let wire::EraseContentsResponse { log, index, erased_before, statements } = answer;
        if console.is_json() {
            console
                .data(json!({ "log": log, "index": index, "erased_before": erased_before, "statements": statements }));
        } else if erased_before {
            console.data(format!("entry {index} of {log} was erased before; {}", since(statements)));
        } else {
            console.data(format!("erased what entry {index} of {log} says; the entry stays"));
            console.message(note(self.arrived));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// What another order erased.
fn since(statements: u64) -> String {
    match statements {
        0 => "nothing was changed".to_owned(),
        some => format!("the words of {} about it are erased now", counted(some, "statement", "statements")),
    }
}

/// Whose copies are left: those of who is not this node.
fn note(arrived: bool) -> String {
    let other = if arrived { "issuer" } else { "addressee" };
    format!("note: at this node alone: copies that the {other} and the holder have are theirs to erase")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_order_says_whether_words_went() {
        assert_eq!(since(0), "nothing was changed");
        assert_eq!(since(1), "the words of 1 statement about it are erased now");
    }

    #[test]
    fn who_erases_is_not_told_that_its_own_copy_is_left() {
        assert!(note(true).contains("that the issuer and the holder have") && !note(true).contains("addressee"));
        // At a node of both authorities the addressee has none.
        assert!(note(false).contains("copies that the addressee and the holder have"));
    }
}
