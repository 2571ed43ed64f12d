//! The codes of a certificate held against the lists that held on the day it is issued.

use super::{CodeKind, CodeList, Lists};
use crate::{
    agreement::{edition::Edition, load::Agreement},
    certificate::{Finding, Findings, HsCode, HsEdition, Measure, Particulars, Place, Severity},
    time::Date,
};

/// One check under way.
struct Check<'l> {
    lists: &'l Lists,
    on: Date,
    findings: &'l mut Findings,
}

impl Agreement {
    /// Holds the codes of the certificate against the lists of `on`, the day it is issued, and says so among
    /// `findings`: those of reading and judging it, some of which a list answers. Without lists only the form of the
    /// codes was checked, and that is said.
    pub fn check_codes(&self, particulars: &Particulars, on: Date, lists: &Lists, findings: &mut Findings) {
        let edition = self.edition_judging(particulars, on, &mut Findings::default());
        lists.check(particulars, on, edition.and_then(|one: &Edition| one.hs.edition.value()).copied(), findings);
    }
}

impl Lists {
    /// The same where the agreement is not known: of the edition of a code nothing is said, for its rules may be written in
    /// that one.
    pub fn check_without_rules(&self, particulars: &Particulars, on: Date, findings: &mut Findings) {
        Check { lists: self, on, findings }.codes(particulars);
    }

    /// The same, where `rules_in` is the edition of the HS that the rules of origin are written in.
    pub fn check(&self, particulars: &Particulars, on: Date, rules_in: Option<HsEdition>, findings: &mut Findings) {
        let mut check = Check { lists: self, on, findings };
        check.editions(particulars, rules_in);
        check.codes(particulars);
    }
}

