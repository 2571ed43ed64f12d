//! Lists as they are published, and certificates held against them.

use super::*;
use crate::agreement::testing::{FOOTBALLS, particulars};
use crate::certificate::{Findings, Particulars, Severity};
use proptest::prelude::*;
use std::{collections::BTreeMap, io::Cursor, path::Path};

const HS2022: &str = "section,hscode,description,parent,level\r\nXX,95,Toys,TOTAL,2\r\nXX,9506,\"Articles for sports, \"\"games\"\"\",95,4\r\n\r\nXX,950662,Balls; inflatable,9506,6\r\nXX,852422,\"Modules; flat, OLED\",8524,6\r\n,TOTAL,Total,,0\r\n";
const HS2017: &str = "hscode,description\n95,Toys\n9506,Articles for sports\n950662,Balls; inflatable\n852990,Parts\n";
const CHANGES: &str = "HS2017,HS2022\n8529.90,8524.11\n852990,852422\n950662,950662\n";
/// As UNECE publishes it: no heading line, Latin letters of one byte, country headings, references.
const PLACES: &[u8] = b",\"PK\",,\".PAKISTAN\",,,,,,,,\n,\"PK\",\"KHI\",\"Karachi\",\"Karachi\",\"SD\",\"1-345---\",\"AI\",\"0401\",,\"2451N 06703E\",\n\"X\",\"PK\",\"OLD\",\"Old Quay\",\"Old Quay\",,\"1-------\",\"XX\",,,,\n\"=\",\"DE\",\"\",\"Munich = M\xfcnchen\",,,,,,,,\n,\"DE\",\"MUC\",\"M\xfcnchen\",\"Munchen\",\"BY\",\"--34-6--\",\"AF\",,,,\n";
const MORE_PLACES: &[u8] = b"\"+\",\"CN\",\"SHA\",\"Shanghai\",\"Shanghai\",,\"12345---\",\"AF\",,,,\n";
const UNITS: &str = "Status,CommonCode,Name,Description\n,KGM,kilogram,\n,H87,piece,\nX,05,lift,\n,ZP,page,\n";
const PACKAGES: &str = "Code,Name\nCT,Carton\nQQ,Quite new package\n";

const NAMES: &str = r#"
format = 1
[[lists]]
kind = "hs"
edition = "2022"
files = ["hs2022.csv"]
from = "2022-01-01"
until = "2027-12-31"
source = "UN Statistics Division"
[[lists]]
kind = "hs"
edition = "2017"
files = ["hs2017.csv"]
from = "2017-01-01"
until = "2021-12-31"
[[lists]]
kind = "hs_changes"
edition = "2017"
into = "2022"
files = ["changes.csv"]
[[lists]]
kind = "locode"
edition = "2024-2"
files = ["part1.csv", "part2.csv"]
from = "2025-01-01"
[[lists]]
kind = "unit"
edition = "17"
files = ["rec20.csv"]
from = "2021-01-01"
[[lists]]
kind = "package"
edition = "2020"
files = ["rec21.csv"]
from = "2020-01-01"
"#;

fn loaded(names: &str, tables: &[(&str, &[u8])]) -> Result<Lists, String> {
    let tables: BTreeMap<String, Vec<u8>> = tables.iter().map(|(n, b)| ((*n).to_owned(), b.to_vec())).collect();
    let mut present: Vec<Present> = tables.keys().map(|name| Present { name: name.clone(), text: None }).collect();
    present.push(Present { name: "lists.toml".to_owned(), text: Some(names.to_owned()) });
    let mut open = |name: &str| match tables.get(name) {
        Some(bytes) => Ok(Box::new(Cursor::new(bytes.clone())) as Opened),
        None => Err(format!("`{name}` cannot be read: it is not there")),
    };
    Lists::load(&present, &mut open).map_err(|errors| errors.to_string())
}

