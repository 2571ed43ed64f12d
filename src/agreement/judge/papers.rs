//! Special papers and circumstances, their words on the certificate, its number, and what other
//! authorities must add.

use super::{Bench, OnTheForm, dates::last_day, sourced};
use crate::{
    agreement::{
        figure::{Figure, Known},
        terms::{LastDay, Mark, Provision, Window},
    },
    certificate::{
        BoxNumber, Criterion, Endorsement, Finding, Particulars, PriorCertificate, Relation, Severity, ThirdPartyRole,
    },
};

/// Place of the endorsement with this canonical name among those brought.
pub(super) fn brought(particulars: &Particulars, code: &str) -> Option<usize> {
    let endorsements = &particulars.remarks.as_ref()?.endorsements;
    endorsements.iter().position(|endorsement| endorsement.code.as_str() == code)
}

impl<'a> Bench<'a> {
    pub(super) fn papers(&mut self) -> OnTheForm {
        let (particulars, edition) = (self.particulars, self.edition);
        let mut flags = particulars.flags();
        let (retrospective, mark) = self.retrospective();
        flags.retrospective = retrospective;
        let mut endorsements: Vec<Endorsement> = mark.into_iter().collect();
        for (index, prior) in particulars.reference.prior.iter().enumerate() {
            let path = format!("reference.prior[{index}]");
            let provision = edition.provision_for(prior, &particulars.reference.prior);
            let Some((code, provision)) = provision else { continue };
            self.prior_window(prior, provision, &path);
            let endorsement = self.provision(code, provision, &path, Some(prior));
            // Words that do not name the earlier certificate stand once, however many there are.
            endorsements.extend(endorsement.filter(|new| !endorsements.contains(new)));
        }
        if let Some(path) = self.third_party() {
            let provision = &edition.third_party_invoicing;
            endorsements.extend(self.provision("THIRD_PARTY_INVOICING", provision, &path, None));
            if path.starts_with("commercial") && provision.allowed.value() == Some(&true) {
                let message = "an invoice is from outside, and the company is not named in the remarks".to_owned();
                let finding = Finding::warning("THIRD_PARTY_INVOICING", "remarks.third_parties", message);
                let help = "name it there as `invoicing`, with its country: the certificate shows it";
                self.push(sourced(&provision.allowed, finding).with_help(help));
            }
        }
        if particulars.remarks.as_ref().is_some_and(|remarks| remarks.exhibition.is_some()) {
            endorsements.extend(self.provision("EXHIBITION", &edition.exhibition, "remarks.exhibition", None));
        }
        let marks = &edition.marks;
        endorsements.extend(self.item_mark("ACCUMULATION", &marks.accumulation, |one| one.accumulation));
        endorsements.extend(self.item_mark("DE_MINIMIS", &marks.de_minimis, |one| one.de_minimis));
        endorsements
            .extend(self.item_mark("PARTIAL_CUMULATION", &marks.partial_cumulation, |one| one.partial_cumulation));
        self.number();
        self.awaited_endorsements();
        OnTheForm { flags, endorsements }
    }

    /// The words the form bears once where an item is no plain case. Letters behind the criterion, where the
    /// agreement has those and no words, stand there instead.
    fn item_mark(&mut self, code: &str, mark: &Mark, used: fn(&Criterion) -> bool) -> Option<Endorsement> {
        let any = self.particulars.goods.items.iter().filter_map(|item| item.criterion.as_ref()).any(used);
        if !any || mark.wording.value().is_none() && mark.beside_criterion.value().is_some() {
            return None;
        }
        self.mark(code, &mark.wording, &mark.printed_in_box, None)
    }

