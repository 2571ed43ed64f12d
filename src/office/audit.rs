//! What the record of who did what says of one deed: never what is disclosed, never a secret.

use super::{Action, Caller, Deed, Role};
use serde::{Deserialize, Serialize};

/// Who did something.
#[derive(Debug, Clone, Copy)]
pub enum Actor<'a> {
    /// An account, with what it showed.
    Caller(&'a Caller),
    /// The operator of the node, through its own door.
    Operator,
    /// The node, by itself.
    Node,
    /// Somebody who was not let in.
    Nobody,
}

/// One row of the audit record. The time and the chain stand beside it in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEvent {
    /// The account's id, or `operator`, `node` or `nobody`.
    pub by: String,
    /// The roles that granted it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// What was shown: `token` or `session` with its prefix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<String>,
    /// The absent signatory in whose place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_place_of: Option<String>,
    /// What: an action of the role table, or a word such as `sign_in`.
    pub action: String,
    /// To what: an identifier, or a log and the place in it. No name, no goods.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub object: String,
    /// By which request, in hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// `done`, or the reason it was refused.
    pub result: String,
    /// More in words of this program's own, such as the roles an account got.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The network the call came from, where somebody was let in or was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Further events of the kind that were not written, because there were too many of them at once.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out: u64,
}

/// Actions that have a name of their own, beside those of the role table and of what is done to an application.
const NAMED: [&str; 22] = [
    "open_account",
    "change_account",
    "close_account",
    "unlock_account",
    "set_password",
    "change_password",
    "make_token",
    "revoke_token",
    "sign_in",
    "sign_out",
    "announce_key",
    "stop_key",
    "rest_log",
    "wake_log",
    "go_on",
    "give_up",
    "lift_evidence",
    "export_package",
    "cancellation_counts",
    "agree_to_policy",
    "revoke_agreement",
    "application_change",
];

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl AuditEvent {
    /// A deed of the role table, done.
    #[must_use]
    pub fn of(actor: Actor<'_>, action: Action) -> Self {
        let mut event = Self::named(actor, action.name());
        if let Actor::Caller(caller) = actor {
            let granting = |role: &&Role| role.may(action);
            event.roles = caller.account().roles.iter().filter(granting).map(ToString::to_string).collect();
        }
        event
    }

    /// A deed with a name of its own, done.
    #[must_use]
    pub fn named(actor: Actor<'_>, action: &str) -> Self {
        // Rows of an action that is not among them could not be asked for.
        debug_assert!(Self::actions().any(|known| known == action), "`{action}` is among the actions that rows name");
        let (by, with) = match actor {
            Actor::Caller(caller) => (caller.id().to_string(), Some(caller.credential().to_string())),
            Actor::Operator => ("operator".to_owned(), None),
            Actor::Node => ("node".to_owned(), None),
            Actor::Nobody => ("nobody".to_owned(), None),
        };
        Self {
            by,
            roles: Vec::new(),
            with,
            in_place_of: None,
            action: action.to_owned(),
            object: String::new(),
            request: None,
            result: "done".to_owned(),
            detail: None,
            from: None,
            left_out: 0,
        }
    }

    /// Every action that rows name.
    pub fn actions() -> impl Iterator<Item = String> {
        let table = Action::ALL.into_iter().map(|action| action.name().to_owned());
        let deeds = Deed::ALL.iter().map(|deed| format!("application_{}", deed.name()));
        table.chain(deeds).chain(NAMED.map(str::to_owned))
    }

    /// To what it was done.
    #[must_use]
    pub fn on(self, object: impl ToString) -> Self {
        Self { object: object.to_string(), ..self }
    }

    /// By which request.
    #[must_use]
    pub fn by_request(self, id: &[u8; 16]) -> Self {
        Self { request: Some(crate::encoding::hex::encode(id)), ..self }
    }

    /// That it was refused, and why: a stable reason.
    #[must_use]
    pub fn refused(self, reason: &str) -> Self {
        Self { result: reason.to_owned(), ..self }
    }

    /// More of it, in words of this program's own.
    #[must_use]
    pub fn with_detail(self, detail: impl ToString) -> Self {
        Self { detail: Some(detail.to_string()), ..self }
    }

    /// From which network.
    #[must_use]
    pub fn from_network(self, network: Option<String>) -> Self {
        Self { from: network, ..self }
    }

    /// The row as it is kept: JSON.
    #[must_use]
    pub fn to_row(&self) -> Vec<u8> {
        // A struct of texts and numbers has a JSON form; were there none, the row would say so by being empty.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads a row; `None` for one that is not of this form.
    #[must_use]
    pub fn read(row: &[u8]) -> Option<Self> {
        serde_json::from_slice(row).ok()
    }
}

/// Hears of what was denied; it must not block.
pub trait Denials: Send + Sync {
    /// Keeps it, if there is room.
    fn denied(&self, event: AuditEvent);
}
