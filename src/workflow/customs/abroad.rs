//! What becomes of this authority's own certificates abroad: received, used, denied, asked about.

use super::{
    again::over,
    arrival::{instant, statements_about},
    closed::said_about,
    using::reversed,
};
use crate::{
    certificate::Measure,
    office::{ActState, Action, Caller, CustomsAct},
    statement::{
        CustomsResponse, Endorsement, Enquiry, EnquiryReply, EnquirySubject, Envelope, Issuer, ItemDecision, Jti, Kind,
        OpenedBody, ResponseCode,
    },
    store::{Disclosures, Subject},
    time::{Date, Timestamp},
    workflow::{CertificateName, Desk, WorkflowError, changes::is_receipted},
};
use std::collections::{BTreeMap, BTreeSet};

/// Something that another authority, or this one in answer to it, said of a certificate.
#[derive(Debug, Clone)]
pub struct AbroadNote {
    /// The statement.
    pub jti: Jti,
    /// Who said it.
    pub by: Issuer,
    /// The civil day on which it was said, where that was.
    pub day: Date,
    /// Since when it is readable here: what came back after a loss is so since then, this authority's own words as well.
    pub at: Option<Timestamp>,
    /// What.
    pub what: Abroad,
    /// Whether a later statement took its place or took it back.
    pub amended: bool,
    /// Whether that took it back, and says nothing in its place.
    pub taken_back: bool,
    /// Whether it is an answer that came after the day that was in force then.
    pub late: bool,
    /// Of what customs decided, one by one, whether they decided it anew since; none of anything else.
    pub over: Vec<bool>,
}

/// What was said.
#[derive(Debug, Clone)]
pub enum Abroad {
    /// What customs did with it.
    Response(Box<CustomsResponse>),
    /// A word added to it.
    Endorsement(Box<Endorsement>),
    /// They ask about it.
    Enquiry(Box<Enquiry>),
    /// What was answered to that, of this certificate alone.
    Reply(Box<EnquiryReply>),
    /// A statement of that kind, whose words are erased here with what the certificate says.
    Erased(Kind),
}

impl AbroadNote {
    fn of(Envelope { jti, iss: by, day, .. }: Envelope, at_ms: u64, what: Abroad) -> Self {
        let (at, over) = (instant(at_ms), Vec::new());
        Self { jti, by, day, at, what, amended: false, taken_back: false, late: false, over }
    }
}

impl Desk {
    /// What became of a certificate abroad, in the order it was said, within an hour as it was heard of, for whoever may
    /// read the certificate. What customs remark is for the issuer, and left out for others. Of an enquiry about certificates
    /// that this reader may not read, what is said of all together is left out too: it may be about theirs. It reads from the
    /// disk.
    pub fn abroad(&self, caller: &Caller, name: &CertificateName) -> Result<Vec<AbroadNote>, WorkflowError> {
        let entry = self.readable(caller, name)?;
        let facts = self.store().facts(&entry.origin, entry.index)?.ok_or(WorkflowError::CertificateUnknown)?;
        let mut notes = self.abroad_of(&facts.jti)?;
        self.find_late(&mut notes)?;
        if !caller.may(Action::ReadCertificate) {
            leave_out_remarks(&mut notes);
            self.leave_out_others(caller, &facts.jti, &mut notes)?;
        }
        Ok(notes)
    }

    fn find_late(&self, notes: &mut [AbroadNote]) -> Result<(), WorkflowError> {
        for note in notes {
            let Abroad::Reply(reply) = &note.what else { continue };
            let asked = match self.incoming(&reply.enquiry.jti) {
                Ok(asked) => asked,
                Err(WorkflowError::EnquiryUnknown) => continue,
                Err(error) => return Err(error),
            };
            note.late = asked.replies.iter().any(|one| one.jti == note.jti && one.late);
        }
        Ok(())
    }

