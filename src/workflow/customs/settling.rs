//! Acts that wait for a supervisor: released, or dropped.

use super::{
    Arrival, ArrivedName, Decided, UseRefused,
    course::certified,
    deciding::{done, on},
    digest,
};
use crate::{
    certificate::Text,
    office::{ActState, Action, Actor, AuditEvent, Caller, CustomsAct, CustomsFile, CustomsRefused, DoneBy},
    sequencer::RequestKey,
    workflow::{Accounts, Desk, WorkflowError, carry::blocking},
};

impl Desk {
    /// Releases an act that waits, or drops it. Who decided it does not release; who neither decided it nor supervises does
    /// not drop.
    pub async fn settle_denial(
        &self,
        caller: &Caller,
        request_id: &str,
        name: ArrivedName,
        number: u32,
        release: bool,
        words: Option<Text<1024>>,
    ) -> Result<Decided, WorkflowError> {
        let action = if release { Action::ReleaseDenial } else { Action::DecideItems };
        Accounts::allow(caller, action)?;
        let request = self.request(caller, request_id)?;
        let said = words.as_ref().map_or("", Text::as_str);
        let digest = digest(
            "settlement of a denial",
            &[&name.text(), &number.to_string(), if release { "release" } else { "drop" }, said],
        );
        let (by, audit) = (self.done_by(caller), AuditEvent::of(Actor::Caller(caller), action));
        if !release {
            let desk = self.clone();
            let by = (by, caller.may(Action::ReleaseDenial));
            blocking(move || desk.drop_denial(&request, digest, (&name, number), by, words, audit)).await??;
            return Ok(Decided { act: number, statement: None, notices: Vec::new() });
        }
        let (own, key) = (name.clone(), request.clone());
        let prepare = move |desk: &Self| {
            desk.once(&key, digest, || {
                let arrival = desk.arrived(&own)?;
                let waiting = desk.waiting(&arrival, number)?;
                if waiting.by.is_same(&by) {
                    return Err(CustomsRefused::SamePerson.into());
                }
                // First: what was decided since is among them.
                desk.knows_its_acts(&arrival)?;
                decided_since(&arrival, &desk.acts(&arrival)?, &waiting)?.map_or(Ok(()), Err)?;
                let file = desk.judged_anew(&arrival, &waiting)?;
                let (settled, settled_words) = (Some(by.clone()), words.clone());
                let act = CustomsAct { settled, settled_words, state: ActState::Counts, ..waiting };
                desk.tell(&arrival, &file, act, None, (&key, digest), audit.clone())
            })
        };
        let outcome = self.carry_out(prepare).await?.outcome;
        self.with_notices(&name, number, Some(outcome.jti)).await
    }

    fn drop_denial(
        &self,
        request: &RequestKey,
        digest: [u8; 32],
        (name, number): (&ArrivedName, u32),
        (by, supervises): (DoneBy, bool),
        words: Option<Text<1024>>,
        audit: AuditEvent,
    ) -> Result<(), WorkflowError> {
        if self.answer_before(request, digest)?.is_some() {
            return Ok(());
        }
        let arrival = self.arrived(name)?;
        let waiting = self.waiting(&arrival, number)?;
        if !waiting.by.is_same(&by) && !supervises {
            return Err(UseRefused::NotYoursToDrop(number).into());
        }
        let act = CustomsAct { settled: Some(by), settled_words: words, state: ActState::Dropped, ..waiting };
        let mut state = arrival.put_act(&act)?;
        state.extend([arrival.remove_denial(number), done(request, digest, Vec::new())]);
        let audit = audit.by_request(&request.id).with_detail("dropped, not released").on(on(&arrival));
        // Erased in between, nothing is kept of what was said now.
        self.commit(vec![self.still_waits(&arrival, number)?, arrival.expected()], state, vec![audit.to_row()])
    }

    /// The file of a certificate once what waits counts, asked as of today. It reads from the disk.
    pub(super) fn judged_anew(&self, arrival: &Arrival, waiting: &CustomsAct) -> Result<CustomsFile, WorkflowError> {
        // First: that some acts are not known yet is no reason to drop it.
        self.knows_its_acts(arrival)?;
        let follows = (waiting.declaration.as_ref(), waiting.enquiry.as_ref());
        let judged = self.judged(arrival, follows, &waiting.decisions, waiting.despite);
        judged.map_err(|refused| not_released(waiting.number, refused))
    }

    fn waiting(&self, arrival: &Arrival, number: u32) -> Result<CustomsAct, WorkflowError> {
        let act = self.act(&arrival.entry.origin, &arrival.jti, number)?.ok_or(CustomsRefused::NoAct(number))?;
        match act.state {
            ActState::Waits => Ok(act),
            _ => Err(CustomsRefused::NotWaiting(number).into()),
        }
    }
}

/// Why what waits is not released any more: what it stands against was used or granted after it, or what it grants was
/// decided against.
pub(super) fn decided_since(
    arrival: &Arrival,
    acts: &[CustomsAct],
    waiting: &CustomsAct,
) -> Result<Option<CustomsRefused>, WorkflowError> {
    let (certificate, ended) = (arrival.whole()?, arrival.ended());
    let certified = certified(&certificate, &ended);
    let against = |one: &CustomsAct, other: &CustomsAct| {
        one.stands_against(certified, other.declaration.as_ref(), &other.decisions)
    };
    let since = acts.iter().find(|one| {
        let later = one.number > waiting.number && one.state == ActState::Counts;
        later && (against(waiting, one) || against(one, waiting))
    });
    Ok(since.map(|since| CustomsRefused::DecidedSince { act: waiting.number, since: since.number }))
}

/// Why what waits is not released, with what to do: as it was decided it would be refused today.
fn not_released(act: u32, refused: WorkflowError) -> WorkflowError {
    match refused {
        WorkflowError::ArrivalForbids(_) | WorkflowError::Use(_) => {
            WorkflowError::NotReleased { act, refused: Box::new(refused) }
        }
        other => other,
    }
}
