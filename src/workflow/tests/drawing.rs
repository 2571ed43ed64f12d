//! Certificates that rest on others never certify more than those did.

mod known;
mod lost;
mod same;
mod void;
mod weights;

use super::{verdict, world::World};
use crate::{
    certificate::Finding,
    reason::Reasoned,
    statement::{Act, Since, Status},
    store::Store,
    time::{Clock, ZoneName},
    verification::Headline,
    workflow::{
        CertificateName, CertificateRecord, CopyWish, Desk, DrawWish, IssueRow, Issued, OriginalName, Remainder,
        ReplaceWish, StatusWish, WorkflowError,
    },
};
use serde_json::{Value, json};

/// Footballs without an agreement, of the world's authority to a country.
pub(super) fn footballs(world: &World, to: &str, pieces: &str) -> Value {
    let mut json: Value = serde_json::from_slice(&world.footballs(1).certificate_json).unwrap();
    let abroad = world.issuer.to_string().contains("customs.gov.cn");
    let (from, office, place) = if abroad { ("CN", "NGB", "Ningbo") } else { ("PK", "LHE", "Lahore") };
    json["agreement"] = "NONPREF".into();
    for gone in ["form", "application", "producer"] {
        json.as_object_mut().unwrap().remove(gone);
    }
    json["commercial"] = json!({"invoices": [json["commercial"]["invoices"][0].clone()]});
    (json["from"], json["to"]) = (from.into(), to.into());
    json["reference"] = json!({"place": {"name": place}, "office": {"code": office, "body": "The authority"}});
    json["exporter"]["party"]["country"] = from.into();
    json["consignee"]["party"]["country"] = to.into();
    json["goods"]["totals"] = Value::Null;
    let item = &mut json["goods"]["items"][0];
    item["origin"] = if abroad { "CN".into() } else { "PK".into() };
    item.as_object_mut().unwrap().remove("criterion");
    item["quantities"] = json!([{"value": pieces, "unit": "H87"}]);
    item["gross_weight"] = json!({"value": "100", "unit": "KGM"});
    json
}

async fn issue(world: &World, desk: &Desk, nth: u16, json: &Value) -> Issued {
    let mut json = json.clone();
    if json["from"] == "CN" {
        // The series of China's authorities wants the exporter's registration.
        json["reference"]["number"] = format!("C26470Z10001{nth:04}").into();
    }
    let row = IssueRow { request_id: world.request_id(nth), certificate_json: json.to_string().into_bytes() };
    desk.issue(&world.signatory, &row).await.unwrap()
}

/// Pakistan's part of an original: so many pieces of its first item.
fn part(world: &World, to: &str, relation: &str, original: &Remainder, pieces: &str) -> Value {
    let mut json = footballs(world, to, pieces);
    json["goods"]["items"][0]["origin"] = original.country.as_str().into();
    json["goods"]["items"][0]["gross_weight"] = Value::Null;
    json["goods"]["items"][0]["packages"] = json!([{"count": 1, "kind": "CT"}]);
    json["reference"]["prior"] = json!([{
        "relation": relation, "number": original.number.as_str(), "issued_on": original.issued_on.to_string(),
        "country": original.country.as_str(),
        "drawn": [{"item": 1, "prior_item": 1, "quantity": {"value": pieces, "unit": "H87"}}],
    }]);
    json
}

fn wish(world: &World, nth: u16, originals: &[OriginalName], json: &Value) -> DrawWish {
    DrawWish {
        request_id: world.request_id(nth),
        originals: originals.to_vec(),
        certificate_json: json.to_string().into_bytes(),
        reason: Some("sold in parts".parse().unwrap()),
        remarks: None,
    }
}

fn name(issued: &Issued) -> CertificateName {
    CertificateName::Number(issued.outcome.number.clone().unwrap())
}

fn left(world: &World, desk: &Desk, original: &OriginalName) -> String {
    desk.remainder(&world.signatory, original).unwrap().items[0].0.left.to_string()
}

fn status(world: &World, issued: &Issued) -> Status {
    CertificateRecord::read(world.store.as_ref(), &issued.outcome.entry).unwrap().status
}

