use super::*;
use crate::{
    reason::Reasoned as _,
    store::MemoryStore,
    time::{FixedClock, SeededRandom},
};
use std::time::Duration;

const PASSWORD: &str = "seven footballs of Sialkot";

struct World {
    store: Arc<MemoryStore>,
    clock: Arc<FixedClock>,
    accounts: Accounts,
}

impl World {
    fn new() -> Self {
        let store = Arc::new(MemoryStore::new());
        let clock = Arc::new(FixedClock::new("2026-11-22T10:00:00Z".parse().unwrap()));
        let accounts = Self::open(&store, &clock, 1);
        Self { store, clock, accounts }
    }

    fn open(store: &Arc<MemoryStore>, clock: &Arc<FixedClock>, seed: u64) -> Accounts {
        let random = Arc::new(SeededRandom::new(seed));
        Accounts::load(Arc::clone(store) as Arc<dyn Store>, Arc::clone(clock) as Arc<dyn Clock>, random).unwrap()
    }

    /// The same after the process was started again.
    fn again(&self) -> Accounts {
        Self::open(&self.store, &self.clock, 2)
    }

    fn later(&self, seconds: u64) {
        self.clock.set(self.clock.now() + Duration::from_secs(seconds));
    }

    fn person(&self, login: &str, roles: &[Role]) -> Arc<Account> {
        let wanted = Wanted {
            name: "A. Qureshi".into(),
            roles: roles.to_vec(),
            offices: vec!["KHI".parse().unwrap()],
            login: Some(login.parse().unwrap()),
            ..Wanted::default()
        };
        let (account, _) = self.accounts.open(Actor::Operator, wanted, None).unwrap();
        self.accounts.set_password(Actor::Operator, &account.id, &Password::new(PASSWORD).unwrap()).unwrap()
    }

    fn events(&self) -> Vec<AuditEvent> {
        self.accounts.0.trail.settle();
        self.store.audit(0, 10_000).unwrap().iter().map(|row| AuditEvent::read(&row.row).unwrap()).collect()
    }
}

fn reason<T>(result: Result<T, WorkflowError>) -> &'static str {
    result.err().map_or("done", |error| error.reason())
}

#[test]
fn a_password_begins_a_session_that_ends() {
    let world = World::new();
    let account = world.person("a.qureshi", &[Role::Signatory]);
    let signed_in = world.accounts.sign_in("A.Qureshi", PASSWORD, None).unwrap();
    let caller = world.accounts.admitted(&signed_in.token).unwrap();
    assert!(caller.may(Action::IssueCertificate) && *caller.id() == account.id);
    let restarted = world.again();
    assert!(restarted.admitted(&signed_in.token).is_some(), "a restart signs nobody out");
    world.accounts.sign_out(&caller).unwrap();
    assert!(world.accounts.admitted(&signed_in.token).is_none() && world.accounts.again(&caller).is_none());
    assert!(world.again().admitted(&signed_in.token).is_none(), "and a restart signs nobody in");
}

#[test]
fn a_session_ends_unused_after_an_hour_and_used_after_twelve() {
    let world = World::new();
    world.person("a.qureshi", &[Role::Auditor]);
    let idle = world.accounts.sign_in("a.qureshi", PASSWORD, None).unwrap();
    let used = world.accounts.sign_in("a.qureshi", PASSWORD, None).unwrap();
    world.later(3_599);
    assert!(world.accounts.admitted(&used.token).is_some());
    world.later(1);
    assert!(world.accounts.admitted(&idle.token).is_none());
    for _ in 0..21 {
        assert!(world.accounts.admitted(&used.token).is_some());
        world.later(1_800);
    }
    world.later(1_799);
    assert!(world.accounts.admitted(&used.token).is_some(), "eleven hours, 59 minutes and 59 seconds");
    world.later(1);
    assert!(world.accounts.admitted(&used.token).is_none());
}

