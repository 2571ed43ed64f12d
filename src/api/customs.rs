//! `CustomsService`: what customs of the importing country do with certificates of partners.

use super::ApiError;
use super::applications::{done, missing, needed, text};
use super::arrivals::{self, act, arrival};
use super::call::{caller, refused};
use super::convert;
use super::enquiries;
use super::hosts::Hosts;
use super::serves::serves;
use super::wire::origin::v1::{self as wire, customs_service_server::CustomsService};
use crate::certificate::Measure;
use crate::office::{CustomsAct, DecidedLine, WaitingDenial, WriteOffLine};
use crate::statement::{EndorsementWords, ImportDeclaration, Issuer, ItemDecision, Jti, ResponseCode};
use crate::time::Timestamp;
use crate::workflow::{ArrivedName, Balance, DecisionWish, EndorsementWish, Notice, WriteOffWish};
use std::fmt::Display;
use std::str::FromStr;
use tonic::{Request, Response, Status};

/// Lines of one write-off, and decisions of one request, at most.
pub(super) const LINES_MAX: usize = 500;

/// The handlers.
#[derive(Clone)]
pub(crate) struct CustomsDoor {
    pub(crate) hosts: Hosts,
}

serves! {
    CustomsService for CustomsDoor {
        list_arrivals(wire::ListArrivalsRequest) -> wire::ListArrivalsResponse;
        get_arrival(wire::GetArrivalRequest) -> wire::GetArrivalResponse;
        match_declaration(wire::MatchDeclarationRequest) -> wire::MatchDeclarationResponse;
        decide_items(wire::DecideItemsRequest) -> wire::DecideItemsResponse;
        settle_denial(wire::SettleDenialRequest) -> wire::SettleDenialResponse;
        list_denials(wire::ListDenialsRequest) -> wire::ListDenialsResponse;
        write_off(wire::WriteOffRequest) -> wire::WriteOffResponse;
        amend_write_off(wire::AmendWriteOffRequest) -> wire::AmendWriteOffResponse;
        reverse_write_off(wire::ReverseWriteOffRequest) -> wire::ReverseWriteOffResponse;
        get_balance(wire::GetBalanceRequest) -> wire::GetBalanceResponse;
        endorse_certificate(wire::EndorseCertificateRequest) -> wire::EndorseCertificateResponse;
        raise_enquiry(wire::RaiseEnquiryRequest) -> wire::RaiseEnquiryResponse;
        list_enquiries(wire::ListEnquiriesRequest) -> wire::ListEnquiriesResponse;
        get_enquiry(wire::GetEnquiryRequest) -> wire::GetEnquiryResponse;
        conclude_enquiry(wire::ConcludeEnquiryRequest) -> wire::ConcludeEnquiryResponse;
        settle_security(wire::SettleSecurityRequest) -> wire::SettleSecurityResponse;
    }
}

