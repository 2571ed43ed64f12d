//! Days on which the offices of a country rest, year by year, and the count of its working days.

use crate::{
    agreement::{
        fields::{Faults, Fields, FromValue, read_files, words},
        load::AgreementErrors,
        terms::{Span, SpanUnit},
    },
    certificate::Country,
    time::Date,
};
use jiff::{ToSpan, civil::Weekday};
use std::collections::{BTreeMap, BTreeSet};
use toml::Value;

words! {
    /// A day of the week.
    DayOfWeek {
        /// Monday.
        Monday = "monday",
        /// Tuesday.
        Tuesday = "tuesday",
        /// Wednesday.
        Wednesday = "wednesday",
        /// Thursday.
        Thursday = "thursday",
        /// Friday.
        Friday = "friday",
        /// Saturday.
        Saturday = "saturday",
        /// Sunday.
        Sunday = "sunday",
    }
}

impl DayOfWeek {
    fn of(date: Date) -> Self {
        match date.weekday() {
            Weekday::Monday => Self::Monday,
            Weekday::Tuesday => Self::Tuesday,
            Weekday::Wednesday => Self::Wednesday,
            Weekday::Thursday => Self::Thursday,
            Weekday::Friday => Self::Friday,
            Weekday::Saturday => Self::Saturday,
            Weekday::Sunday => Self::Sunday,
        }
    }
}

/// A holiday with its name.
struct Holiday(Date);

impl FromValue for Holiday {
    fn from_value(value: &Value, path: &str, faults: &Faults) -> Option<Self> {
        let mut fields = Fields::open(value, path, faults)?;
        let (date, name) = (fields.required::<Date>("date"), fields.required::<String>("name"));
        fields.close();
        name.and(date).map(Self)
    }
}

/// One year of one country.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Year {
    weekend: Vec<DayOfWeek>,
    rest: BTreeSet<Date>,
    /// Days of a weekend on which offices work, in place of others.
    work: BTreeSet<Date>,
}

impl Year {
    fn is_working(&self, date: Date) -> bool {
        self.work.contains(&date) || !self.rest.contains(&date) && !self.weekend.contains(&DayOfWeek::of(date))
    }
}

/// A count of working days against a limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkingDays {
    /// No more than the limit.
    Within,
    /// More than the limit.
    Beyond,
    /// It depends on holidays that are not held here.
    Unknown {
        /// Days from Monday to Friday.
        weekdays: u32,
        /// The first year whose holidays are missing.
        year: i16,
    },
}

/// The holidays an operator installed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holidays(BTreeMap<(Country, i16), Year>);

/// Holidays in a row that could still be on the way of a count of working days: Golden Week and its like.
const IN_A_ROW: u32 = 8;

impl Holidays {
    /// None are held: beyond weekends no count is known.
    #[must_use]
    pub const fn none() -> Self {
        Self(BTreeMap::new())
    }

    /// Reads files, given as name and TOML text:
    /// `[[holidays]] country, year, weekend, days = [{ date, name }], working_days, source`.
    pub fn load<N: AsRef<str>, T: AsRef<str>>(
        files: impl IntoIterator<Item = (N, T)>,
    ) -> Result<Self, AgreementErrors> {
        let mut holidays = Self::none();
        let faults = read_files(files, super::folder::FORMAT, |fields| holidays.read(fields));
        if faults.is_empty() { Ok(holidays) } else { Err(AgreementErrors(faults)) }
    }

    /// Reads the years of an open file.
    pub(super) fn read(&mut self, fields: &mut Fields<'_>) {
        for (place, (country, year, read)) in fields.list("holidays", year).into_iter().enumerate() {
            if self.0.insert((country, year), read).is_some() {
                let path = format!("holidays[{place}]");
                fields.faults().add(&path, format!("the holidays of {country} in {year} stand here twice"));
            }
        }
    }

    /// The countries and years held.
    pub fn years(&self) -> impl Iterator<Item = (Country, i16)> {
        self.0.keys().copied()
    }

