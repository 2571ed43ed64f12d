//! Value rules: each content as an interval, held against its threshold.

use super::{
    evaluate::{Bench, Found},
    exact::Exact,
    expression::ValueMethod,
    ledger::Sums,
    outcome::Answer,
    rules::RegionalMethod,
};
use crate::{certificate::RuleMetBy, encoding::Decimal};

/// Between which ends a percentage lies, how it comes about, and what keeps the ends apart.
struct Interval {
    low: Option<Exact>,
    high: Option<Exact>,
    working: String,
    doubts: Vec<String>,
}

impl Interval {
    fn unknown(why: String) -> Self {
        Self { low: None, high: None, working: String::new(), doubts: vec![why] }
    }

    fn answer(&self, percent: &Exact, at_most: bool) -> Answer {
        let (holds, fails) = if at_most {
            (self.high.as_ref().is_some_and(|high| high <= percent), self.low.as_ref().is_some_and(|low| low > percent))
        } else {
            (self.low.as_ref().is_some_and(|low| low >= percent), self.high.as_ref().is_some_and(|high| high < percent))
        };
        match (holds, fails) {
            (true, _) => Answer::Met,
            (_, true) => Answer::NotMet,
            _ => Answer::Unknown,
        }
    }

    /// What the figures show for certain: the end that speaks against the exporter.
    fn certain(&self, at_most: bool) -> Option<&Exact> {
        if at_most { self.high.as_ref() } else { self.low.as_ref() }
    }

    fn text(&self, percent: &Exact) -> String {
        let shown = |end: &Exact| end.shown_beside(percent);
        let between = match (&self.low, &self.high) {
            (Some(low), Some(high)) if low == high => format!("{} %", shown(low)),
            (Some(low), Some(high)) => format!("between {} % and {} %", shown(low), shown(high)),
            (Some(low), None) => format!("{} % or more", shown(low)),
            (None, Some(high)) => format!("{} % or less", shown(high)),
            (None, None) => "not known".to_owned(),
        };
        if self.working.is_empty() { between } else { format!("{} = {between}", self.working) }
    }
}

impl Bench<'_> {
    pub(super) fn value(&mut self, method: ValueMethod, percent: Decimal, depth: usize) -> Found {
        let methods: Vec<ValueMethod> = match method {
            ValueMethod::Regional => {
                let named = self.rules.regional_methods.value().map(Vec::as_slice).unwrap_or_default();
                let method = |one: &RegionalMethod| match one {
                    RegionalMethod::BuildDown => ValueMethod::BuildDown,
                    RegionalMethod::BuildUp => ValueMethod::BuildUp,
                };
                named.iter().map(method).collect()
            }
            one => vec![one],
        };
        let threshold = Exact::of(percent);
        let at_most = method.at_most();
        let mut best: Option<Found> = None;
        for method in methods {
            let interval = self.interval(method);
            let answer = interval.answer(&threshold, at_most);
            let bound = if at_most { "at most" } else { "at least" };
            let text = format!("{}: {}; {bound} {percent} % is asked", method.as_str(), interval.text(&threshold));
            self.line(depth, text, Some(answer));
            let found = Found {
                answer,
                percentage: interval.certain(at_most).and_then(Exact::decimal),
                exact: interval.low.is_some() && interval.low == interval.high,
                at_most,
                met_by: Some(RuleMetBy::Value),
                de_minimis: false,
                doubts: if answer == Answer::Unknown { interval.doubts } else { Vec::new() },
            };
            best = Some(match best {
                Some(best) => best.or(found),
                None => found,
            });
        }
        best.unwrap_or_else(|| Found::unknown("the methods of regional value content are not known".to_owned()))
    }

    fn interval(&self, method: ValueMethod) -> Interval {
        let sums = &self.sums;
        match method {
            ValueMethod::Regional | ValueMethod::BuildDown => match self.goods_value() {
                Ok(goods) => left_of(&goods, sums),
                Err(why) => Interval::unknown(why),
            },
            ValueMethod::NonOriginating => match self.goods_value() {
                Ok(goods) => foreign_share(&goods, sums),
                Err(why) => Interval::unknown(why),
            },
            ValueMethod::NetCost => match self.ledger.total_cost(true) {
                Ok(cost) => left_of(&cost, sums),
                Err(why) => Interval::unknown(why),
            },
            ValueMethod::ValueAdded => match self.ledger.ex_factory_cost() {
                Ok(cost) => left_of(&cost, sums),
                Err(why) => Interval::unknown(why),
            },
            ValueMethod::MaterialContent => material_content(sums),
            ValueMethod::BuildUp => match self.goods_value() {
                Ok(goods) => self.built_up(&goods),
                Err(why) => Interval::unknown(why),
            },
        }
    }

    fn built_up(&self, goods: &Exact) -> Interval {
        let sums = &self.sums;
        let (costs, cost_open) = self.ledger.conversion(true, false);
        let least = sums.own.plus(&costs);
        let known = cost_open.is_empty() && sums.own_open.is_empty() && sums.foreign_open.is_empty();
        let most = known.then(|| least.plus(&sums.doubtful));
        let working = format!(
            "({} originating materials + {} labour, overheads, other costs and profit) / {} x 100",
            sums.own.shown(2),
            costs.shown(2),
            goods.shown(2)
        );
        let mut doubts = all_doubts(sums);
        doubts.extend(sums.own_open.iter().filter(|why| !sums.foreign_open.contains(why)).cloned());
        doubts.extend(cost_open);
        Interval { low: least.percent_of(goods), high: most.and_then(|most| most.percent_of(goods)), working, doubts }
    }
}

