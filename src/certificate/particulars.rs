//! What is brought to be issued: the contents of a certificate less what issue decides.

use super::{
    code::{AgreementCode, CertificateNumber, EditionCode, FormCode, Language},
    commercial::Commercial,
    country::Country,
    declare::section,
    finding::{Finding, Findings},
    goods::Goods,
    issued::{Certificate, Flags, Terms},
    member::{Member, Out},
    node::{self, Node},
    party::{Consignee, Exporter, Place},
    printable,
    producer::Producer,
    reader::{At, Form, Reader},
    reference::{Declaration, IssuingOffice, PriorCertificate, Reference, Relation, Signatory},
    remarks::Remarks,
    text::Text,
    transport::Transport,
};
use crate::time::Date;

section! {
    /// What the agreement's rules ask about the application, and no certificate shows.
    pub struct ApplicationFacts {
        /// The day the application came in; some agreements count from it.
        received_on: Option<Date>,
        /// Why issue is asked for after exportation.
        retrospective_reason: Option<Text<512>>,
        /// Whether it is kept from the importing country, once issued, until its holder consents to its being sent.
        hold: bool,
    }
}

section! {
    /// Section `reference` as brought: the number only if it was drawn earlier, and no date of issue.
    pub struct ReferenceParticulars {
        /// The certificate's number, if it was drawn earlier; otherwise the office's series gives one.
        number: Option<CertificateNumber>,
        /// Place of issue.
        place: Place,
        /// Issuing office.
        office: IssuingOffice,
        /// Who signed for which body.
        signatories: Vec<Signatory>,
        /// The exporter's declaration.
        declaration: Option<Declaration>,
        /// Earlier certificates this one follows.
        prior: Vec<PriorCertificate>,
        /// The number of the paper this certificate takes the place of, or is printed on.
        paper_number: Option<Text<35>>,
        /// The edition of the form, where another than the agreement's data say.
        form_edition: Option<Text<35>>,
        /// The languages of the form, where others than the agreement's data say.
        languages: Vec<Language>,
    }
}

section! {
    /// What is brought to have a certificate issued.
    pub struct Particulars {
        /// Agreement or scheme, such as `CPFTA`; `NONPREF` where there is none.
        agreement: AgreementCode,
        /// Edition of the agreement's rules, where two may be used on the day of issue; otherwise the one in force.
        edition: Option<EditionCode>,
        /// Form, where the agreement has several.
        form: Option<FormCode>,
        /// Exporting country.
        from: Country,
        /// Importing country.
        to: Country,
        /// What the rules ask about the application.
        application: Option<ApplicationFacts>,
        /// Number, place and office of issue; declaration; earlier certificates.
        reference: ReferenceParticulars,
        /// Who sends the goods.
        exporter: Exporter,
        /// Who receives them.
        consignee: Option<Consignee>,
        /// Who made them.
        producer: Option<Producer>,
        /// How they travel.
        transport: Option<Transport>,
        /// What they are.
        goods: Goods,
        /// Invoices and values.
        commercial: Option<Commercial>,
        /// Endorsements and references.
        remarks: Option<Remarks>,
    }
}

/// The outcome of reading: particulars if nothing forbids them, and everything there is to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The particulars; `None` if and only if a finding is an error.
    pub particulars: Option<Particulars>,
    /// All findings, warnings among them.
    pub findings: Findings,
}

impl Reading {
    fn of(node: &Node<'_>) -> Self {
        let mut reader = Reader::new(Form::Input);
        let particulars = Particulars::read(node, At::ROOT, &mut reader);
        let mut findings = reader.finish();
        printable::check(node, &mut findings);
        if let Some(particulars) = &particulars {
            findings.extend(particulars.check());
        }
        Self { particulars: particulars.filter(|_| !findings.has_errors()), findings }
    }

    fn refused(message: String, rule: &str) -> Self {
        Self { particulars: None, findings: Findings(vec![Finding::error(rule, "", message)]) }
    }

