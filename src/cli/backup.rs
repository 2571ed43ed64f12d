//! `origin backup`: a copy of all that a node keeps, taken while it runs, and put back where it was lost.

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
    path::{Path, PathBuf},
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
    Restore(Restore),
}

/// Copy what the node of a configuration keeps, or bring an earlier copy up to date
///
/// The node may run: what was acknowledged before the command began is in the copy. Only what is new is written. The keys
/// that contents are sealed under go to a folder of their own, which needs a short life: whoever has an old copy of it
/// reads what was erased since.
#[derive(Debug, clap::Args)]
struct Make {
    #[command(flatten)]
    folders: Folders,
}

/// Put a copy back, where nothing is
///
/// Everything is read and checked, from the first entry to the signed head of each log. Nothing is written over: a folder
/// that is damaged is moved away first. When the node starts it asks its partners for what it made after the copy, and
/// gives no numbers until it knows.
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
            Command::Restore(arguments) => arguments.run(console),
        }
    }
}

impl Folders {
    fn configuration(&self) -> Result<Configuration, Failure> {
        let file = self.config.clone().or_else(arguments::configuration_of_environment);
        check_config::load(&file.unwrap_or_else(|| PathBuf::from("node.toml")))
    }

    /// The copies that are there, by the names of their folders.
    fn copies(&self) -> Vec<PathBuf> {
        fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
            let entries = fs::read_dir(folder).into_iter().flatten().flatten();
            let mut folders: Vec<_> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
            folders.sort();
            if folders.iter().any(|folder| folder.ends_with("entries")) {
                found.push(folder.to_owned());
            } else {
                for folder in &folders {
                    walk(folder, found);
                }
            }
        }
        let mut found = Vec::new();
        walk(&self.copy, &mut found);
        found.into_iter().filter_map(|path| path.strip_prefix(&self.copy).map(Path::to_owned).ok()).collect()
    }
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
        let secret = configuration.data.join(WEBHOOK_KEY);
        put_file(&secret, &self.folders.keys.join(WEBHOOK_KEY))?;
        console.message("note: configuration, trust list and signing keys are not in it: keep copies of these apart");
        Ok(ExitCode::SUCCESS)
    }
}

impl Restore {
    fn run(self, console: Console) -> Outcome {
        let configuration = self.folders.configuration()?;
        let copies = self.folders.copies();
        if copies.is_empty() {
            let error = format!("there is no copy in `{}`", self.folders.copy.display());
            return Err(Failure::new(Exit::Failed, error).help("origin backup make --copy DIR --keys DIR makes one"));
        }
        // Everything that could be in the way is looked at before anything is written.
        let mut places = Vec::new();
        for name in copies {
            let path = data_folder(&configuration, &name).ok_or_else(|| {
                let error = format!("the copy has `{}`, which the configuration does not know", name.display());
                Failure::new(Exit::Configuration, error).note("nothing was written")
            })?;
            if path.join("state").exists() || path.join("entries").exists() {
                let error = format!("`{}` holds something already", path.display());
                let failure = Failure::new(Exit::Failed, error).note("nothing was written");
                return Err(failure.help("stop the node and move the folder away; keep it until the node runs again"));
            }
            places.push((name, path));
        }
        for (name, path) in places {
            let (copy, keys) = (self.folders.copy.join(&name), self.folders.keys.join(&name));
            let (from, own) = (CopyFolders { journals: &copy, keys: &keys }, path.join("keys"));
            let copied = JournalStore::copy(from, CopyFolders { journals: &path, keys: &own });
            let Some(copied) = copied.map_err(|error| failed(&name, &error))? else { continue };
            let opened = JournalStore::open(&path, JournalOptions::default(), Arc::new(SystemRandom));
            let store = opened.map_err(|error| failed(&name, &error))?;
            let whole = store.scrub().map_err(|error| failed(&name, &error))?;
            let logs = store.logs().into_iter().map(|log| (store.head(&log).map_or(0, |head| head.head.size), log));
            let logs = logs.collect::<Vec<_>>();
            if console.is_json() {
                let logs = logs.iter().map(|(size, log)| json!({ "log": log.to_string(), "size": size }));
                console.data(json!({
                    "folder": name.display().to_string(),
                    "bytes": copied.bytes,
                    "entries": whole.leaves,
                    "logs": logs.collect::<Vec<_>>(),
                }));
            } else {
                console.data(format!("{}: whole; {} entries checked", name.display(), whole.leaves));
                for (size, log) in logs {
                    console.data(format!("  {log}  {size}"));
                }
            }
        }
        put_file(&self.folders.keys.join(WEBHOOK_KEY), &configuration.data.join(WEBHOOK_KEY))?;
        console.message("note: what the node made after the copy comes back from its partners when it starts");
        Ok(ExitCode::SUCCESS)
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
