//! `origin list show`: what is installed, or every mistake of the folder.

use super::installed;
use crate::{
    agreement::Lists,
    cli::{Outcome, console::Console, tree::plain},
};
use serde_json::json;
use std::{collections::BTreeMap, path::PathBuf, process::ExitCode};

/// Show what a folder of lists holds, with editions and days, or every mistake in it
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Folder of lists (see docs/lists.md)
    #[arg(long, value_name = "DIR", env = "ORIGIN_LISTS")]
    lists: PathBuf,
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        let lists = installed(&self.lists)?;
        if console.is_json() {
            console.data(as_json(&lists));
        } else {
            for list in lists.codes() {
                let source = list.source().map(|source| format!("; {}", plain(source))).unwrap_or_default();
                console.data(format!("{}: {} codes, {}{source}", plain(&list.named()), list.len(), list.holds()));
            }
            for (from, into) in lists.correlations() {
                console.data(format!("what became of the codes of HS {from} in HS {into}"));
            }
            for (currencies, (count, first, last)) in rates(&lists) {
                let many = if count == 1 { "1 rate".to_owned() } else { format!("{count} rates") };
                console.data(format!("{currencies}: {many}, {first} to {last}"));
            }
            for (country, year) in lists.holidays().years() {
                console.data(format!("holidays of {country} in {year}"));
            }
        }
        for note in lists.notes() {
            console.message(plain(note));
        }
        Ok(ExitCode::SUCCESS)
    }
}

type Span = (usize, crate::time::Date, crate::time::Date);

fn rates(lists: &Lists) -> BTreeMap<String, Span> {
    let mut spans: BTreeMap<String, Span> = BTreeMap::new();
    for rate in lists.rates().iter() {
        let name = format!("{} to {}", rate.from, rate.to);
        let span = spans.entry(name).or_insert((0, rate.valid_from, rate.valid_until));
        *span = (span.0 + 1, span.1.min(rate.valid_from), span.2.max(rate.valid_until));
    }
    spans
}

fn as_json(lists: &Lists) -> serde_json::Value {
    let codes = lists.codes().map(|list| {
        json!({
            "kind": list.kind().as_str(), "edition": list.edition(), "codes": list.len(), "bytes": list.bytes(),
            "from": list.holds().from.to_string(), "until": list.holds().until.map(|until| until.to_string()),
            "source": list.source(),
        })
    });
    let rates = rates(lists).into_iter().map(|(currencies, (count, first, last))| {
        json!({ "currencies": currencies, "rates": count, "from": first.to_string(), "until": last.to_string() })
    });
    let holidays = lists.holidays().years().map(|(country, year)| json!({ "country": country, "year": year }));
    json!({
        "codes": codes.collect::<Vec<_>>(),
        "rates": rates.collect::<Vec<_>>(),
        "holidays": holidays.collect::<Vec<_>>(),
        "notes": lists.notes(),
    })
}
