//! What exporters do: draft, change, declare and submit, answer, take back; and read what became of it.

use super::{
    Applications, Body, Change, Paper, Request,
    check::Judged,
    differences,
    keep::{self, Kept},
    machine::{POLICY_TRIED, Seen},
    page_size,
    twice::Reader,
};
use crate::{
    certificate::{Findings, Particulars, Text},
    encoding::hex,
    office::{
        Action, Amount, Application, ApplicationId, ApplicationRefused, By, Caller, Declarant, Deed, Drafted,
        ExporterId, Mended, StageName, Subject,
    },
    store::{Store, Table},
    workflow::{Accounts, CertificateName, CertificateRecord, Stands, WorkflowError, record},
};

/// An application with what it asks for.
#[derive(Debug, Clone)]
pub struct View {
    /// Where it stands.
    pub application: Application,
    /// What it asks for.
    pub paper: Paper,
}

/// Some of an account's applications, and where to go on.
#[derive(Debug, Clone, Default)]
pub struct FiledPage {
    /// Newest first.
    pub applications: Vec<Application>,
    /// Where to go on; `None` at the end.
    pub next: Option<String>,
}

impl Applications {
    /// Drafts an application for an exporter, named by its id or its registration number, or by nothing where it is
    /// the caller's own. It may be unfinished: it says under which agreement, at which office and for which country, and
    /// keeps what is found beside it.
    pub fn create(
        &self,
        caller: &Caller,
        request_id: &str,
        exporter: &str,
        paper: Paper,
    ) -> Result<View, WorkflowError> {
        Accounts::allow(caller, Action::FileApplication)?;
        let request = self.request(caller, request_id, Body::of("create").part(exporter).paper(&paper))?;
        if let Some(done) = self.again(&request)? {
            return Ok(done);
        }
        let exporter = self.exporters.named(caller, exporter)?;
        let drafted = self.drafted(caller, &exporter, &paper)?;
        let after = self.new_draft(caller, exporter, drafted)?;
        self.commit(caller, request, Change { before: None, after, paper: Some(paper) })
    }

    /// What is drafted, with what the rules say of it; by who may file it, so that no stranger learns what is known of
    /// an exporter.
    pub(super) fn drafted(
        &self,
        caller: &Caller,
        exporter: &ExporterId,
        paper: &Paper,
    ) -> Result<Drafted, WorkflowError> {
        let outline = paper.outline()?;
        let mut drawing = self.exporters.drawing(caller);
        let registered = drawing.files(exporter, &self.filing_at(&outline.agreement, &outline.office, None))?;
        let subject = outline.subject(&registered.identity.name)?;
        let findings = self.judge(paper, Some(exporter), Reader::default())?.findings;
        Ok(Drafted { subject, paper: paper.shown(), findings })
    }

    pub(super) fn new_draft(
        &self,
        caller: &Caller,
        exporter: ExporterId,
        drafted: Drafted,
    ) -> Result<Application, WorkflowError> {
        let id = ApplicationId::draw(self.desk.now(), self.random.as_ref())
            .map_err(|error| WorkflowError::Record(error.to_string()))?;
        let by = By::caller(caller, &drafted.subject.office, self.desk.now());
        Ok(Application::draft(id, exporter, drafted, &by))
    }

    /// Changes a draft.
    pub fn update(
        &self,
        caller: &Caller,
        request_id: &str,
        id: ApplicationId,
        paper: Paper,
    ) -> Result<View, WorkflowError> {
        let body = Body::of("update").part(id.bytes()).paper(&paper);
        let (request, kept) = match self.own(caller, request_id, id, body)? {
            Begun::Done(done) => return Ok(*done),
            Begun::Now(request, kept) => (request, *kept),
        };
        let by = By::caller(caller, &kept.application.subject.office, self.desk.now());
        Deed::Draft.at(kept.application.stage.name())?;
        let drafted = self.drafted(caller, &kept.application.exporter, &paper)?;
        Self::stays(&kept.application, &drafted.subject, &paper)?;
        let after = kept.application.clone().redraft(drafted, &by)?;
        self.commit(caller, request, Change { before: Some(kept), after, paper: Some(paper) })
    }

