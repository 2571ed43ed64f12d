//! A caller of the services, for tests in other rooms: generated types stay in this one.

use super::wire::origin::v1 as wire;
use std::net::SocketAddr;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Request, Status};
use tonic_types::{RpcStatusExt as _, StatusExt as _, pb};
use wire::admin_service_client::AdminServiceClient;
use wire::certificate_service_client::CertificateServiceClient;
use wire::log_service_client::LogServiceClient;
use wire::verification_service_client::VerificationServiceClient;

type Calls = InterceptedService<Channel, Bearer>;

#[derive(Clone)]
struct Bearer(Option<MetadataValue<Ascii>>);

impl tonic::service::Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(value) = &self.0 {
            request.metadata_mut().insert("authorization", value.clone());
        }
        Ok(request)
    }
}

/// What a test wants to know of an issued certificate.
#[derive(Debug)]
pub(crate) struct IssuedRow {
    pub(crate) number: String,
    pub(crate) jti: String,
    pub(crate) log: String,
    pub(crate) index: u64,
    pub(crate) token: Vec<u8>,
}

/// A connection with or without a token.
pub(crate) struct Caller(Calls);

impl Caller {
    pub(crate) async fn operator(address: SocketAddr, token: &str) -> Self {
        let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
        Self::new(endpoint.connect().await.unwrap(), Some(token))
    }

    pub(crate) async fn over_tls(address: SocketAddr, ca: &[u8], token: Option<&str>) -> Self {
        let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(ca)).domain_name("localhost");
        let endpoint = Endpoint::from_shared(format!("https://{address}")).unwrap().tls_config(tls).unwrap();
        Self::new(endpoint.connect().await.unwrap(), token)
    }

    fn new(channel: Channel, token: Option<&str>) -> Self {
        let bearer = token.map(|token| format!("Bearer {token}").parse().unwrap());
        Self(InterceptedService::new(channel, Bearer(bearer)))
    }

    /// Opens an account and returns its token.
    pub(crate) async fn account(&self, issuer: &str, role: &str, offices: &[&str]) -> String {
        let role = wire::Role::from_str_name(&format!("ROLE_{}", role.to_uppercase())).unwrap();
        let request = wire::CreateAccountRequest {
            issuer: issuer.to_owned(),
            name: "For a test".to_owned(),
            roles: vec![role.into()],
            offices: offices.iter().map(|code| (*code).to_owned()).collect(),
        };
        AdminServiceClient::new(self.0.clone()).create_account(request).await.unwrap().into_inner().token
    }

    pub(crate) async fn log_holds(&self, log: &str) -> bool {
        let request = wire::CheckLogRequest { log: log.to_owned() };
        AdminServiceClient::new(self.0.clone()).check_log(request).await.unwrap().into_inner().holds
    }

    /// Issues by the stream; the reason for what was not issued.
    pub(crate) async fn issue(&self, rows: &[(String, Vec<u8>)]) -> Vec<Result<IssuedRow, String>> {
        let mut results = self.stream(rows).await.unwrap();
        results.sort_by_key(|one| rows.iter().position(|(id, _)| *id == one.request_id));
        results.into_iter().map(|one| outcome(one.outcome.unwrap())).collect()
    }

    pub(crate) async fn refusal_of_issue(&self, rows: &[(String, Vec<u8>)]) -> String {
        reason(&self.stream(rows).await.unwrap_err())
    }

    async fn stream(&self, rows: &[(String, Vec<u8>)]) -> Result<Vec<wire::IssueResult>, Status> {
        let rows = rows
            .iter()
            .map(|(id, json)| wire::IssueRow { request_id: id.clone(), certificate_json: json.clone().into() });
        let message = wire::IssueCertificatesRequest { rows: rows.collect(), contents: 0 };
        let mut client = CertificateServiceClient::new(self.0.clone());
        let mut answers = client.issue_certificates(tokio_stream::iter([message])).await?.into_inner();
        let mut all = Vec::new();
        while let Some(answer) = answers.message().await? {
            all.extend(answer.results);
        }
        Ok(all)
    }

    pub(crate) async fn bundle(&self, number: &str) -> Vec<u8> {
        let request = wire::DownloadCertificateRequest { certificate: Some(named(number)), format: 0 };
        let mut client = CertificateServiceClient::new(self.0.clone());
        client.download_certificate(request).await.unwrap().into_inner().content.into()
    }

    pub(crate) async fn cancel(&self, request_id: &str, number: &str) -> Result<(), String> {
        let request = wire::CancelCertificateRequest {
            request_id: request_id.to_owned(),
            certificate: Some(named(number)),
            reason: "The order was cancelled".to_owned(),
            ..Default::default()
        };
        let cancelled = CertificateServiceClient::new(self.0.clone()).cancel_certificate(request).await;
        cancelled.map(|_| ()).map_err(|status| reason(&status))
    }

    /// The headline.
    pub(crate) async fn verdict(&self, presentation: &[u8]) -> String {
        let request = wire::VerifyPresentationRequest { presentation: presentation.to_vec().into(), as_of: None };
        let mut client = VerificationServiceClient::new(self.0.clone());
        client.verify_presentation(request).await.unwrap().into_inner().verdict.unwrap().headline
    }

    /// The status.
    pub(crate) async fn look_up(&self, issuer: &str, jti: &str) -> Result<&'static str, String> {
        let name = Some(wire::look_up_certificate_request::Name::Jti(jti.to_owned()));
        let request = wire::LookUpCertificateRequest { issuer: issuer.to_owned(), name };
        let found = VerificationServiceClient::new(self.0.clone()).look_up_certificate(request).await;
        let status = found.map_err(|status| reason(&status))?.into_inner().status();
        Ok(status.as_str_name().strip_prefix("CERTIFICATE_STATUS_").unwrap())
    }

    pub(crate) async fn checkpoint(&self, log: &str) -> Result<Vec<u8>, String> {
        let request = wire::GetCheckpointRequest { log: log.to_owned() };
        let answer = LogServiceClient::new(self.0.clone()).get_checkpoint(request).await;
        answer.map(|answer| answer.into_inner().note.into()).map_err(|status| reason(&status))
    }
}

fn named(number: &str) -> wire::CertificateName {
    wire::CertificateName { name: Some(wire::certificate_name::Name::Number(number.to_owned())) }
}

fn outcome(outcome: wire::issue_result::Outcome) -> Result<IssuedRow, String> {
    match outcome {
        wire::issue_result::Outcome::Issued(issued) => Ok(IssuedRow {
            number: issued.number,
            jti: issued.jti,
            log: issued.log,
            index: issued.index,
            token: issued.token.into(),
        }),
        wire::issue_result::Outcome::Error(error) => Err(reason_of(&error)),
    }
}

fn reason(status: &Status) -> String {
    status.get_error_details().error_info().map_or_else(|| status.to_string(), |info| info.reason.clone())
}

fn reason_of(error: &pb::Status) -> String {
    error.get_error_details().error_info().map_or_else(|| error.message.clone(), |info| info.reason.clone())
}
