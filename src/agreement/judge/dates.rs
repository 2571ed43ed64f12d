//! Time: validity, and whether a certificate is retrospective, by three dates that are never confused:
//! the day of application, the day of issue, and the day the goods really left.

use super::{Bench, sourced};
use crate::{
    agreement::{
        edition::Edition,
        figure::Known,
        lists::WorkingDays,
        terms::{CountedTo, Grace, LastDay, Limit, Validity},
    },
    certificate::{Endorsement, Finding, Relation, Severity},
    time::Date,
};
use jiff::ToSpan;

/// The last day of `months` months that begin on `from`.
pub(in crate::agreement) fn last_day(from: Date, months: u32, last: LastDay) -> Option<Date> {
    // At the end of a month: 31 August and 6 months end on the last day of February.
    let same_date = from.checked_add(i64::from(months).months()).ok()?;
    match last {
        // That last day is itself the day before the one that February has not.
        LastDay::DayBefore if same_date.day() == from.day() => same_date.yesterday().ok(),
        LastDay::SameDate | LastDay::DayBefore => Some(same_date),
    }
}

/// Whole days from `from` to `to`; negative if `to` is earlier.
fn days_between(from: Date, to: Date) -> i64 {
    from.until(to).map_or(0, |span| i64::from(span.get_days()))
}

/// The day the goods left, as far as the particulars tell.
#[derive(Clone, Copy)]
enum Left {
    Actual(Date),
    Planned(Date),
    /// By the date of a transport document, where nobody states the day itself.
    Shown(Date),
}

impl Left {
    const fn day(self) -> Date {
        match self {
            Self::Actual(day) | Self::Planned(day) | Self::Shown(day) => day,
        }
    }

    const fn path(self) -> &'static str {
        match self {
            Self::Actual(_) => "transport.departure.actual",
            Self::Planned(_) => "transport.departure.planned",
            Self::Shown(_) => "transport.documents",
        }
    }
}

/// Whether a certificate falls into the days without a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Free {
    Yes,
    No,
    /// It depends on holidays that are not held.
    Perhaps,
}

impl Edition {
    /// The last day of use of a certificate issued on `day`, if it has one.
    #[must_use]
    pub fn last_day_of(&self, day: Date) -> Option<Date> {
        match self.validity.value()? {
            Validity::Months { months, last_day: last } => last_day(day, *months, last.unwrap_or(LastDay::SameDate)),
            Validity::Unlimited => None,
        }
    }
}

