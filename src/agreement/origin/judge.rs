//! Every item of a certificate against every rule it may meet, on both bases.

use super::{
    claim,
    evaluate::{Bench, Working},
    ledger::Ledger,
    outcome::{Answer, ItemOrigin, Line, OriginJudgement, Outcome, RuleResult, Support},
    place,
    rate_day::RateOn,
    rates::Rates,
    rules::{EditionRules, OriginRule, ProductRules},
    standing::Parties,
    statement,
};
use crate::{
    agreement::{edition::Edition, figure::Known, load::Agreement},
    certificate::{ContentBasis, Finding, Findings, Item, Particulars},
    production::{Basis, ItemProduction, Production},
    time::Date,
};

impl Agreement {
    /// Judges how the goods were made by the rules of origin in force on `on`, the civil date at the issuing office;
    /// amounts are converted at the rates of the day the rules name, else of that day. Findings stand at the paths of the particulars, or of the
    /// declaration under `production`.
    #[must_use]
    pub fn judge_origin(
        &self,
        particulars: &Particulars,
        production: &Production,
        rates: &Rates,
        on: Date,
    ) -> OriginJudgement {
        let mut findings = Findings::default();
        // What there is to say of the edition and of its form is said by `judge`.
        let edition = self.edition_judging(particulars, on, &mut Findings::default());
        let form = edition.and_then(|edition| Self::form_judging(edition, particulars, &mut Findings::default()));
        let rules = edition.zip(self.rules.as_ref()).and_then(|(edition, rules)| rules.of(edition));
        not_on_the_certificate(production, particulars, &mut findings);
        let Some((edition, rules)) = edition.zip(rules) else {
            let message = format!(
                "the rules of origin of {} in force on {on} are not held here, so whether the goods originate was not judged",
                self.code
            );
            findings.push(Finding::unknown("ORIGIN_RULES", "agreement", message));
            let items = particulars.goods.items.iter().map(|item| unjudged(item.number)).collect();
            place::on_form(form, None, &mut findings);
            return OriginJudgement { items, findings };
        };
        statement::in_force(production, on, &mut findings);
        let parties = Parties { agreement: self, edition, from: particulars.from };
        let values = particulars.commercial.as_ref().map(|c| c.item_values.as_slice()).unwrap_or_default();
        let court = Court { parties, edition, rules, on };
        let rates = RateOn::of(rates, rules, particulars, on, self.code.as_str());
        let mut converted = false;
        let mut items = Vec::new();
        for (index, item) in particulars.goods.items.iter().enumerate() {
            let path = format!("goods.items[{index}].criterion");
            let Some(declared) = production.item(item.number) else {
                let message =
                    format!("how item {} was made is not declared, so its origin was not judged", item.number);
                findings.push(Finding::unknown("PRODUCTION", "production.items", message));
                items.push(unjudged(item.number));
                continue;
            };
            let ledger = Ledger::of(declared, item, values, &rates);
            let place = production.items.iter().position(|one| one.item == item.number).unwrap_or_default();
            let declared_at = format!("production.items[{place}]");
            if let Err(unlike) = &ledger.part {
                findings.push(unlike.finding(format!("{declared_at}.per")));
            }
            statement::agrees(&production.cost_statements, &ledger, &mut findings);
            value_stated(&ledger, &declared_at, &mut findings);
            findings.0.extend(court.parties.too_little(declared, &declared_at));
            let mut judged = court.judge(item, &ledger);
            let open = court.open(&judged, item.hs.is_some());
            claim::say(&judged, item.criterion.as_ref(), self.code.as_str(), open.as_deref(), &path, &mut findings);
            // Where no rule shown says what keeps it from being known, that stands above them.
            if let Some(text) = open {
                judged.figures.insert(0, Line { depth: 0, text, answer: None });
            }
            converted |= ledger.converted();
            items.push(judged);
        }
        if let Some(doubt) = rates.doubt().filter(|_| converted) {
            findings.push(doubt.clone());
        }
        place::on_form(form, Some(rules), &mut findings);
        OriginJudgement { items, findings }
    }
}

fn unjudged(item: u32) -> ItemOrigin {
    ItemOrigin { item, outcome: Outcome::Unknown, supports: None, figures: Vec::new(), rules: Vec::new() }
}

struct Court<'a> {
    parties: Parties<'a>,
    edition: &'a Edition,
    rules: &'a EditionRules,
    on: Date,
}

