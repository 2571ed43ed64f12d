//! Who takes part: this node, which runs as a process of the rehearsal's own, its people, and those whom the partner lets in
//! at its own door.

use super::Arguments;
use crate::{
    agreement::Agreements,
    api::client::{Connection, wire, within_deadline},
    certificate::Country,
    cli::{
        account::hosted,
        agreements, arguments,
        calls::{self, refused},
        check_config,
        console::{Console, Exit, Failure},
        process::{LOOK, Place, Process, failed},
        remote,
    },
    log::Origin,
    node::{AuthorityConfiguration, Configuration, OPERATOR_TOKEN, system::SystemClock},
    statement::Issuer,
    time::{Clock, Date, ZoneName},
    trust::{NodeName, TrustList},
    verification::{Headline, Question, Settings, Verdict, Verifier},
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

/// The other side.
pub(super) struct Partner {
    pub(super) node: NodeName,
    /// To whom certificates for its country are addressed.
    pub(super) customs: Issuer,
    pub(super) country: Country,
    pub(super) zone: ZoneName,
}

/// People of the partner, at its door, by the tokens that it gave.
pub(super) struct Door {
    pub(super) officer: Connection,
    pub(super) supervisor: Option<Connection>,
}

/// People of this node.
struct Staff {
    /// Accounts, to be closed at the end.
    accounts: Vec<String>,
    signatory: String,
    liaison: String,
}

/// Everybody.
pub(super) struct Stage {
    pub(super) console: Console,
    pub(super) patience: Duration,
    pub(super) node: Process,
    pub(super) configuration: Configuration,
    pub(super) file: PathBuf,
    pub(super) own: AuthorityConfiguration,
    pub(super) partner: Partner,
    pub(super) trust: Arc<TrustList>,
    rules: Arc<Agreements>,
    staff: Staff,
    /// The office that issues and changes.
    pub(super) desk: Connection,
    /// Who answers enquiries.
    pub(super) liaison: Connection,
    pub(super) door: Option<Door>,
    // Removed when everything else is over.
    _events: tempfile::TempDir,
}

/// What is known before anything is started.
pub(super) struct Known {
    pub(super) configuration: Configuration,
    pub(super) own: AuthorityConfiguration,
    pub(super) partner: Partner,
    pub(super) trust: TrustList,
}

impl Known {
    /// Reads the configuration and the list it believes; refuses what is no rehearsal.
    pub(super) fn read(asked: &Arguments) -> Result<Self, Failure> {
        let configuration = check_config::load(&asked.config)?;
        let own = hosted(asked.issuer.clone(), &configuration)?;
        let trust = arguments::open_trust(&configuration.trust.list, &configuration.trust.anchor)?;
        let issuers = configuration.authorities.iter().map(|one| &one.issuer);
        if let Some(real) = issuers.chain(trust.sections().map(|section| section.iss())).find(|iss| !iss.is_rehearsal())
        {
            return Err(Failure::new(Exit::Configuration, format!("{real} is no authority that only rehearses"))
                .note("what a rehearsal issues is signed, logged and cosigned for ever, like everything else")
                .help("make a node of its own for it, and have the partner do the same: origin init DIR --rehearsal"));
        }
        fixed_ports(&configuration, &asked.config)?;
        let partner = Partner::of(asked.with.as_ref(), &configuration, &trust)?;
        Ok(Self { configuration, own, partner, trust })
    }

    /// The day at the issuing offices.
    pub(super) fn today(&self) -> Date {
        self.own.time_zone.date_at(SystemClock.now())
    }
}

/// The rehearsal starts the node itself, and dials it.
fn fixed_ports(configuration: &Configuration, file: &Path) -> Result<(), Failure> {
    let partner = configuration.partner.as_ref().map(|partner| partner.listen);
    let Some(partner) = partner else {
        let error = format!("`{}` has no [partner]: the node stands alone", file.display());
        return Err(Failure::new(Exit::Configuration, error));
    };
    let doors = [configuration.client.listen, configuration.admin, partner];
    if doors.iter().any(|door| door.port() == 0) {
        return Err(Failure::new(
            Exit::Configuration,
            "a door of the node has port 0, which is another at every start",
        )
        .help(format!("name the ports of client, admin and partner in `{}`", file.display())));
    }
    Ok(())
}

impl Partner {
    /// The node that was named, or the only other one of the list.
    fn of(named: Option<&NodeName>, configuration: &Configuration, trust: &TrustList) -> Result<Self, Failure> {
        let own = configuration.partner.as_ref().map(|partner| &partner.node);
        let others = trust.text().nodes.iter().map(|node| &node.name).filter(|name| Some(*name) != own);
        let others = others.collect::<Vec<_>>();
        let node = match (named, others.as_slice()) {
            (Some(named), others) if others.contains(&named) => named.clone(),
            (None, [only]) => (*only).clone(),
            (_, others) => {
                let names = others.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
                return Err(Failure::new(Exit::Usage, "the partner has to be one of the nodes of the trust list")
                    .note(if names.is_empty() { "it names no other than this one".to_owned() } else { names })
                    .help("--with NODE"));
            }
        };
        let hosted = |iss: &Issuer| trust.node_of(iss).is_some_and(|its| its.name == node);
        let found = trust.text().addressees.iter().find(|(_, iss)| hosted(iss));
        let (country, customs) = found.ok_or_else(|| {
            Failure::new(
                Exit::Configuration,
                format!("the trust list names nobody at {node} for what goes to a country"),
            )
            .help("origin partner add, with a section of the role `customs`")
        })?;
        let zone = trust.time_zone(customs).cloned().unwrap_or_else(ZoneName::utc);
        Ok(Self { node, customs: customs.clone(), country: *country, zone })
    }
}

impl Stage {
    /// Starts the node and lets everybody in.
    pub(super) async fn open(console: Console, asked: &Arguments, known: Known) -> Result<Self, Failure> {
        let Known { configuration, own, partner, trust } = known;
        let events = tempfile::tempdir().map_err(failed)?;
        let place = Place {
            configuration: asked.config.clone(),
            events: events.path().join("events.log"),
            admin: configuration.admin,
            client: configuration.client.listen,
            ca: asked
                .own_ca
                .clone()
                .unwrap_or_else(|| configuration.client.tls.certificate.with_file_name("ca.crt.pem")),
            operator_token: configuration.data.join(OPERATOR_TOKEN),
            patience: Duration::from_secs(asked.patience),
        };
        let patience = place.patience;
        let node = Process::start(place).await.map_err(|failure| {
            failure.help("the rehearsal runs the node itself: stop it where it runs, and let nobody else work with it")
        })?;
        let staff = Staff::hire(&node, &own).await?;
        let (desk, liaison) = (node.dial(Some(&staff.signatory)).await?, node.dial(Some(&staff.liaison)).await?);
        let door = Door::open(asked).await?;
        let rules = Arc::new(agreements::load(Some(&configuration.agreements))?);
        Ok(Self {
            console,
            patience,
            node,
            file: asked.config.clone(),
            own,
            partner,
            trust: Arc::new(trust),
            rules,
            staff,
            desk,
            liaison,
            door,
            configuration,
            _events: events,
        })
    }

    /// Connects again, to a node that was started again.
    pub(super) async fn dial_again(&mut self) -> Result<(), Failure> {
        self.desk = self.node.dial(Some(&self.staff.signatory)).await?;
        self.liaison = self.node.dial(Some(&self.staff.liaison)).await?;
        Ok(())
    }

    /// Nobody is let in any more by the tokens of this rehearsal.
    pub(super) async fn dismiss(&self) -> Result<(), Failure> {
        for account_id in &self.staff.accounts {
            let request =
                wire::DisableAccountRequest { issuer: self.own.issuer.to_string(), account_id: account_id.clone() };
            self.node.admin()?.admin().disable_account(within_deadline(request)).await.map_err(refused)?;
        }
        Ok(())
    }

    /// The partner as this node's operator is shown it.
    pub(super) fn its<'a>(&self, state: &'a wire::ListPartnersResponse) -> Option<&'a wire::PartnerState> {
        state.partners.iter().find(|one| one.name == self.partner.node.as_str())
    }

    /// How far a log of this node has come at the partner: entries it holds, and entries it cosigned.
    pub(super) fn passage(&self, state: &wire::ListPartnersResponse, log: &str) -> (u64, u64) {
        let logs = self.its(state).into_iter().flat_map(|partner| &partner.logs);
        let found = logs.filter(|one| !one.inward && one.origin == log).map(|one| (one.held, one.cosigned_size));
        found.max().unwrap_or_default()
    }

    /// Waits until the partner has cosigned a log up to a size.
    pub(super) async fn cosigned(&self, log: &str, size: u64) -> Result<(), Failure> {
        let otherwise = format!("{} does not cosign {log} up to entry {}", self.partner.node, size.saturating_sub(1));
        self.node.until(&otherwise, |state| self.passage(state, log).1 >= size).await
    }

    /// The day of use that is asked about: the later of the civil dates at both ends.
    pub(super) fn day(&self) -> Date {
        let now = SystemClock.now();
        self.own.time_zone.date_at(now).max(self.partner.zone.date_at(now))
    }

    /// Reads the trust list anew, where it was replaced.
    pub(super) fn reread_trust(&mut self) -> Result<(), Failure> {
        let files = &self.configuration.trust;
        self.trust = Arc::new(arguments::open_trust(&files.list, &files.anchor)?);
        Ok(())
    }

    /// Judges a bundle with the trust list and the agreements alone.
    pub(super) fn judge(&self, bundle: &str) -> Verdict {
        let verifier = Verifier::new(Arc::clone(&self.trust), Some(Arc::clone(&self.rules)), Settings::default());
        verifier.verify(bundle, &Question::at(SystemClock.now()).on(Some(self.day())))
    }

    /// Waits until the bundle of a certificate has this verdict.
    pub(super) async fn verdict(&self, number: &str, expected: Headline) -> Result<String, Failure> {
        let begun = Instant::now();
        loop {
            let bundle = calls::download(&self.desk, number).await?;
            let verdict = self.judge(&bundle);
            if verdict.headline == expected {
                return Ok(bundle);
            }
            if begun.elapsed() > self.patience {
                let (seen, expected) = (verdict.headline.as_str(), expected.as_str());
                return Err(failed(format!("the verdict on {number} is {seen}, and should be {expected}"))
                    .note(verdict.sentence));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// The log of the authority to the partner's customs that an entry stands in, held to its name.
    pub(super) fn addressed(&self, log: &str) -> Result<Origin, Failure> {
        let origin = log.parse::<Origin>().map_err(failed)?;
        if origin.addressee() == self.partner.customs.host().as_str() {
            return Ok(origin);
        }
        Err(failed(format!("what is issued stands in {log}, which is not addressed to {}", self.partner.customs)))
    }
}

impl Staff {
    async fn hire(node: &Process, own: &AuthorityConfiguration) -> Result<Self, Failure> {
        let offices = own.offices.iter().map(|office| office.code.to_string()).collect::<Vec<_>>();
        let mut accounts = Vec::new();
        let mut hire = async |role: wire::Role| {
            let request = wire::CreateAccountRequest {
                issuer: own.issuer.to_string(),
                name: "Rehearsal".to_owned(),
                roles: vec![role.into()],
                offices: offices.clone(),
                ..Default::default()
            };
            let made = node.admin()?.admin().create_account(within_deadline(request)).await.map_err(refused)?;
            let made = made.into_inner();
            accounts.extend(made.account.map(|account| account.account_id));
            Ok::<_, Failure>(made.token)
        };
        let (signatory, liaison) = (hire(wire::Role::Signatory).await?, hire(wire::Role::Liaison).await?);
        Ok(Self { accounts, signatory, liaison })
    }
}

impl Door {
    async fn open(asked: &Arguments) -> Result<Option<Self>, Failure> {
        let (Some(node), Some(officer)) = (&asked.door, &asked.officer) else { return Ok(None) };
        let officer = asked.tls.connect(node, Some(&remote::token(officer)?)).await?;
        let supervisor = match &asked.supervisor {
            Some(file) => Some(asked.tls.connect(node, Some(&remote::token(file)?)).await?),
            None => None,
        };
        Ok(Some(Self { officer, supervisor }))
    }
}
