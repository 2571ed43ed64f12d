//! The day a question is about, where that day is counted, and the instant it is over.

use super::{Day, Question};
use crate::time::{Timestamp, ZoneName};

/// A day and its last instant.
#[derive(Debug, Clone)]
pub(super) struct AsOf {
    pub(super) day: Day,
    /// The instant after which nothing bears on that day: its end there, or the verifier's clock if that is
    /// earlier. The age of a status is counted from here.
    pub(super) until: Timestamp,
}

impl AsOf {
    /// The day asked, or the day it is at the question's instant, by the clock of the importing country.
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
        let until = question.at.min(zone.end_of(date));
        Self { day: Day { date, zone: zone.as_str().to_owned(), asked: question.as_of.is_some() }, until }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::parse_date;

    #[test]
    fn today_is_the_importing_countrys_today() {
        let at: Timestamp = "2026-12-01T20:00:00Z".parse().unwrap();
        let shanghai = ZoneName::new("Asia/Shanghai").unwrap();
        let there = AsOf::of(&Question::at(at), Some(&shanghai));
        assert_eq!((there.day.date, there.day.asked), (parse_date("2026-12-02").unwrap(), false));
        assert_eq!(there.until, at);
        let unknown = AsOf::of(&Question::at(at), None);
        assert_eq!((unknown.day.date.to_string().as_str(), unknown.day.zone.as_str()), ("2026-12-01", "UTC"));
    }

    #[test]
    fn a_day_long_past_is_over_at_its_end_there_not_now() {
        let at: Timestamp = "2027-06-01T00:00:00Z".parse().unwrap();
        let nairobi = ZoneName::new("Africa/Nairobi").unwrap();
        let past = AsOf::of(&Question::at(at).on(parse_date("2026-12-01")), Some(&nairobi));
        assert_eq!(past.until.to_string(), "2026-12-01T21:00:00Z");
    }
}
