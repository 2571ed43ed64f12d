//! Events to standard error. No event carries a token, a disclosure or a body: rooms log reasons, ids and counts.

use super::{EventFormat, NodeError, Telemetry};
use std::io::IsTerminal as _;
use tracing_subscriber::filter::EnvFilter;

/// Installs the subscriber, once per process.
pub fn install(telemetry: &Telemetry) -> Result<(), NodeError> {
    let filter = telemetry
        .filter
        .parse::<EnvFilter>()
        .map_err(|error| NodeError::Inside(format!("telemetry filter `{}`: {error}", telemetry.filter)))?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        // Colours are for a terminal: a journal or a file would keep their codes.
        .with_ansi(std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()));
    let installed = match telemetry.format {
        EventFormat::Text => builder.try_init(),
        EventFormat::Json => builder.json().try_init(),
    };
    installed.map_err(|error| NodeError::Inside(error.to_string()))
}
