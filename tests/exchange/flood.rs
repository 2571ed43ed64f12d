//! A partner that sends without end: as one who asks, and as one who was asked. It is cut off before it has filled
//! anything, by one clear line, and nobody else notices.

use crate::{
    branch::{Branch, keys},
    caller::Caller,
    delivery::{issue_footballs, log_to, signatory},
    federation::{Federation, Member, said, says, stop},
    pretender::{Pretender, partner_identity, wire},
    process::{Running, today},
};
use axum::{body::Body, response::Response, routing::post};
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use std::{
    convert::Infallible,
    fs,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};
use tokio::net::TcpListener;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, version},
};
use tonic::{Request, Response as Answer, Status, Streaming, service::Routes};
use tower::ServiceExt as _;
use wire::replication_service_server::{ReplicationService, ReplicationServiceServer};

/// Two gigabytes.
const FLOOD: u64 = 2 << 30;
/// What may be on its way, or in a node's memory, before it is cut off.
const MOST: u64 = 64 << 20;

/// One message that says it is of two gigabytes, and is.
struct Flood {
    sent: Arc<AtomicU64>,
    begun: bool,
}

impl Flood {
    fn new(sent: &Arc<AtomicU64>) -> Self {
        Self { sent: Arc::clone(sent), begun: false }
    }
}

impl HttpBody for Flood {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let mut chunk = vec![b'x'; 64 << 10];
        if !self.begun {
            // Not compressed, and the length (gRPC over HTTP/2, Length-Prefixed-Message).
            chunk.splice(..5, [&[0][..], &u32::try_from(FLOOD).unwrap().to_be_bytes()].concat());
            self.begun = true;
        }
        let sent = self.sent.fetch_add(chunk.len() as u64, Ordering::Relaxed);
        let chunk = (sent < FLOOD).then(|| Ok(Frame::data(Bytes::from(chunk))));
        Poll::Ready(chunk)
    }
}

/// The most memory that the process has had resident, in bytes.
pub(crate) fn peak(node: &Running) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", node.id())).unwrap();
    let kib = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    kib.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap() << 10
}

/// A certificate for China passes as on any other day.
pub(crate) async fn the_others_do_not_notice(
    federation: &Federation,
    [one, two]: [&Running; 2],
    (caller, token): &(Caller, String),
    marks: usize,
) {
    let Federation { pakistan, china, .. } = federation;
    let (log, places) = (log_to(china), issue_footballs(caller, token, marks..marks + 5).await);
    let size = places.last().unwrap().index + 1;
    china.holds(two, pakistan, &log, size);
    Pretender::open(china, pakistan, one).await.enough(&pakistan.trust(), &log, size).await;
}

