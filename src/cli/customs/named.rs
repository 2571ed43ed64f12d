//! Naming one certificate of a partner.

use crate::{
    api::client::{Connection, Refusal, wire, within_deadline},
    certificate::number_as_read,
    cli::arguments,
    statement::Issuer,
};
use tonic::Status;
use wire::arrived_name::Name;

/// A certificate of a partner.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Named {
    /// The certificate number, or the statement's identifier of 26 characters
    #[arg(value_name = "CERTIFICATE")]
    certificate: String,
    /// Its issuer, where two have given the same number
    #[arg(long, value_name = "AUTHORITY", value_parser = arguments::issuer)]
    issuer: Option<Issuer>,
}

impl Named {
    pub(super) fn to_wire(&self) -> wire::ArrivedName {
        name(&self.certificate, self.issuer.as_ref().map(ToString::to_string).unwrap_or_default())
    }

    /// As it is written in another command.
    pub(super) fn typed(&self) -> String {
        match &self.issuer {
            Some(issuer) => format!("{} --issuer {}", self.certificate, issuer.host()),
            None => self.certificate.clone(),
        }
    }
}

/// What has the form of an identifier is one; a number is anything else.
pub(super) fn name(text: &str, issuer: String) -> wire::ArrivedName {
    let name = match arguments::jti(text) {
        Ok(jti) => Name::Jti(jti.to_string()),
        Err(_) => Name::Number(text.to_owned()),
    };
    wire::ArrivedName { name: Some(name), issuer }
}

/// The certificate that a command names and a file was shown with; none where they are two.
///
/// Both are looked up: an identifier and a number, or two spellings of a number, are one certificate or two by what the
/// node knows, and not as texts.
pub(super) async fn meant(
    connection: &Connection,
    named: wire::ArrivedName,
    shown: wire::ArrivedName,
) -> Result<Option<wire::ArrivedName>, Status> {
    let found = match arrived(connection, named.clone()).await {
        // Where two have given the number, the file may say whose it is.
        Err(status) if named.issuer.is_empty() && !shown.issuer.is_empty() && is(&status, "ARRIVAL_AMBIGUOUS") => {
            arrived(connection, wire::ArrivedName { issuer: shown.issuer.clone(), ..named }).await?
        }
        found => found?,
    };
    if !shown.issuer.is_empty() && shown.issuer != found.issuer {
        return Ok(None);
    }
    let shown = wire::ArrivedName { issuer: found.issuer.clone(), ..shown };
    let same = match arrived(connection, shown.clone()).await {
        Ok(other) => (&other.log, &other.jti) == (&found.log, &found.jti),
        Err(status) if is(&status, "ARRIVAL_UNKNOWN") => false,
        // Its issuer has given the number twice, and the command says which of the two is meant.
        Err(status) if is(&status, "ARRIVAL_AMBIGUOUS") => bears(&found, &shown),
        Err(status) => return Err(status),
    };
    let wire::Arrival { jti, issuer, .. } = found;
    Ok(same.then_some(wire::ArrivedName { name: Some(Name::Jti(jti)), issuer }))
}

async fn arrived(connection: &Connection, certificate: wire::ArrivedName) -> Result<wire::Arrival, Status> {
    let request = wire::GetArrivalRequest { certificate: Some(certificate), ..Default::default() };
    let answer = connection.customs().get_arrival(within_deadline(request)).await?;
    Ok(answer.into_inner().arrival.unwrap_or_default())
}

fn is(status: &Status, reason: &str) -> bool {
    Refusal::from(status).reason == reason
}

/// Whether it bears the number that it is named by, as whoever reads it does.
fn bears(found: &wire::Arrival, name: &wire::ArrivedName) -> bool {
    match &name.name {
        Some(Name::Number(number)) => {
            !found.number.is_empty() && number_as_read(&found.number) == number_as_read(number)
        }
        Some(Name::Jti(jti)) => *jti == found.jti,
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_known_by_its_form_in_small_letters_too() {
        let jti = "01KB3D9M8000000000000000AB";
        for written in [jti, "01kb3d9m8000000000000000ab"] {
            assert_eq!(name(written, String::new()).name, Some(Name::Jti(jti.to_owned())), "{written}");
        }
        for number in ["PK-CN-2026-000001", "260000001", "01KB3D9M8000000000000000A"] {
            assert_eq!(name(number, String::new()).name, Some(Name::Number(number.to_owned())));
        }
    }

    #[test]
    fn a_number_is_borne_in_whatever_spelling_it_is_read_as() {
        let found = wire::Arrival { number: "PK-CN-2026-LHE-000001".to_owned(), ..Default::default() };
        assert!(bears(&found, &name("pk cn 2026 lhe 000001", String::new())));
        assert!(!bears(&found, &name("PK-CN-2026-LHE-000002", String::new())));
        assert!(!bears(&wire::Arrival::default(), &name("--", String::new())), "nobody knows the number of it");
    }
}
