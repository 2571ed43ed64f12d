//! Whether the form is filled in a language it takes: by what the particulars say, and by the letters they use.

use super::{Bench, goods::in_box};
use crate::{
    agreement::form::Shows,
    certificate::{Finding, Language, Party},
};

/// Languages of forms that are written in Latin letters.
const LATIN: [&str; 8] = ["en", "fr", "pt", "es", "sw", "id", "ms", "vi"];

impl Bench<'_> {
    pub(super) fn languages(&mut self) {
        let (form, edition) = (self.form, self.edition);
        let figure = if form.languages.value().is_some() { &form.languages } else { &edition.official_languages };
        let Some(allowed) = figure.value() else { return };
        let help = {
            let all: Vec<String> = allowed.iter().map(|language| in_words(language.as_str())).collect();
            format!("write it in {}", all.join(" or "))
        };
        let stated = &self.particulars.reference.languages;
        // Another language beside one of the form's does no harm; alone it does.
        if !stated.is_empty() && !stated.iter().any(|language| allowed.contains(language)) {
            let only = stated.iter().map(|language| format!("`{language}`")).collect::<Vec<_>>().join(", ");
            let message = format!("the form is not filled in {only} alone");
            let finding = Finding::error("LANGUAGE", "reference.languages", message).with_help(&*help);
            self.contradicts(figure, finding);
        }
        if !allowed.iter().all(is_latin) {
            return;
        }
        let mut found: Vec<(String, Shows, &str)> = Vec::new();
        if in_other_letters(&self.particulars.exporter.party) {
            found.push(("exporter.party.name".to_owned(), Shows::Exporter, "the exporter's name"));
        }
        let consignee = self.particulars.consignee.as_ref().and_then(|consignee| consignee.party.as_ref());
        if consignee.is_some_and(in_other_letters) {
            found.push(("consignee.party.name".to_owned(), Shows::Consignee, "the consignee's name"));
        }
        // One description speaks for all of them.
        let items = &self.particulars.goods.items;
        if let Some(index) = items.iter().position(|item| lacks_latin(item.description.as_str())) {
            found.push((format!("goods.items[{index}].description"), Shows::Description, "the description"));
        }
        for (path, shows, what) in found {
            let in_box = in_box(form.box_of(shows));
            let message = format!("{what} stands in other letters than those of the form's language{in_box}");
            self.contradicts(figure, Finding::error("LANGUAGE", path, message).with_help(&*help));
        }
    }
}

/// What a language is called, where it is one that forms are filled in.
fn in_words(language: &str) -> String {
    match language {
        "en" => "English",
        "fr" => "French",
        "pt" => "Portuguese",
        "es" => "Spanish",
        "ar" => "Arabic",
        "zh" => "Chinese",
        "sw" => "Swahili",
        other => return format!("`{other}`"),
    }
    .to_owned()
}

/// Whether the form's language can read neither name of the party.
fn in_other_letters(party: &Party) -> bool {
    lacks_latin(party.name.as_str()) && party.other_name.as_ref().is_none_or(|name| lacks_latin(name.as_str()))
}

/// Whether a text has letters, and not one of the Latin alphabet. Digits and signs alone say nothing.
fn lacks_latin(text: &str) -> bool {
    let latin = |c: char| c.is_ascii_alphabetic() || matches!(c, '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}');
    let mut letters = text.chars().filter(|c| c.is_alphabetic()).peekable();
    letters.peek().is_some() && !letters.any(latin)
}

fn is_latin(language: &Language) -> bool {
    let tongue = language.as_str().split('-').next().unwrap_or_default();
    LATIN.contains(&tongue)
}
