//! What the demonstration does, step by step, each through the door its actor would use.

use super::ground::{self, CAST, Cast, failed};
use crate::{
    agreement::Agreements,
    api::client::{Connection, Dial, Refusal, wire, within_deadline},
    certificate::offset_dates,
    cli::{
        agreements,
        console::{Colour, Console, Exit, Failure},
        files,
        remote::date_to_wire,
    },
    node::{
        Addresses, Configuration, Node,
        system::{SystemClock, SystemRandom},
    },
    office::ApiToken,
    statement::{Bundle, Presentation, Section, redact},
    time::{Clock, Date, ZoneName},
    trust::{Anchor, TrustList},
    verification::{Headline, Question, Settings, Verifier},
};
use serde_json::json;
use std::{
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};
use tonic::Status;

/// A certificate to be issued: its file, who issues it, and the verdict a stranger must come to.
struct Scene {
    file: &'static str,
    text: &'static str,
    by: usize,
    goods: &'static str,
    verdict: Headline,
}

macro_rules! scene {
    ($file:literal, $by:literal, $goods:literal, $verdict:ident) => {
        Scene {
            file: $file,
            text: include_str!(concat!("../../../node-config/demo/certificates/", $file, ".json")),
            by: $by,
            goods: $goods,
            verdict: Headline::$verdict,
        }
    };
}