impl CustomsDoor {
    async fn list_arrivals(
        &self,
        request: Request<wire::ListArrivalsRequest>,
    ) -> Result<Response<wire::ListArrivalsResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let asked = arrivals::asked(request.into_inner())?;
        let page = done(authority, move |at| at.desk.arrivals(&caller, &asked)).await?;
        Ok(Response::new(wire::ListArrivalsResponse {
            arrivals: page.arrivals.iter().map(arrival).collect(),
            next_page_token: page.next.unwrap_or_default(),
            notices: page.not_held.map(|one| notice(one.notice())).into_iter().collect(),
        }))
    }

    async fn get_arrival(
        &self,
        request: Request<wire::GetArrivalRequest>,
    ) -> Result<Response<wire::GetArrivalResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::GetArrivalRequest { certificate, with_evidence } = request.into_inner();
        let name = named(certificate)?;
        let read = done(authority, move |at| {
            let course = at.desk.course(&caller, &name)?;
            let evidence = with_evidence.then(|| at.desk.evidence_of_arrival(&course.arrival)).transpose()?;
            Ok((course, evidence))
        });
        let (course, evidence) = read.await?;
        Ok(Response::new(arrivals::answer(course, evidence.as_ref())))
    }

    async fn match_declaration(
        &self,
        request: Request<wire::MatchDeclarationRequest>,
    ) -> Result<Response<wire::MatchDeclarationResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wish = super::matching::wish(request.into_inner())?;
        let matched = done(authority, move |at| at.desk.match_declaration(&caller, &wish)).await?;
        Ok(Response::new(super::matching::answer(matched)))
    }

    async fn decide_items(
        &self,
        request: Request<wire::DecideItemsRequest>,
    ) -> Result<Response<wire::DecideItemsResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::DecideItemsRequest {
            request_id,
            certificate,
            declaration,
            decisions,
            remarks,
            enquiry,
            despite_closed_key,
            despite_predecessor,
        } = request.into_inner();
        bounded("decisions", decisions.len())?;
        let wish = DecisionWish {
            request_id,
            certificate: named(certificate)?,
            declaration: declaration.map(import_declaration).transpose()?,
            decisions: each("decisions", &decisions, decision)?,
            enquiry: optional("enquiry", &enquiry)?,
            remarks: text("remarks", &remarks)?,
            despite_closed_key,
            despite_predecessor,
        };
        let decided = authority.desk.decide(&caller, wish).await.map_err(|error| refused(&error))?;
        Ok(Response::new(wire::DecideItemsResponse {
            act: decided.act,
            awaits_release: decided.statement.is_none(),
            jti: shown(decided.statement),
            notices: decided.notices.into_iter().map(notice).collect(),
        }))
    }

    async fn settle_denial(
        &self,
        request: Request<wire::SettleDenialRequest>,
    ) -> Result<Response<wire::SettleDenialResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::SettleDenialRequest { request_id, certificate, act, release, words } = request.into_inner();
        let (name, words) = (named(certificate)?, text("words", &words)?);
        let settled = authority.desk.settle_denial(&caller, &request_id, name, act, release, words).await;
        let settled = settled.map_err(|error| refused(&error))?;
        Ok(Response::new(wire::SettleDenialResponse {
            jti: shown(settled.statement),
            notices: settled.notices.into_iter().map(notice).collect(),
        }))
    }

    async fn list_denials(
        &self,
        request: Request<wire::ListDenialsRequest>,
    ) -> Result<Response<wire::ListDenialsResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::ListDenialsRequest { page_size, page_token } = request.into_inner();
        let size = convert::page_size(page_size)?;
        let page = done(authority, move |at| at.desk.denials(&caller, &page_token, size)).await?;
        let denial = |(waiting, its, notices): (WaitingDenial, CustomsAct, Vec<Notice>)| wire::WaitingDenial {
            issuer: waiting.log.split('/').next().map(|host| format!("https://{host}")).unwrap_or_default(),
            number: waiting.number.to_string(),
            jti: waiting.jti.to_string(),
            act: Some(act(&its, Vec::new())),
            notices: notices.into_iter().map(notice).collect(),
        };
        Ok(Response::new(wire::ListDenialsResponse {
            denials: page.denials.into_iter().map(denial).collect(),
            next_page_token: page.next.unwrap_or_default(),
        }))
    }

    async fn write_off(
        &self,
        request: Request<wire::WriteOffRequest>,
    ) -> Result<Response<wire::WriteOffResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::WriteOffRequest { request_id, certificate, declaration, lines, remarks, despite_predecessor } =
            request.into_inner();
        let declaration = declaration.ok_or_else(|| missing("declaration", "what is written off was imported with"))?;
        let wish = WriteOffWish {
            request_id,
            certificate: named(certificate)?,
            declaration: import_declaration(declaration)?,
            lines: write_off_lines(&lines)?,
            remarks: text("remarks", &remarks)?,
            despite_predecessor,
        };
        let written = authority.desk.write_off(&caller, wish).await.map_err(|error| refused(&error))?;
        Ok(Response::new(wire::WriteOffResponse {
            act: written.act,
            jti: written.statement.to_string(),
            items: written.balance.into_iter().map(balance).collect(),
            notices: written.notices.into_iter().map(notice).collect(),
        }))
    }

    async fn amend_write_off(
        &self,
        request: Request<wire::AmendWriteOffRequest>,
    ) -> Result<Response<wire::AmendWriteOffResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::AmendWriteOffRequest { request_id, certificate, act, lines, remarks } = request.into_inner();
        let (name, lines, remarks) = (named(certificate)?, write_off_lines(&lines)?, text("remarks", &remarks)?);
        let amended = authority.desk.amend_write_off(&caller, &request_id, (name, act), lines, remarks).await;
        let amended = amended.map_err(|error| refused(&error))?;
        Ok(Response::new(wire::AmendWriteOffResponse {
            act: amended.act,
            jti: amended.statement.to_string(),
            items: amended.balance.into_iter().map(balance).collect(),
            notices: amended.notices.into_iter().map(notice).collect(),
        }))
    }

    async fn reverse_write_off(
        &self,
        request: Request<wire::ReverseWriteOffRequest>,
    ) -> Result<Response<wire::ReverseWriteOffResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::ReverseWriteOffRequest { request_id, certificate, act, words } = request.into_inner();
        let (name, words) = (named(certificate)?, text("words", &words)?);
        let words = Some(words.ok_or_else(|| missing("words", "say why it is taken back"))?);
        let reversed = authority.desk.reverse_write_off(&caller, &request_id, (name, act), words).await;
        let reversed = reversed.map_err(|error| refused(&error))?;
        Ok(Response::new(wire::ReverseWriteOffResponse {
            act: reversed.act,
            jti: reversed.statement.to_string(),
            items: reversed.balance.into_iter().map(balance).collect(),
        }))
    }

    async fn get_balance(
        &self,
        request: Request<wire::GetBalanceRequest>,
    ) -> Result<Response<wire::GetBalanceResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let name = named(request.into_inner().certificate)?;
        let left = done(authority, move |at| at.desk.balance(&caller, &name)).await?;
        Ok(Response::new(wire::GetBalanceResponse { items: left.into_iter().map(balance).collect() }))
    }

    async fn endorse_certificate(
        &self,
        request: Request<wire::EndorseCertificateRequest>,
    ) -> Result<Response<wire::EndorseCertificateResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let asked = request.into_inner();
        let containers = each("containers", &asked.containers, |one| parsed("", one))?;
        let wish = EndorsementWish {
            request_id: asked.request_id,
            certificate: named(asked.certificate)?,
            words: EndorsementWords {
                act: parsed("act", &asked.act)?,
                // The day is the one at the authority, whatever a caller thinks.
                day: Timestamp::UNIX_EPOCH.to_zoned(jiff::tz::TimeZone::UTC).date(),
                office: super::applications::needed("office", &asked.office)?,
                destination: optional("destination", &asked.destination)?,
                items: asked.items,
                containers,
                seals: each("seals", &asked.seals, |one| parsed("", one))?,
                text: text("text", &asked.text)?,
            },
        };
        let endorsed = authority.desk.endorse(&caller, wish).await.map_err(|error| refused(&error))?;
        Ok(Response::new(wire::EndorseCertificateResponse {
            jti: endorsed.statement.to_string(),
            notices: endorsed.notices.into_iter().map(notice).collect(),
        }))
    }

    async fn raise_enquiry(
        &self,
        request: Request<wire::RaiseEnquiryRequest>,
    ) -> Result<Response<wire::RaiseEnquiryResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wish = enquiries::wish(request.into_inner())?;
        let raised = authority.desk.enquire(&caller, wish).await.map_err(|error| refused(&error))?;
        Ok(Response::new(wire::RaiseEnquiryResponse {
            jti: raised.jti.to_string(),
            reply_due: raised.reply_due.map(convert::date_to_wire),
            notices: raised.notices.into_iter().map(notice).collect(),
        }))
    }

    async fn list_enquiries(
        &self,
        request: Request<wire::ListEnquiriesRequest>,
    ) -> Result<Response<wire::ListEnquiriesResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::ListEnquiriesRequest { page_size, page_token, open, unsettled } = request.into_inner();
        let size = convert::page_size(page_size)?;
        let page = done(authority, move |at| {
            let page = (page_token.as_str(), size);
            if unsettled {
                at.desk.unsettled_enquiries(&caller, open, page)
            } else {
                at.desk.enquiries(&caller, open, page)
            }
        });
        let page = page.await?;
        let (enquiries, next_page_token) = enquiries::page_to_wire(page);
        Ok(Response::new(wire::ListEnquiriesResponse { enquiries, next_page_token }))
    }

    async fn get_enquiry(
        &self,
        request: Request<wire::GetEnquiryRequest>,
    ) -> Result<Response<wire::GetEnquiryResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let jti = parsed::<Jti>("jti", &request.into_inner().jti)?;
        let view = done(authority, move |at| at.desk.enquiry(&caller, &jti)).await?;
        Ok(Response::new(wire::GetEnquiryResponse { enquiry: Some(enquiries::to_wire(&view)) }))
    }

    async fn conclude_enquiry(
        &self,
        request: Request<wire::ConcludeEnquiryRequest>,
    ) -> Result<Response<wire::ConcludeEnquiryResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::ConcludeEnquiryRequest { request_id, jti, reason } = request.into_inner();
        let (jti, reason) = (parsed::<Jti>("jti", &jti)?, needed("reason", &reason)?);
        let concluded = authority.desk.conclude_enquiry(&caller, &request_id, jti, reason).await;
        let view = concluded.map_err(|error| refused(&error))?;
        Ok(Response::new(wire::ConcludeEnquiryResponse { enquiry: Some(enquiries::to_wire(&view)) }))
    }

    async fn settle_security(
        &self,
        request: Request<wire::SettleSecurityRequest>,
    ) -> Result<Response<wire::SettleSecurityResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::SettleSecurityRequest { request_id, jti, outcome, words } = request.into_inner();
        let said = (parsed("outcome", &outcome)?, needed("words", &words)?);
        let settled = authority.desk.settle_security(&caller, &request_id, parsed("jti", &jti)?, said).await;
        let view = settled.map_err(|error| refused(&error))?;
        Ok(Response::new(wire::SettleSecurityResponse { enquiry: Some(enquiries::to_wire(&view)) }))
    }
}

