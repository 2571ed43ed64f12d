//! What a statement means to whom: the changes that an entry of a log is, of this authority's or of a partner's.

use super::super::{CertificateRecord, WorkflowError, applications, customs::statement_at};
use super::{ArrivalEvent, Audience, CertificateEvent, EnquiryEvent, Said, What, reader::Portion};
use crate::{
    inbox,
    office::{Application, ApplicationId},
    sequencer::IssuedFor,
    statement::{
        Addressee, CustomsResponse, Endorsement, Enquiry, EnquiryReply, Envelope, Issuer, Jti, OpenedBody, StatementRef,
    },
    store::{EntryRef, Store},
};
use std::sync::{Arc, OnceLock};

/// A change that an entry is, and which of those that it is.
pub(super) struct Part {
    /// Its number among those of the entry: the same whenever it is read.
    pub(super) number: u64,
    pub(super) what: What,
    pub(super) audience: Audience,
}

impl Part {
    /// The one change that an entry is, if it is any.
    pub(super) fn alone(change: Option<(What, Audience)>) -> Vec<Self> {
        change.into_iter().map(|(what, audience)| Self { number: 0, what, audience }).collect()
    }
}

impl Portion<'_> {
    /// A published entry of this authority: a certificate, a change of one's status, what was done with a partner's, a
    /// question or an answer, or nothing that concerns anybody here.
    pub(super) fn published(&mut self, entry: &EntryRef) -> Result<Vec<Part>, WorkflowError> {
        if let Some(issued) = self.certificate(entry, CertificateEvent::Issued)? {
            return Ok(Part::alone(Some(issued)));
        }
        let Some(statement) = statement_at(self.store, entry)? else { return Ok(Vec::new()) };
        let Envelope { iss, aud, jti, .. } = statement.opened.envelope;
        match statement.opened.body {
            OpenedBody::StatusChange(change) => {
                let Some(target) = self.store.find(&change.change.target.jti)? else { return Ok(Vec::new()) };
                let event = CertificateEvent::Changed { act: change.change.act, items: change.change.items, by: jti };
                self.certificate(&target, event).map(Part::alone)
            }
            OpenedBody::CustomsResponse(Some(response)) => {
                self.arrival(&response.certificate, ArrivalEvent::Told(responded(jti, &response)))
            }
            OpenedBody::Endorsement(Some(one)) => {
                self.arrival(&one.endorsed.place, ArrivalEvent::Told(endorsed(jti, &one)))
            }
            OpenedBody::Enquiry(Some(enquiry)) => {
                let Addressee::Authority(to) = aud else { return Ok(Vec::new()) };
                Ok(Part::alone(Some(raised((jti, iss, to), &enquiry))))
            }
            OpenedBody::EnquiryReply(Some(reply)) => self.answered(jti, &reply),
            _ => Ok(Vec::new()),
        }
    }

    /// An entry of a partner's log to this authority, which is no finding.
    pub(super) fn heard(&mut self, entry: &EntryRef) -> Result<Vec<Part>, WorkflowError> {
        // The log may have gone since, with all that stood in it.
        let Some(held) = self.held(&entry.origin) else { return Ok(Vec::new()) };
        if inbox::is_finding(held.as_ref(), &entry.origin, entry.index)? {
            return Ok(Vec::new());
        }
        let Some(statement) = statement_at(held.as_ref(), entry)? else { return Ok(Vec::new()) };
        let Envelope { iss, aud, jti, .. } = statement.opened.envelope;
        match statement.opened.body {
            OpenedBody::Certificate(_) => Ok(arrived(entry.clone(), jti, iss, ArrivalEvent::Arrived)),
            OpenedBody::PaperCertificate(Some(_)) => Ok(arrived(entry.clone(), jti, iss, ArrivalEvent::OnPaper)),
            OpenedBody::StatusChange(change) => {
                let change = change.change;
                // A later log of the same authority speaks for a closed one, which is kept in a store of its own.
                let own = change.target.log.host() == entry.origin.host();
                let Some(named) = self.held(&change.target.log).filter(|_| own) else { return Ok(Vec::new()) };
                let Some(target) = named.find(&change.target.jti)? else { return Ok(Vec::new()) };
                let event = ArrivalEvent::Changed { act: change.act, items: change.items, by: jti };
                Ok(arrived(target, change.target.jti, iss, event))
            }
            OpenedBody::CustomsResponse(Some(response)) => {
                let event = CertificateEvent::Abroad { by: iss, said: responded(jti, &response) };
                self.own(&response.certificate.jti, event).map(Part::alone)
            }
            OpenedBody::Endorsement(Some(one)) => {
                let event = CertificateEvent::Abroad { by: iss, said: endorsed(jti, &one) };
                self.own(&one.endorsed.place.jti, event).map(Part::alone)
            }
            OpenedBody::Enquiry(Some(enquiry)) => {
                let Addressee::Authority(to) = aud else { return Ok(Vec::new()) };
                let mut parts = Part::alone(Some(raised((jti, iss.clone(), to), &enquiry)));
                for (number, subject) in (1..).zip(&enquiry.subjects) {
                    let Some(place) = &subject.certificate else { continue };
                    let event = CertificateEvent::Asked { by: iss.clone(), enquiry: jti };
                    let asked = self.own(&place.jti, event)?;
                    parts.extend(asked.map(|(what, audience)| Part { number, what, audience }));
                }
                Ok(parts)
            }
            OpenedBody::EnquiryReply(Some(reply)) => {
                let asked = self.store.find(&reply.enquiry.jti)?;
                let asked = asked.map(|entry| statement_at(self.store, &entry)).transpose()?.flatten();
                let asked = asked.map(|statement| statement.opened.envelope);
                // Whoever was not asked answers nothing.
                let from = asked.filter(|asked| asked.aud == Addressee::Authority(iss.clone())).map(|asked| asked.iss);
                Ok(Part::alone(from.map(|from| replied((from, iss), jti, &reply))))
            }
            _ => Ok(Vec::new()),
        }
    }

    /// An answer of this authority: of the enquiry, and of each certificate that it answers about.
    fn answered(&mut self, jti: Jti, reply: &EnquiryReply) -> Result<Vec<Part>, WorkflowError> {
        let Some(held) = self.held(&reply.enquiry.log) else { return Ok(Vec::new()) };
        let entry = held.find(&reply.enquiry.jti)?;
        let asked = entry.map(|entry| statement_at(held.as_ref(), &entry)).transpose()?.flatten();
        let Some(asked) = asked else { return Ok(Vec::new()) };
        let Envelope { iss, aud, .. } = asked.opened.envelope;
        let (Addressee::Authority(to), OpenedBody::Enquiry(Some(enquiry))) = (aud, asked.opened.body) else {
            return Ok(Vec::new());
        };
        let mut parts = Part::alone(Some(replied((iss, to), jti, reply)));
        for answer in &reply.answers {
            let nth = usize::try_from(answer.subject).ok().and_then(|nth| nth.checked_sub(1));
            let subject = nth.and_then(|nth| enquiry.subjects.get(nth));
            let Some(place) = subject.and_then(|subject| subject.certificate.as_ref()) else { continue };
            let event = CertificateEvent::Answered { enquiry: reply.enquiry.jti, by: jti, finding: answer.finding };
            let told = self.own(&place.jti, event)?;
            let number = u64::from(answer.subject);
            parts.extend(told.map(|(what, audience)| Part { number, what, audience }));
        }
        Ok(parts)
    }

    /// Something that became of a certificate of a partner, if it is kept here.
    fn arrival(&mut self, place: &StatementRef, event: ArrivalEvent) -> Result<Vec<Part>, WorkflowError> {
        let Some(held) = self.held(&place.log) else { return Ok(Vec::new()) };
        let Some(entry) = held.find(&place.jti)? else { return Ok(Vec::new()) };
        let issuer = statement_at(held.as_ref(), &entry)?.map(|statement| statement.opened.envelope.iss);
        Ok(issuer.map(|issuer| arrived(entry, place.jti, issuer, event)).unwrap_or_default())
    }

    /// Something that became of a certificate of this authority, by its identifier.
    fn own(&self, jti: &Jti, event: CertificateEvent) -> Result<Option<(What, Audience)>, WorkflowError> {
        match self.store.find(jti)? {
            Some(entry) => self.certificate(&entry, event),
            None => Ok(None),
        }
    }

    /// Something that became of the certificate at a place.
    pub(super) fn certificate(
        &self,
        entry: &EntryRef,
        event: CertificateEvent,
    ) -> Result<Option<(What, Audience)>, WorkflowError> {
        let facts = self.store.facts(&entry.origin, entry.index)?;
        let Some(facts) = facts.filter(|facts| facts.status_index.is_some()) else { return Ok(None) };
        let audience = self.audience(entry)?;
        let (entry, jti) = (entry.clone(), facts.jti);
        Ok(Some((What::Certificate { entry, jti, event, number: OnceLock::new() }, audience)))
    }

    /// For whom a certificate was issued; by what it says, where nothing is noted of it.
    fn audience(&self, entry: &EntryRef) -> Result<Audience, WorkflowError> {
        if let Some(IssuedFor { by, office, application }) = IssuedFor::of(self.store, entry)? {
            let application = match application {
                Some(id) => self.kept(id)?,
                None => None,
            };
            return Ok(Audience { application, office: Some(office), by: Some(by) });
        }
        let record = CertificateRecord::read(self.store, entry)?;
        let office = record.certificate.reference.into_option().map(|reference| reference.office.code);
        Ok(Audience { application: None, office, by: None })
    }

    fn kept(&self, id: ApplicationId) -> Result<Option<Arc<Application>>, WorkflowError> {
        match self.applications.get(&id) {
            Some(known) => Ok(known.clone()),
            None => read_application(self.store, id),
        }
    }

    pub(super) fn application(&mut self, id: ApplicationId) -> Result<Option<Arc<Application>>, WorkflowError> {
        let found = self.kept(id)?;
        self.applications.insert(id, found.clone());
        Ok(found)
    }
}

