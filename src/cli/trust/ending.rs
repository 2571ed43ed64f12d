//! What a trust list makes void at the node it is installed at: it may end a log of that node below what the log has by
//! now, as the draft of a closing does that was taken back.

use crate::{
    api::client::{Connection, Refusal, wire, within_deadline},
    cli::{
        account::OperatorDoor,
        console::{Console, Exit, Failure},
        remote,
    },
    log::Origin,
    node::Configuration,
    reason::{counted, some_of},
    statement::Kind,
    trust::TrustList,
};
use std::collections::BTreeSet;

/// Statements asked for at once.
const A_PAGE: i32 = 500;

/// A log of the node that a list ends below what it has.
struct Ended {
    origin: Origin,
    last: u64,
    size: u64,
    /// What stands beyond and is more than a snapshot, by its place.
    said: BTreeSet<(u64, String)>,
}

/// Says what a list would make void, and refuses it where that is more than snapshots, unless somebody wants it so.
pub(super) fn agreed(
    console: Console,
    door: &OperatorDoor,
    configuration: &Configuration,
    (next, known): (&TrustList, Option<&TrustList>),
    for_good: bool,
) -> Result<(), Failure> {
    let new = |origin: &Origin| known.is_none_or(|known| known.shard_final_size(origin).is_none());
    let own = |origin: &Origin| configuration.authorities.iter().any(|one| one.issuer.host() == origin.host());
    let ends = next.text().shards.iter().filter(|end| own(&end.origin) && new(&end.origin));
    let ends = ends.map(|end| (end.origin.clone(), end.final_size)).collect::<Vec<_>>();
    if ends.is_empty() {
        return Ok(());
    }
    let asked = remote::converse(async {
        let Ok((connection, address)) = door.open(configuration).await else { return Ok(None) };
        match beyond(&connection, next, &ends).await {
            Ok(ended) => Ok(Some(ended)),
            Err(status) if Refusal::from(&status).unreachable => Ok(None),
            Err(status) => Err(remote::refused(console, &address, &status)),
        }
    })?;
    let Some(ended) = asked else {
        let logs =
            some_of(ends.iter().map(|(origin, last)| format!("{origin} at {}", counted(*last, "entry", "entries"))));
        console.message(format!(
            "note: the list ends {logs}; the node does not run, and what stands beyond is not known here: it is void from \
             the next start on, and origin doctor says it then"
        ));
        return Ok(());
    };
    if for_good || ended.iter().all(|one| one.said.is_empty()) {
        for one in &ended {
            console.message(one.sentence());
        }
        return Ok(());
    }
    let failure = Failure::new(
        Exit::Failed,
        format!("trust list {} ends logs of this node below what they have; nothing was installed", next.version()),
    );
    let failure = ended.iter().fold(failure, |failure, one| failure.note(one.sentence()));
    Err(failure
        .help("have another list made (origin log close says the sizes), or give --for-good, if that is what you want"))
}

/// The logs that have more than the list leaves them, with what stands beyond.
async fn beyond(
    connection: &Connection,
    list: &TrustList,
    ends: &[(Origin, u64)],
) -> Result<Vec<Ended>, tonic::Status> {
    let status = connection.admin().get_status(within_deadline(wire::GetStatusRequest {})).await?.into_inner();
    let mut found = Vec::new();
    for authority in status.authorities {
        let size_of = |origin: &Origin| {
            let log = authority.logs.iter().find(|log| log.origin == origin.as_str());
            log.map_or(0, |log| log.size)
        };
        for (origin, last) in ends {
            let size = size_of(origin);
            if size <= *last {
                continue;
            }
            let mut one = Ended { origin: origin.clone(), last: *last, size, said: BTreeSet::new() };
            one.read(connection, list, &authority.issuer).await?;
            found.push(one);
        }
    }
    Ok(found)
}

impl Ended {
    /// What every key of the authority signed beyond the end.
    async fn read(&mut self, connection: &Connection, list: &TrustList, issuer: &str) -> Result<(), tonic::Status> {
        let section = list.sections().find(|section| section.iss().to_string() == issuer);
        for key in section.into_iter().flat_map(|section| &section.text().keys) {
            let mut page_token = String::new();
            loop {
                let end =
                    wire::KeyEnd { log: self.origin.to_string(), until_index: self.last, ..wire::KeyEnd::default() };
                let request = wire::ListSignedPastRequest {
                    issuer: issuer.to_owned(),
                    key: key.kid.to_string(),
                    ends: vec![end],
                    page_size: A_PAGE,
                    page_token,
                };
                let page = connection.admin().list_signed_past(within_deadline(request)).await?.into_inner();
                let more = page.statements.iter().filter(|one| one.kind != Kind::StatusSnapshot.name());
                self.said.extend(more.map(|one| (one.index, what(one))));
                page_token = page.next_page_token;
                if page_token.is_empty() {
                    break;
                }
            }
        }
        Ok(())
    }

    fn sentence(&self) -> String {
        let Self { origin, last, size, said } = self;
        let beyond = size.saturating_sub(*last);
        let void = counted(beyond, "entry becomes", "entries become");
        let what = if said.is_empty() {
            "nothing but status snapshots".to_owned()
        } else {
            some_of(said.iter().map(|(_, what)| what))
        };
        format!(
            "{origin} ends with {} and has {size}: {void} void for ever: {what}",
            counted(*last, "entry", "entries")
        )
    }
}

/// A statement, as whoever has to say it again looks for it.
fn what(one: &wire::PlainStatement) -> String {
    let what = match one.kind.as_str() {
        kind if kind == Kind::CertificateOfOrigin.name() => format!("certificate {}", one.jti),
        kind if kind == Kind::StatusChange.name() => format!("certificate {} {}", one.target_jti, one.act),
        kind => format!("{kind} {}", one.jti),
    };
    format!("entry {} ({what})", one.index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_ends_a_log_below_what_it_has_is_told_which_certificates_and_changes_become_void() {
        let certificate = wire::PlainStatement {
            kind: Kind::CertificateOfOrigin.name().to_owned(),
            jti: "J1".to_owned(),
            index: 13,
            ..Default::default()
        };
        let change = wire::PlainStatement {
            kind: Kind::StatusChange.name().to_owned(),
            target_jti: "J0".to_owned(),
            act: "suspended".to_owned(),
            index: 14,
            ..Default::default()
        };
        let origin: Origin = "tdap.gov.pk/log/2026/cn".parse().unwrap();
        let none = Ended { origin, last: 13, size: 16, said: BTreeSet::new() };
        assert_eq!(
            none.sentence(),
            "tdap.gov.pk/log/2026/cn ends with 13 entries and has 16: 3 entries become void for ever: nothing but status \
             snapshots"
        );
        let said = [certificate, change].iter().map(|one| (one.index, what(one))).collect();
        let sentence = Ended { said, ..none }.sentence();
        assert!(
            sentence.ends_with("void for ever: entry 13 (certificate J1), entry 14 (certificate J0 suspended)"),
            "{sentence}"
        );
    }
}
