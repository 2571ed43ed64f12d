//! Referral: before an officer judges, somebody looks at the factory, or a laboratory at the goods.

use super::Application;
use super::moves::{By, Moved};
use super::refused::ApplicationRefused;
use super::stage::{Stage, named};
use super::table::Deed;
use crate::certificate::{Sha256, Text};
use crate::time::{Date, serde_date};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

named! {
    /// To where an application can be referred.
    pub enum ReferredTo / UnknownReferredTo ("where an application is referred to") {
        /// A visit to the factory.
        Factory = "factory",
        /// A laboratory.
        Laboratory = "laboratory",
    }
}

/// That an application was referred, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Referral {
    /// To where.
    pub to: ReferredTo,
    /// What is to be looked at.
    pub look_at: Text<1024>,
    /// The civil date at the office by which the report is due.
    #[serde(with = "serde_date")]
    pub due: Date,
    /// When it was referred, in Unix milliseconds.
    pub at_ms: u64,
    /// The report, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<VisitReport>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitReport {
    /// Who visited, or which laboratory tested.
    pub visitor: Text<256>,
    /// On which day.
    #[serde(with = "serde_date")]
    pub visited_on: Date,
    /// In words.
    pub words: Text<1024>,
    /// SHA-256 of the paper, which the office keeps.
    pub paper: Sha256,
    /// When it was reported, in Unix milliseconds.
    pub at_ms: u64,
}

impl Application {
    /// Refers it. `today` is the civil date at its office.
    pub fn refer(mut self, to: ReferredTo, (look_at, due): (Text<1024>, Date), today: Date, by: &By) -> Moved {
        let examiner = self.in_hand(Deed::Refer, by)?;
        if due < today {
            return Err(ApplicationRefused::ReferralDates(format!("a report that is due on {due} comes too late")));
        }
        let (since_ms, note) = (by.at_ms, Some(look_at.clone()));
        self.referrals.push(Referral { to, look_at, due, at_ms: by.at_ms, report: None });
        self.take(|submission| Stage::Referred { submission, examiner, since_ms }, by, Deed::Refer, note)
    }

    /// Reports what was found: it comes back to the officer who referred it, whoever of the office brings the report.
    pub fn report(
        mut self,
        visitor: Text<256>,
        visited_on: Date,
        (words, paper): (Text<1024>, Sha256),
        today: Date,
        by: &By,
    ) -> Moved {
        self.officer(Deed::Report, by)?;
        let Stage::Referred { submission, examiner, since_ms } = self.stage.clone() else {
            return Err(ApplicationRefused::NotHere { deed: Deed::Report, stage: self.stage.name() });
        };
        if visited_on > today {
            return Err(ApplicationRefused::ReferralDates(format!("nobody has visited on {visited_on} yet")));
        }
        let note = Some(words.clone());
        if let Some(open) = self.referrals.last_mut() {
            open.report = Some(VisitReport { visitor, visited_on, words, paper, at_ms: by.at_ms });
        }
        Ok(self.with(by, Deed::Report, Stage::UnderExamination { submission, examiner, since_ms }, note))
    }

    /// The referral whose report is awaited, if any.
    #[cfg(test)]
    pub(crate) fn referred(&self) -> Option<&Referral> {
        self.referrals.last().filter(|referral| referral.report.is_none())
    }
}
