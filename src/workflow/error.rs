//! Why a command of a person was not carried out.

use super::customs::{EnquiryRefused, NotHeld, Notice, UseRefused};
use crate::{
    certificate::{Findings, Severity},
    document::DocumentError,
    office::{
        AccountRefused, ApplicationRefused, CustomsRefused, Denied, ExporterRefused, MandateRefused, OfficeRefused,
        PolicyRefused,
    },
    reason::{Class, Reasoned},
    sequencer::SequencerError,
    statement::{Issuer, Kid, StatementError},
    store::{EntryRef, StoreError},
    time::{Date, Timestamp},
    verification::Headline,
};
use std::time::Duration;

/// What stands between a person and what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum WorkflowError {
    /// The account's roles do not allow it, or the scopes of its token.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The account does not act for the office.
    #[error("this account does not act for office {0}")]
    NotYourOffice(String),
    /// The request id is not a UUIDv7.
    #[error("`{0}` is not a UUIDv7; make one for each request and send it again with every repeat")]
    RequestIdInvalid(String),
    /// The request id is too old or from the future: its answer is not kept, so it is never carried out.
    #[error(
        "the request id is older than seven days or more than ten minutes ahead by this node's clock, which says {now}: look at the clock of the machine that made it; was it made long ago, look what became of the request before you ask anew"
    )]
    RequestIdExpired {
        /// What this node's clock says.
        now: Timestamp,
    },
    /// The rules refuse the certificate.
    #[error("{}", refused(.0))]
    RulesRefuse(Findings),
    /// There is no certificate of that name.
    #[error("this authority has no such certificate")]
    CertificateUnknown,
    /// There is none of that name here, and it may have been lost.
    #[error("this authority has no such certificate; {0}, and it may be among them")]
    PerhapsLost(String),
    /// The log of the certificate was ended, and no head is kept that its evidence could rest on.
    #[error(
        "entry {} of {} cannot be proven from here: the trust list ended the log with {last} entries, and no head of at most that many that covers the entry is kept with the cosignatures that the policy asks for; a bundle that was downloaded before proves it only where its own head has at most that many; the addressee's node may have kept one (`origin verify --node`); else have it issued anew", .entry.index, .entry.origin
    )]
    NoHeadKept {
        /// Where it stands.
        entry: EntryRef,
        /// The log's final size.
        last: u64,
    },
    /// The certificate has no such item.
    #[error("the certificate has no item {0}")]
    ItemUnknown(u32),
    /// What became of an item before does not allow it.
    #[error("item {item} of the certificate is {now}; it cannot be {wanted}")]
    ItemForbids {
        /// The item.
        item: u32,
        /// Its status.
        now: &'static str,
        /// What was asked.
        wanted: &'static str,
    },
    /// What the certificate says is erased, so nothing can be made of it.
    #[error("the contents of this certificate are erased: nothing can be made from them any more")]
    ContentsErased,
    /// What the certificate says is not here: it was lost, and did not come back.
    #[error(
        "the contents of this certificate were lost here and have not come back, so nothing can be made from them: ask again once they have, or give its bundle back (`origin certificate give-back`)"
    )]
    ContentsMissing,
    /// What is given back of a certificate is not what stands in its log.
    #[error("what the file shows is not what was signed as entry {} of {}: {why}", .entry.index, .entry.origin)]
    NotAsSigned {
        /// Where the certificate stands.
        entry: EntryRef,
        /// What is wrong with it.
        why: String,
    },
    /// What is given back was signed by this authority, and its log has no such entry here.
    #[error(
        "`{number}` was signed by this authority as {statement}, and that log has no such entry here: it was lost before a partner had it. Unless one or a newer copy of the data folder still brings it, it counts nowhere: issue one for its goods anew. Its number {then}"
    )]
    EntryLost {
        /// The statement, and the log it was signed for.
        statement: String,
        /// Its number.
        number: String,
        /// What becomes of that.
        then: &'static str,
    },
    /// What is looked up was signed by this authority, and its log has no such entry here.
    #[error(
        "`{0}` was signed by this authority, and its log has no such entry here: it was lost before a partner had it, and counts nowhere unless it comes back"
    )]
    Lost(String),
    /// Others rest on the certificate.
    #[error("other certificates are drawn from this one; what was drawn of it would be there twice")]
    DrawnUpon,
    /// What came back after a loss may be drawn from the certificate, and does not say so yet.
    #[error("what was drawn of this certificate is not all known: {0}")]
    DrawsUnknown(String),
    /// What another shall rest on is not proven to be good.
    #[error("the original that is presented is {headline}: {why}")]
    OriginalNotValid {
        /// What it is.
        headline: Headline,
        /// Why.
        why: String,
    },
    /// Who asks did not declare that the certificate was not used.
    #[error(
        "only a certificate that was not used is cancelled at a wish or copied, and the one who asks declares that"
    )]
    UnusedNotDeclared,
    /// It would be withdrawn from a day on which it was not issued yet.
    #[error("the certificate was issued on {0}: what never held is withdrawn from issue, and not from an earlier day")]
    BeforeIssue(Date),
    /// It would be withdrawn from a day to come.
    #[error(
        "today is {0} at its office, and a certificate is withdrawn from its issue or from a day up to today: withdraw it on the day, and suspend it until then"
    )]
    AfterToday(Date),
    /// It is withdrawn from that day on, or from its issue.
    #[error("the certificate is withdrawn from {}", withdrawn_from(*.0))]
    WithdrawnAlready(Option<Date>),
    /// Who settles a wish for customs of the importing country does not say where they said so.
    #[error("say where customs of the importing country agreed or objected, such as by the number of their letter")]
    ReferenceNeeded,
    /// Its cancellation was asked for before.
    #[error("the cancellation of this certificate was asked for before, and waits")]
    CancellationAsked,
    /// It would be issued anew as it is, and its key is open.
    #[error(
        "no closed key signed this certificate, and only what one signed is issued anew as it is; with other contents it is replaced (`origin certificate replace`)"
    )]
    KeyNotClosed,
    /// Nobody asked for its cancellation, or that is over.
    #[error("nobody asked for the cancellation of this certificate, or that is over")]
    CancellationNotAsked,
    /// The exporter's mandate keeps the consent for the exporter.
    #[error("by the mandate the exporter itself consents to the sending of this certificate")]
    ExporterConsents,
    /// It is not held: it is sent already.
    #[error("this certificate is not held: what it says may be sent already")]
    NotHeld,
    /// There is no application of that id, or it is not the caller's to see.
    #[error("there is no application `{0}` here for this account")]
    ApplicationUnknown(String),
    /// What an application is, or whose, does not allow it.
    #[error(transparent)]
    Application(#[from] ApplicationRefused),
    /// Name or password are wrong, or the account has none or is closed: which, is not said.
    #[error("the name or the password is wrong")]
    SignInRefused,
    /// The name was tried too often with a wrong password.
    #[error("the name was tried too often with a wrong password; it may be tried again in {} s, or an administrator unlocks it", .0.as_secs() + 1)]
    SignInLocked(Duration),
    /// What was shown is a token, not a session.
    #[error("this needs a session, and a token was shown: origin login")]
    NotASession,
    /// The account has no such token.
    #[error("the account has no token that begins so")]
    TokenUnknown,
    /// The signatory is away, and signs nothing meanwhile.
    #[error(
        "the holder of this account is said to be away and signs nothing meanwhile; an administrator can say that they are back"
    )]
    SignatoryAway,
    /// There is no such exporter, or it is not the caller's to see.
    #[error("`{0}` is not an exporter this account may see")]
    ExporterUnknown(String),
    /// There is no such mandate of the exporter.
    #[error("the exporter has given no mandate `{0}`")]
    MandateUnknown(String),
    /// The exporter cannot be as it is wanted.
    #[error(transparent)]
    Exporter(#[from] ExporterRefused),
    /// The mandate does not carry it.
    #[error(transparent)]
    Mandate(#[from] MandateRefused),
    /// The policy of examination is not the account's to read.
    #[error(
        "administrators, officers and auditors of the authority read its policy of examination, and this account is none of them"
    )]
    PolicyNotRead,
    /// The policy of examination is not set or agreed to.
    #[error(transparent)]
    Policy(#[from] PolicyRefused),
    /// The office cannot be as it is wanted.
    #[error(transparent)]
    Office(#[from] OfficeRefused),
    /// There is no such account.
    #[error("`{0}` is not an account of this authority")]
    AccountUnknown(String),
    /// The account cannot be opened as asked.
    #[error(transparent)]
    Account(#[from] AccountRefused),
    /// The trust list does not say of a key what is to be said to everyone.
    #[error("trust list {version} does not say that the key `{kid}` of this authority is {act}")]
    KeyNotListed {
        /// The key.
        kid: Kid,
        /// What it is said not to be.
        act: &'static str,
        /// Of the list in use.
        version: u64,
    },
    /// A page token that this node did not give.
    #[error("this page token was not given by this list")]
    PageToken,
    /// The cursor is not one of this authority.
    #[error("this is not a cursor of the changes of this authority")]
    CursorInvalid,
    /// What stands behind the cursor is not kept any more.
    #[error(
        "changes behind this cursor are older than thirty days and not kept any more: list what there is, and begin anew"
    )]
    CursorExpired,
    /// The cursor is of a state that this node does not have.
    #[error(
        "this node does not know this cursor: it may have been restored from a backup that is older; list what there is, and begin anew"
    )]
    CursorUnknown,
    /// There is no such webhook of the caller's.
    #[error("`{0}` is not a webhook of this account")]
    WebhookUnknown(String),
    /// The account, or the authority, has as many webhooks as it may.
    #[error("an account has at most 8 webhooks, an authority 256: remove one")]
    TooManyWebhooks,
    /// There is no such link, or it ended.
    #[error("there is no such link any more")]
    ShareUnknown,
    /// A link does not end on a day that it may end on.
    #[error("a link ends on a day from {first} to {last}")]
    ShareEnd {
        /// Today.
        first: Date,
        /// The last day it may have.
        last: Date,
    },
    /// The account reads changes as often as it may at once.
    #[error("this account reads changes in too many places at once; end one, or wait")]
    TooManyReaders,
    /// No certificate of that name is here: none has arrived, or that is not known.
    #[error("{}", not_here(.0.as_ref()))]
    ArrivalUnknown(Option<NotHeld>),
    /// The certificate of that name is registered as paper.
    #[error(
        "{number} is registered on paper by {issuer}, and no certificate of that name has arrived here: its goods and quantities stand on the paper and are written off there; hold a declaration against it (`origin customs match`), compare its scan (`origin paper compare`), or ask its issuer (`origin enquiry raise`)"
    )]
    ArrivalOnPaper {
        /// Its number.
        number: String,
        /// Who registered it.
        issuer: Issuer,
    },
    /// Several certificates have that number.
    #[error("several certificates have that number: {0}; name one by its issuer or its identifier")]
    ArrivalAmbiguous(String),
    /// The contents of the certificate are not here.
    #[error("what this certificate says is not here: its contents did not come, are kept back, or were erased")]
    ArrivalIncomplete,
    /// Something stands in the way of using the certificate; the sentence says what.
    #[error("{} [{}]", .0.words, .0.reason)]
    ArrivalForbids(Notice),
    /// What waits for a supervisor would be refused if it were decided today.
    #[error("act {act} is not released: drop it, and decide anew (`origin customs drop`); {refused}")]
    NotReleased {
        /// The act.
        act: u32,
        /// Why it would be refused.
        refused: Box<Self>,
    },
    /// What was done with the certificate before does not allow it.
    #[error(transparent)]
    Customs(#[from] CustomsRefused),
    /// It is not decided, dropped or written off as asked.
    #[error(transparent)]
    Use(#[from] UseRefused),
    /// An enquiry is not sent, or not answered so.
    #[error(transparent)]
    Enquiry(#[from] EnquiryRefused),
    /// Customs of the importing country say that it was used.
    #[error(
        "customs of the importing country say that this certificate was used: it is neither cancelled at a wish nor copied, and nothing takes its place; it can be withdrawn, and what is left of it divided"
    )]
    UsedAbroad,
    /// There is no enquiry of that identifier.
    #[error("there is no enquiry of that identifier here")]
    EnquiryUnknown,
    /// An enquiry about a number that is not known names one that is.
    #[error("a certificate of that number is known here: {0}; ask about that one")]
    NumberKnown(String),
    /// A certificate that the authority asked did not issue.
    #[error("certificate {number} is of {issuer}: one enquiry asks one issuer")]
    NotItsIssuer {
        /// Its number.
        number: String,
        /// Its issuer.
        issuer: String,
    },
    /// A certificate is named by an identifier and by the number of another.
    #[error(
        "{jti} is certificate {number}, and {asked} was named beside it: ask about {number}, and say in the question what the paper bears"
    )]
    SubjectDisagrees {
        /// The identifier.
        jti: String,
        /// The number that the certificate bears.
        number: String,
        /// The number that was named.
        asked: String,
    },
    /// The enquiry is answered in full.
    #[error("this enquiry is answered in full; the answer stays as it is")]
    EnquiryAnswered,
    /// It was said before that the enquiry came.
    #[error("it was said before that this enquiry came")]
    EnquiryAcknowledged,
    /// An answer about a certificate that was not asked about.
    #[error("the enquiry asks about {subjects} certificates, and {subject} is none of them")]
    SubjectUnknown {
        /// Its place.
        subject: u32,
        /// How many there are.
        subjects: u32,
    },
    /// A certificate that is answered already.
    #[error("certificate {0} of the enquiry is answered already; the answer stays as it is")]
    SubjectAnswered(u32),
    /// A full answer leaves a certificate open.
    #[error("a full answer answers all: certificate {0} of the enquiry has none yet")]
    SubjectOpen(u32),
    /// The sequencer refused.
    #[error(transparent)]
    Sequencer(#[from] SequencerError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It cannot be printed.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// A statement cannot be taken apart, or not so.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// What the store holds cannot be shown.
    #[error("the record cannot be shown: {0}")]
    Record(String),
}

