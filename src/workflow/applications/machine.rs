//! Examination by machine: what was just submitted is held against the authority's policy, and where the policy
//! releases a signature, approved in the same commit as it was submitted, and issued.
//!
//! What always holds: an application the machine leaves stays where officers find it, with the reason; a release is
//! committed only while policy and agreement are what they were when it was decided; an approval under a policy is
//! issued once or taken back, also after a crash, because approval and certificate are the same commits as a person's.

use super::{
    Applications,
    file::View,
    keep::{self, Kept},
    paper,
    sign::{self, Became},
};
use crate::{
    certificate::{Declaration, Findings, Particulars, Signatory, SigningRole, Text},
    office::{Application, By, PolicyCase, WhyLeft},
    reason::{Class, Reasoned},
    sequencer::{Issue, Outcome, SequencerError},
    store::Expected,
    workflow::{InForce, Policies, Release, WorkflowError, carry::blocking},
};

/// How often what is submitted is held against the policy, where that changed in the same moment.
pub(super) const POLICY_TRIED: usize = 3;

/// What the machine made of an application.
pub(super) struct Seen {
    pub(super) application: Application,
    /// What is to be issued, where a signature is released.
    pub(super) issue: Option<Box<Issue>>,
    /// The policy, and the agreement, that must still be when this is committed.
    pub(super) rests_on: Vec<Expected>,
}

/// An approval under the policy that is durable, and what is to be issued for it.
pub(super) struct Released {
    pub(super) kept: Kept,
    pub(super) issue: Box<Issue>,
}

impl Seen {
    /// Nothing was looked at.
    pub(super) const fn untouched(application: Application) -> Self {
        Self { application, issue: None, rests_on: Vec::new() }
    }
}

impl Applications {
    /// What is to be issued, once the application is committed as it was seen.
    pub(super) fn released(&self, committed: &Application, issue: Option<Box<Issue>>) -> Option<Released> {
        let issue = issue?;
        let Ok(record) = keep::record_of(committed) else {
            // It is durable: it is taken up as it stands.
            self.standing.call(committed.id);
            return None;
        };
        Some(Released { kept: Kept { application: committed.clone(), record }, issue })
    }

    /// Looks at what is submitted, with the particulars that were read of it and what the rules say of them today.
    pub(super) fn examine(&self, submitted: Application, particulars: &Particulars, findings: &Findings) -> Seen {
        // What waits for something else first, such as its fee, is looked at when it comes to be submitted.
        let policy = self.policy().filter(|_| submitted.is_untouched());
        let Some((policies, in_force)) = policy else { return Seen::untouched(submitted) };
        let (policy, now) = (in_force.policy().name(), self.desk.now());
        let examined = match self.covered(&submitted, particulars, findings, &in_force) {
            Ok(()) => submitted.clone().machine_examine(&policy, now).map_err(|error| failed(&error)),
            Err(why) => Err(why),
        };
        match examined {
            Ok(examined) => match self.let_sign(policies, &in_force, examined.clone(), particulars) {
                Ok(seen) => seen,
                Err(why) => {
                    let rests_on = vec![in_force.expected().clone()];
                    Seen { application: examined.left_to_officers(&policy, &why, now), issue: None, rests_on }
                }
            },
            Err(why) => Seen::untouched(submitted.left_to_officers(&policy, &why, now)),
        }
    }

    /// The policy in force, if there is one.
    pub(super) fn policy(&self) -> Option<(&Policies, InForce)> {
        let policies = self.policies.as_ref()?;
        Some((policies, policies.in_force()?))
    }

    /// Whether the policy lets the machine examine it.
    pub(super) fn covered(
        &self,
        application: &Application,
        particulars: &Particulars,
        findings: &Findings,
        in_force: &InForce,
    ) -> Result<(), WhyLeft> {
        let subject = &application.subject;
        let record = self.desk.offices().find(&subject.office).filter(|record| !record.is_closed());
        let record = record.ok_or_else(|| WhyLeft::Office(subject.office.clone()))?;
        let terms = in_force.terms().ok_or(WhyLeft::Unregistered)?;
        let exporter = self.exporters.registered(&application.exporter).map_err(|error| failed(&error))?;
        let goods = particulars.goods.items.iter().map(|item| item.hs.as_ref().map(|hs| hs.code.as_str()));
        let value = paper::value(particulars);
        terms.covers(&PolicyCase {
            day: record.office.date_at(self.desk.now()),
            subject,
            exporter: Some(&exporter),
            goods: goods.collect(),
            value: value.as_ref(),
            findings,
        })
    }

