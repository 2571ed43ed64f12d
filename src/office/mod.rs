//! The records and states of an issuing office and a customs desk: accounts, roles and what they may, offices, readers,
//! applications, what is used of a certificate.
//!
//! What always holds: what the permission table does not grant is denied; a token or a password is kept as a hash
//! alone.
//! Not its business: who asks (`api`), and whether the moment is right (`workflow`).

mod absence;
mod account;
mod application;
mod audit;
mod caller;
mod cancellation;
mod continuity;
mod customs;
mod drawn;
mod error;
mod exporter;
mod four_eyes;
mod login;
mod mandate;
mod password;
mod permission;
mod person;
mod place;
mod policy;
mod reading;
mod role;
mod scopes;
mod token;

pub use absence::Absence;
pub use account::{Account, AccountId, MAX_TOKENS, NotAccountId, Token, Wanted};
pub use application::{
    Application, ApplicationId, ApplicationRefused, Approval, By, Declarant, Deed, Drafted, Event, Fee, HeldNumber,
    IssuedAs, MemberChange, Mended, NotApplicationId, NumberRecord, OwnSignature, Query, Recommendation, Referral,
    ReferredTo, Refusal, RefusalCode, Stage, StageName, Subject, Submission, UnknownReferredTo, UnknownStage,
    VisitReport, Voided,
};
pub use audit::{Actor, AuditEvent, Denials};
pub use caller::{Caller, Credential, Denied, Deputising};
pub use cancellation::Cancellation;
pub use continuity::{BLOCK_MOST, BlockNumber, Continuity, Corridor, Medium, NumberBlock, UnknownMedium};
pub use customs::{
    ACTS_MAX, ActState, ActWords, Certified, CustomsAct, CustomsFile, CustomsRefused, DecidedAgain, DecidedLine,
    Despite, DoneBy, WHOLE, WaitingDenial, WriteOffLine,
};
pub use drawn::{Amounts, Draw, DrawnOfItem, Draws, Ledger, Left, NotDrawn, shares, stated};
pub use error::AccountRefused;
pub(crate) use exporter::room;
pub use exporter::{
    CostEvidence, Exporter, ExporterId, ExporterRefused, Identity, MAX_EVIDENCE, MAX_SAVED, NotExporterId, SavedKind,
    SavedParty, SavedProduct, bare_name, folded, is_same_exporter, likened,
};
pub use four_eyes::{Examined, FourEyes, Hand, SamePerson};
pub use login::{Login, NotALogin};
pub use mandate::{Amount, Carried, Filing, Mandate, MandateId, MandateRefused, NotMandateId, Scope};
pub use password::{NotAPassword, PASSWORD_LEAST, PASSWORD_MOST, Password, PasswordHash};
pub use permission::{Action, UnknownAction};
pub use person::{NotAPerson, Person};
pub use place::{Fees, Office, OfficeRecord, OfficeRefused};
pub use policy::{LeftToOfficers, Policy, PolicyAgreement, PolicyCase, PolicyRefused, PolicyTerms, WhyLeft};
pub use reading::{Reader, ReadingRights, UnknownReader};
pub use role::{Role, UnknownRole};
pub use scopes::Scopes;
pub use token::{ApiToken, NotAToken, SESSION_MARK, TOKEN_MARK, TokenHash, TokenPrefix};
