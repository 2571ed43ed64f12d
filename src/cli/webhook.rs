//! `origin webhook`: changes brought to an address of one's own.

use super::{
    Outcome,
    application::instant,
    apply::Door,
    console::{Console, Exit, Failure},
    files,
    tree::plain,
    watch::Kind,
};
use crate::api::client::{wire, within_deadline};
use clap::Subcommand;
use serde_json::json;
use std::{path::PathBuf, process::ExitCode};
use uuid::Uuid;

/// Have changes brought to an https address of your own, signed, in order, until they are taken
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Add(Add),
    List(List),
    Test(Test),
    Resume(Resume),
    Remove(Remove),
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        match self.command {
            Command::Add(arguments) => arguments.run(console),
            Command::List(arguments) => arguments.run(console),
            Command::Test(arguments) => arguments.run(console),
            Command::Resume(arguments) => arguments.run(console),
            Command::Remove(arguments) => arguments.run(console),
        }
    }
}

/// Add a webhook and show the secret that verifies its signatures, once
#[derive(Debug, clap::Args)]
struct Add {
    /// Where to: an https URL
    #[arg(value_name = "URL")]
    url: String,
    /// Only changes of this kind
    #[arg(long, value_enum, value_name = "KIND")]
    only: Vec<Kind>,
    /// Only what the account filed or had issued itself, and not all of its offices
    #[arg(long)]
    own: bool,
    /// Begin behind this cursor [default: behind everything there is]
    #[arg(long, value_name = "CURSOR", default_value = "", hide_default_value = true)]
    since: String,
    /// Where the secret goes, readable by its owner alone [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The request's id, to repeat one that got no answer
    #[arg(long, value_name = "UUID")]
    request_id: Option<Uuid>,
    #[command(flatten)]
    door: Door,
}

