//! What an application's check costs: both documents read, every rule of form and of origin applied, in process.

use super::{
    figure::{Figure, Limit, Name, rate},
    ground::{Bench, of_items},
    pace::{Pace, Tally},
};
use crate::{
    agreement::{Holidays, Rates},
    certificate::{Particulars, offset_dates},
    cli::{
        agreements,
        console::{Exit, Failure},
    },
    node::system::SystemClock,
    production::Production,
    time::{Clock, ZoneName},
};
use serde_json::{Value, json};
use std::time::Instant;

/// Items of the certificate.
const ITEMS: u32 = 20;
/// Materials of each item.
const MATERIALS: u32 = 12;
/// Readings of both documents that the limit is taken over.
const READINGS: u32 = 200;

const FOOTBALLS: &str = include_str!("../../../node-config/demo/certificates/pk-cn-footballs.json");

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Failed, error)
}

/// Certificate and declaration of twenty items, each of a dozen materials.
fn documents(on: crate::time::Date) -> Result<(String, String), Failure> {
    let dated = offset_dates(FOOTBALLS, on).map_err(failed)?;
    let certificate = of_items(&dated, ITEMS)?;
    let material = |number: u32| {
        json!({
            "description": format!("Material {number}"),
            "hs": { "code": "590320", "edition": "2022" },
            "origin": if number.is_multiple_of(3) { "originating" } else { "undetermined" },
            "price": {
                "value": format!("{}.37", 6_000 + number),
                "currency": "USD",
                "term": "FOB",
                "adjustments": [{ "step": "freight", "value": "210.50" }, { "step": "insurance", "value": "19" }],
            },
        })
    };
    let materials: Vec<Value> = (1..=MATERIALS).map(material).collect();
    let made = |number: u32| {
        json!({
            "item": number,
            "materials_complete": true,
            "minimal_operations_only": false,
            "processes": [{ "code": "BONDING" }],
            "materials": materials,
        })
    };
    let production = json!({ "items": (1..=ITEMS).map(made).collect::<Vec<_>>() });
    Ok((certificate.to_string(), production.to_string()))
}

/// Checks of an application of twenty items on one core, beside the reading of its two documents as plain JSON.
pub(super) fn applications(bench: &Bench) -> Result<Figure, Failure> {
    let agreements = agreements::load(None)?;
    let on = ZoneName::utc().date_at(SystemClock.now());
    let (certificate, production) = documents(on)?;
    let check = || -> Result<usize, Failure> {
        let particulars = Particulars::from_json(certificate.as_bytes()).map_err(failed)?;
        let production = Production::read_json(production.as_bytes());
        let production = production.production.ok_or_else(|| failed(&production.findings))?;
        let agreement = agreements.get(&particulars.agreement).ok_or_else(|| failed("no such agreement"))?;
        let judged = agreement.judge_origin(&particulars, &production, &Rates::none(), on);
        Ok(judged.items.len() + agreement.judge(&particulars, on, &Holidays::none()).findings.iter().count())
    };
    let begun = Instant::now();
    for _ in 0..READINGS {
        for text in [&certificate, &production] {
            let _: Value = serde_json::from_str(text).map_err(failed)?;
        }
    }
    let limit = rate(u64::from(READINGS), begun.elapsed());
    let (pace, mut tally) = (Pace::within(bench.window), Tally::new()?);
    while pace.take(1) > 0 {
        let begun = Instant::now();
        check()?;
        tally.note(&pace, begun, 1);
    }
    let limit = Limit::new(limit, "its documents read as JSON");
    Ok(Figure::new(Name::CheckApplication, tally.rate(bench.window), "checks/s", limit).with_calls(&tally.calls))
}
