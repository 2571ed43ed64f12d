//! Proof by others: what a node issues is checked by programs that share no code with it.
//!
//! `ORIGIN_TEST_OTHERS` names a folder with a Python environment (`python/`) that has
//! `tests/others/requirements.txt` and a Node.js folder that has `tests/others/package.json`; `.ci/run` makes it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::too_many_lines,
    clippy::format_push_string
)]

#[path = "process/pdf.rs"]
mod made_pdf;

use origin_exchange::document::read::photograph::{Page, Pose};
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// The folder with the other implementations; where it is not named, the test says so and is skipped, but never
/// in CI.
fn others() -> Option<PathBuf> {
    let folder = std::env::var_os("ORIGIN_TEST_OTHERS").map(PathBuf::from);
    if folder.is_none() {
        assert!(std::env::var_os("CI").is_none(), "ORIGIN_TEST_OTHERS must be set in CI");
        println!("SKIPPED: ORIGIN_TEST_OTHERS names no folder with the other implementations");
    }
    folder
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/others").join(name)
}

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    println!("{}", String::from_utf8_lossy(&output.stderr));
    output
}

fn json(output: &Output) -> Value {
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Everything that a run of the demonstration issues.
fn demonstration(folder: &Path) -> PathBuf {
    let out = folder.join("issued");
    let demo =
        run(Command::new(env!("CARGO_BIN_EXE_origin")).args(["--format", "json", "demo", "--once", "--out"]).arg(&out));
    assert!(demo.status.success());
    let steps = String::from_utf8(demo.stdout).unwrap();
    assert!(steps.lines().all(|step| serde_json::from_str::<Value>(step).unwrap()["held"] == true), "{steps}");
    out
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// The text of a signed note.
fn text_of(note: &str) -> Value {
    serde_json::from_str(note.rsplit_once("\n\n").unwrap().0).unwrap()
}

/// The statement key of an authority as a JWK, from its section of the trust list.
fn jwk(issued: &Path, host: &str) -> String {
    let list = text_of(&read(&issued.join("trust-list.note")));
    let sections = list["sections"].as_array().unwrap().iter().map(|entry| text_of(entry["note"].as_str().unwrap()));
    let section = sections.into_iter().find(|section| section["iss"] == format!("https://{host}")).unwrap();
    let key = section["keys"].as_array().unwrap().iter().find(|key| key["use"] == "statement").unwrap();
    serde_json::json!({ "kty": "OKP", "crv": "Ed25519", "x": key["x"] }).to_string()
}

/// Whoever finds the verifier is told how it is used, whether or not he has what it needs.
#[test]
fn the_independent_verifier_says_how_it_is_used() {
    let ask = |arguments: &[&str]| Command::new("python3").arg(script("verify_bundle.py")).args(arguments).output();
    let Ok(asked) = ask(&["--help"]) else {
        println!("SKIPPED: there is no python3 here");
        return;
    };
    assert!(asked.status.success() && String::from_utf8_lossy(&asked.stdout).contains("Usage: verify_bundle.py"));
    let bare = ask(&[]).unwrap();
    assert_eq!(bare.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&bare.stderr).contains("Usage: verify_bundle.py"));
}

#[test]
fn strangers_with_programs_of_their_own_accept_what_a_node_issues_and_refuse_what_was_changed() {
    let Some(others) = others() else { return };
    let folder = tempfile::tempdir().unwrap();
    let issued = demonstration(folder.path());
    let anchor: toml::Table = read(&issued.join("anchor.toml")).parse().unwrap();
    let signers = anchor["signers"].as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned());
    let (quorum, signers) = (anchor["k"].to_string(), signers.collect::<Vec<_>>());
    let python = others.join("python/bin/python");
    let verify = |bundle: &Path| {
        run(Command::new(&python)
            .arg(script("verify_bundle.py"))
            .arg(bundle)
            .arg(issued.join("trust-list.note"))
            .arg(&quorum)
            .args(&signers))
    };

    let mut seen = 0;
    for (file, host, items) in [
        ("pk-cn-footballs", "tdap.origin.example", 1),
        ("pk-cn-salt-retroactive", "tdap.origin.example", 2),
        ("pk-ke-rice-nonpreferential", "kcci.origin.example", 1),
        ("ke-cn-tea-coffee", "kra.origin.example", 2),
        ("ke-zm-soap-comesa", "kra.origin.example", 2),
        ("cn-eg-crusher-nonpreferential", "ccpit.origin.example", 1),
        ("cn-pk-pumps", "gacc.origin.example", 1),
        ("cn-ke-lamps-nonpreferential", "ccpit.origin.example", 1),
    ] {
        let bundle = issued.join(format!("{file}.coo.json"));
        let found = json(&verify(&bundle));
        assert_eq!(
            (found["issuer"].as_str(), found["items"].as_u64()),
            (Some(&*format!("https://{host}")), Some(items))
        );
        assert_eq!(found["status"], 0);

        let key = folder.path().join("key.jwk");
        std::fs::write(&key, jwk(&issued, host)).unwrap();
        let token = issued.join(format!("{file}.sd-jwt"));
        let by_python = run(Command::new(&python).arg(script("sd_jwt_python.py")).arg(&token).arg(&key));
        let by_javascript = run(Command::new("node")
            .env("ORIGIN_TEST_OTHERS", &others)
            .arg(script("sd_jwt_javascript.mjs"))
            .arg(&token)
            .arg(&key));
        for other in [by_python, by_javascript] {
            let other = json(&other);
            assert_eq!(other["number"], found["number"]);
            assert_eq!(other["items"], items);
        }
        seen += 1;

        // The same bundle with one character of its last disclosure changed.
        let text = read(&bundle);
        let end = text.find("~\"").unwrap();
        let old = &text[end - 1..end];
        let changed = format!("{}{}{}", &text[..end - 1], if old == "A" { "B" } else { "A" }, &text[end..]);
        let spoiled = folder.path().join("spoiled.coo.json");
        std::fs::write(&spoiled, changed).unwrap();
        assert!(!verify(&spoiled).status.success(), "{file}");
    }
    assert_eq!(seen, 8);
}

