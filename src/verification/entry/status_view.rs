//! The status of a log as it follows from its entries, one after another.

use super::{super::status_after, CheckedEntry, EntryFault, check_received, check_size, list_of};
use crate::{
    log::{Hash, Origin},
    statement::{
        Act, Addressee, Change, Jti, OpenedBody, OpenedCertificate, Status, StatusList, StatusSnapshot,
        status_list::{LIST_ENTRIES, lists_root},
    },
};
use std::collections::BTreeSet;

/// Bytes of a bit for each certificate of a list.
const TAKEN_BYTES: usize = 1 << 14;

/// Where the status of a certificate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatusPlace {
    /// The number of the list in its log, from 0.
    pub list: u32,
    /// The place in the list, below 2^17.
    pub place: u32,
}

/// One list as it stands, and which of its places are taken.
#[derive(Debug, Clone)]
pub struct ListView {
    statuses: StatusList,
    /// A bit for each place.
    taken: Vec<u8>,
    /// Of the statuses; a snapshot hashes again only what changed since.
    digest: Option<Hash>,
}

impl ListView {
    /// A list in which no place is taken.
    #[must_use]
    pub fn new() -> Self {
        Self { statuses: StatusList::new(), taken: vec![0; TAKEN_BYTES], digest: None }
    }

    /// A list as it was left: its statuses, and the places taken.
    pub fn resume(statuses: StatusList, taken: impl IntoIterator<Item = u32>) -> Self {
        let mut view = Self { statuses, ..Self::new() };
        for place in taken {
            view.take(place);
        }
        view
    }

    /// Takes a place; false if it was taken or there is no such place.
    fn take(&mut self, place: u32) -> bool {
        let byte = usize::try_from(place / 8).ok().and_then(|at| self.taken.get_mut(at));
        let bit = 1 << (place % 8);
        match byte {
            Some(byte) if place < LIST_ENTRIES && *byte & bit == 0 => {
                *byte |= bit;
                true
            }
            _ => false,
        }
    }

    fn digest(&mut self) -> Hash {
        *self.digest.get_or_insert_with(|| self.statuses.digest())
    }
}

impl Default for ListView {
    fn default() -> Self {
        Self::new()
    }
}

/// The lists of a closed log, as they stand by its own entries and by changes of its certificates in later logs.
#[derive(Debug, Clone)]
pub struct ClosedLists {
    origin: Origin,
    lists: Vec<ListView>,
    in_part: BTreeSet<StatusPlace>,
}

impl ClosedLists {
    /// The lists of a log as it ended, in their order; `in_part` names the certificates that had a change of some items.
    pub fn new(origin: Origin, lists: Vec<ListView>, in_part: impl IntoIterator<Item = StatusPlace>) -> Self {
        Self { origin, lists, in_part: in_part.into_iter().collect() }
    }

    /// The log.
    #[must_use]
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Takes a change in that a later log has.
    pub fn change(&mut self, change: &Change, at: Option<StatusPlace>) -> Result<(), EntryFault> {
        apply(&mut self.lists, &mut self.in_part, change, at)
    }

    /// Their digests as a later log commits to them.
    fn digests(&mut self) -> Vec<Hash> {
        let origin = &self.origin;
        let named = (0_u32..).zip(&mut self.lists);
        named
            .map(|(number, view)| *view.digest.get_or_insert_with(|| view.statuses.digest_of(origin, number)))
            .collect()
    }
}

/// The running state of one log: what its next entry is held against.
#[derive(Debug, Clone)]
pub struct StatusView {
    origin: Origin,
    next: u64,
    last: Option<Jti>,
    /// Unix seconds of the last snapshot.
    as_of: u64,
    lists: Vec<ListView>,
    /// Certificates that had a change of some items: reinstating the whole brings them back to "in part", not
    /// to valid.
    in_part: BTreeSet<StatusPlace>,
    /// Closed logs of the same authority to the same addressee, by their shards: this one may speak for them.
    closed: Vec<ClosedLists>,
}

impl StatusView {
    /// A log without entries.
    #[must_use]
    pub fn new(origin: Origin) -> Self {
        Self { origin, next: 0, last: None, as_of: 0, lists: Vec::new(), in_part: BTreeSet::new(), closed: Vec::new() }
    }

    /// A log as it was left after `next` entries, the last of them with the identifier `last`; `as_of` is the
    /// last snapshot's, in Unix seconds. `in_part` names the certificates that had a change of some items.
    #[must_use]
    pub fn resume(
        origin: Origin,
        (next, last): (u64, Option<Jti>),
        as_of: u64,
        lists: Vec<ListView>,
        in_part: impl IntoIterator<Item = StatusPlace>,
    ) -> Self {
        Self { origin, next, last, as_of, lists, in_part: in_part.into_iter().collect(), closed: Vec::new() }
    }

