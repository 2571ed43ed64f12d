//! The post: one task for each webhook, which sends one letter after the other, each until it is taken.

use super::super::{ChangePage, Cursor, WorkflowError};
use super::letter::{CHANGES_AT_ONCE, Letter};
use super::record::{Failing, Paused, Webhook, WebhookId};
use super::{Target, Webhooks};
use crate::reason::Reasoned as _;
use crate::time::unix_ms;
use bytes::Bytes;
use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    pin::Pin,
    sync::Arc,
    time::Duration,
};
use tokio::{sync::watch, task::JoinSet};

/// The longest an attempt may take, from the name to the end of the answer.
const ATTEMPT: Duration = Duration::from_secs(20);
/// The pause after the first failure; it doubles with each, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_hours(1);
/// A webhook that takes nothing for so long is paused.
const PATIENCE_MS: u64 = 3 * 24 * 60 * 60 * 1000;
/// Between two looks at the feed: what comes meanwhile goes in one letter.
const REST: Duration = Duration::from_millis(100);
/// How far each has come is made durable this often, for all in one commit.
const SAVE: Duration = Duration::from_millis(200);
/// How long what is on its way is waited for when the node stops.
const FAREWELL: Duration = Duration::from_secs(5);
/// What concerned nobody is passed over durably this often, so that the cursor does not grow old.
const PASS_MS: u64 = 60 * 60 * 1000;
/// The status by which a receiver says that it wants nothing any more.
const GONE: u16 = 410;

/// What a receiver answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// When it wants to be tried again.
    pub retry_after: Option<Duration>,
}

/// What became of one attempt: an answer, or why there is none, in words that tell nothing of what stands there.
pub type Carried = Result<Answer, String>;

/// Carries a letter to a target, and no further: no redirect is followed.
pub trait Courier: Send + Sync {
    /// One attempt.
    fn carry<'a>(
        &'a self,
        target: &'a Target,
        headers: [(&'static str, String); 3],
        body: Bytes,
    ) -> Pin<Box<dyn Future<Output = Carried> + Send + 'a>>;
}

/// What there is for a webhook.
enum Due {
    Letter(Box<Letter>),
    /// Nothing up to there.
    Nothing(Cursor),
    /// Its account is closed.
    Closed,
}

/// How a webhook's task ended a step.
enum Step {
    On(Cursor),
    Ended,
}

/// What the post was woken by.
enum Woken {
    Stop,
    Look,
    Save,
}

impl Webhooks {
    /// Delivers until the node stops; then everything that was taken is durable.
    pub async fn deliver(self, mut stopping: watch::Receiver<bool>) {
        let mut changed = self.0.changed.subscribe();
        let mut tasks: JoinSet<()> = JoinSet::new();
        let mut running: BTreeMap<WebhookId, tokio::task::AbortHandle> = BTreeMap::new();
        let mut save = tokio::time::interval(SAVE);
        loop {
            changed.mark_unchanged();
            let active = self.active();
            running.retain(|id, task| {
                let on = active.contains(id) && !task.is_finished();
                if !on {
                    task.abort();
                }
                on
            });
            for id in active {
                running.entry(id.clone()).or_insert_with(|| {
                    let (own, stopping) = (self.clone(), stopping.clone());
                    tasks.spawn(async move { own.serve(&id, stopping).await })
                });
            }
            let woken = loop {
                let woken = tokio::select! {
                    biased;
                    _ = stopping.wait_for(|stopping| *stopping) => Woken::Stop,
                    seen = changed.changed() => if seen.is_ok() { Woken::Look } else { Woken::Stop },
                    _ = save.tick() => Woken::Save,
                    // One that ended may have been resumed meanwhile.
                    Some(_) = tasks.join_next() => Woken::Look,
                };
                match woken {
                    Woken::Save => self.save_now().await,
                    woken => break woken,
                }
            };
            if matches!(woken, Woken::Stop) {
                break;
            }
        }
        // What is on its way may still be taken; then it does not come again.
        let _ = tokio::time::timeout(FAREWELL, async { while tasks.join_next().await.is_some() {} }).await;
        tasks.shutdown().await;
        self.save_now().await;
    }

    fn active(&self) -> BTreeSet<WebhookId> {
        let known = self.0.known();
        known.webhooks.values().filter(|one| one.paused.is_none()).map(|one| one.id.clone()).collect()
    }

