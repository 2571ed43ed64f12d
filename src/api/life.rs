//! Changes of a certificate's status and what is left of one, as the methods of `CertificateService` have them in common.

use super::ApiError;
use super::call::refused;
use super::convert;
use super::hosts::HostedAuthority;
use super::wire::origin::v1 as wire;
use crate::certificate::Text;
use crate::office::Caller;
use crate::office::Cancellation;
use crate::statement::{Act, Since};
use crate::time::Timestamp;
use crate::workflow::{
    CancelWish, Cancelled, Desk, Predecessor, Remainder, Settlement, Stands, StatusEvent, StatusWish, WorkflowError,
};
use tonic::Status;

/// Why, and of which items.
pub(super) struct Why {
    pub(super) reason: String,
    pub(super) remarks: String,
    pub(super) items: Vec<u32>,
}

/// Where a change stands.
pub(super) struct Place {
    pub(super) jti: String,
    pub(super) log: String,
    pub(super) index: u64,
}

/// Changes the status of a certificate, or of some of its items.
pub(super) async fn change(
    authority: &HostedAuthority,
    account: &Caller,
    request_id: &str,
    certificate: Option<wire::CertificateName>,
    act: Act,
    why: Why,
) -> Result<Place, Status> {
    let wish = StatusWish {
        certificate: convert::certificate_name(certificate)?,
        act,
        items: (!why.items.is_empty()).then_some(why.items),
        reason: Some(reason(&why.reason)?),
        remarks: text("remarks", &why.remarks)?,
    };
    let changed = authority.desk.change_status(account, request_id, wish).await;
    let outcome = changed.map_err(|error| refused(&error))?;
    let log = outcome.entry.origin.to_string();
    Ok(Place { jti: outcome.jti.to_string(), log, index: outcome.entry.index })
}

/// A reason, which has to be there.
pub(super) fn reason(reason: &str) -> Result<Text<1024>, ApiError> {
    let missing = || ApiError::Field { field: "reason", message: "a reason is needed".to_owned() };
    text("reason", reason)?.ok_or_else(missing)
}

/// A text that may be empty.
pub(super) fn text(field: &'static str, text: &str) -> Result<Option<Text<1024>>, ApiError> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|error| ApiError::Field { field, message: format!("{error}") })
}

/// What is left of a certificate.
pub(super) fn remainder(of: Remainder) -> wire::GetRemainderResponse {
    let items = of.items.into_iter().map(|(left, description)| wire::ItemRemainder {
        item: left.item,
        description,
        unit: left.whole.as_ref().map(|whole| whole.unit.to_string()).unwrap_or_default(),
        whole: left.whole.map(|whole| whole.value.to_string()).unwrap_or_default(),
        drawn: left.drawn.to_string(),
        left: left.left.to_string(),
        ended: left.ended,
    });
    wire::GetRemainderResponse {
        number: of.number.to_string(),
        issued_on: Some(convert::date_to_wire(of.issued_on)),
        country: of.country.to_string(),
        relation: of.relation.to_string(),
        valid_until: of.valid_until.map(convert::date_to_wire),
        items: items.collect(),
    }
}

/// A change of a certificate's status.
pub(super) fn event(event: &StatusEvent) -> wire::CertificateStatusChange {
    let text = |text: &Option<Text<1024>>| text.as_ref().map(ToString::to_string).unwrap_or_default();
    let (from_issue, from_date) = match event.act {
        Act::Withdrawn { since: Since::Issue } => (true, None),
        Act::Withdrawn { since: Since::Date(date) } => (false, Some(convert::date_to_wire(date))),
        _ => (false, None),
    };
    let successor_jti = match &event.act {
        Act::Superseded { successor } => successor.jti.to_string(),
        _ => String::new(),
    };
    wire::CertificateStatusChange {
        jti: event.jti.to_string(),
        log: event.entry.origin.to_string(),
        index: event.entry.index,
        on: Some(convert::date_to_wire(event.on)),
        act: event.act.word().to_owned(),
        items: event.items.clone(),
        from_issue,
        from_date,
        reason: text(&event.reason),
        remarks: text(&event.remarks),
        successor_jti,
        successor_number: event.successor.clone().unwrap_or_default(),
        successor_status: standing(event.successor_status.as_ref()),
    }
}

