//! `origin form list`: which forms are printed, and by which template.

use super::{PressArguments, all_forms};
use crate::cli::{Outcome, console::Console};
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
        let (forms, agreements) = (self.press.forms()?, self.press.agreements()?);
        for (agreement, edition, form) in all_forms(&agreements) {
            let template = forms.of(agreement.code.as_str(), form.code.as_str());
            if console.is_json() {
                console.data(json!({
                    "agreement": agreement.code,
                    "edition": edition.code,
                    "form": form.code,
                    "template": template,
                    "title": form.title.value(),
                    "boxes": form.boxes.len(),
                    "confirmed": form.confirmed,
                }));
                continue;
            }
            let boxes = match (form.boxes.len(), form.confirmed) {
                (0, _) => "its boxes are not known".to_owned(),
                (count, true) => format!("{count} boxes"),
                (count, false) => format!("{count} boxes, unconfirmed"),
            };
            console.data(format!("{:10} {:10} {template:20} {boxes}", agreement.code.as_str(), form.code.as_str()));
        }
        Ok(ExitCode::SUCCESS)
    }
}
