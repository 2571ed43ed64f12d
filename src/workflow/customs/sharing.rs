//! Links by which an importer sees, without an account, what became of its own declaration.
//!
//! What always holds: a link shows one declaration held against one certificate, as both stand when it is opened, until its
//! last day is over, it is taken back, or what the certificate says is erased, with which it goes; of its secret the hash
//! alone is kept; a denial that waits or was dropped is not shown, nor which officer did what.

use super::{
    Arrival, ArrivedName, Delivery, MatchWish, Matched, Notice,
    bearing::{Before, would_be_refused},
    course::parse,
    notices::written_before,
    sent_at,
};
use crate::{
    agreement::Matching,
    encoding::{base64, hex},
    office::{AccountId, ActState, Action, Actor, AuditEvent, Caller, CustomsAct},
    statement::{Jti, OpenedBody},
    store::{Batch, Expected, Records, StateChange, Store, Table},
    time::{Date, Random, serde_date, unix_ms},
    workflow::{Accounts, Desk, WorkflowError},
};
use jiff::ToSpan as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{fmt, str::FromStr};
use zeroize::Zeroizing;

/// What every id begins with.
const MARK: &str = "shr_";
/// Bytes of an id behind its mark.
const ID_BYTES: usize = 12;
/// Random bytes of a secret: 256 bits are not guessed.
const SECRET_BYTES: usize = 32;
/// The longest a link may be good for, in days.
const LONGEST: i64 = 366;
/// Links of a page.
const PAGE: usize = 50;
const PAGE_MAX: usize = 500;
/// Links that ended and are removed in one commit.
const A_ROUND: usize = 256;
/// Notices of a match that are shown as they are. Why lines would be refused is shown too.
const TOLD: [&str; 17] = [
    "ARRIVAL_UNKNOWN",
    "CONTENTS_ERASED",
    "CONTENTS_HELD",
    "CONTENTS_MISSING",
    "DECLARATION_AHEAD",
    "ENTRY_BEYOND_END",
    "EQUIVOCATED",
    "EXPIRED",
    "ISSUE_DATE_DIFFERS",
    "KEY_CLOSED",
    "LATE_PRESENTATION",
    "NOT_YET_VALID",
    "PREFERENCE_NOT_GRANTED",
    "STATUS_FORBIDS",
    "STATUS_OLD",
    "UNPROVEN",
    "WITHDRAWN_LATER",
];
/// What keys of the table begin with: a link by its id; the id by the hash of its secret; the ids by their last day, and by
/// their certificate. Links that earlier versions made lack the last.
const BY_ID: u8 = b'i';
const BY_HASH: u8 = b'h';
const BY_END: u8 = b'u';
const BY_CERTIFICATE: u8 = b'c';

/// The id of a link, which opens nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ShareId(String);

/// A link, as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Share {
    /// Its id.
    pub id: ShareId,
    /// The account that made it.
    pub account: AccountId,
    /// The declaration, and the certificate by its identifier.
    pub declared: MatchWish,
    /// Its last day, at this authority.
    #[serde(with = "serde_date")]
    pub until: Date,
    /// When it was made, in Unix milliseconds.
    pub made_ms: u64,
    /// SHA-256 of its secret, in hexadecimal digits.
    hash: String,
}

/// What is wished for a link.
#[derive(Debug, Clone)]
pub struct ShareWish {
    /// What it shows.
    pub declared: MatchWish,
    /// Its last day.
    pub until: Date,
}

/// Some links, and where to go on.
pub struct SharesPage {
    /// By their ids.
    pub shares: Vec<Share>,
    /// Where to go on; `None` at the end.
    pub next: Option<String>,
}

/// What stands behind a link.
pub struct Shared {
    /// The link.
    pub share: Share,
    /// The declaration held against the certificate.
    pub matched: Matched,
    /// What was decided and written off with this declaration, oldest first.
    pub acts: Vec<CustomsAct>,
}

