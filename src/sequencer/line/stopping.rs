//! Stopping a key of a running sequencer.

use super::{Handle, Sequencer, stopped as gone};
use crate::{
    log::Origin,
    office::{Actor, AuditEvent},
    sequencer::{
        SequencerError,
        gate::Standing,
        stopped::{End, Stopped, ends},
    },
    statement::Kid,
    store::Batch,
    time::{Timestamp, unix_ms},
    trust::TrustList,
};
use std::{collections::BTreeMap, sync::Arc};

impl Sequencer {
    /// Signs nothing with a key from now on, also after a restart, because somebody else may have it since an instant; the
    /// audit trail keeps that the operator said so. Gives where the key is to be closed: in each log at the size that
    /// partners had cosigned before. When it answers, nothing is under way any more. The same again changes nothing;
    /// another instant finds other sizes.
    pub async fn stop_key(
        &self,
        kid: &Kid,
        suspected_since: Timestamp,
        at: Timestamp,
    ) -> Result<Stopped, SequencerError> {
        let (handle, key) = (Arc::clone(&self.0), kid.clone());
        let stopping = tokio::task::spawn_blocking(move || handle.stop_key(key, suspected_since, at));
        let said = stopping.await.map_err(|error| SequencerError::Unavailable(error.to_string()))??;
        // Whoever has a place has an answer when it is free again; what is refused meanwhile would be refused anyway.
        let all = Arc::clone(&self.0.places).acquire_many_owned(self.0.room).await;
        all.map(drop).map_err(|_| gone())?;
        Ok(said)
    }

    /// Where a key would be closed if it were suspect since an instant. It reads from the disk.
    pub fn ends(&self, suspected_since: Timestamp) -> Result<Vec<End>, SequencerError> {
        let trust = self.0.trust.load();
        Ok(ends(self.0.store.as_ref(), &trust, &self.0.signed_for(&trust), suspected_since)?)
    }

    /// Own logs of which more may have been signed than is here, with how many entries that was: those that were closed as lost
    /// or wait for what partners know of, and up to its end each that the trust list ended.
    #[must_use]
    pub fn signed_for(&self) -> BTreeMap<Origin, u64> {
        self.0.signed_for(&self.0.trust.load())
    }
}

impl Handle {
    /// What the trust list leaves of a log that it ended goes before what was signed: the rest counts nowhere.
    fn signed_for(&self, trust: &TrustList) -> BTreeMap<Origin, u64> {
        let signed = |origin: &Origin| match self.gate.standing(origin)? {
            Standing::Closed(closing) => Some(closing.signed),
            Standing::Behind { signed, .. } => Some(signed),
            Standing::Unknown | Standing::Settled | Standing::Forked { .. } => None,
        };
        let shut = self.gate.shut(trust).into_iter().filter_map(|(origin, _)| Some((signed(&origin)?, origin)));
        let own = trust.text().shards.iter().filter(|one| one.origin.host() == self.issuer.host());
        let ended = own.map(|one| (one.final_size, one.origin.clone()));
        shut.chain(ended).map(|(entries, origin)| (origin, entries)).collect()
    }

    /// Keeps that a key is stopped, and stops it.
    fn stop_key(&self, kid: Kid, suspected_since: Timestamp, at: Timestamp) -> Result<Stopped, SequencerError> {
        let store = self.store.as_ref();
        let since = suspected_since.as_second();
        let known = Stopped::all(store)?.into_iter().find(|one| one.kid == kid);
        if let Some(known) = known.filter(|known| known.suspected_since == since) {
            return Ok(known);
        }
        let at_ms = unix_ms(at);
        let trust = self.trust.load();
        let ends = ends(store, &trust, &self.signed_for(&trust), suspected_since)?;
        let stopped = Stopped { kid: kid.clone(), suspected_since: since, at_ms, ends };
        let sizes = stopped.ends.iter().map(|end| format!("entry {} of {}", end.known.size(), end.origin));
        let sizes = sizes.collect::<Vec<_>>().join(", ");
        let event = AuditEvent::named(Actor::Operator, "stop_key").on(&kid);
        let event = event.with_detail(format!("suspected since {suspected_since}; counts below {sizes}"));
        store.commit(Batch { at_ms, state: vec![stopped.put()], audit: vec![event.to_row()], ..Batch::default() })?;
        tracing::warn!(%kid, %suspected_since, "nothing is signed with this key any more, by the operator's word");
        self.gate.stop(kid);
        Ok(stopped)
    }
}
