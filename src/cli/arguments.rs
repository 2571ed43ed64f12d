//! Arguments that several commands take, and the texts they are written in.

use super::{
    console::{Exit, Failure},
    files::{self, Source},
};
use crate::{
    certificate::{AgreementCode, CertificateError, Country, OfficeCode, UnitCode},
    keys::{KeyStore, Passphrase},
    node::system::SystemClock,
    statement::{Issuer, Jti, NotIssuer, NotJti},
    time::{Clock, Date, Timestamp, ZoneName, read_date, read_instant},
    trust::{Anchor, MAX_ANCHOR_BYTES, MAX_LIST_BYTES, TrustList},
};
use std::{path::PathBuf, str::FromStr};

/// Bytes of the longest passphrase line, its end included.
const PASSPHRASE_BYTES: usize = 1024 + 2;
/// Items and certificates that one request names at most.
const MOST_NUMBERS: usize = 500;

/// `YYYY-MM-DD`.
pub(super) fn date(text: &str) -> Result<Date, String> {
    read_date(text).map_err(|why| why.to_string())
}

/// The node's configuration as the environment names it, for commands that can do without one: by `env` it would conflict
/// with the arguments that take its place.
pub(super) fn configuration_of_environment() -> Option<PathBuf> {
    std::env::var_os("ORIGIN_CONFIG").filter(|file| !file.is_empty()).map(PathBuf::from)
}

/// The time zone of this machine, where it says one by name; UTC else. Who stands in an office means its day.
pub(super) fn zone() -> ZoneName {
    let named = std::env::var("TZ").ok().filter(|name| !name.is_empty());
    let linked = || {
        let link = std::fs::read_link("/etc/localtime").ok()?;
        link.to_str()?.split_once("zoneinfo/").map(|(_, name)| name.to_owned())
    };
    let name = named.or_else(linked).unwrap_or_default();
    ZoneName::new(name.trim_start_matches(':')).unwrap_or_else(|_| ZoneName::utc())
}

/// The day in that zone.
pub(super) fn today() -> Date {
    zone().date_at(SystemClock.now())
}

/// `YYYY-MM-DDTHH:MM:SSZ`, or with an offset.
pub(super) fn instant(text: &str) -> Result<Timestamp, String> {
    read_instant(text).map_err(|why| why.to_string())
}

/// A length of time: a whole number and `s`, `min`, `h` or `d`. In seconds.
pub(super) fn seconds(text: &str) -> Result<u64, String> {
    let wrong = || "a length of time is a whole number and s, min, h or d, such as 36h or 7d".to_owned();
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let unit = match unit {
        "s" => 1,
        "min" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    let number = number.parse::<u64>().map_err(|_| wrong())?;
    number.checked_mul(unit).ok_or_else(wrong)
}

/// How many rows a list shows at most. One that shows none would not even say whether there are any.
pub(super) fn rows(text: &str) -> Result<usize, String> {
    let rows = text.parse::<usize>().ok().filter(|rows| *rows > 0);
    rows.ok_or_else(|| "a list shows one row or more: a whole number from 1 on".to_owned())
}

/// `https://<host>`, also with the slash that browsers put behind it, or the bare host, in any case.
pub(super) fn issuer(text: &str) -> Result<Issuer, String> {
    let lower = text.to_ascii_lowercase();
    let named = lower.strip_suffix('/').unwrap_or(&lower);
    let full = if named.contains("://") { named.to_owned() } else { format!("https://{named}") };
    full.parse().map_err(|_: NotIssuer| {
        format!("`{text}` is not an authority: it is named by its whole host and nothing behind, such as tdap.gov.pk")
    })
}

/// The identifier of a statement, in any case; what is signed has it in capitals alone.
pub(super) fn jti(text: &str) -> Result<Jti, String> {
    text.to_ascii_uppercase().parse().map_err(|error: NotJti| error.to_string())
}

/// Numbers and ranges of numbers from 1 on, such as `1,3-5`: each once, in order, at most 500.
pub(super) fn numbers(text: &str) -> Result<Vec<u32>, String> {
    let wrong = || format!("`{text}` names no items: they are written 1,3-5");
    let mut all = std::collections::BTreeSet::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let read = |text: &str| text.trim().parse::<u32>().ok().filter(|number| *number > 0);
        let (Some(first), Some(last)) = (read(first), read(last)) else { return Err(wrong()) };
        if first > last {
            return Err(wrong());
        }
        for number in first..=last {
            if !all.insert(number) {
                return Err(format!("{number} stands twice in `{text}`"));
            }
            if all.len() > MOST_NUMBERS {
                return Err(format!("`{text}` names more than {MOST_NUMBERS}"));
            }
        }
    }
    Ok(all.into_iter().collect())
}

/// Items as an option names them; none are all.
pub(super) fn items(text: Option<&str>) -> Result<Vec<u32>, Failure> {
    let read = text.map(numbers).transpose().map_err(|why| Failure::new(Exit::Usage, why))?;
    Ok(read.unwrap_or_default())
}

