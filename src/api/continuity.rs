//! `ContinuityService`: papers that are registered, blocks of numbers for an outage, corridors.

use super::ApiError;
use super::applications::{done, missing, text};
use super::call::{caller, refused, refused_row};
use super::convert;
use super::customs::{optional, parsed};
use super::failure;
use super::hosts::Hosts;
use super::issued::issued_to_wire;
use super::serves::serves;
use super::stream::count_rows;
use super::wire::origin::v1::{self as wire, continuity_service_server::ContinuityService};
use crate::certificate::{CertificateNumber, Findings, Instant, Sha256};
use crate::office::{Corridor, Medium, NumberBlock};
use crate::reason::Reasoned as _;
use crate::statement::{Issuer, PaperWords};
use crate::time::{Date, Timestamp};
use crate::workflow::{
    BlockAgain, BlockWish, CertificateBack, Desk, Issued, OutageRow, PaperRecord, PaperRow, PapersAsked, Registered,
    WorkflowError,
};
use tonic::{Request, Response, Status};

/// The handlers.
#[derive(Clone)]
pub(crate) struct ContinuityDoor {
    pub(crate) hosts: Hosts,
}

serves! {
    ContinuityService for ContinuityDoor {
        register_paper_certificates(wire::RegisterPaperCertificatesRequest) -> wire::RegisterPaperCertificatesResponse;
        list_paper_certificates(wire::ListPaperCertificatesRequest) -> wire::ListPaperCertificatesResponse;
        reserve_number_block(wire::ReserveNumberBlockRequest) -> wire::ReserveNumberBlockResponse;
        put_back_number_block(wire::PutBackNumberBlockRequest) -> wire::PutBackNumberBlockResponse;
        register_outage_certificates(wire::RegisterOutageCertificatesRequest) -> wire::RegisterOutageCertificatesResponse;
        give_back_certificate(wire::GiveBackCertificateRequest) -> wire::GiveBackCertificateResponse;
        list_corridors(wire::ListCorridorsRequest) -> wire::ListCorridorsResponse;
    }
}

