//! `origin examine`: what an examining officer does with an application.

mod fee;
mod referral;

use super::{
    Outcome, application,
    apply::Door,
    arguments,
    console::{Console, Failure},
};
use crate::{
    api::client::{wire, within_deadline},
    office::RefusalCode,
};
use std::process::ExitCode;
use uuid::Uuid;

/// Examine applications: record fees, claim, ask, refer, recommend, refuse, send back
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Fee(fee::Fee),
    Claim(Claim),
    Release(Release),
    Query(Query),
    Refer(referral::Refer),
    Report(referral::Report),
    Recommend(Recommend),
    Refuse(Refuse),
    SendBack(SendBack),
    VoidNumber(VoidNumber),
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        let application = match self.command {
            Command::Fee(arguments) => return arguments.run(console),
            Command::Claim(arguments) => arguments.run(console),
            Command::Release(arguments) => arguments.run(console),
            Command::Query(arguments) => arguments.run(console),
            Command::Refer(arguments) => arguments.run(console),
            Command::Report(arguments) => arguments.run(console),
            Command::Recommend(arguments) => arguments.run(console),
            Command::Refuse(arguments) => arguments.run(console),
            Command::SendBack(arguments) => arguments.run(console),
            Command::VoidNumber(arguments) => arguments.run(console),
        }?;
        application::outcome(console, &application.unwrap_or_default());
        Ok(ExitCode::SUCCESS)
    }
}

type Done = Result<Option<wire::Application>, Failure>;

/// A command for one application: its request is made of the arguments, and sent once.
macro_rules! deed {
    (
        $(#[doc = $about:literal])+
        $name:ident = $call:ident ($request:ident) { $($(#[doc = $help:literal])+ #[$arg:meta] $field:ident : $type:ty = $to:ident,)* }
    ) => {
        $(#[doc = $about])+
        #[derive(Debug, clap::Args)]
        struct $name {
            /// The application's id
            #[arg(value_name = "APPLICATION")]
            application: String,
            $($(#[doc = $help])+ #[$arg] $field: $type,)*
            #[command(flatten)]
            door: Door,
        }

        impl $name {
            fn run(self, console: Console) -> Done {
                let Self { application, door, $($field),* } = self;
                let request = wire::$request {
                    request_id: Uuid::now_v7().to_string(),
                    application_id: application,
                    $($to: $field,)*
                };
                let answer = door.ask(console, |connection| async move {
                    connection.examinations().$call(within_deadline(request)).await
                })?;
                Ok(answer.application)
            }
        }
    };
}

deed! {
    /// Take an application in hand
    Claim = claim_application (ClaimApplicationRequest) {}
}

deed! {
    /// Put an application back into the queue
    Release = release_application (ReleaseApplicationRequest) {}
}

deed! {
    /// Ask who filed it
    Query = raise_query (RaiseQueryRequest) {
        /// The question
        #[arg(long, value_name = "TEXT")]
        question: String = question,
        /// A field it is about, such as `goods.items[0].hs.code`
        #[arg(long = "field", value_name = "PATH")]
        fields: Vec<String> = fields,
    }
}

deed! {
    /// Recommend that the certificate be issued
    Recommend = recommend_issue (RecommendIssueRequest) {
        /// A note for the signatory
        #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
        note: String = note,
    }
}

deed! {
    /// Refuse an application, with a coded reason
    Refuse = refuse_application (RefuseApplicationRequest) {
        /// The reason as a code
        #[arg(
            long,
            value_name = "CODE",
            help = arguments::one_of("The reason as a code", RefusalCode::ALL.iter().map(|one| one.name()))
        )]
        code: String = code,
        /// The reason in words, for who filed it
        #[arg(long, value_name = "TEXT")]
        reason: String = reason,
    }
}

deed! {
    /// Send what was recommended back to the queue, or take back an approval that led to no certificate
    SendBack = send_back_application (SendBackApplicationRequest) {
        /// Why, in words, for the examiner and for who filed it
        #[arg(long, value_name = "TEXT")]
        reason: String = reason,
    }
}

deed! {
    /// Void the number that was given to an application in advance; for signatories
    VoidNumber = void_number (VoidNumberRequest) {
        /// The reason, which stands in the list of numbers
        #[arg(long, value_name = "TEXT")]
        reason: String = reason,
    }
}
