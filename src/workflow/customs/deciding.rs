//! Decisions item by item, and the two people that it takes to deny, and to decide otherwise what was denied.

use super::{
    Arrival, ArrivedName, Notice, UseRefused,
    bearing::settled,
    course::certified,
    digest, fits,
    granting::in_force,
    notices::used_up,
    part,
    unusable::{says_all, says_why},
};
use crate::{
    agreement::Edition,
    certificate::{Findings, Text},
    office::{
        ACTS_MAX, ActState, Action, Actor, AuditEvent, Caller, CustomsAct, CustomsFile, CustomsRefused, Despite, DoneBy,
    },
    sequencer::{Beside, Outcome, RequestKey, Saying, SequencerError, Task, Work, answered},
    statement::{
        CustomsResponse, EndorsedCertificate, Endorsement, EndorsementAct, EndorsementWords, ImportDeclaration,
        ItemDecision, Jti,
    },
    store::StateChange,
    time::Date,
    workflow::{Accounts, Desk, WorkflowError, carry::blocking, desk::Prepared, record::leaf_of},
};
use sha2::{Digest as _, Sha256};
use std::{collections::BTreeSet, sync::Arc};

/// What is decided.
#[derive(Debug, Clone)]
pub struct DecisionWish {
    /// UUIDv7, unique to the account.
    pub request_id: String,
    /// The certificate.
    pub certificate: ArrivedName,
    /// The declaration it was shown with, if it was.
    pub declaration: Option<ImportDeclaration>,
    /// Item by item, or one for the whole.
    pub decisions: Vec<ItemDecision>,
    /// The enquiry that it follows; needed to say that it got no reply.
    pub enquiry: Option<Jti>,
    /// Further words.
    pub remarks: Option<Text<1024>>,
    /// A claim is accepted though the certificate stands past the closing of the key that signed it.
    pub despite_closed_key: bool,
    /// A claim is accepted though the certificate stands in the place of one that was used or decided against here.
    pub despite_predecessor: bool,
}

impl DecisionWish {
    /// What is gone on in spite of.
    const fn despite(&self) -> Despite {
        Despite { closed_key: self.despite_closed_key, predecessor: self.despite_predecessor }
    }

    /// The act that it is.
    fn act(&self, number: u32, by: DoneBy, state: ActState) -> CustomsAct {
        CustomsAct {
            number,
            by,
            settled: None,
            declaration: self.declaration.clone(),
            decisions: self.decisions.clone(),
            amends: None,
            state,
            statement: None,
            enquiry: self.enquiry,
            remarks: self.remarks.clone(),
            settled_words: None,
            despite: self.despite(),
        }
    }
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// The act.
    pub act: u32,
    /// The statement to the issuer; none while the act waits for its supervisor, or where it was dropped.
    pub statement: Option<Jti>,
    /// What an officer should know, where a claim is accepted; what the issuer answered, where preference is suspended, or
    /// refused because no reply came in time; and what else waits or counts that decides of the same.
    pub notices: Vec<Notice>,
}

/// A word to be added to a certificate.
#[derive(Debug, Clone)]
pub struct EndorsementWish {
    /// UUIDv7, unique to the account.
    pub request_id: String,
    /// The certificate.
    pub certificate: ArrivedName,
    /// What is said; its day is today at the authority.
    pub words: EndorsementWords,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endorsed {
    /// The statement to the issuer.
    pub statement: Jti,
    /// What an officer should know.
    pub notices: Vec<Notice>,
}

impl Desk {
    /// Decides on items of a certificate, or on the whole, and tells its issuer. A denial waits for a supervisor, and so
    /// does what takes the place of one.
    pub async fn decide(&self, caller: &Caller, mut wish: DecisionWish) -> Result<Decided, WorkflowError> {
        // A statement has them in their order.
        wish.decisions.sort_by_key(|one| (one.item, one.line));
        Accounts::allow(caller, Action::DecideItems)?;
        says_why(wish.despite_closed_key || wish.despite_predecessor, wish.remarks.as_ref())?;
        let request = self.request(caller, &wish.request_id)?;
        let parts = [
            wish.certificate.text(),
            part(&wish.declaration)?,
            match (wish.despite_closed_key, wish.despite_predecessor) {
                (false, false) => part(&(&wish.decisions, &wish.enquiry))?,
                (true, false) => part(&(&wish.decisions, &wish.enquiry, "despite the closed key"))?,
                (false, true) => part(&(&wish.decisions, &wish.enquiry, "despite its predecessor"))?,
                (true, true) => part(&(&wish.decisions, &wish.enquiry, "despite the closed key and its predecessor"))?,
            },
            wish.remarks.as_ref().map_or_else(String::new, ToString::to_string),
        ];
        let digest = digest("customs decision", &parts.each_ref().map(String::as_str));
        let by = self.done_by(caller);
        let audit = AuditEvent::of(Actor::Caller(caller), Action::DecideItems);
        let (desk, key, proposed) = (self.clone(), request.clone(), wish.clone());
        let (proposer, row) = (by.clone(), audit.clone());
        let waits = blocking(move || desk.propose(&key, digest, &proposed, proposer, row)).await??;
        if let Some(act) = waits {
            return self.with_notices(&wish.certificate, act, None).await;
        }
        let (name, key) = (wish.certificate.clone(), request);
        let prepare = move |desk: &Self| {
            desk.once(&key, digest, || {
                let arrival = desk.arrived(&wish.certificate)?;
                // Denied in the moment since that was asked: asked again, it waits.
                if takes_two(&arrival, &wish) {
                    return Err(SequencerError::Crowded("certificate").into());
                }
                let follows = (wish.declaration.as_ref(), wish.enquiry.as_ref());
                let mut file = desk.judged(&arrival, follows, &wish.decisions, wish.despite())?;
                let act = wish.act(next_act(&mut file)?, by.clone(), ActState::Counts);
                desk.tell(&arrival, &file, act, None, (&key, digest), audit.clone())
            })
        };
        let outcome = self.carry_out(prepare).await?.outcome;
        let act = self.act_told(&name, &outcome).await?;
        self.with_notices(&name, act, Some(outcome.jti)).await
    }

