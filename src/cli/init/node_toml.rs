//! The configuration that `origin init` writes: complete, with a comment for whoever opens it later.

use super::answers::Answers;
use std::fmt::Write;

/// Names of the keys in use.
#[derive(Debug, Clone)]
pub(in crate::cli) struct SigningKeys {
    pub(super) statement: String,
    pub(super) status: String,
    pub(super) stamp: String,
}

impl SigningKeys {
    /// The keys of a new authority.
    pub(in crate::cli) fn first() -> Self {
        Self { statement: "statement-1".to_owned(), status: "status-1".to_owned(), stamp: "stamp-1".to_owned() }
    }
}

/// The text of `node.toml` of a node with one authority, whose files lie beside it.
pub(super) fn render(answers: &Answers, keys: &SigningKeys) -> String {
    render_node(answers, "", "") + &render_authority(answers, keys, "")
}

/// What is the node's own; its data and trust lie in the folder `home`, TLS identity, cosigner keys and agreements in
/// the folder `below`; each ends in `/` or is empty.
pub(in crate::cli) fn render_node(answers: &Answers, home: &str, below: &str) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write_node(&mut out, answers, home, below);
    out
}

/// One authority, whose keys lie in the folder `below`, which ends in `/` or is empty.
pub(in crate::cli) fn render_authority(answers: &Answers, keys: &SigningKeys, below: &str) -> String {
    let mut out = String::new();
    let _ = write_authority(&mut out, answers, keys, below);
    out
}

/// A TOML string.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn write_node(out: &mut String, answers: &Answers, home: &str, below: &str) -> std::fmt::Result {
    let Answers { public, client, admin, node, .. } = answers;
    write!(
        out,
        r#"# A node of Origin Exchange. Paths start from the folder this file lies in.
# `origin check-config FILE` names every mistake at once; `origin doctor --config FILE` looks at what it names.

# The node's own folder: journals, index, the operator's token. One folder below for each authority.
data = "{home}data"

# Agreements as data: one file each. A corrected figure counts from the next start on.
agreements = "{below}agreements"

# Lists of codes (HS, UN/LOCODE, units), rates of exchange and holidays that you install; docs/lists.md says how.
# Without them only the form of codes is checked. They are read again on SIGHUP.
# lists = "{below}lists"

# What the node believes: the federation's list, and the anchor it is opened with. `origin trust install` replaces
# them after holding the new list to the old one.
[trust]
list = "{home}trust/trust-list.note"
anchor = "{home}trust/anchor.toml"

# HTTPS for everybody: logs as C2SP tiles, status lists, key discovery. A certificate from a public authority goes
# here instead of the one that was made; it is read again while the node runs.
[public]
listen = "{public}"
certificate = "{below}tls/server.crt.pem"
key = "{below}tls/server.key.pem"

# gRPC for people's systems, and the same as JSON. The same TLS identity, unless one is named.
[client]
listen = "{client}"

# gRPC for the operator, on this machine alone.
[admin]
listen = "{admin}"

# What callers are allowed. These are the usual values.
[limits]
connections = 1024
connections_per_address = 256
streams_per_connection = 256
deadline_seconds = 30
verifications_per_minute = 600
drain_seconds = 20

# Where webhooks of accounts may go: `public`, addresses of the open network, or `any`, also into this one. `ca` names a
# PEM of who vouches for their receivers, where that is not one of the system's public authorities.
[webhooks]
targets = "public"

# What certificates are printed with: templates of forms that come before those of the program, and the folders that fonts
# are taken from. Without them: the program's own forms, and where the system keeps fonts; `origin doctor` says which
# scripts there are fonts of.
# [paper]
# forms = "{below}forms"
# fonts = ["{below}fonts"]

# Events on standard error: `text` or `json`, and a filter such as `info,origin_exchange::store=debug`.
[telemetry]
format = "text"
filter = "info"
"#
    )?;
    let Some(partner) = &answers.partner else { return Ok(()) };
    write!(
        out,
        r#"
# The exchange with partner nodes, gRPC over mutual TLS. Who they are, where they are reached and by which TLS keys
# they are known stands in the trust list alone; so does this node, under this name.
[partner]
node = "{node}"
listen = "{listen}"
# The TLS identity shown to partners; the list names its key. Renew the certificate with the same key, or list both.
certificate = "{below}tls/partner.crt.pem"
key = "{below}tls/partner.key.pem"
# The keys this node cosigns with: `replica` what it holds, `witness` what it watches.
keys = "{below}keys"
passphrase_file = "{below}keys.passphrase"
replica_key = "replica"
witness_key = "witness"
# Where the logs of partners are kept.
data = "{home}data/partners"

# What the logs of one partner may take here. Past it they wait, and nothing else does.
[partner.quota]
mebibytes = 102400
entries_a_day = 1000000

# A log outside the trust list that this node witnesses too, at https://<public>/add-checkpoint (C2SP tlog-witness).
# [[partner.witnessed]]
# origin = "example.com/behind-the-sofa"
# keys = ["example.com/behind-the-sofa+<key id>+<key>"]

# A witness outside the trust list, which is shown the head of every log of this node's authorities; it learns how many
# statements go to whom. What it cosigns is kept, and counts only where the trust list names its key.
# [[partner.witness]]
# key = "witness.example/w1+<key id>+<key>"
# url = "https://witness.example/w1"
# ca = "tls/witness-ca.pem"

# A partner that is reached by HTTPS alone: packages are posted there, and what it cosigned is the answer. Only an operator's
# word says where disclosures go: name the partner's own address, and in `ca` who vouches for it.
# [[partner.push]]
# node = "node.gacc.gov.cn"
# url = "https://exchange.gacc.gov.cn/packages"
# ca = "tls/gacc-ca.pem"
"#,
        listen = partner.listen,
    )
}

