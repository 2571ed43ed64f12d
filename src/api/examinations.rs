//! `ExaminationService`: what officers do with what was filed, for accounts of one authority.

use super::ApiError;
use super::applications::{done, id, missing, needed, origin_to_wire, sha256, stage, stage_to_wire, text, to_wire};
use super::call::{caller, refused};
use super::convert;
use super::failure;
use super::hosts::{HostedAuthority, Hosts};
use super::numbers;
use super::serves::serves;
use super::wire::google::r#type::Date as WireDate;
use super::wire::origin::v1::{self as wire, examination_service_server::ExaminationService};
use crate::certificate::CertificateNumber;
use crate::certificate::schema::{has_member, input};
use crate::office::{ReferredTo, RefusalCode};
use crate::production;
use crate::time::Date;
use crate::workflow::{Found, QueueAsked, QueueRow, Referring};
use bytes::Bytes;
use tonic::{Request, Response, Status};

/// The handlers.
#[derive(Clone)]
pub(crate) struct ExaminationsDoor {
    pub(crate) hosts: Hosts,
}

serves! {
    ExaminationService for ExaminationsDoor {
        list_queue(wire::ListQueueRequest) -> wire::ListQueueResponse;
        claim_application(wire::ClaimApplicationRequest) -> wire::ClaimApplicationResponse;
        release_application(wire::ReleaseApplicationRequest) -> wire::ReleaseApplicationResponse;
        raise_query(wire::RaiseQueryRequest) -> wire::RaiseQueryResponse;
        record_fee(wire::RecordFeeRequest) -> wire::RecordFeeResponse;
        refer_application(wire::ReferApplicationRequest) -> wire::ReferApplicationResponse;
        report_referral(wire::ReportReferralRequest) -> wire::ReportReferralResponse;
        recommend_issue(wire::RecommendIssueRequest) -> wire::RecommendIssueResponse;
        refuse_application(wire::RefuseApplicationRequest) -> wire::RefuseApplicationResponse;
        send_back_application(wire::SendBackApplicationRequest) -> wire::SendBackApplicationResponse;
        void_number(wire::VoidNumberRequest) -> wire::VoidNumberResponse;
        list_numbers(wire::ListNumbersRequest) -> wire::ListNumbersResponse;
        preview_certificate(wire::PreviewCertificateRequest) -> wire::PreviewCertificateResponse;
        sign_application(wire::SignApplicationRequest) -> wire::SignApplicationResponse;
    }
}

