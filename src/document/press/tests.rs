use super::{
    super::testing::{FOOTBALLS, agreements, on, particulars, sheet_of, token},
    *,
};
use crate::document::{Images, SpecimenOf, specimen};
use crate::statement::Section;
use hayro::hayro_syntax::{self, Pdf, object::Object};
use std::fs;

fn press() -> Press {
    Press::new(Forms::shipped(), &FontFolders::System).unwrap()
}

/// A press with one template in the place of another, without the system's fonts.
fn press_with(name: &str, template: &str) -> Press {
    let (forms, fonts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::write(forms.path().join(name), template).unwrap();
    let folders = FontFolders::Named(vec![fonts.path().to_owned()]);
    Press::new(Forms::with_folder(forms.path()).unwrap(), &folders).unwrap()
}

/// Every file embedded in a document.
fn attached(pdf: &[u8]) -> Vec<Vec<u8>> {
    let pdf = Pdf::new(std::sync::Arc::new(pdf.to_vec())).unwrap();
    let is_file = |object: Object<'_>| match object {
        Object::Stream(stream) => {
            let kind = stream.dict().get::<hayro_syntax::object::Name>(b"Type".as_slice());
            kind.is_some_and(|kind| kind.as_ref() == b"EmbeddedFile").then(|| stream.decoded().unwrap().to_vec())
        }
        _ => None,
    };
    pdf.objects().into_iter().filter_map(is_file).collect()
}

fn latin() -> String {
    FOOTBALLS.replace("上海宇赫体育用品有限公司", "Shanghai Yuhe Tiyu Yongpin")
}

#[test]
fn the_same_certificate_gives_the_same_bytes_whatever_was_printed_before() {
    let agreements = agreements();
    let sheet = sheet_of(&agreements, &token(&agreements, particulars(&latin())), &[]);
    let first = press().print(&sheet).unwrap();
    let other = press();
    for lot in 0..12 {
        let text = latin().replace("Footballs, inflatable", &format!("Footballs, lot {lot}, inflatable"));
        other.print(&sheet_of(&agreements, &token(&agreements, particulars(&text)), &[])).unwrap();
    }
    assert_eq!(other.print(&sheet).unwrap(), first);
}

#[test]
fn the_token_is_attached_and_no_other_file() {
    let agreements = agreements();
    let token = token(&agreements, particulars(&latin()));
    let press = press();
    let pdf = press.print(&sheet_of(&agreements, &token, &[])).unwrap();
    assert_eq!(attached(&pdf), [token.as_bytes()]);
    let redacted = press.print(&sheet_of(&agreements, &token, &[Section::Commercial])).unwrap();
    let copy = attached(&redacted);
    assert_eq!(copy.len(), 1);
    assert!(copy[0].len() < token.len() && token.as_bytes().starts_with(&copy[0][..100]));
}

#[test]
fn every_form_of_every_agreement_is_printed() {
    let (press, agreements) = (press(), agreements());
    let mut printed = 0;
    for agreement in agreements.iter() {
        for edition in &agreement.editions {
            for form in &edition.forms {
                let of = SpecimenOf { agreement, edition, form };
                let sheet = specimen(of, particulars(&latin()), on(), &Images::none()).unwrap();
                let pdf =
                    press.print(&sheet).unwrap_or_else(|error| panic!("{} {}: {error}", agreement.code, form.code));
                assert!(pdf.starts_with(b"%PDF-") && attached(&pdf).is_empty());
                assert_eq!(press.not_followed(&sheet), None, "{} {}", agreement.code, form.code);
                printed += 1;
            }
        }
    }
    assert!(printed >= 20, "{printed}");
}

#[test]
fn a_layout_that_is_not_followed_says_which_boxes_differ() {
    let agreements = agreements();
    let sheet = sheet_of(&agreements, &token(&agreements, particulars(&latin())), &[]);
    let edited = include_str!("../../../node-config/forms/cpfta.typ").replace("field(3, ", "field(33, ");
    let press = press_with("cpfta.typ", &edited);
    assert_eq!(press.not_followed(&sheet).as_deref(), Some("box 3 missing, box 33 unknown"));
    press.print(&sheet).unwrap();
}

#[test]
fn what_is_too_broad_for_its_column_breaks_inside_it_and_a_number_behind_its_hyphen() {
    let agreements = agreements();
    let sheet = sheet_of(&agreements, &token(&agreements, particulars(&latin())), &[]);
    for (word, fitted) in [
        ("INV-20261127001", "INV-\\u{200B}20261127001"),
        ("PK/2026/00017", "PK/\\u{200B}2026/\\u{200B}00017"),
        ("20261127001", "20261127001"),
        ("at -18 in ABCDEFGHIJKLM", "at -18 in ABCDEFGHIJ\\u{200B}KLM"),
        // The broadest letters take half as much again as most capitals do.
        ("WWWWWWWWWWWW", "WWWWWWW\\u{200B}WWWWW"),
        ("WWWWWWWW", "WWWWWWW\\u{200B}W"),
    ] {
        let asked = format!("#import \"lib-values.typ\": fitted\n#panic(fitted(\"{word}\", 11) == \"{fitted}\")");
        let press = press_with("mine.typ", &asked);
        let Err(DocumentError::Form { message, .. }) = press.print_by(&sheet, "mine.typ") else { panic!("{word}") };
        assert!(message.contains("panicked with: true"), "{word}: {message}");
    }
}

