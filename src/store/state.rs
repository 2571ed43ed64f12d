//! Everything mutable beside the logs, as a closed list of changes, and what can be asked of it.

use super::entry::EntryRef;
use crate::log::Origin;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// How long the answer to a request is kept, in milliseconds: seven days.
pub const ANSWERS_KEPT_MS: u64 = 7 * 24 * 60 * 60 * 1000;

/// How far ahead of the clock the time in a request id may lie, in milliseconds: ten minutes. An answer
/// is kept that much longer than [`ANSWERS_KEPT_MS`]: the request may come again for seven days from the
/// time in its id, which may lie that long after the answer.
pub const REQUEST_AHEAD_MS: u64 = 10 * 60 * 1000;

/// A UUIDv7, as its 16 bytes.
pub type RequestId = [u8; 16];

/// One change of mutable state. The order of variants and fields is the format on disk (postcard): add at
/// the end, never reorder, never remove.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum StateChange {
    /// A log takes entries from now on, in this same batch already.
    LogOpened {
        /// The log.
        origin: Origin,
        /// The addressee, as in `aud`.
        addressee: String,
    },
    /// The next serial of a number series.
    SeriesAdvanced {
        /// The series.
        series: String,
        /// Next serial to give.
        next: u64,
    },
    /// A request has its answer, for [`ANSWERS_KEPT_MS`] and [`REQUEST_AHEAD_MS`]. A second answer to it is refused.
    RequestAnswered {
        /// The account that asked.
        account: String,
        /// Its request.
        request_id: RequestId,
        /// SHA-256 of the request's body.
        body_digest: [u8; 32],
        /// The answer: small, a reference rather than a copy.
        answer: Vec<u8>,
        /// The entry that must be published before the answer may be shown.
        entry: Option<EntryRef>,
    },
    /// A status list is begun.
    StatusListOpened {
        /// The log.
        origin: Origin,
        /// The list, from 0.
        list: u32,
        /// Seed of the order in which its indexes are handed out.
        seed: [u8; 32],
    },
    /// How many indexes of a list are handed out.
    StatusAllocated {
        /// The log.
        origin: Origin,
        /// The list.
        list: u32,
        /// Handed out so far.
        count: u32,
    },
    /// The status at an index of a list.
    StatusSet {
        /// The log.
        origin: Origin,
        /// The list.
        list: u32,
        /// Index in the list.
        index: u32,
        /// The status's four bits.
        status: u8,
    },
    /// A record is put into a table, replacing what was there.
    RecordPut {
        /// The table.
        table: Table,
        /// Its id in the table.
        id: Vec<u8>,
        /// The record; its form is its owner's.
        record: Vec<u8>,
    },
    /// A record is taken out of a table.
    RecordRemoved {
        /// The table.
        table: Table,
        /// Its id in the table.
        id: Vec<u8>,
    },
    /// A certificate number is given to an entry that is durable already: what the writer knew of it was lost, and its
    /// disclosures came back from who holds them.
    NumberRecalled {
        /// The number.
        number: String,
        /// The certificate that carries it.
        entry: EntryRef,
    },
}

