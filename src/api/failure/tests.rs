use super::*;
use crate::api::{ApiError, call::refused_row, client::Refusal};
use crate::document::{DocumentError, Script};
use crate::reason::some_of;
use crate::sequencer::SequencerError;
use crate::workflow::WorkflowError;
use tonic_types::StatusExt as _;

fn findings() -> Findings {
    let with_article = Finding::error("CRITERION_NOT_ALLOWED", "goods.items[0].criterion", "`X` is not a criterion")
        .with_article("CPFTA, Annex 1, Rule 3");
    Findings(vec![with_article, Finding::warning("RETROSPECTIVE", "", "issued after shipment")])
}

#[test]
fn an_error_has_one_reason_in_one_domain() {
    let status = Status::from(ApiError::Unauthenticated);
    assert_eq!(status.code(), Code::Unauthenticated);
    let details = status.get_error_details();
    let info = details.error_info().unwrap();
    assert_eq!((info.reason.as_str(), info.domain.as_str()), ("UNAUTHENTICATED", DOMAIN));
}

#[test]
fn a_fatal_error_says_an_id_and_nothing_of_the_inside() {
    let status = Status::from(ApiError::Task("the key file of Karachi".to_owned()));
    assert_eq!(status.code(), Code::Internal);
    assert!(!status.message().contains("Karachi"), "{}", status.message());
    let details = status.get_error_details();
    let id = details.error_info().unwrap().metadata.get("id").unwrap();
    assert!(status.message().contains(id));
}

#[test]
fn findings_name_field_rule_and_article() {
    let details = Details { findings: Some(("certificate_json", findings())), ..Default::default() };
    let error = ApiError::Field { field: "certificate_json", message: "see the findings".to_owned() };
    let sent = status(&error, &details);
    let received = sent.get_error_details();
    let bad = received.bad_request().unwrap().field_violations.first().unwrap();
    assert_eq!(bad.field, "certificate_json.goods.items[0].criterion");
    assert_eq!(bad.reason, "CRITERION_NOT_ALLOWED");
    let failed = received.precondition_failure().unwrap().violations.first().unwrap();
    assert_eq!(failed.subject, "CPFTA, Annex 1, Rule 3");
    let rpc = pb::Status::decode(sent.details()).unwrap();
    let all = rpc.details.iter().find(|any| any.type_url.ends_with("/origin.v1.Findings")).unwrap();
    assert_eq!(wire::Findings::decode(all.value.as_slice()).unwrap().findings.len(), 2);
}

#[test]
fn many_findings_fit_a_header() {
    let many = (0..400).map(|n| Finding::error("RULE", format!("goods.items[{n}]"), "wrong ".repeat(500)));
    let details = Details { findings: Some(("certificate_json", Findings(many.collect()))), ..Default::default() };
    let sent = status(&ApiError::ReadingDenied, &details);
    assert!(sent.details().len() <= MAX_HEADER, "{}", sent.details().len());
}

#[test]
fn what_helps_against_a_missing_character_is_said_whole() {
    for script in Script::LOOKED_FOR.into_iter().chain([Script::Other]) {
        let error = DocumentError::GlyphMissing { character: '\u{10FFFD}', script };
        assert_eq!(plain(&error).message(), error.to_string());
    }
}

#[test]
fn a_long_list_of_names_is_cut_between_two_of_them() {
    let names = ["node.tdap.gov.pk"; 40].join(", ");
    let cut = cut_to(MAX_SENTENCE, &names);
    assert!(cut.chars().count() <= MAX_SENTENCE + 1 && cut.ends_with(" node.tdap.gov.pk…"), "{cut}");
    assert_eq!((cut_to(6, "a full word").as_str(), cut_to(11, "a full word").as_str()), ("a full…", "a full word"));
    // Without a blank near the end there is no better place.
    assert_eq!(
        (cut_to(3, "上海宇赫").as_str(), cut_to(8, "a 上海宇赫体育用品").as_str()),
        ("上海宇…", "a 上海宇赫体育…")
    );
}

#[test]
fn however_many_are_named_what_to_do_comes_through() {
    let silent = some_of((1..=40).map(|nth| format!("node-{nth}.customs.gov.example")));
    let error = SequencerError::HistoryUnknown { origin: "tdap.gov.pk/log/2026-2/customs.gov.cn".to_owned(), silent };
    let sent = plain(&error);
    assert_eq!(sent.message(), error.to_string());
    assert!(sent.message().ends_with(" more; ask again"), "{}", sent.message());
}

#[test]
fn what_helps_where_not_all_were_heard_or_much_is_missing_is_said_before_the_names() {
    let silent = some_of((1..=40).map(|nth| format!("node-{nth}.customs.gov.example")));
    let sent = plain(&SequencerError::NotAllHeard { silent });
    assert!(sent.message().contains("(`origin partner go-on --log`, with any log of this authority)"), "{sent}");
    let missing = |held| SequencerError::HistoryMissing {
        origin: "tdap.gov.pk/log/2026-2/customs.gov.cn".to_owned(),
        held,
        signed: 9,
        told: "node.customs.gov.cn".into(),
        waits: "6 missing since 2026-12-01T09:40:00Z, held by node.customs.gov.cn (holds 9 entries)".into(),
        coming: true,
    };
    let [none, some] = [0, 3].map(|held| plain(&missing(held)).message().to_owned());
    for said in [&none, &some] {
        assert!(said.contains("with an address in the trust list") && said.ends_with("(holds 9 entries)"), "{said}");
    }
    // Whoever signed on an old copy hears of it before a partner proves it; of an empty folder nothing was signed.
    assert!(some.contains("3 are here") && some.contains("two histories"), "{some}");
    assert!(none.contains("lost") && !none.contains("two histories"), "{none}");
}

