//! Hostile statements of the kinds that follow a certificate: each breaks one promise of its kind.

use super::{
    hostile::{Case, Forge, named},
    samples,
};
use origin_exchange::encoding::base64;
use serde_json::{Value, json};

/// In the order in which they were frozen.
pub fn cases() -> Vec<Case> {
    [responses(), enquiries(), replies(), endorsements_and_evidence(), papers()].concat()
}

/// What a section is changed to, and why it is refused then.
type Change = (&'static str, &'static str, fn(&mut Value));

/// Spoils one section of a kind that discloses everything, a case each.
fn spoil(forge: &Forge, changes: Vec<Change>) -> Vec<Case> {
    let place = |section: &str| {
        let name = |json: &String| serde_json::from_str::<Value>(json).unwrap()[1] == section;
        forge.disclosures.iter().position(name).unwrap()
    };
    let case = |(about, section, change): Change| {
        let token = forge.clone().disclosure(place(section), |disclosure| change(&mut disclosure[2])).token();
        (about, token, "WRONG_SHAPE")
    };
    changes.into_iter().map(case).collect()
}

fn responses() -> Vec<Case> {
    let mut cases = spoil(
        &named("customs-response-utilised"),
        vec![
            ("a response without decisions", "decisions", |d| *d = json!([])),
            ("501 decisions", "decisions", |d| {
                let one = json!({"item": 1, "line": null, "code": "RECEIVED", "quantity": null, "left": null,
                    "reason": null, "basis": null, "words": null});
                *d = (1..=501)
                    .map(|item| {
                        let mut one = one.clone();
                        one["item"] = item.into();
                        one
                    })
                    .collect();
            }),
            ("a line of an item decided twice", "decisions", |d| d[2]["line"] = json!(2)),
            ("lines of an item out of order", "decisions", |d| d.as_array_mut().unwrap().swap(1, 2)),
            ("items decided out of order", "decisions", |d| d.as_array_mut().unwrap().swap(0, 3)),
            ("an item decided as a whole and by its lines", "decisions", |d| d[1]["line"] = json!(null)),
            ("the whole certificate decided beside an item", "decisions", |d| {
                d[0] = d[3].clone();
                d[0]["item"] = json!(null);
                d[0]["line"] = json!(null);
            }),
            ("item number nought decided", "decisions", |d| d[0]["item"] = json!(0)),
            ("an item number of nine digits decided", "decisions", |d| d[3]["item"] = json!(100_000_000)),
            ("line nought", "decisions", |d| d[0]["line"] = json!(0)),
            ("a code nobody knows", "decisions", |d| d[0]["code"] = json!("USED")),
            ("a refusal without its reason", "decisions", |d| d[3]["reason"] = json!(null)),
            ("a suspension without its reason", "decisions", |d| {
                d[3]["code"] = json!("PREFERENCE_SUSPENDED");
                d[3]["reason"] = json!(null);
            }),
            ("a return without its reason", "decisions", |d| {
                d[3]["code"] = json!("RETURNED_FOR_RECTIFICATION");
                d[3]["reason"] = json!(null);
            }),
            ("another reason without words that say which", "decisions", |d| {
                d[3]["reason"] = json!("OTHER");
                d[3]["words"] = json!(null);
            }),
            ("a refusal because a check was drawn", "decisions", |d| d[3]["reason"] = json!("RANDOM_CHECK")),
            ("used in part without a quantity", "decisions", |d| {
                d[0]["quantity"] = json!(null);
                d[0]["left"] = json!(null);
            }),
            ("nothing used in part", "decisions", |d| d[0]["quantity"]["value"] = json!("0.000")),
            ("a quantity refused", "decisions", |d| d[3]["quantity"] = json!({"value": "1", "unit": "PR"})),
            ("what is left in another unit", "decisions", |d| d[0]["left"]["unit"] = json!("KGM")),
            ("what is left of nothing used", "decisions", |d| d[3]["left"] = json!({"value": "1", "unit": "PR"})),
            ("used in full with something left", "decisions", |d| d[2]["left"]["value"] = json!("0.000001")),
            ("a quantity as a number", "decisions", |d| d[0]["quantity"]["value"] = json!(1200)),
            ("a declaration on a day that is none", "declaration", |d| d["date"] = json!("2026-11-31")),
            ("a certificate in a log that is none", "certificate", |d| d["log"] = json!("customs.gov.cn")),
            ("a certificate that is null", "certificate", |d| *d = json!(null)),
            ("a member of a decision too many", "decisions", |d| d[0]["duty"] = json!(null)),
            ("a member of a decision absent", "decisions", |d| drop(d[0].as_object_mut().unwrap().remove("basis"))),
        ],
    );
    cases.extend(spoil(
        &named("customs-response-denied"),
        vec![
            ("the whole certificate decided twice", "decisions", |d| *d = json!([d[0], d[0]])),
            ("the whole certificate used", "decisions", |d| d[0]["code"] = json!("UTILISED_FULL")),
            ("a line of the whole certificate", "decisions", |d| d[0]["line"] = json!(1)),
            ("a line without a declaration", "decisions", |d| {
                d[0]["item"] = json!(1);
                d[0]["line"] = json!(1);
            }),
        ],
    ));
    let no_reply = named("customs-response-denied").disclosure(2, |d| d[2][0]["code"] = json!("NO_REPLY"));
    cases.extend(spoil(&no_reply, vec![("no reply to no enquiry", "enquiry", |d| *d = json!(null))]));
    cases.extend(spoil(
        &named("customs-response-reversed"),
        vec![
            ("what is taken back, of no response", "amends", |d| *d = json!(null)),
            ("a quantity given back of the whole certificate", "decisions", |d| d[0]["item"] = json!(null)),
        ],
    ));
    let used = named("customs-response-reversed").disclosure(2, |d| d[2][0]["code"] = json!("UTILISED_PARTIAL"));
    cases.extend(spoil(&used, vec![("used without a declaration", "declaration", |d| *d = json!(null))]));
    cases.push(to(&named("customs-response-denied"), "a response to everyone", "urn:origin-exchange:all"));
    cases.push(to(&named("customs-response-denied"), "a response to a country", "urn:iso:std:iso:3166:-1:CN"));
    cases
}

