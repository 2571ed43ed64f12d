//! What the closing of a key hits: asked of the running node, shown, and written for those who issue it anew.

use crate::{
    api::client::{wire, within_deadline},
    cli::{
        account::OperatorDoor,
        console::{Colour, Console, Exit, Failure},
        remote::{self, date_text},
    },
    log::Origin,
    node::Configuration,
    reason::counted,
    statement::{Issuer, Kid, Kind},
    time::Timestamp,
    trust::Closing,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Statements asked for at once.
const A_PAGE: i32 = 500;

/// Where a key is closed in one log, and what stands past it.
pub(super) struct End {
    /// Entries below it count.
    pub(super) until_index: u64,
    size: u64,
    /// Entries that were signed for and are not here: what the key signed among them is not listed.
    missing: u64,
    basis: String,
    /// Since when so many entries are known to have been cosigned.
    cosigned_at: Option<Timestamp>,
    /// Whether partners may have cosigned some of these before.
    is_lost: bool,
    /// Since when that is kept, where the loss of what was kept before may have it closed too early.
    marks_since: Option<Timestamp>,
    certificates: Vec<wire::PlainStatement>,
    /// Changes that take force away: they stay.
    stay: u64,
    /// Changes that gave it back: they fail.
    reinstated: u64,
    /// Status snapshots: the next one says what they said.
    snapshots: u64,
    /// What has to be said again.
    others: u64,
}

/// All of it, log by log.
pub(super) struct Hit {
    pub(super) ends: BTreeMap<Origin, End>,
}

/// Has the node stop a key, unless this only asks, and say what that hits; in these logs from where the operator says on, which
/// is no further than the log is known to reach, or proven.
pub(super) fn ask(
    console: Console,
    door: &OperatorDoor,
    configuration: &Configuration,
    (issuer, key): (&Issuer, &Kid),
    (since, until, proven): (Timestamp, &[(Origin, u64)], &[(Origin, u64)]),
    only_ask: bool,
) -> Result<Hit, Failure> {
    remote::converse(async {
        let (connection, address) = door.open(configuration).await?;
        let refused = |status: tonic::Status| remote::refused(console, &address, &status);
        let request = wire::StopKeyRequest {
            issuer: issuer.to_string(),
            key: key.to_string(),
            suspected_since: Some(prost_types::Timestamp { seconds: since.as_second(), nanos: 0 }),
            only_ask,
        };
        let stopped = connection.admin().stop_key(within_deadline(request)).await.map_err(refused)?;
        let mut stopped = stopped.into_inner();
        for (log, until_index) in until {
            let sizes = proven.iter().filter(|(one, _)| one == log).map(|(_, size)| *size);
            close_at(&mut stopped.ends, log, *until_index, sizes.max().unwrap_or(0))?;
        }
        let mut ends = BTreeMap::new();
        for end in &stopped.ends {
            ends.insert(origin(&end.log)?, End::of(end));
        }
        let mut page_token = String::new();
        loop {
            let request = wire::ListSignedPastRequest {
                issuer: issuer.to_string(),
                key: key.to_string(),
                ends: stopped.ends.clone(),
                page_size: A_PAGE,
                page_token,
            };
            let page = connection.admin().list_signed_past(within_deadline(request)).await.map_err(refused)?;
            let page = page.into_inner();
            for statement in page.statements {
                if let Some(end) = ends.get_mut(&origin(&statement.log)?) {
                    end.take(statement);
                }
            }
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(Hit { ends });
            }
        }
    })
}

fn origin(text: &str) -> Result<Origin, Failure> {
    text.parse().map_err(|error| Failure::new(Exit::Failed, format!("the node names a log that is none: {error}")))
}

