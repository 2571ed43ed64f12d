//! Stamps: the frozen one, what fits, and hostile ones with their reasons.

use super::{
    read,
    samples::{self, Sample},
};
use flate2::{Compression, read::ZlibDecoder, write::ZlibEncoder};
use minicbor::Encoder;
use origin_exchange::{
    certificate::Text,
    encoding::{base45, hex},
    reason::Reasoned,
    signature::{SecretKey, Signer},
    statement::{Body, Kid, SignedStamp, Stamp, open_leaf, stamp::STAMP_TEXT_MAX},
};
use serde_json::{Value, json};
use std::io::{Read, Write};

const STAMP_SEED: [u8; 32] = [0x44; 32];
const INDEX: u64 = 41;

fn key() -> SecretKey {
    SecretKey::from_seed(&STAMP_SEED).unwrap()
}

fn kid() -> Kid {
    "tdap-stamp-1".parse().unwrap()
}

fn sample() -> Sample {
    samples::all().swap_remove(0)
}

/// A certificate with so many items, each somewhat different.
fn with_items(count: u32) -> Sample {
    let mut sample = sample();
    let Body::Certificate { certificate, .. } = &mut sample.body else { panic!() };
    let item = certificate.goods.items[0].clone();
    certificate.goods.items = (1..=count)
        .map(|number| {
            let mut item = item.clone();
            item.number = number;
            if let Some(quantity) = item.quantities.first_mut() {
                quantity.value = (1_000 + number * 7_919 % 6_007).to_string().parse().unwrap();
            }
            item
        })
        .collect();
    sample
}

fn stamp_of(sample: &Sample) -> Stamp {
    let issued = sample.issue();
    let opened = open_leaf(issued.jwt.as_bytes(), &issued.disclosures).unwrap();
    Stamp::of(issued.jwt.as_bytes(), INDEX, &opened).unwrap()
}

/// The COSE_Sign1 of a text.
fn message_of(text: &str) -> Vec<u8> {
    let mut message = Vec::new();
    let compressed = base45::decode(text.strip_prefix("CO1:").unwrap()).unwrap();
    ZlibDecoder::new(compressed.as_slice()).read_to_end(&mut message).unwrap();
    message
}

fn text_of(message: &[u8]) -> String {
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
    zlib.write_all(message).unwrap();
    format!("CO1:{}", base45::encode(&zlib.finish().unwrap()))
}

/// Signs whatever it is given.
fn sealed(protected: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut signed = Encoder::new(Vec::new());
    signed.array(4).unwrap().str("Signature1").unwrap().bytes(protected).unwrap().bytes(&[]).unwrap();
    signed.bytes(payload).unwrap();
    let signature = key().sign(&signed.into_writer()).unwrap();
    let mut out = vec![0xd2, 0x84];
    let mut rest = Encoder::new(Vec::new());
    rest.bytes(protected).unwrap().map(0).unwrap().bytes(payload).unwrap().bytes(signature.as_bytes()).unwrap();
    out.extend(rest.into_writer());
    out
}

/// The protected header and the payload of the frozen stamp.
fn frozen_parts() -> (Vec<u8>, Vec<u8>) {
    let frozen = frozen();
    let bytes = |name: &str| hex::decode(frozen[name].as_str().unwrap()).unwrap();
    (bytes("protected"), bytes("payload"))
}

fn frozen() -> Value {
    serde_json::from_str(&read("stamp.json")).unwrap()
}

fn vector() -> Value {
    let stamp = stamp_of(&sample());
    let sealed = stamp.sign(&kid(), &key()).unwrap();
    let message = message_of(&sealed.text);
    let mut parts = minicbor::Decoder::new(&message);
    parts.tag().unwrap();
    parts.array().unwrap();
    let protected = parts.bytes().unwrap().to_vec();
    parts.map().unwrap();
    let payload = parts.bytes().unwrap().to_vec();
    json!({
        "about": "The stamp of certificate-of-origin.json as entry 41 of its log (docs/stamp.md). Another zlib may make \
                  another text of the same message",
        "key": {"seed": hex::encode(&STAMP_SEED), "x": key().public_key(), "kid": kid()},
        "text": sealed.text,
        "message": hex::encode(&message),
        "protected": hex::encode(&protected),
        "payload": hex::encode(&payload),
        "leaf": hex::encode(&stamp.leaf.0),
        "carried": sealed.carried,
        "total": sealed.total,
    })
}

