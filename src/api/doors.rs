//! The three doors of a node as routers: for everybody over HTTPS, for systems over gRPC and as JSON, for the operator.

use super::admin::{Admin, ReloadTrust};
use super::applications::ApplicationsDoor;
use super::audit::Audits;
use super::certificates::Certificates;
use super::continuity::ContinuityDoor;
use super::customs::CustomsDoor;
use super::deadline;
use super::enquiries::LiaisonDoor;
use super::examinations::ExaminationsDoor;
use super::exporters::ExporterDoor;
use super::hosts::Hosts;
use super::http;
use super::lists::ListDoor;
use super::logs::Logs;
use super::look_up_page;
use super::papers::{MAX_PAPER, Papers};
use super::policies::PoliciesDoor;
use super::pushed::{self, PushDoor};
use super::rate::RateLimit;
use super::rest;
use super::sessions::Sessions;
use super::share_page;
use super::shares::SharesDoor;
use super::verifications::{LookUps, Verifications};
use super::webhooks::WebhooksDoor;
use super::wire::DESCRIPTORS;
use super::wire::origin::v1::admin_service_server::AdminServiceServer;
use super::wire::origin::v1::application_service_server::ApplicationServiceServer;
use super::wire::origin::v1::audit_service_server::AuditServiceServer;
use super::wire::origin::v1::certificate_service_server::CertificateServiceServer;
use super::wire::origin::v1::continuity_service_server::ContinuityServiceServer;
use super::wire::origin::v1::customs_service_server::CustomsServiceServer;
use super::wire::origin::v1::examination_service_server::ExaminationServiceServer;
use super::wire::origin::v1::exporter_service_server::ExporterServiceServer;
use super::wire::origin::v1::liaison_service_server::LiaisonServiceServer;
use super::wire::origin::v1::list_service_server::ListServiceServer;
use super::wire::origin::v1::log_service_server::LogServiceServer;
use super::wire::origin::v1::policy_service_server::PolicyServiceServer;
use super::wire::origin::v1::session_service_server::SessionServiceServer;
use super::wire::origin::v1::share_service_server::ShareServiceServer;
use super::wire::origin::v1::verification_service_server::VerificationServiceServer;
use super::wire::origin::v1::webhook_service_server::WebhookServiceServer;
use super::witness::{self, WitnessDoor};
use crate::agreement::Lists;
use crate::exchange::driver::DriverView;
use crate::office::TokenHash;
use crate::time::Clock;
use crate::verification::Verifier;
use arc_swap::ArcSwap;
use axum::Router;
use axum::middleware::from_fn_with_state;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic_health::server::HealthReporter;

/// Most bytes of one message that is read, on every service.
pub const MAX_MESSAGE: usize = 1 << 20;

/// What the doors are made of.
pub struct DoorSetup {
    /// The authorities.
    pub hosts: Hosts,
    /// The lists of codes in force.
    pub lists: Arc<ArcSwap<Lists>>,
    /// Judges what is presented; another one takes its place when the trust list changes.
    pub verifier: Arc<ArcSwap<Verifier>>,
    /// Tells the time of verdicts and allowances.
    pub clock: Arc<dyn Clock>,
    /// What is kept of the operator's token.
    pub operator: TokenHash,
    /// The longest a call may take.
    pub deadline: Duration,
    /// Verifications and look-ups a minute from one address without a token.
    pub verifications_per_minute: u32,
    /// Becomes true when the node is to stop.
    pub stopping: watch::Receiver<bool>,
    /// The exchange with partners, where the node has any.
    pub partners: Option<DriverView>,
    /// Reads the trust list again when the operator asks for it.
    pub reload_trust: ReloadTrust,
}

/// The routers of a node.
pub struct Doors {
    /// For everybody, over HTTPS.
    pub public: Router,
    /// For people's systems, gRPC, and the same as JSON.
    pub client: Router,
    /// For the operator, gRPC.
    pub admin: Router,
    /// Says of each service whether it serves.
    pub health: Health,
}

/// Tells health checkers, service by service, whether a node serves.
#[derive(Clone)]
pub struct Health {
    client: HealthReporter,
    admin: HealthReporter,
}

type CertificatesServer = CertificateServiceServer<Certificates>;
type ApplicationsServer = ApplicationServiceServer<ApplicationsDoor>;
type ExaminationsServer = ExaminationServiceServer<ExaminationsDoor>;
type VerificationsServer = VerificationServiceServer<Verifications>;
type ExportersServer = ExporterServiceServer<ExporterDoor>;
type WebhooksServer = WebhookServiceServer<WebhooksDoor>;
type AuditsServer = AuditServiceServer<Audits>;
type SessionsServer = SessionServiceServer<Sessions>;
type ListsServer = ListServiceServer<ListDoor>;
type LogsServer = LogServiceServer<Logs>;
type PoliciesServer = PolicyServiceServer<PoliciesDoor>;
type ContinuityServer = ContinuityServiceServer<ContinuityDoor>;
type CustomsServer = CustomsServiceServer<CustomsDoor>;
type LiaisonServer = LiaisonServiceServer<LiaisonDoor>;
type SharesServer = ShareServiceServer<SharesDoor>;
type AdminServer = AdminServiceServer<Admin>;

