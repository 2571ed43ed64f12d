//! The methods of `AdminService` about offices, in words of the house.

use super::ApiError;
use super::applications::at;
use super::wire::origin::v1 as wire;
use crate::certificate::{AgreementCode, OfficeCode};
use crate::office::{Fees, Office, OfficeRecord};
use crate::time::ZoneName;
use std::collections::BTreeMap;

fn field<E: std::fmt::Display>(field: &'static str) -> impl Fn(E) -> ApiError {
    move |error| ApiError::Field { field, message: error.to_string() }
}

/// The code of an office.
pub(crate) fn code(name: &'static str, text: &str) -> Result<OfficeCode, ApiError> {
    text.parse().map_err(field(name))
}

fn missing(name: &'static str) -> ApiError {
    ApiError::Field { field: name, message: "is missing".to_owned() }
}

fn agreements(codes: &[String]) -> Result<Vec<AgreementCode>, ApiError> {
    codes.iter().map(|code| code.parse()).collect::<Result<_, _>>().map_err(field("office.agreements"))
}

fn fees(words: &[String]) -> Result<Fees, ApiError> {
    Fees::read(words.iter().map(String::as_str)).map_err(field("office.fees"))
}

fn series_begin(all: &[wire::SeriesBegin]) -> Result<BTreeMap<AgreementCode, u64>, ApiError> {
    let read = |one: &wire::SeriesBegin| one.agreement.parse().map(|agreement| (agreement, one.serial));
    all.iter().map(read).collect::<Result<_, _>>().map_err(field("office.series_begin"))
}

/// An office that is to be opened.
pub(crate) fn wanted(office: Option<wire::Office>) -> Result<Office, ApiError> {
    let office = office.ok_or_else(|| missing("office"))?;
    Ok(Office {
        code: code("office.code", &office.code)?,
        agreements: agreements(&office.agreements)?,
        time_zone: ZoneName::new(&office.time_zone).map_err(field("office.time_zone"))?,
        fees: fees(&office.fees)?,
        series_begin: series_begin(&office.series_begin)?,
        name: office.name,
        place: office.place,
    })
}

/// What is to change of an office.
pub(crate) fn change(
    request: wire::UpdateOfficeRequest,
) -> Result<(OfficeCode, impl FnOnce(Office) -> Office + Send), ApiError> {
    let office = request.office.ok_or_else(|| missing("office"))?;
    let code = code("office.code", &office.code)?;
    let zone = match office.time_zone.as_str() {
        "" => None,
        name => Some(ZoneName::new(name).map_err(field("office.time_zone"))?),
    };
    let (agreements, fees) = (agreements(&office.agreements)?, fees(&office.fees)?);
    let series = series_begin(&office.series_begin)?;
    let clear = request.clear;
    if let Some(unknown) = clear.iter().find(|one| !["agreements", "fees"].contains(&one.as_str())) {
        return Err(ApiError::Field { field: "clear", message: format!("`{unknown}` cannot be empty") });
    }
    let changed = move |mut now: Office| {
        let clears = |what: &str| clear.iter().any(|one| one == what);
        if !office.name.is_empty() {
            now.name = office.name;
        }
        if !office.place.is_empty() {
            now.place = office.place;
        }
        if !agreements.is_empty() || clears("agreements") {
            now.agreements = agreements;
        }
        if fees != Fees::None || clears("fees") {
            now.fees = fees;
        }
        now.time_zone = zone.unwrap_or(now.time_zone);
        now.series_begin.extend(series);
        now
    };
    Ok((code, changed))
}

/// An office as it is shown.
pub(crate) fn to_wire(record: &OfficeRecord) -> wire::Office {
    let Office { code, name, place, agreements, time_zone, fees, series_begin } = &record.office;
    let begin = series_begin.iter();
    wire::Office {
        code: code.to_string(),
        name: name.clone(),
        place: place.clone(),
        agreements: agreements.iter().map(ToString::to_string).collect(),
        time_zone: time_zone.as_str().to_owned(),
        fees: fees.words(),
        series_begin: begin
            .map(|(agreement, serial)| wire::SeriesBegin { agreement: agreement.to_string(), serial: *serial })
            .collect(),
        close_time: record.closed_ms.and_then(at),
    }
}
