//! The first look through a package, from its first line to its seal: nothing is taken before it was found whole.

use super::{
    EntryLine, FrontLine, Line, LogLine, LostLine, MAX_LINE_BYTES, MAX_PARCEL_ENTRIES, MAX_PARCEL_LOGS, ParcelError,
};
use crate::{
    exchange::{
        ExchangeError,
        access::{hosts_issuer, replicates},
    },
    log::{
        Checkpoint, Hash, MAX_LEAF_BYTES, MAX_PROOF_HASHES, Origin, SignedCheckpoint, SignedNote, TreeHead, leaf_hash,
    },
    trust::{NodeName, PackageSeal, TrustList},
};
use sha2::{Digest as _, Sha256};
use std::io::{BufRead, Read as _};

/// The format that is read here.
const VERSION: u32 = 1;

/// What stands in a package, and where.
#[derive(Debug, Clone)]
pub struct Survey {
    /// From whom, for whom.
    pub front: FrontLine,
    /// Its logs, in order.
    pub logs: Vec<SurveyedLog>,
    /// Notes of the addressee's own logs with the sender's cosignature.
    pub cosigned: Vec<String>,
    /// What its maker says to have lost of its logs.
    pub lost: Vec<LostLine>,
    /// What its maker sealed.
    pub seal: PackageSeal,
}

/// One log of a package.
#[derive(Debug, Clone)]
pub struct SurveyedLog {
    /// Which.
    pub origin: Origin,
    /// Index of its first entry.
    pub after: u64,
    /// The head that its entries lead to.
    pub head: TreeHead,
    /// Its note.
    pub note: String,
    /// The proof from `after`.
    pub consistency: Vec<Hash>,
    /// Why it is not taken, if it is not.
    pub refused: Option<ParcelError>,
    /// The hash of each entry.
    pub leaves: Vec<Hash>,
    /// The offset of each entry's line in the file, and where the last of them ends.
    pub places: Vec<u64>,
}

/// Lines as they come, each counted and hashed.
struct Lines<R> {
    from: R,
    number: u64,
    offset: u64,
    hash: Sha256,
}

impl<R: BufRead> Lines<R> {
    /// The next line with its newline; false at the end of the file.
    fn next(&mut self, text: &mut Vec<u8>) -> Result<bool, ParcelError> {
        text.clear();
        let most = u64::try_from(MAX_LINE_BYTES).unwrap_or(u64::MAX).saturating_add(1);
        let read = self.from.by_ref().take(most).read_until(b'\n', text);
        let read = read.map_err(|error| ParcelError::Inside(error.to_string()))?;
        if read == 0 {
            return Ok(false);
        }
        self.number += 1;
        if text.last() != Some(&b'\n') {
            let long = u64::try_from(read).is_ok_and(|read| read == most);
            let damaged = ParcelError::Damaged(format!("it breaks off in line {}", self.number));
            return Err(if long { ParcelError::TooLarge("a line of it") } else { damaged });
        }
        self.offset = self.offset.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        Ok(true)
    }
}

impl Survey {
    /// Reads all of it, as the node `here` by this list. It blocks.
    pub fn read(from: impl BufRead, list: &TrustList, here: &NodeName) -> Result<Self, ParcelError> {
        let mut lines = Lines { from, number: 0, offset: 0, hash: Sha256::new() };
        let mut text = Vec::new();
        let mut front = None;
        let (mut logs, mut cosigned): (Vec<SurveyedLog>, Vec<String>) = (Vec::new(), Vec::new());
        let mut lost = Vec::<LostLine>::new();
        let mut entries = 0_u64;
        while lines.next(&mut text)? {
            let number = lines.number;
            let malformed = |problem: &str| ParcelError::malformed(number, problem);
            let line = Line::read(text.strip_suffix(b"\n").unwrap_or(&text), number)?;
            let before = lines.hash.clone();
            lines.hash.update(&text);
            let Some(of) = &front else {
                let Line::Package(one) = line else {
                    return Err(malformed("a package begins with a line `package`"));
                };
                front = Some(checked_front(one, list, here, number)?);
                continue;
            };
            match line {
                Line::Package(_) => return Err(malformed("a second line `package`")),
                Line::Log(_) | Line::Entry(_) if !(cosigned.is_empty() && lost.is_empty()) => {
                    return Err(malformed("logs come before cosigned heads, and before what was lost"));
                }
                Line::Log(one) => {
                    if logs.last().is_some_and(|log| !log.is_whole()) {
                        return Err(malformed("the log before it is not whole"));
                    }
                    if logs.len() >= MAX_PARCEL_LOGS || logs.iter().any(|log| log.origin == one.origin) {
                        return Err(malformed("too many logs, or one twice"));
                    }
                    logs.push(SurveyedLog::open(one, of, (list, here), (number, lines.offset))?);
                }
                Line::Entry(entry) => {
                    entries += 1;
                    if entries > MAX_PARCEL_ENTRIES {
                        return Err(ParcelError::TooLarge("it has too many entries"));
                    }
                    let log = logs.last_mut().ok_or_else(|| malformed("an entry of no log"))?;
                    log.entry(entry, lines.offset, number)?;
                }
                Line::Cosigned(one) => {
                    if cosigned.len() >= MAX_PARCEL_LOGS {
                        return Err(ParcelError::TooLarge("it has too many cosigned heads"));
                    }
                    cosigned.push(one.note);
                }
                Line::Lost(one) => {
                    if lost.len() >= MAX_PARCEL_LOGS {
                        return Err(ParcelError::TooLarge("it tells of too many lost logs"));
                    }
                    lost.push(one);
                }
                Line::End(end) => {
                    if logs.last().is_some_and(|log| !log.is_whole()) {
                        return Err(malformed("the log before it is not whole"));
                    }
                    let seal = PackageSeal::open(&end.seal, list)?;
                    let found: [u8; 32] = before.finalize().into();
                    let front = of.clone();
                    let said = (&front.from, &front.to, front.made_at, number - 1);
                    if (&seal.from, &seal.to, seal.made_at, seal.lines) != said || seal.digest != found {
                        return Err(ParcelError::Damaged("its lines are not those that were sealed".to_owned()));
                    }
                    if lines.next(&mut text)? {
                        return Err(ParcelError::Damaged(format!("something follows its seal in line {}", number + 1)));
                    }
                    return Ok(Self { front, logs, cosigned, lost, seal });
                }
            }
        }
        Err(ParcelError::Damaged(format!("it ends after {} lines, without its seal", lines.number)))
    }
}

