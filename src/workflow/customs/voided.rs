//! Certificates that the end of a log made void after they were used here: what was issued anew in the place of one need
//! not name it, so who imports with the same declaration again hears of it.

use super::{Arrival, Notice, notices::amount};
use crate::{
    office::ActState,
    reason::some_of,
    statement::ImportDeclaration,
    store::EntryRef,
    workflow::{Desk, WorkflowError},
};

impl Desk {
    /// That goods were written off with a declaration, of another certificate of the same issuer that is void by now. It
    /// reads from the disk: what lies beyond the ends of logs, which is little.
    pub(super) fn used_of_void(
        &self,
        arrival: &Arrival,
        declaration: &ImportDeclaration,
    ) -> Result<Vec<Notice>, WorkflowError> {
        let (trust, mut found) = (self.trust(), Vec::new());
        let lost = !self.came_back_to(&arrival.issuer)?.is_empty();
        for (origin, store) in self.addressed().into_iter().filter(|(log, _)| log.host() == arrival.issuer.host()) {
            let Some(last) = trust.shard_final_size(&origin) else { continue };
            for index in last..store.head(&origin).map_or(0, |head| head.head.size) {
                let Some(facts) = store.facts(&origin, index)?.filter(|facts| facts.jti != arrival.jti) else {
                    continue;
                };
                // Most were never used, and are not opened; where records were lost, what was signed tells which were.
                if !lost && self.customs_file(&origin, &facts.jti)?.0.acts == 0 {
                    continue;
                }
                let entry = EntryRef { origin: origin.clone(), index };
                if let Some(void) = self.arrival_at(store.as_ref(), &entry)? {
                    found.extend(self.written_of(&void, declaration)?);
                }
            }
        }
        Ok(found)
    }

    /// What a declaration wrote off of a certificate that is void.
    fn written_of(&self, void: &Arrival, declaration: &ImportDeclaration) -> Result<Option<Notice>, WorkflowError> {
        let with_it = self.acts(void)?.into_iter().filter(|act| {
            act.state == ActState::Counts && act.declaration.as_ref().is_some_and(|own| own.is_same(declaration))
        });
        let written = with_it.flat_map(|act| {
            let drawn = act.decisions.into_iter().filter(|one| one.code.draws());
            drawn.map(move |one| format!("{} by act {}", amount(&one), act.number))
        });
        let written = written.collect::<Vec<_>>();
        if written.is_empty() {
            return Ok(None);
        }
        let reference = void.certificate.reference.as_option();
        let number = reference.map_or_else(|| void.jti.to_string(), |reference| reference.number.to_string());
        let words = format!(
            "written off with this declaration before: {} of certificate {number}, which is void; if this one was issued \
             anew in its place, take that back (`origin customs reverse {number} --act ACT`): the same goods are written \
             off once",
            some_of(written)
        );
        Ok(Some(Notice::new("VOID_USED", false, words)))
    }
}
