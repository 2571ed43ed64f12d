//! What the exchange does: a partner catches up, a certificate is cosigned, partners pull while the issuer issues.

use super::{
    cores::Halves,
    federation::{COUNTRIES, Federation, LOOK, refused},
    figure::{Figure, Limit, Name, rate},
    ground::{Bench, CONNECTIONS, Papers, Running},
    issuing::{Contents, by_stream, row_bytes, these_by_stream},
    limits::{self, gathered},
    pace::{Pace, Tally},
};
use crate::{
    api::client::{wire, within_deadline},
    cli::console::{Exit, Failure},
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use uuid::Uuid;

/// Entries of a young log.
const YOUNG: u64 = 10_000;
/// Entries that a partner catches up with, and as many as the figure is promised for.
const BEHIND: u64 = 30_000;
const FAR_BEHIND: u64 = 300_000;
/// Entries that a replica makes durable at once, at most.
const AT_ONCE: u64 = 1_024;
/// Syncs on the way of a cosigned certificate: entry and checkpoint at the issuer's, both again at the partner's.
const SYNCS: u32 = 4;
/// Certificates issued until everything has found its size.
const WARM_UP: u64 = 256;
/// The longest a partner is waited for.
const LONGEST: Duration = Duration::from_mins(10);

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Failed, error)
}

/// `catch_up`, and what it takes of memory.
pub(super) async fn catch_up(bench: &Bench) -> Result<Vec<Figure>, Failure> {
    let mut federation = Federation::make(bench, 1)?;
    let running = federation.issuer.start().await?;
    let bytes = here_for(&mut federation, row_bytes(bench, &running)).await?;
    let issue = async |count| by_stream(bench.console, &running.access, Pace::count(count), Contents::Receipt).await;
    issue(YOUNG).await?;
    let young = caught_up(&mut federation, YOUNG).await?;
    let entries = if bench.full { FAR_BEHIND } else { BEHIND };
    issue(entries - YOUNG).await?;
    let limit = limits::verifying(1)?.or(limits::disk(federation.issuer.beside(), AT_ONCE, bytes)?);
    let all = caught_up(&mut federation, entries).await?;
    running.stop().await;
    let memory = Limit::new(young.memory, "the same with 10,000 entries");
    Ok(vec![
        Figure::new(Name::CatchUp, rate(all.entries, all.took), "certificates/s", limit),
        Figure::new(Name::CatchUpMemory, all.memory, "MiB resident", memory),
    ])
}

/// Has all partners there while something is issued, and leaves them as empty as before: a node opens a new log only
/// when its partners have said that they know of none.
async fn here_for<T>(
    federation: &mut Federation,
    issued: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    for partner in &mut federation.partners {
        partner.start(None)?;
    }
    for partner in &mut federation.partners {
        partner.operator().await?;
    }
    let issued = issued.await?;
    for partner in &mut federation.partners {
        partner.kill();
        partner.wipe()?;
    }
    Ok(issued)
}

/// What a partner did that was empty.
struct CaughtUp {
    entries: u64,
    took: Duration,
    memory: f64,
}

