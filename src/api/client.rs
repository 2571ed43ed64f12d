//! The other side of the doors: a connection to a node, and what its refusals say.

pub(crate) use super::accounts::role_to_wire;
pub(crate) use super::wire::google::r#type::Date;
pub(crate) use super::wire::origin::v1 as wire;

use super::failure::{DOMAIN, waits_for_a_person};
use axum::http::{Version, header::CONTENT_TYPE};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use prost::Message as _;
use std::time::Duration;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Code, Request, Status};
use tonic_types::pb;
use tower::{Service as _, ServiceExt as _};
use wire::admin_service_client::AdminServiceClient;
use wire::application_service_client::ApplicationServiceClient;
use wire::audit_service_client::AuditServiceClient;
use wire::certificate_service_client::CertificateServiceClient;
use wire::continuity_service_client::ContinuityServiceClient;
use wire::customs_service_client::CustomsServiceClient;
use wire::examination_service_client::ExaminationServiceClient;
use wire::exporter_service_client::ExporterServiceClient;
use wire::liaison_service_client::LiaisonServiceClient;
#[cfg(test)]
use wire::list_service_client::ListServiceClient;
use wire::log_service_client::LogServiceClient;
use wire::policy_service_client::PolicyServiceClient;
use wire::session_service_client::SessionServiceClient;
use wire::share_service_client::ShareServiceClient;
use wire::verification_service_client::VerificationServiceClient;
use wire::webhook_service_client::WebhookServiceClient;

/// The longest a node is waited for before it counts as unreachable.
const CONNECT: Duration = Duration::from_secs(10);
/// How often a silent connection is asked whether the node is there, and how long it may take to answer.
const KEEPALIVE: (Duration, Duration) = (Duration::from_secs(20), Duration::from_secs(20));
/// The longest a call may take: no node allows more.
const CALL: Duration = Duration::from_secs(30);
/// Bytes of the largest answer that is read: a page of entries, or a bundle.
const ANSWER: usize = 8 << 20;

/// How a node is dialled.
#[derive(Debug, Clone)]
pub(crate) struct Dial {
    /// `https://<host>:<port>`, or `http://` for the operator's door on this machine.
    pub(crate) url: String,
    /// PEM of the authorities that vouch for its TLS identity.
    pub(crate) ca: Option<Vec<u8>>,
    /// The name its TLS identity has, where it is not the one dialled.
    pub(crate) tls_name: Option<String>,
}

/// What was answered to a document.
#[derive(Debug, Clone)]
pub(crate) struct JsonAnswer {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The document that came.
    pub(crate) body: Bytes,
}

/// A connection, with the token its calls carry.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    channel: Channel,
    bearer: Bearer,
}

/// The calls of one connection.
pub(crate) type Calls = InterceptedService<Channel, Bearer>;

/// Sends the caller's token with every call.
#[derive(Debug, Clone)]
pub(crate) struct Bearer(Option<MetadataValue<Ascii>>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(value) = &self.0 {
            request.metadata_mut().insert("authorization", value.clone());
        }
        Ok(request)
    }
}

impl Connection {
    /// Dials a node. The error says in words what did not work.
    pub(crate) async fn open(dial: &Dial, token: Option<&str>) -> Result<Self, String> {
        let mut endpoint = Endpoint::from_shared(dial.url.clone())
            .map_err(|error| words(&error))?
            .connect_timeout(CONNECT)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(KEEPALIVE.0)
            .keep_alive_timeout(KEEPALIVE.1)
            .http2_adaptive_window(true);
        if dial.url.starts_with("https://") {
            let mut tls = ClientTlsConfig::new();
            if let Some(pem) = &dial.ca {
                tls = tls.ca_certificate(Certificate::from_pem(pem));
            }
            if let Some(name) = &dial.tls_name {
                tls = tls.domain_name(name);
            }
            endpoint = endpoint.tls_config(tls).map_err(|error| words(&error))?;
        }
        let bearer = token.map(|token| format!("Bearer {token}").parse::<MetadataValue<Ascii>>()).transpose();
        let mut bearer = bearer.map_err(|_| "the token has characters that no token has".to_owned())?;
        if let Some(value) = &mut bearer {
            value.set_sensitive(true);
        }
        let channel = endpoint.connect().await.map_err(|error| words(&error))?;
        Ok(Self { channel, bearer: Bearer(bearer) })
    }

    /// The connection itself, for services of others such as health checks.
    pub(crate) fn calls(&self) -> Calls {
        InterceptedService::new(self.channel.clone(), self.bearer.clone())
    }

