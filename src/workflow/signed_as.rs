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

impl Desk {
    /// Says where a file names another signatory than the person who issues, or another body or office than the one that
    /// issues.
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
    }

    /// What is to be said of the name of an office that is not the one of its code.
    fn office_of_another(&self, office: &Office, name: &str) -> Option<Finding> {
        if [&office.name, &office.place].into_iter().any(|own| own == name) {
            return None;
        }
        let (path, code, said) = ("reference.office.name", &office.code, likened(name));
        // `Lahore` names the Lahore Office.
        let named = [likened(&office.name), likened(&office.place)];
        if said.is_empty() || named.iter().any(|own| own.contains(&said) || !own.is_empty() && said.contains(own)) {
            return None;
        }
        let is_its =
            |other: &Office| other.code != *code && [likened(&other.name), likened(&other.place)].contains(&said);
        let other = self.offices().all().into_iter().find(|record| is_its(&record.office));
        Some(match other {
            Some(other) => {
                let message =
                    format!("`{name}` is office {}, and the certificate is issued by {code}", other.office.code);
                Finding::error("OFFICE_OF_ANOTHER", path, message).with_help("name the office by its own code and name")
            }
            None => {
                let message = format!("`{name}` is not how this authority names office {code}: {}", office.name);
                Finding::warning("OFFICE_NAME", path, message).with_help(format!("write `{}`", office.name))
            }
        })
    }
}

/// Whether a name is of the caller's person, by whichever of its accounts.
fn is_of(caller: &Caller, name: &str) -> bool {
    caller.accounts().any(|own| alike(&own.name, name) || alike(own.person().as_str(), name))
}

/// Whether two names are one. Most are written alike, and every certificate asks: those are not taken apart.
fn alike(one: &str, other: &str) -> bool {
    one == other || likened(one) == likened(other)
}

fn another(caller: &Caller, nth: usize, name: &str) -> Finding {
    let (own, path) = (caller.account(), format!("reference.signatories[{nth}].name"));
    let message = format!("`{name}` is named as who signs, and the account of {} issues it", own.name);
    let help = format!("leave it out, and {} is named; or have it issued by the account of who signs", own.name);
    Finding::error("SIGNATORY_OF_ANOTHER", path, message).with_help(help)
}
