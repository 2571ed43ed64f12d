//! Quantities written off, amended, and taken back; never more than there were.

use super::{
    Arrival, ArrivedName, Notice,
    course::{Balance, balance},
    deciding::next_act,
    digest,
    heard::named_items,
    notices::{beside_others, otherwise_measured},
    part,
    unusable::says_why,
};
use crate::{
    certificate::Text,
    office::{
        ActState, Action, Actor, AuditEvent, Caller, CustomsAct, CustomsFile, CustomsRefused, Despite, WriteOffLine,
    },
    statement::{ImportDeclaration, ItemDecision, Jti, ResponseCode},
    workflow::{Accounts, Desk, WorkflowError, carry::blocking},
};

/// What is written off.
#[derive(Debug, Clone)]
pub struct WriteOffWish {
    /// UUIDv7, unique to the account.
    pub request_id: String,
    /// The certificate.
    pub certificate: ArrivedName,
    /// What it was imported with.
    pub declaration: ImportDeclaration,
    /// Item by item.
    pub lines: Vec<WriteOffLine>,
    /// Further words.
    pub remarks: Option<Text<1024>>,
    /// It is written off though the certificate stands in the place of one that was used here.
    pub despite_predecessor: bool,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct WrittenOff {
    /// The act.
    pub act: u32,
    /// The statement to the issuer.
    pub statement: Jti,
    /// What is left by now.
    pub balance: Vec<Balance>,
    /// What an officer should know.
    pub notices: Vec<Notice>,
}

impl Desk {
    /// Writes quantities off a certificate, and tells its issuer.
    pub async fn write_off(&self, caller: &Caller, mut wish: WriteOffWish) -> Result<WrittenOff, WorkflowError> {
        Accounts::allow(caller, Action::WriteOff)?;
        says_why(wish.despite_predecessor, wish.remarks.as_ref())?;
        // A statement has them in their order.
        wish.lines.sort_by_key(|line| (line.item, line.line));
        let request = self.request(caller, &wish.request_id)?;
        let parts = [
            wish.certificate.text(),
            part(&wish.declaration)?,
            if wish.despite_predecessor {
                part(&(&wish.lines, "despite its predecessor"))?
            } else {
                part(&wish.lines)?
            },
            wish.remarks.as_ref().map_or_else(String::new, ToString::to_string),
        ];
        let digest = digest("write-off", &parts.each_ref().map(String::as_str));
        let (by, audit) = (self.done_by(caller), AuditEvent::of(Actor::Caller(caller), Action::WriteOff));
        let (name, declaration) = (wish.certificate.clone(), wish.declaration.clone());
        let prepare = move |desk: &Self| {
            desk.once(&request, digest, || {
                let arrival = desk.arrived(&wish.certificate)?;
                desk.knows_its_acts(&arrival)?;
                let mut known = desk.known(&arrival, Some(&wish.declaration), &[])?;
                if !wish.despite_predecessor {
                    known.extend(desk.predecessors_used(&arrival)?);
                }
                if let Some(notice) = known.into_iter().find(|notice| notice.blocks) {
                    return Err(WorkflowError::ArrivalForbids(notice));
                }
                let mut file = arrival.file.clone();
                let decisions = desk.draw_on(&arrival, &mut file, &wish.declaration, &wish.lines)?;
                let act = CustomsAct {
                    number: next_act(&mut file)?,
                    by: by.clone(),
                    settled: None,
                    declaration: Some(wish.declaration.clone()),
                    decisions,
                    amends: None,
                    state: ActState::Counts,
                    statement: None,
                    enquiry: None,
                    remarks: wish.remarks.clone(),
                    settled_words: None,
                    despite: Despite { predecessor: wish.despite_predecessor, ..Despite::default() },
                };
                desk.tell(&arrival, &file, act, None, (&request, digest), audit.clone())
            })
        };
        let outcome = self.carry_out(prepare).await?.outcome;
        let act = self.act_told(&name, &outcome).await?;
        self.written_off(name, act, outcome.jti, Some(declaration)).await
    }

    /// Puts other quantities in the place of a write-off's.
    pub async fn amend_write_off(
        &self,
        caller: &Caller,
        request_id: &str,
        (name, number): (ArrivedName, u32),
        mut lines: Vec<WriteOffLine>,
        remarks: Option<Text<1024>>,
    ) -> Result<WrittenOff, WorkflowError> {
        lines.sort_by_key(|line| (line.item, line.line));
        let what = ("amended write-off", part(&lines)?);
        let change = move |desk: &Self, arrival: &Arrival, before: &CustomsAct, file: &mut CustomsFile| {
            let declaration = before.declaration.as_ref().ok_or(CustomsRefused::NoWriteOff(before.number))?;
            let others = file.set_apart(&arrival.file);
            let decisions = desk.draw_on(arrival, file, declaration, &lines)?;
            file.uncounted.extend(others);
            Ok(decisions)
        };
        self.change_write_off(caller, request_id, (name, number), what, remarks, change).await
    }

    /// Takes a write-off back.
    pub async fn reverse_write_off(
        &self,
        caller: &Caller,
        request_id: &str,
        (name, number): (ArrivedName, u32),
        remarks: Option<Text<1024>>,
    ) -> Result<WrittenOff, WorkflowError> {
        let what = ("reversed write-off", String::new());
        let change = |_: &Self, _: &Arrival, before: &CustomsAct, _: &mut CustomsFile| {
            Ok(before.decisions.iter().map(reversed).collect())
        };
        self.change_write_off(caller, request_id, (name, number), what, remarks, change).await
    }

