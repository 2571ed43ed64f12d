//! `VerificationService`: verdicts for anyone, and whether a certificate exists.

use super::call::{QUIET, blocking, caller, next_message, peer, refused, refused_row};
use super::convert;
use super::failure;
use super::hosts::{HostedAuthority, Hosts, Visitor};
use super::papers::Papers;
use super::rate::RateLimit;
use super::serves::serves;
use super::stream::count_rows;
use super::wire::origin::v1::{self as wire, verification_service_server::VerificationService};
use super::{ApiError, MAX_MESSAGE, Peer};
use crate::document::read::{Paper, PaperError, PaperKind};
use crate::exchange::driver::DriverView;
use crate::log::{LogProof, Origin};
use crate::office::Caller;
use crate::statement::{Bundle, Envelope, Issuer, Jti, Presentation, SignedStamp, Stamp, stamp::STAMP_PREFIX};
use crate::time::{Clock, Timestamp};
use crate::verification::{Headline, Outcome, Question, StampPlace, Tone, Verdict, Verifier};
use crate::workflow::{CertificateName, Desk, Existence, StandsThere, WorkflowError};
use arc_swap::ArcSwap;
use bytes::Bytes;
use prost::Message as _;
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};
use tonic_types::pb;

/// The handlers.
#[derive(Clone)]
pub(crate) struct Verifications {
    pub(crate) hosts: Hosts,
    pub(crate) verifier: Arc<ArcSwap<Verifier>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rate: Arc<RateLimit>,
    pub(crate) look_ups: LookUps,
    pub(crate) papers: Papers,
    /// Those who compare heads, where the node has partners.
    pub(crate) partners: Option<DriverView>,
}

/// Attempts at the code of one certificate, a minute. It is not guessed at any rate; who tries is not given the chance.
const ATTEMPTS: u32 = 10;

/// Opens certificates to whoever has the code on their paper, from whichever door he comes.
#[derive(Clone)]
pub(crate) struct LookUps {
    pub(super) clock: Arc<dyn Clock>,
    attempts: Arc<RateLimit<Jti>>,
}

impl LookUps {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, attempts: Arc::new(RateLimit::new(ATTEMPTS)) }
    }

    /// The whole certificate of a code.
    pub(super) async fn whole(
        &self,
        authority: Arc<HostedAuthority>,
        jti: Jti,
        code: String,
    ) -> Result<Result<wire::LookUpCertificateResponse, WorkflowError>, ApiError> {
        let (limits, issuer) = (self.clone(), authority.issuer.to_string());
        let found = blocking(move || {
            let now = limits.clock.now();
            match authority.desk.exists(&jti) {
                // Only what exists is counted, so that invented identifiers fill no memory.
                Ok(true) if !limits.attempts.take(jti, 1, now) => Err(ApiError::RateLimited),
                Ok(_) => Ok(authority.desk.look_up_whole(jti, &code)),
                Err(error) => Ok(Err(error)),
            }
        });
        Ok(found.await??.map(|(existence, record)| wire::LookUpCertificateResponse {
            token: record.token.into(),
            ..existence_to_wire(issuer, &existence, self.clock.now())
        }))
    }
}

/// The note of the head that a proof rests on.
fn head_of(proof: &str) -> Option<String> {
    Some(proof.parse::<LogProof>().ok()?.checkpoint)
}

fn existence_to_wire(issuer: String, found: &Existence, now: Timestamp) -> wire::LookUpCertificateResponse {
    let (status, why) = found.stands.as_ref().map(convert::stands).unwrap_or_default();
    wire::LookUpCertificateResponse {
        issuer,
        jti: found.jti.to_string(),
        issued_on: found.issued_on.map(convert::date_to_wire),
        valid_from: Some(convert::date_to_wire(found.valid_from)),
        valid_until: found.valid_until.map(convert::date_to_wire),
        status: status.into(),
        as_of: Some(convert::instant(now)),
        token: Bytes::new(),
        on_paper: found.stands.is_none(),
        why,
        erased: found.erased,
        successor_jti: found.successor.map(|jti| jti.to_string()).unwrap_or_default(),
    }
}

/// Whose allowance a call takes from.
#[derive(Clone)]
enum Allowance {
    /// A stranger's calls are counted by address.
    Counted(Option<Peer>),
    /// An account of a hosted authority is not counted, while it is open.
    Open(Arc<HostedAuthority>, Arc<Caller>),
}

