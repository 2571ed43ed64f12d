//! Which role may do what: one table, and what does not stand in it is denied.

use super::Role;
use crate::encoding::text::closed_list;
use std::fmt;

closed_list! {
    /// Something an account may or may not do at its own authority.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
    pub enum Action;
    /// The name in the scopes of a token and in the audit record. It never changes.
    name {
        /// Draft, check, submit, answer and withdraw applications of its own exporter, or of one that gave a mandate.
        FileApplication = "file_application",
        /// Read what was filed by or for its own exporter, and the certificates that were issued for it.
        ReadOwn = "read_own",
        /// Keep the particulars of an exporter that a form is filled from: parties, products, evidence of cost.
        KeepProfile = "keep_profile",
        /// Give an agent a mandate to file for the own exporter, and end it.
        GiveMandate = "give_mandate",
        /// Ask that a certificate of an own application be cancelled, and take that back.
        AskCancellation = "ask_cancellation",
        /// Consent that a certificate of an own application be sent.
        ReleaseCertificate = "release_certificate",
        /// Ask for the number of a certificate before it is issued.
        ReserveNumber = "reserve_number",
        /// See what waits to be examined or signed.
        ReadQueue = "read_queue",
        /// Claim an application, ask about it, refer it to a factory visit or a laboratory.
        ExamineApplication = "examine_application",
        /// Record that the fee of an application is paid, with the treasury's reference.
        RecordFee = "record_fee",
        /// Refuse an application, with its reason.
        RefuseApplication = "refuse_application",
        /// Recommend that a certificate be issued; the first of four eyes.
        RecommendIssue = "recommend_issue",
        /// Have the certificate signed that another person recommended; the other two of four eyes.
        SignCertificate = "sign_certificate",
        /// Have a certificate signed that a back office examined before it came here.
        IssueCertificate = "issue_certificate",
        /// Cancel, withdraw, suspend or reinstate a certificate.
        ChangeStatus = "change_status",
        /// Read any certificate of the authority with its disclosures.
        ReadCertificate = "read_certificate",
        /// Have changes that it may read brought to an address of its own.
        KeepWebhooks = "keep_webhooks",
        /// Read exporters, their mandates and their evidence of cost.
        ReadExporters = "read_exporters",
        /// Register and strike off exporters, verify evidence of cost, record mandates.
        ManageExporters = "manage_exporters",
        /// Say when a signatory is away and who signs meanwhile.
        ArrangeDeputy = "arrange_deputy",
        /// Read checkpoints and hashes of a log that is not public.
        ReadHeads = "read_heads",
        /// Read entries of a log that is not public; an entry shows digests, never disclosures.
        ReadEntries = "read_entries",
        /// Read the record of who did what.
        ReadAudit = "read_audit",
        /// Open, list, change and close accounts, their tokens and passwords.
        ManageAccounts = "manage_accounts",
        /// Keep the offices that issue.
        ManageOffices = "manage_offices",
        /// Say what may be examined by machine.
        SetPolicy = "set_policy",
        /// Have what a certificate says erased at this node.
        EraseContents = "erase_contents",
        /// Read certificates that arrived, what was done with them here, and what is left of them.
        ReadArrivals = "read_arrivals",
        /// Decide on items of a certificate that arrived.
        DecideItems = "decide_items",
        /// Write off quantities of a certificate, amend that and take it back.
        WriteOff = "write_off",
        /// Release a denial of preference that another person made.
        ReleaseDenial = "release_denial",
        /// Add customs' word to a certificate that arrived.
        EndorseArrival = "endorse_arrival",
        /// Give an importer a link that shows what became of its own declaration, and take it back.
        ShareDeclaration = "share_declaration",
        /// Ask an issuer about certificates.
        RaiseEnquiry = "raise_enquiry",
        /// Conclude an enquiry of which the answer is not to be read.
        ConcludeEnquiry = "conclude_enquiry",
        /// Say what became of the security that goods were released on while an enquiry ran.
        SettleSecurity = "settle_security",
        /// Read enquiries of this authority, and those to it.
        ReadEnquiries = "read_enquiries",
        /// Answer an enquiry of another authority.
        AnswerEnquiry = "answer_enquiry",
        /// Register certificates that were issued on paper.
        RegisterPaper = "register_paper",
        /// Have a block of certificate numbers set aside for an outage.
        ReserveBlock = "reserve_block",
        /// Give back what a certificate says from its bundle, where the node lost it.
        GiveBackContents = "give_back_contents",
    }
}

