//! Between what partners say as plain values and the wire; what is malformed is refused here, by one sentence.

use super::wire;
use crate::exchange::ExchangeError;
use crate::exchange::message::{
    AddCheckpoint, Announce, Cosign, Disclosed, DisclosuresAsked, FromReplica, FromSupplier, Hello, MAX_INDEXES,
    Package, Want, Witnessed,
};
use crate::log::{Hash, MAX_PROOF_HASHES, Origin, TreeHead};
use crate::trust::NodeName;
use bytes::Bytes;

type Taken<T> = Result<T, ExchangeError>;

/// Names of nodes that are read of one list.
const MAX_NAMES: usize = 256;

const fn malformed<T>(what: &'static str) -> Taken<T> {
    Err(ExchangeError::Protocol(what))
}

/// The name of a log; one that cannot be is a log that nobody has.
pub(super) fn origin(text: &str) -> Taken<Origin> {
    text.parse().map_err(|_| ExchangeError::UnknownLog)
}

/// One hash.
pub(super) fn hash(bytes: &Bytes) -> Taken<Hash> {
    <[u8; 32]>::try_from(bytes.as_ref()).map(Hash).or(malformed("a hash has 32 bytes"))
}

/// Names of nodes, as far as they are any.
pub(super) fn names(all: &[String]) -> Vec<NodeName> {
    all.iter().take(MAX_NAMES).filter_map(|name| name.parse().ok()).collect()
}

/// Hashes of a proof.
pub(super) fn hashes(all: &[Bytes]) -> Taken<Vec<Hash>> {
    if all.len() > MAX_PROOF_HASHES {
        return malformed("more hashes than any proof has");
    }
    all.iter().map(hash).collect()
}

/// The same for the wire.
pub(super) fn hashes_to_wire(all: &[Hash]) -> Vec<Bytes> {
    all.iter().map(|hash| Bytes::copy_from_slice(&hash.0)).collect()
}

/// Bytes that have to be text.
pub(super) fn text(bytes: &Bytes) -> Taken<String> {
    std::str::from_utf8(bytes).map(ToOwned::to_owned).or(malformed("a note or a line that is not text"))
}

/// What an addressee's node says.
pub(super) fn from_replica(message: wire::SyncRequest) -> Taken<FromReplica> {
    use wire::sync_request::Message;
    Ok(match message.message {
        Some(Message::Hello(hello)) => {
            let head = TreeHead { size: hello.head_size, root: hash(&hello.head_root)? };
            FromReplica::Hello(Hello { log: origin(&hello.log)?, next_index: hello.next_index, head })
        }
        Some(Message::Want(want)) => FromReplica::Want(Want { from: want.from, to: want.to, credit: want.credit }),
        Some(Message::Cosign(cosign)) => FromReplica::Cosign(Cosign { size: cosign.size, line: text(&cosign.line)? }),
        None => return malformed("an empty message"),
    })
}

/// The same for the wire.
pub(super) fn replica_to_wire(message: FromReplica) -> wire::SyncRequest {
    use wire::sync_request::Message;
    let message = match message {
        FromReplica::Hello(hello) => Message::Hello(wire::SyncHello {
            log: hello.log.to_string(),
            next_index: hello.next_index,
            head_size: hello.head.size,
            head_root: Bytes::copy_from_slice(&hello.head.root.0),
        }),
        FromReplica::Want(Want { from, to, credit }) => Message::Want(wire::SyncWant { from, to, credit }),
        FromReplica::Cosign(Cosign { size, line }) => {
            Message::Cosign(wire::SyncCosign { size, line: Bytes::from(line) })
        }
    };
    wire::SyncRequest { message: Some(message) }
}

/// What a log's node says.
pub(super) fn from_supplier(message: wire::SyncResponse) -> Taken<FromSupplier> {
    use wire::sync_response::Message;
    Ok(match message.message {
        Some(Message::Announce(announce)) => FromSupplier::Announce(Announce {
            note: text(&announce.checkpoint)?,
            consistency: hashes(&announce.consistency)?,
        }),
        Some(Message::Package(package)) => FromSupplier::Package(Package {
            start: package.start,
            entries: package.leaves,
            size: package.size,
            proof: hashes(&package.proof)?,
        }),
        None => return malformed("an empty message"),
    })
}

