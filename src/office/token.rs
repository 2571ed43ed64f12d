//! The token an account shows: random, shown once, kept as a hash.

use crate::encoding::{base64, hex};
use crate::time::{NoRandomness, Random};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest, Sha256};
use std::fmt;
use zeroize::Zeroizing;

/// What every token begins with, so that a scanner for leaked secrets can know one.
pub const TOKEN_MARK: &str = "oxt_";
/// The same of a session's token, which a password opens and which ends within hours.
pub const SESSION_MARK: &str = "oxs_";
/// Random bytes in a token.
const SECRET_BYTES: usize = 32;
/// Characters after the mark that may be shown: 48 of 256 bits, so 208 stay secret.
const PREFIX_CHARACTERS: usize = 8;

/// A token in the clear, of an account or of a session; it is not kept, and its `Debug` shows the prefix alone.
pub struct ApiToken {
    mark: &'static str,
    secret: Zeroizing<[u8; SECRET_BYTES]>,
}

/// The text is not an API token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a token: `oxt_` (or `oxs_`, of a session) and 43 base64url characters are expected")]
pub struct NotAToken;

impl ApiToken {
    /// Draws a new token.
    pub fn draw(random: &dyn Random) -> Result<Self, NoRandomness> {
        let mut secret = Zeroizing::new([0; SECRET_BYTES]);
        random.fill(secret.as_mut())?;
        // Its first characters are typed to revoke it: one that began with `-` would be read as an option.
        if base64::encode_url(secret.as_ref()).starts_with('-')
            && let Some(first) = secret.first_mut()
        {
            *first &= 0x7f;
        }
        Ok(Self { mark: TOKEN_MARK, secret })
    }

    /// Draws the token of a new session.
    pub fn draw_session(random: &dyn Random) -> Result<Self, NoRandomness> {
        Ok(Self { mark: SESSION_MARK, ..Self::draw(random)? })
    }

    /// Whether it is the token of a session.
    #[must_use]
    pub fn is_session(&self) -> bool {
        self.mark == SESSION_MARK
    }

    /// Reads the text a caller sent.
    pub fn parse(text: &str) -> Result<Self, NotAToken> {
        let (mark, body) = [TOKEN_MARK, SESSION_MARK]
            .into_iter()
            .find_map(|mark| Some((mark, text.strip_prefix(mark)?)))
            .ok_or(NotAToken)?;
        let bytes = Zeroizing::new(base64::decode_url(body).map_err(|_| NotAToken)?);
        let secret = <[u8; SECRET_BYTES]>::try_from(bytes.as_slice()).map_err(|_| NotAToken)?;
        Ok(Self { mark, secret: Zeroizing::new(secret) })
    }

    /// The text to hand to the account's holder, once.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        let body = Zeroizing::new(base64::encode_url(self.secret.as_ref()));
        Zeroizing::new(format!("{}{}", self.mark, body.as_str()))
    }

    /// What may be shown and logged, and finds the account.
    #[must_use]
    pub fn prefix(&self) -> TokenPrefix {
        let body = Zeroizing::new(base64::encode_url(self.secret.as_ref()));
        TokenPrefix(body.chars().take(PREFIX_CHARACTERS).collect())
    }

    /// What is kept.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.secret.as_slice()).into())
    }
}

impl fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiToken({}…)", self.prefix())
    }
}

/// The first characters of a token after its mark.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenPrefix(String);

impl TokenPrefix {
    /// The characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TokenPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{TOKEN_MARK}{}", self.0)
    }
}

/// SHA-256 of a token's 32 random bytes. A slow hash would add nothing: 256 bits are not guessed.
#[derive(Clone, Copy)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Compares without stopping at the first difference, so that time tells nothing.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        let difference = self.0.iter().zip(other.0).fold(0_u8, |seen, (a, b)| seen | (a ^ b));
        std::hint::black_box(difference) == 0
    }
}

impl PartialEq for TokenHash {
    fn eq(&self, other: &Self) -> bool {
        self.is(other)
    }
}

impl Eq for TokenHash {}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

impl Serialize for TokenHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for TokenHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = hex::decode(&String::deserialize(deserializer)?).unwrap_or_default();
        let hash = <[u8; 32]>::try_from(bytes.as_slice());
        hash.map(Self).map_err(|_| D::Error::custom("a token hash is 64 hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SeededRandom;

    fn token(seed: u64) -> ApiToken {
        ApiToken::draw(&SeededRandom::new(seed)).unwrap()
    }

    #[test]
    fn a_token_comes_back_from_its_text() {
        let drawn = token(1);
        let read = ApiToken::parse(&drawn.reveal()).unwrap();
        assert_eq!(drawn.hash(), read.hash());
        assert_eq!(drawn.prefix(), read.prefix());
        assert_eq!(drawn.reveal().len(), 47);
    }

    #[test]
    fn the_token_of_a_session_is_told_apart() {
        let session = ApiToken::draw_session(&SeededRandom::new(1)).unwrap();
        assert!(session.reveal().starts_with(SESSION_MARK));
        assert!(ApiToken::parse(&session.reveal()).unwrap().is_session() && !token(1).is_session());
    }

    #[test]
    fn another_token_has_another_hash() {
        assert_ne!(token(1).hash(), token(2).hash());
        assert_ne!(token(1).prefix(), token(2).prefix());
    }

    #[test]
    fn no_token_begins_like_an_option() {
        struct Dashes;
        impl Random for Dashes {
            fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
                bytes.fill(0xfb);
                Ok(())
            }
        }
        let drawn = ApiToken::draw(&Dashes).unwrap();
        assert!(!drawn.prefix().as_str().starts_with('-'), "{drawn:?}");
        assert_eq!(ApiToken::parse(&drawn.reveal()).unwrap().hash(), drawn.hash());
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let good = token(1).reveal();
        for bad in ["", "oxt_", &good[4..], &good[..46], &format!("{}A", &*good), &good.replace("oxt_", "OXT_")] {
            assert_eq!(ApiToken::parse(bad).err(), Some(NotAToken), "{bad}");
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let drawn = token(3);
        let shown = format!("{drawn:?} {:?}", drawn.hash());
        assert!(!shown.contains(&drawn.reveal()[4 + PREFIX_CHARACTERS..]), "{shown}");
    }
}
