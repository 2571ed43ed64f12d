//! What the people of the demonstration ask of their nodes, and what they make of what comes back.

use super::Desk;
use crate::{
    api::client::{Connection, wire, within_deadline},
    certificate::offset_dates,
    cli::{
        calls::{self, refused},
        console::{Exit, Failure},
        demo::{
            ground::{Cast, everybody},
            nodes::Running,
        },
        process::failed,
        remote::date_to_wire,
    },
    encoding::base64,
    node::system::SystemClock,
    statement::{Bundle, Presentation, Section, redact},
    time::{Clock, Date, ZoneName},
    verification::Headline,
};

pub(super) async fn issue(desk: &Desk, text: &str) -> Result<wire::IssuedCertificate, Failure> {
    let today = desk.cast.zone()?.date_at(SystemClock.now());
    calls::issue(&desk.connection, offset_dates(text, today).map_err(failed)?).await
}

/// The day of use that is asked about: the latest civil date at any of the offices. Just after midnight in China
/// it is still yesterday in Egypt, and no ship is that fast.
pub(super) fn day_of_use() -> Result<Date, Failure> {
    let now = SystemClock.now();
    let days = everybody().map(Cast::zone).collect::<Result<Vec<ZoneName>, _>>()?;
    days.iter().map(|zone| zone.date_at(now)).max().ok_or_else(|| failed("nobody to show"))
}

/// An account for somebody who signs.
pub(super) async fn open_account(node: &Running, cast: &Cast) -> Result<String, Failure> {
    account(node, cast, wire::Role::Signatory).await
}

/// An account in a role; its token.
pub(super) async fn account(node: &Running, cast: &Cast, role: wire::Role) -> Result<String, Failure> {
    let request = wire::CreateAccountRequest {
        issuer: cast.issuer(),
        name: "Somebody of the demonstration".to_owned(),
        roles: vec![role.into()],
        offices: cast.offices(),
        ..Default::default()
    };
    let answer = node.admin()?.admin().create_account(within_deadline(request)).await.map_err(refused)?;
    Ok(answer.into_inner().token)
}

pub(super) async fn online(anyone: &Connection, bundle: &str, day: Date, expected: Headline) -> Result<(), Failure> {
    let request = wire::VerifyPresentationRequest {
        presentation: bundle.to_owned().into(),
        as_of: Some(date_to_wire(day)),
        pages: None,
    };
    let answer = anyone.verifications().verify_presentation(within_deadline(request)).await.map_err(refused)?;
    let headline = answer.into_inner().verdict.unwrap_or_default().headline;
    if headline == expected.as_str() {
        return Ok(());
    }
    Err(Failure::new(Exit::Failed, format!("the node's verdict is {headline}, and should be {}", expected.as_str())))
}

pub(super) fn redacted(bundle: &str) -> Result<String, Failure> {
    let mut bundle = Bundle::parse(bundle.as_bytes()).map_err(failed)?;
    let presentation = Presentation::parse(&bundle.token).map_err(failed)?;
    bundle.token = redact(&presentation, &[Section::Commercial]).map_err(failed)?;
    Ok(bundle.to_json())
}

/// The last disclosure is an item of the goods: its description says the contrary.
pub(super) fn tampered(bundle: &str) -> Result<String, Failure> {
    let mut bundle = Bundle::parse(bundle.as_bytes()).map_err(failed)?;
    let text = bundle.token.strip_suffix('~').unwrap_or(&bundle.token);
    let (before, item) = text.rsplit_once('~').ok_or_else(|| failed("the token has no disclosure"))?;
    let bytes = base64::decode_url(item).map_err(failed)?;
    let json = String::from_utf8(bytes).map_err(failed)?.replacen("\"description\":\"", "\"description\":\"Not ", 1);
    bundle.token = format!("{before}~{}~", base64::encode_url(json.as_bytes()));
    Ok(bundle.to_json())
}
