//! Credit for entries on one stream, as each end counts it.
//!
//! A package is not cut: the one that uses the last credit may exceed it, and what it exceeds is owed from the credit
//! that comes next. So both ends count alike, whatever crosses on the way: a supplier that forgot what it owes would
//! send what its partner has no credit for.

/// Bytes given and used since the stream began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Credit {
    given: u64,
    used: u64,
}

impl Credit {
    /// More of it.
    pub(super) const fn give(&mut self, bytes: u64) {
        self.given = self.given.saturating_add(bytes);
    }

    /// A package of so many bytes; false if there was no credit left before it.
    pub(super) const fn take(&mut self, bytes: u64) -> bool {
        let any = self.left() > 0;
        self.used = self.used.saturating_add(bytes);
        any
    }

    /// What may still be sent; 0 also where something is owed.
    pub(super) const fn left(&self) -> u64 {
        self.given.saturating_sub(self.used)
    }
}

#[cfg(test)]
mod tests {
    use super::Credit;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    proptest! {
        /// The hazard: credit that is on its way while a package exceeds the credit before it.
        #[test]
        fn whatever_crosses_on_the_way_no_package_comes_without_credit(
            steps in prop::collection::vec((0..4_u8, 1..1_000_u64), 1..200),
        ) {
            let (mut supplier, mut replica) = (Credit::default(), Credit::default());
            let (mut credits, mut packages) = (VecDeque::new(), VecDeque::new());
            for (step, bytes) in steps {
                match step {
                    0 => {
                        replica.give(bytes);
                        credits.push_back(bytes);
                    }
                    1 => credits.pop_front().into_iter().for_each(|bytes| supplier.give(bytes)),
                    2 if supplier.left() > 0 => {
                        supplier.take(bytes);
                        packages.push_back(bytes);
                    }
                    _ => {
                        if let Some(bytes) = packages.pop_front() {
                            prop_assert!(replica.take(bytes), "{replica:?}");
                        }
                    }
                }
            }
        }
    }
}
