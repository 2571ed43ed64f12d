//! A caller of the services, for tests in other rooms: generated types stay in this one.

use super::client::{Connection, Dial, Refusal};
use super::wire::origin::v1 as wire;
use std::net::SocketAddr;
use tonic::Status;

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
pub(crate) struct Caller(Connection);

/// The services that a door names, asked by a version of reflection.
macro_rules! services_named {
    ($connection:expr, $version:ident) => {{
        use tonic_reflection::pb::$version::{
            ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
            server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
        };
        let asked = Some(MessageRequest::ListServices(String::new()));
        let request = ServerReflectionRequest { host: String::new(), message_request: asked };
        let mut client = ServerReflectionClient::new($connection.calls());
        let mut answers = client.server_reflection_info(tokio_stream::iter([request])).await.unwrap().into_inner();
        match answers.message().await.unwrap().unwrap().message_response.unwrap() {
            MessageResponse::ListServicesResponse(all) => all.service.into_iter().map(|one| one.name).collect(),
            other => panic!("{other:?}"),
        }
    }};
}

impl Caller {
    pub(crate) async fn operator(address: SocketAddr, token: &str) -> Self {
        Self::dial(Dial { url: format!("http://{address}"), ca: None, tls_name: None }, Some(token)).await
    }

    pub(crate) async fn over_tls(address: SocketAddr, ca: &[u8], token: Option<&str>) -> Self {
        let (url, tls_name) = (format!("https://{address}"), Some("localhost".to_owned()));
        Self::dial(Dial { url, ca: Some(ca.to_vec()), tls_name }, token).await
    }

    async fn dial(dial: Dial, token: Option<&str>) -> Self {
        Self(Connection::open(&dial, token).await.unwrap())
    }

    /// Opens an account and returns its token.
    pub(crate) async fn account(&self, issuer: &str, role: &str, offices: &[&str]) -> String {
        let role = wire::Role::from_str_name(&format!("ROLE_{}", role.to_uppercase())).unwrap();
        let request = wire::CreateAccountRequest {
            issuer: issuer.to_owned(),
            name: "For a test".to_owned(),
            roles: vec![role.into()],
            offices: offices.iter().map(|code| (*code).to_owned()).collect(),
            ..Default::default()
        };
        self.0.admin().create_account(request).await.unwrap().into_inner().token
    }

    pub(crate) async fn log_holds(&self, log: &str) -> Result<bool, String> {
        let request = wire::CheckLogRequest { log: log.to_owned() };
        self.0.admin().check_log(request).await.map(|answer| answer.into_inner().holds).map_err(|e| reason(&e))
    }

    pub(crate) async fn accounts(&self, issuer: &str) -> Result<usize, String> {
        let request = wire::ListAccountsRequest { issuer: issuer.to_owned(), ..Default::default() };
        self.0
            .admin()
            .list_accounts(request)
            .await
            .map(|answer| answer.into_inner().accounts.len())
            .map_err(|e| reason(&e))
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
        let mut client = self.0.certificates();
        let mut answers = client.issue_certificates(tokio_stream::iter([message])).await?.into_inner();
        let mut all = Vec::new();
        while let Some(answer) = answers.message().await? {
            all.extend(answer.results);
        }
        Ok(all)
    }

    /// A stream on which messages are sent one by one.
    pub(crate) async fn open_stream(&self) -> OpenStream {
        let (messages, requests) = tokio::sync::mpsc::channel(1);
        let stream = tokio_stream::wrappers::ReceiverStream::new(requests);
        let mut client = self.0.certificates();
        OpenStream { messages, answers: client.issue_certificates(stream).await.unwrap().into_inner() }
    }

    pub(crate) async fn close_every_account(&self, issuer: &str) {
        let request = wire::ListAccountsRequest { issuer: issuer.to_owned(), ..Default::default() };
        for account in self.0.admin().list_accounts(request).await.unwrap().into_inner().accounts {
            let request = wire::DisableAccountRequest { issuer: issuer.to_owned(), account_id: account.account_id };
            self.0.admin().disable_account(request).await.unwrap();
        }
    }

    /// The services that the door names to whoever asks.
    pub(crate) async fn services(&self) -> Vec<String> {
        services_named!(self.0, v1)
    }

