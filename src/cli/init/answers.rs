//! What `origin init` needs to know: from flags, from a person, or proposed.

use super::Arguments;
use crate::{
    agreement::{Agreement, Agreements, Side},
    certificate::{AgreementCode, Country, OfficeCode, Text},
    cli::{
        agreements, arguments,
        console::{Colour, Console, Exit, Failure},
    },
    node::collide,
    statement::Issuer,
    time::ZoneName,
    trust::{Endpoint, NodeName, Role},
};
use std::{
    io::{BufRead, IsTerminal},
    net::{Ipv4Addr, SocketAddr},
};

/// The longest answer a person types.
const LINE_BYTES: u64 = 4096;

/// Everything that is decided before anything is made.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Answers {
    pub(in crate::cli) issuer: Issuer,
    pub(in crate::cli) country: Country,
    pub(in crate::cli) time_zone: ZoneName,
    pub(in crate::cli) name: Text,
    pub(in crate::cli) offices: Vec<OfficeAnswer>,
    pub(in crate::cli) agreements: Vec<AgreementCode>,
    pub(in crate::cli) roles: Vec<Role>,
    pub(in crate::cli) node: NodeName,
    pub(in crate::cli) addresses: Vec<String>,
    pub(in crate::cli) public: SocketAddr,
    pub(in crate::cli) client: SocketAddr,
    pub(in crate::cli) admin: SocketAddr,
    pub(in crate::cli) partner: Option<PartnerAnswer>,
}

/// How the node takes part in the exchange.
#[derive(Debug, Clone)]
pub(in crate::cli) struct PartnerAnswer {
    /// Where it listens.
    pub(in crate::cli) listen: SocketAddr,
    /// Where partners dial it; none where that is not known yet.
    pub(in crate::cli) url: Option<Endpoint>,
}

/// One office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct OfficeAnswer {
    pub(in crate::cli) code: OfficeCode,
    pub(in crate::cli) name: String,
    pub(in crate::cli) place: String,
}

pub(super) fn zone(text: &str) -> Result<ZoneName, String> {
    ZoneName::new(text).map_err(|error| error.to_string())
}

pub(super) fn office(text: &str) -> Result<OfficeAnswer, String> {
    let shape = "write CODE=NAME,PLACE, such as `KHI=Karachi Office,Karachi`";
    let (code, rest) = text.split_once('=').ok_or(shape)?;
    let (name, place) = rest.rsplit_once(',').ok_or(shape)?;
    let code = code.parse().map_err(|error: crate::certificate::CertificateError| error.to_string())?;
    let (name, place) = (name.trim().to_owned(), place.trim().to_owned());
    if name.is_empty() || place.is_empty() { Err(shape.to_owned()) } else { Ok(OfficeAnswer { code, name, place }) }
}

fn text(value: &str) -> Result<Text, String> {
    value.parse().map_err(|error: crate::certificate::CertificateError| error.to_string())
}

fn of<T: std::str::FromStr<Err: std::fmt::Display>>(value: &str) -> Result<T, String> {
    value.parse().map_err(|error: T::Err| error.to_string())
}

/// Asks a person, or says which flags are missing.
struct Interview {
    console: Console,
    person: bool,
    proposals: bool,
    missing: Vec<&'static str>,
}

