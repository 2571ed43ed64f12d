//! A commented file to fill in for an agreement's latest edition.
//!
//! What must be given stands as an empty text, which no member takes: the reader names every one left empty.
//! What may be given stands behind `#`.

use super::{
    criterion::CriterionRule,
    edition::Edition,
    figure::Figure,
    form::{FobPrinted, Form, ProducerNaming, Shows},
    load::Agreement,
    parties::Side,
};
use std::fmt::Display;

impl Agreement {
    /// The file to fill in, as TOML for [`crate::certificate::Particulars::from_toml`].
    #[must_use]
    pub fn template(&self) -> String {
        let mut page = Page::default();
        let Some(edition) = self.editions.last() else { return page.0 };
        let form = edition.forms.iter().find(|form| form.issued_by.is_empty()).or(edition.forms.first());
        let Some(form) = form else { return page.0 };
        self.head(&mut page, edition, form);
        application(&mut page, edition);
        reference(&mut page, edition, form);
        parties(&mut page, edition, form);
        transport(&mut page, form);
        goods(&mut page, edition, form);
        commercial(&mut page, form);
        remarks(&mut page, edition);
        page.0
    }

    fn head(&self, page: &mut Page, edition: &Edition, form: &Form) {
        page.comment(&format!("{}, edition {}", self.title, edition.code));
        page.comment(
            "Fill in every empty text \"\"; take away the # before a line you need. All mistakes are reported",
        );
        page.comment(
            "at once, each with its place. Dates are YYYY-MM-DD; quantities and amounts are text: \"142800.00\".",
        );
        page.figure("usable for", &edition.validity);
        page.blank();
        page.line(&format!("agreement = \"{}\"", self.code));
        if edition.forms.len() > 1 {
            for other in &edition.forms {
                let countries: Vec<String> = other.issued_by.iter().map(ToString::to_string).collect();
                let by = if countries.is_empty() { "any country".to_owned() } else { countries.join(", ") };
                page.comment(&format!("form {}: {} boxes, issued by {by}", other.code, other.boxes.len()));
            }
        }
        page.line(&format!("form = \"{}\"", form.code));
        for other in self.editions.iter().filter(|other| !other.overlaps.is_empty()) {
            page.line(&format!("# edition = \"{}\"  # for some days beside the one in force", other.code));
        }
        let (from, to) = (self.countries(Side::Beneficiary), self.countries(Side::Donor));
        page.line(&format!("from = \"\"  # exporting country: {from}"));
        page.line(&format!("to = \"\"  # importing country: {to}"));
        page.figure("all members are listed", &self.parties.complete);
    }

    /// The countries that stand on one side; where preference goes both ways, all.
    fn countries(&self, side: Side) -> String {
        let one_way = self.parties.is_one_way();
        let members = self.parties.members.iter().filter(|member| !one_way || member.side == Some(side));
        let members: Vec<String> = members.map(|member| member.country.to_string()).collect();
        if members.is_empty() { "ISO 3166-1, such as PK".to_owned() } else { members.join(", ") }
    }
}

fn application(page: &mut Page, edition: &Edition) {
    let late = &edition.retrospective;
    for (what, days) in
        [("goods are shipped", &edition.eligibility.shipped), ("goods are imported", &edition.eligibility.imported)]
    {
        if days.value().is_some() {
            page.figure(&format!("the scheme is for the days on which {what}"), days);
        }
    }
    page.section("application", "asked for by the rules, never printed", None);
    page.figure("a late certificate is counted to the day of", &late.counted_to);
    page.figure("days after shipment without a mark", &late.unmarked_days);
    page.figure("months after shipment in which a certificate may be had", &late.window_months);
    page.figure("the mark, added without your doing", &late.wording);
    page.line("# received_on = \"\"  # the day the application came in");
    page.line("# retrospective_reason = \"\"  # why it is asked for after shipment");
    page.line("# hold = false  # keep it from the importing country, once issued, until its holder consents");
}

