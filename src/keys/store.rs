//! A folder of keys under one passphrase, or the same in memory.

use super::{
    FederationKey, KeyError, KeyName, KeyUse, LogKey, Passphrase, PublicSide, ReplicaKey, RootKey, StampKey,
    StatementKey, StatusKey, WitnessKey, files, pkcs8_file, pkcs8_file::SealError, public_side,
};
use crate::{
    signature::{SecretKey, Signer},
    time::Random,
};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};
use zeroize::Zeroizing;

const PRIVATE_SUFFIX: &str = ".key.pem";
const PUBLIC_SUFFIX: &str = ".public.toml";

/// Keys under one passphrase. Opening a store unlocks nothing; a key is unlocked when it is asked for.
pub struct KeyStore(Place);

enum Place {
    Folder {
        path: PathBuf,
        passphrase: Passphrase,
        /// Whether the passphrase has opened or sealed a key of this folder.
        proven: AtomicBool,
    },
    Memory(Mutex<BTreeMap<KeyName, Kept>>),
}

struct Kept {
    side: PublicSide,
    seed: Zeroizing<[u8; 32]>,
}

impl KeyStore {
    /// Opens an existing folder of mode 0700.
    pub fn open(folder: &Path, passphrase: Passphrase) -> Result<Self, KeyError> {
        files::check_folder(folder)?;
        Ok(Self::in_folder(folder, passphrase))
    }

    /// Makes the folder, or opens it if it is there.
    pub fn create(folder: &Path, passphrase: Passphrase) -> Result<Self, KeyError> {
        files::make_folder(folder)?;
        Ok(Self::in_folder(folder, passphrase))
    }

    fn in_folder(folder: &Path, passphrase: Passphrase) -> Self {
        Self(Place::Folder { path: folder.to_owned(), passphrase, proven: AtomicBool::new(false) })
    }

    /// Keys that never touch a disk and end with the process: for a bench, a simulator, a rehearsal.
    #[must_use]
    pub fn in_memory() -> Self {
        Self(Place::Memory(Mutex::default()))
    }

    /// Makes a key. The private file is durable before its public side is written, so whatever public key
    /// anybody is ever told of has its private key on disk.
    pub fn make(&self, name: &KeyName, key_use: KeyUse, random: &dyn Random) -> Result<PublicSide, KeyError> {
        let mut seed = Zeroizing::new([0; 32]);
        random.fill(seed.as_mut_slice())?;
        let key = SecretKey::from_seed(&seed).map_err(|e| KeyError::NotMade(e.to_string()))?;
        let side = PublicSide { name: name.clone(), key_use, public_key: key.public_key() };
        match &self.0 {
            Place::Memory(keys) => {
                let mut keys = keys.lock().unwrap_or_else(PoisonError::into_inner);
                if keys.contains_key(name) {
                    return Err(KeyError::Exists(name.clone()));
                }
                keys.insert(name.clone(), Kept { side: side.clone(), seed });
            }
            Place::Folder { path, passphrase, proven } => {
                files::check_folder(path)?;
                passphrase.fit_for_new_keys()?;
                self.prove_passphrase()?;
                let public = public_path(path, name);
                if public.symlink_metadata().is_ok() {
                    return Err(KeyError::Exists(name.clone()));
                }
                let sealed = pkcs8_file::seal(&key, passphrase, random).map_err(|e| match e {
                    SealError::Random(e) => KeyError::Random(e),
                    SealError::Encoding(problem) => KeyError::NotMade(problem),
                })?;
                let text = side.to_toml().map_err(|e| KeyError::NotMade(e.to_string()))?;
                if !files::create_new(&private_path(path, name), sealed.as_bytes(), files::PRIVATE_FILE)?
                    || !files::create_new(&public, text.as_bytes(), files::PUBLIC_FILE)?
                {
                    return Err(KeyError::Exists(name.clone()));
                }
                proven.store(true, Ordering::Relaxed);
            }
        }
        Ok(side)
    }

