//! Which own logs may be signed for: at a start none that asks partners for cosignatures, until they were asked.
//!
//! A data folder may be yesterday's copy. Whatever would sign a head of a log (a certificate, a change of status, a
//! receipt, a change of keys, a snapshot made by the clock, entries left without a head by a crash) needs a
//! [`MaySign`] of that log, and only the gate gives one. A log that asks for nobody's cosignature has one at once. A
//! partner that comes later may yet show that the folder is an old copy: then the gate shuts again.

use super::{SequencerError, stopped::Stopped};
use crate::{
    log::{Origin, Policy, Quorum},
    reason::some_of,
    statement::{Issuer, Kid},
    store::{Store, StoreError},
    trust::{NodeName, TrustList},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};
use tokio::sync::watch;

use super::{
    recalled::Closing,
    wait::{Lost, Wait, holder},
};

/// Proof that a log may be signed for: it was settled. A gate that turned since may have shut it again: whoever commits
/// asks anew, and holds [`Gate::signing`] until what is durable is under a head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MaySign(Origin);

impl MaySign {
    pub(super) const fn origin(&self) -> &Origin {
        &self.0
    }
}

/// How a log stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Partners have not said yet what they hold of it.
    Unknown,
    /// It may be signed for.
    Settled,
    /// A partner knows of a head with this node's signature that goes further: what is here is an old copy. What is
    /// missing is fetched, and until it is here nobody's word has the log signed on.
    Behind {
        /// Entries held.
        held: u64,
        /// Entries that a head was signed over.
        signed: u64,
        /// Who told of that head.
        told: NodeName,
    },
    /// Entries are lost that a head was signed over, and the operator gave them up: it never grows again.
    Closed(Closing),
    /// What is on disk is not, or not known to be, what was signed: a person has to look.
    Forked {
        /// Size of the head that was signed over something else, or may have been.
        size: u64,
    },
}

/// What an operator says of a log that is shut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// Nothing of it is missing: it is signed on from what is here.
    Whole,
    /// What is missing comes back from nobody: it is closed for good with what is here.
    GivenUp,
}

/// The gate of one authority.
pub struct Gate {
    state: Mutex<State>,
    /// Held by whoever makes entries durable and signs a head over them.
    signing: Mutex<()>,
    turn: watch::Sender<u64>,
    /// Wakes the writer when the gate turned.
    wake: OnceLock<Wake>,
}

type Wake = Box<dyn Fn() + Send + Sync>;

#[derive(Debug, Default)]
struct State {
    logs: BTreeMap<Origin, Standing>,
    answered: BTreeSet<NodeName>,
    silent: Vec<NodeName>,
    /// Those who can be reached have had their say.
    waited: bool,
    /// Somebody asks partners, and is told what an operator wishes instead of the gate obeying at once.
    asked: bool,
    /// What this node gave may be known to partners alone, also in logs of which nothing is here: not all were heard yet.
    forgetful: bool,
    wishes: BTreeMap<Origin, Word>,
    /// What logs wait for, as far as whoever asks partners for it knows.
    waits: BTreeMap<(Origin, Lost), Wait>,
    /// Keys that nothing is signed with any more.
    stopped: BTreeSet<Kid>,
}

