//! How a change is shown: as one line, or as one JSON document.

use super::{
    application::{instant, stage_word},
    console::Console,
    enquiry::shown::named_day,
    remote::date_text,
    tree::plain,
};
use crate::api::client::wire::{self, change::What};
use serde_json::{Value, json};

/// One change; false where nobody reads any more.
pub(super) fn show(console: Console, change: &wire::Change) -> bool {
    if console.is_json() { console.try_data(described(change)) } else { console.try_data(line(change)) }
}

fn line(change: &wire::Change) -> String {
    let at = instant(change.at.as_ref());
    let office = if change.office.is_empty() { "-".to_owned() } else { plain(&change.office) };
    let said = match &change.what {
        Some(What::Application(one)) => {
            format!("application {} {}: {}", plain(&one.application_id), plain(&one.deed), stage_word(one.stage()))
        }
        Some(What::Certificate(one)) => {
            format!("certificate {} {}", name(&one.number, &one.jti), certificate_words(one))
        }
        Some(What::Arrival(one)) => {
            format!("arrival {} of {} {}", name(&one.number, &one.jti), host(&one.issuer), arrival_words(one))
        }
        Some(What::Enquiry(one)) => {
            let (from, to) = (host(&one.from), host(&one.to));
            format!("enquiry {} of {from} to {to} {}", plain(&one.jti), enquiry_words(one))
        }
        None => "something that this program does not know".to_owned(),
    };
    format!("{at}  {office}  {said}")
}

fn name(number: &str, jti: &str) -> String {
    plain(if number.is_empty() { jti } else { number })
}

fn host(issuer: &str) -> String {
    plain(issuer.strip_prefix("https://").unwrap_or(issuer))
}

fn with_items(word: &str, items: &[u32]) -> String {
    let items = items.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
    if items.is_empty() { plain(word) } else { format!("{} (items {items})", plain(word)) }
}

/// `item 1 UTILISED_PARTIAL, item 2 PREFERENCE_DENIED`
fn responses(all: &[wire::ItemResponse], amends: &str) -> String {
    let one = |one: &wire::ItemResponse| match one.item {
        0 => plain(&one.code),
        item => format!("item {item} {}", plain(&one.code)),
    };
    let said = all.iter().map(one).collect::<Vec<_>>().join(", ");
    if amends.is_empty() { said } else { format!("{said}, in the place of {}", plain(amends)) }
}

fn certificate_words(one: &wire::CertificateChange) -> String {
    use wire::CertificateEvent as Event;
    match one.event() {
        Event::Responded => format!("{}: {}", host(&one.by), responses(&one.responses, &one.amends_jti)),
        Event::Endorsed => format!("{}: {}", host(&one.by), plain(&one.endorsement)),
        Event::Asked => format!("asked about by {}, enquiry {}", host(&one.by), plain(&one.enquiry_jti)),
        Event::Answered => format!("answered {}, enquiry {}", plain(&one.finding), plain(&one.enquiry_jti)),
        Event::StatusChanged => with_items(&one.act, &one.items),
        event => certificate_event(event).to_owned(),
    }
}

const fn certificate_event(event: wire::CertificateEvent) -> &'static str {
    use wire::CertificateEvent as Event;
    match event {
        Event::Issued => "issued",
        Event::Released => "released",
        Event::Receipted => "receipted",
        Event::StatusChanged => "status_changed",
        Event::Responded => "responded",
        Event::Endorsed => "endorsed",
        Event::Asked => "asked",
        Event::Answered => "answered",
        Event::Unspecified => "changed",
    }
}

fn arrival_words(one: &wire::ArrivalChange) -> String {
    use wire::ArrivalEvent as Event;
    match one.event() {
        Event::StatusChanged => with_items(&one.act, &one.items),
        Event::Responded => format!("told: {}", responses(&one.responses, &one.amends_jti)),
        Event::Endorsed => format!("told: {}", plain(&one.endorsement)),
        event => arrival_event(event).to_owned(),
    }
}

