//! What a holder may leave out, and what nobody may.

use super::samples;
use origin_exchange::{
    reason::Reasoned,
    signature::Signer,
    statement::{Completeness, OpenedBody, Presentation, Section, Shown, redact},
};

fn issued() -> Presentation {
    Presentation::parse(&samples::all()[0].issue().token()).unwrap()
}

#[test]
fn every_set_of_droppable_sections_can_be_dropped_and_is_named() {
    let whole = issued();
    let droppable: Vec<Section> = Section::ALL.into_iter().filter(|s| s.may_be_dropped()).collect();
    assert_eq!(droppable.len(), 5);
    for set in 0_u32..32 {
        let drop: Vec<Section> =
            droppable.iter().enumerate().filter(|(i, _)| set >> i & 1 == 1).map(|(_, s)| *s).collect();
        let copy = Presentation::parse(&redact(&whole, &drop).unwrap()).unwrap();
        assert_eq!(copy.jwt(), whole.jwt());
        assert_eq!(copy.verify(&samples::key().public_key()), Ok(()));
        let missing: Vec<String> = drop.iter().map(|s| s.name().to_owned()).collect();
        let expected = if missing.is_empty() { Completeness::Complete } else { Completeness::Redacted { missing } };
        assert_eq!(copy.open().unwrap().completeness, expected);
        assert_eq!(redact(&copy, &drop).unwrap(), copy.token(), "dropping twice changes nothing");
    }
}

#[test]
fn what_makes_a_certificate_cannot_be_dropped() {
    for section in Section::ALL.into_iter().filter(|s| !s.may_be_dropped()) {
        assert_eq!(redact(&issued(), &[section]).unwrap_err().reason(), "NOT_REDACTABLE");
    }
    let change = Presentation::parse(&samples::all()[2].issue().token()).unwrap();
    assert!(redact(&change, &[Section::Remarks]).is_err());
}

#[test]
fn a_missing_item_makes_a_certificate_incomplete_and_names_it() {
    let whole = issued();
    let disclosures: Vec<&str> = whole.disclosures().collect();
    // 8 sections, then the items.
    let shown: Vec<&str> = disclosures.iter().enumerate().filter(|(i, _)| *i != 9).map(|(_, d)| *d).collect();
    let opened = Presentation::from_leaf(whole.jwt().as_bytes(), &shown).unwrap().open().unwrap();
    assert_eq!(opened.completeness, Completeness::Incomplete { missing: vec!["goods.items[1]".to_owned()] });
    let OpenedBody::Certificate(certificate) = opened.body else { panic!() };
    let goods = certificate.goods.as_option().unwrap();
    assert_eq!(goods.items.iter().map(Shown::is_shown).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(certificate.to_certificate(), None);
}

#[test]
fn items_without_their_section_are_referred_to_by_nothing() {
    let whole = issued();
    let disclosures: Vec<&str> = whole.disclosures().collect();
    let shown: Vec<&str> = disclosures.iter().enumerate().filter(|(i, _)| *i != 5).map(|(_, d)| *d).collect();
    let error = Presentation::from_leaf(whole.jwt().as_bytes(), &shown).unwrap().open().unwrap_err();
    assert_eq!(error.reason(), "UNREFERENCED_DISCLOSURE");
}

#[test]
fn disclosures_may_stand_in_any_order() {
    let whole = issued();
    let mut disclosures: Vec<&str> = whole.disclosures().collect();
    disclosures.reverse();
    let opened = Presentation::from_leaf(whole.jwt().as_bytes(), &disclosures).unwrap().open().unwrap();
    assert_eq!(opened, whole.open().unwrap());
}
