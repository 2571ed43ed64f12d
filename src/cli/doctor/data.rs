//! The journals of a node that does not run: whether its next start will find them whole, and its clock where it was.

use super::Look;
use crate::{
    cli::arguments,
    log::Origin,
    node::{Configuration, NodeError, data_folders},
    reason::Reasoned as _,
    statement::Presentation,
    store::{JournalStore, StoreError},
    time::Timestamp,
};
use std::path::Path;

/// Every data folder.
pub(super) fn look(configuration: &Configuration, now: Timestamp) -> Vec<Look> {
    let folders = match data_folders(configuration) {
        Ok(folders) => folders,
        Err(error) => return vec![Look::bad("journal", error.to_string())],
    };
    let list = arguments::open_trust(&configuration.trust.list, &configuration.trust.anchor).ok();
    let is_closed = |log: &Origin| list.as_ref().is_some_and(|list| list.shard_final_size(log).is_some());
    let mut looks = Vec::new();
    for folder in folders {
        let Some((look, mut newest)) = journal(&folder.path) else { continue };
        looks.push(look);
        // Of what partners stamped no start of this node depends.
        if configuration.authorities.iter().any(|one| one.data == folder.path) {
            newest.retain(|(_, log)| !is_closed(log));
            looks.extend(went_back(newest, &folder.path, now));
        }
    }
    looks
}

/// The hour and the log of an entry.
type Stamped = (Timestamp, Origin);

/// One of them, with what the newest entries bear; nothing where the node has not begun it.
fn journal(folder: &Path) -> Option<(Look, Vec<Stamped>)> {
    let shown = folder.display();
    let look = match JournalStore::look(folder) {
        Ok(None) => return None,
        Ok(Some(found)) => {
            let words = format!("{shown}: {} batches in {} segments are whole", found.batches, found.segments);
            return Some((Look::good("journal", words), found.newest.iter().filter_map(|leaf| stamped(leaf)).collect()));
        }
        Err(StoreError::Locked(_)) => Look::warning("journal", format!("{shown}: a process has it open")),
        Err(error) => Look::bad("journal", format!("{error} [{}]", error.reason()))
            .help("move the folder away and keep it; `origin backup restore` puts a copy in its place, and what partners hold beyond that comes back from them"),
    };
    Some((look, Vec::new()))
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
    use crate::cli::doctor::State;

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