    /// Adds this authority's word to a certificate, and tells its issuer.
    pub async fn endorse(&self, caller: &Caller, mut wish: EndorsementWish) -> Result<Endorsed, WorkflowError> {
        Accounts::allow(caller, Action::EndorseArrival)?;
        let EndorsementWords { act, destination, items, containers, seals, .. } = &mut wish.words;
        if (*act == EndorsementAct::DestinationChanged) != destination.is_some() {
            return Err(UseRefused::Destination.into());
        }
        // A statement has items in their order, and nothing twice.
        items.sort_unstable();
        items.dedup();
        once_each(containers);
        once_each(seals);
        let request = self.request(caller, &wish.request_id)?;
        let digest = digest("endorsement", &[&wish.certificate.text(), &part(&wish.words)?]);
        let audit = AuditEvent::of(Actor::Caller(caller), Action::EndorseArrival);
        let (name, words) = (wish.certificate.clone(), wish.words.clone());
        let prepare = move |desk: &Self| {
            desk.once(&request, digest, || {
                let arrival = desk.arrived(&wish.certificate)?;
                let certificate = arrival.whole()?;
                let comes_here = wish.words.destination == Some(desk.setup().country);
                let gone = |one: &Notice| one.reason == "DESTINATION_CHANGED";
                if comes_here && !desk.heard(&arrival, &[])?.iter().any(gone) {
                    return Err(UseRefused::ComesHere.into());
                }
                let unknown = |item: &&u32| certificate.goods.items.iter().all(|one| one.number != **item);
                if let Some(item) = wish.words.items.iter().find(unknown) {
                    return Err(WorkflowError::ItemUnknown(*item));
                }
                let token_sha256 = crate::certificate::Sha256(Sha256::digest(leaf_of(&arrival.token)).into());
                let endorsed = EndorsedCertificate { place: arrival.place(), token_sha256 };
                let endorsement = EndorsementWords { day: desk.own_today(), ..wish.words.clone() };
                // Nothing is added to one that is erased in between.
                let beside = Beside { expected: vec![arrival.expected()], ..Beside::default() };
                let saying = Saying::endorsement(Endorsement { endorsed, endorsement }).with(beside);
                Ok(work(&request, digest, saying, audit.clone(), &arrival))
            })
        };
        let statement = self.carry_out(prepare).await?.outcome.jti;
        let desk = self.clone();
        let notices = blocking(move || {
            let goes = words.destination.is_some_and(|country| country != desk.setup().country);
            let used = if goes { used_up(&desk.arrived(&name)?, &words.items) } else { None };
            Ok::<Vec<Notice>, WorkflowError>(used.into_iter().collect())
        });
        Ok(Endorsed { statement, notices: notices.await?? })
    }

