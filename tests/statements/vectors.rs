//! The frozen tokens: composed again byte for byte, and parsed again.

use super::{
    frozen, read,
    samples::{self, Sample},
};
use origin_exchange::{
    encoding::{base64, hex},
    signature::Signer,
    statement::{Body, Completeness, Kind, OpenedBody, Presentation, open_leaf},
};
use serde_json::{Value, json};

/// The file of a sample.
pub fn of(sample: &Sample) -> Value {
    let token = sample.issue().token();
    json!({
        "about": sample.about,
        "key": {
            "seed": hex::encode(&samples::STATEMENT_SEED),
            "x": samples::key().public_key(),
        },
        "salts": format!("SHA-256(u64 be {} || u64 be counter), 32 bytes a block, 16 bytes a salt", sample.random),
        "token": token,
        "decoded": decode(&token),
    })
}

/// What a token says, as the published schema describes it.
pub fn decode(token: &str) -> Value {
    let json = |text: &str| -> Value { serde_json::from_slice(&base64::decode_url(text).unwrap()).unwrap() };
    let mut parts = token.split('~');
    let jwt: Vec<&str> = parts.next().unwrap().split('.').collect();
    let (mut disclosures, mut items) = (serde_json::Map::new(), Vec::new());
    for disclosure in parts.filter(|part| !part.is_empty()) {
        match json(disclosure).as_array().unwrap().as_slice() {
            [_, name, value] => drop(disclosures.insert(name.as_str().unwrap().to_owned(), value.clone())),
            [_, value] => items.push(value.clone()),
            other => panic!("{other:?}"),
        }
    }
    json!({"header": json(jwt[0]), "claims": json(jwt[1]), "disclosures": disclosures, "items": items})
}

#[test]
fn frozen_tokens_are_composed_again_byte_for_byte() {
    for sample in samples::all() {
        let frozen = frozen(&format!("{}.json", sample.name), || of(&sample));
        assert_eq!(frozen["token"], sample.issue().token(), "{}", sample.name);
        assert_eq!(frozen, of(&sample), "{}", sample.name);
    }
}

#[test]
fn frozen_tokens_open_to_what_was_composed() {
    for sample in samples::all() {
        let frozen: Value = serde_json::from_str(&read(&format!("{}.json", sample.name))).unwrap();
        let presentation = Presentation::parse(frozen["token"].as_str().unwrap()).unwrap();
        assert_eq!(presentation.verify(&samples::key().public_key()), Ok(()), "{}", sample.name);
        assert_eq!(presentation.envelope(), &sample.envelope, "{}", sample.name);
        assert_eq!(presentation.kind(), Some(sample.body.kind()), "{}", sample.name);
        let opened = presentation.open().unwrap_or_else(|error| panic!("{}: {error}", sample.name));
        assert_eq!(opened.completeness, Completeness::Complete, "{}", sample.name);
        match (&sample.body, &opened.body) {
            (Body::Certificate { certificate, status }, OpenedBody::Certificate(opened)) => {
                assert_eq!(opened.to_certificate().as_ref(), Some(certificate.as_ref()), "{}", sample.name);
                assert_eq!(&opened.status, status);
            }
            (Body::StatusChange(made), OpenedBody::StatusChange(opened)) => {
                assert_eq!(opened.change, made.change);
                assert_eq!(opened.reason.as_option(), Some(&made.reason));
                assert_eq!(opened.remarks.as_option(), Some(&made.remarks));
            }
            (Body::StatusSnapshot(made), OpenedBody::StatusSnapshot(opened)) => assert_eq!(opened, made),
            (Body::Receipt(made), OpenedBody::Receipt(opened)) => assert_eq!(opened, made),
            (Body::KeyChange(made), OpenedBody::KeyChange(opened)) => {
                assert_eq!(opened.record, made.record);
                assert_eq!(opened.reason.as_option(), Some(&made.reason));
            }
            (Body::CustomsResponse(made), OpenedBody::CustomsResponse(opened)) => {
                assert_eq!(opened.as_ref(), Some(made));
            }
            (Body::Enquiry(made), OpenedBody::Enquiry(opened)) => assert_eq!(opened.as_ref(), Some(made)),
            (Body::EnquiryReply(made), OpenedBody::EnquiryReply(opened)) => assert_eq!(opened.as_ref(), Some(made)),
            (Body::Endorsement(made), OpenedBody::Endorsement(opened)) => assert_eq!(opened.as_ref(), Some(made)),
            (Body::PaperCertificate(made), OpenedBody::PaperCertificate(opened)) => {
                assert_eq!(opened.as_ref(), Some(made));
            }
            (Body::Evidence(made), OpenedBody::Evidence(opened)) => {
                assert_eq!((opened.evidence, &opened.concerns), (made.evidence, &made.concerns));
                assert_eq!(opened.proof.as_option(), Some(&made.proof));
            }
            (made, opened) => panic!("composed {made:?}, opened {opened:?}"),
        }
    }
}

