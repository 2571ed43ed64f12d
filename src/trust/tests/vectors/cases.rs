//! How the vectors were made.

use super::*;

struct Case {
    name: &'static str,
    why: &'static str,
    note: String,
    anchor: &'static str,
    /// Case whose list was accepted before, and the anchor it was accepted under.
    known: Option<(&'static str, &'static str)>,
    outcome: &'static str,
    questions: Vec<Value>,
}

const TWO_OF_THREE: &str = "anchor-2-of-3.toml";
const TWO_OF_TWO: &str = "anchor-2-of-2.toml";
const ROOTS: &str = "anchor-with-roots.toml";
const BASE: &str = "three-countries";

fn anchors() -> BTreeMap<&'static str, String> {
    let text = |anchor: Anchor| anchor.to_toml().unwrap();
    let two = SIGNERS[..2].iter().map(|name| signer_vkey(name)).collect();
    BTreeMap::from([
        (TWO_OF_THREE, text(anchor())),
        (TWO_OF_TWO, text(Anchor::new(2, two, BTreeMap::new()).unwrap())),
        (ROOTS, text(accepted(&world()).anchor().unwrap())),
    ])
}

/// Signed by the first two of the three.
fn two(text: &ListText) -> String {
    note(&json(text), &SIGNERS[..2])
}

fn changed(change: impl FnOnce(&mut ListText)) -> String {
    let mut text = world();
    change(&mut text);
    two(&text)
}

/// The list after the base.
fn next(change: impl FnOnce(&mut ListText)) -> String {
    changed(|text| {
        text.version = 2;
        change(text);
    })
}

/// The JSON of the base, changed as JSON, so that shapes no type of ours can have come out too.
fn raw(change: impl FnOnce(String) -> String) -> String {
    note(&change(json(&world())), &SIGNERS[..2])
}

/// Pakistan's section changed and signed by its root, whether its rules allow it or not.
fn section(change: impl FnOnce(&mut SectionText)) -> SectionEntry {
    let mut text = pakistan();
    change(&mut text);
    forced(&text, "tdap.gov.pk/root")
}

fn forced(text: &SectionText, root: &str) -> SectionEntry {
    let json = format!("{}\n", serde_json::to_string_pretty(text).unwrap());
    SectionEntry { note: note(&json, &[root]), root_history: Vec::new() }
}

fn with_section(change: impl FnOnce(&mut SectionText)) -> String {
    changed(|text| text.sections[0] = section(change))
}

fn next_with_section(change: impl FnOnce(&mut SectionText)) -> String {
    next(|text| {
        text.sections[0] = section(|s| {
            s.serial = 2;
            change(s);
        });
    })
}

fn closing(log: &str, until_index: u64, reason: ClosingReason) -> Closing {
    Closing { iss: iss(PK), kid: kid("s-1"), origin: origin(log), until_index, reason }
}

fn second_key() -> ListedKey {
    let from = vec![Place { origin: origin(PK_TO_CN), index: 100 }];
    ListedKey { kid: kid("s-2"), x: public("tdap.gov.pk/s-2"), from, ..pakistan().keys[0].clone() }
}

/// Two keys carry one name during a change of root, so their seeds have labels of their own.
fn root_change(serial: u64, from: &str, to: &str, signers: &[&str]) -> String {
    let name = "tdap.gov.pk/root";
    let vkey = |label: &str| VerifierKey::note(name, public(label)).unwrap();
    let text = RootChangeText { iss: iss(PK), serial, from: vkey(from), to: vkey(to) };
    let text = format!("{}\n", serde_json::to_string_pretty(&text).unwrap());
    let lines = signers.iter().map(|label| sign_note(&text, name, &key(label)).unwrap()).collect();
    SignedNote::new(text, lines).unwrap().to_string()
}

const OLD_ROOT: &str = "tdap.gov.pk/root";
const NEW_ROOT: &str = "tdap.gov.pk/root/second";

fn under_new_root(history: Vec<String>) -> SectionEntry {
    let mut text = pakistan();
    text.serial = 2;
    text.root = VerifierKey::note("tdap.gov.pk/root", public(NEW_ROOT)).unwrap();
    let json = format!("{}\n", serde_json::to_string_pretty(&text).unwrap());
    let line = sign_note(&json, "tdap.gov.pk/root", &key(NEW_ROOT)).unwrap();
    SectionEntry { note: SignedNote::new(json, vec![line]).unwrap().to_string(), root_history: history }
}

