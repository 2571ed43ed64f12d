//! Receipts of what reached this node: each is a statement of the authority to whom the log was addressed.

use super::trust_keeper::TrustKeeper;
use crate::exchange::driver::{Lists as _, OwedReceipt, Receipts};
use crate::sequencer::{RequestKey, Saying, Sequencer, Task, Work};
use crate::statement::{Addressee, Issuer, RECEIPT_INDEXES_MAX, Receipt};
use crate::time::Clock;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::runtime::Handle;
use uuid::Uuid;

/// The account under which a node's own requests are kept. No person has it: names of accounts are random.
const ACCOUNT: &str = "exchange";

/// Makes receipts in the logs of the authorities hosted here.
pub(super) struct ReceiptBook {
    authorities: Vec<(Issuer, Sequencer)>,
    keeper: Arc<TrustKeeper>,
    clock: Arc<dyn Clock>,
    runtime: Handle,
}

impl ReceiptBook {
    /// Needs a runtime.
    pub(super) fn new(authorities: Vec<(Issuer, Sequencer)>, keeper: Arc<TrustKeeper>, clock: Arc<dyn Clock>) -> Self {
        Self { authorities, keeper, clock, runtime: Handle::current() }
    }

    /// The authority hosted here to whom a log is addressed, by its name or by its country's.
    fn addressee(&self, owed: &OwedReceipt) -> Option<&Sequencer> {
        let label = owed.origin.addressee();
        let list = self.keeper.current();
        let is_it = |issuer: &Issuer| {
            let country =
                list.text().addressees.iter().find(|(_, named)| *named == issuer).map(|(country, _)| *country);
            Addressee::Authority(issuer.clone()).label() == label
                || country.is_some_and(|country| Addressee::Country(country).label() == label)
        };
        self.authorities.iter().find(|(issuer, _)| is_it(issuer)).map(|(_, sequencer)| sequencer)
    }
}

impl Receipts for ReceiptBook {
    fn make(&self, owed: &OwedReceipt) -> Result<(), String> {
        let sequencer = self.addressee(owed).ok_or("no authority to whom the log is addressed is hosted here")?;
        let receipt = receipt(owed);
        let now = self.clock.now();
        let seconds = u64::try_from(now.as_second()).map_err(|error| error.to_string())?;
        let nanoseconds = u32::try_from(now.subsec_nanosecond()).map_err(|error| error.to_string())?;
        let made_at = uuid::Timestamp::from_unix(uuid::NoContext, seconds, nanoseconds);
        let work = Work {
            request: RequestKey { account: ACCOUNT.to_owned(), id: Uuid::new_v7(made_at).into_bytes() },
            digest: Sha256::digest(format!("{receipt:?}").as_bytes()).into(),
            task: Task::Say(Box::new(Saying::receipt(receipt))),
            by: None,
        };
        self.runtime.block_on(sequencer.submit(work)).map(|_| ()).map_err(|error| error.to_string())
    }
}

/// What is owed, as far as one receipt can say it: where there is more to name it speaks for fewer entries, and the
/// next one for the rest.
fn receipt(owed: &OwedReceipt) -> Receipt {
    let named = owed.missing.iter().chain(&owed.held).copied().collect::<BTreeSet<_>>();
    let size = named.iter().nth(RECEIPT_INDEXES_MAX).map_or(owed.size, |first_unnamed| *first_unnamed);
    let below = |indexes: &[u64]| indexes.iter().copied().filter(|index| *index < size).collect();
    Receipt { origin: owed.origin.clone(), size, missing: below(&owed.missing), held: below(&owed.held) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_that_cannot_name_all_speaks_for_fewer_entries() {
        let origin = "tdap.gov.pk/log/2026/gacc.gov.cn".parse().unwrap();
        let owed = OwedReceipt { origin, size: 900, missing: (0..200).step_by(2).collect(), held: vec![1, 3, 800] };
        let receipt = receipt(&owed);
        assert_eq!(receipt.missing.len() + receipt.held.len(), RECEIPT_INDEXES_MAX);
        assert!(receipt.size < 200 && receipt.held == [1, 3]);
        assert!(!receipt.missing.contains(&receipt.size) && owed.missing.contains(&receipt.size));
        let few = OwedReceipt { missing: vec![7], held: vec![800], ..owed };
        assert_eq!(super::receipt(&few).size, 900);
    }
}