impl Court<'_> {
    fn judge(&self, item: &Item, ledger: &Ledger<'_>) -> ItemOrigin {
        let code = item.hs.as_ref().map(|hs| &hs.code);
        let working = self.working(ledger.declared);
        let rules = self.rules.rules_for(code, self.on);
        let results: Vec<RuleResult> = rules.iter().map(|rule| self.hold(rule, item, ledger, &working)).collect();
        let basis = self.rules.value_of.value().map_or(Basis::Fob, |value| value.basis());
        ItemOrigin {
            item: item.number,
            outcome: self.outcome(&results, code.is_some()),
            supports: self.support(&results, item),
            figures: ledger.lines(basis),
            rules: results,
        }
    }

    fn hold(&self, rule: &OriginRule, item: &Item, ledger: &Ledger<'_>, working: &Working) -> RuleResult {
        let reckon = |basis: ContentBasis| {
            Bench::new(item, ledger, &self.parties, self.rules, basis, working).reckon(&rule.rule)
        };
        // A range is a range of one edition of the HS: under another, the code may mean other goods.
        let written_in = self.edition.hs.edition.value();
        let other_edition =
            rule.hs.is_some() && written_in.zip(item.hs.as_ref()).is_some_and(|(written, hs)| *written != hs.edition);
        let note = match written_in.filter(|_| other_edition) {
            Some(edition) => Some(format!("the rule is written in HS {edition}, the code of the goods in another")),
            None => rule.note.clone(),
        };
        RuleResult {
            criterion: rule.criterion.clone(),
            hs: rule.hs.clone(),
            rule: rule.rule.clone(),
            article: rule.article.clone(),
            confirmed: rule.confirmed && !other_edition,
            note,
            national: reckon(ContentBasis::National),
            cumulative: reckon(ContentBasis::Cumulative),
        }
    }

    fn outcome(&self, results: &[RuleResult], coded: bool) -> Outcome {
        let answers = |wanted: Answer, result: &RuleResult| result.best().1.answer == wanted;
        if results.iter().any(|result| result.confirmed && answers(Answer::Met, result)) {
            return Outcome::Qualifies;
        }
        let alone = self.alone(results);
        let complete = matches!(self.rules.products_complete.known(), Known::Confirmed(true));
        let certain = coded
            && (alone || complete)
            && !results.is_empty()
            && results.iter().all(|result| result.confirmed && answers(Answer::NotMet, result));
        if certain { Outcome::DoesNotQualify } else { Outcome::Unknown }
    }

    /// Whether there is a rule for the product that takes the place of all others.
    fn alone(&self, results: &[RuleResult]) -> bool {
        matches!(self.rules.product_rules.known(), Known::Confirmed(ProductRules::Instead))
            && results.iter().any(|result| result.hs.is_some())
    }

    /// Why it is not known whether the item qualifies, where none of its rules is met and none open.
    fn open(&self, judged: &ItemOrigin, coded: bool) -> Option<String> {
        let open = |rule: &RuleResult| rule.best().1.answer != Answer::NotMet;
        if judged.outcome != Outcome::Unknown || judged.rules.iter().any(open) {
            return None;
        }
        let code = &self.parties.agreement.code;
        let mut why = Vec::new();
        if judged.rules.is_empty() {
            why.push(format!("no rule of {code} for these goods is held here"));
        } else {
            why.push("none of the rules held here is met".to_owned());
        }
        if !coded {
            why.push("the HS code of the goods is missing, so no rule for the product could be looked up".to_owned());
        }
        let unsure = judged.rules.iter().filter(|rule| !rule.confirmed).map(|rule| format!("`{}`", rule.criterion));
        let unsure = unsure.collect::<Vec<_>>().join(", ");
        if !unsure.is_empty() {
            why.push(format!("the rule of {unsure} is not confirmed"));
        }
        let complete = &self.rules.products_complete;
        if !self.alone(&judged.rules) && !matches!(complete.known(), Known::Confirmed(true)) {
            let note = complete.note().map(|note| format!(" ({note})")).unwrap_or_default();
            why.push(format!(
                "{code} may have a rule for this product that the goods meet: not all of its product rules are held here{note}"
            ));
        }
        Some(why.join("; "))
    }

    /// The criterion claimed if it is met, else the first met: confirmed before unconfirmed.
    fn support(&self, results: &[RuleResult], item: &Item) -> Option<Support> {
        let met = |result: &&RuleResult| result.best().1.answer == Answer::Met;
        let claimed = item.criterion.as_ref().map(|criterion| &criterion.code);
        let result =
            results.iter().filter(met).min_by_key(|result| (claimed != Some(&result.criterion), !result.confirmed))?;
        let (basis, reckoning) = result.best();
        Some(Support {
            criterion: result.criterion.clone(),
            printed: claim::printed(
                self.edition,
                &result.criterion,
                item.hs.as_ref().map(|hs| &hs.code),
                reckoning.percentage,
            ),
            percentage: reckoning.percentage,
            basis,
            met_by: reckoning.met_by,
            de_minimis: reckoning.de_minimis,
            confirmed: result.confirmed,
        })
    }

    /// Whether more was done than operations that never confer origin.
    fn working(&self, declared: &ItemProduction) -> Working {
        let figure = &self.rules.minimal_operations;
        let minimal = figure.value().map(Vec::as_slice).unwrap_or_default();
        let processes = &declared.processes;
        let all_minimal = !processes.is_empty() && processes.iter().all(|process| minimal.contains(&process.code));
        let article = figure.article().map(|article| format!(" ({article})")).unwrap_or_default();
        let say = |answer, text: String| Working { answer, text };
        if declared.minimal_operations_only == Some(true) {
            return say(
                Answer::NotMet,
                format!("only minimal operations are declared, and they confer no origin{article}"),
            );
        }
        if all_minimal {
            let text = format!("every process declared is a minimal operation, and these confer no origin{article}");
            return say(if figure.is_confirmed() { Answer::NotMet } else { Answer::Unknown }, text);
        }
        let beyond = processes.iter().any(|process| !minimal.contains(&process.code)) && figure.is_confirmed();
        if declared.minimal_operations_only == Some(false) || beyond {
            return say(Answer::Met, "more than minimal operations were carried out".to_owned());
        }
        let text = "whether more than minimal operations were carried out is not declared (`minimal_operations_only`)";
        say(Answer::Unknown, text.to_owned())
    }
}

