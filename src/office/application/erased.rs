//! What is left of an application once the contents of its certificate are erased: that it was made, what was done to it
//! and by which accounts; no goods, no parties, nothing that anybody wrote.

use super::{Application, Event, Query, Referral, Stage, Subject, VisitReport};
use crate::certificate::{Declaration, Findings, Text};

/// What stands where something was.
const ERASED: &str = "erased";

impl Application {
    /// The same without what it says, if the word for that can be written.
    #[must_use]
    pub fn erased(self) -> Option<Self> {
        let short: Text<256> = ERASED.parse().ok()?;
        let long: Text<1024> = ERASED.parse().ok()?;
        let Self { mut stage, subject, queries, referrals, history, .. } = self;
        if let Stage::Issued { submission, .. } = &mut stage {
            let Declaration { declared_at, means, shown_sha256, .. } = submission.declaration.clone();
            let person = short.clone();
            submission.declaration =
                Declaration { person, capacity: None, declared_at, means, shown_sha256, signature: None };
            submission.findings = Findings::default();
        }
        let subject = Subject { exporter: short.clone(), goods: long.clone(), hs: None, ..subject };
        let query = |one: Query| {
            let answer = one.answer.map(|_| long.clone());
            Query { question: long.clone(), fields: Vec::new(), answer, ..one }
        };
        let report = |one: VisitReport| VisitReport { visitor: short.clone(), words: long.clone(), ..one };
        let referral = |one: Referral| {
            let found = one.report.clone().map(report);
            Referral { look_at: long.clone(), report: found, ..one }
        };
        let event = |one: Event| Event { note: None, changed: Vec::new(), ..one };
        Some(Self {
            version: self.version.saturating_add(1),
            subject,
            stage,
            drafted: Findings::default(),
            left: None,
            queries: queries.into_iter().map(query).collect(),
            referrals: referrals.into_iter().map(referral).collect(),
            history: history.into_iter().map(event).collect(),
            id: self.id,
            exporter: self.exporter,
            agent: self.agent,
            mandate: self.mandate,
            created_ms: self.created_ms,
            paper: self.paper,
            filed_at: self.filed_at,
            fee: self.fee,
            number: self.number,
        })
    }
}
