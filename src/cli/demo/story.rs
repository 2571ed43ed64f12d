//! What the demonstration does, step by step, each through the door its actor would use.

mod calls;
mod customs;
mod growth;
mod keep;
mod paper;

use calls::{day_of_use, issue, online, open_account, redacted, tampered};
use keep::Made;

use super::{
    ground::{self, COUNTRIES, Cast, everybody},
    nodes::Running,
};
use crate::{
    agreement::Agreements,
    api::client::Connection,
    cli::{
        agreements,
        calls::{agreed, cancel, cosigners, download, refused},
        console::{Colour, Console, Exit, Failure},
        process::failed,
    },
    document::CAN_PRINT,
    node::system::SystemClock,
    time::{Clock, Date},
    trust::{Anchor, TrustList},
    verification::{Headline, Question, Settings, Verdict, Verifier},
};
use serde_json::json;
use std::{
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

/// A certificate to be issued: its file, who issues it, whose customs hold it where they have a node, and the verdict a
/// stranger must come to.
struct Scene {
    file: &'static str,
    text: &'static str,
    by: &'static str,
    held_by: Option<&'static str>,
    goods: &'static str,
    verdict: Headline,
}

macro_rules! scene {
    ($file:literal, $by:literal, $held_by:expr, $goods:literal, $verdict:ident) => {
        Scene {
            file: $file,
            text: include_str!(concat!("../../../node-config/demo/certificates/", $file, ".json")),
            by: $by,
            held_by: $held_by,
            goods: $goods,
            verdict: Headline::$verdict,
        }
    };
}

const SCENES: [Scene; 8] = [
    scene!("pk-cn-footballs", "tdap", Some("china"), "footballs, Pakistan to China", Valid),
    scene!("pk-cn-salt-retroactive", "tdap", Some("china"), "rock salt, Pakistan to China, after departure", Valid),
    scene!("cn-pk-pumps", "gacc", Some("pakistan"), "pumps, China to Pakistan", Valid),
    scene!("pk-ke-rice-nonpreferential", "kcci", Some("kenya"), "rice, Pakistan to Kenya", Valid),
    scene!("ke-cn-tea-coffee", "kra", Some("china"), "tea and coffee, Kenya to China", Valid),
    scene!("cn-ke-lamps-nonpreferential", "ccpit", Some("kenya"), "solar lamps, China to Kenya", Valid),
    scene!("ke-zm-soap-comesa", "kra", None, "soap, Kenya to Zambia, which has no node", Valid),
    // Egypt wants it legalised by the ministry and the embassy, and no endorsement is there yet.
    scene!("cn-eg-crusher-nonpreferential", "ccpit", None, "a crusher, China to Egypt, not yet legalised", Incomplete),
];

/// What they say, with dates as offsets from today.
pub(in crate::cli) fn samples() -> impl Iterator<Item = &'static str> {
    SCENES.iter().map(|scene| scene.text)
}

/// Where among them the one is that is printed: in letters for which every machine has a font.
const RICE: usize = 3;
/// Where among them the one is that customs use.
const USED: usize = 1;
/// Where among them the one is whose addressee joins later.
const SOAP: usize = 6;

/// Certificates issued while a partner's node is down.
const ISSUED_PAST: usize = 20;

/// Prints each step when it has happened, with the time it took.
pub(super) struct Telling {
    console: Console,
    began: Instant,
    step: Instant,
    steps: u32,
}

impl Telling {
    pub(super) fn new(console: Console) -> Self {
        let now = Instant::now();
        Self { console, began: now, step: now, steps: 0 }
    }

    /// The time of the next step counts from here.
    fn begin(&mut self) {
        self.step = Instant::now();
    }

    fn tell(&mut self, step: &str, what: impl std::fmt::Display) {
        let took = self.step.elapsed();
        self.steps += 1;
        if self.console.is_json() {
            // Whole microseconds: what comes after them is arithmetic, not time.
            let milliseconds = f64::from(u32::try_from(took.as_micros()).unwrap_or(u32::MAX)) / 1_000.0;
            self.console
                .data(json!({ "step": step, "held": true, "what": what.to_string(), "milliseconds": milliseconds }));
        } else {
            self.console.data(format!("{}  {what}", self.console.paint(Colour::Dim, &duration(took))));
        }
        self.begin();
    }

    pub(super) fn end(&mut self) {
        let took = duration(self.began.elapsed());
        if self.console.is_json() {
            self.console.data(json!({ "step": "end", "held": true, "steps": self.steps }));
        } else {
            let all = self.console.paint(Colour::Green, "everything held");
            self.console.data(format!("{all}: {} steps in {}", self.steps, took.trim()));
        }
    }

