//! Verdicts: in process by a verifier that has seen nothing or much, and by calls.

use super::{
    figure::{Figure, Name},
    ground::{Bench, CALLERS, CONNECTIONS, Ground, Running},
    issuing::{Contents, by_stream},
    limits::{self, gathered, joined},
    pace::{Pace, Tally},
};
use crate::{
    agreement::Agreements,
    api::client::{wire, within_deadline},
    cli::{
        agreements,
        console::{Exit, Failure},
        remote,
    },
    node::system::SystemClock,
    time::Clock,
    trust::TrustList,
    verification::{Headline, Question, Settings, Verifier},
};
use bytes::Bytes;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Instant,
};

/// Distinct certificates that are judged.
const CERTIFICATES: u64 = 2_048;
/// Signatures behind a certificate's evidence: token, checkpoint, snapshot, status list. The snapshot's proof rests
/// on the same checkpoint.
const SIGNATURES: u32 = 4;

/// Bundles of certificates issued for this, all under one checkpoint.
async fn bundles(bench: &Bench, running: &Running) -> Result<Arc<[Bytes]>, Failure> {
    let console = bench.console;
    let (_, issued) = by_stream(console, &running.access, Pace::count(CERTIFICATES), Contents::Token).await?;
    let numbers: Arc<[String]> = issued.numbers.into();
    let connection = running.connect().await?;
    let next = Arc::new(AtomicUsize::new(0));
    let mut callers = Vec::with_capacity(CALLERS);
    for _ in 0..CALLERS {
        let (mut client, numbers, next) = (connection.certificates(), Arc::clone(&numbers), Arc::clone(&next));
        callers.push(tokio::spawn(async move {
            let mut bundles = Vec::new();
            while let Some(number) = numbers.get(next.fetch_add(1, Ordering::Relaxed)) {
                let name = Some(wire::certificate_name::Name::Number(number.clone()));
                let request = wire::DownloadCertificateRequest {
                    certificate: Some(wire::CertificateName { name }),
                    format: wire::DownloadFormat::Bundle.into(),
                };
                let answer = client.download_certificate(within_deadline(request)).await;
                let answer = answer.map_err(|status| remote::refused(console, "the node", &status))?;
                bundles.push(answer.into_inner().content);
            }
            Ok::<_, Failure>(bundles)
        }));
    }
    let mut all = Vec::new();
    for caller in callers {
        all.extend(caller.await.map_err(|error| Failure::new(Exit::Failed, error))??);
    }
    Ok(all.into())
}

fn not_valid(headline: &str) -> Failure {
    Failure::new(Exit::Failed, format!("a certificate issued for this was judged {headline}"))
}

/// Makes verifiers that have seen nothing.
struct Makes {
    trust: Arc<TrustList>,
    agreements: Arc<Agreements>,
}

impl Makes {
    fn verifier(&self) -> Verifier {
        Verifier::new(Arc::clone(&self.trust), Some(Arc::clone(&self.agreements)), Settings::default())
    }
}

/// Judges on all cores; `judge` gives the headline of one bundle.
fn on_all_cores(bench: &Bench, bundles: &[Bytes], judge: impl Fn(&str) -> Headline + Sync) -> Result<Tally, Failure> {
    let (pace, next) = (Pace::within(bench.window), AtomicUsize::new(0));
    thread::scope(|scope| {
        let one = || {
            let mut tally = Tally::new()?;
            while pace.take(1) == 1 {
                let nth = next.fetch_add(1, Ordering::Relaxed) % bundles.len().max(1);
                let Some(Ok(bundle)) = bundles.get(nth).map(|bundle| std::str::from_utf8(bundle)) else {
                    return Err(Failure::new(Exit::Failed, "there is no bundle to judge"));
                };
                let begun = Instant::now();
                let headline = judge(bundle);
                tally.note(&pace, begun, 1);
                if headline != Headline::Valid {
                    return Err(not_valid(headline.as_str()));
                }
            }
            Ok(tally)
        };
        let threads = (0..limits::cores()).map(|_| scope.spawn(one)).collect::<Vec<_>>();
        let mut all = Tally::new()?;
        for thread in threads {
            all.add(&joined(thread)?);
        }
        Ok(all)
    })
}

/// Certificates and what judges them; the node they come from has stopped.
async fn prepared(bench: &Bench) -> Result<(Arc<[Bytes]>, Makes), Failure> {
    let ground = Ground::make(bench, [0; 4])?;
    let running = ground.start().await?;
    let bundles = bundles(bench, &running).await?;
    running.stop().await;
    let makes = Makes { trust: Arc::new(ground.trust()?), agreements: Arc::new(agreements::load(None)?) };
    Ok((bundles, makes))
}

/// `verify_cold`.
pub(super) async fn cold(bench: &Bench) -> Result<Figure, Failure> {
    let (bundles, makes) = prepared(bench).await?;
    let limit = limits::verifying(SIGNATURES)?;
    let judge = |bundle: &str| makes.verifier().verify(bundle, &Question::at(SystemClock.now())).headline;
    let tally = on_all_cores(bench, &bundles, judge)?;
    let rate = tally.rate(bench.window);
    Ok(Figure::new(Name::VerifyCold, rate, "verdicts/s", limit).with_calls(&tally.calls))
}

/// `verify_warm`.
pub(super) async fn warm(bench: &Bench) -> Result<Figure, Failure> {
    let (bundles, makes) = prepared(bench).await?;
    let limit = limits::verifying(1)?;
    let verifier = makes.verifier();
    let judge = |bundle: &str| verifier.verify(bundle, &Question::at(SystemClock.now())).headline;
    let tally = on_all_cores(bench, &bundles, judge)?;
    let rate = tally.rate(bench.window);
    Ok(Figure::new(Name::VerifyWarm, rate, "verdicts/s", limit).with_calls(&tally.calls))
}

/// `verify_rpc`.
pub(super) async fn rpc(bench: &Bench) -> Result<Figure, Failure> {
    let ground = Ground::make(bench, [0; 4])?;
    let running = ground.start().await?;
    let bundles = bundles(bench, &running).await?;
    let limit = limits::verifying(1)?.and(limits::calls(bench.console, &running).await?);
    let mut connections = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        connections.push(running.connect().await?);
    }
    let (console, pace) = (bench.console, Arc::new(Pace::within(bench.window)));
    let mut callers = Vec::with_capacity(CALLERS);
    for (first, connection) in connections.iter().cycle().take(CALLERS).enumerate() {
        let mut client = connection.verifications();
        let (pace, bundles) = (Arc::clone(&pace), Arc::clone(&bundles));
        callers.push(tokio::spawn(async move {
            let mut tally = Tally::new()?;
            let mut mine = bundles.iter().cycle().skip(first).step_by(CALLERS);
            while let (1, Some(bundle)) = (pace.take(1), mine.next()) {
                let request = wire::VerifyPresentationRequest { presentation: bundle.clone(), ..Default::default() };
                let begun = Instant::now();
                let answer = client.verify_presentation(within_deadline(request)).await;
                let answer = answer.map_err(|status| remote::refused(console, "the node", &status))?.into_inner();
                tally.note(&pace, begun, 1);
                let headline = answer.verdict.unwrap_or_default().headline;
                if headline != Headline::Valid.as_str() {
                    return Err(not_valid(&headline));
                }
            }
            Ok(tally)
        }));
    }
    let tally = gathered(callers).await?;
    running.stop().await;
    let rate = tally.rate(bench.window);
    Ok(Figure::new(Name::VerifyRpc, rate, "verdicts/s", limit).with_calls(&tally.calls))
}