/// What stands in the place of offices.
const NO_OFFICE: &str = r#"
# It has no office, and issues nothing.
# [[authority.office]]
# code = "KHI"
# name = "Karachi Office"
# place = "Karachi"
# agreements = ["CPFTA"]
"#;

fn write_authority(out: &mut String, answers: &Answers, keys: &SigningKeys, below: &str) -> std::fmt::Result {
    let Answers { issuer, country, time_zone, .. } = answers;
    write!(
        out,
        r#"
# One authority; a node may host several, each with its own keys, logs, offices and accounts.
[[authority]]
issuer = "{issuer}"
country = "{country}"
# The zone whose civil date is the date of issue.
time_zone = {zone}
# Key files, and the file whose one line opens them. Log keys are found by their shard.
keys = "{below}keys"
passphrase_file = "{below}keys.passphrase"
statement_key = {statement}
status_key = {status}
# Signs the stamp on printed certificates; without it they have none.
stamp_key = {stamp}

# Years after which what certificates say is erased here: those of the authority, and its copies of those that arrived;
# never before the years that their agreement has them kept. Without it everything is kept. Their entries stay in the log.
# erase_after_years = 5

# The folder of signatures and seals that certificates are printed with, and its `images.toml`; docs/paper.md says how.
# paper = "{below}paper"

# Days, from its date of issue, in which what was issued on paper in an outage is registered.
# register_within_days = 5

# Who may read the authority's logs: addressee, partners or public. The log to everyone is always public.
[authority.reading]
heads = "partners"
entries = "addressee"

# When people are reminded of the days of an enquiry: so many days before a day is over, and so many days after the day to
# answer, where the answer is still not there.
[authority.enquiries]
remind_days = 14
escalate_days = 14

# How certificates under an agreement go to a country, and for which dates of issue: `paper`, `both` or `electronic`. What none
# is for is electronic, and no paper of it is registered.
# [[authority.corridor]]
# agreement = "CPFTA"
# to = "CN"
# medium = "paper"
# until = "2026-12-31"
"#,
        zone = quoted(time_zone.as_str()),
        statement = quoted(&keys.statement),
        status = quoted(&keys.status),
        stamp = quoted(&keys.stamp),
    )?;
    let agreements = answers.agreements.iter().map(|code| quoted(code.as_str())).collect::<Vec<_>>().join(", ");
    if answers.offices.is_empty() {
        out.push_str(NO_OFFICE);
    }
    for office in &answers.offices {
        write!(
            out,
            r#"
# An issuing office, as certificates print it. With `fees = ["all"]`, or a list of agreements, its applications wait
# until the treasury's reference is recorded.
[[authority.office]]
code = {code}
name = {name}
place = {place}
agreements = [{agreements}]
"#,
            code = quoted(office.code.as_str()),
            name = quoted(&office.name),
            place = quoted(&office.place),
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cli::init::answers::{PartnerAnswer, office},
        node::Configuration,
        time::ZoneName,
    };
    use std::path::Path;

    fn pakistan() -> Answers {
        Answers {
            issuer: "https://tdap.gov.pk".parse().unwrap(),
            country: "PK".parse().unwrap(),
            time_zone: ZoneName::new("Asia/Karachi").unwrap(),
            name: "Trade Development Authority of Pakistan".parse().unwrap(),
            offices: vec![
                office("KHI=TDAP, Karachi Office,Karachi").unwrap(),
                office("LHE=TDAP, Lahore Office,Lahore").unwrap(),
            ],
            agreements: vec!["CPFTA".parse().unwrap(), "NONPREF".parse().unwrap()],
            roles: vec!["issuer".parse().unwrap()],
            node: "node.tdap.gov.pk".parse().unwrap(),
            addresses: Vec::new(),
            public: "127.0.0.1:8443".parse().unwrap(),
            client: "127.0.0.1:8444".parse().unwrap(),
            admin: "127.0.0.1:8445".parse().unwrap(),
            partner: Some(PartnerAnswer { listen: "127.0.0.1:8446".parse().unwrap(), url: None }),
        }
    }

    /// The example that people read is what the program writes.
    #[test]
    fn the_example_node_file_is_what_init_writes() {
        let keys = SigningKeys::first();
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("node-config/node.toml");
        let written = render(&pakistan(), &keys);
        if std::env::var_os("ORIGIN_WRITE_EXAMPLES").is_some() {
            std::fs::write(&path, &written).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap(), written);
    }

    #[test]
    fn names_with_quotes_and_other_scripts_are_written_so_that_they_read_back() {
        let mut answers = pakistan();
        answers.offices = vec![office("K=\"Quoted\" \\ دفتر,کراچی").unwrap()];
        let keys = SigningKeys { statement: "s".to_owned(), status: "t".to_owned(), stamp: "u".to_owned() };
        let read = Configuration::read(&render(&answers, &keys), Path::new(".")).unwrap();
        let office = &read.authorities[0].offices[0];
        assert_eq!((office.name.as_str(), office.place.as_str()), ("\"Quoted\" \\ دفتر", "کراچی"));
    }
}
