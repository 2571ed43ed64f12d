//! Statements with fixed keys, fixed randomness and fixed contents.

use origin_exchange::{
    certificate::{Certificate, Measure, Sha256, Text},
    log::{Hash, leaf_hash},
    signature::SecretKey,
    statement::{
        Act, Addressee, Body, Change, CustomsResponse, DocumentDigest, EndorsedCertificate, Endorsement,
        EndorsementAct, EndorsementWords, Enquiry, EnquiryGround, EnquiryQuestion, EnquiryReply, EnquirySubject,
        Envelope, Evidence, EvidenceKind, GoodsMeanwhile, ImportDeclaration, Issued, Issuer, ItemAnswer, ItemDecision,
        Jti, KeyAct, KeyChange, KeyRecord, PaperCertificate, PaperGround, PaperWords, Receipt, ReplyAct, ReplyWords,
        ResponseCode, ResponseReason, Since, StatementRef, StatusChange, StatusReference, StatusSnapshot,
        SubjectAnswer, SubjectFinding, compose,
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

fn text<const MAX: usize>(text: &str) -> Text<MAX> {
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
        sample(
            "customs-response-utilised",
            "A part of one item used, with what is left; another item used up on two lines; a third refused",
            CHINA,
            14,
            Body::CustomsResponse(Box::new(utilised())),
        ),
        sample(
            "customs-response-denied",
            "Preference refused for the whole certificate, after an enquiry; nothing else is said",
            CHINA,
            15,
            Body::CustomsResponse(Box::new(denied())),
        ),
        sample(
            "customs-response-reversed",
            "A part of what an earlier response said was used is given back",
            CHINA,
            16,
            Body::CustomsResponse(Box::new(reversed())),
        ),
        sample(
            "enquiry-at-random",
            "Two certificates checked at random, without words",
            CHINA,
            17,
            Body::Enquiry(Box::new(enquiry_at_random())),
        ),
        sample(
            "enquiry-number-unknown",
            "A paper whose number is not known and is none that an authority writes, with its scan, after a clarification",
            CHINA,
            18,
            Body::Enquiry(Box::new(enquiry_of_an_unknown_number())),
        ),
        sample(
            "enquiry-reply-acknowledged",
            "The enquiry came, and nothing else is said",
            CHINA,
            19,
            Body::EnquiryReply(Box::new(acknowledged())),
        ),
        sample(
            "enquiry-reply-full",
            "Certificates that hold, hold for some items, do not hold, and were not issued; with a document",
            CHINA,
            20,
            Body::EnquiryReply(Box::new(answered())),
        ),
        sample(
            "endorsement-destination-changed",
            "The goods go to another country, with containers and seals; to a country without a node",
            EGYPT,
            21,
            Body::Endorsement(Box::new(destination_changed())),
        ),
        sample(
            "endorsement-legalised",
            "Legalised, and nothing else is said",
            CHINA,
            22,
            Body::Endorsement(Box::new(legalised())),
        ),
        sample(
            "evidence",
            "Evidence for everyone; its proof is a text that is not judged here",
            ALL,
            23,
            Body::Evidence(Evidence {
                evidence: EvidenceKind::Equivocation,
                concerns: "customs.gov.cn/log/2026/tdap.gov.pk".parse().unwrap(),
                proof: "{\"first\":\"a stand-in\\n\",\"second\":\"for two notes\\n\",\"prefix\":null}".to_owned(),
            }),
        ),
        sample(
            "paper-certificate-before-exchange",
            "A certificate that was issued on paper before certificates went electronically",
            CHINA,
            24,
            Body::PaperCertificate(Box::new(paper())),
        ),
        sample(
            "paper-certificate-outage",
            "One of an outage, without a last day and without words",
            CHINA,
            25,
            Body::PaperCertificate(Box::new(paper_of_outage())),
        ),
    ]
}

/// A statement of customs, in its log to the authority here.
fn customs_statement(n: u8) -> StatementRef {
    StatementRef { log: "customs.gov.cn/log/2026/tdap.gov.pk".parse().unwrap(), jti: jti(n) }
}

/// One of this authority's, in its log to customs.
fn own_statement(n: u8) -> StatementRef {
    StatementRef { log: "tdap.gov.pk/log/2026/customs.gov.cn".parse().unwrap(), jti: jti(n) }
}

pub fn measure(value: &str) -> Measure {
    Measure { value: value.parse().unwrap(), unit: "PR".parse().unwrap() }
}

/// What says nothing but its code.
pub fn decision(item: Option<u32>, code: ResponseCode) -> ItemDecision {
    ItemDecision { item, line: None, code, quantity: None, left: None, reason: None, basis: None, words: None }
}

pub fn declaration() -> ImportDeclaration {
    ImportDeclaration { number: text("220120261000123456"), date: Date::constant(2026, 12, 3), office: text("2201") }
}

pub fn utilised() -> CustomsResponse {
    let used = |line, code, used, left| ItemDecision {
        line: Some(line),
        quantity: Some(measure(used)),
        left: Some(measure(left)),
        ..decision(Some(2), code)
    };
    CustomsResponse {
        certificate: own_statement(1),
        declaration: Some(declaration()),
        decisions: vec![
            ItemDecision {
                item: Some(1),
                words: Some(text("第一批 · first of two shipments")),
                ..used(1, ResponseCode::UtilisedPartial, "1200", "720.0")
            },
            used(2, ResponseCode::UtilisedPartial, "0.5", "16799.5"),
            used(3, ResponseCode::UtilisedFull, "16799.5", "0"),
            ItemDecision {
                line: Some(4),
                reason: Some(ResponseReason::HsMismatch),
                basis: Some(text("CPFTA, Article 19")),
                words: Some(text("Classified under 9506.62; the rule of that heading is not met.")),
                ..decision(Some(3), ResponseCode::PreferenceDenied)
            },
        ],
        amends: None,
        enquiry: None,
        remarks: Some(text("Released the same day.")),
    }
}

fn denied() -> CustomsResponse {
    let reason = Some(ResponseReason::IssuerDisowns);
    CustomsResponse {
        certificate: own_statement(2),
        declaration: None,
        decisions: vec![ItemDecision { reason, ..decision(None, ResponseCode::PreferenceDenied) }],
        amends: None,
        enquiry: Some(customs_statement(17)),
        remarks: None,
    }
}

pub fn reversed() -> CustomsResponse {
    CustomsResponse {
        certificate: own_statement(1),
        declaration: Some(declaration()),
        decisions: vec![ItemDecision {
            quantity: Some(measure("200")),
            left: Some(measure("920")),
            ..decision(Some(1), ResponseCode::Reversed)
        }],
        amends: Some(customs_statement(14)),
        enquiry: None,
        remarks: Some(text("Two hundred pairs were sent back.")),
    }
}

pub fn enquiry_at_random() -> Enquiry {
    let subject = |n, number: &str| EnquirySubject {
        certificate: Some(own_statement(n)),
        number: text(number),
        issued_on: Some(Date::constant(2026, 11, 12)),
        items: Vec::new(),
        declaration: None,
    };
    Enquiry {
        asked: EnquiryQuestion {
            reference: text("SH-2026-118"),
            ground: EnquiryGround::Random,
            question: None,
            goods: GoodsMeanwhile::Released,
            basis: None,
            reply_by: None,
        },
        subjects: vec![subject(2, "CPFTA-2026-000124"), subject(1, "CPFTA-2026-000123")],
        documents: Vec::new(),
        clarifies: None,
    }
}

pub fn document(of: u8) -> DocumentDigest {
    DocumentDigest { name: text("Scan, both sides"), media_type: text("application/pdf"), sha256: Sha256([of; 32]) }
}

pub fn enquiry_of_an_unknown_number() -> Enquiry {
    Enquiry {
        asked: EnquiryQuestion {
            reference: text("SH-2026-119"),
            ground: EnquiryGround::NumberUnknown,
            question: Some(text("Did the authority issue this paper?")),
            goods: GoodsMeanwhile::ReleasedOnSecurity,
            basis: Some(text("CPFTA, Article 24(1)")),
            reply_by: Some(Date::constant(2027, 3, 1)),
        },
        subjects: vec![EnquirySubject {
            certificate: None,
            number: text("№ CPFTA#000999?"),
            issued_on: Some(Date::constant(2026, 11, 30)),
            items: vec![1, 4],
            declaration: Some(text("220120261000123457")),
        }],
        documents: vec![document(1), document(2)],
        clarifies: Some(own_statement(19)),
    }
}

fn acknowledged() -> EnquiryReply {
    let received_on = Date::constant(2026, 12, 7);
    EnquiryReply {
        enquiry: customs_statement(17),
        reply: ReplyWords { act: ReplyAct::Acknowledged, received_on, reply_by: None, words: None },
        answers: Vec::new(),
        documents: Vec::new(),
    }
}

pub fn answered() -> EnquiryReply {
    let answer =
        |subject, finding, words| SubjectAnswer { subject, finding, items: Vec::new(), words: Some(text(words)) };
    let item = |item, valid, words: Option<&str>| ItemAnswer { item, valid, words: words.map(text) };
    EnquiryReply {
        enquiry: customs_statement(18),
        reply: ReplyWords {
            act: ReplyAct::Full,
            received_on: Date::constant(2026, 12, 7),
            reply_by: None,
            words: Some(text("The books of the exporter were seen on 5 January 2027.")),
        },
        answers: vec![
            answer(1, SubjectFinding::Valid, "As issued."),
            SubjectAnswer {
                items: vec![item(1, true, None), item(4, false, Some("The threads were imported."))],
                ..answer(2, SubjectFinding::PartlyValid, "Item 4 does not meet its rule.")
            },
            SubjectAnswer {
                items: vec![item(7, false, None)],
                ..answer(3, SubjectFinding::NotValid, "The declaration was false.")
            },
            answer(5, SubjectFinding::NotIssued, "No such number was ever given."),
        ],
        documents: vec![document(3)],
    }
}

fn endorsed(n: u8) -> EndorsedCertificate {
    EndorsedCertificate { place: own_statement(n), token_sha256: Sha256([n; 32]) }
}

pub fn destination_changed() -> Endorsement {
    Endorsement {
        endorsed: endorsed(1),
        endorsement: EndorsementWords {
            act: EndorsementAct::DestinationChanged,
            day: Date::constant(2026, 12, 1),
            office: text("Karachi (Export) · کراچی"),
            destination: Some("EG".parse().unwrap()),
            items: vec![1, 3],
            containers: vec!["CSQU3054383".parse().unwrap()],
            seals: vec![text("PK-0099812"), text("PK-0099813")],
            text: Some(text("The vessel was turned to Port Said.")),
        },
    }
}

fn legalised() -> Endorsement {
    Endorsement {
        endorsed: endorsed(2),
        endorsement: EndorsementWords {
            act: EndorsementAct::Legalised,
            day: Date::constant(2026, 11, 13),
            office: text("Ministry of Foreign Affairs"),
            destination: None,
            items: Vec::new(),
            containers: Vec::new(),
            seals: Vec::new(),
            text: None,
        },
    }
}

fn paper() -> PaperCertificate {
    PaperCertificate {
        paper: PaperWords {
            number: "PK-CN-2026-LHE-000417".parse().unwrap(),
            issued_on: Date::constant(2026, 6, 1),
            valid_until: Some(Date::constant(2027, 5, 31)),
            agreement: "CPFTA".parse().unwrap(),
            edition: "2019".parse().unwrap(),
            from: "PK".parse().unwrap(),
            to: "CN".parse().unwrap(),
            office: "LHE".parse().unwrap(),
            scan_sha256: Sha256([7; 32]),
            ground: PaperGround::BeforeExchange,
            remarks: Some(text("The scan has two pages; لاہور")),
        },
    }
}

fn paper_of_outage() -> PaperCertificate {
    let words = PaperWords { valid_until: None, ground: PaperGround::Outage, remarks: None, ..paper().paper };
    PaperCertificate { paper: words }
}

fn record(act: KeyAct) -> KeyRecord {
    let section: Hash = leaf_hash(b"a stand-in for a section");
    KeyRecord { key: "tdap-2026-2".parse().unwrap(), act, trust_version: 7, section }
}
