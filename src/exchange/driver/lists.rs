//! Trust lists from node to node: what is offered, fetched page by page or given where it cannot be, and taken if it may
//! follow.

use super::link::Link;
use super::wire;
use super::{MAX_MESSAGE, PartnerError};
use crate::reason::{Class, Reasoned};
use crate::trust::{MAX_LIST_BYTES, NodeName, TrustError, TrustList};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;
use tonic::Streaming;

/// Bytes of a list in one answer; the rest of the message is room for what stands beside it.
const PAGE: usize = MAX_MESSAGE - 1024;
/// A list that changes more often than this while it is fetched is fetched another time.
const BEGINNINGS: usize = 3;
/// The longest a list may take that is given.
const GIVING: Duration = Duration::from_mins(1);
/// Why a list that is too long is not read on.
const TOO_LONG: &str = "its trust list is longer than any may be";

/// Where a node keeps its trust list.
pub trait Lists: Send + Sync + 'static {
    /// The list in use.
    fn current(&self) -> Arc<TrustList>;

    /// Tells the version whenever another list is taken.
    fn changes(&self) -> watch::Receiver<u64>;

    /// Takes a list that a partner has: only one that may follow the list in use; durable when this returns. None where it
    /// is no newer than that. It blocks.
    fn take(&self, note: &str) -> Result<Option<Arc<TrustList>>, ListError>;
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
            return as_text(link.name(), note);
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
            return Err(breaks(link.name(), TOO_LONG));
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

/// Gives a list to a partner that asked for it, because it does not reach this node.
pub(super) async fn give(link: &Link, list: &TrustList) -> Result<(), PartnerError> {
    let note = Bytes::from(list.to_string());
    let pages = (0..note.len()).step_by(PAGE).map(|start| {
        let end = start.saturating_add(PAGE).min(note.len());
        wire::GiveTrustListRequest { note: note.slice(start..end) }
    });
    let mut request = tonic::Request::new(tokio_stream::iter(pages.collect::<Vec<_>>()));
    request.set_timeout(GIVING);
    link.calls().give_trust_list(request).await.map(drop).map_err(|status| link.why(&status))
}

/// When each partner began to give its list last: one a minute, and within that minute, so that what one partner gives
/// takes no more memory and time than one list.
#[derive(Default)]
pub(super) struct Givers(Mutex<BTreeMap<NodeName, Instant>>);

impl Givers {
    /// Reads the list that a partner gives.
    pub(super) async fn receive(
        &self,
        name: &NodeName,
        pages: Streaming<wire::GiveTrustListRequest>,
    ) -> Result<String, PartnerError> {
        if !self.begins(name, Instant::now()) {
            return Err(breaks(name, "it gives its trust list more than once a minute"));
        }
        let note = tokio::time::timeout(GIVING, receive_whole(name, pages)).await;
        as_text(name, note.map_err(|_| breaks(name, "its trust list takes too long to come"))??)
    }

    fn begins(&self, name: &NodeName, now: Instant) -> bool {
        let mut begun = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        begun.retain(|_, at| now.saturating_duration_since(*at) < GIVING);
        if begun.contains_key(name) {
            return false;
        }
        begun.insert(name.clone(), now);
        true
    }
}

async fn receive_whole(
    name: &NodeName,
    mut pages: Streaming<wire::GiveTrustListRequest>,
) -> Result<Vec<u8>, PartnerError> {
    let mut note = Vec::new();
    while let Some(page) = pages.message().await.map_err(|status| breaks(name, status.message()))? {
        if note.len().saturating_add(page.note.len()) > MAX_LIST_BYTES {
            return Err(breaks(name, TOO_LONG));
        }
        note.extend_from_slice(&page.note);
    }
    Ok(note)
}

fn as_text(name: &NodeName, note: Vec<u8>) -> Result<String, PartnerError> {
    String::from_utf8(note).map_err(|_| breaks(name, "its trust list is not text"))
}

fn breaks(name: &NodeName, why: &str) -> PartnerError {
    PartnerError::Protocol { name: name.clone(), why: why.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partner_gives_one_list_a_minute_and_keeps_no_other_from_giving_its_own() {
        let (givers, now) = (Givers::default(), Instant::now());
        let [kenya, china] = ["node.kra.go.ke", "node.gacc.gov.cn"].map(|name| name.parse::<NodeName>().unwrap());
        assert!(givers.begins(&kenya, now) && !givers.begins(&kenya, now) && givers.begins(&china, now));
        assert!(givers.begins(&kenya, now + GIVING));
    }
}
