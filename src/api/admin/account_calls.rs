//! The calls about accounts.

use super::Admin;
use crate::api::accounts::{self, Administrator, account_id, account_to_wire};
use crate::api::call::refused;
use crate::api::wire::origin::v1 as wire;
use crate::office::Action;
use crate::workflow::{Accounts, NewToken};
use tonic::{Request, Response, Status};
use zeroize::Zeroizing;

impl Admin {
    pub(super) async fn create_account(
        &self,
        request: Request<wire::CreateAccountRequest>,
    ) -> Result<Response<wire::CreateAccountResponse>, Status> {
        let at = self.accounts(request.metadata(), &request.get_ref().issuer)?;
        let (wanted, token) = accounts::wanted(&at.0, request.get_ref())?;
        let password = Zeroizing::new(request.into_inner().password);
        let password = match password.as_str() {
            "" => None,
            text => Some(accounts::password("password", text)?),
        };
        let opened = accounts::with(at, move |authority, actor| {
            authority.accounts.open_with(actor, wanted, token, password.as_ref())
        });
        let (account, token) = opened.await?;
        let token = token.map(|token| token.reveal().to_string()).unwrap_or_default();
        Ok(Response::new(wire::CreateAccountResponse { account: Some(account_to_wire(&account)), token }))
    }

    pub(super) async fn list_accounts(
        &self,
        request: Request<wire::ListAccountsRequest>,
    ) -> Result<Response<wire::ListAccountsResponse>, Status> {
        let (authority, _) = self.accounts(request.metadata(), &request.get_ref().issuer)?;
        let wire::ListAccountsRequest { page_size, page_token, .. } = request.into_inner();
        Ok(Response::new(accounts::page(&authority, page_size, &page_token)?))
    }

    pub(super) async fn disable_account(
        &self,
        request: Request<wire::DisableAccountRequest>,
    ) -> Result<Response<wire::DisableAccountResponse>, Status> {
        let at = self.accounts(request.metadata(), &request.get_ref().issuer)?;
        let id = account_id(&request.get_ref().account_id)?;
        let account = accounts::with(at, move |authority, actor| authority.accounts.disable(actor, &id)).await?;
        Ok(Response::new(wire::DisableAccountResponse { account: Some(account_to_wire(&account)) }))
    }

    pub(super) async fn update_account(
        &self,
        request: Request<wire::UpdateAccountRequest>,
    ) -> Result<Response<wire::UpdateAccountResponse>, Status> {
        let at = self.accounts(request.metadata(), &request.get_ref().issuer)?;
        let id = account_id(&request.get_ref().account_id)?;
        let change = accounts::change(&at.0, request.get_ref())?;
        let account = accounts::with(at, move |authority, actor| authority.accounts.change(actor, &id, change)).await?;
        Ok(Response::new(wire::UpdateAccountResponse { account: Some(account_to_wire(&account)) }))
    }

    pub(super) async fn create_token(
        &self,
        request: Request<wire::CreateTokenRequest>,
    ) -> Result<Response<wire::CreateTokenResponse>, Status> {
        let at = self.accounts(request.metadata(), &request.get_ref().issuer)?;
        let wire::CreateTokenRequest { account_id: id, name, scopes, expire_time, .. } = request.into_inner();
        let until = accounts::instant("expire_time", expire_time.as_ref())?;
        let (id, wanted) = (account_id(&id)?, NewToken { name, scopes: accounts::scopes(&scopes)?, until });
        let token =
            accounts::with(at, move |authority, actor| authority.accounts.new_token(actor, &id, wanted)).await?;
        let prefix = token.prefix().as_str().to_owned();
        Ok(Response::new(wire::CreateTokenResponse { token: token.reveal().to_string(), prefix }))
    }

    pub(super) async fn revoke_token(
        &self,
        request: Request<wire::RevokeTokenRequest>,
    ) -> Result<Response<wire::RevokeTokenResponse>, Status> {
        let at = self.accounts(request.metadata(), &request.get_ref().issuer)?;
        let wire::RevokeTokenRequest { account_id: id, prefix, .. } = request.into_inner();
        let id = account_id(&id)?;
        let account =
            accounts::with(at, move |authority, actor| authority.accounts.revoke_token(actor, &id, &prefix)).await?;
        Ok(Response::new(wire::RevokeTokenResponse { account: Some(account_to_wire(&account)) }))
    }

    pub(super) async fn set_password(
        &self,
        request: Request<wire::SetPasswordRequest>,
    ) -> Result<Response<wire::SetPasswordResponse>, Status> {
        let at = self.accounts(request.metadata(), &request.get_ref().issuer)?;
        let wire::SetPasswordRequest { account_id: id, password, .. } = request.into_inner();
        let (id, password) = (account_id(&id)?, accounts::password("password", &Zeroizing::new(password))?);
        let account =
            accounts::with(at, move |authority, actor| authority.accounts.set_password(actor, &id, &password)).await?;
        Ok(Response::new(wire::SetPasswordResponse { account: Some(account_to_wire(&account)) }))
    }

    pub(super) async fn unlock_account(
        &self,
        request: Request<wire::UnlockAccountRequest>,
    ) -> Result<Response<wire::UnlockAccountResponse>, Status> {
        let at = self.accounts(request.metadata(), &request.get_ref().issuer)?;
        let id = account_id(&request.get_ref().account_id)?;
        let account = accounts::with(at, move |authority, actor| authority.accounts.unlock(actor, &id)).await?;
        Ok(Response::new(wire::UnlockAccountResponse { account: Some(account_to_wire(&account)) }))
    }

    pub(super) async fn arrange_absence(
        &self,
        request: Request<wire::ArrangeAbsenceRequest>,
    ) -> Result<Response<wire::ArrangeAbsenceResponse>, Status> {
        let wire::ArrangeAbsenceRequest { issuer, account_id: id, absence } = request.get_ref();
        let id = account_id(id)?;
        let at = self.administrator(request.metadata(), issuer, Action::ArrangeDeputy)?;
        // A signatory arranges their own absence, an administrator anybody's.
        if let Administrator::Account(caller) = &at.1
            && *caller.id() != id
        {
            Accounts::allow(caller, Action::ManageAccounts).map_err(|error| refused(&error))?;
        }
        let absence = absence.as_ref().map(accounts::absence).transpose()?;
        let account = accounts::with(at, move |authority, actor| match absence {
            Some(absence) => authority.accounts.arrange(actor, &id, absence),
            None => authority.accounts.back(actor, &id),
        })
        .await?;
        Ok(Response::new(wire::ArrangeAbsenceResponse { account: Some(account_to_wire(&account)) }))
    }
}
