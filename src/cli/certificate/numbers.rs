//! `origin certificate numbers`: what became of every number of the authority's series.

use crate::{
    api::client::{Connection, wire, within_deadline},
    cli::{
        Outcome,
        application::instant,
        apply::{Door, Most},
        arguments,
        console::Console,
        tree::plain,
    },
};
use serde_json::json;

/// List certificate numbers: given, held in advance, voided with the reason, and any gap
#[derive(Debug, clap::Args)]
pub(super) struct Numbers {
    /// Part of the names of the series, such as `PK-CN-2026` or an office's code [default: all series]
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    series: String,
    #[arg(
        long,
        value_name = "STANDING",
        value_parser = standing,
        help = arguments::one_of("Only those of which this became", standings().map(word))
    )]
    standing: Option<wire::NumberStanding>,
    #[command(flatten)]
    most: Most,
    #[command(flatten)]
    door: Door,
}

impl Numbers {
    pub(super) fn run(self, console: Console) -> Outcome {
        let call = |connection: Connection, page_size, page_token| {
            let (series, standing) = (self.series.clone(), self.standing.unwrap_or_default().into());
            let request = wire::ListNumbersRequest { series, page_size, page_token, standing };
            async move { connection.examinations().list_numbers(within_deadline(request)).await }
        };
        let page = |answer: wire::ListNumbersResponse| {
            answer.numbers.iter().for_each(|one| show(console, one));
            (answer.numbers.len(), answer.next_page_token)
        };
        self.door.pages(console, self.most, call, page, "there is no such number")
    }
}

fn standing(text: &str) -> Result<wire::NumberStanding, String> {
    let known = || standings().map(word).collect::<Vec<_>>().join(", ");
    standings().find(|one| word(*one) == text).ok_or_else(|| format!("it is one of {}", known()))
}

/// All that can become of a number.
fn standings() -> impl Iterator<Item = wire::NumberStanding> {
    (1..).map_while(|at| wire::NumberStanding::try_from(at).ok())
}

const fn word(standing: wire::NumberStanding) -> &'static str {
    use wire::NumberStanding as S;
    match standing {
        S::Unspecified => "unknown",
        S::Given => "given",
        S::Held => "held",
        S::Voided => "voided",
        S::Unexplained => "unexplained",
        S::Block => "block",
        S::Paper => "paper",
        S::Lost => "lost",
    }
}

fn show(console: Console, one: &wire::CertificateNumber) {
    let standing = one.standing();
    if console.is_json() {
        console.data(json!({
            "number": one.number,
            "standing": word(standing),
            "log": one.log,
            "index": one.index,
            "application_id": one.application_id,
            "office": one.office,
            "reserved_at": instant(one.reserved_at.as_ref()),
            "reserved_by": one.reserved_by,
            "voided_by_deed": one.voided_by_deed,
            "void_reason": one.void_reason,
            "voided_at": instant(one.voided_at.as_ref()),
            "voided_by": one.voided_by,
            "block_id": one.block_id,
            "lost_jti": one.lost_jti,
        }));
        return;
    }
    let more = match standing {
        wire::NumberStanding::Given if !one.log.is_empty() => format!("entry {} of {}", one.index, one.log),
        wire::NumberStanding::Block => format!("of block {}", one.block_id),
        wire::NumberStanding::Paper => format!("registered as entry {} of {}", one.index, one.log),
        wire::NumberStanding::Lost => format!("{} of {} is with its holder alone", one.lost_jti, one.log),
        wire::NumberStanding::Held => {
            format!("by {} since {}", one.application_id, instant(one.reserved_at.as_ref()))
        }
        wire::NumberStanding::Voided => {
            let why = if one.void_reason.is_empty() { String::new() } else { format!(": {}", plain(&one.void_reason)) };
            let (deed, at) = (&one.voided_by_deed, instant(one.voided_at.as_ref()));
            format!("{deed} by {} {at}, {}{why}", plain(&one.voided_by), one.application_id)
        }
        _ => String::new(),
    };
    console.data(format!("{}  {:11}  {more}", one.number, word(standing)).trim_end().to_owned());
}
