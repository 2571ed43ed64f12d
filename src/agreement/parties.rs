//! Who belongs to an agreement, since when, and how far.

use super::{
    fields::{Fields, words},
    figure::Figure,
};
use crate::{certificate::Country, time::Date};

words! {
    /// How far a member grants preference.
    Participation {
        /// Duty-free trade with the other full participants.
        Full = "full",
        /// Reduced rates or some goods only.
        Partial = "partial",
    }
}

words! {
    /// On which side of a scheme without return a country stands.
    Side {
        /// Its goods have the preference.
        Beneficiary = "beneficiary",
        /// It grants the preference.
        Donor = "donor",
    }
}

/// A member of an agreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The country.
    pub country: Country,
    /// First day of membership.
    pub from: Figure<Date>,
    /// Last day, for a member that left.
    pub until: Figure<Date>,
    /// Its side, where preference is granted one way only.
    pub side: Option<Side>,
    /// How far it takes part.
    pub participation: Figure<Participation>,
    /// Where the membership is read.
    pub article: Option<String>,
    /// Whether it was confirmed.
    pub confirmed: bool,
    /// What an officer should know.
    pub note: Option<String>,
}

/// Who may issue and who may receive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parties {
    /// Whether any country may issue to any other: true of non-preferential certificates.
    pub open: bool,
    /// The members, where it is not open.
    pub members: Vec<Member>,
    /// Whether `members` names every one; while that is unknown, nobody is refused for not standing there.
    pub complete: Figure<bool>,
    /// Countries the agreement expressly leaves out.
    pub excluded: Vec<Country>,
    /// Countries that left and still stand in old lists.
    pub former: Vec<Country>,
}

impl Parties {
    pub(super) fn read(fields: &mut Fields<'_>) -> Self {
        let parties = Self {
            open: fields.optional("open").unwrap_or(false),
            members: fields.list("members", Member::read),
            complete: fields.figure("complete"),
            excluded: fields.optional("excluded").unwrap_or_default(),
            former: fields.optional("former").unwrap_or_default(),
        };
        if parties.open != parties.members.is_empty() {
            let message = "either `open = true` or a list of members, not both and not neither";
            fields.faults().add(&fields.at("open"), message);
        }
        for (index, member) in parties.members.iter().enumerate() {
            if parties.members.iter().take(index).any(|earlier| earlier.country == member.country) {
                let path = format!("{}[{index}].country", fields.at("members"));
                fields.faults().add(&path, format!("`{}` stands here twice", member.country));
            }
        }
        parties
    }

    /// Whether preference is granted one way only.
    #[must_use]
    pub fn is_one_way(&self) -> bool {
        self.members.iter().any(|member| member.side == Some(Side::Donor))
    }

    /// The member, if the country is one at any time.
    #[must_use]
    pub fn member(&self, country: Country) -> Option<&Member> {
        self.members.iter().find(|member| member.country == country)
    }
}

impl Member {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let country = fields.required("country");
        let (from, until) = (fields.figure("from"), fields.figure("until"));
        let side = fields.optional("side");
        let participation = fields.figure("participation");
        let (article, confirmed, note) = fields.source();
        Some(Self { country: country?, from, until, side, participation, article, confirmed, note })
    }
}
