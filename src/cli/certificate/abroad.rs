//! `origin certificate abroad`: what customs abroad did with a certificate, what they asked, what was answered.

use super::name::Name;
use crate::{
    api::client::{wire, wire::abroad_note::What, within_deadline},
    cli::{
        Outcome,
        application::instant,
        console::Console,
        remote::{self, NodeArguments, TokenArgument, date_text},
        tree::plain,
    },
};
use serde_json::{Value, json};
use std::process::ExitCode;

/// Show what became of a certificate abroad: how much was used, what was denied and why, what was asked and answered
#[derive(Debug, clap::Args)]
pub(super) struct Abroad {
    #[command(flatten)]
    name: Name,
    #[command(flatten)]
    node: NodeArguments,
    #[command(flatten)]
    token: TokenArgument,
}

impl Abroad {
    pub(super) fn run(self, console: Console) -> Outcome {
        let token = self.token.read()?;
        let request = wire::ListAbroadRequest { certificate: Some(self.name.to_wire()) };
        let answer = remote::converse(async {
            let connection = self.node.connect(Some(&token)).await?;
            let answer = connection.certificates().list_abroad(within_deadline(request)).await;
            answer.map(tonic::Response::into_inner).map_err(|status| remote::refused(console, &self.node.node, &status))
        })?;
        if answer.notes.is_empty() && !console.is_json() {
            console.message("nothing was heard of it from abroad");
        }
        for note in &answer.notes {
            if console.is_json() {
                console.data(described(note));
            } else {
                show(console, note);
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn show(console: Console, note: &wire::AbroadNote) {
    let by = plain(note.by.strip_prefix("https://").unwrap_or(&note.by));
    let amended = if note.amended { "  (amended since)" } else { "" };
    let head = |what: &str| console.data(format!("{}  {by}  {what}{amended}", instant(note.at.as_ref())));
    match &note.what {
        Some(What::Response(response)) => {
            let with = response.declaration.as_ref().map_or_else(String::new, |one| {
                format!(
                    "with declaration {} of {} at {}",
                    plain(&one.number),
                    date_text(one.date.as_ref()),
                    plain(&one.office)
                )
            });
            head(&with);
            response.decisions.iter().for_each(|one| console.data(format!("    {}", decision(one))));
        }
        Some(What::Endorsement(one)) => {
            let destination =
                if one.destination.is_empty() { String::new() } else { format!(" to {}", one.destination) };
            head(&format!("{}{destination}, at {}", plain(&one.act), plain(&one.office)));
        }
        Some(What::Enquiry(one)) => head(&format!("asks, {}: {}", plain(&one.ground), plain(&one.question))),
        Some(What::Reply(one)) => {
            let findings = one.answers.iter().map(|answer| plain(&answer.finding)).collect::<Vec<_>>().join(", ");
            head(&format!("{} {findings}", plain(&one.act)));
        }
        None => head("something that this version does not know"),
    }
}

fn decision(one: &wire::DecidedItem) -> String {
    let subject = if one.item == 0 { "the certificate".to_owned() } else { format!("item {}", one.item) };
    let mut said = format!("{subject}: {}", plain(&one.code));
    if !one.quantity.is_empty() {
        said = format!("{said} {} {}", one.quantity, one.unit);
    }
    if !one.left.is_empty() {
        said = format!("{said}, {} left", one.left);
    }
    if !one.reason.is_empty() {
        said = format!("{said} {}", plain(&one.reason));
    }
    if !one.words.is_empty() {
        said = format!("{said}: {}", plain(&one.words));
    }
    said
}

fn described(note: &wire::AbroadNote) -> Value {
    let what = match &note.what {
        Some(What::Response(response)) => json!({ "response": {
            "declaration": response.declaration.as_ref().map(|one| json!({
                "number": one.number, "date": date_text(one.date.as_ref()), "office": one.office,
            })),
            "decisions": response.decisions.iter().map(|one| json!({
                "item": one.item, "line": one.line, "code": one.code, "quantity": one.quantity, "unit": one.unit,
                "left": one.left, "reason": one.reason, "basis": one.basis, "words": one.words,
            })).collect::<Vec<_>>(),
            "remarks": response.remarks,
        } }),
        Some(What::Endorsement(one)) => json!({ "endorsement": {
            "act": one.act, "day": date_text(one.day.as_ref()), "office": one.office, "destination": one.destination,
            "items": one.items, "text": one.text,
        } }),
        Some(What::Enquiry(one)) => json!({ "enquiry": {
            "reference": one.reference, "ground": one.ground, "question": one.question, "goods": one.goods,
        } }),
        Some(What::Reply(one)) => json!({ "reply": {
            "act": one.act, "words": one.words,
            "answers": one.answers.iter().map(|answer| json!({
                "certificate": answer.subject, "finding": answer.finding, "words": answer.words,
            })).collect::<Vec<_>>(),
        } }),
        None => Value::Null,
    };
    json!({ "jti": note.jti, "by": note.by, "at": instant(note.at.as_ref()), "amended": note.amended, "what": what })
}