    /// A folder has one passphrase: one key of it is opened before another is sealed, so that a mistyped
    /// passphrase cannot make a key that the node's passphrase does not open.
    fn prove_passphrase(&self) -> Result<(), KeyError> {
        let Place::Folder { proven, .. } = &self.0 else { return Ok(()) };
        if proven.load(Ordering::Relaxed) {
            return Ok(());
        }
        match self.list()?.first() {
            Some(side) => self.unlock(side).map(|_| ()),
            None => Ok(()),
        }
    }

    /// The public sides of all keys, by name.
    pub fn list(&self) -> Result<Vec<PublicSide>, KeyError> {
        let path = match &self.0 {
            Place::Memory(keys) => {
                let keys = keys.lock().unwrap_or_else(PoisonError::into_inner);
                return Ok(keys.values().map(|kept| kept.side.clone()).collect());
            }
            Place::Folder { path, .. } => path,
        };
        names(path)?.iter().map(|name| self.public_side(name)).collect()
    }

    /// The public sides of all keys of a folder, by name; no passphrase is needed for them.
    pub fn public_sides(folder: &Path) -> Result<Vec<PublicSide>, KeyError> {
        files::check_folder(folder)?;
        names(folder)?.iter().map(|name| public_side_in(folder, name)).collect()
    }

    /// Whatever is wrong with the modes of the private keys of a folder, by name, also of those that nobody opens any more.
    pub fn exposed(folder: &Path) -> Result<Vec<KeyError>, KeyError> {
        files::check_folder(folder)?;
        let each = |name: &KeyName| files::check_file(&private_path(folder, name)).err();
        Ok(names(folder)?.iter().filter_map(each).collect())
    }

    /// The public side of one key.
    pub fn public_side(&self, name: &KeyName) -> Result<PublicSide, KeyError> {
        let folder = match &self.0 {
            Place::Memory(keys) => {
                let keys = keys.lock().unwrap_or_else(PoisonError::into_inner);
                let missing = || KeyError::Missing { name: name.clone(), folder: PathBuf::from("memory") };
                return keys.get(name).map(|kept| kept.side.clone()).ok_or_else(missing);
            }
            Place::Folder { path, .. } => path,
        };
        public_side_in(folder, name)
    }

    fn unlock(&self, side: &PublicSide) -> Result<Arc<dyn Signer>, KeyError> {
        let key = match &self.0 {
            Place::Memory(keys) => {
                let keys = keys.lock().unwrap_or_else(PoisonError::into_inner);
                let missing = || KeyError::Missing { name: side.name.clone(), folder: PathBuf::from("memory") };
                let kept = keys.get(&side.name).ok_or_else(missing)?;
                SecretKey::from_seed(&kept.seed).map_err(|e| KeyError::NotMade(e.to_string()))?
            }
            Place::Folder { path, passphrase, proven } => {
                files::check_folder(path)?;
                let file = private_path(path, &side.name);
                let pem = files::read_private(&file, pkcs8_file::MOST_BYTES)?
                    .ok_or_else(|| KeyError::Missing { name: side.name.clone(), folder: path.clone() })?;
                let key = pkcs8_file::unseal(&pem, passphrase, &file)?;
                if key.public_key() != side.public_key {
                    return Err(KeyError::Mismatch(file));
                }
                proven.store(true, Ordering::Relaxed);
                key
            }
        };
        Ok(Arc::new(key))
    }

    /// Unlocks a root key.
    pub fn root(&self, name: &KeyName) -> Result<RootKey, KeyError> {
        let side = self.public_side(name)?;
        let KeyUse::Root { iss } = &side.key_use else { return Err(other_use(&side, "root")) };
        Ok(RootKey::new(iss.clone(), self.unlock(&side)?))
    }

    /// Unlocks a federation signer's key.
    pub fn federation(&self, name: &KeyName) -> Result<FederationKey, KeyError> {
        let side = self.public_side(name)?;
        let KeyUse::Federation { signer } = &side.key_use else { return Err(other_use(&side, "federation")) };
        Ok(FederationKey::new(signer.clone(), self.unlock(&side)?))
    }

