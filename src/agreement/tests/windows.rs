//! The days that decide: free days, windows, marks, ends of validity.

use super::*;

/// A certificate of an agreement's first route: when the goods left, when it is issued, whether that is marked and
/// in which box, and whether it may be had.
type Row = (&'static str, &'static str, &'static str, Outcome);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Outcome {
    Plain,
    Marked(&'static str, &'static str),
    Refused,
    /// It may be had, with a warning that the window, which is not confirmed, is over.
    Doubtful,
}
use Outcome::{Doubtful, Marked, Plain, Refused};

const ROWS: &[Row] = &[
    ("ACFTA", "2026-01-31", "2026-02-03", Plain),
    ("ACFTA", "2026-01-31", "2026-02-04", Marked("ISSUED RETROACTIVELY", "13")),
    ("ACFTA", "2026-01-31", "2027-01-31", Marked("ISSUED RETROACTIVELY", "13")),
    ("ACFTA", "2026-01-31", "2027-02-01", Doubtful),
    ("ATIGA", "2026-01-31", "2026-01-31", Plain),
    ("ATIGA", "2026-01-31", "2026-02-01", Marked("ISSUED RETROACTIVELY", "13")),
    ("ATIGA", "2026-01-31", "2027-01-31", Marked("ISSUED RETROACTIVELY", "13")),
    ("ATIGA", "2026-01-31", "2027-02-01", Refused),
    // A year from 29 February ends on 28 February.
    ("ATIGA", "2024-02-29", "2025-02-28", Marked("ISSUED RETROACTIVELY", "13")),
    ("ATIGA", "2024-02-29", "2025-03-01", Refused),
    // From which day on it is marked was not read, so no mark is put on it; the window binds.
    ("RCEP", "2026-01-31", "2027-01-31", Plain),
    ("RCEP", "2026-01-31", "2027-02-01", Refused),
    // Friday; three working days end on Wednesday.
    ("AANZFTA", "2026-01-30", "2026-02-04", Plain),
    ("AANZFTA", "2026-01-30", "2026-02-05", Marked("ISSUED RETROACTIVELY", "13")),
    ("AANZFTA", "2026-01-30", "2027-01-31", Refused),
    ("APTA", "2026-01-30", "2026-02-04", Plain),
    ("APTA", "2026-01-30", "2026-02-05", Doubtful),
    ("CPFTA", "2026-01-31", "2026-02-15", Plain),
    ("CPFTA", "2026-01-31", "2026-02-16", Marked("ISSUED RETROACTIVELY", "13")),
    ("CPFTA", "2026-01-31", "2027-02-01", Refused),
    ("COMESA", "2026-01-31", "2026-02-01", Marked("ISSUED RETROSPECTIVELY", "5")),
    // Three months from 30 November end on the last of February.
    ("COMESA", "2026-11-30", "2027-02-28", Marked("ISSUED RETROSPECTIVELY", "5")),
    ("COMESA", "2026-11-30", "2027-03-01", Refused),
    ("EAC", "2026-01-31", "2026-02-01", Marked("ISSUED AFTER EXPORTATION", "4")),
    ("EUR1", "2026-01-31", "2026-02-01", Marked("ISSUED RETROSPECTIVELY", "7")),
    ("CHAFTA", "2026-01-31", "2027-02-01", Doubtful),
    ("GSP", "2026-01-31", "2026-06-01", Plain),
];

#[test]
fn free_days_marks_and_windows_are_those_of_the_agreement() {
    for (code, left, issued_on, expected) in ROWS {
        let agreement = get(code);
        let edition = agreement.edition_on(date(issued_on)).unwrap();
        let mut filling = Filling::of(&agreement, edition, date(issued_on));
        filling.left = date(left);
        let (planned, actual) = (format!("planned = \"{left}\""), format!("actual = \"{left}\""));
        let facts = format!("[application]\nreceived_on = \"{issued_on}\"\nretrospective_reason = \"holiday\"");
        let changes = [(planned.as_str(), actual.as_str()), ("[application]", facts.as_str())];
        let judgement = judged_as(&agreement, edition, &filling, &changes);
        let over = of(&judgement, Severity::Warning, "RETROSPECTIVE_WINDOW").len();
        let found = match &judgement.ruling {
            None => Refused,
            Some(_) if over == 1 => Doubtful,
            Some(ruling) if ruling.flags.retrospective => {
                let [mark] = ruling.endorsements.as_slice() else { panic!("{code} {:?}", ruling.endorsements) };
                match expected {
                    Marked(text, number)
                        if mark.text.as_str() == *text && mark.form_box.as_ref().unwrap().as_str() == *number =>
                    {
                        *expected
                    }
                    _ => panic!("{code} {left} {issued_on}: {mark:?}"),
                }
            }
            Some(_) => Plain,
        };
        assert_eq!(found, *expected, "{code} {left} {issued_on}\n{}", judgement.findings);
        if *expected == Refused {
            the_one(&judgement, Severity::Error, "RETROSPECTIVE_WINDOW");
        }
    }
}

