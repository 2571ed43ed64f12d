//! `origin serve`: runs a node until it is told to stop.

use super::{
    Outcome, check_config,
    console::{Console, Exit, Failure},
};
use crate::{
    node::{
        Node, NodeError,
        system::{SystemClock, SystemRandom},
        telemetry,
    },
    reason::{Class, Reasoned},
};
use serde_json::json;
use std::{
    io,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    sync::Arc,
};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::{mpsc, oneshot},
};

/// Run a node until it is told to stop
///
/// Prints where it serves once every listener accepts. SIGTERM or Ctrl-C: calls in progress end, then the node
/// stops. SIGHUP: TLS certificates and the trust list are read again.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = "node.toml", env = "ORIGIN_CONFIG")]
    config: PathBuf,
    /// Stop when standard input ends: with the program that started this one, however that ends
    #[arg(long, hide = true)]
    with_input: bool,
}

/// The command that serves a node for as long as this program runs: also where this one is killed, its nodes end.
pub(super) fn beside(configuration: &Path) -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["serve", "--with-input", "--config"]).arg(configuration);
    command.stdin(Stdio::piped()).stdout(Stdio::null());
    Ok(command)
}

/// Ends when standard input does. A thread of its own reads it: the runtime's end would wait for one of the runtime's.
fn input_ended() -> oneshot::Receiver<()> {
    let (open, ended) = oneshot::channel();
    std::thread::spawn(move || {
        // What is written there is nobody's wish; an error is an end as well.
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        drop(open);
    });
    ended
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        let configuration = check_config::load(&self.config)?;
        telemetry::install(&configuration.telemetry).map_err(|error| failure(&error))?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::new(Exit::Failed, error))?;
        runtime.block_on(async {
            // Before the start, so that a signal during it is not lost.
            let mut stops = [listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?];
            let mut hang_up = listen(SignalKind::hangup())?;
            let node = Node::start(configuration, Arc::new(SystemClock), Arc::new(SystemRandom))
                .await
                .map_err(|error| failure(&error))?;
            announce(console, &node);
            let (again, reload) = mpsc::channel(1);
            let listening = tokio::spawn(async move {
                while hang_up.recv().await.is_some() {
                    if again.send(()).await.is_err() {
                        break;
                    }
                }
            });
            let [terminate, interrupt] = &mut stops;
            let input = self.with_input.then(input_ended);
            let orphaned = async {
                match input {
                    Some(ended) => drop(ended.await),
                    None => std::future::pending().await,
                }
            };
            let until = async {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                    () = orphaned => {}
                }
            };
            let ended = node.run(until, reload).await;
            listening.abort();
            ended.map_err(|error| Failure::new(Exit::Failed, error))?;
            Ok(ExitCode::SUCCESS)
        })
    }
}

fn listen(kind: SignalKind) -> Result<Signal, Failure> {
    signal(kind).map_err(|error| Failure::new(Exit::Failed, format!("signals cannot be received: {error}")))
}

fn announce(console: Console, node: &Node) {
    let addresses = node.addresses();
    if console.is_json() {
        console.data(json!({
            "public": addresses.public.to_string(),
            "client": addresses.client.to_string(),
            "admin": addresses.admin.to_string(),
            "partner": addresses.partner.map(|partner| partner.to_string()),
            "operator_token": addresses.operator_token.display().to_string(),
        }));
    } else {
        console.data(format!("public  https://{}", addresses.public));
        console.data(format!("client  {}", addresses.client));
        console.data(format!("admin   {}", addresses.admin));
        if let Some(partner) = addresses.partner {
            console.data(format!("partner {partner}"));
        }
    }
}

/// One clear line, with what mends it.
fn failure(error: &NodeError) -> Failure {
    let exit = match (error, error.class()) {
        (NodeError::AddressInUse { .. } | NodeError::Listen { .. }, _) | (_, Class::Retry) => Exit::Failed,
        _ => Exit::Configuration,
    };
    let failure = Failure::new(exit, error);
    match error {
        NodeError::AddressInUse { address, .. } => {
            failure.help(format!("see who listens: ss -ltnp 'sport = :{}'; or change the address", address.port()))
        }
        _ if error.reason() == "KEY_PASSPHRASE_WRONG" => {
            failure.help("`passphrase_file` of the configuration names the file whose one line opens the keys")
        }
        _ => failure,
    }
}
