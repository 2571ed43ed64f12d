//! An edition of an agreement: everything that may change together on a date.

use super::{
    criterion::CriterionRule,
    eligibility::Eligibility,
    fields::{Faults, Fields, FromValue, figures, words},
    figure::Figure,
    form::Form,
    number::NumberRule,
    terms::{
        Cancellation, Cumulation, DeMinimis, Discrepancy, LatePresentation, Marks, Provision, RequiredEndorsement,
        Retrospective, Validity, Verification, Waiver,
    },
};
use crate::{
    certificate::{Country, EditionCode, FormCode, HsEdition, Language, PriorCertificate, Relation},
    time::Date,
};
use toml::Value;

/// When an edition is in force, both days included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InForce {
    /// First day.
    pub from: Date,
    /// Last day, if it has ended or its end is set.
    pub until: Option<Date>,
}

impl InForce {
    /// Whether `date` lies within.
    #[must_use]
    pub fn covers(&self, date: Date) -> bool {
        self.from <= date && self.until.is_none_or(|until| date <= until)
    }
}

impl std::fmt::Display for InForce {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.until {
            Some(until) => write!(f, "from {} to {until}", self.from),
            None => write!(f, "from {} on", self.from),
        }
    }
}

impl FromValue for InForce {
    fn from_value(value: &Value, path: &str, faults: &Faults) -> Option<Self> {
        let mut fields = Fields::open(value, path, faults)?;
        let (from, until) = (fields.required("from"), fields.optional("until"));
        if let (Some(from), Some(until)) = (from, until)
            && until < from
        {
            faults.add(&fields.at("until"), format!("{until} is before {from}"));
        }
        fields.close();
        Some(Self { from: from?, until })
    }
}

/// Days outside `in_force` on which the edition may still, or already, be used by a certificate that names it,
/// while another one is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overlap {
    /// The days.
    pub days: InForce,
    /// Exporting countries that may; empty: all.
    pub from: Vec<Country>,
    /// Where this is read.
    pub article: Option<String>,
    /// Whether that was confirmed.
    pub confirmed: bool,
    /// What an officer should know.
    pub note: Option<String>,
}

impl Overlap {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let days = fields.required("days");
        let from = fields.optional("from").unwrap_or_default();
        let (article, confirmed, note) = fields.source();
        Some(Self { days: days?, from, article, confirmed, note })
    }
}

words! {
    /// Whose classification the HS code follows.
    HsOwner {
        /// The importing country's.
        Importing = "importing",
        /// The exporting country's.
        Exporting = "exporting",
    }
}

figures! {
    /// What the agreement asks of HS codes.
    Classification {
        /// The HS edition its rules of origin are written in.
        edition: HsEdition,
        /// Digits the form shows at least.
        digits: u32,
        /// Whose classification decides.
        whose: HsOwner,
    }
}

words! {
    /// How a percentage is printed.
    PercentPrinted {
        /// The whole per cent, fractions cut off: 40.6 prints 40.
        Truncated = "truncated",
        /// As stated.
        AsStated = "as_stated",
    }
}

/// One edition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edition {
    /// Its code within the agreement.
    pub code: EditionCode,
    /// When it is in force.
    pub in_force: InForce,
    /// The same as a figure, with its source.
    pub in_force_source: Figure<InForce>,
    /// When it may be used beside another.
    pub overlaps: Vec<Overlap>,
    /// Languages certificates are written in.
    pub official_languages: Figure<Vec<Language>>,
    /// Its forms, at least one.
    pub forms: Vec<Form>,
    /// The criteria it allows; none where it knows no criteria.
    pub criteria: Vec<CriterionRule>,
    /// How percentages are printed.
    pub percent_printed: Figure<PercentPrinted>,
    /// What it asks of HS codes.
    pub hs: Classification,
    /// How certificates are numbered.
    pub numbers: Vec<NumberRule>,
    /// How long a certificate may be used.
    pub validity: Figure<Validity>,
    /// Showing a certificate after its last day.
    pub late_presentation: Figure<LatePresentation>,
    /// Certificates issued after shipment.
    pub retrospective: Retrospective,
    /// Certified copies of a lost original.
    pub true_copy: Provision,
    /// New certificates in place of a wrong one.
    pub replacement: Provision,
    /// Several certificates in place of one, each for a part of its goods.
    pub split: Provision,
    /// One certificate in place of several.
    pub consolidation: Provision,
    /// Certificates on the basis of another party's.
    pub back_to_back: Provision,
    /// Cancelling at the holder's wish.
    pub cancellation: Cancellation,
    /// Goods shown at an exhibition on the way.
    pub exhibition: Provision,
    /// Invoices from outside the parties.
    pub third_party_invoicing: Provision,
    /// What stands on the form for cumulation and tolerance.
    pub marks: Marks,
    /// Which goods, routes and days it is for.
    pub eligibility: Eligibility,
    /// Goods going on to another destination.
    pub change_of_destination: Provision,
    /// Whose materials may count as originating.
    pub cumulation: Figure<Vec<Cumulation>>,
    /// Non-originating material that is disregarded.
    pub de_minimis: Figure<DeMinimis>,
    /// Value up to which no certificate is asked for.
    pub waiver: Figure<Waiver>,
    /// Checks after import.
    pub verification: Verification,
    /// Endorsements of other authorities.
    pub endorsements: Vec<RequiredEndorsement>,
    /// Whether a certificate covers one consignment only.
    pub single_consignment: Figure<bool>,
    /// What shows that goods came directly, where they passed another country.
    pub transit_evidence: Figure<Vec<String>>,
    /// Whether only registered exporters may apply.
    pub registered_exporter: Figure<bool>,
    /// Years the issuing body keeps its papers.
    pub records_years: Figure<u32>,
    /// Differences that do not invalidate a certificate.
    pub minor_discrepancies: Figure<Vec<Discrepancy>>,
}