fn read_application(store: &dyn Store, id: ApplicationId) -> Result<Option<Arc<Application>>, WorkflowError> {
    match applications::kept(store, id) {
        Ok(application) => Ok(Some(Arc::new(application))),
        Err(WorkflowError::ApplicationUnknown(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Arrivals are of the whole authority: who may read any may hear of each.
fn arrived(entry: EntryRef, jti: Jti, issuer: Issuer, event: ArrivalEvent) -> Vec<Part> {
    let what = What::Arrival { entry, jti, issuer, event, number: OnceLock::new() };
    Part::alone(Some((what, Audience::default())))
}

fn raised((jti, from, to): (Jti, Issuer, Issuer), enquiry: &Enquiry) -> (What, Audience) {
    let event = EnquiryEvent::Raised { clarifies: enquiry.clarifies.as_ref().map(|place| place.jti) };
    (What::Enquiry { jti, from, to, event }, Audience::default())
}

fn replied((from, to): (Issuer, Issuer), by: Jti, reply: &EnquiryReply) -> (What, Audience) {
    let event = EnquiryEvent::Replied { by, act: reply.reply.act, reply_by: reply.reply.reply_by };
    (What::Enquiry { jti: reply.enquiry.jti, from, to, event }, Audience::default())
}

fn responded(statement: Jti, response: &CustomsResponse) -> Said {
    Said::Response {
        statement,
        codes: response.decisions.iter().map(|one| (one.item, one.code)).collect(),
        amends: response.amends.as_ref().map(|place| place.jti),
    }
}

fn endorsed(statement: Jti, one: &Endorsement) -> Said {
    Said::Endorsement { statement, act: one.endorsement.act }
}
