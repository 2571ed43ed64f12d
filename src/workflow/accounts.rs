//! The accounts of one authority: found by what a caller shows, kept in its store.

mod guessing;
mod sessions;

pub use sessions::{SESSION_IDLE, SESSION_LASTS, SignedIn};

use super::{Trail, WorkflowError};
use crate::{
    office::{
        Absence, Account, AccountId, AccountRefused, Action, Actor, ApiToken, AuditEvent, Caller, Credential, Denials,
        Deputising, Login, Password, PasswordHash, Person, Role, Scopes, Token, TokenPrefix, Wanted,
    },
    store::{AuditHead, AuditRow, StateChange, Store, Table},
    time::{Clock, Random, Timestamp, unix_ms},
};
use guessing::Guesses;
use sessions::Session;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

/// The accounts of one authority. Cheap to clone.
#[derive(Clone)]
pub struct Accounts(Arc<Inner>);

struct Inner {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    trail: Arc<Trail>,
    guesses: Guesses,
    known: RwLock<Known>,
    /// One change after the other: each begins from what the last one left.
    writing: Mutex<()>,
}

/// What is in memory of them.
#[derive(Default)]
struct Known {
    accounts: BTreeMap<AccountId, Arc<Account>>,
    by_token: HashMap<[u8; 32], AccountId>,
    by_login: HashMap<Login, AccountId>,
    /// Closed ones too: who filed stays who filed.
    by_person: HashMap<Person, BTreeSet<AccountId>>,
    sessions: HashMap<[u8; 32], Arc<Session>>,
    /// Who is away, by the account that acts for them.
    absent: HashMap<AccountId, Vec<AccountId>>,
}

/// A token to be made.
#[derive(Debug, Clone, Default)]
pub struct NewToken {
    /// What it is for, in words; may be empty.
    pub name: String,
    /// What it opens.
    pub scopes: Scopes,
    /// When it ends.
    pub until: Option<Timestamp>,
}