/// Closes the key in a log where the operator says, of a log that is proven to have had so many entries.
fn close_at(ends: &mut [wire::KeyEnd], log: &Origin, until_index: u64, proven: u64) -> Result<(), Failure> {
    let end = ends.iter_mut().find(|end| end.log == log.as_str());
    let end =
        end.ok_or_else(|| Failure::new(Exit::Usage, format!("{log} is no log of this authority that is known here")))?;
    let (size, missing) = (end.size, end.missing.max(proven.saturating_sub(end.size)));
    let signed = size.saturating_add(missing);
    if until_index > signed {
        let entries = counted(signed, "entry", "entries");
        let why = format!("{log} is known here to have {entries}: no key is closed in it at {until_index}");
        return Err(Failure::new(Exit::Usage, why).help(
            "where more was signed, show what proves it with --head: the bundle of an entry from then on, which its holder has, \
             or a signed head that a partner keeps",
        ));
    }
    *end = wire::KeyEnd { log: log.to_string(), until_index, size, missing, ..wire::KeyEnd::default() };
    Ok(())
}

impl End {
    fn of(end: &wire::KeyEnd) -> Self {
        let instant = |at: &Option<prost_types::Timestamp>| Timestamp::from_second(at.as_ref()?.seconds).ok();
        let at = instant(&end.cosigned_at);
        let basis = match (end.basis(), at) {
            (wire::EndBasis::Cosigned, Some(at)) => format!("cosigned at {at}"),
            (wire::EndBasis::OwnRecord, _) => "by this node's own record, for nobody is asked to cosign it".to_owned(),
            (wire::EndBasis::Unspecified, _) => "as you say".to_owned(),
            (wire::EndBasis::Lost, _) => "and partners may have cosigned more before".to_owned(),
            _ => "no head is known that was cosigned before".to_owned(),
        };
        Self {
            until_index: end.until_index,
            size: end.size,
            missing: end.missing,
            basis,
            cosigned_at: at,
            is_lost: end.basis() == wire::EndBasis::Lost,
            marks_since: instant(&end.marks_since),
            certificates: Vec::new(),
            stay: 0,
            reinstated: 0,
            snapshots: 0,
            others: 0,
        }
    }

    /// What else a person has to know who closes a key there: partners may know more than this node does.
    fn warning(&self, origin: &Origin) -> Option<String> {
        if self.is_lost {
            return Some(format!(
                "how much of what is not here partners had cosigned before they alone know: ask them, and say it with --until \
                 {origin}=ENTRIES"
            ));
        }
        let since = self.marks_since?;
        let after = self.cosigned_at.map(|at| format!("after {at} and ")).unwrap_or_default();
        Some(format!(
            "what partners had cosigned {after}before {since} went with what was lost here; they still know it: ask them, and say it \
             with --until {origin}=ENTRIES"
        ))
    }

    /// Entries of the log, here or not.
    const fn signed(&self) -> u64 {
        self.size.saturating_add(self.missing)
    }

    /// What a person is told whose list of what falls is not all there is.
    fn unlisted(&self) -> Option<String> {
        let unlisted = self.signed().saturating_sub(self.size.max(self.until_index));
        (unlisted > 0).then(|| {
            format!(
                "not here: {} past it; which certificates stand in them is seen at partners that hold them (origin partner \
                 findings --key-closed)",
                counted(unlisted, "entry", "entries")
            )
        })
    }

    /// Why it is not known here how much partners had cosigned of it before.
    fn unknown(&self) -> Option<String> {
        if self.is_lost {
            return Some(format!(
                "{} of them not here, and partners alone know how many they had cosigned",
                self.missing
            ));
        }
        let known =
            |at: Timestamp| format!("known up to {}, cosigned at {at}, and nothing from there until", self.until_index);
        let known = self.cosigned_at.map_or_else(|| "nothing is known of before".to_owned(), known);
        self.marks_since.map(|since| format!("{known} {since}"))
    }

    /// Whether the key is known to have signed nothing past it that counts less for it.
    fn is_untouched(&self) -> bool {
        self.missing == 0 && self.certificates.is_empty() && self.stay == 0 && self.reinstated == 0 && self.others == 0
    }

    fn take(&mut self, statement: wire::PlainStatement) {
        if statement.kind == Kind::CertificateOfOrigin.name() {
            self.certificates.push(statement);
        } else if statement.stays_in_force {
            self.stay += 1;
        } else if statement.kind == Kind::StatusChange.name() {
            self.reinstated += 1;
        } else if statement.kind == Kind::StatusSnapshot.name() {
            self.snapshots += 1;
        } else {
            self.others += 1;
        }
    }
}