#[test]
fn a_leaf_without_its_disclosures_still_says_its_clear_claims() {
    for sample in samples::all() {
        let issued = sample.issue();
        let with = open_leaf(issued.jwt.as_bytes(), &issued.disclosures).unwrap();
        assert_eq!(with.completeness, Completeness::Complete);
        let without = open_leaf(issued.jwt.as_bytes(), &[] as &[&str]).unwrap();
        let expected = match (&sample.body, issued.disclosures.len()) {
            (_, 0) => Completeness::Complete,
            (Body::StatusChange(_) | Body::KeyChange(_), _) => Completeness::Redacted { missing: sections(&sample) },
            _ => Completeness::Incomplete { missing: sections(&sample) },
        };
        assert_eq!(without.completeness, expected, "{}", sample.name);
    }
}

/// The names of a statement's sections, in the order of its kind.
fn sections(sample: &Sample) -> Vec<String> {
    let issued = sample.issue();
    let named = issued.disclosures.iter().filter_map(|disclosure| {
        let value: Value = serde_json::from_slice(&base64::decode_url(disclosure).unwrap()).unwrap();
        (value.as_array().unwrap().len() == 3).then(|| value[1].as_str().unwrap().to_owned())
    });
    named.collect()
}

#[test]
fn what_is_not_shown_whole_is_not_shown_at_all() {
    let mut seen = 0;
    for sample in samples::all() {
        let whole = [Kind::CustomsResponse, Kind::Enquiry, Kind::EnquiryReply, Kind::Endorsement];
        if !whole.contains(&sample.body.kind()) {
            continue;
        }
        let (issued, names) = (sample.issue(), sections(&sample));
        // Every set of sections but the full one.
        for shown in 0_u32..(1 << names.len()) - 1 {
            let (here, gone): (Vec<usize>, Vec<usize>) = (0..names.len()).partition(|place| shown >> place & 1 == 1);
            let disclosures: Vec<&String> = here.iter().map(|place| &issued.disclosures[*place]).collect();
            let opened = open_leaf(issued.jwt.as_bytes(), &disclosures).unwrap();
            let missing = gone.iter().map(|place| names[*place].clone()).collect();
            assert_eq!(opened.completeness, Completeness::Incomplete { missing }, "{}", sample.name);
            let nothing = matches!(
                opened.body,
                OpenedBody::CustomsResponse(None)
                    | OpenedBody::Enquiry(None)
                    | OpenedBody::EnquiryReply(None)
                    | OpenedBody::Endorsement(None)
            );
            assert!(nothing, "{}: {:?}", sample.name, opened.body);
            seen += 1;
        }
    }
    assert_eq!(seen, 3 * 63 + 2 * 15 + 2 * 15 + 2 * 3);
}

#[test]
fn evidence_without_its_proof_still_says_against_whom_and_is_incomplete() {
    let sample = samples::all().into_iter().find(|sample| sample.name == "evidence").unwrap();
    let opened = open_leaf(sample.issue().jwt.as_bytes(), &[] as &[&str]).unwrap();
    assert_eq!(opened.completeness, Completeness::Incomplete { missing: vec!["proof".to_owned()] });
    let (Body::Evidence(made), OpenedBody::Evidence(opened)) = (&sample.body, &opened.body) else { panic!() };
    assert_eq!((&opened.concerns, opened.proof.as_option()), (&made.concerns, None));
}

#[test]
fn another_key_does_not_verify_and_a_changed_byte_neither() {
    let token = samples::all()[0].issue().token();
    let other = origin_exchange::signature::SecretKey::from_seed(&[1; 32]).unwrap();
    let presentation = Presentation::parse(&token).unwrap();
    assert!(presentation.verify(&other.public_key()).is_err());
    let (head, rest) = token.split_once('.').unwrap();
    let (payload, rest) = rest.split_once('.').unwrap();
    let payload = String::from_utf8(base64::decode_url(payload).unwrap()).unwrap().replace("\"PK\"", "\"IN\"");
    let forged = format!("{head}.{}.{rest}", base64::encode_url(payload.as_bytes()));
    assert!(Presentation::parse(&forged).unwrap().verify(&samples::key().public_key()).is_err());
}

#[test]
fn both_names_of_the_algorithm_are_read() {
    let token = samples::all()[0].issue().token();
    let (head, rest) = token.split_once('.').unwrap();
    let header = String::from_utf8(base64::decode_url(head).unwrap()).unwrap();
    assert_eq!(header, r#"{"alg":"EdDSA","kid":"tdap-2026-1","typ":"dc+sd-jwt"}"#);
    let named = base64::encode_url(header.replace("EdDSA", "Ed25519").as_bytes());
    assert_eq!(Presentation::parse(&format!("{named}.{rest}")).unwrap().header().alg, "Ed25519");
}

#[test]
fn a_certificate_of_a_hundred_items_is_no_longer_than_one_of_one() {
    let Body::Certificate { mut certificate, status } = samples::all().swap_remove(0).body else { panic!() };
    let item = certificate.goods.items[0].clone();
    let mut lengths = Vec::new();
    for count in [1_u32, 100] {
        certificate.goods.items = (1..=count)
            .map(|number| {
                let mut item = item.clone();
                item.number = number;
                item
            })
            .collect();
        let sample = Sample {
            body: Body::Certificate { certificate: certificate.clone(), status: status.clone() },
            ..samples::all().swap_remove(0)
        };
        let issued = sample.issue();
        assert!(open_leaf(issued.jwt.as_bytes(), &issued.disclosures).is_ok());
        lengths.push(issued.jwt.len());
    }
    assert_eq!(lengths[0], lengths[1]);
    assert!(lengths[0] < 2_048, "{} bytes", lengths[0]);
}
