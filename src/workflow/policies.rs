//! The policy of examination by machine: set by an administrator, agreed to by the signatories whose signature it
//! releases, each by their own account.
//!
//! What always holds: every version is kept and recorded in the audit trail; an agreement is to one version, and counts
//! while its account is open, a signatory of the office, and not away; the commit that releases a signature expects
//! policy and agreement as they were read, so that nothing is released after either changed.

use super::{Accounts, WorkflowError};
use crate::{
    certificate::{OfficeCode, Sha256},
    encoding::hex,
    office::{
        Account, AccountId, Action, Actor, AuditEvent, Caller, Denied, ExporterId, Person, Policy, PolicyAgreement,
        PolicyRefused, PolicyTerms, Role, WhyLeft,
    },
    store::{Batch, Expected, StateChange, Store, Table},
    time::{Clock, Timestamp, unix_ms},
};
use arc_swap::ArcSwap;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Where the version in force stands in the table of single values.
const IN_FORCE: &[u8] = b"policy";
/// Where agreements begin there.
const AGREED: &str = "policy-agreed/";

/// The policy of one authority. Cheap to clone.
#[derive(Clone)]
pub struct Policies(Arc<Inner>);

struct Inner {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    accounts: Accounts,
    known: ArcSwap<Known>,
    /// One change after the other: each begins from what the last one left.
    writing: Mutex<()>,
}

/// What is in memory of it: every application is held against it.
#[derive(Default, Clone)]
struct Known {
    policy: Option<InForce>,
    agreed: BTreeMap<AccountId, (PolicyAgreement, Expected)>,
}

/// The version in force, and the record by which a commit knows that it still is.
#[derive(Debug, Clone)]
pub struct InForce {
    policy: Arc<Policy>,
    expected: Expected,
}

/// A signatory whose signature is released.
#[derive(Debug, Clone)]
pub struct Release {
    /// The account.
    pub account: Arc<Account>,
    /// The agreement as it must still be.
    pub expected: Expected,
}

/// A version of the policy as it is shown.
#[derive(Debug, Clone)]
pub struct ShownPolicy {
    /// The version.
    pub policy: Arc<Policy>,
    /// Whether it is the one in force.
    pub in_force: bool,
    /// Who agreed to it.
    pub agreements: Vec<ShownAgreement>,
}

/// An agreement as it is shown.
#[derive(Debug, Clone)]
pub struct ShownAgreement {
    /// To which version, and since when.
    pub agreement: PolicyAgreement,
    /// The name of the account.
    pub name: String,
    /// Why it does not count now, if it does not.
    pub void: Option<String>,
}

impl InForce {
    /// The version.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Its terms, if it was not withdrawn.
    #[must_use]
    pub fn terms(&self) -> Option<&PolicyTerms> {
        self.policy.terms.as_ref()
    }

    /// What must still be when something is committed that rests on it.
    #[must_use]
    pub const fn expected(&self) -> &Expected {
        &self.expected
    }
}

impl Policies {
    /// Reads them from the store.
    pub fn load(store: Arc<dyn Store>, clock: Arc<dyn Clock>, accounts: Accounts) -> Result<Self, WorkflowError> {
        let mut known = Known::default();
        if let Some(record) = store.record(Table::Setting, IN_FORCE)? {
            known.policy = Some(InForce { policy: Arc::new(read(&record)?), expected: expected(IN_FORCE, record) });
        }
        for (id, record) in store.records_under(Table::Setting, AGREED.as_bytes(), usize::MAX)? {
            let agreement: PolicyAgreement = read(&record)?;
            known.agreed.insert(agreement.account.clone(), (agreement, expected(&id, record)));
        }
        let (known, writing) = (ArcSwap::from_pointee(known), Mutex::new(()));
        Ok(Self(Arc::new(Inner { store, clock, accounts, known, writing })))
    }

    /// The version in force; none where there is no policy, or it was withdrawn.
    #[must_use]
    pub fn in_force(&self) -> Option<InForce> {
        self.0.known().policy.clone().filter(|one| one.policy.terms.is_some())
    }

