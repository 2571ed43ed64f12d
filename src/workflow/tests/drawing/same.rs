//! What is drawn of a certificate is what that certifies.

use super::*;

/// The footballs under their agreement, as a part of the whole.
fn half(world: &World, of: &Remainder) -> Value {
    let mut json: Value = serde_json::from_slice(&world.footballs(2).certificate_json).unwrap();
    let drawn = part(world, "CN", "replaces", of, "8400");
    json["reference"]["prior"] = drawn["reference"]["prior"].clone();
    let item = &mut json["goods"]["items"][0];
    item["quantities"] = drawn["goods"]["items"][0]["quantities"].clone();
    item["gross_weight"]["value"] = "4095".into();
    item["packages"][0]["count"] = 210.into();
    json["goods"]["totals"] = Value::Null;
    json["commercial"]["item_values"][0]["amount"]["value"] = "71400.00".into();
    json["commercial"]["total"]["value"] = "71400.00".into();
    json
}

async fn whole(world: &World, desk: &Desk) -> (OriginalName, Remainder) {
    let whole = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
    of_own(world, desk, &whole)
}

#[tokio::test]
async fn a_part_is_of_the_same_exporter_of_the_same_goods_and_claims_the_same_origin() {
    let world = World::new();
    let (desk, _) = world.desk();
    let (own, of) = whole(&world, &desk).await;
    let good = half(&world, &of);
    let with = |change: &dyn Fn(&mut Value)| {
        let mut json = good.clone();
        change(&mut json);
        json
    };
    let item = |json: &mut Value, member: &str, value: Value| json["goods"]["items"][0][member] = value;
    let cases: [(&str, Value); 11] = [
        (
            "DRAWN_EXPORTER",
            with(&|json| {
                json["exporter"]["party"]["name"] = "Ravi Rice Mills".into();
                json["exporter"]["party"]["ids"] = json!([{"scheme": "NTN", "number": "7654321-9"}]);
            }),
        ),
        ("DRAWN_CRITERION", with(&|json| item(json, "criterion", json!({"code": "WO"})))),
        ("DRAWN_CRITERION", with(&|json| json["goods"]["items"][0]["criterion"]["percentage"]["exact"] = "70".into())),
        (
            "DRAWN_CRITERION",
            with(&|json| json["goods"]["items"][0]["criterion"]["percentage"]["basis"] = "national".into()),
        ),
        ("DRAWN_DESCRIPTION", with(&|json| item(json, "description", "Basketballs".into()))),
        ("DRAWN_GOODS", with(&|json| json["goods"]["items"][0]["hs"]["code"] = "950669".into())),
        ("DRAWN_GOODS", with(&|json| item(json, "origin", "CN".into()))),
        (
            "DRAWN_EXCEEDS",
            with(&|json| {
                item(json, "gross_weight", Value::Null);
                item(json, "net_weight", json!({"value": "99999", "unit": "KGM"}));
            }),
        ),
        (
            "DRAWN_UNSTATED",
            with(&|json| {
                let pairs = json!({"value": "999999", "unit": "PR"});
                json["goods"]["items"][0]["quantities"].as_array_mut().unwrap().push(pairs);
            }),
        ),
        (
            "DRAWN_PRODUCER",
            with(&|json| {
                let party = json!({"name": "Somebody Else", "country": "PK", "address": ["Sialkot"]});
                json["producer"] = json!({"named": [party]});
            }),
        ),
        (
            "DRAWN_EXCEEDS",
            with(&|json| {
                json["commercial"]["item_values"][0]["amount"]["value"] = "142800.01".into();
                json["commercial"]["total"]["value"] = "142800.01".into();
            }),
        ),
    ];
    for (nth, (rule, json)) in (10u16..).zip(&cases) {
        let refused = desk.draw(&world.signatory, wish(&world, nth, std::slice::from_ref(&own), json)).await;
        let said = rules(&refused.unwrap_err());
        assert!(said.iter().any(|one| one == rule), "{nth} {rule}: {said:?}");
    }
    assert_eq!(left(&world, &desk, &own), "16800");
    desk.draw(&world.signatory, wish(&world, 30, std::slice::from_ref(&own), &good)).await.unwrap();
}

#[tokio::test]
async fn what_takes_the_place_of_a_part_is_of_the_goods_of_the_whole() {
    let world = World::new();
    let (desk, _) = world.desk();
    let (own, of) = whole(&world, &desk).await;
    let good = half(&world, &of);
    let first = desk.draw(&world.signatory, wish(&world, 3, std::slice::from_ref(&own), &good)).await.unwrap();
    let replace = async |nth: u16, change: &dyn Fn(&mut Value)| {
        let mut json = good.clone();
        json["reference"]["prior"] = json!([]);
        change(&mut json);
        let (request_id, certificate) = (world.request_id(nth), name(&first));
        let certificate_json = json.to_string().into_bytes();
        let wish = ReplaceWish { request_id, certificate, certificate_json, reason: None, remarks: None };
        desk.replace(&world.signatory, wish).await
    };
    let renamed = replace(4, &|json| {
        json["goods"]["items"][0]["hs"]["code"] = "950669".into();
        json["goods"]["items"][0]["description"] = "Basketballs".into();
    })
    .await
    .unwrap_err();
    let said = rules(&renamed);
    assert!(["DRAWN_GOODS", "DRAWN_DESCRIPTION"].iter().all(|rule| said.iter().any(|one| one == rule)), "{said:?}");
    let claims = replace(5, &|json| json["goods"]["items"][0]["criterion"]["percentage"]["basis"] = "national".into())
        .await
        .unwrap_err();
    let said = rules(&claims);
    assert!(said.iter().any(|one| one == "DRAWN_CRITERION"), "{said:?}");
    let made = replace(6, &|json| {
        let party = json!({"name": "Somebody Else", "country": "PK", "address": ["Sialkot"]});
        json["producer"] = json!({"named": [party]});
    })
    .await
    .unwrap_err();
    let said = rules(&made);
    assert!(said.iter().any(|one| one == "DRAWN_PRODUCER"), "{said:?}");
    assert_eq!(status(&world, &first), Status::Valid);
    replace(7, &|json| json["consignee"]["party"]["name"] = "Ningbo Sports Import Co., Ltd.".into()).await.unwrap();
}