impl Edition {
    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let code = fields.required("code");
        let in_force_source: Figure<InForce> = fields.figure("in_force");
        if in_force_source.value().is_none() {
            fields.faults().add(&fields.at("in_force"), "an edition states from when it is in force");
        }
        let official_languages = fields.figure("official_languages");
        let forms = fields.list("forms", Form::read);
        if forms.is_empty() {
            fields.faults().add(&fields.at("forms"), "an edition has at least one form");
        }
        for (index, form) in forms.iter().enumerate() {
            if forms.iter().take(index).any(|earlier| earlier.code == form.code) {
                let path = format!("{}[{index}].code", fields.at("forms"));
                fields.faults().add(&path, format!("form `{}` stands here twice", form.code));
            }
        }
        let criteria = fields.list("criteria", CriterionRule::read);
        CriterionRule::tell_apart(&criteria, &fields.at("criteria"), fields.faults());
        let edition = Self {
            criteria,
            overlaps: fields.list("overlaps", Overlap::read),
            marks: fields.section("marks", Marks::read),
            eligibility: fields.section("eligibility", Eligibility::read),
            official_languages,
            percent_printed: fields.figure("percent_printed"),
            hs: fields.section("hs", Classification::read),
            numbers: fields.list("numbers", |fields| Some(NumberRule::read(fields))),
            validity: fields.figure("validity"),
            late_presentation: fields.figure("late_presentation"),
            retrospective: fields.section("retrospective", Retrospective::read),
            true_copy: fields.section("true_copy", Provision::read),
            replacement: fields.section("replacement", Provision::read),
            split: fields.section("split", Provision::read),
            consolidation: fields.section("consolidation", Provision::read),
            back_to_back: fields.section("back_to_back", Provision::read),
            cancellation: fields.section("cancellation", Cancellation::read),
            exhibition: fields.section("exhibition", Provision::read),
            third_party_invoicing: fields.section("third_party_invoicing", Provision::read),
            change_of_destination: fields.section("change_of_destination", Provision::read),
            cumulation: fields.figure("cumulation"),
            de_minimis: fields.figure("de_minimis"),
            waiver: fields.figure("waiver"),
            verification: fields.section("verification", Verification::read),
            endorsements: fields.list("endorsements", RequiredEndorsement::read),
            single_consignment: fields.figure("single_consignment"),
            transit_evidence: fields.figure("transit_evidence"),
            registered_exporter: fields.figure("registered_exporter"),
            records_years: fields.figure("records_years"),
            minor_discrepancies: fields.figure("minor_discrepancies"),
            code: code?,
            in_force: *in_force_source.value()?,
            in_force_source,
            forms,
        };
        Some(edition)
    }

    /// The form with this code.
    #[must_use]
    pub fn form(&self, code: &FormCode) -> Option<&Form> {
        self.forms.iter().find(|form| form.code == *code)
    }

    /// The form `country` issues on: the one that names it, else the one for any country.
    #[must_use]
    pub fn form_of(&self, country: Country) -> Option<&Form> {
        let named = self.forms.iter().find(|form| form.issued_by.contains(&country));
        named.or_else(|| self.forms.iter().find(|form| form.issued_by.is_empty()))
    }

    /// How `country` numbers its certificates, one rule per authority where they differ; where nothing names it,
    /// the rules for any country.
    pub fn numbers_of(&self, country: Country) -> impl Iterator<Item = &NumberRule> {
        let named = self.numbers.iter().any(|rule| rule.countries.contains(&country));
        self.numbers.iter().filter(
            move |rule| {
                if named { rule.countries.contains(&country) } else { rule.countries.is_empty() }
            },
        )
    }

    /// What it says of a certificate that follows an earlier one so, under the name of the mark it puts there; nothing of
    /// one that only counts the other's materials in. One that names quantities of what it replaces stands in the place
    /// of a part of it, or of several.
    #[must_use]
    pub fn provision_for(
        &self,
        prior: &PriorCertificate,
        among: &[PriorCertificate],
    ) -> Option<(&'static str, &Provision)> {
        let in_part = |one: &&PriorCertificate| one.relation == Relation::Replaces && !one.drawn.is_empty();
        match prior.relation {
            Relation::TrueCopyOf => Some(("CERTIFIED_TRUE_COPY", &self.true_copy)),
            Relation::BackToBackOn => Some(("BACK_TO_BACK", &self.back_to_back)),
            Relation::Replaces if prior.drawn.is_empty() => Some(("REPLACEMENT", &self.replacement)),
            Relation::Replaces if among.iter().filter(in_part).count() > 1 => {
                Some(("CONSOLIDATION", &self.consolidation))
            }
            Relation::Replaces => Some(("SPLIT", &self.split)),
            Relation::CumulatesWith => None,
        }
    }

    /// Whether a certificate of `from` that names this edition may be issued under it on `date`: the overlap
    /// that allows it.
    #[must_use]
    pub fn overlap_on(&self, date: Date, from: Country) -> Option<&Overlap> {
        self.overlaps
            .iter()
            .find(|overlap| overlap.days.covers(date) && (overlap.from.is_empty() || overlap.from.contains(&from)))
    }
}
