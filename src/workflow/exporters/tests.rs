use super::*;
use crate::{
    office::{Filing, NotMandateId, Wanted},
    reason::Reasoned as _,
    store::MemoryStore,
    time::{FixedClock, SeededRandom, parse_date},
    workflow::NewToken,
};

struct World {
    store: Arc<MemoryStore>,
    accounts: Accounts,
    exporters: Exporters,
}

impl World {
    fn new() -> Self {
        let store = Arc::new(MemoryStore::new());
        let clock: Arc<dyn Clock> = Arc::new(FixedClock::new("2026-11-22T10:00:00Z".parse().unwrap()));
        let random: Arc<dyn Random> = Arc::new(SeededRandom::new(1));
        let own = Arc::clone(&store) as Arc<dyn Store>;
        let accounts = Accounts::load(Arc::clone(&own), Arc::clone(&clock), Arc::clone(&random)).unwrap();
        let exporters = Exporters::new(own, clock, random, accounts.clone());
        Self { store, accounts, exporters }
    }

    fn caller(&self, role: Role, exporter: Option<&ExporterId>) -> Caller {
        let wanted = Wanted {
            name: role.to_string(),
            roles: vec![role],
            offices: vec!["KHI".parse().unwrap()],
            exporter: exporter.cloned(),
            ..Wanted::default()
        };
        let (_, token) = self.accounts.open(Actor::Operator, wanted, Some(NewToken::default())).unwrap();
        self.accounts.admitted(&token.unwrap()).unwrap()
    }

    fn registered(&self, number: &str) -> Exporter {
        let officer = self.caller(Role::Examiner, None);
        self.exporters.register(&officer, &request(1), identity(number)).unwrap()
    }
}

fn identity(number: &str) -> Identity {
    Identity {
        name: "Chenab Sports".parse().unwrap(),
        national_id: "1234567-8".parse().unwrap(),
        scheme: None,
        registration: number.parse().unwrap(),
        address: vec!["Sialkot".parse().unwrap()],
        country: "PK".parse().unwrap(),
    }
}

/// The nth UUIDv7 of that morning.
fn request(nth: u8) -> String {
    let ms = format!("{:012x}", "2026-11-22T10:00:00Z".parse::<crate::time::Timestamp>().unwrap().as_millisecond());
    format!("{}-{}-7000-8000-0000000000{nth:02x}", &ms[..8], &ms[8..])
}

fn scope(most: Option<u64>) -> Scope {
    let day = |text| parse_date(text).unwrap();
    let (from, until) = (day("2026-01-01"), day("2026-12-31"));
    Scope {
        agreements: Vec::new(),
        offices: Vec::new(),
        from,
        until,
        most_applications: most,
        most_value: None,
        hold: false,
    }
}

fn reason<T>(result: Result<T, WorkflowError>) -> &'static str {
    result.err().map_or("done", |error| error.reason())
}

#[test]
fn an_exporter_is_registered_once_by_the_office_alone() {
    let world = World::new();
    let officer = world.caller(Role::Examiner, None);
    let register = |who: &Caller, nth, number| world.exporters.register(who, &request(nth), identity(number));
    let exporter = register(&officer, 1, "S-1").unwrap();
    assert_eq!(register(&officer, 1, "S-1").unwrap(), exporter, "a repeat changes nothing");
    assert_eq!(reason(register(&officer, 1, "S-2")), "REQUEST_ID_REUSED");
    assert_eq!(reason(register(&officer, 2, "S-1")), "EXPORTER_EXISTS");
    let spelt = register(&officer, 2, "s 1").unwrap_err();
    assert_eq!(spelt.reason(), "EXPORTER_EXISTS", "however it is written");
    assert!(spelt.to_string().contains("`S-1`"), "{spelt}");
    for role in [Role::Exporter, Role::Agent, Role::Signatory, Role::Administrator] {
        assert_eq!(reason(register(&world.caller(role, None), 3, "S-3")), "PERMISSION_DENIED", "{role}");
    }
    assert_eq!(world.exporters.list(&officer, "", 10).unwrap(), [exporter]);
}

