//! Change of tariff classification, against every non-originating material, with the tolerance of the agreement.

use super::{
    evaluate::{Bench, Found},
    exact::Exact,
    expression::Level,
    ledger::Valued,
    outcome::Answer,
    range::HsRange,
    standing::Standing,
};
use crate::{
    agreement::{
        figure::Known,
        terms::{Tolerance, ValueBase},
    },
    certificate::{HsCode, Measure, RuleMetBy},
    production::Basis,
};

/// What is known of the change of one material.
enum Change {
    Changed,
    Stays(String),
    Open(String),
}

fn change(goods: &HsCode, material: Option<&HsCode>, level: Level, except: &[HsRange]) -> Change {
    let Some(hs) = material else { return Change::Open("its HS code is not declared".to_owned()) };
    if hs.edition != goods.edition {
        let text = format!("its code is of HS {}, that of the goods of HS {}", hs.edition, goods.edition);
        return Change::Open(text);
    }
    if let Some(range) = except.iter().find(|range| range.contains(&hs.code)) {
        return Change::Stays(format!("{} is excepted ({range})", hs.code));
    }
    let part = |code: &'_ HsCode| match level {
        Level::Chapter => code.code.chapter().to_owned(),
        Level::Heading => code.code.heading().to_owned(),
        Level::Subheading => code.code.subheading().to_owned(),
    };
    let here = part(goods);
    if part(hs) == here {
        Change::Stays(format!("{} stays in {} {here}", hs.code, level.word()))
    } else {
        Change::Changed
    }
}

