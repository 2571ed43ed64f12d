//! What stands under the policy and is not done: taken up at the start, and when the moment was at fault.
//!
//! An application is here because the node ended between approval and certificate, because the writer could take no
//! work, or because it came to be submitted by another deed than submission. Each is decided anew: the policy, the
//! agreement and the day must still be what they have to be, or officers have it.

use super::{
    Applications, Change,
    keep::{self, Kept},
    machine::{Released, Seen},
    twice::Reader,
};
use crate::{
    certificate::Text,
    office::{Application, ApplicationId, Examined, StageName, WhyLeft},
    reason::{Class, Reasoned as _},
    sequencer::SequencerError,
    store::{Expected, Table},
    workflow::{Drawn, WorkflowError, carry::blocking},
};
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::{Notify, watch};

/// Applications that are named; beyond them all that stand are looked through.
const NAMED: usize = 10_000;
/// Rows of the queue looked at at once.
const PAGE: usize = 200;
/// How long what failed waits, at first and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));
/// How often one application is decided anew in a row: midnight may pass under it.
const TRIED: usize = 2;

/// Applications that wait to be taken up. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Standing(Arc<Inner>);

#[derive(Default)]
struct Inner {
    waiting: Mutex<Waiting>,
    wake: Notify,
}

#[derive(Default)]
struct Waiting {
    named: BTreeSet<ApplicationId>,
    /// There were too many to name.
    all: bool,
}

impl Standing {
    /// Has one taken up.
    pub(super) fn call(&self, id: ApplicationId) {
        let mut waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.named.len() < NAMED {
            waiting.named.insert(id);
        } else {
            waiting.all = true;
        }
        drop(waiting);
        self.0.wake.notify_one();
    }

    fn take(&self) -> (BTreeSet<ApplicationId>, bool) {
        let mut waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        (std::mem::take(&mut waiting.named), std::mem::take(&mut waiting.all))
    }
}

impl Applications {
    /// Takes up what stands under the policy, at the start and whenever something is called, until it is told to stop.
    pub async fn keep_going(self, mut stopping: watch::Receiver<bool>) {
        let mut pause = PAUSE.0;
        let mut all = true;
        loop {
            let (named, more) = self.standing.take();
            all |= more;
            let mut failed = false;
            if std::mem::take(&mut all) && self.take_up_all(&stopping).await.is_err() {
                (all, failed) = (true, true);
            }
            for id in named {
                if *stopping.borrow() {
                    return;
                }
                if let Err(error) = self.take_up(id).await {
                    tracing::warn!(application = %id, reason = error.reason(), "it is taken up again later");
                    self.standing.call(id);
                    failed = true;
                }
            }
            let rest = self.rest(failed.then_some(pause));
            pause = if failed { PAUSE.1.min(pause * 2) } else { PAUSE.0 };
            tokio::select! {
                biased;
                _ = stopping.wait_for(|stopping| *stopping) => return,
                () = rest => {}
            }
        }
    }

    /// Waits for a call, or for as long as what failed shall wait.
    async fn rest(&self, pause: Option<Duration>) {
        match pause {
            Some(pause) => tokio::time::sleep(pause).await,
            None => self.standing.0.wake.notified().await,
        }
    }

    /// Looks through the queues of all offices.
    pub(super) async fn take_up_all(&self, stopping: &watch::Receiver<bool>) -> Result<(), WorkflowError> {
        for record in self.desk.offices().all() {
            for stage in [StageName::Approved, StageName::Submitted] {
                let Some(number) = keep::queue_stage(stage) else { continue };
                let prefix = keep::queue_prefix(record.office.code.as_str(), number);
                let mut after = prefix.clone();
                // What was submitted before the policy was set is the officers'.
                if stage == StageName::Submitted {
                    let Some((_, in_force)) = self.policy() else { continue };
                    after.extend_from_slice(&in_force.policy().set_ms.to_be_bytes());
                }
                loop {
                    let (own, from, under) = (self.clone(), after.clone(), prefix.clone());
                    let (ids, next) = blocking(move || own.standing_page(&from, &under)).await??;
                    for id in ids {
                        if *stopping.borrow() {
                            return Ok(());
                        }
                        self.take_up(id).await?;
                    }
                    match next {
                        Some(next) => after = next,
                        None => break,
                    }
                }
            }
        }
        Ok(())
    }

    /// Those of a page of a queue that are to be taken up, and where the next page begins.
    fn standing_page(
        &self,
        from: &[u8],
        prefix: &[u8],
    ) -> Result<(Vec<ApplicationId>, Option<Vec<u8>>), WorkflowError> {
        let rows = self.store().records_from(Table::ApplicationQueue, from, PAGE)?;
        let full = rows.len() == PAGE;
        let (mut ids, mut next) = (Vec::new(), None);
        for (key, _) in rows {
            if !key.starts_with(prefix) {
                return Ok((ids, None));
            }
            if let Some(id) = keep::queued(&key)
                && stands(&keep::find(self.store(), id)?.application)
            {
                ids.push(id);
            }
            next = Some(key);
        }
        Ok((ids, next.filter(|_| full)))
    }

