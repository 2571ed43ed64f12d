//! Links by which an importer sees, without an account, what became of its own declaration.
//!
//! What always holds: a link shows one declaration held against one certificate, as both stand when it is opened, until its
//! last day is over or it is taken back; of its secret the hash alone is kept; a denial that waits or was dropped is not
//! shown, nor which officer did what.

use super::{ArrivedName, MatchWish, Matched, Notice, course::parse, sent_at};
use crate::{
    encoding::{base64, hex},
    office::{AccountId, ActState, Action, Actor, AuditEvent, Caller, CustomsAct},
    statement::OpenedBody,
    store::{Batch, Records, StateChange, Table},
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
/// Links that ended and are removed when another is made.
const A_ROUND: usize = 64;
/// Notices that are shown as they are.
const TOLD: [&str; 16] = [
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
    "WITHDRAWN_LATER",
];
/// What keys of the table begin with: a link by its id; the id by the hash of its secret; the ids by their last day.
const BY_ID: u8 = b'i';
const BY_HASH: u8 = b'h';
const BY_END: u8 = b'u';

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
        let certificate = ArrivedName::Jti(self.arrived(&wish.declared.certificate)?.jti);
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
        let mut state = self.ended_shares(first)?;
        state.extend(share.kept()?);
        self.commit_share(state, caller, &share.id, "made")?;
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
        self.commit_share(share.removed(), caller, id, "taken back")
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
        all.sort_by_key(CustomsAct::counts_from);
        let acts = all.iter().filter(|act| {
            let told = !matches!(act.state, ActState::Waits | ActState::Dropped);
            told && act.declaration.as_ref().is_some_and(|own| own.is_same(&share.declared.declaration))
        });
        let acts = acts.flat_map(|act| what_counts(act, &all)).collect();
        Ok(Shared { share, matched, acts })
    }

    fn share_of(&self, id: &ShareId) -> Result<Option<Share>, WorkflowError> {
        let record = self.store().record(Table::Share, &key(BY_ID, id.0.as_bytes()))?;
        record.as_deref().map(read).transpose()
    }

    /// Removes some of those whose last day is over.
    fn ended_shares(&self, today: Date) -> Result<Vec<StateChange>, WorkflowError> {
        let rows = of_kind(self.store().records_from(Table::Share, &[BY_END], A_ROUND)?, BY_END);
        let mut state = Vec::new();
        for (_, id) in rows {
            let id = ShareId(String::from_utf8_lossy(&id).into_owned());
            match self.share_of(&id)? {
                // They stand in the order of their last days.
                Some(share) if share.until >= today => break,
                Some(share) => state.extend(share.removed()),
                None => {}
            }
        }
        Ok(state)
    }

    fn commit_share(
        &self,
        state: Vec<StateChange>,
        caller: &Caller,
        id: &ShareId,
        deed: &str,
    ) -> Result<(), WorkflowError> {
        let event = AuditEvent::of(Actor::Caller(caller), Action::ShareDeclaration).on(id).with_detail(deed);
        let audit = vec![event.to_row()];
        self.store().commit(Batch { at_ms: self.now_ms(), state, audit, ..Batch::default() })?;
        Ok(())
    }

    fn now_ms(&self) -> u64 {
        unix_ms(self.now())
    }
}

impl Share {
    fn by_hash(&self) -> Vec<u8> {
        key(BY_HASH, &hex::decode(&self.hash).unwrap_or_default())
    }

    fn by_end(&self) -> Vec<u8> {
        key(BY_END, format!("{} {}", self.until, self.id).as_bytes())
    }

    fn kept(&self) -> Result<[StateChange; 3], WorkflowError> {
        let record = serde_json::to_vec(self).map_err(|error| WorkflowError::Record(format!("a link: {error}")))?;
        let id = self.id.0.as_bytes();
        Ok([(key(BY_ID, id), record), (self.by_hash(), id.to_vec()), (self.by_end(), id.to_vec())]
            .map(|(id, record)| StateChange::RecordPut { table: Table::Share, id, record }))
    }

    fn removed(&self) -> Vec<StateChange> {
        [key(BY_ID, self.id.0.as_bytes()), self.by_hash(), self.by_end()]
            .map(|id| StateChange::RecordRemoved { table: Table::Share, id })
            .to_vec()
    }
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
        "SINGLE_CONSIGNMENT" => "it covers one consignment, and was used with another declaration",
        "ACTS_LOST" => "what customs did with it may not all be known yet, because some of that was lost",
        reason => return TOLD.contains(&reason).then_some(notice),
    };
    Some(Notice { words: without.to_owned(), ..notice })
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