impl Desk {
    /// Makes a link; its secret is shown this once. It blocks.
    pub fn share(&self, caller: &Caller, wish: ShareWish) -> Result<(Share, Zeroizing<String>), WorkflowError> {
        Accounts::allow(caller, Action::ShareDeclaration)?;
        let first = self.own_today();
        let last = first.saturating_add(LONGEST.days());
        if wish.until < first || wish.until > last {
            return Err(WorkflowError::ShareEnd { first, last });
        }
        // By its identifier: a number that another issuer gives as well later must not open another certificate.
        let arrival = self.arrived(&wish.declared.certificate)?;
        if arrival.delivery == Delivery::Erased {
            return Err(WorkflowError::ContentsErased);
        }
        let certificate = ArrivedName::Jti(arrival.jti);
        let random = self.setup().random.as_ref();
        let secret = Zeroizing::new(drawn::<SECRET_BYTES>(random)?);
        let hash: [u8; 32] = Sha256::digest(secret.as_slice()).into();
        let share = Share {
            id: ShareId(format!("{MARK}{}", hex::encode(&drawn::<ID_BYTES>(random)?))),
            account: caller.id().clone(),
            declared: MatchWish { certificate, ..wish.declared },
            until: wish.until,
            made_ms: self.now_ms(),
            hash: hex::encode(&hash),
        };
        // Erased in between, the certificate would leave a link behind that nobody looks for.
        self.commit_share(vec![arrival.expected()], share.kept()?, caller, (&share.id, "made"))?;
        Ok((share, Zeroizing::new(base64::encode_url(secret.as_ref()))))
    }

    /// Links that have not ended. It reads from the disk.
    pub fn shares(&self, caller: &Caller, after: &str, size: usize) -> Result<SharesPage, WorkflowError> {
        Accounts::allow(caller, Action::ShareDeclaration)?;
        let size = if size == 0 { PAGE } else { size.min(PAGE_MAX) };
        let rows = self.store().records_from(Table::Share, &key(BY_ID, after.as_bytes()), size)?;
        let rows = of_kind(rows, BY_ID);
        let full = rows.len() == size;
        let today = self.own_today();
        let shares = rows.iter().map(|(_, record)| read(record)).collect::<Result<Vec<_>, _>>()?;
        let next = shares.last().filter(|_| full).map(|share| share.id.to_string());
        Ok(SharesPage { shares: shares.into_iter().filter(|share| share.until >= today).collect(), next })
    }

    /// The number of the certificate that a link shows, which people know it by; none where that is not here by now, or is
    /// erased here. It reads from the disk, and little more than the entry: a page has hundreds of links.
    pub fn number_of(&self, share: &Share) -> Result<Option<String>, WorkflowError> {
        let ArrivedName::Jti(jti) = &share.declared.certificate else { return Ok(None) };
        for (origin, store) in self.addressed() {
            let Some(entry) = store.find(jti)?.filter(|entry| entry.origin == origin) else { continue };
            if self.customs_file(&origin, jti)?.0.erased {
                return Ok(None);
            }
            if let Some(statement) = sent_at(store.as_ref(), &entry)?
                && let OpenedBody::Certificate(certificate) = statement.opened.body
            {
                return Ok(certificate.reference.as_option().map(|reference| reference.number.to_string()));
            }
        }
        Ok(None)
    }

    /// Takes a link back, whichever officer made it. It blocks.
    pub fn revoke_share(&self, caller: &Caller, id: &ShareId) -> Result<(), WorkflowError> {
        Accounts::allow(caller, Action::ShareDeclaration)?;
        let share = self.share_of(id)?.ok_or(WorkflowError::ShareUnknown)?;
        self.commit_share(Vec::new(), share.removed(), caller, (id, "taken back"))
    }

