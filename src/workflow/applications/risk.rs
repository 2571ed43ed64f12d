//! What of an application an officer should look at more closely: points, each with its reason in words. It is made of
//! what the node knows anyway, it is bounded so that a page of the queue stays cheap, and it decides nothing.

use super::{Applications, keep};
use crate::{
    agreement::Agreement,
    certificate::{Findings, Item, Particulars},
    encoding::Decimal,
    office::{Application, ApplicationId, ExporterId},
    store::{EntryRef, Table},
    time::Date,
    workflow::{WorkflowError, customs::Against},
};
use std::collections::BTreeMap;

/// Applications of an exporter that are looked at for its earlier certificates.
const APPLICATIONS: usize = 64;
/// Its earlier certificates that are asked after.
const CERTIFICATES: usize = 4;
/// How long what became of a certificate counts: twelve months.
const YEAR_MS: u64 = 366 * 24 * 60 * 60 * 1_000;
/// Points of a percentage that are near a threshold.
const NEAR: u32 = 5;

/// One reason to look more closely.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RiskPoint {
    /// Stable `UPPER_SNAKE` name.
    pub rule: &'static str,
    /// What it weighs: 1, or 2 where something went wrong before.
    pub weight: u8,
    /// One plain clause.
    pub words: String,
}

/// All of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Risk {
    /// In the order they were found.
    pub points: Vec<RiskPoint>,
}

impl Risk {
    /// `low` without any point, `raised` up to a weight of two, `high` beyond.
    #[must_use]
    pub fn level(&self) -> &'static str {
        match self.points.iter().map(|point| u32::from(point.weight)).sum::<u32>() {
            0 => "low",
            1 | 2 => "raised",
            _ => "high",
        }
    }

    fn add(&mut self, rule: &'static str, weight: u8, words: String) {
        self.points.push(RiskPoint { rule, weight, words });
    }
}

/// What was found of exporters' earlier certificates, once for all applications of a page.
pub(super) type Earlier = BTreeMap<ExporterId, Vec<RiskPoint>>;

impl Applications {
    /// What there is to look at of what waits, by what the rules say of it today.
    pub(super) fn risk(
        &self,
        application: &Application,
        particulars: Option<&Particulars>,
        findings: &Findings,
        on: Date,
        earlier: &mut Earlier,
    ) -> Result<Risk, WorkflowError> {
        let mut risk = Risk::default();
        match self.last_for_the_same(application)? {
            None => {
                let words = "the first certificate of this exporter for these goods to that country".to_owned();
                risk.add("FIRST_FOR_GOODS", 1, words);
            }
            Some(last) => risk.points.extend(self.other_value(particulars, last)?),
        }
        if let Some(particulars) = particulars {
            let agreement = self.desk.agreements().get(&particulars.agreement);
            risk.points.extend(agreement.and_then(|agreement| near_threshold(agreement, particulars, on)));
        }
        let evidence = findings.iter().find(|one| one.rule.starts_with("COST_EVIDENCE_"));
        if let Some(finding) = evidence {
            risk.add("COST_EVIDENCE", 1, finding.message.clone());
        }
        if !earlier.contains_key(&application.exporter) {
            earlier.insert(application.exporter.clone(), self.earlier(&application.exporter)?);
        }
        risk.points.extend(earlier.get(&application.exporter).into_iter().flatten().cloned());
        Ok(risk)
    }

    /// The application that the exporter got its last certificate for the same goods by.
    fn last_for_the_same(&self, application: &Application) -> Result<Option<ApplicationId>, WorkflowError> {
        let last = self.store().record(Table::ApplicationGoods, &keep::goods_key(application))?;
        let last = last.and_then(|id| <[u8; 16]>::try_from(id.as_slice()).ok()).map(ApplicationId::from_bytes);
        Ok(last.filter(|last| *last != application.id))
    }

    /// What became of the exporter's latest certificates of the last twelve months.
    fn earlier(&self, exporter: &ExporterId) -> Result<Vec<RiskPoint>, WorkflowError> {
        let prefix = keep::list_prefix(exporter.as_str());
        let rows = self.store().records_under(Table::ApplicationList, &prefix, APPLICATIONS)?;
        let ids = rows.iter().map_while(|(key, _)| key.strip_prefix(prefix.as_slice()).and_then(keep::listed));
        let since = self.now_ms().saturating_sub(YEAR_MS);
        let (mut risk, mut seen) = (Risk::default(), 0);
        for id in ids {
            let application = keep::find(self.store(), id)?.application;
            let Some(issued) = application.stage.certificate().filter(|issued| issued.at_ms >= since) else { continue };
            let Ok(origin) = issued.log.parse() else { continue };
            let number = &issued.number;
            for against in self.desk.speaks_against(&EntryRef { origin, index: issued.index })? {
                match against {
                    Against::Withdrawn => {
                        risk.add(
                            "EARLIER_WITHDRAWN",
                            2,
                            format!("certificate {number} of this exporter was withdrawn"),
                        );
                    }
                    Against::Denied(by) => {
                        let words = format!("preference was denied on certificate {number} of this exporter by {by}");
                        risk.add("EARLIER_DENIED", 2, words);
                    }
                    Against::NotValid => {
                        let words = format!(
                            "an enquiry found that certificate {number} of this exporter does not hold as it is"
                        );
                        risk.add("EARLIER_NOT_VALID", 2, words);
                    }
                }
            }
            seen += 1;
            if seen == CERTIFICATES {
                break;
            }
        }
        Ok(risk.points)
    }

