//! What `docs/cli` says that officers, supervisors and a liaison office do is done by the binary, page by page, at two
//! real nodes; and what one side did reaches the other, in the words that the page has.
//!
//! A page is one story. The nodes, days and identifiers that stand in it are not those that are here: the first two are
//! given, and an identifier is learnt where a command prints it.

use crate::{
    federation::{Federation, Member, stop, until},
    process::{
        Running, footballs,
        https::Https,
        page::{Example, blocks, fits, line_fits, shell},
        today,
    },
    support::{folder, origin, text, write},
};
use serde_json::{Value, json};
use std::{cell::RefCell, fs, os::unix::fs::PermissionsExt as _, path::Path};

/// Commands that change nothing: what the other side did may take its time to come, so they are asked again.
const READS: [&str; 9] = [
    "customs arrivals",
    "customs show",
    "customs balance",
    "customs match",
    "customs denials",
    "enquiry list",
    "enquiry show",
    "liaison list",
    "certificate abroad",
];

/// The enquiry of which the answer is erased before customs read it.
const UNREAD: &str = "01KB3D9M8000000000000000AE";

/// Who follows a page, and what the page means.
struct Reader {
    folder: tempfile::TempDir,
    /// What stands in the page, and what it is here.
    meant: Vec<(String, String)>,
    /// What the page exported so far.
    exports: Vec<String>,
    /// The importer's link, once an officer made it.
    link: String,
}

/// The words of a line: identifiers, numbers and days among them.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-')
}

/// Whether a word stands for one that a node makes: the identifier of a statement, or of a link.
fn is_made(word: &str) -> bool {
    let is_jti = word.len() == 26 && word.starts_with("01") && !word.contains(|c: char| c.is_ascii_lowercase());
    is_jti || (word.len() == 28 && word.starts_with("shr_"))
}

fn is_day(word: &str) -> bool {
    let digits = |part: &str, length| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts = word.split('-').collect::<Vec<_>>();
    parts.len() == 3 && digits(parts[0], 4) && digits(parts[1], 2) && digits(parts[2], 2)
}

impl Reader {
    fn means(&mut self, page: &str, real: &str) {
        self.meant.retain(|(known, _)| known != page);
        self.meant.push((page.to_owned(), real.to_owned()));
    }

    fn knows(&self, word: &str) -> bool {
        self.meant.iter().any(|(page, _)| page == word)
    }

    /// What a text of the page is here.
    fn read(&self, text: &str) -> String {
        let days = words(text).filter(|word| is_day(word));
        days.for_each(|day| assert!(self.knows(day), "nobody says which day {day} of the page is: {text}"));
        let (mut read, mut rest) = (String::new(), text);
        while let Some(next) = rest.chars().next() {
            let known = self.meant.iter().filter(|(page, _)| rest.starts_with(page));
            let longest = known.max_by_key(|(page, _)| page.len());
            let (from, to) = match longest {
                Some((page, real)) => (page.len(), real.as_str()),
                None => (next.len_utf8(), &rest[..next.len_utf8()]),
            };
            read.push_str(to);
            rest = &rest[from..];
        }
        read
    }

    /// An identifier that the page has for the first time is whatever stands at its place.
    fn learn(&mut self, line: &str, said: &str) {
        let Some(word) = words(line).find(|word| is_made(word) && !self.knows(word)) else { return };
        let wanted = self.read(line).replace(word, "[..]");
        let Some(said) = said.lines().find(|said| line_fits(&wanted, said)) else { return };
        let before = self.read(line.split(word).next().unwrap_or_default());
        let before = before.rsplit("[..]").next().unwrap_or_default();
        let at = said.find(before).unwrap() + before.len();
        let made = words(&said[at..]).next().unwrap_or_default();
        assert!(is_made(made), "`{made}` for {word} in: {said}");
        self.means(word, made);
    }

    /// What a command of the page says, given by whom the page has it given.
    fn asks(&self, command: &str) -> String {
        shell(self.folder.path(), &self.read(&format!("exec 2>&1\n{}\n{command}", self.exports.join("\n"))))
    }

