//! What an office gets through: applications imported, issued by machine, and the queue as an officer sees it.

use super::{
    figure::{Figure, Limit, Name, rate},
    ground::{Access, Bench, EVERY_OFFICE, Ground, Papers, Running, today},
    limits::{self, gathered},
    pace::{Pace, Tally},
    streaming::{ROWS, Said, converse},
};
use crate::{
    api::client::{Date as WireDate, Refusal, wire, within_deadline},
    cli::{
        console::{Console, Exit, Failure},
        remote::{self, date_to_wire},
    },
    time::Date,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::{collections::BTreeSet, sync::Arc, thread, time::Instant};
use uuid::Uuid;

/// Streams at once: a platform, and a large exporter beside it.
const STREAMS: usize = 2;
/// Applications that stand in the queue, and as many as the figure is promised for.
const QUEUED: u64 = 20_000;
const ALL_QUEUED: u64 = 1_000_000;
/// Applications on the page.
const PAGE: i32 = 50;
/// Pages that are asked for.
const PAGES: u32 = 200;
/// Readings of a certificate that a limit is taken over.
const READINGS: u32 = 2_000;

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Failed, error)
}

/// An office with people in it, and an exporter whose cost is verified.
struct Office {
    console: Console,
    ground: Ground,
    running: Running,
    examiner: Access,
    exporter: Access,
}

impl Office {
    async fn open(bench: &Bench) -> Result<Self, Failure> {
        let console = bench.console;
        let ground = Ground::make(bench, [0; 4])?;
        let running = ground.start().await?;
        let (_, examiner) = running.open(&ground, "Examiner", wire::Role::Examiner, "").await?;
        let refused = |status: &tonic::Status| remote::refused(console, "the node", status);
        let mut office = examiner.connect().await?.exporters();
        let exporter = wire::Exporter {
            name: "Chenab Sports (Pvt) Ltd".to_owned(),
            national_id: "0000000-1".to_owned(),
            registration: "SLK-1".to_owned(),
            address: vec!["Daska Road".to_owned(), "Sialkot".to_owned()],
            country: "PK".to_owned(),
            ..Default::default()
        };
        let request =
            wire::RegisterExporterRequest { request_id: Uuid::now_v7().to_string(), exporter: Some(exporter) };
        let answer = office.register_exporter(within_deadline(request)).await.map_err(|status| refused(&status))?;
        let id = answer.into_inner().exporter.unwrap_or_default().exporter_id;
        let day = |date: Date| -> Option<WireDate> { Some(date_to_wire(date)) };
        let evidence = wire::CostEvidence {
            reference: "1".to_owned(),
            hs: "9506".to_owned(),
            paper_sha256: crate::certificate::Sha256(Sha256::digest(b"a cost statement").into()).to_string(),
            from: day(today()?),
            until: day(today()?),
            ..Default::default()
        };
        let request = wire::BringCostEvidenceRequest { exporter_id: id.clone(), evidence: Some(evidence) };
        office.bring_cost_evidence(within_deadline(request)).await.map_err(|status| refused(&status))?;
        let request = wire::VerifyCostEvidenceRequest { exporter_id: id.clone(), reference: "1".to_owned() };
        office.verify_cost_evidence(within_deadline(request)).await.map_err(|status| refused(&status))?;
        let (_, exporter) = running.open(&ground, "Exporter", wire::Role::Exporter, &id).await?;
        Ok(Self { console, ground, running, examiner, exporter })
    }

    fn refused(&self, status: &tonic::Status) -> Failure {
        remote::refused(self.console, "the node", status)
    }

