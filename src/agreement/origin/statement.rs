//! The cost statement: in force on the day, and saying what the declaration says.

use super::{
    exact::Exact,
    ledger::{Figured, Ledger},
    quantity,
};
use crate::{
    certificate::{Amount, Finding, Findings},
    production::{CostLine, CostStatement, Production},
    time::Date,
};

/// Whether each statement is in force.
pub(super) fn in_force(production: &Production, on: Date, findings: &mut Findings) {
    for (index, statement) in production.cost_statements.iter().enumerate() {
        let path = format!("production.cost_statements[{index}]");
        let reference = &statement.reference;
        if let Some(until) = statement.valid_until.filter(|until| *until < on) {
            let message = format!("the cost statement `{reference}` was good until {until}");
            findings.push(Finding::error("COST_STATEMENT_EXPIRED", format!("{path}.valid_until"), message));
        }
        if on < statement.date {
            let message = format!("the cost statement `{reference}` is of {}, after the day judged", statement.date);
            findings.push(Finding::error("COST_STATEMENT_EXPIRED", format!("{path}.date"), message));
        }
        if statement.verified_by.is_none() {
            let message = format!("nobody is named who verified the cost statement `{reference}`");
            findings.push(Finding::unknown("COST_STATEMENT_UNVERIFIED", format!("{path}.verified_by"), message));
        }
    }
}

/// Holds what is declared for one item against every statement that speaks of it.
pub(super) fn agrees(statements: &[CostStatement], ledger: &Ledger<'_>, findings: &mut Findings) {
    for (index, statement) in statements.iter().enumerate() {
        let lines = statement.lines.iter().enumerate().filter(|(_, line)| line.item == ledger.declared.item);
        for (place, line) in lines {
            let path = format!("production.cost_statements[{index}].lines[{place}]");
            compare(statement, line, ledger, &path, findings);
        }
    }
}

/// What the quantity declared for is of the one the statement speaks of; none where neither converts into the other.
fn share(line: &CostLine, ledger: &Ledger<'_>) -> Option<Exact> {
    match (&line.per, &ledger.declared.per) {
        (None, _) => Some(Exact::whole(1)),
        (Some(of_line), Some(declared)) => quantity::share(declared, of_line),
        (Some(of_line), None) => {
            let (_, part) = quantity::of_item(ledger.item, of_line).ok()??;
            Exact::whole(1).over(&part)
        }
    }
}

fn compare(statement: &CostStatement, line: &CostLine, ledger: &Ledger<'_>, path: &str, findings: &mut Findings) {
    let reference = &statement.reference;
    let Some(share) = share(line, ledger) else {
        let per = line.per.as_ref().map(ToString::to_string).unwrap_or_default();
        let message = format!(
            "the cost statement `{reference}` is for {per}, which cannot be brought exactly to the quantity that item {} \
             is declared for{}",
            line.item,
            ledger.declared.per.as_ref().map(|per| format!(", {per}")).unwrap_or_default()
        );
        let finding = Finding::unknown("COST_STATEMENT_DIFFERS", format!("{path}.per"), message);
        findings.push(finding.with_help("declare the item for the quantity of the statement: write it as its `per`"));
        return;
    };
    let brought = |stated: &Amount| -> Figured { Ok(ledger.amount(stated)?.times(&share)) };
    let costs = ledger.declared.costs.as_ref();
    let named = |amount: Option<&Amount>, what: &str| match amount {
        Some(amount) => ledger.amount(amount),
        None => Err(format!("{what} is not declared")),
    };
    let parts = [
        ("materials", "come", line.materials.as_ref(), ledger.all_materials()),
        ("labour", "comes", line.labour.as_ref(), named(costs.and_then(|costs| costs.labour.as_ref()), "labour")),
        (
            "overheads",
            "come",
            line.overheads.as_ref(),
            named(costs.and_then(|costs| costs.overheads.as_ref()), "the overheads figure"),
        ),
    ];
    for (what, come, stated, declared_sum) in parts {
        let Some(stated) = stated else { continue };
        let path = format!("{path}.{what}");
        match (brought(stated), declared_sum) {
            (Ok(stated), Ok(sum)) if stated == sum => {}
            (Ok(stated_value), Ok(sum)) => {
                let scaled = line.per.as_ref().filter(|_| share != Exact::whole(1));
                let scaled = scaled.map(|per| format!(": it says {stated} for {per}")).unwrap_or_default();
                let message = format!(
                    "{what} declared for item {} {come} to {}{}, and by the cost statement `{reference}` to {}{scaled}",
                    line.item,
                    sum.shown(2),
                    ledger.for_what(),
                    stated_value.shown(2)
                );
                findings.push(Finding::error("COST_STATEMENT_DIFFERS", path, message));
            }
            (Err(why), _) | (_, Err(why)) => {
                let message = format!("{what} could not be held against the cost statement `{reference}`: {why}");
                findings.push(Finding::unknown("COST_STATEMENT_DIFFERS", path, message));
            }
        }
    }
}
