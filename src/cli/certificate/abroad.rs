//! `origin certificate abroad`: what customs abroad did with a certificate, what they asked, what was answered.

use super::name::Name;
use crate::{
    api::client::{wire, wire::abroad_note::What, within_deadline},
    cli::{
        Outcome,
        application::instant,
        console::{Colour, Console},
        customs::shown::{day, decided, follows, named_beside},
        enquiry::shown::{document_text, documents_described, named_day},
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
        match (answer.notes.is_empty(), answer.received_by.as_str()) {
            (_, by) if !by.is_empty() && console.is_json() => console.data(json!({ "received_by": by })),
            (false, by) if !by.is_empty() => console.data(format!("received by {}", plain(host(by)))),
            (true, by) if !by.is_empty() => {
                console.data(format!("received by {}; nothing was done with it there yet", plain(host(by))));
            }
            (true, _) if !console.is_json() => console.message("nothing was heard of it from abroad"),
            _ => {}
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
    let by = plain(host(&note.by));
    let head = |what: &str| console.data(headed(note, &by, what));
    match &note.what {
        Some(What::Response(response)) => {
            let with = response.declaration.as_ref().map_or_else(
                || "with no declaration".to_owned(),
                |one| {
                    let (number, office) = (plain(&one.number), plain(&one.office));
                    format!("with declaration {number} of {} at {office}", date_text(one.date.as_ref()))
                },
            );
            head(&with);
            for line in responded(response) {
                console.data(format!("    {line}"));
            }
        }
        Some(What::Endorsement(one)) => {
            let destination =
                if one.destination.is_empty() { String::new() } else { format!(" to {}", one.destination) };
            head(&format!("{}{destination}, at {}", plain(&one.act), plain(&one.office)));
            for line in named_beside(&one.items, &one.containers, &one.seals, &one.text) {
                console.data(format!("    {line}"));
            }
        }
        Some(What::Enquiry(one)) => head(&asked(one, &note.jti)),
        Some(What::Reply(one)) => {
            let late = if one.late { format!("  {}", console.paint(Colour::Red, "LATE")) } else { String::new() };
            head(&format!("{}{late}", replied(one)));
            for line in words(one) {
                console.data(format!("    {line}"));
            }
        }
        Some(What::Erased(one)) => head(&format!("{}, whose words are erased", plain(&one.kind))),
        None => head("something that this version does not know"),
    }
}

/// When and by whom it was said, and since when it is here, which after a loss is later.
fn headed(note: &wire::AbroadNote, by: &str, what: &str) -> String {
    let amended = match (note.amended, note.taken_back) {
        (_, true) => "  (taken back since)",
        (true, false) => "  (amended since)",
        (false, false) => "",
    };
    let (day, since) = (date_text(note.day.as_ref()), instant(note.at.as_ref()));
    format!("{day}  {by}  {what}{amended}  (here since {since})")
}

fn host(issuer: &str) -> &str {
    issuer.strip_prefix("https://").unwrap_or(issuer)
}

/// What customs decided, by which enquiry, and what they say to the issuer beside it.
fn responded(response: &wire::AbroadResponse) -> Vec<String> {
    let remarks = plain(&response.remarks);
    let decisions = response.decisions.iter().map(decided);
    let decisions = decisions.chain(follows(&response.enquiry));
    decisions.chain((!remarks.is_empty()).then(|| format!("remarks: {remarks}"))).collect()
}

/// What is asked, and in which enquiry, by which its replies name it.
fn asked(one: &wire::AbroadEnquiry, jti: &str) -> String {
    let reference = if one.reference.is_empty() { String::new() } else { format!(" ({})", plain(&one.reference)) };
    let question = if one.question.is_empty() { String::new() } else { format!(": {}", plain(&one.question)) };
    format!("asks in enquiry {}{reference}, {}{question}", plain(jti), plain(&one.ground))
}

/// What a reply does and to which enquiry, what it finds, and the day that it names.
fn replied(one: &wire::EnquiryReply) -> String {
    let mut said = plain(&one.act);
    if !one.enquiry.is_empty() {
        said = format!("{said} to enquiry {}", plain(&one.enquiry));
    }
    let mut more = one.answers.iter().map(found).collect::<Vec<_>>();
    more.extend(one.reply_by.as_ref().map(|date| named_day(&one.act, date)));
    let colon = if one.enquiry.is_empty() { "" } else { ":" };
    if more.is_empty() { said } else { format!("{said}{colon} {}", more.join(", ")) }
}

/// What a reply says in words: on the whole, of the certificate and of its items; and its documents.
fn words(one: &wire::EnquiryReply) -> Vec<String> {
    let mut lines = vec![plain(&one.words)];
    for answer in &one.answers {
        lines.push(plain(&answer.words));
        let items = answer.items.iter().filter(|item| !item.words.is_empty());
        lines.extend(items.map(|item| format!("item {}: {}", item.item, plain(&item.words))));
    }
    lines.retain(|line| !line.is_empty());
    lines.extend(one.documents.iter().map(document_text));
    lines
}

/// What is found of the certificate, and of its items where they are told apart.
fn found(answer: &wire::SubjectAnswer) -> String {
    let item = |one: &wire::ItemAnswer| format!("item {} {}", one.item, if one.valid { "valid" } else { "not valid" });
    let items = answer.items.iter().map(item).collect::<Vec<_>>().join(", ");
    let items = if items.is_empty() { items } else { format!(" ({items})") };
    format!("{}{items}", plain(&answer.finding))
}

fn described(note: &wire::AbroadNote) -> Value {
    let what = match &note.what {
        Some(What::Response(response)) => json!({ "response": {
            "declaration": response.declaration.as_ref().map(|one| json!({
                "number": one.number, "date": date_text(one.date.as_ref()), "office": one.office,
            })),
            "decisions": response.decisions.iter().map(|one| json!({
                "item": one.item, "line": one.line, "code": one.code, "quantity": one.quantity, "unit": one.unit,
                "left": one.left, "reason": one.reason, "basis": one.basis, "words": one.words, "over": one.over,
            })).collect::<Vec<_>>(),
            "remarks": response.remarks,
            "enquiry": response.enquiry,
        } }),
        Some(What::Endorsement(one)) => json!({ "endorsement": {
            "act": one.act, "day": date_text(one.day.as_ref()), "office": one.office, "destination": one.destination,
            "items": one.items, "containers": one.containers, "seals": one.seals, "text": one.text,
        } }),
        Some(What::Enquiry(one)) => json!({ "enquiry": {
            "reference": one.reference, "ground": one.ground, "question": one.question, "goods": one.goods,
        } }),
        Some(What::Reply(one)) => json!({ "reply": {
            "enquiry": one.enquiry, "act": one.act, "reply_by": day(one.reply_by.as_ref()), "late": one.late, "words": one.words,
            "documents": documents_described(&one.documents),
            "answers": one.answers.iter().map(|answer| json!({
                "certificate": answer.subject, "finding": answer.finding, "words": answer.words,
                "items": answer.items.iter().map(|one| json!({
                    "item": one.item, "valid": one.valid, "words": one.words,
                })).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
        } }),
        Some(What::Erased(one)) => json!({ "erased": one.kind }),
        None => Value::Null,
    };
    json!({
        "jti": note.jti, "by": note.by, "day": day(note.day.as_ref()), "at": instant(note.at.as_ref()),
        "amended": note.amended, "taken_back": note.taken_back, "what": what,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::client::Date;
    use prost_types::Timestamp;

    #[test]
    fn an_answer_says_which_items_hold() {
        let item = |item, valid| wire::ItemAnswer { item, valid, words: String::new() };
        let items = vec![item(1, true), item(2, false)];
        let one = wire::SubjectAnswer { subject: 7, finding: "partly_valid".to_owned(), items, ..Default::default() };
        assert_eq!(found(&one), "partly_valid (item 1 valid, item 2 not valid)");
        assert_eq!(found(&wire::SubjectAnswer { items: Vec::new(), ..one }), "partly_valid");
    }

    #[test]
    fn what_came_back_after_a_loss_has_the_day_it_was_said_on() {
        let (day, at) = (Date { year: 2026, month: 11, day: 30 }, Timestamp { seconds: 1_796_169_600, nanos: 0 });
        let note = wire::AbroadNote { day: Some(day), at: Some(at), ..Default::default() };
        let line = headed(&note, "customs.gov.cn", "asks, doubt_authenticity");
        assert_eq!(line, "2026-11-30  customs.gov.cn  asks, doubt_authenticity  (here since 2026-12-02T00:00:00Z)");
        let back = wire::AbroadNote { amended: true, taken_back: true, ..note.clone() };
        assert!(headed(&back, "customs.gov.cn", "").contains("(taken back since)"));
        let described = described(&note);
        assert_eq!((&described["day"], &described["at"]), (&json!("2026-11-30"), &json!("2026-12-02T00:00:00Z")));
    }

    #[test]
    fn what_customs_remark_to_the_issuer_is_shown() {
        let decisions = vec![wire::DecidedItem { item: 1, code: "ACCEPTED".to_owned(), ..Default::default() }];
        let remarks = "Known to be good: letter 14".to_owned();
        let one = wire::AbroadResponse { decisions, remarks, ..Default::default() };
        assert_eq!(responded(&one), ["item 1: ACCEPTED", "remarks: Known to be good: letter 14"]);
        let bare = wire::AbroadResponse { remarks: String::new(), ..one };
        assert_eq!(responded(&bare).len(), 1);
        let enquiry = "01KE".to_owned();
        assert_eq!(responded(&wire::AbroadResponse { enquiry, ..bare }), ["item 1: ACCEPTED", "follows enquiry 01KE"]);
    }

    #[test]
    fn a_reply_says_until_when_in_which_words_and_with_which_documents() {
        let reply = |act: &str| wire::EnquiryReply {
            act: act.to_owned(),
            reply_by: Some(Date { year: 2027, month: 3, day: 31 }),
            ..Default::default()
        };
        assert_eq!(replied(&reply("extended")), "extended until 2027-03-31");
        assert_eq!(replied(&wire::EnquiryReply { reply_by: None, ..reply("acknowledged") }), "acknowledged");
        let bare = wire::EnquiryReply { enquiry: "01KB".to_owned(), reply_by: None, ..reply("acknowledged") };
        assert_eq!(replied(&bare), "acknowledged to enquiry 01KB");
        let named = wire::EnquiryReply { enquiry: "01KB".to_owned(), ..reply("extended") };
        assert_eq!(replied(&named), "extended to enquiry 01KB: until 2027-03-31");
        // Of another certificate of the enquiry.
        let part = wire::EnquiryReply { enquiry: "01KB".to_owned(), ..reply("partial") };
        assert_eq!(replied(&part), "partial to enquiry 01KB: the rest by 2027-03-31");
        let question = wire::AbroadEnquiry { ground: "origin".to_owned(), ..Default::default() };
        assert_eq!(asked(&question, "01KB"), "asks in enquiry 01KB, origin");
        let question =
            wire::AbroadEnquiry { reference: "SH-9".to_owned(), question: "Whose mill?".to_owned(), ..question };
        assert_eq!(asked(&question, "01KB"), "asks in enquiry 01KB (SH-9), origin: Whose mill?");
        let what = Some(What::Reply(named));
        let told = described(&wire::AbroadNote { what, ..Default::default() });
        assert_eq!(told["what"]["reply"]["enquiry"], "01KB");
        let answer = wire::SubjectAnswer {
            subject: 1,
            finding: "partly_valid".to_owned(),
            items: vec![
                wire::ItemAnswer { item: 1, valid: true, words: String::new() },
                wire::ItemAnswer { item: 2, valid: false, words: "Added afterwards".to_owned() },
            ],
            words: "Seen at the mill".to_owned(),
        };
        let document = wire::DocumentDigest {
            name: "report.pdf".to_owned(),
            media_type: "application/pdf".to_owned(),
            sha256: "07".to_owned(),
        };
        let one = wire::EnquiryReply {
            words: "In part".to_owned(),
            answers: vec![answer],
            documents: vec![document],
            ..reply("partial")
        };
        let head = "partial partly_valid (item 1 valid, item 2 not valid), the rest by 2027-03-31";
        assert_eq!(replied(&one), head);
        let document = "document report.pdf (application/pdf) sha256 07";
        assert_eq!(words(&one), ["In part", "Seen at the mill", "item 2: Added afterwards", document]);
        assert!(words(&reply("extended")).is_empty());
    }
}
