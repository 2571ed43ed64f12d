//! The machine in two halves, so that partners, who have machines of their own, take no time from the issuer.

use crate::cli::console::{Exit, Failure};
use rustix::{
    process::Pid,
    thread::{CpuSet, sched_getaffinity, sched_setaffinity},
};
use std::fs;

/// Which half.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Half {
    /// The issuer's node and the load.
    First,
    /// The partners' nodes.
    Second,
}

/// The cores this process may use, in two halves; given back when it is dropped.
pub(super) struct Halves {
    all: CpuSet,
    first: CpuSet,
    second: CpuSet,
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Failed, format!("cores cannot be set apart: {error}"))
}

impl Halves {
    /// Sets the halves apart and moves this process with all its threads to the first; none on a machine of one core.
    pub(super) fn apart() -> Result<Option<Self>, Failure> {
        let all = sched_getaffinity(None).map_err(failed)?;
        let cores = (0..CpuSet::MAX_CPU).filter(|core| all.is_set(*core)).collect::<Vec<_>>();
        if cores.len() < 2 {
            return Ok(None);
        }
        let (mut first, mut second) = (CpuSet::new(), CpuSet::new());
        for (nth, core) in cores.iter().enumerate() {
            let half = if nth < cores.len() / 2 { &mut first } else { &mut second };
            half.set(*core);
        }
        let this = Self { all, first, second };
        Self::every_thread(&this.first)?;
        Ok(Some(this))
    }

    /// Does something on one half; a process that is started by it stays there.
    pub(super) fn on<T>(&self, half: Half, work: impl FnOnce() -> T) -> Result<T, Failure> {
        let cores = if half == Half::First { &self.first } else { &self.second };
        sched_setaffinity(None, cores).map_err(failed)?;
        let done = work();
        sched_setaffinity(None, &self.first).map_err(failed)?;
        Ok(done)
    }

    fn every_thread(cores: &CpuSet) -> Result<(), Failure> {
        for thread in fs::read_dir("/proc/self/task").map_err(failed)? {
            let name = thread.map_err(failed)?.file_name();
            let id = name.to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw);
            if let Some(id) = id {
                // A thread that has ended since needs no place.
                let _ = sched_setaffinity(Some(id), cores);
            }
        }
        Ok(())
    }
}

impl Drop for Halves {
    fn drop(&mut self) {
        // What follows is measured on fewer cores otherwise, which its limits say.
        let _ = Self::every_thread(&self.all);
    }
}
