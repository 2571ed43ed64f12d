//! The command line itself: help, mistakes, streams, exit codes.

use crate::{
    process::{Home, Running},
    support::{Said, command, folder, origin, text, write},
};
use std::{
    io::Read,
    path::Path,
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

#[test]
fn a_list_of_no_rows_is_refused_in_a_sentence() {
    for list in [
        &["apply", "list", "--limit"][..],
        &["certificate", "list", "--limit"],
        &["audit", "list", "--limit"],
        &["list", "search", "ball", "--most"],
    ] {
        origin(&[list, &["0"]].concat()).bad(2, &["one row or more"]);
    }
}

/// A day that there is not is a slip of who wrote it: taken for another day, it would decide about that one.
#[test]
fn a_day_that_there_is_not_is_refused_with_what_was_written() {
    let sha256 = "0".repeat(64);
    for (arguments, none) in [
        (&["verify", "nothing", "--at", "2026-02-30T00:00:00Z"][..], "2026-02-30T00:00:00Z"),
        (&["verify", "nothing", "--as-of", "2026-02-29"], "2026-02-29"),
        (&["account", "new", "--name", "x", "--role", "auditor", "--until", "2026-02-30"], "2026-02-30"),
        (&["account", "away", "acc_1", "--from", "2026-04-31", "--until", "2026-05-02"], "2026-04-31"),
        (&["account", "away", "acc_1", "--from", "2026-04-30", "--until", "2026-13-02"], "2026-13-02"),
        (&["examine", "report", "app_1", "--paper-sha256", sha256.as_str(), "--visited", "2026-02-30"], "2026-02-30"),
        (&["examine", "refer", "app_1", "--to", "factory", "--due", "2026-02-30"], "2026-02-30"),
        (&["key", "revoke", "2026-1", "--suspected-since", "2026-06-31T00:00:00Z"], "2026-06-31T00:00:00Z"),
    ] {
        origin(arguments).bad(2, &[none, "there is no such day"]);
    }
    let file = folder();
    let file = write(file.path(), "x.toml", "agreement = \"CPFTA\"\napplication = { received_on = \"2026-02-30\" }\n");
    let said = origin(&["certificate", "check", text(&file)]);
    assert!(said.out.contains("`2026-02-30`: there is no such day"), "{}", said.out);
}

/// What a node gives once is not asked for where it could not be kept.
#[test]
fn no_numbers_are_set_aside_and_no_token_is_made_for_a_file_that_cannot_be_written() {
    let home = Home::new();
    let node = Running::start(&home.config());
    let (token, ca, config) = (node.account(&home, "signatory"), home.path("tls/ca.crt.pem"), home.config());
    let reserve = |output: &Path, more: &[&str]| -> Said {
        let wanted = ["office", "reserve", "khi", "--agreement", "nonpref", "--to", "ke", "--count", "5", "-o"];
        let at = [text(output), "--node", &node.client, "--ca", &ca, "--token-file", &token, "--format", "json"];
        origin(&[&wanted[..], &at, more].concat())
    };
    let number = |said: Said, nth: usize| {
        let number = said.json()["numbers"][nth].as_str().unwrap().to_owned();
        number[number.len() - 3..].parse::<u32>().unwrap()
    };
    let (nowhere, file) = (home.node.join("nowhere/file"), |name: &str| home.node.join(name));
    let last = number(reserve(&file("first.json"), &[]).good(), 4);
    reserve(&nowhere, &[]).bad(1, &["nowhere/file` cannot be written"]);
    reserve(&file("far.json"), &["--far"]).bad(2, &["--far", "cannot be used with"]);
    assert_eq!(number(reserve(&file("second.json"), &[]).good(), 0), last + 1);

    let operator = ["--config", &config, "--admin", &node.admin];
    let new = ["account", "new", "--name", "Nobody", "--role", "signatory", "--office", "khi", "-o", text(&nowhere)];
    origin(&[&new[..], &operator].concat()).bad(1, &["nowhere/file` cannot be written"]);
    let accounts = origin(&[&["account", "list"][..], &operator].concat()).good().out;
    assert!(!accounts.contains("Nobody"), "{accounts}");
}
