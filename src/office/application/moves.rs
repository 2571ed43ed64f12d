//! How an application moves: one method for each deed, each by the table, each leaving its row in the history.
//!
//! A method takes the application and gives back the one it became, one version higher; what it refuses has changed
//! nothing. Whether the caller's role may is asked before ([`Deed::action`]); what hangs on this one application
//! (whose it is, who has it in hand, who examined it) is asked here.

use super::super::{
    Account, AccountId, Caller, Carried, Examined, ExporterId, FourEyes, Hand, LeftToOfficers, WhyLeft,
};
use super::declaration::Declarant;
use super::refused::ApplicationRefused;
use super::stage::{Approval, IssuedAs, Recommendation, Refusal, RefusalCode, Stage, Submission};
use super::table::Deed;
use super::{Application, ApplicationId, Event, MemberChange, Query, Subject};
use crate::certificate::{Declaration, Findings, OfficeCode, Sha256, Text};
use crate::reason::Reasoned as _;
use crate::time::{Timestamp, unix_ms};

pub(super) type Moved = Result<Application, ApplicationRefused>;

/// Who does it, and when.
#[derive(Debug, Clone)]
pub struct By {
    hand: Option<Hand>,
    exporter: Option<ExporterId>,
    /// Every account of that person, and the exporter whose account it is.
    accounts: Vec<(AccountId, Option<ExporterId>)>,
    name: String,
    pub(super) at_ms: u64,
}

impl By {
    /// An account, in something of that office.
    #[must_use]
    pub fn caller(caller: &Caller, office: &OfficeCode, now: Timestamp) -> Self {
        let (name, exporter) = (caller.account().name.clone(), caller.account().exporter.clone());
        let accounts = caller.accounts().map(|one| (one.id.clone(), one.exporter.clone())).collect();
        Self { hand: Some(caller.hand(office)), exporter, accounts, name, at_ms: unix_ms(now) }
    }

    /// A signatory whose signature a policy releases, in their own name.
    #[must_use]
    pub fn signatory(account: &Account, now: Timestamp) -> Self {
        let hand = Hand { account: account.id.clone(), person: account.person(), in_place_of: None };
        let (exporter, name) = (account.exporter.clone(), account.name.clone());
        let accounts = vec![(account.id.clone(), exporter.clone())];
        Self { hand: Some(hand), exporter, accounts, name, at_ms: unix_ms(now) }
    }

    /// The operator of the node.
    #[must_use]
    pub fn operator(now: Timestamp) -> Self {
        Self::policy("the operator", now)
    }

    /// A policy of the authority.
    #[must_use]
    pub fn policy(name: &str, now: Timestamp) -> Self {
        Self { hand: None, exporter: None, accounts: Vec::new(), name: name.to_owned(), at_ms: unix_ms(now) }
    }

    fn account(&self) -> Option<&AccountId> {
        self.hand.as_ref().map(|hand| &hand.account)
    }
}

/// What is drafted: it may be unfinished.
#[derive(Debug, Clone)]
pub struct Drafted {
    /// What it is about, as far as it says.
    pub subject: Subject,
    /// SHA-256 of what is drafted.
    pub paper: Sha256,
    /// What the rules say of it.
    pub findings: Findings,
}

/// Other particulars, by which an answer mends an application; they are declared anew.
#[derive(Debug, Clone)]
pub struct Mended {
    /// What it is about now.
    pub subject: Subject,
    /// SHA-256 of the particulars.
    pub paper: Sha256,
    /// The declaration.
    pub declarant: Declarant,
    /// What the rules say of them.
    pub findings: Findings,
    /// What they change, member by member.
    pub changed: Vec<MemberChange>,
}

impl Application {
    /// A new draft for an exporter: by an account of its own, or by an agent.
    #[must_use]
    pub fn draft(id: ApplicationId, exporter: ExporterId, drafted: Drafted, by: &By) -> Self {
        let Drafted { subject, paper, findings: drafted } = drafted;
        let agent = by.account().filter(|_| by.exporter.as_ref() != Some(&exporter)).cloned();
        let draft = Self {
            id,
            version: 0,
            exporter,
            agent,
            mandate: None,
            created_ms: by.at_ms,
            subject,
            paper,
            stage: Stage::Draft,
            drafted,
            left: None,
            filed_at: None,
            fee: None,
            number: None,
            referrals: Vec::new(),
            queries: Vec::new(),
            history: Vec::new(),
        };
        draft.with(by, Deed::Draft, Stage::Draft, None)
    }