#[test]
fn an_exporter_is_found_by_its_registration_however_that_is_written_and_by_nobody_to_whom_it_is_not_told() {
    let world = World::new();
    let exporter = world.registered("SLK-10").id;
    let officer = world.caller(Role::Examiner, None);
    let (own, agent) = (world.caller(Role::Exporter, Some(&exporter)), world.caller(Role::Agent, None));
    for written in ["SLK-10", " slk 10 ", "SLK10", "\u{405}LK/1\u{41E}"] {
        assert_eq!(world.exporters.of(written).unwrap(), exporter, "{written}");
        for caller in [&officer, &own] {
            assert_eq!(world.exporters.named(caller, written).unwrap(), exporter, "{written}");
        }
        assert_eq!(reason(world.exporters.named(&agent, written)), "EXPORTER_UNKNOWN", "{written}");
    }
    world.exporters.give(&own, &request(5), &exporter, agent.id(), scope(None)).unwrap();
    assert_eq!(world.exporters.named(&agent, "slk 10").unwrap(), exporter, "by its mandate");
    for other in ["SLK-1", "SLK-100", "-", "exp"] {
        assert_eq!(reason(world.exporters.of(other)), "EXPORTER_UNKNOWN", "{other}");
    }
}

#[test]
fn an_exporter_sees_itself_and_no_other() {
    let world = World::new();
    let exporter = world.registered("S-1").id;
    let (own, other) = (world.caller(Role::Exporter, Some(&exporter)), world.caller(Role::Exporter, None));
    assert_eq!(reason(world.exporters.get(&own, &exporter)), "done");
    assert_eq!(reason(world.exporters.get(&other, &exporter)), "EXPORTER_UNKNOWN");
    assert_eq!(reason(world.exporters.list(&own, "", 10)), "PERMISSION_DENIED");
    let agent = world.caller(Role::Agent, None);
    assert_eq!(reason(world.exporters.get(&agent, &exporter)), "EXPORTER_UNKNOWN");
    world.exporters.give(&own, &request(5), &exporter, agent.id(), scope(None)).unwrap();
    assert_eq!(reason(world.exporters.get(&agent, &exporter)), "done");
}

#[test]
fn an_agent_files_by_a_mandate_until_it_is_used_up_or_revoked() {
    let world = World::new();
    let exporter = world.registered("S-1").id;
    let own = world.caller(Role::Exporter, Some(&exporter));
    let agent = world.caller(Role::Agent, None);
    let (agreement, office) = ("CPFTA".parse().unwrap(), "KHI".parse().unwrap());
    let day = parse_date("2026-11-22").unwrap();
    let filing = Filing { agreement: &agreement, office: &office, day, value: None };
    let draw = |who: &Caller| {
        let mut drawing = world.exporters.drawing(who);
        let carried = drawing.draw(&exporter, &filing, None)?;
        Ok::<_, WorkflowError>((carried, drawing.drawn()?))
    };
    assert_eq!(draw(&own).unwrap().0, None);
    assert_eq!(reason(draw(&agent)), "MANDATE_MISSING");
    let mandate = world.exporters.give(&own, &request(5), &exporter, agent.id(), scope(Some(1))).unwrap();
    let (carried, drawn) = draw(&agent).unwrap();
    assert_eq!(carried.unwrap().mandate, mandate.id);
    let file = |drawn: &Drawn| {
        let Drawn { expected, state } = drawn.clone();
        world.store.commit(Batch { expected, state, ..Batch::default() })
    };
    file(&drawn).unwrap();
    assert_eq!(
        file(&drawn).unwrap_err().reason(),
        "RECORD_MOVED",
        "two at once are not both carried by the last place"
    );
    assert_eq!(reason(draw(&agent)), "MANDATE_CEILING");
    let second = world.exporters.give(&own, &request(6), &exporter, agent.id(), scope(None)).unwrap();
    assert!(draw(&agent).is_ok());
    for one in [&mandate, &second] {
        assert!(world.exporters.revoke(&own, &exporter, &one.id).unwrap().revoked.is_some());
    }
    assert_eq!(reason(draw(&agent)), "MANDATE_REVOKED");
    assert_eq!(world.exporters.mandates(&agent, &exporter).unwrap().len(), 2);
    let stranger = world.caller(Role::Agent, None);
    assert!(world.exporters.mandates(&stranger, &exporter).unwrap().is_empty());
    assert_eq!(reason(world.exporters.revoke(&stranger, &exporter, &second.id)), "PERMISSION_DENIED");
    assert!(matches!("man_x".parse::<MandateId>(), Err(NotMandateId(_))));
}

