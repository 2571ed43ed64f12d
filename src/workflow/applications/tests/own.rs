//! What exporters and their agents read of the certificates that were issued for what they applied for.

use super::*;
use crate::{
    statement::Status,
    workflow::{CancelWish, Cancelled, CertificateRecord, CopyWish, DrawWish, OriginalName, Stands},
};

impl Office {
    async fn issued(&self, nth: u16) -> (ApplicationId, String) {
        let id = self.recommended(nth);
        (id, self.sign(nth + 4, id).await)
    }

    async fn sign(&self, nth: u16, id: ApplicationId) -> String {
        let signed = self.applications.sign(&self.world.signatory, &self.id(nth), id, self.shown(id), None).await;
        signed.unwrap().certificate.number
    }

    /// Issued by the agent's way, which holds a mandate.
    async fn issued_for(&self, nth: u16, agent: &Caller) -> (ApplicationId, String) {
        let draft = self.applications.create(agent, &self.id(nth), "SLK-1", self.paper()).unwrap().application.id;
        self.applications.submit(agent, &self.id(nth + 1), draft, Self::declarant(&self.paper())).unwrap();
        self.applications.claim(&self.examiner, &self.id(nth + 2), draft).unwrap();
        self.applications.recommend(&self.examiner, &self.id(nth + 3), draft, None).unwrap();
        (draft, self.sign(nth + 4, draft).await)
    }

    fn read(&self, caller: &Caller, name: CertificateName) -> Result<CertificateRecord, &'static str> {
        let evidence = self.applications.desk.evidence(caller, &name).map_err(|error| error.reason());
        let record = self.applications.desk.get(caller, &name).map_err(|error| error.reason());
        assert_eq!(evidence.err(), record.as_ref().err().copied(), "it is shown to who downloads it, and to no other");
        record
    }

    fn numbers_of(&self, caller: &Caller, size: usize) -> Vec<String> {
        let (mut numbers, mut token) = (Vec::new(), String::new());
        loop {
            let asked = CertificatesAsked { page_size: size, page_token: &token, ..CertificatesAsked::default() };
            let page = self.applications.desk.list(caller, asked).unwrap();
            assert!(page.certificates.len() <= size);
            let references = page.certificates.into_iter().map(|one| one.certificate.reference.into_option().unwrap());
            numbers.extend(references.map(|reference| reference.number.to_string()));
            let Some(next) = page.next else { return numbers };
            token = next;
        }
    }
}

fn by_number(number: &str) -> CertificateName {
    CertificateName::Number(number.to_owned())
}

#[tokio::test]
async fn an_exporter_reads_and_downloads_the_certificates_of_its_own_applications_by_every_name() {
    let office = Office::new();
    let (id, number) = office.issued(1).await;
    let record = office.read(&office.exporter, CertificateName::Application(id)).unwrap();
    for name in [by_number(&number), CertificateName::Jti(record.jti)] {
        assert_eq!(office.read(&office.exporter, name).unwrap().entry, record.entry);
    }
    let released = office.applications.desk.released(&office.exporter, &by_number(&number)).await.unwrap();
    assert_eq!(released.number.as_deref(), Some(number.as_str()));
    assert_eq!(office.numbers_of(&office.exporter, 9), [number]);
}

#[tokio::test]
async fn an_exporter_asks_what_is_left_of_its_own_certificate_by_the_bundle_that_it_has() {
    let office = Office::new();
    let (_, number) = office.issued(1).await;
    let desk = &office.applications.desk;
    let bundle = desk.evidence(&office.exporter, &by_number(&number)).unwrap().bundle.to_json();
    let bundle = OriginalName::Bundle(bundle.into_bytes());
    let left = desk.remainder(&office.exporter, &bundle).unwrap();
    assert_eq!(left.number.as_str(), number);
    let stranger = account("Other Ltd", &[Role::Exporter], 40);
    assert_eq!(desk.remainder(&stranger, &bundle).unwrap_err().reason(), "CERTIFICATE_UNKNOWN");
    let strange = desk.remainder(&office.exporter, &OriginalName::Bundle(b"{}".to_vec()));
    let refused = strange.unwrap_err();
    assert_eq!(refused.reason(), "ORIGINAL_NOT_VALID", "whoever asks is told that it is no bundle: {refused}");
}

