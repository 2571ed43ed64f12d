//! A judgement as lines for people.

use crate::{
    agreement::{Answer, ItemOrigin, Line, Outcome, Reckoning, RuleResult},
    certificate::{ContentBasis, Particulars},
    cli::{
        console::{Colour, Console},
        tree::plain,
    },
};

/// Every item: the outcome, the figures, and each rule on each basis.
pub(super) fn items(console: Console, particulars: &Particulars, items: &[ItemOrigin]) {
    for item in items {
        let goods = particulars.goods.items.iter().find(|one| one.number == item.item);
        let name = goods.map_or_else(String::new, |goods| {
            let hs = goods.hs.as_ref().map(|hs| format!("{hs} ")).unwrap_or_default();
            format!("{hs}{}", goods.description)
        });
        console.data(console.paint(Colour::Bold, &format!("item {}: {}", item.item, plain(&name))));
        let colour = match item.outcome {
            Outcome::Qualifies => Colour::Green,
            Outcome::DoesNotQualify => Colour::Red,
            Outcome::Unknown => Colour::Yellow,
        };
        console.data(format!("  {}{}", console.paint(colour, item.outcome.as_str()), supported(item)));
        lines(console, &item.figures, 4);
        for rule in &item.rules {
            told(console, rule);
        }
    }
}

fn supported(item: &ItemOrigin) -> String {
    let Some(support) = &item.supports else { return String::new() };
    let percentage = support.percentage.map(|percent| format!(", {percent} %")).unwrap_or_default();
    let printed = support.printed.as_ref().map(|text| format!("; the form prints `{text}`")).unwrap_or_default();
    let confirmed = if support.confirmed { "" } else { " (not confirmed)" };
    format!(": {}, {} basis{percentage}{}{confirmed}", support.criterion, support.basis, plain(&printed))
}

fn told(console: Console, rule: &RuleResult) {
    let range = rule.hs.as_ref().map(|hs| format!(" for {hs}")).unwrap_or_default();
    let confirmed = if rule.confirmed { "" } else { ", not confirmed" };
    let article = rule.article.as_ref().map(|article| format!(" ({}{confirmed})", plain(article)));
    let article = article.unwrap_or_else(|| if rule.confirmed { String::new() } else { " (not confirmed)".to_owned() });
    console.data(format!("  {}{range}: {}{article}", rule.criterion, rule.rule));
    if rule.national.lines == rule.cumulative.lines {
        reckoned(console, "on either basis", &rule.national);
    } else {
        for basis in [ContentBasis::National, ContentBasis::Cumulative] {
            reckoned(console, &format!("on the {basis} basis"), rule.on(basis));
        }
    }
}

fn reckoned(console: Console, basis: &str, reckoning: &Reckoning) {
    console.data(format!("    {basis}: {}", answer(console, reckoning.answer)));
    lines(console, &reckoning.lines, 6);
    for doubt in &reckoning.doubts {
        console.data(format!("      open: {}", plain(doubt)));
    }
}

fn lines(console: Console, lines: &[Line], indent: usize) {
    for line in lines {
        let end = line.answer.map(|one| format!(": {}", answer(console, one))).unwrap_or_default();
        console.data(format!("{:width$}{}{end}", "", plain(&line.text), width = indent + 2 * line.depth));
    }
}

fn answer(console: Console, answer: Answer) -> String {
    let colour = match answer {
        Answer::Met => Colour::Green,
        Answer::NotMet => Colour::Red,
        Answer::Unknown => Colour::Yellow,
    };
    console.paint(colour, answer.as_str())
}