#[test]
fn a_mandate_that_would_be_over_is_not_given() {
    let world = World::new();
    let exporter = world.registered("S-1").id;
    let (own, agent) = (world.caller(Role::Exporter, Some(&exporter)), world.caller(Role::Agent, None));
    let give = |nth, until| {
        let scope = Scope { until: parse_date(until).unwrap(), ..scope(None) };
        world.exporters.give(&own, &request(nth), &exporter, agent.id(), scope)
    };
    let over = give(5, "2026-11-20").unwrap_err();
    assert_eq!(over.reason(), "MANDATE_INVALID");
    assert!(over.to_string().contains("today or later"), "{over}");
    assert!(give(6, "2026-11-22").is_ok(), "it ends with this day");
}

#[test]
fn nobody_files_for_who_was_struck_off_and_no_mandate_goes_to_who_is_no_agent() {
    let world = World::new();
    let exporter = world.registered("S-1").id;
    let (own, officer) = (world.caller(Role::Exporter, Some(&exporter)), world.caller(Role::Examiner, None));
    let give = |nth, to: &Caller| world.exporters.give(&own, &request(nth), &exporter, to.id(), scope(None));
    assert_eq!(reason(give(5, &officer)), "MANDATE_INVALID");
    world.exporters.strike_off(&officer, &exporter).unwrap();
    let (agreement, office) = ("CPFTA".parse().unwrap(), "KHI".parse().unwrap());
    let day = parse_date("2026-11-22").unwrap();
    let filing = Filing { agreement: &agreement, office: &office, day, value: None };
    assert_eq!(reason(world.exporters.drawing(&own).files(&exporter, &filing).cloned()), "EXPORTER_STRUCK_OFF");
    assert_eq!(reason(give(6, &world.caller(Role::Agent, None))), "EXPORTER_STRUCK_OFF");
}

#[test]
fn who_was_struck_off_does_not_come_back_by_registering_anew() {
    let world = World::new();
    let exporter = world.registered("S-1");
    let officer = world.caller(Role::Examiner, None);
    let register = |nth, registration: &str, national: &str, country: &str| {
        let (national_id, country) = (national.parse().unwrap(), country.parse().unwrap());
        let scheme = Some("another word for it".parse().unwrap());
        let identity = Identity { national_id, scheme, country, ..identity(registration) };
        world.exporters.register(&officer, &request(nth), identity)
    };
    assert_eq!(reason(register(2, "S-2", "12345678", "PK")), "NATIONAL_ID_EXISTS", "however it is written");
    let struck = world.exporters.strike_off(&officer, &exporter.id).unwrap();
    assert!(world.exporters.is_off(&exporter.id).unwrap());
    let refused = register(3, "S-10", "1234567 8", "PK").unwrap_err();
    assert_eq!(refused.reason(), "EXPORTER_WAS_STRUCK_OFF");
    assert!(refused.to_string().contains("exporter `S-1`"), "{refused}");
    assert_eq!(
        reason(register(4, "S1", "999", "PK")),
        "EXPORTER_WAS_STRUCK_OFF",
        "its registration in another writing"
    );
    let abroad = register(5, "S-5", "1234567-8", "AE");
    assert_eq!(reason(abroad), "EXPORTER_WAS_STRUCK_OFF", "another country makes nobody another");
    // By the name alone it may be another.
    let namesake = register(6, "S-6", "888", "PK").unwrap();
    let finding = world.exporters.is_another_of(&namesake).unwrap().unwrap();
    assert_eq!(
        (finding.rule.as_str(), finding.severity),
        ("EXPORTER_STRUCK_OFF", crate::certificate::Severity::Warning)
    );
    // One that was registered before national ids were looked at.
    let twin = Exporter { id: namesake.id.clone(), ..struck };
    let finding = world.exporters.is_another_of(&twin).unwrap().unwrap();
    assert_eq!(finding.severity, crate::certificate::Severity::Error);
    // To come back is an act of its own.
    let own = world.caller(Role::Exporter, Some(&exporter.id));
    assert_eq!(reason(world.exporters.readmit(&own, &exporter.id)), "PERMISSION_DENIED");
    assert!(!world.exporters.readmit(&officer, &exporter.id).unwrap().struck_off);
    assert_eq!(world.exporters.is_another_of(&namesake).unwrap(), None);
    assert_eq!(reason(register(7, "S-7", "1234567-8", "PK")), "NATIONAL_ID_EXISTS");
    assert_eq!(reason(register(8, "S-8", "777", "PK")), "done");
}