impl Action {
    /// The table. Exporters and agents act through what is filed by them or for them; the authority's whole
    /// register is not theirs. Customs officers decide on what arrives, which is not of this authority's making, and a
    /// supervisor releases what one of them refuses. An administrator says who may what and sees no papers; who reads
    /// the record of it all does nothing else.
    #[must_use]
    pub const fn granted_to(self) -> &'static [Role] {
        use Role::{
            Administrator, Agent, Auditor, CustomsOfficer, CustomsSupervisor, Examiner, Exporter, Liaison, Signatory,
        };
        match self {
            Self::FileApplication
            | Self::ReadOwn
            | Self::KeepProfile
            | Self::AskCancellation
            | Self::ReleaseCertificate => &[Exporter, Agent],
            Self::GiveMandate => &[Exporter],
            Self::ReserveNumber => &[Exporter, Agent, Examiner],
            Self::ReadQueue | Self::RefuseApplication | Self::ReadExporters => &[Examiner, Signatory],
            Self::ExamineApplication | Self::RecordFee | Self::RecommendIssue | Self::ManageExporters => &[Examiner],
            Self::SignCertificate
            | Self::IssueCertificate
            | Self::ChangeStatus
            | Self::RegisterPaper
            | Self::ReserveBlock
            | Self::GiveBackContents => &[Signatory],
            Self::ArrangeDeputy => &[Signatory, Administrator],
            Self::ReadCertificate => &[Examiner, Signatory, Liaison],
            Self::KeepWebhooks => &[Exporter, Agent, Examiner, Signatory, CustomsOfficer, CustomsSupervisor, Liaison],
            Self::ReadHeads | Self::ReadEntries => &[Signatory, Liaison, Auditor],
            Self::ReadAudit => &[Auditor],
            Self::ManageAccounts | Self::ManageOffices | Self::SetPolicy | Self::EraseContents => &[Administrator],
            Self::ReadArrivals
            | Self::DecideItems
            | Self::WriteOff
            | Self::EndorseArrival
            | Self::ShareDeclaration
            | Self::RaiseEnquiry
            | Self::SettleSecurity => &[CustomsOfficer, CustomsSupervisor],
            Self::ReleaseDenial | Self::ConcludeEnquiry => &[CustomsSupervisor],
            Self::ReadEnquiries => &[CustomsOfficer, CustomsSupervisor, Liaison],
            Self::AnswerEnquiry => &[Liaison],
        }
    }

    /// The action in words, for the sentence that denies it.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::FileApplication => "file applications",
            Self::ReadOwn => "read what an exporter filed, and what was issued for it",
            Self::KeepProfile => "keep the particulars of an exporter",
            Self::GiveMandate => "give a mandate",
            Self::AskCancellation => "ask for the cancellation of a certificate",
            Self::ReleaseCertificate => "consent to the sending of a certificate",
            Self::ReserveNumber => "ask for a certificate number in advance",
            Self::ReadQueue => "read the queue",
            Self::ExamineApplication => "examine an application",
            Self::RecordFee => "record the fee of an application",
            Self::RefuseApplication => "refuse an application",
            Self::RecommendIssue => "recommend that a certificate be issued",
            Self::SignCertificate => "sign a certificate or void its number",
            Self::IssueCertificate => "issue a certificate",
            Self::ChangeStatus => "change the status of a certificate",
            Self::ReadCertificate => "read a certificate",
            Self::KeepWebhooks => "keep webhooks",
            Self::ReadExporters => "read the exporters",
            Self::ManageExporters => "register exporters",
            Self::ArrangeDeputy => "arrange a deputy",
            Self::ReadHeads => "read the heads of a log",
            Self::ReadEntries => "read the entries of a log",
            Self::ReadAudit => "read the audit record",
            Self::ManageAccounts => "manage accounts",
            Self::ManageOffices => "manage offices",
            Self::SetPolicy => "set the policy of examination",
            Self::EraseContents => "erase what a certificate says",
            Self::ReadArrivals => "read certificates that arrived",
            Self::DecideItems => "decide on a certificate that arrived",
            Self::WriteOff => "write off quantities of a certificate",
            Self::ReleaseDenial => "release a denial of preference",
            Self::EndorseArrival => "endorse a certificate that arrived",
            Self::ShareDeclaration => "share a declaration with its importer",
            Self::RaiseEnquiry => "ask an issuer about certificates",
            Self::ConcludeEnquiry => "conclude an enquiry of which the answer cannot be read",
            Self::SettleSecurity => "say what became of a security",
            Self::ReadEnquiries => "read enquiries",
            Self::AnswerEnquiry => "answer an enquiry",
            Self::RegisterPaper => "register a certificate that was issued on paper",
            Self::ReserveBlock => "have a block of numbers set aside",
            Self::GiveBackContents => "give back what a certificate says",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

/// No action has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an action; docs/roles.md lists them")]
pub struct UnknownAction(pub String);

impl std::str::FromStr for Action {
    type Err = UnknownAction;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|action| action.name() == text).ok_or_else(|| UnknownAction(text.to_owned()))
    }
}

impl Role {
    /// Whether the table grants it.
    #[must_use]
    pub fn may(self, action: Action) -> bool {
        action.granted_to().contains(&self)
    }
}

#[cfg(test)]
mod tests;
