//! Whether the scheme is for these goods, on this route, on these days.

use super::{Bench, sourced};
use crate::{
    certificate::{Country, Finding, Severity},
    time::Date,
};

impl Bench<'_> {
    /// `valid_until` is the certificate's last day of use.
    pub(super) fn eligibility(&mut self, valid_until: Option<Date>) {
        self.shipped();
        self.imported(valid_until);
        self.quotas();
        self.closed_routes();
    }

    /// The day the goods leave, actual or else planned, and where it stands.
    pub(super) fn departure(&self) -> Option<(Date, &'static str)> {
        if let Some(day) = self.departed {
            return Some((day, "transport.departure.actual"));
        }
        let departure = self.particulars.transport.as_ref()?.departure.as_ref()?;
        let actual = departure.actual.map(|day| (day, "transport.departure.actual"));
        actual.or_else(|| departure.planned.map(|day| (day, "transport.departure.planned")))
    }

    fn shipped(&mut self) {
        let figure = &self.edition.eligibility.shipped;
        let Some(days) = figure.value() else { return };
        let code = &self.agreement.code;
        let Some((left, path)) = self.departure() else {
            let message = format!("{code} is for goods shipped {days}, and the day they leave is not given");
            self.push(sourced(figure, Finding::unknown("SCHEME_DATES", "transport.departure", message)));
            return;
        };
        if !days.covers(left) {
            let message = format!("{code} is for goods shipped {days}, not on {left}");
            self.contradicts(figure, Finding::error("SCHEME_DATES", path, message));
        }
    }

    fn imported(&mut self, valid_until: Option<Date>) {
        let figure = &self.edition.eligibility.imported;
        let Some(days) = figure.value() else { return };
        let code = &self.agreement.code;
        // Goods cannot be imported before they are shipped, nor under a certificate that is not issued yet.
        let earliest = self.departure().map_or(self.issued_on, |(left, _)| left.max(self.issued_on));
        if let Some(last) = days.until
            && last < earliest
        {
            let message = format!("{code} is for goods imported {days}, which these cannot be any more");
            self.contradicts(figure, Finding::error("SCHEME_DATES", "", message));
        } else if valid_until.is_some_and(|until| until < days.from) {
            let message = format!("{code} is for goods imported {days}, when this certificate has ended");
            self.contradicts(figure, Finding::error("SCHEME_DATES", "", message));
        } else if let Some(last) = days.until
            && valid_until.is_none_or(|until| until > last)
        {
            let message = format!("preference is granted for goods imported until {last}, before the certificate ends");
            self.push(sourced(figure, Finding::warning("SCHEME_DATES", "", message)));
        }
    }

    fn quotas(&mut self) {
        let given = self.particulars.remarks.as_ref().is_some_and(|remarks| remarks.quota.is_some());
        if given {
            return;
        }
        for quota in &self.edition.eligibility.quotas {
            if !self.on_route(&quota.from, &quota.to) {
                continue;
            }
            let first = self.particulars.goods.items.iter().position(|item| {
                item.hs.as_ref().is_some_and(|hs| quota.hs.iter().any(|prefix| prefix.covers(hs.code.as_str())))
            });
            let Some(index) = first else { continue };
            let message =
                format!("{} has its preference within a quota only, and no quota certificate is given", quota.goods);
            let severity = if quota.confirmed { Severity::Warning } else { Severity::Unknown };
            let mut finding = Finding::new(severity, "QUOTA", format!("goods.items[{index}].hs"), message);
            finding.article.clone_from(&quota.article);
            finding.help.clone_from(&quota.note);
            self.push(finding);
        }
    }

    fn closed_routes(&mut self) {
        for route in &self.edition.eligibility.closed {
            if !self.on_route(&route.from, &route.to) || self.issued_on <= route.last_issue {
                continue;
            }
            let (from, to) = (self.particulars.from, self.particulars.to);
            let message = format!("{to} takes no such certificate of {from} issued after {}", route.last_issue);
            let severity = if route.confirmed { Severity::Error } else { Severity::Warning };
            let mut finding = Finding::new(severity, "ROUTE_CLOSED", "to", message);
            finding.article.clone_from(&route.article);
            finding.help = route.instead.as_ref().map(|instead| format!("in its place: {instead}"));
            self.push(finding);
        }
    }

    /// Whether a rule for these exporting and importing countries concerns this certificate; empty is all.
    pub(super) fn on_route(&self, from: &[Country], to: &[Country]) -> bool {
        (from.is_empty() || from.contains(&self.particulars.from))
            && (to.is_empty() || to.contains(&self.particulars.to))
    }
}
