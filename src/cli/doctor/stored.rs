//! Damage that a node found while it read again what it keeps, and how it is mended.

use super::Look;
use crate::{api::client::wire, time::Timestamp};
use std::path::Path;

/// What a running node knows of.
pub(super) fn look(status: &wire::GetStatusResponse) -> Vec<Look> {
    status.damages.iter().map(damage).collect()
}

fn damage(one: &wire::StoredDamage) -> Look {
    let wire::StoredDamage { file, offset, what, entries, found_at, of_partner } = one;
    let found = found_at.as_ref().and_then(|at| Timestamp::from_second(at.seconds).ok());
    let found = found.map(|at| format!(", found {at}")).unwrap_or_default();
    let touched = entries.iter().map(|touched| {
        let wire::DamagedEntries { log, first, last } = touched;
        format!("; of {log} entries between {first} and {last}, or their contents, are not served")
    });
    let touched = touched.collect::<Vec<_>>().concat();
    let sentence = format!("{file} is damaged at offset {offset}: {what}{found}{touched} [STORE_CORRUPT]");
    Look::bad("journal", sentence).help(help(Path::new(file), *of_partner))
}

/// How a damaged file is mended.
pub(super) fn help(file: &Path, of_partner: bool) -> String {
    let class = file.parent().unwrap_or(Path::new("."));
    if class.ends_with("logs") {
        return format!(
            "it follows from the journal: stop the node, move `{}` away and start it, and it is made again",
            class.display()
        );
    }
    let without = without_copy(class.parent().unwrap_or(class), of_partner);
    format!(
        "stop the node, keep the file, and put the same file of a copy in its place: segments never change once they are \
         closed (`origin backup check` says whether the copy is whole). Where no copy has it: {without}. \
         docs/cli/backup.md (A damaged file)"
    )
}

/// How a data folder is mended as a whole.
pub(super) fn without_copy(folder: &Path, of_partner: bool) -> String {
    if of_partner {
        format!("move `{}` away, and the log is fetched again from its node", folder.display())
    } else {
        "move all that the node keeps away and put a whole copy back (`origin backup restore`); what partners hold beyond \
         it comes back from them"
            .to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::State;

    #[test]
    fn damage_is_said_with_its_place_its_entries_and_the_road_that_mends_it() {
        let of = |file: &str, of_partner| {
            let log = "tdap.gov.pk/log/2026/gacc.gov.cn".to_owned();
            let damage = wire::StoredDamage {
                file: file.to_owned(),
                offset: 52,
                what: "the batch is damaged".to_owned(),
                entries: vec![wire::DamagedEntries { log, first: 4, last: 7 }],
                found_at: None,
                of_partner,
            };
            let status = wire::GetStatusResponse { damages: vec![damage], ..Default::default() };
            look(&status).pop().unwrap()
        };
        let own = of("data/entries/00000001", false);
        assert_eq!(own.state, State::Bad);
        for word in ["data/entries/00000001", "offset 52", "2026/gacc.gov.cn", "between 4 and 7", "STORE_CORRUPT"] {
            assert!(own.sentence.contains(word), "{word}: {}", own.sentence);
        }
        let help = |look: &Look| look.help.clone().unwrap_or_default();
        assert!(help(&own).contains("file of a copy") && help(&own).contains("origin backup restore"));
        // A partner's log has a road that an own one has not.
        let partners = help(&of("data/partners/gacc/tdap_log_2026_cn/entries/00000001", true));
        assert!(partners.contains("move `data/partners/gacc/tdap_log_2026_cn` away"), "{partners}");
        let rows = help(&of("data/logs/00000000.rows", false));
        assert!(rows.contains("move `data/logs` away") && !rows.contains("copy"), "{rows}");
        assert!(look(&wire::GetStatusResponse::default()).is_empty());
    }
}
