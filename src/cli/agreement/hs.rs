//! `origin agreement hs`: codes of the Harmonized System by number and by words.

use crate::{
    agreement::{Nomenclature, Nomenclatures},
    certificate::HsEdition,
    cli::{
        Outcome,
        console::{Console, Exit, Failure},
        files,
        tree::plain,
    },
};
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Bytes of one list.
const MOST_BYTES: usize = 1 << 24;

/// Search a list of the Harmonized System by code or by words
///
/// The list is CSV with the columns `hscode` and `description`; its name says its edition, such as hs2022.csv.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Digits a code begins with, or words its description has
    #[arg(value_name = "WORDS", required = true)]
    words: Vec<String>,
    /// The list, hs<edition>.csv
    #[arg(long, value_name = "FILE")]
    list: PathBuf,
    /// How many codes are shown at most
    #[arg(long, value_name = "N", default_value = "50")]
    most: usize,
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        let list = open(&self.list)?;
        let words = self.words.join(" ");
        let found = list.search(&words);
        if found.is_empty() {
            let error = format!("nothing in HS {} fits `{}`", list.edition(), plain(&words));
            return Err(Failure::new(Exit::Failed, error).help("try fewer words, or the beginning of a word"));
        }
        for (code, text) in found.iter().take(self.most) {
            if console.is_json() {
                console.data(json!({ "code": code, "description": text, "edition": list.edition() }));
            } else {
                console.data(format!("{code:6}  {}", plain(text)));
            }
        }
        if found.len() > self.most {
            console.message(format!("and {} more; see --most", found.len() - self.most));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Opens lists.
pub(super) fn open_all(paths: &[PathBuf]) -> Result<Nomenclatures, Failure> {
    paths.iter().map(|path| open(path)).collect::<Result<Vec<_>, _>>().map(Nomenclatures::new)
}

fn open(path: &Path) -> Result<Nomenclature, Failure> {
    let name = path.file_stem().map(|stem| stem.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let edition = name.strip_prefix("hs").and_then(|year| year.parse::<HsEdition>().ok()).ok_or_else(|| {
        Failure::new(Exit::Failed, format!("`{}` does not say which edition it is of", path.display()))
            .help("name it by its edition, such as hs2022.csv")
    })?;
    let text = files::read_text(path, MOST_BYTES, Exit::Failed)?;
    Nomenclature::read_csv(edition, &path.display().to_string(), &text).map_err(|errors| {
        let failure = Failure::new(Exit::Failed, "the list of the Harmonized System cannot be used as it stands");
        errors.to_string().lines().fold(failure, Failure::note)
    })
}
