//! The accounts of one authority: found by the token a caller shows, kept in its store.

use super::WorkflowError;
use crate::{
    certificate::OfficeCode,
    office::{Account, AccountId, Action, ApiToken, Caller, Credential, Role, Scopes},
    store::{Batch, StateChange, Store, Table},
    time::{Clock, Random},
};
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

/// The accounts of one authority. Cheap to clone.
#[derive(Clone)]
pub struct Accounts(Arc<Inner>);

struct Inner {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    by_token: RwLock<HashMap<[u8; 32], Account>>,
}

impl Accounts {
    /// Reads them from the store.
    pub fn load(store: Arc<dyn Store>, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Result<Self, WorkflowError> {
        let mut by_token = HashMap::new();
        for (_, record) in store.records(Table::Account)? {
            let account: Account =
                serde_json::from_slice(&record).map_err(|e| WorkflowError::Record(format!("an account: {e}")))?;
            by_token.insert(*account.token_hash.as_bytes(), account);
        }
        Ok(Self(Arc::new(Inner { store, clock, random, by_token: RwLock::new(by_token) })))
    }

    /// Who shows this token, if its account is open.
    #[must_use]
    pub fn admitted(&self, token: &ApiToken) -> Option<Caller> {
        let accounts = self.0.by_token.read().unwrap_or_else(PoisonError::into_inner);
        // Looked up by its SHA-256: the time it takes tells nothing of a 256-bit token.
        let account = accounts.get(token.hash().as_bytes()).filter(|account| account.admits(token))?;
        Some(Caller::new(Arc::new(account.clone()), Credential::Token(account.token_prefix.clone()), Scopes::all()))
    }

    /// The caller as it is now, if it may still come in: a stream that began before its account was closed asks again.
    #[must_use]
    pub fn again(&self, caller: &Caller) -> Option<Caller> {
        let accounts = self.0.by_token.read().unwrap_or_else(PoisonError::into_inner);
        let account = accounts.get(caller.account().token_hash.as_bytes()).filter(|account| !account.disabled)?;
        Some(Caller::new(Arc::new(account.clone()), caller.credential().clone(), Scopes::all()))
    }

    /// Opens an account; its token is shown here and never again. It blocks until the account is durable.
    pub fn open(
        &self,
        name: &str,
        roles: Vec<Role>,
        offices: Vec<OfficeCode>,
    ) -> Result<(Account, ApiToken), WorkflowError> {
        let (account, token) = Account::open(name, roles, offices, self.0.random.as_ref())?;
        self.put(account.clone(), "opened")?;
        Ok((account, token))
    }

    /// Every account, by id.
    #[must_use]
    pub fn list(&self) -> Vec<Account> {
        let accounts = self.0.by_token.read().unwrap_or_else(PoisonError::into_inner);
        let mut list = accounts.values().cloned().collect::<Vec<_>>();
        list.sort_by(|a, b| a.id.cmp(&b.id));
        list
    }

    /// Closes an account for good. It blocks until that is durable.
    pub fn disable(&self, id: &AccountId) -> Result<Account, WorkflowError> {
        let found = self.list().into_iter().find(|account| account.id == *id);
        let mut account = found.ok_or_else(|| WorkflowError::AccountUnknown(id.to_string()))?;
        account.disabled = true;
        self.put(account.clone(), "closed")?;
        Ok(account)
    }

    /// Refuses a caller that may not.
    pub fn allow(caller: &Caller, action: Action) -> Result<(), WorkflowError> {
        if caller.may(action) { Ok(()) } else { Err(WorkflowError::Denied(action)) }
    }

    /// Keeps an account as it is now, and that it became so, for ever.
    fn put(&self, account: Account, change: &str) -> Result<(), WorkflowError> {
        let record = serde_json::to_vec(&account).map_err(|e| WorkflowError::Record(format!("an account: {e}")))?;
        let id = account.id.as_str().as_bytes().to_vec();
        self.0.store.commit(Batch {
            at_ms: u64::try_from(self.0.clock.now().as_millisecond()).unwrap_or(0),
            state: vec![StateChange::RecordPut { table: Table::Account, id, record }],
            audit: vec![audit_row(&account, change)],
            ..Batch::default()
        })?;
        let mut accounts = self.0.by_token.write().unwrap_or_else(PoisonError::into_inner);
        accounts.insert(*account.token_hash.as_bytes(), account);
        Ok(())
    }
}

/// A row of the audit trail: what the account may do, and nothing of its token.
fn audit_row(account: &Account, change: &str) -> Vec<u8> {
    let Account { id, name, roles, offices, .. } = account;
    let row = serde_json::json!({ "account": id, "change": change, "name": name, "roles": roles, "offices": offices });
    row.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        store::MemoryStore,
        time::{FixedClock, SeededRandom},
    };

    #[test]
    fn who_opened_or_closed_what_is_told_for_ever_and_says_nothing_of_the_token() {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let clock = Arc::new(FixedClock::new("2026-11-22T10:00:00Z".parse().unwrap()));
        let accounts = Accounts::load(Arc::clone(&store), clock, Arc::new(SeededRandom::new(1))).unwrap();
        let (account, token) = accounts.open("Back office", vec![Role::Auditor], Vec::new()).unwrap();
        let caller = accounts.admitted(&token).unwrap();
        assert_eq!(accounts.again(&caller), Some(caller.clone()));
        accounts.disable(&account.id).unwrap();
        assert_eq!(accounts.again(&caller), None);
        let rows = store.audit(0, 10).unwrap();
        let texts = rows.iter().map(|row| String::from_utf8(row.row.clone()).unwrap()).collect::<Vec<_>>();
        assert_eq!(texts.len(), 2);
        assert!(texts[0].contains(r#""change":"opened""#) && texts[1].contains(r#""change":"closed""#), "{texts:?}");
        assert!(
            texts
                .iter()
                .all(|text| text.contains(account.id.as_str()) && !text.contains(token.reveal().get(4..).unwrap()))
        );
        assert!(rows.iter().all(|row| row.at_ms == 1_795_341_600_000));
    }
}
