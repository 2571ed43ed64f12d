//! Pushes packages to partners that are reached by HTTPS alone, each until it is taken.
//!
//! What is sent is a package like any other, of one log, so that none is kept back by what is refused of another; what comes
//! back is a package of cosignatures. So a push that was taken is known by them, and one whose answer was lost is sent again
//! and changes nothing.

mod plan;

use super::export::{ExportAsked, Wanted, export, known_to_hold};
use super::import::{Imported, import};
use super::shelf::Spool;
use crate::exchange::ExchangeError;
use crate::exchange::driver::board::PushState;
use crate::exchange::driver::start::Inner;
use crate::exchange::driver::stopped;
use crate::exchange::parcel::ParcelError;
use crate::exchange::replicates;
use crate::log::Origin;
use crate::trust::NodeName;
use plan::{Due, Plan, Round};
use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The status by which a receiver says that entries before the package are missing.
const OUT_OF_ORDER: u16 = 409;
/// The status of a package whose log is refused, and that changes nothing.
const REFUSED: u16 = 422;
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
    /// Logs of the package that it did not take, each with the reason.
    pub refused: Vec<(Origin, String)>,
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

/// Why nothing is posted to a partner for now, and perhaps when it wants to be tried again.
type Failure = (String, Option<Duration>);

/// What a round of posts brought.
#[derive(Default)]
struct Brought {
    /// What went wrong, in words, each once.
    troubles: BTreeSet<String>,
    /// The partner waits for others before it cosigns.
    waits: bool,
}

/// Pushes to one partner until the node stops.
pub(in crate::exchange::driver) async fn push(inner: Arc<Inner>, target: PushTarget) {
    let mut stop = inner.stopping();
    let mut pusher = Pusher { inner, target, plan: Plan::new(Instant::now()), complete: BTreeSet::new() };
    pusher.show(|_| ());
    loop {
        // A node that stops waits for no receiver: what was not answered is sent again after the next start.
        tokio::select! {
            () = pusher.round() => {}
            () = stopped(&mut stop) => return,
        }
        tokio::select! {
            () = tokio::time::sleep(pusher.plan.rest(Instant::now())) => {}
            () = stopped(&mut stop) => return,
        }
    }
}

struct Pusher {
    inner: Arc<Inner>,
    target: PushTarget,
    plan: Plan,
    /// Logs of which the partner holds all that is here and more: nothing of them is left to be sent.
    complete: BTreeSet<Origin>,
}

impl Pusher {
    /// Posts what is to be posted now, one log after the other.
    async fn round(&mut self) {
        let due = self.due();
        // Who is connected tells over the connection what it has cosigned.
        let is_connected = self.inner.link_of(&self.target.partner).borrow().is_some();
        if due.is_empty() && (self.plan.is_heard() || is_connected) {
            // All that was to be sent has come there, by whatever way.
            self.plan.idles(Instant::now());
            self.well("nothing is left to be pushed");
            return;
        }
        let posts = self.plan.posts(&due, Instant::now());
        if posts.is_empty() {
            return;
        }
        self.show(|push| push.tried = Some(self.inner.clock.now()));
        let mut brought = Brought::default();
        for log in posts {
            let origin = log.as_ref().map(|(origin, _)| origin.clone());
            if let Err((why, wanted)) = self.post(log, &mut brought).await {
                self.plan.fails(Instant::now(), wanted, origin);
                return self.failed(why);
            }
        }
        let Brought { troubles, waits } = brought;
        let troubles = troubles.into_iter().collect::<Vec<_>>().join("; ");
        let round = match (troubles.is_empty(), waits) {
            (false, _) => Round::Troubled,
            (true, true) => Round::Waits,
            (true, false) => Round::Well,
        };
        let is_well = self.plan.ends(Instant::now(), round);
        if round == Round::Troubled {
            self.failed(troubles);
        } else if is_well {
            self.well("packages are taken again");
        }
    }

