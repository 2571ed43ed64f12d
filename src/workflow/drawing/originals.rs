//! Originals that new certificates are drawn from, as proven: this authority's own by its own logs, another's by the
//! evidence presented with it.

use super::{
    ledgers::{self, Kept, name_of},
    lost::Known,
    used::Used,
};
use crate::{
    certificate::{
        Certificate, CertificateNumber, Country, Finding, Findings, Measure, Particulars, PriorCertificate, Relation,
    },
    log::Origin,
    office::{Amounts, Ledger, Left, NotDrawn},
    sequencer::SequencerError,
    statement::{Bundle, Jti, OpenedBody, Presentation, Status},
    store::EntryRef,
    time::Date,
    verification::{Headline, Question, Subject, Verdict},
    workflow::{Arrival, CertificateName, CertificateRecord, Desk, WorkflowError, record},
};
use std::collections::BTreeSet;

/// Seconds that the status shown with another's certificate may be old. A certificate of one's own is made of it, so it is
/// a matter of a day, not of the week that an importer is given.
const STATUS_MAX_AGE_SECONDS: u64 = 86_400;

/// An original by its name.
#[derive(Debug, Clone)]
pub enum OriginalName {
    /// One of this authority.
    Own(CertificateName),
    /// The evidence bundle of another authority's.
    Bundle(Vec<u8>),
}

/// An original that was proven.
#[derive(Debug, Clone)]
pub(super) struct Proven {
    pub(super) certificate: Certificate,
    /// Items that have lost their force, but by being drawn.
    pub(super) ended: BTreeSet<u32>,
    pub(super) kept: Kept,
    /// What was drawn of it and what customs say was used of it, in one.
    pub(super) both: Ledger,
    pub(super) used: Used,
    /// What its status rests on, where that is the bundle alone.
    pub(super) rests_on: Option<String>,
    pub(super) own: Option<Own>,
}

/// What became of an original abroad since a certificate was made to rest on it.
pub(in crate::workflow) struct Became {
    /// Its number.
    pub(in crate::workflow) number: CertificateNumber,
    /// Its identifier.
    pub(in crate::workflow) jti: Jti,
    /// Its status, as far as its log is kept here.
    pub(in crate::workflow) status: Status,
    /// The day of the newest change of it as a whole, by its issuer.
    pub(in crate::workflow) since: Option<Date>,
}

/// What is known of an original that is this authority's own.
#[derive(Debug, Clone)]
pub(super) struct Own {
    pub(super) entry: EntryRef,
    pub(super) status: Status,
    /// Items that ended because nothing is left of them.
    pub(super) spent: BTreeSet<u32>,
    /// Changes of its status so far.
    pub(super) changes: usize,
}

/// What is left of a certificate.
#[derive(Debug, Clone)]
pub struct Remainder {
    /// Its number.
    pub number: CertificateNumber,
    /// Its date of issue.
    pub issued_on: Date,
    /// The country that issued it.
    pub country: Country,
    /// How a certificate drawn from it follows it.
    pub relation: Relation,
    /// Its last day of use: none that is drawn from it may be used longer.
    pub valid_until: Option<Date>,
    /// Item by item, with its description.
    pub items: Vec<(Left, String)>,
}

impl Desk {
    /// Proves an original, and reads what was drawn of it.
    pub(super) fn prove(&self, known: &Known, name: &OriginalName, today: Date) -> Result<Proven, WorkflowError> {
        let proven = match name {
            OriginalName::Own(name) => self.prove_own(name),
            OriginalName::Bundle(bundle) => self.prove_bundle(bundle, today),
        }?;
        self.knows_its_draws(known, proven.kept.name())?;
        Ok(proven)
    }

    fn prove_own(&self, name: &CertificateName) -> Result<Proven, WorkflowError> {
        let store = self.store().as_ref();
        let record = CertificateRecord::read(store, &record::find(store, name)?)?;
        SequencerError::if_void(&self.trust(), &record.entry)?;
        let certificate = record.certificate.to_certificate();
        let certificate = certificate.ok_or_else(|| record::without_contents(store, &record.entry))?;
        let kept = self.ledger_of(&certificate, (&record.entry.origin, &record.jti), Some(&record.entry))?;
        let stands = matches!(record.status, Status::Valid | Status::InPart);
        let goes_on = record.status == Status::Superseded && kept.ledger.ended;
        if !stands && !goes_on {
            let now = record.status.word();
            return Err(SequencerError::StatusForbids { now, wanted: "drawn on" }.into());
        }
        let (items, changes) = self.items_of(&record)?;
        let of = |wanted: fn(Status) -> bool| {
            items.iter().filter(|(_, status)| wanted(**status)).map(|(item, _)| *item).collect::<BTreeSet<_>>()
        };
        // An item is superseded by itself only when all of it was drawn, and what was given back can be drawn again.
        let ended = of(|status| !matches!(status, Status::Valid | Status::Superseded));
        let spent = of(|status| status == Status::Superseded);
        let used = self.used(&record.entry.origin, &record.jti, &certificate)?;
        let both = used.beside(&kept.ledger, &certificate);
        let own = Own { entry: record.entry, status: record.status, spent, changes };
        Ok(Proven { certificate, ended, kept, both, used, rests_on: None, own: Some(own) })
    }

