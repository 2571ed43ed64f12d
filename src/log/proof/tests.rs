use super::super::{Levels, leaf_hash};
use super::*;
use crate::encoding::base64;
use ct_merkle::{ConsistencyProof, InclusionProof, RootHash, mem_backed_tree::MemoryBackedTree};
use proptest::prelude::*;
use sha2::Sha256;
use std::{fs, path::Path};
use tlog_tiles::tlog;

fn entry(n: u64) -> Vec<u8> {
    format!("entry {n}").into_bytes()
}

fn tree(size: u64) -> Levels {
    (0..size).map(|n| leaf_hash(&entry(n))).collect()
}

fn concatenated(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

#[test]
fn every_inclusion_proof_of_small_trees_holds_at_its_place_only() {
    let all = tree(40);
    for size in 1..=40 {
        let root = super::super::root(size, &all).unwrap();
        for index in 0..size {
            let proof = inclusion_proof(index, size, &all).unwrap();
            for place in 0..size + 2 {
                let leaf = leaf_hash(&entry(index));
                let verdict = verify_inclusion(place, size, &leaf, &proof, &root);
                assert_eq!(verdict.is_ok(), place == index, "proof of {index} at {place} of {size}");
            }
        }
    }
    assert_eq!(inclusion_proof(3, 3, &all), Err(ReadError::OutOfRange));
    assert_eq!(inclusion_proof(0, 0, &all), Err(ReadError::OutOfRange));
    assert!(matches!(inclusion_proof(0, 41, &all), Err(ReadError::Hashes(_))));
}

#[test]
fn every_consistency_proof_of_small_trees_holds_for_its_sizes_only() {
    let all = tree(33);
    let root = |size| super::super::root(size, &all).unwrap();
    for new in 0..=33 {
        for old in 0..=new {
            let proof = consistency_proof(old, new, &all).unwrap();
            assert_eq!(verify_consistency(old, new, &root(old), &root(new), &proof), Ok(()), "{old} to {new}");
            for other in (0..=new).filter(|other| *other != old) {
                assert!(verify_consistency(other, new, &root(old), &root(new), &proof).is_err());
                assert!(verify_consistency(old, new, &root(other), &root(new), &proof).is_err());
            }
            let longer = [proof.clone(), vec![root(old)]].concat();
            assert!(verify_consistency(old, new, &root(old), &root(new), &longer).is_err());
            if let Some((_, shorter)) = proof.split_last() {
                assert!(verify_consistency(old, new, &root(old), &root(new), shorter).is_err());
            }
        }
    }
    assert_eq!(consistency_proof(3, 2, &all), Err(ReadError::OutOfRange));
    assert_eq!(verify_consistency(3, 2, &root(3), &root(2), &[]), Err(ProofError::OutOfRange));
}

#[test]
fn the_empty_tree_has_one_root_and_needs_no_proof() {
    let one = leaf_hash(b"");
    assert_eq!(verify_consistency(0, 1, &EMPTY_ROOT, &one, &[]), Ok(()));
    assert_eq!(verify_consistency(0, 1, &one, &one, &[]), Err(ProofError::OtherRoot));
    assert_eq!(verify_consistency(0, 1, &EMPTY_ROOT, &one, &[one]), Err(ProofError::WrongLength));
    assert_eq!(verify_consistency(0, 0, &one, &one, &[]), Err(ProofError::OtherRoot));
    assert_eq!(verify_consistency(0, 0, &EMPTY_ROOT, &EMPTY_ROOT, &[]), Ok(()));
}

/// From the published set: heads of 2 and 5 of the eight entries of formats.md section 2.
#[test]
fn a_published_consistency_proof_holds() {
    let [old, new, a, b] = [
        "+sVCA+fMaWzw38tCySodnbr3CtnmIfS9jZhmLwDjwSU=",
        "Tju7H3tHjc/nH7YxYxUZo7yhLJrvyhYSv85ME6hiZNQ=",
        "Xwg/ChozygdqlSeYMlgNs+DvRYS9/x9UyKNg9Q3jAx4=",
        "vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=",
    ]
    .map(|text| text.parse::<Hash>().unwrap());
    assert_eq!(verify_consistency(2, 5, &old, &new, &[a, b]), Ok(()));
    assert_eq!(verify_consistency(2, 5, &old, &new, &[b, a]), Err(ProofError::OtherRoot));
    assert_eq!(verify_consistency(2, 5, &old, &new, &[a]), Err(ProofError::WrongLength));
    assert_eq!(verify_consistency(2, 5, &old, &new, &[a, b, a]), Err(ProofError::WrongLength));
    assert_eq!(verify_consistency(2, 5, &new, &old, &[a, b]), Err(ProofError::OtherRoot));
}

#[test]
fn a_path_among_leaf_hashes_is_the_inclusion_proof() {
    for size in 0..20 {
        let leaves = (0..size).map(|n| leaf_hash(&entry(n))).collect::<Vec<_>>();
        let all = tree(size);
        for index in 0..size {
            let path = path_in(&leaves, usize::try_from(index).unwrap());
            assert_eq!(path, inclusion_proof(index, size, &all).ok());
        }
        assert_eq!(path_in(&leaves, leaves.len()), None);
    }
    assert_eq!(path_in(&[], usize::MAX), None);
}

/// Lets the other implementation read our hashes by its own numbering.
struct TheirReader<'a>(&'a Levels);

