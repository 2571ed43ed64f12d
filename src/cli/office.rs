//! `origin office`: the offices of an authority, through the operator's door or as an administrator.

use super::{
    Outcome,
    account::Door,
    application::instant,
    arguments,
    console::{Console, Exit, Failure},
    tree::plain,
};
use crate::{
    api::client::{wire, within_deadline},
    certificate::{AgreementCode, OfficeCode},
    statement::Issuer,
};
use clap::{Subcommand, builder::NonEmptyStringValueParser};
use serde_json::json;
use std::process::ExitCode;

/// Open, list, change and close issuing offices at a running node; set numbers aside for an outage
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(List),
    Open(Open),
    Change(Change),
    Close(Close),
    Move(Move),
    Reserve(super::outage::Reserve),
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        match self.command {
            Command::List(arguments) => arguments.run(console),
            Command::Open(arguments) => arguments.run(console),
            Command::Change(arguments) => arguments.run(console),
            Command::Close(arguments) => arguments.run(console),
            Command::Move(arguments) => arguments.run(console),
            Command::Reserve(arguments) => arguments.run(console),
        }
    }
}

/// Which authority, at which node.
#[derive(Debug, Clone, clap::Args)]
struct At {
    /// The authority, where the node hosts several
    #[arg(long, value_name = "AUTHORITY", value_parser = arguments::issuer)]
    issuer: Option<Issuer>,
    #[command(flatten)]
    door: Door,
}

/// List the offices, with the agreements they issue under
#[derive(Debug, clap::Args)]
struct List {
    #[command(flatten)]
    at: At,
}

/// Open an office, or one that was closed again
#[derive(Debug, clap::Args)]
struct Open {
    /// Its code
    #[arg(value_name = "CODE", value_parser = arguments::office)]
    code: OfficeCode,
    /// Its name as certificates print it
    #[arg(long, value_name = "NAME")]
    name: String,
    /// The place of issue as certificates print it
    #[arg(long, value_name = "PLACE")]
    place: String,
    /// The zone whose civil date is the date of issue, such as Asia/Karachi
    #[arg(long, value_name = "ZONE")]
    time_zone: String,
    #[command(flatten)]
    terms: Terms,
    #[command(flatten)]
    at: At,
}

/// What an office issues under, what it asks, and how it counts.
#[derive(Debug, clap::Args)]
struct Terms {
    /// An agreement it issues under; repeat for all of them
    #[arg(long = "agreement", value_name = "CODE", value_parser = arguments::agreement)]
    agreements: Vec<AgreementCode>,
    /// An agreement whose applications wait for a fee, repeated for each; or `all`, alone, for every agreement
    #[arg(long = "fee", value_name = "CODE")]
    fees: Vec<String>,
    /// The first serial of its numbers under an agreement; said before the first of them is given
    #[arg(long = "series-begin", value_name = "CODE=NUMBER", value_parser = series_begin)]
    series_begin: Vec<wire::SeriesBegin>,
}

impl Terms {
    /// An office on these terms; what is empty is not named.
    fn office(self, code: &OfficeCode, name: String, place: String, time_zone: String) -> wire::Office {
        let Self { agreements, fees, series_begin } = self;
        let agreements = agreements.iter().map(ToString::to_string).collect();
        wire::Office {
            code: code.to_string(),
            name,
            place,
            agreements,
            time_zone,
            fees,
            series_begin,
            close_time: None,
        }
    }
}

/// Change an office; what is not named stays
///
/// Agreements and fees are named anew, all of them: those that are named take the place of those there were.
#[derive(Debug, clap::Args)]
struct Change {
    /// Its code
    #[arg(value_name = "CODE", value_parser = arguments::office)]
    code: OfficeCode,
    /// Its name as certificates print it
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    name: Option<String>,
    /// The place of issue as certificates print it
    #[arg(long, value_name = "PLACE", value_parser = NonEmptyStringValueParser::new())]
    place: Option<String>,
    /// The zone whose civil date is the date of issue
    #[arg(long, value_name = "ZONE", value_parser = NonEmptyStringValueParser::new())]
    time_zone: Option<String>,
    /// It asks no fees from now on
    #[arg(long, conflicts_with = "fees")]
    no_fee: bool,
    #[command(flatten)]
    terms: Terms,
    #[command(flatten)]
    at: At,
}

/// Close an office: it issues nothing any more
#[derive(Debug, clap::Args)]
struct Close {
    /// Its code
    #[arg(value_name = "CODE", value_parser = arguments::office)]
    code: OfficeCode,
    /// Move what waits there to this office
    #[arg(long, value_name = "CODE", value_parser = arguments::office)]
    queue_to: Option<OfficeCode>,
    #[command(flatten)]
    at: At,
}

/// Move what waits at a closed office to another
#[derive(Debug, clap::Args)]
struct Move {
    /// The office that is closed
    #[arg(value_name = "FROM", value_parser = arguments::office)]
    from: OfficeCode,
    /// The office that issues in its place
    #[arg(value_name = "TO", value_parser = arguments::office)]
    to: OfficeCode,
    #[command(flatten)]
    at: At,
}

impl List {
    fn run(self, console: Console) -> Outcome {
        let At { issuer, door } = self.at;
        let answer = door.converse(console, issuer, async |connection, issuer| {
            connection.admin().list_offices(within_deadline(wire::ListOfficesRequest { issuer })).await
        })?;
        answer.offices.iter().for_each(|office| show(console, office));
        Ok(ExitCode::SUCCESS)
    }
}

