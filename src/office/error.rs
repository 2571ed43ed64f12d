//! Why a record of an office cannot be as it is wanted.

use super::{NotALogin, NotAPassword};
use crate::reason::{Class, Reasoned};
use crate::time::NoRandomness;

/// Why an account cannot be as it is wanted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountRefused {
    /// The name is empty, too long or not plain.
    #[error("a name has 1 to 120 characters and none that control")]
    Name,
    /// An account without a role may do nothing.
    #[error("an account needs at least one role")]
    NoRole,
    /// None of the roles may do anything yet, so what lets the account in would open nothing.
    #[error("the roles {0} may do nothing yet")]
    NothingGranted(String),
    /// A signatory signs for an office.
    #[error("a signatory acts for at least one office")]
    NoOffice,
    /// Only an account in the role of an exporter belongs to one.
    #[error("an account of an exporter has the role `exporter`")]
    ExporterRole,
    /// A password without a name to sign in by.
    #[error("an account with a password needs a name to sign in by")]
    Login,
    /// The name to sign in by is another account's.
    #[error("`{0}` is the name another account signs in by")]
    LoginTaken(String),
    /// The name to sign in by is not one.
    #[error(transparent)]
    NotALogin(#[from] NotALogin),
    /// The password cannot be taken.
    #[error(transparent)]
    Password(#[from] NotAPassword),
    /// More tokens than an account may have.
    #[error("an account has at most 32 tokens; revoke one first")]
    TooManyTokens,
    /// The token would have ended before it began.
    #[error("the token would have ended already")]
    TokenEnded,
    /// An absence that cannot be arranged.
    #[error("{0}")]
    Absence(&'static str),
    /// The system gave no randomness.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
}

impl Reasoned for AccountRefused {
    fn reason(&self) -> &'static str {
        match self {
            Self::Name => "ACCOUNT_NAME",
            Self::NoRole => "ACCOUNT_WITHOUT_ROLE",
            Self::NothingGranted(_) => "ACCOUNT_MAY_NOTHING",
            Self::NoOffice => "ACCOUNT_WITHOUT_OFFICE",
            Self::ExporterRole => "ACCOUNT_OF_NO_EXPORTER",
            Self::Login | Self::NotALogin(_) => "LOGIN_INVALID",
            Self::LoginTaken(_) => "LOGIN_TAKEN",
            Self::Password(_) => "PASSWORD_REFUSED",
            Self::TooManyTokens => "TOO_MANY_TOKENS",
            Self::TokenEnded => "TOKEN_ENDED",
            Self::Absence(_) => "ABSENCE_INVALID",
            Self::Randomness(_) => "NO_RANDOMNESS",
        }
    }

    fn class(&self) -> Class {
        match self {
            Self::Randomness(_) => Class::Fatal,
            _ => Class::Reject,
        }
    }
}
