//! An issuer and its partners, each node made by `origin init`, all under one trust list.
//!
//! The issuer's node runs in this process, beside the load. Each partner's runs in a process of its own, as `origin
//! serve`: it can be killed, stopped, wiped, and its memory is its own.

use super::{
    cores::{Half, Halves},
    countries::COUNTRIES,
    ground::{self, Access, Bench, Ground, Running, account, dial, free_ports, init, operator, today},
};
use crate::{
    api::client::{Connection, wire, within_deadline},
    cli::{
        arguments,
        console::{Console, Exit, Failure},
        files,
        init::offline_signer,
        remote, serve,
        trust::later,
    },
    node::{Configuration, system::SystemClock},
    time::{Clock, whole_seconds},
    trust::{ListDraft, ListText, Section},
};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Child,
    time::{Duration, Instant},
};

/// How long the list is good: longer than anything is measured.
const VALID_SECONDS: u64 = 30 * 24 * 60 * 60;
/// The longest something is waited for that partners do by themselves.
const LONGEST: Duration = Duration::from_mins(10);
/// How often it is looked.
pub(super) const LOOK: Duration = Duration::from_millis(5);
/// Lines of its events that are shown of a partner that failed.
const TAIL: usize = 8;
/// The customs office that every partner has.
const OFFICE: &str = "ONE";

/// A folder in memory, where there is one.
const MEMORY: &str = "/dev/shm";

/// Where the partners keep what they have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Disk {
    /// On the issuer's disk: how fast a partner makes it durable is what is measured.
    Shared,
    /// Not on the issuer's disk, where that can be: what they write is not its cost.
    Own,
}

/// The issuer and its partners.
pub(super) struct Federation {
    // They end before their folders go.
    pub(super) partners: Vec<Partner>,
    pub(super) issuer: Ground,
    _memory: Option<tempfile::TempDir>,
}

/// A partner's node, and the process that is it while it runs.
pub(super) struct Partner {
    /// Its name in the trust list.
    pub(super) name: String,
    /// The log from the issuer to it.
    pub(super) log: String,
    folder: PathBuf,
    configuration: Configuration,
    process: Option<Child>,
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Failed, error)
}

impl Federation {
    /// The issuer, and the first so many of the countries. The addressee's node must cosign, and nobody else.
    pub(super) fn make(bench: &Bench, partners: usize, disk: Disk) -> Result<Self, Failure> {
        let issuer = Ground::make(bench, free_ports()?)?;
        let memory = match disk {
            Disk::Shared => None,
            Disk::Own => tempfile::Builder::new().prefix("origin-bench-").tempdir_in(MEMORY).ok(),
        };
        if disk == Disk::Own && memory.is_none() {
            bench.console.message(format!("no folder in {MEMORY}: what partners write counts as the issuer's cost"));
        }
        let theirs = memory.as_ref().map_or_else(|| issuer.beside(), tempfile::TempDir::path);
        let mut made = Vec::with_capacity(partners);
        for (country, zone, _) in COUNTRIES.iter().take(partners) {
            made.push(Partner::make(theirs, country, zone)?);
        }
        let this = Self { partners: made, issuer, _memory: memory };
        this.believe()?;
        Ok(this)
    }

    /// Starts all of them; gives the issuer, in touch with every partner.
    pub(super) async fn start(&mut self) -> Result<Running, Failure> {
        let running = self.issuer.start().await?;
        for partner in &mut self.partners {
            partner.start(None)?;
        }
        for partner in &mut self.partners {
            partner.operator().await?;
        }
        self.in_touch(&running.operator).await?;
        Ok(running)
    }

    /// Gives every node the list that names them all; the issuer is its signer.
    fn believe(&self) -> Result<(), Failure> {
        let own = self.issuer.node();
        let (store, signer) = offline_signer(&own)?;
        let now = whole_seconds(SystemClock.now());
        let mut list = ListText::first(now, later(now, VALID_SECONDS)?);
        list.signers.push(signer.verifier_key().ok_or_else(|| failed("no verifier key"))?);
        for folder in std::iter::once(&own).chain(self.partners.iter().map(|partner| &partner.folder)) {
            let section = fs::read_to_string(folder.join("trust/section.note")).map_err(failed)?;
            list.put(&Section::open(&section).map_err(failed)?, None);
            let entry = fs::read(folder.join("trust/node.json")).map_err(failed)?;
            list.nodes.push(serde_json::from_slice(&entry).map_err(failed)?);
        }
        list.nodes.sort_by(|one, other| one.name.cmp(&other.name));
        for (partner, (country, ..)) in self.partners.iter().zip(COUNTRIES) {
            list.addressees.insert(country.parse().map_err(failed)?, partner.issuer().parse().map_err(failed)?);
        }
        let mut draft = ListDraft::new(list).map_err(failed)?;
        let key = store.federation(&signer.name).map_err(arguments::key_failure)?;
        key.sign(&mut draft, None).map_err(failed)?;
        let anchor = fs::read_to_string(own.join("trust/anchor.toml")).map_err(failed)?;
        let pinned = crate::trust::Anchor::from_toml(&anchor).map_err(failed)?;
        let list = draft.finish(&pinned, None).map_err(failed)?.to_string();
        for folder in std::iter::once(&own).chain(self.partners.iter().map(|partner| &partner.folder)) {
            files::replace(&folder.join("trust/trust-list.note"), list.as_bytes(), 0o644)?;
            files::replace(&folder.join("trust/anchor.toml"), anchor.as_bytes(), 0o644)?;
        }
        Ok(())
    }

