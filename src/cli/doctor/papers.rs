//! Clock, trust list, agreements, keys and TLS identity: what a node shows and by what it signs.

use super::{Look, until};
use crate::{
    agreement::CodeList,
    cli::{agreements, arguments, check_config, key::NEXT_YEAR_FROM},
    keys::{KeyError, KeyName, KeyStore, KeyUse, Passphrase, PublicSide},
    log::{Shard, VerifierKey},
    node::{
        AuthorityConfiguration, Configuration, PartnerConfiguration, installed_lists,
        tls::{TlsFiles, TlsIdentity},
    },
    time::Timestamp,
    trust::{Section, TrustList},
};
use std::{fs, path::Path};

/// What helps where a log key is listed and not there: a list names one key for a shard, for good.
pub(super) const PUT_BACK: &str = "put that key back as it was kept apart, and start the node again; make no other: a key that \
                                   is listed is not replaced";

pub(super) fn look(configuration: &Configuration, config: &Path, now: Timestamp) -> Vec<Look> {
    let mut looks = Vec::new();
    let trust = match arguments::open_trust(&configuration.trust.list, &configuration.trust.anchor) {
        Ok(trust) => {
            looks.push(clock(&trust, now));
            let name = format!("version {}", trust.version());
            let look = until("trust list", &name, trust.next_update(), now);
            let install = format!("install the next one: origin trust install FILE --config {}", config.display());
            looks.push(look.help_if_not_good(&install));
            Some(trust)
        }
        Err(failure) => {
            looks.push(Look::bad("trust list", failure.sentence()));
            None
        }
    };
    looks.push(match agreements::load(Some(&configuration.agreements)) {
        Ok(agreements) => {
            let codes = agreements.iter().map(|one| one.code.to_string()).collect::<Vec<_>>();
            Look::good("agreements", codes.join(", "))
        }
        Err(failure) => {
            Look::bad("agreements", failure.sentence()).help("fix what `origin check-config` and the notes name")
        }
    });
    if let Some(folder) = &configuration.lists {
        looks.push(match installed_lists(folder) {
            Ok(lists) => {
                let codes = lists.codes().map(CodeList::named).collect::<Vec<_>>().join(", ");
                let codes = if codes.is_empty() { "no list of codes".to_owned() } else { codes };
                Look::good("lists", format!("{codes}; {} rates of exchange", lists.rates().len()))
            }
            Err(error) => Look::bad("lists", error.to_string()).help("origin list show names every mistake"),
        });
    }
    for authority in &configuration.authorities {
        looks.extend(keys(authority, trust.as_ref(), now));
    }
    looks.extend(check_config::exposed_keys(configuration).into_iter().map(|exposed| Look::warning("keys", exposed)));
    looks.push(tls("public TLS", &configuration.public.tls, now));
    if configuration.client.tls != configuration.public.tls {
        looks.push(tls("client TLS", &configuration.client.tls, now));
    }
    if let Some(partner) = &configuration.partner {
        looks.extend(cosigner_keys(partner, trust.as_ref()));
        looks.push(tls("partner TLS", &partner.tls, now));
    }
    looks
}

impl Look {
    fn help_if_not_good(self, help: &str) -> Self {
        if self.state == super::State::Good { self } else { self.help(help) }
    }
}

/// A clock behind the list's issue is wrong, whatever else it is.
fn clock(trust: &TrustList, now: Timestamp) -> Look {
    if now < trust.text().issued {
        return Look::bad(
            "clock",
            format!("it shows {now}, before the trust list was issued ({})", trust.text().issued),
        )
        .help("set it, and keep it set: chrony or systemd-timesyncd");
    }
    Look::good("clock", format!("it shows {now}"))
}

fn keys(authority: &AuthorityConfiguration, trust: Option<&TrustList>, now: Timestamp) -> Vec<Look> {
    let bad = |sentence: String| vec![Look::bad("keys", format!("{}: {sentence}", authority.issuer))];
    let passphrase = match Passphrase::from_file(&authority.passphrase_file) {
        Ok(passphrase) => passphrase,
        Err(error) => return bad(error.to_string()),
    };
    let store = match KeyStore::open(&authority.keys, passphrase) {
        Ok(store) => store,
        Err(error) => return bad(error.to_string()),
    };
    let sides = match store.list() {
        Ok(sides) => sides,
        Err(error) => return bad(error.to_string()),
    };
    let section = trust.and_then(|trust| trust.section(&authority.issuer));
    let mut looks = vec![
        key(
            authority,
            "statement",
            store.statement(&authority.statement_key).err(),
            &sides,
            &authority.statement_key,
            section,
        ),
        key(authority, "status", store.status(&authority.status_key).err(), &sides, &authority.status_key, section),
    ];
    match &authority.stamp_key {
        Some(name) => looks.push(key(authority, "stamp", store.stamp(name).err(), &sides, name, section)),
        None => looks.push(
            Look::warning("keys", format!("{}: no stamp key: printed certificates have no stamp", authority.issuer))
                .help("docs/stamp.md says how a node gets its first one"),
        ),
    }
    let year = authority.time_zone.date_at(now).year();
    let this_year = shard(authority, &store, &sides, section, Shard::of_year(year), true);
    looks.extend(this_year.map(Look::by_clock));
    // A new year's first certificate needs its log key listed: that takes signatures, so it is asked for early.
    let late = authority.time_zone.date_at(now).month() >= NEXT_YEAR_FROM;
    let next_year = shard(authority, &store, &sides, section, Shard::of_year(year.saturating_add(1)), false);
    looks.extend(next_year.filter(|_| late).map(Look::by_clock));
    looks
}

