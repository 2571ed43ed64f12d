//! Certificate numbers as the wire shows them.

use super::ApiError;
use super::applications::at;
use super::wire::origin::v1 as wire;
use crate::office::NumberRecord;
use crate::sequencer::LostNumber;
use crate::workflow::{NumberRow, NumberStanding};

/// What became of the numbers that are asked for; everything where none is named.
pub(super) fn standing(standing: i32) -> Result<impl Fn(&NumberStanding) -> bool + Send + use<>, ApiError> {
    let wanted = wire::NumberStanding::try_from(standing)
        .map_err(|_| ApiError::Field { field: "standing", message: "is not a standing of a number".to_owned() })?;
    Ok(move |one: &NumberStanding| {
        let is = match one {
            NumberStanding::Given(_) => wire::NumberStanding::Given,
            NumberStanding::Held(_) => wire::NumberStanding::Held,
            NumberStanding::Voided(_) => wire::NumberStanding::Voided,
            NumberStanding::Block(_) => wire::NumberStanding::Block,
            NumberStanding::Paper(_) => wire::NumberStanding::Paper,
            NumberStanding::Lost(_) => wire::NumberStanding::Lost,
            NumberStanding::Unexplained => wire::NumberStanding::Unexplained,
        };
        wanted == wire::NumberStanding::Unspecified || wanted == is
    })
}

/// A number of a series.
pub(super) fn to_wire(row: NumberRow) -> wire::CertificateNumber {
    let bare = wire::CertificateNumber { number: row.number, ..Default::default() };
    let standing = |standing: wire::NumberStanding| i32::from(standing);
    match row.standing {
        NumberStanding::Given(entry) => wire::CertificateNumber {
            standing: standing(wire::NumberStanding::Given),
            log: entry.as_ref().map_or_else(String::new, |entry| entry.origin.to_string()),
            index: entry.map_or(0, |entry| entry.index),
            ..bare
        },
        NumberStanding::Held(record) => {
            known(wire::CertificateNumber { standing: standing(wire::NumberStanding::Held), ..bare }, record)
        }
        NumberStanding::Voided(record) => {
            known(wire::CertificateNumber { standing: standing(wire::NumberStanding::Voided), ..bare }, record)
        }
        NumberStanding::Block(held) => {
            wire::CertificateNumber { standing: standing(wire::NumberStanding::Block), block_id: held.block, ..bare }
        }
        NumberStanding::Paper(entry) => wire::CertificateNumber {
            standing: standing(wire::NumberStanding::Paper),
            log: entry.origin.to_string(),
            index: entry.index,
            ..bare
        },
        NumberStanding::Lost(LostNumber { lost, log }) => wire::CertificateNumber {
            standing: standing(wire::NumberStanding::Lost),
            log: log.to_string(),
            lost_jti: lost.to_string(),
            ..bare
        },
        NumberStanding::Unexplained => {
            wire::CertificateNumber { standing: standing(wire::NumberStanding::Unexplained), ..bare }
        }
    }
}

fn known(bare: wire::CertificateNumber, record: NumberRecord) -> wire::CertificateNumber {
    let voided = record.voided.as_ref();
    wire::CertificateNumber {
        application_id: record.application.to_string(),
        office: record.office.to_string(),
        reserved_at: at(record.at_ms),
        voided_by_deed: voided.map_or_else(String::new, |voided| voided.deed.name().to_owned()),
        void_reason: voided
            .and_then(|voided| voided.why.as_ref())
            .map_or_else(String::new, |why| why.as_str().to_owned()),
        voided_at: voided.and_then(|voided| at(voided.at_ms)),
        voided_by: voided.map_or_else(String::new, |voided| voided.by.clone()),
        reserved_by: record.by,
        ..bare
    }
}
