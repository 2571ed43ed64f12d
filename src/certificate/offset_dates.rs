//! Dates written as an offset from today, so that the certificates a demonstration issues never grow old.
//!
//! The notation stands only in the demonstration's files: a string that is `today`, `today-3d` or `today+14d`.
//! The reader of certificates does not know it, so such a file cannot be issued from unresolved.

use super::error::CertificateError;
use crate::time::Date;

/// Days an offset may reach: a century.
const DAYS_MAX: i64 = 36_500;

/// The text with every JSON string that is an offset replaced by the date it means.
///
/// Works on the text, so that everything else in it stays as it stands. A string that begins with `today` and
/// is no offset is refused by name: a slip must not reach a certificate as text.
pub fn offset_dates(json_text: &str, today: Date) -> Result<String, CertificateError> {
    const OPENING: &str = "\"today";
    let mut out = String::with_capacity(json_text.len());
    let mut rest = json_text;
    while let Some((before, after)) = rest.split_once(OPENING) {
        out.push_str(before);
        let (offset, after) = after.split_once('"').unwrap_or((after, ""));
        // Prose may begin with the word; only what goes on with a sign, or not at all, is meant as a date.
        if matches!(offset.chars().next(), None | Some('+' | '-')) {
            let date = resolve(offset, today)
                .ok_or_else(|| CertificateError::OffsetDate { note: format!("today{offset}") })?;
            out.push('"');
            out.push_str(&date.to_string());
        } else {
            out.push_str(OPENING);
            out.push_str(offset);
        }
        out.push('"');
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

fn resolve(offset: &str, today: Date) -> Option<Date> {
    if offset.is_empty() {
        return Some(today);
    }
    let days = offset.strip_suffix('d')?;
    let digits = days.get(1..)?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let count: i64 = days.parse().ok().filter(|count: &i64| count.abs() <= DAYS_MAX)?;
    today.checked_add(jiff::Span::new().try_days(count).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::parse_date;

    fn resolved(text: &str) -> Result<String, CertificateError> {
        offset_dates(text, parse_date("2026-03-01").unwrap())
    }

    #[test]
    fn offsets_become_dates_and_nothing_else_changes() {
        let text = r#"{"a": "today", "b":"today-1d","c": ["today+14d", "as of today", "todays goods"]}"#;
        let expected = r#"{"a": "2026-03-01", "b":"2026-02-28","c": ["2026-03-15", "as of today", "todays goods"]}"#;
        assert_eq!(resolved(text).as_deref(), Ok(expected));
    }

    #[test]
    fn a_slip_in_an_offset_is_named() {
        for bad in ["today-3", "today-d", "today+3w", "today--3d", "today-99999d", "today+٣d", "today- 3d"] {
            let note = bad.to_owned();
            assert_eq!(resolved(&format!("\"{bad}\"")), Err(CertificateError::OffsetDate { note }), "{bad}");
        }
    }
}