    /// Judges a circumstance and gives the endorsement it puts on the certificate.
    fn provision(
        &mut self,
        code: &str,
        provision: &Provision,
        path: &str,
        prior: Option<&PriorCertificate>,
    ) -> Option<Endorsement> {
        let name = code.to_lowercase().replace('_', " ");
        match provision.allowed.known() {
            Known::Confirmed(true) => {}
            Known::Confirmed(false) | Known::Unconfirmed(false) => {
                let message = format!("{} does not allow: {name}", self.agreement.code);
                self.contradicts(&provision.allowed, Finding::error(code, path, message));
                return None;
            }
            Known::Unconfirmed(true) => {
                let message = format!("that {} allows it ({name}) is not confirmed", self.agreement.code);
                self.push(sourced(&provision.allowed, Finding::unknown(code, path, message)));
            }
            Known::Unknown => {
                let message = format!("whether {} allows it ({name}) is not known", self.agreement.code);
                self.push(sourced(&provision.allowed, Finding::unknown(code, path, message)));
            }
        }
        // A provision without words of its own puts none on the certificate; one whose allowance is known and
        // whose words are not is told apart by `allowed`.
        if provision.wording.value().is_none() && provision.allowed.value() != Some(&true) {
            return None;
        }
        self.mark(code, &provision.wording, &provision.printed_in_box, prior)
    }

    /// The endorsement with these words. One brought under the same name is held against it and stays.
    pub(super) fn mark(
        &mut self,
        code: &str,
        wording: &Figure<String>,
        printed_in_box: &Figure<BoxNumber>,
        prior: Option<&PriorCertificate>,
    ) -> Option<Endorsement> {
        let index = brought(self.particulars, code);
        let path =
            index.map_or_else(|| "remarks.endorsements".to_owned(), |index| format!("remarks.endorsements[{index}]"));
        let words = match wording.known() {
            Known::Confirmed(words) => words,
            Known::Unconfirmed(words) => {
                let message = format!("that the words are `{words}` is not confirmed");
                self.push(sourced(wording, Finding::unknown("ENDORSEMENT_WORDING", &path, message)));
                words
            }
            Known::Unknown => {
                if index.is_none() {
                    let message =
                        format!("whether the certificate must say so ({code}), and in which words, is not known");
                    let finding = Finding::unknown("ENDORSEMENT_WORDING", &path, message)
                        .with_help("bring the endorsement with the words your form asks for");
                    self.push(sourced(wording, finding));
                }
                return None;
            }
        };
        let text = match prior {
            Some(prior) => words
                .replace("{number}", prior.number.as_ref())
                .replace("{date}", &prior.issued_on.to_string())
                .replace("{country}", prior.country.as_str()),
            None => words.clone(),
        };
        if let Some(existing) = index.and_then(|index| self.particulars.remarks.as_ref()?.endorsements.get(index)) {
            if existing.text.as_str() != text {
                let message = format!("`{}` is brought, and the words are `{text}`", existing.text);
                let finding = Finding::error("ENDORSEMENT_WORDING", format!("{path}.text"), message);
                self.contradicts(
                    wording,
                    finding.with_help("leave the endorsement out: it is added as the agreement says"),
                );
            }
            return None;
        }
        if let Known::Unconfirmed(_) | Known::Unknown = printed_in_box.known() {
            let message = printed_in_box.value().map_or_else(
                || format!("in which box `{text}` stands is not known"),
                |number| format!("that `{text}` stands in box {number} is not confirmed"),
            );
            let mut finding = Finding::unknown("ENDORSEMENT_BOX", &path, message);
            finding.form_box = printed_in_box.value().map(ToString::to_string);
            self.push(sourced(printed_in_box, finding));
        }
        let (Ok(code), Ok(text)) = (code.parse(), text.parse()) else {
            let message = format!("the words of the agreement's data cannot be printed: `{text}`");
            self.push(Finding::error("ENDORSEMENT_WORDING", path, message));
            return None;
        };
        Some(Endorsement { code, text, form_box: printed_in_box.value().cloned() })
    }

