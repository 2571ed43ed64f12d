//! Witnesses that are no nodes: they are shown this node's heads over HTTPS (C2SP tlog-witness), where an operator said.
//!
//! An address comes from the configuration alone. What a witness cosigned, and what is wrong with it, operators are shown.

use super::start::Inner;
use crate::exchange::canvasser::{Cosigner, DEADLINE_SECONDS};
use crate::exchange::message::{AddCheckpoint, Witnessed};
use crate::log::{Origin, VerifierKey};
use crate::reason::some_of;
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

    /// Each with its state.
    pub(super) fn read(&self) -> Vec<(OutsideWitness, OutsideState)> {
        let states = self.states();
        let state = |witness: &OutsideWitness| states.get(witness.key.name()).cloned().unwrap_or_default();
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
    said.ok()
}
