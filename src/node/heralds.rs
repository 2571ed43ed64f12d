//! Has each authority's herald look when there is something to see.

use crate::reason::Reasoned as _;
use crate::workflow::Herald;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Between two looks: what came meanwhile is told in one commit, so that issuing shares the disk with few of them.
const REST: Duration = Duration::from_millis(200);
/// A partner's receipts, and a policy of a new list, wake nobody: they are looked for this often.
const LOOK: Duration = Duration::from_secs(1);

/// Keeps a herald looking until the node stops. `news` are those of its authority's store.
pub(super) fn keep(
    serving: &mut JoinSet<()>,
    herald: Herald,
    mut news: watch::Receiver<u64>,
    mut stopping: watch::Receiver<bool>,
) {
    let herald = Arc::new(herald);
    serving.spawn(async move {
        let mut failing = false;
        loop {
            news.mark_unchanged();
            let own = Arc::clone(&herald);
            let looked = tokio::task::spawn_blocking(move || own.look()).await;
            let more = match looked {
                Ok(Ok(more)) => {
                    failing = false;
                    more
                }
                Ok(Err(error)) => {
                    // Once, not at every look: a store that was stopped is opened again by its writer.
                    if !std::mem::replace(&mut failing, true) {
                        tracing::warn!(%error, reason = error.reason(), "what became of certificates could not be told yet");
                    }
                    false
                }
                Err(error) => {
                    tracing::error!(%error, "a look at what became of certificates was lost");
                    false
                }
            };
            tokio::select! {
                biased;
                _ = stopping.wait_for(|stopping| *stopping) => return,
                () = tokio::time::sleep(REST) => {}
            }
            if more {
                continue;
            }
            tokio::select! {
                biased;
                _ = stopping.wait_for(|stopping| *stopping) => return,
                changed = news.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    });
}