#[tokio::test]
async fn of_anothers_certificate_an_exporter_is_told_what_it_is_told_of_none() {
    let office = Office::new();
    let (id, number) = office.issued(1).await;
    let back_office =
        office.applications.desk.issue(&office.world.signatory, &office.world.footballs(9)).await.unwrap();
    let jti = office.read(&office.world.signatory, by_number(&number)).unwrap().jti;
    let stranger = account("Other Ltd", &[Role::Exporter, Role::Agent], 40);
    let strange: ApplicationId = {
        let mut bytes = id.bytes();
        bytes[15] ^= 1;
        ApplicationId::from_bytes(bytes)
    };
    let told = |name| office.read(&stranger, name).unwrap_err();
    assert_eq!(told(by_number(&number)), told(by_number("PK-CN-2026-LHE-999999")));
    assert_eq!(told(CertificateName::Jti(jti)), told(by_number("PK-CN-2026-LHE-999999")));
    assert_eq!(told(CertificateName::Application(id)), told(CertificateName::Application(strange)));
    assert!(office.numbers_of(&stranger, 9).is_empty());
    assert!(office.applications.desk.cancellations(&stranger, "", 9).unwrap().0.is_empty());
    // What a back office had issued is no exporter's application, though its name stands there.
    let theirs = back_office.outcome.number.unwrap();
    assert_eq!(office.read(&office.exporter, by_number(&theirs)).unwrap_err(), "CERTIFICATE_UNKNOWN");
    assert_eq!(office.numbers_of(&office.exporter, 9), [number]);
}

#[tokio::test]
async fn who_may_read_neither_its_own_nor_any_is_denied() {
    let office = Office::new();
    let (_, number) = office.issued(1).await;
    let narrow = {
        let scopes = crate::office::Scopes::only([Action::FileApplication]);
        let account = Arc::new(office.exporter.account().clone());
        Caller::new(account, office.exporter.credential().clone(), scopes)
    };
    for caller in [narrow, account("E. Audit", &[Role::Auditor], 42)] {
        assert_eq!(office.read(&caller, by_number(&number)).unwrap_err(), "PERMISSION_DENIED");
        assert_eq!(
            office.applications.desk.list(&caller, CertificatesAsked::default()).unwrap_err().reason(),
            "PERMISSION_DENIED"
        );
    }
}

#[tokio::test]
async fn an_agent_reads_what_it_applied_for_as_long_as_it_holds_the_mandate() {
    let office = Office::new();
    let agent = office.agent("Swift Clearing");
    let (from, until) = (parse_date("2026-01-01").unwrap(), parse_date("2026-12-31").unwrap());
    let (agreements, offices) = (Vec::new(), Vec::new());
    let most = Some(1);
    let scope = Scope { agreements, offices, from, until, most_applications: most, most_value: None, hold: false };
    let mandate = office.mandate(1, &agent, scope);
    let (id, number) = office.issued_for(2, &agent).await;
    office.world.clock.set(office.world.clock.now() + Duration::from_secs(1));
    let (_, other) = office.issued(20).await;
    // Its ceiling is reached, and it reads.
    assert_eq!(office.numbers_of(&agent, 9), [number.as_str()]);
    assert!(office.read(&agent, CertificateName::Application(id)).is_ok());
    assert_eq!(
        office.read(&agent, by_number(&other)).unwrap_err(),
        "CERTIFICATE_UNKNOWN",
        "the exporter filed it itself"
    );
    assert_eq!(office.numbers_of(&office.exporter, 1), [other, number.clone()]);
    office.exporters().revoke(&office.exporter, &office.registered.id, &mandate.id).unwrap();
    assert_eq!(office.read(&agent, by_number(&number)).unwrap_err(), "CERTIFICATE_UNKNOWN");
    assert_eq!(office.read(&agent, CertificateName::Application(id)).unwrap_err(), "APPLICATION_UNKNOWN");
    assert!(office.numbers_of(&agent, 9).is_empty());
    assert!(office.read(&office.exporter, by_number(&number)).is_ok());
}

#[tokio::test]
async fn an_exporter_follows_its_certificate_to_what_took_its_place_and_sees_what_became_of_it() {
    let office = Office::new();
    let (id, number) = office.issued(1).await;
    let application = office.applications.get(&office.exporter, id).unwrap().application;
    assert_eq!(office.applications.became(&application).unwrap(), Some(Stands::As(Status::Valid)));
    let (request_id, certificate) = (office.id(20), by_number(&number));
    let copy = CopyWish { request_id, certificate, unused: true, reason: None, remarks: None };
    let copy = office.applications.desk.true_copy(&office.world.signatory, copy).await.unwrap().outcome.number.unwrap();
    assert_eq!(office.applications.became(&application).unwrap(), Some(Stands::As(Status::Superseded)));
    assert!(office.read(&office.exporter, by_number(&copy)).is_ok());
    for size in [1, 2, 9] {
        assert_eq!(office.numbers_of(&office.exporter, size), [number.clone(), copy.clone()]);
    }
    let draft = office.applications.create(&office.exporter, &office.id(30), "", office.paper()).unwrap().application;
    assert_eq!(office.applications.became(&draft).unwrap(), None);
}

