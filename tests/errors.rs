//! `docs/errors.md` against the code: every reason an error can say stands there, with its room, and no other.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::too_many_lines
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

type Reasons = BTreeMap<String, BTreeSet<String>>;

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The text from the first `{` on to the brace that closes it.
fn block(text: &str) -> &str {
    let start = text.find('{').expect("a block");
    let mut depth = 0_usize;
    for (at, c) in text[start..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &text[start..=start + at];
        }
    }
    panic!("a block without an end")
}

fn is_reason(text: &str) -> bool {
    text.len() > 2
        && text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

/// Every literal in the body of a `fn reason` of an `impl Reasoned`, by room.
fn said_by_the_code() -> Reasons {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut reasons = Reasons::new();
    for file in files {
        let room = file.strip_prefix(&root).expect("below src").components().next().expect("a room");
        let room = room.as_os_str().to_string_lossy().into_owned();
        let text = fs::read_to_string(&file).expect("a source file");
        for part in text.split("Reasoned for ").skip(1) {
            let body = block(part);
            let Some(at) = body.find("fn reason(") else { continue };
            for literal in block(&body[at..]).split('"').skip(1).step_by(2).filter(|text| is_reason(text)) {
                reasons.entry(literal.to_owned()).or_default().insert(room.clone());
            }
        }
    }
    reasons
}

fn written_down() -> Reasons {
    let text =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/errors.md")).expect("docs/errors.md");
    let table = text.split("| reason | class | room | meaning |").nth(1).expect("the table of reasons");
    let mut reasons = Reasons::new();
    for line in table.lines().filter(|line| line.starts_with("| `")) {
        let cells = line.split(" | ").collect::<Vec<_>>();
        let [reason, class, rooms, meaning] = cells[..] else { panic!("four cells in: {line}") };
        assert!(!class.is_empty() && meaning.len() > 5, "nothing is said in: {line}");
        let rooms = rooms.split(", ").map(ToOwned::to_owned).collect();
        let before = reasons.insert(reason.trim_start_matches("| ").trim_matches('`').to_owned(), rooms);
        assert!(before.is_none(), "written down twice: {line}");
    }
    reasons
}

#[test]
fn every_reason_is_written_down_and_no_other() {
    let (code, docs) = (said_by_the_code(), written_down());
    assert!(code.len() > 50, "the code says only {} reasons: is it still read rightly?", code.len());
    let difference = |a: &Reasons, b: &Reasons| {
        a.iter().filter(|(reason, rooms)| b.get(*reason) != Some(rooms)).map(|(r, o)| format!("{r} {o:?}")).collect()
    };
    let missing: Vec<String> = difference(&code, &docs);
    let stale: Vec<String> = difference(&docs, &code);
    assert!(
        missing.is_empty() && stale.is_empty(),
        "not or wrongly in docs/errors.md: {missing:#?}\nno longer said: {stale:#?}"
    );
}