#[test]
fn who_was_struck_off_does_not_come_back_by_leaving_its_number_out() {
    use crate::certificate::Severity;
    const FOOTBALLS: &str = include_str!("../../../node-config/demo/certificates/pk-cn-footballs.json");
    let world = World::new();
    let exporter = world.registered("S-1");
    world.exporters.strike_off(&world.caller(Role::Examiner, None), &exporter.id).unwrap();
    let found_in = |country: &str, name: &str, ids: serde_json::Value| {
        let today = parse_date("2026-11-22").unwrap();
        let text = crate::certificate::offset_dates(FOOTBALLS, today).unwrap();
        let mut json: serde_json::Value = serde_json::from_str(&text).unwrap();
        json["exporter"]["party"]["name"] = name.into();
        json["exporter"]["party"]["ids"] = ids;
        json["exporter"]["party"]["country"] = country.into();
        let reading = crate::certificate::Particulars::read_json(json.to_string().as_bytes());
        let findings = parties(world.store.as_ref(), &reading.particulars.unwrap()).unwrap();
        findings.into_iter().map(|one| (one.rule, one.severity)).collect::<Vec<_>>()
    };
    let found = |name: &str, ids| found_in("PK", name, ids);
    let told = |severity| vec![("EXPORTER_STRUCK_OFF".to_owned(), severity)];
    let none = serde_json::json!([]);
    assert_eq!(found("CHENAB SPORTS (Private) Ltd.", none.clone()), told(Severity::Error));
    let ntn = |number: &str| serde_json::json!([{"scheme": "NTN", "number": number}]);
    assert_eq!(found("Somebody Else", ntn("12345678")), told(Severity::Error), "its number");
    assert_eq!(found("Chenab Sports", ntn("7777777-7")), told(Severity::Warning), "the number of another");
    for name in ["M/s Chenab Sports", "The Chenab Sports Company", "Chenab \u{405}ports SMC-Private Limited"] {
        assert_eq!(found(name, none.clone()), told(Severity::Error), "{name}");
    }
    assert!(found("Chenab Rice", none.clone()).is_empty());
    // Nor by another country.
    assert_eq!(found_in("AE", "Somebody Else", ntn("1234567-8")), told(Severity::Error));
    assert_eq!(found_in("AE", "Chenab Sports", none), told(Severity::Error));
}

#[test]
fn a_producer_that_was_struck_off_is_found_by_its_number_in_any_country_and_at_any_place() {
    use crate::certificate::Severity;
    use serde_json::json;
    const FOOTBALLS: &str = include_str!("../../../node-config/demo/certificates/pk-cn-footballs.json");
    let world = World::new();
    let exporter = world.registered("S-1");
    world.exporters.strike_off(&world.caller(Role::Examiner, None), &exporter.id).unwrap();
    let producer = |name: &str, country: &str, number: &str| {
        let ids = json!([{"scheme": "NTN", "number": number}]);
        json!({"name": name, "address": ["A street"], "country": country, "ids": ids})
    };
    // As many before it as one list may have.
    let others = (0..500).map(|nth| producer(&format!("Maker {nth}"), "PK", &format!("9{nth}"))).collect::<Vec<_>>();
    let text = crate::certificate::offset_dates(FOOTBALLS, parse_date("2026-11-22").unwrap()).unwrap();
    let mut json: serde_json::Value = serde_json::from_str(&text).unwrap();
    json["producer"] = json!({"named": others});
    for (name, country, number, severity) in [
        ("Somebody Else", "PK", "1234567-8", Severity::Error),
        ("Somebody Else", "CN", "1234567-8", Severity::Error),
        ("M/s Chenab Sports", "CN", "7777777-7", Severity::Warning),
    ] {
        json["goods"]["items"][0]["producers"] = json!([producer(name, country, number)]);
        let reading = crate::certificate::Particulars::read_json(json.to_string().as_bytes());
        let particulars = reading.particulars.unwrap_or_else(|| panic!("{}", reading.findings));
        let findings = world.exporters.producers(&particulars).unwrap().into_iter();
        let found = findings.map(|one| (one.path, one.severity)).collect::<Vec<_>>();
        assert_eq!(found, [("goods.items[0].producers[0]".to_owned(), severity)], "{name} in {country}");
    }
}

