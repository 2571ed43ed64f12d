//! The examples of `docs/cli` are true: every command is run, and says what stands there.

use crate::support::folder;
use std::{fs, path::Path, process::Command};

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

#[test]
fn every_example_says_what_stands_in_the_page() {
    let binary = Path::new(env!("CARGO_BIN_EXE_origin")).parent().unwrap();
    let search = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap_or_default());
    let mut run = 0;
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cli")).unwrap() {
        let path = entry.unwrap().path();
        let folder = folder();
        for example in examples(&fs::read_to_string(&path).unwrap()) {
            // One stream, in the order in which it was written.
            let output = Command::new("sh")
                .args(["-c", &format!("{{ {}\n}} 2>&1", example.command)])
                .current_dir(folder.path())
                .env("PATH", &search)
                .env("NO_COLOR", "1")
                .output()
                .unwrap();
            let said = String::from_utf8(output.stdout).unwrap();
            let lines = said.lines().collect::<Vec<_>>();
            assert!(
                fits(&example.expected, &lines),
                "{}:{}\n$ {}\nexpected:\n{}\nsaid:\n{said}",
                path.display(),
                example.line,
                example.command,
                example.expected.join("\n"),
            );
            run += 1;
        }
    }
    assert!(run > 10, "only {run} examples were found");
}
