//! `origin form contact-sheet`: every form on one sheet, to be looked at together.

use super::{PressArguments, all_forms, refused, sample, tell_unused};
use crate::{
    cli::{
        Outcome, arguments,
        console::{Console, Exit, Failure},
        files,
    },
    document::{Images, SpecimenOf, first_page, specimen},
    time::Date,
};
use std::{path::PathBuf, process::ExitCode};

/// Dots across a form on the sheet, and across the sheet as an image.
const ACROSS_FORM: u16 = 620;
const ACROSS_SHEET: u16 = 3_300;

/// Print the first page of every form on one sheet, as PDF or as PNG by the file's ending
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Where it goes: FILE.pdf or FILE.png
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// The date of issue [default: today in the time zone of this machine]
    #[arg(long, value_name = "DATE", value_parser = arguments::date)]
    on: Option<Date>,
    #[command(flatten)]
    press: PressArguments,
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        let png = match files::ending(&self.output).as_str() {
            "png" => true,
            "pdf" => false,
            _ => return Err(Failure::new(Exit::Usage, "the file ends in .pdf or in .png")),
        };
        let (press, agreements) = (self.press.press()?, self.press.agreements()?);
        let on = self.on.unwrap_or_else(arguments::today);
        let mut pages = Vec::new();
        for (agreement, edition, form) in all_forms(&agreements) {
            let of = SpecimenOf { agreement, edition, form };
            let particulars = sample(&agreement.code, on)?;
            let name = format!("{} {}", agreement.code, form.code);
            let page = specimen(of, particulars, on, &Images::none())
                .and_then(|sheet| press.print(&sheet))
                .and_then(|pdf| first_page(&pdf, ACROSS_FORM))
                .map_err(|error| refused(error).note(format!("while printing {name}")))?;
            pages.push((name, page));
        }
        let sheet = press.contact_sheet(&pages).map_err(refused)?;
        let bytes = if png { first_page(&sheet, ACROSS_SHEET).map_err(refused)? } else { sheet };
        files::deliver(console, Some(&self.output), &bytes)?;
        tell_unused(console, press.forms(), &agreements);
        Ok(ExitCode::SUCCESS)
    }
}
