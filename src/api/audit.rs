//! `AuditService`: the record of who did what, for an authority's auditors.

use super::call::{blocking, caller, refused};
use super::convert;
use super::hosts::Hosts;
use super::serves::serves;
use super::wire::origin::v1::{self as wire, audit_service_server::AuditService};
use bytes::Bytes;
use tonic::{Request, Response, Status};

/// The handlers.
#[derive(Clone)]
pub(crate) struct Audits {
    pub(crate) hosts: Hosts,
}

serves! {
    AuditService for Audits {
        list_audit_rows(wire::ListAuditRowsRequest) -> wire::ListAuditRowsResponse;
        get_audit_head(wire::GetAuditHeadRequest) -> wire::GetAuditHeadResponse;
    }
}

impl Audits {
    async fn list_audit_rows(
        &self,
        request: Request<wire::ListAuditRowsRequest>,
    ) -> Result<Response<wire::ListAuditRowsResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::ListAuditRowsRequest { from, page_size } = request.into_inner();
        let size = convert::page_size(page_size)?;
        // One more than is wanted says whether there is more.
        let rows = blocking(move || authority.accounts.audit(&caller, from, size + 1)).await?;
        let mut rows = rows.map_err(|error| refused(&error))?;
        let next_from = rows.get(size).map(|row| row.number);
        rows.truncate(size);
        let rows = rows.into_iter().map(|row| wire::AuditRow {
            number: row.number,
            at_ms: row.at_ms,
            link: row.link.map(|link| Bytes::copy_from_slice(&link.0)).unwrap_or_default(),
            row: row.row.into(),
        });
        Ok(Response::new(wire::ListAuditRowsResponse { rows: rows.collect(), next_from }))
    }

    async fn get_audit_head(
        &self,
        request: Request<wire::GetAuditHeadRequest>,
    ) -> Result<Response<wire::GetAuditHeadResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let head = blocking(move || authority.accounts.audit_head(&caller)).await?.map_err(|error| refused(&error))?;
        Ok(Response::new(wire::GetAuditHeadResponse {
            number: head.map(|head| head.number),
            link: head.map(|head| Bytes::copy_from_slice(&head.link.0)).unwrap_or_default(),
        }))
    }
}
