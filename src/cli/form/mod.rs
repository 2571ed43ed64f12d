//! `origin form`: the printed forms, looked at, tried and checked by those who keep their templates.

mod contact;
mod list;
mod preview;

pub(super) use preview::write_all;

use super::{
    Outcome, agreements, arguments,
    console::{Colour, Console, Exit, Failure},
    files::Source,
};
use crate::{
    agreement::{Agreement, Agreements, Edition, Form},
    certificate::{AgreementCode, EditionCode, FormCode, Measure, Particulars, offset_dates},
    document::{DocumentError, FontFolders, Forms, Images, Press, Script, Sheet, SpecimenOf, specimen},
    encoding::Decimal,
    reason::Reasoned,
    time::Date,
};
use clap::Subcommand;
use std::path::PathBuf;

/// Items of the largest specimen.
const MOST_ITEMS: u64 = 500;
/// Bytes of a file of particulars.
const MOST_BYTES: usize = 1 << 20;

/// Particulars for specimens, by the agreement that they are of; the first stand for all others.
const SAMPLES: [(&str, &str); 3] = [
    ("CPFTA", include_str!("../../../node-config/demo/certificates/pk-cn-footballs.json")),
    ("COMESA", include_str!("../../../node-config/demo/certificates/ke-zm-soap-comesa.json")),
    ("NONPREF", include_str!("../../../node-config/demo/certificates/pk-ke-rice-nonpreferential.json")),
];

/// See, preview and write the templates of printed forms
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::Arguments),
    Preview(preview::Preview),
    Sheet(preview::Sheet),
    ContactSheet(contact::Arguments),
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        match self.command {
            Command::List(arguments) => arguments.run(console),
            Command::Preview(arguments) => arguments.run(console),
            Command::Sheet(arguments) => arguments.run(console),
            Command::ContactSheet(arguments) => arguments.run(console),
        }
    }
}

/// What forms are printed with.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct PressArguments {
    /// Folder of templates that come before those of the program
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Folder of fonts; may be given several times [default: where the system keeps them]
    #[arg(long, value_name = "DIR")]
    fonts: Vec<PathBuf>,
    /// Folder of agreement files [default: those that come with the program]
    #[arg(long, value_name = "DIR")]
    agreements: Option<PathBuf>,
}

impl PressArguments {
    /// The templates.
    fn forms(&self) -> Result<Forms, Failure> {
        self.folder.as_deref().map_or_else(|| Ok(Forms::shipped()), Forms::with_folder).map_err(refused)
    }

    /// A press with its fonts.
    pub(super) fn press(&self) -> Result<Press, Failure> {
        let fonts = if self.fonts.is_empty() { FontFolders::System } else { FontFolders::Named(self.fonts.clone()) };
        Press::new(self.forms()?, &fonts).map_err(refused)
    }

    /// The agreements.
    pub(super) fn agreements(&self) -> Result<Agreements, Failure> {
        agreements::load(self.agreements.as_deref())
    }
}

/// Which form, filled in with what.
#[derive(Debug, clap::Args)]
struct Wanted {
    /// The agreement's code, such as CPFTA, COMESA or NONPREF
    #[arg(value_name = "AGREEMENT", value_parser = arguments::agreement)]
    agreement: AgreementCode,
    /// The form's code, where the agreement has several [default: its first]
    #[arg(long, value_name = "CODE")]
    form: Option<FormCode>,
    /// The edition of the agreement [default: its last]
    #[arg(long, value_name = "CODE")]
    edition: Option<EditionCode>,
    /// Particulars to fill it in with, TOML or JSON; `-` is standard input [default: a sample's]
    #[arg(long, value_name = "FILE")]
    certificate: Option<Source>,
    /// Repeat the items until there are so many, to see continuation sheets
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MOST_ITEMS))]
    items: Option<u64>,
    /// The date of issue [default: today in the time zone of this machine]
    #[arg(long, value_name = "DATE", value_parser = arguments::date)]
    on: Option<Date>,
    #[command(flatten)]
    press: PressArguments,
}

impl Wanted {
    /// The specimen.
    fn sheet(&self) -> Result<Sheet, Failure> {
        let agreements = self.press.agreements()?;
        let agreement = super::agreement::named(&agreements, &self.agreement)?;
        let of = self.form(agreement)?;
        let on = self.on.unwrap_or_else(arguments::today);
        let mut particulars = match &self.certificate {
            None => sample(&self.agreement, on)?,
            Some(file) => {
                let text = file.read_text(MOST_BYTES)?;
                let json = text.trim_start().starts_with('{');
                let read = if json { Particulars::from_json(text.as_bytes()) } else { Particulars::from_toml(&text) };
                read.map_err(|findings| {
                    Failure::new(Exit::Failed, format!("`{file}` cannot be printed: {findings}"))
                        .help(format!("origin certificate check {file}"))
                })?
            }
        };
        if let Some(items) = self.items {
            repeat(&mut particulars, items);
        }
        specimen(of, particulars, on, &Images::none()).map_err(refused)
    }