    fn prior_window(&mut self, prior: &PriorCertificate, provision: &'a Provision, path: &str) {
        let path = format!("{path}.issued_on");
        // Whether what a copy copies could be had was decided when that was issued.
        if self.particulars.flags().true_copy && prior.relation != Relation::TrueCopyOf {
            return;
        }
        if prior.issued_on > self.issued_on {
            let message =
                format!("the earlier certificate is of {}, later than this one's {}", prior.issued_on, self.issued_on);
            self.push(Finding::error("PRIOR_DATE", path, message));
            return;
        }
        if provision.allowed.value() == Some(&false) {
            return;
        }
        let what = "until when after the earlier certificate this one may be had";
        let (last, until) = match self.rely(&provision.window_months, "PRIOR_WINDOW", &path, what) {
            Some(Window::Months(months)) => {
                (last_day(prior.issued_on, *months, LastDay::SameDate), format!("more than {months} months after"))
            }
            Some(Window::Validity) => {
                (self.last_day_of(prior.issued_on), "no longer within the validity counted from".to_owned())
            }
            Some(Window::None) | None => return,
        };
        if last.is_some_and(|last| self.issued_on > last) {
            let message = format!("{} is {until} {}, when the earlier one was issued", self.issued_on, prior.issued_on);
            self.contradicts(&provision.window_months, Finding::error("PRIOR_WINDOW", path, message));
        }
    }

    /// Where the particulars show an invoice from outside, if they do.
    fn third_party(&self) -> Option<String> {
        let stated =
            self.particulars.remarks.as_ref().and_then(|remarks| {
                remarks.third_parties.iter().position(|third| third.role == ThirdPartyRole::Invoicing)
            });
        if let Some(index) = stated {
            return Some(format!("remarks.third_parties[{index}]"));
        }
        let (from, to) = (self.particulars.from, self.particulars.to);
        let invoices = &self.particulars.commercial.as_ref()?.invoices;
        let outside = invoices.iter().position(|invoice| {
            invoice.issued_by.as_ref().is_some_and(|party| party.country != from && party.country != to)
        })?;
        self.agreement.preferential.then(|| format!("commercial.invoices[{outside}].issued_by"))
    }

    fn number(&mut self) {
        let Some(number) = &self.particulars.reference.number else { return };
        let path = "reference.number";
        let from = self.particulars.from;
        let figures: Vec<_> = self.edition.numbers_of(from).map(|rule| &rule.pattern).collect();
        let matched =
            figures.iter().find(|figure| figure.value().is_some_and(|pattern| pattern.matches(number.as_str())));
        if let Some(figure) = matched {
            if !figure.is_confirmed() {
                let message = format!("`{number}` follows a pattern of {from}'s numbers that is not confirmed");
                self.push(sourced(figure, Finding::unknown("NUMBER_PATTERN", path, message)));
            }
            return;
        }
        // One pattern unknown is enough for the number to be another authority's of that country.
        let unknown = figures.iter().find(|figure| figure.value().is_none());
        match (unknown, figures.iter().find(|figure| !figure.is_confirmed()).or(figures.first())) {
            (None, Some(weakest)) => {
                let patterns: Vec<String> =
                    figures.iter().filter_map(|figure| figure.value()).map(ToString::to_string).collect();
                let message =
                    format!("`{number}` is not how {from} numbers these certificates: {}", patterns.join(" or "));
                self.contradicts(weakest, Finding::error("NUMBER_PATTERN", path, message));
            }
            (unknown, _) => {
                let message = format!("how {from} numbers these certificates is not known");
                let finding = Finding::unknown("NUMBER_PATTERN", path, message);
                self.push(match unknown {
                    Some(figure) => sourced(figure, finding),
                    None => finding,
                });
            }
        }
    }

    fn awaited_endorsements(&mut self) {
        let to = self.particulars.to;
        for required in &self.edition.endorsements {
            if !self.on_route(&required.from, &required.to) {
                continue;
            }
            let act = required.act.as_str().replace('_', " ");
            let message = format!("{to} takes the certificate only when it is {act} by {}", required.by);
            let severity = if required.confirmed { Severity::Warning } else { Severity::Unknown };
            let mut finding = Finding::new(severity, "ENDORSEMENT_AWAITED", "to", message);
            finding.article.clone_from(&required.article);
            finding.help.clone_from(&required.note);
            self.push(finding);
        }
    }
}
