//! `docs/errors.md` and `docs/rest.md` against the code: every reason an error can say stands there, with its room, every
//! notice, with whether it blocks, and no other.
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

/// Whether a notice blocks, by every place that makes it.
type Notices = BTreeMap<String, BTreeSet<bool>>;

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
    let text = page("docs/errors.md");
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

fn page(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).expect("a page")
}

/// The reasons that stand in quotes in a piece of code.
fn quoted(code: &str) -> impl Iterator<Item = String> {
    code.split('"').skip(1).step_by(2).filter(|text| is_reason(text)).map(ToOwned::to_owned)
}

/// The reasons of the constants that a piece of code names.
fn of_constants(code: &str, all: &str) -> Vec<String> {
    let names = code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| is_reason(word));
    let value = |name: &str| {
        let after = all.split_once(&format!("const {name}: "))?.1;
        let value = after.split_once(" = ")?.1;
        value.split_once(';').map(|(value, _)| quoted(value).collect::<Vec<_>>())
    };
    names.filter_map(value).flatten().collect()
}

/// Every notice that customs' code makes. Where its reason is no literal, it is one that the function names.
fn noticed_by_the_code() -> Notices {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/workflow/customs");
    let mut files = Vec::new();
    sources(&root, &mut files);
    files.retain(|file| !file.starts_with(root.join("tests")) && !file.ends_with("tests.rs"));
    let texts = files.iter().map(|file| fs::read_to_string(file).expect("a source file"));
    let texts = texts.map(|text| text.split("#[cfg(test)]").next().unwrap_or_default().to_owned()).collect::<Vec<_>>();
    let mut notices = Notices::new();
    for text in &texts {
        // Constants of the file itself go before others of their name.
        let all = format!("{text}{}", texts.concat());
        let made = text.match_indices("Notice::new(").chain(text.match_indices("Self::new(\""));
        for (at, found) in made {
            let from = at + found.find('(').expect("a call") + 1;
            let mut arguments = text[from..].split(',').map(str::trim);
            let (reason, blocks) = (arguments.next().expect("a reason"), arguments.next().expect("whether it blocks"));
            let reasons = if reason.starts_with('"') {
                quoted(reason).collect::<Vec<_>>()
            } else {
                let body = block(&text[text[..at].rfind("fn ").expect("a function")..]);
                quoted(body).chain(of_constants(body, &all)).collect()
            };
            assert!(!reasons.is_empty(), "which notice is `{reason}`?");
            let blocks: &[bool] = match blocks {
                "true" => &[true],
                "false" => &[false],
                _ => &[true, false],
            };
            for reason in reasons {
                notices.entry(reason).or_default().extend(blocks);
            }
        }
    }
    notices
}

#[test]
fn every_notice_is_written_down_with_whether_it_blocks_and_no_other() {
    let text = page("docs/rest.md");
    let table = text.split("| reason | blocks | what it says | what to do |").nth(1).expect("the table of notices");
    let table = table.split("\n\n").next().expect("its rows");
    let mut docs = Notices::new();
    for line in table.lines().filter(|line| line.starts_with("| `")) {
        let cells = line.trim_end_matches(" |").split(" | ").collect::<Vec<_>>();
        let [reason, blocks, says, to_do] = cells[..] else { panic!("four cells in: {line}") };
        assert!(says.len() > 5 && to_do.len() > 5, "nothing is said in: {line}");
        let blocks = match blocks {
            "yes" => BTreeSet::from([true]),
            "no" => BTreeSet::from([false]),
            "either" => BTreeSet::from([true, false]),
            other => panic!("whether it blocks is `{other}` in: {line}"),
        };
        let before = docs.insert(reason.trim_start_matches("| ").trim_matches('`').to_owned(), blocks);
        assert!(before.is_none(), "written down twice: {line}");
    }
    let code = noticed_by_the_code();
    assert!(code.len() > 30, "the code makes only {} notices: is it still read rightly?", code.len());
    assert_eq!(code, docs, "the code's, and those of docs/rest.md");
}

/// Words that are texts in the API are all found by who follows `docs/rest.md`.
#[test]
fn words_of_a_fixed_list_stand_where_the_page_says() {
    let (rest, proto) = (page("docs/rest.md"), page("proto/origin/v1/customs_service.proto"));
    let schema: serde_json::Value = serde_json::from_str(&page("docs/statements-v1.schema.json")).expect("a schema");
    let pointers = rest.split('`').filter_map(|text| text.strip_prefix('#')).filter(|text| text.starts_with("/$defs/"));
    let lists = pointers.map(|pointer| schema.pointer(pointer).and_then(|list| list["enum"].as_array()).map(Vec::len));
    assert_eq!(lists.collect::<Vec<_>>(), [Some(12), Some(24)], "response codes, and reasons of decisions");

    let code = page("src/agreement/matching.rs");
    let subjects = block(code.split_once("In what a declaration and a certificate differ").expect("subjects").1);
    let subjects = subjects.split('"').skip(1).step_by(2).collect::<BTreeSet<_>>();
    let row = rest.lines().find(|line| line.starts_with("| `subject` of a difference")).expect("their row");
    let written = row.split('`').skip(3).step_by(2).collect::<BTreeSet<_>>();
    assert!(subjects.len() > 10, "only {subjects:?}: is the code still read rightly?");
    assert_eq!(subjects, written);
    for subject in subjects {
        assert!(proto.contains(&format!("`{subject}`")), "`{subject}` is in no comment of the service");
    }
}