impl tlog::HashReader for TheirReader<'_> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog::Hash>, tlog_tiles::Error> {
        let read = |at: &u64| {
            let (level, index) = tlog::split_stored_hash_index(*at);
            self.0.node(level, index).map(|hash| tlog::Hash(hash.0)).unwrap()
        };
        Ok(indexes.iter().map(read).collect())
    }
}

fn theirs(hashes: &[Hash]) -> Vec<tlog::Hash> {
    hashes.iter().map(|hash| tlog::Hash(hash.0)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn two_other_implementations_agree_with_every_proof(size in 1u64..520, a in any::<u64>(), b in any::<u64>()) {
        let (index, old) = (a % size, 1 + b % size);
        let all = tree(size);
        let root = all.root();
        let old_root = super::super::root(old, &all).unwrap();
        let inclusion = inclusion_proof(index, size, &all).unwrap();
        let consistency = consistency_proof(old, size, &all).unwrap();

        let mut other = MemoryBackedTree::<Sha256, Vec<u8>>::new();
        (0..size).for_each(|n| other.push(entry(n)));
        let their_root = other.root();
        prop_assert_eq!(their_root.as_bytes().as_slice(), &root.0[..]);
        let at = usize::try_from(index).unwrap();
        let path = other.prove_inclusion(at);
        prop_assert_eq!(path.as_bytes(), concatenated(&inclusion));
        let ours = InclusionProof::<Sha256>::try_from_bytes(concatenated(&inclusion)).unwrap();
        prop_assert!(other.root().verify_inclusion(&entry(index), index, &ours).is_ok());
        let path = other.prove_consistency(usize::try_from(size - old).unwrap());
        prop_assert_eq!(path.as_bytes(), concatenated(&consistency));
        let ours = ConsistencyProof::<Sha256>::try_from_bytes(concatenated(&consistency)).unwrap();
        let their_old = RootHash::<Sha256>::new(old_root.0.into(), old);
        prop_assert!(other.root().verify_consistency(&their_old, &ours).is_ok());

        let reader = TheirReader(&all);
        let (their_root, their_old) = (tlog::Hash(root.0), tlog::Hash(old_root.0));
        prop_assert_eq!(tlog::tree_hash(size, &reader).unwrap(), their_root);
        prop_assert_eq!(tlog::prove_record(size, index, &reader).unwrap(), theirs(&inclusion));
        prop_assert_eq!(tlog::prove_tree(size, old, &reader).unwrap(), theirs(&consistency));
        let leaf = tlog::record_hash(&entry(index));
        prop_assert!(tlog::check_record(&theirs(&inclusion), size, their_root, index, leaf).is_ok());
        prop_assert!(tlog::check_tree(&theirs(&consistency), size, their_root, old, their_old).is_ok());
    }

    #[test]
    fn a_proof_with_one_bit_changed_proves_nothing(
        size in 2u64..200, a in any::<u64>(), b in any::<u64>(), hash in any::<prop::sample::Index>(), bit in 0usize..256,
    ) {
        let (index, old) = (a % size, 1 + b % (size - 1));
        let all = tree(size);
        let flip = |proof: &mut Vec<Hash>| {
            let at = hash.index(proof.len());
            proof[at].0[bit / 8] ^= 1 << (bit % 8);
        };
        let mut proof = inclusion_proof(index, size, &all).unwrap();
        flip(&mut proof);
        let leaf = leaf_hash(&entry(index));
        prop_assert_eq!(verify_inclusion(index, size, &leaf, &proof, &all.root()), Err(ProofError::OtherRoot));
        let mut proof = consistency_proof(old, size, &all).unwrap();
        flip(&mut proof);
        let old_root = super::super::root(old, &all).unwrap();
        prop_assert_eq!(verify_consistency(old, size, &old_root, &all.root(), &proof), Err(ProofError::OtherRoot));
    }

    #[test]
    fn no_numbers_and_hashes_make_a_check_panic(
        a in any::<u64>(), b in any::<u64>(), shift in 0u32..64, roots in any::<[[u8; 32]; 3]>(), length in 0usize..70,
    ) {
        let [leaf, root, sibling] = roots.map(Hash);
        let proof = vec![sibling; length];
        for (x, y) in [(a, b), (a >> shift, b >> shift), (a, u64::MAX), (u64::MAX - 1, u64::MAX), (1 << shift, u64::MAX)] {
            prop_assert!(verify_inclusion(x, y, &leaf, &proof, &root).is_err());
            prop_assert!(verify_consistency(x, y, &leaf, &root, &proof).is_err());
        }
    }
}

const FROM_NOTHING: &str = "additional/size1-is-zero-and-size2-is-not-zero.json";

#[test]
fn the_published_vectors_hold() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors/merkle");
    if !folder.is_dir() {
        println!("SKIPPED: no published Merkle vectors beside the project");
        return;
    }
    let mut checked = 0;
    for (kind, verify) in
        [("inclusion", inclusion_vector as fn(&serde_json::Value) -> Option<bool>), ("consistency", consistency_vector)]
    {
        for file in files_below(&folder.join(kind)) {
            let vector = serde_json::from_slice::<serde_json::Value>(&fs::read(&file).unwrap()).unwrap();
            // A hash that is not 32 bytes cannot even be said here.
            let holds = verify(&vector).unwrap_or(false);
            // The authors call a proof from the empty tree useless; C2SP tlog-witness asks for it with old size 0.
            let wanted = !vector["wantErr"].as_bool().unwrap() || file.ends_with(FROM_NOTHING);
            assert_eq!(holds, wanted, "{}", file.display());
            checked += 1;
        }
    }
    assert!(checked > 150, "only {checked} vectors");
    println!("{checked} published Merkle vectors hold");
}