    /// A version, or the one in force: for administrators, officers and those who read the audit record.
    pub fn get(&self, caller: &Caller, version: Option<u32>) -> Result<ShownPolicy, WorkflowError> {
        let readers = [Action::SetPolicy, Action::ReadQueue, Action::ReadAudit];
        if !readers.into_iter().any(|action| caller.may(action)) {
            let by_another_token = readers.into_iter().find(|action| caller.account().may(*action));
            Accounts::allow(caller, by_another_token.unwrap_or(Action::ReadQueue)).map_err(|error| match error {
                WorkflowError::Denied(Denied::Role(_)) => WorkflowError::PolicyNotRead,
                error => error,
            })?;
        }
        let known = self.0.known();
        let now = known.policy.as_ref().map_or(0, |one| one.policy.version);
        match (&known.policy, version) {
            (Some(in_force), asked) if asked.is_none_or(|asked| asked == now) => {
                Ok(self.shown(&known, Arc::clone(&in_force.policy), true))
            }
            (_, version) => {
                let version = version.unwrap_or_default();
                let record = self.0.store.record(Table::Setting, &version_key(version))?;
                let policy: Policy = read(&record.ok_or(PolicyRefused::Unknown(version))?)?;
                Ok(self.shown(&known, Arc::new(policy), false))
            }
        }
    }

    /// Sets a policy, or withdraws it. What is set already keeps its version and its agreements; anything else is a new
    /// version, to which nobody has agreed yet.
    pub fn set(&self, caller: &Caller, terms: Option<PolicyTerms>) -> Result<ShownPolicy, WorkflowError> {
        Accounts::allow(caller, Action::SetPolicy)?;
        let inner = &*self.0;
        let _turn = inner.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let before = inner.known().policy.clone();
        if let Some(before) = before.as_ref().filter(|before| before.policy.terms == terms) {
            return Ok(self.shown(&inner.known(), Arc::clone(&before.policy), true));
        }
        let version = before.as_ref().map_or(0, |one| one.policy.version).saturating_add(1);
        let (set_by, set_by_person) = (caller.id().clone(), caller.account().person());
        let policy = Policy { version, terms, set_by, set_by_person, set_ms: inner.now_ms() };
        for signatory in policy.terms.iter().flat_map(|terms| &terms.signatories) {
            let account = inner.accounts.get(signatory)?;
            if account.disabled || !account.roles.contains(&Role::Signatory) {
                let words = format!("{signatory} is not an open account in the role `signatory`");
                return Err(PolicyRefused::Form(words).into());
            }
            policy.other_person(&account.id, &account.person()).map_err(PolicyRefused::from)?;
        }
        let record = written(&policy)?;
        let put = |id: Vec<u8>| StateChange::RecordPut { table: Table::Setting, id, record: record.clone() };
        let state = vec![put(IN_FORCE.to_vec()), put(version_key(version))];
        let was = before.map_or_else(
            || Expected { table: Table::Setting, id: IN_FORCE.to_vec(), record: None },
            |one| one.expected,
        );
        let detail = policy.terms.as_ref().map(|terms| format!("terms {}", hex::encode(&terms.shown().0)));
        let event = AuditEvent::of(Actor::Caller(caller), Action::SetPolicy).on(policy.name());
        let event = event.with_detail(detail.unwrap_or_else(|| "withdrawn".to_owned()));
        self.commit(was, state, event)?;
        let policy = Arc::new(policy);
        let in_force = InForce { policy: Arc::clone(&policy), expected: expected(IN_FORCE, record) };
        inner.change(|known| known.policy = Some(in_force));
        Ok(self.shown(&inner.known(), policy, true))
    }

