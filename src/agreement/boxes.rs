//! In which box of the form the member stands that a finding is about.

use super::{
    edition::Edition,
    form::{Form, Shows},
    load::Agreement,
};
use crate::{
    certificate::{Asked, Country, Findings, FormCode},
    time::Date,
};

impl Agreement {
    /// Names the boxes, as far as the form is known by the day. A rule that knows a box of its own has said it.
    pub fn name_boxes(&self, findings: &mut Findings, asked: &Asked, on: Date) {
        if findings.iter().all(|finding| finding.form_box.is_some()) {
            return;
        }
        let edition = match &asked.edition {
            Some(code) => self.edition(code),
            // A day beyond an edge that is not confirmed is judged by the nearest.
            None => {
                let judges = |edition: &&Edition| !edition.in_force_source.is_confirmed();
                self.edition_on(on).or_else(|| self.nearest(on).filter(judges))
            }
        };
        let Some(edition) = edition else { return };
        if let Some(form) = form_of(edition, asked.form.as_ref(), asked.from) {
            name_on(form, findings);
        }
    }
}

/// Names the boxes of a form.
pub(super) fn name_on(form: &Form, findings: &mut Findings) {
    for finding in findings.0.iter_mut().filter(|finding| finding.form_box.is_none()) {
        let found = shows(&finding.path).iter().find_map(|shows| form.box_of(*shows));
        finding.form_box = found.map(ToString::to_string);
    }
}

fn form_of<'a>(edition: &'a Edition, asked: Option<&FormCode>, from: Option<Country>) -> Option<&'a Form> {
    match (asked, from) {
        (Some(code), _) => edition.form(code),
        (None, Some(from)) => edition.form_of(from),
        // Where there is one form, it is that one.
        (None, None) => match edition.forms.as_slice() {
            [only] => Some(only),
            _ => None,
        },
    }
}

/// What of a form shows a member: the first of these that the form has.
fn shows(path: &str) -> &'static [Shows] {
    let mut steps = path.split('.').map(|step| step.split('[').next().unwrap_or(step));
    let mut step = || steps.next().unwrap_or_default();
    match (step(), step(), step()) {
        ("exporter", ..) => &[Shows::Exporter],
        ("consignee", ..) => &[Shows::Consignee],
        ("producer", ..) => &[Shows::Producer],
        ("transport", ..) => &[Shows::Transport],
        ("to", ..) => &[Shows::Destination],
        ("from", ..) => &[Shows::Origin],
        ("reference", "number", _) => &[Shows::Number],
        ("reference", "declaration", _) => &[Shows::Declaration],
        ("reference", ..) => &[Shows::Certification],
        ("goods", "items", "number") => &[Shows::Item],
        ("goods", "items", "marks") => &[Shows::Marks],
        ("goods", "items", "packages") => &[Shows::Packages],
        ("goods", "items", "hs" | "national_codes") => &[Shows::HsCode],
        ("goods", "items", "criterion") => &[Shows::Criterion],
        ("goods", "items", "origin") => &[Shows::Origin],
        ("goods", "items", "gross_weight" | "net_weight") => &[Shows::GrossWeight],
        ("goods", "items", "quantities") => &[Shows::Quantity],
        ("goods", "items", "producers") => &[Shows::Producer],
        ("goods", "items", _) => &[Shows::Description],
        ("goods", "totals", _) => &[Shows::GrossWeight],
        ("commercial", "item_values" | "total", _) => &[Shows::Fob],
        ("commercial", ..) => &[Shows::Invoices],
        ("remarks", ..) => &[Shows::Remarks],
        // The declaration stands on no form: what it is held against does.
        ("production", "items", "item") => &[Shows::Item],
        ("production", "items", "per") => &[Shows::Quantity, Shows::GrossWeight],
        ("production", "items", "price") => &[Shows::Fob, Shows::InvoiceValue],
        ("production", ..) => &[Shows::Criterion],
        _ => &[],
    }
}