#[test]
fn a_validator_of_others_accepts_the_openapi_description() {
    let Some(others) = others() else { return };
    let folder = tempfile::tempdir().unwrap();
    let description = folder.path().join("openapi.json");
    let written = run(Command::new(env!("CARGO_BIN_EXE_origin")).args(["openapi", "-o"]).arg(&description));
    assert!(written.status.success());
    let python = others.join("python/bin/python");
    let found = json(&run(Command::new(python).arg(script("openapi_python.py")).arg(&description)));
    assert!(found["operations"].as_u64().unwrap() > 100, "{found}");
}

#[test]
fn a_program_of_others_reads_the_frozen_stamp() {
    let Some(others) = others() else { return };
    let vector = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/statements/stamp.json");
    let vector: Value = serde_json::from_str(&read(&vector)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("stamp.txt");
    std::fs::write(&text, vector["text"].as_str().unwrap()).unwrap();
    let ask = |key: &str| {
        run(Command::new(others.join("python/bin/python")).arg(script("stamp_python.py")).arg(&text).arg(key))
    };
    let found = json(&ask(vector["key"]["x"].as_str().unwrap()));
    assert_eq!((&found["kid"], &found["leaf"]), (&vector["key"]["kid"], &vector["leaf"]));
    assert_eq!((&found["total"], found["items"].as_array().unwrap().len()), (&vector["total"], 3));
    assert_eq!((found["index"].as_u64(), &found["log"]), (Some(41), &"tdap.gov.pk/log/2026/customs.gov.cn".into()));
    // The first key of RFC 8032, section 7.1.
    assert!(!ask("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").status.success());
}

/// The folder of the published schemas, beside the repository.
fn schemas() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/schemas");
    if folder.exists() {
        return Some(folder);
    }
    println!("SKIPPED: {} is not here", folder.display());
    None
}

