//! The two threads of a sequencer and the queue before them.

mod operating;
mod stopping;

use super::{
    Outcome, Reserved, SequencerError, Setup, Work,
    commit::{commit, publish_tail},
    flight::{Answer, Boarding, Flight, Waiter},
    gate::Gate,
    plan::{Ground, Plan, Planned},
    press::{Fault, Pressed, press},
    work::Done,
};
use crate::log::Shard;
use crate::reason::Reasoned as _;
use crate::signature::PublicKey;
use crate::statement::{Issuer, Kid};
use crate::store::Store;
use crate::time::{Timestamp, ZoneName, passed, unix_ms};
use crate::trust::TrustList;
use arc_swap::ArcSwap;
use std::{
    cell::Cell,
    collections::HashSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};
use tokio::sync::{Semaphore, oneshot};

/// How soon a caller that found the queue full should ask again: a full queue is worked off in about this time.
const RETRY_AFTER: Duration = Duration::from_millis(400);
/// Looks at the clock at least this often, so that a snapshot is made in time though a machine's clock was set.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// After a start, and after a new trust list, work for a log about which partners are still being asked waits this long
/// before it is refused: they usually answer within a second.
const PATIENCE: Duration = Duration::from_secs(10);

/// Seconds between two sweeps of answers that are older than seven days.
const SWEEP_EVERY: i64 = 3_600;

/// The handle to a running sequencer. Cheap to clone; the threads end when [`Sequencer::close`] is called or
/// the last handle is gone.
#[derive(Clone)]
pub struct Sequencer(Arc<Handle>);

struct Handle {
    queue: Mutex<Option<Sender<Arrival>>>,
    places: Arc<Semaphore>,
    /// How many places there are.
    room: u32,
    /// Whose, and the keys that sign for it.
    issuer: Issuer,
    kids: [Kid; 2],
    /// Those that sign the heads of its logs, and where a year of logs begins.
    keys: Vec<(Shard, PublicKey)>,
    zone: ZoneName,
    trust: Arc<ArcSwap<TrustList>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    gate: Arc<Gate>,
    store: Arc<dyn Store>,
}

type Arrival = Vec<(Work, Waiter)>;

impl Sequencer {
    /// Publishes what was durable but not yet under a checkpoint, as far as the gate lets it, and starts. It blocks
    /// while it reads.
    pub fn start(setup: Setup) -> Result<Self, SequencerError> {
        let gate = Arc::new(Gate::at_start(setup.store.as_ref(), &setup.trust.load_full())?);
        publish_tail(&setup, &gate)?;
        let (store, room, trust) = (Arc::clone(&setup.store), setup.limits.queue, Arc::clone(&setup.trust));
        let kids = [setup.signers.statement.kid().clone(), setup.signers.status.kid().clone()];
        let keys = log_keys(&setup);
        let (issuer, zone) = (setup.issuer.clone(), setup.zone.clone());
        let places = Arc::new(Semaphore::new(usize::try_from(setup.limits.queue).unwrap_or(usize::MAX)));
        let (queue, arrivals) = mpsc::channel();
        // One batch may wait for the one being committed; a third is not begun.
        let (pressed, ready) = mpsc::sync_channel(1);
        let line = Arc::new(Line {
            setup,
            gate: Arc::clone(&gate),
            flight: Flight::default(),
            broken: AtomicBool::new(false),
            landed: AtomicU64::new(0),
        });
        let assigner = Arc::clone(&line);
        let spawn = |name: &str, body: Box<dyn FnOnce() + Send>| {
            thread::Builder::new()
                .name(format!("{name} {}", line.setup.issuer.host()))
                .spawn(body)
                .map_err(|e| SequencerError::Unavailable(format!("no thread: {e}")))
        };
        let committer = Arc::clone(&line);
        let threads = vec![
            spawn("assign", Box::new(move || assigner.assign(&arrivals, &pressed)))?,
            spawn(
                "commit",
                Box::new(move || {
                    let _farewell = Farewell(&committer);
                    committer.commit(&ready);
                }),
            )?,
        ];
        let (queue, threads) = (Mutex::new(Some(queue)), Mutex::new(threads));
        let held = Arc::clone(&gate);
        let handle =
            Arc::new(Handle { queue, places, room, issuer, kids, keys, zone, trust, threads, gate: held, store });
        let weak = Arc::downgrade(&handle);
        gate.wakes(move || {
            if let Some(handle) = weak.upgrade() {
                handle.wake();
            }
        });
        Ok(Self(handle))
    }

    /// Which logs may be signed for.
    #[must_use]
    pub fn gate(&self) -> &Arc<Gate> {
        &self.0.gate
    }