/// The nodes of Pakistan and China, and a signatory at the first. Kenya's is not there: the policy is met without a
/// witness.
pub(crate) async fn without_kenya(federation: &Federation) -> (Running, Running, (Caller, String)) {
    let list = federation.list("alone.note", None, |list| list["cosigning"]["witnesses"] = 0.into());
    federation.members().into_iter().for_each(|member| federation.install(&list, member));
    let (mut one, two) = (federation.pakistan.start(), federation.china.start());
    let signatory = signatory(&federation.pakistan, &mut one).await;
    (one, two, signatory)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_sends_two_gigabytes_is_cut_off() {
    let federation = Federation::new();
    let (one, two, signatory) = without_kenya(&federation).await;
    the_others_do_not_notice(&federation, [&one, &two], &signatory, 0).await;
    let before = peak(&one);
    let sent = Arc::new(AtomicU64::new(0));
    let channel = Pretender::open(&federation.kenya, &federation.pakistan, &one).await.channel();
    let request = axum::http::Request::post("http://partner.invalid/origin.v1.ReplicationService/Sync")
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(tonic::body::Body::new(Flood::new(&sent)))
        .unwrap();
    // However it is ended.
    drop(channel.oneshot(request).await);
    says(&one, &["PARTNER_PROTOCOL", "node.kra.go.ke", "a message longer than any may be"]);
    assert_eq!(said(&one, &["node.kra.go.ke", "PARTNER_PROTOCOL"]), 1, "{}", one.events());
    the_others_do_not_notice(&federation, [&one, &two], &signatory, 5).await;
    let (sent, grown) = (sent.load(Ordering::Relaxed), peak(&one).saturating_sub(before));
    assert!(sent < MOST && grown < MOST, "{sent} bytes were taken, and {grown} of memory");
    stop([one, two]);
}

/// A node in Kenya's place that has a log for China, and answers whoever wants it with a flood. It also tells of a log
/// of Pakistan's that there is not.
struct Hostile;

type Nothing<T> = Result<Answer<T>, Status>;

fn nothing<T>() -> Nothing<T> {
    Err(Status::unimplemented("nothing"))
}

#[tonic::async_trait]
impl ReplicationService for Hostile {
    type SyncStream = tokio_stream::Empty<Result<wire::SyncResponse, Status>>;
    type FetchDisclosuresStream = tokio_stream::Empty<Result<wire::FetchDisclosuresResponse, Status>>;

    async fn sync(&self, _: Request<Streaming<wire::SyncRequest>>) -> Nothing<Self::SyncStream> {
        nothing()
    }

    async fn fetch_disclosures(
        &self,
        _: Request<wire::FetchDisclosuresRequest>,
    ) -> Nothing<Self::FetchDisclosuresStream> {
        nothing()
    }

    async fn add_checkpoint(&self, _: Request<wire::AddCheckpointRequest>) -> Nothing<wire::AddCheckpointResponse> {
        nothing()
    }

    async fn list_heads(&self, _: Request<wire::ListHeadsRequest>) -> Nothing<wire::ListHeadsResponse> {
        let year = today().year();
        let known = |log| wire::KnownHead { log, entries: true, ..Default::default() };
        let own = known(format!("kra.go.ke/log/{year}/gacc.gov.cn"));
        let made_up = known(format!("tdap.gov.pk/log/{year}/nobody.example"));
        Ok(Answer::new(wire::ListHeadsResponse { heads: vec![own, made_up], ..Default::default() }))
    }

    async fn prove_history(&self, _: Request<wire::ProveHistoryRequest>) -> Nothing<wire::ProveHistoryResponse> {
        nothing()
    }

    async fn get_trust_list(&self, _: Request<wire::GetTrustListRequest>) -> Nothing<wire::GetTrustListResponse> {
        nothing()
    }

    async fn offer_trust_list(
        &self,
        offer: Request<wire::OfferTrustListRequest>,
    ) -> Nothing<wire::OfferTrustListResponse> {
        let wire::OfferTrustListRequest { version, digest, now, .. } = offer.into_inner();
        Ok(Answer::new(wire::OfferTrustListResponse { version, digest, now, ..Default::default() }))
    }

    async fn give_trust_list(
        &self,
        _: Request<Streaming<wire::GiveTrustListRequest>>,
    ) -> Nothing<wire::GiveTrustListResponse> {
        nothing()
    }

    async fn report_evidence(&self, _: Request<wire::ReportEvidenceRequest>) -> Nothing<wire::ReportEvidenceResponse> {
        nothing()
    }
}

/// Listens at the member's partner address with the member's TLS key.
async fn floods(member: &Member, sent: &Arc<AtomicU64>) -> tokio::task::JoinHandle<()> {
    let (certificate, key) = partner_identity(member);
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let (acceptor, sent) = (TlsAcceptor::from(Arc::new(config)), Arc::clone(sent));
    let flood = post(move || {
        let flood = Body::new(Flood::new(&sent));
        async { Response::builder().header("content-type", "application/grpc").body(flood).unwrap() }
    });
    let router = Routes::new(ReplicationServiceServer::new(Hostile)).prepare().into_axum_router();
    let router = router.route("/origin.v1.ReplicationService/Sync", flood);
    let listener = TcpListener::bind(member.partner_address()).await.unwrap();
    tokio::spawn(async move {
        loop {
            let (tcp, _) = listener.accept().await.unwrap();
            let (acceptor, router) = (acceptor.clone(), router.clone());
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(tcp).await else { return };
                let service = TowerToHyperService::new(router);
                // However it is ended.
                drop(Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await);
            });
        }
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_answers_with_two_gigabytes_is_left_alone() {
    let federation = Federation::new();
    let (one, two, signatory) = without_kenya(&federation).await;
    the_others_do_not_notice(&federation, [&one, &two], &signatory, 0).await;
    let (before, sent) = (peak(&two), Arc::new(AtomicU64::new(0)));
    let hostile = floods(&federation.kenya, &sent).await;
    says(&two, &["PARTNER_PROTOCOL", "node.kra.go.ke", "a message longer than any may be"]);
    the_others_do_not_notice(&federation, [&one, &two], &signatory, 5).await;
    let (sent, grown) = (sent.load(Ordering::Relaxed), peak(&two) - before);
    assert_eq!(said(&two, &["node.kra.go.ke", "PARTNER_PROTOCOL"]), 1, "{}", two.events());
    assert!(sent < MOST && grown < MOST, "{sent} bytes were taken, and {grown} of memory");
    hostile.abort();
    stop([one, two]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_a_partner_makes_up_keeps_no_number_back() {
    let federation = Federation::new();
    let (one, two, signatory) = without_kenya(&federation).await;
    let hostile = floods(&federation.kenya, &Arc::default()).await;
    says(&one, &["connected", "node.kra.go.ke"]);
    the_others_do_not_notice(&federation, [&one, &two], &signatory, 0).await;
    the_others_do_not_notice(&federation, [&one, &two], &signatory, 5).await;
    assert_eq!(said(&one, &["nobody.example"]), 0, "{}", one.events());
    hostile.abort();
    stop([one, two]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forks_of_made_up_logs_without_end_are_kept_to_a_bound_and_that_of_a_log_to_somebody_beside_them() {
    let Federation { pakistan, china, kenya, .. } = &Federation::new();
    let node = china.start();
    let partner = Pretender::open(kenya, china, &node).await;
    let report = async |branches: &[Branch; 2]| {
        let [first, second] = branches.each_ref().map(|branch| branch.note(1));
        let log = branches[0].log().to_owned();
        let request = wire::ReportEvidenceRequest { log, first, second, ..Default::default() };
        partner.calls().report_evidence(request).await.unwrap();
    };
    let (keys, log) = (keys(pakistan, ""), log_to(kenya));
    let mut branches = ["one", "another"].map(|leaf| Branch::new(&keys, &log, vec![Bytes::from(leaf)]));
    for number in 0..=1_024 {
        let made_up = format!("tdap.gov.pk/log/{}/x{number}.example", today().year());
        branches = branches.map(|branch| branch.named(&made_up));
        report(&branches).await;
    }
    says(&node, &["LOGS_TOO_MANY", "x1024.example"]);
    assert_eq!(said(&node, &["LOG_EQUIVOCATED", "ERROR", ".example"]), 1_024);
    // Who has a node is known, and his log is never one too many.
    report(&branches.map(|branch| branch.named(&log))).await;
    says(&node, &["LOG_EQUIVOCATED", "ERROR", &log]);
    assert!(!node.events().contains("panicked"));
}
