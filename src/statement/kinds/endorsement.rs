//! `endorsement`: another authority adds its word to a certificate: export customs verified it, a ministry legalised
//! it, customs changed its destination or found its transit unaltered.
//!
//! All of it is disclosed to its addressee alone; the issuer of the certificate gets a statement of its own.

use super::{super::StatementError, place::StatementRef, whole::disclosed_whole};
use crate::{
    certificate::{
        ContainerNumber, Country, Sha256, Text,
        declare::{section, words},
    },
    time::Date,
};

words! {
    /// What another authority says of a certificate.
    pub enum EndorsementAct("ENDORSEMENT_ACT") {
        /// Customs of the exporting country verified it.
        ExportVerified = "export_verified",
        /// It is approved.
        Approved = "approved",
        /// It is legalised.
        Legalised = "legalised",
        /// The goods go to another country than it says.
        DestinationChanged = "destination_changed",
        /// The goods passed in transit, under supervision and unaltered.
        TransitNotAltered = "transit_not_altered",
    }
}

section! {
    /// The certificate that is endorsed.
    pub struct EndorsedCertificate {
        /// Where it stands.
        place: StatementRef,
        /// SHA-256 of its token: the JWT before the first `~`.
        token_sha256: Sha256,
    }
}

section! {
    /// What is said of it.
    pub struct EndorsementWords {
        /// The act.
        act: EndorsementAct,
        /// The civil day at the endorsing office.
        day: Date,
        /// The office.
        office: Text<256>,
        /// The country the goods go to now, where the destination is changed.
        destination: Option<Country>,
        /// The items concerned; none are all.
        items: Vec<u32>,
        /// Containers seen.
        containers: Vec<ContainerNumber>,
        /// Seals found or put on.
        seals: Vec<Text<35>>,
        /// In words.
        text: Option<Text<1024>>,
    }
}

/// The word of another authority on a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endorsement {
    /// The certificate.
    pub endorsed: EndorsedCertificate,
    /// What is said of it.
    pub endorsement: EndorsementWords,
}

disclosed_whole!(Endorsement { endorsed, endorsement });

impl Endorsement {
    pub(super) fn check(&self) -> Result<(), StatementError> {
        let moved = self.endorsement.act == EndorsementAct::DestinationChanged;
        if moved != self.endorsement.destination.is_some() {
            let why = "a destination goes with `destination_changed`, and with nothing else";
            return Err(StatementError::shape("endorsement", why));
        }
        Ok(())
    }
}
