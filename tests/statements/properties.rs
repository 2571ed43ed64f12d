//! Nothing that is presented makes the parser panic, and nothing changed passes unnoticed.

use super::samples;
use origin_exchange::{
    signature::Signer,
    statement::{Bundle, Presentation, StatusToken, open_leaf},
};
use proptest::prelude::*;

fn judge(token: &str) -> bool {
    let Ok(presentation) = Presentation::parse(token) else { return false };
    let _ = presentation.open();
    presentation.verify(&samples::key().public_key()).is_ok() && presentation.open().is_ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_token_with_one_byte_changed_is_never_accepted_as_another(sample in 0_usize..11, at: prop::sample::Index, byte in 0x20_u8..0x7f) {
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
    fn cutting_and_joining_never_panics(sample in 0_usize..11, from: prop::sample::Index, to: prop::sample::Index, again: bool) {
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