    /// What stands behind a link, for whoever has it. It reads from the disk.
    pub fn shared(&self, secret: &str) -> Result<Shared, WorkflowError> {
        let secret = Zeroizing::new(base64::decode_url(secret).map_err(|_| WorkflowError::ShareUnknown)?);
        if secret.len() != SECRET_BYTES {
            return Err(WorkflowError::ShareUnknown);
        }
        let id = self.store().record(Table::Share, &key(BY_HASH, &Sha256::digest(secret.as_slice())))?;
        let id = id.and_then(|id| String::from_utf8(id).ok()).ok_or(WorkflowError::ShareUnknown)?;
        let share = self.share_of(&ShareId(id))?.filter(|share| share.until >= self.own_today());
        let share = share.ok_or(WorkflowError::ShareUnknown)?;
        let mut matched = self.matched(&share.declared)?;
        // It was not found by its certificate when that was erased, for an earlier version made it.
        if matched.arrival.as_ref().is_some_and(|arrival| arrival.file.erased) {
            return Err(WorkflowError::ShareUnknown);
        }
        matched.notices = matched.notices.into_iter().filter_map(told).collect();
        for left in &mut matched.balance {
            // Other declarations are not the importer's.
            left.lines.retain(|line| line.is_of(&share.declared.declaration));
        }
        if let Some(arrival) = &mut matched.arrival {
            // What was said to its issuer of where the goods go, and of their seals.
            arrival.endorsements.clear();
            // Nobody outside hears of what may be dropped yet.
            arrival.waits = false;
        }
        let mut all = match &matched.arrival {
            Some(arrival) => self.acts(arrival)?,
            None => Vec::new(),
        };
        if let Some(arrival) = &matched.arrival {
            let refused = refused(arrival, &share.declared, &matched.matching, &all);
            matched.would_be_refused(refused);
        }
        all.sort_by_key(CustomsAct::counts_from);
        let acts = all.iter().filter(|act| {
            let told = !matches!(act.state, ActState::Waits | ActState::Dropped);
            told && act.declaration.as_ref().is_some_and(|own| own.is_same(&share.declared.declaration))
        });
        let acts = acts.flat_map(|act| what_counts(act, &all)).collect();
        Ok(Shared { share, matched, acts })
    }

    fn share_of(&self, id: &ShareId) -> Result<Option<Share>, WorkflowError> {
        share_in(self.store().as_ref(), id.0.as_bytes())
    }

    /// Removes the links whose last day is over. It blocks.
    pub fn sweep_shares(&self) -> Result<(), WorkflowError> {
        let (store, today) = (self.store().as_ref(), self.own_today().to_string());
        loop {
            // They stand in the order of their last days.
            let mut rows = store.records_under(Table::Share, &[BY_END], A_ROUND)?;
            rows.retain(|(key, _)| key.get(1..).is_some_and(|end| end < today.as_bytes()));
            if rows.is_empty() {
                return Ok(());
            }
            let state = removed(store, rows)?;
            store.commit(Batch { at_ms: self.now_ms(), state, ..Batch::default() })?;
        }
    }

    fn commit_share(
        &self,
        expected: Vec<Expected>,
        state: Vec<StateChange>,
        caller: &Caller,
        (id, deed): (&ShareId, &str),
    ) -> Result<(), WorkflowError> {
        let event = AuditEvent::of(Actor::Caller(caller), Action::ShareDeclaration).on(id).with_detail(deed);
        self.commit(expected, state, vec![event.to_row()])
    }

    fn now_ms(&self) -> u64 {
        unix_ms(self.now())
    }
}

impl Share {
    /// The keys by which its id is found.
    fn found_by(&self) -> Vec<Vec<u8>> {
        let (hash, end) = (hex::decode(&self.hash).unwrap_or_default(), format!("{} {}", self.until, self.id));
        let mut keys = vec![key(BY_HASH, &hash), key(BY_END, end.as_bytes())];
        if let ArrivedName::Jti(jti) = &self.declared.certificate {
            keys.push([certificate_key(jti).as_slice(), self.id.0.as_bytes()].concat());
        }
        keys
    }

    fn kept(&self) -> Result<Vec<StateChange>, WorkflowError> {
        let record = serde_json::to_vec(self).map_err(|error| WorkflowError::Record(format!("a link: {error}")))?;
        let id = self.id.0.as_bytes();
        let found_by = self.found_by().into_iter().map(|key| (key, id.to_vec()));
        let rows = found_by.chain([(key(BY_ID, id), record)]);
        Ok(rows.map(|(id, record)| StateChange::RecordPut { table: Table::Share, id, record }).collect())
    }

    fn removed(&self) -> Vec<StateChange> {
        let keys = self.found_by().into_iter().chain([key(BY_ID, self.id.0.as_bytes())]);
        keys.map(|id| StateChange::RecordRemoved { table: Table::Share, id }).collect()
    }
}

/// What changes when the links to a certificate go with what it says.
pub(super) fn links_erased(store: &dyn Store, jti: &Jti) -> Result<Vec<StateChange>, WorkflowError> {
    removed(store, store.records_under(Table::Share, &certificate_key(jti), usize::MAX)?)
}

