//! Lists that are accepted, and what they answer.

use super::*;

pub(super) fn accepted() -> Vec<Case> {
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
