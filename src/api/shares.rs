//! `ShareService`: links by which importers see what became of their own declarations.

use super::applications::{done, missing};
use super::call::{blocking, caller, refused};
use super::convert;
use super::customs::{decided, declaration_to_wire, shown};
use super::hosts::{HostedAuthority, Hosts};
use super::matching;
use super::serves::serves;
use super::wire::origin::v1::{self as wire, share_service_server::ShareService};
use crate::office::{ActState, CustomsAct};
use crate::reason::Reasoned as _;
use crate::statement::ItemDecision;
use crate::workflow::{ArrivedName, Share, ShareId, ShareWish, Shared, WorkflowError};
use tonic::{Request, Response, Status};

/// The handlers.
#[derive(Clone)]
pub(crate) struct SharesDoor {
    pub(crate) hosts: Hosts,
}

serves! {
    ShareService for SharesDoor {
        create_share(wire::CreateShareRequest) -> wire::CreateShareResponse;
        list_shares(wire::ListSharesRequest) -> wire::ListSharesResponse;
        revoke_share(wire::RevokeShareRequest) -> wire::RevokeShareResponse;
    }
}

impl SharesDoor {
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
        let shared = done(authority, move |at| {
            let (share, secret) = at.desk.share(&caller, wish)?;
            Ok((to_wire(&share, number(at, &share)), secret))
        });
        let (share, secret) = shared.await?;
        let url = format!("{issuer}{}{}", super::share_page::PATH, secret.as_str());
        Ok(Response::new(wire::CreateShareResponse { share: Some(share), url }))
    }

    async fn list_shares(
        &self,
        request: Request<wire::ListSharesRequest>,
    ) -> Result<Response<wire::ListSharesResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::ListSharesRequest { page_size, page_token } = request.into_inner();
        let size = convert::page_size(page_size)?;
        let listed = done(authority, move |at| {
            let page = at.desk.shares(&caller, &page_token, size)?;
            let shares = page.shares.iter().map(|share| to_wire(share, number(at, share))).collect();
            Ok(wire::ListSharesResponse { shares, next_page_token: page.next.unwrap_or_default() })
        });
        Ok(Response::new(listed.await?))
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

/// The number of the certificate that a link shows, which people know it by. A link is listed without it too: a node
/// that starts opens the logs of partners as it connects.
fn number(at: &HostedAuthority, share: &Share) -> String {
    at.desk.number_of(share).ok().flatten().unwrap_or_default()
}

fn to_wire(share: &Share, number: String) -> wire::Share {
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
        number,
    }
}

/// The acts, each once: what a later one took the place of stands apart, and is put back beside the rest of its act.
fn shown_acts(acts: &[CustomsAct]) -> Vec<wire::CustomsAct> {
    let mut all: Vec<wire::CustomsAct> = Vec::new();
    for act in acts.iter().map(shown_act) {
        match all.last_mut().filter(|last| last.act == act.act) {
            Some(last) => {
                last.counts |= act.counts;
                last.decisions.extend(act.decisions);
                last.decisions.sort_by_key(|one| (one.item, one.line));
            }
            None => all.push(act),
        }
    }
    all
}

