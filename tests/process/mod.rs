//! A node as a process of its own: made by `origin init`, started, killed, stopped, asked.

pub(crate) mod https;
pub(crate) mod page;

use crate::support::{FOOTBALLS, Said, command, init, origin, text};
use jiff::{Zoned, tz::TimeZone};
use origin_exchange::{
    certificate::Particulars,
    time::{Date, Timestamp},
};
use std::{
    fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicU16, Ordering},
    },
    thread::JoinHandle,
};

/// A folder with a node in it that nobody has started yet.
pub(crate) struct Home {
    pub(crate) node: PathBuf,
    _folder: tempfile::TempDir,
}

impl Home {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { node: init(folder.path()), _folder: folder }
    }

    /// The same once more, to be spoilt.
    pub(crate) fn copy(&self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let node = folder.path().join("node");
        copy_folder(&self.node, &node);
        Self { node, _folder: folder }
    }

    pub(crate) fn path(&self, name: &str) -> String {
        text(&self.node.join(name)).to_owned()
    }

    pub(crate) fn config(&self) -> String {
        self.path("node.toml")
    }

    /// Where the authority keeps its journals.
    pub(crate) fn data(&self) -> PathBuf {
        let mut entries = fs::read_dir(self.node.join("data")).unwrap().map(|entry| entry.unwrap().path());
        entries.find(|path| path.is_dir() && !path.ends_with("partners")).unwrap()
    }

    /// A change to the configuration.
    pub(crate) fn configure(&self, from: &str, to: &str) {
        let path = self.node.join("node.toml");
        let before = fs::read_to_string(&path).unwrap();
        assert!(before.contains(from), "`{from}` is not in:\n{before}");
        fs::write(path, before.replacen(from, to, 1)).unwrap();
    }

    /// Checks a log from its first entry in the data folder of a node that is stopped; gives its entries.
    pub(crate) fn check_log(&self, log: &str) -> u64 {
        let (data, trust, anchor) =
            (text(&self.data()).to_owned(), self.path("trust/trust-list.note"), self.path("trust/anchor.toml"));
        let arguments = ["log", "check", log, "--data", &data, "--trust", &trust, "--anchor", &anchor];
        let said = origin(&[&arguments[..], &["--format", "json"]].concat()).good().json();
        assert_eq!((&said["good"], &said["findings"]), (&true.into(), &0.into()), "{said}");
        said["size"].as_u64().unwrap()
    }
}

/// A node that serves; killed when the test is done with it.
pub(crate) struct Running {
    child: Child,
    events: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
    pub(crate) client: String,
    pub(crate) admin: String,
    pub(crate) public: String,
    pub(crate) partner: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The command that serves; not started yet.
pub(crate) fn serving(config: &str) -> Command {
    command(&["serve", "--config", config, "--format", "json"])
}

impl Running {
    /// Starts a node that has to come up.
    #[track_caller]
    pub(crate) fn start(config: &str) -> Self {
        match Self::try_start(serving(config)) {
            Ok(running) => running,
            Err(said) => panic!("the node did not start ({}): {}", said.code, said.err),
        }
    }

    /// Starts a node and waits until it serves; or gives what it said when it ended instead.
    pub(crate) fn try_start(mut command: Command) -> Result<Self, Said> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let events = Arc::new(Mutex::new(String::new()));
        // Somebody has to take the events for as long as it runs, or it would wait for that.
        let (mut from, kept) = (BufReader::new(child.stderr.take().unwrap()), Arc::clone(&events));
        let reader = std::thread::spawn(move || {
            let mut line = String::new();
            while from.read_line(&mut line).is_ok_and(|read| read > 0) {
                kept.lock().unwrap().push_str(&line);
                line.clear();
            }
        });
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        if line.is_empty() {
            let code = child.wait().unwrap().code().unwrap_or(-1);
            reader.join().unwrap();
            let err = events.lock().unwrap().clone();
            return Err(Said { code, out: String::new(), err });
        }
        let told: serde_json::Value = serde_json::from_str(&line).unwrap();
        let at = |name: &str| told[name].as_str().unwrap().to_owned();
        let (client, admin, public, partner) = (at("client"), at("admin"), at("public"), at("partner"));
        Ok(Self { child, events, reader: Some(reader), client, admin, public, partner })
    }