#[test]
fn what_decides_at_the_end_of_a_long_sentence_is_said() {
    let log = "tdap.gov.pk/log/2026-2/customs.gov.cn";
    let forked = SequencerError::HistoryForked { origin: log.to_owned(), size: 1_234_567 };
    let lost = |then| WorkflowError::EntryLost {
        statement: format!("01KB0000000000000000000000 of {log}"),
        number: "PK-CN-2026-LHE-000123".to_owned(),
        then,
    };
    assert_eq!(plain(&forked).message(), forked.to_string());
    for then in ["was given to another certificate since", "stays with what has it here (`origin certificate numbers`)"]
    {
        let lost = lost(then);
        assert_eq!(plain(&lost).message(), lost.to_string());
    }
}

#[test]
fn what_may_succeed_later_says_when() {
    let sent = Status::from(ApiError::RateLimited);
    assert_eq!(sent.code(), Code::ResourceExhausted);
    assert!(sent.get_error_details().retry_info().unwrap().retry_delay.is_some());
    let crowded = plain(&SequencerError::Crowded("certificate"));
    assert_eq!(crowded.code(), Code::Unavailable, "nothing is wrong with what was asked");
    assert!(crowded.get_error_details().retry_info().unwrap().retry_delay.is_some());
}

#[test]
fn what_waits_for_a_person_names_no_time_after_which_it_may_succeed() {
    for error in [
        SequencerError::KeyStopped("statement-1".into()),
        SequencerError::NoLogKey("2026-2".into()),
        SequencerError::LogKeyUnlisted("2026-2".into()),
        SequencerError::LogResting("a log".into()),
        SequencerError::NumbersLost { origin: "a log".to_owned(), waits: String::new() },
    ] {
        assert_eq!(error.class(), Class::Retry);
        let sent = plain(&error);
        assert_eq!(sent.code(), Code::Unavailable);
        assert!(sent.get_error_details().retry_info().is_none(), "{error}");
        assert_eq!(sent.message(), error.to_string(), "who asks is told what it is and who mends it");
    }
}

#[test]
fn what_is_missing_of_a_log_names_a_time_only_while_somebody_who_holds_it_is_connected() {
    let refused = [true, false].map(|coming| {
        let missing = SequencerError::HistoryMissing {
            origin: "a log".to_owned(),
            held: 3,
            signed: 9,
            told: "node.kra.go.ke".into(),
            waits: "".into(),
            coming,
        };
        Refusal::from(&refused_row(&missing.into()))
    });
    assert_eq!(refused.each_ref().map(|one| one.retry_after.is_some()), [true, false]);
    assert_eq!(refused.each_ref().map(Refusal::waits_for_a_person), [false, true]);
}

#[test]
fn who_asks_is_told_that_a_series_cannot_go_on_and_what_helps() {
    let (series, why) = ("PK-CN-2026-LHE-######".to_owned(), "the series has no further number".to_owned());
    let error = SequencerError::SeriesExhausted { series, why };
    let sent = plain(&error);
    assert_eq!((sent.code(), sent.message()), (Code::FailedPrecondition, error.to_string().as_str()));
    assert!(
        sent.message().contains("PK-CN-2026-LHE") && sent.message().contains("reference.number"),
        "{}",
        sent.message()
    );
}

#[test]
fn every_reason_has_the_code_that_is_written_down() {
    let text = include_str!("../../../docs/errors.md");
    let reasons = |cell: &str| cell.split('`').skip(1).step_by(2).map(ToOwned::to_owned).collect::<Vec<_>>();
    let (codes, table) = text.split_once("| reason | class | room | meaning |").unwrap();
    let mut special = std::collections::BTreeMap::new();
    for line in codes.lines().filter(|line| line.starts_with("| `")) {
        let mut words = reasons(line).into_iter();
        let name = words.next().unwrap();
        special.extend(words.map(|reason| (reason, name.clone())));
    }
    for line in table.lines().filter(|line| line.starts_with("| `")) {
        let reason = reasons(line).remove(0);
        for (word, class, usual) in [
            ("Reject", Class::Reject, "INVALID_ARGUMENT"),
            ("Retry", Class::Retry, "UNAVAILABLE"),
            ("Fatal", Class::Fatal, "INTERNAL"),
        ] {
            if line.split(" | ").nth(1).unwrap().contains(word) {
                let expected = special.get(&reason).map_or(usual, String::as_str);
                let name = format!("{:?}", code(&reason, class));
                assert_eq!(name.to_uppercase(), expected.replace('_', ""), "{reason}");
            }
        }
    }
}
