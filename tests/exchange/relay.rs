//! A partner that is hostile on the wire: the test stands at its address with its TLS key, hands what it is asked to the
//! real node behind it in the caller's name, and changes what passes as the test says.

use crate::{
    federation::Member,
    pretender::{Pretender, certificate, checked_signatures, partner_identity, wire},
    process::port,
};
use axum::Extension;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{Arc, Mutex},
};
use tokio::{
    net::TcpListener,
    sync::mpsc,
    task::{JoinHandle, JoinSet},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme,
        client::danger::HandshakeSignatureValid,
        crypto::{WebPkiSupportedAlgorithms, ring, verify_tls13_signature},
        pki_types::{CertificateDer, UnixTime},
        server::danger::{ClientCertVerified, ClientCertVerifier},
        version,
    },
};
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tonic::{Request, Response, Status, Streaming, service::Routes, transport::Channel};
use wire::{
    replication_service_client::ReplicationServiceClient,
    replication_service_server::{ReplicationService, ReplicationServiceServer},
    sync_request::Message,
};

/// Messages one after the other, perhaps without end.
pub(crate) type Several<T> = Box<dyn Iterator<Item = T> + Send>;
type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;
type Answer<T> = Result<Response<T>, Status>;
type Out = mpsc::Sender<Result<wire::SyncResponse, Status>>;

/// What a hostile partner makes of what passes; `from` is the host of who calls. By default it passes as it is.
pub(crate) trait Lie: Send + Sync {
    /// Answers one message of a stream about a log by itself; the node behind does not see that message then.
    fn replies(&self, _from: &str, _log: &str, _asked: &wire::SyncRequest) -> Option<Several<wire::SyncResponse>> {
        None
    }

    /// What the node behind is told on a stream.
    fn says(&self, _from: &str, _log: &str, asked: wire::SyncRequest) -> wire::SyncRequest {
        asked
    }

    /// What the caller is told on a stream.
    fn gives(&self, _from: &str, _log: &str, answer: wire::SyncResponse) -> wire::SyncResponse {
        answer
    }

    fn discloses(
        &self,
        _from: &str,
        _asked: &wire::FetchDisclosuresRequest,
        honest: Vec<wire::FetchDisclosuresResponse>,
    ) -> Several<wire::FetchDisclosuresResponse> {
        Box::new(honest.into_iter())
    }

    /// What the witness behind is shown.
    fn shows(&self, _from: &str, asked: wire::AddCheckpointRequest) -> wire::AddCheckpointRequest {
        asked
    }

    /// What the witness behind has answered to that.
    fn cosigns(
        &self,
        _from: &str,
        _shown: &wire::AddCheckpointRequest,
        answer: wire::AddCheckpointResponse,
    ) -> wire::AddCheckpointResponse {
        answer
    }

    fn lists(&self, _from: &str, honest: wire::ListHeadsResponse) -> wire::ListHeadsResponse {
        honest
    }

    fn offers(&self, _from: &str, honest: wire::OfferTrustListResponse) -> wire::OfferTrustListResponse {
        honest
    }
}

/// Passes everything as it is.
struct Honest;

impl Lie for Honest {}

/// The door of a member, at which the test stands.
pub(crate) struct Door {
    post: Post,
    open: Arc<Mutex<JoinSet<()>>>,
    listening: JoinHandle<()>,
}

impl Drop for Door {
    fn drop(&mut self) {
        self.listening.abort();
        self.hang_up();
    }
}

impl Door {
    /// Before the member's node, which is to be started after this and listens elsewhere.
    pub(crate) async fn before(member: &Member, others: [&Member; 2]) -> Self {
        let behind = format!("127.0.0.1:{}", port());
        let listen = |address: &str| format!("listen = \"{address}\"");
        member.configure(&listen(&member.partner_address().to_string()), &listen(&behind));
        let calls = others.map(|other| (other.host(), Pretender::at(other, member, behind.clone())));
        Self::open(member, others, calls.into(), Arc::new(Honest)).await
    }

    /// In the place of the member's node, which is not there.
    pub(crate) async fn instead_of(member: &Member, others: [&Member; 2], lie: Arc<dyn Lie>) -> Self {
        Self::open(member, others, BTreeMap::new(), lie).await
    }

