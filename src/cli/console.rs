//! What a person or a script sees: data on stdout, messages on stderr, one exit code.

use std::{
    io::{IsTerminal, Write},
    process::ExitCode,
};

/// How a command ended when it did not end well; each has its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// The command failed.
    Failed,
    /// The command line is wrong.
    Usage,
    /// What was verified is not valid.
    NotValid,
    /// A node did not answer.
    Unreachable,
    /// What was verified may be valid, but it rests on something absent or too old to say.
    TooOldToSay,
    /// Configuration, key file or trust list cannot be used.
    Configuration,
}

impl Exit {
    /// The exit code of the process.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NotValid => 3,
            Self::Unreachable => 4,
            Self::TooOldToSay => 5,
            Self::Configuration => 64,
        }
    }
}

/// One failure as it is printed: what happened, what it rests on, what mends it.
#[derive(Debug, Clone)]
pub struct Failure {
    exit: Exit,
    error: String,
    notes: Vec<String>,
    help: Option<String>,
}

impl Failure {
    /// A failure with its sentence.
    #[must_use]
    pub fn new(exit: Exit, error: impl std::fmt::Display) -> Self {
        Self { exit, error: error.to_string(), notes: Vec::new(), help: None }
    }

    /// Adds a fact that helps to understand it.
    #[must_use]
    pub fn note(mut self, note: impl std::fmt::Display) -> Self {
        self.notes.push(note.to_string());
        self
    }

    /// Says what mends it, as a command where there is one.
    #[must_use]
    pub fn help(mut self, help: impl std::fmt::Display) -> Self {
        self.help = Some(help.to_string());
        self
    }

    /// The stable reason a node gave, where one did.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.notes.iter().find_map(|note| note.strip_prefix("reason "))
    }

    /// What happened, in one sentence.
    #[must_use]
    pub fn sentence(&self) -> &str {
        &self.error
    }

    /// The facts that help to understand it.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The exit code of the process.
    #[must_use]
    pub fn code(&self) -> u8 {
        self.exit.code()
    }

    /// The same, to return from `main`.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code())
    }
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// One JSON document, or one a line where there are many, for machines.
    Json,
}

/// Colours, used only on a terminal and never when `NO_COLOR` is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// Good.
    Green,
    /// Not good.
    Red,
    /// Cannot be said.
    Yellow,
    /// Less important than the rest.
    Dim,
    /// Headlines.
    Bold,
}

/// The two streams of a command.
#[derive(Debug, Clone, Copy)]
pub struct Console {
    /// How results are printed.
    pub format: Format,
    colour_out: bool,
    colour_err: bool,
}

impl Console {
    /// Looks once at the terminal and at `NO_COLOR`.
    #[must_use]
    pub fn new(format: Format) -> Self {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        Self {
            format,
            colour_out: !plain && std::io::stdout().is_terminal(),
            colour_err: !plain && std::io::stderr().is_terminal(),
        }
    }

    /// Whether machines read the output.
    #[must_use]
    pub fn is_json(self) -> bool {
        self.format == Format::Json
    }

    /// Writes data: a result the command was asked for. A closed pipe ends the output, not the work.
    pub fn data(self, text: impl std::fmt::Display) {
        let _ = writeln!(std::io::stdout().lock(), "{text}");
    }

    /// The same for output without an end; false once nobody reads it any more.
    pub fn try_data(self, text: impl std::fmt::Display) -> bool {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{text}").and_then(|()| out.flush()).is_ok()
    }

    /// Writes data without a line end, for files that go through a pipe byte for byte.
    pub fn raw(self, bytes: &[u8]) {
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(bytes).and_then(|()| out.flush());
    }

    /// Writes a message about the work; scripts that read stdout do not see it.
    pub fn message(self, text: impl std::fmt::Display) {
        let _ = writeln!(std::io::stderr().lock(), "{text}");
    }

    /// Says in one line that a list has no rows, so that nobody waits for one that is empty; a program counts its rows.
    pub fn said_if_empty(self, rows: usize, none: &str) {
        if rows == 0 && !self.is_json() {
            self.message(none);
        }
    }

    /// Paints text for stdout.
    #[must_use]
    pub fn paint(self, colour: Colour, text: &str) -> String {
        paint(self.colour_out, colour, text)
    }

    /// Paints text for stderr.
    #[must_use]
    pub fn paint_message(self, colour: Colour, text: &str) -> String {
        paint(self.colour_err, colour, text)
    }

    /// Prints a failure as `error:`, `note:` and `help:` lines.
    pub fn failure(self, failure: &Failure) {
        let mut err = std::io::stderr().lock();
        let _ = writeln!(err, "{} {}", paint(self.colour_err, Colour::Red, "error:"), failure.error);
        for note in &failure.notes {
            let _ = writeln!(err, "{} {note}", paint(self.colour_err, Colour::Bold, "note:"));
        }
        if let Some(help) = &failure.help {
            let _ = writeln!(err, "{} {help}", paint(self.colour_err, Colour::Green, "help:"));
        }
    }
}

fn paint(on: bool, colour: Colour, text: &str) -> String {
    if !on {
        return text.to_owned();
    }
    let code = match colour {
        Colour::Green => "32",
        Colour::Red => "31",
        Colour::Yellow => "33",
        Colour::Dim => "2",
        Colour::Bold => "1",
    };
    format!("\u{1b}[{code}m{text}\u{1b}[0m")
}