impl Gate {
    /// The gate at a start, over the logs that are on disk.
    pub fn at_start(store: &dyn Store, trust: &TrustList) -> Result<Self, StoreError> {
        let mut logs = BTreeMap::new();
        for origin in store.logs() {
            let standing = if asks_nobody(trust, &origin) { Standing::Settled } else { Standing::Unknown };
            logs.insert(origin, standing);
        }
        // Also logs of which nothing is here: what partners have of one that was given up must not come back into it.
        logs.extend(Closing::all(store)?.into_iter().map(|(origin, closing)| (origin, Standing::Closed(closing))));
        let stopped = Stopped::all(store)?.into_iter().map(|one| one.kid).collect();
        let state = Mutex::new(State { logs, stopped, ..State::default() });
        Ok(Self { state, signing: Mutex::default(), turn: watch::Sender::default(), wake: OnceLock::new() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something changed that the writer has to look at: its plan is made again from the store.
    pub fn turned(&self) {
        self.turn.send_modify(|turn| *turn = turn.wrapping_add(1));
        if let Some(wake) = self.wake.get() {
            wake();
        }
    }

    /// What wakes the writer; given once.
    pub(super) fn wakes(&self, wake: impl Fn() + Send + Sync + 'static) {
        // A second writer there is not.
        let _ = self.wake.set(Box::new(wake));
    }

    /// Changes whenever the gate does.
    #[must_use]
    pub fn turns(&self) -> watch::Receiver<u64> {
        self.turn.subscribe()
    }

    pub(super) fn turn(&self) -> u64 {
        *self.turn.borrow()
    }

    /// How a log stands; `None` for one that this process has not met.
    #[must_use]
    pub fn standing(&self, origin: &Origin) -> Option<Standing> {
        self.state().logs.get(origin).cloned()
    }

    /// Logs that may not be signed for, and why not. Nobody has to look any more at one that the trust list has ended.
    pub(super) fn shut(&self, trust: &TrustList) -> Vec<(Origin, SequencerError)> {
        let state = self.state();
        let mut shut = Vec::new();
        for (origin, standing) in &state.logs {
            if is_shut(trust, origin, standing) {
                shut.push((origin.clone(), refusal(origin, standing, &state)));
            }
        }
        shut
    }

    /// Logs of an authority that the trust list ended and that are not shut, with their ends. What was lost with its holders
    /// nobody tells of: that it was there the list alone knows.
    pub(super) fn ended(&self, issuer: &Issuer, trust: &TrustList) -> Vec<(Origin, u64)> {
        let state = self.state();
        let own = trust.text().shards.iter().filter(|one| one.origin.host() == issuer.host());
        let waits = |origin: &Origin| state.logs.get(origin).is_some_and(|standing| is_shut(trust, origin, standing));
        // Before all were heard it may come yet.
        let may_come = |origin: &Origin| state.forgetful && !state.logs.contains_key(origin);
        own.filter(|one| !waits(&one.origin) && !may_come(&one.origin))
            .map(|one| (one.origin.clone(), one.final_size))
            .collect()
    }

    /// Logs of an authority of which nothing more comes, with how many entries were signed for, or count by the trust list that
    /// ended them: where fewer are here, the others are lost for good.
    #[must_use]
    pub fn lost(&self, issuer: &Issuer, trust: &TrustList) -> Vec<(Origin, u64)> {
        let mut lost = self.ended(issuer, trust);
        lost.extend(self.closed().into_iter().map(|(origin, closing)| (origin, closing.signed)));
        lost
    }

    /// Logs that are closed for good.
    #[must_use]
    pub fn closed(&self) -> BTreeMap<Origin, Closing> {
        let closing =
            |standing: &Standing| if let Standing::Closed(closing) = standing { Some(closing.clone()) } else { None };
        self.state().logs.iter().filter_map(|(origin, standing)| Some((origin.clone(), closing(standing)?))).collect()
    }

    /// What a log waits for, as whoever asks partners for it sees it now; since when stays what was said first. None ends
    /// it. One that is closed waits for nothing: of it is said who holds what is missing all the same.
    pub fn waits(&self, origin: &Origin, lost: Lost, wait: Option<Wait>) {
        let (mut state, place) = (self.state(), (origin.clone(), lost));
        match wait {
            Some(wait) => {
                let since = state.waits.get(&place).map_or(wait.since, |before| before.since);
                state.waits.insert(place, Wait { since, ..wait });
            }
            None => drop(state.waits.remove(&place)),
        }
    }

    /// Somebody asks partners from now on.
    pub fn attend(&self) {
        self.state().asked = true;
    }

    /// Who has answered, who has not, and whether those who can be reached have had their say.
    pub fn heard(&self, answered: BTreeSet<NodeName>, silent: Vec<NodeName>, waited: bool) {
        let mut state = self.state();
        if (&state.answered, &state.silent, state.waited) == (&answered, &silent, waited) {
            return;
        }
        (state.answered, state.silent, state.waited) = (answered, silent, waited);
        drop(state);
        self.turned();
    }

    /// The folder was lost or put back, and any partner may know of a log of which nothing is here: no number is given before
    /// all were heard ([`Self::all_heard`]), or an operator knows that nothing is missing.
    pub fn forgot_all(&self) {
        self.state().forgetful = true;
    }

    /// Everybody who can be asked has answered since the start; says whether that was waited for.
    pub fn all_heard(&self) -> bool {
        let was_forgetful = std::mem::take(&mut self.state().forgetful);
        if was_forgetful {
            self.turned();
        }
        was_forgetful
    }

    /// That one of these logs is known to be behind.
    #[must_use]
    pub fn behind(&self, concerns: impl Fn(&Origin) -> bool) -> Option<SequencerError> {
        let state = self.state();
        let mut logs = state.logs.iter();
        let behind = logs.find(|(origin, standing)| matches!(standing, Standing::Behind { .. }) && concerns(origin));
        behind.map(|(origin, standing)| refusal(origin, standing, &state))
    }

    /// Why what this authority said to that of a node is not known: the folder was lost or put back, and the node was not heard.
    #[must_use]
    pub fn awaits(&self, node: &NodeName) -> Option<SequencerError> {
        let state = self.state();
        let waits = state.forgetful && state.silent.contains(node);
        waits.then(|| SequencerError::NotAllHeard { silent: state.unheard() })
    }

    /// Those who have not answered, where numbers wait for all; or where no log was met that asks anybody, and none of these
    /// can be opened before more have.
    pub(super) fn unheard(&self, logs: &[Origin], trust: &TrustList) -> Vec<NodeName> {
        let state = self.state();
        if state.forgetful {
            return state.silent.clone();
        }
        let is_bare = state.logs.keys().all(|origin| asks_nobody(trust, origin));
        let shut = is_bare && !logs.is_empty() && !logs.iter().any(|origin| state.may_open(origin, trust));
        if shut { state.silent.clone() } else { Vec::new() }
    }

    /// A partner tells of a log that this process has not met: it was forgotten, and stays shut until it is settled.
    /// False if it was met: opened since the start, or on disk.
    pub fn forgot(&self, origin: &Origin) -> bool {
        let mut state = self.state();
        let met = state.logs.contains_key(origin);
        state.logs.entry(origin.clone()).or_insert(Standing::Unknown);
        !met
    }

    /// What came of asking. A log that is closed stays so, and one that is settled unless it is found to be behind or
    /// forked: then nothing begins to be signed for it any more, and what has begun is through after [`Gate::wait`].
    pub fn settle(&self, origin: &Origin, standing: Standing) {
        let mut state = self.state();
        let now = state.logs.entry(origin.clone()).or_insert(Standing::Unknown);
        let stays = match now {
            Standing::Closed(_) => true,
            Standing::Settled => !matches!(standing, Standing::Behind { .. } | Standing::Forked { .. }),
            Standing::Unknown | Standing::Behind { .. } | Standing::Forked { .. } => false,
        };
        if !stays {
            *now = standing;
        }
        drop(state);
        self.turned();
    }

    /// Waits until what is being signed is durable and under a head. It blocks.
    pub fn wait(&self) {
        drop(self.signing());
    }

    /// Keeps those who [`Gate::wait`] waiting.
    pub(super) fn signing(&self) -> MutexGuard<'_, ()> {
        self.signing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The operator takes it on himself that nothing of this log is missing, nor of any that is not here.
    pub fn go_on(&self, origin: &Origin) {
        let mut state = self.state();
        state.forgetful = false;
        if state.asked {
            state.wishes.insert(origin.clone(), Word::Whole);
        } else if !matches!(state.logs.get(origin), Some(Standing::Closed(_))) {
            state.logs.insert(origin.clone(), Standing::Settled);
        }
        drop(state);
        self.turned();
    }

    /// The operator gives up what a log is behind by: whoever attends closes it for good.
    pub(super) fn give_up(&self, origin: &Origin) {
        self.state().wishes.insert(origin.clone(), Word::GivenUp);
    }

    /// What the operator wished since this was asked last; for whoever attends.
    pub fn wishes(&self) -> BTreeMap<Origin, Word> {
        std::mem::take(&mut self.state().wishes)
    }

    /// Nothing is signed with this key from now on; what is being signed is signed.
    pub(super) fn stop(&self, kid: Kid) {
        self.state().stopped.insert(kid);
        self.turned();
    }

    /// Why nothing is signed with these keys: one of them was stopped, or the trust list closes it and a replica would
    /// refuse what it signs.
    pub(super) fn stopped<'a>(
        &self,
        issuer: &Issuer,
        mut keys: impl Iterator<Item = &'a Kid>,
        trust: &TrustList,
    ) -> Option<SequencerError> {
        let state = self.state();
        let ended = |kid: &&Kid| state.stopped.contains(*kid) || trust.closings(issuer, kid).is_some();
        keys.find(ended).map(|kid| SequencerError::KeyStopped(kid.to_string()))
    }

    /// Lets a log be signed for, if it is settled. One that this process has not met may be opened when so many
    /// partners have answered that somebody would have told of it.
    pub(super) fn may_sign(&self, origin: &Origin, trust: &TrustList) -> Result<MaySign, SequencerError> {
        let mut state = self.state();
        let standing = state
            .logs
            .get(origin)
            .cloned()
            .unwrap_or_else(|| if state.may_open(origin, trust) { Standing::Settled } else { Standing::Unknown });
        if standing != Standing::Settled {
            return Err(refusal(origin, &standing, &state));
        }
        state.logs.insert(origin.clone(), Standing::Settled);
        Ok(MaySign(origin.clone()))
    }

    /// Why a log was not signed for when the plan was made; by now it may be settled, then it is to be asked again.
    pub(super) fn refusal(&self, origin: &Origin) -> SequencerError {
        let state = self.state();
        refusal(origin, state.logs.get(origin).unwrap_or(&Standing::Unknown), &state)
    }

    /// Whether certificate numbers may be given. They are one count through all logs of the authority: what is
    /// missing of one log may have taken any of them, so even a certificate for a log that asks nobody waits until
    /// every log that asks is settled. Another history of a log may have taken any as well, and never comes here: there
    /// the trust list has to say first what counts, by ending the log.
    pub(super) fn may_number(&self, trust: &TrustList) -> Result<(), SequencerError> {
        // First: what a partner tells of a log that was forgotten stands here before it counts as heard.
        let forgetful = self.is_forgetful();
        if let Some(unsettled) = self.unsettled(trust, |_| true) {
            return Err(unsettled);
        }
        if forgetful { Err(SequencerError::NotAllHeard { silent: self.state().unheard() }) } else { Ok(()) }
    }

    /// Whether numbers wait for all to be heard.
    pub(super) fn is_forgetful(&self) -> bool {
        self.state().forgetful
    }

    /// Why it is not known what one of these logs held: whoever asks what stands there is told nothing before it is. One
    /// that is closed for good waits for nothing, and of one that forked the trust list has said what counts once it has
    /// ended it.
    #[must_use]
    pub fn unsettled(&self, trust: &TrustList, concerns: impl Fn(&Origin) -> bool) -> Option<SequencerError> {
        let state = self.state();
        let mut logs = state.logs.iter();
        let open = logs.find(|(origin, standing)| is_open(trust, origin, standing) && concerns(origin));
        open.map(|(origin, standing)| refusal(origin, standing, &state))
    }

    /// Logs of which not all that came back discloses what it did, and how it stands with that: nothing is shut by it.
    #[must_use]
    pub fn bare(&self) -> Vec<(Origin, Wait)> {
        let state = self.state();
        let bare = state.waits.iter().filter(|((_, lost), _)| *lost == Lost::Contents);
        bare.map(|((origin, _), wait)| (origin.clone(), wait.clone())).collect()
    }

    /// Why no number is given though every log is settled: the numbers of certificates that came back did not.
    pub(super) fn numbers_unknown(&self, origin: &Origin) -> SequencerError {
        let waits = self.state().waited_for(origin, Lost::Numbers);
        SequencerError::NumbersUnknown { origin: origin.to_string(), waits }
    }
}

impl State {
    /// Whether so many have answered that somebody would have told of a log that this process has not met.
    fn may_open(&self, origin: &Origin, trust: &TrustList) -> bool {
        let answered = |name: &NodeName| self.answered.contains(name);
        asks_nobody(trust, origin) || (self.waited && suffices(trust, origin, 0, answered))
    }

    /// What is known of what a log waits for, and where nobody is known to hold it, who may; empty where nothing is.
    fn waited_for(&self, origin: &Origin, lost: Lost) -> String {
        let Some(wait) = self.waits.get(&(origin.clone(), lost)) else { return String::new() };
        let is_gone = lost == Lost::Entries && wait.holders.is_empty() && self.silent.is_empty();
        let said = if is_gone { wait.until_given_up(origin) } else { wait.to_string() };
        if wait.holders.is_empty() { self.and_unheard(said) } else { said }
    }

    /// Who was heard to hold more of a log than is here, and how many entries of it each; empty where nobody was.
    fn heard_to_hold(&self, origin: &Origin) -> String {
        let wait = self.waits.get(&(origin.clone(), Lost::Entries));
        some_of(wait.into_iter().flat_map(|wait| &wait.holders).map(holder))
    }

    /// What is said, and who has not answered, if somebody has not.
    fn and_unheard(&self, said: String) -> String {
        if self.silent.is_empty() { said } else { format!("{said}; not heard of since the start: {}", self.unheard()) }
    }

    /// Who has not answered.
    fn unheard(&self) -> String {
        some_of(&self.silent)
    }
}

/// Whether it is still to be known what a log holds: of one that forked the trust list says it, by ending it.
fn is_open(trust: &TrustList, origin: &Origin, standing: &Standing) -> bool {
    match standing {
        Standing::Unknown | Standing::Behind { .. } => true,
        Standing::Forked { .. } => !trust.is_closed(origin),
        Standing::Settled | Standing::Closed(_) => false,
    }
}

/// Whether a log is not signed for, and that is still anybody's question.
fn is_shut(trust: &TrustList, origin: &Origin, standing: &Standing) -> bool {
    matches!(standing, Standing::Closed(_)) || is_open(trust, origin, standing)
}

fn refusal(origin: &Origin, standing: &Standing, state: &State) -> SequencerError {
    match standing {
        Standing::Closed(closing) => SequencerError::HistoryLost {
            origin: origin.to_string(),
            size: closing.size,
            signed: closing.signed,
            holders: state.heard_to_hold(origin).into(),
            silent: state.unheard().into(),
        },
        Standing::Forked { size } => SequencerError::HistoryForked { origin: origin.to_string(), size: *size },
        Standing::Behind { held, signed, told } => SequencerError::HistoryMissing {
            origin: origin.to_string(),
            held: *held,
            signed: *signed,
            told: told.to_string().into(),
            waits: state.waited_for(origin, Lost::Entries).into(),
            coming: state.waits.get(&(origin.clone(), Lost::Entries)).is_some_and(|wait| wait.coming),
        },
        Standing::Unknown | Standing::Settled => {
            SequencerError::HistoryUnknown { origin: origin.to_string(), silent: state.unheard() }
        }
    }
}

/// Whether a log asks for nobody's cosignature. A policy that nobody could ever meet has released nothing.
#[must_use]
pub fn asks_nobody(trust: &TrustList, origin: &Origin) -> bool {
    trust.policy(origin).map_or(true, |policy| *policy.quorum() == Quorum::None)
}

/// Whether no set of cosigners that meets the log's policy is without one that answered: for what is added now, and
/// for what was there, up to `durable` entries, when the addressee had no node yet.
#[must_use]
pub fn suffices(trust: &TrustList, origin: &Origin, durable: u64, answered: impl Fn(&NodeName) -> bool) -> bool {
    let left_out = |policy: &Policy| {
        let answered = |name: &str| {
            let node = name.split('/').next().and_then(|node| node.parse::<NodeName>().ok());
            node.is_some_and(|node| answered(&node))
        };
        let silent = policy.witnesses().iter().map(|witness| witness.name.as_str()).filter(|name| !answered(name));
        *policy.quorum() != Quorum::None && policy.evaluate(&silent.collect::<BTreeSet<_>>())
    };
    let indexes = [u64::MAX, durable.saturating_sub(1)];
    indexes.into_iter().all(|index| trust.policy_at(origin, index).map_or(true, |policy| !left_out(&policy)))
}
