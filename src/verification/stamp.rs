//! A stamp on paper, judged alone or beside the certificate it was made of.
//!
//! Alone it says what was signed and never that it stands: its headline is `STAMP_AUTHENTIC` at best. Beside the
//! certificate the verdict is the certificate's own, with one check more.

use super::{
    Answer, Basis, Check, Day, Headline, Outcome, Question, Say, Subject, Verdict, Verifier, authority, equivocation,
    input,
    inquiry::Inquiry,
    judgement,
    verdict::{Findings, StampView},
};
use crate::{
    log::Origin,
    statement::{Presentation, SignedStamp, Stamp},
    time::Timestamp,
    trust::{ClosedBecause, KeyAuthority, TrustList},
};

/// What was found where a stamp says that its certificate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StampPlace<'a> {
    /// Nobody looked.
    Unseen,
    /// Another statement, or none.
    Another,
    /// The certificate: a token or a bundle, of which the verdict shows nothing. Who shows a stamp has not shown that
    /// he may see names.
    Certificate(&'a str),
}

impl Verifier {
    /// Judges a stamp by what stands where it says. Never fails, as [`Verifier::verify`].
    #[must_use]
    pub fn verify_stamp(&self, text: &str, place: StampPlace<'_>, question: &Question) -> Verdict {
        let found = match place {
            StampPlace::Certificate(certificate) => {
                let mut found = self.beside(certificate, text, question);
                found.certificate = None;
                found
            }
            StampPlace::Unseen => self.alone(text, question, false),
            StampPlace::Another => self.alone(text, question, true),
        };
        Verdict::conclude(found)
    }

    /// Judges a certificate, and the stamp on its paper beside it: whether it is this certificate's, and says the same.
    #[must_use]
    pub fn verify_beside(&self, certificate: &str, stamp: &str, question: &Question) -> Verdict {
        Verdict::conclude(self.beside(certificate, stamp, question))
    }

    fn beside(&self, certificate: &str, stamp: &str, question: &Question) -> Findings {
        let mut found = Inquiry::begin(self, question).run(certificate);
        let index = found.statement.as_ref().and_then(|place| place.index);
        let check = match SignedStamp::pasted(trimmed(stamp)) {
            Err(error) => unreadable(Subject::Stamp, &error.to_string()),
            Ok(signed) => {
                let check = self.holds(&signed, certificate, index, question.at);
                found.stamp = Some(StampView { kid: signed.kid, stamp: signed.stamp });
                check
            }
        };
        if check.outcome == Outcome::Failed {
            found.usable = Answer::new(Say::No, check.sentence.clone());
        }
        found.checks.push(check);
        found
    }

    /// Whether the stamp is signed, and of this certificate.
    fn holds(&self, signed: &SignedStamp, certificate: &str, index: Option<u64>, at: Timestamp) -> Check {
        let SignedStamp { kid, stamp, .. } = signed;
        let iss = &stamp.iss;
        let failed = |headline, sentence: String| {
            Check::failed(Subject::Stamp, headline, sentence).next("Rely on nothing that stands on this paper.")
        };
        let Some(key) = self.trust.key(iss, kid) else {
            return failed(Headline::UntrustedIssuer, format!("The trust list does not know the key {kid} of {iss}."));
        };
        if signed.verify(&key.x).is_err() {
            return failed(Headline::BadSignature, format!("The key {kid} of {iss} did not sign the stamp."));
        }
        let of = input::read(certificate).and_then(|bundle| {
            let presentation = Presentation::parse(&bundle.token)?;
            Stamp::of(presentation.jwt().as_bytes(), index.unwrap_or(stamp.index), &presentation.open()?)
        });
        let Ok(of) = of else {
            let sentence = "What the stamp says was not compared: the certificate beside it does not show its goods.";
            return Check::not_reached(Subject::Stamp, sentence);
        };
        let differences = stamp.differences(&of);
        if differences.contains(&"statement") {
            let sentence = format!("The stamp is of another certificate: {} of {iss}.", stamp.number);
            return failed(Headline::Altered, sentence);
        }
        if !differences.is_empty() {
            let sentence = format!("The stamp says otherwise than the certificate: {}.", differences.join(", "));
            return failed(Headline::Altered, sentence);
        }
        let key = key_check(&self.trust, signed, index.is_some(), at);
        if key.outcome != Outcome::Passed {
            return Check { name: Subject::Stamp, ..key };
        }
        let carried = stamp.carried();
        let sentence =
            format!("The stamp is this certificate's, signed by {kid}, and says the same; it carries {carried} items.");
        Check::passed(Subject::Stamp, sentence).resting_on(self.listed(at))
    }

