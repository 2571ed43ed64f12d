//! What waits for an officer, what is beside it, and who may see and touch it.

use super::*;

#[test]
fn of_two_officers_at_once_one_wins_and_the_other_is_told_who_and_when() {
    let office = Office::new();
    let id = office.submitted(1, office.paper());
    let other = account("C. Khan", &[Role::Examiner], 33);
    let kept = keep::find(office.applications.store(), id).unwrap();
    office.applications.claim(&office.examiner, &office.id(5), id).unwrap();
    let late = office.applications.claim(&other, &office.id(6), id).unwrap_err();
    assert_eq!(late.reason(), "APPLICATION_CLAIMED");
    assert!(late.to_string().starts_with("B. Malik has claimed it since 2026-11-22"), "{late}");
    // The one who had read it before the other's commit.
    let by = crate::office::By::caller(&other, &"LHE".parse().unwrap(), office.applications.desk.now());
    let after = kept.application.clone().claim(&by).unwrap();
    let request = office.applications.request(&other, &office.id(7), Body::of("claim")).unwrap();
    let change = Change { before: Some(kept), after, paper: None };
    let moved = office.applications.commit(&other, request, change).unwrap_err();
    assert_eq!(moved.reason(), "APPLICATION_MOVED");
    assert!(moved.to_string().starts_with("B. Malik was first"), "{moved}");
}

#[test]
fn a_query_goes_to_the_exporter_and_the_answer_back_to_the_same_officer() {
    let office = Office::new();
    let id = office.submitted(1, office.paper());
    office.applications.claim(&office.examiner, &office.id(3), id).unwrap();
    let question = text("Which glue?");
    let fields = vec!["goods.items[0].description".to_owned()];
    office.applications.query(&office.examiner, &office.id(4), id, question, fields).unwrap();
    let mended = office.other_paper("thermal bonded PU", "thermal bonded PU, water-based glue");
    let declarant = Office::declarant(&mended);
    let stale = Some((mended.clone(), Office::declarant(&office.paper())));
    let refused = office.applications.answer(&office.exporter, &office.id(5), id, text("So."), stale).unwrap_err();
    assert_eq!(refused.reason(), "SHOWN_DIFFERS");
    let answered =
        office.applications.answer(&office.exporter, &office.id(6), id, text("So."), Some((mended.clone(), declarant)));
    let answered = answered.unwrap();
    assert_eq!(answered.paper, mended);
    assert_eq!(answered.application.stage.claimed().unwrap().0.account, *office.examiner.id());
    let refused = office.applications.refuse(
        &office.examiner,
        &office.id(7),
        id,
        RefusalCode::EvidenceInsufficient,
        text("No evidence of the glue."),
    );
    assert_eq!(refused.unwrap().application.stage.name(), StageName::Refused);
}

#[test]
fn the_queue_is_read_page_by_page_oldest_first_and_shows_what_differs() {
    let office = Office::new();
    let mut expected = Vec::new();
    for nth in 0..7_u16 {
        expected.push(office.submitted(1 + nth * 2, office.paper()));
        office.world.clock.set(office.world.clock.now() + Duration::from_secs(1));
    }
    office.applications.claim(&office.examiner, &office.id(90), expected[2]).unwrap();
    let mut found = Vec::new();
    let mut asked = QueueAsked { page_size: 3, differences: true, ..QueueAsked::default() };
    loop {
        let page = office.applications.queue(&office.examiner, &asked).unwrap();
        found.extend(page.rows.iter().map(|row| row.application.id));
        assert!(page.rows.iter().all(|row| row.differences.is_none()), "nothing was issued before");
        let Some(next) = page.next else { break };
        asked.page_token = next;
    }
    assert_eq!(found, expected);
    let submitted = QueueAsked { stages: vec![StageName::Submitted], ..QueueAsked::default() };
    assert_eq!(office.applications.queue(&office.examiner, &submitted).unwrap().rows.len(), 6);
    let elsewhere = QueueAsked { office: Some("KHI".parse().unwrap()), ..QueueAsked::default() };
    assert_eq!(office.applications.queue(&office.examiner, &elsewhere).unwrap_err().reason(), "NOT_YOUR_OFFICE");
    assert_eq!(office.applications.queue(&office.exporter, &submitted).unwrap_err().reason(), "PERMISSION_DENIED");
    let mine = office.applications.list(&office.exporter, None, 4, "").unwrap();
    let rest = office.applications.list(&office.exporter, None, 4, mine.next.as_deref().unwrap()).unwrap();
    let ids = mine.applications.iter().chain(&rest.applications).map(|one| one.id).collect::<Vec<_>>();
    assert_eq!(ids, expected.iter().rev().copied().collect::<Vec<_>>());
    assert_eq!(rest.next, None);
    let one = office.applications.list(&office.exporter, Some(StageName::UnderExamination), 4, "").unwrap();
    assert_eq!(one.applications.len(), 1);
}

