//! The methods of `AdminService` about accounts, in words of the house: who may, what is asked, what is shown.

use super::ApiError;
use super::call::{blocking, refused};
use super::convert;
use super::hosts::HostedAuthority;
use super::wire::origin::v1 as wire;
use crate::certificate::OfficeCode;
use crate::office::{
    Absence, Account, AccountId, Action, Actor, Caller, ExporterId, Login, Password, Person, Role, Scopes, Token,
    Wanted,
};
use crate::time::Timestamp;
use crate::workflow::{NewToken, WorkflowError};
use std::sync::Arc;
use tonic::Status;

/// Who administers.
#[derive(Clone)]
pub(crate) enum Administrator {
    /// The operator, at its own door.
    Operator,
    /// An account of the authority that may.
    Account(Arc<Caller>),
}

impl Administrator {
    pub(crate) fn actor(&self) -> Actor<'_> {
        match self {
            Self::Operator => Actor::Operator,
            Self::Account(caller) => Actor::Caller(caller),
        }
    }
}

/// Does something to an account on a blocking thread.
pub(crate) async fn with<T: Send + 'static>(
    (authority, who): (Arc<HostedAuthority>, Administrator),
    work: impl FnOnce(&HostedAuthority, Actor<'_>) -> Result<T, WorkflowError> + Send + 'static,
) -> Result<T, Status> {
    blocking(move || work(&authority, who.actor())).await?.map_err(|error| refused(&error))
}

fn field<E: std::fmt::Display>(field: &'static str) -> impl Fn(E) -> ApiError {
    move |error| ApiError::Field { field, message: error.to_string() }
}

/// The id of an account.
pub(crate) fn account_id(text: &str) -> Result<AccountId, ApiError> {
    text.parse().map_err(field("account_id"))
}

fn roles(roles: &[i32]) -> Result<Vec<Role>, ApiError> {
    roles.iter().map(|role| role_from_wire(*role)).collect()
}

fn offices(authority: &HostedAuthority, codes: &[String]) -> Result<Vec<OfficeCode>, ApiError> {
    let codes = codes.iter().map(|code| code.parse()).collect::<Result<Vec<OfficeCode>, _>>();
    let codes = codes.map_err(field("offices"))?;
    match codes.iter().find(|code| authority.desk.offices().find(code).is_none()) {
        None => Ok(codes),
        Some(unknown) => {
            let message = format!("`{unknown}` is not an office of {}", authority.issuer);
            Err(ApiError::Field { field: "offices", message })
        }
    }
}

fn some<T, E: std::fmt::Display>(
    name: &'static str,
    text: &str,
    read: impl Fn(&str) -> Result<T, E>,
) -> Result<Option<T>, ApiError> {
    if text.is_empty() { Ok(None) } else { read(text).map(Some).map_err(field(name)) }
}

/// The exporter whose account it is, by its id or its registration number.
fn exporter(authority: &HostedAuthority, named: &str) -> Result<Option<ExporterId>, ApiError> {
    some("exporter_id", named, |named| {
        authority.exporters.of(named).map_err(|_| {
            format!(
                "`{named}` is neither the id nor the registration number of an exporter; origin exporter list says both"
            )
        })
    })
}

/// The actions of a token; none named means all.
pub(crate) fn scopes(names: &[String]) -> Result<Scopes, ApiError> {
    if names.is_empty() {
        return Ok(Scopes::all());
    }
    let actions = names.iter().map(|name| name.parse::<Action>()).collect::<Result<Vec<_>, _>>();
    Ok(Scopes::only(actions.map_err(field("scopes"))?))
}

/// An instant of the wire.
pub(crate) fn instant(name: &'static str, at: Option<&prost_types::Timestamp>) -> Result<Option<Timestamp>, ApiError> {
    at.map(|at| Timestamp::new(at.seconds, at.nanos).map_err(field(name))).transpose()
}

/// What an account is asked to be, with a token or without.
pub(crate) fn wanted(
    authority: &HostedAuthority,
    request: &wire::CreateAccountRequest,
) -> Result<(Wanted, Option<NewToken>), ApiError> {
    let wanted = Wanted {
        name: request.name.clone(),
        person: some("person", &request.person, str::parse::<Person>)?,
        roles: roles(&request.roles)?,
        offices: offices(authority, &request.offices)?,
        exporter: exporter(authority, &request.exporter_id)?,
        login: some("login", &request.login, str::parse::<Login>)?,
    };
    let token = NewToken {
        name: String::new(),
        scopes: scopes(&request.token_scopes)?,
        until: instant("token_expire_time", request.token_expire_time.as_ref())?,
    };
    Ok((wanted, (!request.without_token).then_some(token)))
}

