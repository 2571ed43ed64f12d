//! Parts together weigh no more, and are in no more packages, than what they rest on.

use super::*;

#[tokio::test]
async fn the_parts_weigh_no_more_and_are_in_no_more_packages_than_the_whole() {
    let world = World::new();
    let (desk, _) = world.desk();
    let (_, own, of) = own_original(&world, &desk).await;
    let asked = |pieces: &str, gross: (&str, &str), cartons: u32| {
        let mut json = part(&world, "CN", "replaces", &of, pieces);
        json["goods"]["items"][0]["gross_weight"] = json!({"value": gross.0, "unit": gross.1});
        json["goods"]["items"][0]["packages"] = json!([{"count": cartons, "kind": "CT"}]);
        json
    };
    let split = async |nth: u16, json: &Value| {
        desk.draw(&world.signatory, wish(&world, nth, std::slice::from_ref(&own), json)).await
    };
    // The whole weighs 100 kg and is in 420 cartons: a tenth of the pieces is not all of that and one kilogram.
    let refused = split(2, &asked("100", ("0.101", "TNE"), 421)).await.unwrap_err();
    assert_eq!(rules(&refused), ["DRAWN_EXCEEDS", "DRAWN_EXCEEDS"]);
    assert!(refused.to_string().contains("item 1 says 101 KGM of gross weight, and what is left is 100"), "{refused}");
    let first = split(3, &asked("100", ("60", "KGM"), 400)).await.unwrap();
    assert_eq!(rules(&split(4, &asked("900", ("40.000001", "KGM"), 20)).await.unwrap_err()), ["DRAWN_EXCEEDS"]);
    assert_eq!(rules(&split(5, &asked("900", ("40", "KGM"), 21)).await.unwrap_err()), ["DRAWN_EXCEEDS"]);
    // In other packages they are not compared: nobody knows how many cartons stand on a pallet.
    let mut pallets = asked("100", ("10", "KGM"), 7);
    pallets["goods"]["items"][0]["packages"][0]["kind"] = "PX".into();
    split(6, &pallets).await.unwrap();
    // What takes the place of a part does not outweigh it, and what is given up is given back.
    let replace = |nth: u16, json: Value| {
        let (request_id, certificate) = (world.request_id(nth), name(&first));
        let certificate_json = json.to_string().into_bytes();
        desk.replace(
            &world.signatory,
            ReplaceWish { request_id, certificate, certificate_json, reason: None, remarks: None },
        )
    };
    let heavier = replace(7, asked("100", ("61", "KGM"), 400)).await.unwrap_err();
    assert_eq!(rules(&heavier), ["DRAWN_CHANGED"]);
    assert_eq!(rules(&split(8, &asked("800", ("31", "KGM"), 20)).await.unwrap_err()), ["DRAWN_EXCEEDS"]);
    let act = Act::Withdrawn { since: Since::Issue };
    let change = StatusWish { certificate: name(&first), act, items: None, reason: None, remarks: None };
    desk.change_status(&world.signatory, &world.request_id(9), change).await.unwrap();
    split(10, &asked("900", ("90", "KGM"), 420)).await.unwrap();
    assert_eq!(left(&world, &desk, &own), "0");
}

#[tokio::test]
async fn one_for_several_takes_of_each_and_never_more_than_all_weigh() {
    let world = World::new();
    let (desk, _) = world.desk();
    let one = issue(&world, &desk, 1, &footballs(&world, "CN", "400")).await;
    let two = issue(&world, &desk, 2, &footballs(&world, "CN", "600")).await;
    let draw = async |nth: u16, pieces: [&str; 2], gross: &str| {
        let (originals, mut json) = one_for_both(&world, &desk, [&one, &two], pieces);
        json["goods"]["items"][0]["gross_weight"] = json!({"value": gross, "unit": "KGM"});
        desk.draw(&world.signatory, wish(&world, nth, &originals, &json)).await
    };
    assert_eq!(rules(&draw(3, ["100", "100"], "200.1").await.unwrap_err()), ["DRAWN_EXCEEDS"]);
    draw(4, ["100", "100"], "150").await.unwrap();
    assert_eq!(rules(&draw(5, ["300", "500"], "50.000001").await.unwrap_err()), ["DRAWN_EXCEEDS"]);
    draw(6, ["300", "500"], "50").await.unwrap();
}
