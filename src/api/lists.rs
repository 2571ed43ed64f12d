//! `ListService`: codes of the lists that are installed, for whoever fills in a form.

use super::call::{blocking, caller};
use super::convert;
use super::hosts::Hosts;
use super::serves::serves;
use super::wire::origin::v1::{self as wire, list_service_server::ListService};
use crate::agreement::{self, CodeKind, Found, Lists};
use crate::time::Clock;
use arc_swap::ArcSwap;
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// Characters of a search at most.
const MOST_WORDS: usize = 200;

/// The handlers.
#[derive(Clone)]
pub(crate) struct ListDoor {
    pub(crate) hosts: Hosts,
    pub(crate) lists: Arc<ArcSwap<Lists>>,
    pub(crate) clock: Arc<dyn Clock>,
}

fn kind(kind: i32) -> Result<CodeKind, super::ApiError> {
    match wire::CodeKind::try_from(kind) {
        Ok(wire::CodeKind::Hs) => Ok(CodeKind::Hs),
        Ok(wire::CodeKind::Locode) => Ok(CodeKind::Locode),
        Ok(wire::CodeKind::Unit) => Ok(CodeKind::Unit),
        Ok(wire::CodeKind::Package) => Ok(CodeKind::Package),
        Ok(wire::CodeKind::Unspecified) | Err(_) => {
            Err(super::ApiError::Field { field: "kind", message: "a kind of list is needed".to_owned() })
        }
    }
}

fn kind_to_wire(kind: CodeKind) -> wire::CodeKind {
    match kind {
        CodeKind::Hs => wire::CodeKind::Hs,
        CodeKind::Locode => wire::CodeKind::Locode,
        CodeKind::Unit => wire::CodeKind::Unit,
        CodeKind::Package => wire::CodeKind::Package,
    }
}

fn list_to_wire(list: &agreement::CodeList) -> wire::CodeList {
    let holds = list.holds();
    wire::CodeList {
        kind: kind_to_wire(list.kind()).into(),
        edition: list.edition().to_owned(),
        holds_from: Some(convert::date_to_wire(holds.from)),
        holds_until: holds.until.map(convert::date_to_wire),
        source: list.source().unwrap_or_default().to_owned(),
        codes: i32::try_from(list.len()).unwrap_or(i32::MAX),
    }
}

/// Chapter and heading of a code of the Harmonized System.
fn under(list: &agreement::CodeList, code: &str) -> Vec<String> {
    let above = [2, 4].into_iter().filter(|digits| list.kind() == CodeKind::Hs && *digits < code.len());
    above.filter_map(|digits| list.get(code.get(..digits)?)).map(|found| found.name.to_owned()).collect()
}

serves! {
    ListService for ListDoor {
        search_codes(wire::SearchCodesRequest) -> wire::SearchCodesResponse;
        list_code_lists(wire::ListCodeListsRequest) -> wire::ListCodeListsResponse;
    }
}

impl ListDoor {
    async fn search_codes(
        &self,
        request: Request<wire::SearchCodesRequest>,
    ) -> Result<Response<wire::SearchCodesResponse>, Status> {
        caller(&self.hosts, request.metadata())?.account()?;
        let wire::SearchCodesRequest { kind: asked, words, on, edition, page_size } = request.into_inner();
        let (kind, size) = (kind(asked)?, convert::page_size(page_size)?);
        if words.chars().count() > MOST_WORDS {
            let message = format!("at most {MOST_WORDS} characters are searched for");
            return Err(super::ApiError::Field { field: "words", message }.into());
        }
        let on = match &on {
            Some(on) => convert::date("on", on)?,
            None => self.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date(),
        };
        let lists = self.lists.load_full();
        // A search goes through every name of a list: not on a thread that others wait for.
        let answer = blocking(move || {
            let list = if edition.is_empty() { lists.of(kind, on) } else { lists.edition(kind, &edition) };
            let Some(list) = list else { return wire::SearchCodesResponse::default() };
            let found = list.search(&words);
            let code = |Found { code, name, detail }: &Found<'_>| wire::FoundCode {
                code: (*code).to_owned(),
                name: (*name).to_owned(),
                detail: (*detail).to_owned(),
                under: under(list, code),
            };
            wire::SearchCodesResponse {
                codes: found.iter().take(size).map(code).collect(),
                more: found.len() > size,
                list: Some(list_to_wire(list)),
            }
        })
        .await?;
        Ok(Response::new(answer))
    }

    async fn list_code_lists(
        &self,
        request: Request<wire::ListCodeListsRequest>,
    ) -> Result<Response<wire::ListCodeListsResponse>, Status> {
        caller(&self.hosts, request.metadata())?.account()?;
        let lists = self.lists.load();
        Ok(Response::new(wire::ListCodeListsResponse { lists: lists.codes().map(list_to_wire).collect() }))
    }
}