    /// Changes a draft.
    pub fn redraft(self, drafted: Drafted, by: &By) -> Moved {
        self.filed_by(Deed::Draft, by)?;
        let Drafted { subject, paper, findings: drafted } = drafted;
        Ok(Self { subject, paper, drafted, ..self }.with(by, Deed::Draft, Stage::Draft, None))
    }

    /// Declares and submits a draft. What is declared must be what is kept, byte for byte. Where a fee is due it waits
    /// for that first.
    pub fn submit(self, declarant: Declarant, findings: Findings, fee_due: bool, by: &By) -> Moved {
        self.filed_by(Deed::Submit, by)?;
        let submission = Box::new(self.declared(declarant, findings, by)?);
        let stage = if fee_due { Stage::AwaitingPayment { submission } } else { Stage::Submitted { submission } };
        // The submission holds what is said of it from here on.
        Ok(Self { drafted: Findings::default(), ..self }.with(by, Deed::Submit, stage, None))
    }

    /// The same with what it took of a mandate; what it took of one before stays where it takes nothing now.
    #[must_use]
    pub fn carried(self, carried: Option<Carried>) -> Self {
        Self { mandate: carried.or(self.mandate), ..self }
    }

    /// Examines what was just submitted by machine, under a policy.
    pub fn machine_examine(self, policy: &str, now: Timestamp) -> Moved {
        Deed::MachineExamine.at(self.stage.name())?;
        let by = By::policy(policy, now);
        let examined = Examined::ByMachine(policy.to_owned());
        let recommendation = Box::new(Recommendation { examined, at_ms: by.at_ms });
        self.take(|submission| Stage::Recommended { submission, recommendation }, &by, Deed::MachineExamine, None)
    }

    /// Notes why the machine leaves it to officers; where it stands does not change by it.
    #[must_use]
    pub fn left_to_officers(self, policy: &str, why: &WhyLeft, now: Timestamp) -> Self {
        let (policy, reason, words) = (policy.to_owned(), why.reason().to_owned(), why.to_string());
        Self { left: Some(LeftToOfficers { policy, reason, words, at_ms: unix_ms(now) }), ..self }
    }

    /// Takes it in hand.
    pub fn claim(self, by: &By) -> Moved {
        if let Some((examiner, since)) = self.stage.claimed() {
            return Err(self.claimed(examiner, since));
        }
        let examiner = self.officer(Deed::Claim, by)?;
        let since_ms = by.at_ms;
        self.take(|submission| Stage::UnderExamination { submission, examiner, since_ms }, by, Deed::Claim, None)
    }

    /// Puts it back into the queue, for whoever has time: also what an officer who is away had claimed.
    pub fn release(self, by: &By) -> Moved {
        self.officer(Deed::Release, by)?;
        self.take(|submission| Stage::Submitted { submission }, by, Deed::Release, None)
    }

    /// Asks about it.
    pub fn query(mut self, question: Text<1024>, fields: Vec<String>, by: &By) -> Moved {
        let examiner = self.in_hand(Deed::Query, by)?;
        let since_ms = by.at_ms;
        let note = Some(question.clone());
        self.queries.push(Query { question, fields, asked_ms: by.at_ms, answer: None, answered_ms: None });
        self.take(|submission| Stage::Queried { submission, examiner, since_ms }, by, Deed::Query, note)
    }

    /// Answers what was asked; with other particulars, where the answer mends them, that are declared anew.
    pub fn answer(mut self, answer: Text<1024>, mended: Option<Mended>, by: &By) -> Moved {
        self.filed_by(Deed::Answer, by)?;
        let Stage::Queried { mut submission, examiner, since_ms } = self.stage.clone() else {
            return Err(ApplicationRefused::NotHere { deed: Deed::Answer, stage: self.stage.name() });
        };
        let mut changes = Vec::new();
        if let Some(Mended { subject, paper, declarant, findings, changed }) = mended {
            changes = changed;
            self.subject = subject;
            self.paper = paper;
            let declared = self.declared(declarant, findings, by)?;
            // It keeps its place in the queue.
            *submission = Submission { at_ms: submission.at_ms, ..declared };
        }
        if let Some(open) = self.queries.last_mut() {
            open.answer = Some(answer.clone());
            open.answered_ms = Some(by.at_ms);
        }
        let stage = Stage::UnderExamination { submission, examiner, since_ms };
        let mut answered = self.with(by, Deed::Answer, stage, Some(answer));
        if let Some(event) = answered.history.last_mut() {
            event.changed = changes;
        }
        Ok(answered)
    }

