//! In what a declaration differs from a certificate, once each line has its item.

use super::{
    Declared, DeclaredLine, Difference, Subject,
    likeness::{Likeness, Wording},
    sums::{Claims, Sums},
    weight::{Kind, Scale},
};
use crate::{
    agreement::{edition::Edition, lists::Lists, terms::Discrepancy},
    certificate::{Certificate, HsEdition, Item},
};
use std::collections::BTreeMap;

/// How a declared code stands to the certified one, at six digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HsRelation {
    /// The same, or what a table says became of it.
    Same,
    /// The certificate shows none, or the declaration.
    NotShown,
    /// Of another edition, and no table says that one became the other; whether the heading is the same.
    OtherEdition(bool),
    /// Of the same edition, and another; whether the heading is the same.
    Differs(bool),
}

/// The edition a declared code belongs to.
fn declared_edition(declared: &Declared) -> Option<HsEdition> {
    declared.hs_edition.or_else(|| HsEdition::in_force_on(declared.date))
}

/// What became of an item's code in the declaration's edition, where that is another and a table says so.
pub(super) fn became(item: &Item, declared: &Declared, lists: &Lists) -> Vec<String> {
    match (&item.hs, declared_edition(declared)) {
        (Some(hs), Some(edition)) if edition != hs.edition => lists.became(hs.code.subheading(), hs.edition, edition),
        _ => Vec::new(),
    }
}

pub(super) fn hs_relation(item: &Item, line: &DeclaredLine, declared: &Declared, became: &[String]) -> HsRelation {
    let (Some(hs), Some(code)) = (&item.hs, &line.tariff_code) else { return HsRelation::NotShown };
    let certified = &hs.code;
    if certified.subheading() == code.subheading() || became.iter().any(|one| one == code.subheading()) {
        return HsRelation::Same;
    }
    let heading = certified.heading() == code.heading();
    if declared_edition(declared) == Some(hs.edition) {
        HsRelation::Differs(heading)
    } else {
        HsRelation::OtherEdition(heading)
    }
}

/// Marks that say there are none.
const NO_MARKS: [&str; 7] = ["NM", "NOMARK", "NOMARKS", "NIL", "NONE", "ASADDRESSED", "INBULK"];

/// A declaration held against a certificate.
struct Bench<'a> {
    certificate: &'a Certificate,
    declared: &'a Declared,
    lists: &'a Lists,
    scale: Scale<'a>,
    found: Vec<Difference>,
}

/// Everything in which the two differ, each line held against its item.
pub(super) fn find(
    certificate: &Certificate,
    declared: &Declared,
    edition: Option<&Edition>,
    lists: &Lists,
    pairing: &[Option<usize>],
) -> Vec<Difference> {
    let mut bench = Bench { certificate, declared, lists, scale: Scale::of(edition), found: Vec::new() };
    bench.date(edition);
    bench.country_of_export();
    bench.importer();
    let mut sums: BTreeMap<usize, Sums<'_>> = BTreeMap::new();
    for (line, at) in declared.lines.iter().zip(pairing) {
        bench.invoice(line);
        let Some((at, item)) = at.and_then(|at| certificate.goods.items.get(at).map(|item| (at, item))) else {
            bench.no_item(line);
            continue;
        };
        bench.line(line, item);
        sums.entry(at).or_default().add(line.line, &Claims::of(item, line));
    }
    for (at, sums) in &sums {
        if let Some(item) = certificate.goods.items.get(*at) {
            bench.sums(item, sums);
        }
    }
    let mut found = bench.found;
    found.sort();
    found
}

