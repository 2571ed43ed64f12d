//! `PolicyService`: the policy of examination by machine, for accounts of one authority.

use super::ApiError;
use super::applications::{at, done, sha256};
use super::call::caller;
use super::hosts::Hosts;
use super::serves::serves;
use super::wire::origin::v1::{self as wire, policy_service_server::PolicyService};
use crate::office::PolicyTerms;
use crate::workflow::ShownPolicy;
use bytes::Bytes;
use tonic::{Request, Response, Status};

/// The handlers.
#[derive(Clone)]
pub(crate) struct PoliciesDoor {
    pub(crate) hosts: Hosts,
}

serves! {
    PolicyService for PoliciesDoor {
        get_policy(wire::GetPolicyRequest) -> wire::GetPolicyResponse;
        set_policy(wire::SetPolicyRequest) -> wire::SetPolicyResponse;
        agree_to_policy(wire::AgreeToPolicyRequest) -> wire::AgreeToPolicyResponse;
        revoke_agreement(wire::RevokeAgreementRequest) -> wire::RevokeAgreementResponse;
    }
}

impl PoliciesDoor {
    async fn get_policy(
        &self,
        request: Request<wire::GetPolicyRequest>,
    ) -> Result<Response<wire::GetPolicyResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let version = Some(request.get_ref().version).filter(|version| *version > 0);
        let shown = done(authority, move |at| at.policies.get(&caller, version)).await?;
        Ok(Response::new(wire::GetPolicyResponse { policy: Some(to_wire(&shown)) }))
    }

    async fn set_policy(
        &self,
        request: Request<wire::SetPolicyRequest>,
    ) -> Result<Response<wire::SetPolicyResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::SetPolicyRequest { terms_json, withdraw } = request.into_inner();
        if withdraw != terms_json.is_empty() {
            let message = "a policy has terms, and one that is withdrawn has none".to_owned();
            return Err(ApiError::Field { field: "terms_json", message }.into());
        }
        let set = move |at: &super::hosts::HostedAuthority| {
            let terms = if withdraw { None } else { Some(PolicyTerms::read_json(&terms_json)?) };
            terms.iter().try_for_each(|terms| at.desk.policy_within_reach(&caller, terms))?;
            at.policies.set(&caller, terms)
        };
        let shown = done(authority, set).await?;
        Ok(Response::new(wire::SetPolicyResponse { policy: Some(to_wire(&shown)) }))
    }

    async fn agree_to_policy(
        &self,
        request: Request<wire::AgreeToPolicyRequest>,
    ) -> Result<Response<wire::AgreeToPolicyResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::AgreeToPolicyRequest { version, terms_sha256 } = request.into_inner();
        let terms = sha256("terms_sha256", &terms_sha256)?;
        let shown = done(authority, move |at| at.policies.agree(&caller, version, terms)).await?;
        Ok(Response::new(wire::AgreeToPolicyResponse { policy: Some(to_wire(&shown)) }))
    }

    async fn revoke_agreement(
        &self,
        request: Request<wire::RevokeAgreementRequest>,
    ) -> Result<Response<wire::RevokeAgreementResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let shown = done(authority, move |at| at.policies.revoke(&caller)).await?;
        Ok(Response::new(wire::RevokeAgreementResponse { policy: Some(to_wire(&shown)) }))
    }
}

fn to_wire(shown: &ShownPolicy) -> wire::Policy {
    let ShownPolicy { policy, in_force, agreements } = shown;
    let terms = policy.terms.as_ref();
    wire::Policy {
        version: policy.version,
        in_force: *in_force,
        terms_json: terms.map_or_else(Bytes::new, |terms| terms.to_json().into()),
        terms_sha256: terms.map_or_else(Bytes::new, |terms| Bytes::copy_from_slice(&terms.shown().0)),
        set_by_account_id: policy.set_by.to_string(),
        set_at: at(policy.set_ms),
        agreements: agreements
            .iter()
            .map(|one| wire::PolicyAgreement {
                account_id: one.agreement.account.to_string(),
                name: one.name.clone(),
                agreed_at: at(one.agreement.agreed_ms),
                revoked_at: one.agreement.revoked_ms.and_then(at),
                void: one.void.clone().unwrap_or_default(),
            })
            .collect(),
    }
}
