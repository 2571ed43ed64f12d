//! What arrived: listed, found by what it says, and shown to nobody else.

use super::{Corridor, reason};
use crate::{
    office::Actor,
    statement::{Act, OpenedBody, Presentation, Status},
    verification::View,
    workflow::{ArrivalsAsked, ArrivedName, Delivery, ErasedName},
};

#[tokio::test]
async fn what_is_addressed_to_the_country_is_listed_and_found_by_its_number() {
    let corridor = Corridor::open().await;
    let asked = ArrivalsAsked::default();
    let page = corridor.customs.arrivals(&corridor.officer, &asked).unwrap();
    assert_eq!(page.arrivals.len(), 1);
    let arrival = &page.arrivals[0];
    assert_eq!((arrival.delivery, arrival.status), (Delivery::Complete, Status::Valid));
    assert_eq!(arrival.issuer, corridor.pakistan.issuer);
    assert!(page.next.is_none() && arrival.file.acts == 0);
    let by_jti = corridor.customs.course(&corridor.officer, &ArrivedName::Jti(corridor.issued.outcome.jti)).unwrap();
    let by_number = corridor.customs.course(&corridor.officer, &corridor.name()).unwrap();
    assert_eq!(by_jti.arrival.entry, by_number.arrival.entry);
    assert_eq!(by_number.balance[0].left, "16800");
    let other = ArrivedName::Number(corridor.number(), Some("https://gacc.gov.cn".parse().unwrap()));
    assert_eq!(reason(corridor.customs.course(&corridor.officer, &other)), "ARRIVAL_UNKNOWN");
    // Its own issuer is no addressee, and nobody without the role sees any of it.
    assert!(corridor.exporting.arrivals(&corridor.officer, &asked).unwrap().arrivals.is_empty());
    assert_eq!(reason(corridor.customs.arrivals(&corridor.liaison, &asked)), "PERMISSION_DENIED");
}

#[tokio::test]
async fn arrivals_are_found_by_what_they_say() {
    let corridor = Corridor::open().await;
    let found = |asked: ArrivalsAsked| corridor.customs.arrivals(&corridor.officer, &asked).unwrap().arrivals.len();
    let usual = ArrivalsAsked::default;
    let issued = corridor.exporting.own_today();
    let (before, after) = (issued.yesterday().unwrap(), issued.tomorrow().unwrap());
    for (asked, count) in [
        (ArrivalsAsked { issued_from: Some(issued), issued_until: Some(issued), ..usual() }, 1),
        (ArrivalsAsked { issued_from: Some(after), ..usual() }, 0),
        (ArrivalsAsked { issued_until: Some(before), ..usual() }, 0),
        (ArrivalsAsked { agreement: Some("CPFTA".parse().unwrap()), ..usual() }, 1),
        (ArrivalsAsked { agreement: Some("COMESA".parse().unwrap()), ..usual() }, 0),
        (ArrivalsAsked { number_prefix: corridor.number()[..6].to_owned(), ..usual() }, 1),
        (ArrivalsAsked { number_prefix: corridor.number()[1..].to_owned(), ..usual() }, 0),
        (ArrivalsAsked { exporter: "chenab SPORTS".to_owned(), ..usual() }, 1),
        (ArrivalsAsked { exporter: "Indus".to_owned(), ..usual() }, 0),
        // Each word by itself, wherever it stands; and all of them.
        (ArrivalsAsked { exporter: "sports  Chenab".to_owned(), ..usual() }, 1),
        (ArrivalsAsked { exporter: "ＣＨＥＮＡＢ\u{3000}ｓｐｏｒｔｓ".to_owned(), ..usual() }, 1),
        (ArrivalsAsked { exporter: "Chenab Indus".to_owned(), ..usual() }, 0),
        (ArrivalsAsked { consignee: "nobody of that name".to_owned(), ..usual() }, 0),
        // A number is read as it is by who looks for it, and a part of one in small letters begins one, too.
        (ArrivalsAsked { number_prefix: corridor.number().to_lowercase().replace('-', " "), ..usual() }, 1),
        (ArrivalsAsked { number_prefix: corridor.number().to_lowercase()[..6].replace('-', ""), ..usual() }, 1),
    ] {
        assert_eq!(found(asked.clone()), count, "{asked:?}");
    }
}

