//! A certificate that somebody presents without its proof, or with less than is known here: what the log kept here proves of
//! it is added, and nothing of what it says.

use super::{Desk, WorkflowError, bundle};
use crate::{
    statement::{Bundle, Envelope, Presentation},
    store::{EntryRef, Store},
};
use std::sync::Arc;

impl Desk {
    /// The evidence of what is presented, with its token as it was presented: what its holder withheld stays withheld.
    /// `None` where its log is not kept here, or has not this very statement. It reads from the disk.
    pub fn evidence_of(&self, presented: &Presentation) -> Result<Option<Bundle>, WorkflowError> {
        let Some((store, entry)) = self.kept_here(presented)? else { return Ok(None) };
        let evidence = bundle::evidence(store.as_ref(), &entry, &self.trust())?;
        Ok(Some(Bundle { token: presented.token().to_owned(), ..evidence.bundle }))
    }

    /// A bundle with what is known better here: more changes of its status, or, where it leaves a question open, whatever
    /// the own log has. `None` where nothing is. It reads from the disk.
    pub fn known_better(
        &self,
        shown: &Bundle,
        presented: &Presentation,
        open: bool,
    ) -> Result<Option<Bundle>, WorkflowError> {
        let Some((store, entry)) = self.kept_here(presented)? else { return Ok(None) };
        let more = bundle::changes_here(store.as_ref(), &entry, &presented.envelope().jti)?.len() > shown.changes.len();
        let own = presented.envelope().iss == self.setup().issuer;
        let better = more || (own && open);
        if !better {
            return Ok(None);
        }
        let evidence = bundle::evidence(store.as_ref(), &entry, &self.trust())?.bundle;
        Ok(Some(if own {
            Bundle { token: presented.token().to_owned(), ..evidence }
        } else {
            // Who holds a log has not every cosignature of its heads: what was presented proves more of the rest.
            Bundle { changes: evidence.changes, ..shown.clone() }
        }))
    }

    /// Where this very statement stands in a log that is kept here.
    fn kept_here(&self, presented: &Presentation) -> Result<Option<(Arc<dyn Store>, EntryRef)>, WorkflowError> {
        let Envelope { iss, jti, log, .. } = presented.envelope();
        let store = if *iss == self.setup().issuer {
            Arc::clone(self.store())
        } else {
            let mut logs = self.setup().partners.logs().into_iter();
            let Some((_, store)) = logs.find(|(origin, _)| origin == log) else { return Ok(None) };
            store
        };
        let Some(entry) = store.find(jti)?.filter(|entry| entry.origin == *log) else { return Ok(None) };
        let facts = store.facts(&entry.origin, entry.index)?;
        let same = store.leaf(&entry.origin, entry.index)?.is_some_and(|leaf| leaf == presented.jwt().as_bytes());
        let counts = same && facts.is_some_and(|facts| facts.status_index.is_some());
        Ok(counts.then_some((store, entry)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        statement::{Act, Section, redact},
        time::Clock as _,
        verification::{Headline, Question, Verdict},
        workflow::{CertificateName, CertificateRecord, StatusWish, tests::world::World},
    };

    fn verdict(world: &World, desk: &Desk, token: &str) -> Verdict {
        let bundle = desk.evidence_of(&Presentation::parse(token).unwrap()).unwrap().unwrap();
        world.verifier().verify(&bundle.to_json(), &Question::at(world.clock.now()))
    }

    #[tokio::test]
    async fn a_token_is_judged_by_the_log_that_has_it_and_shows_no_more_than_its_holder_showed() {
        let world = World::new();
        let china = world.abroad();
        china.sees(&world);
        let ((desk, _), (beyond, _)) = (world.desk(), china.desk());
        let issued = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome;
        let token = CertificateRecord::token(world.store.as_ref(), &issued.entry).unwrap();
        let copy = redact(&Presentation::parse(&token).unwrap(), &[Section::Commercial]).unwrap();
        for desk in [&desk, &beyond] {
            assert_eq!(verdict(&world, desk, &token).headline, Headline::Valid);
            let redacted = verdict(&world, desk, &copy);
            assert_eq!(redacted.headline, Headline::ValidRedacted, "{}", redacted.to_text());
            assert_eq!(desk.evidence_of(&Presentation::parse(&copy).unwrap()).unwrap().unwrap().token, copy);
        }
        let name = CertificateName::Number(issued.number.unwrap());
        let wish = StatusWish {
            certificate: name,
            act: Act::Cancelled,
            items: None,
            reason: Some("not shipped".parse().unwrap()),
            remarks: None,
        };
        desk.change_status(&world.signatory, &world.request_id(3), wish).await.unwrap();
        assert_eq!(verdict(&world, &desk, &token).headline, Headline::Cancelled);
    }

    #[tokio::test]
    async fn what_stands_in_no_log_kept_here_gets_nothing_of_one() {
        let (world, other) = (World::new(), World::new());
        let ((desk, _), (elsewhere, _)) = (world.desk(), other.desk());
        for desk in [&desk, &elsewhere] {
            desk.issue(&world.signatory, &world.footballs(1)).await.unwrap();
        }
        let issued = elsewhere.issue(&other.signatory, &other.footballs(2)).await.unwrap().outcome;
        let token = CertificateRecord::token(other.store.as_ref(), &issued.entry).unwrap();
        assert_eq!(desk.evidence_of(&Presentation::parse(&token).unwrap()).unwrap(), None);
    }
}