impl ExaminationsDoor {
    async fn list_queue(
        &self,
        request: Request<wire::ListQueueRequest>,
    ) -> Result<Response<wire::ListQueueResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::ListQueueRequest {
            office,
            stages,
            with_differences,
            page_size,
            page_token,
            with_origin,
            with_judgement,
        } = request.into_inner();
        let office = match office.as_str() {
            "" => None,
            code => {
                Some(code.parse().map_err(|error| ApiError::Field { field: "office", message: format!("{error}") })?)
            }
        };
        let stages = stages.into_iter().map(stage).collect::<Result<Vec<_>, _>>()?;
        let asked = QueueAsked {
            office,
            stages: stages.into_iter().flatten().collect(),
            differences: with_differences,
            origin: with_origin,
            judgement: with_judgement,
            page_size: convert::page_size(page_size)?,
            page_token,
        };
        let page = done(authority, move |at| at.applications.queue(&caller, &asked)).await?;
        Ok(Response::new(wire::ListQueueResponse {
            applications: page.rows.iter().map(queued).collect(),
            next_page_token: page.next.unwrap_or_default(),
        }))
    }

    async fn claim_application(
        &self,
        request: Request<wire::ClaimApplicationRequest>,
    ) -> Result<Response<wire::ClaimApplicationResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::ClaimApplicationRequest { request_id, application_id } = request.into_inner();
        let id = id(&application_id)?;
        let view = done(authority, move |at| at.applications.claim(&caller, &request_id, id)).await?;
        Ok(Response::new(wire::ClaimApplicationResponse { application: Some(to_wire(&view.application)) }))
    }

    async fn release_application(
        &self,
        request: Request<wire::ReleaseApplicationRequest>,
    ) -> Result<Response<wire::ReleaseApplicationResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::ReleaseApplicationRequest { request_id, application_id } = request.into_inner();
        let id = id(&application_id)?;
        let view = done(authority, move |at| at.applications.release(&caller, &request_id, id)).await?;
        Ok(Response::new(wire::ReleaseApplicationResponse { application: Some(to_wire(&view.application)) }))
    }

    async fn raise_query(
        &self,
        request: Request<wire::RaiseQueryRequest>,
    ) -> Result<Response<wire::RaiseQueryResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::RaiseQueryRequest { request_id, application_id, question, fields } = request.into_inner();
        let (id, question) = (id(&application_id)?, needed("question", &question)?);
        if fields.len() > 100 || fields.iter().any(|field| field.len() > 200) {
            return Err(missing("fields", "are at most 100, of at most 200 bytes each").into());
        }
        if let Some(unknown) = fields.iter().find(|field| !is_member(field)) {
            let named = unknown.chars().take(60).collect::<String>();
            return Err(missing(
                "fields",
                &format!("`{named}` is no field of a certificate, such as goods.items[0].hs.code"),
            )
            .into());
        }
        let view = done(authority, move |at| at.applications.query(&caller, &request_id, id, question, fields)).await?;
        Ok(Response::new(wire::RaiseQueryResponse { application: Some(to_wire(&view.application)) }))
    }

    async fn record_fee(
        &self,
        request: Request<wire::RecordFeeRequest>,
    ) -> Result<Response<wire::RecordFeeResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::RecordFeeRequest { request_id, application_id, reference } = request.into_inner();
        let (id, reference) = (id(&application_id)?, needed("reference", &reference)?);
        let view = done(authority, move |at| at.applications.record_fee(&caller, &request_id, id, reference)).await?;
        let fee = view.application.fee.as_ref();
        Ok(Response::new(wire::RecordFeeResponse {
            application_id,
            stage: stage_to_wire(view.application.stage.name()).into(),
            fee_reference: fee.map_or_else(String::new, |fee| fee.reference.as_str().to_owned()),
        }))
    }

    async fn refer_application(
        &self,
        request: Request<wire::ReferApplicationRequest>,
    ) -> Result<Response<wire::ReferApplicationResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::ReferApplicationRequest { request_id, application_id, to, look_at, due } = request.into_inner();
        let id = id(&application_id)?;
        let to = to.parse::<ReferredTo>().map_err(|e| ApiError::Field { field: "to", message: e.to_string() })?;
        let asked = Referring { to, look_at: needed("look_at", &look_at)?, due: day("due", due)? };
        let view = done(authority, move |at| at.applications.refer(&caller, &request_id, id, asked)).await?;
        Ok(Response::new(wire::ReferApplicationResponse { application: Some(to_wire(&view.application)) }))
    }

    async fn report_referral(
        &self,
        request: Request<wire::ReportReferralRequest>,
    ) -> Result<Response<wire::ReportReferralResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::ReportReferralRequest { request_id, application_id, visitor, visited_on, words, paper_sha256 } =
            request.into_inner();
        let id = id(&application_id)?;
        let found = Found {
            visitor: needed("visitor", &visitor)?,
            visited_on: day("visited_on", visited_on)?,
            words: needed("words", &words)?,
            paper: sha256("paper_sha256", &paper_sha256)?,
        };
        let view = done(authority, move |at| at.applications.report(&caller, &request_id, id, found)).await?;
        Ok(Response::new(wire::ReportReferralResponse { application: Some(to_wire(&view.application)) }))
    }

    async fn recommend_issue(
        &self,
        request: Request<wire::RecommendIssueRequest>,
    ) -> Result<Response<wire::RecommendIssueResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::RecommendIssueRequest { request_id, application_id, note } = request.into_inner();
        let (id, note) = (id(&application_id)?, text("note", &note)?);
        let view = done(authority, move |at| at.applications.recommend(&caller, &request_id, id, note)).await?;
        Ok(Response::new(wire::RecommendIssueResponse { application: Some(to_wire(&view.application)) }))
    }

    async fn refuse_application(
        &self,
        request: Request<wire::RefuseApplicationRequest>,
    ) -> Result<Response<wire::RefuseApplicationResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::RefuseApplicationRequest { request_id, application_id, code, reason } = request.into_inner();
        let (id, words) = (id(&application_id)?, needed("reason", &reason)?);
        let code = code
            .parse::<RefusalCode>()
            .map_err(|error| ApiError::Field { field: "code", message: error.to_string() })?;
        let view = done(authority, move |at| at.applications.refuse(&caller, &request_id, id, code, words)).await?;
        Ok(Response::new(wire::RefuseApplicationResponse { application: Some(to_wire(&view.application)) }))
    }

    async fn send_back_application(
        &self,
        request: Request<wire::SendBackApplicationRequest>,
    ) -> Result<Response<wire::SendBackApplicationResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::SendBackApplicationRequest { request_id, application_id, reason } = request.into_inner();
        let (id, why) = (id(&application_id)?, needed("reason", &reason)?);
        let view = done(authority, move |at| at.applications.send_back(&caller, &request_id, id, why)).await?;
        Ok(Response::new(wire::SendBackApplicationResponse { application: Some(to_wire(&view.application)) }))
    }

    async fn void_number(
        &self,
        request: Request<wire::VoidNumberRequest>,
    ) -> Result<Response<wire::VoidNumberResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::VoidNumberRequest { request_id, application_id, reason } = request.into_inner();
        let (id, why) = (id(&application_id)?, needed("reason", &reason)?);
        let view = done(authority, move |at| at.applications.void_number(&caller, &request_id, id, why)).await?;
        Ok(Response::new(wire::VoidNumberResponse { application: Some(to_wire(&view.application)) }))
    }

    async fn list_numbers(
        &self,
        request: Request<wire::ListNumbersRequest>,
    ) -> Result<Response<wire::ListNumbersResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::ListNumbersRequest { series, page_size, page_token, standing } = request.into_inner();
        let standing = numbers::standing(standing)?;
        let size = convert::page_size(page_size)?;
        let numbers =
            move |at: &HostedAuthority| at.applications.numbers_that(&caller, &series, standing, size, &page_token);
        let page = done(authority, numbers).await?;
        Ok(Response::new(wire::ListNumbersResponse {
            numbers: page.numbers.into_iter().map(numbers::to_wire).collect(),
            next_page_token: page.next.unwrap_or_default(),
        }))
    }

    async fn preview_certificate(
        &self,
        request: Request<wire::PreviewCertificateRequest>,
    ) -> Result<Response<wire::PreviewCertificateResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::PreviewCertificateRequest { application_id, number } = request.into_inner();
        let (id, number) = (id(&application_id)?, self::number(&number)?);
        let preview = done(authority, move |at| at.applications.preview(&caller, id, number)).await?;
        Ok(Response::new(wire::PreviewCertificateResponse {
            application: Some(to_wire(&preview.application)),
            certificate_json: preview.certificate_json.into(),
            shown_sha256: Bytes::copy_from_slice(&preview.shown.0),
            findings: failure::wire_findings(&preview.findings, usize::MAX).findings,
            production_json: preview.production_json.into(),
            origin_json: origin_to_wire(preview.origin.as_ref()),
        }))
    }

    async fn sign_application(
        &self,
        request: Request<wire::SignApplicationRequest>,
    ) -> Result<Response<wire::SignApplicationResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::SignApplicationRequest { request_id, application_id, shown_sha256, number } = request.into_inner();
        let (id, number) = (id(&application_id)?, self::number(&number)?);
        let shown = sha256("shown_sha256", &shown_sha256)?;
        // On its own: a caller that hangs up between approval and issue does not leave an approval behind.
        let signing =
            tokio::spawn(async move { authority.applications.sign(&caller, &request_id, id, shown, number).await });
        let signed = signing.await.map_err(|error| ApiError::Task(error.to_string()))?;
        let signed = signed.map_err(|error| refused(&error))?;
        Ok(Response::new(wire::SignApplicationResponse { application: Some(to_wire(&signed.application)) }))
    }
}