/// The same statement to somebody else.
fn to(forge: &Forge, about: &'static str, aud: &str) -> Case {
    (about, forge.clone().claim("aud", json!(aud)).token(), "WRONG_SHAPE")
}

fn enquiries() -> Vec<Case> {
    let mut cases = spoil(
        &named("enquiry-at-random"),
        vec![
            ("an enquiry about nothing", "subjects", |d| *d = json!([])),
            ("a certificate asked about twice", "subjects", |d| d[1] = d[0].clone()),
            ("a certificate that is null, of a number that is known", "subjects", |d| {
                d[0]["certificate"] = json!(null);
            }),
            ("a doubt without words", "asked", |d| d["ground"] = json!("origin")),
            ("items asked about out of order", "subjects", |d| d[0]["items"] = json!([2, 1])),
            ("an item asked about twice", "subjects", |d| d[0]["items"] = json!([1, 1])),
            ("item number nought asked about", "subjects", |d| d[0]["items"] = json!([0])),
            ("501 items asked about", "subjects", |d| d[0]["items"] = (1..=501).collect()),
            ("a ground nobody knows", "asked", |d| d["ground"] = json!("curiosity")),
        ],
    );
    cases.extend(spoil(
        &named("enquiry-number-unknown"),
        vec![
            ("an unknown number without a scan", "documents", |d| *d = json!([])),
            ("an unknown number of a certificate that is known", "subjects", |d| {
                d[0]["certificate"] =
                    json!({"log": "tdap.gov.pk/log/2026/customs.gov.cn", "jti": samples::jti(1).to_string()});
            }),
            ("an unknown number without words", "asked", |d| d["question"] = json!(null)),
            ("a document named twice", "documents", |d| d[1]["sha256"] = d[0]["sha256"].clone()),
            ("101 documents", "documents", |d| {
                let one = d[0].clone();
                *d = (0..101_u8)
                    .map(|of| {
                        let mut one = one.clone();
                        one["sha256"] = json!(base64::encode_url(&[of; 32]));
                        one
                    })
                    .collect();
            }),
            ("a media type with parameters", "documents", |d| d[0]["media_type"] = json!("text/html; charset=utf-8")),
            ("a media type in capitals", "documents", |d| d[0]["media_type"] = json!("Application/PDF")),
            ("a media type of one part", "documents", |d| d[0]["media_type"] = json!("pdf")),
            ("a media type without a subtype", "documents", |d| d[0]["media_type"] = json!("image/")),
            ("a media type of three parts", "documents", |d| d[0]["media_type"] = json!("a/b/c")),
            ("a digest of 31 bytes of a document", "documents", |d| {
                d[0]["sha256"] = json!(base64::encode_url(&[0; 31]));
            }),
        ],
    ));
    cases.push(to(&named("enquiry-at-random"), "an enquiry to everyone", "urn:origin-exchange:all"));
    cases
}

