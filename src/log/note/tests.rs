use super::*;
use crate::signature::SecretKey;
use proptest::prelude::*;

/// C2SP signed-note, "Verifier keys", "Example".
const EXAMPLE_KEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const EXAMPLE: &str = "This is an example message.\n\n\u{2014} example.com/foo \
    Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
/// The example of the Go package that introduced the format.
const NEUMANN_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const NEUMANN: &str = "If you think cryptography is the answer to your problem,\n\
    then you don't know what your problem is.\n\n\u{2014} PeterNeumann \
    x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

fn signer(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32]).unwrap()
}

fn key(name: &str, seed: u8) -> VerifierKey {
    VerifierKey::note(name, signer(seed).public_key()).unwrap()
}

fn note(text: &str, names: &[&str]) -> SignedNote {
    let lines = (1..).zip(names).map(|(seed, name)| sign_note(text, name, &signer(seed)).unwrap()).collect();
    SignedNote::new(text.into(), lines).unwrap()
}

#[test]
fn published_notes_verify_and_print_as_they_were() {
    for (key, text) in [(EXAMPLE_KEY, EXAMPLE), (NEUMANN_KEY, NEUMANN)] {
        let key = key.parse::<VerifierKey>().unwrap();
        let note = SignedNote::parse(text).unwrap();
        assert_eq!(note.verified_by(&key), Ok(()));
        assert_eq!(note.to_string(), text);
        let altered = SignedNote::parse(&text.replacen('i', "j", 1)).unwrap();
        assert_eq!(altered.verified_by(&key), Err(LogError::BadSignature { name: key.name().into() }));
    }
}

#[test]
fn only_the_key_with_this_name_and_id_counts() {
    let note = note("text\n", &["a.example", "b.example"]);
    assert_eq!(note.verified_by(&key("a.example", 1)), Ok(()));
    assert_eq!(note.verified_by(&key("b.example", 2)), Ok(()));
    for stranger in [key("a.example", 2), key("c.example", 1)] {
        assert_eq!(note.verified_by(&stranger), Err(LogError::NotSigned { name: stranger.name().into() }));
    }
    // One public key used for another type has another id.
    let cosigner = VerifierKey::cosigner("a.example", signer(1).public_key()).unwrap();
    assert!(matches!(note.verified_by(&cosigner), Err(LogError::NotSigned { .. })));
    assert!(matches!(note.cosigned_by(&key("a.example", 1)), Err(LogError::KeyKind { kind: 1, .. })));
}

#[test]
fn a_signature_moved_to_another_text_fails() {
    let line = sign_note("one\n", "a.example", &signer(1)).unwrap();
    let moved = SignedNote::new("two\n".into(), vec![line.clone()]).unwrap();
    assert_eq!(moved.verified_by(&key("a.example", 1)), Err(LogError::BadSignature { name: "a.example".into() }));
    let mut short = line;
    short.signature.pop();
    let note = SignedNote::new("one\n".into(), vec![short]).unwrap();
    assert_eq!(note.verified_by(&key("a.example", 1)), Err(LogError::BadSignature { name: "a.example".into() }));
}

#[test]
fn a_key_of_a_type_to_come_says_so() {
    let mut note = note("text\n", &["a.example"]);
    let line = format!("\u{2014} pq.example {}", base64::encode(&[&[1, 2, 3, 4], [9u8; 2428].as_slice()].concat()));
    note.add(NoteSignature::parse(&line).unwrap()).unwrap();
    let later = format!("pq.example+01020304+{}", base64::encode(&[6, 7, 8])).parse::<VerifierKey>().unwrap();
    assert_eq!(note.verified_by(&later), Err(LogError::KeyKind { name: "pq.example".into(), kind: 6 }));
    assert_eq!(note.verified_by(&key("a.example", 1)), Ok(()));
    assert_eq!(SignedNote::parse(&note.to_string()), Ok(note));
}

#[test]
fn a_newer_line_takes_the_place_of_the_older_one() {
    let mut note = note("text\n", &["a.example"]);
    for time in [5, 6] {
        note.add(cosign_text("text\n", "w.example", &signer(3), time).unwrap()).unwrap();
    }
    let cosigner = VerifierKey::cosigner("w.example", signer(3).public_key()).unwrap();
    assert_eq!((note.signatures().len(), note.cosigned_by(&cosigner)), (2, Ok(6)));
    for n in note.signatures().len()..MAX_NOTE_SIGNATURES {
        note.add(sign_note("text\n", &format!("n{n}.example"), &signer(4)).unwrap()).unwrap();
    }
    assert!(note.add(sign_note("text\n", "more.example", &signer(4)).unwrap()).is_err());
    assert!(SignedNote::parse(&note.to_string()).is_ok());
}