fn files_below(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

fn hash_of(value: &serde_json::Value) -> Option<Hash> {
    base64::decode(value.as_str()?).ok()?.try_into().ok().map(Hash)
}

fn proof_of(vector: &serde_json::Value) -> Option<Vec<Hash>> {
    vector["proof"].as_array().map_or(Some(Vec::new()), |hashes| hashes.iter().map(hash_of).collect())
}

fn inclusion_vector(vector: &serde_json::Value) -> Option<bool> {
    let (leaf, root) = (hash_of(&vector["leafHash"])?, hash_of(&vector["root"])?);
    let (index, size) = (vector["leafIdx"].as_u64()?, vector["treeSize"].as_u64()?);
    Some(verify_inclusion(index, size, &leaf, &proof_of(vector)?, &root).is_ok())
}

fn consistency_vector(vector: &serde_json::Value) -> Option<bool> {
    // Some write "don't care" for a root of one or no leaf; any 32 bytes that are its own will do.
    let root = |name: &str| {
        let text = vector[name].as_str()?;
        Some(hash_of(&vector[name]).unwrap_or_else(|| leaf_hash(text.as_bytes())))
    };
    let (old_root, new_root) = (root("root1")?, root("root2")?);
    let (old, new) = (vector["size1"].as_u64()?, vector["size2"].as_u64()?);
    Some(verify_consistency(old, new, &old_root, &new_root, &proof_of(vector)?).is_ok())
}
