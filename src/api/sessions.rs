//! `SessionService`: signing in with a password, for people; and who a caller is.

use super::ApiError;
use super::accounts::{account_to_wire, password};
use super::call::{blocking, caller, peer, refused};
use super::convert;
use super::hosts::Hosts;
use super::rate::RateLimit;
use super::serves::serves;
use super::wire::origin::v1::{self as wire, session_service_server::SessionService};
use crate::office::Action;
use crate::time::Clock;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tonic::{Request, Response, Status};
use zeroize::Zeroizing;

/// Passwords tried at once: each takes 19 MiB and a core for about 20 ms, and certificates go first.
const AT_ONCE: usize = 2;
/// Tries a minute from one address. A household or a small office behind one address signs in more seldom.
const TRIES_A_MINUTE: u32 = 20;

/// The handlers.
#[derive(Clone)]
pub(crate) struct Sessions {
    hosts: Hosts,
    clock: Arc<dyn Clock>,
    rate: Arc<RateLimit>,
    room: Arc<Semaphore>,
}

impl Sessions {
    pub(crate) fn new(hosts: Hosts, clock: Arc<dyn Clock>) -> Self {
        let (rate, room) = (Arc::new(RateLimit::new(TRIES_A_MINUTE)), Arc::new(Semaphore::new(AT_ONCE)));
        Self { hosts, clock, rate, room }
    }

    /// Tries a password on a thread of its own, when it is its turn.
    async fn tried<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
        let turn = Arc::clone(&self.room).acquire_owned().await.map_err(|_| ApiError::Stopping)?;
        blocking(move || {
            // Kept until the work is done, though the caller hang up.
            let _turn = turn;
            work()
        })
        .await
    }
}

serves! {
    SessionService for Sessions {
        sign_in(wire::SignInRequest) -> wire::SignInResponse;
        sign_out(wire::SignOutRequest) -> wire::SignOutResponse;
        change_password(wire::ChangePasswordRequest) -> wire::ChangePasswordResponse;
        get_caller(wire::GetCallerRequest) -> wire::GetCallerResponse;
    }
}

impl Sessions {
    async fn sign_in(&self, request: Request<wire::SignInRequest>) -> Result<Response<wire::SignInResponse>, Status> {
        let network = peer(request.extensions()).map(super::Peer::network);
        let wire::SignInRequest { issuer, login, password } = request.into_inner();
        let password = Zeroizing::new(password);
        if network.is_some_and(|network| !self.rate.take(network, 1, self.clock.now())) {
            return Err(ApiError::RateLimited.into());
        }
        let authority = Arc::clone(match issuer.as_str() {
            "" => self.hosts.only()?,
            issuer => self.hosts.named(issuer)?,
        });
        let from = network.map(|network| network.to_string());
        let signed_in = self.tried(move || authority.accounts.sign_in(&login, &password, from)).await?;
        let signed_in = signed_in.map_err(|error| refused(&error))?;
        Ok(Response::new(wire::SignInResponse {
            token: signed_in.token.reveal().to_string(),
            expire_time: Some(convert::instant(signed_in.ends)),
            account: Some(account_to_wire(&signed_in.account)),
        }))
    }

    async fn sign_out(
        &self,
        request: Request<wire::SignOutRequest>,
    ) -> Result<Response<wire::SignOutResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let ended = blocking(move || authority.accounts.sign_out(&caller)).await?;
        ended.map_err(|error| refused(&error))?;
        Ok(Response::new(wire::SignOutResponse {}))
    }

    async fn change_password(
        &self,
        request: Request<wire::ChangePasswordRequest>,
    ) -> Result<Response<wire::ChangePasswordResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::ChangePasswordRequest { old_password, new_password } = request.into_inner();
        let (old, new) = (Zeroizing::new(old_password), Zeroizing::new(new_password));
        let new = password("new_password", &new)?;
        let changed = self.tried(move || authority.accounts.change_password(&caller, &old, &new)).await?;
        changed.map_err(|error| refused(&error))?;
        Ok(Response::new(wire::ChangePasswordResponse {}))
    }

    async fn get_caller(
        &self,
        request: Request<wire::GetCallerRequest>,
    ) -> Result<Response<wire::GetCallerResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let may = Action::ALL.into_iter().filter(|action| caller.may(*action));
        Ok(Response::new(wire::GetCallerResponse {
            issuer: authority.issuer.to_string(),
            account: Some(account_to_wire(caller.account())),
            actions: may.map(|action| action.name().to_owned()).collect(),
        }))
    }
}