    /// Sets a policy that covers what the figure files, findings included, and has a signatory agree to it.
    async fn set_policy(&self) -> Result<(), Failure> {
        let (_, administrator) =
            self.running.open(&self.ground, "Administrator", wire::Role::Administrator, "").await?;
        let (signatory_id, signatory) = self.running.open(&self.ground, "Signatory", wire::Role::Signatory, "").await?;
        let file = wire::ApplicationFile { certificate_json: Papers::today()?.next(), ..Default::default() };
        let request = wire::CheckApplicationRequest { file: Some(file), ..Default::default() };
        let mut filing = self.exporter.connect().await?.applications();
        let checked =
            filing.check_application(within_deadline(request)).await.map_err(|status| self.refused(&status))?;
        let checked = checked.into_inner();
        let rules = checked.findings.iter().map(|finding| finding.rule.as_str()).collect::<BTreeSet<_>>();
        let terms = json!({
            "from": today()?.to_string(), "until": today()?.to_string(), "agreements": ["CPFTA"],
            "offices": EVERY_OFFICE, "destinations": ["CN"], "most_value": { "value": "1000000", "currency": "USD" },
            "tolerated": rules, "signatories": [signatory_id],
        });
        let request = wire::SetPolicyRequest { terms_json: terms.to_string().into(), withdraw: false };
        let mut policies = administrator.connect().await?.policies();
        let set = policies.set_policy(within_deadline(request)).await.map_err(|status| self.refused(&status))?;
        let policy = set.into_inner().policy.unwrap_or_default();
        let request = wire::AgreeToPolicyRequest { version: policy.version, terms_sha256: policy.terms_sha256 };
        let mut policies = signatory.connect().await?.policies();
        policies.agree_to_policy(within_deadline(request)).await.map_err(|status| self.refused(&status))?;
        Ok(())
    }

    /// Imports applications for as long as the pace says.
    async fn import(&self, pace: Pace, expected: wire::ApplicationStage) -> Result<Tally, Failure> {
        let (console, papers) = (self.console, Papers::today()?);
        let shared = Arc::new(Shared { console, pace, papers, expected });
        let mut streams = Vec::with_capacity(STREAMS);
        for _ in 0..STREAMS {
            let connection = self.exporter.connect().await?;
            let shared = Arc::clone(&shared);
            streams.push(tokio::spawn(async move {
                let open = move |rows| async move { connection.applications().import_applications(rows).await };
                converse(shared.console, &shared.pace, &*shared, open).await
            }));
        }
        gathered(streams).await
    }

    /// Bytes that the disk gets for an application: its file, and its record about as long.
    fn row_bytes() -> Result<u64, Failure> {
        Ok(u64::try_from(Papers::today()?.next().len()).unwrap_or(u64::MAX).saturating_mul(2))
    }
}

struct Shared {
    console: Console,
    pace: Pace,
    papers: Papers,
    /// Where each application has to stand when it is answered.
    expected: wire::ApplicationStage,
}

impl Said for Shared {
    type Message = wire::ImportApplicationsRequest;
    type Answer = wire::ImportApplicationsResponse;

    fn message(&self, rows: u64) -> (String, Self::Message) {
        let row = |_| {
            let certificate_json = self.papers.next_consignment();
            let declaration = wire::ApplicationDeclaration {
                person: "S. Chaudhry".to_owned(),
                means: wire::DeclarationMeans::System.into(),
                shown_sha256: Sha256::digest(&certificate_json).to_vec().into(),
                ..Default::default()
            };
            let file = Some(wire::ApplicationFile { certificate_json, ..Default::default() });
            let (request_id, declaration) = (Uuid::now_v7().to_string(), Some(declaration));
            wire::ImportApplicationRow { request_id, file, declaration, ..Default::default() }
        };
        let rows = (0..rows).map(row).collect::<Vec<_>>();
        let first = rows.first().map(|row| row.request_id.clone()).unwrap_or_default();
        (first, wire::ImportApplicationsRequest { rows })
    }

    fn requests(answer: &Self::Answer) -> impl Iterator<Item = &str> {
        answer.results.iter().map(|result| result.request_id.as_str())
    }

