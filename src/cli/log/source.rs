//! Where a log is read from: a node over gRPC, or a folder of C2SP tiles.

use crate::{
    api::client::{Connection, wire, within_deadline},
    cli::{
        console::{Console, Exit, Failure},
        files::{self, Source as Input},
        remote::{self, TlsArguments},
    },
    log::{
        Checkpoint, Frontier, Levels, MAX_CHECKPOINT_NOTE_BYTES, Origin, SignedNote, leaf_hash,
        tile::{EntryBundle, FULL_WIDTH, MAX_BUNDLE_BYTES, parse_entries},
    },
    node::system::SystemRandom,
    sequencer::cosigned::Cosigned,
    store::{JournalOptions, JournalStore, Scrubbed, Store, StoreError},
};
use bytes::Bytes;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{path::PathBuf, sync::Arc};

/// Entries asked for at once.
const PAGE: i32 = 500;
/// Bytes of entries read from a store at once.
const PAGE_BYTES: usize = 4 << 20;

/// The log and where it is. A folder goes before a node: where a node is may stand in the environment.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct From {
    /// The log, such as tdap.gov.pk/log/2026/cn; not needed for an exported folder
    #[arg(value_name = "ORIGIN", required_unless_present = "folder")]
    log: Option<Origin>,
    /// An exported log
    #[arg(long, value_name = "DIR", conflicts_with = "data")]
    folder: Option<PathBuf>,
    /// An authority's own data folder, while its node is stopped
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(flatten)]
    node: At,
}

/// The node asked.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct At {
    /// The node's gRPC address, HOST:PORT
    #[arg(long, value_name = "ADDR", env = "ORIGIN_NODE", value_parser = remote::address, required_unless_present_any = ["folder", "data"])]
    node: Option<String>,
    #[command(flatten)]
    tls: TlsArguments,
    /// File with an auditor's token, where the log is not public; `-` is standard input
    #[arg(long, value_name = "FILE", env = "ORIGIN_TOKEN_FILE")]
    token_file: Option<Input>,
}

/// The node asked, where there is no folder to read instead.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct OnlyAt {
    /// The node's gRPC address, HOST:PORT
    #[arg(long, value_name = "ADDR", env = "ORIGIN_NODE", value_parser = remote::address)]
    node: String,
    #[command(flatten)]
    tls: TlsArguments,
    /// File with an auditor's token, for logs that are not public; `-` is standard input
    #[arg(long, value_name = "FILE", env = "ORIGIN_TOKEN_FILE")]
    token_file: Option<Input>,
}

impl OnlyAt {
    pub(super) async fn open(&self, console: Console) -> Result<Node, Failure> {
        open(console, &self.node, &self.tls, self.token_file.as_ref()).await
    }
}

async fn open(console: Console, node: &str, tls: &TlsArguments, token: Option<&Input>) -> Result<Node, Failure> {
    let token = token.map(remote::token).transpose()?;
    let connection = tls.connect(node, token.as_ref().map(|token| token.as_str())).await?;
    Ok(Node { console, address: node.to_owned(), connection })
}

/// A node that serves logs.
pub(super) struct Node {
    console: Console,
    address: String,
    connection: Connection,
}

impl Node {
    fn refused(&self, status: &tonic::Status) -> Failure {
        remote::refused(self.console, &self.address, status)
    }

    /// The logs the caller may read, with their sizes.
    pub(super) async fn logs(&self, issuer: &str) -> Result<Vec<wire::Log>, Failure> {
        let (mut all, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = wire::ListLogsRequest { issuer: issuer.to_owned(), page_size: PAGE, page_token };
            let answer = self.connection.logs().list_logs(within_deadline(request)).await;
            let answer = answer.map_err(|status| self.refused(&status))?.into_inner();
            all.extend(answer.logs);
            page_token = answer.next_page_token;
            if page_token.is_empty() {
                return Ok(all);
            }
        }
    }
}

/// An opened source of one log.
pub(super) enum Source {
    Node { node: Node, origin: Origin },
    Folder { path: PathBuf, origin: Origin, size: u64 },
    Data { store: Box<JournalStore>, origin: Origin },
}

/// The head of a log: its note, and what the note says. Whose signature it is has not been asked.
pub(super) struct Head {
    pub(super) note: String,
    pub(super) checkpoint: Checkpoint,
}

impl From {
    /// The log that is read.
    pub(super) fn origin(&self) -> Result<Origin, Failure> {
        match (&self.log, &self.folder) {
            (_, Some(folder)) => folder_head(folder).map(|head| head.checkpoint.origin),
            (Some(origin), None) => Ok(origin.clone()),
            (None, None) => Err(Failure::new(Exit::Usage, "name the log and the node, or a folder")),
        }
    }

