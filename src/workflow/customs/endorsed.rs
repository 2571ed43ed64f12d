//! Words that this authority added to certificates of partners.

use super::arrival::{instant, statements_about};
use crate::{
    statement::{EndorsementWords, Jti, Kind, OpenedBody},
    store::{Store, StoreError, Subject},
    time::Timestamp,
};

/// A word that this authority added to a certificate.
#[derive(Debug, Clone)]
pub struct EndorsementNote {
    /// The statement.
    pub jti: Jti,
    /// When it was made.
    pub at: Option<Timestamp>,
    /// What it says.
    pub words: EndorsementWords,
}

/// Those of one certificate, in the order of the log.
pub(super) fn endorsements(store: &dyn Store, certificate: &Jti) -> Result<Vec<EndorsementNote>, StoreError> {
    let about = statements_about(store, &Subject::Statement(*certificate), Kind::Endorsement)?;
    let notes = about.into_iter().filter_map(|(one, statement)| match statement.opened.body {
        OpenedBody::Endorsement(Some(body)) => {
            let jti = statement.opened.envelope.jti;
            Some(EndorsementNote { jti, at: instant(one.at_ms), words: body.endorsement })
        }
        _ => None,
    });
    Ok(notes.collect())
}