    /// Lets the caller's own signature be released under the version that was shown: a deed of its own account, for
    /// which nobody stands in.
    pub fn agree(&self, caller: &Caller, version: u32, shown: Sha256) -> Result<ShownPolicy, WorkflowError> {
        Accounts::allow(caller, Action::SignCertificate)?;
        let inner = &*self.0;
        let _turn = inner.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let known = inner.known();
        let in_force = known.policy.clone().ok_or(PolicyRefused::Unknown(version))?;
        let policy = &in_force.policy;
        if policy.version != version {
            return Err(PolicyRefused::Version { now: policy.version }.into());
        }
        policy.may_agree(caller.id(), &caller.account().person(), shown)?;
        let stands = known.agreed.get(caller.id()).is_some_and(|(one, _)| one.is_to(version));
        if !stands {
            let (account, agreed_ms) = (caller.id().clone(), inner.now_ms());
            let agreement = PolicyAgreement { account, version, agreed_ms, revoked_ms: None };
            let event = AuditEvent::named(Actor::Caller(caller), "agree_to_policy");
            self.keep(&known, agreement, event.on(policy.name()))?;
        }
        Ok(self.shown(&inner.known(), Arc::clone(policy), true))
    }

    /// Takes the caller's own agreement back, from the next release on; also while its holder is away. To take it back
    /// again changes nothing.
    pub fn revoke(&self, caller: &Caller) -> Result<ShownPolicy, WorkflowError> {
        caller.allow(Action::SignCertificate)?;
        let inner = &*self.0;
        let _turn = inner.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let known = inner.known();
        let in_force = known.policy.clone().ok_or(PolicyRefused::Unknown(0))?;
        let standing = known.agreed.get(caller.id()).filter(|(one, _)| one.revoked_ms.is_none());
        if let Some((agreement, _)) = standing {
            let agreement = PolicyAgreement { revoked_ms: Some(inner.now_ms()), ..agreement.clone() };
            let event = AuditEvent::named(Actor::Caller(caller), "revoke_agreement");
            let on = format!("policy {}", agreement.version);
            self.keep(&known, agreement, event.on(on))?;
        }
        Ok(self.shown(&inner.known(), in_force.policy, true))
    }

    /// The first signatory of the policy whose signature is released for something of that office, or why none is.
    /// The signatory must be nobody of the exporter for whom it was filed, and no account that filed it, nor have
    /// another account that is either. Where the policy names no signatory, none is looked for.
    #[must_use]
    pub fn release(
        &self,
        in_force: &InForce,
        office: &OfficeCode,
        (exporter, strangers): (&ExporterId, &[&AccountId]),
    ) -> Option<Result<Release, WhyLeft>> {
        let (inner, now) = (&*self.0, self.0.clock.now());
        let known = inner.known();
        let strangers = strangers.iter().map(|id| (*id, inner.accounts.get(id).ok().map(|one| one.person())));
        let strangers = strangers.collect::<Vec<_>>();
        let mut why = Vec::new();
        for id in in_force.terms().into_iter().flat_map(|terms| &terms.signatories) {
            let agreed = known.agreed.get(id).filter(|(one, _)| one.is_to(in_force.policy.version));
            let account = inner.accounts.get(id).ok();
            let void = match (&account, agreed) {
                (None, _) => Some(format!("`{id}` is not an account")),
                (Some(account), None) => Some(format!("{} has not agreed to {}", account.name, in_force.policy.name())),
                (Some(account), Some(_)) => {
                    let others = inner.accounts.others_of(account);
                    let own =
                        std::iter::once(account).chain(&others).any(|one| one.exporter.as_ref() == Some(exporter))
                            || strangers.iter().any(|(id, person)| is_theirs(account, id, person.as_ref()));
                    let by_setter = in_force.policy.other_person(&account.id, &account.person()).is_err();
                    match void(account, Some(office), now) {
                        None if own => Some(format!("{} filed it, or it was filed for them", account.name)),
                        None if by_setter => Some(format!("{} set the policy", account.name)),
                        other => other,
                    }
                }
            };
            match (void, account, agreed) {
                (None, Some(account), Some((_, expected))) => {
                    return Some(Ok(Release { account, expected: expected.clone() }));
                }
                (void, ..) => why.extend(void),
            }
        }
        // Of each, for the one who agreed and is away is another case than one who never agreed.
        if why.is_empty() { None } else { Some(Err(WhyLeft::Signature(why.join("; ")))) }
    }

    /// Who set the version of that name is not who signs what was examined under it.
    pub fn other_person(&self, name: &str, caller: &Caller) -> Result<(), WorkflowError> {
        let version = name.rsplit(' ').next().and_then(|version| version.parse::<u32>().ok()).unwrap_or_default();
        let Some(record) = self.0.store.record(Table::Setting, &version_key(version))? else { return Ok(()) };
        let policy: Policy = read(&record)?;
        Ok(policy.other_person(caller.id(), &caller.account().person()).map_err(PolicyRefused::from)?)
    }