#[test]
fn the_text_ends_at_the_last_empty_line() {
    let text = "one\n\n\u{2014} a.example not a signature\n\ntwo\n";
    let note = note(text, &["a.example"]);
    assert_eq!(SignedNote::parse(&note.to_string()).unwrap().text(), text);
    assert_eq!(SignedNote::parse(&note.to_string()), Ok(note));
}

#[test]
fn malformed_notes_are_refused() {
    let good = note("text\n", &["a.example"]).to_string();
    let line = good.lines().last().unwrap();
    for (hazard, bad) in [
        ("nothing", String::new()),
        ("no signatures", "text\n\n".into()),
        ("no blank line", format!("text\n{line}\n")),
        ("no newline at the end", good.trim_end().into()),
        ("trailing bytes", format!("{good}x")),
        ("a trailing blank line", format!("{good}\n")),
        ("carriage returns", good.replace('\n', "\r\n")),
        ("a carriage return in the text", good.replace("text", "te\rxt")),
        ("a tab in the text", good.replace("text", "te\txt")),
        ("a NUL in the text", good.replace("text", "te\0xt")),
        ("a hyphen for the dash", good.replace('\u{2014}', "-")),
        ("two spaces", good.replace("a.example ", "a.example  ")),
        ("a trailing space", good.replace("=\n", "= \n")),
        ("an empty name", good.replace("a.example", "")),
        ("a plus in the name", good.replace("a.example", "a+b")),
        ("a Unicode space in the name", good.replace("a.example", "a\u{3000}b")),
        ("missing padding", good.replace("=\n", "\n")),
        ("a line twice", format!("{good}{line}\n")),
        ("a second signature of one key", {
            let mut second = NoteSignature::parse(line).unwrap();
            second.signature[0] ^= 1;
            format!("{good}{second}\n")
        }),
        ("only a key id", format!("text\n\n\u{2014} a.example {}\n", base64::encode(&[1, 2, 3, 4]))),
        ("no key id", format!("text\n\n\u{2014} a.example {}\n", base64::encode(&[1, 2, 3]))),
    ] {
        assert!(matches!(SignedNote::parse(&bad), Err(LogError::Note(_) | LogError::Name { .. })), "{hazard}: {bad:?}");
    }
    let flood = format!("text\n\n{}", format!("{line}\n").repeat(MAX_NOTE_SIGNATURES + 1));
    assert_eq!(SignedNote::parse(&flood), Err(LogError::Note("it has too many signatures")));
    let large = format!("{}\n\n{line}\n", "x".repeat(MAX_CHECKPOINT_NOTE_BYTES));
    assert!(matches!(SignedNote::parse(&large), Err(LogError::TooLarge { .. })));
    assert!(SignedNote::parse_within(&large, large.len()).is_ok());
}

#[test]
fn what_cannot_be_a_note_is_not_signed() {
    for bad in ["", "text", "te\txt\n", "text\r\n"] {
        assert!(matches!(sign_note(bad, "a.example", &signer(1)), Err(LogError::Note(_))), "{bad:?}");
    }
    assert!(matches!(sign_note("text\n", "a b", &signer(1)), Err(LogError::Name { .. })));
    assert!(cosign_text("text\n", "a.example", &signer(1), 1 << 63).is_err());
}

#[test]
fn a_faulty_signer_publishes_nothing() {
    struct Faulty(SecretKey);
    impl Signer for Faulty {
        fn public_key(&self) -> crate::signature::PublicKey {
            self.0.public_key()
        }
        fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
            let mut bytes = *self.0.sign(message)?.as_bytes();
            bytes[40] ^= 1;
            Ok(Signature::from_bytes(bytes))
        }
    }
    assert!(matches!(sign_note("text\n", "a.example", &Faulty(signer(1))), Err(LogError::Sign(_))));
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,80}", cut in any::<prop::sample::Index>()) {
        let _ = SignedNote::parse(&text);
        let _ = SignedNote::parse(&format!("{text}\n\n{text}\n"));
        let _ = SignedNote::parse(&format!("{text}\n\n\u{2014} {text}\n"));
        let at = cut.index(NEUMANN.len());
        if let (Some(head), Some(tail)) = (NEUMANN.get(..at), NEUMANN.get(at..)) {
            let _ = SignedNote::parse(head);
            let _ = SignedNote::parse(&format!("{head}{text}{tail}"));
        }
    }

    #[test]
    fn what_parses_prints_as_it_was(text in "([ -~é]{0,12}\n){1,4}", blobs in prop::collection::vec((any::<[u8; 4]>(), prop::collection::vec(any::<u8>(), 1..80)), 1..5)) {
        let lines = blobs.iter().enumerate().map(|(n, (id, blob))| {
            format!("\u{2014} k{n} {}\n", base64::encode(&[id.as_slice(), blob].concat()))
        });
        let whole = format!("{text}\n{}", lines.collect::<String>());
        let note = SignedNote::parse(&whole).unwrap();
        prop_assert_eq!(note.text(), text);
        prop_assert_eq!(note.to_string(), whole);
    }
}
