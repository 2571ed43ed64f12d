//! Which materials count as originating: on the national basis, and on the cumulative one.

use crate::{
    agreement::{
        criterion::ValueRule,
        edition::Edition,
        figure::{Figure, Known},
        load::Agreement,
        terms::Cumulation,
    },
    certificate::{ContentBasis, Country, Finding},
    encoding::Decimal,
    production::{ItemProduction, Material, MaterialOrigin},
};

/// The canonical criterion of content that only counts towards another's origin: its threshold is the least content that
/// partial cumulation carries forward.
const PARTIAL: &str = "PARTIAL_CUM";

/// How a material counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// As originating.
    Own,
    /// As non-originating.
    Foreign,
    /// As originating by the share of its value that is carried forward, per cent.
    Shared(Decimal),
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
        match (self.party(material), material.content_percent) {
            (Some(country), None) => self.of_a_party(material, country),
            (party, Some(percent)) => self.carried_forward(material, party, percent),
            (None, None) => Standing::Foreign,
        }
    }

    /// The party that a material is said to originate in.
    fn party(&self, material: &Material) -> Option<Country> {
        match material.origin {
            MaterialOrigin::Country(country) if self.is_party(country) => Some(country),
            _ => None,
        }
    }

    fn is_party(&self, country: Country) -> bool {
        !self.agreement.parties.open && self.agreement.parties.member(country).is_some()
    }

    /// Whether what is named shows that a material is of `party`, or where none is named of any; else why not. A paper
    /// of another country shows that country's origin: whether it was made out on the basis of the first is not declared.
    fn shown(&self, material: &Material, party: Option<Country>, what: &str) -> Result<(), String> {
        let shows = |of: Country| party.map_or_else(|| self.is_party(of), |party| party == of);
        if material.shown_by().any(|evidence| evidence.country.is_none_or(shows)) {
            return Ok(());
        }
        let name = &material.description;
        match material.shown_by().find_map(|evidence| evidence.country) {
            Some(of) => Err(format!("what is named for `{name}` was made out in {of}, and does not show {what}")),
            None => Err(format!("no certificate or declaration shows {what} of `{name}`")),
        }
    }

    /// An originating material of another party.
    fn of_a_party(&self, material: &Material, country: Country) -> Standing {
        let code = &self.agreement.code;
        match self.edition.cumulation.known() {
            Known::Confirmed(kinds) if kinds.is_empty() => Standing::Foreign,
            Known::Confirmed(_) => match self.shown(material, Some(country), &format!("the origin {country}")) {
                Ok(()) => Standing::Own,
                Err(why) => Standing::Doubtful(why),
            },
            Known::Unconfirmed(_) => Standing::Doubtful(format!("that {code} cumulates materials is not confirmed")),
            Known::Unknown => Standing::Doubtful(format!("whether {code} cumulates materials is not known")),
        }
    }

    /// A material that does not originate, some of whose value is content of the parties.
    fn carried_forward(&self, material: &Material, party: Option<Country>, percent: Decimal) -> Standing {
        let code = &self.agreement.code;
        let carries =
            |kinds: &Vec<Cumulation>| kinds.iter().any(|k| matches!(k, Cumulation::Full | Cumulation::Partial));
        match self.edition.cumulation.known() {
            Known::Confirmed(kinds) | Known::Unconfirmed(kinds) if !carries(kinds) => Standing::Foreign,
            Known::Confirmed(kinds) => {
                if !kinds.contains(&Cumulation::Full) {
                    match self.least_content().map(Figure::known) {
                        Some(Known::Confirmed(rule)) if !rule.is_met_by(percent) => return Standing::Foreign,
                        Some(Known::Confirmed(_)) => {}
                        Some(Known::Unconfirmed(rule)) => {
                            let why = format!("that {code} carries content of {rule} forward is not confirmed");
                            return Standing::Doubtful(why);
                        }
                        Some(Known::Unknown) | None => {
                            let why = format!("from how much on {code} carries content forward is not known");
                            return Standing::Doubtful(why);
                        }
                    }
                }
                match self.shown(material, party, "the content") {
                    Ok(()) => Standing::Shared(percent),
                    Err(why) => Standing::Doubtful(why),
                }
            }
            Known::Unconfirmed(_) | Known::Unknown => {
                Standing::Doubtful(format!("whether {code} carries content forward is not confirmed"))
            }
        }
    }

    /// From which content on the agreement carries it forward, where cumulation is partial.
    fn least_content(&self) -> Option<&Figure<ValueRule>> {
        self.edition.criteria.iter().find(|rule| rule.code.as_str() == PARTIAL)?.value.as_ref()
    }

    /// Says of each material whose content is too little to be carried forward that none of it counts.
    pub(super) fn too_little<'d>(
        &'d self,
        declared: &'d ItemProduction,
        declared_at: &'d str,
    ) -> impl Iterator<Item = Finding> + 'd {
        let partial = self
            .edition
            .cumulation
            .value()
            .is_some_and(|kinds| kinds.contains(&Cumulation::Partial) && !kinds.contains(&Cumulation::Full));
        let figure = self.least_content().filter(|figure| partial && figure.is_confirmed());
        let materials = declared.materials.iter().enumerate();
        materials.filter_map(move |(place, material)| {
            let (figure, percent) = figure.zip(material.content_percent)?;
            let rule = figure.value().filter(|rule| !rule.is_met_by(percent))?;
            let message = format!(
                "{percent} % of `{}` is content of the parties, and {} carries content forward from {} % on: all of it \
                 counts as non-originating",
                material.description, self.agreement.code, rule.percent
            );
            let path = format!("{declared_at}.materials[{place}].content_percent");
            let mut finding = Finding::warning("CONTENT_PERCENT", path, message);
            finding.article = figure.article().map(str::to_owned);
            Some(finding)
        })
    }
}