    /// The certificate that a bundle is about, if it is one of this authority; it is not proven yet.
    pub(super) fn named_by(&self, bundle: &[u8]) -> Result<Option<CertificateName>, WorkflowError> {
        let token = Bundle::parse(bundle).map_err(|error| unreadable(&error))?.token;
        let opened = Presentation::parse(&token).and_then(|one| one.open()).map_err(|error| unreadable(&error))?;
        let envelope = opened.envelope;
        Ok((envelope.iss == self.setup().issuer).then_some(CertificateName::Jti(envelope.jti)))
    }

    fn prove_bundle(&self, bundle: &[u8], today: Date) -> Result<Proven, WorkflowError> {
        let refused = |headline: Headline, why: &str| WorkflowError::OriginalNotValid { headline, why: why.to_owned() };
        let text = std::str::from_utf8(bundle).map_err(|error| unreadable(&error))?;
        let at = self.now();
        let question = Question { status_max_age: STATUS_MAX_AGE_SECONDS, ..Question::at(at).on(Some(today)) };
        let verdict = self.setup().verifier.load().verify(text, &question);
        if verdict.headline != Headline::Valid {
            return Err(refused(verdict.headline, &verdict.sentence));
        }
        let token = Bundle::parse(bundle).map_err(|error| unreadable(&error))?.token;
        let opened = Presentation::parse(&token).and_then(|one| one.open()).map_err(|error| unreadable(&error))?;
        let OpenedBody::Certificate(certificate) = opened.body else {
            return Err(unreadable(&"it is no certificate"));
        };
        let certificate = certificate.to_certificate().ok_or_else(|| unreadable(&"parts of it are withheld"))?;
        if opened.envelope.iss == self.setup().issuer {
            return self.prove_own(&CertificateName::Jti(opened.envelope.jti));
        }
        if certificate.to != self.setup().country {
            let why =
                format!("it is addressed to {}, and this authority is of {}", certificate.to, self.setup().country);
            return Err(refused(Headline::WrongAddressee, &why));
        }
        let (log, jti) = (&opened.envelope.log, &opened.envelope.jti);
        let (ended, rests_on) = match self.held(log, jti)? {
            Some(arrival) => (still_stands(&arrival)?, None),
            None => (BTreeSet::new(), Some(rests_on(&verdict))),
        };
        let kept = self.ledger_of(&certificate, (log, jti), None)?;
        let used = self.used(log, jti, &certificate)?;
        let both = used.beside(&kept.ledger, &certificate);
        Ok(Proven { certificate, ended, kept, both, used, rests_on, own: None })
    }

    /// A certificate of another authority as this node has it, if it keeps its log, whomever that is addressed to, and
    /// the end of that did not make it void.
    pub(super) fn held(&self, log: &Origin, jti: &Jti) -> Result<Option<Arrival>, WorkflowError> {
        for (_, store) in self.setup().partners.logs().into_iter().filter(|(origin, _)| origin == log) {
            if let Some(entry) = store.find(jti)?.filter(|entry| entry.origin == *log)
                && let Some(arrival) = self.arrival_at(store.as_ref(), &entry)?
                && arrival.void.is_none()
            {
                return Ok(Some(arrival));
            }
        }
        Ok(None)
    }

    /// What became of the originals of other countries that a certificate was drawn from, as far as their logs are kept
    /// here. Read anew each time: they are told to nobody when it changes.
    pub(in crate::workflow) fn became_of_originals(
        &self,
        record: &CertificateRecord,
    ) -> Result<Vec<Became>, WorkflowError> {
        let name = name_of(&record.entry.origin, &record.jti);
        let (draws, _) = ledgers::draws(self.store().as_ref(), &name)?;
        let mut found: Vec<Became> = Vec::new();
        for draw in draws.0 {
            let named = ledgers::place_of(&draw.original);
            let Some((log, jti)) = named.filter(|(_, jti)| found.iter().all(|one| one.jti != *jti)) else { continue };
            if let Some(arrival) = self.held(&log, &jti)? {
                let since = whole_change(&arrival);
                found.push(Became { number: draw.number, jti, status: arrival.status, since });
            }
        }
        Ok(found)
    }

