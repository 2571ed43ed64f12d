//! Reading paper: a stamp found on a photograph of twelve million pixels, and judged.

use super::{
    figure::{Figure, Limit, Name},
    ground::{Bench, Ground, Papers},
    issuing::{Contents, these_by_stream},
    pace::{Pace, Tally},
};
use crate::{
    api::client::{wire, within_deadline},
    cli::{
        console::{Exit, Failure},
        remote,
    },
    document::read::{
        Code, codes,
        photograph::{Page, Pose},
    },
    node::system::SystemClock,
    time::Clock,
    verification::{Headline, Question, Settings, Verifier},
};
use std::{hint::black_box, sync::Arc, time::Instant};

/// Items of the certificate: as many as fill a stamp.
const ITEMS: u32 = 40;
/// The camera of a telephone above a sheet that lies a little askew on a table.
const POSE: Pose = Pose { width: 4_000, height: 3_000, turned: (65_446, 3_430), micrometres: 80, tilt: 30, noise: 4 };
/// Readings of the pixels that the limit is taken over.
const READINGS: u32 = 20;

/// `stamp_photo`: from the brightness of its pixels to the verdict on its stamp, on one core.
pub(super) async fn stamp_photo(bench: &Bench) -> Result<Figure, Failure> {
    let failed = |message: &str| Failure::new(Exit::Failed, message);
    let ground = Ground::make(bench, [0; 4])?;
    let running = ground.start().await?;
    let papers = Papers::of_items(ITEMS)?;
    let (_, issued) = these_by_stream(bench.console, &running.access, Pace::count(1), Contents::Token, papers).await?;
    let name = issued.numbers.into_iter().next().map(wire::certificate_name::Name::Number);
    let request = wire::GetCertificateRequest { certificate: Some(wire::CertificateName { name }) };
    let answer = running.connect().await?.certificates().get_certificate(within_deadline(request)).await;
    let answer = answer.map_err(|status| remote::refused(bench.console, "the node", &status))?.into_inner();
    running.stop().await;
    let paper = answer.paper.unwrap_or_default();

    let mut page = Page::blank();
    if !(page.print(&paper.stamp, 145, 232, 45) && page.print(&paper.look_up, 115, 240, 22)) {
        return Err(failed("the codes of a certificate issued for this cannot be printed"));
    }
    let picture = page.photographed(&POSE).ok_or_else(|| failed("there is no photograph"))?;
    let verifier = Verifier::new(Arc::new(ground.trust()?), None, Settings::default());

    let begun = Instant::now();
    for _ in 0..READINGS {
        black_box(picture.luma().iter().map(|pixel| u64::from(*pixel)).sum::<u64>());
    }
    let limit = begun.elapsed().as_secs_f64() * 1_000.0 / f64::from(READINGS);

    let (pace, mut tally) = (Pace::within(bench.window), Tally::new()?);
    while pace.take(1) > 0 {
        let begun = Instant::now();
        let found = codes(&picture);
        let stamp = found.iter().find_map(|code| if let Code::Stamp(text) = code { Some(text) } else { None });
        let stamp = stamp.ok_or_else(|| failed("the stamp on the photograph was not found"))?;
        let verdict = verifier.verify(stamp, &Question::at(SystemClock.now()));
        tally.note(&pace, begun, 1);
        if verdict.headline != Headline::StampAuthentic {
            return Err(failed(&format!("a stamp made for this was judged {}", verdict.headline)));
        }
    }
    let limit = Limit::new(limit, "its pixels added up");
    Ok(Figure::new(Name::StampPhoto, tally.calls.median(), "ms", limit).with_calls(&tally.calls))
}