    /// Where another log of the same authority may be: at the same node, or in the same data folder or one of these.
    pub(super) fn places(&self, origin: &Origin, folders: &[PathBuf]) -> Vec<Self> {
        let place = Self { log: Some(origin.clone()), ..self.clone() };
        if self.folder.is_some() {
            let folders = folders.iter().cloned();
            return folders.map(|folder| Self { folder: Some(folder), ..place.clone() }).collect();
        }
        let others = folders.iter().filter(|_| self.data.is_some()).cloned();
        let others = others.map(|data| Self { data: Some(data), ..place.clone() }).collect::<Vec<_>>();
        std::iter::once(place.clone()).chain(others).collect()
    }

    /// Opens the source.
    pub(super) async fn open(&self, console: Console) -> Result<Source, Failure> {
        if let Some(folder) = &self.folder {
            let head = folder_head(folder)?;
            let origin = head.checkpoint.origin;
            if let Some(asked) = self.log.as_ref().filter(|asked| **asked != origin) {
                let error = format!("`{}` holds the log {origin}, not {asked}", folder.display());
                return Err(Failure::new(Exit::Failed, error));
            }
            return Ok(Source::Folder { path: folder.clone(), origin, size: head.checkpoint.head.size });
        }
        if let (Some(folder), Some(origin)) = (&self.data, &self.log) {
            return open_data(folder, origin);
        }
        let (Some(origin), Some(address)) = (self.log.clone(), &self.node.node) else {
            return Err(Failure::new(Exit::Usage, "name the log and the node, or a folder"));
        };
        let node = open(console, address, &self.node.tls, self.node.token_file.as_ref()).await?;
        Ok(Source::Node { node, origin })
    }
}

/// Opens the store as its node would: only while the node does not.
fn open_data(folder: &std::path::Path, origin: &Origin) -> Result<Source, Failure> {
    if !folder.is_dir() {
        return Err(Failure::new(Exit::Failed, format!("there is no folder `{}`", folder.display())));
    }
    let store = JournalStore::open(folder, JournalOptions::default(), Arc::new(SystemRandom)).map_err(|error| {
        let failure = Failure::new(Exit::Failed, &error);
        match error {
            StoreError::Locked(_) => failure.help(
                "a running node is asked instead, also for a partner's log that it holds: --node ADDR, with the token of an \
                 auditor of its authority (--token-file FILE)",
            ),
            _ => failure,
        }
    })?;
    if store.head(origin).is_none() {
        let known = store.logs().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let failure = Failure::new(Exit::Failed, format!("`{}` holds no log {origin}", folder.display()));
        return Err(failure.note(if known.is_empty() {
            "it holds none".to_owned()
        } else {
            format!("it holds {known}")
        }));
    }
    Ok(Source::Data { store: Box::new(store), origin: origin.clone() })
}

fn folder_head(folder: &std::path::Path) -> Result<Head, Failure> {
    let note = files::read_text(&folder.join("checkpoint"), MAX_CHECKPOINT_NOTE_BYTES, Exit::Failed)?;
    head(note).map_err(|why| Failure::new(Exit::Failed, format!("`{}` holds no log: {why}", folder.display())))
}

fn head(note: String) -> Result<Head, String> {
    let text = SignedNote::parse(&note).map_err(|error| error.to_string())?;
    let checkpoint = text.text().parse().map_err(|error| format!("{error}"))?;
    Ok(Head { note, checkpoint })
}

impl Source {
    /// The log's name.
    pub(super) const fn origin(&self) -> &Origin {
        match self {
            Self::Node { origin, .. } | Self::Folder { origin, .. } | Self::Data { origin, .. } => origin,
        }
    }

    /// The newest head.
    pub(super) async fn head(&self) -> Result<Head, Failure> {
        match self {
            Self::Folder { path, .. } => folder_head(path),
            Self::Data { store, origin } => {
                let published = store.head(origin);
                let published =
                    published.ok_or_else(|| Failure::new(Exit::Failed, format!("{origin} has no head yet")))?;
                // Cosignatures are kept beside the head, this node's own of a partner's log too.
                let note = Cosigned::note_of(store.as_ref(), origin, published);
                let note = note.map_err(|error| Failure::new(Exit::Failed, error))?;
                head(note).map_err(|why| Failure::new(Exit::Failed, format!("the head of {origin}: {why}")))
            }
            Self::Node { node, origin } => {
                let request = wire::GetCheckpointRequest { log: origin.to_string() };
                let answer = node.connection.logs().get_checkpoint(within_deadline(request)).await;
                let note = answer.map_err(|status| node.refused(&status))?.into_inner().note;
                let wrong = |why: String| Failure::new(Exit::Failed, format!("the node's checkpoint: {why}"));
                let note = String::from_utf8(note.into()).map_err(|_| wrong("it is no text".to_owned()))?;
                let head = head(note).map_err(wrong)?;
                if head.checkpoint.origin == *origin {
                    Ok(head)
                } else {
                    Err(wrong(format!("it is of {}", head.checkpoint.origin)))
                }
            }
        }
    }

