//! What can be said of a declaration by itself, before any agreement is asked.

use super::{
    item::{ItemProduction, Production},
    material::{Material, MaterialOrigin},
    price::Price,
};
use crate::{
    certificate::{Finding, Findings, Measure},
    encoding::Decimal,
};

impl Production {
    /// Everything that contradicts itself.
    #[must_use]
    pub fn check(&self) -> Findings {
        let mut findings = Findings::default();
        for (index, item) in self.items.iter().enumerate() {
            let path = format!("items[{index}]");
            if self.items.iter().take(index).any(|earlier| earlier.item == item.item) {
                let message = format!("item {} is declared twice", item.item);
                findings.push(Finding::error("ITEM_TWICE", format!("{path}.item"), message));
            }
            check_item(item, &path, &mut findings);
        }
        for (index, statement) in self.cost_statements.iter().enumerate() {
            let path = format!("cost_statements[{index}]");
            if statement.valid_until.is_some_and(|until| until < statement.date) {
                let message = "the cost statement ends before its date";
                findings.push(Finding::error("COST_STATEMENT", format!("{path}.valid_until"), message));
            }
            for (line, said) in statement.lines.iter().enumerate() {
                not_nothing(said.per.as_ref(), &format!("{path}.lines[{line}].per"), &mut findings);
                let path = format!("{path}.lines[{line}].item");
                if self.item(said.item).is_none() {
                    let message = format!("item {} is not declared here", said.item);
                    findings.push(Finding::error("COST_STATEMENT", path, message));
                } else if statement.lines.iter().take(line).any(|earlier| earlier.item == said.item) {
                    let message = format!("item {} stands twice in this statement", said.item);
                    findings.push(Finding::error("COST_STATEMENT", path, message));
                }
            }
        }
        findings
    }
}

fn check_item(item: &ItemProduction, path: &str, findings: &mut Findings) {
    not_nothing(item.per.as_ref(), &format!("{path}.per"), findings);
    if let Some(price) = &item.price {
        let path = format!("{path}.price");
        if price.term.is_none() {
            let message = "the delivery term of the goods' price is missing";
            let help = "`EXW` for the price at the factory gate, `FOB` for that on board";
            findings.push(Finding::error("PRICE_TERM", format!("{path}.term"), message).with_help(help));
        }
        check_price(price, &path, findings);
    }
    let outside = item.materials.iter().any(|material| material.origin != MaterialOrigin::Originating);
    if item.obtained.is_some() && outside {
        let message = "declared as wholly obtained, and materials are listed that do not originate in the country";
        let help = "wholly obtained goods contain nothing from elsewhere";
        findings.push(Finding::warning("OBTAINED", format!("{path}.obtained"), message).with_help(help));
    }
    if item.minimal_operations_only == Some(false) && item.processes.is_empty() && item.obtained.is_none() {
        let message = "more than minimal operations are declared, and no process is named";
        findings.push(Finding::warning("PROCESSES", format!("{path}.processes"), message));
    }
    for (index, material) in item.materials.iter().enumerate() {
        check_material(material, &format!("{path}.materials[{index}]"), findings);
    }
}

fn check_material(material: &Material, path: &str, findings: &mut Findings) {
    if let Some(price) = &material.price {
        check_price(price, &format!("{path}.price"), findings);
    }
    if material.content_percent.is_some_and(|percent| percent > Decimal::from_whole(100)) {
        let message = "more than 100 % of a material cannot be content of the parties";
        findings.push(Finding::error("CONTENT_PERCENT", format!("{path}.content_percent"), message));
    }
    if material.content_percent.is_some() && !material.is_evidenced() {
        let message = "content carried forward needs the certificate that says so";
        findings.push(Finding::warning("EVIDENCE", format!("{path}.evidence"), message));
    }
    if let MaterialOrigin::Country(origin) = material.origin
        && material.content_percent.is_none()
    {
        for (index, evidence) in material.evidence.iter().enumerate() {
            if let Some(of) = evidence.country.filter(|of| *of != origin) {
                let message = format!("made out in {of}, and the material is said to originate in {origin}");
                let help =
                    format!("name what shows that it originates in {origin}, or write the origin that this shows");
                let path = format!("{path}.evidence[{index}].country");
                findings.push(Finding::warning("EVIDENCE", path, message).with_help(help));
            }
        }
    }
}

fn not_nothing(per: Option<&Measure>, path: &str, findings: &mut Findings) {
    if per.is_some_and(|per| per.value.is_zero()) {
        let help = "the quantity that the figures are for; leave it out where they are for the whole item";
        findings.push(Finding::error("ZERO", path, "a quantity of nothing").with_help(help));
    }
}

fn check_price(price: &Price, path: &str, findings: &mut Findings) {
    if price.term.is_none() && !price.adjustments.is_empty() {
        let message = "steps from one delivery term to another are listed, and the price names no term";
        findings.push(Finding::error("PRICE_TERM", format!("{path}.term"), message));
    }
    if price.is_exceeded() {
        let term = price.term.map(|term| format!(" {term}")).unwrap_or_default();
        let message =
            format!("the steps that the price of {} {}{term} includes are more than it", price.value, price.currency);
        let help = "state what each step cost for the quantity of the price, in its currency; the price itself includes \
                    every step before its term";
        findings.push(Finding::error("PRICE_ADJUSTMENTS", format!("{path}.adjustments"), message).with_help(help));
    }
}