    async fn save_now(&self) {
        if self.0.known().moved.is_empty() {
            return;
        }
        let own = self.clone();
        let saved = tokio::task::spawn_blocking(move || own.save()).await;
        if let Ok(Err(error)) = saved {
            tracing::warn!(%error, reason = error.reason(), "how far webhooks came is not durable yet");
        }
    }

    /// Serves one webhook until it is paused, or the node stops.
    async fn serve(&self, id: &WebhookId, mut stopping: watch::Receiver<bool>) {
        let Some(webhook) = self.get(id) else { return };
        let Ok(mut cursor) = Cursor::read(&webhook.cursor, &self.0.setup.issuer) else {
            return self.pause(id, "its cursor does not read");
        };
        let mut more = self.0.setup.changes.more();
        while !*stopping.borrow() {
            more.mark_unchanged();
            let step = match self.due(id, cursor).await {
                Ok(Due::Letter(letter)) => self.until_taken(id, &letter, &mut stopping).await,
                Ok(Due::Nothing(next)) => {
                    self.pass(id, next);
                    tokio::select! {
                        biased;
                        _ = stopping.wait_for(|stopping| *stopping) => return,
                        seen = more.changed() => if seen.is_err() { return },
                    }
                    tokio::time::sleep(REST).await;
                    Step::On(next)
                }
                Ok(Due::Closed) => {
                    self.pause(id, "its account is closed");
                    Step::Ended
                }
                Err(error) if matches!(error, WorkflowError::CursorExpired | WorkflowError::CursorUnknown) => {
                    self.pause(id, &error.to_string());
                    Step::Ended
                }
                Err(error) => {
                    // The store is being opened again, or the disk fails: it says so itself.
                    tracing::debug!(%error, webhook = %id, "changes cannot be read for now");
                    tokio::time::sleep(FIRST_PAUSE).await;
                    Step::On(cursor)
                }
            };
            match step {
                Step::On(next) => cursor = next,
                Step::Ended => return,
            }
        }
    }

    /// What is due behind a cursor.
    async fn due(&self, id: &WebhookId, after: Cursor) -> Result<Due, WorkflowError> {
        let (own, id) = (self.clone(), id.clone());
        let read = tokio::task::spawn_blocking(move || own.read_due(&id, after)).await;
        read.map_err(|error| WorkflowError::Record(error.to_string()))?
    }

    fn read_due(&self, id: &WebhookId, mut after: Cursor) -> Result<Due, WorkflowError> {
        let setup = &self.0.setup;
        let Some(webhook) = self.get(id) else { return Ok(Due::Closed) };
        let Some(caller) = self.0.caller(&webhook) else { return Ok(Due::Closed) };
        loop {
            let ChangePage { mut changes, mut next, end } = setup.changes.page(&caller, webhook.wish(), &after)?;
            if changes.len() > CHANGES_AT_ONCE {
                changes.truncate(CHANGES_AT_ONCE);
                next = changes.last().map_or(next, |change| change.cursor);
            }
            if !changes.is_empty() {
                return Ok(Due::Letter(Box::new(Letter::of(&setup.issuer, id, &setup.changes, changes, next))));
            }
            if end {
                return Ok(Due::Nothing(next));
            }
            after = next;
        }
    }

