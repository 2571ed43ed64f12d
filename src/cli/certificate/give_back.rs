//! `origin certificate give-back`: what certificates say, from the bundles that were downloaded of them.

use crate::{
    api::client::{wire, within_deadline},
    cli::{
        Outcome,
        apply::Door,
        console::{Colour, Console, Exit},
        files::Source,
        remote,
        tree::plain,
    },
    reason::counted,
    statement::MAX_BUNDLE_BYTES,
};
use serde_json::json;
use std::process::ExitCode;

/// Give back what certificates say, from their bundles, to a node that lost it
///
/// A node that lost its disk gets its log back from its partners, and with it what each certificate says. Of one that was
/// held, or had reached no partner, nobody has that but who downloaded its bundle (.coo.json): the exporter, or the office.
/// A bundle is taken if it is the very certificate of the log here with all that was signed, and its contents are missing;
/// one whose contents are here stays as it is. Then it is shown, downloaded and sent as any other is, and its number is
/// known again. One that was held when it was lost is held again, where its addressee said so: `origin certificate
/// release` sends it. Of any other have the holder's consent first where that was to be waited for. One that was lost before
/// any partner had it is in no log any more: it is refused (`ENTRY_LOST`), and its number is passed over.
///
/// By a signatory of the office that issued it. Exit code 1 where any was refused; the others are given back all the same.
#[derive(Debug, clap::Args)]
pub(super) struct GiveBack {
    /// Bundles, as `origin certificate download` wrote them
    #[arg(value_name = "FILE", required = true)]
    files: Vec<Source>,
    #[command(flatten)]
    door: Door,
}

impl GiveBack {
    pub(super) fn run(self, console: Console) -> Outcome {
        let token = self.door.token.read()?;
        let (mut done, mut before, mut refused) = (0_u64, 0_u64, 0_u64);
        remote::converse(async {
            let connection = self.door.node.connect(Some(&token)).await?;
            for file in &self.files {
                let bundle = match file.read(MAX_BUNDLE_BYTES) {
                    Ok(bundle) => bundle,
                    Err(failure) => {
                        refused += 1;
                        tell_refused(console, file, "", failure.sentence());
                        continue;
                    }
                };
                let request = wire::GiveBackCertificateRequest { bundle: bundle.into() };
                let answer = connection.continuity().give_back_certificate(within_deadline(request)).await;
                match answer.map_err(|status| remote::refused(console, &self.door.node.node, &status)) {
                    Ok(answer) => {
                        let back = answer.into_inner();
                        *(if back.before { &mut before } else { &mut done }) += 1;
                        tell(console, file, &back);
                    }
                    Err(failure) => {
                        let reason = failure.reason().unwrap_or_default().to_owned();
                        // No other file fares better.
                        if failure.code() == Exit::Unreachable.code()
                            || matches!(reason.as_str(), "UNAUTHENTICATED" | "PERMISSION_DENIED")
                        {
                            return Err(failure.note("what was given back stays so: the same command goes on"));
                        }
                        refused += 1;
                        tell_refused(console, file, &reason, failure.sentence());
                    }
                }
            }
            Ok(())
        })?;
        let were = if before == 0 { String::new() } else { format!(", {before} here before") };
        let done = counted(done, "certificate", "certificates");
        console.message(format!("{done} given back{were}, {refused} refused"));
        Ok(if refused == 0 { ExitCode::SUCCESS } else { ExitCode::from(Exit::Failed.code()) })
    }
}

fn tell(console: Console, file: &Source, back: &wire::GiveBackCertificateResponse) {
    let wire::GiveBackCertificateResponse { number, jti, log, index, before, held, number_taken } = back;
    if console.is_json() {
        console.data(json!({
            "file": file.to_string(), "outcome": "given_back", "before": before, "number": number, "jti": jti, "log": log,
            "index": index, "held": held, "number_taken": number_taken,
        }));
        return;
    }
    let word = if *before { "was here" } else { "given back" };
    console.data(format!("{file}: {}  {number}  {jti}", console.paint(Colour::Green, word)));
    if *held {
        console.data(format!("    it is held: origin certificate release --id {jti} sends it"));
    }
    if *number_taken {
        console.data(format!(
            "    {number} was given to another meanwhile, and is found as that one: have one of the two replaced (origin \
             certificate replace --id {jti})"
        ));
    }
}

fn tell_refused(console: Console, file: &Source, reason: &str, message: &str) {
    if console.is_json() {
        console.data(json!({
            "file": file.to_string(), "outcome": "refused", "reason": reason, "message": message,
        }));
        return;
    }
    let reason = if reason.is_empty() { String::new() } else { format!(" [{reason}]") };
    console.data(format!("{file}: {}  {}{reason}", console.paint(Colour::Red, "refused"), plain(message)));
}
