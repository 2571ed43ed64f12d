//! What an office may be given: agreements that there are, and first serials of series that have not begun.

use crate::{
    agreement::Series,
    certificate::{AgreementCode, OfficeCode},
    office::{Actor, Fees, Office, OfficeRecord, OfficeRefused},
    workflow::{Desk, WorkflowError},
};
use std::{collections::BTreeSet, sync::Arc};

impl Desk {
    /// Opens an office, or one that was closed again. It blocks until that is durable.
    pub fn open_office(&self, actor: Actor<'_>, office: Office) -> Result<Arc<OfficeRecord>, WorkflowError> {
        let before = self.offices().find(&office.code);
        self.agreements_there(&BTreeSet::new(), &office)?;
        self.series_ahead(before.as_deref().map(|record| &record.office), &office)?;
        self.offices().open(actor, office)
    }

    /// Changes an office. It blocks until that is durable, and counts from the next call on.
    pub fn change_office(
        &self,
        actor: Actor<'_>,
        code: &OfficeCode,
        change: impl FnOnce(Office) -> Office,
    ) -> Result<Arc<OfficeRecord>, WorkflowError> {
        self.offices().change(actor, code, |before| {
            let after = change(before.clone());
            // What it was given before stays, though its agreement is not installed any more.
            self.agreements_there(&named(&before), &after)?;
            self.series_ahead(Some(&before), &after)?;
            Ok(after)
        })
    }

    /// Refuses agreements that there are not: nothing would be issued, and no fee asked, under them.
    fn agreements_there(&self, before: &BTreeSet<&AgreementCode>, office: &Office) -> Result<(), OfficeRefused> {
        let new = named(office).into_iter().filter(|code| !before.contains(code));
        self.nowhere(new, []).map_or(Ok(()), |why| Err(OfficeRefused::Invalid(why)))
    }

    /// Refuses the first serial of a series whose first number is given: it would change nothing, and be shown. One that
    /// the series' digits have no room for would stop the office when its next number is drawn.
    fn series_ahead(&self, before: Option<&Office>, office: &Office) -> Result<(), WorkflowError> {
        for (agreement, first) in &office.series_begin {
            if before.and_then(|before| before.series_begin.get(agreement)) == Some(first) {
                continue;
            }
            if let Some(last) = self.last_serial(office, agreement).filter(|last| first > last) {
                let words = format!(
                    "the numbers of office {} under {agreement} cannot begin with {first}: the largest that they have room \
                     for is {last}",
                    office.code
                );
                return Err(OfficeRefused::Invalid(words).into());
            }
            if let Some(next) = self.series_reached(office, agreement)? {
                let words = format!(
                    "the numbers of office {} under {agreement} have begun, and the next one is {next}: they count on \
                     from there; where they begin is said before the first is given",
                    office.code
                );
                return Err(OfficeRefused::Invalid(words).into());
            }
        }
        Ok(())
    }

    /// The largest serial of an office under an agreement today; none where it has no series.
    fn last_serial(&self, office: &Office, agreement: &AgreementCode) -> Option<u64> {
        let edition = self.agreements().get(agreement)?.edition_on(office.date_at(self.now()))?;
        self.template(edition).map(Series::last_serial)
    }

    /// The next serial under an agreement; none where a series of today has yet to begin.
    fn series_reached(&self, office: &Office, agreement: &AgreementCode) -> Result<Option<u64>, WorkflowError> {
        let Some(known) = self.agreements().get(agreement) else { return Ok(None) };
        let (day, from) = (office.date_at(self.now()), self.setup().country);
        let members = known.parties.members.iter().map(|member| member.country).filter(|to| *to != from);
        // Where any country may be the destination, a series that does not name it is the same for all.
        let mut routes = members.collect::<Vec<_>>();
        if routes.is_empty() {
            routes.push(from);
        }
        let mut reached = Vec::new();
        for to in routes {
            // A series that has the exporter's registration in its numbers is one for each exporter.
            let drawn = self.series_of(known.edition_on(day), office, agreement, (from, to), None, day);
            let Ok(draw) = drawn else { return Ok(None) };
            reached.push(self.store().series_next(&draw.key)?);
        }
        let begun = reached.iter().all(|next| *next > 0);
        Ok(reached.into_iter().max().filter(|_| begun))
    }
}

/// The agreements that an office names.
fn named(office: &Office) -> BTreeSet<&AgreementCode> {
    let fees = match &office.fees {
        Fees::Under(agreements) => agreements.as_slice(),
        Fees::None | Fees::All => &[],
    };
    office.agreements.iter().chain(fees).chain(office.series_begin.keys()).collect()
}
