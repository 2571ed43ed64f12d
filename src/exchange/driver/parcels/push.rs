//! Pushes packages to partners that are reached by HTTPS alone, each until it is taken (the push model of the WCO's
//! framework for certificates of origin).
//!
//! What is sent is a package like any other, and what comes back is a package of cosignatures: so a push that was taken is
//! known by them, and one whose answer was lost is sent again and changes nothing.

use super::export::{ExportAsked, Wanted, export, known_to_hold};
use super::import::import;
use super::shelf::Spool;
use crate::exchange::driver::board::PushState;
use crate::exchange::driver::start::Inner;
use crate::exchange::parcel::ParcelError;
use crate::exchange::replicates;
use crate::log::Origin;
use crate::trust::NodeName;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// The first pause after a failure; it doubles with each, up to the longest: as for webhooks.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_hours(1);
/// How often the logs are looked at: what comes meanwhile goes in one package.
const LOOK: Duration = Duration::from_secs(5);
/// What is taken and not cosigned, because the partner waits for others, is pushed again at the latest after.
const WAITING: Duration = Duration::from_mins(5);
/// The status by which a receiver says that entries before the package are missing.
const OUT_OF_ORDER: u16 = 409;
/// The status of a package that was taken.
const TAKEN: u16 = 200;

/// What a receiver answered.
pub struct Posted {
    /// The HTTP status.
    pub status: u16,
    /// When it wants to be tried again.
    pub retry_after: Option<Duration>,
    /// Those for whom it waits before it cosigns what was taken.
    pub awaits: Vec<NodeName>,
    /// The receiver's package of cosignatures, where this one was taken; else what it said, in words.
    pub answer: Spool,
}

/// Carries packages to one partner, and nowhere else.
pub trait PackagePost: Send + Sync + 'static {
    /// One attempt: the seal is announced before the package, and what is answered goes into `answer`. Or why there is no
    /// answer, in words.
    fn post(
        &self,
        seal: String,
        package: Spool,
        answer: Spool,
    ) -> Pin<Box<dyn Future<Output = Result<Posted, String>> + Send + '_>>;
}

/// A partner that packages are pushed to.
#[derive(Clone)]
pub struct PushTarget {
    /// Who.
    pub partner: NodeName,
    /// Where, for people.
    pub address: String,
    /// Carries what is sent.
    pub post: Arc<dyn PackagePost>,
}

/// What became of one attempt.
enum Came {
    /// It was taken, and answered.
    Taken {
        /// Those for whom the partner waits before it cosigns the rest.
        awaits: Vec<NodeName>,
        /// Up to which size it has cosigned each log.
        cosigned: BTreeMap<String, u64>,
    },
    /// The partner lost what it had: everything is sent again.
    FromTheStart(String),
    /// It was not; perhaps the receiver said when to try again.
    Failed(String, Option<Duration>),
}