impl ContinuityDoor {
    async fn register_paper_certificates(
        &self,
        request: Request<wire::RegisterPaperCertificatesRequest>,
    ) -> Result<Response<wire::RegisterPaperCertificatesResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let rows = request.into_inner().rows;
        count_rows(rows.len())?;
        let ids = rows.iter().map(|row| row.request_id.clone()).collect::<Vec<_>>();
        // What cannot be read fails its row alone.
        let rows = rows.into_iter().map(paper_row).collect::<Vec<_>>();
        let good = rows.iter().filter_map(|row| row.as_ref().ok().cloned()).collect();
        let answers = authority.desk.register_papers(&caller, good).await.map_err(|error| refused(&error))?;
        let mut answers = answers.into_iter();
        let mut results = Vec::with_capacity(ids.len());
        for (row, request_id) in rows.into_iter().zip(ids) {
            let outcome = match row {
                Err(error) => row_refused(error.reason(), error.to_string(), &Findings::default()),
                Ok(_) => match answers.next() {
                    Some(answer) => outcome(answer),
                    None => return Err(ApiError::Task("an answer is missing".to_owned()).into()),
                },
            };
            results.push(wire::RegisterResult { request_id, outcome: Some(outcome) });
        }
        Ok(Response::new(wire::RegisterPaperCertificatesResponse { results }))
    }

    async fn list_paper_certificates(
        &self,
        request: Request<wire::ListPaperCertificatesRequest>,
    ) -> Result<Response<wire::ListPaperCertificatesResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::ListPaperCertificatesRequest { number, issuer, page_size, page_token } = request.into_inner();
        let issuer = optional("issuer", &issuer)?;
        let asked = PapersAsked { number, issuer, size: convert::page_size(page_size)?, token: page_token };
        let page = done(authority, move |at| at.desk.papers(&caller, &asked)).await?;
        Ok(Response::new(wire::ListPaperCertificatesResponse {
            papers: page.papers.iter().map(paper).collect(),
            next_page_token: page.next.unwrap_or_default(),
        }))
    }

    async fn reserve_number_block(
        &self,
        request: Request<wire::ReserveNumberBlockRequest>,
    ) -> Result<Response<wire::ReserveNumberBlockResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::ReserveNumberBlockRequest { request_id, office, agreement, to, count } = request.into_inner();
        let wish = BlockWish {
            office: parsed("office", &office)?,
            agreement: parsed("agreement", &agreement)?,
            to: parsed("to", &to)?,
            count,
        };
        let block = authority.desk.reserve_block(&caller, &request_id, wish).await.map_err(|error| refused(&error))?;
        Ok(Response::new(wire::ReserveNumberBlockResponse {
            block: Some(block_to_wire(&authority.desk, &authority.issuer, block)),
        }))
    }

    async fn put_back_number_block(
        &self,
        request: Request<wire::PutBackNumberBlockRequest>,
    ) -> Result<Response<wire::PutBackNumberBlockResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let wire::PutBackNumberBlockRequest { request_id, block, far } = request.into_inner();
        let block = block.ok_or_else(|| missing("block", "what is put back is needed"))?;
        let day = block.reserved_on.ok_or_else(|| missing("block.reserved_on", "the day it was given is needed"))?;
        let numbers = block.numbers.iter().map(|number| parsed::<CertificateNumber>("block.numbers", number));
        let again = BlockAgain {
            issuer: block.issuer,
            id: block.block_id,
            office: parsed("block.office", &block.office)?,
            agreement: parsed("block.agreement", &block.agreement)?,
            to: parsed("block.to", &block.to)?,
            reserved_on: convert::date("block.reserved_on", &day)?,
            numbers: numbers.collect::<Result<_, _>>()?,
            far,
        };
        let back = authority.desk.put_back_block(&caller, &request_id, again).await.map_err(|error| refused(&error))?;
        Ok(Response::new(wire::PutBackNumberBlockResponse {
            block: Some(block_to_wire(&authority.desk, &authority.issuer, back.block)),
            before: back.before,
            passed_over: back.passed_over,
        }))
    }

    async fn register_outage_certificates(
        &self,
        request: Request<wire::RegisterOutageCertificatesRequest>,
    ) -> Result<Response<wire::RegisterOutageCertificatesResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let rows = request.into_inner().rows;
        count_rows(rows.len())?;
        let mut results = Vec::with_capacity(rows.len());
        for row in rows {
            let request_id = row.request_id.clone();
            let outcome = match outage_row(row) {
                Err(error) => row_refused(error.reason(), error.to_string(), &Findings::default()),
                Ok(row) => outcome(authority.desk.register_outage(&caller, row).await),
            };
            results.push(wire::RegisterResult { request_id, outcome: Some(outcome) });
        }
        Ok(Response::new(wire::RegisterOutageCertificatesResponse { results }))
    }

    async fn give_back_certificate(
        &self,
        request: Request<wire::GiveBackCertificateRequest>,
    ) -> Result<Response<wire::GiveBackCertificateResponse>, Status> {
        let (authority, caller) = caller(&self.hosts, request.metadata())?.account()?;
        let bundle = request.into_inner().bundle;
        let back = done(authority, move |at| at.desk.bring_back(&caller, &bundle)).await?;
        let CertificateBack { entry, jti, number, before, held, number_taken } = back;
        Ok(Response::new(wire::GiveBackCertificateResponse {
            number: number.to_string(),
            jti: jti.to_string(),
            log: entry.origin.to_string(),
            index: entry.index,
            before,
            held,
            number_taken,
        }))
    }

    async fn list_corridors(
        &self,
        request: Request<wire::ListCorridorsRequest>,
    ) -> Result<Response<wire::ListCorridorsResponse>, Status> {
        let (authority, _) = caller(&self.hosts, request.metadata())?.account()?;
        let (desk, today) = (&authority.desk, authority.desk.today());
        Ok(Response::new(wire::ListCorridorsResponse {
            corridors: desk.continuity().corridors.iter().map(|one| corridor(one, today)).collect(),
            register_within_days: desk.continuity().register_within_days.into(),
        }))
    }
}

fn block_to_wire(desk: &Desk, issuer: &Issuer, block: NumberBlock) -> wire::NumberBlock {
    let NumberBlock { id, office, agreement, to, reserved_on, numbers, .. } = block;
    let record = desk.offices().find(&office);
    wire::NumberBlock {
        block_id: id,
        time_zone: record.map(|one| one.office.time_zone.as_str().to_owned()).unwrap_or_default(),
        office: office.to_string(),
        agreement: agreement.to_string(),
        to: to.to_string(),
        reserved_on: Some(convert::date_to_wire(reserved_on)),
        numbers: numbers.iter().map(ToString::to_string).collect(),
        issuer: issuer.to_string(),
        register_within_days: desk.continuity().register_within_days.into(),
    }
}

