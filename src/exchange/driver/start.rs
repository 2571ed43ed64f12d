//! What the driver is made of, and its life.

use super::board::Board;
use super::door::Door;
use super::link::Dialler;
use super::lists::Lists;
use super::wire::replication_service_server::ReplicationServiceServer;
use super::{MAX_MESSAGE, partners};
use crate::time::{Clock, Timestamp};
use crate::trust::NodeName;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tonic::service::Routes;

/// What the driver works with.
pub struct DriverSetup {
    /// This node's name in the trust list.
    pub name: NodeName,
    /// Where the trust list is kept.
    pub lists: Arc<dyn Lists>,
    /// Dials as this node.
    pub dialler: Dialler,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

/// Both ends of the partner protocol of one node.
pub struct Driver {
    inner: Arc<Inner>,
    stop: watch::Sender<bool>,
    partners: JoinHandle<()>,
}

/// What every task and every handler sees.
pub(super) struct Inner {
    pub(super) name: NodeName,
    pub(super) lists: Arc<dyn Lists>,
    pub(super) dialler: Dialler,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) board: Arc<Board>,
    nudges: Mutex<HashMap<NodeName, Arc<Notify>>>,
}

impl Driver {
    /// Starts dialling. Needs a runtime.
    #[must_use]
    pub fn start(setup: DriverSetup) -> Self {
        let DriverSetup { name, lists, dialler, clock } = setup;
        let inner = Arc::new(Inner {
            name,
            lists,
            dialler,
            clock,
            board: Arc::new(Board::default()),
            nudges: Mutex::default(),
        });
        let (stop, stopping) = watch::channel(false);
        let partners = tokio::spawn(partners::keep_all(Arc::clone(&inner), stopping));
        Self { inner, stop, partners }
    }

    /// The answering end, for a listener that puts a [`super::Partner`] beside each request.
    #[must_use]
    pub fn router(&self) -> axum::Router {
        let door = ReplicationServiceServer::new(Door(Arc::clone(&self.inner)))
            .max_decoding_message_size(MAX_MESSAGE)
            .max_encoding_message_size(MAX_MESSAGE);
        Routes::new(door).prepare().into_axum_router()
    }

    /// How every partner is.
    #[must_use]
    pub fn board(&self) -> Arc<Board> {
        Arc::clone(&self.inner.board)
    }

    /// Ends every conversation that this node began.
    pub async fn stop(self) {
        // Nobody listens any more: then it has stopped.
        let _ = self.stop.send(true);
        if let Err(error) = self.partners.await {
            tracing::error!(%error, "the partners' tasks did not end well");
        }
    }
}

impl Inner {
    /// What wakes the conversation with a partner before its time.
    pub(super) fn nudge(&self, name: &NodeName) -> Arc<Notify> {
        let mut nudges = self.nudges.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(nudges.entry(name.clone()).or_default())
    }

    /// A partner said which list it uses and what its clock shows; `at` is when, by the clock here.
    pub(super) fn heard(
        &self,
        name: &NodeName,
        version: u64,
        digest: &[u8],
        now: Option<&prost_types::Timestamp>,
        at: Timestamp,
    ) {
        let ahead = now.and_then(|now| {
            let theirs = now.seconds.checked_mul(1_000)?.checked_add(i64::from(now.nanos / 1_000_000))?;
            theirs.checked_sub(at.as_millisecond())
        });
        let list = self.lists.current();
        let forked = version == list.version() && digest != list.digest().0;
        let mut news = false;
        self.board.update(name, |state| {
            news = forked && !state.list_forked;
            state.list_forked = forked;
            state.list_version = Some(version);
            state.clock_ahead_ms = ahead.or(state.clock_ahead_ms);
        });
        if news {
            tracing::error!(
                partner = %name,
                version,
                reason = "TRUST_FORKED",
                "the partner has another trust list of the same version: the federation's signers signed two"
            );
        }
    }
}