/// A word of a closed list, with hyphens too and in any case; `case` gives it the one that the list is in.
pub(super) fn word<T: FromStr<Err = CertificateError>>(text: &str, case: fn(&str) -> String) -> Result<T, String> {
    case(text.trim()).replace('-', "_").parse().map_err(|error: T::Err| error.to_string())
}

/// What an option is, with all that it may be.
pub(super) fn one_of<'a>(what: &str, words: impl IntoIterator<Item = &'a str>) -> String {
    format!("{what}: {}", words.into_iter().collect::<Vec<_>>().join(", "))
}

/// An agreement's code, in any case.
pub(super) fn agreement(text: &str) -> Result<AgreementCode, String> {
    text.to_ascii_uppercase().parse().map_err(|error: CertificateError| error.to_string())
}

/// An office's code, in any case.
pub(super) fn office(text: &str) -> Result<OfficeCode, String> {
    text.to_ascii_uppercase().parse().map_err(|error: CertificateError| error.to_string())
}

/// A country's code, in any case.
pub(super) fn country(text: &str) -> Result<Country, String> {
    text.to_ascii_uppercase().parse().map_err(|error: CertificateError| mended(error, "two letters, such as KE"))
}

/// A unit's code, in any case where it is one in trade use: `kg` is none, and is not taken for one by its letters.
pub(super) fn unit(text: &str) -> Result<UnitCode, String> {
    match text.parse::<UnitCode>() {
        Ok(unit) => Ok(unit),
        Err(error @ CertificateError::Code { help: Some(_), .. }) => Err(mended(error, "")),
        Err(error) => {
            let capitals = text.to_ascii_uppercase().parse::<UnitCode>().ok();
            let in_use = capitals.filter(|unit| unit.name().is_some());
            in_use.ok_or_else(|| mended(error, "H87 is a piece, TNE a tonne"))
        }
    }
}

/// What is wrong with a code, and what was meant; where nobody can say that, how such a code is written.
fn mended(error: CertificateError, written: &str) -> String {
    match error {
        CertificateError::Code { why, help: Some(help), .. } => format!("{why}; {help}"),
        other => format!("{other}; {written}"),
    }
}

/// What is believed: the trust list, and the anchor it is opened with.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Trust {
    /// The trust list, a signed note
    #[arg(long, value_name = "FILE", env = "ORIGIN_TRUST")]
    trust: PathBuf,
    /// The anchor the trust list is opened with: the federation's signers, known by another road
    #[arg(long, value_name = "FILE", env = "ORIGIN_ANCHOR")]
    anchor: PathBuf,
}

impl Trust {
    /// Opens the list under its anchor.
    pub(super) fn open(&self) -> Result<TrustList, Failure> {
        open_trust(&self.trust, &self.anchor)
    }
}

/// Reads an anchor.
pub(super) fn open_anchor(path: &std::path::Path) -> Result<Anchor, Failure> {
    let text = files::read_text(path, MAX_ANCHOR_BYTES, Exit::Configuration)?;
    Anchor::from_toml(&text).map_err(|error| {
        Failure::new(Exit::Configuration, error.to_string().trim_end()).note(format!("in {}", path.display()))
    })
}

/// Opens a trust list under an anchor; nothing of one that fails is used.
pub(super) fn open_trust(list: &std::path::Path, anchor: &std::path::Path) -> Result<TrustList, Failure> {
    let opened = open_anchor(anchor)?;
    let note = files::read_text(list, MAX_LIST_BYTES, Exit::Configuration)?;
    TrustList::open(&note, &opened, None).map_err(|error| {
        Failure::new(Exit::Configuration, format!("the trust list is not accepted: {error}"))
            .note(format!("the list is {}, the anchor {}", list.display(), anchor.display()))
            .help(format!("see what the list says of itself: origin trust show {}", list.display()))
    })
}

/// Where keys are and what opens them.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Keys {
    /// The folder of key files
    #[arg(long, value_name = "DIR", default_value = "keys")]
    pub(super) keys: PathBuf,
    /// The file whose one line opens the keys, readable by its owner alone; `-` is standard input
    #[arg(long, value_name = "FILE")]
    passphrase_file: Source,
}

impl Keys {
    /// Reads the passphrase.
    pub(super) fn passphrase(&self) -> Result<Passphrase, Failure> {
        passphrase(&self.passphrase_file)
    }

    /// Opens the folder, which must be there.
    pub(super) fn open(&self) -> Result<KeyStore, Failure> {
        KeyStore::open(&self.keys, self.passphrase()?).map_err(key_failure)
    }
}

/// Reads a passphrase.
pub(super) fn passphrase(source: &Source) -> Result<Passphrase, Failure> {
    let read = match source {
        Source::Stdin => {
            let bytes = zeroize::Zeroizing::new(source.read(PASSPHRASE_BYTES)?);
            Passphrase::from_bytes(&bytes)
        }
        Source::File(path) => Passphrase::from_file(path),
    };
    read.map_err(key_failure)
}

