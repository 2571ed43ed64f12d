//! What partners say to each other, as plain values. What was signed stays the exact text that was signed.
//!
//! ```text
//! Sync, dialled by the addressee's node      AddCheckpoint, called by the log's own node
//!   Hello ─▶                                   note, proof ─▶
//!         ◀─ Announce (at once, and on news)               ◀─ a cosignature, or the size seen last
//!   Want  ─▶
//!         ◀─ Package …                       FetchDisclosures, called by the addressee's node
//!   Cosign ─▶                                  indexes ─▶
//!                                                      ◀─ one answer an index
//! ```

use crate::{
    encoding::base64,
    log::{
        Hash, MAX_CHECKPOINT_NOTE_BYTES, MAX_LEAF_BYTES, MAX_PROOF_HASHES, NoteSignature, Origin, TreeHead, VerifierKey,
    },
    trust::NodeName,
};
use bytes::Bytes;

/// The most entries of a package.
pub const MAX_PACKAGE_ENTRIES: usize = 256;
/// The most bytes of the entries of a package, so that a message with its proof stays within 1 MiB.
pub const MAX_PACKAGE_BYTES: usize = (1 << 20) - 16 * 1024;
/// The most indexes of one request for disclosures.
pub const MAX_INDEXES: usize = 4096;
/// The most lines of a proof in C2SP tlog-witness.
const MAX_PROOF_LINES: usize = 63;
/// The largest body of a C2SP tlog-witness request, in bytes: the old size of at most 25 bytes, the proof's lines of 45
/// each, a newline, and the checkpoint.
pub const MAX_ADD_CHECKPOINT_BYTES: usize = 25 + MAX_PROOF_LINES * 45 + 1 + MAX_CHECKPOINT_NOTE_BYTES;

/// What the addressee's node says on a `Sync` stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FromReplica {
    /// First, and once.
    Hello(Hello),
    /// Asks for entries, and gives credit.
    Want(Want),
    /// It holds every byte up to a head.
    Cosign(Cosign),
}

/// What the log's node says on a `Sync` stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FromSupplier {
    /// A head of the log.
    Announce(Announce),
    /// Entries in a row.
    Package(Package),
}

/// What the caller holds of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hello {
    /// The log.
    pub log: Origin,
    /// Entries that are durable: the index of the first that is missing. It may lie beyond the head.
    pub next_index: u64,
    /// The newest head it took; of size 0 and the root of the empty tree where it took none.
    pub head: TreeHead,
}

/// A head of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announce {
    /// The checkpoint's note, with the log's signature.
    pub note: String,
    /// RFC 6962 consistency proof from the head announced before it on this stream, or from that of the hello.
    pub consistency: Vec<Hash>,
}

/// Asks for entries, and gives credit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Want {
    /// From this index on: the first that the caller was not sent yet on this stream.
    pub from: u64,
    /// Up to this index, not with it; at most the size announced last.
    pub to: u64,
    /// Bytes of entries that may be sent beyond those credited before. A package is not cut: the one that uses the
    /// last credit may exceed it, and what it exceeds is owed from the credit that comes next.
    pub credit: u64,
}

/// Entries in a row: 1 to [`MAX_PACKAGE_ENTRIES`] of them, at most [`MAX_PACKAGE_BYTES`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Index of the first.
    pub start: u64,
    /// The exact leaves, each at most 4,096 bytes.
    pub entries: Vec<Bytes>,
    /// Size of the announced head that the proof leads to.
    pub size: u64,
    /// RFC 6962 consistency proof from the tree that ends with the last entry of the package to the head of `size`:
    /// who holds everything before the package re-derives that tree's root, and needs no more. Empty where the
    /// package ends with the head.
    pub proof: Vec<Hash>,
}

/// The caller holds every byte up to a head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosign {
    /// The head's size.
    pub size: u64,
    /// The line of cosignature/v1 by the caller's replica key, without its newline.
    pub line: String,
}

/// A log shows a witness its newest head: C2SP tlog-witness, `add-checkpoint`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// Size of the head that the witness is believed to have cosigned last; 0 for none.
    pub old_size: u64,
    /// RFC 6962 consistency proof from that size; empty from 0.
    pub consistency: Vec<Hash>,
    /// The checkpoint's note, with the log's signature.
    pub note: String,
}

/// What a witness answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Witnessed {
    /// 200: it saw the head, and that it extends the one before. A line of cosignature/v1, without its newline.
    Cosigned(String),
    /// 409: the head it cosigned last has this size (0 for none), or has another root at this size.
    Conflict(u64),
    /// 404: it does not watch this log.
    UnknownLog,
    /// 403: no signature by a key that it trusts for this log.
    Unsigned,
    /// 403: the log is proven to have shown two histories, and nobody has lifted that there yet.
    Frozen,
    /// 422: the proof does not lead from the head it cosigned last to this one.
    Unproven,
    /// 400: not a request.
    Malformed,
    /// 503: it could not keep the head, or has too much to do.
    Busy,
    /// 503: it cosigns nothing of the log before these nodes have told what it cosigned of it.
    Awaiting(Vec<NodeName>),
}