    /// Keeps what two people decide until a supervisor released it; `None` where one person does.
    fn propose(
        &self,
        request: &RequestKey,
        digest: [u8; 32],
        wish: &DecisionWish,
        by: DoneBy,
        audit: AuditEvent,
    ) -> Result<Option<u32>, WorkflowError> {
        let before = self.store().answered(&request.account, &request.id)?;
        if before.is_some_and(|before| before.entry.is_some()) {
            // The same request was told to the issuer before: that is its answer, whatever was denied since.
            return Ok(None);
        }
        if let Some(before) = self.answer_before(request, digest)? {
            return Ok(Some(u32::from_be_bytes(before.try_into().unwrap_or_default())));
        }
        let arrival = self.arrived(&wish.certificate)?;
        if !takes_two(&arrival, wish) {
            return Ok(None);
        }
        // Whether it can be decided so is asked now, and again when it is released.
        let follows = (wish.declaration.as_ref(), wish.enquiry.as_ref());
        self.judged(&arrival, follows, &wish.decisions, wish.despite())?;
        let mut file = arrival.file.clone();
        let act = wish.act(next_act(&mut file)?, by, ActState::Waits);
        let mut state = arrival.put_act(&act)?;
        state.extend([
            arrival.put(&file)?,
            arrival.put_denial(&act)?,
            done(request, digest, act.number.to_be_bytes().to_vec()),
        ]);
        let what = if CustomsAct::denies(&wish.decisions) { "denial" } else { "in the place of a denial" };
        let audit = audit.by_request(&request.id).with_detail(format!("{what}, to be released")).on(on(&arrival));
        self.commit(vec![arrival.expected()], state, vec![audit.to_row()])?;
        Ok(Some(act.number))
    }

    /// The file of a certificate once it is decided so, and all that is asked before: of what waited for a supervisor twice,
    /// because days may have passed.
    pub(super) fn judged(
        &self,
        arrival: &Arrival,
        (declaration, enquiry): (Option<&ImportDeclaration>, Option<&Jti>),
        decisions: &[ItemDecision],
        despite: Despite,
    ) -> Result<CustomsFile, WorkflowError> {
        self.knows_its_acts(arrival)?;
        self.may_accept(arrival, decisions, despite)?;
        let (certificate, ended) = (arrival.whole()?, arrival.ended());
        let certified = certified(&certificate, &ended);
        let mut file = arrival.file.clone();
        file.decide(certified, declaration, decisions)?;
        says_all(declaration, enquiry, decisions)?;
        fits("a decision", &decisions)?;
        in_force(arrival, certified, declaration.map_or_else(|| self.own_today(), |one| one.date), decisions)?;
        self.fits_the_day(arrival, declaration, decisions)?;
        self.unused(arrival, declaration, decisions)?;
        settled(&self.waiting_on(arrival)?, certified, declaration, decisions)?;
        self.follows(arrival, enquiry, decisions)?;
        Ok(file)
    }

    /// The work that tells the issuer of an act, and keeps it with the file in the same durable unit.
    pub(super) fn tell(
        &self,
        arrival: &Arrival,
        file: &CustomsFile,
        act: CustomsAct,
        amended: Option<CustomsAct>,
        (request, digest): (&RequestKey, [u8; 32]),
        audit: AuditEvent,
    ) -> Result<Work, WorkflowError> {
        let amends = amended.as_ref().and_then(|one| one.statement);
        let amends = match amends {
            Some(jti) => self.place_of(&jti)?,
            None => None,
        };
        let response = CustomsResponse {
            certificate: arrival.place(),
            declaration: act.declaration.clone(),
            decisions: act.decisions.clone(),
            amends,
            enquiry: act.enquiry.as_ref().map(|jti| self.place_of(jti)).transpose()?.flatten(),
            remarks: act.remarks.clone(),
        };
        let (mut state, mut expected) = (vec![arrival.put(file)?], vec![arrival.expected()]);
        state.extend(amended.map(|one| arrival.put_act(&one)).transpose()?.into_iter().flatten());
        if act.settled.is_some() {
            state.push(arrival.remove_denial(act.number));
            expected.push(self.still_waits(arrival, act.number)?);
        }
        let kept = arrival.clone();
        let changes = move |outcome: &Outcome| {
            let told = CustomsAct { statement: Some(outcome.jti), ..act.clone() };
            let mut state = state.clone();
            state.extend(kept.put_act(&told).map_err(|error| error.to_string())?);
            Ok(state)
        };
        let beside = Beside { expected, changes: Some(Arc::new(changes)), ..Beside::default() };
        Ok(work(request, digest, Saying::response(response).with(beside), audit, arrival))
    }

    /// Where an own statement stands.
    fn place_of(&self, jti: &Jti) -> Result<Option<crate::statement::StatementRef>, WorkflowError> {
        let entry = self.store().find(jti)?;
        Ok(entry.map(|entry| crate::statement::StatementRef { log: entry.origin, jti: *jti }))
    }

