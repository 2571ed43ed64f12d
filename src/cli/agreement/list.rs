//! `origin agreement list`: which agreements are held, and how far their rules are.

use crate::{
    agreement::Agreement,
    cli::{Outcome, agreements, console::Console},
};
use serde_json::json;
use std::{path::PathBuf, process::ExitCode};

/// List the agreements held here, their editions, and whether rules of origin are held for them
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Folder of agreement files [default: those that come with the program]
    #[arg(long, value_name = "DIR")]
    agreements: Option<PathBuf>,
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        let agreements = agreements::load(self.agreements.as_deref())?;
        let width = agreements.iter().map(|one| one.code.as_str().len()).max().unwrap_or_default();
        for agreement in agreements.iter() {
            if console.is_json() {
                console.data(as_json(agreement));
                continue;
            }
            let editions = agreement.editions.iter().map(|one| one.code.as_str()).collect::<Vec<_>>().join(", ");
            let rules = match &agreement.rules {
                Some(rules) => {
                    let count = rules.editions.iter().map(|one| one.general.len() + one.products.len()).sum::<usize>();
                    format!("{count} rules of origin")
                }
                None => "its rules of origin are not held here".to_owned(),
            };
            console.data(format!(
                "{:width$}  {}  (edition {editions}; {rules})",
                agreement.code.as_str(),
                agreement.title
            ));
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn as_json(agreement: &Agreement) -> serde_json::Value {
    let rules = agreement.rules.iter().flat_map(|rules| &rules.editions);
    json!({
        "code": agreement.code,
        "title": agreement.title,
        "preferential": agreement.preferential,
        "editions": agreement.editions.iter().map(|one| one.code.as_str()).collect::<Vec<_>>(),
        "rules": rules
            .map(|one| json!({ "edition": one.of, "general": one.general.len(), "products": one.products.len() }))
            .collect::<Vec<_>>(),
    })
}
