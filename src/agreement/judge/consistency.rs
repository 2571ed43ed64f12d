//! Whether the parts agree with what the form shows: producer, consignee, quantities, invoices, values,
//! languages. What must add up whatever the agreement is checked where particulars are read.

use super::{Bench, goods::in_box, sourced};
use crate::{
    agreement::form::{ProducerNaming, Shows},
    certificate::{Commercial, Finding, Producer, Text, ValueBasis},
    encoding::Decimal,
};

impl Bench<'_> {
    pub(super) fn consistency(&mut self) {
        self.producer();
        self.consignee();
        self.quantities();
        self.invoices();
        self.values();
        self.languages();
    }

    fn producer(&mut self) {
        // What the form does not show is not restricted by it.
        if !self.form.shows(Shows::Producer) {
            return;
        }
        let naming = match &self.particulars.producer {
            None => ProducerNaming::Absent,
            Some(Producer::Same) => ProducerNaming::Same,
            Some(Producer::OnRequest { .. }) => ProducerNaming::OnRequest,
            Some(Producer::Named(named)) if named.len() > 1 => ProducerNaming::Several,
            Some(Producer::Named(_)) => ProducerNaming::Named,
        };
        let form = self.form;
        let Some(allowed) = self.rely(&form.producer, "PRODUCER", "producer", "how the producer may be named") else {
            return;
        };
        if !allowed.contains(&naming) {
            let words: Vec<&str> = allowed.iter().map(|word| word.as_str()).collect();
            let message = match naming {
                ProducerNaming::Absent => "the form names the producer, and none is given".to_owned(),
                _ => format!("the form does not take a producer that is {}", naming.as_str().replace('_', " ")),
            };
            let finding = Finding::error("PRODUCER", "producer", message);
            self.contradicts(&form.producer, finding.with_help(format!("one of: {}", words.join(", "))));
        }
    }

    fn consignee(&mut self) {
        let Some(consignee) = &self.particulars.consignee else {
            if self.form.consignee_optional.value() != Some(&true) {
                self.missing_box(Shows::Consignee, "consignee", "the consignee is missing");
            }
            return;
        };
        let names = consignee.party.iter().flat_map(|party| [Some(&party.name), party.other_name.as_ref()]).flatten();
        // A bill of lading that is made out to order says so in the box for the name, and so does whoever copies it.
        let in_words = names.map(Text::as_str).find(|name| is_to_order(name)).map(str::to_owned);
        if consignee.to_order || in_words.is_some() {
            let form = self.form;
            let path = if consignee.to_order { "consignee.to_order" } else { "consignee.party.name" };
            if self.rely(&form.to_order, "TO_ORDER", path, "whether goods may be consigned to order") == Some(&false) {
                let in_box = in_box(form.box_of(Shows::Consignee));
                let said = in_words.filter(|_| !consignee.to_order).map(|name| format!("`{name}` is no name: "));
                let said = said.unwrap_or_default();
                let message = format!("{said}the form wants a consignee by name, not to order{in_box}");
                self.contradicts(&form.to_order, Finding::error("TO_ORDER", path, message));
            }
        }
    }

    fn quantities(&mut self) {
        let asked = [Shows::GrossWeight, Shows::Quantity].into_iter().find(|each| self.form.shows(*each));
        for (index, item) in self.particulars.goods.items.iter().enumerate() {
            let path = format!("goods.items[{index}]");
            if let Some(shows) = asked
                && item.quantities.is_empty()
                && item.gross_weight.is_none()
            {
                self.missing_box(shows, &path, "neither gross weight nor quantity is given");
            }
        }
    }

    fn invoices(&mut self) {
        let invoices = self.particulars.commercial.as_ref().map_or(&[][..], |commercial| &commercial.invoices);
        if invoices.is_empty() && self.form.shows(Shows::Invoices) {
            self.missing_box(Shows::Invoices, "commercial.invoices", "no invoice is named");
        }
        for (index, invoice) in invoices.iter().enumerate() {
            let path = format!("commercial.invoices[{index}]");
            if invoice.amount.is_none() && self.form.shows(Shows::InvoiceValue) {
                let message = format!("the amount of invoice {} is missing", invoice.number);
                self.missing_box(Shows::InvoiceValue, &format!("{path}.amount"), &message);
            }
            if invoice.amount.as_ref().is_some_and(|amount| amount.value.is_zero())
                && self.form.shows(Shows::InvoiceValue)
            {
                let message = format!("the amount of invoice {} is 0", invoice.number);
                self.missing_box(Shows::InvoiceValue, &format!("{path}.amount"), &message);
            }
            if invoice.delivery.is_none() && self.form.shows(Shows::Incoterm) {
                let message = format!("the delivery term of invoice {} is missing", invoice.number);
                self.missing_box(Shows::Incoterm, &format!("{path}.delivery"), &message);
            }
            if invoice.date > self.issued_on {
                let message =
                    format!("invoice {} is of {}, after issue on {}", invoice.number, invoice.date, self.issued_on);
                self.push(Finding::warning("INVOICE_DATE", format!("commercial.invoices[{index}].date"), message));
            }
        }
    }

    fn values(&mut self) {
        let Some(commercial) = &self.particulars.commercial else { return };
        let path = "commercial.total";
        if let (Some(total), Some(sum)) = (&commercial.total, fob_sum(commercial, self.particulars.goods.items.len()))
            && sum.0 == total.currency
            && sum.1 != total.value
        {
            // A total of invoices with freight differs from the sum free on board, so this is no error.
            let message = format!("the values free on board come to {} {}, the total says {total}", sum.1, sum.0);
            let mut finding = sourced(&self.form.fob, Finding::warning("TOTALS", path, message));
            finding.form_box = self.form.box_of(Shows::Fob).map(ToString::to_string);
            self.push(finding);
        }
        if let (Some(waiver), Some(total)) = (self.edition.waiver.value(), &commercial.total)
            && waiver.currency == total.currency
            && total.value <= waiver.amount
        {
            let message = format!("up to {waiver} this certificate is not asked for");
            self.push(sourced(&self.edition.waiver, Finding::warning("WAIVER", path, message)));
        }
    }
}

