use super::*;
use proptest::prelude::*;

fn rule(text: &str) -> Expression {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[track_caller]
fn fault(text: &str) -> (usize, String) {
    let error = text.parse::<Expression>().unwrap_err();
    (error.at, error.message)
}

#[test]
fn a_rule_is_read_as_agreements_write_it() {
    assert_eq!(
        rule("CTH except from 95.06, 9507 or RVC(40)"),
        Expression::Any(vec![
            Expression::Change {
                level: Level::Heading,
                except: vec!["95.06".parse().unwrap(), "95.07".parse().unwrap()]
            },
            Expression::Value { method: ValueMethod::Regional, percent: "40".parse().unwrap() },
        ])
    );
    assert_eq!(rule("SP(\"cut and sewn\")"), Expression::Process("CUT_AND_SEWN".parse().unwrap()));
    assert_eq!(rule("QVC (40 %, build_up)"), rule("RVC(40, build_up)"));
}

#[test]
fn and_binds_closer_than_or_and_brackets_say_otherwise() {
    assert_eq!(rule("WO or CTH and RVC(35)").to_string(), "WO or CTH and RVC(35)");
    assert_eq!(rule("(WO or CTH) and RVC(35)").to_string(), "(WO or CTH) and RVC(35)");
    assert_eq!(rule("(WO or (CTH))"), rule("WO or CTH"));
    assert_eq!(rule("WO or (CTH or CC)"), rule("WO or CTH or CC"));
}

#[test]
fn a_mistake_is_named_with_its_place() {
    assert_eq!(fault("CTH or").0, 7);
    assert!(fault("CTH or").1.contains("not the end"));
    assert_eq!(fault("CTH RVC(40)").0, 5);
    assert!(fault("CTH RVC(40)").1.contains("`and` or `or`"));
    assert_eq!(fault("RVC(140)").0, 5);
    assert_eq!(fault("RVC 40").0, 5);
    assert_eq!(fault("RVC(40").1, "`)` is missing at the end");
    assert_eq!(fault("MC(60, build_up)").0, 8);
    assert!(fault("CTH except 9").1.contains("`9` is no HS range"));
    assert!(fault("SP(\"weben").1.contains("closing"));
    assert!(fault("XYZ").1.contains("not `XYZ`"));
    assert_eq!(fault("É").0, 1);
}

#[test]
fn brackets_without_end_are_refused_and_cost_nothing() {
    assert!(fault(&"(".repeat(2_000)).1.contains("deep"));
    assert!(fault(&"(".repeat(1_000_000)).1.contains("characters"));
}

fn any_rule() -> impl Strategy<Value = Expression> {
    let range = (1u32..97, 1u32..99, 0usize..3).prop_map(|(chapter, heading, digits)| {
        let code = format!("{chapter:02}{heading:02}10");
        code[..2 + 2 * digits].parse::<HsRange>().unwrap()
    });
    let level = prop::sample::select(vec![Level::Chapter, Level::Heading, Level::Subheading]);
    let methods = vec![
        ValueMethod::Regional,
        ValueMethod::BuildDown,
        ValueMethod::BuildUp,
        ValueMethod::NetCost,
        ValueMethod::MaterialContent,
        ValueMethod::ValueAdded,
        ValueMethod::NonOriginating,
    ];
    let leaf = prop_oneof![
        Just(Expression::WhollyObtained),
        Just(Expression::Exclusively),
        (level, prop::collection::vec(range, 0..3)).prop_map(|(level, except)| Expression::Change { level, except }),
        (prop::sample::select(methods), 0u32..100)
            .prop_map(|(method, percent)| Expression::Value { method, percent: Decimal::from_whole(percent) }),
        "[A-Z]{1,8}(_[A-Z]{1,8}){0,2}".prop_map(|code| Expression::Process(code.parse().unwrap())),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Expression::All),
            prop::collection::vec(inner, 2..4).prop_map(Expression::Any),
        ]
    })
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic_and_its_place_lies_within(text in "[A-Z(),.\"0-9 éor and]{0,60}|\\PC{0,80}") {
        if let Err(error) = text.parse::<Expression>() {
            prop_assert!(error.at >= 1 && error.at <= text.chars().count() + 1);
        }
    }

    /// What is printed reads back to what is printed.
    #[test]
    fn a_rule_reads_back(expression in any_rule()) {
        let text = expression.to_string();
        prop_assert_eq!(rule(&text).to_string(), rule(&rule(&text).to_string()).to_string());
    }
}