impl Bench<'_> {
    pub(super) fn change(&mut self, level: Level, except: &[HsRange], depth: usize) -> Found {
        let asked = format!("change of {}", level.word());
        let Some(goods) = self.item.hs.clone() else {
            let why = "the HS code of the goods is missing".to_owned();
            self.line(depth, format!("{asked}: {why}"), Some(Answer::Unknown));
            return Found::unknown(why);
        };
        let (mut doubts, mut stay, mut looked_at) = (Vec::new(), Vec::new(), 0_usize);
        let ledger = self.ledger;
        for (place, valued) in ledger.materials.iter().enumerate() {
            let standing = self.parties.standing(valued.material, self.basis);
            if standing == Standing::Own {
                continue;
            }
            looked_at += 1;
            let name = format!("material {} (`{}`)", valued.number, valued.material.description);
            match (change(&goods, valued.material.hs.as_ref(), level, except), standing) {
                (Change::Changed, _) => {}
                (Change::Open(why), _) => doubts.push(format!("{name}: {why}")),
                (Change::Stays(why), Standing::Doubtful(doubt)) => doubts.push(format!("{name}: {why}, and {doubt}")),
                (Change::Stays(why), _) => stay.push((place, format!("{name}: {why}"))),
            }
        }
        if !ledger.declared.materials_complete && ledger.declared.obtained.is_none() {
            doubts.push("that every material is listed is not declared (`materials_complete`)".to_owned());
        }
        let open = if doubts.is_empty() { Answer::Met } else { Answer::Unknown };
        if stay.is_empty() {
            let text = match looked_at {
                0 => format!("{asked}: no non-originating material is listed"),
                1 => format!("{asked}: the non-originating material listed changes, as far as is known"),
                n => format!("{asked}: {n} non-originating materials are listed, none is known to stay"),
            };
            self.line(depth, text, Some(open));
            return Found { met_by: Some(RuleMetBy::Heading), doubts, ..Found::of(open) };
        }
        let places: Vec<usize> = stay.iter().map(|(place, _)| *place).collect();
        let whys: Vec<String> = stay.into_iter().map(|(_, why)| why).collect();
        let within = self.tolerated(&places, &mut doubts);
        let (answer, tail) = match within {
            (Answer::Met, text) => (open, text),
            (other, text) => (other, text),
        };
        self.line(depth, format!("{asked}: {}; {tail}", whys.join("; ")), Some(answer));
        let doubts = if answer == Answer::Unknown { doubts } else { Vec::new() };
        Found { met_by: Some(RuleMetBy::Heading), de_minimis: answer != Answer::NotMet, doubts, ..Found::of(answer) }
    }

    /// Whether the materials at `places` are few enough to be disregarded, and that in words.
    fn tolerated(&self, places: &[usize], doubts: &mut Vec<String>) -> (Answer, String) {
        let code = &self.parties.agreement.code;
        let (rule, confirmed) = match self.parties.edition.de_minimis.known() {
            Known::Confirmed(rule) => (rule, true),
            Known::Unconfirmed(rule) => (rule, false),
            Known::Unknown => {
                let text = format!("how much {code} disregards is not known");
                doubts.push(text.clone());
                return (Answer::Unknown, text);
            }
        };
        let stay = self.ledger.materials.iter().enumerate().filter(|(place, _)| places.contains(place));
        let stay: Vec<&Valued<'_>> = stay.map(|(_, valued)| valued).collect();
        let goods = self.item.hs.as_ref().map(|hs| &hs.code);
        let instead = rule.or.iter().filter(|(range, _)| goods.is_some_and(|code| range.contains(code)));
        let mut best: Option<(Answer, String, Vec<String>)> = None;
        // Any of the shares may be kept to: the first that is, else what is not known, else the first that is not.
        for share in std::iter::once(&rule.share).chain(instead.map(|(_, share)| share)) {
            let found = self.within(share, confirmed, &stay);
            let better = best.as_ref().is_none_or(|(answer, ..)| {
                *answer != Answer::Met
                    && (found.0 == Answer::Met || *answer == Answer::NotMet && found.0 == Answer::Unknown)
            });
            if better {
                best = Some(found);
            }
        }
        let (answer, text, why) = best.unwrap_or((Answer::Unknown, String::new(), Vec::new()));
        doubts.extend(why);
        (answer, text)
    }

    /// Whether the materials are within one share, that in words, and what keeps it from being known.
    fn within(&self, rule: &Tolerance, confirmed: bool, stay: &[&Valued<'_>]) -> (Answer, String, Vec<String>) {
        let code = &self.parties.agreement.code;
        match self.share(rule, stay) {
            Err(why) => {
                let text = format!("whether they are within the tolerance of {} % is not known: {why}", rule.percent);
                (Answer::Unknown, text, vec![why])
            }
            Ok(share) => {
                let threshold = Exact::of(rule.percent);
                let shown = share.shown_beside(&threshold);
                let of = rule.of.as_str().replace('_', " ");
                let text = format!("{shown} % of {of}, and {code} disregards {} %", rule.percent);
                match (share <= threshold, confirmed) {
                    (false, true) => (Answer::NotMet, text, Vec::new()),
                    (true, true) => (Answer::Met, text, Vec::new()),
                    (_, false) => {
                        let doubt = format!("the tolerance of {} % is not confirmed", rule.percent);
                        (Answer::Unknown, format!("{text} (not confirmed)"), vec![doubt])
                    }
                }
            }
        }
    }

    fn share(&self, rule: &Tolerance, stay: &[&Valued<'_>]) -> Result<Exact, String> {
        let ledger = self.ledger;
        let whole = match rule.of {
            ValueBase::Fob => ledger.goods(Basis::Fob)?,
            ValueBase::ExWorks => ledger.goods(Basis::ExWorks)?,
            ValueBase::ExFactoryCost => ledger.ex_factory_cost()?,
            ValueBase::TotalCostOfMaterials => ledger.all_materials()?,
            ValueBase::Weight => weight(ledger.declared.weight.as_ref(), "the goods")?,
        };
        let mut part = Exact::zero();
        for valued in stay {
            let one = match rule.of {
                ValueBase::Weight => {
                    let unit = |measure: &Measure| measure.unit.clone();
                    let (goods, material) = (ledger.declared.weight.as_ref(), valued.material.weight.as_ref());
                    if goods.map(unit) != material.map(unit) {
                        return Err("the weights are not stated in one unit".to_owned());
                    }
                    weight(material, &format!("material {}", valued.number))?
                }
                _ => valued.value.clone().map_err(|why| format!("material {}: {why}", valued.number))?,
            };
            part = part.plus(&one);
        }
        part.percent_of(&whole).ok_or_else(|| "what the tolerance is taken of is zero".to_owned())
    }
}

fn weight(measure: Option<&Measure>, whose: &str) -> Result<Exact, String> {
    measure.map(|measure| Exact::of(measure.value)).ok_or_else(|| format!("the weight of {whose} is not declared"))
}