fn reference(page: &mut Page, edition: &Edition, form: &Form) {
    page.section("reference", "number, place and office of issue", form.box_of(Shows::Certification));
    for rule in &edition.numbers {
        let countries: Vec<String> = rule.countries.iter().map(ToString::to_string).collect();
        let countries = if countries.is_empty() { "any other country".to_owned() } else { countries.join(", ") };
        page.figure(&format!("numbers of {countries}"), &rule.pattern);
    }
    page.line("# number = \"\"  # only if it was drawn earlier; otherwise the office's series gives it");
    page.line("place = { name = \"\" }  # locode = \"PKLHE\" beside it or instead");
    page.line("office = { code = \"\", body = \"\" }  # the office's code, the issuing body's name");
    page.line("# signatories = [{ role = \"issuing_authority\", name = \"\", title = \"\" }]  # left out: the person whose account issues it");
    page.line("# declaration = { person = \"\", capacity = \"\", means = \"signed_paper\" }  # portal, system, electronic_signature");
    page.line("# [[reference.prior]]  # an earlier certificate this one follows");
    page.line("# relation = \"replaces\"  # true_copy_of, back_to_back_on, cumulates_with");
    page.line("# number = \"\"");
    page.line("# issued_on = \"\"");
    page.line("# country = \"\"");
    page.line("# drawn = [{ item = 1, prior_item = 1, quantity = { value = \"\", unit = \"\" } }]  # what a certificate that rests on it takes of it");
}

fn parties(page: &mut Page, edition: &Edition, form: &Form) {
    page.section("exporter.party", "", form.box_of(Shows::Exporter));
    party(page);
    page.blank();
    page.figure("only registered exporters may apply", &edition.registered_exporter);
    let hash = if edition.registered_exporter.value() == Some(&true) { "" } else { "# " };
    page.line(&format!("{hash}[exporter.registration]"));
    page.line(&format!("{hash}number = \"\""));
    page.line("# valid_until = \"\"");
    page.section("consignee.party", "", form.box_of(Shows::Consignee));
    page.figure("goods may be consigned to order, `consignee.to_order = true`", &form.to_order);
    party(page);
    let Some(number) = form.box_of(Shows::Producer) else { return };
    page.section("producer", "one of the lines below", Some(number));
    let allowed = form.producer.value().map_or(&[][..], Vec::as_slice);
    for naming in allowed {
        page.comment(match naming {
            ProducerNaming::Named | ProducerNaming::Several => {
                "named = [{ name = \"\", address = [\"\"], country = \"\" }]"
            }
            ProducerNaming::Same => "same = true: the exporter is the producer",
            ProducerNaming::OnRequest => "on_request = true, with digest = \"\": told to customs on request",
            ProducerNaming::Absent => "or leave the section out",
        });
    }
    if allowed.is_empty() || allowed.contains(&ProducerNaming::Same) {
        page.line("same = true");
    } else {
        page.line("named = [{ name = \"\", address = [\"\"], country = \"\" }]");
    }
}

fn party(page: &mut Page) {
    page.line("name = \"\"  # as registered");
    page.line("address = [\"\"]  # line by line, without the country");
    page.line("country = \"\"");
    page.line("# ids = [{ scheme = \"NTN\", number = \"\" }]");
    page.line("# other_name = \"\"  # in another script");
}

fn transport(page: &mut Page, form: &Form) {
    page.section("transport", "as far as known", form.box_of(Shows::Transport));
    page.line("departure = { planned = \"\" }  # once they have left: actual = \"\", basis = \"on_board\"");
    page.line("# mode = \"maritime\"  # rail, road, air, mail, multimodal, fixed, inland_water");
    page.line("# means = \"\"  # vessel, flight, train or vehicle");
    page.line("# voyage = \"\"");
    page.line("# loading = { locode = \"\" }");
    page.line("# discharge = { locode = \"\" }");
    page.line("# via = [{ locode = \"\" }]");
    page.line("# transit_countries = [\"\"]");
    page.line("# documents = [{ kind = \"through_bill_of_lading\", number = \"\" }]");
    page.line("# containers = [{ number = \"\", seals = [\"\"] }]");
}

fn goods(page: &mut Page, edition: &Edition, form: &Form) {
    page.blank();
    page.line("# [goods.totals]  # of all items, printed below them");
    page.line("# packages = 1");
    page.line("# gross_weight = { value = \"\", unit = \"KGM\" }");
    page.line("# net_weight = { value = \"\", unit = \"KGM\" }");
    page.section("[goods.items]", "once for each item", form.box_of(Shows::Description));
    page.figure("most items", &form.max_items);
    page.figure("continuation sheets", &form.continuation_sheets);
    page.line("number = 1");
    page.line("description = \"\"  # what identifies the goods");
    page.line("# marks = \"\"");
    page.line("packages = [{ count = 1, kind = \"\" }]  # UN/ECE Recommendation 21, such as CT");
    if form.shows(Shows::HsCode) {
        page.figure("digits of the HS code", &edition.hs.digits);
        page.figure("whose classification", &edition.hs.whose);
        page.figure("HS edition of the agreement's rules", &edition.hs.edition);
        page.line("hs = { code = \"\", edition = \"2022\" }");
    } else {
        page.line("# hs = { code = \"\", edition = \"2022\" }");
    }
    let hash = if form.shows(Shows::Origin) { "" } else { "# " };
    page.line(&format!("{hash}origin = \"\"  # country of origin"));
    if !edition.criteria.is_empty() {
        for rule in &edition.criteria {
            page.comment(&criterion(rule));
        }
        page.comment("beside the code where they were used: accumulation = true, de_minimis = true");
        page.line("criterion = { code = \"\" }");
    }
    page.line("gross_weight = { value = \"\", unit = \"KGM\" }");
    page.line("# net_weight = { value = \"\", unit = \"KGM\" }");
    page.line("# quantities = [{ value = \"\", unit = \"\" }]  # UN/ECE Recommendation 20, such as H87");
}

