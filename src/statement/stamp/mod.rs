//! The stamp on paper: what a certificate says, short enough for a QR code and signed, to be read without a network.
//!
//! `CO1:` + base45(zlib(COSE_Sign1)), described in `docs/stamp.md`. It carries no names. It is made of a leaf that
//! stands in its log and says which, so that whoever has the log, or the bundle, can hold the two together; alone it
//! says what was signed and not how it stands.

mod contents;
mod envelope;

pub use envelope::{STAMP_PREFIX, STAMP_TEXT_MAX, SealedStamp, SignedStamp};

use super::{Issuer, Opened, OpenedBody, StatementError};
use crate::{
    certificate::{AgreementCode, CertificateNumber, Country, EditionCode, HsDigits, Item, Measure, Text},
    log::{Hash, Origin, leaf_hash},
    time::{Date, serde_date},
};
use serde::{Serialize, Serializer};

/// What a stamp says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stamp {
    /// The authority that issued the certificate.
    pub iss: Issuer,
    /// The certificate's number.
    pub number: CertificateNumber,
    /// Civil date of issue at the issuing office.
    #[serde(with = "serde_date")]
    pub issued_on: Date,
    /// Last day it may be used; `None` where the agreement states no limit.
    #[serde(serialize_with = "date_or_null")]
    pub valid_until: Option<Date>,
    /// Agreement or scheme.
    pub agreement: AgreementCode,
    /// Edition of its rules.
    pub edition: EditionCode,
    /// Exporting country.
    pub from: Country,
    /// Importing country.
    pub to: Country,
    /// Items of the certificate, carried here or not.
    pub total: u32,
    /// Gross weight of the whole certificate, if it says one.
    pub gross_weight: Option<Measure>,
    /// Its first items, as many as are carried.
    pub items: Vec<StampItem>,
    /// The log it stands in.
    pub log: Origin,
    /// Its place there.
    pub index: u64,
    /// The leaf hash of its JWT (RFC 6962, section 2.1).
    pub leaf: Hash,
}

/// What a stamp says of one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StampItem {
    /// The item's number on the certificate.
    pub number: u32,
    /// HS subheading: 6 digits.
    pub hs: Option<HsDigits>,
    /// The first of its quantities.
    pub quantity: Option<Measure>,
    /// Its gross weight.
    pub gross_weight: Option<Measure>,
    /// Origin criterion as the form prints it, else by its canonical name.
    pub criterion: Option<Text<35>>,
}

impl Stamp {
    /// What the stamp of this certificate says, with all its items. `jwt` is the leaf at `index` of the certificate's
    /// log, and `opened` what it opens to; sections that a holder may drop are not needed.
    pub fn of(jwt: &[u8], index: u64, opened: &Opened) -> Result<Self, StatementError> {
        let OpenedBody::Certificate(certificate) = &opened.body else {
            return Err(StatementError::NotAStamp("only a certificate of origin has one"));
        };
        let reference = certificate.reference.as_option().ok_or(StatementError::MissingClaim("reference"))?;
        let goods = certificate.goods.as_option().ok_or(StatementError::MissingClaim("goods"))?;
        let items = goods
            .items
            .iter()
            .map(|item| item.as_option().ok_or(StatementError::MissingClaim("goods.items")).and_then(StampItem::of))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            iss: opened.envelope.iss.clone(),
            number: reference.number.clone(),
            issued_on: reference.issued_on,
            valid_until: certificate.valid_until,
            agreement: certificate.agreement.clone(),
            edition: certificate.edition.clone(),
            from: certificate.from,
            to: certificate.to,
            total: u32::try_from(items.len()).map_err(|e| StatementError::shape("goods", e))?,
            gross_weight: goods.totals.as_ref().and_then(|totals| totals.gross_weight.clone()),
            items,
            log: opened.envelope.log.clone(),
            index,
            leaf: leaf_hash(jwt),
        })
    }

    /// The names of what this stamp says otherwise than the `whole` one of a certificate, which has all items.
    #[must_use]
    pub fn differences(&self, whole: &Self) -> Vec<&'static str> {
        let items = whole.items.get(..self.items.len()) == Some(&self.items);
        [
            ("issuer", self.iss == whole.iss),
            ("number", self.number == whole.number),
            ("date of issue", self.issued_on == whole.issued_on),
            ("last day of validity", self.valid_until == whole.valid_until),
            ("agreement", (&self.agreement, &self.edition) == (&whole.agreement, &whole.edition)),
            ("route", (self.from, self.to) == (whole.from, whole.to)),
            ("count of items", self.total == whole.total),
            ("gross weight", self.gross_weight == whole.gross_weight),
            ("items", items),
            ("place in the log", (&self.log, self.index) == (&whole.log, whole.index)),
            ("statement", self.leaf == whole.leaf),
        ]
        .into_iter()
        .filter_map(|(name, same)| (!same).then_some(name))
        .collect()
    }

    /// How many of its items are carried: "3 of 12".
    #[must_use]
    pub fn carried(&self) -> String {
        format!("{} of {}", self.items.len(), self.total)
    }
}

#[allow(clippy::ref_option, clippy::trivially_copy_pass_by_ref)] // the shape that `serialize_with` asks for
fn date_or_null<S: Serializer>(date: &Option<Date>, serializer: S) -> Result<S::Ok, S::Error> {
    match date {
        Some(date) => serializer.collect_str(date),
        None => serializer.serialize_none(),
    }
}

impl StampItem {
    fn of(item: &Item) -> Result<Self, StatementError> {
        let hs = item.hs.as_ref().map(|hs| hs.code.subheading().parse::<HsDigits>()).transpose();
        let criterion = item.criterion.as_ref().map(|criterion| {
            let printed = criterion.printed.as_ref().map(Text::as_str);
            printed.unwrap_or_else(|| criterion.code.as_str()).parse::<Text<35>>()
        });
        Ok(Self {
            number: item.number,
            hs: hs.map_err(|e| StatementError::shape("goods.items", e))?,
            quantity: item.quantities.first().cloned(),
            gross_weight: item.gross_weight.clone(),
            criterion: criterion.transpose().map_err(|e| StatementError::shape("goods.items", e))?,
        })
    }
}