    /// Runs a command, and holds what it says to what stands there.
    #[track_caller]
    fn run(&mut self, page: &str, example: &Example) {
        if example.command.starts_with("export ") {
            self.exports.push(example.command.clone());
            return;
        }
        let is_held = example.expected.is_empty() || example.expected.iter().any(|line| line != "...");
        assert!(is_held, "{page}:{}: whatever is said would fit", example.line);
        let new = |word: &&str| is_made(word) && !self.knows(word);
        let open =
            |line: &String| words(line).filter(new).fold(self.read(line), |line, word| line.replace(word, "[..]"));
        let expected = example.expected.iter().map(open).collect::<Vec<_>>();
        let said = RefCell::new(String::new());
        let says = || {
            *said.borrow_mut() = self.asks(&example.command);
            fits(&expected, &said.borrow().lines().collect::<Vec<_>>())
        };
        let wrong = || {
            let (line, command) = (example.line, self.read(&example.command));
            let (expected, said) = (expected.join("\n"), said.borrow());
            format!("{page}:{line}\n$ {command}\nexpected:\n{expected}\nsaid:\n{said}")
        };
        if READS.iter().any(|read| example.command.contains(read)) {
            until(says, wrong);
        } else {
            assert!(says(), "{}", wrong());
        }
        let said = said.into_inner();
        if let Some(link) = said.lines().find(|line| line.starts_with("https://")) {
            link.clone_into(&mut self.link);
        }
        example.expected.iter().for_each(|line| self.learn(line, &said));
    }

    /// Follows a page from its first block to its last: files that it shows are written, and what stands in the blocks
    /// of other tests is passed over, but for what they export. `before` is told of each command before it is given.
    #[track_caller]
    fn follow(&mut self, page: &str, mut before: impl FnMut(&mut Self, &str)) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cli").join(page);
        let text = fs::read_to_string(path).unwrap();
        let mut count = 0;
        self.exports.clear();
        for block in blocks(&text) {
            if let Some(name) = block.opened.strip_prefix("toml ") {
                write(self.folder.path(), name, &self.read(&block.lines.join("\n")));
            }
            let examples = if block.opened.starts_with("console") { block.examples() } else { Vec::new() };
            for example in examples {
                if block.opened == "console nodes" {
                    before(self, &example.command);
                    count += 1;
                } else if !example.command.starts_with("export ") {
                    continue;
                }
                self.run(page, &example);
            }
        }
        assert!(count > 10, "{page}: only {count} commands were found");
    }
}

/// Goods of three kinds, as a certificate with this number says them.
fn goods(number: &str, marks: usize) -> String {
    let mut whole: Value = serde_json::from_str(&footballs(marks)).unwrap();
    whole["reference"]["number"] = number.into();
    let (first, worth) = (whole["goods"]["items"][0].clone(), whole["commercial"]["item_values"][0].clone());
    for (nth, description, quantity) in [(2, "Bladders of butyl rubber", "5000"), (3, "Hand pumps", "1200")] {
        let (mut item, mut value) = (first.clone(), worth.clone());
        item["number"] = nth.into();
        item["description"] = description.into();
        item["quantities"][0]["value"] = quantity.into();
        value["item"] = nth.into();
        whole["goods"]["items"].as_array_mut().unwrap().push(item);
        whole["commercial"]["item_values"].as_array_mut().unwrap().push(value);
    }
    whole.to_string()
}

/// Papers to China until yesterday, electronic certificates from today.
fn went_on_paper(pakistan: &Member) {
    let corridor = |medium: &str, day: &str| {
        format!("[[authority.corridor]]\nagreement = \"CPFTA\"\nto = \"CN\"\nmedium = \"{medium}\"\n{day}\n\n")
    };
    let (yesterday, today) = (today().yesterday().unwrap(), today());
    let paper = corridor("paper", &format!("until = \"{yesterday}\""));
    let both = paper + &corridor("electronic", &format!("from = \"{today}\""));
    // Behind everything that is said of the trade authority, before the chamber.
    let mut config = pakistan.read("node.toml");
    config.insert_str(config.rfind("# One authority;").unwrap(), &both);
    fs::write(pakistan.config(), config).unwrap();
}