impl Add {
    fn run(self, console: Console) -> Outcome {
        if let Some(path) = self.output.as_ref().filter(|path| path.exists()) {
            return Err(Failure::new(Exit::Failed, format!("`{}` is there already", path.display()))
                .note("no webhook was added"));
        }
        // Its secret is told once: that it can be written down is known first.
        let draft = self.output.as_deref().map(|path| files::Draft::begin(path, 0o600)).transpose()?;
        let request_id = self.request_id.unwrap_or_else(Uuid::now_v7).to_string();
        let request = wire::CreateWebhookRequest {
            request_id: request_id.clone(),
            url: self.url,
            kinds: self.only.iter().map(|kind| kind.to_wire().into()).collect(),
            own_alone: self.own,
            cursor: self.since,
        };
        let answer = self.door.ask(console, |connection| async move {
            connection.webhooks().create_webhook(within_deadline(request)).await
        });
        let answer = answer.map_err(|failure| {
            let unanswered = failure.code() == Exit::Unreachable.code();
            if unanswered { failure.help(format!("repeat it with --request-id {request_id}")) } else { failure }
        })?;
        let webhook = answer.webhook.unwrap_or_default();
        console.message(format!("added webhook {}", plain(&webhook.webhook_id)));
        match self.output.as_deref().zip(draft) {
            Some((path, draft)) => {
                draft.fill(format!("{}\n", answer.secret).as_bytes())?;
                console.message(format!("its secret is in {}; it is not shown again", path.display()));
            }
            None => console.message("its secret, which is not shown again:"),
        }
        let shown = self.output.is_none().then_some(&answer.secret);
        if console.is_json() {
            console.data(json!({ "webhook": webhook.webhook_id, "url": webhook.url, "secret": shown }));
        } else if let Some(secret) = shown {
            console.data(secret);
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// List webhooks, and how each of them fares
#[derive(Debug, clap::Args)]
struct List {
    #[command(flatten)]
    door: Door,
}

impl List {
    fn run(self, console: Console) -> Outcome {
        let answer = self.door.ask(console, |connection| async move {
            connection.webhooks().list_webhooks(within_deadline(wire::ListWebhooksRequest {})).await
        })?;
        answer.webhooks.iter().for_each(|webhook| show(console, webhook));
        console.said_if_empty(answer.webhooks.len(), "there is no webhook");
        Ok(ExitCode::SUCCESS)
    }
}

/// Send a message that tells nothing, now, and say what became of it
#[derive(Debug, clap::Args)]
struct Test {
    /// The webhook's id
    #[arg(value_name = "WEBHOOK")]
    webhook: String,
    #[command(flatten)]
    door: Door,
}

impl Test {
    fn run(self, console: Console) -> Outcome {
        let request = wire::TestWebhookRequest { webhook_id: self.webhook };
        let answer = self.door.ask(console, |connection| async move {
            connection.webhooks().test_webhook(within_deadline(request)).await
        })?;
        let said = match answer.status {
            0 => plain(&answer.failure),
            status => format!("the receiver answered {status}"),
        };
        if console.is_json() {
            console.data(json!({ "taken": answer.taken, "status": answer.status, "failure": answer.failure }));
        } else {
            console.data(format!("{}: {said}", if answer.taken { "taken" } else { "not taken" }));
        }
        Ok(if answer.taken { ExitCode::SUCCESS } else { ExitCode::from(Exit::Failed.code()) })
    }
}

/// Let a webhook that was paused go on where it was
#[derive(Debug, clap::Args)]
struct Resume {
    /// The webhook's id
    #[arg(value_name = "WEBHOOK")]
    webhook: String,
    /// Behind everything there is now: what was missed is not sent
    #[arg(long)]
    from_now: bool,
    #[command(flatten)]
    door: Door,
}

impl Resume {
    fn run(self, console: Console) -> Outcome {
        let request = wire::ResumeWebhookRequest { webhook_id: self.webhook, from_now: self.from_now };
        let answer = self.door.ask(console, |connection| async move {
            connection.webhooks().resume_webhook(within_deadline(request)).await
        })?;
        show(console, &answer.webhook.unwrap_or_default());
        Ok(ExitCode::SUCCESS)
    }
}

/// Remove a webhook
#[derive(Debug, clap::Args)]
struct Remove {
    /// The webhook's id
    #[arg(value_name = "WEBHOOK")]
    webhook: String,
    #[command(flatten)]
    door: Door,
}

impl Remove {
    fn run(self, console: Console) -> Outcome {
        let request = wire::RemoveWebhookRequest { webhook_id: self.webhook.clone() };
        self.door.ask(console, |connection| async move {
            connection.webhooks().remove_webhook(within_deadline(request)).await
        })?;
        console.message(format!("removed webhook {}", plain(&self.webhook)));
        Ok(ExitCode::SUCCESS)
    }
}

/// One line, or one JSON document.
fn show(console: Console, webhook: &wire::Webhook) {
    if console.is_json() {
        console.data(json!({
            "webhook": webhook.webhook_id,
            "account": webhook.account_id,
            "url": webhook.url,
            "cursor": webhook.cursor,
            "taken": webhook.taken_at.as_ref().map(|at| instant(Some(at))),
            "failures": webhook.failures,
            "failing_since": webhook.failing_since.as_ref().map(|at| instant(Some(at))),
            "failure": webhook.failure,
            "paused_since": webhook.paused_since.as_ref().map(|at| instant(Some(at))),
            "paused_why": webhook.paused_why,
        }));
        return;
    }
    let state = if webhook.paused_since.is_some() {
        format!("paused since {}: {}", instant(webhook.paused_since.as_ref()), plain(&webhook.paused_why))
    } else if webhook.failures > 0 {
        let since = instant(webhook.failing_since.as_ref());
        format!("failing since {since}, {} times: {}", webhook.failures, plain(&webhook.failure))
    } else {
        format!("good, last taken {}", instant(webhook.taken_at.as_ref()))
    };
    console.data(format!("{}  {}  {state}", plain(&webhook.webhook_id), plain(&webhook.url)));
}
