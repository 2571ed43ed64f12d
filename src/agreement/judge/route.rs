//! Edition, form, membership and the countries on the way.

use super::{Bench, sourced};
use crate::{
    agreement::{
        edition::Edition,
        figure::{Figure, Known},
        form::{Form, Shows},
        load::Agreement,
        parties::{Member, Participation, Side},
    },
    certificate::{
        Country, EditionCode, Finding, Findings, Locode, Particulars, Severity, Transport, TransportDocumentKind,
    },
    time::Date,
};

impl Agreement {
    /// The edition to judge by. A day outside all editions is an error, unless the edge it lies beyond is not
    /// confirmed: then the nearest edition judges, with a warning.
    pub(in crate::agreement) fn edition_judging(
        &self,
        particulars: &Particulars,
        issued_on: Date,
        findings: &mut Findings,
    ) -> Option<&Edition> {
        if let Some(code) = &particulars.edition {
            return self.edition_named(code, particulars.from, issued_on, findings);
        }
        if let Some(edition) = self.edition_on(issued_on) {
            return Some(edition);
        }
        let nearest = self.nearest(issued_on);
        let edge = nearest.filter(|edition| !edition.in_force_source.is_confirmed());
        let message = format!("no edition of {} is in force on {issued_on}", self.code);
        let finding = match edge {
            Some(edition) => {
                let judge = format!("{message}; judged by edition {}, whose dates are not confirmed", edition.code);
                Finding::warning("EDITION", "", judge)
            }
            None => Finding::error("EDITION", "", message),
        };
        let finding = match nearest {
            Some(edition) => sourced(&edition.in_force_source, finding),
            None => finding,
        };
        findings.push(finding);
        edge
    }

    /// The edition that is nearest to a day outside all.
    pub(in crate::agreement) fn nearest(&self, day: Date) -> Option<&Edition> {
        let before = self.editions.iter().rev().find(|edition| edition.in_force.from <= day);
        before.or_else(|| self.editions.first())
    }

    /// The edition a certificate names: the one in force, or one that may be used beside it on that day.
    fn edition_named(
        &self,
        code: &EditionCode,
        from: Country,
        issued_on: Date,
        findings: &mut Findings,
    ) -> Option<&Edition> {
        let Some(edition) = self.edition(code) else {
            let known = self.editions.iter().map(|edition| edition.code.to_string()).collect::<Vec<_>>().join(", ");
            let finding = Finding::error("EDITION", "edition", format!("{} has no edition `{code}`", self.code));
            findings.push(finding.with_help(format!("one of: {known}; without one, the edition in force is taken")));
            return None;
        };
        if edition.in_force.covers(issued_on) {
            return Some(edition);
        }
        if let Some(overlap) = edition.overlap_on(issued_on, from) {
            if !overlap.confirmed {
                let message = format!("that edition `{code}` may be used on {issued_on} is not confirmed");
                let mut finding = Finding::unknown("EDITION", "edition", message);
                finding.article.clone_from(&overlap.article);
                finding.help.clone_from(&overlap.note);
                findings.push(finding);
            }
            return Some(edition);
        }
        let message = format!("edition `{code}` is not in force on {issued_on}");
        let mut finding = sourced(&edition.in_force_source, Finding::error("EDITION", "edition", message));
        if edition.in_force_source.is_confirmed() {
            findings.push(finding);
            return None;
        }
        finding.severity = Severity::Warning;
        finding.message.push_str("; its dates are not confirmed, so it judges");
        findings.push(finding);
        Some(edition)
    }

