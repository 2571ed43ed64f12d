//! Whether a certificate is usable on a day: by its signed dates, and by what its agreement says of being late.

use super::{edition::Edition, figure::Known, terms::LatePresentation};
use crate::time::Date;

/// Whether a certificate may be presented on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usability {
    /// It is within its dates.
    Usable,
    /// Its first day has not come.
    NotYetValid,
    /// Its last day has passed; what the agreement says of late presentation goes with it.
    Expired(Known<LatePresentation>),
}

impl Usability {
    /// Judges `as_of` by the signed dates, both included; `late` is what is known of presenting it later.
    #[must_use]
    pub fn on(as_of: Date, valid_from: Date, valid_until: Option<Date>, late: Known<LatePresentation>) -> Self {
        if as_of < valid_from {
            Self::NotYetValid
        } else if valid_until.is_some_and(|until| until < as_of) {
            Self::Expired(late)
        } else {
            Self::Usable
        }
    }
}

impl Edition {
    /// Judges `as_of`, the day of the import declaration. The signed dates alone decide; the edition adds what
    /// follows for a late one.
    #[must_use]
    pub fn usable_on(&self, as_of: Date, valid_from: Date, valid_until: Option<Date>) -> Usability {
        let late = match self.late_presentation.known() {
            Known::Confirmed(rule) => Known::Confirmed(*rule),
            Known::Unconfirmed(rule) => Known::Unconfirmed(*rule),
            Known::Unknown => Known::Unknown,
        };
        Usability::on(as_of, valid_from, valid_until, late)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::testing::{agreement, cpfta_with};
    use proptest::prelude::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn the_signed_dates_decide_both_days_included() {
        let cpfta = agreement("CPFTA");
        let edition = cpfta.edition_on(date("2026-11-12")).unwrap();
        let on = |as_of: &str| edition.usable_on(date(as_of), date("2026-11-12"), Some(date("2027-11-12")));
        assert_eq!(on("2026-11-11"), Usability::NotYetValid);
        assert_eq!(on("2026-11-12"), Usability::Usable);
        assert_eq!(on("2027-11-12"), Usability::Usable);
        assert_eq!(on("2027-11-13"), Usability::Expired(Known::Unknown));
    }

    #[test]
    fn a_late_one_is_told_what_its_agreement_says() {
        let exceptional = r#"late_presentation = { value = "exceptional", article = "Rule 9", confirmed = true }"#;
        let known = cpfta_with("late_presentation = { confirmed = false }", exceptional);
        let late = known.editions[0].usable_on(date("2028-01-01"), date("2026-11-12"), Some(date("2027-11-12")));
        assert_eq!(late, Usability::Expired(Known::Confirmed(LatePresentation::Exceptional)));
    }

    proptest! {
        #[test]
        fn a_certificate_without_an_end_never_expires(days in 0i32..36_500) {
            let from = date("2026-01-01");
            let as_of = from.checked_add(jiff::Span::new().days(days)).unwrap();
            let nonpref = agreement("NONPREF");
            prop_assert_eq!(nonpref.editions[0].usable_on(as_of, from, None), Usability::Usable);
        }
    }
}
