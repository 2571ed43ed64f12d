//! `LogService`: checkpoints, entries and proofs, for those the authority lets read.

use super::ApiError;
use super::call::{blocking, caller};
use super::convert;
use super::failure;
use super::hosts::{HostedAuthority, Hosts, Visitor};
use super::serves::serves;
use super::wire::origin::v1::{self as wire, log_service_server::LogService};
use crate::exchange::driver::DriverView;
use crate::log::{Hash, LogProof, Origin, ReadError, consistency_proof, inclusion_proof};
use crate::office::Action;
use crate::sequencer::cosigned::Cosigned;
use crate::store::{PublishedHead, Store, StoreError};
use bytes::Bytes;
use std::sync::Arc;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status};

/// Bytes of entries in one page: half of what a message may have.
const PAGE_BYTES: usize = 512 << 10;

/// The handlers.
#[derive(Clone)]
pub(crate) struct Logs {
    pub(crate) hosts: Hosts,
    /// Where partners' logs are held.
    pub(crate) partners: Option<DriverView>,
}

/// A log the caller may read.
struct Readable {
    store: Arc<dyn Store>,
    origin: Origin,
    head: PublishedHead,
}

serves! {
    LogService for Logs {
        list_logs(wire::ListLogsRequest) -> wire::ListLogsResponse;
        get_checkpoint(wire::GetCheckpointRequest) -> wire::GetCheckpointResponse;
        list_entries(wire::ListEntriesRequest) -> wire::ListEntriesResponse;
        get_inclusion_proof(wire::GetInclusionProofRequest) -> wire::GetInclusionProofResponse;
        get_consistency_proof(wire::GetConsistencyProofRequest) -> wire::GetConsistencyProofResponse;
    }
}

impl Logs {
    async fn list_logs(
        &self,
        request: Request<wire::ListLogsRequest>,
    ) -> Result<Response<wire::ListLogsResponse>, Status> {
        let caller = caller(&self.hosts, request.metadata())?;
        let wire::ListLogsRequest { issuer, page_size, page_token } = request.into_inner();
        let authorities = match issuer.as_str() {
            "" => self.hosts.all().cloned().collect(),
            issuer => vec![Arc::clone(self.hosts.named(issuer)?)],
        };
        let mut logs = authorities.iter().flat_map(|authority| readable(authority, &caller)).collect::<Vec<_>>();
        logs.sort_by(|a, b| a.origin.cmp(&b.origin));
        let size = convert::page_size(page_size)?;
        let (logs, next_page_token) = convert::page(logs.into_iter(), |log| log.origin.clone(), size, &page_token);
        Ok(Response::new(wire::ListLogsResponse { logs, next_page_token }))
    }

    async fn get_checkpoint(
        &self,
        request: Request<wire::GetCheckpointRequest>,
    ) -> Result<Response<wire::GetCheckpointResponse>, Status> {
        let Readable { store, origin, head } =
            self.open(request.metadata(), &request.get_ref().log, Action::ReadHeads)?;
        let note = blocking(move || Cosigned::note_of(store.as_ref(), &origin, head)).await?;
        let note = note.map_err(|error| failure::plain(&error))?;
        Ok(Response::new(wire::GetCheckpointResponse { note: note.into() }))
    }

    async fn list_entries(
        &self,
        request: Request<wire::ListEntriesRequest>,
    ) -> Result<Response<wire::ListEntriesResponse>, Status> {
        let Readable { store, origin, head } =
            self.open(request.metadata(), &request.get_ref().log, Action::ReadEntries)?;
        let (start, published) = (request.get_ref().start, head.head.size);
        within(start, published)?;
        let count = u64::try_from(convert::page_size(request.get_ref().page_size)?).unwrap_or(0);
        let end = start.saturating_add(count).min(published);
        let leaves = blocking(move || store.leaves(&origin, start..end, PAGE_BYTES)).await?;
        let leaves = leaves.map_err(|error| failure::plain(&error))?;
        let entries = (start..).zip(leaves).map(|(index, leaf)| wire::Entry { index, leaf }).collect::<Vec<_>>();
        let next_start = entries.last().map_or(start, |last| last.index.saturating_add(1));
        Ok(Response::new(wire::ListEntriesResponse { entries, next_start, size: published }))
    }

