//! Space on the disk, and how long it takes until something is safe on it.

use super::Look;
use std::{
    fs,
    io::Write,
    path::Path,
    time::{Duration, Instant},
};

/// Syncs that are timed: one commit each.
const SYNCS: usize = 50;
/// Bytes of one timed write: one certificate.
const ROW: usize = 4096;
/// A sync that takes longer makes every caller wait longer; a good disk takes 0.2 to 1.4 ms.
const SLOW: Duration = Duration::from_millis(20);
/// Below this there is little room left for entries: a million certificates take about 4 GB.
const LITTLE: u64 = 5 << 30;
/// Below this a node may stop issuing at any time.
const TOO_LITTLE: u64 = 1 << 30;

pub(super) fn look(data: &Path) -> Vec<Look> {
    if !data.is_dir() {
        return vec![
            Look::warning("disk", format!("the data folder `{}` is not there yet", data.display()))
                .help("the node makes it at its first start"),
        ];
    }
    vec![space(data), syncs(data)]
}

fn space(data: &Path) -> Look {
    match rustix::fs::statvfs(data) {
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            let sentence = format!("{} MB free for {}", free >> 20, data.display());
            if free < TOO_LITTLE {
                Look::bad("space", sentence).help("make room, or move the data folder while the node is stopped")
            } else if free < LITTLE {
                Look::warning("space", sentence)
            } else {
                Look::good("space", sentence)
            }
        }
        Err(error) => Look::bad("space", format!("`{}` cannot be asked: {error}", data.display())),
    }
}

fn syncs(data: &Path) -> Look {
    let timed = || -> std::io::Result<Vec<Duration>> {
        let mut file = tempfile::Builder::new().prefix(".origin-doctor-").tempfile_in(data)?;
        let row = [0x6f; ROW];
        let mut times = Vec::with_capacity(SYNCS);
        for _ in 0..SYNCS {
            let start = Instant::now();
            file.write_all(&row)?;
            file.as_file().sync_data()?;
            times.push(start.elapsed());
        }
        times.sort_unstable();
        Ok(times)
    };
    match timed() {
        Ok(times) => {
            let at = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or_default();
            let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
            let (median, late) = (at(50), at(98));
            let sentence = format!("a sync takes {:.2} ms, the slowest of fifty {:.2} ms", ms(median), ms(late));
            if median > SLOW {
                Look::warning("disk", sentence)
                    .help("every answer waits for a sync: a disk with power-loss protection is faster")
            } else {
                Look::good("disk", sentence)
            }
        }
        Err(error) => Look::bad("disk", format!("`{}` cannot be written: {error}", data.display()))
            .help(format!("the node's user owns it: ls -ld {}", fs::canonicalize(data).unwrap_or_default().display())),
    }
}
