//! Paper: the certificate that it carries, or each stamp on it, is judged, and what else was read of it is held to that. The
//! look-up codes must lead to the certificate, a page that says otherwise than the press prints it is named.
//!
//! A look-up code is nobody's signed word, and whoever follows it sees a genuine certificate: on the sheet of another one
//! it misleads as a foreign stamp does, and counts the same.

use super::{Answer, Check, Headline, Question, Say, Subject, Verdict, Verifier, verdict::Findings};
use crate::{
    statement::{Issuer, Jti},
    trust::{ListedKey, ListedUse},
};

/// Where a look-up code leads.
#[derive(Debug, Clone, PartialEq, Eq)]
struct LookUp {
    host: String,
    jti: Option<Jti>,
}

impl LookUp {
    /// Of `https://HOST/V/<jti>/<code>`, in capitals or small letters; the code is left aside.
    fn of(address: &str) -> Self {
        let rest = address.trim().split_once("://").map_or("", |(_, rest)| rest);
        let mut parts = rest.split('/');
        let host = parts.next().unwrap_or_default().to_ascii_lowercase();
        let jti = parts.nth(1).and_then(|jti| jti.to_ascii_uppercase().parse().ok());
        Self { host, jti }
    }

    /// Whether it leads to this statement of this issuer; `None` where the statement's identifier is not known, and the
    /// host is the issuer's.
    fn leads_to(&self, iss: &str, jti: Option<&str>) -> Option<bool> {
        let host = iss.split_once("://").map_or(iss, |(_, host)| host);
        if !self.host.eq_ignore_ascii_case(host) {
            return Some(false);
        }
        let jti = jti?;
        Some(self.jti.is_some_and(|own| own.to_string() == jti))
    }

    /// Where it leads, for a sentence.
    fn place(&self) -> String {
        let host = self.host.chars().filter(|c| c.is_ascii_graphic()).take(120).collect::<String>();
        match self.jti {
            Some(jti) => format!("{jti} at {host}"),
            None => format!("no certificate, at {host}"),
        }
    }
}

/// What was read of one paper.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaperSeen<'a> {
    /// The certificate that it carries, or that it is held to.
    pub certificate: Option<&'a str>,
    /// The texts of its stamps.
    pub stamps: Vec<&'a str>,
    /// The addresses of its look-up codes.
    pub look_ups: Vec<&'a str>,
    /// Whether the pages of a file that carries its certificate were looked at, and no stamp was read on them.
    pub unstamped: bool,
    /// What is otherwise than the press makes it: a stable code, and a sentence.
    pub marks: Vec<(&'static str, String)>,
}

impl Verifier {
    /// The verdict on the certificate of a paper with the stamps held to it, or on each of its stamps; what stands by
    /// itself is judged by `alone`, which may fail where it has to read.
    pub fn verify_paper<E>(
        &self,
        paper: &PaperSeen<'_>,
        question: &Question,
        alone: impl Fn(&str) -> Result<Verdict, E>,
    ) -> Result<Vec<Verdict>, E> {
        let Some(certificate) = paper.certificate else {
            return Ok(self.on_paper(paper.stamps.iter().copied().map(alone).collect::<Result<_, _>>()?, paper));
        };
        let beside = paper.stamps.iter().map(|stamp| self.verify_beside(certificate, stamp, question));
        // Of several stamps the one counts that leaves the least to rely on.
        let least = beside.min_by_key(|verdict| verdict.headline);
        Ok(self.on_paper(vec![least.map_or_else(|| alone(certificate), Ok)?], paper))
    }

    /// The verdicts on all that one paper carries, held to the rest of what was read of it.
    pub(super) fn on_paper(&self, verdicts: Vec<Verdict>, seen: &PaperSeen<'_>) -> Vec<Verdict> {
        let look_up = look_up(&verdicts, &seen.look_ups);
        let held = verdicts.into_iter().map(|verdict| {
            let mut found = Findings::from(verdict);
            if let Some(check) = &look_up {
                if check.headline == Some(Headline::Altered) {
                    found.usable = Answer::new(Say::No, check.sentence.clone());
                }
                found.checks.push(check.clone());
            }
            for (code, sentence) in &seen.marks {
                found.warn(code, sentence.clone());
            }
            let unstamped = seen.unstamped.then(|| self.stamps_all(&found)).flatten();
            if let Some(iss) = unstamped {
                let sentence = format!(
                    "No stamp can be read on its pages, and {iss} prints one on each: take it that this is not the page \
                     that was printed."
                );
                found.warn("PAGE_WITHOUT_STAMP", sentence);
            }
            Verdict::conclude(found)
        });
        held.collect()
    }

    /// The issuer, where it prints a stamp on each certificate that is not a redacted copy.
    fn stamps_all(&self, found: &Findings) -> Option<Issuer> {
        let iss = found.statement.as_ref()?.iss.parse::<Issuer>().ok()?;
        let whole = found.certificate.as_ref()?.redacted().is_empty();
        let counts = |key: &ListedKey| {
            key.r#use == ListedUse::Stamp && self.trust.closings(&iss, &key.kid).is_none_or(<[_]>::is_empty)
        };
        let stamps = self.trust.section(&iss).is_some_and(|section| section.text().keys.iter().any(counts));
        (whole && stamps).then_some(iss)
    }
}

/// The check of the look-up codes: none where there is no such code, or nothing that it could be compared with.
fn look_up(verdicts: &[Verdict], addresses: &[&str]) -> Option<Check> {
    let leads = |look_up: &LookUp| {
        let told = verdicts.iter().map(|verdict| {
            let place = verdict.statement.as_ref();
            let iss = place.map(|place| place.iss.clone());
            let iss = iss.or_else(|| verdict.stamp.as_ref().map(|stamp| stamp.stamp.iss.to_string()))?;
            look_up.leads_to(&iss, place.map(|place| place.jti.as_str()))
        });
        told.collect::<Vec<_>>()
    };
    let mut known = !verdicts.is_empty() && !addresses.is_empty();
    for address in addresses {
        let look_up = LookUp::of(address);
        let told = leads(&look_up);
        // Of several certificates on one picture it may be any one's.
        if !told.is_empty() && told.iter().all(|one| *one == Some(false)) {
            let sentence = format!("The look-up code on the paper is of another certificate: {}.", look_up.place());
            let check = Check::failed(Subject::LookUp, Headline::Altered, sentence);
            return Some(check.next("Rely on nothing that stands on this paper."));
        }
        known &= told.contains(&Some(true));
    }
    known.then(|| Check::passed(Subject::LookUp, "The look-up code on the paper leads to this certificate."))
}

impl From<Verdict> for Findings {
    fn from(verdict: Verdict) -> Self {
        Self {
            checks: verdict.checks,
            warnings: verdict.warnings,
            authentic: verdict.authentic,
            usable: verdict.usable,
            as_of: verdict.as_of,
            at: verdict.at,
            statement: verdict.statement,
            certificate: verdict.certificate,
            stamp: verdict.stamp,
            trust: verdict.trust,
            agreements_digest: verdict.agreements_digest,
        }
    }
}
