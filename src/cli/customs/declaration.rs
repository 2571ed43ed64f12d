//! An import declaration: in flags, and as a file that is matched and written off.

use super::{
    named,
    quantity::{Quantity, amount},
};
use crate::{
    api::client::wire,
    certificate::{CertificateError, HsDigits},
    cli::{
        arguments,
        console::{Exit, Failure},
        forms::{Amount, Day},
        remote::date_to_wire,
    },
    time::Date,
};
use serde::Deserialize;

/// Lines that one declaration is matched with at most.
pub(super) const MOST_LINES: usize = 50;

/// The import declaration that something belongs to.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Declared {
    /// The number of the import declaration
    #[arg(long, value_name = "NUMBER", requires = "date", requires = "office")]
    declaration: Option<String>,
    /// The date of the import declaration
    #[arg(long, value_name = "DATE", value_parser = arguments::date, requires = "declaration")]
    date: Option<Date>,
    /// The customs office, by the code its country gives it
    #[arg(long, value_name = "CODE", requires = "declaration")]
    office: Option<String>,
}

impl Declared {
    pub(super) fn to_wire(&self) -> Option<wire::ImportDeclaration> {
        let number = self.declaration.clone()?;
        let office = self.office.clone().unwrap_or_default();
        Some(wire::ImportDeclaration { number, date: self.date.map(date_to_wire), office })
    }
}

/// The declaration as files have it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, expecting = "{ number = \"NUMBER\", date = \"DATE\", office = \"CODE\" }")]
pub(super) struct Import {
    number: String,
    #[serde(default)]
    date: Day,
    #[serde(default)]
    office: String,
}

impl Import {
    /// As the wire has it; nothing where it has no number.
    pub(super) fn into_wire(self) -> Option<wire::ImportDeclaration> {
        let Self { number, date, office } = self;
        (!number.is_empty()).then(|| wire::ImportDeclaration { number, date: date.to_wire(), office })
    }

    /// The same where there has to be one.
    fn whole(self) -> Result<wire::ImportDeclaration, Failure> {
        let whole = !self.office.is_empty() && self.date.0.is_some();
        self.into_wire().filter(|_| whole).ok_or_else(|| {
            Failure::new(Exit::Failed, "the file does not say number, date and office of the declaration")
                .help("declaration = { number = \"NUMBER\", date = \"DATE\", office = \"CODE\" }")
        })
    }
}

/// A quantity or a weight.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, expecting = "{ value = \"500\", unit = \"KGM\" }")]
struct Much {
    value: Amount,
    unit: String,
}

impl Much {
    /// Value and unit; what has no value is not stated.
    fn stated(&self, place: &str, mistakes: &mut Mistakes) -> (String, String) {
        if self.value.0.is_empty() {
            return Default::default();
        }
        (mistakes.read(place, &self.value.0, amount), mistakes.read(place, &self.unit, arguments::unit))
    }
}

/// What is wrong with the values of a file, all of it at once, so that it is mended once.
#[derive(Debug, Default)]
struct Mistakes(Vec<String>);

impl Mistakes {
    /// A value as it is sent.
    fn read<T: ToString>(&mut self, place: &str, text: &str, rule: fn(&str) -> Result<T, String>) -> String {
        match rule(text) {
            Ok(value) => value.to_string(),
            Err(why) => {
                self.0.push(format!("{place}: {why}"));
                String::new()
            }
        }
    }

    /// The same of one that may be left out or empty.
    fn stated<T: ToString>(&mut self, place: &str, text: &str, rule: fn(&str) -> Result<T, String>) -> String {
        if text.is_empty() { String::new() } else { self.read(place, text, rule) }
    }

    /// The first of them, with the others beside it.
    fn told(self) -> Result<(), Failure> {
        let mut all = self.0.into_iter();
        match all.next() {
            None => Ok(()),
            Some(first) => Err(all.fold(Failure::new(Exit::Failed, first), |failure, other| failure.note(other))),
        }
    }
}

/// A tariff code, with the points and blanks that tariffs are printed with.
fn tariff_code(text: &str) -> Result<HsDigits, String> {
    text.replace(['.', ' '], "").parse().map_err(|error: CertificateError| error.to_string())
}

/// A line of the declaration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a line of the declaration, below [[lines]]")]
struct Goods {
    #[serde(rename = "line")]
    number: u32,
    item: u32,
    tariff_code: String,
    description: String,
    origin: String,
    quantity: Much,
    gross_weight: Much,
    net_weight: Much,
    invoice: String,
    marks: String,
    packages: u32,
}