fn refused(findings: &Findings) -> String {
    let mut errors = findings.0.iter().filter(|finding| finding.severity == Severity::Error);
    let first = errors.next().map_or_else(String::new, ToString::to_string);
    match errors.count() {
        0 => first,
        more => format!("{first} (and {more} more)"),
    }
}

fn not_here(not_held: Option<&NotHeld>) -> String {
    match not_held {
        Some(why) => format!("no certificate of that name is here, and {why}"),
        None => "no certificate of that name has arrived here".to_owned(),
    }
}

fn withdrawn_from(day: Option<Date>) -> String {
    match day {
        Some(day) => format!("{day} on already: only an earlier day changes that"),
        None => "its issue on already: no day is earlier".to_owned(),
    }
}

impl Reasoned for WorkflowError {
    fn reason(&self) -> &'static str {
        match self {
            Self::Denied(_) | Self::PolicyNotRead => "PERMISSION_DENIED",
            Self::NotYourOffice(_) => "NOT_YOUR_OFFICE",
            Self::RequestIdInvalid(_) => "REQUEST_ID_INVALID",
            Self::RequestIdExpired { .. } => "REQUEST_ID_EXPIRED",
            Self::RulesRefuse(_) => "RULES_REFUSE",
            Self::CertificateUnknown | Self::PerhapsLost(_) => "CERTIFICATE_UNKNOWN",
            Self::NoHeadKept { .. } => "NO_HEAD_KEPT",
            Self::ItemUnknown(_) => "ITEM_UNKNOWN",
            Self::ItemForbids { .. } => "ITEM_STATUS_FORBIDS",
            Self::ContentsErased => "CONTENTS_ERASED",
            Self::ContentsMissing => "CONTENTS_MISSING",
            Self::NotAsSigned { .. } => "NOT_AS_SIGNED",
            Self::EntryLost { .. } | Self::Lost(_) => "ENTRY_LOST",
            Self::DrawnUpon => "DRAWN_UPON",
            Self::DrawsUnknown(_) => "DRAWS_UNKNOWN",
            Self::UnusedNotDeclared => "UNUSED_NOT_DECLARED",
            Self::BeforeIssue(_) => "WITHDRAWN_BEFORE_ISSUE",
            Self::AfterToday(_) => "WITHDRAWN_AFTER_TODAY",
            Self::WithdrawnAlready(_) => "STATUS_FORBIDS",
            Self::ReferenceNeeded => "REFERENCE_NEEDED",
            Self::CancellationAsked => "CANCELLATION_ASKED",
            Self::KeyNotClosed => "KEY_NOT_CLOSED",
            Self::CancellationNotAsked => "CANCELLATION_NOT_ASKED",
            Self::NotHeld => "NOT_HELD",
            Self::ExporterConsents => "EXPORTER_CONSENTS",
            Self::OriginalNotValid { .. } => "ORIGINAL_NOT_VALID",
            Self::ApplicationUnknown(_) => "APPLICATION_UNKNOWN",
            Self::Application(error) => error.reason(),
            Self::SignInRefused => "SIGN_IN_REFUSED",
            Self::SignInLocked(_) => "SIGN_IN_LOCKED",
            Self::NotASession => "NOT_A_SESSION",
            Self::TokenUnknown => "TOKEN_UNKNOWN",
            Self::SignatoryAway => "SIGNATORY_AWAY",
            Self::ExporterUnknown(_) => "EXPORTER_UNKNOWN",
            Self::MandateUnknown(_) => "MANDATE_UNKNOWN",
            Self::Exporter(error) => error.reason(),
            Self::Mandate(error) => error.reason(),
            Self::Policy(error) => error.reason(),
            Self::Office(error) => error.reason(),
            Self::AccountUnknown(_) => "ACCOUNT_UNKNOWN",
            Self::KeyNotListed { .. } => "KEY_NOT_LISTED",
            Self::PageToken => "PAGE_TOKEN_INVALID",
            Self::CursorInvalid => "CURSOR_INVALID",
            Self::CursorExpired => "CURSOR_EXPIRED",
            Self::CursorUnknown => "CURSOR_UNKNOWN",
            Self::TooManyReaders => "TOO_MANY_READERS",
            Self::WebhookUnknown(_) => "WEBHOOK_UNKNOWN",
            Self::TooManyWebhooks => "TOO_MANY_WEBHOOKS",
            Self::ShareUnknown => "SHARE_UNKNOWN",
            Self::ShareEnd { .. } => "SHARE_END_WRONG",
            Self::Record(_) => "RECORD_UNREADABLE",
            Self::ArrivalUnknown(_) | Self::ArrivalOnPaper { .. } => "ARRIVAL_UNKNOWN",
            Self::ArrivalAmbiguous(_) => "ARRIVAL_AMBIGUOUS",
            Self::ArrivalIncomplete => "ARRIVAL_INCOMPLETE",
            Self::ArrivalForbids(_) => "ARRIVAL_FORBIDS",
            Self::NotReleased { refused, .. } => refused.reason(),
            Self::Customs(error) => error.reason(),
            Self::Use(error) => error.reason(),
            Self::Enquiry(error) => error.reason(),
            Self::UsedAbroad => "USED_ABROAD",
            Self::EnquiryUnknown => "ENQUIRY_UNKNOWN",
            Self::NumberKnown(_) => "NUMBER_KNOWN",
            Self::NotItsIssuer { .. } => "NOT_ITS_ISSUER",
            Self::SubjectDisagrees { .. } => "SUBJECT_DISAGREES",
            Self::EnquiryAnswered => "ENQUIRY_ANSWERED",
            Self::EnquiryAcknowledged => "ENQUIRY_ACKNOWLEDGED",
            Self::SubjectUnknown { .. } => "SUBJECT_UNKNOWN",
            Self::SubjectAnswered(_) => "SUBJECT_ANSWERED",
            Self::SubjectOpen(_) => "SUBJECT_OPEN",
            Self::Account(error) => error.reason(),
            Self::Sequencer(error) => error.reason(),
            Self::Document(error) => error.reason(),
            Self::Statement(error) => error.reason(),
            Self::Store(error) => error.reason(),
        }
    }

    fn class(&self) -> Class {
        match self {
            Self::Application(error) => error.class(),
            Self::Account(error) => error.class(),
            Self::Sequencer(error) => error.class(),
            Self::NotReleased { refused, .. } => refused.class(),
            Self::Customs(error) => error.class(),
            Self::Enquiry(error) => error.class(),
            Self::Use(error) => error.class(),
            Self::Document(error) => error.class(),
            Self::Statement(error) => error.class(),
            Self::Store(error) => error.class(),
            Self::Record(_) => Class::Fatal,
            Self::SignInLocked(_) | Self::TooManyReaders | Self::DrawsUnknown(_) => Class::Retry,
            _ => Class::Reject,
        }
    }
}
