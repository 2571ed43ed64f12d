//! `origin backup`: a copy of all that a node keeps, taken while it runs, looked through, and put back where it was lost.

mod list;

use self::list::List;
use super::{
    Outcome, arguments, check_config,
    console::{Console, Exit, Failure},
    files,
};
use crate::{
    exchange::driver::{mark_put_back, unmark_new},
    node::{
        Configuration, DataFolder, NodeError, WEBHOOK_KEY, data_folder, data_folders,
        system::{SystemClock, SystemRandom},
    },
    reason::{Reasoned as _, counted},
    store::{Copied, CopyFolders, JournalOptions, JournalStore, Scrubbed, Store as _, StoreError},
    time::Clock as _,
};
use clap::Subcommand;
use serde_json::json;
use std::{
    fs, io,
    path::{Path, PathBuf, absolute},
    process::ExitCode,
    sync::Arc,
};
use zeroize::Zeroizing;

const NOTHING_WRITTEN: &str = "nothing was written";

/// Copy what a node keeps while it runs, and put it back
///
/// A copy has every certificate, application and account, the logs of partners and what customs did with their
/// certificates. It has no configuration, trust list or signing keys: these change seldom, and are kept apart.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Make(Make),
    Check(Check),
    Restore(Restore),
}

/// Copy what the node of a configuration keeps, or bring an earlier copy up to date
///
/// The node may run: what was acknowledged before the command began is in the copy. Only segments that grew are written.
/// A copy of another node, or of a later time, is left as it is, and so are its keys.
/// The keys that contents are sealed under go to a folder of their own, which needs a short life: whoever has an old copy
/// of it reads what was erased since.
#[derive(Debug, clap::Args)]
struct Make {
    #[command(flatten)]
    folders: Folders,
}

/// Read a copy and say whether all of it is still what was made
#[derive(Debug, clap::Args)]
struct Check {
    /// Where the copy is
    #[arg(long, value_name = "DIR")]
    copy: PathBuf,
}

/// Put a copy back, where nothing is
///
/// Everything is read and checked, from the first entry to the signed head of each log, and every seal is opened. Nothing
/// is written over: a folder that is damaged is moved away first. When the node starts it asks its partners for what it
/// signed after the copy, and gives no numbers until all have told. What customs told the issuers counts again then.
/// Accounts, reserved blocks of numbers and applications from after the copy do not come back.
#[derive(Debug, clap::Args)]
struct Restore {
    #[command(flatten)]
    folders: Folders,
}

#[derive(Debug, clap::Args)]
struct Folders {
    /// The node's configuration [env: ORIGIN_CONFIG] [default: node.toml]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where the copy is
    #[arg(long, value_name = "DIR")]
    copy: PathBuf,
    /// Where the copy of the keys is
    #[arg(long, value_name = "DIR")]
    keys: PathBuf,
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        match self.command {
            Command::Make(arguments) => arguments.run(console),
            Command::Check(arguments) => arguments.run(console),
            Command::Restore(arguments) => arguments.run(console),
        }
    }
}

impl Folders {
    /// The node's configuration; refuses folders that lie within one another.
    fn configuration(&self) -> Result<Configuration, Failure> {
        let file = self.config.clone().or_else(arguments::configuration_of_environment);
        let configuration = check_config::load(&file.unwrap_or_else(|| PathBuf::from("node.toml")))?;
        let own = configuration.authorities.iter().map(|one| &one.data).chain([&configuration.data]);
        let own = own.chain(configuration.partner.as_ref().map(|partner| &partner.data));
        let pairs = own.flat_map(|own| [(&self.copy, own), (&self.keys, own)]).chain([(&self.copy, &self.keys)]);
        for (one, other) in pairs {
            let (here, there) = (resolved(one)?, resolved(other)?);
            if here.starts_with(&there) || there.starts_with(&here) {
                let error = format!("`{}` and `{}` lie in one another", one.display(), other.display());
                return Err(Failure::new(Exit::Usage, error)
                    .help("what the node keeps, its copy and the copy of the keys each have a folder of their own"));
            }
        }
        Ok(configuration)
    }
}

