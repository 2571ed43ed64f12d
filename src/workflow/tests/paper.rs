//! What is printed on paper: the same each time, of what is logged alone, and gone when the contents are.

use super::world::World;
use crate::{
    document::PaperCodes,
    log::leaf_hash,
    office::Actor,
    reason::Reasoned as _,
    sequencer::{Closing, Standing},
    statement::{Jti, SignedStamp},
    store::{EntryRef, Store},
    time::Clock as _,
    verification::{Headline, Question},
    workflow::{CertificateName, Desk, ErasedName, StandsThere},
};
use std::collections::BTreeSet;

/// The identifier and the code of a look-up's address.
fn parts(codes: &PaperCodes) -> (Jti, String) {
    let address = codes.look_up.clone().unwrap();
    let (rest, code) = address.rsplit_once('/').unwrap();
    let (_, jti) = rest.rsplit_once('/').unwrap();
    (jti.parse().unwrap(), code.to_owned())
}

async fn issued(world: &World, desk: &Desk) -> EntryRef {
    desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome.entry
}

#[tokio::test]
async fn paper_bears_the_same_codes_each_time_and_they_are_of_what_is_logged() {
    let world = World::new();
    let (desk, _) = world.desk();
    let entry = issued(&world, &desk).await;
    let codes = desk.paper_codes_at(&entry).unwrap();
    assert_eq!(desk.paper_codes_at(&entry).unwrap(), codes);
    let (jti, code) = parts(&codes);
    let host = desk.setup().issuer.host().as_str().to_ascii_uppercase();
    assert_eq!(codes.look_up, Some(format!("HTTPS://{host}/V/{jti}/{code}")));
    assert_eq!(code.len(), 16);
    // All of it is of a QR code's alphanumeric mode.
    let alphanumeric = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || " $%*+-./:".contains(c);
    assert!(codes.look_up.as_ref().unwrap().chars().all(alphanumeric));
    let text = codes.stamp.clone().unwrap();
    assert!(text.chars().all(alphanumeric));

    let stamp = SignedStamp::parse(&text).unwrap().stamp;
    let leaf = world.store.leaf(&entry.origin, entry.index).unwrap().unwrap();
    assert_eq!((&stamp.log, stamp.index, stamp.leaf), (&entry.origin, entry.index, leaf_hash(&leaf)));
    assert_eq!((codes.carried, codes.total), (stamp.total, stamp.total));
    let alone = world.verifier().verify(&text, &Question::at(world.clock.now()));
    assert_eq!(alone.headline, Headline::StampAuthentic, "{}", alone.to_text());
    assert!(matches!(desk.stands_at(&stamp).unwrap(), Some(StandsThere::Certificate(_))));
    let elsewhere = crate::statement::Stamp { index: stamp.index + 1, ..stamp.clone() };
    assert!(matches!(desk.stands_at(&elsewhere).unwrap(), Some(StandsThere::Another)));
    let foreign = crate::statement::Stamp { iss: "https://kra.go.ke".parse().unwrap(), ..stamp };
    assert!(desk.stands_at(&foreign).unwrap().is_none());
}

#[tokio::test]
async fn a_stamp_of_what_its_issuer_is_yet_to_get_back_or_lost_is_not_taken_for_forged() {
    let world = World::new();
    let (desk, sequencer) = world.desk();
    let entry = issued(&world, &desk).await;
    let text = desk.paper_codes_at(&entry).unwrap().stamp.unwrap();
    let (stamp, held) = (SignedStamp::parse(&text).unwrap().stamp, entry.index + 1);
    let is_forged = |index| {
        let stamp = crate::statement::Stamp { index, ..stamp.clone() };
        matches!(desk.stands_at(&stamp).unwrap(), Some(StandsThere::Another))
    };
    assert!(is_forged(held));
    let (gate, signed, told) = (sequencer.gate(), held + 1, "node.kra.go.ke".parse().unwrap());
    gate.settle(&entry.origin, Standing::Behind { held, signed, told });
    assert!(!is_forged(held));
    gate.settle(&entry.origin, Standing::Closed(Closing { size: held, signed, note: String::new() }));
    assert_eq!([held, signed].map(is_forged), [false, true]);
}

