//! Words that this authority added to certificates of partners.

use super::arrival::{instant, statements_about};
use crate::{
    statement::{EndorsementWords, Jti, Kind, OpenedBody},
    store::{Disclosures, Store, StoreError, Subject},
    time::Timestamp,
};

/// A word that this authority added to a certificate.
#[derive(Debug, Clone)]
pub struct EndorsementNote {
    /// The statement.
    pub jti: Jti,
    /// When it was made.
    pub at: Option<Timestamp>,
    /// What it says; none where that is erased, with what the certificate says.
    pub words: Option<EndorsementWords>,
}

/// Those of one certificate, in the order of the log.
pub(super) fn endorsements(store: &dyn Store, certificate: &Jti) -> Result<Vec<EndorsementNote>, StoreError> {
    let about = statements_about(store, &Subject::Statement(*certificate), Kind::Endorsement)?;
    let notes = about.into_iter().filter_map(|(one, statement)| {
        let words = match statement.opened.body {
            OpenedBody::Endorsement(Some(body)) => Some(body.endorsement),
            OpenedBody::Endorsement(None) if statement.disclosures == Disclosures::Erased => None,
            _ => return None,
        };
        Some(EndorsementNote { jti: statement.opened.envelope.jti, at: instant(one.at_ms), words })
    });
    Ok(notes.collect())
}