    /// The same, asked as before that service was v1.
    pub(crate) async fn services_v1alpha(&self) -> Vec<String> {
        services_named!(self.0, v1alpha)
    }

    /// What the node's clock shows, and the newest hour that an entry of its first authority bears, in Unix seconds.
    pub(crate) async fn clock_and_newest_hour(&self) -> (i64, i64) {
        let status = self.0.admin().get_status(wire::GetStatusRequest {}).await.unwrap().into_inner();
        let newest = status.authorities[0].newest_hour.as_ref().unwrap().seconds;
        (status.now.unwrap().seconds, newest)
    }

    pub(crate) async fn bundle(&self, number: &str) -> Vec<u8> {
        let request = wire::DownloadCertificateRequest { certificate: Some(named(number)), format: 0 };
        let mut client = self.0.certificates();
        client.download_certificate(request).await.unwrap().into_inner().content.into()
    }

    pub(crate) async fn cancel(&self, request_id: &str, number: &str) -> Result<(), String> {
        let request = wire::CancelCertificateRequest {
            request_id: request_id.to_owned(),
            certificate: Some(named(number)),
            reason: "The order was cancelled".to_owned(),
            unused: true,
            ..Default::default()
        };
        let cancelled = self.0.certificates().cancel_certificate(request).await;
        cancelled.map(|_| ()).map_err(|status| reason(&status))
    }

    /// Adds a webhook; its id and its secret.
    pub(crate) async fn add_webhook(&self, request_id: &str, url: &str) -> Result<(String, String), String> {
        let (request_id, url) = (request_id.to_owned(), url.to_owned());
        let request = wire::CreateWebhookRequest { request_id, url, ..Default::default() };
        let made = self.0.webhooks().create_webhook(request).await.map_err(|status| reason(&status))?.into_inner();
        Ok((made.webhook.unwrap().webhook_id, made.secret))
    }

    /// The ids of webhooks, with how often they failed in a row and why they are paused.
    pub(crate) async fn webhooks(&self) -> Result<Vec<(String, u32, String)>, String> {
        let all = self.0.webhooks().list_webhooks(wire::ListWebhooksRequest {}).await;
        let all = all.map_err(|status| reason(&status))?.into_inner().webhooks;
        Ok(all.into_iter().map(|one| (one.webhook_id, one.failures, one.paused_why)).collect())
    }

    /// Whether a message that tells nothing was taken, with the status of the answer, or why there was none.
    pub(crate) async fn test_webhook(&self, id: &str) -> Result<(bool, u32, String), String> {
        let request = wire::TestWebhookRequest { webhook_id: id.to_owned() };
        let answer = self.0.webhooks().test_webhook(request).await.map_err(|status| reason(&status))?.into_inner();
        Ok((answer.taken, answer.status, answer.failure))
    }

    pub(crate) async fn resume_webhook(&self, id: &str) -> Result<(), String> {
        let request = wire::ResumeWebhookRequest { webhook_id: id.to_owned(), from_now: false };
        self.0.webhooks().resume_webhook(request).await.map(|_| ()).map_err(|status| reason(&status))
    }

    pub(crate) async fn remove_webhook(&self, id: &str) -> Result<(), String> {
        let request = wire::RemoveWebhookRequest { webhook_id: id.to_owned() };
        self.0.webhooks().remove_webhook(request).await.map(|_| ()).map_err(|status| reason(&status))
    }

    /// Watches from the oldest change on until a number of them came; how the stream ended, where it did before.
    pub(crate) async fn watch(&self, cursor: &str) -> Result<Watching, String> {
        let (cursor, from) = (cursor.to_owned(), wire::WatchFrom::Oldest.into());
        let request = wire::WatchCertificatesRequest { cursor, from, ..Default::default() };
        let answers = self.0.certificates().watch_certificates(request).await.map_err(|status| reason(&status))?;
        Ok(Watching(answers.into_inner()))
    }

    /// The headline.
    pub(crate) async fn verdict(&self, presentation: &[u8]) -> String {
        let presentation = presentation.to_vec().into();
        let request = wire::VerifyPresentationRequest { presentation, ..Default::default() };
        let mut client = self.0.verifications();
        client.verify_presentation(request).await.unwrap().into_inner().verdict.unwrap().headline
    }

