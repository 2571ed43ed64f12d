//! Takes a package: looks it through, then gives each of its logs to the task that replicates it.

use super::bearer::bear;
use super::bringing::Brought;
use super::export::bare;
use super::shelf::{ReadFrom, Shelf, Spool};
use crate::encoding::hex;
use crate::exchange::ExchangeError;
use crate::exchange::cosigned::{Cosigned, Kept};
use crate::exchange::disclosures::Why;
use crate::exchange::driver::heads::take_lost;
use crate::exchange::driver::own::last_by;
use crate::exchange::driver::recalling::shown_by;
use crate::exchange::driver::replicas::{OtherWays, Up};
use crate::exchange::driver::start::Inner;
use crate::exchange::heads::Event::Suspected;
use crate::exchange::message::KnownHead;
use crate::exchange::parcel::{ParcelError, Survey, SurveyedLog};
use crate::exchange::replica::{Loss, Suspicion};
use crate::log::{Origin, SignedCheckpoint, TreeHead, root, size_in, verify_consistency};
use crate::sequencer::Shown;
use crate::store::{Batch, PublishedHead, Store};
use crate::time::unix_ms;
use crate::trust::{NodeName, PackageSeal};
use std::fs::File;
use std::io::BufReader;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio_stream::wrappers::ReceiverStream;

/// How long a log's own task may take to open what is kept of it.
const OPENING: Duration = Duration::from_mins(1);
/// A replica that says nothing for so long is through with a package, or stuck.
const SILENCE: Duration = Duration::from_mins(1);
/// Messages on their way, each way.
const ROOM: usize = 16;
/// Logs that are taken side by side: each may have to wait, and holds a few packages in memory.
const SIDE_BY_SIDE: usize = 8;

/// What came of a package.
#[derive(Debug, Clone)]
pub struct Imported {
    /// Who made it.
    pub from: NodeName,
    /// When, in Unix seconds by its clock.
    pub made_at: i64,
    /// Version of the trust list there.
    pub trust_version: u64,
    /// Each of its logs.
    pub logs: Vec<ImportedLog>,
    /// Heads of own logs that its maker says to hold: log, size, and what was wrong with it.
    pub cosigned: Vec<(String, u64, Option<ParcelError>)>,
}

/// What came of one log.
#[derive(Debug, Clone)]
pub struct ImportedLog {
    /// Which.
    pub origin: Origin,
    /// Its first entry in the package.
    pub after: u64,
    /// Size of its head in the package.
    pub size: u64,
    /// Entries that are held now.
    pub held: u64,
    /// Whether the head was cosigned, or one that goes on from it before.
    pub cosigned: bool,
    /// Those who have to tell what this node cosigned before it cosigns the head, where it waits for that.
    pub awaits: Vec<NodeName>,
    /// Whether what came is receipted in the log to the issuer.
    pub receipted: bool,
    /// Entries whose disclosures are not here.
    pub missing: Vec<u64>,
    /// Entries whose disclosures the issuer keeps back.
    pub kept_back: Vec<u64>,
    /// Why it was not taken, or not wholly.
    pub refused: Option<ParcelError>,
}

/// Takes a package that has arrived whole. One at a time.
///
/// Where its seal was announced before it came, it has to be that one.
pub(in crate::exchange::driver) async fn import(
    inner: &Arc<Inner>,
    spool: Spool,
    announced: Option<PackageSeal>,
) -> Result<Imported, ParcelError> {
    let _alone = inner.importing.lock().await;
    let (file, list, here) = (spool.into_file(), inner.lists.current(), inner.name.clone());
    let its = Arc::clone(&file);
    let surveyed = blocking(move || {
        let from = BufReader::with_capacity(1 << 20, ReadFrom { file: its, offset: 0 });
        Survey::read(from, &list, &here)
    });
    let Survey { front, logs, cosigned, lost, seal } = surveyed.await?;
    if announced.is_some_and(|announced| announced != seal) {
        return Err(ParcelError::Damaged("its seal is not the one that was announced".to_owned()));
    }
    let (list, theirs) = (inner.lists.current(), &front.trust_list);
    let is_forked = theirs.version == list.version() && theirs.digest != hex::encode(&list.digest().0);
    inner.board.wrote(&front.from, theirs.version, is_forked);
    let from = front.from;
    let said = lost.iter().map(|one| (one.origin.as_str(), Loss { size: one.size, signed: one.signed }));
    take_lost(inner, &list, &from, said);
    let mut imported = Imported {
        from: from.clone(),
        made_at: front.made_at,
        trust_version: front.trust_list.version,
        logs: Vec::new(),
        cosigned: Vec::with_capacity(cosigned.len()),
    };
    imported.logs = take_logs(inner, &from, &file, logs).await?;
    for note in cosigned {
        imported.cosigned.push(take_cosigned(inner, &from, &note).await);
    }
    Ok(imported)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ParcelError> + Send + 'static,
) -> Result<T, ParcelError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| ParcelError::Inside(error.to_string()))?
}

