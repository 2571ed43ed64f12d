//! A start begins with what lies in the node's folder, and a partner that is back is not kept waiting.

use super::*;
use crate::exchange::driver::kept;
use std::fs;

#[test]
fn a_start_begins_with_what_lies_here_and_is_for_this_node_and_with_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let lay = |node: &str, log: &str| fs::create_dir_all(folder.path().join(node).join(log)).unwrap();
    let of = |origin: &Origin| origin.as_str().replace('/', "_");
    let (ours, moved) = (origin(0, 1), origin(2, 1));
    lay(name(0).as_str(), &of(&ours));
    // Its authority has moved to another node since.
    lay(name(0).as_str(), &of(&moved));
    // Another's, an own one, one of an authority that no list names, and what is no log.
    for other in [origin(0, 2), origin(1, 0), "unlisted.example/log/2026/customs.gov.cn".parse().unwrap()] {
        lay(name(0).as_str(), &of(&other));
    }
    lay(".witness", "index");
    lay(name(0).as_str(), "lost+found");
    let found = kept(&WORLD.trust, &name(1), folder.path()).into_iter().collect::<BTreeSet<_>>();
    assert_eq!(found, BTreeSet::from([(name(0), ours), (name(2), moved)]));
    assert!(kept(&WORLD.trust, &name(1), &folder.path().join("nothing")).is_empty());
}

#[test]
fn a_partner_that_is_back_is_dialled_at_once_however_long_it_was_away() {
    let mut bench = settled();
    for _ in 0..8 {
        bench.tell(replica::Event::Disconnected);
        bench.now += 70;
        bench.tell(replica::Event::Tick);
    }
    bench.tell(replica::Event::Disconnected);
    bench.said.clear();
    let dials = |bench: &Bench| bench.said.iter().filter(|said| matches!(said, replica::Action::Dial)).count();
    bench.tell(replica::Event::Tick);
    assert_eq!(dials(&bench), 0, "it rests");
    bench.tell(replica::Event::Offered);
    assert_eq!(dials(&bench), 1);
}
