//! What goes on at a node while nobody calls: each authority's machine, clockwork, herald and post.

use super::authority::{OpenAuthority, Surroundings};
use super::elsewhere::Elsewhere;
use super::evidence::{self, Speaker};
use super::{clockwork, heralds, scrubbing};
use crate::exchange::driver::DriverView;
use crate::time::Clock;
use crate::trust::TrustList;
use crate::workflow::{Applications, Desk, Herald, Webhooks};
use arc_swap::ArcSwap;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// All of it, not begun yet.
pub(super) struct Background {
    machines: Vec<Applications>,
    desks: Vec<Desk>,
    heralds: Vec<(Herald, watch::Receiver<u64>)>,
    posts: Vec<Webhooks>,
    proven: Option<(DriverView, Vec<Speaker>)>,
    elsewhere: Arc<Elsewhere>,
    list: Arc<ArcSwap<TrustList>>,
    clock: Arc<dyn Clock>,
}

impl Background {
    /// That of the authorities that are open.
    pub(super) fn of(opened: &[OpenAuthority], around: &Surroundings, partners: Option<&DriverView>) -> Self {
        let herald = |one: &OpenAuthority| (one.herald(around), one.hosted.desk.store().news());
        Self {
            machines: opened.iter().map(|one| one.hosted.applications.clone()).collect(),
            desks: opened.iter().map(|one| one.hosted.desk.clone()).collect(),
            heralds: opened.iter().map(herald).collect(),
            posts: opened.iter().map(|one| one.hosted.webhooks.clone()).collect(),
            proven: partners.map(|view| (view.clone(), opened.iter().map(speaker).collect())),
            elsewhere: Arc::clone(&around.elsewhere),
            list: Arc::clone(&around.trust),
            clock: Arc::clone(&around.clock),
        }
    }

    /// Begins; it ends with the node.
    pub(super) fn begin(self, serving: &mut JoinSet<()>, stopping: &watch::Receiver<bool>) {
        // What stands under a policy since before the start is taken up before anybody calls.
        for machine in self.machines {
            serving.spawn(machine.keep_going(stopping.clone()));
        }
        let desks = self.desks.clone();
        // Nobody waits for it.
        drop(tokio::task::spawn_blocking(move || desks.iter().for_each(say_if_lost)));
        let stores = self.desks.iter().map(|desk| Arc::clone(desk.store())).collect();
        serving.spawn(scrubbing::scrub(stores, self.elsewhere, Arc::clone(&self.clock), stopping.clone()));
        let doubt = || self.proven.as_ref().map(|(view, _)| clockwork::Doubt::of(view.board()));
        let (erasing, tending) = (doubt(), doubt());
        serving.spawn(clockwork::erase(self.desks.clone(), Arc::clone(&self.clock), erasing, stopping.clone()));
        serving.spawn(clockwork::tend(self.desks, Arc::clone(&self.clock), tending, stopping.clone()));
        if let Some((view, speakers)) = self.proven {
            serving.spawn(evidence::publish(view, speakers, Arc::clone(&self.clock), stopping.clone()));
        }
        serving.spawn(clockwork::remind(self.list, self.clock, stopping.clone()));
        for (herald, news) in self.heralds {
            heralds::keep(serving, herald, news, stopping.clone());
        }
        for post in self.posts {
            serving.spawn(post.deliver(stopping.clone()));
        }
    }
}

fn speaker(one: &OpenAuthority) -> Speaker {
    let (sequencer, store) = (one.sequencer.clone(), Arc::clone(one.hosted.desk.store()));
    Speaker { issuer: one.hosted.issuer.clone(), sequencer, store }
}

/// Copies of partners' logs that were here and are not: who looks for why finds the start at which that was so.
fn say_if_lost(desk: &Desk) {
    match desk.not_held(None) {
        Ok(found) => {
            if let Some(found) = found.filter(|found| !found.lost.is_empty()) {
                tracing::error!(reason = "ARRIVALS_UNKNOWN", "{found}");
            }
        }
        Err(error) => tracing::error!(%error, "what was done with certificates that arrived cannot be read"),
    }
}
