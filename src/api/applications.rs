//! `ApplicationService`: what exporters and their agents file, for accounts of one authority.

use super::ApiError;
use super::call::{blocking, caller, refused, refused_row};
use super::convert;
use super::failure;
use super::hosts::{HostedAuthority, Hosts};
use super::serves::serves;
use super::stream::{Answers, answer_each, count_rows};
use super::wire::origin::v1::{self as wire, application_service_server::ApplicationService};
use crate::certificate::{DeclarationMeans, DeclarationSignature, Sha256, Text};
use crate::office::{Application, ApplicationId, Caller, Declarant, Examined, Referral, Stage, StageName};
use crate::time::Timestamp;
use crate::workflow::{ImportRow, JudgedOrigin, Paper, View, WorkflowError};
use bytes::Bytes;
use std::sync::Arc;
use tokio::sync::watch;
use tonic::{Request, Response, Status, Streaming};

/// The handlers.
#[derive(Clone)]
pub(crate) struct ApplicationsDoor {
    pub(crate) hosts: Hosts,
    pub(crate) stopping: watch::Receiver<bool>,
}

/// Does one thing with the caller's applications off the runtime, and gives the application as it stands.
pub(super) async fn done<T: Send + 'static>(
    authority: Arc<HostedAuthority>,
    work: impl FnOnce(&HostedAuthority) -> Result<T, WorkflowError> + Send + 'static,
) -> Result<T, Status> {
    blocking(move || work(&authority)).await?.map_err(|error| refused(&error))
}

serves! {
    ApplicationService for ApplicationsDoor
    where
        ImportApplicationsStream = Answers<wire::ImportApplicationsResponse>
    {
        check_application(wire::CheckApplicationRequest) -> wire::CheckApplicationResponse;
        create_application(wire::CreateApplicationRequest) -> wire::CreateApplicationResponse;
        update_application(wire::UpdateApplicationRequest) -> wire::UpdateApplicationResponse;
        submit_application(wire::SubmitApplicationRequest) -> wire::SubmitApplicationResponse;
        answer_query(wire::AnswerQueryRequest) -> wire::AnswerQueryResponse;
        withdraw_application(wire::WithdrawApplicationRequest) -> wire::WithdrawApplicationResponse;
        reserve_number(wire::ReserveNumberRequest) -> wire::ReserveNumberResponse;
        get_application(wire::GetApplicationRequest) -> wire::GetApplicationResponse;
        list_applications(wire::ListApplicationsRequest) -> wire::ListApplicationsResponse;
        import_applications(Streaming<wire::ImportApplicationsRequest>) -> Answers<wire::ImportApplicationsResponse>;
    }
}