impl Goods {
    /// As the wire has it; a line without a number has that of its place.
    fn into_wire(self, place: u32, mistakes: &mut Mistakes) -> wire::DeclarationLine {
        let line = if self.number == 0 { place } else { self.number };
        let at = |field: &str| format!("line {line}, {field}");
        let tariff_code = mistakes.stated(&at("tariff_code"), &self.tariff_code, tariff_code);
        let origin = mistakes.stated(&at("origin"), &self.origin, arguments::country);
        let (quantity, quantity_unit) = self.quantity.stated(&at("quantity"), mistakes);
        let (gross_weight, gross_weight_unit) = self.gross_weight.stated(&at("gross_weight"), mistakes);
        let (net_weight, net_weight_unit) = self.net_weight.stated(&at("net_weight"), mistakes);
        wire::DeclarationLine {
            line,
            item: self.item,
            tariff_code,
            description: self.description,
            origin,
            quantity,
            quantity_unit,
            gross_weight,
            gross_weight_unit,
            net_weight,
            net_weight_unit,
            invoice: self.invoice,
            marks: self.marks,
            packages: self.packages,
        }
    }

    /// What it uses of its item; or what is wrong with it.
    fn used(&self, place: u32) -> Result<Quantity, String> {
        let number = if self.number == 0 { place } else { self.number };
        if self.item == 0 {
            let why = "does not say to which item of the certificate it belongs: `origin customs match FILE` finds it";
            return Err(format!("line {number} {why}"));
        }
        if self.quantity.value.0.is_empty() {
            return Err(format!("line {number} states no quantity to write off"));
        }
        let read = Quantity::new(self.item, number, &self.quantity.value.0, &self.quantity.unit);
        read.map_err(|why| format!("line {number}: {why}"))
    }
}

/// A file with a declaration and the certificate it was shown with.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeclarationFile {
    certificate: String,
    #[serde(default)]
    issuer: String,
    #[serde(default)]
    issued_on: Day,
    #[serde(default)]
    importer: String,
    #[serde(default)]
    country_of_export: String,
    #[serde(default)]
    declaration: Import,
    lines: Vec<Goods>,
}

impl DeclarationFile {
    /// What is asked to be matched.
    pub(super) fn into_match(self) -> Result<wire::MatchDeclarationRequest, Failure> {
        let certificate = self.certificate()?;
        if self.lines.is_empty() || self.lines.len() > MOST_LINES {
            let why = format!("the declaration has {} lines where 1 to {MOST_LINES} can be matched", self.lines.len());
            return Err(Failure::new(Exit::Failed, why));
        }
        let declaration = self.declaration.whole()?;
        let mut mistakes = Mistakes::default();
        let country_of_export = mistakes.stated("country_of_export", &self.country_of_export, arguments::country);
        let lines = self.lines.into_iter().zip(1..).map(|(line, place)| line.into_wire(place, &mut mistakes));
        let lines = lines.collect();
        mistakes.told()?;
        Ok(wire::MatchDeclarationRequest {
            certificate: Some(certificate),
            issued_on: self.issued_on.to_wire(),
            lines,
            declaration: Some(declaration),
            country_of_export,
            importer: self.importer,
        })
    }

    /// Which certificate it was shown with.
    pub(super) fn certificate(&self) -> Result<wire::ArrivedName, Failure> {
        if self.certificate.is_empty() {
            return Err(Failure::new(Exit::Failed, "the file does not say which certificate was shown")
                .help("certificate = \"NUMBER\""));
        }
        let issuer = match self.issuer.as_str() {
            "" => String::new(),
            named => arguments::issuer(named).map_err(|why| Failure::new(Exit::Failed, why))?.to_string(),
        };
        Ok(named::name(&self.certificate, issuer))
    }

