//! A certificate that somebody presents without its proof, or with less than is known here: what the log kept here proves of
//! it is added, and nothing of what it says.

use super::{Arrival, Desk, WorkflowError, record::leaf_of};
use crate::{
    inbox::finding,
    log::{LogProof, Origin},
    statement::{Bundle, Envelope, Issuer, Presentation},
    store::{EntryRef, Store},
    verification::{LostEntries, Tone, Verdict},
};
use std::sync::Arc;

impl Desk {
    /// The evidence of what is presented, with its token as it was presented: what its holder withheld stays withheld.
    /// `None` where its log is not kept here, or has not this very statement. It reads from the disk.
    pub fn evidence_of(&self, presented: &Presentation) -> Result<Option<Bundle>, WorkflowError> {
        let Some((store, entry)) = self.kept_here(presented)? else { return Ok(None) };
        let evidence = self.evidence_in(store.as_ref(), &entry)?;
        Ok(Some(Bundle { token: presented.token().to_owned(), ..evidence.bundle }))
    }

    /// The evidence of a certificate that arrived, with its token as it is here: what the copy of its log proves. It reads
    /// from the disk.
    pub fn evidence_of_arrival(&self, arrival: &Arrival) -> Result<Bundle, WorkflowError> {
        let token = arrival.token.clone();
        let presented = Presentation::parse(&token).map_err(|error| WorkflowError::Record(error.to_string()))?;
        let evidence = self.evidence_of(&presented)?;
        Ok(evidence.unwrap_or_else(|| Bundle { token, ..Bundle::default() }))
    }

    /// A bundle with what is known better here than its verdict says: changes of its status, also those that a later log
    /// has since its own was closed; or, where it leaves a question open, whatever the own log has. `None` where nothing
    /// is. It reads from the disk.
    pub fn known_better(
        &self,
        shown: &Bundle,
        presented: &Presentation,
        verdict: &Verdict,
    ) -> Result<Option<Bundle>, WorkflowError> {
        let Some((store, entry)) = self.kept_here(presented)? else { return Ok(None) };
        let mut missing = self.changes_held(store.as_ref(), &entry, &presented.envelope().jti)?;
        // Not by their count: a bundle may show one twice. Nor is one there that is shown with a proof that does not hold.
        let uncounted = verdict.warnings.iter().any(|warning| warning.code == "CHANGE_NOT_COUNTED");
        missing.retain(|held| uncounted || shown.changes.iter().all(|one| leaf_of(&one.token) != leaf_of(&held.token)));
        let (own, open) = (presented.envelope().iss == self.setup().issuer, verdict.headline.tone() == Tone::Unknown);
        if missing.is_empty() && !open {
            return Ok(None);
        }
        let mut evidence = if own || open { Some(self.evidence_in(store.as_ref(), &entry)?) } else { None };
        // A head of before the end of its log may be left with the holder alone.
        if let Some(evidence) = &mut evidence
            && shown.proof.is_some()
            && self.unproven_within(store.as_ref(), &entry)?.is_some()
        {
            evidence.bundle.proof.clone_from(&shown.proof);
        }
        let token = presented.token().to_owned();
        if own {
            return Ok(evidence.map(|evidence| Bundle { token, ..evidence.bundle }));
        }
        // Who holds a log may be behind, and has the cosignatures of some of its heads: what is shown of changes stays, and
        // what was presented may prove more of the rest.
        let nothing_missing = missing.is_empty();
        let changes = [shown.changes.clone(), missing].concat();
        Ok(match evidence.filter(|evidence| !evidence.awaiting_cosignatures) {
            Some(evidence) if evidence.bundle.status.is_some() => Some(Bundle { token, changes, ..evidence.bundle }),
            // Signed status lists are the issuer's alone, so a copy of its log has none: what was presented stays.
            Some(evidence) => Some(Bundle { changes, proof: evidence.bundle.proof, ..shown.clone() }),
            None if nothing_missing => None,
            None => Some(Bundle { changes, ..shown.clone() }),
        })
    }