impl ApplicationsDoor {
    async fn check_application(
        &self,
        request: Request<wire::CheckApplicationRequest>,
    ) -> Result<Response<wire::CheckApplicationResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::CheckApplicationRequest { file, exporter } = request.into_inner();
        let paper = paper(file)?;
        let checked = done(authority, move |at| at.applications.check(&caller, &exporter, &paper)).await?;
        Ok(Response::new(wire::CheckApplicationResponse {
            acceptable: !checked.findings.has_errors(),
            findings: failure::wire_findings(&checked.findings, usize::MAX).findings,
        }))
    }

    async fn create_application(
        &self,
        request: Request<wire::CreateApplicationRequest>,
    ) -> Result<Response<wire::CreateApplicationResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::CreateApplicationRequest { request_id, file, exporter } = request.into_inner();
        let paper = paper(file)?;
        let view = done(authority, move |at| at.applications.create(&caller, &request_id, &exporter, paper)).await?;
        Ok(Response::new(wire::CreateApplicationResponse { application: Some(to_wire(&view.application)) }))
    }

    async fn update_application(
        &self,
        request: Request<wire::UpdateApplicationRequest>,
    ) -> Result<Response<wire::UpdateApplicationResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::UpdateApplicationRequest { request_id, application_id, file } = request.into_inner();
        let (id, paper) = (id(&application_id)?, paper(file)?);
        let view = done(authority, move |at| at.applications.update(&caller, &request_id, id, paper)).await?;
        Ok(Response::new(wire::UpdateApplicationResponse { application: Some(to_wire(&view.application)) }))
    }

    async fn submit_application(
        &self,
        request: Request<wire::SubmitApplicationRequest>,
    ) -> Result<Response<wire::SubmitApplicationResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::SubmitApplicationRequest { request_id, application_id, declaration } = request.into_inner();
        let id = id(&application_id)?;
        let declarant = declarant(declaration)?.ok_or_else(|| missing("declaration", "a declaration is needed"))?;
        let view =
            done(Arc::clone(&authority), move |at| at.applications.submit(&caller, &request_id, id, declarant)).await?;
        // On its own: a caller that hangs up between approval and issue leaves no approval behind.
        let issuing = tokio::spawn(async move { authority.applications.with_certificate(view).await });
        let view = issuing.await.map_err(|error| ApiError::Task(error.to_string()))?;
        let view = view.map_err(|error| refused(&error))?;
        Ok(Response::new(wire::SubmitApplicationResponse { application: Some(to_wire(&view.application)) }))
    }

    async fn answer_query(
        &self,
        request: Request<wire::AnswerQueryRequest>,
    ) -> Result<Response<wire::AnswerQueryResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::AnswerQueryRequest { request_id, application_id, answer, file, declaration } = request.into_inner();
        let id = id(&application_id)?;
        let answer = text("answer", &answer)?.ok_or_else(|| missing("answer", "an answer is needed"))?;
        let mended = match (file, declarant(declaration)?) {
            (None, None) => None,
            (Some(file), Some(declarant)) => Some((paper(Some(file))?, declarant)),
            _ => return Err(missing("declaration", "other particulars and their declaration come together").into()),
        };
        let view = done(authority, move |at| at.applications.answer(&caller, &request_id, id, answer, mended)).await?;
        Ok(Response::new(wire::AnswerQueryResponse { application: Some(to_wire(&view.application)) }))
    }

    async fn withdraw_application(
        &self,
        request: Request<wire::WithdrawApplicationRequest>,
    ) -> Result<Response<wire::WithdrawApplicationResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::WithdrawApplicationRequest { request_id, application_id, note } = request.into_inner();
        let (id, note) = (id(&application_id)?, text("note", &note)?);
        let view = done(authority, move |at| at.applications.withdraw(&caller, &request_id, id, note)).await?;
        Ok(Response::new(wire::WithdrawApplicationResponse { application: Some(to_wire(&view.application)) }))
    }

    async fn reserve_number(
        &self,
        request: Request<wire::ReserveNumberRequest>,
    ) -> Result<Response<wire::ReserveNumberResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::ReserveNumberRequest { request_id, application_id } = request.into_inner();
        let id = id(&application_id)?;
        let reserved = authority.applications.reserve_number(&caller, &request_id, id).await;
        let view = reserved.map_err(|error| refused(&error))?;
        Ok(Response::new(wire::ReserveNumberResponse { application: Some(to_wire(&view.application)) }))
    }

    async fn get_application(
        &self,
        request: Request<wire::GetApplicationRequest>,
    ) -> Result<Response<wire::GetApplicationResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let id = id(&request.into_inner().application_id)?;
        let (View { application, paper }, became, origin) = done(authority, move |at| {
            let view = at.applications.get(&caller, id)?;
            let became = at.applications.became(&view.application)?;
            let origin = at.applications.judged_origin(&view.application, &view.paper);
            Ok((view, became, origin))
        })
        .await?;
        let file = wire::ApplicationFile {
            certificate_json: paper.certificate_json.into(),
            production_json: paper.production_json.into(),
        };
        let certificate_status = became.map_or_else(String::new, |stands| stands.word().replace(' ', "_"));
        let application = Some(wire::Application { certificate_status, ..to_wire(&application) });
        let origin_json = origin_to_wire(origin.as_ref());
        Ok(Response::new(wire::GetApplicationResponse { application, file: Some(file), origin_json }))
    }

    async fn list_applications(
        &self,
        request: Request<wire::ListApplicationsRequest>,
    ) -> Result<Response<wire::ListApplicationsResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::ListApplicationsRequest { page_size, page_token, stage } = request.into_inner();
        let (size, stage) = (convert::page_size(page_size)?, self::stage(stage)?);
        let page = done(authority, move |at| at.applications.list(&caller, stage, size, &page_token)).await?;
        Ok(Response::new(wire::ListApplicationsResponse {
            applications: page.applications.iter().map(to_wire).collect(),
            next_page_token: page.next.unwrap_or_default(),
        }))
    }

    async fn import_applications(
        &self,
        request: Request<Streaming<wire::ImportApplicationsRequest>>,
    ) -> Result<Response<Answers<wire::ImportApplicationsResponse>>, Status> {
        let asked = caller(&self.hosts, request.metadata())?.account()?;
        Ok(answer_each(asked, request.into_inner(), self.stopping.clone(), import_message))
    }
}

