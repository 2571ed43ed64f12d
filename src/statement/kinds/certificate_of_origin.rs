//! `certificate-of-origin`: always the same eight disclosures, null where there is nothing, so that every
//! token has the same size whatever it says, and completeness is simply that all matched.
//!
//! `goods` carries `{count, totals, items: [{"...": digest}, …]}`; each item is a disclosure of its own.

use super::super::{
    StatementError, StatusUri,
    claims::Claims,
    compose::Draft,
    opening::{Disclosed, ElementDigest, Shown},
    presentation::{Disclosure, MAX_DISCLOSURES, Presentation, join},
    status_list::LIST_ENTRIES,
};
use super::Kind;
use crate::{
    certificate::{
        AgreementCode, Certificate, Commercial, Consignee, Country, EditionCode, Exporter, Flags, FormCode, Goods,
        Item, Producer, Reference, Remarks, Totals, Transport,
    },
    encoding::{json, text::closed_list},
    time::{Date, serde_date},
};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

pub(super) const CLEAR: [&str; 12] = [
    "from",
    "to",
    "agreement",
    "form",
    "valid_from",
    "valid_until",
    "status",
    "retrospective",
    "replacement",
    "true_copy",
    "back_to_back",
    "partial_cumulation",
];
const SECTIONS: usize = Section::ALL.len();
const ITEMS: &str = "goods.items";

closed_list! {
    /// The eight disclosures of a certificate, in their order.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Section;
    /// Its name in the token.
    name {
        /// Number, date, place and office of issue.
        Reference = "reference",
        /// Who sends the goods.
        Exporter = "exporter",
        /// Who receives them.
        Consignee = "consignee",
        /// Who made them.
        Producer = "producer",
        /// How they travel.
        Transport = "transport",
        /// What they are.
        Goods = "goods",
        /// Invoices and values.
        Commercial = "commercial",
        /// Endorsements and references.
        Remarks = "remarks",
    }
}

impl Section {
    /// The section of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|section| section.name() == name)
    }

    /// Whether a holder may drop it from a copy.
    #[must_use]
    pub const fn may_be_dropped(self) -> bool {
        match self {
            Self::Consignee | Self::Producer | Self::Transport | Self::Commercial | Self::Remarks => true,
            Self::Reference | Self::Exporter | Self::Goods => false,
        }
    }
}

/// Where the status of a certificate stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusReference {
    /// The list.
    pub uri: StatusUri,
    /// The index in it, below 2^17.
    pub index: u32,
}

/// A certificate as presented: its clear claims, and of its sections what is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenedCertificate {
    /// Agreement or scheme.
    pub agreement: AgreementCode,
    /// Edition of its rules.
    pub edition: EditionCode,
    /// Form.
    pub form: FormCode,
    /// Exporting country.
    pub from: Country,
    /// Importing country.
    pub to: Country,
    /// First day it may be used.
    pub valid_from: Date,
    /// Last day it may be used; `None` where the agreement states no limit.
    pub valid_until: Option<Date>,
    /// What it says of itself in the clear.
    pub flags: Flags,
    /// Where its status stands.
    pub status: StatusReference,
    /// Section `reference`.
    pub reference: Shown<Reference>,
    /// Section `exporter`.
    pub exporter: Shown<Exporter>,
    /// Section `consignee`.
    pub consignee: Shown<Option<Consignee>>,
    /// Section `producer`.
    pub producer: Shown<Option<Producer>>,
    /// Section `transport`.
    pub transport: Shown<Option<Transport>>,
    /// Section `goods`.
    pub goods: Shown<OpenedGoods>,
    /// Section `commercial`.
    pub commercial: Shown<Option<Commercial>>,
    /// Section `remarks`.
    pub remarks: Shown<Option<Remarks>>,
}

/// Section `goods` as presented.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenedGoods {
    /// Totals as the form shows them.
    pub totals: Option<Totals>,
    /// Every item of the certificate, each if it is shown.
    pub items: Vec<Shown<Item>>,
}

