//! The exchange with partner nodes: this node's place in the trust list, and what is wrong with each partner.

use super::{
    CLOCK, Look,
    alarms::{alarm, forked},
};
use crate::{
    api::client::wire,
    cli::{
        account::OperatorDoor,
        arguments,
        console::{Console, Failure},
        partner::{
            KEY_CLOSED, ahead, ask, awaits, behind, each_finding, first_missing, is_forked, not_taken,
            waiting::{Withheld, said_since},
        },
        remote,
    },
    exchange::driver::identity_uri,
    node::{Configuration, EXPIRED, NOT_VALID_YET, PartnerConfiguration, tls::TlsIdentity},
    reason::counted,
    statement::Kind,
    time::Timestamp,
    trust::NodeName,
};

/// A clock this far off, in milliseconds, makes status snapshots and cosignatures look wrong.
const CLOCK_MS: i64 = 5_000;
/// A clock this far off, in milliseconds, shows another day.
const DAY_MS: i64 = 86_400_000;
/// A log that is behind for longer, in seconds, is worth a word.
const LAG: i64 = 60;

pub(super) fn look(
    console: Console,
    door: &OperatorDoor,
    configuration: &Configuration,
    running: bool,
    now: Timestamp,
) -> Vec<Look> {
    let Some(partner) = &configuration.partner else { return Vec::new() };
    let mut looks = vec![own_place(configuration, partner)];
    if running {
        match remote::converse(ask(console, door)) {
            Ok(answer) => {
                looks.extend(answer.forked.iter().map(forked));
                looks.extend(answer.outside_witnesses.iter().flat_map(outside));
                looks.extend(Withheld::all(&answer).iter().map(|one| withheld(one, &answer.node)));
                looks.extend(answer.unknown_arrivals.iter().map(not_held));
                looks.extend(own_clock(&answer.partners));
                for partner in &answer.partners {
                    looks.extend(state(partner, (answer.trust_version, &answer.shut), now));
                    let found = partner.logs.iter().filter(|log| log.findings > 0);
                    looks.extend(found.flat_map(|log| match past_closing(console, door, &log.origin) {
                        Ok(closed) => findings(log, closed),
                        Err(failure) => vec![Look::bad("findings", failure.sentence())],
                    }));
                }
            }
            Err(failure) => looks.push(Look::bad("partners", failure.sentence())),
        }
    }
    looks
}

/// Whether partners can know and reach this node.
fn own_place(configuration: &Configuration, own: &PartnerConfiguration) -> Look {
    let name = &own.node;
    let shown = TlsIdentity::read(own.tls.clone()).and_then(|one| Ok((one.pin()?, one.node_name()?)));
    let (pin, named) = match shown {
        Ok(shown) => shown,
        Err(error) => return Look::bad("partners", error.to_string()),
    };
    if named != name.as_str() {
        return misnamed(name, &named);
    }
    let Ok(list) = arguments::open_trust(&configuration.trust.list, &configuration.trust.anchor) else {
        return Look::warning("partners", "the trust list that names them cannot be opened");
    };
    let version = list.version();
    match list.node(name) {
        None => {
            Look::bad("partners", format!("trust list {version} does not name this node, {name}: nobody answers it"))
                .help("give the federation this node's entry: origin trust draft list --entry trust/node.json")
        }
        Some(node) if !node.spki.contains(&pin) => {
            Look::bad("partners", format!("trust list {version} pins another TLS key for this node: nobody answers it"))
                .help(format!("its pin is {pin}: origin trust draft list --node {name},spki={pin}"))
        }
        Some(node) if node.grpc.is_none() => {
            let sentence = format!("trust list {version} says not where partners reach this node");
            if own.pushes.is_empty() {
                Look::warning("partners", sentence).help(format!(
                    "where it goes on packages alone, leave it so; else: origin trust draft list --node \
                     {name},grpc=https://HOST:PORT"
                ))
            } else {
                Look::good("partners", format!("{sentence}: it goes on packages, and on what it dials itself"))
            }
        }
        Some(_) => Look::good("partners", format!("this node is {name} in trust list {version}")),
    }
}

