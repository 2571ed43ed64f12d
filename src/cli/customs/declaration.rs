//! An import declaration: in flags, and as a file that is matched and written off.

use super::{named, quantity::Quantity};
use crate::{
    api::client::wire,
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
    fn stated(self) -> (String, String) {
        if self.value.0.is_empty() { Default::default() } else { (self.value.0, self.unit) }
    }
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
        let lines = self.lines.into_iter().zip(1..).map(|(line, place)| {
            let (quantity, quantity_unit) = line.quantity.stated();
            let (gross_weight, gross_weight_unit) = line.gross_weight.stated();
            let (net_weight, net_weight_unit) = line.net_weight.stated();
            wire::DeclarationLine {
                line: if line.number == 0 { place } else { line.number },
                item: line.item,
                tariff_code: line.tariff_code.replace(['.', ' '], ""),
                description: line.description,
                origin: line.origin,
                quantity,
                quantity_unit,
                gross_weight,
                gross_weight_unit,
                net_weight,
                net_weight_unit,
                invoice: line.invoice,
                marks: line.marks,
                packages: line.packages,
            }
        });
        Ok(wire::MatchDeclarationRequest {
            certificate: Some(certificate),
            issued_on: self.issued_on.to_wire(),
            lines: lines.collect(),
            declaration: Some(declaration),
            country_of_export: self.country_of_export,
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
        let lines = self.lines.into_iter().zip(1..).map(|(line, place)| {
            let number = if line.number == 0 { place } else { line.number };
            if line.item == 0 {
                let why = format!("line {number} does not say to which item of the certificate it belongs");
                return Err(Failure::new(Exit::Failed, why).help("`origin customs match FILE` finds it"));
            }
            let (value, unit) = line.quantity.stated();
            if value.is_empty() {
                return Err(Failure::new(Exit::Failed, format!("line {number} states no quantity to write off")));
            }
            let read = Quantity::new(line.item, number, &value, &unit);
            read.map_err(|why| Failure::new(Exit::Failed, format!("line {number}: {why}")))
        });
        Ok((self.declaration.whole()?, lines.collect::<Result<_, _>>()?))
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
