//! Enquiries that customs of the importing country raise.

use super::{
    ArrivedName, EnquiryRefused, EnquiryView, Notice, ReplyView, digest, enquiries::Side, erased::is_erased, fits,
    part, refused::can_be_named, said_at,
};
use crate::{
    certificate::{Certificate, Text, number_as_read},
    office::{Action, Actor, AuditEvent, Caller},
    sequencer::{Saying, Task, Work},
    statement::{
        DocumentDigest, Enquiry, EnquiryGround, EnquiryQuestion, EnquirySubject, GoodsMeanwhile, ITEM_NUMBER_MAX,
        Issuer, Jti, OpenedBody, ReplyAct, StatementRef,
    },
    store::Subject,
    time::Date,
    workflow::{Accounts, Desk, WorkflowError, carry::blocking},
};
use std::collections::HashSet;

/// What is to be asked.
#[derive(Debug, Clone)]
pub struct EnquiryWish {
    /// UUIDv7, unique to the account.
    pub request_id: String,
    /// Whom to ask.
    pub to: Issuer,
    /// What, and why.
    pub asked: EnquiryQuestion,
    /// Of which certificates.
    pub subjects: Vec<SubjectWish>,
    /// Documents that go by another way.
    pub documents: Vec<DocumentDigest>,
    /// The reply that asked for a clarification, if this gives it.
    pub clarifies: Option<Jti>,
}

/// A certificate to ask about.
#[derive(Debug, Clone)]
pub struct SubjectWish {
    /// Its number, as it bears it; where it is known here, the rest follows from it.
    pub number: Text<70>,
    /// Its date of issue, as it bears it.
    pub issued_on: Option<Date>,
    /// The items; none are all.
    pub items: Vec<u32>,
    /// The declaration it was shown with.
    pub declaration: Option<Text<70>>,
    /// Its identifier, where one number is not enough.
    pub jti: Option<Jti>,
}

/// An enquiry that was sent.
#[derive(Debug, Clone)]
pub struct Raised {
    /// The statement.
    pub jti: Jti,
    /// By when the agreement asks for the answer, if it came today.
    pub reply_due: Option<Date>,
    /// What the officer should know.
    pub notices: Vec<Notice>,
}

impl Desk {
    /// Asks an issuer about certificates.
    pub async fn enquire(&self, caller: &Caller, wish: EnquiryWish) -> Result<Raised, WorkflowError> {
        Accounts::allow(caller, Action::RaiseEnquiry)?;
        let request = self.request(caller, &wish.request_id)?;
        let numbers = wish.subjects.iter().map(|one| {
            let (issued_on, jti) = (one.issued_on.map(|day| day.to_string()), one.jti.map(|jti| jti.to_string()));
            (one.number.to_string(), issued_on, &one.items, &one.declaration, jti)
        });
        let clarifies = wish.clarifies.map(|jti| jti.to_string());
        let parts = [
            wish.to.to_string(),
            part(&wish.asked)?,
            part(&numbers.collect::<Vec<_>>())?,
            part(&(&wish.documents, &clarifies))?,
        ];
        let digest = digest("enquiry", &parts.each_ref().map(String::as_str));
        let audit = AuditEvent::of(Actor::Caller(caller), Action::RaiseEnquiry);
        let given = wish.subjects.iter().map(|one| one.issued_on).collect::<Vec<_>>();
        let prepare = move |desk: &Self| {
            desk.once(&request, digest, || {
                let clarifies = wish.clarifies.as_ref().map(|reply| desk.one_at_a_time("clarified", reply));
                let (beside, under_way) = clarifies.transpose()?.unwrap_or_default();
                let beside = beside.and(desk.known_before(&wish.to)?);
                if let (Some(reply), Some(by)) = (wish.clarifies, under_way) {
                    return Err(EnquiryRefused::Clarified { reply, by }.into());
                }
                let enquiry = desk.asked_of(&wish)?;
                let audit = audit.clone().with_detail(format!("to {} about {}", wish.to, enquiry.subjects.len()));
                let task = Task::Say(Box::new(Saying::enquiry(wish.to.clone(), enquiry).with(beside)));
                Ok(Work { request: request.clone(), digest, task, by: Some(audit) })
            })
        };
        let jti = self.carry_out(prepare).await?.outcome.jti;
        let desk = self.clone();
        let look = move || {
            let view = desk.enquiry_of(Side::Asking, &jti)?;
            let mut notices = other_dates(&view, &given);
            notices.extend(desk.asked_before(&view)?);
            notices.extend(desk.permits(&view)?);
            Ok::<_, WorkflowError>(Raised { jti, reply_due: view.reply_due, notices })
        };
        blocking(look).await?
    }

