//! Nothing that is presented makes the parser panic, and nothing changed passes unnoticed.

use super::samples;
use origin_exchange::{
    certificate::Certificate,
    signature::Signer,
    statement::{Body, Bundle, OpenedBody, Presentation, StatusToken, compose, open_leaf},
    time::SeededRandom,
};
use proptest::prelude::*;
use serde_json::Value;

fn judge(token: &str) -> bool {
    let Ok(presentation) = Presentation::parse(token) else { return false };
    let _ = presentation.open();
    presentation.verify(&samples::key().public_key()).is_ok() && presentation.open().is_ok()
}

/// Members that people write as they like.
const FREE: [&str; 8] = ["name", "other_name", "description", "address", "marks", "brand", "title", "text"];

/// Puts other texts in the place of those that people wrote.
fn rewrite(value: &mut Value, member: &str, texts: &mut impl Iterator<Item = String>) {
    match value {
        Value::String(text) if FREE.contains(&member) => *text = texts.next().unwrap_or_default(),
        Value::Array(all) => all.iter_mut().for_each(|one| rewrite(one, member, texts)),
        Value::Object(all) => all.iter_mut().for_each(|(member, one)| rewrite(one, member, texts)),
        _ => {}
    }
}

/// A certificate of the samples with so many items, and with these texts.
fn rewritten(file: &str, items: usize, texts: &[String]) -> Option<Certificate> {
    let mut value: Value = serde_json::from_str(&super::read(file)).unwrap();
    let all = value["goods"]["items"].as_array_mut().unwrap();
    *all = all.iter().cycle().take(items).cloned().collect();
    for (at, item) in all.iter_mut().enumerate() {
        item["number"] = (at + 1).into();
    }
    rewrite(&mut value, "", &mut texts.iter().cycle().cloned());
    serde_json::from_value(value).ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// An authority's writer checks the leaf that it signs; that the disclosures beside it say the same certificate is
    /// promised here.
    #[test]
    fn whatever_certificate_can_be_written_down_is_read_back_whole(
        file in prop::sample::select(vec!["certificate.json", "certificate-smallest.json"]),
        items in 1_usize..40,
        texts in prop::collection::vec(r#"[A-Za-z0-9"\\/~éßЖ漢字اب😀.,;:'&%(){}\[\]<>=_-]{1,40}"#, 1..30),
        random: u64,
    ) {
        let certificate = rewritten(file, items, &texts);
        prop_assume!(certificate.is_some());
        let certificate = certificate.unwrap();
        let (envelope, status) = (samples::envelope("https://customs.gov.cn", 1), samples::status(7));
        let body = Body::Certificate { certificate: Box::new(certificate.clone()), status };
        let unsigned = compose(&envelope, &body, &SeededRandom::new(random)).unwrap();
        let issued = unsigned.sign(&samples::key()).unwrap();
        let opened = open_leaf(issued.jwt.as_bytes(), &issued.disclosures).unwrap();
        let OpenedBody::Certificate(opened) = opened.body else { panic!("{:?}", opened.body) };
        prop_assert_eq!(opened.to_certificate().unwrap(), certificate);
    }

    #[test]
    fn a_token_with_one_byte_changed_is_never_accepted_as_another(sample in 0..samples::all().len(), at: prop::sample::Index, byte in 0x20_u8..0x7f) {
        let token = samples::all()[sample].issue().token();
        let at = at.index(token.len());
        let mut bytes = token.clone().into_bytes();
        bytes[at] = byte;
        let changed = String::from_utf8(bytes).unwrap();
        // Joining two disclosures or dropping one at a tilde is the holder's right where the result is whole.
        if changed != token {
            prop_assert!(!judge(&changed), "{changed}");
        }
    }

    #[test]
    fn cutting_and_joining_never_panics(sample in 0..samples::all().len(), from: prop::sample::Index, to: prop::sample::Index, again: bool) {
        let token = samples::all()[sample].issue().token();
        let (a, b) = (from.index(token.len()), to.index(token.len()));
        let (a, b) = (a.min(b), a.max(b));
        let mutated = if again { format!("{}{}", &token[..b], &token[a..]) } else { format!("{}{}", &token[..a], &token[b..]) };
        judge(&mutated);
        let _ = StatusToken::parse(&mutated);
    }

    #[test]
    fn arbitrary_text_never_panics(text in ".{0,400}", bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        judge(&text);
        let _ = open_leaf(&bytes, &[&text]);
        let _ = Bundle::parse(&bytes);
        let _ = Bundle::parse(text.as_bytes());
        let _ = StatusToken::parse(&text);
    }

    #[test]
    fn arbitrary_json_in_a_disclosure_never_panics(json in r#"\[("[A-Za-z0-9_-]{0,30}",)?("(_sd|goods|remarks|\.\.\.)",)?(null|\{"items":\[\{"\.\.\.":"x"\}\]\}|[0-9]{1,3})\]"#) {
        let issued = samples::all()[0].issue();
        let disclosure = origin_exchange::encoding::base64::encode_url(json.as_bytes());
        prop_assert!(open_leaf(issued.jwt.as_bytes(), &[disclosure]).is_err());
    }
}
