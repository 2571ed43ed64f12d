//! `origin customs denials`, `release` and `drop`: what a supervisor does with denials that wait, and with what would take
//! the place of one.

use super::{
    named::Named,
    shown::{act_described, act_lines, host, notice_lines, notices_described},
};
use crate::{
    api::client::{Connection, wire, within_deadline},
    cli::{
        Outcome,
        apply::{Door, Most},
        certificate::Request,
        console::{Console, Failure},
        tree::plain,
    },
};
use clap::builder::NonEmptyStringValueParser;
use serde_json::json;
use std::process::ExitCode;

/// List what waits for a supervisor: denials, and decisions that would take the place of one
///
/// Each with what its officer was told when it was decided, as it stands by now.
#[derive(Debug, clap::Args)]
pub(super) struct Denials {
    #[command(flatten)]
    most: Most,
    #[command(flatten)]
    door: Door,
}

impl Denials {
    pub(super) fn run(self, console: Console) -> Outcome {
        let call = |connection: Connection, page_size, page_token| async move {
            let request = wire::ListDenialsRequest { page_size, page_token };
            connection.customs().list_denials(within_deadline(request)).await
        };
        let page = |answer: wire::ListDenialsResponse| {
            answer.denials.iter().for_each(|one| line(console, one));
            (answer.denials.len(), answer.next_page_token)
        };
        self.door.pages(console, self.most, call, page, "nothing waits for a supervisor")
    }
}

fn line(console: Console, one: &wire::WaitingDenial) {
    if console.is_json() {
        let act = one.act.as_ref().map(act_described);
        let notices = notices_described(&one.notices);
        let (issuer, number, jti) = (&one.issuer, &one.number, &one.jti);
        console.data(json!({ "issuer": issuer, "number": number, "jti": jti, "act": act, "notices": notices }));
        return;
    }
    let number = if one.number.is_empty() { &one.jti } else { &one.number };
    console.data(format!("{}  {}", plain(number), host(&one.issuer)));
    act_lines(console, &one.act.clone().unwrap_or_default());
    notice_lines(console, &one.notices);
}

/// Which act that waits, and who settles it.
#[derive(Debug, clap::Args)]
struct Denial {
    #[command(flatten)]
    named: Named,
    /// The act, by its number among those of the certificate
    #[arg(long, value_name = "NUMBER")]
    act: u32,
    #[command(flatten)]
    request: Request,
}

impl Denial {
    fn settle(&self, console: Console, release: bool, words: &str) -> Result<wire::SettleDenialResponse, Failure> {
        self.request.ask(console, async |connection, request_id| {
            let request = wire::SettleDenialRequest {
                request_id,
                certificate: Some(self.named.to_wire()),
                act: self.act,
                release,
                words: words.to_owned(),
            };
            connection.customs().settle_denial(within_deadline(request)).await
        })
    }
}

/// Release what waits: it is signed and told to the issuer; who decided it cannot release it
#[derive(Debug, clap::Args)]
pub(super) struct Release {
    #[command(flatten)]
    denial: Denial,
    /// Words for the record, which stay here
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    words: String,
}

impl Release {
    pub(super) fn run(self, console: Console) -> Outcome {
        let answer = self.denial.settle(console, true, &self.words)?;
        if console.is_json() {
            let notices = notices_described(&answer.notices);
            console.data(json!({ "act": self.denial.act, "released": true, "jti": answer.jti, "notices": notices }));
        } else {
            console.data(format!("act {}  told to the issuer by statement {}", self.denial.act, answer.jti));
            notice_lines(console, &answer.notices);
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Drop what waits, as who decided it or as a supervisor: nothing is told to the issuer
#[derive(Debug, clap::Args)]
pub(super) struct Drop {
    #[command(flatten)]
    denial: Denial,
    /// Why it is dropped
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    words: String,
}

impl Drop {
    pub(super) fn run(self, console: Console) -> Outcome {
        self.denial.settle(console, false, &self.words)?;
        if console.is_json() {
            console.data(json!({ "act": self.denial.act, "released": false, "jti": "" }));
        } else {
            console.data(format!("act {}  dropped", self.denial.act));
        }
        Ok(ExitCode::SUCCESS)
    }
}