#[tokio::test]
async fn with_the_certificate_its_application_says_nothing_any_more_and_is_the_exporters_still() {
    let office = Office::new();
    let (id, number) = office.issued(1).await;
    let desk = &office.applications.desk;
    let name = crate::workflow::ErasedName::Own(by_number(&number));
    // A node that ended in between got as far as the application.
    let (store, entry) = (&office.world.store, office.read(&office.exporter, by_number(&number)).unwrap().entry);
    let (expected, state) = crate::workflow::applications::erased(store.as_ref(), id, &entry).unwrap().unwrap();
    store.commit(crate::store::Batch { expected: vec![expected], state, ..Default::default() }).unwrap();
    desk.erase(Actor::Operator, &name, &text("the years are over")).unwrap();
    let refused = office.applications.get(&office.examiner, id).unwrap_err();
    assert_eq!(refused.reason(), "CONTENTS_ERASED", "what it asked for is gone");
    let page = office.applications.list(&office.exporter, None, 0, "").unwrap();
    let [application] = page.applications.as_slice() else { panic!("{:?}", page.applications) };
    let kept = serde_json::to_string(application).unwrap();
    for said in ["football", "Football", "Chaudhry", "Sialkot"] {
        assert!(!kept.contains(said), "{said} in {kept}");
    }
    assert_eq!(application.stage.certificate().unwrap().number, number);
    assert!(!application.history.is_empty(), "who did what stays");
    assert!(!desk.get(&office.exporter, &by_number(&number)).unwrap().certificate.goods.is_shown());
    // The next one for the same goods is compared with nothing, and goes its way.
    office.issued(20).await;
}

impl Office {
    /// So many pieces of each of these, in one certificate.
    async fn drawn(&self, nth: u16, caller: &Caller, of: &[(&str, &str)], all: &str) -> Result<String, WorkflowError> {
        let desk = &self.applications.desk;
        let originals = of.iter().map(|(number, _)| OriginalName::Own(by_number(number))).collect::<Vec<_>>();
        let prior = originals.iter().zip(of).map(|(original, (number, pieces))| {
            let issued_on = desk.remainder(&self.world.signatory, original).unwrap().issued_on;
            serde_json::json!({
                "relation": "replaces", "number": number, "issued_on": issued_on.to_string(), "country": "PK",
                "drawn": [{"item": 1, "prior_item": 1, "quantity": {"value": pieces, "unit": "H87"}}],
            })
        });
        let mut json: serde_json::Value = serde_json::from_slice(&self.paper().certificate_json).unwrap();
        json["reference"]["prior"] = prior.collect();
        json["goods"]["totals"] = serde_json::Value::Null;
        let item = &mut json["goods"]["items"][0];
        item["quantities"][0]["value"] = all.into();
        item["gross_weight"]["value"] = "4000".into();
        item["packages"][0]["count"] = 200.into();
        json["commercial"]["item_values"][0]["amount"]["value"] = "70000.00".into();
        json["commercial"]["total"]["value"] = "70000.00".into();
        let (request_id, certificate_json) = (self.id(nth), json.to_string().into_bytes());
        let reason = Some(text("sold in parts"));
        let wish = DrawWish { request_id, originals, certificate_json, reason, remarks: None };
        Ok(desk.draw(caller, wish).await?.outcome.number.unwrap())
    }

    async fn copied(&self, nth: u16, caller: &Caller, number: &str) -> Result<String, WorkflowError> {
        let (request_id, certificate) = (self.id(nth), by_number(number));
        let wish = CopyWish { request_id, certificate, unused: true, reason: None, remarks: None };
        Ok(self.applications.desk.true_copy(caller, wish).await?.outcome.number.unwrap())
    }

    async fn cancelled(&self, nth: u16, caller: &Caller, name: CertificateName) -> Result<Cancelled, WorkflowError> {
        let (request_id, reason) = (self.id(nth), Some(text("not shipped")));
        let wish = CancelWish { request_id, certificate: name, unused: true, reason, remarks: None };
        self.applications.desk.cancel(caller, wish).await
    }
}

