//! The day a question is about, and where that day is counted.

use super::{Day, Question};
use crate::time::ZoneName;

impl Day {
    /// The day asked, or the day it is at the question's instant, by the clock of the importing country.
    ///
    /// It says which dates apply and nothing about what is known: knowledge is as old as it is at the
    /// question's instant, whatever day is asked about.
    pub(super) fn of(question: &Question, zone: Option<&ZoneName>) -> Self {
        let utc;
        let zone = match zone {
            Some(zone) => zone,
            None => {
                utc = ZoneName::utc();
                &utc
            }
        };
        let date = question.as_of.unwrap_or_else(|| zone.date_at(question.at));
        Self { date, zone: zone.as_str().to_owned(), asked: question.as_of.is_some() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{Timestamp, parse_date};

    #[test]
    fn today_is_the_importing_countrys_today() {
        let at: Timestamp = "2026-12-01T20:00:00Z".parse().unwrap();
        let shanghai = ZoneName::new("Asia/Shanghai").unwrap();
        let there = Day::of(&Question::at(at), Some(&shanghai));
        assert_eq!((there.date, there.asked), (parse_date("2026-12-02").unwrap(), false));
        let unknown = Day::of(&Question::at(at), None);
        assert_eq!((unknown.date.to_string().as_str(), unknown.zone.as_str()), ("2026-12-01", "UTC"));
    }
}
