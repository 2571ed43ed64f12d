//! Whether everybody was shown the same history of the logs that are held here, for the operator.

use super::convert;
use super::wire::origin::v1 as wire;
use crate::exchange::driver::{Agreement, DriverView, LogHistory, ShownBy};
use crate::exchange::heads::ProvenBy;
use crate::log::{Hash, Origin};
use crate::store::StoreError;
use bytes::Bytes;
use prost::Message as _;
use std::ops::ControlFlow;

/// Bytes that a page is to have at most, though one log always has room: proofs of many nodes make it long, and a caller
/// reads 8 MiB.
const MOST_BYTES: usize = 4 << 20;

/// A page of them, or that of one log; with notes and proofs where they are asked for. It reads from the disk.
pub(super) fn list(
    view: Option<&DriverView>,
    only: Option<&Origin>,
    proofs: bool,
    (most, after): (usize, &str),
) -> Result<wire::ListHistoriesResponse, StoreError> {
    let mut page = Page::default();
    if let Some(view) = view {
        let proven = view.equivocated();
        view.histories((only, after), |history| {
            let forked = proven.borrow().contains_key(&history.origin) || view.was_lifted(&history.origin);
            page.take(to_wire(view, history, forked, proofs), most)
        })?;
    }
    Ok(page.answer)
}

/// A page while it is made.
#[derive(Default)]
struct Page {
    answer: wire::ListHistoriesResponse,
    bytes: usize,
}

impl Page {
    /// Takes a log, or says where the next page begins.
    fn take(&mut self, history: wire::LogHistory, most: usize) -> ControlFlow<()> {
        let wire::ListHistoriesResponse { histories, next_page_token } = &mut self.answer;
        self.bytes += history.encoded_len();
        let is_full = histories.len() >= most || self.bytes > MOST_BYTES;
        if let Some(last) = histories.last().filter(|_| is_full) {
            next_page_token.clone_from(&last.origin);
            return ControlFlow::Break(());
        }
        histories.push(history);
        ControlFlow::Continue(())
    }
}

fn to_wire(view: &DriverView, history: LogHistory, forked: bool, proofs: bool) -> wire::LogHistory {
    let LogHistory { origin, head, only_witnessed, shown } = history;
    wire::LogHistory {
        origin: origin.to_string(),
        size: head.head.size,
        root: bytes(&head.head.root),
        checkpoint: if proofs { head.note } else { String::new() },
        forked,
        only_witnessed,
        shown: shown.into_iter().map(|one| shown_by(view, one, proofs)).collect(),
    }
}

fn shown_by(view: &DriverView, ShownBy { node, compared }: ShownBy, proofs: bool) -> wire::ShownHistory {
    let node = node.to_string();
    let Some((compared, agreement)) = compared else {
        let agreement = wire::HistoryAgreement::Unheard.into();
        return wire::ShownHistory { node, agreement, ..Default::default() };
    };
    let (agreement, proof) = match agreement {
        Agreement::Same(proof) => (wire::HistoryAgreement::Same, proof),
        Agreement::Further => (wire::HistoryAgreement::Further, Vec::new()),
        Agreement::Another => (wire::HistoryAgreement::Another, Vec::new()),
    };
    let proof = if proofs { proof } else { Vec::new() };
    wire::ShownHistory {
        node,
        agreement: agreement.into(),
        size: compared.head.size,
        root: bytes(&compared.head.root),
        checkpoint: if proofs { compared.note.to_string() } else { String::new() },
        consistency: proof.iter().map(bytes).collect(),
        compared_at: Some(convert::instant(compared.at)),
        proven_by: match compared.by {
            ProvenBy::Known => String::new(),
            ProvenBy::Here => view.name().to_string(),
            ProvenBy::Node(name) => name.to_string(),
        },
    }
}

fn bytes(hash: &Hash) -> Bytes {
    Bytes::copy_from_slice(&hash.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many logs each page takes of these, each with so many bytes of a note.
    fn pages(all: &[usize], most: usize) -> Vec<usize> {
        let logs = all.iter().enumerate().map(|(nth, bytes)| wire::LogHistory {
            origin: format!("tdap.gov.pk/log/2026/c{nth}.example"),
            checkpoint: "x".repeat(*bytes),
            ..Default::default()
        });
        let (logs, mut pages, mut after) = (logs.collect::<Vec<_>>(), Vec::new(), String::new());
        loop {
            let mut page = Page::default();
            for one in logs.iter().filter(|one| one.origin > after) {
                if page.take(one.clone(), most).is_break() {
                    break;
                }
            }
            pages.push(page.answer.histories.len());
            after = page.answer.next_page_token;
            if after.is_empty() {
                return pages;
            }
        }
    }

    #[test]
    fn a_page_has_as_many_logs_as_are_asked_for_and_no_more_than_a_caller_reads() {
        assert_eq!(pages(&[], 2), [0]);
        assert_eq!(pages(&[10; 4], 2), [2, 2]);
        assert_eq!(pages(&[10; 5], 2), [2, 2, 1]);
        assert_eq!(pages(&[3 << 20, 10, 3 << 20, 5 << 20, 10], 500), [2, 1, 1, 1]);
    }
}