/// A certificate that names another node: whatever key a list pins, partners take it for that one.
fn misnamed(name: &NodeName, named: &str) -> Look {
    Look::bad("partners", format!("the TLS certificate of this node names {named}, and it is {name}: nobody answers it"))
        .help(format!(
            "give it a certificate whose URI is {}; its key may stay, and then its pin stays too. Or is `node` in `[partner]` \
             another's?",
            identity_uri(name)
        ))
}

/// Whether the clocks of all partners that told theirs are off to one side: then it is likely this machine's that is.
fn own_clock(partners: &[wire::PartnerState]) -> Option<Look> {
    let told = partners.iter().filter_map(|partner| partner.clock_ahead_ms).collect::<Vec<_>>();
    let nearest = told.iter().copied().min_by_key(|ms| ms.unsigned_abs())?;
    if told.len() < 2 || nearest.abs() < CLOCK_MS || told.iter().any(|ms| ms.signum() != nearest.signum()) {
        return None;
    }
    let (count, (far, way)) = (told.len(), clock_off(nearest));
    let sentence = format!(
        "the clocks of all {count} partners that told theirs are {far} or more {way} this one: it is likely this one that is wrong"
    );
    let look = if nearest.abs() < DAY_MS { Look::warning(CLOCK, sentence) } else { Look::bad(CLOCK, sentence) };
    Some(look.help("compare it with a clock that you trust, set it, and keep it set: chrony or systemd-timesyncd"))
}

/// How far a clock is off, and to which side of this one.
fn clock_off(ms: i64) -> (String, &'static str) {
    let way = if ms > 0 { "ahead of" } else { "behind" };
    (ahead(ms).trim_start_matches(['+', '-']).to_owned(), way)
}

/// Logs that are not cosigned because somebody waits for others.
fn withheld(one: &Withheld<'_>, here: &str) -> Look {
    let look = Look::warning("cosigning", one.said(here));
    if one.node == here {
        look.help(
            "it goes on by itself once they have told: see `partner` for what keeps them away; who never comes back has to be \
             taken off the trust list",
        )
    } else {
        look.help("it goes on by itself once they have told; its operator sees the same, and can look for them")
    }
}

/// Customs that cannot tell what arrived.
fn not_held(one: &wire::UnknownArrivals) -> Look {
    let sentence = format!("{}: {}", one.issuer, one.message);
    let look = if one.lost.is_empty() { Look::warning("arrivals", sentence) } else { Look::bad("arrivals", sentence) };
    look.help(
        "it comes by itself once they are connected: see `partner` for what keeps them away; or have their operators export all of \
         it (`origin partner export --from-the-start`)",
    )
}

/// A witness outside the trust list that does not cosign.
fn outside(witness: &wire::OutsideWitness) -> Vec<Look> {
    let wire::OutsideWitness { name, address, message, conflicts, .. } = witness;
    let seen = conflicts.iter().map(|why| {
        Look::bad("witness", format!("{name} at {address} does not cosign: {why}")).help(
            "was the data folder put back, copied or rolled back? Then stop the node before it signs more, and run it on the \
             folder that it had last. Else who runs the witness has to look: it is the witness's word alone",
        )
    });
    let failed = (!message.is_empty()).then(|| {
        Look::warning("witness", format!("{name} at {address} does not cosign: {message}")).help(
            "it is asked again by itself; is that still its address, and does `ca` of its `[[partner.witness]]` vouch for it? \
             Who runs it has to look otherwise",
        )
    });
    seen.chain(failed).collect()
}

/// Packages that a partner does not take.
fn pushed(name: &str, push: &wire::PushState) -> Option<Look> {
    not_taken(push).map(|how| {
        let look = Look::warning("push", format!("what is pushed to {name} at {} is {how}", push.address));
        // Whoever has a wrong clock looks in vain for a wrong list or address.
        if [NOT_VALID_YET, EXPIRED].iter().any(|why| push.message.contains(why)) {
            let help = "it is pushed again by itself; the certificate there is judged by this machine's clock: is that right (see \
                        `clock`)? Else its operator has to renew the certificate, by a clock that is right";
            return look.help(help).by_clock();
        }
        look.help(
            "it is pushed again by itself; where it is refused, its operator has to look: does its trust list name this node \
             and its replica key, and is the address in `[[partner.push]]` its `/packages`?",
        )
    })
}

