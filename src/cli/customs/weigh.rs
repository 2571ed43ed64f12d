//! `origin customs match`: the lines of a declaration held against a certificate.

use super::{
    balance::{balance_described, balance_lines},
    declaration::DeclarationFile,
    shown::{arrival_described, arrival_line, notice_lines, notices_described},
};
use crate::{
    api::client::{wire, within_deadline},
    cli::{
        Outcome,
        apply::Door,
        console::{Colour, Console, Exit},
        files::Source,
        forms,
        paper::seen::{paper_described, paper_line},
        tree::plain,
    },
};
use serde_json::{Value, json};
use std::process::ExitCode;

/// Hold an import declaration against a certificate: what differs, how much it weighs, and by which article
///
/// Nothing is stored and nothing is decided: the weight of a difference is proposed. `origin customs template` prints
/// the file to fill in.
///
/// Exit code 0: the certificate is here, whatever differs; 3: it is not, or is on paper alone, or a notice says that a
/// write-off is refused, also because less is left than the declaration states.
#[derive(Debug, clap::Args)]
pub(super) struct Match {
    /// The declaration: TOML as `origin customs template` writes it, or JSON; `-` is standard input
    #[arg(value_name = "FILE")]
    file: Source,
    #[command(flatten)]
    door: Door,
}

impl Match {
    pub(super) fn run(self, console: Console) -> Outcome {
        let request = forms::read::<DeclarationFile>(&self.file)?.into_match()?;
        let lines = request.lines.iter().map(|line| line.line).collect::<Vec<_>>();
        let answer = self.door.ask(console, |connection| async move {
            connection.customs().match_declaration(within_deadline(request)).await
        })?;
        if console.is_json() {
            console.data(described(&answer, &lines));
        } else {
            show(console, &answer, &lines);
        }
        Ok(if usable(&answer) { ExitCode::SUCCESS } else { ExitCode::from(Exit::NotValid.code()) })
    }
}

/// Whether it is here, and nothing says that a write-off is refused.
fn usable(answer: &wire::MatchDeclarationResponse) -> bool {
    answer.found && !answer.notices.iter().any(|notice| notice.blocks)
}

const fn weight_word(weight: wire::Weight) -> &'static str {
    match weight {
        wire::Weight::Minor => "minor",
        wire::Weight::Material => "material",
        wire::Weight::Unknown | wire::Weight::Unspecified => "unknown",
    }
}

fn described(answer: &wire::MatchDeclarationResponse, lines: &[u32]) -> Value {
    let difference = |one: &wire::Difference| {
        json!({
            "line": one.line, "item": one.item, "subject": one.subject, "certificate": one.certificate,
            "declaration": one.declaration, "weight": weight_word(one.weight()), "article": one.article,
            "confirmed": one.confirmed, "words": one.words,
        })
    };
    let items = lines.iter().zip(&answer.items).map(|(line, item)| json!({ "line": line, "item": item }));
    json!({
        "found": answer.found,
        "arrival": answer.arrival.as_ref().map(arrival_described),
        "lines": items.collect::<Vec<_>>(),
        "differences": answer.differences.iter().map(difference).collect::<Vec<_>>(),
        "notices": notices_described(&answer.notices),
        "balance": balance_described(&answer.balance),
        "papers": answer.papers.iter().map(paper_described).collect::<Vec<_>>(),
    })
}

fn show(console: Console, answer: &wire::MatchDeclarationResponse, lines: &[u32]) {
    if answer.found {
        arrival_line(console, &answer.arrival.clone().unwrap_or_default());
    } else if !answer.papers.is_empty() {
        answer.papers.iter().for_each(|paper| paper_line(console, paper));
    } else {
        console.data(console.paint(Colour::Red, "the certificate is not known here"));
    }
    let whole = answer.differences.iter().filter(|one| !lines.contains(&one.line)).collect::<Vec<_>>();
    if !whole.is_empty() {
        console.data("the whole declaration");
        differences(console, &whole);
    }
    let held = if answer.found { lines } else { &[] };
    let nothing = no_item(answer.arrival.as_ref().map_or(wire::Delivery::Unspecified, wire::Arrival::delivery));
    for (line, item) in held.iter().zip(answer.items.iter().chain(std::iter::repeat(&0))) {
        let found = answer.differences.iter().filter(|one| one.line == *line).collect::<Vec<_>>();
        let held = match item {
            0 => console.paint(Colour::Red, nothing),
            item => format!("item {item}"),
        };
        let same = if found.is_empty() && *item != 0 { "  nothing differs" } else { "" };
        console.data(format!("line {line}  {held}{same}"));
        differences(console, &found);
    }
    notice_lines(console, &answer.notices);
    balance_lines(console, &answer.balance);
}

