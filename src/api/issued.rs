//! What was issued, as it is told: at once, or for many rows of a stream.

use super::ApiError;
use super::call::{blocking, refused, refused_row};
use super::convert;
use super::failure;
use super::hosts::HostedAuthority;
use super::stream::count_rows;
use super::wire::origin::v1 as wire;
use crate::office::Caller;
use crate::store::Store;
use crate::workflow::{CertificateRecord, IssueRow, Issued, WorkflowError};
use bytes::Bytes;
use std::sync::Arc;
use tonic::Status;
use tonic_types::pb;

/// Whether an answer is to bring the token of what was issued.
pub(super) fn wants_token(contents: i32) -> Result<bool, ApiError> {
    use wire::IssueContents;
    match IssueContents::try_from(contents) {
        Ok(IssueContents::Unspecified | IssueContents::Token) => Ok(true),
        Ok(IssueContents::Receipt) => Ok(false),
        Err(_) => Err(ApiError::Field { field: "contents", message: "is not a choice of this service".to_owned() }),
    }
}

/// What was issued, with its token if that is wanted.
pub(super) async fn shown(
    authority: &HostedAuthority,
    issued: Issued,
    with_token: bool,
) -> Result<wire::IssuedCertificate, Status> {
    let issued = if with_token {
        let store = Arc::clone(authority.store());
        blocking(move || issued_to_wire(&issued, Some(store.as_ref()))).await?
    } else {
        issued_to_wire(&issued, None)
    };
    issued.map_err(|error| refused(&error))
}

/// Issues what one message of a stream asks for, and tells of each row by itself.
pub(super) async fn issue_message(
    authority: Arc<HostedAuthority>,
    asker: Arc<Caller>,
    message: wire::IssueCertificatesRequest,
) -> Result<wire::IssueCertificatesResponse, Status> {
    count_rows(message.rows.len())?;
    let with_token = wants_token(message.contents)?;
    let ids = message.rows.iter().map(|row| row.request_id.clone()).collect::<Vec<_>>();
    let rows = message
        .rows
        .into_iter()
        .map(|row| IssueRow { request_id: row.request_id, certificate_json: row.certificate_json.into() });
    let issued = match authority.desk.issue_many(&asker, rows.collect()).await {
        Ok(issued) => issued,
        Err(error) => {
            let error = refused_row(&error);
            let failed = ids.into_iter().map(|id| result(id, Err(error.clone())));
            return Ok(wire::IssueCertificatesResponse { results: failed.collect() });
        }
    };
    let answer = move |store: Option<&dyn Store>| {
        let all = ids.into_iter().zip(issued).map(|(id, issued)| {
            let outcome = issued.and_then(|issued| issued_to_wire(&issued, store));
            result(id, outcome.map_err(|error| refused_row(&error)))
        });
        wire::IssueCertificatesResponse { results: all.collect() }
    };
    if with_token {
        let store = Arc::clone(authority.store());
        Ok(blocking(move || answer(Some(store.as_ref()))).await?)
    } else {
        Ok(answer(None))
    }
}

fn result(request_id: String, outcome: Result<wire::IssuedCertificate, pb::Status>) -> wire::IssueResult {
    use wire::issue_result::Outcome;
    let outcome = outcome.map_or_else(Outcome::Error, Outcome::Issued);
    wire::IssueResult { request_id, outcome: Some(outcome) }
}

/// The token is read back from the store: what is handed out is what is durable.
pub(super) fn issued_to_wire(
    issued: &Issued,
    store: Option<&dyn Store>,
) -> Result<wire::IssuedCertificate, WorkflowError> {
    let Issued { outcome, warnings } = issued;
    let token = match store {
        Some(store) => CertificateRecord::token(store, &outcome.entry)?.into(),
        None => Bytes::new(),
    };
    Ok(wire::IssuedCertificate {
        number: outcome.number.clone().unwrap_or_default(),
        jti: outcome.jti.to_string(),
        log: outcome.entry.origin.to_string(),
        index: outcome.entry.index,
        issued_on: Some(convert::date_to_wire(outcome.day)),
        token,
        warnings: failure::wire_findings(warnings, usize::MAX).findings,
    })
}