    /// Posts a document to a path, as any system may.
    pub(crate) async fn post(&self, path: &str, document: Bytes) -> Result<JsonAnswer, String> {
        let body = tonic::body::Body::new(Full::new(document));
        let request = axum::http::Request::post(path).version(Version::HTTP_2);
        let request = request.header(CONTENT_TYPE, "application/json").body(body).map_err(|error| words(&error))?;
        let mut calls = self.calls();
        let asked = async {
            let answer = calls.ready().await.map_err(|error| words(&error))?.call(request).await;
            let (parts, body) = answer.map_err(|error| words(&error))?.into_parts();
            let body = Limited::new(body, ANSWER).collect().await.map_err(|error| words(&*error))?.to_bytes();
            Ok(JsonAnswer { status: parts.status.as_u16(), body })
        };
        tokio::time::timeout(CALL, asked).await.unwrap_or_else(|_| Err("no answer came in time".to_owned()))
    }

    /// Issuing and keeping certificates.
    pub(crate) fn certificates(&self) -> CertificateServiceClient<Calls> {
        CertificateServiceClient::new(self.calls()).max_decoding_message_size(ANSWER)
    }

    /// Filing applications.
    pub(crate) fn applications(&self) -> ApplicationServiceClient<Calls> {
        ApplicationServiceClient::new(self.calls()).max_decoding_message_size(ANSWER)
    }

    /// Examining and signing them.
    pub(crate) fn examinations(&self) -> ExaminationServiceClient<Calls> {
        ExaminationServiceClient::new(self.calls()).max_decoding_message_size(ANSWER)
    }

    /// What customs do with certificates of partners.
    pub(crate) fn customs(&self) -> CustomsServiceClient<Calls> {
        CustomsServiceClient::new(self.calls()).max_decoding_message_size(ANSWER)
    }

    /// Paper beside electronic certificates.
    pub(crate) fn continuity(&self) -> ContinuityServiceClient<Calls> {
        ContinuityServiceClient::new(self.calls()).max_decoding_message_size(ANSWER)
    }

    /// Links for importers.
    pub(crate) fn shares(&self) -> ShareServiceClient<Calls> {
        ShareServiceClient::new(self.calls()).max_decoding_message_size(ANSWER)
    }

    /// Answering enquiries.
    pub(crate) fn liaison(&self) -> LiaisonServiceClient<Calls> {
        LiaisonServiceClient::new(self.calls()).max_decoding_message_size(ANSWER)
    }

    /// Exporters and their mandates.
    pub(crate) fn exporters(&self) -> ExporterServiceClient<Calls> {
        ExporterServiceClient::new(self.calls()).max_decoding_message_size(ANSWER)
    }

    /// The policy of examination by machine.
    pub(crate) fn policies(&self) -> PolicyServiceClient<Calls> {
        PolicyServiceClient::new(self.calls()).max_decoding_message_size(ANSWER)
    }

    /// Verifying and looking up.
    pub(crate) fn verifications(&self) -> VerificationServiceClient<Calls> {
        VerificationServiceClient::new(self.calls()).max_decoding_message_size(ANSWER)
    }

    /// Reading logs.
    pub(crate) fn logs(&self) -> LogServiceClient<Calls> {
        LogServiceClient::new(self.calls()).max_decoding_message_size(ANSWER)
    }

    /// Codes of the lists that are installed.
    #[cfg(test)]
    pub(crate) fn lists(&self) -> ListServiceClient<Calls> {
        ListServiceClient::new(self.calls()).max_decoding_message_size(ANSWER)
    }

    /// Reading the record of who did what.
    pub(crate) fn audits(&self) -> AuditServiceClient<Calls> {
        AuditServiceClient::new(self.calls()).max_decoding_message_size(ANSWER)
    }

    /// Keeping webhooks.
    pub(crate) fn webhooks(&self) -> WebhookServiceClient<Calls> {
        WebhookServiceClient::new(self.calls()).max_decoding_message_size(ANSWER)
    }

    /// Signing in and out.
    pub(crate) fn sessions(&self) -> SessionServiceClient<Calls> {
        SessionServiceClient::new(self.calls()).max_decoding_message_size(ANSWER)
    }

    /// Running the node.
    pub(crate) fn admin(&self) -> AdminServiceClient<Calls> {
        AdminServiceClient::new(self.calls()).max_decoding_message_size(ANSWER)
    }
}

/// What rustls says of a connection whose other end is gone without a word.
const CUT_OFF: &str = "close_notify";