/// What is to change of an account.
pub(crate) fn change(
    authority: &HostedAuthority,
    request: &wire::UpdateAccountRequest,
) -> Result<impl FnOnce(Wanted) -> Wanted + Send + use<>, ApiError> {
    let person = some("person", &request.person, str::parse::<Person>)?;
    let login = some("login", &request.login, str::parse::<Login>)?;
    let exporter = exporter(authority, &request.exporter_id)?;
    let (roles, offices) = (roles(&request.roles)?, offices(authority, &request.offices)?);
    let (name, clear) = (request.name.clone(), request.clear.clone());
    if let Some(unknown) = clear.iter().find(|one| !["offices", "person", "exporter_id"].contains(&one.as_str())) {
        return Err(ApiError::Field { field: "clear", message: format!("`{unknown}` cannot be empty") });
    }
    Ok(move |mut now: Wanted| {
        let clears = |what: &str| clear.iter().any(|one| one == what);
        if !name.is_empty() {
            now.name = name;
        }
        if !roles.is_empty() {
            now.roles = roles;
        }
        if !offices.is_empty() || clears("offices") {
            now.offices = offices;
        }
        if person.is_some() || clears("person") {
            now.person = person;
        }
        if exporter.is_some() || clears("exporter_id") {
            now.exporter = exporter;
        }
        now.login = login.or(now.login);
        now
    })
}

/// A password as it was sent.
pub(crate) fn password(name: &'static str, text: &str) -> Result<Password, ApiError> {
    Password::new(text).map_err(field(name))
}

/// An absence as it was sent.
pub(crate) fn absence(wire: &wire::Absence) -> Result<Absence, Status> {
    let missing = |name| ApiError::Field { field: name, message: "is missing".to_owned() };
    let from = instant("absence.start_time", wire.start_time.as_ref())?.ok_or_else(|| missing("absence.start_time"))?;
    let until = instant("absence.end_time", wire.end_time.as_ref())?.ok_or_else(|| missing("absence.end_time"))?;
    let deputy = some("absence.deputy_account_id", &wire.deputy_account_id, str::parse::<AccountId>)?;
    Absence::new(from, until, deputy).map_err(|error| refused(&error.into()))
}

fn seconds(at: i64) -> Option<prost_types::Timestamp> {
    (at > 0).then_some(prost_types::Timestamp { seconds: at, nanos: 0 })
}

fn token_to_wire(token: &Token) -> wire::Token {
    wire::Token {
        prefix: token.prefix.as_str().to_owned(),
        name: token.name.clone(),
        scopes: token.scopes.names().into_iter().flatten().cloned().collect(),
        all_scopes: token.scopes.names().is_none(),
        create_time: seconds(token.made),
        expire_time: token.until.and_then(seconds),
    }
}

/// An account as it is shown: nothing of it opens anything.
pub(crate) fn account_to_wire(account: &Account) -> wire::Account {
    let text = |one: Option<String>| one.unwrap_or_default();
    wire::Account {
        account_id: account.id.to_string(),
        name: account.name.clone(),
        roles: account.roles.iter().map(|role| role_to_wire(*role).into()).collect(),
        offices: account.offices.iter().map(ToString::to_string).collect(),
        disabled: account.disabled,
        token_prefix: account.tokens.first().map(|token| token.prefix.to_string()).unwrap_or_default(),
        person: text(account.person.as_ref().map(ToString::to_string)),
        login: text(account.login.as_ref().map(ToString::to_string)),
        has_password: account.password.is_some(),
        exporter_id: text(account.exporter.as_ref().map(ToString::to_string)),
        tokens: account.tokens.iter().map(token_to_wire).collect(),
        absences: account
            .absences
            .iter()
            .map(|absence| wire::Absence {
                start_time: seconds(absence.from),
                end_time: seconds(absence.until),
                deputy_account_id: text(absence.deputy.as_ref().map(ToString::to_string)),
            })
            .collect(),
    }
}

/// A page of accounts.
pub(crate) fn page(
    authority: &HostedAuthority,
    page_size: i32,
    page_token: &str,
) -> Result<wire::ListAccountsResponse, ApiError> {
    let accounts = authority.accounts.list();
    let size = convert::page_size(page_size)?;
    let (page, next_page_token) = convert::page(accounts.iter(), |account| account.id.to_string(), size, page_token);
    let accounts = page.into_iter().map(|account| account_to_wire(account)).collect();
    Ok(wire::ListAccountsResponse { accounts, next_page_token })
}

pub(crate) const fn role_to_wire(role: Role) -> wire::Role {
    match role {
        Role::Exporter => wire::Role::Exporter,
        Role::Agent => wire::Role::Agent,
        Role::Examiner => wire::Role::Examiner,
        Role::Signatory => wire::Role::Signatory,
        Role::CustomsOfficer => wire::Role::CustomsOfficer,
        Role::CustomsSupervisor => wire::Role::CustomsSupervisor,
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
