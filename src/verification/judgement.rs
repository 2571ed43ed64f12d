//! The checks of a certificate that is signed and in shape: verifier order, steps 10 to 14.

use super::{
    Basis, Check, Day, Headline, Question, Subject, Verifier, answers, authority, changes, dates,
    equivocation::{self, parted},
    head::{Cosigning, Head, ProofFault, Proven},
    listed::StatusFault,
    status,
    verdict::Findings,
};
use crate::{
    agreement::{Edition, Known},
    certificate::Country,
    statement::{Addressee, Bundle, Completeness, Envelope, OpenedCertificate, Section},
    time::{Timestamp, ZoneName},
    trust::{Freshness, TrustList},
};
use std::sync::Arc;

/// A certificate, what was presented with it, and who asks.
pub(super) struct Case<'a> {
    pub(super) verifier: &'a Verifier,
    pub(super) question: &'a Question,
    pub(super) bundle: &'a Bundle,
    /// The exact bytes of the log leaf.
    pub(super) leaf: &'a [u8],
    pub(super) envelope: &'a Envelope,
    pub(super) completeness: &'a Completeness,
    pub(super) certificate: &'a OpenedCertificate,
}

/// Whether the trust list is current.
pub(super) fn trust(trust: &TrustList, at: Timestamp) -> Check {
    let due = trust.next_update();
    let check = match trust.freshness(at) {
        Freshness::Current => {
            Check::passed(Subject::Trust, format!("The trust list is current; its next is due {due}."))
        }
        Freshness::Stale { since } => {
            let sentence = format!("The next trust list was due {since}: keys may have been closed since.");
            Check::unknown(Subject::Trust, Headline::TrustStale, sentence).next("Install the current trust list.")
        }
    };
    check.resting_on(Basis::at(format!("trust list, version {}", trust.version()), trust.text().issued, at))
}

