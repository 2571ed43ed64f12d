//! The answering end of `ReplicationService`.

use super::partners::instant;
use super::status::status;
use super::wire::replication_service_server::ReplicationService;
use super::{Inner, Partner, PartnerError, lists, wire};
use bytes::Bytes;
use std::pin::Pin;
use std::sync::Arc;
use tokio_stream::Stream;
use tonic::{Extensions, Request, Response, Status, Streaming};

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// The handlers.
pub(super) struct Door(pub(super) Arc<Inner>);

impl Door {
    /// Who calls. The listener put it beside the request when it greeted; the list may have changed since.
    fn caller(&self, extensions: &Extensions) -> Result<Partner, Status> {
        let partner = extensions.get::<Partner>().cloned().ok_or_else(|| status(&PartnerError::Unnamed))?;
        partner.stands_in(&self.0.lists.current()).map_err(|error| status(&error))?;
        Ok(partner)
    }
}

#[tonic::async_trait]
impl ReplicationService for Door {
    type SyncStream = Answers<wire::SyncResponse>;
    type FetchDisclosuresStream = Answers<wire::FetchDisclosuresResponse>;

    async fn sync(&self, request: Request<Streaming<wire::SyncRequest>>) -> Result<Response<Self::SyncStream>, Status> {
        self.caller(request.extensions())?;
        Err(Status::unimplemented("not yet"))
    }

    async fn fetch_disclosures(
        &self,
        request: Request<wire::FetchDisclosuresRequest>,
    ) -> Result<Response<Self::FetchDisclosuresStream>, Status> {
        self.caller(request.extensions())?;
        Err(Status::unimplemented("not yet"))
    }

    async fn add_checkpoint(
        &self,
        request: Request<wire::AddCheckpointRequest>,
    ) -> Result<Response<wire::AddCheckpointResponse>, Status> {
        self.caller(request.extensions())?;
        Err(Status::unimplemented("not yet"))
    }

    async fn list_heads(
        &self,
        request: Request<wire::ListHeadsRequest>,
    ) -> Result<Response<wire::ListHeadsResponse>, Status> {
        self.caller(request.extensions())?;
        Err(Status::unimplemented("not yet"))
    }

    async fn prove_history(
        &self,
        request: Request<wire::ProveHistoryRequest>,
    ) -> Result<Response<wire::ProveHistoryResponse>, Status> {
        self.caller(request.extensions())?;
        Err(Status::unimplemented("not yet"))
    }

    async fn get_trust_list(
        &self,
        request: Request<wire::GetTrustListRequest>,
    ) -> Result<Response<wire::GetTrustListResponse>, Status> {
        self.caller(request.extensions())?;
        Ok(Response::new(lists::page(&self.0.lists.current(), request.get_ref().offset)))
    }

    async fn offer_trust_list(
        &self,
        request: Request<wire::OfferTrustListRequest>,
    ) -> Result<Response<wire::OfferTrustListResponse>, Status> {
        let caller = self.caller(request.extensions())?;
        let offer = request.into_inner();
        let (list, now) = (self.0.lists.current(), self.0.clock.now());
        self.0.heard(&caller.name, offer.version, &offer.digest, offer.now.as_ref(), now);
        if offer.version > list.version() {
            // The conversation that this node leads with the caller fetches it.
            self.0.nudge(&caller.name).notify_one();
        }
        let digest = Bytes::copy_from_slice(&list.digest().0);
        Ok(Response::new(wire::OfferTrustListResponse { version: list.version(), digest, now: Some(instant(now)) }))
    }

    async fn report_evidence(
        &self,
        request: Request<wire::ReportEvidenceRequest>,
    ) -> Result<Response<wire::ReportEvidenceResponse>, Status> {
        self.caller(request.extensions())?;
        Err(Status::unimplemented("not yet"))
    }
}
