//! What statements say of a certificate, which goes with what the certificate says: what customs told its issuer of it and
//! endorsed, what was asked about it and what was answered, in the own logs and in the copies of partners' logs. Where the
//! other side is an authority of this node too, its logs are read to find what belongs together, and it erases its own.

use super::{
    EnquiryRefused, EnquiryView,
    arrival::{Statement, statement_at},
    enquiries::Side,
};
use crate::{
    certificate::number_as_read,
    inbox,
    log::Origin,
    statement::{Addressee, Enquiry, EnquirySubject, Issuer, Kind, OpenedBody, ReplyAct, StatementRef},
    store::{Disclosures, EntryRef, Store, StoreError, Subject, about},
    workflow::{
        Desk, ErasedName, WorkflowError,
        changes::is_receipted,
        record::{self, numbered},
    },
};
use std::sync::Arc;

/// What is said of a certificate by those who have it, or of an enquiry about it by itself.
const OF_A_CERTIFICATE: &[Kind] = &[Kind::CustomsResponse, Kind::Endorsement, Kind::Enquiry];

/// A statement that is kept here, and where.
type Held = (EntryRef, Arc<dyn Store>);

/// A certificate as statements name it.
struct Named {
    place: StatementRef,
    issuer: Issuer,
    /// As far as it is shown still.
    number: Option<String>,
}

impl Named {
    fn read(store: &dyn Store, entry: &EntryRef) -> Result<Option<Self>, StoreError> {
        let Some(statement) = statement_at(store, entry)? else { return Ok(None) };
        let OpenedBody::Certificate(certificate) = statement.opened.body else { return Ok(None) };
        let place = StatementRef { log: entry.origin.clone(), jti: statement.opened.envelope.jti };
        let number = certificate.reference.as_option().map(|reference| reference.number.to_string());
        Ok(Some(Self { place, issuer: statement.opened.envelope.iss, number }))
    }

    /// What is said of it is found by its identifier, and by its number where that was not known to who asks.
    fn subjects(&self) -> Vec<Subject> {
        let number = self.number.iter().map(|number| Subject::Number(number.clone()));
        [Subject::Statement(self.place.jti)].into_iter().chain(number).collect()
    }

    /// Whether it is among those that an authority is asked about.
    fn is_among(&self, subjects: &[EnquirySubject], to: &Issuer) -> bool {
        let number = self.number.as_deref().filter(|_| *to == self.issuer).map(number_as_read);
        subjects.iter().any(|one| match &one.certificate {
            Some(place) => *place == self.place,
            None => number.as_ref().is_some_and(|number| *number == number_as_read(one.number.as_str())),
        })
    }
}

impl Desk {
    /// The statements whose words go with what a certificate says, as far as they are here still; of an enquiry, its
    /// answers before it, by which they are found. It reads from the disk.
    pub(in crate::workflow) fn said_of(&self, store: &dyn Store, entry: &EntryRef) -> Result<Vec<Held>, WorkflowError> {
        let Some(named) = Named::read(store, entry)? else { return Ok(Vec::new()) };
        let (mut said, mut left) = (Vec::new(), Vec::new());
        for subject in named.subjects() {
            for (one, held, statement) in self.held_about(&subject, OF_A_CERTIFICATE)? {
                let goes = match statement.opened.body {
                    OpenedBody::CustomsResponse(Some(body)) => body.certificate == named.place,
                    OpenedBody::Endorsement(Some(body)) => body.endorsed.place == named.place,
                    OpenedBody::Enquiry(enquiry) => {
                        let (jti, aud) = (statement.opened.envelope.jti, statement.opened.envelope.aud);
                        let asked = StatementRef { log: one.origin.clone(), jti };
                        let Addressee::Authority(to) = aud else { continue };
                        let goes = match enquiry {
                            Some(enquiry) => {
                                named.is_among(&enquiry.subjects, &to)
                                    && self.goes(asked.clone(), *enquiry, &to, entry)?
                            }
                            // Erased before, here or by who asked, it may be answered since; and nobody knows any more
                            // what else it asks about.
                            None => statement.disclosures == Disclosures::Erased && to == named.issuer,
                        };
                        if goes {
                            self.add_with_answers(asked, (one, held), &mut said)?;
                        }
                        continue;
                    }
                    _ => false,
                };
                if goes {
                    said.push((one, held));
                }
            }
        }
        for (one, held) in said {
            let shown = matches!(held.disclosures(&one.origin, one.index)?, Some(Disclosures::Present(_)));
            if shown && self.keeps(&one.origin, &held) {
                left.push((one, held));
            }
        }
        Ok(left)
    }