#[test]
fn a_session_that_began_while_the_clock_was_ahead_is_over_once_that_is_set() {
    let world = World::new();
    world.person("a.qureshi", &[Role::Auditor]);
    let right = world.clock.now();
    world.later(365 * 86_400);
    let ahead = world.accounts.sign_in("a.qureshi", PASSWORD, None).unwrap();
    world.clock.set(right);
    assert!(world.accounts.admitted(&ahead.token).is_none() && world.again().admitted(&ahead.token).is_none());
    // Set back by a minute it signs nobody out.
    let signed_in = world.accounts.sign_in("a.qureshi", PASSWORD, None).unwrap();
    world.clock.set(right - Duration::from_mins(1));
    assert!(world.accounts.admitted(&signed_in.token).is_some());
}

#[test]
fn wrong_name_wrong_password_no_password_and_closed_account_are_answered_alike() {
    let world = World::new();
    world.person("right", &[Role::Auditor]);
    let closed = world.person("closed", &[Role::Auditor]);
    world.accounts.disable(Actor::Operator, &closed.id).unwrap();
    let wanted = Wanted {
        name: "No password".into(),
        roles: vec![Role::Auditor],
        login: Some("tokens.only".parse().unwrap()),
        ..Wanted::default()
    };
    world.accounts.open(Actor::Operator, wanted, None).unwrap();
    for (login, password) in [
        ("right", "seven footballs of Lahore"),
        ("closed", PASSWORD),
        ("tokens.only", PASSWORD),
        ("nobody", PASSWORD),
        ("?", ""),
    ] {
        assert_eq!(reason(world.accounts.sign_in(login, password, None)), "SIGN_IN_REFUSED", "{login}");
    }
}

#[test]
fn a_name_that_is_guessed_at_is_locked_whether_there_is_such_an_account_or_not_until_it_is_unlocked() {
    let world = World::new();
    let account = world.person("a.qureshi", &[Role::Auditor]);
    for login in ["a.qureshi", "nobody"] {
        let tries = (0..8).map(|_| reason(world.accounts.sign_in(login, "wrong and long enough", None)));
        let tries = tries.collect::<Vec<_>>();
        assert_eq!(tries[..5], ["SIGN_IN_REFUSED"; 5], "{login}");
        assert_eq!(tries[5..], ["SIGN_IN_LOCKED"; 3], "{login}");
    }
    assert_eq!(
        reason(world.accounts.sign_in("a.qureshi", PASSWORD, None)),
        "SIGN_IN_LOCKED",
        "the right one waits too"
    );
    world.accounts.unlock(Actor::Operator, &account.id).unwrap();
    assert_eq!(reason(world.accounts.sign_in("a.qureshi", PASSWORD, None)), "done");
    assert_eq!(reason(world.accounts.sign_in("a.qureshi", "wrong and long enough", None)), "SIGN_IN_REFUSED");
}

#[test]
fn another_password_or_a_closed_account_ends_the_sessions() {
    let world = World::new();
    let account = world.person("a.qureshi", &[Role::Auditor]);
    let [mine, other] = [(); 2].map(|()| world.accounts.sign_in("a.qureshi", PASSWORD, None).unwrap());
    let caller = world.accounts.admitted(&mine.token).unwrap();
    let new = Password::new("eight footballs of Sialkot").unwrap();
    assert_eq!(reason(world.accounts.change_password(&caller, "not the old one at all", &new)), "SIGN_IN_REFUSED");
    world.accounts.change_password(&caller, PASSWORD, &new).unwrap();
    assert!(world.accounts.admitted(&mine.token).is_some() && world.accounts.admitted(&other.token).is_none());
    assert_eq!(reason(world.accounts.sign_in("a.qureshi", PASSWORD, None)), "SIGN_IN_REFUSED");
    world.accounts.disable(Actor::Operator, &account.id).unwrap();
    assert!(world.accounts.admitted(&mine.token).is_none() && world.again().admitted(&mine.token).is_none());
}

