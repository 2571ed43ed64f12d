//! Naming one certificate of an authority.

use crate::{api::client::wire, statement::Jti};

/// A certificate by its identifier or its number.
#[derive(Debug, Clone, clap::Args)]
#[group(required = true, multiple = false)]
pub(in crate::cli) struct Name {
    /// The statement's identifier, 26 characters
    #[arg(long, value_name = "JTI", value_parser = crate::cli::arguments::jti)]
    pub(in crate::cli) id: Option<Jti>,
    /// The certificate number
    #[arg(long, value_name = "NUMBER")]
    pub(in crate::cli) number: Option<String>,
    /// The application it was issued for
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) application: Option<String>,
}

impl Name {
    pub(in crate::cli) fn to_wire(&self) -> wire::CertificateName {
        use wire::certificate_name::Name as Wire;
        let name = match (&self.id, &self.number) {
            (Some(id), _) => Some(Wire::Jti(id.to_string())),
            (None, Some(number)) => Some(Wire::Number(number.clone())),
            (None, None) => self.application.clone().map(Wire::ApplicationId),
        };
        wire::CertificateName { name }
    }
}
