//! The records and states of an issuing office: accounts, roles and what they may, offices, readers.
//!
//! What always holds: what the permission table does not grant is denied; a token is kept as a hash alone.
//! Not its business: who asks (`api`), and whether the moment is right (`workflow`).

mod account;
mod permission;
mod place;
mod reading;
mod role;
mod token;

pub use account::{Account, AccountId, AccountRefused, NotAccountId};
pub use permission::Action;
pub use place::Office;
pub use reading::{Reader, ReadingRights, UnknownReader};
pub use role::{Role, UnknownRole};
pub use token::{ApiToken, NotAToken, TOKEN_MARK, TokenHash, TokenPrefix};
