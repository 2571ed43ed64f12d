//! Witnesses that are no nodes: they are shown this node's heads over HTTPS (C2SP tlog-witness), where an operator said.
//!
//! An address comes from the configuration alone. What a witness cosigned, and what is wrong with it, operators are shown.

use super::start::Inner;
use crate::exchange::canvasser::{Cosigner, DEADLINE_SECONDS};
use crate::exchange::message::{AddCheckpoint, Witnessed};
use crate::log::{Origin, VerifierKey};
use crate::reason::{counted, some_of};
use crate::time::Timestamp;
use crate::trust::TrustList;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Characters that are shown of what a witness says.
const MOST_WORDS: usize = 300;

/// What an HTTP server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The status.
    pub status: u16,
    /// The body, of bounded length.
    pub body: Vec<u8>,
}

/// Carries the body of an `add-checkpoint` to one witness, and nowhere else.
pub trait WitnessPost: Send + Sync + 'static {
    /// One attempt; or why there is no answer, in words.
    fn post(&self, body: String) -> Pin<Box<dyn Future<Output = Result<Shown, String>> + Send + '_>>;
}

/// A witness that an operator configured.
#[derive(Clone)]
pub struct OutsideWitness {
    /// The key it cosigns with; its name is the witness's.
    pub key: VerifierKey,
    /// Where it is, for people.
    pub address: String,
    /// Carries what it is shown.
    pub post: Arc<dyn WitnessPost>,
}

/// How a witness outside the trust list is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutsideState {
    /// Size of the head of each log that it cosigned last, and when it says it did, in Unix seconds.
    pub cosigned: BTreeMap<Origin, (u64, u64)>,
    /// What went wrong last, in one sentence, and since when; none once it cosigned again.
    pub trouble: Option<(String, Timestamp)>,
    /// Logs of which it says that it saw what is not here, each in one sentence, until it cosigns them, or they are given up or
    /// ended: that it cosigns others, or is away, takes none of that back.
    pub conflicts: BTreeMap<Origin, String>,
}

/// All witnesses outside, by the names of their keys.
#[derive(Default)]
pub(super) struct Outside {
    witnesses: Vec<OutsideWitness>,
    states: Mutex<BTreeMap<String, OutsideState>>,
}

impl Outside {
    pub(super) fn new(witnesses: Vec<OutsideWitness>) -> Self {
        Self { witnesses, states: Mutex::default() }
    }

    fn states(&self) -> MutexGuard<'_, BTreeMap<String, OutsideState>> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Each with its state, without what it saw of logs that are `over`: nobody has to look into these any more.
    pub(super) fn read(&self, over: impl Fn(&Origin) -> bool) -> Vec<(OutsideWitness, OutsideState)> {
        let states = self.states();
        let state = |witness: &OutsideWitness| {
            let mut state = states.get(witness.key.name()).cloned().unwrap_or_default();
            state.conflicts.retain(|origin, _| !over(origin));
            state
        };
        self.witnesses.iter().map(|witness| (witness.clone(), state(witness))).collect()
    }

    /// Their keys.
    pub(super) fn keys(&self) -> Vec<VerifierKey> {
        self.witnesses.iter().map(|witness| witness.key.clone()).collect()
    }

    /// The one that an operator configured for a cosigner: by its name, or because the list names its key for a node.
    pub(super) fn of(&self, cosigner: &Cosigner, trust: &TrustList) -> Option<&OutsideWitness> {
        let mut all = self.witnesses.iter();
        match cosigner {
            Cosigner::Outside(name) => all.find(|witness| witness.key.name() == name.as_ref()),
            Cosigner::Node(name) => {
                let keys = trust.node(name)?.witness_keys().collect::<Vec<_>>();
                all.find(|witness| keys.contains(&&witness.key))
            }
        }
    }