    /// Gives back what an act wrote off, and puts another act in its place.
    async fn change_write_off(
        &self,
        caller: &Caller,
        request_id: &str,
        (name, number): (ArrivedName, u32),
        (what, said): (&'static str, String),
        remarks: Option<Text<1024>>,
        change: impl Fn(&Self, &Arrival, &CustomsAct, &mut CustomsFile) -> Result<Vec<ItemDecision>, WorkflowError>
        + Send
        + Sync
        + 'static,
    ) -> Result<WrittenOff, WorkflowError> {
        Accounts::allow(caller, Action::WriteOff)?;
        let request = self.request(caller, request_id)?;
        let words = remarks.as_ref().map_or_else(String::new, ToString::to_string);
        let digest = digest(what, &[&name.text(), &number.to_string(), &said, &words]);
        let (by, audit) = (self.done_by(caller), AuditEvent::of(Actor::Caller(caller), Action::WriteOff));
        let own = name.clone();
        let prepare = move |desk: &Self| {
            desk.once(&request, digest, || {
                let arrival = desk.arrived(&own)?;
                desk.knows_its_acts(&arrival)?;
                let before = desk.act(&arrival.entry.origin, &arrival.jti, number)?;
                let before = before.ok_or(CustomsRefused::NoAct(number))?;
                if !before.is_write_off() {
                    return Err(CustomsRefused::NoWriteOff(number).into());
                }
                if before.state != ActState::Counts {
                    return Err(over(&desk.acts(&arrival)?, &before).into());
                }
                let mut file = arrival.file.clone();
                file.give_back(&before.decisions);
                let decisions = change(desk, &arrival, &before, &mut file)?;
                let reverses = decisions.iter().all(|one| one.code == ResponseCode::Reversed);
                if reverses {
                    file.first_used = desk.first_used_but(&arrival, file.first_used.take(), number)?;
                }
                let next = next_act(&mut file)?;
                let act = CustomsAct {
                    number: next,
                    by: by.clone(),
                    settled: None,
                    declaration: before.declaration.clone(),
                    decisions,
                    amends: Some(number),
                    state: ActState::Counts,
                    statement: None,
                    enquiry: None,
                    remarks: remarks.clone(),
                    settled_words: None,
                    despite: Despite::default(),
                };
                let state = if reverses { ActState::Reversed(next) } else { ActState::Amended(next) };
                let amended = CustomsAct { state, ..before };
                desk.tell(&arrival, &file, act, Some(amended), (&request, digest), audit.clone())
            })
        };
        let outcome = self.carry_out(prepare).await?.outcome;
        let act = self.act_told(&name, &outcome).await?;
        self.written_off(name, act, outcome.jti, None).await
    }

    /// The declaration that a certificate was first used with, once an act is taken back: another than before where that
    /// was the last write-off with it.
    fn first_used_but(
        &self,
        arrival: &Arrival,
        first: Option<ImportDeclaration>,
        number: u32,
    ) -> Result<Option<ImportDeclaration>, WorkflowError> {
        let Some(first) = first else { return Ok(None) };
        let counts = |act: &CustomsAct| act.number != number && act.state == ActState::Counts && act.is_write_off();
        let left = self.acts(arrival)?.into_iter().filter(counts).filter_map(|act| act.declaration);
        let left = left.collect::<Vec<_>>();
        Ok(if left.iter().any(|one| one.is_same(&first)) { Some(first) } else { left.into_iter().next() })
    }

    async fn written_off(
        &self,
        name: ArrivedName,
        act: u32,
        statement: Jti,
        declaration: Option<ImportDeclaration>,
    ) -> Result<WrittenOff, WorkflowError> {
        let desk = self.clone();
        blocking(move || {
            let (arrival, mut notices) = (desk.arrived(&name)?, Vec::new());
            let acts = desk.acts(&arrival)?;
            if let Some(declaration) = declaration {
                // What this act used was not used before it.
                let (mut before, mut items) = (arrival.clone(), Vec::new());
                if let Some(act) = acts.iter().find(|one| one.number == act && one.state == ActState::Counts) {
                    before.file.give_back(&act.decisions);
                    items = named_items(act.decisions.iter().map(|one| one.item));
                }
                notices = desk.known(&before, Some(&declaration), &items)?;
                // It was written off by who knew.
                let used = desk.predecessors_used(&arrival)?.into_iter();
                notices.extend(used.map(|one| Notice { blocks: false, ..one }));
            }
            let now = acts.iter().find(|one| one.number == act && one.state == ActState::Counts);
            if let (Some(now), Ok(certificate)) = (now, arrival.whole()) {
                notices.extend(otherwise_measured(&certificate.goods, now));
            }
            notices.extend(beside_others(&acts, act));
            Ok(WrittenOff { act, statement, balance: balance(&arrival), notices })
        })
        .await?
    }
}

/// Why a write-off that counts no more is not changed: what stands in its place by now is.
fn over(acts: &[CustomsAct], before: &CustomsAct) -> CustomsRefused {
    let (act, mut last) = (before.number, before);
    // However often it was amended: each took the place of the one before it.
    while let ActState::Amended(by) = last.state {
        let Some(next) = acts.iter().find(|one| one.number == by) else { break };
        last = next;
    }
    match last.state {
        ActState::Reversed(by) => CustomsRefused::ActReversed { act, by },
        _ => CustomsRefused::ActAmended { act, by: last.number },
    }
}

/// What gives back what a decision wrote off.
pub(super) fn reversed(one: &ItemDecision) -> ItemDecision {
    let code = ResponseCode::Reversed;
    ItemDecision { code, left: None, reason: None, basis: None, words: None, ..one.clone() }
}
