//! Reads again what is stored, all of it within a week: the stores of the node's authorities, and those of partners' logs.

use super::elsewhere::Elsewhere;
use crate::store::{Damage, ScrubbedPiece, Store};
use crate::time::{Clock, unix_ms};
use crate::workflow::PartnerLogs as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

/// How often a piece of each store is read.
const LOOK: Duration = Duration::from_mins(1);

/// Reads until the node stops, one store after the other, so that one thread and one disk are at work for it.
pub(super) async fn scrub(
    own: Vec<Arc<dyn Store>>,
    elsewhere: Arc<Elsewhere>,
    clock: Arc<dyn Clock>,
    mut stop: watch::Receiver<bool>,
) {
    let mut look = tokio::time::interval(LOOK);
    // What took longer is not made up for.
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = look.tick() => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        let copies = elsewhere.copies().into_iter().map(|(_, store)| store);
        let stores = own.iter().cloned().chain(copies).collect::<Vec<_>>();
        for store in stores {
            if *stop.borrow() {
                return;
            }
            let at_ms = unix_ms(clock.now());
            match tokio::task::spawn_blocking(move || store.scrub_piece(at_ms)).await {
                Ok(piece) => tell(&piece),
                Err(error) => tracing::error!(%error, "a reading of what is stored was lost"),
            }
        }
    }
}

/// Says what is news.
fn tell(piece: &ScrubbedPiece) {
    for damage in &piece.found {
        let Damage { file, offset, what, .. } = damage;
        let entries = entries(damage);
        tracing::error!(
            file,
            offset,
            entries,
            reason = "STORE_CORRUPT",
            "what is stored is damaged, and not served: {what}; origin doctor says how it is mended"
        );
    }
    for Damage { file, offset, .. } in &piece.gone {
        tracing::info!(file, offset, "damage of what is stored is gone");
    }
}

/// The entries that are touched, by log.
fn entries(damage: &Damage) -> String {
    let each =
        damage.entries.iter().map(|(log, range)| format!("{log} {}-{}", range.start, range.end.saturating_sub(1)));
    each.collect::<Vec<_>>().join(", ")
}
