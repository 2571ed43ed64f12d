//! Somebody who reads every log from its first entry and forgets nothing: what was once seen must never change.

use crate::{
    caller::Caller,
    ledger::{Answer, Ledger},
    wire::origin::v1 as wire,
};
use origin_exchange::{
    log::{Frontier, Hash, Origin, SignedCheckpoint, TreeHead, leaf_hash, verify_consistency},
    statement::{OpenedBody, Receipt, open_leaf},
    trust::TrustList,
};
use std::collections::{BTreeMap, HashSet};

/// One log as it was read so far.
#[derive(Default)]
struct Mirror {
    edge: Frontier,
    /// Identifiers of the statements, by their place.
    jtis: Vec<String>,
    certificates: usize,
    status_changes: usize,
    receipts: Vec<Receipt>,
    /// Every head ever seen, by its size.
    heads: BTreeMap<u64, Hash>,
}

pub(crate) struct Auditor {
    trust: TrustList,
    token: String,
    logs: BTreeMap<Origin, Mirror>,
    jtis: HashSet<String>,
    pub(crate) proofs: usize,
}

impl Auditor {
    pub(crate) fn new(trust: TrustList, token: String) -> Self {
        Self { trust, token, logs: BTreeMap::new(), jtis: HashSet::new(), proofs: 0 }
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    pub(crate) fn origins(&self) -> Vec<Origin> {
        self.logs.keys().cloned().collect()
    }

    /// Every answer names the statement that stands there.
    pub(crate) fn compare(&self, ledger: &mut Ledger) {
        for asked in ledger.take_fresh() {
            let Answer { jti, log, index, number } = asked.answer.unwrap();
            assert_eq!(self.jti_at(&log, index), Some(jti.as_str()), "{log} {index}: {number} is missing");
        }
    }

    /// Entries read.
    pub(crate) fn size(&self, origin: &Origin) -> u64 {
        self.logs[origin].edge.size()
    }

    /// Certificates and changes of status in all logs.
    pub(crate) fn counted(&self) -> (usize, usize) {
        let sum = |count: fn(&Mirror) -> usize| self.logs.values().map(count).sum();
        (sum(|log| log.certificates), sum(|log| log.status_changes))
    }

    /// Receipts of a log, in the order of the log they stand in.
    #[allow(dead_code, reason = "one of the programs that share this has nobody who receipts")]
    pub(crate) fn receipts(&self, of: &str) -> Vec<&Receipt> {
        let all = self.logs.values().flat_map(|log| &log.receipts);
        all.filter(|receipt| receipt.origin.as_str() == of).collect()
    }

    /// The identifier of the statement at a place.
    pub(crate) fn jti_at(&self, log: &str, index: u64) -> Option<&str> {
        let mirror = self.logs.get(&log.parse::<Origin>().unwrap())?;
        mirror.jtis.get(usize::try_from(index).unwrap()).map(String::as_str)
    }

    /// Takes note of a head. There is one root for each size, for ever.
    pub(crate) fn see(&mut self, note: &[u8]) -> (Origin, TreeHead) {
        let note = str::from_utf8(note).unwrap();
        let origin: Origin = note.lines().next().unwrap().parse().unwrap();
        let signed = SignedCheckpoint::open(note, &self.trust.log_key(&origin).unwrap()).unwrap();
        let head = signed.checkpoint().head;
        let mirror = self.logs.entry(origin.clone()).or_default();
        let known = *mirror.heads.entry(head.size).or_insert(head.root);
        assert_eq!(known, head.root, "{origin} forked: two heads of size {}", head.size);
        (origin, head)
    }

    /// Reads every log up to its newest head, and holds it to everything seen before.
    pub(crate) async fn follow(&mut self, caller: &Caller) {
        let mut logs = caller.logs(&self.token);
        let listed = logs.list_logs(wire::ListLogsRequest::default()).await.unwrap().into_inner().logs;
        let listed = listed.into_iter().map(|log| log.origin).collect::<HashSet<_>>();
        for origin in self.origins() {
            assert!(listed.contains(origin.as_str()), "{origin} is gone");
        }
        for log in listed {
            let last = self.last(&log);
            let note = logs.get_checkpoint(wire::GetCheckpointRequest { log: log.clone() }).await.unwrap();
            let (origin, head) = self.see(&note.into_inner().note);
            assert_eq!(origin.as_str(), log);
            if let Some(last) = last {
                assert!(last.size <= head.size, "{log} was rolled back from {} to {}", last.size, head.size);
                if last.size < head.size {
                    self.prove(caller, &log, last, head).await;
                }
            }
            self.read(caller, &origin, head).await;
        }
    }

    fn last(&self, log: &str) -> Option<TreeHead> {
        let (size, root) = self.logs.get(&log.parse::<Origin>().unwrap())?.heads.last_key_value()?;
        Some(TreeHead { size: *size, root: *root })
    }

    /// The newest head extends the last one seen: the node's own proof says so.
    async fn prove(&mut self, caller: &Caller, log: &str, last: TreeHead, head: TreeHead) {
        let request =
            wire::GetConsistencyProofRequest { log: log.to_owned(), old_size: last.size, new_size: head.size };
        let proof = caller.logs(&self.token).get_consistency_proof(request).await.unwrap().into_inner();
        let hashes = proof.hashes.iter().map(|hash| Hash(hash[..].try_into().unwrap())).collect::<Vec<_>>();
        verify_consistency(last.size, head.size, &last.root, &head.root, &hashes)
            .unwrap_or_else(|error| panic!("{log} forked between {} and {}: {error}", last.size, head.size));
        self.proofs += 1;
    }

    /// Reads entries up to a head; their root is the head's, and that of every smaller head seen.
    async fn read(&mut self, caller: &Caller, origin: &Origin, head: TreeHead) {
        let mut logs = caller.logs(&self.token);
        let mirror = self.logs.get_mut(origin).unwrap();
        while mirror.edge.size() < head.size {
            let start = mirror.edge.size();
            let request = wire::ListEntriesRequest { log: origin.to_string(), start, page_size: 500 };
            let page = logs.list_entries(request).await.unwrap().into_inner();
            assert!(!page.entries.is_empty(), "{origin} ends at {start}, its head says {}", head.size);
            for entry in page.entries.iter().take_while(|entry| entry.index < head.size) {
                assert_eq!(entry.index, mirror.edge.size());
                mirror.edge.append(leaf_hash(&entry.leaf));
                if let Some(root) = mirror.heads.get(&mirror.edge.size()) {
                    assert_eq!(*root, mirror.edge.root(), "{origin}: a head seen at size {}", mirror.edge.size());
                }
                let opened = open_leaf(&entry.leaf, &[] as &[&str]).unwrap();
                match opened.body {
                    OpenedBody::Certificate(_) => mirror.certificates += 1,
                    OpenedBody::StatusChange(_) => mirror.status_changes += 1,
                    OpenedBody::Receipt(receipt) => mirror.receipts.push(receipt),
                    _ => {}
                }
                let jti = opened.envelope.jti.to_string();
                assert!(self.jtis.insert(jti.clone()), "{origin}: {jti} stands in two places");
                mirror.jtis.push(jti);
            }
        }
        assert_eq!(mirror.edge.root(), head.root, "{origin}: the head is not the root of the entries");
    }
}
