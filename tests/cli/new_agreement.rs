//! A new agreement is a new file, never code: from the template to a verified certificate.

use crate::{
    node::{Running, lines},
    process::today,
    support::{folder, origin, text, write},
};
use std::fs;

/// An agreement nobody has heard of, with its own form, criterion, number, mark and end.
const PAMIR: &str = r#"
format = 1
code = "PAMIR"
title = "Pamir Trade Arrangement"
preferential = true

[parties]
complete = { value = true, article = "Art. 1", confirmed = true }
members = [
    { country = "PK", article = "Art. 1", confirmed = true },
    { country = "CN", article = "Art. 1", confirmed = true },
]

[[editions]]
code = "2026"
in_force = { value = { from = "2026-01-01" }, article = "Art. 30", confirmed = true }
validity = { value = { months = 3, last_day = "day_before" }, article = "Art. 9", confirmed = true }
registered_exporter = { value = false, article = "Art. 7", confirmed = true }

[[editions.forms]]
code = "PAMIR-1"
article = "Annex 2"
confirmed = true
boxes = [
    { number = 1, title = "Sender", shows = ["exporter"] },
    { number = 2, title = "Receiver", shows = ["consignee"] },
    { number = 3, title = "Goods", shows = ["item", "packages", "description", "hs_code", "gross_weight"] },
    { number = 4, title = "Why they originate", shows = ["criterion"] },
    { number = 5, title = "Remarks", shows = ["remarks"] },
    { number = 6, title = "Stamp", shows = ["certification"] },
]
max_items = { value = 1, article = "Annex 2, box 3", confirmed = true }
fob = { value = "never", article = "Annex 2", confirmed = true }

[[editions.criteria]]
code = "GROWN"
meaning = "grown above 3,000 metres"
printed = { value = "HIGH {heading}", article = "Annex 2, box 4", confirmed = true }

[editions.hs]
edition = { value = "2022", article = "Annex 1", confirmed = true }
digits = { value = 4, article = "Annex 2, box 3", confirmed = true }

[[editions.numbers]]
country = "PK"
pattern = { value = 'PAMIR/PK/CN/[0-9]{2}/[A-Z]{3}/[0-9]{3}', article = "Annex 3", confirmed = true }
series = { value = "PAMIR/{from}/{to}/{yy}/{office:3}/{serial:3}", article = "Annex 3", confirmed = true }

[editions.retrospective]
counted_to = { value = "issue", article = "Art. 10", confirmed = true }
unmarked_days = { value = 0, article = "Art. 10", confirmed = true }
window_months = { value = 2, article = "Art. 10", confirmed = true }
wording = { value = "AFTER THE SNOW", article = "Art. 10", confirmed = true }
printed_in_box = { value = 5, article = "Art. 10", confirmed = true }
reason_required = { value = false, article = "Art. 10", confirmed = true }
"#;

/// The template with every empty text that must be given filled.
fn filled(template: &str) -> String {
    let yesterday = today().yesterday().unwrap().to_string();
    let mut values = [
        "PK",
        "CN",
        "Lahore",
        "LHE",
        "Authority",
        "Hunza Orchards",
        "Gilgit",
        "PK",
        "Kashgar Fruit",
        "Kashgar",
        "CN",
        &yesterday,
        "Apricots",
        "BX",
        "081310",
        "GROWN",
        "10",
    ]
    .into_iter();
    let mut out = String::new();
    for line in template.lines().filter(|line| !line.starts_with('#')) {
        let mut line = line.split_once("  #").map_or(line, |(code, _)| code).replace("planned", "actual");
        while let Some(at) = line.find("\"\"") {
            line.replace_range(at..at + 2, &format!("\"{}\"", values.next().unwrap()));
        }
        out.push_str(&line);
        out.push('\n');
    }
    assert_eq!(values.next(), None, "{template}");
    out
}

#[test]
fn a_new_file_is_all_a_new_agreement_takes() {
    let rules = folder();
    write(rules.path(), "pamir.toml", PAMIR);
    let rules = text(rules.path());
    let template = origin(&["certificate", "template", "--agreement", "PAMIR", "--agreements", rules]).good().out;
    assert!(template.contains("months after shipment in which a certificate may be had: 2 [Art. 10]"), "{template}");
    assert!(template.contains("[exporter.party]  # box 1"), "{template}");

    let node = Running::start_with(|node| {
        write(&node.join("agreements"), "pamir.toml", PAMIR);
        let config = fs::read_to_string(node.join("node.toml")).unwrap();
        fs::write(node.join("node.toml"), config.replace("agreements = [\"", "agreements = [\"PAMIR\", \"")).unwrap();
    });
    let file = write(&node.folder, "apricots.toml", &filled(&template));
    let lists = node.folder.join("lists");
    fs::create_dir(&lists).unwrap();
    write(&lists, "hs.csv", "hscode,description\n081310,Apricots; dried\n");
    let names =
        "format = 1\n[[lists]]\nkind = \"hs\"\nedition = \"2022\"\nfiles = [\"hs.csv\"]\nfrom = \"2022-01-01\"\n";
    write(&lists, "lists.toml", names);
    let checked = origin(&["certificate", "check", text(&file), "--agreements", rules, "--lists", text(&lists)]);
    assert!(checked.out.starts_with("nothing to say against it"), "{}", checked.out);
    let two = fs::read_to_string(&file).unwrap().replace("code = \"GROWN\"", "code = \"WO\"");
    let wrong = write(&node.folder, "wrong.toml", &two);
    let refused = origin(&["certificate", "check", text(&wrong), "--agreements", rules]);
    assert!(refused.out.contains("GROWN (grown above 3,000 metres)"), "{}", refused.out);

    let (token, bundles) = (node.account("signatory"), node.path("bundles"));
    let issued = node.asks(&["issue", text(&file), "--out", &bundles, "--format", "json"], Some(&token)).good();
    let line = lines(&issued).into_iter().find(|line| line["outcome"] == "issued").unwrap();
    let year = today().year() % 100;
    assert_eq!(line["number"], format!("PAMIR/PK/CN/{year}/LHE/001"));
    let bundle = fs::read_dir(&bundles).unwrap().next().unwrap().unwrap().path();
    let verdict = node.verify(text(&bundle), &["--agreements", &node.path("agreements")]).good();
    assert!(verdict.out.starts_with("VALID\n"), "{}", verdict.out);
    let shown = origin(&["inspect", text(&bundle)]).good().out;
    assert!(shown.contains("HIGH 0813") && shown.contains("AFTER THE SNOW"), "{shown}");
    let after = today().checked_add(jiff::Span::new().months(3)).unwrap().tomorrow().unwrap().to_string();
    let (trust, anchor) = (node.path("trust/trust-list.note"), node.path("trust/anchor.toml"));
    let late = origin(&["verify", text(&bundle), "--trust", &trust, "--anchor", &anchor, "--as-of", &after]);
    late.bad(3, &[]);
}
