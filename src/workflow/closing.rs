//! Closing a log of a year that is over: it takes nothing more, its last head is cosigned, and only then is its size fit
//! for the trust list, which closes it for everybody.

use super::{Desk, WorkflowError, request::own_request};
use crate::{
    log::{Origin, Quorum},
    office::{Actor, AuditEvent},
    sequencer::{RequestKey, SequencerError, cosigned::Cosigned, is_resting},
    store::StoreError,
    time::unix_ms,
};
use sha2::{Digest as _, Sha256};

/// The account under which an operator's own requests are kept. No person has it: names of accounts are random.
const OPERATOR: &str = "operator";

/// How far a log is on its way to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rested {
    /// Entries it has.
    pub size: u64,
    /// Whether it takes nothing more.
    pub resting: bool,
    /// Whether that many entries are under a head that is cosigned as the trust list asks.
    pub cosigned: bool,
}

impl Desk {
    /// Has a log of a past year take nothing more, if it does not rest yet; by the operator's word.
    pub async fn rest_log(&self, origin: &Origin) -> Result<Rested, WorkflowError> {
        let store = self.store();
        if store.head(origin).is_none() {
            return Err(StoreError::UnknownLog(origin.clone()).into());
        }
        self.not_closed(origin)?;
        if !is_resting(store.as_ref(), origin)? {
            let by = AuditEvent::named(Actor::Operator, "rest_log");
            self.sequencer().rest(origin, self.request_now(origin), by).await?;
        }
        self.rested(origin)
    }

    /// Lets a log that rests go on, which no trust list has closed yet. It blocks.
    pub fn wake_log(&self, origin: &Origin) -> Result<Rested, WorkflowError> {
        self.not_closed(origin)?;
        let at_ms = unix_ms(self.now());
        self.sequencer().wake(origin, at_ms, AuditEvent::named(Actor::Operator, "wake_log"))?;
        self.rested(origin)
    }

    /// No word reopens what the trust list closed: entries beyond its final size are void everywhere.
    fn not_closed(&self, origin: &Origin) -> Result<(), SequencerError> {
        match self.trust().shard_final_size(origin) {
            Some(_) => Err(SequencerError::LogClosed(origin.to_string())),
            None => Ok(()),
        }
    }

    fn rested(&self, origin: &Origin) -> Result<Rested, WorkflowError> {
        let (store, trust) = (self.store().as_ref(), self.trust());
        let size = store.head(origin).map_or(0, |head| head.head.size);
        let unlisted = |error: crate::trust::TrustError| WorkflowError::Record(error.to_string());
        let asks_nobody = *trust.policy(origin).map_err(unlisted)?.quorum() == Quorum::None;
        let newest = Cosigned::load(store, origin, &trust)?.newest(&trust, size).map(|(size, _)| size);
        let cosigned = asks_nobody || newest == Some(size);
        Ok(Rested { size, resting: is_resting(store, origin)?, cosigned })
    }

    /// A request of this moment.
    fn request_now(&self, origin: &Origin) -> RequestKey {
        let at_ms = unix_ms(self.now());
        let id = own_request(at_ms, &Sha256::digest(origin.as_str()).into());
        RequestKey { account: OPERATOR.to_owned(), id }
    }
}
