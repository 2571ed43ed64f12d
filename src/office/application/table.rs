//! The one table of states: what may be done to an application where it stands, by which roles, and where it stands
//! after. `docs/applications.md` shows it, and a test walks every cell.

use super::super::Action;
use super::refused::ApplicationRefused;
use super::stage::{StageName, named};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

named! {
    /// What is done to an application.
    pub enum Deed / UnknownDeed ("something that is done to an application") {
        /// Draft it, or change the draft.
        Draft = "draft",
        /// Declare and submit it.
        Submit = "submit",
        /// Answer what an officer asked.
        Answer = "answer",
        /// Take it back.
        Withdraw = "withdraw",
        /// Record that its fee is paid.
        RecordFee = "record_fee",
        /// Take it in hand.
        Claim = "claim",
        /// Put it back for others.
        Release = "release",
        /// Ask about it.
        Query = "query",
        /// Refer it to a factory visit or a laboratory.
        Refer = "refer",
        /// Report what was found there.
        Report = "report",
        /// Recommend that the certificate be issued.
        Recommend = "recommend",
        /// Refuse it.
        Refuse = "refuse",
        /// Send it back to the queue, or take an approval back that led to no certificate.
        SendBack = "send_back",
        /// Give it its certificate number in advance.
        ReserveNumber = "reserve_number",
        /// Void the number that was given in advance.
        VoidNumber = "void_number",
        /// Move it to another office, when its own is closed.
        MoveOffice = "move_office",
        /// Approve it and have the certificate issued.
        Sign = "sign",
        /// Examine it by machine, under the authority's policy.
        MachineExamine = "machine_examine",
        /// The certificate is issued; the writer's own deed.
        Issue = "issue",
    }
}

impl Deed {
    /// What the caller must be allowed; `None` where no caller may, but a policy or the writer.
    #[must_use]
    pub const fn action(self) -> Option<Action> {
        match self {
            Self::Draft | Self::Submit | Self::Answer | Self::Withdraw => Some(Action::FileApplication),
            Self::RecordFee => Some(Action::RecordFee),
            Self::Claim | Self::Release | Self::Query | Self::Refer | Self::Report => Some(Action::ExamineApplication),
            Self::Recommend => Some(Action::RecommendIssue),
            Self::Refuse | Self::SendBack => Some(Action::RefuseApplication),
            Self::ReserveNumber => Some(Action::ReserveNumber),
            Self::MoveOffice => Some(Action::ManageOffices),
            Self::Sign | Self::VoidNumber => Some(Action::SignCertificate),
            Self::MachineExamine | Self::Issue => None,
        }
    }

    /// Where an application stands after it; `None` where it cannot be done. What is submitted to an office that asks a
    /// fee first awaits the payment.
    #[must_use]
    pub const fn from(self, stage: StageName) -> Option<StageName> {
        use StageName::{
            Approved, AwaitingPayment, Draft, Issued, Queried, Recommended, Referred, Refused, Submitted,
            UnderExamination, Withdrawn,
        };
        match (self, stage) {
            (Self::Draft, Draft) => Some(Draft),
            (Self::Submit, Draft) => Some(Submitted),
            (Self::Answer, Queried) => Some(UnderExamination),
            (
                Self::Withdraw,
                Draft | AwaitingPayment | Submitted | UnderExamination | Queried | Referred | Recommended,
            ) => Some(Withdrawn),
            (Self::RecordFee, AwaitingPayment) => Some(Submitted),
            (Self::Claim, Submitted) => Some(UnderExamination),
            (Self::Release, UnderExamination) => Some(Submitted),
            (Self::Query, UnderExamination) => Some(Queried),
            (Self::Refer, UnderExamination) => Some(Referred),
            (Self::Report, Referred) => Some(UnderExamination),
            (
                Self::ReserveNumber | Self::VoidNumber,
                Draft | AwaitingPayment | Submitted | UnderExamination | Queried | Referred | Recommended,
            ) => Some(stage),
            (Self::MoveOffice, AwaitingPayment | Submitted | Queried | Referred | Recommended) => Some(stage),
            (Self::MoveOffice, UnderExamination) => Some(Submitted),
            (Self::MoveOffice, Approved) => Some(Recommended),
            (Self::Recommend, UnderExamination) => Some(Recommended),
            (Self::Refuse, AwaitingPayment | UnderExamination | Queried | Referred | Recommended) => Some(Refused),
            (Self::SendBack, Recommended) => Some(Submitted),
            (Self::SendBack, Approved) => Some(Recommended),
            // Again where the node ended between approval and issue.
            (Self::Sign, Recommended | Approved) => Some(Approved),
            (Self::MachineExamine, Submitted) => Some(Recommended),
            (Self::Issue, Approved) => Some(Issued),
            _ => None,
        }
    }

    /// Where the application stands after it, or that it cannot be done there. Whether the caller may was asked already.
    pub fn at(self, stage: StageName) -> Result<StageName, ApplicationRefused> {
        self.from(stage).ok_or(ApplicationRefused::NotHere { deed: self, stage })
    }

    /// In words, for the sentence that refuses it.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Draft => "be changed",
            Self::Submit => "be submitted",
            Self::Answer => "be answered for",
            Self::Withdraw => "be withdrawn",
            Self::RecordFee => "be recorded as paid",
            Self::Claim => "be claimed",
            Self::Release => "be released",
            Self::Query => "be asked about",
            Self::Refer => "be referred",
            Self::Report => "be reported on",
            Self::Recommend => "be recommended",
            Self::Refuse => "be refused",
            Self::SendBack => "be sent back",
            Self::ReserveNumber => "be given a number in advance",
            Self::VoidNumber => "have its number voided",
            Self::MoveOffice => "be moved to another office",
            Self::Sign => "be signed",
            Self::MachineExamine => "be examined by machine",
            Self::Issue => "be issued",
        }
    }
}
