//! `origin form preview` and `origin form sheet`: a specimen, printed or as templates read it.

use super::{Wanted, refused};
use crate::cli::{
    Outcome,
    console::{Console, Failure},
    files::{self, Made},
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Print a specimen of a form, filled in with sample particulars or your own
#[derive(Debug, clap::Args)]
pub(super) struct Preview {
    #[command(flatten)]
    wanted: Wanted,
    /// Where the PDF goes [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Preview {
    pub(super) fn run(self, console: Console) -> Outcome {
        files::apart(self.output.as_deref(), &self.wanted.certificate)?;
        files::is_named_rightly(self.output.as_deref(), Made::Pdf, "a specimen is printed as a PDF")?;
        let sheet = self.wanted.sheet()?;
        let press = self.wanted.press.press()?;
        let pdf = press.print(&sheet).map_err(refused)?;
        files::deliver(console, self.output.as_deref(), &pdf)?;
        if let Some(differences) = press.not_followed(&sheet) {
            console.message(format!("note: {differences}: the generic form is drawn"));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Print what a template reads, sheet.json
#[derive(Debug, clap::Args)]
pub(super) struct Sheet {
    #[command(flatten)]
    wanted: Wanted,
    /// Where the sheet goes [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Also write the codes and images that go with it into this folder
    #[arg(long, value_name = "DIR")]
    files: Option<PathBuf>,
}

impl Sheet {
    pub(super) fn run(self, console: Console) -> Outcome {
        files::apart(self.output.as_deref(), &self.wanted.certificate)?;
        files::is_named_rightly(self.output.as_deref(), Made::Json, "what a template reads is JSON")?;
        let sheet = self.wanted.press.press()?.prepared(&self.wanted.sheet()?).map_err(refused)?;
        files::deliver(console, self.output.as_deref(), sheet.to_json().as_bytes())?;
        if let Some(folder) = &self.files {
            write_all(folder, sheet.files())?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Writes files into a folder, which is made if it is not there.
pub(in crate::cli) fn write_all<'a>(
    folder: &Path,
    files: impl Iterator<Item = (&'a str, &'a [u8])>,
) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::new(crate::cli::console::Exit::Failed, format!("`{}` cannot be made: {error}", folder.display()))
    };
    fs::create_dir_all(folder).map_err(failed)?;
    for (name, bytes) in files {
        files::replace(&folder.join(name), bytes, 0o644)?;
    }
    Ok(())
}
