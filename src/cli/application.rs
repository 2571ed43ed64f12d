//! How an application is shown: one line in a list, and in full.

use super::{
    certificate,
    console::{Colour, Console},
    remote,
    tree::plain,
};
use crate::{
    api::client::wire,
    certificate::{Findings, Severity},
    encoding::hex,
    time::Timestamp,
};
use serde_json::{Value, json};

/// The word for a stage.
pub(super) const fn stage_word(stage: wire::ApplicationStage) -> &'static str {
    use wire::ApplicationStage as S;
    match stage {
        S::Unspecified => "unknown",
        S::Draft => "draft",
        S::AwaitingPayment => "awaiting_payment",
        S::Submitted => "submitted",
        S::UnderExamination => "under_examination",
        S::Queried => "queried",
        S::Referred => "referred",
        S::Recommended => "recommended",
        S::Approved => "approved",
        S::Issued => "issued",
        S::Refused => "refused",
        S::Withdrawn => "withdrawn",
    }
}

/// Reads the word for a stage.
pub(super) fn stage(text: &str) -> Result<wire::ApplicationStage, String> {
    let plain = text.replace('-', "_");
    let known = || stages().map(stage_word).collect::<Vec<_>>().join(", ");
    stages().find(|one| stage_word(*one) == plain).ok_or_else(|| format!("the stages are {}", known()))
}

/// Every stage, in order.
fn stages() -> impl Iterator<Item = wire::ApplicationStage> {
    (1..).map_while(|at| wire::ApplicationStage::try_from(at).ok())
}

/// An instant of the wire, to the second; `-` where there is none.
pub(super) fn instant(at: Option<&prost_types::Timestamp>) -> String {
    let at = at.and_then(|at| Timestamp::from_second(at.seconds).ok());
    at.map_or_else(|| "-".to_owned(), |at| at.to_string())
}

/// One line of a list, or one JSON document.
pub(super) fn line(console: Console, application: &wire::Application) {
    if console.is_json() {
        console.data(described(application));
        return;
    }
    let since = instant(application.submitted_at.as_ref().or(application.created_at.as_ref()));
    console.data(format!(
        "{}  {:17}  {since}  {:8} {:4} {}  {}: {}",
        application.application_id,
        stage_word(application.stage()),
        application.agreement,
        application.office,
        application.to,
        plain(&application.exporter_name),
        plain(&application.goods),
    ));
}

/// The outcome of a deed: what the application is now.
pub(super) fn outcome(console: Console, application: &wire::Application) {
    if console.is_json() {
        console.data(described(application));
        return;
    }
    let mut said = format!("{}  {}", application.application_id, stage_word(application.stage()));
    if !application.reserved_number.is_empty() {
        said = format!("{said}  number {}", application.reserved_number);
    }
    if !application.certificate_number.is_empty() {
        said = format!("{said}  certificate {}", application.certificate_number);
    }
    console.data(said);
}