    /// How many entries each partner has cosigned, as the issuer knows.
    pub(super) async fn cosigned(&self, issuer: &Connection) -> Result<Vec<u64>, Failure> {
        let state = partners_of(issuer).await?;
        let of = |partner: &Partner| {
            let its = state.iter().filter(|state| state.name == partner.name).flat_map(|state| &state.logs);
            its.filter(|log| !log.inward && log.origin == partner.log).map(|log| log.cosigned_size).max().unwrap_or(0)
        };
        Ok(self.partners.iter().map(of).collect())
    }

    /// Waits until every partner has cosigned all that the issuer has for it.
    pub(super) async fn caught_up(&self, issuer: &Connection) -> Result<(), Failure> {
        let done = |partner: &Partner, state: &wire::PartnerState| {
            let mut its = state.logs.iter().filter(|log| log.origin == partner.log);
            its.any(|log| log.size > 0 && log.cosigned_size >= log.size)
        };
        self.until(issuer, done, "a partner does not catch up").await
    }

    /// Waits until the issuer has reached every partner: fifty that start at once take longer than it waits for an answer
    /// when it opens a log.
    pub(super) async fn in_touch(&self, issuer: &Connection) -> Result<(), Failure> {
        let reached = |_: &Partner, state: &wire::PartnerState| state.connected_since.is_some();
        self.until(issuer, reached, "the issuer does not reach a partner").await
    }

    async fn until(
        &self,
        issuer: &Connection,
        done: impl Fn(&Partner, &wire::PartnerState) -> bool,
        otherwise: &str,
    ) -> Result<(), Failure> {
        let begun = Instant::now();
        loop {
            let states = partners_of(issuer).await?;
            let late =
                |partner: &&Partner| !states.iter().any(|state| state.name == partner.name && done(partner, state));
            match self.partners.iter().find(late) {
                None => return Ok(()),
                Some(late) if begun.elapsed() > LONGEST => return Err(late.events(failed(otherwise))),
                Some(_) => tokio::time::sleep(LOOK).await,
            }
        }
    }
}

async fn partners_of(operator: &Connection) -> Result<Vec<wire::PartnerState>, Failure> {
    let answer = operator.admin().list_partners(within_deadline(wire::ListPartnersRequest {})).await;
    let answer = answer.map_err(|status| failed(status.message()))?.into_inner();
    // What all do then is tell each other of it.
    match answer.forked.first() {
        Some(forked) => {
            Err(failed(format!("{} has shown two histories: nothing is measured beside that", forked.origin)))
        }
        None => Ok(answer.partners),
    }
}

impl Partner {
    fn make(beside: &Path, country: &str, zone: &str) -> Result<Self, Failure> {
        let host = format!("customs.{}.origin.example", country.to_lowercase());
        let folder = beside.join(&host);
        let fixed = ["--issuer", &host, "--country", country, "--time-zone", zone, "--name", "Customs"];
        let office = format!("{OFFICE}=Office,Port");
        let rest = ["--office", &office, "--role", "customs"];
        let configuration = init(&folder, free_ports()?, &[&fixed[..], &rest].concat())?;
        let log = format!("{}/log/{}/{host}", ground::HOST, today()?.year());
        Ok(Self { name: format!("node.{host}"), log, folder, configuration, process: None })
    }

    fn issuer(&self) -> String {
        format!("https://{}", self.name.trim_start_matches("node."))
    }

    /// Starts the process; on the second half of the cores, where they are apart.
    pub(super) fn start(&mut self, cores: Option<&Halves>) -> Result<(), Failure> {
        let events = File::create(self.folder.join("events.log")).map_err(failed)?;
        let mut command = serve::beside(&self.folder.join("node.toml")).map_err(failed)?;
        command.stderr(events);
        let spawned = match cores {
            Some(cores) => cores.on(Half::Second, || command.spawn())?,
            None => command.spawn(),
        };
        self.process = Some(spawned.map_err(|error| failed(format!("no partner could be started: {error}")))?);
        Ok(())
    }