impl Case<'_> {
    /// Adds every remaining check, the warnings and the two answers.
    pub(super) fn judge(&self, found: &mut Findings) {
        let trust = &*self.verifier.trust;
        let edition = dates::edition(self.verifier.agreements.as_deref(), self.certificate);
        let there = zone_there(trust, self.certificate.to);
        // Not UTC: just after midnight at the office it would call a fresh certificate not yet valid, for no reason
        // that lies in either country.
        let zone = there.or_else(|| trust.time_zone(&self.envelope.iss));
        let as_of = Day::of(self.question, zone);
        if there.is_none() {
            let (to, zone) = (self.certificate.to, &as_of.zone);
            let sentence =
                format!("The time zone of {to} is not known here; days are counted in {zone}, the issuer's.");
            found.warn("DAY_OF_ISSUER", sentence);
        }

        let (log, proven) = self.log();
        found.checks.push(log);
        let index = proven.as_ref().map(|proven| proven.index);
        let claimed = authority::Claimed {
            envelope: self.envelope,
            agreement: &self.certificate.agreement,
            office: self.certificate.reference.as_option().map(|reference| &reference.office.code),
        };
        found.checks.push(authority::check(trust, claimed, index, self.question.at));
        found.checks.push(self.addressee());

        let (iss, origin) = (&self.envelope.iss, &self.envelope.log);
        let heads = &self.verifier.heads;
        let listed = self.verifier.lists.verify(trust, heads, (iss, origin), self.bundle);
        let mut changes = changes::verify(trust, heads, claimed, self.bundle);
        let asked = status::Asked {
            certificate: self.certificate,
            log: origin,
            index,
            date: as_of.date,
            question: self.question,
        };
        let refused = self.question.status_refused.clone().map(StatusFault::Wrong);
        let told = refused.as_ref().map_or_else(|| listed.as_ref(), Err);
        let status = status::check(&asked, told, &mut changes);
        if let Some(next) = status.successor() {
            for check in found.checks.iter_mut().filter(|check| check.next.as_deref() == Some(authority::ANEW)) {
                check.next = Some(next.clone());
            }
        }

        let certificate_head = proven.as_ref().map(|proven| &proven.head);
        let status_head = listed.as_ref().ok().map(|listed| &listed.head);
        let rest = certificate_head.into_iter().chain(status_head).chain(&changes.heads);
        let all = rest.map(|head| &**head).collect::<Vec<_>>();
        found.checks.push(self.history(&all, proven.as_ref()));
        let cosignatures = self.cosignatures(certificate_head, status_head, found);
        found.checks.push(cosignatures);
        found.checks.push(dates::check(self.certificate, &as_of, edition));
        let completeness = self.completeness(edition, found);
        found.checks.push(completeness);

        if self.certificate.flags.retrospective {
            found.warn("RETROSPECTIVE", "It was issued retrospectively, and says so.");
        }
        if !self.bundle.endorsements.is_empty() {
            let sentence = "The bundle brings endorsements by other authorities; they were not checked.";
            found.warn("ENDORSEMENTS_NOT_CHECKED", sentence);
        }
        found.warnings.append(&mut changes.warnings);
        found.warnings.extend(self.question.losses(origin, index));
        found.warnings.extend(status.warnings);
        found.checks.push(status.check);
        if let Some(place) = &mut found.statement {
            place.index = index;
        }
        found.authentic = answers::authentic(&found.checks);
        found.usable = answers::usable(&found.checks, &found.authentic, &status.standing, as_of.date);
        found.as_of = Some(as_of);
    }

    /// Step 11: without an inclusion proof nothing is VALID.
    fn log(&self) -> (Check, Option<Proven>) {
        let origin = &self.envelope.log;
        let Some(proof) = &self.bundle.proof else {
            let sentence = "No proof was presented that it stands in the authority's log.";
            let check = Check::unknown(Subject::Log, Headline::Unproven, sentence)
                .next("Ask the holder for the evidence bundle (.coo.json), or ask the authority's node.");
            return (check, None);
        };
        match self.verifier.heads.prove(&self.verifier.trust, origin, self.leaf, proof) {
            Ok(proven) => (self.in_log(&proven), Some(proven)),
            Err(ProofFault::NoLogKey) => {
                let sentence =
                    format!("The proof cannot be checked: the trust list names no key for the log {origin}.");
                let check = Check::unknown(Subject::Log, Headline::Unproven, sentence)
                    .next("Look whether a newer trust list names the log's key.");
                (check, None)
            }
            Err(ProofFault::Wrong(error)) => {
                let sentence = format!("The proof for the log {origin} is refused: {error}.");
                let check = Check::failed(Subject::Log, Headline::NotInLog, sentence)
                    .next("Ask the holder for the evidence bundle as it was issued; report it to the authority.");
                (check, None)
            }
            Err(ProofFault::BeyondEnd { index, last, .. }) if index >= last => {
                let sentence = format!("It is entry {index}, but the log {origin} was closed with {last} entries.");
                let check = Check::failed(Subject::Log, Headline::NotInLog, sentence).next(authority::ANEW);
                (check, None)
            }
            Err(ProofFault::BeyondEnd { size, last, .. }) => {
                let sentence = format!(
                    "The proof rests on a head of {size} entries, but the log {origin} was closed with {last}: a head beyond \
                     the end proves nothing, not even what stands within it."
                );
                let next = format!(
                    "Ask the holder, or the authority's node, for a bundle that rests on a head of at most {last} entries; \
                     where nobody has one, the authority issues the certificate anew."
                );
                (Check::unknown(Subject::Log, Headline::Unproven, sentence).next(next), None)
            }
        }
    }

    fn in_log(&self, proven: &Proven) -> Check {
        let (origin, size, index) = (&self.envelope.log, proven.head.checkpoint.head.size, proven.index);
        Check::passed(
            Subject::Log,
            format!("It is entry {index} of the log {origin}, proven in a head of {size} entries."),
        )
        .resting_on(basis_of(&proven.head, self.question.at))
    }

    /// Step 13: `aud` against the log, against the importing country, and against the reader.
    fn addressee(&self) -> Check {
        let Envelope { aud, log, .. } = self.envelope;
        let to = self.certificate.to;
        let wrong = |sentence: String| {
            Check::failed(Subject::Addressee, Headline::WrongAddressee, sentence)
                .next("Ask the holder for a certificate addressed to the importing country's customs.")
        };
        if !self.envelope.in_log_of_addressee() {
            return wrong(format!("It is addressed to {aud}, but stands in the log {log}."));
        }
        let authority = self.verifier.trust.authority_for(&to);
        if !is_for(&self.verifier.trust, aud, to) {
            let named = authority.map_or_else(|| "none".to_owned(), ToString::to_string);
            return wrong(format!("It is addressed to {aud}; for {to} the trust list names {named}."));
        }
        if let Some(reader) = &self.question.reader {
            let to_reader = match aud {
                Addressee::Authority(iss) => iss == reader,
                _ => authority == Some(reader),
            };
            if !to_reader {
                return wrong(format!("It is addressed to {aud}, not to {reader}."));
            }
        }
        Check::passed(Subject::Addressee, format!("It is addressed to {aud}, as certificates for {to} are."))
    }

    /// Whether any two heads at hand, or evidence found before, show two histories of this log.
    fn history(&self, heads: &[&Head], certificate: Option<&Proven>) -> Check {
        let origin = &self.envelope.log;
        let ask = "Rely on nothing in this log that a quorum had not cosigned before; report it to your authority.";
        for (i, one) in heads.iter().enumerate() {
            let (log, head) = (&one.checkpoint.origin, one.checkpoint.head);
            let mut others = heads.iter().skip(i + 1).filter(|other| other.checkpoint.origin == *log);
            if others.any(|other| other.checkpoint.head.size == head.size && other.checkpoint.head.root != head.root) {
                let sentence =
                    format!("The bundle itself shows two histories of {log} {}.", parted(head.size, head.size));
                return Check::failed(Subject::History, Headline::Equivocated, sentence).next(ask);
            }
        }
        let known = &self.verifier.settings.equivocations;
        // Also where a quorum cosigned it: what stands in its place here was signed by the same key.
        if let (Some(there), Some(Proven { index, head })) = (self.question.other_history, certificate) {
            let here = head.checkpoint.head.size;
            let parted = parted(here.min(there), here.max(there));
            let sentence = format!(
                "{origin} showed two histories {parted}, each signed by its key: as it is held where this was asked, entry {index} is \
                 another statement."
            );
            let keep = "Keep the bundle, whose head is evidence, and report it to your authority and the issuer: its log may have lost \
                        this entry.";
            return Check::failed(Subject::History, Headline::Equivocated, sentence).next(keep);
        }
        let Some(found) = equivocation::frozen(known, origin) else {
            return Check::passed(Subject::History, equivocation::told(known, origin));
        };
        let before = |head: &&&Head| head.cosigning == Cosigning::Met && head.checkpoint.head.size < found.size();
        let mut of_log = heads.iter().filter(|head| head.checkpoint.origin == *origin).peekable();
        if of_log.peek().is_some() && of_log.all(|head| before(&head)) {
            let parted = found.parted();
            let sentence = format!("{origin} showed two histories {parted}; a quorum had cosigned this before.");
            let all = [Some(sentence), equivocation::lifted(known, origin)].into_iter().flatten();
            return Check::passed(Subject::History, all.collect::<Vec<_>>().join(" "));
        }
        let sentence = format!("{origin} showed two histories {}, each signed by its key.", found.parted());
        Check::failed(Subject::History, Headline::Equivocated, sentence).next(ask)
    }

    /// Whether the heads that certificate and status rest on have the cosignatures the policy asks for.
    fn cosignatures(&self, certificate: Option<&Arc<Head>>, status: Option<&Arc<Head>>, found: &mut Findings) -> Check {
        let Some(head) = certificate else {
            return Check::not_reached(Subject::Cosignatures, "There is no proven head to look for cosignatures on.");
        };
        let basis = basis_of(head, self.question.at);
        let unmet = |what: &str| {
            let sentence = format!("The head that {what} rests on lacks cosignatures that the policy asks for.");
            Check::unknown(Subject::Cosignatures, Headline::NotCosigned, sentence)
                .next("Fetch the bundle again once the partners have cosigned.")
                .resting_on(basis.clone())
        };
        if head.cosigning == Cosigning::Unmet {
            return unmet("the certificate");
        }
        if status.is_some_and(|head| head.cosigning == Cosigning::Unmet) {
            return unmet("its status");
        }
        let names = head.cosigned.iter().map(|line| line.name.as_str()).collect::<Vec<_>>().join(", ");
        let sentence = match (head.cosigning, names.is_empty()) {
            (Cosigning::AsksNobody, true) => {
                let sentence = "The log's head is cosigned by nobody: that it shows everybody one history rests on the \
                                authority alone.";
                found.warn("COSIGNED_BY_NOBODY", sentence);
                "Cosigned by nobody; the policy asks for nobody.".to_owned()
            }
            (Cosigning::AsksNobody, false) => format!("Cosigned by {names}; the policy asks for nobody."),
            _ => format!("Cosigned by {names}, as the policy asks."),
        };
        Check::passed(Subject::Cosignatures, sentence).resting_on(basis)
    }

    /// Whether anything is missing that may not be withheld, or that another authority has yet to add.
    fn completeness(&self, edition: Option<&Edition>, found: &mut Findings) -> Check {
        let incomplete = |sentence: String, next: &str| {
            Check::failed(Subject::Completeness, Headline::Incomplete, sentence).next(next)
        };
        let ask = "Ask the holder for the complete certificate.";
        let mut awaited = Vec::new();
        for endorsement in dates::awaited(edition, self.certificate) {
            match endorsement {
                Known::Confirmed(text) => awaited.push(text),
                Known::Unconfirmed(text) => {
                    found.warn(
                        "ENDORSEMENT_PERHAPS_REQUIRED",
                        format!("It may have to be {text}; this is not confirmed."),
                    );
                }
                Known::Unknown => {}
            }
        }
        match self.completeness {
            Completeness::Incomplete { missing } => {
                // What else is missing its holder may drop, and may have dropped.
                let kept = |name: &&String| Section::from_name(name).is_none_or(|section| !section.may_be_dropped());
                let kept = missing.iter().filter(kept).map(String::as_str).collect::<Vec<_>>();
                incomplete(format!("Missing, though no holder may drop it: {}.", kept.join(", ")), ask)
            }
            Completeness::Redacted { missing } if self.question.reader.is_some() => {
                let missing = missing.join(", ");
                incomplete(format!("The holder withheld {missing}; customs accept only complete certificates."), ask)
            }
            _ if !awaited.is_empty() => {
                let sentence = format!("It must still be {}.", awaited.join(", and "));
                incomplete(sentence, "Ask the holder for the endorsement.")
            }
            Completeness::Redacted { missing } => {
                let sentence = format!("The holder withheld {}, as he may.", missing.join(", "));
                Check::passed(Subject::Completeness, sentence).heads(Headline::ValidRedacted)
            }
            Completeness::Complete => Check::passed(Subject::Completeness, "Every section and every item is shown."),
        }
    }
}