impl OpenedCertificate {
    /// The certificate, if everything of it is shown.
    #[must_use]
    pub fn to_certificate(&self) -> Option<Certificate> {
        let goods = self.goods.as_option()?;
        let items = goods.items.iter().map(|item| item.as_option().cloned()).collect::<Option<Vec<_>>>()?;
        Some(Certificate {
            agreement: self.agreement.clone(),
            edition: self.edition.clone(),
            form: self.form.clone(),
            from: self.from,
            to: self.to,
            valid_from: self.valid_from,
            valid_until: self.valid_until,
            flags: self.flags.clone(),
            reference: self.reference.as_option()?.clone(),
            exporter: self.exporter.as_option()?.clone(),
            consignee: self.consignee.as_option()?.clone(),
            producer: self.producer.as_option()?.clone(),
            transport: self.transport.as_option()?.clone(),
            goods: Goods { totals: goods.totals.clone(), items },
            commercial: self.commercial.as_option()?.clone(),
            remarks: self.remarks.as_option()?.clone(),
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AgreementClaim {
    code: AgreementCode,
    edition: EditionCode,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StatusClaim {
    status_list: StatusListClaim,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StatusListClaim {
    idx: u32,
    uri: StatusUri,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GoodsSection<'a> {
    count: usize,
    #[serde(deserialize_with = "crate::encoding::json::present")]
    totals: Option<Totals>,
    #[serde(borrow)]
    items: Vec<ElementDigest<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct CivilDate(#[serde(with = "serde_date")] Date);

pub(super) fn disclosure_count(certificate: &Certificate) -> usize {
    SECTIONS + certificate.goods.items.len()
}

pub(super) fn write(
    certificate: &Certificate,
    status: &StatusReference,
    draft: &mut Draft,
) -> Result<(), StatementError> {
    let Certificate { agreement, edition, form, from, to, valid_from, valid_until, flags, .. } = certificate;
    if disclosure_count(certificate) > MAX_DISCLOSURES {
        let found = disclosure_count(certificate);
        return Err(StatementError::TooManyDisclosures { found, limit: MAX_DISCLOSURES });
    }
    check_status(status)?;
    check_items(certificate.goods.items.len())?;
    draft.claim("from", from)?;
    draft.claim("to", to)?;
    draft.claim("agreement", &AgreementClaim { code: agreement.clone(), edition: edition.clone() })?;
    draft.claim("form", form)?;
    draft.claim("valid_from", &CivilDate(*valid_from))?;
    draft.claim("valid_until", &valid_until.map(CivilDate))?;
    let status_list = StatusListClaim { idx: status.index, uri: status.uri.clone() };
    draft.claim("status", &StatusClaim { status_list })?;
    draft.claim("retrospective", &flags.retrospective)?;
    draft.claim("replacement", &flags.replacement)?;
    draft.claim("true_copy", &flags.true_copy)?;
    draft.claim("back_to_back", &flags.back_to_back)?;
    draft.claim("partial_cumulation", &flags.partial_cumulation)?;
    let items = draft.elements(&certificate.goods.items)?;
    let goods = GoodsSection {
        count: items.len(),
        totals: certificate.goods.totals.clone(),
        items: items.iter().map(|(digest, _)| ElementDigest { digest: Cow::Borrowed(digest) }).collect(),
    };
    for section in Section::ALL {
        let name = section.name();
        match section {
            Section::Reference => draft.disclose(name, &certificate.reference),
            Section::Exporter => draft.disclose(name, &certificate.exporter),
            Section::Consignee => draft.disclose(name, &certificate.consignee),
            Section::Producer => draft.disclose(name, &certificate.producer),
            Section::Transport => draft.disclose(name, &certificate.transport),
            Section::Goods => draft.disclose(name, &goods),
            Section::Commercial => draft.disclose(name, &certificate.commercial),
            Section::Remarks => draft.disclose(name, &certificate.remarks),
        }?;
    }
    draft.append(items.into_iter().map(|(_, text)| text));
    Ok(())
}

pub(super) fn read<'a>(
    claims: &mut Claims<'a>,
    disclosed: &mut Disclosed<'a>,
) -> Result<OpenedCertificate, StatementError> {
    disclosed.hold_to(SECTIONS)?;
    let (from, to) = (claims.take("from")?, claims.take("to")?);
    let AgreementClaim { code: agreement, edition } = claims.take("agreement")?;
    let form = claims.take("form")?;
    let CivilDate(valid_from) = claims.take("valid_from")?;
    let valid_until: Option<CivilDate> = claims.take("valid_until")?;
    let StatusClaim { status_list: StatusListClaim { idx, uri } } = claims.take("status")?;
    let status = StatusReference { uri, index: idx };
    check_status(&status)?;
    let flags = Flags {
        retrospective: claims.take("retrospective")?,
        replacement: claims.take("replacement")?,
        true_copy: claims.take("true_copy")?,
        back_to_back: claims.take("back_to_back")?,
        partial_cumulation: claims.take("partial_cumulation")?,
    };
    Ok(OpenedCertificate {
        agreement,
        edition,
        form,
        from,
        to,
        valid_from,
        valid_until: valid_until.map(|CivilDate(date)| date),
        flags,
        status,
        reference: section(disclosed, Section::Reference)?,
        exporter: section(disclosed, Section::Exporter)?,
        consignee: section(disclosed, Section::Consignee)?,
        producer: section(disclosed, Section::Producer)?,
        transport: section(disclosed, Section::Transport)?,
        goods: goods(disclosed)?,
        commercial: section(disclosed, Section::Commercial)?,
        remarks: section(disclosed, Section::Remarks)?,
    })
}

fn section<'a, T: Deserialize<'a>>(
    disclosed: &mut Disclosed<'a>,
    section: Section,
) -> Result<Shown<T>, StatementError> {
    disclosed.take(section.name(), section.may_be_dropped())
}

fn goods(disclosed: &mut Disclosed<'_>) -> Result<Shown<OpenedGoods>, StatementError> {
    let Shown::Yes(GoodsSection { count, totals, items }) = section(disclosed, Section::Goods)? else {
        return Ok(Shown::No);
    };
    if count != items.len() {
        return Err(StatementError::shape("goods", format!("`count` is {count} beside {} items", items.len())));
    }
    check_items(count)?;
    Ok(Shown::Yes(OpenedGoods { totals, items: disclosed.take_elements(ITEMS, &items)? }))
}

fn check_items(count: usize) -> Result<(), StatementError> {
    if (1..=MAX_DISCLOSURES - SECTIONS).contains(&count) {
        return Ok(());
    }
    Err(StatementError::shape("goods", format!("{count} items; at least 1, at most {}", MAX_DISCLOSURES - SECTIONS)))
}

fn check_status(status: &StatusReference) -> Result<(), StatementError> {
    if status.index < LIST_ENTRIES { Ok(()) } else { Err(StatementError::StatusIndex(status.index)) }
}

/// A copy without the sections named. What was dropped already stays dropped; the rest stands as it was,
/// byte for byte.
pub fn redact(presentation: &Presentation, drop: &[Section]) -> Result<String, StatementError> {
    if presentation.kind() != Some(Kind::CertificateOfOrigin) {
        return Err(StatementError::shape("vct", "only a certificate has sections that can be dropped"));
    }
    if let Some(fixed) = drop.iter().find(|section| !section.may_be_dropped()) {
        return Err(StatementError::NotRedactable(fixed.name()));
    }
    presentation.open()?;
    let kept: Vec<&str> = presentation
        .parts()
        .iter()
        .filter(|part| !drop.iter().any(|section| claim_name(part).as_deref() == Some(section.name())))
        .map(|part| presentation.text_of(part))
        .collect();
    Ok(join(presentation.jwt(), &kept))
}

/// The name in a disclosure of three elements.
fn claim_name(disclosure: &Disclosure) -> Option<Cow<'_, str>> {
    disclosure.section().map(|(_, name, _)| json::unquoted(name))
}