/// A certificate that another follows.
pub(super) fn predecessor(one: &Predecessor) -> wire::CertificatePredecessor {
    wire::CertificatePredecessor {
        relation: one.relation.to_string(),
        number: one.number.clone(),
        issued_on: Some(convert::date_to_wire(one.issued_on)),
        country: one.country.to_string(),
        jti: one.jti.as_ref().map(ToString::to_string).unwrap_or_default(),
        status: standing(one.status.as_ref()),
        status_since: one.since.map(convert::date_to_wire),
    }
}

/// How a certificate stands, where it is known.
fn standing(stands: Option<&Stands>) -> i32 {
    stands.map_or(wire::CertificateStatus::Unspecified, |stands| convert::stands(stands).0).into()
}

/// Cancels a certificate at its holder's wish, or keeps the wish.
pub(super) async fn cancel(
    authority: &HostedAuthority,
    account: &Caller,
    request: wire::CancelCertificateRequest,
) -> Result<wire::CancelCertificateResponse, Status> {
    if !request.items.is_empty() {
        let message = "a wish is for the whole certificate; items are withdrawn".to_owned();
        return Err(ApiError::Field { field: "items", message }.into());
    }
    let wish = CancelWish {
        request_id: request.request_id,
        certificate: convert::certificate_name(request.certificate)?,
        unused: request.unused,
        reason: Some(reason(&request.reason)?),
        remarks: text("remarks", &request.remarks)?,
    };
    let cancelled = authority.desk.cancel(account, wish).await.map_err(|error| refused(&error))?;
    Ok(match cancelled {
        Cancelled::Now(outcome) => wire::CancelCertificateResponse {
            jti: outcome.jti.to_string(),
            log: outcome.entry.origin.to_string(),
            index: outcome.entry.index,
            waiting: None,
        },
        Cancelled::Asked(wish) => {
            wire::CancelCertificateResponse { waiting: Some(cancellation(*wish, None)), ..Default::default() }
        }
    })
}

/// A wish to cancel that waits, with what keeps it from counting.
pub(super) fn waiting(desk: &Desk, wish: Cancellation) -> Result<wire::Cancellation, WorkflowError> {
    let hindered_by = desk.hindrance(&wish)?;
    Ok(cancellation(wish, hindered_by))
}

fn cancellation(wish: Cancellation, hindered_by: Option<&str>) -> wire::Cancellation {
    let asked = i64::try_from(wish.asked_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    let text = |text: Option<Text<1024>>| text.map(|text| text.to_string()).unwrap_or_default();
    wire::Cancellation {
        number: wish.number.to_string(),
        log: wish.log,
        index: wish.index,
        asked_by: wish.asked_by.to_string(),
        asked_at: asked.map(convert::instant),
        objection_until: wish.objection_until.map(convert::date_to_wire),
        reason: text(wish.reason),
        remarks: text(wish.remarks),
        hindered_by: hindered_by.unwrap_or_default().to_owned(),
    }
}

/// How a wish ends.
pub(super) fn settlement(settlement: i32) -> Result<Settlement, ApiError> {
    use wire::CancellationSettlement as Wire;
    match Wire::try_from(settlement) {
        Ok(Wire::Agreed) => Ok(Settlement::Agreed),
        Ok(Wire::Objected) => Ok(Settlement::Objected),
        Ok(Wire::TakenBack) => Ok(Settlement::TakenBack),
        Ok(Wire::Unspecified) | Err(_) => {
            Err(ApiError::Field { field: "settlement", message: "is not a choice of this service".to_owned() })
        }
    }
}
