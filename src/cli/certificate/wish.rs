//! `origin certificate cancellations`, `settle` and `release`: what waits for customs of the importing country, and what
//! waits for its holder.

use super::{
    life::{Place, Request, changed},
    name::Name,
};
use crate::{
    api::client::{Connection, wire, within_deadline},
    cli::{
        Outcome,
        apply::{Door, Most},
        console::Console,
        remote::date_text,
        tree::plain,
    },
    time::Timestamp,
};
use serde_json::json;
use std::process::ExitCode;

/// Says that a wish waits, and for what.
pub(super) fn show(console: Console, wish: &wire::Cancellation) {
    let until = wish.objection_until.as_ref().map(|date| date_text(Some(date)));
    let asked = wish.asked_at.as_ref().and_then(|at| Timestamp::from_second(at.seconds).ok());
    let asked = asked.map(|at| at.to_string());
    if console.is_json() {
        console.data(json!({
            "number": wish.number, "log": wish.log, "index": wish.index, "asked_by": wish.asked_by,
            "asked_at": asked,
            "objection_until": until, "reason": wish.reason, "remarks": wish.remarks,
            "hindered_by": wish.hindered_by,
        }));
        return;
    }
    let until = match until {
        _ if !wish.hindered_by.is_empty() => format!("cannot count as things stand [{}]", wish.hindered_by),
        Some(until) => format!("counts after {until} unless customs of the importing country object"),
        None => "counts when customs of the importing country have agreed".to_owned(),
    };
    let asked = asked.map(|at| format!(" at {at}")).unwrap_or_default();
    console.data(format!("the cancellation of {} was asked for{asked} by {}: it {until}", wish.number, wish.asked_by));
    for (label, text) in [("reason", &wish.reason), ("remarks", &wish.remarks)] {
        if !text.is_empty() {
            console.data(format!("  {label:9}{}", plain(text)));
        }
    }
}

/// List the wishes to cancel that wait
#[derive(Debug, clap::Args)]
pub(super) struct Cancellations {
    #[command(flatten)]
    door: Door,
    #[command(flatten)]
    most: Most,
}

impl Cancellations {
    pub(super) fn run(self, console: Console) -> Outcome {
        let call = |connection: Connection, page_size, page_token| async move {
            let request = wire::ListCancellationsRequest { page_size, page_token };
            connection.certificates().list_cancellations(within_deadline(request)).await
        };
        let page = |answer: wire::ListCancellationsResponse| {
            answer.cancellations.iter().for_each(|wish| show(console, wish));
            (answer.cancellations.len(), answer.next_page_token)
        };
        self.door.pages(console, self.most, call, page, "no wish to cancel waits")
    }
}

/// How a wish ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum As {
    /// Customs of the importing country agreed: the certificate is cancelled
    Agreed,
    /// They objected: it stands
    Objected,
    /// The holder wants it no more: it stands
    TakenBack,
}

/// End a wish to cancel before its days are over
#[derive(Debug, clap::Args)]
pub(super) struct Settle {
    #[command(flatten)]
    name: Name,
    /// How it ends
    #[arg(long = "as", value_enum, value_name = "HOW")]
    how: As,
    /// Where customs said so, such as the number of their letter; needed for `agreed` and `objected`
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true, required_if_eq_any([("how", "agreed"), ("how", "objected")]))]
    reference: String,
    #[command(flatten)]
    request: Request,
}

impl Settle {
    pub(super) fn run(self, console: Console) -> Outcome {
        use wire::CancellationSettlement as Wire;
        let settlement = match self.how {
            As::Agreed => Wire::Agreed,
            As::Objected => Wire::Objected,
            As::TakenBack => Wire::TakenBack,
        };
        let answer = self.request.ask(console, async |connection, request_id| {
            let request = wire::SettleCancellationRequest {
                request_id,
                certificate: Some(self.name.to_wire()),
                settlement: settlement.into(),
                reference: self.reference.clone(),
            };
            connection.certificates().settle_cancellation(within_deadline(request)).await
        })?;
        if answer.jti.is_empty() {
            if console.is_json() {
                console.data(json!({ "stands": true }));
            } else {
                console.data("the certificate stands");
            }
            return Ok(ExitCode::SUCCESS);
        }
        Ok(changed(console, "cancelled", &[], &Place { jti: answer.jti, log: answer.log, index: answer.index }))
    }
}

/// Consent that a certificate be sent which is issued and held
#[derive(Debug, clap::Args)]
pub(super) struct Release {
    #[command(flatten)]
    name: Name,
    #[command(flatten)]
    request: Request,
}

impl Release {
    pub(super) fn run(self, console: Console) -> Outcome {
        self.request.ask(console, async |connection, request_id| {
            let certificate = Some(self.name.to_wire());
            let request = wire::ReleaseCertificateRequest { request_id, certificate };
            connection.certificates().release_certificate(within_deadline(request)).await
        })?;
        if console.is_json() {
            console.data(json!({ "released": true }));
        } else {
            console.data("released: customs of the importing country fetch it now");
        }
        Ok(ExitCode::SUCCESS)
    }
}
