//! Between the words of the wire and the types of the house: dates, instants, names of certificates.

use super::ApiError;
use super::wire::google::r#type as google;
use super::wire::origin::v1 as wire;
use crate::statement::Status;
use crate::time::{Date, NotADate, Timestamp};
use crate::workflow::{CertificateName, Stands};

/// Most entries of a page.
const PAGE_MAX: usize = 500;
/// Entries of a page where none are asked for.
const PAGE_USUAL: usize = 50;

pub(crate) fn date_to_wire(date: Date) -> google::Date {
    google::Date { year: date.year().into(), month: date.month().into(), day: date.day().into() }
}

pub(crate) fn date(field: &'static str, date: &google::Date) -> Result<Date, ApiError> {
    let wrong = || ApiError::Field {
        field,
        message: match (date.year, date.month, date.day) {
            (year @ 1.., month @ 1.., day @ 1..) => format!("`{year:04}-{month:02}-{day:02}`: {}", NotADate::NoSuchDay),
            (year, month, day) => format!("{year}-{month}-{day} is not a whole civil date"),
        },
    };
    let narrow = |part: i32| i8::try_from(part).map_err(|_| wrong());
    let year = i16::try_from(date.year).ok().filter(|year| (1..=9999).contains(year)).ok_or_else(wrong)?;
    Date::new(year, narrow(date.month)?, narrow(date.day)?).map_err(|_| wrong())
}

pub(crate) fn instant(at: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: at.as_second(), nanos: at.subsec_nanosecond() }.normalized()
}

pub(crate) fn status(status: Status) -> wire::CertificateStatus {
    match status {
        Status::Valid => wire::CertificateStatus::Valid,
        Status::Cancelled => wire::CertificateStatus::Cancelled,
        Status::Suspended => wire::CertificateStatus::Suspended,
        Status::Withdrawn => wire::CertificateStatus::Withdrawn,
        Status::Superseded => wire::CertificateStatus::Superseded,
        Status::InPart => wire::CertificateStatus::InPart,
    }
}

/// How a certificate stands, and why where its status list does not say that.
pub(crate) fn stands(stands: &Stands) -> (wire::CertificateStatus, String) {
    match stands {
        Stands::As(status) => (self::status(*status), String::new()),
        Stands::Void(why) => (wire::CertificateStatus::Void, why.clone()),
        Stands::KeyClosed(why) => (wire::CertificateStatus::KeyClosed, why.clone()),
        Stands::Unproven(why) => (wire::CertificateStatus::Unproven, why.clone()),
        Stands::Unknown(why) => (wire::CertificateStatus::Unspecified, why.clone()),
    }
}

pub(crate) fn certificate_name(name: Option<wire::CertificateName>) -> Result<CertificateName, ApiError> {
    use wire::certificate_name::Name;
    match name.and_then(|name| name.name) {
        Some(Name::Jti(text)) => jti("certificate.jti", &text),
        Some(Name::Number(number)) if !number.is_empty() => Ok(CertificateName::Number(number)),
        Some(Name::ApplicationId(id)) => id
            .parse()
            .map(CertificateName::Application)
            .map_err(|error| ApiError::Field { field: "certificate.application_id", message: format!("{error}") }),
        _ => Err(ApiError::Field { field: "certificate", message: "a jti or a number is needed".to_owned() }),
    }
}

pub(crate) fn jti(field: &'static str, text: &str) -> Result<CertificateName, ApiError> {
    text.parse().map(CertificateName::Jti).map_err(|error| ApiError::Field { field, message: format!("{error}") })
}

/// How many a page takes: what is asked for within bounds.
pub(crate) fn page_size(asked: i32) -> Result<usize, ApiError> {
    match usize::try_from(asked) {
        Ok(0) => Ok(PAGE_USUAL),
        Ok(size) => Ok(size.min(PAGE_MAX)),
        Err(_) => Err(ApiError::Field { field: "page_size", message: "a page has no fewer than 0 entries".to_owned() }),
    }
}

/// A page of a list that is short enough to be made whole: items after the one the token names.
pub(crate) fn page<T>(
    items: impl Iterator<Item = T>,
    key: impl Fn(&T) -> String,
    size: usize,
    token: &str,
) -> (Vec<T>, String) {
    let mut rest = items.skip_while(|item| !token.is_empty() && key(item).as_str() <= token);
    let page = rest.by_ref().take(size).collect::<Vec<_>>();
    let next = if rest.next().is_some() { page.last().map(&key).unwrap_or_default() } else { String::new() };
    (page, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_that_is_none_is_refused_with_its_field() {
        let read = |year, month, day| date("as_of", &google::Date { year, month, day });
        assert_eq!(read(2026, 11, 22).map(|date| date.to_string()), Ok("2026-11-22".to_owned()));
        for (year, month, day) in
            [(2026, 2, 29), (0, 1, 1), (2026, 0, 1), (2026, 13, 1), (10_000, 1, 1), (2026, 300, 1)]
        {
            assert!(matches!(read(year, month, day), Err(ApiError::Field { field: "as_of", .. })));
        }
    }

    #[test]
    fn pages_follow_each_other_without_gap_or_repeat() {
        let all = ["a", "b", "c", "d", "e"];
        let (mut seen, mut token) = (Vec::new(), String::new());
        loop {
            let (page, next) = page(all.into_iter(), |item| (*item).to_owned(), 2, &token);
            seen.extend(page);
            if next.is_empty() {
                break;
            }
            token = next;
        }
        assert_eq!(seen, all);
    }
}