    /// Finds the certificates that are asked about, and says it all.
    fn asked_of(&self, wish: &EnquiryWish) -> Result<Enquiry, WorkflowError> {
        self.abroad_and_listed(&wish.to)?;
        if let Some(day) = wish.asked.reply_by.filter(|day| *day < self.day_there(&wish.to, self.now())) {
            return Err(EnquiryRefused::DayPast(day).into());
        }
        let (mut subjects, mut seen) = (Vec::with_capacity(wish.subjects.len()), HashSet::new());
        for (place, subject) in (1..).zip(&wish.subjects) {
            let found = self.subject(wish, place, subject)?;
            // Two of one number are told apart by what they are.
            let jti = found.certificate.as_ref().map(|certificate| certificate.jti);
            if !seen.insert((number_as_read(subject.number.as_str()), jti)) {
                return Err(EnquiryRefused::Twice(subject.number.to_string()).into());
            }
            subjects.push(found);
        }
        asks(wish)?;
        fits("an enquiry", &(&wish.asked, &subjects, &wish.documents))?;
        let clarified = |reply| self.clarification_asked(&wish.to, reply, &subjects);
        let clarifies = wish.clarifies.as_ref().map(clarified).transpose()?;
        Ok(Enquiry { asked: wish.asked.clone(), subjects, documents: wish.documents.clone(), clarifies })
    }

    /// Whether an authority is one that can be asked: the trust list names it, and it is of another country.
    fn abroad_and_listed(&self, to: &Issuer) -> Result<(), EnquiryRefused> {
        let (trust, setup) = (self.trust(), self.setup());
        let abroad = |issuer: &Issuer| trust.country(issuer).is_some_and(|country| country != setup.country);
        if abroad(to) {
            return Ok(());
        }
        let why = match trust.country(to) {
            _ if *to == setup.issuer => "is this authority itself",
            Some(_) => "is an authority of this country",
            None => "is not in the trust list",
        };
        let listed = trust.sections().map(|section| section.iss().clone()).filter(abroad).collect();
        Err(EnquiryRefused::Addressee { to: to.clone(), why, listed })
    }

    /// One certificate that is asked about.
    fn subject(
        &self,
        wish: &EnquiryWish,
        place: usize,
        subject: &SubjectWish,
    ) -> Result<EnquirySubject, WorkflowError> {
        let unknown = wish.asked.ground == EnquiryGround::NumberUnknown;
        let SubjectWish { number, issued_on, mut items, declaration, jti } = subject.clone();
        // A statement has them in their order.
        items.sort_unstable();
        items.dedup();
        if let Some(none) = items.iter().find(|item| !(1..=ITEM_NUMBER_MAX).contains(*item)) {
            return Err(WorkflowError::ItemUnknown(*none));
        }
        let name = match jti {
            Some(jti) => ArrivedName::Jti(jti),
            None => ArrivedName::Number(number.to_string(), Some(wish.to.clone())),
        };
        let (found, paper) = match self.arrived(&name) {
            // Where what arrived is not known, its issuer is not told that it did not.
            Err(WorkflowError::ArrivalUnknown(None)) => (None, None),
            Err(WorkflowError::ArrivalOnPaper { .. }) => (None, self.paper_named(&name)?),
            found => (Some(found?), None),
        };
        let known = match (&found, &paper) {
            (Some(one), _) => Some((one.place(), &one.issuer)),
            (None, Some(one)) => Some((one.place(), &one.issuer)),
            (None, None) => None,
        };
        match &known {
            Some((certificate, _)) if unknown => return Err(WorkflowError::NumberKnown(certificate.jti.to_string())),
            Some((_, issuer)) if **issuer != wish.to => {
                return Err(WorkflowError::NotItsIssuer { number: number.to_string(), issuer: issuer.to_string() });
            }
            None if !unknown => return Err(EnquiryRefused::NotArrived { place, number: number.to_string() }.into()),
            _ => {}
        }
        let reference = found.as_ref().and_then(|one| one.certificate.reference.as_option());
        let reference = reference.map(|reference| (&reference.number, reference.issued_on));
        let reference = reference.or_else(|| paper.as_ref().map(|one| (&one.paper.number, one.paper.issued_on)));
        if let (Some((bears, _)), Some(jti)) = (reference, jti)
            && number_as_read(bears.as_str()) != number_as_read(number.as_str())
        {
            return Err(WorkflowError::SubjectDisagrees {
                jti: jti.to_string(),
                number: bears.to_string(),
                asked: number.to_string(),
            });
        }
        // Of one whose contents are not here nobody knows its items.
        if let Some(certificate) = found.as_ref().and_then(|one| one.certificate.to_certificate()) {
            has_items(&certificate, &items)?;
        }
        // However its number was typed, what is known is asked about by the one that it bears.
        let borne = reference.and_then(|(bears, _)| bears.as_str().parse::<Text<70>>().ok());
        Ok(EnquirySubject {
            certificate: known.map(|(certificate, _)| certificate),
            number: borne.unwrap_or(number),
            issued_on: reference.map(|(_, issued_on)| issued_on).or(issued_on),
            items,
            declaration,
        })
    }