serves! {
    VerificationService for Verifications
    where
        VerifyBatchStream = ReceiverStream<Result<wire::VerifyBatchResponse, Status>>
    {
        verify_presentation(wire::VerifyPresentationRequest) -> wire::VerifyPresentationResponse;
        verify_batch(Streaming<wire::VerifyBatchRequest>) -> ReceiverStream<Result<wire::VerifyBatchResponse, Status>>;
        look_up_certificate(wire::LookUpCertificateRequest) -> wire::LookUpCertificateResponse;
    }
}

impl Verifications {
    async fn verify_presentation(
        &self,
        request: Request<wire::VerifyPresentationRequest>,
    ) -> Result<Response<wire::VerifyPresentationResponse>, Status> {
        let allowance = self.allowance(&request)?;
        self.take(&allowance, 1)?;
        let wire::VerifyPresentationRequest { presentation, as_of, pages } = request.into_inner();
        if let Some(kind) = PaperKind::unread(&presentation) {
            return Err(failure::status(&PaperError::PictureKind(kind), &failure::Details::default()));
        }
        if let Some(kind) = PaperKind::of(&presentation) {
            let (paper, service) = (self.papers.read(presentation, kind, pages).await?, self.clone());
            return Ok(Response::new(blocking(move || service.on_paper(&paper, as_of.as_ref())).await??));
        }
        if pages.is_some() {
            let message = "what is presented is no PDF, and has no pages".to_owned();
            return Err(ApiError::Field { field: "pages", message }.into());
        }
        let service = self.clone();
        let verdict = blocking(move || service.verdict(&presentation, as_of.as_ref())).await??;
        Ok(Response::new(wire::VerifyPresentationResponse { verdict: Some(verdict), ..Default::default() }))
    }

    async fn verify_batch(
        &self,
        request: Request<Streaming<wire::VerifyBatchRequest>>,
    ) -> Result<Response<ReceiverStream<Result<wire::VerifyBatchResponse, Status>>>, Status> {
        let allowance = self.allowance(&request)?;
        let (service, mut incoming) = (self.clone(), request.into_inner());
        let (answers, stream) = mpsc::channel(1);
        tokio::spawn(async move {
            loop {
                let answer = match next_message(&mut incoming).await {
                    Ok(Some(message)) => service.verify_message(&allowance, message).await,
                    Ok(None) => break,
                    Err(status) => Err(status),
                };
                let ended = answer.is_err();
                if answers.send_timeout(answer, QUIET).await.is_err() || ended {
                    break;
                }
            }
        });
        Ok(Response::new(ReceiverStream::new(stream)))
    }

    async fn look_up_certificate(
        &self,
        request: Request<wire::LookUpCertificateRequest>,
    ) -> Result<Response<wire::LookUpCertificateResponse>, Status> {
        use wire::look_up_certificate_request::Name;
        let allowance = self.allowance(&request)?;
        self.take(&allowance, 1)?;
        let request = request.into_inner();
        let authority = Arc::clone(self.hosts.named(&request.issuer)?);
        if !request.code.is_empty() {
            let Some(Name::Jti(jti)) = &request.name else {
                let message = "a code opens a certificate that is named by its jti".to_owned();
                return Err(ApiError::Field { field: "name", message }.into());
            };
            let jti =
                jti.parse::<Jti>().map_err(|error| ApiError::Field { field: "jti", message: error.to_string() })?;
            let found = self.look_ups.whole(authority, jti, request.code).await?;
            return Ok(Response::new(found.map_err(|error| refused(&error))?));
        }
        let (name, issued_on) = match request.name {
            Some(Name::Jti(jti)) => (convert::jti("jti", &jti)?, None),
            Some(Name::Number(wire::NumberAndDate { number, issued_on: Some(date) })) => {
                (CertificateName::Number(number), Some(convert::date("number.issued_on", &date)?))
            }
            _ => {
                let message = "a jti, or a number with its date of issue, is needed".to_owned();
                return Err(ApiError::Field { field: "name", message }.into());
            }
        };
        let issuer = authority.issuer.to_string();
        let found = blocking(move || authority.desk.look_up(&name, issued_on)).await?;
        let found = found.map_err(|error| refused(&error))?;
        Ok(Response::new(existence_to_wire(issuer, &found, self.clock.now())))
    }
}

