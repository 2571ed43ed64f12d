//! Which materials count as originating: on the national basis, and on the cumulative one.

use crate::{
    agreement::{edition::Edition, figure::Known, load::Agreement, terms::Cumulation},
    certificate::{ContentBasis, Country},
    production::{Material, MaterialOrigin},
};

/// How a material counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// As originating.
    Own,
    /// As non-originating.
    Foreign,
    /// As originating by the share of its value that is carried forward, per cent.
    Shared(crate::encoding::Decimal),
    /// As originating or not: it depends on this.
    Doubtful(String),
}

/// What decides how materials count.
pub(super) struct Parties<'a> {
    pub(super) agreement: &'a Agreement,
    pub(super) edition: &'a Edition,
    pub(super) from: Country,
}

impl Parties<'_> {
    pub(super) fn standing(&self, material: &Material, basis: ContentBasis) -> Standing {
        match material.origin {
            MaterialOrigin::Originating => return Standing::Own,
            MaterialOrigin::Country(country) if country == self.from => return Standing::Own,
            _ if basis == ContentBasis::National => return Standing::Foreign,
            MaterialOrigin::Country(_) | MaterialOrigin::Undetermined => {}
        }
        let party = match material.origin {
            MaterialOrigin::Country(country) if !self.agreement.parties.open => {
                self.agreement.parties.member(country).map(|_| country)
            }
            _ => None,
        };
        match (party, material.content_percent) {
            (Some(country), None) => self.of_a_party(material, country),
            (_, Some(percent)) => self.carried_forward(material, percent),
            (None, None) => Standing::Foreign,
        }
    }

    /// An originating material of another party.
    fn of_a_party(&self, material: &Material, country: Country) -> Standing {
        let code = &self.agreement.code;
        match self.edition.cumulation.known() {
            Known::Confirmed(kinds) if kinds.is_empty() => Standing::Foreign,
            Known::Confirmed(_) if material.is_evidenced() => Standing::Own,
            Known::Confirmed(_) => Standing::Doubtful(format!(
                "no certificate or declaration shows that `{}` originates in {country}",
                material.description
            )),
            Known::Unconfirmed(_) => Standing::Doubtful(format!("that {code} cumulates materials is not confirmed")),
            Known::Unknown => Standing::Doubtful(format!("whether {code} cumulates materials is not known")),
        }
    }

    /// A material that does not originate, some of whose value is content of the parties.
    fn carried_forward(&self, material: &Material, percent: crate::encoding::Decimal) -> Standing {
        let code = &self.agreement.code;
        let carries =
            |kinds: &Vec<Cumulation>| kinds.iter().any(|k| matches!(k, Cumulation::Full | Cumulation::Partial));
        match self.edition.cumulation.known() {
            Known::Confirmed(kinds) if !carries(kinds) => Standing::Foreign,
            Known::Confirmed(_) if material.is_evidenced() => Standing::Shared(percent),
            Known::Confirmed(_) => {
                Standing::Doubtful(format!("no certificate shows the content of `{}`", material.description))
            }
            Known::Unconfirmed(kinds) if !carries(kinds) => Standing::Foreign,
            Known::Unconfirmed(_) | Known::Unknown => {
                Standing::Doubtful(format!("whether {code} carries content forward is not confirmed"))
            }
        }
    }
}
