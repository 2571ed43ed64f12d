//! A node's configuration: one TOML file, read whole, every mistake reported with its line.

mod partner;
mod reader;
mod webhooks;

use super::tls::TlsFiles;
use crate::certificate::{AgreementCode, Country, OfficeCode};
use crate::keys::KeyName;
use crate::office::{Continuity, Corridor, Fees, Medium, Office, Reader, ReadingRights};
use crate::statement::Issuer;
use crate::time::{Date, ZoneName, read_date};
use crate::workflow::Reminders;
pub use partner::{
    OutsideWitnessConfiguration, PartnerConfiguration, PushConfiguration, Quota, WitnessedConfiguration,
};
use reader::{Document, Section};
pub use reader::{Mistake, Mistakes};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
pub use webhooks::{WebhookConfiguration, WebhookTargets};

/// What a node is told before it starts. All paths are as usable from where the program runs.
#[derive(Debug, Clone)]
pub struct Configuration {
    /// Where the node keeps what is its own: one folder below for each authority.
    pub data: PathBuf,
    /// The folder of agreement files.
    pub agreements: PathBuf,
    /// The folder of lists of codes, rates and holidays; without one only the form of codes is checked.
    pub lists: Option<PathBuf>,
    /// What the node trusts; a node of nobody else's trust list verifies nothing.
    pub trust: TrustFiles,
    /// HTTPS for everybody: logs, status lists, key discovery.
    pub public: TlsDoor,
    /// gRPC over TLS for people's systems.
    pub client: TlsDoor,
    /// gRPC for the operator, on this machine alone.
    pub admin: SocketAddr,
    /// The exchange with other nodes; a node without it stands alone.
    pub partner: Option<PartnerConfiguration>,
    /// What callers are allowed.
    pub limits: Limits,
    /// Where webhooks may go.
    pub webhooks: WebhookConfiguration,
    /// What documents are printed with.
    pub paper: PaperConfiguration,
    /// How events are written.
    pub telemetry: Telemetry,
    /// The authorities hosted here.
    pub authorities: Vec<AuthorityConfiguration>,
}

/// Files of the federation's trust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustFiles {
    /// The trust list, a signed note.
    pub list: PathBuf,
    /// The anchor it is opened with.
    pub anchor: PathBuf,
}

/// A listener with a TLS identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsDoor {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Certificate and key.
    pub tls: TlsFiles,
}

/// What callers are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once, for each listener.
    pub connections: usize,
    /// Connections at once from one address, for each listener.
    pub connections_per_address: usize,
    /// Calls at once on one connection.
    pub streams_per_connection: u32,
    /// The longest a call may take, whatever its caller asks for.
    pub deadline: Duration,
    /// Verifications and look-ups a minute from one address without a token.
    pub verifications_per_minute: u32,
    /// How long calls in progress may go on after the word to stop.
    pub drain: Duration,
}

/// What documents are printed with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaperConfiguration {
    /// A folder of templates of forms, which come before those of the program.
    pub forms: Option<PathBuf>,
    /// Folders of fonts; none: where the system keeps them.
    pub fonts: Vec<PathBuf>,
}

/// How events are written to standard error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telemetry {
    /// One line of text or one JSON object an event.
    pub format: EventFormat,
    /// A filter such as `info` or `info,origin_exchange::store=debug`.
    pub filter: String,
}

/// The form of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EventFormat {
    /// For people.
    #[default]
    Text,
    /// For machines.
    Json,
}

/// One hosted authority.
#[derive(Debug, Clone)]
pub struct AuthorityConfiguration {
    /// The URL it owns.
    pub issuer: Issuer,
    /// Its country.
    pub country: Country,
    /// The zone whose civil date is its date.
    pub time_zone: ZoneName,
    /// Its own folder.
    pub data: PathBuf,
    /// The folder of its key files.
    pub keys: PathBuf,
    /// The file whose first line opens its key files.
    pub passphrase_file: PathBuf,
    /// The key it signs statements with.
    pub statement_key: KeyName,
    /// The key it signs status lists with.
    pub status_key: KeyName,
    /// The key it signs the stamps on paper with; none makes paper without stamps.
    pub stamp_key: Option<KeyName>,
    /// Who may read its logs.
    pub reading: ReadingRights,
    /// Years after which it erases what certificates say; none keeps it for ever.
    pub erase_after_years: Option<u32>,
    /// When its people are reminded of the days of an enquiry.
    pub reminders: Reminders,
    /// What goes on paper, and what becomes of what was issued in an outage.
    pub continuity: Continuity,
    /// Its offices.
    pub offices: Vec<Office>,
    /// The folder of its signatures and seals, as they are printed; without one none are.
    pub paper: Option<PathBuf>,
}