const SCENES: [Scene; 6] = [
    scene!("pk-cn-footballs", 0, "footballs, Pakistan to China", Valid),
    scene!("pk-cn-salt-retroactive", 0, "rock salt, Pakistan to China, after departure", Valid),
    scene!("pk-ke-rice-nonpreferential", 1, "rice, Pakistan to Kenya", Valid),
    scene!("ke-cn-tea-coffee", 2, "tea and coffee, Kenya to China", Valid),
    scene!("ke-zm-soap-comesa", 2, "soap, Kenya to Zambia", Valid),
    // Egypt wants it legalised by the ministry and the embassy, and no endorsement is there yet.
    scene!("cn-eg-crusher-nonpreferential", 3, "a crusher, China to Egypt, not yet legalised", Incomplete),
];

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
            let milliseconds = took.as_secs_f64() * 1_000.0;
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
            self.console.data(format!("{all}: {} steps in {}", self.steps, took.trim_start()));
        }
    }

    pub(super) fn addresses(&self, addresses: &Addresses) {
        self.console.message(format!("https  {}   logs, status lists, key discovery", addresses.public));
        self.console.message(format!("grpc   {}   issuing, verifying, reading", addresses.client));
        self.console.message(format!(
            "admin  {}   with the token in {}",
            addresses.admin,
            addresses.operator_token.display()
        ));
        self.console.message("Ctrl-C ends it");
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

/// The node after the story, still serving.
pub(super) struct Shown {
    pub(super) node: Node,
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
        let verdict = self.verifier.verify(presented, &Question::at(SystemClock.now()).on(Some(day)));
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

/// Tells the whole story; every step that does not end as it should ends the command.
pub(super) async fn tell(telling: &mut Telling, folder: &Path, out: Option<&Path>) -> Result<Shown, Failure> {
    let configuration = ground::lay(folder)?;
    telling.tell("init", format!("{} authorities made their keys and sections; one list names them all", CAST.len()));

    let configuration = Configuration::load(&configuration).map_err(failed)?;
    let node = Node::start(configuration, Arc::new(SystemClock), Arc::new(SystemRandom)).await.map_err(failed)?;
    telling.tell("serve", format!("a node hosts them, reached at {} over TLS", node.addresses().client));

    let ca = fs::read(folder.join(ground::first_folder()).join("tls/ca.crt.pem")).map_err(failed)?;
    let mut desks = Vec::with_capacity(CAST.len());
    for cast in &CAST {
        let token = open_account(node.addresses(), cast).await?;
        desks.push(Desk { cast, connection: dial(node.addresses(), &ca, Some(&token)).await? });
    }
    telling.tell("accounts", "each opened an account for a signatory; the token is kept by its holder alone");

    let stranger = Stranger::new(folder)?;
    let anyone = dial(node.addresses(), &ca, None).await?;
    let mut issued = Vec::with_capacity(SCENES.len());
    let day = day_of_use()?;
    telling.begin();
    for scene in &SCENES {
        let desk = desks.get(scene.by).ok_or_else(|| failed("a scene without its authority"))?;
        issued.push(issue(telling, desk, &anyone, &stranger, (scene, day)).await?);
    }

    let (first, bundle) = issued.first().ok_or_else(|| failed("nothing was issued"))?;
    let desk = desks.first().ok_or_else(|| failed("nobody issues"))?;
    let copy = redacted(bundle)?;
    telling.begin();
    stranger.judge(&copy, day, Headline::ValidRedacted)?;
    telling.tell("redact", format!("a copy of {first} for a bank, without invoices and values: VALID_REDACTED"));

    let forged = tampered(bundle)?;
    telling.begin();
    stranger.judge(&forged, day, Headline::Altered)?;
    telling.tell("tamper", format!("{first} with its goods changed is refused: ALTERED"));

    let cancelled = cancel(desk, first).await?;
    telling.tell(
        "cancel",
        format!("{} cancelled {first}: entry {} of {}", desk.cast.short, cancelled.index, cancelled.log),
    );
    let after = download(desk, first).await?;
    stranger.judge(&after, day, Headline::Cancelled)?;
    online(&anyone, &after, day, Headline::Cancelled).await?;
    telling.tell("cancelled", format!("{first} is refused online and from its new bundle: CANCELLED"));

    if let Some(out) = out {
        keep(out, folder, &issued)?;
        telling.tell("keep", format!("certificates, trust list, anchor and agreements are in {}", out.display()));
    }
    Ok(Shown { node })
}

/// Issues one certificate, and has it verified by the node and by a stranger with its bundle alone.
async fn issue(
    telling: &mut Telling,
    desk: &Desk,
    anyone: &Connection,
    stranger: &Stranger,
    (scene, day): (&Scene, Date),
) -> Result<(String, String), Failure> {
    let today = desk.cast.zone()?.date_at(SystemClock.now());
    let certificate_json = offset_dates(scene.text, today).map_err(failed)?.into_bytes().into();
    let request = wire::IssueCertificateRequest {
        request_id: uuid::Uuid::now_v7().to_string(),
        certificate_json,
        contents: wire::IssueContents::Receipt.into(),
    };
    let answer = desk.connection.certificates().issue_certificate(within_deadline(request)).await.map_err(refused)?;
    let issued = answer.into_inner().issued.ok_or_else(|| failed("the node answered nothing"))?;
    let number = issued.number;
    telling.tell(
        "issue",
        format!("{} issued {number} ({}): entry {} of {}", desk.cast.short, scene.goods, issued.index, issued.log),
    );
    let bundle = download(desk, &number).await?;
    let verdict = scene.verdict.as_str();
    online(anyone, &bundle, day, scene.verdict).await?;
    telling.tell("verify_online", format!("  fetched, and verified by the node: {verdict}"));
    stranger.judge(&bundle, day, scene.verdict)?;
    telling
        .tell("verify_offline", format!("  verified from its {}-byte bundle with no network: {verdict}", bundle.len()));
    Ok((number, bundle))
}

/// The day of use that is asked about: the latest civil date at any of the offices. Just after midnight in China
/// it is still yesterday in Egypt, and no ship is that fast.
fn day_of_use() -> Result<Date, Failure> {
    let now = SystemClock.now();
    let days = CAST.iter().map(Cast::zone).collect::<Result<Vec<ZoneName>, _>>()?;
    days.iter().map(|zone| zone.date_at(now)).max().ok_or_else(|| failed("nobody to show"))
}

async fn open_account(addresses: &Addresses, cast: &Cast) -> Result<String, Failure> {
    let operator = fs::read_to_string(&addresses.operator_token).map_err(failed)?;
    let operator = ApiToken::parse(operator.trim()).map_err(failed)?.reveal();
    let dial = Dial { url: format!("http://{}", addresses.admin), ca: None, tls_name: None };
    let connection = Connection::open(&dial, Some(&operator)).await.map_err(failed)?;
    let request = wire::CreateAccountRequest {
        issuer: cast.issuer(),
        name: "Signatory of the demonstration".to_owned(),
        roles: vec![wire::Role::Signatory.into()],
        offices: cast.offices(),
    };
    let answer = connection.admin().create_account(within_deadline(request)).await.map_err(refused)?;
    Ok(answer.into_inner().token)
}

async fn dial(addresses: &Addresses, ca: &[u8], token: Option<&str>) -> Result<Connection, Failure> {
    let url = format!("https://localhost:{}", addresses.client.port());
    Connection::open(&Dial { url, ca: Some(ca.to_vec()), tls_name: None }, token).await.map_err(failed)
}

async fn download(desk: &Desk, number: &str) -> Result<String, Failure> {
    let request = wire::DownloadCertificateRequest {
        certificate: Some(named(number)),
        format: wire::DownloadFormat::Bundle.into(),
    };
    let answer =
        desk.connection.certificates().download_certificate(within_deadline(request)).await.map_err(refused)?;
    String::from_utf8(answer.into_inner().content.into()).map_err(failed)
}

async fn online(anyone: &Connection, bundle: &str, day: Date, expected: Headline) -> Result<(), Failure> {
    let request =
        wire::VerifyPresentationRequest { presentation: bundle.to_owned().into(), as_of: Some(date_to_wire(day)) };
    let answer = anyone.verifications().verify_presentation(within_deadline(request)).await.map_err(refused)?;
    let headline = answer.into_inner().verdict.unwrap_or_default().headline;
    if headline == expected.as_str() {
        return Ok(());
    }
    Err(Failure::new(Exit::Failed, format!("the node's verdict is {headline}, and should be {}", expected.as_str())))
}

async fn cancel(desk: &Desk, number: &str) -> Result<wire::CancelCertificateResponse, Failure> {
    let request = wire::CancelCertificateRequest {
        request_id: uuid::Uuid::now_v7().to_string(),
        certificate: Some(named(number)),
        reason: "the order was withdrawn before shipment".to_owned(),
        remarks: String::new(),
        withdrawal: None,
    };
    let answer = desk.connection.certificates().cancel_certificate(within_deadline(request)).await.map_err(refused)?;
    Ok(answer.into_inner())
}

fn named(number: &str) -> wire::CertificateName {
    wire::CertificateName { name: Some(wire::certificate_name::Name::Number(number.to_owned())) }
}

fn redacted(bundle: &str) -> Result<String, Failure> {
    let mut bundle = Bundle::parse(bundle.as_bytes()).map_err(failed)?;
    let presentation = Presentation::parse(&bundle.token).map_err(failed)?;
    bundle.token = redact(&presentation, &[Section::Commercial]).map_err(failed)?;
    Ok(bundle.to_json())
}

/// The last disclosure is an item of the goods: one bit of it is turned.
fn tampered(bundle: &str) -> Result<String, Failure> {
    let mut bundle = Bundle::parse(bundle.as_bytes()).map_err(failed)?;
    let text = bundle.token.strip_suffix('~').unwrap_or(&bundle.token);
    let (before, item) = text.rsplit_once('~').ok_or_else(|| failed("the token has no disclosure"))?;
    let bytes = crate::encoding::base64::decode_url(item).map_err(failed)?;
    let json = String::from_utf8(bytes).map_err(failed)?.replacen("\"description\":\"", "\"description\":\"Not ", 1);
    bundle.token = format!("{before}~{}~", crate::encoding::base64::encode_url(json.as_bytes()));
    Ok(bundle.to_json())
}

/// Keeps what a stranger needs to repeat it.
fn keep(out: &Path, folder: &Path, issued: &[(String, String)]) -> Result<(), Failure> {
    fs::create_dir_all(out).map_err(failed)?;
    for ((number, bundle), scene) in issued.iter().zip(&SCENES) {
        files::replace(&out.join(format!("{}.coo.json", scene.file)), bundle.as_bytes(), 0o644)?;
        let token = Bundle::parse(bundle.as_bytes()).map_err(failed)?.token;
        files::replace(&out.join(format!("{}.sd-jwt", scene.file)), token.as_bytes(), 0o644)?;
        tracing::debug!(%number, "kept");
    }
    for name in ["trust-list.note", "anchor.toml"] {
        files::replace(&out.join(name), &fs::read(folder.join("trust").join(name)).map_err(failed)?, 0o644)?;
    }
    let rules = out.join("agreements");
    fs::create_dir_all(&rules).map_err(failed)?;
    for (name, text) in agreements::SHIPPED {
        files::replace(&rules.join(name), text.as_bytes(), 0o644)?;
    }
    Ok(())
}

fn refused(status: Status) -> Failure {
    let refusal = Refusal::from(&status);
    let failure = Failure::new(Exit::Failed, &refusal.message);
    let failure =
        refusal.findings.iter().fold(failure, |failure, one| failure.note(format!("{}: {}", one.path, one.message)));
    if refusal.reason.is_empty() { failure } else { failure.note(format!("reason {}", refusal.reason)) }
}
