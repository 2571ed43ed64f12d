//! What holds for every input.

use super::*;
use crate::statement::Kind;
use proptest::prelude::*;
use std::{collections::BTreeSet, sync::LazyLock};

static BASE: LazyLock<(String, TrustList)> = LazyLock::new(|| {
    let list = accepted(&world());
    (list.to_string(), list)
});

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_changed_byte_changes_what_is_accepted(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let (note, list) = &*BASE;
        let mut bytes = note.clone().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(changed) = String::from_utf8(bytes)
            && let Ok(opened) = TrustList::open(&changed, &anchor(), None)
        {
            prop_assert_eq!(opened.text(), list.text());
        }
    }

    #[test]
    fn a_truncated_list_is_never_accepted(at in any::<prop::sample::Index>()) {
        let (note, _) = &*BASE;
        let cut = (0..=at.index(note.len())).rev().find(|i| note.is_char_boundary(*i)).unwrap();
        prop_assert!(TrustList::open(&note[..cut], &anchor(), None).is_err());
    }

    #[test]
    fn any_text_is_refused_without_a_panic(text in "\\PC{0,200}", signed in any::<bool>()) {
        let text = format!("{text}\n");
        let text = if signed { note(&text, &SIGNERS[..2]) } else { text };
        prop_assert!(TrustList::open(&text, &anchor(), None).is_err());
        prop_assert!(Section::open(&text).is_err());
        prop_assert!(RootChange::open(&text).is_err());
        prop_assert!(ListDraft::parse(&text).is_err());
        prop_assert!(Anchor::from_toml(&text).is_err());
    }
}

/// The rule of the key's place in a log, said a second time and another way.
fn model(from: Option<u64>, until: Option<u64>, closed_elsewhere: bool, end: Option<u64>, index: u64) -> bool {
    let open = until.is_none() && !closed_elsewhere;
    let in_shard = end.is_none_or(|end| index < end);
    let begun = from.is_none_or(|from| from <= index);
    in_shard && begun && (open || until.is_some_and(|until| index < until))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_key_counts_exactly_where_the_rule_says(
        from in prop::option::of(0_u64..8),
        until in prop::option::of(0_u64..8),
        elsewhere in any::<bool>(),
        end in prop::option::of(0_u64..8),
    ) {
        let mut text = pakistan();
        text.keys[0].from = from.map(|index| Place { origin: origin(PK_TO_CN), index }).into_iter().collect();
        let closing = |log: &str, until_index| Closing {
            iss: iss(PK), kid: kid("s-1"), origin: origin(log), until_index, reason: ClosingReason::Retired,
        };
        let mut closings = until.map(|until| closing(PK_TO_CN, until)).into_iter().collect::<Vec<_>>();
        closings.extend(elsewhere.then(|| closing(PK_TO_KE, 3)));
        let shards = end.map(|final_size| ShardEnd { origin: origin(PK_TO_CN), final_size }).into_iter().collect();
        let list = accepted(&ListText {
            sections: vec![entry(text), entry(china()), entry(kenya())], closings, shards, ..world()
        });
        for index in 0..9 {
            let kind = Kind::CertificateOfOrigin;
            let answer = list.may_sign(&iss(PK), &kid("s-1"), kind, None, None, &origin(PK_TO_CN), index);
            prop_assert_eq!(answer == KeyAuthority::Allowed, model(from, until, elsewhere, end, index), "{:?} at {}", answer, index);
        }
    }

    #[test]
    fn the_issuers_own_node_never_makes_a_difference(
        cosigned in prop::collection::btree_set(0_usize..6, 0..6),
        log in 0_usize..4,
    ) {
        let list = &BASE.1;
        let names = ["node.pk/replica", "node.pk/witness", "node.cn/replica", "node.cn/witness", "node.ke/replica",
            "node.ke/witness"];
        let policy = list.policy(&origin([PK_TO_CN, PK_TO_KE, PK_TO_LK, PK_TO_ALL][log])).unwrap();
        let all = cosigned.iter().map(|i| names[*i]).collect::<BTreeSet<_>>();
        let others = all.iter().copied().filter(|name| !name.starts_with("node.pk/")).collect::<BTreeSet<_>>();
        prop_assert_eq!(policy.evaluate(&all), policy.evaluate(&others));
    }

    #[test]
    fn signatures_count_whatever_their_order_and_whoever_signs_beside(order in Just(vec![0, 1, 2, 3]).prop_shuffle()) {
        let names = [SIGNERS[0], SIGNERS[1], SIGNERS[2], "stranger.example"];
        let signers = order.iter().map(|i| names[*i]).collect::<Vec<_>>();
        for count in 1..=4 {
            let signed = &signers[..count];
            let believed = signed.iter().filter(|name| SIGNERS.contains(name)).count();
            let opened = TrustList::open(&note(&json(&world()), signed), &anchor(), None);
            prop_assert_eq!(opened.is_ok(), believed >= 2);
        }
    }
}