    /// Its operator's connection, once it serves.
    pub(super) async fn operator(&mut self) -> Result<Connection, Failure> {
        let begun = Instant::now();
        loop {
            // A node writes its operator's token anew at each start: only an answer says that this is the one.
            if let Ok(connection) = operator(&self.configuration, self.configuration.admin).await
                && partners_of(&connection).await.is_ok()
            {
                return Ok(connection);
            }
            let ended = self.process.as_mut().and_then(|process| process.try_wait().ok()).flatten();
            if ended.is_some() || begun.elapsed() > LONGEST {
                return Err(self.events(failed("a partner does not start")));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Opens an account of a customs officer.
    pub(super) async fn officer(&self, console: Console, operator: &Connection) -> Result<Access, Failure> {
        let wanted = wire::CreateAccountRequest {
            name: "Bench".to_owned(),
            issuer: self.issuer(),
            roles: vec![wire::Role::CustomsOfficer.into()],
            offices: vec![OFFICE.to_owned()],
            ..Default::default()
        };
        let dial = dial(&self.folder, self.configuration.client.listen)?;
        account(console, operator, dial, wanted).await.map(|(_, access)| access)
    }

    /// Waits until it has the contents of so many entries of the issuer's log to it.
    pub(super) async fn has_contents(&self, operator: &Connection, entries: u64) -> Result<(), Failure> {
        let begun = Instant::now();
        loop {
            let state = partners_of(operator).await?;
            let mut logs =
                state.iter().flat_map(|state| &state.logs).filter(|log| log.inward && log.origin == self.log);
            if logs.any(|log| log.disclosed >= entries && log.missing_disclosures == 0) {
                return Ok(());
            }
            if begun.elapsed() > LONGEST {
                return Err(self.events(failed("contents do not come to a partner")));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Lets the logs of one partner take so many entries a day, as an operator would; it must not run.
    pub(super) fn allow(&self, entries_a_day: u64) -> Result<(), Failure> {
        const NAME: &str = "entries_a_day = ";
        let path = self.folder.join("node.toml");
        let text = fs::read_to_string(&path).map_err(failed)?;
        let line =
            |line: &str| if line.starts_with(NAME) { format!("{NAME}{entries_a_day}\n") } else { format!("{line}\n") };
        fs::write(&path, text.lines().map(line).collect::<String>()).map_err(failed)
    }

    /// What it says of the issuer's log to it: size of the head it heard of, and of the one it cosigned last.
    pub(super) async fn passage(&self, operator: &Connection) -> Result<(u64, u64), Failure> {
        let state = partners_of(operator).await?;
        let mut logs = state.iter().flat_map(|state| &state.logs);
        let found = logs.find(|log| log.inward && log.origin == self.log);
        Ok(found.map_or((0, 0), |log| (log.size, log.cosigned_size)))
    }

    /// The most memory its process has had resident, in MiB.
    pub(super) fn peak_memory(&self) -> Result<f64, Failure> {
        let id = self.process.as_ref().map(Child::id).ok_or_else(|| failed("the partner does not run"))?;
        let status = fs::read_to_string(format!("/proc/{id}/status")).map_err(failed)?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = peak.and_then(|peak| peak.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
        Ok(super::figure::real(kib.ok_or_else(|| failed("the system does not say how much memory a process takes"))?)
            / 1024.0)
    }

    /// Stops it where it stands, its connections open: it reads nothing, and answers nothing.
    pub(super) fn stall(&self) -> Result<(), Failure> {
        self.signal(Signal::STOP)
    }

    /// Lets it go on from there.
    pub(super) fn go_on(&self) -> Result<(), Failure> {
        self.signal(Signal::CONT)
    }

    fn signal(&self, signal: Signal) -> Result<(), Failure> {
        let id = self.process.as_ref().and_then(|process| i32::try_from(process.id()).ok()).and_then(Pid::from_raw);
        kill_process(id.ok_or_else(|| failed("the partner does not run"))?, signal).map_err(failed)
    }

    /// Ends the process as a power cut would.
    pub(super) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            // It may have ended by itself; then there is nothing to end.
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Takes away all that it keeps of others; it must not run. What it signed itself stays: who loses that may sign another
    /// history, and a federation where all tell each other of forks measures nothing else.
    pub(super) fn wipe(&self) -> Result<(), Failure> {
        let kept = self.configuration.partner.as_ref().map(|partner| &partner.data);
        kept.map_or(Ok(()), fs::remove_dir_all).map_err(failed)
    }

    /// Adds the last that it said of itself.
    pub(super) fn events(&self, failure: Failure) -> Failure {
        let events = fs::read_to_string(self.folder.join("events.log")).unwrap_or_default();
        let lines = events.lines().collect::<Vec<_>>();
        lines.iter().rev().take(TAIL).rev().fold(failure, |failure, line| failure.note(line))
    }
}

impl Drop for Partner {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The error of a call that was refused.
pub(super) fn refused(bench: &Bench, status: &tonic::Status) -> Failure {
    remote::refused(bench.console, "the node", status)
}
