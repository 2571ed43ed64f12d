//! `origin liaison reply`: in full, in part, with more time, or with a question.

use super::answer::{self, Answer, AnswersFile};
use crate::{
    api::client::{wire, within_deadline},
    cli::{
        Outcome, arguments,
        certificate::Request,
        console::{Colour, Console, Exit, Failure},
        customs::shown::{notice_lines, notices_described},
        enquiry::document::Documents,
        files::Source,
        forms,
        remote::date_to_wire,
    },
    statement::{Jti, ReplyAct},
    time::Date,
};
use serde_json::json;
use std::process::ExitCode;

/// What the reply does.
#[derive(Debug, Clone, clap::Args)]
#[group(required = true, multiple = false)]
struct Does {
    /// All that was asked is answered
    #[arg(long)]
    full: bool,
    /// Some certificates are answered
    #[arg(long)]
    partial: bool,
    /// Take more time, until this day, as the agreement allows
    #[arg(long, value_name = "DATE", value_parser = arguments::date)]
    extend_until: Option<Date>,
    /// Ask for a clarification, in these words
    #[arg(long, value_name = "TEXT")]
    ask: Option<String>,
}

/// Answer an enquiry: in full, in part, with more time, or with a question; what is signed stays for ever
///
/// Certificates are answered by their place in the enquiry, as `origin liaison show` numbers them.
#[derive(Debug, clap::Args)]
pub(super) struct Reply {
    /// The enquiry's identifier, 26 characters
    #[arg(value_name = "JTI", value_parser = arguments::jti)]
    enquiry: Jti,
    #[command(flatten)]
    does: Does,
    /// An answer: `1=valid`, `2-4=not_valid:WORDS`, `5=not_issued` of a number that was not given, or
    /// `6=partly_valid:1+,2-` where item 1 holds and item 2 does not. May be given several times
    #[arg(long = "answer", value_name = "PLACES=FINDING")]
    answers: Vec<Answer>,
    /// Answers from a file, TOML or JSON, with words on each item; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "answers")]
    file: Option<Source>,
    /// With --partial: the day by which the rest is answered
    #[arg(
        long,
        value_name = "DATE",
        value_parser = arguments::date,
        conflicts_with_all = ["full", "extend_until", "ask"]
    )]
    rest_by: Option<Date>,
    /// Words on the whole
    #[arg(long, value_name = "TEXT", conflicts_with = "ask")]
    words: Option<String>,
    #[command(flatten)]
    documents: Documents,
    /// Only judge the answer and show what is to be known of it; nothing is signed
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    request: Request,
}

impl Reply {
    pub(super) fn run(self, console: Console) -> Outcome {
        let answers = self.answers()?;
        let act = self.act();
        let documents = self.documents.to_wire()?;
        let words = self.does.ask.or(self.words).unwrap_or_default();
        let reply_by = self.does.extend_until.or(self.rest_by).map(date_to_wire);
        let (jti, only_ask) = (self.enquiry.to_string(), self.dry_run);
        let answer = self.request.ask(console, async |connection, request_id| {
            let act = act.to_string();
            let request =
                wire::ReplyEnquiryRequest { request_id, jti, act, reply_by, words, answers, documents, only_ask };
            connection.liaison().reply_enquiry(within_deadline(request)).await
        })?;
        if console.is_json() {
            let notices = notices_described(&answer.notices);
            console.data(json!({ "jti": answer.jti, "act": act.as_str(), "late": answer.late, "notices": notices }));
            return Ok(ExitCode::SUCCESS);
        }
        let late = console.paint(Colour::Red, "; LATE: the day it was due is over");
        console.data(format!("{}{}", done(act, &answer.jti), if answer.late { late.as_str() } else { "" }));
        notice_lines(console, &answer.notices);
        Ok(ExitCode::SUCCESS)
    }