/// Everything there is to tell of it.
pub(super) fn full(console: Console, application: &wire::Application) {
    if console.is_json() {
        console.data(described(application));
        return;
    }
    let claimed = match application.claimed_by.as_str() {
        "" => "-".to_owned(),
        who => format!("{} since {}", plain(who), instant(application.claimed_at.as_ref())),
    };
    let certificate = match application.certificate_number.as_str() {
        "" => "-".to_owned(),
        number => {
            let became = application.certificate_status.replace('_', " ");
            let became = if became.is_empty() { became } else { format!(", {became}") };
            format!("{number}{became} ({} in {})", application.certificate_jti, application.certificate_log)
        }
    };
    let goods = format!(
        "{} ({} item{})",
        plain(&application.goods),
        application.items,
        if application.items == 1 { "" } else { "s" }
    );
    for (label, value) in [
        ("application", application.application_id.clone()),
        ("stage", stage_word(application.stage()).to_owned()),
        ("agreement", application.agreement.clone()),
        ("office", office(application)),
        ("to", application.to.clone()),
        ("exporter", plain(&application.exporter_name)),
        ("goods", goods),
        ("submitted", instant(application.submitted_at.as_ref())),
        ("in hand of", claimed),
        ("certificate", certificate),
        (
            "examined",
            by_policy(&application.examined_under_policy, "by machine under", || deed_of(application, "recommend")),
        ),
        ("signature", by_policy(&application.released_under_policy, "released under", || deed_of(application, "sign"))),
        ("number", held_number(application)),
        ("sha256", hex::encode(&application.file_sha256)),
    ] {
        console.data(format!("{label:12}{value}"));
    }
    if !application.mandate_id.is_empty() {
        console.data(format!("filed by    {} on {}", application.agent_account_id, application.mandate_id));
    }
    if !application.refusal_code.is_empty() {
        console.data(format!("refused     {}: {}", application.refusal_code, plain(&application.refusal_reason)));
    }
    if !application.fee_reference.is_empty() {
        let at = instant(application.fee_recorded_at.as_ref());
        console.data(format!("fee paid    {} (recorded {at})", plain(&application.fee_reference)));
    }
    for referral in &application.referrals {
        referral_lines(console, referral);
    }
    for query in &application.queries {
        let fields = query.fields.iter().map(|field| plain(field)).collect::<Vec<_>>().join(", ");
        let about = if fields.is_empty() { fields } else { format!(" ({fields})") };
        console.data(format!("asked       {}{about}", plain(&query.question)));
        let answer = if query.answer.is_empty() { "(no answer yet)".to_owned() } else { plain(&query.answer) };
        console.data(format!("answered    {answer}"));
    }
    let findings = Findings(application.findings.iter().map(remote::finding).collect());
    if !findings.is_empty() {
        // Those of today are beside it in the queue.
        let since = instant(application.submitted_at.as_ref().or(application.created_at.as_ref()));
        console.data(format!("found       when it was filed, {since}"));
    }
    console.raw(super::certificate::findings_text(console, &findings).as_bytes());
    for event in &application.history {
        let note = if event.note.is_empty() { String::new() } else { format!(": {}", plain(&event.note)) };
        console.data(format!("{}  {} by {}{note}", instant(event.at.as_ref()), event.deed, plain(&event.name)));
        for one in &event.changed {
            console.data(format!("    {}", instead(&one.path, &one.before, &one.now)));
        }
    }
}

/// A member that says something else than before.
pub(super) fn instead(path: &str, before: &str, now: &str) -> String {
    let said = |text: &str| if text.is_empty() { "nothing".to_owned() } else { format!("`{}`", plain(text)) };
    format!("{}: {} instead of {}", plain(path), said(now), said(before))
}

/// Findings in a list, one a line: errors and warnings, and behind them in one line what could not be judged.
pub(super) fn findings_in_short(console: Console, findings: &[wire::Finding]) {
    let findings = findings.iter().map(remote::finding).collect::<Vec<_>>();
    for finding in findings.iter().filter(|finding| finding.severity != Severity::Unknown) {
        let (colour, word) = match finding.severity {
            Severity::Error => (Colour::Red, "error"),
            _ => (Colour::Yellow, "warning"),
        };
        let path = if finding.path.is_empty() { "the file" } else { &finding.path };
        let (word, message) = (console.paint(colour, word), plain(&finding.message));
        let form_box = finding.form_box.as_ref().map(|one| format!("; box {}", plain(one))).unwrap_or_default();
        console.data(format!("    {word} {}: {message} [{}{form_box}]", plain(path), finding.rule));
    }
    if let Some(line) = certificate::not_known(&Findings(findings)) {
        console.data(format!("    {}", console.paint(Colour::Dim, &line)));
    }
}

fn by_policy(policy: &str, how: &str, by_people: impl Fn() -> Option<String>) -> String {
    match policy {
        "" => by_people().unwrap_or_else(|| "-".to_owned()),
        policy => format!("{how} {}", plain(policy)),
    }
}

/// Who did it last and when, as long as it counts: what was sent back is examined anew.
fn deed_of(application: &wire::Application, deed: &str) -> Option<String> {
    use wire::ApplicationStage as S;
    let counts = match deed {
        "sign" => matches!(application.stage(), S::Approved | S::Issued),
        _ => matches!(application.stage(), S::Recommended | S::Approved | S::Issued),
    };
    let event = application.history.iter().rev().find(|event| event.deed == deed).filter(|_| counts)?;
    Some(format!("by {} at {}", plain(&event.name), instant(event.at.as_ref())))
}