#[tokio::test]
async fn an_exporter_sees_and_cancels_the_parts_of_its_certificates_and_what_was_made_of_several() {
    let office = Office::new();
    let (_, first) = office.issued(1).await;
    office.world.clock.set(office.world.clock.now() + Duration::from_secs(1));
    let (_, second) = office.issued(20).await;
    let signatory = &office.world.signatory;
    let part = office.drawn(40, signatory, &[(&first, "8400")], "8400").await.unwrap();
    assert_eq!(office.numbers_of(&office.exporter, 9), [second.clone(), first.clone(), part.clone()]);
    let both = [(first.as_str(), "8400"), (second.as_str(), "16800")];
    let one = office.drawn(41, signatory, &both, "25200").await.unwrap();
    for size in [1, 2, 9] {
        let all = [second.clone(), first.clone(), part.clone(), one.clone()];
        assert_eq!(office.numbers_of(&office.exporter, size), all, "each once");
    }
    assert!(office.read(&office.exporter, by_number(&one)).is_ok());
    let stranger = account("Other Ltd", &[Role::Exporter, Role::Agent], 40);
    assert_eq!(office.read(&stranger, by_number(&one)).unwrap_err(), "CERTIFICATE_UNKNOWN");
    // The holder's wish works by every name, and for nobody else.
    let refused = office.cancelled(42, &stranger, by_number(&part)).await.unwrap_err();
    assert_eq!(refused.reason(), "CERTIFICATE_UNKNOWN");
    let jti = office.read(&office.exporter, by_number(&part)).unwrap().jti;
    office.cancelled(43, &office.exporter, CertificateName::Jti(jti)).await.unwrap();
    office.cancelled(44, &office.exporter, by_number(&one)).await.unwrap();
    for number in [&part, &one] {
        assert_eq!(office.read(&office.exporter, by_number(number)).unwrap().status, Status::Cancelled);
    }
    // What took the place of one and is cancelled itself is named with that.
    let first = office.read(&office.exporter, by_number(&first)).unwrap();
    let history = office.applications.desk.history(&first).unwrap();
    assert_eq!(history.changes[0].successor_status, Some(Stands::As(Status::Cancelled)));
}

#[tokio::test]
async fn who_is_of_the_exporter_neither_issues_to_it_nor_divides_or_copies_what_it_has() {
    let office = Office::new();
    let (_, number) = office.issued(1).await;
    let wanted = Wanted {
        name: "All in one".to_owned(),
        roles: vec![Role::Exporter, Role::Examiner, Role::Signatory],
        offices: vec!["LHE".parse().unwrap()],
        exporter: Some(office.registered.id.clone()),
        ..Wanted::default()
    };
    let own = Caller::from(Account::open(wanted, &SeededRandom::new(61)).unwrap());
    assert_eq!(office.copied(20, &own, &number).await.unwrap_err().reason(), "OWN_APPLICATION");
    let split = office.drawn(21, &own, &[(&number, "8400")], "8400").await;
    assert_eq!(split.unwrap_err().reason(), "OWN_APPLICATION");
    let issued = office.applications.desk.issue(&own, &office.world.footballs(22)).await;
    assert_eq!(issued.unwrap_err().reason(), "OWN_APPLICATION");
    office.copied(23, &office.world.signatory, &number).await.unwrap();
}

#[tokio::test]
async fn nothing_is_issued_divided_or_copied_for_who_was_struck_off() {
    let office = Office::new();
    let (_, number) = office.issued(1).await;
    office.exporters().strike_off(&office.examiner, &office.registered.id).unwrap();
    let signatory = &office.world.signatory;
    assert_eq!(office.copied(20, signatory, &number).await.unwrap_err().reason(), "EXPORTER_STRUCK_OFF");
    let split = office.drawn(21, signatory, &[(&number, "8400")], "8400").await;
    assert!(split.unwrap_err().to_string().contains("struck off"));
    let issued = office.applications.desk.issue(signatory, &office.world.footballs(22)).await.unwrap_err();
    assert!(issued.to_string().contains("[EXPORTER_STRUCK_OFF]"), "{issued}");
    let mut row = office.world.footballs(24);
    let mut json: serde_json::Value = serde_json::from_slice(&row.certificate_json).unwrap();
    json["goods"]["items"][0]["gross_weight"]["value"] = "8.190,00".into();
    row.certificate_json = json.to_string().into_bytes();
    let unread = office.applications.desk.issue(signatory, &row).await.unwrap_err();
    let WorkflowError::RulesRefuse(findings) = unread else { panic!("{unread}") };
    assert!(findings.iter().any(|one| one.rule == "EXPORTER_STRUCK_OFF"), "with what does not read: {findings:?}");
    let mut row = office.world.footballs(25);
    let mut json: serde_json::Value = serde_json::from_slice(&row.certificate_json).unwrap();
    json["exporter"]["party"]["country"] = "AE".into();
    row.certificate_json = json.to_string().into_bytes();
    let abroad = office.applications.desk.issue(signatory, &row).await.unwrap_err();
    assert!(abroad.to_string().contains("[EXPORTER_STRUCK_OFF]"), "as a firm of another country: {abroad}");
    office.exporters().readmit(&office.examiner, &office.registered.id).unwrap();
    office.copied(23, signatory, &number).await.unwrap();
}
