//! Exchange rates as dated files an operator installs. A rate that is not there is not known.

use super::exact::Exact;
use crate::{
    agreement::{
        fields::{Faults, Fields},
        load::AgreementErrors,
    },
    certificate::Currency,
    encoding::Decimal,
    time::Date,
};

/// The version of the file format this house reads.
const FORMAT: u32 = 1;

/// A rate and the days it is good for, both included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rate {
    /// The currency converted.
    pub from: Currency,
    /// The currency converted into.
    pub to: Currency,
    /// Units of `to` for one unit of `from`.
    pub rate: Decimal,
    /// First day.
    pub valid_from: Date,
    /// Last day.
    pub valid_until: Date,
    /// Who published it.
    pub source: String,
}

impl Rate {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let (from, to): (Option<Currency>, Option<Currency>) = (fields.required("from"), fields.required("to"));
        let rate: Option<Decimal> = fields.required("rate");
        let (valid_from, valid_until) = (fields.required("valid_from"), fields.required("valid_until"));
        let source = fields.required("source");
        if rate.is_some_and(Decimal::is_zero) {
            fields.faults().add(&fields.at("rate"), "a rate is above zero");
        }
        if from.is_some() && from == to {
            fields.faults().add(&fields.at("to"), "a rate is between two currencies");
        }
        if let (Some(from), Some(until)) = (valid_from, valid_until)
            && until < from
        {
            fields.faults().add(&fields.at("valid_until"), format!("{until} is before {from}"));
        }
        let (valid_from, valid_until) = (valid_from?, valid_until?);
        Some(Self { from: from?, to: to?, rate: rate?, valid_from, valid_until, source: source? })
    }

    fn covers(&self, on: Date) -> bool {
        self.valid_from <= on && on <= self.valid_until
    }
}

/// The rates an operator installed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rates(Vec<Rate>);

impl Rates {
    /// Without any rate: amounts in two currencies cannot be added.
    #[must_use]
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// Reads files, given as name and TOML text:
    /// `[[rates]] from, to, rate, valid_from, valid_until, source`.
    pub fn load<N: AsRef<str>, T: AsRef<str>>(
        files: impl IntoIterator<Item = (N, T)>,
    ) -> Result<Self, AgreementErrors> {
        let (mut rates, mut faults) = (Vec::<Rate>::new(), Vec::new());
        for (name, text) in files {
            let found = Faults::of(name.as_ref());
            match text.as_ref().parse::<toml::Table>() {
                Ok(table) => {
                    let mut fields = Fields::root(&table, &found);
                    fields.format(FORMAT);
                    for (index, rate) in fields.list("rates", Rate::read).into_iter().enumerate() {
                        let twice = rates.iter().any(|other| {
                            (other.from, other.to) == (rate.from, rate.to)
                                && other.valid_from <= rate.valid_until
                                && rate.valid_from <= other.valid_until
                        });
                        if twice {
                            let message = format!("there are two rates from {} to {} on one day", rate.from, rate.to);
                            found.add(&format!("rates[{index}]"), message);
                        }
                        rates.push(rate);
                    }
                    fields.close();
                }
                Err(error) => found.add("", format!("not TOML: {}", error.to_string().trim_end())),
            }
            faults.extend(found.into_vec());
        }
        if faults.is_empty() { Ok(Self(rates)) } else { Err(AgreementErrors(faults)) }
    }

    /// `amount` of `from` in `to` by the rate of the day, turned round where only the other direction is there;
    /// with the rate used. None without a rate.
    pub(super) fn convert(&self, amount: &Exact, from: Currency, to: Currency, on: Date) -> Option<(Exact, &Rate)> {
        let of_the_day = |a: Currency, b: Currency| self.0.iter().find(|r| r.from == a && r.to == b && r.covers(on));
        if let Some(rate) = of_the_day(from, to) {
            return Some((amount.times(&Exact::of(rate.rate)), rate));
        }
        let rate = of_the_day(to, from)?;
        Some((amount.over(&Exact::of(rate.rate))?, rate))
    }
}