    /// It cosigned a head of this log.
    pub(super) fn cosigned(&self, name: &str, origin: &Origin, size: u64, time: u64) {
        if !self.witnesses.iter().any(|witness| witness.key.name() == name) {
            return;
        }
        let mut states = self.states();
        let state = states.entry(name.to_owned()).or_default();
        state.cosigned.insert(origin.clone(), (size, time));
        state.trouble = None;
        state.conflicts.remove(origin);
    }

    /// It saw of this log what is not here; says whether this is news.
    fn conflict(&self, name: &str, origin: &Origin, why: &str) -> bool {
        self.states().entry(name.to_owned()).or_default().conflicts.insert(origin.clone(), why.to_owned()).is_none()
    }

    /// It did not; says whether this is news.
    fn trouble(&self, name: &str, why: &str, now: Timestamp) -> bool {
        let mut states = self.states();
        let state = states.entry(name.to_owned()).or_default();
        let news = state.trouble.as_ref().is_none_or(|(before, _)| before != why);
        if news {
            state.trouble = Some((why.to_owned(), now));
        }
        news
    }
}

/// What a witness says in words, short and plain enough to be shown.
fn first_line(body: &str) -> String {
    let line = body.lines().next().unwrap_or_default();
    line.chars().filter(|c| !c.is_control()).take(MOST_WORDS).collect()
}

/// What a witness saw of a log that is not here, where it answers a request with the size that it saw; none where it is only
/// to be asked from there. It is its word alone.
fn conflict(origin: &Origin, request: &AddCheckpoint, seen: u64, here: u64) -> Option<String> {
    if seen > here {
        let (seen, are) = (counted(seen, "entry", "entries"), if here == 1 { "is" } else { "are" });
        return Some(format!(
            "it has seen {seen} of {origin}, and {here} {are} here: this data folder may be an old copy, and what is signed \
             from here on a second history"
        ));
    }
    // It was asked from where it is, for the same size: what differs is the root.
    (seen > 0 && seen == request.old_size && request.consistency.is_empty()).then(|| {
        let seen = counted(seen, "entry", "entries");
        format!("it has seen another head of {origin} at {seen} than the one here: there may be two histories")
    })
}