#[test]
fn tokens_are_several_scoped_and_revoked_one_by_one() {
    let world = World::new();
    let account = world.person("a.qureshi", &[Role::Signatory]);
    let new = |scopes| {
        let wanted = NewToken { name: "ERP".into(), scopes, until: None };
        world.accounts.new_token(Actor::Operator, &account.id, wanted).unwrap()
    };
    let (narrow, wide) = (new(Scopes::only([Action::ReadCertificate])), new(Scopes::all()));
    let caller = world.accounts.admitted(&narrow).unwrap();
    assert!(caller.may(Action::ReadCertificate) && !caller.may(Action::IssueCertificate));
    assert_eq!(reason(Accounts::allow(&caller, Action::IssueCertificate)), "PERMISSION_DENIED");
    world.accounts.revoke_token(Actor::Operator, &account.id, narrow.prefix().as_str()).unwrap();
    assert!(world.accounts.admitted(&narrow).is_none() && world.accounts.again(&caller).is_none());
    assert!(world.accounts.admitted(&wide).is_some() && world.again().admitted(&wide).is_some());
    let again = world.accounts.revoke_token(Actor::Operator, &account.id, narrow.prefix().as_str());
    assert_eq!(reason(again), "TOKEN_UNKNOWN");
}

#[test]
fn a_role_that_is_taken_away_counts_from_the_next_call_on() {
    let world = World::new();
    let account = world.person("a.qureshi", &[Role::Signatory]);
    let session = world.accounts.sign_in("a.qureshi", PASSWORD, None).unwrap();
    let caller = world.accounts.admitted(&session.token).unwrap();
    let change = |now: Wanted| Wanted { roles: vec![Role::Auditor], ..now };
    world.accounts.change(Actor::Operator, &account.id, change).unwrap();
    assert!(!world.accounts.again(&caller).unwrap().may(Action::IssueCertificate));
    let nothing = world.accounts.change(Actor::Operator, &account.id, |now| Wanted { roles: Vec::new(), ..now });
    assert_eq!(reason(nothing), "ACCOUNT_WITHOUT_ROLE");
}

#[test]
fn one_name_to_sign_in_by_is_one_accounts_even_when_that_is_closed() {
    let world = World::new();
    let first = world.person("a.qureshi", &[Role::Auditor]);
    world.accounts.disable(Actor::Operator, &first.id).unwrap();
    let wanted = Wanted {
        name: "Another".into(),
        roles: vec![Role::Auditor],
        login: Some("A.QURESHI".parse().unwrap()),
        ..Wanted::default()
    };
    assert_eq!(reason(world.accounts.open(Actor::Operator, wanted, None)), "LOGIN_TAKEN");
}

#[test]
fn who_is_away_signs_nothing_and_the_deputy_signs_in_their_place() {
    let world = World::new();
    let absent = world.person("absent", &[Role::Signatory]);
    let deputy = world.person("deputy", &[Role::Signatory]);
    let elsewhere = |now: Wanted| Wanted { offices: vec!["LHE".parse().unwrap()], ..now };
    let deputy = world.accounts.change(Actor::Operator, &deputy.id, elsewhere).unwrap();
    let karachi = "KHI".parse().unwrap();
    let session = world.accounts.sign_in("deputy", PASSWORD, None).unwrap();
    let own = world.accounts.sign_in("absent", PASSWORD, None).unwrap();
    let now = world.clock.now();
    let tomorrow = now + Duration::from_hours(24);
    let absence = |deputy| Absence::new(now, tomorrow, deputy).unwrap();
    let auditor = world.person("auditor", &[Role::Auditor]);
    for wrong in [&absent.id, &auditor.id] {
        let refused = world.accounts.arrange(Actor::Operator, &absent.id, absence(Some(wrong.clone())));
        assert_eq!(reason(refused), "ABSENCE_INVALID");
    }
    world.accounts.arrange(Actor::Operator, &absent.id, absence(Some(deputy.id.clone()))).unwrap();
    let caller = world.accounts.admitted(&session.token).unwrap();
    assert_eq!(caller.hand(&karachi).in_place_of.map(|(id, _)| id), Some(absent.id.clone()));
    let away = world.accounts.admitted(&own.token).unwrap();
    assert_eq!(reason(Accounts::allow(&away, Action::SignCertificate)), "SIGNATORY_AWAY");
    assert_eq!(reason(Accounts::allow(&away, Action::ReadQueue)), "done");
    world.accounts.back(Actor::Operator, &absent.id).unwrap();
    assert!(!world.accounts.again(&caller).unwrap().acts_for(&karachi));
    assert_eq!(reason(Accounts::allow(&world.accounts.again(&away).unwrap(), Action::SignCertificate)), "done");
}

