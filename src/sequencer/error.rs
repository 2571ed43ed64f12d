//! Why a piece of work was not done. None of it was acknowledged, and what failed left no trace.

use crate::{
    reason::{Class, Reasoned, counted},
    store::{EntryRef, StoreError},
    time::{Date, Timestamp, whole_seconds},
    trust::TrustList,
};
use std::time::Duration;

/// What the sequencer answers instead of an outcome.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SequencerError {
    /// More work is waiting than the queue takes.
    #[error("the issuing queue is full; ask again in {} ms", retry_after.as_millis())]
    Overloaded {
        /// When to ask again.
        retry_after: Duration,
    },
    /// The writer stopped, or is stopping. Whether the work was done is answered by asking again with the
    /// same request id.
    #[error("the writer of this authority is not available: {0}")]
    Unavailable(String),
    /// The disk has no room for more.
    #[error("{0}")]
    NoSpace(String),
    /// The request id was used before for something else.
    #[error("request {0} was used for something else; give every request an id of its own")]
    RequestReused(String),
    /// The certificate number stands on another certificate.
    #[error("certificate number `{0}` is taken: it stands on another certificate of this authority")]
    NumberTaken(String),
    /// The certificate number is another spelling of one that is given.
    #[error(
        "certificate number `{number}` is read as `{given}`, which this authority has given already: a number that differs \
         in capitals, in zeros before its digits or in what stands between its parts is no other; give another number"
    )]
    NumberReadsAs {
        /// The number.
        number: String,
        /// The one that is given.
        given: String,
    },
    /// What the work rests on is not what it was when that was decided: it is prepared again, and who asked is not told.
    #[error("what this rests on was changed by another in the meantime; nothing was done")]
    RecordMoved,
    /// Others were first, as often as it was prepared: the moment is at fault, and what was asked is not.
    #[error("too many act on the same {0} at once, and others were first; nothing was done: ask again")]
    Crowded(&'static str),
    /// The number series gives a number that cannot be used.
    #[error(
        "the number series {series} cannot go on: {why}; tell the operator of this node, who mends the series in the agreement's file, or bring the certificate's number in its file (`reference.number`)"
    )]
    SeriesExhausted {
        /// The series.
        series: String,
        /// Why not.
        why: String,
    },
    /// Midnight passed at the office between the judgement and the issue: judge again for this date.
    #[error("the civil date of issue is {0} by now; the rules have to be applied to that date")]
    DateMoved(Date),
    /// The clock was set back behind what was stamped, to another day at the office: to judge again leads nowhere.
    #[error(
        "the clock of the node went back: it shows {}, and {} was stamped before; its operator has to look",
        whole_seconds(*now), whole_seconds(*stamped)
    )]
    ClockWentBack {
        /// What the clock shows.
        now: Timestamp,
        /// The newest instant that anything was stamped with.
        stamped: Timestamp,
    },
    /// There is no certificate of that name.
    #[error("no such certificate in the logs of this authority")]
    NoSuchCertificate,
    /// What the certificate's status does not allow.
    #[error("the certificate is {now}; it cannot be {wanted}")]
    StatusForbids {
        /// Its status.
        now: &'static str,
        /// What was asked.
        wanted: &'static str,
    },
    /// There is no key for the log of this year.
    #[error(
        "there is no log key for shard {0} in use here, so nothing new can be said in it: tell the operator of this node, who puts back the one that the trust list names, or makes one where it names none and has it listed (`origin doctor` says how), and starts the node again"
    )]
    NoLogKey(String),
    /// The trust list names another log key for the shard, or none.
    #[error(
        "the trust list does not name this node's log key for shard {0}, so nobody could check what is said in it: tell the operator of this node, who has the key listed (`origin trust draft section`), and installs the list"
    )]
    LogKeyUnlisted(String),
    /// A key that this node signs with is closed, or about to be: somebody else may have it.
    #[error("the signing key {0} is closed, and nothing is signed with it; ask again when the authority has another")]
    KeyStopped(String),
    /// The trust list closed the log at its present size.
    #[error("log {0} is closed: the trust list names its final size, and entries beyond it are void")]
    LogClosed(String),
    /// The certificate stands beyond the end that the trust list gave its log.
    #[error(
        "the certificate is void: it is entry {index} of {origin}, which the trust list ended with {size} entries, so nobody finds it there; nothing becomes of it any more, and its number stays taken: issue it anew (`origin issue`)"
    )]
    Void {
        /// The log.
        origin: String,
        /// The certificate's place in it.
        index: u64,
        /// The log's final size.
        size: u64,
    },
    /// The log takes nothing more until the trust list closes it.
    #[error(
        "log {0} is being closed: it takes nothing more, and changes of its certificates go to the next log as soon as the trust list that names its final size is in use here"
    )]
    LogResting(String),
    /// A log of this year is not closed.
    #[error("log {0} is in use: certificates of this year go there; what is closed is a log of a year that is over")]
    LogInUse(String),
    /// Partners have not said yet what they hold of the log: this node may have been restored from an old copy.
    #[error(
        "log {origin} is not signed for before partners have said what they hold of it: this node may have been restored from an old copy; not heard of since it started: {}; ask again",
        heard(.silent)
    )]
    HistoryUnknown {
        /// The log.
        origin: String,
        /// Those that have not answered.
        silent: String,
    },
    /// The data folder was lost or put back, and not everybody has said which logs of this authority there are.
    #[error(
        "no certificate number is given before all partners have said what they know of this authority's logs, for the data folder was lost, put back from a copy or is new to them; where one cannot come, an operator who knows that nothing is missing has it go on (`origin partner go-on --log`, with any log of this authority); not heard of since it started: {}; ask again",
        heard(.silent)
    )]
    NotAllHeard {
        /// Those that have not answered.
        silent: String,
    },
    /// A partner knows of more of the log than is here, with this node's signature: what is here is an old copy.
    #[error(
        "log {origin} is not signed for: {told} knows a head of {} that this node once signed, and {}; what is missing comes from a partner with an address in the trust list, or with a newer copy{}",
        counted(*signed, "entry", "entries"), here(*held), after(.waits)
    )]
    HistoryMissing {
        /// The log.
        origin: String,
        /// Entries held.
        held: u64,
        /// Entries that a head was signed over.
        signed: u64,
        /// Who told of that head.
        told: Box<str>,
        /// Who holds what is missing; empty where that is not known yet.
        waits: Box<str>,
        /// Whether it may come by itself, as [`super::Wait::coming`] has it.
        coming: bool,
    },
    /// A log is to be closed for what it is behind by, and is not known to be behind.
    #[error(
        "log {origin} is not closed: nobody that was heard knows of more than the {} here, so there is nothing to give up",
        counted(*held, "entry that is", "entries that are")
    )]
    NothingMissing {
        /// The log.
        origin: String,
        /// Entries held.
        held: u64,
    },
    /// Entries came back without their disclosures, and the numbers of certificates stand there.
    #[error(
        "certificates of log {origin} that this node had lost came back, and their numbers not yet; ask again: no number is given before they are known, or one might be given twice{}",
        after(.waits)
    )]
    NumbersUnknown {
        /// The log.
        origin: String,
        /// Who is asked for them; empty where nobody was yet.
        waits: String,
    },
    /// The same, and no partner has what they say: a person brings it, or goes on without it.
    #[error(
        "certificates of log {origin} that this node had lost came back, and no partner has their numbers: no number is given before a signatory gives their bundles back (`origin certificate give-back`), or an operator goes on without them (`origin partner go-on --log {origin}`){}",
        after(.waits)
    )]
    NumbersLost {
        /// The log.
        origin: String,
        /// Who was asked for them, and what each said; empty where that is not known yet.
        waits: String,
    },
    /// The request was made before the node lost what it had, and whether it was carried out is not known.
    #[error(
        "request {0} was made before this node got back what it had lost, and may have been carried out: look the certificate up by its number, or in the list, and ask under a new id if it is not there"
    )]
    RequestBeforeRecall(String),
    /// The log is closed for good with fewer entries than were signed: the operator gave the others up.
    #[error(
        "log {origin} is closed for good with {}, though this node once signed a head of {signed}: what is beyond is not taken back here, whoever holds it, but into a copy of the data folder of before; {}",
        counted(*size, "entry", "entries"), heard_to_hold(.holders, .silent)
    )]
    HistoryLost {
        /// The log.
        origin: String,
        /// Entries held.
        size: u64,
        /// Entries that a head was signed over.
        signed: u64,
        /// Who was heard to hold more, and how many; empty where nobody was.
        holders: Box<str>,
        /// Those that have not answered.
        silent: Box<str>,
    },
    /// What is on disk is not, or not known to be, what was signed.
    #[error(
        "log {origin} is not signed for, and no certificate number is given: what is on disk is not, or not known to be, what its head of size {size} was signed over; where partners lifted the fork and go on with what is here: origin partner lift --log {origin}; else its successor goes on when the trust list ends the log (`shards`)"
    )]
    HistoryForked {
        /// The log.
        origin: String,
        /// Size of the head.
        size: u64,
    },
    /// The statement cannot be composed, though its parts were accepted.
    #[error("the statement cannot be made: {0}")]
    CannotCompose(String),
    /// The signed entry fails the check that every replica makes: the keys here are not those of the trust list.
    #[error("the signed statement fails the check of its replicas ({0}); nothing was issued")]
    CheckFailed(String),
}

