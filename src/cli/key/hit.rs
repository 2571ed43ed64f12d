//! What the closing of a key hits: asked of the running node, shown, and written for those who issue it anew.

use crate::{
    api::client::{wire, within_deadline},
    cli::{
        account::OperatorDoor,
        console::{Colour, Console, Exit, Failure},
        remote::{self, date_text},
    },
    log::Origin,
    node::Configuration,
    statement::{Issuer, Kid, Kind},
    time::Timestamp,
    trust::Closing,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Statements asked for at once.
const A_PAGE: i32 = 500;

/// Where a key is closed in one log, and what stands past it.
pub(super) struct End {
    /// Entries below it count.
    pub(super) until_index: u64,
    size: u64,
    basis: String,
    certificates: Vec<wire::PlainStatement>,
    /// Changes that take force away: they stay.
    stay: u64,
    /// Changes that gave it back: they fail.
    reinstated: u64,
    /// What has to be said again.
    others: u64,
}

/// All of it, log by log.
pub(super) struct Hit {
    pub(super) ends: BTreeMap<Origin, End>,
}

/// Has the node stop a key, unless this only asks, and say what that hits.
pub(super) fn ask(
    console: Console,
    door: &OperatorDoor,
    configuration: &Configuration,
    (issuer, key): (&Issuer, &Kid),
    since: Timestamp,
    only_ask: bool,
) -> Result<Hit, Failure> {
    remote::converse(async {
        let (connection, address) = door.open(configuration).await?;
        let refused = |status: tonic::Status| remote::refused(console, &address, &status);
        let request = wire::StopKeyRequest {
            issuer: issuer.to_string(),
            key: key.to_string(),
            suspected_since: Some(prost_types::Timestamp { seconds: since.as_second(), nanos: 0 }),
            only_ask,
        };
        let stopped = connection.admin().stop_key(within_deadline(request)).await.map_err(refused)?.into_inner();
        let mut ends = BTreeMap::new();
        for end in &stopped.ends {
            ends.insert(origin(&end.log)?, End::of(end));
        }
        let mut page_token = String::new();
        loop {
            let request = wire::ListSignedPastRequest {
                issuer: issuer.to_string(),
                key: key.to_string(),
                ends: stopped.ends.clone(),
                page_size: A_PAGE,
                page_token,
            };
            let page = connection.admin().list_signed_past(within_deadline(request)).await.map_err(refused)?;
            let page = page.into_inner();
            for statement in page.statements {
                if let Some(end) = ends.get_mut(&origin(&statement.log)?) {
                    end.take(statement);
                }
            }
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(Hit { ends });
            }
        }
    })
}

fn origin(text: &str) -> Result<Origin, Failure> {
    text.parse().map_err(|error| Failure::new(Exit::Failed, format!("the node names a log that is none: {error}")))
}

impl End {
    fn of(end: &wire::KeyEnd) -> Self {
        let at = end.cosigned_at.as_ref().and_then(|at| Timestamp::from_second(at.seconds).ok());
        let basis = match (end.basis(), at) {
            (wire::EndBasis::Cosigned, Some(at)) => format!("cosigned at {at}"),
            (wire::EndBasis::OwnRecord, _) => "by this node's own record, for nobody is asked to cosign it".to_owned(),
            _ => "no head is known that was cosigned before".to_owned(),
        };
        Self {
            until_index: end.until_index,
            size: end.size,
            basis,
            certificates: Vec::new(),
            stay: 0,
            reinstated: 0,
            others: 0,
        }
    }

    /// Whether the key signed nothing past it that counts less for it.
    fn is_untouched(&self) -> bool {
        self.certificates.is_empty() && self.stay == 0 && self.reinstated == 0 && self.others == 0
    }

    fn take(&mut self, statement: wire::PlainStatement) {
        if statement.kind == Kind::CertificateOfOrigin.name() {
            self.certificates.push(statement);
        } else if statement.stays_in_force {
            self.stay += 1;
        } else if statement.kind == Kind::StatusChange.name() {
            self.reinstated += 1;
        } else if statement.kind != Kind::StatusSnapshot.name() {
            // The next snapshot says what this one said.
            self.others += 1;
        }
    }
}

impl Hit {
    /// The same without the logs that began once the list had closed the key: it signed nothing there, and counts there for
    /// nothing.
    pub(super) fn without_later(mut self, said: &[Closing]) -> Self {
        let named = |origin: &Origin| said.iter().any(|one| one.origin == *origin);
        self.ends.retain(|origin, end| said.is_empty() || named(origin) || !end.is_untouched());
        self
    }

    /// How many certificates count no more.
    pub(super) fn certificates(&self) -> usize {
        self.ends.values().map(|end| end.certificates.len()).sum()
    }

    /// They as JSON lines, for whoever issues them anew.
    pub(super) fn rows(&self) -> String {
        let all = self.ends.values().flat_map(|end| &end.certificates);
        all.flat_map(|one| [row(one).to_string(), "\n".to_owned()]).collect()
    }

    pub(super) fn show(&self, console: Console) {
        for (origin, end) in &self.ends {
            if console.is_json() {
                console.data(json!({
                    "log": origin.as_str(),
                    "until_index": end.until_index,
                    "size": end.size,
                    "basis": end.basis,
                    "certificates": end.certificates.len(),
                    "reinstatements": end.reinstated,
                    "stay_in_force": end.stay,
                    "others": end.others,
                }));
            } else {
                let (until, size, basis) = (end.until_index, end.size, &end.basis);
                console.data(format!("{origin}: closed at {until} of {size} entries, {basis}"));
                let hit = format!("certificates {}", end.certificates.len());
                let hit = if end.certificates.is_empty() { hit } else { console.paint(Colour::Red, &hit) };
                let (stay, reinstated, others) = (end.stay, end.reinstated, end.others);
                console.data(format!(
                    "  fall: {hit}, reinstatements {reinstated}, others {others}; stay in force: changes {stay}"
                ));
            }
            for one in &end.certificates {
                if console.is_json() {
                    console.data(json!({ "hit": row(one) }));
                } else {
                    let day = date_text(one.day.as_ref());
                    console
                        .data(format!("  {}  entry {} of {day}, {} to {}", one.jti, one.index, one.agreement, one.to));
                }
            }
        }
    }
}

fn row(one: &wire::PlainStatement) -> Value {
    json!({
        "jti": one.jti,
        "log": one.log,
        "index": one.index,
        "day": date_text(one.day.as_ref()),
        "agreement": one.agreement,
        "to": one.to,
    })
}