    /// The reply that asked for a clarification of these certificates, which no enquiry gave yet.
    fn clarification_asked(
        &self,
        to: &Issuer,
        reply: &Jti,
        subjects: &[EnquirySubject],
    ) -> Result<StatementRef, WorkflowError> {
        let found = self.addressed().into_iter().find_map(|(_, store)| {
            let entry = store.find(reply).transpose()?;
            Some(entry.and_then(|entry| Ok((said_at(store.as_ref(), &self.trust(), &entry)?, entry, store))))
        });
        let unasked = || EnquiryRefused::NoClarification(*reply);
        let (said, place, store) = found.transpose()?.ok_or_else(unasked)?;
        let (said, _) = said.filter(|(_, key_closed)| key_closed.is_none()).ok_or_else(unasked)?;
        let OpenedBody::EnquiryReply(body) = said.body else { return Err(unasked().into()) };
        if said.envelope.iss != *to {
            return Err(unasked().into());
        }
        let asked = match body {
            Some(body) => match self.enquiry_of(Side::Asking, &body.enquiry.jti) {
                Err(WorkflowError::EnquiryUnknown) => return Err(unasked().into()),
                asked => asked?,
            },
            None => match self.replied_to(Side::Asking, reply, subjects)? {
                Some(asked) => asked,
                None if is_erased(store.as_ref(), &place)? => {
                    return Err(EnquiryRefused::ClarificationErased(*reply).into());
                }
                None => return Err(EnquiryRefused::ClarificationUnread(*reply).into()),
            },
        };
        // What it did is known of one whose words are erased, too.
        let asks = |one: &ReplyView| one.jti == *reply && one.reply.reply.act == ReplyAct::ClarificationAsked;
        if !asked.counting().any(asks) {
            return Err(unasked().into());
        }
        if let Some((place, other)) = (1..).zip(subjects).find(|(_, subject)| !asked.asks_about(subject)) {
            let (number, enquiry) = (other.number.to_string(), asked.place.jti);
            return Err(EnquiryRefused::ClarifiesAnother { place, number, enquiry }.into());
        }
        match self.clarifying(Side::Asking, &asked, reply)?.first() {
            Some(by) => Err(EnquiryRefused::Clarified { reply: *reply, by: by.place.jti }.into()),
            None => Ok(StatementRef { log: place.origin, jti: *reply }),
        }
    }