    const fn act(&self) -> ReplyAct {
        match &self.does {
            Does { full: true, .. } => ReplyAct::Full,
            Does { partial: true, .. } => ReplyAct::Partial,
            Does { extend_until: Some(_), .. } => ReplyAct::Extended,
            Does { .. } => ReplyAct::ClarificationAsked,
        }
    }

    /// A reply in full or in part answers about certificates, and no other does.
    fn answers(&self) -> Result<Vec<wire::SubjectAnswer>, Failure> {
        let (answers, exit) = match &self.file {
            Some(source) => (forms::read::<AnswersFile>(source)?.into_wire()?, Exit::Failed),
            None => (answer::of_options(&self.answers), Exit::Usage),
        };
        let (answered, asked) = (!answers.is_empty(), matches!(self.act(), ReplyAct::Full | ReplyAct::Partial));
        if asked && !answered {
            let why = "a reply in full or in part says what is found of each certificate";
            return Err(Failure::new(exit, why).help("--answer 1=valid, or --file FILE"));
        }
        if answered && !asked {
            return Err(Failure::new(exit, "answers go with --full or --partial, and with nothing else"));
        }
        answer::check(&answers, exit)?;
        Ok(answers)
    }
}

/// What became of it. A node that does not know dry runs has signed it, and its statement is named.
fn done(act: ReplyAct, jti: &str) -> String {
    match jti {
        "" => format!("a dry run: the reply ({act}) would be taken, and nothing is signed"),
        jti => format!("{act} by statement {jti}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        reply: Reply,
    }

    fn reply(more: &[&str]) -> Result<Reply, clap::Error> {
        let begin = ["x", "01KB3D9M8000000000000000AB", "--node", "localhost:1", "--token-file", "t"];
        Line::try_parse_from(begin.iter().chain(more)).map(|line| line.reply)
    }

    #[test]
    fn a_reply_does_one_thing() {
        assert_eq!(reply(&["--full", "--answer", "1=valid"]).unwrap().act(), ReplyAct::Full);
        assert_eq!(reply(&["--partial", "--rest-by", "2027-01-31"]).unwrap().act(), ReplyAct::Partial);
        assert_eq!(reply(&["--extend-until", "2027-01-31"]).unwrap().act(), ReplyAct::Extended);
        assert_eq!(reply(&["--ask", "Which consignment?"]).unwrap().act(), ReplyAct::ClarificationAsked);
        for wrong in
            [&[][..], &["--full", "--partial"], &["--full", "--rest-by", "2027-01-31"], &["--ask", "?", "--words", "!"]]
        {
            assert!(reply(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_dry_run_is_of_any_reply_and_asked_for() {
        let full = ["--full", "--answer", "1=not_issued"];
        assert!(!reply(&full).unwrap().dry_run);
        assert!(reply(&[&full[..], &["--dry-run"]].concat()).unwrap().dry_run);
        assert!(reply(&["--extend-until", "2027-01-31", "--dry-run"]).unwrap().dry_run);
        assert!(done(ReplyAct::Full, "").ends_with("the reply (full) would be taken, and nothing is signed"));
        assert_eq!(done(ReplyAct::Full, "01KB"), "full by statement 01KB");
    }

    #[test]
    fn an_enquiry_is_named_in_small_letters_too() {
        let begin = ["x", "01kb3d9m8000000000000000ab", "--node", "localhost:1", "--token-file", "t"];
        let line = Line::try_parse_from(begin.iter().chain(&["--ask", "Which?"])).unwrap();
        assert_eq!(line.reply.enquiry.to_string(), "01KB3D9M8000000000000000AB");
    }

    #[test]
    fn answers_go_with_a_reply_that_answers() {
        assert!(reply(&["--full"]).unwrap().answers().is_err());
        assert!(reply(&["--extend-until", "2027-01-31", "--answer", "1=valid"]).unwrap().answers().is_err());
        let answered = reply(&["--partial", "--answer", "1-2=valid", "--answer", "4=not_valid:Never issued"]).unwrap();
        assert_eq!(answered.answers().unwrap().len(), 3);
    }
}
