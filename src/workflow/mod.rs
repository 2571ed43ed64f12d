//! What people do, checked by role and rule before it reaches the sequencer.
//!
//! What always holds: a command names its caller; the role table is asked before anything is read or done;
//! the agreement's rules are applied for the civil date at the issuing office; the answer to a request is
//! kept for seven days and given again. Not its business: how a request arrived (api), and how a statement
//! gets its place (sequencer).

mod accounts;
mod applications;
mod bundle;
mod cancelling;
mod carry;
mod changes;
mod closing;
mod continuity;
mod customs;
mod desk;
mod drawing;
mod erasing;
mod error;
mod exporters;
mod history;
mod interest;
mod judging;
mod keys;
mod life;
mod look_up;
mod mending;
mod numbering;
mod offices;
mod own;
mod paper;
mod pending;
mod policies;
mod presented;
mod printing;
mod reach;
mod record;
mod releasing;
mod request;
mod signed_as;
mod stands;
mod trail;
mod unread;
mod webhooks;

pub use accounts::{Accounts, NewToken, SESSION_IDLE, SESSION_LASTS, SignedIn};
pub use applications::{
    Applications, Checked, Differences, FiledPage, Found, ImportRow, Imported, JudgedNow, JudgedOrigin, MovedQueue,
    NumberRow, NumberStanding, NumbersPage, Paper, Preview, QueueAsked, QueuePage, QueueRow, Referring, Risk,
    RiskPoint, Signed, View,
};
pub use bundle::EvidenceFile;
pub use cancelling::{CancelWish, Cancelled, Settlement};
pub use changes::{
    ArrivalEvent, CertificateEvent, Change, Changes, Cursor, EnquiryEvent, Herald, HeraldSetup, Kinds,
    Page as ChangePage, Reading, Said, What, Wish,
};
pub use closing::Rested;
pub use continuity::{
    BlockAgain, BlockBack, BlockWish, CertificateBack, OutageRow, PaperRecord, PaperRow, PapersAsked, PapersPage,
    Registered,
};
pub use customs::{
    Abroad, AbroadNote, Arrival, ArrivalsAsked, ArrivalsPage, ArrivedName, Balance, ClockStep, Conclusion, Course,
    Deadline, Decided, DecisionWish, Delivery, DenialsPage, Endorsed, EndorsementNote, EndorsementWish, EnquiriesPage,
    EnquiryRefused, EnquiryState, EnquiryView, EnquiryWish, JudgedReply, MatchWish, Matched, NotHeld, Notice,
    PartnerLogs, Raised, Reminders, Replied, ReplyView, ReplyWish, SecurityOutcome, SecuritySettled, Share, ShareId,
    ShareWish, Shared, SharesPage, StatusNote, SubjectWish, UseRefused, WriteOffWish, WrittenOff,
};
pub use desk::{Desk, DeskSetup, IssueRow, Issued, StatusWish};
pub use drawing::{DrawWish, OriginalName, Remainder};
pub use erasing::{ErasedName, Erasure};
pub use error::WorkflowError;
pub use exporters::{Drawing, Drawn, Exporters, Saved, SavedRow};
pub use history::{CertificateHistory, Predecessor, StatusEvent};
pub use keys::{PastEndPage, stays_in_force};
pub use life::{CopyWish, ReplaceWish};
pub use look_up::Existence;
pub use offices::Offices;
pub use paper::StandsThere;
pub use policies::{InForce, Policies, Release, ShownAgreement, ShownPolicy};
pub use printing::{Printed, Printer};
pub use record::{CertificateName, CertificateRecord, CertificatesAsked, Page};
pub use request::RequestId;
pub use stands::Stands;
pub use trail::Trail;
pub use webhooks::{
    Answer, Carried, Courier, Failing, NotTarget, Paused, Target, Webhook, WebhookId, WebhookKey, WebhookSetup,
    WebhookWish, Webhooks, is_public,
};

#[cfg(test)]
pub(crate) mod tests;