fn state(partner: &wire::PartnerState, (ours, shut): (u64, &[wire::ShutLog]), now: Timestamp) -> Vec<Look> {
    let name = &partner.name;
    let mut looks = vec![match (&partner.connected_since, partner.reason.as_str()) {
        (Some(_), _) => Look::good("partner", format!("{name} is connected")),
        (None, "") => Look::warning("partner", format!("{name} is not connected yet")),
        // The list may leave it out: packages go by a carrier then, or are pushed.
        (None, "PARTNER_WITHOUT_ADDRESS") => {
            Look::good("partner", format!("{name} is reached by packages: {}", partner.message))
        }
        (None, reason) => {
            let look = Look::bad("partner", format!("{} [{reason}]", partner.message));
            match help(reason, partner) {
                Some(help) => look.help(help),
                None => look,
            }
        }
    }];
    if let Some(ahead) = partner.clock_ahead_ms.filter(|ahead| ahead.abs() >= CLOCK_MS) {
        let (far, way) = clock_off(ahead);
        let mut help = "one of the two is wrong: see `clock` above, and ask the partner's operator".to_owned();
        if ahead < -DAY_MS {
            help.push_str(
                "; while every partner that is heard says that this one is over a day ahead, nothing is erased here because its \
                 years are over, and no wish to cancel counts because its days are",
            );
        }
        looks.push(Look::bad("partner clock", format!("the clock of {name} is {far} {way} this one")).help(help));
    }
    looks.extend(match partner.trust_version {
        _ if partner.trust_forked => Some(
            Look::bad("partner list", format!("{name} has another trust list of version {ours}"))
                .help("the federation's signers signed two lists of one version: ask them which one counts"),
        ),
        theirs if theirs > 0 && theirs != ours => {
            let sentence = format!("{name} has trust list {theirs}, this node {ours}");
            Some(Look::warning("partner list", sentence).help(newer_list(partner, theirs > ours)))
        }
        _ => None,
    });
    looks.extend(partner.logs.iter().flat_map(|log| passage(name, log, shut, now)));
    looks.extend(partner.alarms.iter().map(|one| alarm(name, one)));
    looks.extend(partner.push.as_ref().and_then(|push| pushed(name, push)));
    if partner.bytes_used >= partner.bytes_quota || partner.entries_today >= partner.entries_a_day {
        looks.push(
            Look::warning("partner quota", format!("the logs of {name} have used up their quota"))
                .help("raise it in `[partner.quota]` of the configuration, if the partner is honest"),
        );
    }
    looks
}

/// How the newer of two trust lists comes to the node with the older one, which is this one or the partner.
fn newer_list(partner: &wire::PartnerState, is_theirs: bool) -> &'static str {
    match (partner.connected_since.is_some(), partner.reason == "PARTNER_WITHOUT_ADDRESS", is_theirs) {
        (true, _, true) => "this node takes the newer one by itself within a minute, or its log says why not",
        (true, _, false) => "it takes the newer one by itself within a minute, or its log says why not",
        // It may dial this node all the same: then each says its version in the greeting.
        (false, true, true) => {
            "this node is given the newer one once the partner connects to it; packages bring none: where nothing connects the \
             two, install it here: origin trust install FILE"
        }
        (false, true, false) => {
            "it takes the newer one once it connects to this node; packages bring none: where nothing connects the two, its \
             operator installs it: origin trust install FILE"
        }
        (false, false, true) => {
            "this node takes the newer one once the two are connected, or its log says why not; else install it here: origin \
             trust install FILE"
        }
        (false, false, false) => {
            "it takes the newer one once it is connected; where it refuses this node's key it cannot, and its operator \
             installs it: origin trust install FILE"
        }
    }
}

