use super::*;

const GOOD: &str = r#"
data = "data"
[trust]
list = "trust/list.note"
anchor = "trust/anchor.toml"
[public]
listen = "127.0.0.1:0"
certificate = "tls/server.crt.pem"
key = "tls/server.key.pem"
[client]
listen = "127.0.0.1:0"
[admin]
listen = "127.0.0.1:0"
[[authority]]
issuer = "https://co.tdap.gov.pk"
country = "PK"
time_zone = "Asia/Karachi"
keys = "keys/co.tdap.gov.pk"
passphrase_file = "/run/secrets/passphrase"
statement_key = "2026-1"
status_key = "status-2026-1"
[[authority.office]]
code = "KHI"
name = "Karachi Office"
place = "Karachi"
agreements = ["CPFTA"]
[[authority.office]]
code = "LHE"
name = "Lahore Office"
place = "Lahore"
"#;

fn read(text: &str) -> Result<Configuration, Mistakes> {
    Configuration::read(text, Path::new("/etc/origin"))
}

fn mistakes(text: &str) -> Vec<String> {
    read(text).unwrap_err().0.iter().map(ToString::to_string).collect()
}

#[test]
fn what_is_not_said_has_its_usual_value() {
    let read = read(GOOD).unwrap();
    assert_eq!(read.limits, Limits::default());
    assert_eq!(read.client.tls, read.public.tls);
    assert_eq!(read.agreements, Path::new("/etc/origin/agreements"));
    let authority = read.authorities.first().unwrap();
    assert_eq!(authority.data, Path::new("/etc/origin/data/co.tdap.gov.pk"));
    assert_eq!(authority.passphrase_file, Path::new("/run/secrets/passphrase"));
    assert_eq!(authority.offices.first().unwrap().time_zone, authority.time_zone);
    assert_eq!(authority.reading, ReadingRights::default());
}

#[test]
fn what_is_printed_with_lies_beside_the_file() {
    let text = GOOD
        .replace("[admin]", "[paper]\nforms = \"forms\"\nfonts = [\"fonts\", \"/srv/fonts\"]\n[admin]")
        .replace("country = \"PK\"", "country = \"PK\"\npaper = \"seals\"");
    let read = read(&text).unwrap();
    assert_eq!(read.paper.forms.as_deref(), Some(Path::new("/etc/origin/forms")));
    assert_eq!(read.paper.fonts, [Path::new("/etc/origin/fonts"), Path::new("/srv/fonts")]);
    assert_eq!(read.authorities.first().unwrap().paper.as_deref(), Some(Path::new("/etc/origin/seals")));
    assert!(mistakes(&text.replace("forms =", "froms =")).iter().any(|one| one.contains("did you mean `forms`?")));
}

#[test]
fn every_mistake_is_reported_at_once_with_its_line() {
    let bad = GOOD
        .replace("list = \"trust/list.note\"", "lst = \"trust/list.note\"")
        .replace("country = \"PK\"", "country = \"Pakistan\"")
        .replace("Asia/Karachi", "Asia/Lahore")
        .replace("code = \"LHE\"", "code = \"KHI\"");
    let found = mistakes(&bad);
    assert_eq!(found.len(), 5, "{found:#?}");
    assert!(found.iter().any(|one| one == "line 4: trust.lst: is not known (did you mean `list`?)"), "{found:#?}");
    assert!(found.iter().any(|one| one == "line 3: trust.list: is missing"), "{found:#?}");
    assert!(found.iter().any(|one| one.starts_with("line 16: authority[0].country: ")), "{found:#?}");
    assert!(found.iter().any(|one| one.starts_with("line 17: authority[0].time_zone: ")), "{found:#?}");
    assert!(
        found
            .iter()
            .any(|one| one == "line 28: authority[0].office[1].code: `KHI` is the code of another office already"),
        "{found:#?}"
    );
}

#[test]
fn a_broken_line_is_the_only_mistake_reported() {
    let found = mistakes(&GOOD.replace("country = \"PK\"", "country = \"PK"));
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found.first().unwrap().starts_with("line 16: "), "{found:#?}");
}

#[test]
fn operators_are_not_served_over_the_network() {
    let found = mistakes(&GOOD.replace("[admin]\nlisten = \"127.0.0.1:0\"", "[admin]\nlisten = \"0.0.0.0:9000\""));
    assert!(found.first().unwrap().contains("on this machine alone"), "{found:#?}");
}

#[test]
fn an_authority_is_hosted_once() {
    let twice = format!("{GOOD}{}", GOOD.split("[admin]\nlisten = \"127.0.0.1:0\"").nth(1).unwrap());
    let found = mistakes(&twice);
    assert!(found.iter().any(|one| one.contains("is named twice")), "{found:#?}");
}

