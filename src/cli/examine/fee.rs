//! `origin examine fee`: the treasury has the money, the office hears of it.

use crate::{
    api::client::{wire, within_deadline},
    cli::{Outcome, application, apply::Door, console::Console, tree::plain},
};
use serde_json::json;
use std::process::ExitCode;
use uuid::Uuid;

/// Record that the fee of an application is paid; also for a token with the scope record_fee
#[derive(Debug, clap::Args)]
pub(super) struct Fee {
    /// The application's id
    #[arg(value_name = "APPLICATION")]
    application: String,
    /// The treasury's reference, of a receipt or of a payment
    #[arg(long, value_name = "TEXT")]
    reference: String,
    #[command(flatten)]
    door: Door,
}

impl Fee {
    pub(super) fn run(self, console: Console) -> Outcome {
        let Self { application, reference, door } = self;
        let request =
            wire::RecordFeeRequest { request_id: Uuid::now_v7().to_string(), application_id: application, reference };
        let answer = door.ask(console, |connection| async move {
            connection.examinations().record_fee(within_deadline(request)).await
        })?;
        let stage = application::stage_word(answer.stage());
        if console.is_json() {
            console.data(json!({
                "application_id": answer.application_id,
                "stage": stage,
                "fee_reference": answer.fee_reference,
            }));
        } else {
            console.data(format!("{}  {stage}  fee paid {}", answer.application_id, plain(&answer.fee_reference)));
        }
        Ok(ExitCode::SUCCESS)
    }
}