    /// The same beside closed logs whose certificates it may speak for.
    #[must_use]
    pub fn beside(self, mut closed: Vec<ClosedLists>) -> Self {
        closed.sort_by_key(|lists| lists.origin.shard());
        Self { closed, ..self }
    }

    /// What a later log needs of this one, once it is closed: its lists, behind those of the closed logs before it.
    #[must_use]
    pub fn ended(self) -> Vec<ClosedLists> {
        // A later log commits to a list by another digest.
        let lists = self.lists.into_iter().map(|list| ListView { digest: None, ..list }).collect();
        let mut closed = self.closed;
        closed.push(ClosedLists { origin: self.origin, lists, in_part: self.in_part });
        closed
    }

    /// The index of the next entry.
    #[must_use]
    pub const fn next(&self) -> u64 {
        self.next
    }

    /// How many lists there are.
    #[must_use]
    pub const fn lists(&self) -> usize {
        self.lists.len()
    }

    /// The highest identifier seen.
    #[must_use]
    pub const fn last(&self) -> Option<Jti> {
        self.last
    }

    /// Unix seconds of the last snapshot; 0 before the first.
    #[must_use]
    pub const fn as_of(&self) -> u64 {
        self.as_of
    }

    /// Certificates that had a change of some items.
    pub fn in_part(&self) -> impl Iterator<Item = StatusPlace> {
        self.in_part.iter().copied()
    }

    /// The status at a place; none where there is no such list or no such place.
    #[must_use]
    pub fn status(&self, at: StatusPlace) -> Option<Status> {
        status_at(&self.lists, at)
    }

    /// The status at a place of a log that may be a closed one which this speaks for.
    #[must_use]
    pub fn status_in(&self, log: &Origin, at: StatusPlace) -> Option<Status> {
        if *log == self.origin {
            return self.status(at);
        }
        status_at(&self.closed.iter().find(|closed| closed.origin == *log)?.lists, at)
    }

    /// Holds the next entry of the log against those before it and takes it in. `place_of` finds where the
    /// status of an earlier certificate of this log stands. After a fault the log goes on behind the entry,
    /// which changes nothing. What [`super::check_scope`] refuses is not to be admitted.
    pub fn admit(
        &mut self,
        entry: &CheckedEntry,
        place_of: impl FnOnce(&Jti) -> Option<StatusPlace>,
    ) -> Result<(), EntryFault> {
        self.receive(entry, None, place_of)
    }

    /// The same of an entry that was received: a snapshot is held to the clock there too, by what it showed then in Unix
    /// seconds, as [`check_received`] has it. The time of one that lies ahead counts for nothing: when the clock of its
    /// issuer is right again, what comes then does not lie behind it.
    pub fn receive(
        &mut self,
        entry: &CheckedEntry,
        clock: Option<u64>,
        place_of: impl FnOnce(&Jti) -> Option<StatusPlace>,
    ) -> Result<(), EntryFault> {
        if entry.envelope.log != self.origin {
            let (claimed, found) = (entry.envelope.log.clone(), self.origin.clone());
            return Err(EntryFault::OtherLog { claimed, found });
        }
        if entry.index != self.next {
            return Err(EntryFault::OutOfOrder { expected: self.next, found: entry.index });
        }
        let admitted = self.follow(entry, clock, place_of);
        self.next += 1;
        // Also behind a fault: an identifier that was seen is used.
        self.last = self.last.max(Some(entry.envelope.jti));
        admitted
    }

    /// Goes past an entry that [`super::check_entry`] refused.
    pub fn skip(&mut self) {
        self.next += 1;
    }

    /// Goes past an entry whose key does not count at its place. A certificate keeps its place in the lists all the
    /// same: its issuer goes on with those lists, and takes it out of force by name when it is issued anew. Says whether
    /// it has one; anything else changes nothing.
    pub fn pass(&mut self, entry: &CheckedEntry) -> bool {
        self.next += 1;
        matches!(&entry.body, OpenedBody::Certificate(certificate) if self.certificate(certificate).is_ok())
    }