    pub(super) fn addresses(&self, nodes: &[Running]) {
        for node in nodes {
            let (ports, name) = (node.site.ports, node.site.country.name);
            self.console.message(name);
            self.console.message(format!("  https    {}   logs, status lists, key discovery", ports.public));
            self.console.message(format!("  grpc     {}   issuing, verifying, reading", ports.client));
            self.console.message(format!("  partner  {}   the exchange, over mutual TLS", ports.partner));
            self.console.message(format!("  config   {}", node.site.configuration.display()));
        }
        self.console.message("Ctrl-C ends them");
    }
}

/// A time in three digits or so.
fn duration(took: Duration) -> String {
    let ms = took.as_secs_f64() * 1_000.0;
    if ms < 10.0 {
        format!("{ms:7.2} ms")
    } else if ms < 1_000.0 {
        format!("{ms:7.0} ms")
    } else {
        format!("{:7.2} s ", ms / 1_000.0)
    }
}

/// The short names of those a node is run for, as later steps call them, and who they are.
fn whom(cast: &[Cast]) -> String {
    let named = cast.iter().map(|one| format!("{} ({})", one.short, one.name)).collect::<Vec<_>>();
    named.join(", ")
}

/// What a stranger holds: the trust list, its anchor, the agreement files.
struct Stranger {
    verifier: Verifier,
}

impl Stranger {
    fn new(folder: &Path) -> Result<Self, Failure> {
        let read = |name: &str| fs::read_to_string(folder.join("trust").join(name)).map_err(failed);
        let anchor = Anchor::from_toml(&read("anchor.toml")?).map_err(failed)?;
        let trust = TrustList::open(&read("trust-list.note")?, &anchor, None).map_err(failed)?;
        let rules: Agreements = agreements::load(None)?;
        Ok(Self { verifier: Verifier::new(Arc::new(trust), Some(Arc::new(rules)), Settings::default()) })
    }

    /// Judges with no network for a day of use, and holds the verdict to what it must be.
    fn judge(&self, presented: &str, day: Date, expected: Headline) -> Result<(), Failure> {
        Self::held(&self.verifier.verify(presented, &Self::asked(day)), expected)
    }

    /// The same with the stamp of its paper beside it.
    fn judge_beside(&self, presented: &str, stamp: &str, day: Date, expected: Headline) -> Result<(), Failure> {
        Self::held(&self.verifier.verify_beside(presented, stamp, &Self::asked(day)), expected)
    }

    fn asked(day: Date) -> Question {
        Question::at(SystemClock.now()).on(Some(day))
    }

    fn held(verdict: &Verdict, expected: Headline) -> Result<(), Failure> {
        if verdict.headline == expected {
            return Ok(());
        }
        Err(Failure::new(
            Exit::Failed,
            format!("the verdict is {}, and should be {}", verdict.headline.as_str(), expected.as_str()),
        )
        .note(verdict.to_text()))
    }
}

/// An authority's desk: the connection of an account that may sign.
struct Desk {
    cast: &'static Cast,
    connection: Connection,
}

/// The three nodes, and who talks to them.
struct Stage {
    nodes: Vec<Running>,
    desks: Vec<Desk>,
    stranger: Stranger,
    /// The day of use that is asked about.
    day: Date,
}

/// Tells the whole story, and gives the nodes that still serve; every step that does not end as it should ends the
/// command.
pub(super) async fn tell(telling: &mut Telling, folder: &Path, out: Option<&Path>) -> Result<Vec<Running>, Failure> {
    let mut stage = open(telling, folder).await?;
    let mut issued = Vec::with_capacity(SCENES.len());
    for scene in &SCENES {
        issued.push(stage.issue(telling, scene).await?);
    }
    let (first, bundle) = issued.first().ok_or_else(|| failed("nothing was issued"))?;
    stage.third_party(telling, first, bundle).await?;
    stage.receipted(telling).await?;

    let copy = redacted(bundle)?;
    telling.begin();
    stage.stranger.judge(&copy, stage.day, Headline::ValidRedacted)?;
    telling.tell("redact", format!("a copy of {first} for a bank, without invoices and values: VALID_REDACTED"));

    let mut printed = Vec::new();
    if CAN_PRINT {
        let scene = SCENES.get(RICE).ok_or_else(|| failed("nothing was issued"))?;
        let rice = issued.get(RICE).ok_or_else(|| failed("nothing was issued"))?;
        printed.push((scene.file, stage.print(telling, scene.by, rice).await?));
    }

    let forged = tampered(bundle)?;
    telling.begin();
    stage.stranger.judge(&forged, stage.day, Headline::Altered)?;
    telling.tell("tamper", format!("{first} with its goods changed is refused: ALTERED"));

    let (second, _) = issued.get(USED).ok_or_else(|| failed("nothing was issued"))?;
    stage.used(telling, second).await?;
    let cancelled = stage.cancel(telling, first).await?;
    stage.catch_up(telling).await?;
    let (_, signed_before) = issued.get(1).ok_or_else(|| failed("nothing was issued"))?;
    stage.rotate(telling, folder, signed_before).await?;
    let kept = issued.get(SOAP).ok_or_else(|| failed("nothing was issued"))?;
    stage.join(telling, folder, kept).await?;

    if let Some(out) = out {
        stage.keep(telling, out, folder, &Made { issued: &issued, cancelled: &cancelled, printed: &printed })?;
    }
    Ok(stage.nodes)
}

