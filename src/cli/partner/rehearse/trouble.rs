//! Bad days: the partner cannot reach this node, a package goes by carrier meanwhile, and a key is rotated.

use super::{
    report::{Seen, seconds},
    stage::Stage,
    traffic::Traffic,
};
use crate::{
    api::client::wire,
    cli::{
        calls, check_config,
        console::Failure,
        files::{self, Source},
        partner::{export, import},
        ports,
        process::{LOOK, failed, operator},
    },
    statement::{Bundle, Kid, Presentation},
    verification::Headline,
};
use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// Between two looks for the answer that a carrier brings.
const CARRIER: Duration = Duration::from_millis(200);
/// How long the partner is watched to see that it comes no further.
const STILL: Duration = Duration::from_millis(500);

/// A configuration of the node under which partners find nobody where the trust list says it is.
pub(super) struct Unreachable(PathBuf);

impl Unreachable {
    /// Written beside the real one, whose paths start from there.
    fn write(stage: &Stage) -> Result<Self, Failure> {
        let text = fs::read_to_string(&stage.file).map_err(failed)?;
        let own = stage.configuration.partner.as_ref().map(|partner| partner.listen);
        let own = own.ok_or_else(|| failed("the node stands alone"))?;
        let elsewhere = ports::free()?;
        let mut in_partner = false;
        let moved = text.lines().map(|line| {
            if line.trim_start().starts_with('[') {
                in_partner = line.trim() == "[partner]";
            }
            if in_partner && line.trim_start().starts_with("listen") {
                return format!("listen = \"{elsewhere}\"\n");
            }
            format!("{line}\n")
        });
        let moved = moved.collect::<String>();
        let path = stage.file.with_file_name("rehearsal-unreachable.toml");
        let this = Self(path);
        files::replace(&this.0, moved.as_bytes(), 0o600)?;
        let read = check_config::load(&this.0)?.partner.map(|partner| partner.listen);
        if read == Some(own) || read.is_none() {
            return Err(failed("`[partner]` of the configuration says on no line of its own where it listens"));
        }
        Ok(this)
    }
}

impl Drop for Unreachable {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = fs::remove_file(&self.0);
    }
}

impl Stage {
    /// From here on the partner does not reach this node.
    pub(super) async fn cut_off(&mut self) -> Result<Unreachable, Failure> {
        let elsewhere = Unreachable::write(self)?;
        self.node.kill();
        self.node.again_from(&elsewhere.0).await?;
        self.dial_again().await?;
        Ok(elsewhere)
    }

    /// The partner reaches it again.
    pub(super) async fn back(&mut self) -> Result<(), Failure> {
        self.node.kill();
        self.node.again().await?;
        self.dial_again().await
    }

    /// Issues some that the partner cannot fetch; gives the size of each log.
    pub(super) async fn issue_past(&self, documents: &[String]) -> Result<Traffic, Failure> {
        let mut traffic = Traffic::default();
        for document in documents {
            let issued = calls::issue(&self.desk, document.clone()).await?;
            traffic.take(issued);
        }
        let before = self.node.partners().await?;
        tokio::time::sleep(STILL).await;
        let after = self.node.partners().await?;
        for (log, size) in traffic.sizes() {
            let (held, _) = self.passage(&after, &log);
            if held >= size || held != self.passage(&before, &log).0 {
                return Err(failed(format!(
                    "{} reaches this node where the trust list does not say",
                    self.partner.node
                )));
            }
        }
        Ok(traffic)
    }

