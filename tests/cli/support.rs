//! Running the binary and reading what it says.

use crate::process::noon;
use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// What one run said.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// It ended well.
    #[track_caller]
    pub(crate) fn good(self) -> Self {
        assert_eq!(self.code, 0, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    /// It ended with this code, and its message has these words.
    #[track_caller]
    pub(crate) fn bad(self, code: i32, words: &[&str]) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        for word in words {
            assert!(self.err.contains(word), "`{word}` is not in:\n{}", self.err);
        }
        self
    }

    /// The one JSON document it printed.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}

/// The binary, untouched by what the tester's own environment says.
pub(crate) fn command(arguments: &[&str]) -> Command {
    // Named at run time where the tests do not run where they were built.
    let binary = std::env::var_os("CARGO_BIN_EXE_origin").unwrap_or_else(|| env!("CARGO_BIN_EXE_origin").into());
    let mut command = Command::new(binary);
    for name in ["ORIGIN_TRUST", "ORIGIN_ANCHOR", "ORIGIN_NODE", "ORIGIN_CA", "ORIGIN_TOKEN_FILE", "ORIGIN_CONFIG"] {
        command.env_remove(name);
    }
    command.env("NO_COLOR", "1").args(arguments);
    command
}

/// Runs it.
pub(crate) fn origin(arguments: &[&str]) -> Said {
    Said::of(command(arguments).stdin(Stdio::null()).output().unwrap())
}

/// Runs it with something on standard input.
pub(crate) fn origin_with(input: &[u8], arguments: &[&str]) -> Said {
    let mut child =
        command(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A command that refuses before it reads closes its end.
    let _ = child.stdin.take().unwrap().write_all(input);
    Said::of(child.wait_with_output().unwrap())
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A folder of its own for one test.
pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

pub(crate) fn write(folder: &Path, name: &str, contents: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, contents).unwrap();
    path
}

/// `origin init` for Pakistan's authority, with every listener on a free port.
pub(crate) fn init(folder: &Path) -> PathBuf {
    let node = folder.join("node");
    let said = origin(&[
        "init",
        text(&node),
        "--issuer",
        "tdap.gov.pk",
        "--country",
        "PK",
        "--time-zone",
        &noon(0),
        "--name",
        "Trade Development Authority of Pakistan",
        "--office",
        "KHI=TDAP, Karachi Office,Karachi",
        "--office",
        "LHE=TDAP, Lahore Office,Lahore",
        "--node",
        "node.tdap.gov.pk",
        "--public",
        "127.0.0.1:0",
        "--client",
        "127.0.0.1:0",
        "--admin",
        "127.0.0.1:0",
        "--partner",
        "127.0.0.1:0",
    ]);
    said.good();
    node
}

/// Footballs from Sialkot to Shanghai.
pub(crate) const FOOTBALLS: &str = r#"
agreement = "CPFTA"
from = "PK"
to = "CN"

[reference]
place = { name = "Lahore" }
office = { code = "LHE", body = "Trade Development Authority of Pakistan" }

[exporter.party]
name = "Chenab Sports (Pvt) Ltd"
address = ["Daska Road, Sialkot"]
country = "PK"

[consignee.party]
name = "Shanghai Yuhe Sporting Goods Co Ltd"
address = ["Pudong, Shanghai"]
country = "CN"

[producer]
same = true

[transport]
departure = { planned = "2026-11-18" }

[[goods.items]]
number = 1
description = "Footballs, inflatable, size 5"
marks = "YUHE/SHA/1-420"
packages = [{ count = 420, kind = "CT" }]
hs = { code = "950662", edition = "2022" }
criterion = { code = "VALUE_CONTENT", percentage = { exact = "64.9", basis = "cumulative" } }
quantities = [{ value = "16800", unit = "H87" }]
gross_weight = { value = "8190", unit = "KGM" }

[commercial]
invoices = [{ number = "CS-2611-77", date = "2026-11-10" }]
item_values = [{ item = 1, basis = "fob", amount = { value = "142800.00", currency = "USD" } }]
"#;
