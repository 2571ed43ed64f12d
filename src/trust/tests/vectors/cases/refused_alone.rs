//! Lists that are refused whatever was known before.

use super::{bad_keys::bad_key, *};

pub(super) fn refused_alone() -> Vec<Case> {
    let spoilt = two(&world()).replacen("\"witnesses\": 1", "\"witnesses\": 0", 1);
    let duplicate = |json: String| json.replacen("\"version\": 1,", "\"version\": 1,\n  \"version\": 1,", 1);
    let bad_root_signature = changed(|text| {
        text.sections[0].note = text.sections[0].note.replacen("\"serial\": 1", "\"serial\": 2", 1);
    });
    let stranger_root = changed(|text| text.sections[0] = forced(&pakistan(), "customs.gov.cn/root"));
    let short_history = changed(|text| {
        text.sections[0] = under_new_root(vec![root_change(2, OLD_ROOT, NEW_ROOT, &[NEW_ROOT])]);
    });
    let loose_history = changed(|text| {
        let change = root_change(2, OLD_ROOT, "tdap.gov.pk/root/third", &[OLD_ROOT, "tdap.gov.pk/root/third"]);
        text.sections[0] = under_new_root(vec![change]);
    });
    let reused = |label: &'static str| with_section(move |s| s.keys[1].x = public(label));
    vec![
        case(
            "nobody-believed-signed",
            "two strangers",
            note(&json(&world()), &["a.example", "b.example"]),
            "TRUST_NOT_ENOUGH_SIGNATURES",
        ),
        case("one-of-two-signatures", "k is 2", note(&json(&world()), &SIGNERS[..1]), "TRUST_NOT_ENOUGH_SIGNATURES"),
        case("text-altered", "one digit of the text was changed after signing", spoilt, "TRUST_BAD_SIGNATURE"),
        case(
            "one-bad-line-among-enough",
            "two good signatures, and a third signer's line that does not verify",
            bad_line(),
            "TRUST_BAD_SIGNATURE",
        ),
        case(
            "k-half-of-n",
            "two disjoint halves could each sign",
            changed(|t| {
                t.signers.push(signer_vkey("new.example/trust"));
            }),
            "TRUST_QUORUM_UNSAFE",
        ),
        case(
            "k-one-of-two",
            "two partners alone are 2 of 2",
            changed(|t| {
                t.signers.truncate(2);
                t.k = 1;
            }),
            "TRUST_QUORUM_UNSAFE",
        ),
        case("k-above-n", "", changed(|t| t.k = 4), "TRUST_QUORUM_UNSAFE"),
        case(
            "a-signer-twice",
            "one key under two names would count twice",
            changed(|t| {
                t.signers[2] = VerifierKey::note("other.example/trust", public(SIGNERS[0])).unwrap();
            }),
            "TRUST_MALFORMED",
        ),
        case("duplicate-member", "readers would differ about which counts", raw(duplicate), "TRUST_MALFORMED"),
        case(
            "unknown-member",
            "the shape is closed",
            raw(|j| j.replacen('{', "{\n  \"note\": 1,", 1)),
            "TRUST_MALFORMED",
        ),
        case(
            "missing-member",
            "every member is present",
            raw(|j| j.replacen("  \"closings\": [],\n", "", 1)),
            "TRUST_MALFORMED",
        ),
        case(
            "number-beyond-json",
            "2^53 is not exact in every reader",
            raw(|j| j.replacen("\"version\": 1", "\"version\": 9007199254740992", 1)),
            "TRUST_MALFORMED",
        ),
        case("fractional-version", "", raw(|j| j.replacen("\"version\": 1", "\"version\": 1.0", 1)), "TRUST_MALFORMED"),
        case(
            "other-spelling-of-an-instant",
            "an offset instead of Z",
            raw(|j| j.replacen("2026-01-01T00:00:00Z", "2026-01-01T00:00:00+00:00", 1)),
            "TRUST_MALFORMED",
        ),
        case("trailing-text", "", raw(|j| format!("{j}{{}}\n")), "TRUST_MALFORMED"),
        case("too-deep", "", raw(|j| j.replacen("\"closings\": []", "\"closings\": [[[[]]]]", 1)), "TRUST_MALFORMED"),
        case("version-zero", "", changed(|t| t.version = 0), "TRUST_MALFORMED"),
        case("due-before-issued", "", changed(|t| t.next_update = t.issued), "TRUST_DATES"),
        case("section-altered", "its root's signature does not verify", bad_root_signature, "TRUST_BAD_SIGNATURE"),
        case("section-by-a-stranger", "signed, but not by the root it names", stranger_root, "SECTION_MALFORMED"),
        case("section-twice", "", changed(|t| t.sections.push(entry(pakistan()))), "SECTION_TWICE"),
        case(
            "root-of-another-name",
            "",
            changed(|t| {
                let mut text = pakistan();
                text.root = VerifierKey::note("tdap.example/root", public("tdap.example/root")).unwrap();
                t.sections[0] = forced(&text, "tdap.example/root");
            }),
            "SECTION_MALFORMED",
        ),
        case("no-english-name", "", with_section(|s| s.names.clear()), "SECTION_MALFORMED"),
        case("small-order-key", "anyone could sign with it", bad_key("small order"), "SECTION_MALFORMED"),
        case("non-canonical-key", "", bad_key("not canonical"), "SECTION_MALFORMED"),
        case(
            "mixed-order-key",
            "verifiers would disagree about its signatures",
            bad_key("mixed order"),
            "SECTION_MALFORMED",
        ),
        case("statement-key-without-kinds", "", with_section(|s| s.keys[0].kinds.clear()), "SECTION_MALFORMED"),
        case(
            "status-key-with-kinds",
            "",
            with_section(|s| s.keys[1].kinds = s.keys[0].kinds.clone()),
            "SECTION_MALFORMED",
        ),
        case("kid-twice", "", with_section(|s| s.keys[1].kid = kid("s-1")), "KID_REUSED"),
        case(
            "log-key-twice",
            "",
            with_section(|s| {
                let again = ListedLogKey { x: public("again"), ..s.log_keys[0].clone() };
                s.log_keys.push(again);
            }),
            "SECTION_MALFORMED",
        ),
        case("one-key-two-kids", "", reused("tdap.gov.pk/s-1"), "KEY_REUSED"),
        case("status-key-is-the-log-key", "", reused("tdap.gov.pk/log-2026"), "KEY_REUSED"),
        case("status-key-is-the-root", "", reused("tdap.gov.pk/root"), "KEY_REUSED"),
        case("status-key-is-a-replica-key", "", reused("node.pk/replica"), "KEY_REUSED"),
        case("status-key-is-a-signer", "", reused("pk.example/trust"), "KEY_REUSED"),
        case("status-key-is-another-authoritys", "", reused("customs.gov.cn/t-1"), "KEY_REUSED"),
        case(
            "one-key-replica-and-witness",
            "a node uses two keys",
            changed(|t| {
                t.nodes[0].witness_vkey = VerifierKey::cosigner("node.pk/witness", public("node.pk/replica")).ok();
            }),
            "KEY_REUSED",
        ),
        case(
            "from-names-a-foreign-log",
            "",
            with_section(|s| {
                s.keys[0].from = vec![Place { origin: origin("customs.gov.cn/log/2026/all"), index: 0 }];
            }),
            "TRUST_DANGLING",
        ),
        case(
            "closing-of-no-key",
            "",
            changed(|t| {
                t.closings = vec![Closing { kid: kid("s-9"), ..closing(PK_TO_CN, 1, ClosingReason::Rotated) }];
            }),
            "TRUST_DANGLING",
        ),
        case(
            "closing-in-a-foreign-log",
            "",
            changed(|t| {
                t.closings = vec![closing("customs.gov.cn/log/2026/all", 1, ClosingReason::Rotated)];
            }),
            "TRUST_DANGLING",
        ),
        case(
            "closing-twice-in-one-log",
            "",
            changed(|t| {
                t.closings =
                    vec![closing(PK_TO_CN, 1, ClosingReason::Rotated), closing(PK_TO_CN, 2, ClosingReason::Rotated)];
            }),
            "TRUST_DANGLING",
        ),
        case(
            "shard-of-nobody",
            "",
            changed(|t| {
                t.shards = vec![ShardEnd { origin: origin("x.example/log/2026/all"), final_size: 1 }];
            }),
            "TRUST_DANGLING",
        ),
        case("node-not-listed", "", with_section(|s| s.node = Some(node_name("node.xx"))), "TRUST_DANGLING"),
        case(
            "addressee-without-section",
            "",
            changed(|t| {
                t.addressees.insert("LK".parse().unwrap(), iss("https://customs.gov.lk"));
            }),
            "TRUST_DANGLING",
        ),
        case(
            "addressee-that-is-not-customs",
            "",
            changed(|t| {
                t.addressees.insert("PK".parse().unwrap(), iss(PK));
            }),
            "TRUST_DANGLING",
        ),
        case(
            "cosigner-key-of-another-name",
            "",
            changed(|t| {
                t.nodes[0].replica_vkey = VerifierKey::cosigner("node.cn/replica", public("x")).ok();
            }),
            "NODE_MALFORMED",
        ),
        case(
            "cosigner-key-of-type-1",
            "a replica key cosigns, type 0x04",
            changed(|t| {
                t.nodes[0].replica_vkey = VerifierKey::note("node.pk/replica", public("x")).ok();
            }),
            "NODE_MALFORMED",
        ),
        case(
            "node-twice",
            "",
            changed(|t| t.nodes.push(Node { replica_vkey: None, witness_vkey: None, ..node("node.pk") })),
            "NODE_MALFORMED",
        ),
        case(
            "more-witnesses-than-there-are",
            "between two members nobody is left",
            changed(|t| t.cosigning.witnesses = 2),
            "COSIGNING_UNREACHABLE",
        ),
        case(
            "witness-that-is-no-node",
            "",
            changed(|t| t.cosigning.of.push(node_name("node.xx"))),
            "COSIGNING_UNREACHABLE",
        ),
        case(
            "root-history-without-the-old-root",
            "only the new root signed the change",
            short_history,
            "ROOT_HISTORY_BROKEN",
        ),
        case("root-history-that-leads-elsewhere", "", loose_history, "ROOT_HISTORY_BROKEN"),
        Case {
            anchor: ROOTS,
            ..case(
                "a-pinned-root-is-replaced",
                "by a majority, without the old root",
                changed(|t| t.sections[0] = under_new_root(Vec::new())),
                "ROOT_UNCHAINED",
            )
        },
    ]
}

fn bad_line() -> String {
    let text = json(&world());
    let mut lines: Vec<_> = SIGNERS[..2].iter().map(|name| sign_note(&text, name, &key(name)).unwrap()).collect();
    lines.push(sign_note("another text\n", SIGNERS[2], &key(SIGNERS[2])).unwrap());
    SignedNote::new(text, lines).unwrap().to_string()
}