    /// Declares and submits a draft. What the rules forbid is not taken; what they warn of goes with it. An agent's
    /// mandate is drawn on in the same commit.
    pub fn submit(
        &self,
        caller: &Caller,
        request_id: &str,
        id: ApplicationId,
        declarant: Declarant,
    ) -> Result<View, WorkflowError> {
        let body = declared(Body::of("submit").part(id.bytes()), &declarant);
        let (request, kept) = match self.own(caller, request_id, id, body)? {
            Begun::Done(done) => return Ok(*done),
            Begun::Now(request, kept) => (request, *kept),
        };
        Deed::Submit.at(kept.application.stage.name())?;
        let drafted = self.filing(&kept.application.subject, None);
        self.exporters.drawing(caller).files(&kept.application.exporter, &drafted)?;
        let acceptable = self.acceptable(&keep::paper(self.store(), id)?, &kept.application.exporter)?;
        let Acceptable { subject, particulars, value, findings } = acceptable;
        // A draft may have been kept unfinished after its number was given.
        Self::bears(&kept.application, &particulars)?;
        let by = By::caller(caller, &kept.application.subject.office, self.desk.now());
        let submitted = kept.application.clone().submit(declarant, findings.clone(), self.fee_due(&subject), &by)?;
        let filing = self.filing(&subject, value.as_ref());
        let mut tries = POLICY_TRIED;
        loop {
            let Seen { application, rests_on, .. } = self.examine(submitted.clone(), &particulars, &findings);
            let change = Change { before: Some(kept.clone()), after: application, paper: None };
            match self.commit_filed(caller, &request, change, (&filing, None), &rests_on) {
                Err(error) if keep::policy_moved(&error) && tries > 1 => tries -= 1,
                done => return done,
            }
        }
    }

    /// Answers what an officer asked; with other particulars and a new declaration, where the answer mends them.
    pub fn answer(
        &self,
        caller: &Caller,
        request_id: &str,
        id: ApplicationId,
        answer: Text<1024>,
        mended: Option<(Paper, Declarant)>,
    ) -> Result<View, WorkflowError> {
        let mut body = Body::of("answer").part(id.bytes()).part(answer.as_str());
        if let Some((paper, declarant)) = &mended {
            body = declared(body.paper(paper), declarant);
        }
        let (request, kept) = match self.own(caller, request_id, id, body)? {
            Begun::Done(done) => return Ok(*done),
            Begun::Now(request, kept) => (request, *kept),
        };
        Deed::Answer.at(kept.application.stage.name())?;
        let by = By::caller(caller, &kept.application.subject.office, self.desk.now());
        // A mandate is for the office that what is asked for names, though another issues in its place.
        let asked_of = kept.application.asked_of().clone();
        let asked = Subject { office: asked_of.clone(), ..kept.application.subject.clone() };
        self.exporters.drawing(caller).files(&kept.application.exporter, &self.filing(&asked, None))?;
        let Some((paper, declarant)) = mended else {
            let after = kept.application.clone().answer(answer, None, &by)?;
            return self.commit(caller, request, Change { before: Some(kept), after, paper: None });
        };
        let moved = kept.application.filed_at.is_some();
        let acceptable = self.acceptable_at(&paper, &kept.application.exporter, Some(id), moved)?;
        let Acceptable { subject, value, findings, .. } = acceptable;
        let same_desk = subject.office == asked_of && subject.agreement == kept.application.subject.agreement;
        if !same_desk {
            return Err(ApplicationRefused::OtherDesk.into());
        }
        Self::stays(&kept.application, &subject, &paper)?;
        let here = Subject { office: kept.application.subject.office.clone(), ..subject.clone() };
        let changed = differences::changed(&keep::paper(self.store(), id)?, &paper);
        let mended = Mended { subject: here, paper: paper.shown(), declarant, findings, changed };
        let after = kept.application.clone().answer(answer, Some(mended), &by)?;
        let carried = kept.application.mandate.clone();
        let change = Change { before: Some(kept), after, paper: Some(paper) };
        let filing = self.filing(&subject, value.as_ref());
        self.commit_filed(caller, &request, change, (&filing, carried.as_ref()), &[])
    }

