//! The keys of an authority that no network reaches, while their medium is here.

use super::refused;
use crate::{
    cli::{
        arguments,
        console::{Exit, Failure},
    },
    keys::{KeyStore, KeyUse, Passphrase, PublicSide},
    trust::{ListDraft, Section, SectionText},
};
use std::path::Path;

/// A folder with `keys` and `keys.passphrase`, as `origin init` makes it.
pub(in crate::cli) struct Offline {
    store: KeyStore,
    sides: Vec<PublicSide>,
}

impl Offline {
    pub(in crate::cli) fn open(folder: &Path) -> Result<Self, Failure> {
        let passphrase = Passphrase::from_file(&folder.join("keys.passphrase")).map_err(arguments::key_failure)?;
        let store = KeyStore::open(&folder.join("keys"), passphrase).map_err(arguments::key_failure)?;
        let sides = store.list().map_err(arguments::key_failure)?;
        Ok(Self { store, sides })
    }

    /// Signs a section with the root key it names.
    pub(in crate::cli) fn sign_section(&self, text: SectionText) -> Result<Section, Failure> {
        let own = |side: &&PublicSide| side.verifier_key().as_ref() == Some(&text.root);
        let side = self.sides.iter().find(own).ok_or_else(|| {
            Failure::new(Exit::Configuration, format!("the root key of {} is not in this folder", text.iss))
                .note(format!("it is {}", text.root))
        })?;
        let key = self.store.root(&side.name).map_err(arguments::key_failure)?;
        key.sign(text).map_err(refused)
    }

    /// Signs a list with those of its signers' keys that are here, if any.
    pub(in crate::cli) fn sign_list(&self, draft: &mut ListDraft) -> Result<(), Failure> {
        let signed = draft.signed_by(&draft.text().signers).map_err(refused)?;
        let signed = signed.into_iter().cloned().collect::<Vec<_>>();
        for side in self.sides.iter().filter(|side| matches!(side.key_use, KeyUse::Federation { .. })) {
            let key = side.verifier_key();
            let asked = draft.text().signers.iter().any(|signer| Some(signer) == key.as_ref());
            if asked && !signed.iter().any(|one| Some(one) == key.as_ref()) {
                let key = self.store.federation(&side.name).map_err(arguments::key_failure)?;
                key.sign(draft, None).map_err(refused)?;
            }
        }
        Ok(())
    }
}