/// What mends a trouble with a partner.
fn help(reason: &str, partner: &wire::PartnerState) -> Option<String> {
    let address = &partner.address;
    Some(match reason {
        "PARTNER_UNREACHABLE" => format!("is {address} still its address, and open to this machine? The list names it"),
        "PARTNER_KEY_WRONG" => {
            "compare the pin with its operator by another road; the next trust list has to name the new key".to_owned()
        }
        "PARTNER_UNKNOWN" => format!(
            "the trust list in use here does not name the node whose certificate answers at {address}: is this list the newest \
             (origin trust install FILE)? Else its operator has to show a certificate that names a node of the list"
        ),
        "PARTNER_IS_ANOTHER" => format!("the trust list gives {address} to two nodes, or the network leads elsewhere"),
        "PARTNER_REFUSES_US" => {
            "its trust list may be older than this node's entry: see its `origin doctor`, and `partners` above"
                .to_owned()
        }
        _ => return None,
    })
}

fn passage(name: &str, log: &wire::PartnerLog, shut: &[wire::ShutLog], now: Timestamp) -> Vec<Look> {
    let mut looks = Vec::new();
    let origin = &log.origin;
    let lag = behind(log, now).filter(|(_, seconds)| *seconds >= LAG && !is_forked(log, shut));
    if let Some((entries, seconds)) = lag {
        let (who, help) = if log.inward {
            ("this node", "this node's log says what stands in the way")
        } else {
            (name, "the origin doctor of its operator says what stands in the way")
        };
        let behind = counted(entries, "entry", "entries");
        let look = Look::warning("partner lag", format!("{who} is {behind} and {seconds} s behind in {origin}"));
        looks.push(look.help(if log.frozen_there {
            format!(
                "the log is frozen there, for it has shown two histories: {name} cosigns nothing more of it until its operator \
                 lifts that there (origin partner lift)"
            )
        } else {
            format!("it fetches the rest by itself where the two are connected, but for a log that is frozen; else {help}")
        }));
    }
    if !log.awaits_closed.is_empty() {
        looks.push(Look::warning("partner lag", format!("of {origin} {}", awaits(log))).help(format!(
            "this node asks {name} for them by itself, and goes on without them ten minutes after its start: ask its operator \
             whether they are still there"
        )));
    }
    if log.missing_disclosures > 0 {
        let missing = counted(log.missing_disclosures, "entry", "entries");
        let (since, first) = (said_since(log.missing_since.as_ref()), first_missing(log));
        let sentence = format!("of {origin} the disclosures of {missing} are missing{since}{first}");
        looks.push(
            Look::warning("disclosures", sentence).help(format!(
                "this node asks again by itself; where they stay away, {name} has to look whether it still has them: was an \
                 old copy of its data folder started, or one without its keys?"
            )),
        );
    }
    looks
}

/// How many of a log's findings are entries past the closing of their key, and in the place of how many certificates among
/// them another is to come.
fn past_closing(console: Console, door: &OperatorDoor, log: &str) -> Result<(u64, u64), Failure> {
    let (mut count, mut awaited) = (0, 0);
    remote::converse(each_finding(console, door, (log, KEY_CLOSED), |found| {
        let said = found.statement.as_ref();
        let is_certificate = said.is_some_and(|said| said.kind == Kind::CertificateOfOrigin.name());
        count += 1;
        awaited += u64::from(is_certificate && !found.over);
    }))?;
    Ok((count, awaited))
}

/// Entries that failed their check, so many of them because their own issuer closed the key that signed them, with so many
/// certificates that are not issued anew yet.
fn findings(log: &wire::PartnerLog, (closed, awaited): (u64, u64)) -> Vec<Look> {
    let (origin, mut looks) = (&log.origin, Vec::new());
    let others = log.findings.saturating_sub(closed);
    if closed > 0 {
        let fell = counted(closed, "entry counts", "entries count");
        let fell = format!("of {origin} {fell} no more: the issuer closed the key");
        looks.push(if awaited > 0 {
            let waits = counted(awaited, "certificate is", "certificates are");
            Look::warning("findings", format!("{fell}, and {waits} not issued anew yet"))
                .help(format!("its issuer does that; origin partner findings --key-closed --log {origin}"))
        } else {
            Look::good("findings", format!("{fell}, and no certificate among them is still to be issued anew"))
        });
    }
    if others > 0 {
        looks.push(
            Look::warning("findings", format!("{} of {origin} failed the check", counted(others, "entry", "entries")))
                .help("they are held, and never delivered; the node's log names each, and its issuer has to be told"),
        );
    }
    looks
}

#[cfg(test)]
mod tests;
