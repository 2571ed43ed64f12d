//! The figures of one item in one currency: value of the goods, of each material, costs.

use super::{
    exact::Exact,
    outcome::Line,
    quantity::{Part, Unlike},
    rate_day::RateOn,
    standing::{Parties, Standing},
};
use crate::{
    certificate::{Amount, ContentBasis, Currency, Item, ItemValue, ValueBasis},
    encoding::Decimal,
    production::{Basis, ItemProduction, Material, MaterialOrigin, Missing, Price},
};
use std::{cell::RefCell, collections::BTreeSet};

/// A figure, or why it is not known.
pub(super) type Figured = Result<Exact, String>;

/// A material with its value.
pub(super) struct Valued<'a> {
    pub(super) material: &'a Material,
    /// The material's number in the declaration, from 1.
    pub(super) number: usize,
    /// Non-originating: CIF, or as paid in the country; originating: as paid.
    pub(super) value: Figured,
}

/// What of the materials counts on one basis.
pub(super) struct Sums {
    /// Value of what certainly does not originate.
    pub(super) foreign: Exact,
    /// Value of what may not.
    pub(super) doubtful: Exact,
    /// Value of what certainly originates.
    pub(super) own: Exact,
    /// What keeps the non-originating value from having an upper end.
    pub(super) foreign_open: Vec<String>,
    /// What keeps the originating value from being known.
    pub(super) own_open: Vec<String>,
    /// Why some materials are doubtful.
    pub(super) doubts: Vec<String>,
}

impl Sums {
    /// The most that may not originate; none where there is no upper end.
    pub(super) fn foreign_at_most(&self) -> Option<Exact> {
        self.foreign_open.is_empty().then(|| self.foreign.plus(&self.doubtful))
    }
}

/// The figures of one item.
pub(super) struct Ledger<'a> {
    pub(super) declared: &'a ItemProduction,
    pub(super) item: &'a Item,
    /// What of the item the figures are for: all but those of the certificate are for this part.
    pub(super) part: Result<Part, Unlike>,
    pub(super) currency: Option<Currency>,
    pub(super) materials: Vec<Valued<'a>>,
    money: Money<'a>,
    values: &'a [ItemValue],
    prices: Vec<(Basis, Figured)>,
}

/// Amounts into the ledger's currency.
struct Money<'a> {
    rates: &'a RateOn<'a>,
    into: Option<Currency>,
    /// The rates that were used, as they are printed.
    used: RefCell<BTreeSet<String>>,
}

impl Money<'_> {
    fn bring(&self, value: Decimal, currency: Currency) -> Figured {
        let Some(into) = self.into.filter(|into| *into != currency) else { return Ok(Exact::of(value)) };
        let on = self.rates.on;
        match self.rates.rates.convert(&Exact::of(value), currency, into, on) {
            Some((converted, used)) => {
                let day = &self.rates.day;
                self.used.borrow_mut().extend(used.into_iter().map(|rate| format!("{rate}, taken for {on}, {day}")));
                Ok(converted)
            }
            None => Err(format!("no rate between {currency} and {into} is held for {on}, {}", self.rates.day)),
        }
    }

    fn amount(&self, amount: &Amount) -> Figured {
        self.bring(amount.value, amount.currency)
    }
}

fn missing(basis: Basis, missing: Missing) -> String {
    let basis = basis.as_str();
    match missing {
        Missing::Term => format!("the price names no delivery term, so its {basis} value is not known"),
        Missing::Step(step) => format!(
            "`{step}` is not among the adjustments of the price, so its {basis} value is not known (0 if there is none)"
        ),
        Missing::Negative => format!("the adjustments are more than the price, so its {basis} value is not known"),
        Missing::Overflow => format!("the figures are too large to derive the {basis} value"),
    }
}

impl<'a> Ledger<'a> {
    /// Draws up the figures, for the quantity they are declared for. `values` are the values the certificate states.
    pub(super) fn of(
        declared: &'a ItemProduction,
        item: &'a Item,
        values: &'a [ItemValue],
        rates: &'a RateOn<'a>,
    ) -> Self {
        let stated = |basis: Basis| stated(values, item, basis);
        let goods = declared.price.as_ref().map(|price| price.currency);
        let on_form = || stated(Basis::Fob).or(stated(Basis::ExWorks)).map(|amount| amount.currency);
        let of_materials = || declared.materials.iter().find_map(|m| m.price.as_ref()).map(|price| price.currency);
        let currency = goods.or_else(on_form).or_else(of_materials);
        let money = Money { rates, into: currency, used: RefCell::default() };
        let materials = declared.materials.iter().enumerate();
        let materials =
            materials.map(|(index, material)| Valued { material, number: index + 1, value: value(material, &money) });
        let part = Part::of(declared, item, values.iter().any(|value| value.item == item.number));
        let price = |basis: Basis| match (&declared.price, stated(basis)) {
            (Some(price), _) if price.at(basis).is_ok() => goods_at(price, basis, &money),
            (_, Some(amount)) => of_part(&part, amount, &money),
            (Some(price), None) => goods_at(price, basis, &money),
            (None, None) => Err(format!("the {} value of the goods is not declared", basis.as_str())),
        };
        let prices = [Basis::Fob, Basis::ExWorks].map(|basis| (basis, price(basis))).to_vec();
        let materials = materials.collect();
        Self { declared, item, part, currency, materials, money, values, prices }
    }