async fn import_message(
    authority: Arc<HostedAuthority>,
    caller: Arc<Caller>,
    message: wire::ImportApplicationsRequest,
) -> Result<wire::ImportApplicationsResponse, Status> {
    use wire::import_application_result::Outcome;
    count_rows(message.rows.len())?;
    let mut results = Vec::with_capacity(message.rows.len());
    let (mut rows, mut places) = (Vec::new(), Vec::new());
    for row in message.rows {
        let wire::ImportApplicationRow { request_id, file, declaration, exporter } = row;
        let read = paper(file).and_then(|paper| Ok((paper, declarant(declaration)?)));
        let outcome = match read {
            Ok((paper, declarant)) => {
                places.push(results.len());
                rows.push(ImportRow { request_id: request_id.clone(), exporter, paper, declarant });
                None
            }
            Err(error) => Some(Outcome::Error(failure::rpc(&error, &error.details()))),
        };
        results.push(wire::ImportApplicationResult { request_id, outcome });
    }
    let answers = authority.applications.import(&caller, rows).await.map_err(|error| refused(&error))?;
    for (place, answer) in places.into_iter().zip(answers) {
        let outcome = match answer {
            Ok(row) => {
                let application = &row.application;
                let findings = failure::wire_findings(application.findings(), usize::MAX).findings;
                Outcome::Imported(wire::ImportedApplication {
                    application_id: application.id.to_string(),
                    stage: stage_to_wire(application.stage.name()).into(),
                    repeated: row.repeated,
                    findings,
                    certificate_number: application.stage.certificate().map_or_else(String::new, |c| c.number.clone()),
                })
            }
            Err(error) => Outcome::Error(refused_row(&error)),
        };
        if let Some(result) = results.get_mut(place) {
            result.outcome = Some(outcome);
        }
    }
    Ok(wire::ImportApplicationsResponse { results })
}

pub(super) fn missing(field: &'static str, message: &str) -> ApiError {
    ApiError::Field { field, message: message.to_owned() }
}

fn paper(file: Option<wire::ApplicationFile>) -> Result<Paper, ApiError> {
    let wire::ApplicationFile { certificate_json, production_json } =
        file.ok_or_else(|| missing("file", "what is applied for is needed"))?;
    Ok(Paper { certificate_json: certificate_json.into(), production_json: production_json.into() })
}

fn declarant(declaration: Option<wire::ApplicationDeclaration>) -> Result<Option<Declarant>, ApiError> {
    let Some(declaration) = declaration else { return Ok(None) };
    let means = match declaration.means() {
        wire::DeclarationMeans::SignedPaper => DeclarationMeans::SignedPaper,
        wire::DeclarationMeans::Portal => DeclarationMeans::Portal,
        wire::DeclarationMeans::System => DeclarationMeans::System,
        wire::DeclarationMeans::ElectronicSignature => DeclarationMeans::ElectronicSignature,
        wire::DeclarationMeans::Unspecified => {
            return Err(missing("declaration.means", "how it is declared is needed"));
        }
    };
    let person = text("declaration.person", &declaration.person)?;
    let person = person.ok_or_else(|| missing("declaration.person", "who declares is needed"))?;
    let signature = match (declaration.signature_algorithm.as_str(), declaration.signature.as_str()) {
        ("", "") => None,
        (algorithm, value) => Some(DeclarationSignature {
            algorithm: needed("declaration.signature_algorithm", algorithm)?,
            value: needed("declaration.signature", value)?,
            key: text("declaration.signature_key", &declaration.signature_key)?,
        }),
    };
    Ok(Some(Declarant {
        person,
        capacity: text("declaration.capacity", &declaration.capacity)?,
        means,
        shown: sha256("declaration.shown_sha256", &declaration.shown_sha256)?,
        signature,
    }))
}