fn checked_front(front: FrontLine, list: &TrustList, here: &NodeName, number: u64) -> Result<FrontLine, ParcelError> {
    if front.version != VERSION {
        return Err(ParcelError::malformed(number, format!("version {} is not known here", front.version)));
    }
    if front.to != *here {
        return Err(ParcelError::ForAnother { to: front.to, here: here.clone() });
    }
    if front.from == *here || list.node(&front.from).is_none() {
        return Err(ParcelError::NoPartner(front.from));
    }
    Ok(front)
}

/// Whether the log is the sender's to give and this node's to hold, and the head its own.
fn may_come(
    origin: &Origin,
    note: &str,
    front: &FrontLine,
    (list, here): (&TrustList, &NodeName),
) -> Result<(), ParcelError> {
    if !replicates(list, here, origin) || !hosts_issuer(list, &front.from, origin) {
        return Err(ParcelError::NotForPartner { origin: origin.clone(), to: here.clone() });
    }
    let key = list.log_key(origin).ok_or(ExchangeError::UntrustedLog)?;
    SignedCheckpoint::open(note, &key).map_err(ExchangeError::from)?;
    Ok(())
}

impl SurveyedLog {
    /// Begins a log. One that the list does not have this node hold, or the sender give, or whose head its key did not
    /// sign, is refused by itself: the lists of the two may be of different versions.
    fn open(
        line: LogLine,
        front: &FrontLine,
        (list, here): (&TrustList, &NodeName),
        (number, offset): (u64, u64),
    ) -> Result<Self, ParcelError> {
        let LogLine { origin, after, checkpoint: note, consistency } = line;
        let said = SignedNote::parse(&note).and_then(|note| note.text().parse::<Checkpoint>());
        let said = said.map_err(|error| ParcelError::malformed(number, error.to_string()))?;
        let head = said.head;
        if said.origin != origin || after > head.size || consistency.len() > MAX_PROOF_HASHES {
            let problem = "a log with the head of another, that begins past its head, or with too long a proof";
            return Err(ParcelError::malformed(number, problem));
        }
        let refused = may_come(&origin, &note, front, (list, here)).err();
        Ok(Self { origin, after, head, note, consistency, refused, leaves: Vec::new(), places: vec![offset] })
    }

    fn entry(&mut self, entry: EntryLine, ends: u64, number: u64) -> Result<(), ParcelError> {
        if entry.index != self.next() || entry.index >= self.head.size {
            return Err(ParcelError::malformed(number, format!("entry {} is expected", self.next())));
        }
        if !(1..=MAX_LEAF_BYTES).contains(&entry.leaf.len()) {
            return Err(ParcelError::malformed(number, "a leaf has 1 to 4,096 bytes"));
        }
        self.leaves.push(leaf_hash(entry.leaf.as_bytes()));
        self.places.push(ends);
        if entry.disclosed().is_none() {
            return Err(ParcelError::malformed(number, "an entry comes with `disclosures` or `without` them"));
        }
        Ok(())
    }

    /// The index after its last entry so far.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.after.saturating_add(u64::try_from(self.leaves.len()).unwrap_or(u64::MAX))
    }

    fn is_whole(&self) -> bool {
        self.next() == self.head.size
    }

    /// Where the line of an entry stands in the file: its offset, and its length with the newline.
    #[must_use]
    pub fn place(&self, index: u64) -> Option<(u64, u64)> {
        let at = usize::try_from(index.checked_sub(self.after)?).ok()?;
        let (begins, ends) = (self.places.get(at)?, self.places.get(at + 1)?);
        Some((*begins, ends.checked_sub(*begins)?))
    }
}