    /// The goods' value on a basis.
    pub(super) fn goods(&self, basis: Basis) -> Figured {
        let price = self.prices.iter().find(|(at, _)| *at == basis);
        price.map_or_else(|| Err(format!("the {} value is not reckoned", basis.as_str())), |(_, price)| price.clone())
    }

    /// The goods' value on a basis by the declared price alone, if one is declared.
    pub(super) fn declared_price(&self, basis: Basis) -> Option<Figured> {
        self.declared.price.as_ref().map(|price| goods_at(price, basis, &self.money))
    }

    /// The goods' value on a basis as the certificate states it, for the whole item.
    pub(super) fn stated(&self, basis: Basis) -> Option<&'a Amount> {
        stated(self.values, self.item, basis)
    }

    /// What of an amount that the certificate states falls to the quantity that the figures are for.
    pub(super) fn of_part(&self, amount: &Amount) -> Figured {
        of_part(&self.part, amount, &self.money)
    }

    /// ` for 10 H87`, where the figures are not for the whole item.
    pub(super) fn for_what(&self) -> String {
        let named = self.part.as_ref().ok().and_then(Part::named);
        named.map_or_else(String::new, |(per, _)| format!(" for {per}"))
    }

    pub(super) fn amount(&self, amount: &Amount) -> Figured {
        self.money.amount(amount)
    }

    /// What counts on a basis, where `parties` decides of each material.
    pub(super) fn sums(&self, parties: &Parties<'_>, basis: ContentBasis) -> Sums {
        let mut sums = Sums {
            foreign: Exact::zero(),
            doubtful: Exact::zero(),
            own: Exact::zero(),
            foreign_open: Vec::new(),
            own_open: Vec::new(),
            doubts: Vec::new(),
        };
        for valued in &self.materials {
            let standing = parties.standing(valued.material, basis);
            let value = match &valued.value {
                Ok(value) => value,
                Err(why) => {
                    let why = format!("material {} (`{}`): {why}", valued.number, valued.material.description);
                    if standing == Standing::Own {
                        sums.own_open.push(why);
                    } else {
                        sums.foreign_open.push(why);
                    }
                    continue;
                }
            };
            match standing {
                Standing::Own => sums.own = sums.own.plus(value),
                Standing::Foreign => sums.foreign = sums.foreign.plus(value),
                Standing::Shared(percent) => {
                    let share = value.times(&Exact::of(percent)).over(&Exact::whole(100)).unwrap_or_else(Exact::zero);
                    sums.foreign = sums.foreign.plus(&value.minus(&share));
                    sums.own = sums.own.plus(&share);
                }
                Standing::Doubtful(why) => {
                    sums.doubtful = sums.doubtful.plus(value);
                    sums.doubts.push(why);
                }
            }
        }
        if !self.declared.materials_complete && self.declared.obtained.is_none() {
            let why = "that every material is listed is not declared (`materials_complete`)".to_owned();
            sums.foreign_open.push(why.clone());
            sums.own_open.push(why);
        }
        sums
    }

    /// Whether any amount was converted.
    pub(super) fn converted(&self) -> bool {
        !self.money.used.borrow().is_empty()
    }

    /// All materials together.
    pub(super) fn all_materials(&self) -> Figured {
        let mut sum = Exact::zero();
        for valued in &self.materials {
            let value = valued.value.clone();
            sum = sum.plus(&value.map_err(|why| format!("material {}: {why}", valued.number))?);
        }
        if self.declared.materials_complete {
            Ok(sum)
        } else {
            Err("that every material is listed is not declared (`materials_complete`)".to_owned())
        }
    }

    /// Labour, overheads and other costs, each as far as declared: the sum, and what is missing from it.
    pub(super) fn conversion(&self, with_profit: bool, net: bool) -> (Exact, Vec<String>) {
        let (mut sum, mut open) = (Exact::zero(), Vec::new());
        let mut add = |figure: Figured| match figure {
            Ok(value) => sum = sum.plus(&value),
            Err(why) => open.push(why),
        };
        let Some(costs) = &self.declared.costs else {
            return (sum, vec!["labour, overheads and other costs are not declared".to_owned()]);
        };
        let named = |amount: Option<&Amount>, what: &str| match amount {
            Some(amount) => self.amount(amount),
            None => Err(format!("{what} is not declared")),
        };
        add(named(costs.labour.as_ref(), "labour"));
        add(named(costs.overheads.as_ref(), "the overheads figure"));
        for other in costs.other.iter().filter(|other| !(net && other.outside_net_cost)) {
            add(self.amount(&other.amount));
        }
        if with_profit {
            add(named(costs.profit.as_ref(), "profit"));
        }
        (sum, open)
    }

    /// The ex-factory cost: as the books have it, else what materials and costs add up to.
    pub(super) fn ex_factory_cost(&self) -> Figured {
        match self.declared.costs.as_ref().and_then(|costs| costs.ex_factory_cost.as_ref()) {
            Some(amount) => self.amount(amount),
            None => self.total_cost(false),
        }
    }

    /// All materials and costs up to the gate; `net` leaves out what net cost does.
    pub(super) fn total_cost(&self, net: bool) -> Figured {
        let materials = self.all_materials()?;
        let (costs, mut open) = self.conversion(false, net);
        match open.pop() {
            None => Ok(materials.plus(&costs)),
            Some(why) => Err(why),
        }
    }

    /// The figures as lines: the goods' value and how it comes about, and every material.
    pub(super) fn lines(&self, basis: Basis) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut say = |depth, text| lines.push(Line { depth, text, answer: None });
        let currency = self.currency.map(|currency| format!(" {currency}")).unwrap_or_default();
        let named = self.part.as_ref().map(Part::named);
        match named {
            Ok(None) => {}
            Ok(Some((per, whole))) => say(0, format!("every figure is for {per}; the item is {whole}")),
            Err(unlike) => say(0, unlike.why.clone()),
        }
        match (self.goods(basis), &self.declared.price) {
            (Ok(value), Some(price)) if price.at(basis).is_ok() => {
                let working = price.working(basis);
                say(0, format!("value of the goods, {}: {}{currency} = {working}", basis.as_str(), value.shown(2)));
            }
            (Ok(value), _) => {
                let scaled = named.ok().flatten().zip(self.stated(basis));
                let working = scaled.map_or_else(
                    || ", as stated on the certificate".to_owned(),
                    |((per, whole), amount)| format!(" = {amount}, as stated on the certificate, x {per} / {whole}"),
                );
                say(0, format!("value of the goods, {}: {}{currency}{working}", basis.as_str(), value.shown(2)));
            }
            // That the part is not known was said before.
            (Err(why), _) if self.part.as_ref().is_err_and(|unlike| unlike.why == why) => {}
            (Err(why), _) => say(0, why),
        }
        for valued in &self.materials {
            let material = valued.material;
            let hs = material.hs.as_ref().map_or_else(String::new, |hs| format!(" {}", hs.code));
            let value = match &valued.value {
                Ok(value) => format!("{}{currency}", value.shown(2)),
                Err(why) => why.clone(),
            };
            say(0, format!("material {}{hs} `{}`, {}: {value}", valued.number, material.description, material.origin));
        }
        for rate in self.money.used.borrow().iter() {
            say(0, rate.clone());
        }
        lines
    }
}