fn corridor(one: &Corridor, today: Date) -> wire::Corridor {
    let medium = match one.medium {
        Medium::Paper => wire::Medium::Paper,
        Medium::Both => wire::Medium::Both,
        Medium::Electronic => wire::Medium::Electronic,
    };
    wire::Corridor {
        agreement: one.agreement.to_string(),
        to: one.to.to_string(),
        medium: medium.into(),
        from: one.from.map(convert::date_to_wire),
        until: one.until.map(convert::date_to_wire),
        in_force: one.covers(today),
    }
}

fn outcome(answer: Result<Registered, WorkflowError>) -> wire::register_result::Outcome {
    use wire::register_result::Outcome;
    let shown = answer.and_then(|Registered { outcome, warnings, before }| {
        let certificate = issued_to_wire(&Issued { outcome, warnings }, None)?;
        Ok(wire::Registered { certificate: Some(certificate), before })
    });
    match shown {
        Ok(registered) => Outcome::Registered(registered),
        Err(error) => {
            let none = Findings::default();
            let findings = if let WorkflowError::RulesRefuse(findings) = &error { findings } else { &none };
            // What is the node's own fault is said to its operator, and not here.
            row_refused(error.reason(), refused_row(&error).message, findings)
        }
    }
}

fn row_refused(reason: &str, message: String, findings: &Findings) -> wire::register_result::Outcome {
    let findings = failure::wire_findings(findings, usize::MAX).findings;
    wire::register_result::Outcome::Refused(wire::RowRefused { reason: reason.to_owned(), message, findings })
}

fn paper_row(row: wire::PaperRow) -> Result<PaperRow, ApiError> {
    let paper = row.paper.ok_or_else(|| missing("paper", "what is registered is needed"))?;
    let issued_on = paper.issued_on.ok_or_else(|| missing("paper.issued_on", "the date of issue is needed"))?;
    Ok(PaperRow {
        request_id: row.request_id,
        number: parsed("paper.number", &paper.number)?,
        issued_on: convert::date("paper.issued_on", &issued_on)?,
        valid_until: paper.valid_until.map(|day| convert::date("paper.valid_until", &day)).transpose()?,
        agreement: parsed("paper.agreement", &paper.agreement)?,
        to: parsed("paper.to", &paper.to)?,
        office: parsed("paper.office", &paper.office)?,
        scan_sha256: sha256("paper.scan_sha256", &paper.scan_sha256)?,
        remarks: text("paper.remarks", &paper.remarks)?,
    })
}

fn outage_row(row: wire::OutageRow) -> Result<OutageRow, ApiError> {
    let at = row.issued_at.ok_or_else(|| missing("issued_at", "when it was issued is needed"))?;
    let wrong = |_| ApiError::Field { field: "issued_at", message: "is no instant".to_owned() };
    let at = Timestamp::new(at.seconds, at.nanos).map_err(wrong)?;
    Ok(OutageRow {
        request_id: row.request_id,
        certificate_json: row.certificate_json,
        block: row.block_id,
        issued_at: Instant::of(at),
        paper_sha256: sha256("paper_sha256", &row.paper_sha256)?,
    })
}

fn sha256(field: &'static str, bytes: &[u8]) -> Result<Sha256, ApiError> {
    let bytes = <[u8; 32]>::try_from(bytes);
    bytes.map(Sha256).map_err(|_| ApiError::Field { field, message: "a SHA-256 has 32 bytes".to_owned() })
}

/// A paper that is registered.
pub(super) fn paper(record: &PaperRecord) -> wire::PaperCertificate {
    let PaperWords {
        number,
        issued_on,
        valid_until,
        agreement,
        edition,
        from,
        to,
        office,
        scan_sha256,
        ground,
        remarks,
    } = &record.paper;
    wire::PaperCertificate {
        paper: Some(wire::PaperWords {
            number: number.to_string(),
            issued_on: Some(convert::date_to_wire(*issued_on)),
            valid_until: valid_until.map(convert::date_to_wire),
            agreement: agreement.to_string(),
            to: to.to_string(),
            office: office.to_string(),
            scan_sha256: scan_sha256.0.to_vec().into(),
            remarks: remarks.as_ref().map(ToString::to_string).unwrap_or_default(),
        }),
        issuer: record.issuer.to_string(),
        jti: record.jti.to_string(),
        log: record.entry.origin.to_string(),
        index: record.entry.index,
        edition: edition.to_string(),
        from: from.to_string(),
        ground: ground.to_string(),
        registered_at: record.at.map(convert::instant),
        key_closed: record.key_closed.clone().unwrap_or_default(),
    }
}
