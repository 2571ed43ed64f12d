//! What a UN/CEFACT document has to say here. The published schema requires nothing at all: `{}` fits it.

use crate::certificate::{Finding, Findings};

/// The rule of these findings.
pub(super) const RULE: &str = "EXPORT_LACKS";

/// What is asked of a document, as far as it says it.
pub(super) struct Essentials<'a> {
    pub(super) number: Option<&'a str>,
    pub(super) issued_on: Option<&'a str>,
    pub(super) issuer: Option<&'a str>,
    pub(super) agreement: Option<&'a str>,
    /// Of each item: its number, and whether it has a code of the Harmonized System.
    pub(super) items: Vec<(Option<&'a str>, bool)>,
}

/// What the document is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// It stands for a certificate that was issued.
    Certificate,
    /// It asks for one: number and date are for the office to give.
    Application,
}

impl Essentials<'_> {
    /// What is missing, each with its place in the document.
    pub(super) fn missing(&self, purpose: Purpose) -> Findings {
        let mut missing = Findings::default();
        let mut need = |there: bool, path: String, what: String| {
            if !there {
                missing.push(Finding::error(RULE, path, format!("{what} is missing")));
            }
        };
        let text = |text: Option<&str>| text.is_some_and(|text| !text.trim().is_empty());
        if purpose == Purpose::Certificate {
            let at = |member: &str| format!("exchangedDocument.{member}");
            need(text(self.number), at("id"), "the number of the certificate".to_owned());
            need(text(self.issued_on), at("issueDateTime"), "the date of issue".to_owned());
        }
        need(text(self.issuer), "exchangedDocument.issuer.id".to_owned(), "the issuing office".to_owned());
        let procedure = "specifiedConsignment[0].applicableCrossBorderRegulatoryProcedure[0].freeTradeAgreementName";
        need(text(self.agreement), procedure.to_owned(), "the agreement or scheme".to_owned());
        let items = "specifiedConsignment[0].includedConsignmentItem";
        need(!self.items.is_empty(), items.to_owned(), "every item".to_owned());
        for (index, (number, classified)) in self.items.iter().enumerate() {
            let place = format!("{items}[{index}]");
            need(text(*number), format!("{place}.id"), "the number of the item".to_owned());
            let class =
                "includedTradeLineItem[0].specifiedTradeProduct[0].designatedProductClassification[0].classCode";
            let which = number.map_or_else(|| format!("at place {index}"), str::to_owned);
            let what = format!("the code of the Harmonized System of item {which} (goods.items[{index}].hs)");
            need(*classified, format!("{place}.{class}"), what);
        }
        missing
    }
}
