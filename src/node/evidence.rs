//! Says to everyone what was proven here of a log: each authority of this node in its own log to all, each proof once.

use crate::exchange::driver::DriverView;
use crate::log::Origin;
use crate::sequencer::{RequestKey, Saying, Sequencer, Task, Work};
use crate::statement::{Evidence, EvidenceKind, Issuer, Kind, OpenedBody, open_leaf};
use crate::store::{Disclosures, EntryRef, Store, StoreError, Subject, about};
use crate::time::Clock;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use uuid::Uuid;

/// The account under which a node's own requests are kept. No person has it: names of accounts are random.
const ACCOUNT: &str = "evidence";
/// What could not be said is tried again after.
const AGAIN: Duration = Duration::from_secs(5);

/// An authority that speaks.
pub(super) struct Speaker {
    pub(super) issuer: Issuer,
    pub(super) sequencer: Sequencer,
    pub(super) store: Arc<dyn Store>,
}

/// Says what is proven, whenever something is, until the node stops.
pub(super) async fn publish(
    view: DriverView,
    speakers: Vec<Speaker>,
    clock: Arc<dyn Clock>,
    mut stop: watch::Receiver<bool>,
) {
    let mut proven = view.equivocated();
    let mut silent = BTreeSet::new();
    loop {
        let logs = proven.borrow_and_update().keys().cloned().collect::<Vec<_>>();
        let mut all_said = true;
        for log in &logs {
            for speaker in &speakers {
                let told = say(&view, speaker, log, clock.as_ref()).await;
                all_said &= matches!(told, Ok(true));
                let Err(why) = told else { continue };
                // The same again is no second line.
                if silent.insert((log.clone(), speaker.issuer.clone())) {
                    tracing::warn!(%log, issuer = %speaker.issuer, "evidence could not be said to everyone yet: {why}");
                }
            }
        }
        tokio::select! {
            changed = proven.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(AGAIN), if !all_said => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// The proofs of two histories of a log that were said. It blocks.
fn said(store: &dyn Store, log: &Origin) -> Result<Vec<String>, StoreError> {
    let mut proofs = Vec::new();
    for one in about(store, &Subject::Log(log.clone()))?.into_iter().filter(|one| one.kind == Kind::Evidence) {
        let EntryRef { origin, index } = &one.entry;
        let (leaf, shown) = (store.leaf(origin, *index)?, store.disclosures(origin, *index)?);
        let (Some(leaf), Some(Disclosures::Present(shown))) = (leaf, shown) else { continue };
        let Ok(opened) = open_leaf(&leaf, &shown) else { continue };
        if let OpenedBody::Evidence(body) = opened.body {
            proofs.extend(body.proof.into_option());
        }
    }
    Ok(proofs)
}

/// Says it, unless it was said before. Whether it is said; a log is frozen a moment before its proof is durable, and what
/// is not durable is not said.
async fn say(view: &DriverView, speaker: &Speaker, log: &Origin, clock: &dyn Clock) -> Result<bool, String> {
    let (store, own, concerns) = (Arc::clone(&speaker.store), view.clone(), log.clone());
    let looked = tokio::task::spawn_blocking(move || {
        let Some(proof) = own.evidence(&concerns).map_err(|error| error.to_string())? else { return Ok(Err(false)) };
        // A log that was lifted and has shown another history since has another proof.
        let said = said(store.as_ref(), &concerns).map_err(|error| error.to_string())?;
        Ok::<_, String>(if said.contains(&proof) { Err(true) } else { Ok(proof) })
    });
    let proof = match looked.await.map_err(|error| error.to_string())?? {
        Ok(proof) => proof,
        Err(said_before) => return Ok(said_before),
    };
    let now = clock.now();
    let seconds = u64::try_from(now.as_second()).map_err(|error| error.to_string())?;
    let nanoseconds = u32::try_from(now.subsec_nanosecond()).map_err(|error| error.to_string())?;
    let made_at = uuid::Timestamp::from_unix(uuid::NoContext, seconds, nanoseconds);
    let digest = Sha256::digest(proof.as_bytes()).into();
    let evidence = Evidence { evidence: EvidenceKind::Equivocation, concerns: log.clone(), proof };
    let work = Work {
        request: RequestKey { account: ACCOUNT.to_owned(), id: Uuid::new_v7(made_at).into_bytes() },
        digest,
        task: Task::Say(Box::new(Saying::evidence(evidence))),
        by: None,
    };
    speaker.sequencer.submit(work).await.map(|_| true).map_err(|error| error.to_string())
}
