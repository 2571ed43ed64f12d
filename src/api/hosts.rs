//! The authorities behind the doors: found by host, by log, by the token a caller shows.

use super::ApiError;
use crate::log::{Host, Origin};
use crate::office::{Action, ApiToken, Caller, ReadingRights};
use crate::signature::PublicKey;
use crate::statement::{Addressee, Issuer};
use crate::store::{PublishedHead, Store};
use crate::workflow::{Accounts, Applications, Changes, Desk, Exporters, Policies, Webhooks};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One authority as the doors see it.
pub struct HostedAuthority {
    /// The URL it owns.
    pub issuer: Issuer,
    /// Who may read its logs.
    pub reading: ReadingRights,
    /// Where its commands are carried out.
    pub desk: Desk,
    /// The applications for its certificates.
    pub applications: Applications,
    /// Its accounts.
    pub accounts: Accounts,
    /// Its exporters and their mandates.
    pub exporters: Exporters,
    /// Its policy of examination by machine.
    pub policies: Policies,
    /// What changed.
    pub changes: Changes,
    /// Where changes are brought to.
    pub webhooks: Webhooks,
    /// The public half of its keys.
    pub keys: Vec<PublishedKey>,
}

/// The public half of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedKey {
    /// What it signs.
    pub usage: KeyUsage,
    /// The key identifier, or the shard of a log key.
    pub name: String,
    /// The key.
    pub key: PublicKey,
}

/// What a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyUsage {
    /// Statements.
    Statement,
    /// Status lists.
    Status,
    /// Stamps on paper.
    Stamp,
    /// Checkpoints of a shard's logs.
    Log,
}

impl KeyUsage {
    /// The word of the trust list.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Statement => "statement",
            Self::Status => "status",
            Self::Stamp => "stamp",
            Self::Log => "log",
        }
    }
}

/// Every authority of this node.
#[derive(Clone)]
pub struct Hosts(Arc<BTreeMap<Host, Arc<HostedAuthority>>>);

/// Who asks.
#[derive(Clone)]
pub(crate) enum Visitor {
    /// Nobody we know.
    Stranger,
    /// An open account of one of the authorities.
    Account(Arc<HostedAuthority>, Arc<Caller>),
}

impl Hosts {
    /// Gathers the authorities.
    #[must_use]
    pub fn new(authorities: Vec<HostedAuthority>) -> Self {
        Self(Arc::new(authorities.into_iter().map(|one| (one.issuer.host().clone(), Arc::new(one))).collect()))
    }

    /// All of them, by host.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<HostedAuthority>> {
        self.0.values()
    }

    /// The authority of a host.
    pub(crate) fn at(&self, host: &str) -> Option<&Arc<HostedAuthority>> {
        host.parse::<Host>().ok().and_then(|host| self.0.get(&host))
    }

    /// The authority a caller names, as `https://<host>` or its bare host.
    pub(crate) fn named(&self, issuer: &str) -> Result<&Arc<HostedAuthority>, ApiError> {
        let host = issuer.strip_prefix("https://").unwrap_or(issuer);
        self.at(host).ok_or_else(|| ApiError::AuthorityUnknown(shown(issuer)))
    }

    /// The one authority, where there is one alone.
    pub(crate) fn only(&self) -> Result<&Arc<HostedAuthority>, ApiError> {
        let mut all = self.0.values();
        match (all.next(), all.next()) {
            (Some(only), None) => Ok(only),
            _ => Err(ApiError::Field {
                field: "issuer",
                message: "this node hosts several authorities; name one".to_owned(),
            }),
        }
    }

    /// The authority of a log, if the log is open here.
    pub(crate) fn log(&self, text: &str) -> Result<(&Arc<HostedAuthority>, Origin, PublishedHead), ApiError> {
        let unknown = || ApiError::LogUnknown(shown(text));
        let origin = text.parse::<Origin>().map_err(|_| unknown())?;
        let authority = self.0.get(origin.host()).ok_or_else(unknown)?;
        let head = authority.store().head(&origin).ok_or_else(unknown)?;
        Ok((authority, origin, head))
    }

    /// Who shows this `authorization` value. None shown is a stranger; one that is wrong is refused, because a
    /// caller that believes to be known must not be served as a stranger.
    pub(crate) fn caller(&self, authorization: Option<&str>) -> Result<Visitor, ApiError> {
        let Some(authorization) = authorization else { return Ok(Visitor::Stranger) };
        let (scheme, token) = authorization.split_once(' ').ok_or(ApiError::Unauthenticated)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(ApiError::Unauthenticated);
        }
        let token = ApiToken::parse(token.trim()).map_err(|_| ApiError::Unauthenticated)?;
        self.0
            .values()
            .find_map(|authority| {
                let caller = authority.accounts.admitted(&token)?;
                Some(Visitor::Account(Arc::clone(authority), Arc::new(caller)))
            })
            .ok_or(ApiError::Unauthenticated)
    }
}