    /// The form asked for, or else the exporting country's.
    pub(in crate::agreement) fn form_judging<'e>(
        edition: &'e Edition,
        particulars: &Particulars,
        findings: &mut Findings,
    ) -> Option<&'e Form> {
        let known = || edition.forms.iter().map(|form| form.code.to_string()).collect::<Vec<_>>().join(", ");
        let Some(code) = &particulars.form else {
            let form = edition.form_of(particulars.from);
            if form.is_none() {
                let message = format!("no form is known for certificates of {}", particulars.from);
                findings.push(Finding::error("FORM", "form", message).with_help(format!("one of: {}", known())));
            }
            return form;
        };
        let Some(form) = edition.form(code) else {
            let message = format!("edition {} has no form `{code}`", edition.code);
            findings.push(Finding::error("FORM", "form", message).with_help(format!("one of: {}", known())));
            return None;
        };
        if !form.issued_by.is_empty() && !form.issued_by.contains(&particulars.from) {
            let countries = form.issued_by.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let message = format!("form `{code}` is issued by {countries}, not by {}", particulars.from);
            let mut finding = Finding::error("FORM", "form", message);
            finding.article.clone_from(&form.article);
            if !form.confirmed {
                finding.severity = Severity::Warning;
            }
            findings.push(finding);
        }
        Some(form)
    }
}