fn may_sign(kid: &str, log: &str, index: u64, answer: &str) -> Value {
    json!({"ask": "may_sign", "iss": PK, "kid": kid, "kind": "certificate-of-origin", "agreement": "CPFTA",
        "office": "LHE", "origin": log, "index": index, "answer": answer})
}

fn policy(list: &str, log: &str, index: u64) -> Value {
    let opened = TrustList::open(list, &anchor(), None).unwrap();
    let mut question = json!({"ask": "policy", "origin": log, "index": index});
    question["answer"] = answer(&opened, &question);
    question
}

fn case(name: &'static str, why: &'static str, note: String, outcome: &'static str) -> Case {
    Case { name, why, note, anchor: TWO_OF_THREE, known: None, outcome, questions: Vec::new() }
}

/// A case with the base accepted before it.
fn after(name: &'static str, why: &'static str, note: String, outcome: &'static str) -> Case {
    Case { known: Some((BASE, TWO_OF_THREE)), ..case(name, why, note, outcome) }
}

fn accepted_cases() -> Vec<Case> {
    let base = two(&world());
    let log_key = VerifierKey::log(&origin(PK_TO_CN), public("tdap.gov.pk/log-2026")).to_string();
    let rotated = next(|text| {
        text.sections[0] = section(|s| {
            s.serial = 2;
            s.keys.push(second_key());
        });
        text.closings = vec![closing(PK_TO_CN, 120, ClosingReason::Rotated)];
        text.shards = vec![ShardEnd { origin: origin(PK_TO_KE), final_size: 7 }];
    });
    let compromised = next(|text| text.closings = vec![closing(PK_TO_CN, 10, ClosingReason::Compromised)]);
    let joined = next(|text| {
        text.addressees.insert("LK".parse().unwrap(), iss(KE));
        text.cosigning.replica_from.insert(origin(PK_TO_LK), 500);
    });
    let required = changed(|text| text.cosigning.replica = ReplicaRule::Required);
    let scoped = with_section(|s| {
        s.keys[0].kinds = vec!["certificate-of-origin".parse().unwrap(), "not-known-yet".parse().unwrap()];
        s.keys[0].agreements = Some(vec!["COMESA".parse().unwrap()]);
    });
    let alone = changed(|text| {
        text.nodes.clear();
        text.signers.truncate(2);
        text.cosigning = Cosigning::if_it_has_a_node();
        text.sections = [pakistan(), china(), kenya()].map(|s| entry(SectionText { node: None, ..s })).to_vec();
    });
    let mut signers_changed = world();
    signers_changed.version = 2;
    signers_changed.signers = vec![signer_vkey(SIGNERS[1]), signer_vkey(SIGNERS[2]), signer_vkey("new.example/trust")];
    let signers_changed = note(&json(&signers_changed), &[SIGNERS[0], SIGNERS[1], "new.example/trust"]);
    let chained = next(|text| {
        let change = root_change(2, OLD_ROOT, NEW_ROOT, &[OLD_ROOT, NEW_ROOT]);
        text.sections[0] = under_new_root(vec![change]);
    });
    let third = note(&json(&world()), &[SIGNERS[2], SIGNERS[0]]);
    let none = policy(&alone_under_three(&alone), PK_TO_CN, 0);
    vec![
        Case {
            questions: vec![
                may_sign("s-1", PK_TO_CN, 0, "ALLOWED"),
                may_sign("t-1", PK_TO_CN, 0, "OUT_OF_SCOPE USE"),
                may_sign("s-9", PK_TO_CN, 0, "UNKNOWN"),
                may_sign("s-1", "customs.gov.cn/log/2026/tdap.gov.pk", 0, "OUT_OF_SCOPE LOG"),
                json!({"ask": "may_sign_status", "iss": PK, "kid": "t-1", "origin": PK_TO_CN, "index": 3, "answer": "ALLOWED"}),
                json!({"ask": "may_sign_status", "iss": PK, "kid": "s-1", "origin": PK_TO_CN, "index": 3, "answer": "OUT_OF_SCOPE USE"}),
                json!({"ask": "log_key", "origin": PK_TO_CN, "answer": log_key}),
                json!({"ask": "log_key", "origin": "tdap.gov.pk/log/2027/customs.gov.cn", "answer": null}),
                json!({"ask": "authority_for", "country": "CN", "answer": CN}),
                json!({"ask": "authority_for", "country": "LK", "answer": null}),
                json!({"ask": "time_zone", "iss": KE, "answer": "Africa/Nairobi"}),
                json!({"ask": "shard_final_size", "origin": PK_TO_CN, "answer": null}),
                json!({"ask": "freshness", "at": "2026-07-01T00:00:00Z", "answer": "CURRENT"}),
                json!({"ask": "freshness", "at": "2026-07-01T00:00:01Z", "answer": "STALE"}),
                policy(&base, PK_TO_CN, 0),
                policy(&base, PK_TO_LK, 0),
                policy(&base, PK_TO_ALL, 0),
            ],
            ..case(BASE, "three countries, 2 of 3 signers", base.clone(), "ACCEPTED")
        },
        after("the-same-text-other-signers", "the same version and text, signed by another 2 of 3", third, "ACCEPTED"),
        Case {
            questions: vec![
                may_sign("s-1", PK_TO_CN, 119, "ALLOWED"),
                may_sign("s-1", PK_TO_CN, 120, "CLOSED ENDED 120"),
                may_sign("s-1", PK_TO_LK, 0, "CLOSED LOG_NOT_NAMED"),
                may_sign("s-2", PK_TO_CN, 99, "CLOSED NOT_YET_OPEN 100"),
                may_sign("s-2", PK_TO_CN, 100, "ALLOWED"),
                may_sign("s-2", PK_TO_LK, 0, "ALLOWED"),
                may_sign("s-2", PK_TO_KE, 6, "ALLOWED"),
                may_sign("s-2", PK_TO_KE, 7, "CLOSED SHARD_ENDED 7"),
                json!({"ask": "shard_final_size", "origin": PK_TO_KE, "answer": 7}),
            ],
            ..after(
                "a-key-is-rotated",
                "s-2 opens at 100, s-1 closes at 120, a log is closed at 7",
                rotated,
                "ACCEPTED",
            )
        },
        Case {
            questions: vec![
                may_sign("s-1", PK_TO_CN, 9, "ALLOWED"),
                may_sign("s-1", PK_TO_CN, 10, "CLOSED ENDED 10, RESTRICTIONS STAND"),
                may_sign("s-1", PK_TO_KE, 0, "CLOSED LOG_NOT_NAMED, RESTRICTIONS STAND"),
            ],
            ..after("a-key-is-compromised", "what restricts a certificate stands past the end", compromised, "ACCEPTED")
        },
        Case {
            questions: vec![
                policy(&joined, PK_TO_LK, 499),
                policy(&joined, PK_TO_LK, 500),
                json!({"ask": "authority_for", "country": "LK", "answer": KE}),
            ],
            ..after("a-country-joins", "its replica is required from index 500 on", joined.clone(), "ACCEPTED")
        },
        Case {
            questions: vec![
                policy(&required, PK_TO_CN, 0),
                json!({"ask": "policy", "origin": PK_TO_LK, "index": 0, "answer": "COSIGNING_UNREACHABLE"}),
            ],
            ..case("replica-required", "a log whose addressee has no node never meets it", required.clone(), "ACCEPTED")
        },
        Case {
            questions: vec![
                may_sign("s-1", PK_TO_CN, 0, "OUT_OF_SCOPE AGREEMENT"),
                json!({"ask": "may_sign", "iss": PK, "kid": "s-1", "kind": "status-change", "agreement": null,
                    "office": null, "origin": PK_TO_CN, "index": 0, "answer": "OUT_OF_SCOPE KIND"}),
            ],
            ..case("a-scoped-key", "kinds not known yet do no harm and give no right", scoped, "ACCEPTED")
        },
        Case {
            anchor: TWO_OF_TWO,
            questions: vec![none],
            ..case("two-partners-alone", "2 of 2, nobody has a node, quorum none", alone, "ACCEPTED")
        },
        after("signers-change", "signed by 2 of the old and 2 of the new", signers_changed, "ACCEPTED"),
        after("a-root-changes", "the old root signed the change", chained.clone(), "ACCEPTED"),
        Case {
            anchor: ROOTS,
            ..case("a-pinned-root-changes", "the chain leads from the pinned root", chained, "ACCEPTED")
        },
    ]
}

