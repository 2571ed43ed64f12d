//! Every item of a certificate against every rule it may meet, on both bases.

use super::{
    claim,
    evaluate::{Bench, Working},
    ledger::Ledger,
    outcome::{Answer, ItemOrigin, OriginJudgement, Outcome, RuleResult, Support},
    rate_day::RateOn,
    rates::Rates,
    rules::{EditionRules, OriginRule, ProductRules},
    standing::Parties,
    statement,
};
use crate::{
    agreement::{edition::Edition, figure::Known, load::Agreement},
    certificate::{ContentBasis, Finding, Findings, Item, ItemValue, Particulars, ValueBasis},
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
        // What there is to say of the edition is said by `judge`.
        let edition = self.edition_judging(particulars, on, &mut Findings::default());
        let rules = edition.zip(self.rules.as_ref()).and_then(|(edition, rules)| rules.of(edition));
        let Some((edition, rules)) = edition.zip(rules) else {
            let message = format!(
                "the rules of origin of {} in force on {on} are not held here, so whether the goods originate was not judged",
                self.code
            );
            findings.push(Finding::unknown("ORIGIN_RULES", "agreement", message));
            let items = particulars.goods.items.iter().map(|item| unjudged(item.number)).collect();
            return OriginJudgement { items, findings };
        };
        statement::in_force(production, on, &mut findings);
        let parties = Parties { agreement: self, edition, from: particulars.from };
        let values = particulars.commercial.as_ref().map(|c| c.item_values.as_slice()).unwrap_or_default();
        let court = Court { parties, edition, rules, on, values };
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
            statement::agrees(&production.cost_statements, declared, &ledger, &mut findings);
            court.value_stated(production, item, &ledger, &mut findings);
            let judged = court.judge(item, &ledger);
            claim::say(&judged, item.criterion.as_ref(), self.code.as_str(), &path, &mut findings);
            converted |= ledger.converted();
            items.push(judged);
        }
        if let Some(doubt) = rates.doubt().filter(|_| converted) {
            findings.push(doubt.clone());
        }
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
    values: &'a [ItemValue],
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
        let product = results.iter().any(|result| result.hs.is_some());
        let alone = matches!(self.rules.product_rules.known(), Known::Confirmed(ProductRules::Instead)) && product;
        let complete = matches!(self.rules.products_complete.known(), Known::Confirmed(true));
        let certain = coded
            && (alone || complete)
            && !results.is_empty()
            && results.iter().all(|result| result.confirmed && answers(Answer::NotMet, result));
        if certain { Outcome::DoesNotQualify } else { Outcome::Unknown }
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

    /// The goods' value on the certificate against the declared price, where both are in one currency.
    fn value_stated(&self, production: &Production, item: &Item, ledger: &Ledger<'_>, findings: &mut Findings) {
        let place = production.items.iter().position(|declared| declared.item == item.number).unwrap_or_default();
        for (on_form, basis) in [(ValueBasis::Fob, Basis::Fob), (ValueBasis::ExWorks, Basis::ExWorks)] {
            let stated = self.values.iter().find(|value| value.item == item.number && value.basis == on_form);
            let Some(stated) = stated.filter(|value| ledger.currency == Some(value.amount.currency)) else { continue };
            let (Some(declared), Ok(on_certificate)) = (ledger.declared_price(basis), ledger.amount(&stated.amount))
            else {
                continue;
            };
            if declared != on_certificate {
                let message = format!(
                    "the certificate states {} as the {} value of item {}, and the price declared gives {}",
                    stated.amount,
                    basis.as_str(),
                    item.number,
                    declared.shown(2)
                );
                findings.push(Finding::error("VALUE_DIFFERS", format!("production.items[{place}].price"), message));
            }
        }
    }
}
