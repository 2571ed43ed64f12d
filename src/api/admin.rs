//! `AdminService`: accounts, offices, keys, state and checks, for the operator on this machine; accounts and
//! offices for administrators too.

mod account_calls;

use super::ApiError;
use super::accounts::{self, Administrator};
use super::call::{authorization, blocking, caller, refused};
use super::closing;
use super::convert;
use super::customs;
use super::damages;
use super::failure;
use super::histories;
use super::hosts::{HostedAuthority, Hosts};
use super::life;
use super::lifting;
use super::offices;
use super::packages;
use super::partners;
use super::serves::serves;
use super::stream::Answers;
use super::wire::origin::v1::{self as wire, admin_service_server::AdminService};
use crate::exchange::driver::DriverView;
use crate::log::{Frontier, Hash, Origin, leaf_hash};
use crate::office::{Action, ApiToken, TokenHash};
use crate::sequencer::newest_hour;
use crate::statement::{KeyAct, Kid};
use crate::store::{Store, StoreError};
use crate::time::{Clock, Timestamp};
use crate::verification::Verifier;
use crate::workflow::{Accounts, ErasedName, Rested};
use arc_swap::ArcSwap;
use bytes::Bytes;
use std::sync::Arc;
use tokio::sync::watch;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status, Streaming};

/// Bytes of entries read at once while a log is checked.
const CHECK_BYTES: usize = 4 << 20;

/// Reads the trust list's files again and gives the version in use then, or says why nothing changed. It blocks.
pub type ReloadTrust = Arc<dyn Fn() -> Result<u64, String> + Send + Sync>;

/// The handlers.
#[derive(Clone)]
pub(crate) struct Admin {
    pub(crate) hosts: Hosts,
    /// What is kept of the operator's token; none where the operator does not call.
    pub(crate) operator: Option<TokenHash>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) started_at: Timestamp,
    pub(crate) verifier: Arc<ArcSwap<Verifier>>,
    pub(crate) stopping: watch::Receiver<bool>,
    pub(crate) partners: Option<DriverView>,
    pub(crate) reload_trust: ReloadTrust,
}

serves! {
    AdminService for Admin
    where
        ExportPackageStream = Answers<wire::ExportPackageResponse>
    {
        create_account(wire::CreateAccountRequest) -> wire::CreateAccountResponse;
        list_accounts(wire::ListAccountsRequest) -> wire::ListAccountsResponse;
        disable_account(wire::DisableAccountRequest) -> wire::DisableAccountResponse;
        update_account(wire::UpdateAccountRequest) -> wire::UpdateAccountResponse;
        create_token(wire::CreateTokenRequest) -> wire::CreateTokenResponse;
        revoke_token(wire::RevokeTokenRequest) -> wire::RevokeTokenResponse;
        set_password(wire::SetPasswordRequest) -> wire::SetPasswordResponse;
        unlock_account(wire::UnlockAccountRequest) -> wire::UnlockAccountResponse;
        arrange_absence(wire::ArrangeAbsenceRequest) -> wire::ArrangeAbsenceResponse;
        list_offices(wire::ListOfficesRequest) -> wire::ListOfficesResponse;
        open_office(wire::OpenOfficeRequest) -> wire::OpenOfficeResponse;
        update_office(wire::UpdateOfficeRequest) -> wire::UpdateOfficeResponse;
        close_office(wire::CloseOfficeRequest) -> wire::CloseOfficeResponse;
        move_queue(wire::MoveQueueRequest) -> wire::MoveQueueResponse;
        get_status(wire::GetStatusRequest) -> wire::GetStatusResponse;
        list_keys(wire::ListKeysRequest) -> wire::ListKeysResponse;
        check_log(wire::CheckLogRequest) -> wire::CheckLogResponse;
        list_partners(wire::ListPartnersRequest) -> wire::ListPartnersResponse;
        list_histories(wire::ListHistoriesRequest) -> wire::ListHistoriesResponse;
        go_on(wire::GoOnRequest) -> wire::GoOnResponse;
        close_log(wire::CloseLogRequest) -> wire::CloseLogResponse;
        erase_contents(wire::EraseContentsRequest) -> wire::EraseContentsResponse;
        lift_evidence(wire::LiftEvidenceRequest) -> wire::LiftEvidenceResponse;
        stop_key(wire::StopKeyRequest) -> wire::StopKeyResponse;
        list_signed_past(wire::ListSignedPastRequest) -> wire::ListSignedPastResponse;
        list_findings(wire::ListFindingsRequest) -> wire::ListFindingsResponse;
        export_package(wire::ExportPackageRequest) -> Answers<wire::ExportPackageResponse>;
        import_package(Streaming<wire::ImportPackageRequest>) -> wire::ImportPackageResponse;
        reload_trust_list(wire::ReloadTrustListRequest) -> wire::ReloadTrustListResponse;
        announce_key_change(wire::AnnounceKeyChangeRequest) -> wire::AnnounceKeyChangeResponse;
    }
}

