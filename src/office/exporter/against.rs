//! What the office knows of an exporter, held against what a certificate says of it.

use super::{CostEvidence, Exporter, bare_name, folded, likened};
use crate::certificate::{self, Finding, Findings, Item, Particulars, Party, within};
use crate::production::Production;
use crate::time::Date;
use std::collections::BTreeSet;

/// The criterion of goods that come from one country alone: what they cost to make decides nothing.
const WHOLLY_OBTAINED: &str = "WO";

impl Exporter {
    /// Everything about it that stands against a certificate of its goods, on a day at the office.
    #[must_use]
    pub fn against(&self, particulars: &Particulars, production: Option<&Production>, day: Date) -> Findings {
        let mut findings = Findings::default();
        if self.struck_off {
            let message = format!("`{}` was struck off: nobody files for it any more", self.identity.name);
            findings.push(
                Finding::error("EXPORTER_STRUCK_OFF", "exporter", message)
                    .with_help("the office that registered it says why"),
            );
        }
        self.is_named(particulars, &mut findings);
        for (at, item) in particulars.goods.items.iter().enumerate() {
            self.is_evidenced(item, &format!("goods.items[{at}].hs.code"), day, &mut findings);
        }
        if let Some(production) = production {
            self.stands_on(production, &mut findings);
        }
        findings
    }

    /// Whether the exporter of the certificate is the registered one: a number decides, else the name.
    fn is_named(&self, particulars: &Particulars, findings: &mut Findings) {
        let identity = &self.identity;
        let party = &particulars.exporter.party;
        let is_ours = |number: &str| {
            let number = folded(number);
            number == folded(identity.national_id.as_str()) || number == folded(identity.registration.as_str())
        };
        let known = || format!("it is registered with `{}`, under `{}`", identity.national_id, identity.registration);
        let by_id = party.ids.iter().any(|id| is_ours(id.number.as_str()));
        let registration = particulars.exporter.registration.as_ref().map(|one| one.number.as_str());
        let proven = by_id || registration.is_some_and(is_ours);
        if !proven && let Some(first) = party.ids.first() {
            let message = format!("`{}` is not the number of the registered exporter", first.number);
            findings.push(
                Finding::error("EXPORTER_IDENTITY", "exporter.party.ids", message)
                    .with_help(format!("{}; or file for the exporter whose goods these are", known())),
            );
        }
        if let Some(number) = registration.filter(|number| !is_ours(number)) {
            let message = format!("`{number}` is not the registration number of the registered exporter");
            let (path, rule) = ("exporter.registration.number", "EXPORTER_REGISTRATION");
            let finding =
                if by_id { Finding::warning(rule, path, message) } else { Finding::error(rule, path, message) };
            findings.push(finding.with_help(known()));
        }
        let names = [Some(&party.name), party.other_name.as_ref()].into_iter().flatten();
        if !names.clone().any(|name| spaced(name.as_str()) == spaced(identity.name.as_str())) {
            let message = format!("says `{}`, and `{}` is registered", party.name, identity.name);
            let spelt = proven || names.clone().any(|name| is_spelling(name.as_str(), identity.name.as_str()));
            let finding = if spelt {
                Finding::warning("EXPORTER_NAME", "exporter.party.name", message)
            } else {
                Finding::error("EXPORTER_NAME", "exporter.party.name", message)
            };
            findings.push(finding.with_help("write the name as registered"));
        }
        self.is_at(party, findings);
    }

    fn is_at(&self, party: &Party, findings: &mut Findings) {
        let identity = &self.identity;
        let line = |lines: &[crate::certificate::Text<256>]| {
            lines.iter().map(crate::certificate::Text::as_str).collect::<Vec<_>>().join(", ")
        };
        let (said, registered) = (line(&party.address), line(&identity.address));
        if folded(&said) != folded(&registered) {
            let message = format!("says `{said}`, and `{registered}` is registered");
            findings.push(
                Finding::warning("EXPORTER_ADDRESS", "exporter.party.address", message)
                    .with_help("write the address as registered, or have the new one registered"),
            );
        }
        if party.country != identity.country {
            let message = format!("says {}, and {} is registered", party.country, identity.country);
            findings.push(Finding::warning("EXPORTER_ADDRESS", "exporter.party.country", message));
        }
    }

