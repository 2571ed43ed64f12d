//! `FetchDisclosures`: what was sealed here, to the node pinned for the addressee, and back to the log's own node when
//! it has lost them; to nobody else.

use super::start::Inner;
use super::status::status;
use super::supply::Answers;
use super::{convert, wire};
use crate::exchange::message::Disclosed;
use crate::exchange::{ExchangeError, hosts_issuer, may_have_disclosures};
use crate::inbox::{Why, is_erased_there, why};
use crate::sequencer::is_held;
use crate::store::{Disclosures, EntryRef, Store};
use crate::trust::NodeName;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

/// Messages that the transport may not have taken yet: 4 MiB at most.
const ROOM: usize = 4;

/// Serves one request; entries are unsealed one by one as the caller takes them.
pub(super) fn serve(
    inner: &Arc<Inner>,
    caller: &NodeName,
    request: wire::FetchDisclosuresRequest,
) -> Result<Answers<wire::FetchDisclosuresResponse>, ExchangeError> {
    let asked = convert::disclosures_asked(request)?;
    let list = inner.lists.current();
    let store = match inner.own.of(&asked.log) {
        Some(own) => Arc::clone(&own.store),
        // Another's disclosures go back to where they came from, and nowhere else.
        None if hosts_issuer(&list, caller, &asked.log) => {
            inner.replicas.store(&asked.log).ok_or(ExchangeError::UnknownLog)?
        }
        None => return Err(ExchangeError::UnknownLog),
    };
    if !may_have_disclosures(&list, caller, &asked.log) {
        return Err(ExchangeError::NotForYou);
    }
    // What came back of an authority's own is not held from itself.
    let to_addressee = inner.own.of(&asked.log).is_some();
    let (out, answers) = mpsc::channel(ROOM);
    tokio::task::spawn_blocking(move || {
        for index in asked.indexes {
            let answer = match disclosed(store.as_ref(), &asked.log, index, to_addressee) {
                Ok(Some(state)) => convert::disclosed_to_wire(index, state),
                // Of an entry that is not published nothing can be said, least of all that it has none.
                Ok(None) => return,
                Err(error) => {
                    // Who asked may have gone.
                    let _ = out.blocking_send(Err::<_, Status>(status(&error)));
                    return;
                }
            };
            for message in answer {
                if out.blocking_send(Ok(message)).is_err() {
                    return;
                }
            }
        }
    });
    Ok(Box::pin(ReceiverStream::new(answers)))
}

/// What there is to disclose of a published entry; none of one that is not.
pub(super) fn disclosed(
    store: &dyn Store,
    origin: &crate::log::Origin,
    index: u64,
    to_addressee: bool,
) -> Result<Option<Disclosed>, crate::store::StoreError> {
    let entry = EntryRef { origin: origin.clone(), index };
    let held = to_addressee && is_held(store, &entry)?;
    // What its issuer kept back never came here: an issuer that lost it waits for nobody.
    let never_came = !to_addressee && why(store, origin, index)? == Some(Why::Held);
    let erased_first = !to_addressee && is_erased_there(store, origin, index)?;
    Ok(store.disclosures(origin, index)?.map(|found| match found {
        // Also where it was lost here since: its addressee misses nothing that was ever sent.
        Disclosures::Present(_) | Disclosures::None if held => Disclosed::Held,
        Disclosures::None if never_came => Disclosed::Held,
        Disclosures::None if erased_first => Disclosed::Erased,
        Disclosures::None => Disclosed::None,
        Disclosures::Erased => Disclosed::Erased,
        Disclosures::Present(all) => Disclosed::All(all),
    }))
}
