use super::{kinds::must_be_clear, *};
use crate::{
    certificate::Text,
    reason::{Class, Reasoned},
    signature::SecretKey,
    time::{Date, NoRandomness, Random, SeededRandom},
};

fn envelope() -> Envelope {
    Envelope {
        iss: "https://tdap.gov.pk".parse().unwrap(),
        kid: "k1".parse().unwrap(),
        jti: Jti([1; 16]),
        day: Date::constant(2026, 11, 12),
        aud: "https://customs.gov.cn".parse().unwrap(),
        log: "tdap.gov.pk/log/2026/customs.gov.cn".parse().unwrap(),
    }
}

fn suspension(items: Option<Vec<u32>>) -> Body {
    let target = StatementRef { log: envelope().log, jti: Jti([0; 16]) };
    let change = Change { target, act: Act::Suspended, items };
    Body::StatusChange(StatusChange { change, reason: None, remarks: None })
}

struct Counted<'a>(&'a std::sync::atomic::AtomicUsize);

impl Random for Counted<'_> {
    fn fill(&self, out: &mut [u8]) -> Result<(), NoRandomness> {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        SeededRandom::new(0).fill(out)
    }
}

#[test]
fn all_salts_are_drawn_in_one_call() {
    let calls = std::sync::atomic::AtomicUsize::new(0);
    compose(&envelope(), &suspension(None), &Counted(&calls)).unwrap();
    assert_eq!(calls.into_inner(), 1);
}

#[test]
fn nothing_is_composed_for_a_log_that_is_not_the_issuers_to_this_addressee() {
    for log in ["chamber.example/log/2026/customs.gov.cn", "tdap.gov.pk/log/2026/cn"] {
        let envelope = Envelope { log: log.parse().unwrap(), ..envelope() };
        let error = compose(&envelope, &suspension(None), &SeededRandom::new(0)).unwrap_err();
        assert_eq!((error.reason(), error.class()), ("WRONG_SHAPE", Class::Reject));
    }
}

#[test]
fn a_statement_too_long_for_a_leaf_is_not_composed() {
    let items = Some((90_000_000..90_000_400).collect());
    let error = compose(&envelope(), &suspension(items), &SeededRandom::new(0)).unwrap_err();
    assert_eq!(error.reason(), "STATEMENT_TOO_LARGE");
}

#[test]
fn what_would_be_refused_is_not_composed() {
    for items in [vec![], vec![0], vec![2, 1], vec![1, 1], vec![100_000_000]] {
        assert!(compose(&envelope(), &suspension(Some(items)), &SeededRandom::new(0)).is_err());
    }
    let snapshot = StatusSnapshot { as_of: 0, size: 1 << 53, lists: 0, lists_root: status_list::lists_root(&[]) };
    assert!(compose(&envelope(), &Body::StatusSnapshot(snapshot), &SeededRandom::new(0)).is_err());
}

#[test]
fn digests_are_written_sorted_and_differ_for_equal_sections() {
    let key = SecretKey::from_seed(&[9; 32]).unwrap();
    let issued = compose(&envelope(), &suspension(None), &SeededRandom::new(0)).unwrap().sign(&key).unwrap();
    let payload = issued.jwt.split('.').nth(1).unwrap();
    let payload: serde_json::Value =
        serde_json::from_slice(&crate::encoding::base64::decode_url(payload).unwrap()).unwrap();
    let digests: Vec<&str> = payload["_sd"].as_array().unwrap().iter().filter_map(|d| d.as_str()).collect();
    assert_eq!(digests.len(), 2);
    assert!(digests.is_sorted() && digests[0] != digests[1]);
}

#[test]
fn no_section_is_a_claim_that_must_be_clear() {
    let whole = schema::signed_definitions();
    let whole = whole.iter().filter(|(name, _)| name.ends_with(".disclosures"));
    let whole = whole.flat_map(|(_, kind)| kind["properties"].as_object().unwrap().keys().map(String::as_str));
    let mut names = Section::ALL.map(Section::name).into_iter().chain(["reason", "remarks", "proof"]).chain(whole);
    assert_eq!(names.clone().count(), 8 + 3 + 6 + 4 + 4 + 2 + 1);
    assert_eq!(names.find(|name| must_be_clear(name)), None);
    for name in ["iss", "vct", "jti", "iat", "aud", "log", "status", "to", "act", "lists_root", "section", "exp"] {
        assert!(must_be_clear(name), "{name}");
    }
}

#[test]
fn a_kind_has_one_name_and_one_vct() {
    for kind in Kind::ALL {
        assert_eq!(Kind::from_vct(kind.vct()), Some(kind));
        assert_eq!(kind.name().parse(), Ok(kind));
        assert_eq!(kind.vct(), format!("urn:origin-exchange:statement:{kind}:1"));
    }
}

#[test]
fn a_reason_is_bounded() {
    assert!("x".repeat(1_025).parse::<Text<1024>>().is_err());
}
