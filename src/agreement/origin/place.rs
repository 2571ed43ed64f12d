//! In which box of the form a finding about the declaration shows, and by which article it matters.

use super::rules::EditionRules;
use crate::{
    agreement::{boxes::name_on, form::Form},
    certificate::{Finding, Findings},
};

/// Gives what is said of the declaration its box and article, as far as they are known and it has none.
pub(super) fn on_form(form: Option<&Form>, rules: Option<&EditionRules>, findings: &mut Findings) {
    if let Some(form) = form {
        name_on(form, findings);
    }
    let unplaced = |finding: &&mut Finding| finding.path.starts_with("production") && finding.article.is_none();
    for finding in findings.0.iter_mut().filter(unplaced) {
        let of_form = form.and_then(|form| form.article.clone());
        // Which value percentages are taken of: by that, what goods and materials cost matters at all.
        let of_value = rules.and_then(|rules| rules.value_of.article()).map(str::to_owned);
        finding.article = match finding.rule.as_str() {
            "NO_SUCH_ITEM" => of_form,
            "PER" => of_value.or(of_form),
            "VALUE_DIFFERS" => form.and_then(|form| form.fob.article()).map(str::to_owned).or(of_value),
            rule if rule.starts_with("COST_STATEMENT") => of_value,
            _ => None,
        };
    }
}