    /// Why what a bundle shows of the status says nothing here: this node is its issuer's and is not known to hold all
    /// that was said of it; or it holds the log of the status statement, and found that wrong when it came. `None` where
    /// neither is so. It reads from the disk.
    pub fn status_refused(&self, shown: &Bundle, presented: &Presentation) -> Result<Option<String>, WorkflowError> {
        let Envelope { iss, log, .. } = presented.envelope();
        if *iss == self.setup().issuer
            && let Some(why) = self.unsettled(log)
        {
            return Ok(Some(why));
        }
        self.status_found_wrong(shown)
    }

    fn status_found_wrong(&self, shown: &Bundle) -> Result<Option<String>, WorkflowError> {
        let (Some(statement), Some(proof)) = (&shown.status_statement, &shown.status_proof) else { return Ok(None) };
        let none: &[&str] = &[];
        let opened = Presentation::from_leaf(statement.as_bytes(), none).ok().zip(proof.parse::<LogProof>().ok());
        let Some((opened, LogProof { index, .. })) = opened else { return Ok(None) };
        let log = &opened.envelope().log;
        let mut logs = self.setup().partners.logs().into_iter();
        let Some((_, store)) = logs.find(|(origin, _)| origin == log) else { return Ok(None) };
        if store.leaf(log, index)?.is_none_or(|leaf| leaf != statement.as_bytes()) {
            return Ok(None);
        }
        let found = finding::that_holds(store.as_ref(), log, index)?;
        Ok(found.map(|found| {
            format!("the node asked holds the log, and found its status statement wrong: {}", found.sentence)
        }))
    }

    /// How many entries the log has that is kept here, where another statement stands at the place that a bundle proves for
    /// its certificate. `None` where none does, or the log does not go so far. It reads from the disk.
    pub fn other_history(&self, shown: &Bundle, presented: &Presentation) -> Result<Option<u64>, WorkflowError> {
        let Envelope { iss, log, .. } = presented.envelope();
        let proof = shown.proof.as_deref().and_then(|proof| proof.parse::<LogProof>().ok());
        let (Some(LogProof { index, .. }), Some(store)) = (proof, self.holder_of(iss, log)) else { return Ok(None) };
        let Some(size) = store.head(log).map(|head| head.head.size).filter(|size| index < *size) else {
            return Ok(None);
        };
        let another = store.leaf(log, index)?.is_some_and(|leaf| leaf != presented.jwt().as_bytes());
        Ok(another.then_some(size))
    }

    /// What the own node of a partner's log lost of that for good and is not here either, or of a later one that may change the
    /// status of what stands there.
    #[must_use]
    pub fn partner_lost(&self, log: &Origin) -> Option<LostEntries> {
        let partners = &self.setup().partners;
        let its = partners.logs().into_iter().filter(|(origin, _)| origin.host() == log.host());
        let lost = its.filter_map(|(origin, store)| {
            let (left, gone) = partners.lost(&origin)?;
            let left = store.head(&origin).map_or(left, |head| head.head.size.max(left));
            Some(LostEntries { log: origin, left, signed: left.saturating_add(gone) })
        });
        may_change(log, lost)
    }

    /// What this authority lost for good of a log of its own, or of a later one that may change the status of what stands there.
    /// What the trust list leaves out by ending the log counts nowhere, lost or not.
    #[must_use]
    pub fn own_lost(&self, iss: &Issuer, log: &Origin) -> Option<LostEntries> {
        if *iss != self.setup().issuer {
            return None;
        }
        may_change(log, self.all_lost().into_iter())
    }

    /// The same of every log of its own: one that was closed as lost, or that the trust list ended with more than is here.
    pub(super) fn all_lost(&self) -> Vec<LostEntries> {
        let trust = self.trust();
        let gone = self.sequencer().gate().lost(&self.setup().issuer, &trust).into_iter();
        let lost = gone.map(|(log, signed)| {
            let signed = trust.shard_final_size(&log).map_or(signed, |last| signed.min(last));
            LostEntries { left: self.store().head(&log).map_or(0, |head| head.head.size), log, signed }
        });
        lost.filter(|lost| lost.left < lost.signed).collect()
    }

