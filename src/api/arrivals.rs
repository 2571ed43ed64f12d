//! Certificates of partners that arrived, and what was done with them, as the wire shows them.

use super::ApiError;
use super::applications::missing;
use super::convert;
use super::customs::{balance, decided_so, declaration_to_wire, issuer, notice, optional, said, shown};
use super::enquiries;
use super::wire::google::r#type as google;
use super::wire::origin::v1 as wire;
use crate::office::{ActState, CustomsAct, DoneBy};
use crate::statement::{Act, Bundle, Jti};
use crate::workflow::{Arrival, ArrivalsAsked, Course, Delivery, EndorsementNote, Stands, StatusNote};
use std::collections::BTreeMap;

/// Which arrivals are asked for.
pub(super) fn asked(asked: wire::ListArrivalsRequest) -> Result<ArrivalsAsked, ApiError> {
    let day = |field, day: Option<google::Date>| day.map(|day| convert::date(field, &day)).transpose();
    Ok(ArrivalsAsked {
        issuer: issuer(&asked.issuer)?,
        delivery: delivery(asked.delivery)?,
        untouched: asked.untouched,
        issued_from: day("issued_from", asked.issued_from)?,
        issued_until: day("issued_until", asked.issued_until)?,
        agreement: optional("agreement", &asked.agreement)?,
        number_prefix: asked.number_prefix,
        exporter: asked.exporter,
        consignee: asked.consignee,
        key_closed: asked.key_closed,
        void: asked.void,
        size: convert::page_size(asked.page_size)?,
        token: asked.page_token,
    })
}

fn delivery(wire: i32) -> Result<Option<Delivery>, ApiError> {
    use wire::Delivery as Wire;
    match Wire::try_from(wire) {
        Ok(Wire::Unspecified) => Ok(None),
        Ok(Wire::Complete) => Ok(Some(Delivery::Complete)),
        Ok(Wire::Missing) => Ok(Some(Delivery::Missing)),
        Ok(Wire::Held) => Ok(Some(Delivery::Held)),
        Ok(Wire::Erased) => Ok(Some(Delivery::Erased)),
        Err(_) => Err(missing("delivery", "is not a choice of this service")),
    }
}

/// One certificate with everything that was done with it, and its evidence where that was asked for.
pub(super) fn answer(course: Course, evidence: Option<&Bundle>) -> wire::GetArrivalResponse {
    let acts = course.acts.iter().map(|one| act(one, course.over(one))).collect();
    wire::GetArrivalResponse {
        token: course.arrival.token.clone(),
        balance: course.balance.into_iter().map(balance).collect(),
        acts,
        changes: course.arrival.changes.iter().map(|note| change(note, &course.successors)).collect(),
        enquiries: course.enquiries.iter().map(ToString::to_string).collect(),
        asked: course.asked.iter().map(enquiries::to_wire).collect(),
        notices: course.notices.into_iter().map(notice).collect(),
        endorsements: course.arrival.endorsements.iter().map(endorsed).collect(),
        arrival: Some(arrival(&course.arrival)),
        bundle: evidence.map(Bundle::to_json).unwrap_or_default(),
    }
}

/// A certificate that arrived, as the wire shows it.
pub(super) fn arrival(arrival: &Arrival) -> wire::Arrival {
    let certificate = &arrival.certificate;
    let reference = certificate.reference.as_option();
    let exporter = certificate.exporter.as_option().map(|one| one.party.name.to_string());
    let consignee = certificate.consignee.as_option().and_then(Option::as_ref).and_then(|one| one.party.as_ref());
    let delivery = match arrival.delivery {
        Delivery::Complete => wire::Delivery::Complete,
        Delivery::Missing => wire::Delivery::Missing,
        Delivery::Held => wire::Delivery::Held,
        Delivery::Erased => wire::Delivery::Erased,
    };
    let stands = arrival.stands();
    // What is void has no status that anybody would find, and where its key is closed no list says so.
    let is_told = matches!(stands, Stands::As(_));
    wire::Arrival {
        issuer: arrival.issuer.to_string(),
        jti: arrival.jti.to_string(),
        log: arrival.entry.origin.to_string(),
        index: arrival.entry.index,
        delivery: delivery.into(),
        number: reference.map(|one| one.number.to_string()).unwrap_or_default(),
        issued_on: reference.map(|one| convert::date_to_wire(one.issued_on)),
        agreement: certificate.agreement.to_string(),
        from: certificate.from.to_string(),
        valid_from: Some(convert::date_to_wire(certificate.valid_from)),
        valid_until: certificate.valid_until.map(convert::date_to_wire),
        status: stands.word().replace(' ', "_"),
        status_as_of: arrival.status_as_of.filter(|_| is_told).map(convert::instant),
        issued_since: is_told && arrival.issued_since(),
        arrived_at: arrival.arrived_at.map(convert::instant),
        exporter: exporter.unwrap_or_default(),
        consignee: consignee.map(|party| party.name.to_string()).unwrap_or_default(),
        response: said(arrival.file.latest.as_ref()),
        equivocated: arrival.equivocated,
        lifted: arrival.lifted,
        key_closed: arrival.key_closed.clone().unwrap_or_default(),
        void: arrival.void.clone().unwrap_or_default(),
        endorsed: arrival.endorsements.last().map(endorsed),
        awaits_release: arrival.waits,
    }
}

