use super::*;
use proptest::prelude::*;

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn office() -> OfficeCode {
    "LHE".parse().unwrap()
}

#[test]
fn numbers_come_out_as_the_country_writes_them() {
    let pakistan: Series = "PK-CN-{yyyy}-{office}-{serial:6}".parse().unwrap();
    let number = pakistan.number(&office(), date("2026-11-12"), None, 417).unwrap();
    assert_eq!(number.to_string(), "PK-CN-2026-LHE-000417");
    let china: Series = "P{yy}{registration:9}{serial:4}".parse().unwrap();
    let number = china.number(&office(), date("2026-10-21"), Some("470Z10001"), 42).unwrap();
    assert_eq!(number.to_string(), "P26470Z100010042");
    let pattern: Pattern = "P[0-9]{2}[0-9A-Z]{9}[0-9]{4}".parse().unwrap();
    assert!(pattern.matches(number.to_string().as_str()));
}

#[test]
fn a_series_that_ran_out_says_so_instead_of_growing_a_digit() {
    let series: Series = "A{serial:2}".parse().unwrap();
    assert_eq!(series.number(&office(), date("2026-01-01"), None, 99).unwrap().to_string(), "A99");
    let full = series.number(&office(), date("2026-01-01"), None, 100);
    assert_eq!(full, Err(AgreementError::SeriesExhausted("A{serial:2}".to_owned())));
}

#[test]
fn a_missing_or_misshapen_registration_gives_no_number() {
    let series: Series = "P{yy}{registration:9}{serial:4}".parse().unwrap();
    for bad in [None, Some("470Z1000"), Some("470Z10001X"), Some("470Z-0001")] {
        assert!(series.number(&office(), date("2026-01-01"), bad, 1).is_err(), "{bad:?}");
    }
}

#[test]
fn each_year_office_and_registration_counts_for_itself() {
    let series: Series = "{office}/{yy}/{serial:5}".parse().unwrap();
    let key = |year: &str| series.key(&office(), date(year), None).unwrap();
    assert_eq!(key("2026-12-31"), "LHE/26/#####");
    assert_ne!(key("2026-12-31"), key("2027-01-01"));
}

#[test]
fn a_number_is_told_from_its_count_however_it_is_written() {
    let series: Series = "PK-CN-{yyyy}-{office}-{serial:6}".parse().unwrap();
    let key = series.key(&office(), date("2026-11-12"), None).unwrap();
    let spelt = |number: &str| Series::spelt(&key, number);
    for written in [
        "PK-CN-2026-LHE-000417",
        "pk-cn-2026-lhe-000417",
        "PKCN 2026/LHE 000417.",
        "PK-CN-2026-LHE-417",
        "PK-CN-2026-LHE-0000417",
    ] {
        assert_eq!(spelt(written).as_deref(), Some("PK-CN-2026-LHE-000417"), "{written}");
    }
    for other in [
        "FOO",
        "",
        "PK-CN-2025-LHE-000417",
        "PK-CN-2026-KHI-000417",
        "PK-CN-2026-LHE-",
        "PK-CN-2026-LHE-1000417",
        "PK-CN-2026-LHE-000417A",
        "PK-CN-2026-LHE-00041O",
    ] {
        assert_eq!(spelt(other), None, "{other}");
    }
    let series: Series = "P{yy}{registration:9}{serial:4}".parse().unwrap();
    let key = series.key(&office(), date("2026-11-12"), Some("470Z10001")).unwrap();
    assert!(Series::spelt(&key, "P26470Z100010042").is_some());
    assert_eq!(Series::spelt(&key, "P26470Z1000142"), None, "without its zeros it is another number");
    assert_eq!(Series::spelt("####/26", "42/26").as_deref(), Some("0042/26"));
}

