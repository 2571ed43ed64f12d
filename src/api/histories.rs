//! Whether everybody was shown the same history of the logs that are held here, for the operator.

use super::convert;
use super::wire::origin::v1 as wire;
use crate::exchange::driver::{Agreement, DriverView, LogHistory, ShownBy};
use crate::exchange::heads::ProvenBy;
use crate::log::{Hash, Origin};
use crate::store::StoreError;
use bytes::Bytes;

/// All of them, or of one log; with notes and proofs where they are asked for. It reads from the disk.
pub(super) fn list(
    view: Option<&DriverView>,
    only: Option<&Origin>,
    proofs: bool,
) -> Result<wire::ListHistoriesResponse, StoreError> {
    let Some(view) = view else { return Ok(wire::ListHistoriesResponse::default()) };
    let proven = view.equivocated();
    let histories = view.histories(only)?.into_iter().map(|history| {
        let forked = proven.borrow().contains_key(&history.origin) || view.was_lifted(&history.origin);
        to_wire(view, history, forked, proofs)
    });
    Ok(wire::ListHistoriesResponse { histories: histories.collect() })
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
