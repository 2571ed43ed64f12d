//! The frozen status list token, and hostile ones.

use super::{
    frozen,
    samples::{self, STATUS_URI},
};
use origin_exchange::{
    encoding::{base64, hex},
    reason::Reasoned,
    signature::{SecretKey, Signer},
    statement::{
        Status, StatusList, StatusToken,
        status_list::{StatusOrder, StatusPath, Ttl, lists_root},
    },
    time::Timestamp,
};
use serde_json::{Value, json};

fn key() -> SecretKey {
    SecretKey::from_seed(&samples::STATUS_SEED).unwrap()
}

const SET: [(u32, Status); 6] = [
    (0, Status::Cancelled),
    (1, Status::Suspended),
    (2, Status::Valid),
    (70_001, Status::Withdrawn),
    (70_002, Status::Superseded),
    (131_071, Status::InPart),
];

fn list() -> StatusList {
    let mut list = StatusList::new();
    for (index, status) in SET {
        list.set(index, status).unwrap();
    }
    list
}

fn token(list: &StatusList) -> String {
    let issued_at = Timestamp::from_second(1_794_471_000).unwrap();
    let kid = "tdap-status-2026".parse().unwrap();
    StatusToken::sign((&samples::iss(), &kid), &STATUS_URI.parse().unwrap(), issued_at, Ttl::HOUR, list, &key())
        .unwrap()
}

/// The file.
fn vector() -> Value {
    let (list, other) = (list(), StatusList::new());
    let digests = [other.digest(), list.digest(), other.digest()];
    let order = StatusOrder::new(&[7; 32], 1);
    json!({
        "about": "A status list token, its place as the second of three lists, and the order in which indexes are given out",
        "key": {"seed": hex::encode(&samples::STATUS_SEED), "x": key().public_key()},
        "token": token(&list),
        "statuses": SET.iter().map(|(index, status)| json!([index, status.value(), status])).collect::<Vec<_>>(),
        "lists": digests,
        "lists_root": lists_root(&digests),
        "status_path": StatusPath::new(&digests, 1).unwrap().to_string(),
        "order": {
            "seed": hex::encode(&[7; 32]),
            "list": 1,
            "indexes": (0..16).map(|nth| order.index(nth).unwrap()).collect::<Vec<_>>(),
        },
    })
}

#[test]
fn the_frozen_list_reads_as_it_was_written() {
    // The compressed bytes are zlib's choice, so a frozen token is read, not made again.
    let frozen = frozen("status-list.json", vector);
    let parsed = StatusToken::parse(frozen["token"].as_str().unwrap()).unwrap();
    assert_eq!(parsed.verify(&key().public_key()), Ok(()));
    assert_eq!((parsed.uri.as_str(), parsed.ttl, parsed.issued_at.as_second()), (STATUS_URI, Ttl::HOUR, 1_794_471_000));
    assert_eq!(parsed.header().kid.as_str(), "tdap-status-2026");
    assert_eq!(parsed.list, list());
    for (index, status) in SET {
        assert_eq!(parsed.list.get(index), Ok(status));
    }
    let mut now = vector();
    now["token"] = frozen["token"].clone();
    assert_eq!(now, frozen);
    let path: StatusPath = frozen["status_path"].as_str().unwrap().parse().unwrap();
    let root = frozen["lists_root"].as_str().unwrap().parse().unwrap();
    assert_eq!(path.verify(&parsed.list, 3, &root), Ok(()));
    assert!(path.verify(&StatusList::new(), 3, &root).is_err());
    assert!(path.verify(&parsed.list, 2, &root).is_err());
}

#[test]
fn hostile_status_tokens_are_refused() {
    let good = token(&list());
    let parts: Vec<&str> = good.split('.').collect();
    let header = String::from_utf8(base64::decode_url(parts[0]).unwrap()).unwrap();
    let payload = String::from_utf8(base64::decode_url(parts[1]).unwrap()).unwrap();
    assert_eq!(header, r#"{"alg":"EdDSA","kid":"tdap-status-2026","typ":"statuslist+jwt"}"#);
    let made = |header: &str, payload: &str| {
        format!("{}.{}.{}", base64::encode_url(header.as_bytes()), base64::encode_url(payload.as_bytes()), parts[2])
    };
    let claims: Value = serde_json::from_str(&payload).unwrap();
    let lst = claims["status_list"]["lst"].as_str().unwrap().to_owned();
    // 1 MiB of zeros in a kilobyte.
    let bomb = {
        use std::io::Write;
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(&vec![0; 1 << 20]).unwrap();
        base64::encode_url(&encoder.finish().unwrap())
    };
    let mut trailing = base64::decode_url(&lst).unwrap();
    trailing.push(0);
    let mut cut = base64::decode_url(&lst).unwrap();
    cut.pop();
    let with_list = |lst: &str| payload.replace(&claims["status_list"]["lst"].as_str().unwrap().to_owned(), lst);
    for (name, token, reason) in [
        ("a statement's type", made(&header.replace("statuslist+jwt", "dc+sd-jwt"), &payload), "WRONG_TYP"),
        ("no algorithm", made(&header.replace("EdDSA", "none"), &payload), "WRONG_ALG"),
        ("one bit", made(&header, &payload.replace("\"bits\":4", "\"bits\":1")), "WRONG_SHAPE"),
        ("no time to live", made(&header, &payload.replace("\"ttl\":3600", "\"ttl\":0")), "WRONG_SHAPE"),
        ("no subject", made(&header, &payload.replace("\"sub\"", "\"sup\"")), "MISSING_CLAIM"),
        ("another claim", made(&header, &payload.replacen('{', "{\"exp\":1,", 1)), "UNKNOWN_CLAIM"),
        ("a bomb", made(&header, &with_list(&bomb)), "BAD_STATUS_LIST"),
        ("bytes after the end", made(&header, &with_list(&base64::encode_url(&trailing))), "BAD_STATUS_LIST"),
        ("cut short", made(&header, &with_list(&base64::encode_url(&cut))), "BAD_STATUS_LIST"),
        ("not compressed", made(&header, &with_list("AAAA")), "BAD_STATUS_LIST"),
        ("padding", made(&header, &with_list("AAA=")), "NOT_BASE64URL"),
        ("two parts", format!("{}.{}", parts[0], parts[1]), "NOT_A_TOKEN"),
        ("too long", format!("{good}{}", "A".repeat(1 << 17)), "STATEMENT_TOO_LARGE"),
    ] {
        let error = StatusToken::parse(&token).map(|_| ()).expect_err(name);
        assert_eq!(error.reason(), reason, "{name}: {error}");
    }
}
