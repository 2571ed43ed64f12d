//! Enquiries between administrations as the wire shows them, and `LiaisonService` for the side that is asked.

use super::ApiError;
use super::applications::{done, missing, needed, text};
use super::call::{caller, refused};
use super::convert;
use super::customs::{bounded, each, issuer, notice, optional, parsed, said};
use super::hosts::Hosts;
use super::serves::serves;
use super::wire::origin::v1::{self as wire, liaison_service_server::LiaisonService};
use crate::statement::{
    DocumentDigest, EnquiryQuestion, EnquiryReply, EnquirySubject, ItemAnswer, Jti, ReplyAct, SubjectAnswer,
};
use crate::workflow::{
    Conclusion, EnquiriesPage, EnquiryState, EnquiryView, EnquiryWish, ReplyView, ReplyWish, SecuritySettled,
    SubjectWish,
};
use tonic::{Request, Response, Status};

/// The handlers of the side that is asked.
#[derive(Clone)]
pub(crate) struct LiaisonDoor {
    pub(crate) hosts: Hosts,
}

serves! {
    LiaisonService for LiaisonDoor {
        list_incoming_enquiries(wire::ListIncomingEnquiriesRequest) -> wire::ListIncomingEnquiriesResponse;
        get_incoming_enquiry(wire::GetIncomingEnquiryRequest) -> wire::GetIncomingEnquiryResponse;
        acknowledge_enquiry(wire::AcknowledgeEnquiryRequest) -> wire::AcknowledgeEnquiryResponse;
        reply_enquiry(wire::ReplyEnquiryRequest) -> wire::ReplyEnquiryResponse;
    }
}

impl LiaisonDoor {
    async fn list_incoming_enquiries(
        &self,
        request: Request<wire::ListIncomingEnquiriesRequest>,
    ) -> Result<Response<wire::ListIncomingEnquiriesResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::ListIncomingEnquiriesRequest { page_size, page_token, open } = request.into_inner();
        let size = convert::page_size(page_size)?;
        let page = done(authority, move |at| at.desk.incoming_enquiries(&caller, open, (&page_token, size))).await?;
        let (enquiries, next_page_token) = page_to_wire(page);
        Ok(Response::new(wire::ListIncomingEnquiriesResponse { enquiries, next_page_token }))
    }

    async fn get_incoming_enquiry(
        &self,
        request: Request<wire::GetIncomingEnquiryRequest>,
    ) -> Result<Response<wire::GetIncomingEnquiryResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let jti = parsed::<Jti>("jti", &request.into_inner().jti)?;
        let view = done(authority, move |at| at.desk.incoming_enquiry(&caller, &jti)).await?;
        Ok(Response::new(wire::GetIncomingEnquiryResponse { enquiry: Some(to_wire(&view)) }))
    }

    async fn acknowledge_enquiry(
        &self,
        request: Request<wire::AcknowledgeEnquiryRequest>,
    ) -> Result<Response<wire::AcknowledgeEnquiryResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::AcknowledgeEnquiryRequest { request_id, jti } = request.into_inner();
        let wish = ReplyWish {
            request_id,
            enquiry: parsed("jti", &jti)?,
            act: ReplyAct::Acknowledged,
            reply_by: None,
            words: None,
            answers: Vec::new(),
            documents: Vec::new(),
        };
        let replied = authority.desk.reply(&caller, wish).await.map_err(|error| refused(&error))?;
        Ok(Response::new(wire::AcknowledgeEnquiryResponse {
            jti: replied.jti.to_string(),
            received_on: replied.enquiry.received_on.map(convert::date_to_wire),
            reply_due: replied.enquiry.reply_due.map(convert::date_to_wire),
        }))
    }

    async fn reply_enquiry(
        &self,
        request: Request<wire::ReplyEnquiryRequest>,
    ) -> Result<Response<wire::ReplyEnquiryResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let asked = request.into_inner();
        bounded("answers", asked.answers.len())?;
        let reply_by = asked.reply_by.map(|day| convert::date("reply_by", &day)).transpose()?;
        let only_ask = asked.only_ask;
        let wish = ReplyWish {
            request_id: asked.request_id,
            enquiry: parsed("jti", &asked.jti)?,
            act: parsed("act", &asked.act)?,
            reply_by,
            words: text("words", &asked.words)?,
            answers: each("answers", &asked.answers, answer)?,
            documents: documents(&asked.documents)?,
        };
        if only_ask {
            let judged = authority.desk.judge_reply(&caller, wish).await.map_err(|error| refused(&error))?;
            return Ok(Response::new(wire::ReplyEnquiryResponse {
                jti: String::new(),
                late: judged.late,
                notices: judged.notices.into_iter().map(notice).collect(),
            }));
        }
        let replied = authority.desk.reply(&caller, wish).await.map_err(|error| refused(&error))?;
        Ok(Response::new(wire::ReplyEnquiryResponse {
            jti: replied.jti.to_string(),
            late: replied.late,
            notices: replied.notices.into_iter().map(notice).collect(),
        }))
    }
}

