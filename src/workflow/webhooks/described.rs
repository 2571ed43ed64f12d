//! Changes as JSON, in the form in which `origin watch --format json` prints them: members that say nothing are left out.

use super::super::{ArrivalEvent, CertificateEvent, Change, Changes, ClockStep, EnquiryEvent, Said, What};
use super::letter::instant;
use crate::statement::{Act, ResponseCode};
use serde_json::{Map, Value, json};

/// Members of a JSON object in the making.
struct Members(Map<String, Value>);

impl Members {
    fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    fn put_act(&mut self, act: &Act, items: Option<&[u32]>) {
        self.put("act", act.word());
        if let Act::Superseded { successor } = act {
            self.put("successor", successor.jti.to_string());
        }
        if let Some(items) = items {
            self.put("items", items);
        }
    }

    /// What was said, and the word for it.
    fn put_said(&mut self, said: &Said) -> &'static str {
        match said {
            Said::Response { statement, codes, amends } => {
                self.put("statement", statement.to_string());
                self.put("responses", codes.iter().map(response).collect::<Vec<_>>());
                if let Some(amends) = amends {
                    self.put("amends", amends.to_string());
                }
                "responded"
            }
            Said::Endorsement { statement, act } => {
                self.put("statement", statement.to_string());
                self.put("endorsement", act.as_str());
                "endorsed"
            }
        }
    }
}

fn response((item, code): &(Option<u32>, ResponseCode)) -> Value {
    json!({ "item": item.unwrap_or_default(), "code": code.as_str() })
}

/// A change.
pub(super) fn described(all: &Changes, change: &Change) -> Value {
    let mut value = Members(Map::new());
    value.put("id", change.cursor.to_string());
    value.put("at", instant(change.at_ms));
    if let Some(office) = change.office() {
        value.put("office", office.as_str());
    }
    let number = || all.number_of(change).unwrap_or_default();
    match &change.what {
        What::Application { id, deed, stage } => {
            let one = json!({ "id": id.to_string(), "deed": deed.name(), "stage": stage.name() });
            value.put("application", one);
        }
        What::Certificate { entry, jti, event, .. } => {
            let mut one = Members(Map::new());
            one.put("number", number());
            one.put("jti", jti.to_string());
            one.put("log", entry.origin.as_str());
            one.put("index", entry.index);
            if let Some(application) = change.application() {
                one.put("application", application.to_string());
            }
            let word = certificate(&mut one, event);
            one.put("event", word);
            value.put("certificate", one.0);
        }
        What::Arrival { entry, jti, issuer, event, .. } => {
            let mut one = Members(Map::new());
            one.put("number", number());
            one.put("jti", jti.to_string());
            one.put("issuer", issuer.to_string());
            one.put("log", entry.origin.as_str());
            one.put("index", entry.index);
            let word = arrival(&mut one, event);
            one.put("event", word);
            value.put("arrival", one.0);
        }
        What::Enquiry { jti, from, to, event } => {
            let mut one = Members(Map::new());
            one.put("jti", jti.to_string());
            one.put("from", from.to_string());
            one.put("to", to.to_string());
            let word = enquiry(&mut one, event);
            one.put("event", word);
            value.put("enquiry", one.0);
        }
    }
    Value::Object(value.0)
}

fn certificate(one: &mut Members, event: &CertificateEvent) -> &'static str {
    match event {
        CertificateEvent::Issued => "issued",
        CertificateEvent::Released => "released",
        CertificateEvent::Receipted => "receipted",
        CertificateEvent::Changed { act, items, by } => {
            one.put_act(act, items.as_deref());
            one.put("change", by.to_string());
            "status_changed"
        }
        CertificateEvent::Abroad { by, said } => {
            one.put("by", by.to_string());
            one.put_said(said)
        }
        CertificateEvent::Asked { by, enquiry } => {
            one.put("by", by.to_string());
            one.put("enquiry", enquiry.to_string());
            "asked"
        }
        CertificateEvent::Answered { enquiry, by, finding } => {
            one.put("statement", by.to_string());
            one.put("enquiry", enquiry.to_string());
            one.put("finding", finding.as_str());
            "answered"
        }
    }
}

fn arrival(one: &mut Members, event: &ArrivalEvent) -> &'static str {
    match event {
        ArrivalEvent::Arrived => "arrived",
        ArrivalEvent::OnPaper => "on_paper",
        ArrivalEvent::Changed { act, items, by } => {
            one.put_act(act, items.as_deref());
            one.put("statement", by.to_string());
            "status_changed"
        }
        ArrivalEvent::Told(said) => one.put_said(said),
    }
}

fn enquiry(one: &mut Members, event: &EnquiryEvent) -> &'static str {
    if let Some(code) = event.proposes() {
        one.put("proposes", code.as_str());
    }
    match event {
        EnquiryEvent::Raised { clarifies: None } => "raised",
        EnquiryEvent::Raised { clarifies: Some(reply) } => {
            one.put("reply", reply.to_string());
            "clarified"
        }
        EnquiryEvent::Replied { by, act, reply_by } => {
            one.put("reply", by.to_string());
            one.put("act", act.as_str());
            if let Some(day) = reply_by {
                one.put("due", day.to_string());
            }
            "replied"
        }
        EnquiryEvent::Clock { deadline, step, due, unread, .. } => {
            one.put("deadline", deadline.word());
            one.put("due", due.to_string());
            if *unread {
                one.put("answer_unread", true);
            }
            match step {
                ClockStep::Soon => "due_soon",
                ClockStep::Passed => "due_passed",
                ClockStep::Unanswered => "unanswered",
            }
        }
    }
}