/// The same for the wire.
pub(super) fn supplier_to_wire(message: FromSupplier) -> wire::SyncResponse {
    use wire::sync_response::Message;
    let message = match message {
        FromSupplier::Announce(announce) => Message::Announce(wire::SyncAnnounce {
            checkpoint: Bytes::from(announce.note),
            consistency: hashes_to_wire(&announce.consistency),
        }),
        FromSupplier::Package(package) => Message::Package(wire::SyncPackage {
            start: package.start,
            leaves: package.entries,
            size: package.size,
            proof: hashes_to_wire(&package.proof),
        }),
    };
    wire::SyncResponse { message: Some(message) }
}

/// A head shown to a witness.
pub(super) fn checkpoint(request: &wire::AddCheckpointRequest) -> Taken<AddCheckpoint> {
    let (consistency, note) = (hashes(&request.proof)?, text(&request.checkpoint)?);
    Ok(AddCheckpoint { old_size: request.old_size, consistency, note })
}

/// The same for the wire.
pub(super) fn checkpoint_to_wire(request: &AddCheckpoint) -> wire::AddCheckpointRequest {
    wire::AddCheckpointRequest {
        old_size: request.old_size,
        proof: hashes_to_wire(&request.consistency),
        checkpoint: Bytes::copy_from_slice(request.note.as_bytes()),
    }
}

/// What a witness answered.
pub(super) fn witnessed(answer: &wire::AddCheckpointResponse) -> Taken<Witnessed> {
    use wire::WitnessOutcome as Outcome;
    Ok(match answer.outcome() {
        Outcome::Cosigned => Witnessed::Cosigned(text(&answer.line)?),
        Outcome::Conflict => Witnessed::Conflict(answer.size),
        Outcome::UnknownLog => Witnessed::UnknownLog,
        Outcome::Unsigned => Witnessed::Unsigned,
        Outcome::Frozen => Witnessed::Frozen,
        Outcome::Unproven => Witnessed::Unproven,
        Outcome::Malformed => Witnessed::Malformed,
        Outcome::Busy => {
            let of = names(&answer.awaits);
            if of.is_empty() { Witnessed::Busy } else { Witnessed::Awaiting(of) }
        }
        Outcome::Unspecified => return malformed("an outcome that no witness has"),
    })
}

/// The same for the wire.
pub(super) fn witnessed_to_wire(answer: Witnessed) -> wire::AddCheckpointResponse {
    use wire::WitnessOutcome as Outcome;
    let mut awaits = Vec::new();
    let (outcome, line, size) = match answer {
        Witnessed::Cosigned(line) => (Outcome::Cosigned, line, 0),
        Witnessed::Conflict(size) => (Outcome::Conflict, String::new(), size),
        Witnessed::UnknownLog => (Outcome::UnknownLog, String::new(), 0),
        Witnessed::Unsigned => (Outcome::Unsigned, String::new(), 0),
        Witnessed::Frozen => (Outcome::Frozen, String::new(), 0),
        Witnessed::Unproven => (Outcome::Unproven, String::new(), 0),
        Witnessed::Malformed => (Outcome::Malformed, String::new(), 0),
        Witnessed::Busy => (Outcome::Busy, String::new(), 0),
        Witnessed::Awaiting(of) => {
            awaits = of.iter().map(ToString::to_string).collect();
            (Outcome::Busy, String::new(), 0)
        }
    };
    wire::AddCheckpointResponse { outcome: outcome.into(), line: Bytes::from(line), size, awaits }
}

/// A request for disclosures.
pub(super) fn disclosures_asked(request: wire::FetchDisclosuresRequest) -> Taken<DisclosuresAsked> {
    let wire::FetchDisclosuresRequest { log, indexes } = request;
    if indexes.len() > MAX_INDEXES || !indexes.is_sorted_by(|a, b| a < b) {
        return malformed("indexes rise, and there are at most 4,096 of them");
    }
    Ok(DisclosuresAsked { log: origin(&log)?, indexes })
}

/// Bytes of disclosures in one message; one that is longer has a message of its own.
const DISCLOSED: usize = 512 << 10;

