//! Headline, order and spelling of a verdict, apart from how its checks come out.

use crate::{
    time::{Timestamp, parse_date},
    verification::{
        Answer, Basis, Check, Day, Headline, Outcome, Say, Subject, TrustUsed, Verdict, Warning, verdict::Findings,
    },
};

fn verdict(checks: Vec<Check>) -> Verdict {
    let at: Timestamp = "2026-12-01T09:00:00Z".parse().unwrap();
    Verdict::conclude(Findings {
        checks,
        warnings: vec![
            Warning { code: "RETROSPECTIVE", sentence: "Issued after the goods had left.".into() },
            Warning { code: "COSIGNED_BY_NOBODY", sentence: "The log is cosigned by nobody.".into() },
        ],
        authentic: Answer::new(Say::Yes, "Signed and logged."),
        usable: Answer::new(Say::Yes, "Within its validity."),
        as_of: Some(Day { date: parse_date("2026-12-01").unwrap(), zone: "Asia/Shanghai".into(), asked: false }),
        at,
        statement: None,
        certificate: None,
        stamp: None,
        trust: TrustUsed { version: 7, next_update: "2026-12-31T00:00:00Z".parse().unwrap() },
        agreements_digest: None,
    })
}

fn all_passed() -> Vec<Check> {
    Subject::ALL.map(|name| Check::passed(name, format!("{name} holds."))).to_vec()
}

#[test]
fn nothing_against_it_is_valid() {
    let verdict = verdict(all_passed());
    assert_eq!((verdict.headline, verdict.exit_code()), (Headline::Valid, 0));
    assert_eq!(verdict.notes.len(), 1);
}

#[test]
fn of_any_two_headlines_the_first_of_the_published_order_is_taken() {
    for (i, first) in Headline::ALL.into_iter().enumerate() {
        for second in Headline::ALL.into_iter().skip(i) {
            for swapped in [false, true] {
                let (a, b) = if swapped { (second, first) } else { (first, second) };
                let mut checks = all_passed();
                checks[3] = Check::failed(checks[3].name, a, "a");
                checks[9] = Check::unknown(checks[9].name, b, "b");
                assert_eq!(verdict(checks).headline, first);
            }
        }
    }
}

#[test]
fn every_subject_is_listed_once_even_if_it_was_never_reached() {
    let verdict = verdict(vec![Check::failed(Subject::Signature, Headline::BadSignature, "x")]);
    assert_eq!(verdict.checks.iter().map(|c| c.name).collect::<Vec<_>>(), Subject::ALL);
    assert!(verdict.checks.iter().all(|c| c.outcome != Outcome::Passed));
    assert_eq!(verdict.outcome(Subject::Log), Outcome::Unknown);
}

#[test]
fn the_json_form_has_these_members_in_this_order() {
    let json = verdict(all_passed()).to_json();
    assert!(
        json.starts_with(r#"{"format":"urn:origin-exchange:verdict:1","headline":"VALID","tone":"good","#),
        "{json}"
    );
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    let members = value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let mut expected = [
        "format",
        "headline",
        "tone",
        "sentence",
        "next",
        "authentic",
        "usable",
        "as_of",
        "at",
        "checks",
        "warnings",
        "statement",
        "certificate",
        "trust",
        "agreements_digest",
        "notes",
    ];
    expected.sort_unstable();
    assert_eq!(members, expected);
    assert_eq!(value["at"], "2026-12-01T09:00:00Z");
    assert_eq!(value["as_of"]["date"], "2026-12-01");
    assert_eq!(value["warnings"][0]["code"], "COSIGNED_BY_NOBODY");
}

#[test]
fn the_text_names_what_a_check_rests_on_and_how_old_it_is() {
    let at: Timestamp = "2026-12-01T09:00:00Z".parse().unwrap();
    let mut checks = all_passed();
    let basis = Basis::at("status statement", "2026-12-01T06:00:00Z".parse().unwrap(), at);
    checks[8] = Check::failed(Subject::Status, Headline::Withdrawn, "Since 2026-11-30.")
        .next("Ask the authority.")
        .resting_on(basis);
    let text = verdict(checks).to_text();
    let start = "WITHDRAWN\nThis certificate was withdrawn by the authority. Since 2026-11-30.\n\
                 What to do: Ask the authority.\n\n\
                 Authentic and not withdrawn: yes. Signed and logged.\n\
                 Usable on 2026-12-01 (Asia/Shanghai, the day there when asked): yes. Within its validity.\n\
                 Note: The log is cosigned by nobody. [COSIGNED_BY_NOBODY]\n";
    assert!(text.starts_with(start), "{text}");
    assert!(text.contains("rests on: status statement, as of 2026-12-01T06:00:00Z, 3 h old\n"), "{text}");
    assert!(text.contains("not an order to hold goods"), "{text}");
    assert!(!text.contains('\u{1b}'));
}

#[test]
fn how_old_the_status_is_stands_in_the_first_lines() {
    let at: Timestamp = "2026-12-07T09:00:00Z".parse().unwrap();
    let mut checks = all_passed();
    let basis = Basis::at("status statement", "2026-12-01T06:00:00Z".parse().unwrap(), at);
    checks[8] = Check::passed(Subject::Status, "In force.").resting_on(basis);
    let text = verdict(checks).to_text();
    let start =
        "VALID\nThis certificate is genuine and in force. Its status is as of 2026-12-01T06:00:00Z, 6 days old.\n";
    assert!(text.starts_with(start), "{text}");
}
