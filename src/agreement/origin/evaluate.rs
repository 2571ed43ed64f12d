//! A rule against the figures of one item, on one basis.

use super::{
    expression::Expression,
    ledger::{Figured, Ledger, Sums},
    outcome::{Answer, Line, Reckoning},
    rules::EditionRules,
    standing::{Parties, Standing},
};
use crate::{
    certificate::{ContentBasis, Country, Item, RuleMetBy},
    encoding::Decimal,
    production::ProcessCode,
};

/// What part of a rule came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) answer: Answer,
    pub(super) percentage: Option<Decimal>,
    pub(super) exact: bool,
    pub(super) at_most: bool,
    pub(super) met_by: Option<RuleMetBy>,
    pub(super) de_minimis: bool,
    pub(super) doubts: Vec<String>,
}

impl Found {
    pub(super) const fn of(answer: Answer) -> Self {
        Self {
            answer,
            percentage: None,
            exact: false,
            at_most: false,
            met_by: None,
            de_minimis: false,
            doubts: Vec::new(),
        }
    }

    pub(super) const fn met() -> Self {
        Self::of(Answer::Met)
    }

    pub(super) fn unknown(why: String) -> Self {
        Self { doubts: vec![why], ..Self::of(Answer::Unknown) }
    }

    /// Either: what is met, else what is open, else what has a figure to show.
    pub(super) fn or(self, other: Self) -> Self {
        let rank = |found: &Self| match found.answer {
            Answer::Met => 0,
            Answer::Unknown => 1,
            Answer::NotMet if found.percentage.is_some() => 2,
            Answer::NotMet => 3,
        };
        let answer = self.answer.or(other.answer);
        let mut doubts = self.doubts.clone();
        doubts.extend(other.doubts.iter().filter(|why| !self.doubts.contains(why)).cloned());
        let best = if rank(&other) < rank(&self) { other } else { self };
        let doubts = if answer == Answer::Unknown { doubts } else { Vec::new() };
        Self { answer, doubts, ..best }
    }

    fn and(self, other: Self) -> Self {
        let answer = self.answer.and(other.answer);
        let mut doubts = self.doubts;
        doubts.extend(other.doubts);
        let (exact, at_most) =
            if self.percentage.is_some() { (self.exact, self.at_most) } else { (other.exact, other.at_most) };
        Self {
            answer,
            percentage: self.percentage.or(other.percentage),
            exact,
            at_most,
            met_by: self.met_by.or(other.met_by),
            de_minimis: self.de_minimis || other.de_minimis,
            doubts: if answer == Answer::Unknown { doubts } else { Vec::new() },
        }
    }
}

/// Whether more was done than confers no origin, and why that is thought.
#[derive(Debug, Clone)]
pub(super) struct Working {
    pub(super) answer: Answer,
    pub(super) text: String,
}

/// One rule under way on one basis.
pub(super) struct Bench<'a> {
    pub(super) item: &'a Item,
    pub(super) ledger: &'a Ledger<'a>,
    pub(super) parties: &'a Parties<'a>,
    pub(super) rules: &'a EditionRules,
    pub(super) basis: ContentBasis,
    pub(super) sums: Sums,
    pub(super) working: &'a Working,
    lines: Vec<Line>,
}

impl<'a> Bench<'a> {
    pub(super) fn new(
        item: &'a Item,
        ledger: &'a Ledger<'a>,
        parties: &'a Parties<'a>,
        rules: &'a EditionRules,
        basis: ContentBasis,
        working: &'a Working,
    ) -> Self {
        let sums = ledger.sums(parties, basis);
        Self { item, ledger, parties, rules, basis, sums, working, lines: Vec::new() }
    }

    /// Judges a rule.
    pub(super) fn reckon(mut self, rule: &Expression) -> Reckoning {
        let found = self.part(rule, 0);
        Reckoning {
            answer: found.answer,
            percentage: found.percentage,
            exact: found.exact,
            at_most: found.at_most,
            met_by: if found.answer == Answer::NotMet { None } else { found.met_by },
            de_minimis: found.de_minimis && found.answer != Answer::NotMet,
            lines: self.lines,
            doubts: found.doubts,
        }
    }

    pub(super) fn line(&mut self, depth: usize, text: String, answer: Option<Answer>) {
        self.lines.push(Line { depth, text, answer });
    }

    /// The goods' value that the agreement takes percentages of.
    pub(super) fn goods_value(&self) -> Figured {
        match self.rules.value_of.value() {
            Some(value) => self.ledger.goods(value.basis()),
            None => Err("which value of the goods percentages are taken of is not known".to_owned()),
        }
    }

