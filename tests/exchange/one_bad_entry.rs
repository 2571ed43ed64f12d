//! An issuer whose log holds an entry that nobody signed: its partners name it, and everything else goes on.

use crate::{
    delivery::{download, issue_footballs, log_to, signatory},
    federation::{Federation, Member, said, says, stop},
    pretender::Pretender,
    support::write,
    wire::origin::v1 as api,
};
use bytes::Bytes;
use origin_exchange::{
    keys::{KeyStore, Passphrase},
    log::{Extension, Frontier, Hash, HashReader, Origin, TreeHead, consistency_proof, leaf_hash},
    node::system::SystemRandom,
    signature::SignError,
    statement::Jti,
    store::{Batch, JournalOptions, JournalStore, NewEntry, Store, StoreError},
};
use std::{collections::HashMap, path::Path, sync::Arc};

/// All nodes of a tree.
struct Nodes(HashMap<(u8, u64), Hash>);

impl HashReader for Nodes {
    type Error = StoreError;

    fn node(&self, level: u8, index: u64) -> Result<Hash, StoreError> {
        Ok(self.0[&(level, index)])
    }
}

/// Puts an entry into a log of a stopped node, and signs the head over it with the node's own key: what an honest
/// node refuses to do. Gives its index.
pub(crate) fn smuggle(member: &Member, origin: &Origin, spoil: impl FnOnce(&[u8]) -> Bytes) -> u64 {
    let data = member.folder().join("data").join(member.host());
    let store = JournalStore::open(&data, JournalOptions::default(), Arc::new(SystemRandom)).unwrap();
    let head = store.head(origin).unwrap().head;
    let last = store.facts(origin, head.size - 1).unwrap().unwrap();
    let jti = Jti((u128::from_be_bytes(last.jti.0) + 1).to_be_bytes());
    let leaf = spoil(&store.leaf(origin, head.size - 1).unwrap().unwrap());
    let entry = NewEntry {
        origin: origin.clone(),
        index: head.size,
        jti,
        status_index: None,
        number: None,
        leaf: leaf.clone(),
        disclosures: None,
    };
    store.commit(Batch { entries: vec![entry], ..Batch::default() }).unwrap();
    let (mut edge, mut nodes) = (Frontier::default(), HashMap::new());
    for index in 0..=head.size {
        let leaf = store.leaf(origin, index).unwrap().unwrap_or_else(|| leaf.clone());
        edge.append_with(leaf_hash(&leaf), |level, at, node| {
            nodes.insert((level, at), node);
        });
    }
    let next = TreeHead { size: edge.size(), root: edge.root() };
    let proof = consistency_proof(head.size, next.size, &Nodes(nodes)).unwrap();
    let extension = Extension::prove(origin.clone(), Some(head), next, &proof).unwrap();
    let passphrase = Passphrase::from_file(Path::new(&member.at("keys.passphrase"))).unwrap();
    let keys = KeyStore::open(Path::new(&member.at("keys")), passphrase).unwrap();
    let key = keys.log(&format!("log-{}", origin.shard()).parse().unwrap()).unwrap();
    let sign = |extension: &Extension| {
        key.sign(extension).map_err(|error| origin_exchange::log::LogError::Sign(SignError(error.to_string())))
    };
    store.advance(vec![extension], &sign).unwrap();
    assert_eq!(store.head(origin).unwrap().head, next);
    head.size
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_badly_signed_entry_is_a_finding_and_stops_nothing() {
    let Federation { pakistan, china, kenya, .. } = &Federation::new();
    let mut one = pakistan.start();
    let (two, three) = (china.start(), kenya.start());
    let (caller, token) = signatory(pakistan, &mut one).await;
    let (log, trust) = (log_to(china), pakistan.trust());
    let before = issue_footballs(&caller, &token, 0..5).await;
    china.holds(&two, pakistan, &log, before.last().unwrap().index + 1);
    drop(caller);
    one.stop();

    let index = smuggle(pakistan, &log.parse().unwrap(), |leaf| {
        // The signature of another statement.
        let at = leaf.iter().rposition(|byte| *byte == b'.').unwrap() + 10;
        let mut spoilt = leaf.to_vec();
        spoilt[at] = if spoilt[at] == b'A' { b'B' } else { b'A' };
        spoilt.into()
    });
    let mut one = pakistan.start();
    let caller = crate::caller::Caller::open(&mut one, &pakistan.ca()).await;
    let after = issue_footballs(&caller, &token, 5..25).await;
    assert!(after[0].index > index, "{after:?}");
    let size = after.last().unwrap().index + 1;

    // It is named once, and all that comes after it is taken and cosigned.
    china.holds(&two, pakistan, &log, size);
    says(&two, &["an entry failed its check", "node.tdap.gov.pk", &log, &format!("index={index}")]);
    assert_eq!(said(&two, &["an entry failed its check"]), 1, "{}", two.events());
    assert_eq!(china.passage(&two, pakistan, &log).unwrap()["findings"], 1);
    Pretender::open(china, pakistan, &one).await.enough(&trust, &log, size).await;
    for place in [&before[0], &after[7]] {
        let bundle = download(&caller, &token, &place.number, api::DownloadFormat::Bundle).await;
        let bundle = write(kenya.folder(), "shown.coo.json", str::from_utf8(&bundle).unwrap());
        assert_eq!(kenya.judge(&bundle).good().json()["headline"], "VALID");
    }

    // Nobody waits for disclosures of what was never said.
    china.is_disclosed(&two, pakistan, &log);

    // It is still named, and still one, after a restart of the replica.
    two.stop();
    let two = china.start();
    let more = issue_footballs(&caller, &token, 25..30).await;
    china.holds(&two, pakistan, &log, more.last().unwrap().index + 1);
    assert_eq!(china.passage(&two, pakistan, &log).unwrap()["findings"], 1);
    stop([one, two, three]);
    let said = china.look_at_log(&Member::replica(pakistan, &log), &log);
    let lines = said.out.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let lines = lines.collect::<Vec<_>>();
    assert_eq!((said.code, lines.len()), (3, 2), "{}", said.out);
    assert_eq!((&lines[0]["index"], &lines[1]["findings"]), (&index.into(), &1.into()), "{}", said.out);
}
