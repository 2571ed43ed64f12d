//! `origin enquiry raise`: one question to an issuer, about one certificate or many.

use super::{document::Documents, shown};
use crate::{
    api::client::{Date as WireDate, wire, within_deadline},
    cli::{
        Outcome, arguments,
        certificate::Request,
        console::{Console, Exit, Failure},
        customs::shown::{day, notice_lines, notices_described},
        files::Source,
        forms::{self, Day},
        remote::{date_text, date_to_wire},
    },
    statement::{EnquiryGround, GoodsMeanwhile, Issuer, Jti, SUBJECTS_MAX},
    time::Date,
};
use serde::Deserialize;
use serde_json::json;
use std::process::ExitCode;

/// Ask an issuer about certificates
///
/// One certificate stands in options, many in a file: `[[subjects]]` with `number`, `issued_on`, `items`, `declaration`
/// and, where two certificates bear one number, `jti`. Only a check at random asks without a question; a certificate whose number is not known is shown by a
/// --document.
#[derive(Debug, clap::Args)]
pub(super) struct Raise {
    /// Whom to ask
    #[arg(long, value_name = "AUTHORITY", value_parser = arguments::issuer)]
    to: Issuer,
    #[arg(
        long,
        value_name = "GROUND",
        value_parser = ground,
        help = arguments::one_of("Why it is asked", EnquiryGround::ALL.iter().map(|one| one.as_str()))
    )]
    ground: EnquiryGround,
    /// A certificate, by its number; may be given several times
    #[arg(long = "number", value_name = "NUMBER", required_unless_present = "file", conflicts_with = "file")]
    numbers: Vec<String>,
    /// The date of issue that the one certificate bears
    #[arg(long, value_name = "DATE", value_parser = arguments::date, requires = "numbers")]
    issued_on: Option<Date>,
    /// The items of the one certificate that are asked about, such as `1,3-5` [default: all]
    #[arg(long, value_name = "ITEMS", requires = "numbers")]
    items: Option<String>,
    /// The import declaration that the one certificate was shown with
    #[arg(long, value_name = "NUMBER", requires = "numbers")]
    declaration: Option<String>,
    /// The identifier of the one certificate, where its issuer gave one number twice
    #[arg(long, value_name = "JTI", value_parser = arguments::jti, requires = "numbers")]
    jti: Option<Jti>,
    /// Many certificates, TOML or JSON; `-` is standard input
    #[arg(long, value_name = "FILE")]
    file: Option<Source>,
    /// What is asked
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    question: String,
    #[arg(
        long,
        value_name = "WORD",
        value_parser = goods,
        help = arguments::one_of("What becomes of the goods meanwhile", GoodsMeanwhile::ALL.iter().map(|one| one.as_str()))
    )]
    goods: GoodsMeanwhile,
    /// The article it rests on
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    basis: String,
    /// By which day an answer is asked for; it is due by that day where the agreement says none
    #[arg(long, value_name = "DATE", value_parser = arguments::date)]
    reply_by: Option<Date>,
    /// This authority's own reference
    #[arg(long, value_name = "TEXT")]
    reference: String,
    /// The reply that asked for a clarification, which this enquiry gives
    #[arg(long, value_name = "JTI", value_parser = arguments::jti)]
    clarifies: Option<Jti>,
    #[command(flatten)]
    documents: Documents,
    #[command(flatten)]
    request: Request,
}

fn ground(text: &str) -> Result<EnquiryGround, String> {
    arguments::word(text, str::to_ascii_lowercase)
}

fn goods(text: &str) -> Result<GoodsMeanwhile, String> {
    arguments::word(text, str::to_ascii_lowercase)
}

/// Many certificates, as a file has them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct SubjectsFile {
    subjects: Vec<Subject>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Subject {
    number: String,
    #[serde(default)]
    issued_on: Day,
    #[serde(default)]
    items: Vec<u32>,
    #[serde(default)]
    declaration: String,
    #[serde(default)]
    jti: String,
}