impl Admin {
    async fn list_offices(
        &self,
        request: Request<wire::ListOfficesRequest>,
    ) -> Result<Response<wire::ListOfficesResponse>, Status> {
        let (authority, _) = self.offices(request.metadata(), &request.get_ref().issuer)?;
        let offices = authority.desk.offices().all();
        Ok(Response::new(wire::ListOfficesResponse {
            offices: offices.iter().map(|record| offices::to_wire(record)).collect(),
        }))
    }

    async fn open_office(
        &self,
        request: Request<wire::OpenOfficeRequest>,
    ) -> Result<Response<wire::OpenOfficeResponse>, Status> {
        let at = self.offices(request.metadata(), &request.get_ref().issuer)?;
        let office = offices::wanted(request.into_inner().office)?;
        let record = accounts::with(at, |authority, actor| authority.desk.open_office(actor, office)).await?;
        Ok(Response::new(wire::OpenOfficeResponse { office: Some(offices::to_wire(&record)) }))
    }

    async fn update_office(
        &self,
        request: Request<wire::UpdateOfficeRequest>,
    ) -> Result<Response<wire::UpdateOfficeResponse>, Status> {
        let at = self.offices(request.metadata(), &request.get_ref().issuer)?;
        let (code, change) = offices::change(request.into_inner())?;
        let changed = accounts::with(at, move |authority, actor| authority.desk.change_office(actor, &code, change));
        let record = changed.await?;
        Ok(Response::new(wire::UpdateOfficeResponse { office: Some(offices::to_wire(&record)) }))
    }

    async fn close_office(
        &self,
        request: Request<wire::CloseOfficeRequest>,
    ) -> Result<Response<wire::CloseOfficeResponse>, Status> {
        let at = self.offices(request.metadata(), &request.get_ref().issuer)?;
        let code = offices::code("code", &request.get_ref().code)?;
        let closed = accounts::with(at, move |authority, actor| authority.desk.offices().close(actor, &code));
        let record = closed.await?;
        Ok(Response::new(wire::CloseOfficeResponse { office: Some(offices::to_wire(&record)) }))
    }

    async fn move_queue(
        &self,
        request: Request<wire::MoveQueueRequest>,
    ) -> Result<Response<wire::MoveQueueResponse>, Status> {
        let at = self.offices(request.metadata(), &request.get_ref().issuer)?;
        let wire::MoveQueueRequest { from, to, page_token, .. } = request.into_inner();
        let (from, to) = (offices::code("from", &from)?, offices::code("to", &to)?);
        let moved = accounts::with(at, move |authority, actor| {
            authority.applications.move_queue(actor, (&from, &to), &page_token)
        });
        let moved = moved.await?;
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Ok(Response::new(wire::MoveQueueResponse {
            moved: count(moved.moved),
            left: count(moved.left),
            next_page_token: moved.next.unwrap_or_default(),
        }))
    }

