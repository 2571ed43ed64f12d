//! `endorsement`: another authority adds its word to a certificate: export customs verified it, a ministry legalised
//! it, customs changed its destination or found its transit unaltered.
//!
//! All of it is disclosed to its addressee alone; the issuer of the certificate gets a statement of its own.

use super::{super::StatementError, items::are_rising, place::StatementRef, whole::disclosed_whole};
use crate::{
    certificate::{
        ContainerNumber, Country, Sha256, Text,
        declare::{section, words},
    },
    time::Date,
};
use std::collections::BTreeSet;

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
        /// The items concerned, rising; none are all.
        items: Vec<u32>,
        /// Containers seen, each once.
        containers: Vec<ContainerNumber>,
        /// Seals found or put on, each once.
        seals: Vec<Text<35>>,
        /// In words.
        text: Option<Text<1024>>,
    }
}

section! {
    /// The word of another authority on a certificate.
    pub struct Endorsement {
        /// The certificate.
        endorsed: EndorsedCertificate,
        /// What is said of it.
        endorsement: EndorsementWords,
    }
}

disclosed_whole!(Endorsement { endorsed, endorsement });

impl Endorsement {
    /// Whether it says where changed goods go, and nothing twice.
    pub(super) fn check(&self) -> Result<(), StatementError> {
        let refuse = |why: &str| Err(StatementError::shape("endorsement", why));
        let EndorsementWords { act, destination, items, containers, seals, .. } = &self.endorsement;
        if (*act == EndorsementAct::DestinationChanged) != destination.is_some() {
            return refuse("a destination goes with `destination_changed`, and with nothing else");
        }
        if !are_rising(items) {
            return refuse("items not from 1 on, rising");
        }
        if repeats(containers) || repeats(seals) {
            return refuse("a container or a seal that is named twice");
        }
        Ok(())
    }
}

fn repeats<T: Ord>(list: &[T]) -> bool {
    list.iter().collect::<BTreeSet<_>>().len() != list.len()
}