/// The sum free on board, if every item states it in one currency.
fn fob_sum(commercial: &Commercial, items: usize) -> Option<(crate::certificate::Currency, Decimal)> {
    let mut values = commercial.item_values.iter().filter(|value| value.basis == ValueBasis::Fob);
    let first = values.next()?;
    let mut sum = first.amount.value;
    let mut count = 1;
    for value in values {
        if value.amount.currency != first.amount.currency {
            return None;
        }
        sum = sum.checked_add(value.amount.value)?;
        count += 1;
    }
    (count == items).then_some((first.amount.currency, sum))
}

/// Whether what stands for a name consigns goods to order: `TO ORDER`, `To the order of Habib Bank`.
fn is_to_order(name: &str) -> bool {
    /// So a name begins, or is, where goods go to whoever holds the bill of lading.
    const BEGINS: [&str; 7] =
        ["TO ORDER", "TO THE ORDER", "UNTO ORDER", "UNTO THE ORDER", "A L ORDRE", "À L ORDRE", "A LA ORDEN"];
    /// So it is said behind a name too.
    const SAYS: [&str; 2] = ["TO ORDER OF", "TO THE ORDER OF"];
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let words = words.map(str::to_uppercase).collect::<Vec<_>>().join(" ");
    // Whole words: `To Orderly Ltd` is a name.
    let padded = format!(" {words} ");
    words == "ORDER"
        || BEGINS.iter().any(|begin| padded.starts_with(&format!(" {begin} ")))
        || SAYS.iter().any(|says| padded.contains(&format!(" {says} ")))
}