pub(super) fn sha256(field: &'static str, bytes: &Bytes) -> Result<Sha256, ApiError> {
    bytes.as_ref().try_into().map(Sha256).map_err(|_| missing(field, "is 32 bytes of SHA-256"))
}

pub(super) fn id(text: &str) -> Result<ApplicationId, ApiError> {
    text.parse().map_err(|error| ApiError::Field { field: "application_id", message: format!("{error}") })
}

/// A text that may be empty, as it was typed.
pub(super) fn text<const MAX: usize>(field: &'static str, text: &str) -> Result<Option<Text<MAX>>, ApiError> {
    if text.trim().is_empty() { Ok(None) } else { needed(field, text).map(Some) }
}

pub(super) fn needed<const MAX: usize>(field: &'static str, text: &str) -> Result<Text<MAX>, ApiError> {
    Text::typed(text).map_err(|error| ApiError::Field { field, message: error.to_string() })
}

/// The stage a caller names, if any.
pub(super) fn stage(stage: i32) -> Result<Option<StageName>, ApiError> {
    let known = wire::ApplicationStage::try_from(stage).map_err(|_| missing("stage", "is not a stage"))?;
    if known == wire::ApplicationStage::Unspecified {
        return Ok(None);
    }
    Ok(StageName::ALL.iter().copied().find(|one| stage_to_wire(*one) == known))
}

pub(super) const fn stage_to_wire(stage: StageName) -> wire::ApplicationStage {
    match stage {
        StageName::Draft => wire::ApplicationStage::Draft,
        StageName::AwaitingPayment => wire::ApplicationStage::AwaitingPayment,
        StageName::Submitted => wire::ApplicationStage::Submitted,
        StageName::UnderExamination => wire::ApplicationStage::UnderExamination,
        StageName::Queried => wire::ApplicationStage::Queried,
        StageName::Referred => wire::ApplicationStage::Referred,
        StageName::Recommended => wire::ApplicationStage::Recommended,
        StageName::Approved => wire::ApplicationStage::Approved,
        StageName::Issued => wire::ApplicationStage::Issued,
        StageName::Refused => wire::ApplicationStage::Refused,
        StageName::Withdrawn => wire::ApplicationStage::Withdrawn,
    }
}