#[tokio::test]
async fn what_the_list_has_count_of_an_ended_log_and_its_issuer_has_no_more_is_neither_forged_nor_unknown() {
    let world = World::new();
    let (desk, _) = world.desk();
    let entry = issued(&world, &desk).await;
    let text = desk.paper_codes_at(&entry).unwrap().stamp.unwrap();
    let (stamp, held) = (SignedStamp::parse(&text).unwrap().stamp, entry.index + 1);
    let is_forged = |index| {
        let stamp = crate::statement::Stamp { index, ..stamp.clone() };
        matches!(desk.stands_at(&stamp).unwrap(), Some(StandsThere::Another))
    };
    let gone = CertificateName::Number("PK-CN-2026-LHE-000009".to_owned());
    let day = Some("2026-12-31".parse().unwrap());
    let said = || desk.look_up(&gone, day).unwrap_err().to_string();
    assert!(is_forged(held) && !said().contains("lost"), "{}", said());
    world.close_log(&entry.origin, held + 1);
    assert_eq!([held, held + 1].map(is_forged), [false, true]);
    assert!(said().contains(&format!("1 entry is lost of {} for good", entry.origin)), "{}", said());
}

#[tokio::test]
async fn while_partners_may_tell_of_a_log_that_was_lost_whole_nothing_of_it_is_forged_or_unknown() {
    let world = World::new();
    let (desk, sequencer) = world.desk();
    let entry = issued(&world, &desk).await;
    let text = desk.paper_codes_at(&entry).unwrap().stamp.unwrap();
    let log = "tdap.gov.pk/log/2026/ke".parse().unwrap();
    let stamp = crate::statement::Stamp { log, ..SignedStamp::parse(&text).unwrap().stamp };
    let name = CertificateName::Number("PK-KE-2026-LHE-000009".to_owned());
    let said = || {
        let is_forged = matches!(desk.stands_at(&stamp).unwrap(), Some(StandsThere::Another));
        (is_forged, desk.look_up(&name, None).unwrap_err().reason())
    };
    let (gate, silent) = (sequencer.gate(), "node.kra.go.ke".parse().unwrap());
    gate.forgot_all();
    gate.heard(BTreeSet::new(), vec![silent], true);
    assert_eq!(said(), (false, "OWN_HISTORY_UNKNOWN"));
    gate.all_heard();
    assert_eq!(said(), (true, "CERTIFICATE_UNKNOWN"));
}

#[tokio::test]
async fn a_code_opens_its_certificate_alone_and_dies_with_its_contents() {
    let world = World::new();
    let (desk, _) = world.desk();
    let entry = issued(&world, &desk).await;
    let other = desk.issue(&world.signatory, &world.footballs(2)).await.unwrap().outcome.entry;
    let (jti, code) = parts(&desk.paper_codes_at(&entry).unwrap());
    let (others, _) = parts(&desk.paper_codes_at(&other).unwrap());
    for right in [code.clone(), code.to_lowercase()] {
        let (existence, record) = desk.look_up_whole(jti, &right).unwrap();
        assert!(existence.jti == jti && record.entry == entry && record.certificate.reference.is_shown());
    }
    for (jti, wrong) in [
        (jti, ""),
        (jti, &code[..15]),
        (jti, "0000000000000000"),
        (others, code.as_str()),
        (Jti([7; 16]), code.as_str()),
    ] {
        assert_eq!(desk.look_up_whole(jti, wrong).unwrap_err().reason(), "CERTIFICATE_UNKNOWN", "{wrong}");
    }
    let name = ErasedName::Own(CertificateName::Jti(jti));
    desk.erase(Actor::Operator, &name, &"the years are over".parse().unwrap()).unwrap();
    assert_eq!(desk.look_up_whole(jti, &code).unwrap_err().reason(), "CERTIFICATE_UNKNOWN");
    assert_eq!(desk.paper_codes_at(&entry).unwrap(), PaperCodes::default());
    assert!(desk.look_up(&CertificateName::Jti(jti), None).is_ok(), "that it exists is still told");
}

#[tokio::test]
async fn a_stamp_key_that_was_stopped_stamps_nothing_more() {
    let world = World::new();
    let (desk, _) = world.desk();
    let entry = issued(&world, &desk).await;
    let stamp = SignedStamp::parse(&desk.paper_codes_at(&entry).unwrap().stamp.unwrap()).unwrap();
    desk.stop_key(stamp.kid, world.clock.now(), false).await.unwrap();
    let codes = desk.paper_codes_at(&entry).unwrap();
    assert!(codes.stamp.is_none() && codes.look_up.is_some());
    assert!(desk.issue(&world.signatory, &world.footballs(2)).await.is_ok(), "it signs no statements");
}
