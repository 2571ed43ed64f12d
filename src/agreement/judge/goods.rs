//! Item by item: criterion, percentage against threshold, HS code, how many items.

use super::{Bench, sourced};
use crate::{
    agreement::{
        criterion::{CriterionRule, ValueRule},
        edition::{HsOwner, PercentPrinted},
        figure::{Figure, Known},
        form::Shows,
        terms::{Cumulation, ItemCap, Mark},
    },
    certificate::{BoxNumber, Criterion, Finding, Item, Percentage, PrintedCriterion, Text},
    encoding::Decimal,
};

impl Bench<'_> {
    /// Judges every item, and says what the form prints for its criterion.
    pub(super) fn goods(&mut self) -> Vec<PrintedCriterion> {
        let particulars = self.particulars;
        self.item_count();
        let mut printed = Vec::new();
        for (index, item) in particulars.goods.items.iter().enumerate() {
            let path = format!("goods.items[{index}]");
            self.hs(item, &path);
            self.origin(item, &path);
            printed.extend(self.criterion(item, &path));
        }
        self.fob();
        printed
    }

    fn item_count(&mut self) {
        let count = self.particulars.goods.items.len();
        // One item breaks no limit, so nothing depends on what the limit is.
        if count <= 1 {
            return;
        }
        let what = format!("whether one certificate may have {count} items");
        let form = self.form;
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let before = self.findings.0.len();
        match self.rely(&form.max_items, "ITEM_COUNT", "goods.items", &what) {
            Some(ItemCap::Certificate(limit)) if count > *limit => {
                let message = format!("{count} items, and one certificate takes at most {limit}");
                let finding = Finding::error("ITEM_COUNT", "goods.items", message);
                let help = match form.continuation_sheets.value() {
                    Some(true) => "a continuation sheet takes no more items: divide them among several certificates",
                    _ => "divide the consignment among several certificates",
                };
                self.contradicts(&form.max_items, finding.with_help(help));
            }
            Some(ItemCap::Sheet(limit)) if count > *limit => {
                let sheets = count.div_ceil((*limit).max(1));
                let what = format!("whether the {sheets} sheets that {count} items need may be one certificate");
                let path = "goods.items";
                if self.rely(&form.continuation_sheets, "CONTINUATION_SHEETS", path, &what) == Some(&false) {
                    let message = format!(
                        "{count} items need {sheets} sheets of {limit}, and this form has no continuation sheet"
                    );
                    let finding = Finding::error("CONTINUATION_SHEETS", path, message)
                        .with_help("divide the consignment among several certificates");
                    self.contradicts(&form.continuation_sheets, finding);
                }
            }
            _ => {}
        }
        // Items are numbered in a box of their own.
        for finding in self.findings.0.iter_mut().skip(before) {
            finding.form_box = form.box_of(Shows::Item).map(ToString::to_string);
        }
    }

    fn hs(&mut self, item: &Item, path: &str) {
        let path = format!("{path}.hs");
        let Some(hs) = &item.hs else {
            if self.form.shows(Shows::HsCode) {
                self.missing_box(Shows::HsCode, &path, "the HS code is missing");
            }
            return;
        };
        let hs_rules = &self.edition.hs;
        let digits = hs.code.as_str();
        if let Some(wanted) = hs_rules.digits.value()
            && u32::try_from(digits.len()).is_ok_and(|given| given < *wanted)
        {
            let message = format!("`{digits}` has {} digits, the form wants {wanted}", digits.len());
            self.contradicts(&hs_rules.digits, Finding::error("HS_DEPTH", format!("{path}.code"), message));
        }
        if self.agreement.preferential {
            let first_of_edition =
                self.first_item_with(|other| other.hs.as_ref().is_some_and(|o| o.edition == hs.edition));
            match hs_rules.edition.known() {
                Known::Confirmed(edition) | Known::Unconfirmed(edition) if *edition != hs.edition => {
                    // Never an error: a difference of classification alone invalidates nothing.
                    let message =
                        format!("the code is of HS {}, the agreement's rules are written in HS {edition}", hs.edition);
                    let help = format!("look the goods up in HS {edition}: the rule of origin follows that code");
                    let finding = Finding::warning("HS_EDITION", format!("{path}.edition"), message).with_help(help);
                    self.push(sourced(&hs_rules.edition, finding));
                }
                Known::Unknown if first_of_edition == Some(item.number) => {
                    let message =
                        format!("whether the agreement's rules are written in HS {} is not known", hs.edition);
                    let finding = Finding::unknown("HS_EDITION", format!("{path}.edition"), message);
                    self.push(sourced(&hs_rules.edition, finding));
                }
                _ => {}
            }
        }
        if let Some(owner) = hs_rules.whose.value() {
            let (country, who) = match owner {
                HsOwner::Importing => (self.particulars.to, "importing"),
                HsOwner::Exporting => (self.particulars.from, "exporting"),
            };
            let national = item.national_codes.iter().find(|code| code.country == country);
            if let Some(national) = national
                && !national.code.as_str().starts_with(hs.code.subheading())
            {
                let message = format!(
                    "`{digits}` differs from the {who} country's own code beside it, `{}`, which decides",
                    national.code
                );
                let finding = Finding::warning("HS_OWNER", format!("{path}.code"), message);
                self.push(sourced(&hs_rules.whose, finding));
            }
        }
    }

    fn origin(&mut self, item: &Item, path: &str) {
        let path = format!("{path}.origin");
        match item.origin {
            None if self.form.shows(Shows::Origin) => {
                self.missing_box(Shows::Origin, &path, "the country of origin is missing");
            }
            Some(origin) if !self.agreement.parties.open && self.agreement.parties.member(origin).is_none() => {
                let (parties, code) = (&self.agreement.parties, &self.agreement.code);
                if parties.complete.value() == Some(&true) {
                    let message = format!("goods of {origin} do not originate in a member of {code}");
                    self.contradicts(&parties.complete, Finding::error("ORIGIN", path, message));
                } else {
                    let message =
                        format!("whether {origin} is a member of {code} is not known: not all are listed here");
                    self.push(sourced(&parties.complete, Finding::unknown("ORIGIN", path, message)));
                }
            }
            Some(origin)
                if self.agreement.preferential
                    && origin != self.particulars.from
                    && !self.particulars.flags().back_to_back =>
            {
                let message =
                    format!("the item originates in {origin}, the certificate is {}'s", self.particulars.from);
                let help = "a certificate on the basis of another country's is a back-to-back one";
                self.push(Finding::warning("ORIGIN", path, message).with_help(help));
            }
            Some(_) | None => {}
        }
    }

    fn criterion(&mut self, item: &Item, path: &str) -> Option<PrintedCriterion> {
        let path = format!("{path}.criterion");
        let rules = &self.edition.criteria;
        let Some(criterion) = &item.criterion else {
            if !rules.is_empty() {
                self.missing_box(
                    Shows::Criterion,
                    &path,
                    &format!("the origin criterion is missing; {}", self.known_criteria()),
                );
            }
            return None;
        };
        if rules.is_empty() {
            let message = format!("{} knows no origin criteria, so none is printed", self.agreement.code);
            self.push(Finding::warning("CRITERION", path, message).with_help("leave the criterion out"));
            return None;
        }
        let Some(rule) = rules.iter().find(|rule| rule.code == criterion.code) else {
            let message = format!("`{}` is not a criterion of {}", criterion.code, self.agreement.code);
            let finding = Finding::error("CRITERION", format!("{path}.code"), message);
            self.push(finding.with_help(self.known_criteria()));
            return None;
        };
        let to = self.particulars.to;
        if rule.to.value().is_some_and(|countries| !countries.contains(&to)) {
            let message = format!("`{}` is not used for {to}", rule.code);
            let finding = Finding::error("CRITERION", format!("{path}.code"), message);
            self.contradicts(&rule.to, finding.with_help(self.known_criteria()));
        }
        self.particular_cases(criterion, &path);
        if rule.product_rule && self.first_item_with(|other| coded(other, rule)) == Some(item.number) {
            self.product_rule(item, &path);
        }
        self.percentage(rule, criterion.percentage.as_ref(), &path);
        self.printed(item, rule, criterion, &path)
    }

    /// Which rule for the product is claimed: whether it is met is judged where the production is declared.
    fn product_rule(&mut self, item: &Item, path: &str) {
        let rules = self.agreement.rules.as_ref().and_then(|rules| rules.of(self.edition));
        let code = item.hs.as_ref().map(|hs| &hs.code);
        let held = rules.zip(code).map(|(rules, code)| rules.products_for(code, self.issued_on)).unwrap_or_default();
        let named: Vec<String> = held.iter().map(|rule| rule.rule.to_string()).collect();
        let message = if named.is_empty() {
            "no rule of the agreement for this product is held here, so whether it is met was not judged".to_owned()
        } else {
            format!("whether the rule for this product, {}, is met follows from how it was made", named.join(" or "))
        };
        self.push(Finding::unknown("PRODUCT_RULE", format!("{path}.code"), message));
    }

    fn known_criteria(&self) -> String {
        let here =
            |rule: &&CriterionRule| rule.to.value().is_none_or(|countries| countries.contains(&self.particulars.to));
        let known: Vec<String> =
            self.edition.criteria.iter().filter(here).map(|rule| format!("{} ({})", rule.code, rule.meaning)).collect();
        format!("one of: {}", known.join("; "))
    }

    /// What makes an item less than plainly originating.
    fn particular_cases(&mut self, criterion: &Criterion, path: &str) {
        let edition = self.edition;
        if criterion.partial_cumulation || criterion.accumulation {
            let (name, says) = if criterion.partial_cumulation {
                ("partial_cumulation", "whether partial cumulation is allowed")
            } else {
                ("accumulation", "whether cumulation is allowed")
            };
            let path = format!("{path}.{name}");
            if let Some(kinds) = self.rely(&edition.cumulation, "CUMULATION", &path, says) {
                let allowed =
                    !kinds.is_empty() && (!criterion.partial_cumulation || kinds.contains(&Cumulation::Partial));
                if !allowed {
                    let message = "the agreement does not allow this cumulation";
                    self.contradicts(&edition.cumulation, Finding::error("CUMULATION", path, message));
                }
            }
        }
        if criterion.de_minimis {
            let path = format!("{path}.de_minimis");
            self.rely(&edition.de_minimis, "DE_MINIMIS", &path, "how much non-originating material is disregarded");
        }
    }

    fn percentage(&mut self, rule: &CriterionRule, percentage: Option<&Percentage>, path: &str) {
        let path = format!("{path}.percentage");
        let (figure, percentage) = match (&rule.value, percentage) {
            (None, None) => return,
            (None, Some(_)) => {
                let message = format!("`{}` needs no percentage, so none is printed", rule.code);
                self.push(Finding::warning("PERCENTAGE", path, message).with_help("leave the percentage out"));
                return;
            }
            (Some(figure), None) => {
                let message = format!("`{}` rests on a percentage, and none is given: {}", rule.code, rule.meaning);
                self.push(sourced(figure, Finding::error("PERCENTAGE", path, message)));
                return;
            }
            (Some(figure), Some(percentage)) => (figure, percentage),
        };
        self.threshold(figure, percentage, &format!("{path}.exact"));
        let path = format!("{path}.basis");
        match percentage.basis {
            None if !rule.bases.is_empty() => {
                let message = "national and cumulative content may print alike, so which one this is must be stated";
                let bases: Vec<&str> = rule.bases.iter().map(|basis| basis.as_str()).collect();
                self.push(
                    Finding::warning("CONTENT_BASIS", path, message).with_help(format!("one of: {}", bases.join(", "))),
                );
            }
            Some(basis) if !rule.bases.is_empty() && !rule.bases.contains(&basis) => {
                let message = format!("content on a {basis} basis is not counted for `{}`", rule.code);
                self.push(sourced(figure, Finding::error("CONTENT_BASIS", path, message)));
            }
            _ => {}
        }
    }

    fn threshold(&mut self, figure: &Figure<ValueRule>, percentage: &Percentage, path: &str) {
        match figure.known() {
            Known::Confirmed(rule) | Known::Unconfirmed(rule) if !rule.is_met_by(percentage.exact) => {
                let message = format!("{} % does not qualify: {rule} is asked", percentage.exact);
                let mut finding = Finding::error("THRESHOLD", path, message);
                finding.help = rule.formula.as_ref().map(|formula| format!("computed as {formula}"));
                self.contradicts(figure, finding);
            }
            Known::Confirmed(_) => {}
            Known::Unconfirmed(rule) => {
                let message =
                    format!("that {} % qualifies rests on a threshold that is not confirmed: {rule}", percentage.exact);
                self.push(sourced(figure, Finding::unknown("THRESHOLD", path, message)));
            }
            Known::Unknown => {
                let message = format!("whether {} % qualifies is not known", percentage.exact);
                self.push(sourced(figure, Finding::unknown("THRESHOLD", path, message)));
            }
        }
    }

    /// What the form prints for the criterion, held against what was brought.
    fn printed(
        &mut self,
        item: &Item,
        rule: &CriterionRule,
        criterion: &Criterion,
        path: &str,
    ) -> Option<PrintedCriterion> {
        let template = match rule.printed.known() {
            Known::Confirmed(template) => template,
            Known::Unconfirmed(template) => {
                if self.first_item_with(|other| coded(other, rule)) == Some(item.number) {
                    let message = format!("that `{}` is printed as `{template}` is not confirmed", rule.code);
                    let finding = Finding::unknown("CRITERION_PRINTED", format!("{path}.code"), message);
                    self.push(sourced(&rule.printed, finding));
                }
                template
            }
            Known::Unknown => {
                if criterion.printed.is_none() {
                    let message = format!("what the form prints for `{}` is not known", rule.code);
                    let finding = Finding::unknown("CRITERION_PRINTED", format!("{path}.printed"), message)
                        .with_help("state what your form prints");
                    self.push(sourced(&rule.printed, finding));
                }
                return None;
            }
        };
        // Without its percentage a template prints nothing; that the percentage is missing was said before.
        let percent =
            criterion.percentage.as_ref().filter(|_| rule.value.is_some()).map(|given| self.percent(given.exact));
        let text = match (&percent, template.contains("{percent}")) {
            (Some(percent), true) => template.replace("{percent}", percent),
            (None, true) => return None,
            (_, false) => template.clone(),
        };
        let heading = item.hs.as_ref().and_then(|hs| hs.code.as_str().get(..4));
        let text = match (heading, text.contains("{heading}")) {
            (Some(heading), true) => text.replace("{heading}", heading),
            (None, true) => {
                let message =
                    format!("`{}` is printed with the heading of the goods, and the HS code is missing", rule.code);
                self.contradicts(
                    &rule.printed,
                    Finding::error("CRITERION_PRINTED", format!("{path}.printed"), message),
                );
                return None;
            }
            (_, false) => text,
        };
        let text = self.with_letters(text, criterion, path);
        if let Some(brought) = &criterion.printed
            && brought.as_str() != text
        {
            let message = format!("`{brought}` is not what the form prints here, which is `{text}`");
            let finding = Finding::error("CRITERION_PRINTED", format!("{path}.printed"), message);
            self.contradicts(&rule.printed, finding.with_help("leave it out, and it is printed as the agreement says"));
        }
        let percentage = percent.map(|percent| format!("{percent}%"));
        self.percentage_printed(criterion, percentage.as_deref(), path);
        let percentage: Option<Text<10>> = percentage.and_then(|text| text.parse().ok());
        match text.parse::<Text<35>>() {
            Ok(criterion) => Some(PrintedCriterion { item: item.number, criterion, percentage }),
            Err(error) => {
                let message = format!("what the agreement's data print here cannot be printed: {error}");
                self.push(Finding::error("CRITERION_PRINTED", format!("{path}.printed"), message));
                None
            }
        }
    }

    /// The criterion with the letters that stand behind it for cumulation and tolerance.
    fn with_letters(&mut self, mut text: String, criterion: &Criterion, path: &str) -> String {
        let marks = &self.edition.marks;
        let cases: [(bool, &str, &Mark); 3] = [
            (criterion.accumulation, "accumulation", &marks.accumulation),
            (criterion.de_minimis, "de_minimis", &marks.de_minimis),
            (criterion.partial_cumulation, "partial_cumulation", &marks.partial_cumulation),
        ];
        for (_, name, mark) in cases.into_iter().filter(|(used, ..)| *used) {
            let Some(letters) = mark.beside_criterion.value() else { continue };
            if !mark.beside_criterion.is_confirmed() {
                let message = format!("that `{letters}` stands behind the criterion is not confirmed");
                let finding = Finding::unknown("CRITERION_PRINTED", format!("{path}.{name}"), message);
                self.push(sourced(&mark.beside_criterion, finding));
            }
            text.push(' ');
            text.push_str(letters);
        }
        text
    }

    fn percentage_printed(&mut self, criterion: &Criterion, expected: Option<&str>, path: &str) {
        let brought = criterion.percentage.as_ref().and_then(|percentage| percentage.printed.as_ref());
        let (Some(brought), Some(expected)) = (brought, expected) else { return };
        if brought.as_str() != expected {
            let figure = &self.edition.percent_printed;
            let message = format!("`{brought}` is not how the percentage is printed, which is `{expected}`");
            self.contradicts(
                figure,
                Finding::error("PERCENTAGE_PRINTED", format!("{path}.percentage.printed"), message),
            );
        }
    }

    /// A percentage as printed, without its sign.
    fn percent(&self, exact: Decimal) -> String {
        let text = exact.to_string();
        match self.edition.percent_printed.value() {
            Some(PercentPrinted::AsStated) => text,
            // Truncated where nothing is known, because a printed percentage must never claim more than the exact one.
            Some(PercentPrinted::Truncated) | None => text.split('.').next().unwrap_or_default().to_owned(),
        }
    }

    /// Number of the first item for which `holds`: what concerns many items alike is said once, there.
    fn first_item_with(&self, holds: impl Fn(&Item) -> bool) -> Option<u32> {
        self.particulars.goods.items.iter().find(|item| holds(item)).map(|item| item.number)
    }

    /// Reports something missing that a box of the form shows.
    pub(super) fn missing_box(&mut self, shows: Shows, path: &str, message: &str) {
        let message = format!("{message}{}", in_box(self.form.box_of(shows)));
        let mut finding = Finding::error("BOX_EMPTY", path, message);
        finding.article.clone_from(&self.form.article);
        if !self.form.confirmed {
            finding.severity = crate::certificate::Severity::Warning;
        }
        self.push(finding);
    }
}

/// ` (box 8)`, where the form has one.
pub(super) fn in_box(number: Option<&BoxNumber>) -> String {
    number.map_or_else(String::new, |number| format!(" (box {number})"))
}

fn coded(item: &Item, rule: &CriterionRule) -> bool {
    item.criterion.as_ref().is_some_and(|criterion| criterion.code == rule.code)
}
