//! What stays of the demonstration, for a stranger to repeat it: certificates, trust list, anchor and agreements.

use super::{SCENES, Scene, Stage, Telling};
use crate::{
    cli::{agreements, console::Failure, files, process::failed},
    statement::Bundle,
    verification::Headline,
};
use std::{fs, path::Path};

/// What was made that somebody may want afterwards.
pub(super) struct Made<'a> {
    /// Number and bundle of each scene, as it was released.
    pub(super) issued: &'a [(String, String)],
    /// The bundle of the first once more, from when it was cancelled.
    pub(super) cancelled: &'a str,
    /// What was printed, by the file of its scene.
    pub(super) printed: &'a [(&'static str, Vec<u8>)],
}

impl Stage {
    /// Keeps it in a folder, and says which of the certificates is not what it was.
    pub(super) fn keep(
        &self,
        telling: &mut Telling,
        out: &Path,
        folder: &Path,
        made: &Made<'_>,
    ) -> Result<(), Failure> {
        fs::create_dir_all(out.join("agreements")).map_err(failed)?;
        let write = |name: String, contents: &[u8]| files::replace(&out.join(name), contents, 0o644);
        for ((_, bundle), scene) in made.issued.iter().zip(&SCENES) {
            write(format!("{}.coo.json", scene.file), bundle.as_bytes())?;
            let token = Bundle::parse(bundle.as_bytes()).map_err(failed)?.token;
            write(format!("{}.sd-jwt", scene.file), token.as_bytes())?;
        }
        for (file, pdf) in made.printed {
            write(format!("{file}.pdf"), pdf)?;
        }
        for name in ["trust-list.note", "anchor.toml"] {
            write(name.to_owned(), &fs::read(folder.join("trust").join(name)).map_err(failed)?)?;
        }
        for (name, text) in agreements::SHIPPED {
            write(format!("agreements/{name}"), text.as_bytes())?;
        }
        telling.tell(
            "keep",
            format!("certificates as they were released, trust list, anchor and agreements are in {}", out.display()),
        );
        let first = made.issued.first().zip(SCENES.first());
        let ((number, before), Scene { file, .. }) = first.ok_or_else(|| failed("nothing was issued"))?;
        write(format!("{file}.cancelled.coo.json"), made.cancelled.as_bytes())?;
        self.stranger.judge(before, self.day, Headline::Valid)?;
        self.stranger.judge(made.cancelled, self.day, Headline::Cancelled)?;
        telling.tell(
            "keep_cancelled",
            format!(
                "  {number} was cancelled since: {file}.coo.json is from before that and still says VALID, \
                 {file}.cancelled.coo.json was fetched after it and says CANCELLED"
            ),
        );
        Ok(())
    }
}