impl Bench<'_> {
    fn say(
        &mut self,
        (line, item): (Option<u32>, Option<u32>),
        subject: Subject,
        (certificate, declaration): (impl ToString, impl ToString),
        kind: Kind,
        words: &str,
    ) {
        let weighed = self.scale.weigh(kind);
        self.found.push(Difference {
            line,
            item,
            subject,
            certificate: certificate.to_string(),
            declaration: declaration.to_string(),
            weight: weighed.weight,
            article: weighed.article,
            confirmed: weighed.confirmed,
            words: format!("{words}; {}", weighed.tail),
        });
    }

    /// Beyond its last day it is late, and what the agreement says of that goes with it. Before its first day it was
    /// issued after the goods came in.
    fn date(&mut self, edition: Option<&Edition>) {
        let (certificate, date) = (self.certificate, self.declared.date);
        if let Some(last) = certificate.valid_until.filter(|last| *last < date) {
            let words = format!("the declaration is of {date}, and the certificate could be used until {last}");
            self.say((None, None), Subject::Date, (format!("until {last}"), date), Kind::Beyond, &words);
            let late = edition.map(|edition| &edition.late_presentation);
            if let (Some(late), Some(difference)) = (late, self.found.last_mut())
                && let Some(taken) = late.value()
            {
                let article = late.article().unwrap_or("the agreement");
                let taken = taken.as_str().replace('_', " ");
                let unconfirmed = if late.is_confirmed() { "" } else { ", which is not confirmed" };
                difference.words = format!("{words}; by {article} late presentation is: {taken}{unconfirmed}");
                difference.article = late.article().map(str::to_owned);
                difference.confirmed = late.is_confirmed();
            }
        }
        let first = certificate.valid_from;
        if date < first {
            let words = format!("the declaration is of {date}, and the certificate can be used from {first} on");
            self.say((None, None), Subject::Date, (format!("from {first}"), date), Kind::Unsettled, &words);
        }
    }

    fn country_of_export(&mut self) {
        let from = self.certificate.from;
        if let Some(country) = self.declared.country_of_export.filter(|country| *country != from) {
            let words = format!("the goods are declared as exported from {country}, and the certificate is of {from}");
            self.say((None, None), Subject::CountryOfExport, (from, country), Kind::Beyond, &words);
        }
    }

    /// The importer may be the consignee, or whom the certificate names as importer or claimant. Goods to order have
    /// nobody to compare with.
    fn importer(&mut self) {
        let (Some(importer), Some(consignee)) = (&self.declared.importer, &self.certificate.consignee) else { return };
        let parties = [&consignee.party, &consignee.importer, &consignee.claimant].into_iter().flatten();
        let own = Wording::of_name(importer.as_str());
        let names = parties.flat_map(|party| {
            let names = std::iter::once(&party.name).chain(&party.other_name).map(|name| name.as_str());
            let mut names = names.collect::<Vec<_>>();
            // Of a name in two scripts the one that can be compared decides.
            let comparable = |name: &&str| own.likeness(&Wording::of_name(name)) != Likeness::OtherScript;
            if names.iter().any(comparable) {
                names.retain(comparable);
            }
            names
        });
        let names = names.collect::<Vec<_>>();
        self.texts((None, None), Subject::Consignee, (&names, importer.as_str()), Wording::of_name);
    }

    fn invoice(&mut self, line: &DeclaredLine) {
        let (Some(invoice), Some(commercial)) = (&line.invoice, &self.certificate.commercial) else { return };
        let numbers = commercial.invoices.iter().map(|invoice| invoice.number.as_str()).collect::<Vec<_>>();
        self.texts((Some(line.line), None), Subject::Invoice, (&numbers, invoice.as_str()), Wording::of);
    }

    fn no_item(&mut self, line: &DeclaredLine) {
        let number = line.line;
        let numbers = self.certificate.goods.items.iter().map(|item| item.number.to_string()).collect::<Vec<_>>();
        let of = format!("{} items", numbers.len());
        let (words, declared) = match line.item {
            Some(item) => {
                (format!("line {number} names item {item}, and the certificate has no such item"), item.to_string())
            }
            None => {
                let code = line.tariff_code.as_ref().map(ToString::to_string).unwrap_or_default();
                (format!("line {number} fits no item of the certificate"), code)
            }
        };
        self.say((Some(number), line.item), Subject::Item, (of, declared), Kind::Beyond, &words);
    }

    fn line(&mut self, line: &DeclaredLine, item: &Item) {
        let place = (Some(line.line), Some(item.number));
        self.code(line, item);
        if let Some(description) = &line.description {
            let certified = [item.description.as_str()];
            self.texts(place, Subject::Description, (&certified, description.as_str()), Wording::of);
        }
        let origin = item.origin.unwrap_or(self.certificate.from);
        if let Some(declared) = line.origin.filter(|declared| *declared != origin) {
            let words = format!(
                "line {} is declared as of {declared}, and item {} originates in {origin}",
                line.line, item.number
            );
            self.say(place, Subject::Origin, (origin, declared), Kind::Beyond, &words);
        }
        let no_marks = |text: &str| {
            let letters = text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect::<String>();
            letters.is_empty() || NO_MARKS.contains(&letters.as_str())
        };
        if let (Some(marks), Some(declared)) = (&item.marks, &line.marks)
            && !no_marks(marks.as_str())
            && !no_marks(declared.as_str())
        {
            self.texts(place, Subject::Marks, (&[marks.as_str()], declared.as_str()), Wording::of_marks);
        }
        for apart in Claims::of(item, line).apart {
            let words = format!(
                "line {} declares {}, and item {} is certified as {}, which cannot be compared exactly",
                line.line, apart.declared, item.number, apart.certified
            );
            let kind = Kind::Listed(Discrepancy::Units);
            self.say(place, Subject::Unit, (apart.certified, apart.declared), kind, &words);
        }
    }

    fn code(&mut self, line: &DeclaredLine, item: &Item) {
        let relation = hs_relation(item, line, self.declared, &became(item, self.declared, self.lists));
        let (Some(hs), Some(code)) = (&item.hs, &line.tariff_code) else { return };
        let (place, kind) = ((Some(line.line), Some(item.number)), Kind::Listed(Discrepancy::HsCode));
        let begin = format!("line {} is declared under {code}, and item {} is of {hs}", line.line, item.number);
        match relation {
            HsRelation::Same | HsRelation::NotShown => {}
            HsRelation::Differs(_) => {
                let words = format!("{begin}; classification alone is no ground to reject a certificate");
                self.say(place, Subject::HsCode, (hs, code), kind, &words);
            }
            HsRelation::OtherEdition(_) => {
                let own =
                    declared_edition(self.declared).map_or_else(|| "another".to_owned(), |own| format!("the {own}"));
                let words = format!("{begin}; the declared code is of {own} edition, and the two cannot be compared");
                let passes = self.scale.weigh(kind).weight == super::Weight::Minor;
                let kind = if passes { kind } else { Kind::Unsettled };
                self.say(place, Subject::HsCode, (hs, code), kind, &words);
            }
        }
    }

    /// A text held against those the certificate has for it: the nearest counts.
    fn texts(
        &mut self,
        place: (Option<u32>, Option<u32>),
        subject: Subject,
        (certified, declared): (&[&str], &str),
        wording: fn(&str) -> Wording,
    ) {
        let own = wording(declared);
        if own.is_empty() {
            return;
        }
        let of = |text: &&str| (own.likeness(&wording(text)), (*text).to_owned());
        let rank = |likeness: &Likeness| match likeness {
            Likeness::Same => 0,
            Likeness::Typing => 1,
            Likeness::Alike => 2,
            Likeness::OtherScript => 3,
            Likeness::Other => 4,
        };
        let Some((likeness, nearest)) = certified.iter().map(of).min_by_key(|(likeness, _)| rank(likeness)) else {
            return;
        };
        let (kind, how) = match (likeness, subject) {
            (Likeness::Same, _) => return,
            (Likeness::Typing, _) => (Kind::Listed(Discrepancy::Typing), "differ in a few letters"),
            (Likeness::Alike, Subject::Description) => {
                (Kind::Listed(Discrepancy::Description), "are described in other words, most of which they share")
            }
            (Likeness::Alike, _) => (Kind::Listed(Discrepancy::Slight), "differ, and share most of their words"),
            (Likeness::OtherScript, _) => (Kind::Unsettled, "stand in two scripts, which are not compared here"),
            (Likeness::Other, _) => (Kind::Beyond, "are not the same"),
        };
        let what = match subject {
            Subject::Description => "the goods",
            Subject::Consignee => "the importer and the consignee",
            Subject::Invoice => "the invoices",
            _ => "the marks",
        };
        let words = match place {
            (Some(line), Some(item)) => format!("{what} of line {line} and item {item} {how}"),
            (Some(line), None) => format!("{what} of line {line} and the certificate {how}"),
            _ => format!("{what} {how}"),
        };
        self.say(place, subject, (nearest, declared), kind, &words);
    }

    /// More than is certified, of all lines of an item together.
    fn sums(&mut self, item: &Item, sums: &Sums<'_>) {
        for sum in sums.beyond() {
            let (declared, certified) = (sum.text(sum.declared), sum.text(sum.certified));
            let mut lines = sum.lines.clone();
            lines.sort_unstable();
            let numbers = lines.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let (line, begin) = match lines.as_slice() {
                [one] => (Some(*one), format!("line {one} declares")),
                _ => (None, format!("lines {numbers} declare together")),
            };
            let what = match sum.subject {
                Subject::GrossWeight => " gross",
                Subject::NetWeight => " net",
                _ => "",
            };
            let words = format!("{begin} {declared}{what}, and item {} is certified as {certified}", item.number);
            self.say((line, Some(item.number)), sum.subject, (certified, declared), Kind::Beyond, &words);
        }
    }
}
