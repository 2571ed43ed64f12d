//! Whether rows of the audit trail are those that were written: each chained to the one before it, none missing.

use super::state::{AuditHead, AuditLink, AuditRow};

/// Follows the chain row by row, from the first one on.
#[derive(Debug, Clone, Copy, Default)]
pub struct AuditChain {
    head: Option<AuditHead>,
    rows: u64,
}

/// The chain does not hold at a row: it, or one before it, was changed, put in or taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BrokenChain {
    /// The row's link is not that of the row and what stands before it.
    #[error("row {0} is not what was written, or does not follow the row before it")]
    Link(u64),
    /// Rows between two are missing.
    #[error("rows are missing before row {0}")]
    Missing(u64),
    /// A row without a link among rows that have one.
    #[error("row {0} is not chained, and stands behind rows that are")]
    Unchained(u64),
}

impl AuditChain {
    /// Takes the next row.
    pub fn take(&mut self, row: &AuditRow) -> Result<(), BrokenChain> {
        self.rows = self.rows.saturating_add(1);
        let Some(link) = row.link else {
            // Rows of the time before rows were chained stand before all others.
            return if self.head.is_some() { Err(BrokenChain::Unchained(row.number)) } else { Ok(()) };
        };
        let before = self.head.map_or(AuditLink::START, |head| head.link);
        if self.head.is_some_and(|head| head.number.checked_add(1) != Some(row.number)) {
            return Err(BrokenChain::Missing(row.number));
        }
        if before.next(row.number, row.at_ms, &row.row) != link {
            return Err(BrokenChain::Link(row.number));
        }
        self.head = Some(AuditHead { number: row.number, link });
        Ok(())
    }

    /// The newest row that holds.
    #[must_use]
    pub const fn head(&self) -> Option<AuditHead> {
        self.head
    }

    /// Rows taken so far.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trail() -> Vec<AuditRow> {
        let mut head = None;
        let rows = (0..6_u8).map(|n| {
            let (next, row) = AuditHead::follow(head, 3, 1_000 + u64::from(n), vec![b'{', n]);
            head = Some(next);
            row
        });
        let old = AuditRow { number: 2, at_ms: 9, link: None, row: b"{old}".to_vec() };
        std::iter::once(old).chain(rows).collect()
    }

    fn check(rows: &[AuditRow]) -> Result<Option<AuditHead>, BrokenChain> {
        let mut chain = AuditChain::default();
        rows.iter().try_for_each(|row| chain.take(row)).map(|()| chain.head())
    }

    #[test]
    fn an_untouched_trail_holds_and_ends_in_its_head() {
        let rows = trail();
        assert_eq!(check(&rows).unwrap().unwrap().link, rows[6].link.unwrap());
    }

    #[test]
    fn whatever_is_done_to_a_row_is_found_at_it() {
        for at in 1..7 {
            let number = trail()[at].number;
            let mut changed = trail();
            changed[at].row.push(b'!');
            assert_eq!(check(&changed), Err(BrokenChain::Link(number)));
            let mut later = trail();
            later[at].at_ms += 1;
            assert_eq!(check(&later), Err(BrokenChain::Link(number)));
            let mut unchained = trail();
            unchained[at].link = None;
            assert!(check(&unchained).is_err(), "a row that lost its link");
        }
        let mut swapped = trail();
        swapped.swap(3, 4);
        assert!(check(&swapped).is_err());
    }

    #[test]
    fn a_row_that_is_gone_or_one_too_many_is_found() {
        for at in 1..6 {
            let mut rows = trail();
            rows.remove(at);
            assert!(check(&rows).is_err(), "row {at} is gone");
            let mut rows = trail();
            rows.insert(at, rows[at].clone());
            assert!(check(&rows).is_err(), "row {at} stands twice");
        }
    }

    #[test]
    fn what_is_cut_off_at_the_end_is_found_by_who_kept_the_head() {
        let rows = trail();
        let kept = check(&rows).unwrap();
        assert_ne!(check(&rows[..6]).unwrap(), kept);
    }
}