    /// The act that a statement told of.
    pub(super) async fn act_told(&self, name: &ArrivedName, outcome: &Outcome) -> Result<u32, WorkflowError> {
        let (desk, name, jti) = (self.clone(), name.clone(), outcome.jti);
        let act = blocking(move || {
            let acts = desk.acts(&desk.arrived(&name)?)?;
            Ok::<_, WorkflowError>(acts.iter().rev().find(|act| act.statement == Some(jti)).map(|act| act.number))
        });
        act.await??.ok_or_else(|| WorkflowError::Record("an act is lost".to_owned()))
    }

    /// An act that was decided or released, with what is to be known of it.
    pub(super) async fn with_notices(
        &self,
        name: &ArrivedName,
        act: u32,
        statement: Option<Jti>,
    ) -> Result<Decided, WorkflowError> {
        let (desk, name) = (self.clone(), name.clone());
        let known = move || {
            let arrival = desk.arrived(&name)?;
            match desk.act(&arrival.entry.origin, &arrival.jti, act)? {
                Some(act) => desk.known_of_act(&arrival, &act),
                None => Ok(Vec::new()),
            }
        };
        let notices = blocking(known).await??;
        Ok(Decided { act, statement, notices })
    }

    /// What was done before by the same request, or the work; a refusal counts only where it was not done before.
    pub(super) fn once(
        &self,
        request: &RequestKey,
        digest: [u8; 32],
        prepare: impl FnOnce() -> Result<Work, WorkflowError>,
    ) -> Result<Prepared, WorkflowError> {
        if let Some(before) = answered(self.store().as_ref(), request, digest)? {
            return Ok(Prepared::Done(before?));
        }
        prepare().map(|work| Prepared::Work(Box::new(work), Findings::default()))
    }

    /// The answer of a request that no statement was made for.
    pub(super) fn answer_before(
        &self,
        request: &RequestKey,
        digest: [u8; 32],
    ) -> Result<Option<Vec<u8>>, WorkflowError> {
        let Some(before) = self.store().answered(&request.account, &request.id)? else { return Ok(None) };
        if before.body_digest != digest || before.entry.is_some() {
            let id = uuid::Uuid::from_bytes(request.id).to_string();
            return Err(SequencerError::RequestReused(id).into());
        }
        Ok(Some(before.answer))
    }

    pub(super) fn done_by(&self, caller: &Caller) -> DoneBy {
        DoneBy::of(caller, self.now())
    }

    /// Today's civil date at this authority.
    pub(in crate::workflow) fn own_today(&self) -> Date {
        self.own_day(self.now())
    }

    /// The edition that a certificate was issued under.
    pub(super) fn edition_of(&self, arrival: &Arrival) -> Option<&Edition> {
        let agreement = self.agreements().get(&arrival.certificate.agreement)?;
        agreement.edition(&arrival.certificate.edition)
    }
}

/// Whether a supervisor has to release it: two people deny, and two decide otherwise what was denied.
fn takes_two(arrival: &Arrival, wish: &DecisionWish) -> bool {
    CustomsAct::denies(&wish.decisions) || arrival.file.lifts_denial(wish.declaration.as_ref(), &wish.decisions)
}

/// Leaves out what is named again.
fn once_each<T: Ord + Clone>(list: &mut Vec<T>) {
    let mut seen = BTreeSet::new();
    list.retain(|one| seen.insert(one.clone()));
}

/// The number of the next act.
pub(super) fn next_act(file: &mut CustomsFile) -> Result<u32, CustomsRefused> {
    if file.acts >= ACTS_MAX {
        return Err(CustomsRefused::TooManyActs);
    }
    file.acts += 1;
    Ok(file.acts)
}

/// A statement as a piece of work.
pub(super) fn work(
    request: &RequestKey,
    digest: [u8; 32],
    saying: Saying,
    audit: AuditEvent,
    arrival: &Arrival,
) -> Work {
    let by = Some(audit.with_detail(format!("{} {}", saying.body().kind(), on(arrival))));
    Work { request: request.clone(), digest, task: Task::Say(Box::new(saying)), by }
}

/// A certificate as the audit record names it.
pub(super) fn on(arrival: &Arrival) -> String {
    format!("{} {}", arrival.entry.origin, arrival.entry.index)
}

pub(super) fn done(request: &RequestKey, digest: [u8; 32], answer: Vec<u8>) -> StateChange {
    StateChange::RequestAnswered {
        account: request.account.clone(),
        request_id: request.id,
        body_digest: digest,
        answer,
        entry: None,
    }
}