impl Accounts {
    /// Reads them from the store.
    pub fn load(store: Arc<dyn Store>, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Result<Self, WorkflowError> {
        let mut known = Known::default();
        let unreadable = |what: &str, error: &dyn std::fmt::Display| WorkflowError::Record(format!("{what}: {error}"));
        for (_, record) in store.records(Table::Account)? {
            known.put(serde_json::from_slice(&record).map_err(|e| unreadable("an account", &e))?);
        }
        let now = clock.now();
        for (id, record) in store.records(Table::Session)? {
            let session = Session::read(&record, now).map_err(|e| unreadable("a session", &e))?;
            let hash = <[u8; 32]>::try_from(id.as_slice()).map_err(|_| unreadable("a session", &"its id"))?;
            known.sessions.extend(session.map(|session| (hash, Arc::new(session))));
        }
        let trail = Arc::new(Trail::start(Arc::clone(&store), Arc::clone(&clock)));
        let (guesses, known, writing) = (Guesses::default(), RwLock::new(known), Mutex::new(()));
        Ok(Self(Arc::new(Inner { store, clock, random, trail, guesses, known, writing })))
    }

    /// Who shows this token, of an account or of a session, if its account is open and its time is not over.
    #[must_use]
    pub fn admitted(&self, token: &ApiToken) -> Option<Caller> {
        let (known, now) = (self.0.known(), self.0.clock.now());
        // Looked up by its SHA-256: the time it takes tells nothing of a 256-bit token.
        let hash = token.hash();
        if token.is_session() {
            let session = known.sessions.get(hash.as_bytes())?;
            let account = known.accounts.get(session.account()).filter(|account| !account.disabled)?;
            return session.use_at(now).then(|| self.caller(&known, account, session.credential(), Scopes::all(), now));
        }
        let account = known.accounts.get(known.by_token.get(hash.as_bytes())?)?;
        let token = account.admits(&hash, now)?;
        let credential = Credential::Token(token.prefix.clone());
        Some(self.caller(&known, account, credential, token.scopes.clone(), now))
    }

    /// The caller as it is now, if it may still come in: a stream that began before its account was closed, its token
    /// revoked or its session ended asks again.
    #[must_use]
    pub fn again(&self, caller: &Caller) -> Option<Caller> {
        let (known, now) = (self.0.known(), self.0.clock.now());
        let account = known.accounts.get(caller.id()).filter(|account| !account.disabled)?;
        let scopes = match caller.credential() {
            Credential::Token(prefix) => {
                let token = account.tokens.iter().find(|token| token.prefix == *prefix && !token.has_ended(now))?;
                token.scopes.clone()
            }
            Credential::Session(_) => {
                let mut own = known.sessions.values().filter(|one| one.account() == caller.id());
                own.find(|one| one.credential() == *caller.credential() && one.use_at(now))?;
                Scopes::all()
            }
            Credential::Webhook(_) => caller.scopes().clone(),
        };
        Some(self.caller(&known, account, caller.credential().clone(), scopes, now))
    }

    /// The account for which a webhook speaks, as it is now, if it is open.
    pub(super) fn of_webhook(&self, account: &AccountId, webhook: &str, scopes: Scopes) -> Option<Caller> {
        let (known, now) = (self.0.known(), self.0.clock.now());
        let account = known.accounts.get(account).filter(|account| !account.disabled)?;
        Some(self.caller(&known, account, Credential::Webhook(webhook.to_owned()), scopes, now))
    }

    fn caller(
        &self,
        known: &Known,
        account: &Arc<Account>,
        credential: Credential,
        scopes: Scopes,
        now: Timestamp,
    ) -> Caller {
        let absent = known.absent.get(&account.id).into_iter().flatten().filter_map(|id| known.accounts.get(id));
        let absent = absent.filter(|one| {
            let here = |absence: &&Absence| absence.deputy.as_ref() == Some(&account.id) && absence.is_at(now);
            !one.disabled && one.roles.contains(&Role::Signatory) && one.absences.iter().any(|absence| here(&absence))
        });
        let places = absent.flat_map(|one| {
            one.offices.iter().map(|office| Deputising { office: office.clone(), absent: Arc::clone(one) })
        });
        Caller::new(Arc::clone(account), credential, scopes)
            .also_by(known.others_of(account))
            .deputising(places.collect())
            .away(account.absences.iter().any(|absence| absence.is_at(now)))
            .heard_by(Arc::clone(&self.0.trail) as Arc<dyn Denials>)
    }

    /// Refuses a caller that may not, and lets the audit record hear of it.
    pub fn allow(caller: &Caller, action: Action) -> Result<(), WorkflowError> {
        caller.allow(action)?;
        // Who is away signs nothing: a deputy does, and a password left behind with a desk opens no signature.
        let signs = matches!(action, Action::SignCertificate | Action::IssueCertificate | Action::ChangeStatus);
        if signs && caller.is_away() { Err(WorkflowError::SignatoryAway) } else { Ok(()) }
    }

    /// Rows of the record of who did what, for those who may read it. It reads from the disk.
    pub fn audit(&self, caller: &Caller, from: u64, limit: usize) -> Result<Vec<AuditRow>, WorkflowError> {
        Self::allow(caller, Action::ReadAudit)?;
        Ok(self.0.store.audit(from, limit)?)
    }

    /// The newest row of that record.
    pub fn audit_head(&self, caller: &Caller) -> Result<Option<AuditHead>, WorkflowError> {
        Self::allow(caller, Action::ReadAudit)?;
        Ok(self.0.store.audit_head()?)
    }

    /// Every account, by id.
    #[must_use]
    pub fn list(&self) -> Vec<Arc<Account>> {
        self.0.known().accounts.values().cloned().collect()
    }

    /// The other accounts of an account's person.
    pub(super) fn others_of(&self, account: &Account) -> Vec<Arc<Account>> {
        self.0.known().others_of(account)
    }

    /// One account.
    pub fn get(&self, id: &AccountId) -> Result<Arc<Account>, WorkflowError> {
        let found = self.0.known().accounts.get(id).cloned();
        found.ok_or_else(|| WorkflowError::AccountUnknown(id.to_string()))
    }

    /// Opens an account, with a token or without; the token is shown here and never again. It blocks until the
    /// account is durable.
    pub fn open(
        &self,
        actor: Actor<'_>,
        wanted: Wanted,
        token: Option<NewToken>,
    ) -> Result<(Arc<Account>, Option<ApiToken>), WorkflowError> {
        self.open_with(actor, wanted, token, None)
    }

    /// The same with the password it signs in by: both are durable together, or neither is.
    pub fn open_with(
        &self,
        actor: Actor<'_>,
        wanted: Wanted,
        token: Option<NewToken>,
        password: Option<&Password>,
    ) -> Result<(Arc<Account>, Option<ApiToken>), WorkflowError> {
        let inner = &*self.0;
        if password.is_some() && wanted.login.is_none() {
            return Err(AccountRefused::Login.into());
        }
        let now = inner.clock.now();
        let mut account = Account::open(wanted, inner.random.as_ref())?;
        let mut made = None;
        if let Some(NewToken { name, scopes, until }) = token {
            let token = ApiToken::draw(inner.random.as_ref()).map_err(AccountRefused::from)?;
            account = account.with_token(Token::of(&token, &name, scopes, now, until), now)?;
            made = Some(token);
        }
        if let Some(password) = password {
            account.password = Some(PasswordHash::make(password, inner.random.as_ref()).map_err(AccountRefused::from)?);
        }
        let _turn = inner.turn();
        let event = about(AuditEvent::named(actor, "open_account"), &account);
        Ok((inner.put(account, event, &[])?, made))
    }

    /// Changes what an account is. It blocks until that is durable; a narrower role counts from the next call on.
    pub fn change(
        &self,
        actor: Actor<'_>,
        id: &AccountId,
        change: impl FnOnce(Wanted) -> Wanted,
    ) -> Result<Arc<Account>, WorkflowError> {
        self.update(id, AuditEvent::named(actor, "change_account"), Keep::All, |account| {
            let wanted = change(account.wanted());
            Ok(account.changed(wanted)?)
        })
    }

    /// Makes a further token of an account; it is shown here and never again.
    pub fn new_token(&self, actor: Actor<'_>, id: &AccountId, wanted: NewToken) -> Result<ApiToken, WorkflowError> {
        let now = self.0.clock.now();
        let token = ApiToken::draw(self.0.random.as_ref()).map_err(AccountRefused::from)?;
        let kept = Token::of(&token, &wanted.name, wanted.scopes, now, wanted.until);
        let event = AuditEvent::named(actor, "make_token").with_detail(token.prefix().as_str());
        self.update(id, event, Keep::All, |account| Ok(account.with_token(kept, now)?))?;
        Ok(token)
    }

    /// Revokes a token: it is refused from the next call on.
    pub fn revoke_token(&self, actor: Actor<'_>, id: &AccountId, prefix: &str) -> Result<Arc<Account>, WorkflowError> {
        let event = AuditEvent::named(actor, "revoke_token").with_detail(prefix);
        self.update(id, event, Keep::All, |mut account| {
            let before = account.tokens.len();
            account.tokens.retain(|token| token.prefix.as_str() != prefix);
            if account.tokens.len() == before { Err(WorkflowError::TokenUnknown) } else { Ok(account) }
        })
    }

    /// Gives an account a password, ends its sessions and lets its name be tried again.
    pub fn set_password(
        &self,
        actor: Actor<'_>,
        id: &AccountId,
        password: &Password,
    ) -> Result<Arc<Account>, WorkflowError> {
        let hash = PasswordHash::make(password, self.0.random.as_ref()).map_err(AccountRefused::from)?;
        let account = self.update(id, AuditEvent::named(actor, "set_password"), Keep::None, |account| {
            if account.login.is_none() {
                return Err(AccountRefused::Login.into());
            }
            Ok(Account { password: Some(hash), ..account })
        })?;
        account.login.iter().for_each(|login| self.0.guesses.forget(login));
        Ok(account)
    }

    /// Lets a name that was guessed at be tried again at once.
    pub fn unlock(&self, actor: Actor<'_>, id: &AccountId) -> Result<Arc<Account>, WorkflowError> {
        let account = self.update(id, AuditEvent::named(actor, "unlock_account"), Keep::All, Ok)?;
        account.login.iter().for_each(|login| self.0.guesses.forget(login));
        Ok(account)
    }

    /// Closes an account for good, and ends its sessions. It blocks until that is durable.
    pub fn disable(&self, actor: Actor<'_>, id: &AccountId) -> Result<Arc<Account>, WorkflowError> {
        self.update(id, AuditEvent::named(actor, "close_account"), Keep::None, |account| {
            Ok(Account { disabled: true, ..account })
        })
    }

    /// Says when a signatory is away, and who signs meanwhile: a signatory too. Absences that are over are forgotten.
    pub fn arrange(&self, actor: Actor<'_>, id: &AccountId, absence: Absence) -> Result<Arc<Account>, WorkflowError> {
        if let Some(deputy) = &absence.deputy {
            let deputy = self.get(deputy)?;
            let own = self.get(id)?;
            if deputy.disabled || !deputy.roles.contains(&Role::Signatory) || deputy.person() == own.person() {
                return Err(AccountRefused::Absence(
                    "a deputy is another person's open account in the role `signatory`",
                )
                .into());
            }
        }
        let now = self.0.clock.now().as_second();
        let event = AuditEvent::of(actor, Action::ArrangeDeputy).with_detail(format!(
            "{} to {}, deputy {}",
            absence.from,
            absence.until,
            absence.deputy.as_ref().map_or("none", AccountId::as_str)
        ));
        self.update(id, event, Keep::All, |mut account| {
            account.absences.retain(|one| one.until > now && (one.until <= absence.from || absence.until <= one.from));
            account.absences.push(absence);
            Ok(account)
        })
    }

    /// Ends every absence of a signatory: they are back.
    pub fn back(&self, actor: Actor<'_>, id: &AccountId) -> Result<Arc<Account>, WorkflowError> {
        let event = AuditEvent::of(actor, Action::ArrangeDeputy).with_detail("back");
        self.update(id, event, Keep::All, |account| Ok(Account { absences: Vec::new(), ..account }))
    }

    /// Changes an account, keeps it, and that it became so, in one durable unit.
    fn update(
        &self,
        id: &AccountId,
        event: AuditEvent,
        sessions: impl Into<Keep>,
        change: impl FnOnce(Account) -> Result<Account, WorkflowError>,
    ) -> Result<Arc<Account>, WorkflowError> {
        let inner = &*self.0;
        let _turn = inner.turn();
        let before = self.get(id)?;
        let account = change(Account::clone(&before))?;
        let over = match sessions.into() {
            Keep::All => Vec::new(),
            Keep::None => inner.sessions_of(id, |_| true),
            Keep::Only(prefix) => inner.sessions_of(id, |one| *one != prefix),
        };
        let changes_what = before.wanted() != account.wanted();
        let event = if changes_what { about(event, &account) } else { event.on(&account.id) };
        inner.put(account, event, &over)
    }
}

/// Which sessions of an account a change leaves alive.
enum Keep {
    All,
    None,
    Only(TokenPrefix),
}

impl From<Option<&TokenPrefix>> for Keep {
    fn from(prefix: Option<&TokenPrefix>) -> Self {
        prefix.cloned().map_or(Self::None, Self::Only)
    }
}

/// What the audit record says of an account: what it may, and nothing that lets it in; no name, it is the id's.
fn about(event: AuditEvent, account: &Account) -> AuditEvent {
    let roles = account.roles.iter().map(|role| role.name()).collect::<Vec<_>>().join(" ");
    let offices = account.offices.iter().map(|office| office.to_string()).collect::<Vec<_>>().join(" ");
    let offices = if offices.is_empty() { offices } else { format!("; offices {offices}") };
    event.on(&account.id).with_detail(format!("roles {roles}{offices}"))
}

impl Inner {
    fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn known_mut(&self) -> RwLockWriteGuard<'_, Known> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now_ms(&self) -> u64 {
        unix_ms(self.clock.now())
    }

