//! What is to be verified: a token, a redacted presentation, or a bundle, told apart by its first character.

use crate::statement::{Bundle, StatementError};

/// A JWT begins with a base64url character and a bundle with a brace, so nothing can be taken for both.
const BUNDLE_BEGINS: char = '{';

/// Reads a bundle, or takes a token for a bundle that brings nothing else. White space around a token is the
/// file's, not the token's; inside it is refused.
pub(super) fn read(input: &str) -> Result<Bundle, StatementError> {
    let text = input.trim_matches(|c: char| c.is_ascii_whitespace());
    if text.starts_with(BUNDLE_BEGINS) {
        Bundle::parse(text.as_bytes())
    } else {
        Ok(Bundle { token: text.to_owned(), ..Bundle::default() })
    }
}