/// The issuer has certificates of three numbers, and a paper. A node that has just started may want to be asked again;
/// what is asked again is done once.
fn issued(folder: &Path, issuer: &[&str]) {
    let all = [("260000001", 1), ("260000003", 3), ("260000009", 9)].map(|(number, marks)| goods(number, marks));
    let all = write(folder, "all.jsonl", &(all.join("\n") + "\n"));
    write(folder, "K-417.pdf", "page one and two");
    let yesterday = today().yesterday().unwrap();
    let paper = format!("K-417,{yesterday},,CPFTA,CN,LHE,K-417.pdf,two pages");
    let header = "number,issued_on,valid_until,agreement,to,office,scan,remarks";
    let papers = write(folder, "papers.csv", &format!("{header}\n{paper}\n"));
    for wish in [&["issue", text(&all)][..], &["paper", "register", text(&papers)][..]] {
        let asked = || origin(&[wish, issuer].concat());
        until(|| asked().code == 0, || asked().out + &asked().err);
    }
}

/// Everybody of the pages, with their tokens, and what the pages mean.
fn reader((pakistan, one): (&Member, &Running), (china, two): (&Member, &Running)) -> Reader {
    let (folder, meant, exports, link) = (folder(), Vec::new(), Vec::new(), String::new());
    let offices: (&[&str], &[&str]) = (&["LHE", "KHI"], &[]);
    for (member, node, role, offices, name) in [
        (pakistan, one, "signatory", offices.0, "signatory.token"),
        (pakistan, one, "liaison", offices.1, "liaison.token"),
        (china, two, "customs_officer", offices.1, "officer.token"),
        (china, two, "customs_supervisor", offices.1, "supervisor.token"),
    ] {
        write(folder.path(), name, &member.account(node, member.host(), role, offices));
        // Else each command says that others may read it.
        fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(0o600)).unwrap();
    }
    write(folder.path(), "ca.crt.pem", &(pakistan.read("tls/ca.crt.pem") + &china.read("tls/ca.crt.pem")));
    for document in ["invoice.pdf", "scan.pdf", "report.pdf"] {
        write(folder.path(), document, document);
    }
    let mut reader = Reader { folder, meant, exports, link };
    reader.means("node.tdap.gov.pk:8444", &one.client);
    reader.means("node.customs.gov.cn:8444", &two.client);
    reader.means("customs.gov.cn", china.host());
    let span = |months: i64, days: i64| jiff::Span::new().months(months).days(days);
    let after = |months, days| today().checked_add(span(months, days)).unwrap().to_string();
    for (page, real) in [
        // The page has days between what happens here within seconds.
        ("2026-11-22", after(0, 0)),
        ("2026-12-01", after(0, 0)),
        ("2027-03-01", after(3, 0)),
        ("2027-03-15", after(3, 14)),
        ("2027-03-31", after(3, 30)),
        // Half a year from the question, and beyond.
        ("2027-06-01", after(6, 0)),
        ("2027-07-31", after(6, 60)),
        // A year from the issue.
        ("2027-11-22", after(12, 0)),
    ] {
        reader.means(page, &real);
    }
    reader
}

/// 260000002 is issued in the place of 260000009, of which a denial waits, and arrives.
fn is_replaced(reader: &Reader, issuer: &[&str]) {
    let left = |number: &str| reader.asks(&format!("origin customs balance {number}"));
    until(|| left("260000009").contains("1200 of 1200 H87 left"), || left("260000009"));
    let denied = reader.asks("origin customs decide 260000009 --item 1=PREFERENCE_DENIED:GOODS_DIFFER");
    assert!(denied.contains("waits for a supervisor"), "{denied}");
    let corrected = write(reader.folder.path(), "corrected.json", &goods("260000002", 2));
    let wish = ["certificate", "replace", text(&corrected), "--number", "260000009", "--reason", "The marks"];
    origin(&[&wish[..], issuer].concat()).good();
    until(|| left("260000002").contains("1200 of 1200 H87 left"), || left("260000002"));
}