#[test]
fn a_wrong_kind_of_value_names_both_kinds() {
    let found = mistakes(&format!("agreements = 7\n{GOOD}"));
    assert_eq!(found, ["line 1: agreements: a text is expected, not a whole number"]);
    let found = mistakes(&GOOD.replace("[admin]", "[limits]\ndeadline_seconds = 31\n[admin]"));
    assert!(found.first().unwrap().contains("from 1 to 30"), "{found:#?}");
}

/// The section of a node that has partners.
pub(in crate::node) const PARTNER: &str = r#"
[partner]
node = "node.tdap.gov.pk"
listen = "127.0.0.1:0"
certificate = "tls/partner.crt.pem"
key = "tls/partner.key.pem"
keys = "keys"
passphrase_file = "keys.passphrase"
replica_key = "replica"
witness_key = "witness"
"#;

const WITNESSES: &str = r#"
[[partner.witnessed]]
origin = "go.sum database tree"
keys = ["sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"]
[[partner.witness]]
key = "COSIGNER"
url = "https://witness.example/w1/"
[[partner.push]]
node = "node.gacc.gov.cn"
url = "https://exchange.gacc.gov.cn/packages"
"#;

#[test]
fn witnesses_and_logs_outside_the_trust_list_are_named_with_their_keys() {
    use crate::signature::Signer as _;
    let secret = crate::signature::SecretKey::from_seed(&[3; 32]).unwrap();
    let key = crate::log::VerifierKey::cosigner("witness.example/w1", secret.public_key()).unwrap();
    let good = format!("{GOOD}{PARTNER}{}", WITNESSES.replace("COSIGNER", &key.to_string()));
    let partner = read(&good).unwrap().partner.unwrap();
    assert_eq!(partner.witnessed.first().unwrap().origin.as_str(), "go.sum database tree");
    assert_eq!(partner.witnesses.first().unwrap().url.to_string(), "https://witness.example/w1/add-checkpoint");
    for (from, to, word) in [
        ("go.sum database tree", "co.tdap.gov.pk/log/2026/gacc.gov.cn", "nobody witnesses for himself"),
        ("keys = [\"sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8\"]", "", "keys: is missing"),
        ("sum.golang.org+033de0ae", "sum.golang.org+033de0af", "key id"),
        ("https://witness", "http://witness", "URL such as"),
        ("w1/\"", "w1?a\"", "without a query"),
        ("[[partner.witness]]", "[[partner.witnesss]]", "did you mean `witness`?"),
        (
            "[[partner.push]]\nnode = \"node.gacc.gov.cn\"",
            "[[partner.push]]\nnode = \"node.tdap.gov.pk\"",
            "is this node",
        ),
    ] {
        let found = mistakes(&good.replace(from, to));
        assert!(found.iter().any(|one| one.contains(word)), "{word}: {found:#?}");
    }
    let swapped =
        good.replace("sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8", &key.to_string());
    assert!(mistakes(&swapped).iter().any(|one| one.contains("type 0x01")));
}

#[test]
fn corridors_are_read_with_their_days_and_no_day_has_two_answers() {
    let corridor = |medium: &str, days: &str| {
        format!("[[authority.corridor]]\nagreement = \"CPFTA\"\nto = \"CN\"\nmedium = \"{medium}\"\n{days}\n")
    };
    let (before, after) = ("until = \"2026-06-30\"", "from = \"2026-07-01\"");
    let good = format!("{GOOD}{}{}", corridor("paper", before), corridor("both", after));
    let good = good.replace("statement_key", "register_within_days = 7\nstatement_key");
    let continuity = read(&good).unwrap().authorities.remove(0).continuity;
    assert_eq!(continuity.register_within_days, 7);
    assert_eq!(continuity.corridors.iter().map(|one| one.medium).collect::<Vec<_>>(), [Medium::Paper, Medium::Both]);
    let met = mistakes(&format!("{GOOD}{}{}", corridor("paper", before), corridor("both", "")));
    assert!(met.len() == 1 && met[0].contains("corridor[1].agreement: another corridor"), "{met:#?}");
    let none = mistakes(&format!("{GOOD}{}", corridor("both", "until = \"2026-06-31\"")));
    assert!(none.len() == 1 && none[0].contains("`2026-06-31`: there is no such day"), "{none:#?}");
    let unknown = mistakes(&format!("{GOOD}{}", corridor("fax", "from = \"soon\"")));
    assert!(unknown[0].contains("paper, both, electronic") && unknown[1].contains("corridor[0].from"), "{unknown:#?}");
}