fn rules(error: &WorkflowError) -> Vec<String> {
    match error {
        WorkflowError::RulesRefuse(findings) => {
            findings.0.iter().filter(|one| is_error(one)).map(|one| one.rule.clone()).collect()
        }
        other => vec![other.reason().to_owned()],
    }
}

fn is_error(finding: &Finding) -> bool {
    finding.severity == crate::certificate::Severity::Error
}

/// An original of China to Pakistan, and the bundle that proves it.
async fn original(world: &World, pieces: &str) -> (World, Desk, Issued, OriginalName) {
    let china = world.abroad();
    let (desk, _) = china.desk();
    let issued = issue(&china, &desk, 900, &footballs(&china, "PK", pieces)).await;
    let bundle = desk.evidence_at(&issued.outcome.entry).unwrap().bundle.to_json();
    (china, desk, issued, OriginalName::Bundle(bundle.into_bytes()))
}

/// A certificate of this authority as it is drawn on, and what is left of it.
fn of_own(world: &World, desk: &Desk, issued: &Issued) -> (OriginalName, Remainder) {
    let own = OriginalName::Own(name(issued));
    let of = desk.remainder(&world.signatory, &own).unwrap();
    (own, of)
}

/// The world's first certificate, of 1000 pieces to China, in the same way.
async fn own_original(world: &World, desk: &Desk) -> (Issued, OriginalName, Remainder) {
    let issued = issue(world, desk, 1, &footballs(world, "CN", "1000")).await;
    let (own, of) = of_own(world, desk, &issued);
    (issued, own, of)
}

/// Two of them, and what takes so many pieces of each in one item.
fn one_for_both(world: &World, desk: &Desk, both: [&Issued; 2], pieces: [&str; 2]) -> ([OriginalName; 2], Value) {
    let [(one, of_one), (two, of_two)] = both.map(|issued| of_own(world, desk, issued));
    let mut json = part(world, "CN", "replaces", &of_one, pieces[0]);
    let other = part(world, "CN", "replaces", &of_two, pieces[1]);
    json["reference"]["prior"].as_array_mut().unwrap().push(other["reference"]["prior"][0].clone());
    let all = pieces.iter().map(|pieces| pieces.parse::<u32>().unwrap()).sum::<u32>();
    json["goods"]["items"][0]["quantities"][0]["value"] = all.to_string().into();
    ([one, two], json)
}

#[tokio::test]
async fn of_two_who_race_for_the_last_quantity_one_wins_and_the_other_is_told() {
    let world = World::new();
    let (_china, _, _, bundle) = original(&world, "1000").await;
    let (desk, _) = world.desk();
    let of = desk.remainder(&world.signatory, &bundle).unwrap();
    let six = part(&world, "KE", "back_to_back_on", &of, "600");
    let ask = |nth| desk.draw(&world.signatory, wish(&world, nth, std::slice::from_ref(&bundle), &six));
    let (one, two, three, four) = tokio::join!(ask(1), ask(2), ask(3), ask(4));
    let (won, lost): (Vec<_>, Vec<_>) = [one, two, three, four].into_iter().partition(Result::is_ok);
    assert_eq!((won.len(), lost.len()), (1, 3));
    for refused in lost {
        assert_eq!(rules(&refused.unwrap_err()), ["DRAWN_EXCEEDS"]);
    }
    assert_eq!(left(&world, &desk, &bundle), "400");
    // To the last piece, and not one more.
    let rest = part(&world, "KE", "back_to_back_on", &of, "400");
    desk.draw(&world.signatory, wish(&world, 10, std::slice::from_ref(&bundle), &rest)).await.unwrap();
    let more = part(&world, "KE", "back_to_back_on", &of, "0.000001");
    let refused =
        desk.draw(&world.signatory, wish(&world, 11, std::slice::from_ref(&bundle), &more)).await.unwrap_err();
    assert_eq!(rules(&refused), ["DRAWN_EXCEEDS"]);
    assert!(refused.to_string().contains("and 0 of 1000 H87 are left"), "{refused}");
}

