//! An account of an authority: who calls, in which roles, for which offices, and how it is let in.

use super::{Absence, AccountRefused, Action, ApiToken, ExporterId, Login, PasswordHash, Person, Role, Scopes};
use super::{TokenHash, TokenPrefix};
use crate::certificate::OfficeCode;
use crate::time::{NoRandomness, Random, Timestamp};
use serde::{Deserialize, Serialize};

/// Longest name of an account, or of a token, in characters.
const MAX_NAME: usize = 120;
/// Tokens an account may have at once.
pub const MAX_TOKENS: usize = 32;
/// Characters of the alphabet of an id after its mark.
const ID_ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Characters after the mark: 80 bits.
const ID_CHARACTERS: usize = 16;

/// Sixteen characters of 80 random bits, behind a mark.
pub(super) fn draw_id(mark: &str, random: &dyn Random) -> Result<String, NoRandomness> {
    let mut bytes = [0_u8; ID_CHARACTERS];
    random.fill(&mut bytes)?;
    let body = bytes.iter().filter_map(|byte| ID_ALPHABET.get(usize::from(byte & 31))).map(|c| char::from(*c));
    Ok(mark.chars().chain(body).collect())
}

/// Whether the text is an id with this mark.
pub(super) fn is_id(mark: &str, text: &str) -> bool {
    let body = text.strip_prefix(mark).unwrap_or_default();
    body.len() == ID_CHARACTERS && body.bytes().all(|b| ID_ALPHABET.contains(&b))
}

/// An id: a mark, and what was drawn behind it.
macro_rules! drawn_id {
    ($(#[$meta:meta])* $name:ident $mark:literal; $(#[$not_meta:meta])* $not:ident $what:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        $(#[$not_meta])*
        #[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
        #[error("`{0}` is not the id of {what}, such as `{mark}0123456789abcdef`", what = $what, mark = $mark)]
        pub struct $not(pub String);

        impl $name {
            /// Draws a new one.
            pub fn draw(random: &dyn $crate::time::Random) -> Result<Self, $crate::time::NoRandomness> {
                $crate::office::account::draw_id($mark, random).map(Self)
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $not;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let good = $crate::office::account::is_id($mark, text);
                if good { Ok(Self(text.to_owned())) } else { Err($not(text.to_owned())) }
            }
        }
    };
}
pub(super) use drawn_id;

drawn_id! {
    /// The id of an account, unique to its authority for ever.
    AccountId "acc_";
    /// The text is not the id of an account.
    NotAccountId "an account"
}

impl AccountId {
    /// Stands for an account of which nothing is known any more.
    pub(super) fn unknown() -> Self {
        Self("unknown".to_owned())
    }
}

/// One token of an account as it is kept; the token itself is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// What may be shown of it, and names it.
    pub prefix: TokenPrefix,
    /// What is kept of it.
    pub hash: TokenHash,
    /// What it is for, in its maker's words.
    #[serde(default)]
    pub name: String,
    /// What it opens.
    #[serde(default)]
    pub scopes: Scopes,
    /// When it was made, in Unix seconds; 0 for one of a time when that was not kept.
    #[serde(default)]
    pub made: i64,
    /// When it ends, in Unix seconds; never, where that is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
}

impl Token {
    /// Keeps what has to be kept of a token.
    #[must_use]
    pub fn of(token: &ApiToken, name: &str, scopes: Scopes, made: Timestamp, until: Option<Timestamp>) -> Self {
        Self {
            prefix: token.prefix(),
            hash: token.hash(),
            name: name.trim().to_owned(),
            scopes,
            made: made.as_second(),
            until: until.map(Timestamp::as_second),
        }
    }

    /// Whether its time is over.
    #[must_use]
    pub fn has_ended(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| until <= now.as_second())
    }
}

/// An account as it is kept; its tokens and its password are not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Kept")]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Its name, for people.
    pub name: String,
    /// The person behind it, where it was said: two accounts of one person name the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<Person>,
    /// Its roles, each once, in order.
    pub roles: Vec<Role>,
    /// The offices it acts for, each once, in order.
    pub offices: Vec<OfficeCode>,
    /// The exporter whose account it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exporter: Option<ExporterId>,
    /// The name it signs in by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login: Option<Login>,
    /// What is kept of its password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<PasswordHash>,
    /// Its tokens.
    pub tokens: Vec<Token>,
    /// When its holder is away, and who signs meanwhile.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub absences: Vec<Absence>,
    /// Closed: nothing lets it in.
    pub disabled: bool,
}

/// An account as any version wrote it: the first ones had one token and nothing else to be let in by.
#[derive(Deserialize)]
struct Kept {
    id: AccountId,
    name: String,
    person: Option<Person>,
    roles: Vec<Role>,
    offices: Vec<OfficeCode>,
    exporter: Option<ExporterId>,
    login: Option<Login>,
    password: Option<PasswordHash>,
    #[serde(default)]
    tokens: Vec<Token>,
    #[serde(default)]
    absences: Vec<Absence>,
    token_prefix: Option<TokenPrefix>,
    token_hash: Option<TokenHash>,
    disabled: bool,
}