#[test]
fn a_number_of_the_broadest_letters_stays_in_the_head_of_its_form() {
    let agreements = agreements();
    let mut sheet = sheet_of(&agreements, &token(&agreements, particulars(&latin())), &[]);
    sheet.contents.number = "W".repeat(35);
    let asked = "#import \"lib-boxes.typ\": *\n\
                 #context panic(measure(head-of-form(masthead(number: \"No.\")).first()).width < wide / 2)";
    let Err(DocumentError::Form { message, .. }) = press_with("mine.typ", asked).print_by(&sheet, "mine.typ") else {
        panic!("it is printed")
    };
    assert!(message.contains("panicked with: true"), "{message}");
}

#[test]
fn a_character_without_a_font_is_named_with_its_script() {
    let press = press_with("mine.typ", "");
    let agreements = agreements();
    let sheet = sheet_of(&agreements, &token(&agreements, particulars(FOOTBALLS)), &[]);
    let error = press.print(&sheet).unwrap_err();
    assert_eq!(error, DocumentError::GlyphMissing { character: '上', script: Script::Han });
    assert!(error.to_string().contains("U+4E0A, Han") && error.to_string().contains("fonts-noto-cjk"));
    assert!(press.covers(Script::Latin) && press.covers(Script::Cyrillic) && !press.covers(Script::Han));
    // The program's own sentences in other scripts are left out where there is no font of them.
    let sheet = sheet_of(&agreements, &token(&agreements, particulars(&latin())), &[]);
    let prepared: serde_json::Value = serde_json::from_str(&press.prepared(&sheet).unwrap().to_json()).unwrap();
    assert_eq!(prepared["verify"].as_array().unwrap().len(), 1);
    press.print(&sheet).unwrap();
}

#[test]
fn a_template_sees_no_file_no_package_and_no_clock() {
    let agreements = agreements();
    let sheet = sheet_of(&agreements, &token(&agreements, particulars(&latin())), &[]);
    for (template, says) in [
        ("#read(\"/etc/passwd\")", "file not found"),
        ("#read(\"../../Cargo.toml\")", ""),
        ("#import \"@preview/tablex:0.0.9\": *", ""),
        ("#datetime.today()", "unable to get the current date"),
    ] {
        let press = press_with("hostile.typ", template);
        let Err(DocumentError::Form { form, message }) = press.print_by(&sheet, "hostile.typ") else {
            panic!("{template}")
        };
        assert!(form == "hostile.typ" && message.starts_with("line 1, ") && message.contains(says), "{message}");
    }
}

#[test]
fn what_a_certificate_says_is_never_a_command_of_the_template() {
    let agreements = agreements();
    let text = latin().replace("Footballs, inflatable", "#panic() $ [6. No] *bold* \\\\ <label> @ref // x");
    let pdf = press().print(&sheet_of(&agreements, &token(&agreements, particulars(&text)), &[]));
    pdf.unwrap();
}

#[test]
fn a_long_certificate_in_long_words_is_printed_within_bounds() {
    let agreements = agreements();
    let mut certificate = particulars(&latin());
    let item = certificate.goods.items[0].clone();
    certificate.goods.items = (1..=200)
        .map(|number| {
            let mut item = item.clone();
            item.number = number;
            item.description = "W".repeat(1_024).parse().unwrap();
            item
        })
        .collect();
    let pdf = press().print(&sheet_of(&agreements, &token(&agreements, certificate), &[])).unwrap();
    let pages = Pdf::new(std::sync::Arc::new(pdf)).unwrap().pages().len();
    assert!((20..=500).contains(&pages), "{pages}");
}

/// Or every certificate would be shown as edited by somebody.
#[test]
fn what_the_press_prints_is_known_as_printed_and_what_is_changed_in_it_is_not() {
    use crate::document::read::{Mark, Pdf as Read};
    let agreements = agreements();
    let token = token(&agreements, particulars(&latin()));
    for dropped in [&[][..], &[Section::Commercial]] {
        let pdf = press().print(&sheet_of(&agreements, &token, dropped)).unwrap();
        let read = Read::read(&pdf).unwrap();
        assert_eq!((read.marks(), read.attachment().is_some()), (Vec::new(), true));
        // Other programs give a file a name of its own.
        let at = pdf.windows(4).rposition(|word| word == b"/ID[").unwrap();
        let mut named = pdf.clone();
        named[at + 32..at + 36].copy_from_slice(b"0000");
        assert_eq!(Read::read(&named).unwrap().marks(), [Mark::SavedByAnother]);
    }
}