/// The time zone of an importing country: its authority's, else that of the first authority there.
pub(super) fn zone_there(trust: &TrustList, to: Country) -> Option<&ZoneName> {
    let named = trust.authority_for(&to).and_then(|iss| trust.time_zone(iss));
    named.or_else(|| {
        let there = trust.sections().find(|section| section.text().country == to);
        there.map(|section| &section.text().time_zone)
    })
}

/// Whether an addressee is the one of certificates for this country: its authority by the trust list, or the
/// country itself, which has or had none.
pub(super) fn is_for(trust: &TrustList, aud: &Addressee, to: Country) -> bool {
    match aud {
        Addressee::Country(country) => *country == to,
        Addressee::Authority(iss) => trust.authority_for(&to) == Some(iss),
        Addressee::Everyone => false,
    }
}

/// A head is as old as the last cosignature on it; without any it tells no time.
fn basis_of(head: &Head, at: Timestamp) -> Basis {
    let source = format!("checkpoint of {}, {} entries", head.checkpoint.origin, head.checkpoint.head.size);
    let last = head.cosigned.iter().map(|line| line.time).max();
    match last.and_then(|time| i64::try_from(time).ok()).and_then(|second| Timestamp::from_second(second).ok()) {
        Some(time) => Basis::at(source, time, at),
        None => Basis::of(source),
    }
}
