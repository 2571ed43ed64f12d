//! Passwords: what is kept of one, and the work it takes to try another.

use crate::encoding::hex;
use crate::time::{NoRandomness, Random};
use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use std::fmt;
use zeroize::Zeroizing;

/// Fewest characters: NIST SP 800-63B-4 asks for 15 where the password is all that is shown.
pub const PASSWORD_LEAST: usize = 15;
/// Most characters: enough for a sentence, and a bound on what is hashed for a stranger.
pub const PASSWORD_MOST: usize = 256;
/// KiB of memory, passes and lanes: the setting OWASP's Password Storage Cheat Sheet names first for Argon2id, and the
/// library's own. It takes about 20 ms of one core. More memory would make guessing dearer still, and also let
/// strangers who only knock take it from a machine that issues certificates.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Most memory a stored hash may ask for, so that a damaged record cannot take the machine down.
const MEMORY_MOST_KIB: u32 = 256 * 1024;
/// Bytes of salt and of the hash (RFC 9106, section 4).
const SALT: usize = 16;
const HASH: usize = 32;

/// A password in the clear; it is not kept, and its `Debug` shows nothing.
pub struct Password(Zeroizing<String>);

/// The password cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a password has {PASSWORD_LEAST} to {PASSWORD_MOST} characters, none of which controls; a sentence is good")]
pub struct NotAPassword;

impl Password {
    /// Reads a new password. Its length alone is asked: rules about kinds of characters make worse passwords.
    pub fn new(text: &str) -> Result<Self, NotAPassword> {
        let count = text.chars().count();
        let good = (PASSWORD_LEAST..=PASSWORD_MOST).contains(&count) && !text.chars().any(char::is_control);
        if good { Ok(Self(Zeroizing::new(text.to_owned()))) } else { Err(NotAPassword) }
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Argon2id of a password (RFC 9106), with the parameters and the salt it was made with.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordHash {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: String,
    argon2id: String,
}

impl PasswordHash {
    /// Makes what is kept of a password. It works for about 20 ms: never on a runtime's thread.
    pub fn make(password: &Password, random: &dyn Random) -> Result<Self, NoRandomness> {
        let mut salt = [0; SALT];
        random.fill(&mut salt)?;
        let made = Self {
            memory_kib: MEMORY_KIB,
            passes: PASSES,
            lanes: LANES,
            salt: hex::encode(&salt),
            argon2id: String::new(),
        };
        let hash = made.work(password.0.as_bytes()).unwrap_or_default();
        Ok(Self { argon2id: hex::encode(hash.as_ref()), ..made })
    }

    /// Stands in for the hash of an account that does not exist or has no password, so that trying one there is the
    /// same work and the time it takes tells nothing. No password has it.
    #[must_use]
    pub fn of_nobody() -> Self {
        let salt = hex::encode(&[0x6f; SALT]);
        Self { memory_kib: MEMORY_KIB, passes: PASSES, lanes: LANES, salt, argon2id: String::new() }
    }

    /// Whether the text is the password. The work is done whatever the text is.
    #[must_use]
    pub fn is_of(&self, text: &str) -> bool {
        // What no password can be is worked on all the same, cut to what one can be.
        let tried = text.chars().take(PASSWORD_MOST + 1).collect::<String>();
        let tried = Zeroizing::new(tried);
        let Some(hash) = self.work(tried.as_bytes()) else { return false };
        let kept = hex::decode(&self.argon2id).unwrap_or_default();
        let difference = kept.iter().zip(hash.iter()).fold(0_u8, |seen, (a, b)| seen | (a ^ b));
        std::hint::black_box(difference) == 0 && kept.len() == HASH
    }

    fn work(&self, password: &[u8]) -> Option<Zeroizing<[u8; HASH]>> {
        if self.memory_kib > MEMORY_MOST_KIB || self.passes > 16 || self.lanes > 16 {
            return None;
        }
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(HASH)).ok()?;
        let salt = hex::decode(&self.salt)?;
        let mut hash = Zeroizing::new([0; HASH]);
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon2.hash_password_into(password, &salt, hash.as_mut()).ok()?;
        Some(hash)
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SeededRandom;

    const GOOD: &str = "seven footballs of Sialkot";

    #[test]
    fn a_password_is_known_again_and_no_other() {
        let kept = PasswordHash::make(&Password::new(GOOD).unwrap(), &SeededRandom::new(1)).unwrap();
        let text = serde_json::to_string(&kept).unwrap();
        let kept: PasswordHash = serde_json::from_str(&text).unwrap();
        assert!(kept.is_of(GOOD));
        for wrong in ["", "seven footballs of Sialko", "seven footballs of Sialkot ", "Seven footballs of Sialkot"] {
            assert!(!kept.is_of(wrong), "{wrong}");
        }
        assert!(!text.contains("footballs") && !format!("{kept:?}").contains("argon"));
    }

    #[test]
    fn one_password_of_two_people_is_kept_differently() {
        let random = SeededRandom::new(2);
        let make = || PasswordHash::make(&Password::new(GOOD).unwrap(), &random).unwrap();
        assert_ne!(make(), make());
    }

    #[test]
    fn nobody_has_a_password() {
        assert!(!PasswordHash::of_nobody().is_of("") && !PasswordHash::of_nobody().is_of(GOOD));
    }

    #[test]
    fn a_short_one_is_refused_and_a_sentence_is_not() {
        assert!(Password::new("P4ssw0rd!2026").is_err());
        assert!(Password::new("fifteen\u{7}characters").is_err());
        assert!(Password::new(&"a".repeat(257)).is_err());
        assert!(Password::new("ایک لمبا جملہ اچھا ہے").is_ok());
    }

    #[test]
    fn a_damaged_record_takes_no_memory() {
        let greedy = PasswordHash { memory_kib: u32::MAX, ..PasswordHash::of_nobody() };
        assert!(!greedy.is_of(GOOD));
    }
}