    async fn get_status(
        &self,
        request: Request<wire::GetStatusRequest>,
    ) -> Result<Response<wire::GetStatusResponse>, Status> {
        self.admit(request.metadata())?;
        let authorities = self.hosts.all().map(|authority| self.authority_state(authority)).collect();
        Ok(Response::new(wire::GetStatusResponse {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at: Some(convert::instant(self.started_at)),
            now: Some(convert::instant(self.clock.now())),
            authorities,
            trust_version: self.verifier.load().trust().version(),
            damages: damages::all(&self.hosts, self.partners.as_ref()),
        }))
    }

    async fn list_keys(
        &self,
        request: Request<wire::ListKeysRequest>,
    ) -> Result<Response<wire::ListKeysResponse>, Status> {
        self.admit(request.metadata())?;
        let keys = self.hosts.named(&request.get_ref().issuer)?.keys.iter().map(|key| wire::Key {
            r#use: key.usage.word().to_owned(),
            name: key.name.clone(),
            public_key: Bytes::copy_from_slice(key.key.as_bytes()),
        });
        Ok(Response::new(wire::ListKeysResponse { keys: keys.collect() }))
    }

    async fn check_log(
        &self,
        request: Request<wire::CheckLogRequest>,
    ) -> Result<Response<wire::CheckLogResponse>, Status> {
        self.admit(request.metadata())?;
        let (authority, origin, head) = self.hosts.log(&request.get_ref().log)?;
        let (store, size) = (Arc::clone(authority.store()), head.head.size);
        let root = blocking(move || root_of_entries(store.as_ref(), &origin, size)).await?;
        let root = root.map_err(|error| failure::plain(&error))?;
        let holds = root == head.head.root;
        Ok(Response::new(wire::CheckLogResponse { size, holds, root: Bytes::copy_from_slice(&root.0) }))
    }

    async fn list_partners(
        &self,
        request: Request<wire::ListPartnersRequest>,
    ) -> Result<Response<wire::ListPartnersResponse>, Status> {
        self.admit(request.metadata())?;
        let trust = Arc::clone(self.verifier.load().trust());
        let (hosts, view, now) = (self.hosts.clone(), self.partners.clone(), self.clock.now());
        Ok(Response::new(blocking(move || partners::list(view.as_ref(), &trust, &hosts, now)).await?))
    }

    async fn list_histories(
        &self,
        request: Request<wire::ListHistoriesRequest>,
    ) -> Result<Response<wire::ListHistoriesResponse>, Status> {
        self.admit(request.metadata())?;
        let wire::ListHistoriesRequest { log, proofs, page_size, page_token } = request.into_inner();
        let only = if log.is_empty() { None } else { Some(closing::origin("log", &log)?) };
        let (view, most) = (self.partners.clone(), convert::page_size(page_size)?);
        let page = move || histories::list(view.as_ref(), only.as_ref(), proofs, (most, &page_token));
        let listed = blocking(page).await?;
        Ok(Response::new(listed.map_err(|error| failure::plain(&error))?))
    }

    async fn go_on(&self, request: Request<wire::GoOnRequest>) -> Result<Response<wire::GoOnResponse>, Status> {
        self.admit(request.metadata())?;
        let origin = closing::origin("log", &request.get_ref().log)?;
        let authority = Arc::clone(self.hosts.named(origin.host().as_str())?);
        let (trust, at, named) = (Arc::clone(self.verifier.load().trust()), self.clock.now(), origin.to_string());
        let for_good = request.get_ref().for_good;
        let answer = blocking(move || {
            let known = partners::may_be_shut(&authority, &trust, &origin, at);
            known.then(|| partners::go_on(authority.desk.sequencer(), &origin, for_good, at))
        });
        let answer = answer.await?.ok_or(ApiError::LogUnknown(named))?;
        Ok(Response::new(answer.map_err(|error| failure::plain(&error))?))
    }