impl SequencerError {
    /// The same, where no partner has the numbers that are unknown.
    pub(super) fn with_nobody(self, is_with_nobody: bool) -> Self {
        match self {
            Self::NumbersUnknown { origin, waits } if is_with_nobody => Self::NumbersLost { origin, waits },
            other => other,
        }
    }

    /// Refuses a certificate that the end of its log made void.
    pub fn if_void(trust: &TrustList, entry: &EntryRef) -> Result<(), Self> {
        let EntryRef { origin, index } = entry;
        match trust.shard_final_size(origin).filter(|last| index >= last) {
            Some(size) => Err(Self::Void { origin: origin.to_string(), index: *index, size }),
            None => Ok(()),
        }
    }
}

/// Those that were not heard of.
const fn heard(silent: &str) -> &str {
    if silent.is_empty() { "nobody is asked, for the node has no door to partners" } else { silent }
}

/// Who was heard to hold what is lost. Where nobody was, first who was not heard: what follows is true of the others alone.
fn heard_to_hold(holders: &str, silent: &str) -> String {
    match (holders, silent) {
        ("", "") => "heard to hold more: nobody".to_owned(),
        ("", silent) => format!("not heard of since the start: {silent}; heard to hold more: nobody"),
        (holders, _) => format!("heard to hold more: {holders}"),
    }
}

