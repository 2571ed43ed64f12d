//! The demonstration: three nodes as processes, and every step of it held.

use crate::{
    process::{Running, footballs, port},
    support::{folder, origin, text, write},
};
use serde_json::Value;
use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

#[test]
fn the_demonstration_shows_only_what_held_and_leaves_nothing_running() {
    let folder = folder();
    let out = folder.path().join("out");
    let said = origin(&["--format", "json", "demo", "--once", "--out", text(&out)]).good().out;
    let steps = said.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>();
    assert!(steps.iter().all(|step| step["held"] == true), "{said}");
    let count = |name: &str| steps.iter().filter(|step| step["step"] == name).count();
    assert_eq!((count("serve"), count("issue"), count("cosigned"), count("replicated")), (4, 10, 8, 6), "{said}");
    assert_eq!((count("third_party"), count("receipted")), (1, 2), "{said}");
    assert_eq!((count("rotate"), count("distribute"), count("announce")), (1, 1, 1), "{said}");
    assert_eq!((count("join"), count("admit"), count("held")), (1, 1, 1), "{said}");
    let prints = usize::from(cfg!(feature = "pdf"));
    assert_eq!((count("print"), count("stamp"), count("beside")), (prints, prints, prints), "{said}");
    let cosigned = |goods: &str| {
        let at = steps.iter().position(|step| step["step"] == "issue" && text_of(step).contains(goods)).unwrap();
        let next = steps[at..].iter().find(|step| step["step"] == "cosigned").unwrap();
        text_of(next).split(',').count()
    };
    // Without a replica two witnesses are asked for.
    assert_eq!((cosigned("Kenya to Zambia"), cosigned("China to Egypt")), (2, 2), "{said}");
    assert_eq!((count("kill"), count("catch_up"), count("cancelled"), count("end")), (1, 1, 1, 1), "{said}");
    // Of the certificate that was cancelled what is kept says both, and the demonstration says which is which.
    let told = steps.iter().find(|step| step["step"] == "keep_cancelled").map(text_of).unwrap();
    let (list, anchor) = (out.join("trust-list.note"), out.join("anchor.toml"));
    for (file, code, verdict) in [("pk-cn-footballs", 0, "VALID"), ("pk-cn-footballs.cancelled", 3, "CANCELLED")] {
        let name = format!("{file}.coo.json");
        assert!(told.contains(&name) && told.contains(&format!("says {verdict}")), "{told}");
        let file = out.join(name);
        let judged = origin(&["verify", text(&file), "--trust", text(&list), "--anchor", text(&anchor)]);
        assert_eq!(judged.code, code, "{}", judged.out);
        assert!(judged.out.starts_with(verdict), "{}", judged.out);
    }
}

#[test]
fn a_folder_that_has_something_in_it_is_not_written_over() {
    let folder = folder();
    let mine = write(folder.path(), "anchor.toml", "mine");
    origin(&["demo", "--once", "--out", text(folder.path())])
        .bad(1, &["is not empty", "nothing was made", "--out DIR"]);
    assert_eq!(fs::read_to_string(&mine).unwrap(), "mine");
    origin(&["demo", "--once", "--out", text(&mine)]).bad(1, &["cannot be used"]);
    origin(&["demo", "--once", "--folder", text(folder.path())])
        .bad(1, &["is not empty", "nothing was made", "--folder DIR"]);
}

fn text_of(step: &Value) -> &str {
    step["what"].as_str().unwrap()
}

/// The configurations that stand in the repository, listening where nobody does now.
fn configurations(folder: &Path) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("node-config/demo");
    for country in COUNTRIES {
        let file = format!("{country}.toml");
        let lines = fs::read_to_string(from.join(&file)).unwrap();
        let lines = lines.lines().map(|line| match line.strip_prefix("listen = ") {
            Some(_) => format!("listen = \"127.0.0.1:{}\"", port()),
            None => line.to_owned(),
        });
        write(folder, &file, &(lines.collect::<Vec<_>>().join("\n") + "\n"));
    }
}

const COUNTRIES: [&str; 3] = ["pakistan", "china", "kenya"];

#[test]
fn the_same_three_run_as_processes_from_their_configurations() {
    let folder = folder();
    let at = |name: &str| text(&folder.path().join(name)).to_owned();
    configurations(folder.path());
    let said = origin(&["demo", "--prepare", text(folder.path())]).good().out;
    assert_eq!(said.lines().count(), 3, "{said}");
    origin(&["demo", "--prepare", text(folder.path())]).bad(1, &["is there already", "nothing was changed"]);
    let nodes = COUNTRIES.map(|country| Running::start(&at(&format!("{country}.toml"))));
    let token = at("token");
    let account = ["account", "new", "--name", "signatory", "--role", "signatory", "--office", "LHE", "-o", &token];
    let whose = ["--issuer", "tdap.origin.example", "--config", &at("pakistan.toml")];
    origin(&[&account[..], &whose].concat()).good();
    let rows = write(folder.path(), "rows.jsonl", &footballs(1));
    let ca = at("pakistan/tdap/tls/ca.crt.pem");
    origin(&["issue", text(&rows), "--node", &nodes[0].client, "--ca", &ca, "--token-file", &token]).good();
    // It is held by the addressee and witnessed by the third, with nobody's help.
    let begun = Instant::now();
    loop {
        let shown = origin(&["partner", "status", "--config", &at("pakistan.toml"), "--format", "json"]).good().out;
        let logs = shown.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let cosigned = logs.filter(|partner| {
            let mut logs = partner["logs"].as_array().into_iter().flatten();
            logs.any(|log| {
                log["origin"].as_str().unwrap().ends_with("/gacc.origin.example") && log["cosigned"]["size"] == 2
            })
        });
        if cosigned.count() == 2 {
            break;
        }
        assert!(begun.elapsed() < Duration::from_mins(1), "{shown}");
    }
}