/// The tables of small records whose form is their owner's. The order is the format on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Table {
    /// Accounts, by their id.
    Account,
    /// Never used; its number stays its own.
    Reserved1,
    /// Never used; its number stays its own.
    Reserved2,
    /// The newest signed status list token of each list.
    StatusToken,
    /// Single values of the authority.
    Setting,
    /// Heads of own logs with the cosignatures they have, by origin.
    Cosigned,
    /// The head cosigned last of each log that this node watches, by origin.
    Witnessed,
    /// What a replica keeps beside the entries of its log, by origin.
    Replica,
    /// Entries of a partner log that failed their check, by origin and index.
    Finding,
    /// Entries of a partner log whose disclosures have not come, by origin and index.
    Awaited,
    /// What was receipted of the disclosures of a partner log, by origin.
    Receipt,
    /// Proof that a log has shown two histories, by origin.
    Evidence,
    /// Applications, by their id: where each stands, and its history.
    Application,
    /// What applications ask for, by the application's id.
    ApplicationPaper,
    /// The applications of each office in each state, by the time they came to it.
    ApplicationQueue,
    /// The applications of each account, newest first.
    ApplicationList,
    /// The last certificate an exporter got for the same goods.
    ApplicationGoods,
    /// Sessions that a password began, by the hash of their token.
    Session,
    /// Exporters, by their id.
    Exporter,
    /// Mandates, by the exporter's id and their own.
    Mandate,
    /// What was drawn of certificates that others rest on, and what each of those drew.
    Drawn,
    /// Certificates that wait for something: a cancellation wished for, a consent to send them.
    Pending,
    /// Certificate numbers that were given before their certificate, and by exporter those that are held.
    Number,
    /// Offices, by their code.
    Office,
    /// Webhooks, by their id.
    Webhook,
    /// Statements by what they are about, see [`super::about()`].
    About,
    /// What customs did with the certificates of partners, by log and identifier: what is used and decided of each, and
    /// each act by its number.
    Customs,
    /// Denials that wait for a supervisor, by log, identifier and act.
    Denial,
    /// Logs that have shown two histories and that a person has lifted, by origin.
    Lifted,
    /// Links by which importers see their own declarations: by their id, by the hash of their secret, by their last day, by
    /// their certificate.
    Share,
    /// The applications of each exporter that name an invoice, by a hash of its number.
    ApplicationInvoice,
    /// What people wrote in the acts of [`Table::Customs`], by the same keys.
    CustomsWords,
}

impl Table {
    /// Every table that is in use.
    pub const ALL: [Self; 30] = [
        Self::Account,
        Self::StatusToken,
        Self::Setting,
        Self::Cosigned,
        Self::Witnessed,
        Self::Replica,
        Self::Finding,
        Self::Awaited,
        Self::Receipt,
        Self::Evidence,
        Self::Application,
        Self::ApplicationPaper,
        Self::ApplicationQueue,
        Self::ApplicationList,
        Self::ApplicationGoods,
        Self::Session,
        Self::Exporter,
        Self::Mandate,
        Self::Drawn,
        Self::Pending,
        Self::Number,
        Self::Office,
        Self::Webhook,
        Self::About,
        Self::Customs,
        Self::Denial,
        Self::Lifted,
        Self::Share,
        Self::ApplicationInvoice,
        Self::CustomsWords,
    ];

    /// Whether its records count by what an authority does, not by what it has: millions, which no snapshot can
    /// repeat. They stay in the state segments they were written to, and those segments stay.
    #[must_use]
    pub const fn is_large(self) -> bool {
        matches!(
            self,
            Self::Application
                | Self::ApplicationPaper
                | Self::ApplicationQueue
                | Self::ApplicationList
                | Self::ApplicationGoods
                | Self::Exporter
                | Self::Mandate
                | Self::Drawn
                | Self::Pending
                | Self::Number
                | Self::About
                | Self::Customs
                | Self::Share
                | Self::ApplicationInvoice
                | Self::CustomsWords
        )
    }

    /// Whether its records hold what applicants or customs wrote, of which nothing may be left once it is erased though the
    /// segments that it was written to stay: each is sealed under a key of its own, which is overwritten when it is taken
    /// out.
    #[must_use]
    pub const fn is_sealed(self) -> bool {
        matches!(self, Self::Application | Self::ApplicationPaper | Self::CustomsWords | Self::Share)
    }

    pub(super) const fn byte(self) -> u8 {
        match self {
            Self::Account => 0,
            Self::Reserved1 => 1,
            Self::Reserved2 => 2,
            Self::StatusToken => 3,
            Self::Setting => 4,
            Self::Cosigned => 5,
            Self::Witnessed => 6,
            Self::Replica => 7,
            Self::Finding => 8,
            Self::Awaited => 9,
            Self::Receipt => 10,
            Self::Evidence => 11,
            Self::Application => 12,
            Self::ApplicationPaper => 13,
            Self::ApplicationQueue => 14,
            Self::ApplicationList => 15,
            Self::ApplicationGoods => 16,
            Self::Session => 17,
            Self::Exporter => 18,
            Self::Mandate => 19,
            Self::Drawn => 20,
            Self::Pending => 21,
            Self::Number => 22,
            Self::Office => 23,
            Self::Webhook => 24,
            Self::About => 25,
            Self::Customs => 26,
            Self::Denial => 27,
            Self::Lifted => 28,
            Self::Share => 29,
            Self::ApplicationInvoice => 30,
            Self::CustomsWords => 31,
        }
    }
}

