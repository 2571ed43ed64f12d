//! What an export costs: an opened certificate written in the formats of other systems, in process.

use super::{
    figure::{Figure, Limit, Name, rate},
    ground::{Bench, of_items},
    pace::{Pace, Tally},
};
use crate::{
    agreement::Holidays,
    certificate::{Particulars, offset_dates},
    cli::{
        agreements,
        console::{Exit, Failure},
    },
    document::export::{Format, export},
    node::system::{SystemClock, SystemRandom},
    signature::SecretKey,
    statement::{Addressee, Body, Envelope, Issuer, Jti, Presentation, StatusReference, compose},
    time::{Clock, ZoneName},
};
use std::time::Instant;

/// Items of the certificate.
const ITEMS: u32 = 5;
/// Readings of the token that the limit is taken over.
const READINGS: u32 = 500;

const FOOTBALLS: &str = include_str!("../../../node-config/demo/certificates/pk-cn-footballs.json");
/// Whoever signs: nothing is verified here.
const SEED: [u8; 32] = [7; 32];

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Failed, error)
}

/// The token of a certificate, signed by a key of this run.
fn token() -> Result<String, Failure> {
    let day = ZoneName::utc().date_at(SystemClock.now());
    let text = of_items(&offset_dates(FOOTBALLS, day).map_err(failed)?, ITEMS)?.to_string();
    let particulars = Particulars::from_json(text.as_bytes()).map_err(failed)?;
    let agreements = agreements::load(None)?;
    let agreement = agreements.get(&particulars.agreement).ok_or_else(|| failed("no such agreement"))?;
    let judged = agreement.judge(&particulars, day, &Holidays::none());
    let ruling = judged.ruling.ok_or_else(|| failed(&judged.findings))?;
    let certificate = particulars.finish(ruling.numbered("PK-CN-LHE-000001".parse().map_err(failed)?));
    let iss: Issuer = "https://tdap.gov.pk".parse().map_err(failed)?;
    let aud: Addressee = "https://customs.gov.cn".parse().map_err(failed)?;
    let log = format!("{}/log/{}/{}", iss.host(), day.year(), aud.label()).parse().map_err(failed)?;
    let kid = "tdap-1".parse().map_err(failed)?;
    let uri = format!("https://tdap.gov.pk/status/{}/customs.gov.cn/0", day.year()).parse().map_err(failed)?;
    let envelope = Envelope { iss, kid, jti: Jti([1; 16]), day, aud, log };
    let body = Body::Certificate { certificate: Box::new(certificate), status: StatusReference { uri, index: 1 } };
    let unsigned = compose(&envelope, &body, &SystemRandom).map_err(failed)?;
    let key = SecretKey::from_seed(&SEED).map_err(failed)?;
    Ok(unsigned.sign(&key).map_err(failed)?.token())
}

/// Exports on one core, each format in turn, beside the opening of the token they are made of.
pub(super) fn exports(bench: &Bench) -> Result<Figure, Failure> {
    let token = token()?;
    let open = || Presentation::parse(&token).and_then(|presentation| presentation.open()).map_err(failed);
    let opened = open()?;
    let begun = Instant::now();
    for _ in 0..READINGS {
        open()?;
    }
    let limit = Limit::new(rate(u64::from(READINGS), begun.elapsed()), "its token opened");
    let (pace, mut tally) = (Pace::within(bench.window), Tally::new()?);
    for format in Format::ALL.iter().cycle() {
        if pace.take(1) == 0 {
            break;
        }
        let begun = Instant::now();
        export(&opened, *format).map_err(failed)?;
        tally.note(&pace, begun, 1);
    }
    Ok(Figure::new(Name::Export, tally.rate(bench.window), "exports/s", limit).with_calls(&tally.calls))
}