impl Hit {
    /// The same without the logs that began once the list had closed the key: it signed nothing there, and counts there for
    /// nothing. One of which the operator says where it is closed may have come back since.
    pub(super) fn without_later(mut self, said: &[Closing], until: &[(Origin, u64)]) -> Self {
        let named = |origin: &Origin| {
            said.iter().any(|one| one.origin == *origin) || until.iter().any(|(log, _)| log == origin)
        };
        self.ends.retain(|origin, end| said.is_empty() || named(origin) || !end.is_untouched());
        self
    }

    /// Why no list is drafted with these ends: of some logs it is not known here how much partners had cosigned, and nobody has
    /// said. What is signed in ignorance has all fall that the key ever signed there.
    pub(super) fn unknown(&self, said: &[Closing]) -> Option<Failure> {
        let unknown = self.ends.iter().filter_map(|(origin, end)| Some((origin, end.signed(), end.unknown()?)));
        let unknown = unknown.collect::<Vec<_>>();
        if unknown.is_empty() {
            return None;
        }
        let until = unknown.iter().map(|(origin, ..)| format!(" --until {origin}=ENTRIES"));
        let until = until.collect::<Vec<_>>().concat();
        let mut failure = Failure::new(
            Exit::Failed,
            "it is not known here how much partners had cosigned when the key was suspect: nothing was drafted, signed or \
             installed",
        )
        .help(format!("ask partners, and give the command again with{until}; LOG=0 has all of that log fall"));
        for (origin, size, why) in unknown {
            let listed = said.iter().find(|one| one.origin == *origin).map(|one| one.until_index);
            let leaves =
                |at| format!("; the trust list closes the key at {at}, and --until {origin}={at} leaves it there");
            let (size, listed) = (counted(size, "entry", "entries"), listed.map(leaves).unwrap_or_default());
            failure = failure.note(format!("{origin}, {size}: {why}{listed}"));
        }
        Some(failure)
    }

    /// How many certificates count no more.
    pub(super) fn certificates(&self) -> usize {
        self.ends.values().map(|end| end.certificates.len()).sum()
    }

    /// They as JSON lines, for whoever issues them anew.
    pub(super) fn rows(&self) -> String {
        let all = self.ends.values().flat_map(|end| &end.certificates);
        all.flat_map(|one| [row(one).to_string(), "\n".to_owned()]).collect()
    }

    pub(super) fn show(&self, console: Console) {
        for (origin, end) in &self.ends {
            if console.is_json() {
                console.data(json!({
                    "log": origin.as_str(),
                    "until_index": end.until_index,
                    "size": end.size,
                    "missing": end.missing,
                    "basis": end.basis,
                    "marks_since": end.marks_since.map(|at| at.to_string()),
                    "certificates": end.certificates.len(),
                    "reinstatements": end.reinstated,
                    "snapshots": end.snapshots,
                    "stay_in_force": end.stay,
                    "others": end.others,
                }));
            } else {
                let (until, size, basis) = (end.until_index, end.signed(), &end.basis);
                // What is not known is not where it is closed, and what is past it not what falls.
                let (closed, fall) =
                    if end.unknown().is_some() { ("known up to", "fall at most") } else { ("closed at", "fall") };
                console.data(format!("{origin}: {closed} {until} of {size} entries, {basis}"));
                if let Some(warning) = end.warning(origin) {
                    console.data(format!("  {}", console.paint(Colour::Yellow, &warning)));
                }
                if let Some(unlisted) = end.unlisted() {
                    console.data(format!("  {}", console.paint(Colour::Yellow, &unlisted)));
                }
                let hit = format!("certificates {}", end.certificates.len());
                let hit = if end.certificates.is_empty() { hit } else { console.paint(Colour::Red, &hit) };
                let (stay, reinstated) = (end.stay, end.reinstated);
                let (snapshots, others) = (end.snapshots, end.others);
                console.data(format!(
                    "  {fall}: {hit}, reinstatements {reinstated}, snapshots {snapshots}, others {others}; stay in force: changes \
                     {stay}"
                ));
            }
            for one in &end.certificates {
                if console.is_json() {
                    console.data(json!({ "hit": row(one) }));
                } else {
                    let (index, day) = (one.index, date_text(one.day.as_ref()));
                    console.data(format!(
                        "  {}  entry {index}, issued on {day}, {} to {}",
                        one.jti, one.agreement, one.to
                    ));
                }
            }
        }
    }
}