    /// Posts one log, or none.
    async fn post(&mut self, log: Option<Due>, brought: &mut Brought) -> Result<(), Failure> {
        loop {
            let begins = |(origin, _): &Due| Wanted::One(origin.clone(), self.plan.begins(origin));
            let package = made(&self.inner, &self.target.partner, log.as_ref().map_or(Wanted::None, begins)).await;
            let (sent, seal, package, answer) = match (package, &log) {
                (Ok(made), _) => made,
                (Err(why), None) => return Err((why, None)),
                (Err(why), Some(log)) => {
                    self.refused(log, None, &why, brought);
                    return Ok(());
                }
            };
            let posted = self.target.post.post(seal, package, answer).await.map_err(|why| (why, None))?;
            let status = posted.status;
            if status == TAKEN {
                return self.taken((log, sent), posted, brought).await;
            }
            let words = posted.answer.words();
            let Some(log) = log.as_ref().filter(|_| [OUT_OF_ORDER, REFUSED].contains(&status)) else {
                return Err((format!("it answers with status {status}: {words}"), posted.retry_after));
            };
            if status == REFUSED || !self.plan.begins_again(&log.0) {
                self.refused(log, Some(sent.0), &words, brought);
                return Ok(());
            }
            tracing::warn!(partner = %self.target.partner, origin = %log.0, "the partner lacks what it had; the log is pushed again from its first entry on: {words}");
        }
    }

    /// A log was not taken: the others are.
    fn refused(&mut self, log: &Due, after: Option<u64>, why: &str, brought: &mut Brought) {
        self.plan.refused(&log.0, after);
        brought.troubles.insert(format!("{}: {why}", log.0));
    }

    /// Takes the cosignatures that came back.
    async fn taken(
        &mut self,
        (log, (after, sent)): (Option<Due>, (u64, u64)),
        posted: Posted,
        brought: &mut Brought,
    ) -> Result<(), Failure> {
        let Posted { awaits, refused, answer, .. } = posted;
        let imported = match import(&self.inner, answer, None).await {
            Ok(imported) if imported.from == self.target.partner => imported,
            Ok(imported) => return Err((format!("{} answers there", imported.from), None)),
            Err(error) => return Err((format!("its answer was not taken: {error}"), None)),
        };
        self.plan.heard();
        self.show(|push| push.taken = Some(self.inner.clock.now()));
        let here = |origin: &Origin| self.inner.own.of(origin)?.head(origin).map(|head| head.head.size);
        self.complete.extend(beyond(&imported, here));
        let posted = log.as_ref().map(|(origin, _)| origin.as_str());
        let wrong = wrong(&imported, posted);
        let is_wrong = !wrong.is_empty();
        brought.troubles.extend(wrong);
        let Some(log) = log else { return Ok(()) };
        let taken = imported.cosigned.iter().filter(|(name, _, why)| name == log.0.as_str() && why.is_none());
        let cosigned = taken.map(|(_, size, _)| *size).max().unwrap_or(0);
        let awaits = if cosigned < sent { awaits } else { Vec::new() };
        self.inner.waits_for(&self.target.partner, &log.0, &awaits);
        if let Some((_, reason)) = refused.iter().find(|(origin, _)| *origin == log.0) {
            self.refused(&log, Some(after), &format!("it is refused there ({reason})"), brought);
            return Ok(());
        }
        brought.waits |= !awaits.is_empty();
        if self.plan.taken(&log, sent, cosigned) && awaits.is_empty() && !is_wrong {
            brought.troubles.insert(format!("{}: it takes what is sent, and cosigns nothing of it", log.0));
        }
        Ok(())
    }

    /// The logs that go to the partner and are longer than what it is known to hold, or were refused, each with its size.
    fn due(&self) -> Vec<Due> {
        let list = self.inner.lists.current();
        let Some(node) = list.node(&self.target.partner) else { return Vec::new() };
        let keys = node.replica_keys().collect::<Vec<_>>();
        let all = self.inner.own.all().flat_map(|own| own.store.logs().into_iter().map(move |origin| (own, origin)));
        let all = all.filter(|(_, origin)| replicates(&list, &self.target.partner, origin));
        let due = all.filter_map(|(own, origin)| {
            let size = own.head(&origin)?.head.size;
            let is_new = size > known_to_hold(own, &origin, &keys) && !self.complete.contains(&origin);
            (is_new || self.plan.is_refused(&origin)).then_some((origin, size))
        });
        due.collect()
    }

    /// What operators are shown of it.
    fn show(&self, change: impl FnOnce(&mut PushState)) {
        self.inner.board.update(&self.target.partner, |state| {
            let push = state.push.get_or_insert_default();
            push.address.clone_from(&self.target.address);
            change(push);
        });
    }