impl Verifications {
    fn allowance<T>(&self, request: &Request<T>) -> Result<Allowance, ApiError> {
        Ok(match caller(&self.hosts, request.metadata())? {
            Visitor::Account(authority, account) => Allowance::Open(authority, account),
            Visitor::Stranger => Allowance::Counted(peer(request.extensions())),
        })
    }

    fn take(&self, allowance: &Allowance, calls: u64) -> Result<(), ApiError> {
        match allowance {
            Allowance::Counted(Some(peer)) if !self.rate.take(peer.network(), calls, self.clock.now()) => {
                Err(ApiError::RateLimited)
            }
            Allowance::Open(authority, account) if authority.accounts.again(account).is_none() => {
                Err(ApiError::Unauthenticated)
            }
            _ => Ok(()),
        }
    }

    async fn verify_message(
        &self,
        allowance: &Allowance,
        message: wire::VerifyBatchRequest,
    ) -> Result<wire::VerifyBatchResponse, Status> {
        let count = message.rows.len();
        count_rows(count)?;
        // Single papers are longer than whole messages of other sorts.
        if message.encoded_len() > MAX_MESSAGE {
            return Err(ApiError::TooLarge(MAX_MESSAGE).into());
        }
        self.take(allowance, u64::try_from(count).unwrap_or(u64::MAX))?;
        let service = self.clone();
        Ok(blocking(move || {
            let results = message.rows.into_iter().map(|row| service.verify_row(row)).collect();
            wire::VerifyBatchResponse { results }
        })
        .await?)
    }

    fn verify_row(&self, row: wire::VerifyRow) -> wire::VerifyResult {
        use wire::verify_result::Outcome;
        let outcome = match self.verdict(&row.presentation, row.as_of.as_ref()) {
            Ok(verdict) => Outcome::Verdict(verdict),
            Err(error) => Outcome::Error(error.of_row()),
        };
        wire::VerifyResult { row_id: row.row_id, outcome: Some(outcome) }
    }

    /// The token that paper carries is judged with the stamps held to it, or each stamp on it.
    fn on_paper(
        &self,
        paper: &Paper,
        as_of: Option<&super::wire::google::r#type::Date>,
    ) -> Result<wire::VerifyPresentationResponse, Unjudged> {
        let question = self.question(as_of)?;
        let proven = paper.attachment.as_deref().map(|token| self.with_evidence(token)).transpose()?.flatten();
        let mut seen = paper.seen();
        seen.certificate = proven.as_deref().or(seen.certificate);
        let mut beside = question.clone();
        if let Some(shown) = seen.certificate {
            beside = self.with_losses(shown, Question { status_refused: self.status_refused(shown)?, ..beside })?;
        }
        // What stands by itself may be known better here: then the status that is refused is not the one it is judged by.
        let judge = |text: &str| self.judge(text, &question);
        let mut verdicts = self.verifier.load().verify_paper(&seen, &beside, judge)?;
        verdicts.sort_by_key(|verdict| verdict.headline);
        let mut verdicts = verdicts.iter().map(verdict_to_wire);
        Ok(wire::VerifyPresentationResponse {
            verdict: verdicts.next(),
            further: verdicts.collect(),
            look_ups: paper.look_ups().map(ToOwned::to_owned).collect(),
        })
    }

    fn verdict(
        &self,
        presentation: &[u8],
        as_of: Option<&super::wire::google::r#type::Date>,
    ) -> Result<wire::Verdict, Unjudged> {
        // What is not UTF-8 is judged all the same: its replacement characters are as unreadable as it was.
        let text = String::from_utf8_lossy(presentation);
        self.tell_heads(&text);
        Ok(verdict_to_wire(&self.judge(&text, &self.question(as_of)?)?))
    }

    fn question(&self, as_of: Option<&super::wire::google::r#type::Date>) -> Result<Question, ApiError> {
        let as_of = as_of.map(|date| convert::date("as_of", date)).transpose()?;
        Ok(Question::at(self.clock.now()).on(as_of))
    }