    /// One that stands elsewhere than it should ends the figure too.
    fn take(&self, answer: Self::Answer) -> Result<u64, Failure> {
        use wire::import_application_result::Outcome;
        let mut taken = 0;
        for result in answer.results {
            match result.outcome {
                Some(Outcome::Imported(one)) if one.stage() == self.expected => taken += 1,
                Some(Outcome::Imported(one)) => {
                    let stage = crate::cli::application::stage_word(one.stage());
                    return Err(failed(format!("application {} stands {stage}", one.application_id)));
                }
                Some(Outcome::Error(status)) => {
                    let Refusal { reason, message, .. } = Refusal::from(&status);
                    return Err(failed(message).note(format!("reason {reason}")));
                }
                None => return Err(failed("the node answered a row with nothing")),
            }
        }
        Ok(taken)
    }
}

/// Certificates read as plain JSON on all cores, a second: no check takes less.
fn reading() -> Result<Limit, Failure> {
    let text = Papers::today()?.next();
    let begun = Instant::now();
    let done = thread::scope(|scope| {
        let one = || {
            for _ in 0..READINGS {
                let _: Value = serde_json::from_slice(&text).map_err(failed)?;
            }
            Ok(u64::from(READINGS))
        };
        let threads = (0..limits::cores()).map(|_| scope.spawn(one)).collect::<Vec<_>>();
        threads.into_iter().map(limits::joined).sum::<Result<u64, Failure>>()
    })?;
    Ok(Limit::new(rate(done, begun.elapsed()), "its file read as JSON"))
}

/// `import_applications`.
pub(super) async fn import(bench: &Bench) -> Result<Figure, Failure> {
    let office = Office::open(bench).await?;
    let limit = reading()?.or(limits::disk(office.ground.beside(), ROWS, Office::row_bytes()?)?);
    let tally = office.import(Pace::within(bench.window), wire::ApplicationStage::Submitted).await?;
    office.running.stop().await;
    let rate = tally.rate(bench.window);
    Ok(Figure::new(Name::ImportApplications, rate, "applications/s", limit).with_calls(&tally.calls))
}

/// `auto_issue`.
pub(super) async fn issue(bench: &Bench) -> Result<Figure, Failure> {
    let office = Office::open(bench).await?;
    office.set_policy().await?;
    let on_cores = reading()?.and(limits::signing()?);
    let limit = on_cores.or(limits::disk(office.ground.beside(), ROWS, Office::row_bytes()?)?);
    let tally = office.import(Pace::within(bench.window), wire::ApplicationStage::Issued).await?;
    office.running.stop().await;
    let rate = tally.rate(bench.window);
    Ok(Figure::new(Name::AutoIssue, rate, "certificates/s", limit).with_calls(&tally.calls))
}

/// `queue_first_page`.
pub(super) async fn queue(bench: &Bench) -> Result<Figure, Failure> {
    let office = Office::open(bench).await?;
    let queued = if bench.full { ALL_QUEUED } else { QUEUED };
    office.import(Pace::count(queued), wire::ApplicationStage::Submitted).await?;
    let limit = Limit::new(1_000.0 / reading()?.value * f64::from(PAGE), format!("{PAGE} files read as JSON"));
    let connection = office.examiner.connect().await?;
    let (mut examining, pace, mut tally) = (connection.examinations(), Pace::count(u64::MAX), Tally::new()?);
    for _ in 0..PAGES {
        let request = wire::ListQueueRequest { with_differences: true, page_size: PAGE, ..Default::default() };
        let begun = Instant::now();
        let page = examining.list_queue(within_deadline(request)).await.map_err(|status| office.refused(&status))?;
        let rows = page.into_inner().applications.len();
        if rows != usize::try_from(PAGE).unwrap_or(usize::MAX) {
            return Err(failed(format!("a page of {rows} applications, though {queued} wait")));
        }
        tally.note(&pace, begun, 1);
    }
    office.running.stop().await;
    let unit = if bench.full { "ms of 1,000,000" } else { "ms of 20,000" };
    Ok(Figure::new(Name::QueueFirstPage, tally.calls.median(), unit, limit).with_calls(&tally.calls))
}