    /// Approves what was examined by machine, where a signature is released for it. Where the policy names no signatory
    /// it waits for one.
    pub(super) fn let_sign(
        &self,
        policies: &Policies,
        in_force: &InForce,
        examined: Application,
        particulars: &Particulars,
    ) -> Result<Seen, WhyLeft> {
        let mut rests_on = vec![in_force.expected().clone()];
        let filed = (&examined.exporter, examined.filers());
        let released = policies.release(in_force, &examined.subject.office, (filed.0, &filed.1));
        let Some(release) = released.transpose()? else {
            return Ok(Seen { application: examined, issue: None, rests_on });
        };
        let (application, issue) = self.approved(&examined, particulars, in_force, &release)?;
        rests_on.push(release.expected);
        Ok(Seen { application, issue: Some(Box::new(issue)), rests_on })
    }

    /// The application approved in the name of the signatory, and what is to be issued.
    fn approved(
        &self,
        examined: &Application,
        particulars: &Particulars,
        in_force: &InForce,
        release: &Release,
    ) -> Result<(Application, Issue), WhyLeft> {
        let submission = examined.stage.submission().ok_or_else(|| failed(&examined.moved()))?;
        let name: Text<256> = Text::typed(&release.account.name).map_err(|error| failed(&error))?;
        let (issue, findings) = self
            .completed(examined, particulars, &submission.declaration, name.clone())
            .map_err(|error| failed(&error))?;
        in_force.terms().map_or(Ok(()), |terms| terms.bears(&findings))?;
        let (_, shown) = sign::shown(&issue).map_err(|error| failed(&error))?;
        let by = By::signatory(&release.account, self.desk.now());
        let approved = examined.clone().release_signature(&by, shown, name, &in_force.policy().name());
        Ok((approved.map_err(|error| failed(&error))?, issue))
    }

    /// What would be issued, of particulars that the rules of origin had their say on.
    fn completed(
        &self,
        application: &Application,
        particulars: &Particulars,
        declaration: &Declaration,
        name: Text<256>,
    ) -> Result<(Issue, Findings), WorkflowError> {
        let signatory = Signatory { role: SigningRole::IssuingAuthority, name, title: None, body: None };
        let particulars = paper::complete(particulars.clone(), declaration, signatory);
        self.rule_for(application, particulars, None, None, Findings::default())
    }

    /// Has issued what was released; the answers are in the order of what was brought. What cannot be issued now stands
    /// approved, and is taken up again.
    pub(super) async fn issue_released(&self, released: Vec<Released>) -> Vec<Application> {
        let (mut works, mut waiting) = (Vec::with_capacity(released.len()), Vec::with_capacity(released.len()));
        for Released { kept, issue } in released {
            let (work, became) = self.work(&kept, *issue);
            works.push(work);
            waiting.push((kept, became));
        }
        let mut outcomes = Vec::with_capacity(waiting.len());
        match self.desk.sequencer().submit_many(works).await {
            Ok(pending) => {
                for pending in pending {
                    outcomes.push(pending.outcome().await);
                }
            }
            Err(error) => outcomes.resize(waiting.len(), Err(error)),
        }
        let approved = waiting.iter().map(|(kept, _)| kept.application.clone()).collect();
        let own = self.clone();
        let settle = move || {
            let settled = waiting.into_iter().zip(outcomes);
            settled.map(|((kept, became), outcome)| own.settled(kept, &became, outcome)).collect()
        };
        // Were the thread to die, they still stand as approved.
        tokio::task::spawn_blocking(settle).await.unwrap_or(approved)
    }

    /// The application as it stands when the writer answered.
    fn settled(&self, kept: Kept, became: &Became, outcome: Result<Outcome, SequencerError>) -> Application {
        let before = kept.application.clone();
        match self.settle(kept, became, outcome) {
            Ok(signed) => signed.application,
            Err(error) => {
                if error.class() == Class::Retry {
                    self.standing.call(before.id);
                }
                tracing::warn!(application = %before.id, reason = error.reason(), "what the policy released is not issued");
                keep::find(self.store(), before.id).map_or(before, |kept| kept.application)
            }
        }
    }

    /// What was submitted, and is issued where the policy let it be: whoever filed it gets the certificate at once.
    pub async fn with_certificate(&self, view: View) -> Result<View, WorkflowError> {
        let approval = view.application.stage.approval();
        if approval.is_none_or(|approval| approval.released_under.is_none()) {
            return Ok(view);
        }
        let View { application, paper } = view;
        if self.take_up(application.id).await.is_err() {
            self.standing.call(application.id);
        }
        let own = self.clone();
        let kept = blocking(move || keep::find(own.store(), application.id)).await??;
        Ok(View { application: kept.application, paper })
    }
}

fn failed(error: &dyn Reasoned) -> WhyLeft {
    WhyLeft::Failed(format!("{error} [{}]", error.reason()))
}
