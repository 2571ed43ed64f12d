//! `origin customs endorse`: this authority's word on a certificate.

use super::{
    named::Named,
    shown::{notice_lines, notices_described},
};
use crate::{
    api::client::{wire, within_deadline},
    certificate::{ContainerNumber, Country},
    cli::{Outcome, arguments, certificate::Request, console::Console},
    statement::EndorsementAct,
};
use serde_json::json;
use std::process::ExitCode;

/// What is said of the certificate.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Act {
    /// The goods go to another country now, ISO 3166-1 alpha-2
    #[arg(long, value_name = "XX", value_parser = arguments::country)]
    new_destination: Option<Country>,
    /// The goods passed in transit, under supervision and unaltered
    #[arg(long)]
    transit_not_altered: bool,
}

/// Add this authority's word to a certificate: a change of destination, an unaltered transit
#[derive(Debug, clap::Args)]
pub(super) struct Endorse {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    act: Act,
    /// The items concerned, such as `1,3-5` [default: all]
    #[arg(long, value_name = "ITEMS")]
    items: Option<String>,
    /// A container seen; may be given several times
    #[arg(long = "container", value_name = "NUMBER")]
    containers: Vec<ContainerNumber>,
    /// A seal found or put on; may be given several times
    #[arg(long = "seal", value_name = "NUMBER")]
    seals: Vec<String>,
    /// The office that says so
    #[arg(long, value_name = "TEXT")]
    office: String,
    /// Further words
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    text: String,
    #[command(flatten)]
    request: Request,
}

impl Endorse {
    pub(super) fn run(self, console: Console) -> Outcome {
        let items = arguments::items(self.items.as_deref())?;
        let act = match self.act.new_destination {
            Some(_) => EndorsementAct::DestinationChanged,
            None => EndorsementAct::TransitNotAltered,
        };
        let destination = self.act.new_destination.map(|country| country.to_string()).unwrap_or_default();
        let (named, seals, office, text) = (&self.named, self.seals, self.office, self.text);
        let containers = self.containers.iter().map(ToString::to_string).collect();
        let answer = self.request.ask(console, async |connection, request_id| {
            let request = wire::EndorseCertificateRequest {
                request_id,
                certificate: Some(named.to_wire()),
                act: act.to_string(),
                destination,
                items,
                containers,
                seals,
                office,
                text,
            };
            connection.customs().endorse_certificate(within_deadline(request)).await
        })?;
        if console.is_json() {
            let notices = notices_described(&answer.notices);
            console.data(json!({ "jti": answer.jti, "act": act.as_str(), "notices": notices }));
        } else {
            console.data(format!("{act}, told to the issuer by statement {}", answer.jti));
            notice_lines(console, &answer.notices);
        }
        Ok(ExitCode::SUCCESS)
    }
}
