//! The cost statement: in force on the day, and saying what the declaration says.

use super::{exact::Exact, ledger::Ledger};
use crate::{
    certificate::{Amount, Finding, Findings},
    production::{CostLine, CostStatement, ItemProduction, Production},
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
pub(super) fn agrees(
    statements: &[CostStatement],
    declared: &ItemProduction,
    ledger: &Ledger<'_>,
    findings: &mut Findings,
) {
    for (index, statement) in statements.iter().enumerate() {
        let lines = statement.lines.iter().enumerate().filter(|(_, line)| line.item == declared.item);
        for (place, line) in lines {
            let path = format!("production.cost_statements[{index}].lines[{place}]");
            compare(statement, line, declared, ledger, &path, findings);
        }
    }
}

fn compare(
    statement: &CostStatement,
    line: &CostLine,
    declared: &ItemProduction,
    ledger: &Ledger<'_>,
    path: &str,
    findings: &mut Findings,
) {
    let reference = &statement.reference;
    if line.per.is_some() && line.per != declared.per {
        let message = format!("the cost statement `{reference}` is for another quantity than what is declared");
        findings.push(Finding::unknown("COST_STATEMENT_DIFFERS", format!("{path}.per"), message));
        return;
    }
    let costs = declared.costs.as_ref();
    let named = |amount: Option<&Amount>, what: &str| match amount {
        Some(amount) => ledger.amount(amount),
        None => Err(format!("{what} is not declared")),
    };
    let parts = [
        ("materials", line.materials.as_ref(), ledger.all_materials()),
        ("labour", line.labour.as_ref(), named(costs.and_then(|costs| costs.labour.as_ref()), "labour")),
        (
            "overheads",
            line.overheads.as_ref(),
            named(costs.and_then(|costs| costs.overheads.as_ref()), "the overheads figure"),
        ),
    ];
    for (what, stated, declared_sum) in parts {
        let Some(stated) = stated else { continue };
        let path = format!("{path}.{what}");
        let same = |a: &Exact, b: &Exact| a == b;
        match (ledger.amount(stated), declared_sum) {
            (Ok(stated), Ok(sum)) if same(&stated, &sum) => {}
            (Ok(stated_value), Ok(sum)) => {
                let message = format!(
                    "{what} declared for item {} come to {}, and the cost statement `{reference}` says {}",
                    declared.item,
                    sum.shown(2),
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