    /// The process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kill -9.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Tells it to read its files again.
    pub(crate) fn hang_up(&self) {
        assert!(Command::new("kill").args(["-HUP", &self.child.id().to_string()]).status().unwrap().success());
    }

    /// Tells it to stop; it has to end well. Gives its events.
    #[track_caller]
    pub(crate) fn stop(mut self) -> String {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(told.success());
        let ended = self.child.wait().unwrap();
        self.reader.take().unwrap().join().unwrap();
        let events = self.events();
        assert!(ended.success(), "{ended}\n{events}");
        events
    }

    /// Whether it still runs, and what it said so far: for the message of a test that failed.
    pub(crate) fn state(&mut self) -> String {
        format!("{:?}\n{}", self.child.try_wait(), self.events())
    }

    /// What it said so far.
    pub(crate) fn events(&self) -> String {
        self.events.lock().unwrap().clone()
    }

    /// Opens an account; gives the file with its token.
    pub(crate) fn account(&self, home: &Home, role: &str) -> String {
        let token = home.path(&format!("{role}.token"));
        let config = home.config();
        let mut arguments = vec!["account", "new", "--name", role, "--role", role, "-o", &token];
        arguments.extend(["--config", &config, "--admin", &self.admin]);
        if role == "signatory" {
            arguments.extend(["--office", "LHE", "--office", "KHI"]);
        }
        origin(&arguments).good();
        token
    }
}

/// When these tests began.
static BEGAN: LazyLock<Zoned> = LazyLock::new(|| Timestamp::now().to_zoned(TimeZone::UTC));

/// The time zone so many hours east of where it was noon when these tests began: then it is one day at all nodes, and it
/// stays that day while a test asks what is done today, at whatever hour the tests are run.
pub(crate) fn noon(east: i8) -> String {
    // West of Greenwich is positive in these names.
    format!("Etc/GMT{:+}", BEGAN.hour() - 12 - east)
}

/// The date at every node.
pub(crate) fn today() -> Date {
    BEGAN.date()
}

/// Footballs that leave tomorrow, as a row of a file; no two with different marks are alike.
pub(crate) fn footballs(marks: usize) -> String {
    let (yesterday, tomorrow) = (today().yesterday().unwrap(), today().tomorrow().unwrap());
    let text = FOOTBALLS
        .replace("2026-11-18", &tomorrow.to_string())
        .replace("2026-11-10", &yesterday.to_string())
        .replace("YUHE/SHA/1-420", &format!("YUHE/SHA/{marks}"));
    Particulars::from_toml(&text).unwrap().to_json()
}

/// The one `error:` line of a command that failed; it has to name all of this.
#[track_caller]
pub(crate) fn one_clear_line(said: &Said, words: &[&str]) {
    assert_ne!(said.code, 0, "{}", said.out);
    let errors = said.err.lines().filter(|line| line.starts_with("error:")).collect::<Vec<_>>();
    assert_eq!(errors.len(), 1, "{}", said.err);
    for word in words {
        assert!(errors[0].contains(word), "`{word}` is not in:\n{}", said.err);
    }
    assert!(!said.err.contains("panicked"), "{}", said.err);
}

/// Copies a folder with everything in it.
pub(crate) fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A port that nobody has and that no connection is given while a node is down: they come from higher up.
pub(crate) fn port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(std::process::id() % 9_000).unwrap();
    loop {
        let port = 20_000 + (first + NEXT.fetch_add(1, Ordering::Relaxed)) % 10_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