/// Removes the links that rows name, and the rows themselves, whatever became of their links.
fn removed(store: &dyn Store, rows: Records) -> Result<Vec<StateChange>, WorkflowError> {
    let mut state = Vec::new();
    for (key, id) in rows {
        state.extend(share_in(store, &id)?.iter().flat_map(Share::removed));
        state.push(StateChange::RecordRemoved { table: Table::Share, id: key });
    }
    Ok(state)
}

fn share_in(store: &dyn Store, id: &[u8]) -> Result<Option<Share>, WorkflowError> {
    store.record(Table::Share, &key(BY_ID, id))?.as_deref().map(read).transpose()
}

fn certificate_key(jti: &Jti) -> Vec<u8> {
    key(BY_CERTIFICATE, format!("{jti} ").as_bytes())
}

/// An act by what counts of it: what a later act decided anew stands by itself, as amended by that one.
fn what_counts(act: &CustomsAct, all: &[CustomsAct]) -> Vec<CustomsAct> {
    if act.state != ActState::Counts {
        return vec![act.clone()];
    }
    let later = |one: &&CustomsAct| one.counts_from() > act.counts_from() && one.state == ActState::Counts;
    let (mut over, mut standing) = (Vec::new(), Vec::new());
    for decided in &act.decisions {
        let anew = all.iter().filter(later).find(|one| one.decides_anew(act, decided));
        match anew {
            Some(anew) => over.push(CustomsAct {
                decisions: vec![decided.clone()],
                state: ActState::Amended(anew.number),
                ..act.clone()
            }),
            None => standing.push(decided.clone()),
        }
    }
    if !standing.is_empty() {
        over.push(CustomsAct { decisions: standing, ..act.clone() });
    }
    over
}

/// A notice as the importer may read it: neither another declaration, nor what is between the authorities.
fn told(notice: Notice) -> Option<Notice> {
    let without = match notice.reason {
        "ALREADY_USED" => "it was used in full before, with another declaration",
        "SUPERSEDED" => "another certificate took its place, or that of some of its items",
        "VOID_USED" => "goods were written off with this declaration of another certificate, which is void",
        "SINGLE_CONSIGNMENT" => "it covers one consignment, and was used with another declaration",
        "ACTS_LOST" => "what customs did with it may not all be known yet, because some of that was lost",
        reason => return TOLD.contains(&reason).then_some(notice),
    };
    Some(Notice { words: without.to_owned(), ..notice })
}

/// Why lines of the declaration would be refused, but those that were written off with it: that is done. Neither with which
/// other declaration goods were used is said, nor what waits.
fn refused(arrival: &Arrival, wish: &MatchWish, matching: &Matching, acts: &[CustomsAct]) -> Vec<Notice> {
    let (mut seen, mut open) = (arrival.clone(), matching.clone());
    seen.file.first_used = None;
    for (line, item) in wish.declared.lines.iter().zip(&mut open.items) {
        let named = [(*item, Some(line.line)), (*item, None)].into_iter();
        if !written_before(acts, &wish.declaration, named).is_empty() {
            *item = None;
        }
    }
    would_be_refused(&seen, wish, &open, &Before::default())
}

fn read(record: &[u8]) -> Result<Share, WorkflowError> {
    parse(record, "a link to a declaration")
}

fn key(kind: u8, rest: &[u8]) -> Vec<u8> {
    [&[kind], rest].concat()
}

/// Up to where another kind of key begins.
fn of_kind(rows: Records, kind: u8) -> Records {
    rows.into_iter().take_while(|(id, _)| id.first() == Some(&kind)).collect()
}

fn drawn<const N: usize>(random: &dyn Random) -> Result<[u8; N], WorkflowError> {
    let mut bytes = [0; N];
    random.fill(&mut bytes).map_err(|error| WorkflowError::Record(error.to_string()))?;
    Ok(bytes)
}

impl fmt::Display for ShareId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ShareId {
    type Err = WorkflowError;

    fn from_str(text: &str) -> Result<Self, WorkflowError> {
        let body = text.strip_prefix(MARK).filter(|body| hex::decode(body).is_some());
        match body {
            Some(body) if body.len() == 2 * ID_BYTES => Ok(Self(text.to_owned())),
            _ => Err(WorkflowError::ShareUnknown),
        }
    }
}
