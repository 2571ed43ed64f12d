//! What belongs to the copy of a node: a list in the outermost of its folders.
//!
//! A node is known by the authorities it hosts, and these stand in the list: a copy is brought up to date for one that
//! hosts every authority in it, and of nodes that host the same the history in each folder tells. The list is written
//! with nothing in it first, and last with what was copied: a copy that lost a folder, or never had it, is told by it.

use super::{of_node, of_system};
use crate::{
    cli::{
        console::{Exit, Failure},
        files,
    },
    node::DataFolder,
};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt as _,
    path::{Component, Path, PathBuf},
};

const NAME: &str = "copy.json";
const FORMAT: u32 = 1;

/// What belongs to a copy.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct List {
    format: u32,
    /// The names of its data folders.
    folders: Vec<PathBuf>,
    /// Whether the secret of the webhooks lies with the keys.
    pub(super) webhook_key: bool,
    /// An earlier version made the copy: what is there was looked for.
    #[serde(skip)]
    pub(super) is_found: bool,
}

impl List {
    /// What a copy says of itself; nothing where there is none.
    pub(super) fn read(copy: &Path) -> Result<Option<Self>, Failure> {
        let path = copy.join(NAME);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let folders = DataFolder::copied(copy).map_err(of_node)?;
                let list = Self { format: FORMAT, folders, webhook_key: false, is_found: true };
                return Ok((!list.folders.is_empty()).then_some(list));
            }
            Err(error) => return Err(of_system(&path, &error)),
        };
        let list = serde_json::from_slice::<Self>(&text).ok().filter(Self::can_be);
        list.map(Some).ok_or_else(|| {
            let error = format!("`{}` is no list of what belongs to the copy of a node", path.display());
            Failure::new(Exit::Failed, error).help("use another copy; --copy names the folder `backup make` was given")
        })
    }

    /// Whether it was written by this version, and names nothing that lies elsewhere.
    fn can_be(&self) -> bool {
        let within = |name: &PathBuf| {
            name.components().count() > 1 && name.components().all(|part| matches!(part, Component::Normal(_)))
        };
        self.format == FORMAT && self.folders.iter().all(within)
    }

    /// The names of its data folders; none where the first copying was cut off.
    pub(super) fn folders(&self) -> &[PathBuf] {
        &self.folders
    }

    /// Whether a data folder belongs to it.
    pub(super) fn has(&self, name: &Path) -> bool {
        self.folders.iter().any(|folder| folder == name)
    }

    pub(super) fn add(&mut self, name: PathBuf) {
        if !self.has(&name) {
            self.folders.push(name);
            self.folders.sort();
        }
    }

    /// Writes it into the folder of a copy, which is made if it is not there.
    pub(super) fn write(&mut self, copy: &Path) -> Result<(), Failure> {
        self.format = FORMAT;
        DirBuilder::new().recursive(true).mode(0o700).create(copy).map_err(|error| of_system(copy, &error))?;
        let text = serde_json::to_vec(self).map_err(|error| Failure::new(Exit::Failed, error))?;
        files::replace(&copy.join(NAME), &text, 0o600)
    }
}