/// What is declared of items that the certificate does not have.
fn not_on_the_certificate(production: &Production, particulars: &Particulars, findings: &mut Findings) {
    let items = &particulars.goods.items;
    for (place, declared) in production.items.iter().enumerate() {
        if items.iter().any(|item| item.number == declared.item) {
            continue;
        }
        let message =
            format!("the certificate has no item {}, so how it was made was held against nothing", declared.item);
        let numbers = items.iter().take(20).map(|item| item.number.to_string()).collect::<Vec<_>>().join(", ");
        let more = if items.len() > 20 { " and more" } else { "" };
        let help = format!("write the number that the item has on the certificate ({numbers}{more}), or leave it out");
        let path = format!("production.items[{place}].item");
        findings.push(Finding::error("NO_SUCH_ITEM", path, message).with_help(help));
    }
}

/// The goods' value on the certificate against the declared price, for one quantity.
fn value_stated(ledger: &Ledger<'_>, declared_at: &str, findings: &mut Findings) {
    for basis in [Basis::Fob, Basis::ExWorks] {
        let Some((stated, declared)) = ledger.stated(basis).zip(ledger.declared_price(basis)) else { continue };
        let (item, name, path) = (ledger.item.number, basis.as_str(), format!("{declared_at}.price"));
        let declared = declared.and_then(|declared| match ledger.currency {
            Some(currency) if currency != stated.currency => Err(format!(
                "it is in {currency}, and by a rate of exchange two prices are seldom the same to the cent"
            )),
            _ => Ok(declared),
        });
        let declared = match declared {
            Ok(declared) => declared,
            Err(why) => {
                let message = format!(
                    "the price declared for item {item} was not held against the {name} value of the certificate, \
                     {stated}: {why}"
                );
                findings.push(Finding::unknown("VALUE_DIFFERS", path, message));
                continue;
            }
        };
        // Where the quantities do not compare, that was said.
        let Ok(on_certificate) = ledger.of_part(stated) else { continue };
        if declared == on_certificate {
            continue;
        }
        let per = ledger.for_what();
        let scaled = if per.is_empty() { per.clone() } else { format!(" ({}{per})", on_certificate.shown(2)) };
        let message = format!(
            "the certificate states {stated} as the {name} value of item {item}{scaled}, and the price declared gives \
             {}{per}",
            declared.shown(2)
        );
        let finding = Finding::error("VALUE_DIFFERS", path, message);
        findings.push(if per.is_empty() {
            finding.with_help("state one value in both places")
        } else {
            finding.with_help("state one value in both; where a price for one piece is rounded, leave `per` out")
        });
    }
}