    fn form<'a>(&self, agreement: &'a Agreement) -> Result<SpecimenOf<'a>, Failure> {
        let editions = || agreement.editions.iter().map(|one| one.code.to_string()).collect::<Vec<_>>().join(", ");
        let edition = match &self.edition {
            None => agreement.editions.last(),
            Some(code) => agreement.edition(code),
        };
        let edition = edition.ok_or_else(|| {
            Failure::new(Exit::Failed, format!("{} has no such edition", agreement.code))
                .note(format!("known are {}", editions()))
        })?;
        let form = match &self.form {
            None => edition.forms.first(),
            Some(code) => edition.form(code),
        };
        let known = || edition.forms.iter().map(|one| one.code.to_string()).collect::<Vec<_>>().join(", ");
        let form = form.ok_or_else(|| {
            Failure::new(Exit::Failed, format!("edition {} of {} has no such form", edition.code, agreement.code))
                .note(format!("known are {}", known()))
                .help("origin form list")
        })?;
        Ok(SpecimenOf { agreement, edition, form })
    }
}

/// Every form of the last edition of every agreement.
fn all_forms(agreements: &Agreements) -> impl Iterator<Item = (&Agreement, &Edition, &Form)> {
    agreements.iter().flat_map(|agreement| {
        let edition = agreement.editions.last();
        edition.into_iter().flat_map(move |edition| edition.forms.iter().map(move |form| (agreement, edition, form)))
    })
}

/// Names the templates of the folder that print no form, of whatever edition: whoever wrote them looks for them in vain.
fn tell_unused(console: Console, forms: &Forms, agreements: &Agreements) {
    let all = agreements.iter().flat_map(|agreement| {
        let forms = agreement.editions.iter().flat_map(|edition| &edition.forms);
        forms.map(move |form| (agreement.code.as_str(), form.code.as_str()))
    });
    for name in forms.unused(all) {
        let note = console.paint_message(Colour::Bold, "note:");
        console.message(format!(
            "{note} `{name}` of the folder prints no form of these agreements: a template is named AGREEMENT-FORM.typ or \
             AGREEMENT.typ, in small letters; origin form list shows their codes"
        ));
    }
}

/// The demonstration's certificate of an agreement, or another's.
fn sample(agreement: &AgreementCode, on: Date) -> Result<Particulars, Failure> {
    let found = SAMPLES.iter().find(|(code, _)| *code == agreement.as_str()).or_else(|| SAMPLES.first());
    let text = found.map(|(_, text)| *text).unwrap_or_default();
    let dated = offset_dates(text, on).map_err(|error| Failure::new(Exit::Failed, error))?;
    Particulars::from_json(dated.as_bytes()).map_err(|findings| Failure::new(Exit::Failed, findings))
}

/// The items over and over, numbered anew, with their values; the totals are those of all of them.
fn repeat(particulars: &mut Particulars, count: u64) {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let items = std::mem::take(&mut particulars.goods.items);
    let values = particulars.commercial.as_mut().map(|one| std::mem::take(&mut one.item_values)).unwrap_or_default();
    let mut again = Vec::new();
    for (item, number) in items.iter().cycle().take(count).zip(1..) {
        again.extend(values.iter().filter(|one| one.item == item.number).map(|one| {
            let mut value = one.clone();
            value.item = number;
            value
        }));
        let mut item = item.clone();
        item.number = number;
        particulars.goods.items.push(item);
    }
    if let Some(totals) = &mut particulars.goods.totals {
        let items = &particulars.goods.items;
        let packages = items.iter().flat_map(|item| &item.packages).map(|one| one.count).fold(0, u32::saturating_add);
        totals.packages = totals.packages.map(|_| packages);
        totals.gross_weight = totals.gross_weight.take().and_then(|_| sum(items.iter().map(|one| &one.gross_weight)));
        totals.net_weight = totals.net_weight.take().and_then(|_| sum(items.iter().map(|one| &one.net_weight)));
    }
    if let Some(commercial) = &mut particulars.commercial {
        commercial.total = commercial.total.take().and_then(|mut total| {
            let one_currency = again.iter().all(|one| one.amount.currency == total.currency);
            let sum = again.iter().try_fold(Decimal::ZERO, |sum, one| sum.checked_add(one.amount.value))?;
            total.value = sum;
            (one_currency && !again.is_empty()).then_some(total)
        });
        commercial.item_values = again;
    }
}

/// The sum of weights of one unit, if all have one.
fn sum<'a>(weights: impl Iterator<Item = &'a Option<Measure>>) -> Option<Measure> {
    let mut total: Option<Measure> = None;
    for weight in weights {
        let weight = weight.as_ref()?;
        total = Some(match total {
            None => weight.clone(),
            Some(mut sum) if sum.unit == weight.unit => {
                sum.value = sum.value.checked_add(weight.value)?;
                sum
            }
            Some(_) => return None,
        });
    }
    total
}

/// A document that was not made.
pub(super) fn refused(error: DocumentError) -> Failure {
    let failure = Failure::new(Exit::Failed, &error).note(format!("reason {}", error.reason()));
    match &error {
        DocumentError::GlyphMissing { script, .. } if *script != Script::Other => {
            failure.help(format!("apt install {}", script.package()))
        }
        DocumentError::NotBuilt => failure.help("build it with its default features: cargo build --release"),
        _ => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_totals_of_a_long_specimen_are_those_of_all_its_items() {
        let mut long = sample(&"CPFTA".parse().unwrap(), arguments::today()).unwrap();
        repeat(&mut long, 40);
        let totals = long.goods.totals.as_ref().unwrap();
        assert_eq!(totals.packages, Some(16_800));
        assert_eq!(totals.gross_weight.as_ref().unwrap().value.to_string(), "327600");
        let commercial = long.commercial.as_ref().unwrap();
        assert_eq!(commercial.item_values.len(), 40);
        assert_eq!(commercial.total.as_ref().unwrap().value.to_string(), "5712000.00");
    }
}