/// What there is to disclose for one entry, in as many messages as it takes.
pub(super) fn disclosed_to_wire(index: u64, state: Disclosed) -> Vec<wire::FetchDisclosuresResponse> {
    use wire::DisclosureState as State;
    let bare = |state: State| {
        vec![wire::FetchDisclosuresResponse { index, state: state.into(), disclosures: Vec::new(), more: false }]
    };
    let all = match state {
        Disclosed::All(all) => all,
        Disclosed::Held => return bare(State::Held),
        Disclosed::Erased => return bare(State::Erased),
        Disclosed::None => return bare(State::None),
    };
    let mut messages = bare(State::Disclosed);
    let mut room = DISCLOSED;
    for one in all {
        if one.len() > room && messages.last().is_some_and(|last| !last.disclosures.is_empty()) {
            messages.extend(bare(State::Disclosed));
            room = DISCLOSED;
        }
        room = room.saturating_sub(one.len());
        if let Some(last) = messages.last_mut() {
            last.disclosures.push(Bytes::from(one));
        }
    }
    let parts = messages.len();
    for (nth, message) in messages.iter_mut().enumerate() {
        message.more = nth + 1 < parts;
    }
    messages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_arrives_as_it_was_said() {
        let head = TreeHead { size: 7, root: Hash([3; 32]) };
        let log: Origin = "tdap.gov.pk/log/2026/customs.gov.cn".parse().unwrap();
        for message in [
            FromReplica::Hello(Hello { log, next_index: 9, head }),
            FromReplica::Want(Want { from: 9, to: 12, credit: 5 }),
            FromReplica::Cosign(Cosign { size: 12, line: "— a b".to_owned() }),
        ] {
            assert_eq!(from_replica(replica_to_wire(message.clone())).unwrap(), message);
        }
        let proof = vec![Hash([1; 32]), Hash([2; 32])];
        for message in [
            FromSupplier::Announce(Announce { note: "a note\n".to_owned(), consistency: proof.clone() }),
            FromSupplier::Package(Package { start: 9, entries: vec![Bytes::from_static(b"e30")], size: 12, proof }),
        ] {
            assert_eq!(from_supplier(supplier_to_wire(message.clone())).unwrap(), message);
        }
        let awaiting = Witnessed::Awaiting(vec!["node.kra.go.ke".parse().unwrap()]);
        let (line, frozen) = (Witnessed::Cosigned("— a b".to_owned()), Witnessed::Frozen);
        for answer in [line, frozen, Witnessed::Conflict(4), Witnessed::Busy, awaiting] {
            assert_eq!(witnessed(&witnessed_to_wire(answer.clone())).unwrap(), answer);
        }
    }

    #[test]
    fn what_is_out_of_bounds_is_refused() {
        let hello = wire::SyncHello { log: "not a log".to_owned(), ..Default::default() };
        let message = wire::SyncRequest { message: Some(wire::sync_request::Message::Hello(hello)) };
        assert!(from_replica(message).is_err());
        assert!(hashes(&vec![Bytes::from_static(&[0; 32]); MAX_PROOF_HASHES + 1]).is_err());
        assert!(hashes(&[Bytes::from_static(&[0; 31])]).is_err());
        let log = "tdap.gov.pk/log/2026/customs.gov.cn".to_owned();
        let asked = |indexes: Vec<u64>| disclosures_asked(wire::FetchDisclosuresRequest { log: log.clone(), indexes });
        assert!(asked(vec![1, 2, 9]).is_ok());
        assert!(asked(vec![1, 1]).is_err() && asked((0..5_000).collect()).is_err());
    }

    #[test]
    fn disclosures_that_do_not_fit_one_message_come_in_several() {
        let all = vec!["a".repeat(400 << 10), "b".repeat(400 << 10), "c".repeat(900 << 10)];
        let messages = disclosed_to_wire(3, Disclosed::All(all.clone()));
        assert_eq!(messages.iter().map(|one| one.more).collect::<Vec<_>>(), [true, true, false]);
        let whole = messages.iter().flat_map(|one| &one.disclosures).map(|one| text(one).unwrap());
        assert_eq!(whole.collect::<Vec<_>>(), all);
        assert_eq!(disclosed_to_wire(3, Disclosed::Held).len(), 1);
    }
}
