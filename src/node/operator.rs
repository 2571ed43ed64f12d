//! The operator's token: made at every start, readable by the node's own user alone.
//!
//! Whoever can read the data folder could do worse than call the admin listener; whoever merely has an account on
//! the machine cannot do even that.

use super::NodeError;
use crate::office::{ApiToken, TokenHash};
use crate::time::Random;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// The file in the node's data folder.
pub const OPERATOR_TOKEN: &str = "operator.token";

/// Draws a token and writes it; returns what is kept of it, and where it stands.
pub(super) fn token(data: &Path, random: &dyn Random) -> Result<(TokenHash, PathBuf), NodeError> {
    let token = ApiToken::draw(random).map_err(|error| NodeError::Inside(error.to_string()))?;
    let path = data.join(OPERATOR_TOKEN);
    let write = || {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(data)?;
        // Made anew, not overwritten: the old file's mode and links are not inherited.
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        file.write_all(token.reveal().as_bytes())?;
        file.write_all(b"\n")
    };
    write().map_err(|source| NodeError::File { path: path.clone(), source })?;
    Ok((token.hash(), path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SeededRandom;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn the_token_is_for_the_nodes_own_user_and_new_at_every_start() {
        let folder = tempfile::tempdir().unwrap();
        let random = SeededRandom::new(5);
        let (first, path) = token(folder.path(), &random).unwrap();
        let (second, _) = token(folder.path(), &random).unwrap();
        assert_ne!(first, second);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let shown = ApiToken::parse(fs::read_to_string(&path).unwrap().trim()).unwrap();
        assert_eq!(shown.hash(), second);
    }
}