/// The newest head that a partner knows of a log. One that knows of a later head than it holds the entries of tells
/// both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownHead {
    /// The log.
    pub log: Origin,
    /// The newest note with the log's signature that it holds.
    pub note: String,
    /// Whether it holds the entries up to that head, and can give them.
    pub entries: bool,
    /// A note that carries the asker's own cosignature, if it knows one: the newest that has as many as the trust list asks
    /// for, else the newest.
    pub cosigned_by_asker: Option<String>,
}

/// Asks one who holds a log's entries how two sizes of it belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProveHistory {
    /// The log.
    pub log: Origin,
    /// The smaller size.
    pub old_size: u64,
    /// The larger size.
    pub new_size: u64,
}

/// The answer: the root at the smaller size in the history that is held here, and the consistency proof from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// Root at the smaller size.
    pub root: Hash,
    /// RFC 6962 consistency proof to the larger size.
    pub proof: Vec<Hash>,
}

/// Asks for disclosures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisclosuresAsked {
    /// The log.
    pub log: Origin,
    /// Indexes, rising, at most [`MAX_INDEXES`].
    pub indexes: Vec<u64>,
}

/// What there is to disclose for one entry. On the wire it may come in several messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisclosedEntry {
    /// The entry.
    pub index: u64,
    /// What there is.
    pub state: Disclosed,
}

/// What there is to disclose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disclosed {
    /// The exact disclosure strings, all of them.
    All(Vec<String>),
    /// Kept back until the holder or the law lets them go.
    Held,
    /// Made unreadable, for ever.
    Erased,
    /// The statement has none, or there is no such entry.
    None,
}

impl DisclosedEntry {
    /// Bytes of what it discloses.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match &self.state {
            Disclosed::All(disclosures) => disclosures.iter().map(String::len).sum(),
            Disclosed::Held | Disclosed::Erased | Disclosed::None => 0,
        }
    }
}

impl Package {
    /// Bytes of the entries: what a package takes of the credit.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.entries.iter().map(Bytes::len).sum()
    }

    /// Index just past the last entry.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.start.saturating_add(u64::try_from(self.entries.len()).unwrap_or(u64::MAX))
    }

    /// Whether it keeps the bounds of a package.
    #[must_use]
    pub fn is_bounded(&self) -> bool {
        (1..=MAX_PACKAGE_ENTRIES).contains(&self.entries.len())
            && self.entries.iter().all(|entry| (1..=MAX_LEAF_BYTES).contains(&entry.len()))
            && self.bytes() <= MAX_PACKAGE_BYTES
            && self.proof.len() <= MAX_PROOF_HASHES
    }
}

impl AddCheckpoint {
    /// Reads the body of a C2SP tlog-witness request; none if it is not one.
    #[must_use]
    pub fn from_body(body: &str) -> Option<Self> {
        if body.len() > MAX_ADD_CHECKPOINT_BYTES {
            return None;
        }
        let (front, note) = body.split_once("\n\n")?;
        let mut lines = front.split('\n');
        let old = lines.next()?.strip_prefix("old ")?;
        let old_size = old.parse::<u64>().ok().filter(|size| size.to_string() == old)?;
        let mut consistency = Vec::new();
        for line in lines {
            if consistency.len() == MAX_PROOF_LINES {
                return None;
            }
            consistency.push(Hash(base64::decode(line).ok()?.try_into().ok()?));
        }
        Some(Self { old_size, consistency, note: note.to_owned() })
    }

    /// Writes the body of a C2SP tlog-witness request.
    #[must_use]
    pub fn to_body(&self) -> String {
        let lines = self.consistency.iter().map(ToString::to_string).chain([String::new()]).collect::<Vec<_>>();
        format!("old {}\n{}\n{}", self.old_size, lines.join("\n"), self.note)
    }
}