fn unreadable(error: &dyn std::fmt::Display) -> tonic_reflection::server::Error {
    tonic_reflection::server::Error::InvalidFileDescriptorSet(error.to_string())
}

impl Doors {
    /// Makes the routers. Nothing is served before a listener takes them.
    #[allow(clippy::too_many_lines)] // one line a service
    pub async fn open(setup: DoorSetup) -> Result<Self, tonic_reflection::server::Error> {
        let DoorSetup { hosts, lists, verifier, clock, operator, deadline, .. } = setup;
        let DoorSetup { verifications_per_minute, stopping, partners, reload_trust, .. } = setup;
        let (client_health, client_health_server) = tonic_health::server::health_reporter();
        let (admin_health, admin_health_server) = tonic_health::server::health_reporter();

        let certificates = Certificates { hosts: hosts.clone(), stopping: stopping.clone() };
        let applications = ApplicationsDoor { hosts: hosts.clone(), stopping: stopping.clone() };
        let look_ups = LookUps::new(Arc::clone(&clock));
        let verifications = Verifications {
            hosts: hosts.clone(),
            verifier: Arc::clone(&verifier),
            clock: Arc::clone(&clock),
            rate: Arc::new(RateLimit::new(verifications_per_minute)),
            look_ups: look_ups.clone(),
            papers: Papers::new(),
            partners: partners.clone(),
        };
        let lists = ListDoor { hosts: hosts.clone(), lists, clock: Arc::clone(&clock) };
        let logs = Logs { hosts: hosts.clone(), partners: partners.clone() };
        let sessions = Sessions::new(hosts.clone(), Arc::clone(&clock));
        let methods = rest::Methods::read().map_err(|error| unreadable(&error))?;
        let methods = Arc::new(methods);
        let links = share_page::routes(hosts.clone(), Arc::clone(&methods), Arc::clone(&clock))
            .merge(look_up_page::routes(hosts.clone(), Arc::clone(&methods), look_ups, Arc::clone(&verifier)));
        let pushed = partners.clone().map(|view| PushDoor::new(view, verifications_per_minute, Arc::clone(&clock)));
        let witness = partners.clone().map(|view| WitnessDoor::new(view, verifications_per_minute, Arc::clone(&clock)));
        // On the clients' door nobody is the operator, whatever token they show.
        let admin = Admin {
            hosts: hosts.clone(),
            operator: None,
            started_at: clock.now(),
            clock,
            verifier,
            stopping: stopping.clone(),
            partners,
            reload_trust,
        };
        let services = [
            CertificatesServer::NAME,
            ApplicationsServer::NAME,
            ExaminationsServer::NAME,
            VerificationsServer::NAME,
            ListsServer::NAME,
            LogsServer::NAME,
            SessionsServer::NAME,
            AuditsServer::NAME,
            ExportersServer::NAME,
            PoliciesServer::NAME,
            WebhooksServer::NAME,
            CustomsServer::NAME,
            ContinuityServer::NAME,
            LiaisonServer::NAME,
            SharesServer::NAME,
            AdminServer::NAME,
        ];
        let client = reflection(Routes::new(client_health_server), &services)?
            .add_service(
                ExportersServer::new(ExporterDoor { hosts: hosts.clone() }).max_decoding_message_size(MAX_MESSAGE),
            )
            .add_service(
                PoliciesServer::new(PoliciesDoor { hosts: hosts.clone() }).max_decoding_message_size(MAX_MESSAGE),
            )
            .add_service(
                WebhooksServer::new(WebhooksDoor { hosts: hosts.clone() }).max_decoding_message_size(MAX_MESSAGE),
            )
            .add_service(
                CustomsServer::new(CustomsDoor { hosts: hosts.clone() }).max_decoding_message_size(MAX_MESSAGE),
            )
            .add_service(
                ContinuityServer::new(ContinuityDoor { hosts: hosts.clone() }).max_decoding_message_size(MAX_MESSAGE),
            )
            .add_service(
                LiaisonServer::new(LiaisonDoor { hosts: hosts.clone() }).max_decoding_message_size(MAX_MESSAGE),
            )
            .add_service(SharesServer::new(SharesDoor { hosts: hosts.clone() }).max_decoding_message_size(MAX_MESSAGE))
            .add_service(AuditsServer::new(Audits { hosts: hosts.clone() }).max_decoding_message_size(MAX_MESSAGE))
            .add_service(SessionsServer::new(sessions).max_decoding_message_size(MAX_MESSAGE))
            .add_service(AdminServer::new(admin.clone()).max_decoding_message_size(MAX_MESSAGE))
            .add_service(CertificatesServer::new(certificates).max_decoding_message_size(MAX_MESSAGE))
            .add_service(ApplicationsServer::new(applications).max_decoding_message_size(MAX_MESSAGE))
            .add_service(
                ExaminationsServer::new(ExaminationsDoor { hosts: hosts.clone() })
                    .max_decoding_message_size(MAX_MESSAGE),
            )
            .add_service(VerificationsServer::new(verifications).max_decoding_message_size(MAX_PAPER))
            .add_service(ListsServer::new(lists).max_decoding_message_size(MAX_MESSAGE))
            .add_service(LogsServer::new(logs).max_decoding_message_size(MAX_MESSAGE));
        let client = client.prepare().into_axum_router().layer(from_fn_with_state(deadline, deadline::within));
        let json = rest::routes(methods, client.clone(), deadline);
        let client = client.merge(json);

        let public = http::routes(http::Public { hosts: hosts.clone(), stopping: stopping.clone() });
        let public = public.merge(links).merge(witness.map(witness::routes).unwrap_or_default());
        let public = public.layer(from_fn_with_state(deadline, deadline::within_https));
        // A package takes as long as it takes: it is kept honest by its own parts.
        let public = public.merge(pushed.map(pushed::routes).unwrap_or_default());

        let admin = Admin { operator: Some(operator), ..admin };
        // No deadline: checking a log reads all of it.
        let admin = reflection(Routes::new(admin_health_server), &[AdminServer::NAME])?
            .add_service(AdminServer::new(admin).max_decoding_message_size(MAX_MESSAGE))
            .prepare()
            .into_axum_router();

        let health = Health { client: client_health, admin: admin_health };
        health.serving().await;
        Ok(Self { public, client, admin, health })
    }
}