impl Interview {
    /// The flag's value, else a person's answer, else the proposal. What nobody can say is remembered as missing.
    fn ask<T>(
        &mut self,
        given: Option<T>,
        flag: &'static str,
        question: &str,
        proposal: Option<String>,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, Failure> {
        if given.is_some() {
            return Ok(given);
        }
        if let Some(proposal) = proposal.as_deref().filter(|_| self.proposals || !self.person) {
            return read(proposal).map(Some).map_err(|error| Failure::new(Exit::Usage, error));
        }
        if !self.person {
            self.missing.push(flag);
            return Ok(None);
        }
        loop {
            let shown = proposal.as_ref().map(|proposal| format!(" [{proposal}]")).unwrap_or_default();
            self.console.message(format!("{}{shown}", self.console.paint_message(Colour::Bold, question)));
            let mut line = String::new();
            let read_bytes = std::io::Read::take(std::io::stdin().lock(), LINE_BYTES).read_line(&mut line);
            if !read_bytes.is_ok_and(|count| count > 0) {
                return Err(Failure::new(Exit::Failed, "no answer came; nothing was made"));
            }
            let answer = match (line.trim(), &proposal) {
                ("", Some(proposal)) => proposal.as_str(),
                (answer, _) => answer,
            };
            match read(answer) {
                Ok(value) => return Ok(Some(value)),
                Err(why) => self.console.message(format!("  {why}")),
            }
        }
    }
}

impl Answers {
    /// Gathers every answer; what is missing is said at once.
    pub(super) fn gather(given: Arguments, console: Console) -> Result<Self, Failure> {
        let person = !given.yes && std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        let mut ask = Interview { console, person, proposals: given.yes, missing: Vec::new() };
        let shipped = agreements::load(None)?;

        let issuer = ask.ask(
            given.issuer,
            "--issuer",
            "The authority: a host it owns, such as tdap.gov.pk",
            None,
            arguments::issuer,
        )?;
        let issuer = match issuer {
            Some(issuer) if given.rehearsal => {
                Some(issuer.rehearsal().map_err(|error| Failure::new(Exit::Usage, error))?)
            }
            issuer => issuer,
        };
        let country =
            ask.ask(given.country, "--country", "Its country, ISO 3166-1 alpha-2", None, arguments::country)?;
        let time_zone = ask.ask(given.time_zone, "--time-zone", "Its time zone, such as Asia/Karachi", None, zone)?;
        let name = given.name.as_deref().map(text).transpose().map_err(|error| Failure::new(Exit::Usage, error))?;
        let name = ask.ask(name, "--name", "Its name in English", None, text)?;
        let issuer_role = of::<Role>("issuer").map_err(|error| Failure::new(Exit::Usage, error))?;
        let roles = if given.roles.is_empty() { vec![issuer_role.clone()] } else { given.roles };
        // Who issues nothing needs no office.
        let issues = roles.contains(&issuer_role);
        let offices = (!given.offices.is_empty() || !issues).then_some(given.offices);
        let offices = ask.ask(
            offices,
            "--office",
            "Its first office, as CODE=NAME,PLACE, such as KHI=Karachi Office,Karachi",
            None,
            |line| office(line).map(|one| vec![one]),
        )?;
        let proposed_node = issuer.as_ref().map(|issuer| format!("node.{}", issuer.host()));
        let node = ask.ask(given.node, "--node", "The node's name", proposed_node, of::<NodeName>)?;
        let door = |port: u16| Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port)).to_string());
        let public = ask.ask(given.public, "--public", "Where everybody is served (HTTPS)", door(8443), of)?;
        let client = ask.ask(given.client, "--client", "Where people's systems are served (gRPC)", door(8444), of)?;
        let admin =
            ask.ask(given.admin, "--admin", "Where the operator is served, on this machine", door(8445), loopback)?;

        let partner =
            ask.ask(given.partner, "--partner", "Where partner nodes are served (gRPC)", door(8446), of::<SocketAddr>)?;
        let partner =
            partner.map(|listen| PartnerAnswer { listen, url: given.partner_url.or_else(|| reached_at(listen)) });

        let missing = ask.missing;
        let (Some(issuer), Some(country), Some(time_zone), Some(name)) = (issuer, country, time_zone, name) else {
            return Err(unanswered(&missing));
        };
        let (Some(offices), Some(node), Some(public), Some(client), Some(admin)) =
            (offices, node, public, client, admin)
        else {
            return Err(unanswered(&missing));
        };
        if !admin.ip().is_loopback() {
            return Err(Failure::new(Exit::Usage, "--admin is served on this machine alone: 127.0.0.1 or [::1]"));
        }
        if let Some(office) = twice(&offices) {
            return Err(Failure::new(Exit::Usage, format!("two offices have the code `{}`", office.code)));
        }
        apart(&[
            ("--public", Some(public)),
            ("--client", Some(client)),
            ("--admin", Some(admin)),
            ("--partner", partner.as_ref().map(|partner| partner.listen)),
        ])?;
        let agreements = chosen(&shipped, given.agreements, country, !offices.is_empty(), console)?;
        let addresses = addresses(given.addresses, &[public, client]);
        Ok(Self {
            issuer,
            country,
            time_zone,
            name,
            offices,
            agreements,
            roles,
            node,
            addresses,
            public,
            client,
            admin,
            partner,
        })
    }
}

/// An address that says of itself where it is reached.
fn reached_at(listen: SocketAddr) -> Option<Endpoint> {
    let known = !listen.ip().is_unspecified() && listen.port() != 0;
    known.then(|| format!("https://{listen}").parse().ok()).flatten()
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = of(text)?;
    if address.ip().is_loopback() { Ok(address) } else { Err("127.0.0.1 or [::1], with a port".to_owned()) }
}

fn unanswered(missing: &[&str]) -> Failure {
    let error = format!("these questions have no answer: {}", missing.join(", "));
    Failure::new(Exit::Usage, error).help("give the flags, or run `origin init` on a terminal to be asked")
}

fn twice(offices: &[OfficeAnswer]) -> Option<&OfficeAnswer> {
    offices
        .iter()
        .enumerate()
        .find_map(|(nth, one)| offices.iter().take(nth).any(|other| other.code == one.code).then_some(one))
}

/// Each listener needs a port of its own: the node that is made would not start.
fn apart(doors: &[(&str, Option<SocketAddr>)]) -> Result<(), Failure> {
    let doors = doors.iter().filter_map(|(flag, address)| Some((*flag, (*address)?))).collect::<Vec<_>>();
    for (nth, (flag, address)) in doors.iter().enumerate() {
        if let Some((other, _)) = doors.iter().take(nth).find(|(_, other)| collide(*address, *other)) {
            let error =
                format!("{flag} would listen at {address}, where {other} listens: each needs a port of its own");
            return Err(Failure::new(Exit::Usage, error).help(format!("give {other} or {flag} another port")));
        }
    }
    Ok(())
}