/// Where a path leads, as far as there is anything.
fn resolved(path: &Path) -> Result<PathBuf, Failure> {
    let path = absolute(path).map_err(|error| Failure::new(Exit::Failed, error))?;
    for above in path.ancestors() {
        if let (Ok(there), Ok(rest)) = (above.canonicalize(), path.strip_prefix(above)) {
            return Ok(there.join(rest));
        }
    }
    Ok(path)
}

/// What belongs to a copy that was finished.
fn listed(copy: &Path) -> Result<List, Failure> {
    let refused = |error: String| {
        Err(Failure::new(Exit::Failed, error).help("origin backup make --copy DIR --keys DIR makes one"))
    };
    match List::read(copy)? {
        None => refused(format!("there is no copy in `{}`", copy.display())),
        Some(list) if list.folders().is_empty() => {
            refused(format!("the copy in `{}` was never finished", copy.display()))
        }
        Some(list) => Ok(list),
    }
}

impl Make {
    fn run(self, console: Console) -> Outcome {
        let configuration = self.folders.configuration()?;
        let Folders { copy, keys, .. } = &self.folders;
        let old = List::read(copy)?;
        let begun = self.begun(&configuration, old.as_ref())?;
        // One that is cut off is known for no whole one.
        let mut list = match old {
            Some(list) if !list.is_found => list,
            found => {
                let mut first = found.unwrap_or_default();
                first.write(copy)?;
                first
            }
        };
        for DataFolder { name, path } in begun {
            let from = CopyFolders { journals: &path, keys: &path.join("keys") };
            let to = CopyFolders { journals: &copy.join(&name), keys: &keys.join(&name) };
            let Some(copied) = JournalStore::copy(from, to).map_err(|error| failed(&name, error))? else { continue };
            say(console, &name, copied);
            list.add(name);
        }
        list.webhook_key |= put_file(&configuration.data.join(WEBHOOK_KEY), &keys.join(WEBHOOK_KEY))?;
        list.write(copy)?;
        console.message("note: configuration, trust list and signing keys are not in it: keep copies of these apart");
        Ok(ExitCode::SUCCESS)
    }

    /// The data folders there are. All that stands where they go is held against them before anything is written.
    fn begun(&self, configuration: &Configuration, old: Option<&List>) -> Result<Vec<DataFolder>, Failure> {
        let Folders { copy, keys, .. } = &self.folders;
        let refused = |error: String| Failure::new(Exit::Failed, error).note(NOTHING_WRITTEN);
        let there = DataFolder::copied(copy).map_err(of_node)?;
        let mut names = old.map(List::folders).unwrap_or_default().iter().chain(&there);
        if let Some(name) = names.find(|name| data_folder(configuration, name).is_none()) {
            let (copy, name) = (copy.display(), name.display());
            let error =
                format!("`{copy}` is the copy of another node: it has `{name}`, which the configuration does not know");
            return Err(refused(error).help("name another folder for the copy of this node"));
        }
        let mut begun = Vec::new();
        for folder in data_folders(configuration).map_err(of_node)? {
            let DataFolder { name, path } = &folder;
            let from = CopyFolders { journals: path, keys: &path.join("keys") };
            let to = CopyFolders { journals: &copy.join(name), keys: &keys.join(name) };
            if JournalStore::may_copy(from, to).map_err(|error| failed(name, error).note(NOTHING_WRITTEN))? {
                begun.push(folder);
            } else if old.is_some_and(|old| old.has(name)) {
                let (name, path) = (name.display(), path.display());
                let error = format!("the copy has `{name}`, and in `{path}` nothing is kept any more");
                return Err(
                    refused(error).help("put the copy back, or name another folder for the copy of what is left")
                );
            }
        }
        if begun.is_empty() {
            let error = format!("nothing is kept yet in `{}`: the node never started", configuration.data.display());
            return Err(Failure::new(Exit::Failed, error));
        }
        let (own, other) = (configuration.data.join(WEBHOOK_KEY), keys.join(WEBHOOK_KEY));
        if let (Some(one), Some(another)) = (contents(&own)?, contents(&other)?)
            && *one != *another
        {
            let error = format!(
                "`{}` is not the secret in `{}`: these are keys of another node",
                other.display(),
                own.display()
            );
            return Err(refused(error).help("name another folder for the keys of this node"));
        }
        Ok(begun)
    }
}

