//! What comes due by the clock: wishes to cancel that nobody objected to.

use crate::reason::Reasoned as _;
use crate::workflow::Desk;
use std::time::Duration;
use tokio::sync::watch;

/// How often it is looked. Days are what is waited for.
const LOOK: Duration = Duration::from_mins(1);

/// Looks until the node stops; the first time at once, for what came due while it was down.
pub(super) async fn tend(desks: Vec<Desk>, mut stop: watch::Receiver<bool>) {
    let mut look = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            _ = look.tick() => {}
            // Who could say so is gone with the node.
            _ = stop.wait_for(|stop| *stop) => return,
        }
        for desk in &desks {
            match desk.tend_cancellations().await {
                Ok(0) => {}
                Ok(count) => tracing::info!(count, "certificates were cancelled: the days to object are over"),
                Err(error) => {
                    tracing::warn!(%error, reason = error.reason(), "wishes to cancel could not be looked at");
                }
            }
        }
    }
}