    fn leave_out_others(&self, caller: &Caller, own: &Jti, notes: &mut [AbroadNote]) -> Result<(), WorkflowError> {
        let mut shared = BTreeSet::new();
        for note in notes.iter() {
            let is_shared = match &note.what {
                Abroad::Enquiry(enquiry) => !self.reads_every(caller, &enquiry.subjects)?,
                // Erased by who asked, it may have been about others too, and its answers are here still.
                Abroad::Erased(kind) => *kind == Kind::Enquiry,
                _ => false,
            };
            if is_shared {
                shared.insert(note.jti);
            }
        }
        for note in notes {
            match &mut note.what {
                Abroad::Enquiry(enquiry) if shared.contains(&note.jti) => {
                    enquiry.subjects.retain(|subject| is_about(subject, own));
                    enquiry.asked.question = None;
                    enquiry.documents.clear();
                }
                Abroad::Reply(reply) if shared.contains(&reply.enquiry.jti) => {
                    reply.reply.words = None;
                    reply.documents.clear();
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether the caller may read all that are asked about; one that is known by its number alone is nobody's.
    fn reads_every(&self, caller: &Caller, subjects: &[EnquirySubject]) -> Result<bool, WorkflowError> {
        for subject in subjects {
            let Some(certificate) = &subject.certificate else { return Ok(false) };
            match self.readable(caller, &CertificateName::Jti(certificate.jti)) {
                Ok(_) => {}
                Err(WorkflowError::Store(error)) => return Err(error.into()),
                Err(_) => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Customs of the importing country, where they said that a certificate came whole, for whoever may read it. It reads
    /// from the disk.
    pub fn received_by(&self, caller: &Caller, name: &CertificateName) -> Result<Option<Issuer>, WorkflowError> {
        let entry = self.readable(caller, name)?;
        let received = is_receipted(self.store().as_ref(), &entry)?;
        Ok(received.then(|| self.trust().addressee_of(&entry.origin).cloned()).flatten())
    }

    /// The same of a certificate by its identifier.
    pub(in crate::workflow) fn abroad_of(&self, jti: &Jti) -> Result<Vec<AbroadNote>, WorkflowError> {
        let mut notes = Vec::new();
        let subject = Subject::Statement(*jti);
        for store in self.stores_addressed() {
            for kind in [Kind::CustomsResponse, Kind::Endorsement, Kind::Enquiry] {
                for (about, statement) in statements_about(store.as_ref(), &subject, kind)? {
                    let what = match statement.opened.body {
                        OpenedBody::CustomsResponse(Some(body)) => Abroad::Response(body),
                        OpenedBody::Endorsement(Some(body)) => Abroad::Endorsement(body),
                        OpenedBody::Enquiry(Some(body)) => Abroad::Enquiry(body),
                        _ if statement.disclosures == Disclosures::Erased => Abroad::Erased(kind),
                        _ => continue,
                    };
                    notes.push(AbroadNote::of(statement.opened.envelope, about.at_ms, what));
                }
            }
        }
        let asked = notes.iter().filter_map(|note| match &note.what {
            Abroad::Enquiry(enquiry) => Some((note.jti, places_of(jti, &enquiry.subjects))),
            Abroad::Erased(Kind::Enquiry) => Some((note.jti, BTreeSet::new())),
            _ => None,
        });
        for (enquiry, places) in asked.collect::<Vec<_>>() {
            let (trust, subject) = (self.trust(), Subject::Statement(enquiry));
            let said = said_about(self.store().as_ref(), &trust, &subject, Kind::EnquiryReply)?;
            // What stands past the closing of the own key is said again.
            for said in said.into_iter().filter(|said| said.key_closed.is_none()) {
                let what = match said.entry.body {
                    OpenedBody::EnquiryReply(Some(mut body)) => {
                        // One enquiry asks about the certificates of many exporters.
                        body.answers.retain(|answer| places.contains(&answer.subject));
                        Abroad::Reply(body)
                    }
                    OpenedBody::EnquiryReply(None) => Abroad::Erased(Kind::EnquiryReply),
                    _ => continue,
                };
                notes.push(AbroadNote::of(said.entry.envelope, said.about.at_ms, what));
            }
        }
        let amends = |note: &AbroadNote| match &note.what {
            Abroad::Response(response) => {
                let taken_back = response.decisions.iter().all(|one| one.code == ResponseCode::Reversed);
                response.amends.as_ref().map(|place| (place.jti, taken_back))
            }
            _ => None,
        };
        let amended = notes.iter().filter_map(amends).collect::<BTreeMap<_, _>>();
        for note in &mut notes {
            let by = amended.get(&note.jti);
            (note.amended, note.taken_back) = (by.is_some(), by.is_some_and(|taken_back| *taken_back));
            note.day = self.said_on(&note.by, &note.jti, note.day);
        }
        // After a loss all came back together, and only the statements themselves tell what was before.
        notes.sort_by_key(|note| (note.jti.hour_ms(), note.at, note.jti));
        find_over(&mut notes);
        with_what_is_left(&mut notes);
        Ok(notes)
    }

    /// Whether customs abroad say that it was used, wholly or in part, and have not taken that back.
    pub(in crate::workflow) fn used_abroad(&self, jti: &Jti) -> Result<bool, WorkflowError> {
        Ok(self.abroad_of(jti)?.iter().filter(|note| !note.amended).any(|note| match &note.what {
            Abroad::Response(response) => response.decisions.iter().any(|one| one.code.draws()),
            // Nobody knows here any more that it was not.
            Abroad::Erased(kind) => *kind == Kind::CustomsResponse,
            Abroad::Endorsement(_) | Abroad::Enquiry(_) | Abroad::Reply(_) => false,
        }))
    }
}

fn leave_out_remarks(notes: &mut [AbroadNote]) {
    for note in notes {
        if let Abroad::Response(response) = &mut note.what {
            response.remarks = None;
        }
    }
}

fn is_about(subject: &EnquirySubject, own: &Jti) -> bool {
    subject.certificate.as_ref().is_some_and(|certificate| certificate.jti == *own)
}

/// The places in an enquiry at which it asks about a certificate.
fn places_of(own: &Jti, subjects: &[EnquirySubject]) -> BTreeSet<u32> {
    (1..).zip(subjects).filter(|(_, subject)| is_about(subject, own)).map(|(place, _)| place).collect()
}

/// Finds what customs decided anew since: they say nothing of what they decided before.
fn find_over(notes: &mut [AbroadNote]) {
    let heard = (1..).zip(notes.iter()).filter_map(|(place, note)| {
        let Abroad::Response(response) = &note.what else { return None };
        // What took its place is a note of its own.
        let state = if note.amended { ActState::Amended(0) } else { ActState::Counts };
        Some(CustomsAct::heard((note.jti, place), response, state))
    });
    let acts = heard.collect::<Vec<_>>();
    for note in notes {
        let act = acts.iter().find(|act| act.statement == Some(note.jti));
        note.over = act.map(|act| over(&acts, act)).unwrap_or_default();
    }
}

/// Says what is left of an item when some of it was given back: that follows from what was left before, and customs do not
/// say it; nor do they name an item that an amended write-off held and its successor does not, which is given back whole.
fn with_what_is_left(notes: &mut [AbroadNote]) {
    let mut left: BTreeMap<u32, Measure> = BTreeMap::new();
    let mut held: BTreeMap<Jti, Vec<ItemDecision>> = BTreeMap::new();
    for note in notes {
        let Abroad::Response(response) = &mut note.what else { continue };
        let before = response.amends.as_ref().and_then(|place| held.remove(&place.jti)).unwrap_or_default();
        held.insert(note.jti, response.decisions.iter().filter(|one| one.code.draws()).cloned().collect());
        let named = response.decisions.iter().filter_map(|one| one.item).collect::<BTreeSet<_>>();
        let dropped = before.iter().filter(|one| one.item.is_some_and(|item| !named.contains(&item)));
        response.decisions.extend(dropped.map(reversed));
        for one in &mut response.decisions {
            let Some(item) = one.item else { continue };
            if one.code == ResponseCode::Reversed && one.left.is_none() {
                one.left = one.quantity.as_ref().and_then(|back| given_back(left.get(&item)?, back));
            }
            if let Some(now) = &one.left {
                left.insert(item, now.clone());
            }
        }
    }
}

fn given_back(left: &Measure, back: &Measure) -> Option<Measure> {
    let value = left.value.checked_add(back.in_unit(&left.unit)?.value)?;
    Some(Measure { value, unit: left.unit.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement::StatementRef;

    #[test]
    fn what_customs_remark_to_the_issuer_is_for_its_officers_alone() {
        let jti = Jti([7; 16]);
        let certificate = StatementRef { log: "tdap.gov.pk/log/2026/cn".parse().unwrap(), jti };
        let response = CustomsResponse {
            certificate,
            declaration: None,
            decisions: Vec::new(),
            amends: None,
            enquiry: None,
            remarks: Some("its issuer confirmed it by letter".parse().unwrap()),
        };
        let by = "https://customs.gov.cn".parse().unwrap();
        let what = Abroad::Response(Box::new(response));
        let day = "2026-11-30".parse().unwrap();
        let (at, over) = (None, Vec::new());
        let mut notes = [AbroadNote { jti, by, day, at, what, amended: false, taken_back: false, late: false, over }];
        leave_out_remarks(&mut notes);
        let Abroad::Response(response) = &notes[0].what else { panic!("{notes:?}") };
        assert_eq!(response.remarks, None);
    }
}
