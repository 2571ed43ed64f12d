//! `CertificateService`: issuing, cancelling, reading, for accounts of one authority.

use super::ApiError;
use super::abroad;
use super::call::{blocking, caller, refused};
use super::convert;
use super::downloads::{handed_on, sections};
use super::hosts::{HostedAuthority, Hosts};
use super::issued::{issue_message, shown, wants_token};
use super::life;
use super::serves::serves;
use super::stream::{Answers, answer_each};
use super::watching;
use super::wire::origin::v1::{self as wire, certificate_service_server::CertificateService};
use crate::office::Caller;
use crate::statement::{Act, Since};
use crate::store::Disclosures;
use crate::workflow::{
    CertificateRecord, CertificatesAsked, CopyWish, Desk, DrawWish, IssueRow, OriginalName, ReplaceWish, Settlement,
    WorkflowError,
};
use tokio::sync::watch;
use tonic::{Request, Response, Status, Streaming};

/// The handlers.
#[derive(Clone)]
pub(crate) struct Certificates {
    pub(crate) hosts: Hosts,
    pub(crate) stopping: watch::Receiver<bool>,
}

serves! {
    CertificateService for Certificates
    where
        IssueCertificatesStream = Answers<wire::IssueCertificatesResponse>,
        WatchCertificatesStream = Answers<wire::WatchCertificatesResponse>
    {
        watch_certificates(wire::WatchCertificatesRequest) -> Answers<wire::WatchCertificatesResponse>;
        issue_certificates(Streaming<wire::IssueCertificatesRequest>) -> Answers<wire::IssueCertificatesResponse>;
        issue_certificate(wire::IssueCertificateRequest) -> wire::IssueCertificateResponse;
        cancel_certificate(wire::CancelCertificateRequest) -> wire::CancelCertificateResponse;
        settle_cancellation(wire::SettleCancellationRequest) -> wire::SettleCancellationResponse;
        list_cancellations(wire::ListCancellationsRequest) -> wire::ListCancellationsResponse;
        release_certificate(wire::ReleaseCertificateRequest) -> wire::ReleaseCertificateResponse;
        suspend_certificate(wire::SuspendCertificateRequest) -> wire::SuspendCertificateResponse;
        reinstate_certificate(wire::ReinstateCertificateRequest) -> wire::ReinstateCertificateResponse;
        replace_certificate(wire::ReplaceCertificateRequest) -> wire::ReplaceCertificateResponse;
        issue_true_copy(wire::IssueTrueCopyRequest) -> wire::IssueTrueCopyResponse;
        issue_back_to_back(wire::IssueBackToBackRequest) -> wire::IssueBackToBackResponse;
        split_certificate(wire::SplitCertificateRequest) -> wire::SplitCertificateResponse;
        consolidate_certificates(wire::ConsolidateCertificatesRequest) -> wire::ConsolidateCertificatesResponse;
        get_remainder(wire::GetRemainderRequest) -> wire::GetRemainderResponse;
        get_certificate(wire::GetCertificateRequest) -> wire::GetCertificateResponse;
        list_abroad(wire::ListAbroadRequest) -> wire::ListAbroadResponse;
        list_certificates(wire::ListCertificatesRequest) -> wire::ListCertificatesResponse;
        download_certificate(wire::DownloadCertificateRequest) -> wire::DownloadCertificateResponse;
        redact_certificate(wire::RedactCertificateRequest) -> wire::RedactCertificateResponse;
    }
}

impl Certificates {
    async fn watch_certificates(
        &self,
        request: Request<wire::WatchCertificatesRequest>,
    ) -> Result<Response<Answers<wire::WatchCertificatesResponse>>, Status> {
        let asked = caller(&self.hosts, request.metadata())?.account()?;
        watching::watch(asked, request.into_inner(), self.stopping.clone()).await
    }

    async fn issue_certificates(
        &self,
        request: Request<Streaming<wire::IssueCertificatesRequest>>,
    ) -> Result<Response<Answers<wire::IssueCertificatesResponse>>, Status> {
        let asked = caller(&self.hosts, request.metadata())?.account()?;
        Ok(answer_each(asked, request.into_inner(), self.stopping.clone(), issue_message))
    }