pub(super) fn at(ms: u64) -> Option<prost_types::Timestamp> {
    let instant = i64::try_from(ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    instant.map(convert::instant)
}

/// An application as it stands.
pub(super) fn to_wire(application: &Application) -> wire::Application {
    let Application { subject, stage, .. } = application;
    let submission = stage.submission();
    let claimed = stage.claimed();
    let named = |account| application.history.iter().rev().find(|event| event.account.as_ref() == Some(account));
    let refusal = match stage {
        Stage::Refused { refusal, .. } => Some(refusal),
        _ => None,
    };
    let certificate = stage.certificate();
    let policy = stage.examined().and_then(|one| match &one.examined {
        Examined::ByMachine(policy) => Some(policy.clone()),
        Examined::By(_) => None,
    });
    let released = stage.approval().and_then(|approval| approval.released_under.clone());
    let findings = failure::wire_findings(application.findings(), usize::MAX).findings;
    wire::Application {
        application_id: application.id.to_string(),
        stage: stage_to_wire(stage.name()).into(),
        exporter_id: application.exporter.to_string(),
        agent_account_id: application.agent.as_ref().map(ToString::to_string).unwrap_or_default(),
        created_at: at(application.created_ms),
        submitted_at: submission.and_then(|one| at(one.at_ms)),
        agreement: subject.agreement.to_string(),
        office: subject.office.to_string(),
        to: subject.to.to_string(),
        exporter_name: subject.exporter.as_str().to_owned(),
        goods: subject.goods.as_str().to_owned(),
        hs: subject.hs.as_ref().map(|hs| hs.code.to_string()).unwrap_or_default(),
        items: subject.items,
        file_sha256: Bytes::copy_from_slice(&application.paper.0),
        findings,
        queries: application
            .queries
            .iter()
            .map(|query| wire::ApplicationQuery {
                question: query.question.as_str().to_owned(),
                fields: query.fields.clone(),
                asked_at: at(query.asked_ms),
                answer: query.answer.as_ref().map_or_else(String::new, |answer| answer.as_str().to_owned()),
                answered_at: query.answered_ms.and_then(at),
            })
            .collect(),
        history: application
            .history
            .iter()
            .map(|event| wire::ApplicationEvent {
                at: at(event.at_ms),
                name: event.name.clone(),
                account_id: event.account.as_ref().map(ToString::to_string).unwrap_or_default(),
                deed: event.deed.name().to_owned(),
                stage: stage_to_wire(event.stage).into(),
                note: event.note.as_ref().map_or_else(String::new, |note| note.as_str().to_owned()),
                changed: event
                    .changed
                    .iter()
                    .map(|one| wire::ApplicationMemberChange {
                        path: one.path.clone(),
                        before: one.before.clone().unwrap_or_default(),
                        now: one.now.clone().unwrap_or_default(),
                    })
                    .collect(),
            })
            .collect(),
        claimed_by: claimed.and_then(|(hand, _)| named(&hand.account)).map_or_else(String::new, |e| e.name.clone()),
        claimed_at: claimed.and_then(|(_, since)| at(since)),
        refusal_code: refusal.map_or_else(String::new, |one| one.code.name().to_owned()),
        refusal_reason: refusal.map_or_else(String::new, |one| one.words.as_str().to_owned()),
        certificate_number: certificate.map_or_else(String::new, |one| one.number.clone()),
        certificate_jti: certificate.map_or_else(String::new, |one| one.jti.clone()),
        certificate_log: certificate.map_or_else(String::new, |one| one.log.clone()),
        certificate_index: certificate.map_or(0, |one| one.index),
        examined_under_policy: policy.unwrap_or_default(),
        mandate_id: application.mandate.as_ref().map(|one| one.mandate.to_string()).unwrap_or_default(),
        released_under_policy: released.unwrap_or_default(),
        fee_reference: application.fee.as_ref().map_or_else(String::new, |fee| fee.reference.as_str().to_owned()),
        fee_recorded_at: application.fee.as_ref().and_then(|fee| at(fee.at_ms)),
        referrals: application.referrals.iter().map(referral_to_wire).collect(),
        reserved_number: application.number.as_ref().map_or_else(String::new, |held| held.number.to_string()),
        number_reserved_at: application.number.as_ref().and_then(|held| at(held.at_ms)),
        filed_at_office: application.filed_at.as_ref().map_or_else(String::new, ToString::to_string),
        certificate_status: String::new(),
    }
}

/// What the rules of origin made of how the goods were made, as JSON; empty where nothing is declared.
pub(super) fn origin_to_wire(origin: Option<&JudgedOrigin>) -> Bytes {
    let json = origin.map(|one| serde_json::json!({ "judged_on": one.on.to_string(), "items": one.items }).to_string());
    json.map(Bytes::from).unwrap_or_default()
}

fn referral_to_wire(referral: &Referral) -> wire::ApplicationReferral {
    wire::ApplicationReferral {
        to: referral.to.name().to_owned(),
        look_at: referral.look_at.as_str().to_owned(),
        due: Some(convert::date_to_wire(referral.due)),
        referred_at: at(referral.at_ms),
        report: referral.report.as_ref().map(|report| wire::ApplicationVisitReport {
            visitor: report.visitor.as_str().to_owned(),
            visited_on: Some(convert::date_to_wire(report.visited_on)),
            words: report.words.as_str().to_owned(),
            paper_sha256: Bytes::copy_from_slice(&report.paper.0),
            reported_at: at(report.at_ms),
        }),
    }
}