    /// Says why nothing is wrong any more, where something was.
    fn well(&self, why: &str) {
        let mut before = None;
        self.show(|push| {
            (push.failures, push.next) = (0, None);
            before = push.trouble.take();
        });
        if before.is_some() {
            let (partner, address) = (&self.target.partner, &self.target.address);
            tracing::info!(%partner, address, "{why}");
        }
    }

    /// The same trouble again is no second line.
    fn failed(&self, why: String) {
        let mut before = None;
        let next = self.inner.clock.now().checked_add(self.plan.until(Instant::now())).ok();
        self.show(|push| {
            push.failures = push.failures.saturating_add(1);
            push.next = next;
            before = push.trouble.replace(why.clone());
        });
        if before.as_ref() != Some(&why) {
            let (partner, address) = (&self.target.partner, &self.target.address);
            tracing::warn!(%partner, address, "a package was not taken: {why}");
        }
    }
}

/// What a person has to look into of the heads that the partner says to hold: of the log that was posted, and of any that
/// this node has less of or otherwise.
fn wrong(imported: &Imported, posted: Option<&str>) -> Vec<String> {
    let wrong = imported.cosigned.iter().filter_map(|(name, _, why)| {
        let why = why.as_ref()?;
        match why {
            ParcelError::Exchange(ExchangeError::Ahead { .. }) => {
                Some(format!("{name}: {why}; the data folder here is an old copy"))
            }
            ParcelError::Exchange(ExchangeError::Inconsistent { .. }) => Some(format!("{name}: {why}")),
            _ => (posted == Some(name.as_str())).then(|| format!("{name}: {why}")),
        }
    });
    wrong.collect()
}

/// Logs of which the partner holds more than is here though nothing is wrong with that: they were given up.
fn beyond(imported: &Imported, here: impl Fn(&Origin) -> Option<u64>) -> Vec<Origin> {
    let held = imported.cosigned.iter().filter(|(_, _, why)| why.is_none());
    let held = held.filter_map(|(name, size, _)| Some((name.parse::<Origin>().ok()?, *size)));
    held.filter(|(origin, size)| here(origin).is_some_and(|here| here < *size)).map(|(origin, _)| origin).collect()
}

/// A package, with from where up to where its log goes in it, its seal, and room for the answer.
type Made = ((u64, u64), String, Spool, Spool);

async fn made(inner: &Arc<Inner>, to: &NodeName, logs: Wanted) -> Result<Made, String> {
    let (its, asked) = (Arc::clone(inner), ExportAsked { to: to.clone(), logs });
    let made = tokio::task::spawn_blocking(move || {
        let (mut package, answer) = (its.spool()?, its.spool()?);
        let (exported, seal) = export(&its, &asked, &mut package)?;
        let sent = exported.first().map_or((0, 0), |(_, after, size)| (*after, *size));
        Ok::<_, ParcelError>((sent, seal, package, answer))
    });
    made.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "tdap.gov.pk/log/2026/gacc.gov.cn";

    fn answered(why: Option<ExchangeError>) -> Imported {
        Imported {
            from: "node.gacc.gov.cn".parse().unwrap(),
            made_at: 0,
            trust_version: 1,
            logs: Vec::new(),
            cosigned: vec![(LOG.to_owned(), 9, why.map(ParcelError::from))],
        }
    }

    #[test]
    fn of_a_log_that_was_given_up_nothing_is_sent_to_who_holds_more() {
        let complete = |here: u64, why| beyond(&answered(why), |_| Some(here));
        assert_eq!(complete(7, None), [LOG.parse::<Origin>().unwrap()]);
        assert!(complete(9, None).is_empty());
        assert!(complete(7, Some(ExchangeError::Ahead { held: 9, published: 7 })).is_empty());
    }

    #[test]
    fn a_head_that_goes_further_than_what_is_here_is_trouble_whichever_log_was_posted() {
        for posted in [None, Some(LOG)] {
            let said = wrong(&answered(Some(ExchangeError::Ahead { held: 9, published: 7 })), posted);
            assert!(said.len() == 1 && said[0].starts_with(LOG) && said[0].contains("old copy"), "{said:?}");
            for why in [ExchangeError::NotForYou, ExchangeError::Equivocated(9)] {
                let refused = wrong(&answered(Some(why)), posted);
                assert_eq!(refused.len(), usize::from(posted.is_some()), "{refused:?}");
            }
            assert!(wrong(&answered(None), posted).is_empty());
        }
    }
}
