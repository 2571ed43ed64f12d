//! How long a node that was killed takes until it answers again.

use super::{
    figure::{Figure, Limit, Name},
    ground::{Bench, Ground, free_ports},
    issuing::{Contents, by_stream},
    pace::Pace,
};
use crate::{
    api::client::{Connection, Dial, wire, within_deadline},
    cli::{
        console::{Exit, Failure},
        serve,
    },
};
use std::{
    fs,
    process::Child,
    time::{Duration, Instant},
};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

/// Certificates the node has when it is killed.
const CERTIFICATES: u64 = 100_000;
/// How often it is tried whether the node answers.
const TRY: Duration = Duration::from_millis(5);
/// The longest a start is waited for.
const LONGEST: Duration = Duration::from_mins(5);

/// A node in a process of its own, which is killed when this is dropped.
struct Served {
    child: Child,
    begun: Instant,
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Served {
    fn start(ground: &Ground) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| Failure::new(Exit::Failed, format!("no node could be started: {error}"));
        let said = fs::File::create(ground.beside().join("serve.log")).map_err(failed)?;
        let mut command = serve::beside(&ground.node().join("node.toml")).map_err(failed)?;
        let begun = Instant::now();
        let child = command.stderr(said).spawn().map_err(failed)?;
        Ok(Self { child, begun })
    }

    /// The time from the start until it has answered a call.
    async fn answers(&mut self, ground: &Ground, call: &Call) -> Result<Duration, Failure> {
        while self.begun.elapsed() < LONGEST {
            if call.is_answered().await {
                return Ok(self.begun.elapsed());
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                let said = fs::read_to_string(ground.beside().join("serve.log")).unwrap_or_default();
                let failure = Failure::new(Exit::Failed, format!("`origin serve` ended: {status}"));
                return Err(said
                    .lines()
                    .rev()
                    .take(8)
                    .collect::<Vec<_>>()
                    .into_iter()
                    .rev()
                    .fold(failure, Failure::note));
            }
            tokio::time::sleep(TRY).await;
        }
        Err(Failure::new(Exit::Failed, "the node does not answer"))
    }
}

/// A call that shows that a node serves.
struct Call {
    dial: Dial,
    token: Option<String>,
    /// The certificate asked for; without one, the node is asked whether it serves.
    number: Option<String>,
}

impl Call {
    async fn is_answered(&self) -> bool {
        let Ok(connection) = Connection::open(&self.dial, self.token.as_deref()).await else { return false };
        match &self.number {
            None => HealthClient::new(connection.calls()).check(HealthCheckRequest::default()).await.is_ok(),
            Some(number) => {
                let name = Some(wire::certificate_name::Name::Number(number.clone()));
                let request = wire::GetCertificateRequest { certificate: Some(wire::CertificateName { name }) };
                connection.certificates().get_certificate(within_deadline(request)).await.is_ok()
            }
        }
    }
}

/// `restart_100k`. The limit is the start of the same node before it had anything.
pub(super) async fn restart(bench: &Bench) -> Result<Figure, Failure> {
    // The node has to have the same ports again.
    let ground = Ground::make(bench, free_ports()?)?;
    let (client, admin) = (ground.configuration.client.listen, ground.configuration.admin);
    let mut served = Served::start(&ground)?;
    let whether = Call { dial: ground.dial(client)?, token: None, number: None };
    let empty = served.answers(&ground, &whether).await?;

    let access = ground.access(client, admin).await?;
    let (_, issued) = by_stream(bench.console, &access, Pace::count(CERTIFICATES), Contents::Receipt).await?;
    drop(served);
    let mut served = Served::start(&ground)?;
    let call = Call { number: issued.numbers.into_iter().next(), token: Some(access.token().to_owned()), ..whether };
    let again = served.answers(&ground, &call).await?;
    let limit = Limit::new(empty.as_secs_f64(), "its start with nothing");
    Ok(Figure::new(Name::Restart100k, again.as_secs_f64(), "s", limit))
}
