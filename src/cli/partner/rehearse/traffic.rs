//! The month's certificates: issued at once, watched on their way to the partner and its customs, and verified alone.

use super::{
    report::{Percentiles, Seen, seconds},
    stage::Stage,
};
use crate::{
    api::client::{Connection, wire, within_deadline},
    cli::{
        calls::{self, refused},
        console::{Exit, Failure},
        process::failed,
    },
    verification::Headline,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::task::{JoinHandle, JoinSet};

/// Certificates under way at once.
const AT_ONCE: usize = 8;
/// How often the partner's progress is looked at.
const GLANCE: Duration = Duration::from_millis(5);
/// How often it is looked for each arrival: seldom enough that the looking takes nothing from the partner's work.
const ASIDE: Duration = Duration::from_millis(50);
/// Certificates whose way to customs is watched, and whose bundles are verified, at most: spread over all of them.
const WATCHED: usize = 200;
/// Refusals that are named.
const NAMED: usize = 5;
/// Receipts are made no more often than this.
const RECEIPTS: Duration = Duration::from_mins(1);
/// Arrivals of one page.
const PAGE: i32 = 500;

/// A certificate that was issued.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) number: String,
    pub(super) log: String,
    pub(super) index: u64,
    at: Instant,
    /// Its place in the month's file; none of one that was issued beside it.
    row: Option<usize>,
}

/// What came of a stream of certificates.
#[derive(Default)]
pub(super) struct Traffic {
    /// In the order of their places.
    pub(super) sent: Vec<Sent>,
    refused: Vec<Failure>,
    took: Duration,
    /// From issued to shown to customs, of those that were watched.
    arrivals: Vec<Result<Duration, Failure>>,
    /// How far each log had come at the partner, as it was seen: when, log, entries held, entries cosigned.
    progress: Vec<(Instant, String, u64, u64)>,
}

impl Traffic {
    /// One more was issued.
    pub(super) fn take(&mut self, issued: wire::IssuedCertificate) {
        let wire::IssuedCertificate { number, log, index, .. } = issued;
        self.sent.push(Sent { number, log, index, at: Instant::now(), row: None });
    }

    /// What a certificate was issued from, of the month's documents.
    pub(super) fn document<'m>(&self, number: &str, documents: &'m [String]) -> Option<&'m String> {
        documents.get(self.sent.iter().find(|sent| sent.number == number)?.row?)
    }

    /// The size up to which each log has certificates.
    pub(super) fn sizes(&self) -> BTreeMap<String, u64> {
        let mut sizes = BTreeMap::new();
        for sent in &self.sent {
            let size = sizes.entry(sent.log.clone()).or_insert(0);
            *size = sent.index.saturating_add(1).max(*size);
        }
        sizes
    }

    /// From issued to the first look at which the partner had come so far.
    fn latencies(&self, far: impl Fn(u64, u64) -> u64) -> Vec<Duration> {
        let came = |sent: &Sent| {
            let past = |(_, log, held, cosigned): &&(Instant, String, u64, u64)| {
                *log == sent.log && far(*held, *cosigned) > sent.index
            };
            // It may be cosigned before the answer to the call that issued it is here.
            self.progress.iter().find(past).map(|(at, ..)| at.saturating_duration_since(sent.at))
        };
        self.sent.iter().filter_map(came).collect()
    }

    /// So many of them, spread evenly.
    fn some(&self) -> impl Iterator<Item = &Sent> {
        self.sent.iter().step_by(step(self.sent.len()))
    }
}

fn step(count: usize) -> usize {
    count.div_ceil(WATCHED).max(1)
}

/// Issues all documents, and watches them on their way until the partner has cosigned the last, or its time is over.
pub(super) async fn send(stage: &Stage, documents: Vec<String>) -> Result<Traffic, Failure> {
    let (documents, next) = (Arc::new(documents), Arc::new(AtomicUsize::new(0)));
    let (over, watching) = watch(stage)?;
    let begun = Instant::now();
    let mut callers = JoinSet::new();
    let officer = stage.door.as_ref().map(|door| door.officer.clone());
    for _ in 0..AT_ONCE {
        let (documents, next) = (Arc::clone(&documents), Arc::clone(&next));
        let (desk, officer, patience) = (stage.desk.clone(), officer.clone(), stage.patience);
        callers.spawn(async move {
            let (mut done, mut watched) = (Vec::new(), JoinSet::new());
            loop {
                let nth = next.fetch_add(1, Ordering::Relaxed);
                let Some(document) = documents.get(nth) else { break };
                let issued = calls::issue(&desk, document.clone()).await.map(|issued| Sent {
                    number: issued.number,
                    log: issued.log,
                    index: issued.index,
                    at: Instant::now(),
                    row: Some(nth),
                });
                let concerned = nth.is_multiple_of(step(documents.len()));
                if let (Ok(sent), Some(officer), true) = (&issued, &officer, concerned) {
                    watched.spawn(shown(officer.clone(), sent.clone(), patience));
                }
                done.push(issued);
            }
            let took = begun.elapsed();
            (done, took, watched.join_all().await)
        });
    }
    let mut traffic = Traffic::default();
    while let Some(caller) = callers.join_next().await {
        let (done, took, arrivals) = caller.map_err(failed)?;
        for issued in done {
            match issued {
                Ok(sent) => traffic.sent.push(sent),
                Err(failure) => traffic.refused.push(failure),
            }
        }
        traffic.arrivals.extend(arrivals);
        traffic.took = traffic.took.max(took);
    }
    traffic.sent.sort_by(|one, other| (&one.log, one.index).cmp(&(&other.log, other.index)));
    for (log, size) in traffic.sizes() {
        // Whether it came so far is asked later; here it is only waited for.
        if stage.cosigned(&log, size).await.is_err() {
            break;
        }
    }
    over.store(true, Ordering::Relaxed);
    traffic.progress = watching.await.map_err(failed)?;
    Ok(traffic)
}

