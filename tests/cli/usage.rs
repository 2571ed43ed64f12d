//! The command line itself: help, mistakes, streams, exit codes.

use crate::support::{command, folder, origin, text, write};
use std::{
    io::Read,
    process::{Command, Stdio},
};

#[test]
fn help_is_data_and_ends_well() {
    let said = origin(&["help"]).good();
    for command in
        ["verify", "issue", "init", "serve", "doctor", "certificate", "trust", "customs", "enquiry", "liaison"]
    {
        assert!(said.out.contains(command), "{command} is not in the help");
    }
    assert!(said.out.contains("Exit codes"));
    assert!(said.err.is_empty());
    assert_eq!(origin(&["--version"]).good().out, format!("origin {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_mistyped_command_is_answered_with_the_one_that_was_meant() {
    origin(&["verfy"]).bad(2, &["error:", "verify"]);
    origin(&["verify", "--trst", "x"]).bad(2, &["--trust"]);
}

#[test]
fn nothing_at_all_is_answered_with_the_help_and_code_2() {
    let said = origin(&[]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("Usage"));
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let mut child = command(&["completion", "bash"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Nobody reads: the pipe closes at once.
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(said.is_empty(), "{said}");
}

#[test]
fn completions_name_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        assert!(origin(&["completion", shell]).good().out.contains("certificate"), "{shell}");
    }
}

/// Where bash is present, what is printed for it has to be bash.
#[test]
fn completions_for_bash_are_bash() {
    let folder = folder();
    let script = write(folder.path(), "origin.bash", &origin(&["completion", "bash"]).good().out);
    if let Ok(status) = Command::new("bash").args(["-n", text(&script)]).status() {
        assert!(status.success());
    }
}

#[test]
fn colours_are_for_terminals_alone() {
    let mut command = command(&["verify", "nothing", "--trust", "none", "--anchor", "none"]);
    let output = command.env_remove("NO_COLOR").output().unwrap();
    assert_eq!(output.status.code(), Some(64));
    assert!(!output.stderr.contains(&0x1b), "{}", String::from_utf8_lossy(&output.stderr));
}
