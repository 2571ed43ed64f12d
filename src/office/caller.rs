//! Who asks for something: the account, what it showed, and what that opens.

use super::{Account, AccountId, Action, Actor, AuditEvent, Denials, Hand, Scopes, TokenPrefix};
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
    /// Nothing now: a webhook that the account made speaks for it, by its id.
    Webhook(String),
}

impl fmt::Display for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(prefix) => write!(f, "token {}", prefix.as_str()),
            Self::Session(prefix) => write!(f, "session {}", prefix.as_str()),
            Self::Webhook(id) => write!(f, "webhook {id}"),
        }
    }
}

/// That the caller acts for an office in the place of a signatory who is away.
#[derive(Debug, Clone)]
pub struct Deputising {
    /// The office.
    pub office: OfficeCode,
    /// The signatory who is away.
    pub absent: Arc<Account>,
}

/// Who asks. What it may is asked in one place, [`Caller::may`]: the roles of its account, within the scopes of what
/// it showed. Cheap to clone.
#[derive(Clone)]
pub struct Caller {
    account: Arc<Account>,
    credential: Credential,
    scopes: Scopes,
    others: Vec<Arc<Account>>,
    deputising: Vec<Deputising>,
    away: bool,
    denials: Option<Arc<dyn Denials>>,
}

/// It may not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// No role of the account may.
    #[error("this account may not {0}; an administrator of the authority can give it a role that may")]
    Role(Action),
    /// The account may; what was shown is for less.
    #[error("this token may not {action}: it is for {} alone; its account may, by another token or a password", named(.scopes))]
    Scopes {
        /// What was asked.
        action: Action,
        /// The names of the actions that the token is for.
        scopes: Vec<String>,
    },
}

fn named(scopes: &[String]) -> String {
    if scopes.is_empty() { "nothing".to_owned() } else { scopes.join(", ") }
}

impl Caller {
    /// An account that showed a credential, within the scopes it has.
    #[must_use]
    pub fn new(account: Arc<Account>, credential: Credential, scopes: Scopes) -> Self {
        let (others, deputising) = (Vec::new(), Vec::new());
        Self { account, credential, scopes, others, deputising, away: false, denials: None }
    }

    /// The same, known by the other accounts of its person too.
    #[must_use]
    pub fn also_by(self, others: Vec<Arc<Account>>) -> Self {
        Self { others, ..self }
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

    /// The same, whose denials are heard.
    #[must_use]
    pub fn heard_by(self, denials: Arc<dyn Denials>) -> Self {
        Self { denials: Some(denials), ..self }
    }

    /// The account.
    #[must_use]
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Every account of its person, its own first: what a person has at stake does not hang on the account.
    pub fn accounts(&self) -> impl Iterator<Item = &Account> {
        std::iter::once(&self.account).chain(&self.others).map(Arc::as_ref)
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

    /// The scopes of what it showed.
    #[must_use]
    pub const fn scopes(&self) -> &Scopes {
        &self.scopes
    }

    /// Whether a role of the account may, within the scopes of what was shown. A closed account may nothing.
    #[must_use]
    pub fn may(&self, action: Action) -> bool {
        self.scopes.take_in(action) && self.account.may(action)
    }

    /// Refuses what it may not, and lets the audit record hear of it.
    pub fn allow(&self, action: Action) -> Result<(), Denied> {
        if self.may(action) {
            return Ok(());
        }
        if let Some(denials) = &self.denials {
            denials.denied(AuditEvent::of(Actor::Caller(self), action).refused("PERMISSION_DENIED"));
        }
        let scopes = self.scopes.names().filter(|_| self.account.may(action));
        Err(match scopes {
            Some(names) => Denied::Scopes { action, scopes: names.iter().cloned().collect() },
            None => Denied::Role(action),
        })
    }

    /// Whether it files for others.
    #[must_use]
    pub fn is_agent(&self) -> bool {
        self.account.roles.contains(&super::Role::Agent)
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

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Caller({}, {})", self.account.id, self.credential)
    }
}

#[cfg(test)]
impl From<Account> for Caller {
    fn from(account: Account) -> Self {
        let token = super::ApiToken::draw(&crate::time::SeededRandom::new(1)).unwrap();
        Self::new(Arc::new(account), Credential::Token(token.prefix()), Scopes::all())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::office::{Role, Wanted};
    use crate::time::SeededRandom;
    use std::sync::Mutex;

    fn account(seed: u64, roles: &[Role], office: &str) -> Account {
        let wanted = Wanted {
            name: "A".into(),
            roles: roles.to_vec(),
            offices: vec![office.parse().unwrap()],
            ..Wanted::default()
        };
        Account::open(wanted, &SeededRandom::new(seed)).unwrap()
    }

    #[derive(Default)]
    struct Ear(Mutex<Vec<AuditEvent>>);

    impl Denials for Ear {
        fn denied(&self, event: AuditEvent) {
            self.0.lock().unwrap().push(event);
        }
    }

    #[test]
    fn a_token_opens_neither_more_than_its_scopes_nor_more_than_its_account() {
        let token = Credential::Token(super::super::ApiToken::draw(&SeededRandom::new(1)).unwrap().prefix());
        let signatory = Arc::new(account(1, &[Role::Signatory], "KHI"));
        let scopes = Scopes::only([Action::ReadCertificate, Action::ManageAccounts]);
        let ear = Arc::new(Ear::default());
        let caller = Caller::new(signatory, token, scopes).heard_by(Arc::clone(&ear) as Arc<dyn Denials>);
        assert_eq!(caller.allow(Action::ReadCertificate), Ok(()));
        let scopes = ["manage_accounts", "read_certificate"].map(str::to_owned).to_vec();
        let narrower = Err(Denied::Scopes { action: Action::IssueCertificate, scopes });
        assert_eq!(caller.allow(Action::IssueCertificate), narrower);
        assert_eq!(caller.allow(Action::ManageAccounts), Err(Denied::Role(Action::ManageAccounts)));
        let heard = ear.0.lock().unwrap();
        assert_eq!(heard.len(), 2);
        assert_eq!((heard[0].action.as_str(), heard[0].result.as_str()), ("issue_certificate", "PERMISSION_DENIED"));
    }

    #[test]
    fn a_deputy_acts_for_the_office_of_the_absent_and_in_their_place() {
        let absent = Arc::new(account(1, &[Role::Signatory], "KHI"));
        let (lahore, karachi) = ("LHE".parse().unwrap(), "KHI".parse().unwrap());
        let deputy = Caller::from(account(2, &[Role::Signatory], "LHE"));
        assert!(!deputy.acts_for(&karachi));
        let place = Deputising { office: "KHI".parse().unwrap(), absent: Arc::clone(&absent) };
        let deputy = deputy.deputising(vec![place]);
        assert!(deputy.acts_for(&karachi) && deputy.acts_for(&lahore));
        assert_eq!(deputy.hand(&karachi).in_place_of, Some((absent.id.clone(), absent.person())));
        assert_eq!(deputy.hand(&lahore).in_place_of, None);
    }
}