/// An act as the importer may see it: what was decided, and not which officer did it or what the issuer was told beside.
fn shown_act(act: &CustomsAct) -> wire::CustomsAct {
    let counts = act.state == ActState::Counts;
    let decided = |one: &ItemDecision| wire::DecidedItem { over: !counts, ..decided(one) };
    wire::CustomsAct {
        act: act.number,
        at: super::applications::at(act.by.at_ms),
        // What waited counts since it was released.
        settled_at: act.settled.as_ref().and_then(|by| super::applications::at(by.at_ms)),
        declaration: act.declaration.as_ref().map(declaration_to_wire),
        decisions: act.decisions.iter().map(decided).collect(),
        amends: act.amends.unwrap_or_default(),
        counts,
        jti: shown(act.statement),
        // Whatever else an act says stays inside.
        ..wire::CustomsAct::default()
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
        acts: shown_acts(&acts),
        matched: Some(matching::answer(matched)),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::office::{Account, Caller, Despite, DoneBy, Role, Wanted};
    use crate::statement::ResponseCode;
    use crate::time::{SeededRandom, Timestamp};

    const ENQUIRY: &str = "01KB3D9M8000000000000000AB";

    fn officer() -> Caller {
        let wanted = Wanted {
            name: "Li Na".to_owned(),
            roles: vec![Role::CustomsOfficer],
            offices: vec!["CNSHA".parse().unwrap()],
            ..Wanted::default()
        };
        Caller::from(Account::open(wanted, &SeededRandom::new(1)).unwrap())
    }

    fn act(officer: &Caller) -> CustomsAct {
        let by = DoneBy::of(officer, Timestamp::UNIX_EPOCH);
        assert_eq!((by.name.as_str(), by.offices.len()), ("Li Na", 1));
        CustomsAct {
            number: 2,
            by: by.clone(),
            settled: Some(by),
            declaration: None,
            decisions: Vec::new(),
            amends: Some(1),
            state: ActState::Counts,
            statement: None,
            enquiry: Some(ENQUIRY.parse().unwrap()),
            remarks: Some("Li Na looked at it".parse().unwrap()),
            settled_words: Some("Li Na may go on".parse().unwrap()),
            despite: Despite::default(),
        }
    }

    #[test]
    fn an_act_of_which_a_part_is_over_is_shown_once_and_counts_for_the_rest() {
        let denied = |item| ItemDecision {
            item: Some(item),
            line: None,
            code: ResponseCode::PreferenceDenied,
            quantity: None,
            left: None,
            reason: None,
            basis: None,
            words: None,
        };
        let of = |number, item, state| CustomsAct { number, decisions: vec![denied(item)], state, ..act(&officer()) };
        let (first, rest) = (of(2, 3, ActState::Amended(4)), of(2, 1, ActState::Counts));
        let all = shown_acts(&[first.clone(), rest, of(4, 3, ActState::Counts)]);
        assert_eq!(all.iter().map(|one| (one.act, one.counts)).collect::<Vec<_>>(), [(2, true), (4, true)]);
        let over = all[0].decisions.iter().map(|one| (one.item, one.over)).collect::<Vec<_>>();
        assert_eq!(over, [(1, false), (3, true)]);
        assert!(!shown_acts(&[first])[0].counts);
    }

    #[test]
    fn the_importer_is_shown_what_was_decided_and_no_officer() {
        let officer = officer();
        let shown = shown_act(&act(&officer));
        assert!(shown.at.is_some() && shown.settled_at.is_some() && shown.counts);
        assert_eq!((shown.act, shown.amends), (2, 1));
        let all = format!("{shown:?}");
        for inside in ["Li Na", "CNSHA", ENQUIRY, officer.id().to_string().as_str()] {
            assert!(!all.contains(inside), "{inside}: {all}");
        }
    }

    #[test]
    fn an_officer_is_shown_the_enquiry_that_a_decision_follows() {
        let shown = crate::api::arrivals::act(&act(&officer()), Vec::new());
        assert_eq!(shown.enquiry, ENQUIRY);
    }

    #[test]
    fn an_officer_is_shown_by_which_act_another_was_amended_or_taken_back() {
        let of = |state| {
            let shown = crate::api::arrivals::act(&CustomsAct { state, ..act(&officer()) }, Vec::new());
            (shown.counts, shown.amended_by, shown.reversed_by)
        };
        assert_eq!(of(ActState::Counts), (true, 0, 0));
        assert_eq!(of(ActState::Amended(8)), (false, 8, 0));
        assert_eq!(of(ActState::Reversed(8)), (false, 0, 8));
    }
}