    /// Whether more than `most` working days of `country` lie after `from`, up to and with `to`.
    #[must_use]
    pub fn count(&self, country: Country, from: Date, to: Date, most: u32) -> WorkingDays {
        let mut counted = 0_u32;
        let mut day = from;
        while day < to {
            let Ok(next) = day.tomorrow() else { break };
            day = next;
            let Some(year) = self.0.get(&(country, day.year())) else {
                return unknown(from, to, most, day.year());
            };
            counted += u32::from(year.is_working(day));
            if counted > most {
                return WorkingDays::Beyond;
            }
        }
        WorkingDays::Within
    }
}

impl Holidays {
    /// The last day of a time limit that begins after a day. Working days are those of the country's offices; where its
    /// holidays are not held, weekends alone are left out, so that the day is never too late.
    #[must_use]
    pub fn last_day(&self, country: Country, from: Date, limit: &Span) -> Option<Date> {
        let mut day = limit.last_day(from)?;
        let Some(most) = limit.length.checked_sub(1).filter(|_| limit.unit == SpanUnit::WorkingDays) else {
            return Some(day);
        };
        while self.count(country, from, day, most) == WorkingDays::Within {
            day = day.tomorrow().ok()?;
        }
        Some(day)
    }
}

/// Without the holidays, a count is certain only where no row of them could change it.
fn unknown(from: Date, to: Date, most: u32, year: i16) -> WorkingDays {
    let weekdays = weekdays(from, to);
    if weekdays > most.saturating_add(IN_A_ROW) { WorkingDays::Beyond } else { WorkingDays::Unknown { weekdays, year } }
}

/// Days from Monday to Friday after `from`, up to and with `to`.
fn weekdays(from: Date, to: Date) -> u32 {
    let days = from.until(to).map_or(0, |span| i64::from(span.get_days())).max(0);
    // Of every whole week five; of the rest, one by one.
    let (weeks, rest) = (days / 7, days % 7);
    let worked = (1..=rest)
        .filter_map(|after| from.checked_add((weeks * 7 + after).days()).ok())
        .filter(|day| !matches!(DayOfWeek::of(*day), DayOfWeek::Saturday | DayOfWeek::Sunday))
        .count();
    u32::try_from(weeks * 5).unwrap_or(u32::MAX).saturating_add(u32::try_from(worked).unwrap_or_default())
}

