//! What is damaged of what is stored here, for the operator.

use super::applications::at;
use super::hosts::Hosts;
use super::wire::origin::v1 as wire;
use crate::exchange::driver::DriverView;
use crate::store::Damage;

/// What was found in the authorities' own stores, and in those of partners' logs. Nothing is read for it.
pub(super) fn all(hosts: &Hosts, partners: Option<&DriverView>) -> Vec<wire::StoredDamage> {
    let own = hosts.all().flat_map(|authority| authority.store().damages());
    let copies = partners.map(DriverView::replicated).unwrap_or_default();
    let copies = copies.into_iter().flat_map(|(_, store)| store.damages());
    own.map(|damage| to_wire(damage, false)).chain(copies.map(|damage| to_wire(damage, true))).collect()
}

fn to_wire(damage: Damage, of_partner: bool) -> wire::StoredDamage {
    let Damage { file, offset, what, entries, found_ms } = damage;
    let entries = entries.into_iter().map(|(log, range)| wire::DamagedEntries {
        log: log.to_string(),
        first: range.start,
        last: range.end.saturating_sub(1),
    });
    wire::StoredDamage { file, offset, what, entries: entries.collect(), found_at: at(found_ms), of_partner }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_is_shown_with_the_first_and_the_last_entry_that_it_touches() {
        let log = "tdap.gov.pk/log/2026/gacc.gov.cn";
        let shown = to_wire(
            Damage {
                file: "data/entries/00000001".to_owned(),
                offset: 52,
                what: "the batch is damaged".to_owned(),
                entries: vec![(log.parse().unwrap(), 4..8)],
                found_ms: 1_790_000_000_000,
            },
            true,
        );
        assert_eq!(shown.entries, [wire::DamagedEntries { log: log.to_owned(), first: 4, last: 7 }]);
        assert!(shown.of_partner && shown.found_at.is_some_and(|at| at.seconds == 1_790_000_000));
    }
}