fn lists() -> Lists {
    let tables: [(&str, &[u8]); 8] = [
        ("hs2022.csv", HS2022.as_bytes()),
        ("hs2017.csv", HS2017.as_bytes()),
        ("changes.csv", CHANGES.as_bytes()),
        ("part1.csv", PLACES),
        ("part2.csv", MORE_PLACES),
        ("rec20.csv", UNITS.as_bytes()),
        ("rec21.csv", PACKAGES.as_bytes()),
        ("forgotten.csv", b"x"),
    ];
    loaded(NAMES, &tables).unwrap_or_else(|errors| panic!("{errors}"))
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn codes(kind: CodeKind, words: &str) -> Vec<String> {
    let lists = lists();
    let list = lists.of(kind, date("2026-11-12")).unwrap();
    list.search(words).into_iter().map(|one| one.code.to_owned()).collect()
}

/// What the lists say of a certificate on a day; `rules_in` is the edition of the agreement's rules.
fn said_of(lists: &Lists, of: &Particulars, on: &str, rules_in: Option<HsEdition>) -> Findings {
    let mut findings = Findings::default();
    lists.check(of, date(on), rules_in, &mut findings);
    findings
}

fn footballs(old: &str, new: &str) -> Particulars {
    assert!(FOOTBALLS.contains(old), "{old}");
    particulars(&FOOTBALLS.replacen(old, new, 1))
}

#[track_caller]
fn the_one(findings: &Findings, rule: &str) -> crate::certificate::Finding {
    let found = findings.iter().filter(|one| one.rule == rule).collect::<Vec<_>>();
    let [one] = found.as_slice() else { panic!("{rule}: {findings}") };
    (*one).clone()
}

#[test]
fn lists_are_searched_by_code_and_by_words() {
    assert_eq!(codes(CodeKind::Hs, "95.06"), ["9506", "950662"]);
    assert_eq!(codes(CodeKind::Hs, "inflatable BALL"), ["950662"]);
    assert_eq!(codes(CodeKind::Hs, "sports, \"games\""), ["9506"]);
    assert!(codes(CodeKind::Hs, "").is_empty() && codes(CodeKind::Hs, "salt").is_empty());
    assert_eq!(codes(CodeKind::Locode, "PK"), ["PKKHI", "PKOLD"]);
    assert_eq!(codes(CodeKind::Locode, "münchen"), ["DEMUC"]);
    assert_eq!(codes(CodeKind::Locode, "munchen"), ["DEMUC"]);
    assert_eq!(codes(CodeKind::Locode, "pkkhi"), ["PKKHI"]);
    assert_eq!(codes(CodeKind::Unit, "kgm"), ["KGM"]);
    assert_eq!(codes(CodeKind::Unit, "piece"), ["H87"]);
    let lists = lists();
    assert_eq!(lists.hs(HsEdition::Hs2022).unwrap().described(&"9506629000".parse().unwrap()).len(), 3);
    let karachi = lists.of(CodeKind::Locode, date("2026-01-01")).unwrap().get("PKKHI").unwrap();
    assert_eq!((karachi.name, karachi.detail), ("Karachi", "SD; port, road, airport, post"));
    assert_eq!(lists.notes(), ["`forgotten.csv` lies in the folder, and lists.toml does not name it"]);
}

#[test]
fn the_list_that_holds_on_the_day_is_taken() {
    let lists = lists();
    let edition = |on: &str| lists.of(CodeKind::Hs, date(on)).unwrap().edition().to_owned();
    assert_eq!((edition("2021-12-31"), edition("2022-01-01")), ("2017".to_owned(), "2022".to_owned()));
    assert_eq!((edition("2010-01-01"), edition("2030-01-01")), ("2017".to_owned(), "2022".to_owned()));
}

#[test]
fn a_code_of_another_edition_is_told_where_it_stands_and_what_became_of_it() {
    let lists = lists();
    assert!(said_of(&lists, &particulars(FOOTBALLS), "2026-11-12", None).is_empty());
    // 8529.90 was taken apart in 2022.
    let parts = footballs("950662", "852990");
    let found = the_one(&said_of(&lists, &parts, "2026-11-12", None), "HS_LIST");
    assert_eq!((found.severity, found.path.as_str()), (Severity::Warning, "goods.items[0].hs.code"));
    assert_eq!(found.help.as_deref(), Some("it is a code of HS 2017, which HS 2022 has as 852411, 852422"));
    let nowhere = footballs("950662", "950600");
    assert_eq!(the_one(&said_of(&lists, &nowhere, "2026-11-12", None), "HS_LIST").help, None);
}

#[test]
fn an_edition_is_held_against_the_day_and_against_the_agreements_own() {
    let lists = lists();
    let early = the_one(&said_of(&lists, &particulars(FOOTBALLS), "2021-12-31", None), "HS_LIST");
    assert!(early.message.contains("not in force on 2021-12-31: it holds from 2022-01-01 on"), "{early}");
    let older = footballs("code = \"950662\", edition = \"2022\"", "code = \"852990\", edition = \"2017\"");
    let over = the_one(&said_of(&lists, &older, "2026-11-12", None), "HS_LIST");
    assert!(over.message.contains("HS 2017 held until 2021-12-31"), "{over}");
    assert_eq!(over.help.as_deref(), Some("on 2026-11-12 HS 2022 holds: 852411, 852422"));
    // Where the rules of origin are written in that edition its codes are what they ask for.
    assert!(said_of(&lists, &older, "2026-11-12", Some(HsEdition::Hs2017)).is_empty());
}

/// A table of changes serves backwards too: the code in the edition that the rules are written in.
#[test]
fn the_code_in_the_edition_of_the_rules_stands_beside_the_warning_that_there_is_another() {
    let text = FOOTBALLS.replacen("950662", "852422", 1);
    let written_in_2017 = crate::agreement::testing::cpfta_with(
        "edition = { confirmed = false, note = \"the HS edition of the agreement's lists was not found\" }",
        "edition = { value = \"2017\", article = \"Annex\", confirmed = true }",
    );
    let of = particulars(&text);
    let mut findings = written_in_2017.judged(&of, date("2026-11-12")).findings;
    written_in_2017.check_codes(&of, date("2026-11-12"), &lists(), &mut findings);
    let found = the_one(&findings, "HS_EDITION");
    assert_eq!(found.help.as_deref(), Some("in HS 2017 the goods of `852422` are 852990"));
}

#[test]
fn without_lists_the_form_alone_is_checked_and_that_is_said_once() {
    let port =
        footballs("[transport]", "[transport]\nloading = { locode = \"PKKHI\" }\ndischarge = { locode = \"CNSHA\" }");
    let findings = said_of(&Lists::none(), &port, "2026-11-12", None);
    for (rule, path) in [("HS_LIST", "goods.items[0].hs.code"), ("LOCODE_LIST", "transport.loading.locode")] {
        let found = the_one(&findings, rule);
        assert_eq!((found.severity, found.path.as_str()), (Severity::Unknown, path));
        assert!(found.message.contains("only the form"), "{found}");
    }
    assert_eq!(findings.iter().count(), 2);
}

#[test]
fn a_place_that_is_not_listed_is_warned_of_and_one_to_be_removed_too() {
    let at = |code: &str| footballs("[transport]", &format!("[transport]\nloading = {{ locode = \"{code}\" }}"));
    assert!(said_of(&lists(), &at("PKKHI"), "2026-11-12", None).is_empty());
    let unknown = the_one(&said_of(&lists(), &at("PKXYZ"), "2026-11-12", None), "LOCODE_LIST");
    assert_eq!(unknown.severity, Severity::Warning);
    assert!(unknown.message.contains("`PKXYZ` is not in UN/LOCODE 2024-2"), "{unknown}");
    assert!(the_one(&said_of(&lists(), &at("PKOLD"), "2026-11-12", None), "LOCODE_LIST").message.contains("removed"));
    // A list of later days is no more than a hint for an earlier certificate.
    let early = the_one(&said_of(&lists(), &at("PKXYZ"), "2024-11-12", None), "LOCODE_LIST");
    assert_eq!(early.severity, Severity::Unknown);
}

/// The reader knows the units in trade use; a list knows all of them, and answers what the reader left open.
#[test]
fn a_list_answers_what_the_reader_could_not_say_of_a_unit() {
    let judged = |unit: &str, package: &str| {
        let text = FOOTBALLS.replacen("unit = \"H87\"", &format!("unit = \"{unit}\""), 1);
        let text = text.replacen("kind = \"CT\"", &format!("kind = \"{package}\""), 1);
        let reading = Particulars::read_toml(&text);
        let (of, mut findings) = (reading.particulars.unwrap(), reading.findings);
        let before = findings.iter().count();
        lists().check(&of, date("2026-11-12"), None, &mut findings);
        (before, findings)
    };
    assert_eq!(judged("H87", "CT"), (0, Findings::default()));
    let (before, findings) = judged("ZP", "QQ");
    assert!(before == 2 && findings.is_empty(), "{findings}");
    let (_, findings) = judged("QZQ", "Q9");
    assert_eq!(findings.iter().filter(|one| one.rule == "UNIT_LIST").count(), 2, "{findings}");
    assert!(the_one(&judged("05", "CT").1, "UNIT_LIST").message.contains("deleted"));
    assert!(judged("XQQ", "CT").1.is_empty(), "a package counted as a unit");
}

#[test]
fn mistakes_of_a_folder_are_all_reported_with_their_lines() {
    let hs = |text: &str| {
        let names =
            "format = 1\n[[lists]]\nkind = \"hs\"\nedition = \"2022\"\nfiles = [\"hs.csv\"]\nfrom = \"2022-01-01\"";
        loaded(names, &[("hs.csv", text.as_bytes())]).unwrap_err()
    };
    assert!(hs("").contains("the list is empty"));
    assert!(hs("code,text\n95,a\n").contains("names no columns `hscode` and `description`"));
    assert!(hs("hscode,description\n95,a\n95,b\n").contains("`95` stands here twice"));
    assert!(hs("hscode,description\n9,a\n96,b\n").contains("line 2: `9` is no code of 2, 4 or 6 digits"));
    assert!(hs("hscode,description\n95\n").contains("too few columns"));
    assert!(hs("hscode,description\n").contains("holds no code"));
    let many: String =
        std::iter::once("hscode,description\n".to_owned()).chain((0..100).map(|_| "x,y\n".to_owned())).collect();
    assert!(hs(&many).contains("and 80 more rows are wrong"));
    let names = |text: &str| loaded(text, &[]).unwrap_err();
    assert!(names(&NAMES.replace("kind = \"unit\"", "kind = \"units\"")).contains("is no kind of list"));
    assert!(names(&NAMES.replace("hs2022.csv", "../hs2022.csv")).contains("is not the name of a file in this folder"));
    assert!(
        names(&NAMES.replace("edition = \"2017\"", "edition = \"2016\"")).contains("an edition of the HS is expected")
    );
    assert!(names(NAMES).contains("`rec20.csv` cannot be read"));
    assert!(names(&(NAMES.to_owned() + "colour = 1")).contains("unknown member"));
    assert!(
        names(&NAMES.replacen("until = \"2027-12-31\"", "until = \"2020-12-31\"", 1)).contains("is before 2022-01-01")
    );
}

#[test]
fn files_of_rates_and_holidays_say_what_they_are() {
    let file = |name: &str, text: &str| Present { name: name.to_owned(), text: Some(text.to_owned()) };
    let load = |files: &[Present]| Lists::load(files, &mut |_| Err("none".to_owned()));
    let rate = |from: &str| {
        format!(
            "format = 1\n[[rates]]\nfrom = \"USD\"\nto = \"PKR\"\nrate = \"280\"\nvalid_from = \"{from}\"\nvalid_until = \"2026-11-30\"\nsource = \"State Bank\""
        )
    };
    let holidays = "format = 1\n[[holidays]]\ncountry = \"PK\"\nyear = 2026\ndays = []\nsource = \"Gazette\"";
    let all = load(&[file("a.toml", &rate("2026-11-01")), file("pk.toml", holidays)]).unwrap();
    assert_eq!((all.rates().len(), all.holidays().years().count()), (1, 1));
    let twice = load(&[file("a.toml", &rate("2026-11-01")), file("b.toml", &rate("2026-11-30"))]).unwrap_err();
    assert_eq!(twice.0[0].file, "b.toml");
    assert!(
        twice.to_string().contains("two rates from USD to PKR on 2026-11-30; the other stands in a.toml"),
        "{twice}"
    );
    assert!(load(&[file("x.toml", "format = 1")]).unwrap_err().to_string().contains("neither"));
}

/// The published list, where it lies beside the project.
#[test]
fn the_harmonized_system_as_published_is_read_whole() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/hs2022.csv");
    let Ok(bytes) = std::fs::read(path) else {
        println!("skipped: the list of the Harmonized System is not here");
        return;
    };
    let names = "format = 1\n[[lists]]\nkind = \"hs\"\nedition = \"2022\"\nfiles = [\"hs.csv\"]\nfrom = \"2022-01-01\"";
    let lists = loaded(names, &[("hs.csv", &bytes)]).unwrap();
    let list = lists.hs(HsEdition::Hs2022).unwrap();
    assert!(list.len() > 6_000, "{}", list.len());
    assert!(list.search("footwear leather").len() > 3);
    for code in ["950662", "340111", "090210"] {
        assert_eq!(list.described(&code.parse().unwrap()).len(), 3, "{code}");
    }
    assert!(said_of(&lists, &particulars(FOOTBALLS), "2026-11-12", None).is_empty());
}

