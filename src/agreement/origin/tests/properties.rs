use super::*;
use proptest::prelude::*;

#[derive(Debug, Clone)]
struct Part {
    cents: i128,
    kind: u8,
}

fn parts() -> impl Strategy<Value = Vec<Part>> {
    prop::collection::vec((0i128..5_000_000, 0u8..3).prop_map(|(cents, kind)| Part { cents, kind }), 0..8)
}

fn money(cents: i128) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

fn materials(parts: &[Part]) -> String {
    let one = |part: &Part| {
        let (origin, evidence) = match part.kind {
            0 => ("originating", ""),
            1 => ("undetermined", ""),
            _ => ("CN", r#"evidence = [{ kind = "certificate", reference = "P1" }], "#),
        };
        material("590320", origin, &money(part.cents)).replace("origin =", &format!("{evidence}origin ="))
    };
    parts.iter().map(one).collect()
}

/// Whether whole numbers say that `part` of `whole` is at least so many per cent.
fn at_least(part: i128, whole: i128, percent: i128) -> Answer {
    if part * 100 >= whole * percent { Answer::Met } else { Answer::NotMet }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Against sums in whole cents, compared by cross-multiplication.
    #[test]
    fn every_method_agrees_with_whole_cents(
        parts in parts(),
        labour in 0i128..3_000_000,
        profit in 0i128..3_000_000,
        percent in 1i128..100,
    ) {
        let whole = 10_000_000;
        let sum = |kinds: &[u8]| parts.iter().filter(|part| kinds.contains(&part.kind)).map(|part| part.cents).sum::<i128>();
        let amount = |cents: i128| format!(r#"{{ value = "{}", currency = "USD" }}"#, money(cents));
        let costs = format!("costs = {{ labour = {}, overheads = {}, profit = {} }}", amount(labour), amount(0), amount(profit));
        let given = item(&materials(&parts), &costs);
        for (basis, own, foreign) in [(0, sum(&[0]), sum(&[1, 2])), (1, sum(&[0, 2]), sum(&[1]))] {
            let cost = own + foreign + labour;
            let ceiling = |part: i128, whole: i128| if part * 100 <= whole * percent { Answer::Met } else { Answer::NotMet };
            let expected = [
                (format!("RVC({percent}, build_down)"), at_least(whole - foreign, whole, percent)),
                (format!("RVC({percent}, build_up)"), at_least(own + labour + profit, whole, percent)),
                (format!("NOM({percent})"), ceiling(foreign, whole)),
                (format!("MC({percent})"), if own + foreign == 0 { Answer::Unknown } else { ceiling(foreign, own + foreign) }),
                (format!("VA({percent})"), if cost == 0 { Answer::Unknown } else { at_least(cost - foreign, cost, percent) }),
                (format!("NC({percent})"), if cost == 0 { Answer::Unknown } else { at_least(cost - foreign, cost, percent) }),
            ];
            for (rule, expected) in expected {
                let found = answers(&judged(&cpfta(&rule, ""), &given));
                let found = if basis == 0 { found.0 } else { found.1 };
                prop_assert_eq!(found, expected, "{} on basis {}", rule, basis);
            }
        }
    }

    /// The same when the value of the whole is brought to the part that the materials are for, by cross-multiplication.
    #[test]
    fn figures_for_a_part_are_held_against_the_value_of_that_part(
        (per, all) in (1i128..2000, 1i128..2000),
        foreign in 0i128..10_000_000,
        percent in 1i128..100,
    ) {
        let text = FOOTBALLS.replace("142800.00", "100000").replace("\"16800\"", &format!("\"{all}\""));
        let given = item(
            &material("590320", "undetermined", &money(foreign)),
            &format!("per = {{ value = \"{per}\", unit = \"H87\" }}"),
        );
        let given = given.replace(r#"price = { value = "100000", currency = "USD", term = "FOB" }"#, "");
        let rule = cpfta(&format!("RVC({percent}, build_down)"), "");
        let found = answers(&judged_of(&rule, &particulars(&text), &given, &Rates::none()));
        let whole = 10_000_000 * per;
        prop_assert_eq!(found.0, at_least(whole - foreign * all, whole, percent));
    }

    /// An answer given while something is missing stays the answer when it becomes known.
    #[test]
    fn what_is_answered_before_all_is_known_stays_so(parts in parts(), missing in 0usize..8, percent in 1u32..100) {
        let given = item(&materials(&parts), "");
        let mut lines: Vec<String> = parts.iter().map(|part| materials(std::slice::from_ref(part))).collect();
        if let Some(line) = lines.get_mut(missing) {
            // Without its price the material's value is not known.
            let start = line.find("price =").unwrap();
            let end = line[start..].find('}').unwrap() + start + 1;
            line.replace_range(start..end, r#"producer = "unknown""#);
        }
        let open = item(&lines.concat(), "");
        for rule in ["RVC", "NOM", "MC"] {
            let rule = cpfta(&format!("{rule}({percent})"), "");
            let (before, after) = (answers(&judged(&rule, &open)), answers(&judged(&rule, &given)));
            for (before, after) in [(before.0, after.0), (before.1, after.1)] {
                prop_assert!(before == Answer::Unknown || before == after || after == Answer::Unknown, "{:?} {:?}", before, after);
            }
        }
    }
}
