//! What may have arrived and is not known here: nothing is held of what partners issue to this authority, and either copies
//! of their logs were here before, or what is kept of them may have been lost and they were not heard since.

use super::{ArrivedName, Notice};
use crate::{
    log::Origin,
    reason::some_of,
    statement::Issuer,
    store::{StoreError, Table},
    trust::{NodeName, Section},
    workflow::Desk,
};
use std::{collections::BTreeSet, fmt};

/// What the key of every file of a certificate that arrived begins with.
pub(super) const FILES: &str = "file/";

/// Nothing is held of what is issued to this authority at some nodes. That does not say that nothing arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotHeld {
    /// The nodes.
    pub nodes: BTreeSet<NodeName>,
    /// Logs of theirs on whose certificates something was done here: copies of them were here.
    pub lost: BTreeSet<Origin>,
}

impl fmt::Display for NotHeld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nodes = some_of(&self.nodes);
        write!(
            f,
            "what arrived is not known before it is heard from {nodes}: of what is issued there to this authority nothing is held \
             here"
        )?;
        if !self.lost.is_empty() {
            let logs = some_of(&self.lost);
            write!(f, "; copies of {logs} were here before, and were lost or cannot be opened")?;
        }
        Ok(())
    }
}

impl Desk {
    /// What may have arrived of one issuer, or of all, and is not known here; none where that can be told. It reads from the
    /// disk.
    pub fn not_held(&self, of: Option<&Issuer>) -> Result<Option<NotHeld>, StoreError> {
        let (trust, own) = (self.trust(), &self.setup().issuer);
        // Certificates go to customs alone.
        if !trust.text().addressees.values().any(|customs| customs == own) {
            return Ok(None);
        }
        let held = self.addressed().into_iter();
        let held = held.filter(|(origin, store)| store.head(origin).is_some_and(|head| head.head.size > 0));
        let held = held.map(|(origin, _)| origin).collect::<BTreeSet<_>>();
        let (unheard, acted_on) = (self.setup().partners.unheard(), self.acted_on()?);
        let here = trust.node_of(own).map(|node| &node.name);
        let (mut nodes, mut lost) = (BTreeSet::new(), BTreeSet::new());
        for issuer in trust.sections().map(Section::iss).filter(|issuer| of.is_none_or(|of| of == *issuer)) {
            let Some(node) = trust.node_of(issuer).map(|node| &node.name).filter(|node| Some(*node) != here) else {
                continue;
            };
            let is_its = |origin: &Origin| origin.host() == issuer.host();
            let missing = acted_on.difference(&held).filter(|origin| is_its(origin)).cloned().collect::<Vec<_>>();
            if !missing.is_empty() || (unheard.contains(node) && !held.iter().any(is_its)) {
                nodes.insert(node.clone());
            }
            lost.extend(missing);
        }
        Ok((!nodes.is_empty()).then_some(NotHeld { nodes, lost }))
    }

    /// The same of whoever may have issued what bears a name.
    pub(super) fn not_held_of(&self, name: &ArrivedName) -> Result<Option<NotHeld>, StoreError> {
        match name {
            ArrivedName::Number(_, issuer) => self.not_held(issuer.as_ref()),
            ArrivedName::Jti(_) => self.not_held(None),
        }
    }

    /// The logs on whose certificates something was done here. It costs by how many they are, and not by what was done.
    fn acted_on(&self) -> Result<BTreeSet<Origin>, StoreError> {
        let (mut after, mut logs) = (FILES.as_bytes().to_vec(), BTreeSet::new());
        while let Some((id, _)) = self.store().records_from(Table::Customs, &after, 1)?.into_iter().next() {
            let Some(log) = log_of(&id) else { break };
            // Behind all of that log: what follows its name in a key is a letter or digit.
            after = [FILES.as_bytes(), log.as_str().as_bytes(), b"/\xff"].concat();
            logs.insert(log);
        }
        Ok(logs)
    }
}

/// The log that the key of a file names; none of any other record.
fn log_of(id: &[u8]) -> Option<Origin> {
    let named = std::str::from_utf8(id).ok()?.strip_prefix(FILES)?;
    named.rsplit_once('/')?.0.parse().ok()
}

impl NotHeld {
    /// As an officer is told it.
    #[must_use]
    pub fn notice(&self) -> Notice {
        Notice::new("ARRIVALS_UNKNOWN", false, self.to_string())
    }
}