#[tokio::test]
async fn the_parts_are_worth_no_more_than_the_whole_and_what_is_given_up_is_given_back() {
    let world = World::new();
    let (desk, _) = world.desk();
    let (own, of) = whole(&world, &desk).await;
    let worth = |value: &str| {
        let mut json = half(&world, &of);
        json["commercial"]["item_values"][0]["amount"]["value"] = value.into();
        json["commercial"]["total"]["value"] = value.into();
        json
    };
    let split = async |nth: u16, json: &Value| {
        desk.draw(&world.signatory, wish(&world, nth, std::slice::from_ref(&own), json)).await
    };
    let first = split(2, &worth("100000.00")).await.unwrap();
    let refused = split(3, &worth("42800.01")).await.unwrap_err();
    assert_eq!(rules(&refused), ["DRAWN_EXCEEDS"]);
    assert!(refused.to_string().contains("worth no more than the whole"), "{refused}");
    let cancel =
        StatusWish { certificate: name(&first), act: Act::Cancelled, items: None, reason: None, remarks: None };
    desk.change_status(&world.signatory, &world.request_id(4), cancel).await.unwrap();
    split(5, &worth("71400.00")).await.unwrap();
    split(6, &worth("71400.00")).await.unwrap();
}

#[tokio::test]
async fn one_for_several_is_never_of_two_exporters() {
    let world = World::new();
    let (desk, _) = world.desk();
    let other = |json: &mut Value| {
        json["exporter"]["party"]["name"] = "Ravi Rice Mills".into();
        json["exporter"]["party"]["ids"] = json!([{"scheme": "NTN", "number": "7654321-9"}]);
    };
    let mut second = footballs(&world, "CN", "600");
    other(&mut second);
    let one = issue(&world, &desk, 1, &footballs(&world, "CN", "400")).await;
    let two = issue(&world, &desk, 2, &second).await;
    let (originals, mut json) = one_for_both(&world, &desk, [&one, &two], ["400", "600"]);
    for nth in [3, 4] {
        let refused = desk.draw(&world.signatory, wish(&world, nth, &originals, &json)).await.unwrap_err();
        assert_eq!(rules(&refused), ["DRAWN_EXPORTER"]);
        other(&mut json);
    }
}

#[tokio::test]
async fn one_for_several_is_of_goods_that_each_of_them_describes_alike_and_a_finding_names_its_box() {
    let world = World::new();
    let (desk, _) = world.desk();
    let described = |words: &str, pieces: &str| {
        let mut json = footballs(&world, "CN", pieces);
        json["goods"]["items"][0]["description"] = words.into();
        json
    };
    let one = issue(&world, &desk, 1, &described("Footballs, size 5", "400")).await;
    let two = issue(&world, &desk, 2, &described("FOOTBALLS size  5", "600")).await;
    let other = issue(&world, &desk, 3, &described("Footballs, size 4", "600")).await;
    let draw = async |nth: u16, second: &Issued| {
        let (originals, mut json) = one_for_both(&world, &desk, [&one, second], ["400", "600"]);
        json["goods"]["items"][0]["description"] = "Footballs, size 5".into();
        desk.draw(&world.signatory, wish(&world, nth, &originals, &json)).await
    };
    let refused = draw(4, &other).await.unwrap_err();
    assert_eq!(rules(&refused), ["DRAWN_DESCRIPTION"], "it is said of one of the two, and not of the other");
    let WorkflowError::RulesRefuse(findings) = &refused else { panic!("{refused}") };
    let told = findings.iter().find(|one| one.rule == "DRAWN_DESCRIPTION").unwrap();
    assert!(told.form_box.is_some(), "{told:?}");
    draw(5, &two).await.unwrap();
}

#[tokio::test]
async fn a_back_to_back_certificate_names_the_origin_of_its_goods() {
    let world = World::new();
    let (_china, _, _, bundle) = original(&world, "1000").await;
    let (desk, _) = world.desk();
    let of = desk.remainder(&world.signatory, &bundle).unwrap();
    let mut json = part(&world, "KE", "back_to_back_on", &of, "10");
    // Without one it is the exporting country's.
    json["goods"]["items"][0]["origin"] = Value::Null;
    let draw = async |nth: u16, json: &Value| {
        desk.draw(&world.signatory, wish(&world, nth, std::slice::from_ref(&bundle), json)).await
    };
    assert_eq!(rules(&draw(1, &json).await.unwrap_err()), ["DRAWN_GOODS", "BOX_EMPTY"]);
    json["goods"]["items"][0]["origin"] = "CN".into();
    json["goods"]["items"][0]["description"] = "Balls".into();
    let issued = draw(2, &json).await.unwrap();
    assert!(issued.warnings.0.iter().any(|one| one.rule == "DRAWN_DESCRIPTION"), "{:?}", issued.warnings);
}
