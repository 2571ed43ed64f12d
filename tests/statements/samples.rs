//! Statements with fixed keys, fixed randomness and fixed contents.

use origin_exchange::{
    certificate::{Certificate, Text},
    log::{Hash, leaf_hash},
    signature::SecretKey,
    statement::{
        Act, Addressee, Body, Change, Envelope, Issued, Issuer, Jti, KeyAct, KeyChange, KeyRecord, Receipt, Since,
        StatementRef, StatusChange, StatusReference, StatusSnapshot, compose,
    },
    time::{Date, SeededRandom},
};

pub const STATEMENT_SEED: [u8; 32] = [0x42; 32];
pub const STATUS_SEED: [u8; 32] = [0x43; 32];
pub const STATUS_URI: &str = "https://tdap.gov.pk/status/2026/customs.gov.cn/0";

pub struct Sample {
    pub name: &'static str,
    pub about: &'static str,
    pub envelope: Envelope,
    pub body: Body,
    /// Of [`SeededRandom`], which draws the salts.
    pub random: u64,
}

impl Sample {
    pub fn issue(&self) -> Issued {
        let unsigned = compose(&self.envelope, &self.body, &SeededRandom::new(self.random)).unwrap();
        unsigned.sign(&key()).unwrap()
    }
}

pub fn key() -> SecretKey {
    SecretKey::from_seed(&STATEMENT_SEED).unwrap()
}

pub fn iss() -> Issuer {
    "https://tdap.gov.pk".parse().unwrap()
}

pub fn jti(n: u8) -> Jti {
    // 12 November 2026, 08:00 UTC.
    let hour = 1_794_470_400_000_u128;
    Jti((hour << 80 | u128::from(n) << 56 | u128::from(n)).to_be_bytes())
}

pub fn envelope(aud: &str, n: u8) -> Envelope {
    let (iss, aud) = (iss(), aud.parse::<Addressee>().unwrap());
    let log = format!("{}/log/2026/{}", iss.host(), aud.label()).parse().unwrap();
    Envelope { iss, kid: "tdap-2026-1".parse().unwrap(), jti: jti(n), day: Date::constant(2026, 11, 12), aud, log }
}

pub fn certificate(file: &str) -> Box<Certificate> {
    Box::new(serde_json::from_str(&super::read(file)).unwrap())
}

pub fn status(index: u32) -> StatusReference {
    StatusReference { uri: STATUS_URI.parse().unwrap(), index }
}

fn text(text: &str) -> Text<1024> {
    text.parse().unwrap()
}

fn target(n: u8) -> StatementRef {
    StatementRef { log: envelope("https://customs.gov.cn", n).log, jti: jti(n) }
}

fn change(act: Act, items: Option<Vec<u32>>, reason: Option<&str>) -> Body {
    let change = Change { target: target(1), act, items };
    Body::StatusChange(StatusChange { change, reason: reason.map(text), remarks: None })
}

pub fn all() -> Vec<Sample> {
    const CHINA: &str = "https://customs.gov.cn";
    const EGYPT: &str = "urn:iso:std:iso:3166:-1:EG";
    const ALL: &str = "urn:origin-exchange:all";
    let sample =
        |name, about, aud, n: u8, body| Sample { name, about, envelope: envelope(aud, n), body, random: u64::from(n) };
    vec![
        sample(
            "certificate-of-origin",
            "A certificate with three items, non-Latin names and a quote in a description (certificate.json)",
            CHINA,
            1,
            Body::Certificate { certificate: certificate("certificate.json"), status: status(70_001) },
        ),
        sample(
            "certificate-of-origin-smallest",
            "Every nullable section null, every flag set, no limit of validity, the producer kept back, an \
             addressee without a node (certificate-smallest.json)",
            EGYPT,
            2,
            Body::Certificate { certificate: certificate("certificate-smallest.json"), status: status(0) },
        ),
        sample(
            "status-change-cancelled",
            "Cancelled on the holder's wish",
            CHINA,
            3,
            change(Act::Cancelled, None, Some("The shipment was not sent.")),
        ),
        sample(
            "status-change-withdrawn-from-issue",
            "Withdrawn: it never held",
            CHINA,
            4,
            change(Act::Withdrawn { since: Since::Issue }, None, Some("The declaration was false.")),
        ),
        sample(
            "status-change-withdrawn-in-part",
            "Withdrawn from a date on, for two items",
            CHINA,
            5,
            change(Act::Withdrawn { since: Since::Date(Date::constant(2026, 12, 1)) }, Some(vec![1, 3]), None),
        ),
        sample(
            "status-change-superseded",
            "Another certificate takes its place",
            CHINA,
            6,
            change(Act::Superseded { successor: target(9) }, None, Some("A wrong invoice number was mended.")),
        ),
        sample("status-change-suspended", "Suspended", CHINA, 7, change(Act::Suspended, None, None)),
        sample("status-change-reinstated", "A suspension ends", CHINA, 8, change(Act::Reinstated, None, None)),
        sample(
            "status-snapshot-first",
            "The first entry of a log: no entries before it, one list in which everything is valid",
            EGYPT,
            10,
            Body::StatusSnapshot(StatusSnapshot {
                as_of: 1_794_471_000,
                size: 0,
                lists: 1,
                lists_root: origin_exchange::statement::status_list::lists_root(&[
                    origin_exchange::statement::StatusList::new().digest(),
                ]),
            }),
        ),
        sample(
            "key-change-opened",
            "A key was opened",
            ALL,
            11,
            Body::KeyChange(KeyChange { record: record(KeyAct::Opened), reason: Some(text("Yearly change of keys.")) }),
        ),
        sample(
            "key-change-closed",
            "A key was closed",
            ALL,
            12,
            Body::KeyChange(KeyChange { record: record(KeyAct::Closed), reason: None }),
        ),
        sample(
            "receipt",
            "Disclosures that came, one that did not, two that are held back",
            CHINA,
            13,
            Body::Receipt(Receipt {
                origin: "customs.gov.cn/log/2026/tdap.gov.pk".parse().unwrap(),
                size: 4_096,
                missing: vec![7],
                held: vec![12, 4_095],
            }),
        ),
    ]
}

fn record(act: KeyAct) -> KeyRecord {
    let section: Hash = leaf_hash(b"a stand-in for a section");
    KeyRecord { key: "tdap-2026-2".parse().unwrap(), act, trust_version: 7, section }
}
