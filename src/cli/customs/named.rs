//! Naming one certificate of a partner.

use crate::{
    api::client::wire,
    cli::arguments,
    statement::{Issuer, Jti},
};

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
    use wire::arrived_name::Name;
    let name = match text.parse::<Jti>() {
        Ok(jti) => Name::Jti(jti.to_string()),
        Err(_) => Name::Number(text.to_owned()),
    };
    wire::ArrivedName { name: Some(name), issuer }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::arrived_name::Name;

    #[test]
    fn an_identifier_is_known_by_its_form() {
        let jti = "01KB3D9M8000000000000000AB";
        assert_eq!(name(jti, String::new()).name, Some(Name::Jti(jti.to_owned())));
        for number in ["PK-CN-2026-000001", "260000001", "01KB3D9M8000000000000000A"] {
            assert_eq!(name(number, String::new()).name, Some(Name::Number(number.to_owned())));
        }
    }
}
