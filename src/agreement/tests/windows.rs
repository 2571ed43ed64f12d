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
    // A fortnight later no row of holidays could have kept it within three working days.
    ("APTA", "2026-01-30", "2026-02-18", Doubtful),
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

/// Bangladesh and Brunei rest from Monday 2 to Wednesday 4 February 2026, for this test.
fn holidays() -> Holidays {
    let year = |country: &str| {
        format!(
            "[[holidays]]\ncountry = \"{country}\"\nyear = 2026\nsource = \"for this test\"\ndays = [{{ date = \"2026-02-02\", \
             name = \"a\" }}, {{ date = \"2026-02-03\", name = \"b\" }}, {{ date = \"2026-02-04\", name = \"c\" }}]\n"
        )
    };
    let countries = ["BD", "BN"].map(year).concat();
    Holidays::load([("h.toml", format!("format = 1\n{countries}"))]).unwrap_or_else(|errors| panic!("{errors}"))
}

/// Judged with the goods gone on Friday 30 January 2026.
fn left_on_friday(code: &str, issued_on: &str, holidays: &Holidays) -> Judgement {
    let agreement = get(code);
    let edition = agreement.edition_on(date(issued_on)).unwrap();
    let mut filling = Filling::of(&agreement, edition, date(issued_on));
    filling.left = date("2026-01-30");
    let text = filling.fill(&agreement.template(), edition).replace("planned", "actual");
    agreement.judge(&particulars(&text), date(issued_on), holidays)
}

#[test]
fn working_days_leave_out_the_holidays_of_the_exporting_country() {
    let from = |code: &str| Filling::of(&get(code), &get(code).editions[0], date("2026-02-05")).from;
    assert_eq!((from("AANZFTA").as_str(), from("APTA").as_str()), ("BN", "BD"));
    // Thursday 5, Friday 6 and Monday 9 are the three days; the 10th is the fourth.
    let marked = |issued_on: &str| {
        let judgement = left_on_friday("AANZFTA", issued_on, &holidays());
        assert!(!judgement.findings.iter().any(|one| one.message.contains("holidays")), "{}", judgement.findings);
        ruling(&judgement).flags.retrospective
    };
    assert!(!marked("2026-02-05") && !marked("2026-02-09") && marked("2026-02-10"));
    // APTA gives none afterwards; that is not confirmed, so it warns.
    let over = |issued_on: &str, holidays: &Holidays, severity| {
        of(&left_on_friday("APTA", issued_on, holidays), severity, "RETROSPECTIVE_WINDOW").len()
    };
    assert_eq!(over("2026-02-09", &holidays(), Severity::Warning), 0);
    assert_eq!(over("2026-02-10", &holidays(), Severity::Warning), 1);
    // Without the holidays neither passes silently, and neither is blocked, though the rule were confirmed.
    assert_eq!(over("2026-02-09", &Holidays::none(), Severity::Unknown), 1);
    let line = "allowed = { value = false, article = \"Chinese customs' summary of endorsements\", confirmed = false }";
    let firm = changed("apta.toml", &[(line, &line.replace("confirmed = false", "confirmed = true"))]);
    let edition = &firm.editions[0];
    let mut filling = Filling::of(&firm, edition, date("2026-02-09"));
    filling.left = date("2026-01-30");
    let text = filling.fill(&firm.template(), edition).replace("planned", "actual");
    let judge = |holidays: &Holidays, on: &str| firm.judge(&particulars(&text), date(on), holidays);
    assert!(judge(&Holidays::none(), "2026-02-09").ruling.is_some());
    assert!(judge(&holidays(), "2026-02-09").ruling.is_some());
    the_one(&judge(&holidays(), "2026-02-10"), Severity::Error, "RETROSPECTIVE_WINDOW");
}