    fn listed(&self, at: Timestamp) -> Basis {
        Basis::at(format!("trust list, version {}", self.trust.version()), self.trust.text().issued, at)
    }

    /// A stamp of which nothing else is at hand; `another` where something else stands in its place.
    fn alone(&self, text: &str, question: &Question, another: bool) -> Findings {
        let mut inquiry = Inquiry::begin(self, question);
        inquiry.push(judgement::trust(&self.trust, question.at));
        let signed = match SignedStamp::pasted(trimmed(text)) {
            Ok(signed) => signed,
            Err(error) => {
                inquiry.push(unreadable(Subject::Readable, &error.to_string()));
                return inquiry.end();
            }
        };
        inquiry.push(Check::passed(Subject::Readable, "It is a well-formed stamp of a certificate of origin."));
        let SignedStamp { kid, stamp, .. } = &signed;
        if !inquiry.signed_by((&stamp.iss, kid), |key| signed.verify(key)) {
            return inquiry.refused();
        }
        let mut found = inquiry.end();
        let zone = judgement::zone_there(&self.trust, stamp.to).or_else(|| self.trust.time_zone(&stamp.iss));
        let as_of = Day::of(question, zone);
        let (origin, index) = (&stamp.log, stamp.index);
        let authentic = |subject, sentence: &str| Check::unknown(subject, Headline::StampAuthentic, sentence);
        let carried = format!("It carries {} items, and no names.", stamp.carried());
        found.checks.extend([
            Check::passed(Subject::Contents, "What it says has its shape."),
            key_check(&self.trust, &signed, false, question.at),
            self.history(origin),
            if another {
                let sentence =
                    format!("It says that it is entry {index} of {origin}; another statement stands there, or none.");
                Check::failed(Subject::Log, Headline::NotInLog, sentence).next("Treat it as forged; ask the authority.")
            } else {
                authentic(
                    Subject::Log,
                    &format!("It says that it is entry {index} of {origin}, which was not looked at."),
                )
                .next("With a network, scan the sheet's other code; or ask the holder for the evidence bundle.")
            },
            self.addressed(stamp, question),
            authentic(Subject::Status, "A stamp does not say what became of the certificate since."),
            dates(stamp, &as_of),
            authentic(Subject::Completeness, &carried),
            authentic(Subject::Cosignatures, "The log was not looked at."),
        ]);
        (found.authentic, found.usable) = answers(&found.checks);
        found.warnings.extend(question.losses(origin, Some(index)));
        (found.as_of, found.stamp) = (Some(as_of), Some(StampView { kid: kid.clone(), stamp: stamp.clone() }));
        found
    }

    fn history(&self, origin: &Origin) -> Check {
        let known = &self.settings.equivocations;
        match equivocation::frozen(known, origin) {
            None => Check::passed(Subject::History, equivocation::told(known, origin)),
            Some(found) => {
                let sentence = format!("{origin} showed two histories {}, each signed by its key.", found.parted());
                Check::failed(Subject::History, Headline::Equivocated, sentence)
                    .next("Ask for the certificate's bundle: what a quorum had cosigned before still counts.")
            }
        }
    }

    /// The log's addressee against the importing country, and against the reader.
    fn addressed(&self, stamp: &Stamp, question: &Question) -> Check {
        let (to, addressee) = (stamp.to, stamp.log.addressee());
        let authority = self.trust.authority_for(&to);
        let country = addressee.eq_ignore_ascii_case(to.as_str());
        let named = authority.is_some_and(|iss| iss.host().as_str() == addressee);
        let to_reader = question.reader.as_ref().is_none_or(|reader| authority == Some(reader));
        if (country || named) && to_reader {
            return Check::passed(
                Subject::Addressee,
                format!("Its log is to {addressee}, as for certificates for {to}."),
            );
        }
        let sentence = match &question.reader {
            Some(reader) if !to_reader => format!("It is for {to}, not for {reader}."),
            _ => format!("It is for {to}, but stands in a log to {addressee}."),
        };
        Check::failed(Subject::Addressee, Headline::WrongAddressee, sentence)
            .next("Ask the holder for a certificate addressed to the importing country's customs.")
    }
}