    async fn issue_certificate(
        &self,
        request: Request<wire::IssueCertificateRequest>,
    ) -> Result<Response<wire::IssueCertificateResponse>, Status> {
        let (authority, account) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::IssueCertificateRequest { request_id, certificate_json, contents } = request.into_inner();
        let with_token = wants_token(contents)?;
        let row = IssueRow { request_id, certificate_json: certificate_json.into() };
        let issued = authority.desk.issue(&account, &row).await.map_err(|error| refused(&error))?;
        let issued = Some(shown(&authority, issued, with_token).await?);
        Ok(Response::new(wire::IssueCertificateResponse { issued }))
    }

    async fn cancel_certificate(
        &self,
        request: Request<wire::CancelCertificateRequest>,
    ) -> Result<Response<wire::CancelCertificateResponse>, Status> {
        let (authority, account) = caller(&self.hosts, request.metadata())?.account()?;
        let request = request.into_inner();
        if request.withdrawal.is_none() {
            return life::cancel(&authority, &account, request).await.map(Response::new);
        }
        let certificate = request.certificate;
        let why = life::Why { reason: request.reason, remarks: request.remarks, items: request.items };
        let act = act(request.withdrawal)?;
        let place = life::change(&authority, &account, &request.request_id, certificate, act, why).await?;
        let wire =
            wire::CancelCertificateResponse { jti: place.jti, log: place.log, index: place.index, waiting: None };
        Ok(Response::new(wire))
    }

    async fn settle_cancellation(
        &self,
        request: Request<wire::SettleCancellationRequest>,
    ) -> Result<Response<wire::SettleCancellationResponse>, Status> {
        let (authority, account) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::SettleCancellationRequest { request_id, certificate, settlement, reference } = request.into_inner();
        let name = convert::certificate_name(certificate)?;
        let settlement = life::settlement(settlement)?;
        let reference = life::text("reference", &reference)?;
        // It ends a foreign authority's right to object: the record says where that authority said so.
        if settlement != Settlement::TakenBack && reference.is_none() {
            let message = "where customs said so, such as the number of their letter, is needed".to_owned();
            return Err(ApiError::Field { field: "reference", message }.into());
        }
        let settled = authority.desk.settle_cancellation(&account, &request_id, name, settlement, reference).await;
        let wire = settled.map_err(|error| refused(&error))?.map(|outcome| wire::SettleCancellationResponse {
            jti: outcome.jti.to_string(),
            log: outcome.entry.origin.to_string(),
            index: outcome.entry.index,
        });
        Ok(Response::new(wire.unwrap_or_default()))
    }

    async fn list_cancellations(
        &self,
        request: Request<wire::ListCancellationsRequest>,
    ) -> Result<Response<wire::ListCancellationsResponse>, Status> {
        let (authority, account) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::ListCancellationsRequest { page_size, page_token } = request.into_inner();
        let size = convert::page_size(page_size)?;
        let listed = blocking(move || {
            let (wishes, next) = authority.desk.cancellations(&account, &page_token, size)?;
            let cancellations = wishes.into_iter().map(|wish| life::waiting(&authority.desk, wish));
            Ok((cancellations.collect::<Result<Vec<_>, _>>()?, next))
        });
        let (cancellations, next) = listed.await?.map_err(|error: WorkflowError| refused(&error))?;
        let next_page_token = next.unwrap_or_default();
        Ok(Response::new(wire::ListCancellationsResponse { cancellations, next_page_token }))
    }

    async fn release_certificate(
        &self,
        request: Request<wire::ReleaseCertificateRequest>,
    ) -> Result<Response<wire::ReleaseCertificateResponse>, Status> {
        let (authority, account) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::ReleaseCertificateRequest { request_id, certificate } = request.into_inner();
        let name = convert::certificate_name(certificate)?;
        let released = authority.desk.release(&account, &request_id, name).await;
        released.map_err(|error| refused(&error))?;
        Ok(Response::new(wire::ReleaseCertificateResponse {}))
    }

    async fn suspend_certificate(
        &self,
        request: Request<wire::SuspendCertificateRequest>,
    ) -> Result<Response<wire::SuspendCertificateResponse>, Status> {
        let (authority, account) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::SuspendCertificateRequest { request_id, certificate, reason, remarks, items } = request.into_inner();
        let why = life::Why { reason, remarks, items };
        let place = life::change(&authority, &account, &request_id, certificate, Act::Suspended, why).await?;
        Ok(Response::new(wire::SuspendCertificateResponse { jti: place.jti, log: place.log, index: place.index }))
    }