    /// Reads every batch of a data folder's journal and holds it to its checksums and rows; a node and an exported
    /// folder have none.
    pub(super) fn scrub(&self) -> Result<Option<Scrubbed>, Failure> {
        match self {
            Self::Data { store, .. } => {
                store.scrub().map(Some).map_err(|error| Failure::new(Exit::NotValid, format!("the journal: {error}")))
            }
            Self::Folder { .. } | Self::Node { .. } => Ok(None),
        }
    }

    /// Some entries from `start` on, at least one and none past `end`.
    pub(super) async fn entries(&self, start: u64, end: u64) -> Result<Vec<Bytes>, Failure> {
        let entries = match self {
            Self::Folder { path, size, .. } => {
                let index = start / u64::from(FULL_WIDTH);
                let rest = size.saturating_sub(index * u64::from(FULL_WIDTH)).min(u64::from(FULL_WIDTH));
                let width = u16::try_from(rest).unwrap_or(FULL_WIDTH);
                let missing = || Failure::new(Exit::Failed, format!("there is no entry {start}"));
                let bundle = EntryBundle::new(index, width).ok_or_else(missing)?;
                let bytes = files::read(&path.join(bundle.to_string()), MAX_BUNDLE_BYTES, Exit::Failed)?;
                let all = parse_entries(&bytes).map_err(|error| {
                    Failure::new(Exit::Failed, format!("`{}`: {error}", path.join(bundle.to_string()).display()))
                })?;
                let skip = usize::try_from(start - bundle.start()).unwrap_or(usize::MAX);
                all.into_iter().skip(skip).map(Bytes::copy_from_slice).collect::<Vec<_>>()
            }
            Self::Data { store, origin } => {
                store.leaves(origin, start..end, PAGE_BYTES).map_err(|error| Failure::new(Exit::Failed, error))?
            }
            Self::Node { node, origin } => {
                let most = i32::try_from(end.saturating_sub(start)).unwrap_or(PAGE).min(PAGE);
                let request = wire::ListEntriesRequest { log: origin.to_string(), start, page_size: most };
                let answer = node.connection.logs().list_entries(within_deadline(request)).await;
                let answer = answer.map_err(|status| node.refused(&status))?.into_inner();
                // The indexes are the node's word; they have to be the ones asked for.
                let in_order = answer.entries.iter().zip(start..).all(|(entry, index)| entry.index == index);
                if !in_order {
                    return Err(Failure::new(Exit::Failed, "the node answered with other entries than were asked for"));
                }
                answer.entries.into_iter().map(|entry| entry.leaf).collect()
            }
        };
        let wanted = usize::try_from(end.saturating_sub(start)).unwrap_or(usize::MAX);
        let entries = entries.into_iter().take(wanted).collect::<Vec<_>>();
        if entries.is_empty() {
            return Err(Failure::new(Exit::Failed, format!("{} has no entry {start}", self.origin())));
        }
        Ok(entries)
    }

    /// Reads a log from its first entry up to a head, hands every entry on, and refuses a root that is not the
    /// head's. What comes back is every hash of the tree.
    pub(super) async fn read_all(
        &self,
        head: &Head,
        mut each: impl FnMut(u64, &Bytes) -> Result<(), Failure>,
    ) -> Result<Levels, Failure> {
        let size = head.checkpoint.head.size;
        let bar = bar(size);
        let mut levels = Levels::new();
        while levels.size() < size {
            let first = levels.size();
            for (entry, index) in self.entries(first, size).await?.iter().zip(first..) {
                each(index, entry)?;
                levels.append(leaf_hash(entry));
            }
            bar.set_position(levels.size());
        }
        bar.finish_and_clear();
        if levels.root() == head.checkpoint.head.root {
            return Ok(levels);
        }
        Err(Failure::new(Exit::NotValid, format!("the entries of {} are not those its head signs", self.origin()))
            .note(format!("root of the {size} entries read: {}", levels.root()))
            .note(format!("root in the checkpoint: {}", head.checkpoint.head.root)))
    }

    /// The same without keeping the tree.
    pub(super) async fn read_roots(
        &self,
        head: &Head,
        mut each: impl FnMut(u64, &Bytes) -> Result<(), Failure>,
    ) -> Result<bool, Failure> {
        let size = head.checkpoint.head.size;
        let bar = bar(size);
        let mut edge = Frontier::empty();
        while edge.size() < size {
            let first = edge.size();
            for (entry, index) in self.entries(first, size).await?.iter().zip(first..) {
                each(index, entry)?;
                edge.append(leaf_hash(entry));
            }
            bar.set_position(edge.size());
        }
        bar.finish_and_clear();
        Ok(edge.root() == head.checkpoint.head.root)
    }
}

fn bar(size: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(size), ProgressDrawTarget::stderr_with_hz(5));
    match ProgressStyle::with_template("{bar:30} {pos}/{len} entries  {per_sec}  {eta} left") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
