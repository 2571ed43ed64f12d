//! The file of an agreement's rules of origin: general rules, rules for single products by HS range, and what the
//! methods need to know.

use super::{
    expression::{Expression, ValueMethod},
    range::HsRange,
};
use crate::{
    agreement::{
        edition::{Edition, InForce},
        fields::{Faults, Fields, read_from_text, words},
        figure::Figure,
        load::Agreement,
    },
    certificate::{CriterionCode, EditionCode, HsDigits},
    production::{Basis, ProcessCode},
    time::Date,
};

read_from_text!(Expression, HsRange, ProcessCode);

words! {
    /// What a product rule does to the general ones.
    ProductRules {
        /// Either may be met.
        Beside = "beside",
        /// Only the product rule counts, and that goods are wholly obtained.
        Instead = "instead",
    }
}

words! {
    /// Which value of the goods a percentage is taken of.
    GoodsValue {
        /// Free on board.
        Fob = "fob",
        /// At the factory gate.
        ExWorks = "ex_works",
    }
}

impl GoodsValue {
    pub(super) const fn basis(self) -> Basis {
        match self {
            Self::Fob => Basis::Fob,
            Self::ExWorks => Basis::ExWorks,
        }
    }
}

words! {
    /// A method of regional value content.
    RegionalMethod {
        /// What is left when non-originating materials are taken off.
        BuildDown = "build_down",
        /// What originating materials, labour, overheads, other costs and profit add up to.
        BuildUp = "build_up",
    }
}

words! {
    /// Which day's rate of exchange counts for amounts in another currency.
    RateDay {
        /// The day the certificate is issued, which is the day judged.
        Issue = "issue",
        /// The day the goods leave.
        Shipment = "shipment",
        /// The day of the invoice.
        Invoice = "invoice",
        /// The day the application was made.
        Application = "application",
    }
}

/// A rule, with its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginRule {
    /// The goods it concerns; all, for a general rule.
    pub hs: Option<HsRange>,
    /// The criterion it supports.
    pub criterion: CriterionCode,
    /// What it asks.
    pub rule: Expression,
    /// When it is in force, where not as long as its edition.
    pub in_force: Option<InForce>,
    /// Where it is read.
    pub article: Option<String>,
    /// Whether that was confirmed.
    pub confirmed: bool,
    /// What an officer should know.
    pub note: Option<String>,
}

impl OriginRule {
    fn read(fields: &mut Fields<'_>, edition: Option<&Edition>, general: bool) -> Option<Self> {
        let hs = if general { None } else { Some(fields.required::<HsRange>("hs")) };
        let named: Option<CriterionCode> =
            if general { fields.required("criterion") } else { fields.optional("criterion") };
        let rule = fields.required("rule");
        let in_force = fields.optional("in_force");
        let (article, confirmed, note) = fields.source();
        let criteria = edition.map(|edition| edition.criteria.as_slice()).unwrap_or_default();
        let product =
            || criteria.iter().find(|criterion| criterion.product_rule).map(|criterion| criterion.code.clone());
        let criterion = named.clone().or_else(|| if general { None } else { product() });
        match &criterion {
            None if !general && edition.is_some() => {
                let message = "is missing, and the edition has no criterion with `product_rule = true`";
                fields.faults().add(&fields.at("criterion"), message);
            }
            Some(code) if edition.is_some() && criteria.iter().all(|criterion| criterion.code != *code) => {
                let known = criteria.iter().map(|criterion| criterion.code.as_str()).collect::<Vec<_>>().join(", ");
                let message = format!("`{code}` is no criterion of the edition; known are {known}");
                fields.faults().add(&fields.at("criterion"), message);
            }
            _ => {}
        }
        let hs = match hs {
            Some(hs) => Some(hs?),
            None => None,
        };
        Some(Self { hs, criterion: criterion?, rule: rule?, in_force, article, confirmed, note })
    }

    fn holds_on(&self, on: Date) -> bool {
        self.in_force.is_none_or(|span| span.covers(on))
    }

    fn meets_in_time(&self, other: &Self) -> bool {
        let overlap = |a: InForce, b: InForce| {
            a.until.is_none_or(|until| b.from <= until) && b.until.is_none_or(|until| a.from <= until)
        };
        match (self.in_force, other.in_force) {
            (Some(a), Some(b)) => overlap(a, b),
            _ => true,
        }
    }
}

/// The rules of one edition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditionRules {
    /// The edition they belong to.
    pub of: EditionCode,
    /// What a product rule does to the general ones.
    pub product_rules: Figure<ProductRules>,
    /// Whether every product rule of the agreement stands here.
    pub products_complete: Figure<bool>,
    /// Which value of the goods percentages are taken of.
    pub value_of: Figure<GoodsValue>,
    /// The methods of regional value content; the exporter chooses among them.
    pub regional_methods: Figure<Vec<RegionalMethod>>,
    /// Which day's rate of exchange counts.
    pub rate_day: Figure<RateDay>,
    /// Processes that never confer origin.
    pub minimal_operations: Figure<Vec<ProcessCode>>,
    /// Rules for all goods.
    pub general: Vec<OriginRule>,
    /// Rules for single products.
    pub products: Vec<OriginRule>,
}

