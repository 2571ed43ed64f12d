//! What an answer says that the own logs do not, or that another answer does not: who gives it is told before it is signed.

use super::{EnquiryView, Notice, ReplyView, arrival::statements_about, enquiries::Side, standing::is_same};
use crate::{
    reason::some_of,
    statement::{EnquirySubject, ItemAnswer, Jti, Kind, Status, SubjectAnswer, SubjectFinding},
    store::{Subject, about},
    workflow::{CertificateRecord, Desk, Stands, WorkflowError, record::numbered},
};
use std::collections::BTreeSet;

impl Desk {
    /// Answers about numbers of which the own logs, or other answers, say something else. They may be right: a paper need not
    /// be registered, and more may be known by now.
    pub(super) fn at_odds(&self, view: &EnquiryView, answers: &[SubjectAnswer]) -> Result<Vec<Notice>, WorkflowError> {
        let mut notices = Vec::new();
        for (place, subject) in (1_u32..).zip(view.subjects()) {
            let Some(answer) = answers.iter().find(|answer| answer.subject == place) else { continue };
            let (number, finding) = (&subject.number, answer.finding);
            let (reason, stands) = match (finding == SubjectFinding::NotIssued, self.is_issued(subject)?) {
                (true, true) => ("ISSUED_HERE", "is a certificate of this authority"),
                (false, false) => ("UNKNOWN_HERE", "is not a number that this node knows"),
                _ => continue,
            };
            let words = format!(
                "certificate {place}, {number}, {stands}, and the answer is {finding}: once signed it stays; if it \
                 is wrong then, tell who asked, who can ask again"
            );
            notices.push(Notice::new(reason, false, words));
        }
        notices.extend(self.without_force(view, answers)?);
        notices.extend(self.answered_otherwise(view, answers)?);
        Ok(notices)
    }

    /// Answers that find valid what was suspended, withdrawn, cancelled or replaced. They may be right: what it says may have
    /// been true when it was issued.
    fn without_force(&self, view: &EnquiryView, answers: &[SubjectAnswer]) -> Result<Vec<Notice>, WorkflowError> {
        let mut notices = Vec::new();
        for answer in answers {
            if !matches!(answer.finding, SubjectFinding::Valid | SubjectFinding::PartlyValid) {
                continue;
            }
            let Some(subject) = subject_at(view, answer.subject) else { continue };
            let Some(record) = self.own_asked_about(subject)? else { continue };
            let stands = match self.stands(&record)? {
                Stands::As(Status::InPart) => match self.items_without_force(&record, subject, answer)? {
                    Some(items) => items,
                    None => continue,
                },
                Stands::As(Status::Valid) | Stands::Unproven(_) | Stands::Unknown(_) => continue,
                other => format!("stands as {}", other.word()),
            };
            let words = format!(
                "certificate {}, {}, {stands}, and the answer is {}: once signed it stays, so say in words why it holds \
                 all the same",
                answer.subject, subject.number, answer.finding
            );
            notices.push(Notice::new("WITHOUT_FORCE", false, words));
        }
        Ok(notices)
    }

    /// Of the items that an answer finds valid those that have lost their force. Of one whose contents are erased nobody
    /// knows its items.
    fn items_without_force(
        &self,
        record: &CertificateRecord,
        subject: &EnquirySubject,
        answer: &SubjectAnswer,
    ) -> Result<Option<String>, WorkflowError> {
        if record.certificate.goods.as_option().is_none() {
            return Ok(None);
        }
        let found_valid = |item: u32| match answer.finding {
            SubjectFinding::PartlyValid => answer.items.iter().any(|one| one.item == item && one.valid),
            _ => subject.items.is_empty() || subject.items.contains(&item),
        };
        let (items, _) = self.items_of(record)?;
        let lost = items.into_iter().filter(|(item, status)| *status != Status::Valid && found_valid(*item));
        let lost = lost.map(|(item, status)| format!("{item} is {}", status.word())).collect::<Vec<_>>();
        Ok((!lost.is_empty()).then(|| format!("stands in part (item {})", some_of(lost))))
    }

