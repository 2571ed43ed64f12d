//! What the exchange does: a partner catches up, a certificate is cosigned, partners pull while the issuer issues.

use super::{
    cores::Halves,
    countries::COUNTRIES,
    federation::{Disk, Federation, LOOK, refused},
    figure::{Figure, Limit, Name, rate, real},
    ground::{Access, Bench, CONNECTIONS, Papers, Running},
    issuing::{Contents, by_stream, row_bytes, these_by_stream},
    limits::{self, gathered},
    pace::{Pace, Tally},
};
use crate::{
    api::client::{Connection, wire, within_deadline},
    cli::console::{Exit, Failure},
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tonic::Code;
use uuid::Uuid;

/// Partners of the two figures that have many.
const SOME: usize = 8;
const MANY: usize = COUNTRIES.len();
/// Entries of a young log.
const YOUNG: u64 = 10_000;
/// Entries that a partner catches up with, and as many as the figure is promised for.
const BEHIND: u64 = 30_000;
const FAR_BEHIND: u64 = 1_000_000;
/// Entries that a replica makes durable at once, at most.
const AT_ONCE: u64 = 1_024;
/// Syncs on the way of a cosigned certificate: entry and checkpoint at the issuer's, both again at the partner's.
const SYNCS: u32 = 4;
/// How often an arrival is looked for.
const GLANCE: Duration = Duration::from_millis(1);
/// Certificates issued until everything has found its size.
const WARM_UP: u64 = 256;
/// The longest a partner is waited for.
const LONGEST: Duration = Duration::from_mins(10);

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Failed, error)
}

/// `catch_up`, and what it takes of memory.
pub(super) async fn catch_up(bench: &Bench) -> Result<Vec<Figure>, Failure> {
    let mut federation = Federation::make(bench, 1, Disk::Shared)?;
    for partner in &federation.partners {
        // What is made in minutes here comes in a year elsewhere.
        partner.allow(2 * FAR_BEHIND)?;
    }
    let running = federation.issuer.start().await?;
    let bytes = here_for(&mut federation, None, &running.operator, row_bytes(bench, &running)).await?;
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
    cores: Option<&Halves>,
    issuer: &Connection,
    issued: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    for partner in &mut federation.partners {
        partner.start(cores)?;
    }
    for partner in &mut federation.partners {
        partner.operator().await?;
    }
    federation.in_touch(issuer).await?;
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
pub(super) async fn cosigned(bench: &Bench) -> Result<Figure, Failure> {
    latency(bench, Name::CosignedLatency).await
}

/// `arrival_latency`: each is then looked for at the addressee's customs too.
pub(super) async fn arrived(bench: &Bench) -> Result<Figure, Failure> {
    latency(bench, Name::ArrivalLatency).await
}

async fn latency(bench: &Bench, name: Name) -> Result<Figure, Failure> {
    let mut federation = Federation::make(bench, 1, Disk::Shared)?;
    let running = federation.start().await?;
    let bytes = row_bytes(bench, &running).await?;
    federation.caught_up(&running.operator).await?;
    let partner = federation.partners.first_mut().ok_or_else(|| failed("no partner"))?;
    let (customs, syncs) = match name {
        Name::ArrivalLatency => {
            let operator = partner.operator().await?;
            // The contents are a sync of their own.
            (Some(partner.officer(bench.console, &operator).await?), SYNCS + 1)
        }
        _ => (None, SYNCS),
    };
    one_by_one(bench, &running, customs.as_ref(), Pace::count(WARM_UP)).await?;
    let limit = limits::syncs(federation.issuer.beside(), syncs, bytes)?;
    let tally = one_by_one(bench, &running, customs.as_ref(), Pace::within(bench.window)).await?;
    running.stop().await;
    Ok(Figure::new(name, tally.calls.median(), "ms", limit).with_calls(&tally.calls))
}

/// Issues, and waits for each certificate until its bundle is there with the cosignatures its policy asks for, and until
/// customs find it, where they look.
async fn one_by_one(bench: &Bench, running: &Running, customs: Option<&Access>, pace: Pace) -> Result<Tally, Failure> {
    let (pace, papers) = (Arc::new(pace), Arc::new(Papers::today()?));
    let mut callers = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        let connection = running.connect().await?;
        let customs = match customs {
            Some(officer) => Some(officer.connect().await?),
            None => None,
        };
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
                let name = Some(wire::certificate_name::Name::Number(issued.number.clone()));
                let request = wire::DownloadCertificateRequest {
                    certificate: Some(wire::CertificateName { name }),
                    format: wire::DownloadFormat::Bundle.into(),
                };
                let bundle = client.download_certificate(within_deadline(request)).await;
                let bundle = bundle.map_err(|status| refused(&bench, &status))?.into_inner();
                if bundle.awaiting_cosignatures {
                    return Err(failed("a certificate was not cosigned within the time a bundle is waited for"));
                }
                if let Some(customs) = &customs {
                    found(&bench, customs, issued.number).await?;
                }
                tally.note(&pace, begun, 1);
            }
            Ok(tally)
        }));
    }
    gathered(callers).await
}

/// Looks until a certificate is among the arrivals with all it says.
async fn found(bench: &Bench, customs: &Connection, number: String) -> Result<(), Failure> {
    let (begun, mut customs) = (Instant::now(), customs.customs());
    let name = Some(wire::arrived_name::Name::Number(number));
    let certificate = Some(wire::ArrivedName { name, ..Default::default() });
    let request = wire::GetArrivalRequest { certificate, ..Default::default() };
    while begun.elapsed() < LONGEST {
        match customs.get_arrival(within_deadline(request.clone())).await {
            Ok(answer) => {
                let arrival = answer.into_inner().arrival.unwrap_or_default();
                if arrival.delivery() == wire::Delivery::Complete {
                    return Ok(());
                }
            }
            Err(status) if status.code() == Code::NotFound => {}
            Err(status) => return Err(refused(bench, &status)),
        }
        tokio::time::sleep(GLANCE).await;
    }
    Err(failed("a certificate does not arrive"))
}