    fn by_login(&self, login: &Login) -> Option<Arc<Account>> {
        let known = self.known();
        known.by_login.get(login).and_then(|id| known.accounts.get(id)).cloned()
    }

    /// Keeps an account as it is now, ends sessions, and records both. The caller holds the writer's turn.
    fn put(&self, account: Account, event: AuditEvent, over: &[[u8; 32]]) -> Result<Arc<Account>, WorkflowError> {
        if let Some(login) = &account.login
            && self.by_login(login).is_some_and(|other| other.id != account.id)
        {
            return Err(AccountRefused::LoginTaken(login.to_string()).into());
        }
        let record = serde_json::to_vec(&account).map_err(|e| WorkflowError::Record(format!("an account: {e}")))?;
        let id = account.id.as_str().as_bytes().to_vec();
        self.end(over, event, vec![StateChange::RecordPut { table: Table::Account, id, record }])?;
        Ok(self.known_mut().put(account))
    }
}

impl Known {
    fn others_of(&self, account: &Account) -> Vec<Arc<Account>> {
        let of_person = self.by_person.get(&account.person()).into_iter().flatten();
        let others = of_person.filter(|id| **id != account.id).filter_map(|id| self.accounts.get(id));
        others.cloned().collect()
    }

    /// Takes an account as it is now in the place of what it was.
    fn put(&mut self, account: Account) -> Arc<Account> {
        let account = Arc::new(account);
        if let Some(before) = self.accounts.insert(account.id.clone(), Arc::clone(&account)) {
            before.tokens.iter().for_each(|token| drop(self.by_token.remove(token.hash.as_bytes())));
            before.login.iter().for_each(|login| drop(self.by_login.remove(login)));
            self.by_person.entry(before.person()).or_default().remove(&account.id);
        }
        self.by_person.entry(account.person()).or_default().insert(account.id.clone());
        for token in &account.tokens {
            self.by_token.insert(*token.hash.as_bytes(), account.id.clone());
        }
        // A closed account keeps its name: nobody else may be taken for its holder.
        self.by_login.extend(account.login.iter().map(|login| (login.clone(), account.id.clone())));
        self.absent.values_mut().for_each(|absent| absent.retain(|id| *id != account.id));
        for deputy in account.absences.iter().filter_map(|absence| absence.deputy.clone()) {
            let absent = self.absent.entry(deputy).or_default();
            if !absent.contains(&account.id) {
                absent.push(account.id.clone());
            }
        }
        account
    }
}

#[cfg(test)]
mod tests;