impl From<Kept> for Account {
    fn from(kept: Kept) -> Self {
        let mut tokens = kept.tokens;
        if let (Some(prefix), Some(hash)) = (kept.token_prefix, kept.token_hash) {
            let name = String::new();
            tokens.push(Token { prefix, hash, name, scopes: Scopes::all(), made: 0, until: None });
        }
        let Kept { id, name, person, roles, offices, exporter, login, password, absences, disabled, .. } = kept;
        Self { id, name, person, roles, offices, exporter, login, password, tokens, absences, disabled }
    }
}

/// What an account is to be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    /// Its name, for people.
    pub name: String,
    /// The person behind it.
    pub person: Option<Person>,
    /// Its roles.
    pub roles: Vec<Role>,
    /// The offices it acts for.
    pub offices: Vec<OfficeCode>,
    /// The exporter whose account it is.
    pub exporter: Option<ExporterId>,
    /// The name it signs in by.
    pub login: Option<Login>,
}

impl Wanted {
    /// Puts in order what is wanted, or says why it cannot be.
    fn checked(mut self) -> Result<Self, AccountRefused> {
        self.name = plain_name(&self.name).ok_or(AccountRefused::Name)?;
        self.roles.sort_unstable();
        self.roles.dedup();
        self.offices.sort_unstable();
        self.offices.dedup();
        if self.roles.is_empty() {
            return Err(AccountRefused::NoRole);
        }
        if !self.roles.iter().any(|role| Action::ALL.into_iter().any(|action| role.may(action))) {
            let names = self.roles.iter().map(|role| role.name()).collect::<Vec<_>>();
            return Err(AccountRefused::NothingGranted(names.join(", ")));
        }
        if self.roles.contains(&Role::Signatory) && self.offices.is_empty() {
            return Err(AccountRefused::NoOffice);
        }
        if self.exporter.is_some() && !self.roles.contains(&Role::Exporter) {
            return Err(AccountRefused::ExporterRole);
        }
        Ok(self)
    }
}

/// A name of something of an account, trimmed, if it has 1 to 120 characters and none that control.
pub(super) fn plain_name(name: &str) -> Option<String> {
    let name = name.trim();
    let good = !name.is_empty() && name.chars().count() <= MAX_NAME && !name.chars().any(char::is_control);
    good.then(|| name.to_owned())
}

impl Account {
    /// Opens an account that nothing lets in yet.
    pub fn open(wanted: Wanted, random: &dyn Random) -> Result<Self, AccountRefused> {
        let Wanted { name, person, roles, offices, exporter, login } = wanted.checked()?;
        Ok(Self {
            id: AccountId::draw(random)?,
            name,
            person,
            roles,
            offices,
            exporter,
            login,
            password: None,
            tokens: Vec::new(),
            absences: Vec::new(),
            disabled: false,
        })
    }

    /// The account as what it is now wanted to be; how it is let in stays.
    pub fn changed(self, wanted: Wanted) -> Result<Self, AccountRefused> {
        let Wanted { name, person, roles, offices, exporter, login } = wanted.checked()?;
        if self.password.is_some() && login.is_none() {
            return Err(AccountRefused::Login);
        }
        Ok(Self { name, person, roles, offices, exporter, login, ..self })
    }

    /// What it is, as it could be wanted again.
    #[must_use]
    pub fn wanted(&self) -> Wanted {
        let Self { name, person, roles, offices, exporter, login, .. } = self.clone();
        Wanted { name, person, roles, offices, exporter, login }
    }

    /// The same account with one token more; those that have ended make room.
    pub fn with_token(mut self, token: Token, now: Timestamp) -> Result<Self, AccountRefused> {
        if !token.name.is_empty() && plain_name(&token.name).is_none() {
            return Err(AccountRefused::Name);
        }
        if token.has_ended(now) {
            return Err(AccountRefused::TokenEnded);
        }
        self.tokens.retain(|one| !one.has_ended(now));
        if self.tokens.len() >= MAX_TOKENS || self.tokens.iter().any(|one| one.prefix == token.prefix) {
            return Err(AccountRefused::TooManyTokens);
        }
        self.tokens.push(token);
        Ok(self)
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

    /// Its token with this hash, if the account is open and the token's time is not over.
    #[must_use]
    pub fn admits(&self, hash: &TokenHash, now: Timestamp) -> Option<&Token> {
        // Hash first: a closed account answers as slowly as an open one.
        let token = self.tokens.iter().find(|token| token.hash.is(hash))?;
        (!self.disabled && !token.has_ended(now)).then_some(token)
    }
}

#[cfg(test)]
mod tests;
