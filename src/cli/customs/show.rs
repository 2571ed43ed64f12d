//! `origin customs show`: one certificate as it arrived, what was done with it, and what is left of it.

use super::{
    balance::{balance_described, balance_lines},
    named::Named,
    shown::{
        self, act_described, act_lines, endorsement_described, endorsement_lines, host, notice_lines, notices_described,
    },
};
use crate::{
    api::client::{wire, within_deadline},
    cli::{
        Outcome,
        application::instant,
        apply::Door,
        console::{Colour, Console, Exit, Failure},
        enquiry, files,
        remote::date_text,
        tree::plain,
    },
    statement::{OpenedBody, Presentation},
    verification::View,
};
use serde_json::{Value, json};
use std::{path::PathBuf, process::ExitCode};

/// Show one certificate: what it says, its status, what was done with it here and what is left of it
#[derive(Debug, clap::Args)]
pub(super) struct Show {
    #[command(flatten)]
    named: Named,
    /// Write what was signed, with the proof that it is logged, to a bundle too (.coo.json), for `origin verify` and
    /// `origin inspect`
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    door: Door,
}

impl Show {
    pub(super) fn run(self, console: Console) -> Outcome {
        files::apart(self.output.as_deref(), [self.door.token.source()])?;
        let with_evidence = self.output.is_some();
        let request = wire::GetArrivalRequest { certificate: Some(self.named.to_wire()), with_evidence };
        let answer = self.door.ask(console, |connection| async move {
            connection.customs().get_arrival(within_deadline(request)).await
        })?;
        if let Some(path) = &self.output {
            if answer.bundle.is_empty() {
                return Err(Failure::new(Exit::Failed, "what was signed is not here, so nothing was written"));
            }
            files::deliver(console, Some(path), answer.bundle.as_bytes())?;
            console.message(
                "it proves who signed it, where it is logged, and the changes of its status that came here; whether there are \
                 others its issuer's node says: origin verify FILE --node NODE",
            );
        }
        let view = if answer.token.is_empty() { None } else { Some(view(&answer.token)?) };
        if console.is_json() {
            console.data(described(&answer, view.as_ref()));
        } else {
            lines(console, &answer, view.as_ref());
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// What a token says, taken apart as whoever verifies it does.
fn view(token: &str) -> Result<View, Failure> {
    let opened = Presentation::parse(token).and_then(|presentation| presentation.open());
    let opened = opened.map_err(|error| Failure::new(Exit::Failed, format!("the node sent no statement: {error}")))?;
    match opened.body {
        OpenedBody::Certificate(certificate) => Ok(View::new(certificate)),
        other => Err(Failure::new(Exit::Failed, format!("the node sent no certificate but a {}", other.kind()))),
    }
}

fn described(answer: &wire::GetArrivalResponse, view: Option<&View>) -> Value {
    let change = |one: &wire::StatusNote| {
        json!({
            "act": one.act, "items": one.items, "reason": one.reason, "jti": one.jti,
            "day": shown::day(one.day.as_ref()), "at": one.at.as_ref().map(|at| instant(Some(at))),
            "successor": (!one.successor_jti.is_empty()).then(|| json!({
                "jti": one.successor_jti,
                "number": (!one.successor_number.is_empty()).then_some(&one.successor_number),
            })),
        })
    };
    json!({
        "arrival": answer.arrival.as_ref().map(shown::arrival_described),
        "certificate": view,
        "token": answer.token,
        "balance": balance_described(&answer.balance),
        "acts": answer.acts.iter().map(act_described).collect::<Vec<_>>(),
        "endorsements": answer.endorsements.iter().map(endorsement_described).collect::<Vec<_>>(),
        "changes": answer.changes.iter().map(change).collect::<Vec<_>>(),
        "enquiries": answer.enquiries,
        "asked": answer.asked.iter().map(enquiry::shown::described).collect::<Vec<_>>(),
        "notices": notices_described(&answer.notices),
    })
}

/// A change of its status; of one that was superseded, by which certificate.
fn changed(one: &wire::StatusNote) -> String {
    let items = one.items.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
    let items = if items.is_empty() { String::new() } else { format!(" of item {items}") };
    let successor = shown::or(&one.successor_number, &one.successor_jti);
    let by = if successor.is_empty() { String::new() } else { format!(" by {}", plain(successor)) };
    let why = if one.reason.is_empty() { String::new() } else { format!(": {}", plain(&one.reason)) };
    format!("{}  {}{items}{by}{why} (statement {})", date_text(one.day.as_ref()), plain(&one.act), one.jti)
}

/// Why sections of what was signed are not shown: no holder has left them out here.
const fn not_shown(delivery: wire::Delivery) -> &'static str {
    match delivery {
        wire::Delivery::Erased => "erased",
        wire::Delivery::Held => "held back until the holder consents",
        wire::Delivery::Unspecified | wire::Delivery::Complete | wire::Delivery::Missing => "not here",
    }
}

/// A date of issue, or a name, of what was signed; of what is erased that is said.
fn signed(arrival: &wire::Arrival, said: &str) -> String {
    let nothing = if arrival.delivery() == wire::Delivery::Erased { "erased" } else { "-" };
    plain(shown::or(said, nothing))
}

/// An enquiry about it: as it stands, where that may be read.
fn asked(console: Console, answer: &wire::GetArrivalResponse, jti: &str) -> Vec<String> {
    match answer.asked.iter().find(|one| one.jti == jti) {
        Some(one) => {
            let (own, number) = answer.arrival.as_ref().map_or(("", ""), |one| (one.jti.as_str(), one.number.as_str()));
            enquiry::shown::of_certificate(console, &enquiry::shown::of_one(one, own, number))
        }
        None => vec![format!("{jti}  (origin enquiry show {jti})")],
    }
}

fn lines(console: Console, answer: &wire::GetArrivalResponse, view: Option<&View>) {
    let arrival = answer.arrival.clone().unwrap_or_default();
    let until = arrival.valid_until.as_ref().map_or_else(|| "no limit".to_owned(), |date| date_text(Some(date)));
    let since = if arrival.issued_since { "issued after" } else { "as of" };
    let as_of = arrival.status_as_of.as_ref().map(|at| format!(", {since} {}", instant(Some(at)))).unwrap_or_default();
    let delivery = match arrival.delivery() {
        wire::Delivery::Unspecified => "not known to be here".to_owned(),
        wire::Delivery::Complete => format!("complete, here since {}", instant(arrival.arrived_at.as_ref())),
        wire::Delivery::Missing => "missing: they did not come yet, or are not those that were signed".to_owned(),
        wire::Delivery::Held => "held back by the issuer until the holder consents".to_owned(),
        wire::Delivery::Erased => "erased".to_owned(),
    };
    for (label, value) in [
        ("number", signed(&arrival, &arrival.number)),
        ("id", arrival.jti.clone()),
        ("issuer", host(&arrival.issuer)),
        ("agreement", plain(&arrival.agreement)),
        ("from", arrival.from.clone()),
        ("issued on", signed(&arrival, &shown::day(arrival.issued_on.as_ref()).unwrap_or_default())),
        ("valid", format!("{} until {until}", date_text(arrival.valid_from.as_ref()))),
        ("status", format!("{}{as_of}", shown::status(console, &arrival).trim_end())),
        ("exporter", signed(&arrival, &arrival.exporter)),
        ("consignee", signed(&arrival, &arrival.consignee)),
        ("contents", delivery),
        ("stands", format!("at index {} of {}", arrival.index, plain(&arrival.log))),
    ] {
        console.data(format!("{label:12}{value}"));
    }
    if arrival.equivocated {
        let warning = "the log has shown two histories: judge with care";
        console.data(format!("{:12}{}", "WARNING", console.paint(Colour::Red, warning)));
    }
    if !arrival.void.is_empty() {
        let warning =
            format!("it is void: {}; what was done with it is shown, and nothing more is", plain(&arrival.void));
        console.data(format!("{:12}{}", "WARNING", console.paint(Colour::Red, &warning)));
    }
    if !arrival.key_closed.is_empty() {
        let warning = format!("it counts for nothing: {}", plain(&arrival.key_closed));
        console.data(format!("{:12}{}", "WARNING", console.paint(Colour::Red, &warning)));
    }
    if let Some(view) = view {
        console.raw(format!("\n{}", view.to_text_where(not_shown(arrival.delivery()))).as_bytes());
    }
    console.data("\nWhat is left");
    balance_lines(console, &answer.balance);
    if answer.balance.is_empty() {
        console.data("not known: what it says is not here");
    }
    console.data("\nWhat was done here");
    answer.acts.iter().for_each(|act| act_lines(console, act));
    answer.endorsements.iter().for_each(|one| endorsement_lines(console, one));
    if answer.acts.is_empty() && answer.endorsements.is_empty() {
        console.data("nothing");
    }
    if !answer.changes.is_empty() {
        console.data("\nWhat its issuer changed");
    }
    for one in &answer.changes {
        console.data(changed(one));
    }
    if !answer.enquiries.is_empty() {
        console.data("\nEnquiries");
    }
    answer.enquiries.iter().flat_map(|jti| asked(console, answer, jti)).for_each(|line| console.data(line));
    if !answer.notices.is_empty() {
        console.data("\nWhat should be known");
    }
    notice_lines(console, &answer.notices);
    if view.is_some() {
        console.message(
            "as this node has verified it; who does not rely on the node takes it with --output and verifies it",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_superseded_a_certificate_is_named_beside_that_by_its_number_where_that_is_known() {
        let suspended = wire::StatusNote { act: "suspended".to_owned(), jti: "J1".to_owned(), ..Default::default() };
        assert!(changed(&suspended).ends_with("suspended (statement J1)"), "{}", changed(&suspended));
        let unknown =
            wire::StatusNote { act: "superseded".to_owned(), successor_jti: "J2".to_owned(), ..suspended.clone() };
        assert!(changed(&unknown).contains("superseded by J2 "), "{}", changed(&unknown));
        let known = wire::StatusNote { successor_number: "PK-2".to_owned(), ..unknown.clone() };
        assert!(changed(&known).contains("superseded by PK-2 "), "{}", changed(&known));
        let told = |change: wire::StatusNote| {
            let answer = wire::GetArrivalResponse { changes: vec![change], ..Default::default() };
            described(&answer, None)["changes"][0]["successor"].clone()
        };
        assert_eq!(told(suspended), json!(null));
        assert_eq!(told(unknown), json!({ "jti": "J2", "number": null }));
        assert_eq!(told(known), json!({ "jti": "J2", "number": "PK-2" }));
    }

    #[test]
    fn of_one_that_is_erased_that_is_said_in_place_of_what_it_said() {
        let erased = wire::Arrival { delivery: wire::Delivery::Erased.into(), ..Default::default() };
        assert_eq!(signed(&erased, ""), "erased");
        assert_eq!(signed(&wire::Arrival::default(), ""), "-");
        assert_eq!(signed(&erased, "PK-1"), "PK-1");
    }

    #[test]
    fn an_enquiry_is_shown_as_it_stands_where_that_may_be_read() {
        let console = Console::new(crate::cli::console::Format::Text);
        let asked_before = vec![wire::Enquiry { jti: "01KB".to_owned(), ..Default::default() }];
        let answer = wire::GetArrivalResponse { asked: asked_before, ..Default::default() };
        assert!(asked(console, &answer, "01KB")[0].starts_with("01KB  no day due"));
        assert_eq!(asked(console, &answer, "01KC"), ["01KC  (origin enquiry show 01KC)"]);
        assert_eq!(described(&answer, None)["asked"][0]["jti"], "01KB");
    }
}
