//! Speaks for a log's own node from a package: announces its head, and gives the entries that are wanted.

use super::shelf::Shelf;
use crate::exchange::ExchangeError;
use crate::exchange::driver::convert;
use crate::exchange::driver::wire;
use crate::exchange::message::{
    Announce, FromReplica, FromSupplier, Hello, MAX_PACKAGE_BYTES, MAX_PACKAGE_ENTRIES, Package,
};
use crate::exchange::parcel::{Extended, ParcelError};
use crate::log::{Hash, HashReader, consistency_proof};
use crate::store::Store;
use bytes::Bytes;
use tokio::sync::mpsc;
use tonic::Status;

/// What the replica says.
pub(super) type Requests = mpsc::Receiver<wire::SyncRequest>;
/// What it is answered.
pub(super) type Out = mpsc::Sender<Result<wire::SyncResponse, Status>>;

/// Answers until the replica has cosigned the package's head: then gives its line. None where it hangs up, or says nothing
/// more, before. It blocks.
pub(super) fn bear(
    shelf: &Shelf,
    store: &dyn Store,
    requests: &mut Requests,
    out: &Out,
) -> Result<Option<String>, ParcelError> {
    let log = &shelf.log;
    let hashes = store.hashes(&log.origin);
    let mut known = None;
    let (mut next, mut wanted, mut credit) = (log.after, log.after, 0_u64);
    while let Some(request) = requests.blocking_recv() {
        match convert::from_replica(request)? {
            FromReplica::Hello(hello) => {
                next = hello.next_index;
                let extended = greet(shelf, &hashes, &hello)?;
                let consistency = proof(hello.head.size, log.head.size, &extended)?;
                let announce = Announce { note: log.note.clone(), consistency };
                if !say(out, FromSupplier::Announce(announce)) {
                    return Ok(None);
                }
                known = Some(extended);
            }
            FromReplica::Want(want) => {
                wanted = wanted.max(want.to).min(log.head.size);
                credit = credit.saturating_add(want.credit);
            }
            FromReplica::Cosign(cosign) if cosign.size == log.head.size => return Ok(Some(cosign.line)),
            FromReplica::Cosign(_) => {}
        }
        let Some(extended) = &known else { return Err(ExchangeError::Protocol("the hello comes first").into()) };
        while credit > 0 && next < wanted {
            let entries = entries(shelf, next, wanted)?;
            let mut package = Package { start: next, entries, size: log.head.size, proof: Vec::new() };
            next = package.end();
            if next < log.head.size {
                package.proof = proof(next, log.head.size, extended)?;
            }
            credit = credit.saturating_sub(u64::try_from(package.bytes()).unwrap_or(u64::MAX));
            if !say(out, FromSupplier::Package(package)) {
                return Ok(None);
            }
        }
    }
    Ok(None)
}

/// The hashes of the whole log; what the package repeats of it has to be what is held.
fn greet<'a, R: HashReader<Error: std::fmt::Display>>(
    shelf: &'a Shelf,
    hashes: &'a R,
    hello: &Hello,
) -> Result<Extended<'a, R>, ParcelError> {
    let log = &shelf.log;
    let held = hello.head.size;
    if log.after > held {
        return Err(ParcelError::OutOfOrder { origin: log.origin.clone(), held, begins: log.after });
    }
    for (index, leaf) in (log.after..held).zip(&log.leaves) {
        let here = hashes.node(0, index).map_err(|error| ParcelError::Inside(error.to_string()))?;
        if here != *leaf {
            return Err(ExchangeError::OtherEntries { start: index }.into());
        }
    }
    Ok(Extended::new(hashes, held, log.after, &log.leaves))
}

fn proof<R: HashReader<Error: std::fmt::Display>>(
    old: u64,
    new: u64,
    hashes: &Extended<'_, R>,
) -> Result<Vec<Hash>, ParcelError> {
    if old == 0 || old >= new {
        return Ok(Vec::new());
    }
    consistency_proof(old, new, hashes).map_err(|error| ParcelError::Inside(error.to_string()))
}

/// As many entries as fit one message.
fn entries(shelf: &Shelf, start: u64, end: u64) -> Result<Vec<Bytes>, ParcelError> {
    let (mut entries, mut bytes) = (Vec::new(), 0_usize);
    for index in start..end {
        let entry = shelf.entry(index)?.ok_or_else(|| ParcelError::Damaged(format!("entry {index} is gone")))?;
        bytes = bytes.saturating_add(entry.leaf.len());
        if entries.len() >= MAX_PACKAGE_ENTRIES || bytes > MAX_PACKAGE_BYTES {
            break;
        }
        entries.push(Bytes::from(entry.leaf));
    }
    Ok(entries)
}

/// False where the replica hung up.
fn say(out: &Out, message: FromSupplier) -> bool {
    out.blocking_send(Ok(convert::supplier_to_wire(message))).is_ok()
}