    /// What was issued meanwhile goes in a file, and the partner's answer comes in another.
    pub(super) async fn package(
        &self,
        carrier: Option<&Path>,
        wait: Duration,
        traffic: &Traffic,
    ) -> Result<Seen, Failure> {
        let Some(folder) = carrier else {
            return Ok(Seen::not_exercised(
                "no carrier was named: --carrier DIR, and the partner imports what is put there",
            ));
        };
        fs::create_dir_all(folder).map_err(failed)?;
        let (package, answer) = (folder.join("to-partner.package"), folder.join("from-partner.package"));
        if answer.exists() {
            return Err(failed(format!("`{}` is there already, from before", answer.display())));
        }
        let admin = (self.node.admin()?, "this node");
        let request = wire::ExportPackageRequest { partner: self.partner.node.to_string(), ..Default::default() };
        export::export(self.console, admin, request, &Source::File(package.clone())).await?;
        let begun = Instant::now();
        self.console.message(format!(
            "waiting {} s for the partner: origin partner import {} --answer {}",
            wait.as_secs(),
            package.display(),
            answer.display()
        ));
        while !answer.exists() {
            if begun.elapsed() > wait {
                return Err(failed(format!("no answer came as `{}`", answer.display())));
            }
            tokio::time::sleep(CARRIER).await;
        }
        let took = begun.elapsed();
        let said = import::import(self.console, admin, &Source::File(answer)).await?;
        for (log, size) in traffic.sizes() {
            let found = said.cosigned.iter().find(|one| one.origin == log);
            match found {
                Some(one) if one.reason.is_empty() && one.size >= size => {}
                Some(one) if !one.reason.is_empty() => return Err(failed(&one.message).note(&one.reason)),
                _ => {
                    return Err(failed(format!(
                        "its answer does not cosign {log} up to entry {}",
                        size.saturating_sub(1)
                    )));
                }
            }
        }
        let Some(last) = traffic.sent.last() else { return Err(failed("nothing was issued")) };
        self.verdict(&last.number, Headline::Valid).await?;
        let (count, took) = (traffic.sent.len(), seconds(took));
        Ok(Seen::held(format!("{count} certificates went by file; the answer came after {took:.1} s and cosigns them"))
            .with("certificates", count)
            .with("seconds", took))
    }

    /// Waits until the partner has what it missed; `begun` is when this node was started where it is reached.
    pub(super) async fn caught_up(&self, begun: Instant, traffic: &Traffic) -> Result<Seen, Failure> {
        for (log, size) in traffic.sizes() {
            self.cosigned(&log, size).await?;
        }
        let took = seconds(begun.elapsed());
        let Some(last) = traffic.sent.last() else { return Err(failed("nothing was issued")) };
        self.verdict(&last.number, Headline::Valid).await?;
        let count = traffic.sent.len();
        Ok(Seen::held(format!(
            "{count} entries behind; cosigned all of them {took:.1} s after this node was started where it is reached"
        ))
        .with("entries_behind", count)
        .with("seconds", took))
    }

    /// A new statement key, by the command that an operator has; its list goes to the partner by itself. `old` was signed
    /// before.
    pub(super) async fn rotated(&mut self, offline: Option<&Path>, old: &str, document: &str) -> Result<Seen, Failure> {
        let Some(offline) = offline else {
            return Ok(Seen::not_exercised("the root key is not here: --offline DIR"));
        };
        let (before, old) = (self.trust.version(), key_of(&calls::download(&self.desk, old).await?)?);
        operator(|origin| {
            origin.args(["key", "rotate", "--issuer", self.own.issuer.host().as_str(), "--reason", "rehearsal"]);
            origin.arg("--offline").arg(offline).arg("--config").arg(&self.file)
        })?;
        self.reread_trust()?;
        let version = self.trust.version();
        if version <= before {
            return Ok(Seen::not_exercised(format!(
                "trust list {} needs signatures that are not here: sign it, then origin key rotate once more",
                before.saturating_add(1)
            )));
        }
        let begun = Instant::now();
        let otherwise = format!("{} does not take trust list {version}", self.partner.node);
        self.node.until(&otherwise, |state| self.its(state).is_some_and(|its| its.trust_version >= version)).await?;
        let took = seconds(begun.elapsed());
        self.back().await?;
        let issued = calls::issue(&self.desk, document.to_owned()).await?;
        self.cosigned(&issued.log, issued.index.saturating_add(1)).await?;
        let key = key_of(&self.verdict(&issued.number, Headline::Valid).await?)?;
        if key == old {
            return Err(failed(format!("the node still signs with `{key}`, the key of before")));
        }
        Ok(Seen::held(format!(
            "trust list {version} was there {took:.1} s after it was installed; {}, signed with `{key}`, is cosigned and VALID",
            issued.number
        ))
        .with("trust_list", version)
        .with("seconds", took))
    }

    /// Waits until the partner says what its trust list is; gives what it says of itself.
    pub(super) async fn greeted(&self) -> Result<wire::PartnerState, Failure> {
        let begun = Instant::now();
        loop {
            let state = self.node.partners().await?;
            let its = self.its(&state).cloned().unwrap_or_default();
            let settled = its.trust_version >= state.trust_version && its.trust_version > 0;
            if settled || begun.elapsed() > self.patience {
                return Ok(its);
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// The key that signed the certificate of a bundle.
fn key_of(bundle: &str) -> Result<Kid, Failure> {
    let bundle = Bundle::parse(bundle.as_bytes()).map_err(failed)?;
    Ok(Presentation::parse(&bundle.token).map_err(failed)?.header().kid.clone())
}