/// The certificate of a partner that a caller names.
pub(super) fn named(name: Option<wire::ArrivedName>) -> Result<ArrivedName, ApiError> {
    use wire::arrived_name::Name;
    let wire::ArrivedName { name, issuer: of } = name.unwrap_or_default();
    match name {
        Some(Name::Jti(jti)) => parsed("certificate.jti", &jti).map(ArrivedName::Jti),
        Some(Name::Number(number)) if !number.is_empty() => Ok(ArrivedName::Number(number, issuer(&of)?)),
        _ => Err(missing("certificate", "a jti or a number is needed")),
    }
}

/// An issuer as `https://<host>` or the bare host, if one is named.
pub(super) fn issuer(text: &str) -> Result<Option<Issuer>, ApiError> {
    if text.is_empty() {
        return Ok(None);
    }
    let url = if text.starts_with("https://") { text.to_owned() } else { format!("https://{text}") };
    parsed("issuer", &url).map(Some)
}

/// A value by its own grammar.
pub(super) fn parsed<T: FromStr<Err: Display>>(field: &'static str, text: &str) -> Result<T, ApiError> {
    text.parse().map_err(|error: T::Err| ApiError::Field { field, message: error.to_string() })
}

/// The same for one that may be empty.
pub(super) fn optional<T: FromStr<Err: Display>>(field: &'static str, text: &str) -> Result<Option<T>, ApiError> {
    if text.is_empty() { Ok(None) } else { parsed(field, text).map(Some) }
}