#[tokio::test]
async fn a_back_to_back_certificate_is_valid_says_so_and_its_request_has_one_answer() {
    let world = World::new();
    let (_china, _, first, bundle) = original(&world, "1000").await;
    let (desk, sequencer) = world.desk();
    let of = desk.remainder(&world.signatory, &bundle).unwrap();
    let asked = wish(&world, 1, std::slice::from_ref(&bundle), &part(&world, "KE", "back_to_back_on", &of, "1000"));
    let issued = desk.draw(&world.signatory, asked.clone()).await.unwrap();
    let again = desk.draw(&world.signatory, asked.clone()).await.unwrap();
    assert_eq!(again.outcome, issued.outcome, "nothing is left, and it was done before");
    let judged = verdict(&world, &desk.evidence_at(&issued.outcome.entry).unwrap());
    assert_eq!(judged.headline, Headline::Valid, "{}", judged.to_json());
    let record = CertificateRecord::read(world.store.as_ref(), &issued.outcome.entry).unwrap();
    let certificate = record.certificate.to_certificate().unwrap();
    assert!(certificate.flags.back_to_back);
    assert_eq!(certificate.reference.prior[0].number.as_str(), first.outcome.number.as_deref().unwrap());
    // What was drawn is as durable as the certificate.
    sequencer.close();
    let (desk, _) = world.desk();
    assert_eq!(desk.draw(&world.signatory, asked).await.unwrap().outcome, issued.outcome);
    assert_eq!(left(&world, &desk, &bundle), "0");
}

#[tokio::test]
async fn what_copies_or_takes_the_place_of_another_is_not_issued_on_the_word_of_a_file() {
    let world = World::new();
    let (desk, _) = world.desk();
    let issued = issue(&world, &desk, 1, &footballs(&world, "KE", "1000")).await;
    let own = issued.outcome.number.as_deref().unwrap();
    let unproven = async |nth: u16, relation: &str, number: &str, country: &str| {
        let mut json = footballs(&world, "KE", "1000");
        let day = world.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date().to_string();
        let prior = json!({"relation": relation, "number": number, "issued_on": day, "country": country});
        json["reference"]["prior"] = json!([prior]);
        let row = IssueRow { request_id: world.request_id(nth), certificate_json: json.to_string().into_bytes() };
        let issued = desk.issue(&world.signatory, &row).await;
        issued.is_err_and(|error| rules(&error).contains(&"ORIGINAL_UNPROVEN".to_owned()))
    };
    for (nth, number, country) in [(10, own, "PK"), (20, "NOSUCH", "PK"), (30, "C26470Z100010001", "CN")] {
        assert!(unproven(nth, "true_copy_of", number, country).await, "{number}");
        assert!(unproven(nth + 1, "replaces", number, country).await, "{number}");
    }
}

