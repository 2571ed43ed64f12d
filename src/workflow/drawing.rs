//! Certificates that rest on others: back-to-back, parts of one, one for several.
//!
//! What always holds: an original is proven before anything rests on it; what is drawn of it is kept here, and changes in
//! the commit that issues the certificate, so that in all no more is drawn than there was; nothing that rests on another
//! may be used longer than that. What an agreement says of it is its data's.

mod again;
mod beside;
mod cover;
mod heritage;
mod ledgers;
mod lost;
mod originals;
mod same;
mod used;
mod values;
mod void;

pub(super) use ledgers::parts_of;
pub use originals::{OriginalName, Remainder};

use super::{Accounts, Desk, Issued, WorkflowError, cancelling::overtaken, desk::Prepared, life::earlier};
use crate::{
    agreement::{Edition, OriginalEnds, Provision},
    certificate::{Finding, Findings, Item, Particulars, PriorCertificate, Relation, Text},
    office::{Action, Actor, Amounts, AuditEvent, Caller, Draw, Draws, Office, is_same_exporter},
    sequencer::{Beside, Ends, Issue, Original, Outcome, Replacement, Task, Work},
    statement::Status,
    time::Date,
};
use beside::count_beside;
use cover::check_cover;
use lost::Known;
use originals::Proven;
use same::{Whole, same_descriptions, same_goods, same_makers};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use values::count_values;

/// Originals of one certificate at most.
const ORIGINALS_MAX: usize = 64;

/// A certificate that shall rest on others.
#[derive(Debug, Clone)]
pub struct DrawWish {
    /// UUIDv7, unique to the account.
    pub request_id: String,
    /// What it rests on: certificates of this authority, whose place it takes in part, or of others.
    pub originals: Vec<OriginalName>,
    /// Its particulars, as JSON; `reference.prior` says which quantities are drawn of which original.
    pub certificate_json: Vec<u8>,
    /// Why; said of the originals that end with it.
    pub reason: Option<Text<1024>>,
    /// Further words.
    pub remarks: Option<Text<1024>>,
}

impl Desk {
    /// Issues a certificate that rests on others. What it draws of them is gone in the same commit. Dropping the future
    /// changes nothing.
    pub async fn draw(&self, caller: &Caller, wish: DrawWish) -> Result<Issued, WorkflowError> {
        let account = caller.clone();
        self.carry_out(move |desk| desk.prepare_draw(&account, &wish)).await
    }

    /// What is left of a certificate to be drawn, what is void set right. It blocks.
    pub fn remainder(&self, caller: &Caller, name: &OriginalName) -> Result<Remainder, WorkflowError> {
        let own = match name {
            OriginalName::Own(name) => Some(name.clone()),
            OriginalName::Bundle(bundle) => self.named_by(bundle)?,
        };
        match own {
            Some(name) => self.readable(caller, &name).map(|_| ())?,
            None => Accounts::allow(caller, Action::ReadCertificate)?,
        }
        let known = self.set_ledgers_right()?;
        let here = self.offices().all().first().map(|record| record.office.date_at(self.now()));
        Ok(self.prove(&known, name, here.unwrap_or(Date::MIN))?.remainder())
    }

    fn prepare_draw(&self, caller: &Caller, wish: &DrawWish) -> Result<Prepared, WorkflowError> {
        Accounts::allow(caller, Action::IssueCertificate)?;
        Accounts::allow(caller, Action::ChangeStatus)?;
        let request = self.request(caller, &wish.request_id)?;
        let digest = wish.digest();
        let known = self.set_ledgers_right()?;
        match self.drawn(caller, wish, &known) {
            Ok((replacement, warnings)) => {
                let by = AuditEvent::of(Actor::Caller(caller), Action::IssueCertificate);
                let by = Some(by.with_detail(format!("drawn from {} certificates", wish.originals.len())));
                let work = Work { request, digest, task: Task::Replace(Box::new(replacement)), by };
                Ok(Prepared::Work(Box::new(work), warnings))
            }
            Err(refusal) => Prepared::before(self.store().as_ref(), &request, digest, refusal),
        }
    }