/// Makes and starts the nodes, and opens an account for everybody who issues.
async fn open(telling: &mut Telling, folder: &Path) -> Result<Stage, Failure> {
    let sites = ground::lay(folder)?;
    let authorities = everybody().count();
    telling.tell(
        "init",
        format!("{authorities} authorities of {} countries made keys and sections; one list names them", sites.len()),
    );
    let mut nodes = Vec::with_capacity(sites.len());
    for site in sites {
        let node = Running::start(site).await?;
        telling.tell(
            "serve",
            format!(
                "{} serves at {}, and partners at {}, for {}",
                node.site.country.name,
                node.site.ports.client,
                node.site.ports.partner,
                whom(node.site.country.cast)
            ),
        );
        nodes.push(node);
    }
    for node in &nodes {
        node.connected(COUNTRIES.len() - 1).await?;
    }
    telling.tell("partners", "each node knows the two others by the keys that the list pins, and is connected to both");

    let mut desks = Vec::new();
    for node in &nodes {
        for cast in node.site.country.cast.iter().filter(|cast| cast.issues()) {
            let token = open_account(node, cast).await?;
            desks.push(Desk { cast, connection: node.dial(Some(&token)).await? });
        }
    }
    telling.tell("accounts", format!("{} issuing authorities opened an account for a signatory each", desks.len()));
    let stranger = Stranger::new(folder)?;
    let day = day_of_use()?;
    telling.begin();
    Ok(Stage { nodes, desks, stranger, day })
}

impl Stage {
    fn desk(&self, short: &str) -> Result<&Desk, Failure> {
        self.desks.iter().find(|desk| desk.cast.short == short).ok_or_else(|| failed("a scene without its authority"))
    }

    fn node(&self, short: &str) -> Result<&Running, Failure> {
        self.nodes
            .iter()
            .find(|node| node.site.country.short == short)
            .ok_or_else(|| failed("a country without a node"))
    }

    /// Where an authority is hosted.
    fn home(&self, cast: &Cast) -> Result<&Running, Failure> {
        let hosts = |node: &&Running| node.site.country.cast.iter().any(|one| one.short == cast.short);
        self.nodes.iter().find(hosts).ok_or_else(|| failed("an authority without a node"))
    }

    /// Issues one certificate, waits until the partners have cosigned it, and has it verified by the node and by a
    /// stranger with its bundle alone.
    async fn issue(&self, telling: &mut Telling, scene: &Scene) -> Result<(String, String), Failure> {
        let desk = self.desk(scene.by)?;
        let issued = issue(desk, scene.text).await?;
        let number = issued.number;
        telling.tell(
            "issue",
            format!("{} issued {number} ({}): entry {} of {}", desk.cast.short, scene.goods, issued.index, issued.log),
        );
        let bundle = download(&desk.connection, &number).await?;
        let cosigners = cosigners(&bundle)?.join(", ");
        telling.tell("cosigned", format!("  released under a head cosigned by {cosigners}"));
        if let Some(held_by) = scene.held_by {
            let customs = self.node(held_by)?;
            customs.holds(&issued.log, issued.index + 1).await?;
            telling.tell(
                "replicated",
                format!("  held by {}, to whose customs it is addressed", customs.site.country.name),
            );
        }
        let verdict = scene.verdict.as_str();
        online(&self.home(desk.cast)?.dial(None).await?, &bundle, self.day, scene.verdict).await?;
        telling.tell("verify_online", format!("  the node's verdict: {verdict}"));
        self.stranger.judge(&bundle, self.day, scene.verdict)?;
        telling.tell(
            "verify_offline",
            format!("  the verdict on its {}-byte bundle, with no network: {verdict}", bundle.len()),
        );
        Ok((number, bundle))
    }

