//! Hostile claims: the token is of good shape and its disclosures fit, and what it says breaks a promise of its kind.

use super::{
    hostile::{Case, Forge, digest},
    samples,
};
use origin_exchange::encoding::base64;
use serde_json::{Value, json};

/// Claims that are wrong, in the order in which they were frozen.
pub fn wrong() -> Vec<Case> {
    let good = Forge::of(0);
    let bare = good.bare();
    let [change, snapshot, key_change] = [2, 8, 9].map(Forge::of);
    vec![
        (
            "an unknown kind",
            bare.clone().claim("vct", json!("urn:origin-exchange:statement:certificate-of-origin:2")).token(),
            "UNKNOWN_KIND",
        ),
        ("a clear claim too many", bare.clone().claim("exp", json!(1)).token(), "UNKNOWN_CLAIM"),
        (
            "a decoy",
            {
                let mut digests = good.claims["_sd"].as_array().unwrap().clone();
                digests.push(json!(digest("x")));
                bare.clone().claim("_sd", json!(digests)).token()
            },
            "WRONG_SHAPE",
        ),
        (
            "a digest too few",
            {
                let mut forge = good.clone();
                forge.disclosures.remove(7);
                forge.sections = 7;
                let digests: Vec<String> = forge.disclosures[..7].iter().map(|d| digest(d)).collect();
                forge.claim("_sd", json!(digests)).token()
            },
            "WRONG_SHAPE",
        ),
        (
            "a digest of 31 bytes",
            bare.clone().claim("_sd", json!([base64::encode_url(&[0; 31])])).token(),
            "WRONG_SHAPE",
        ),
        (
            "more items counted than there are",
            good.clone().disclosure(5, |d| d[2]["count"] = json!(4)).token(),
            "WRONG_SHAPE",
        ),
        (
            "no items",
            {
                let mut forge = good.clone();
                forge.disclosures.truncate(8);
                forge.disclosure(5, |d| d[2]["count"] = json!(0)).token()
            },
            "WRONG_SHAPE",
        ),
        (
            "items in the clear",
            {
                let mut forge = good.clone();
                let mut goods: Value = serde_json::from_str(&forge.disclosures[5]).unwrap();
                for place in 0..3 {
                    let item: Value = serde_json::from_str(&forge.disclosures[8 + place]).unwrap();
                    goods[2]["items"][place] = item[1].clone();
                }
                forge.disclosures[5] = goods.to_string();
                forge.disclosures.truncate(8);
                let digests: Vec<String> = forge.disclosures[..8].iter().map(|d| digest(d)).collect();
                forge.claim("_sd", json!(digests)).token()
            },
            "WRONG_SHAPE",
        ),
        (
            "an unknown member of a section",
            good.clone().disclosure(1, |d| d[2]["nickname"] = json!(null)).token(),
            "WRONG_SHAPE",
        ),
        (
            "a member of a section absent",
            good.clone().disclosure(1, |d| drop(d[2].as_object_mut().unwrap().remove("agent"))).token(),
            "WRONG_SHAPE",
        ),
        ("a section null that must not be", good.clone().disclosure(1, |d| d[2] = json!(null)).token(), "WRONG_SHAPE"),
        (
            "a quantity as a number",
            good.clone().disclosure(8, |d| d[1]["gross_weight"]["value"] = json!(8190)).token(),
            "WRONG_SHAPE",
        ),
        (
            "text that turns the direction of writing",
            good.clone().disclosure(8, |d| d[1]["description"] = json!("live\u{202e}evil")).token(),
            "WRONG_SHAPE",
        ),
        (
            "text not in NFC",
            good.clone().disclosure(8, |d| d[1]["description"] = json!("Cafe\u{301}")).token(),
            "WRONG_SHAPE",
        ),
        (
            "a status index beyond the list",
            bare.clone().claim("status", json!({"status_list": {"idx": 131_072, "uri": samples::STATUS_URI}})).token(),
            "STATUS_INDEX_OUT_OF_RANGE",
        ),
        (
            "a negative status index",
            bare.clone().claim("status", json!({"status_list": {"idx": -1, "uri": samples::STATUS_URI}})).token(),
            "WRONG_SHAPE",
        ),
        (
            "two status mechanisms",
            bare.clone()
                .claim("status", json!({"status_list": {"idx": 1, "uri": samples::STATUS_URI}, "other": {}}))
                .token(),
            "WRONG_SHAPE",
        ),
        ("a date with a time", bare.clone().claim("valid_from", json!("2026-11-12T00:00:00Z")).token(), "WRONG_SHAPE"),
        ("a day that is none", bare.clone().claim("valid_from", json!("2026-02-29")).token(), "WRONG_SHAPE"),
        ("a flag as a number", bare.clone().claim("replacement", json!(0)).token(), "WRONG_SHAPE"),
        ("an issuer with a path", bare.clone().claim("iss", json!("https://tdap.gov.pk/")).token(), "WRONG_SHAPE"),
        ("an issuer in capitals", bare.clone().claim("iss", json!("https://TDAP.gov.pk")).token(), "WRONG_SHAPE"),
        (
            "another authority's log",
            bare.clone().claim("log", json!("chamber.example/log/2026/customs.gov.cn")).token(),
            "WRONG_SHAPE",
        ),
        (
            "a certificate to everyone",
            bare.clone().claim("aud", json!("urn:origin-exchange:all")).token(),
            "WRONG_SHAPE",
        ),
        ("two addressees", bare.clone().claim("aud", json!(["https://customs.gov.cn"])).token(), "WRONG_SHAPE"),
        ("an instant as the day", bare.clone().claim("iat", json!(1_794_441_601)).token(), "WRONG_SHAPE"),
        ("a fraction of a second", bare.clone().claim("iat", json!(1_794_441_600.0)).token(), "WRONG_SHAPE"),
        (
            "an identifier in small letters",
            bare.clone().claim("jti", json!(samples::jti(1).to_string().to_lowercase())).token(),
            "WRONG_SHAPE",
        ),
        ("a payload that is a list", bare.token_with("[]"), "WRONG_SHAPE"),
        ("an act nobody knows", change.clone().claim("act", json!("annulled")).token(), "WRONG_SHAPE"),
        ("a cancellation from a date", change.clone().claim("from_date", json!("2026-12-01")).token(), "WRONG_SHAPE"),
        ("a withdrawal from no day", change.clone().claim("act", json!("withdrawn")).token(), "WRONG_SHAPE"),
        (
            "a withdrawal from issue and from a date",
            change
                .clone()
                .claim("act", json!("withdrawn"))
                .claim("from_issue", json!(true))
                .claim("from_date", json!("2026-12-01"))
                .token(),
            "WRONG_SHAPE",
        ),
        (
            "a successor of a cancelled certificate",
            change.clone().claim("successor", change.claims["target"].clone()).token(),
            "WRONG_SHAPE",
        ),
        ("superseded by nothing", change.clone().claim("act", json!("superseded")).token(), "WRONG_SHAPE"),
        ("no items concerned", change.clone().claim("items", json!([])).token(), "WRONG_SHAPE"),
        ("items out of order", change.clone().claim("items", json!([2, 1])).token(), "WRONG_SHAPE"),
        ("item number nought", change.clone().claim("items", json!([0])).token(), "WRONG_SHAPE"),
        ("an empty reason", change.clone().disclosure(0, |d| d[2] = json!("")).token(), "WRONG_SHAPE"),
        ("a snapshot with a disclosure", snapshot.clone().claim("_sd", json!([digest("x")])).token(), "WRONG_SHAPE"),
        ("a snapshot of a size that is no integer", snapshot.clone().claim("size", json!("0")).token(), "WRONG_SHAPE"),
        ("a snapshot of a size beyond 2^53", snapshot.clone().claim("size", json!(1_u64 << 53)).token(), "WRONG_SHAPE"),
        (
            "a root of the lists in base64url",
            snapshot.clone().claim("lists_root", json!("47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU")).token(),
            "WRONG_SHAPE",
        ),
        (
            "a key change to one authority",
            key_change.clone().claim("aud", json!("https://customs.gov.cn")).token(),
            "WRONG_SHAPE",
        ),
    ]
}

/// Each clear claim of a kind left out, behind what is wrong as it was frozen.
pub fn absent() -> Vec<Case> {
    let mut cases = Vec::new();
    for forge in [Forge::of(0).bare(), Forge::of(2), Forge::of(8), Forge::of(9)] {
        for name in forge.claims.as_object().unwrap().keys().filter(|name| *name != "_sd_alg") {
            cases.push(("a clear claim absent", forge.clone().without(name).token(), "MISSING_CLAIM"));
        }
    }
    cases
}
