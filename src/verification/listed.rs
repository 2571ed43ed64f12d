//! The status list a bundle brings, as far as a snapshot in the log commits to it.
//!
//! ```text
//! status_proof ──> status_statement (in the log) ──lists_root──> status_path ──> status (the list) ──> index
//! ```
//! The list's number is bound twice: by the path to its place under `lists_root`, and by the last part of the
//! URI that the certificate refers to. Without the second, an old token of a list could be shown under the
//! place of another list that happens to have those old contents.
//!
//! The status of a closed log's certificates is told by a later log of the same authority to the same addressee. There a
//! list's place says nothing of whose it is: its log and its number are hashed with it.

use super::{
    authority::refusal,
    cache::{Cache, CacheKey},
    entry::{check_size, check_statement},
    head::{Head, Heads, Proven},
};
use crate::{
    log::Origin,
    statement::{
        Bundle, Issuer, Kid, OpenedBody, Presentation, StatementError, StatusSnapshot, StatusToken, StatusUri,
        status_list::{StatusList, StatusPath},
    },
    time::Timestamp,
    trust::{KeyAuthority, TrustList},
};
use std::sync::Arc;

/// Lists kept in one generation of the cache, 64 KiB each.
const LISTS_KEPT: usize = 64;

/// A verified status list and the snapshot that commits to it.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) list: StatusList,
    pub(super) uri: StatusUri,
    /// The log that the snapshot stands in: the certificate's own, or a later one once that is closed.
    pub(super) log: Origin,
    /// Instant the snapshot speaks of, by the sequencer's clock.
    pub(super) as_of: Timestamp,
    /// The snapshot speaks for the entries of its log before this index, and for all of a closed one.
    pub(super) size: u64,
    pub(super) head: Arc<Head>,
}

/// Why there is no status to rely on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum StatusFault {
    /// Nothing about status was presented.
    Absent,
    /// This part was not presented.
    Missing(&'static str),
    /// Something presented does not hold.
    Wrong(String),
}

/// The four parts of a bundle that make a status.
struct Parts<'a> {
    token: &'a str,
    path: &'a str,
    statement: &'a str,
    proof: &'a str,
}

/// The lists met so far, under one trust list.
#[derive(Debug)]
pub(super) struct Lists(Cache<Listed>);

impl Lists {
    pub(super) fn new() -> Self {
        Self(Cache::new(LISTS_KEPT))
    }

    /// Verifies what the bundle brings for a certificate of `iss` in the log `origin`.
    pub(super) fn verify(
        &self,
        trust: &TrustList,
        heads: &Heads,
        (iss, origin): (&Issuer, &Origin),
        bundle: &Bundle,
    ) -> Result<Arc<Listed>, StatusFault> {
        let parts = Parts::of(bundle)?;
        let key = CacheKey::of(&[
            iss.host().as_str().as_bytes(),
            origin.as_str().as_bytes(),
            parts.token.as_bytes(),
            parts.path.as_bytes(),
            parts.statement.as_bytes(),
            parts.proof.as_bytes(),
        ]);
        self.0.get_or(key, || open(trust, heads, iss, origin, &parts))
    }
}

impl<'a> Parts<'a> {
    fn of(bundle: &'a Bundle) -> Result<Self, StatusFault> {
        let Bundle { status, status_path, status_statement, status_proof, .. } = bundle;
        if [status, status_path, status_statement, status_proof].iter().all(|part| part.is_none()) {
            return Err(StatusFault::Absent);
        }
        let part = |part: &'a Option<String>, name| part.as_deref().ok_or(StatusFault::Missing(name));
        Ok(Self {
            token: part(status, "status")?,
            path: part(status_path, "status_path")?,
            statement: part(status_statement, "status_statement")?,
            proof: part(status_proof, "status_proof")?,
        })
    }
}

