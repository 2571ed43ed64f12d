//! Webhooks: changes brought to where a business system wants them, signed, in order, again and again until they are
//! taken.
//!
//! What always holds: a webhook hears what its account may hear now, within the scopes it was made with; what is sent
//! is behind its cursor, and the cursor moves only over what was taken, so that nothing is left out; after a crash of the
//! node what was taken in the last moment comes again, under the same identifiers. Secrets are in no journal: each is
//! made from the node's own key and the webhook's id. Nobody who issues waits for any of it. Not its business: names and
//! connections (a [`Courier`] of the node).

mod described;
mod letter;
mod post;
mod record;
mod target;

pub use letter::{Letter, WebhookKey};
pub use post::{Answer, Carried, Courier};
pub use record::{Failing, Paused, Webhook, WebhookId};
pub use target::{NotTarget, Target, is_public};

use super::{Accounts, Changes, Cursor, Kinds, RequestId, Wish, WorkflowError};
use crate::{
    office::{AccountId, Action, Actor, AuditEvent, Caller},
    sequencer::SequencerError,
    statement::Issuer,
    store::{Batch, StateChange, Store, Table},
    time::{Clock, Random, unix_ms},
};
use sha2::{Digest as _, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{Semaphore, watch};
use zeroize::Zeroizing;

/// Webhooks of an account.
const OF_AN_ACCOUNT: usize = 8;
/// Webhooks of an authority.
const OF_ALL: usize = 256;
/// Deliveries at once.
const AT_ONCE: usize = 32;

/// What webhooks work with.
pub struct WebhookSetup {
    /// The authority.
    pub issuer: Issuer,
    /// Its durable state.
    pub store: Arc<dyn Store>,
    /// Its accounts.
    pub accounts: Accounts,
    /// What changed.
    pub changes: Changes,
    /// What the secrets are made from.
    pub key: Arc<WebhookKey>,
    /// Who carries what is sent.
    pub courier: Arc<dyn Courier>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Ids, and pauses that do not fall together.
    pub random: Arc<dyn Random>,
}

/// The webhooks of one authority. Cheap to clone.
#[derive(Clone)]
pub struct Webhooks(Arc<Inner>);

struct Inner {
    setup: WebhookSetup,
    known: Mutex<Known>,
    /// Changes whenever one came, went, or may go on.
    changed: watch::Sender<u64>,
    /// One write after the other.
    writing: Mutex<()>,
    room: Semaphore,
}

#[derive(Default)]
struct Known {
    webhooks: BTreeMap<WebhookId, Arc<Webhook>>,
    /// Those whose progress is not durable yet.
    moved: BTreeSet<WebhookId>,
}

/// What is wished for a webhook.
#[derive(Debug, Clone)]
pub struct WebhookWish {
    /// Where to.
    pub target: Target,
    /// What of.
    pub wish: Wish,
    /// Behind what; none is behind everything there is.
    pub cursor: Option<String>,
}

impl Webhooks {
    /// Reads them from the store.
    pub fn load(setup: WebhookSetup) -> Result<Self, WorkflowError> {
        let mut known = Known::default();
        for (_, record) in setup.store.records(Table::Webhook)? {
            let webhook: Webhook = serde_json::from_slice(&record)
                .map_err(|error| WorkflowError::Record(format!("a webhook: {error}")))?;
            known.webhooks.insert(webhook.id.clone(), Arc::new(webhook));
        }
        let (changed, room) = (watch::Sender::default(), Semaphore::new(AT_ONCE));
        Ok(Self(Arc::new(Inner { setup, known: Mutex::new(known), changed, writing: Mutex::default(), room })))
    }

    /// Makes a webhook of the caller's, and shows its secret: here, and to a repeat of the same request. It blocks.
    pub fn create(
        &self,
        caller: &Caller,
        request_id: &str,
        wanted: WebhookWish,
    ) -> Result<(Arc<Webhook>, Zeroizing<String>), WorkflowError> {
        Accounts::allow(caller, Action::KeepWebhooks)?;
        let setup = &self.0.setup;
        let now = setup.clock.now();
        let request_id = RequestId::read(request_id, now)?.bytes();
        let WebhookWish { target, wish, cursor } = wanted;
        let Wish { kinds: Kinds { applications, certificates, arrivals, enquiries }, own_alone } = wish;
        let kinds = format!("{applications} {certificates} {arrivals} {enquiries} {own_alone}");
        let asked = format!("webhook\0{target}\0{kinds}\0{}", cursor.as_deref().unwrap_or_default());
        let body_digest: [u8; 32] = Sha256::digest(asked.as_bytes()).into();
        let _turn = self.turn();
        if let Some(before) = setup.store.answered(caller.id().as_str(), &request_id)? {
            let id = String::from_utf8(before.answer).unwrap_or_default();
            if before.body_digest != body_digest {
                return Err(SequencerError::RequestReused(uuid::Uuid::from_bytes(request_id).to_string()).into());
            }
            let webhook = self.own(caller, &id.parse()?)?;
            let secret = setup.key.shown(&setup.issuer, &webhook.id);
            return Ok((webhook, secret));
        }
        {
            let known = self.0.known();
            let own = known.webhooks.values().filter(|one| one.account == *caller.id()).count();
            if own >= OF_AN_ACCOUNT || known.webhooks.len() >= OF_ALL {
                return Err(WorkflowError::TooManyWebhooks);
            }
        }
        let cursor = match cursor {
            Some(text) => setup.changes.resume(&text)?,
            None => setup.changes.now()?,
        };
        let webhook = Webhook {
            id: WebhookId::draw(setup.random.as_ref())?,
            account: caller.id().clone(),
            target,
            kinds: wish.kinds,
            own_alone: wish.own_alone,
            scopes: caller.scopes().clone(),
            made_ms: unix_ms(now),
            cursor: cursor.to_string(),
            taken_ms: None,
            failing: None,
            paused: None,
        };
        let answered = StateChange::RequestAnswered {
            account: caller.id().to_string(),
            request_id,
            body_digest,
            answer: webhook.id.as_str().as_bytes().to_vec(),
            entry: None,
        };
        let event = AuditEvent::of(Actor::Caller(caller), Action::KeepWebhooks).on(&webhook.id).with_detail("made");
        self.commit(vec![webhook.put()?, answered], Some(event))?;
        let secret = setup.key.shown(&setup.issuer, &webhook.id);
        let webhook = Arc::new(webhook);
        self.0.known().webhooks.insert(webhook.id.clone(), Arc::clone(&webhook));
        self.tell();
        Ok((webhook, secret))
    }

    /// The caller's own; all of them for who manages accounts.
    pub fn list(&self, caller: &Caller) -> Result<Vec<Arc<Webhook>>, WorkflowError> {
        let all = caller.may(Action::ManageAccounts);
        if !all {
            Accounts::allow(caller, Action::KeepWebhooks)?;
        }
        let known = self.0.known();
        Ok(known.webhooks.values().filter(|one| all || one.account == *caller.id()).cloned().collect())
    }

    /// Takes a webhook away. It blocks.
    pub fn remove(&self, caller: &Caller, id: &WebhookId) -> Result<(), WorkflowError> {
        let _turn = self.turn();
        let webhook = self.own(caller, id)?;
        let event = AuditEvent::of(Actor::Caller(caller), Action::KeepWebhooks).on(id).with_detail("removed");
        self.commit(vec![webhook.remove()], Some(event))?;
        let mut known = self.0.known();
        known.webhooks.remove(id);
        known.moved.remove(id);
        drop(known);
        self.tell();
        Ok(())
    }

    /// Lets one that was paused go on where it was, or behind everything there is. It blocks.
    pub fn resume(&self, caller: &Caller, id: &WebhookId, from_now: bool) -> Result<Arc<Webhook>, WorkflowError> {
        let changes = &self.0.setup.changes;
        let _turn = self.turn();
        let before = self.own(caller, id)?;
        let cursor = if from_now { changes.now()? } else { changes.resume(&before.cursor)? };
        let webhook = Webhook { cursor: cursor.to_string(), failing: None, paused: None, ..Webhook::clone(&before) };
        let event = AuditEvent::of(Actor::Caller(caller), Action::KeepWebhooks).on(id).with_detail("resumed");
        self.commit(vec![webhook.put()?], Some(event))?;
        let webhook = Arc::new(webhook);
        self.0.known().webhooks.insert(id.clone(), Arc::clone(&webhook));
        self.tell();
        Ok(webhook)
    }

    /// Sends a message that tells nothing, now, and says what became of it.
    pub async fn test(&self, caller: &Caller, id: &WebhookId) -> Result<Carried, WorkflowError> {
        let webhook = self.own(caller, id)?;
        let setup = &self.0.setup;
        let cursor = Cursor::read(&webhook.cursor, &setup.issuer)?;
        let letter = Letter::ping(&setup.issuer, id, cursor, setup.clock.now());
        Ok(self.send(&webhook, &letter).await)
    }

    /// One of the caller's, or any for who manages accounts; another's is not there.
    fn own(&self, caller: &Caller, id: &WebhookId) -> Result<Arc<Webhook>, WorkflowError> {
        if !caller.may(Action::ManageAccounts) {
            Accounts::allow(caller, Action::KeepWebhooks)?;
        }
        let found = self.0.known().webhooks.get(id).cloned();
        found
            .filter(|one| one.account == *caller.id() || caller.may(Action::ManageAccounts))
            .ok_or_else(|| WorkflowError::WebhookUnknown(id.to_string()))
    }

    fn get(&self, id: &WebhookId) -> Option<Arc<Webhook>> {
        self.0.known().webhooks.get(id).cloned()
    }

    fn turn(&self) -> MutexGuard<'_, ()> {
        self.0.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self) {
        self.0.changed.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn commit(&self, state: Vec<StateChange>, event: Option<AuditEvent>) -> Result<(), WorkflowError> {
        let at_ms = unix_ms(self.0.setup.clock.now());
        let audit = event.iter().map(AuditEvent::to_row).collect();
        self.0.setup.store.commit(Batch { at_ms, state, audit, ..Batch::default() })?;
        Ok(())
    }

    /// Makes durable how far each has come since the last time. It blocks.
    fn save(&self) -> Result<(), WorkflowError> {
        let _turn = self.turn();
        let (moved, state) = {
            let mut known = self.0.known();
            let moved = std::mem::take(&mut known.moved);
            let state = moved.iter().filter_map(|id| known.webhooks.get(id)).map(|one| one.put());
            let state = state.collect::<Result<Vec<_>, _>>()?;
            (moved, state)
        };
        if state.is_empty() {
            return Ok(());
        }
        self.commit(state, None).inspect_err(|_| self.0.known().moved.extend(moved))
    }
}

impl Inner {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The account behind a webhook as it is now.
    fn caller(&self, webhook: &Webhook) -> Option<Caller> {
        let account: &AccountId = &webhook.account;
        self.setup.accounts.of_webhook(account, webhook.id.as_str(), webhook.scopes.clone())
    }
}
