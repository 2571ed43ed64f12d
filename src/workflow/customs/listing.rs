//! Pages of the certificates that arrived: those that are asked for, the newest first.

use super::{Arrival, Delivery, NotHeld, arrival::of_number};
use crate::{
    certificate::{AgreementCode, Party, Text, number_as_read, plain},
    log::Origin,
    office::{Action, Caller},
    statement::Issuer,
    store::EntryRef,
    time::Date,
    workflow::{Accounts, Desk, WorkflowError},
};

/// How many arrivals a page may have, and has where none are asked for.
const PAGE_MAX: usize = 500;
const PAGE_USUAL: usize = 50;
/// Entries looked at for one page, where few are what is asked for: the next page goes on from there.
const LOOKED_AT: usize = 20_000;

/// Which arrivals are asked for.
#[derive(Debug, Clone, Default)]
pub struct ArrivalsAsked {
    /// Only of this issuer.
    pub issuer: Option<Issuer>,
    /// Only so delivered.
    pub delivery: Option<Delivery>,
    /// Only those with which nothing was done, and of which nothing waits for a supervisor.
    pub untouched: bool,
    /// Only those issued on this day or later.
    pub issued_from: Option<Date>,
    /// Only those issued on this day or before.
    pub issued_until: Option<Date>,
    /// Only under this agreement.
    pub agreement: Option<AgreementCode>,
    /// Only those whose number begins so; one whose contents are erased is found by its whole number.
    pub number_prefix: String,
    /// Only those whose exporter's name has each of these words.
    pub exporter: String,
    /// Only those whose consignee's name has each of these words.
    pub consignee: String,
    /// Only those that stand past the closing of their key.
    pub key_closed: bool,
    /// Only those that are void, because the trust list ended their log before them.
    pub void: bool,
    /// How many; 0 is what is usual.
    pub size: usize,
    /// What the last page said.
    pub token: String,
}

/// Some arrivals, and where to go on.
#[derive(Default)]
pub struct ArrivalsPage {
    /// Newest first in each log, the newest log first.
    pub arrivals: Vec<Arrival>,
    /// Where to go on; `None` at the end.
    pub next: Option<String>,
    /// With the first page: what else may have arrived, and is not known here.
    pub not_held: Option<NotHeld>,
}

impl Desk {
    /// Certificates addressed to this authority. It reads from the disk.
    pub fn arrivals(&self, caller: &Caller, asked: &ArrivalsAsked) -> Result<ArrivalsPage, WorkflowError> {
        Accounts::allow(caller, Action::ReadArrivals)?;
        let size = if asked.size == 0 { PAGE_USUAL } else { asked.size.min(PAGE_MAX) };
        let (from_log, mut below) = match asked.token.rsplit_once('#') {
            None if asked.token.is_empty() => (None, None),
            None => return Err(WorkflowError::PageToken),
            Some((origin, index)) => {
                let origin: Origin = origin.parse().map_err(|_| WorkflowError::PageToken)?;
                (Some(origin), Some(index.parse::<u64>().map_err(|_| WorkflowError::PageToken)?))
            }
        };
        let mut logs = self.addressed();
        logs.retain(|(origin, _)| asked.issuer.as_ref().is_none_or(|issuer| issuer.host() == origin.host()));
        // The newest shard first, whoever's it is.
        logs.sort_by(|(one, _), (other, _)| (other.shard(), other).cmp(&(one.shard(), one)));
        let (mut page, mut looked_at) = (ArrivalsPage::default(), 0);
        if asked.token.is_empty() {
            page.not_held = self.not_held(asked.issuer.as_ref())?;
        }
        let logs = logs.into_iter().skip_while(|(origin, _)| from_log.as_ref().is_some_and(|from| from != origin));
        for (origin, store) in logs {
            let named = match asked.number_prefix.as_str() {
                "" => Vec::new(),
                number => of_number(store.as_ref(), number)?,
            };
            let published = store.head(&origin).map_or(0, |head| head.head.size);
            let mut index = below.take().unwrap_or(published).min(published);
            while let Some(at) = index.checked_sub(1) {
                if page.arrivals.len() == size || looked_at == LOOKED_AT {
                    page.next = Some(format!("{origin}#{index}"));
                    return Ok(page);
                }
                (index, looked_at) = (at, looked_at + 1);
                let entry = EntryRef { origin: origin.clone(), index: at };
                let Some(arrival) = self.arrival_at(store.as_ref(), &entry)? else { continue };
                if asked.wants(&arrival, &named) {
                    page.arrivals.push(arrival);
                }
            }
        }
        Ok(page)
    }
}

impl ArrivalsAsked {
    /// Whether a certificate is one of those; what asks for contents finds none whose contents are not here, but an erased
    /// one by its number.
    fn wants(&self, arrival: &Arrival, named: &[EntryRef]) -> bool {
        let Arrival { delivery, certificate, file, waits, endorsements, .. } = arrival;
        let touched = file.latest.is_some() || *waits || !endorsements.is_empty();
        let reference = certificate.reference.as_option();
        let issued_on = reference.map(|reference| reference.issued_on);
        let exporter = certificate.exporter.as_option().map(|one| &one.party);
        let consignee = certificate.consignee.as_option().and_then(Option::as_ref).and_then(|one| one.party.as_ref());
        let number = match reference {
            Some(reference) => begins(reference.number.as_str(), &self.number_prefix),
            None => *delivery == Delivery::Erased && named.contains(&arrival.entry),
        };
        self.delivery.is_none_or(|wanted| wanted == *delivery)
            && !(self.untouched && touched)
            && (!self.key_closed || arrival.key_closed.is_some())
            && (!self.void || arrival.void.is_some())
            && self.agreement.as_ref().is_none_or(|wanted| *wanted == certificate.agreement)
            && self.issued_from.is_none_or(|from| issued_on.is_some_and(|day| day >= from))
            && self.issued_until.is_none_or(|until| issued_on.is_some_and(|day| day <= until))
            && (self.number_prefix.is_empty() || number)
            && has_words(exporter, &self.exporter)
            && has_words(consignee, &self.consignee)
    }
}

/// Whether a number begins so, as whoever reads it does: in whatever letters, blanks and dashes, and without the zeros that
/// are left out of it.
fn begins(number: &str, prefix: &str) -> bool {
    let bare = |text: &str| plain(text).chars().filter(|one| one.is_alphanumeric()).collect::<String>();
    bare(number).starts_with(&bare(prefix)) || number_as_read(number).starts_with(&number_as_read(prefix))
}

/// Whether a party's name, or the one that it bears in another script, has each of these words, wherever it stands and
/// in whatever letters; none are in every name, also in one that is not here.
fn has_words(party: Option<&Party>, words: &str) -> bool {
    let has = |name: &Text<256>, word: &str| plain(name.as_str()).contains(word);
    let named = |party: &Party, word: &str| {
        has(&party.name, word) || party.other_name.as_ref().is_some_and(|other| has(other, word))
    };
    plain(words).split_whitespace().all(|word| party.is_some_and(|party| named(party, word)))
}
