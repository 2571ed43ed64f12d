//! The journals of a node that does not run: whether its next start will find them whole, and its clock where it was.

use super::{Look, stored};
use crate::{
    cli::arguments,
    log::Origin,
    node::{Configuration, DataFolder, NodeError, data_folders},
    reason::Reasoned as _,
    statement::Presentation,
    store::{JournalStore, StoreError},
    time::Timestamp,
};
use std::path::Path;

/// What there is to say of data folders.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// Of those that a start opens.
    pub(super) own: Vec<Look>,
    /// Of what is kept of partners' logs.
    pub(super) partners: Vec<Look>,
}

/// Every data folder.
pub(super) fn look(configuration: &Configuration, now: Timestamp) -> Looked {
    let folders = match data_folders(configuration) {
        Ok(folders) => folders,
        Err(error) => return Looked { own: vec![Look::bad("journal", error.to_string())], ..Looked::default() },
    };
    let list = arguments::open_trust(&configuration.trust.list, &configuration.trust.anchor).ok();
    let is_closed = |log: &Origin| list.as_ref().is_some_and(|list| list.shard_final_size(log).is_some());
    looks(&folders, is_closed, now)
}

fn looks(folders: &[DataFolder], is_closed: impl Fn(&Origin) -> bool, now: Timestamp) -> Looked {
    let mut looked = Looked::default();
    for folder in folders {
        let Some((look, mut newest)) = journal(folder) else { continue };
        // On what partners wrote and stamped no start of this node hangs.
        if folder.is_of_partner() {
            looked.partners.push(look);
            continue;
        }
        looked.own.push(look);
        newest.retain(|(_, log)| !is_closed(log));
        looked.own.extend(went_back(newest, &folder.path, now));
    }
    looked
}

/// The hour and the log of an entry.
type Stamped = (Timestamp, Origin);

/// One of them, with what the newest entries bear; nothing where the node has not begun it.
fn journal(folder: &DataFolder) -> Option<(Look, Vec<Stamped>)> {
    let shown = folder.path.display();
    let look = match JournalStore::look(&folder.path) {
        Ok(None) => return None,
        Ok(Some(found)) => {
            let words = format!("{shown}: {} batches in {} segments are whole", found.batches, found.segments);
            return Some((
                Look::good("journal", words),
                found.newest.iter().filter_map(|leaf| stamped(leaf)).collect(),
            ));
        }
        Err(StoreError::Locked(_)) => Look::warning("journal", format!("{shown}: a process has it open")),
        Err(error) => {
            let look = Look::bad("journal", format!("{error} [{}]", error.reason()));
            match help(&error, folder) {
                Some(help) => look.help(help),
                None => look,
            }
        }
    };
    Some((look, Vec::new()))
}

/// How it is mended; nothing of what the system refuses, and of what another version wrote, for that need not be damaged.
fn help(error: &StoreError, folder: &DataFolder) -> Option<String> {
    match error {
        StoreError::Io { .. } | StoreError::Version { .. } => None,
        StoreError::Corrupt { file, .. } if Path::new(file).starts_with(folder.path.join("entries")) => {
            Some(stored::help(Path::new(file), folder.is_of_partner()))
        }
        _ => Some(stored::without_copy(&folder.path, folder.is_of_partner())),
    }
}

fn stamped(leaf: &[u8]) -> Option<Stamped> {
    let no_disclosures: [&str; 0] = [];
    let entry = Presentation::from_leaf(leaf, &no_disclosures).ok()?;
    let envelope = entry.envelope();
    let hour = Timestamp::from_millisecond(i64::try_from(envelope.jti.hour_ms()).ok()?).ok()?;
    Some((hour, envelope.log.clone()))
}

/// What a start says of a clock that stands before the newest entry.
fn went_back(newest: Vec<Stamped>, folder: &Path, now: Timestamp) -> Option<Look> {
    let (newest, log) = newest.into_iter().max()?;
    (now < newest).then(|| {
        let error = NodeError::ClockWentBack { now, newest, origin: log.to_string() };
        Look::bad("clock", format!("{error} [{}]", error.reason())).help(format!(
            "which entry is the first of an hour to come: origin log check {log} --data {}",
            folder.display()
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cli::doctor::State, node::system::SystemRandom, store::JournalOptions};
    use std::sync::Arc;

    #[test]
    fn damage_to_what_is_kept_of_a_partner_refuses_no_start_and_has_a_road_of_its_own() {
        let place = tempfile::tempdir().unwrap();
        let names = ["authorities/tdap.gov.pk", "partners/.witness", "partners/node.gacc.gov.cn/log_2026_pk"];
        let folders = names.map(|name| {
            let path = place.path().join(name);
            drop(JournalStore::open(&path, JournalOptions::default(), Arc::new(SystemRandom)).unwrap());
            DataFolder { name: name.into(), path }
        });
        let now: Timestamp = "2026-11-30T11:20:00Z".parse().unwrap();
        let told = |looks: &[Look]| looks.iter().map(|look| look.state).collect::<Vec<_>>();
        let help = |looks: &[Look]| looks[0].help.clone().unwrap_or_default();
        let whole = looks(&folders, |_| false, now);
        assert_eq!((told(&whole.own), told(&whole.partners)), (vec![State::Good; 2], vec![State::Good]));
        std::fs::remove_file(folders[2].path.join("entries/00000001")).unwrap();
        let damaged = looks(&folders, |_| false, now);
        assert_eq!((told(&damaged.own), told(&damaged.partners)), (vec![State::Good; 2], vec![State::Bad]));
        let said = help(&damaged.partners);
        assert!(said.contains("the log is fetched again") && !said.contains("backup restore"), "{said}");
        // One segment costs nobody all that came after the copy.
        std::fs::remove_file(folders[0].path.join("entries/00000001")).unwrap();
        let damaged = looks(&folders, |_| false, now);
        assert_eq!(told(&damaged.own), [State::Bad, State::Good]);
        assert!(help(&damaged.own).contains("the same file of a copy"), "{damaged:?}");
        // What may not be read need not be damaged.
        let refused = StoreError::Io { file: "lock".to_owned(), source: std::io::ErrorKind::PermissionDenied.into() };
        assert_eq!(super::help(&refused, &folders[0]), None);
    }

    #[test]
    fn a_folder_whose_newest_entry_is_of_an_hour_to_come_is_said_to_stop_the_next_start() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let newest = |hour: &str| {
            vec![
                (at("2026-11-30T10:00:00Z"), "tdap.gov.pk/log/2026/all".parse().unwrap()),
                (at(hour), "tdap.gov.pk/log/2026/cn".parse().unwrap()),
            ]
        };
        let look = |hour: &str| went_back(newest(hour), Path::new("data/pk"), at("2026-11-30T11:20:00Z"));
        assert!(look("2026-11-30T11:00:00Z").is_none());
        let bad = look("2027-11-30T11:00:00Z").unwrap();
        assert!(bad.state == State::Bad && bad.sentence.ends_with("[CLOCK_WENT_BACK]"), "{bad:?}");
        assert!(bad.help.unwrap().ends_with("origin log check tdap.gov.pk/log/2026/cn --data data/pk"));
    }
}