/// A word that was added to a certificate, as the wire shows it.
fn endorsed(note: &EndorsementNote) -> wire::ArrivalEndorsement {
    let EndorsementNote { jti, at, words } = note;
    let named = wire::ArrivalEndorsement {
        jti: jti.to_string(),
        at: at.map(convert::instant),
        erased: words.is_none(),
        ..Default::default()
    };
    let Some(words) = words else { return named };
    wire::ArrivalEndorsement {
        act: words.act.to_string(),
        day: Some(convert::date_to_wire(words.day)),
        office: words.office.to_string(),
        destination: said(words.destination.as_ref()),
        items: words.items.clone(),
        containers: words.containers.iter().map(ToString::to_string).collect(),
        seals: words.seals.iter().map(ToString::to_string).collect(),
        text: said(words.text.as_ref()),
        ..named
    }
}

/// A change of status, as the wire shows it, with the number of the certificate that took its place where that arrived.
fn change(note: &StatusNote, numbers: &BTreeMap<Jti, String>) -> wire::StatusNote {
    let StatusNote { jti, day, at, change } = note;
    let successor = match &change.change.act {
        Act::Superseded { successor } => Some(successor.jti),
        Act::Cancelled | Act::Withdrawn { .. } | Act::Suspended | Act::Reinstated => None,
    };
    wire::StatusNote {
        successor_jti: shown(successor),
        successor_number: successor.and_then(|jti| numbers.get(&jti)).cloned().unwrap_or_default(),
        act: change.change.act.word().to_owned(),
        items: change.change.items.clone().unwrap_or_default(),
        reason: said(change.reason.as_option().and_then(Option::as_ref)),
        jti: jti.to_string(),
        day: Some(convert::date_to_wire(*day)),
        at: at.map(convert::instant),
    }
}

/// An act of customs, as the wire shows it, with which of its decisions are over.
pub(super) fn act(act: &CustomsAct, over: Vec<bool>) -> wire::CustomsAct {
    let offices = |by: &DoneBy| by.offices.iter().map(ToString::to_string).collect::<Vec<_>>();
    let settled = act.settled.as_ref();
    let (amended_by, reversed_by) = match act.state {
        ActState::Amended(by) => (by, 0),
        ActState::Reversed(by) => (0, by),
        ActState::Counts | ActState::Waits | ActState::Dropped => (0, 0),
    };
    wire::CustomsAct {
        act: act.number,
        at: super::applications::at(act.by.at_ms),
        by: act.by.account.to_string(),
        by_name: act.by.name.clone(),
        by_offices: offices(&act.by),
        settled_by: said(settled.map(|by| &by.account)),
        settled_by_name: said(settled.map(|by| &by.name)),
        settled_by_offices: settled.map(offices).unwrap_or_default(),
        settled_at: settled.and_then(|by| super::applications::at(by.at_ms)),
        declaration: act.declaration.as_ref().map(declaration_to_wire),
        decisions: decided_so(&act.decisions, over),
        amends: act.amends.unwrap_or_default(),
        counts: act.state == ActState::Counts,
        awaits_release: act.state == ActState::Waits,
        jti: shown(act.statement),
        remarks: said(act.remarks.as_ref()),
        settled_words: said(act.settled_words.as_ref()),
        enquiry: said(act.enquiry.as_ref()),
        amended_by,
        reversed_by,
    }
}