impl Bench<'_> {
    /// First and last day of use. A true copy has those of the certificate it copies, whatever day it is made: a
    /// lost paper gains no time by being lost.
    pub(super) fn validity(&mut self) -> (Date, Option<Date>) {
        let copied = self.particulars.reference.prior.iter().find(|prior| prior.relation == Relation::TrueCopyOf);
        let from = copied.map_or(self.issued_on, |prior| prior.issued_on);
        let what = "how long the certificate may be used";
        let until = match self.rely(&self.edition.validity, "VALIDITY", "", what) {
            Some(Validity::Months { months, last_day: Some(last) }) => last_day(from, *months, *last),
            Some(Validity::Months { months, last_day: None }) => {
                let until = last_day(from, *months, LastDay::SameDate);
                if let Some(until) = until {
                    let message = format!(
                        "the sources do not say whether {until} or the day before is the last; {until} is taken"
                    );
                    self.push(sourced(&self.edition.validity, Finding::unknown("VALIDITY", "", message)));
                }
                until
            }
            Some(Validity::Unlimited) | None => None,
        };
        let until = self.ends_with_original(until);
        if let Some(until) = until
            && until < self.issued_on
        {
            let message = format!("it would be issued on {}, after its last day of use, {until}", self.issued_on);
            self.contradicts(&self.edition.validity, Finding::error("VALIDITY", "reference.prior", message));
        }
        (from, until)
    }

    /// A certificate that rests on earlier ones may have to end when the first of them does.
    fn ends_with_original(&mut self, own: Option<Date>) -> Option<Date> {
        let mut until = own;
        for (index, prior) in self.particulars.reference.prior.iter().enumerate() {
            let provision = self.edition.provision_for(prior, &self.particulars.reference.prior);
            // A copy's days were taken from the start; those of materials do not concern this certificate.
            let Some((_, provision)) = provision.filter(|_| prior.relation != Relation::TrueCopyOf) else { continue };
            let Some(end) = self.last_day_of(prior.issued_on) else { continue };
            if until.is_none_or(|until| until <= end) {
                continue;
            }
            let path = format!("reference.prior[{index}]");
            let what = "whether it may be used longer than the certificate it rests on";
            if self.rely(&provision.ends_with_original, "PRIOR_VALIDITY", &path, what) == Some(&true) {
                until = Some(end);
            }
        }
        until
    }

    /// The last day of use of a certificate of this edition issued on `day`, if it has one.
    pub(super) fn last_day_of(&self, day: Date) -> Option<Date> {
        self.edition.last_day_of(day)
    }

    /// Whether a certificate so many days after shipment bears no mark yet. Working days are those of the exporting
    /// country; where its holidays are not held and could matter, that is said, and weekends alone are left out.
    fn within_grace(&mut self, grace: Grace, left: Left, day: Date, days: i64) -> Free {
        let free = if days <= i64::from(grace.days) { Free::Yes } else { Free::No };
        if !grace.working || free == Free::Yes {
            return free;
        }
        let from = self.particulars.from;
        match self.holidays.count(from, left.day(), day, grace.days) {
            WorkingDays::Within => Free::Yes,
            WorkingDays::Beyond => Free::No,
            WorkingDays::Unknown { weekdays, year } => {
                let message = format!(
                    "{weekdays} days from Monday to Friday lie between shipment and {day}; {grace} are free of a mark, \
                     and the holidays of {from} in {year} are not held here"
                );
                let finding = Finding::unknown("RETROSPECTIVE", left.path(), message);
                self.push(sourced(&self.edition.retrospective.unmarked_days, finding));
                if weekdays <= grace.days { Free::Yes } else { Free::Perhaps }
            }
        }
    }

    /// Whether the certificate is retrospective, and the mark it bears.
    pub(super) fn retrospective(&mut self) -> (bool, Option<Endorsement>) {
        // A copy says what the original said, whatever day it is made.
        if self.particulars.flags().true_copy {
            return (super::papers::brought(self.particulars, RETROSPECTIVE).is_some(), None);
        }
        let retrospective = self.is_retrospective();
        let brought = super::papers::brought(self.particulars, RETROSPECTIVE);
        if retrospective {
            self.reason();
            let rules = &self.edition.retrospective;
            return (true, self.mark(RETROSPECTIVE, &rules.wording, &rules.printed_in_box, None));
        }
        if let Some(index) = brought {
            let path = format!("remarks.endorsements[{index}]");
            let message = "the mark of a late certificate is brought, and by its dates this one is not late";
            self.push(
                Finding::warning("RETROSPECTIVE", path, message)
                    .with_help("leave the mark out, or state the day the goods really left"),
            );
        }
        (false, None)
    }

    fn is_retrospective(&mut self) -> bool {
        let Some(left) = self.left() else { return false };
        let rules = &self.edition.retrospective;
        let counted_to = rules.counted_to.value().copied().unwrap_or(CountedTo::Issue);
        let day = self.counted_day(counted_to, left);
        let days = days_between(left.day(), day);
        if days <= 0 {
            return false;
        }
        // From here on the answer depends on the agreement's figures.
        self.rely(
            &rules.counted_to,
            "RETROSPECTIVE",
            left.path(),
            "whether application or issue decides that it is late",
        );
        let what = format!("whether a certificate {days} days after shipment is marked as late");
        let unmarked = self.rely(&rules.unmarked_days, "RETROSPECTIVE", left.path(), &what);
        let free = unmarked.map_or(Free::No, |grace| self.within_grace(*grace, left, day, days));
        if free == Free::Yes {
            return false;
        }
        self.planned_only(left, days);
        if rules.allowed.value() == Some(&false) {
            if free == Free::Perhaps {
                let message = format!(
                    "{} gives no certificate afterwards, and whether the days for it are over is not known",
                    self.agreement.code
                );
                self.push(sourced(&rules.allowed, Finding::unknown("RETROSPECTIVE_WINDOW", left.path(), message)));
                return true;
            }
            let message = format!(
                "the goods left on {}, and {} gives no certificate afterwards",
                left.day(),
                self.agreement.code
            );
            self.contradicts(&rules.allowed, Finding::error("RETROSPECTIVE_WINDOW", left.path(), message));
            return unmarked.is_some();
        }
        self.window(left, day, counted_to);
        // Where it is not known from which day on it is marked, no mark is put on it; that was said.
        unmarked.is_some()
    }

    fn left(&mut self) -> Option<Left> {
        if let Some(day) = self.departed {
            return Some(Left::Actual(day));
        }
        let departure = self.particulars.transport.as_ref().and_then(|transport| transport.departure.as_ref());
        let actual = departure.and_then(|departure| departure.actual);
        let planned = departure.and_then(|departure| departure.planned);
        let shown = self.shipped_by_its_documents();
        let left = match (actual, planned, shown) {
            (Some(actual), ..) => Some(Left::Actual(actual)),
            // What was planned has been overtaken: the goods were taken on board before.
            (None, Some(planned), Some(shown)) if shown < planned => {
                let message = format!(
                    "the departure is planned for {planned}, and a transport document of {shown} shows that the goods \
                     were taken on board before: {shown} is taken"
                );
                let help = "state the day they really left, if it is another";
                self.push(Finding::warning("DEPARTURE", "transport.documents", message).with_help(help));
                Some(Left::Shown(shown))
            }
            (None, Some(planned), _) => Some(Left::Planned(planned)),
            (None, None, shown) => shown.map(Left::Shown),
        };
        match left {
            None if self.agreement.preferential => {
                let message = "without the day the goods leave, whether the certificate is late is not known";
                self.push(
                    Finding::unknown("RETROSPECTIVE", "transport.departure", message)
                        .with_help("state the planned day, or the actual one once they have left"),
                );
            }
            // A day more than the office's date, because the ship may lie in another time zone.
            Some(Left::Actual(day)) if days_between(self.issued_on, day) > 1 => {
                let message =
                    format!("{day} is after the day of issue, {}, so it cannot have happened", self.issued_on);
                let help = "a day still to come is `planned`";
                self.push(Finding::error("DEPARTURE", "transport.departure.actual", message).with_help(help));
            }
            _ => {}
        }
        left
    }

    /// The earliest day on which a transport document of the whole way or of the first leg says that the goods were
    /// taken over. One dated after issue shows nothing yet.
    fn shipped_by_its_documents(&self) -> Option<Date> {
        let transport = self.particulars.transport.as_ref()?;
        let first = transport.legs.first();
        let of_the_leg = first.and_then(|leg| leg.departed_on.or(leg.document.as_ref().and_then(|one| one.date)));
        let dates = transport.documents.iter().filter_map(|document| document.date).chain(of_the_leg);
        dates.filter(|day| *day <= self.issued_on).min()
    }

    /// The day that decides. Where the agreement counts to the application and its day is not given, issue
    /// decides, which is never earlier; that is said.
    fn counted_day(&mut self, counted_to: CountedTo, left: Left) -> Date {
        let path = "application.received_on";
        let received_on = self.particulars.application.as_ref().and_then(|facts| facts.received_on);
        if let Some(received_on) = received_on
            && received_on > self.issued_on
        {
            let message = format!("the application of {received_on} is later than issue on {}", self.issued_on);
            self.push(Finding::error("APPLICATION", path, message));
        }
        match (counted_to, received_on) {
            (CountedTo::Issue, _) => self.issued_on,
            (CountedTo::Application, Some(received_on)) => received_on,
            (CountedTo::Application, None) => {
                if self.issued_on > left.day() {
                    let message = "the day of the application decides whether the certificate is late, and is not given; \
                                   the day of issue is taken in its place";
                    let finding =
                        Finding::unknown("APPLICATION", path, message).with_help("state when the application came in");
                    self.push(sourced(&self.edition.retrospective.counted_to, finding));
                }
                self.issued_on
            }
        }
    }

    fn planned_only(&mut self, left: Left, days: i64) {
        if let Left::Planned(day) = left {
            let message =
                format!("the departure planned for {day} lies {days} days back and the actual one is not given");
            self.push(
                Finding::warning("RETROSPECTIVE", left.path(), message)
                    .with_help("state the actual departure: it decides whether and how the certificate is marked"),
            );
        }
    }

    fn window(&mut self, left: Left, day: Date, counted_to: CountedTo) {
        let figure = &self.edition.retrospective.window_months;
        let what = "until when after shipment a certificate may be had";
        match self.rely(figure, "RETROSPECTIVE_WINDOW", left.path(), what) {
            Some(Limit::At(months)) => {
                let last = last_day(left.day(), *months, LastDay::SameDate);
                if last.is_some_and(|last| day > last) {
                    let act = match counted_to {
                        CountedTo::Issue => "issue",
                        CountedTo::Application => "the application",
                    };
                    let message = format!(
                        "the goods left on {} and {act} is on {day}, more than {months} months later: \
                         a certificate can no longer be had",
                        left.day()
                    );
                    self.contradicts(figure, Finding::error("RETROSPECTIVE_WINDOW", left.path(), message));
                }
            }
            Some(Limit::None) | None => {}
        }
    }

    fn reason(&mut self) {
        let facts = self.particulars.application.as_ref();
        if facts.is_some_and(|facts| facts.retrospective_reason.is_some()) {
            return;
        }
        let figure = &self.edition.retrospective.reason_required;
        let path = "application.retrospective_reason";
        let help = "state why the certificate was not applied for before the goods left";
        match figure.known() {
            Known::Confirmed(true) | Known::Unconfirmed(true) => {
                let finding = Finding::error("RETROSPECTIVE_REASON", path, "the reason for being late is missing");
                self.contradicts(figure, finding.with_help(help));
            }
            Known::Unknown => {
                let message = "whether the reason for being late must be stated is not known";
                let finding = Finding::new(Severity::Unknown, "RETROSPECTIVE_REASON", path, message);
                self.push(finding.with_help(help));
            }
            Known::Confirmed(false) | Known::Unconfirmed(false) => {}
        }
    }
}

/// Canonical name of the mark of a late certificate, whatever an agreement's words for it.
const RETROSPECTIVE: &str = "ISSUED_RETROACTIVELY";