fn row(one: &wire::PlainStatement) -> Value {
    json!({
        "jti": one.jti,
        "log": one.log,
        "index": one.index,
        "day": date_text(one.day.as_ref()),
        "agreement": one.agreement,
        "to": one.to,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::ClosingReason;

    #[test]
    fn a_log_that_came_back_once_the_list_had_closed_the_key_is_left_where_the_operator_says_how_much_counts() {
        let log = |text: &str| text.parse::<Origin>().unwrap();
        let (listed, back) = (log("tdap.gov.pk/log/2026/all"), log("tdap.gov.pk/log/2026/gacc.gov.cn"));
        let closing = Closing {
            iss: "https://tdap.gov.pk".parse().unwrap(),
            kid: "statement-1".parse().unwrap(),
            origin: listed.clone(),
            until_index: 5,
            reason: ClosingReason::Compromised,
        };
        let hit = || Hit {
            ends: [&listed, &back].map(|log| (log.clone(), End::of(&wire::KeyEnd::default()))).into_iter().collect(),
        };
        let left = |until: &[(Origin, u64)]| hit().without_later(std::slice::from_ref(&closing), until).ends.len();
        assert_eq!([left(&[]), left(&[(back.clone(), 5)])], [1, 2]);
    }

    #[test]
    fn who_closes_a_key_after_a_loss_is_told_that_partners_know_more_and_says_where_it_is_closed() {
        let log: Origin = "tdap.gov.pk/log/2026/gacc.gov.cn".parse().unwrap();
        let end = |marks_since| wire::KeyEnd {
            log: log.to_string(),
            basis: wire::EndBasis::Nothing.into(),
            marks_since,
            size: 19,
            ..wire::KeyEnd::default()
        };
        let lost = end(Some(prost_types::Timestamp { seconds: 60, nanos: 0 }));
        let warning = End::of(&lost).warning(&log).unwrap();
        let how = format!("--until {log}=ENTRIES");
        assert!(warning.contains("before 1970-01-01T00:01:00Z went") && warning.contains(&how), "{warning}");
        assert_eq!(End::of(&end(None)).warning(&log), None, "nothing was lost");

        let hit = |end: &wire::KeyEnd| Hit { ends: BTreeMap::from([(log.clone(), End::of(end))]) };
        assert!(hit(&end(None)).unknown(&[]).is_none());
        let unknown = hit(&lost).unknown(&[]).unwrap();
        // That the key is stopped all the same is said before.
        assert!(unknown.sentence().contains("nothing was drafted"), "{unknown:?}");
        let noted = format!("{log}, 19 entries: nothing is known of before 1970-01-01T00:01:00Z");
        assert_eq!(unknown.notes(), std::slice::from_ref(&noted));
        let listed = Closing {
            iss: "https://tdap.gov.pk".parse().unwrap(),
            kid: "statement-1".parse().unwrap(),
            origin: log.clone(),
            until_index: 5,
            reason: ClosingReason::Compromised,
        };
        let unknown = hit(&lost).unknown(&[listed]).unwrap();
        let leaves = format!("the trust list closes the key at 5, and --until {log}=5 leaves it there");
        assert_eq!(unknown.notes(), [format!("{noted}; {leaves}")]);

        let mut ends = [lost];
        close_at(&mut ends, &log, 15, 0).unwrap();
        let [end] = ends.each_ref().map(End::of);
        assert_eq!((end.until_index, end.size, end.basis.as_str(), end.warning(&log)), (15, 19, "as you say", None));
        assert!(hit(&ends[0]).unknown(&[]).is_none());
        let larger = close_at(&mut ends, &log, 20, 0).unwrap_err();
        assert!(larger.sentence().contains("is known here to have 19 entries"), "{larger:?}");
        let elsewhere = close_at(&mut ends, &"tdap.gov.pk/log/2026/all".parse().unwrap(), 0, 0).unwrap_err();
        assert!(elsewhere.sentence().contains("is no log of this authority"), "{elsewhere:?}");
        // A head that is shown proves that more was signed than this node knew of.
        assert!(close_at(&mut ends, &log, 24, 23).is_err());
        close_at(&mut ends, &log, 21, 23).unwrap();
        let [end] = ends.each_ref().map(End::of);
        assert_eq!((end.until_index, end.signed(), end.unlisted().is_some()), (21, 23, true));
    }

    #[test]
    fn of_a_log_whose_marks_were_lost_it_is_said_up_to_where_it_is_known_and_from_where_it_is_not() {
        let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
        let end = |marks_since| wire::KeyEnd {
            basis: wire::EndBasis::Cosigned.into(),
            until_index: 7,
            size: 39,
            cosigned_at: at(60),
            marks_since,
            ..wire::KeyEnd::default()
        };
        let said = "known up to 7, cosigned at 1970-01-01T00:01:00Z, and nothing from there until 1970-01-01T00:02:00Z";
        assert_eq!(End::of(&end(at(120))).unknown().as_deref(), Some(said));
        let warning = End::of(&end(at(120))).warning(&"tdap.gov.pk/log/2026/all".parse().unwrap()).unwrap();
        assert!(warning.contains("after 1970-01-01T00:01:00Z and before 1970-01-01T00:02:00Z went"), "{warning}");
        assert_eq!(End::of(&end(None)).unknown(), None);
    }

    #[test]
    fn every_statement_past_the_end_is_in_one_of_the_counts() {
        let mut end = End::of(&wire::KeyEnd::default());
        for kind in [Kind::CertificateOfOrigin, Kind::StatusChange, Kind::StatusSnapshot, Kind::Receipt] {
            end.take(wire::PlainStatement { kind: kind.name().to_owned(), ..Default::default() });
        }
        assert_eq!((end.certificates.len(), end.reinstated, end.snapshots, end.others), (1, 1, 1, 1));
    }

    #[test]
    fn a_log_that_was_lost_is_named_and_has_the_command_stop_until_it_is_said_how_much_of_it_counts() {
        let log: Origin = "tdap.gov.pk/log/2026/gacc.gov.cn".parse().unwrap();
        let lost = || wire::KeyEnd {
            log: log.to_string(),
            basis: wire::EndBasis::Lost.into(),
            missing: 14,
            ..wire::KeyEnd::default()
        };
        let hit = |end: &wire::KeyEnd| Hit { ends: BTreeMap::from([(log.clone(), End::of(end))]) };
        let how = format!("--until {log}=ENTRIES");
        let unknown = hit(&lost()).unknown(&[]).unwrap();
        let noted =
            format!("{log}, 14 entries: 14 of them not here, and partners alone know how many they had cosigned");
        assert_eq!(unknown.notes(), [noted]);
        let warning = End::of(&lost()).warning(&log).unwrap();
        assert!(warning.contains(&how), "{warning}");

        // A list that closed the key before, and does not name the log, has it fall whole: it is no log that began since.
        let closing = Closing {
            iss: "https://tdap.gov.pk".parse().unwrap(),
            kid: "statement-1".parse().unwrap(),
            origin: "tdap.gov.pk/log/2026/all".parse().unwrap(),
            until_index: 5,
            reason: ClosingReason::Compromised,
        };
        assert!(hit(&lost()).without_later(std::slice::from_ref(&closing), &[]).unknown(&[closing]).is_some());

        // Up to what was signed the operator may say it; what falls of it is listed nowhere here, and that is said.
        for (until, unlisted) in [(14, None), (9, Some("not here: 5 entries")), (0, Some("not here: 14 entries"))] {
            let mut ends = [lost()];
            close_at(&mut ends, &log, until, 0).unwrap();
            let [end] = ends.each_ref().map(End::of);
            assert_eq!((end.until_index, end.warning(&log), end.unknown()), (until, None, None));
            let said = end.unlisted();
            assert_eq!(said.is_some(), unlisted.is_some(), "{said:?}");
            assert!(said.is_none_or(|said| unlisted.is_some_and(|words| said.starts_with(words))));
        }
        assert!(close_at(&mut [lost()], &log, 15, 0).is_err(), "no more than 14 were signed");
    }
}
