//! `origin list search`: codes by their beginning and by words.

use super::installed;
use crate::{
    agreement::CodeKind,
    cli::{
        Outcome, arguments,
        console::{Colour, Console, Exit, Failure},
        tree::plain,
    },
    node::system::SystemClock,
    time::{Clock, Date, ZoneName},
};
use serde_json::json;
use std::{path::PathBuf, process::ExitCode};

/// Search a list of codes by the beginning of a code or by words
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Characters a code begins with, or words its name has
    #[arg(value_name = "WORDS", required = true)]
    words: Vec<String>,
    #[arg(
        long,
        value_name = "KIND",
        default_value = "hs",
        help = arguments::one_of("Which codes", CodeKind::ALL.iter().map(|one| one.as_str()))
    )]
    kind: CodeKind,
    /// Folder of lists (see docs/lists.md)
    #[arg(long, value_name = "DIR", env = "ORIGIN_LISTS")]
    lists: PathBuf,
    /// The day of issue: the edition that holds on it is searched [default: today, UTC]
    #[arg(long, value_name = "DATE", value_parser = arguments::date)]
    on: Option<Date>,
    /// An edition to search in place of that one, such as 2017
    #[arg(long, value_name = "EDITION")]
    edition: Option<String>,
    /// How many codes are shown at most
    #[arg(long, value_name = "N", value_parser = arguments::rows, default_value = "50")]
    most: usize,
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        let lists = installed(&self.lists)?;
        let on = match self.on {
            Some(on) => on,
            None => ZoneName::utc().date_at(SystemClock.now()),
        };
        let list = match &self.edition {
            Some(edition) => lists.edition(self.kind, edition),
            None => lists.of(self.kind, on),
        };
        let list = list.ok_or_else(|| {
            let which = self.edition.as_ref().map(|edition| format!(" of edition {edition}")).unwrap_or_default();
            Failure::new(Exit::Failed, format!("no list of {}{which} is installed", self.kind.name()))
                .help("see what is: origin list show")
        })?;
        let words = self.words.join(" ");
        let found = list.search(&words);
        if found.is_empty() {
            let error = format!("nothing in {} fits `{}`", list.named(), plain(&words));
            return Err(Failure::new(Exit::Failed, error).help("try fewer words, or the beginning of a word"));
        }
        for one in found.iter().take(self.most) {
            if console.is_json() {
                console.data(json!({
                    "code": one.code, "name": one.name, "detail": one.detail,
                    "kind": list.kind().as_str(), "edition": list.edition(),
                }));
            } else {
                let detail = if one.detail.is_empty() { String::new() } else { format!("  ({})", plain(one.detail)) };
                console.data(format!("{:6}  {}{}", one.code, plain(one.name), console.paint(Colour::Dim, &detail)));
            }
        }
        let more = found.len().saturating_sub(self.most);
        let more = if more > 0 { format!("; and {more} more, see --most") } else { String::new() };
        console.message(format!("{}, {}{more}", list.named(), list.holds()));
        if self.edition.is_none() && !list.holds().covers(on) {
            console.message(format!(
                "no list of {} that is installed holds on {on}: this one is nearest",
                self.kind.name()
            ));
        }
        Ok(ExitCode::SUCCESS)
    }
}
