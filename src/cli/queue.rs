//! `origin queue`: what waits for an office, oldest first.

use super::{
    Outcome, application,
    apply::{Door, Most},
    console::{Colour, Console},
    origin, remote,
    tree::plain,
};
use crate::api::client::{Connection, wire, within_deadline};
use serde_json::json;

/// List what waits to be examined or signed, oldest first, with risk and findings as of today, and what is new
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// One office [default: every office the account acts for]
    #[arg(long, value_name = "CODE", default_value = "", hide_default_value = true)]
    office: String,
    /// The stages, as `origin apply list --help` names them [default: those the account can do something about]
    #[arg(long = "stage", value_name = "STAGE", value_parser = application::stage)]
    stages: Vec<wire::ApplicationStage>,
    #[command(flatten)]
    most: Most,
    #[command(flatten)]
    door: Door,
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        let call = |connection: Connection, page_size, page_token| {
            let (office, stages) = (self.office.clone(), self.stages.iter().map(|stage| (*stage).into()).collect());
            let request = wire::ListQueueRequest {
                office,
                stages,
                with_differences: true,
                page_size,
                page_token,
                with_origin: true,
                with_judgement: true,
            };
            async move { connection.examinations().list_queue(within_deadline(request)).await }
        };
        let page = |answer: wire::ListQueueResponse| {
            answer.applications.iter().for_each(|one| show(console, one));
            (answer.applications.len(), answer.next_page_token)
        };
        self.door.pages(console, self.most, call, page, "nothing that is asked for waits")
    }
}

fn show(console: Console, row: &wire::QueuedApplication) {
    let application = row.application.clone().unwrap_or_default();
    if console.is_json() {
        let differences =
            row.differences.iter().map(|one| json!({ "path": one.path, "before": one.before, "now": one.now }));
        let mut described = application::described(&application);
        if let Some(members) = described.as_object_mut() {
            members.insert("exporter_struck_off".to_owned(), row.exporter_struck_off.into());
            let origin = serde_json::from_slice::<serde_json::Value>(&row.origin_json).unwrap_or_default();
            members.insert("origin".to_owned(), origin);
            members.insert("compared_with".to_owned(), row.compared_with.clone().into());
            members.insert("compared".to_owned(), row.compared.into());
            members.insert("differences".to_owned(), differences.collect());
            let findings = row.findings_now.iter().map(remote::finding).collect::<Vec<_>>();
            members.insert("findings_now".to_owned(), json!(findings));
            members.insert("judged_on".to_owned(), remote::date_text(row.judged_on.as_ref()).into());
            let points = row.risk_points.iter();
            let points = points.map(|one| json!({ "rule": one.rule, "weight": one.weight, "words": one.words }));
            members.insert("risk".to_owned(), row.risk.clone().into());
            members.insert("risk_points".to_owned(), points.collect());
            members.insert("left".to_owned(), json!({ "reason": row.left_reason, "message": row.left_message }));
        }
        console.data(described);
        return;
    }
    application::line(console, &application);
    if !row.left_reason.is_empty() {
        let (policy, why) = (plain(&row.left_under_policy), plain(&row.left_message));
        // What it examined waits for a signature alone.
        let recommended = application.stage() == wire::ApplicationStage::Recommended;
        let left = if recommended && !application.examined_under_policy.is_empty() {
            "examined by machine and left to a signatory"
        } else {
            "left to officers"
        };
        console.data(format!("    {left} by {policy}: {why} [{}]", row.left_reason));
    }
    if row.exporter_struck_off {
        console.data("    the exporter was struck off: nothing is issued for it [EXPORTER_STRUCK_OFF]");
    }
    if !application.claimed_by.is_empty() {
        console.data(format!("    in hand of {}", plain(&application.claimed_by)));
    }
    for referral in application.referrals.iter().filter(|referral| referral.report.is_none()) {
        console.data(format!("    referred {}", application::awaited(referral)));
    }
    let paint = |colour, text: &str| console.paint(colour, text);
    for line in origin::brief(&paint, &row.origin_json) {
        console.data(format!("    {line}"));
    }
    risk_line(console, row);
    if !row.findings_now.is_empty() {
        console.data(format!("    as of {}:", remote::date_text(row.judged_on.as_ref())));
    }
    application::findings_in_short(console, &row.findings_now);
    if !row.differences.is_empty() {
        let than = if row.compared_with.is_empty() { "the exporter's last certificate" } else { &row.compared_with };
        console.data(format!("    differs from {}:", plain(than)));
    }
    for one in &row.differences {
        console.data(format!("      {}", application::instead(&one.path, &one.before, &one.now)));
    }
}

/// How closely it should be looked at, and why.
fn risk_line(console: Console, row: &wire::QueuedApplication) {
    if row.risk.is_empty() {
        return;
    }
    let colour = match row.risk.as_str() {
        "high" => Colour::Red,
        "raised" => Colour::Yellow,
        _ => Colour::Dim,
    };
    let why = row.risk_points.iter().map(|one| plain(&one.words)).collect::<Vec<_>>().join("; ");
    let why = if why.is_empty() { why } else { format!(": {why}") };
    console.data(format!("    {}{why}", console.paint(colour, &format!("risk: {}", row.risk))));
}