    /// The certificate of this authority that is asked about, as far as it is here and can be read: the other side may name
    /// anything.
    pub(super) fn own_asked_about(&self, subject: &EnquirySubject) -> Result<Option<CertificateRecord>, WorkflowError> {
        let store = self.store().as_ref();
        let entry = match &subject.certificate {
            Some(certificate) => store.find(&certificate.jti)?,
            None => numbered(store, subject.number.as_str())?,
        };
        let Some(entry) = entry else { return Ok(None) };
        match CertificateRecord::read(store, &entry) {
            Ok(record) => Ok(Some(record)),
            Err(WorkflowError::Store(error)) => Err(error.into()),
            Err(_) => Ok(None),
        }
    }

    /// Other enquiries about the same certificates that were answered otherwise: nobody sees that two answers differ but who
    /// gives the second.
    fn answered_otherwise(&self, view: &EnquiryView, answers: &[SubjectAnswer]) -> Result<Vec<Notice>, WorkflowError> {
        let mut notices = Vec::new();
        for answer in answers {
            let Some(subject) = subject_at(view, answer.subject) else { continue };
            for enquiry in self.incoming_about(subject)?.into_iter().filter(|enquiry| *enquiry != view.place.jti) {
                let other = match self.incoming(&enquiry) {
                    Ok(other) => other,
                    Err(WorkflowError::EnquiryUnknown) => continue,
                    Err(error) => return Err(error),
                };
                if let Some((reply, before)) = found_otherwise(&other, view, answer) {
                    let on = reply.day.map_or_else(String::new, |day| format!(" on {day}"));
                    let words = format!(
                        "certificate {}, {}, was answered with {} in enquiry {enquiry}{on}, and the answer is {}: both \
                         stay, so say in words why they differ",
                        answer.subject, subject.number, before.finding, answer.finding
                    );
                    notices.push(Notice::new("ANSWERED_OTHERWISE", false, words));
                }
            }
        }
        Ok(notices)
    }

    /// The enquiries to this authority about a certificate: as such, and by its number where it was not known to who asks.
    fn incoming_about(&self, subject: &EnquirySubject) -> Result<BTreeSet<Jti>, WorkflowError> {
        let number = subject.number.to_string();
        let own = match &subject.certificate {
            Some(place) => Some(place.jti),
            None => match numbered(self.store().as_ref(), &number)? {
                Some(entry) => self.store().facts(&entry.origin, entry.index)?.map(|facts| facts.jti),
                None => None,
            },
        };
        let mut found = BTreeSet::new();
        for by in own.map(Subject::Statement).into_iter().chain([Subject::Number(number)]) {
            for store in self.asking_stores(Side::Asked) {
                let about = statements_about(store.as_ref(), &by, Kind::Enquiry)?;
                found.extend(about.into_iter().map(|(_, said)| said.opened.envelope.jti));
            }
        }
        Ok(found)
    }

    /// Whether this authority issued what is asked about, or registered it as paper, as far as the node knows.
    fn is_issued(&self, subject: &EnquirySubject) -> Result<bool, WorkflowError> {
        let store = self.store().as_ref();
        if let Some(certificate) = &subject.certificate
            && store.find(&certificate.jti)?.is_some()
        {
            return Ok(true);
        }
        let number = subject.number.to_string();
        let known = about(store, &Subject::Number(number.clone()))?;
        Ok(store.number_like(&number)?.is_some() || known.iter().any(|one| one.kind == Kind::PaperCertificate))
    }
}

/// The answer of another enquiry that finds something else of a certificate than an answer to this one, with its reply.
pub(super) fn found_otherwise<'a>(
    other: &'a EnquiryView,
    view: &EnquiryView,
    answer: &SubjectAnswer,
) -> Option<(&'a ReplyView, &'a SubjectAnswer)> {
    let asked = subject_at(view, answer.subject)?;
    let mut before = other.counting().flat_map(|reply| reply.reply.answers.iter().map(move |one| (reply, one)));
    before.find(|(_, one)| {
        let same = subject_at(other, one.subject).is_some_and(|subject| is_same(subject, asked));
        same && !agree(one, answer)
    })
}

/// What is asked about at a place of an enquiry.
pub(super) fn subject_at(view: &EnquiryView, place: u32) -> Option<&EnquirySubject> {
    view.subjects().get(usize::try_from(place).ok()?.checked_sub(1)?)
}

/// Whether two answers about one certificate find the same, also of each item that both name.
fn agree(one: &SubjectAnswer, other: &SubjectAnswer) -> bool {
    let against = |item: &ItemAnswer| other.items.iter().any(|own| own.item == item.item && own.valid != item.valid);
    one.finding == other.finding && !one.items.iter().any(against)
}