#[tokio::test]
async fn only_what_is_proven_valid_complete_and_addressed_here_is_a_basis() {
    let world = World::new();
    let (china, chinas, issued, bundle) = original(&world, "1000").await;
    let (desk, _) = world.desk();
    let of = desk.remainder(&world.signatory, &bundle).unwrap();
    let json = part(&world, "KE", "back_to_back_on", &of, "10");
    let draw = async |nth: u16, bundle: &OriginalName| {
        desk.draw(&world.signatory, wish(&world, nth, std::slice::from_ref(bundle), &json)).await.map(|_| ())
    };
    // Brought without the original, it rests on nothing.
    let row = IssueRow { request_id: world.request_id(1), certificate_json: json.to_string().into_bytes() };
    assert_eq!(rules(&desk.issue(&world.signatory, &row).await.unwrap_err()), ["ORIGINAL_UNPROVEN"]);
    // Without its proof, and with a status that is two days old.
    let OriginalName::Bundle(whole) = &bundle else { panic!() };
    let mut bare: Value = serde_json::from_slice(whole).unwrap();
    bare.as_object_mut().unwrap().retain(|part, _| part == "token");
    let bare = OriginalName::Bundle(bare.to_string().into_bytes());
    let refused = draw(2, &bare).await.unwrap_err();
    assert!(refused.to_string().starts_with("the original that is presented is UNPROVEN"), "{refused}");
    let now = world.clock.now();
    world.clock.set(now + jiff::SignedDuration::from_hours(48));
    assert!(draw(3, &bundle).await.unwrap_err().to_string().contains("STATUS_UNKNOWN"));
    world.clock.set(now);
    // One to another country.
    let elsewhere = issue(&china, &chinas, 901, &footballs(&china, "KE", "1000")).await;
    let elsewhere = chinas.evidence_at(&elsewhere.outcome.entry).unwrap().bundle.to_json();
    let refused = draw(4, &OriginalName::Bundle(elsewhere.into_bytes())).await.unwrap_err();
    assert!(refused.to_string().contains("WRONG_ADDRESSEE"), "{refused}");
    // Another is named than is presented.
    let mut other = json.clone();
    other["reference"]["prior"][0]["number"] = "ANOTHER-1".into();
    let refused =
        desk.draw(&world.signatory, wish(&world, 5, std::slice::from_ref(&bundle), &other)).await.unwrap_err();
    assert_eq!(rules(&refused), ["ORIGINAL_UNPROVEN", "ORIGINAL_NOT_NAMED",]);
    // Withdrawn meanwhile.
    let act = Act::Withdrawn { since: Since::Issue };
    let change = StatusWish { certificate: name(&issued), act, items: None, reason: None, remarks: None };
    chinas.change_status(&china.signatory, &china.request_id(902), change).await.unwrap();
    let withdrawn = chinas.evidence_at(&issued.outcome.entry).unwrap().bundle.to_json();
    assert!(
        draw(6, &OriginalName::Bundle(withdrawn.into_bytes())).await.unwrap_err().to_string().contains("WITHDRAWN")
    );
    assert_eq!(left(&world, &desk, &bundle), "1000");
}

#[tokio::test]
async fn what_an_item_says_is_what_is_drawn_for_it_and_goods_do_not_change() {
    let world = World::new();
    let (_china, _, _, bundle) = original(&world, "1000").await;
    let (desk, _) = world.desk();
    let of = desk.remainder(&world.signatory, &bundle).unwrap();
    let good = part(&world, "KE", "back_to_back_on", &of, "10");
    let with = |change: &dyn Fn(&mut Value)| {
        let mut json = good.clone();
        change(&mut json);
        json
    };
    let cases: [(&str, Value); 6] = [
        ("DRAWN_COVER", with(&|json| json["goods"]["items"][0]["quantities"][0]["value"] = "11".into())),
        (
            "DRAWN_UNIT",
            with(&|json| {
                json["reference"]["prior"][0]["drawn"][0]["quantity"]["unit"] = "MTQ".into();
                json["goods"]["items"][0]["quantities"] = json!([{"value": "10", "unit": "MTQ"}]);
            }),
        ),
        ("DRAWN_ITEM", with(&|json| json["reference"]["prior"][0]["drawn"][0]["prior_item"] = 7.into())),
        ("DRAWN_GOODS", with(&|json| json["goods"]["items"][0]["hs"]["code"] = "950661".into())),
        ("DRAWN_GOODS", with(&|json| json["goods"]["items"][0]["origin"] = "PK".into())),
        (
            "ORIGINAL_NOT_NAMED",
            with(&|json| {
                json["reference"]["prior"][0]["drawn"] = json!([]);
            }),
        ),
    ];
    for (nth, (rule, json)) in (1u16..).zip(&cases) {
        let refused = desk.draw(&world.signatory, wish(&world, nth, std::slice::from_ref(&bundle), json)).await;
        let said = rules(&refused.unwrap_err());
        assert!(said.iter().any(|one| one == rule), "{rule}: {said:?}");
    }
    assert_eq!(left(&world, &desk, &bundle), "1000");
}