fn key(
    authority: &AuthorityConfiguration,
    word: &str,
    error: Option<KeyError>,
    sides: &[PublicSide],
    name: &KeyName,
    section: Option<&Section>,
) -> Look {
    if let Some(error) = error {
        return Look::bad("keys", format!("{}: {error}", authority.issuer));
    }
    let side = sides.iter().find(|side| side.name == *name);
    let listed = side.is_some_and(|side| match &side.key_use {
        KeyUse::Statement { kid, .. } | KeyUse::Status { kid, .. } | KeyUse::Stamp { kid, .. } => {
            section.and_then(|section| section.key(kid)).is_some_and(|key| key.x == side.public_key)
        }
        _ => false,
    });
    let sentence = format!("{}: the {word} key `{name}` opens", authority.issuer);
    match (listed, section) {
        (true, _) => Look::good("keys", format!("{sentence} and is listed")),
        (false, Some(_)) => {
            Look::bad("keys", format!("{sentence}, but the trust list does not list it")).help(list_it(authority))
        }
        (false, None) => Look::bad("keys", format!("{sentence}, but the trust list has no section of the authority")),
    }
}

/// What helps where a key is not listed.
fn list_it(authority: &AuthorityConfiguration) -> String {
    let (issuer, keys) = (&authority.issuer, authority.keys.display());
    format!(
        "list it first: origin trust draft section --after LIST --anchor ANCHOR --issuer {} --keys {keys}",
        issuer.host()
    )
}

fn shard(
    authority: &AuthorityConfiguration,
    store: &KeyStore,
    sides: &[PublicSide],
    section: Option<&Section>,
    shard: Shard,
    needed: bool,
) -> Option<Look> {
    let issuer = &authority.issuer;
    let keys = authority.keys.display();
    let missing = |sentence: String, help: String| {
        let look = if needed { Look::bad("keys", sentence) } else { Look::warning("keys", sentence) };
        Some(look.help(help))
    };
    let named = section.and_then(|section| section.text().log_keys.iter().find(|key| key.shard == shard));
    let Some(side) = sides.iter().find(|side| side.is_log_key(issuer, shard)) else {
        let sentence = format!("{issuer}: there is no log key for {shard}");
        if named.is_some() {
            return Some(Look::bad("keys", format!("{sentence}, and the trust list names one")).help(PUT_BACK));
        }
        let make = format!(
            "origin key new log-{shard} --use log --issuer {issuer} --shard {shard} --keys {keys} --passphrase-file FILE"
        );
        let help = format!("{make}, then list it, and start the node again");
        return missing(sentence, help);
    };
    if let Err(error) = store.log(&side.name) {
        return Some(Look::bad("keys", format!("{issuer}: {error}")));
    }
    match named {
        Some(key) if key.x == side.public_key => {
            Some(Look::good("keys", format!("{issuer}: the log key for {shard} opens and is listed")))
        }
        Some(_) => {
            let sentence = format!("{issuer}: another log key is listed for {shard} than `{}`", side.name);
            Some(Look::bad("keys", sentence).help(
                "put the one back that the list names, as it was kept apart, take this one away, and start the node again: a key \
                 that is listed is not replaced",
            ))
        }
        None => missing(format!("{issuer}: the log key for {shard} is not listed"), list_it(authority)),
    }
}

/// The keys by which this node cosigns partners' logs.
fn cosigner_keys(partner: &PartnerConfiguration, trust: Option<&TrustList>) -> Vec<Look> {
    let node = &partner.node;
    let opened = Passphrase::from_file(&partner.passphrase_file).and_then(|open| KeyStore::open(&partner.keys, open));
    let store = match opened {
        Ok(store) => store,
        Err(error) => return vec![Look::bad("keys", format!("{node}: {error}"))],
    };
    let named = trust.and_then(|trust| trust.node(node));
    let look = |word: &str, name: &KeyName, error: Option<KeyError>, listed: Option<&VerifierKey>| {
        if let Some(error) = error {
            return Look::bad("keys", format!("{node}: {error}"));
        }
        let sentence = format!("{node}: the {word} key `{name}` opens");
        let own = store.public_side(name).ok().and_then(|side| side.verifier_key());
        match named {
            None => Look::good("keys", sentence),
            Some(_) if own.is_some() && own.as_ref() == listed => {
                Look::good("keys", format!("{sentence} and is listed"))
            }
            Some(_) => Look::bad("keys", format!("{sentence}, but the trust list names another: it counts nowhere"))
                .help("have the node's entry listed anew: origin trust draft list --entry trust/node.json"),
        }
    };
    let (replica, witness) = (&partner.replica_key, &partner.witness_key);
    vec![
        look("replica", replica, store.replica(replica).err(), named.and_then(|node| node.replica_vkey.as_ref())),
        look("witness", witness, store.witness(witness).err(), named.and_then(|node| node.witness_vkey.as_ref())),
    ]
}

fn tls(what: &'static str, files: &TlsFiles, now: Timestamp) -> Look {
    if let Err(error) = TlsIdentity::read(files.clone()) {
        return Look::bad(what, error.to_string());
    }
    match end_of(&files.certificate) {
        Ok(end) => until(what, "the certificate", end, now)
            .help_if_not_good("renew it; the node reads the new one without a restart"),
        Err(why) => Look::bad(what, format!("`{}`: {why}", files.certificate.display())),
    }
}

/// The end of the first certificate of a PEM file.
fn end_of(path: &Path) -> Result<Timestamp, String> {
    let pem = fs::read(path).map_err(|error| error.to_string())?;
    let (_, pem) = x509_parser::pem::parse_x509_pem(&pem).map_err(|error| error.to_string())?;
    let certificate = pem.parse_x509().map_err(|error| error.to_string())?;
    Timestamp::from_second(certificate.validity().not_after.timestamp()).map_err(|error| error.to_string())
}