impl EditionRules {
    fn read(fields: &mut Fields<'_>, agreement: &Agreement) -> Option<Self> {
        let of: Option<EditionCode> = fields.required("of");
        let edition = of.as_ref().and_then(|code| agreement.edition(code));
        if let (Some(code), None) = (&of, edition) {
            let message = format!("{} has no edition `{code}`", agreement.code);
            fields.faults().add(&fields.at("of"), message);
        }
        let rules = Self {
            product_rules: fields.figure("product_rules"),
            products_complete: fields.figure("products_complete"),
            value_of: fields.figure("value_of"),
            regional_methods: fields.figure("regional_methods"),
            rate_day: fields.figure("rate_day"),
            minimal_operations: fields.figure("minimal_operations"),
            general: fields.list("general", |fields| OriginRule::read(fields, edition, true)),
            products: fields.list("products", |fields| OriginRule::read(fields, edition, false)),
            of: of?,
        };
        rules.held(fields);
        Some(rules)
    }

    /// Reports what would leave a judgement open: methods that rules need, and two rules for one product.
    fn held(&self, fields: &Fields<'_>) {
        let (mut regional, mut of_goods) = (false, false);
        for rule in self.general.iter().chain(&self.products) {
            rule.rule.visit(&mut |part| {
                if let Expression::Value { method, .. } = part {
                    regional |= *method == ValueMethod::Regional;
                    of_goods |= matches!(
                        method,
                        ValueMethod::Regional
                            | ValueMethod::BuildDown
                            | ValueMethod::BuildUp
                            | ValueMethod::NonOriginating
                    );
                }
            });
        }
        if regional && self.regional_methods.value().is_none_or(Vec::is_empty) {
            let message = "rules ask for RVC without naming a method, so the methods of the agreement must stand here";
            fields.faults().add(&fields.at("regional_methods"), message);
        }
        if of_goods && self.value_of.value().is_none() {
            let message = "rules take a percentage of the goods' value, so which value must stand here";
            fields.faults().add(&fields.at("value_of"), message);
        }
        for (index, rule) in self.products.iter().enumerate() {
            let clash = self.products.iter().take(index).find(|earlier| {
                let (Some(a), Some(b)) = (&earlier.hs, &rule.hs) else { return false };
                earlier.criterion == rule.criterion
                    && a.meets(b)
                    && a.breadth() == b.breadth()
                    && earlier.meets_in_time(rule)
            });
            if let (Some(clash), Some(hs)) = (clash, clash.and_then(|rule| rule.hs.as_ref())) {
                let path = format!("{}[{index}].hs", fields.at("products"));
                fields.faults().add(&path, format!("a rule for `{hs}` stands above (`{}`)", clash.rule));
            }
        }
    }

    /// The rules for single products that concern `code` on `on`: for each criterion the narrowest range.
    #[must_use]
    pub fn products_for(&self, code: &HsDigits, on: Date) -> Vec<&OriginRule> {
        let mut found = Vec::<&OriginRule>::new();
        for rule in self.products.iter().filter(|rule| rule.holds_on(on)) {
            let Some(hs) = rule.hs.as_ref().filter(|hs| hs.contains(code)) else { continue };
            match found.iter_mut().find(|other| other.criterion == rule.criterion) {
                Some(other) if other.hs.as_ref().is_some_and(|other| hs.breadth() < other.breadth()) => *other = rule,
                Some(_) => {}
                None => found.push(rule),
            }
        }
        found
    }

    /// The rules that goods under `code` may meet on `on`, product rules first. Without a code, the general ones.
    #[must_use]
    pub fn rules_for(&self, code: Option<&HsDigits>, on: Date) -> Vec<&OriginRule> {
        let mut rules = code.map(|code| self.products_for(code, on)).unwrap_or_default();
        let instead = !rules.is_empty() && self.product_rules.value() == Some(&ProductRules::Instead);
        let general = self.general.iter().filter(|rule| rule.holds_on(on));
        rules.extend(general.filter(|rule| !instead || rule.rule == Expression::WhollyObtained));
        rules
    }
}

/// The rules of origin of an agreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginRules {
    /// By edition.
    pub editions: Vec<EditionRules>,
}

impl OriginRules {
    pub(in crate::agreement) fn read(fields: &mut Fields<'_>, agreement: &Agreement) -> Self {
        let editions = fields.list("editions", |fields| EditionRules::read(fields, agreement));
        let rules = Self { editions };
        if rules.editions.is_empty() {
            fields.faults().add("editions", "a file of rules has at least one edition");
        }
        Self::tell_apart(&rules.editions, fields.faults());
        rules
    }

    fn tell_apart(editions: &[EditionRules], faults: &Faults) {
        for (index, edition) in editions.iter().enumerate() {
            if editions.iter().take(index).any(|earlier| earlier.of == edition.of) {
                faults.add(&format!("editions[{index}].of"), format!("`{}` stands here twice", edition.of));
            }
        }
    }

    /// The rules of an edition.
    #[must_use]
    pub fn of(&self, edition: &Edition) -> Option<&EditionRules> {
        self.editions.iter().find(|rules| rules.of == edition.code)
    }
}