pub(super) fn bounded(field: &'static str, length: usize) -> Result<(), ApiError> {
    if length <= LINES_MAX { Ok(()) } else { Err(missing(field, "are at most 500")) }
}

pub(super) fn import_declaration(wire: wire::ImportDeclaration) -> Result<ImportDeclaration, ApiError> {
    let date = wire.date.ok_or_else(|| missing("declaration.date", "a civil date is needed"))?;
    Ok(ImportDeclaration {
        number: super::applications::needed("declaration.number", &wire.number)?,
        date: convert::date("declaration.date", &date)?,
        office: super::applications::needed("declaration.office", &wire.office)?,
    })
}

/// Reads a list; what is wrong with an entry is said with its place.
pub(super) fn each<T, Read>(
    list: &str,
    all: &[T],
    read: impl Fn(&T) -> Result<Read, ApiError>,
) -> Result<Vec<Read>, ApiError> {
    all.iter().enumerate().map(|(at, one)| read(one).map_err(|error| error.of_entry(list, at))).collect()
}

/// A quantity and its unit, each with its field, if there is one.
pub(super) fn measure(
    (field, value): (&'static str, &str),
    (unit_field, unit): (&'static str, &str),
) -> Result<Option<Measure>, ApiError> {
    if value.is_empty() {
        return Ok(None);
    }
    Ok(Some(Measure { value: parsed(field, value)?, unit: parsed(unit_field, unit)? }))
}

fn decision(wire: &wire::ItemDecision) -> Result<ItemDecision, ApiError> {
    Ok(ItemDecision {
        item: positive(wire.item),
        line: positive(wire.line),
        code: parsed("code", &wire.code)?,
        quantity: None,
        left: None,
        reason: optional("reason", &wire.reason)?,
        basis: text("basis", &wire.basis)?,
        words: text("words", &wire.words)?,
    })
}

fn write_off_lines(lines: &[wire::WriteOffLine]) -> Result<Vec<WriteOffLine>, ApiError> {
    bounded("lines", lines.len())?;
    let line = |one: &wire::WriteOffLine| {
        let quantity = measure(("quantity", &one.quantity), ("unit", &one.unit))?;
        let quantity = quantity.ok_or_else(|| missing("quantity", "how much is needed"))?;
        if quantity.value.is_zero() {
            return Err(missing("quantity", "is more than 0"));
        }
        Ok(WriteOffLine { item: one.item, line: positive(one.line), quantity })
    };
    each("lines", lines, line)
}

/// A number that is absent as 0.
pub(super) const fn positive(number: u32) -> Option<u32> {
    if number == 0 { None } else { Some(number) }
}

/// What is left of an item, as the wire shows it.
pub(super) fn balance(left: Balance) -> wire::ItemBalance {
    wire::ItemBalance {
        item: left.item,
        description: left.description,
        unit: left.whole.as_ref().map(|whole| whole.unit.to_string()).unwrap_or_default(),
        whole: left.whole.map(|whole| whole.value.to_string()).unwrap_or_default(),
        used: left.used,
        left: left.left,
        response: left.response.as_ref().map(ResponseCode::to_string).unwrap_or_default(),
        ended: left.ended,
        lines: left.lines.iter().map(decided_line).collect(),
    }
}

fn decided_line(one: &DecidedLine) -> wire::DecidedLine {
    wire::DecidedLine {
        declaration: one.declaration.to_string(),
        office: said(one.office.as_ref()),
        line: one.line,
        code: one.code.to_string(),
    }
}

/// What an officer should know, as the wire shows it.
pub(super) fn notice(notice: Notice) -> wire::Notice {
    wire::Notice { reason: notice.reason.to_owned(), words: notice.words, blocks: notice.blocks }
}

/// A declaration as the wire shows it.
pub(super) fn declaration_to_wire(declaration: &ImportDeclaration) -> wire::ImportDeclaration {
    wire::ImportDeclaration {
        number: declaration.number.to_string(),
        date: Some(convert::date_to_wire(declaration.date)),
        office: declaration.office.to_string(),
    }
}

/// What was decided of an item, as the wire shows it.
pub(super) fn decided(one: &ItemDecision) -> wire::DecidedItem {
    wire::DecidedItem {
        item: one.item.unwrap_or_default(),
        line: one.line.unwrap_or_default(),
        code: one.code.to_string(),
        reason: said(one.reason.as_ref()),
        basis: said(one.basis.as_ref()),
        words: said(one.words.as_ref()),
        quantity: one.quantity.as_ref().map(|used| used.value.to_string()).unwrap_or_default(),
        unit: one.quantity.as_ref().map(|used| used.unit.to_string()).unwrap_or_default(),
        left: one.left.as_ref().map(|left| left.value.to_string()).unwrap_or_default(),
        over: false,
    }
}

/// What was decided, one by one, as the wire shows it, with whether each is over; what nothing is said of is not.
pub(super) fn decided_so(decisions: &[ItemDecision], over: Vec<bool>) -> Vec<wire::DecidedItem> {
    let over = over.into_iter().chain(std::iter::repeat(false));
    decisions.iter().zip(over).map(|(one, over)| wire::DecidedItem { over, ..decided(one) }).collect()
}

/// A value as text, or nothing.
pub(super) fn said(value: Option<&impl ToString>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

pub(super) fn shown(jti: Option<Jti>) -> String {
    said(jti.as_ref())
}