    async fn reinstate_certificate(
        &self,
        request: Request<wire::ReinstateCertificateRequest>,
    ) -> Result<Response<wire::ReinstateCertificateResponse>, Status> {
        let (authority, account) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::ReinstateCertificateRequest { request_id, certificate, reason, remarks, items } =
            request.into_inner();
        let why = life::Why { reason, remarks, items };
        let place = life::change(&authority, &account, &request_id, certificate, Act::Reinstated, why).await?;
        Ok(Response::new(wire::ReinstateCertificateResponse { jti: place.jti, log: place.log, index: place.index }))
    }

    async fn replace_certificate(
        &self,
        request: Request<wire::ReplaceCertificateRequest>,
    ) -> Result<Response<wire::ReplaceCertificateResponse>, Status> {
        let (authority, account) = caller(&self.hosts, request.metadata())?.account()?;
        let request = request.into_inner();
        let with_token = wants_token(request.contents)?;
        let wish = ReplaceWish {
            request_id: request.request_id,
            certificate: convert::certificate_name(request.certificate)?,
            certificate_json: request.certificate_json.into(),
            reason: Some(life::reason(&request.reason)?),
            remarks: life::text("remarks", &request.remarks)?,
        };
        let issued = authority.desk.replace(&account, wish).await.map_err(|error| refused(&error))?;
        let issued = Some(shown(&authority, issued, with_token).await?);
        Ok(Response::new(wire::ReplaceCertificateResponse { issued }))
    }

    async fn issue_true_copy(
        &self,
        request: Request<wire::IssueTrueCopyRequest>,
    ) -> Result<Response<wire::IssueTrueCopyResponse>, Status> {
        let (authority, account) = caller(&self.hosts, request.metadata())?.account()?;
        let request = request.into_inner();
        let with_token = wants_token(request.contents)?;
        let wish = CopyWish {
            request_id: request.request_id,
            certificate: convert::certificate_name(request.certificate)?,
            unused: request.unused,
            reason: Some(life::reason(&request.reason)?),
            remarks: life::text("remarks", &request.remarks)?,
        };
        let issued = authority.desk.true_copy(&account, wish).await.map_err(|error| refused(&error))?;
        let issued = Some(shown(&authority, issued, with_token).await?);
        Ok(Response::new(wire::IssueTrueCopyResponse { issued }))
    }

    async fn issue_back_to_back(
        &self,
        request: Request<wire::IssueBackToBackRequest>,
    ) -> Result<Response<wire::IssueBackToBackResponse>, Status> {
        let (authority, account) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::IssueBackToBackRequest { request_id, originals, certificate_json, contents } = request.into_inner();
        let with_token = wants_token(contents)?;
        let wish = DrawWish {
            request_id,
            originals: originals.into_iter().map(|bundle| OriginalName::Bundle(bundle.into())).collect(),
            certificate_json: certificate_json.into(),
            reason: None,
            remarks: None,
        };
        let issued = drawn(&authority, &account, wish, with_token).await?;
        Ok(Response::new(wire::IssueBackToBackResponse { issued: Some(issued) }))
    }

    async fn split_certificate(
        &self,
        request: Request<wire::SplitCertificateRequest>,
    ) -> Result<Response<wire::SplitCertificateResponse>, Status> {
        let (authority, account) = caller(&self.hosts, request.metadata())?.account()?;
        let request = request.into_inner();
        let with_token = wants_token(request.contents)?;
        let wish = DrawWish {
            request_id: request.request_id,
            originals: vec![OriginalName::Own(convert::certificate_name(request.certificate)?)],
            certificate_json: request.certificate_json.into(),
            reason: Some(life::reason(&request.reason)?),
            remarks: life::text("remarks", &request.remarks)?,
        };
        let issued = drawn(&authority, &account, wish, with_token).await?;
        Ok(Response::new(wire::SplitCertificateResponse { issued: Some(issued) }))
    }