fn day(field: &'static str, date: Option<WireDate>) -> Result<Date, ApiError> {
    convert::date(field, &date.ok_or_else(|| missing(field, "a civil date is needed"))?)
}

fn number(text: &str) -> Result<Option<CertificateNumber>, ApiError> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|error| ApiError::Field { field: "number", message: format!("{error}") })
}

/// Whether it names a member of what is asked for, or of how the goods were made.
fn is_member(field: &str) -> bool {
    match field.strip_prefix("production") {
        Some(rest) => rest.strip_prefix('.').is_none_or(|path| has_member(&production::schema(), path)),
        None => has_member(&input(), field),
    }
}

fn queued(row: &QueueRow) -> wire::QueuedApplication {
    let differences = row.differences.iter().flat_map(|one| &one.members);
    let compared_with = row.differences.as_ref().map(|one| one.certificate.clone());
    let left = row.application.left.as_ref();
    let judged = row.judged.as_ref();
    let points = judged.into_iter().flat_map(|one| &one.risk.points);
    wire::QueuedApplication {
        findings_now: judged.map(|one| failure::wire_findings(&one.findings, usize::MAX).findings).unwrap_or_default(),
        judged_on: judged.map(|one| convert::date_to_wire(one.on)),
        risk: judged.map_or_else(String::new, |one| one.risk.level().to_owned()),
        risk_points: points
            .map(|one| wire::RiskPoint {
                rule: one.rule.to_owned(),
                weight: one.weight.into(),
                words: one.words.clone(),
            })
            .collect(),
        application: Some(to_wire(&row.application)),
        compared: row.differences.is_some(),
        exporter_struck_off: row.struck_off,
        compared_with: compared_with.unwrap_or_default(),
        origin_json: origin_to_wire(row.origin.as_ref()),
        left_under_policy: left.map_or_else(String::new, |one| one.policy.clone()),
        left_reason: left.map_or_else(String::new, |one| one.reason.clone()),
        left_message: left.map_or_else(String::new, |one| one.words.clone()),
        differences: differences
            .map(|one| wire::ApplicationDifference {
                path: one.path.clone(),
                before: one.before.clone().unwrap_or_default(),
                now: one.now.clone().unwrap_or_default(),
            })
            .collect(),
    }
}