    /// Refuses particulars that rest on certificates which have to be proven, and were not. One of a country whose
    /// authorities are not in the trust list can only be on paper: the office has seen it, and says so.
    pub(in crate::workflow) fn unproven(&self, particulars: &Particulars, findings: &mut Findings) {
        let trust = self.trust();
        for (index, prior) in particulars.reference.prior.iter().enumerate() {
            let path = format!("reference.prior[{index}]");
            let refused = match prior.relation {
                Relation::CumulatesWith => continue,
                // Beside it the original would stay in force, or there would be none. Nobody can tell one on paper from the
                // number of another, written a little otherwise.
                Relation::TrueCopyOf => {
                    Some("an own certificate is copied by `origin certificate copy`, and another's by its issuer")
                }
                Relation::Replaces if prior.drawn.is_empty() => {
                    Some("an own certificate is replaced by `origin certificate replace`, and another's by its issuer")
                }
                Relation::Replaces | Relation::BackToBackOn => {
                    let listed = trust.sections().any(|section| section.text().country == prior.country);
                    listed
                        .then_some("have it issued as back-to-back, split or consolidated, with the original presented")
                }
            };
            findings.push(match refused {
                Some(help) => {
                    let message = format!(
                        "certificate {} of {} is to be proven before another rests on it",
                        prior.number, prior.country
                    );
                    Finding::error("ORIGINAL_UNPROVEN", path, message).with_help(help)
                }
                None => {
                    let message = format!(
                        "certificate {} of {} is on paper: what becomes of it is not kept here, and nobody but the office sees to it that it is used once",
                        prior.number, prior.country
                    );
                    Finding::warning("ORIGINAL_ON_PAPER", path, message)
                }
            });
        }
    }
}

/// Refuses what is no bundle of a certificate.
fn unreadable(why: &dyn std::fmt::Display) -> WorkflowError {
    WorkflowError::OriginalNotValid { headline: Headline::Unreadable, why: why.to_string() }
}

/// Refuses what the bundle shows as good and this node knows better; else the items that have lost their force.
fn still_stands(arrival: &Arrival) -> Result<BTreeSet<u32>, WorkflowError> {
    let headline = match arrival.status {
        Status::Valid | Status::InPart => return Ok(arrival.ended()),
        Status::Cancelled => Headline::Cancelled,
        Status::Suspended => Headline::SuspendedByIssuer,
        Status::Withdrawn => Headline::Withdrawn,
        Status::Superseded => Headline::Superseded,
    };
    let said = whole_change(arrival).map(|day| format!(", which was said on {day}")).unwrap_or_default();
    let word = arrival.status.word();
    let why =
        format!("by its issuer's log, which is kept here, it is {word}{said}; the bundle shows it as it was before");
    Err(WorkflowError::OriginalNotValid { headline, why })
}

/// The day on which the issuer last changed all of it.
fn whole_change(arrival: &Arrival) -> Option<Date> {
    arrival.changes.iter().rev().find(|note| note.change.change.items.is_none()).map(|note| note.day)
}

/// What the status in a bundle rests on, and how old it is.
fn rests_on(verdict: &Verdict) -> String {
    let basis = verdict.check(Subject::Status).and_then(|check| check.rests_on.as_ref());
    basis.map_or_else(|| "its bundle".to_owned(), |basis| basis.sentence())
}

impl Proven {
    /// Draws a quantity of an item, if it is left by what was drawn here and by what customs say was used.
    pub(super) fn draw(&mut self, item: u32, wanted: &Measure) -> Result<(), NotDrawn> {
        let (number, goods) = (&self.certificate.reference.number, &self.certificate.goods);
        let mut both = self.both.clone();
        both.draw(number, goods, &self.ended, (item, wanted))?;
        self.kept.ledger.draw(number, goods, &self.ended, (item, wanted))?;
        self.both = both;
        Ok(())
    }

    /// A certificate that was drawn on, as it was then: what became of it since is no matter.
    pub(super) fn as_drawn_on(certificate: Certificate, kept: Kept, own: Option<EntryRef>) -> Self {
        let both = kept.ledger.clone();
        let own = own.map(|entry| Own { entry, status: Status::Valid, spent: BTreeSet::new(), changes: 0 });
        Self { certificate, ended: BTreeSet::new(), kept, both, used: Used::default(), rests_on: None, own }
    }

    /// Counts a quantity that was drawn of an item, also beyond what there is; whether it is known to be no more than that.
    pub(super) fn take_up(&mut self, item: u32, quantity: &Measure) -> bool {
        let found = self.certificate.goods.items.iter().find(|one| one.number == item);
        self.kept.ledger.take_up(item, found, quantity, &Amounts::default())
    }

    /// How a certificate follows this one.
    pub(super) fn relation(&self) -> Relation {
        if self.own.is_some() { Relation::Replaces } else { Relation::BackToBackOn }
    }

    /// Whether it is the one that is named.
    pub(super) fn is_named(&self, prior: &PriorCertificate) -> bool {
        let reference = &self.certificate.reference;
        prior.relation == self.relation()
            && prior.number == reference.number
            && prior.issued_on == reference.issued_on
            && prior.country == self.certificate.from
    }

    pub(super) fn remainder(&self) -> Remainder {
        let goods = &self.certificate.goods;
        let left = self.both.left(goods, &self.ended).into_iter();
        Remainder {
            number: self.certificate.reference.number.clone(),
            issued_on: self.certificate.reference.issued_on,
            country: self.certificate.from,
            relation: self.relation(),
            valid_until: self.certificate.valid_until,
            items: left.zip(&goods.items).map(|(left, item)| (left, item.description.to_string())).collect(),
        }
    }
}
