//! Checks entries of partners on as many threads as there are cores.

use crate::exchange::replica::{Checked, Unchecked, check};
use crate::store::Store;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Entries that one thread checks: 64 signatures take about 3 ms.
const PART: usize = 64;

/// Checks entries on as many threads as there are, and puts the parts together again.
pub(super) async fn checked(store: Arc<dyn Store>, work: Unchecked, room: &Arc<Semaphore>) -> Result<Checked, String> {
    let mut whole = Checked {
        ticket: work.ticket,
        entries: Vec::with_capacity(work.entries.len()),
        targets: BTreeMap::new(),
        trust_version: work.trust.version(),
    };
    let mut checks = Vec::new();
    for part in parts(work) {
        let permit = Arc::clone(room).acquire_owned().await.map_err(|error| error.to_string())?;
        let store = Arc::clone(&store);
        checks.push(tokio::task::spawn_blocking(move || {
            let checked = check(store.as_ref(), &part);
            drop(permit);
            checked
        }));
    }
    for running in checks {
        let part = running.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
        whole.entries.extend(part.entries);
        whole.targets.extend(part.targets);
    }
    Ok(whole)
}

/// The work in parts that threads do side by side.
fn parts(work: Unchecked) -> Vec<Unchecked> {
    let Unchecked { ticket, origin, start, entries, trust, elsewhere } = work;
    let starts = (start..).step_by(PART);
    let chunks = entries.chunks(PART).zip(starts);
    chunks
        .map(|(chunk, start)| Unchecked {
            ticket,
            origin: origin.clone(),
            start,
            entries: chunk.to_vec(),
            trust: Arc::clone(&trust),
            elsewhere: elsewhere.clone(),
        })
        .collect()
}