/// Waits until customs are shown a certificate whole; gives the time since it was issued.
async fn shown(officer: Connection, sent: Sent, patience: Duration) -> Result<Duration, Failure> {
    loop {
        let arrival = calls::look(&officer, &sent.number).await?.and_then(|found| found.arrival);
        if arrival.is_some_and(|arrival| arrival.delivery() == wire::Delivery::Complete) {
            return Ok(sent.at.elapsed());
        }
        if sent.at.elapsed() > patience {
            return Err(failed(format!("{} does not come to customs whole", sent.number)));
        }
        tokio::time::sleep(ASIDE).await;
    }
}

type Progress = Vec<(Instant, String, u64, u64)>;

/// Looks how far the partner has come, until it is over.
fn watch(stage: &Stage) -> Result<(Arc<AtomicBool>, JoinHandle<Progress>), Failure> {
    let (over, admin) = (Arc::new(AtomicBool::new(false)), stage.node.admin()?.clone());
    let (ended, name) = (Arc::clone(&over), stage.partner.node.to_string());
    let watching = tokio::spawn(async move {
        let (mut progress, mut last) = (Progress::new(), BTreeMap::new());
        loop {
            // Read first: what was cosigned when the word to end came is still seen.
            let end = ended.load(Ordering::Relaxed);
            let state = admin.admin().list_partners(within_deadline(wire::ListPartnersRequest {})).await;
            let partners = state.map(|state| state.into_inner().partners).unwrap_or_default();
            let now = Instant::now();
            let logs = partners.into_iter().filter(|one| one.name == name).flat_map(|one| one.logs);
            for log in logs.filter(|log| !log.inward) {
                let far = (log.held, log.cosigned_size);
                if last.insert(log.origin.clone(), far) != Some(far) {
                    progress.push((now, log.origin, far.0, far.1));
                }
            }
            if end {
                return progress;
            }
            tokio::time::sleep(GLANCE).await;
        }
    });
    Ok((over, watching))
}

/// Every certificate of the month was issued, to the partner's customs.
pub(super) fn issued(stage: &Stage, traffic: &Traffic, asked: usize, passed_over: usize) -> Result<Seen, Failure> {
    for log in traffic.sizes().keys() {
        stage.addressed(log)?;
    }
    let sent = traffic.sent.len();
    if sent < asked {
        let failure = Failure::new(Exit::Failed, format!("{} of {asked} certificates were refused", asked - sent));
        let reasons = traffic.refused.iter().map(|refused| match refused.notes().first() {
            Some(note) => format!("{} ({note})", refused.sentence()),
            None => refused.sentence().to_owned(),
        });
        let reasons = reasons.collect::<BTreeSet<_>>();
        return Err(reasons.into_iter().take(NAMED).fold(failure, Failure::note));
    }
    let took = seconds(traffic.took);
    let over = if passed_over > 0 { format!("; {passed_over} rows of the file are for others") } else { String::new() };
    Ok(Seen::held(format!("{sent} certificates in {took:.1} s{over}"))
        .with("certificates", sent)
        .with("seconds", took)
        .with("rows_passed_over", passed_over))
}

/// What the partner says it holds.
pub(super) async fn held(stage: &Stage, traffic: &Traffic) -> Result<Seen, Failure> {
    let state = stage.node.partners().await?;
    for (log, size) in traffic.sizes() {
        let (held, _) = stage.passage(&state, &log);
        if held < size {
            return Err(failed(format!("it holds {held} of the {size} entries of {log}"))
                .note(format!("waited {} s for it", stage.patience.as_secs())));
        }
    }
    let seen = Seen::held(format!("all entries of {} certificates", traffic.sent.len()));
    let times = Percentiles::of(traffic.latencies(|held, _| held));
    Ok(match times {
        Some(times) => times.onto(seen, "issued_to_held"),
        None => seen,
    })
}

