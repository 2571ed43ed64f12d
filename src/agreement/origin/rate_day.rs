//! Which day's rate of exchange counts: the agreement's, where it says one, else the day judged.

use super::{
    rates::Rates,
    rules::{EditionRules, RateDay},
};
use crate::{
    certificate::{Finding, Particulars},
    time::Date,
};

/// Rates, and the day they are taken of.
pub(super) struct RateOn<'a> {
    pub(super) rates: &'a Rates,
    pub(super) on: Date,
    /// What that day is, as it is printed behind a rate.
    pub(super) day: String,
    /// What keeps the choice of the day from being certain.
    doubt: Option<Finding>,
}

impl<'a> RateOn<'a> {
    /// The day `rules` name, as far as the particulars tell it; else `on`, the day judged.
    pub(super) fn of(rates: &'a Rates, rules: &EditionRules, particulars: &Particulars, on: Date, code: &str) -> Self {
        let figure = &rules.rate_day;
        let sourced = |message: String| {
            let mut finding = Finding::unknown("RATE_DATE", "production", message);
            finding.article = figure.article().map(str::to_owned);
            finding.help = figure.note().map(str::to_owned);
            finding
        };
        let judged = |doubt: String| {
            let message = format!("{doubt}: the rates of the day judged, {on}, are taken");
            Self { rates, on, day: "the day judged".to_owned(), doubt: Some(sourced(message)) }
        };
        let Some(wanted) = figure.value().copied() else {
            return judged(format!("which day's rate of exchange counts under {code} is not known"));
        };
        let day = match wanted {
            RateDay::Issue => Some(on),
            RateDay::Shipment => {
                let departure = particulars.transport.as_ref().and_then(|transport| transport.departure.as_ref());
                departure.and_then(|departure| departure.actual.or(departure.planned))
            }
            RateDay::Invoice => {
                let invoices = particulars.commercial.as_ref().map(|one| one.invoices.as_slice()).unwrap_or_default();
                let mut dates = invoices.iter().map(|invoice| invoice.date);
                // Of several days none could be chosen.
                dates.next().filter(|first| dates.all(|other| other == *first))
            }
            RateDay::Application => particulars.application.as_ref().and_then(|facts| facts.received_on),
        };
        match day {
            None => judged(format!("{code} takes the rate of the day of {wanted}, and that is not given or not one")),
            Some(day) => {
                let text =
                    if wanted == RateDay::Issue { "the day judged".to_owned() } else { format!("the day of {wanted}") };
                let doubt = (!figure.is_confirmed())
                    .then(|| sourced(format!("that the rate of the day of {wanted} counts is not confirmed")));
                Self { rates, on: day, day: text, doubt }
            }
        }
    }

    /// What is to be said where a rate was used.
    pub(super) fn doubt(&self) -> Option<&Finding> {
        self.doubt.as_ref()
    }
}