fn office(application: &wire::Application) -> String {
    match application.filed_at_office.as_str() {
        "" => application.office.clone(),
        filed => format!("{} (filed at {filed}, which is closed)", application.office),
    }
}

/// The number that it was given in advance.
fn held_number(application: &wire::Application) -> String {
    match application.reserved_number.as_str() {
        "" => {
            let given = application.history.iter().any(|event| event.deed == "reserve_number");
            let voided = application.history.iter().any(|event| event.deed == "void_number");
            let ended = if application.certificate_number.is_empty() { "void" } else { "the certificate bears it" };
            match (given, voided) {
                (false, _) => "-".to_owned(),
                (true, true) => "given in advance; voided".to_owned(),
                (true, false) => format!("given in advance; {ended}"),
            }
        }
        number => format!("{number} (given in advance, {})", instant(application.number_reserved_at.as_ref())),
    }
}

fn referral_lines(console: Console, referral: &wire::ApplicationReferral) {
    console.data(format!("referred    {}", awaited(referral)));
    if let Some(report) = &referral.report {
        console.data(format!(
            "reported    {} on {}: {} (paper sha256 {})",
            plain(&report.visitor),
            remote::date_text(report.visited_on.as_ref()),
            plain(&report.words),
            hex::encode(&report.paper_sha256),
        ));
    }
}

/// What a referral is about, and by when its report is due.
pub(super) fn awaited(referral: &wire::ApplicationReferral) -> String {
    format!(
        "to a {}, report due {}: {}",
        if referral.to == "factory" { "factory visit" } else { referral.to.as_str() },
        remote::date_text(referral.due.as_ref()),
        plain(&referral.look_at)
    )
}

fn referral_described(referral: &wire::ApplicationReferral) -> Value {
    let report = referral.report.as_ref().map(|report| {
        json!({
            "visitor": report.visitor,
            "visited_on": remote::date_text(report.visited_on.as_ref()),
            "words": report.words,
            "paper_sha256": hex::encode(&report.paper_sha256),
            "reported_at": instant(report.reported_at.as_ref()),
        })
    });
    json!({
        "to": referral.to,
        "look_at": referral.look_at,
        "due": remote::date_text(referral.due.as_ref()),
        "referred_at": instant(referral.referred_at.as_ref()),
        "report": report,
    })
}

fn changed(members: &[wire::ApplicationMemberChange]) -> Value {
    members.iter().map(|one| json!({ "path": one.path, "before": one.before, "now": one.now })).collect()
}

/// As one JSON document.
pub(super) fn described(application: &wire::Application) -> Value {
    let findings = application.findings.iter().map(remote::finding).collect::<Vec<_>>();
    let queries = application.queries.iter().map(|one| {
        json!({ "question": one.question, "fields": one.fields, "asked_at": instant(one.asked_at.as_ref()), "answer": one.answer })
    });
    let history = application.history.iter().map(|one| {
        json!({ "at": instant(one.at.as_ref()), "by": one.name, "deed": one.deed, "stage": stage_word(one.stage()), "note": one.note, "changed": changed(&one.changed) })
    });
    json!({
        "application_id": application.application_id,
        "stage": stage_word(application.stage()),
        "agreement": application.agreement,
        "office": application.office,
        "to": application.to,
        "exporter": application.exporter_name,
        "exporter_id": application.exporter_id,
        "agent_account_id": application.agent_account_id,
        "mandate_id": application.mandate_id,
        "goods": application.goods,
        "items": application.items,
        "submitted_at": instant(application.submitted_at.as_ref()),
        "claimed_by": application.claimed_by,
        "certificate_number": application.certificate_number,
        "certificate_jti": application.certificate_jti,
        "certificate_status": application.certificate_status,
        "refusal": application.refusal_code,
        "examined_under_policy": application.examined_under_policy,
        "released_under_policy": application.released_under_policy,
        "fee_reference": application.fee_reference,
        "reserved_number": application.reserved_number,
        "filed_at_office": application.filed_at_office,
        "referrals": application.referrals.iter().map(referral_described).collect::<Vec<_>>(),
        "file_sha256": hex::encode(&application.file_sha256),
        "findings": findings,
        "queries": queries.collect::<Vec<_>>(),
        "history": history.collect::<Vec<_>>(),
    })
}
