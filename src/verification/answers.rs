//! The two answers that are always given apart: authentic and not withdrawn, and usable on the day asked.

use super::{Answer, Check, Headline, Outcome, Say, Subject, standing::Standing};
use crate::time::Date;

/// What says whether a certificate is what its authority said and still stands by.
const AUTHENTICITY: [Subject; 7] = [
    Subject::Issuer,
    Subject::Signature,
    Subject::Contents,
    Subject::Key,
    Subject::History,
    Subject::Log,
    Subject::Status,
];

fn outcome(checks: &[Check], subject: Subject) -> Outcome {
    checks.iter().find(|check| check.name == subject).map_or(Outcome::Unknown, |check| check.outcome)
}

fn headline(checks: &[Check], subject: Subject) -> Option<Headline> {
    checks.iter().find(|check| check.name == subject).and_then(|check| check.headline)
}

/// For what did not come as far as being judged: a wrong signature and altered contents are answers, an
/// unknown issuer is none.
pub(super) fn refused(checks: &[Check]) -> Answer {
    if outcome(checks, Subject::Signature) == Outcome::Failed {
        Answer::new(Say::No, "The signature is not the authority's.")
    } else if outcome(checks, Subject::Contents) == Outcome::Failed {
        Answer::new(Say::No, "What is presented is not what was signed.")
    } else {
        Answer::new(Say::Unknown, "Nothing is known of who signed it.")
    }
}

/// Authentic and not withdrawn: an answer for ever, whatever the day.
pub(super) fn authentic(checks: &[Check]) -> Answer {
    let sentence = |say, subject| {
        let found = checks.iter().find(|check| check.name == subject);
        Answer::new(say, found.map_or_else(String::new, |check| check.sentence.clone()))
    };
    for subject in [Subject::Key, Subject::Log] {
        if outcome(checks, subject) == Outcome::Failed {
            return sentence(Say::No, subject);
        }
    }
    // Two histories: it may stand in one and be withdrawn in the other.
    if outcome(checks, Subject::History) == Outcome::Failed {
        return sentence(Say::Unknown, Subject::History);
    }
    if matches!(
        headline(checks, Subject::Status),
        Some(Headline::Cancelled | Headline::Withdrawn | Headline::Superseded)
    ) {
        return sentence(Say::No, Subject::Status);
    }
    let rests_on = AUTHENTICITY.into_iter().chain([Subject::Trust, Subject::Cosignatures]);
    let suspended = headline(checks, Subject::Status) == Some(Headline::SuspendedByIssuer);
    for subject in rests_on {
        if outcome(checks, subject) != Outcome::Passed && !(subject == Subject::Status && suspended) {
            return sentence(Say::Unknown, subject);
        }
    }
    let status = checks.iter().find(|check| check.name == Subject::Status);
    let by =
        status.and_then(|check| check.rests_on.as_ref()?.time).map_or_else(String::new, |time| format!("by {time} "));
    Answer::new(Say::Yes, format!("The authority signed it, its log holds it, and {by}it was not withdrawn."))
}

/// Usable on the day asked.
pub(super) fn usable(checks: &[Check], authentic: &Answer, standing: &Standing, date: Date) -> Answer {
    let sentence = |say, subject| {
        let found = checks.iter().find(|check| check.name == subject);
        Answer::new(say, found.map_or_else(String::new, |check| check.sentence.clone()))
    };
    for subject in [Subject::Key, Subject::Log] {
        if outcome(checks, subject) == Outcome::Failed {
            return sentence(Say::No, subject);
        }
    }
    let in_force_then = standing.whole.as_ref().is_some_and(|loss| loss.not_yet_on(date));
    if standing.whole.is_some() && !in_force_then {
        return sentence(Say::No, Subject::Status);
    }
    for subject in [Subject::Addressee, Subject::Dates, Subject::Completeness] {
        if outcome(checks, subject) == Outcome::Failed {
            return sentence(Say::No, subject);
        }
    }
    if in_force_then {
        // What else would make it unknown does so here too.
        let open = [Subject::Key, Subject::History, Subject::Log, Subject::Trust, Subject::Cosignatures]
            .into_iter()
            .find(|subject| outcome(checks, *subject) != Outcome::Passed);
        return open.map_or_else(|| sentence(Say::Yes, Subject::Status), |subject| sentence(Say::Unknown, subject));
    }
    match (authentic.answer, headline(checks, Subject::Status), headline(checks, Subject::Completeness)) {
        (Say::Yes, Some(Headline::ValidInPart), _) => sentence(Say::Yes, Subject::Status),
        (Say::Yes, _, Some(Headline::ValidRedacted)) => {
            Answer::new(Say::Yes, "It is within its validity; customs will ask for the complete certificate.")
        }
        (Say::Yes, _, _) => sentence(Say::Yes, Subject::Dates),
        (Say::No, _, _) => Answer::new(Say::No, authentic.sentence.clone()),
        (Say::Unknown, _, _) => Answer::new(Say::Unknown, authentic.sentence.clone()),
    }
}
