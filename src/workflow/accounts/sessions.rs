//! Sessions that a password begins.

use super::{Accounts, Inner};
use crate::{
    office::{
        Account, AccountId, AccountRefused, Actor, ApiToken, AuditEvent, Caller, Credential, Denials as _, Login,
        Password, PasswordHash, TokenPrefix,
    },
    store::{Batch, StateChange, Table},
    time::{Timestamp, later},
    workflow::WorkflowError,
};
use serde::{Deserialize, Serialize};
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

/// The longest a session lasts, in seconds: a long day at the desk.
pub const SESSION_LASTS: i64 = 12 * 3_600;
/// A session nobody uses ends after so many seconds.
pub const SESSION_IDLE: i64 = 3_600;
/// By so many seconds a clock may be set back, and nobody is signed out by that.
const SET_RIGHT: i64 = 300;
/// Sessions an account may have at once; a further one ends the oldest.
const MAX_SESSIONS: usize = 16;

/// A session as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Kept {
    account: AccountId,
    prefix: TokenPrefix,
    began: i64,
    ends: i64,
}

/// A session, and when it was used last. That alone is not kept: after a restart a session counts as just used.
#[derive(Debug)]
pub(super) struct Session {
    kept: Kept,
    used: AtomicI64,
}

/// A session that has begun; the token is shown this once.
#[derive(Debug)]
pub struct SignedIn {
    /// Opens what the account may.
    pub token: ApiToken,
    /// When it ends at the latest.
    pub ends: Timestamp,
    /// Whose it is.
    pub account: Arc<Account>,
}

impl Session {
    /// Reads one; `None` where its time is over.
    pub(super) fn read(record: &[u8], now: Timestamp) -> Result<Option<Self>, serde_json::Error> {
        let kept: Kept = serde_json::from_slice(record)?;
        let session = Self { kept, used: AtomicI64::new(now.as_second()) };
        Ok(session.is_alive(now).then_some(session))
    }

    pub(super) const fn account(&self) -> &AccountId {
        &self.kept.account
    }

    pub(super) fn credential(&self) -> Credential {
        Credential::Session(self.kept.prefix.clone())
    }

    /// Whether it is alive; to ask is to use it.
    pub(super) fn use_at(&self, now: Timestamp) -> bool {
        let alive = self.is_alive(now);
        if alive {
            self.used.fetch_max(now.as_second(), Ordering::Relaxed);
        }
        alive
    }

    /// One that ends later than any that begins now was begun by a clock that was ahead: once that is set it is over too.
    fn is_alive(&self, now: Timestamp) -> bool {
        let (left, used) = (self.kept.ends.saturating_sub(now.as_second()), self.used.load(Ordering::Relaxed));
        (1..=SESSION_LASTS + SET_RIGHT).contains(&left) && now.as_second().saturating_sub(used) < SESSION_IDLE
    }
}

impl Accounts {
    /// Begins a session. It works for about 20 ms and waits for the disk; wrong name and wrong password, no
    /// password and a closed account take the same work and get the same answer.
    pub fn sign_in(&self, login: &str, password: &str, network: Option<String>) -> Result<SignedIn, WorkflowError> {
        let inner = &*self.0;
        let refused = |login: Option<&Login>, error: WorkflowError| {
            let known = login.and_then(|login| inner.by_login(login));
            let event = AuditEvent::named(Actor::Nobody, "sign_in").refused(crate::reason::Reasoned::reason(&error));
            // A name that is no account's may be a password typed into the wrong field: it is not written down.
            let event = event.on(known.map(|account| account.id.to_string()).unwrap_or_default());
            inner.trail.denied(event.from_network(network.clone()));
            error
        };
        let name = login.parse::<Login>();
        if let Ok(name) = &name
            && let Err(wait) = inner.guesses.begin(name, &*inner.clock)
        {
            return Err(refused(Some(name), WorkflowError::SignInLocked(wait)));
        }
        let account = name.as_ref().ok().and_then(|name| inner.by_login(name)).filter(|account| !account.disabled);
        let hash = account.as_ref().and_then(|account| account.password.clone());
        let right = hash.unwrap_or_else(PasswordHash::of_nobody).is_of(password);
        let (Some(account), true, Ok(name)) = (account, right, &name) else {
            return Err(refused(name.as_ref().ok(), WorkflowError::SignInRefused));
        };
        let signed_in = self.begin(account, network)?;
        inner.guesses.forget(name);
        Ok(signed_in)
    }

