//! What waits for an office: oldest first, with findings and differences beside each.

use super::{
    Applications, JudgedOrigin, Risk, check::Judged, differences::Differences, keep, page_size, risk::Earlier,
    twice::Reader,
};
use crate::{
    certificate::{Findings, OfficeCode},
    encoding::hex,
    office::{Action, Application, Caller, StageName},
    store::Table,
    time::Date,
    workflow::{Accounts, WorkflowError},
};

/// What is asked of the queue.
#[derive(Debug, Clone, Default)]
pub struct QueueAsked {
    /// The office; every office the caller acts for where none is named.
    pub office: Option<OfficeCode>,
    /// The stages; where none is named, what waits for an examiner, for a signatory, or for either, as the caller may.
    /// What waits for its fee is shown only where that stage is named.
    pub stages: Vec<StageName>,
    /// Whether differences from the exporter's last certificate for the same goods are wanted.
    pub differences: bool,
    /// Whether it is wanted what the rules of origin make of how the goods were made.
    pub origin: bool,
    /// Whether it is wanted what the rules say today, and what there is to look at more closely.
    pub judgement: bool,
    /// Applications on the page at most; 0 asks for 50.
    pub page_size: usize,
    /// From the page before, or empty.
    pub page_token: String,
}

/// One application that waits.
#[derive(Debug, Clone)]
pub struct QueueRow {
    /// The application, with what the rules said of it at submission.
    pub application: Application,
    /// Whether its exporter was struck off since: nothing is issued for it.
    pub struck_off: bool,
    /// How it differs from the exporter's last certificate for the same goods; `None` where there is none before it.
    pub differences: Option<Differences>,
    /// What the rules of origin make of how the goods were made, where that is declared.
    pub origin: Option<JudgedOrigin>,
    /// What is to be said of it today, where that was asked for.
    pub judged: Option<JudgedNow>,
}

/// What is to be said of an application today.
#[derive(Debug, Clone)]
pub struct JudgedNow {
    /// The civil date at the office.
    pub on: Date,
    /// What the rules say on that day, by what the office knows by then.
    pub findings: Findings,
    /// What there is to look at more closely.
    pub risk: Risk,
}

/// A page of the queue.
#[derive(Debug, Clone, Default)]
pub struct QueuePage {
    /// Oldest first.
    pub rows: Vec<QueueRow>,
    /// Where to go on; `None` at the end.
    pub next: Option<String>,
}

/// Bytes of a place in the queue behind office and stage: time and id.
const PLACE: usize = 24;

impl Applications {
    /// What waits for the caller's offices. It costs by what it shows, not by what waits.
    pub fn queue(&self, caller: &Caller, asked: &QueueAsked) -> Result<QueuePage, WorkflowError> {
        Accounts::allow(caller, Action::ReadQueue)?;
        let offices = match &asked.office {
            Some(office) if caller.acts_for(office) => vec![office.clone()],
            Some(office) => return Err(WorkflowError::NotYourOffice(office.to_string())),
            None => {
                let codes = self.desk.offices().all().into_iter().map(|record| record.office.code.clone());
                codes.filter(|code| caller.acts_for(code)).collect()
            }
        };
        let mut stages = asked.stages.clone();
        if stages.is_empty() {
            if caller.may(Action::ExamineApplication) {
                stages.extend([
                    StageName::Submitted,
                    StageName::UnderExamination,
                    StageName::Queried,
                    StageName::Referred,
                ]);
            }
            if caller.may(Action::SignCertificate) {
                stages.extend([StageName::Recommended, StageName::Approved]);
            }
        }
        let after = match asked.page_token.as_str() {
            "" => Vec::new(),
            token => hex::decode(token).filter(|place| place.len() == PLACE).ok_or(WorkflowError::PageToken)?,
        };
        let size = page_size(asked.page_size);
        let mut places = Vec::new();
        for office in offices {
            for stage in stages.iter().filter_map(|stage| keep::queue_stage(*stage)) {
                let prefix = keep::queue_prefix(office.as_str(), stage);
                let from = [prefix.as_slice(), &after].concat();
                let rows = self.store().records_from(Table::ApplicationQueue, &from, size.saturating_add(1))?;
                places
                    .extend(rows.iter().map_while(|(key, _)| key.strip_prefix(prefix.as_slice()).map(<[u8]>::to_vec)));
            }
        }
        places.sort_unstable();
        let more = places.len() > size;
        places.truncate(size);
        let next = places.last().filter(|_| more).map(|place| hex::encode(place));
        let (mut rows, mut earlier) = (Vec::with_capacity(places.len()), Earlier::new());
        for id in places.iter().filter_map(|place| keep::queued(place)) {
            let application = keep::find(self.store(), id)?.application;
            let struck_off = self.exporters.is_off(&application.exporter)?;
            let differences = if asked.differences { self.differences(&application)? } else { None };
            let origin = if asked.origin { self.judged_origin_of(&application)? } else { None };
            let judged = if asked.judgement { Some(self.judged_now(&application, &mut earlier)?) } else { None };
            rows.push(QueueRow { application, struck_off, differences, origin, judged });
        }
        Ok(QueuePage { rows, next })
    }

    /// What the rules say today, and how much there is to look at.
    fn judged_now(&self, application: &Application, earlier: &mut Earlier) -> Result<JudgedNow, WorkflowError> {
        let on = self.day_at(&application.subject.office);
        let paper = keep::paper(self.store(), application.id)?;
        let Judged { particulars, findings, .. } =
            self.judge(&paper, Some(&application.exporter), Reader::officer(application.id))?;
        let risk = self.risk(application, particulars.as_ref(), &findings, on, earlier)?;
        Ok(JudgedNow { on, findings, risk })
    }
}