    /// What keeps a log of an authority here.
    fn holder_of(&self, iss: &Issuer, log: &Origin) -> Option<Arc<dyn Store>> {
        if *iss == self.setup().issuer {
            return Some(Arc::clone(self.store()));
        }
        let mut logs = self.setup().partners.logs().into_iter();
        logs.find(|(origin, _)| origin == log).map(|(_, store)| store)
    }

    /// Where this very statement stands in a log that is kept here.
    fn kept_here(&self, presented: &Presentation) -> Result<Option<(Arc<dyn Store>, EntryRef)>, WorkflowError> {
        let Envelope { iss, jti, log, .. } = presented.envelope();
        let Some(store) = self.holder_of(iss, log) else { return Ok(None) };
        let Some(entry) = store.find(jti)?.filter(|entry| entry.origin == *log) else { return Ok(None) };
        let facts = store.facts(&entry.origin, entry.index)?;
        let same = store.leaf(&entry.origin, entry.index)?.is_some_and(|leaf| leaf == presented.jwt().as_bytes());
        let counts = same && facts.is_some_and(|facts| facts.status_index.is_some());
        Ok(counts.then_some((store, entry)))
    }
}

/// Of what is lost of an authority's logs that of a log, or of a later one in which the status of what stands there is changed
/// once it is closed. Where nothing is missed of one, another is told of.
fn may_change(log: &Origin, lost: impl Iterator<Item = LostEntries>) -> Option<LostEntries> {
    let later = |one: &Origin| one.addressee() == log.addressee() && one.shard() > log.shard();
    let lost = lost.filter(|lost| lost.log == *log || later(&lost.log));
    lost.min_by_key(|lost| (lost.left >= lost.signed, lost.log.shard()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        sequencer::{Closing, Standing},
        statement::{Act, Jti, Proven, Section, Since, Status, redact},
        store::Batch,
        time::Clock as _,
        verification::{EntryFault, Headline, Question},
        workflow::{CertificateName, CertificateRecord, StatusWish, tests::world::World},
    };

    fn verdict(world: &World, desk: &Desk, token: &str) -> Verdict {
        let bundle = desk.evidence_of(&Presentation::parse(token).unwrap()).unwrap().unwrap();
        world.verifier().verify(&bundle.to_json(), &Question::at(world.clock.now()))
    }

    fn wish(jti: Jti, act: Act) -> StatusWish {
        StatusWish {
            certificate: CertificateName::Jti(jti),
            act,
            items: None,
            reason: Some("not shipped".parse().unwrap()),
            remarks: None,
        }
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
        let cancelled = wish(issued.jti, Act::Cancelled);
        desk.change_status(&world.signatory, &world.request_id(3), cancelled).await.unwrap();
        assert_eq!(verdict(&world, &desk, &token).headline, Headline::Cancelled);
    }

    /// Signed status lists are the issuer's alone.
    #[tokio::test]
    async fn what_customs_hand_on_is_proven_by_their_copy_of_the_log_and_so_is_what_ended_it() {
        for (is_cancelled, headline) in [(false, Headline::StatusUnknown), (true, Headline::Cancelled)] {
            let world = World::new();
            let china = world.abroad();
            let ((desk, _), (beyond, _)) = (world.desk(), china.desk());
            let issued = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome;
            if is_cancelled {
                let cancelled = wish(issued.jti, Act::Cancelled);
                desk.change_status(&world.signatory, &world.request_id(3), cancelled).await.unwrap();
            }
            let copy = china.copies(&world, &issued.entry.origin);
            let arrival = beyond.arrival_at(copy.as_ref(), &issued.entry).unwrap().unwrap();
            let verify = |text: &str| world.verifier().verify(text, &Question::at(world.clock.now()));
            assert_eq!(verify(&arrival.token).headline, Headline::Unproven);
            let bundle = beyond.evidence_of_arrival(&arrival).unwrap();
            let verdict = verify(&bundle.to_json());
            assert_eq!((verdict.headline, bundle.token), (headline, arrival.token), "{}", verdict.to_text());
        }
    }

    #[tokio::test]
    async fn a_change_in_a_later_log_counts_where_that_log_is_held_as_it_does_at_the_issuer() {
        let world = World::new();
        let china = world.abroad();
        let ((desk, sequencer), (beyond, _)) = (world.desk(), china.desk());
        let issued = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome;
        let log = &issued.entry.origin;
        world.clock.set("2027-01-04T10:00:00Z".parse().unwrap());
        let rested = desk.rest_log(log).await.unwrap();
        world.close_log(log, rested.size);
        world.clock.set("2027-01-05T10:00:00Z".parse().unwrap());
        sequencer.gate().turned();
        desk.issue(&world.signatory, &world.footballs(2)).await.unwrap();
        let before = desk.evidence_at(&issued.entry).unwrap().bundle;
        let cancelled = wish(issued.jti, Act::Cancelled);
        let change = desk.change_status(&world.signatory, &world.request_id(3), cancelled).await.unwrap();
        assert_ne!(change.entry.origin, *log);

        let copy = china.copies(&world, log);
        china.copies(&world, &change.entry.origin);
        let arrived = beyond.arrival_at(copy.as_ref(), &issued.entry).unwrap().unwrap();
        assert_eq!(arrived.status, Status::Cancelled, "as the list of arrivals has it");
        let (verifier, asked) = (world.verifier(), Question::at(world.clock.now()));
        let (presented, shown) = (Presentation::parse(&before.token).unwrap(), before.to_json());
        let said = verifier.verify(&shown, &asked);
        assert_eq!(said.headline, Headline::Valid, "{}", said.to_text());
        for desk in [&desk, &beyond] {
            let better = desk.known_better(&before, &presented, &said).unwrap().unwrap();
            let better = verifier.verify(&better.to_json(), &asked);
            assert_eq!(better.headline, Headline::Cancelled, "{}", better.to_text());
            assert_eq!(verdict(&world, desk, &before.token).headline, Headline::Cancelled, "and without a proof");
        }
    }

    #[tokio::test]
    async fn a_change_is_not_hidden_by_showing_another_twice_or_with_a_proof_that_does_not_hold() {
        let world = World::new();
        let china = world.abroad();
        china.sees(&world);
        let ((desk, _), (beyond, _)) = (world.desk(), china.desk());
        let issued = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome;
        for (nth, act) in [(2, Act::Suspended), (3, Act::Reinstated)] {
            desk.change_status(&world.signatory, &world.request_id(nth), wish(issued.jti, act)).await.unwrap();
        }
        let before = desk.evidence_at(&issued.entry).unwrap().bundle;
        let cancelled = wish(issued.jti, Act::Cancelled);
        desk.change_status(&world.signatory, &world.request_id(4), cancelled).await.unwrap();
        let last = desk.evidence_at(&issued.entry).unwrap().bundle.changes.pop().unwrap();
        let (verifier, asked) = (world.verifier(), Question::at(world.clock.now()));
        let presented = Presentation::parse(&before.token).unwrap();
        let suspended = before.changes[0].clone();
        let unproven = Proven { proof: suspended.proof.clone(), ..last };
        for added in [suspended, unproven] {
            let mut shown = before.clone();
            shown.changes.push(added);
            let said = verifier.verify(&shown.to_json(), &asked);
            assert_eq!(said.headline, Headline::Valid, "{}", said.to_text());
            for desk in [&desk, &beyond] {
                let better = desk.known_better(&shown, &presented, &said).unwrap().unwrap();
                let better = verifier.verify(&better.to_json(), &asked);
                assert_eq!(better.headline, Headline::Cancelled, "{}", better.to_text());
            }
        }
    }

    #[tokio::test]
    async fn a_change_that_has_not_come_here_yet_is_not_lost_where_what_is_shown_leaves_a_question_open() {
        let world = World::new();
        let china = world.abroad();
        let ((desk, _), (beyond, _)) = (world.desk(), china.desk());
        let issued = desk.issue(&world.signatory, &world.tea_and_coffee(1)).await.unwrap().outcome;
        china.copies(&world, &issued.entry.origin);
        let withdrawn = wish(issued.jti, Act::Withdrawn { since: Since::Issue });
        let withdrawn = StatusWish { items: Some(vec![2]), ..withdrawn };
        desk.change_status(&world.signatory, &world.request_id(2), withdrawn).await.unwrap();
        let shown = Bundle { proof: None, ..desk.evidence_at(&issued.entry).unwrap().bundle };
        let said = world.verifier().verify(&shown.to_json(), &Question::at(world.clock.now()));
        assert_eq!(said.headline, Headline::Unproven, "{}", said.to_text());
        let better = beyond.known_better(&shown, &Presentation::parse(&shown.token).unwrap(), &said).unwrap().unwrap();
        assert!(better.proof.is_some() && better.changes == shown.changes && better.changes.len() == 1);
        assert!(better.status.is_some() && better.status == shown.status, "no signed status list is held here");
        let said = world.verifier().verify(&better.to_json(), &Question::at(world.clock.now()));
        assert_ne!(said.headline, Headline::StatusUnknown, "{}", said.to_text());
    }

    #[tokio::test]
    async fn a_status_statement_that_was_found_wrong_here_leaves_the_status_unknown_until_the_next_is_right() {
        let world = World::new();
        let china = world.abroad();
        let ((desk, _), (beyond, _)) = (world.desk(), china.desk());
        let issued = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome;
        let (log, shown) = (&issued.entry.origin, desk.evidence_at(&issued.entry).unwrap().bundle);
        let copy = china.copies(&world, log);
        assert_eq!(beyond.status_found_wrong(&shown).unwrap(), None);

        let index = shown.status_proof.as_ref().unwrap().parse::<LogProof>().unwrap().index;
        let fault = EntryFault::SnapshotAhead { found: 1_826_877_600, clock: 1_795_341_600 };
        let state = vec![finding::of(log, index, &fault, 1).put()];
        copy.commit(Batch { at_ms: 2, state, ..Batch::default() }).unwrap();
        let why = beyond.status_found_wrong(&shown).unwrap();
        assert!(why.as_ref().is_some_and(|why| why.contains("365 days ahead")), "{why:?}");
        let judged = |status_refused: Option<String>| {
            let asked = Question { status_refused, ..Question::at(world.clock.now()) };
            world.verifier().verify(&shown.to_json(), &asked).headline
        };
        assert_eq!((judged(None), judged(why)), (Headline::Valid, Headline::StatusUnknown));

        // Whoever holds no such log has found nothing, and the bundle that rests on the next snapshot is another word.
        assert_eq!(desk.status_found_wrong(&shown).unwrap(), None);
        let cancelled = wish(issued.jti, Act::Cancelled);
        desk.change_status(&world.signatory, &world.request_id(3), cancelled).await.unwrap();
        let next = desk.evidence_at(&issued.entry).unwrap().bundle;
        assert_ne!(next.status_statement, shown.status_statement);
        assert_eq!(beyond.status_found_wrong(&next).unwrap(), None);
    }

    #[tokio::test]
    async fn that_its_issuer_lost_entries_is_told_at_a_partner_of_what_is_not_here_and_of_changes_of_what_is() {
        let world = World::new();
        let china = world.abroad();
        let ((desk, _), (beyond, _)) = (world.desk(), china.desk());
        let first = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome.entry;
        china.copies(&world, &first.origin);
        let second = desk.issue(&world.signatory, &world.footballs(2)).await.unwrap().outcome.entry;
        let [here, lost] = [&first, &second].map(|entry| desk.evidence_at(entry).unwrap().bundle);
        let log = &first.origin;
        assert_eq!(beyond.partner_lost(log), None, "it may yet come");
        let said = |bundle: &Bundle| {
            let asked = Question { partner_lost: beyond.partner_lost(log), ..Question::at(world.clock.now()) };
            let verdict = world.verifier().verify(&bundle.to_json(), &asked);
            assert_eq!(verdict.headline, Headline::Valid, "{}", verdict.to_text());
            let mut warnings = verdict.warnings.into_iter();
            warnings.find(|warning| warning.code == "PARTNER_LOG_LOST").map(|warning| warning.sentence)
        };

        // Its issuer has less of it than is here: of that nothing is lost.
        china.elsewhere.is_lost(log, 0, 0);
        assert_eq!(said(&here), None);
        assert!(said(&lost).is_some_and(|said| said.contains(&format!("entry {} is among them", second.index))));
        china.elsewhere.is_lost(log, 0, 2);
        assert_eq!(desk.partner_lost(log), None, "it is the issuer's own");
        let told = said(&here).unwrap();
        assert!(
            told.contains("it lost 2 entries of") && told.contains("good: a change of its status may be"),
            "{told}"
        );
        assert!(said(&lost).is_some_and(|said| said.contains(&format!("entry {} is among them", second.index))));
    }

    #[test]
    fn what_is_lost_of_a_later_log_may_change_what_stands_in_one_before_it_and_not_the_other_way() {
        let lost = |log: &str, gone: u64| LostEntries { log: log.parse().unwrap(), left: 4, signed: 4 + gone };
        let of = |log: &str, lost: &[LostEntries]| may_change(&log.parse().unwrap(), lost.iter().cloned());
        let [before, after] = ["tdap.gov.pk/log/2026/cn", "tdap.gov.pk/log/2027/cn"];
        let later = lost(after, 2);
        assert_eq!(of(before, std::slice::from_ref(&later)), Some(later.clone()));
        assert_eq!(of(before, &[lost("tdap.gov.pk/log/2027/ke", 2)]), None, "its changes stand nowhere there");
        assert_eq!(of(after, &[lost(before, 2)]), None);
        assert_eq!(of(before, &[later.clone(), lost(before, 1)]), Some(lost(before, 1)));
        assert_eq!(
            of(before, &[lost(before, 0), later.clone()]),
            Some(later),
            "all that was signed of the one is here"
        );
    }

    #[tokio::test]
    async fn what_the_issuer_lost_of_a_log_it_says_itself_of_what_is_here_too_as_long_as_that_would_count() {
        let world = World::new();
        let (desk, sequencer) = world.desk();
        let entry = desk.issue(&world.signatory, &world.footballs(1)).await.unwrap().outcome.entry;
        let (bundle, log) = (desk.evidence_at(&entry).unwrap().bundle, &entry.origin);
        let own_lost = || desk.own_lost(&world.issuer, log);
        assert_eq!(own_lost(), None);
        let (held, signed) = (entry.index + 1, entry.index + 3);
        let (gate, told) = (sequencer.gate(), "node.kra.go.ke".parse().unwrap());
        gate.settle(log, Standing::Behind { held, signed, told });
        gate.settle(log, Standing::Closed(Closing { size: held, signed, note: String::new() }));
        let lost = own_lost().unwrap();
        assert_eq!(lost, LostEntries { log: log.clone(), left: held, signed });
        let said = |left| {
            let asked =
                Question { own_lost: Some(LostEntries { left, ..lost.clone() }), ..Question::at(world.clock.now()) };
            let verdict = world.verifier().verify(&bundle.to_json(), &asked);
            assert_eq!(verdict.headline, Headline::Valid, "{}", verdict.to_text());
            verdict.warnings.into_iter().find(|warning| warning.code == "OWN_LOG_LOST").unwrap().sentence
        };
        let here = said(held);
        assert!(
            here.contains("lost 2 entries of") && here.contains("good: a change of its status may be among"),
            "{here}"
        );
        let gone = said(entry.index);
        assert!(
            gone.contains(&format!("lost 3 entries of the log {log} for good: entry {} is among", entry.index)),
            "{gone}"
        );
        world.close_log(log, held);
        assert_eq!(own_lost(), None, "the list has what is lost count nowhere");
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