#[tokio::test]
async fn one_that_is_erased_is_listed_by_its_number_as_it_is_shown_by_it() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let endorsed = customs.endorse(officer, corridor.endorsement(1, "KE", Vec::new())).await.unwrap().statement;
    let name = ErasedName::Arrived(corridor.name());
    customs.erase(Actor::Operator, &name, &"order 12/2026".parse().unwrap()).unwrap();
    let found = |number: &str| {
        let asked = ArrivalsAsked { number_prefix: number.to_owned(), ..ArrivalsAsked::default() };
        customs.arrivals(officer, &asked).unwrap().arrivals.into_iter().map(|one| one.delivery).collect::<Vec<_>>()
    };
    let number = corridor.number();
    for typed in [number.clone(), number.to_lowercase().replace('-', " ")] {
        assert_eq!(found(&typed), [Delivery::Erased], "{typed}");
    }
    assert!(found("999999").is_empty());

    // What was endorsed is named still, without its words; and no holder has left out what is erased.
    let arrival = customs.course(officer, &corridor.name()).unwrap().arrival;
    let [note] = arrival.endorsements.as_slice() else { panic!("{:?}", arrival.endorsements) };
    assert_eq!((note.jti, note.at.is_some(), note.words.is_none()), (endorsed, true, true));
    let opened = Presentation::parse(&arrival.token).unwrap().open().unwrap();
    let OpenedBody::Certificate(certificate) = opened.body else { panic!("no certificate") };
    let view = View::new(certificate);
    let (text, usual) = (view.to_text_where("erased"), view.to_text());
    assert_eq!(text.matches(" erased\n").count(), 8, "{text}");
    assert!(!text.contains("redacted by the holder") && usual.contains("redacted by the holder"), "{text}");
}

#[tokio::test]
async fn the_status_of_one_that_was_issued_since_the_last_snapshot_is_no_older_than_itself() {
    let corridor = Corridor::open().await;
    let arrival = || corridor.customs.course(&corridor.officer, &corridor.name()).unwrap().arrival;
    assert!(arrival().status_as_of.is_some() && arrival().issued_since());
    // A change comes with a snapshot.
    corridor.change(2, Act::Suspended, None).await;
    assert!(!arrival().issued_since());
}

#[tokio::test]
async fn a_party_is_found_by_either_of_the_names_it_bears() {
    let corridor = Corridor::open().await;
    let row = corridor.pakistan.footballs_with(2, |json| json["consignee"]["party"]["other_name"] = "青岛体育".into());
    corridor.exporting.issue(&corridor.pakistan.signatory, &row).await.unwrap();
    let found = |consignee: &str| {
        let asked = ArrivalsAsked { consignee: consignee.to_owned(), ..ArrivalsAsked::default() };
        corridor.customs.arrivals(&corridor.officer, &asked).unwrap().arrivals.len()
    };
    for words in ["青岛", "体育 青岛", "青岛\u{3000}体育"] {
        assert_eq!(found(words), 1, "{words}");
    }
    assert_eq!(found("青岛 北京"), 0);
    assert_eq!(found("北京"), 0);
}

#[tokio::test]
async fn one_on_which_an_act_waits_is_not_untouched_and_one_that_was_dropped_leaves_it_so() {
    let corridor = Corridor::open().await;
    let found = |untouched| {
        let asked = ArrivalsAsked { untouched, ..ArrivalsAsked::default() };
        let arrivals = corridor.customs.arrivals(&corridor.officer, &asked).unwrap().arrivals;
        arrivals.iter().map(|arrival| arrival.waits).collect::<Vec<_>>()
    };
    assert_eq!((found(true), found(false)), (vec![false], vec![false]));
    let act = corridor.waits(1, Some(1)).await;
    assert_eq!((found(true), found(false)), (vec![], vec![true]));
    assert_eq!(corridor.settles(2, act, false).await, "none");
    assert_eq!(found(true), [false]);
}
