//! The rules between a list and the one accepted before it: nobody's past is rewritten.

use super::{ListedKey, Section, TrustError, TrustList, list::Authority, root_change::leads_from};

/// Checks that `next` may follow `known`. The federation admits first sections and writes closings; what
/// is in a section is its authority's alone.
pub(super) fn check(next: &TrustList, known: &TrustList) -> Result<(), TrustError> {
    let (found, version) = (next.version(), known.version());
    if found < version {
        return Err(TrustError::RolledBack { known: version, found });
    }
    if found == version {
        return if next.json == known.json { Ok(()) } else { Err(TrustError::Forked(version)) };
    }
    for (iss, old) in &known.authorities {
        let new = next.authorities.get(iss).ok_or_else(|| TrustError::SectionRemoved(iss.clone()))?;
        check_authority(new, old)?;
    }
    match known.shards.iter().find(|(origin, size)| next.shards.get(*origin) != Some(*size)) {
        Some((origin, _)) => Err(TrustError::ShardChanged(origin.clone())),
        None => Ok(()),
    }
}

impl Section {
    /// Checks by its serial that it may take the place of an earlier one of the same authority.
    pub fn check_after(&self, old: &Self) -> Result<(), TrustError> {
        let iss = old.iss().clone();
        let (found, known) = (self.text().serial, old.text().serial);
        if found < known {
            return Err(TrustError::SectionRolledBack { iss, known, found });
        }
        if found == known && self.note().text() != old.note().text() {
            return Err(TrustError::SectionForked { iss, serial: known });
        }
        Ok(())
    }
}

fn check_authority(new: &Authority, old: &Authority) -> Result<(), TrustError> {
    let iss = old.section.iss();
    new.section.check_after(&old.section)?;
    if !leads_from(&old.section.text().root, &new.history, &new.section) {
        return Err(TrustError::RootUnchained(iss.clone()));
    }
    // Kept whole, for those who pinned a root long ago.
    let kept = new.history.iter().zip(&old.history).filter(|(a, b)| a.text() == b.text()).count();
    if kept < old.history.len() {
        let problem = "a change known before is gone".to_owned();
        return Err(TrustError::RootHistory { iss: iss.clone(), problem });
    }
    check_keys(&new.section, &old.section)?;
    match old.closings.keys().find(|kid| !new.closings.contains_key(*kid)) {
        // Where a closing lies may be corrected; that the key is closed may not.
        Some(kid) => Err(TrustError::Reopened { iss: iss.clone(), kid: kid.clone() }),
        None => Ok(()),
    }
}

fn check_keys(new: &Section, old: &Section) -> Result<(), TrustError> {
    let iss = old.iss();
    let same = |a: &ListedKey, b: &ListedKey| a.x == b.x && a.r#use == b.r#use;
    for key in &old.text().keys {
        match new.key(&key.kid) {
            None => return Err(TrustError::KeyRemoved { iss: iss.clone(), key: format!("`{}`", key.kid) }),
            Some(other) if !same(key, other) => {
                return Err(TrustError::KidReused { iss: iss.clone(), kid: key.kid.clone() });
            }
            Some(_) => {}
        }
    }
    match old.text().log_keys.iter().find(|key| !new.text().log_keys.contains(key)) {
        Some(key) => Err(TrustError::KeyRemoved { iss: iss.clone(), key: format!("for the logs of {}", key.shard) }),
        None => Ok(()),
    }
}
