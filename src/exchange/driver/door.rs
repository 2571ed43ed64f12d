//! The answering end of `ReplicationService`.

use super::partners::{self, instant};
use super::start::Inner;
use super::status::status;
use super::supply::{self, Answers};
use super::wire::replication_service_server::ReplicationService;
use super::{Partner, PartnerError, comparing, convert, disclosing, heads, lists, wire};
use crate::exchange::ExchangeError;
use crate::log::{Hash, Origin, consistency_proof, root};
use crate::store::Store;
use bytes::Bytes;
use std::sync::Arc;
use tonic::{Extensions, Request, Response, Status, Streaming};

/// The handlers.
pub(super) struct Door(Arc<Inner>, lists::Givers);

impl Door {
    pub(super) fn new(inner: Arc<Inner>) -> Self {
        Self(inner, lists::Givers::default())
    }

    /// Who calls. The listener put it beside the request when it greeted; the list may have changed since.
    fn caller(&self, extensions: &Extensions) -> Result<Partner, Status> {
        let partner = extensions.get::<Partner>().cloned().ok_or_else(|| status(&PartnerError::Unnamed))?;
        partner.stands_in(&self.0.lists.current()).map_err(|error| status(&error))?;
        Ok(partner)
    }
}

/// Work that blocks, away from the runtime's workers.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Status> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "a partner's call failed inside");
        Status::internal("the node could not do this; its log says why")
    })
}

#[tonic::async_trait]
impl ReplicationService for Door {
    type SyncStream = Answers<wire::SyncResponse>;
    type FetchDisclosuresStream = Answers<wire::FetchDisclosuresResponse>;

    async fn sync(&self, request: Request<Streaming<wire::SyncRequest>>) -> Result<Response<Self::SyncStream>, Status> {
        let caller = self.caller(request.extensions())?;
        Ok(Response::new(supply::serve(Arc::clone(&self.0), caller, request.into_inner())))
    }

    async fn fetch_disclosures(
        &self,
        request: Request<wire::FetchDisclosuresRequest>,
    ) -> Result<Response<Self::FetchDisclosuresStream>, Status> {
        let caller = self.caller(request.extensions())?;
        let answers = disclosing::serve(&self.0, &caller.name, request.into_inner());
        Ok(Response::new(answers.map_err(|error| status(&error))?))
    }

    async fn add_checkpoint(
        &self,
        request: Request<wire::AddCheckpointRequest>,
    ) -> Result<Response<wire::AddCheckpointResponse>, Status> {
        self.caller(request.extensions())?;
        let shown = convert::checkpoint(request.get_ref()).map_err(|error| status(&error))?;
        Ok(Response::new(convert::witnessed_to_wire(self.0.witnessed(shown).await)))
    }

    async fn list_heads(
        &self,
        request: Request<wire::ListHeadsRequest>,
    ) -> Result<Response<wire::ListHeadsResponse>, Status> {
        let caller = self.caller(request.extensions())?;
        let inner = Arc::clone(&self.0);
        let page = blocking(move || heads::page(&inner, &caller.name, request.get_ref())).await?;
        Ok(Response::new(page))
    }

    async fn prove_history(
        &self,
        request: Request<wire::ProveHistoryRequest>,
    ) -> Result<Response<wire::ProveHistoryResponse>, Status> {
        self.caller(request.extensions())?;
        let wire::ProveHistoryRequest { log, old_size, new_size } = request.into_inner();
        let unknown = || status(&ExchangeError::UnknownLog);
        let origin = convert::origin(&log).map_err(|error| status(&error))?;
        let store = self.0.store_of(&origin).ok_or_else(unknown)?;
        let size = store.head(&origin).map_or(0, |head| head.head.size);
        if old_size > new_size || new_size > size {
            return Err(status(&ExchangeError::Protocol("a history longer than is held here")));
        }
        let proven = blocking(move || history(store.as_ref(), &origin, old_size, new_size)).await?;
        let (root, proof) = proven.map_err(|why| status(&ExchangeError::CannotKeep(why)))?;
        let (root, proof) = (Bytes::copy_from_slice(&root.0), convert::hashes_to_wire(&proof));
        Ok(Response::new(wire::ProveHistoryResponse { root, proof }))
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
        self.0.hears_withheld(&caller.name, &offer.withheld);
        if offer.new_log {
            self.0.offers(&caller.name);
        }
        let away = self.0.link_of(&caller.name).borrow().is_none();
        if offer.version > list.version() || offer.new_log || away {
            // The conversation that this node leads with the caller fetches it, and looks for the log. Whoever calls
            // is back, and need not be waited for any longer.
            self.0.nudge(&caller.name).notify_one();
        }
        let digest = Bytes::copy_from_slice(&list.digest().0);
        let (version, withheld) = (list.version(), self.0.withheld_from(&caller.name));
        let (now, wants_list) = (Some(instant(now)), away && offer.version > version);
        Ok(Response::new(wire::OfferTrustListResponse { version, digest, now, withheld, wants_list }))
    }

    async fn give_trust_list(
        &self,
        request: Request<Streaming<wire::GiveTrustListRequest>>,
    ) -> Result<Response<wire::GiveTrustListResponse>, Status> {
        let caller = self.caller(request.extensions())?;
        let note = self.1.receive(&caller.name, request.into_inner()).await.map_err(|error| status(&error))?;
        partners::take(&self.0, &caller.name, note).await;
        Ok(Response::new(wire::GiveTrustListResponse {}))
    }

    async fn report_evidence(
        &self,
        request: Request<wire::ReportEvidenceRequest>,
    ) -> Result<Response<wire::ReportEvidenceResponse>, Status> {
        let caller = self.caller(request.extensions())?;
        let evidence = comparing::reported(&self.0.lists.current(), request.get_ref()).map_err(|why| match why {
            comparing::Reported::Malformed(error) => status(&error),
            comparing::Reported::None(error) => status(&error),
        })?;
        tracing::warn!(partner = %caller.name, origin = %evidence.proven.origin(), "the partner reports evidence");
        comparing::take(&self.0, &evidence).await.map_err(|error| status(&error))?;
        Ok(Response::new(wire::ReportEvidenceResponse {}))
    }
}

/// The root at the smaller size, and the proof from it to the larger.
pub(super) fn history(store: &dyn Store, origin: &Origin, old: u64, new: u64) -> Result<(Hash, Vec<Hash>), String> {
    let hashes = store.hashes(origin);
    let root = root(old, &hashes).map_err(|error| error.to_string())?;
    let proof = consistency_proof(old, new, &hashes).map_err(|error| error.to_string())?;
    Ok((root, proof))
}