    fn follow(
        &mut self,
        entry: &CheckedEntry,
        clock: Option<u64>,
        place_of: impl FnOnce(&Jti) -> Option<StatusPlace>,
    ) -> Result<(), EntryFault> {
        if self.last.is_some_and(|last| entry.envelope.jti <= last) {
            return Err(EntryFault::NotRising);
        }
        let snapshot = matches!(entry.body, OpenedBody::StatusSnapshot(_));
        if self.next == 0 && !snapshot && entry.envelope.aud != Addressee::Everyone {
            return Err(EntryFault::NoFirstSnapshot);
        }
        match &entry.body {
            OpenedBody::Certificate(certificate) => self.certificate(certificate),
            OpenedBody::StatusChange(opened) => self.change(&opened.change, place_of),
            OpenedBody::StatusSnapshot(snapshot) => self.snapshot(snapshot, clock),
            OpenedBody::KeyChange(_)
            | OpenedBody::Receipt(_)
            | OpenedBody::CustomsResponse(_)
            | OpenedBody::Enquiry(_)
            | OpenedBody::EnquiryReply(_)
            | OpenedBody::Endorsement(_)
            | OpenedBody::Evidence(_)
            | OpenedBody::PaperCertificate(_) => Ok(()),
        }
    }

    /// A certificate takes a place of its own, in a list that is open or in the next one.
    fn certificate(&mut self, certificate: &OpenedCertificate) -> Result<(), EntryFault> {
        let reference = &certificate.status;
        let list = list_of(&reference.uri)?;
        let at = usize::try_from(list).unwrap_or(usize::MAX);
        if at == self.lists.len() {
            self.lists.push(ListView::new());
        }
        let view = self.lists.get_mut(at).ok_or_else(|| EntryFault::ForeignList(reference.uri.clone()))?;
        if view.take(reference.index) {
            Ok(())
        } else {
            Err(EntryFault::StatusPlaceTaken { list, place: reference.index })
        }
    }

    fn change(
        &mut self,
        change: &Change,
        place_of: impl FnOnce(&Jti) -> Option<StatusPlace>,
    ) -> Result<(), EntryFault> {
        if change.target.log != self.origin {
            // Where the closed log is not held, its lists are not either, and nobody here shows them.
            let closed = self.closed.iter_mut().find(|closed| closed.origin == change.target.log);
            return closed.map_or(Ok(()), |closed| closed.change(change, place_of(&change.target.jti)));
        }
        apply(&mut self.lists, &mut self.in_part, change, place_of(&change.target.jti))
    }

    /// The lists of a snapshot are those in use; a list that was opened and has no certificate yet is empty. Behind them
    /// come those of the closed logs it speaks for: all that come right before it, or fewer, as long as the list by which
    /// the last of them is closed was not in force with the authority.
    fn snapshot(&mut self, snapshot: &StatusSnapshot, clock: Option<u64>) -> Result<(), EntryFault> {
        check_size(snapshot, self.next)?;
        if snapshot.as_of < self.as_of {
            return Err(EntryFault::SnapshotTime { last: self.as_of, found: snapshot.as_of });
        }
        clock.map_or(Ok(()), |clock| check_received(snapshot, clock))?;
        let lists = usize::try_from(snapshot.lists).map_err(|_| EntryFault::SnapshotLists)?;
        let mut behind = Vec::new();
        for spoken_for in 0..=self.closed.len() {
            if let Some(closed) = spoken_for.checked_sub(1).and_then(|nth| self.closed.iter_mut().rev().nth(nth)) {
                behind.splice(0..0, closed.digests());
            }
            let own = self.lists.len() + behind.len();
            let mut opened = match lists.checked_sub(own) {
                Some(0) => None,
                Some(1) => Some(ListView::new()),
                _ => continue,
            };
            let digests = self.lists.iter_mut().chain(&mut opened).map(ListView::digest);
            let digests = digests.chain(behind.iter().copied()).collect::<Vec<_>>();
            if lists_root(&digests) == snapshot.lists_root {
                self.lists.extend(opened);
                self.as_of = snapshot.as_of;
                return Ok(());
            }
        }
        Err(EntryFault::SnapshotLists)
    }
}

fn status_at(lists: &[ListView], at: StatusPlace) -> Option<Status> {
    lists.get(usize::try_from(at.list).ok()?)?.statuses.get(at.place).ok()
}

/// Takes a change into the lists of its target's log.
fn apply(
    lists: &mut [ListView],
    in_part: &mut BTreeSet<StatusPlace>,
    change: &Change,
    at: Option<StatusPlace>,
) -> Result<(), EntryFault> {
    let unknown = || EntryFault::UnknownTarget(change.target.clone());
    let at = at.ok_or_else(unknown)?;
    let status = status_at(lists, at).ok_or_else(unknown)?;
    let behind = if in_part.contains(&at) { Status::InPart } else { Status::Valid };
    let next = status_after(status, behind, &change.act, change.items.as_deref());
    let next = next.ok_or(EntryFault::StatusRule(status))?;
    if change.items.is_some() && change.act != Act::Reinstated {
        in_part.insert(at);
    }
    let view = usize::try_from(at.list).ok().and_then(|list| lists.get_mut(list)).ok_or_else(unknown)?;
    view.statuses.set(at.place, next)?;
    view.digest = None;
    Ok(())
}