    fn begin(&self, account: Arc<Account>, network: Option<String>) -> Result<SignedIn, WorkflowError> {
        let inner = &*self.0;
        let now = inner.clock.now();
        let token = ApiToken::draw_session(inner.random.as_ref()).map_err(AccountRefused::from)?;
        let ends = later(now, SESSION_LASTS);
        let kept = Kept {
            account: account.id.clone(),
            prefix: token.prefix(),
            began: now.as_second(),
            ends: ends.as_second(),
        };
        let record = serde_json::to_vec(&kept).map_err(|e| WorkflowError::Record(format!("a session: {e}")))?;
        let session = Arc::new(Session { kept, used: AtomicI64::new(now.as_second()) });
        let caller = Caller::new(Arc::clone(&account), session.credential(), crate::office::Scopes::all());
        let _turn = inner.turn();
        let mut over = inner.ended(&account.id, now);
        let id = token.hash().as_bytes().to_vec();
        let mut state = vec![StateChange::RecordPut { table: Table::Session, id: id.clone(), record }];
        over.retain(|one| one.as_slice() != id.as_slice());
        state.extend(over.iter().map(|one| StateChange::RecordRemoved { table: Table::Session, id: one.to_vec() }));
        let event = AuditEvent::named(Actor::Caller(&caller), "sign_in").on(&account.id).from_network(network);
        let at_ms = inner.now_ms();
        inner.store.commit(Batch { at_ms, state, audit: vec![event.to_row()], ..Batch::default() })?;
        let mut known = inner.known_mut();
        known.sessions.retain(|one, _| !over.contains(one));
        known.sessions.insert(*token.hash().as_bytes(), session);
        Ok(SignedIn { token, ends, account })
    }

    /// Ends the session the caller showed; a token is not a session, and is revoked instead.
    pub fn sign_out(&self, caller: &Caller) -> Result<(), WorkflowError> {
        let inner = &*self.0;
        let Credential::Session(prefix) = caller.credential() else { return Err(WorkflowError::NotASession) };
        let _turn = inner.turn();
        let own = inner.sessions_of(caller.id(), |kept| kept == prefix);
        inner.end(&own, AuditEvent::named(Actor::Caller(caller), "sign_out").on(caller.id()), Vec::new())
    }

    /// Gives the caller another password, and ends every other session of the account. The old password is asked for:
    /// a session left open must not be turned into an account.
    pub fn change_password(&self, caller: &Caller, old: &str, new: &Password) -> Result<(), WorkflowError> {
        let inner = &*self.0;
        let refused = |error: WorkflowError| {
            let event = AuditEvent::named(Actor::Caller(caller), "change_password").on(caller.id());
            inner.trail.denied(event.refused(crate::reason::Reasoned::reason(&error)));
            error
        };
        let Credential::Session(prefix) = caller.credential() else { return Err(WorkflowError::NotASession) };
        let Some(login) = caller.account().login.clone() else { return Err(WorkflowError::NotASession) };
        inner.guesses.begin(&login, &*inner.clock).map_err(|wait| refused(WorkflowError::SignInLocked(wait)))?;
        let hash = caller.account().password.clone().unwrap_or_else(PasswordHash::of_nobody);
        if !hash.is_of(old) {
            return Err(refused(WorkflowError::SignInRefused));
        }
        inner.guesses.forget(&login);
        let password = PasswordHash::make(new, inner.random.as_ref()).map_err(AccountRefused::from)?;
        let event = AuditEvent::named(Actor::Caller(caller), "change_password");
        self.update(caller.id(), event, Some(prefix), |account| {
            Ok(Account { password: Some(password.clone()), ..account })
        })?;
        Ok(())
    }
}

impl Inner {
    /// Hashes of the sessions of an account whose prefix is as asked.
    pub(super) fn sessions_of(&self, id: &AccountId, which: impl Fn(&TokenPrefix) -> bool) -> Vec<[u8; 32]> {
        let known = self.known();
        let own = known.sessions.iter().filter(|(_, one)| one.kept.account == *id && which(&one.kept.prefix));
        own.map(|(hash, _)| *hash).collect()
    }

    /// Sessions of the account that are over, and the oldest of too many.
    fn ended(&self, id: &AccountId, now: Timestamp) -> Vec<[u8; 32]> {
        let known = self.known();
        let mut own = known.sessions.iter().filter(|(_, one)| one.kept.account == *id).collect::<Vec<_>>();
        own.sort_by_key(|(_, one)| std::cmp::Reverse(one.kept.began));
        let over = own.iter().enumerate().filter(|(at, (_, one))| *at + 1 >= MAX_SESSIONS || !one.is_alive(now));
        over.map(|(_, (hash, _))| **hash).collect()
    }

    /// Ends sessions, with what else changes. The caller holds the writer's turn.
    pub(super) fn end(
        &self,
        sessions: &[[u8; 32]],
        event: AuditEvent,
        mut state: Vec<StateChange>,
    ) -> Result<(), WorkflowError> {
        state.extend(sessions.iter().map(|one| StateChange::RecordRemoved { table: Table::Session, id: one.to_vec() }));
        self.store.commit(Batch { at_ms: self.now_ms(), state, audit: vec![event.to_row()], ..Batch::default() })?;
        let mut known = self.known_mut();
        known.sessions.retain(|one, _| !sessions.contains(one));
        Ok(())
    }
}