fn inside(error: impl std::fmt::Display) -> ParcelError {
    ParcelError::Inside(error.to_string())
}

/// Takes all logs, some side by side; what came of them is in their order.
async fn take_logs(
    inner: &Arc<Inner>,
    from: &NodeName,
    file: &Arc<File>,
    logs: Vec<SurveyedLog>,
) -> Result<Vec<ImportedLog>, ParcelError> {
    let room = Arc::new(Semaphore::new(SIDE_BY_SIDE));
    let taking = logs.into_iter().map(|log| {
        let (inner, from, room) = (Arc::clone(inner), from.clone(), Arc::clone(&room));
        let shelf = Arc::new(Shelf { file: Arc::clone(file), log });
        tokio::spawn(async move {
            let _room = room.acquire_owned().await;
            take_log(&inner, &from, shelf).await
        })
    });
    let mut taken = Vec::new();
    for taking in taking.collect::<Vec<_>>() {
        taken.push(taking.await.map_err(inside)?);
    }
    Ok(taken)
}

async fn take_log(inner: &Arc<Inner>, from: &NodeName, shelf: Arc<Shelf>) -> ImportedLog {
    let log = &shelf.log;
    let mut taken = ImportedLog {
        origin: log.origin.clone(),
        after: log.after,
        size: log.head.size,
        held: 0,
        cosigned: false,
        awaits: Vec::new(),
        receipted: false,
        missing: Vec::new(),
        kept_back: Vec::new(),
        refused: None,
    };
    if let Err(why) = take(inner, from, &shelf, &mut taken).await {
        tracing::warn!(partner = %from, origin = %taken.origin, reason = crate::reason::Reasoned::reason(&why), "of a package: {why}");
        taken.refused = Some(why);
    }
    taken.held = inner.replicas.store(&taken.origin).map_or(0, |store| held(store.as_ref(), &taken.origin).size);
    taken
}

fn held(store: &dyn Store, origin: &Origin) -> TreeHead {
    store.head(origin).map_or(TreeHead { size: 0, root: crate::log::EMPTY_ROOT }, |head| head.head)
}

async fn take(
    inner: &Arc<Inner>,
    from: &NodeName,
    shelf: &Arc<Shelf>,
    taken: &mut ImportedLog,
) -> Result<(), ParcelError> {
    if let Some(why) = &shelf.log.refused {
        return Err(why.clone());
    }
    let origin = shelf.log.origin.clone();
    if let Some(proven) = inner.equivocated().borrow().get(&origin) {
        return Err(ExchangeError::Equivocated(proven.size()).into());
    }
    let (store, ways) = opened(inner, from, &origin).await?;
    if goes_beyond(inner, &store, shelf).await? {
        let streamed = stream(&store, &ways, shelf).await;
        let line = streamed.inspect_err(|why| repeated(inner, store.as_ref(), &shelf.log, why))?;
        taken.cosigned = line.is_some();
        match line {
            Some(line) => keep(inner, &store, &shelf.log, line).await?,
            None => taken.awaits = inner.awaited(&origin),
        }
    } else {
        taken.cosigned = was_cosigned(inner, &store, shelf).await?;
    }
    let (done, told) = oneshot::channel();
    let brought = Brought { shelf: Arc::clone(shelf), done };
    ways.disclosures.send(brought).await.map_err(|_| inside("the log is not replicated here any more"))?;
    let (awaited, receipted) = told.await.map_err(|_| inside("disclosures could not be kept; the log says why"))?;
    taken.receipted = receipted;
    (taken.missing, taken.kept_back) = (awaited.indexes(Why::Missing), awaited.indexes(Why::Held));
    Ok(())
}

/// Begins to replicate the log if nobody does yet, and waits until it is open.
async fn opened(
    inner: &Arc<Inner>,
    from: &NodeName,
    origin: &Origin,
) -> Result<(Arc<dyn Store>, OtherWays), ParcelError> {
    let mut news = inner.replicas.opened();
    inner.replicas.ensure(inner, from, origin);
    let opening = async {
        loop {
            if let Some(ways) = inner.replicas.ways(origin) {
                return Ok(ways);
            }
            news.changed().await.map_err(inside)?;
        }
    };
    let opened = tokio::time::timeout(OPENING, opening).await;
    opened.map_err(|_| inside("what is kept of the log could not be opened in time; the log says why"))?
}

