//! Trust lists from node to node: what is offered, fetched page by page, and taken if it may follow.

use super::link::Link;
use super::wire;
use super::{MAX_MESSAGE, PartnerError};
use crate::reason::{Class, Reasoned};
use crate::trust::{MAX_LIST_BYTES, NodeName, TrustError, TrustList};
use bytes::Bytes;
use std::sync::Arc;
use tokio::sync::watch;

/// Bytes of a list in one answer; the rest of the message is room for what stands beside it.
const PAGE: usize = MAX_MESSAGE - 1024;
/// A list that changes more often than this while it is fetched is fetched another time.
const BEGINNINGS: usize = 3;

/// Where a node keeps its trust list.
pub trait Lists: Send + Sync + 'static {
    /// The list in use.
    fn current(&self) -> Arc<TrustList>;

    /// Tells the version whenever another list is taken.
    fn changes(&self) -> watch::Receiver<u64>;

    /// Takes a list that a partner has: only one that may follow the list in use; durable when this returns. It blocks.
    fn take(&self, note: &str) -> Result<Arc<TrustList>, ListError>;
}

/// Why an offered list is not taken.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// It may not follow the list in use.
    #[error(transparent)]
    Refused(#[from] TrustError),
    /// It could not be made durable.
    #[error("the trust list could not be kept: {0}")]
    NotKept(String),
}

impl Reasoned for ListError {
    fn reason(&self) -> &'static str {
        match self {
            Self::Refused(error) => error.reason(),
            Self::NotKept(_) => "TRUST_LIST_NOT_KEPT",
        }
    }

    fn class(&self) -> Class {
        match self {
            Self::Refused(error) => error.class(),
            Self::NotKept(_) => Class::Fatal,
        }
    }
}

/// The page of the list in use that a partner asks for.
pub(super) fn page(list: &TrustList, offset: u64) -> wire::GetTrustListResponse {
    let note = Bytes::from(list.to_string());
    let start = usize::try_from(offset).unwrap_or(usize::MAX).min(note.len());
    let end = start.saturating_add(PAGE).min(note.len());
    let length = u64::try_from(note.len()).unwrap_or(u64::MAX);
    wire::GetTrustListResponse { version: list.version(), length, note: note.slice(start..end) }
}

/// Fetches the partner's list.
pub(super) async fn fetch(link: &Link) -> Result<String, PartnerError> {
    for _ in 0..BEGINNINGS {
        if let Some(note) = fetch_whole(link).await? {
            return String::from_utf8(note).map_err(|_| breaks(link.name(), "its trust list is not text"));
        }
    }
    Err(breaks(link.name(), "its trust list changes while it is read"))
}

/// None where another list took its place meanwhile.
async fn fetch_whole(link: &Link) -> Result<Option<Vec<u8>>, PartnerError> {
    let mut note = Vec::new();
    let mut first: Option<(u64, usize)> = None;
    loop {
        let offset = u64::try_from(note.len()).unwrap_or(u64::MAX);
        let mut request = tonic::Request::new(wire::GetTrustListRequest { offset });
        request.set_timeout(super::CALL);
        let answer = link.calls().get_trust_list(request).await.map_err(|status| link.why(&status))?;
        let wire::GetTrustListResponse { version, length, note: page } = answer.into_inner();
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > MAX_LIST_BYTES {
            return Err(breaks(link.name(), "its trust list is longer than any may be"));
        }
        if *first.get_or_insert((version, length)) != (version, length) {
            return Ok(None);
        }
        note.extend_from_slice(&page);
        if note.len() == length {
            return Ok(Some(note));
        }
        if page.is_empty() || note.len() > length {
            return Err(breaks(link.name(), "its trust list has not the length it says"));
        }
    }
}

fn breaks(name: &NodeName, why: &str) -> PartnerError {
    PartnerError::Protocol { name: name.clone(), why: why.to_owned() }
}