/// How soon it cosigned.
pub(super) async fn cosigned(stage: &Stage, traffic: &Traffic) -> Result<Seen, Failure> {
    let state = stage.node.partners().await?;
    for (log, size) in traffic.sizes() {
        let (_, cosigned) = stage.passage(&state, &log);
        if cosigned < size {
            return Err(failed(format!("it has cosigned {cosigned} of the {size} entries of {log}"))
                .note(format!("waited {} s for it", stage.patience.as_secs())));
        }
    }
    let times = Percentiles::of(traffic.latencies(|_, cosigned| cosigned));
    let times = times.ok_or_else(|| failed("nothing was issued"))?;
    let seen = Seen::held(format!("issued to cosigned: {times}, of {}", times.count));
    Ok(times.onto(seen, "issued_to_cosigned"))
}

/// Bundles are judged as a stranger judges them.
pub(super) async fn bundles(stage: &Stage, traffic: &Traffic) -> Result<Seen, Failure> {
    let (begun, mut good) = (Instant::now(), 0_usize);
    let name = stage.partner.node.as_str();
    for sent in traffic.some() {
        let bundle = stage.verdict(&sent.number, Headline::Valid).await?;
        let cosigners = calls::cosigners(&bundle)?;
        if !cosigners.iter().any(|cosigner| cosigner.starts_with(name)) {
            return Err(failed(format!("the head that {} rests on is not cosigned by {name}", sent.number)));
        }
        good += 1;
    }
    let (all, took) = (traffic.sent.len(), seconds(begun.elapsed()));
    Ok(Seen::held(format!("{good} of {all} fetched and judged VALID, each cosigned by {name}"))
        .with("verified", good)
        .with("of", all)
        .with("seconds", took))
}

/// Customs of the partner find all of them.
pub(super) async fn arrivals(stage: &Stage, traffic: &Traffic) -> Result<Seen, Failure> {
    let Some(door) = &stage.door else {
        return Ok(Seen::not_exercised("the partner gave no token of a customs officer: --door, --officer"));
    };
    let mut there = BTreeSet::new();
    let mut page_token = String::new();
    loop {
        let request = wire::ListArrivalsRequest {
            page_size: PAGE,
            page_token,
            issuer: stage.own.issuer.to_string(),
            delivery: wire::Delivery::Complete.into(),
            ..Default::default()
        };
        let page = door.officer.customs().list_arrivals(within_deadline(request)).await.map_err(refused)?.into_inner();
        there.extend(page.arrivals.into_iter().map(|arrival| arrival.number));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let missing = traffic.sent.iter().filter(|sent| !there.contains(&sent.number)).collect::<Vec<_>>();
    if let Some(first) = missing.first() {
        let (count, all) = (missing.len(), traffic.sent.len());
        return Err(failed(format!("{count} of {all} are not there whole, the first {}", first.number)));
    }
    let times = traffic.arrivals.iter().map(|one| one.as_ref().copied().map_err(Clone::clone));
    let times = Percentiles::of(times.collect::<Result<_, _>>()?).ok_or_else(|| failed("nothing was issued"))?;
    let seen = Seen::held(format!(
        "all {} are there; issued to shown: {times}, of {} that were watched",
        traffic.sent.len(),
        times.count
    ));
    Ok(times.onto(seen, "issued_to_shown").with("complete", traffic.sent.len()))
}

/// Waits until the last certificate of each log is receipted, or the time for it is over: what became of it is read from
/// the log.
pub(super) async fn receipted(stage: &Stage, traffic: &Traffic) -> Result<(), Failure> {
    let last = traffic.sizes().into_iter().filter_map(|(log, size)| {
        traffic.sent.iter().find(|sent| sent.log == log && sent.index.saturating_add(1) == size)
    });
    let mut waiting = last.map(|sent| sent.number.clone()).collect::<BTreeSet<_>>();
    let request = wire::WatchCertificatesRequest {
        from: wire::WatchFrom::Oldest.into(),
        kinds: vec![wire::ChangeKind::Certificate.into()],
        ..Default::default()
    };
    let mut told = stage.desk.certificates().watch_certificates(request).await.map_err(refused)?.into_inner();
    let hearing = async {
        while let Some(answer) = told.message().await.map_err(refused)? {
            for change in answer.changes {
                let Some(wire::change::What::Certificate(change)) = change.what else { continue };
                if change.event() == wire::CertificateEvent::Receipted {
                    waiting.remove(&change.number);
                }
            }
            if waiting.is_empty() {
                break;
            }
        }
        Ok(())
    };
    tokio::time::timeout(stage.patience.saturating_add(RECEIPTS), hearing).await.unwrap_or(Ok(()))
}
