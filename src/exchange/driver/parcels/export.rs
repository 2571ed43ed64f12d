//! Makes a package: what this node has for a partner since it was last heard of.

use crate::encoding::hex;
use crate::exchange::ExchangeError;
use crate::exchange::cosigned::Cosigned;
use crate::exchange::driver::disclosing::disclosed;
use crate::exchange::driver::heads::lost_to;
use crate::exchange::driver::own::OwnLogs;
use crate::exchange::driver::start::Inner;
use crate::exchange::message::Disclosed;
use crate::exchange::parcel::{
    CosignedLine, EntryLine, FrontLine, Line, LogLine, LostLine, MAX_PARCEL_ENTRIES, ParcelError, ParcelWriter,
    TrustLine,
};
use crate::exchange::replica::Loss;
use crate::exchange::{hosts_issuer, replicates};
use crate::log::{Origin, SignedCheckpoint, VerifierKey, consistency_proof, size_in};
use crate::sequencer::spared;
use crate::store::{PublishedHead, Store, StoreError};
use crate::trust::{NodeName, TrustList};
use std::io::Write;

/// Bytes of leaves that are read at once.
const AT_ONCE: usize = 1 << 20;
/// The format.
const VERSION: u32 = 1;

/// What a package is to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportAsked {
    /// For whom.
    pub to: NodeName,
    /// Which logs.
    pub logs: Wanted,
}

/// Which logs a package is to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// None: cosignatures alone.
    None,
    /// All that go to the partner, each from where it is known to be.
    All,
    /// All that go to the partner, whatever it is known to hold.
    AllFromTheStart,
    /// One, from this index on where it is said.
    One(Origin, Option<u64>),
}

/// One log that was put in: from which index on, and up to which size.
pub type Exported = (Origin, u64, u64);

/// Writes a package; gives what is in it, and its seal. It blocks.
pub(in crate::exchange::driver) fn export(
    inner: &Inner,
    asked: &ExportAsked,
    to: impl Write,
) -> Result<(Vec<Exported>, String), ParcelError> {
    let list = inner.lists.current();
    let partner = &asked.to;
    let node = list.node(partner).filter(|_| *partner != inner.name);
    let node = node.ok_or_else(|| ParcelError::NoPartner(partner.clone()))?;
    let keys = node.replica_keys().collect::<Vec<_>>();
    let mut writer = ParcelWriter::new(to);
    let front = FrontLine {
        version: VERSION,
        from: inner.name.clone(),
        to: partner.clone(),
        made_at: inner.clock.now().as_second(),
        trust_list: TrustLine { version: list.version(), digest: hex::encode(&list.digest().0) },
    };
    writer.line(&Line::Package(front.clone()))?;
    let (mut exported, mut entries) = (Vec::new(), 0_u64);
    for (own, origin) in logs(inner, &list, asked)? {
        let after = match &asked.logs {
            Wanted::AllFromTheStart => 0,
            Wanted::One(_, Some(after)) => *after,
            _ => known_to_hold(own, &origin, &keys),
        };
        let room = MAX_PARCEL_ENTRIES.saturating_sub(entries);
        let Some(head) = head_within(own.store.as_ref(), &origin, &list, (after, room))? else { continue };
        let size = head.head.size;
        log(&mut writer, own.store.as_ref(), (&origin, after), head)?;
        entries = entries.saturating_add(size.saturating_sub(after));
        exported.push((origin, after, size));
    }
    for note in cosigned(inner, &list, partner).map_err(inside)? {
        writer.line(&Line::Cosigned(CosignedLine { note }))?;
    }
    for (origin, Loss { size, signed }) in lost_to(inner, partner) {
        writer.line(&Line::Lost(LostLine { origin, size, signed }))?;
    }
    let seal = writer.seal(&front, |seal| inner.replica.seal(seal))?;
    Ok((exported, seal))
}

fn inside(error: impl std::fmt::Display) -> ParcelError {
    ParcelError::Inside(error.to_string())
}