/// Shows a head to a witness outside; none where it gave no answer of the specification.
pub(super) async fn ask(
    inner: &Inner,
    witness: &OutsideWitness,
    origin: &Origin,
    request: &AddCheckpoint,
) -> Option<Witnessed> {
    let deadline = Duration::from_secs(DEADLINE_SECONDS.unsigned_abs());
    let shown = tokio::time::timeout(deadline, witness.post.post(request.to_body())).await;
    let name = witness.key.name();
    let mut words = String::new();
    let said = match shown {
        Ok(Ok(Shown { status, body })) => {
            let answer = std::str::from_utf8(&body).ok();
            words = answer.map(first_line).unwrap_or_default();
            let answer = answer.and_then(|body| Witnessed::from_answer(status, body, &witness.key));
            answer.ok_or_else(|| match status {
                200 => "it answers without a line of the key it is configured with".to_owned(),
                status => format!("it answers with status {status}, in no form of tlog-witness"),
            })
        }
        Ok(Err(why)) => Err(why),
        Err(_) => Err(format!("it does not answer within {} s", deadline.as_secs())),
    };
    let trouble = match &said {
        Ok(Witnessed::UnknownLog) => Some(format!("it does not watch {origin}")),
        Ok(Witnessed::Frozen) => Some(format!("it calls {origin} one that has shown two histories")),
        Ok(Witnessed::Unsigned) => Some(format!("it knows no key by which {origin} is signed")),
        Ok(Witnessed::Malformed) => Some("it calls the request malformed".to_owned()),
        Ok(Witnessed::Unproven) => Some(format!("it does not accept the proof that {origin} only grew")),
        Ok(Witnessed::Busy) if words.is_empty() => Some("it has too much to do".to_owned()),
        Ok(Witnessed::Busy) => Some(format!("it does not now, and says: {words}")),
        Ok(Witnessed::Awaiting(of)) => Some(format!("it waits for {}", some_of(of))),
        Ok(Witnessed::Cosigned(_) | Witnessed::Conflict(_)) => None,
        Err(why) => Some(why.clone()),
    };
    if let Some(why) = trouble
        && inner.outside.trouble(name, &why, inner.clock.now())
    {
        tracing::warn!(witness = name, %origin, "an outside witness does not cosign: {why}");
    }
    if let Ok(Witnessed::Conflict(seen)) = said {
        let here = inner.own.of(origin).and_then(|own| own.head(origin)).map_or(0, |head| head.head.size);
        if let Some(why) = conflict(origin, request, seen, here)
            && inner.outside.conflict(name, origin, &why)
        {
            tracing::error!(witness = name, %origin, "an outside witness does not cosign: {why}");
        }
    }
    said.ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::{SecretKey, Signer as _};

    const NAME: &str = "witness.example/w1";

    struct Nobody;

    impl WitnessPost for Nobody {
        fn post(&self, _: String) -> Pin<Box<dyn Future<Output = Result<Shown, String>> + Send + '_>> {
            Box::pin(async { Err("nobody answers there".to_owned()) })
        }
    }

    fn log(addressee: &str) -> Origin {
        format!("tdap.gov.pk/log/2026/{addressee}").parse().unwrap()
    }

    #[test]
    fn that_a_witness_saw_what_is_not_here_stays_until_it_cosigns_that_log_or_it_is_over_whatever_else_it_cosigns() {
        let key = VerifierKey::cosigner(NAME, SecretKey::from_seed(&[7; 32]).unwrap().public_key()).unwrap();
        let witness = OutsideWitness { key, address: "https://witness.example/".to_owned(), post: Arc::new(Nobody) };
        let outside = Outside::new(vec![witness]);
        let state = || outside.read(|_| false).remove(0).1;
        assert!(outside.conflict(NAME, &log("cn"), "it has seen more"), "the first time it is news");
        assert!(!outside.conflict(NAME, &log("cn"), "it has seen yet more"));
        outside.cosigned(NAME, &log("all"), 3, 9);
        assert!(outside.trouble(NAME, "nobody answers there", Timestamp::UNIX_EPOCH));
        outside.cosigned(NAME, &log("all"), 4, 10);
        assert_eq!(state().conflicts, BTreeMap::from([(log("cn"), "it has seen yet more".to_owned())]));
        outside.cosigned(NAME, &log("cn"), 12, 11);
        assert_eq!((state().conflicts, state().trouble), (BTreeMap::new(), None));
        outside.conflict(NAME, &log("all"), "it has seen more");
        assert_eq!(outside.read(|origin| *origin == log("cn")).remove(0).1.conflicts.len(), 1);
        assert!(outside.read(|origin| *origin == log("all")).remove(0).1.conflicts.is_empty());
    }

    #[test]
    fn a_size_beyond_what_is_here_or_another_root_is_said_and_one_to_be_asked_from_is_not() {
        let hash = crate::log::leaf_hash(b"one");
        let asked =
            |old_size, hashes: usize| AddCheckpoint { old_size, consistency: vec![hash; hashes], note: String::new() };
        let said = |asked: &AddCheckpoint, seen| conflict(&log("cn"), asked, seen, 9);
        let more = said(&asked(0, 0), 12).unwrap();
        for words in ["it has seen 12 entries of tdap.gov.pk/log/2026/cn, and 9 are here", "may be an old copy"] {
            assert!(more.contains(words), "{more}");
        }
        // It lost its memory, or is ahead of the head that it was shown, or behind.
        for (asked, seen) in [(asked(5, 2), 0), (asked(0, 0), 9), (asked(0, 0), 5), (asked(0, 0), 0)] {
            assert_eq!(said(&asked, seen), None, "{asked:?} {seen}");
        }
        assert!(said(&asked(9, 0), 9).unwrap().contains("another head of tdap.gov.pk/log/2026/cn at 9 entries"));
    }
}
