use super::super::testing::{FOOTBALLS, agreements, particulars, sheet_of, token};
use crate::statement::Section;
use serde_json::{Value, json};

fn of(text: &str, drop: &[Section]) -> Value {
    let agreements = agreements();
    let token = token(&agreements, particulars(text));
    serde_json::from_str(&sheet_of(&agreements, &token, drop).to_json()).unwrap()
}

#[test]
fn the_sheet_says_what_was_signed_in_the_words_of_the_form() {
    let sheet = of(FOOTBALLS, &[]);
    assert_eq!((&sheet["kind"], &sheet["number"]), (&json!("original"), &json!("SPECIMEN-000001")));
    assert_eq!(sheet["form"]["boxes"].as_array().unwrap().len(), 13);
    assert_eq!(sheet["from"], json!({"code": "PK", "name": "Pakistan"}));
    let line = |text: &str, language: &str, weight: &str| json!({"text": text, "language": language, "direction": "ltr", "weight": weight});
    let consignee = &sheet["cells"]["consignee"];
    assert_eq!(consignee[0], line("Shanghai Yuhe Sporting Goods Co Ltd", "en", "bold"));
    assert_eq!(consignee[1], line("上海宇赫体育用品有限公司", "zh", "bold"));
    let item = &sheet["items"][0]["cells"];
    let text = |cell: &str| item[cell][0]["text"].as_str().unwrap_or_default().to_owned();
    assert_eq!(text("hs_code"), "9506.62");
    assert_eq!(text("packages"), "420 carton (CT)");
    assert_eq!(text("gross_weight"), "8190 kg");
    assert_eq!(text("quantity"), "16800 pieces");
    assert_eq!(text("fob"), "USD 142800.00");
    assert_eq!(text("criterion"), "64%");
    assert_eq!(text("invoices"), "CS-2611-77 of 2026-11-27");
    assert_eq!(sheet["verify"].as_array().unwrap().len(), 3);
    assert_eq!(sheet["attachment"]["file"], "certificate-of-origin.sd-jwt");
}

#[test]
fn what_the_holder_withheld_is_null_and_said_and_no_code_gives_it_back() {
    let whole = of(FOOTBALLS, &[]);
    let sheet = of(FOOTBALLS, &[Section::Commercial, Section::Consignee]);
    assert_eq!(sheet["kind"], "redacted");
    for cell in ["consignee", "invoices", "invoice_value", "incoterm"] {
        assert!(whole["cells"][cell].is_array() && sheet["cells"][cell].is_null(), "{cell}");
    }
    let item = &sheet["items"][0]["cells"];
    assert!(item["fob"].is_null() && item["invoices"].is_null() && item["description"].is_array());
    assert!(whole["codes"]["lookup"].is_object() && sheet["codes"]["lookup"].is_null());
    assert!(sheet["codes"]["stamp"].is_object());
    assert_eq!(sheet["notices"][0], "REDACTED COPY: its holder withheld consignee, invoices and values");
    assert!(!sheet.to_string().contains("142800") && !sheet.to_string().contains("Yuhe"));
}

#[test]
fn a_producer_kept_back_and_goods_to_order_are_printed_in_the_words_of_the_forms() {
    let text = FOOTBALLS.replace(
        r#""producer": {"same": true}"#,
        r#""producer": {"on_request": true, "digest": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#,
    );
    assert_eq!(of(&text, &[])["cells"]["producer"][0]["text"], "AVAILABLE TO CUSTOMS UPON REQUEST");
    assert_eq!(of(FOOTBALLS, &[])["cells"]["producer"][0]["text"], "SAME");
}

#[test]
fn the_same_statement_gives_the_same_sheet() {
    let agreements = agreements();
    let token = token(&agreements, particulars(FOOTBALLS));
    assert_eq!(sheet_of(&agreements, &token, &[]).to_json(), sheet_of(&agreements, &token, &[]).to_json());
}

#[test]
fn who_certifies_is_printed_as_it_was_signed() {
    assert_eq!(of(FOOTBALLS, &[])["place"], "Lahore (PKLHE)");
    let text = FOOTBALLS.replace("Trade Development Authority of Pakistan", "TDAP");
    assert_eq!(of(&text, &[])["authority"]["name"], "TDAP");
    assert_eq!(of(&text, &[Section::Commercial])["authority"]["name"], "TDAP");
}