    /// Whether an enquiry about a certificate waits for its answer, and the day of that is not over, or who asked has yet to
    /// get the answer; or nobody knows yet, for the logs where it stands are still to be opened here. It reads from the disk.
    pub(in crate::workflow) fn awaits_answer(
        &self,
        store: &Arc<dyn Store>,
        entry: &EntryRef,
    ) -> Result<bool, WorkflowError> {
        let Some(named) = Named::read(store.as_ref(), entry)? else { return Ok(false) };
        let own = Arc::ptr_eq(store, self.store());
        let side = if own { Side::Asked } else { Side::Asking };
        let trust = self.trust();
        let other = if own { trust.addressee_of(&entry.origin) } else { Some(&named.issuer) };
        if let Some(other) = other
            && !self.are_open(other, Vec::new())?
        {
            return Ok(true);
        }
        for view in self.asked_about(side, &named)? {
            let awaited = view.is_open() && !view.overdue;
            if awaited || (own && !self.has_its_answers(&view)?) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether of an own certificate no question would go that is still to be answered, and no answer before who asked has
    /// it; what arrived is answered by others. It reads from the disk.
    pub fn owes_no_answer(&self, name: &ErasedName) -> Result<(), WorkflowError> {
        let ErasedName::Own(name) = name else { return Ok(()) };
        let store = self.store().as_ref();
        let entry = record::find(store, name)?;
        let Some(named) = Named::read(store, &entry)? else { return Ok(()) };
        for view in self.asked_about(Side::Asked, &named)? {
            let Some(enquiry) = &view.enquiry else { continue };
            if !self.goes(view.place.clone(), enquiry.clone(), &view.to, &entry)? {
                continue;
            }
            // What another authority of this node asks stays, but nobody goes on from an answer in part that is gone.
            let in_part = view.counting().any(|one| one.reply.reply.act == ReplyAct::Partial);
            if view.is_open() && (in_part || self.is_copied(&view.place.log)) {
                let (enquiry, due) = (view.place.jti, view.reply_due);
                return Err(EnquiryRefused::AnswerAwaited { enquiry, due }.into());
            }
            if !self.has_its_answers(&view)? {
                return Err(EnquiryRefused::AnswerOwed(view.place.jti).into());
            }
        }
        Ok(())
    }

    /// The enquiries of a side about a certificate, as far as they are not erased.
    fn asked_about(&self, side: Side, named: &Named) -> Result<Vec<EnquiryView>, WorkflowError> {
        let mut views = Vec::new();
        for subject in named.subjects() {
            for asking in self.asking_stores(side) {
                for (_, statement) in all_about(asking.as_ref(), &subject, &[Kind::Enquiry])? {
                    match self.enquiry_of(side, &statement.opened.envelope.jti) {
                        Ok(view) if named.is_among(view.subjects(), &view.to) => views.push(view),
                        Ok(_) | Err(WorkflowError::EnquiryUnknown) => {}
                        Err(error) => return Err(error),
                    }
                }
            }
        }
        Ok(views)
    }

    /// Whether who asked has said that it has what was answered here: what it lacks it would never get, and could not tell
    /// from no answer. Another authority of this node reads it where it stands.
    fn has_its_answers(&self, view: &EnquiryView) -> Result<bool, WorkflowError> {
        if !self.is_copied(&view.place.log) {
            return Ok(true);
        }
        let store = self.store().as_ref();
        for reply in view.counting() {
            if let Some(entry) = store.find(&reply.jti)?
                && !is_receipted(store, &entry)?
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether a log of another is kept here as a copy, which no authority of this node writes.
    pub(super) fn is_copied(&self, log: &Origin) -> bool {
        let partners = &self.setup().partners;
        !partners.is_hosted(log) || partners.copies().iter().any(|(copy, _)| copy == log)
    }

    /// Whether an enquiry goes with a certificate: nothing else that it asks about is kept here, nor that one which it
    /// clarifies asks about, of which its answers are a part.
    fn goes(
        &self,
        mut asked: StatementRef,
        mut enquiry: Enquiry,
        to: &Issuer,
        doomed: &EntryRef,
    ) -> Result<bool, WorkflowError> {
        loop {
            // Those asked about last are mostly the last to go.
            for subject in enquiry.subjects.iter().rev() {
                if self.is_kept(subject, to, doomed)? {
                    return Ok(false);
                }
            }
            let Some(reply) = &enquiry.clarifies else { return Ok(true) };
            match self.clarified_by(reply)? {
                // Each is later than the one that it clarifies, so that a circle of them has an end.
                Some((earlier, clarified)) if earlier.jti < asked.jti => (asked, enquiry) = (earlier, clarified),
                _ => return Ok(true),
            }
        }
    }

    /// Whether something else that is asked about is here and not erased: a certificate, or a registered paper, which is
    /// never.
    fn is_kept(&self, subject: &EnquirySubject, to: &Issuer, doomed: &EntryRef) -> Result<bool, WorkflowError> {
        let own = *to == self.setup().issuer;
        let stores = if own { vec![Arc::clone(self.store())] } else { self.stores_addressed() };
        for store in stores {
            let entries: Vec<EntryRef> = match &subject.certificate {
                Some(place) => store.find(&place.jti)?.into_iter().filter(|entry| entry.origin == place.log).collect(),
                None => {
                    let number = subject.number.to_string();
                    let known = about(store.as_ref(), &Subject::Number(number.clone()))?.into_iter();
                    let known = known.filter(|one| one.kind != Kind::Enquiry).map(|one| one.entry);
                    let issued = known.chain(numbered(store.as_ref(), &number)?);
                    issued.filter(|entry| entry.origin.host() == to.host()).collect()
                }
            };
            for entry in entries.iter().filter(|entry| *entry != doomed) {
                if !is_erased(store.as_ref(), entry)? && (own || !self.is_erased_by(store.as_ref(), entry)?) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// The enquiry that a reply answers, as far as both are here.
    fn clarified_by(&self, reply: &StatementRef) -> Result<Option<(StatementRef, Enquiry)>, StoreError> {
        let Some(reply) = self.held_at(reply)? else { return Ok(None) };
        let OpenedBody::EnquiryReply(Some(reply)) = reply.opened.body else { return Ok(None) };
        let Some(asked) = self.held_at(&reply.enquiry)? else { return Ok(None) };
        let OpenedBody::Enquiry(Some(enquiry)) = asked.opened.body else { return Ok(None) };
        Ok(Some((reply.enquiry, *enquiry)))
    }

    /// Adds an enquiry behind what was answered to it, and behind what clarified that.
    fn add_with_answers(&self, asked: StatementRef, place: Held, said: &mut Vec<Held>) -> Result<(), StoreError> {
        // Each is followed by what it was found by; so the last that was found stands first.
        let (mut found, mut next) = (vec![place], vec![asked]);
        while let Some(asked) = next.pop() {
            for (one, held, statement) in self.held_about(&Subject::Statement(asked.jti), &[Kind::EnquiryReply])? {
                let OpenedBody::EnquiryReply(Some(body)) = statement.opened.body else { continue };
                if body.enquiry != asked {
                    continue;
                }
                let reply = StatementRef { log: one.origin.clone(), jti: statement.opened.envelope.jti };
                found.push((one, held));
                for (one, held, statement) in self.held_about(&Subject::Statement(reply.jti), &[Kind::Enquiry])? {
                    let OpenedBody::Enquiry(Some(body)) = statement.opened.body else { continue };
                    let clarifying = StatementRef { log: one.origin.clone(), jti: statement.opened.envelope.jti };
                    if body.clarifies.as_ref() == Some(&reply) && clarifying.jti > asked.jti {
                        found.push((one, held));
                        next.push(clarifying);
                    }
                }
            }
        }
        said.extend(found.into_iter().rev());
        Ok(())
    }

    /// What is said about something in the own logs and in those addressed to this authority.
    fn held_about(
        &self,
        subject: &Subject,
        kinds: &[Kind],
    ) -> Result<Vec<(EntryRef, Arc<dyn Store>, Statement)>, StoreError> {
        let mut found = Vec::new();
        for store in self.stores_held() {
            for (entry, statement) in all_about(store.as_ref(), subject, kinds)? {
                if Arc::ptr_eq(&store, self.store()) || self.is_addressed(&entry) {
                    found.push((entry, Arc::clone(&store), statement));
                }
            }
        }
        Ok(found)
    }

    /// The statement at a place that others name.
    fn held_at(&self, place: &StatementRef) -> Result<Option<Statement>, StoreError> {
        for store in self.stores_held() {
            if let Some(entry) = store.find(&place.jti)?.filter(|entry| entry.origin == place.log) {
                return statement_at(store.as_ref(), &entry);
            }
        }
        Ok(None)
    }

    fn is_addressed(&self, entry: &EntryRef) -> bool {
        self.trust().addressee_of(&entry.origin) == Some(&self.setup().issuer)
    }

    /// Whether what a store has of a log is this authority's to erase: it is its own, or a copy, be that closed by now.
    fn keeps(&self, origin: &Origin, store: &Arc<dyn Store>) -> bool {
        let partners = &self.setup().partners;
        let is_copy = || partners.copies().iter().any(|(_, copy)| Arc::ptr_eq(copy, store));
        Arc::ptr_eq(store, self.store()) || !partners.is_hosted(origin) || is_copy()
    }

    /// The own store and those of others' logs, each once.
    fn stores_held(&self) -> Vec<Arc<dyn Store>> {
        let mut stores = vec![Arc::clone(self.store())];
        for (_, store) in self.setup().partners.logs() {
            if !stores.iter().any(|known| Arc::ptr_eq(known, &store)) {
                stores.push(store);
            }
        }
        stores
    }
}

/// Whether what a statement says is gone here for good: what did not come yet may come.
pub(super) fn is_erased(store: &dyn Store, entry: &EntryRef) -> Result<bool, StoreError> {
    match store.disclosures(&entry.origin, entry.index)? {
        Some(Disclosures::Present(_)) => Ok(false),
        Some(Disclosures::None) => inbox::is_erased_there(store, &entry.origin, entry.index),
        Some(Disclosures::Erased) | None => Ok(true),
    }
}

/// What a store has about something, shown or erased; findings too: they say it all the same.
fn all_about(store: &dyn Store, subject: &Subject, kinds: &[Kind]) -> Result<Vec<(EntryRef, Statement)>, StoreError> {
    let mut said = Vec::new();
    for one in about(store, subject)?.into_iter().filter(|one| kinds.contains(&one.kind)) {
        if let Some(statement) = statement_at(store, &one.entry)? {
            said.push((one.entry, statement));
        }
    }
    Ok(said)
}
