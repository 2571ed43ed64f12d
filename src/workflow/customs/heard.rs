//! What an officer should know of a certificate whatever it is declared with: what its issuer found when it was asked,
//! and where its goods were said to go.

use super::{Arrival, EnquiryView, Notice, arrival::statements_about, enquiries::Side, notices::notices};
use crate::{
    statement::{
        EndorsementAct, EndorsementWords, EnquirySubject, ImportDeclaration, Issuer, Jti, Kind, OpenedBody,
        SubjectAnswer, SubjectFinding,
    },
    store::Subject,
    time::Date,
    workflow::{Desk, WorkflowError},
};

impl Desk {
    /// Everything that is to be known before a certificate is used with a declaration. It reads from the disk.
    pub(super) fn known(
        &self,
        arrival: &Arrival,
        declaration: &ImportDeclaration,
    ) -> Result<Vec<Notice>, WorkflowError> {
        let mut all = notices(arrival, self.edition_of(arrival), declaration, self.now());
        let today = self.own_today();
        if declaration.date > today {
            let words = format!("the declaration is of {}, and today is {today}", declaration.date);
            all.push(Notice::new("DECLARATION_AHEAD", true, words));
        }
        all.extend(self.heard(arrival)?);
        Ok(all)
    }

    /// What was answered to the enquiries about a certificate, and what this authority said of its destination.
    pub(super) fn heard(&self, arrival: &Arrival) -> Result<Vec<Notice>, WorkflowError> {
        let (store, subject) = (self.store().as_ref(), Subject::Statement(arrival.jti));
        let meant = |_: &EnquiryView, one: &EnquirySubject| {
            one.certificate.as_ref().is_some_and(|place| place.jti == arrival.jti)
        };
        let mut all = self.answers(&subject, meant)?;
        if let Some(reference) = arrival.certificate.reference.as_option() {
            all.extend(self.answered_of(reference.number.as_str(), Some(&arrival.issuer))?);
        }
        let own_country = Some(self.setup().country);
        for (_, endorsement) in statements_about(store, &subject, Kind::Endorsement)? {
            let OpenedBody::Endorsement(Some(body)) = endorsement.opened.body else { continue };
            let elsewhere = body.endorsement.destination.is_some() && body.endorsement.destination != own_country;
            if body.endorsement.act == EndorsementAct::DestinationChanged && elsewhere {
                all.push(went_elsewhere(&body.endorsement));
            }
        }
        Ok(all)
    }

    /// What was answered to the enquiries about a number that was not known here when it was asked about.
    pub(super) fn answered_of(&self, number: &str, issuer: Option<&Issuer>) -> Result<Vec<Notice>, WorkflowError> {
        self.answers(&Subject::Number(number.to_owned()), |view, one| {
            let of_it = one.certificate.is_none() && one.number.as_str() == number;
            of_it && issuer.is_none_or(|issuer| *issuer == view.to)
        })
    }

    /// What was answered to the enquiries that are found by something, of the certificates that are meant.
    fn answers(
        &self,
        by: &Subject,
        meant: impl Fn(&EnquiryView, &EnquirySubject) -> bool,
    ) -> Result<Vec<Notice>, WorkflowError> {
        let mut all = Vec::new();
        for (_, enquiry) in statements_about(self.store().as_ref(), by, Kind::Enquiry)? {
            let view = match self.enquiry_of(Side::Asking, &enquiry.opened.envelope.jti) {
                Ok(view) => view,
                Err(WorkflowError::EnquiryUnknown) => continue,
                Err(error) => return Err(error),
            };
            let places = view.enquiry.subjects.iter().zip(1..).filter(|(one, _)| meant(&view, one));
            let places = places.map(|(_, place)| place).collect::<Vec<u32>>();
            for reply in view.counting() {
                let about = reply.reply.answers.iter().filter(|answer| places.contains(&answer.subject));
                all.extend(about.map(|answer| found(&view.place.jti, reply.day, answer)));
            }
        }
        Ok(all)
    }
}

fn found(enquiry: &Jti, day: Option<Date>, answer: &SubjectAnswer) -> Notice {
    let fails = answer.items.iter().filter(|one| !one.valid).map(|one| one.item).collect::<Vec<_>>();
    let (reason, what) = match answer.finding {
        SubjectFinding::Valid => ("ISSUER_FINDS_VALID", "it holds".to_owned()),
        SubjectFinding::NotValid => ("ISSUER_FINDS_NOT_VALID", "it does not hold".to_owned()),
        SubjectFinding::PartlyValid => ("ISSUER_FINDS_NOT_VALID", format!("it does not hold for {}", items(&fails))),
        SubjectFinding::NotIssued => ("ISSUER_FINDS_NOT_VALID", "it did not issue it".to_owned()),
    };
    let on = day.map_or_else(String::new, |day| format!(" on {day}"));
    let of_items = answer.items.iter().filter_map(|one| one.words.as_ref().map(|words| (one.item, words)));
    let of_items = of_items.map(|(item, words)| format!("item {item}: {words}"));
    let said = answer.words.iter().map(ToString::to_string).chain(of_items).collect::<Vec<_>>().join("; ");
    let said = if said.is_empty() { said } else { format!(" ({said})") };
    Notice::new(reason, false, format!("its issuer answered enquiry {enquiry}{on}: {what}{said}"))
}

fn went_elsewhere(words: &EndorsementWords) -> Notice {
    let EndorsementWords { day, office, destination, items: of, .. } = words;
    let of = if of.is_empty() { String::new() } else { format!(" of {}", items(of)) };
    let destination = destination.map(|country| country.to_string()).unwrap_or_default();
    let words = format!("on {day}, {office} endorsed that its goods{of} go to {destination}");
    Notice::new("DESTINATION_CHANGED", false, words)
}

fn items(numbers: &[u32]) -> String {
    let numbers = numbers.iter().map(u32::to_string).collect::<Vec<_>>();
    let what = if numbers.len() == 1 { "item" } else { "items" };
    format!("{what} {}", numbers.join(", "))
}