impl Bench<'_> {
    pub(super) fn route(&mut self) {
        let (from, to) = (self.particulars.from, self.particulars.to);
        self.membership("from", from);
        self.membership("to", to);
        self.registered_exporter();
        self.transit();
    }

    fn membership(&mut self, path: &str, country: Country) {
        let parties = &self.agreement.parties;
        if parties.open {
            return;
        }
        let code = &self.agreement.code;
        // A form without a box for the country shows it with the address.
        let boxes =
            if path == "to" { [Shows::Destination, Shows::Consignee] } else { [Shows::Origin, Shows::Exporter] };
        let number = boxes.into_iter().find_map(|shows| self.form.box_of(shows)).map(ToString::to_string);
        let boxed = |finding: Finding| Finding { form_box: number.clone(), ..finding };
        let Some(member) = parties.member(country) else {
            let mut finding = boxed(Finding::error("MEMBERSHIP", path, format!("{country} is not a member of {code}")));
            finding.help = Some(if parties.excluded.contains(&country) {
                "it is expressly left out; a non-preferential certificate may serve".to_owned()
            } else if parties.former.contains(&country) {
                "it left, and still stands in old lists; a non-preferential certificate may serve".to_owned()
            } else {
                "check the agreement; a non-preferential certificate may serve".to_owned()
            });
            if parties.excluded.contains(&country) {
                self.push(sourced(&parties.complete, finding));
            } else if parties.former.contains(&country) || parties.complete.value() == Some(&true) {
                self.contradicts(&parties.complete, finding);
            } else {
                let message = format!("whether {country} is a member of {code} is not known: not all are listed here");
                self.push(sourced(&parties.complete, boxed(Finding::unknown("MEMBERSHIP", path, message))));
            }
            return;
        };
        self.side(path, member);
        let issued_on = self.issued_on;
        let sourced_here = |mut finding: Finding| {
            finding.article.clone_from(&member.article);
            finding
        };
        if !member.confirmed {
            let message = format!("whether {country} is a member of {code} is not confirmed");
            self.push(sourced_here(boxed(Finding::unknown("MEMBERSHIP", path, message))));
        }
        if let Some(from) = member.from.value()
            && issued_on < *from
        {
            let message = format!("{country} is a member of {code} from {from} on, not yet on {issued_on}");
            self.contradicts(&member.from, boxed(Finding::error("MEMBERSHIP", path, message)));
        }
        if let Some(until) = member.until.value()
            && issued_on > *until
        {
            let message = format!("{country} was a member of {code} until {until}, no longer on {issued_on}");
            self.contradicts(&member.until, boxed(Finding::error("MEMBERSHIP", path, message)));
        }
        if path == "to" && member.participation.value() == Some(&Participation::Partial) {
            let message = format!("{country} takes part in {code} for some goods or with reduced rates only");
            let help = "make sure that these goods are among them";
            let finding = Finding::warning("PARTICIPATION", path, message).with_help(help);
            self.push(sourced(&member.participation, finding));
        }
    }

    /// A scheme without return is for goods of its beneficiaries on the way to who grants the preference.
    fn side(&mut self, path: &str, member: &Member) {
        if !self.agreement.parties.is_one_way() {
            return;
        }
        let wrong = match (path, member.side) {
            ("from", Some(Side::Donor)) => "grants this preference and has none for its own goods",
            ("to", Some(Side::Beneficiary)) => "has this preference for its goods and grants none",
            _ => return,
        };
        let message = format!("{} {wrong}: {} goes one way only", member.country, self.agreement.code);
        let mut finding = Finding::error("DIRECTION", path, message);
        finding.article.clone_from(&member.article);
        if !member.confirmed {
            finding.severity = Severity::Warning;
        }
        self.push(finding);
    }

    fn registered_exporter(&mut self) {
        let figure = &self.edition.registered_exporter;
        match (&self.particulars.exporter.registration, figure.known()) {
            (None, Known::Confirmed(true) | Known::Unconfirmed(true)) => {
                let message = "only registered exporters may apply, and no registration is given";
                let finding = Finding::error("REGISTERED_EXPORTER", "exporter.registration", message)
                    .with_help("give the number under which the exporter is registered");
                self.contradicts(figure, finding);
            }
            (Some(registration), _) => {
                if let Some(until) = registration.valid_until
                    && until < self.issued_on
                {
                    let path = "exporter.registration.valid_until";
                    let message = format!("the registration ended on {until}, before issue on {}", self.issued_on);
                    let finding = Finding::error("REGISTERED_EXPORTER", path, message);
                    if figure.value() == Some(&true) {
                        self.contradicts(figure, finding);
                    } else {
                        self.push(Finding { severity: Severity::Warning, ..finding });
                    }
                }
            }
            (None, Known::Confirmed(false)) => {}
            (None, Known::Unconfirmed(false)) => {
                let message = "that exporters need no registration is not confirmed, and none is given";
                self.push(sourced(figure, Finding::unknown("REGISTERED_EXPORTER", "exporter.registration", message)));
            }
            (None, Known::Unknown) => {
                let message = "whether only registered exporters may apply is not known, and no registration is given";
                self.push(sourced(figure, Finding::unknown("REGISTERED_EXPORTER", "exporter.registration", message)));
            }
        }
    }

    /// Goods that pass a country outside the agreement need proof that nothing happened to them there.
    fn transit(&mut self) {
        let Some(transport) = &self.particulars.transport else { return };
        if !self.agreement.preferential {
            return;
        }
        let outside = self.outside_on_the_way(transport);
        if outside.is_empty() || shows_direct_consignment(transport) {
            return;
        }
        let countries = outside.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let figure: &Figure<Vec<String>> = &self.edition.transit_evidence;
        let message = format!(
            "the goods pass {countries}, outside the agreement, and nothing here shows that they came directly"
        );
        let finding = match figure.known() {
            Known::Confirmed(evidence) | Known::Unconfirmed(evidence) => {
                Finding::warning("DIRECT_CONSIGNMENT", "transport", message)
                    .with_help(format!("customs will ask for {}", evidence.join(", or ")))
            }
            Known::Unknown => Finding::unknown("DIRECT_CONSIGNMENT", "transport", message).with_help(
                "what the agreement takes as proof is not known; a through transport document is the usual one",
            ),
        };
        self.push(sourced(figure, finding));
    }

    fn outside_on_the_way(&self, transport: &Transport) -> Vec<Country> {
        let places = transport.via.iter().filter_map(|place| place.locode.as_ref()).filter_map(Locode::country);
        let mut outside: Vec<Country> = transport
            .transit_countries
            .iter()
            .copied()
            .chain(places)
            .filter(|country| *country != self.particulars.from && *country != self.particulars.to)
            .filter(|country| self.agreement.parties.member(*country).is_none())
            .collect();
        outside.sort();
        outside.dedup();
        outside
    }
}

/// A through document, a certificate of non-manipulation, or containers all under seal.
fn shows_direct_consignment(transport: &Transport) -> bool {
    let through = |kind: TransportDocumentKind| {
        matches!(kind, TransportDocumentKind::ThroughBillOfLading | TransportDocumentKind::Multimodal)
    };
    let sealed = !transport.containers.is_empty() && transport.containers.iter().all(|each| !each.seals.is_empty());
    transport.non_manipulation.is_some() || sealed || transport.documents.iter().any(|document| through(document.kind))
}
