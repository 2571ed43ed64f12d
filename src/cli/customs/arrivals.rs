//! `origin customs arrivals`: what partners have sent.

use super::shown;
use crate::{
    api::client::{Connection, wire, within_deadline},
    certificate::AgreementCode,
    cli::{
        Outcome,
        apply::{Door, Most},
        arguments,
        console::{Colour, Console},
        remote::date_to_wire,
        tree::plain,
    },
    statement::Issuer,
    time::Date,
};
use clap::ValueEnum;

/// Whether the contents of a certificate are here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Contents {
    /// All of them are here
    Complete,
    /// They did not come yet, or are not those that were signed
    Missing,
    /// The issuer keeps them back until the holder consents
    Held,
    /// They are erased
    Erased,
}

/// List certificates addressed to this country, newest first in each log
///
/// A line has the number, issuer, agreement, exporting country, date of issue, last day, status and how old it is,
/// whether the contents are here, and what was done with it last, with the last word that was added to it.
#[derive(Debug, clap::Args)]
pub(super) struct Arrivals {
    /// Only those of this issuer
    #[arg(long, value_name = "AUTHORITY", value_parser = arguments::issuer)]
    issuer: Option<Issuer>,
    /// Only those whose contents came, or did not
    #[arg(long, value_enum, value_name = "DELIVERY")]
    delivery: Option<Contents>,
    /// Only those with which nothing was done, of which nothing waits for a supervisor, and to which no word was added
    #[arg(long)]
    untouched: bool,
    /// Only those issued on this day or later
    #[arg(long, value_name = "DATE", value_parser = arguments::date)]
    issued_from: Option<Date>,
    /// Only those issued on this day or before
    #[arg(long, value_name = "DATE", value_parser = arguments::date)]
    issued_until: Option<Date>,
    /// Only those under this agreement
    #[arg(long, value_name = "CODE", value_parser = arguments::agreement)]
    agreement: Option<AgreementCode>,
    /// Only those whose number begins so, in whatever letters, blanks and dashes; an erased one by its whole number
    #[arg(long, value_name = "PREFIX", default_value = "", hide_default_value = true)]
    number: String,
    /// Only those whose exporter's name has each of these words, in whatever letters, in either script that it bears
    #[arg(long, value_name = "WORDS", default_value = "", hide_default_value = true)]
    exporter: String,
    /// Only those whose consignee's name has each of these words, in whatever letters, in either script that it bears
    #[arg(long, value_name = "WORDS", default_value = "", hide_default_value = true)]
    consignee: String,
    /// Only those that count for nothing, because the key that signed them was closed before
    #[arg(long)]
    key_closed: bool,
    /// Only those that are void, because the trust list ended their log before them
    #[arg(long)]
    void: bool,
    #[command(flatten)]
    most: Most,
    #[command(flatten)]
    door: Door,
}

impl Arrivals {
    pub(super) fn run(self, console: Console) -> Outcome {
        let issuer = self.issuer.map(|issuer| issuer.to_string()).unwrap_or_default();
        let agreement = self.agreement.map(|agreement| agreement.to_string()).unwrap_or_default();
        let delivery = self.delivery.map_or(wire::Delivery::Unspecified, |delivery| match delivery {
            Contents::Complete => wire::Delivery::Complete,
            Contents::Missing => wire::Delivery::Missing,
            Contents::Held => wire::Delivery::Held,
            Contents::Erased => wire::Delivery::Erased,
        });
        let call = |connection: Connection, page_size, page_token| {
            let request = wire::ListArrivalsRequest {
                page_size,
                page_token,
                issuer: issuer.clone(),
                delivery: delivery.into(),
                untouched: self.untouched,
                issued_from: self.issued_from.map(date_to_wire),
                issued_until: self.issued_until.map(date_to_wire),
                agreement: agreement.clone(),
                number_prefix: self.number.clone(),
                exporter: self.exporter.clone(),
                consignee: self.consignee.clone(),
                key_closed: self.key_closed,
                void: self.void,
            };
            async move { connection.customs().list_arrivals(within_deadline(request)).await }
        };
        let page = |answer: wire::ListArrivalsResponse| {
            for one in &answer.notices {
                let reason = console.paint_message(Colour::Yellow, &format!("notice {}", one.reason));
                console.message(format!("{reason}: {}", plain(&one.words)));
            }
            answer.arrivals.iter().for_each(|one| shown::arrival_line(console, one));
            (answer.arrivals.len(), answer.next_page_token)
        };
        self.door.pages(console, self.most, call, page, "no certificate that is asked for is known here")
    }
}
