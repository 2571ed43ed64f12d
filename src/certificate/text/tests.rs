use super::*;
use proptest::prelude::*;

type Short = Text<20>;

#[test]
fn every_script_is_text() {
    for name in [
        "上海宇赫体育用品有限公司",
        "محاجر دلتا النيل ش.م.م",
        "کھیوڑہ کرسٹل",
        "Ångström & Søn",
        "葛\u{E0100}飾",
        "می\u{200C}خواهم",
        "N/M",
        "***",
    ] {
        assert_eq!(Text::<64>::typed(name).map(|text| text.to_string()).as_deref(), Ok(name));
    }
}

#[test]
fn decomposed_input_is_composed_and_decomposed_signed_text_is_refused() {
    let decomposed = "A\u{30A}ngstro\u{308}m";
    assert_eq!(Short::typed(decomposed).unwrap().as_str(), "Ångström");
    assert!(decomposed.parse::<Short>().is_err());
    assert!(serde_json::from_value::<Short>(serde_json::json!(decomposed)).is_err());
    // Hangul jamo and an Arabic letter with its mark compose as well.
    assert_eq!(Short::typed("\u{1112}\u{1161}\u{11AB}").unwrap().as_str(), "한");
    assert_eq!(Short::typed("\u{0627}\u{0653}").unwrap().as_str(), "\u{0622}");
}

#[test]
fn what_hides_turns_or_damages_is_refused_by_name() {
    for (bad, word) in [
        ("live\u{202E}evil", "U+202E"),
        ("a\u{2067}b", "U+2067"),
        ("a\u{200F}b", "U+200F"),
        ("a\u{061C}b", "U+061C"),
        ("a\nb", "U+000A"),
        ("a\u{0}b", "U+0000"),
        ("a\u{85}b", "U+0085"),
        ("a\u{200B}b", "U+200B"),
        ("a\u{FEFF}b", "U+FEFF"),
        ("a\u{AD}b", "U+00AD"),
        ("a\u{E0041}b", "U+E0041"),
        ("a\u{FFFD}b", "U+FFFD"),
        ("a\u{E001}b", "U+E001"),
        ("a\u{FFFE}b", "U+FFFE"),
        ("a\u{1FFFF}b", "U+1FFFF"),
        ("a\u{2028}b", "U+2028"),
    ] {
        let Err(error) = Short::typed(bad) else { panic!("{bad:?} was taken") };
        assert!(error.to_string().contains(word), "{error}");
    }
}

#[test]
fn a_text_of_joiners_or_blanks_is_no_text() {
    for bad in ["", " ", "\u{3000}", "\u{200D}", "\u{200C}\u{FE0F}"] {
        assert!(Short::typed(bad).is_err(), "{bad:?}");
    }
    assert_eq!(Short::typed("  Ali \u{3000}").unwrap().as_str(), "Ali");
    assert!(" Ali".parse::<Short>().is_err());
}

#[test]
fn length_counts_characters_and_is_bounded() {
    assert!("界".repeat(20).parse::<Short>().is_ok());
    assert!("界".repeat(21).parse::<Short>().is_err());
    assert!(Short::typed(&"a".repeat(1 << 20)).is_err());
}

proptest! {
    #[test]
    fn what_is_typed_once_has_one_spelling(text in "\\PC{0,30}") {
        if let Ok(text) = Text::<64>::typed(&text) {
            prop_assert_eq!(text.as_str().parse::<Text<64>>(), Ok(text.clone()));
            let json = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(serde_json::from_str::<Text<64>>(&json).unwrap(), text);
        }
    }
}