fn say(console: Console, name: &Path, Copied { segments, kept, bytes }: Copied) {
    let name = name.display();
    if console.is_json() {
        let folder = name.to_string();
        console.data(json!({ "folder": folder, "segments": segments, "kept": kept, "bytes": bytes }));
    } else {
        let segments = counted(segments, "segment", "segments");
        console.data(format!("{name}: {segments} copied, {kept} there before; {bytes} bytes"));
    }
}

impl Check {
    fn run(self, console: Console) -> Outcome {
        let list = listed(&self.copy)?;
        for name in list.folders() {
            let checked = JournalStore::check_copy(&self.copy.join(name)).map_err(|error| failed(name, error))?;
            if console.is_json() {
                let (segments, bytes) = (checked.segments, checked.bytes);
                console.data(json!({ "folder": name.display().to_string(), "segments": segments, "bytes": bytes }));
            } else {
                let segments = counted(checked.segments, "segment", "segments");
                console.data(format!("{}: whole; {segments}", name.display()));
            }
        }
        if list.is_found {
            console.message("note: an earlier version made it: whether a folder is missing, it does not say");
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Restore {
    fn run(self, console: Console) -> Outcome {
        let configuration = self.folders.configuration()?;
        let places = self.places(&configuration)?;
        // The folder may be that of `origin init` on another machine.
        if let Some(partner) = &configuration.partner {
            unmark_new(&partner.data).map_err(|error| of_system(&partner.data, &error))?;
        }
        let mut begun = Vec::new();
        for (name, path) in &places {
            begun.push(path);
            if let Err(error) = self.put_back(console, name, path) {
                // All of these were not there when it began.
                for path in begun {
                    fs::remove_dir_all(path).or_else(|error| match error.kind() {
                        io::ErrorKind::NotFound => Ok(()),
                        _ => Err(Failure::new(Exit::Failed, format!("`{}` is left: {error}", path.display()))),
                    })?;
                }
                return Err(failed(name, error).note("nothing was put back"));
            }
        }
        let secret = configuration.data.join(WEBHOOK_KEY);
        if !is_there(&secret)? {
            put_file(&self.folders.keys.join(WEBHOOK_KEY), &secret)?;
        }
        console.message(match configuration.partner {
            Some(_) => "note: what it signed after the copy comes back from its partners, as far as they have it",
            None => "note: what it signed after the copy does not come back: it has no partners to ask",
        });
        console.message("note: accounts, reserved blocks of numbers and applications after it do not come back");
        Ok(ExitCode::SUCCESS)
    }

    /// What is put back, and where. All that could be in the way, or missing, is looked at before anything is written.
    fn places(&self, configuration: &Configuration) -> Result<Vec<(PathBuf, PathBuf)>, Failure> {
        let refused = |exit, error: String| Failure::new(exit, error).note(NOTHING_WRITTEN);
        let Folders { copy, keys: all_keys, .. } = &self.folders;
        let list = listed(copy)?;
        let mut places = Vec::new();
        for name in list.folders() {
            let path = data_folder(configuration, name).ok_or_else(|| {
                let error = format!("the copy has `{}`, which the configuration does not know", name.display());
                refused(Exit::Configuration, error).help("--config names the configuration of the node that was copied")
            })?;
            if !is_there(&copy.join(name))? {
                let error = format!("the copy lost `{}`, which belongs to it", name.display());
                return Err(refused(Exit::Failed, error).help("use another copy"));
            }
            let keys = all_keys.join(name);
            if !is_there(&keys)? {
                let error = format!("there is no `{}`: without its keys a copy says nothing", keys.display());
                return Err(refused(Exit::Failed, error).help("--keys names the folder that `backup make` was given"));
            }
            let holds_something = match fs::read_dir(&path).map(|mut entries| entries.next().is_some()) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => false,
                read => read.map_err(|error| of_system(&path, &error))?,
            };
            if holds_something {
                let failure = refused(Exit::Failed, format!("`{}` holds something already", path.display()));
                return Err(failure.help("stop the node and move the folder away; keep it until the node runs again"));
            }
            places.push((name.clone(), path));
        }
        if let Some(one) =
            configuration.authorities.iter().find(|one| !places.iter().any(|(_, path)| *path == one.data))
        {
            let error = format!("the copy has nothing of {}, which the configuration hosts", one.issuer);
            return Err(
                refused(Exit::Failed, error).help("use a whole copy; an authority that is newer is added afterwards")
            );
        }
        let (secret, copied) = (configuration.data.join(WEBHOOK_KEY), all_keys.join(WEBHOOK_KEY));
        if list.webhook_key && !is_there(&copied)? && !is_there(&secret)? {
            let error = format!("there is no `{}`, which belongs to the copy", copied.display());
            return Err(refused(Exit::Failed, error).help(format!(
                "use another copy of the keys; where there is none, make `{}` anew, 64 random hexadecimal digits: \
                 receivers of webhooks then need their new secrets",
                secret.display()
            )));
        }
        Ok(places)
    }

    fn put_back(&self, console: Console, name: &Path, path: &Path) -> Result<(), StoreError> {
        let (copy, keys) = (self.folders.copy.join(name), self.folders.keys.join(name));
        let (from, own) = (CopyFolders { journals: &copy, keys: &keys }, path.join("keys"));
        let copied = JournalStore::restore(from, CopyFolders { journals: path, keys: &own })?;
        let (store, whole, unsealed) = opened(path).map_err(|error| JournalStore::of_copy(error, from, path))?;
        let folder = DataFolder { name: name.to_owned(), path: path.to_owned() };
        if !folder.is_of_partner() {
            mark_put_back(&store, SystemClock.now())?;
        }
        let logs = store.logs().into_iter().map(|log| (store.head(&log).map_or(0, |head| head.head.size), log));
        if console.is_json() {
            let logs = logs.map(|(size, log)| json!({ "log": log.to_string(), "size": size })).collect::<Vec<_>>();
            console.data(json!({
                "folder": name.display().to_string(),
                "bytes": copied.bytes,
                "entries": whole.leaves,
                "unsealed": unsealed,
                "logs": logs,
            }));
        } else {
            let (entries, seals) = (counted(whole.leaves, "entry", "entries"), counted(unsealed, "seal", "seals"));
            console.data(format!("{}: whole; {entries} checked, {seals} opened", name.display()));
            for (size, log) in logs {
                console.data(format!("  {log}  {size}"));
            }
        }
        Ok(())
    }
}

/// A data folder that was put back, with all that it holds read and every seal opened.
fn opened(path: &Path) -> Result<(JournalStore, Scrubbed, u64), StoreError> {
    let store = JournalStore::open(path, JournalOptions::default(), Arc::new(SystemRandom))?;
    let (whole, unsealed) = (store.scrub()?, store.unseal_all()?);
    Ok((store, whole, unsealed))
}

fn failed(name: &Path, error: StoreError) -> Failure {
    let failure =
        Failure::new(Exit::Failed, format!("{}: {error}", name.display())).note(format!("reason {}", error.reason()));
    if let StoreError::Io { source, .. } = &error { helped(failure, source) } else { failure }
}

/// That a configuration's folders could not be looked at.
fn of_node(error: NodeError) -> Failure {
    match error {
        NodeError::File { path, source } => of_system(&path, &source),
        other => Failure::new(Exit::Failed, other),
    }
}

/// What the system refused.
fn of_system(path: &Path, error: &io::Error) -> Failure {
    helped(Failure::new(Exit::Failed, format!("`{}`: {error}", path.display())), error)
}

fn helped(failure: Failure, error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::PermissionDenied => failure.help("run it as the user that the node runs as"),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            failure.help("make room on that disk, and give the command again")
        }
        _ => failure,
    }
}

/// Whether something is there. What may not be looked at is not taken for nothing.
fn is_there(path: &Path) -> Result<bool, Failure> {
    path.try_exists().map_err(|error| of_system(path, &error))
}

/// What a secret file holds; nothing where there is none.
fn contents(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
    match fs::read(path) {
        Ok(contents) => Ok(Some(Zeroizing::new(contents))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(of_system(path, &error)),
    }
}

/// Puts a file where none is, or another; says whether there was one to copy.
fn put_file(from: &Path, to: &Path) -> Result<bool, Failure> {
    let contents = contents(from)?;
    if let Some(contents) = &contents {
        files::replace(to, contents, 0o600)?;
    }
    Ok(contents.is_some())
}