    async fn open(
        member: &Member,
        others: [&Member; 2],
        behind: BTreeMap<&'static str, Pretender>,
        lie: Arc<dyn Lie>,
    ) -> Self {
        let (own, key) = partner_identity(member);
        let provider = Arc::new(ring::default_provider());
        let known = others.map(|other| (other.host(), certificate(other)));
        let callers = Arc::new(Callers(known, provider.signature_verification_algorithms));
        let verifier: Arc<dyn ClientCertVerifier> = callers.clone();
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&version::TLS13])
            .unwrap()
            .with_client_cert_verifier(verifier)
            .with_single_cert(vec![own], key)
            .unwrap();
        config.alpn_protocols = vec![b"h2".to_vec()];
        config.send_tls13_tickets = 0;
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let desk = Desk { behind, lie: Mutex::new(lie), cosigned: Mutex::default() };
        let post = Post(Arc::new(desk));
        let router = Routes::new(ReplicationServiceServer::new(post.clone())).prepare().into_axum_router();
        let listener = TcpListener::bind(member.partner_address()).await.unwrap();
        let open = Arc::new(Mutex::new(JoinSet::new()));
        let connections = Arc::clone(&open);
        let listening = tokio::spawn(async move {
            loop {
                let (tcp, _) = listener.accept().await.unwrap();
                let (acceptor, callers, router) = (acceptor.clone(), Arc::clone(&callers), router.clone());
                connections.lock().unwrap().spawn(async move {
                    let Ok(stream) = acceptor.accept(tcp).await else { return };
                    let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
                    let Some(host) = shown.and_then(|shown| callers.host_of(shown)) else { return };
                    let service = TowerToHyperService::new(router.layer(Extension(CallerHost(host))));
                    // However it is ended.
                    drop(Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await);
                });
            }
        });
        Self { post, open, listening }
    }

    /// What passes is changed in this way from now on.
    pub(crate) fn lies(&self, lie: Arc<dyn Lie>) {
        *self.post.0.lie.lock().unwrap() = lie;
    }

    pub(crate) fn is_honest(&self) {
        self.lies(Arc::new(Honest));
    }

    /// Ends every connection there is; whoever has one will dial again.
    pub(crate) fn hang_up(&self) {
        self.open.lock().unwrap().abort_all();
    }

    /// The sizes at which a caller has sent cosignatures of a log as its replica, in their order.
    pub(crate) fn cosigned(&self, by: &Member, log: &str) -> Vec<u64> {
        let cosigned = self.post.0.cosigned.lock().unwrap();
        let found = cosigned.iter().filter(|(from, of, _)| *from == by.host() && of == log);
        found.map(|(.., size)| *size).collect()
    }
}

/// Who may call, known by the certificates in their folders.
#[derive(Debug)]
struct Callers([(&'static str, CertificateDer<'static>); 2], WebPkiSupportedAlgorithms);

impl Callers {
    fn host_of(&self, shown: &CertificateDer<'_>) -> Option<&'static str> {
        self.0.iter().find(|(_, known)| known.as_ref() == shown.as_ref()).map(|(host, _)| *host)
    }
}

impl ClientCertVerifier for Callers {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        shown: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        assert!(self.host_of(shown).is_some(), "a stranger calls");
        Ok(ClientCertVerified::assertion())
    }

    checked_signatures!();
}

/// The host of who calls.
#[derive(Debug, Clone, Copy)]
struct CallerHost(&'static str);

fn caller<T>(request: &Request<T>) -> &'static str {
    request.extensions().get::<CallerHost>().unwrap().0
}

struct Desk {
    /// The node behind, called in the name of each host.
    behind: BTreeMap<&'static str, Pretender>,
    lie: Mutex<Arc<dyn Lie>>,
    /// Who sent a cosignature, of which log, at which size.
    cosigned: Mutex<Vec<(&'static str, String, u64)>>,
}

impl Desk {
    fn lie(&self) -> Arc<dyn Lie> {
        Arc::clone(&self.lie.lock().unwrap())
    }

    fn calls(&self, from: &str) -> Result<ReplicationServiceClient<Channel>, Status> {
        let nobody = || Status::unimplemented("nobody is behind");
        self.behind.get(from).map(Pretender::calls).ok_or_else(nobody)
    }

    /// One stream, until either side ends it.
    async fn converse(self: Arc<Self>, from: &'static str, mut incoming: Streaming<wire::SyncRequest>, out: Out) {
        let (mut log, mut behind) = (String::new(), None);
        while let Ok(Some(asked)) = incoming.message().await {
            match &asked.message {
                Some(Message::Hello(hello)) => log.clone_from(&hello.log),
                Some(Message::Cosign(cosign)) => {
                    self.cosigned.lock().unwrap().push((from, log.clone(), cosign.size));
                }
                Some(Message::Want(_)) | None => {}
            }
            let lie = self.lie();
            if let Some(replies) = lie.replies(from, &log, &asked) {
                for reply in replies {
                    if out.send(Ok(reply)).await.is_err() {
                        return;
                    }
                }
                continue;
            }
            let asked = lie.says(from, &log, asked);
            if behind.is_none() {
                match Arc::clone(&self).pass_on(from, log.clone(), out.clone()).await {
                    Ok(opened) => behind = Some(opened),
                    Err(status) => {
                        // Who called may be gone.
                        let _ = out.send(Err(status)).await;
                        return;
                    }
                }
            }
            if let Some(behind) = &behind
                && behind.send(asked).await.is_err()
            {
                return;
            }
        }
    }

