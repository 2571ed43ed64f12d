//! An application for a certificate: what is asked, where it stands, and who did what to it.

mod declaration;
mod erased;
mod fee;
mod id;
mod moves;
mod moving;
mod number;
mod referral;
mod refused;
mod stage;
mod table;

pub use declaration::{Declarant, OwnSignature};
pub use fee::Fee;
pub use id::{ApplicationId, NotApplicationId};
pub use moves::{By, Drafted, Mended};
pub use number::{HeldNumber, NumberRecord, Voided};
pub use referral::{Referral, ReferredTo, UnknownReferredTo, VisitReport};
pub use refused::ApplicationRefused;
pub use stage::{Approval, IssuedAs, Recommendation, Refusal, RefusalCode, Stage, StageName, Submission, UnknownStage};
pub use table::Deed;

use super::{AccountId, Carried, ExporterId, LeftToOfficers};
use crate::certificate::{AgreementCode, Country, Findings, HsCode, OfficeCode, Sha256, Text};
use serde::{Deserialize, Serialize};

/// An application as its office keeps it; what it asks for (the particulars) is kept beside it, and this holds its
/// hash. It changes by the methods of [`moves`](self) alone, and each of them follows the table of states.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// Its id.
    pub id: ApplicationId,
    /// Rises with every change: two who change it at once are told apart by it.
    pub version: u32,
    /// The exporter whose goods they are.
    pub exporter: ExporterId,
    /// The account that drafted it, where that is an agent's on the exporter's mandate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AccountId>,
    /// What it took of the mandate it was submitted on, where an agent submitted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mandate: Option<Carried>,
    /// When it was drafted, in Unix milliseconds.
    pub created_ms: u64,
    /// What it is about.
    pub subject: Subject,
    /// SHA-256 of the particulars as they are kept.
    pub paper: Sha256,
    /// Where it stands.
    pub stage: Stage,
    /// What the rules said of a draft when it was last changed: it keeps nobody from going on with it.
    #[serde(default, skip_serializing_if = "Findings::is_empty")]
    pub drafted: Findings,
    /// Why the machine left it to officers, where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<LeftToOfficers>,
    /// The office that it was filed at, where its queue was moved to another since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filed_at: Option<OfficeCode>,
    /// That its fee is paid, once it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee: Option<Fee>,
    /// The certificate number that was given to it in advance, as long as it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<HeldNumber>,
    /// To where it was referred, in order; only the last can be without a report.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub referrals: Vec<Referral>,
    /// What officers asked, in order; only the last can be open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub queries: Vec<Query>,
    /// What was done to it, in order.
    pub history: Vec<Event>,
}

/// What an application is about, as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Under which agreement.
    pub agreement: AgreementCode,
    /// At which office.
    pub office: OfficeCode,
    /// To which country.
    pub to: Country,
    /// The exporter's name.
    pub exporter: Text<256>,
    /// The description of the first item.
    pub goods: Text<1024>,
    /// The code of the first item, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hs: Option<HsCode>,
    /// How many items there are.
    pub items: u32,
}

/// A question of an officer, and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Query {
    /// What is asked.
    pub question: Text<1024>,
    /// The fields it is about, such as `goods.items[0].hs.code`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// When, in Unix milliseconds.
    pub asked_ms: u64,
    /// The answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Text<1024>>,
    /// When it was answered, in Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_ms: Option<u64>,
}

/// One row of an application's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When, in Unix milliseconds.
    pub at_ms: u64,
    /// Who; `None` for what a policy of the authority did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// The name of that account, or of the policy.
    pub name: String,
    /// What was done.
    pub deed: Deed,
    /// Where the application stood after it.
    pub stage: StageName,
    /// What was said with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Text<1024>>,
    /// What it changed in what is asked for, member by member, where it did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<MemberChange>,
}

/// A member of what is asked for that says something else than before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberChange {
    /// The member, such as `goods.items[0].criterion.code`.
    pub path: String,
    /// What it said; `None` where it said nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What it says; `None` where it says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<String>,
}

impl Application {
    /// Whether an account, and the exporter whose account it is, are its own: those of the exporter, and the agent.
    #[must_use]
    pub fn is_of(&self, account: &AccountId, exporter: Option<&ExporterId>) -> bool {
        exporter == Some(&self.exporter) || self.agent.as_ref() == Some(account)
    }

    /// The accounts that filed it: each that drafted, submitted or answered for it, and its agent.
    #[must_use]
    pub fn filers(&self) -> Vec<&AccountId> {
        let filing = |event: &&Event| matches!(event.deed, Deed::Draft | Deed::Submit | Deed::Answer);
        let mut filers = self.agent.iter().collect::<Vec<_>>();
        for account in self.history.iter().filter(filing).filter_map(|event| event.account.as_ref()) {
            if !filers.contains(&account) {
                filers.push(account);
            }
        }
        filers
    }

    /// What the rules say of it: as it was submitted, or as it stands in its draft.
    #[must_use]
    pub fn findings(&self) -> &Findings {
        self.stage.submission().map_or(&self.drafted, |submission| &submission.findings)
    }

    /// What was done to it last.
    #[must_use]
    pub fn last(&self) -> Option<&Event> {
        self.history.last()
    }

    /// Whether it was just submitted, and neither an officer nor the machine has looked at it.
    #[must_use]
    pub fn is_untouched(&self) -> bool {
        let looked = |event: &Event| matches!(event.deed, Deed::Claim | Deed::MachineExamine);
        self.stage.name() == StageName::Submitted && self.left.is_none() && !self.history.iter().any(looked)
    }

    /// Since when it waits, in Unix milliseconds: since it was submitted, or its fee was paid; since it was drafted, as
    /// long as it is a draft.
    #[must_use]
    pub fn waiting_since_ms(&self) -> u64 {
        let submitted = self.stage.submission().map_or(self.created_ms, |submission| submission.at_ms);
        self.fee.as_ref().map_or(submitted, |fee| fee.at_ms)
    }
}

#[cfg(test)]
mod tests;