    /// A country that has nothing to do with a certificate judges the bundle it is shown.
    async fn third_party(&self, telling: &mut Telling, number: &str, bundle: &str) -> Result<(), Failure> {
        let third = self.node("kenya")?;
        online(&third.dial(None).await?, bundle, self.day, Headline::Valid).await?;
        telling.tell(
            "third_party",
            format!("{}, which is no party to {number}, is shown its bundle: VALID", third.site.country.name),
        );
        Ok(())
    }

    /// China's customs say which disclosures reached them, in their own log to the authority that sent them.
    async fn receipted(&self, telling: &mut Telling) -> Result<(), Failure> {
        let (sender, addressee) = (self.desk("tdap")?.cast, self.desk("gacc")?.cast);
        let year = addressee.zone()?.date_at(SystemClock.now()).year();
        let log = format!("{}/log/{year}/{}", addressee.host(), sender.host());
        // Its first entry is a status snapshot.
        self.home(sender)?.holds(&log, 2).await?;
        telling.tell("receipted", format!("customs of China receipted the contents that reached them: {log}"));
        Ok(())
    }

    /// Cancels a certificate; gives its bundle from afterwards.
    async fn cancel(&self, telling: &mut Telling, number: &str) -> Result<String, Failure> {
        let desk = self.desk("tdap")?;
        let before = download(&desk.connection, number).await?;
        if cancel(&desk.connection, number).await.map_err(refused)?.waiting.is_none() {
            return Err(failed("a cancellation that customs were not asked about"));
        }
        telling.tell(
            "wish",
            format!(
                "{} records that the holder gives {number} back unused; it counts once customs of China agree",
                desk.cast.short
            ),
        );
        let cancelled = agreed(&desk.connection, number).await?;
        telling.tell(
            "cancel",
            format!(
                "  {} records that they agreed by letter, and it is cancelled: entry {} of {}",
                desk.cast.short, cancelled.index, cancelled.log
            ),
        );
        let after = download(&desk.connection, number).await?;
        self.stranger.judge(&after, self.day, Headline::Cancelled)?;
        let customs = self.home(self.desk("gacc")?.cast)?;
        customs.holds(&cancelled.log, cancelled.index.saturating_add(1)).await?;
        for node in [self.home(desk.cast)?, customs] {
            // Also the bundle from before: the log says otherwise by now.
            online(&node.dial(None).await?, &after, self.day, Headline::Cancelled).await?;
            online(&node.dial(None).await?, &before, self.day, Headline::Cancelled).await?;
        }
        telling.tell(
            "cancelled",
            format!("  {number} is refused from its new bundle, and at both nodes from the one before too: CANCELLED"),
        );
        Ok(after)
    }

    /// A partner's node dies, is issued past, and comes back.
    async fn catch_up(&mut self, telling: &mut Telling) -> Result<(), Failure> {
        let dead = self.nodes.iter_mut().find(|node| node.site.country.short == "china");
        dead.ok_or_else(|| failed("a country without a node"))?.kill();
        telling.tell("kill", "China's node is killed, with no time to say goodbye");
        let scene = SCENES.first().ok_or_else(|| failed("nothing to issue"))?;
        let desk = self.desk(scene.by)?;
        let mut last = None;
        for _ in 0..ISSUED_PAST {
            last = Some(issue(desk, scene.text).await?);
        }
        let last = last.ok_or_else(|| failed("nothing was issued"))?;
        telling.tell(
            "issue_past",
            format!("{} issued {ISSUED_PAST} more for China meanwhile: nobody waits for a partner", desk.cast.short),
        );
        let back = self.nodes.iter_mut().find(|node| node.site.country.short == "china");
        let back = back.ok_or_else(|| failed("a country without a node"))?;
        back.again().await?;
        telling.tell("restart", "China's node is started again");
        back.holds(&last.log, last.index + 1).await?;
        telling.tell("catch_up", format!("  it caught up to entry {} of {} and cosigned it", last.index, last.log));
        let desk = self.desk(scene.by)?;
        let bundle = download(&desk.connection, &last.number).await?;
        self.stranger.judge(&bundle, self.day, Headline::Valid)?;
        telling.tell("verify_offline", format!("  {} verified from its bundle with no network: VALID", last.number));
        Ok(())
    }
}