#[test]
fn who_did_what_is_told_for_ever_and_says_nothing_that_lets_in() {
    let world = World::new();
    let account = world.person("a.qureshi", &[Role::Signatory]);
    let token = world.accounts.new_token(Actor::Operator, &account.id, NewToken::default()).unwrap();
    let network = Some("192.0.2.7".to_owned());
    let session = world.accounts.sign_in("a.qureshi", PASSWORD, network.clone()).unwrap();
    let _ = world.accounts.sign_in("a.qureshi", "wrong and long enough", network);
    let _ = world.accounts.sign_in(PASSWORD, "a.qureshi", None);
    let caller = world.accounts.admitted(&session.token).unwrap();
    let _ = Accounts::allow(&caller, Action::ManageAccounts);
    world.accounts.sign_out(&caller).unwrap();
    world.accounts.disable(Actor::Operator, &account.id).unwrap();
    let events = world.events();
    let mut told = events.iter().map(|event| (event.action.as_str(), event.result.as_str())).collect::<Vec<_>>();
    told.sort_unstable();
    assert_eq!(
        told,
        [
            ("close_account", "done"),
            ("make_token", "done"),
            ("manage_accounts", "PERMISSION_DENIED"),
            ("open_account", "done"),
            ("set_password", "done"),
            ("sign_in", "SIGN_IN_REFUSED"),
            ("sign_in", "SIGN_IN_REFUSED"),
            ("sign_in", "done"),
            ("sign_out", "done"),
        ]
    );
    let text = serde_json::to_string(&events).unwrap();
    for secret in [PASSWORD, "wrong and long", &token.reveal()[12..], &session.token.reveal()[12..], "A. Qureshi"] {
        assert!(!text.contains(secret), "{secret} stands in {text}");
    }
    assert!(text.contains("192.0.2.7"));
}

#[test]
fn an_account_whose_password_is_refused_is_not_opened_and_its_name_stays_free() {
    let world = World::new();
    let wanted = |login: Option<&str>| Wanted {
        name: "A. Qureshi".into(),
        roles: vec![Role::Signatory],
        offices: vec!["KHI".parse().unwrap()],
        login: login.map(|login| login.parse().unwrap()),
        ..Wanted::default()
    };
    let password = Password::new(PASSWORD).unwrap();
    let refused = world.accounts.open_with(Actor::Operator, wanted(None), None, Some(&password));
    assert_eq!(reason(refused), "LOGIN_INVALID");
    assert!(world.accounts.list().is_empty(), "nothing is there by half");
    world.store.fail_next_write("the disk is gone");
    let failed = world.accounts.open_with(Actor::Operator, wanted(Some("a.qureshi")), None, Some(&password));
    assert!(failed.is_err() && world.again().list().is_empty());
    world.store.reload().unwrap();
    world.accounts.open_with(Actor::Operator, wanted(Some("a.qureshi")), None, Some(&password)).unwrap();
    assert!(world.accounts.sign_in("a.qureshi", PASSWORD, None).is_ok(), "account and password came together");
    assert_eq!(world.events().iter().filter(|event| event.action == "open_account").count(), 1);
}

#[test]
fn a_token_that_is_for_less_than_its_account_says_so_and_blames_no_role() {
    let world = World::new();
    let wanted = Wanted { name: "B. Malik".into(), roles: vec![Role::Examiner], ..Wanted::default() };
    let scopes = Scopes::only([Action::ReadQueue]);
    let narrow = NewToken { scopes, ..NewToken::default() };
    let (_, token) = world.accounts.open(Actor::Operator, wanted, Some(narrow)).unwrap();
    let caller = world.accounts.admitted(&token.unwrap()).unwrap();
    let told = |action| Accounts::allow(&caller, action).unwrap_err().to_string();
    let examine = told(Action::ExamineApplication);
    assert!(examine.starts_with("this token may not") && examine.contains("read_queue alone"), "{examine}");
    assert!(told(Action::SignCertificate).starts_with("this account may not"), "a role is missing");
}
