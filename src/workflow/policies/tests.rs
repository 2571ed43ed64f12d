use super::*;
use crate::{
    office::{Absence, Wanted},
    reason::Reasoned as _,
    store::MemoryStore,
    time::{FixedClock, SeededRandom},
};
use serde_json::json;
use std::time::Duration;

struct World {
    store: Arc<MemoryStore>,
    clock: Arc<FixedClock>,
    accounts: Accounts,
    policies: Policies,
    administrator: Caller,
    signatory: Caller,
}

impl World {
    fn new() -> Self {
        let store = Arc::new(MemoryStore::new());
        let clock = Arc::new(FixedClock::new("2026-11-22T10:00:00Z".parse().unwrap()));
        let dynamic = (Arc::clone(&store) as Arc<dyn Store>, Arc::clone(&clock) as Arc<dyn Clock>);
        let accounts = Accounts::load(dynamic.0.clone(), dynamic.1.clone(), Arc::new(SeededRandom::new(1))).unwrap();
        let policies = Policies::load(dynamic.0, dynamic.1, accounts.clone()).unwrap();
        let open = |name: &str, roles: &[Role]| account(&accounts, name, roles);
        let (administrator, signatory) =
            (open("D. Admin", &[Role::Administrator]), open("A. Qureshi", &[Role::Signatory]));
        Self { store, clock, accounts, policies, administrator, signatory }
    }

    fn terms(&self) -> PolicyTerms {
        let terms = json!({
            "from": "2026-01-01", "until": "2026-12-31", "agreements": ["CPFTA"], "offices": ["LHE"],
            "destinations": ["CN"], "most_value": { "value": "250000", "currency": "USD" },
            "signatories": [self.signatory.id()],
        });
        PolicyTerms::read_json(terms.to_string().as_bytes()).unwrap()
    }

    fn agreed(&self) -> ShownPolicy {
        let terms = self.terms();
        let set = self.policies.set(&self.administrator, Some(terms.clone())).unwrap();
        self.policies.agree(&self.signatory, set.policy.version, terms.shown()).unwrap()
    }

    /// Whether the signatory's signature is released, or why not.
    fn release(policies: &Policies, strangers: &[&AccountId]) -> Result<AccountId, String> {
        let in_force = policies.in_force().ok_or("no policy")?;
        let released =
            policies.release(&in_force, &"LHE".parse().unwrap(), (&"exp_0123456789abcdef".parse().unwrap(), strangers));
        let released = released.expect("a signatory is named");
        released.map(|one| one.account.id.clone()).map_err(|why| why.to_string())
    }

    fn actions(&self) -> Vec<(String, String)> {
        let rows = self.store.audit(0, 100).unwrap();
        let events = rows.iter().map(|row| AuditEvent::read(&row.row).unwrap());
        events.filter(|one| one.object.starts_with("policy")).map(|one| (one.action, one.object)).collect()
    }
}

fn account(accounts: &Accounts, name: &str, roles: &[Role]) -> Caller {
    let offices = vec!["LHE".parse().unwrap()];
    let wanted = Wanted { name: name.to_owned(), roles: roles.to_vec(), offices, ..Wanted::default() };
    Caller::from(Account::clone(&accounts.open(Actor::Operator, wanted, None).unwrap().0))
}

fn reason<T>(result: Result<T, WorkflowError>) -> &'static str {
    result.err().map_or("done", |error| error.reason())
}

#[test]
fn nothing_is_released_until_the_signatory_agreed_to_this_very_version() {
    let world = World::new();
    assert!(world.policies.in_force().is_none(), "deny by default");
    let terms = world.terms();
    let first = world.policies.set(&world.administrator, Some(terms.clone())).unwrap();
    assert_eq!(
        World::release(&world.policies, &[]),
        Err("no signature is released: A. Qureshi has not agreed to policy 1".into())
    );
    let other = world.policies.agree(&world.signatory, 1, Sha256([1; 32]));
    assert_eq!(reason(other), "POLICY_VERSION", "of what was shown");
    assert_eq!(reason(world.policies.agree(&world.administrator, 1, terms.shown())), "PERMISSION_DENIED");
    world.policies.agree(&world.signatory, 1, terms.shown()).unwrap();
    assert_eq!(World::release(&world.policies, &[]).as_ref(), Ok(world.signatory.id()));
    let again = world.policies.set(&world.administrator, Some(terms.clone())).unwrap();
    assert_eq!(again.policy.version, first.policy.version, "what is set already keeps its agreements");
    let wider = PolicyTerms { destinations: vec!["CN".parse().unwrap(), "KE".parse().unwrap()], ..terms.clone() };
    assert_eq!(world.policies.set(&world.administrator, Some(wider)).unwrap().policy.version, 2);
    assert!(World::release(&world.policies, &[]).is_err(), "agreed to version 1, not to version 2");
    assert_eq!(reason(world.policies.agree(&world.signatory, 1, terms.shown())), "POLICY_VERSION");
    assert_eq!(world.policies.get(&world.signatory, Some(1)).unwrap().policy.terms, Some(terms), "versions are kept");
    world.policies.set(&world.administrator, None).unwrap();
    assert!(world.policies.in_force().is_none());
    let expected = [("set_policy", 1), ("agree_to_policy", 1), ("set_policy", 2), ("set_policy", 3)];
    assert_eq!(world.actions(), expected.map(|(action, version)| (action.to_owned(), format!("policy {version}"))));
}

