//! Who asks for something: the account, what it showed, and what that opens.

use super::{Account, AccountId, Action, Hand, Scopes, TokenPrefix};
use crate::certificate::OfficeCode;
use std::fmt;
use std::sync::Arc;

/// What a caller showed, as far as it may be told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// An API token, by what may be shown of it.
    Token(TokenPrefix),
    /// A session that began with a password, by what may be shown of it.
    Session(TokenPrefix),
}

impl fmt::Display for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(prefix) => write!(f, "token {}", prefix.as_str()),
            Self::Session(prefix) => write!(f, "session {}", prefix.as_str()),
        }
    }
}

/// That the caller acts for an office in the place of a signatory who is away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deputising {
    /// The office.
    pub office: OfficeCode,
    /// The signatory who is away.
    pub absent: Arc<Account>,
}

/// Who asks. What it may is asked in one place, [`Caller::may`]: the roles of its account, within the scopes of what
/// it showed. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    account: Arc<Account>,
    credential: Credential,
    scopes: Scopes,
    deputising: Vec<Deputising>,
    away: bool,
}

impl Caller {
    /// An account that showed a credential, within the scopes it has.
    #[must_use]
    pub const fn new(account: Arc<Account>, credential: Credential, scopes: Scopes) -> Self {
        Self { account, credential, scopes, deputising: Vec::new(), away: false }
    }

    /// The same in the place of others who are away.
    #[must_use]
    pub fn deputising(self, deputising: Vec<Deputising>) -> Self {
        Self { deputising, ..self }
    }

    /// The same while it is said to be away itself.
    #[must_use]
    pub fn away(self, away: bool) -> Self {
        Self { away, ..self }
    }

    /// The account.
    #[must_use]
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Its id: requests are told apart by it.
    #[must_use]
    pub fn id(&self) -> &AccountId {
        &self.account.id
    }

    /// What it showed.
    #[must_use]
    pub const fn credential(&self) -> &Credential {
        &self.credential
    }

    /// Whether a role of the account may, within the scopes of what was shown. A closed account may nothing.
    #[must_use]
    pub fn may(&self, action: Action) -> bool {
        self.scopes.take_in(action) && self.account.may(action)
    }

    /// Whether it acts for the office: in its own name, or in the place of one who is away.
    #[must_use]
    pub fn acts_for(&self, office: &OfficeCode) -> bool {
        self.account.acts_for(office) || self.deputy_at(office).is_some()
    }

    /// Whether its own signature is laid down for now: it is away, and a deputy may sign in its place.
    #[must_use]
    pub const fn is_away(&self) -> bool {
        self.away
    }

    /// Its hand in something of that office, for [`super::FourEyes`].
    #[must_use]
    pub fn hand(&self, office: &OfficeCode) -> Hand {
        let absent = if self.account.acts_for(office) { None } else { self.deputy_at(office) };
        Hand {
            account: self.account.id.clone(),
            person: self.account.person(),
            in_place_of: absent.map(|one| (one.absent.id.clone(), one.absent.person())),
        }
    }

    fn deputy_at(&self, office: &OfficeCode) -> Option<&Deputising> {
        let open = !self.account.disabled;
        self.deputising.iter().find(|one| open && one.office == *office && one.absent.acts_for(office))
    }
}

#[cfg(test)]
impl From<Account> for Caller {
    fn from(account: Account) -> Self {
        let credential = Credential::Token(account.token_prefix.clone());
        Self::new(Arc::new(account), credential, Scopes::all())
    }
}