#[test]
fn validators_of_others_accept_every_export_by_the_published_schemas() {
    let (Some(others), Some(schemas)) = (others(), schemas()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let issued = demonstration(folder.path());
    let bundles = std::fs::read_dir(&issued).unwrap().map(|entry| entry.unwrap().path());
    let bundles: Vec<PathBuf> = bundles.filter(|path| path.to_string_lossy().ends_with(".coo.json")).collect();
    assert!(bundles.len() >= 8, "{bundles:?}");
    let mut written = Vec::new();
    for bundle in &bundles {
        let stem = bundle.file_name().unwrap().to_string_lossy().replace(".coo.json", "");
        for (format, ending) in [("un-cefact", "json"), ("ubl", "xml")] {
            let file = folder.path().join(format!("{stem}.{ending}"));
            let export = run(Command::new(env!("CARGO_BIN_EXE_origin"))
                .args(["certificate", "export", "--as", format, "-o"])
                .arg(&file)
                .arg(bundle));
            assert!(export.status.success(), "{stem}");
            written.push(file);
        }
    }
    let python = others.join("python/bin/python");
    let validate = |files: &[PathBuf]| {
        json(&run(Command::new(&python).arg(script("exports_python.py")).arg(&schemas).args(files)))
    };
    let found = validate(&written);
    assert_eq!(found["files"], written.len());
    assert_eq!(found["faults"], serde_json::json!([]));

    // What does not fit is refused: else nothing was held.
    let spoiled = [("spoiled.xml", "ProfileID", "ProfileName"), ("spoiled.json", "levelCode", "level")];
    for ((name, from, to), of) in spoiled.into_iter().zip(["xml", "json"]) {
        let whole = written.iter().find(|file| file.extension().is_some_and(|ending| ending == of)).unwrap();
        let file = folder.path().join(name);
        std::fs::write(&file, read(whole).replace(from, to)).unwrap();
        assert_ne!(validate(&[file])["faults"], serde_json::json!([]), "{name}");
    }
}

/// What is read from paper here, others read too: the attachment, and both codes at the resolutions of scanners and of
/// fax machines, turned, and out of focus.
#[test]
fn readers_of_others_find_what_paper_carries() {
    let Some(others) = others() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (stamp, look_up) = (format!("CO1:{}", "A1 $%*+-./:".repeat(120)), "HTTPS://TDAP.GOV.PK/V/01KB6Z9QX5/ABCDEFGH");
    let mut page = Page::blank();
    assert!(page.print(&stamp, 145, 232, 45) && page.print(look_up, 115, 240, 22));
    // A sheet of A4 scanned at 600 dpi.
    let pose = Pose { width: 4_960, height: 7_016, turned: (0, 65_536), micrometres: 42, tilt: 0, noise: 0 };
    let picture = page.photographed(&pose).unwrap();
    let file = folder.path().join("paper.pdf");
    std::fs::write(&file, made_pdf::pdf("eyJ.eyJ.sig~", Some((pose.width, pose.height, picture.luma())))).unwrap();
    let python = others.join("python/bin/python");
    let found = json(&run(Command::new(python).arg(script("paper_python.py")).arg(&file)));
    assert_eq!(found["attachment"]["text"], "eyJ.eyJ.sig~");
    assert_eq!((&found["codes"]["stamp"], &found["codes"]["look_up"]), (&stamp.into(), &look_up.into()));
    println!("found of 100: {}", found["rates"]);
    for size in ["150 grey", "150 fax", "200 grey", "200 fax", "300 grey", "300 fax", "600 grey", "600 fax"] {
        for code in ["stamp", "look_up"] {
            assert_eq!(found["rates"][size][code], 100, "{code} at {size}: {}", found["rates"]);
        }
    }
    for (size, code) in [("100 blurred", "look_up"), ("600 blurred", "stamp")] {
        assert_eq!(found["rates"][size][code], 100, "{code} at {size}: {}", found["rates"]);
    }
}
