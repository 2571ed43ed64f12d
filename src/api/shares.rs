//! `ShareService`: links by which importers see what became of their own declarations.

use super::applications::{done, missing};
use super::arrivals::act;
use super::call::{blocking, caller, refused};
use super::convert;
use super::customs::declaration_to_wire;
use super::hosts::Hosts;
use super::matching;
use super::wire::origin::v1::{self as wire, share_service_server::ShareService};
use crate::reason::Reasoned as _;
use crate::workflow::{ArrivedName, Share, ShareId, ShareWish, Shared, WorkflowError};
use tonic::{Request, Response, Status};

/// The handlers.
#[derive(Clone)]
pub(crate) struct SharesDoor {
    pub(crate) hosts: Hosts,
}

#[tonic::async_trait]
impl ShareService for SharesDoor {
    async fn create_share(
        &self,
        request: Request<wire::CreateShareRequest>,
    ) -> Result<Response<wire::CreateShareResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::CreateShareRequest { declaration, until } = request.into_inner();
        let until = until.ok_or_else(|| missing("until", "the last day of the link is needed"))?;
        let declaration = declaration.ok_or_else(|| missing("declaration", "the declaration is needed"))?;
        let wish = ShareWish { declared: matching::wish(declaration)?, until: convert::date("until", &until)? };
        let issuer = authority.issuer.to_string();
        let (share, secret) = done(authority, move |at| at.desk.share(&caller, wish)).await?;
        let url = format!("{issuer}{}{}", super::share_page::PATH, secret.as_str());
        Ok(Response::new(wire::CreateShareResponse { share: Some(to_wire(&share)), url }))
    }

    async fn list_shares(
        &self,
        request: Request<wire::ListSharesRequest>,
    ) -> Result<Response<wire::ListSharesResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::ListSharesRequest { page_size, page_token } = request.into_inner();
        let size = convert::page_size(page_size)?;
        let page = done(authority, move |at| at.desk.shares(&caller, &page_token, size)).await?;
        Ok(Response::new(wire::ListSharesResponse {
            shares: page.shares.iter().map(to_wire).collect(),
            next_page_token: page.next.unwrap_or_default(),
        }))
    }

    async fn revoke_share(
        &self,
        request: Request<wire::RevokeShareRequest>,
    ) -> Result<Response<wire::RevokeShareResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let id = request.into_inner().share_id.parse::<ShareId>().map_err(|error| refused(&error))?;
        done(authority, move |at| at.desk.revoke_share(&caller, &id)).await?;
        Ok(Response::new(wire::RevokeShareResponse {}))
    }
}

fn to_wire(share: &Share) -> wire::Share {
    let jti = match &share.declared.certificate {
        ArrivedName::Jti(jti) => jti.to_string(),
        ArrivedName::Number(..) => String::new(),
    };
    wire::Share {
        share_id: share.id.to_string(),
        account_id: share.account.to_string(),
        jti,
        declaration: Some(declaration_to_wire(&share.declared.declaration)),
        until: Some(convert::date_to_wire(share.until)),
        created_at: super::applications::at(share.made_ms),
    }
}

/// What stands behind a link of one of the authorities; nothing where none of them knows it.
pub(super) async fn opened(hosts: &Hosts, secret: &str) -> Result<Option<wire::SharedDeclaration>, Status> {
    let (desks, secret) = (hosts.all().map(|one| one.desk.clone()).collect::<Vec<_>>(), secret.to_owned());
    let found = blocking(move || {
        let known = |result: &Result<Shared, WorkflowError>| match result {
            Ok(_) => true,
            Err(error) => error.reason() != "SHARE_UNKNOWN",
        };
        desks.iter().map(|desk| desk.shared(&secret)).find(known).transpose()
    });
    let found = found.await?.map_err(|error| refused(&error))?;
    Ok(found.map(|Shared { share, matched, acts }| wire::SharedDeclaration {
        declaration: Some(declaration_to_wire(&share.declared.declaration)),
        until: Some(convert::date_to_wire(share.until)),
        // Which officer did what is not the importer's to know.
        acts: acts
            .iter()
            .map(|one| wire::CustomsAct { by: String::new(), settled_by: String::new(), ..act(one) })
            .collect(),
        matched: Some(matching::answer(matched)),
    }))
}
