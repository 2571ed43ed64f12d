//! Lists that would be good alone and are refused after the one known before.

use super::*;

pub(super) fn refused_after() -> Vec<Case> {
    let other_signers = |signed: &[&str]| {
        let mut text = world();
        text.version = 2;
        let new = ["x.example/trust", "y.example/trust", "z.example/trust"];
        text.signers = new.iter().map(|name| signer_vkey(name)).collect();
        note(&json(&text), signed)
    };
    let (old, new) = ([SIGNERS[0], SIGNERS[1]], ["x.example/trust", "y.example/trust"]);
    let stale_section = || Case {
        known: Some(("a-key-is-rotated", TWO_OF_THREE)),
        ..case("section-rolled-back", "serial 1 after serial 2", changed(|t| t.version = 3), "SECTION_ROLLED_BACK")
    };
    let reopened = || Case {
        known: Some(("a-key-is-compromised", TWO_OF_THREE)),
        ..case("key-reopened", "the closing is gone", changed(|t| t.version = 3), "KEY_REOPENED")
    };
    let shard = |name, why, shards: Vec<ShardEnd>| Case {
        known: Some(("a-key-is-rotated", TWO_OF_THREE)),
        ..case(
            name,
            why,
            changed(|t| {
                t.version = 3;
                t.sections[0] = section(|s| {
                    s.serial = 2;
                    s.keys.push(second_key());
                });
                t.closings = vec![closing(PK_TO_CN, 120, ClosingReason::Rotated)];
                t.shards = shards;
            }),
            "SHARD_CHANGED",
        )
    };
    let history_cut = || Case {
        known: Some(("a-root-changes", TWO_OF_THREE)),
        ..case(
            "root-history-cut",
            "a change known before is gone",
            changed(|t| {
                t.version = 3;
                t.sections[0] = under_new_root(Vec::new());
            }),
            "ROOT_HISTORY_BROKEN",
        )
    };
    let back_to_old_root = || Case {
        known: Some(("a-root-changes", TWO_OF_THREE)),
        ..case(
            "back-to-the-old-root",
            "a later serial under the root that was left",
            changed(|t| {
                t.version = 3;
                t.sections[0] = section(|s| s.serial = 3);
            }),
            "ROOT_UNCHAINED",
        )
    };
    vec![
        Case {
            known: Some(("a-key-is-rotated", TWO_OF_THREE)),
            ..case("version-rolled-back", "version 1 after version 2", two(&world()), "TRUST_ROLLED_BACK")
        },
        after(
            "two-lists-of-one-version",
            "",
            changed(|t| t.next_update = t.issued + jiff::SignedDuration::from_hours(24)),
            "TRUST_FORKED",
        ),
        after(
            "signers-change-without-the-old",
            "k of the new alone",
            other_signers(&new),
            "TRUST_NOT_ENOUGH_SIGNATURES",
        ),
        after(
            "signers-change-without-the-new",
            "k of the old alone",
            other_signers(&old),
            "TRUST_NOT_ENOUGH_SIGNATURES",
        ),
        after(
            "section-removed",
            "the federation closes keys, it does not remove countries",
            next(|t| {
                t.sections.remove(2);
                t.addressees.remove(&"KE".parse().unwrap());
            }),
            "SECTION_REMOVED",
        ),
        stale_section(),
        after(
            "two-sections-of-one-serial",
            "",
            next(|t| t.sections[0] = section(|s| s.time_zone = crate::time::ZoneName::new("Asia/Kolkata").unwrap())),
            "SECTION_FORKED",
        ),
        after(
            "root-replaced",
            "a majority puts another root in",
            next(|t| t.sections[0] = under_new_root(Vec::new())),
            "ROOT_UNCHAINED",
        ),
        history_cut(),
        back_to_old_root(),
        after(
            "key-removed",
            "what it signed could not be verified any more",
            next_with_section(|s| {
                s.keys.remove(1);
            }),
            "KEY_REMOVED",
        ),
        after("log-key-removed", "", next_with_section(|s| s.log_keys.clear()), "KEY_REMOVED"),
        after(
            "log-key-replaced",
            "a compromised log key closes the shard, it is not exchanged",
            next_with_section(|s| s.log_keys[0].x = public("again")),
            "KEY_REMOVED",
        ),
        after(
            "kid-given-to-another-key",
            "a key id is unique for ever",
            next_with_section(|s| s.keys[0].x = public("again")),
            "KID_REUSED",
        ),
        after("kid-given-another-use", "", next_with_section(|s| s.keys[1].r#use = ListedUse::Stamp), "KID_REUSED"),
        reopened(),
        shard("shard-end-moved", "a final size is final", vec![ShardEnd { origin: origin(PK_TO_KE), final_size: 8 }]),
        shard("shard-end-removed", "", Vec::new()),
    ]
}