    /// Recommends that the certificate be issued.
    pub fn recommend(self, note: Option<Text<1024>>, by: &By) -> Moved {
        let examiner = self.in_hand(Deed::Recommend, by)?;
        let recommendation = Box::new(Recommendation { examined: Examined::By(examiner), at_ms: by.at_ms });
        self.take(|submission| Stage::Recommended { submission, recommendation }, by, Deed::Recommend, note)
    }

    /// Refuses it.
    pub fn refuse(self, code: RefusalCode, words: Text<1024>, by: &By) -> Moved {
        if self.stage.claimed().is_some() {
            self.in_hand(Deed::Refuse, by)?;
        } else {
            self.officer(Deed::Refuse, by)?;
        }
        let note = Some(words.clone());
        self.take(|submission| Stage::Refused { submission, refusal: Refusal { code, words } }, by, Deed::Refuse, note)
    }

    /// Sends it back to the queue; an approval that led to no certificate goes back to being recommended.
    pub fn send_back(self, note: Option<Text<1024>>, by: &By) -> Moved {
        self.officer(Deed::SendBack, by)?;
        self.back(by, note)
    }

    /// Takes an approval back because the certificate could not be issued.
    pub fn fall_back(self, why: Option<Text<1024>>, now: Timestamp) -> Moved {
        Deed::SendBack.at(self.stage.name())?;
        self.back(&By::policy("the writer", now), why)
    }

    fn back(self, by: &By, note: Option<Text<1024>>) -> Moved {
        match self.stage.clone() {
            Stage::Approved { submission, recommendation, .. } => {
                Ok(self.with(by, Deed::SendBack, Stage::Recommended { submission, recommendation }, note))
            }
            _ => self.take(|submission| Stage::Submitted { submission }, by, Deed::SendBack, note),
        }
    }

    /// Takes it back.
    pub fn withdraw(self, note: Option<Text<1024>>, by: &By) -> Moved {
        self.filed_by(Deed::Withdraw, by)?;
        let submission = self.stage.submission().cloned().map(Box::new);
        Ok(self.with(by, Deed::Withdraw, Stage::Withdrawn { submission }, note))
    }

    /// Approves it for issue: another person than examined it, of what was shown to that person. An approval that
    /// is there already and led to no certificate is given anew.
    pub fn approve(self, shown: Sha256, name: Text<256>, by: &By) -> Moved {
        self.officer(Deed::Sign, by)?;
        self.approved(shown, name, None, by)
    }

    /// The same under a policy that releases the signatory's signature, of what that policy examined alone.
    pub fn release_signature(self, signatory: &By, shown: Sha256, name: Text<256>, policy: &str) -> Moved {
        self.officer(Deed::Sign, signatory)?;
        let examined = self.stage.examined().map(|one| &one.examined);
        if !matches!(examined, Some(Examined::ByMachine(by)) if by == policy) {
            return Err(ApplicationRefused::NotHere { deed: Deed::Sign, stage: self.stage.name() });
        }
        self.approved(shown, name, Some(policy.to_owned()), signatory)
    }

    fn approved(self, shown: Sha256, name: Text<256>, released_under: Option<String>, by: &By) -> Moved {
        let here = || ApplicationRefused::NotHere { deed: Deed::Sign, stage: self.stage.name() };
        let (Stage::Recommended { submission, recommendation } | Stage::Approved { submission, recommendation, .. }) =
            self.stage.clone()
        else {
            return Err(here());
        };
        let hand = by.hand.clone().ok_or_else(here)?;
        let both = FourEyes::of(recommendation.examined.clone(), hand)?;
        let signatory = both.signed().clone();
        let note = released_under.as_ref().and_then(|policy| Text::typed(&format!("released under {policy}")).ok());
        let approval = Box::new(Approval { signatory, name, at_ms: by.at_ms, shown, released_under });
        Ok(self.with(by, Deed::Sign, Stage::Approved { submission, recommendation, approval }, note))
    }

