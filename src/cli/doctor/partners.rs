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
        looks.push(
            Look::bad("partner clock", format!("the clock of {name} is {far} {way} this one"))
                .help("one of the two is wrong: see `clock` above, and ask the partner's operator"),
        );
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
        looks.push(look.help(format!("it fetches the rest by itself where the two are connected; else {help}")));
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

/// How many of a log's findings are entries past the closing of their key.
fn past_closing(console: Console, door: &OperatorDoor, log: &str) -> Result<u64, Failure> {
    let mut count = 0;
    remote::converse(each_finding(console, door, (log, KEY_CLOSED), |_| count += 1))?;
    Ok(count)
}

/// Entries that failed their check, so many of them because their own issuer closed the key that signed them.
fn findings(log: &wire::PartnerLog, closed: u64) -> Vec<Look> {
    let (origin, mut looks) = (&log.origin, Vec::new());
    let others = log.findings.saturating_sub(closed);
    if closed > 0 {
        let anew = if origin.ends_with("/all") {
            "it says again with another key what still matters of them"
        } else {
            "it issues the certificates among them anew"
        };
        looks.push(
            Look::warning(
                "findings",
                format!(
                    "of {origin} {} no more: the issuer closed the key",
                    counted(closed, "entry counts", "entries count")
                ),
            )
            .help(format!("{anew}; origin partner findings --key-closed --log {origin}")),
        );
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
mod tests {
    use super::*;
    use crate::cli::doctor::State;

    #[test]
    fn an_issuer_that_closed_its_key_has_not_to_be_told_of_it() {
        let log = |findings| wire::PartnerLog {
            origin: "tdap.gov.pk/log/2026/all".to_owned(),
            findings,
            ..Default::default()
        };
        let told = |looks: &[Look]| {
            looks
                .iter()
                .map(|look| look.help.as_ref().is_some_and(|help| help.contains("to be told")))
                .collect::<Vec<_>>()
        };
        assert_eq!(told(&findings(&log(27), 27)), [false]);
        assert_eq!(told(&findings(&log(27), 26)), [false, true]);
        assert_eq!(told(&findings(&log(1), 0)), [true]);
        let closed = findings(&log(27), 27);
        let [look] = closed.as_slice() else { panic!("{closed:?}") };
        assert!(look.sentence.starts_with("of tdap.gov.pk/log/2026/all 27 entries count no more"), "{look:?}");
        assert!(!look.help.as_ref().unwrap().contains("certificates"), "there are none in a log to everyone: {look:?}");
    }

    #[test]
    fn a_witness_that_fails_and_a_push_that_is_refused_are_warned_of() {
        let witness = wire::OutsideWitness { name: "witness.example".to_owned(), ..Default::default() };
        assert!(outside(&witness).is_empty());
        let conflicts = vec!["it has seen 12 entries of a log, and 9 are here".to_owned()];
        let message = "invalid peer certificate".to_owned();
        let looks = outside(&wire::OutsideWitness { message, conflicts, ..witness });
        let [seen, failed] = looks.as_slice() else { panic!("{looks:?}") };
        assert!(seen.state == State::Bad && seen.sentence.contains("seen 12 entries"), "{seen:?}");
        assert!(failed.state == State::Warning && failed.sentence.contains("invalid peer certificate"), "{failed:?}");
        let push = wire::PushState { address: "https://node.kra.go.ke/packages".to_owned(), ..Default::default() };
        let refused = wire::PushState { failures: 3, message: "it answered 403".to_owned(), ..push.clone() };
        let early = wire::PushState { message: format!("TLS: {NOT_VALID_YET}"), ..refused.clone() };
        let told = |push| {
            let partner =
                wire::PartnerState { name: "node.kra.go.ke".to_owned(), push: Some(push), ..Default::default() };
            state(&partner, (1, &[]), Timestamp::UNIX_EPOCH).into_iter().find(|look| look.what == "push")
        };
        assert!(told(push).is_none());
        let look = told(refused).unwrap();
        assert!(
            look.state == State::Warning && look.sentence.contains("3 attempts in a row: it answered 403"),
            "{look:?}"
        );
        assert!(look.help.is_some_and(|help| help.contains("trust list") && !help.contains("clock")));
        let by_clock = told(early).unwrap().help.unwrap();
        assert!(by_clock.contains("this machine's clock") && !by_clock.contains("trust list"), "{by_clock}");
    }

    #[test]
    fn where_all_partners_clocks_are_off_to_one_side_it_is_likely_this_one_that_is_wrong() {
        let look = |told: &[Option<i64>]| {
            let of = |ms: &Option<i64>| wire::PartnerState { clock_ahead_ms: *ms, ..Default::default() };
            own_clock(&told.iter().map(of).collect::<Vec<_>>())
        };
        let year = 365 * DAY_MS;
        for one in [None, Some(0), Some(-year)] {
            assert!(look(&[Some(year), one]).is_none(), "{one:?}");
        }
        assert!(look(&[]).is_none());
        let wrong = look(&[Some(-year), None, Some(-year - 40)]).unwrap();
        assert_eq!((wrong.what, wrong.state), (CLOCK, State::Bad));
        assert!(wrong.sentence.contains("all 2 partners that told theirs are 365 days or more behind"), "{wrong:?}");
        assert_eq!(look(&[Some(7_000), Some(6_000)]).unwrap().state, State::Warning, "the day is the same");
    }

    #[test]
    fn a_partner_that_the_list_gives_no_address_is_no_failure_and_is_said_to_be_reached_by_packages() {
        let told = |reason: &str| {
            let (name, reason) = ("node.gacc.gov.cn".to_owned(), reason.to_owned());
            let message = "trust list 3 names no address at which partners reach node.gacc.gov.cn".to_owned();
            let partner =
                wire::PartnerState { name, reason, message, bytes_quota: 1, entries_a_day: 1, ..Default::default() };
            let looks = state(&partner, (3, &[]), Timestamp::UNIX_EPOCH).into_iter();
            looks.map(|look| (look.state, look.sentence)).collect::<Vec<_>>()
        };
        let carried = told("PARTNER_WITHOUT_ADDRESS");
        let [(state, sentence)] = carried.as_slice() else { panic!("{carried:?}") };
        assert!(*state == State::Good && sentence.contains("by packages"), "{carried:?}");
        assert!(told("PARTNER_UNREACHABLE").iter().any(|(state, _)| *state == State::Bad));
    }

    #[test]
    fn where_nothing_connects_two_nodes_the_newer_list_is_said_to_be_installed_by_hand() {
        let help = |reason: &str, version: u64| {
            let partner = wire::PartnerState {
                reason: reason.to_owned(),
                trust_version: version,
                bytes_quota: 1,
                entries_a_day: 1,
                ..Default::default()
            };
            let looks = state(&partner, (4, &[]), Timestamp::UNIX_EPOCH).into_iter();
            looks.filter(|look| look.what == "partner list").filter_map(|look| look.help).collect::<String>()
        };
        let (theirs, ours) = (help("PARTNER_WITHOUT_ADDRESS", 5), help("PARTNER_WITHOUT_ADDRESS", 3));
        assert!(theirs.contains("install it here: origin trust install") && theirs.contains("packages"), "{theirs}");
        assert!(ours.contains("its operator installs it") && ours.contains("packages"), "{ours}");
        assert_eq!(help("PARTNER_WITHOUT_ADDRESS", 4), "");
    }

    #[test]
    fn a_certificate_that_names_another_node_is_told_and_no_pin_is_advised() {
        let look = misnamed(&"node.kra.go.ke".parse().unwrap(), "node.other.example");
        assert!(
            look.state == State::Bad && look.sentence.contains("names node.other.example, and it is node.kra.go.ke")
        );
        let help = look.help.unwrap();
        assert!(help.contains("urn:origin-exchange:node:node.kra.go.ke") && !help.contains("spki="), "{help}");
    }

    #[test]
    fn logs_that_are_not_cosigned_because_of_others_are_warned_of_with_what_to_do() {
        let one = |node: &str| wire::WithheldCosignature {
            node: node.to_owned(),
            origin: "tdap.gov.pk/log/2026/all".to_owned(),
            awaits: vec!["node.kra.go.ke".to_owned()],
            since: None,
        };
        let withheld = vec![one("node.gacc.gov.cn"), one("node.tdap.gov.pk")];
        let answer = wire::ListPartnersResponse { withheld, ..Default::default() };
        let looks =
            Withheld::all(&answer).iter().map(|one| self::withheld(one, "node.gacc.gov.cn")).collect::<Vec<_>>();
        let [here, there] = looks.as_slice() else { panic!("{looks:?}") };
        assert!(here.state == State::Warning && here.sentence.starts_with("this node cosigns nothing"), "{here:?}");
        assert!(here.help.as_ref().is_some_and(|help| help.contains("taken off the trust list")), "{here:?}");
        assert!(
            there.sentence.starts_with("node.tdap.gov.pk cosigns nothing of tdap.gov.pk/log/2026/all"),
            "{there:?}"
        );
    }

    #[test]
    fn disclosures_that_a_partner_does_not_give_are_said_with_who_has_to_look() {
        let log = wire::PartnerLog {
            origin: "tdap.gov.pk/log/2026/all".to_owned(),
            missing_disclosures: 1_917,
            first_missing: Some(9),
            ..Default::default()
        };
        let looks = passage("node.tdap.gov.pk", &log, &[], Timestamp::UNIX_EPOCH);
        let [look] = looks.as_slice() else { panic!("{} looks", looks.len()) };
        assert_eq!(look.state, State::Warning);
        assert!(
            look.sentence.contains("of tdap.gov.pk/log/2026/all the disclosures of 1917 entries")
                && look.sentence.ends_with("the first is entry 9"),
            "{}",
            look.sentence
        );
        assert!(look.help.as_ref().is_some_and(|help| help.contains("node.tdap.gov.pk has to look")));
    }

    #[test]
    fn whoever_is_behind_is_said_with_what_to_do_and_nobody_is_in_a_log_that_is_shut_for_two_histories() {
        let origin = "tdap.gov.pk/log/2026/gacc.gov.cn".to_owned();
        let log = |inward| wire::PartnerLog {
            origin: origin.clone(),
            inward,
            size: 4,
            behind_since: Some(prost_types::Timestamp { seconds: -60, nanos: 0 }),
            ..Default::default()
        };
        let looks = |log: &wire::PartnerLog, shut: &[wire::ShutLog]| {
            let looks = passage("node.gacc.gov.cn", log, shut, Timestamp::UNIX_EPOCH).into_iter();
            looks.map(|look| (look.sentence, look.help.unwrap())).collect::<Vec<_>>()
        };
        for (inward, who) in [(true, "this node"), (false, "node.gacc.gov.cn")] {
            let looks = looks(&log(inward), &[]);
            let [(said, _)] = looks.as_slice() else { panic!("{looks:?}") };
            assert!(said.starts_with(&format!("{who} is 4 entries and 60 s behind")), "{said}");
        }
        let reason = "OWN_HISTORY_FORKED".to_owned();
        let shut = wire::ShutLog { origin: origin.clone(), reason, ..Default::default() };
        assert!(looks(&log(false), &[shut]).is_empty());
        let closed = "tdap.gov.pk/log/2025/gacc.gov.cn".to_owned();
        let waits = wire::PartnerLog { behind_since: None, awaits_closed: vec![closed.clone()], ..log(true) };
        let looks = looks(&waits, &[]);
        let [(said, help)] = looks.as_slice() else { panic!("{looks:?}") };
        assert!(said.ends_with(&closed) && help.contains("ask its operator"), "{said}: {help}");
    }
}