    async fn get_inclusion_proof(
        &self,
        request: Request<wire::GetInclusionProofRequest>,
    ) -> Result<Response<wire::GetInclusionProofResponse>, Status> {
        let Readable { store, origin, head } =
            self.open(request.metadata(), &request.get_ref().log, Action::ReadHeads)?;
        let wire::GetInclusionProofRequest { index, size: asked, .. } = request.into_inner();
        let published = head.head.size;
        let size = if asked == 0 { published } else { asked };
        within(size, published)?;
        within(index, size.saturating_sub(1))?;
        let read = move || {
            let hashes = inclusion_proof(index, size, &store.hashes(&origin));
            (hashes, Cosigned::note_of(store.as_ref(), &origin, head))
        };
        let (hashes, note) = blocking(read).await?;
        let hashes = hashes.map_err(|error| unread(error, index, size))?;
        let note = note.map_err(|error| failure::plain(&error))?;
        let answer = hashes_to_wire(&hashes);
        let proof = if size == published { LogProof::new(index, hashes, note).to_string() } else { String::new() };
        Ok(Response::new(wire::GetInclusionProofResponse { index, size, hashes: answer, proof }))
    }

    async fn get_consistency_proof(
        &self,
        request: Request<wire::GetConsistencyProofRequest>,
    ) -> Result<Response<wire::GetConsistencyProofResponse>, Status> {
        let Readable { store, origin, head } =
            self.open(request.metadata(), &request.get_ref().log, Action::ReadHeads)?;
        let wire::GetConsistencyProofRequest { old_size, new_size: asked, .. } = request.into_inner();
        let published = head.head.size;
        let new_size = if asked == 0 { published } else { asked };
        within(new_size, published)?;
        within(old_size, new_size)?;
        let hashes = blocking(move || consistency_proof(old_size, new_size, &store.hashes(&origin))).await?;
        let hashes = hashes_to_wire(&hashes.map_err(|error| unread(error, old_size, new_size))?);
        Ok(Response::new(wire::GetConsistencyProofResponse { old_size, new_size, hashes }))
    }
}

impl Logs {
    fn open(&self, metadata: &MetadataMap, log: &str, action: Action) -> Result<Readable, ApiError> {
        let caller = caller(&self.hosts, metadata)?;
        match self.hosts.log(log) {
            Ok((authority, origin, head)) => {
                authority.admit(&caller, action, &origin)?;
                Ok(Readable { store: Arc::clone(authority.store()), origin, head })
            }
            Err(unknown) => self.held(&caller, log, action).ok_or(unknown),
        }
    }

    /// A partner's log that is held here, for those who may read the logs of the authority it is addressed to; one to
    /// everybody for those of any. Nobody else is told that it is here.
    fn held(&self, caller: &Visitor, log: &str, action: Action) -> Option<Readable> {
        let (view, origin) = (self.partners.as_ref()?, log.parse::<Origin>().ok()?);
        if !caller.may_with(&origin, view.addressee_of(&origin).as_ref(), action) {
            return None;
        }
        let (_, store) = view.replicated().into_iter().find(|(held, _)| *held == origin)?;
        let head = store.head(&origin)?;
        Some(Readable { store, origin, head })
    }
}

fn readable(authority: &HostedAuthority, caller: &Visitor) -> Vec<wire::Log> {
    let store = authority.store();
    let mut logs = store.logs();
    logs.retain(|origin| authority.admit(caller, Action::ReadHeads, origin).is_ok());
    let published = |origin: &Origin| store.head(origin).map_or(0, |head| head.head.size);
    let told = |origin: &Origin| wire::Log {
        origin: origin.to_string(),
        size: published(origin),
        closed_with: authority.desk.sequencer().closed_with(origin),
    };
    logs.iter().map(told).collect()
}

const fn within(asked: u64, published: u64) -> Result<(), ApiError> {
    if asked <= published { Ok(()) } else { Err(ApiError::RangeUnpublished { asked, published }) }
}

fn unread(error: ReadError<StoreError>, asked: u64, published: u64) -> Status {
    match error {
        ReadError::OutOfRange => ApiError::RangeUnpublished { asked, published }.into(),
        ReadError::Hashes(error) => failure::plain(&error),
    }
}

fn hashes_to_wire(hashes: &[Hash]) -> Vec<Bytes> {
    hashes.iter().map(|hash| Bytes::copy_from_slice(&hash.0)).collect()
}
