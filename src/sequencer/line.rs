//! The two threads of a sequencer and the queue before them.

use super::{
    Outcome, SequencerError, Setup, Work,
    commit::{commit, publish_tail},
    flight::{Answer, Boarding, Flight, Waiter},
    plan::{Ground, Plan, Planned},
    press::{Fault, Pressed, press},
};
use crate::time::Timestamp;
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender},
    },
    thread::{self, JoinHandle},
    time::Duration,
};
use tokio::sync::{Semaphore, oneshot};

/// How soon a caller that found the queue full should ask again: a full queue is worked off in about this time.
const RETRY_AFTER: Duration = Duration::from_millis(400);
/// Looks at the clock at least this often, so that a snapshot is made in time though a machine's clock was set.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// Seconds between two sweeps of answers that are older than seven days.
const SWEEP_EVERY: i64 = 3_600;

/// The handle to a running sequencer. Cheap to clone; the threads end when [`Sequencer::close`] is called or
/// the last handle is gone.
#[derive(Clone)]
pub struct Sequencer(Arc<Handle>);

struct Handle {
    queue: Mutex<Option<Sender<Arrival>>>,
    places: Arc<Semaphore>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

type Arrival = Vec<(Work, Waiter)>;

impl Sequencer {
    /// Publishes what was durable but not yet under a checkpoint, and starts. It blocks while it reads.
    pub fn start(setup: Setup) -> Result<Self, SequencerError> {
        publish_tail(&setup)?;
        let places = Arc::new(Semaphore::new(usize::try_from(setup.limits.queue).unwrap_or(usize::MAX)));
        let (queue, arrivals) = mpsc::channel();
        // One batch may wait for the one being committed; a third is not begun.
        let (pressed, ready) = mpsc::sync_channel(1);
        let line = Arc::new(Line { setup, flight: Flight::default(), broken: AtomicBool::new(false) });
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
        Ok(Self(Arc::new(Handle { queue: Mutex::new(Some(queue)), places, threads: Mutex::new(threads) })))
    }

    /// Does one piece of work, or refuses at once when the queue is full. Dropping the future changes nothing:
    /// the work goes on, and the same request finds its answer.
    pub async fn submit(&self, work: Work) -> Result<Outcome, SequencerError> {
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

/// An answer that is on its way.
pub struct PendingOutcome(oneshot::Receiver<Answer>);

impl PendingOutcome {
    /// Waits for it.
    pub async fn outcome(self) -> Result<Outcome, SequencerError> {
        self.0.await.unwrap_or_else(|_| Err(stopped()))
    }
}

fn stopped() -> SequencerError {
    SequencerError::Unavailable("it is stopping".into())
}

/// What both threads share.
struct Line {
    setup: Setup,
    flight: Flight,
    /// Something failed after assignment: what is assigned is void, and the plan has to be made again.
    broken: AtomicBool,
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
        let shards = self.setup.signers.logs.iter().map(|key| *key.shard()).collect::<Vec<_>>();
        let ground = Ground {
            issuer: &self.setup.issuer,
            zone: &self.setup.zone,
            kid: self.setup.signers.statement.kid(),
            shards: &shards,
            trust: &self.setup.trust,
            store: self.setup.store.as_ref(),
            clock: self.setup.clock.as_ref(),
            random: self.setup.random.as_ref(),
        };
        let mut plan: Option<Plan> = None;
        loop {
            let until = plan.as_ref().and_then(|plan| plan.next_snapshot(&ground));
            let Some(arrived) = self.gather(arrivals, until) else { return };
            let works = self.board(arrived);
            plan = self.run(&ground, plan.take(), works, ready);
        }
    }

    /// Waits for work, or for the next snapshot; then takes whatever else has arrived. `None` ends the thread.
    fn gather(&self, arrivals: &Receiver<Arrival>, until: Option<Timestamp>) -> Option<Arrival> {
        let wait = until.map_or(LONGEST_WAIT, |until| {
            let left = until.as_millisecond().saturating_sub(self.setup.clock.now().as_millisecond());
            Duration::from_millis(u64::try_from(left).unwrap_or(0)).min(LONGEST_WAIT)
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
        {
            return Ok(plan);
        }
        let (done, drained) = mpsc::channel();
        ready.send(Ready::Drained(done)).map_err(|_| stopped())?;
        drained.recv().map_err(|_| stopped())?;
        if self.setup.store.poisoned().is_some() {
            self.setup.store.reload()?;
        }
        publish_tail(&self.setup)?;
        let plan = Plan::load(ground)?;
        self.broken.store(false, Ordering::Release);
        Ok(plan)
    }

    /// Assigns, presses and hands over one batch; gives the plan back if it still holds. A row at fault is
    /// refused, and the rest are assigned again without it.
    fn run(
        &self,
        ground: &Ground<'_>,
        mut last: Option<Plan>,
        mut works: Vec<Work>,
        ready: &SyncSender<Ready>,
    ) -> Option<Plan> {
        loop {
            let attempt = self.plan(ground, last.take(), ready).map_err(Fault::from).and_then(|mut plan| {
                let mut planned = plan.assign(ground, &works)?;
                let answers = std::mem::take(&mut planned.answers);
                let pressed = press(&self.setup, &planned)?;
                Ok((plan, planned, pressed, answers))
            });
            match attempt {
                Ok((plan, planned, pressed, answers)) => {
                    self.flight.land(answers);
                    if planned.rows.is_empty() {
                        return Some(plan);
                    }
                    match ready.send(Ready::Batch(Box::new((planned, pressed)))) {
                        Ok(()) => return Some(plan),
                        Err(_) => self.refuse(works.into_iter().map(|work| work.request).collect(), &stopped()),
                    }
                    return None;
                }
                Err(Fault { request: Some(request), error }) => {
                    works.retain(|work| work.request != request);
                    self.refuse(vec![request], &error);
                }
                Err(Fault { request: None, error }) => {
                    self.refuse(works.into_iter().map(|work| work.request).collect(), &error);
                    return None;
                }
            }
        }
    }

    fn commit(&self, ready: &Receiver<Ready>) {
        let mut swept = Timestamp::MIN;
        while let Ok(next) = ready.recv() {
            match next {
                Ready::Drained(done) => {
                    // The other end waits; if it is gone, so is the need.
                    let _ = done.send(());
                }
                Ready::Batch(batch) => {
                    let (planned, pressed) = *batch;
                    let result = if self.broken.load(Ordering::Acquire) {
                        Err(SequencerError::Unavailable("the batch before it failed".into()))
                    } else {
                        commit(&self.setup, pressed)
                    };
                    match result {
                        Ok(()) => self.flight.land(planned.outcomes.into_iter().map(|(k, o)| (k, Ok(o)))),
                        Err(error) => {
                            self.broken.store(true, Ordering::Release);
                            tracing::error!(authority = %self.setup.issuer, %error, "the writer stopped; it reloads before the next batch");
                            self.refuse(planned.outcomes.into_iter().map(|(key, _)| key).collect(), &error);
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
        if now.as_second().saturating_sub(swept.as_second()) < SWEEP_EVERY {
            return;
        }
        *swept = now;
        let now_ms = u64::try_from(now.as_millisecond()).unwrap_or(0);
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