    async fn consolidate_certificates(
        &self,
        request: Request<wire::ConsolidateCertificatesRequest>,
    ) -> Result<Response<wire::ConsolidateCertificatesResponse>, Status> {
        let (authority, account) = caller(&self.hosts, request.metadata())?.account()?;
        let request = request.into_inner();
        let with_token = wants_token(request.contents)?;
        let named = request.certificates.into_iter();
        let named = named.map(|name| convert::certificate_name(Some(name)).map(OriginalName::Own));
        let wish = DrawWish {
            request_id: request.request_id,
            originals: named.collect::<Result<_, _>>()?,
            certificate_json: request.certificate_json.into(),
            reason: Some(life::reason(&request.reason)?),
            remarks: life::text("remarks", &request.remarks)?,
        };
        let issued = drawn(&authority, &account, wish, with_token).await?;
        Ok(Response::new(wire::ConsolidateCertificatesResponse { issued: Some(issued) }))
    }

    async fn get_remainder(
        &self,
        request: Request<wire::GetRemainderRequest>,
    ) -> Result<Response<wire::GetRemainderResponse>, Status> {
        use wire::get_remainder_request::Original;
        let (authority, account) = caller(&self.hosts, request.metadata())?.account()?;
        let name = match request.into_inner().original {
            Some(Original::Bundle(bundle)) => OriginalName::Bundle(bundle.into()),
            Some(Original::Certificate(name)) => OriginalName::Own(convert::certificate_name(Some(name))?),
            None => OriginalName::Own(convert::certificate_name(None)?),
        };
        let remainder = blocking(move || authority.desk.remainder(&account, &name)).await?;
        Ok(Response::new(life::remainder(remainder.map_err(|error| refused(&error))?)))
    }

    async fn get_certificate(
        &self,
        request: Request<wire::GetCertificateRequest>,
    ) -> Result<Response<wire::GetCertificateResponse>, Status> {
        let (authority, account) = caller(&self.hosts, request.metadata())?.account()?;
        let name = convert::certificate_name(request.into_inner().certificate)?;
        let found = blocking(move || {
            let record = authority.desk.get(&account, &name)?;
            let history = authority.desk.history(&record)?;
            let paper = authority.desk.paper_codes_at(&record.entry)?;
            let key_closed = authority.desk.key_closed(&record);
            let certificate = record_to_wire(&authority.desk, &record)?;
            Ok((certificate, record.token, history, paper, key_closed))
        });
        let (certificate, token, history, paper, key_closed) =
            found.await?.map_err(|error: WorkflowError| refused(&error))?;
        Ok(Response::new(wire::GetCertificateResponse {
            certificate: Some(certificate),
            token: token.into(),
            changes: history.changes.iter().map(life::event).collect(),
            predecessors: history.predecessors.iter().map(life::predecessor).collect(),
            paper: Some(wire::PaperCodes {
                look_up: paper.look_up.unwrap_or_default(),
                stamp: paper.stamp.unwrap_or_default(),
                items_carried: paper.carried,
                items_total: paper.total,
            }),
            key_closed: key_closed.unwrap_or_default(),
        }))
    }

    async fn list_abroad(
        &self,
        request: Request<wire::ListAbroadRequest>,
    ) -> Result<Response<wire::ListAbroadResponse>, Status> {
        let (authority, account) = caller(&self.hosts, request.metadata())?.account()?;
        let name = convert::certificate_name(request.into_inner().certificate)?;
        let look = move || {
            let desk = &authority.desk;
            Ok::<_, WorkflowError>((desk.abroad(&account, &name)?, desk.received_by(&account, &name)?))
        };
        let (notes, received_by) = blocking(look).await?.map_err(|error| refused(&error))?;
        Ok(Response::new(wire::ListAbroadResponse {
            notes: notes.into_iter().map(abroad::to_wire).collect(),
            received_by: received_by.map(|by| by.to_string()).unwrap_or_default(),
        }))
    }

