//! `origin form list`: which forms are printed, and by which template.

use super::{PressArguments, all_forms, refused, sample, tell_unused};
use crate::{
    cli::{Outcome, arguments, console::Console},
    document::{FontFolders, Images, Press, SpecimenOf, specimen},
};
use serde_json::json;
use std::process::ExitCode;

/// List the forms of every agreement, and the template that prints each
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    press: PressArguments,
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        // Nothing is drawn here, and no font is asked for.
        let press = Press::new(self.press.forms()?, &FontFolders::Named(Vec::new())).map_err(refused)?;
        let (agreements, on) = (self.press.agreements()?, arguments::today());
        for (agreement, edition, form) in all_forms(&agreements) {
            let template = press.forms().of(agreement.code.as_str(), form.code.as_str());
            // What no specimen can be made of is printed all the same, where a certificate fits.
            let of = SpecimenOf { agreement, edition, form };
            let sheet = specimen(of, sample(&agreement.code, on)?, on, &Images::none());
            let differences = sheet.ok().and_then(|sheet| press.not_followed(&sheet));
            if console.is_json() {
                console.data(json!({
                    "agreement": agreement.code,
                    "edition": edition.code,
                    "form": form.code,
                    "template": template,
                    "title": form.title.value(),
                    "boxes": form.boxes.len(),
                    "confirmed": form.confirmed,
                    "not_followed": differences,
                }));
                continue;
            }
            let boxes = match (form.boxes.len(), form.confirmed) {
                (0, _) => "its boxes are not known".to_owned(),
                (count, true) => format!("{count} boxes"),
                (count, false) => format!("{count} boxes, unconfirmed"),
            };
            let note = differences.map(|one| format!("; {one}: the generic form is drawn")).unwrap_or_default();
            let (agreement, form) = (agreement.code.as_str(), form.code.as_str());
            console.data(format!("{agreement:10} {form:10} {template:20} {boxes}{note}"));
        }
        tell_unused(console, press.forms(), &agreements);
        Ok(ExitCode::SUCCESS)
    }
}
