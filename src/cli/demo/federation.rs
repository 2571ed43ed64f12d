//! What operators and the federation's signers do, by the commands they have: a key is rotated, a country joins.

use super::{
    ground::{Cast, Site},
    nodes::Running,
};
use crate::cli::{
    console::Failure,
    files,
    process::{failed, operator},
};
use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

/// Where a list is signed by others than its drafter, and where strangers are given it from.
pub(super) struct Federation<'a> {
    /// The offline folder of a second signer.
    pub(super) second: PathBuf,
    /// The trust of strangers.
    pub(super) strangers: &'a Path,
}

/// The key that is new, and its name for ever.
pub(super) const NEW_KEY: &str = "statement-2";

/// Makes the key, has it listed by root and signers, says so to everyone, and has the configuration name it.
pub(super) fn rotate(home: &Running, cast: &Cast, federation: &Federation<'_>) -> Result<(), Failure> {
    let below = home.site.home.join(cast.short);
    let rotate = |offline: Option<PathBuf>| {
        operator(|origin| {
            origin.args(["key", "rotate", "--issuer", &cast.host(), "--config"]).arg(&home.site.configuration);
            origin.args(offline.into_iter().flat_map(|folder| [OsString::from("--offline"), folder.into()]))
        })
        .map(drop)
    };
    rotate(Some(below.join("offline")))?;
    let made = tempfile::tempdir().map_err(failed)?;
    let signed = made.path().join("signed.note");
    sign(&home.site.home.join("trust/next/list.json"), &federation.second, &signed)?;
    install(home, &signed, federation)?;
    rotate(None)
}

/// Has the newcomer's node and customs named in the next list, which a node of the federation takes; the newcomer
/// begins with that list.
pub(super) fn admit(home: &Running, newcomer: &Site, federation: &Federation<'_>) -> Result<(), Failure> {
    let (its, own) = (newcomer.first()?, home.site.first()?);
    let made = tempfile::tempdir().map_err(failed)?;
    let at = |name: &str| made.path().join(name);
    operator(|origin| {
        origin.args(["partner", "add"]).arg(its.join("trust/node.json"));
        origin.arg("--section").arg(its.join("trust/section.note"));
        origin.arg("--config").arg(&home.site.configuration).arg("-o").arg(at("list.json"))
    })?;
    sign(&at("list.json"), &own.join("offline"), &at("first.note"))?;
    sign(&at("list.json"), &federation.second, &at("second.note"))?;
    operator(|origin| {
        origin.args(["trust", "merge"]).arg(at("first.note")).arg(at("second.note")).arg("-o").arg(at("list.note"))
    })?;
    install(home, &at("list.note"), federation)?;
    for name in ["trust-list.note", "anchor.toml"] {
        let given = fs::read(federation.strangers.join(name)).map_err(failed)?;
        files::replace(&newcomer.home.join("trust").join(name), &given, 0o644)?;
    }
    Ok(())
}

/// A federation signer signs a list.
fn sign(draft: &Path, offline: &Path, signed: &Path) -> Result<(), Failure> {
    operator(|origin| {
        origin.args(["trust", "sign"]).arg(draft).args(["--key", "federation", "--keys"]).arg(offline.join("keys"));
        origin.arg("--passphrase-file").arg(offline.join("keys.passphrase")).arg("-o").arg(signed)
    })
    .map(drop)
}

/// A running node takes a list, and strangers are given it.
fn install(home: &Running, list: &Path, federation: &Federation<'_>) -> Result<(), Failure> {
    operator(|origin| origin.args(["trust", "install"]).arg(list).arg("--config").arg(&home.site.configuration))?;
    let list = fs::read(list).map_err(failed)?;
    files::replace(&federation.strangers.join("trust-list.note"), &list, 0o644)
}
