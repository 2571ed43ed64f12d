//! A connection to a node: gRPC over TLS, under the node's own certificate.

use crate::{process::Running, wire::origin::v1 as wire};
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint},
};
use wire::{
    application_service_client::ApplicationServiceClient as Applications,
    certificate_service_client::CertificateServiceClient as Certificates,
    examination_service_client::ExaminationServiceClient as Examinations, log_service_client::LogServiceClient as Logs,
    verification_service_client::VerificationServiceClient as Verifications,
};

type Calls = InterceptedService<Channel, Bearer>;

#[derive(Clone)]
pub(crate) struct Bearer(MetadataValue<Ascii>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

/// One connection.
#[derive(Clone)]
pub(crate) struct Caller {
    channel: Channel,
}

impl Caller {
    pub(crate) async fn open(node: &mut Running, ca: &[u8]) -> Self {
        let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(ca));
        let endpoint = Endpoint::from_shared(format!("https://{}", node.client)).unwrap().tls_config(tls).unwrap();
        match endpoint.tcp_nodelay(true).connect().await {
            Ok(channel) => Self { channel },
            Err(error) => panic!("{error:?}; the node: {}", node.state()),
        }
    }

    fn calls(&self, token: &str) -> Calls {
        InterceptedService::new(self.channel.clone(), Bearer(format!("Bearer {token}").parse().unwrap()))
    }

    pub(crate) fn certificates(&self, token: &str) -> Certificates<Calls> {
        Certificates::new(self.calls(token))
    }

    #[allow(dead_code, reason = "one of the programs that share this files nothing")]
    pub(crate) fn applications(&self, token: &str) -> Applications<Calls> {
        Applications::new(self.calls(token))
    }

    #[allow(dead_code, reason = "one of the programs that share this examines nothing")]
    pub(crate) fn examinations(&self, token: &str) -> Examinations<Calls> {
        Examinations::new(self.calls(token))
    }

    /// Verdicts are for anybody.
    #[allow(dead_code, reason = "one of the programs that share this asks for none")]
    pub(crate) fn verifications(&self) -> Verifications<Channel> {
        Verifications::new(self.channel.clone())
    }

    pub(crate) fn logs(&self, token: &str) -> Logs<Calls> {
        Logs::new(self.calls(token))
    }
}
