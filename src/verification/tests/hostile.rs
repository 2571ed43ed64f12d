//! Whatever is presented: no panic, no good verdict for other contents, and the same bytes for the same inputs.

use super::world::{World, plain_trust, question};
use crate::verification::{Headline, Settings, Tone, Verdict, Verifier};
use proptest::prelude::*;
use std::sync::{Arc, LazyLock};

static INPUT: LazyLock<String> = LazyLock::new(|| World::settled().bundle().to_json());
static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| Verifier::new(plain_trust(), None, Settings::default()));
static GOOD: LazyLock<Verdict> = LazyLock::new(|| VERIFIER.verify(&INPUT, &question()));

/// A good verdict shows what was signed, or less of it; never anything else.
fn shows_nothing_else(verdict: &Verdict) -> Result<(), TestCaseError> {
    if verdict.tone != Tone::Good {
        return Ok(());
    }
    prop_assert_eq!(&verdict.statement, &GOOD.statement);
    let (view, good) = (verdict.certificate.as_ref(), GOOD.certificate.as_ref());
    let (view, good) = (view.unwrap(), good.unwrap());
    for (section, signed) in view.sections().iter().zip(good.sections()) {
        prop_assert!(!section.shown || *section == signed, "{}", section.name);
    }
    prop_assert_eq!(view.certificate().valid_until, good.certificate().valid_until);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_byte_changed_never_makes_other_contents_valid(place: prop::sample::Index, byte: u8) {
        let mut bytes = INPUT.as_bytes().to_vec();
        let place = place.index(bytes.len());
        bytes[place] = byte;
        // A file that is not UTF-8 does not come as far as the verifier.
        if let Ok(text) = String::from_utf8(bytes) {
            shows_nothing_else(&VERIFIER.verify(&text, &question()))?;
        }
    }

    #[test]
    fn a_piece_cut_out_or_doubled_never_makes_other_contents_valid(a: prop::sample::Index, b: prop::sample::Index, double: bool) {
        let bytes = INPUT.as_bytes();
        let (a, b) = (a.index(bytes.len()), b.index(bytes.len()));
        let (a, b) = (a.min(b), a.max(b));
        let bytes = if double { [&bytes[..b], &bytes[a..]].concat() } else { [&bytes[..a], &bytes[b..]].concat() };
        if let Ok(text) = String::from_utf8(bytes) {
            shows_nothing_else(&VERIFIER.verify(&text, &question()))?;
        }
    }

    #[test]
    fn any_text_gets_a_verdict(text in "\\PC{0,200}") {
        prop_assert_eq!(VERIFIER.verify(&text, &question()).headline, Headline::Unreadable);
    }
}

#[test]
fn the_same_inputs_give_the_same_bytes_cold_warm_and_on_many_threads() {
    let verifier = Arc::new(Verifier::new(plain_trust(), None, Settings::default()));
    let cold = verifier.verify(&INPUT, &question()).to_json();
    assert_eq!(cold, GOOD.to_json());
    let threads = (0..4).map(|_| {
        let verifier = Arc::clone(&verifier);
        std::thread::spawn(move || verifier.verify(&INPUT, &question()).to_json())
    });
    for thread in threads.collect::<Vec<_>>() {
        assert_eq!(thread.join().unwrap(), cold);
    }
    assert_eq!(verifier.verify(&INPUT, &question()).to_text(), GOOD.to_text());
}

#[test]
fn the_bytes_of_the_json_form_are_frozen() {
    let digest = <sha2::Sha256 as sha2::Digest>::digest(GOOD.to_json().as_bytes());
    assert_eq!(
        crate::encoding::hex::encode(&digest),
        "c540ebbc01f704ea3a0e6209f16b5103e86c879366271ade4177195861064db9",
        "{}",
        GOOD.to_json()
    );
}