/// The agreements named, or all that a country can issue under.
fn chosen(
    shipped: &Agreements,
    named: Vec<AgreementCode>,
    country: Country,
    has_offices: bool,
    console: Console,
) -> Result<Vec<AgreementCode>, Failure> {
    if let Some(unknown) = named.iter().find(|code| shipped.get(code).is_none()) {
        let known = shipped.iter().map(|one| one.code.as_str()).collect::<Vec<_>>().join(", ");
        let failure =
            Failure::new(Exit::Usage, format!("no file for the agreement `{unknown}` comes with the program"));
        return Err(failure
            .note(format!("known are {known}"))
            .help("add its file to the agreements folder afterwards"));
    }
    // Who only grants a preference certifies no goods of its own for it.
    let certifies = |one: &Agreement| one.parties.member(country).is_some_and(|one| one.side != Some(Side::Donor));
    let mine = || shipped.iter().filter(|one| one.parties.open || certifies(one)).map(|one| one.code.clone());
    if named.is_empty() {
        return Ok(if has_offices { mine().collect() } else { Vec::new() });
    }
    let known = mine().map(|code| code.to_string()).collect::<Vec<_>>().join(", ");
    for agreement in named.iter().filter_map(|code| shipped.get(code)) {
        if agreement.parties.open || certifies(agreement) {
            continue;
        }
        let parties = &agreement.parties;
        let error = if parties.member(country).is_some() {
            format!("{country} grants the preference of {} and issues no certificates under it", agreement.code)
        } else {
            format!("{country} is no party to {}", agreement.code)
        };
        let left_out = parties.excluded.contains(&country) || parties.former.contains(&country);
        if left_out || parties.member(country).is_some() || parties.complete.value() == Some(&true) {
            let failure = Failure::new(Exit::Usage, format!("{error}: its offices could issue nothing"));
            return Err(failure.help(format!("{country} issues under {known}")));
        }
        console.message(format!("warning: as far as is known, {error}; {country} issues under {known}"));
    }
    Ok(named)
}

/// What clients dial: the names given, and wherever the node listens that is an address of its own.
fn addresses(given: Vec<String>, listening: &[SocketAddr]) -> Vec<String> {
    let mut all = given;
    let listens = listening.iter().map(SocketAddr::ip).filter(|ip| !ip.is_unspecified()).map(|ip| ip.to_string());
    for name in ["localhost".to_owned(), Ipv4Addr::LOCALHOST.to_string()].into_iter().chain(listens) {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::console::Format;

    fn console() -> Console {
        Console::new(Format::Text)
    }

    #[test]
    fn an_offices_name_may_have_commas() {
        let office = office("KHI=Trade Authority, Karachi Office, Karachi").unwrap();
        assert_eq!((office.name.as_str(), office.place.as_str()), ("Trade Authority, Karachi Office", "Karachi"));
    }

    #[test]
    fn a_country_issues_under_the_agreements_it_belongs_to() {
        let shipped = agreements::load(None).unwrap();
        let codes = |country: &str| {
            let all = chosen(&shipped, Vec::new(), country.parse().unwrap(), true, console()).unwrap();
            all.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(codes("PK"), ["CPFTA", "GSP", "NONPREF"]);
        assert_eq!(codes("KE"), ["AFCFTA", "CN-AFRICA", "COMESA", "EAC", "GSP", "NONPREF"]);
        assert!(!codes("CN").contains(&"CN-LDC".to_owned()), "China grants it, and certifies nothing for it");
    }
    #[test]
    fn no_office_is_opened_for_an_agreement_its_country_is_no_party_to() {
        let shipped = agreements::load(None).unwrap();
        let chosen = |code: &str, country: &str| {
            chosen(&shipped, vec![code.parse().unwrap()], country.parse().unwrap(), true, console())
        };
        let refused = chosen("RCEP", "PK").unwrap_err();
        assert!(refused.sentence().contains("PK is no party to RCEP"), "{}", refused.sentence());
        assert!(chosen("CPFTA", "PK").is_ok() && chosen("NONPREF", "PK").is_ok());
    }

    #[test]
    fn two_listeners_at_one_address_are_refused_by_their_flags() {
        let at = |text: &str| Some(text.parse::<SocketAddr>().unwrap());
        assert!(apart(&[("--public", at("127.0.0.1:8443")), ("--client", at("127.0.0.1:8444"))]).is_ok());
        let refused = apart(&[("--public", at("127.0.0.1:8443")), ("--client", at("127.0.0.1:8443"))]).unwrap_err();
        assert!(refused.sentence().contains("--client") && refused.sentence().contains("--public"));
    }
}
