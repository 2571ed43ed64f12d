//! `ExporterService`: exporters and mandates, for the office, for exporters and for their agents.

use super::ApiError;
use super::applications::{needed, text};
use super::call::{blocking, caller, refused};
use super::convert;
use super::hosts::{HostedAuthority, Hosts};
use super::serves::serves;
use super::wire::google::r#type::Date as WireDate;
use super::wire::origin::v1::{self as wire, exporter_service_server::ExporterService};
use crate::office::{
    AccountId, Amount, Caller, CostEvidence, Exporter, Identity, Mandate, MandateId, SavedKind, Scope,
};
use crate::time::Date;
use crate::workflow::{Saved, WorkflowError};
use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status};

/// The handlers.
#[derive(Clone)]
pub(crate) struct ExporterDoor {
    pub(crate) hosts: Hosts,
}

impl ExporterDoor {
    /// Does what a caller asks on a blocking thread.
    async fn work<T: Send + 'static>(
        &self,
        metadata: &MetadataMap,
        work: impl FnOnce(&HostedAuthority, &Caller) -> Result<T, WorkflowError> + Send + 'static,
    ) -> Result<T, Status> {
        let (authority, caller): (Arc<HostedAuthority>, Arc<Caller>) = caller(&self.hosts, metadata)?.account()?;
        blocking(move || work(&authority, &caller)).await?.map_err(|error| refused(&error))
    }
}

fn read<T: FromStr<Err: Display>>(field: &'static str, text: &str) -> Result<T, ApiError> {
    text.parse().map_err(|error: T::Err| ApiError::Field { field, message: error.to_string() })
}

fn read_all<T: FromStr<Err: Display>>(field: &'static str, texts: &[String]) -> Result<Vec<T>, ApiError> {
    texts.iter().map(|text| read(field, text)).collect()
}

fn missing(field: &'static str) -> ApiError {
    ApiError::Field { field, message: "is missing".to_owned() }
}

fn date(field: &'static str, date: Option<&WireDate>) -> Result<Date, ApiError> {
    convert::date(field, date.ok_or_else(|| missing(field))?)
}

/// Most lines of an address.
const ADDRESS_LINES: usize = 16;

fn identity(exporter: &wire::Exporter) -> Result<Identity, ApiError> {
    if exporter.address.len() > ADDRESS_LINES {
        let message = format!("an address has at most {ADDRESS_LINES} lines");
        return Err(ApiError::Field { field: "exporter.address", message });
    }
    Ok(Identity {
        name: read("exporter.name", &exporter.name)?,
        national_id: read("exporter.national_id", &exporter.national_id)?,
        scheme: text("exporter.national_id_scheme", &exporter.national_id_scheme)?,
        registration: read("exporter.registration", &exporter.registration)?,
        address: read_all("exporter.address", &exporter.address)?,
        country: read("exporter.country", &exporter.country)?,
    })
}

fn evidence(evidence: &wire::CostEvidence) -> Result<CostEvidence, ApiError> {
    Ok(CostEvidence {
        reference: read("evidence.reference", &evidence.reference)?,
        hs: read("evidence.hs", &evidence.hs)?,
        paper: read("evidence.paper_sha256", &evidence.paper_sha256)?,
        from: date("evidence.from", evidence.from.as_ref())?,
        until: date("evidence.until", evidence.until.as_ref())?,
        verified_by: None,
    })
}

fn scope(mandate: &wire::Mandate) -> Result<Scope, ApiError> {
    let most_value = if mandate.most_value.is_empty() {
        None
    } else {
        let value = read("mandate.most_value", &mandate.most_value)?;
        Some(Amount { value, currency: mandate.currency.clone() })
    };
    Ok(Scope {
        agreements: read_all("mandate.agreements", &mandate.agreements)?,
        offices: read_all("mandate.offices", &mandate.offices)?,
        from: date("mandate.from", mandate.from.as_ref())?,
        until: date("mandate.until", mandate.until.as_ref())?,
        most_applications: (mandate.most_applications > 0).then_some(mandate.most_applications),
        most_value,
        hold: mandate.hold,
    })
}

fn exporter_to_wire(exporter: &Exporter) -> wire::Exporter {
    let Identity { name, national_id, scheme, registration, address, country } = &exporter.identity;
    let evidence = exporter.evidence.iter().map(|one| wire::CostEvidence {
        reference: one.reference.to_string(),
        hs: one.hs.to_string(),
        paper_sha256: one.paper.to_string(),
        from: Some(convert::date_to_wire(one.from)),
        until: Some(convert::date_to_wire(one.until)),
        verified_by: one.verified_by.as_ref().map(ToString::to_string).unwrap_or_default(),
    });
    wire::Exporter {
        exporter_id: exporter.id.to_string(),
        name: name.to_string(),
        national_id: national_id.to_string(),
        national_id_scheme: scheme.as_ref().map(ToString::to_string).unwrap_or_default(),
        registration: registration.to_string(),
        address: address.iter().map(ToString::to_string).collect(),
        country: country.to_string(),
        evidence: evidence.collect(),
        struck_off: exporter.struck_off,
    }
}