    /// Earlier enquiries that ask the same and are still open. One that clarifies asks the same by what it is.
    fn asked_before(&self, view: &EnquiryView) -> Result<Vec<Notice>, WorkflowError> {
        let mut notices = Vec::new();
        let Some(enquiry) = &view.enquiry else { return Ok(notices) };
        let subjects = &enquiry.subjects;
        let Some(first) = subjects.first().filter(|_| enquiry.clarifies.is_none()) else { return Ok(notices) };
        let named = match &first.certificate {
            Some(place) => Subject::Statement(place.jti),
            None => Subject::Number(first.number.to_string()),
        };
        for other in self.enquiries_about(&named)? {
            let before = other.place.jti;
            let same = before < view.place.jti
                && other.to == view.to
                && other.enquiry.as_ref().is_some_and(|other| other.asked.ground == enquiry.asked.ground)
                && other.subjects().len() == subjects.len()
                && subjects.iter().all(|subject| other.asks_about(subject));
            if same && other.is_open() {
                let words = format!(
                    "enquiry {before} asks the same about the same certificates and is still open: each is answered by \
                     itself"
                );
                notices.push(Notice::new("ASKED_BEFORE", false, words));
            }
        }
        Ok(notices)
    }

    /// What the agreement says of the goods meanwhile.
    fn permits(&self, view: &EnquiryView) -> Result<Vec<Notice>, WorkflowError> {
        let mut notices = Vec::new();
        for (code, edition, _) in self.editions_asked_about(view, Side::Asking)? {
            let Some(edition) = self.agreements().get(&code).and_then(|one| one.edition(&edition)) else { continue };
            let rules = &edition.verification;
            let released = match view.enquiry.as_ref().map(|enquiry| &enquiry.asked.goods) {
                Some(GoodsMeanwhile::Held) => "the goods are held, and are to be released meanwhile, on security",
                Some(GoodsMeanwhile::Released) => "the goods are released meanwhile, where security may be asked for",
                Some(GoodsMeanwhile::NotConcerned) => "goods are to be released meanwhile, on security",
                Some(GoodsMeanwhile::ReleasedOnSecurity) | None => "the goods are released meanwhile, on security",
            };
            let said = |figure: &crate::agreement::Figure<bool>, yes: &str, no: &str| {
                figure.value().map(|may| {
                    let article = figure.article().unwrap_or("article not known");
                    format!("{code}: {} ({article})", if *may { yes } else { no })
                })
            };
            let meanwhile = [
                said(&rules.may_suspend, "preference may be suspended meanwhile", "preference may not be suspended"),
                said(&rules.release_goods, released, "the goods need not be released"),
                said(
                    &rules.refuse_unanswered,
                    "preference is refused if no answer comes in time",
                    "silence is no ground to refuse",
                ),
            ];
            let meanwhile = meanwhile.into_iter().flatten();
            notices.extend(meanwhile.map(|words| Notice::new("MEANWHILE", false, words)));
        }
        Ok(notices)
    }
}

/// Dates of issue that were given and are not the certificates' own, which are the ones that were sent.
fn other_dates(view: &EnquiryView, given: &[Option<Date>]) -> Vec<Notice> {
    let mut notices = Vec::new();
    for ((place, subject), given) in (1_u32..).zip(view.subjects()).zip(given) {
        if let (Some(given), Some(bears)) = (given, subject.issued_on)
            && *given != bears
        {
            let words = format!(
                "certificate {place}, {}, is named with {given} as its date of issue, and bears {bears}, which is what was \
                 sent: see that the same certificate is meant",
                subject.number
            );
            notices.push(Notice::new("ISSUE_DATE_DIFFERS", false, words));
        }
    }
    notices
}

/// Whether an enquiry says what its ground asks for.
fn asks(wish: &EnquiryWish) -> Result<(), EnquiryRefused> {
    let EnquiryQuestion { ground, question, .. } = &wish.asked;
    if wish.subjects.is_empty() {
        return Err(EnquiryRefused::NoSubject);
    }
    if *ground != EnquiryGround::Random && question.is_none() {
        return Err(EnquiryRefused::NoQuestion);
    }
    if *ground == EnquiryGround::NumberUnknown && wish.documents.is_empty() {
        return Err(EnquiryRefused::NoScan);
    }
    can_be_named(&wish.documents)
}

/// Whether a certificate has all these items.
pub(super) fn has_items(certificate: &Certificate, items: &[u32]) -> Result<(), EnquiryRefused> {
    let has = certificate.goods.items.iter().map(|one| one.number).collect::<Vec<_>>();
    match items.iter().find(|item| !has.contains(item)) {
        None => Ok(()),
        Some(item) => Err(EnquiryRefused::Item { number: certificate.reference.number.to_string(), item: *item, has }),
    }
}