    /// Opens the same stream to the node behind, and passes on what that says.
    async fn pass_on(
        self: Arc<Self>,
        from: &'static str,
        log: String,
        out: Out,
    ) -> Result<mpsc::Sender<wire::SyncRequest>, Status> {
        let (ask, asked) = mpsc::channel(64);
        let mut answers = self.calls(from)?.sync(ReceiverStream::new(asked)).await?.into_inner();
        tokio::spawn(async move {
            loop {
                let answer = match answers.message().await {
                    Ok(Some(answer)) => Ok(self.lie().gives(from, &log, answer)),
                    Ok(None) => Err(Status::unavailable("the stream is over")),
                    Err(status) => Err(status),
                };
                let over = answer.is_err();
                if out.send(answer).await.is_err() || over {
                    return;
                }
            }
        });
        Ok(ask)
    }
}

#[derive(Clone)]
struct Post(Arc<Desk>);

#[tonic::async_trait]
impl ReplicationService for Post {
    type SyncStream = Answers<wire::SyncResponse>;
    type FetchDisclosuresStream = Answers<wire::FetchDisclosuresResponse>;

    async fn sync(&self, request: Request<Streaming<wire::SyncRequest>>) -> Answer<Self::SyncStream> {
        let (out, answers) = mpsc::channel(1);
        tokio::spawn(Arc::clone(&self.0).converse(caller(&request), request.into_inner(), out));
        let answers: Self::SyncStream = Box::pin(ReceiverStream::new(answers));
        Ok(Response::new(answers))
    }

    async fn fetch_disclosures(
        &self,
        request: Request<wire::FetchDisclosuresRequest>,
    ) -> Answer<Self::FetchDisclosuresStream> {
        let (from, asked) = (caller(&request), request.into_inner());
        let mut honest = Vec::new();
        if let Ok(mut calls) = self.0.calls(from) {
            let mut answers = calls.fetch_disclosures(asked.clone()).await?.into_inner();
            while let Some(answer) = answers.message().await? {
                honest.push(answer);
            }
        }
        let answers = tokio_stream::iter(self.0.lie().discloses(from, &asked, honest).map(Ok));
        let answers: Self::FetchDisclosuresStream = Box::pin(answers);
        Ok(Response::new(answers))
    }

    async fn add_checkpoint(
        &self,
        request: Request<wire::AddCheckpointRequest>,
    ) -> Answer<wire::AddCheckpointResponse> {
        let (from, lie) = (caller(&request), self.0.lie());
        let shown = lie.shows(from, request.into_inner());
        let answer = self.0.calls(from)?.add_checkpoint(shown.clone()).await?.into_inner();
        Ok(Response::new(lie.cosigns(from, &shown, answer)))
    }

    async fn list_heads(&self, request: Request<wire::ListHeadsRequest>) -> Answer<wire::ListHeadsResponse> {
        let from = caller(&request);
        let honest = match self.0.calls(from) {
            Ok(mut calls) => calls.list_heads(request.into_inner()).await?.into_inner(),
            Err(_) => wire::ListHeadsResponse::default(),
        };
        Ok(Response::new(self.0.lie().lists(from, honest)))
    }

    async fn prove_history(&self, request: Request<wire::ProveHistoryRequest>) -> Answer<wire::ProveHistoryResponse> {
        let mut calls = self.0.calls(caller(&request))?;
        calls.prove_history(request.into_inner()).await
    }

    async fn get_trust_list(&self, request: Request<wire::GetTrustListRequest>) -> Answer<wire::GetTrustListResponse> {
        let mut calls = self.0.calls(caller(&request))?;
        calls.get_trust_list(request.into_inner()).await
    }

    async fn offer_trust_list(
        &self,
        request: Request<wire::OfferTrustListRequest>,
    ) -> Answer<wire::OfferTrustListResponse> {
        let (from, offer) = (caller(&request), request.into_inner());
        let honest = match self.0.calls(from) {
            Ok(mut calls) => calls.offer_trust_list(offer).await?.into_inner(),
            Err(_) => {
                let wire::OfferTrustListRequest { version, digest, now, .. } = offer;
                wire::OfferTrustListResponse { version, digest, now, ..Default::default() }
            }
        };
        Ok(Response::new(self.0.lie().offers(from, honest)))
    }

    async fn give_trust_list(
        &self,
        _: Request<Streaming<wire::GiveTrustListRequest>>,
    ) -> Answer<wire::GiveTrustListResponse> {
        Err(Status::unimplemented("whoever stands between takes no list"))
    }

    async fn report_evidence(
        &self,
        request: Request<wire::ReportEvidenceRequest>,
    ) -> Answer<wire::ReportEvidenceResponse> {
        let mut calls = self.0.calls(caller(&request))?;
        calls.report_evidence(request.into_inner()).await
    }
}