impl Check<'_> {
    fn codes(&mut self, particulars: &Particulars) {
        self.goods(particulars);
        self.places(particulars);
        self.units(particulars);
    }

    fn editions(&mut self, particulars: &Particulars, rules_in: Option<HsEdition>) {
        for (index, item) in particulars.goods.items.iter().enumerate() {
            let Some(hs) = &item.hs else { continue };
            let place = format!("goods.items[{index}].hs.edition");
            self.days(hs, &place, rules_in);
            if let Some(rules_in) = rules_in.filter(|rules_in| *rules_in != hs.edition) {
                self.in_the_rules_edition(hs, &place, rules_in);
            }
        }
    }

    fn goods(&mut self, particulars: &Particulars) {
        let mut absent = Vec::new();
        for (index, item) in particulars.goods.items.iter().enumerate() {
            let Some(hs) = &item.hs else { continue };
            let path = format!("goods.items[{index}].hs.code");
            match self.lists.hs(hs.edition) {
                None if absent.contains(&hs.edition) => {}
                None => {
                    absent.push(hs.edition);
                    let message =
                        format!("no list of HS {} is held here: only the form of the code was checked", hs.edition);
                    self.findings.push(Finding::unknown("HS_LIST", path, message));
                }
                Some(list) if list.get(hs.code.subheading()).is_none() => {
                    // Never an error: a difference of classification alone invalidates nothing.
                    let message = format!("`{}` is not in the list of HS {}", hs.code.subheading(), hs.edition);
                    let finding = Finding::warning("HS_LIST", path, message);
                    self.findings.push(match self.elsewhere(hs) {
                        Some(help) => finding.with_help(help),
                        None => finding,
                    });
                }
                Some(_) => {}
            }
        }
    }

    /// Whether the edition is in force on the day.
    fn days(&mut self, hs: &HsCode, place: &str, rules_in: Option<HsEdition>) {
        let (on, edition) = (self.on, hs.edition);
        let until = self.lists.hs(edition).and_then(|list| list.holds().until);
        let from = self.lists.hs(edition).map_or_else(|| first_day(edition), |list| list.holds().from);
        if on < from {
            let message = format!("HS {edition} is not in force on {on}: it holds from {from} on");
            self.findings.push(Finding::warning("HS_LIST", place, message));
        }
        // Rules of origin are written in one edition for decades: a code of that one is what they ask for.
        if let Some(until) = until.filter(|until| *until < on)
            && rules_in != Some(edition)
        {
            let message = format!("HS {edition} held until {until}");
            let finding = Finding::warning("HS_LIST", place, message);
            let newer = self.lists.of(CodeKind::Hs, on).and_then(edition_of).filter(|newer| *newer != edition);
            self.findings.push(match newer {
                Some(newer) => {
                    let codes = self.lists.became(hs.code.subheading(), edition, newer);
                    let codes = if codes.is_empty() { String::new() } else { format!(": {}", codes.join(", ")) };
                    finding.with_help(format!("on {on} HS {newer} holds{codes}"))
                }
                None => finding,
            });
        }
    }

    /// What the code is in the edition that the rules are written in, beside the finding that there is another.
    fn in_the_rules_edition(&mut self, hs: &HsCode, place: &str, rules_in: HsEdition) {
        let codes = self.lists.became(hs.code.subheading(), hs.edition, rules_in);
        if codes.is_empty() {
            return;
        }
        let said = self.findings.0.iter_mut().find(|one| one.rule == "HS_EDITION" && one.path == place);
        if let Some(finding) = said {
            let help = format!("in HS {rules_in} the goods of `{}` are {}", hs.code.subheading(), codes.join(" or "));
            finding.help = Some(help);
        }
    }

    /// In which edition a code stands that its own does not have, and what became of it.
    fn elsewhere(&self, hs: &HsCode) -> Option<String> {
        let code = hs.code.subheading();
        let mut said = Vec::new();
        let others = self.lists.codes().filter(|list| list.kind() == CodeKind::Hs);
        for other in others.filter(|list| list.get(code).is_some()).filter_map(edition_of) {
            let became = self.lists.became(code, other, hs.edition);
            let became = match became.as_slice() {
                [] => String::new(),
                codes => format!(", which HS {} has as {}", hs.edition, codes.join(", ")),
            };
            said.push(format!("it is a code of HS {other}{became}"));
        }
        (!said.is_empty()).then(|| said.join("; "))
    }

    fn places(&mut self, particulars: &Particulars) {
        let mut places: Vec<(String, &Place)> = vec![("reference.place".to_owned(), &particulars.reference.place)];
        if let Some(transport) = &particulars.transport {
            let ends = [
                ("loading", &transport.loading),
                ("discharge", &transport.discharge),
                ("final_destination", &transport.final_destination),
            ];
            places.extend(
                ends.into_iter()
                    .filter_map(|(name, place)| place.as_ref().map(|place| (format!("transport.{name}"), place))),
            );
            places.extend(transport.via.iter().enumerate().map(|(at, place)| (format!("transport.via[{at}]"), place)));
            for (at, leg) in transport.legs.iter().enumerate() {
                let ends = [("from", &leg.from), ("to", &leg.to)];
                places.extend(ends.into_iter().filter_map(|(name, place)| {
                    place.as_ref().map(|place| (format!("transport.legs[{at}].{name}"), place))
                }));
            }
        }
        let codes = places.into_iter().filter_map(|(path, place)| place.locode.map(|code| (path, code)));
        let mut codes = codes.map(|(path, code)| (format!("{path}.locode"), code)).peekable();
        let Some((first, _)) = codes.peek() else { return };
        let Some(list) = self.lists.of(CodeKind::Locode, self.on) else {
            let message = "no list of UN/LOCODE is held here: only the form of the places' codes was checked";
            self.findings.push(Finding::unknown("LOCODE_LIST", first.clone(), message));
            return;
        };
        for (path, code) in codes {
            match list.get(code.as_str()) {
                None => {
                    let message = format!("`{code}` is not in {}", list.named());
                    self.findings.push(not_covering(list, self.on, Finding::warning("LOCODE_LIST", path, message)));
                }
                Some(found) if found.detail.ends_with("to be removed") => {
                    let message = format!("`{code}` ({}) is to be removed from UN/LOCODE", found.name);
                    self.findings.push(Finding::warning("LOCODE_LIST", path, message));
                }
                Some(_) => {}
            }
        }
    }

    /// What the reader could not say of a unit or a package, because few are held in the program, a list answers.
    fn units(&mut self, particulars: &Particulars) {
        let mut codes: Vec<(String, CodeKind, String)> = Vec::new();
        let unit = |path: String, measure: &Measure| (path, CodeKind::Unit, measure.unit.as_str().to_owned());
        for (index, item) in particulars.goods.items.iter().enumerate() {
            let path = format!("goods.items[{index}]");
            codes.extend(item.packages.iter().enumerate().map(|(at, packages)| {
                (format!("{path}.packages[{at}].kind"), CodeKind::Package, packages.kind.as_str().to_owned())
            }));
            let quantities = item.quantities.iter().enumerate();
            codes.extend(quantities.map(|(at, measure)| unit(format!("{path}.quantities[{at}].unit"), measure)));
            codes.extend(item.gross_weight.iter().map(|one| unit(format!("{path}.gross_weight.unit"), one)));
            codes.extend(item.net_weight.iter().map(|one| unit(format!("{path}.net_weight.unit"), one)));
        }
        if let Some(totals) = &particulars.goods.totals {
            codes.extend(totals.gross_weight.iter().map(|one| unit("goods.totals.gross_weight.unit".to_owned(), one)));
            codes.extend(totals.net_weight.iter().map(|one| unit("goods.totals.net_weight.unit".to_owned(), one)));
        }
        for (path, kind, code) in codes {
            self.unit(path, kind, &code);
        }
    }

    fn unit(&mut self, path: String, kind: CodeKind, code: &str) {
        // A package counted as a unit is `X` and its code of Recommendation 21 (Recommendation 20, annex on packages).
        let package = code.strip_prefix('X').filter(|rest| kind == CodeKind::Unit && rest.len() == 2);
        let kind_of = |kind| self.lists.of(kind, self.on);
        let Some(list) = kind_of(kind) else { return };
        let found = list.get(code).or_else(|| kind_of(CodeKind::Package)?.get(package?));
        let is_its = |one: &Finding| {
            one.path == path && matches!(one.rule.as_str(), "UNIT_CODE_UNKNOWN" | "PACKAGE_CODE_UNKNOWN")
        };
        match found {
            Some(found) => {
                self.findings.0.retain(|one| !is_its(one));
                if found.detail == "deleted" {
                    let message = format!("`{code}` ({}) is deleted from {}", found.name, list.named());
                    self.findings.push(Finding::warning("UNIT_LIST", path, message));
                }
            }
            None => {
                self.findings.0.retain(|one| !is_its(one));
                let message = format!("`{code}` is not in {}", list.named());
                self.findings.push(not_covering(list, self.on, Finding::warning("UNIT_LIST", path, message)));
            }
        }
    }
}

fn edition_of(list: &CodeList) -> Option<HsEdition> {
    list.edition().parse().ok()
}

/// What an edition of other days says is no more than a hint.
fn not_covering(list: &CodeList, on: Date, mut finding: Finding) -> Finding {
    if !list.holds().covers(on) {
        finding.severity = Severity::Unknown;
        finding.help = Some(format!("that list holds {}, and none held here holds on {on}", list.holds()));
    }
    finding
}

/// The day an edition came into force: 1 January of its year.
fn first_day(edition: HsEdition) -> Date {
    let year = edition.as_str().parse().unwrap_or(2012);
    Date::new(year, 1, 1).unwrap_or(Date::ZERO)
}