    pub(super) fn store(&self) -> &Arc<dyn Store> {
        &self.0.store
    }

    /// Does one piece of work, or refuses at once when the queue is full. Dropping the future changes nothing:
    /// the work goes on, and the same request finds its answer.
    pub async fn submit(&self, work: Work) -> Result<Outcome, SequencerError> {
        said(self.done(work).await)
    }

    /// Gives a certificate number in advance; the same as [`Self::submit`] for a [`super::Reservation`].
    pub async fn reserve(&self, work: Work) -> Result<Reserved, SequencerError> {
        match self.done(work).await? {
            Done::Reserved(reserved) => Ok(reserved),
            Done::Said(_) => Err(SequencerError::Unavailable("no number was asked for".into())),
        }
    }

    async fn done(&self, work: Work) -> Answer {
        let place = Arc::clone(&self.0.places)
            .try_acquire_owned()
            .map_err(|_| SequencerError::Overloaded { retry_after: RETRY_AFTER })?;
        let (answer, heard) = oneshot::channel();
        self.send(vec![(work, Waiter { answer, _place: place })])?;
        heard.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// Does many pieces of work; waits for places in the queue, so a stream is slowed and not refused. The
    /// answers come in the order of the works, each when it is ready.
    pub async fn submit_many(&self, works: Vec<Work>) -> Result<Vec<PendingOutcome>, SequencerError> {
        let mut pending = Vec::with_capacity(works.len());
        let mut arrival = Vec::with_capacity(works.len());
        for work in works {
            let place = match Arc::clone(&self.0.places).try_acquire_owned() {
                Ok(place) => place,
                Err(_) => {
                    // What has a place goes first: it must not wait for places that only it can free.
                    self.send(std::mem::take(&mut arrival))?;
                    Arc::clone(&self.0.places).acquire_owned().await.map_err(|_| stopped())?
                }
            };
            let (answer, heard) = oneshot::channel();
            arrival.push((work, Waiter { answer, _place: place }));
            pending.push(PendingOutcome(heard));
        }
        self.send(arrival)?;
        Ok(pending)
    }

    /// Takes no more work, does what is in the queue, and waits for it. It blocks.
    pub fn close(&self) {
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        let threads = std::mem::take(&mut *self.0.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // A thread that panicked has said farewell: nobody waits for it.
            let _ = thread.join();
        }
    }

    fn send(&self, arrival: Arrival) -> Result<(), SequencerError> {
        if arrival.is_empty() {
            return Ok(());
        }
        let queue = self.0.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.as_ref().ok_or_else(stopped)?.send(arrival).map_err(|_| stopped())
    }
}

impl Handle {
    /// Has the assigning thread look at the gate.
    fn wake(&self) {
        if let Some(queue) = self.queue.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            // Nobody assigns any more: then it stops.
            let _ = queue.send(Vec::new());
        }
    }
}

/// The keys that sign heads, by shard.
fn log_keys(setup: &Setup) -> Vec<(Shard, PublicKey)> {
    setup.signers.logs.iter().map(|key| (*key.shard(), key.public_key())).collect()
}

/// An answer that is on its way.
pub struct PendingOutcome(oneshot::Receiver<Answer>);

impl PendingOutcome {
    /// Waits for it.
    pub async fn outcome(self) -> Result<Outcome, SequencerError> {
        said(self.0.await.unwrap_or_else(|_| Err(stopped())))
    }
}

/// The outcome of what was to be said.
fn said(answer: Answer) -> Result<Outcome, SequencerError> {
    match answer? {
        Done::Said(outcome) => Ok(outcome),
        Done::Reserved(_) => Err(SequencerError::Unavailable("a number was asked for, and no statement".into())),
    }
}

fn stopped() -> SequencerError {
    SequencerError::Unavailable("it is stopping".into())
}

/// What both threads share.
struct Line {
    setup: Setup,
    gate: Arc<Gate>,
    flight: Flight,
    /// Something failed after assignment: what is assigned is void, and the plan has to be made again.
    broken: AtomicBool,
    /// The number of the last batch that is durable and published: what it moved does not move any more.
    landed: AtomicU64,
}

/// When the committing thread ends, however it ends, nobody is left waiting for it.
struct Farewell<'a>(&'a Line);

impl Drop for Farewell<'_> {
    fn drop(&mut self) {
        self.0.broken.store(true, Ordering::Release);
        self.0.flight.abandon(&stopped());
    }
}

/// What goes from the assigning to the committing thread.
enum Ready {
    Batch(Box<(Planned, Pressed)>),
    /// Answered when everything before it is through.
    Drained(Sender<()>),
}