    /// Whether the value of one unit differs by more than a quarter from what it was.
    fn other_value(
        &self,
        particulars: Option<&Particulars>,
        last: ApplicationId,
    ) -> Result<Option<RiskPoint>, WorkflowError> {
        let Some(now) = particulars else { return Ok(None) };
        let before = match keep::paper(self.store(), last) {
            Ok(paper) => paper.read().particulars,
            Err(WorkflowError::ContentsErased) => None,
            Err(error) => return Err(error),
        };
        let Some(before) = before else { return Ok(None) };
        let certificate = keep::find(self.store(), last)?.application;
        let number = certificate.stage.certificate().map(|one| one.number.clone()).unwrap_or_default();
        let earlier = unit_values(&before);
        let differs = unit_values(now).into_iter().find_map(|one| {
            let same = earlier.iter().find(|other| other.what == one.what)?;
            let percent = differs(&one, same)?;
            let unit = &one.what.1;
            Some(format!(
                "item {}: one {unit} is valued at {percent} % of what it was on certificate {number}",
                one.item
            ))
        });
        Ok(differs.map(|words| RiskPoint { rule: "UNIT_VALUE", weight: 1, words }))
    }
}

/// What the value of one unit of an item is reckoned from.
struct UnitValue {
    item: u32,
    /// The code of the goods, the unit, the currency, and the basis: only the same compare.
    what: (String, String, String, &'static str),
    amount: Decimal,
    quantity: Decimal,
}

fn unit_values(particulars: &Particulars) -> Vec<UnitValue> {
    let values = particulars.commercial.as_ref().map_or(&[][..], |commercial| &commercial.item_values);
    let of = |item: &Item| {
        let value = values.iter().find(|value| value.item == item.number)?;
        let quantity = item.quantities.iter().find(|quantity| !quantity.value.is_zero())?;
        let hs = item.hs.as_ref()?.code.to_string();
        let what = (hs, quantity.unit.to_string(), value.amount.currency.to_string(), value.basis.as_str());
        Some(UnitValue { item: item.number, what, amount: value.amount.value, quantity: quantity.value })
    };
    particulars.goods.items.iter().filter_map(of).collect()
}

/// What one is of the other, per cent, where that is more than a quarter off.
fn differs(now: &UnitValue, before: &UnitValue) -> Option<u128> {
    let own = now.amount.millionths().checked_mul(before.quantity.millionths())?;
    let others = before.amount.millionths().checked_mul(now.quantity.millionths())?;
    let off = own.checked_mul(4)? < others.checked_mul(3)? || own.checked_mul(4)? > others.checked_mul(5)?;
    off.then(|| own.checked_mul(100)?.checked_div(others)).flatten()
}

/// Whether a percentage that qualifies does so by a few points.
fn near_threshold(agreement: &Agreement, particulars: &Particulars, on: Date) -> Option<RiskPoint> {
    let edition = agreement.edition_on(on)?;
    let near = Decimal::from_whole(NEAR);
    particulars.goods.items.iter().find_map(|item| {
        let criterion = item.criterion.as_ref()?;
        let exact = criterion.percentage.as_ref()?.exact;
        let rule = edition.criteria.iter().find(|rule| rule.code == criterion.code)?.value.as_ref()?.value()?;
        let (more, less) = (exact.max(rule.percent), exact.min(rule.percent));
        let close = rule.is_met_by(exact) && more.checked_sub(less)? <= near;
        let words = || format!("item {} states {exact} %, within {NEAR} points of {rule}", item.number);
        close.then(|| RiskPoint { rule: "NEAR_THRESHOLD", weight: 1, words: words() })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn valued(amount: &str, quantity: &str) -> UnitValue {
        let what = ("950662".to_owned(), "H87".to_owned(), "USD".to_owned(), "fob");
        UnitValue { item: 1, what, amount: amount.parse().unwrap(), quantity: quantity.parse().unwrap() }
    }

    #[test]
    fn a_value_a_quarter_off_is_a_point_and_less_is_none() {
        let before = valued("142800.00", "16800");
        assert_eq!(differs(&valued("107100", "16800"), &before), None, "a quarter less, and not more");
        assert_eq!(differs(&valued("107099", "16800"), &before), Some(74));
        assert_eq!(differs(&valued("178500", "16800"), &before), None);
        assert_eq!(differs(&valued("285600", "16800"), &before), Some(200));
        assert_eq!(differs(&valued("14280", "1680"), &before), None, "fewer at the same price");
        assert_eq!(differs(&valued("1", "1"), &valued("0", "1")), None);
    }

    #[test]
    fn the_level_is_the_sum_of_the_weights() {
        let of = |weights: &[u8]| {
            let mut risk = Risk::default();
            for weight in weights {
                risk.add("X", *weight, String::new());
            }
            risk.level()
        };
        assert_eq!(
            [of(&[]), of(&[1]), of(&[2]), of(&[1, 1]), of(&[1, 2])],
            ["low", "raised", "raised", "raised", "high"]
        );
    }
}