    /// The two codes of a certificate's paper.
    pub(crate) async fn paper(&self, number: &str) -> (String, String) {
        let request = wire::GetCertificateRequest { certificate: Some(named(number)) };
        let paper = self.0.certificates().get_certificate(request).await.unwrap().into_inner().paper.unwrap();
        (paper.look_up, paper.stamp)
    }

    /// The token that a code opens.
    pub(crate) async fn look_up_whole(&self, issuer: &str, jti: &str, code: &str) -> Result<Vec<u8>, String> {
        let name = Some(wire::look_up_certificate_request::Name::Jti(jti.to_owned()));
        let request = wire::LookUpCertificateRequest { issuer: issuer.to_owned(), name, code: code.to_owned() };
        let found = self.0.verifications().look_up_certificate(request).await;
        Ok(found.map_err(|status| reason(&status))?.into_inner().token.to_vec())
    }

    /// The status.
    pub(crate) async fn look_up(&self, issuer: &str, jti: &str) -> Result<&'static str, String> {
        let name = Some(wire::look_up_certificate_request::Name::Jti(jti.to_owned()));
        let request = wire::LookUpCertificateRequest { issuer: issuer.to_owned(), name, code: String::new() };
        let found = self.0.verifications().look_up_certificate(request).await;
        let status = found.map_err(|status| reason(&status))?.into_inner().status();
        Ok(status.as_str_name().strip_prefix("CERTIFICATE_STATUS_").unwrap())
    }

    /// Codes of the Harmonized System, each with what it is called, and the edition searched.
    pub(crate) async fn search_codes(&self, words: &str) -> Result<(Vec<String>, String), String> {
        let request =
            wire::SearchCodesRequest { kind: wire::CodeKind::Hs.into(), words: words.to_owned(), ..Default::default() };
        let answer = self.0.lists().search_codes(request).await.map_err(|status| reason(&status))?.into_inner();
        let code = |one: wire::FoundCode| format!("{} {} < {}", one.code, one.name, one.under.join(" < "));
        Ok((answer.codes.into_iter().map(code).collect(), answer.list.unwrap_or_default().edition))
    }

    pub(crate) async fn checkpoint(&self, log: &str) -> Result<Vec<u8>, String> {
        let request = wire::GetCheckpointRequest { log: log.to_owned() };
        let answer = self.0.logs().get_checkpoint(request).await;
        answer.map(|answer| answer.into_inner().note.into()).map_err(|status| reason(&status))
    }
}

/// A stream of changes.
pub(crate) struct Watching(tonic::Streaming<wire::WatchCertificatesResponse>);

impl Watching {
    /// The next answer: the ids of its changes, and its cursor; or how the stream ended.
    pub(crate) async fn next(&mut self) -> Result<(Vec<String>, String), String> {
        let answer = self.0.message().await.map_err(|status| reason(&status))?;
        let answer = answer.ok_or_else(|| "ended".to_owned())?;
        Ok((answer.changes.into_iter().map(|change| change.id).collect(), answer.cursor))
    }
}

/// A stream of rows, held open.
pub(crate) struct OpenStream {
    messages: tokio::sync::mpsc::Sender<wire::IssueCertificatesRequest>,
    answers: tonic::Streaming<wire::IssueCertificatesResponse>,
}

impl OpenStream {
    /// Sends one row and waits for its answer.
    pub(crate) async fn send(&mut self, request_id: &str, json: &[u8]) -> Result<IssuedRow, String> {
        let row = wire::IssueRow { request_id: request_id.to_owned(), certificate_json: json.to_vec().into() };
        self.messages.send(wire::IssueCertificatesRequest { rows: vec![row], contents: 0 }).await.unwrap();
        let answer = self.answers.message().await.map_err(|status| reason(&status))?;
        outcome(answer.unwrap().results.remove(0).outcome.unwrap())
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
        wire::issue_result::Outcome::Error(error) => Err(reason_of(Refusal::from(&error))),
    }
}

fn reason(status: &Status) -> String {
    reason_of(Refusal::from(status))
}

fn reason_of(refusal: Refusal) -> String {
    if refusal.reason.is_empty() { refusal.message } else { refusal.reason }
}