/// An issuer with partners that run on a half of the machine of their own.
struct Apart {
    // It ends before its folder goes.
    running: Running,
    halves: Option<Halves>,
    federation: Federation,
}

impl Apart {
    /// Makes so many, each with a log from the issuer that was opened; they do not run yet, and hold nothing.
    async fn make(bench: &Bench, partners: usize, disk: Disk) -> Result<Self, Failure> {
        let mut federation = Federation::make(bench, partners, disk)?;
        let halves = Halves::apart()?;
        if halves.is_none() {
            bench.console.message("one core alone: the partners' own work counts as the issuer's cost");
        }
        let running = federation.issuer.start().await?;
        let issued = issue_to_all(bench, &running, partners, Pace::count(WARM_UP));
        here_for(&mut federation, halves.as_ref(), &running.operator, issued).await?;
        Ok(Self { running, halves, federation })
    }

    /// Starts them all, and waits until each has what there is for it.
    async fn start(&mut self) -> Result<(), Failure> {
        for partner in &mut self.federation.partners {
            partner.start(self.halves.as_ref())?;
        }
        for partner in &mut self.federation.partners {
            partner.operator().await?;
        }
        self.caught_up().await
    }

    async fn caught_up(&self) -> Result<(), Failure> {
        self.federation.caught_up(&self.running.operator).await
    }

    /// Issues to all of them for one window.
    async fn issuing(&self, bench: &Bench) -> Result<Issued, Failure> {
        let Self { federation, running, .. } = self;
        let (begun, before) = (Instant::now(), federation.cosigned(&running.operator).await?);
        let pace = Pace::within(bench.window);
        let tally = issue_to_all(bench, running, federation.partners.len(), pace).await?;
        let (took, after) = (begun.elapsed(), federation.cosigned(&running.operator).await?);
        let pairs = after.iter().zip(&before);
        let cosigned = pairs.map(|(after, before)| rate(after.saturating_sub(*before), took)).collect();
        Ok(Issued { rate: tally.rate(bench.window), tally, cosigned })
    }

    fn kill(&mut self) {
        for partner in &mut self.federation.partners {
            partner.kill();
        }
    }
}

/// `partners_8`, and what one of them that stalls costs the others.
pub(super) async fn partners(bench: &Bench) -> Result<Vec<Figure>, Failure> {
    let mut apart = Apart::make(bench, SOME, Disk::Own).await?;
    // Each state is measured before and after the other one: a machine has its moods.
    let alone = apart.issuing(bench).await?;
    apart.start().await?;
    let with = apart.issuing(bench).await?;
    apart.caught_up().await?;
    let (stalled, others) = apart.federation.partners.split_last().ok_or_else(|| failed("no partners"))?;
    let others = others.len();
    stalled.stall()?;
    let less_one = apart.issuing(bench).await?;
    stalled.go_on()?;
    apart.caught_up().await?;
    let again = apart.issuing(bench).await?;
    apart.kill();
    let alone_again = apart.issuing(bench).await?;
    apart.running.stop().await;

    let limit = Limit::new(f64::midpoint(alone.rate, alone_again.rate), "without partners");
    let pulled = f64::midpoint(with.replicated(others), again.replicated(others));
    let pulled = Limit::new(pulled, "the seven while the eighth takes its part");
    let rate = f64::midpoint(with.rate, again.rate);
    let mut calls = with.tally.calls;
    calls.add(&again.tally.calls);
    Ok(vec![
        Figure::new(Name::Partners8, rate, "certificates/s", limit).with_calls(&calls),
        Figure::new(Name::PartnerStalled, less_one.replicated(others), "held/s", pulled)
            .with_calls(&less_one.tally.calls),
    ])
}

/// `partners_50`, and what the one gets that gets least.
pub(super) async fn many_partners(bench: &Bench) -> Result<Vec<Figure>, Failure> {
    let mut apart = Apart::make(bench, MANY, Disk::Own).await?;
    let alone = apart.issuing(bench).await?;
    apart.start().await?;
    let with = apart.issuing(bench).await?;
    apart.kill();
    let alone_again = apart.issuing(bench).await?;
    apart.running.stop().await;

    let limit = Limit::new(f64::midpoint(alone.rate, alone_again.rate), "without partners");
    let partners = u64::try_from(MANY).unwrap_or(u64::MAX);
    let even = Limit::new(with.replicated(MANY) / real(partners), "an even share of what all fifty hold");
    let least = with.cosigned.iter().copied().reduce(f64::min).unwrap_or_default();
    Ok(vec![
        Figure::new(Name::Partners50, with.rate, "certificates/s", limit).with_calls(&with.tally.calls),
        Figure::new(Name::PartnerSlowest, least, "held/s", even),
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

async fn issue_to_all(bench: &Bench, running: &Running, partners: usize, pace: Pace) -> Result<Tally, Failure> {
    let papers = Papers::to(COUNTRIES.iter().take(partners).map(|(country, _, port)| (*country, *port)))?;
    let (tally, _) = these_by_stream(bench.console, &running.access, pace, Contents::Receipt, papers).await?;
    Ok(tally)
}