fn criterion(rule: &CriterionRule) -> String {
    let mut says = format!("{}: {}; printed {}", rule.code, rule.meaning, rule.printed);
    if let Some(countries) = rule.to.value() {
        let countries: Vec<String> = countries.iter().map(ToString::to_string).collect();
        says.push_str("; for goods to ");
        says.push_str(&countries.join(", "));
    }
    if let Some(value) = &rule.value {
        says.push_str("; with percentage = { exact = \"\"");
        if let Some(basis) = rule.bases.first() {
            let others: Vec<&str> = rule.bases.iter().skip(1).map(|basis| basis.as_str()).collect();
            says.push_str(", basis = \"");
            says.push_str(basis.as_str());
            says.push_str("\" or \"");
            says.push_str(&others.join("\" or \""));
            says.push('"');
        }
        says.push_str(" }, ");
        says.push_str(&value.to_string());
    }
    says
}

fn commercial(page: &mut Page, form: &Form) {
    page.section("commercial", "", form.box_of(Shows::Invoices));
    let hash = if form.shows(Shows::Invoices) { "" } else { "# " };
    let amount = if form.shows(Shows::InvoiceValue) { ", amount = { value = \"\", currency = \"\" }" } else { "" };
    let term = if form.shows(Shows::Incoterm) { ", delivery = { incoterm = \"\" }" } else { "" };
    page.line(&format!("{hash}invoices = [{{ number = \"\", date = \"\"{amount}{term} }}]"));
    page.figure("the form shows values free on board", &form.fob);
    if let Some(countries) = form.fob_countries.value() {
        let countries: Vec<String> = countries.iter().map(ToString::to_string).collect();
        page.comment(&format!("only to or from {}", countries.join(", ")));
    }
    let hash = if form.fob.value() == Some(&FobPrinted::Always) { "" } else { "# " };
    page.line(&format!(
        "{hash}item_values = [{{ item = 1, basis = \"fob\", amount = {{ value = \"\", currency = \"\" }} }}]"
    ));
}

fn remarks(page: &mut Page, edition: &Edition) {
    page.blank();
    page.figure("third-party invoicing", &edition.third_party_invoicing.allowed);
    page.line("# [remarks]");
    page.line("# references = [{ kind = \"letter_of_credit\", number = \"\" }]");
    page.line(
        "# third_parties = [{ role = \"invoicing\", party = { name = \"\", address = [\"\"], country = \"\" } }]",
    );
    page.line("# text = \"\"");
}

/// The text so far.
#[derive(Default)]
struct Page(String);

impl Page {
    fn line(&mut self, text: &str) {
        self.0.push_str(text);
        self.0.push('\n');
    }

    fn blank(&mut self) {
        self.0.push('\n');
    }

    /// A comment of one line: data may bring line breaks, which would end it.
    fn comment(&mut self, text: &str) {
        let one_line: Vec<&str> = text.split(char::is_control).collect();
        self.line(&format!("# {}", one_line.join(" ")));
    }

    fn section(&mut self, name: &str, says: &str, number: Option<&crate::certificate::BoxNumber>) {
        self.blank();
        let number = number.map(|number| format!("box {number}"));
        let says: Vec<&str> = number.as_deref().into_iter().chain((!says.is_empty()).then_some(says)).collect();
        let says = if says.is_empty() { String::new() } else { format!("  # {}", says.join(": ")) };
        self.line(&format!("[{name}]{says}"));
    }

    /// What the agreement's data say, with the article.
    fn figure<T: Display>(&mut self, what: &str, figure: &Figure<T>) {
        let article = figure.article().map_or_else(String::new, |article| format!(" [{article}]"));
        self.comment(&format!("{what}: {figure}{article}"));
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        agreement::testing::{agreement, particulars},
        certificate::Particulars,
    };

