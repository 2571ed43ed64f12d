use super::*;
use crate::encoding::hex;

fn unhex<const N: usize>(text: &str) -> [u8; N] {
    hex::decode(text).and_then(|b| b.try_into().ok()).unwrap_or([0; N])
}

/// RFC 8032 section 7.1, tests 1 to 3.
const RFC8032: [(&str, &str, &str, &str); 3] = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
];

#[test]
fn rfc_8032_vectors_sign_and_verify() {
    for (seed, public, message, signature) in RFC8032 {
        let key = SecretKey::from_seed(&unhex(seed)).unwrap();
        let message = hex::decode(message).unwrap();
        assert_eq!(hex::encode(key.public_key().as_bytes()), public);
        let signed = key.sign(&message).unwrap();
        assert_eq!(hex::encode(signed.as_bytes()), signature);
        assert_eq!(key.public_key().verify(&message, &signed), Ok(()));
        assert_eq!(key.public_key().verify(b"another", &signed), Err(BadSignature));
    }
}

#[test]
fn keys_of_small_order_are_not_admitted() {
    // The eight points of order 1, 2, 4 and 8, in canonical encoding.
    for small in [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    ] {
        assert_eq!(PublicKey::from_bytes(&unhex::<32>(small)), Err(InadmissibleKey::SmallOrder), "{small}");
    }
}

#[test]
fn non_canonical_spellings_of_a_point_are_not_admitted() {
    // y = 1 + p and y = p: the same points as y = 1 and y = 0, in another spelling.
    for other in [
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ] {
        assert_eq!(PublicKey::from_bytes(&unhex::<32>(other)), Err(InadmissibleKey::NotCanonical), "{other}");
    }
    assert_eq!(PublicKey::from_bytes(&[0; 31]), Err(InadmissibleKey::Length));
}

#[test]
fn keys_of_mixed_order_are_not_admitted() {
    // A valid key plus the point of order two (x, y) → (−x, −y): negate y and the sign bit.
    let good = SecretKey::from_seed(&[3; 32]).unwrap().public_key();
    let p: [u8; 32] = unhex("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
    let mut y = *good.as_bytes();
    let sign = y[31] & 0x80;
    y[31] &= 0x7f;
    let mut borrow = 0i16;
    for (byte, modulus) in y.iter_mut().zip(p) {
        let difference = i16::from(modulus) - i16::from(*byte) - borrow;
        borrow = i16::from(difference < 0);
        *byte = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
    y[31] |= sign ^ 0x80;
    assert_eq!(PublicKey::from_bytes(&y), Err(InadmissibleKey::MixedOrder));
}

#[test]
fn the_published_wycheproof_set_is_judged_as_published() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors/wycheproof-ed25519.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("SKIPPED: the published Wycheproof vectors are not beside the project");
        return;
    };
    let set: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut seen = 0;
    for group in set["testGroups"].as_array().unwrap() {
        let key = group["publicKey"]["pk"].as_str().or(group["key"]["pk"].as_str()).unwrap();
        let key = PublicKey::from_bytes(&hex::decode(key).unwrap());
        for test in group["tests"].as_array().unwrap() {
            let message = hex::decode(test["msg"].as_str().unwrap()).unwrap();
            let signature = hex::decode(test["sig"].as_str().unwrap()).unwrap();
            let good = key.is_ok_and(|key| {
                <[u8; SIGNATURE_BYTES]>::try_from(signature)
                    .is_ok_and(|bytes| key.verify(&message, &Signature::from_bytes(bytes)).is_ok())
            });
            assert_eq!(good, test["result"] == "valid", "{}: {}", test["tcId"], test["comment"]);
            seen += 1;
        }
    }
    assert!(seen > 100, "{seen}");
}

#[test]
fn a_signer_that_failed_once_is_found_among_those_that_did_not() {
    let keys = [SecretKey::from_seed(&[7; 32]).unwrap(), SecretKey::from_seed(&[8; 32]).unwrap()];
    let messages = (0..40_u8).map(|nth| [nth; 90]).collect::<Vec<_>>();
    let signed = |fail: &dyn Fn(usize, [u8; 64]) -> [u8; 64]| {
        let each = messages.iter().enumerate().map(|(nth, message)| {
            let key = &keys[nth % 2];
            let signature = Signature::from_bytes(fail(nth, *key.sign(message).unwrap().as_bytes()));
            (key.public_key(), message.as_slice(), signature)
        });
        verify_own(&each.collect::<Vec<_>>())
    };
    assert_eq!(verify_own(&[]), Ok(()));
    assert_eq!(signed(&|_, signature| signature), Ok(()));
    // A bit of either half, in whichever of them.
    for at in [0, 31, 32, 63] {
        for failed in [0, 17, 39] {
            let flipped = |nth, mut signature: [u8; 64]| {
                signature[at] ^= u8::from(nth == failed);
                signature
            };
            assert_eq!(signed(&flipped), Err(BadSignature), "byte {at} of {failed}");
        }
    }
}