/// What a file names that can be looked at, also where its shape is at fault elsewhere. Where a member that no other
/// file is looked at for is mistaken, another stands in for it: so nothing of this is ever run.
#[derive(Debug, Default)]
pub(super) struct Named {
    pub(super) agreements: Option<PathBuf>,
    pub(super) lists: Option<PathBuf>,
    pub(super) trust: Option<TrustFiles>,
    /// Those of the listeners, each once.
    pub(super) tls: Vec<TlsFiles>,
    pub(super) partner: Option<PartnerConfiguration>,
    pub(super) webhooks: WebhookConfiguration,
    pub(super) paper: PaperConfiguration,
    pub(super) authorities: Vec<AuthorityConfiguration>,
}

impl Configuration {
    /// Reads a configuration; relative paths start from `folder`, the one the file lies in.
    pub fn read(text: &str, folder: &Path) -> Result<Self, Mistakes> {
        Document::read(text, |root| node(root, folder, &mut Named::default()))
    }

    /// Reads a configuration as far as it reads: the mistakes in its shape, and whatever it names all the same.
    pub(super) fn read_as_far(text: &str, folder: &Path) -> (Result<Self, Mistakes>, Named) {
        let mut named = Named::default();
        let read = Document::read(text, |root| node(root, folder, &mut named));
        (read, named)
    }

    /// Reads and checks a configuration file, without opening anything else.
    pub fn load(file: &Path) -> Result<Self, super::NodeError> {
        let text =
            std::fs::read_to_string(file).map_err(|source| super::NodeError::File { path: file.to_owned(), source })?;
        let folder = file.parent().unwrap_or(Path::new("."));
        Self::read(&text, folder)
            .map_err(|mistakes| super::NodeError::Configuration { file: file.to_owned(), mistakes })
    }
}

fn node(root: &mut Section<'_, '_>, folder: &Path, named: &mut Named) -> Option<Configuration> {
    let data = path(root, "data", folder).or_else(|| default_path(root, "data", folder));
    let agreements = path(root, "agreements", folder).or_else(|| default_path(root, "agreements", folder));
    let lists = path(root, "lists", folder);
    let trust = root.required_table("trust", |trust| {
        let (list, anchor) = (required_path(trust, "list", folder), required_path(trust, "anchor", folder));
        Some(TrustFiles { list: list?, anchor: anchor? })
    });
    let public = root.required_table("public", |door| tls_door(door, folder, None));
    let client = root.required_table("client", |door| tls_door(door, folder, public.as_ref().map(|door| &door.tls)));
    let doors = [&public, &client].into_iter().flatten();
    named.tls = doors.map(|door| door.tls.clone()).collect();
    named.tls.dedup();
    let admin = root.required_table("admin", |door| {
        let listen = door.required::<SocketAddr>("listen")?;
        if !listen.ip().is_loopback() {
            door.mistake("listen", "operators are served on this machine alone: 127.0.0.1 or [::1]");
        }
        Some(listen)
    });
    let partner = match &data {
        Some(data) => root.table("partner", |section| partner::partner(section, folder, data)),
        None => None,
    };
    let limits = root.table("limits", |section| Some(limits(section))).unwrap_or_default();
    let webhooks = root.table("webhooks", |section| Some(webhooks::webhooks(section, folder))).unwrap_or_default();
    let paper = root.table("paper", |paper| {
        let forms = path(paper, "forms", folder);
        let fonts = paper.texts::<String>("fonts").into_iter().map(|text| folder.join(text)).collect();
        Some(PaperConfiguration { forms, fonts })
    });
    let paper = paper.unwrap_or_default();
    let telemetry = root.table("telemetry", |section| Some(telemetry(section))).unwrap_or_default();
    let authorities = match &data {
        Some(data) => root.tables("authority", |section| authority(section, folder, data)),
        None => Vec::new(),
    };
    if !root.has("authority") {
        root.mistake("authority", "is missing: a node hosts at least one `[[authority]]`");
    }
    for (nth, one) in authorities.iter().enumerate() {
        if authorities.iter().take(nth).any(|other| other.issuer == one.issuer) {
            root.mistake("authority", format!("{} is named twice", one.issuer));
        }
        if authorities.iter().take(nth).any(|other| other.data == one.data) {
            root.mistake("authority", format!("two authorities share the folder {}", one.data.display()));
        }
    }
    let hosts = authorities.iter().map(|one| format!("{}/log/", one.issuer.host())).collect::<Vec<_>>();
    for log in partner.iter().flat_map(|partner| &partner.witnessed) {
        if hosts.iter().any(|host| log.origin.as_str().starts_with(host)) {
            root.mistake("partner", format!("{} is this node's own: nobody witnesses for himself", log.origin));
        }
    }
    let doors = [
        ("public", public.as_ref().map(|door| door.listen)),
        ("client", client.as_ref().map(|door| door.listen)),
        ("admin", admin),
        ("partner", partner.as_ref().map(|partner| partner.listen)),
    ];
    let doors = doors.into_iter().filter_map(|(name, address)| Some((name, address?))).collect::<Vec<_>>();
    for (nth, (name, address)) in doors.iter().enumerate() {
        if let Some((other, _)) = doors.iter().take(nth).find(|(_, other)| collide(*address, *other)) {
            root.mistake(name, format!("listens at {address}, where `{other}` listens: each needs a port of its own"));
        }
    }
    let looked_at = (agreements.clone(), lists.clone(), trust.clone(), partner.clone(), paper.clone());
    (named.agreements, named.lists, named.trust, named.partner, named.paper) = looked_at;
    named.webhooks.clone_from(&webhooks);
    named.authorities.clone_from(&authorities);
    Some(Configuration {
        data: data?,
        agreements: agreements?,
        lists,
        trust: trust?,
        public: public?,
        client: client?,
        admin: admin?,
        partner,
        limits,
        webhooks,
        paper,
        telemetry,
        authorities,
    })
}