    fn drawn(&self, caller: &Caller, wish: &DrawWish, known: &Known) -> Result<(Replacement, Findings), WorkflowError> {
        let reading = Particulars::read_json(&wish.certificate_json);
        let mut findings = reading.findings;
        let Some(mut particulars) = reading.particulars else {
            let rules = |office: &Office, particulars, said| self.rule_proven(office, particulars, said);
            return Err(self.unread(caller, &wish.certificate_json, findings, rules));
        };
        let office = self.office(&particulars, &mut findings)?;
        if !caller.acts_for(&office.code) {
            return Err(WorkflowError::NotYourOffice(office.code.to_string()));
        }
        self.disinterested(caller, &particulars, &mut findings)?;
        let today = office.date_at(self.now());
        if wish.originals.is_empty() || wish.originals.len() > ORIGINALS_MAX {
            let message = format!(
                "a certificate rests on 1 to {ORIGINALS_MAX} originals, and {} are presented",
                wish.originals.len()
            );
            findings.push(Finding::error("ORIGINALS", "reference.prior", message));
            return Err(self.refuse(&particulars, findings));
        }
        let mut originals = Vec::with_capacity(wish.originals.len());
        for name in &wish.originals {
            let proven = self.prove(known, name, today)?;
            if originals.iter().any(|one: &Proven| one.kept.name() == proven.kept.name()) {
                let message = format!("certificate {} is presented twice", proven.certificate.reference.number);
                findings.push(Finding::error("ORIGINALS", "reference.prior", message));
                return Err(self.refuse(&particulars, findings));
            }
            findings.0.extend(self.drawn_before_a_loss(&proven)?);
            originals.push(proven);
        }
        // As the certificate names them: by what that says, what it drew is counted again after a loss.
        let priors = &particulars.reference.prior;
        originals.sort_by_key(|proven| priors.iter().position(|prior| proven.is_named(prior)));
        let agreement = self.agreements().get(&particulars.agreement);
        let edition = agreement.and_then(|agreement| match &particulars.edition {
            Some(code) => agreement.edition(code),
            None => agreement.edition_on(today),
        });
        for own in originals.iter().filter_map(|proven| proven.own.as_ref()) {
            self.disinterested_in(caller, &own.entry)?;
            self.hold_like(&own.entry, &mut particulars)?;
        }
        let mut draws = self.take(&particulars, edition, today, &mut originals, &mut findings);
        count_beside(&particulars, &mut originals, &mut draws, &mut findings);
        count_values(&particulars, &mut originals, &mut draws, &mut findings);
        same_descriptions(&particulars, &originals, &draws, &mut findings);
        let own = originals.iter().filter(|proven| proven.own.is_some()).map(|proven| &proven.certificate);
        same_makers(&particulars, &own.collect::<Vec<_>>(), &mut findings);
        check_cover(&particulars, &mut findings);
        let ends = ends_of(&particulars, edition, &mut originals, &mut findings);
        let (mut issue, mut findings) = self.rule_proven(&office, particulars, findings)?;
        shorten(&mut issue, &originals, &mut findings);
        self.name_boxes(&issue.particulars, &mut findings);
        issue.beside = std::mem::take(&mut issue.beside).and(kept(&originals, draws)?);
        let own = originals.iter().filter_map(|proven| proven.own.as_ref()).zip(ends).collect::<Vec<_>>();
        for (own, _) in own.iter().filter(|(_, ends)| *ends == Ends::Whole) {
            issue.beside = std::mem::take(&mut issue.beside).and(overtaken(&own.entry));
        }
        let taken =
            own.into_iter().map(|(own, ends)| Original { entry: own.entry.clone(), changes: Some(own.changes), ends });
        let replacement = Replacement {
            issue,
            originals: taken.collect(),
            copy: false,
            reason: wish.reason.clone(),
            remarks: wish.remarks.clone(),
        };
        Ok((replacement, findings))
    }