    /// Takes an application back.
    pub fn withdraw(
        &self,
        caller: &Caller,
        request_id: &str,
        id: ApplicationId,
        note: Option<Text<1024>>,
    ) -> Result<View, WorkflowError> {
        let body = Body::of("withdraw").part(id.bytes()).part(note.as_ref().map_or("", Text::as_str));
        let (request, kept) = match self.own(caller, request_id, id, body)? {
            Begun::Done(done) => return Ok(*done),
            Begun::Now(request, kept) => (request, *kept),
        };
        let by = By::caller(caller, &kept.application.subject.office, self.desk.now());
        let filed = self.filing(&kept.application.subject, None);
        self.exporters.drawing(caller).speaks(&kept.application.exporter, &filed)?;
        let after = kept.application.clone().withdraw(note, &by)?;
        self.commit(caller, request, Change { before: Some(kept), after, paper: None })
    }

    /// One application.
    pub fn get(&self, caller: &Caller, id: ApplicationId) -> Result<View, WorkflowError> {
        self.view(self.seen(caller, id)?.application)
    }

    /// What became of the certificate of an application that the caller sees; `None` before there is one.
    pub fn became(&self, application: &Application) -> Result<Option<Stands>, WorkflowError> {
        became(self.store(), application)?.map(|record| self.desk.stands(&record)).transpose()
    }

    /// The applications of the caller's exporter, and those it filed as an agent, newest first; of one stage if it is
    /// named.
    pub fn list(
        &self,
        caller: &Caller,
        stage: Option<StageName>,
        size: usize,
        page_token: &str,
    ) -> Result<FiledPage, WorkflowError> {
        /// Rows looked at before a page is given with what was found: a filter must not read for ever.
        const LOOKED_AT: usize = 5_000;
        Accounts::allow(caller, Action::ReadOwn)?;
        let size = page_size(size);
        let mut after = match page_token {
            "" => Vec::new(),
            token => hex::decode(token).filter(|bytes| bytes.len() == 16).ok_or(WorkflowError::PageToken)?,
        };
        let mut page = FiledPage::default();
        let mut looked_at = 0;
        loop {
            let (places, full) = listed_for(self.store(), caller, &after, size)?;
            for (place, id) in places {
                looked_at += 1;
                after = place;
                let application = keep::find(self.store(), id)?.application;
                if stage.is_none_or(|stage| application.stage.name() == stage) {
                    page.applications.push(application);
                }
                if page.applications.len() == size || looked_at >= LOOKED_AT {
                    page.next = Some(hex::encode(&after));
                    return Ok(page);
                }
            }
            if !full {
                return Ok(page);
            }
        }
    }

    /// What a caller is about to do with an application it filed.
    fn own(&self, caller: &Caller, request_id: &str, id: ApplicationId, body: Body) -> Result<Begun, WorkflowError> {
        Accounts::allow(caller, Action::FileApplication)?;
        let request = self.request(caller, request_id, body)?;
        match self.again(&request)? {
            Some(done) => Ok(Begun::Done(Box::new(done))),
            None => Ok(Begun::Now(request, Box::new(self.seen(caller, id)?))),
        }
    }