    async fn close_log(
        &self,
        request: Request<wire::CloseLogRequest>,
    ) -> Result<Response<wire::CloseLogResponse>, Status> {
        self.admit(request.metadata())?;
        let wire::CloseLogRequest { log, take_back } = request.into_inner();
        let origin = closing::origin("log", &log)?;
        let desk = self.hosts.named(origin.host().as_str())?.desk.clone();
        let rested =
            if take_back { blocking(move || desk.wake_log(&origin)).await? } else { desk.rest_log(&origin).await };
        let Rested { size, resting, cosigned } = rested.map_err(|error| refused(&error))?;
        Ok(Response::new(wire::CloseLogResponse { size, resting, cosigned }))
    }

    async fn erase_contents(
        &self,
        request: Request<wire::EraseContentsRequest>,
    ) -> Result<Response<wire::EraseContentsResponse>, Status> {
        use wire::erase_contents_request::Certificate;
        let issuer = &request.get_ref().issuer;
        let at = self.administrator(request.metadata(), issuer, Action::EraseContents)?;
        let wire::EraseContentsRequest { certificate, reason, unread_answers, .. } = request.into_inner();
        let name = match certificate {
            Some(Certificate::Arrived(name)) => ErasedName::Arrived(customs::named(Some(name))?),
            Some(Certificate::Own(name)) => ErasedName::Own(convert::certificate_name(Some(name))?),
            None => ErasedName::Own(convert::certificate_name(None)?),
        };
        let reason = life::reason(&reason)?;
        let erased = accounts::with(at, move |authority, actor| {
            if unread_answers && matches!(name, ErasedName::Own(_)) {
                return authority.desk.erase_with_what_is_owed(actor, &name, &reason);
            }
            authority.desk.owes_no_answer(&name)?;
            authority.desk.erase(actor, &name, &reason)
        });
        let erased = erased.await?;
        let (log, index) = (erased.entry.origin.to_string(), erased.entry.index);
        let statements = u64::try_from(erased.statements).unwrap_or(u64::MAX);
        Ok(Response::new(wire::EraseContentsResponse { log, index, erased_before: erased.before, statements }))
    }

    async fn lift_evidence(
        &self,
        request: Request<wire::LiftEvidenceRequest>,
    ) -> Result<Response<wire::LiftEvidenceResponse>, Status> {
        self.admit(request.metadata())?;
        let wire::LiftEvidenceRequest { log, reason, root } = request.into_inner();
        let (origin, word) = (closing::origin("log", &log)?, (lifting::root(&root)?, lifting::reason(reason)?));
        let Some(view) = self.partners.clone() else {
            return Ok(Response::new(wire::LiftEvidenceResponse::default()));
        };
        let lifted = lifting::lift(view, self.hosts.clone(), origin, word, self.clock.now());
        Ok(Response::new(lifted.await?))
    }

    async fn stop_key(
        &self,
        request: Request<wire::StopKeyRequest>,
    ) -> Result<Response<wire::StopKeyResponse>, Status> {
        self.admit(request.metadata())?;
        let wire::StopKeyRequest { issuer, key, suspected_since, only_ask } = request.into_inner();
        let key = kid(&key)?;
        let since = closing::since(suspected_since.as_ref())?;
        let authority = Arc::clone(self.hosts.named(&issuer)?);
        let ends = authority.desk.stop_key(key, since, only_ask).await.map_err(|error| refused(&error))?;
        let ends = blocking(move || closing::ends(&authority, &ends, since)).await?;
        Ok(Response::new(wire::StopKeyResponse { ends: ends.map_err(|error| refused(&error))? }))
    }

