//! The examples of `docs/cli` are true: every command is run, and says what stands there.

use crate::{
    process::page::{Example, blocks, fits, shell},
    support::folder,
};
use std::{fs, path::Path};

/// What stands between the outputs of two commands.
const MARK: &str = "\u{1}example ";

/// Runs the commands of a page in one shell, so that what one exports the next has; gives what each said. A node
/// that a page starts leaves its process id in `node.pid` and is stopped with the page.
fn run(page: &[Example]) -> Vec<String> {
    let mut script = "exec 2>&1\ntrap '[ -f node.pid ] && kill $(cat node.pid)' EXIT\n".to_owned();
    for example in page {
        script.push_str(&format!("printf '%s\\n' '{MARK}'\n{}\n", example.command));
    }
    let said = shell(folder().path(), &script);
    said.split(&format!("{MARK}\n")).skip(1).map(str::to_owned).collect()
}

#[test]
fn every_example_says_what_stands_in_the_page() {
    let (mut count, mut wrong) = (0, Vec::new());
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cli")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let page = blocks(&text).into_iter().filter(|block| block.opened == "console");
        let page = page.flat_map(|block| block.examples()).collect::<Vec<_>>();
        let said = run(&page);
        assert_eq!(said.len(), page.len(), "{}: the shell ended early: {said:#?}", path.display());
        for (example, said) in page.iter().zip(said) {
            let prints = ["origin form", ".pdf"].iter().any(|word| example.command.contains(word));
            if prints && cfg!(not(feature = "pdf")) {
                continue;
            }
            count += 1;
            if !fits(&example.expected, &said.lines().collect::<Vec<_>>()) {
                let (page, line, expected) = (path.display(), example.line, example.expected.join("\n"));
                wrong.push(format!("{page}:{line}\n$ {}\nexpected:\n{expected}\nsaid:\n{said}", example.command));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count} examples:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count > 10, "only {count} examples were found");
}

/// A block that looks like an example and is none would be true for as long as nobody tries it.
#[test]
fn no_page_has_commands_that_no_test_runs() {
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cli")).unwrap() {
        let path = entry.unwrap().path();
        let (text, page) = (fs::read_to_string(&path).unwrap(), path.file_name().unwrap().to_str().unwrap());
        for block in blocks(&text) {
            let first = block.lines.first().copied().unwrap_or_default();
            let is_run = match block.opened {
                // By two nodes, in tests/exchange/followed.rs.
                "console nodes" => ["customs.md", "enquiries.md"].contains(&page),
                // With these options, in tests/cli/rehearsal.rs.
                "sh" => first.starts_with("origin partner rehearse "),
                "console" => true,
                _ => !first.starts_with("origin ") && !first.starts_with("$ "),
            };
            assert!(is_run, "{page}: nothing runs `{first}` in a block of `{}`", block.opened);
        }
    }
}
