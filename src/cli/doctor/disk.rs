//! Space on each disk that the node writes to, and how long it takes until something is safe on it.

use super::Look;
use crate::node::Configuration;
use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    os::unix::fs::MetadataExt,
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

/// The disk of the node's own data, and those of its authorities' and of partners' logs where they lie on others.
pub(super) fn look(configuration: &Configuration) -> Vec<Look> {
    let authorities = configuration.authorities.iter().map(|one| one.data.as_path());
    let partners = configuration.partner.iter().map(|partner| partner.data.as_path());
    each_disk(&configuration.data, authorities.chain(partners))
}

/// Each disk once: what a folder has for itself says nothing of another, and two folders of one disk share it.
fn each_disk<'a>(data: &'a Path, others: impl Iterator<Item = &'a Path>) -> Vec<Look> {
    let (mut disks, mut looks) = (BTreeSet::new(), Vec::new());
    for folder in std::iter::once(data).chain(others) {
        match fs::metadata(folder) {
            Ok(found) if found.is_dir() => {
                let is_another = disks.insert(found.dev());
                looks.extend(is_another.then(|| [space(folder), syncs(folder)]).into_iter().flatten());
            }
            // What is made inside of the node's own folder stands on its disk.
            _ if folder != data && folder.starts_with(data) => {}
            _ => {
                looks.push(
                    Look::warning("disk", format!("the data folder `{}` is not there yet", folder.display()))
                        .help("the node makes it at its first start; a disk of its own has to be mounted before"),
                );
                looks.extend(place_of(folder).filter(|(_, disk)| disks.insert(*disk)).map(|(place, _)| space(place)));
            }
        }
    }
    looks
}

/// The nearest folder there is, of those in which a folder will be made, and its disk.
fn place_of(folder: &Path) -> Option<(&Path, u64)> {
    let mut places = folder.ancestors().map(|place| if place.as_os_str().is_empty() { Path::new(".") } else { place });
    places.find_map(|place| Some((place, fs::metadata(place).ok().filter(fs::Metadata::is_dir)?.dev())))
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
            let sentence = format!(
                "a sync takes {:.2} ms, the slowest of fifty {:.2} ms, in {}",
                ms(median),
                ms(late),
                data.display()
            );
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn the_disk_of_partners_logs_is_measured_where_it_is_another_and_no_disk_twice() {
        let own = tempfile::tempdir().unwrap();
        // Where there is none, or it is the disk of the temporary files, there is one disk.
        let other = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let device = |folder: &Path| fs::metadata(folder).unwrap().dev();
        let is_another = device(own.path()) != device(other.path());
        let inside = own.path().join("partners");
        fs::create_dir(&inside).unwrap();
        let looks = each_disk(own.path(), [inside.as_path(), other.path(), other.path()].into_iter());
        assert_eq!(looks.len(), if is_another { 4 } else { 2 }, "{looks:?}");
        let of = |folder: &Path| {
            let name = folder.display().to_string();
            looks.iter().filter(|look| look.sentence.contains(&name)).count()
        };
        assert_eq!((of(own.path()), of(other.path())), (2, if is_another { 2 } else { 0 }));
    }

    #[test]
    fn a_folder_that_is_made_later_has_the_space_of_the_nearest_one_there_is() {
        let own = tempfile::tempdir().unwrap();
        let later = own.path().join("node/data");
        let looks = each_disk(&later, [later.join("partners").as_path()].into_iter());
        let said = looks.iter().map(|look| (look.what, look.sentence.as_str())).collect::<Vec<_>>();
        assert!(matches!(said.as_slice(), [("disk", _), ("space", _)]), "{said:?}");
        assert!(said[0].1.contains("is not there yet") && said[1].1.contains(own.path().to_str().unwrap()), "{said:?}");
        assert_eq!(place_of(Path::new("nowhere/data")).map(|(place, _)| place), Some(Path::new(".")));
    }

    #[test]
    fn a_folder_that_is_not_there_is_told_unless_it_is_made_inside_of_the_nodes_own() {
        let own = tempfile::tempdir().unwrap();
        let (inside, away) = (own.path().join("partners"), PathBuf::from("/nowhere/partners"));
        let looks = each_disk(own.path(), [inside.as_path(), away.as_path()].into_iter());
        let missing = looks.iter().filter(|look| look.sentence.contains("is not there yet")).collect::<Vec<_>>();
        assert!(missing.len() == 1 && missing[0].sentence.contains("/nowhere/partners"), "{looks:?}");
    }
}