/// A mandate with the names of who gave it and who has it.
fn named_mandate(authority: &HostedAuthority, mandate: &Mandate) -> wire::Mandate {
    wire::Mandate {
        exporter_name: authority.exporters.name(&mandate.exporter).unwrap_or_default(),
        agent_name: authority.accounts.get(&mandate.agent).map(|one| one.name.clone()).unwrap_or_default(),
        ..mandate_to_wire(mandate)
    }
}

fn mandate_to_wire(mandate: &Mandate) -> wire::Mandate {
    let scope = &mandate.scope;
    let most = scope.most_value.as_ref();
    wire::Mandate {
        mandate_id: mandate.id.to_string(),
        exporter_id: mandate.exporter.to_string(),
        agent_account_id: mandate.agent.to_string(),
        agreements: scope.agreements.iter().map(ToString::to_string).collect(),
        offices: scope.offices.iter().map(ToString::to_string).collect(),
        from: Some(convert::date_to_wire(scope.from)),
        until: Some(convert::date_to_wire(scope.until)),
        most_applications: scope.most_applications.unwrap_or_default(),
        most_value: most.map(|most| most.value.to_string()).unwrap_or_default(),
        currency: most.map(|most| most.currency.clone()).unwrap_or_default(),
        used_applications: mandate.used_applications,
        used_value: mandate.used_value.map(|value| value.to_string()).unwrap_or_default(),
        revoked: mandate.revoked.is_some(),
        hold: scope.hold,
        ..Default::default()
    }
}

fn kind(kind: i32) -> Result<SavedKind, ApiError> {
    match wire::SavedKind::try_from(kind) {
        Ok(wire::SavedKind::Party) => Ok(SavedKind::Party),
        Ok(wire::SavedKind::Product) => Ok(SavedKind::Product),
        _ => Err(ApiError::Field { field: "kind", message: "is a party or a product".to_owned() }),
    }
}

const fn kind_to_wire(kind: SavedKind) -> wire::SavedKind {
    match kind {
        SavedKind::Party => wire::SavedKind::Party,
        SavedKind::Product => wire::SavedKind::Product,
    }
}

serves! {
    ExporterService for ExporterDoor {
        register_exporter(wire::RegisterExporterRequest) -> wire::RegisterExporterResponse;
        get_exporter(wire::GetExporterRequest) -> wire::GetExporterResponse;
        list_exporters(wire::ListExportersRequest) -> wire::ListExportersResponse;
        strike_off_exporter(wire::StrikeOffExporterRequest) -> wire::StrikeOffExporterResponse;
        readmit_exporter(wire::ReadmitExporterRequest) -> wire::ReadmitExporterResponse;
        bring_cost_evidence(wire::BringCostEvidenceRequest) -> wire::BringCostEvidenceResponse;
        verify_cost_evidence(wire::VerifyCostEvidenceRequest) -> wire::VerifyCostEvidenceResponse;
        give_mandate(wire::GiveMandateRequest) -> wire::GiveMandateResponse;
        revoke_mandate(wire::RevokeMandateRequest) -> wire::RevokeMandateResponse;
        list_mandates(wire::ListMandatesRequest) -> wire::ListMandatesResponse;
        save_party(wire::SavePartyRequest) -> wire::SavePartyResponse;
        save_product(wire::SaveProductRequest) -> wire::SaveProductResponse;
        list_saved(wire::ListSavedRequest) -> wire::ListSavedResponse;
        get_saved(wire::GetSavedRequest) -> wire::GetSavedResponse;
        remove_saved(wire::RemoveSavedRequest) -> wire::RemoveSavedResponse;
    }
}

