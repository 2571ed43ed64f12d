//! `origin customs write-off`, `amend`, `reverse` and `balance`: quantities that were imported under a certificate.

use super::{
    balance::{balance_described, balance_lines},
    declaration::{DeclarationFile, Declared},
    named::{self, Named},
    quantity::Quantity,
    shown::{notice_lines, notices_described},
};
use crate::{
    api::client::{Connection, wire, within_deadline},
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
use tonic::{Response, Status};

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
/// The lines come from --item, or from the file that `origin customs match` was given, which has to be of the
/// certificate that is named.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("lines").required(true).args(["items", "file"]))]
pub(super) struct WriteOff {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    declared: Declared,
    /// A quantity of an item, such as `1=500KGM`; `@3` behind it names line 3 of the declaration. May be given several
    /// times
    #[arg(long = "item", value_name = "ITEM=QUANTITY", requires = "declaration")]
    items: Vec<Quantity>,
    /// The declaration, as `origin customs template` prints it; each line says its item and its quantity
    #[arg(long, value_name = "FILE", conflicts_with = "declaration")]
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
        let (shown, declaration, lines) = match &self.file {
            Some(source) => {
                let file = forms::read::<DeclarationFile>(source)?;
                let shown = file.certificate()?;
                let (declaration, lines) = file.into_quantities()?;
                (Some(shown), Some(declaration), lines)
            }
            None => (None, self.declared.to_wire(), self.items),
        };
        let (named, remarks, despite_predecessor) = (self.named.to_wire(), self.remarks, self.despite_predecessor);
        let lines = lines.iter().map(Quantity::to_wire).collect();
        let answer = self.request.ask(console, async |connection, request_id| {
            let certificate = Some(named);
            let request =
                wire::WriteOffRequest { request_id, certificate, declaration, lines, remarks, despite_predecessor };
            write_off(&connection, shown, request).await
        })?;
        let Some(wire::WriteOffResponse { act, jti, items, notices }) = answer else {
            let source = self.file.as_ref().map(ToString::to_string).unwrap_or_default();
            let error = format!("`{source}` is of another certificate than the one named");
            return Err(Failure::new(Exit::Failed, error).note("nothing was written off"));
        };
        Ok(Done { act, jti, items, notices }.show(console, "written off"))
    }
}

/// Writes off of the certificate that the request names; nothing where a file was shown with another: an officer who
/// took the wrong file hears of it here.
async fn write_off(
    connection: &Connection,
    shown: Option<wire::ArrivedName>,
    mut request: wire::WriteOffRequest,
) -> Result<Response<Option<wire::WriteOffResponse>>, Status> {
    if let Some(shown) = shown {
        let named = request.certificate.take().unwrap_or_default();
        request.certificate = named::meant(connection, named, shown).await?;
        if request.certificate.is_none() {
            return Ok(Response::new(None));
        }
    }
    let answer = connection.customs().write_off(within_deadline(request)).await?;
    Ok(answer.map(Some))
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

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        write_off: WriteOff,
    }

    fn refused(more: &[&str]) -> String {
        let begin = ["x", "260000001", "--node", "localhost:1", "--token-file", "t"];
        Line::try_parse_from(begin.iter().chain(more)).map(|line| line.write_off).unwrap_err().to_string()
    }

    #[test]
    fn who_names_no_quantity_is_told_of_the_file_too_and_both_are_not_taken() {
        let none = refused(&[]);
        assert!(none.contains("--item <ITEM=QUANTITY>") && none.contains("--file <FILE>"), "{none}");
        let declared = ["--declaration", "I-7", "--date", "2026-12-01", "--office", "SHA"];
        let both = [&declared[..], &["--item", "1=5H87", "--file", "f.toml"]].concat();
        assert!(refused(&both).contains("cannot be used with"));
        assert!(refused(&["--item", "1=5H87"]).contains("--declaration"));
    }

    #[test]
    fn quantities_of_several_items_are_given_one_by_one() {
        let begin = ["x", "1", "--node", "localhost:1", "--token-file", "t", "--declaration", "I-7"];
        let more = ["--date", "2026-12-01", "--office", "SHA", "--item", "1=5H87", "--item", "2=5kgm"];
        let line = Line::try_parse_from(begin.iter().chain(&more)).unwrap();
        assert_eq!(line.write_off.items.len(), 2);
    }
}