/// Under which id of [`Table::Number`] a number is kept that was given in advance, or to a paper.
#[must_use]
pub fn number_id(number: &str) -> Vec<u8> {
    format!("#{number}").into_bytes()
}

/// The number of such an id; the table has others.
pub(super) fn number_of_id(id: &[u8]) -> Option<&str> {
    std::str::from_utf8(id.strip_prefix(b"#")?).ok()
}

impl StateChange {
    /// Whether it stands in the segment it was written to alone, because no snapshot repeats it.
    pub(super) const fn is_large(&self) -> bool {
        match self {
            Self::RecordPut { table, .. } | Self::RecordRemoved { table, .. } => table.is_large(),
            // Its entry does not say it: an index that is made again has it from nowhere else.
            Self::NumberRecalled { .. } => true,
            _ => false,
        }
    }
}

/// What a record must still be when a batch comes to its turn: two who change the same record read it first, and
/// the second must not undo what the first did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// The table.
    pub table: Table,
    /// Its id in the table.
    pub id: Vec<u8>,
    /// The record as it was read; `None` where there was none.
    pub record: Option<Vec<u8>>,
}

/// Records of a table with their ids, ascending by id.
pub type Records = Vec<(Vec<u8>, Vec<u8>)>;

/// The answer a request got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// SHA-256 of the request's body.
    pub body_digest: [u8; 32],
    /// The answer.
    pub answer: Vec<u8>,
    /// When it was committed, in Unix milliseconds.
    pub at_ms: u64,
    /// The entry it rests on.
    pub entry: Option<EntryRef>,
    /// Whether that entry is published; until then the answer must not be shown, nor the request done again.
    #[serde(skip)]
    pub published: bool,
}

/// A status list: how its indexes are handed out, and which are not `valid`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusListState {
    /// The list, from 0.
    pub list: u32,
    /// Seed of the order in which its indexes are handed out.
    pub seed: [u8; 32],
    /// Indexes handed out so far.
    pub allocated: u32,
    /// Statuses set, by index; all others are `valid`. Ascending.
    pub set: Vec<(u32, u8)>,
}

/// A row of the audit trail, kept for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// Its number. Numbers of chained rows follow one another without a gap.
    pub number: u64,
    /// When it was committed, in Unix milliseconds.
    pub at_ms: u64,
    /// What chains it to the row before it; none for the rows of a time before rows were chained.
    pub link: Option<AuditLink>,
    /// The row; its form is its owner's.
    pub row: Vec<u8>,
}

/// SHA-256 over a row of the audit trail and the link of the row before it: who keeps one can tell whether any row
/// up to it was changed, taken out or put in since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditLink(pub [u8; 32]);

impl AuditLink {
    /// What the first chained row follows.
    pub const START: Self = Self([0; 32]);

    /// The link of a row that follows this one: over a fixed text, this link, number and time (8 bytes each,
    /// big-endian) and the row's bytes.
    #[must_use]
    pub fn next(&self, number: u64, at_ms: u64, row: &[u8]) -> Self {
        let hash = Sha256::new_with_prefix(b"origin audit row 1\n").chain_update(self.0);
        let hash = hash.chain_update(number.to_be_bytes()).chain_update(at_ms.to_be_bytes());
        Self(hash.chain_update(row).finalize().into())
    }
}

/// The newest row of the audit trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditHead {
    /// Its number.
    pub number: u64,
    /// Its link.
    pub link: AuditLink,
}

impl AuditHead {
    /// The row that follows the newest one.
    pub(super) fn follow(last: Option<Self>, first: u64, at_ms: u64, row: Vec<u8>) -> (Self, AuditRow) {
        let (number, before) =
            last.map_or((first, AuditLink::START), |last| (last.number.saturating_add(1), last.link));
        let link = before.next(number, at_ms, &row);
        (Self { number, link }, AuditRow { number, at_ms, link: Some(link), row })
    }
}