impl ExporterDoor {
    async fn register_exporter(
        &self,
        request: Request<wire::RegisterExporterRequest>,
    ) -> Result<Response<wire::RegisterExporterResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        let identity = identity(&request.exporter.ok_or_else(|| missing("exporter"))?)?;
        let id = request.request_id;
        let work =
            move |authority: &HostedAuthority, caller: &Caller| authority.exporters.register(caller, &id, identity);
        let exporter = self.work(&metadata, work).await?;
        Ok(Response::new(wire::RegisterExporterResponse { exporter: Some(exporter_to_wire(&exporter)) }))
    }

    async fn get_exporter(
        &self,
        request: Request<wire::GetExporterRequest>,
    ) -> Result<Response<wire::GetExporterResponse>, Status> {
        let name = request.get_ref().exporter_id.clone();
        let work = move |authority: &HostedAuthority, caller: &Caller| {
            authority.exporters.get(caller, &authority.exporters.named(caller, &name)?)
        };
        let exporter = self.work(request.metadata(), work).await?;
        Ok(Response::new(wire::GetExporterResponse { exporter: Some(exporter_to_wire(&exporter)) }))
    }

    async fn list_exporters(
        &self,
        request: Request<wire::ListExportersRequest>,
    ) -> Result<Response<wire::ListExportersResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        let (size, after) = (convert::page_size(request.page_size)?, request.page_token);
        // One more than is wanted says whether there is more.
        let work =
            move |authority: &HostedAuthority, caller: &Caller| authority.exporters.list(caller, &after, size + 1);
        let exporters = self.work(&metadata, work).await?;
        let more = exporters.len() > size;
        let page = exporters.iter().take(size).map(exporter_to_wire).collect::<Vec<_>>();
        let next_page_token = page.last().filter(|_| more).map(|last| last.exporter_id.clone()).unwrap_or_default();
        Ok(Response::new(wire::ListExportersResponse { exporters: page, next_page_token }))
    }

    async fn strike_off_exporter(
        &self,
        request: Request<wire::StrikeOffExporterRequest>,
    ) -> Result<Response<wire::StrikeOffExporterResponse>, Status> {
        let name = request.get_ref().exporter_id.clone();
        let work = move |authority: &HostedAuthority, caller: &Caller| {
            authority.exporters.strike_off(caller, &authority.exporters.named(caller, &name)?)
        };
        let exporter = self.work(request.metadata(), work).await?;
        Ok(Response::new(wire::StrikeOffExporterResponse { exporter: Some(exporter_to_wire(&exporter)) }))
    }

    async fn readmit_exporter(
        &self,
        request: Request<wire::ReadmitExporterRequest>,
    ) -> Result<Response<wire::ReadmitExporterResponse>, Status> {
        let name = request.get_ref().exporter_id.clone();
        let work = move |authority: &HostedAuthority, caller: &Caller| {
            authority.exporters.readmit(caller, &authority.exporters.named(caller, &name)?)
        };
        let exporter = self.work(request.metadata(), work).await?;
        Ok(Response::new(wire::ReadmitExporterResponse { exporter: Some(exporter_to_wire(&exporter)) }))
    }

    async fn bring_cost_evidence(
        &self,
        request: Request<wire::BringCostEvidenceRequest>,
    ) -> Result<Response<wire::BringCostEvidenceResponse>, Status> {
        let name = request.get_ref().exporter_id.clone();
        let evidence = evidence(request.get_ref().evidence.as_ref().ok_or_else(|| missing("evidence"))?)?;
        let work = move |authority: &HostedAuthority, caller: &Caller| {
            authority.exporters.bring(caller, &authority.exporters.named(caller, &name)?, evidence)
        };
        let exporter = self.work(request.metadata(), work).await?;
        Ok(Response::new(wire::BringCostEvidenceResponse { exporter: Some(exporter_to_wire(&exporter)) }))
    }

    async fn verify_cost_evidence(
        &self,
        request: Request<wire::VerifyCostEvidenceRequest>,
    ) -> Result<Response<wire::VerifyCostEvidenceResponse>, Status> {
        let wire::VerifyCostEvidenceRequest { exporter_id: name, reference } = request.get_ref().clone();
        let work = move |authority: &HostedAuthority, caller: &Caller| {
            authority.exporters.verify(caller, &authority.exporters.named(caller, &name)?, &reference)
        };
        let exporter = self.work(request.metadata(), work).await?;
        Ok(Response::new(wire::VerifyCostEvidenceResponse { exporter: Some(exporter_to_wire(&exporter)) }))
    }

    async fn give_mandate(
        &self,
        request: Request<wire::GiveMandateRequest>,
    ) -> Result<Response<wire::GiveMandateResponse>, Status> {
        let (metadata, _, wire::GiveMandateRequest { request_id, mandate }) = request.into_parts();
        let mandate = mandate.ok_or_else(|| missing("mandate"))?;
        let name = mandate.exporter_id.clone();
        let agent = read::<AccountId>("mandate.agent_account_id", &mandate.agent_account_id)?;
        let scope = scope(&mandate)?;
        let work = move |authority: &HostedAuthority, caller: &Caller| {
            authority.desk.within_reach(&scope)?;
            let id = authority.exporters.named(caller, &name)?;
            let mandate = authority.exporters.give(caller, &request_id, &id, &agent, scope)?;
            Ok(named_mandate(authority, &mandate))
        };
        Ok(Response::new(wire::GiveMandateResponse { mandate: Some(self.work(&metadata, work).await?) }))
    }

    async fn revoke_mandate(
        &self,
        request: Request<wire::RevokeMandateRequest>,
    ) -> Result<Response<wire::RevokeMandateResponse>, Status> {
        let name = request.get_ref().exporter_id.clone();
        let mandate = read::<MandateId>("mandate_id", &request.get_ref().mandate_id)?;
        let work = move |authority: &HostedAuthority, caller: &Caller| {
            let id = authority.exporters.named(caller, &name)?;
            Ok(named_mandate(authority, &authority.exporters.revoke(caller, &id, &mandate)?))
        };
        Ok(Response::new(wire::RevokeMandateResponse { mandate: Some(self.work(request.metadata(), work).await?) }))
    }

    async fn list_mandates(
        &self,
        request: Request<wire::ListMandatesRequest>,
    ) -> Result<Response<wire::ListMandatesResponse>, Status> {
        let name = request.get_ref().exporter_id.clone();
        let work = move |authority: &HostedAuthority, caller: &Caller| {
            let mandates = if name.is_empty() && caller.account().exporter.is_none() && caller.is_agent() {
                authority.exporters.mandates_given_to(caller)?
            } else {
                authority.exporters.mandates(caller, &authority.exporters.named(caller, &name)?)?
            };
            Ok(mandates.iter().map(|one| named_mandate(authority, one)).collect())
        };
        Ok(Response::new(wire::ListMandatesResponse { mandates: self.work(request.metadata(), work).await? }))
    }

    async fn save_party(
        &self,
        request: Request<wire::SavePartyRequest>,
    ) -> Result<Response<wire::SavePartyResponse>, Status> {
        let (metadata, _, wire::SavePartyRequest { exporter_id, name, party_json }) = request.into_parts();
        let name = needed("name", &name)?;
        let work = move |authority: &HostedAuthority, caller: &Caller| {
            let id = authority.exporters.named(caller, &exporter_id)?;
            authority.exporters.save_party(caller, &id, name, &party_json)
        };
        self.work(&metadata, work).await?;
        Ok(Response::new(wire::SavePartyResponse {}))
    }

    async fn save_product(
        &self,
        request: Request<wire::SaveProductRequest>,
    ) -> Result<Response<wire::SaveProductResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        let wire::SaveProductRequest { exporter_id, name, item_json, production_json } = request;
        let name = needed("name", &name)?;
        let work = move |authority: &HostedAuthority, caller: &Caller| {
            let id = authority.exporters.named(caller, &exporter_id)?;
            authority.exporters.save_product(caller, &id, name, (&item_json, &production_json))
        };
        self.work(&metadata, work).await?;
        Ok(Response::new(wire::SaveProductResponse {}))
    }

    async fn list_saved(
        &self,
        request: Request<wire::ListSavedRequest>,
    ) -> Result<Response<wire::ListSavedResponse>, Status> {
        let name = request.get_ref().exporter_id.clone();
        let work = move |authority: &HostedAuthority, caller: &Caller| {
            authority.exporters.list_saved(caller, &authority.exporters.named(caller, &name)?)
        };
        let rows = self.work(request.metadata(), work).await?.into_iter().map(|row| wire::SavedRow {
            kind: kind_to_wire(row.kind).into(),
            name: row.name.to_string(),
            says: row.says,
        });
        Ok(Response::new(wire::ListSavedResponse { rows: rows.collect() }))
    }

    async fn get_saved(
        &self,
        request: Request<wire::GetSavedRequest>,
    ) -> Result<Response<wire::GetSavedResponse>, Status> {
        let (metadata, _, wire::GetSavedRequest { exporter_id, kind, name }) = request.into_parts();
        let (kind, name) = (self::kind(kind)?, needed("name", &name)?);
        let work = move |authority: &HostedAuthority, caller: &Caller| {
            let id = authority.exporters.named(caller, &exporter_id)?;
            authority.exporters.get_saved(caller, &id, kind, &name)
        };
        let (json, production_json) = match self.work(&metadata, work).await? {
            Saved::Party(party) => (party.party_json(), String::new()),
            Saved::Product(product) => (product.item_json(), product.production_json()),
        };
        Ok(Response::new(wire::GetSavedResponse { json: json.into(), production_json: production_json.into() }))
    }

    async fn remove_saved(
        &self,
        request: Request<wire::RemoveSavedRequest>,
    ) -> Result<Response<wire::RemoveSavedResponse>, Status> {
        let (metadata, _, wire::RemoveSavedRequest { exporter_id, kind, name }) = request.into_parts();
        let (kind, name) = (self::kind(kind)?, needed("name", &name)?);
        let work = move |authority: &HostedAuthority, caller: &Caller| {
            let id = authority.exporters.named(caller, &exporter_id)?;
            authority.exporters.remove_saved(caller, &id, kind, &name)
        };
        self.work(&metadata, work).await?;
        Ok(Response::new(wire::RemoveSavedResponse {}))
    }
}
