//! Whether a consignment is applied for, or certified, twice: two certificates for the same goods are what a fraud begins
//! with.
//!
//! Who looks is told and decides: one invoice may cover several consignments. The machine leaves such an application to
//! officers, because this is a warning.

use super::{file::became, keep};
use crate::{
    certificate::{Finding, Findings, Particulars},
    office::{Application, ApplicationId, ExporterId, StageName, folded},
    statement::Status,
    store::{Store, Table},
    workflow::WorkflowError,
};
use std::collections::BTreeSet;

/// Applications with the same invoice that are looked at, the newest: more than one is rare.
const LOOKED_AT: usize = 256;
/// Digits of a code by which goods are the same: declarations of one country may be finer than those of another.
const SUBHEADING: usize = 6;

/// For whom findings are made, and of which application.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::workflow) struct Reader {
    /// The application itself, which is not another.
    pub(in crate::workflow) own: Option<ApplicationId>,
    /// Whether it is an officer: an agent is not told what another filed for the same exporter.
    pub(in crate::workflow) officer: bool,
}

impl Reader {
    /// An officer who looks at an application.
    pub(super) const fn officer(own: ApplicationId) -> Self {
        Self { own: Some(own), officer: true }
    }
}

/// Applications of the exporter other than the reader's own, under way or issued and in force, that name an invoice of
/// these particulars for goods of the same subheading.
pub(in crate::workflow) fn twice(
    store: &dyn Store,
    whose: &ExporterId,
    reader: Reader,
    particulars: &Particulars,
) -> Result<Findings, WorkflowError> {
    let (mut findings, goods) = (Findings::default(), subheadings(particulars));
    let invoices = particulars.commercial.iter().flat_map(|commercial| &commercial.invoices);
    for (nth, invoice) in invoices.enumerate() {
        let number = invoice.number.as_str();
        let mut tell = |message: String| {
            let help = "take one of them back; where the invoice covers several consignments, an officer decides";
            let path = format!("commercial.invoices[{nth}].number");
            findings.push(Finding::warning("APPLIED_TWICE", path, message).with_help(help));
        };
        let prefix = keep::invoice_prefix(whose, number);
        let rows = store.records_under(Table::ApplicationInvoice, &prefix, LOOKED_AT)?;
        let ids = rows.iter().map_while(|(key, _)| key.strip_prefix(prefix.as_slice()).and_then(keep::listed));
        let ids = ids.collect::<Vec<_>>();
        if ids.len() == LOOKED_AT {
            tell(format!("{LOOKED_AT} applications or more name invoice {number}: not all were looked at"));
        }
        for id in ids.into_iter().filter(|id| Some(*id) != reader.own) {
            let application = keep::find(store, id)?.application;
            let Some(standing) = stands(store, &application)? else { continue };
            let paper = match keep::paper(store, id) {
                Err(WorkflowError::ContentsErased) => continue,
                paper => paper?,
            };
            // A row is left where an invoice was taken out again.
            let named = paper.invoices().iter().any(|other| folded(other) == folded(number));
            let Some(shared) = paper.subheadings().intersection(&goods).next().cloned().filter(|_| named) else {
                continue;
            };
            tell(if reader.officer {
                format!("invoice {number} with goods of HS {shared} stands in application {id} too, {standing}")
            } else {
                format!("invoice {number} with goods of HS {shared} stands in another application of this exporter too")
            });
        }
    }
    Ok(findings)
}

/// How an application stands that may lead, or has led, to a certificate in force; `None` for any other.
fn stands(store: &dyn Store, application: &Application) -> Result<Option<String>, WorkflowError> {
    Ok(match application.stage.name() {
        StageName::Draft | StageName::Refused | StageName::Withdrawn => None,
        StageName::Issued => {
            let in_force = !matches!(
                became(store, application)?.map(|record| record.status),
                Some(Status::Cancelled | Status::Withdrawn | Status::Superseded)
            );
            let number = application.stage.certificate().map(|one| one.number.clone()).unwrap_or_default();
            in_force.then(|| format!("issued as {number}"))
        }
        _ => Some("which is under way".to_owned()),
    })
}

fn subheadings(particulars: &Particulars) -> BTreeSet<String> {
    let codes = particulars.goods.items.iter().filter_map(|item| item.hs.as_ref()).map(|hs| hs.code.as_str());
    codes.map(subheading).collect()
}

/// The subheading of a code.
pub(super) fn subheading(code: &str) -> String {
    code.chars().take(SUBHEADING).collect()
}