#[test]
fn a_number_of_an_office_is_told_whatever_its_year_route_and_registration() {
    let spelt = |series: &str, office: &str, number: &str| {
        series.parse::<Series>().unwrap().spelt_by(&office.parse().unwrap(), number)
    };
    for (series, office, number, written) in [
        ("PK-CN-{yyyy}-{office}-{serial:6}", "KHI", "PK-CN-2026-KHI-000005", "PK-CN-2026-KHI-000005"),
        ("{office}-{yyyy}-{serial:6}", "KHI", "KHI-2025-000001", "KHI-2025-000001"),
        ("{office}-{yyyy}-{serial:6}", "KHI", "khi-2026-2", "KHI-2026-000002"),
        ("{office}-{yyyy}-{serial:6}", "KHI-2", "khi 2/2026/0000002", "KHI-2-2026-000002"),
        ("{from}-{to} {yy}/{office:2}/{serial:5}", "02", "pk-cn 26/02/17", "PK-CN 26/02/00017"),
        ("{office}{yy}{registration:3}{serial:4}", "KHI", "KHI26A1B0042", "KHI26A1B0042"),
    ] {
        assert_eq!(spelt(series, office, number).as_deref(), Some(written), "{number}");
    }
    for (series, office, number) in [
        ("{office}-{yyyy}-{serial:6}", "LHE", "KHI-2026-000001"),
        ("{office}-{yyyy}-{serial:6}", "KHI", "KHI-2026-"),
        ("{office}-{yyyy}-{serial:6}", "KHI", "KHI-2026-1000001"),
        ("{office}-{yyyy}-{serial:6}", "KHI", "KHI-XXVI-000001"),
        ("{office}-{yyyy}-{serial:6}", "KHI", "KHI202600001"),
        ("{office}-{yyyy}-{serial:6}", "KHI", "K-417"),
        ("{from}-{to} {yy}/{office:2}/{serial:5}", "KHI", "PK-CN 26/KHI/00017"),
        ("{from}-{to} {yy}/{office:2}/{serial:5}", "02", "P1-CN 26/02/00017"),
        ("KE-NP-{yyyy}-{serial:6}", "KHI", "KE-NP-2026-000001"),
    ] {
        assert_eq!(spelt(series, office, number), None, "{number}");
    }
}

#[test]
fn the_last_serial_is_the_last_that_gives_a_number() {
    for (series, last) in [("A{serial:2}", 99), ("{serial:18}", 999_999_999_999_999_999)] {
        let series: Series = series.parse().unwrap();
        assert_eq!(series.last_serial(), last);
        assert!(series.number(&office(), date("2026-01-01"), None, last).is_ok());
        assert!(series.number(&office(), date("2026-01-01"), None, last + 1).is_err());
    }
}

#[test]
fn templates_that_could_not_count_are_refused() {
    for bad in [
        "",
        "PK",
        "{serial}",
        "{serial:0}",
        "{serial:19}",
        "{serial:4}{serial:4}",
        "{year}{serial:4}",
        "{serial:4",
        "serial:4}",
        "Ü{serial:4}",
    ] {
        assert!(bad.parse::<Series>().is_err(), "{bad}");
    }
}

#[test]
fn the_serial_of_a_number_is_read_and_every_number_of_a_count_is_read_with_its_beginning() {
    let keys = ["PK-CN-2026-LHE-######", "P26470Z1000####", "####/26", "A05####-9", "C####", "A0####"];
    for key in keys {
        let digits = key.matches('#').count();
        let begin = Series::begins_as_read(key);
        for serial in [1, 9, 90, 417, 9_999] {
            let number = key.replacen(&"#".repeat(digits), &format!("{serial:0digits$}"), 1);
            assert_eq!(Series::serial(key, &number), Some(serial), "{number}");
            assert!(number_as_read(&number).starts_with(&begin), "{number} and {begin}");
        }
    }
    assert_eq!(Series::begins_as_read(keys[0]), "PKCN2026LHE");
    assert_eq!(Series::serial(keys[0], "pk cn 2026 lhe 417"), Some(417));
    assert_eq!(Series::serial(keys[0], "PK-CN-2026-KHI-000417"), None);
}

#[test]
fn a_pattern_speaks_of_the_whole_number() {
    let pattern: Pattern = "A|B".parse().unwrap();
    assert!(pattern.matches("A") && pattern.matches("B"));
    assert!(!pattern.matches("AB") && !pattern.matches("XA"));
    assert!("(".parse::<Pattern>().is_err());
    assert!("([0-9]{1000}){1000}".parse::<Pattern>().is_err(), "a pattern cannot fill memory");
}

proptest! {
    #[test]
    fn two_serials_never_give_one_number(a in 0u64..1_000_000, b in 0u64..1_000_000) {
        let series: Series = "PK-CN-{yyyy}-{office}-{serial:6}".parse().unwrap();
        let number = |serial| series.number(&office(), date("2026-11-12"), None, serial).unwrap();
        prop_assert_eq!(number(a) == number(b), a == b);
    }

    #[test]
    fn a_series_writes_back_as_it_was_read(text in "[A-Z]{0,3}(\\{yyyy\\}|\\{yy\\}|\\{office\\}|-|/){0,4}\\{serial:[1-9]\\}[A-Z]{0,2}") {
        prop_assert_eq!(text.parse::<Series>().unwrap().to_string(), text);
    }
}
