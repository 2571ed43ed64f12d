//! `AdminService`: accounts, keys, state and checks, for the operator on this machine.

use super::ApiError;
use super::call::{authorization, blocking, refused};
use super::convert;
use super::failure;
use super::hosts::{HostedAuthority, Hosts};
use super::partners;
use super::wire::origin::v1::{self as wire, admin_service_server::AdminService};
use crate::certificate::CertificateError;
use crate::exchange::driver::DriverView;
use crate::log::{Frontier, Hash, Origin, leaf_hash};
use crate::office::{Account, AccountId, ApiToken, Role, TokenHash};
use crate::statement::{KeyAct, Kid};
use crate::store::{Store, StoreError};
use crate::time::{Clock, Timestamp};
use crate::verification::Verifier;
use arc_swap::ArcSwap;
use bytes::Bytes;
use std::sync::Arc;
use tokio::sync::watch;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status};

/// Bytes of entries read at once while a log is checked.
const CHECK_BYTES: usize = 4 << 20;

/// Reads the trust list's files again and gives the version in use then, or says why nothing changed. It blocks.
pub type ReloadTrust = Arc<dyn Fn() -> Result<u64, String> + Send + Sync>;

/// The handlers.
#[derive(Clone)]
pub(crate) struct Admin {
    pub(crate) hosts: Hosts,
    pub(crate) operator: TokenHash,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) started_at: Timestamp,
    pub(crate) verifier: Arc<ArcSwap<Verifier>>,
    pub(crate) stopping: watch::Receiver<bool>,
    pub(crate) partners: Option<DriverView>,
    pub(crate) reload_trust: ReloadTrust,
}

#[tonic::async_trait]
impl AdminService for Admin {
    async fn create_account(
        &self,
        request: Request<wire::CreateAccountRequest>,
    ) -> Result<Response<wire::CreateAccountResponse>, Status> {
        self.admit(request.metadata())?;
        let request = request.into_inner();
        let authority = Arc::clone(self.hosts.named(&request.issuer)?);
        let roles = request.roles.iter().map(|role| role_from_wire(*role)).collect::<Result<Vec<_>, _>>()?;
        let offices = request.offices.iter().map(|code| code.parse()).collect::<Result<Vec<_>, _>>();
        let offices = offices.map_err(|error| ApiError::Field { field: "offices", message: format!("{error}") })?;
        if let Some(unknown) = offices.iter().find(|code| !authority.offices.contains(code)) {
            let message = format!("`{unknown}` is not an office of {}", authority.issuer);
            return Err(ApiError::Field { field: "offices", message }.into());
        }
        let opened = blocking(move || authority.accounts.open(&request.name, roles, offices)).await?;
        let (account, token) = opened.map_err(|error| refused(&error))?;
        let token = token.reveal().to_string();
        Ok(Response::new(wire::CreateAccountResponse { account: Some(account_to_wire(&account)), token }))
    }

    async fn list_accounts(
        &self,
        request: Request<wire::ListAccountsRequest>,
    ) -> Result<Response<wire::ListAccountsResponse>, Status> {
        self.admit(request.metadata())?;
        let wire::ListAccountsRequest { issuer, page_size, page_token } = request.into_inner();
        let accounts = self.hosts.named(&issuer)?.accounts.list();
        let size = convert::page_size(page_size)?;
        let (page, next_page_token) =
            convert::page(accounts.iter(), |account| account.id.to_string(), size, &page_token);
        let accounts = page.into_iter().map(account_to_wire).collect();
        Ok(Response::new(wire::ListAccountsResponse { accounts, next_page_token }))
    }

    async fn disable_account(
        &self,
        request: Request<wire::DisableAccountRequest>,
    ) -> Result<Response<wire::DisableAccountResponse>, Status> {
        self.admit(request.metadata())?;
        let wire::DisableAccountRequest { issuer, account_id } = request.into_inner();
        let authority = Arc::clone(self.hosts.named(&issuer)?);
        let id = account_id
            .parse::<AccountId>()
            .map_err(|error| ApiError::Field { field: "account_id", message: error.to_string() })?;
        let account = blocking(move || authority.accounts.disable(&id)).await?.map_err(|error| refused(&error))?;
        Ok(Response::new(wire::DisableAccountResponse { account: Some(account_to_wire(&account)) }))
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
        let verifier = self.verifier.load();
        Ok(Response::new(partners::list(self.partners.as_ref(), verifier.trust())))
    }

    async fn reload_trust_list(
        &self,
        request: Request<wire::ReloadTrustListRequest>,
    ) -> Result<Response<wire::ReloadTrustListResponse>, Status> {
        self.admit(request.metadata())?;
        let reload = Arc::clone(&self.reload_trust);
        let trust_version = blocking(move || reload()).await?.map_err(ApiError::TrustListRefused)?;
        Ok(Response::new(wire::ReloadTrustListResponse { trust_version }))
    }

    async fn announce_key_change(
        &self,
        request: Request<wire::AnnounceKeyChangeRequest>,
    ) -> Result<Response<wire::AnnounceKeyChangeResponse>, Status> {
        self.admit(request.metadata())?;
        let request = request.into_inner();
        let field = |field, message: String| ApiError::Field { field, message };
        let act = match request.act() {
            wire::KeyAct::Opened => KeyAct::Opened,
            wire::KeyAct::Closed => KeyAct::Closed,
            wire::KeyAct::Unspecified => return Err(field("act", "say what happened to the key".to_owned()).into()),
        };
        let key = request.key.parse::<Kid>().map_err(|error| field("key", error.to_string()))?;
        let reason = Some(request.reason.as_str()).filter(|reason| !reason.is_empty()).map(str::parse);
        let reason = reason.transpose().map_err(|error: CertificateError| field("reason", error.to_string()))?;
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
        if self.operator.is(&token.hash()) { Ok(()) } else { Err(ApiError::NotTheOperator) }
    }

    fn authority_state(&self, authority: &HostedAuthority) -> wire::AuthorityState {
        let store = authority.store();
        let size = |origin: &Origin| store.head(origin).map_or(0, |head| head.head.size);
        let logs = store.logs();
        wire::AuthorityState {
            issuer: authority.issuer.to_string(),
            logs: logs.iter().map(|one| wire::LogState { origin: one.to_string(), size: size(one) }).collect(),
            issuing: store.poisoned().is_none() && !*self.stopping.borrow(),
        }
    }
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

fn account_to_wire(account: &Account) -> wire::Account {
    wire::Account {
        account_id: account.id.to_string(),
        name: account.name.clone(),
        roles: account.roles.iter().map(|role| role_to_wire(*role).into()).collect(),
        offices: account.offices.iter().map(ToString::to_string).collect(),
        disabled: account.disabled,
        token_prefix: account.token_prefix.to_string(),
    }
}

const fn role_to_wire(role: Role) -> wire::Role {
    match role {
        Role::Exporter => wire::Role::Exporter,
        Role::Agent => wire::Role::Agent,
        Role::Examiner => wire::Role::Examiner,
        Role::Signatory => wire::Role::Signatory,
        Role::CustomsOfficer => wire::Role::CustomsOfficer,
        Role::Liaison => wire::Role::Liaison,
        Role::Auditor => wire::Role::Auditor,
        Role::Administrator => wire::Role::Administrator,
    }
}

fn role_from_wire(role: i32) -> Result<Role, ApiError> {
    let known = wire::Role::try_from(role).ok();
    Role::ALL
        .into_iter()
        .find(|one| Some(role_to_wire(*one)) == known)
        .ok_or_else(|| ApiError::Field { field: "roles", message: format!("{role} is not a role of this service") })
}