    /// What this node should know and cannot read is an error: a certificate is not called good because its cancellation
    /// is out of reach.
    fn judge(&self, text: &str, question: &Question) -> Result<Verdict, WorkflowError> {
        if is_stamp(text.as_bytes()) {
            return self.stamp(text, question);
        }
        let verifier = self.verifier.load();
        let proven = self.with_evidence(text)?;
        let mut verdict = verifier.verify(proven.as_deref().unwrap_or(text), question);
        // What a bundle shows well may be known better here, and a suspension may be over; what else it shows badly nothing
        // makes good.
        let asked = verdict.headline.tone() != Tone::Bad || verdict.headline == Headline::SuspendedByIssuer;
        let later = if asked && proven.is_none() { self.later_than(text, &verdict)? } else { None };
        if let Some(later) = &later {
            verdict = verifier.verify(later, question);
        }
        if verdict.headline.tone() == Tone::Bad {
            return Ok(verdict);
        }
        // Nor is it called good by a status that says nothing here, or in a log of which another history is here.
        let shown = later.as_deref().or(proven.as_deref()).unwrap_or(text);
        let (status_refused, other_history) = (self.status_refused(shown)?, self.other_history(shown)?);
        let asked = Question { status_refused, other_history, ..question.clone() };
        let asked = self.with_losses(shown, asked)?;
        if asked == *question {
            return Ok(verdict);
        }
        if let (Some(_), Some(partners)) = (other_history, &self.partners)
            && let Some(head) = Bundle::parse(shown.as_bytes()).ok().and_then(|bundle| head_of(&bundle.proof?))
        {
            partners.presented(head, true);
        }
        Ok(verifier.verify(shown, &asked))
    }

    /// Tells those who compare heads which ones a bundle rests on: whoever was shown another history of a log than everybody
    /// else has the proof in his hands.
    fn tell_heads(&self, text: &str) {
        let Some(partners) = &self.partners else { return };
        let Ok(bundle) = Bundle::parse(text.as_bytes()) else { return };
        let others = bundle.changes.into_iter().chain(bundle.endorsements).map(|one| one.proof);
        let proofs = bundle.proof.into_iter().chain(bundle.status_proof).chain(others);
        for head in proofs.filter_map(|proof| head_of(&proof)).collect::<BTreeSet<_>>() {
            partners.presented(head, false);
        }
    }

    /// How far the log goes here of a certificate in whose place it has another statement. It reads from the disk.
    fn other_history(&self, bundle: &str) -> Result<Option<u64>, WorkflowError> {
        let Ok(shown) = Bundle::parse(bundle.as_bytes()) else { return Ok(None) };
        let Ok(presented) = Presentation::parse(&shown.token) else { return Ok(None) };
        self.known(&presented.envelope().iss, |desk| desk.other_history(&shown, &presented))
    }

    /// The same question about what is presented with what is known of losses of its log. It reads from the disk.
    fn with_losses(&self, text: &str, question: Question) -> Result<Question, WorkflowError> {
        let bundle = Bundle::parse(text.as_bytes());
        let token = bundle.as_ref().map_or_else(|_| text.trim_ascii(), |bundle| bundle.token.as_str());
        let Ok(presented) = Presentation::parse(token) else { return Ok(question) };
        let Envelope { iss, log, .. } = presented.envelope();
        self.with_losses_of(iss, log, question)
    }

    /// The same of a log: what its own node says to have lost of it and is not here either, and what the authority asked lost
    /// itself.
    fn with_losses_of(&self, iss: &Issuer, log: &Origin, question: Question) -> Result<Question, WorkflowError> {
        let partner_lost = self.known(iss, |desk| Ok(desk.partner_lost(log)))?;
        let own_lost = self.known(iss, |desk| Ok(desk.own_lost(iss, log)))?;
        Ok(Question { partner_lost, own_lost, ..question })
    }

    /// Why the status that is shown of a certificate says nothing here. It reads from the disk.
    fn status_refused(&self, bundle: &str) -> Result<Option<String>, WorkflowError> {
        let Ok(shown) = Bundle::parse(bundle.as_bytes()) else { return Ok(None) };
        let Ok(presented) = Presentation::parse(&shown.token) else { return Ok(None) };
        self.known(&presented.envelope().iss, |desk| desk.status_refused(&shown, &presented))
    }

    /// The bundle of what is presented without a proof, where its log is kept here; of what stands there it gets proof
    /// and status alone. It reads from the disk.
    fn with_evidence(&self, text: &str) -> Result<Option<String>, WorkflowError> {
        let Ok(presented) = Presentation::parse(text.trim_ascii()) else { return Ok(None) };
        let bundle = self.known(&presented.envelope().iss, |desk| desk.evidence_of(&presented))?;
        Ok(bundle.map(|bundle| bundle.to_json()))
    }

