//! One type for each use of a key. Nothing here gives a raw signer away, so a log key cannot sign a
//! statement, and a witness key cannot say that it holds what it has not seen.

use super::KeyError;
use crate::{
    log::{AnyCheckpoint, Checkpoint, Extension, LogError, NoteSignature, Shard, cosign, sign_checkpoint},
    signature::{PublicKey, Signer},
    statement::{
        Issued, Issuer, Kid, SealedStamp, Stamp, StatementError, StatusList, StatusToken, StatusUri, Unsigned,
        status_list::Ttl,
    },
    time::Timestamp,
    trust::{Anchor, ListDraft, NodeName, PackageSeal, Section, SectionText, SignerName, TrustError},
};
use std::{fmt, sync::Arc};

macro_rules! typed_key {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty),+ }) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name {
            signer: Arc<dyn Signer>,
            $($field: $kind,)+
        }

        impl $name {
            pub(super) fn new($($field: $kind,)+ signer: Arc<dyn Signer>) -> Self {
                Self { signer, $($field,)+ }
            }

            $(
                $(#[$field_doc])*
                #[must_use]
                pub const fn $field(&self) -> &$kind {
                    &self.$field
                }
            )+

            /// The public key.
            #[must_use]
            pub fn public_key(&self) -> PublicKey {
                self.signer.public_key()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:?})"), self.public_key())
            }
        }
    };
}

typed_key!(
    /// An authority's offline root key: signs sections.
    RootKey {
        /// The authority.
        iss: Issuer
    }
);
typed_key!(
    /// A federation signer's key: signs trust lists.
    FederationKey {
        /// The note key name.
        name: SignerName
    }
);
typed_key!(
    /// Signs statements.
    StatementKey {
        /// The authority.
        iss: Issuer,
        /// The key id.
        kid: Kid
    }
);
typed_key!(
    /// Signs status lists.
    StatusKey {
        /// The authority.
        iss: Issuer,
        /// The key id.
        kid: Kid
    }
);
typed_key!(
    /// Signs stamps on paper.
    StampKey {
        /// The authority.
        iss: Issuer,
        /// The key id.
        kid: Kid
    }
);
typed_key!(
    /// Signs the heads of the logs of one authority and shard.
    LogKey {
        /// The authority.
        iss: Issuer,
        /// The shard.
        shard: Shard
    }
);
typed_key!(
    /// Cosigns: "I hold every byte to this size".
    ReplicaKey {
        /// The node.
        node: NodeName
    }
);
typed_key!(
    /// Cosigns: "this head extends the last one I saw".
    WitnessKey {
        /// The node.
        node: NodeName
    }
);

impl RootKey {
    /// Signs the authority's section.
    pub fn sign(&self, text: SectionText) -> Result<Section, TrustError> {
        text.sign(self.signer.as_ref())
    }
}

impl FederationKey {
    /// Signs a draft of a trust list; `before` names the signers that count until it is accepted.
    pub fn sign(&self, draft: &mut ListDraft, before: Option<&Anchor>) -> Result<(), TrustError> {
        draft.sign(&self.name, self.signer.as_ref(), before)
    }
}

impl StatementKey {
    /// Signs a composed statement.
    pub fn sign(&self, statement: Unsigned) -> Result<Issued, StatementError> {
        statement.sign(self.signer.as_ref())
    }
}

impl StatusKey {
    /// Signs a status list as this key's authority, under this key's id.
    pub fn sign(
        &self,
        uri: &StatusUri,
        issued_at: Timestamp,
        ttl: Ttl,
        list: &StatusList,
    ) -> Result<String, StatementError> {
        StatusToken::sign((&self.iss, &self.kid), uri, issued_at, ttl, list, self.signer.as_ref())
    }
}

impl StampKey {
    /// Signs a stamp, with as many of its items as fit. A stamp of another authority is refused.
    pub fn sign(&self, stamp: &Stamp) -> Result<SealedStamp, KeyError> {
        if stamp.iss != self.iss {
            return Err(KeyError::NotMine(format!("a certificate of {} is not stamped by {}", stamp.iss, self.iss)));
        }
        stamp.sign(&self.kid, self.signer.as_ref()).map_err(|error| match error {
            StatementError::Sign(error) => KeyError::Sign(error),
            error => KeyError::Refused(error.to_string()),
        })
    }
}

impl LogKey {
    /// Signs a head that provably extends the last one, and gives the note. A log of another authority or
    /// shard is refused.
    pub fn sign(&self, extension: &Extension) -> Result<String, KeyError> {
        let origin = &extension.checkpoint().origin;
        if origin.host() != self.iss.host() || origin.shard() != self.shard {
            return Err(KeyError::NotMine(format!(
                "{origin} is not a log of {} in shard {}, which this key is for",
                self.iss, self.shard
            )));
        }
        sign_checkpoint(extension, self.signer.as_ref()).map_err(refused)
    }
}

impl ReplicaKey {
    /// Cosigns a checkpoint whose every entry this node holds, at this Unix time in seconds.
    pub fn cosign(&self, checkpoint: &Checkpoint, time: u64) -> Result<NoteSignature, KeyError> {
        cosign(checkpoint, &self.node.replica(), self.signer.as_ref(), time).map_err(refused)
    }

    /// Seals a package that this node made; gives the note.
    pub fn seal(&self, seal: &PackageSeal) -> Result<String, KeyError> {
        if seal.from != self.node {
            return Err(KeyError::NotMine(format!("a package of {} is not sealed by {}", seal.from, self.node)));
        }
        seal.sign(self.signer.as_ref()).map_err(refused)
    }
}

impl WitnessKey {
    /// Cosigns a checkpoint that extends the last one this node saw, at this Unix time in seconds.
    pub fn cosign(&self, checkpoint: &AnyCheckpoint, time: u64) -> Result<NoteSignature, KeyError> {
        checkpoint.cosign(&self.node.witness(), self.signer.as_ref(), time).map_err(refused)
    }
}

fn refused(error: LogError) -> KeyError {
    match error {
        LogError::Sign(error) => KeyError::Sign(error),
        error => KeyError::Refused(error.to_string()),
    }
}
