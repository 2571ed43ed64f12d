use super::*;
use crate::{
    office::{Account, Caller, Role, Wanted},
    reason::Reasoned as _,
    store::MemoryStore,
    time::{FixedClock, SeededRandom, ZoneName},
};

fn office(code: &str) -> Office {
    Office {
        code: code.parse().unwrap(),
        name: format!("{code} Office"),
        place: "Karachi".to_owned(),
        agreements: vec!["CPFTA".parse().unwrap()],
        time_zone: ZoneName::new("Asia/Karachi").unwrap(),
        fees: Fees::None,
        series_begin: BTreeMap::new(),
    }
}

struct House {
    store: Arc<MemoryStore>,
    clock: Arc<FixedClock>,
}

impl House {
    fn new() -> Self {
        let clock = Arc::new(FixedClock::new("2026-11-22T10:00:00Z".parse().unwrap()));
        Self { store: Arc::new(MemoryStore::new()), clock }
    }

    fn offices(&self, configured: Vec<Office>) -> Offices {
        let (store, clock) = (Arc::clone(&self.store) as Arc<dyn Store>, Arc::clone(&self.clock) as Arc<dyn Clock>);
        Offices::load(store, clock, configured).unwrap()
    }
}

#[test]
fn what_an_administrator_keeps_goes_before_the_configuration_and_survives() {
    let house = House::new();
    let offices = house.offices(vec![office("LHE"), office("KHI")]);
    let lahore = "LHE".parse().unwrap();
    let changed = offices.change(Actor::Operator, &lahore, |now| Ok(Office { fees: Fees::All, ..now })).unwrap();
    assert_eq!(changed.office.fees, Fees::All);
    offices.close(Actor::Operator, &"KHI".parse().unwrap()).unwrap();
    offices.open(Actor::Operator, office("ISB")).unwrap();
    // The file still says what it said, and one office less.
    let again = house.offices(vec![office("LHE"), office("KHI")]);
    let known = again.all().iter().map(|one| (one.office.code.to_string(), one.is_closed())).collect::<Vec<_>>();
    assert_eq!(known, [("ISB".to_owned(), false), ("KHI".to_owned(), true), ("LHE".to_owned(), false)]);
    assert_eq!(again.find(&lahore).unwrap().office.fees, Fees::All);
    let without = house.offices(Vec::new());
    assert_eq!(without.all().len(), 3);
}

#[test]
fn each_change_stands_in_the_audit_record_with_who_made_it() {
    let house = House::new();
    let offices = house.offices(vec![office("LHE")]);
    let wanted = Wanted { name: "Admin".into(), roles: vec![Role::Administrator], ..Wanted::default() };
    let caller = Caller::from(Account::open(wanted, &SeededRandom::new(3)).unwrap());
    let code = "LHE".parse().unwrap();
    let begin = BTreeMap::from([("CPFTA".parse().unwrap(), 500)]);
    offices.change(Actor::Caller(&caller), &code, |now| Ok(Office { series_begin: begin, ..now })).unwrap();
    offices.close(Actor::Operator, &code).unwrap();
    let rows = house.store.audit(0, 10).unwrap();
    let rows = rows.iter().map(|row| AuditEvent::read(&row.row).unwrap()).collect::<Vec<_>>();
    let told = rows.iter().map(|row| (row.by.as_str(), row.action.as_str(), row.object.as_str())).collect::<Vec<_>>();
    assert_eq!(told, [(caller.id().as_str(), "manage_offices", "LHE"), ("operator", "manage_offices", "LHE")]);
    assert_eq!(rows[0].detail.as_deref(), Some("change CPFTA CPFTA from 500"));
}

#[test]
fn an_office_is_opened_once_and_what_cannot_be_is_refused() {
    let house = House::new();
    let offices = house.offices(vec![office("LHE")]);
    let refused = |result: Result<Arc<OfficeRecord>, WorkflowError>| result.unwrap_err().reason();
    let (lahore, karachi) = ("LHE".parse().unwrap(), "KHI".parse().unwrap());
    assert_eq!(refused(offices.open(Actor::Operator, office("LHE"))), "OFFICE_OPEN");
    assert_eq!(refused(offices.close(Actor::Operator, &karachi)), "OFFICE_UNKNOWN");
    let nameless = Office { name: String::new(), ..office("KHI") };
    assert_eq!(refused(offices.open(Actor::Operator, nameless)), "OFFICE_INVALID");
    let zero = Office { series_begin: BTreeMap::from([("CPFTA".parse().unwrap(), 0)]), ..office("KHI") };
    assert_eq!(refused(offices.open(Actor::Operator, zero)), "OFFICE_INVALID");
    offices.close(Actor::Operator, &lahore).unwrap();
    assert_eq!(refused(offices.close(Actor::Operator, &lahore)), "OFFICE_CLOSED");
    assert_eq!(refused(offices.change(Actor::Operator, &lahore, Ok)), "OFFICE_CLOSED");
    assert!(!offices.open(Actor::Operator, office("LHE")).unwrap().is_closed(), "it can be opened again");
    assert!(house.store.audit(0, 10).unwrap().len() == 2, "what was refused changed nothing");
}