impl Health {
    async fn serving(&self) {
        self.client.set_serving::<CertificatesServer>().await;
        self.client.set_serving::<ApplicationsServer>().await;
        self.client.set_serving::<ExaminationsServer>().await;
        self.client.set_serving::<VerificationsServer>().await;
        self.client.set_serving::<ListsServer>().await;
        self.client.set_serving::<LogsServer>().await;
        self.client.set_serving::<SessionsServer>().await;
        self.client.set_serving::<AuditsServer>().await;
        self.client.set_serving::<ExportersServer>().await;
        self.client.set_serving::<PoliciesServer>().await;
        self.client.set_serving::<WebhooksServer>().await;
        self.client.set_serving::<CustomsServer>().await;
        self.client.set_serving::<ContinuityServer>().await;
        self.client.set_serving::<LiaisonServer>().await;
        self.client.set_serving::<SharesServer>().await;
        self.client.set_serving::<AdminServer>().await;
        self.admin.set_serving::<AdminServer>().await;
    }

    /// Says that nothing new should come.
    pub async fn stopping(&self) {
        self.client.set_not_serving::<CertificatesServer>().await;
        self.client.set_not_serving::<ApplicationsServer>().await;
        self.client.set_not_serving::<ExaminationsServer>().await;
        self.client.set_not_serving::<VerificationsServer>().await;
        self.client.set_not_serving::<ListsServer>().await;
        self.client.set_not_serving::<LogsServer>().await;
        self.client.set_not_serving::<SessionsServer>().await;
        self.client.set_not_serving::<AuditsServer>().await;
        self.client.set_not_serving::<ExportersServer>().await;
        self.client.set_not_serving::<PoliciesServer>().await;
        self.client.set_not_serving::<WebhooksServer>().await;
        self.client.set_not_serving::<CustomsServer>().await;
        self.client.set_not_serving::<ContinuityServer>().await;
        self.client.set_not_serving::<LiaisonServer>().await;
        self.client.set_not_serving::<SharesServer>().await;
        self.client.set_not_serving::<AdminServer>().await;
        self.admin.set_not_serving::<AdminServer>().await;
        // The empty name is the server as a whole.
        let whole = tonic_health::ServingStatus::NotServing;
        self.client.set_service_status("", whole).await;
        self.admin.set_service_status("", whole).await;
    }
}

/// Answers what the services of a door are, comments included, with the details that errors carry. It has two names:
/// Python's and others' clients know it by the one it had before it was v1.
fn reflection(routes: Routes, services: &[&str]) -> Result<Routes, tonic_reflection::server::Error> {
    let builder = || {
        let builder = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET);
        // What is served elsewhere is not named here.
        let builder = builder.with_service_name("grpc.health.v1.Health");
        let builder = builder.with_service_name("grpc.reflection.v1.ServerReflection");
        let builder = builder.with_service_name("grpc.reflection.v1alpha.ServerReflection");
        services.iter().fold(builder, |builder, name| builder.with_service_name(*name))
    };
    Ok(routes.add_service(builder().build_v1()?).add_service(builder().build_v1alpha()?))
}