    async fn list_signed_past(
        &self,
        request: Request<wire::ListSignedPastRequest>,
    ) -> Result<Response<wire::ListSignedPastResponse>, Status> {
        self.admit(request.metadata())?;
        let wire::ListSignedPastRequest { issuer, key, ends, page_size, page_token } = request.into_inner();
        let (key, ends, from) = (kid(&key)?, closing::places(&ends)?, closing::begin(&page_token)?);
        let (authority, most) = (Arc::clone(self.hosts.named(&issuer)?), convert::page_size(page_size)?);
        let page = blocking(move || authority.desk.signed_past(&key, &ends, from.as_ref(), most)).await?;
        let page = page.map_err(|error| refused(&error))?;
        Ok(Response::new(wire::ListSignedPastResponse {
            statements: page.entries.iter().map(closing::plain).collect(),
            next_page_token: closing::token(page.next),
        }))
    }

    async fn list_findings(
        &self,
        request: Request<wire::ListFindingsRequest>,
    ) -> Result<Response<wire::ListFindingsResponse>, Status> {
        self.admit(request.metadata())?;
        let wire::ListFindingsRequest { page_size, page_token, log, reason } = request.into_inner();
        let (most, from) = (convert::page_size(page_size)?, closing::begin(&page_token)?);
        let named = Some(log.as_str()).filter(|log| !log.is_empty()).map(|log| closing::origin("log", log));
        let (named, view, hosts) = (named.transpose()?, self.partners.clone(), self.hosts.clone());
        let found = blocking(move || {
            let logs = view.map(|view| view.replicated()).unwrap_or_default();
            closing::findings(&hosts, logs, (named.as_ref(), &reason), from, most)
        });
        Ok(Response::new(found.await?.map_err(|error| refused(&error))?))
    }

    async fn export_package(
        &self,
        request: Request<wire::ExportPackageRequest>,
    ) -> Result<Response<Answers<wire::ExportPackageResponse>>, Status> {
        self.admit(request.metadata())?;
        let view = self.partners.clone().ok_or(ApiError::NoPartners)?;
        let asked = packages::asked(request.get_ref())?;
        Ok(Response::new(packages::export(view, self.hosts.clone(), Arc::clone(&self.clock), asked)))
    }

    async fn import_package(
        &self,
        request: Request<Streaming<wire::ImportPackageRequest>>,
    ) -> Result<Response<wire::ImportPackageResponse>, Status> {
        self.admit(request.metadata())?;
        let view = self.partners.clone().ok_or(ApiError::NoPartners)?;
        let version = self.verifier.load().trust().version();
        Ok(Response::new(packages::import(view, version, request.into_inner()).await?))
    }

    async fn reload_trust_list(
        &self,
        request: Request<wire::ReloadTrustListRequest>,
    ) -> Result<Response<wire::ReloadTrustListResponse>, Status> {
        self.admit(request.metadata())?;
        let reload = Arc::clone(&self.reload_trust);
        let trust_version = blocking(move || reload()).await?.map_err(ApiError::TrustListRefused)?;
        // What the list ends or closes is shown so at once, and not with the writer's next look.
        for authority in self.hosts.all() {
            authority.desk.sequencer().gate().turned();
        }
        Ok(Response::new(wire::ReloadTrustListResponse { trust_version }))
    }

    async fn announce_key_change(
        &self,
        request: Request<wire::AnnounceKeyChangeRequest>,
    ) -> Result<Response<wire::AnnounceKeyChangeResponse>, Status> {
        self.admit(request.metadata())?;
        let request = request.into_inner();
        let act = match request.act() {
            wire::KeyAct::Opened => KeyAct::Opened,
            wire::KeyAct::Closed => KeyAct::Closed,
            wire::KeyAct::Unspecified => {
                return Err(ApiError::Field { field: "act", message: "say what happened to the key".to_owned() }.into());
            }
        };
        let key = kid(&request.key)?;
        let reason = life::text("reason", &request.reason)?;
        let authority = self.hosts.named(&request.issuer)?;
        let (outcome, trust_version) =
            authority.desk.announce_key(key, act, reason).await.map_err(|error| refused(&error))?;
        Ok(Response::new(wire::AnnounceKeyChangeResponse {
            log: outcome.entry.origin.to_string(),
            index: outcome.entry.index,
            statement_id: outcome.jti.to_string(),
            trust_version,
        }))
    }
}