fn year(fields: &mut Fields<'_>) -> Option<(Country, i16, Year)> {
    let (country, year) = (fields.required::<Country>("country"), fields.required::<u32>("year"));
    let weekend = fields.optional::<Vec<DayOfWeek>>("weekend");
    let days = fields.required::<Vec<Holiday>>("days");
    let work = fields.optional::<Vec<Date>>("working_days").unwrap_or_default();
    let source = fields.required::<String>("source");
    let year = year.and_then(|year| i16::try_from(year).ok().filter(|year| (1990..=2200).contains(year)));
    if year.is_none() {
        fields.faults().add(&fields.at("year"), "a year from 1990 to 2200 is expected");
    }
    let weekend = weekend.unwrap_or_else(|| vec![DayOfWeek::Saturday, DayOfWeek::Sunday]);
    let rest: BTreeSet<Date> = days?.into_iter().map(|day| day.0).collect();
    for (name, day) in rest.iter().map(|day| ("days", day)).chain(work.iter().map(|day| ("working_days", day))) {
        if year.is_some_and(|year| day.year() != year) {
            fields.faults().add(&fields.at(name), format!("{day} is not of that year"));
        }
    }
    if let Some(day) = work.iter().find(|day| rest.contains(day)) {
        fields.faults().add(&fields.at("working_days"), format!("{day} is a holiday too"));
    }
    source?;
    Some((country?, year?, Year { weekend, rest, work: work.into_iter().collect() }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    /// China's Spring Festival of 2026 with its working weekends: 14 and 28 February.
    const CHINA: &str = r#"
        format = 1
        [[holidays]]
        country = "CN"
        year = 2026
        days = [
            { date = "2026-02-15", name = "Spring Festival" }, { date = "2026-02-16", name = "Spring Festival" },
            { date = "2026-02-17", name = "Spring Festival" }, { date = "2026-02-18", name = "Spring Festival" },
            { date = "2026-02-19", name = "Spring Festival" }, { date = "2026-02-20", name = "Spring Festival" },
        ]
        working_days = ["2026-02-14", "2026-02-28"]
        source = "for this test"
    "#;

    fn china() -> Holidays {
        Holidays::load([("cn.toml", CHINA)]).unwrap_or_else(|errors| panic!("{errors}"))
    }

    #[test]
    fn working_days_leave_out_weekends_and_holidays_and_count_weekends_that_are_worked() {
        let within =
            |from: &str, to: &str| china().count("CN".parse().unwrap(), date(from), date(to), 3) == WorkingDays::Within;
        // From Thursday the 12th: Friday 13, Saturday 14 (worked), then Monday 23.
        assert!(within("2026-02-12", "2026-02-23") && !within("2026-02-12", "2026-02-24"));
        // From Friday the 27th: Saturday 28 (worked), Monday 2 and Tuesday 3 March.
        assert!(within("2026-02-27", "2026-03-03") && !within("2026-02-27", "2026-03-04"));
        assert!(within("2026-02-27", "2026-02-27") && within("2026-02-27", "2026-02-01"));
    }

    #[test]
    fn what_is_not_held_is_not_known_and_the_year_is_named() {
        let count =
            |country: &str, from: &str, to: &str| china().count(country.parse().unwrap(), date(from), date(to), 3);
        let unknown = |weekdays, year| WorkingDays::Unknown { weekdays, year };
        assert_eq!(count("VN", "2026-01-30", "2026-02-04"), unknown(3, 2026));
        assert_eq!(count("CN", "2026-12-30", "2027-01-04"), unknown(3, 2027), "the second year is missing");
        assert_eq!(count("VN", "2026-01-30", "2026-05-01"), WorkingDays::Beyond, "no holidays are that long");
        // Four working days are over before the year is.
        assert_eq!(count("CN", "2026-12-20", "2027-01-04"), WorkingDays::Beyond);
    }

    #[test]
    fn a_weekend_may_be_friday_and_saturday() {
        let text = CHINA
            .replace("\"CN\"", "\"EG\"")
            .replace("year = 2026", "year = 2026\nweekend = [\"friday\", \"saturday\"]");
        let egypt = Holidays::load([("eg.toml", text)]).unwrap();
        // Thursday 5 March to Tuesday the 10th: Sunday, Monday, Tuesday.
        assert_eq!(egypt.count("EG".parse().unwrap(), date("2026-03-05"), date("2026-03-10"), 3), WorkingDays::Within);
        assert_eq!(egypt.count("EG".parse().unwrap(), date("2026-03-05"), date("2026-03-11"), 3), WorkingDays::Beyond);
    }

    #[test]
    fn mistakes_of_a_file_are_all_reported() {
        let twice = CHINA.to_owned() + CHINA.split_once("format = 1").unwrap().1;
        let said = |text: &str| Holidays::load([("x.toml", text)]).unwrap_err().to_string();
        assert!(said(&twice).contains("twice"));
        assert!(said(&CHINA.replace("2026-02-28", "2027-02-28")).contains("not of that year"));
        assert!(said(&CHINA.replace("\"2026-02-28\"", "\"2026-02-16\"")).contains("a holiday too"));
        assert!(said(&CHINA.replace("source =", "sauce =")).contains("did you mean `source`?"));
        assert!(
            said("format = 1\nholidays = [{ country = \"CN\", year = 26, days = [], source = \"x\" }]")
                .contains("1990")
        );
    }

    proptest! {
        #[test]
        fn without_holidays_the_weekdays_are_those_counted_one_by_one(start in 0i32..3_000, length in 0i32..400) {
            let from = date("2024-01-01").checked_add(start.days()).unwrap();
            let to = from.checked_add(length.days()).unwrap();
            let one_by_one = (1..=length).filter(|after| {
                let day = from.checked_add(after.days()).unwrap();
                !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
            });
            prop_assert_eq!(weekdays(from, to), u32::try_from(one_by_one.count()).unwrap());
        }
    }
}
