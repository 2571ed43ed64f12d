//! Changes, as the wire tells them.

use super::applications::stage_to_wire;
use super::convert;
use super::wire::origin::v1::{self as wire, change::What as Wire};
use crate::office::{ApplicationId, Deed, StageName};
use crate::statement::{Act, Issuer, Jti, ResponseCode};
use crate::store::EntryRef;
use crate::time::Timestamp;
use crate::workflow::{ArrivalEvent, CertificateEvent, Change, Changes, ClockStep, EnquiryEvent, Said, What};

/// A change in its wire form. It reads its number, if that was not read before.
pub(super) fn to_wire(changes: &Changes, change: &Change) -> wire::Change {
    let number = changes.number_of(change).unwrap_or_default();
    let what = match &change.what {
        What::Application { id, deed, stage } => Wire::Application(application(*id, *deed, *stage)),
        What::Certificate { entry, jti, event, .. } => {
            let application_id = change.application().map(|id| id.to_string()).unwrap_or_default();
            let own = wire::CertificateChange { number, application_id, ..Default::default() };
            Wire::Certificate(certificate(own, entry, jti, event))
        }
        What::Arrival { entry, jti, issuer, event, .. } => Wire::Arrival(arrival(number, entry, (jti, issuer), event)),
        What::Enquiry { jti, from, to, event } => Wire::Enquiry(enquiry(jti, (from, to), event)),
    };
    let at = i64::try_from(change.at_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    wire::Change {
        id: change.cursor.to_string(),
        at: at.map(convert::instant),
        office: change.office().map(ToString::to_string).unwrap_or_default(),
        what: Some(what),
    }
}

fn application(id: ApplicationId, deed: Deed, stage: StageName) -> wire::ApplicationChange {
    wire::ApplicationChange {
        application_id: id.to_string(),
        deed: deed.to_string(),
        stage: stage_to_wire(stage).into(),
    }
}

fn certificate(
    own: wire::CertificateChange,
    entry: &EntryRef,
    jti: &Jti,
    event: &CertificateEvent,
) -> wire::CertificateChange {
    use wire::CertificateEvent as Event;
    let mut told =
        wire::CertificateChange { jti: jti.to_string(), log: entry.origin.to_string(), index: entry.index, ..own };
    let event = match event {
        CertificateEvent::Issued => Event::Issued,
        CertificateEvent::Released => Event::Released,
        CertificateEvent::Receipted => Event::Receipted,
        CertificateEvent::Changed { act, items, by } => {
            act.word().clone_into(&mut told.act);
            told.items = items.clone().unwrap_or_default();
            told.change_jti = by.to_string();
            told.successor_jti = successor(act);
            Event::StatusChanged
        }
        CertificateEvent::Abroad { by, said } => {
            told.by = by.to_string();
            match said {
                Said::Response { statement, codes, amends } => {
                    told.change_jti = statement.to_string();
                    told.responses = responses(codes);
                    told.amends_jti = amends.map(|jti| jti.to_string()).unwrap_or_default();
                    Event::Responded
                }
                Said::Endorsement { statement, act } => {
                    told.change_jti = statement.to_string();
                    told.endorsement = act.to_string();
                    Event::Endorsed
                }
            }
        }
        CertificateEvent::Asked { by, enquiry } => {
            told.by = by.to_string();
            told.enquiry_jti = enquiry.to_string();
            Event::Asked
        }
        CertificateEvent::Answered { enquiry, by, finding } => {
            told.change_jti = by.to_string();
            told.enquiry_jti = enquiry.to_string();
            told.finding = finding.to_string();
            Event::Answered
        }
    };
    told.event = event.into();
    told
}

fn arrival(
    number: String,
    entry: &EntryRef,
    (jti, issuer): (&Jti, &Issuer),
    event: &ArrivalEvent,
) -> wire::ArrivalChange {
    use wire::ArrivalEvent as Event;
    let mut told = wire::ArrivalChange {
        number,
        jti: jti.to_string(),
        issuer: issuer.to_string(),
        log: entry.origin.to_string(),
        index: entry.index,
        ..Default::default()
    };
    let event = match event {
        ArrivalEvent::Arrived => Event::Arrived,
        ArrivalEvent::OnPaper => Event::OnPaper,
        ArrivalEvent::Changed { act, items, by } => {
            act.word().clone_into(&mut told.act);
            told.items = items.clone().unwrap_or_default();
            told.statement_jti = by.to_string();
            told.successor_jti = successor(act);
            Event::StatusChanged
        }
        ArrivalEvent::Told(Said::Response { statement, codes, amends }) => {
            told.statement_jti = statement.to_string();
            told.responses = responses(codes);
            told.amends_jti = amends.map(|jti| jti.to_string()).unwrap_or_default();
            Event::Responded
        }
        ArrivalEvent::Told(Said::Endorsement { statement, act }) => {
            told.statement_jti = statement.to_string();
            told.endorsement = act.to_string();
            Event::Endorsed
        }
    };
    told.event = event.into();
    told
}

fn enquiry(jti: &Jti, (from, to): (&Issuer, &Issuer), event: &EnquiryEvent) -> wire::EnquiryChange {
    use wire::EnquiryEvent as Event;
    let mut told =
        wire::EnquiryChange { jti: jti.to_string(), from: from.to_string(), to: to.to_string(), ..Default::default() };
    let happened = match event {
        EnquiryEvent::Raised { clarifies: None } => Event::Raised,
        EnquiryEvent::Raised { clarifies: Some(reply) } => {
            told.reply_jti = reply.to_string();
            Event::Clarified
        }
        EnquiryEvent::Replied { by, act, reply_by } => {
            told.reply_jti = by.to_string();
            told.act = act.to_string();
            told.due = reply_by.map(convert::date_to_wire);
            Event::Replied
        }
        EnquiryEvent::Clock { deadline, step, due, unread, .. } => {
            told.answer_unread = *unread;
            deadline.word().clone_into(&mut told.deadline);
            told.due = Some(convert::date_to_wire(*due));
            match step {
                ClockStep::Soon => Event::DueSoon,
                ClockStep::Passed => Event::DuePassed,
                ClockStep::Unanswered => Event::Unanswered,
            }
        }
    };
    told.event = happened.into();
    told.proposes = event.proposes().map(|code| code.to_string()).unwrap_or_default();
    told
}

fn successor(act: &Act) -> String {
    match act {
        Act::Superseded { successor } => successor.jti.to_string(),
        _ => String::new(),
    }
}

fn responses(codes: &[(Option<u32>, ResponseCode)]) -> Vec<wire::ItemResponse> {
    let one = |(item, code): &(Option<u32>, ResponseCode)| wire::ItemResponse {
        item: item.unwrap_or_default(),
        code: code.to_string(),
    };
    codes.iter().map(one).collect()
}