fn replies() -> Vec<Case> {
    let mut cases = spoil(
        &named("enquiry-reply-full"),
        vec![
            ("a full reply without answers", "answers", |d| *d = json!([])),
            ("an acknowledgement with answers", "reply", |d| d["act"] = json!("acknowledged")),
            ("an extension with answers", "reply", |d| {
                d["act"] = json!("extended");
                d["reply_by"] = json!("2027-03-01");
            }),
            ("a certificate answered twice", "answers", |d| d[1]["subject"] = json!(1)),
            ("answers out of order", "answers", |d| d.as_array_mut().unwrap().swap(0, 1)),
            ("an answer about place nought", "answers", |d| d[0]["subject"] = json!(0)),
            ("an answer about place 501", "answers", |d| d[3]["subject"] = json!(501)),
            ("a valid certificate with an item that does not hold", "answers", |d| {
                d[0]["items"] = json!([{"item": 1, "valid": false, "words": null}]);
            }),
            ("a certificate that does not hold with an item that does", "answers", |d| {
                d[2]["items"][0]["valid"] = json!(true);
            }),
            ("partly valid, all of it", "answers", |d| d[1]["items"][1]["valid"] = json!(true)),
            ("partly valid, none of it", "answers", |d| d[1]["items"][0]["valid"] = json!(false)),
            ("partly valid without items", "answers", |d| d[1]["items"] = json!([])),
            ("items of a certificate that was not issued", "answers", |d| {
                d[3]["items"] = json!([{"item": 1, "valid": false, "words": null}]);
            }),
            ("an item answered twice", "answers", |d| d[1]["items"][1]["item"] = json!(1)),
            ("items answered out of order", "answers", |d| {
                d[1]["items"].as_array_mut().unwrap().swap(0, 1);
            }),
            ("item number nought answered", "answers", |d| d[1]["items"][0]["item"] = json!(0)),
            ("501 items answered", "answers", |d| {
                d[0]["items"] = (1..=501).map(|item| json!({"item": item, "valid": true, "words": null})).collect();
            }),
            ("a day for the rest of what is answered in full", "reply", |d| d["reply_by"] = json!("2027-03-01")),
            ("a document of a reply twice", "documents", |d| *d = json!([d[0], d[0]])),
        ],
    );
    let partial = named("enquiry-reply-full").disclosure(1, |d| d[2]["act"] = json!("partial"));
    cases.extend(spoil(&partial, vec![("a reply in part without answers", "answers", |d| *d = json!([]))]));
    cases.extend(spoil(
        &named("enquiry-reply-acknowledged"),
        vec![
            ("a clarification asked for without words", "reply", |d| d["act"] = json!("clarification_asked")),
            ("an extension until no day", "reply", |d| d["act"] = json!("extended")),
            ("a day for the answer before the enquiry came", "reply", |d| d["reply_by"] = json!("2026-12-06")),
            ("a reply to nothing", "enquiry", |d| *d = json!(null)),
        ],
    ));
    cases.push(to(&named("enquiry-reply-acknowledged"), "a reply to everyone", "urn:origin-exchange:all"));
    cases
}

fn papers() -> Vec<Case> {
    let mut cases = spoil(
        &named("paper-certificate-before-exchange"),
        vec![
            ("a paper whose use ends before its issue", "paper", |d| d["valid_until"] = json!("2026-05-31")),
            ("a paper for its own country", "paper", |d| d["to"] = json!("PK")),
            ("a paper for a reason nobody knows", "paper", |d| d["ground"] = json!("convenience")),
            ("a paper without the hash of its scan", "paper", |d| d["scan_sha256"] = json!(null)),
            ("a paper without a number", "paper", |d| d["number"] = json!("")),
            ("a paper with goods", "paper", |d| d["goods"] = json!([])),
        ],
    );
    cases.push(to(&named("paper-certificate-outage"), "a paper to everyone", "urn:origin-exchange:all"));
    cases
}

fn endorsements_and_evidence() -> Vec<Case> {
    let mut cases = spoil(
        &named("endorsement-destination-changed"),
        vec![
            ("a destination changed to nowhere", "endorsement", |d| d["destination"] = json!(null)),
            ("a destination where none is changed", "endorsement", |d| d["act"] = json!("approved")),
            ("an act of endorsement nobody knows", "endorsement", |d| d["act"] = json!("blessed")),
            ("items endorsed out of order", "endorsement", |d| d["items"] = json!([3, 1])),
            ("item number nought endorsed", "endorsement", |d| d["items"] = json!([0])),
            ("a container seen twice", "endorsement", |d| d["containers"] = json!(["CSQU3054383", "CSQU3054383"])),
            ("a container with a wrong check digit", "endorsement", |d| d["containers"] = json!(["CSQU3054384"])),
            ("a seal found twice", "endorsement", |d| d["seals"][1] = d["seals"][0].clone()),
            ("501 seals", "endorsement", |d| d["seals"] = (1..=501).map(|seal| seal.to_string()).collect()),
            ("a token's digest in another alphabet", "endorsed", |d| d["token_sha256"] = json!("+".repeat(43))),
        ],
    );
    cases.push(to(&named("endorsement-legalised"), "an endorsement to everyone", "urn:origin-exchange:all"));
    let evidence = named("evidence");
    cases.extend(spoil(
        &evidence,
        vec![
            ("evidence with an empty proof", "proof", |d| *d = json!("")),
            ("evidence with a proof that is no text", "proof", |d| *d = json!({"first": "", "second": ""})),
        ],
    ));
    cases.push(to(&evidence, "evidence to one authority", "https://customs.gov.cn"));
    let unknown = evidence.clone().claim("evidence", json!("rumour"));
    cases.push(("evidence of what nobody knows", unknown.token(), "WRONG_SHAPE"));
    let nowhere = evidence.clone().claim("concerns", json!("customs.gov.cn"));
    cases.push(("evidence against a log that is none", nowhere.token(), "WRONG_SHAPE"));
    cases.push(("evidence of nothing", evidence.clone().without("evidence").token(), "MISSING_CLAIM"));
    cases.push(("evidence against nobody", evidence.without("concerns").token(), "MISSING_CLAIM"));
    cases
}