#[test]
fn the_frozen_stamp_is_composed_again_byte_for_byte_and_says_what_its_certificate_says() {
    let (frozen, made) = (super::frozen("stamp.json", vector), vector());
    for member in ["key", "message", "protected", "payload", "leaf", "carried", "total"] {
        assert_eq!(frozen[member], made[member], "{member}");
    }
    let read = SignedStamp::parse(frozen["text"].as_str().unwrap()).unwrap();
    assert_eq!(read.verify(&key().public_key()), Ok(()));
    assert_eq!((read.kid, read.stamp.differences(&stamp_of(&sample()))), (kid(), Vec::new()));
    assert_eq!(read.stamp.carried(), "3 of 3");
}

#[test]
fn a_redacted_copy_has_the_same_stamp_and_a_copy_without_its_goods_none() {
    let issued = sample().issue();
    let shown = |drop: &str| {
        let kept = issued.disclosures.iter().filter(|disclosure| {
            let plain = origin_exchange::encoding::base64::decode_url(disclosure.as_str()).unwrap();
            let value: Value = serde_json::from_slice(&plain).unwrap();
            value[1] != drop
        });
        open_leaf(issued.jwt.as_bytes(), &kept.collect::<Vec<_>>())
    };
    let redacted = Stamp::of(issued.jwt.as_bytes(), INDEX, &shown("commercial").unwrap()).unwrap();
    assert_eq!(redacted, stamp_of(&sample()));
    let without = Stamp::of(issued.jwt.as_bytes(), INDEX, &shown("reference").unwrap()).unwrap_err();
    assert_eq!(without.reason(), "MISSING_CLAIM");
}

#[test]
fn no_name_of_a_person_or_firm_stands_in_a_stamp() {
    let Body::Certificate { certificate, .. } = sample().body else { panic!() };
    let message = message_of(&stamp_of(&sample()).sign(&kid(), &key()).unwrap().text);
    let said = String::from_utf8_lossy(&message);
    let exporter = certificate.exporter.party.name.as_str();
    assert!(!exporter.is_empty() && !said.contains(exporter));
    for item in &certificate.goods.items {
        assert!(!said.contains(Text::as_str(&item.description)));
    }
}

#[test]
fn as_many_items_as_fit_a_code_of_version_25_are_carried_and_the_rest_counted() {
    let mut carried = Vec::new();
    for count in [1, 5, 12, 100, 500] {
        let stamp = stamp_of(&with_items(count));
        let sealed = stamp.sign(&kid(), &key()).unwrap();
        assert!(sealed.text.len() <= STAMP_TEXT_MAX);
        let code = fast_qr::QRBuilder::new(sealed.text.as_str()).ecl(fast_qr::ECL::M).build().unwrap();
        // Modules on a side: 4 for each version, and 17.
        assert!(code.size <= 25 * 4 + 17, "{count} items make a code of {} modules", code.size);
        let read = SignedStamp::parse(&sealed.text).unwrap();
        assert_eq!(read.verify(&key().public_key()), Ok(()));
        assert_eq!((read.stamp.total, read.stamp.differences(&stamp)), (count, Vec::new()));
        carried.push(sealed.carried);
    }
    assert_eq!(carried[..2], [1, 5]);
    assert!(carried[4] >= 12 && carried[4] < 200, "{carried:?}");
    // One more would have been too many.
    let whole = stamp_of(&with_items(500));
    let more = Stamp { items: whole.items[..=carried[4] as usize].to_vec(), ..whole };
    assert_eq!(more.sign(&kid(), &key()).unwrap().carried, carried[4]);
}

#[test]
fn a_stamp_of_another_certificate_is_told_by_what_differs() {
    let (one, mut other) = (stamp_of(&sample()), stamp_of(&sample()));
    other.items[0].quantity.as_mut().unwrap().value = "999999".parse().unwrap();
    other.index += 1;
    assert_eq!(other.differences(&one), ["items", "place in the log"]);
    assert!(stamp_of(&with_items(1)).differences(&one).contains(&"statement"));
}