/// Application, issue, departure; each agreement counts to another of them.
#[test]
fn three_dates_apart_decide_as_the_agreement_counts() {
    // Agreement, application, issue, what was planned, what happened; marked?
    let rows = [
        // COMESA counts to the application, however long the office takes.
        ("COMESA", "2026-08-20", "2026-09-20", "2026-08-20", Some("2026-08-20"), Plain),
        ("COMESA", "2026-08-21", "2026-09-20", "2026-08-20", Some("2026-08-20"), Marked("ISSUED RETROSPECTIVELY", "5")),
        ("COMESA", "2026-11-20", "2026-12-20", "2026-08-20", Some("2026-08-20"), Marked("ISSUED RETROSPECTIVELY", "5")),
        ("COMESA", "2026-11-21", "2026-11-21", "2026-08-20", Some("2026-08-20"), Refused),
        // The ship left a week before it was to: applied for in time, as it was thought.
        ("COMESA", "2026-08-20", "2026-08-24", "2026-08-24", None, Plain),
        ("COMESA", "2026-08-20", "2026-08-24", "2026-08-24", Some("2026-08-17"), Marked("ISSUED RETROSPECTIVELY", "5")),
        // ACFTA and CPFTA count to issue, however early it was applied for.
        ("ACFTA", "2026-01-20", "2026-02-03", "2026-01-31", Some("2026-01-31"), Plain),
        ("ACFTA", "2026-01-20", "2026-02-04", "2026-01-31", Some("2026-01-31"), Marked("ISSUED RETROACTIVELY", "13")),
        ("ACFTA", "2026-01-20", "2026-02-03", "2026-02-05", Some("2026-01-30"), Marked("ISSUED RETROACTIVELY", "13")),
        ("CPFTA", "2026-01-20", "2026-02-15", "2026-01-31", Some("2026-01-31"), Plain),
        ("CPFTA", "2026-01-20", "2026-02-16", "2026-01-31", Some("2026-01-31"), Marked("ISSUED RETROACTIVELY", "13")),
        ("CPFTA", "2026-02-01", "2026-02-10", "2026-02-20", None, Plain),
        ("CPFTA", "2026-02-01", "2026-02-10", "2026-02-20", Some("2026-01-25"), Marked("ISSUED RETROACTIVELY", "13")),
        ("CPFTA", "2026-02-01", "2027-02-01", "2026-02-20", Some("2026-01-31"), Refused),
        // APTA counts to issue, in working days, and gives none afterwards.
        ("APTA", "2026-01-20", "2026-02-09", "2026-01-30", Some("2026-01-30"), Plain),
        ("APTA", "2026-01-20", "2026-02-10", "2026-01-30", Some("2026-01-30"), Doubtful),
        ("APTA", "2026-01-20", "2026-02-09", "2026-02-09", Some("2026-01-29"), Doubtful),
    ];
    for (code, applied, issued_on, planned, actual, expected) in rows {
        let agreement = get(code);
        let edition = agreement.edition_on(date(issued_on)).unwrap();
        let mut filling = Filling::of(&agreement, edition, date(issued_on));
        filling.left = date(planned);
        let text = filling.fill(&agreement.template(), edition);
        let day = format!("planned = \"{planned}\"");
        assert!(text.contains(&day), "{text}");
        let both = actual.map_or(day.clone(), |actual| format!("{day}, actual = \"{actual}\""));
        let facts = format!("[application]\nreceived_on = \"{applied}\"\nretrospective_reason = \"holiday\"");
        let text = text.replace(&day, &both).replace("[application]", &facts);
        let judgement = agreement.judge(&particulars(&text), date(issued_on), &holidays());
        let doubtful = of(&judgement, Severity::Warning, "RETROSPECTIVE_WINDOW").len() == 1;
        let found = match &judgement.ruling {
            None => Refused,
            Some(_) if doubtful => Doubtful,
            Some(ruling) => match ruling.endorsements.as_slice() {
                [] => Plain,
                [mark] => match expected {
                    Marked(text, number)
                        if mark.text.as_str() == text && mark.form_box.as_ref().unwrap().as_str() == number =>
                    {
                        expected
                    }
                    _ => panic!("{code} {applied} {issued_on}: {mark:?}"),
                },
                marks => panic!("{code} {applied} {issued_on}: {marks:?}"),
            },
        };
        assert_eq!(found, expected, "{code} {applied} {issued_on} {planned} {actual:?}\n{}", judgement.findings);
        // What was planned when it was issued, and what was learnt later, come to the same.
        if let (Some(actual), Some(_)) = (actual, &judgement.ruling)
            && date(planned) >= date(issued_on)
        {
            let thought = particulars(&text.replace(&both, &day));
            let later = agreement.judge_later(&thought, date(issued_on), &holidays(), date(actual));
            let unmarked = later.iter().any(|one| one.rule == "RETROSPECTIVE_UNMARKED");
            assert_eq!(unmarked, expected != Plain, "{code} {planned} {actual}: {later}");
        }
    }
}

#[test]
fn a_bill_of_lading_earlier_than_the_plan_is_the_day_the_goods_left() {
    let cpfta = get("CPFTA");
    let edition = &cpfta.editions[0];
    let judge = |bill: &str, issued_on: &str| {
        let mut filling = Filling::of(&cpfta, edition, date(issued_on));
        filling.left = date("2026-02-20");
        let bill =
            format!("[transport]\ndocuments = [{{ kind = \"bill_of_lading\", number = \"B1\", date = \"{bill}\" }}]");
        judged_as(&cpfta, edition, &filling, &[("[transport]", &*bill)])
    };
    // On board on 20 January, sixteen days before issue, though the departure is planned for a later day.
    let early = judge("2026-01-20", "2026-02-05");
    assert!(ruling(&early).flags.retrospective, "{}", early.findings);
    assert!(the_one(&early, Severity::Warning, "DEPARTURE").message.contains("taken on board before"));
    assert!(!ruling(&judge("2026-01-21", "2026-02-05")).flags.retrospective);
    // A paper of a day to come shows nothing yet.
    let later = judge("2026-02-06", "2026-02-05");
    assert!(!ruling(&later).flags.retrospective && of(&later, Severity::Warning, "DEPARTURE").is_empty());
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
