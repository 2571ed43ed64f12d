//! What customs of the importing country ask of a node that has much: what is left of a certificate, and how a
//! declaration fits it.
//!
//! Certificates come to it from their issuer, and are written off at it, as in use; the issuer has gone when it is asked,
//! so that the figure is of one node.

use super::{
    federation::{Disk, Federation, refused},
    figure::{Figure, Limit, Name},
    ground::{Access, Bench, CALLERS, CONNECTIONS, Papers, Running, today},
    issuing::{Contents, by_stream},
    limits::{self, gathered},
    pace::{Pace, Tally},
};
use crate::{
    api::client::{wire, within_deadline},
    cli::{
        console::{Exit, Failure},
        remote::date_to_wire,
    },
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};
use uuid::Uuid;

/// Write-offs, and as many as the figure is promised for.
const WRITTEN_OFF: u64 = 20_000;
const ALL_WRITTEN_OFF: u64 = 1_000_000;
/// Write-offs of each certificate.
const OF_EACH: u64 = 20;
/// Certificates that came, and as many as the figure is promised for.
const CAME: u64 = 30_000;
const ALL_CAME: u64 = 1_000_000;
/// Among them those with so many items that declarations are held against. They came first: all others lie on top.
const PRESENTED: u64 = 256;
/// Lines of a declaration, and items of the certificate it is held against: the most that is asked in one go.
const LINES: u32 = 50;
/// Questions that are asked.
const QUESTIONS: usize = 2_000;
/// From one certificate asked about to the next: a prime, so that neighbours in time are no neighbours on the disk.
const STRIDE: usize = 7_919;

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Failed, error)
}

/// `balance`.
pub(super) async fn balance(bench: &Bench) -> Result<Figure, Failure> {
    let written_off = if bench.full { ALL_WRITTEN_OFF } else { WRITTEN_OFF };
    let mut federation = Federation::make(bench, 1, Disk::Shared)?;
    let running = federation.start().await?;
    let certificates = written_off / OF_EACH;
    let pace = Pace::count(certificates);
    let (_, issued) = by_stream(bench.console, &running.access, pace, Contents::Token).await?;
    let officer = here(bench, &mut federation, &running, certificates).await?;
    let uses = Arc::new(Uses { numbers: issued.numbers, next: AtomicUsize::new(0), declaration: declaration()? });
    // The first opens the log to the issuer, who is asked about it.
    uses.write_off(bench, &officer, 1).await?;
    running.stop().await;
    uses.write_off(bench, &officer, written_off - 1).await?;

    let connection = officer.connect().await?;
    let limit = limits::one_call(bench.console, &connection).await?;
    let (mut customs, pace, mut tally) = (connection.customs(), Pace::count(u64::MAX), Tally::new()?);
    for nth in 0..QUESTIONS {
        let request = wire::GetBalanceRequest { certificate: named(&uses.numbers, nth * STRIDE) };
        let begun = Instant::now();
        let answer = customs.get_balance(within_deadline(request)).await.map_err(|status| refused(bench, &status))?;
        let left = answer.into_inner().items;
        tally.note(&pace, begun, 1);
        if left.is_empty() || left.iter().any(|item| item.used != OF_EACH.to_string()) {
            return Err(failed("a balance is not what was written off"));
        }
    }
    let unit = if bench.full { "ms of 1,000,000" } else { "ms of 20,000" };
    let limit = Limit::new(limit.median(), "one empty call, the median too");
    Ok(Figure::new(Name::Balance, tally.calls.median(), unit, limit).with_calls(&tally.calls))
}

/// `match_declaration`.
pub(super) async fn matching(bench: &Bench) -> Result<Figure, Failure> {
    let came = if bench.full { ALL_CAME } else { CAME };
    let mut federation = Federation::make(bench, 1, Disk::Shared)?;
    for partner in &federation.partners {
        // What is made in minutes here comes in a year elsewhere.
        partner.allow(2 * ALL_CAME)?;
    }
    let running = federation.start().await?;
    let presented = presented(bench, &running).await?;
    let rest = Pace::count(came - PRESENTED);
    by_stream(bench.console, &running.access, rest, Contents::Receipt).await?;
    let officer = here(bench, &mut federation, &running, came).await?;
    running.stop().await;

    let connection = officer.connect().await?;
    let limit = limits::one_call(bench.console, &connection).await?;
    let (mut customs, pace, mut tally) = (connection.customs(), Pace::count(u64::MAX), Tally::new()?);
    let asked = wire::MatchDeclarationRequest {
        declaration: Some(declaration()?),
        issued_on: Some(date_to_wire(today()?)),
        lines: (1..=LINES).map(line).collect(),
        country_of_export: "PK".to_owned(),
        importer: "Shanghai Yuhe Sporting Goods Co Ltd".to_owned(),
        ..Default::default()
    };
    for nth in 0..QUESTIONS {
        let request = wire::MatchDeclarationRequest { certificate: named(&presented, nth * STRIDE), ..asked.clone() };
        let begun = Instant::now();
        let answer = customs.match_declaration(within_deadline(request)).await;
        let matched = answer.map_err(|status| refused(bench, &status))?.into_inner();
        tally.note(&pace, begun, 1);
        let fits = matched.items.iter().filter(|item| **item > 0).count();
        if fits != asked.lines.len() || matched.balance.len() != fits {
            return Err(failed(format!("{fits} of {LINES} lines find their item")));
        }
    }
    let unit = if bench.full { "ms of 1,000,000" } else { "ms of 30,000" };
    let limit = Limit::new(limit.slow(), "one empty call, of 99 in 100 too");
    Ok(Figure::new(Name::MatchDeclaration, tally.calls.slow(), unit, limit).with_calls(&tally.calls))
}