/// The same text as a list that the three-signer anchor opens, only to ask it for its policy.
fn alone_under_three(note_text: &str) -> String {
    let text = SignedNote::parse_within(note_text, MAX_LIST_BYTES).unwrap().text().to_owned();
    note(&text, &SIGNERS[..2])
}

fn refused_alone() -> Vec<Case> {
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

fn refused_after() -> Vec<Case> {
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

/// A key by its first, middle and last bytes.
fn spelt(first: u8, middle: u8, last: u8) -> String {
    let mut bytes = [middle; 32];
    (bytes[0], bytes[31]) = (first, last);
    crate::encoding::base64::encode_url(&bytes)
}

fn bad_key(which: &str) -> String {
    let good = crate::encoding::base64::encode_url(public("tdap.gov.pk/t-1").as_bytes());
    let bad = match which {
        // The point (0, 1), of order one.
        "small order" => spelt(0x01, 0x00, 0x00),
        // The same point with y = 1 + p.
        "not canonical" => spelt(0xee, 0xff, 0x7f),
        _ => mixed_order(),
    };
    changed(|t| {
        let json = format!("{}\n", serde_json::to_string_pretty(&pakistan()).unwrap());
        assert!(json.contains(&good));
        t.sections[0].note = note(&json.replacen(&good, &bad, 1), &["tdap.gov.pk/root"]);
    })
}

/// A good key plus the point of order two: (x, y) becomes (−x, −y).
fn mixed_order() -> String {
    let mut bytes = *public("tdap.gov.pk/t-1").as_bytes();
    let sign = bytes[31] & 0x80;
    bytes[31] &= 0x7f;
    let mut p = [0xff_u8; 32];
    (p[0], p[31]) = (0xed, 0x7f);
    let mut borrow = 0_i16;
    for (byte, modulus) in bytes.iter_mut().zip(p) {
        let difference = i16::from(modulus) - i16::from(*byte) - borrow;
        borrow = i16::from(difference < 0);
        *byte = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
    bytes[31] |= sign ^ 0x80;
    crate::encoding::base64::encode_url(&bytes)
}

fn bad_line() -> String {
    let text = json(&world());
    let mut lines: Vec<_> = SIGNERS[..2].iter().map(|name| sign_note(&text, name, &key(name)).unwrap()).collect();
    lines.push(sign_note("another text\n", SIGNERS[2], &key(SIGNERS[2])).unwrap());
    SignedNote::new(text, lines).unwrap().to_string()
}

pub(super) fn files() -> BTreeMap<String, String> {
    let cases = [accepted_cases(), refused_alone(), refused_after()].into_iter().flatten();
    let mut files: BTreeMap<String, String> =
        anchors().into_iter().map(|(name, text)| (name.to_owned(), text)).collect();
    let mut listed = Vec::new();
    for case in cases {
        let file = format!("{}.note", case.name);
        let mut entry = json!({"name": case.name, "why": case.why, "note": file, "anchor": case.anchor,
            "known": case.known.map(|(name, _)| format!("{name}.note")), "known_anchor": case.known.map(|(_, a)| a),
            "outcome": case.outcome});
        if !case.questions.is_empty() {
            entry["questions"] = case.questions.into();
        }
        listed.push(entry);
        assert!(files.insert(file, case.note).is_none(), "{} twice", case.name);
    }
    let index = json!({
        "about": "Trust lists and what comes of them. Open `note` under `anchor`; where `known` is given, that list \
            was accepted before (under `known_anchor`). `outcome` is ACCEPTED or the reason of the refusal. Of an \
            accepted list the `questions` have these answers. Each key's seed is the SHA-256 of a label.",
        "cases": listed,
    });
    files.insert("index.json".to_owned(), format!("{}\n", serde_json::to_string_pretty(&index).unwrap()));
    files
}
