//! What an own log waits for from partners, and from whom: for whoever is told that it is shut.

use crate::{
    log::Origin,
    reason::{counted, some_of},
    time::{Timestamp, whole_seconds},
    trust::NodeName,
};
use std::fmt;

/// What was lost, and is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lost {
    /// Entries that a head was signed over.
    Entries,
    /// The numbers of certificates that came back without them.
    Numbers,
    /// What entries that came back disclose, beside that.
    Contents,
}

/// How it stands with that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// Since when it is waited for.
    pub since: Timestamp,
    /// How many entries, or numbers, or entries without what they disclose.
    pub missing: u64,
    /// Who may give them, and how many entries of the log each says it holds, where that was said.
    pub holders: Vec<(NodeName, Option<u64>)>,
    /// What came of asking last, where that brought nothing.
    pub trouble: Option<String>,
    /// Whether it may come by itself: somebody who holds it is connected, or all that can be reached were not heard yet. Else
    /// a person has to act.
    pub coming: bool,
}

impl Wait {
    /// The same of entries that nobody has, though everybody was heard: no clock ends that.
    pub(super) fn until_given_up(&self, origin: &Origin) -> String {
        format!(
            "{self}: look whether a data folder, here or at a partner, is not the one it was; only where nobody has them any more \
             a person closes the log without them: origin partner go-on --for-good --log {origin}"
        )
    }
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { since, missing, holders, trouble, .. } = self;
        write!(f, "{missing} missing since {}, ", whole_seconds(*since))?;
        if holders.is_empty() {
            f.write_str("held by no partner that was heard")?;
        } else {
            // Who told how much it holds may have told it in a package, and is asked nothing where no connection leads to it.
            let who = if holders.iter().all(|(_, held)| held.is_some()) { "held by" } else { "asked of" };
            write!(f, "{who} {}", some_of(holders.iter().map(holder)))?;
        }
        trouble.as_ref().map_or(Ok(()), |why| write!(f, "; the last time: {why}"))
    }
}

/// Who may give what is missing, and how many entries of the log that partner says it holds.
pub(super) fn holder((name, held): &(NodeName, Option<u64>)) -> String {
    let held = held.map(|held| format!(" (holds {})", counted(held, "entry", "entries")));
    format!("{name}{}", held.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_waited_for_is_said_with_who_holds_it_since_when_and_why_it_does_not_come() {
        let name = |name: &str| name.parse::<NodeName>().unwrap();
        let wait = Wait {
            since: "2026-11-22T10:00:00.0136395Z".parse().unwrap(),
            missing: 7,
            holders: vec![(name("node.gacc.gov.cn"), Some(20)), (name("node.kra.go.ke"), None)],
            trouble: Some("node.gacc.gov.cn: nothing more came".to_owned()),
            coming: true,
        };
        assert_eq!(
            wait.to_string(),
            "7 missing since 2026-11-22T10:00:00Z, asked of node.gacc.gov.cn (holds 20 entries), node.kra.go.ke; \
             the last time: node.gacc.gov.cn: nothing more came"
        );
        let told = Wait { holders: vec![(name("node.gacc.gov.cn"), Some(20))], trouble: None, ..wait.clone() };
        let said = told.to_string();
        assert!(said.ends_with(", held by node.gacc.gov.cn (holds 20 entries)"), "it may be asked nothing: {said}");
        let nobody = Wait { holders: Vec::new(), trouble: None, ..wait };
        assert_eq!(nobody.to_string(), "7 missing since 2026-11-22T10:00:00Z, held by no partner that was heard");
        let said = nobody.until_given_up(&"tdap.gov.pk/log/2026/all".parse().unwrap());
        assert!(
            said.starts_with(&nobody.to_string()) && said.ends_with("go-on --for-good --log tdap.gov.pk/log/2026/all")
        );
    }
}