    /// Takes one up: examined if nobody has looked at it, issued if it is approved under the policy, left to officers if
    /// the policy does not carry it any more. An error means that the moment is at fault.
    pub(super) async fn take_up(&self, id: ApplicationId) -> Result<(), WorkflowError> {
        for _ in 0..TRIED {
            let own = self.clone();
            let decided = blocking(move || own.decide_anew(id)).await?;
            let released = match decided {
                Ok(Some(released)) => released,
                Ok(None) => return Ok(()),
                // Somebody was first: then it is theirs, or it is decided again.
                Err(error) if error.class() == Class::Reject => continue,
                Err(error) => return Err(error),
            };
            let stands_yet = self.issue_released(vec![*released]).await.iter().any(stands);
            if !stands_yet {
                return Ok(());
            }
        }
        Err(SequencerError::Unavailable("what the policy released is not issued yet".into()).into())
    }

    /// Decides one anew and makes the decision durable; gives what is to be issued for it.
    fn decide_anew(&self, id: ApplicationId) -> Result<Option<Box<Released>>, WorkflowError> {
        let kept = match keep::find(self.store(), id) {
            Ok(kept) if stands(&kept.application) => kept,
            Ok(_) | Err(WorkflowError::ApplicationUnknown(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let judged = self.judge(
            &keep::paper(self.store(), id)?,
            Some(&kept.application.exporter),
            Reader { own: Some(id), officer: false },
        )?;
        let Some(particulars) = judged.particulars.filter(|_| !judged.findings.has_errors()) else {
            return self.leave(kept, &WhyLeft::Findings("the rules refuse it today".to_owned()));
        };
        if kept.application.is_untouched() {
            let seen = self.examine(kept.application.clone(), &particulars, &judged.findings);
            return self.keep_seen(kept, seen);
        }
        let Some((policies, in_force)) = self.policy() else {
            return self.leave(kept, &changed());
        };
        let name = in_force.policy().name();
        let by = kept.application.stage.examined().map(|one| &one.examined);
        if !matches!(by, Some(Examined::ByMachine(policy)) if *policy == name) {
            return self.leave(kept, &changed());
        }
        if let Err(why) = self.covered(&kept.application, &particulars, &judged.findings, &in_force) {
            return self.leave(kept, &why);
        }
        let seen = match self.let_sign(policies, &in_force, kept.application.clone(), &particulars) {
            Ok(seen) => seen,
            Err(why) => return self.leave(kept, &why),
        };
        let approval = |application: &Application| {
            application.stage.approval().map(|one| (one.signatory.account.clone(), one.shown))
        };
        match seen.issue {
            // Approved before the node ended, of the same and in the same name: it goes on from there.
            Some(issue) if approval(&seen.application) == approval(&kept.application) => {
                Ok(Some(Box::new(Released { kept, issue })))
            }
            Some(_) => self.keep_seen(kept, seen),
            None => self.leave(kept, &changed()),
        }
    }

    /// Keeps what the machine made of what stood.
    fn keep_seen(&self, kept: Kept, seen: Seen) -> Result<Option<Box<Released>>, WorkflowError> {
        let Seen { application, issue, rests_on } = seen;
        if application == kept.application {
            return Ok(None);
        }
        let change = Change { before: Some(kept), after: application.clone(), paper: None };
        self.commit_machine(change, &rests_on)?;
        Ok(self.released(&application, issue).map(Box::new))
    }

    /// Takes back an approval that the policy does not carry any more; officers have it.
    fn leave(&self, kept: Kept, why: &WhyLeft) -> Result<Option<Box<Released>>, WorkflowError> {
        let now = self.desk.now();
        let approval = kept.application.stage.approval();
        let under = approval.and_then(|one| one.released_under.clone());
        let in_force = || self.policy().map(|(_, in_force)| in_force.policy().name());
        let policy = under.or_else(in_force).unwrap_or_default();
        let application = kept.application.clone().left_to_officers(&policy, why, now);
        let after = match approval {
            Some(_) => application.fall_back(Text::typed(&why.to_string()).ok(), now)?,
            None => application,
        };
        self.commit_machine(Change { before: Some(kept), after, paper: None }, &[])?;
        Ok(None)
    }

    fn commit_machine(&self, change: Change, rests_on: &[Expected]) -> Result<(), WorkflowError> {
        let audit = super::policy_rows(&change, None).collect();
        let rests_on = Drawn { expected: rests_on.to_vec(), state: Vec::new() };
        keep::commit(self.store(), self.now_ms(), &[], std::slice::from_ref(&change), audit, rests_on)
    }
}

/// Whether the machine has something to do about it.
fn stands(application: &Application) -> bool {
    let approval = application.stage.approval().filter(|_| application.stage.certificate().is_none());
    application.is_untouched() || approval.is_some_and(|approval| approval.released_under.is_some())
}

fn changed() -> WhyLeft {
    WhyLeft::Signature("the policy has changed since it was examined".to_owned())
}