    /// The certificate is issued.
    pub fn issued(self, certificate: IssuedAs, now: Timestamp) -> Moved {
        let Stage::Approved { submission, recommendation, approval } = self.stage.clone() else {
            return Err(ApplicationRefused::NotHere { deed: Deed::Issue, stage: self.stage.name() });
        };
        let stage = Stage::Issued { submission, recommendation, approval, certificate };
        Ok(self.with(&By::policy("the writer", now), Deed::Issue, stage, None))
    }

    /// That another changed it first: who, and when.
    #[must_use]
    pub fn moved(&self) -> ApplicationRefused {
        let (who, at_ms) = self.last().map_or_else(Default::default, |last| (last.name.clone(), last.at_ms));
        ApplicationRefused::Moved { who, stage: self.stage.name(), at_ms }
    }

    /// The declaration that goes with it, whoever makes it: what was shown is what is kept.
    fn declared(&self, declarant: Declarant, findings: Findings, by: &By) -> Result<Submission, ApplicationRefused> {
        if declarant.shown != self.paper {
            return Err(ApplicationRefused::ShownDiffers("declared"));
        }
        let at = i64::try_from(by.at_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
        let declaration: Declaration = declarant.declared(at.unwrap_or(Timestamp::UNIX_EPOCH));
        Ok(Submission { at_ms: by.at_ms, declaration, findings })
    }

    /// Whether it is a deed of who files it, and the table has it.
    fn filed_by(&self, deed: Deed, by: &By) -> Result<(), ApplicationRefused> {
        if !by.account().is_some_and(|account| self.is_of(account, by.exporter.as_ref())) {
            return Err(ApplicationRefused::NotYours);
        }
        deed.at(self.stage.name()).map(|_| ())
    }

    /// Whether it is a deed of an officer who did not file it, by no account of his, and the table has it.
    pub(super) fn officer(&self, deed: Deed, by: &By) -> Result<Hand, ApplicationRefused> {
        deed.at(self.stage.name())?;
        let hand = by.hand.clone().ok_or(ApplicationRefused::NotHere { deed, stage: self.stage.name() })?;
        let own = by.accounts.iter().any(|(account, exporter)| self.is_of(account, exporter.as_ref()));
        if own { Err(ApplicationRefused::OwnApplication) } else { Ok(hand) }
    }

    /// The same of the officer who has it in hand.
    pub(super) fn in_hand(&self, deed: Deed, by: &By) -> Result<Hand, ApplicationRefused> {
        let hand = self.officer(deed, by)?;
        match self.stage.claimed() {
            Some((examiner, since)) if examiner.account != hand.account => Err(self.claimed(examiner, since)),
            _ => Ok(hand),
        }
    }

    fn claimed(&self, examiner: &Hand, at_ms: u64) -> ApplicationRefused {
        let named = self.history.iter().rev().find(|event| event.account.as_ref() == Some(&examiner.account));
        let who = named.map_or_else(|| examiner.person.to_string(), |event| event.name.clone());
        ApplicationRefused::ClaimedBy { who, at_ms }
    }

    /// The same with what was submitted, in another stage.
    pub(super) fn take(
        self,
        stage: impl FnOnce(Box<Submission>) -> Stage,
        by: &By,
        deed: Deed,
        note: Option<Text<1024>>,
    ) -> Moved {
        let submission = self.stage.submission().cloned().map(Box::new);
        let submission = submission.ok_or(ApplicationRefused::NotHere { deed, stage: self.stage.name() })?;
        Ok(self.with(by, deed, stage(submission), note))
    }

    pub(super) fn with(mut self, by: &By, deed: Deed, stage: Stage, note: Option<Text<1024>>) -> Self {
        let (account, name) = (by.account().cloned(), by.name.clone());
        self.history.push(Event {
            at_ms: by.at_ms,
            account,
            name,
            deed,
            stage: stage.name(),
            note,
            changed: Vec::new(),
        });
        // Where it ends, so does the number that it held: issued, or voided.
        if matches!(stage, Stage::Issued { .. } | Stage::Refused { .. } | Stage::Withdrawn { .. }) {
            self.number = None;
        }
        self.stage = stage;
        self.version = self.version.saturating_add(1);
        self
    }
}