#[tokio::test]
async fn what_ends_for_good_gives_back_what_it_drew_and_what_follows_it_keeps_it() {
    let world = World::new();
    let (_china, _, _, bundle) = original(&world, "1000").await;
    let (desk, _) = world.desk();
    let of = desk.remainder(&world.signatory, &bundle).unwrap();
    let draw = async |nth: u16, pieces: &str| {
        let json = part(&world, "KE", "back_to_back_on", &of, pieces);
        desk.draw(&world.signatory, wish(&world, nth, std::slice::from_ref(&bundle), &json)).await.unwrap()
    };
    let change = async |nth: u16, issued: &Issued, act: Act| {
        let wish = StatusWish { certificate: name(issued), act, items: None, reason: None, remarks: None };
        desk.change_status(&world.signatory, &world.request_id(nth), wish).await.unwrap();
    };
    let (one, two, three) = (draw(1, "100").await, draw(2, "200").await, draw(3, "300").await);
    assert_eq!(left(&world, &desk, &bundle), "400");
    change(4, &one, Act::Suspended).await;
    assert_eq!(left(&world, &desk, &bundle), "400", "a suspension ends");
    change(5, &one, Act::Withdrawn { since: Since::Issue }).await;
    assert_eq!(left(&world, &desk, &bundle), "500");
    // It was good until that day, and may have been used.
    let day = ZoneName::new("Asia/Karachi").unwrap().date_at(world.clock.now());
    change(6, &two, Act::Withdrawn { since: Since::Date(day) }).await;
    assert_eq!(left(&world, &desk, &bundle), "500");
    // A copy draws nothing, and has drawn what the original drew.
    let copy = CopyWish {
        request_id: world.request_id(7),
        certificate: name(&three),
        unused: true,
        reason: None,
        remarks: None,
    };
    let copied = desk.true_copy(&world.signatory, copy).await.unwrap();
    assert_eq!(left(&world, &desk, &bundle), "500");
    // So has a replacement, which may not draw anything else.
    let replace = |nth: u16, json: &Value| ReplaceWish {
        request_id: world.request_id(nth),
        certificate: name(&copied),
        certificate_json: json.to_string().into_bytes(),
        reason: None,
        remarks: None,
    };
    let other = part(&world, "KE", "back_to_back_on", &of, "301");
    let refused = desk.replace(&world.signatory, replace(8, &other)).await.unwrap_err();
    assert_eq!(rules(&refused), ["DRAWN_CHANGED", "DRAWN_CHANGED"]);
    let mut corrected = part(&world, "KE", "back_to_back_on", &of, "300");
    corrected["reference"]["prior"] = json!([]);
    corrected["goods"]["items"][0]["description"] = "Footballs for training".into();
    let replaced = desk.replace(&world.signatory, replace(9, &corrected)).await.unwrap();
    assert_eq!(left(&world, &desk, &bundle), "500");
    change(10, &replaced, Act::Cancelled).await;
    assert_eq!(left(&world, &desk, &bundle), "800");
}

#[tokio::test]
async fn a_certificate_is_divided_until_nothing_of_it_is_left_and_is_then_superseded() {
    let world = World::new();
    let (desk, _) = world.desk();
    let (whole, own, of) = own_original(&world, &desk).await;
    let split = async |nth: u16, pieces: &str| {
        let json = part(&world, "CN", "replaces", &of, pieces);
        desk.draw(&world.signatory, wish(&world, nth, std::slice::from_ref(&own), &json)).await
    };
    let first = split(2, "250").await.unwrap();
    assert_eq!((status(&world, &whole), left(&world, &desk, &own)), (Status::Valid, "750".to_owned()));
    // What others rest on is used: it is neither cancelled at a wish, nor copied, nor replaced.
    let cancel =
        StatusWish { certificate: name(&whole), act: Act::Cancelled, items: None, reason: None, remarks: None };
    let refused = desk.change_status(&world.signatory, &world.request_id(3), cancel).await.unwrap_err();
    assert_eq!(refused.reason(), "DRAWN_UPON");
    let copy = CopyWish {
        request_id: world.request_id(4),
        certificate: name(&whole),
        unused: true,
        reason: None,
        remarks: None,
    };
    assert_eq!(desk.true_copy(&world.signatory, copy).await.unwrap_err().reason(), "DRAWN_UPON");
    let second = split(5, "750").await.unwrap();
    assert_eq!(status(&world, &whole), Status::Superseded);
    for part in [&first, &second] {
        let judged = verdict(&world, &desk.evidence_at(&part.outcome.entry).unwrap());
        assert_eq!(judged.headline, Headline::Valid, "{}", judged.to_json());
    }
    assert_eq!(rules(&split(6, "1").await.unwrap_err()), ["DRAWN_EXCEEDS"]);
    // A part that is given up can be made again, of an original that has ended.
    let cancel =
        StatusWish { certificate: name(&first), act: Act::Cancelled, items: None, reason: None, remarks: None };
    desk.change_status(&world.signatory, &world.request_id(7), cancel).await.unwrap();
    split(8, "250").await.unwrap();
    assert_eq!((status(&world, &whole), left(&world, &desk, &own)), (Status::Superseded, "0".to_owned()));
}