/// Whether two listeners want the same: an address of all interfaces takes the port of each. Port 0 is always free.
#[must_use]
pub fn collide(one: SocketAddr, other: SocketAddr) -> bool {
    let all = one.ip().is_unspecified() || other.ip().is_unspecified();
    one.port() != 0 && one.port() == other.port() && (all || one.ip() == other.ip())
}

fn authority(section: &mut Section<'_, '_>, folder: &Path, data: &Path) -> Option<AuthorityConfiguration> {
    let issuer = section.required::<Issuer>("issuer");
    let country = section.required_or::<Country>("country", "AQ");
    let time_zone = section.required_or::<Zone>("time_zone", "UTC").map(|zone| zone.0);
    let own = path(section, "data", folder);
    let keys = required_path(section, "keys", folder);
    let passphrase_file = required_path(section, "passphrase_file", folder);
    let statement_key = section.required::<KeyName>("statement_key");
    let status_key = section.required::<KeyName>("status_key");
    let stamp_key = section.optional::<KeyName>("stamp_key");
    let reading = section.table("reading", |reading| {
        let defaults = ReadingRights::default();
        Some(ReadingRights {
            heads: reading.optional::<Reader>("heads").unwrap_or(defaults.heads),
            entries: reading.optional::<Reader>("entries").unwrap_or(defaults.entries),
        })
    });
    let erase_after_years = section.has("erase_after_years").then(|| section.number("erase_after_years", 0..=100, 0));
    let reminders = section.table("enquiries", |enquiries| {
        let Reminders { before, after } = Reminders::default();
        let mut days =
            |name, usual: u16| u16::try_from(enquiries.number(name, 1..=365, u64::from(usual))).unwrap_or(usual);
        Some(Reminders { before: days("remind_days", before), after: days("escalate_days", after) })
    });
    let paper = path(section, "paper", folder);
    let continuity = continuity(section);
    let mut codes: Vec<OfficeCode> = Vec::new();
    let offices = section.tables("office", |office| {
        let code = office.required::<OfficeCode>("code");
        if let Some(code) = &code {
            if codes.contains(code) {
                office.mistake("code", format!("`{code}` is the code of another office already"));
            }
            codes.push(code.clone());
        }
        let (name, place) = (office.required::<String>("name"), office.required::<String>("place"));
        let agreements = office.texts::<AgreementCode>("agreements");
        let own_zone = office.optional::<Zone>("time_zone").map(|zone| zone.0);
        let fees = office.texts::<String>("fees");
        let fees = Fees::read(fees.iter().map(String::as_str)).map_err(|error| {
            office.mistake("fees", format!("agreements, or the one word `all`: {error}"));
        });
        Some(Office {
            fees: fees.unwrap_or_default(),
            series_begin: BTreeMap::new(),
            code: code?,
            name: name?,
            place: place?,
            agreements,
            time_zone: own_zone.or_else(|| time_zone.clone())?,
        })
    });
    let issuer = issuer?;
    Some(AuthorityConfiguration {
        data: own.unwrap_or_else(|| data.join(issuer.host().to_string())),
        country: country?,
        time_zone: time_zone?,
        keys: keys?,
        passphrase_file: passphrase_file?,
        statement_key: statement_key?,
        status_key: status_key?,
        stamp_key,
        reading: reading.unwrap_or_default(),
        erase_after_years: erase_after_years.and_then(|years| u32::try_from(years).ok()),
        reminders: reminders.unwrap_or_default(),
        continuity,
        offices,
        paper,
        issuer,
    })
}

