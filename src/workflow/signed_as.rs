//! Who signs what is issued without an application, and for which office: what the file names is held against the account
//! that issues it and its office. An application's certificate is signed in the account's own name, whatever was filed.
//!
//! A back office issues for officers who have no account here, and names whom it issues for. Where it was said which
//! person is behind the account, that person signs, and no other name stands under it: paper would bear the other's
//! signature.

use super::Desk;
use crate::{
    certificate::{Finding, Findings, Particulars, SigningRole},
    office::{Caller, Office, likened},
};
use std::collections::BTreeSet;

/// Words by which no office is told from another, in the letters that [`likened`] makes of them.
const SAY_NOTHING: [&str; 5] = ["OFFICE", "THE", "OF", "AT", "IN"];

impl Desk {
    /// Says where a file names another signatory than the person who issues, or another body, office or place than of the
    /// one that issues.
    pub(super) fn signed_as(
        &self,
        caller: &Caller,
        office: &Office,
        particulars: &Particulars,
        findings: &mut Findings,
    ) {
        let reference = &particulars.reference;
        let signing = reference.signatories.iter().enumerate();
        let signing = signing.filter(|(_, one)| one.role == SigningRole::IssuingAuthority).collect::<Vec<_>>();
        // Where several sign for the office, the caller is one of them.
        if caller.account().person.is_some() && !signing.iter().any(|(_, one)| is_of(caller, one.name.as_str())) {
            findings.0.extend(signing.iter().map(|(nth, one)| another(caller, *nth, one.name.as_str())));
        }
        let body = reference.office.body.as_str();
        for (nth, one) in signing {
            if let Some(other) = one.body.as_ref().filter(|other| !alike(other.as_str(), body)) {
                let message = format!("the signatory is said to sign for `{other}`, and the issuing body is {body}");
                let help = "leave it out: the signatory of the issuing authority signs for the issuing body";
                let path = format!("reference.signatories[{nth}].body");
                findings.push(Finding::warning("SIGNATORY_BODY", path, message).with_help(help));
            }
        }
        let name = reference.office.name.as_ref();
        findings.0.extend(name.and_then(|name| self.office_of_another(office, name.as_str())));
        let place = reference.place.name.as_ref();
        findings.0.extend(place.and_then(|place| elsewhere(office, place.as_str())));
    }

    /// What is to be said of the name of an office that is not the one of its code. What another office is called is that
    /// office, though this one's name stands in it: the Lahore Dry Port is not the Lahore Office.
    fn office_of_another(&self, office: &Office, name: &str) -> Option<Finding> {
        if [&office.name, &office.place].into_iter().any(|own| alike(own, name)) {
            return None;
        }
        let (path, code, all) = ("reference.office.name", &office.code, self.offices().all());
        let others = || all.iter().map(|record| &record.office).filter(move |other| other.code != *code);
        let said = telling(name);
        let names = |one: &Office| [&one.name, &one.place].into_iter().any(|own| telling(own) == said);
        let called = others().find(|other| alike(&other.name, name));
        if called.is_none() && names(office) {
            return None;
        }
        Some(match called.or_else(|| others().find(|&other| names(other))) {
            Some(other) => {
                let message = format!("`{name}` is office {}, and the certificate is issued by {code}", other.code);
                Finding::error("OFFICE_OF_ANOTHER", path, message).with_help("name the office by its own code and name")
            }
            None => {
                let message = format!("`{name}` is not how this authority names office {code}: {}", office.name);
                Finding::warning("OFFICE_NAME", path, message).with_help(format!("write `{}`", office.name))
            }
        })
    }
}

/// The words that tell an office from another: `Lahore` and `Office at Lahore` name the Lahore Office. Where there are no
/// others, all count.
fn telling(name: &str) -> BTreeSet<String> {
    let words = name.split(|c: char| c.is_whitespace() || c.is_ascii_punctuation()).map(likened);
    let words = words.filter(|word| !word.is_empty()).collect::<BTreeSet<_>>();
    let telling = words.iter().filter(|word| !SAY_NOTHING.contains(&word.as_str())).cloned().collect::<BTreeSet<_>>();
    if telling.is_empty() { words } else { telling }
}

/// Whether a name is of the caller's person, by whichever of its accounts.
fn is_of(caller: &Caller, name: &str) -> bool {
    caller.accounts().any(|own| alike(&own.name, name) || alike(own.person().as_str(), name))
}

/// Whether two names are one. Most are written alike, and every certificate asks: those are not taken apart.
fn alike(one: &str, other: &str) -> bool {
    one == other || likened(one) == likened(other)
}

/// What is to be said of a place of issue that is not the office's; its country may stand beside either.
fn elsewhere(office: &Office, place: &str) -> Option<Finding> {
    if alike(&office.place, place) {
        return None;
    }
    let (own, said) = (telling(&office.place), telling(place));
    if own.is_subset(&said) || said.is_subset(&own) {
        return None;
    }
    let message = format!("`{place}` is not the place of office {}: {}", office.code, office.place);
    let finding = Finding::warning("OFFICE_PLACE", "reference.place.name", message);
    Some(finding.with_help(format!("write `{}`, where the office issues", office.place)))
}

fn another(caller: &Caller, nth: usize, name: &str) -> Finding {
    let (own, path) = (caller.account(), format!("reference.signatories[{nth}].name"));
    let message = format!("`{name}` is named as who signs, and the account of {} issues it", own.name);
    let help = format!("leave it out, and {} is named; or have it issued by the account of who signs", own.name);
    Finding::error("SIGNATORY_OF_ANOTHER", path, message).with_help(help)
}
