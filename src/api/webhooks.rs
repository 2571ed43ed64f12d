//! `WebhookService`: webhooks, for the accounts of one authority.

use super::ApiError;
use super::call::{blocking, caller, refused};
use super::convert;
use super::hosts::Hosts;
use super::serves::serves;
use super::watching::wish;
use super::wire::origin::v1::{self as wire, webhook_service_server::WebhookService};
use crate::office::Caller;
use crate::time::Timestamp;
use crate::workflow::{Answer, Target, Webhook, WebhookId, WebhookWish, Webhooks, WorkflowError};
use std::sync::Arc;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status};

/// The handlers.
#[derive(Clone)]
pub(crate) struct WebhooksDoor {
    pub(crate) hosts: Hosts,
}

impl WebhooksDoor {
    /// Does what a caller asks on a blocking thread.
    async fn work<T: Send + 'static>(
        &self,
        metadata: &MetadataMap,
        work: impl FnOnce(&Webhooks, &Caller) -> Result<T, WorkflowError> + Send + 'static,
    ) -> Result<T, Status> {
        let (authority, caller) = caller(&self.hosts, metadata)?.account()?;
        blocking(move || work(&authority.webhooks, &caller)).await?.map_err(|error| refused(&error))
    }
}

fn id(text: &str) -> Result<WebhookId, Status> {
    text.parse().map_err(|error: WorkflowError| refused(&error))
}

serves! {
    WebhookService for WebhooksDoor {
        create_webhook(wire::CreateWebhookRequest) -> wire::CreateWebhookResponse;
        list_webhooks(wire::ListWebhooksRequest) -> wire::ListWebhooksResponse;
        test_webhook(wire::TestWebhookRequest) -> wire::TestWebhookResponse;
        resume_webhook(wire::ResumeWebhookRequest) -> wire::ResumeWebhookResponse;
        remove_webhook(wire::RemoveWebhookRequest) -> wire::RemoveWebhookResponse;
    }
}

impl WebhooksDoor {
    async fn create_webhook(
        &self,
        request: Request<wire::CreateWebhookRequest>,
    ) -> Result<Response<wire::CreateWebhookResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        let wish = wish(request.kinds(), request.own_alone)?;
        let target = request.url.parse::<Target>();
        let target = target.map_err(|error| ApiError::Field { field: "url", message: error.to_string() })?;
        let cursor = (!request.cursor.is_empty()).then_some(request.cursor);
        let wanted = WebhookWish { target, wish, cursor };
        let made = self.work(&metadata, move |all, caller| all.create(caller, &request.request_id, wanted)).await?;
        let (webhook, secret) = made;
        let webhook = Some(to_wire(&webhook));
        Ok(Response::new(wire::CreateWebhookResponse { webhook, secret: secret.to_string() }))
    }

    async fn list_webhooks(
        &self,
        request: Request<wire::ListWebhooksRequest>,
    ) -> Result<Response<wire::ListWebhooksResponse>, Status> {
        let all = self.work(request.metadata(), |all, caller| all.list(caller)).await?;
        Ok(Response::new(wire::ListWebhooksResponse { webhooks: all.iter().map(to_wire).collect() }))
    }

    async fn test_webhook(
        &self,
        request: Request<wire::TestWebhookRequest>,
    ) -> Result<Response<wire::TestWebhookResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let id = id(&request.into_inner().webhook_id)?;
        let carried = authority.webhooks.test(&caller, &id).await.map_err(|error| refused(&error))?;
        Ok(Response::new(match carried {
            Ok(Answer { status, .. }) => {
                let taken = (200..300).contains(&status);
                wire::TestWebhookResponse { taken, status: status.into(), failure: String::new() }
            }
            Err(failure) => wire::TestWebhookResponse { taken: false, status: 0, failure },
        }))
    }

    async fn resume_webhook(
        &self,
        request: Request<wire::ResumeWebhookRequest>,
    ) -> Result<Response<wire::ResumeWebhookResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        let id = id(&request.webhook_id)?;
        let resumed = self.work(&metadata, move |all, caller| all.resume(caller, &id, request.from_now)).await?;
        Ok(Response::new(wire::ResumeWebhookResponse { webhook: Some(to_wire(&resumed)) }))
    }

    async fn remove_webhook(
        &self,
        request: Request<wire::RemoveWebhookRequest>,
    ) -> Result<Response<wire::RemoveWebhookResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        let id = id(&request.webhook_id)?;
        self.work(&metadata, move |all, caller| all.remove(caller, &id)).await?;
        Ok(Response::new(wire::RemoveWebhookResponse {}))
    }
}

fn to_wire(webhook: &Arc<Webhook>) -> wire::Webhook {
    let kind = |wanted: bool, kind: wire::ChangeKind| wanted.then_some(kind.into());
    let kinds = [
        kind(webhook.kinds.applications, wire::ChangeKind::Application),
        kind(webhook.kinds.certificates, wire::ChangeKind::Certificate),
        kind(webhook.kinds.arrivals, wire::ChangeKind::Arrival),
        kind(webhook.kinds.enquiries, wire::ChangeKind::Enquiry),
    ];
    let failing = webhook.failing.as_ref();
    let paused = webhook.paused.as_ref();
    wire::Webhook {
        webhook_id: webhook.id.to_string(),
        account_id: webhook.account.to_string(),
        url: webhook.target.to_string(),
        kinds: kinds.into_iter().flatten().collect(),
        own_alone: webhook.own_alone,
        created_at: instant(Some(webhook.made_ms)),
        cursor: webhook.cursor.clone(),
        taken_at: instant(webhook.taken_ms),
        failures: failing.map_or(0, |failing| failing.attempts),
        failing_since: instant(failing.map(|failing| failing.since_ms)),
        failure: failing.map(|failing| failing.why.clone()).unwrap_or_default(),
        paused_since: instant(paused.map(|paused| paused.since_ms)),
        paused_why: paused.map(|paused| paused.why.clone()).unwrap_or_default(),
    }
}

fn instant(at_ms: Option<u64>) -> Option<prost_types::Timestamp> {
    let ms = i64::try_from(at_ms?).ok()?;
    Timestamp::from_millisecond(ms).ok().map(convert::instant)
}