/// The own logs that go to the partner: it replicates them, and nobody else is given their entries and disclosures.
fn logs<'a>(
    inner: &'a Inner,
    list: &TrustList,
    asked: &ExportAsked,
) -> Result<Vec<(&'a OwnLogs, Origin)>, ParcelError> {
    let to = &asked.to;
    if asked.logs == Wanted::None {
        return Ok(Vec::new());
    }
    if let Wanted::One(origin, _) = &asked.logs {
        let own = inner.own.of(origin).filter(|_| replicates(list, to, origin));
        let refused = || ParcelError::NotForPartner { origin: origin.clone(), to: to.clone() };
        return Ok(vec![(own.ok_or_else(refused)?, origin.clone())]);
    }
    let all = inner.own.all().flat_map(|own| own.store.logs().into_iter().map(move |origin| (own, origin)));
    Ok(all.filter(|(_, origin)| replicates(list, to, origin)).collect())
}

/// Size of the newest head of a log that the partner cosigned: it holds every byte up to there.
pub(super) fn known_to_hold(own: &OwnLogs, origin: &Origin, keys: &[&VerifierKey]) -> u64 {
    own.cosigned_by(origin, keys).and_then(|note| size_in(&note)).unwrap_or(0)
}

/// The head that a log's entries lead to: its newest; where there is no room for so many entries, the newest that is kept
/// with its cosignatures and that there is room for. None of a log that has no head yet.
pub(in crate::exchange) fn head_within(
    store: &dyn Store,
    origin: &Origin,
    list: &TrustList,
    (after, room): (u64, u64),
) -> Result<Option<PublishedHead>, ParcelError> {
    let Some(newest) = store.head(origin) else { return Ok(None) };
    if newest.head.size.saturating_sub(after) <= room {
        return Ok(Some(newest));
    }
    let kept = spared::within(store, origin, list, (after, after.saturating_add(room))).map_err(inside)?;
    let too_large = ParcelError::TooLarge("it would have too many entries: ask for one log at a time");
    let (_, note) = kept.ok_or(too_large)?;
    let key = list.log_key(origin).ok_or(ExchangeError::UntrustedLog)?;
    let signed = SignedCheckpoint::open(&note, &key).map_err(ExchangeError::from)?;
    Ok(Some(bare(&signed, &key)?))
}

/// A head as its log signed it, without the lines of others.
pub(super) fn bare(signed: &SignedCheckpoint, key: &VerifierKey) -> Result<PublishedHead, ExchangeError> {
    let mut lines = signed.note().signatures().iter();
    let line = lines.find(|line| line.name() == key.name() && line.key_id() == key.id());
    let line = line.ok_or(ExchangeError::UntrustedLog)?;
    Ok(PublishedHead { head: signed.checkpoint().head, note: format!("{}\n{line}\n", signed.note().text()) })
}

/// Writes a log from an index on, up to this head.
fn log<W: Write>(
    writer: &mut ParcelWriter<W>,
    store: &dyn Store,
    (origin, after): (&Origin, u64),
    head: PublishedHead,
) -> Result<(), ParcelError> {
    let size = head.head.size;
    if after > size {
        return Err(ParcelError::Beyond { origin: origin.clone(), asked: after, published: size });
    }
    let consistency = match after {
        0 => Vec::new(),
        after if after == size => Vec::new(),
        after => consistency_proof(after, size, &store.hashes(origin)).map_err(inside)?,
    };
    let (checkpoint, origin) = (head.note, origin.clone());
    writer.line(&Line::Log(LogLine { origin: origin.clone(), after, checkpoint, consistency }))?;
    let mut next = after;
    while next < size {
        let leaves = store.leaves(&origin, next..size, AT_ONCE).map_err(inside)?;
        if leaves.is_empty() {
            return Err(inside(StoreError::NoEntry { origin, index: next }));
        }
        for leaf in leaves {
            let leaf = String::from_utf8(leaf.to_vec()).map_err(inside)?;
            let state = disclosed(store, &origin, next, true).map_err(inside)?.unwrap_or(Disclosed::None);
            writer.line(&Line::Entry(EntryLine::new(next, leaf, state)))?;
            next += 1;
        }
    }
    Ok(())
}

/// The newest head of each of the partner's logs that this node holds and cosigned on a package: its answer to them.
fn cosigned(inner: &Inner, list: &TrustList, partner: &NodeName) -> Result<Vec<String>, StoreError> {
    let Some(node) = list.node(&inner.name) else { return Ok(Vec::new()) };
    let keys = node.replica_keys().collect::<Vec<_>>();
    let mut notes = Vec::new();
    for (origin, store) in inner.replicas.all() {
        if hosts_issuer(list, partner, &origin) && replicates(list, &inner.name, &origin) {
            notes.extend(Cosigned::load(store.as_ref(), &origin, list)?.newest_by(&keys));
        }
    }
    Ok(notes)
}
