//! The demonstration's nodes: each a process of this very program.

use super::ground::Site;
use crate::cli::{
    console::Failure,
    process::{Place, Process},
};
use std::{
    ops::{Deref, DerefMut},
    time::Duration,
};

/// How long a node may take to serve, or its partners to do what they do by themselves.
const PATIENCE: Duration = Duration::from_mins(1);

/// A node that was made, and the process that is it.
pub(super) struct Running {
    pub(super) site: Site,
    process: Process,
}

impl Running {
    /// Starts a node and waits until it serves.
    pub(super) async fn start(site: Site) -> Result<Self, Failure> {
        let place = Place {
            configuration: site.configuration.clone(),
            events: site.home.join("events.log"),
            admin: site.ports.admin,
            client: site.ports.client,
            ca: site.ca.clone(),
            operator_token: site.operator_token.clone(),
            patience: PATIENCE,
        };
        Ok(Self { process: Process::start(place).await?, site })
    }
}

impl Deref for Running {
    type Target = Process;

    fn deref(&self) -> &Process {
        &self.process
    }
}

impl DerefMut for Running {
    fn deref_mut(&mut self) -> &mut Process {
        &mut self.process
    }
}