#[tokio::test]
async fn one_certificate_takes_the_place_of_several_and_ends_with_the_first_of_them() {
    let world = World::new();
    let (desk, _) = world.desk();
    let one = issue(&world, &desk, 1, &footballs(&world, "CN", "400")).await;
    let two = issue(&world, &desk, 2, &footballs(&world, "CN", "600")).await;
    let (originals, json) = one_for_both(&world, &desk, [&one, &two], ["400", "600"]);
    let consolidated = desk.draw(&world.signatory, wish(&world, 3, &originals, &json)).await.unwrap();
    assert_eq!((status(&world, &one), status(&world, &two)), (Status::Superseded, Status::Superseded));
    let evidence = desk.evidence_at(&consolidated.outcome.entry).unwrap();
    assert_eq!(verdict(&world, &evidence).headline, Headline::Valid);
    // One certificate, two changes, one snapshot: in one unit.
    assert_eq!(world.store.head(&super::log()).unwrap().head.size, 7);
    // The same one twice is not twice as much.
    let twice = [originals[0].clone(), originals[0].clone()];
    let refused = desk.draw(&world.signatory, wish(&world, 4, &twice, &json)).await.unwrap_err();
    assert_eq!(rules(&refused), ["ORIGINALS"]);
}

#[tokio::test]
async fn a_part_may_be_used_no_longer_than_the_whole() {
    let world = World::new();
    let (desk, _) = world.desk();
    let whole = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
    let (own, of) = of_own(&world, &desk, &whole);
    let later = world.clock.now() + jiff::SignedDuration::from_hours(30 * 24);
    world.clock.set(later);
    let mut json: Value = serde_json::from_slice(&world.footballs(2).certificate_json).unwrap();
    let drawn = part(&world, "CN", "replaces", &of, "800");
    json["reference"]["prior"] = drawn["reference"]["prior"].clone();
    json["goods"]["items"][0]["quantities"] = drawn["goods"]["items"][0]["quantities"].clone();
    let issued = desk.draw(&world.signatory, wish(&world, 3, &[own], &json)).await.unwrap();
    let record = CertificateRecord::read(world.store.as_ref(), &issued.outcome.entry).unwrap();
    assert!(of.valid_until.is_some());
    assert_eq!(record.certificate.valid_until, of.valid_until);
    assert!(issued.warnings.0.iter().any(|one| one.rule == "ENDS_WITH_ORIGINAL"), "{:?}", issued.warnings);
}

#[tokio::test]
async fn a_change_of_the_original_between_judgement_and_issue_is_never_passed_over() {
    let world = World::new();
    let (desk, _) = world.desk();
    let (whole, own, of) = own_original(&world, &desk).await;
    let json = part(&world, "CN", "replaces", &of, "1000");
    let withdraw = StatusWish {
        certificate: name(&whole),
        act: Act::Withdrawn { since: Since::Issue },
        items: None,
        reason: None,
        remarks: None,
    };
    let request = world.request_id(2);
    let (withdrawn, drawn) = tokio::join!(
        desk.change_status(&world.signatory, &request, withdraw),
        desk.draw(&world.signatory, wish(&world, 3, std::slice::from_ref(&own), &json)),
    );
    withdrawn.unwrap();
    assert_eq!(status(&world, &whole), Status::Withdrawn);
    if let Err(refused) = drawn {
        assert_eq!(refused.to_string(), "the certificate is withdrawn; it cannot be drawn on");
        assert_eq!(left_of_nothing(&world), 0);
    }
}

/// Certificates that drew something.
fn left_of_nothing(world: &World) -> usize {
    world.store.records(crate::store::Table::Drawn).unwrap().len()
}
