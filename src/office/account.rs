//! An account of an authority: who calls, in which roles, for which offices.

use super::{Action, ApiToken, Person, Role, TokenHash, TokenPrefix};
use crate::certificate::OfficeCode;
use crate::reason::{Class, Reasoned};
use crate::time::{NoRandomness, Random};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Longest name of an account, in characters.
const MAX_NAME: usize = 120;
/// Characters of the alphabet of an account's id after its mark.
const ID_ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// What every account's id begins with.
const ID_MARK: &str = "acc_";
/// Characters after the mark: 80 bits.
const ID_CHARACTERS: usize = 16;

/// The id of an account, unique to its authority for ever.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountId(String);

/// The text is not the id of an account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the id of an account, such as `acc_0123456789abcdef`")]
pub struct NotAccountId(pub String);

impl AccountId {
    fn draw(random: &dyn Random) -> Result<Self, NoRandomness> {
        let mut bytes = [0_u8; ID_CHARACTERS];
        random.fill(&mut bytes)?;
        let body = bytes.iter().filter_map(|byte| ID_ALPHABET.get(usize::from(byte & 31))).map(|c| char::from(*c));
        Ok(Self(ID_MARK.chars().chain(body).collect()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for AccountId {
    type Err = NotAccountId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let body = text.strip_prefix(ID_MARK).unwrap_or_default();
        if body.len() == ID_CHARACTERS && body.bytes().all(|b| ID_ALPHABET.contains(&b)) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAccountId(text.to_owned()))
        }
    }
}

/// An account as it is kept; the token itself is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Its name, for people.
    pub name: String,
    /// The person behind it, where it was said: two accounts of one person name the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<Person>,
    /// Its roles, each once, in order.
    pub roles: Vec<Role>,
    /// The offices it acts for, each once, in order.
    pub offices: Vec<OfficeCode>,
    /// What may be shown of its token.
    pub token_prefix: TokenPrefix,
    /// What is kept of its token.
    pub token_hash: TokenHash,
    /// Closed: its token is refused.
    pub disabled: bool,
}

/// Why an account cannot be opened as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountRefused {
    /// The name is empty, too long or not plain.
    #[error("the name of an account has 1 to 120 characters and none that control")]
    Name,
    /// An account without a role may do nothing.
    #[error("an account needs at least one role")]
    NoRole,
    /// None of the roles may do anything yet, so the account's token would open nothing.
    #[error("the roles {0} may do nothing yet")]
    NothingGranted(String),
    /// A signatory signs for an office.
    #[error("a signatory acts for at least one office")]
    NoOffice,
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

impl Account {
    /// Opens an account; the token is returned beside it, this once.
    pub fn open(
        name: &str,
        mut roles: Vec<Role>,
        mut offices: Vec<OfficeCode>,
        random: &dyn Random,
    ) -> Result<(Self, ApiToken), AccountRefused> {
        let name = name.trim();
        if name.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
            return Err(AccountRefused::Name);
        }
        roles.sort_unstable();
        roles.dedup();
        offices.sort_unstable();
        offices.dedup();
        if roles.is_empty() {
            return Err(AccountRefused::NoRole);
        }
        if !roles.iter().any(|role| Action::ALL.into_iter().any(|action| role.may(action))) {
            let names = roles.into_iter().map(Role::name).collect::<Vec<_>>();
            return Err(AccountRefused::NothingGranted(names.join(", ")));
        }
        if roles.contains(&Role::Signatory) && offices.is_empty() {
            return Err(AccountRefused::NoOffice);
        }
        let token = ApiToken::draw(random)?;
        let account = Self {
            id: AccountId::draw(random)?,
            name: name.to_owned(),
            person: None,
            roles,
            offices,
            token_prefix: token.prefix(),
            token_hash: token.hash(),
            disabled: false,
        };
        Ok((account, token))
    }

    /// The person behind it; where none was named, its id stands for nobody else.
    #[must_use]
    pub fn person(&self) -> Person {
        self.person.clone().unwrap_or_else(|| Person::of_account(&self.id))
    }

    /// Whether one of its roles may; a closed account may nothing.
    #[must_use]
    pub fn may(&self, action: Action) -> bool {
        !self.disabled && self.roles.iter().any(|role| role.may(action))
    }

    /// Whether it acts for the office.
    #[must_use]
    pub fn acts_for(&self, office: &OfficeCode) -> bool {
        !self.disabled && self.offices.contains(office)
    }

    /// Whether the token is this account's, and the account is open.
    #[must_use]
    pub fn admits(&self, token: &ApiToken) -> bool {
        // Hash first: a closed account answers as slowly as an open one.
        self.token_hash.is(&token.hash()) && !self.disabled
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SeededRandom;

    fn office() -> OfficeCode {
        "KHI".parse().unwrap()
    }

    fn open(roles: &[Role], offices: &[OfficeCode]) -> Result<(Account, ApiToken), AccountRefused> {
        Account::open("Back office", roles.to_vec(), offices.to_vec(), &SeededRandom::new(7))
    }

    #[test]
    fn an_account_admits_its_own_token_until_it_is_closed() {
        let (mut account, token) = open(&[Role::Signatory], &[office()]).unwrap();
        let other = ApiToken::draw(&SeededRandom::new(8)).unwrap();
        assert!(account.admits(&token) && !account.admits(&other));
        assert!(account.may(Action::IssueCertificate) && account.acts_for(&office()));
        account.disabled = true;
        assert!(!account.admits(&token) && !account.may(Action::IssueCertificate) && !account.acts_for(&office()));
    }

    #[test]
    fn what_is_kept_does_not_contain_the_token() {
        let (account, token) = open(&[Role::Signatory], &[office()]).unwrap();
        let kept = serde_json::to_string(&account).unwrap();
        assert!(!kept.contains(&token.reveal()[12..]), "{kept}");
        assert_eq!(serde_json::from_str::<Account>(&kept).unwrap(), account);
    }

    #[test]
    fn an_account_that_could_do_nothing_is_refused() {
        assert_eq!(open(&[], &[]).err(), Some(AccountRefused::NoRole));
        let nothing = open(&[Role::CustomsOfficer], &[office()]).err();
        assert_eq!(nothing, Some(AccountRefused::NothingGranted("customs_officer".to_owned())));
        assert!(open(&[Role::CustomsOfficer, Role::Auditor], &[]).is_ok(), "one role that may is enough");
        assert_eq!(open(&[Role::Signatory], &[]).err(), Some(AccountRefused::NoOffice));
        let unnamed = Account::open(" ", vec![Role::Auditor], Vec::new(), &SeededRandom::new(1));
        assert_eq!(unnamed.err(), Some(AccountRefused::Name));
    }

    #[test]
    fn an_id_reads_back() {
        let (account, _) = open(&[Role::Auditor], &[]).unwrap();
        assert_eq!(account.id.as_str().parse(), Ok(account.id.clone()));
        assert!("acc_ABCDEFGHIJKLMNOP".parse::<AccountId>().is_err());
    }
}
