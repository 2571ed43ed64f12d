//! A key is rotated, by the commands an operator has: the list with the new key first, then its use.

use super::{
    ground::{Country, failed},
    nodes::Running,
};
use crate::cli::{
    console::{Exit, Failure},
    files,
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The key that is new, and its name for ever.
pub(super) const NEW_KEY: &str = "statement-2";
const OLD_KEY: &str = "statement-1";
const MOST_BYTES: usize = 1 << 16;

/// Makes the key, has it listed, and gives the list to the authority's own node; `second` is where the federation's
/// second signer keeps his key.
pub(super) fn list(home: &Running, authority: &str, second: &Path, trust: &Path) -> Result<(), Failure> {
    let below = home.site.configuration.with_file_name(authority);
    let at = |name: &str| below.join(name);
    let (keys, offline) = (at("keys"), at("offline/keys"));
    let made = tempfile::tempdir().map_err(failed)?;
    let new = |name: &str| made.path().join(name);
    let host = format!("{authority}.origin.example");
    let (passphrase, offline_passphrase) = (at("keys.passphrase"), at("offline/keys.passphrase"));
    operator(|origin| {
        origin.args(["key", "new", NEW_KEY, "--use", "statement", "--issuer", &host]);
        origin.arg("--keys").arg(&keys).arg("--passphrase-file").arg(&passphrase)
    })?;
    operator(|origin| {
        origin.args(["trust", "draft", "section", "--after"]).arg(at("trust/section.note"));
        origin.arg("--keys").arg(&keys).arg("-o").arg(new("section.json"))
    })?;
    let sign = |draft: PathBuf, key: &str, folder: &Path, passphrase: &Path, signed: PathBuf| {
        operator(|origin| {
            origin.args(["trust", "sign"]).arg(draft).args(["--key", key, "--keys"]).arg(folder);
            origin.arg("--passphrase-file").arg(passphrase).arg("-o").arg(signed)
        })
    };
    sign(new("section.json"), "root", &offline, &offline_passphrase, new("section.note"))?;
    operator(|origin| {
        origin.args(["trust", "draft", "list", "--after"]).arg(trust.join("trust-list.note"));
        origin.arg("--anchor").arg(trust.join("anchor.toml"));
        origin.arg("--section").arg(new("section.note")).arg("-o").arg(new("list.json"))
    })?;
    sign(new("list.json"), "federation", &offline, &offline_passphrase, new("first.note"))?;
    let (theirs, their_passphrase) = (second.join("offline/keys"), second.join("offline/keys.passphrase"));
    sign(new("list.json"), "federation", &theirs, &their_passphrase, new("second.note"))?;
    operator(|origin| {
        origin.args(["trust", "merge"]).arg(new("first.note")).arg(new("second.note"));
        origin.arg("-o").arg(new("list.note"))
    })?;
    operator(|origin| {
        origin.args(["trust", "install"]).arg(new("list.note")).arg("--config").arg(&home.site.configuration)
    })?;
    // What strangers are given from now on.
    let list = fs::read(new("list.note")).map_err(failed)?;
    files::replace(&trust.join("trust-list.note"), &list, 0o644)
}

/// Has the node sign with the new key from its next start on.
pub(super) fn use_it(home: &Running) -> Result<(), Failure> {
    let path = &home.site.configuration;
    let text = String::from_utf8(files::read(path, MOST_BYTES, Exit::Failed)?).map_err(failed)?;
    let named = |key: &str| format!("statement_key = \"{key}\"");
    // The authority that rotates is the first of its node.
    files::replace(path, text.replacen(&named(OLD_KEY), &named(NEW_KEY), 1).as_bytes(), 0o644)
}

/// Where the first authority of a country keeps its offline keys.
pub(super) fn offline_of(node: &Running) -> Result<PathBuf, Failure> {
    let Country { cast: [first, ..], .. } = node.site.country else { return Err(failed("a country without anybody")) };
    Ok(node.site.configuration.with_file_name(first.short))
}

/// Runs a command of this program.
fn operator(arguments: impl FnOnce(&mut Command) -> &mut Command) -> Result<(), Failure> {
    let mut command = Command::new(std::env::current_exe().map_err(failed)?);
    let said = arguments(&mut command).stdin(Stdio::null()).output().map_err(failed)?;
    if said.status.success() {
        return Ok(());
    }
    let failure = Failure::new(Exit::Failed, "a command of an operator failed");
    Err(String::from_utf8_lossy(&said.stderr).lines().fold(failure, Failure::note))
}
