//! Exchange rates as dated files an operator installs. A rate that is not there is not known.

use super::exact::Exact;
use crate::{
    agreement::{
        fields::{Fault, Fields, read_files},
        load::AgreementErrors,
    },
    certificate::Currency,
    encoding::Decimal,
    time::Date,
};
use std::collections::BTreeMap;

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
    /// The file it stands in, and its place there.
    stands: (String, usize),
}

impl std::fmt::Display for Rate {
    /// As an explanation prints it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { from, to, rate, valid_from, valid_until, source, .. } = self;
        write!(f, "rate {from} to {to}: {rate} ({source}, {valid_from} to {valid_until})")
    }
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
        let stands = (fields.faults().file().to_owned(), 0);
        Some(Self { from: from?, to: to?, rate: rate?, valid_from, valid_until, source: source?, stands })
    }

    fn covers(&self, on: Date) -> bool {
        self.valid_from <= on && on <= self.valid_until
    }
}

/// The rates an operator installed, by currencies, the earliest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rates(BTreeMap<(Currency, Currency), Vec<Rate>>);

impl Rates {
    /// Without any rate: amounts in two currencies cannot be added.
    #[must_use]
    pub const fn none() -> Self {
        Self(BTreeMap::new())
    }

    /// Reads files, given as name and TOML text:
    /// `[[rates]] from, to, rate, valid_from, valid_until, source`.
    pub fn load<N: AsRef<str>, T: AsRef<str>>(
        files: impl IntoIterator<Item = (N, T)>,
    ) -> Result<Self, AgreementErrors> {
        let mut rates = Vec::new();
        let mut faults = read_files(files, FORMAT, |fields| Self::read(fields, &mut rates));
        let rates = Self::of(rates, &mut faults);
        if faults.is_empty() { Ok(rates) } else { Err(AgreementErrors(faults)) }
    }

    /// Reads the rates of an open file.
    pub(in crate::agreement) fn read(fields: &mut Fields<'_>, into: &mut Vec<Rate>) {
        let read = fields.list("rates", Rate::read);
        into.extend(read.into_iter().enumerate().map(|(place, mut rate)| {
            rate.stands.1 = place;
            rate
        }));
    }

    /// Of all that was read; of two rates for one day neither could be chosen.
    pub(in crate::agreement) fn of(rates: Vec<Rate>, faults: &mut Vec<Fault>) -> Self {
        let mut by_currencies: BTreeMap<(Currency, Currency), Vec<Rate>> = BTreeMap::new();
        for rate in rates {
            by_currencies.entry((rate.from, rate.to)).or_default().push(rate);
        }
        for rates in by_currencies.values_mut() {
            rates.sort_by_key(|rate| rate.valid_from);
            for pair in rates.windows(2) {
                if let [earlier, later] = pair
                    && later.valid_from <= earlier.valid_until
                {
                    let (file, place) = later.stands.clone();
                    let message = format!(
                        "there are two rates from {} to {} on {}; the other stands in {}",
                        later.from, later.to, later.valid_from, earlier.stands.0
                    );
                    faults.push(Fault { file, path: format!("rates[{place}]"), message });
                }
            }
        }
        Self(by_currencies)
    }

    /// How many are held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }

    /// Whether none are held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every rate, by currencies, the earliest first.
    pub fn iter(&self) -> impl Iterator<Item = &Rate> {
        self.0.values().flatten()
    }

    /// An amount in another currency by the rates of a day, cut off after a millionth; none without them.
    #[must_use]
    pub fn in_currency(&self, amount: Decimal, from: Currency, to: Currency, on: Date) -> Option<Decimal> {
        let (converted, _) = self.convert(&Exact::of(amount), from, to, on)?;
        converted.shown(6).parse().ok()
    }

    fn of_the_day(&self, from: Currency, to: Currency, on: Date) -> Option<&Rate> {
        let rates = self.0.get(&(from, to))?;
        let at = rates.partition_point(|rate| rate.valid_from <= on).checked_sub(1)?;
        rates.get(at).filter(|rate| rate.covers(on))
    }

    /// By the rate of the day, turned round where only the other direction is there.
    fn one_step(&self, amount: &Exact, from: Currency, to: Currency, on: Date) -> Option<(Exact, &Rate)> {
        if let Some(rate) = self.of_the_day(from, to, on) {
            return Some((amount.times(&Exact::of(rate.rate)), rate));
        }
        let rate = self.of_the_day(to, from, on)?;
        Some((amount.over(&Exact::of(rate.rate))?, rate))
    }

    /// `amount` of `from` in `to` by the rates of a day, with the rates used: one between the two, else two through a
    /// third currency, as a country's own list gives every rate against its own. None without them.
    pub(super) fn convert(
        &self,
        amount: &Exact,
        from: Currency,
        to: Currency,
        on: Date,
    ) -> Option<(Exact, Vec<&Rate>)> {
        if let Some((converted, rate)) = self.one_step(amount, from, to, on) {
            return Some((converted, vec![rate]));
        }
        let others = self.0.keys().flat_map(|(a, b)| [(*a, *b), (*b, *a)]);
        let through = others.filter(|(side, other)| *side == from && *other != to).map(|(_, other)| other);
        let mut found = through.filter_map(|middle| {
            let (between, first) = self.one_step(amount, from, middle, on)?;
            let (converted, second) = self.one_step(&between, middle, to, on)?;
            Some((converted, vec![first, second]))
        });
        found.next()
    }
}