/// What is to be asked.
pub(super) fn wish(asked: wire::RaiseEnquiryRequest) -> Result<EnquiryWish, ApiError> {
    bounded("subjects", asked.subjects.len())?;
    Ok(EnquiryWish {
        request_id: asked.request_id,
        to: issuer(&asked.issuer)?.ok_or_else(|| missing("issuer", "whom to ask is needed"))?,
        asked: EnquiryQuestion {
            reference: needed("reference", &asked.reference)?,
            ground: parsed("ground", &asked.ground)?,
            question: text("question", &asked.question)?,
            goods: parsed("goods", &asked.goods)?,
            basis: text("basis", &asked.basis)?,
            reply_by: asked.reply_by.map(|day| convert::date("reply_by", &day)).transpose()?,
        },
        subjects: each("subjects", &asked.subjects, subject)?,
        documents: documents(&asked.documents)?,
        clarifies: optional("clarifies", &asked.clarifies)?,
    })
}

fn subject(wire: &wire::EnquirySubject) -> Result<SubjectWish, ApiError> {
    let issued_on = wire.issued_on.as_ref().map(|day| convert::date("issued_on", day)).transpose()?;
    Ok(SubjectWish {
        number: parsed("number", &wire.number)?,
        issued_on,
        items: wire.items.clone(),
        declaration: text("declaration", &wire.declaration)?,
        jti: optional("jti", &wire.jti)?,
    })
}

fn documents(wire: &[wire::DocumentDigest]) -> Result<Vec<DocumentDigest>, ApiError> {
    bounded("documents", wire.len())?;
    let read = |one: &wire::DocumentDigest| {
        Ok(DocumentDigest {
            name: needed("name", &one.name)?,
            media_type: needed("media_type", &one.media_type)?,
            sha256: parsed("sha256", &one.sha256)?,
        })
    };
    each("documents", wire, read)
}

fn answer(wire: &wire::SubjectAnswer) -> Result<SubjectAnswer, ApiError> {
    bounded("items", wire.items.len())?;
    let items = each("items", &wire.items, |one| {
        Ok(ItemAnswer { item: one.item, valid: one.valid, words: text("words", &one.words)? })
    })?;
    Ok(SubjectAnswer {
        subject: wire.subject,
        finding: parsed("finding", &wire.finding)?,
        items,
        words: text("words", &wire.words)?,
    })
}

/// A page, with the token of the next.
pub(super) fn page_to_wire(page: EnquiriesPage) -> (Vec<wire::Enquiry>, String) {
    (page.enquiries.iter().map(to_wire).collect(), page.next.unwrap_or_default())
}