/// Corridors, and the days of an outage.
fn continuity(section: &mut Section<'_, '_>) -> Continuity {
    let usual = u64::from(Continuity::default().register_within_days);
    let days = section.number("register_within_days", 1..=90, usual);
    let mut known: Vec<Corridor> = Vec::new();
    let corridors = section.tables("corridor", |row| {
        let (agreement, to) = (row.required::<AgreementCode>("agreement"), row.required::<Country>("to"));
        let medium = row.required::<Medium>("medium");
        let mut day = |name| row.optional::<Day>(name).map(|day| day.0);
        let (from, until) = (day("from"), day("until"));
        let corridor = Corridor { agreement: agreement?, to: to?, medium: medium?, from, until };
        if from.zip(until).is_some_and(|(from, until)| until < from) {
            row.mistake("until", "lies before `from`");
        }
        if known.iter().any(|other| other.meets(&corridor)) {
            row.mistake("agreement", "another corridor is for the same agreement and country on some of these days");
        }
        known.push(corridor.clone());
        Some(corridor)
    });
    Continuity { corridors, register_within_days: u16::try_from(days).unwrap_or(u16::MAX) }
}

/// [`ZoneName`] in the grammar of a text member.
struct Zone(ZoneName);

impl std::str::FromStr for Zone {
    type Err = crate::time::UnknownZone;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        ZoneName::new(text).map(Self)
    }
}

/// A date, read as everywhere else.
struct Day(Date);

impl std::str::FromStr for Day {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        read_date(text).map(Self).map_err(|why| format!("`{text}`: {why}"))
    }
}

fn tls_door(section: &mut Section<'_, '_>, folder: &Path, otherwise: Option<&TlsFiles>) -> Option<TlsDoor> {
    let listen = section.required_or::<SocketAddr>("listen", "127.0.0.1:0");
    let files = match otherwise {
        Some(files) if !section.has("certificate") && !section.has("key") => Some(files.clone()),
        _ => {
            let certificate = required_path(section, "certificate", folder);
            let key = required_path(section, "key", folder);
            certificate.zip(key).map(|(certificate, key)| TlsFiles { certificate, key })
        }
    };
    Some(TlsDoor { listen: listen?, tls: files? })
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1024,
            connections_per_address: 256,
            streams_per_connection: 256,
            deadline: Duration::from_secs(30),
            verifications_per_minute: 600,
            drain: Duration::from_secs(20),
        }
    }
}

fn limits(section: &mut Section<'_, '_>) -> Limits {
    let usual = Limits::default();
    let narrow = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    let connections = section.number("connections", 1..=65_536, 1024);
    Limits {
        connections: usize::try_from(connections).unwrap_or(usual.connections),
        connections_per_address: usize::try_from(section.number("connections_per_address", 1..=65_536, 256))
            .unwrap_or(usual.connections_per_address),
        streams_per_connection: narrow(section.number("streams_per_connection", 1..=4096, 256)),
        // Nobody is served longer than 30 seconds: a caller that needs more streams.
        deadline: Duration::from_secs(section.number("deadline_seconds", 1..=30, usual.deadline.as_secs())),
        verifications_per_minute: narrow(section.number("verifications_per_minute", 1..=10_000_000, 600)),
        drain: Duration::from_secs(section.number("drain_seconds", 0..=600, usual.drain.as_secs())),
    }
}

impl Default for Telemetry {
    fn default() -> Self {
        Self { format: EventFormat::Text, filter: "info".to_owned() }
    }
}

fn telemetry(section: &mut Section<'_, '_>) -> Telemetry {
    let format = section.optional::<EventFormat>("format").unwrap_or_default();
    let filter = section.optional::<String>("filter").unwrap_or_else(|| Telemetry::default().filter);
    if let Err(error) = filter.parse::<tracing_subscriber::filter::EnvFilter>() {
        section.mistake("filter", error.to_string());
    }
    Telemetry { format, filter }
}

impl std::str::FromStr for EventFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(format!("`{text}` is not a form of events: text or json")),
        }
    }
}

fn path(section: &mut Section<'_, '_>, name: &'static str, folder: &Path) -> Option<PathBuf> {
    section.optional::<String>(name).map(|text| folder.join(text))
}

fn required_path(section: &mut Section<'_, '_>, name: &'static str, folder: &Path) -> Option<PathBuf> {
    section.required::<String>(name).map(|text| folder.join(text))
}

/// Where the member is absent its own name is the path; where it is wrong there is no path.
fn default_path(section: &Section<'_, '_>, name: &str, folder: &Path) -> Option<PathBuf> {
    (!section.has(name)).then(|| folder.join(name))
}

#[cfg(test)]
pub(super) mod tests;
