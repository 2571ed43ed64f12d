//! `status-change`: what becomes of a certificate after its issue.
//!
//! It counts from its own place in the log. Which acts may follow which, and who may do them, is not decided
//! here.

use super::{
    super::{
        StatementError,
        claims::Claims,
        compose::Draft,
        opening::{Disclosed, Shown},
    },
    items::are_rising,
    place::StatementRef,
};
use crate::{
    certificate::Text,
    time::{Date, serde_date},
};
use serde::{Deserialize, Serialize};

/// The items a certificate can have: 512 disclosures less its 8 sections.
const ITEMS_MAX: usize = 504;

pub(super) const CLEAR: [&str; 6] = ["target", "act", "from_issue", "from_date", "successor", "items"];
pub(super) const SECTIONS: usize = 2;

/// What happens to the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// The holder's wish, while it is unused.
    Cancelled,
    /// The authority's finding, at any time.
    Withdrawn {
        /// From when on the target does not hold.
        since: Since,
    },
    /// Another certificate takes its place.
    Superseded {
        /// The other certificate.
        successor: StatementRef,
    },
    /// It does not hold until further notice.
    Suspended,
    /// A suspension ends.
    Reinstated,
}

impl Act {
    /// What its target is then, in a sentence.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Withdrawn { .. } => "withdrawn",
            Self::Superseded { .. } => "superseded",
            Self::Suspended => "suspended",
            Self::Reinstated => "reinstated",
        }
    }
}

/// From when on a withdrawn certificate does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// It never held.
    Issue,
    /// From this civil date on.
    Date(Date),
}

/// The clear part of a change of status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The certificate it is about.
    pub target: StatementRef,
    /// What happens to it.
    pub act: Act,
    /// The numbers of the items concerned, rising; `None` means the whole certificate.
    pub items: Option<Vec<u32>>,
}

/// A change of status with its disclosed sections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusChange {
    /// The clear part.
    pub change: Change,
    /// Why, in the authority's words.
    pub reason: Option<Text<1024>>,
    /// Anything else the addressee should know.
    pub remarks: Option<Text<1024>>,
}

/// A change of status as presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedStatusChange {
    /// The clear part.
    pub change: Change,
    /// Why, if shown.
    pub reason: Shown<Option<Text<1024>>>,
    /// Remarks, if shown.
    pub remarks: Shown<Option<Text<1024>>>,
}

#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum ActName {
    Cancelled,
    Withdrawn,
    Superseded,
    Suspended,
    Reinstated,
}

#[derive(Deserialize)]
#[serde(transparent)]
struct OptionalDate(#[serde(with = "serde_date::option")] Option<Date>);

pub(super) fn write(body: &StatusChange, draft: &mut Draft) -> Result<(), StatementError> {
    let Change { target, act, items } = &body.change;
    check_items(items.as_deref())?;
    let (name, since, successor) = match act {
        Act::Cancelled => (ActName::Cancelled, None, None),
        Act::Withdrawn { since } => (ActName::Withdrawn, Some(*since), None),
        Act::Superseded { successor } => (ActName::Superseded, None, Some(successor)),
        Act::Suspended => (ActName::Suspended, None, None),
        Act::Reinstated => (ActName::Reinstated, None, None),
    };
    let date = if let Some(Since::Date(date)) = since { Some(date.to_string()) } else { None };
    draft.claim("target", target)?;
    draft.claim("act", &name)?;
    draft.claim("from_issue", &(since == Some(Since::Issue)))?;
    draft.claim("from_date", &date)?;
    draft.claim("successor", &successor)?;
    draft.claim("items", items)?;
    draft.disclose("reason", &body.reason)?;
    draft.disclose("remarks", &body.remarks)
}

pub(super) fn read<'a>(
    claims: &mut Claims<'a>,
    disclosed: &mut Disclosed<'a>,
) -> Result<OpenedStatusChange, StatementError> {
    disclosed.hold_to(SECTIONS)?;
    let target = claims.take("target")?;
    let name: ActName = claims.take("act")?;
    let from_issue: bool = claims.take("from_issue")?;
    let OptionalDate(from_date) = claims.take("from_date")?;
    let successor: Option<StatementRef> = claims.take("successor")?;
    let items: Option<Vec<u32>> = claims.take("items")?;
    check_items(items.as_deref())?;
    let act = match (name, from_issue, from_date, successor) {
        (ActName::Cancelled, false, None, None) => Act::Cancelled,
        (ActName::Withdrawn, true, None, None) => Act::Withdrawn { since: Since::Issue },
        (ActName::Withdrawn, false, Some(date), None) => Act::Withdrawn { since: Since::Date(date) },
        (ActName::Superseded, false, None, Some(successor)) => Act::Superseded { successor },
        (ActName::Suspended, false, None, None) => Act::Suspended,
        (ActName::Reinstated, false, None, None) => Act::Reinstated,
        _ => {
            return Err(StatementError::shape(
                "act",
                "`from_issue` or `from_date` go with `withdrawn` alone, one of them; `successor` with `superseded` alone",
            ));
        }
    };
    Ok(OpenedStatusChange {
        change: Change { target, act, items },
        reason: disclosed.take("reason", true)?,
        remarks: disclosed.take("remarks", true)?,
    })
}

fn check_items(items: Option<&[u32]>) -> Result<(), StatementError> {
    let Some(items) = items else { return Ok(()) };
    if are_rising(items) && (1..=ITEMS_MAX).contains(&items.len()) {
        return Ok(());
    }
    Err(StatementError::shape("items", "not 1 to 504 item numbers from 1 on, rising"))
}