    /// The bundle with what is known better here: other changes of its status, or what was missing there.
    fn later_than(&self, bundle: &str, verdict: &Verdict) -> Result<Option<String>, WorkflowError> {
        let Ok(shown) = Bundle::parse(bundle.as_bytes()) else { return Ok(None) };
        let Ok(presented) = Presentation::parse(&shown.token) else { return Ok(None) };
        let better = self.known(&presented.envelope().iss, |desk| desk.known_better(&shown, &presented, verdict))?;
        Ok(better.map(|bundle| bundle.to_json()))
    }

    /// What the first desk says that knows the log of what is presented; its issuer's own, if it is here, is asked first.
    fn known<T>(
        &self,
        issuer: &Issuer,
        ask: impl Fn(&Desk) -> Result<Option<T>, WorkflowError>,
    ) -> Result<Option<T>, WorkflowError> {
        let own = self.hosts.at(issuer.host().as_str());
        let mut told = own.into_iter().chain(self.hosts.all()).map(|authority| ask(&authority.desk));
        told.find_map(Result::transpose).transpose()
    }

    /// A stamp, by what stands in the log that it names, where an authority of this node keeps that. It reads from the disk.
    fn stamp(&self, text: &str, question: &Question) -> Result<Verdict, WorkflowError> {
        let verifier = self.verifier.load();
        let stamp = SignedStamp::pasted(text.trim_ascii()).ok().map(|signed| signed.stamp);
        let there = match &stamp {
            Some(stamp) => self.known(&stamp.iss, |desk| desk.stands_at(stamp))?,
            None => None,
        };
        Ok(match there {
            Some(StandsThere::Certificate(bundle)) => {
                let bundle = bundle.to_json();
                let asked = Question { status_refused: self.status_refused(&bundle)?, ..question.clone() };
                let asked = self.with_losses(&bundle, asked)?;
                verifier.verify_stamp(text, StampPlace::Certificate(&bundle), &asked)
            }
            Some(StandsThere::Another) => verifier.verify_stamp(text, StampPlace::Another, question),
            None => {
                let mut asked = question.clone();
                if let Some(Stamp { iss, log, .. }) = &stamp {
                    asked = self.with_losses_of(iss, log, asked)?;
                }
                verifier.verify_stamp(text, StampPlace::Unseen, &asked)
            }
        })
    }
}

/// Why there is no verdict.
enum Unjudged {
    /// It was asked for in a wrong way.
    Asked(ApiError),
    /// What is kept here could not be read.
    Unread(WorkflowError),
}

impl Unjudged {
    fn of_row(&self) -> pb::Status {
        match self {
            Self::Asked(error) => failure::rpc(error, &error.details()),
            Self::Unread(error) => refused_row(error),
        }
    }
}

impl From<ApiError> for Unjudged {
    fn from(error: ApiError) -> Self {
        Self::Asked(error)
    }
}

impl From<WorkflowError> for Unjudged {
    fn from(error: WorkflowError) -> Self {
        Self::Unread(error)
    }
}

impl From<Unjudged> for Status {
    fn from(why: Unjudged) -> Self {
        match why {
            Unjudged::Asked(error) => error.into(),
            Unjudged::Unread(error) => refused(&error),
        }
    }
}

fn is_stamp(presentation: &[u8]) -> bool {
    presentation.trim_ascii_start().starts_with(STAMP_PREFIX.as_bytes())
}

fn verdict_to_wire(verdict: &Verdict) -> wire::Verdict {
    let checks = verdict.checks.iter().map(|check| wire::Check {
        name: check.name.as_str().to_owned(),
        outcome: match check.outcome {
            Outcome::Passed => wire::CheckOutcome::Passed,
            Outcome::Failed => wire::CheckOutcome::Failed,
            Outcome::Unknown => wire::CheckOutcome::Unknown,
        }
        .into(),
        sentence: check.sentence.clone(),
        next: check.next.clone().unwrap_or_default(),
    });
    wire::Verdict {
        headline: verdict.headline.as_str().to_owned(),
        checks: checks.collect(),
        exit_code: verdict.exit_code().into(),
        verdict_json: verdict.to_json().into(),
    }
}