fn value(material: &Material, money: &Money<'_>) -> Figured {
    let Some(price) = &material.price else { return Err("its value is not declared".to_owned()) };
    let paid = if material.origin == MaterialOrigin::Originating || price.term.is_none() {
        price.value
    } else {
        price.at(Basis::Cif).map_err(|why| missing(Basis::Cif, why))?
    };
    money.bring(paid, price.currency)
}

/// The value of an item that the certificate states on a basis.
fn stated<'a>(values: &'a [ItemValue], item: &Item, basis: Basis) -> Option<&'a Amount> {
    let wanted = match basis {
        Basis::ExWorks => ValueBasis::ExWorks,
        Basis::Fob => ValueBasis::Fob,
        Basis::Cif => ValueBasis::Cif,
    };
    values.iter().find(|value| value.item == item.number && value.basis == wanted).map(|value| &value.amount)
}

fn of_part(part: &Result<Part, Unlike>, amount: &Amount, money: &Money<'_>) -> Figured {
    let part = part.as_ref().map_err(|unlike| unlike.why.clone())?;
    Ok(part.of_whole(&money.amount(amount)?))
}

fn goods_at(price: &Price, basis: Basis, money: &Money<'_>) -> Figured {
    let value = price.at(basis).map_err(|why| missing(basis, why))?;
    money.bring(value, price.currency)
}
