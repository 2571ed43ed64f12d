//! What the secrets of webhooks are made from: a file of the node's own, made once, readable by its user alone.
//!
//! It lies in no journal, so a backup of those gives no secret away; where it is lost, every webhook has another secret
//! and its receiver refuses what comes.

use super::NodeError;
use crate::encoding::hex;
use crate::time::Random;
use crate::workflow::WebhookKey;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::Arc;
use zeroize::Zeroizing;

/// The file in the node's data folder.
pub const WEBHOOK_KEY: &str = "webhook.key";

/// Reads the key, or makes it at the first start.
pub(super) fn open(data: &Path, random: &dyn Random) -> Result<Arc<WebhookKey>, NodeError> {
    let path = data.join(WEBHOOK_KEY);
    let file = |source| NodeError::File { path: path.clone(), source };
    let text = match fs::read_to_string(&path) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == ErrorKind::NotFound => make(data, &path, random).map_err(file)?,
        Err(error) => return Err(file(error)),
    };
    let bytes = hex::decode(text.trim()).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    let content =
        || NodeError::Content { path: path.clone(), message: "is not a key of 32 bytes in hexadecimal".to_owned() };
    Ok(Arc::new(WebhookKey::new(Zeroizing::new(bytes.ok_or_else(content)?))))
}

fn make(data: &Path, path: &Path, random: &dyn Random) -> std::io::Result<Zeroizing<String>> {
    let mut bytes = Zeroizing::new([0; 32]);
    random.fill(&mut bytes[..]).map_err(std::io::Error::other)?;
    let text = Zeroizing::new(hex::encode(&bytes[..]));
    fs::DirBuilder::new().recursive(true).mode(0o700).create(data)?;
    // Whole or not at all, and durable before a secret is made from it.
    let beside = path.with_extension("new");
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    File::open(data)?.sync_all()?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SeededRandom;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn the_key_is_made_once_for_the_nodes_own_user() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(WEBHOOK_KEY);
        open(folder.path(), &SeededRandom::new(1)).unwrap();
        let first = fs::read(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        open(folder.path(), &SeededRandom::new(2)).unwrap();
        assert_eq!(fs::read(&path).unwrap(), first);
        fs::write(&path, b"short\n").unwrap();
        assert!(matches!(open(folder.path(), &SeededRandom::new(3)), Err(NodeError::Content { .. })));
    }
}