impl Witnessed {
    /// The HTTP status of C2SP tlog-witness.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::Cosigned(_) => 200,
            Self::Malformed => 400,
            Self::Unsigned | Self::Frozen => 403,
            Self::UnknownLog => 404,
            Self::Conflict(_) => 409,
            Self::Unproven => 422,
            Self::Busy | Self::Awaiting(_) => 503,
        }
    }

    /// The body of the HTTP answer: signature lines, or the size (content type `text/x.tlog.size`).
    #[must_use]
    pub fn body(&self) -> String {
        match self {
            Self::Cosigned(line) => format!("{line}\n"),
            Self::Conflict(size) => format!("{size}\n"),
            _ => String::new(),
        }
    }

    /// Reads the HTTP answer of a witness with this key; none if the specification knows no such answer. Lines of keys
    /// that nobody knows are passed over, as it says.
    #[must_use]
    pub fn from_answer(status: u16, body: &str, key: &VerifierKey) -> Option<Self> {
        match status {
            200 => {
                let lines = body.strip_suffix('\n')?.split('\n');
                let mut known = lines.filter(|line| {
                    NoteSignature::parse(line).is_ok_and(|line| line.name() == key.name() && line.key_id() == key.id())
                });
                known.next().map(|line| Self::Cosigned(line.to_owned()))
            }
            400 => Some(Self::Malformed),
            403 => Some(Self::Unsigned),
            404 => Some(Self::UnknownLog),
            409 => {
                let size = body.strip_suffix('\n')?;
                let number = size.parse::<u64>().ok().filter(|number| number.to_string() == size);
                number.map(Self::Conflict)
            }
            422 => Some(Self::Unproven),
            429 | 503 => Some(Self::Busy),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_witness_request_has_the_body_of_the_specification() {
        // The example of C2SP tlog-witness, its signatures shortened.
        let body = "old 20852014\nPlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n\
                    jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n\nexample.com/behind-the-sofa\n20852163\n\
                    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— example.com/behind-the-sofa Az3grlg=\n";
        let request = AddCheckpoint::from_body(body).unwrap();
        assert_eq!((request.old_size, request.consistency.len()), (20_852_014, 2));
        assert!(request.note.starts_with("example.com/behind-the-sofa\n20852163\n"));
        assert_eq!(request.to_body(), body);
        for bad in ["", "old 1\n", "old 01\n\nx\n", "old 1\nnot base64\n\nx\n", "new 1\n\nx\n", "old 1\n\r\nx\n"] {
            assert_eq!(AddCheckpoint::from_body(bad), None, "{bad:?}");
        }
        let long = format!("old 1\n{}\nx\n", "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n".repeat(64));
        assert_eq!(AddCheckpoint::from_body(&long), None);
        assert_eq!((Witnessed::Conflict(7).status(), Witnessed::Conflict(7).body().as_str()), (409, "7\n"));
    }

    #[test]
    fn of_a_witness_answer_only_what_the_specification_says_is_read() {
        use crate::signature::Signer as _;
        let secret = crate::signature::SecretKey::from_seed(&[5; 32]).unwrap();
        let key = VerifierKey::cosigner("witness.example/w1", secret.public_key()).unwrap();
        let text = "example.com/behind-the-sofa\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
        let checkpoint = text.parse::<crate::log::AnyCheckpoint>().unwrap();
        let line = |name: &str| checkpoint.cosign(name, &secret, 7).unwrap().to_string();
        let (ours, other) = (line("witness.example/w1"), line("witness.example/w2"));
        let read = |status, body: &str| Witnessed::from_answer(status, body, &key);
        assert_eq!(read(200, &format!("{other}\n{ours}\n")), Some(Witnessed::Cosigned(ours.clone())));
        for bad in [format!("{other}\n"), ours.clone(), String::new(), "<html>\n".to_owned()] {
            assert_eq!(read(200, &bad), None, "{bad:?}");
        }
        assert_eq!(read(409, "20852014\n"), Some(Witnessed::Conflict(20_852_014)));
        for bad in ["7", "07\n", "+7\n", "\n", "7\n\n", "18446744073709551616\n"] {
            assert_eq!(read(409, bad), None, "{bad:?}");
        }
        let codes = [400, 403, 404, 422, 503].map(|status| read(status, "").map(|answer| answer.status()));
        assert_eq!(codes, [400, 403, 404, 422, 503].map(Some));
        assert_eq!((read(429, ""), read(302, ""), read(500, "")), (Some(Witnessed::Busy), None, None));
    }

    #[test]
    fn a_package_is_bounded() {
        let of = |count: usize, bytes: usize| Package {
            start: 3,
            entries: vec![Bytes::from(vec![b'x'; bytes]); count],
            size: 9,
            proof: Vec::new(),
        };
        assert!(of(256, 4032).is_bounded() && of(1, MAX_LEAF_BYTES).is_bounded());
        assert!(!of(0, 1).is_bounded() && !of(257, 1).is_bounded() && !of(256, 4090).is_bounded());
        assert!(!of(1, 0).is_bounded() && !of(1, MAX_LEAF_BYTES + 1).is_bounded());
        assert_eq!((of(2, 5).bytes(), of(2, 5).end()), (10, 5));
    }
}