#[test]
fn validity_ends_where_the_months_end() {
    let rows = [
        ("ATIGA", "2024-02-29", "2025-02-28"),
        ("ATIGA", "2026-01-31", "2027-01-31"),
        ("RCEP", "2023-02-28", "2024-02-28"),
        ("EAC", "2026-08-31", "2027-02-28"),
        ("EAC", "2027-08-31", "2028-02-29"),
        ("EUR1", "2024-04-30", "2025-02-28"),
        ("EUR1", "2026-05-31", "2027-03-31"),
        ("APTA", "2026-11-22", "2027-11-22"),
        ("CHAFTA", "2026-11-22", "2027-11-22"),
        ("ACFTA", "2010-10-31", "2011-02-28"),
    ];
    for (code, issued_on, until) in rows {
        let judgement = judged(&get(code), issued_on, &[]);
        assert_eq!(ruling(&judgement).valid_until, Some(date(until)), "{code} {issued_on}");
    }
    for unknown in ["CN-LDC", "CN-AFRICA", "CN-MU"] {
        let judgement = judged(&get(unknown), "2026-11-22", &[]);
        assert_eq!(ruling(&judgement).valid_until, None, "{unknown}");
        the_one(&judgement, Severity::Unknown, "VALIDITY");
    }
}

#[test]
fn which_day_is_the_last_is_said_to_be_unknown_where_no_source_says_it() {
    let found = the_one(&judged(&get("ATIGA"), "2026-11-22", &[]), Severity::Unknown, "VALIDITY");
    assert!(found.message.contains("2027-11-22 or the day before"), "{found}");
}

#[test]
fn holidays_between_are_said_to_be_unknown_where_they_could_matter() {
    let judge = |issued_on: &str| {
        let agreement = get("AANZFTA");
        let edition = &agreement.editions[0];
        let mut filling = Filling::of(&agreement, edition, date(issued_on));
        filling.left = date("2026-01-30");
        judged_as(&agreement, edition, &filling, &[("planned", "actual")])
    };
    let said = |judgement: &Judgement| {
        of(judgement, Severity::Unknown, "RETROSPECTIVE").iter().any(|one| one.message.contains("holidays"))
    };
    assert!(!said(&judge("2026-02-02")), "three calendar days are within three working days");
    assert!(said(&judge("2026-02-03")) && said(&judge("2026-02-05")));
    assert!(!said(&judge("2026-05-01")), "no holidays are that long");
}

#[test]
fn a_back_to_back_certificate_ends_with_the_first_of_its_originals() {
    let prior = |number: &str, issued: &str| {
        format!(
            "{{ relation = \"back_to_back_on\", number = \"{number}\", issued_on = \"{issued}\", country = \"VN\" }}"
        )
    };
    let both = format!("[reference]\nprior = [{}, {}]", prior("A-1", "2026-05-10"), prior("A-2", "2026-03-01"));
    let judgement = judged(&get("ATIGA"), "2026-11-22", &[("[reference]", &both)]);
    assert_eq!(ruling(&judgement).valid_until, Some(date("2027-03-01")));
    let ended = format!("[reference]\nprior = [{}]", prior("A-1", "2025-11-21"));
    let judgement = judged(&get("ATIGA"), "2026-11-22", &[("[reference]", &ended)]);
    the_one(&judgement, Severity::Error, "PRIOR_WINDOW");
    the_one(&judgement, Severity::Error, "VALIDITY");
}

#[test]
fn a_true_copy_bears_its_words_and_the_originals_days() {
    let rows = [
        ("ATIGA", "CERTIFIED TRUE COPY", "12"),
        ("EUR1", "DUPLICATE", "7"),
        ("GSP", "DUPLICATE", "4"),
        ("CN-LDC", "certified true copy of the original (X-1, 2026-06-01)", "5"),
    ];
    for (code, words, number) in rows {
        let copy = "[reference]\nprior = [{ relation = \"true_copy_of\", number = \"X-1\", issued_on = \"2026-06-01\", country = \"PK\" }]";
        let judgement = judged(&get(code), "2026-11-22", &[("[reference]", copy)]);
        let ruling = ruling(&judgement);
        assert_eq!(ruling.valid_from, date("2026-06-01"), "{code}");
        let [mark] = ruling.endorsements.as_slice() else { panic!("{code} {:?}", ruling.endorsements) };
        assert_eq!((mark.text.as_str(), mark.form_box.as_ref().unwrap().as_str()), (words, number), "{code}");
    }
    let eac = "[reference]\nprior = [{ relation = \"replaces\", number = \"X-1\", issued_on = \"2026-11-01\", country = \"KE\" }]";
    let judgement = judged(&get("EAC"), "2026-11-22", &[("[reference]", eac)]);
    assert_eq!(
        ruling(&judgement).endorsements[0].text.as_str(),
        "REPLACEMENT for KE Certificate No. X-1 of 2026-11-01"
    );
}
