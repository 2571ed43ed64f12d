//! Signed certificates to print in tests.

use super::{Images, PaperCodes, Sheet, SpecimenOf, Subject, filled, sheet};
use crate::{
    agreement::Agreements,
    certificate::{Particulars, offset_dates},
    signature::SecretKey,
    statement::{Body, Opened, OpenedBody, Presentation, Section, compose, redact},
    time::{Date, SeededRandom, parse_date},
};

pub(super) const FOOTBALLS: &str = include_str!("../../node-config/demo/certificates/pk-cn-footballs.json");

pub(super) fn on() -> Date {
    parse_date("2026-11-29").unwrap()
}

pub(super) fn agreements() -> Agreements {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("node-config/agreements");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|ending| ending == "toml"));
    let read = |path: std::path::PathBuf| {
        (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(path).unwrap())
    };
    Agreements::load(files.map(read).collect::<Vec<_>>()).unwrap()
}

pub(super) fn particulars(text: &str) -> Particulars {
    Particulars::from_json(offset_dates(text, on()).unwrap().as_bytes()).unwrap()
}

/// The token of a certificate with these particulars, signed.
pub(super) fn token(agreements: &Agreements, particulars: Particulars) -> String {
    let agreement = agreements.get(&particulars.agreement).unwrap();
    let edition = agreement.editions.last().unwrap();
    let form = edition.forms.first().unwrap();
    let filled = filled(SpecimenOf { agreement, edition, form }, particulars, on()).unwrap();
    let body = Body::Certificate { certificate: Box::new(filled.certificate), status: filled.status };
    let key = SecretKey::from_seed(&[7; 32]).unwrap();
    compose(&filled.envelope, &body, &SeededRandom::new(5)).unwrap().sign(&key).unwrap().token()
}

/// The sheet of a token, with these sections dropped.
pub(super) fn sheet_of(agreements: &Agreements, token: &str, drop: &[Section]) -> Sheet {
    let presentation = Presentation::parse(token).unwrap();
    let token = if drop.is_empty() { token.to_owned() } else { redact(&presentation, drop).unwrap() };
    let Opened { envelope, body, completeness } = Presentation::parse(&token).unwrap().open().unwrap();
    let OpenedBody::Certificate(certificate) = body else { panic!("not a certificate") };
    let codes = PaperCodes {
        look_up: Some("HTTPS://TDAP.GOV.PK/V/01KB6X0000000000000000000A/ABCDEFGH".to_owned()),
        stamp: Some(format!("CO1:{}", "6BF5".repeat(200))),
        carried: 1,
        total: 1,
    };
    let subject = Subject {
        envelope: &envelope,
        certificate: &certificate,
        completeness: &completeness,
        token: Some(&token),
        agreement: agreements.get(&certificate.agreement),
        codes: &codes,
        images: &Images::none(),
        awaiting_cosignatures: false,
        standing: None,
        successor: None,
    };
    sheet(&subject).unwrap()
}
