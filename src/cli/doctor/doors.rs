//! Whether a node serves here, and how far its logs have come.

use super::Look;
use crate::{
    api::client::{wire, within_deadline},
    cli::{
        account::Door,
        console::{Console, Failure},
        remote,
    },
    node::Configuration,
    time::Timestamp,
};
use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    time::Duration,
};

const CONNECT: Duration = Duration::from_secs(2);
/// A node whose clock is this far from the doctor's, on one machine, has stood still.
const APART: i64 = 5;

/// Every listener, and whether a node runs here.
pub(super) fn look(console: Console, door: &Door, configuration: &Configuration, now: Timestamp) -> (Vec<Look>, bool) {
    let mut addresses = vec![
        ("public", configuration.public.listen),
        ("client", configuration.client.listen),
        ("admin", configuration.admin),
    ];
    addresses.extend(configuration.partner.as_ref().map(|partner| ("partner", partner.listen)));
    let answers = addresses
        .into_iter()
        .map(|(name, address)| (name, address, TcpStream::connect_timeout(&dialled(address), CONNECT).is_ok()))
        .collect::<Vec<_>>();
    // A node with one door shut still says at the operator's what else is the matter.
    let running = answers.iter().any(|(name, _, answers)| *name == "admin" && *answers);
    let mut looks = answers.into_iter().map(|found| listener(found, door.config())).collect::<Vec<_>>();
    if running {
        match remote::converse(status(console, door, configuration)) {
            Ok(status) => looks.extend(state(&status, now)),
            Err(failure) => looks.push(Look::bad("node", failure.sentence())),
        }
    }
    (looks, running)
}

/// A listener on every address is reached on this machine's own.
fn dialled(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => SocketAddr::from(([127, 0, 0, 1], v4.port())),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], v6.port())),
        other => other,
    }
}

fn listener((name, address, answers): (&str, SocketAddr, bool), config: &Path) -> Look {
    if answers {
        return Look::good("listeners", format!("{name}: {address} answers"));
    }
    match TcpListener::bind(address) {
        Ok(_) => Look::warning("listeners", format!("{name}: {address} is free; no node serves there"))
            .help(format!("origin serve --config {}", config.display())),
        Err(error) => Look::bad("listeners", format!("{name}: {address} cannot be used: {error}")),
    }
}

async fn status(
    console: Console,
    door: &Door,
    configuration: &Configuration,
) -> Result<wire::GetStatusResponse, Failure> {
    let (connection, address) = door.open(configuration).await?;
    let answer = connection.admin().get_status(within_deadline(wire::GetStatusRequest {})).await;
    answer.map(tonic::Response::into_inner).map_err(|status| remote::refused(console, &address, &status))
}

fn state(status: &wire::GetStatusResponse, now: Timestamp) -> Vec<Look> {
    let mut looks = Vec::new();
    let apart = status.now.as_ref().map_or(0, |at| (at.seconds - now.as_second()).abs());
    looks.push(if apart > APART {
        Look::bad("node", format!("its clock is {apart} s from this one"))
    } else {
        Look::good("node", format!("version {} runs, with trust list {}", status.version, status.trust_version))
    });
    for authority in &status.authorities {
        let issuer = &authority.issuer;
        looks.push(if authority.issuing {
            Look::good("issuing", format!("{issuer} takes work"))
        } else {
            Look::bad("issuing", format!("{issuer} takes no work")).help("the node's log says why")
        });
        for log in &authority.logs {
            looks.push(Look::good("log", format!("{} has {} entries published", log.origin, log.size)));
        }
    }
    looks
}