/// The importer, who has no account, sees what became of its own declaration, and who decided of nothing.
fn an_importer_sees_its_declaration(importer: &Https<'_>, path: &str) {
    let seen = importer.get(path);
    for kept in ["customs_officer", "customs_supervisor", "Seen with the laboratory", "I-2026-77"] {
        assert!(!seen.body.contains(kept), "{kept}: {seen:?}");
    }
    let seen = seen.good();
    assert_eq!(seen["matched"]["balance"][0]["left"], "16350", "{seen:#}");
    let acts = seen["acts"].as_array().unwrap();
    assert_eq!(acts.iter().map(|act| act["act"].clone()).collect::<Vec<_>>(), [1, 4, 7].map(Value::from), "{seen:#}");
    let denied = &acts[2]["decisions"][1];
    let why = (&denied["item"], &denied["code"], &denied["reason"]);
    assert_eq!(why, (&json!(2), &json!("PREFERENCE_DENIED"), &json!("NOT_ORIGINATING")), "{seen:#}");
}

/// Customs ask about 260000003, and their node is away when that is answered and the answer erased.
fn an_answer_is_erased_before_it_is_read(
    reader: &mut Reader,
    (pakistan, one): (&Member, &Running),
    (china, two): (&Member, &mut Running),
    liaison: &[&str],
) {
    let raise = "origin enquiry raise --to tdap.gov.pk --ground authenticity --goods released --reference SH-2026-13";
    let asked = reader.asks(&format!("{raise} --number 260000003 --question 'Did you issue it?'"));
    reader.learn(&format!("asked by statement {UNREAD}, the answer is due [..]"), &asked);
    assert!(reader.knows(UNREAD), "{asked}");
    let enquiry = reader.read(UNREAD);
    let list = || origin(&[&["liaison", "list"][..], liaison].concat()).good().out;
    until(|| list().contains(&enquiry), list);
    two.kill();
    origin(&[&["liaison", "reply", &enquiry, "--full", "--answer", "1=valid"][..], liaison].concat()).good();
    let config = pakistan.config();
    let erase = ["certificate", "erase", "--config", &config, "--admin", &one.admin, "--issuer", pakistan.host()];
    let order = ["--number", "260000003", "--for-good", "--unread-answers", "--reason", "order 12 of the commissioner"];
    origin(&[&erase[..], &order].concat()).good();
    *two = china.start();
    reader.means("node.customs.gov.cn:8444", &two.client);
}

#[test]
fn what_the_pages_say_that_people_of_both_sides_do_is_done_and_reaches_the_other_side() {
    let Federation { pakistan, china, .. } = &Federation::new();
    went_on_paper(pakistan);
    let (one, mut two) = (pakistan.start(), china.start());
    let mut reader = reader((pakistan, &one), (china, &two));
    let file = |name: &str| text(&reader.folder.path().join(name)).to_owned();
    let (ca, signatory, liaison) = (pakistan.at("tls/ca.crt.pem"), file("signatory.token"), file("liaison.token"));
    let door = ["--node", &one.client, "--ca", &ca, "--token-file"];
    let (issuer, liaison) = ([&door[..], &[signatory.as_str()]].concat(), [&door[..], &[liaison.as_str()]].concat());
    issued(reader.folder.path(), &issuer);

    let ca = china.at("tls/ca.crt.pem");
    let importer = Https { address: &two.public, ca: Path::new(&ca), token: None };
    let mut is_good = true;
    reader.follow("customs.md", |reader, command| {
        if command.starts_with("origin customs write-off 260000002") && !command.contains("--despite-predecessor") {
            is_replaced(reader, &issuer);
        }
        if command.starts_with("origin customs unshare") {
            let path = reader.link.strip_prefix("https://gacc.gov.cn").unwrap();
            if is_good {
                an_importer_sees_its_declaration(&importer, path);
            } else {
                assert_eq!(importer.get(path).status, 404, "it was taken back");
            }
            is_good = false;
        }
    });
    assert!(!is_good, "the page takes no link back");

    reader.follow("enquiries.md", |reader, command| {
        if command.contains(UNREAD) && !reader.knows(UNREAD) {
            an_answer_is_erased_before_it_is_read(reader, (pakistan, &one), (china, &mut two), &liaison);
        }
    });
    assert!(reader.knows(UNREAD), "the page concludes no enquiry");
    stop([one, two]);
}
