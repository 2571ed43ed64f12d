use super::*;
use Answer::{NotMet, Unknown};

/// 100 pieces worth 1,000 on board by the certificate; materials of 90.
fn hundred(quantity: &str, declares: &str) -> OriginJudgement {
    let text =
        FOOTBALLS.replace(r#"quantities = [{ value = "16800", unit = "H87" }]"#, quantity).replace("142800.00", "1000");
    let given = item(&material("590320", "IN", "90"), declares);
    let given = given.replace(r#"price = { value = "100000", currency = "USD", term = "FOB" }"#, "");
    judged_of(&cpfta("RVC(40, build_down)", ""), &particulars(&text), &given, &Rates::none())
}

const PIECES: &str = r#"quantities = [{ value = "100", unit = "H87" }]"#;

fn per(value: &str, unit: &str) -> String {
    format!("per = {{ value = \"{value}\", unit = \"{unit}\" }}\n")
}

fn percent(judgement: &OriginJudgement) -> String {
    only(judgement).rules[0].national.percentage.unwrap().to_string()
}

/// Ten of a hundred pieces are worth 100 of 1,000: (100 - 90) / 100 = 10 %, and not (1,000 - 90) / 1,000 = 91 %.
#[test]
fn the_cost_of_ten_pieces_is_held_against_the_value_of_ten() {
    let ten = hundred(PIECES, &per("10", "H87"));
    assert_eq!(answers(&ten), (NotMet, NotMet));
    assert_eq!(percent(&ten), "10");
    let shown = |judgement: &OriginJudgement, text: &str| {
        let lines = only(judgement).figures.iter().chain(&only(judgement).rules[0].national.lines);
        assert!(lines.clone().any(|line| line.text.contains(text)), "{text}: {:?}", lines.collect::<Vec<_>>());
    };
    shown(&ten, "every figure is for 10 H87; the item is 100 H87");
    shown(&ten, "FOB: 100 USD = 1000 USD, as stated on the certificate, x 10 H87 / 100 H87");
    shown(&ten, "(100 - 90) / 100 x 100 = 10 %");
    // Without it, the figures are for all: and so they are where it says all, in pieces or dozens.
    assert_eq!(percent(&hundred(PIECES, "")), "91");
    assert_eq!(percent(&hundred(PIECES, &per("100", "H87"))), "91");
    assert_eq!(percent(&hundred(r#"quantities = [{ value = "12", unit = "DZN" }]"#, &per("144", "H87"))), "91");
    // A dozen of a hundred: 120, exactly; three of seven, of 1,000, are a fraction that no decimal holds.
    assert_eq!(percent(&hundred(PIECES, &per("1", "DZN"))), "25");
    assert_eq!(percent(&hundred(r#"quantities = [{ value = "7", unit = "H87" }]"#, &per("3", "H87"))), "79");
    // A batch may be larger than what is sent of it.
    let batch = hundred(PIECES, &per("1000", "H87"));
    assert_eq!(percent(&batch), "99.1");
    shown(&batch, "every figure is for 1000 H87; the item is 100 H87");
}

#[test]
fn an_honest_price_for_ten_pieces_is_not_refused_and_another_is() {
    let price = |value: &str| {
        let declares = format!("price = {{ value = \"{value}\", currency = \"USD\", term = \"FOB\" }}\n");
        hundred(PIECES, &(per("10", "H87") + &declares))
    };
    assert!(said(&price("100.00"), Severity::Error, "VALUE_DIFFERS").is_empty(), "{}", price("100.00").findings);
    assert_eq!(percent(&price("100")), "10");
    for other in ["1000", "99.99"] {
        let found = the_one(&price(other), Severity::Error, "VALUE_DIFFERS");
        assert!(found.message.contains("(100 for 10 H87)") && found.message.contains(&format!("{other} for 10 H87")));
        assert_eq!((found.form_box.as_deref(), found.article.as_deref()), (Some("9"), Some("Form, box 9")));
        assert_eq!(found.path, "production.items[0].price");
    }
}

#[test]
fn a_quantity_that_does_not_compare_is_refused_and_never_guessed() {
    let refused = |quantity: &str, per: &str| {
        let judgement = hundred(quantity, per);
        assert_eq!(answers(&judgement), (Unknown, Unknown), "{per}");
        let found = the_one(&judgement, Severity::Error, "PER");
        assert_eq!((found.path.as_str(), found.form_box.as_deref()), ("production.items[0].per", Some("9")));
        assert_eq!(found.article.as_deref(), Some("Rule 4"));
        (found.message, found.help.unwrap())
    };
    let (message, help) = refused(PIECES, &per("10", "KGM"));
    assert!(message.contains("KGM does not convert into that exactly"), "{message}");
    assert!(help.contains("write `per` in H87") && help.contains("the whole item"), "{help}");
    // The gross weight is not the goods'.
    let (message, help) = refused("", &per("10", "KGM"));
    assert!(message.contains("states no quantity of it") && help.contains("the quantity of the item in KGM"), "{help}");
    let two = r#"quantities = [{ value = "100", unit = "H87" }, { value = "9", unit = "DZN" }]"#;
    assert!(refused(two, &per("10", "H87")).0.contains("two quantities of it, 100 H87 and 9 DZN"));
    // The net weight is.
    let net = format!("{PIECES}\nnet_weight = {{ value = \"0.5\", unit = \"TNE\" }}");
    assert_eq!(percent(&hundred(&net, &per("50", "KGM"))), "10");
}

#[test]
fn a_price_that_cannot_be_brought_to_the_value_on_the_form_is_not_passed_over() {
    let cif = "price = { value = \"1200\", currency = \"USD\", term = \"CIF\" }";
    let found = the_one(&hundred(PIECES, cif), Severity::Unknown, "VALUE_DIFFERS");
    assert!(found.message.contains("1000 USD") && found.message.contains("`freight`"), "{found}");
    assert_eq!(found.form_box.as_deref(), Some("9"));
}

#[test]
fn the_cost_statement_of_one_piece_is_held_against_ten() {
    let stated = |materials: &str, line: &str| {
        let amount = |value: &str| format!("{{ value = \"{value}\", currency = \"USD\" }}");
        let (materials, labour) = (amount(materials), amount("2.1"));
        let declared = format!("costs = {{ labour = {} }}\n{}", amount("20"), per("10", "H87"));
        let head = "[[cost_statements]]\nreference = \"MCS-1\"\ndate = \"2026-01-01\"\nverified_by = \"TDAP\"";
        let line = format!("lines = [{{ item = 1, materials = {materials}, labour = {labour}, {line} }}]");
        hundred(PIECES, &format!("{declared}{head}\n{line}"))
    };
    let one = r#"per = { value = "1", unit = "H87" }"#;
    let labour = the_one(&stated("9", one), Severity::Error, "COST_STATEMENT_DIFFERS");
    let text = "labour declared for item 1 comes to 20 for 10 H87, and by the cost statement `MCS-1` to 21: it says 2.1 USD \
                for 1 H87";
    assert_eq!(labour.message, text);
    assert_eq!((labour.form_box.as_deref(), labour.article.as_deref()), (Some("8"), Some("Rule 4")));
    assert_eq!(said(&stated("9.1", one), Severity::Error, "COST_STATEMENT_DIFFERS").len(), 2);
    let weighed =
        the_one(&stated("9", r#"per = { value = "1", unit = "KGM" }"#), Severity::Unknown, "COST_STATEMENT_DIFFERS");
    assert!(weighed.message.contains("1 KGM") && weighed.help.is_some(), "{weighed}");
}

#[test]
fn what_is_declared_of_an_item_that_is_not_there_is_refused() {
    let given = item(&material("590320", "IN", "90"), "") + "\n[[items]]\nitem = 7";
    let found = the_one(&judged(&cpfta("RVC(40)", ""), &given), Severity::Error, "NO_SUCH_ITEM");
    assert!(found.message.contains("no item 7") && found.help.as_ref().unwrap().contains("(1)"), "{found}");
    assert_eq!(found.path, "production.items[1].item");
    assert_eq!((found.form_box.as_deref(), found.article.as_deref()), (Some("6"), Some("Form, boxes 1-13")));
    // Where no rules of origin are held, too.
    let bare = Agreements::load([("a.toml", CPFTA)]).unwrap().iter().next().unwrap().clone();
    the_one(&judged(&bare, &given), Severity::Error, "NO_SUCH_ITEM");
}
