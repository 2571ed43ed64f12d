//! Examination by machine at a node that is killed: what is filed is issued once, or stands where it can be issued.

use crate::{
    process::{Home, Running, footballs, port, today},
    support::{Said, command, origin, text, write},
};
use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

/// Applications of the import.
const ROWS: usize = 300;
/// How often the node is killed under it.
const KILLS: usize = 3;
/// How often is asked whether everything that stood approved is taken up.
const ASKED: usize = 1_000;

/// A node whose policy covers footballs, findings included.
struct Office {
    home: Home,
    node: Running,
}

impl Office {
    fn open() -> Self {
        let home = Home::new();
        // A file of requests is for one node, at one address.
        for door in ["public", "client"] {
            home.configure("listen = \"127.0.0.1:0\"", &format!("listen = \"127.0.0.1:{}\" # {door}", port()));
        }
        let node = Running::start(&home.config());
        let office = Self { home, node };
        for role in ["administrator", "signatory", "examiner"] {
            office.node.account(&office.home, role);
        }
        let id = |said: Said| said.out.split_whitespace().next().unwrap().to_owned();
        let who = ["--name", "Chenab Sports (Pvt) Ltd", "--national-id", "0000000-1", "--registration", "SLK-1"];
        let place = ["--address", "Daska Road, Sialkot", "--country", "PK"];
        let exporter = id(office.ask("examiner", &[&["exporter", "register"], &who[..], &place[..]].concat()));
        let (config, token) = (office.home.config(), office.home.path("exporter.token"));
        let account = ["account", "new", "--name", "Chenab Sports", "--role", "exporter", "--exporter", &exporter];
        let door = ["--config", &config, "--admin", &office.node.admin, "-o", &token];
        origin(&[&account[..], &door[..]].concat()).good();
        let (paper, day) = (write(&office.home.node, "statement.pdf", "A cost statement"), today().to_string());
        let evidence = ["exporter", "evidence", "add", text(&paper), "--reference", "CS-1", "--hs", "9506"];
        office.ask("exporter", &[&evidence[..], &["--from", &day, "--until", &day]].concat());
        office.ask("examiner", &["exporter", "evidence", "verify", "SLK-1", "CS-1"]);
        office.set_policy(&day);
        office
    }

    fn set_policy(&self, day: &str) {
        let sample = write(&self.home.node, "sample.json", &footballs(0));
        let checked = self.ask("exporter", &["apply", "check", text(&sample), "--format", "json"]).json();
        let rules = checked["findings"].as_array().unwrap().iter().map(|one| one["rule"].to_string());
        let rules = rules.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(",");
        let (config, admin) = (self.home.config(), &self.node.admin);
        let accounts = origin(&["account", "list", "--config", &config, "--admin", admin]).good().out;
        let signatory = accounts.lines().find(|line| line.contains("signatory")).unwrap();
        let signatory = signatory.split_whitespace().next().unwrap();
        let terms = format!(
            "from = \"{day}\"\nuntil = \"{day}\"\nagreements = [\"CPFTA\"]\noffices = [\"LHE\"]\ndestinations = [\"CN\"]\n\
             most_value = {{ value = \"150000\", currency = \"USD\" }}\ntolerated = [{rules}]\n\
             signatories = [\"{signatory}\"]\n"
        );
        let terms = write(&self.home.node, "policy.toml", &terms);
        self.ask("administrator", &["policy", "set", text(&terms)]);
        self.ask("signatory", &["policy", "agree", "--yes"]);
    }

    fn command(&self, who: &str, arguments: &[&str]) -> Command {
        let (token, ca) = (self.home.path(&format!("{who}.token")), self.home.path("tls/ca.crt.pem"));
        let mut command = command(arguments);
        command.args(["--node", &self.node.client, "--ca", &ca, "--token-file", &token]);
        command
    }

    #[track_caller]
    fn ask(&self, who: &str, arguments: &[&str]) -> Said {
        let (token, ca) = (self.home.path(&format!("{who}.token")), self.home.path("tls/ca.crt.pem"));
        let door = ["--node", &self.node.client, "--ca", &ca, "--token-file", &token];
        origin(&[arguments, &door[..]].concat()).good()
    }

    /// The exporter's applications of a stage.
    fn standing(&self, stage: &str) -> Vec<serde_json::Value> {
        let limit = (2 * ROWS).to_string();
        let list = ["apply", "list", "--stage", stage, "--limit", &limit, "--format", "json"];
        self.ask("exporter", &list).out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

#[test]
fn a_node_that_is_killed_under_an_import_issues_each_application_once() {
    let mut office = Office::open();
    // Each is another consignment.
    let row = |nth| footballs(nth).replace("CS-2611-77", &format!("CS-{nth}"));
    let rows = (0..ROWS).map(row).collect::<Vec<_>>().join("\n");
    let file = write(&office.home.node, "many.jsonl", &rows);
    let import = ["apply", "import", text(&file), "--person", "S. Chaudhry"];
    for _ in 0..KILLS {
        let mut importing = office.command("exporter", &import);
        let mut importing = importing.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut answers = BufReader::new(importing.stdout.take().unwrap()).lines();
        // With the first answers in hand, others are between approval and certificate.
        answers.next().unwrap().unwrap();
        office.node.kill();
        answers.for_each(drop);
        importing.wait().unwrap();
        office.node = Running::start(&office.home.config());
    }
    office.ask("exporter", &import);
    let taken_up = (0..ASKED).any(|_| office.standing("approved").is_empty());
    assert!(taken_up, "{}", office.node.state());
    let issued = office.standing("issued");
    let numbers = issued.iter().map(|one| one["certificate_number"].as_str().unwrap()).collect::<BTreeSet<_>>();
    assert_eq!((issued.len(), numbers.len()), (ROWS, ROWS));
    // The series gives its numbers one after the other: none went to a certificate that nobody knows of.
    let serial = |number: &&str| number[number.len() - 6..].parse::<usize>().unwrap();
    assert_eq!(numbers.iter().map(serial).max(), Some(ROWS));
    office.node.stop();
    office.home.check_log(&format!("tdap.gov.pk/log/{}/cn", today().year()));
}
