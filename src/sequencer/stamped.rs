//! How far the entries of an authority have come in time.

use crate::{
    log::Origin,
    store::{Store, StoreError},
    time::Timestamp,
    trust::TrustList,
};

/// The newest hour that a published entry bears, and its log. Nothing follows in a log that the list closes: where the
/// clock was ahead there, its successor goes on without it.
pub fn newest_hour(store: &dyn Store, trust: &TrustList) -> Result<Option<(Timestamp, Origin)>, StoreError> {
    let mut newest: Option<(Timestamp, Origin)> = None;
    for origin in store.logs().into_iter().filter(|origin| !trust.is_closed(origin)) {
        let Some(last) = store.head(&origin).and_then(|head| head.head.size.checked_sub(1)) else { continue };
        let hour = store.facts(&origin, last)?.and_then(|facts| i64::try_from(facts.jti.hour_ms()).ok());
        let hour = hour.and_then(|hour| Timestamp::from_millisecond(hour).ok());
        newest = newest.max(hour.map(|hour| (hour, origin)));
    }
    Ok(newest)
}
