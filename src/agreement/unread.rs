//! All findings of a file that does not read: what the rules say of what is left of it stands beside what the reading said.

use super::load::Agreements;
use crate::{
    certificate::{Country, Findings, Particulars, Remnant, Unread},
    time::Date,
};

impl Agreements {
    /// Everything there is to say of a file that does not read: adds to what the reading said what `rules` say of what is
    /// left of it, and names the boxes by the day. Its writer hears everything at once; nothing is issued from it. `own` is
    /// the only country from which certificates are issued here, if there is one.
    pub fn say_the_rest<E>(
        &self,
        unread: &Unread,
        on: Date,
        own: Option<Country>,
        said: &mut Findings,
        rules: impl Fn(Particulars, Findings) -> Result<Findings, E>,
    ) -> Result<(), E> {
        if let Some(remnant) = &unread.remnant {
            let mut judged: Option<Findings> = None;
            for particulars in self.cases(remnant, own) {
                let found = particulars.check();
                let found = rules(particulars, found)?;
                judged = Some(match judged {
                    Some(before) => in_both(before, &found),
                    None => found,
                });
            }
            remnant.add(judged.unwrap_or_default(), said);
        }
        let asked = unread.asked.as_ref();
        if let Some((asked, agreement)) = asked.and_then(|asked| Some((asked, self.get(&asked.agreement)?))) {
            agreement.name_boxes(said, asked, on);
        }
        Ok(())
    }

    /// What is left of a file. Where it does not say from where or to where, with each country of the agreement put in
    /// there: what holds whatever stands there can be said.
    fn cases(&self, remnant: &Remnant, own: Option<Country>) -> Vec<Particulars> {
        let left = &remnant.particulars;
        let (no_from, no_to) = (remnant.lacks("from"), remnant.lacks("to"));
        if !no_from && !no_to {
            return vec![left.clone()];
        }
        let parties = self.get(&left.agreement).map(|agreement| &agreement.parties).filter(|parties| !parties.open);
        let named: Vec<Country> = match parties {
            Some(parties) => parties.members.iter().map(|member| member.country).collect(),
            None => {
                let consignee = left.consignee.as_ref().and_then(|consignee| consignee.party.as_ref());
                let parties = consignee.into_iter().chain([&left.exporter.party]).map(|party| party.country);
                parties.chain(ANY.into_iter().filter_map(|code| code.parse::<Country>().ok())).collect()
            }
        };
        let from = match own {
            _ if !no_from => vec![left.from],
            Some(own) => vec![own],
            None => named.clone(),
        };
        let to = if no_to { named } else { vec![left.to] };
        // Each stands once on each side, and beside another: every pair of fifty countries would be too many to judge.
        let pairs = from.iter().cycle().zip(to.iter().cycle().skip(1)).take(from.len().max(to.len()));
        let pairs = pairs.filter(|(from, to)| from != to);
        pairs.map(|(from, to)| Particulars { from: *from, to: *to, ..left.clone() }).collect()
    }
}

/// Two countries for a scheme that is open to all, or is not known: what is the same for both hangs on neither.
const ANY: [&str; 2] = ["AD", "ZW"];

/// What is found in both cases. A box or a help that differs is not said.
fn in_both(mut found: Findings, other: &Findings) -> Findings {
    found.0.retain_mut(|one| {
        let like = other.iter().find(|like| {
            (&like.rule, &like.path, &like.message) == (&one.rule, &one.path, &one.message)
                && like.severity == one.severity
        });
        if let Some(like) = like {
            one.form_box = one.form_box.take().filter(|number| like.form_box.as_ref() == Some(number));
            one.help = one.help.take().filter(|help| like.help.as_ref() == Some(help));
        }
        like.is_some()
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        agreement::{
            Holidays,
            testing::{CRUSHER, FOOTBALLS, SOAP, shipped},
        },
        certificate::Finding,
    };
    use std::convert::Infallible;

    /// What the shipped agreements say of a file, whether it reads or not.
    fn said(toml: &str) -> Findings {
        let (agreements, on) = (shipped(), "2026-11-29".parse::<Date>().unwrap());
        let reading = Particulars::read_toml(toml);
        let mut said = reading.findings;
        let rules = |particulars: Particulars, mut found: Findings| {
            if let Some(agreement) = agreements.get(&particulars.agreement) {
                found.extend(agreement.judge(&particulars, on, &Holidays::none()).findings);
            }
            Ok::<_, Infallible>(found)
        };
        if let Some(particulars) = reading.particulars {
            let Ok(said) = rules(particulars, said);
            return said;
        }
        let Ok(()) = agreements.say_the_rest(&Unread::of_toml(toml), on, None, &mut said, rules);
        said
    }

    /// Where a country is missing, each of the agreement is tried in its place: what one of them alone would bring about is
    /// not said, and a share that is too low is, wherever the goods go.
    #[test]
    fn what_holds_whatever_country_stands_there_is_said_and_nothing_is_made_up() {
        for good in [SOAP, FOOTBALLS, CRUSHER] {
            let good = good.replace("exact = \"38\"", "exact = \"3\"").replace("exact = \"64.9\"", "exact = \"3\"");
            let whole = said(&good);
            let too_low = |findings: &Findings| findings.iter().any(|one| one.rule == "THRESHOLD");
            assert_eq!(too_low(&whole), good.contains("exact"), "{whole}");
            for member in ["from", "to"] {
                let line = good.lines().find(|line| line.starts_with(&format!("{member} = "))).unwrap();
                let findings = said(&good.replacen(line, "", 1));
                assert!(findings.iter().any(|one| one.rule == "REQUIRED" && one.path == member), "{findings}");
                assert_eq!(too_low(&findings), too_low(&whole), "{member}: {findings}");
                for one in findings.iter().filter(|one| one.path != member) {
                    let is = |like: &Finding| {
                        (&like.rule, &like.path, &like.message) == (&one.rule, &one.path, &one.message)
                    };
                    assert!(whole.iter().any(is), "{member} makes up {one}");
                }
            }
        }
    }
}