    /// Unlocks a statement key.
    pub fn statement(&self, name: &KeyName) -> Result<StatementKey, KeyError> {
        let side = self.public_side(name)?;
        let KeyUse::Statement { iss, kid } = &side.key_use else { return Err(other_use(&side, "statement")) };
        Ok(StatementKey::new(iss.clone(), kid.clone(), self.unlock(&side)?))
    }

    /// Unlocks a status key.
    pub fn status(&self, name: &KeyName) -> Result<StatusKey, KeyError> {
        let side = self.public_side(name)?;
        let KeyUse::Status { iss, kid } = &side.key_use else { return Err(other_use(&side, "status")) };
        Ok(StatusKey::new(iss.clone(), kid.clone(), self.unlock(&side)?))
    }

    /// Unlocks a stamp key.
    pub fn stamp(&self, name: &KeyName) -> Result<StampKey, KeyError> {
        let side = self.public_side(name)?;
        let KeyUse::Stamp { iss, kid } = &side.key_use else { return Err(other_use(&side, "stamp")) };
        Ok(StampKey::new(iss.clone(), kid.clone(), self.unlock(&side)?))
    }

    /// Unlocks a log key.
    pub fn log(&self, name: &KeyName) -> Result<LogKey, KeyError> {
        let side = self.public_side(name)?;
        let KeyUse::Log { iss, shard } = &side.key_use else { return Err(other_use(&side, "log")) };
        Ok(LogKey::new(iss.clone(), *shard, self.unlock(&side)?))
    }

    /// Unlocks a replica key.
    pub fn replica(&self, name: &KeyName) -> Result<ReplicaKey, KeyError> {
        let side = self.public_side(name)?;
        let KeyUse::Replica { node } = &side.key_use else { return Err(other_use(&side, "replica")) };
        Ok(ReplicaKey::new(node.clone(), self.unlock(&side)?))
    }

    /// Unlocks a witness key.
    pub fn witness(&self, name: &KeyName) -> Result<WitnessKey, KeyError> {
        let side = self.public_side(name)?;
        let KeyUse::Witness { node } = &side.key_use else { return Err(other_use(&side, "witness")) };
        Ok(WitnessKey::new(node.clone(), self.unlock(&side)?))
    }
}

impl std::fmt::Debug for KeyStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Place::Folder { path, .. } => write!(f, "KeyStore({})", path.display()),
            Place::Memory(_) => f.write_str("KeyStore(in memory)"),
        }
    }
}

fn other_use(side: &PublicSide, wanted: &'static str) -> KeyError {
    KeyError::OtherUse { name: side.name.clone(), found: side.key_use.word(), wanted }
}

fn names(folder: &Path) -> Result<Vec<KeyName>, KeyError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(KeyError::io(folder))? {
        let file = entry.map_err(KeyError::io(folder))?.file_name();
        let name = file.to_str().and_then(|f| f.strip_suffix(PRIVATE_SUFFIX));
        if let Some(name) = name.and_then(|n| n.parse::<KeyName>().ok()) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn public_side_in(folder: &Path, name: &KeyName) -> Result<PublicSide, KeyError> {
    let (private, public) = (private_path(folder, name), public_path(folder, name));
    if !private.exists() {
        return Err(KeyError::Missing { name: name.clone(), folder: folder.to_owned() });
    }
    let bytes = files::read_public(&public, public_side::MOST_BYTES)?.ok_or(KeyError::HalfMade(private))?;
    let malformed = |problem| KeyError::PublicSide { path: public.clone(), problem };
    let text = std::str::from_utf8(&bytes).map_err(|_| malformed("not UTF-8 text".to_owned()))?;
    PublicSide::from_toml(name.clone(), text).map_err(malformed)
}

fn private_path(folder: &Path, name: &KeyName) -> PathBuf {
    folder.join(format!("{name}{PRIVATE_SUFFIX}"))
}

fn public_path(folder: &Path, name: &KeyName) -> PathBuf {
    folder.join(format!("{name}{PUBLIC_SUFFIX}"))
}