#[test]
fn an_agreement_counts_while_its_account_is_open_a_signatory_of_the_office_and_not_away() {
    let world = World::new();
    world.agreed();
    let (accounts, id) = (&world.accounts, world.signatory.id());
    let released = || World::release(&world.policies, &[]).is_ok();
    let change = |change: &dyn Fn(Wanted) -> Wanted| accounts.change(Actor::Operator, id, change).map(|_| ()).unwrap();
    assert!(released());
    let absence = Absence::new(world.clock.now(), world.clock.now() + Duration::from_hours(1), None).unwrap();
    accounts.arrange(Actor::Operator, id, absence).unwrap();
    assert!(!released(), "away");
    assert_eq!(
        world.policies.get(&world.administrator, None).unwrap().agreements[0].void.as_deref(),
        Some("A. Qureshi is away")
    );
    accounts.back(Actor::Operator, id).unwrap();
    assert!(released());
    change(&|wanted| Wanted { offices: vec!["KHI".parse().unwrap()], ..wanted });
    assert!(!released(), "of another office");
    change(&|wanted| Wanted { offices: vec!["LHE".parse().unwrap()], roles: vec![Role::Examiner], ..wanted });
    assert!(!released(), "no signatory");
    change(&|wanted| Wanted { roles: vec![Role::Signatory], ..wanted });
    assert!(released());
    accounts.disable(Actor::Operator, id).unwrap();
    assert!(!released(), "closed");
}

/// The last one's reason alone would hide that the first agreed and is away.
#[test]
fn where_nothing_is_released_the_reason_of_every_signatory_is_told() {
    let world = World::new();
    let second = account(&world.accounts, "D. Raza", &[Role::Signatory]);
    let signatories = vec![world.signatory.id().clone(), second.id().clone()];
    let terms = PolicyTerms { signatories, ..world.terms() };
    world.policies.set(&world.administrator, Some(terms.clone())).unwrap();
    world.policies.agree(&world.signatory, 1, terms.shown()).unwrap();
    let absence = Absence::new(world.clock.now(), world.clock.now() + Duration::from_hours(1), None).unwrap();
    world.accounts.arrange(Actor::Operator, world.signatory.id(), absence).unwrap();
    assert_eq!(
        World::release(&world.policies, &[]),
        Err("no signature is released: A. Qureshi is away; D. Raza has not agreed to policy 1".into())
    );
}

#[test]
fn an_agreement_is_taken_back_for_good_and_a_restart_forgets_neither() {
    let world = World::new();
    world.agreed();
    let restarted = || {
        let store = Arc::clone(&world.store) as Arc<dyn Store>;
        Policies::load(store, Arc::clone(&world.clock) as Arc<dyn Clock>, world.accounts.clone()).unwrap()
    };
    assert!(World::release(&restarted(), &[]).is_ok());
    let away = world.signatory.clone().away(true);
    world.policies.revoke(&away).unwrap();
    assert!(World::release(&world.policies, &[]).is_err() && World::release(&restarted(), &[]).is_err());
    assert_eq!(reason(world.policies.agree(&away, 1, world.terms().shown())), "SIGNATORY_AWAY");
    world.policies.agree(&world.signatory, 1, world.terms().shown()).unwrap();
    assert!(World::release(&restarted(), &[]).is_ok());
}

#[test]
fn four_eyes_hold_who_set_the_policy_and_who_filed_release_no_signature_of_their_own() {
    let world = World::new();
    let both = account(&world.accounts, "E. Both", &[Role::Administrator, Role::Signatory]);
    let naming = PolicyTerms { signatories: vec![both.id().clone()], ..world.terms() };
    assert_eq!(reason(world.policies.set(&both, Some(naming.clone()))), "SAME_PERSON");
    world.policies.set(&world.administrator, Some(naming)).unwrap();
    for role in [Role::Signatory, Role::Examiner, Role::Exporter] {
        let other = account(&world.accounts, "F. Other", &[role]);
        assert_eq!(reason(world.policies.set(&other, Some(world.terms()))), "PERMISSION_DENIED", "{role}");
    }
    world.agreed();
    assert!(World::release(&world.policies, &[world.signatory.id()]).is_err(), "who filed it");
    let twin = account(&world.accounts, "Chenab Sports", &[Role::Exporter]);
    let person: Person = "S-17".parse().unwrap();
    for id in [twin.id(), world.signatory.id()] {
        let of = |wanted| Wanted { person: Some(person.clone()), ..wanted };
        world.accounts.change(Actor::Operator, id, of).unwrap();
    }
    assert!(World::release(&world.policies, &[twin.id()]).is_err(), "another account of the same person");
    assert!(World::release(&world.policies, &[]).is_ok(), "of no exporter");
    let of_exporter = |wanted| Wanted { exporter: Some("exp_0123456789abcdef".parse().unwrap()), ..wanted };
    world.accounts.change(Actor::Operator, twin.id(), of_exporter).unwrap();
    assert!(World::release(&world.policies, &[]).is_err(), "of the exporter by another account");
    let closed = PolicyTerms { signatories: vec![world.administrator.id().clone()], ..world.terms() };
    assert_eq!(reason(world.policies.set(&world.administrator, Some(closed))), "POLICY_INVALID");
    let exporter = account(&world.accounts, "G. Exporter", &[Role::Exporter]);
    let refused = world.policies.get(&exporter, None).unwrap_err();
    assert_eq!(refused.reason(), "PERMISSION_DENIED");
    assert!(refused.to_string().contains("read its policy"), "who agrees is not told what it may not set: {refused}");
}
