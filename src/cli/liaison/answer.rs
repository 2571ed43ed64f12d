//! Answers about certificates, from options and from files, held to what a statement has to say before any is sent.

use crate::{
    api::client::wire,
    cli::{
        arguments,
        console::{Exit, Failure},
    },
    statement::{SUBJECTS_MAX, SubjectFinding},
};
use serde::Deserialize;
use std::{collections::BTreeSet, str::FromStr};

/// The answer about certificates, as `1=valid`, `2-4=not_valid:WORDS`, `5=not_issued` or `6=partly_valid:1+,2-:WORDS`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    subjects: Vec<u32>,
    finding: SubjectFinding,
    items: Vec<(u32, bool)>,
    words: String,
}

impl FromStr for Answer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("`{text}` answers nothing: 1=valid, 2=not_valid:WORDS, 3=not_issued or 4=partly_valid:1+,2-");
        let (subjects, rest) = text.split_once('=').ok_or_else(wrong)?;
        let (finding, rest) = rest.split_once(':').unwrap_or((rest, ""));
        let finding = word(finding)?;
        let (items, words) = match finding {
            SubjectFinding::PartlyValid => {
                let (items, words) = rest.split_once(':').unwrap_or((rest, ""));
                (marked(items)?, words)
            }
            SubjectFinding::Valid | SubjectFinding::NotValid | SubjectFinding::NotIssued => (Vec::new(), rest),
        };
        Ok(Self { subjects: arguments::numbers(subjects)?, finding, items, words: words.trim().to_owned() })
    }
}

fn word(finding: &str) -> Result<SubjectFinding, String> {
    arguments::word(finding, str::to_ascii_lowercase)
}

/// Items that hold and items that do not: `1+,2-`, or `1-3+,4-`.
fn marked(text: &str) -> Result<Vec<(u32, bool)>, String> {
    let wrong = || format!("`{text}` does not say which items hold: 1+,2- where item 1 holds and item 2 does not");
    let mut items = Vec::new();
    for part in text.split(',') {
        let part = part.trim();
        let (numbers, valid) = match (part.strip_suffix('+'), part.strip_suffix('-')) {
            (Some(numbers), _) => (numbers, true),
            (None, Some(numbers)) => (numbers, false),
            (None, None) => return Err(wrong()),
        };
        items.extend(arguments::numbers(numbers).map_err(|_| wrong())?.into_iter().map(|item| (item, valid)));
    }
    Ok(items)
}

/// What options say.
pub(super) fn of_options(answers: &[Answer]) -> Vec<wire::SubjectAnswer> {
    let one = |answer: &Answer, subject: u32| wire::SubjectAnswer {
        subject,
        finding: answer.finding.to_string(),
        items: answer
            .items
            .iter()
            .map(|(item, valid)| wire::ItemAnswer { item: *item, valid: *valid, words: String::new() })
            .collect(),
        words: answer.words.clone(),
    };
    answers.iter().flat_map(|answer| answer.subjects.iter().map(move |subject| one(answer, *subject))).collect()
}

/// Answers as files have them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AnswersFile {
    answers: Vec<Written>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    subject: u32,
    finding: String,
    #[serde(default)]
    items: Vec<WrittenItem>,
    #[serde(default)]
    words: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenItem {
    item: u32,
    valid: bool,
    #[serde(default)]
    words: String,
}

impl AnswersFile {
    pub(super) fn into_wire(self) -> Result<Vec<wire::SubjectAnswer>, Failure> {
        let read = |one: Written| {
            let finding = word(&one.finding).map_err(|why| {
                Failure::new(Exit::Failed, format!("the answer about certificate {}: {why}", one.subject))
            })?;
            let item = |one: WrittenItem| wire::ItemAnswer { item: one.item, valid: one.valid, words: one.words };
            let items = one.items.into_iter().map(item).collect();
            Ok(wire::SubjectAnswer { subject: one.subject, finding: finding.to_string(), items, words: one.words })
        };
        self.answers.into_iter().map(read).collect()
    }
}

/// Holds answers to what a statement has to say.
pub(super) fn check(answers: &[wire::SubjectAnswer], exit: Exit) -> Result<(), Failure> {
    if answers.len() > SUBJECTS_MAX {
        let why = format!("{} answers where one reply has {SUBJECTS_MAX}", answers.len());
        return Err(Failure::new(exit, why));
    }
    let mut seen = BTreeSet::new();
    for wire::SubjectAnswer { subject, finding, items, .. } in answers {
        let refuse = |why: &str| Err(Failure::new(exit, format!("certificate {subject} {why}")));
        if !seen.insert(*subject) {
            return refuse("is answered twice");
        }
        let mut numbers = BTreeSet::new();
        if items.iter().any(|item| item.item == 0 || !numbers.insert(item.item)) {
            return refuse("has an item that is answered twice, or item 0");
        }
        let mixed = items.iter().any(|item| item.valid) && items.iter().any(|item| !item.valid);
        if mixed != (*finding == SubjectFinding::PartlyValid.as_str()) {
            return refuse("is partly valid where some items hold and some do not, and only there");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::forms;

    fn read(texts: &[&str]) -> Vec<wire::SubjectAnswer> {
        of_options(&texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<Answer>>())
    }

    #[test]
    fn an_answer_names_certificates_a_finding_items_and_words() {
        let answers =
            read(&["1-2=valid", "3=not-valid:Not issued: the number is false", "4=partly_valid:1+,2-3-:See it"]);
        let said = |at: usize| (answers[at].subject, answers[at].finding.as_str(), answers[at].words.as_str());
        assert_eq!(said(1), (2, "valid", ""));
        assert_eq!(said(2), (3, "not_valid", "Not issued: the number is false"));
        assert_eq!(said(3), (4, "partly_valid", "See it"));
        let items = answers[3].items.iter().map(|item| (item.item, item.valid)).collect::<Vec<_>>();
        assert_eq!(items, [(1, true), (2, false), (3, false)]);
        for wrong in
            ["", "1", "=valid", "0=valid", "1=good", "1=partly_valid", "1=partly_valid:1,2", "1=partly_valid:+"]
        {
            assert!(wrong.parse::<Answer>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn answers_that_a_statement_cannot_say_are_not_sent() {
        let refused = |texts: &[&str]| check(&read(texts), Exit::Usage).unwrap_err().sentence().to_owned();
        assert!(refused(&["1-3=valid", "2=not_valid"]).contains("certificate 2 is answered twice"));
        assert!(refused(&["1=partly_valid:1+,2+"]).contains("partly valid"));
        assert!(refused(&["1=partly_valid:1+,1-"]).contains("item"));
        assert!(check(&read(&["1=partly_valid:1+,2-", "2=valid"]), Exit::Usage).is_ok());
    }

    #[test]
    fn a_file_says_words_of_each_item() {
        let text = r#"
            [[answers]]
            subject = 1
            finding = "partly_valid"
            items = [{ item = 1, valid = true }, { item = 2, valid = false, words = "Made in Sri Lanka" }]
        "#;
        let answers = forms::parse::<AnswersFile>(text).unwrap().into_wire().unwrap();
        assert!(check(&answers, Exit::Failed).is_ok());
        assert_eq!(answers[0].items[1].words, "Made in Sri Lanka");
    }
}