/// A key that cannot be used is a matter of configuration.
pub(super) fn key_failure(error: crate::keys::KeyError) -> Failure {
    use crate::keys::KeyError as E;
    let failure = Failure::new(Exit::Configuration, &error);
    match error {
        E::WrongPassphrase(_) => failure.help("all keys of one folder have one passphrase; see --passphrase-file"),
        _ => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_that_there_is_not_is_told_from_a_date_that_is_written_otherwise() {
        assert!(date("2026-02-28").is_ok());
        for none in ["2026-02-30", "2026-13-01", "2027-02-29"] {
            assert_eq!(date(none), Err("there is no such day".to_owned()), "{none}");
            assert_eq!(instant(&format!("{none}T10:00:00Z")), Err("there is no such day".to_owned()), "{none}");
        }
        for otherwise in ["30.02.2026", "2026-2-28", "today", "20260228", ""] {
            assert_eq!(date(otherwise), Err("a date is written YYYY-MM-DD".to_owned()), "{otherwise}");
        }
    }

    #[test]
    fn a_length_of_time_has_a_unit() {
        assert_eq!(seconds("36h"), Ok(129_600));
        assert_eq!(seconds("7d"), Ok(604_800));
        assert_eq!(seconds("90min"), Ok(5_400));
        assert_eq!(seconds("0s"), Ok(0));
        for wrong in ["", "7", "d", "-1d", "1.5h", "7 d", "99999999999999999999s", "9999999999999999999d"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_list_shows_one_row_or_more() {
        assert_eq!((rows("1"), rows("500")), (Ok(1), Ok(500)));
        for wrong in ["0", "-1", "", "all", "1.5"] {
            assert!(rows(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn items_are_named_one_by_one_and_in_ranges() {
        assert_eq!(numbers("2"), Ok(vec![2]));
        assert_eq!(numbers("5,1-3"), Ok(vec![1, 2, 3, 5]));
        assert_eq!(numbers("1-500").map(|all| all.len()), Ok(500));
        for wrong in ["", "0", "1,", "3-1", "1,1", "1-3,2", "x", "-1", "1-", "1-501", "1-4294967295"] {
            assert!(numbers(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_country_and_an_office_are_named_by_their_codes_in_any_case() {
        for same in ["khi", "Khi", "KHI"] {
            assert_eq!(office(same).map(|one| one.to_string()), Ok("KHI".to_owned()), "{same}");
        }
        for same in ["ke", "Ke", "KE"] {
            assert_eq!(country(same).map(|one| one.to_string()), Ok("KE".to_owned()), "{same}");
        }
        for wrong in ["", "KEN", "Kenya", "XX", "ｋｅ"] {
            assert!(country(wrong).unwrap_err().ends_with("two letters, such as KE"), "{wrong}");
        }
        assert!(country("uk").unwrap_err().ends_with("did you mean `GB`?"));
    }

    #[test]
    fn a_unit_is_named_by_its_code_in_any_case_and_no_abbreviation_becomes_another_code() {
        for (written, code) in [("h87", "H87"), ("Kgm", "KGM"), ("xct", "XCT"), ("KGM", "KGM"), ("ZZ", "ZZ")] {
            assert_eq!(unit(written).map(|one| one.to_string()), Ok(code.to_owned()), "{written}");
        }
        assert!(unit("kg").unwrap_err().ends_with("did you mean `KGM`?"));
        for wrong in ["", "zz", "pieces of", "4"] {
            assert!(unit(wrong).unwrap_err().ends_with("H87 is a piece, TNE a tonne"), "{wrong}");
        }
    }

    #[test]
    fn an_identifier_is_taken_in_small_letters() {
        let written = "01KB3D9M8000000000000000AB";
        for same in [written, "01kb3d9m8000000000000000ab", "01Kb3d9m8000000000000000aB"] {
            assert_eq!(jti(same).map(|one| one.to_string()), Ok(written.to_owned()), "{same}");
        }
        for wrong in ["", "01kb3d9m8000000000000000a", "81kb3d9m8000000000000000ab", "01kb3d9m8000000000000000au"] {
            assert!(jti(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_authority_is_named_by_its_url_or_its_host() {
        for same in
            ["https://tdap.gov.pk", "TDAP.gov.pk", "HTTPS://TDAP.GOV.PK", "HTTPS://tdap.gov.pk/", "tdap.gov.pk/"]
        {
            assert_eq!(issuer(same), issuer("tdap.gov.pk"), "{same}");
        }
        assert!(issuer("tdap.gov.pk").is_ok());
        for wrong in ["https://tdap.gov.pk/x", "https://tdap.gov.pk//", "http://tdap.gov.pk", "tdap", "https://", ""] {
            let refused = issuer(wrong).unwrap_err();
            assert!(refused.starts_with(&format!("`{wrong}` is not")) && refused.contains("whole host"), "{refused}");
        }
    }
}
