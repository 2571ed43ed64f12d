use super::*;
use crate::reason::Reasoned;
use proptest::prelude::*;

#[test]
fn values_are_packed_from_the_least_significant_bit() {
    let mut list = StatusList::new();
    list.set(0, Status::Cancelled).unwrap();
    list.set(1, Status::Withdrawn).unwrap();
    list.set(131_071, Status::InPart).unwrap();
    assert_eq!((list.as_bytes()[0], list.as_bytes()[65_535]), (0xC1, 0xE0));
    list.set(1, Status::Valid).unwrap();
    assert_eq!((list.get(0), list.get(1)), (Ok(Status::Cancelled), Ok(Status::Valid)));
}

#[test]
fn an_index_beyond_the_list_and_a_value_without_a_meaning_are_refused() {
    let mut list = StatusList::new();
    assert_eq!(list.get(LIST_ENTRIES).unwrap_err().reason(), "STATUS_INDEX_OUT_OF_RANGE");
    assert!(list.set(u32::MAX, Status::Valid).is_err());
    let mut bytes = list.as_bytes().to_vec();
    bytes[0] = 0x03;
    let list = StatusList(bytes);
    assert_eq!(list.get(0), Err(StatementError::StatusValue(3)));
    assert_eq!(list.get(1), Ok(Status::Valid), "others keep their meaning");
}

#[test]
fn an_empty_list_is_small_and_its_bytes_are_zlibs() {
    let compressed = StatusList::new().deflate();
    assert!(compressed.len() < 120, "{}", compressed.len());
    // RFC 1950: 0x78, 0xDA is deflate with a 32 KiB window at the highest level.
    assert_eq!(compressed[..2], [0x78, 0xDA]);
    assert_eq!(StatusList::inflate(&compressed), Ok(StatusList::new()));
}

#[test]
fn a_list_one_byte_short_or_long_is_refused() {
    for bytes in [LIST_BYTES - 1, LIST_BYTES + 1, LIST_BYTES * 64] {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&vec![0; bytes]).unwrap();
        let compressed = encoder.finish().unwrap();
        assert_eq!(StatusList::inflate(&compressed), Err(StatementError::BadStatusList(LIST_BYTES)), "{bytes}");
    }
}

#[test]
fn a_path_proves_one_list_at_one_place() {
    let lists: Vec<StatusList> = (0..5)
        .map(|n| {
            let mut list = StatusList::new();
            list.set(n, Status::Suspended).unwrap();
            list
        })
        .collect();
    let digests: Vec<Hash> = lists.iter().map(StatusList::digest).collect();
    let root = lists_root(&digests);
    for ((place, list), next) in (0_u32..).zip(&lists).zip(lists.iter().cycle().skip(1)) {
        let path = StatusPath::new(&digests, place).unwrap();
        assert_eq!(path.to_string().parse(), Ok(path.clone()));
        assert_eq!(path.verify(list, 5, &root), Ok(()));
        assert!(path.verify(list, 9, &root).is_err(), "in a tree of 9 the path is longer");
        assert!(path.verify(next, 5, &root).is_err());
        let elsewhere = StatusPath { index: (place + 1) % 5, ..path };
        assert!(elsewhere.verify(list, 5, &root).is_err());
    }
    assert!(StatusPath::new(&digests, 5).is_err());
    assert_eq!(lists_root(&[]), crate::log::EMPTY_ROOT);
}

#[test]
fn a_path_has_one_spelling() {
    let good = StatusPath::new(&[StatusList::new().digest()], 0).unwrap().to_string();
    assert_eq!(good, "origin-exchange/status-path@v1\nindex 0\n");
    for bad in
        ["", "index 0\n", good.trim_end(), &format!("{good}\n"), &good.replace('0', "00"), &good.replace("@v1", "@v2")]
    {
        assert!(bad.parse::<StatusPath>().is_err(), "{bad:?}");
    }
}

proptest! {
    #[test]
    fn a_list_reads_back(set in prop::collection::vec((0..LIST_ENTRIES, 0_usize..6), 0..200)) {
        let all = [Status::Valid, Status::Cancelled, Status::Suspended, Status::Withdrawn, Status::Superseded, Status::InPart];
        let mut list = StatusList::new();
        for (index, status) in &set {
            list.set(*index, all[*status]).unwrap();
        }
        let read = StatusList::inflate(&list.deflate()).unwrap();
        let last: std::collections::BTreeMap<u32, usize> = set.into_iter().collect();
        for (index, status) in last {
            prop_assert_eq!(read.get(index), Ok(all[status]));
        }
    }

    #[test]
    fn inflating_anything_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = StatusList::inflate(&bytes);
    }
}