/// Whether the package has more than is held, or as much. One that has less, but of this history, was taken before.
async fn goes_beyond(inner: &Arc<Inner>, store: &Arc<dyn Store>, shelf: &Arc<Shelf>) -> Result<bool, ParcelError> {
    let (store, shelf, inner) = (Arc::clone(store), Arc::clone(shelf), Arc::clone(inner));
    blocking(move || {
        let SurveyedLog { origin, after, head, note, consistency, .. } = &shelf.log;
        let here = store.head(origin);
        let size = here.as_ref().map_or(0, |head| head.head.size);
        if *after > size {
            return Err(ParcelError::OutOfOrder { origin: origin.clone(), held: size, begins: *after });
        }
        let hashes = store.hashes(origin);
        let begins = root(*after, &hashes).map_err(inside)?;
        let why = if verify_consistency(*after, head.size, &begins, &head.root, consistency).is_err() {
            ExchangeError::Inconsistent { old: *after, new: head.size }
        } else if head.size >= size {
            return Ok(true);
        } else if root(head.size, &hashes).map_err(inside)? == head.root {
            return Ok(false);
        } else {
            ExchangeError::Inconsistent { old: head.size, new: size }
        };
        suspect(&inner, origin, here, note);
        Err(why.into())
    })
    .await
}

/// Whether this node has cosigned the head of the package, or one that goes on from it, before it came.
async fn was_cosigned(inner: &Arc<Inner>, store: &Arc<dyn Store>, shelf: &Arc<Shelf>) -> Result<bool, ParcelError> {
    let (store, shelf, inner) = (Arc::clone(store), Arc::clone(shelf), Arc::clone(inner));
    blocking(move || {
        let (list, SurveyedLog { origin, head, .. }) = (inner.lists.current(), &shelf.log);
        let keys = list.node(&inner.name).into_iter().flat_map(|node| node.replica_keys()).collect::<Vec<_>>();
        let cosigned = Cosigned::load(store.as_ref(), origin, &list).map_err(inside)?;
        Ok(last_by(&cosigned, &keys).is_some_and(|(size, _)| size >= head.size))
    })
    .await
}

/// A head that does not go together with the one that is here, as far as was shown: whoever compares all heads looks into it.
fn suspect(inner: &Inner, origin: &Origin, here: Option<PublishedHead>, shown: &str) {
    if let Some(PublishedHead { note: first, .. }) = here {
        let (origin, second) = (origin.clone(), shown.to_owned());
        inner.compare(Suspected(Suspicion { origin, first, second }));
    }
}

/// Entries that the package repeats are others than those that are held: so is the head over them.
fn repeated(inner: &Inner, store: &dyn Store, log: &SurveyedLog, why: &ParcelError) {
    let here = store.head(&log.origin);
    let held = here.as_ref().map_or(0, |head| head.head.size);
    if matches!(why, ParcelError::Exchange(ExchangeError::OtherEntries { start }) if *start < held) {
        suspect(inner, &log.origin, here, &log.note);
    }
}

/// Has the log's own task read the package as it reads a stream; gives the line by which it cosigned the head.
async fn stream(store: &Arc<dyn Store>, ways: &OtherWays, shelf: &Arc<Shelf>) -> Result<Option<String>, ParcelError> {
    let (out, mut said) = mpsc::channel(ROOM);
    let (answers, incoming) = mpsc::channel(ROOM);
    let (forward, mut requests) = mpsc::channel(ROOM);
    let (ended, mut why) = oneshot::channel();
    let up = Up { out, incoming: Box::pin(ReceiverStream::new(incoming)), ended: Some(ended) };
    ways.stream.send(up).await.map_err(|_| inside("the log is not replicated here any more"))?;
    let (its, shelf) = (Arc::clone(store), Arc::clone(shelf));
    let (origin, size) = (shelf.log.origin.clone(), shelf.log.head.size);
    let bearing = tokio::task::spawn_blocking(move || bear(&shelf, its.as_ref(), &mut requests, &answers));
    // The bearer blocks: that the replica says nothing any more is found here.
    let forwarding = async move {
        while let Ok(Some(request)) = tokio::time::timeout(SILENCE, said.recv()).await {
            if forward.send(request).await.is_err() {
                return;
            }
        }
    };
    let (borne, ()) = tokio::join!(bearing, forwarding);
    let line = borne.map_err(inside)?;
    if let Ok(why) = why.try_recv() {
        return Err(why.into());
    }
    match line? {
        Some(line) => Ok(Some(line)),
        None if held(store.as_ref(), &origin).size >= size => Ok(None),
        None => Err(ExchangeError::Silent.into()),
    }
}