impl Line {
    fn assign(&self, arrivals: &Receiver<Arrival>, ready: &SyncSender<Ready>) {
        let keys = log_keys(&self.setup);
        let told = Cell::new(false);
        let ground = Ground {
            issuer: &self.setup.issuer,
            zone: &self.setup.zone,
            kid: self.setup.signers.statement.kid(),
            status_kid: self.setup.signers.status.kid(),
            keys: &keys,
            trust: &self.setup.trust,
            store: self.setup.store.as_ref(),
            clock: self.setup.clock.as_ref(),
            random: self.setup.random.as_ref(),
            gate: &self.gate,
            landed: &self.landed,
            told: &told,
        };
        let mut plan: Option<Plan> = None;
        let mut held: Vec<Work> = Vec::new();
        let year = || self.setup.zone.date_at(self.setup.clock.now()).year();
        let (mut since, mut version, mut opened) = (Instant::now(), self.setup.trust.load().version(), year());
        loop {
            let until = plan.as_ref().and_then(|plan| plan.next_snapshot(&ground));
            let left = PATIENCE.saturating_sub(since.elapsed());
            let longest = if held.is_empty() { LONGEST_WAIT } else { left };
            let Some(arrived) = self.gather(arrivals, until, longest) else { return };
            let listed = self.setup.trust.load().version();
            if listed != version {
                (since, version) = (Instant::now(), listed);
            }
            // Another year is a barrier, as another list is: what is under way is through before a plan is made by it.
            let now = year();
            if now != opened {
                opened = now;
                plan = None;
            }
            let mut works = std::mem::take(&mut held);
            works.extend(self.board(arrived));
            let patient = since.elapsed() < PATIENCE;
            (plan, held) = self.run(&ground, plan.take(), works, patient, ready);
        }
    }

    /// Waits for work, or for the next snapshot; then takes whatever else has arrived. `None` ends the thread.
    fn gather(&self, arrivals: &Receiver<Arrival>, until: Option<Timestamp>, longest: Duration) -> Option<Arrival> {
        let wait = until.map_or(longest, |until| {
            let left = until.as_millisecond().saturating_sub(self.setup.clock.now().as_millisecond());
            Duration::from_millis(u64::try_from(left).unwrap_or(0)).min(longest)
        });
        let mut arrived = match arrivals.recv_timeout(wait) {
            Ok(first) => first,
            Err(RecvTimeoutError::Timeout) => return Some(Vec::new()),
            Err(RecvTimeoutError::Disconnected) => return None,
        };
        while arrived.len() < self.setup.limits.batch {
            match arrivals.try_recv() {
                Ok(more) => arrived.extend(more),
                Err(_) => break,
            }
        }
        Some(arrived)
    }

    /// Lets each request begin, or join the same one that has begun.
    fn board(&self, arrived: Arrival) -> Vec<Work> {
        arrived
            .into_iter()
            .filter_map(|(work, waiter)| match self.flight.board(&work.request, work.digest, waiter) {
                Boarding::New => Some(work),
                Boarding::Settled => None,
            })
            .collect()
    }

    /// The plan to go on with: the last one, or after a failure a new one, when all that was under way is
    /// through and the store is sound again.
    fn plan(&self, ground: &Ground<'_>, plan: Option<Plan>, ready: &SyncSender<Ready>) -> Result<Plan, SequencerError> {
        // The store may also have been stopped by somebody else's write, an account's.
        if let Some(plan) = plan
            && !self.broken.load(Ordering::Acquire)
            && self.setup.store.poisoned().is_none()
            && plan.turn() == self.gate.turn()
            && plan.trust_version() == self.setup.trust.load().version()
        {
            return Ok(plan);
        }
        let (done, drained) = mpsc::channel();
        ready.send(Ready::Drained(done)).map_err(|_| stopped())?;
        drained.recv().map_err(|_| stopped())?;
        if self.setup.store.poisoned().is_some() {
            self.setup.store.reload()?;
        }
        // A gate that turns from here on has the plan made again.
        let turn = self.gate.turn();
        let whole = publish_tail(&self.setup, &self.gate)?;
        let plan = Plan::load(ground, turn, whole)?;
        self.broken.store(false, Ordering::Release);
        Ok(plan)
    }