/// A request that does not wait longer than a node would serve it.
pub(crate) fn within_deadline<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(CALL);
    request
}

/// An error with its causes, in one line.
fn words(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !said.contains(&more) {
            said = format!("{said}: {more}");
        }
        cause = error.source();
    }
    said
}

/// What a node refused, taken apart.
#[derive(Debug, Clone, Default)]
pub(crate) struct Refusal {
    /// The stable reason; empty where the answer did not come from a node's own refusal.
    pub(crate) reason: String,
    /// One sentence.
    pub(crate) message: String,
    /// Fields at fault and why.
    pub(crate) fields: Vec<(String, String)>,
    /// What the rules said.
    pub(crate) findings: Vec<wire::Finding>,
    /// When the same request may succeed.
    pub(crate) retry_after: Option<Duration>,
    /// Nobody answered, or not in time: the node may or may not have done it.
    pub(crate) unreachable: bool,
}

impl From<&Status> for Refusal {
    fn from(status: &Status) -> Self {
        let details = pb::Status::decode(status.details()).unwrap_or_default().details;
        Self::of(status.code(), status.message(), &details, std::error::Error::source(status).map(words))
    }
}

impl From<&pb::Status> for Refusal {
    fn from(status: &pb::Status) -> Self {
        Self::of(Code::from_i32(status.code), &status.message, &status.details, None)
    }
}

impl Refusal {
    /// Whether the same succeeds only after somebody has acted. What is missing of a log comes by itself where the node says
    /// when to ask again: who holds it is connected.
    pub(crate) fn waits_for_a_person(&self) -> bool {
        waits_for_a_person(&self.reason) || (self.reason == "OWN_HISTORY_MISSING" && self.retry_after.is_none())
    }

    fn of(code: Code, message: &str, details: &[prost_types::Any], cause: Option<String>) -> Self {
        let mut refusal = Self { message: message.to_owned(), ..Self::default() };
        for any in details {
            match any.type_url.rsplit('/').next() {
                Some("google.rpc.ErrorInfo") => {
                    let info = pb::ErrorInfo::decode(any.value.as_slice()).unwrap_or_default();
                    if info.domain == DOMAIN {
                        refusal.reason = info.reason;
                    }
                }
                Some("google.rpc.BadRequest") => {
                    let bad = pb::BadRequest::decode(any.value.as_slice()).unwrap_or_default();
                    let fields = bad.field_violations.into_iter().map(|one| (one.field, one.description));
                    refusal.fields.extend(fields);
                }
                Some("google.rpc.RetryInfo") => {
                    let delay = pb::RetryInfo::decode(any.value.as_slice()).unwrap_or_default().retry_delay;
                    refusal.retry_after = delay.and_then(|delay| Duration::try_from(delay).ok());
                }
                Some("origin.v1.Findings") => {
                    let all = wire::Findings::decode(any.value.as_slice()).unwrap_or_default();
                    refusal.findings.extend(all.findings);
                }
                _ => {}
            }
        }
        let silent = matches!(code, Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled | Code::Unknown);
        refusal.unreachable = silent && refusal.reason.is_empty();
        if let Some(cause) = cause.filter(|cause| refusal.unreachable && !refusal.message.contains(cause)) {
            // The cause may begin with the message and go on where that ends.
            refusal.message = match cause.split_once(&refusal.message) {
                Some((_, more)) => format!("{}{more}", refusal.message),
                None => format!("{}: {cause}", refusal.message),
            };
        }
        // What the TLS room says then is about a protocol, with an address for its programmers.
        if refusal.unreachable && refusal.message.contains(CUT_OFF) {
            "the connection was cut off".clone_into(&mut refusal.message);
        }
        refusal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_broke_is_told_without_the_words_of_the_tls_room() {
        let said =
            "h2 protocol error: peer closed connection without sending TLS close_notify: https://docs.rs/rustls/x";
        let refusal = Refusal::from(&Status::unknown(said));
        assert!(refusal.unreachable);
        assert_eq!(refusal.message, "the connection was cut off");
    }

    #[test]
    fn a_cause_that_repeats_the_message_is_told_once() {
        let told =
            |cause: &str| Refusal::of(Code::Unavailable, "tcp connect error", &[], Some(cause.to_owned())).message;
        let once = "tcp connect error: Connection refused (os error 111)";
        assert_eq!(told(&format!("transport error: {once}")), once);
        assert_eq!(told("the name is not known"), "tcp connect error: the name is not known");
    }
}
