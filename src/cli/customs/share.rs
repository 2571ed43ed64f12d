//! `origin customs share`, `shares` and `unshare`: links by which importers see what became of their declarations.

use super::{
    declaration::DeclarationFile,
    shown::{day, declaration_text},
};
use crate::{
    api::client::{Connection, wire, within_deadline},
    cli::{
        Outcome,
        apply::{Door, Most},
        arguments,
        console::Console,
        files::Source,
        forms,
        remote::date_to_wire,
        tree::plain,
    },
    time::Date,
};
use serde_json::{Value, json};
use std::process::ExitCode;

/// Make a link by which an importer sees what became of a declaration, without an account
///
/// Whoever has the link sees this declaration held against the certificate, what is left, and what was decided with it;
/// nothing of other declarations. Its address is printed here once; where it was lost, make another and take that one
/// back.
#[derive(Debug, clap::Args)]
pub(super) struct Share {
    /// The declaration: TOML as `origin customs template` writes it, or JSON; `-` is standard input
    #[arg(value_name = "FILE")]
    file: Source,
    /// The last day of the link, within a year
    #[arg(long, value_name = "DATE", value_parser = arguments::date)]
    until: Date,
    #[command(flatten)]
    door: Door,
}

/// List the links that have not ended
#[derive(Debug, clap::Args)]
pub(super) struct Shares {
    #[command(flatten)]
    most: Most,
    #[command(flatten)]
    door: Door,
}

/// Take a link back: it opens nothing any more
#[derive(Debug, clap::Args)]
pub(super) struct Unshare {
    /// The link, by its id as `origin customs shares` lists it
    #[arg(value_name = "ID")]
    share: String,
    #[command(flatten)]
    door: Door,
}

impl Share {
    pub(super) fn run(self, console: Console) -> Outcome {
        let declaration = Some(forms::read::<DeclarationFile>(&self.file)?.into_match()?);
        let until = Some(date_to_wire(self.until));
        let answer = self.door.ask(console, |connection| async move {
            let request = wire::CreateShareRequest { declaration, until };
            connection.shares().create_share(within_deadline(request)).await
        })?;
        if console.is_json() {
            let share = answer.share.as_ref().map(described);
            console.data(json!({ "url": answer.url, "share": share }));
        } else {
            console.data(plain(&answer.url));
            let id = answer.share.map(|share| share.share_id).unwrap_or_default();
            console.message(format!("it ends with {}; taken back with origin customs unshare {id}", self.until));
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Shares {
    pub(super) fn run(self, console: Console) -> Outcome {
        let call = |connection: Connection, page_size, page_token| async move {
            let request = wire::ListSharesRequest { page_size, page_token };
            connection.shares().list_shares(within_deadline(request)).await
        };
        let page = |answer: wire::ListSharesResponse| {
            for share in &answer.shares {
                if console.is_json() {
                    console.data(described(share));
                } else {
                    console.data(line(share));
                }
            }
            (answer.shares.len(), answer.next_page_token)
        };
        self.door.pages(console, self.most, call, page, "there is no link that has not ended")
    }
}

impl Unshare {
    pub(super) fn run(self, console: Console) -> Outcome {
        let share_id = self.share.clone();
        self.door.ask(console, |connection| async move {
            connection.shares().revoke_share(within_deadline(wire::RevokeShareRequest { share_id })).await
        })?;
        console.message(format!("{} opens nothing any more", plain(&self.share)));
        Ok(ExitCode::SUCCESS)
    }
}

fn line(share: &wire::Share) -> String {
    let declaration = declaration_text(&share.declaration.clone().unwrap_or_default());
    let until = day(share.until.as_ref()).unwrap_or_default();
    let certificate = match share.number.as_str() {
        "" => plain(&share.jti),
        number => format!("{} ({})", plain(number), plain(&share.jti)),
    };
    format!("{}  until {until}  certificate {certificate}  {declaration}", plain(&share.share_id))
}

fn described(share: &wire::Share) -> Value {
    let declaration = share.declaration.clone().unwrap_or_default();
    json!({
        "id": share.share_id,
        "jti": share.jti,
        "number": share.number,
        "declaration": declaration.number,
        "until": day(share.until.as_ref()),
        "account": share.account_id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_listed_with_its_certificate() {
        let jti = "01KB3D9M8000000000000000AB";
        let share = wire::Share { share_id: "shr_1".to_owned(), jti: jti.to_owned(), ..Default::default() };
        assert!(line(&share).contains(&format!("certificate {jti}")), "{}", line(&share));
        assert_eq!(described(&share)["jti"], jti);
        let numbered = wire::Share { number: "260000001".to_owned(), ..share };
        assert!(line(&numbered).contains(&format!("certificate 260000001 ({jti})")), "{}", line(&numbered));
        assert_eq!(described(&numbered)["number"], "260000001");
    }
}