const fn arrival_event(event: wire::ArrivalEvent) -> &'static str {
    use wire::ArrivalEvent as Event;
    match event {
        Event::Arrived => "arrived",
        Event::OnPaper => "on_paper",
        Event::StatusChanged => "status_changed",
        Event::Responded => "responded",
        Event::Endorsed => "endorsed",
        Event::Unspecified => "changed",
    }
}

fn enquiry_words(one: &wire::EnquiryChange) -> String {
    use wire::EnquiryEvent as Event;
    let due = date_text(one.due.as_ref());
    let what = match one.deadline.as_str() {
        "acknowledge" => "its receipt",
        "decide" => "the decision",
        "settle" => "what became of the security or of the held goods",
        _ => "the answer",
    };
    match one.event() {
        Event::Clarified => format!("raised to clarify what reply {} asked", plain(&one.reply_jti)),
        Event::Replied => {
            let day = one.due.as_ref().map_or_else(String::new, |date| format!(", {}", named_day(&one.act, date)));
            format!("{}{day}", plain(&one.act))
        }
        Event::DueSoon => format!("due soon: {what} by {due}{}", beside(one)),
        Event::DuePassed => format!("due passed: {what} by {due}{}", beside(one)),
        Event::Unanswered if one.answer_unread => {
            format!("not known to be answered: {what} was due {due}{}", beside(one))
        }
        Event::Unanswered => format!("unanswered: {what} was due {due}{}", beside(one)),
        event => enquiry_event(event).to_owned(),
    }
}

fn beside(one: &wire::EnquiryChange) -> String {
    if one.answer_unread {
        return ", and a reply of which the words are not here may be it".to_owned();
    }
    if one.proposes.is_empty() { String::new() } else { format!(", an officer may say {}", plain(&one.proposes)) }
}

const fn enquiry_event(event: wire::EnquiryEvent) -> &'static str {
    use wire::EnquiryEvent as Event;
    match event {
        Event::Raised => "raised",
        Event::Clarified => "clarified",
        Event::Replied => "replied",
        Event::DueSoon => "due_soon",
        Event::DuePassed => "due_passed",
        Event::Unanswered => "unanswered",
        Event::Unspecified => "changed",
    }
}

fn described(change: &wire::Change) -> Value {
    let mut value = json!({ "id": change.id, "at": instant(change.at.as_ref()) });
    put_texts(&mut value, &[("office", &change.office)]);
    let (kind, what) = match &change.what {
        Some(What::Application(one)) => {
            ("application", json!({ "id": one.application_id, "deed": one.deed, "stage": stage_word(one.stage()) }))
        }
        Some(What::Certificate(one)) => ("certificate", certificate(one)),
        Some(What::Arrival(one)) => ("arrival", arrival(one)),
        Some(What::Enquiry(one)) => ("enquiry", enquiry(one)),
        None => return value,
    };
    put(&mut value, kind, what);
    value
}

fn put(value: &mut Value, name: &str, what: Value) {
    if let Some(value) = value.as_object_mut() {
        value.insert(name.to_owned(), what);
    }
}

/// Members that say nothing are left out.
fn put_texts(value: &mut Value, texts: &[(&str, &String)]) {
    for (name, text) in texts.iter().filter(|(_, text)| !text.is_empty()) {
        put(value, name, json!(text));
    }
}

fn put_lists(value: &mut Value, items: &[u32], responses: &[wire::ItemResponse]) {
    if !items.is_empty() {
        put(value, "items", json!(items));
    }
    if !responses.is_empty() {
        let one = |one: &wire::ItemResponse| json!({ "item": one.item, "code": one.code });
        put(value, "responses", responses.iter().map(one).collect());
    }
}

fn certificate(one: &wire::CertificateChange) -> Value {
    let mut value = json!({
        "event": certificate_event(one.event()), "number": one.number, "jti": one.jti, "log": one.log,
        "index": one.index,
    });
    let statement = if one.event() == wire::CertificateEvent::StatusChanged { "change" } else { "statement" };
    put_texts(
        &mut value,
        &[
            ("application", &one.application_id),
            ("act", &one.act),
            (statement, &one.change_jti),
            ("successor", &one.successor_jti),
            ("by", &one.by),
            ("amends", &one.amends_jti),
            ("endorsement", &one.endorsement),
            ("enquiry", &one.enquiry_jti),
            ("finding", &one.finding),
        ],
    );
    put_lists(&mut value, &one.items, &one.responses);
    value
}