#[test]
fn a_number_of_another_country_is_anothers_where_both_say_another_kind() {
    use crate::certificate::Severity;
    let world = World::new();
    let officer = world.caller(Role::Examiner, None);
    let register = |nth, registration: &str, kind: &str, country: &str| {
        let (scheme, country) = (Some(kind.parse().unwrap()), country.parse().unwrap());
        let name = registration.parse().unwrap();
        let identity = Identity { name, scheme, country, ..identity(registration) };
        world.exporters.register(&officer, &request(nth), identity)
    };
    let struck = register(1, "S-1", "NTN", "PK").unwrap();
    assert_eq!(reason(register(2, "S-2", "ntn", "AE")), "NATIONAL_ID_EXISTS");
    world.exporters.strike_off(&officer, &struck.id).unwrap();
    assert_eq!(reason(register(3, "S-3", "N.T.N.", "AE")), "EXPORTER_WAS_STRUCK_OFF");
    assert_eq!(reason(register(4, "S-4", "TRN", "PK")), "EXPORTER_WAS_STRUCK_OFF", "the same country's number");
    let other = register(5, "S-5", "TRN", "AE").unwrap();
    let finding = world.exporters.is_another_of(&other).unwrap().unwrap();
    assert_eq!(finding.severity, Severity::Warning, "it is told, and no more");
    // Each stands for itself: one that comes back brings no other back.
    world.exporters.strike_off(&officer, &other.id).unwrap();
    world.exporters.readmit(&officer, &other.id).unwrap();
    assert_eq!(reason(register(6, "S-6", "NTN", "PK")), "EXPORTER_WAS_STRUCK_OFF");
    world.exporters.readmit(&officer, &struck.id).unwrap();
    assert_eq!(world.exporters.is_another_of(&other).unwrap(), None);
}

#[test]
fn what_becomes_of_exporters_is_told_without_their_names() {
    let world = World::new();
    let exporter = world.registered("S-1").id;
    let own = world.caller(Role::Exporter, Some(&exporter));
    world.exporters.give(&own, &request(5), &exporter, world.caller(Role::Agent, None).id(), scope(None)).unwrap();
    let rows = world.store.audit(0, 100).unwrap();
    let text = rows.iter().map(|row| String::from_utf8(row.row.clone()).unwrap()).collect::<String>();
    assert!(text.contains("give_mandate") && text.contains("manage_exporters") && !text.contains("Chenab"), "{text}");
}

#[test]
fn parties_and_products_are_saved_by_the_exporter_its_agents_and_the_office_alone() {
    use crate::office::SavedKind;
    let world = World::new();
    let exporter = world.registered("S-1").id;
    let (own, officer) = (world.caller(Role::Exporter, Some(&exporter)), world.caller(Role::Examiner, None));
    let (agent, stranger) = (world.caller(Role::Agent, None), world.caller(Role::Exporter, None));
    let mandate = world.exporters.give(&own, &request(5), &exporter, agent.id(), scope(None)).unwrap();
    let name = || "yuhe".parse().unwrap();
    let party = br#"{"name": "Shanghai Yuhe", "address": ["Pudong"], "country": "CN"}"#;
    let save = |who: &Caller| reason(world.exporters.save_party(who, &exporter, name(), party));
    assert_eq!([save(&own), save(&agent), save(&officer)], ["done"; 3]);
    assert_eq!(save(&stranger), "EXPORTER_UNKNOWN");
    let wrong = world.exporters.save_party(&own, &exporter, name(), br#"{"name": "Shanghai Yuhe"}"#);
    assert_eq!(reason(wrong), "SAVED_INVALID");
    let item = br#"{"description": "Footballs", "hs": {"code": "950662", "edition": "2022"}}"#;
    world.exporters.save_product(&own, &exporter, name(), (item, b"")).unwrap();
    let rows = world.exporters.list_saved(&officer, &exporter).unwrap();
    let told = rows.iter().map(|row| (row.kind, row.says.as_str())).collect::<Vec<_>>();
    assert_eq!(told, [(SavedKind::Party, "Shanghai Yuhe"), (SavedKind::Product, "Footballs")]);
    let Saved::Party(saved) = world.exporters.get_saved(&agent, &exporter, SavedKind::Party, &name()).unwrap() else {
        panic!("another kind")
    };
    assert_eq!(saved.party.country, "CN".parse().unwrap());
    assert_eq!(world.exporters.list(&officer, "", 10).unwrap().len(), 1, "what is saved is no exporter");
    world.exporters.revoke(&own, &exporter, &mandate.id).unwrap();
    assert_eq!(reason(world.exporters.list_saved(&agent, &exporter)), "EXPORTER_UNKNOWN");
    let remove = || world.exporters.remove_saved(&own, &exporter, SavedKind::Party, &name());
    assert_eq!([reason(remove()), reason(remove())], ["done", "SAVED_UNKNOWN"]);
}