    /// Draws what the particulars say of each original, and says everything that speaks against it.
    fn take(
        &self,
        particulars: &Particulars,
        edition: Option<&Edition>,
        today: Date,
        originals: &mut [Proven],
        findings: &mut Findings,
    ) -> Draws {
        let mut draws = Vec::new();
        let priors = &particulars.reference.prior;
        let unproven = priors.iter().enumerate().filter(|(_, prior)| {
            let rests = prior.relation != Relation::CumulatesWith;
            rests && !originals.iter().any(|one| one.is_named(prior))
        });
        for (index, prior) in unproven {
            let message = format!("certificate {} is named, and is not among the originals presented", prior.number);
            findings.push(Finding::error("ORIGINAL_UNPROVEN", format!("reference.prior[{index}]"), message));
        }
        for proven in originals {
            let number = proven.certificate.reference.number.clone();
            let mut named = priors.iter().enumerate().filter(|(_, prior)| proven.is_named(prior));
            let (Some((index, prior)), None) = (named.next(), named.next()) else {
                let message = format!(
                    "what is drawn of certificate {number} of {} stands once in `reference.prior`, as `{}`, with its country {}",
                    proven.certificate.reference.issued_on,
                    proven.relation(),
                    proven.certificate.from
                );
                findings.push(Finding::error("ORIGINAL_NOT_NAMED", "reference.prior", message));
                continue;
            };
            let path = format!("reference.prior[{index}]");
            let provision = edition.and_then(|edition| edition.provision_for(prior, priors)).map(|(_, rules)| rules);
            let mut say = |finding: Finding| findings.push(with_article(finding, provision));
            self.fits(particulars, proven, today, &path, &mut say);
            if prior.drawn.is_empty() {
                let message = format!("nothing is drawn of certificate {number}");
                say(Finding::error("ORIGINAL_NOT_NAMED", format!("{path}.drawn"), message));
            }
            for (k, one) in prior.drawn.iter().enumerate() {
                let path = format!("{path}.drawn[{k}]");
                if one.quantity.value.is_zero() {
                    say(Finding::error("ZERO", format!("{path}.quantity.value"), "a quantity of nothing"));
                    continue;
                }
                if let Err(not) = proven.draw(one.prior_item, &one.quantity) {
                    let used = proven.used.words(one.prior_item).map_or_else(String::new, |words| format!("; {words}"));
                    say(Finding::error(not.rule(), path, format!("{not}{used}")));
                    continue;
                }
                let item_of = |items: &[Item], number| items.iter().find(|item| item.number == number).cloned();
                let old = item_of(&proven.certificate.goods.items, one.prior_item);
                if let (Some(new), Some(old)) = (item_of(&particulars.goods.items, one.item), old) {
                    let whole = Whole { certificate: &proven.certificate, item: &old, own: proven.own.is_some() };
                    same_goods((particulars, &new), whole, &path, &mut say);
                }
                draws.push(Draw {
                    original: proven.kept.name().to_owned(),
                    number: number.clone(),
                    item: one.item,
                    prior_item: one.prior_item,
                    quantity: one.quantity.clone(),
                    beside: Amounts::default(),
                });
            }
        }
        Draws(draws)
    }

    /// Whether the certificate may rest on this original at all.
    fn fits(&self, particulars: &Particulars, proven: &Proven, today: Date, path: &str, say: &mut impl FnMut(Finding)) {
        let original = &proven.certificate;
        let number = &original.reference.number;
        if original.agreement != particulars.agreement {
            let message = format!("certificate {number} is under {}", original.agreement);
            say(Finding::error("ORIGINAL_AGREEMENT", path, message));
        }
        if let Some(last) = original.valid_until.filter(|last| *last < today) {
            say(Finding::error("ORIGINAL_EXPIRED", path, format!("certificate {number} could be used until {last}")));
        }
        if let Some(basis) = &proven.rests_on {
            let message = format!(
                "this node keeps no log in which certificate {number} stands: its status rests on {basis} alone, and what became of it since is not known here"
            );
            let help = "have the original verified at its issuer's node on the day";
            say(Finding::warning("ORIGINAL_STATUS", path, message).with_help(help));
        }
        if proven.own.is_none() {
            if original.from == self.setup().country {
                let message = format!("certificate {number} is of this country: it is no basis of a back-to-back one");
                say(Finding::error("ORIGINAL_COUNTRY", path, message));
            }
            return;
        }
        if !is_same_exporter(&particulars.exporter, &original.exporter) {
            let message = format!(
                "`{}` is not the exporter of certificate {number}, which is `{}`",
                particulars.exporter.party.name, original.exporter.party.name
            );
            let help =
                "what is drawn of a certificate stays its exporter's; another exporter applies for one of its own";
            say(Finding::error("DRAWN_EXPORTER", "exporter.party", message).with_help(help));
        }
        if original.to != particulars.to {
            let message = format!("certificate {number} is for goods to {}", original.to);
            let help = "goods that go elsewhere need a certificate of their own";
            say(Finding::error("ORIGINAL_DESTINATION", path, message).with_help(help));
        }
        if original.flags.back_to_back {
            let message = format!("certificate {number} is a back-to-back one itself");
            let help = "cancel it, which gives back what it drew, and draw the parts from its originals";
            say(Finding::error("ORIGINAL_BACK_TO_BACK", path, message).with_help(help));
        }
    }
}

