//! `origin customs write-off`, `amend`, `reverse` and `balance`: quantities that were imported under a certificate.

use super::{
    declaration::{DeclarationFile, Declared},
    named::Named,
    quantity::Quantity,
    shown::{balance_described, balance_lines, notice_lines, notices_described},
};
use crate::{
    api::client::{wire, within_deadline},
    cli::{
        Outcome,
        apply::Door,
        certificate::Request,
        console::{Console, Exit, Failure},
        files::Source,
        forms,
    },
};
use clap::builder::NonEmptyStringValueParser;
use serde_json::json;
use std::process::ExitCode;

/// What an act did, and what is left after it.
struct Done {
    act: u32,
    jti: String,
    items: Vec<wire::ItemBalance>,
    notices: Vec<wire::Notice>,
}

impl Done {
    fn show(self, console: Console, how: &str) -> ExitCode {
        let Self { act, jti, items, notices } = self;
        if console.is_json() {
            console.data(json!({
                "act": act, "jti": jti, "items": balance_described(&items), "notices": notices_described(&notices),
            }));
        } else {
            console.data(format!("act {act}  {how}, told to the issuer by statement {jti}"));
            balance_lines(console, &items);
            notice_lines(console, &notices);
        }
        ExitCode::SUCCESS
    }
}

/// Write quantities off that were imported under a certificate
///
/// The lines come from --item, or from the file that `origin customs match` was given.
#[derive(Debug, clap::Args)]
pub(super) struct WriteOff {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    declared: Declared,
    /// A quantity of an item, such as `1=500KGM`; `@3` behind it names line 3 of the declaration. May be given several
    /// times
    #[arg(long = "item", value_name = "ITEM=QUANTITY", required_unless_present = "file", requires = "declaration")]
    items: Vec<Quantity>,
    /// The declaration, as `origin customs template` prints it; each line says its item and its quantity
    #[arg(long, value_name = "FILE", conflicts_with_all = ["items", "declaration"])]
    file: Option<Source>,
    /// Write off though the certificate stands in the place of one that was used here: what is written off was not imported
    /// under that one, and you say so to its issuer with --remarks
    #[arg(long, requires = "remarks")]
    despite_predecessor: bool,
    /// Anything else the issuer should know
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    remarks: String,
    #[command(flatten)]
    request: Request,
}

impl WriteOff {
    pub(super) fn run(self, console: Console) -> Outcome {
        let (declaration, lines) = match &self.file {
            Some(source) => self.of_file(source).map(|(declaration, lines)| (Some(declaration), lines))?,
            None => (self.declared.to_wire(), self.items),
        };
        let (named, remarks, despite_predecessor) = (&self.named, self.remarks, self.despite_predecessor);
        let lines = lines.iter().map(Quantity::to_wire).collect();
        let answer = self.request.ask(console, async |connection, request_id| {
            let certificate = Some(named.to_wire());
            let request =
                wire::WriteOffRequest { request_id, certificate, declaration, lines, remarks, despite_predecessor };
            connection.customs().write_off(within_deadline(request)).await
        })?;
        let wire::WriteOffResponse { act, jti, items, notices } = answer;
        Ok(Done { act, jti, items, notices }.show(console, "written off"))
    }

    /// The file is of the certificate that is named: an officer who took the wrong file hears of it here.
    fn of_file(&self, source: &Source) -> Result<(wire::ImportDeclaration, Vec<Quantity>), Failure> {
        let file = forms::read::<DeclarationFile>(source)?;
        let (shown, named) = (file.certificate()?, self.named.to_wire());
        let same_kind =
            shown.name.as_ref().map(std::mem::discriminant) == named.name.as_ref().map(std::mem::discriminant);
        if same_kind && shown.name != named.name {
            return Err(Failure::new(Exit::Failed, format!("`{source}` is of another certificate than the one named")));
        }
        file.into_quantities()
    }
}

/// Put other quantities in the place of a write-off's
///
/// Name every item and line that is to stay written off: what the write-off held and is not named here is given back whole.
#[derive(Debug, clap::Args)]
pub(super) struct Amend {
    #[command(flatten)]
    named: Named,
    /// The write-off, by its number among the acts of the certificate
    #[arg(long, value_name = "NUMBER")]
    act: u32,
    /// A quantity of an item, such as `1=500KGM`; `@3` behind it names line 3 of the declaration. May be given several
    /// times
    #[arg(long = "item", value_name = "ITEM=QUANTITY", required = true)]
    items: Vec<Quantity>,
    /// Anything else the issuer should know
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    remarks: String,
    #[command(flatten)]
    request: Request,
}

impl Amend {
    pub(super) fn run(self, console: Console) -> Outcome {
        let Self { named, act, items, remarks, request } = self;
        let lines = items.iter().map(Quantity::to_wire).collect();
        let answer = request.ask(console, async |connection, request_id| {
            let certificate = Some(named.to_wire());
            let request = wire::AmendWriteOffRequest { request_id, certificate, act, lines, remarks };
            connection.customs().amend_write_off(within_deadline(request)).await
        })?;
        let wire::AmendWriteOffResponse { act: new, jti, items, notices } = answer;
        Ok(Done { act: new, jti, items, notices }.show(console, &format!("takes the place of act {act}")))
    }
}

/// Take a write-off back
#[derive(Debug, clap::Args)]
pub(super) struct Reverse {
    #[command(flatten)]
    named: Named,
    /// The write-off, by its number among the acts of the certificate
    #[arg(long, value_name = "NUMBER")]
    act: u32,
    /// Why it is taken back
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    words: String,
    #[command(flatten)]
    request: Request,
}

impl Reverse {
    pub(super) fn run(self, console: Console) -> Outcome {
        let Self { named, act, words, request } = self;
        let answer = request.ask(console, async |connection, request_id| {
            let certificate = Some(named.to_wire());
            let request = wire::ReverseWriteOffRequest { request_id, certificate, act, words };
            connection.customs().reverse_write_off(within_deadline(request)).await
        })?;
        let wire::ReverseWriteOffResponse { act: new, jti, items } = answer;
        Ok(Done { act: new, jti, items, notices: Vec::new() }.show(console, &format!("takes back act {act}")))
    }
}

/// Show what is left of a certificate, item by item
#[derive(Debug, clap::Args)]
pub(super) struct Balance {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    door: Door,
}

impl Balance {
    pub(super) fn run(self, console: Console) -> Outcome {
        let request = wire::GetBalanceRequest { certificate: Some(self.named.to_wire()) };
        let answer = self.door.ask(console, |connection| async move {
            connection.customs().get_balance(within_deadline(request)).await
        })?;
        if console.is_json() {
            console.data(json!({ "items": balance_described(&answer.items) }));
        } else {
            balance_lines(console, &answer.items);
        }
        Ok(ExitCode::SUCCESS)
    }
}
