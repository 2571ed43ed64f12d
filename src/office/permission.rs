//! Which role may do what: one table, and what does not stand in it is denied.

use super::Role;
use std::fmt;

/// Something an account may or may not do at its own authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// Draft, check, submit, answer and withdraw applications of its own exporter, or of one that gave a mandate.
    FileApplication,
    /// Read what was filed by or for its own exporter, and the certificates that were issued for it.
    ReadOwn,
    /// Keep the particulars of an exporter that a form is filled from: parties, products, evidence of cost.
    KeepProfile,
    /// Give an agent a mandate to file for the own exporter, and end it.
    GiveMandate,
    /// Ask that a certificate of an own application be cancelled, and take that back.
    AskCancellation,
    /// Consent that a certificate of an own application be sent.
    ReleaseCertificate,
    /// Ask for the number of a certificate before it is issued.
    ReserveNumber,
    /// See what waits to be examined or signed.
    ReadQueue,
    /// Claim an application, ask about it, refer it to a factory visit or a laboratory.
    ExamineApplication,
    /// Record that the fee of an application is paid, with the treasury's reference.
    RecordFee,
    /// Refuse an application, with its reason.
    RefuseApplication,
    /// Recommend that a certificate be issued; the first of four eyes.
    RecommendIssue,
    /// Have the certificate signed that another person recommended; the other two of four eyes.
    SignCertificate,
    /// Have a certificate signed that a back office examined before it came here.
    IssueCertificate,
    /// Cancel, withdraw, suspend or reinstate a certificate.
    ChangeStatus,
    /// Read any certificate of the authority with its disclosures.
    ReadCertificate,
    /// Have changes that it may read brought to an address of its own.
    KeepWebhooks,
    /// Read exporters, their mandates and their evidence of cost.
    ReadExporters,
    /// Register and strike off exporters, verify evidence of cost, record mandates.
    ManageExporters,
    /// Say when a signatory is away and who signs meanwhile.
    ArrangeDeputy,
    /// Read checkpoints and hashes of a log that is not public.
    ReadHeads,
    /// Read entries of a log that is not public; an entry shows digests, never disclosures.
    ReadEntries,
    /// Read the record of who did what.
    ReadAudit,
    /// Open, list, change and close accounts, their tokens and passwords.
    ManageAccounts,
    /// Keep the offices that issue.
    ManageOffices,
    /// Say what may be examined by machine.
    SetPolicy,
    /// Have what a certificate says erased at this node.
    EraseContents,
    /// Read certificates that arrived, what was done with them here, and what is left of them.
    ReadArrivals,
    /// Decide on items of a certificate that arrived.
    DecideItems,
    /// Write off quantities of a certificate, amend that and take it back.
    WriteOff,
    /// Release a denial of preference that another person made.
    ReleaseDenial,
    /// Add customs' word to a certificate that arrived.
    EndorseArrival,
    /// Give an importer a link that shows what became of its own declaration, and take it back.
    ShareDeclaration,
    /// Ask an issuer about certificates.
    RaiseEnquiry,
    /// Conclude an enquiry of which the answer is not to be read.
    ConcludeEnquiry,
    /// Say what became of the security that goods were released on while an enquiry ran.
    SettleSecurity,
    /// Read enquiries of this authority, and those to it.
    ReadEnquiries,
    /// Answer an enquiry of another authority.
    AnswerEnquiry,
    /// Register certificates that were issued on paper.
    RegisterPaper,
    /// Have a block of certificate numbers set aside for an outage.
    ReserveBlock,
    /// Give back what a certificate says from its bundle, where the node lost it.
    GiveBackContents,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 41] = [
        Self::FileApplication,
        Self::ReadOwn,
        Self::KeepProfile,
        Self::GiveMandate,
        Self::AskCancellation,
        Self::ReleaseCertificate,
        Self::ReserveNumber,
        Self::ReadQueue,
        Self::ExamineApplication,
        Self::RecordFee,
        Self::RefuseApplication,
        Self::RecommendIssue,
        Self::SignCertificate,
        Self::IssueCertificate,
        Self::ChangeStatus,
        Self::ReadCertificate,
        Self::KeepWebhooks,
        Self::ReadExporters,
        Self::ManageExporters,
        Self::ArrangeDeputy,
        Self::ReadHeads,
        Self::ReadEntries,
        Self::ReadAudit,
        Self::ManageAccounts,
        Self::ManageOffices,
        Self::SetPolicy,
        Self::EraseContents,
        Self::ReadArrivals,
        Self::DecideItems,
        Self::WriteOff,
        Self::ReleaseDenial,
        Self::EndorseArrival,
        Self::ShareDeclaration,
        Self::RaiseEnquiry,
        Self::ConcludeEnquiry,
        Self::SettleSecurity,
        Self::ReadEnquiries,
        Self::AnswerEnquiry,
        Self::RegisterPaper,
        Self::ReserveBlock,
        Self::GiveBackContents,
    ];

    /// The table. Exporters and agents act through what is filed by them or for them; the authority's whole
    /// register is not theirs. Customs officers decide on what arrives, which is not of this authority's making, and a supervisor releases what one of
    /// them refuses. An
    /// administrator says who may what and sees no papers; who reads the record of it all does nothing else.
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

    /// The name in the scopes of a token and in the audit record. It never changes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FileApplication => "file_application",
            Self::ReadOwn => "read_own",
            Self::KeepProfile => "keep_profile",
            Self::GiveMandate => "give_mandate",
            Self::AskCancellation => "ask_cancellation",
            Self::ReleaseCertificate => "release_certificate",
            Self::ReserveNumber => "reserve_number",
            Self::ReadQueue => "read_queue",
            Self::ExamineApplication => "examine_application",
            Self::RecordFee => "record_fee",
            Self::RefuseApplication => "refuse_application",
            Self::RecommendIssue => "recommend_issue",
            Self::SignCertificate => "sign_certificate",
            Self::IssueCertificate => "issue_certificate",
            Self::ChangeStatus => "change_status",
            Self::ReadCertificate => "read_certificate",
            Self::KeepWebhooks => "keep_webhooks",
            Self::ReadExporters => "read_exporters",
            Self::ManageExporters => "manage_exporters",
            Self::ArrangeDeputy => "arrange_deputy",
            Self::ReadHeads => "read_heads",
            Self::ReadEntries => "read_entries",
            Self::ReadAudit => "read_audit",
            Self::ManageAccounts => "manage_accounts",
            Self::ManageOffices => "manage_offices",
            Self::SetPolicy => "set_policy",
            Self::EraseContents => "erase_contents",
            Self::ReadArrivals => "read_arrivals",
            Self::DecideItems => "decide_items",
            Self::WriteOff => "write_off",
            Self::ReleaseDenial => "release_denial",
            Self::EndorseArrival => "endorse_arrival",
            Self::ShareDeclaration => "share_declaration",
            Self::RaiseEnquiry => "raise_enquiry",
            Self::ConcludeEnquiry => "conclude_enquiry",
            Self::SettleSecurity => "settle_security",
            Self::ReadEnquiries => "read_enquiries",
            Self::AnswerEnquiry => "answer_enquiry",
            Self::RegisterPaper => "register_paper",
            Self::ReserveBlock => "reserve_block",
            Self::GiveBackContents => "give_back_contents",
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
