//! `origin backup`: a copy of all that a node keeps, taken while it runs, looked through, and put back where it was lost.

use super::{
    Outcome, arguments, check_config,
    console::{Console, Exit, Failure},
    files,
};
use crate::{
    node::{Configuration, DataFolder, WEBHOOK_KEY, data_folder, data_folders, system::SystemRandom},
    reason::Reasoned as _,
    store::{CopyFolders, JournalOptions, JournalStore, Store as _, StoreError},
};
use clap::Subcommand;
use serde_json::json;
use std::{
    fs, io,
    path::{Path, PathBuf, absolute},
    process::ExitCode,
    sync::Arc,
};

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
/// The keys that contents are sealed under go to a folder of their own, which needs a short life: whoever has an old copy
/// of it reads what was erased since.
#[derive(Debug, clap::Args)]
struct Make {
    #[command(flatten)]
    folders: Folders,
}

/// Read a copy and say whether it is still what was made
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
/// made after the copy, and gives no numbers until it knows.
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

/// The names of the folders that a copy is of.
fn copies(copy: &Path) -> Result<Vec<PathBuf>, Failure> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut entries = entries.collect::<Vec<_>>();
        entries.sort();
        if entries.iter().any(|entry| ["copy.json", "entries", "state", "lock"].iter().any(|one| entry.ends_with(one)))
        {
            found.push(folder.to_owned());
        }
        for below in entries.iter().filter(|entry| entry.is_dir()) {
            walk(below, found);
        }
    }
    let mut found = Vec::new();
    walk(copy, &mut found);
    let names = found.into_iter().filter_map(|path| path.strip_prefix(copy).map(Path::to_owned).ok());
    let names = names.collect::<Vec<_>>();
    if names.is_empty() {
        let error = format!("there is no copy in `{}`", copy.display());
        return Err(Failure::new(Exit::Failed, error).help("origin backup make --copy DIR --keys DIR makes one"));
    }
    Ok(names)
}

impl Make {
    fn run(self, console: Console) -> Outcome {
        let configuration = self.folders.configuration()?;
        let mut copied_any = false;
        for DataFolder { name, path } in data_folders(&configuration) {
            let (copy, keys) = (self.folders.copy.join(&name), self.folders.keys.join(&name));
            let from = CopyFolders { journals: &path, keys: &path.join("keys") };
            let copied = JournalStore::copy(from, CopyFolders { journals: &copy, keys: &keys });
            let Some(copied) = copied.map_err(|error| failed(&name, &error))? else { continue };
            copied_any = true;
            if console.is_json() {
                console.data(json!({
                    "folder": name.display().to_string(),
                    "segments": copied.segments,
                    "kept": copied.kept,
                    "bytes": copied.bytes,
                }));
            } else {
                let (segments, kept) = (copied.segments, copied.kept);
                let noun = if segments == 1 { "segment" } else { "segments" };
                console.data(format!(
                    "{}: {segments} {noun} copied, {kept} there before; {} bytes",
                    name.display(),
                    copied.bytes
                ));
            }
        }
        if !copied_any {
            let error = format!("nothing is kept yet in `{}`: the node never started", configuration.data.display());
            return Err(Failure::new(Exit::Failed, error));
        }
        put_file(&configuration.data.join(WEBHOOK_KEY), &self.folders.keys.join(WEBHOOK_KEY))?;
        console.message("note: configuration, trust list and signing keys are not in it: keep copies of these apart");
        Ok(ExitCode::SUCCESS)
    }
}

impl Check {
    fn run(self, console: Console) -> Outcome {
        for name in copies(&self.copy)? {
            let checked = JournalStore::check_copy(&self.copy.join(&name)).map_err(|error| failed(&name, &error))?;
            if console.is_json() {
                let (segments, bytes) = (checked.segments, checked.bytes);
                console.data(json!({ "folder": name.display().to_string(), "segments": segments, "bytes": bytes }));
            } else {
                console.data(format!("{}: whole; {} segments", name.display(), checked.segments));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Restore {
    fn run(self, console: Console) -> Outcome {
        let configuration = self.folders.configuration()?;
        let places = self.places(&configuration)?;
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
                return Err(failed(name, &error).note("nothing was put back"));
            }
        }
        let secret = configuration.data.join(WEBHOOK_KEY);
        if !secret.exists() {
            put_file(&self.folders.keys.join(WEBHOOK_KEY), &secret)?;
        }
        console.message("note: what the node made after the copy comes back from its partners when it starts");
        Ok(ExitCode::SUCCESS)
    }

    /// What is put back, and where. All that could be in the way, or missing, is looked at before anything is written.
    fn places(&self, configuration: &Configuration) -> Result<Vec<(PathBuf, PathBuf)>, Failure> {
        let refused = |exit, error: String| Failure::new(exit, error).note("nothing was written");
        let mut places = Vec::new();
        for name in copies(&self.folders.copy)? {
            let path = data_folder(configuration, &name).ok_or_else(|| {
                let error = format!("the copy has `{}`, which the configuration does not know", name.display());
                refused(Exit::Configuration, error)
            })?;
            let keys = self.folders.keys.join(&name);
            if !keys.is_dir() {
                let error = format!("there is no `{}`: without its keys a copy says nothing", keys.display());
                return Err(refused(Exit::Failed, error).help("--keys names the folder that `backup make` was given"));
            }
            if fs::read_dir(&path).is_ok_and(|mut entries| entries.next().is_some()) {
                let failure = refused(Exit::Failed, format!("`{}` holds something already", path.display()));
                return Err(failure.help("stop the node and move the folder away; keep it until the node runs again"));
            }
            places.push((name, path));
        }
        let without = configuration.authorities.iter().find(|one| !places.iter().any(|(_, path)| *path == one.data));
        match without {
            None => Ok(places),
            Some(one) => {
                let error = format!("the copy has nothing of {}, which the configuration hosts", one.issuer);
                Err(refused(Exit::Failed, error)
                    .help("use a whole copy; an authority that is newer is added afterwards"))
            }
        }
    }

    fn put_back(&self, console: Console, name: &Path, path: &Path) -> Result<(), StoreError> {
        let (copy, keys) = (self.folders.copy.join(name), self.folders.keys.join(name));
        let (from, own) = (CopyFolders { journals: &copy, keys: &keys }, path.join("keys"));
        let copied = JournalStore::restore(from, CopyFolders { journals: path, keys: &own })?;
        let store = JournalStore::open(path, JournalOptions::default(), Arc::new(SystemRandom))?;
        let (whole, unsealed) = (store.scrub()?, store.unseal_all()?);
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
            let entries = whole.leaves;
            console.data(format!("{}: whole; {entries} entries checked, {unsealed} seals opened", name.display()));
            for (size, log) in logs {
                console.data(format!("  {log}  {size}"));
            }
        }
        Ok(())
    }
}

fn failed(name: &Path, error: &StoreError) -> Failure {
    Failure::new(Exit::Failed, format!("{}: {error}", name.display())).note(format!("reason {}", error.reason()))
}

/// Puts a file where none is, or another; what is not there is not copied.
fn put_file(from: &Path, to: &Path) -> Result<(), Failure> {
    match fs::read(from) {
        Ok(contents) => files::replace(to, &contents, 0o600),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Failure::new(Exit::Failed, format!("`{}` cannot be read: {error}", from.display()))),
    }
}