/// Waits until so many certificates are with customs, with all they say; gives an officer of theirs.
async fn here(
    bench: &Bench,
    federation: &mut Federation,
    running: &Running,
    certificates: u64,
) -> Result<Access, Failure> {
    federation.caught_up(&running.operator).await?;
    let partner = federation.partners.first_mut().ok_or_else(|| failed("no partner"))?;
    let operator = partner.operator().await?;
    partner.has_contents(&operator, certificates).await?;
    partner.officer(bench.console, &operator).await
}

/// Issues those that declarations are held against, and gives their numbers. One a call: sixty-four of them are more than
/// a message takes.
async fn presented(bench: &Bench, running: &Running) -> Result<Vec<String>, Failure> {
    let (papers, mut certificates) = (Papers::of_items(LINES)?, running.connect().await?.certificates());
    let mut numbers = Vec::new();
    for _ in 0..PRESENTED {
        let request = wire::IssueCertificateRequest {
            request_id: Uuid::now_v7().to_string(),
            certificate_json: papers.next(),
            contents: wire::IssueContents::Receipt.into(),
        };
        let issued = certificates.issue_certificate(within_deadline(request)).await;
        let issued = issued.map_err(|status| refused(bench, &status))?.into_inner().issued.unwrap_or_default();
        numbers.push(issued.number);
    }
    Ok(numbers)
}

/// Certificates that are used in turn, all with one declaration.
struct Uses {
    numbers: Vec<String>,
    next: AtomicUsize,
    declaration: wire::ImportDeclaration,
}

impl Uses {
    /// Writes one piece off so often, each certificate in its turn.
    async fn write_off(self: &Arc<Self>, bench: &Bench, officer: &Access, count: u64) -> Result<(), Failure> {
        let pace = Arc::new(Pace::count(count));
        let mut connections = Vec::with_capacity(CONNECTIONS);
        for _ in 0..CONNECTIONS {
            connections.push(officer.connect().await?);
        }
        let mut callers = Vec::with_capacity(CALLERS);
        for connection in connections.iter().cycle().take(CALLERS) {
            let (mut customs, uses) = (connection.customs(), Arc::clone(self));
            let (bench, pace) = (bench.clone(), Arc::clone(&pace));
            callers.push(tokio::spawn(async move {
                let mut tally = Tally::new()?;
                while pace.take(1) == 1 {
                    let request = uses.next();
                    let begun = Instant::now();
                    let written = customs.write_off(within_deadline(request)).await;
                    written.map_err(|status| refused(&bench, &status))?;
                    tally.note(&pace, begun, 1);
                }
                Ok(tally)
            }));
        }
        gathered(callers).await.map(drop)
    }

    fn next(&self) -> wire::WriteOffRequest {
        let nth = self.next.fetch_add(1, Ordering::Relaxed);
        let piece =
            wire::WriteOffLine { item: 1, quantity: "1".to_owned(), unit: "H87".to_owned(), ..Default::default() };
        wire::WriteOffRequest {
            request_id: Uuid::now_v7().to_string(),
            certificate: named(&self.numbers, nth),
            declaration: Some(self.declaration.clone()),
            lines: vec![piece],
            remarks: String::new(),
            despite_predecessor: false,
        }
    }
}

/// The certificate of a place among these, which begin again at their end.
fn named(numbers: &[String], nth: usize) -> Option<wire::ArrivedName> {
    let number = numbers.get(nth % numbers.len().max(1)).cloned()?;
    Some(wire::ArrivedName { name: Some(wire::arrived_name::Name::Number(number)), ..Default::default() })
}

/// The declaration that everything is imported with.
fn declaration() -> Result<wire::ImportDeclaration, Failure> {
    let date = Some(date_to_wire(today()?));
    Ok(wire::ImportDeclaration { number: "223120261000012345".to_owned(), date, office: "CNSHA".to_owned() })
}

/// A line that does not say to which item it belongs. It declares a little less than the item is certified for, so that
/// each of many alike has room for one.
fn line(number: u32) -> wire::DeclarationLine {
    wire::DeclarationLine {
        line: number,
        item: 0,
        tariff_code: "9506620000".to_owned(),
        description: "Footballs, inflatable, size 5, thermal bonded PU".to_owned(),
        origin: "PK".to_owned(),
        quantity: "16000".to_owned(),
        quantity_unit: "H87".to_owned(),
        gross_weight: "8190".to_owned(),
        gross_weight_unit: "KGM".to_owned(),
        invoice: "CS-2611-77".to_owned(),
        marks: "YUHE/SHA/1-420".to_owned(),
        packages: 420,
        ..Default::default()
    }
}