impl Visitor {
    /// The account, or a refusal.
    pub(crate) fn account(self) -> Result<(Arc<HostedAuthority>, Arc<Caller>), ApiError> {
        match self {
            Self::Stranger => Err(ApiError::Unauthenticated),
            Self::Account(authority, caller) => Ok((authority, caller)),
        }
    }

    /// Whether it may with a partner's log, of which the trust list names this addressee.
    pub(crate) fn may_with(&self, log: &Origin, addressee: Option<&Issuer>, action: Action) -> bool {
        matches!(self, Self::Account(own, caller) if is_to(&own.issuer, log, addressee) && caller.may(action))
    }

    /// Whether it may at `authority`; what it may at another authority counts for nothing here.
    fn may_at(&self, authority: &HostedAuthority, action: Action) -> bool {
        matches!(self, Self::Account(own, caller) if own.issuer == authority.issuer && caller.may(action))
    }
}

impl HostedAuthority {
    /// Its durable state.
    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        self.desk.store()
    }

    /// Whether the caller may read heads or entries of the log.
    pub(crate) fn admit(&self, visitor: &Visitor, action: Action, origin: &Origin) -> Result<(), ApiError> {
        let to_everyone = origin.addressee() == Addressee::Everyone.label();
        if self.reading.allow(action, to_everyone, visitor.may_at(self, action)) {
            Ok(())
        } else {
            Err(ApiError::ReadingDenied)
        }
    }

    /// Whether a cache between us and the reader may keep what is read of this log.
    pub(crate) fn is_public(&self, action: Action, origin: &Origin) -> bool {
        self.admit(&Visitor::Stranger, action, origin).is_ok()
    }
}

/// Whether a partner's log is addressed to this authority. Where the list names nobody, one to everybody is; any other was
/// to somebody whom the list does not name any more, and that makes it nobody else's.
fn is_to(own: &Issuer, log: &Origin, addressee: Option<&Issuer>) -> bool {
    addressee.map_or_else(|| log.addressee() == Addressee::Everyone.label(), |one| one == own)
}

/// What a caller sent, short and plain enough to be said back.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partners_log_is_read_for_its_addressee_and_for_nobody_where_the_list_does_not_name_it_any_more() {
        let issuer = |text: &str| text.parse::<Issuer>().unwrap();
        let (own, other) = (issuer("https://gacc.gov.cn"), issuer("https://chamber.cn"));
        let log = |addressee: &str| format!("tdap.gov.pk/log/2026/{addressee}").parse::<Origin>().unwrap();
        assert!(is_to(&own, &log("gacc.gov.cn"), Some(&own)) && is_to(&own, &log("cn"), Some(&own)));
        assert!(!is_to(&own, &log("cn"), Some(&other)) && !is_to(&own, &log("chamber.cn"), Some(&other)));
        assert!(is_to(&own, &log("all"), None) && is_to(&other, &log("all"), None));
        for unlisted in ["chamber.cn", "cn"] {
            assert!(!is_to(&own, &log(unlisted), None), "{unlisted}");
        }
    }
}
