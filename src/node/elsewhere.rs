//! The logs of other authorities that are kept on this node: replicated from partners, or of another authority hosted
//! here.

use crate::exchange::driver::DriverView;
use crate::log::Origin;
use crate::store::Store;
use crate::trust::NodeName;
use crate::verification::Equivocation;
use crate::workflow::PartnerLogs;
use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

/// Known once the authorities are open and the exchange runs: desks are made before.
#[derive(Default)]
pub(super) struct Elsewhere {
    hosted: OnceLock<Vec<Arc<dyn Store>>>,
    partners: OnceLock<DriverView>,
}

impl Elsewhere {
    /// From now on these are hosted here.
    pub(super) fn hosted(&self, stores: Vec<Arc<dyn Store>>) {
        // A node hosts what it began with.
        let _ = self.hosted.set(stores);
    }

    /// From now on logs are replicated.
    pub(super) fn partners(&self, view: DriverView) {
        // There is one exchange.
        let _ = self.partners.set(view);
    }
}

impl PartnerLogs for Elsewhere {
    fn logs(&self) -> Vec<(Origin, Arc<dyn Store>)> {
        let hosted = self.hosted.get().into_iter().flatten();
        let hosted = hosted.flat_map(|store| store.logs().into_iter().map(|origin| (origin, Arc::clone(store))));
        self.copies().into_iter().chain(hosted).collect()
    }

    fn copies(&self) -> Vec<(Origin, Arc<dyn Store>)> {
        self.partners.get().map(DriverView::replicated).unwrap_or_default()
    }

    fn is_hosted(&self, origin: &Origin) -> bool {
        let mut hosted = self.hosted.get().into_iter().flatten();
        hosted.any(|store| store.addressee(origin).is_some())
    }

    fn forked_at(&self, origin: &Origin) -> Option<u64> {
        self.partners.get()?.equivocated().borrow().get(origin).map(Equivocation::size)
    }

    fn was_lifted(&self, origin: &Origin) -> bool {
        self.partners.get().is_some_and(|view| view.was_lifted(origin))
    }

    fn lost(&self, origin: &Origin) -> Option<(u64, u64)> {
        self.partners.get()?.lost(origin)
    }

    fn unheard(&self) -> BTreeSet<NodeName> {
        self.partners.get().map(DriverView::unheard).unwrap_or_default()
    }
}
