//! Names of nodes and of federation signers, and the note key names that follow from names.

use crate::{encoding::text::serde_as_text, statement::Issuer};
use std::{fmt, str::FromStr};

/// Not a name of a node or a signer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no name for a {what}: write 1 to 100 of {alphabet}, beginning and ending with a letter or digit")]
pub struct InvalidName {
    text: String,
    what: &'static str,
    alphabet: &'static str,
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:literal, $alphabet:literal, $others:pat) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// The name.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
                let bytes = text.as_bytes();
                let good = text.len() <= 100
                    && bytes.first().is_some_and(|b| plain(*b))
                    && bytes.last().is_some_and(|b| plain(*b))
                    && bytes.iter().all(|b| plain(*b) || matches!(b, $others));
                if good {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(InvalidName { text: text.chars().take(120).collect(), what: $what, alphabet: $alphabet })
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        serde_as_text!($name);
    };
}

name!(
    /// The name of a node in the trust list, such as `node.tdap.gov.pk`.
    NodeName, "node", "a-z, 0-9, `.`, `-`", b'.' | b'-'
);
name!(
    /// The note key name of a federation signer, such as `comesa.int/trust`.
    SignerName, "signer", "a-z, 0-9, `.`, `-`, `_`, `/`", b'.' | b'-' | b'_' | b'/'
);

name!(
    /// The name of a kind of statement, such as `certificate-of-origin`. Kinds that this version does not
    /// know may stand in a section; they let a key do nothing here.
    KindName, "kind of statement", "a-z, 0-9, `-`", b'-'
);
name!(
    /// What an authority is: `issuer`, `customs`, `secretariat`, or what a later version knows.
    Role, "role", "a-z, 0-9, `-`", b'-'
);

impl Role {
    /// The word for an authority that decides on imports, and so may be an addressee.
    pub const CUSTOMS: &str = "customs";
}

impl NodeName {
    /// The cosigner name of the node's replica key: "I hold every byte to this size".
    #[must_use]
    pub fn replica(&self) -> String {
        format!("{self}/replica")
    }

    /// The cosigner name of the node's witness key: "this head extends the last one I saw".
    #[must_use]
    pub fn witness(&self) -> String {
        format!("{self}/witness")
    }
}

/// The note key name of an authority's root key.
#[must_use]
pub fn root_name(iss: &Issuer) -> String {
    format!("{}/root", iss.host())
}
