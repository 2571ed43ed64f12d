//! One question on its way through the checks, each as far as the one before allows.

use super::{
    Answer, Basis, Check, Headline, Place, Question, Say, Subject, TrustUsed, Verifier, View, answers, input,
    judgement, verdict::Findings,
};
use crate::{
    signature::PublicKey,
    statement::{
        Bundle, Completeness, Envelope, Issuer, Kid, Kind, Opened, OpenedBody, OpenedCertificate, Presentation,
        StatementError,
    },
};

/// One question on its way through the checks.
pub(super) struct Inquiry<'a> {
    verifier: &'a Verifier,
    question: &'a Question,
    found: Findings,
}

impl<'a> Inquiry<'a> {
    /// Nothing is found yet.
    pub(super) fn begin(verifier: &'a Verifier, question: &'a Question) -> Self {
        let trust = &verifier.trust;
        let found = Findings {
            checks: Vec::with_capacity(Subject::ALL.len()),
            warnings: Vec::new(),
            authentic: Answer::new(Say::Unknown, "It could not be read."),
            usable: Answer::new(Say::Unknown, "It could not be read."),
            as_of: None,
            at: question.at,
            statement: None,
            certificate: None,
            stamp: None,
            trust: TrustUsed { version: trust.version(), next_update: trust.next_update() },
            agreements_digest: verifier.agreements.as_ref().map(|agreements| agreements.digest().to_owned()),
        };
        Self { verifier, question, found }
    }

    /// Adds a check.
    pub(super) fn push(&mut self, check: Check) {
        self.found.checks.push(check);
    }

    /// What was found.
    pub(super) fn end(self) -> Findings {
        self.found
    }

    /// What was found of something that is not to be judged further.
    pub(super) fn refused(mut self) -> Findings {
        let answer = answers::refused(&self.found.checks);
        (self.found.authentic, self.found.usable) = (answer.clone(), answer);
        self.found
    }

    /// Goes through the checks.
    pub(super) fn run(mut self, input: &str) -> Findings {
        self.push(judgement::trust(&self.verifier.trust, self.question.at));
        let Some((bundle, presentation)) = self.read(input) else { return self.found };
        let signed = self.signed(&presentation);
        let Some(certificate) = signed.then(|| self.open(&presentation)).flatten() else {
            return self.refused();
        };
        let case = judgement::Case {
            verifier: self.verifier,
            question: self.question,
            bundle: &bundle,
            leaf: presentation.jwt().as_bytes(),
            envelope: presentation.envelope(),
            completeness: &certificate.completeness,
            certificate: &certificate.body,
        };
        case.judge(&mut self.found);
        self.found.certificate = Some(View::new(certificate.body));
        self.found
    }

    /// Verifier order, steps 1 to 5.
    fn read(&mut self, input: &str) -> Option<(Bundle, Presentation)> {
        let read = input::read(input).and_then(|bundle| {
            let presentation = Presentation::parse(&bundle.token)?;
            Ok((bundle, presentation))
        });
        let unreadable = |sentence: String| {
            Check::failed(Subject::Readable, Headline::Unreadable, sentence)
                .next("Ask for the file as it was issued: a token, or a bundle ending in .coo.json.")
        };
        let (check, read) = match read {
            Err(error) => {
                let refused = format!("It is refused: {error}.");
                (unreadable(input::nature(input).map_or(refused, ToOwned::to_owned)), None)
            }
            Ok((_, presentation)) if presentation.kind() != Some(Kind::CertificateOfOrigin) => {
                (unreadable(format!("It is no certificate of origin but {}.", presentation.vct())), None)
            }
            Ok(read) => (Check::passed(Subject::Readable, "It is a well-formed certificate of origin."), Some(read)),
        };
        self.push(check);
        read
    }

    /// Steps 6 and 7: the key by issuer and name from the trust list alone, and the strict signature.
    fn signed(&mut self, presentation: &Presentation) -> bool {
        let Envelope { iss, kid, jti, aud, log, .. } = presentation.envelope();
        let signed = self.signed_by((iss, kid), |key| presentation.verify(key));
        if signed {
            self.found.statement = Some(Place {
                iss: iss.to_string(),
                kid: kid.to_string(),
                jti: jti.to_string(),
                aud: aud.to_string(),
                log: log.to_string(),
                index: None,
            });
        }
        signed
    }

    /// The same of anything that names an issuer and a key.
    pub(super) fn signed_by(
        &mut self,
        (iss, kid): (&Issuer, &Kid),
        verify: impl FnOnce(&PublicKey) -> Result<(), StatementError>,
    ) -> bool {
        let trust = &self.verifier.trust;
        let basis =
            Basis::at(format!("trust list, version {}", trust.version()), trust.text().issued, self.question.at);
        let untrusted = |sentence: String| {
            Check::failed(Subject::Issuer, Headline::UntrustedIssuer, sentence)
                .next("Look whether a newer trust list knows the issuer; until then rely on nothing it says.")
        };
        let Some(section) = trust.section(iss) else {
            self.push(untrusted(format!("The trust list does not know {iss}.")).resting_on(basis));
            return false;
        };
        let Some(key) = section.key(kid) else {
            self.push(untrusted(format!("The trust list does not know the key {kid} of {iss}.")).resting_on(basis));
            return false;
        };
        let known = format!("The trust list knows {iss} ({}) and its key {kid}.", section.name("en"));
        self.push(Check::passed(Subject::Issuer, known).resting_on(basis));
        match verify(&key.x) {
            Ok(()) => {
                self.push(Check::passed(Subject::Signature, format!("The key {kid} of {iss} signed exactly this.")));
                true
            }
            Err(_) => {
                let sentence = format!("The key {kid} of {iss} did not sign this.");
                self.push(
                    Check::failed(Subject::Signature, Headline::BadSignature, sentence)
                        .next("Treat it as forged or damaged; ask the authority."),
                );
                false
            }
        }
    }

    /// Steps 8 and 9: digests and shape.
    fn open(&mut self, presentation: &Presentation) -> Option<Certificate> {
        let altered = |why: String| {
            Check::failed(Subject::Contents, Headline::Altered, why)
                .next("Treat it as altered; ask the holder for the file as it was issued.")
        };
        match presentation.open() {
            Ok(Opened { body: OpenedBody::Certificate(body), completeness, .. }) => {
                let shown = presentation.disclosures().len();
                let sentence = format!("All {shown} disclosures are signed, and everything has its shape.");
                self.push(Check::passed(Subject::Contents, sentence));
                Some(Certificate { body, completeness })
            }
            Ok(_) => {
                self.push(altered("Its contents are not a certificate's.".to_owned()));
                None
            }
            Err(error) => {
                self.push(altered(format!("It is refused: {error}.")));
                None
            }
        }
    }
}

/// A certificate taken apart.
struct Certificate {
    body: Box<OpenedCertificate>,
    completeness: Completeness,
}