/// Keeps the cosignature beside the log: it goes back with the next package to the issuer.
async fn keep(inner: &Arc<Inner>, store: &Arc<dyn Store>, log: &SurveyedLog, line: String) -> Result<(), ParcelError> {
    let (store, inner) = (Arc::clone(store), Arc::clone(inner));
    let (origin, head) = (log.origin.clone(), PublishedHead { head: log.head, note: log.note.clone() });
    blocking(move || {
        let list = inner.lists.current();
        let keys = list.node(&inner.name).into_iter().flat_map(|node| node.replica_keys());
        let kept = Kept::check(&list, &origin, &head, &line, keys).map_err(inside)?;
        let mut cosigned = Cosigned::load(store.as_ref(), &origin, &list).map_err(inside)?;
        let state = cosigned.keep(&kept, &list).map_err(inside)?;
        let at_ms = unix_ms(inner.clock.now());
        store.commit(Batch { at_ms, state, ..Batch::default() }).map(|_| ()).map_err(inside)
    })
    .await
}

/// A head of an own log that a partner says to hold.
async fn take_cosigned(inner: &Arc<Inner>, from: &NodeName, note: &str) -> (String, u64, Option<ParcelError>) {
    let name = note.lines().next().unwrap_or_default().chars().take(600).collect::<String>();
    let size = size_in(note).unwrap_or(0);
    let (its, from, note) = (Arc::clone(inner), from.clone(), note.to_owned());
    let taken = blocking(move || own_head(&its, &from, &note)).await;
    if let Err(why) = &taken {
        tracing::warn!(
            log = name,
            size,
            reason = crate::reason::Reasoned::reason(why),
            "a cosignature of a package: {why}"
        );
    }
    (name, size, taken.err())
}

/// Keeps a partner's cosignature of an own head: of one that this node has published, in the history that it has. Of a log that
/// was given up the partner may hold more.
fn own_head(inner: &Inner, from: &NodeName, note: &str) -> Result<(), ParcelError> {
    let list = inner.lists.current();
    let origin = note.lines().next().and_then(|line| line.parse::<Origin>().ok()).ok_or(ExchangeError::UnknownLog)?;
    let own = inner.own.of(&origin).ok_or(ExchangeError::UnknownLog)?;
    let key = list.log_key(&origin).ok_or(ExchangeError::UntrustedLog)?;
    let signed = SignedCheckpoint::open(note, &key).map_err(ExchangeError::from)?;
    let head = signed.checkpoint().head;
    if inner.lifted().borrow().get(&origin).is_some_and(|left| left.has(&head)) {
        // That it was on a branch which a person has left is no news.
        return Err(ExchangeError::Equivocated(head.size).into());
    }
    let published = own.head(&origin);
    let size = published.as_ref().map_or(0, |head| head.head.size);
    if head.size > size {
        // The partner holds what this node signed and does not have: its folder is an old copy, and signs nothing from now
        // on. That the partner has told all that it keeps is not said by it: the package may be old.
        let told = KnownHead { log: origin.clone(), note: note.to_owned(), entries: true, cosigned_by_asker: None };
        inner.told(from, vec![told], None);
        if own.is_given_up(&origin) {
            // What was given up stays with whoever holds it: that is told with the log's state.
            return Ok(());
        }
        // Who made the package may never be reached, and after a start nobody else would say it.
        let shown = Shown { by: from.to_string(), note: note.to_owned() };
        let counts = |kept: &Shown| shown_by(inner, &origin, kept).is_some();
        if let Some(change) = shown.put(own.store.as_ref(), &origin, counts).map_err(inside)? {
            let (at_ms, state) = (unix_ms(inner.clock.now()), vec![change]);
            own.store.commit(Batch { at_ms, state, ..Batch::default() }).map_err(inside)?;
        }
        return Err(ExchangeError::Ahead { held: head.size, published: size }.into());
    }
    if root(head.size, &own.store.hashes(&origin)).map_err(inside)? != head.root {
        suspect(inner, &origin, published, note);
        return Err(ExchangeError::Inconsistent { old: head.size, new: size }.into());
    }
    let node = list.node(from).ok_or_else(|| ParcelError::NoPartner(from.clone()))?;
    let head = bare(&signed, &key)?;
    let mut refused = ExchangeError::NotForYou;
    for line in signed.note().signatures().iter().filter(|line| *line.name() == *from.replica()) {
        match Kept::check(&list, &origin, &head, &line.to_string(), node.replica_keys()) {
            Ok(kept) => {
                own.keep(from.clone().into(), kept);
                return Ok(());
            }
            Err(error) => refused = error.into(),
        }
    }
    Err(refused.into())
}