impl Open {
    fn run(self, console: Console) -> Outcome {
        let At { issuer, door } = self.at;
        let office = self.terms.office(&self.code, self.name, self.place, self.time_zone);
        let answer = door.converse(console, issuer, async |connection, issuer| {
            let request = wire::OpenOfficeRequest { issuer, office: Some(office) };
            connection.admin().open_office(within_deadline(request)).await
        })?;
        show(console, &answer.office.unwrap_or_default());
        Ok(ExitCode::SUCCESS)
    }
}

impl Change {
    fn run(self, console: Console) -> Outcome {
        // What is empty stays; whoever writes an empty text wants something else.
        let [name, place, time_zone] = [self.name, self.place, self.time_zone].map(Option::unwrap_or_default);
        let At { issuer, door } = self.at;
        let office = self.terms.office(&self.code, name, place, time_zone);
        let clear = self.no_fee.then(|| "fees".to_owned()).into_iter().collect();
        let answer = door.converse(console, issuer, async |connection, issuer| {
            let request = wire::UpdateOfficeRequest { issuer, office: Some(office), clear };
            connection.admin().update_office(within_deadline(request)).await
        })?;
        show(console, &answer.office.unwrap_or_default());
        Ok(ExitCode::SUCCESS)
    }
}

impl Close {
    fn run(self, console: Console) -> Outcome {
        let Self { code, queue_to, at } = self;
        if let Some(to) = &queue_to {
            can_take(console, &at, &code, to)?;
        }
        let named = code.to_string();
        let answer = at.door.clone().converse(console, at.issuer.clone(), async |connection, issuer| {
            let request = wire::CloseOfficeRequest { issuer, code: named };
            connection.admin().close_office(within_deadline(request)).await
        })?;
        show(console, &answer.office.unwrap_or_default());
        if let Some(to) = queue_to {
            move_queue(console, &at, &code, &to)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Move {
    fn run(self, console: Console) -> Outcome {
        move_queue(console, &self.at, &self.from, &self.to)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Whether what waits at an office can move to the other once it is closed: an office is not closed for a slip.
fn can_take(console: Console, at: &At, closing: &OfficeCode, to: &OfficeCode) -> Result<(), Failure> {
    let answer = at.door.converse(console, at.issuer.clone(), async |connection, issuer| {
        connection.admin().list_offices(within_deadline(wire::ListOfficesRequest { issuer })).await
    })?;
    let to = to.to_string();
    let why = match answer.offices.iter().find(|office| office.code == to) {
        _ if to == closing.to_string() => format!("what waits at {closing} cannot move to {closing} itself"),
        None => format!("`{to}` is not an office of this authority"),
        Some(office) if office.close_time.is_some() => format!("office {to} is closed"),
        Some(_) => return Ok(()),
    };
    Err(Failure::new(Exit::Failed, why).note(format!("{closing} was not closed")).help("origin office list"))
}

/// Moves a queue, some at a time.
fn move_queue(console: Console, at: &At, from: &OfficeCode, to: &OfficeCode) -> Result<(), Failure> {
    let (mut moved, mut left, mut page_token) = (0_u64, 0_u64, String::new());
    loop {
        let (from, to) = (from.to_string(), to.to_string());
        let answer = at.door.converse(console, at.issuer.clone(), async |connection, issuer| {
            let request = wire::MoveQueueRequest { issuer, from, to, page_token };
            connection.admin().move_queue(within_deadline(request)).await
        })?;
        moved = moved.saturating_add(answer.moved.into());
        left = left.saturating_add(answer.left.into());
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    if console.is_json() {
        console.data(json!({ "from": from.to_string(), "to": to.to_string(), "moved": moved, "left": left }));
    } else {
        console.data(format!("{moved} moved from {from} to {to}"));
        if left > 0 {
            console.message(format!("{left} left at {from}: {to} does not issue under their agreement"));
        }
    }
    Ok(())
}

fn series_begin(text: &str) -> Result<wire::SeriesBegin, String> {
    let wrong = || "an agreement and its first serial, such as CPFTA=1000".to_owned();
    let (agreement, serial) = text.split_once('=').ok_or_else(wrong)?;
    let agreement = arguments::agreement(agreement)?.to_string();
    Ok(wire::SeriesBegin { agreement, serial: serial.parse().map_err(|_| wrong())? })
}

fn show(console: Console, office: &wire::Office) {
    let begin = office.series_begin.iter().map(|one| (one.agreement.clone(), one.serial));
    if console.is_json() {
        console.data(json!({
            "code": office.code,
            "name": office.name,
            "place": office.place,
            "agreements": office.agreements,
            "time_zone": office.time_zone,
            "fees": office.fees,
            "series_begin": begin.collect::<std::collections::BTreeMap<_, _>>(),
            "closed_at": office.close_time.as_ref().map(|at| instant(Some(at))),
        }));
        return;
    }
    let mut said = format!("{:6} {}; at {}", office.code, plain(&office.name), plain(&office.place));
    match &office.close_time {
        Some(at) => said = format!("{said}; closed {}", instant(Some(at))),
        None if office.agreements.is_empty() => said.push_str("; issues under no agreement"),
        None => said = format!("{said}; issues under {}", office.agreements.join(", ")),
    }
    if !office.fees.is_empty() {
        said = format!("{said}; fee for {}", office.fees.join(", "));
    }
    for (agreement, serial) in begin {
        said = format!("{said}; {agreement} counts from {serial}");
    }
    console.data(said);
}
