//! The examples of `docs/cli` are true: every command is run, and says what stands there.

use crate::support::folder;
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

/// A command and the lines it should print.
struct Example {
    line: usize,
    command: String,
    expected: Vec<String>,
}

fn examples(text: &str) -> Vec<Example> {
    let (mut found, mut inside) = (Vec::<Example>::new(), false);
    for (number, line) in text.lines().enumerate() {
        match line {
            "```console" => inside = true,
            "```" => inside = false,
            line if inside => match (line.strip_prefix("$ "), found.last_mut()) {
                (Some(command), _) => {
                    found.push(Example { line: number + 1, command: command.to_owned(), expected: Vec::new() });
                }
                (None, Some(last)) => last.expected.push(line.to_owned()),
                (None, None) => panic!("line {}: output before a command", number + 1),
            },
            _ => {}
        }
    }
    found
}

/// `[..]` matches anything within a line.
fn line_fits(expected: &str, said: &str) -> bool {
    let mut parts = expected.split("[..]");
    let Some(mut rest) = said.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let parts = parts.collect::<Vec<_>>();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// `...` matches any lines.
fn fits(expected: &[String], said: &[&str]) -> bool {
    match expected.split_first() {
        None => said.is_empty(),
        Some((first, rest)) if first == "..." => (0..=said.len()).any(|skip| fits(rest, &said[skip..])),
        Some((first, rest)) => {
            said.split_first().is_some_and(|(line, said)| line_fits(first, line) && fits(rest, said))
        }
    }
}

/// What stands between the outputs of two commands.
const MARK: &str = "\u{1}example ";

/// Runs the commands of a page in one shell, so that what one exports the next has; gives what each said. A node
/// that a page starts leaves its process id in `node.pid` and is stopped with the page.
fn run(page: &[Example]) -> Vec<String> {
    let binary = Path::new(env!("CARGO_BIN_EXE_origin")).parent().unwrap();
    let search = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap_or_default());
    let mut script = "exec 2>&1\ntrap '[ -f node.pid ] && kill $(cat node.pid)' EXIT\n".to_owned();
    for example in page {
        script.push_str(&format!("printf '%s\\n' '{MARK}'\n{}\n", example.command));
    }
    let folder = folder();
    let output = Command::new("sh")
        .args(["-c", &script])
        .current_dir(folder.path())
        .env("PATH", &search)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    said.split(&format!("{MARK}\n")).skip(1).map(str::to_owned).collect()
}

#[test]
fn every_example_says_what_stands_in_the_page() {
    let (mut count, mut wrong) = (0, Vec::new());
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cli")).unwrap() {
        let path = entry.unwrap().path();
        let page = examples(&fs::read_to_string(&path).unwrap());
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
