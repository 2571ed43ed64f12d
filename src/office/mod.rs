//! The records and states of an issuing office: accounts, roles and what they may, offices, readers.
//!
//! What always holds: what the permission table does not grant is denied; a token is kept as a hash alone.
//! Not its business: who asks (`api`), and whether the moment is right (`workflow`).

mod account;
mod application;
mod caller;
mod four_eyes;
mod permission;
mod person;
mod place;
mod reading;
mod role;
mod scopes;
mod token;

pub use account::{Account, AccountId, AccountRefused, NotAccountId};
pub use application::{
    Application, ApplicationId, ApplicationRefused, Approval, By, Declarant, Deed, Event, IssuedAs, NotApplicationId,
    OwnSignature, Query, Recommendation, Refusal, RefusalCode, Stage, StageName, Subject, Submission, UnknownStage,
    state_table,
};
pub use caller::{Caller, Credential, Deputising};
pub use four_eyes::{Examined, FourEyes, Hand, SamePerson};
pub use permission::{Action, UnknownAction};
pub use person::{NotAPerson, Person};
pub use place::Office;
pub use reading::{Reader, ReadingRights, UnknownReader};
pub use role::{Role, UnknownRole};
pub use scopes::Scopes;
pub use token::{ApiToken, NotAToken, TOKEN_MARK, TokenHash, TokenPrefix};