impl DrawWish {
    /// What makes two requests the same: their parts, each with its length.
    fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new_with_prefix(b"drawn from\0");
        let mut part = |bytes: Option<&[u8]>| {
            // An absent part and an empty one differ.
            let length = bytes.map_or(u64::MAX, |bytes| u64::try_from(bytes.len()).unwrap_or(u64::MAX - 1));
            hash.update(length.to_be_bytes());
            hash.update(bytes.unwrap_or_default());
        };
        for original in &self.originals {
            match original {
                OriginalName::Own(name) => part(Some(name.text().as_bytes())),
                // The same certificate, shown again with newer evidence, is the same original.
                OriginalName::Bundle(bundle) => {
                    let token = crate::statement::Bundle::parse(bundle).map(|bundle| bundle.token);
                    part(Some(token.as_ref().map_or(bundle.as_slice(), |token| token.as_bytes())));
                }
            }
        }
        part(Some(&self.certificate_json));
        part(self.reason.as_ref().map(|text| text.as_str().as_bytes()));
        part(self.remarks.as_ref().map(|text| text.as_str().as_bytes()));
        hash.finalize().into()
    }
}

/// The finding with the article that allows such certificates.
fn with_article(finding: Finding, provision: Option<&Provision>) -> Finding {
    match provision.and_then(|rules| rules.allowed.article()) {
        Some(article) => finding.with_article(article),
        None => finding,
    }
}

/// What of each own original ends, in their order; the ledgers know it too.
fn ends_of(
    particulars: &Particulars,
    edition: Option<&Edition>,
    originals: &mut [Proven],
    findings: &mut Findings,
) -> Vec<Ends> {
    let priors = &particulars.reference.prior;
    let mut ends = Vec::new();
    for proven in originals {
        let named = priors.iter().position(|prior: &PriorCertificate| proven.is_named(prior));
        let rules = named.and_then(|at| edition?.provision_for(priors.get(at)?, priors)).map(|(_, rules)| rules);
        let Some(own) = &proven.own else { continue };
        if own.status == Status::Superseded {
            ends.push(Ends::Nothing);
            continue;
        }
        let goods = &proven.certificate.goods;
        // Used up by what was drawn and what was used together, the rest of it must not be there a second time.
        let spent = proven.both.spent(goods, &proven.ended);
        let nothing_left =
            goods.items.iter().all(|item| spent.contains(&item.number) || proven.ended.contains(&item.number));
        let when = rules.and_then(|rules| rules.original_ends.value());
        if when.is_none() && !nothing_left {
            let message = format!(
                "whether certificate {} ends with the first that is drawn from it is not known; it stands until nothing of it is left",
                proven.certificate.reference.number
            );
            let path = format!("reference.prior[{}]", named.unwrap_or_default());
            findings.push(with_article(Finding::unknown("ORIGINAL_ENDS", path, message), rules));
        }
        let drawn = |item: &&u32| proven.kept.ledger.items.contains_key(*item);
        let newly = spent.difference(&own.spent).filter(drawn).copied().collect::<Vec<_>>();
        ends.push(if nothing_left || when == Some(&OriginalEnds::AtOnce) {
            Ends::Whole
        } else if newly.is_empty() {
            Ends::Nothing
        } else {
            Ends::Items(newly)
        });
        proven.kept.ledger.ended |= ends.last() == Some(&Ends::Whole);
    }
    ends
}

/// Ends the certificate with the first of its originals.
fn shorten(issue: &mut Issue, originals: &[Proven], findings: &mut Findings) {
    for proven in originals {
        let (own, last) = (issue.ruling.valid_until, proven.certificate.valid_until);
        let until = earlier(own, last);
        if until != own {
            issue.ruling.valid_until = until;
            let number = &proven.certificate.reference.number;
            let message = format!("it may be used no longer than certificate {number} that it rests on");
            findings.push(Finding::warning("ENDS_WITH_ORIGINAL", "reference.prior", message));
        }
    }
}

/// What changes with the certificate: the ledgers of its originals, and what it drew.
fn kept(originals: &[Proven], draws: Draws) -> Result<Beside, WorkflowError> {
    let expected = originals.iter().map(|proven| proven.kept.expected()).collect();
    let state = originals.iter().map(|proven| proven.kept.put()).collect::<Result<Vec<_>, _>>()?;
    let own = originals.iter().filter(|proven| proven.own.is_some());
    let own = own.map(|proven| proven.kept.name().to_owned()).collect::<Vec<_>>();
    let changes = move |outcome: &Outcome| {
        let name = ledgers::name_of(&outcome.entry.origin, &outcome.jti);
        let mut state = state.clone();
        state.push(ledgers::put_draws(&name, &draws).map_err(|error| error.to_string())?);
        state.extend(own.iter().map(|original| ledgers::put_part(original, &outcome.jti)));
        Ok(state)
    };
    Ok(Beside { expected, changes: Some(Arc::new(changes)), ..Beside::default() })
}
