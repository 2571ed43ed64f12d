//! What lines declare of an item, measure by measure, and added up: one item may come on several lines.

use super::{DeclaredLine, Subject};
use crate::certificate::{Item, Measure, UnitCode};
use std::collections::BTreeMap;

/// A measure of a line beside the one of the item it counts towards.
#[derive(Debug, Clone)]
pub(super) struct Claim<'a> {
    /// What is measured, and which measure of the item it is.
    key: (Subject, usize),
    /// In parts that both can be counted in.
    pub(super) declared: u128,
    /// All of it.
    pub(super) certified: u128,
    /// The item's unit; none of packages.
    unit: Option<&'a UnitCode>,
}

/// A measure of a line that no measure of the item can be compared with.
#[derive(Debug, Clone)]
pub(super) struct Apart<'a> {
    pub(super) declared: &'a Measure,
    pub(super) certified: &'a Measure,
}

/// What a line declares of an item.
#[derive(Debug, Default)]
pub(super) struct Claims<'a> {
    pub(super) beside: Vec<Claim<'a>>,
    pub(super) apart: Vec<Apart<'a>>,
}

impl<'a> Claims<'a> {
    pub(super) fn of(item: &'a Item, line: &'a DeclaredLine) -> Self {
        let mut claims = Self::default();
        let all = || item.quantities.iter().chain(&item.net_weight).chain(&item.gross_weight);
        claims.take(Subject::Quantity, line.quantity.as_ref(), all().collect());
        claims.take(Subject::GrossWeight, line.gross_weight.as_ref(), item.gross_weight.iter().collect());
        claims.take(Subject::NetWeight, line.net_weight.as_ref(), item.net_weight.iter().collect());
        if let Some(packages) = line.packages.filter(|_| !item.packages.is_empty()) {
            let certified = item.packages.iter().map(|some| u128::from(some.count)).sum();
            let key = (Subject::Packages, 0);
            claims.beside.push(Claim { key, declared: packages.into(), certified, unit: None });
        }
        claims
    }

    /// Takes a measure beside the item's in its own unit, else beside the first it converts into.
    fn take(&mut self, subject: Subject, declared: Option<&'a Measure>, item: Vec<&'a Measure>) {
        let (Some(declared), Some(first)) = (declared, item.first()) else { return };
        let beside = |at: usize, certified: &'a Measure| {
            let unit = &certified.unit;
            let (declared, certified) = (declared.parts(unit)?, certified.parts(unit)?);
            Some(Claim { key: (subject, at), declared, certified, unit: Some(unit) })
        };
        let numbered = || item.iter().enumerate();
        let own = numbered().find(|(_, one)| one.unit == declared.unit).and_then(|(at, one)| beside(at, one));
        match own.or_else(|| numbered().find_map(|(at, one)| beside(at, one))) {
            Some(claim) => self.beside.push(claim),
            None => self.apart.push(Apart { declared, certified: first }),
        }
    }

    /// What is claimed of the quantity.
    pub(super) fn of_subject(&self, subject: Subject) -> Option<&Claim<'a>> {
        self.beside.iter().find(|claim| claim.key.0 == subject)
    }
}

/// A sum of several lines.
#[derive(Debug)]
pub(super) struct Sum<'a> {
    pub(super) subject: Subject,
    pub(super) declared: u128,
    pub(super) certified: u128,
    pub(super) unit: Option<&'a UnitCode>,
    pub(super) lines: Vec<u32>,
}

/// What several lines declare of one item.
#[derive(Debug, Default)]
pub(super) struct Sums<'a>(BTreeMap<(Subject, usize), Sum<'a>>);

impl<'a> Sums<'a> {
    /// Whether as much is left of everything as is claimed.
    pub(super) fn has_room_for(&self, claims: &Claims<'_>) -> bool {
        claims.beside.iter().all(|claim| {
            let before = self.0.get(&claim.key).map_or(0, |sum| sum.declared);
            before.saturating_add(claim.declared) <= claim.certified
        })
    }

    pub(super) fn add(&mut self, line: u32, claims: &Claims<'a>) {
        for claim in &claims.beside {
            let sum = self.0.entry(claim.key).or_insert_with(|| Sum {
                subject: claim.key.0,
                declared: 0,
                certified: claim.certified,
                unit: claim.unit,
                lines: Vec::new(),
            });
            sum.declared = sum.declared.saturating_add(claim.declared);
            sum.lines.push(line);
        }
    }

    /// The sums that are more than the item states.
    pub(super) fn beyond(&self) -> impl Iterator<Item = &Sum<'a>> {
        self.0.values().filter(|sum| sum.declared > sum.certified)
    }
}

impl Sum<'_> {
    /// An amount in parts, as the item states it.
    pub(super) fn text(&self, parts: u128) -> String {
        let Some(unit) = self.unit else { return format!("{parts} packages") };
        match Measure::of_parts(parts, unit) {
            Some(measure) => measure.to_string(),
            None => format!("an amount that cannot be written exactly in {unit}"),
        }
    }
}
