//! What a printed certificate costs: set by its form's template, with codes, fonts and the token attached.

use super::{
    figure::{Calls, Figure, Limit, Name, rate, real},
    ground::{Bench, of_items},
    pace::{Pace, Tally},
};
use crate::{
    agreement::Agreements,
    certificate::{Particulars, offset_dates},
    cli::{
        agreements,
        console::{Exit, Failure},
    },
    document::{CAN_PRINT, FontFolders, Forms, Images, PaperCodes, Press, Sheet, SpecimenOf, Subject, filled, sheet},
    node::system::{SystemClock, SystemRandom},
    signature::SecretKey,
    statement::{Body, Completeness, Opened, OpenedBody, Presentation, compose},
    time::{Clock, ZoneName},
};
use std::time::{Duration, Instant};

/// Items of the usual certificate, and of a long one.
const USUAL: u32 = 5;
const LONG: u32 = 100;
/// Documents that a long one is timed over, and prints of one sheet that the limit is taken over.
const LONG_PRINTED: u32 = 10;
const AGAIN: u32 = 20;
/// Kilobytes that the usual certificate may have (issue: figures).
const KILOBYTES: f64 = 120.0;
/// A stamp of the size that five items make.
const STAMP_CHARACTERS: usize = 620;

const FOOTBALLS: &str = include_str!("../../../node-config/demo/certificates/pk-cn-footballs.json");

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Failed, error)
}

/// Sheets of signed certificates, each another.
struct Sheets {
    agreements: Agreements,
    key: SecretKey,
    made: u32,
}

impl Sheets {
    fn next(&mut self, items: u32) -> Result<Sheet, Failure> {
        self.made += 1;
        let on = ZoneName::utc().date_at(SystemClock.now());
        let dated = offset_dates(FOOTBALLS, on).map_err(failed)?;
        let text = of_items(&dated, items)?.to_string();
        // No two certificates say the same, so that nothing that was set before stands for all of another.
        let text = text.replace("Footballs, inflatable", &format!("Footballs, lot {}, inflatable", self.made));
        let particulars = Particulars::from_json(text.as_bytes()).map_err(failed)?;
        let agreement = self.agreements.get(&particulars.agreement).ok_or_else(|| failed("no such agreement"))?;
        let edition = agreement.edition_on(on).ok_or_else(|| failed("no edition in force"))?;
        let form = edition.forms.first().ok_or_else(|| failed("no form"))?;
        let filled = filled(SpecimenOf { agreement, edition, form }, particulars, on).map_err(failed)?;
        let body = Body::Certificate { certificate: Box::new(filled.certificate), status: filled.status };
        let signed = compose(&filled.envelope, &body, &SystemRandom).and_then(|one| one.sign(&self.key));
        let token = signed.map_err(failed)?.token();
        let opened = Presentation::parse(&token).and_then(|presentation| presentation.open()).map_err(failed)?;
        let Opened { envelope, body: OpenedBody::Certificate(certificate), .. } = opened else {
            return Err(failed("not a certificate"));
        };
        let codes = PaperCodes {
            look_up: Some(format!("HTTPS://{}/V/{}/{}", "SPECIMEN.EXAMPLE", envelope.jti, self.made)),
            stamp: Some(format!("CO1:{}", format!("{:08}", self.made).repeat(STAMP_CHARACTERS / 8))),
            carried: items,
            total: items,
        };
        let subject = Subject {
            envelope: &envelope,
            certificate: &certificate,
            completeness: &Completeness::Complete,
            token: Some(&token),
            agreement: Some(agreement),
            codes: &codes,
            images: &Images::none(),
            awaiting_cosignatures: false,
            standing: None,
            successor: None,
        };
        sheet(&subject).map_err(failed)
    }
}

/// Certificates of five items a second by one caller, the time for one of a hundred, and the size of the first.
pub(super) fn pdf(bench: &Bench) -> Result<Vec<Figure>, Failure> {
    if !CAN_PRINT {
        bench.console.message("note: this program was built without the feature `pdf`: nothing is printed");
        return Ok(Vec::new());
    }
    let press = Press::new(Forms::shipped(), &FontFolders::System).map_err(failed)?;
    let key = SecretKey::from_seed(&[7; 32]).map_err(failed)?;
    let mut sheets = Sheets { agreements: agreements::load(None)?, key, made: 0 };
    let (pace, mut tally) = (Pace::within(bench.window), Tally::new()?);
    let mut bytes = 0;
    while pace.take(1) > 0 {
        let sheet = sheets.next(USUAL)?;
        let begun = Instant::now();
        bytes = press.print(&sheet).map_err(failed)?.len();
        tally.note(&pace, begun, 1);
    }
    // Sheets are made between two prints: what counts is the time of printing.
    let printing = Duration::from_secs_f64(tally.calls.mean() / 1_000.0 * real(tally.done));
    let same = sheets.next(USUAL)?;
    let begun = Instant::now();
    for _ in 0..AGAIN {
        press.print(&same).map_err(failed)?;
    }
    let limit = Limit::new(rate(u64::from(AGAIN), begun.elapsed()), "one sheet over and over");
    let usual = Figure::new(Name::Pdf, rate(tally.done, printing), "documents/s", limit).with_calls(&tally.calls);

    let mut long = Calls::none()?;
    for _ in 0..LONG_PRINTED {
        let sheet = sheets.next(LONG)?;
        let begun = Instant::now();
        press.print(&sheet).map_err(failed)?;
        long.note(begun.elapsed());
    }
    let per_page = Limit::new(tally.calls.median(), "one of five items");
    let long = Figure::new(Name::PdfLong, long.median(), "ms", per_page).with_calls(&long);
    let size = u64::try_from(bytes).unwrap_or(u64::MAX);
    let size = Figure::new(Name::PdfSize, real(size) / 1_000.0, "kB", Limit::new(KILOBYTES, "what is asked for"));
    Ok(vec![usual, long, size])
}