/// Why a line was held against no item.
const fn no_item(delivery: wire::Delivery) -> &'static str {
    match delivery {
        wire::Delivery::Erased => "what the certificate says is erased",
        wire::Delivery::Missing | wire::Delivery::Held => "what the certificate says is not here",
        wire::Delivery::Unspecified | wire::Delivery::Complete => "no item of the certificate fits",
    }
}

fn differences(console: Console, all: &[&wire::Difference]) {
    for one in all {
        difference(console, one);
    }
}

fn difference(console: Console, one: &wire::Difference) {
    let word = weight_word(one.weight());
    let weight = match one.weight() {
        wire::Weight::Material => console.paint(Colour::Red, word),
        wire::Weight::Minor => word.to_owned(),
        wire::Weight::Unknown | wire::Weight::Unspecified => console.paint(Colour::Yellow, word),
    };
    let said = |text: &str| if text.is_empty() { "nothing".to_owned() } else { format!("`{}`", plain(text)) };
    let (certificate, declaration) = (said(&one.certificate), said(&one.declaration));
    console
        .data(format!("    {weight}  {}: certificate {certificate}, declaration {declaration}", plain(&one.subject)));
    let sentence = sentence(one);
    if !sentence.is_empty() {
        console.data(format!("        {}", sentence.trim_start()));
    }
}

/// A difference in a sentence, with the article that its weight rests on where the sentence does not name that itself.
fn sentence(one: &wire::Difference) -> String {
    let is_named = one.words.contains(&one.article);
    let rests = match (one.article.as_str(), one.confirmed) {
        ("", _) => String::new(),
        (_, true) if is_named => String::new(),
        (_, false) if is_named => " (not confirmed)".to_owned(),
        (article, true) => format!(" ({})", plain(article)),
        (article, false) => format!(" ({}, not confirmed)", plain(article)),
    };
    format!("{}{rests}", plain(&one.words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_on_paper_alone_ends_as_every_match_that_says_that_a_write_off_is_refused() {
        let notice = |reason: &str, blocks| wire::Notice { reason: reason.to_owned(), blocks, ..Default::default() };
        let here = |notices| wire::MatchDeclarationResponse { found: true, notices, ..Default::default() };
        assert!(usable(&here(vec![notice("ALREADY_USED", false)])));
        assert!(!usable(&here(vec![notice("STATUS_FORBIDS", true)])));
        let papers = vec![wire::PaperCertificate::default()];
        let on_paper = wire::MatchDeclarationResponse { found: false, papers, ..here(vec![notice("ON_PAPER", true)]) };
        assert!(!usable(&on_paper));
    }

    #[test]
    fn an_article_that_the_sentence_names_is_not_named_again() {
        let of = |words: &str, confirmed| {
            let (words, article) = (words.to_owned(), "Decree 162, Rule 15".to_owned());
            sentence(&wire::Difference { words, article, confirmed, ..Default::default() })
        };
        assert_eq!(of("minor by Decree 162, Rule 15", true), "minor by Decree 162, Rule 15");
        assert_eq!(of("minor by Decree 162, Rule 15", false), "minor by Decree 162, Rule 15 (not confirmed)");
        assert_eq!(of("not the same", true), "not the same (Decree 162, Rule 15)");
        assert_eq!(of("not the same", false), "not the same (Decree 162, Rule 15, not confirmed)");
        assert_eq!(
            sentence(&wire::Difference { words: "not the same".to_owned(), ..Default::default() }),
            "not the same"
        );
    }

    #[test]
    fn of_a_certificate_that_is_erased_nobody_reads_that_no_item_fits() {
        assert!(no_item(wire::Delivery::Erased).ends_with("erased"));
        assert_eq!(no_item(wire::Delivery::Complete), "no item of the certificate fits");
    }
}