    /// Gives every empty text of an uncommented line its value, in order of the member's name.
    fn filled(template: &str, values: &[(&str, &str)]) -> String {
        let mut out = template.to_owned();
        for (old, new) in values {
            let at = out.match_indices(old).find(|(at, _)| {
                let start = out[..*at].rfind('\n').map_or(0, |newline| newline + 1);
                !out[start..*at].contains('#')
            });
            let (at, _) = at.unwrap_or_else(|| panic!("`{old}` is not in\n{out}"));
            out.replace_range(at..at + old.len(), new);
        }
        out
    }

    const COMMON: &[(&str, &str)] = &[
        ("place = { name = \"\"", "place = { name = \"Lahore\""),
        ("office = { code = \"\", body = \"\"", "office = { code = \"LHE\", body = \"Authority\""),
        ("name = \"\"  # as", "name = \"Exporter\"  # as"),
        ("address = [\"\"]", "address = [\"Street\"]"),
        ("name = \"\"  # as", "name = \"Consignee\"  # as"),
        ("address = [\"\"]", "address = [\"Street\"]"),
        ("planned = \"\"", "planned = \"2026-11-18\""),
        ("description = \"\"", "description = \"Goods\""),
        ("kind = \"\" }]  # UN", "kind = \"CT\" }]  # UN"),
        ("gross_weight = { value = \"\"", "gross_weight = { value = \"10\""),
    ];

    fn routed(code: &str, from: &str, to: &str, more: &[(&str, &str)]) -> String {
        let template = agreement(code).template();
        let mut text = filled(&template, COMMON);
        let exporter = ("country = \"\"", format!("country = \"{from}\""));
        let consignee = ("country = \"\"", format!("country = \"{to}\""));
        let from = ("from = \"\"", format!("from = \"{from}\""));
        let to = ("to = \"\"  # importing", format!("to = \"{to}\"  # importing"));
        for (old, new) in [from, to, exporter, consignee] {
            text = filled(&text, &[(old, &new)]);
        }
        filled(&text, more)
    }

    #[test]
    fn a_filled_in_template_reads_and_is_judged_good() {
        let hs = ("hs = { code = \"\"", "hs = { code = \"950662\"");
        let invoice = ("number = \"\", date = \"\"", "number = \"1\", date = \"2026-11-10\"");
        let cpfta = routed(
            "CPFTA",
            "PK",
            "CN",
            &[
                hs,
                ("criterion = { code = \"\" }", "criterion = { code = \"WO\" }"),
                invoice,
                ("amount = { value = \"\", currency = \"\" }", "amount = { value = \"10\", currency = \"USD\" }"),
            ],
        );
        let comesa = routed(
            "COMESA",
            "KE",
            "ZM",
            &[
                hs,
                ("criterion = { code = \"\" }", "criterion = { code = \"WO\" }"),
                ("number = \"\"", "number = \"ROO 1\""),
                invoice,
            ],
        );
        let nonpref = routed("NONPREF", "PK", "KE", &[("origin = \"\"", "origin = \"PK\"")]);
        for (code, text) in [("CPFTA", cpfta), ("COMESA", comesa), ("NONPREF", nonpref)] {
            let judgement = agreement(code).judged(&particulars(&text), "2026-11-12".parse().unwrap());
            assert!(judgement.ruling.is_some(), "{}\n{text}", judgement.findings);
        }
    }

    #[test]
    fn what_was_left_empty_is_named() {
        for code in ["CPFTA", "COMESA", "NONPREF"] {
            let template = agreement(code).template();
            let findings = Particulars::from_toml(&template).unwrap_err();
            for path in ["from", "to", "exporter.party.name", "reference.office.code", "goods.items[0].description"] {
                assert!(findings.iter().any(|finding| finding.path == path), "{code} {path}\n{findings}");
            }
            assert!(findings.iter().all(|finding| finding.rule != "TOML"), "{findings}\n{template}");
        }
    }

    #[test]
    fn the_template_says_what_the_agreement_asks_and_how_sure_that_is() {
        let template = agreement("CPFTA").template();
        assert!(template.contains("printed P (unconfirmed)"), "{template}");
        assert!(template.contains("days after shipment without a mark: 15 [Decree on the early harvest of 2006"));
        assert!(template.contains("[exporter.party]  # box 1"));
        assert!(template.contains("\n# signatories = [") && template.contains("\n# [goods.totals]"), "{template}");
        assert!(agreement("COMESA").template().contains("\n[exporter.registration]"));
    }
}
