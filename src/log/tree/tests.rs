use super::super::{Levels, NotHeld, leaf_hash};
use super::*;
use crate::encoding::hex;

/// The eight entries of formats.md section 2 and the roots of their prefixes, computed apart from this code by the
/// recursive definition of RFC 6962 section 2.1.
const ENTRIES: [&str; 8] =
    ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

#[test]
fn the_roots_of_the_check_value_come_out() {
    let mut edge = Frontier::empty();
    let mut leaves = Vec::new();
    for (size, expected) in ROOTS.iter().enumerate() {
        assert_eq!(hex::encode(edge.root().as_bytes()), *expected, "size {size}");
        assert_eq!(root_of(&leaves), edge.root());
        assert_eq!(edge.size(), size as u64);
        if let Some(entry) = ENTRIES.get(size) {
            leaves.push(leaf_hash(&hex::decode(entry).unwrap()));
            edge.append(leaves[size]);
        }
    }
}

#[test]
fn a_loaded_edge_is_the_edge_that_grew() {
    let mut all = Levels::new();
    let mut grown = Frontier::empty();
    for n in 0..300u64 {
        let loaded = Frontier::load(n, &all).unwrap();
        assert_eq!(loaded, grown, "size {n}");
        assert_eq!(root(n, &all).unwrap(), all.root());
        assert_eq!(all.size(), n);
        let leaf = leaf_hash(&n.to_be_bytes());
        all.append(leaf);
        grown.append(leaf);
    }
    assert!(Frontier::load(301, &all).is_err());
}

#[test]
fn every_complete_subtree_is_handed_out_once_and_right() {
    let leaves = (0..77u64).map(|n| leaf_hash(&n.to_be_bytes())).collect::<Vec<_>>();
    let mut edge = Frontier::empty();
    let mut seen = std::collections::BTreeMap::new();
    for leaf in &leaves {
        edge.append_with(*leaf, |level, index, hash| assert_eq!(seen.insert((level, index), hash), None));
    }
    for ((level, index), hash) in &seen {
        let start = usize::try_from(index << level).unwrap();
        assert_eq!(root_of(&leaves[start..start + (1 << level)]), *hash, "level {level} index {index}");
    }
    // 77 + 38 + 19 + 9 + 4 + 2 + 1
    assert_eq!(seen.len(), 150);
    let all = leaves.into_iter().collect::<Levels>();
    assert_eq!(all.node(7, 0), Err(NotHeld { level: 7, index: 0 }));
    assert_eq!(all.node(6, 0).ok(), seen.get(&(6, 0)).copied());
    assert_eq!(all.node(6, 1), Err(NotHeld { level: 6, index: 1 }));
}

#[test]
fn the_largest_size_does_not_overflow() {
    struct Same;
    impl HashReader for Same {
        type Error = std::convert::Infallible;
        fn node(&self, _: u8, _: u64) -> Result<Hash, Self::Error> {
            Ok(EMPTY_ROOT)
        }
    }
    let mut edge = Frontier::load(u64::MAX, &Same).unwrap();
    edge.append(EMPTY_ROOT);
    assert_eq!(edge.size(), u64::MAX);
}