    /// Sends a letter until it is taken. One that may not be told any more is made anew.
    async fn until_taken(&self, id: &WebhookId, letter: &Letter, stopping: &mut watch::Receiver<bool>) -> Step {
        let mut pause = FIRST_PAUSE;
        loop {
            let Some(webhook) = self.get(id).filter(|one| one.paused.is_none()) else { return Step::Ended };
            let Some(caller) = self.0.caller(&webhook) else {
                self.pause(id, "its account is closed");
                return Step::Ended;
            };
            if !letter.changes.iter().all(|change| change.is_for(&caller, webhook.own_alone)) {
                // From its cursor, by what the account may hear now.
                let again = Cursor::read(&webhook.cursor, &self.0.setup.issuer);
                return again.map_or(Step::Ended, Step::On);
            }
            let (why, wanted) = match self.send(&webhook, letter).await {
                Ok(Answer { status: 200..=299, .. }) => {
                    self.taken(id, letter.next);
                    return Step::On(letter.next);
                }
                Ok(Answer { status: GONE, .. }) => {
                    self.pause(id, "the receiver says that it is gone (410)");
                    return Step::Ended;
                }
                Ok(Answer { status, retry_after }) => (format!("the receiver answered {status}"), retry_after),
                Err(why) => (why, None),
            };
            if self.failed(id, &why) {
                return Step::Ended;
            }
            let wait = wanted.map_or(pause, |wanted| wanted.clamp(pause, LONGEST_PAUSE));
            tokio::select! {
                biased;
                _ = stopping.wait_for(|stopping| *stopping) => return Step::Ended,
                () = tokio::time::sleep(self.jittered(wait)) => {}
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// One attempt.
    pub(super) async fn send(&self, webhook: &Webhook, letter: &Letter) -> Carried {
        let setup = &self.0.setup;
        let Ok(_room) = self.0.room.acquire().await else { return Err("the node is stopping".to_owned()) };
        let at = setup.clock.now().as_second();
        let signature = setup.key.sign(&setup.issuer, &webhook.id, letter, at);
        let headers = [
            ("webhook-id", letter.id.clone()),
            ("webhook-timestamp", at.to_string()),
            ("webhook-signature", signature),
        ];
        let carried = setup.courier.carry(&webhook.target, headers, letter.body.clone());
        tokio::time::timeout(ATTEMPT, carried)
            .await
            .unwrap_or_else(|_| Err(format!("there was no answer within {} seconds", ATTEMPT.as_secs())))
    }

    /// Between half of a pause and all of it, so that what failed together is not tried again together.
    fn jittered(&self, pause: Duration) -> Duration {
        let mut byte = [u8::MAX];
        // Without randomness it is the whole pause.
        let _ = self.0.setup.random.fill(&mut byte);
        let [byte] = byte;
        pause / 2 + pause / 2 * u32::from(byte) / u32::from(u8::MAX)
    }

    /// Changes what is known of a webhook; it is made durable with the next save.
    fn moved(&self, id: &WebhookId, change: impl FnOnce(Webhook) -> Webhook) -> Option<Arc<Webhook>> {
        let mut known = self.0.known();
        let webhook = Arc::new(change(Webhook::clone(known.webhooks.get(id)?)));
        known.webhooks.insert(id.clone(), Arc::clone(&webhook));
        known.moved.insert(id.clone());
        Some(webhook)
    }

    fn now_ms(&self) -> u64 {
        unix_ms(self.0.setup.clock.now())
    }

    fn taken(&self, id: &WebhookId, next: Cursor) {
        let taken_ms = Some(self.now_ms());
        self.moved(id, |one| Webhook { cursor: next.to_string(), taken_ms, failing: None, ..one });
    }

    /// Nothing up to there concerned it.
    fn pass(&self, id: &WebhookId, next: Cursor) {
        let known = self.get(id).and_then(|one| Cursor::read(&one.cursor, &self.0.setup.issuer).ok());
        if known.is_some_and(|known| next.at_ms.saturating_sub(known.at_ms) > PASS_MS) {
            self.moved(id, |one| Webhook { cursor: next.to_string(), ..one });
        }
    }

    /// Notes a failure; says whether it was one too many.
    fn failed(&self, id: &WebhookId, why: &str) -> bool {
        let now = self.now_ms();
        let webhook = self.moved(id, |one| {
            let before = one.failing.as_ref();
            let since_ms = before.map_or(now, |failing| failing.since_ms);
            let attempts = before.map_or(0, |failing| failing.attempts).saturating_add(1);
            Webhook { failing: Some(Failing { since_ms, attempts, why: why.to_owned() }), ..one }
        });
        let Some(failing) = webhook.and_then(|one| one.failing.clone()) else { return true };
        if failing.attempts == 1 {
            tracing::info!(webhook = %id, why, "a webhook takes nothing; it is tried again");
        }
        let over = now.saturating_sub(failing.since_ms) > PATIENCE_MS;
        if over {
            self.pause(id, &format!("it took nothing for three days; at last: {why}"));
        }
        over
    }

    /// Nothing is delivered until it is resumed. Its account sees that in the list, the operator in the events.
    fn pause(&self, id: &WebhookId, why: &str) {
        let since_ms = self.now_ms();
        let paused = self.moved(id, |one| Webhook { paused: Some(Paused { since_ms, why: why.to_owned() }), ..one });
        if let Some(webhook) = paused {
            tracing::warn!(webhook = %id, account = %webhook.account, why, "a webhook is paused until it is resumed");
        }
    }
}
