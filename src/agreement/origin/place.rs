//! In which box of the form a finding about the declaration shows, and by which article it matters.

use super::rules::EditionRules;
use crate::{
    agreement::form::{Form, Shows},
    certificate::{Finding, Findings},
};

/// The first box that shows what the finding contradicts: the declaration itself stands on no form.
fn shows(finding: &Finding) -> &'static [Shows] {
    match finding.rule.as_str() {
        "NO_SUCH_ITEM" => &[Shows::Item],
        "PER" => &[Shows::Quantity, Shows::GrossWeight],
        "VALUE_DIFFERS" => &[Shows::Fob, Shows::InvoiceValue],
        _ => &[Shows::Criterion],
    }
}

/// Gives what is said of the declaration its box and article, as far as they are known and it has none.
pub(super) fn on_form(form: Option<&Form>, rules: Option<&EditionRules>, findings: &mut Findings) {
    for finding in findings.0.iter_mut().filter(|finding| finding.path.starts_with("production")) {
        let number = form.and_then(|form| shows(finding).iter().find_map(|shows| form.box_of(*shows)));
        if finding.form_box.is_none() {
            finding.form_box = number.map(ToString::to_string);
        }
        if finding.article.is_some() {
            continue;
        }
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