/// An enquiry as the wire shows it.
pub(super) fn to_wire(view: &EnquiryView) -> wire::Enquiry {
    let state = match view.state {
        EnquiryState::Sent => wire::EnquiryState::Sent,
        EnquiryState::Acknowledged => wire::EnquiryState::Acknowledged,
        EnquiryState::ClarificationAsked => wire::EnquiryState::ClarificationAsked,
        EnquiryState::PartlyAnswered => wire::EnquiryState::PartlyAnswered,
        EnquiryState::Answered => wire::EnquiryState::Answered,
        EnquiryState::Concluded => wire::EnquiryState::Concluded,
        EnquiryState::Erased => wire::EnquiryState::Erased,
    };
    let asked = view.enquiry.as_ref().map(|enquiry| &enquiry.asked);
    let documents = view.enquiry.iter().flat_map(|enquiry| &enquiry.documents);
    let clarifies = view.enquiry.as_ref().and_then(|enquiry| enquiry.clarifies.as_ref());
    wire::Enquiry {
        jti: view.place.jti.to_string(),
        from: view.from.to_string(),
        to: view.to.to_string(),
        reference: said(asked.map(|asked| &asked.reference)),
        ground: said(asked.map(|asked| &asked.ground)),
        question: said(asked.and_then(|asked| asked.question.as_ref())),
        goods: said(asked.map(|asked| &asked.goods)),
        basis: said(asked.and_then(|asked| asked.basis.as_ref())),
        subjects: view.subjects().iter().map(subject_to_wire).collect(),
        documents: documents.map(document_to_wire).collect(),
        sent_on: view.sent_on.map(convert::date_to_wire),
        received_on: view.received_on.map(convert::date_to_wire),
        acknowledge_due: view.acknowledge_due.map(convert::date_to_wire),
        reply_due: view.reply_due.map(convert::date_to_wire),
        decide_due: view.decide_due.map(convert::date_to_wire),
        reply_article: view.article.clone().unwrap_or_default(),
        state: state.into(),
        overdue: view.overdue,
        due_soon: view.due_soon,
        late: view.is_late(),
        clarifies: said(clarifies.map(|place| &place.jti)),
        replies: view.replies.iter().map(reply_to_wire).collect(),
        reply_by: asked.and_then(|asked| asked.reply_by).map(convert::date_to_wire),
        proposes: said(view.proposes.as_ref()),
        clarified_by: view.clarified_by.iter().map(ToString::to_string).collect(),
        days_unknown: !view.days_known,
        proposes_of: view.proposes_of.clone(),
        answer_unread: view.answer_unread,
        concluded: view.concluded.as_ref().map(concluded_to_wire),
        settled: view.settled.iter().map(|one| settled_to_wire(one, view.is_before_answer(one))).collect(),
        unsettled: view.unsettled,
        settle_overdue: view.settle_overdue,
    }
}

fn concluded_to_wire(Conclusion { by, reason }: &Conclusion) -> wire::EnquiryConclusion {
    wire::EnquiryConclusion {
        at: super::applications::at(by.at_ms),
        by: by.account.to_string(),
        by_name: by.name.clone(),
        by_offices: by.offices.iter().map(ToString::to_string).collect(),
        reason: reason.to_string(),
    }
}

fn settled_to_wire(
    SecuritySettled { by, outcome, words, .. }: &SecuritySettled,
    before_answer: bool,
) -> wire::SecuritySettled {
    wire::SecuritySettled {
        at: super::applications::at(by.at_ms),
        by: by.account.to_string(),
        by_name: by.name.clone(),
        by_offices: by.offices.iter().map(ToString::to_string).collect(),
        outcome: outcome.to_string(),
        words: words.to_string(),
        before_answer,
    }
}

fn subject_to_wire(subject: &EnquirySubject) -> wire::EnquirySubject {
    wire::EnquirySubject {
        number: subject.number.to_string(),
        issued_on: subject.issued_on.map(convert::date_to_wire),
        items: subject.items.clone(),
        declaration: said(subject.declaration.as_ref()),
        jti: said(subject.certificate.as_ref().map(|place| &place.jti)),
    }
}

fn document_to_wire(document: &DocumentDigest) -> wire::DocumentDigest {
    wire::DocumentDigest {
        name: document.name.to_string(),
        media_type: document.media_type.to_string(),
        sha256: document.sha256.to_string(),
    }
}

fn reply_to_wire(view: &ReplyView) -> wire::EnquiryReply {
    let day = view.day.map(convert::date_to_wire);
    let key_closed = view.key_closed.clone().unwrap_or_default();
    wire::EnquiryReply { late: view.late, day, key_closed, erased: view.erased, ..answered(&view.jti, &view.reply) }
}

/// An answer as the wire shows it; when it came, and whether that was late, is for who knows when it was due.
pub(super) fn answered(jti: &Jti, reply: &EnquiryReply) -> wire::EnquiryReply {
    let words = &reply.reply;
    wire::EnquiryReply {
        jti: jti.to_string(),
        act: words.act.to_string(),
        received_on: Some(convert::date_to_wire(words.received_on)),
        reply_by: words.reply_by.map(convert::date_to_wire),
        words: said(words.words.as_ref()),
        answers: reply.answers.iter().map(answer_to_wire).collect(),
        documents: reply.documents.iter().map(document_to_wire).collect(),
        late: false,
        day: None,
        key_closed: String::new(),
        enquiry: reply.enquiry.jti.to_string(),
        erased: false,
    }
}

fn answer_to_wire(answer: &SubjectAnswer) -> wire::SubjectAnswer {
    let item =
        |one: &ItemAnswer| wire::ItemAnswer { item: one.item, valid: one.valid, words: said(one.words.as_ref()) };
    wire::SubjectAnswer {
        subject: answer.subject,
        finding: answer.finding.to_string(),
        items: answer.items.iter().map(item).collect(),
        words: said(answer.words.as_ref()),
    }
}