#[test]
fn another_key_does_not_verify_and_a_changed_byte_neither() {
    let sealed = stamp_of(&sample()).sign(&kid(), &key()).unwrap();
    let other = SecretKey::from_seed(&[1; 32]).unwrap().public_key();
    assert_eq!(SignedStamp::parse(&sealed.text).unwrap().verify(&other).unwrap_err().reason(), "BAD_SIGNATURE");
    let mut message = message_of(&sealed.text);
    // The last digit of the number's year, say: any byte of the payload that still parses.
    let at = message.windows(2).position(|pair| pair == b"PK").unwrap();
    message[at + 1] = b'H';
    let forged = SignedStamp::parse(&text_of(&message)).unwrap();
    assert_eq!(forged.verify(&key().public_key()).unwrap_err().reason(), "BAD_SIGNATURE");
}

#[test]
fn hostile_stamps_are_refused_by_their_reason() {
    let (protected, payload) = frozen_parts();
    let good = sealed(&protected, &payload);
    assert!(SignedStamp::parse(&text_of(&good)).is_ok());

    let with_protected = |hex_text: &str| text_of(&sealed(&hex::decode(hex_text).unwrap(), &payload));
    let with_payload = |edit: &dyn Fn(&mut Vec<u8>)| {
        let mut changed = payload.clone();
        edit(&mut changed);
        text_of(&sealed(&protected, &changed))
    };
    let with_message = |edit: &dyn Fn(&mut Vec<u8>)| {
        let mut changed = good.clone();
        edit(&mut changed);
        text_of(&changed)
    };
    let text = text_of(&good);
    let two_streams = {
        let mut bytes = base45::decode(&text[4..]).unwrap();
        bytes.extend(base45::decode(&text[4..]).unwrap());
        format!("CO1:{}", base45::encode(&bytes))
    };
    let cut = {
        let bytes = base45::decode(&text[4..]).unwrap();
        format!("CO1:{}", base45::encode(&bytes[..bytes.len() - 5]))
    };
    let cases: Vec<(&str, String, &str)> = vec![
        ("no prefix", text[4..].to_owned(), "NOT_A_STAMP"),
        ("a later version", text.replacen("CO1:", "CO2:", 1), "NOT_A_STAMP"),
        ("lower case", format!("CO1:{}", text[4..].to_lowercase()), "NOT_A_STAMP"),
        ("a line feed after it", format!("{text}\n"), "NOT_A_STAMP"),
        ("nothing after the prefix", "CO1:".to_owned(), "NOT_A_STAMP"),
        ("longer than any code", format!("CO1:{}", "0".repeat(4_300)), "STATEMENT_TOO_LARGE"),
        ("an inflating bomb", text_of(&vec![0; 2 << 20]), "STATEMENT_TOO_LARGE"),
        ("one byte too many", text_of(&[0; (8 << 10) + 1]), "STATEMENT_TOO_LARGE"),
        ("two streams", two_streams, "NOT_A_STAMP"),
        ("a stream cut off", cut, "NOT_A_STAMP"),
        ("bytes after its end", with_message(&|m| m.push(0)), "NOT_STRICT_CBOR"),
        (
            "an indefinite array",
            with_message(&|m| {
                m[1] = 0x9f;
                m.push(0xff);
            }),
            "NOT_STRICT_CBOR",
        ),
        (
            "no tag",
            with_message(&|m| {
                m.remove(0);
            }),
            "NOT_A_STAMP",
        ),
        ("the tag of a COSE_Mac0", with_message(&|m| m[0] = 0xd1), "NOT_A_STAMP"),
        (
            "something unprotected",
            with_message(&|m| {
                let at = 3 + protected.len();
                assert_eq!(m[at], 0xa0);
                m.splice(at..=at, [0xa1, 0x04, 0x41, 0x6b]);
            }),
            "NOT_A_STAMP",
        ),
        (
            "a signature of 63 bytes",
            with_message(&|m| {
                let at = m.len() - 65;
                m[at] = 63;
                m.pop();
            }),
            "NOT_A_STAMP",
        ),
        ("the algorithm ES256", with_protected("a2012604416b"), "WRONG_ALG"),
        ("no algorithm", with_protected("a104416b"), "WRONG_SHAPE"),
        ("no key id", with_protected("a10127"), "WRONG_SHAPE"),
        ("an empty key id", with_protected("a201270440"), "WRONG_SHAPE"),
        ("a key id that is a text", with_protected("a2012704616b"), "WRONG_SHAPE"),
        ("a third parameter", with_protected("a30127028004416b"), "WRONG_SHAPE"),
        ("an algorithm twice", with_protected("a30127012704416b"), "NOT_STRICT_CBOR"),
        ("header keys that do not rise", with_protected("a204416b0127"), "NOT_STRICT_CBOR"),
        ("a header of indefinite length", with_protected("bf012704416bff"), "NOT_STRICT_CBOR"),
        ("an empty payload", with_payload(&|p| p.clear()), "NOT_STRICT_CBOR"),
        (
            "a payload of indefinite length",
            with_payload(&|p| {
                p[0] = 0xbf;
                p.push(0xff);
            }),
            "NOT_STRICT_CBOR",
        ),
        (
            "a key twice",
            with_payload(&|p| {
                p[0] = 0xae;
                p.splice(1..1, [0x01, 0x61, 0x78]);
            }),
            "NOT_STRICT_CBOR",
        ),
        (
            "a key too many",
            with_payload(&|p| {
                p[0] = 0xae;
                p.extend([0x0e, 0xf6]);
            }),
            "WRONG_SHAPE",
        ),
        (
            "a key too few",
            with_payload(&|p| {
                p[0] = 0xac;
                p.truncate(p.len() - 35);
            }),
            "WRONG_SHAPE",
        ),
        (
            "another key in its place",
            with_payload(&|p| {
                let at = p.len() - 35;
                p[at] = 0x0e;
            }),
            "WRONG_SHAPE",
        ),
        ("a payload with bytes after its end", with_payload(&|p| p.push(0xf6)), "NOT_STRICT_CBOR"),
        (
            "a log of another authority",
            with_payload(&|p| replace(p, b"tdap.gov.pk/log", b"tdaq.gov.pk/log")),
            "WRONG_SHAPE",
        ),
        ("a country in lower case", with_payload(&|p| replace(p, b"\x62PK", b"\x62pk")), "WRONG_SHAPE"),
        ("more items than it counts", with_payload(&|p| replace(p, b"\x08\x03", b"\x08\x02")), "WRONG_SHAPE"),
    ];
    for (name, text, reason) in &cases {
        let error = SignedStamp::parse(text).unwrap_err();
        assert_eq!(error.reason(), *reason, "{name}: {error}");
    }
}