    /// Where a number was given in advance, other particulars have to be for the same certificate.
    fn stays(application: &Application, subject: &Subject, paper: &Paper) -> Result<(), WorkflowError> {
        let Some(held) = &application.number else { return Ok(()) };
        if application.filed_at.is_none() && held.office != subject.office {
            return Err(ApplicationRefused::NumberBound(held.number.to_string()).into());
        }
        match paper.read().particulars {
            Some(particulars) => Self::bears(application, &particulars),
            None => Ok(()),
        }
    }

    /// What may be submitted: nothing in it forbids issue.
    pub(super) fn acceptable(&self, paper: &Paper, whose: &ExporterId) -> Result<Acceptable, WorkflowError> {
        self.acceptable_at(paper, whose, None, false)
    }

    /// The same where its office may be closed, because another issues in its place.
    fn acceptable_at(
        &self,
        paper: &Paper,
        whose: &ExporterId,
        own: Option<ApplicationId>,
        moved: bool,
    ) -> Result<Acceptable, WorkflowError> {
        let mut judged = self.judge(paper, Some(whose), Reader { own, officer: false })?;
        if moved {
            judged.findings.0.retain(|finding| finding.rule != "OFFICE_CLOSED");
        }
        match judged {
            Judged { subject: Some(subject), particulars: Some(particulars), value, findings }
                if !findings.has_errors() =>
            {
                Ok(Acceptable { subject, particulars, value, findings })
            }
            Judged { findings, .. } => Err(WorkflowError::RulesRefuse(findings)),
        }
    }
}

/// The certificate of an application, whoever looks.
pub(super) fn became(store: &dyn Store, application: &Application) -> Result<Option<CertificateRecord>, WorkflowError> {
    if application.stage.certificate().is_none() {
        return Ok(None);
    }
    match record::find(store, &CertificateName::Application(application.id)) {
        Ok(entry) => CertificateRecord::read(store, &entry).map(Some),
        // It is under way.
        Err(WorkflowError::CertificateUnknown) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Applications of the caller's exporter, and those it filed as an agent, newest first, behind a place; with the places
/// of each, and whether there may be more.
pub(in crate::workflow) fn listed_for(
    store: &dyn Store,
    caller: &Caller,
    after: &[u8],
    size: usize,
) -> Result<(Vec<(Vec<u8>, ApplicationId)>, bool), WorkflowError> {
    let own = caller.account().exporter.as_ref().map(ExporterId::as_str);
    let mut places = Vec::new();
    for prefix in own.into_iter().chain([caller.id().as_str()]).map(keep::list_prefix) {
        let rows = store.records_from(Table::ApplicationList, &[prefix.as_slice(), after].concat(), size)?;
        places.extend(rows.iter().map_while(|(key, _)| key.strip_prefix(prefix.as_slice()).map(<[u8]>::to_vec)));
    }
    places.sort_unstable();
    // What the agent of one exporter filed is in both lists where that is its own.
    places.dedup();
    let full = places.len() >= size;
    let listed = places.into_iter().take(size).map_while(|place| keep::listed(&place).map(|id| (place, id)));
    Ok((listed.collect(), full))
}

/// What may be submitted.
pub(super) struct Acceptable {
    pub(super) subject: Subject,
    pub(super) particulars: Particulars,
    /// The value of the goods, where it is stated.
    pub(super) value: Option<Amount>,
    /// What the rules warn of.
    pub(super) findings: Findings,
}

/// A request that is new, or was answered before.
enum Begun {
    Done(Box<View>),
    Now(Request, Box<Kept>),
}

pub(super) fn declared(body: Body, declarant: &Declarant) -> Body {
    let Declarant { person, capacity, means, shown, signature } = declarant;
    let body = body.part(person.as_str()).part(capacity.as_ref().map_or("", Text::as_str)).part(means.as_str());
    let body = body.part(shown.0);
    match signature {
        Some(own) => body.part(own.algorithm.as_str()).part(own.value.as_str()),
        None => body,
    }
}