    /// The declaration, and what its lines use of which item.
    pub(super) fn into_quantities(self) -> Result<(wire::ImportDeclaration, Vec<Quantity>), Failure> {
        let declaration = self.declaration.whole()?;
        let (mut lines, mut mistakes) = (Vec::with_capacity(self.lines.len()), Mistakes::default());
        for (line, place) in self.lines.iter().zip(1..) {
            match line.used(place) {
                Ok(quantity) => lines.push(quantity),
                Err(why) => mistakes.0.push(why),
            }
        }
        mistakes.told()?;
        Ok((declaration, lines))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{customs::template, forms};

    fn file(text: &str) -> DeclarationFile {
        forms::parse(text).unwrap()
    }

    /// The file that is printed to be filled in is read, once it is filled in.
    #[test]
    fn the_template_is_a_declaration() {
        let printed = file(template::DECLARATION);
        assert!(printed.clone().into_match().unwrap_err().sentence().contains("which certificate"));
        let named = template::DECLARATION.replace("certificate = \"\"", "certificate = \"260000001\"");
        assert!(file(&named).into_match().unwrap_err().sentence().contains("number, date and office"));
        let whole =
            named.replace("\nnumber = \"\"", "\nnumber = \"I-7\"").replace("\ndate = \"\"", "\ndate = 2026-12-01");
        let request = file(&whole.replace("office = \"\"", "office = \"SHA\"")).into_match().unwrap();
        assert_eq!(request.lines.len(), 1);
    }

    #[test]
    fn lines_are_numbered_by_their_place_and_codes_are_bare_digits() {
        let text = r#"
            certificate = "260000001"
            issuer = "tdap.gov.pk"
            issued_on = 2026-11-22
            declaration = { number = "I-7", date = 2026-12-01, office = "SHA" }
            [[lines]]
            tariff_code = "9506.62.00"
            quantity = { value = 500, unit = "H87" }
            [[lines]]
            line = 7
            item = 2
            packages = 40
            net_weight = { value = "", unit = "KGM" }
        "#;
        let request = file(text).into_match().unwrap();
        assert_eq!(request.certificate.unwrap().issuer, "https://tdap.gov.pk");
        assert_eq!(request.lines.iter().map(|line| line.line).collect::<Vec<_>>(), [1, 7]);
        assert_eq!((request.lines[0].tariff_code.as_str(), request.lines[0].quantity.as_str()), ("95066200", "500"));
        assert_eq!(request.lines[1].net_weight_unit, "", "a unit without a value says nothing");
        assert_eq!(request.lines.iter().map(|line| line.packages).collect::<Vec<_>>(), [0, 40]);
    }

    /// A file without its lines.
    const LODGED: &str =
        "certificate = \"1\"\ndeclaration = { number = \"I-7\", date = 2026-12-01, office = \"SHA\" }\n";

    #[test]
    fn countries_and_units_are_taken_in_small_letters_as_commands_take_them() {
        let lines = "[[lines]]\norigin = \"pk\"\nitem = 1\nquantity = { value = \"16.50\", unit = \"h87\" }";
        let declared = file(&format!("country_of_export = \"pk\"\n{LODGED}{lines}"));
        let request = declared.clone().into_match().unwrap();
        let line = &request.lines[0];
        assert_eq!((request.country_of_export.as_str(), line.origin.as_str()), ("PK", "PK"));
        assert_eq!((line.quantity.as_str(), line.quantity_unit.as_str()), ("16.50", "H87"), "decimals stay as written");
        assert_eq!(declared.into_quantities().unwrap().1, [Quantity::new(1, 1, "16.50", "H87").unwrap()]);
    }

    #[test]
    fn what_is_not_known_is_left_out_or_empty() {
        let written = "[[lines]]\ntariff_code = \"\"\norigin = \"\"\nquantity = { value = \"\", unit = \"\" }";
        for lines in [written, "[[lines]]"] {
            let line = file(&format!("{LODGED}{lines}")).into_match().unwrap().lines.remove(0);
            assert_eq!(line, wire::DeclarationLine { line: 1, ..Default::default() }, "{lines}");
        }
    }

    #[test]
    fn all_that_is_wrong_with_a_file_is_told_at_once() {
        let lines = "[[lines]]\ntariff_code = \"25\"\norigin = \"Kenya\"\n[[lines]]\nline = 7\n\
                     net_weight = { value = \"5\", unit = \"\" }";
        let declared = file(&format!("country_of_export = \"KEN\"\n{LODGED}{lines}"));
        let refused = declared.clone().into_match().unwrap_err();
        assert!(refused.sentence().starts_with("country_of_export: `KEN`"), "{refused:?}");
        for (said, begin) in
            refused.notes().iter().zip(["line 1, tariff_code:", "line 1, origin: `KENYA`", "line 7, net_weight:"])
        {
            assert!(said.starts_with(begin), "{refused:?}");
        }
        assert_eq!(refused.notes().len(), 3);
        assert_eq!(declared.into_quantities().unwrap_err().notes().len(), 1, "neither line says its item");
    }

    #[test]
    fn what_is_written_off_says_its_item_and_how_much() {
        let declared = "declaration = { number = \"I-7\", date = 2026-12-01, office = \"SHA\" }";
        let text = |line: &str| format!("certificate = \"1\"\n{declared}\n[[lines]]\n{line}");
        let refused = |line: &str| file(&text(line)).into_quantities().unwrap_err().sentence().to_owned();
        assert!(refused("quantity = { value = 1, unit = \"H87\" }").contains("which item"));
        assert!(refused("item = 1").contains("no quantity"));
        assert!(refused("item = 1\nquantity = { value = \"-1\", unit = \"H87\" }").contains("line 1"));
        let (_, lines) = file(&text("item = 1\nquantity = { value = 1, unit = \"H87\" }")).into_quantities().unwrap();
        assert_eq!(lines, [Quantity::new(1, 1, "1", "H87").unwrap()]);
    }

    #[test]
    fn a_quantity_of_another_form_is_told_how_it_is_written() {
        let text = "certificate = \"1\"\n[[lines]]\nquantity = 500";
        let refused = format!("{:?}", forms::parse::<DeclarationFile>(text).unwrap_err());
        assert!(refused.contains("unit = ") && !refused.contains("struct"), "{refused}");
    }

    #[test]
    fn no_more_lines_are_sent_than_are_matched() {
        let many = "[[lines]]\nitem = 1\n".repeat(MOST_LINES + 1);
        let failure = file(&format!("certificate = \"1\"\n{many}")).into_match().unwrap_err();
        assert!(failure.sentence().contains("51 lines"));
    }
}
