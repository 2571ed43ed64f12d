//! `docs/agreements.md` says what stands in the files.

use super::*;
use std::fmt::Write;
use toml::Value;

/// Figures with a value, and those of them that are confirmed.
fn figures(value: &Value) -> (u32, u32) {
    let add = |(a, b): (u32, u32), (c, d): (u32, u32)| (a + c, b + d);
    match value {
        Value::Table(table) => {
            let stated = table.contains_key("value") && table.contains_key("confirmed");
            let confirmed = stated && table.get("confirmed").and_then(Value::as_bool) == Some(true);
            table.values().map(figures).fold((u32::from(stated), u32::from(confirmed)), add)
        }
        Value::Array(all) => all.iter().map(figures).fold((0, 0), add),
        _ => (0, 0),
    }
}

fn row(agreement: &Agreement, edition: &Edition) -> String {
    let forms = edition.forms.iter().map(|form| form.code.to_string()).collect::<Vec<_>>().join(", ");
    let boxes = edition.forms.iter().map(|form| match form.boxes.len() {
        0 => "unknown".to_owned(),
        count => count.to_string(),
    });
    let boxes = boxes.collect::<Vec<_>>().join(", ");
    let items = edition.forms.iter().map(|form| form.max_items.to_string()).collect::<Vec<_>>().join(", ");
    let late = &edition.retrospective;
    let window = match (late.allowed.value(), late.window_months.value()) {
        (Some(false), _) => "none".to_owned(),
        (_, Some(_)) => {
            format!("{} months", late.window_months).replace("(unconfirmed) months", "months (unconfirmed)")
        }
        (_, None) => "unknown".to_owned(),
    };
    format!(
        "| {} | {} | {}{} | {forms} ({boxes}) | {} | {} | {window} | {items} |",
        agreement.code,
        agreement.title,
        edition.in_force,
        if edition.in_force_source.is_confirmed() { "" } else { " (unconfirmed)" },
        edition.validity,
        late.unmarked_days,
    )
    .replace("no limit months", "no limit")
}

fn page() -> String {
    let mut out = String::from(
        "# Agreements\n\n\
         What stands in `node-config/agreements`, one row for each edition; `origin certificate template --agreement\n\
         CODE` prints a file to fill in, with the rest. A figure that was not read in the legal text or on the form is\n\
         *unconfirmed*: it is applied, and whoever relies on it is warned; what is *unknown* is said to be, and never\n\
         blocks. The last table counts how many of the figures stated in a file are confirmed. To correct one, change\n\
         the file in your node's folder of agreements, with its article; a new agreement is a new file there.\n\n\
         | code | name | in force | form (boxes) | usable for | days after shipment without a mark | to be had after shipment | most items |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for agreement in all().iter() {
        for edition in &agreement.editions {
            writeln!(out, "{}", row(agreement, edition)).unwrap();
        }
    }
    out.push_str("\n| file | members listed | all of them | figures confirmed |\n|---|---|---|---|\n");
    // The rules for products stand in files of their own, beside the agreement's.
    for (name, text) in files().into_iter().filter(|(name, _)| !name.ends_with(".rules.toml")) {
        let (stated, confirmed) = figures(&Value::Table(text.parse().unwrap()));
        let agreement = Agreements::load([(&name, &text)]).unwrap().iter().next().unwrap().clone();
        let (count, complete) = if agreement.parties.open {
            ("any".to_owned(), "open to every country".to_owned())
        } else {
            let complete = agreement.parties.complete.to_string().replace("true", "yes").replace("false", "no");
            (agreement.parties.members.len().to_string(), complete)
        };
        writeln!(out, "| `{name}` | {count} | {complete} | {confirmed} of {stated} |").unwrap();
    }
    out
}

#[test]
fn the_page_of_agreements_says_what_stands_in_the_files() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/agreements.md");
    let page = page();
    if std::env::var_os("WRITE_AGREEMENTS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    assert!(
        fs::read_to_string(&path).unwrap_or_default() == page,
        "docs/agreements.md differs from the files; if they were meant to change, run this test with WRITE_AGREEMENTS=1"
    );
}