/// White space around a stamp is the file's: base45 of whole bytes never ends with a space.
fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_ascii_whitespace())
}

fn unreadable(subject: Subject, why: &str) -> Check {
    Check::failed(subject, Headline::Unreadable, format!("The stamp is refused: {why}."))
        .next("Scan the code again, in good light and flat; type nothing of it by hand.")
}

/// Whether the key may sign this stamp. Where a stamp stands is its own word: a key that was closed could name any place
/// before its end, so without a look at that place nothing is said.
fn key_check(trust: &TrustList, signed: &SignedStamp, seen: bool, at: Timestamp) -> Check {
    let SignedStamp { kid, stamp: Stamp { iss, log, index, .. }, .. } = signed;
    let may = trust.may_sign_stamp(iss, kid, log, *index);
    let why = authority::refusal(may).unwrap_or_default();
    let check = match may {
        KeyAuthority::OutOfScope(_) => {
            Check::failed(Subject::Key, Headline::OutOfScope, format!("The key {kid} may not sign a stamp: {why}."))
                .next("Ask the authority for its stamp key's name.")
        }
        KeyAuthority::Unknown => {
            Check::failed(Subject::Key, Headline::UntrustedIssuer, format!("The key {kid} counts for nothing: {why}."))
        }
        KeyAuthority::Closed(ClosedBecause::ShardEnded { .. }) => {
            let sentence = format!("The key {kid} names entry {index}: {why}.");
            Check::failed(Subject::Key, Headline::NotInLog, sentence)
                .next("Ask the authority whether it issued it anew.")
        }
        KeyAuthority::Allowed | KeyAuthority::Closed(_) if !seen && trust.closings(iss, kid).is_some() => {
            let sentence =
                format!("The stamp key {kid} is closed, and where a stamp says that it stands is no proof of it.");
            Check::unknown(Subject::Key, Headline::Unproven, sentence)
                .next("Ask the holder for the evidence bundle, or ask a node that has the log.")
        }
        KeyAuthority::Closed(_) => {
            let sentence = format!("The stamp key {kid} does not count at entry {index}: {why}.");
            Check::failed(Subject::Key, Headline::KeyClosed, sentence)
                .next("Ask the holder for the certificate printed anew.")
        }
        KeyAuthority::Allowed => {
            Check::passed(Subject::Key, format!("The key {kid} is a stamp key, and counts at entry {index}."))
        }
    };
    check.resting_on(Basis::at(format!("trust list, version {}", trust.version()), trust.text().issued, at))
}

fn dates(stamp: &Stamp, as_of: &Day) -> Check {
    let (date, from) = (as_of.date, stamp.issued_on);
    let end = stamp.valid_until.map_or_else(|| "with no end stated".to_owned(), |until| format!("until {until}"));
    let window = format!("It was issued on {from} and is usable {end}; the day asked is {date}.");
    let check = if stamp.valid_until.is_some_and(|until| until < date) {
        Check::failed(Subject::Dates, Headline::Expired, window)
            .next("Ask the holder for a certificate that is valid on that day.")
    } else if date < from {
        Check::failed(Subject::Dates, Headline::NotYetValid, window).next(format!("Present it again from {from} on."))
    } else {
        Check::passed(Subject::Dates, window)
    };
    check.resting_on(Basis::of("the signed dates"))
}

/// A stamp alone is never a yes.
fn answers(checks: &[Check]) -> (Answer, Answer) {
    let failed = |subjects: &[Subject]| {
        let found = checks.iter().find(|check| subjects.contains(&check.name) && check.outcome == Outcome::Failed);
        found.map(|check| Answer::new(Say::No, check.sentence.clone()))
    };
    let unknown = "The authority's key signed the stamp; whether the certificate still stands was not looked at.";
    let unknown = || Answer::new(Say::Unknown, unknown);
    let authentic = failed(&[Subject::Key, Subject::Log]);
    let usable = authentic.clone().or_else(|| failed(&[Subject::Addressee, Subject::Dates]));
    (authentic.unwrap_or_else(unknown), usable.unwrap_or_else(unknown))
}