    /// Assigns, presses and hands over one batch; gives the plan back if it still holds, and with patience the work
    /// for logs about which partners are still being asked. A row at fault is refused, and the rest are assigned again
    /// without it.
    fn run(
        &self,
        ground: &Ground<'_>,
        mut last: Option<Plan>,
        mut works: Vec<Work>,
        patient: bool,
        ready: &SyncSender<Ready>,
    ) -> (Option<Plan>, Vec<Work>) {
        loop {
            let attempt = self.plan(ground, last.take(), ready).map_err(Fault::from).and_then(|mut plan| {
                let mut planned = plan.assign(ground, &works)?;
                let answers = std::mem::take(&mut planned.answers);
                let pressed = press(&self.setup, &planned)?;
                Ok((plan, planned, pressed, answers))
            });
            match attempt {
                Ok((plan, planned, pressed, answers)) => {
                    let unknown = |answer: &Answer| {
                        use SequencerError::{HistoryUnknown, NotAllHeard};
                        matches!(answer, Err(HistoryUnknown { .. } | NotAllHeard { .. }))
                    };
                    let (waiting, answers): (Vec<_>, Vec<_>) =
                        answers.into_iter().partition(|(_, answer)| patient && unknown(answer));
                    let waiting = waiting.into_iter().map(|(request, _)| request).collect::<HashSet<_>>();
                    let (held, done): (Vec<_>, Vec<_>) =
                        works.into_iter().partition(|work| waiting.contains(&work.request));
                    self.flight.land(answers);
                    if planned.is_empty() {
                        return (Some(plan), held);
                    }
                    match ready.send(Ready::Batch(Box::new((planned, pressed)))) {
                        Ok(()) => return (Some(plan), held),
                        Err(_) => {
                            let all = done.into_iter().chain(held).map(|work| work.request);
                            self.refuse(all.collect(), &stopped());
                        }
                    }
                    return (None, Vec::new());
                }
                Err(Fault { request: Some(request), error }) => {
                    works.retain(|work| work.request != request);
                    self.refuse(vec![request], &error);
                }
                Err(Fault { request: None, error }) => {
                    self.refuse(works.into_iter().map(|work| work.request).collect(), &error);
                    return (None, Vec::new());
                }
            }
        }
    }

    fn commit(&self, ready: &Receiver<Ready>) {
        let mut swept = Timestamp::MIN;
        // Why nothing is committed, until something is: batches behind a failed one fail for the same reason, and
        // whoever waits for room on the disk asks again and again.
        let mut stopped: Option<SequencerError> = None;
        while let Ok(next) = ready.recv() {
            match next {
                Ready::Drained(done) => {
                    // The other end waits; if it is gone, so is the need.
                    let _ = done.send(());
                }
                Ready::Batch(batch) => {
                    let (planned, pressed) = *batch;
                    let result = if self.broken.load(Ordering::Acquire) {
                        Err(stopped
                            .clone()
                            .unwrap_or_else(|| SequencerError::Unavailable("the batch before it failed".into())))
                    } else {
                        commit(&self.setup, &self.gate, pressed)
                    };
                    match result {
                        Ok(()) => {
                            if stopped.take().is_some() {
                                tracing::info!(authority = %self.setup.issuer, "the writer goes on");
                            }
                            // Before anybody is answered: who is may ask for the next change of the same record.
                            self.landed.store(planned.number, Ordering::Release);
                            self.flight.land(planned.outcomes.into_iter().map(|owed| (owed.request, Ok(owed.done))));
                        }
                        Err(error) => {
                            self.broken.store(true, Ordering::Release);
                            if stopped.as_ref().is_none_or(|before| before.reason() != error.reason()) {
                                tracing::error!(
                                    authority = %self.setup.issuer,
                                    reason = error.reason(),
                                    %error,
                                    "the writer stopped; it tries again with each batch"
                                );
                            }
                            self.refuse(planned.outcomes.into_iter().map(|owed| owed.request).collect(), &error);
                            stopped = Some(error);
                        }
                    }
                }
            }
            // Behind the answers: nobody waits for it.
            self.sweep(&mut swept);
        }
    }

    /// Drops answers nobody may ask for any more, once an hour: hourly snapshots bring a batch however quiet it is.
    fn sweep(&self, swept: &mut Timestamp) {
        let now = self.setup.clock.now();
        if passed(*swept, now) < SWEEP_EVERY {
            return;
        }
        *swept = now;
        let now_ms = unix_ms(now);
        if let Err(error) = self.setup.store.expire(now_ms) {
            // The store says so again at the next commit, and is reloaded then.
            tracing::warn!(authority = %self.setup.issuer, %error, "old answers were not dropped");
        }
    }

    /// Tells everybody who waits for these requests the same; those answered already are not concerned.
    fn refuse(&self, requests: Vec<super::RequestKey>, error: &SequencerError) {
        self.flight.land(requests.into_iter().map(|key| (key, Err(error.clone()))));
    }
}