fn all_doubts(sums: &Sums) -> Vec<String> {
    sums.doubts.iter().chain(&sums.foreign_open).cloned().collect()
}

/// What is left of `whole` when non-originating materials are taken off, per cent.
fn left_of(whole: &Exact, sums: &Sums) -> Interval {
    let left = |foreign: &Exact| whole.minus(foreign).percent_of(whole);
    let most = sums.foreign_at_most();
    let shown = sums.foreign.shown(2);
    let off = match &most {
        Some(most) if *most != sums.foreign => format!("{shown} to {}", most.shown(2)),
        Some(_) => shown,
        None => format!("{shown} or more"),
    };
    let whole_shown = whole.shown(2);
    let working = format!("({whole_shown} - {off}) / {whole_shown} x 100");
    if whole.is_zero() {
        return Interval::unknown("what the percentage is taken of is zero".to_owned());
    }
    Interval { low: most.as_ref().and_then(left), high: left(&sums.foreign), working, doubts: all_doubts(sums) }
}

/// Non-originating materials as a share of `whole`.
fn foreign_share(whole: &Exact, sums: &Sums) -> Interval {
    let share = |foreign: &Exact| foreign.percent_of(whole);
    let working = format!("{} / {} x 100", sums.foreign.shown(2), whole.shown(2));
    Interval {
        low: share(&sums.foreign),
        high: sums.foreign_at_most().as_ref().and_then(share),
        working,
        doubts: all_doubts(sums),
    }
}

/// Non-originating materials as a share of all materials.
fn material_content(sums: &Sums) -> Interval {
    let total = sums.foreign.plus(&sums.doubtful).plus(&sums.own);
    let working = format!("{} / {} x 100", sums.foreign.plus(&sums.doubtful).shown(2), total.shown(2));
    let mut doubts = all_doubts(sums);
    doubts.extend(sums.own_open.iter().filter(|why| !sums.foreign_open.contains(why)).cloned());
    if total.is_zero() {
        doubts.push("no material has a value, so a share of them cannot be reckoned".to_owned());
        return Interval { low: None, high: None, working: String::new(), doubts };
    }
    Interval {
        // An originating material of unknown value makes the share smaller, a non-originating one larger.
        low: if sums.own_open.is_empty() { sums.foreign.percent_of(&total) } else { None },
        high: sums.foreign_at_most().and_then(|most| most.percent_of(&total)),
        working,
        doubts,
    }
}