fn arrival(one: &wire::ArrivalChange) -> Value {
    let mut value = json!({
        "event": arrival_event(one.event()), "number": one.number, "jti": one.jti, "issuer": one.issuer,
        "log": one.log, "index": one.index,
    });
    put_texts(
        &mut value,
        &[
            ("act", &one.act),
            ("statement", &one.statement_jti),
            ("successor", &one.successor_jti),
            ("amends", &one.amends_jti),
            ("endorsement", &one.endorsement),
        ],
    );
    put_lists(&mut value, &one.items, &one.responses);
    value
}

fn enquiry(one: &wire::EnquiryChange) -> Value {
    let mut value = json!({ "event": enquiry_event(one.event()), "jti": one.jti, "from": one.from, "to": one.to });
    put_texts(
        &mut value,
        &[("act", &one.act), ("reply", &one.reply_jti), ("deadline", &one.deadline), ("proposes", &one.proposes)],
    );
    if one.due.is_some() {
        put(&mut value, "due", json!(date_text(one.due.as_ref())));
    }
    if one.answer_unread {
        put(&mut value, "answer_unread", json!(true));
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::client::Date as WireDate;

    fn said(what: What) -> String {
        line(&wire::Change { what: Some(what), ..Default::default() }).split_once("  -  ").unwrap().1.to_owned()
    }

    #[test]
    fn what_customs_abroad_did_is_told_item_by_item() {
        let one = |item, code: &str| wire::ItemResponse { item, code: code.to_owned() };
        let mut change = wire::CertificateChange {
            event: wire::CertificateEvent::Responded.into(),
            number: "260000001".to_owned(),
            by: "https://customs.gov.cn".to_owned(),
            responses: vec![one(1, "UTILISED_PARTIAL"), one(2, "PREFERENCE_DENIED")],
            ..Default::default()
        };
        let expected = "certificate 260000001 customs.gov.cn: item 1 UTILISED_PARTIAL, item 2 PREFERENCE_DENIED";
        assert_eq!(said(What::Certificate(change.clone())), expected);
        change.responses = vec![one(0, "RECEIVED")];
        assert_eq!(said(What::Certificate(change)), "certificate 260000001 customs.gov.cn: RECEIVED");
    }

    #[test]
    fn a_day_that_passed_says_what_a_person_may_do() {
        let change = wire::EnquiryChange {
            event: wire::EnquiryEvent::DuePassed.into(),
            jti: "01KB".to_owned(),
            from: "https://customs.gov.cn".to_owned(),
            to: "https://tdap.gov.pk".to_owned(),
            deadline: "reply".to_owned(),
            due: Some(WireDate { year: 2027, month: 5, day: 22 }),
            proposes: "NO_REPLY".to_owned(),
            ..Default::default()
        };
        let expected = "enquiry 01KB of customs.gov.cn to tdap.gov.pk due passed: the answer by 2027-05-22, \
                        an officer may say NO_REPLY";
        assert_eq!(said(What::Enquiry(change.clone())), expected);
        let json = enquiry(&change);
        assert_eq!((json["due"].as_str(), json.get("reply")), (Some("2027-05-22"), None));
        let settle = wire::EnquiryChange { deadline: "settle".to_owned(), proposes: String::new(), ..change.clone() };
        assert!(said(What::Enquiry(settle)).ends_with("became of the security or of the held goods by 2027-05-22"));
        let extended = wire::EnquiryChange {
            event: wire::EnquiryEvent::Replied.into(),
            act: "extended".to_owned(),
            ..change.clone()
        };
        assert!(said(What::Enquiry(extended)).ends_with("extended, until 2027-05-22"));
        let unread = wire::EnquiryChange { answer_unread: true, proposes: String::new(), ..change };
        assert_eq!(enquiry(&unread)["answer_unread"], true);
        assert!(
            said(What::Enquiry(unread))
                .ends_with("by 2027-05-22, and a reply of which the words are not here may be it")
        );
    }
}