#[tokio::test]
async fn what_differs_from_the_last_certificate_for_the_same_goods_is_beside_the_application() {
    let office = Office::new();
    let id = office.recommended(1);
    office.applications.sign(&office.world.signatory, &office.id(9), id, office.shown(id), None).await.unwrap();
    office.submitted(11, office.other_paper("Shanghai Yuhe", "Ningbo Haitian"));
    let asked = QueueAsked { differences: true, ..QueueAsked::default() };
    let queue = office.applications.queue(&office.examiner, &asked).unwrap();
    let differences = queue.rows[0].differences.as_ref().unwrap();
    assert_eq!(differences.members.len(), 1, "{differences:?}");
    assert_eq!(differences.members[0].path, "consignee.party.name");
    let issued = office.applications.get(&office.examiner, id).unwrap().application;
    let number = &issued.stage.certificate().unwrap().number;
    assert_eq!(&differences.certificate, number, "what it is compared with is named");
}

#[test]
fn an_answer_that_changes_what_is_asked_for_says_which_members_from_what_and_to_what() {
    let office = Office::new();
    let id = office.submitted(1, office.paper());
    office.applications.claim(&office.examiner, &office.id(5), id).unwrap();
    office.applications.query(&office.examiner, &office.id(6), id, text("Which size?"), Vec::new()).unwrap();
    let paper = office.other_paper("size 5", "size 4");
    let mended = Some((paper.clone(), Office::declarant(&paper)));
    office.applications.answer(&office.exporter, &office.id(7), id, text("Size 4"), mended).unwrap();
    let answered = office.applications.get(&office.examiner, id).unwrap().application;
    let changed = &answered.last().unwrap().changed;
    let [one] = changed.as_slice() else { panic!("{changed:?}") };
    assert_eq!(one.path, "goods.items[0].description");
    assert!(one.before.as_ref().unwrap().contains("size 5") && one.now.as_ref().unwrap().contains("size 4"));
    office.applications.query(&office.examiner, &office.id(8), id, text("Sure?"), Vec::new()).unwrap();
    let plain = office.applications.answer(&office.exporter, &office.id(9), id, text("Yes"), None).unwrap();
    assert!(plain.application.last().unwrap().changed.is_empty());
}

#[tokio::test]
async fn who_examines_and_who_signs_sees_how_the_goods_were_made_and_what_the_rules_make_of_it_on_both_bases() {
    let office = Office::new();
    let production = serde_json::json!({ "items": [{
        "item": 1,
        "materials_complete": true,
        "minimal_operations_only": false,
        "materials": [
            { "description": "Leather", "origin": "undetermined", "price": { "value": "40000", "currency": "USD", "term": "CIF" } },
            { "description": "Bladders", "origin": "CN", "price": { "value": "9000", "currency": "USD", "term": "CIF" } },
        ],
    }] });
    let paper = Paper { production_json: production.to_string().into_bytes(), ..office.paper() };
    let id = office.submitted(1, paper.clone());
    let asked = QueueAsked { origin: true, ..QueueAsked::default() };
    let queue = office.applications.queue(&office.examiner, &asked).unwrap();
    let queued = queue.rows[0].origin.clone().unwrap();
    let rule = queued.items[0].rules.iter().find(|rule| rule.criterion.as_str() == "VALUE_CONTENT").unwrap();
    assert_ne!(rule.national.lines, rule.cumulative.lines, "both bases, each with its own figures");
    office.applications.claim(&office.examiner, &office.id(5), id).unwrap();
    office.applications.recommend(&office.examiner, &office.id(6), id, None).unwrap();
    let preview = office.applications.preview(&office.world.signatory, id, None).unwrap();
    assert_eq!(preview.production_json, paper.production_json);
    assert_eq!(preview.origin.unwrap(), queued);
    let bare = office.submitted(11, office.paper());
    assert!(
        office
            .applications
            .judged_origin_of(&office.applications.get(&office.examiner, bare).unwrap().application)
            .unwrap()
            .is_none()
    );
}

#[test]
fn nobody_sees_or_touches_anothers_application() {
    let office = Office::new();
    let id = office.submitted(1, office.paper());
    let stranger = account("Other Ltd", &[Role::Exporter], 40);
    let elsewhere = {
        let (name, roles, offices) = ("D. Far".to_owned(), vec![Role::Examiner], vec!["KHI".parse().unwrap()]);
        let wanted = Wanted { name, roles, offices, ..Wanted::default() };
        Caller::from(Account::open(wanted, &SeededRandom::new(41)).unwrap())
    };
    for caller in [&stranger, &elsewhere] {
        assert_eq!(office.applications.get(caller, id).unwrap_err().reason(), "APPLICATION_UNKNOWN");
    }
    let taken = office.applications.withdraw(&stranger, &office.id(5), id, None).unwrap_err();
    assert_eq!(taken.reason(), "APPLICATION_UNKNOWN");
    assert_eq!(
        office.applications.claim(&office.exporter, &office.id(6), id).unwrap_err().reason(),
        "PERMISSION_DENIED"
    );
    assert_eq!(office.applications.claim(&elsewhere, &office.id(7), id).unwrap_err().reason(), "APPLICATION_UNKNOWN");
    let auditor = account("E. Audit", &[Role::Auditor], 42);
    assert_eq!(office.applications.check(&auditor, "", &office.paper()).unwrap_err().reason(), "PERMISSION_DENIED");
}
