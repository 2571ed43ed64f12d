//! What became of the security that goods were released on while an enquiry ran, or of goods that were held: a record of
//! this administration's own. Nothing is signed: what was owed is between it and its importer, and who was asked has no part
//! in that.

use super::{
    EnquiryRefused, EnquiryView,
    arrival::statement_at,
    concluding::of_enquiry,
    course::{parse, written},
    deciding::done,
    digest,
    enquiries::Side,
};
use crate::{
    certificate::{Text, declare::words},
    office::{Action, Actor, AuditEvent, Caller, DoneBy},
    statement::{Enquiry, GoodsMeanwhile, Jti, OpenedBody},
    store::{Expected, StateChange, Table},
    workflow::{Accounts, Desk, WorkflowError, carry::blocking},
};
use serde::{Deserialize, Serialize};

/// What is kept of one enquiry: the last counts, and the audit record has all that was ever said.
const SETTLED_MAX: usize = 20;

words! {
    /// What became of it.
    pub enum SecurityOutcome("SECURITY_OUTCOME") {
        /// It was given back, or the goods were let go at the preferential rate.
        Released = "released",
        /// What was owed without preference was taken.
        Collected = "collected",
        /// That was taken for some of the goods, and the rest was given back.
        CollectedInPart = "collected_in_part",
    }
}

/// What an officer said of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecuritySettled {
    /// Who said so, and when.
    pub by: DoneBy,
    /// What became of it.
    pub outcome: SecurityOutcome,
    /// By which receipt or order, and of what part.
    pub words: Text<1024>,
    /// The last answer that was here then.
    pub(super) answer: Option<Jti>,
}

impl Desk {
    /// Keeps what became of the security of an enquiry of this authority; of one that clarifies another, for which goods
    /// wait already, with that, which is given then. What was said wrongly is said again: the last counts.
    pub async fn settle_security(
        &self,
        caller: &Caller,
        request_id: &str,
        enquiry: Jti,
        (outcome, words): (SecurityOutcome, Text<1024>),
    ) -> Result<EnquiryView, WorkflowError> {
        Accounts::allow(caller, Action::SettleSecurity)?;
        let request = self.request(caller, request_id)?;
        let digest = digest("settlement of a security", &[&enquiry.to_string(), outcome.as_str(), words.as_str()]);
        let audit = AuditEvent::of(Actor::Caller(caller), Action::SettleSecurity);
        let audit = audit.by_request(&request.id).with_detail(format!("{outcome}: {words}"));
        let (desk, by) = (self.clone(), self.done_by(caller));
        let settle = move || {
            let enquiry = desk.settled_with(&desk.enquiry_of(Side::Asking, &enquiry)?)?.unwrap_or(enquiry);
            let audit = audit.on(enquiry);
            if desk.answer_before(&request, digest)?.is_none() {
                desk.keep_settled(&enquiry, (by, outcome, words), done(&request, digest, Vec::new()), &audit)?;
            }
            desk.enquiry_of(Side::Asking, &enquiry)
        };
        blocking(settle).await?
    }

    fn keep_settled(
        &self,
        enquiry: &Jti,
        (by, outcome, words): (DoneBy, SecurityOutcome, Text<1024>),
        answered: StateChange,
        audit: &AuditEvent,
    ) -> Result<(), WorkflowError> {
        let view = self.enquiry_of(Side::Asking, enquiry)?;
        let asked = view.enquiry.ok_or(EnquiryRefused::EndedErased(*enquiry))?.asked;
        if !waits(asked.goods) {
            return Err(EnquiryRefused::NothingToSettle { enquiry: *enquiry, goods: asked.goods }.into());
        }
        let (table, id) = (Table::Customs, settled_id(enquiry));
        let record = self.store().record(table, &id)?;
        let mut all = read(record.as_deref())?;
        all.push(SecuritySettled { by, outcome, words, answer: view.last_answer });
        let all = all.split_off(all.len().saturating_sub(SETTLED_MAX));
        // Of two who say it at once, one is first, and the other is told to look again.
        let expected = vec![Expected { table, id: id.clone(), record }];
        let state = vec![StateChange::RecordPut { table, id, record: written(&all)? }, answered];
        self.commit(expected, state, vec![audit.to_row()]).map_err(of_enquiry)
    }

    /// Adds to an own enquiry what officers said became of its security, and whether that is still to be said: what was said
    /// before an answer counts until that is here.
    pub(super) fn add_settled(&self, view: &mut EnquiryView) -> Result<(), WorkflowError> {
        view.settled = read(self.store().record(Table::Customs, &settled_id(&view.place.jti))?.as_deref())?;
        let goods_wait = view.enquiry.as_ref().is_some_and(|enquiry| waits(enquiry.asked.goods));
        let goods_wait = goods_wait && self.settled_with(view)?.is_none();
        let is_said = view.settled.last().is_some_and(|last| !view.is_before_answer(last));
        view.unsettled = goods_wait && !view.is_awaited() && !is_said;
        view.settle_overdue = view.unsettled && view.decide_due.is_some_and(|due| due < self.own_today());
        Ok(())
    }

    /// The enquiry with which the security of one that clarifies it is settled: the first that goods wait for.
    fn settled_with(&self, view: &EnquiryView) -> Result<Option<Jti>, WorkflowError> {
        let mut clarifies = view.enquiry.as_ref().and_then(|enquiry| enquiry.clarifies.clone());
        let (mut later, mut first) = (view.place.jti, None);
        while let Some(reply) = clarifies {
            // Each is later than the one that it clarifies, so that a circle of them has an end.
            let earlier = self.clarified(&reply.jti)?.filter(|(jti, _)| *jti < later);
            let Some((jti, enquiry)) = earlier else { break };
            if waits(enquiry.asked.goods) {
                first = Some(jti);
            }
            (later, clarifies) = (jti, enquiry.clarifies);
        }
        Ok(first)
    }

    /// The own enquiry that a reply answers, as far as both can be read. It is read as it was signed alone: how it stands
    /// rests on what clarifies it.
    fn clarified(&self, reply: &Jti) -> Result<Option<(Jti, Enquiry)>, WorkflowError> {
        for store in self.answering_stores(Side::Asking) {
            let Some(entry) = store.find(reply)? else { continue };
            let Some(said) = statement_at(store.as_ref(), &entry)? else { continue };
            let OpenedBody::EnquiryReply(Some(said)) = said.opened.body else { continue };
            let Some(entry) = self.store().find(&said.enquiry.jti)? else { continue };
            if let Some(asked) = statement_at(self.store().as_ref(), &entry)?
                && let OpenedBody::Enquiry(Some(enquiry)) = asked.opened.body
            {
                return Ok(Some((said.enquiry.jti, *enquiry)));
            }
        }
        Ok(None)
    }
}

/// Whether something of goods is to be settled once the answer is here.
const fn waits(goods: GoodsMeanwhile) -> bool {
    matches!(goods, GoodsMeanwhile::ReleasedOnSecurity | GoodsMeanwhile::Held)
}

fn read(record: Option<&[u8]>) -> Result<Vec<SecuritySettled>, WorkflowError> {
    record.map_or(Ok(Vec::new()), |bytes| parse(bytes, "what became of a security"))
}

fn settled_id(enquiry: &Jti) -> Vec<u8> {
    format!("security/{enquiry}").into_bytes()
}