/// Starts the partner with nothing, and kills it when it has cosigned all there is: at least this many entries.
async fn caught_up(federation: &mut Federation, entries: u64) -> Result<CaughtUp, Failure> {
    let partner = federation.partners.first_mut().ok_or_else(|| failed("no partner"))?;
    let spawned = Instant::now();
    partner.start(None)?;
    let operator = partner.operator().await?;
    // When it had heard of nothing yet; if it never could be asked then, its whole start counts too.
    let mut before = spawned;
    loop {
        let asked = Instant::now();
        let (size, cosigned) = partner.passage(&operator).await?;
        if size == 0 {
            before = asked;
        }
        if size >= entries && cosigned == size {
            let (took, memory) = (before.elapsed(), partner.peak_memory()?);
            partner.kill();
            partner.wipe()?;
            return Ok(CaughtUp { entries: size, took, memory });
        }
        if spawned.elapsed() > LONGEST {
            return Err(partner.events(failed("a partner does not catch up")));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// `cosigned_latency`: on each connection one certificate after the other.
pub(super) async fn latency(bench: &Bench) -> Result<Figure, Failure> {
    let mut federation = Federation::make(bench, 1)?;
    let running = federation.issuer.start().await?;
    for partner in &mut federation.partners {
        partner.start(None)?;
        partner.operator().await?;
    }
    let bytes = row_bytes(bench, &running).await?;
    federation.caught_up(&running.operator).await?;
    one_by_one(bench, &running, Pace::count(WARM_UP)).await?;
    let limit = limits::syncs(federation.issuer.beside(), SYNCS, bytes)?;
    let tally = one_by_one(bench, &running, Pace::within(bench.window)).await?;
    running.stop().await;
    Ok(Figure::new(Name::CosignedLatency, tally.calls.median(), "ms", limit).with_calls(&tally.calls))
}

/// Issues, and waits for each certificate until its bundle is there with the cosignatures its policy asks for.
async fn one_by_one(bench: &Bench, running: &Running, pace: Pace) -> Result<Tally, Failure> {
    let (pace, papers) = (Arc::new(pace), Arc::new(Papers::today()?));
    let mut callers = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        let connection = running.connect().await?;
        let (bench, pace, papers) = (bench.clone(), Arc::clone(&pace), Arc::clone(&papers));
        callers.push(tokio::spawn(async move {
            let mut client = connection.certificates();
            let mut tally = Tally::new()?;
            while pace.take(1) == 1 {
                let request = wire::IssueCertificateRequest {
                    request_id: Uuid::now_v7().to_string(),
                    certificate_json: papers.next(),
                    contents: wire::IssueContents::Receipt.into(),
                };
                let begun = Instant::now();
                let issued = client.issue_certificate(within_deadline(request)).await;
                let issued = issued.map_err(|status| refused(&bench, &status))?.into_inner().issued.unwrap_or_default();
                let name = Some(wire::certificate_name::Name::Number(issued.number));
                let request = wire::DownloadCertificateRequest {
                    certificate: Some(wire::CertificateName { name }),
                    format: wire::DownloadFormat::Bundle.into(),
                };
                let bundle = client.download_certificate(within_deadline(request)).await;
                let bundle = bundle.map_err(|status| refused(&bench, &status))?.into_inner();
                if bundle.awaiting_cosignatures {
                    return Err(failed("a certificate was not cosigned within the time a bundle is waited for"));
                }
                tally.note(&pace, begun, 1);
            }
            Ok(tally)
        }));
    }
    gathered(callers).await
}

/// `partners_8`, and what one of them that stalls costs the others.
pub(super) async fn partners(bench: &Bench) -> Result<Vec<Figure>, Failure> {
    let mut federation = Federation::make(bench, COUNTRIES.len())?;
    let halves = Halves::apart()?;
    if halves.is_none() {
        bench.console.message("one core alone: the partners' own work counts as the issuer's cost");
    }
    let running = federation.issuer.start().await?;
    here_for(&mut federation, issue_to_all(bench, &running, Pace::count(WARM_UP))).await?;
    // Each state is measured before and after the other one: a machine has its moods.
    let alone = issuing(bench, &federation, &running).await?;
    for partner in &mut federation.partners {
        partner.start(halves.as_ref())?;
    }
    for partner in &mut federation.partners {
        partner.operator().await?;
    }
    federation.caught_up(&running.operator).await?;
    let with = issuing(bench, &federation, &running).await?;
    federation.caught_up(&running.operator).await?;
    let (stalled, others) = federation.partners.split_last().ok_or_else(|| failed("no partners"))?;
    let others = others.len();
    stalled.stall()?;
    let less_one = issuing(bench, &federation, &running).await?;
    stalled.go_on()?;
    federation.caught_up(&running.operator).await?;
    let again = issuing(bench, &federation, &running).await?;
    for partner in &mut federation.partners {
        partner.kill();
    }
    let alone_again = issuing(bench, &federation, &running).await?;
    running.stop().await;

    let mean = |one: f64, other: f64| f64::midpoint(one, other);
    let limit = Limit::new(mean(alone.rate, alone_again.rate), "without partners");
    let pulled = mean(with.replicated(others), again.replicated(others));
    let pulled = Limit::new(pulled, "the seven while the eighth takes its part");
    let mut calls = with.tally.calls;
    calls.add(&again.tally.calls);
    Ok(vec![
        Figure::new(Name::Partners8, mean(with.rate, again.rate), "certificates/s", limit).with_calls(&calls),
        Figure::new(Name::PartnerStalled, less_one.replicated(others), "held/s", pulled)
            .with_calls(&less_one.tally.calls),
    ])
}

/// What went on in one window.
struct Issued {
    tally: Tally,
    /// Certificates a second.
    rate: f64,
    /// Entries a second that each partner cosigned.
    cosigned: Vec<f64>,
}

impl Issued {
    /// What the first so many partners have cosigned, a second.
    fn replicated(&self, partners: usize) -> f64 {
        self.cosigned.iter().take(partners).sum()
    }
}

async fn issuing(bench: &Bench, federation: &Federation, running: &Running) -> Result<Issued, Failure> {
    let (begun, before) = (Instant::now(), federation.cosigned(&running.operator).await?);
    let tally = issue_to_all(bench, running, Pace::within(bench.window)).await?;
    let (took, after) = (begun.elapsed(), federation.cosigned(&running.operator).await?);
    let cosigned = after.iter().zip(&before).map(|(after, before)| rate(after.saturating_sub(*before), took)).collect();
    Ok(Issued { rate: tally.rate(bench.window), tally, cosigned })
}

async fn issue_to_all(bench: &Bench, running: &Running, pace: Pace) -> Result<Tally, Failure> {
    let papers = Papers::to(COUNTRIES.map(|(country, _, port)| (country, port)))?;
    let (tally, _) = these_by_stream(bench.console, &running.access, pace, Contents::Receipt, papers).await?;
    Ok(tally)
}
