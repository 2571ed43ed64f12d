//! What the machine allows: signatures on all cores, the disk, an empty call.

use super::{
    figure::{Calls, Limit, rate},
    ground::{CALLERS, CONNECTIONS, Running},
    pace::{Pace, Tally},
};
use crate::{
    api::client::{Connection, within_deadline},
    cli::console::{Console, Exit, Failure},
    cli::remote,
    signature::{SecretKey, Signer},
};
use std::{
    fs::{self, File},
    io::{self, Write as _},
    num::NonZero,
    path::Path,
    thread,
    time::{Duration, Instant},
};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

/// Each limit is measured so long.
const WINDOW: Duration = Duration::from_secs(1);
/// Bytes that are signed: about those of a certificate's JWT.
const SIGNED: [u8; 1_024] = [0x6f; 1_024];
/// Batches that are written and synced.
const BATCHES: u64 = 256;

/// How many cores there are to work on.
pub(super) fn cores() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// Signatures made and verified, a second, on all cores.
pub(super) fn signing() -> Result<Limit, Failure> {
    let rate = on_all_cores(|key| {
        let signature = key.sign(&SIGNED).map_err(|error| Failure::new(Exit::Failed, error.0))?;
        key.public_key().verify(&SIGNED, &signature).map_err(|error| Failure::new(Exit::Failed, error))
    })?;
    Ok(Limit::new(rate, "one signature made and verified"))
}

/// So many signatures verified, a second, on all cores.
pub(super) fn verifying(signatures: u32) -> Result<Limit, Failure> {
    let signed = key()?.sign(&SIGNED).map_err(|error| Failure::new(Exit::Failed, error.0))?;
    let rate = on_all_cores(|key| {
        key.public_key().verify(&SIGNED, &signed).map_err(|error| Failure::new(Exit::Failed, error))
    })?;
    let what = if signatures == 1 { "one signature".to_owned() } else { format!("{signatures} signatures") };
    Ok(Limit::new(rate / f64::from(signatures), format!("{what} verified")))
}

fn key() -> Result<SecretKey, Failure> {
    SecretKey::from_seed(&[0x42; 32]).map_err(|error| Failure::new(Exit::Failed, error))
}

fn on_all_cores(work: impl Fn(&SecretKey) -> Result<(), Failure> + Sync) -> Result<f64, Failure> {
    let key = key()?;
    let begun = Instant::now();
    let done = thread::scope(|scope| {
        let one = || {
            let mut done = 0_u64;
            while begun.elapsed() < WINDOW {
                work(&key)?;
                done += 1;
            }
            Ok(done)
        };
        let threads = (0..cores()).map(|_| scope.spawn(one)).collect::<Vec<_>>();
        threads.into_iter().map(joined).sum::<Result<u64, Failure>>()
    })?;
    Ok(rate(done, begun.elapsed()))
}

/// What a thread that ended brought.
pub(super) fn joined<T>(thread: thread::ScopedJoinHandle<'_, Result<T, Failure>>) -> Result<T, Failure> {
    thread.join().unwrap_or_else(|_| Err(Failure::new(Exit::Failed, "a thread of the measurement died")))
}

/// Rows of `bytes` appended in batches, each batch synced, a second.
pub(super) fn disk(folder: &Path, batch: u64, bytes: u64) -> Result<Limit, Failure> {
    let taken = synced(&folder.join("limit"), batch * bytes)
        .map_err(|error| Failure::new(Exit::Failed, format!("`{}` cannot be written: {error}", folder.display())))?;
    Ok(Limit::new(rate(batch * BATCHES, taken), format!("{bytes} bytes a row, appended and synced by {batch}")))
}

/// How long it takes to append batches of so many bytes to one file, each batch synced.
fn synced(path: &Path, bytes: u64) -> io::Result<Duration> {
    let mut file = File::create(path)?;
    let batch = vec![0x5a_u8; usize::try_from(bytes).map_err(io::Error::other)?];
    let begun = Instant::now();
    for _ in 0..BATCHES {
        file.write_all(&batch)?;
        file.sync_data()?;
    }
    let taken = begun.elapsed();
    fs::remove_file(path)?;
    Ok(taken)
}

/// Milliseconds that so many syncs take, one after another, each of one row.
pub(super) fn syncs(folder: &Path, syncs: u32, bytes: u64) -> Result<Limit, Failure> {
    let Limit { value: rows, .. } = disk(folder, 1, bytes)?;
    Ok(Limit::new(f64::from(syncs) * 1_000.0 / rows, format!("{syncs} syncs of {bytes} bytes")))
}

/// Empty calls through the same door, a second.
pub(super) async fn calls(console: Console, running: &Running) -> Result<Limit, Failure> {
    let mut connections = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        connections.push(running.connect().await?);
    }
    let pace = std::sync::Arc::new(Pace::within(WINDOW));
    let mut callers = Vec::with_capacity(CALLERS);
    for connection in connections.iter().cycle().take(CALLERS) {
        let mut client = HealthClient::new(connection.calls());
        let pace = std::sync::Arc::clone(&pace);
        callers.push(tokio::spawn(async move {
            let mut tally = Tally::new()?;
            while pace.take(1) == 1 {
                let begun = Instant::now();
                let answer = client.check(within_deadline(HealthCheckRequest::default())).await;
                answer.map_err(|status| remote::refused(console, "the node", &status))?;
                tally.note(&pace, begun, 1);
            }
            Ok(tally)
        }));
    }
    let tally = gathered(callers).await?;
    Ok(Limit::new(tally.rate(WINDOW), "one empty call"))
}

/// Empty calls through the same door, one after the other.
pub(super) async fn one_call(console: Console, connection: &Connection) -> Result<Calls, Failure> {
    let (mut client, pace, mut tally) = (HealthClient::new(connection.calls()), Pace::within(WINDOW), Tally::new()?);
    while pace.take(1) == 1 {
        let begun = Instant::now();
        let answer = client.check(within_deadline(HealthCheckRequest::default())).await;
        answer.map_err(|status| remote::refused(console, "the node", &status))?;
        tally.note(&pace, begun, 1);
    }
    Ok(tally.calls)
}

/// What all callers got done together.
pub(super) async fn gathered(callers: Vec<tokio::task::JoinHandle<Result<Tally, Failure>>>) -> Result<Tally, Failure> {
    let mut all = Tally::new()?;
    for caller in callers {
        all.add(&caller.await.map_err(|error| Failure::new(Exit::Failed, error))??);
    }
    Ok(all)
}