    async fn list_certificates(
        &self,
        request: Request<wire::ListCertificatesRequest>,
    ) -> Result<Response<wire::ListCertificatesResponse>, Status> {
        let (authority, account) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::ListCertificatesRequest { page_size, page_token, to, void } = request.into_inner();
        let size = convert::page_size(page_size)?;
        let to = match to.as_str() {
            "" => None,
            code => Some(code.parse().map_err(|error| ApiError::Field { field: "to", message: format!("{error}") })?),
        };
        let listed = blocking(move || {
            let asked = CertificatesAsked { to, void, page_size: size, page_token: &page_token };
            let page = authority.desk.list(&account, asked)?;
            let certificates = page.certificates.iter().map(|record| record_to_wire(&authority.desk, record));
            Ok((certificates.collect::<Result<Vec<_>, _>>()?, page.next))
        });
        let (certificates, next) = listed.await?.map_err(|error: WorkflowError| refused(&error))?;
        let next_page_token = next.unwrap_or_default();
        Ok(Response::new(wire::ListCertificatesResponse { certificates, next_page_token }))
    }

    async fn download_certificate(
        &self,
        request: Request<wire::DownloadCertificateRequest>,
    ) -> Result<Response<wire::DownloadCertificateResponse>, Status> {
        let (authority, account) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::DownloadCertificateRequest { certificate, format } = request.into_inner();
        let name = convert::certificate_name(certificate)?;
        let file = handed_on(&authority, &account, &name, &[], format).await?;
        Ok(Response::new(wire::DownloadCertificateResponse {
            content: file.content.into(),
            media_type: file.media_type.to_owned(),
            file_name: file.name,
            as_of: file.evidence.as_of.map(convert::instant),
            awaiting_cosignatures: file.evidence.awaiting_cosignatures,
            not_carried: file.not_carried,
        }))
    }

    async fn redact_certificate(
        &self,
        request: Request<wire::RedactCertificateRequest>,
    ) -> Result<Response<wire::RedactCertificateResponse>, Status> {
        let (authority, account) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::RedactCertificateRequest { certificate, drop, format } = request.into_inner();
        let name = convert::certificate_name(certificate)?;
        let drop = sections(&drop)?;
        let file = handed_on(&authority, &account, &name, &drop, format).await?;
        Ok(Response::new(wire::RedactCertificateResponse {
            content: file.content.into(),
            media_type: file.media_type.to_owned(),
            file_name: file.name,
            as_of: file.evidence.as_of.map(convert::instant),
            awaiting_cosignatures: file.evidence.awaiting_cosignatures,
        }))
    }
}

/// Issues a certificate that rests on others.
async fn drawn(
    authority: &HostedAuthority,
    account: &Caller,
    wish: DrawWish,
    with_token: bool,
) -> Result<wire::IssuedCertificate, Status> {
    let issued = authority.desk.draw(account, wish).await.map_err(|error| refused(&error))?;
    shown(authority, issued, with_token).await
}

fn record_to_wire(desk: &Desk, record: &CertificateRecord) -> Result<wire::Certificate, WorkflowError> {
    let cancellation = record.cancellation.clone().map(|wish| life::waiting(desk, wish)).transpose()?;
    let (status, why) = convert::stands(&desk.stands(record)?);
    let certificate = &record.certificate;
    let reference = certificate.reference.as_option();
    let (store, entry) = (desk.store(), &record.entry);
    let erased = reference.is_none() && store.disclosures(&entry.origin, entry.index)? == Some(Disclosures::Erased);
    Ok(wire::Certificate {
        number: reference.map(|reference| reference.number.to_string()).unwrap_or_default(),
        jti: record.jti.to_string(),
        log: record.entry.origin.to_string(),
        index: record.entry.index,
        agreement: certificate.agreement.to_string(),
        from: certificate.from.to_string(),
        to: certificate.to.to_string(),
        issued_on: reference.map(|reference| convert::date_to_wire(reference.issued_on)),
        status: status.into(),
        held: record.held,
        cancellation,
        why,
        erased,
    })
}

fn act(withdrawal: Option<wire::Withdrawal>) -> Result<Act, ApiError> {
    use wire::withdrawal::Since as Wire;
    let Some(withdrawal) = withdrawal else { return Ok(Act::Cancelled) };
    let since = match withdrawal.since {
        Some(Wire::FromIssue(true)) => Since::Issue,
        Some(Wire::FromDate(date)) => Since::Date(convert::date("withdrawal.from_date", &date)?),
        Some(Wire::FromIssue(false)) | None => {
            let message = "from_issue (true) or from_date is needed".to_owned();
            return Err(ApiError::Field { field: "withdrawal", message });
        }
    };
    Ok(Act::Withdrawn { since })
}
