//! What becomes of this authority's own certificates abroad: received, used, denied, asked about.

use super::arrival::{instant, statements_about};
use crate::{
    office::Caller,
    statement::{CustomsResponse, Endorsement, Enquiry, EnquiryReply, Issuer, Jti, Kind, OpenedBody, ResponseCode},
    store::Subject,
    time::Timestamp,
    workflow::{CertificateName, Desk, WorkflowError},
};
use std::collections::BTreeMap;

/// Something that another authority, or this one in answer to it, said of a certificate.
#[derive(Debug, Clone)]
pub struct AbroadNote {
    /// The statement.
    pub jti: Jti,
    /// Who said it.
    pub by: Issuer,
    /// When it was readable here.
    pub at: Option<Timestamp>,
    /// What.
    pub what: Abroad,
    /// Whether a later statement took its place or took it back.
    pub amended: bool,
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
    /// What was answered to that.
    Reply(Box<EnquiryReply>),
}

impl Desk {
    /// What became of a certificate abroad, in the order it was heard of, for whoever may read the certificate. It reads
    /// from the disk.
    pub fn abroad(&self, caller: &Caller, name: &CertificateName) -> Result<Vec<AbroadNote>, WorkflowError> {
        let entry = self.readable(caller, name)?;
        let facts = self.store().facts(&entry.origin, entry.index)?.ok_or(WorkflowError::CertificateUnknown)?;
        self.abroad_of(&facts.jti)
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
                        _ => continue,
                    };
                    let (jti, by) = (statement.opened.envelope.jti, statement.opened.envelope.iss);
                    notes.push(AbroadNote { jti, by, at: instant(about.at_ms), what, amended: false });
                }
            }
        }
        let asked = notes.iter().filter(|note| matches!(note.what, Abroad::Enquiry(_))).map(|note| note.jti);
        for enquiry in asked.collect::<Vec<_>>() {
            let about = statements_about(self.store().as_ref(), &Subject::Statement(enquiry), Kind::EnquiryReply)?;
            for (about, statement) in about {
                let OpenedBody::EnquiryReply(Some(body)) = statement.opened.body else { continue };
                let (jti, by) = (statement.opened.envelope.jti, statement.opened.envelope.iss);
                notes.push(AbroadNote { jti, by, at: instant(about.at_ms), what: Abroad::Reply(body), amended: false });
            }
        }
        let amends = |note: &AbroadNote| match &note.what {
            Abroad::Response(response) => response.amends.as_ref().map(|place| place.jti),
            _ => None,
        };
        let amended = notes.iter().filter_map(amends).collect::<Vec<_>>();
        for note in &mut notes {
            note.amended = amended.contains(&note.jti);
        }
        notes.sort_by_key(|note| (note.at, note.jti));
        Ok(notes)
    }

    /// Whether customs abroad say that it was used, wholly or in part, and have not taken that back.
    pub(in crate::workflow) fn used_abroad(&self, jti: &Jti) -> Result<bool, WorkflowError> {
        let mut items: BTreeMap<Option<u32>, ResponseCode> = BTreeMap::new();
        for note in self.abroad_of(jti)?.into_iter().filter(|note| !note.amended) {
            if let Abroad::Response(response) = note.what {
                items.extend(response.decisions.iter().map(|one| (one.item, one.code)));
            }
        }
        Ok(items.values().any(|code| code.draws()))
    }
}