impl Admin {
    fn admit(&self, metadata: &MetadataMap) -> Result<(), ApiError> {
        let shown = authorization(metadata)?.and_then(|value| value.strip_prefix("Bearer "));
        let token = shown.and_then(|text| ApiToken::parse(text.trim()).ok()).ok_or(ApiError::NotTheOperator)?;
        let operator = self.operator.as_ref().ok_or(ApiError::NotTheOperator)?;
        if operator.is(&token.hash()) { Ok(()) } else { Err(ApiError::NotTheOperator) }
    }

    /// Who administers the accounts of an authority.
    fn accounts(&self, metadata: &MetadataMap, issuer: &str) -> Result<(Arc<HostedAuthority>, Administrator), Status> {
        self.administrator(metadata, issuer, Action::ManageAccounts)
    }

    /// Who administers the offices of an authority.
    fn offices(&self, metadata: &MetadataMap, issuer: &str) -> Result<(Arc<HostedAuthority>, Administrator), Status> {
        self.administrator(metadata, issuer, Action::ManageOffices)
    }

    /// Who does `action` there: the operator at its own door, or an account of that authority that may.
    fn administrator(
        &self,
        metadata: &MetadataMap,
        issuer: &str,
        action: Action,
    ) -> Result<(Arc<HostedAuthority>, Administrator), Status> {
        if self.operator.is_some() {
            self.admit(metadata)?;
            return Ok((Arc::clone(self.hosts.named(issuer)?), Administrator::Operator));
        }
        let (own, caller) = caller(&self.hosts, metadata)?.account()?;
        // Asked first: who may not learns nothing of what else is hosted here.
        Accounts::allow(&caller, action).map_err(|error| refused(&error))?;
        let named = if issuer.is_empty() { &own } else { self.hosts.named(issuer)? };
        if named.issuer != own.issuer {
            return Err(ApiError::AuthorityUnknown(issuer.chars().take(120).collect()).into());
        }
        Ok((own, Administrator::Account(caller)))
    }

    fn authority_state(&self, authority: &HostedAuthority) -> wire::AuthorityState {
        let store = authority.store();
        let size = |origin: &Origin| store.head(origin).map_or(0, |head| head.head.size);
        let logs = store.logs();
        let logs = logs.iter().map(|one| wire::LogState {
            origin: one.to_string(),
            size: size(one),
            closed_with: authority.desk.sequencer().closed_with(one),
        });
        // What cannot be read here stops the writer, and that is said.
        let newest = newest_hour(store.as_ref(), self.verifier.load().trust()).ok().flatten();
        wire::AuthorityState {
            issuer: authority.issuer.to_string(),
            logs: logs.collect(),
            issuing: store.poisoned().is_none() && !*self.stopping.borrow(),
            newest_hour: newest.map(|(hour, _)| convert::instant(hour)),
        }
    }
}

fn kid(text: &str) -> Result<Kid, ApiError> {
    text.parse::<Kid>().map_err(|error| ApiError::Field { field: "key", message: error.to_string() })
}

/// Hashes every entry again, from the first; what the store remembers of its tree is not asked.
fn root_of_entries(store: &dyn Store, origin: &Origin, size: u64) -> Result<Hash, StoreError> {
    let mut frontier = Frontier::empty();
    while frontier.size() < size {
        let leaves = store.leaves(origin, frontier.size()..size, CHECK_BYTES)?;
        if leaves.is_empty() {
            return Err(StoreError::NoEntry { origin: origin.clone(), index: frontier.size() });
        }
        for leaf in &leaves {
            frontier.append(leaf_hash(leaf));
        }
    }
    Ok(frontier.root())
}