    fn part(&mut self, rule: &Expression, depth: usize) -> Found {
        match rule {
            Expression::All(parts) => {
                self.line(depth, "all of".to_owned(), None);
                parts.iter().fold(Found::met(), |sum, part| sum.and(self.part(part, depth + 1)))
            }
            Expression::Any(parts) => {
                self.line(depth, "any of".to_owned(), None);
                parts.iter().fold(Found::of(Answer::NotMet), |sum, part| sum.or(self.part(part, depth + 1)))
            }
            Expression::WhollyObtained => self.wholly_obtained(depth),
            Expression::Exclusively => self.exclusively(depth),
            Expression::Change { level, except } => {
                let found = self.change(*level, except, depth);
                self.more_than_minimal(found, depth)
            }
            Expression::Value { method, percent } => {
                let found = self.value(*method, *percent, depth);
                self.more_than_minimal(found, depth)
            }
            Expression::Process(code) => {
                let found = self.process(code, depth);
                self.more_than_minimal(found, depth)
            }
        }
    }

    /// Minimal operations confer no origin, whatever the figures show.
    fn more_than_minimal(&mut self, found: Found, depth: usize) -> Found {
        if found.answer == Answer::NotMet || self.working.answer == Answer::Met {
            return found;
        }
        self.line(depth + 1, self.working.text.clone(), Some(self.working.answer));
        let mut working = Found::of(self.working.answer);
        if self.working.answer == Answer::Unknown {
            working.doubts.push(self.working.text.clone());
        }
        found.and(working)
    }

    fn wholly_obtained(&mut self, depth: usize) -> Found {
        let from = self.parties.from;
        let Some(obtained) = &self.ledger.declared.obtained else {
            self.line(depth, "wholly obtained: not declared".to_owned(), Some(Answer::NotMet));
            return Found::of(Answer::NotMet);
        };
        let country = obtained.country.unwrap_or(from);
        let (answer, text) = if country != from {
            (Answer::NotMet, format!("wholly obtained in {country}, not in {from}"))
        } else if let Some(valued) = self
            .ledger
            .materials
            .iter()
            .find(|valued| self.parties.standing(valued.material, ContentBasis::National) != Standing::Own)
        {
            let text = format!(
                "declared as wholly obtained ({}), and material {} (`{}`) does not originate in {from}",
                obtained.kind, valued.number, valued.material.description
            );
            (Answer::NotMet, text)
        } else {
            (Answer::Met, format!("wholly obtained in {country}: declared as {}", obtained.kind))
        };
        self.line(depth, text, Some(answer));
        Found::of(answer)
    }

    fn exclusively(&mut self, depth: usize) -> Found {
        let mut doubts = Vec::new();
        let mut foreign = None;
        for valued in &self.ledger.materials {
            match self.parties.standing(valued.material, self.basis) {
                Standing::Own => {}
                Standing::Doubtful(why) => doubts.push(why),
                Standing::Foreign | Standing::Shared(_) => foreign = foreign.or(Some(valued)),
            }
        }
        if !self.ledger.declared.materials_complete && self.ledger.declared.obtained.is_none() {
            doubts.push("that every material is listed is not declared (`materials_complete`)".to_owned());
        }
        let asked = "exclusively from originating materials";
        let (answer, text) = match (foreign, doubts.is_empty()) {
            (Some(valued), _) => {
                let text = format!("{asked}: material {} (`{}`) is none", valued.number, valued.material.description);
                (Answer::NotMet, text)
            }
            (None, true) => (Answer::Met, format!("{asked}: every material listed is one")),
            (None, false) => (Answer::Unknown, format!("{asked}: {}", doubts.join("; "))),
        };
        self.line(depth, text, Some(answer));
        Found { doubts: if answer == Answer::Unknown { doubts } else { Vec::new() }, ..Found::of(answer) }
    }

    fn process(&mut self, code: &ProcessCode, depth: usize) -> Found {
        let from = self.parties.from;
        let within = |country: Option<Country>| match country {
            None => true,
            Some(country) if country == from => true,
            Some(country) => {
                self.basis == ContentBasis::Cumulative && self.parties.agreement.parties.member(country).is_some()
            }
        };
        let declared = &self.ledger.declared.processes;
        let found = declared.iter().find(|process| process.code == *code && within(process.country));
        let (answer, text) = match found {
            Some(process) => match &process.evidence {
                Some(evidence) => (Answer::Met, format!("process {code}: declared, shown by {evidence}")),
                None => (Answer::Unknown, format!("process {code}: declared, and nothing shows it")),
            },
            None if declared.is_empty() => (Answer::Unknown, format!("process {code}: no process is declared")),
            None => (Answer::NotMet, format!("process {code}: not among the processes declared")),
        };
        self.line(depth, text.clone(), Some(answer));
        let doubts = if answer == Answer::Unknown { vec![text] } else { Vec::new() };
        Found { met_by: Some(RuleMetBy::Process), doubts, ..Found::of(answer) }
    }
}
