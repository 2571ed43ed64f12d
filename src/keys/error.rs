//! What can go wrong with keys at rest, each with the command that mends it where there is one.

use super::KeyName;
use crate::{
    reason::{Class, Reasoned},
    signature::SignError,
    time::NoRandomness,
};
use std::path::{Path, PathBuf};

/// Why a key could not be made, opened or used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// A folder or file that others than its owner may touch.
    #[error("`{path}` has mode {found:04o}, so others on this machine can reach it; mend it with: chmod {wanted:04o} '{path}'", path = path.display())]
    Exposed {
        /// The folder or file.
        path: PathBuf,
        /// Its permission bits.
        found: u32,
        /// The permission bits it should have.
        wanted: u32,
    },
    /// The folder does not exist, or is no folder.
    #[error("`{}` is not a folder of keys; `origin init` or `origin key new` makes one", .0.display())]
    NoFolder(PathBuf),
    /// A key of that name exists; nothing was changed.
    #[error("a key named `{0}` exists already; keys are never overwritten, choose another name")]
    Exists(KeyName),
    /// There is no key of that name.
    #[error("there is no key named `{name}` in `{folder}`; `origin key list` shows what there is", folder = folder.display())]
    Missing {
        /// The name asked for.
        name: KeyName,
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// A key file without its public side: its making was cut short, so nobody was ever told of this key.
    #[error("`{}` has no public side beside it: its making was cut short; remove it and make the key again", .0.display())]
    HalfMade(PathBuf),
    /// The public side cannot be read.
    #[error("`{path}`: {problem}", path = path.display())]
    PublicSide {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// Not an encrypted PKCS#8 PEM file of an Ed25519 key.
    #[error("`{path}`: {problem}", path = path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Encrypted by another scheme, or with figures outside what this program accepts.
    #[error("`{path}`: {problem}; re-encrypt it with: openssl pkcs8 -topk8 -v2 aes-256-cbc -scrypt", path = path.display())]
    Scheme {
        /// The file.
        path: PathBuf,
        /// What is not accepted.
        problem: &'static str,
    },
    /// The passphrase does not open the key.
    #[error("the passphrase does not open `{}`", .0.display())]
    WrongPassphrase(PathBuf),
    /// The passphrase cannot be used at all.
    #[error("{0}")]
    UnusablePassphrase(&'static str),
    /// The private key and its public side do not belong together.
    #[error("`{}` holds another key than its public side says: the two files do not belong together", .0.display())]
    Mismatch(PathBuf),
    /// A key of another use was asked for.
    #[error("key `{name}` is a {found} key, not a {wanted} key")]
    OtherUse {
        /// Its name.
        name: KeyName,
        /// The use its public side states.
        found: &'static str,
        /// The use asked for.
        wanted: &'static str,
    },
    /// The key was asked to sign for another issuer, key id, log or name than its own.
    #[error("{0}")]
    NotMine(String),
    /// What was to be signed was refused by the room whose matter it is.
    #[error("not signed: {0}")]
    Refused(String),
    /// The signer failed; nothing was signed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// No random bytes to make a key from.
    #[error(transparent)]
    Random(#[from] NoRandomness),
    /// A key was not admissible or could not be encoded; only a broken random source leads here.
    #[error("no key could be made: {0}")]
    NotMade(String),
    /// The system refused a file operation.
    #[error("`{path}`: {source}", path = path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's word.
        source: std::io::Error,
    },
}

impl KeyError {
    pub(super) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}

impl Reasoned for KeyError {
    fn reason(&self) -> &'static str {
        match self {
            Self::Exposed { .. } => "KEY_EXPOSED",
            Self::NoFolder(_) => "KEY_FOLDER_MISSING",
            Self::Exists(_) => "KEY_EXISTS",
            Self::Missing { .. } => "KEY_MISSING",
            Self::HalfMade(_) => "KEY_HALF_MADE",
            Self::PublicSide { .. } => "KEY_PUBLIC_SIDE_MALFORMED",
            Self::Malformed { .. } => "KEY_FILE_MALFORMED",
            Self::Scheme { .. } => "KEY_FILE_SCHEME",
            Self::WrongPassphrase(_) => "KEY_PASSPHRASE_WRONG",
            Self::UnusablePassphrase(_) => "KEY_PASSPHRASE_UNUSABLE",
            Self::Mismatch(_) => "KEY_PAIR_MISMATCH",
            Self::OtherUse { .. } => "KEY_OTHER_USE",
            Self::NotMine(_) => "KEY_NOT_MINE",
            Self::Refused(_) => "KEY_SIGNING_REFUSED",
            Self::Sign(_) => "KEY_UNAVAILABLE",
            Self::Random(_) => "NO_RANDOMNESS",
            Self::NotMade(_) => "KEY_NOT_MADE",
            Self::Io { .. } => "KEY_IO",
        }
    }

    fn class(&self) -> Class {
        match self {
            Self::Exists(_) | Self::UnusablePassphrase(_) | Self::NotMine(_) | Self::Refused(_) => Class::Reject,
            Self::Sign(_) => Class::Retry,
            _ => Class::Fatal,
        }
    }
}
