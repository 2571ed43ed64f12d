//! The exporter's declaration, as it is made at submission.

use crate::certificate::{Declaration, DeclarationMeans, DeclarationSignature, Instant, Sha256, Text};
use crate::time::Timestamp;

/// The person's own signature, if any.
pub type OwnSignature = DeclarationSignature;

/// Who declares, in which capacity and how; the time and what was shown are the office's to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declarant {
    /// The person.
    pub person: Text<256>,
    /// In which capacity, such as director or agent.
    pub capacity: Option<Text<256>>,
    /// How.
    pub means: DeclarationMeans,
    /// SHA-256 of what was shown to the person: the particulars, byte for byte.
    pub shown: Sha256,
    /// The person's own signature over them, if any.
    pub signature: Option<OwnSignature>,
}

impl Declarant {
    /// The declaration as the certificate will carry it, made at this instant.
    #[must_use]
    pub fn declared(self, at: Timestamp) -> Declaration {
        Declaration {
            person: self.person,
            capacity: self.capacity,
            declared_at: Some(Instant::of(at)),
            means: self.means,
            shown_sha256: Some(self.shown),
            signature: self.signature,
        }
    }
}