fn replace(bytes: &mut [u8], from: &[u8], to: &[u8]) {
    let at = bytes.windows(from.len()).position(|window| window == from).unwrap();
    bytes[at..at + to.len()].copy_from_slice(to);
}

/// As mail programs leave it: wrapped, with spaces put to line ends and before lines, or taken from there.
#[test]
fn a_stamp_that_a_mail_program_wrapped_reads_as_it_was() {
    let text = stamp_of(&with_items(9)).sign(&kid(), &key()).unwrap().text;
    let whole = SignedStamp::parse(&text).unwrap();
    for width in [30, 60, 64, 72, 76] {
        let lines = text.as_bytes().chunks(width).map(|line| String::from_utf8_lossy(line).into_owned());
        let lines = lines.collect::<Vec<_>>();
        let stripped = lines.iter().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
        for wrapped in [lines.join("\n"), lines.join("\r\n") + "\r\n", stripped.join("\n")] {
            assert_eq!(SignedStamp::pasted(&wrapped).unwrap(), whole, "{width}");
            assert!(SignedStamp::parse(&wrapped).is_err(), "a code has no line ends");
        }
        let at_edge = lines.iter().any(|line| line.starts_with(' ') || line.ends_with(' '));
        let flowed = SignedStamp::pasted(&lines.join(" \n  "));
        assert!(at_edge || flowed.unwrap() == whole, "{width}");
    }
    assert_eq!(SignedStamp::pasted(&text).unwrap(), whole);
    assert_eq!(SignedStamp::pasted(&text.replacen('A', "B", 1)).unwrap_err().reason(), "NOT_A_STAMP");
}