/// What is here of a log of which more was signed.
fn here(held: u64) -> String {
    if held == 0 {
        return "nothing of it is here, so its data folder was lost or is an old copy".to_owned();
    }
    let are = if held == 1 { "is" } else { "are" };
    format!(
        "{held} {are} here, so its data folder is an old copy; where it signed any since, the log has two histories"
    )
}

/// What a log waits for, after what was said of it.
fn after(waits: &str) -> String {
    if waits.is_empty() { String::new() } else { format!("; {waits}") }
}

impl Reasoned for SequencerError {
    fn reason(&self) -> &'static str {
        match self {
            Self::Overloaded { .. } => "OVERLOADED",
            Self::Unavailable(_) => "WRITER_UNAVAILABLE",
            Self::NoSpace(_) => "NO_SPACE",
            Self::RequestReused(_) => "REQUEST_ID_REUSED",
            Self::NumberTaken(_) | Self::NumberReadsAs { .. } => "NUMBER_TAKEN",
            Self::RecordMoved => "RECORD_MOVED",
            Self::Crowded(_) => "TOO_MANY_AT_ONCE",
            Self::SeriesExhausted { .. } => "SERIES_EXHAUSTED",
            Self::DateMoved(_) => "DATE_MOVED",
            Self::ClockWentBack { .. } => "CLOCK_WENT_BACK",
            Self::NoSuchCertificate => "NO_SUCH_CERTIFICATE",
            Self::StatusForbids { .. } => "STATUS_FORBIDS",
            Self::NoLogKey(_) => "NO_LOG_KEY",
            Self::LogKeyUnlisted(_) => "LOG_KEY_UNLISTED",
            Self::KeyStopped(_) => "SIGNING_KEY_CLOSED",
            Self::LogClosed(_) => "LOG_CLOSED",
            Self::Void { .. } => "ENTRY_BEYOND_END",
            Self::LogResting(_) => "LOG_RESTING",
            Self::LogInUse(_) => "LOG_IN_USE",
            Self::HistoryUnknown { .. } | Self::NotAllHeard { .. } => "OWN_HISTORY_UNKNOWN",
            Self::HistoryMissing { .. } => "OWN_HISTORY_MISSING",
            Self::NothingMissing { .. } => "NOTHING_MISSING",
            Self::NumbersUnknown { .. } => "NUMBERS_UNKNOWN",
            Self::NumbersLost { .. } => "NUMBERS_LOST",
            Self::RequestBeforeRecall(_) => "REQUEST_BEFORE_RECALL",
            Self::HistoryLost { .. } => "OWN_HISTORY_LOST",
            Self::HistoryForked { .. } => "OWN_HISTORY_FORKED",
            Self::CannotCompose(_) => "CANNOT_COMPOSE",
            Self::CheckFailed(_) => "REPLICA_CHECK_FAILED",
        }
    }

    fn class(&self) -> Class {
        match self {
            Self::Overloaded { .. }
            | Self::Unavailable(_)
            | Self::NoSpace(_)
            | Self::Crowded(_)
            | Self::DateMoved(_)
            | Self::ClockWentBack { .. }
            | Self::LogResting(_)
            | Self::HistoryUnknown { .. }
            | Self::NotAllHeard { .. }
            | Self::HistoryMissing { .. }
            | Self::KeyStopped(_)
            | Self::NoLogKey(_)
            | Self::LogKeyUnlisted(_)
            | Self::NumbersUnknown { .. }
            | Self::NumbersLost { .. } => Class::Retry,
            Self::RequestReused(_)
            | Self::RequestBeforeRecall(_)
            | Self::HistoryLost { .. }
            | Self::HistoryForked { .. }
            | Self::NothingMissing { .. }
            | Self::NumberTaken(_)
            | Self::NumberReadsAs { .. }
            | Self::RecordMoved
            | Self::NoSuchCertificate
            | Self::StatusForbids { .. }
            | Self::LogClosed(_)
            | Self::Void { .. }
            | Self::LogInUse(_)
            | Self::SeriesExhausted { .. }
            | Self::CannotCompose(_) => Class::Reject,
            Self::CheckFailed(_) => Class::Fatal,
        }
    }
}

impl From<StoreError> for SequencerError {
    fn from(error: StoreError) -> Self {
        match error.reason() {
            "NO_SPACE" => Self::NoSpace(error.to_string()),
            _ => Self::Unavailable(error.to_string()),
        }
    }
}