    fn into_result(self) -> Result<Particulars, Findings> {
        self.particulars.ok_or(self.findings)
    }
}

impl Particulars {
    /// Reads JSON and says everything there is to say about it.
    #[must_use]
    pub fn read_json(json: &[u8]) -> Reading {
        match node::from_json(json) {
            Ok(node) => Reading::of(&node),
            Err(error) => Reading::refused(error.to_string(), "JSON"),
        }
    }

    /// Reads TOML and says everything there is to say about it.
    #[must_use]
    pub fn read_toml(toml: &str) -> Reading {
        if toml.len() > node::BYTES_MAX {
            return Reading::refused(format!("longer than {} bytes", node::BYTES_MAX), "TOML");
        }
        match toml.parse::<toml::Table>() {
            Ok(table) => Reading::of(&node::from_toml(toml::Value::Table(table))),
            Err(error) => Reading::refused(error.to_string().trim().to_owned(), "TOML"),
        }
    }

    /// Reads JSON; the error holds every finding.
    pub fn from_json(json: &[u8]) -> Result<Self, Findings> {
        Self::read_json(json).into_result()
    }

    /// Reads TOML; the error holds every finding.
    pub fn from_toml(toml: &str) -> Result<Self, Findings> {
        Self::read_toml(toml).into_result()
    }

    /// Writes JSON that reads back to the same particulars.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Writing to memory with text keys cannot fail.
        serde_json::to_string(&Out(self)).unwrap_or_default()
    }

    /// The flags that follow from what is brought; `retrospective` is for the agreement to judge.
    #[must_use]
    pub fn flags(&self) -> Flags {
        let follows = |relation| self.reference.prior.iter().any(|prior| prior.relation == relation);
        Flags {
            retrospective: false,
            replacement: follows(Relation::Replaces),
            true_copy: follows(Relation::TrueCopyOf),
            back_to_back: follows(Relation::BackToBackOn),
            partial_cumulation: self
                .goods
                .items
                .iter()
                .filter_map(|item| item.criterion.as_ref())
                .any(|criterion| criterion.partial_cumulation),
        }
    }

    /// The certificate these particulars become under the terms given.
    #[must_use]
    pub fn finish(self, terms: Terms) -> Certificate {
        let Terms { number, ruling } = terms;
        let mut goods = self.goods;
        for printed in ruling.printed {
            let item = goods.items.iter_mut().find(|item| item.number == printed.item);
            if let Some(criterion) = item.and_then(|item| item.criterion.as_mut()) {
                criterion.printed.get_or_insert(printed.criterion);
                if let (Some(percentage), Some(text)) = (criterion.percentage.as_mut(), printed.percentage) {
                    percentage.printed.get_or_insert(text);
                }
            }
        }
        let mut remarks = self.remarks;
        for endorsement in ruling.endorsements {
            let all = &mut remarks.get_or_insert_with(Remarks::empty).endorsements;
            if !all.iter().any(|brought| brought.code == endorsement.code) {
                all.push(endorsement);
            }
        }
        let brought = self.reference;
        let languages = if brought.languages.is_empty() { ruling.languages } else { brought.languages };
        Certificate {
            agreement: self.agreement,
            edition: ruling.edition,
            form: ruling.form,
            from: self.from,
            to: self.to,
            valid_from: ruling.valid_from,
            valid_until: ruling.valid_until,
            flags: ruling.flags,
            reference: Reference {
                number,
                issued_on: ruling.issued_on,
                place: brought.place,
                office: brought.office,
                signatories: brought.signatories,
                declaration: brought.declaration,
                prior: brought.prior,
                paper_number: brought.paper_number,
                form_edition: brought.form_edition.or(ruling.form_edition),
                languages,
            },
            exporter: self.exporter,
            consignee: self.consignee,
            producer: self.producer,
            transport: self.transport,
            goods,
            commercial: self.commercial,
            remarks,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