fn open(
    trust: &TrustList,
    heads: &Heads,
    iss: &Issuer,
    origin: &Origin,
    parts: &Parts<'_>,
) -> Result<Listed, StatusFault> {
    let (log, snapshot, proven) = snapshot(trust, heads, origin, parts)?;
    let token = StatusToken::parse(parts.token).map_err(wrong("the status list token"))?;
    if token.iss != *iss {
        return Err(StatusFault::Wrong(format!("the status list is {}'s, not {iss}'s", token.iss)));
    }
    let kid = &token.header().kid;
    let key = trust.key(iss, kid).ok_or_else(|| unlisted_key(kid))?;
    may("status list", kid, trust.may_sign_status(iss, kid, &log, proven.index))?;
    token.verify(&key.x).map_err(wrong("the status list token"))?;
    let path: StatusPath = parts.path.parse().map_err(wrong("the status path"))?;
    let number = list_number(&token.uri);
    let digest = match number {
        Some(number) if log != *origin => token.list.digest_of(origin, number),
        Some(number) if number == path.index => token.list.digest(),
        _ => {
            let why = format!("the status path is of list {}, and the token of {}", path.index, token.uri);
            return Err(StatusFault::Wrong(why));
        }
    };
    path.verify_digest(&digest, snapshot.lists, &snapshot.lists_root).map_err(wrong("the status path"))?;
    let as_of = i64::try_from(snapshot.as_of).ok().and_then(|second| Timestamp::from_second(second).ok());
    let as_of = as_of.ok_or_else(|| StatusFault::Wrong("the status statement's time is no time".to_owned()))?;
    Ok(Listed { list: token.list, uri: token.uri, log, as_of, size: snapshot.size, head: proven.head })
}

/// The snapshot: an entry of the certificate's own log, or of one that speaks for it, that holds as any entry must, and
/// speaks for exactly the entries before it. What a replica would find fault with is no word on the status.
fn snapshot(
    trust: &TrustList,
    heads: &Heads,
    origin: &Origin,
    parts: &Parts<'_>,
) -> Result<(Origin, StatusSnapshot, Proven), StatusFault> {
    const WHAT: &str = "the status statement";
    let fault = |why: String| StatusFault::Wrong(format!("{WHAT}: {why}"));
    let leaf = parts.statement.as_bytes();
    let statement = Presentation::from_leaf(leaf, &[] as &[&str]).map_err(wrong(WHAT))?;
    let log = &statement.envelope().log;
    if !trust.speaks_for(log, origin) {
        return Err(StatusFault::Wrong(format!("{WHAT} is of the log {log}, not of {origin}")));
    }
    let proven = heads.prove(trust, log, leaf, parts.proof);
    let proven = proven.map_err(|why| StatusFault::Wrong(format!("the proof of {WHAT}: {}", why.why(log))))?;
    let (entry, _) = check_statement(&statement, log, proven.index, trust).map_err(|why| fault(why.to_string()))?;
    let OpenedBody::StatusSnapshot(snapshot) = entry.body else {
        return Err(StatusFault::Wrong(format!("{WHAT} is of the kind {}", statement.vct())));
    };
    check_size(&snapshot, proven.index).map_err(|why| fault(why.to_string()))?;
    Ok((log.clone(), snapshot, proven))
}

/// The number of a status list in its log: the last part of its URI, in its only decimal spelling.
pub(super) fn list_number(uri: &StatusUri) -> Option<u32> {
    let last = uri.as_str().rsplit('/').next()?;
    last.parse::<u32>().ok().filter(|number| number.to_string() == last)
}

fn may(what: &str, kid: &Kid, authority: KeyAuthority) -> Result<(), StatusFault> {
    match refusal(authority) {
        None => Ok(()),
        Some(why) => Err(StatusFault::Wrong(format!("the key {kid} may not sign the {what}: {why}"))),
    }
}

fn unlisted_key(kid: &Kid) -> StatusFault {
    StatusFault::Wrong(format!("the trust list does not know the key {kid}"))
}

fn wrong(what: &'static str) -> impl Fn(StatementError) -> StatusFault {
    move |error| StatusFault::Wrong(format!("{what}: {error}"))
}