    fn shown(&self, known: &Known, policy: Arc<Policy>, in_force: bool) -> ShownPolicy {
        let now = self.0.clock.now();
        let to_it = known.agreed.values().map(|(one, _)| one).filter(|one| one.version == policy.version);
        let agreements = to_it.map(|agreement| {
            let account = self.0.accounts.get(&agreement.account).ok();
            let name = account.as_ref().map_or_else(|| agreement.account.to_string(), |one| one.name.clone());
            let void = match (&account, agreement.revoked_ms) {
                (_, Some(_)) => Some(format!("{name} took it back")),
                (None, _) => Some(format!("`{}` is not an account", agreement.account)),
                (Some(account), None) => void(account, None, now),
            };
            ShownAgreement { agreement: agreement.clone(), name, void }
        });
        ShownPolicy { agreements: agreements.collect(), policy, in_force }
    }

    fn keep(&self, known: &Known, agreement: PolicyAgreement, event: AuditEvent) -> Result<(), WorkflowError> {
        let (id, record) = (format!("{AGREED}{}", agreement.account).into_bytes(), written(&agreement)?);
        let before = known.agreed.get(&agreement.account).map_or_else(
            || Expected { table: Table::Setting, id: id.clone(), record: None },
            |(_, expected)| expected.clone(),
        );
        let state = vec![StateChange::RecordPut { table: Table::Setting, id: id.clone(), record: record.clone() }];
        self.commit(before, state, event)?;
        self.0.change(|known| {
            known.agreed.insert(agreement.account.clone(), (agreement, expected(&id, record)));
        });
        Ok(())
    }

    fn commit(&self, before: Expected, state: Vec<StateChange>, event: AuditEvent) -> Result<(), WorkflowError> {
        let audit = vec![event.to_row()];
        let batch = Batch { at_ms: self.0.now_ms(), expected: vec![before], state, audit, ..Batch::default() };
        self.0.store.commit(batch)?;
        Ok(())
    }
}

impl Inner {
    fn known(&self) -> Arc<Known> {
        self.known.load_full()
    }

    /// The caller holds the turn of writing.
    fn change(&self, change: impl FnOnce(&mut Known)) {
        let mut known = Known::clone(&self.known.load());
        change(&mut known);
        self.known.store(Arc::new(known));
    }

    fn now_ms(&self) -> u64 {
        unix_ms(self.clock.now())
    }
}

/// Why a signatory's agreement does not count now, for an office or for any.
fn void(account: &Account, office: Option<&OfficeCode>, now: Timestamp) -> Option<String> {
    let name = &account.name;
    if account.disabled {
        Some(format!("the account of {name} is closed"))
    } else if !account.may(Action::SignCertificate) {
        Some(format!("{name} is no signatory any more"))
    } else if office.is_some_and(|office| !account.acts_for(office)) {
        Some(format!("{name} does not sign for this office"))
    } else if account.absences.iter().any(|absence| absence.is_at(now)) {
        Some(format!("{name} is away"))
    } else {
        None
    }
}

fn is_theirs(account: &Account, id: &AccountId, person: Option<&Person>) -> bool {
    account.id == *id || person.is_some_and(|person| account.person() == *person)
}

fn expected(id: &[u8], record: Vec<u8>) -> Expected {
    Expected { table: Table::Setting, id: id.to_vec(), record: Some(record) }
}

fn version_key(version: u32) -> Vec<u8> {
    format!("policy/{version:010}").into_bytes()
}

fn written(value: &impl serde::Serialize) -> Result<Vec<u8>, WorkflowError> {
    serde_json::to_vec(value).map_err(|error| WorkflowError::Record(format!("the policy: {error}")))
}

fn read<T: serde::de::DeserializeOwned>(record: &[u8]) -> Result<T, WorkflowError> {
    serde_json::from_slice(record).map_err(|error| WorkflowError::Record(format!("the policy: {error}")))
}

#[cfg(test)]
mod tests;
