//! What arrived: listed, found by what it says, and shown to nobody else.

use super::{Corridor, reason};
use crate::{
    statement::Status,
    workflow::{ArrivalsAsked, ArrivedName, Delivery},
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
        (ArrivalsAsked { consignee: "nobody of that name".to_owned(), ..usual() }, 0),
    ] {
        assert_eq!(found(asked.clone()), count, "{asked:?}");
    }
}