/// A hundred and twenty thousand places take a few megabytes, and are found.
#[test]
fn a_world_of_places_is_held_in_a_few_megabytes() {
    let mut table = String::new();
    let letter = |n: u8| char::from(b'A' + n);
    let places = (0..26).flat_map(|a| (0..26).flat_map(move |b| (0..26).map(move |c| [a, b, c])));
    let places = places.take(17_500).map(|name| name.map(letter).into_iter().collect::<String>()).collect::<Vec<_>>();
    for (at, country) in ["PK", "CN", "KE", "ZM", "EG", "DE", "FR"].into_iter().enumerate() {
        for place in &places {
            table.extend([format!(",\"{country}\",\"{place}\",\"Place {place} of {at}\",\"Place {place}\",\"SD\",\"1-3-----\",\"AI\",\"0401\",,\"2451N 06703E\",\n")]);
        }
    }
    let names = "format = 1\n[[lists]]\nkind = \"locode\"\nedition = \"x\"\nfiles = [\"a.csv\"]\nfrom = \"2025-01-01\"";
    let lists = loaded(names, &[("a.csv", table.as_bytes())]).unwrap();
    let list = lists.of(CodeKind::Locode, date("2026-01-01")).unwrap();
    assert_eq!(list.len(), 122_500);
    assert!(list.bytes() < 16 << 20, "{}", list.bytes());
    assert_eq!(list.search("place khi 0").len(), 1);
    assert_eq!(list.get("PKKHI").unwrap().name, "Place KHI of 0");
}

proptest! {
    #[test]
    fn no_table_makes_the_reader_panic(text in "(hscode,description\n)?[0-9a-zA-Z\",\r\né]{0,80}", kind in "hs|locode|unit|package") {
        let names = format!("format = 1\n[[lists]]\nkind = \"{kind}\"\nedition = \"2022\"\nfiles = [\"x.csv\"]\nfrom = \"2022-01-01\"");
        let _ = loaded(&names, &[("x.csv", text.as_bytes())]);
    }
}