    /// Whether verified evidence of what an item costs is good on the day; where it is not, the nearest is told of.
    fn is_evidenced(&self, item: &Item, path: &str, day: Date, findings: &mut Findings) {
        if item.criterion.as_ref().is_some_and(|criterion| criterion.code.as_str() == WHOLLY_OBTAINED) {
            return;
        }
        let number = item.number;
        let brings = "the exporter brings its cost statement to the office, which verifies it";
        let Some(hs) = item.hs.as_ref().map(|hs| hs.code.as_str()) else {
            let message = format!("item {number} has no code of the Harmonized System: no evidence of cost is for it");
            findings.push(Finding::warning("COST_EVIDENCE_MISSING", path, message).with_help("give its code"));
            return;
        };
        if self.evidence_for(hs, day).is_some() {
            return;
        }
        let of = |one: &CostEvidence| format!("the evidence of cost `{}` for {}", one.reference, one.hs);
        let for_it = || self.evidence.iter().filter(move |one| hs.starts_with(one.hs.as_str()));
        let good = |one: &&CostEvidence| one.from <= day && day <= one.until;
        let last = for_it().filter(|one| one.until < day).max_by_key(|one| one.until);
        let next = for_it().filter(|one| day < one.from).min_by_key(|one| one.from);
        let finding = if let Some(one) = for_it().rev().find(good) {
            let message =
                format!("nobody at the office has verified {}, good from {} to {}", of(one), one.from, one.until);
            Finding::warning("COST_EVIDENCE_UNVERIFIED", path, message).with_help("an officer verifies it")
        } else if let Some(one) = last {
            let message = format!("{} was good until {}, and today is {day}", of(one), one.until);
            Finding::warning("COST_EVIDENCE_EXPIRED", path, message).with_help(brings)
        } else if let Some(one) = next {
            let message = format!("{} is good from {} on, and today is {day}", of(one), one.from);
            Finding::warning("COST_EVIDENCE_NOT_YET", path, message).with_help(brings)
        } else {
            let held = self.evidence.iter().map(|one| one.hs.as_str()).collect::<Vec<_>>().join(", ");
            let others = if held.is_empty() { String::new() } else { format!("; there is for {held}") };
            let message = format!("no evidence of what goods of {hs} cost is at the office{others}");
            Finding::warning("COST_EVIDENCE_MISSING", path, message).with_help(brings)
        };
        findings.push(finding);
    }

    /// Whether cost statements that are declared with the goods are those the office knows.
    fn stands_on(&self, production: &Production, findings: &mut Findings) {
        for (at, statement) in production.cost_statements.iter().enumerate() {
            let reference = statement.reference.as_str();
            let path = format!("production.cost_statements[{at}]");
            let Some(known) = self.evidence.iter().find(|one| one.reference.as_str() == reference) else {
                let message = format!("the cost statement `{reference}` was not brought to the office");
                findings.push(
                    Finding::warning("COST_STATEMENT_UNKNOWN", format!("{path}.reference"), message)
                        .with_help("bring it as evidence of cost under the same reference"),
                );
                continue;
            };
            if let Some(until) = statement.valid_until.filter(|until| *until != known.until) {
                let message =
                    format!("says {until}, and the office holds `{reference}` for good until {}", known.until);
                findings.push(Finding::warning("COST_STATEMENT_DATES", format!("{path}.valid_until"), message));
            }
        }
    }
}

impl Exporter {
    /// Whether a certificate may be in this exporter's name: by any of its numbers, or by the name in any spelling.
    #[must_use]
    pub fn may_be(&self, named: &certificate::Exporter) -> bool {
        let ours = [&self.identity.national_id, &self.identity.registration].map(|number| likened(number.as_str()));
        let registration = named.registration.iter().map(|one| one.number.as_str());
        let mut numbers = named.party.ids.iter().map(|id| id.number.as_str()).chain(registration).map(likened);
        let mut names = std::iter::once(&named.party.name).chain(&named.party.other_name);
        numbers.any(|number| !number.is_empty() && ours.contains(&number))
            || names.any(|name| is_spelling(name.as_str(), self.identity.name.as_str()))
    }
}

/// Whether two certificates name the same exporter: by a number that both state; by the name, in any spelling of it,
/// where one of them states none.
#[must_use]
pub fn is_same_exporter(one: &certificate::Exporter, other: &certificate::Exporter) -> bool {
    let numbers = |exporter: &certificate::Exporter| {
        let registration = exporter.registration.iter().map(|one| folded(one.number.as_str()));
        let ids = exporter.party.ids.iter().map(|id| folded(id.number.as_str()));
        ids.chain(registration).filter(|number| !number.is_empty()).collect::<BTreeSet<_>>()
    };
    let (ours, theirs) = (numbers(one), numbers(other));
    if ours.is_empty() || theirs.is_empty() {
        return is_spelling(one.party.name.as_str(), other.party.name.as_str());
    }
    !ours.is_disjoint(&theirs)
}

/// Without regard to case and spaces.
fn spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_uppercase()
}

/// Whether one name is the other in another spelling: but for the legal form, one letter in five may differ.
fn is_spelling(said: &str, registered: &str) -> bool {
    let [said, registered] = [said, registered].map(|name| bare_name(name).chars().collect::<Vec<_>>());
    let most = (registered.len() / 5).max(1);
    !registered.is_empty() && within(&said, &registered, most)
}

#[cfg(test)]
mod tests;