/// Pushes to one partner until the node stops.
pub(in crate::exchange::driver) async fn push(inner: Arc<Inner>, target: PushTarget) {
    let (mut stop, mut pause, mut from_the_start) = (inner.stopping(), FIRST_PAUSE, false);
    let mut sent = Vec::new();
    show(&inner, &target, |_| ());
    loop {
        let due = due(&inner, &target.partner);
        let rest = if !due.is_empty() || from_the_start {
            show(&inner, &target, |push| push.tried = Some(inner.clock.now()));
            // A node that stops waits for no receiver: what was not answered is sent again after the next start.
            let came = tokio::select! {
                came = attempt(&inner, &target, from_the_start) => came,
                _ = stop.wait_for(|stop| *stop) => return,
            };
            match came {
                Came::Taken { awaits, cosigned } => {
                    let (again, waits) = (due == sent, !awaits.is_empty());
                    for (origin, size) in &due {
                        let rests = cosigned.get(origin.as_str()).is_none_or(|cosigned| cosigned < size);
                        inner.waits_for(&target.partner, origin, if rests { &awaits } else { &[] });
                    }
                    sent = due;
                    if again && !waits {
                        failed(&inner, &target, "it takes what is sent, and cosigns nothing of it".to_owned());
                        longer(&mut pause)
                    } else {
                        taken(&inner, &target);
                        from_the_start = false;
                        if again { longer(&mut pause).min(WAITING).max(LOOK) } else { first(&mut pause) }
                    }
                }
                Came::FromTheStart(why) if !from_the_start => {
                    tracing::warn!(partner = %target.partner, "the partner lacks what it had; everything is pushed again: {why}");
                    from_the_start = true;
                    pause
                }
                Came::FromTheStart(why) | Came::Failed(why, None) => {
                    failed(&inner, &target, why);
                    longer(&mut pause)
                }
                Came::Failed(why, Some(wanted)) => {
                    failed(&inner, &target, why);
                    longer(&mut pause).max(wanted.min(LONGEST_PAUSE))
                }
            }
        } else {
            LOOK
        };
        let next = inner.clock.now().checked_add(rest).ok();
        show(&inner, &target, |push| push.next = next.filter(|_| push.failures > 0));
        tokio::select! {
            () = tokio::time::sleep(rest) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// What operators are shown of it.
fn show(inner: &Inner, target: &PushTarget, change: impl FnOnce(&mut PushState)) {
    inner.board.update(&target.partner, |state| {
        let push = state.push.get_or_insert_default();
        push.address.clone_from(&target.address);
        change(push);
    });
}

fn taken(inner: &Inner, target: &PushTarget) {
    let mut before = None;
    show(inner, target, |push| {
        (push.taken, push.failures) = (Some(inner.clock.now()), 0);
        before = push.trouble.take();
    });
    if before.is_some() {
        tracing::info!(partner = %target.partner, address = target.address, "packages are taken again");
    }
}

/// The same trouble again is no second line.
fn failed(inner: &Inner, target: &PushTarget, why: String) {
    let mut before = None;
    show(inner, target, |push| {
        push.failures = push.failures.saturating_add(1);
        before = push.trouble.replace(why.clone());
    });
    if before.as_ref() != Some(&why) {
        tracing::warn!(partner = %target.partner, address = target.address, "a package was not taken: {why}");
    }
}

/// All is well: the next look comes as usual, and the next failure is the first.
const fn first(pause: &mut Duration) -> Duration {
    *pause = FIRST_PAUSE;
    LOOK
}

fn longer(pause: &mut Duration) -> Duration {
    let rest = *pause;
    *pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
    rest
}

/// The logs that go to the partner and are longer than what it is known to hold, each with its size.
fn due(inner: &Inner, partner: &NodeName) -> Vec<(Origin, u64)> {
    let list = inner.lists.current();
    let Some(node) = list.node(partner) else { return Vec::new() };
    let keys = node.replica_keys().collect::<Vec<_>>();
    let all = inner.own.all().flat_map(|own| own.store.logs().into_iter().map(move |origin| (own, origin)));
    let all = all.filter(|(_, origin)| replicates(&list, partner, origin));
    let due = all.filter_map(|(own, origin)| {
        let size = own.head(&origin)?.head.size;
        (size > known_to_hold(own, &origin, &keys)).then_some((origin, size))
    });
    due.collect()
}

async fn attempt(inner: &Arc<Inner>, target: &PushTarget, from_the_start: bool) -> Came {
    let (its, to) = (Arc::clone(inner), target.partner.clone());
    let made = tokio::task::spawn_blocking(move || {
        let (mut package, answer) = (its.spool()?, its.spool()?);
        let logs = if from_the_start { Wanted::AllFromTheStart } else { Wanted::All };
        let asked = ExportAsked { to, logs };
        let (_, seal) = export(&its, &asked, &mut package)?;
        Ok::<_, ParcelError>((seal, package, answer))
    });
    let (seal, package, answer) = match made.await {
        Ok(Ok(made)) => made,
        Ok(Err(error)) => return Came::Failed(error.to_string(), None),
        Err(error) => return Came::Failed(error.to_string(), None),
    };
    let Posted { status, retry_after, awaits, answer } = match target.post.post(seal, package, answer).await {
        Ok(posted) => posted,
        Err(why) => return Came::Failed(why, None),
    };
    match status {
        TAKEN => match import(inner, answer, None).await {
            Ok(imported) if imported.from == target.partner => {
                let cosigned = imported.cosigned.into_iter().filter(|(_, _, refused)| refused.is_none());
                Came::Taken { awaits, cosigned: cosigned.map(|(log, size, _)| (log, size)).collect() }
            }
            Ok(imported) => Came::Failed(format!("{} answers there", imported.from), None),
            Err(error) => Came::Failed(format!("its answer was not taken: {error}"), None),
        },
        OUT_OF_ORDER => Came::FromTheStart(answer.words()),
        status => Came::Failed(format!("it answers with status {status}: {}", answer.words()), retry_after),
    }
}
