//! Pages of `docs/cli`: the commands that stand in their blocks, and whether what was said is what stands there.

use std::{
    path::Path,
    process::{Command, Stdio},
};

/// A block between fences.
pub(crate) struct Block<'a> {
    /// What stands behind the fence that opens it, such as `console`.
    pub(crate) opened: &'a str,
    /// Where that is, from 1.
    line: usize,
    pub(crate) lines: Vec<&'a str>,
}

/// A command and the lines it should print.
pub(crate) struct Example {
    pub(crate) line: usize,
    pub(crate) command: String,
    pub(crate) expected: Vec<String>,
}

/// The blocks of a page.
pub(crate) fn blocks(page: &str) -> Vec<Block<'_>> {
    let (mut found, mut open) = (Vec::new(), None::<Block<'_>>);
    for (number, line) in page.lines().enumerate() {
        match (line.strip_prefix("```"), open.take()) {
            (Some(opened), None) => open = Some(Block { opened, line: number + 1, lines: Vec::new() }),
            (Some(_), Some(block)) => found.push(block),
            (None, Some(mut block)) => {
                block.lines.push(line);
                open = Some(block);
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "the last block is not closed");
    found
}

impl Block<'_> {
    /// Its commands; one that ends in a backslash goes on in the next line.
    pub(crate) fn examples(&self) -> Vec<Example> {
        let mut found = Vec::<Example>::new();
        for (number, line) in (self.line + 1..).zip(&self.lines) {
            match (line.strip_prefix("$ "), found.last_mut()) {
                (Some(command), _) => {
                    found.push(Example { line: number, command: command.to_owned(), expected: Vec::new() });
                }
                (None, Some(last)) if last.expected.is_empty() && last.command.ends_with('\\') => {
                    last.command.push('\n');
                    last.command.push_str(line);
                }
                (None, Some(last)) => last.expected.push((*line).to_owned()),
                (None, None) => panic!("line {number}: output before a command"),
            }
        }
        found
    }
}

/// `[..]` matches anything within a line.
pub(crate) fn line_fits(expected: &str, said: &str) -> bool {
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
pub(crate) fn fits(expected: &[String], said: &[&str]) -> bool {
    match expected.split_first() {
        None => said.is_empty(),
        Some((first, rest)) if first == "..." => (0..=said.len()).any(|skip| fits(rest, &said[skip..])),
        Some((first, rest)) => {
            said.split_first().is_some_and(|(line, said)| line_fits(first, line) && fits(rest, said))
        }
    }
}

/// What a shell says that runs this with the binary in reach.
pub(crate) fn shell(folder: &Path, script: &str) -> String {
    let binary = std::env::var_os("CARGO_BIN_EXE_origin").unwrap_or_else(|| env!("CARGO_BIN_EXE_origin").into());
    let binary = Path::new(&binary).parent().unwrap().display();
    let search = format!("{binary}:{}", std::env::var("PATH").unwrap_or_default());
    let mut command = Command::new("sh");
    command.args(["-c", script]).current_dir(folder).env("PATH", &search).env("NO_COLOR", "1");
    String::from_utf8(command.stdin(Stdio::null()).output().unwrap().stdout).unwrap()
}