impl SubjectsFile {
    fn into_wire(self) -> Vec<wire::EnquirySubject> {
        let subject = |one: Subject| {
            let Subject { number, issued_on, items, declaration, jti } = one;
            // In a file too an identifier may stand in small letters; whether it is one, the node says.
            let jti = jti.to_ascii_uppercase();
            wire::EnquirySubject { number, issued_on: issued_on.to_wire(), items, declaration, jti }
        };
        self.subjects.into_iter().map(subject).collect()
    }
}

impl Raise {
    pub(super) fn run(self, console: Console) -> Outcome {
        let subjects = match &self.file {
            Some(source) => forms::read::<SubjectsFile>(source)?.into_wire(),
            None => self.named()?,
        };
        if subjects.is_empty() || subjects.len() > SUBJECTS_MAX {
            let why = format!("{} certificates where one enquiry is about 1 to {SUBJECTS_MAX}", subjects.len());
            return Err(Failure::new(Exit::Usage, why));
        }
        self.asks()?;
        let documents = self.documents.to_wire()?;
        let (issuer, reference, question) = (self.to.to_string(), self.reference, self.question);
        let clarifies = self.clarifies.map(|jti| jti.to_string()).unwrap_or_default();
        let answer = self.request.ask(console, async |connection, request_id| {
            let request = wire::RaiseEnquiryRequest {
                request_id,
                issuer,
                reference,
                ground: self.ground.to_string(),
                question,
                goods: self.goods.to_string(),
                subjects,
                documents,
                clarifies,
                basis: self.basis,
                reply_by: self.reply_by.map(date_to_wire),
            };
            connection.customs().raise_enquiry(within_deadline(request)).await
        })?;
        if console.is_json() {
            console.data(json!({
                "jti": answer.jti,
                "reply_due": day(answer.reply_due.as_ref()),
                "notices": notices_described(&answer.notices),
            }));
        } else {
            console.data(format!("asked by statement {}, {}", answer.jti, shown::due(answer.reply_due.as_ref())));
            notice_lines(console, &answer.notices);
        }
        if let Some(said) = other_day(self.reply_by, answer.reply_due.as_ref()) {
            console.message(said);
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Those that options name.
    fn named(&self) -> Result<Vec<wire::EnquirySubject>, Failure> {
        let particulars =
            [self.issued_on.is_some(), self.items.is_some(), self.declaration.is_some(), self.jti.is_some()];
        if particulars.contains(&true) && self.numbers.len() > 1 {
            let why = "--issued-on, --items, --declaration and --jti are about one certificate, and several are named";
            return Err(Failure::new(Exit::Usage, why).help("name many with their particulars in a file: --file FILE"));
        }
        let items = arguments::items(self.items.as_deref())?;
        let subject = |number: &String| wire::EnquirySubject {
            number: number.clone(),
            issued_on: self.issued_on.map(date_to_wire),
            items: items.clone(),
            declaration: self.declaration.clone().unwrap_or_default(),
            jti: self.jti.map(|jti| jti.to_string()).unwrap_or_default(),
        };
        Ok(self.numbers.iter().map(subject).collect())
    }

    /// Whether it says what its ground asks for.
    fn asks(&self) -> Result<(), Failure> {
        if self.ground != EnquiryGround::Random && self.question.is_empty() {
            let why = "only a check at random asks without words";
            return Err(Failure::new(Exit::Usage, why).help("--question TEXT"));
        }
        if self.ground == EnquiryGround::NumberUnknown && self.documents.is_empty() {
            let why = "a certificate that is not known is shown by a scan";
            return Err(Failure::new(Exit::Usage, why).help("--document FILE"));
        }
        Ok(())
    }
}

/// That the answer is due by another day than the one that was asked for.
fn other_day(asked: Option<Date>, due: Option<&WireDate>) -> Option<String> {
    let (asked, due) = (date_to_wire(asked?), due?);
    let said = || {
        let (due, asked) = (date_text(Some(due)), date_text(Some(&asked)));
        format!(
            "note: the agreement says that {due} is the day to answer by; {asked} was asked for, and holds nobody to it"
        )
    };
    (asked != *due).then(said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        raise: Raise,
    }

    fn raise(more: &[&str]) -> Result<Raise, clap::Error> {
        let door = ["x", "--node", "localhost:1", "--token-file", "t"];
        let asks = ["--to", "tdap.gov.pk", "--goods", "released", "--reference", "SH-9"];
        Line::try_parse_from(door.iter().chain(&asks).chain(more)).map(|line| line.raise)
    }

    #[test]
    fn an_enquiry_says_what_its_ground_asks_for() {
        let refused = |more: &[&str]| raise(more).unwrap().asks().unwrap_err().sentence().to_owned();
        assert!(raise(&["--ground", "random", "--number", "1"]).unwrap().asks().is_ok());
        assert!(refused(&["--ground", "authenticity", "--number", "1"]).contains("random"));
        assert!(refused(&["--ground", "number-unknown", "--number", "1", "--question", "?"]).contains("scan"));
        let shown = ["--ground", "number_unknown", "--number", "1", "--question", "?", "--document", "scan.pdf"];
        assert!(raise(&shown).unwrap().asks().is_ok());
        assert!(raise(&["--ground", "doubt", "--number", "1"]).is_err());
    }

    #[test]
    fn that_the_agreement_sets_another_day_than_was_asked_for_is_said() {
        let asked_for = arguments::date("2026-12-01").unwrap();
        let asked = Some(asked_for);
        let day = |day| WireDate { year: 2027, month: 3, day };
        let said = other_day(asked, Some(&day(1))).unwrap();
        assert!(said.contains("that 2027-03-01 is the day to answer by; 2026-12-01 was asked for"), "{said}");
        assert_eq!(other_day(asked, Some(&date_to_wire(asked_for))), None);
        assert_eq!((other_day(None, Some(&day(1))), other_day(asked, None)), (None, None));
    }

    #[test]
    fn particulars_are_of_one_certificate_and_many_stand_in_a_file() {
        let one = raise(&["--ground", "random", "--number", "1", "--items", "1,3", "--declaration", "I-7"]).unwrap();
        let named = one.named().unwrap();
        assert_eq!((named[0].items.as_slice(), named[0].declaration.as_str()), ([1, 3].as_slice(), "I-7"));
        let jti = "01KB3D9M8000000000000000AB";
        for written in [jti, jti.to_ascii_lowercase().as_str()] {
            let told_apart = raise(&["--ground", "random", "--number", "1", "--jti", written]).unwrap();
            assert_eq!(told_apart.named().unwrap()[0].jti, jti, "{written}");
        }
        let text = "[[subjects]]\nnumber = \"1\"\njti = \"01kb3d9m8000000000000000ab\"";
        assert_eq!(forms::parse::<SubjectsFile>(text).unwrap().into_wire()[0].jti, jti, "in a file too");
        let many = raise(&["--ground", "random", "--number", "1", "--number", "2", "--items", "1"]).unwrap();
        assert!(many.named().unwrap_err().sentence().contains("several"));
        assert!(raise(&["--ground", "random", "--number", "1", "--file", "many"]).is_err());
        assert!(raise(&["--ground", "random"]).is_err());
        let text = "[[subjects]]\nnumber = \"1\"\nissued_on = 2026-11-22\n[[subjects]]\nnumber = \"2\"\nitems = [1]";
        let file = forms::parse::<SubjectsFile>(text).unwrap().into_wire();
        assert_eq!(file.iter().map(|one| one.items.len()).collect::<Vec<_>>(), [0, 1]);
    }
}
