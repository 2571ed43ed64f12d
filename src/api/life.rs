//! Changes of a certificate's status, as the methods of `CertificateService` have them in common.

use super::ApiError;
use super::call::refused;
use super::convert;
use super::hosts::HostedAuthority;
use super::wire::origin::v1 as wire;
use crate::certificate::Text;
use crate::office::Caller;
use crate::statement::Act;
use crate::workflow::StatusWish;
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
